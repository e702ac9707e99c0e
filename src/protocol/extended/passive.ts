/** Not being Active: Initial until the peer is known or this side stands by, then Standby. It waits, is granted the role, or takes it. */
import type { EventReason } from '../events'
import type { ReasonCode } from '../reasons'
import { comparePositions, NOWHERE } from '../position'
import type { Frame, Trailer } from '../wire/frame'
import type { CommandError, Designation, Role } from '../machine'
import { hasOwnEpoch, isBacked, isDiskAnswering, isHolder, isReady, isWilling, rulesOf } from './context'
import { followsData, hasChannel, isBehind, toldPosition } from './data'
import { leaseMs } from './lease'
import { leftReason } from './peer'
import { rank, type Candidate, type Evidence } from './policy'
import { isGrant, type Grantor, type GrantReason, type Held, type Machine, type RoleObject } from './role'
import {
  evidenceOf,
  forcedFromMs,
  mayTakeOn,
  mayTakeWithVoice,
  othersUntilMs,
  silentFromMs,
  takeoverReason
} from './takeover'

const VOICE_LEAD_MS_MAX = 20

/** A grant that is out: the peer may be Active with this epoch at any moment. */
interface Grant {
  readonly epoch: number
  readonly firstSeq: number
  readonly reason: GrantReason
  readonly commandId: number | null
  readonly deadlineMs: number
}

/** My wish for the role, by an operator or to fail back. */
interface Wish {
  readonly reason: EventReason<'role'>
  readonly commandId: number | null
  readonly firstSeq: number
  readonly deadlineMs: number
  /** Take it without the peer's consent at this time; Infinity = never. */
  readonly forceAtMs: number
}

export class Passive implements RoleObject, Grantor {
  readonly kind = 'passive'
  name: Role = 'initial'
  readonly epoch = 0
  sole = false
  #heldEpoch: number
  #held: Held
  #grant: Grant | null = null
  #wish: Wish | null = null

  /** `heldEpoch`: the one that this side has just been Active with; 0 = it was not. */
  constructor(heldEpoch = 0, held: Held = 'no') {
    this.#heldEpoch = heldEpoch
    this.#held = held
  }

