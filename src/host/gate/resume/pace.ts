/**
 * How many messages may have passed that the other side was not told of yet: if this host dies now, they pass twice. A steady source never
 * has that many; what comes in a heap, as when the thread has stood still, goes on at this pace.
 */

/** From passing to telling: the flow's time, what goes together, and a timer that is rounded up. */
const TOLD_AFTER_MS = 8
/** So many at any rate. */
const UNTOLD_MIN = 12
/** Of what comes on the average: what is late catches up. */
const CATCH_UP = 1.5
/** By then a heap is through, however large it is. */
const HEAP_MS = 50
/** The average is over so long at least: a heap is part of it. */
const AVERAGE_MS = 500

export class Pace {
  #perMs = 0
  #count = 0
  #sinceMs = -Infinity
  /** What the heap that waits needs; less for its end would make it last. */
  #heap = 0

  /** `waiting`: how many are held back now. */
  untoldMax(waiting: number): number {
    this.#heap = waiting === 0 ? 0 : Math.max(this.#heap, (waiting * TOLD_AFTER_MS) / HEAP_MS)
    return Math.max(UNTOLD_MIN, this.#perMs * TOLD_AFTER_MS * CATCH_UP, this.#heap)
  }

  passed(nowMs: number): void {
    this.#count++
    const ms = nowMs - this.#sinceMs
    if (ms < AVERAGE_MS) return
    this.#perMs = this.#count / ms
    this.#count = 0
    this.#sinceMs = nowMs
  }
}
