/** What waits at a closed gate `resume`: by number within a series, and in the order of arrival over all. */
import type { Done } from '../gate'
import type { Series } from './numbers'

export interface HeldMessage<M> {
  readonly msg: M
  readonly series: Series
  readonly number: number
  readonly atMs: number
  /** Null: nobody waits for its end, since it was taken over from the gate before a deploy. */
  done: Done | null
}

export class HeldMessages<M> {
  /** Oldest arrival first. */
  readonly #all = new Set<HeldMessage<M>>()
  readonly #bySeries = new Map<Series, Sorted<M>>()

  get size(): number {
    return this.#all.size
  }

  has(series: Series, number: number): boolean {
    return this.#bySeries.get(series)?.byNumber.has(number) ?? false
  }

  put(held: HeldMessage<M>): void {
    let sorted = this.#bySeries.get(held.series)
    if (sorted === undefined) this.#bySeries.set(held.series, (sorted = new Sorted()))
    sorted.put(held)
    this.#all.add(held)
  }

  take(series: Series, number: number): HeldMessage<M> | null {
    const held = this.#bySeries.get(series)?.byNumber.get(number)
    return held === undefined ? null : this.#remove(held)
  }

  /** Of the topic whose message came first: its oldest series, its smallest number. */
  takeNext(): HeldMessage<M> | null {
    const first = this.#oldest()
    if (first === null) return null
    for (const series of first.series.topic.series) {
      const smallest = this.#bySeries.get(series)?.smallest()
      if (smallest !== undefined) return this.#remove(smallest)
    }
    return this.#remove(first)
  }

  /** The one that came first, if it came before this instant. */
  takeOlderThan(atMs: number): HeldMessage<M> | null {
    const first = this.#oldest()
    return first !== null && first.atMs < atMs ? this.#remove(first) : null
  }

  takeOldest(): HeldMessage<M> | null {
    return this.takeOlderThan(Infinity)
  }

  takeSeries(series: Series): readonly HeldMessage<M>[] {
    const held = [...(this.#bySeries.get(series)?.byNumber.values() ?? [])]
    for (const each of held) this.#remove(each)
    return held
  }

  /** Nobody waits for the end of any of these any more. */
  letGoOfCallers(): void {
    for (const held of this.#all) held.done = null
  }

  #oldest(): HeldMessage<M> | null {
    for (const held of this.#all) return held
    return null
  }

  #remove(held: HeldMessage<M>): HeldMessage<M> {
    this.#all.delete(held)
    const sorted = this.#bySeries.get(held.series)
    sorted?.remove(held.number)
    if (sorted?.byNumber.size === 0) this.#bySeries.delete(held.series)
    return held
  }
}

/** Removing leaves a number in the list, which is skipped later: what comes in order also goes in order, and both cost nothing. */
class Sorted<M> {
  readonly byNumber = new Map<number, HeldMessage<M>>()
  #numbers: number[] = []
  /** Numbers before this place are gone. */
  #head = 0

  put(held: HeldMessage<M>): void {
    this.byNumber.set(held.number, held)
    let at = this.#numbers.length
    while (at > this.#head && (this.#numbers[at - 1] ?? 0) > held.number) at--
    this.#numbers.splice(at, 0, held.number)
  }

  remove(number: number): void {
    this.byNumber.delete(number)
    this.#skip()
  }

  smallest(): HeldMessage<M> | undefined {
    this.#skip()
    return this.byNumber.get(this.#numbers[this.#head] ?? -1)
  }

  #skip(): void {
    while (this.#head < this.#numbers.length && !this.byNumber.has(this.#numbers[this.#head] ?? -1)) this.#head++
    if (this.#head <= 64 || this.#head * 2 < this.#numbers.length) return
    this.#numbers = this.#numbers.slice(this.#head)
    this.#head = 0
  }
}
