/**
 * The epoch allocator: which number was used, which one is reserved, and what the store has confirmed.
 *
 * Invariants: an epoch is durable before a role is taken with it; it is higher than any this side has heard of; after
 * a restart a reserved number counts as used. What is announced is what is on disk, and will be after the write under way.
 * Once the peer is known, the side with the smaller node id uses even
 * numbers and the other odd ones, so that two sides cut off from each other never use the same number.
 */
import type { PairRecord, WitnessRecord } from './record'
import type { Policy } from './settings'
import { idText, UINT48_MAX } from './wire/bytes'

/** Frames with an epoch above this are no frames of a pair, and no promotion has one. */
export const EPOCH_MAX = UINT48_MAX - 2 ** 16
/**
 * No pair counts as far as this: a promotion each ms takes 4,000 years. A record that says so was made by hand or by damage; its number is
 * not passed on, or the peer would end where this side has.
 */
export const STORED_MAX = 2 ** 47
/**
 * So far above all earlier numbers is that of a new loan of the witness. Between two loans a side comes by epochs of its own, without the
 * witness: at most two above the number of its loan, or above what the other side knew when it backed this one, and two more where it serves on
 * with a newer one; and the other side has all but two of what it knew on disk. After a goodbye it may be more; but who said that waits for
 * contact.
 */
export const LOAN_STEP = 8
/** Numbers on disk ahead of the latest loan: for so many loans a takeover waits for no write. */
const LOANS_AHEAD = 8

/** ms before a failed write is tried again; doubled each time. */
const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 1000

export class EpochAllocator {
  #nodeId: bigint
  /** Highest epoch used or heard of. */
  #floor: number
  #reserved: number
  /** The latest number that the witness told, of a loan to either side. */
  #loanHeard = 0
  #promisedMs: number
  #preferred: boolean
  #online: boolean
  /** Of the newest record that was made. */
  #number: number
  #peerPolicy: Policy | null
  #witness: WitnessRecord | null
  /** The disk holds a number at the end of its range. It stays there; this side takes no role, and follows the peer's numbers. */
  readonly exhausted: boolean
  #parity: 0 | 1 | null = null

  #ticket = 0
  /** What the store has confirmed. */
  #durable: PairRecord | null
  /** The write that is under way; at most one. */
  #writing: { readonly ticket: number; readonly record: PairRecord; readonly sinceMs: number } | null = null
  /** Of records whose write failed, the worst that they say: any of them may be on disk all the same. */
  #unsure: Pick<PairRecord, 'promisedMs' | 'online' | 'preferred'> | null = null
  /** When `flush` wants to be called again; Infinity = nothing waits. */
  #retryAtMs = Infinity
  #notBeforeMs = -Infinity
  #retryMs = RETRY_MS_MIN
  #failed = false
  /** A write has been without an answer for too long. What comes late is old: it is over when all that is known is on disk. */
  #gaveUp = false

  constructor(record: PairRecord | null, freshNodeId: bigint) {
    this.#durable = record
    this.#nodeId = record === null ? freshNodeId : BigInt(`0x${record.nodeId}`)
    const highest = highestOf(record)
    this.#number = record?.number ?? 0
    this.exhausted = highest >= STORED_MAX || this.#number >= STORED_MAX
    this.#floor = this.exhausted ? 0 : highest
    this.#reserved = 0
    this.#promisedMs = record?.promisedMs ?? 0
    this.#parity = record?.parity ?? null
    this.#preferred = record?.preferred ?? false
    this.#online = record?.online ?? false
    this.#peerPolicy = record?.peerPolicy ?? null
    this.#witness = record?.witness ?? null
  }

