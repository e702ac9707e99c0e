/** What lasts as long as a role is held: it is made new with each change of role. */
import type { EventReason } from '../events'
import type { Classic } from './parts'
import { BY_ORDER } from './speaker'

/** Two Actives: rounds (heartbeats) of Negotiate, then of Designate, before this side yields to a peer that heeds neither. */
const NEGOTIATE_ROUNDS = 3
const CONFLICT_ROUNDS = 6

interface Conflict {
  rounds: number
  /** The peer was heard as Active since the last round. */
  heard: boolean
  reasserted: boolean
}

export class Term {
  /** The last comparison of tokens that was told. */
  #negotiation = ''
  #conflict: Conflict | null = null
  /** Active again after a stall in which the peer may have taken over: does not serve yet. */
  #paused: { readonly sinceMs: number; readonly untilMs: number } | null = null

  // --- Negotiation ---

  tellNegotiation(m: Classic, outcome: 'larger' | 'smaller' | 'equal', value: number): void {
    const { token } = m.speaker
    const negotiation = `${outcome} ${token} ${value}`
    if (negotiation === this.#negotiation) return
    m.event('negotiate', 'peer-heard', { outcome, token, peerToken: value })
    this.#negotiation = negotiation
  }

  // --- Pauses ---

  get isPaused(): boolean {
    return this.#paused !== null
  }

  pause(m: Classic, reason: EventReason<'paused'>, ms: number): void {
    const wasServing = this.#paused === null
    this.#paused = { sinceMs: m.nowMs, untilMs: m.nowMs + m.settings.peerTimeoutMs }
    m.beatAt(m.nowMs)
    if (wasServing) m.event('paused', reason, { ms })
  }

  /** Never while another Active is heard: the conflict ends first, in a bounded number of heartbeats. */
  get pauseEndsAtMs(): number {
    return this.#paused === null || this.#conflict !== null ? Infinity : this.#paused.untilMs
  }

  /** An answer to something that was said after the pause began. */
  isRevalidatedBy(sentAtMs: number): boolean {
    return this.#paused !== null && sentAtMs >= this.#paused.sinceMs
  }

  resume(m: Classic, reason: EventReason<'resumed'>): void {
    this.#paused = null
    m.event('resumed', reason, {})
  }

  // --- Two Actives ---

  get inConflict(): boolean {
    return this.#conflict !== null
  }

  endConflict(): void {
    this.#conflict = null
  }

  #openConflict(m: Classic): Conflict {
    if (this.#conflict === null) {
      this.#conflict = { rounds: 0, heard: true, reasserted: false }
      m.event('conflict', 'peer-active', { token: m.speaker.token })
    }
    this.#conflict.heard = true
    return this.#conflict
  }

  contest(m: Classic): void {
    const isNew = this.#conflict === null
    this.#openConflict(m)
    if (isNew) m.speaker.negotiateAgain(m)
  }

  arbitrate(m: Classic, value: number): void {
    const conflict = this.#openConflict(m)
    if (m.speaker.token > value) return this.#reassert(m, conflict, m.speaker.token)
    if (m.speaker.token === value) m.speaker.drawToken()
    m.speaker.negotiateAgain(m)
  }

  #reassert(m: Classic, conflict: Conflict, value: number): void {
    if (!conflict.reasserted) {
      conflict.reasserted = true
      m.takeEpoch()
      m.event('reasserted', 'larger-token', { epoch: m.epoch, token: m.speaker.token })
    }
    if (m.speaker.mayAnswer()) m.speaker.designate(m, value)
  }

  defer(m: Classic, value: number): void {
    const mine = m.speaker.receipts.awaitedDesignate()
    if (mine !== null && mine.value > value) return this.#reassert(m, this.#openConflict(m), mine.value)
    if (mine !== null && mine.value === value) {
      this.#openConflict(m)
      m.speaker.drawToken()
      return m.speaker.negotiateAgain(m)
    }
    if (value === BY_ORDER) return m.becomeStandby('designated')
    this.#openConflict(m)
    this.#yield(m, 'larger-token')
  }

  #yield(m: Classic, reason: EventReason<'yielded'> & EventReason<'role'>): void {
    m.event('yielded', reason, { epoch: m.epoch, token: m.speaker.token })
    m.becomeStandby(reason)
  }

  /** One round per heartbeat in which the peer was heard as Active. A peer that heeds nothing has its way. */
  pressConflict(m: Classic): void {
    const conflict = this.#conflict
    if (conflict === null) return
    if (!conflict.heard) {
      if (m.nowMs - (m.peer?.heardAtMs ?? -Infinity) >= m.settings.peerTimeoutMs) this.#conflict = null
      return
    }
    conflict.heard = false
    conflict.rounds += 1
    if (conflict.rounds > CONFLICT_ROUNDS) this.#yield(m, 'peer-active')
    else if (conflict.rounds > NEGOTIATE_ROUNDS) m.speaker.designate(m, m.speaker.token)
    else m.speaker.say(m, 'negotiate')
  }
}
