/**
 * A five-byte peer written from the 2015 text alone: it shares no code with the package, not even a constant.
 *
 * Like that program it listens on one port and sends from another, ephemeral one; it answers what it is asked, draws a
 * token, obeys a designation and keeps its Standby's watch. Unlike it, a test can script the token, mute it, and send
 * any five bytes by hand.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

const START = 255
const NEGOTIATE = 160
const DESIGNATE = 165
const CONNECTED = 170
const RESPONSED = 175
const UNASSIGNED = 0
const MASTER = 1
const BACKUP = 2

export const WORD = { NEGOTIATE, DESIGNATE, CONNECTED, RESPONSED, UNASSIGNED, MASTER, BACKUP } as const

export interface Heard {
  readonly head: number
  readonly state: number
  readonly id: number
  readonly data: number
  readonly atMs: number
}

export interface PeerOptions {
  readonly host: string
  /** Where the package listens. */
  readonly theirPort: number
  /** Where this peer listens; 0 = any. */
  readonly myPort?: number
  /** This peer's token, given the latest one heard from the other side (null = none yet). */
  readonly token: (heard: number | null) => number
  readonly heartbeatMs?: number
  /** A backup that hears no master for this long becomes one. */
  readonly watchMs?: number
}

export class ClassicPeer {
  state: number = UNASSIGNED
  readonly heard: Heard[] = []
  #options: PeerOptions
  #listener: Socket | null = null
  #sender: Socket | null = null
  #beat: NodeJS.Timeout | null = null
  #number = 0
  #token = 0
  #theirToken: number | null = null
  #masterHeardAtMs = 0
  #muted = false

  constructor(options: PeerOptions) {
    this.#options = options
  }

  get stateName(): string {
    return ['unassigned', 'master', 'backup'][this.state] ?? 'nonsense'
  }

  /** Listens and begins to negotiate. */
  async start(): Promise<void> {
    const { host, myPort = 0, heartbeatMs = 20 } = this.#options
    this.#listener = createSocket('udp4')
    this.#sender = createSocket('udp4')
    this.#listener.on('message', (bytes) => this.#receive(bytes))
    this.#listener.bind(myPort, host)
    await once(this.#listener, 'listening')
    this.restart()
    this.#beat = setInterval(() => this.#onBeat(), heartbeatMs)
  }

  get port(): number {
    return this.#listener?.address().port ?? 0
  }

  /** The port that it sends from: not the one it listens on. */
  get senderPort(): number {
    return this.#sender?.address().port ?? 0
  }

  async stop(): Promise<void> {
    if (this.#beat !== null) clearInterval(this.#beat)
    for (const socket of [this.#listener, this.#sender]) {
      if (socket !== null) await new Promise<void>((done) => socket.close(done))
    }
    this.#listener = null
    this.#sender = null
  }

  /** As after a fresh start of the program. */
  restart(): void {
    this.state = UNASSIGNED
    this.#number = 0
    this.#theirToken = null
    this.#token = this.#options.token(null)
    this.#muted = false
  }

  /** Hears everything, says nothing, decides nothing. */
  mute(): void {
    this.#muted = true
  }

  /** Tells the other side what to become: 255 says that it is an order. */
  order(theirState: number): void {
    this.state = theirState === MASTER ? BACKUP : MASTER
    this.#masterHeardAtMs = performance.now()
    this.say(DESIGNATE, this.state, this.#nextNumber(), 255)
  }

  say(head: number, state: number, id: number, data: number): void {
    this.sendBytes([START, head, state, id, data])
  }

  sendBytes(bytes: readonly number[]): void {
    this.#sender?.send(Uint8Array.from(bytes), this.#options.theirPort, this.#options.host)
  }

  heardOf(head: number): Heard[] {
    return this.heard.filter((h) => h.head === head)
  }

  forget(): void {
    this.heard.length = 0
  }

  #nextNumber(): number {
    const number = this.#number
    this.#number = number === 255 ? 0 : number + 1
    return number
  }

  #onBeat(): void {
    if (this.#muted) return
    if (this.state === UNASSIGNED) this.say(NEGOTIATE, UNASSIGNED, this.#nextNumber(), this.#token)
    if (this.state === MASTER) this.say(CONNECTED, MASTER, this.#nextNumber(), this.#token)
    const silentMs = performance.now() - this.#masterHeardAtMs
    if (this.state === BACKUP && silentMs > (this.#options.watchMs ?? Infinity)) this.state = MASTER
  }

  #receive(bytes: Uint8Array): void {
    const [start, head, state, id, data] = bytes
    if (bytes.length !== 5 || start !== START) return
    if (head === undefined || state === undefined || id === undefined || data === undefined) return
    this.heard.push({ head, state, id, data, atMs: performance.now() })
    if (this.#muted) return
    if (state === MASTER) this.#masterHeardAtMs = performance.now()
    if (head === NEGOTIATE) this.#onNegotiate(state, data)
    if (head === DESIGNATE) this.state = state === MASTER ? BACKUP : MASTER
    if (head === CONNECTED && this.state === UNASSIGNED && state === MASTER) this.state = BACKUP
    if (head === DESIGNATE || head === CONNECTED) this.say(RESPONSED, this.state, id, this.#token)
  }

  #onNegotiate(theirState: number, theirs: number): void {
    this.#theirToken = theirs
    if (this.state === UNASSIGNED) {
      this.#token = this.#options.token(this.#theirToken)
      if (this.#token > theirs) this.#designate()
      else this.say(NEGOTIATE, UNASSIGNED, this.#nextNumber(), this.#token)
      return
    }
    if (theirState === UNASSIGNED || this.state === MASTER) this.#designate()
  }

  #designate(): void {
    this.state = MASTER
    this.say(DESIGNATE, MASTER, this.#nextNumber(), this.#token)
  }
}
