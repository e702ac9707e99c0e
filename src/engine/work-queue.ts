/** Work that is started at once is bounded: what waits costs its place in the queue, what runs costs buffers, threads and handles. */
export class WorkQueue {
  readonly #max: number
  #running = 0
  readonly #queue: (() => Promise<void>)[] = []

  constructor(max: number) {
    this.#max = max
  }

  /** Begins the work when its turn has come, in the order of asking; at once if nothing waits. It must not reject. */
  enter(work: () => Promise<void>): void {
    if (this.#running >= this.#max) this.#queue.push(work)
    else this.#begin(work)
  }

  /** The same for work whose result is waited for. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) =>
      this.enter(async () => {
        try {
          resolve(await work())
        } catch (error) {
          reject(error)
        }
      })
    )
  }

  #begin(work: () => Promise<void>): void {
    this.#running++
    void work().finally(() => {
      this.#running--
      const next = this.#queue.shift()
      if (next !== undefined) this.#begin(next)
    })
  }
}
