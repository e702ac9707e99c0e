/** What can be forged, and what a box on the path does to connections, moves no role and takes nobody offline. */
import { isStill } from '../plan'
import type { Step } from '../process'
import type { Watcher } from '../watcher'
import type { World } from '../world'

export class StillChecker implements Watcher {
  readonly name = 'still'
  readonly #world: World
  readonly #applies: boolean
  #settled = false

  constructor(world: World) {
    this.#world = world
    this.#applies = isStill(world.plan.profile)
  }

  onFinale(): void {
    this.#settled = false
  }

  onStep({ process, before, after }: Step): void {
    if (!this.#applies || this.#world.nowMs >= this.#world.plan.finaleAtMs) return
    if (!this.#settled) {
      const both = [this.#world.process(0), this.#world.process(1)]
      const online = both.every((p) => p?.view.online === true)
      this.#settled = online && this.#world.gateOpen(0) !== this.#world.gateOpen(1)
      return
    }
    // What operators and hosts do to fitness and commands is not done in these profiles.
    if (before.role !== after.role) this.#report(`${process.settings.name} becomes ${after.role} (${after.reason})`)
    if (before.online && !after.online) this.#report(`${process.settings.name} calls its peer offline`)
    if (before.serving && !after.serving) this.#report(`${process.settings.name} stops serving`)
  }

  #report(message: string): void {
    this.#world.report(this.name, message)
  }
}
