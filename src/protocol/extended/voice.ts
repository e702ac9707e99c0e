/**
 * What a side has of its witness: what it asks, and the right to serve that the witness's promise gives it. The right counts from the
 * sending of the ask that was answered and is tied to the number of the loan: a number that was released, or has lapsed, gives none any more.
 * So nothing that is late, recorded or sent twice gives a right. Pure; `witness/lender.ts` is the other end.
 */
import { CLOCK_DRIFT, leaseMs } from './lease'
import type { Role } from '../role'
import type { Answer, Ask } from '../wire/witness-frame'

/** Send times of this many asks are known; an answer to an older one gives no right. */
const SENT_KEPT = 64

export type Heard =
  | 'heard'
  /** To another session of this node, or of nobody. */
  | 'session'
  /** To an ask that was answered already, or one after it was. */
  | 'replayed'
  /** To an ask that this session never sent: this process is a copy. */
  | 'beyond'

export interface Speaker {
  readonly role: Role
  readonly nodeId: bigint
  /** Highest epoch that it used or heard of. */
  readonly epoch: number
  /** What a loan is to promise, ms. */
  readonly promiseMs: number
  /** It wants the voice, if it does not have it. */
  readonly wants: boolean
  /** The witness that was heard last is the one on disk. */
  readonly states: boolean
}

interface Loan {
  readonly number: number
  /** When the newest ask that it was renewed by had been sent. */
  sentAtMs: number
  untilMs: number
}

export class Voice {
  readonly session: bigint
  /** Null until heard. It counts only once both sides have agreed on it. */
  witnessId: bigint | null = null
  heardAtMs = -Infinity
  /** The witness sees two processes under this session. */
  copied = false
  /** Node id of who has the voice, as the witness said last; 0 = nobody. */
  holder = 0n
  otherHeardAtMs: number | null = null
  /** Session of another side that has the voice, as the witness said last; 0 = none. */
  otherHolder = 0n
  /** Session of the other side, as the witness heard it last, if that states this witness; 0 = none. */
  stating = 0n
  #seq = 0
  readonly #sentAtMs = new Array<number>(SENT_KEPT).fill(-Infinity)
  /** The highest of my asks that was answered. */
  #answeredSeq = 0
  #answeredSentAtMs = -Infinity
  /** The witness's session, and the highest of its numbers. */
  #witness: { readonly session: bigint; seq: number } | null = null
  #loan: Loan | null = null
  /** No loan up to this number gives a right any more. */
  #spent = 0
  /** First ask that says that `#spent` is released; null = nobody has to be told. */
  #releaseSeq: number | null = null

  constructor(session: bigint) {
    this.session = session
  }

  /** The end of the right to serve on this voice; -Infinity = there is none. */
  get untilMs(): number {
    return this.#loan?.untilMs ?? -Infinity
  }

  /** Of the loan; 0 = there is none. A role that is taken with it has no lower epoch. */
  get number(): number {
    return this.#loan?.number ?? 0
  }

  /** When the newest ask that was answered with the loan had been sent; -Infinity = there is none. */
  get renewedSentAtMs(): number {
    return this.#loan?.sentAtMs ?? -Infinity
  }

  /**
   * No other one gets the voice before, as the witness said last, where each side's promise is that long: it is renewed when its holder is
   * heard, and never later. -Infinity: nobody has it.
   */
  freeFromMs(promiseMs: number): number {
    if (this.otherHolder === 0n || this.otherHeardAtMs === null) return -Infinity
    const heardAgoMs = this.heardAtMs - this.otherHeardAtMs
    return this.heardAtMs + Math.max(0, promiseMs - heardAgoMs) * (1 - 2 * CLOCK_DRIFT)
  }

  /** When the newest ask that was answered had been sent. */
  get answeredSentAtMs(): number {
    return this.#answeredSentAtMs
  }

  get releasing(): boolean {
    return this.#releaseSeq !== null
  }

