/**
 * How many frames may cost a seal check and a step. Three token buckets: one for frames that look like the living conversation
 * (they carry both sessions, 128 random bits that only a listener on the path knows), a small one for those that echo my session
 * (64 such bits: a brother that was started again, and has heard me), a small one for all others. So a flood of forged frames
 * neither eats the engine's time nor crowds the brother out.
 */
interface Allowance {
  readonly perSecond: number
  readonly burst: number
}

/** A brother needs at most some 2,000 a second (4 links, a heartbeat of 5 ms, answers). */
export const FAMILIAR: Allowance = { perSecond: 50_000, burst: 5_000 }
/** A brother that has just started sends a handful. */
export const STRANGER: Allowance = { perSecond: 2_000, burst: 500 }

/** What a frame looks like before its seal was checked. */
export type Familiarity = 'conversation' | 'acquainted' | 'stranger'

export class Intake {
  readonly #buckets: Readonly<Record<Familiarity, Bucket>> = {
    conversation: new Bucket(FAMILIAR),
    acquainted: new Bucket(STRANGER),
    stranger: new Bucket(STRANGER)
  }

  /** False = drop it, as `intake`. */
  admit(from: Familiarity, nowMs: number): boolean {
    return this.#buckets[from].take(nowMs)
  }
}

class Bucket {
  readonly #allowance: Allowance
  #tokens: number
  #atMs = -Infinity

  constructor(allowance: Allowance) {
    this.#allowance = allowance
    this.#tokens = allowance.burst
  }

  take(nowMs: number): boolean {
    const { perSecond, burst } = this.#allowance
    if (nowMs > this.#atMs) {
      this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1000)
      this.#atMs = nowMs
    }
    if (this.#tokens < 1) return false
    this.#tokens--
    return true
  }
}
