/** An operator's command gets exactly one answer in bounded time, and the answer is true. */
import type { CommandError, Designation, Role } from '../../../../src/protocol/machine'
import type { Plan } from '../plan'
import type { EngineProcess, Step } from '../process'
import type { Scene, Watcher } from '../watcher'

const ERRORS: readonly CommandError[] = [
  'unknown-command',
  'peer-offline',
  'refused',
  'not-confirmed',
  'busy',
  'stopped'
]

interface Pending {
  readonly process: EngineProcess
  readonly designate: Designation
  readonly force: boolean
  /** Local time at which the machine got it; null = still waiting in the engine's inbox. */
  givenLocalMs: number | null
  /** What the role was when the machine looked at the command: before or, if time did something first, within that step. */
  rolesAtGiven: readonly Role[]
}

export class CommandChecker implements Watcher {
  readonly name = 'commands'
  readonly answers: Record<string, number> = {}
  answerMsMax = 0
  readonly #scene: Scene
  readonly #plan: Plan
  readonly #pending = new Map<number, Pending>()

  constructor(scene: Scene, plan: Plan) {
    this.#scene = scene
    this.#plan = plan
  }

  onCommand(process: EngineProcess, id: number, designate: Designation, force: boolean): void {
    this.#pending.set(id, { process, designate, force, givenLocalMs: null, rolesAtGiven: [process.view.role] })
  }

  onEnd(process: EngineProcess): void {
    for (const [id, pending] of this.#pending) if (pending.process === process) this.#pending.delete(id)
  }

  onStep(step: Step): void {
    const { input, outputs, after, before, localMs } = step
    if (input.kind === 'command') {
      const pending = this.#pending.get(input.id)
      if (pending !== undefined) {
        pending.givenLocalMs = localMs
        pending.rolesAtGiven = [before.role, after.role]
      }
    }
    for (const output of outputs) {
      if (output.kind !== 'reply') continue
      const pending = this.#pending.get(output.id)
      if (pending === undefined || pending.process !== step.process) {
        // A copy answers what was given to the one whose copy it is.
        if (step.process.resumed) continue
        this.#report(step, `a second answer, or one to nobody, for command ${output.id}`)
        continue
      }
      this.#pending.delete(output.id)
      const key = output.ok ? 'ok' : output.error
      this.answers[key] = (this.answers[key] ?? 0) + 1
      this.answerMsMax = Math.max(this.answerMsMax, localMs - (pending.givenLocalMs ?? localMs))
      if (!output.ok) {
        if (!ERRORS.includes(output.error)) this.#report(step, `unknown error ${output.error}`)
        continue
      }
      const { designate } = pending
      // A role that the operator forced is one that serves.
      const serves = after.serving && localMs < after.leaseUntilMs
      if (pending.force && output.role === 'active' && !serves)
        this.#report(step, `${designate} by force was answered with ok active by a side that does not serve`)
      const promised: readonly Role[] =
        designate === 'swap'
          ? pending.rolesAtGiven.map((role) => (role === 'active' ? 'standby' : 'active'))
          : [designate]
      if (after.role !== output.role || !promised.includes(output.role))
        this.#report(
          step,
          `${pending.designate} (given as ${pending.rolesAtGiven.join(', then ')}) was answered with ok ${output.role} while the role is ${after.role}`
        )
    }
    this.#checkAge(step)
  }

  onFinish(): void {
    for (const [id, pending] of this.#pending)
      if (pending.givenLocalMs !== null && pending.process.running)
        this.#checkPatience(pending, this.#scene.localMs(pending.process.host), id)
  }

  #checkAge(step: Step): void {
    if (this.#pending.size === 0) return
    for (const [id, pending] of this.#pending)
      if (pending.process === step.process) this.#checkPatience(pending, step.localMs, id)
  }

  #checkPatience(pending: Pending, localMs: number, id: number): void {
    if (pending.givenLocalMs === null) return
    // A side that was stopped for a while has a lot to take in first.
    if (this.#scene.nowMs - pending.process.runningSinceMs < 2 * pending.process.settings.peerTimeoutMs) return
    const waitedMs = localMs - pending.givenLocalMs
    if (waitedMs > this.#patienceMs(pending))
      this.#scene.report(
        this.name,
        `${pending.process.settings.name}: command ${id} (${pending.designate}) waits for ${waitedMs.toFixed(0)} ms`
      )
  }

  /**
   * docs/reference/PROTOCOL.md: P, at most 15 s, and a barrier; a forced one first waits for what was promised. A deadline is judged when the side runs:
   * at the latest a heartbeat later. P is the longest that any side ever has.
   */
  #patienceMs({ force }: Pending): number {
    const { timeoutMsMax, sides } = this.#plan
    const heartbeatMs = Math.max(...sides.map((side) => side.settings.heartbeatMs))
    const promisedMs = force ? Math.max(timeoutMsMax, 2000) : 0
    const barrierMs = this.#plan.data === null ? 0 : Math.min(1000, timeoutMsMax / 2)
    return Math.min(15_000, timeoutMsMax) + barrierMs + promisedMs + 2 * heartbeatMs
  }

  #report(step: Step, message: string): void {
    this.#scene.report(this.name, `${step.process.settings.name}: ${message}`)
  }
}
