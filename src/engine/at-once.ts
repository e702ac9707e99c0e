/** Work that is started at once is bounded: what waits costs a closure, what runs costs buffers, threads and handles. */
export class AtOnce {
  readonly #max: number
  #running = 0
  readonly #queue: (() => void)[] = []

  constructor(max: number) {
    this.#max = max
  }

  /** Runs the work when its turn has come, in the order of asking. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#max) await new Promise<void>((go) => this.#queue.push(go))
    else this.#running++
    try {
      return await work()
    } finally {
      // Whoever waits takes this place over: nobody who comes now slips in between.
      const next = this.#queue.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}
