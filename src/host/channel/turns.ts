/**
 * Handshakes cost time of the flows' thread. A thousand pairs that meet at the same moment would each be slower than the other side
 * waits, and begin again and again: so they take turns. Who gets no answer holds up nobody for long.
 */
const AT_ONCE = 16
const TURN_MS = 100

export class Turns {
  readonly #atOnce: number
  readonly #turnMs: number
  readonly #waiting = new Set<() => void>()
  #taken = 0

  constructor(atOnce = AT_ONCE, turnMs = TURN_MS) {
    this.#atOnce = atOnce
    this.#turnMs = turnMs
  }

  /** The function that gives the turn back, or null: `again` is called when it is worth another try. */
  take(again: () => void): (() => void) | null {
    if (this.#taken >= this.#atOnce) {
      this.#waiting.add(again)
      return null
    }
    this.#waiting.delete(again)
    this.#taken++
    let over = false
    const giveBack = (): void => {
      if (over) return
      over = true
      clearTimeout(lapse)
      this.#taken--
      this.#callNext()
    }
    const lapse = setTimeout(giveBack, this.#turnMs)
    lapse.unref()
    return giveBack
  }

  /** Not every one that waited still wants its turn. */
  #callNext(): void {
    for (const again of this.#waiting) {
      if (this.#taken >= this.#atOnce) return
      this.#waiting.delete(again)
      again()
    }
  }
}
