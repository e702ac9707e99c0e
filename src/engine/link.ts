/**
 * One link of one pair: a UDP socket that is opened once and stays. It is bound and never connected, so that errors which anybody
 * can send cannot touch it, and so that the peer is heard from wherever it speaks; where to send to is `paths.ts`'s.
 * What cannot be sent is counted and told; the socket waits for its address or its route to come back. Only a socket whose own
 * name now means another address gives way to a new one, which is open before the old one closes, and only while nothing is heard.
 * A link has no timer: its owner calls `attend` when `dueMs` has come.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { canonicalIp, isIpv6, Paths } from '../protocol/wire/paths'
import type { LinkSettings } from '../protocol/settings'
import type { Clock } from './clock'
import type { LinkProblem } from './events'
import type { Resolver } from './resolve'

const RETRY_MS_MIN = 250
const RETRY_MS_MAX = 2000
/** The names of a silent link are looked up this often. */
const LOOKUP_EVERY_MS = 5000
/** Datagrams that libuv reads from one socket before it turns to the next: after so many there may be more. */
const READ_AT_ONCE = 32

export interface LinkOwner {
  /** `open` or `problem` changed; `error` is the system's code, for people. */
  linkChanged(link: Link, error: string): void
  linkReceived(link: Link, bytes: Buffer, from: RemoteInfo): void
  /** What was to go to where the peer is did not, or waits. Never called while something is being sent. */
  linkUnsent(link: Link): void
  /** `dueMs` moved by itself. */
  linkMoved(link: Link): void
}

/** What a socket is bound to. */
interface Place {
  readonly ip: string
  readonly family: 4 | 6
  /** Number of the interface that a zone names: an interface that was made again is another one. */
  readonly scope: number
}

interface Located {
  readonly place: Place
  readonly peers: readonly string[]
}

type Lookout = { readonly located: Located } | { readonly located: null; readonly error: string }

export class Link {
  readonly index: number
  readonly settings: LinkSettings
  readonly paths: Paths
  /** Datagrams that could not be sent since the start. */
  unsent = 0

  readonly #owner: LinkOwner
  readonly #clock: Clock
  readonly #resolver: Resolver
  /** There is something that may come to mean another address. */
  readonly #named: boolean
  #socket: Socket | null = null
  #place: Place | null = null
  /** Opens, to take the place of the other. */
  #next: Socket | null = null
  #open = false
  #problem: LinkProblem | null = null
  #closed = false
  #locating = false
  #dueMs = -Infinity
  #retryMs = RETRY_MS_MIN
  #round = -1
  #readInRound = 0

  constructor(
    owner: LinkOwner,
    index: number,
    settings: LinkSettings,
    parts: {
      readonly clock: Clock
      readonly resolver: Resolver
      readonly keyed: boolean
      readonly heartbeatMs: number
      readonly peerTimeoutMs: number
    }
  ) {
    this.#owner = owner
    this.index = index
    this.settings = settings
    this.#clock = parts.clock
    this.#resolver = parts.resolver
    const { keyed, heartbeatMs, peerTimeoutMs } = parts
    this.paths = new Paths({ keyed, port: settings.peerPort, heartbeatMs, peerTimeoutMs })
    const { peerHost, localHost } = settings
    this.#named = isIP(peerHost) === 0 || (localHost !== '' && isIP(localHost) === 0) || localHost.includes('%')
  }

  get open(): boolean {
    return this.#open
  }

  /** What is wrong, also while the socket is open; null = nothing. */
  get problem(): LinkProblem | null {
    return this.#problem
  }

  /** The local address that the socket is bound to; '' = none yet. */
  get address(): string {
    return this.#place?.ip ?? ''
  }

  /** When `attend` has something to do; Infinity = it waits for a lookup, or is closed, or its addresses cannot change. */
  get dueMs(): number {
    return this.#locating || this.#closed ? Infinity : this.#dueMs
  }

  /** Opens the socket, or looks, while nothing is heard, whether names have come to mean other addresses. Early calls do nothing. */
  attend(nowMs: number): void {
    if (nowMs < this.dueMs) return
    if (this.#socket !== null && nowMs < this.paths.silentAtMs) {
      this.#dueMs = this.paths.silentAtMs
      this.#setProblem(null, '')
      return
    }
    this.#dueMs = nowMs + LOOKUP_EVERY_MS
    void this.#look().then((lookout) => this.#act(lookout))
  }

