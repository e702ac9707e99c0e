/**
 * How much later the same message comes to this host than to the other: the longest time lately between hearing that the other side has let
 * a message through, and the message itself. Until one was seen at both it may be anything.
 */
import type { Series } from './numbers'

/** Of so many told messages at most the own copy is awaited. */
const AWAITED_MAX = 4096

export class Lag {
  /** What was seen this long ago does not count any more; and nothing that counts is later than that. */
  forgetAfterMs = Infinity
  readonly #awaited = new Map<Series, Map<number, number>>()
  /** Told first is first. */
  #order: { readonly series: Series; readonly number: number }[] = []
  #known = false
  #longestMs = 0
  #beforeMs = 0
  #sinceMs = -Infinity

  /** One was here before the other side let it through, or soon after. */
  wasHere(): void {
    this.#known = true
  }

  /** The other side let this one through a moment ago, and it is not here yet. */
  told(series: Series, number: number, nowMs: number): void {
    let numbers = this.#awaited.get(series)
    if (numbers === undefined) this.#awaited.set(series, (numbers = new Map()))
    numbers.set(number, nowMs)
    this.#order.push({ series, number })
    if (this.#order.length <= 2 * AWAITED_MAX) return
    for (const old of this.#order.splice(0, AWAITED_MAX)) this.#take(old.series, old.number)
  }

  /** It came, now or before. */
  came(series: Series, number: number, nowMs: number): void {
    const atMs = this.#take(series, number)
    if (atMs === undefined) return
    this.#known = true
    if (nowMs - this.#sinceMs > this.forgetAfterMs) {
      this.#beforeMs = nowMs - this.#sinceMs > 2 * this.forgetAfterMs ? 0 : this.#longestMs
      this.#longestMs = 0
      this.#sinceMs = nowMs
    }
    this.#longestMs = Math.max(this.#longestMs, nowMs - atMs)
  }

  get longestMs(): number {
    if (!this.#known) return this.forgetAfterMs
    return Math.min(this.forgetAfterMs, Math.max(this.#longestMs, this.#beforeMs))
  }

  #take(series: Series, number: number): number | undefined {
    const numbers = this.#awaited.get(series)
    const atMs = numbers?.get(number)
    numbers?.delete(number)
    if (numbers?.size === 0) this.#awaited.delete(series)
    return atMs
  }
}
