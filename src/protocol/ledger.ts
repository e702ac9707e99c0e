/**
 * The ledger of epochs: which number was used, which one is reserved, and what the store has confirmed.
 *
 * Invariants: an epoch is durable before a role is taken with it; it is higher than any this side has heard of; after
 * a restart a reserved number counts as used. Once the brother is known, the side with the smaller node id uses even
 * numbers and the other odd ones, so that two sides cut off from each other never use the same number.
 */
import type { PairRecord } from './record'

/** ms before a failed write is tried again; doubled each time. */
const RETRY_MS_MIN = 50
const RETRY_MS_MAX = 1000

export class Ledger {
  #nodeId: bigint
  /** Highest epoch used or heard of. */
  #floor: number
  #reserved: number
  #promisedMs: number
  #preferred: boolean
  #released: boolean
  #parity: 0 | 1 | null = null

  #ticket = 0
  /** What the store has confirmed. */
  #durable: PairRecord | null
  /** The write that is under way; at most one. */
  #writing: { readonly ticket: number; readonly record: PairRecord } | null = null
  /** When `flush` wants to be called again; Infinity = nothing waits. */
  #retryAtMs = Infinity
  #notBeforeMs = -Infinity
  #retryMs = RETRY_MS_MIN
  #failed = false

  constructor(record: PairRecord | null, freshNodeId: bigint) {
    this.#durable = record
    this.#nodeId = record === null ? freshNodeId : BigInt(`0x${record.nodeId}`)
    this.#floor = record === null ? 0 : Math.max(record.epoch, record.reserved)
    this.#reserved = 0
    this.#promisedMs = record?.promisedMs ?? 0
    this.#parity = record?.parity ?? null
    this.#preferred = record?.preferred ?? false
    this.#released = record?.online ?? false
  }

  get nodeId(): bigint {
    return this.#nodeId
  }
  get floor(): number {
    return this.#floor
  }
  /** The takeover delay that the store knows of, ms. */
  get promisedMs(): number {
    return this.#durable?.promisedMs ?? 0
  }
  /** Only what is on disk counts: a side that forgets it in a crash must not have acted on it. */
  get preferred(): boolean {
    return this.#preferred && this.#durable?.preferred === true
  }
  /** What the brother is told: true until the disk has forgotten it too. */
  get preferredOnDisk(): boolean {
    return this.#preferred || this.#durable?.preferred === true
  }
  /** The brother is known, and so it stays after a restart. */
  get hasMet(): boolean {
    return this.#parity !== null && this.#durable?.parity === this.#parity
  }
  get released(): boolean {
    return this.#released
  }
  get failed(): boolean {
    return this.#failed
  }
  get retryAtMs(): number {
    return this.#retryAtMs
  }

  /** True once the store confirmed everything that was asked of it. */
  isSettled(): boolean {
    return this.#writing === null && !this.#isStale()
  }

  hear(epoch: number): void {
    if (epoch > this.#floor) this.#floor = epoch
  }

  meet(brotherNodeId: bigint): void {
    this.#parity = this.#nodeId < brotherNodeId ? 0 : 1
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

  setReleased(released: boolean): void {
    this.#released = released
  }

  /** The number that this side would take next. */
  nextOwn(): number {
    return nextWithParity(this.#floor, this.#parity)
  }

  /** The number that this side would grant to its brother. */
  nextForBrother(): number {
    return nextWithParity(this.#floor, this.#parity === null ? null : this.#parity === 0 ? 1 : 0)
  }

  /** May a role be taken with this number now? `volatileAllowed`: also while the store refuses to write. */
  isReserved(epoch: number, volatileAllowed: boolean): boolean {
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
    this.reserve(this.nextOwn())
    if (this.#writing !== null) return null
    const stale = this.#isStale()
    this.#retryAtMs = stale && nowMs < this.#notBeforeMs ? this.#notBeforeMs : Infinity
    if (!stale || this.#retryAtMs !== Infinity) return null
    this.#ticket += 1
    this.#writing = { ticket: this.#ticket, record: this.#record() }
    return this.#writing
  }

  /** The store's answer. Returns 'failed' or 'recovered' when that is news. */
  confirm(nowMs: number, ticket: number, ok: boolean): 'failed' | 'recovered' | null {
    if (this.#writing === null || this.#writing.ticket !== ticket) return null
    const record = this.#writing.record
    this.#writing = null
    if (ok) {
      this.#durable = record
      const news = this.#failed ? 'recovered' : null
      this.#failed = false
      this.#retryMs = RETRY_MS_MIN
      return news
    }
    this.#notBeforeMs = nowMs + this.#retryMs
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2)
    const news = this.#failed ? null : 'failed'
    this.#failed = true
    return news
  }

  #record(): PairRecord {
    return {
      nodeId: this.#nodeId.toString(16).padStart(16, '0'),
      epoch: this.#floor,
      reserved: this.#reserved,
      parity: this.#parity,
      promisedMs: this.#promisedMs,
      preferred: this.#preferred,
      online: this.#released,
      number: this.#ticket,
      peerPolicy: null
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
      disk.online !== this.#released
    )
  }
}

function nextWithParity(floor: number, parity: 0 | 1 | null): number {
  const next = floor + 1
  return parity === null || next % 2 === parity ? next : next + 1
}
