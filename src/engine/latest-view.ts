/**
 * What is kept of a machine's latest view: in the shared cell for the gates, and here for the engine's pace. The view itself is not kept:
 * what outlives its step has to be collected from the old generation.
 */
import type { MachineView, Role } from '../protocol/machine'
import type { PairCell } from './cells'

/** With a heartbeat up to this each ms after an overdue one counts, else only the last before the peer counts as lost. */
const SHARP_HEARTBEAT_MS_MAX = 20
const SHARP_MS = 1

export class LatestView {
  /** Null before the first step. */
  role: Role | null = null
  session = 0n
  peerSession = 0n

  readonly #cell: PairCell
  /** Of silence of an online peer, from which each ms counts. */
  readonly #sharpAfterMs: number
  #serving = false
  #online = false
  #asking = false
  #heardAtMs = -Infinity
  #freshForMs = Infinity

  constructor(cell: PairCell, heartbeatMs: number, peerTimeoutMs: number) {
    this.#cell = cell
    this.#sharpAfterMs = heartbeatMs <= SHARP_HEARTBEAT_MS_MAX ? heartbeatMs * 1.1 : peerTimeoutMs - SHARP_MS
  }

  /** Returns whether `freshForMs` may have changed. */
  take(view: MachineView): boolean {
    const { role, serving, online, asking, epoch, leaseUntilMs, freshForMs, peer, session, peerSession, witness } = view
    const heardAtMs = peer !== null && peer.heardAtMs > 0 ? peer.heardAtMs : null
    const roundTripMs = peer?.roundTripMs ?? null
    const witnessHeardAtMs = witness !== null && witness.heardAtMs > 0 ? witness.heardAtMs : null
    this.#cell.write({ role, serving, epoch, leaseUntilMs, freshForMs, heardAtMs, roundTripMs, witnessHeardAtMs })
    const changed = this.#freshForMs !== freshForMs || this.#serving !== serving
    this.role = role
    this.#serving = serving
    this.#online = online
    this.#asking = asking
    this.#heardAtMs = peer?.heardAtMs ?? -Infinity
    this.#freshForMs = freshForMs
    // The same number is not kept again: it would outlive its step.
    if (session !== this.session) this.session = session
    if (peerSession !== this.peerSession) this.peerSession = peerSession
    return changed
  }

  /** ms that a gate trusts the engine's last sign of life; Infinity where nobody serves. */
  get freshForMs(): number {
    return this.#serving ? this.#freshForMs : Infinity
  }

  /**
   * The ms to which timers are rounded up counts, with the next one at `dueMs`: whether the peer has crashed is being found out, or one that
   * was online is about to count as lost or, where heartbeats are as short as that, one is overdue. Over as soon as it is heard or
   * lost: less than `peerTimeout`.
   */
  isSharp(dueMs: number): boolean {
    return this.#online && (this.#asking || dueMs > this.#heardAtMs + this.#sharpAfterMs)
  }
}
