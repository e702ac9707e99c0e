import type { PairStatus, PairWarning } from '../pair'

/** What a situation is judged from. */
export interface SituationFacts {
  readonly status: Omit<PairStatus, 'situation'>
  /** The most important first. */
  readonly warnings: readonly PairWarning[]
  /** As it is set. */
  readonly peerHost: string
  readonly peerTimeoutMs: number
  /** ms since 1970. */
  readonly at: number
}
