/** One host's epoch store: slow, failing or losing its file. Writes are done one after the other, as the engine does. */
import type { PairRecord } from '../../../src/protocol/record'
import type { Random } from '../../support/random'
import type { Timeline } from '../../support/timeline'

export class Disk {
  record: PairRecord | null = null
  /** What the disk said it had kept, whatever became of it. */
  confirmed: PairRecord | null = null
  failing = 0
  slowMs = 0
  readonly #history: { readonly atMs: number; readonly record: PairRecord }[] = []
  readonly #timeline: Timeline
  readonly #random: Random
  #queue: { record: PairRecord; done: (ok: boolean) => void; begun: boolean }[] = []
  #turn = 0
  #lastFailed = false

  constructor(timeline: Timeline, random: Random) {
    this.#timeline = timeline
    this.#random = random
  }

  /** Everything that was asked for is on disk. */
  get settled(): boolean {
    return this.#queue.length === 0 && !this.#lastFailed && this.record !== null
  }

  write(record: PairRecord, done: (ok: boolean) => void): void {
    this.#queue.push({ record, done, begun: false })
    if (this.#queue.length === 1) this.#next()
  }

  lose(): void {
    this.record = null
  }

  /** An older file takes its place. Returns whether there is one. */
  restore(back: number): boolean {
    const older = this.#history.at(-1 - back)
    if (older === undefined) return false
    this.record = older.record
    return true
  }

  /** As it was at that time. The process that goes on there may hold what it had failed to write: all is on disk with its next write, not before. */
  restoreTo(atMs: number): void {
    this.record = this.#history.findLast((item) => item.atMs <= atMs)?.record ?? null
    this.#lastFailed = true
  }

  /** The process is gone: what was being written may or may not have reached the disk, the rest never will. */
  abandon(): void {
    const first = this.#queue[0]
    if (first !== undefined && first.begun && this.failing === 0 && this.#random.chance(0.5)) this.#keep(first.record)
    this.#queue = []
    this.#lastFailed = false
    this.#turn++
  }

  #keep(record: PairRecord): void {
    this.record = record
    this.#history.push({ atMs: this.#timeline.nowMs, record })
  }

  #next(): void {
    const job = this.#queue[0]
    if (job === undefined) return
    job.begun = true
    const turn = this.#turn
    const takesMs = this.#random.logBetween(0.2, 20) + this.slowMs * this.#random.unit()
    this.#timeline.after(takesMs, () => {
      if (turn !== this.#turn) return
      const ok = this.failing === 0
      // A failed write may have taken effect all the same (the error came after the rename).
      if (ok || this.#random.chance(0.15)) this.#keep(job.record)
      this.#lastFailed = !ok
      if (ok) this.confirmed = job.record
      this.#queue.shift()
      this.#next()
      job.done(ok)
    })
  }
}
