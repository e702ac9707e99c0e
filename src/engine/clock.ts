/** The engine's clock, and the watch that notices when the whole machine slept. */
import { SLEPT_MS } from './cells'

export interface Clock {
  /** CLOCK_MONOTONIC in ms, with fractions: the origin of `process.hrtime`, which the shared cells use. */
  nowMs(): number
  /** ms since 1970. */
  wallMs(): number
}

export function systemClock(): Clock {
  const originMs = performanceOriginMs()
  return {
    nowMs: () => originMs + performance.now(),
    wallMs: () => Date.now()
  }
}

/** `performance.now()` reads the same clock without a BigInt, from an origin of its own for each thread. */
function performanceOriginMs(): number {
  let [originMs, narrowestMs] = [0, Infinity]
  for (let i = 0; i < 10; i++) {
    const before = Number(process.hrtime.bigint()) / 1e6
    const inside = performance.now()
    const after = Number(process.hrtime.bigint()) / 1e6
    if (after - before >= narrowestMs) continue
    narrowestMs = after - before
    originMs = (before + after) / 2 - inside
  }
  return originMs
}

/**
 * CLOCK_MONOTONIC stands still while a machine is suspended; the wall clock does not. A wall clock that is set forward looks
 * the same from here, and is treated as sleep. One that falls back says nothing about sleep.
 */
export class SuspendWatch {
  readonly #clock: Clock
  #offsetMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = clock.wallMs() - clock.nowMs()
  }

  /** ms that the wall clock gained on the monotonic one since the last call: the machine slept; below 0 = it was set back. */
  jumpedMs(): number {
    const offsetMs = this.#clock.wallMs() - this.#clock.nowMs()
    if (Math.abs(offsetMs - this.#offsetMs) <= SLEPT_MS) {
      this.#offsetMs = offsetMs
      return 0
    }
    // This thread may have been stopped between the two readings: read once more before believing it.
    const again = this.#clock.wallMs() - this.#clock.nowMs()
    const jumpedMs = again - this.#offsetMs
    this.#offsetMs = again
    return Math.abs(jumpedMs) > SLEPT_MS ? jumpedMs : 0
  }
}