  get nodeId(): bigint {
    return this.#nodeId
  }
  get floor(): number {
    return this.#floor
  }
  /**
   * The takeover delay, ms, that a restart would find, whatever becomes of the write under way. Infinity while there is no record: who
   * finds none takes nothing alone where a promise matters.
   */
  get promisedMs(): number {
    return Math.min(
      this.#durable?.promisedMs ?? Infinity,
      this.#writing?.record.promisedMs ?? Infinity,
      this.#unsure?.promisedMs ?? Infinity
    )
  }
  /** Only what is on disk counts: a side that forgets it in a crash must not have acted on it. */
  get preferred(): boolean {
    return this.#preferred && this.#durable?.preferred === true
  }
  /** What is sent to the peer: true until the disk has forgotten it too. */
  get preferredOnDisk(): boolean {
    const kept = this.#durable?.preferred === true || this.#writing?.record.preferred === true
    return this.#preferred || kept || this.#unsure?.preferred === true
  }
  /** The peer is known, and so it stays after a restart. */
  get hasMet(): boolean {
    return (this.#parity !== null && this.#durable?.parity === this.#parity) || this.exhausted
  }
  /** The mark: see `PairRecord`. */
  get online(): boolean {
    return this.#online
  }
  /** The mark is what a restart would find. */
  get onlineOnDisk(): boolean {
    const kept = this.#writing?.record.online !== false && this.#unsure?.online !== false
    return this.#online && this.#durable?.online === true && kept
  }
  /** Of the newest record that is on disk. */
  get numberOnDisk(): number {
    return this.#durable?.number ?? 0
  }
  /** Of the newest record that was made, or that the peer has seen. */
  get number(): number {
    return this.#number
  }
  get peerPolicy(): Policy | null {
    return this.#peerPolicy
  }
  /** The witness that this side goes by, or is about to. */
  get witnessId(): bigint | null {
    return idOf(this.#witness)
  }
  /** It is what a restart would find, whatever becomes of the write under way. */
  get statedWitness(): bigint | null {
    const id = this.#witness?.id
    const writing = this.#writing?.record.witness
    const kept = id !== undefined && this.#durable?.witness?.id === id && (writing === undefined || writing?.id === id)
    return kept ? idOf(this.#witness) : null
  }
  /** Both sides have agreed on it, and that is on disk. */
  get countedWitness(): bigint | null {
    const counted = this.#witness?.counted === true && this.#durable?.witness?.counted === true
    return counted ? this.statedWitness : null
  }
  get failed(): boolean {
    return this.#failed
  }
  /** A write has been under way for so long that nobody waits for it any more. */
  isStuck(nowMs: number, afterMs: number): boolean {
    return this.#writing !== null && nowMs >= this.#writing.sinceMs + afterMs
  }
  get retryAtMs(): number {
    return this.#retryAtMs
  }
  /** When the write under way counts as failed; Infinity = none is, or it does so already. */
  stuckAtMs(afterMs: number): number {
    return this.#writing === null || this.#failed ? Infinity : this.#writing.sinceMs + afterMs
  }

  /** True once the store confirmed everything that was asked of it. */
  isSettled(): boolean {
    return this.#writing === null && !this.#isStale()
  }

  hear(epoch: number): void {
    if (epoch > this.#floor) this.#floor = epoch
  }

  meet(peerNodeId: bigint): void {
    this.#parity = this.#nodeId < peerNodeId ? 0 : 1
  }

  renumber(nodeId: bigint): void {
    this.#nodeId = nodeId
  }

  promise(peerTimeoutMs: number): void {
    this.#promisedMs = peerTimeoutMs
  }

  setPreferred(preferred: boolean): void {
    this.#preferred = preferred
  }

  setOnline(online: boolean): void {
    this.#online = online
  }

  setPeerPolicy(policy: Policy): void {
    this.#peerPolicy = policy
  }

  setWitness(id: bigint | null, counted: boolean): void {
    if (id === this.witnessId && counted === (this.#witness?.counted ?? false)) return
    this.#witness = id === null ? null : { id: idText(id), counted }
  }

  /** The peer has seen this number of mine: the next record has a higher one. */
  raiseNumber(number: number): void {
    if (number > this.#number) this.#number = number
  }

  /** The number of the witness's latest loan, to either side. One at the end of the range is not gone by: it would end this side for good. */
  hearLoan(number: number): void {
    const top = Math.max(number, this.#floor)
    if (top + LOANS_AHEAD * LOAN_STEP >= STORED_MAX) return
    this.#loanHeard = Math.max(this.#loanHeard, number)
    if (this.#reserved < this.#nextLoaned()) this.reserve(top + LOANS_AHEAD * LOAN_STEP)
  }

  /** What the next loan asks for is on disk: with less the voice would come in vain. */
  isReadyForLoan(): boolean {
    return this.isReserved(this.#nextLoaned(), false)
  }

  /** The number that this side would take with the next loan, as far as it knows of the latest one. */
  #nextLoaned(): number {
    return nextWithParity(Math.max(this.#loanHeard, this.#floor) + LOAN_STEP - 1, this.#parity)
  }

  /** A restart would know all that is known, but for two numbers. */
  get isFloorOnDisk(): boolean {
    return this.#floor <= highestOf(this.#durable) + 2
  }

  /** A restart would still find a witness that this side does not go by any more. */
  get hasFormerWitness(): boolean {
    return this.#witness === null && (this.#durable?.witness ?? null) !== null
  }

  /** The number that this side would take next, `least` or above. */
  nextOwn(least = 0): number {
    return nextWithParity(Math.max(this.#floor, least - 1), this.#parity)
  }

  /** The number that this side would grant to its peer. */
  nextForPeer(): number {
    return nextWithParity(this.#floor, this.#parity === null ? null : this.#parity === 0 ? 1 : 0)
  }

  /** May a role be taken with this number now? `volatileAllowed`: also while the store refuses to write. */
  isReserved(epoch: number, volatileAllowed: boolean): boolean {
    if (this.exhausted || epoch > EPOCH_MAX) return false
    return epoch <= (this.#durable?.reserved ?? 0) || (volatileAllowed && this.#failed)
  }

  /** The role was taken with this number. */
  use(epoch: number): void {
    if (epoch <= this.#floor) throw new Error(`epoch ${epoch} is not above ${this.#floor}`)
    this.#floor = epoch
  }

  /** Reserve at least this number. */
  reserve(epoch: number): void {
    if (epoch > this.#reserved) this.#reserved = epoch
  }

  /** The write to start now, or null when nothing is to be written. Keeps a number reserved ahead of the floor. */
  flush(nowMs: number): { readonly ticket: number; readonly record: PairRecord } | null {
    if (this.exhausted) return null
    this.reserve(this.nextOwn())
    if (this.#writing !== null) return null
    const stale = this.#isStale()
    this.#retryAtMs = stale && nowMs < this.#notBeforeMs ? this.#notBeforeMs : Infinity
    if (!stale || this.#retryAtMs !== Infinity) return null
    this.#ticket += 1
    this.#number += 1
    this.#writing = { ticket: this.#ticket, record: this.#record(), sinceMs: nowMs }
    return { ticket: this.#ticket, record: this.#writing.record }
  }

  /** A write without an answer counts as failed until it has one. Returns whether that is news. */
  giveUp(nowMs: number, afterMs: number): boolean {
    if (nowMs < this.stuckAtMs(afterMs)) return false
    this.#failed = true
    this.#gaveUp = true
    return true
  }

  /** This side did not run for so long: the disk gets the time as well. */
  wasLate(nowMs: number, lateMs: number): void {
    if (this.#writing === null) return
    this.#writing = { ...this.#writing, sinceMs: Math.min(nowMs, this.#writing.sinceMs + lateMs) }
  }

  /** The store's answer. Returns 'failed' or 'recovered' when that is news. */
  confirm(nowMs: number, ticket: number, ok: boolean): 'failed' | 'recovered' | null {
    if (this.#writing === null || this.#writing.ticket !== ticket) return null
    const record = this.#writing.record
    this.#writing = null
    if (ok) {
      this.#durable = record
      this.#unsure = null
      this.#retryMs = RETRY_MS_MIN
      if (this.#gaveUp && this.#isStale()) return null
      const news = this.#failed ? 'recovered' : null
      this.#failed = false
      this.#gaveUp = false
      return news
    }
    this.#unsure = {
      promisedMs: Math.min(record.promisedMs, this.#unsure?.promisedMs ?? Infinity),
      online: record.online && this.#unsure?.online !== false,
      preferred: record.preferred || this.#unsure?.preferred === true
    }
    this.#notBeforeMs = nowMs + this.#retryMs
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2)
    const news = this.#failed ? null : 'failed'
    this.#failed = true
    return news
  }

  #record(): PairRecord {
    return {
      nodeId: idText(this.#nodeId),
      epoch: this.#floor,
      reserved: this.#reserved,
      parity: this.#parity,
      promisedMs: this.#promisedMs,
      preferred: this.#preferred,
      online: this.#online,
      number: this.#number,
      peerPolicy: this.#peerPolicy,
      ...(this.#witness === null ? {} : { witness: this.#witness })
    }
  }

  #isStale(): boolean {
    const disk = this.#durable
    if (disk === null) return true
    return (
      BigInt(`0x${disk.nodeId}`) !== this.#nodeId ||
      disk.epoch !== this.#floor ||
      disk.reserved < this.#reserved ||
      disk.parity !== this.#parity ||
      disk.promisedMs !== this.#promisedMs ||
      disk.preferred !== this.#preferred ||
      disk.online !== this.#online ||
      disk.peerPolicy !== this.#peerPolicy ||
      disk.witness?.id !== this.#witness?.id ||
      disk.witness?.counted !== this.#witness?.counted ||
      disk.number < this.#number
    )
  }
}

const idOf = (witness: WitnessRecord | null): bigint | null => (witness === null ? null : BigInt(`0x${witness.id}`))

/** Where counting goes on after a restart: a number that was reserved may have been used. */
function highestOf(record: PairRecord | null): number {
  return record === null ? 0 : Math.max(record.epoch, record.reserved)
}

function nextWithParity(floor: number, parity: 0 | 1 | null): number {
  const next = floor + 1
  return parity === null || next % 2 === parity ? next : next + 1
}
