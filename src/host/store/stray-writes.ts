/** Writes that change nothing: on a Standby, and those of work that was still running when the role went to the peer. */
import type { Entry } from './copy'
import type { Loop } from '../loop'
import type { PairSeat } from './seat'

/** More in a second is a loop that waits for a value which it can never write. */
const STANDBY_WRITES_MAX = 1000
const SECOND_MS = 1000

export class StrayWrites {
  readonly #loop: Loop
  readonly #seat: PairSeat
  /** How many there were. */
  total = 0
  #warned = false
  #secondMs = -Infinity
  #inSecond = 0
  /** Until then what is written belongs to work that began before the swap. */
  #lateUntilMs = -Infinity
  #late: { scope: string; key: string; count: number } | null = null

  constructor(loop: Loop, seat: PairSeat) {
    this.#loop = loop
    this.#seat = seat
  }

  /** `late`: what was written after the last word before a swap, and is taken back. */
  demoted(late: readonly Entry[], swapped: boolean): void {
    this.#lateUntilMs = swapped ? this.#loop.nowMs() + SECOND_MS : -Infinity
    this.total += late.length
    for (const { scope, key } of late) this.#countLate(scope, key)
  }

  count(scope: string, key: string): void {
    const nowMs = this.#loop.nowMs()
    this.total++
    if (nowMs < this.#lateUntilMs) return this.#countLate(scope, key)
    if (!this.#warned) {
      this.#warned = true
      this.#seat.log(
        `context is written on the Standby, which changes nothing: ${key} of ${scope}. Put the gate before it.`
      )
    }
    if (nowMs - this.#secondMs >= SECOND_MS) {
      this.#secondMs = nowMs
      this.#inSecond = 0
    }
    if (++this.#inSecond === STANDBY_WRITES_MAX + 1) {
      this.#seat.tell({ code: 'standby-writes', scope, key, count: this.#inSecond })
    }
  }

  /** All of one swap are reported at once. */
  #countLate(scope: string, key: string): void {
    if (this.#late !== null) {
      this.#late.count++
      return
    }
    const late = { scope, key, count: 1 }
    this.#late = late
    this.#loop.after(SECOND_MS, () => {
      this.#late = null
      this.#seat.tell({ code: 'late-writes', ...late })
    })
  }
}
