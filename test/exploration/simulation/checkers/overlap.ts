/**
 * Two that serve at one instant of true time. Under `preferred` and `exclusive`: never. Under `availability`: only while the
 * two cannot hear each other, and again one within the heal bound once they can.
 *
 * Excused (docs/concepts/SAFETY.md): a side whose record was put back, or whose machine was, until it has met the other one; and who has
 * been lied to by somebody on the path, until the first answer. A second process of a side changes nothing while the two hear
 * each other. Once they did not, it may be in the place of one of them: under `preferred` that may be the preferred one twice, and
 * under `exclusive` only a side that has started since, or had not met the other one before, can be taken in.
 */
import type { Plan } from '../plan'
import type { Truth } from '../truth'
import type { EngineProcess } from '../process'
import type { Watcher } from '../watcher'
import type { World } from '../world'
import type { ProofChecker } from './proofs'

/** Frames back and forth after which two that serve must have noticed, however long they take. */
const HOPS_TO_HEAL = 8

export class OverlapChecker implements Watcher {
  readonly name = 'overlap'
  /** Longest time from a clean link between two running sides to one that serves, in ms beyond one heartbeat. */
  healMsMax = 0
  overlaps = 0
  excused = 0
  /** A second process may have taken the place of one of the two. */
  #replaced = false
  /** And one of the two has no memory of the other one. */
  #forgotten = false
  readonly #scene: World
  readonly #proofs: ProofChecker
  readonly #truth: Truth
  readonly #plan: Plan
  /** The first word of an operator that stands in for a proof. */
  readonly #forcedAtMs: number
  #sinceMs: number | null = null
  #hopsAtBeginning = 0
  #cleanBefore = false
  #strangerSinceMs = -Infinity

  constructor(world: World, proofs: ProofChecker) {
    const { plan } = world
    this.#scene = world
    this.#proofs = proofs
    this.#truth = world.truth
    this.#plan = plan
    const forced = plan.faults.filter((fault) => fault.kind === 'command' && fault.force)
    this.#forcedAtMs = Math.min(...forced.map((fault) => fault.atMs))
  }

