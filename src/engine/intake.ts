/**
 * How many frames may cost a seal check and a step. Two token buckets: one for frames that look like the living
 * conversation (they carry both sessions, 128 random bits that only a listener on the path knows), a small one for
 * all others. So a flood of forged frames neither eats the engine's time nor crowds the brother out.
 */
interface Allowance {
  readonly perSecond: number
  readonly burst: number
}

/** A brother needs at most some 2,000 a second (4 links, a heartbeat of 5 ms, answers). */
export const FAMILIAR: Allowance = { perSecond: 50_000, burst: 5_000 }
/** A brother that has just started sends a handful. */
export const STRANGER: Allowance = { perSecond: 2_000, burst: 500 }

export class Intake {
  readonly #familiar = new Bucket(FAMILIAR)
  readonly #stranger = new Bucket(STRANGER)

  /** False = drop it, as `intake`. */
  admit(familiar: boolean, nowMs: number): boolean {
    return (familiar ? this.#familiar : this.#stranger).take(nowMs)
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
