/**
 * Where peers dial this process: TCP listeners that outlive the pairs they were opened for, and the engine, and every gate. While the
 * process lives its kernel refuses nobody there, so that a refusal tells of the process. A listener that no pair uses accepts and
 * closes at once.
 */
import { createServer, isIP, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer, type TLSSocket } from 'node:tls'
import { Accepted } from './accepted'
import { normalAddress } from './addresses'
import { FIRST_BYTES_MAX, FrameReader, TAG } from './frames'
import {
  endpointBytes,
  introduce,
  readIntroduction,
  type Binding,
  type Introduction,
  type Sessions
} from './introduction'
import type { ChannelKey } from './keys'
import { USERS_VERSION } from './messages'
import { exporterOf, reset, TLS } from './tls'

/** From the first packet to a proof of the key, for sessions that this side knows. */
export const HANDSHAKE_MS = 2000
/** Connections that have not proven anything yet, and how many of them may come from where no peer is. */
export const UNPROVEN_MAX = 8
export const STRANGERS_MAX = UNPROVEN_MAX / 2
const RETRY_MS_MIN = 250
const RETRY_MS_MAX = 5000
const BACKLOG = 64

/** A pair, as those who come in see it. */
export interface Host {
  readonly keys: readonly ChannelKey[]
  /** These are the sessions that it takes part in. */
  converses(sessions: Sessions): boolean
  /** `normalAddress` of where its peer may come from. */
  expects(address: string): boolean
  /** A side that holds the key, and speaks for these sessions, reads here from now on. */
  accepted(connection: Accepted): void
  /** The state of a listener of this host has changed. */
  listenerChanged(): void
}

/** Who came in and was turned away, since the start of the process. */
export interface Turned {
  /** No room for those that have not proven anything. */
  crowded: number
  /** A key that is not here; normal while keys are changed. */
  unknownKey: number
  /** Any other handshake that came to nothing. */
  failed: number
}

export class Listener {
  readonly #all: Listeners
  readonly #address: string
  readonly #port: number
  readonly #hosts = new Set<Host>()
  readonly #arrivals = new Set<Arrival>()
  #server: Server | null = null
  #open = false
  #error: string | null = null
  #retryMs = RETRY_MS_MIN
  #retry: NodeJS.Timeout | null = null

  /** `address` "" = any. */
  constructor(all: Listeners, address: string, port: number) {
    this.#all = all
    this.#address = address
    this.#port = port
  }

  get open(): boolean {
    return this.#open
  }

  /** Why it is not open: the system's code; null = it is, or has not been tried. */
  get error(): string | null {
    return this.#error
  }

  get hosts(): ReadonlySet<Host> {
    return this.#hosts
  }

  get unproven(): number {
    return this.#arrivals.size
  }

