/** Virtual true time: a heap of things to do. Ties are run in the order in which they were asked for. */
interface Entry {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class Timeline {
  nowMs = 0
  #heap: Entry[] = []
  #order = 0

  at(atMs: number, run: () => void): void {
    const entry: Entry = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, run }
    const heap = this.#heap
    let i = heap.length
    heap.push(entry)
    while (i > 0) {
      const parent = (i - 1) >> 1
      const above = heap[parent] as Entry
      if (!before(entry, above)) break
      heap[i] = above
      i = parent
    }
    heap[i] = entry
  }

  /** When the next entry is due; Infinity = there is none. */
  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Infinity
  }

  after(delayMs: number, run: () => void): void {
    this.at(this.nowMs + delayMs, run)
  }

  /** Runs the next entry that is due up to `untilMs`; false when there is none, and then it is `untilMs`. */
  advance(untilMs: number): boolean {
    const first = this.#heap[0]
    if (first === undefined || first.atMs > untilMs) {
      this.nowMs = untilMs
      return false
    }
    this.#removeFirst()
    this.nowMs = first.atMs
    first.run()
    return true
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop() as Entry
    const length = heap.length
    if (length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= length) break
      if (child + 1 < length && before(heap[child + 1] as Entry, heap[child] as Entry)) child++
      if (!before(heap[child] as Entry, last)) break
      heap[i] = heap[child] as Entry
      i = child
    }
    heap[i] = last
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
