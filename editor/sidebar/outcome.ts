/** What became of an order, as it is now: read from the live status each time it is shown, not remembered. */
import type { Situation } from '../../src/host/situation/types'
import type { Reply, ShownStatus, Wanted } from './answer'
import { clock, errorText, joined, pick, reasonText, say } from './words'

/** An order that was answered. */
export interface Given {
  readonly becomes: Wanted
  readonly forced: boolean
  /** ms since 1970, on the runtime's clock. */
  readonly at: number
  readonly reply: Reply
}

export interface Outcome {
  readonly text: string
  readonly isGood: boolean
  /** What may still be forced; null = nothing. */
  readonly force: Wanted | null
}

/** After one of these, the same order may still be forced. */
const FORCEABLE: readonly string[] = ['peer-offline', 'refused', 'not-confirmed', 'not-synchronised']
/** An older one is history, which the list of events tells; so is a change of role that came later than this. */
const SHOWN_MS = 600_000
const UNDONE_MS_MAX = 30_000
/** Within this time a peer that was granted the role says that it has it. */
const SETTLING_MS = 3000

/** What the pair is now. `now`: ms since 1970, on the runtime's clock. */
export interface Present {
  readonly status: ShownStatus
  readonly situation: Situation
  readonly peer: string
  readonly now: number
}

/** Null = there is nothing to tell any more. */
export function outcomeOf(given: Given, { status, situation, peer, now }: Present): Outcome | null {
  if (now - given.at > SHOWN_MS) return null
  const { becomes, reply } = given
  const { role, serving, online } = status
  const names = { here: status.host, peer, time: clock(given.at), role: say(`role.${role}`) }
  if (!reply.ok) {
    // What happened since then is shown elsewhere.
    if (status.since > given.at) return null
    const error = errorText(reply.code, reasonText(reply.detail) || reply.detail)
    const stays = say(`outcome.is-${role === 'active' ? (serving ? 'serving' : 'paused') : 'not-serving'}`, names)
    const mayForce = !given.forced && FORCEABLE.includes(reply.code)
    return { text: joined(say('outcome.failed', names), error, stays), isGood: false, force: mayForce ? becomes : null }
  }
  if (role !== becomes) {
    if (status.since - given.at > UNDONE_MS_MAX) return null
    const why = situation.history === null ? '' : pick(situation.history.text)
    const text = joined(say('outcome.undone', { ...names, since: clock(status.since) }), why)
    return { text, isGood: false, force: null }
  }
  // The same role by another way.
  if (status.since > given.at) return null
  if (role === 'active') {
    return { text: say(serving ? 'outcome.active' : 'outcome.paused', names), isGood: serving, force: null }
  }
  const peerServes = online && status.peer?.role === 'active'
  if (online && !peerServes && now - given.at < SETTLING_MS) {
    return { text: say('outcome.settling', names), isGood: true, force: null }
  }
  return { text: say(peerServes ? 'outcome.standby' : 'outcome.alone', names), isGood: peerServes, force: null }
}
