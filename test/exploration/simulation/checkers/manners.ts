/** The machine as a guest of its engine: no storm of ticks or frames, events that tell the truth, gates that fail closed. */
import type { EngineProcess, Step } from '../process'
import type { Scene, Watcher } from '../watcher'

const PROOF_PROBES_MAX = 50

interface Budget {
  windowEndsMs: number
  ticks: number
  sends: number
  received: number
}

export class MannersChecker implements Watcher {
  readonly name = 'manners'
  /** Most ticks and frames in a window, as a share of what is allowed. */
  busiest = 0
  readonly #scene: Scene
  readonly #budgets: [Budget, Budget] = [newBudget(), newBudget()]

  constructor(scene: Scene) {
    this.#scene = scene
  }

  onStart(process: EngineProcess): void {
    this.#budgets[process.host] = newBudget()
  }

  onStep(step: Step): void {
    this.#checkView(step)
    this.#checkEvents(step)
    this.#count(step)
  }

  #checkView({ process, after }: Step): void {
    if (after.serving && after.role !== 'active') this.#report(process, `serves as ${after.role}`)
    if (!Number.isSafeInteger(after.epoch) || after.epoch < 0) this.#report(process, `epoch ${after.epoch}`)
    if (Number.isNaN(after.leaseUntilMs) || Number.isNaN(after.freshForMs))
      this.#report(process, 'a lease that is not a number')
    if (after.role === 'active' && after.epoch === 0) this.#report(process, 'is Active without an epoch')
  }

  #checkEvents({ process, before, after, outputs }: Step): void {
    const roles = outputs.filter((output) => output.kind === 'event' && output.event === 'role').length
    const changed = before.role !== after.role
    if (changed && roles === 0) this.#report(process, `became ${after.role} without an event`)
    if (!changed && roles === 1) this.#report(process, 'an event of a role that did not change')
    const onlines = outputs.filter((output) => output.kind === 'event' && output.event === 'online').length
    if (before.online !== after.online && onlines === 0)
      this.#report(process, `online ${after.online} without an event`)
  }

  /** Per window of one heartbeat: a burst of probes and answers is fine, a loop is not. */
  #count(step: Step): void {
    const { process, atMs, input, outputs } = step
    const budget = this.#budgets[process.host]
    const heartbeatMs = process.settings.heartbeatMs
    if (atMs >= budget.windowEndsMs) {
      budget.windowEndsMs = atMs + 5 * heartbeatMs
      budget.ticks = budget.sends = budget.received = 0
    }
    if (input.kind === 'tick') budget.ticks++
    if (input.kind === 'frame') budget.received++
    const links = process.settings.links.length
    budget.sends += outputs.filter((output) => output.kind === 'send').length / links
    // Ten probes, four repeats of a request and one heartbeat to each of two sessions in every heartbeat, and once the probes of
    // a proof; the rest is news.
    const ticksMax = 100 + PROOF_PROBES_MAX
    const sendsMax = ticksMax + 2 * budget.received
    this.busiest = Math.max(this.busiest, budget.ticks / ticksMax, budget.sends / sendsMax)
    if (budget.ticks > ticksMax) this.#report(process, `${budget.ticks} ticks in five heartbeats`)
    if (budget.sends > sendsMax)
      this.#report(process, `${budget.sends} frames sent in five heartbeats, ${budget.received} received`)
  }

  #report(process: EngineProcess, message: string): void {
    this.#scene.report(this.name, `${process.settings.name}: ${message}`)
  }
}

function newBudget(): Budget {
  return { windowEndsMs: 0, ticks: 0, sends: 0, received: 0 }
}
