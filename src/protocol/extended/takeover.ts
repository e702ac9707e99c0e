/**
 * Taking the role without being granted it: what is known of a peer that does not object, from when that allows to act, and what bars
 * it. Which evidence is enough under which policy is a table in `policy.ts`.
 */
import type { EventReason } from '../events'
import type { AloneBar, ProofState } from '../machine'
import { policyDiffers, rulesOf, type Context } from './context'
import { mayTake, type Evidence } from './policy'

const TAKEOVER_REASONS: Readonly<Record<Evidence, EventReason<'role'>>> = {
  'never-met': 'cannot-negotiate',
  silence: 'lost-connection',
  'stood-down': 'half-open',
  crash: 'peer-crashed',
  goodbye: 'peer-left'
}

/** Of a peer that has gone, how it went. */
export function takeoverReason(m: Context, evidence: Evidence): EventReason<'role'> {
  const { departed } = m.peer
  return departed !== null && departed.evidence === evidence ? departed.reason : TAKEOVER_REASONS[evidence]
}

/** What a side that is not Active knows of a peer that does not object, and since when that allows to act on it. */
export function evidenceOf(m: Context): { readonly evidence: Evidence; readonly fromMs: number } | null {
  const { detector, departed, peerTimeoutMs } = m.peer
  const { listeningSinceMs } = detector
  if (detector.alive) {
    if (m.peer.word?.role === 'active') return null
    const oneWayAtMs = detector.oneWayAtMs(peerTimeoutMs)
    // Its word may be of before this side was deaf; while it is deaf, never.
    const heardForMs = Math.max(detector.sinceMs, listeningSinceMs) + peerTimeoutMs
    // One that stands by, hears me and does not count me is another one's Standby: this side exists twice.
    const takenMs = m.peer.word?.role === 'standby' ? detector.ackedAtMs + peerTimeoutMs : -Infinity
    const fromMs = Math.max(oneWayAtMs, heardForMs, notBeforeMs(m), takenMs)
    return { evidence: 'stood-down', fromMs }
  }
  if (departed !== null && (departed.evidence === 'goodbye' || mayUseProof(m))) {
    // A proof is of the process that ended. One that has been started since, and answers, is about to be met.
    const { helloAtMs } = m.peer
    const answeredMs = helloAtMs >= departed.askedSinceMs ? helloAtMs + peerTimeoutMs : -Infinity
    return { evidence: departed.evidence, fromMs: Math.max(departed.atMs, othersUntilMs(m), answeredMs) }
  }
  if (listeningSinceMs === Infinity) return null
  if (!m.peer.metInThisSession) {
    // A peer that answers, and whose session is not confirmed yet, is about to be met.
    const answeredMs = m.peer.helloAtMs + peerTimeoutMs
    return { evidence: 'never-met', fromMs: Math.max(afterReturnMs(m), notBeforeMs(m), answeredMs) }
  }
  return { evidence: 'silence', fromMs: silentFromMs(m) }
}

/** When a peer that is not heard any more is silent for long enough, as far as it is known now. Only who listens may go by it. */
export function silentFromMs(m: Context): number {
  const { detector, rivalHeardAtMs, peerTimeoutMs } = m.peer
  // One that spoke beside it, which it kept from its place, takes that with its next frame.
  const heardAtMs = Math.max(detector.heardAtMs, rivalHeardAtMs)
  return Math.max(heardAtMs + peerTimeoutMs, afterReturnMs(m), notBeforeMs(m))
}

/** Whatever is known of the peer, before this nobody acts on it alone. */
function notBeforeMs(m: Context): number {
  return Math.max(m.own.notAloneBeforeMs, othersUntilMs(m))
}

/**
 * Until then another session than the peer's may serve, and no role is taken or given: the former one, or who has the witness's voice. That
 * one is the peer before it was copied or replaced, and lives on where only the witness hears it.
 */
export function othersUntilMs(m: Context): number {
  const { sessions, formerUntilMs, peerTimeoutMs } = m.peer
  const { otherHolder, otherHeardAtMs, witnessId } = m.third.voice
  const known = otherHolder === 0n || otherHolder === sessions.peer?.session || sessions.isRetired(otherHolder)
  if (known || otherHeardAtMs === null || m.epochs.countedWitness !== witnessId) return formerUntilMs
  return Math.max(formerUntilMs, otherHeardAtMs + peerTimeoutMs)
}

