/**
 * One link of one pair: a UDP socket that is opened, kept pointing at the brother, and opened again when it fails.
 * Extended wire: connected, so that the kernel filters strangers and reports 'port unreachable'. Classic wire: only
 * bound, because the 2015 program sends from an ephemeral port; strangers are told by their host.
 * A link has no timer: its owner calls `attend` when `dueMs` has come.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import type { ReasonCode } from '../protocol/catalogue'
import type { LinkSettings } from '../protocol/settings'
import type { Clock } from './clock'
import type { Resolver } from './resolve'

const RETRY_MS_MIN = 250
const RETRY_MS_MAX = 2000
/** A name is looked up again this often, and the socket of a silent link is pointed anew. */
const RENAME_MS = 30_000
const SILENT_MS_MIN = 5000
/** After a send failed for want of a route. */
const REROUTE_MS = 1000
/** Datagrams that libuv reads from one socket before it turns to the next: after so many there may be more. */
const READ_AT_ONCE = 32

export interface LinkOwner {
  /** `open` or `problem` changed; `error` is the system's code, for people. */
  linkChanged(link: Link, error: string): void
  linkReceived(link: Link, bytes: Buffer): void
  /** A datagram from a host that is not the brother's (classic wire). */
  linkForeign(link: Link): void
  /** The network says that nobody listens at the other end. */
  linkRefused(link: Link): void
  /** `dueMs` moved by itself. */
  linkMoved(link: Link): void
}

interface Target {
  readonly address: string
  readonly local: string
  readonly family: 4 | 6
}

type Located = { readonly target: Target } | { readonly target: null; readonly error: string }

export class Link {
  readonly index: number
  readonly settings: LinkSettings
  /** When a valid frame came in last; the owner writes it. */
  heardAtMs = -Infinity
  /** Datagrams that could not be sent since the start. */
  unsent = 0

  readonly #owner: LinkOwner
  readonly #clock: Clock
  readonly #resolver: Resolver
  readonly #connected: boolean
  readonly #silentMs: number
  #socket: Socket | null = null
  #target: Target | null = null
  #open = false
  #problem: ReasonCode | null = null
  #closed = false
  #locating = false
  #dueMs = -Infinity
  #locatedAtMs = -Infinity
  #openedAtMs = -Infinity
  #retryMs = RETRY_MS_MIN
  /** A send failed for want of a route since the socket was pointed. */
  #unrouted = false
  #round = -1
  #readInRound = 0

  constructor(
    owner: LinkOwner,
    index: number,
    settings: LinkSettings,
    parts: {
      readonly clock: Clock
      readonly resolver: Resolver
      /** Extended wire. */
      readonly connected: boolean
      readonly peerTimeoutMs: number
    }
  ) {
    this.#owner = owner
    this.index = index
    this.settings = settings
    this.#clock = parts.clock
    this.#resolver = parts.resolver
    this.#connected = parts.connected
    this.#silentMs = Math.max(SILENT_MS_MIN, parts.peerTimeoutMs)
  }

  get open(): boolean {
    return this.#open
  }

  /** What is wrong, also while the socket is open; null = nothing. */
  get problem(): ReasonCode | null {
    return this.#problem
  }

  /** When `attend` has something to do; Infinity = it waits for a lookup, or is closed. */
  get dueMs(): number {
    return this.#locating || this.#closed ? Infinity : this.#dueMs
  }

  /** The address that the link is pointed at now; null = none. */
  get address(): string | null {
    return this.#target?.address ?? null
  }

  /** Opens the socket, or looks whether it still points at the brother. Early calls do nothing. */
  attend(nowMs: number): void {
    if (nowMs < this.dueMs) return
    if (this.#socket === null) {
      void this.#locate().then((located) => this.#openAt(located))
      return
    }
    const named = isIP(this.settings.peerHost) === 0
    const silent = this.#isSilent(nowMs)
    this.#dueMs = nowMs + Math.min(this.#silentMs, RENAME_MS)
    if (silent || this.#unrouted || (named && nowMs - this.#locatedAtMs >= RENAME_MS)) {
      void this.#locate().then((located) => this.#pointAnew(located))
    }
  }

