/**
 * Sessions, sequence numbers and acknowledgements: which frame belongs to the current sessions with the peer.
 *
 * After RFC 5880 (BFD), `session` and `echo` are its discriminators: a frame that does not echo my session can start a
 * session but never change anything. A new session of the peer becomes the current one only with a frame that
 * acknowledges something I sent AFTER I first heard that session echo mine. Nothing recorded or withheld can do that, however
 * fresh it is: so frames of any earlier session, his or mine, change nothing, without clocks.
 */
import { UINT48_MAX } from '../wire/bytes'
import type { FrameRejection, Trailer } from '../wire/frame'
import { LINKS_MAX } from '../settings'

/** Send times of this many of the latest frames are known; an acknowledgement of an older one renews nothing. */
const SENT_KEPT_MAX = 256
/** While the peer keeps up, only what it has not acknowledged is of use. */
const SENT_KEPT_MIN = 16
/**
 * Sessions under way to be confirmed. Only one that echoes mine takes a place, so replays of my earlier ones push none out; a peer
 * that started again and again while I ran left recordings that do echo mine, and one more takes a place within a round trip.
 */
const CANDIDATES_KEPT = 64
/** Sessions that said goodbye. */
const RETIRED_KEPT = 8

export interface Peer {
  readonly session: bigint
  /** It may take another in mid-session, when it finds that it shares one with this side. */
  nodeId: bigint
  /** Highest sequence number received. */
  lastSeq: number
  readonly lastSeqByLink: number[]
  /** Highest of my sequence numbers that it acknowledged. */
  ackedSeq: number
  /** It has counted me as its partner. */
  counted: boolean
}

interface Retired {
  readonly session: bigint
  /** What it acknowledges of mine from here on, it has heard after I took its goodbye. */
  readonly firstSeq: number
}

export type Reception =
  | { readonly kind: 'drop'; readonly cause: FrameRejection }
  /**
   * Sealed and from a session that is not confirmed yet: worth an answer, nothing more. `acquainted`: it echoes mine. `news`: it does,
   * and it is not older than what that session said before.
   */
  | { readonly kind: 'hello'; readonly acquainted: boolean; readonly news: boolean }
  /** Another session that has proven itself as this one has, while this one is present: a second peer, or one that has just restarted. */
  | { readonly kind: 'rival' }
  /** It answers a number that this session never sent, or has another partner: I am a copy, restored or second, of who is that. */
  | { readonly kind: 'beyond' }
  /** A copy, on another link, of something received already. */
  | { readonly kind: 'copy' }
  /**
   * The newest word of the peer. `adopted`: with this frame its session became the current one.
   * `ackedAtMs`: when I sent what it acknowledges, if it acknowledges something new and that is still known.
   */
  | { readonly kind: 'current'; readonly adopted: boolean; readonly ackedAtMs: number | null }

export class Sessions {
  readonly session: bigint
  #seq = 0
  /** Of number n at n modulo its length. */
  #sentAtMs: number[] = new Array<number>(SENT_KEPT_MIN).fill(-Infinity)
  #peer: Peer | null = null
  #hello: { readonly session: bigint; readonly nodeId: bigint; readonly seq: number } | null = null
  /** Session -> the last number I had sent when I first heard it echo my session. Null while there is none. */
  #candidates: Map<bigint, number> | null = null
  readonly #retired: Retired[] = []

  constructor(session: bigint) {
    this.session = session
  }

  get peer(): Peer | null {
    return this.#peer
  }
  get lastSentSeq(): number {
    return this.#seq
  }

