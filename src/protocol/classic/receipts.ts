/**
 * Frames of the classic wire that await an answer, their ids, and the count of those that stayed without one.
 *
 * An id is one byte: it counts up, wraps from 255 to 0, and so bounds this list to 256 frames. An id that comes round
 * while its frame is still unanswered counts that frame as lost. Source: seed, 超时控制部分 (`listSend`).
 */
import type { Head } from '../wire/frame'

export interface Awaited {
  readonly id: number
  readonly head: Head
  readonly value: number
  readonly sentAtMs: number
}

interface Entry extends Awaited {
  expiresAtMs: number
}

const IDS = 256

export class Receipts {
  readonly #timeoutMs: number
  readonly #entries = new Map<number, Entry>()
  #nextId = 0
  #lostInARow = 0
  /** Lost because their id came round, since `expire` was last asked. */
  #overrun = 0

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  get lostInARow(): number {
    return this.#lostInARow
  }

  /** The id for the next frame, which is awaited from now on. */
  send(nowMs: number, head: Head, value: number): number {
    const id = this.#nextId
    this.#nextId = (id + 1) % IDS
    if (this.#entries.delete(id)) this.#overrun += 1
    this.#entries.set(id, { id, head, value, sentAtMs: nowMs, expiresAtMs: nowMs + this.#timeoutMs })
    return id
  }

  /** A receipt came in: ends the row of losses. Null when nothing with this id is awaited. */
  answer(id: number): Awaited | null {
    const entry = this.#entries.get(id)
    if (entry === undefined) return null
    this.#entries.delete(id)
    this.resetCount()
    return entry
  }

  /** The 2015 program answers a Negotiate with whatever it has to say: anything heard answers all of them. */
  answerNegotiates(): void {
    for (const [id, entry] of this.#entries) {
      if (entry.head !== 'negotiate') continue
      this.#entries.delete(id)
      this.resetCount()
    }
  }

  /** Counts what has been awaited for too long, or whose id came round; returns how many that were. */
  expire(nowMs: number): number {
    let lost = this.#overrun
    this.#overrun = 0
    for (const [id, entry] of this.#entries) {
      if (nowMs < entry.expiresAtMs) continue
      this.#entries.delete(id)
      lost += 1
    }
    this.#lostInARow += lost
    return lost
  }

  nextExpiryMs(): number {
    let nextMs = Infinity
    for (const entry of this.#entries.values()) nextMs = Math.min(nextMs, entry.expiresAtMs)
    return nextMs
  }

  /** The latest Designate that is still unanswered. */
  awaitedDesignate(): Awaited | null {
    let latest: Awaited | null = null
    for (const entry of this.#entries.values()) if (entry.head === 'designate') latest = entry
    return latest
  }

  /** This side itself did not run for so long: waiting time that did not count. */
  postpone(ms: number): void {
    for (const entry of this.#entries.values()) entry.expiresAtMs += ms
  }

  /** Forget what was awaited and what was lost; ids go on. */
  clear(): void {
    this.#entries.clear()
    this.resetCount()
  }

  resetCount(): void {
    this.#lostInARow = 0
    this.#overrun = 0
  }
}
