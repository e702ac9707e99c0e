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
