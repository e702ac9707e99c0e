/** Being Active: serving, under a lease or alone, until somebody else has the role or this side has to stop. */
import type { ReasonCode } from '../reasons'
import type { Frame, Trailer } from '../wire/frame'
import type { EventReason, MachineDetails } from '../events'
import type { CommandError, Designation, Role } from '../machine'
import { hasOwnEpoch, isDiskAnswering, isUnderLease, leaseUntilMs, ownEpoch } from './context'
import { Damping } from './damping'
import { barrierMs, isPeerBehind, sharesData } from './data'
import { canBack } from './partner'
import { winsConflict } from './policy'
import type { GrantReason, Machine, RoleObject, Serving } from './role'
import { isBarred, mayUseProof } from './takeover'

/** Why the role goes to the peer, and who asked for that. */
interface Cause {
  readonly reason: GrantReason
  readonly commandId: number | null
  /** An operator's word: nothing waits for data. */
  readonly forced: boolean
  /** The peer's operator, or its fail-back, asked for it. */
  readonly wished: boolean
}

/** A handover that waits for the peer's fresh readiness; I still serve. */
interface Handover extends Cause {
  readonly reason: EventReason<'handover'> & GrantReason
  readonly firstSeq: number
  readonly deadlineMs: number
}

/** I have stopped, and the host sees to it that the peer gets all that was written until then. */
interface Barrier {
  readonly id: number
  readonly deadlineMs: number
  /** Null: this side is to leave. */
  readonly cause: Cause | null
  /** Until when the grant that follows is to be taken; undefined = as any. */
  readonly takenUntilMs: number | undefined
}

export class Active implements RoleObject, Serving {
  readonly kind = 'active'
  name: Role = 'active'
  #epoch: number
  /** I stay Active, but with a newer epoch, as soon as there is one. */
  #reassertDue: EventReason<'reasserted'> | null = null
  sole = false
  /** The role, or the right to serve without a lease, rests on a proof of a crash. */
  restsOnProof = false
  /** Serving waits for proof that the peer did not take over while I was away; since when, or null. */
  #pausedAtMs: number | null = null
  #pausedSeq = 0
  /** The peer that is heard as Active too, and its epoch. */
  #conflict = ''
  #handover: Handover | null = null
  #barrier: Barrier | null = null
  /** Of barriers that the data did not come through: each shut the gate for nothing. An operator's begins all the same. */
  readonly #damping = new Damping()
  /** A wish that does not acknowledge this number is the one that a barrier was called off for. */
  #refusedSeq = 0
  #lessFitSinceMs = Infinity

  constructor(epoch: number) {
    this.#epoch = epoch
  }

  get epoch(): number {
    return this.#epoch
  }
  get heldEpoch(): number {
    return this.#epoch
  }
  get isServing(): boolean {
    return this.#pausedAtMs === null && this.#barrier === null
  }
  get isInBarrier(): boolean {
    return this.#barrier !== null
  }
  get isWilling(): boolean {
    return true
  }
  get isWaiting(): boolean {
    return this.#handover !== null
  }
  get isAsking(): boolean {
    return false
  }
  get grantedEpoch(): number | null {
    return null
  }
  get motive(): ReasonCode | null {
    return null
  }
  get inConflict(): boolean {
    return this.#conflict !== ''
  }
  get commandId(): number | null {
    return this.#handover?.commandId ?? this.#barrier?.cause?.commandId ?? null
  }
  get commandIds(): readonly (number | null)[] {
    return [this.commandId]
  }

  // -------------------------------------------------------------------------------------------------- the right to serve

  expireLease(m: Machine): void {
    if (m.nowMs < leaseUntilMs(m)) return
    m.becomeStandby('lease-expired')
    m.sender.announce(m)
  }

  leaseRenewed(): void {
    this.sole = false
    this.restsOnProof = false
  }

  peerCrashed(m: Machine): void {
    if (!isUnderLease(m) || !mayUseProof(m) || isBarred(m, 'crash')) return
    this.sole = true
    this.restsOnProof = true
  }

  proofRefuted(m: Machine): void {
    if (this.restsOnProof) m.becomeStandby('proof-wrong')
  }

  peerRestarted(m: Machine): void {
    this.restsOnProof = false
    this.callOff(m, 'peer-restarted')
  }

  hearGoodbye(): void {}

