/** Events of a pair as plain sentences, from the host's own texts. */
import type { EventName } from '../src/host/events'
import type { PairEventMessage } from '../src/host/pair'
import { levelOf } from '../src/host/report'
import { EVENTS } from '../src/host/texts/events'
import { REASONS } from '../src/host/texts/reasons'
import type { Role } from '../src/protocol/role'

interface Sentence {
  readonly text: string
  readonly tone: 'plain' | 'good' | 'bad'
}

/** Steps on the way to something that is told anyway. */
const UNTOLD: ReadonlySet<EventName> = new Set([
  'started',
  'stopped',
  'link',
  'negotiate',
  'designate',
  'loss',
  'yielded',
  'rejected',
  'frame-sent',
  'frame-received'
])
const GOOD: ReadonlySet<EventName> = new Set(['resumed', 'warning-ended'])
const BAD: ReadonlySet<EventName> = new Set([
  'conflict',
  'paused',
  'host-stalled',
  'engine',
  'store',
  'clock',
  'warning'
])
const ROLE_TEXT: Readonly<Record<Role, string>> = {
  active: 'Is Active now',
  standby: 'Is Standby now',
  initial: 'Has no role yet'
}

/** Null for what would only make noise on the terminal. */
export function sentenceOf({ event, reason, detail }: PairEventMessage): Sentence | null {
  if (UNTOLD.has(event)) return null
  // Another event has said it.
  if (event.startsWith('warning') && levelOf({ event, reason }) === 'none') return null
  const why = reason === 'none' ? '' : ` ${REASONS[reason]?.en ?? reason}`
  if (event === 'store' && reason !== 'store-failed') return null
  if (event === 'handover') {
    if ('phase' in detail) return { text: 'Asks its peer to take over.', tone: 'plain' }
    return { text: `No handover.${why}`, tone: 'bad' }
  }
  if (event === 'role') {
    const { role } = detail
    const epoch = role === 'active' ? `, epoch ${detail.epoch}` : ''
    return {
      text: `${ROLE_TEXT[role]}${epoch}.${why}`,
      tone: role === 'active' ? 'good' : 'plain'
    }
  }
  if (event === 'online') {
    const { online } = detail
    return {
      text: `${online ? 'Sees its peer' : 'Lost sight of its peer'}.${why}`,
      tone: online ? 'good' : 'bad'
    }
  }
  // That something changed, the reason says.
  if (event === 'witness' && why !== '') return { text: why.trim(), tone: reason === 'witness-lost' ? 'bad' : 'plain' }
  return {
    text: `${EVENTS[event]?.en ?? event}${why}`,
    tone: BAD.has(event) ? 'bad' : GOOD.has(event) ? 'good' : 'plain'
  }
}
