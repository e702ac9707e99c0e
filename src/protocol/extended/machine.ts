/**
 * The pair machine of the extended wire: the one door, `step`, and the one place that sets a role, `#enter`.
 *
 *                 peer is Active / I grant the role
 *      INITIAL ───────────────────────────────────────────▶ STANDBY
 *         │                                                  │   ▲
 *         │ the peer grants it,                the peer      │   │ I hand over (grant), I yield to a higher
 *         │ or the policy allows it                grants it,│   │ epoch, my lease ends, or an operator forces it
 *         │                           or the policy allows it│   │
 *         └───────────────────▶ ACTIVE ◀─────────────────────┘   │
 *                                 └──────────────────────────────┘
 *
 * With contact, a role is only ever taken by a grant: a Designate of a peer that does not serve, with the epoch to
 * take. From that moment the grantor treats the peer as the Active of that epoch and comes back only by the rules of
 * takeover, or when the peer says that it did not take it. Without contact, `policy.ts` says who may take the role on
 * which evidence.
 *
 * What exists in one role only is in `active.ts`, `passive.ts` and `leaving.ts`, made new on entry; what outlives a role is in `own.ts`,
 * `peer.ts`, `lease.ts`, `failback.ts` and the epoch allocator. Everything that only the passing of time brings is in `timers.ts`.
 */
import { machineEvent, type EventReason, type MachineDetails } from '../events'
import type { ReasonCode } from '../reasons'
import { EpochAllocator } from '../epoch-allocator'
import { randomId } from '../random-id'
import type { CommandError, Input, MachineView, Output, PairMachine, RandomInt, Role, WitnessView } from '../machine'
import type { PairRecord } from '../record'
import type { Answer, Ask } from '../wire/witness-frame'
import { LINKS_MAX, type PairSettings } from '../settings'
import { Active } from './active'
import { hasOwnEpoch, isReady, leaseUntilMs, ownEpoch, promise, rulesOf } from './context'
import { Failback } from './failback'
import { onRestoredCopy, onTether, onTetherEnded, receive } from './hearing'
import { Leaving } from './leaving'
import { Lease } from './lease'
import { Own } from './own'
import { Passive } from './passive'
import { Peer } from './peer'
import type { Held } from './role'
import { Sender } from './sender'
import { aloneBar, proofState } from './takeover'
import { ThirdVoice } from './third-voice'
import { fireDue, nextDueMs, type Timed } from './timers'

/**
 * Stands where a step's outputs are collected while there is no step: what outlives its step burdens the garbage collector of
 * anyone who runs many pairs.
 */
const BETWEEN_STEPS: Output[] = Object.freeze<Output[]>([]) as Output[]

export class ExtendedMachine implements PairMachine, Timed {
  readonly settings: PairSettings
  readonly keyed: boolean
  readonly #randomInt: RandomInt
  readonly own = new Own()
  readonly peer: Peer
  readonly lease = new Lease()
  readonly failback: Failback
  readonly sender = new Sender()
  readonly third: ThirdVoice
  epochs: EpochAllocator

  role: Active | Passive | Leaving = new Passive()
  #previousRole: Role = 'initial'
  reason: ReasonCode = 'starting'
  sinceMs = 0

  started = false
  nowMs = -Infinity
  watchAtMs = Infinity
  #barriers = 0
  /** This side is to leave, and waits until the peer has its data. */
  #leaveDue: 'removed' | 'shutdown' | null = null
  #deadlineMs = Infinity
  #out: Output[] = BETWEEN_STEPS

  constructor(settings: PairSettings, context: { readonly randomInt: RandomInt; readonly keyed: boolean }) {
    this.settings = settings
    this.keyed = context.keyed
    this.#randomInt = context.randomInt
    const session = this.randomId()
    this.peer = new Peer(settings, session)
    this.third = new ThirdVoice(session)
    this.failback = new Failback(settings)
    this.epochs = new EpochAllocator(null, this.randomId())
  }

  // ---------------------------------------------------------------------------------------------------- the one door

