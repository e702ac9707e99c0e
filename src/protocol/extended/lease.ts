/**
 * Lease arithmetic without clock synchronisation (Gray & Cheriton, "Leases", SOSP 1989, with bounded clock drift).
 *
 * The peer promises: "I do not take the role before P of MY clock has passed since I received a frame that I
 * acknowledged." The holder may therefore act until L of ITS clock has passed since it SENT that frame, as long as
 *
 *     P >= (1 + r) * (L / (1 - r) + s)
 *
 * for clock rates within 1 +- r of true time and a slack s (true time) from the gate's decision to the effect.
 */

/** Each clock runs within 1 +- this of true time; two clocks may thus be 10 % apart. */
export const CLOCK_DRIFT = 0.05

/** Share of P that is kept for the way from the gate's decision to the effect. */
export const SLACK_SHARE = 0.02

/** ms of right to serve, counted from the send time of the acknowledged frame. `promisedMs` is the peer's P. */
export function leaseMs(promisedMs: number): number {
  const slackMs = promisedMs * SLACK_SHARE
  return (promisedMs / (1 + CLOCK_DRIFT) - slackMs) * (1 - CLOCK_DRIFT)
}

/**
 * ms for which a gate trusts an engine that gave no sign of life: the peer may take over P after it last heard us,
 * and the engine sent its last frame at most one heartbeat before its last sign of life.
 */
export function freshForMs(promisedMs: number, heartbeatMs: number): number {
  return (promisedMs * (1 - CLOCK_DRIFT)) / (1 + CLOCK_DRIFT) - heartbeatMs
}

/** The right to serve that the peer's promise gives, counted from the send times of what it acknowledged. Nothing moves it to later. */
export class Lease {
  untilMs = -Infinity
  /** It stands on an acknowledgement of the peer's present session. */
  isOfThisSession = false
  /**
   * Until then a peer that crashes has on disk that I was online, and does not act alone when it comes back: counted like a lease,
   * from the send time of what it acknowledged in a frame that said so. A proof of its crash is of use for so long.
   */
  proofUntilMs = -Infinity

  extend(sentAtMs: number, promisedMs: number): void {
    this.untilMs = Math.max(this.untilMs, sentAtMs + leaseMs(promisedMs))
  }

  /** The peer, as my partner, acknowledged what I sent then. */
  renew(sentAtMs: number, promisedMs: number): void {
    // A restarted peer may promise less than before; what it promised earlier it keeps by waiting after its start.
    if (!this.isOfThisSession) this.untilMs = -Infinity
    this.isOfThisSession = true
    this.extend(sentAtMs, promisedMs)
  }

  openProofWindow(sentAtMs: number, promisedMs: number): void {
    this.proofUntilMs = Math.max(this.proofUntilMs, sentAtMs + leaseMs(promisedMs))
  }

  /** It was counted on a clock that stood still. */
  suspended(ms: number): void {
    this.untilMs -= ms
    this.proofUntilMs -= ms
  }

  /** Another session of the peer. */
  peerRestarted(): void {
    this.isOfThisSession = false
    this.proofUntilMs = -Infinity
  }

  /** This side begins again as a new one. */
  forget(): void {
    this.untilMs = -Infinity
    this.proofUntilMs = -Infinity
  }
}