  /** The next sequence number, sent now. */
  nextSeq(nowMs: number): number {
    if (this.#seq >= this.#sentAtMs.length) this.#keepUnacknowledged(this.#seq + 1 - this.#sentAtMs.length)
    this.#seq += 1
    this.#sentAtMs[this.#seq % this.#sentAtMs.length] = nowMs
    return this.#seq
  }

  /** The send time of this number is about to give way to a new one: makes room if the peer may still acknowledge it. */
  #keepUnacknowledged(oldestSeq: number): void {
    const before = this.#sentAtMs
    if (before.length >= SENT_KEPT_MAX || (this.#peer !== null && oldestSeq < this.#peer.ackedSeq)) return
    const after = new Array<number>(2 * before.length).fill(-Infinity)
    for (let seq = oldestSeq; seq <= this.#seq; seq++) {
      after[seq % after.length] = before[seq % before.length] as number
    }
    this.#sentAtMs = after
  }

  /** When this frame of mine was sent, or null if that is not known (any more). */
  sentAtMs(seq: number): number | null {
    const kept = this.#sentAtMs.length
    if (seq < 1 || seq > this.#seq || seq <= this.#seq - kept) return null
    const atMs = this.#sentAtMs[seq % kept] ?? -Infinity
    return atMs === -Infinity ? null : atMs
  }

  /** Send times are measured on a clock that stood still: acknowledgements of what was sent before renew nothing. */
  forgetSendTimes(): void {
    this.#sentAtMs.fill(-Infinity)
  }

  /** What the next frame to the peer echoes and acknowledges. `toHello`: address the unconfirmed session. */
  address(toHello: boolean): { readonly echo: bigint; readonly ack: number } {
    if (toHello && this.#hello !== null) return { echo: this.#hello.session, ack: this.#hello.seq }
    if (this.#peer !== null) return { echo: this.#peer.session, ack: this.#peer.lastSeq }
    return { echo: 0n, ack: 0 }
  }

  get hasHello(): boolean {
    return this.#hello !== null
  }

  /** Whom a frame is addressed to; 0 = nobody yet. */
  nodeId(toHello: boolean): bigint {
    return (toHello ? this.#hello?.nodeId : this.#peer?.nodeId) ?? 0n
  }

  /** Judges a sealed frame. `guarded`: the peer of the current session is present, so no other session takes its place. */
  receive(trailer: Trailer, guarded: boolean): Reception {
    if (trailer.session === this.session) return { kind: 'drop', cause: 'reflected' }
    if (trailer.session === 0n || trailer.seq === 0 || trailer.link >= LINKS_MAX)
      return { kind: 'drop', cause: 'field' }
    if (this.#peer !== null && trailer.session === this.#peer.session) return this.#receiveCurrent(this.#peer, trailer)
    const retired = this.#retiredOf(trailer.session)
    if (retired !== undefined) return this.#receiveRetired(retired, trailer)
    if (trailer.echo === this.session && trailer.ack > this.#seq) return { kind: 'beyond' }
    if (!this.#isConfirmedBy(trailer)) {
      const acquainted = trailer.echo === this.session
      const newer = this.#hello?.session !== trailer.session || trailer.seq > this.#hello.seq
      if (newer) this.#hello = { session: trailer.session, nodeId: trailer.nodeId, seq: trailer.seq }
      return { kind: 'hello', acquainted, news: acquainted && newer }
    }
    if (guarded && this.#peer !== null) {
      // Refused now, it has to confirm again later: by then it may be dead, and this a recording.
      this.#candidates?.set(trailer.session, this.#seq)
      // What is said when the other one has gone is for it.
      this.#hello = { session: trailer.session, nodeId: trailer.nodeId, seq: trailer.seq }
      return { kind: 'rival' }
    }
    this.#candidates = null
    this.#hello = null
    this.#peer = {
      session: trailer.session,
      nodeId: trailer.nodeId,
      lastSeq: trailer.seq,
      lastSeqByLink: new Array<number>(LINKS_MAX).fill(0),
      ackedSeq: trailer.ack,
      counted: trailer.heardLinks !== 0
    }
    this.#peer.lastSeqByLink[trailer.link] = trailer.seq
    return { kind: 'current', adopted: true, ackedAtMs: this.sentAtMs(trailer.ack) }
  }

  #isConfirmedBy(trailer: Trailer): boolean {
    if (trailer.echo !== this.session) return false
    const candidates = (this.#candidates ??= new Map<bigint, number>())
    const seenAtSeq = candidates.get(trailer.session)
    if (seenAtSeq !== undefined) return trailer.ack > seenAtSeq
    const oldest = candidates.keys().next()
    if (candidates.size >= CANDIDATES_KEPT && oldest.done !== true) candidates.delete(oldest.value)
    candidates.set(trailer.session, this.#seq)
    return false
  }

  /** It said goodbye. */
  isRetired(session: bigint): boolean {
    return this.#retiredOf(session) !== undefined
  }

  #retiredOf(session: bigint): Retired | undefined {
    return this.#retired.find((retired) => retired.session === session)
  }

  /** The peer said goodbye: this session is over, and its frames are refused from now on. */
  retirePeer(): void {
    if (this.#peer === null) return
    this.#retired.push({ session: this.#peer.session, firstSeq: this.#seq + 1 })
    if (this.#retired.length > RETIRED_KEPT) this.#retired.shift()
    this.#peer = null
  }

  /**
   * Who has left says nothing but goodbye. Who goes on, and acknowledges what I sent since, is a copy of it that knows nothing of that:
   * acknowledging what no session ever sends, the answer says so to it.
   */
  #receiveRetired({ session, firstSeq }: Retired, trailer: Trailer): Reception {
    const answersMe = trailer.echo === this.session && trailer.ack >= firstSeq && trailer.ack <= this.#seq
    if (!answersMe || trailer.flags.goodbye) return { kind: 'drop', cause: 'replayed' }
    this.#hello = { session, nodeId: trailer.nodeId, seq: UINT48_MAX }
    return { kind: 'hello', acquainted: true, news: false }
  }

  #receiveCurrent(peer: Peer, trailer: Trailer): Reception {
    if (trailer.echo !== this.session) {
      // It has taken leave of me, and I know nothing of that: I am a copy of who said goodbye to it.
      const left = trailer.echo === 0n
      // Or it counts another one in my place.
      const replaced = trailer.echo !== 0n && peer.counted && trailer.heardLinks !== 0
      const news = trailer.seq > peer.lastSeq
      return news && (left || replaced) ? { kind: 'beyond' } : { kind: 'drop', cause: 'session' }
    }
    if (trailer.ack > this.#seq) return { kind: 'beyond' }
    if (trailer.seq <= (peer.lastSeqByLink[trailer.link] ?? 0)) return { kind: 'drop', cause: 'replayed' }
    peer.lastSeqByLink[trailer.link] = trailer.seq
    if (trailer.seq <= peer.lastSeq) return { kind: 'copy' }
    peer.lastSeq = trailer.seq
    if (trailer.heardLinks !== 0) peer.counted = true
    if (peer.nodeId !== trailer.nodeId) peer.nodeId = trailer.nodeId
    if (trailer.ack <= peer.ackedSeq) return { kind: 'current', adopted: false, ackedAtMs: null }
    peer.ackedSeq = trailer.ack
    return { kind: 'current', adopted: false, ackedAtMs: this.sentAtMs(trailer.ack) }
  }
}
