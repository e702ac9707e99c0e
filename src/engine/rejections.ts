/** Counts dropped datagrams by cause, and says when it is time to tell people: at most once per cause and minute. */
import type { FrameRejection } from '../protocol/wire/frame'

export const TELL_EVERY_MS = 60_000

interface Seen {
  count: number
  toldAtMs: number
  /** Dropped since it was told last. */
  since: number
}

export class Rejections<Cause extends string = FrameRejection> {
  /** Null until there is one: most pairs drop nothing, ever. */
  #seen: Map<Cause, Seen> | null = null
  #total = 0

  get total(): number {
    return this.#total
  }

  /** By cause, since the start; a copy. */
  counts(): Partial<Record<Cause, number>> {
    const counts: Partial<Record<Cause, number>> = {}
    for (const [cause, { count }] of this.#seen ?? []) counts[cause] = count
    return counts
  }

  /** Counts one. Returns the number to tell people now, or 0. */
  add(cause: Cause, nowMs: number): number {
    this.#total++
    this.#seen ??= new Map()
    const seen = this.#seen.get(cause)
    if (seen === undefined) {
      this.#seen.set(cause, { count: 1, toldAtMs: nowMs, since: 0 })
      return 1
    }
    seen.count++
    seen.since++
    if (nowMs - seen.toldAtMs < TELL_EVERY_MS) return 0
    const { since } = seen
    seen.toldAtMs = nowMs
    seen.since = 0
    return since
  }
}