  get heldEpoch(): number {
    return this.#heldEpoch
  }
  get isServing(): boolean {
    return false
  }
  get isWilling(): boolean {
    return this.#held === 'no'
  }
  get isWaiting(): boolean {
    return this.#grant !== null || this.#wish?.forceAtMs === Infinity
  }
  get isAsking(): boolean {
    return this.#wish?.forceAtMs === Infinity
  }
  get grantedEpoch(): number | null {
    return this.#grant?.epoch ?? null
  }
  get motive(): ReasonCode | null {
    return this.#grant?.reason ?? this.#wish?.reason ?? null
  }
  get wishId(): number | null {
    return this.#wish?.commandId ?? null
  }
  get commandIds(): readonly (number | null)[] {
    return [this.#grant?.commandId ?? null, this.wishId]
  }

  leaseRenewed(): void {}
  pause(): void {}
  considerFitness(): void {}
  proofRefuted(): void {}

  // -------------------------------------------------------------------------------------------- taking over by evidence

  /** When the evidence allows this side to take the role under its policy; Infinity = it does not. */
  takeAtMs(m: Machine): number {
    const known = this.#evidence(m)
    if (known === null || !this.#mayTakeOn(m, known.evidence)) return Infinity
    // Waiting for the store must not turn into a busy loop: its answer is a step of its own.
    return hasOwnEpoch(m) ? known.fromMs : Infinity
  }

  #evidence(m: Machine): ReturnType<typeof evidenceOf> {
    const grantIsOpen = this.#grant !== null && m.peer.detector.alive
    return grantIsOpen ? null : evidenceOf(m)
  }

  #mayTakeOn(m: Machine, evidence: Evidence): boolean {
    if (this.#held !== 'no' || m.own.hostStalled) return false
    return mayTakeOn(m, evidence)
  }

  take(m: Machine): void {
    const known = this.#evidence(m)
    if (known === null || m.nowMs < this.takeAtMs(m)) return
    const active = m.promote(takeoverReason(m, known.evidence))
    if (active === null) return
    active.restsOnProof = known.evidence === 'crash'
    active.sole = known.evidence === 'goodbye' || active.restsOnProof
  }

  voiceHeard(m: Machine, lent: boolean): void {
    if (lent) this.take(m)
  }

  voiceWantedFromMs(m: Machine): number {
    if (this.#held !== 'no' || m.own.hostStalled || !m.epochs.isReadyForLoan()) return Infinity
    // An Active that is heard may be silent from now on.
    const { alive, listeningSinceMs } = m.peer.detector
    const mayFall = alive && listeningSinceMs !== Infinity && m.peer.word?.role === 'active'
    const known = mayFall ? ({ evidence: 'silence', fromMs: silentFromMs(m) } as const) : this.#evidence(m)
    return known !== null && mayTakeWithVoice(m, known.evidence) ? known.fromMs - voiceLeadMs(m) : Infinity
  }

  peerCrashed(m: Machine): void {
    this.take(m)
  }

  peerLeft(m: Machine): void {
    this.take(m)
  }

  contactLost(m: Machine): void {
    if (this.#held === 'deferring') this.#held = 'no'
    this.failGrantCommand(m)
    this.#grant = null
  }

  /** The process I granted the role to is gone, and its successor has to be granted it again. */
  peerRestarted(m: Machine): void {
    this.failGrantCommand(m)
    this.#grant = null
  }

  stored(m: Machine, wasReady: boolean): void {
    if (!wasReady && isReady(m) && m.peer.detector.alive) m.sender.announce(m, { probe: true })
  }

  // ------------------------------------------------------------------------------------------------------------ hearing

  hear(m: Machine, frame: Frame, trailer: Trailer): void {
    if (frame.state === 'active') return this.#hearActive(m, trailer)
    const grant = this.#grant
    if (grant !== null && trailer.flags.refusal && trailer.epoch >= grant.epoch && trailer.ack >= grant.firstSeq) {
      return this.#takeBack(m, trailer)
    }
    if (isGrant(frame)) return this.#considerGrant(m, frame, trailer)
    if (grant === null) this.#negotiate(m, frame, trailer)
  }

  hearGoodbye(m: Machine, frame: Frame, trailer: Trailer): void {
    if (isGrant(frame)) this.#considerGrant(m, frame, trailer)
  }

  #hearActive(m: Machine, trailer: Trailer): void {
    if (this.#grant !== null) {
      const commandId = this.#grant.commandId
      m.event('designate', 'peer-active', { epoch: trailer.epoch })
      this.#grant = null
      m.replyOk(commandId)
    }
    this.#held = 'no'
    this.#heldEpoch = 0
    if (this.name === 'initial') m.becomeStandby('peer-active')
    const wish = this.#wish
    if (wish !== null && trailer.flags.refusal && trailer.ack >= wish.firstSeq) {
      this.failWish(m, 'refused', trailer.reason)
    }
  }

  /** Neither is Active, both hear each other: the lower one grants the role to the higher one. */
  #negotiate(m: Machine, frame: Frame, trailer: Trailer): void {
    if (trailer.heardLinks === 0 || !m.peer.isTwoWay(m.nowMs)) return
    if (m.nowMs < othersUntilMs(m)) return
    // Where one of the two has no channel, nothing is known of the data of both.
    const compared = hasChannel(m) && trailer.flags.channel
    const peer: Candidate = {
      wanted: trailer.flags.wanted,
      ready: trailer.flags.ready,
      fit: trailer.fitness > 0,
      heldEpoch: trailer.flags.holder ? trailer.epoch : 0,
      position: compared ? { epoch: trailer.dataEpoch, number: trailer.dataNumber } : NOWHERE,
      role: frame.state,
      priority: trailer.priority,
      nodeId: trailer.nodeId
    }
    const mine = this.#candidate(m, compared)
    if (peer.ready && rank(mine, peer) < 0) {
      // Where its operator wants it, or this side is not fit, the older data wins.
      const isStaler = comparePositions(mine.position, peer.position) > 0
      if (isStaler) m.event('handover', 'data-behind', { because: 'negotiated' })
      this.grantRole(m, 'negotiated', null)
    }
  }

  #candidate(m: Machine, compared: boolean): Candidate {
    return {
      wanted: this.#wish !== null,
      // A write that is under way ends in a moment: nobody is ranked by it.
      ready: isReady(m) || (isWilling(m) && isDiskAnswering(m)),
      fit: m.own.isFit,
      heldEpoch: isHolder(m) ? this.#heldEpoch : 0,
      position: compared ? toldPosition(m) : NOWHERE,
      role: this.name,
      priority: m.settings.priority,
      nodeId: m.epochs.nodeId
    }
  }

