/** What a frame of the peer does on the classic wire, as the table of `reactions.ts` says. */
import type { Frame } from '../wire/frame'
import type { PeerView } from '../machine'
import type { Orders } from './orders'
import type { Classic } from './parts'
import { REACTIONS } from './reactions'
import type { Awaited } from './receipts'
import { BY_ORDER } from './speaker'
import type { Term } from './term'

/** On this wire nobody says how fit he is. */
const CAPABLE = { fitness: 255, ready: true } as const

/** The machine as it is changed by what it hears. */
export interface Hearer extends Classic {
  peer: PeerView | null
  readonly orders: Orders
  readonly term: Term
  /** The peer is Active, as of now. */
  activeHeard(): void
}

export function hear(m: Hearer, frame: Frame): void {
  const receipt = frame.head === 'responsed' ? m.speaker.receipts.answer(frame.id) : null
  note(m, frame, receipt)
  if (frame.head !== 'responsed' || receipt !== null) react(m, frame)
  if (frame.head === 'connected' || frame.head === 'designate') m.send('responsed', m.role, frame.id, m.speaker.token)
  m.orders.settle(m, frame)
}

function note(m: Hearer, frame: Frame, receipt: Awaited | null): void {
  const roundTripMs = receipt === null ? (m.peer?.roundTripMs ?? null) : m.nowMs - receipt.sentAtMs
  m.peer = { role: frame.state, epoch: 0, priority: 0, ...CAPABLE, link: 0, heardAtMs: m.nowMs, roundTripMs }
  m.speaker.receipts.answerNegotiates()
  m.setOnline(true, 'peer-heard')
  if (frame.state === 'active') m.activeHeard()
  else m.term.endConflict()
  if (receipt === null) return
  if (receipt.head === 'designate') {
    m.event('designate', 'peer-heard', { to: 'peer', confirmed: frame.state, id: frame.id })
  }
  if (frame.state !== 'active' && m.term.isRevalidatedBy(receipt.sentAtMs)) m.term.resume(m, 'revalidated')
}

function react(m: Hearer, frame: Frame): void {
  const reaction = REACTIONS[m.role][frame.head][frame.state]
  if (frame.head === 'designate' && reaction !== 'note') {
    const role = frame.state === 'active' ? 'standby' : 'active'
    m.event('designate', 'designated', { to: 'self', role, value: frame.value, id: frame.id })
  }
  switch (reaction) {
    case 'note':
      return
    case 'compare':
      return compare(m, frame.value)
    case 'follow':
      return m.becomeStandby(frame.head === 'designate' ? 'designated' : 'peer-active')
    case 'take':
      return m.becomeActive('designated')
    case 'succeed':
      return succeed(m)
    case 'designate':
      if (m.speaker.mayAnswer()) m.speaker.designate(m, m.speaker.token)
      return
    case 'contest':
      return m.term.contest(m)
    case 'arbitrate':
      return m.term.arbitrate(m, frame.value)
    case 'defer':
      return m.term.defer(m, frame.value)
  }
}

function compare(m: Hearer, value: number): void {
  const { token } = m.speaker
  const outcome = token > value ? 'larger' : token < value ? 'smaller' : 'equal'
  m.term.tellNegotiation(m, outcome, value)
  if (outcome === 'larger') {
    m.becomeActive('negotiated')
    m.speaker.designate(m, token)
    return
  }
  if (outcome === 'equal') m.speaker.drawToken()
  m.speaker.negotiateAgain(m)
}

function succeed(m: Hearer): void {
  // By order this side is not to be Active: the peer, who knows no role yet, gets it instead.
  if (m.orders.givesUpRole) return
  if (m.orders.isHeld) {
    if (m.speaker.mayAnswer()) m.speaker.designate(m, BY_ORDER)
    return
  }
  m.becomeActive('peer-restarted')
  m.speaker.designate(m, m.speaker.token)
}
