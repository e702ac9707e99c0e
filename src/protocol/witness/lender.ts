/**
 * The third voice of one pair, as a pure machine: it lends its voice to one session at a time and promises to lend it to no other for
 * P. Time is an argument; sealing, sockets and the disk are the caller's.
 *
 *   1. A loan is to a session and has a number. Its holder has it renewed with each ask; P counts from the receipt of the ask, the
 *      borrower's right L from its sending (`extended/lease.ts`).
 *   2. Another session, also of the same node, gets it P after the last renewal, or when the holder's own session has released it by
 *      number. A session that has released a loan, or let it lapse, never uses that number again.
 *   3. Holder and promise are on disk before the loan is sent. After a start only the stored holder's session is renewed; others wait
 *      the promise from the start, also where the record is an old one.
 *   4. It lends and renews only to a session that acknowledged an answer within P: one that asks and hears nothing lets the voice go.
 *   5. A new loan's number is LOAN_STEP above every number that this pair had here, and above the epoch that its borrower knows: a role that
 *      is taken with the voice has an epoch no lower than that, and so one above all that another side served on before.
 *   6. A session that is not known here counts only with an ask that acknowledges an answer of less than P ago: numbers of answers begin at the
 *      time since the start. So recordings of a session that was forgotten do nothing, however many they are.
 *   7. An acknowledgement that goes back says that two processes ask under one session: neither gets the voice any more.
 */
import { LOAN_STEP, STORED_MAX } from '../epoch-allocator'
import type { Answer, Ask } from '../wire/witness-frame'

/** What is on disk for a pair, written when it changes. */
export interface LoanRecord {
  /** Number of the latest loan. */
  readonly loan: number
  readonly holderNode: bigint
  readonly holderSession: bigint
  readonly promisedMs: number
}

export type LenderInput<From> =
  | { readonly kind: 'ask'; readonly ask: Ask; readonly from: From }
  /** The answer to a `store` output. */
  | { readonly kind: 'stored'; readonly ok: boolean }
  /** Another start of this witness writes its files: from now on nothing is lent. */
  | { readonly kind: 'fenced' }

export type LenderOutput<From> =
  | { readonly kind: 'answer'; readonly to: From; readonly answer: Answer }
  /** One at a time: the next comes after `stored`. */
  | { readonly kind: 'store'; readonly record: LoanRecord }
  | { readonly kind: 'event'; readonly event: LenderEvent }

export type LenderEvent =
  | { readonly name: 'lent' | 'released' | 'rolled-back'; readonly nodeId: bigint; readonly loan: number }
  | { readonly name: 'copied'; readonly nodeId: bigint }
  | { readonly name: 'third-party'; readonly nodeId: bigint }
  | { readonly name: 'store-failed' }

/** For people. */
export interface LenderView {
  /** Node id; null = nobody has the voice. */
  readonly holder: bigint | null
  readonly loan: number
  /** When the loan of the holder was made, on the machine's clock. */
  readonly sinceMs: number
  /** ms until another one may get it, 0 = now. */
  readonly waitMs: number
  readonly sides: readonly { readonly nodeId: bigint; readonly heardAgoMs: number }[]
}

interface Side {
  readonly nodeId: bigint
  /** Of the last ask. */
  seq: number
  /** Highest of this witness's numbers that it acknowledged. */
  acked: number
  /** When that last grew. */
  ackedAtMs: number
  heardAtMs: number
  answers: number
  /** The answer `markSeq` went out then; an ask that acknowledges it was sent after that, however long the ask was on its way. */
  markSeq: number
  markAtMs: number
  /** Its newest ask was sent after this. */
  saidAtMs: number
  copied: boolean
  states: boolean
}

/** A loan that waits for the disk. */
interface Pending<From> {
  readonly record: LoanRecord
  ask: Ask
  to: From
}

/** The answers to a session that is not known are numbered so many to the ms, from the start on: none is ever answered as often. */
const NUMBERS_PER_MS = 16
/** Of a pair: its two sides, and some that were started again. */
const SIDES_KEPT = 8

