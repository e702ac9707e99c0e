/** Events of a pair as plain sentences, from the host's own texts. */
import type { EventName } from '../src/host/events'
import type { PairEventMessage } from '../src/host/pair'
import { levelOf } from '../src/host/report'
import { EVENTS } from '../src/host/texts/events'
import { REASONS } from '../src/host/texts/reasons'
import type { ReasonCode } from '../src/protocol/reasons'
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
/** These tell of opposites: which one it was, the reason says. */
const BOTH_WAYS: ReadonlySet<EventName> = new Set(['channel', 'clock', 'engine', 'host-stalled', 'mismatch', 'witness'])
/** The good end of something, and what is worse than the event it comes with. */
const TONES: Readonly<Partial<Record<ReasonCode, Sentence['tone']>>> = {
  'engine-restarted': 'good',
  revalidated: 'good',
  'witness-lost': 'bad',
  'channel-open': 'good',
  'channel-blocked': 'bad',
  'channel-busy': 'bad',
  'channel-lost': 'bad'
}
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
  const tone = TONES[reason] ?? (BAD.has(event) ? 'bad' : GOOD.has(event) ? 'good' : 'plain')
  if (event === 'host-stalled' && reason === 'revalidated') return { text: 'Its flows run again.', tone }
  if (BOTH_WAYS.has(event) && why !== '') return { text: why.trim(), tone }
  return { text: `${EVENTS[event]?.en ?? event}${why}`, tone }
}
