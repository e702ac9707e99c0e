/** Being Active: serving, under a lease or alone, until somebody else has the role or this side has to stop. */
import type { ReasonCode } from '../reasons'
import type { Frame, Trailer } from '../wire/frame'
import type { MachineDetails } from '../events'
import type { Designation, Role } from '../machine'
import { hasOwnEpoch, isUnderLease, leaseUntilMs } from './context'
import { winsConflict } from './policy'
import type { Machine, RoleObject, Serving } from './role'
import { isBarred, mayUseProof } from './takeover'

/** A handover that waits for the peer's fresh readiness; I still serve. */
interface Handover {
  readonly reason: ReasonCode
  readonly commandId: number | null
  readonly firstSeq: number
  readonly deadlineMs: number
}

export class Active implements RoleObject, Serving {
  readonly kind = 'active'
  name: Role = 'active'
  #epoch: number
  /** I stay Active, but with a newer epoch, as soon as there is one. */
  #reassertDue: ReasonCode | null = null
  sole = false
  /** The role, or the right to serve without a lease, rests on a proof of a crash. */
  restsOnProof = false
  /** Serving waits for proof that the peer did not take over while I was away; since when, or null. */
  #pausedAtMs: number | null = null
  #pausedSeq = 0
  /** The peer that is heard as Active too, and its epoch. */
  #conflict = ''
  #handover: Handover | null = null
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
    return this.#pausedAtMs === null
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
    return this.#handover?.commandId ?? null
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

  peerRestarted(): void {
    this.restsOnProof = false
  }

  hearGoodbye(): void {}

  peerLeft(m: Machine, trailer: Trailer): void {
    this.sole = true
    if (trailer.epoch > this.#epoch) this.#reassert(m, 'peer-behind')
  }

  contactLost(m: Machine): void {
    if (this.#handover !== null) this.abortHandover(m, 'peer-silent')
  }

  // --------------------------------------------------------------------------------------------------- pauses and epochs

  pause(m: Machine, reason: ReasonCode, ms: number): void {
    if (this.#pausedAtMs === null) m.event('paused', reason, { ms: Math.round(ms) })
    this.#pausedAtMs = m.nowMs
    this.#pausedSeq = m.peer.sessions.lastSentSeq + 1
    m.sender.announce(m, { probe: true })
  }

  resume(m: Machine, reason: ReasonCode): void {
    this.#pausedAtMs = null
    m.event('resumed', reason, { epoch: this.#epoch })
  }

  /** Without a lease, a peer that stays silent for its whole takeover delay does not keep me from serving. */
  pausedUntilMs(m: Machine): number {
    if (this.#pausedAtMs === null) return Infinity
    if (m.peer.isTwoWay(m.nowMs)) return Infinity
    return Math.max(this.#pausedAtMs, m.peer.detector.listeningSinceMs) + m.peer.peerTimeoutMs
  }

  /** Stays Active with a newer epoch than any the peer knows. */
  #reassert(m: Machine, reason: ReasonCode): void {
    // Without a number on disk it is due when the store has answered.
    this.#reassertDue = hasOwnEpoch(m) ? null : reason
    if (this.#reassertDue !== null) return
    const epoch = m.epochs.nextOwn()
    m.epochs.use(epoch)
    this.#epoch = epoch
    m.event('reasserted', reason, { epoch })
    m.sender.announce(m)
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
      m.failback.held = this.#handover.reason === 'operator'
      // Half of a command's time is for the peer's readiness, the rest for its confirmation; a peer that is lost comes first.
      const deadlineMs = this.#handover.deadlineMs + m.peer.commandMs / 2 + m.peer.heartbeatMs
      this.#stepDown(m, this.#handover.reason, this.#handover.commandId, deadlineMs)
    } else if (trailer.flags.wanted) this.#hearWish(m, trailer)
    else this.considerFitness(m)
  }

  #resolveConflict(m: Machine, trailer: Trailer): void {
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
    if (this.#handover !== null || sentAtMs === null || m.nowMs - sentAtMs > m.peer.confirmMs) return
    const failback = trailer.reason === 'failback'
    if (failback && m.nowMs < m.sinceMs + m.failback.waitMs(m.peer.peerTimeoutMs)) {
      m.sender.refuse('damped')
      return
    }
    if (failback) m.failback.gaveBackAtMs = m.nowMs
    m.failback.held = !failback
    this.#stepDown(m, failback ? 'failback' : 'designated', null)
  }

  // ----------------------------------------------------------------------------------------------------------- handover

  #startHandover(m: Machine, reason: ReasonCode, commandId: number | null): void {
    this.#handover = {
      reason,
      commandId,
      firstSeq: m.peer.sessions.lastSentSeq + 1,
      deadlineMs: m.nowMs + m.peer.commandMs / 2
    }
    m.event('handover', reason, { phase: 'asking' })
    m.sender.ask(m)
  }

  get handoverEndsMs(): number {
    return this.#handover?.deadlineMs ?? Infinity
  }

  #stepDown(m: Machine, reason: ReasonCode, commandId: number | null, deadlineMs?: number): void {
    this.#handover = null
    m.becomeStandby(reason).grantRole(m, reason, commandId, deadlineMs)
  }

  abortHandover(m: Machine, because: ReasonCode): void {
    const handover = this.#handover
    this.#handover = null
    if (handover === null) return
    this.#lessFitSinceMs = m.nowMs
    m.event('handover', 'handover-aborted', { because })
    m.replyError(handover.commandId, because === 'not-ready' ? 'not-confirmed' : 'peer-offline', because)
  }

  considerFitness(m: Machine): void {
    const { word, online } = m.peer
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
    this.#startHandover(m, m.own.hostStalled ? 'host-stalled' : 'less-fit', null)
  }

  command(m: Machine, id: number, designate: Designation, force: boolean): void {
    if (designate === 'active') {
      // The operator's word stands in for the proof that the other side did not take over meanwhile.
      if (force && this.#pausedAtMs !== null) this.resume(m, 'operator-forced')
      return m.replyOk(id)
    }
    if (this.#handover !== null) return m.replyError(id, 'busy', '')
    if (m.peer.online) return this.#startHandover(m, 'operator', id)
    if (!force) return m.replyError(id, 'peer-offline', '')
    m.becomeStandby('operator-forced', 'forced')
    m.replyOk(id)
    m.sender.announce(m)
  }
}

function tellConflict(m: Machine, detail: MachineDetails['conflict']): void {
  m.event('conflict', 'peer-active', detail)
}
