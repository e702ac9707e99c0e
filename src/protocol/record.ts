import type { Policy } from './settings'

/** What a side keeps on disk: the fencing token's high-water marks and the promises that must outlive a restart. */
export interface PairRecord {
  /** Random identity of this side, 16 hex digits. The last resort of tie-breaks, and the parity of its epochs. */
  readonly nodeId: string
  /** Highest epoch that this side may ever have used or heard of. A promotion takes a higher one. */
  readonly epoch: number
  /** Epoch reserved for the next promotion; 0 = none. After a crash it counts as used. */
  readonly reserved: number
  /** Whether this side uses even (0) or odd (1) epochs, since it has met its peer; null = it has not. */
  readonly parity: 0 | 1 | null
  /** The longest takeover delay (ms) promised to the peer; a restarted side waits at least this long. */
  readonly promisedMs: number
  /** Agreed in contact: this side is the preferred one. */
  readonly preferred: boolean
  /**
   * The mark: the peer was online, and may serve. A start that finds it takes no role alone before contact. Only the peer's goodbye
   * clears it, or contact in this session followed by the longest promise without a frame.
   */
  readonly online: boolean
  /** Grows by one with each record: a side that hears of a higher one than its own was restored from a copy. */
  readonly number: number
  /** What the peer stated last; null = nothing yet. */
  readonly peerPolicy: Policy | null
  /** The witness that this side goes by; absent = none. */
  readonly witness?: WitnessRecord
}

export interface WitnessRecord {
  /** 16 hex digits. */
  readonly id: string
  /** The peer goes by it too. */
  readonly counted: boolean
}
