/** What a side keeps on disk: the fencing token's high-water marks and the promises that must outlive a restart. */
export interface PairRecord {
  /** Random identity of this side, 16 hex digits. The last resort of tie-breaks, and the parity of its epochs. */
  readonly nodeId: string
  /** Highest epoch that this side may ever have used or heard of. A promotion takes a higher one. */
  readonly epoch: number
  /** Epoch reserved for the next promotion; 0 = none. After a crash it counts as used. */
  readonly reserved: number
  /** Whether this side uses even (0) or odd (1) epochs, since it has met its brother; null = it has not. */
  readonly parity: 0 | 1 | null
  /** The longest takeover delay (ms) promised to the brother; a restarted side waits at least this long. */
  readonly promisedMs: number
  /** Agreed in contact: this side is the preferred one. */
  readonly preferred: boolean
  /** This side said goodbye and left the role to its brother: it does not take the role alone after a restart. */
  readonly released: boolean
}
