/** Judges swaps from what passed the gates, and when; the same numbered messages reach both sides. */

type Side = 'a' | 'b'
const US_PER_MS = 1000

/** A message that comes to the new gate this soon after its opening may take the place of one that it holds. */
const OVERTAKES_US = 10 * US_PER_MS

export interface SwapResult {
  readonly gapMs: number
  /** The old gate let a message pass after the new one had let one pass. */
  readonly overlapped: boolean
  /** Topics whose newest message at the opening of the new gate passed neither gate, nor did one that came right behind it. */
  readonly lost: number
}

export class SwapJudge {
  sentCount = 0
  #to: Side = 'a'
  /** Latest pass of each side, stamped before its gate. */
  readonly #lastBeforeUs: Record<Side, number> = { a: -Infinity, b: -Infinity }
  /** First pass of the side that takes over, stamped after its gate. */
  #firstAfterUs = Infinity
  /** Send times of the latest numbers. */
  readonly #sentAtUs = new Map<number, number>()
  readonly #released = new Set<number>()
  static readonly KEPT = 5000

  sent(number: number, atUs: number): void {
    this.sentCount++
    this.#sentAtUs.set(number, atUs)
    this.#sentAtUs.delete(number - SwapJudge.KEPT)
    this.#released.delete(number - SwapJudge.KEPT)
  }

  /** A swap to this side begins. */
  expect(to: Side): void {
    this.#to = to
    this.#firstAfterUs = Infinity
  }

  /** A message passed a plain gate: stamped before it and after it. */
  passed(side: Side, beforeUs: number, afterUs: number): void {
    if (side === this.#to) this.#firstAfterUs = Math.min(this.#firstAfterUs, afterUs)
    this.#lastBeforeUs[side] = Math.max(this.#lastBeforeUs[side], beforeUs)
  }

  /** A message passed a gate with hold-latest, on whichever side. */
  released(number: number): void {
    this.#released.add(number)
  }

  hasOpened(): boolean {
    return this.#firstAfterUs < Infinity
  }

  /** The swap is over, and everything that belongs to it was told. Errors: throws when a gate never let anything pass. */
  close(topics: number): SwapResult {
    const lastUs = this.#lastBeforeUs[this.#to === 'a' ? 'b' : 'a']
    if (this.#firstAfterUs === Infinity || lastUs === -Infinity) throw new Error('nothing passed a gate')
    return {
      gapMs: (this.#firstAfterUs - lastUs) / US_PER_MS,
      overlapped: lastUs > this.#firstAfterUs,
      lost: this.#lost(topics)
    }
  }

  #lost(topics: number): number {
    const newest = new Map<number, number>()
    const passed = new Map<number, number>()
    for (const [number, atUs] of this.#sentAtUs) {
      const topic = number % topics
      if (atUs <= this.#firstAfterUs) newest.set(topic, Math.max(newest.get(topic) ?? -1, number))
      const counts = atUs <= this.#firstAfterUs + OVERTAKES_US
      if (counts && this.#released.has(number)) passed.set(topic, Math.max(passed.get(topic) ?? -1, number))
    }
    let lost = 0
    for (const [topic, number] of newest) if ((passed.get(topic) ?? -1) < number) lost++
    return lost
  }
}
