/**
 * What comes in from the peer, by frames and by the tether: whether it counts, what it says of the peer whatever this side's role is,
 * and when contact begins and ends. What a word means to a role, the role says.
 */
import type { EventReason } from '../events'
import type { Frame, Trailer } from '../wire/frame'
import { EPOCH_MAX, STORED_MAX } from '../epoch-allocator'
import type { Input } from '../machine'
import { promise, rulesOf } from './context'
import { partnerHeard } from './partner'
import { leftReason } from './peer'
import { proofState } from './takeover'
import { isGrant, type Machine } from './role'

/** New numbers of a peer that was proven to have crashed, each later than a whole takeover delay: it lives, and does not hear this side. */
const LATE_FRAMES_REFUTE = 5

export function receive(m: Machine, link: number, frame: Frame): void {
  const { peer } = m
  if (!m.started || (m.role.kind === 'leaving' && !peer.detector.alive)) return
  const trailer = frame.trailer
  if (trailer === null) return m.drop(link, 'unsealed')
  if (trailer.epoch > EPOCH_MAX || trailer.dataEpoch >= STORED_MAX) return m.drop(link, 'field')
  const reception = peer.sessions.receive(trailer, peer.isPresent(m.nowMs))
  switch (reception.kind) {
    case 'drop':
      return m.drop(link, reception.cause)
    case 'beyond':
      m.drop(link, 'field')
      return onRestoredCopy(m)
    case 'rival':
      m.drop(link, trailer.nodeId === peer.word?.nodeId ? 'session' : 'third-party')
      return peer.hearRival(m, trailer.session)
    case 'hello':
      if (reception.news) {
        hearHello(m, frame, trailer)
        compareRecords(m, trailer)
      }
      return m.sender.answerHello(m, link, reception.acquainted, trailer.session)
    case 'copy':
      return peer.detector.heardCopy(m.nowMs, link, trailer.link)
    case 'current':
      if (reception.adopted) adopt(m, trailer)
      else if (!isRefuted(m, trailer)) return m.drop(link, 'replayed')
      hear(m, link, frame, trailer, reception.ackedAtMs)
      if (reception.adopted) m.sender.answer(m, frame)
      return
    default:
      reception satisfies never
  }
}

/** It lives, and answers me; no more is known of it. What it answers is not of long ago: recordings of former sessions count for nothing. */
function hearHello(m: Machine, frame: Frame, trailer: Trailer): void {
  const { peer } = m
  const sentAtMs = peer.sessions.sentAtMs(trailer.ack)
  if (sentAtMs === null || m.nowMs >= sentAtMs + peer.peerTimeoutMs) return
  peer.helloAtMs = m.nowMs
  peer.uncounted = frame.state === 'active'
  if (!isGrant(frame)) peer.helloEpoch = Math.max(peer.helloEpoch, trailer.epoch)
  if (!peer.detector.alive) m.epochs.hear(peer.helloEpoch)
}

/** A new session of the peer takes the place of the one that was known. */
function adopt(m: Machine, trailer: Trailer): void {
  const { peer } = m
  // Unless it left or is proven dead, the session that this one replaces may live, under a lease on what it had of me.
  if (peer.departed === null && rulesOf(m).neverBoth) {
    peer.formerUntilMs = Math.max(peer.formerUntilMs, peer.detector.heardAtMs + peer.peerTimeoutMs)
  }
  const restarted = peer.word !== null && peer.word.nodeId === trailer.nodeId
  peer.detector.renewed(m.nowMs)
  peer.setOnline(m, false, 'peer-restarted')
  m.role.peerRestarted(m)
  peer.restarted()
  m.lease.peerRestarted()
  m.failback.held = false
  m.event('negotiate', restarted ? 'peer-restarted' : 'peer-heard', {})
  if (trailer.nodeId === m.epochs.nodeId && peer.sessions.session < trailer.session) {
    m.epochs.renumber(m.randomId())
    m.event('mismatch', 'cloned-identity', {})
  }
}

/** The newest word of the peer, in the current sessions. */
function hear(m: Machine, link: number, frame: Frame, trailer: Trailer, ackedAtMs: number | null): void {
  const { peer, epochs } = m
  const now = m.nowMs
  const regained = !peer.detector.alive
  peer.detector.heard(now, link, trailer.link, trailer.heardLinks)
  peer.proof.heard(now, trailer.ack)
  compareRecords(m, trailer)
  peer.noteRecord(trailer)
  m.sender.speakBy(now + peer.heartbeatMs)
  peer.note(frame.state, trailer)
  epochs.meet(trailer.nodeId)
  promise(m)
  epochs.setPeerPolicy(trailer.policy)
  const partner = trailer.heardLinks !== 0
  peer.uncounted = !partner && frame.state === 'active'
  if (partner) partnerHeard(m, trailer, ackedAtMs)
  // Only an answer tells the round trip; other acknowledgements waited for the next heartbeat.
  if (ackedAtMs !== null) peer.detector.acked(now, now - ackedAtMs)
  if (frame.head === 'responsed' && ackedAtMs !== null) peer.detector.measured(now, now - ackedAtMs)
  peer.differences.compare(m, m.settings, m.own.flowsHash, trailer)
  if (m.role.kind === 'leaving') return m.role.hear(m, frame, trailer, regained)
  if (trailer.flags.goodbye) return onPeerLeft(m, frame, trailer)

  // The number of a grant is heard of when it is taken or refused.
  if (m.role.kind === 'active' || !isGrant(frame)) epochs.hear(trailer.epoch)
  m.role.hear(m, frame, trailer, regained)
  m.sender.answerIfWanted(m, frame)
}

