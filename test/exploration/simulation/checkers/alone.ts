/**
 * A side whose peer never comes. Under `availability` it serves within its time and goes on, whatever the wall clock does; under the
 * other policies an operator's word alone lets it, and the word is kept.
 */
import type { Step } from '../process'
import type { Watcher } from '../watcher'
import { other, type World } from '../world'

const SLACK_MS = 100

export class AloneChecker implements Watcher {
  readonly name = 'alone'
  /** Longest time without a gate, in ms beyond the last disturbance. */
  worstMs = 0
  readonly #world: World
  #calmSinceMs = Infinity
  #forced = false
  /** An operator told it to stand by. */
  #held = false

  constructor(world: World) {
    this.#world = world
  }

  onStart(): void {
    this.#calmSinceMs = this.#world.nowMs
    this.#forced = false
    this.#held = false
  }

  onFault(): void {
    this.#calmSinceMs = this.#world.nowMs
  }

  onFaultOver(): void {
    this.#calmSinceMs = this.#world.nowMs
  }

  onStep({ input, outputs, after, before, process }: Step): void {
    if (this.#world.plan.absent === null) return
    if (input.kind === 'command' && outputs.some((o) => o.kind === 'reply' && o.ok))
      this.#held = after.role === 'standby'
    if (after.role === 'active') this.#held = false
    if (after.role === 'active' && after.reason === 'operator-forced') this.#forced = true
    if (process.settings.policy !== 'availability' && after.serving && !before.serving && !this.#forced)
      this.#report(`${process.settings.name} serves alone (${after.reason}) without an operator's word`)
  }

  onMoment(): void {
    const { absent, sides, quietAtMs } = this.#world.plan
    if (absent === null || this.#world.nowMs < quietAtMs) return
    const present = other(absent)
    const process = this.#world.process(present)
    const { policy, peerTimeoutMs, heartbeatMs } = sides[present].settings
    if (process === null || !process.running || this.#held) return
    if (policy !== 'availability' && !this.#forced) return
    if (this.#world.gateOpen(present)) return
    const forMs = this.#world.nowMs - Math.max(this.#calmSinceMs, process.runningSinceMs, quietAtMs)
    this.worstMs = Math.max(this.worstMs, forMs)
    const boundMs = 1.06 * Math.max(peerTimeoutMs, 2000) + 2 * heartbeatMs + SLACK_MS
    if (forMs > boundMs)
      this.#report(
        `${process.settings.name} has not served for ${forMs.toFixed(0)} ms (bound ${boundMs.toFixed(0)} ms)`
      )
  }

  #report(message: string): void {
    this.#world.report(this.name, message)
  }
}
