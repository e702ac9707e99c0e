/**
 * What a side has of its witness, under the policy that asks for one: when it asks, on which witness the two sides have agreed, and the
 * voice itself (`voice.ts`). It asks all the time, also while the peer backs it: the voice is there before it is needed.
 *
 * A witness counts once both sides, in contact, have it on disk and nothing else: a side first lets go of any other one, puts the new one
 * on disk, and says so to the new one; that tells it of the other side. What the other side said before this one let go is no word of
 * now: it may count another one since. So no side counts a witness while the other one may still count another.
 */
import type { Answer } from '../wire/witness-frame'
import type { Machine } from './role'
import { rulesOf } from './context'
import { CLOCK_DRIFT, leaseMs } from './lease'
import { Voice, type Heard } from './voice'

/** How often a side asks in the time of a lease. */
const ASKS = {
  /** A Standby that hears its Active: to be known to the witness as going by it, which a newcomer has to hear before that may have a loan. */
  standby: 1.5,
  /** While it is not heard, or not agreed on, and while neither side is known to have the role, or the loan. */
  unsettled: 8
} as const
/** A Standby whose Active has the loan only wants to know that the witness answers: so many leases apart, of long ones fewer. */
const IDLE = { leasesMin: 2, leasesMax: 5, ms: 5000 } as const
/** An ask that is not answered is sent again, so often in the time that is left of a loan: eleven of them may be lost in a row. */
const ASKS_LEFT = 12
/** A loan is renewed when a fifth of its lease is left; of a short one up to a half, for what a stall or a slow way takes. */
const LEFT = { share: 1 / 5, shareMax: 1 / 2, msMin: 100 } as const
/** Asks while the voice is wanted for a takeover, in a heartbeat. */
const URGENT_ASKS = 10
const ASK_MS_MIN = 2
/** A side that leaves says that it releases its loan; nobody waits for the answer. */
const FAREWELLS_MAX = 3

export class ThirdVoice {
  voice: Voice
  /** Null = not yet. */
  #askedAtMs: number | null = null
  /** Since when an ask has not been answered; Infinity = the newest one was. */
  #unansweredSinceMs = Infinity
  /** The witness that is heard, and since when it is the only one. */
  #heardId: bigint | null = null
  #heardSinceMs = Infinity
  /** Since when this side goes by the one that it goes by. */
  #wentOverAtMs = -Infinity
  /** Agreed on, and not told yet. */
  #agreedOn: bigint | null = null
  #farewells = 0
  #online = false

  constructor(session: bigint) {
    this.voice = new Voice(session)
  }

  /** It was heard lately. */
  get online(): boolean {
    return this.#online
  }

  /** This side begins again as a new one. */
  forget(session: bigint): void {
    this.voice = new Voice(session)
    this.#askedAtMs = null
    this.#unansweredSinceMs = Infinity
  }

