/** Who wants to be woken next, of many: a binary min-heap whose members know their own place in it. */
export interface Waiting {
  /** ms on the engine's clock; Infinity = never. Only `Deadlines` writes it. */
  dueMs: number
  /** Place in the heap, -1 = not in it. Only `Deadlines` writes it. */
  place: number
}

export class Deadlines<T extends Waiting> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  /** Infinity when nobody waits. */
  earliestMs(): number {
    return this.#heap[0]?.dueMs ?? Infinity
  }

  /** Null when nobody waits. */
  first(): T | null {
    return this.#heap[0] ?? null
  }

  /** Adds the member, or moves it to its new deadline. */
  set(member: T, dueMs: number): void {
    const before = member.dueMs
    member.dueMs = dueMs
    if (member.place < 0) {
      member.place = this.#heap.length
      this.#heap.push(member)
      this.#rise(member)
    } else if (dueMs < before) this.#rise(member)
    else if (dueMs > before) this.#sink(member)
  }

  remove(member: T): void {
    const last = this.#heap[member.place] === member ? this.#heap.pop() : undefined
    if (last === undefined) throw new Error('a member that does not wait cannot be removed')
    if (last !== member) {
      this.#put(last, member.place)
      this.#rise(last)
      this.#sink(last)
    }
    member.place = -1
  }

  /** Those that are due, earliest first, at most `countMax`; they stay until they set a new deadline. */
  due(nowMs: number, countMax: number): T[] {
    const found: T[] = []
    if (this.earliestMs() > nowMs) return found
    // Breadth-first over the top of the heap: a child is never due before its parent.
    const open = [0]
    for (let at = 0; at < open.length && found.length < countMax; at++) {
      const place = open[at] as number
      const member = this.#heap[place]
      if (member === undefined || member.dueMs > nowMs) continue
      found.push(member)
      open.push(2 * place + 1, 2 * place + 2)
    }
    return found.sort((a, b) => a.dueMs - b.dueMs)
  }

  #put(member: T, place: number): void {
    this.#heap[place] = member
    member.place = place
  }

  #rise(member: T): void {
    let place = member.place
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#heap[above] as T
      if (parent.dueMs <= member.dueMs) break
      this.#put(parent, place)
      place = above
    }
    this.#put(member, place)
  }

  #sink(member: T): void {
    let place = member.place
    for (;;) {
      let below = 2 * place + 1
      const left = this.#heap[below]
      if (left === undefined) break
      const right = this.#heap[below + 1]
      if (right !== undefined && right.dueMs < left.dueMs) below++
      const child = this.#heap[below] as T
      if (child.dueMs >= member.dueMs) break
      this.#put(child, place)
      place = below
    }
    this.#put(member, place)
  }
}
