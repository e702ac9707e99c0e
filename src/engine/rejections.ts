/** Counts dropped datagrams by cause, and says when it is time to tell people: at most once per cause and minute. */
import type { FrameRejection } from '../protocol/frame'

export const TELL_EVERY_MS = 60_000

interface Told {
  atMs: number
  /** Dropped since it was told last. */
  since: number
}

export class Rejections {
  readonly #counts: Partial<Record<FrameRejection, number>> = {}
  readonly #told = new Map<FrameRejection, Told>()
  #total = 0

  get total(): number {
    return this.#total
  }

  /** By cause, since the start; a copy. */
  counts(): Partial<Record<FrameRejection, number>> {
    return { ...this.#counts }
  }

  /** Counts one. Returns the number to tell people now, or 0. */
  add(cause: FrameRejection, nowMs: number): number {
    this.#total++
    this.#counts[cause] = (this.#counts[cause] ?? 0) + 1
    const told = this.#told.get(cause)
    if (told === undefined) {
      this.#told.set(cause, { atMs: nowMs, since: 0 })
      return 1
    }
    told.since++
    if (nowMs - told.atMs < TELL_EVERY_MS) return 0
    const count = told.since
    told.atMs = nowMs
    told.since = 0
    return count
  }
}
