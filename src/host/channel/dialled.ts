/** A connection that this side dialled, from its first packet to its end. It says one hello, and from then on only reads. */
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { KEEP_ALIVE_MS } from './accepted'
import { encodeFrame, FIRST_BYTES_MAX, FRAME_BYTES_MAX, FrameReader, TAG } from './frames'
import {
  endpointBytes,
  introduce,
  meetCrosswise,
  readIntroduction,
  type Binding,
  type Introduction,
  type Sessions
} from './introduction'
import type { ChannelKey } from './keys'
import { USERS_VERSION } from './messages'
import { dialContext, exporterOf } from './tls'

/** For the connection, and then for the handshake and the welcome. */
const CONNECT_MS = 2000
const HANDSHAKE_MS = 2000
/**
 * A refusal that took longer answers a repeated packet, the first of which got lost: systems repeat it after a second. Who is dead
 * refuses at once.
 */
const AT_ONCE_MS = 500
/** The pauses between the dials after a FIN double from 1 ms: a quarter of a second in all. */
const LAST_PAUSE_MS = 128

export interface Target {
  readonly address: string
  readonly port: number
  /** Of this side; undefined = as the system likes. */
  readonly localAddress: string | undefined
}

export interface DialledOwner {
  /** Both sides have proven the key for these sessions. `provable`: nobody stands between. */
  onProven(dialled: Dialled, provable: boolean): void
  /** It came to nothing. `reached`: somebody accepted the connection. */
  onFailed(dialled: Dialled, error: string, reached: boolean): void
  /** Proven and over. `fin`: the other side's system said that there is nothing more, and nothing was said before of an end. */
  onEnded(dialled: Dialled, fin: boolean, why: string): void
  /** False: this tag means nothing here. */
  onFrame(tag: number, payload: Buffer): boolean
}

const NOTHING = Buffer.alloc(0)

/** Never used twice in this process. */
let ids = 0

export class Dialled implements Sessions {
  readonly id = ++ids
  readonly target: Target
  readonly session: bigint
  readonly peerSession: bigint
  readonly #key: ChannelKey
  readonly #owner: DialledOwner
  readonly #raw: Socket
  readonly #reader = new FrameReader(FIRST_BYTES_MAX)
  #socket: TLSSocket | null = null
  #binding: Binding | null = null
  #localAddress: string | undefined
  #provenAtMs = Infinity
  #limit: NodeJS.Timeout
  /** What it said of itself; null before the handshake. */
  #hello: Introduction | null = null
  #phase: 'dialling' | 'proven' | 'over' = 'dialling'

  constructor(target: Target, key: ChannelKey, sessions: Sessions, owner: DialledOwner) {
    this.target = target
    this.session = sessions.session
    this.peerSession = sessions.peerSession
    this.#key = key
    this.#owner = owner
    this.#raw = dial(target)
    this.#limit = this.#within(CONNECT_MS)
    this.#raw.on('error', (error: NodeJS.ErrnoException) => this.#over(error.code ?? error.message))
    this.#raw.on('close', () => this.#over('closed'))
    this.#raw.once('connect', () => this.#onConnect())
  }

