/** What begins by itself, and comes to nothing, waits longer each time. */

/** Takeover delays that are waited at most. */
const DAMPING_MAX = 64

export class Damping {
  #failures = 0
  #notBeforeMs = -Infinity

  /** Until then it does not begin by itself. */
  get notBeforeMs(): number {
    return this.#notBeforeMs
  }

  failed(nowMs: number, peerTimeoutMs: number): void {
    this.#failures += 1
    this.#notBeforeMs = nowMs + peerTimeoutMs * Math.min(DAMPING_MAX, 2 ** this.#failures)
  }
}