  /**
   * Sends, or counts what could not be sent; never throws. False: the kernel did not take it at once and the bytes must
   * stay as they are.
   */
  send(bytes: Uint8Array): boolean {
    const [socket, target] = [this.#socket, this.#target]
    if (socket === null || target === null || !this.#open) {
      this.unsent++
      return true
    }
    try {
      if (this.#connected) socket.send(bytes, this.#onSent)
      else socket.send(bytes, this.settings.peerPort, target.address, this.#onSent)
    } catch {
      // Its connect failed a moment ago, and its error is still on the way.
      this.unsent++
      return true
    }
    return socket.getSendQueueSize() === 0
  }

  /** Counts a datagram read in this round of the event loop. True: the socket may hold more than one round reads. */
  countRead(round: number): boolean {
    if (this.#round !== round) {
      this.#round = round
      this.#readInRound = 0
    }
    return ++this.#readInRound >= READ_AT_ONCE
  }

  /** The socket is closed when this returns; resolves when nothing of it is left. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#discard()
  }

  // --- Opening ---

  async #locate(): Promise<Located> {
    this.#locating = true
    const { peerHost, localHost } = this.settings
    const peer = await this.#resolver.resolve(peerHost)
    const local = localHost === '' ? null : await this.#resolver.resolve(localHost)
    this.#locating = false
    this.#locatedAtMs = this.#clock.nowMs()
    if (peer.error !== null) return { target: null, error: `${peerHost}: ${peer.error}` }
    if (local !== null && local.error !== null) return { target: null, error: `${localHost}: ${local.error}` }
    const kept = this.#target
    const candidates = [...peer.addresses].sort((a, b) => Number(b === kept?.address) - Number(a === kept?.address))
    for (const address of candidates) {
      const family = isIP(address) === 6 ? 6 : 4
      const own = local === null ? (family === 6 ? '::' : '0.0.0.0') : local.addresses.find((a) => isIP(a) === family)
      if (own !== undefined) return { target: { address, local: own, family } }
    }
    return { target: null, error: `${peerHost} and ${localHost} have no address family in common` }
  }

  #openAt(located: Located): void {
    if (this.#closed) return
    if (located.target === null) return this.#fail('host-not-found', located.error)
    const target = located.target
    this.#target = target
    // The addresses are literal by now: no lookup for each datagram.
    const socket = createSocket({
      type: target.family === 6 ? 'udp6' : 'udp4',
      ipv6Only: target.family === 6,
      lookup: (host, _options, done) => done(null, host, target.family)
    })
    this.#socket = socket
    this.#dueMs = Infinity
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(socket, error))
    socket.on('message', (bytes, from) => this.#onMessage(socket, bytes, from))
    socket.on('listening', () => {
      if (socket !== this.#socket) return
      if (this.#connected) socket.connect(this.settings.peerPort, target.address)
      else this.#opened()
    })
    socket.on('connect', () => {
      if (socket === this.#socket && !this.#open) this.#opened()
    })
    socket.bind({ port: this.settings.localPort, address: target.local, exclusive: true })
  }

  #opened(): void {
    const nowMs = this.#clock.nowMs()
    this.#open = true
    this.#problem = null
    this.#retryMs = RETRY_MS_MIN
    this.#openedAtMs = nowMs
    this.#unrouted = false
    this.#dueMs = nowMs + Math.min(this.#silentMs, RENAME_MS)
    this.#owner.linkChanged(this, '')
  }

  /** A socket that is open and silent, or whose name has been looked up again. */
  #pointAnew(located: Located): void {
    const socket = this.#socket
    if (this.#closed || socket === null || !this.#open) return
    this.#owner.linkMoved(this)
    const silent = this.#isSilent(this.#clock.nowMs())
    if (located.target === null) {
      // What works is kept, whatever the name server says.
      if (silent) this.#setProblem('host-not-found', located.error)
      return
    }
    const [before, target] = [this.#target, located.target]
    this.#setProblem(null, '')
    const anew = before?.address !== target.address || silent || this.#unrouted
    this.#unrouted = false
    if (!anew) return
    if (before?.family !== target.family || before.local !== target.local) {
      this.#fail('link-failed', `moved to ${target.address}`)
      return
    }
    this.#target = target
    if (!this.#connected) return
    try {
      // Also to the same address: the route or this host's own address may have changed.
      socket.disconnect()
      socket.connect(this.settings.peerPort, target.address)
    } catch (error) {
      this.#fail('link-failed', String(error))
    }
  }

  #isSilent(nowMs: number): boolean {
    return nowMs - Math.max(this.heardAtMs, this.#openedAtMs) >= this.#silentMs
  }

  #setProblem(problem: ReasonCode | null, error: string): void {
    if (problem === this.#problem) return
    this.#problem = problem
    this.#owner.linkChanged(this, error)
  }

  #fail(problem: ReasonCode, error: string): void {
    void this.#discard()
    this.#problem = problem
    this.#dueMs = this.#clock.nowMs() + this.#retryMs
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2)
    this.#owner.linkChanged(this, error)
  }

  async #discard(): Promise<void> {
    const socket = this.#socket
    this.#socket = null
    this.#open = false
    if (socket !== null) await new Promise<void>((closed) => socket.close(() => closed()))
  }

  // --- What the socket says ---

  #onMessage(socket: Socket, bytes: Buffer, from: RemoteInfo): void {
    if (socket !== this.#socket) return
    if (this.#connected || from.address === this.#target?.address) this.#owner.linkReceived(this, bytes)
    else this.#owner.linkForeign(this)
  }

  #onError(socket: Socket, error: NodeJS.ErrnoException): void {
    if (socket !== this.#socket) return
    if (isRefusal(error)) this.#owner.linkRefused(this)
    else if (error.syscall === 'bind' || error.syscall === 'connect' || !this.#open) {
      this.#fail(error.code === 'EADDRINUSE' ? 'port-in-use' : 'link-failed', error.code ?? error.message)
    }
  }

  readonly #onSent = (error: NodeJS.ErrnoException | null): void => {
    if (error === null || this.#closed) return
    this.unsent++
    if (isRefusal(error)) this.#owner.linkRefused(this)
    else if (error.code === 'ENETUNREACH' || error.code === 'EINVAL' || error.code === 'EADDRNOTAVAIL') {
      this.#reroute()
    }
  }

  /** The socket's own address may be gone: point it anew soon, without waiting for silence. */
  #reroute(): void {
    const soonMs = this.#clock.nowMs() + REROUTE_MS
    if (!this.#open || this.#dueMs <= soonMs) return
    this.#dueMs = soonMs
    this.#unrouted = true
    this.#owner.linkMoved(this)
  }
}

/** Windows calls it a reset. */
function isRefusal(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET'
}
