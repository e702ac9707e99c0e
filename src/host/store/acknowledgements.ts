/** `acknowledge: "peer"`: who waits until the peer has what was written. He always hears something, and never an error. */
import type { Loop } from '../loop'

interface Waiting {
  /** Goes with the commit that holds it. */
  readonly number: number
  readonly done: () => void
  readonly callOff: () => void
}

export class Acknowledgements {
  readonly #loop: Loop
  readonly #timeoutMs: number
  readonly #waiting = new Set<Waiting>()
  #number = 1
  /** How often nobody answered in time. */
  timeouts = 0

  constructor(loop: Loop, timeoutMs: number) {
    this.#loop = loop
    this.#timeoutMs = timeoutMs
  }

  /** What the next commit asks for; 0 = nothing. */
  get next(): number {
    for (const { number } of this.#waiting) if (number === this.#number) return number
    return 0
  }

  await(done: () => void): void {
    const callOff = this.#loop.after(this.#timeoutMs, () => {
      this.timeouts++
      this.#answer(waiting)
    })
    const waiting: Waiting = { number: this.#number, done, callOff }
    this.#waiting.add(waiting)
  }

  /** A commit is under way. */
  sent(): void {
    if (this.next !== 0) this.#number++
  }

  answered(number: number): void {
    for (const waiting of [...this.#waiting]) if (waiting.number <= number) this.#answer(waiting)
  }

  answerAll(): void {
    for (const waiting of [...this.#waiting]) this.#answer(waiting)
  }

  #answer(waiting: Waiting): void {
    if (!this.#waiting.delete(waiting)) return
    waiting.callOff()
    waiting.done()
  }
}