  // ------------------------------------------------------------------------------------------------- the peer's grant

  #considerGrant(m: Machine, frame: Frame, trailer: Trailer): void {
    const epoch = trailer.epoch
    if (epoch > m.epochs.floor) {
      // A grant of mine that is still out is below the peer's numbers by now: it can never be taken.
      this.failGrantCommand(m)
      this.#grant = null
    }
    // What is refused, or was taken and lost again, is never taken later: the grantor may rely on that.
    if (epoch <= m.epochs.floor || m.own.hostStalled || this.#held === 'forced') {
      m.epochs.hear(epoch)
      m.sender.refuse('not-ready')
      return
    }
    // The grantor waits P after it heard me last; what it acknowledges tells me how much of that is left.
    const sentAtMs = m.peer.sessions.sentAtMs(trailer.ack)
    if (sentAtMs === null || trailer.heardLinks === 0 || m.nowMs < othersUntilMs(m)) return
    if (!isBacked(m, sentAtMs)) return
    m.epochs.reserve(epoch)
    // The grant is repeated until it is taken: nothing is kept for the time when the store has answered.
    if (!m.epochs.isReserved(epoch, rulesOf(m).goesOnInMemory)) return
    // A peer of ours gives no other reason; what another one gives is reported as it is.
    m.event('designate', trailer.reason as GrantReason, { epoch, to: 'self', id: frame.id })
    m.lease.extend(sentAtMs, m.peer.promisedMs)
    m.becomeActive(epoch, this.#wish?.reason ?? grantReason(trailer))
  }

  // ------------------------------------------------------------------------------------------------------ my own grant

  /** I do not serve, and from now on the peer may. Its epoch is above everything I know. */
  grantRole(m: Machine, reason: GrantReason, commandId: number | null, deadlineMs = m.nowMs + m.peer.commandMs): void {
    const epoch = m.epochs.nextForPeer()
    m.epochs.hear(epoch)
    this.#heldEpoch = 0
    this.#grant = { epoch, firstSeq: m.peer.sessions.lastSentSeq + 1, reason, commandId, deadlineMs }
    if (this.name !== 'standby') m.becomeStandby(reason)
    m.event('designate', reason, { epoch, to: 'peer' })
    m.sender.ask(m, {})
  }

