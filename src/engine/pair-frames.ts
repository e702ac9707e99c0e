/**
 * The frames of one pair, from bytes and back. What comes in counts by where it came from, as no recording, within what may cost time, and by
 * its seal; what goes out is sealed with the keys that the peer may have.
 */
import type { RemoteInfo } from 'node:dgram'
import {
  decodeClassic,
  decodeExtended,
  encodeClassic,
  encodeExtended,
  readClock,
  stampClock
} from '../protocol/wire/frame'
import type { Frame, FrameRejection, Trailer } from '../protocol/wire/frame'
import type { Word } from '../protocol/wire/paths'
import type { Clock } from './clock'
import { FrameLimiter, type Familiarity } from './frame-limiter'
import type { Link } from './link'
import type { PairKeys } from './messages'
import { PeerClock } from './peer-clock'
import type { Scratch } from './scratch'
import { Seal } from './seal'

export class PairFrames {
  readonly peerClock = new PeerClock()
  /** Frames of a sender that does not hear this side (yet). */
  greeted = 0

  /** Null on the classic wire. */
  readonly #seal: Seal | null
  readonly #clock: Clock
  readonly #scratch: Scratch
  readonly #limiter = new FrameLimiter()
  /** The sessions that the machine counted last: mine as I sent it, and the peer's. */
  #ownSession = 0n
  #peerSession = 0n
  /** While keys are changed: the peer's latest word was sealed with the current one. */
  #peerHasKey = false
  #lastWord: Word = { session: 0n, seq: 0 }
  /** Which key the frame that was read last was sealed with. */
  #sealedBy: 'current' | 'previous' = 'current'

  /** `keys` null = the classic wire, which has none. */
  constructor(keys: PairKeys | null, { clock, scratch }: { readonly clock: Clock; readonly scratch: Scratch }) {
    this.#seal = keys === null ? null : new Seal(keys)
    this.#clock = clock
    this.#scratch = scratch
  }

  get keyed(): boolean {
    return this.#seal?.keyed ?? false
  }

  // --- What goes out ---

  /** `to` null = where the peer is. */
  send(link: Link, frame: Frame, to: RemoteInfo | null): void {
    const seal = this.#seal
    if (seal === null) {
      link.send(encodeClassic(frame))
      return
    }
    // Without a key nobody is answered but the configured host.
    const target = seal.keyed ? to : null
    if (frame.trailer !== null) this.#ownSession = frame.trailer.session
    this.#encode(frame)
    // The current key first: a side that knows both ignores the twin.
    seal.close(this.#scratch.bytes)
    this.#scratch.send(link, target)
    if (!seal.rotating || this.#peerHasKey) return
    this.#encode(frame)
    seal.closePrevious(this.#scratch.bytes)
    this.#scratch.send(link, target)
  }

  /** Into the scratch buffer; the seal is still to come. */
  #encode(frame: Frame): void {
    const { bytes } = this.#scratch
    encodeExtended(frame, bytes)
    stampClock(bytes, this.#wallS())
  }

  // --- What comes in ---

  /** Null: nothing new, and nothing wrong with it. */
  read(link: Link, bytes: Buffer, from: RemoteInfo, nowMs: number): Frame | FrameRejection | null {
    if (!link.paths.counts(from.address)) return 'foreign'
    if (this.#seal === null) {
      const frame = decodeClassic(bytes)
      return typeof frame === 'string' || this.#limiter.admit('stranger', nowMs) ? frame : 'intake'
    }
    const frame = decodeExtended(bytes)
    if (typeof frame === 'string') return frame
    const trailer = frame.trailer
    // A recording costs no check of its seal: a flood of them would cost heartbeats. Who writes to two addresses is heard twice.
    if (trailer !== null && link.paths.isOld(trailer)) return link.paths.repeats(trailer) ? null : 'replayed'
    if (!this.#limiter.admit(this.#familiarityOf(link, trailer, from), nowMs)) return 'intake'
    const sealedBy = this.#seal.judge(bytes)
    if (sealedBy !== 'current' && sealedBy !== 'previous') return sealedBy
    if (trailer !== null && sealedBy === 'previous' && this.#isTwin(trailer)) return null
    this.#sealedBy = sealedBy
    return frame
  }

  /** Its sender hears this side. */
  answersMe({ echo }: Trailer): boolean {
    return echo === this.#ownSession
  }

  /** The machine took the frame that was read last: my own, sent back by somebody, shows neither who he is nor his key. */
  taken(bytes: Buffer, trailer: Trailer): void {
    const { session, seq } = trailer
    if (this.answersMe(trailer)) {
      // The same number as before is not kept again: it would outlive its frame.
      if (session !== this.#peerSession) this.#peerSession = session
      this.peerClock.heard(this.#wallS(), readClock(bytes))
    } else this.greeted++
    if (this.#seal?.rotating !== true) return
    this.#peerHasKey = this.#sealedBy === 'current'
    if (this.#peerHasKey) this.#lastWord = { session, seq }
  }

  #familiarityOf(link: Link, trailer: Trailer | null, from: RemoteInfo): Familiarity {
    if (trailer === null || trailer.echo === 0n || !this.answersMe(trailer)) {
      return link.paths.isConfigured(from.address) ? 'stranger' : 'elsewhere'
    }
    return trailer.session === this.#peerSession ? 'current' : 'acquainted'
  }

  /** During a change of keys the peer says everything twice: this is the second time. */
  #isTwin({ session, seq }: Word): boolean {
    return session === this.#lastWord.session && seq <= this.#lastWord.seq
  }

  #wallS(): number {
    return Math.floor(this.#clock.wallMs() / 1000)
  }
}