function onPeerLeft(m: Machine, frame: Frame, trailer: Trailer): void {
  const { peer } = m
  m.role.hearGoodbye(m, frame, trailer)
  // A grant that was not taken is not repeated: its number is spent.
  m.epochs.hear(trailer.epoch)
  // Answer first: afterwards there is no session to answer in.
  m.sender.answer(m, frame)
  peer.sessions.retirePeer()
  peer.proof.forget()
  const reason = leftReason(trailer)
  loseContact(m, reason)
  peer.departed = { evidence: 'goodbye', reason, atMs: m.nowMs, askedSinceMs: Infinity, firstSeq: 0, lateFrames: 0 }
  m.epochs.setOnline(false)
  m.role.peerLeft(m, trailer)
}

/** Its successor may have waited for its end, unanswered: asked, it takes its place with the answer. */
export function onSilence(m: Machine): void {
  loseContact(m, 'lost-connection')
  if (m.peer.rivalHeardAtMs > m.nowMs - m.peer.peerTimeoutMs) m.sender.announce(m, { probe: true })
}

function loseContact(m: Machine, reason: EventReason<'online'>): void {
  const { peer } = m
  peer.detector.lost()
  m.epochs.hear(peer.helloEpoch)
  peer.proof.drop()
  peer.setOnline(m, false, reason)
  m.failback.held = false
  m.role.contactLost(m)
}

// ----------------------------------------------------------------------------------------------- this side's own memory

/** A newer record of mine than any that I made: my disk was set back. */
function compareRecords(m: Machine, trailer: Trailer): void {
  if (trailer.echo !== m.peer.sessions.session || trailer.peerRecord <= m.epochs.number) return
  // No record of mine has such a number, and the next one shall not: it would be the last.
  if (trailer.peerRecord >= STORED_MAX) return
  m.epochs.raiseNumber(trailer.peerRecord)
  m.own.cast(m, 'rolled-back')
}

/** Somebody answers what I never sent: this process is a copy, restored or second. It begins again as a new one. */
export function onRestoredCopy(m: Machine): void {
  if (m.role.kind === 'leaving') return fallSilent(m)
  m.own.cast(m, 'restored-copy')
  loseContact(m, 'restored-copy')
  if (m.role.kind === 'active') m.becomeStandby('restored-copy')
  const session = m.randomId()
  m.peer.meetAgain(m.nowMs, session)
  m.third.forget(session)
  m.lease.forget()
}

/** What a copy says as it leaves would be taken for the other one's: its goodbye by the peer, its release of the voice by the witness. */
function fallSilent(m: Machine): void {
  m.peer.detector.lost()
  m.third.forget(m.peer.sessions.session)
}

// --------------------------------------------------------------------------------------------------- the proof of a crash

export function onTether(m: Machine, { id, session, peerSession, provable }: Extract<Input, { kind: 'tether' }>): void {
  const { sessions, proof } = m.peer
  const living = session === sessions.session && peerSession === sessions.peer?.session
  if (living) proof.up(id, provable)
}

/** Who was not heard just now gives no silence either: it is asked only while it is in contact. */
export function onTetherEnded(m: Machine, id: number, fin: boolean): void {
  const { sessions, detector, proof } = m.peer
  if (!m.started || m.role.kind === 'leaving' || proofState(m) === 'off' || !detector.alive) {
    proof.ended(m.nowMs, id, false, 0)
    return
  }
  if (proof.ended(m.nowMs, id, fin, sessions.lastSentSeq + 1)) m.sender.probe(m)
}

export function onCrashProven(m: Machine): void {
  const { peer } = m
  const firstSeq = peer.proof.firstSeq ?? peer.sessions.lastSentSeq + 1
  const { askedSinceMs } = peer.proof
  const reason = 'peer-crashed'
  loseContact(m, reason)
  peer.departed = { evidence: 'crash', reason, atMs: m.nowMs, askedSinceMs, firstSeq, lateFrames: 0 }
  m.role.peerCrashed(m)
}

/**
 * After a proof of its crash the peer speaks: of the time before, or because it lives. Returns whether it lives. One that hears
 * nothing of mine cannot acknowledge anything: that it goes on and on counts too. A single frame may have been withheld.
 */
function isRefuted(m: Machine, trailer: Trailer): boolean {
  const { peer } = m
  const { departed } = peer
  if (departed?.evidence !== 'crash') return true
  if (trailer.ack < departed.firstSeq) {
    if (m.nowMs >= departed.atMs + peer.peerTimeoutMs) departed.lateFrames += 1
    if (departed.lateFrames < LATE_FRAMES_REFUTE) return false
  }
  peer.departed = null
  m.event('proof-wrong', 'proof-wrong', { role: m.role.name, epoch: m.role.epoch })
  m.role.proofRefuted(m)
  return true
}
