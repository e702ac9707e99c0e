/**
 * The way to the witness of one pair: a socket of its own, bound to any port and never connected, that is opened when it is first needed.
 * It gives way to one of the other family when the witness's name comes to mean an address of that.
 * An answer counts by its seal, from wherever it comes. What cannot be sent is not missed: the machine asks again.
 */
import { createSocket, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import {
  ANSWER_BYTES,
  ASK_BYTES,
  decodeAnswer,
  encodeAsk,
  pairOf,
  type Answer,
  type Ask
} from '../protocol/wire/witness-frame'
import type { WitnessSettings } from '../protocol/settings'
import { TokenBucket, type Allowance } from '../protocol/token-bucket'
import type { Clock } from './clock'
import type { Resolver } from './resolve'
import { WitnessSeal, witnessKeyOf } from './witness-seal'

/** The name is looked up this often while nothing is heard. */
const LOOKUP_EVERY_MS = 5000
/** A witness answers what it is asked, some 500 times a second at most (a heartbeat of 5 ms, or a tenth of it in a takeover). */
const ANSWERS: Allowance = { perSecond: 2000, burst: 500 }

export interface WitnessOwner {
  witnessAnswered(answer: Answer): void
}

export class WitnessLink {
  readonly #owner: WitnessOwner
  readonly #settings: WitnessSettings
  readonly #clock: Clock
  readonly #resolver: Resolver
  readonly #seal: WitnessSeal
  readonly #answers = new TokenBucket()
  #address: string | null = null
  #lookedUpAtMs = -Infinity
  #heardAtMs = -Infinity
  #socket: Socket | null = null
  /** Of the socket. */
  #family = 0
  #closed = false

  /** `secret`: the pair's key. Errors: throws without one. */
  constructor(
    owner: WitnessOwner,
    settings: WitnessSettings,
    secret: string,
    { clock, resolver }: { readonly clock: Clock; readonly resolver: Resolver }
  ) {
    const seal = secret === '' ? null : WitnessSeal.of(witnessKeyOf(secret))
    if (seal === null) throw new Error('a witness needs a key')
    this.#seal = seal
    this.#owner = owner
    this.#settings = settings
    this.#clock = clock
    this.#resolver = resolver
  }

  ask(ask: Ask): void {
    if (this.#closed) return
    this.#lookUp()
    if (this.#address === null) return
    // The socket keeps what it is given until it is sent.
    const bytes = Buffer.alloc(ASK_BYTES)
    encodeAsk(ask, this.#seal.pair, bytes)
    this.#seal.close(bytes)
    this.#open(this.#address).send(bytes, this.#settings.port, this.#address, () => {})
  }

  close(): void {
    this.#closed = true
    this.#drop()
  }

  #lookUp(): void {
    const nowMs = this.#clock.nowMs()
    const heard = nowMs < this.#heardAtMs + LOOKUP_EVERY_MS
    if (nowMs < this.#lookedUpAtMs + LOOKUP_EVERY_MS || (heard && this.#address !== null)) return
    this.#lookedUpAtMs = nowMs
    const { host } = this.#settings
    if (isIP(host) !== 0) this.#address = host
    else
      void this.#resolver.resolve(host).then(({ addresses }) => {
        this.#address = addresses?.[0] ?? this.#address
      })
  }

  #open(address: string): Socket {
    const family = isIP(address)
    if (this.#socket !== null && this.#family === family) return this.#socket
    this.#drop()
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    this.#socket = socket
    this.#family = family
    // A socket that fails gives way to another one at the next ask.
    socket.on('error', () => {
      if (this.#socket === socket) this.#drop()
    })
    socket.on('message', (bytes) => this.#receive(bytes))
    return socket
  }

  #drop(): void {
    const socket = this.#socket
    this.#socket = null
    if (socket === null) return
    socket.removeAllListeners('message')
    try {
      socket.close()
    } catch {
      // It is closed already.
    }
  }

  #receive(bytes: Buffer): void {
    const nowMs = this.#clock.nowMs()
    const pair = bytes.length === ANSWER_BYTES ? pairOf(bytes) : null
    if (pair === null || !this.#seal.pair.equals(pair) || !this.#answers.take(nowMs, ANSWERS)) return
    if (!this.#seal.fits(bytes)) return
    const answer = decodeAnswer(bytes)
    if (typeof answer === 'string') return
    this.#heardAtMs = nowMs
    this.#owner.witnessAnswered(answer)
  }
}
