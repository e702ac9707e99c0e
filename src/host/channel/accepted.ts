/** A connection that the peer dialled and both have proven: this side writes, and the peer watches it end. */
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { encodeFrame, TAG } from './frames'
import type { Sessions } from './introduction'
import { reset } from './tls'

/** What waits to be written; who writes more has to wait for `onDrain`. */
export const WAITING_BYTES_MAX = 4_194_304
/** For the last word to reach the system, and then for the peer to close. */
const FAREWELL_MS = 300
/** The system asks a silent peer for a sign of life after so long; nobody else does. */
export const KEEP_ALIVE_MS = 10_000

export class Accepted implements Sessions {
  readonly session: bigint
  readonly peerSession: bigint
  /** What the peer understands of users; 0 = nothing. */
  readonly users: number
  onClosed: (() => void) | null = null
  /** There is room again, after `full`. */
  onDrain: (() => void) | null = null
  readonly #raw: Socket
  readonly #socket: TLSSocket
  #leaving: Promise<void> | null = null

  constructor(raw: Socket, socket: TLSSocket, { session, peerSession }: Sessions, users: number) {
    this.#raw = raw
    this.#socket = socket
    this.session = session
    this.peerSession = peerSession
    this.users = users
    raw.setNoDelay(true)
    raw.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.on('close', () => this.onClosed?.())
    socket.on('drain', () => this.onDrain?.())
  }

  /** What waits here is on its way to the system; more would only wait longer. */
  get full(): boolean {
    return this.#socket.writableNeedDrain
  }

  /** False: not taken, too much waits already, or the connection is on its way out. */
  send(tag: number, payload?: Uint8Array, more?: Uint8Array): boolean {
    if (this.#leaving !== null || this.#socket.destroyed) return false
    if (this.#socket.writableLength >= WAITING_BYTES_MAX) return false
    this.#socket.write(encodeFrame(tag, payload, more))
    return true
  }

  /**
   * Says that what ends now ends on purpose. Resolves when the system has the last word, or by a reset when it does not take it in
   * time: without it, the end of this connection must not look like the end of the process.
   */
  farewell(): Promise<void> {
    this.#leaving ??= new Promise((resolve) => {
      const socket = this.#socket
      const done = (): void => {
        clearTimeout(limit)
        resolve()
        if (socket.destroyed) return
        const patience = setTimeout(() => socket.destroy(), FAREWELL_MS)
        patience.unref()
        socket.once('close', () => clearTimeout(patience))
      }
      const limit = setTimeout(() => {
        this.drop()
        done()
      }, FAREWELL_MS)
      socket.once('finish', done)
      socket.once('close', done)
      if (socket.destroyed) done()
      else socket.end(encodeFrame(TAG.farewell))
    })
    return this.#leaving
  }

  drop(): void {
    reset(this.#raw)
  }
}