  /** To the same place again, from the same one. */
  get again(): Target {
    return { ...this.target, localAddress: this.#localAddress }
  }

  /** ms since it was proven; negative = it is not. */
  get heldForMs(): number {
    return performance.now() - this.#provenAtMs
  }

  /** On purpose: nobody hears of it. */
  close(): void {
    this.#phase = 'over'
    clearTimeout(this.#limit)
    this.#socket?.destroy()
    this.#raw.destroy()
  }

  #onConnect(): void {
    clearTimeout(this.#limit)
    this.#limit = this.#within(HANDSHAKE_MS)
    this.#raw.unref()
    this.#raw.setNoDelay(true)
    this.#raw.setKeepAlive(true, KEEP_ALIVE_MS)
    const { identity, psk } = this.#key
    const socket = connectTls({
      socket: this.#raw,
      secureContext: dialContext(),
      pskCallback: () => ({ identity, psk }),
      // There is no certificate; what is checked is the key.
      checkServerIdentity: () => undefined
    })
    this.#socket = socket
    socket.on('secureConnect', () => this.#sayHello(socket))
    socket.on('data', (chunk: Buffer) => {
      if (!this.#reader.read(chunk, (tag, payload) => this.#onFrame(tag, payload))) this.#over('message too long')
    })
    // Comes behind everything that was sent, however much it was.
    socket.on('end', () => this.#onEnd())
    socket.on('error', (error: NodeJS.ErrnoException) => this.#over(error.code ?? error.message))
    socket.on('close', () => this.#over('closed'))
  }

  /**
   * A reset that comes while data are still unread is reported as an end, too (libuv takes POLLHUP after a short read for one). So the
   * system is asked: after a FIN it still takes what is written, after a reset it does not. Nothing is written for that.
   */
  #onEnd(): void {
    this.#raw.write(NOTHING, (error) => {
      if (error instanceof Error) this.#over('code' in error ? String(error.code) : error.message)
      else this.#over('closed by the peer', true)
    })
  }

  #sayHello(socket: TLSSocket): void {
    if (this.#phase !== 'dialling') return
    const { localAddress, localPort, remoteAddress, remotePort } = this.#raw
    this.#localAddress = localAddress
    this.#binding = { key: this.#key.proof, exporter: exporterOf(socket) }
    this.#hello = {
      session: this.session,
      peerSession: this.peerSession,
      own: endpointBytes({ address: localAddress, port: localPort }),
      other: endpointBytes({ address: remoteAddress, port: remotePort }),
      users: USERS_VERSION
    }
    socket.write(encodeFrame(TAG.hello, introduce('hello', this.#binding, this.#hello)))
  }

  /** Whether to read on. */
  #onFrame(tag: number, payload: Buffer): boolean {
    if (this.#phase === 'over') return false
    if (this.#phase === 'dialling') this.#onWelcome(tag, payload)
    else if (tag === TAG.farewell) this.#over('farewell')
    else if (!this.#taken(tag, payload)) this.#over(`unknown message ${tag}`)
    return !this.#isOver()
  }

  #isOver(): boolean {
    return this.#phase === 'over'
  }

  #onWelcome(tag: number, payload: Buffer): void {
    const [binding, hello] = [this.#binding, this.#hello]
    const welcome = tag === TAG.welcome && binding !== null ? readIntroduction('welcome', binding, payload) : null
    if (hello === null || welcome === null) return this.#over('not proven')
    if (welcome.session !== this.peerSession || welcome.peerSession !== this.session) return this.#over('other session')
    clearTimeout(this.#limit)
    this.#phase = 'proven'
    this.#provenAtMs = performance.now()
    this.#reader.bytesMax = FRAME_BYTES_MAX
    this.#owner.onProven(this, meetCrosswise(hello, welcome))
  }

  /** What takes it in is no part of the connection: its errors end the connection, and not the process. */
  #taken(tag: number, payload: Buffer): boolean {
    try {
      return this.#owner.onFrame(tag, payload)
    } catch (error) {
      this.#over(String(error))
      return true
    }
  }

  #within(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => this.#over('ETIMEDOUT'), ms)
    timer.unref()
    return timer
  }

  /** The first that is heard of its end counts. */
  #over(why: string, fin = false): void {
    const phase = this.#phase
    if (phase === 'over') return
    const reached = this.#socket !== null
    this.close()
    if (phase === 'proven') this.#owner.onEnded(this, fin, why)
    else this.#owner.onFailed(this, why, reached)
  }
}

/**
 * Whether nobody is there any more: dials until one is refused, and gives up soon. A dying process closes its sockets one after the
 * other, the connection as often before the listener as behind it: the first dial after a death is answered about every other time.
 * A connection that opened and then ended is no refusal.
 */
export function isRefused(target: Target, answer: (refused: boolean) => void, pauseMs = 1): void {
  attempt(target, (outcome) => {
    if (outcome !== 'answered' || pauseMs > LAST_PAUSE_MS) return answer(outcome === 'refused')
    setTimeout(() => isRefused(target, answer, 2 * pauseMs), pauseMs).unref()
  })
}

type Outcome = 'refused' | 'answered' | 'neither'

function attempt(target: Target, done: (outcome: Outcome) => void): void {
  const sinceMs = performance.now()
  const raw = dial(target)
  let over = false
  const end = (outcome: Outcome): void => {
    if (over) return
    over = true
    clearTimeout(limit)
    raw.destroy()
    done(outcome)
  }
  const limit = setTimeout(() => end('neither'), AT_ONCE_MS)
  limit.unref()
  raw.once('connect', () => end('answered'))
  raw.on('error', (error: NodeJS.ErrnoException) => {
    const refused = error.code === 'ECONNREFUSED' && performance.now() - sinceMs < AT_ONCE_MS
    end(refused ? 'refused' : error.code === 'ECONNRESET' ? 'answered' : 'neither')
  })
}

function dial({ address, port, localAddress }: Target): Socket {
  return connect({ host: address, port, ...(localAddress === undefined ? {} : { localAddress }) })
}