/** Whether the policy allows it and nothing bars it. */
export function mayTakeOn(m: Context, evidence: Evidence): boolean {
  if (isBarred(m, evidence)) return false
  const voice = m.third.voice.untilMs > m.nowMs
  return mayTake(m.settings.policy, evidence, { preferred: m.epochs.preferred, voice })
}

/** The same, if the witness lent its voice. */
export function mayTakeWithVoice(m: Context, evidence: Evidence): boolean {
  return !isBarred(m, evidence) && rulesOf(m).takesOn[evidence] === 'with-voice'
}

/** Who left in order has handed the role over. A peer that is proven dead serves no more. */
export function isBarred(m: Context, evidence: Evidence): boolean {
  const bar = aloneBar(m)
  return bar !== null && evidence !== 'goodbye' && !(evidence === 'crash' && bar === 'peer-may-serve')
}

/** What keeps this side from acting alone, whatever its policy says. */
export function aloneBar(m: Context): AloneBar | null {
  if (m.epochs.exhausted) return 'numbers-exhausted'
  if (m.own.doubt !== null) return m.own.doubt
  if (policyDiffers(m)) return 'policy-differs'
  const { online } = m.epochs
  const { neverBoth, asksWitness } = rulesOf(m)
  if (!neverBoth) return null
  const { uncounted, contactMade, lastWordAtMs, peerTimeoutMs } = m.peer
  // Under a witness it serves under a lease, unless by my goodbye, which the mark remembers, or by force.
  const lapsed = asksWitness && m.nowMs >= lastWordAtMs + peerTimeoutMs
  return (uncounted && !lapsed) || (online && !contactMade) ? 'peer-may-serve' : null
}

/** Whatever was promised before my start is over. */
export function afterReturnMs(m: Context): number {
  const listeningSinceMs = m.peer.detector.listeningSinceMs
  const sinceMs = listeningSinceMs === Infinity ? m.own.startedAtMs : listeningSinceMs
  return sinceMs + Math.max(m.peer.peerTimeoutMs, m.own.promisedBeforeMs)
}

/** When every promise to a silent peer has run out, so that an operator may force the role. */
export function forcedFromMs(m: Context): number {
  // A peer that serves under a lease has stopped when every promise to it has run out.
  const leased = rulesOf(m).neverBoth && m.peer.departed === null
  const waitedMs = Math.max(m.peer.detector.heardAtMs + m.peer.peerTimeoutMs, afterReturnMs(m))
  return leased ? Math.max(m.nowMs, waitedMs) : m.nowMs
}

/** The peer was online in this session, and has been silent for the longest promise: it cannot serve on what it had of me. */
export function clearMarkAtMs(m: Context): number {
  const silent = m.peer.contactMade && m.epochs.online && !m.peer.detector.alive
  return silent ? m.peer.detector.heardAtMs + m.peer.peerTimeoutMs : Infinity
}

// --------------------------------------------------------------------------------------------------- the proof of a crash

/** When the proof is complete; Infinity = a fact is missing. */
export function provenAtMs(m: Context): number {
  const { detector, proof, peerTimeoutMs, quietMs } = m.peer
  const canAsk = detector.alive && detector.canAskAll(m.nowMs, peerTimeoutMs)
  return canAsk ? proof.completeAtMs(quietMs) : Infinity
}

/**
 * Where one side is preferred, that one, once it has come back, acts alone unless its disk says that its peer was online: the other
 * side may use the proof for as long as that is certain. Who is dead clears no mark: a tether that ended in that time proves enough, though
 * the proof takes longer; but then it is used at once or not at all.
 */
export function mayUseProof(m: Context): boolean {
  if (!rulesOf(m).prefersOne || m.epochs.preferred) return true
  const { departed } = m.peer
  const { proofUntilMs } = m.lease
  const atOnce = departed !== null && departed.askedSinceMs < proofUntilMs && m.nowMs <= departed.atMs
  return atOnce || m.nowMs < proofUntilMs
}

export function proofState(m: Context): ProofState {
  if (!m.settings.crashProof || !rulesOf(m).provesCrashes) return 'off'
  if (!m.peer.detector.alive) return 'offline'
  const provable = m.peer.proof.provable
  if (provable === null) return 'no-tether'
  if (!provable) return 'addresses-differ'
  return mayUseProof(m) ? 'possible' : 'not-on-disk'
}
