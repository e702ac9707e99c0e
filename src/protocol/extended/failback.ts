/**
 * Fail-back: the side with the higher priority, as a Standby, asks for the role when the peer has held it for a while. Who gives it
 * back and has to take it again soon after waits longer the next time, so that a peer that fails again and again is left alone.
 */
import type { ReasonCode } from '../reasons'
import type { PairSettings } from '../settings'
import type { Peer } from './peer'

/** A fail-back that holds for this many delays has worked. */
const FAILBACK_LASTS = 10
const FAILBACK_DAMPING_MAX = 64

export class Failback {
  readonly #settings: PairSettings
  /** An operator moved the role: no fail-back until the peer was away. */
  held = false
  /** When I gave the role back, and by how much the next fail-back waits longer for each time that it did not last. */
  gaveBackAtMs = -Infinity
  #damping = 1
  #notBeforeMs = -Infinity

  constructor(settings: PairSettings) {
    this.#settings = settings
  }

  /** When a Standby asks for the role; Infinity = it does not. */
  askAtMs(peer: Peer, standbySinceMs: number, fitness: number): number {
    const word = peer.word
    if (!this.#settings.failback || !peer.online) return Infinity
    if (word?.role !== 'active' || word.priority >= this.#settings.priority) return Infinity
    if (this.held || fitness < word.fitness) return Infinity
    const stableSinceMs = Math.max(peer.onlineSinceMs, standbySinceMs)
    return Math.max(stableSinceMs + this.#settings.failbackDelayMs, this.#notBeforeMs)
  }

  /** A wish for the role was not met. */
  failed(nowMs: number, peerTimeoutMs: number): void {
    this.#notBeforeMs = nowMs + this.#paceMs(peerTimeoutMs)
  }

  /** A peer that fails soon after it took its role back has to wait longer the next time. */
  damp(nowMs: number, peerTimeoutMs: number, reason: ReasonCode): void {
    if (reason !== 'lost-connection' && reason !== 'peer-crashed') return
    const lastedMs = nowMs - this.gaveBackAtMs
    const short = lastedMs < FAILBACK_LASTS * this.#paceMs(peerTimeoutMs) * this.#damping
    this.#damping = short ? Math.min(FAILBACK_DAMPING_MAX, this.#damping * 2) : 1
  }

  /** How long I stay Active before I give the role back; the peer's own setting is the least. */
  waitMs(peerTimeoutMs: number): number {
    return this.#damping === 1 ? 0 : this.#paceMs(peerTimeoutMs) * this.#damping
  }

  /** Anyone who set no delay is still not asked, or made to wait, by less than a takeover delay. */
  #paceMs(peerTimeoutMs: number): number {
    return Math.max(this.#settings.failbackDelayMs, peerTimeoutMs)
  }
}