  /**
   * Sends to where the peer is, or counts what could not be sent; never throws. False: the kernel did not take it at once and the
   * bytes must stay as they are.
   */
  send(bytes: Uint8Array): boolean {
    const socket = this.#openSocket()
    if (socket === null) return true
    const targets = this.paths.targets(this.#clock.nowMs())
    const last = targets.length - 1
    for (let i = 0; i <= last; i++) {
      const target = targets[i]
      // The last one is where the peer is: that another one cannot be reached says nothing of it.
      if (target !== undefined)
        socket.send(bytes, target.port, target.ip, i === last ? this.#onSent : this.#onSentAside)
    }
    if (socket.getSendQueueSize() === 0) return true
    queueMicrotask(this.#tellUnsent)
    return false
  }

  /** The same to one address, of which nothing else is known. */
  sendTo(bytes: Uint8Array, to: RemoteInfo): boolean {
    const socket = this.#openSocket()
    if (socket === null) return true
    // A sender may call itself port 0, where nobody can be reached.
    if (to.port === 0) {
      this.unsent++
      return true
    }
    socket.send(bytes, to.port, to.address, this.#onSentAside)
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

  async #look(): Promise<Lookout> {
    this.#locating = true
    const { peerHost, localHost } = this.settings
    const peer = await this.#resolver.resolve(peerHost)
    const local = localHost === '' ? null : await this.#resolver.resolve(localHost)
    this.#locating = false
    if (peer.error !== null) return { located: null, error: `${peerHost}: ${peer.error}` }
    if (local !== null && local.error !== null) return { located: null, error: `${localHost}: ${local.error}` }
    // IPv4 first, whatever is in use now: a peer that was just started looks in this order.
    for (const family of [4, 6] as const) {
      const peers = ofFamily(family, peer.addresses)
      const own = local === null ? [family === 6 ? '::' : '0.0.0.0'] : ofFamily(family, local.addresses)
      const ip = own.find((address) => address === this.#place?.ip) ?? own[0]
      if (ip !== undefined && peers.length > 0) return { located: { place: { ip, family, scope: scopeOf(ip) }, peers } }
    }
    return { located: null, error: `${peerHost} and ${localHost} have no address family in common` }
  }

  #act(lookout: Lookout): void {
    if (this.#closed) return
    const { located } = lookout
    if (this.#socket === null) {
      if (located === null) return this.#fail('host-not-found', lookout.error)
      this.#socket = this.#newSocket(located)
      this.#bind(this.#socket, located.place)
      return
    }
    this.#owner.linkMoved(this)
    const nowMs = this.#clock.nowMs()
    // Heard meanwhile: what works is left alone.
    if (nowMs < this.paths.silentAtMs) return
    if (located === null) return this.#setProblem('host-not-found', lookout.error)
    if (!isSame(located.place, this.#place)) {
      this.#next = this.#newSocket(located)
      this.#bind(this.#next, located.place)
      return
    }
    this.#setProblem(null, '')
    this.paths.resolved(nowMs, located.peers)
  }

  #newSocket(located: Located): Socket {
    const { family } = located.place
    // The addresses are literal by now: no lookup for each datagram.
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ipv6Only: family === 6,
      lookup: (host, _options, done) => done(null, host, family)
    })
    socket.on('error', (error: NodeJS.ErrnoException) => this.#onError(socket, error))
    socket.on('message', (bytes, from) => {
      if (socket === this.#socket) this.#owner.linkReceived(this, bytes, from)
    })
    socket.on('listening', () => this.#onListening(socket, located))
    return socket
  }

  #bind(socket: Socket, place: Place): void {
    this.#dueMs = Infinity
    socket.bind({ port: this.settings.localPort, address: place.ip, exclusive: true })
  }

  #onListening(socket: Socket, { place, peers }: Located): void {
    const before = this.#socket
    if (socket === this.#next) {
      this.#next = null
      this.#socket = socket
      before?.close()
    } else if (socket !== before) return
    const nowMs = this.#clock.nowMs()
    this.#place = place
    this.paths.resolved(nowMs, peers)
    this.paths.opened(nowMs)
    this.#retryMs = RETRY_MS_MIN
    this.#dueMs = this.#named ? this.paths.silentAtMs : Infinity
    const changed = !this.#open || this.#problem !== null
    this.#open = true
    this.#problem = null
    if (changed) this.#owner.linkChanged(this, '')
    else this.#owner.linkMoved(this)
  }

  #setProblem(problem: LinkProblem | null, error: string): void {
    if (problem === this.#problem) return
    this.#problem = problem
    this.#owner.linkChanged(this, error)
  }

  #fail(problem: LinkProblem, error: string): void {
    void this.#discard()
    this.#problem = problem
    this.#dueMs = this.#clock.nowMs() + this.#retryMs
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2)
    this.#owner.linkChanged(this, error)
  }

  async #discard(): Promise<void> {
    const sockets = [this.#socket, this.#next].filter((socket) => socket !== null)
    this.#socket = null
    this.#next = null
    this.#open = false
    await Promise.all(sockets.map((socket) => new Promise<void>((closed) => socket.close(() => closed()))))
  }

  // --- What the socket says ---

  /** An error of an open socket costs nothing: what is not sent is counted, and what is not received is silence. */
  #onError(socket: Socket, error: NodeJS.ErrnoException): void {
    const problem = error.code === 'EADDRINUSE' ? 'port-in-use' : 'link-failed'
    const text = error.code ?? error.message
    if (socket === this.#next) {
      this.#next = null
      socket.close()
      this.#dueMs = this.#clock.nowMs() + LOOKUP_EVERY_MS
      this.#setProblem(problem, text)
      this.#owner.linkMoved(this)
    } else if (socket === this.#socket && !this.#open) this.#fail(problem, text)
  }

  #openSocket(): Socket | null {
    if (this.#open) return this.#socket
    this.unsent++
    return null
  }

  readonly #onSent = (error: NodeJS.ErrnoException | null): void => {
    if (error === null || this.#closed) return
    this.unsent++
    this.#tellUnsent()
  }

  readonly #onSentAside = (error: NodeJS.ErrnoException | null): void => {
    if (error !== null && !this.#closed) this.unsent++
  }

  readonly #tellUnsent = (): void => {
    if (!this.#closed) this.#owner.linkUnsent(this)
  }
}

function ofFamily(family: 4 | 6, addresses: readonly string[]): string[] {
  const all = addresses.map(canonicalIp).filter((ip) => isIpv6(ip) === (family === 6))
  return [...new Set(all)]
}

function isSame(a: Place, b: Place | null): boolean {
  return a.ip === b?.ip && a.scope === b.scope
}

/** 0 for an address without a zone, and for an interface that is not there. */
function scopeOf(ip: string): number {
  const [, zone = ''] = ip.split('%')
  const entries = zone === '' ? [] : (networkInterfaces()[zone] ?? [])
  for (const entry of entries) if (entry.family === 'IPv6') return entry.scopeid
  return 0
}
