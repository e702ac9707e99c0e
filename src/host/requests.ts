/** Requests to the engine: each has a number of its own, keeps the process alive, and ends once, by its answer or by its limit. */

/** While somebody waits for an answer, the process must not end. Each `hold` needs its `letGo`. */
export interface KeepsAlive {
  hold(): void
  letGo(): void
}

export class Requests<Answer> {
  readonly #process: KeepsAlive
  /** By number, how each ends; null while there is none, as most of the time. */
  #open: Map<number, (answer: Answer) => void> | null = null
  #asked = 0

  constructor(process: KeepsAlive) {
    this.#process = process
  }

  /** Calls `send` with the number of the request. Without an answer it ends with `late` after `limitMs`. Never rejects. */
  ask(limitMs: number, late: Answer, send: (requestId: number) => void): Promise<Answer> {
    return new Promise((resolve) => {
      const requestId = ++this.#asked
      const limit = setTimeout(() => this.answer(requestId, late), limitMs)
      this.#process.hold()
      this.#open ??= new Map()
      this.#open.set(requestId, (answer) => {
        clearTimeout(limit)
        this.#process.letGo()
        resolve(answer)
      })
      send(requestId)
    })
  }

  get size(): number {
    return this.#open?.size ?? 0
  }

  isOpen(requestId: number): boolean {
    return this.#open?.has(requestId) === true
  }

  /** An answer that comes too late, or a second time, changes nothing. */
  answer(requestId: number, answer: Answer): void {
    const end = this.#open?.get(requestId)
    if (end === undefined) return
    this.#open?.delete(requestId)
    if (this.#open?.size === 0) this.#open = null
    end(answer)
  }

  /** Nobody will answer. */
  answerAll(answer: Answer): void {
    for (const requestId of [...(this.#open?.keys() ?? [])]) this.answer(requestId, answer)
  }
}