  /** The next ask, sent now. */
  ask(nowMs: number, { role, nodeId, epoch, promiseMs, wants, states }: Speaker): Ask {
    this.#lapse(nowMs)
    this.#seq += 1
    this.#sentAtMs[this.#seq % SENT_KEPT] = nowMs
    const holds = this.#loan !== null
    const wantsNow = wants && !holds && !this.copied
    // Who wants it again gets a number above the released one: that says the same.
    if (wantsNow) this.#releaseSeq = null
    else if (this.#releaseSeq === Infinity) this.#releaseSeq = this.#seq
    return {
      role,
      nodeId,
      session: this.session,
      echo: this.#witness?.session ?? 0n,
      seq: this.#seq,
      ack: this.#witness?.seq ?? 0,
      wants: wantsNow,
      holds,
      releases: !holds && !wantsNow && this.#releaseSeq !== null,
      states,
      loan: this.#loan?.number ?? Math.max(this.#spent, wantsNow ? epoch : 0),
      promiseMs
    }
  }

  /** `counted`: the id is the one that both sides have agreed on, and it is on disk. */
  hear(nowMs: number, answer: Answer, counted: boolean): Heard {
    if (answer.echo !== this.session) return 'session'
    if (answer.ack > this.#seq) return 'beyond'
    if (answer.ack <= this.#answeredSeq) return 'replayed'
    this.#lapse(nowMs)
    this.#answeredSeq = answer.ack
    this.#answeredSentAtMs = this.#sentAt(answer.ack)
    if (this.#witness?.session !== answer.session) this.#witness = { session: answer.session, seq: answer.seq }
    else this.#witness.seq = Math.max(this.#witness.seq, answer.seq)
    this.witnessId = answer.witnessId
    this.heardAtMs = nowMs
    this.holder = answer.holder
    this.otherHeardAtMs = answer.otherHeardAgoMs === null ? null : nowMs - answer.otherHeardAgoMs
    this.copied = answer.copied
    this.otherHolder = answer.otherHolds ? answer.other : 0n
    this.stating = answer.otherStates ? answer.other : 0n
    if (this.#releaseSeq !== null && answer.ack >= this.#releaseSeq) this.#releaseSeq = null
    if (answer.copied) this.giveUp()
    else if (answer.lent && counted) this.#take(nowMs, answer)
    return 'heard'
  }

  /** The voice is not used any more, and the witness may lend it to others at once. */
  release(): void {
    if (this.#loan === null) return
    this.giveUp()
    this.#releaseSeq = Infinity
  }

  /** The voice is not used any more. */
  giveUp(): void {
    this.#spent = Math.max(this.#spent, this.#loan?.number ?? 0)
    this.#loan = null
  }

  /** This side slept: its right counts from a clock that stood still, and what it sent before gives none. */
  suspended(ms: number): void {
    if (this.#loan !== null) {
      this.#loan.sentAtMs -= ms
      this.#loan.untilMs -= ms
    }
    this.#sentAtMs.fill(-Infinity)
  }

  #take(nowMs: number, answer: Answer): void {
    if (answer.loan <= this.#spent || answer.loan < (this.#loan?.number ?? 0)) return
    const sentAtMs = this.#sentAt(answer.ack)
    const untilMs = sentAtMs + leaseMs(answer.promisedMs)
    if (untilMs <= nowMs) return
    if (this.#loan?.number !== answer.loan) this.#loan = { number: answer.loan, sentAtMs, untilMs }
    else {
      // Answers count in the order of their asks.
      this.#loan.sentAtMs = sentAtMs
      this.#loan.untilMs = Math.max(this.#loan.untilMs, untilMs)
    }
  }

  /** A loan that has lapsed is over for good: the witness may have lent the voice to another one meanwhile. */
  #lapse(nowMs: number): void {
    if (this.#loan !== null && nowMs >= this.#loan.untilMs) this.giveUp()
  }

  #sentAt(seq: number): number {
    if (seq <= this.#seq - SENT_KEPT) return -Infinity
    return this.#sentAtMs[seq % SENT_KEPT] ?? -Infinity
  }
}
