/**
 * Every change has a cause that an outsider can see. Silence that is claimed was silence; a goodbye was said; a frame that is a
 * mere recording changes nothing at all; and a copy of a machine stops as soon as it is told that it is one. (Crashes that are
 * claimed: see `proofs.ts`.)
 */
import type { EngineProcess, Step } from '../process'
import type { Truth } from '../truth'
import type { Watcher } from '../watcher'
import { other, type World } from '../world'

export class CauseChecker implements Watcher {
  readonly name = 'causes'
  replayed = 0
  copies = 0
  readonly #world: World
  readonly #truth: Truth
  readonly #everLeft: [boolean, boolean] = [false, false]
  /** The session that each has for its peer's, and when something new of it came in last. */
  readonly #heard: [
    { session: bigint; seq: number; localMs: number },
    { session: bigint; seq: number; localMs: number }
  ]
  /** Copies that were told so while they took leave. */
  readonly #silenced = new Set<EngineProcess>()
  /** When a side came back as a stranger, without its record: it has to wait until the old one counts as gone. */
  readonly #strangerSinceMs: [number, number] = [-Infinity, -Infinity]

  constructor(world: World) {
    this.#world = world
    this.#truth = world.truth
    this.#heard = [silence(), silence()]
  }

  onStart(process: EngineProcess, storeLost: boolean): void {
    if (storeLost) this.#strangerSinceMs[process.host] = this.#world.nowMs
    this.#heard[process.host] = silence()
  }

  onStep(step: Step): void {
    this.#checkReplay(step)
    this.#hear(step)
    this.#checkCopy(step)
    this.#checkSilenced(step)
    const { host, before, after } = step
    const claims = before.role !== 'active' && after.role === 'active' ? after.reason : null
    if (claims === 'lost-connection' || claims === 'cannot-negotiate') this.#checkSilence(step)
    if (
      claims === 'peer-left' &&
      !this.#world.hadSecond &&
      !this.#world.saidGoodbye(other(host)) &&
      !this.#everLeft[other(host)]
    )
      this.#report(step, 'claims a goodbye that nobody said')
    if (this.#world.saidGoodbye(host)) this.#everLeft[host] = true
  }

  /** The peer's living session acknowledges what this process never sent: it was not the one that sent it. */
  #checkCopy(step: Step): void {
    const { input, before, after, process } = step
    // Without a key that would be a way to stop anybody.
    if (input.kind !== 'frame' || input.frame.trailer === null || !this.#world.plan.keyed) return
    if (this.#world.hadSecond) return
    const { session, echo, ack } = input.frame.trailer
    if (session !== before.peerSession || echo !== before.session || ack <= process.lastSentSeq) return
    this.copies++
    // One that leaves begins no new session: it has to say nothing more in the old one.
    if (this.#world.saidGoodbye(step.host)) this.#silenced.add(process)
    else if (after.session === before.session) this.#report(step, 'goes on in a session that is not its own')
    if (after.serving) this.#report(step, 'serves as a copy of another process')
  }

  #checkSilenced(step: Step): void {
    if (this.#silenced.has(step.process) && step.outputs.some((output) => output.kind === 'send'))
      this.#report(step, 'says goodbye in a session that is not its own')
  }

  #checkSilence(step: Step): void {
    // A peer that has just started is not heard before its former session counts as gone.
    const { localMs: heardLocalMs } = this.#heard[step.host]
    if (this.#world.hadSecond) return
    const strangerForMs = step.atMs - this.#strangerSinceMs[other(step.host)]
    if (strangerForMs < 1.2 * this.#world.plan.timeoutMsMax) return
    const silentMs = step.localMs - heardLocalMs
    const ownMs = step.process.settings.peerTimeoutMs
    if (silentMs < ownMs - 0.01) this.#report(step, `claims silence but heard its peer ${silentMs.toFixed(1)} ms ago`)
  }

  #hear({ host, input, before, after, outputs, localMs }: Step): void {
    const trailer = input.kind === 'frame' ? input.frame.trailer : null
    if (trailer === null || trailer.session !== after.peerSession || trailer.echo !== before.session) return
    const heard = this.#heard[host]
    if (outputs.some((o) => o.kind === 'drop') || (trailer.session === heard.session && trailer.seq <= heard.seq))
      return
    this.#heard[host] = { session: trailer.session, seq: trailer.seq, localMs }
  }

  /** What was taken in before, belongs to an earlier run of either side, or is one's own voice. */
  #checkReplay(step: Step): void {
    const { facts, before, after, wasDue } = step
    if (facts === null || !facts.replayed) return
    this.replayed++
    if (wasDue) return
    const peer = this.#world.process(other(step.host))
    const stale =
      facts.from === step.host ||
      facts.receiverIncarnation !== step.process.incarnation ||
      this.#truth.repeated ||
      (this.#truth.inContact(step.host) &&
        peer !== null &&
        facts.senderIncarnation !== peer.incarnation &&
        facts.frame.trailer?.session !== before.peerSession)
    if (!stale) return
    // A number that was told in answer to this very session is true, however late it is; a role is not taken with it.
    const told = facts.frame.trailer?.echo === before.session ? facts.frame.trailer.epoch : before.epoch
    const changed =
      before.role !== after.role ||
      (before.epoch !== after.epoch && after.epoch !== told) ||
      (after.serving && !before.serving) ||
      (after.online && !before.online) ||
      after.leaseUntilMs > before.leaseUntilMs
    if (changed)
      this.#report(
        step,
        `a recorded frame (${facts.frame.head}, sent at ${facts.sentAtMs.toFixed(1)} ms) changed something`
      )
  }

  #report(step: Step, message: string): void {
    const { before, after, process } = step
    this.#world.report(
      this.name,
      `${process.settings.name}: ${message}; ${before.role} ${before.epoch} -> ${after.role} ${after.epoch} (${after.reason})`
    )
  }
}

function silence(): { session: bigint; seq: number; localMs: number } {
  return { session: 0n, seq: 0, localMs: -Infinity }
}