export class Lender<From> {
  readonly #witnessId: bigint
  readonly #session: bigint
  readonly #startedAtMs: number
  #record: LoanRecord | null
  /** -Infinity: who holds the loan has not asked since the start. */
  #renewedAtMs = -Infinity
  #lentAtMs = -Infinity
  /** The holder's own session gave it back. */
  #released = false
  #pending: Pending<From> | null = null
  /** Of the holder: a longer promise, or a loan that the disk had forgotten. */
  #pendingPromise: LoanRecord | null = null
  /** The disk takes no second record before it has answered for the first. */
  #writing = false
  #fenced = false
  readonly #sides = new Map<bigint, Side>()
  readonly #out: LenderOutput<From>[] = []

  /** `record`: what the disk held, null = nothing. `session`: random, of this start. */
  constructor(nowMs: number, witnessId: bigint, session: bigint, record: LoanRecord | null) {
    this.#startedAtMs = nowMs
    this.#witnessId = witnessId
    this.#session = session
    this.#record = record
  }

  step(nowMs: number, input: LenderInput<From>): readonly LenderOutput<From>[] {
    switch (input.kind) {
      case 'ask':
        this.#hear(nowMs, input.ask, input.from)
        break
      case 'stored':
        this.#stored(nowMs, input.ok)
        break
      case 'fenced':
        this.#fenced = true
        this.#pending = null
        break
      default:
        input satisfies never
    }
    // Nothing of it is kept: what lives from one ask to the next is old, and dear to clear away.
    return this.#out.splice(0)
  }

