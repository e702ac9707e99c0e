/** What a closed `hold-latest` gate keeps: the newest item of each topic, oldest first, never more than the limit. */
export class HeldLatest<T> {
  readonly #items = new Map<unknown, T>()
  readonly #topicsMax: number

  constructor(topicsMax: number) {
    this.#topicsMax = topicsMax
  }

  get size(): number {
    return this.#items.size
  }

  /** Keeps `item` as the newest of its topic and of all. Returns what it displaced: the older one, and on overflow the oldest. */
  put(topic: unknown, item: T): { readonly superseded: T | null; readonly overflowed: T | null } {
    const superseded = this.take(topic)
    const overflowed = this.#items.size >= this.#topicsMax ? this.takeOldest() : null
    this.#items.set(topic, item)
    return { superseded, overflowed }
  }

  take(topic: unknown): T | null {
    const item = this.#items.get(topic) ?? null
    this.#items.delete(topic)
    return item
  }

  takeOldest(): T | null {
    for (const topic of this.#items.keys()) return this.take(topic)
    return null
  }
}