  step(nowMs: number, input: Input): readonly Output[] {
    this.#out = []
    const lateMs = this.#wake(nowMs)
    this.sender.beginStep()
    // A frame may bring the acknowledgement that renews the lease; nothing else may act on one that has run out.
    if (input.kind !== 'frame') this.#expireLease()
    this.#handle(input, lateMs)
    if (this.started) this.#settle()
    this.watchAtMs = nowMs + this.peer.heartbeatMs
    this.#deadlineMs = this.started ? nextDueMs(this) : Infinity
    const out = this.#out
    this.#out = BETWEEN_STEPS
    return out
  }

  #handle(input: Input, lateMs: number): void {
    const { own, peer } = this
    switch (input.kind) {
      case 'start':
        return this.#start(input.record)
      case 'tick':
        this.watchAtMs = this.nowMs
        if (this.started) fireDue(this)
        return
      case 'frame':
        return receive(this, input.link, input.frame)
      case 'unsent':
        if (peer.detector.isHeardOn(this.nowMs, input.link, peer.peerTimeoutMs)) peer.proof.disturbed(this.nowMs)
        return
      case 'tether':
        return onTether(this, input)
      case 'tetherEnded':
        return onTetherEnded(this, input.id, input.fin)
      case 'redialled':
        return peer.proof.redialled(input.id, input.refused)
      case 'foreignRecord':
        return own.cast(this, 'foreign-record')
      case 'link':
        return this.#onLink(input.link, input.open)
      case 'stored':
        return this.#onStored(input.ticket, input.ok)
      case 'data':
        return this.#onData(input)
      case 'barrierDone':
        if (this.role.kind === 'active') this.role.barrierDone(this, input.id, input.ok)
        return
      case 'command':
        if (this.started && this.#leaveDue === null) this.role.command(this, input.id, input.designate, input.force)
        else this.replyError(input.id, 'stopped', '')
        return
      case 'fitness':
        own.setFitness(input.value)
        return this.role.considerFitness(this)
      case 'hostStalled':
        return this.#onHostStalled(input.stalled)
      case 'suspended':
        return this.#onSuspended(input.ms, lateMs)
      case 'flows':
        own.flowsHash = input.hash >>> 0
        return
      case 'witness':
        return this.#onWitness(input.answer)
      case 'goodbye':
        return this.#leave(input.reason)
      default:
        input satisfies never
    }
  }

  deadlineMs(): number {
    return this.#deadlineMs
  }

  view(): MachineView {
    const { role, epochs, peer } = this
    const { detector, sessions } = peer
    const active = role.kind === 'active'
    return {
      role: role.name,
      previousRole: this.#previousRole,
      reason: this.reason,
      sinceMs: this.sinceMs,
      epoch: active ? role.epoch : epochs.floor,
      online: peer.online,
      serving: role.isServing,
      leaseUntilMs: leaseUntilMs(this),
      freshForMs: peer.freshForMs,
      authenticated: this.keyed,
      linksUp: peer.linksUp,
      peer: peer.view(),
      differences: peer.differences.all,
      conflict: active && role.inConflict && detector.alive,
      session: sessions.session,
      peerSession: detector.alive ? (sessions.peer?.session ?? 0n) : 0n,
      proof: proofState(this),
      asking: peer.proof.firstSeq !== null,
      aloneBar: aloneBar(this),
      witness: this.#witnessView()
    }
  }

  // ------------------------------------------------------------------------------------------------------ role changes