  /** When it is asked next; Infinity = there is none. */
  askAtMs(m: Machine): number {
    if (!rulesOf(m).asksWitness || !m.started) return Infinity
    const { heartbeatMs } = m.peer
    const askedAtMs = this.#askedAtMs
    const leaves = m.role.kind === 'leaving'
    if (leaves && !(this.voice.releasing && this.#farewells < FAREWELLS_MAX)) return Infinity
    // At once; a deadline is a time on the clock.
    if (askedAtMs === null) return m.nowMs
    if (this.voice.releasing) return askedAtMs + heartbeatMs / 4
    return Math.min(this.#regularAtMs(m, askedAtMs), this.#wantedAtMs(m, askedAtMs))
  }

  #regularAtMs(m: Machine, askedAtMs: number): number {
    const { voice } = this
    const lasts = leaseMs(m.peer.peerTimeoutMs)
    const unsettledMs = askedAtMs + lasts / ASKS.unsettled
    if (!this.#online || !this.#counts(m)) return unsettledMs
    const leftMs = Math.min(lasts * LEFT.shareMax, Math.max(lasts * LEFT.share, LEFT.msMin))
    const missingMs = askedAtMs + Math.max(ASK_MS_MIN, leftMs / ASKS_LEFT)
    if (m.role.kind === 'active') {
      if (voice.renewedSentAtMs === -Infinity) return unsettledMs
      // What was heard before a pause does not end it.
      return m.role.isServing ? Math.max(missingMs, voice.renewedSentAtMs + lasts - leftMs) : missingMs
    }
    if (!m.peer.isHeardActive) return unsettledMs
    const idleMs = Math.min(lasts * IDLE.leasesMax, Math.max(lasts * IDLE.leasesMin, IDLE.ms))
    return Math.max(missingMs, voice.answeredSentAtMs + (voice.otherHolder === 0n ? lasts / ASKS.standby : idleMs))
  }

  /** It is wanted to take the role. */
  #wantedAtMs(m: Machine, askedAtMs: number): number {
    const fromMs = this.#counts(m) ? m.role.voiceWantedFromMs(m) : Infinity
    if (fromMs === Infinity) return Infinity
    const { heartbeatMs, peerTimeoutMs } = m.peer
    const freeFromMs = this.voice.freeFromMs(peerTimeoutMs)
    // Asked before, it would say no: that it is free is not to wait for the next of many asks.
    if (freeFromMs > askedAtMs) {
      const atMs = Math.max(freeFromMs, askedAtMs + ASK_MS_MIN)
      return Math.max(fromMs, Math.min(atMs, askedAtMs + heartbeatMs))
    }
    const silent = askedAtMs >= Math.max(fromMs, this.voice.heardAtMs) + peerTimeoutMs
    const urgentMs = Math.max(ASK_MS_MIN, heartbeatMs / URGENT_ASKS)
    return Math.max(fromMs, askedAtMs + (silent ? heartbeatMs : urgentMs))
  }

  ask(m: Machine): void {
    if (m.role.kind === 'leaving') this.#farewells += 1
    this.#askedAtMs = m.nowMs
    if (this.#unansweredSinceMs === Infinity) this.#unansweredSinceMs = m.nowMs
    const ask = this.voice.ask(m.nowMs, {
      role: m.role.name,
      nodeId: m.epochs.nodeId,
      epoch: m.epochs.floor,
      promiseMs: m.peer.peerTimeoutMs,
      wants: this.#counts(m) && (m.role.kind === 'active' || m.nowMs >= m.role.voiceWantedFromMs(m)),
      states: this.#heardId !== null && m.epochs.statedWitness === this.#heardId
    })
    m.ask(ask)
  }

  hear(m: Machine, answer: Answer): Heard {
    const counted = m.epochs.countedWitness === answer.witnessId
    const heard = this.voice.hear(m.nowMs, answer, counted)
    if (heard !== 'heard') return heard
    if (counted) m.epochs.hearLoan(answer.loan)
    this.#unansweredSinceMs = Infinity
    if (this.#heardId !== answer.witnessId) {
      if (this.#heardId !== null) m.event('witness', 'witness-changed', {})
      this.#heardId = answer.witnessId
      this.#heardSinceMs = m.nowMs
    }
    this.#agree(m)
    return heard
  }

  /** At the end of each step. */
  settle(m: Machine): void {
    if (!rulesOf(m).asksWitness) return
    this.#tellAgreed(m)
    // Nobody keeps it but who serves, or is about to: what it is wanted for is complete in a moment.
    if (m.role.kind !== 'active' && m.nowMs < m.role.voiceWantedFromMs(m)) this.voice.release()
    const online = m.nowMs < this.#silentFromMs(m)
    if (online === this.#online) return
    this.#online = online
    m.event('witness', online ? 'witness-heard' : 'witness-lost', {})
  }

  /** What both have agreed on counts once it is on disk: then people hear of it. */
  #tellAgreed(m: Machine): void {
    if (this.#agreedOn === null || m.epochs.countedWitness !== this.#agreedOn) return
    this.#agreedOn = null
    m.event('witness', 'witness-agreed', {})
  }

  /** When `settle` finds that it is not heard any more. */
  lostAtMs(m: Machine): number {
    return this.#online ? this.#silentFromMs(m) : Infinity
  }

  /** Nobody is silent who was not asked, nor for as long as this side did not run. */
  #silentFromMs({ peer }: Machine): number {
    const { heartbeatMs, peerTimeoutMs } = peer
    const silentMs = this.voice.heardAtMs + Math.max(peerTimeoutMs, 2 * heartbeatMs)
    return silentMs === -Infinity ? silentMs : Math.max(silentMs, this.#unansweredSinceMs + peerTimeoutMs / 2)
  }

  /** The witness that is heard is the one that both sides have agreed on. */
  #counts(m: Machine): boolean {
    return this.#heardId !== null && m.epochs.countedWitness === this.#heardId
  }

  #agree(m: Machine): void {
    const id = this.#heardId
    if (id === null || !m.peer.online || m.role.kind === 'leaving') return
    const { epochs, peer } = m
    if (epochs.witnessId !== id) {
      // Another one, for long enough not to be a name with two addresses; and the peer backs who serves meanwhile.
      if (epochs.witnessId !== null && m.nowMs < this.#heardSinceMs + peer.peerTimeoutMs) return
      this.voice.giveUp()
      this.#wentOverAtMs = m.nowMs
      return epochs.setWitness(id, false)
    }
    if (epochs.countedWitness === id || epochs.statedWitness !== id) return
    if (this.voice.stating !== peer.sessions.peer?.session) return
    // The witness says so of what is less than a promise old.
    const sinceMs = Math.max(this.#wentOverAtMs, m.own.startedAtMs)
    if (this.voice.answeredSentAtMs <= sinceMs + peer.peerTimeoutMs * (1 + 2 * CLOCK_DRIFT)) return
    epochs.setWitness(id, true)
    this.#agreedOn = id
  }
}