  get #forced(): boolean {
    return this.#scene.nowMs >= this.#forcedAtMs
  }

  /** Who comes back is a stranger: its peer has to give up the old one first. */
  onStart(_process: EngineProcess): void {
    this.#strangerSinceMs = this.#scene.nowMs
  }

  onMoment(): void {
    const scene = this.#scene
    if (scene.hadSecond) this.#followSecond()
    if (scene.secondGateOpen()) this.#besideSecond()
    const both = scene.gateOpen(0) && scene.gateOpen(1)
    if (!both) {
      if (this.#sinceMs !== null) this.#ended(this.#sinceMs)
      this.#sinceMs = null
      return
    }
    if (this.#sinceMs === null) this.#began()
    else if (this.#isStrict && !this.#isExcused) this.#report()
    this.#goesOn()
  }

  #followSecond(): void {
    const scene = this.#scene
    if (!scene.hasSecond) return
    this.#forgotten ||= ([0, 1] as const).some((host) => scene.process(host) === null || !this.#truth.inContact(host))
    if (this.#replaced) return
    const silentMs = 1.8 * this.#heartbeatMs()
    this.#replaced = ([0, 1] as const).some((host) => {
      const { heardAtMs } = this.#truth.side(host)
      return scene.process(host)?.running !== true || heardAtMs === null || scene.nowMs - heardAtMs > silentMs
    })
  }

  /** A third process that serves, beside one of the two. */
  #besideSecond(): void {
    const beside = ([0, 1] as const).find((host) => this.#scene.gateOpen(host))
    const { policy } = this.#plan.sides[0].settings
    if (beside === undefined || !this.#isStrict || this.#isExcused) return
    this.#scene.report(this.name, `a second process serves beside ${beside === 0 ? 'A' : 'B'} under policy ${policy}`)
  }

  get #isStrict(): boolean {
    return this.#plan.sides[0].settings.policy !== 'availability' && !this.#forced
  }

  get #isExcused(): boolean {
    const { policy } = this.#plan.sides[0].settings
    const unguarded = ([0, 1] as const).map((host) => this.#scene.unguarded(host))
    if (this.#forgotten || (this.#replaced && policy !== 'exclusive')) return true
    // An old record lets nobody act alone under `exclusive`.
    if (unguarded.includes('machine') || (unguarded.includes('record') && policy === 'preferred')) return true
    return this.#proofs.isLiedTo
  }

  #report(): void {
    const scene = this.#scene
    const epochs = `A with epoch ${scene.process(0)?.view.epoch}, B with epoch ${scene.process(1)?.view.epoch}`
    scene.report(this.name, `two serve under policy ${this.#plan.sides[0].settings.policy}: ${epochs}`)
  }

  #began(): void {
    const scene = this.#scene
    this.#sinceMs = scene.nowMs
    this.overlaps++
    this.#hopsAtBeginning = this.#hops()
    if (this.#isStrict) {
      if (this.#isExcused) this.excused++
      else this.#report()
      return
    }
    // Whoever hears its peer all the time has no reason to take the role beside it. (Twice: each side's own timeout
    // may have begun just before the link became clean.)
    const contactMs = 3 * this.#timeoutMs() + 4 * this.#heartbeatMs()
    this.#cleanBefore = scene.nowMs - scene.cleanSinceMs > contactMs
    if (this.#cleanBefore && !this.#forced && !this.#replaced && !this.#proofs.isLiedTo)
      scene.report(this.name, `two serve although the link has been clean for ${contactMs.toFixed(0)} ms`)
  }

  #goesOn(): void {
    if (this.#replaced) return
    const forMs = this.#clearForMs()
    if (forMs > this.#healBoundMs())
      this.#scene.report(
        'heal',
        `both run and hear each other for ${forMs.toFixed(1)} ms and still both serve (bound ${this.#healBoundMs().toFixed(1)} ms)`
      )
    const hops = this.#hops() - this.#hopsAtBeginning
    if (hops > HOPS_TO_HEAL && this.#isConversation())
      this.#scene.report('heal', `${hops} frames went back and forth and still both serve`)
  }

  #ended(sinceMs: number): void {
    if (this.#scene.nowMs <= sinceMs) return
    const forMs = this.#clearForMs()
    if (forMs > 0 && Number.isFinite(forMs)) this.healMsMax = Math.max(this.healMsMax, forMs - this.#heartbeatMs())
  }

  /** For how long nothing has kept the two from hearing each other. */
  #clearForMs(): number {
    const scene = this.#scene
    const [a, b] = [scene.process(0), scene.process(1)]
    if (a === null || b === null || !a.running || !b.running || this.#sinceMs === null) return 0
    const sinceMs = Math.max(scene.cleanSinceMs, a.runningSinceMs, b.runningSinceMs, this.#sinceMs)
    return sinceMs === Infinity ? 0 : scene.nowMs - sinceMs
  }

  /** One heartbeat of the slower side (two more until a former session is silent), then as many trips as two strangers need to prove that they speak now. */
  #healBoundMs(): number {
    const strange = this.#scene.nowMs - this.#strangerSinceMs < 3 * this.#timeoutMs()
    return (strange ? 4 : 1.06) * this.#heartbeatMs() + 6 * this.#scene.cleanDelayMs + 12
  }

  /** Neither still waits for the former session of the other one to fall silent. */
  #isConversation(): boolean {
    const [a, b] = [this.#scene.process(0)?.view, this.#scene.process(1)?.view]
    return a !== undefined && a.session === b?.peerSession && b.session === a.peerSession
  }

  #hops(): number {
    return Math.min(this.#truth.side(0).hops, this.#truth.side(1).hops)
  }

  #heartbeatMs(): number {
    return Math.max(...this.#settings().map((s) => s.heartbeatMs))
  }

  #timeoutMs(): number {
    return Math.max(...this.#settings().map((s) => s.peerTimeoutMs))
  }

  #settings(): { heartbeatMs: number; peerTimeoutMs: number }[] {
    return ([0, 1] as const).map((i) => this.#scene.process(i)?.settings ?? this.#plan.sides[i].settings)
  }
}
