/** Judges a line of numbered items that both sides receive: what passed no gate, what passed twice, and how long none passed. */

type Side = 'a' | 'b'
const US_PER_MS = 1000

export interface LineResult {
  readonly missed: number
  readonly twice: number
  /** Of those that passed twice: those of which no pass said that it may be the second. */
  readonly untold: number
  /** From the last pass on one side to the first one on the other. */
  readonly gapMs: number | null
}

export class LineJudge {
  /** By number. */
  readonly #passes: number[] = []
  /** Of these, such as did not say that they may be the second. */
  readonly #surePasses: number[] = []
  #sent = 0
  /** All below are judged. */
  #judged = 0
  readonly #lastUs: Record<Side, number> = { a: -Infinity, b: -Infinity }
  #to: Side | null = null
  #fromLastUs = -Infinity
  #firstUs = Infinity

  /** The number of the next item. */
  next(): number {
    return this.#sent++
  }

  get sent(): number {
    return this.#sent
  }

  /** The role moves to this side. */
  expect(to: Side): void {
    this.#to = to
    this.#firstUs = Infinity
  }

  passed(side: Side, number: number, unsure: boolean, atUs: number): void {
    this.#passes[number] = (this.#passes[number] ?? 0) + 1
    if (!unsure) this.#surePasses[number] = (this.#surePasses[number] ?? 0) + 1
    if (side === this.#to && this.#firstUs === Infinity) {
      this.#firstUs = atUs
      this.#fromLastUs = this.#lastUs[side === 'a' ? 'b' : 'a']
    }
    this.#lastUs[side] = atUs
  }

  /** Whether everything below this number has passed by now. */
  hasAll(below: number): boolean {
    for (let number = this.#judged; number < below; number++) if (this.#passes[number] === undefined) return false
    return true
  }

  hasOpened(): boolean {
    return this.#firstUs < Infinity
  }

  /** Of the items below this number that no time before was about: they have had time enough to pass. */
  close(before: number): LineResult {
    let [missed, twice, untold] = [0, 0, 0]
    for (; this.#judged < before; this.#judged++) {
      const times = this.#passes[this.#judged] ?? 0
      if (times === 0) missed++
      if (times > 1) twice++
      // Which of two is noted first is up to two event loops.
      if ((this.#surePasses[this.#judged] ?? 0) > 1) untold++
    }
    const gapMs =
      this.hasOpened() && this.#fromLastUs > -Infinity ? (this.#firstUs - this.#fromLastUs) / US_PER_MS : null
    this.#to = null
    return { missed, twice, untold, gapMs }
  }
}