  view(nowMs: number): LenderView {
    const record = this.#record
    const held = record !== null && !this.#released
    const sides = [...this.#sides.values()].map(({ nodeId, heardAtMs }) => ({ nodeId, heardAgoMs: nowMs - heardAtMs }))
    return {
      holder: held ? record.holderNode : null,
      loan: record?.loan ?? 0,
      sinceMs: this.#lentAtMs,
      waitMs: Math.max(0, this.#freeFromMs(0) - nowMs),
      sides
    }
  }

  #hear(nowMs: number, ask: Ask, from: From): void {
    // It does not know this start, or is not known to it: the answer tells it, and nothing changes.
    const isMet = ask.echo === this.#session && (this.#sides.has(ask.session) || this.#isFresh(nowMs, ask))
    if (!isMet) return this.#answer(nowMs, null, ask, from, false)
    const side = this.#sideOf(nowMs, ask)
    if (ask.seq <= side.seq) return
    side.seq = ask.seq
    side.heardAtMs = nowMs
    side.states = ask.states
    if (ask.ack < side.acked && !side.copied) {
      side.copied = true
      this.#event({ name: 'copied', nodeId: ask.nodeId })
    }
    if (ask.ack > side.acked) {
      side.acked = ask.ack
      side.ackedAtMs = nowMs
    }
    if (ask.ack >= side.markSeq) side.saidAtMs = side.markAtMs
    // A copy would give back what the other one serves on.
    if (ask.releases && !side.copied) this.#release(ask)
    const lent = !this.#fenced && !side.copied && this.#lends(nowMs, ask, from, side)
    if (lent !== 'waits') this.#answer(nowMs, side, ask, from, lent)
  }

  /** `waits`: the answer follows when the disk has it. */
  #lends(nowMs: number, ask: Ask, from: From, side: Side): boolean | 'waits' {
    if (ask.holds) return this.#renew(nowMs, ask, side)
    if (!ask.wants) return false
    const record = this.#record
    const pending = this.#pending
    if (pending !== null) {
      if (pending.record.holderSession !== ask.session) return false
      // Its right counts from the newest ask that is answered.
      pending.ask = ask
      pending.to = from
      return 'waits'
    }
    // Of an earlier start only a loan that its holder still has is believed: the disk may be an old one.
    const mine = record?.holderSession === ask.session && this.#renewedAtMs !== -Infinity
    // It lost the answer: the loan is there already.
    if (mine && !this.#released && (record?.loan ?? 0) > ask.loan) return this.#renewed(nowMs, ask, side)
    if (!mine && nowMs < this.#freeFromMs(ask.promiseMs)) return false
    // Who hears nothing could not use it, and would keep it from the other one.
    if (this.#writing || nowMs - side.ackedAtMs >= ask.promiseMs) return false
    const loan = Math.max(record?.loan ?? 0, ask.loan) + LOAN_STEP
    if (loan >= STORED_MAX) return false
    const next: LoanRecord = {
      loan,
      holderNode: ask.nodeId,
      holderSession: ask.session,
      promisedMs: ask.promiseMs
    }
    this.#pending = { record: next, ask, to: from }
    this.#write(next)
    return 'waits'
  }

  #renew(nowMs: number, ask: Ask, side: Side): boolean {
    const record = this.#record
    if (this.#pending !== null) return false
    // Only who has a loan asks as its holder: a higher number than the disk's says that the disk was set back. Said late, it counts no more.
    if (record === null || ask.loan > record.loan) return this.#renewedAtMs === -Infinity && this.#adopt(nowMs, ask)
    if (this.#released || record.holderSession !== ask.session || record.loan !== ask.loan) return false
    if (ask.promiseMs > record.promisedMs && !this.#writing) this.#promise({ ...record, promisedMs: ask.promiseMs })
    return this.#renewed(nowMs, ask, side)
  }

  #renewed(nowMs: number, ask: Ask, side: Side): boolean {
    const promisedMs = this.#record?.promisedMs ?? ask.promiseMs
    if (nowMs - side.ackedAtMs >= promisedMs) return false
    this.#renewedAtMs = nowMs
    return true
  }

  /** A longer promise counts once it is on disk. */
  #promise(record: LoanRecord): void {
    this.#pendingPromise = record
    this.#write(record)
  }

  /** The record is older than the holder's loan. The holder keeps it, others wait a whole promise from now. */
  #adopt(nowMs: number, ask: Ask): false {
    if (this.#writing) return false
    this.#event({ name: 'rolled-back', nodeId: ask.nodeId, loan: ask.loan })
    const record: LoanRecord = {
      loan: ask.loan,
      holderNode: ask.nodeId,
      holderSession: ask.session,
      promisedMs: Math.max(ask.promiseMs, this.#record?.promisedMs ?? 0)
    }
    this.#renewedAtMs = nowMs
    this.#promise(record)
    return false
  }

  #release(ask: Ask): void {
    const record = this.#record
    if (record === null || this.#released) return
    if (record.holderSession !== ask.session || record.loan !== ask.loan) return
    this.#released = true
    this.#event({ name: 'released', nodeId: ask.nodeId, loan: ask.loan })
  }

  /** From when another session may have the voice. `promiseMs`: the promise that it asks for, as far as the disk may not know a longer one. */
  #freeFromMs(promiseMs: number): number {
    if (this.#released) return -Infinity
    const promisedMs = Math.max(this.#record?.promisedMs ?? 0, promiseMs)
    return Math.max(this.#startedAtMs, this.#renewedAtMs) + promisedMs
  }

  #write(record: LoanRecord): void {
    this.#writing = true
    this.#out.push({ kind: 'store', record })
  }

  #stored(nowMs: number, ok: boolean): void {
    this.#writing = false
    const pending = this.#pending
    const promise = this.#pendingPromise
    this.#pending = null
    this.#pendingPromise = null
    if (!ok) this.#event({ name: 'store-failed' })
    if (promise !== null) {
      if (!ok) return
      if (promise.loan !== this.#record?.loan) this.#released = false
      this.#record = promise
      return
    }
    if (pending === null) return
    const { record, ask, to } = pending
    const side = this.#sides.get(ask.session) ?? null
    const lent = ok && !this.#fenced && side?.copied !== true
    if (lent) {
      this.#record = record
      this.#released = false
      this.#renewedAtMs = nowMs
      this.#lentAtMs = nowMs
      this.#event({ name: 'lent', nodeId: record.holderNode, loan: record.loan })
    }
    this.#answer(nowMs, side, ask, to, lent)
  }

  #answer(nowMs: number, side: Side | null, ask: Ask, to: From, lent: boolean): void {
    if (side !== null) {
      side.answers += 1
      if (side.acked >= side.markSeq) {
        side.markSeq = side.answers
        side.markAtMs = nowMs
      }
    }
    const record = this.#record
    const answer: Answer = {
      witnessId: this.#witnessId,
      session: this.#session,
      echo: ask.session,
      // A side that comes back from another witness goes on where it was: an acknowledgement that went back would make it a copy.
      seq: (side ?? this.#sides.get(ask.session))?.answers ?? this.#numberAt(nowMs),
      ack: ask.seq,
      lent,
      copied: side?.copied === true,
      loan: record?.loan ?? 0,
      promisedMs: lent ? (record?.promisedMs ?? 0) : 0,
      holder: record?.holderNode ?? 0n,
      ...this.#otherOf(nowMs, ask)
    }
    this.#out.push({ kind: 'answer', to, answer })
  }

  /** Who has the voice, if that is another one; else whom it heard last. A statement that may be older than a promise is none. */
  #otherOf(nowMs: number, ask: Ask): Pick<Answer, 'other' | 'otherStates' | 'otherHolds' | 'otherHeardAgoMs'> {
    let found: { readonly session: bigint; readonly side: Side } | null = null
    for (const [session, side] of this.#sides) {
      if (side.nodeId === ask.nodeId) continue
      if (this.#isHeldBy(nowMs, session)) {
        found = { session, side }
        break
      }
      if (side.heardAtMs >= (found?.side.heardAtMs ?? -Infinity)) found = { session, side }
    }
    if (found === null) return { other: 0n, otherStates: false, otherHolds: false, otherHeardAgoMs: null }
    const { session, side } = found
    return {
      other: session,
      otherStates: side.states && nowMs < side.saidAtMs + ask.promiseMs,
      otherHolds: this.#isHeldBy(nowMs, session),
      otherHeardAgoMs: Math.round(nowMs - side.heardAtMs)
    }
  }

  #isHeldBy(nowMs: number, session: bigint): boolean {
    const record = this.#record
    if (record?.holderSession !== session || this.#released) return false
    return nowMs < this.#renewedAtMs + record.promisedMs
  }

  /** Of an answer to a session that is not known. */
  #numberAt(nowMs: number): number {
    return 1 + NUMBERS_PER_MS * Math.floor(nowMs - this.#startedAtMs)
  }

  /** What it acknowledges was said less than its promise ago. */
  #isFresh(nowMs: number, { ack, promiseMs }: Ask): boolean {
    return ack > 0 && this.#saidAtMs(ack) > nowMs - promiseMs
  }

  /** When the answer of this number to a session that was not known was sent. A known one gets fewer, so its later ones seem older than they are. */
  #saidAtMs(number: number): number {
    return this.#startedAtMs + Math.ceil(number / NUMBERS_PER_MS)
  }

  #sideOf(nowMs: number, ask: Ask): Side {
    const known = this.#sides.get(ask.session)
    if (known !== undefined) return known
    this.#makeRoom()
    const nodes = new Set([...this.#sides.values()].map(({ nodeId }) => nodeId))
    if (nodes.size >= 2 && !nodes.has(ask.nodeId)) this.#event({ name: 'third-party', nodeId: ask.nodeId })
    const side: Side = {
      nodeId: ask.nodeId,
      seq: 0,
      acked: ask.ack,
      ackedAtMs: Math.min(nowMs, this.#saidAtMs(ask.ack)),
      heardAtMs: nowMs,
      answers: Math.max(this.#numberAt(nowMs), ask.ack),
      markSeq: ask.ack,
      markAtMs: this.#startedAtMs,
      saidAtMs: this.#startedAtMs,
      copied: false,
      states: ask.states
    }
    this.#sides.set(ask.session, side)
    return side
  }

  /** The holder stays known: what it said before must not count twice. */
  #makeRoom(): void {
    if (this.#sides.size < SIDES_KEPT) return
    let oldest: bigint | null = null
    let atMs = Infinity
    for (const [session, { heardAtMs }] of this.#sides) {
      if (session === this.#record?.holderSession || heardAtMs >= atMs) continue
      oldest = session
      atMs = heardAtMs
    }
    if (oldest !== null) this.#sides.delete(oldest)
  }

  #event(event: LenderEvent): void {
    this.#out.push({ kind: 'event', event })
  }
}
