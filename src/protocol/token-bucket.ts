/** How much something may be done: a token bucket. What is allowed may differ from one time to the next. */
export interface Allowance {
  readonly perSecond: number
  /** At once, after a rest. */
  readonly burst: number
}

export class TokenBucket {
  #left = Infinity
  #atMs = -Infinity

  /** False = not now. */
  take(nowMs: number, { perSecond, burst }: Allowance): boolean {
    if (nowMs > this.#atMs) {
      this.#left = Math.min(burst, this.#left + ((nowMs - this.#atMs) * perSecond) / 1000)
      this.#atMs = nowMs
    }
    if (this.#left < 1) return false
    this.#left--
    return true
  }
}
