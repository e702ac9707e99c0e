/**
 * Never none. Once all is quiet, exactly one serves within a bound and goes on doing so; then one last thing is done to
 * the pair, and what the policy promises for that has to come true within a bound as well.
 */
import type { Policy } from '../../../../src/protocol/settings'
import type { Finale } from '../faults'
import type { HostIndex } from '../../../support/network'
import type { EngineProcess, Step } from '../process'
import type { Scene, Watcher } from '../watcher'
import { KERNEL_MS_MAX, other, type World } from '../world'

/** What has to hold for one side after the finale: from when on it serves, that it never stops, or that it stops. */
type Promise = 'takes-over' | 'goes-on' | 'stops' | 'unknown'

/** Whether the crash of the other side can be proved to this one. */
export type Provable = 'yes' | 'no' | 'unsure'

/** A proof asks for this long, at most. */
const QUIET_MS = 20
/** Of the threads between the kernel and the machine. */
const OWN_DELAYS_MS = 16

export class LivenessChecker implements Watcher {
  readonly name = 'liveness'
  settledMsMax = 0
  /** From the finale until the promised side serves, by finale and policy. */
  readonly takeoverMs: Record<string, number> = {}
  readonly #world: World
  /** `over`: nothing is promised any more. */
  #phase: 'disturbed' | 'quiet' | 'finale' | 'over' = 'disturbed'
  #quietAtMs = 0
  #lastUnsettledMs = 0
  #finaleAtMs = 0
  #expected: [Promise, Promise] = ['unknown', 'unknown']
  #serving: [boolean, boolean] = [false, false]
  #closedSinceMs: [number | null, number | null] = [null, null]
  #swapAnswered = false
  #heldBack = false
  #provable: [Provable, Provable] = ['no', 'no']
  #nobodySinceMs: number | null = null
  /** As it was measured before the finale: a proof takes two of them. */
  readonly #roundTripMs: [number, number] = [0, 0]
  /** Neither serves for the moment of an orderly fail-back, which damping may bring at any time. */
  #handbackSinceMs: number | null = null

  constructor(world: World) {
    this.#world = world
  }