  /** The peer saw my grant and promised never to use it: its refusal gives the role back. */
  #takeBack(m: Machine, trailer: Trailer): void {
    const commandId = this.#grant?.commandId ?? null
    this.#grant = null
    m.epochs.hear(trailer.epoch)
    m.event('handover', 'handover-aborted', { because: trailer.reason })
    const sentAtMs = m.peer.sessions.sentAtMs(trailer.ack)
    if (sentAtMs !== null && isReady(m) && isBacked(m, sentAtMs)) m.promote('handover-aborted')
    m.replyError(commandId, 'refused', trailer.reason)
  }

  /** Only a command waits for the grant to be taken; the grant itself stays out. */
  get grantCommandEndsMs(): number {
    const grant = this.#grant
    return grant !== null && grant.commandId !== null ? grant.deadlineMs : Infinity
  }

  failGrantCommand(m: Machine): void {
    const grant = this.#grant
    if (grant === null || grant.commandId === null) return
    this.#grant = { ...grant, commandId: null, deadlineMs: Infinity }
    m.event('handover', 'handover-aborted', { because: 'peer-silent' })
    m.replyError(grant.commandId, 'not-confirmed', '')
  }

  // ------------------------------------------------------------------------------------------------------------- wishes

  get wishEndsMs(): number {
    return this.#wish?.deadlineMs ?? Infinity
  }

  get forceAtMs(): number {
    return this.#wish?.forceAtMs ?? Infinity
  }

  failbackAtMs(m: Machine): number {
    if (this.name !== 'standby' || this.#wish !== null || !isReady(m) || isBehind(m)) return Infinity
    return m.failback.askAtMs(m.peer, m.sinceMs, m.own.fitness)
  }

  want(m: Machine, reason: EventReason<'handover'> & EventReason<'role'>, commandId: number | null): void {
    this.#wish = this.#wishFor(m, reason, commandId, Infinity)
    m.event('handover', reason, { phase: 'asking' })
    m.sender.ask(m)
  }

  #wishFor(m: Machine, reason: Wish['reason'], commandId: number | null, forceAtMs: number): Wish {
    return {
      reason,
      commandId,
      firstSeq: m.peer.sessions.lastSentSeq + 1,
      deadlineMs: (forceAtMs === Infinity ? m.nowMs : forceAtMs) + m.peer.commandMs,
      forceAtMs
    }
  }

  /** Where data would be waited for, the peer is asked not to. */
  #wantOf(m: Machine, commandId: number | null, force: boolean): void {
    this.want(m, force && followsData(m) ? 'operator-forced' : 'operator', commandId)
  }

  failWish(m: Machine, error: CommandError, detail: ReasonCode | ''): void {
    const wish = this.#wish
    this.#wish = null
    if (wish === null) return
    m.failback.failed(m.nowMs, m.peer.peerTimeoutMs)
    if (wish.commandId === null) m.event('handover', 'handover-aborted', { because: detail === '' ? error : detail })
    m.replyError(wish.commandId, error, detail)
  }

  takeForced(m: Machine): void {
    const wish = this.#wish
    if (wish === null) return
    // The peer is heard again meanwhile: it is asked, or, if it does not hear me, my right is bounded as by its acknowledgement.
    if (m.peer.online) {
      this.#wish = null
      return this.#wantOf(m, wish.commandId, true)
    }
    const alone = !m.peer.detector.alive
    const active = m.promote('operator-forced')
    if (active !== null) {
      active.sole = alone
      m.lease.untilMs = m.nowMs + leaseMs(m.peer.promisedMs)
    } else if (m.epochs.failed) this.failWish(m, 'refused', 'store-failed')
    else this.#wish = { ...wish, forceAtMs: m.nowMs + m.peer.retryMs }
  }

  // ------------------------------------------------------------------------------------------------------------ commands

  command(m: Machine, id: number, designate: Designation, force: boolean): void {
    if (designate === this.name) return m.replyOk(id)
    const busy = this.commandIds.some((open) => open !== null)
    if (busy) return m.replyError(id, 'busy', '')
    if (designate === 'standby') this.#standBy(m, id, force)
    else this.#askFor(m, id, force)
  }

  #askFor(m: Machine, id: number, force: boolean): void {
    if (m.peer.online) {
      this.#held = 'no'
      if (!m.own.isFit) return m.replyError(id, 'refused', 'not-ready')
      if (isBehind(m) && !force) return m.replyError(id, 'refused', 'not-synchronised')
      return this.#wantOf(m, id, force)
    }
    if (!force) return m.replyError(id, 'peer-offline', '')
    this.#held = 'no'
    this.#wish = this.#wishFor(m, 'operator-forced', id, forcedFromMs(m))
    if (m.nowMs >= this.forceAtMs) this.takeForced(m)
  }

  #standBy(m: Machine, id: number, force: boolean): void {
    if (!m.peer.online && !force) return m.replyError(id, 'peer-offline', '')
    const { word } = m.peer
    // Two that stand by for each other would do so for good.
    if (!force && word?.role === 'standby' && !word.ready) return m.replyError(id, 'refused', 'not-ready')
    this.#held = m.peer.online ? 'deferring' : 'forced'
    m.becomeStandby(m.peer.online ? 'operator' : 'operator-forced')
    m.replyOk(id)
    m.sender.announce(m)
  }
}

/** The way to the witness and its disk take some ms: the voice may be there when the evidence is complete, and waits so long without being used. */
function voiceLeadMs(m: Machine): number {
  return Math.min(VOICE_LEAD_MS_MAX, m.peer.heartbeatMs / 5)
}

/** Why the receiver of a grant becomes Active, in its own words. */
function grantReason(trailer: Trailer): EventReason<'role'> {
  if (trailer.flags.goodbye) return leftReason(trailer)
  switch (trailer.reason) {
    case 'negotiated':
    case 'failback':
    case 'less-fit':
    case 'host-stalled':
      return trailer.reason
    default:
      return 'designated'
  }
}