  /** The only place that sets a role. A role of the same name takes over in silence. */
  #enter(role: Active | Passive | Leaving, name: Role, reason: EventReason<'role'>): void {
    const before = this.role.name
    this.role = role
    role.name = name
    if (name === before) return
    this.#previousRole = before
    this.reason = reason
    this.sinceMs = this.nowMs
    const epoch = role.kind === 'active' ? role.epoch : this.epochs.floor
    this.event('role', reason, { role: name, previousRole: before, epoch })
  }

  becomeActive(epoch: number, reason: EventReason<'role'>): Active {
    const left = this.role
    if (left.kind !== 'passive') throw new Error(`no way from ${left.kind} to Active`)
    this.epochs.use(epoch)
    left.failGrantCommand(this)
    const active = new Active(epoch)
    this.#enter(active, 'active', reason)
    this.replyOk(left.wishId)
    this.sender.speakAt(this.nowMs + this.peer.heartbeatMs)
    this.sender.announce(this)
    return active
  }

  promote(reason: EventReason<'role'>): Active | null {
    if (!hasOwnEpoch(this)) return null
    this.failback.damp(this.nowMs, this.peer.peerTimeoutMs, reason)
    return this.becomeActive(ownEpoch(this), reason)
  }

  becomeStandby(reason: EventReason<'role'>, held: Held = 'no'): Passive {
    const left = this.role
    if (left.kind === 'leaving') throw new Error('no way from leaving to Standby')
    // An Initial that stands by keeps what it asked for and what it granted.
    const standby = left.kind === 'passive' ? left : new Passive(left.heldEpoch, held)
    this.#enter(standby, 'standby', reason)
    // Anyone who asked for this while something else brought it about has it all the same.
    if (left.kind === 'active') left.roleLost(this)
    return standby
  }

  #leave(reason: 'removed' | 'shutdown'): void {
    const { role } = this
    if (!this.started || role.kind === 'leaving' || this.#leaveDue !== null) return
    for (const id of role.commandIds) this.replyError(id, 'stopped', '')
    if (role.kind === 'active' && role.waitsToLeave(this, reason)) this.#leaveDue = reason
    else this.#leaveNow(reason)
  }

  #leaveNow(reason: 'removed' | 'shutdown'): void {
    const left = this.role
    if (left.kind === 'leaving') throw new Error('left twice')
    this.#leaveDue = null
    const leaving = new Leaving(left)
    this.#enter(leaving, 'initial', reason)
    this.event('stopped', reason, {})
    leaving.begin(this, left.kind === 'active')
  }

  #expireLease(): void {
    if (this.role.kind === 'active') this.role.expireLease(this)
  }

  // ------------------------------------------------------------------------------------------------------ time passing

  /** Notices that this side itself did not run, before anything is judged. Returns by how much it was late. */
  #wake(nowMs: number): number {
    if (nowMs < this.nowMs) throw new Error('the monotonic clock went backwards')
    const { peer } = this
    const dueMs = Math.max(this.#deadlineMs, this.nowMs)
    const lateMs = Math.max(0, nowMs - dueMs)
    const awayMs = nowMs - this.nowMs
    this.nowMs = nowMs
    if (lateMs > Math.max(10, peer.heartbeatMs) / 2) this.#wasDeaf(lateMs)
    if (lateMs > peer.quietMs / 4) peer.proof.disturbed(nowMs)
    // The peer may take over P after it heard me last. Not having run for that long, I have to ask first.
    if (awayMs > peer.heartbeatMs + peer.freshForMs) this.role.pause(this, 'own-stall', awayMs)
    return lateMs
  }

  /** Nobody is suspected for my own deafness, and the peer gets time for one answer before I act alone. */
  #wasDeaf(lateMs: number): void {
    const { own, peer } = this
    peer.detector.wasDeaf(this.nowMs, lateMs)
    this.epochs.wasLate(this.nowMs, lateMs)
    // Once in a takeover delay: a side that always runs late still takes over.
    if (this.nowMs >= own.notAloneBeforeMs + peer.peerTimeoutMs) own.notAloneBeforeMs = this.nowMs + peer.heartbeatMs
  }

  #start(record: PairRecord | null): void {
    if (this.started) throw new Error('started twice')
    this.started = true
    this.epochs = new EpochAllocator(record, this.epochs.nodeId)
    this.epochs.hear(this.own.data.position.epoch)
    this.own.promisedBeforeMs = record?.promisedMs ?? 0
    this.own.startedAtMs = this.nowMs
    promise(this)
    // Who comes back to the policy that asks for it agrees with its peer again.
    if (!rulesOf(this).asksWitness) this.epochs.setWitness(null, false)
    this.sinceMs = this.nowMs
    this.sender.speakAt(this.nowMs)
    this.event('started', 'starting', { epoch: this.epochs.floor })
    if (record === null) this.event('store', 'store-new', {})
    if (this.epochs.exhausted) this.event('store', 'numbers-exhausted', {})
  }

  /** Derived consequences of any step: the lease, the peer's presence, the store. */
  #settle(): void {
    this.#expireLease()
    // Whatever has ended the barrier: who is to leave does not stay for anything else.
    const waits = this.role.kind === 'active' && this.role.isInBarrier
    if (this.#leaveDue !== null && !waits) this.#leaveNow(this.#leaveDue)
    if (this.role.kind !== 'leaving') this.peer.settle(this)
    this.third.settle(this)
    const write = this.epochs.flush(this.nowMs)
    if (write !== null) this.#out.push({ kind: 'store', ...write })
  }

  // ------------------------------------------------------------------------------------------ the host, links, the store

  #onHostStalled(stalled: boolean): void {
    if (stalled === this.own.hostStalled) return
    this.own.hostStalled = stalled
    this.event('host-stalled', stalled ? 'host-stalled' : 'revalidated', { stalled })
    this.role.considerFitness(this)
  }

  /** Data of an epoch shows that somebody was Active with it. */
  #onData(input: Extract<Input, { kind: 'data' }>): void {
    const { own, role } = this
    own.data.tell(input)
    const { epoch } = own.data.position
    this.epochs.hear(epoch)
    if (role.kind === 'active') role.dataHeard(this, epoch)
  }

  #onLink(link: number, open: boolean): void {
    if (link < 0 || link >= LINKS_MAX) throw new Error(`no link ${link}`)
    this.peer.detector.setOpen(this.nowMs, link, open)
    this.peer.proof.disturbed(this.nowMs)
    if (open && this.role.kind !== 'leaving') this.sender.announce(this, { probe: true })
  }

  #onStored(ticket: number, ok: boolean): void {
    const wasReady = isReady(this)
    this.#storeIs(this.epochs.confirm(this.nowMs, ticket, ok), wasReady)
  }

  storeIsStuck(): void {
    const wasReady = isReady(this)
    if (this.epochs.giveUp(this.nowMs, this.peer.peerTimeoutMs)) this.#storeIs('failed', wasReady)
  }

  #storeIs(news: 'failed' | 'recovered' | null, wasReady: boolean): void {
    if (news !== null) this.event('store', news === 'failed' ? 'store-failed' : 'revalidated', {})
    this.role.stored(this, wasReady)
  }

  #onSuspended(ms: number, lateMs: number): void {
    const { sessions, proof } = this.peer
    this.lease.suspended(ms)
    this.third.voice.suspended(ms)
    sessions.forgetSendTimes()
    proof.drop()
    if (lateMs < ms) this.#wasDeaf(ms)
    this.role.pause(this, 'suspended', ms)
  }

  #onWitness(answer: Answer): void {
    if (!this.started || !rulesOf(this).asksWitness) return
    const heard = this.third.hear(this, answer)
    if (heard === 'beyond' || (heard === 'heard' && this.third.voice.copied)) return onRestoredCopy(this)
    if (heard === 'heard') this.role.voiceHeard(this, answer.lent && this.third.voice.untilMs > this.nowMs)
  }

  #witnessView(): WitnessView | null {
    if (!rulesOf(this).asksWitness) return null
    const { voice, online } = this.third
    const counted = voice.witnessId !== null && this.epochs.countedWitness === voice.witnessId
    const holder = voice.holder === 0n ? null : voice.holder === this.epochs.nodeId ? 'self' : 'peer'
    return { online, counted, heardAtMs: voice.heardAtMs, holder }
  }

  // -------------------------------------------------------------------------------------------------------------- outputs

  ask(ask: Ask): void {
    this.#out.push({ kind: 'ask', ask })
  }

  event<N extends keyof MachineDetails>(event: N, reason: EventReason<N>, detail: MachineDetails[N]): void {
    this.#out.push({ kind: 'event', ...machineEvent(event, reason, detail) })
  }

  drop(link: number, cause: Extract<Output, { kind: 'drop' }>['cause']): void {
    this.#out.push({ kind: 'drop', link, cause })
  }

  send(output: Extract<Output, { kind: 'send' }>): void {
    this.#out.push(output)
  }

  replyOk(id: number | null): void {
    if (id !== null) this.#out.push({ kind: 'reply', id, ok: true, role: this.role.name })
  }

  replyError(id: number | null, error: CommandError, detail: ReasonCode | ''): void {
    if (id !== null) this.#out.push({ kind: 'reply', id, ok: false, error, detail })
  }

  beginBarrier(): number {
    const id = ++this.#barriers
    this.#out.push({ kind: 'barrier', id })
    return id
  }

  endBarrier(id: number, granted: boolean): void {
    this.#out.push({ kind: 'barrierOver', id, granted })
  }

  randomId(): bigint {
    return randomId(this.#randomInt)
  }
}
