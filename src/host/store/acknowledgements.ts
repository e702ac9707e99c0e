/**
 * What the peer has said to have. Who waits for it (`acknowledge: "peer"`) always hears something, and never an error; only what the peer has
 * said is `confirmed`.
 */
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
  /** The next commit is to be answered, whether somebody waits or not. */
  #asked = false
  #confirmed = 0
  /** How often nobody answered in time. */
  timeouts = 0

  constructor(loop: Loop, timeoutMs: number) {
    this.#loop = loop
    this.#timeoutMs = timeoutMs
  }

  /** What the next commit asks for; 0 = nothing. */
  get next(): number {
    if (this.#asked) return this.#number
    for (const { number } of this.#waiting) if (number === this.#number) return number
    return 0
  }

  /** Returns the number that the next commit will have: it is `confirmed` when the peer has that. */
  ask(): number {
    this.#asked = true
    return this.#number
  }

  /** The peer has said to have the commit of this number, and so all of the same conversation before. */
  get confirmed(): number {
    return this.#confirmed
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
    this.#asked = false
  }

  answered(number: number): void {
    this.#confirmed = Math.max(this.#confirmed, number)
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
