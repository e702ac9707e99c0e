/**
 * Something that lapses unless it is renewed. To renew costs a look at the clock: the one timer that runs is set again
 * only when it fires.
 */

/** A timer that fires later than this found the event loop blocked. */
const LATE_MS = 20

export class Watchdog {
  readonly #lastsMs: number
  readonly #onLapse: () => void
  #timer: NodeJS.Timeout | null = null
  #renewedAtMs = 0
  #dueAtMs = 0
  #spared = false

  constructor(lastsMs: number, onLapse: () => void) {
    this.#lastsMs = lastsMs
    this.#onLapse = onLapse
  }

  renew(): void {
    this.#renewedAtMs = performance.now()
    this.#spared = false
    if (this.#timer === null) this.#look(this.#lastsMs)
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #look(inMs: number): void {
    this.#dueAtMs = performance.now() + inMs
    this.#timer = setTimeout(() => this.#judge(), inMs)
    this.#timer.unref()
  }

  /** Judged after the messages that a blocked event loop kept waiting were read: once, and no longer than it was late. */
  #judge(): void {
    this.#timer = null
    const nowMs = performance.now()
    const leftMs = this.#renewedAtMs + this.#lastsMs - nowMs
    if (leftMs > 0) return this.#look(leftMs)
    const lateMs = nowMs - this.#dueAtMs
    if (lateMs > LATE_MS && !this.#spared) {
      this.#spared = true
      return this.#look(Math.min(lateMs, this.#lastsMs))
    }
    this.#onLapse()
  }
}