  /** Who comes back without its store is a stranger, whom the peer admits only when the old one counts as gone. */
  onStart(_process: EngineProcess, storeLost: boolean): void {
    if (this.#phase === 'finale' && storeLost) this.#expected = ['unknown', 'unknown']
  }

  onQuiet(): void {
    this.#phase = 'quiet'
    this.#quietAtMs = this.#world.nowMs
    this.#lastUnsettledMs = this.#world.nowMs
  }

  onMoment(): void {
    const world = this.#world
    const open: [boolean, boolean] = [world.gateOpen(0), world.gateOpen(1)]
    if (open[0] !== open[1]) this.#handbackSinceMs = null
    else if (this.#phase === 'quiet' && (open[0] || !this.#handsBack())) this.#lastUnsettledMs = world.nowMs
    if (this.#phase === 'finale') for (const host of [0, 1] as const) this.#follow(host, open[host])
    this.#serving = open
  }

  onStep({ before, after, process, outputs }: Step): void {
    if (this.#phase === 'finale') for (const o of outputs) if (o.kind === 'reply' && o.ok) this.#swapAnswered = true
    if (this.#phase !== 'quiet' || before.role === after.role || this.#isDefined) return
    if (after.reason === 'failback' || after.reason === 'designated') return
    if (this.#world.nowMs > this.#quietAtMs + this.#settleBoundMs())
      this.#report(`${process.settings.name} becomes ${after.role} (${after.reason}) in the middle of the quiet`)
  }

  onFinale(): void {
    const world = this.#world
    this.#phase = 'over'
    if (this.#isDefined) return
    const settledMs = this.#lastUnsettledMs - this.#quietAtMs
    // Both told to stand by, by force: that is the operator's word.
    if (this.#processes().every((p) => p.view.role === 'standby' && p.view.reason === 'operator-forced')) return
    if (settledMs > this.#settleBoundMs()) {
      this.#report(
        `${this.#serving[0] ? 'both serve' : 'nobody serves'} ${settledMs.toFixed(0)} ms into the quiet (bound ${this.#settleBoundMs().toFixed(0)} ms): ${this.#describe()}`
      )
      return
    }
    this.settledMsMax = Math.max(this.settledMsMax, settledMs)
    this.#phase = 'finale'
    this.#finaleAtMs = world.nowMs
    const active = ([0, 1] as const).find((host) => world.gateOpen(host))
    if (active === undefined) return
    const standby = other(active)
    const { heartbeatMs } = this.#slower()
    for (const host of [0, 1] as const)
      this.#roundTripMs[host] = world.process(host)?.view.peer?.roundTripMs ?? heartbeatMs
    this.#provable = [this.#provableTo(0), this.#provableTo(1)]
    this.#checkProofState()
    const { finale } = world.plan
    const preferred = this.#preference(active)
    const promises = {
      active: promisesOf(finale, this.#policy(), preferred, this.#provable[active]).active,
      // Who comes back finds an Active if that could prove the crash.
      standby: promisesOf(
        finale,
        this.#policy(),
        preferred,
        this.#provable[finale === 'restart-standby' ? active : standby]
      ).standby
    }
    // With failback the two may swap once more whenever they find each other, or when the damping of an earlier one ends.
    const settled = !this.#slower().failback || !['none', 'restart-standby', 'swap'].includes(finale)
    // A swap towards a peer without the data is refused, and that is all that is promised.
    this.#heldBack = finale === 'swap' && world.copies?.isHeldBack(active) === true
    this.#expected[active] = settled && !this.#heldBack ? promises.active : 'unknown'
    this.#expected[standby] = settled && !this.#heldBack ? promises.standby : 'unknown'
    if (finale === 'power-cut-one') {
      const alone = this.#policy() === 'availability' ? 'takes-over' : 'stops'
      this.#expected[world.plan.returns] = alone
      this.#expected[other(world.plan.returns)] = 'stops'
    }
    this.#serving = [world.gateOpen(0), world.gateOpen(1)]
  }

  onFinish(): void {
    if (this.#phase !== 'finale') return
    this.onMoment()
    for (const host of [0, 1] as const) {
      const open = this.#world.gateOpen(host)
      const expected = this.#expected[host]
      if ((expected === 'takes-over' || expected === 'goes-on') && !open)
        this.#report(`${name(host)} does not serve in the end (${this.#story()}): ${this.#describe()}`)
      if (expected === 'stops' && open) this.#report(`${name(host)} serves in the end (${this.#story()})`)
    }
    const { finale } = this.#world.plan
    if (finale === 'swap' && !this.#swapAnswered && !this.#heldBack) this.#report('the swap was not answered with ok')
    if (finale === 'swap' || finale.startsWith('restart') || finale === 'power-cut' || finale === 'clock-jump') {
      if (this.#world.gateOpen(0) === this.#world.gateOpen(1))
        this.#report(`not exactly one serves in the end (${this.#story()}): ${this.#describe()}`)
    }
  }

  #follow(host: HostIndex, open: boolean): void {
    const now = this.#world.nowMs
    const expected = this.#expected[host]
    if (this.#world.plan.finale === 'clock-jump') this.#followJump(now)
    if (expected === 'goes-on') {
      if (!open && now > this.#finaleAtMs) {
        this.#closedSinceMs[host] ??= now
        this.#report(`${name(host)} stops serving (${this.#story()}): ${this.#describe()}`)
      }
    }
    if (expected !== 'takes-over') return
    const key = this.#story()
    const sinceMs = now - this.#finaleAtMs
    if (open && this.takeoverMs[key] === undefined) this.takeoverMs[key] = sinceMs
    if (!open && sinceMs > this.#takeoverBoundMs(host) && this.takeoverMs[key] === undefined)
      this.#report(
        `${name(host)} does not serve ${sinceMs.toFixed(0)} ms after (${key}), bound ${this.#takeoverBoundMs(host).toFixed(0)} ms: ${this.#describe()}`
      )
  }

  /** A wall clock that is set shuts the gate for one answer of the peer, at the most. */
  #followJump(now: number): void {
    if (this.#world.gateOpen(0) || this.#world.gateOpen(1)) this.#nobodySinceMs = null
    else this.#nobodySinceMs ??= now
    const forMs = now - (this.#nobodySinceMs ?? now)
    const boundMs = this.#slower().heartbeatMs + 60 + 8 * this.#world.cleanDelayMs
    if (forMs > boundMs)
      this.#report(`nobody serves for ${forMs.toFixed(0)} ms after the clock was set: ${this.#describe()}`)
  }

  /** Nothing is promised but that nothing breaks: one is alone, at the end of its numbers, or its files are another's. */
  get #isDefined(): boolean {
    const { absent, exhausted } = this.#world.plan
    return absent !== null || exhausted !== null || this.#processes().some((process) => process.foreign)
  }

  /** A peer that has been in contact for the whole quiet has its mark on disk. */
  #provableTo(host: HostIndex): Provable {
    const settings = this.#processes().map((process) => process.settings)
    const peerTimeoutMs = Math.max(...settings.map((s) => s.peerTimeoutMs))
    const heartbeatMs = Math.max(...settings.map((s) => s.heartbeatMs))
    if (this.#world.process(host)?.settings.crashProof !== true || !this.#world.tethers.isProvable(host)) return 'no'
    // The window, or the lease that is to be replaced, may be over before the proof is complete.
    const { finale, returnsAfterMs } = this.#world.plan
    const roundTripMs = this.#roundTripMs[host] + 2 * this.#world.cleanDelayMs
    const proofMs = KERNEL_MS_MAX + this.#quietMs(host, heartbeatMs) + 1.5 * roundTripMs + OWN_DELAYS_MS
    // Who is back before that is met when its former session has been silent for two heartbeats.
    const early = finale === 'restart-standby' && returnsAfterMs < proofMs + OWN_DELAYS_MS
    const neededMs = early ? 2.2 * heartbeatMs + 3 * roundTripMs + 4 * OWN_DELAYS_MS : proofMs
    // What a Standby answered is acknowledged with the next heartbeat, if there is one, and the FIN has to be read in the window.
    const windowMs = 2.1 * heartbeatMs + KERNEL_MS_MAX
    return Math.max(1.1 * heartbeatMs + neededMs, windowMs) > 0.85 * peerTimeoutMs ? 'unsure' : 'yes'
  }

  #quietMs(host: HostIndex, heartbeatMs: number): number {
    return Math.max(Math.min(QUIET_MS, heartbeatMs / 2), 2 * this.#roundTripMs[host])
  }

  /** What status and screen say of proofs is true. */
  #checkProofState(): void {
    for (const host of [0, 1] as const) {
      const view = this.#world.process(host)?.view
      if (view === undefined || this.#world.tethers.isAstray(host) || this.#provable[host] === 'unsure') continue
      const possible = this.#provable[host] !== 'no'
      if (possible !== (view.proof === 'possible'))
        this.#report(
          `${name(host)} says of the proof of a crash '${view.proof}'; it is ${possible ? '' : 'not '}possible`
        )
    }
  }

  #handsBack(): boolean {
    const inBarrier =
      this.#world.copies !== null && this.#processes().some((p) => p.view.role === 'active' && !p.view.serving)
    const handed = this.#processes().some((p) => p.view.role === 'standby' && p.view.reason === 'failback')
    if (!inBarrier && !handed) return false
    this.#handbackSinceMs ??= this.#world.nowMs
    const allowedMs = 3 * this.#slower().heartbeatMs + 60 + 8 * this.#world.cleanDelayMs + this.#barrierMs()
    return this.#world.nowMs - this.#handbackSinceMs <= allowedMs
  }

  /** Turns of the flows' thread, and the way there and back. */
  #barrierMs(): number {
    return this.#world.copies === null ? 0 : 80
  }

  #settleBoundMs(): number {
    const { heartbeatMs, peerTimeoutMs, failback } = this.#slower()
    const lookUpMs = this.#world.plan.hasMoves ? 2.4 * Math.max(5000, peerTimeoutMs) : 0
    return 5 * peerTimeoutMs + 15 * heartbeatMs + 1500 + (failback ? 6 * peerTimeoutMs : 0) + lookUpMs
  }

  #takeoverBoundMs(host: HostIndex): number {
    const { heartbeatMs, peerTimeoutMs } = this.#slower()
    const { finale } = this.#world.plan
    const slackMs = 60 + 8 * this.#world.cleanDelayMs + this.#barrierMs()
    if (finale === 'stop-active') return 2 * heartbeatMs + slackMs
    if (finale === 'swap') return 3 * heartbeatMs + slackMs
    if (finale === 'crash-active' && this.#provable[host] === 'yes') {
      const quietMs = this.#quietMs(host, heartbeatMs)
      const silenceMs = this.#policy() === 'availability' ? peerTimeoutMs + 2 * heartbeatMs : Infinity
      return Math.min(KERNEL_MS_MAX + 1.06 * quietMs, 1.06 * silenceMs) + slackMs
    }
    if (finale === 'power-cut-one') return 1.4 * peerTimeoutMs + 2 * heartbeatMs + slackMs
    return peerTimeoutMs * 1.06 + 2 * heartbeatMs + slackMs
  }

  #slower(): { heartbeatMs: number; peerTimeoutMs: number; failback: boolean } {
    const both = this.#processes().map((p) => p.settings)
    const planned = this.#world.plan.sides.map((side) => side.settings)
    const all = [...both, ...planned]
    return {
      heartbeatMs: Math.max(...all.map((s) => s.heartbeatMs)),
      peerTimeoutMs: Math.max(...all.map((s) => s.peerTimeoutMs), this.#world.plan.timeoutMsMax),
      failback: planned.some((s) => s.failback)
    }
  }

  #policy(): Policy {
    return this.#world.plan.sides[0].settings.policy
  }

  /** Whether the Active is the preferred side, as far as the settings alone can tell. */
  #preference(active: HostIndex): boolean | null {
    const mine = this.#world.process(active)?.settings.priority
    const his = this.#world.process(other(active))?.settings.priority
    return mine === undefined || his === undefined || mine === his ? null : mine > his
  }

  #processes(): EngineProcess[] {
    return ([0, 1] as const).map((host) => this.#world.process(host)).filter((p) => p !== null)
  }

  #story(): string {
    return `${this.#world.plan.finale}/${this.#policy()}`
  }

  #describe(): string {
    return ([0, 1] as const).map((host) => describeSide(this.#world, host)).join('; ')
  }

  #report(message: string): void {
    this.#world.report(this.name, message)
  }
}

/** `preferred`: the Active is the preferred side; null = not known. `proof`: of the other side's crash, to the one asked about. */
export function promisesOf(
  finale: Finale,
  policy: Policy,
  preferred: boolean | null,
  proof: Provable
): { readonly active: Promise; readonly standby: Promise } {
  switch (finale) {
    case 'none':
      return { active: 'goes-on', standby: 'stops' }
    case 'restart-standby': {
      const needsNoLease = policy === 'availability' || (policy === 'preferred' && preferred === true)
      const goesOn = needsNoLease || proof === 'yes'
      return { active: goesOn ? 'goes-on' : 'unknown', standby: goesOn ? 'stops' : 'unknown' }
    }
    case 'swap':
    case 'stop-active':
      return { active: 'stops', standby: 'takes-over' }
    case 'restart-active':
    case 'power-cut':
    case 'power-cut-one':
    case 'clock-jump':
      return { active: 'unknown', standby: 'unknown' }
    case 'crash-active':
      return { active: 'stops', standby: afterCrash(policy, preferred, proof) }
    case 'crash-standby':
      if (policy === 'availability' || (policy === 'preferred' && preferred === true))
        return { active: 'goes-on', standby: 'stops' }
      if (policy === 'preferred' && preferred === null && proof !== 'yes')
        return { active: 'unknown', standby: 'stops' }
      return { active: byProof(proof, 'goes-on'), standby: 'stops' }
    case 'power-off-active':
      if (policy === 'availability') return { active: 'stops', standby: 'takes-over' }
      if (policy === 'exclusive') return { active: 'stops', standby: 'stops' }
      return { active: 'stops', standby: preferred === null ? 'unknown' : preferred ? 'stops' : 'takes-over' }
    case 'power-off-standby':
    case 'cut': {
      const taken: Promise = finale === 'cut' ? 'takes-over' : 'stops'
      if (policy === 'availability') return { active: 'goes-on', standby: taken }
      if (policy === 'exclusive') return { active: 'stops', standby: 'stops' }
      if (preferred === null) return { active: 'unknown', standby: 'unknown' }
      return preferred ? { active: 'goes-on', standby: 'stops' } : { active: 'stops', standby: taken }
    }
  }
}

function byProof(proof: Provable, then: Promise): Promise {
  return proof === 'yes' ? then : proof === 'no' ? 'stops' : 'unknown'
}

/** Silence lets `availability` take over, and the preferred side where it is the Standby. */
function afterCrash(policy: Policy, preferred: boolean | null, proof: Provable): Promise {
  if (policy === 'availability' || proof === 'yes' || (policy === 'preferred' && preferred === false))
    return 'takes-over'
  if (policy === 'preferred' && preferred === null) return 'unknown'
  return byProof(proof, 'takes-over')
}

function describeSide(scene: Scene, host: HostIndex): string {
  const process = scene.process(host)
  if (process === null) return `${name(host)} down`
  const { role, epoch, reason, serving, online, leaseUntilMs } = process.view
  const lease = leaseUntilMs === Infinity ? 'unlimited' : `${(leaseUntilMs - scene.localMs(host)).toFixed(0)} ms`
  return `${name(host)} ${role} ${epoch} (${reason}) serving=${serving} online=${online} lease=${lease}`
}

function name(host: HostIndex): string {
  return host === 0 ? 'A' : 'B'
}
