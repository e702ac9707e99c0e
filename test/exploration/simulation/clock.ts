/** A host's monotonic clock: an offset, a rate that may be wrong, and standstill while the host is suspended. */
export class LocalClock {
  #baseTrueMs = 0
  #baseLocalMs: number
  #rate: number
  #frozen = false

  constructor(offsetMs: number, rate: number) {
    this.#baseLocalMs = offsetMs
    this.#rate = rate
  }

  localMs(trueMs: number): number {
    return this.#frozen ? this.#baseLocalMs : this.#baseLocalMs + (trueMs - this.#baseTrueMs) * this.#rate
  }

  /** When this clock will show `localMs`, as far as is known now. */
  trueMs(localMs: number): number {
    if (this.#frozen || localMs === Infinity) return Infinity
    return this.#baseTrueMs + (localMs - this.#baseLocalMs) / this.#rate
  }

  setRate(trueMs: number, rate: number): void {
    this.#rebase(trueMs)
    this.#rate = rate
  }

  /** It shows this from now on. */
  set(trueMs: number, localMs: number): void {
    this.#baseTrueMs = trueMs
    this.#baseLocalMs = localMs
  }

  freeze(trueMs: number): void {
    this.#rebase(trueMs)
    this.#frozen = true
  }

  thaw(trueMs: number): void {
    this.#baseTrueMs = trueMs
    this.#frozen = false
  }

  #rebase(trueMs: number): void {
    this.#baseLocalMs = this.localMs(trueMs)
    this.#baseTrueMs = trueMs
  }
}