  /** Who dials this address and port gets in here. */
  covers(address: string, port: number): boolean {
    if (port !== this.#port) return false
    if (this.#address === address) return true
    if (this.#error !== null || address === '') return false
    return this.#address === '' || this.#address === (isIP(address) === 6 ? '::' : '0.0.0.0')
  }

  add(host: Host): void {
    this.#hosts.add(host)
    if (this.#server === null && this.#retry === null) this.#listen()
  }

  /** What has not proven itself to somebody else by then is closed when its time is over. */
  remove(host: Host): void {
    this.#hosts.delete(host)
    if (this.#hosts.size > 0) return
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
    for (const arrival of [...this.#arrivals]) arrival.end()
  }

  /** A host has other sessions than before. */
  recheck(): void {
    for (const arrival of [...this.#arrivals]) arrival.settle()
  }

  /** Gives its port up to another listener of this process. Only without hosts: nobody relies on it. */
  vacate(port: number): boolean {
    if (this.#hosts.size > 0 || port !== this.#port || this.#server === null) return false
    this.#open = false
    this.#server.close()
    this.#server = null
    return true
  }

  #listen(): void {
    this.#retry = null
    const server = createServer((raw) => this.#onConnection(raw))
    this.#server = server
    server.on('error', (error: NodeJS.ErrnoException) => {
      // What goes wrong once it is open, such as too many open files, is over with the connection that it met.
      if (server !== this.#server || this.#open) return
      this.#server = null
      this.#error = error.code ?? error.message
      if (error.code === 'EADDRINUSE' && this.#all.makeWayFor(this, this.#port)) return this.#listen()
      if (this.#hosts.size > 0) this.#later()
      this.#changed()
    })
    server.on('listening', () => {
      if (server !== this.#server) return
      this.#open = true
      this.#error = null
      this.#retryMs = RETRY_MS_MIN
      this.#changed()
    })
    // Exclusively: a cluster of processes, such as pm2 makes, would share it, and another one answer for a dead one.
    const where = this.#address === '' ? {} : { host: this.#address, ipv6Only: this.#address === '::' }
    server.listen({ ...where, port: this.#port, exclusive: true, backlog: BACKLOG })
    server.unref()
  }

  #later(): void {
    this.#retry = setTimeout(() => this.#listen(), this.#retryMs)
    this.#retry.unref()
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2)
  }

  #changed(): void {
    for (const host of this.#hosts) host.listenerChanged()
  }

  #onConnection(raw: Socket): void {
    raw.on('error', () => {})
    raw.unref()
    const name = tuple(raw)
    if (this.#hosts.size === 0 || name === null) {
      raw.destroy()
      return
    }
    const from = normalAddress(raw.remoteAddress)
    const expected = [...this.#hosts].some((host) => host.expects(from))
    const strangers = [...this.#arrivals].filter((arrival) => !arrival.expected).length
    if (this.#arrivals.size >= UNPROVEN_MAX || (!expected && strangers >= STRANGERS_MAX)) {
      this.#all.turned.crowded++
      raw.destroy()
      return
    }
    const arrival = new Arrival(this.#all, raw, name, expected, this.#hosts, () => this.#arrivals.delete(arrival))
    this.#arrivals.add(arrival)
  }
}

/** A connection on its way from the first packet to a proof. It leaves the list when it is proven or closed. */
class Arrival {
  readonly expected: boolean
  readonly #all: Listeners
  readonly #raw: Socket
  readonly #name: string
  readonly #hosts: ReadonlySet<Host>
  readonly #onLeft: () => void
  readonly #limit: NodeJS.Timeout
  readonly #reader = new FrameReader(FIRST_BYTES_MAX)
  #socket: TLSSocket | null = null
  #key: ChannelKey | null = null
  #binding: Binding | null = null
  #hello: Introduction | null = null
  #accepted: Accepted | null = null
  #hasUnknownKey = false

  constructor(
    all: Listeners,
    raw: Socket,
    name: string,
    expected: boolean,
    hosts: ReadonlySet<Host>,
    onLeft: () => void
  ) {
    this.#all = all
    this.#raw = raw
    this.#name = name
    this.expected = expected
    this.#hosts = hosts
    this.#onLeft = onLeft
    this.#limit = setTimeout(() => this.end(), HANDSHAKE_MS)
    this.#limit.unref()
    raw.on('close', () => this.#closed())
    all.secure(name, this, raw)
  }

  /** In the middle of the handshake: the key of that name, if a pair here has it. */
  keyOf(identity: string): Buffer | null {
    for (const host of this.#hosts) {
      const key = host.keys.find((one) => one.identity === identity)
      if (key === undefined) continue
      this.#key = key
      return key.psk
    }
    this.#hasUnknownKey = true
    return null
  }

  secured(socket: TLSSocket): void {
    if (this.#key === null || socket.destroyed) return this.end()
    this.#socket = socket
    this.#binding = { key: this.#key.proof, exporter: exporterOf(socket) }
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      // Who accepted only writes: beyond the one hello there is nothing to say.
      const good = this.#hello === null && this.#reader.read(chunk, (tag, payload) => this.#onFrame(tag, payload))
      if (!good) this.end()
    })
    socket.on('end', () => this.end())
  }

  /** With the first host that has these sessions. Until there is one it waits: the other side may have heard of it first. */
  settle(): void {
    const [socket, key, binding, hello] = [this.#socket, this.#key, this.#binding, this.#hello]
    if (socket === null || key === null || binding === null || hello === null) return
    if (this.#accepted !== null || socket.destroyed) return
    const sessions = { session: hello.peerSession, peerSession: hello.session }
    const host = [...this.#hosts].find((one) => one.keys.includes(key) && one.converses(sessions))
    if (host === undefined) return
    const accepted = new Accepted(this.#raw, socket, sessions, hello.users)
    this.#accepted = accepted
    const mine = {
      ...sessions,
      own: endpointBytes({ address: this.#raw.localAddress, port: this.#raw.localPort }),
      other: endpointBytes({ address: this.#raw.remoteAddress, port: this.#raw.remotePort }),
      users: USERS_VERSION
    }
    accepted.send(TAG.welcome, introduce('welcome', binding, mine))
    this.#left()
    host.accepted(accepted)
  }

  end(): void {
    if (this.#accepted !== null) this.#accepted.drop()
    else reset(this.#raw)
  }

  #onFrame(tag: number, payload: Buffer): boolean {
    const known = this.#hello !== null || this.#binding === null || tag !== TAG.hello
    const hello = known || this.#binding === null ? null : readIntroduction('hello', this.#binding, payload)
    if (hello === null) this.end()
    else {
      this.#hello = hello
      this.settle()
    }
    return hello !== null
  }

  #closed(): void {
    const { turned } = this.#all
    if (this.#hasUnknownKey) turned.unknownKey++
    else if (this.#accepted === null) turned.failed++
    this.#left()
  }

  #left(): void {
    clearTimeout(this.#limit)
    this.#all.leave(this.#name, this)
    this.#onLeft()
  }
}

function tuple(socket: Socket): string | null {
  const { remoteAddress, remotePort, localAddress, localPort } = socket
  return remoteAddress === undefined ? null : `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
}

/** The listeners of one process. */
export class Listeners {
  readonly turned: Turned = { crowded: 0, unknownKey: 0, failed: 0 }
  readonly #all: Listener[] = []
  /** By the four numbers of the connection: what TLS makes of a socket does not say which one it was. */
  readonly #arrivals = new Map<string, Arrival>()
  /** One for all listeners: it gets its connections from them. */
  #tls: TlsServer | null = null

  /** The listener through which `host` is reached at this address; opened unless one covers it. */
  enter(host: Host, address: string, port: number): Listener {
    let listener = this.#all.find((one) => one.covers(address, port))
    if (listener === undefined) {
      listener = new Listener(this, address, port)
      this.#all.push(listener)
    }
    listener.add(host)
    return listener
  }

  /** True: a port that only listeners without hosts held is free. */
  makeWayFor(wanted: Listener, port: number): boolean {
    let freed = false
    for (const other of [...this.#all]) {
      if (other === wanted || !other.vacate(port)) continue
      this.#all.splice(this.#all.indexOf(other), 1)
      freed = true
    }
    return freed
  }

  /** Begins the handshake. */
  secure(name: string, arrival: Arrival, raw: Socket): void {
    this.#arrivals.set(name, arrival)
    this.#tls ??= this.#newTlsServer()
    this.#tls.emit('connection', raw)
  }

  leave(name: string, arrival: Arrival): void {
    if (this.#arrivals.get(name) === arrival) this.#arrivals.delete(name)
  }

  #newTlsServer(): TlsServer {
    const server = createTlsServer({
      ...TLS,
      handshakeTimeout: HANDSHAKE_MS,
      pskCallback: (socket, identity) => {
        // Thrown in here, an error would end the process.
        try {
          return this.#arrivals.get(tuple(socket) ?? '')?.keyOf(identity) ?? null
        } catch {
          return null
        }
      }
    })
    server.on('secureConnection', (socket) => {
      const arrival = this.#arrivals.get(tuple(socket) ?? '')
      if (arrival === undefined) socket.destroy()
      else arrival.secured(socket)
    })
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    return server
  }
}
