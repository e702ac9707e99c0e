/**
 * Partners: each side counts the other one in its frames, or does not. Who counts its peer has bounded its own right to serve before;
 * who is counted, and acknowledges, backs the other one's lease by its promise to wait.
 */
import type { Trailer } from '../wire/frame'
import { isUnderLease, rulesOf, type Context } from './context'
import { leaseMs } from './lease'

/**
 * Whether a frame may count the peer as my partner. Under `preferred` one that came back may take the role P after such a frame, even if
 * I never hear that it got it: so first of all my right is bounded, by L from the sending.
 */
export function countsPartner(m: Context): boolean {
  if (!m.peer.detector.alive) return false
  if (!canBack(m)) return false
  if (!rulesOf(m).neverBoth) return true
  const boundMs = m.nowMs + leaseMs(m.peer.promisedMs)
  if (m.role.sole) {
    if (isUnderLease(m) && !hasSettled(m)) return false
    m.role.sole = false
    m.lease.untilMs = boundMs
  } else if (!m.lease.isOfThisSession) m.lease.untilMs = Math.min(m.lease.untilMs, boundMs)
  return true
}

/**
 * What is on disk allows to acknowledge as a partner: the peer's parity, so that its numbers cannot collide after a restart. Under a witness a backed side
 * may serve on a number that only this side has heard of: the next one has to be above it after a restart too.
 */
export function canBack(m: Context): boolean {
  const { goesOnInMemory, asksWitness } = rulesOf(m)
  if (!m.epochs.hasMet && !(m.epochs.failed && goesOnInMemory)) return false
  return !asksWitness || m.epochs.isFloorOnDisk
}

/**
 * Who serves without a lease gives that up for a peer that will last: one that dies again right after its start would leave a lease
 * that nobody renews, and no proof. It has a tether and its mark on disk, or has lived for a whole takeover delay; and it hears this side.
 */
function hasSettled(m: Context): boolean {
  const { detector, proof, word, heartbeatMs, peerTimeoutMs } = m.peer
  if (m.nowMs >= detector.ackedAtMs + 2 * heartbeatMs) return false
  if (detector.heardAtMs >= detector.sinceMs + peerTimeoutMs) return true
  return proof.provable === true && word?.marked === true
}

/** The sender counts me as its partner: what it acknowledges is backed by its promise to wait. */
export function partnerHeard(m: Context, trailer: Trailer, ackedAtMs: number | null): void {
  const { peer } = m
  peer.contactMade = true
  if (rulesOf(m).mark === 'contact') m.epochs.setOnline(true)
  // Contact takes the voice back that a goodbye handed over, but for one that is just being said.
  else if (m.role.kind !== 'leaving') m.epochs.setOnline(false)
  m.own.heal(m.epochs.isSettled())
  agreeOnPreferred(m, trailer)
  // All that I said is acknowledged: that it was so before is no sign that the peer hears me no more.
  const all = trailer.ack >= peer.toldSeq
  if (all || ackedAtMs !== null) peer.detector.answered(m.nowMs, all)
  if (ackedAtMs === null) return
  if (!m.role.sole || !rulesOf(m).neverBoth) {
    m.lease.renew(ackedAtMs, peer.promisedMs)
    m.role.leaseRenewed()
  }
  if (trailer.flags.marked) m.lease.openProofWindow(ackedAtMs, peer.promisedMs)
  if (peer.isTwoWay(m.nowMs)) peer.setOnline(m, true, 'peer-heard')
}

/** Both may hold themselves preferred only if one of them has a disk from another pair: the lower one gives in. */
function agreeOnPreferred(m: Context, trailer: Trailer): void {
  if (!rulesOf(m).prefersOne || trailer.nodeId === m.epochs.nodeId) return
  const higher =
    m.settings.priority !== trailer.priority ? m.settings.priority > trailer.priority : m.epochs.nodeId > trailer.nodeId
  if (!higher) m.epochs.setPreferred(false)
  else if (!trailer.flags.preferred) m.epochs.setPreferred(true)
}
