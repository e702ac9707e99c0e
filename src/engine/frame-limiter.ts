/**
 * How many frames may cost a seal check and a step. Four token buckets: one for frames that look like the current sessions
 * (they carry both sessions, 128 random bits that only a listener on the path knows), a small one for those that echo my session
 * (64 such bits: a peer that was started again, and has heard me), a small one for others that come from where the peer is
 * configured, a small one for all the rest. So a flood of forged frames neither eats the engine's time nor crowds the peer out.
 */
import { TokenBucket, type Allowance } from '../protocol/token-bucket'

/** A peer needs at most some 2,000 a second (4 links, a heartbeat of 5 ms, answers). */
export const FAMILIAR: Allowance = { perSecond: 50_000, burst: 5_000 }
/** A peer that has just started sends a handful. */
export const STRANGER: Allowance = { perSecond: 2_000, burst: 500 }

/** What a frame looks like before its seal was checked. */
export type Familiarity = 'current' | 'acquainted' | 'stranger' | 'elsewhere'

const ALLOWANCES: Readonly<Record<Familiarity, Allowance>> = {
  current: FAMILIAR,
  acquainted: STRANGER,
  stranger: STRANGER,
  elsewhere: STRANGER
}

export class FrameLimiter {
  readonly #buckets: Readonly<Record<Familiarity, TokenBucket>> = {
    current: new TokenBucket(),
    acquainted: new TokenBucket(),
    stranger: new TokenBucket(),
    elsewhere: new TokenBucket()
  }

  /** False = drop it, as `intake`. */
  admit(from: Familiarity, nowMs: number): boolean {
    return this.#buckets[from].take(nowMs, ALLOWANCES[from])
  }
}