  peerLeft(m: Machine, trailer: Trailer): void {
    this.sole = true
    if (trailer.epoch > this.#epoch) this.#reassert(m, 'peer-behind')
  }

  contactLost(m: Machine): void {
    if (this.#handover !== null) this.abortHandover(m, 'peer-silent')
    this.callOff(m, 'peer-silent')
  }

  /** Another side has the role, or nobody has: a wait for that is over. */
  roleLost(m: Machine): void {
    m.replyOk(this.commandId)
    if (this.#barrier !== null) m.endBarrier(this.#barrier.id, false)
    this.#barrier = null
  }

  // --------------------------------------------------------------------------------------------------- pauses and epochs

  pause(m: Machine, reason: EventReason<'paused'>, ms: number): void {
    this.callOff(m, reason)
    if (this.#pausedAtMs === null) m.event('paused', reason, { ms: Math.round(ms) })
    this.#pausedAtMs = m.nowMs
    this.#pausedSeq = m.peer.sessions.lastSentSeq + 1
    m.sender.announce(m, { probe: true })
  }

  resume(m: Machine, reason: EventReason<'resumed'>): void {
    this.#pausedAtMs = null
    m.event('resumed', reason, { epoch: this.#epoch })
  }

  /** Without a lease, a peer that is silent for its whole takeover delay does not keep me from serving; one that speaks beside it does. */
  pausedUntilMs(m: Machine): number {
    const { peer } = m
    if (this.#pausedAtMs === null || peer.isTwoWay(m.nowMs)) return Infinity
    const fromMs = Math.max(this.#pausedAtMs, peer.detector.listeningSinceMs, peer.rivalHeardAtMs)
    return fromMs + peer.peerTimeoutMs
  }

  /** Stays Active with a newer epoch than any the peer knows. */
  #reassert(m: Machine, reason: EventReason<'reasserted'>): void {
    // Without a number on disk it is due when the store has answered.
    this.#reassertDue = hasOwnEpoch(m) ? null : reason
    if (this.#reassertDue !== null) return
    const epoch = ownEpoch(m)
    m.epochs.use(epoch)
    this.#epoch = epoch
    m.event('reasserted', reason, { epoch })
    m.sender.announce(m)
  }

  /** What was written in a newer epoch than mine is older than what I write from now on. */
  dataHeard(m: Machine, epoch: number): void {
    if (epoch > this.#epoch && this.#reassertDue === null) this.#reassert(m, 'peer-behind')
  }

  readonly voiceWantedFromMs = (): number => Infinity

  /** It lends its voice to nobody else: nobody took over while this side did not run. */
  voiceHeard(m: Machine, lent: boolean): void {
    if (lent && m.third.voice.answeredSentAtMs > (this.#pausedAtMs ?? Infinity)) this.resume(m, 'revalidated')
  }

  stored(m: Machine): void {
    if (this.#reassertDue !== null) this.#reassert(m, this.#reassertDue)
  }

  // ------------------------------------------------------------------------------------------------------------ hearing

  hear(m: Machine, frame: Frame, trailer: Trailer, regained: boolean): void {
    if (frame.state === 'active') return this.#resolveConflict(m, trailer)
    this.#noteYield(m, trailer, regained)
    this.#conflict = ''
    if (this.#pausedAtMs !== null && trailer.heardLinks !== 0 && trailer.ack >= this.#pausedSeq) {
      this.resume(m, 'revalidated')
    }
    if (trailer.epoch > this.#epoch) this.#reassert(m, 'peer-behind')
    if (this.#handover !== null && trailer.ack >= this.#handover.firstSeq && trailer.flags.ready) {
      // Half of a command's time is for the peer's readiness, the rest for its confirmation; a peer that is lost comes first.
      const takenUntilMs = this.#handover.deadlineMs + m.peer.commandMs / 2 + m.peer.heartbeatMs
      this.#handOver(m, this.#handover, takenUntilMs)
    } else if (trailer.flags.wanted) this.#hearWish(m, trailer)
    else this.considerFitness(m)
  }

  #resolveConflict(m: Machine, trailer: Trailer): void {
    this.callOff(m, 'peer-active')
    const mine = { epoch: this.#epoch, priority: m.settings.priority, nodeId: m.epochs.nodeId }
    const key = `${trailer.session}/${trailer.epoch}`
    const news = this.#conflict !== key
    if (news) tellConflict(m, { epoch: this.#epoch, peerEpoch: trailer.epoch })
    this.#conflict = key
    if (!winsConflict(mine, trailer)) {
      const reason = trailer.epoch > this.#epoch ? 'higher-epoch' : 'tie-break'
      m.event('yielded', reason, { epoch: this.#epoch, peerEpoch: trailer.epoch })
      m.becomeStandby(reason)
    } else if (trailer.epoch === this.#epoch) {
      this.#reassert(m, 'tie-break')
    } else if (news) {
      m.event('reasserted', 'higher-epoch', { epoch: this.#epoch })
      m.sender.announce(m)
    }
  }

  /** The peer heard me first: it was Active too and has yielded, which I know from its reason only. */
  #noteYield(m: Machine, trailer: Trailer, regained: boolean): void {
    if (trailer.reason !== 'higher-epoch' && trailer.reason !== 'tie-break') return
    const key = `${trailer.session}/${trailer.epoch}`
    // It goes on giving that reason for as long as it stands by: an old one is no news.
    const news = regained && key !== m.peer.yielding
    m.peer.yielding = key
    if (!news) return
    tellConflict(m, { epoch: this.#epoch })
    if (trailer.reason === 'tie-break') this.#reassert(m, 'tie-break')
    else m.event('reasserted', 'higher-epoch', { epoch: this.#epoch })
  }

  /** The Standby asks for the role. What it just acknowledged is fresh enough to be its readiness. */
  #hearWish(m: Machine, trailer: Trailer): void {
    if (!trailer.flags.ready) {
      m.sender.refuse('not-ready')
      return
    }
    const sentAtMs = m.peer.sessions.sentAtMs(trailer.ack)
    if (this.#handover !== null || this.#barrier !== null || trailer.ack < this.#refusedSeq) return
    if (sentAtMs === null || m.nowMs - sentAtMs > m.peer.confirmMs) return
    const failback = trailer.reason === 'failback'
    const damped = m.nowMs < m.sinceMs + m.failback.waitMs(m.peer.peerTimeoutMs)
    if (failback && (damped || m.nowMs < this.#damping.notBeforeMs)) {
      m.sender.refuse('damped')
      return
    }
    const forced = trailer.reason === 'operator-forced'
    this.#handOver(m, { reason: failback ? 'failback' : 'designated', commandId: null, forced, wished: true })
  }

  // ----------------------------------------------------------------------------------------------------------- handover

  #startHandover(m: Machine, reason: Handover['reason'], commandId: number | null, forced = false): void {
    this.#handover = {
      reason,
      commandId,
      forced,
      wished: false,
      firstSeq: m.peer.sessions.lastSentSeq + 1,
      deadlineMs: m.nowMs + m.peer.commandMs / 2
    }
    m.event('handover', reason, { phase: 'asking' })
    m.sender.ask(m)
  }

  get handoverEndsMs(): number {
    return this.#handover?.deadlineMs ?? Infinity
  }

  /** The peer is ready. What was planned waits for the data; a side that cannot serve, and an operator's force, wait for nothing. */
  #handOver(m: Machine, cause: Cause, takenUntilMs?: number): void {
    this.#handover = null
    // A write that is under way ends in a moment.
    if (!canBack(m) && !isDiskAnswering(m)) return this.#refuse(m, cause, 'store-failed')
    if (!sharesData(m)) return this.#stepDown(m, cause, takenUntilMs)
    if (cause.forced || !m.own.isFit) {
      m.event('handover', 'data-behind', { because: cause.forced ? 'operator-forced' : cause.reason })
      return this.#stepDown(m, cause, takenUntilMs)
    }
    if (isPeerBehind(m)) return this.#refuse(m, cause, 'not-synchronised')
    this.#shutGate(m, cause, takenUntilMs)
  }

  #shutGate(m: Machine, cause: Cause | null, takenUntilMs?: number): void {
    const limitMs = barrierMs(m)
    const waitedForMs = takenUntilMs === undefined ? undefined : takenUntilMs + limitMs
    this.#barrier = { id: m.beginBarrier(), deadlineMs: m.nowMs + limitMs, cause, takenUntilMs: waitedForMs }
  }

  #stepDown(m: Machine, cause: Cause, takenUntilMs?: number): void {
    const barrier = this.#barrier
    this.#handover = null
    this.#barrier = null
    const { reason, wished } = cause
    if (wished && reason === 'failback') m.failback.gaveBackAtMs = m.nowMs
    m.failback.held = wished ? reason !== 'failback' : reason === 'operator'
    m.becomeStandby(reason).grantRole(m, reason, cause.commandId, takenUntilMs)
    if (barrier !== null) m.endBarrier(barrier.id, true)
  }

  abortHandover(m: Machine, because: ReasonCode): void {
    const handover = this.#handover
    this.#handover = null
    if (handover !== null) this.#refuse(m, handover, because)
  }

  /** It does not come to it: I am Active as before. */
  #refuse(m: Machine, { commandId, wished }: Cause, because: ReasonCode): void {
    this.#lessFitSinceMs = m.nowMs
    m.event('handover', 'handover-aborted', { because })
    if (wished) m.sender.refuse(because)
    m.replyError(commandId, errorOf(because), because)
  }

  // ------------------------------------------------------------------------------------------------------------ barrier

  get barrierEndsMs(): number {
    return this.#barrier?.deadlineMs ?? Infinity
  }

  /** The host's answer. One that comes late is none. */
  barrierDone(m: Machine, id: number, ok: boolean): void {
    const barrier = this.#barrier
    if (barrier?.id !== id) return
    if (!ok || m.nowMs >= barrier.deadlineMs) return this.callOff(m, 'not-synchronised')
    if (barrier.cause === null) this.#endForLeave(m)
    else if (m.peer.word?.ready === true) this.#stepDown(m, barrier.cause, barrier.takenUntilMs)
    else this.callOff(m, 'not-ready')
  }

  /** The gate opens again, with the same epoch; unless this side is to leave. */
  callOff(m: Machine, because: ReasonCode): void {
    const barrier = this.#barrier
    if (barrier === null) return
    if (barrier.cause === null) return this.#leaveWithout(m, because)
    this.#barrier = null
    m.endBarrier(barrier.id, false)
    if (because === 'not-synchronised') this.#damping.failed(m.nowMs, m.peer.peerTimeoutMs)
    this.#refuse(m, barrier.cause, because)
    m.sender.announce(m)
    this.#refusedSeq = m.peer.sessions.lastSentSeq
  }

  /** Before this side leaves: whether the peer is still to get what was written. What else was planned is not any more. */
  waitsToLeave(m: Machine, reason: ReasonCode): boolean {
    this.#handover = null
    if (this.#barrier !== null) this.#barrier = { ...this.#barrier, cause: null }
    else if (sharesData(m) && m.peer.detector.alive) {
      if (m.own.data.open && m.own.isFit && this.#pausedAtMs === null) this.#shutGate(m, null)
      else m.event('handover', 'data-behind', { because: reason })
    }
    return this.#barrier !== null
  }

  #leaveWithout(m: Machine, because: ReasonCode): void {
    m.event('handover', 'data-behind', { because })
    this.#endForLeave(m)
  }

  #endForLeave(m: Machine): void {
    if (this.#barrier !== null) m.endBarrier(this.#barrier.id, true)
    this.#barrier = null
  }

  /** This side cannot serve any more: what it was to answer it will not answer. */
  #goWithout(m: Machine, { cause, takenUntilMs }: Barrier): void {
    const because = m.own.hostStalled ? 'host-stalled' : 'less-fit'
    if (cause === null) return this.#leaveWithout(m, because)
    m.event('handover', 'data-behind', { because })
    this.#stepDown(m, cause, takenUntilMs)
  }

  considerFitness(m: Machine): void {
    const { word, online } = m.peer
    if (this.#barrier !== null) {
      if (!m.own.isFit) this.#goWithout(m, this.#barrier)
      return
    }
    if (word === null || !online || this.#handover !== null) return
    const mine = m.own.fitness
    if (!word.ready || word.fitness <= mine) {
      this.#lessFitSinceMs = Infinity
      return
    }
    // A difference has to last; a side that cannot serve at all does not wait.
    this.#lessFitSinceMs = Math.min(this.#lessFitSinceMs, m.nowMs)
    const retrying = this.#lessFitSinceMs < m.nowMs
    if (m.nowMs - this.#lessFitSinceMs < m.peer.peerTimeoutMs && (mine > 0 || retrying)) return
    if (mine > 0 && (isPeerBehind(m) || m.nowMs < this.#damping.notBeforeMs)) return
    this.#startHandover(m, m.own.hostStalled ? 'host-stalled' : 'less-fit', null)
  }

  command(m: Machine, id: number, designate: Designation, force: boolean): void {
    if (designate === 'active') {
      // The last order counts.
      this.abortHandover(m, 'operator')
      this.callOff(m, force ? 'operator-forced' : 'operator')
      // The operator's word stands in for the proof that the other side did not take over meanwhile.
      if (force && this.#pausedAtMs !== null) this.resume(m, 'operator-forced')
      return m.replyOk(id)
    }
    if (this.#handover !== null || this.#barrier !== null) return m.replyError(id, 'busy', '')
    if (m.peer.online) return this.#startHandover(m, 'operator', id, force)
    if (!force) return m.replyError(id, 'peer-offline', '')
    m.becomeStandby('operator-forced', 'forced')
    m.replyOk(id)
    m.sender.announce(m)
  }
}

function errorOf(because: ReasonCode): CommandError {
  switch (because) {
    case 'not-synchronised':
    case 'operator':
    case 'operator-forced':
      return 'refused'
    case 'peer-silent':
      return 'peer-offline'
    default:
      return 'not-confirmed'
  }
}

function tellConflict(m: Machine, detail: MachineDetails['conflict']): void {
  m.event('conflict', 'peer-active', detail)
}
