/**
 * Proof that the peer's process has crashed: three facts that fail apart (docs/concepts/SAFETY.md names who could fake each).
 *
 *   1. the tether of the living sessions, open and proven by both sides, ended with a FIN and without farewell: the peer's
 *      kernel closed it, or something on the path that ends connections;
 *   2. a dial that was begun after that FIN had been read is refused: no process listens there any more;
 *   3. probes that were sent after that FIN stay unanswered for a quiet time, on every link on which the peer was heard.
 *
 * Any frame of the session starts the quiet time again. One that acknowledges what was sent after the FIN voids that end for good:
 * the peer lived when the tether had ended already. Each end is asked about once. Silence never ends a tether, and its other ends
 * (reset, alert, time-out, farewell) mean nothing.
 */

/** ms without an answer; see `quietMs`. */
const QUIET_MS = 20
/** Of a heartbeat, if that is less. */
const QUIET_SHARE = 1 / 2
/** Probes in a quiet time: one that is lost must not prove anything. */
const PROBES = 5
/** So many have to have gone out in the quiet time itself, whatever delayed them: where nothing is asked, silence proves nothing. */
const PROBES_MIN = 3
const PROBE_EVERY_MS_MIN = 1
/** For one end; after that the peer is asked as any suspect is. */
const PROBES_MAX = 50

interface Asking {
  readonly id: number
  readonly sinceMs: number
  /** The first number of mine that was sent after the FIN had been read. */
  readonly firstSeq: number
  refused: boolean
  quietSinceMs: number
  probedAtMs: number
  probes: number
  /** Of them, in the present quiet time. */
  unanswered: number
}

/**
 * How long silence has to last: 20 ms, or half a heartbeat if that is less, but never less than two round trips. Whatever was measured in a bad minute, a proof
 * has to be possible before the peer counts as lost.
 */
export function quietMs(heartbeatMs: number, roundTripMs: number, peerTimeoutMs: number): number {
  return Math.max(Math.min(QUIET_MS, heartbeatMs * QUIET_SHARE), Math.min(2 * roundTripMs, peerTimeoutMs / 4))
}

export class CrashProof {
  /** Of the living sessions; null = none is up. */
  #tether: { readonly id: number; readonly provable: boolean } | null = null
  #asking: Asking | null = null

  /** A tether is up. Null = none. */
  get provable(): boolean | null {
    return this.#tether?.provable ?? null
  }

  /** Since when it is being found out; Infinity = nothing is being asked. */
  get askedSinceMs(): number {
    return this.#asking?.sinceMs ?? Infinity
  }

  /** The first number of mine that the peer can only have heard after its tether had ended; null = nothing is being asked. */
  get firstSeq(): number | null {
    return this.#asking?.firstSeq ?? null
  }

  /** A tether of the living sessions. Nothing is asked about one that a new one has replaced. */
  up(id: number, provable: boolean): void {
    this.#tether = { id, provable }
    this.#asking = null
  }

  /** Other sessions, a goodbye: what was known of the tether is void. */
  forget(): void {
    this.#tether = null
    this.#asking = null
  }

  /** Returns whether the peer is to be asked now. `firstSeq`: the number of the next frame. */
  ended(nowMs: number, id: number, fin: boolean, firstSeq: number): boolean {
    const tether = this.#tether
    if (tether?.id !== id) return false
    this.#tether = null
    if (!fin || !tether.provable) return false
    this.#asking = {
      id,
      sinceMs: nowMs,
      firstSeq,
      refused: false,
      quietSinceMs: nowMs,
      probedAtMs: -Infinity,
      probes: 0,
      unanswered: 0
    }
    return true
  }

  redialled(id: number, refused: boolean): void {
    if (this.#asking?.id !== id) return
    if (refused) this.#asking.refused = true
    else this.#asking = null
  }

  /** A frame of the session with a new number came in. */
  heard(nowMs: number, ack: number): void {
    if (this.#asking === null) return
    if (ack >= this.#asking.firstSeq) this.#asking = null
    else this.disturbed(nowMs)
  }

  /** This side did not run, or something did not go out: that was no silence of the peer. */
  disturbed(nowMs: number): void {
    if (this.#asking === null) return
    this.#asking.quietSinceMs = nowMs
    this.#asking.unanswered = 0
  }

  probed(nowMs: number): void {
    if (this.#asking === null) return
    this.#asking.probedAtMs = nowMs
    this.#asking.probes += 1
    this.#asking.unanswered += 1
  }

  nextProbeAtMs(quietForMs: number): number {
    if (this.#asking === null || this.#asking.probes >= PROBES_MAX) return Infinity
    return this.#asking.probedAtMs + Math.max(PROBE_EVERY_MS_MIN, quietForMs / PROBES)
  }

  /** When the proof is complete, unless something is heard before; Infinity = a fact is missing. */
  completeAtMs(quietForMs: number): number {
    const asking = this.#asking
    if (asking?.refused !== true || asking.unanswered < PROBES_MIN) return Infinity
    return asking.quietSinceMs + quietForMs
  }

  /** The peer is lost or proven to have crashed, or this side slept: this end is not asked about again. A tether stays up. */
  drop(): void {
    this.#asking = null
  }
}
