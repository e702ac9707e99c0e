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
  if (!m.peer.contact.alive) return false
  const { neverBoth, goesOnInMemory } = rulesOf(m)
  // Anyone who acknowledges as a partner has the peer's parity on disk: its numbers cannot collide after a restart.
  if (!m.ledger.hasMet && !(m.ledger.failed && goesOnInMemory)) return false
  if (!neverBoth) return true
  const boundMs = m.nowMs + leaseMs(m.peer.promisedMs)
  if (m.role.sole) {
    if (isUnderLease(m) && !hasSettled(m)) return false
    m.role.sole = false
    m.lease.untilMs = boundMs
  } else if (!m.lease.isOfThisSession) m.lease.untilMs = Math.min(m.lease.untilMs, boundMs)
  return true
}

/**
 * Who serves without a lease gives that up for a peer that will last: one that dies again right after its start would leave a lease
 * that nobody renews, and no proof. It has a tether and its mark on disk, or has lived for a whole takeover delay.
 */
function hasSettled(m: Context): boolean {
  const { contact, proof, word, peerTimeoutMs } = m.peer
  if (contact.heardAtMs >= contact.sinceMs + peerTimeoutMs) return true
  return proof.provable === true && word?.marked === true
}

/** The sender counts me as its partner: what it acknowledges is backed by its promise to wait. */
export function partnerHeard(m: Context, trailer: Trailer, ackedAtMs: number | null): void {
  const { peer } = m
  peer.contactMade = true
  m.ledger.setOnline(true)
  m.own.heal(m.ledger.isSettled())
  agreeOnPreferred(m, trailer)
  // All that I said is acknowledged: that it was so before is no sign that the peer hears me no more.
  if (trailer.ack >= peer.toldSeq) peer.contact.answered(m.nowMs)
  if (ackedAtMs === null) return
  peer.contact.answered(m.nowMs)
  if (!m.role.sole || !rulesOf(m).neverBoth) {
    m.lease.renew(ackedAtMs, peer.promisedMs)
    m.role.leaseRenewed()
  }
  if (trailer.flags.marked) m.lease.openProofWindow(ackedAtMs, peer.promisedMs)
  if (peer.isTwoWay(m.nowMs)) peer.setOnline(m, true, 'peer-heard')
}

/** Both may hold themselves preferred only if one of them has a disk from another pair: the lower one gives in. */
function agreeOnPreferred(m: Context, trailer: Trailer): void {
  if (!rulesOf(m).prefersOne || trailer.nodeId === m.ledger.nodeId) return
  const higher =
    m.settings.priority !== trailer.priority ? m.settings.priority > trailer.priority : m.ledger.nodeId > trailer.nodeId
  if (!higher) m.ledger.setPreferred(false)
  else if (!trailer.flags.preferred) m.ledger.setPreferred(true)
}
