/**
 * What has happened, in one sentence from this side's point of view: for the log, the sidebar's list and readers of events.
 * `{here}` and `{peer}` are the two hosts, `{after}` the peer timeout.
 */
import type { PairEvent, WarningCode } from '../events'
import type { PairWarning } from '../pair'
import { BY_CAUSE } from '../warnings'
import { ROLE_WORDS, warningValues } from '../situation/values'
import { CAUSES } from './causes'
import { CHANNEL, HANDOVER, LINK, OFFLINE, OTHERS, STORE, WITNESS } from './event-sentences'
import { fieldText } from './problems'
import { REASONS } from './reasons'
import { roleText } from './roles'
import { EVENTS } from './events'
import { withoutRole } from './situations'
import { fill, joined, NOTHING, type Text, type Values } from './text'
import { SOLVED, WARNING_TEXTS } from './warnings'

/** The two hosts as people call them, and the peer timeout. */
export interface Names {
  readonly here: string
  readonly peer: string | Text
  readonly after: string | Text
}

export interface Happened {
  readonly text: Text
  /** What to do; empty where there is nothing to do. */
  readonly todo: Text
}

export function happened(event: PairEvent, names: Names): Happened {
  const values = { ...names, ...plain(event.detail) }
  const { text, todo = NOTHING } = sentenceOf(event, values)
  return { text: fill(text, values), todo: fill(todo, values) }
}

/** What a warning says while it holds. */
export function warningText(warning: Pick<PairWarning, 'code' | 'detail'>, names: Names): Happened {
  return warningSentence(warning.code, warning.detail, { ...names })
}

function warningSentence(code: WarningCode, detail: PairWarning['detail'], names: Values): Happened {
  const values = { ...names, ...warningValues({ detail }) }
  const texts = WARNING_TEXTS[code]
  return { text: fill(texts, values), todo: fill(texts.todo, values) }
}

interface Sentence {
  readonly text: Text
  readonly todo?: Text
}

function sentenceOf(event: PairEvent, values: Values): Sentence {
  const { todo } = REASONS[event.reason]
  switch (event.event) {
    case 'role':
      return {
        text: fill(roleText(event.reason, event.detail.role), { ...values, role: ROLE_WORDS[event.detail.role] }),
        todo
      }
    case 'online':
      return event.detail.online ? { text: OTHERS.online } : { text: OFFLINE[event.reason] ?? OTHERS.offline, todo }
    case 'link':
      return linkSentence(event)
    case 'stopped':
      return stoppedSentence(event)
    case 'handover': {
      if (!('because' in event.detail)) return { text: HANDOVER[event.reason] ?? EVENTS.handover }
      const because = REASONS[event.detail.because as keyof typeof REASONS] as Text | undefined
      return { text: joined(OTHERS.handoverBroken, because ?? NOTHING), todo: EVENTS.handover.todo }
    }
    case 'host-stalled':
      return event.detail.stalled ? { text: OTHERS.stalled, todo } : { text: OTHERS.unstalled }
    case 'rejected': {
      const { cause, count } = event.detail
      const text = fill(count === 1 ? OTHERS.rejectedOne : OTHERS.rejected, { count, cause: CAUSES[cause] })
      // Whether it is the peer that has no key, only the warning knows.
      const code = cause === 'unkeyed' ? 'bad-frame' : BY_CAUSE[cause]
      return code === undefined ? { text } : { text, todo: WARNING_TEXTS[code].todo }
    }
    case 'warning':
      return warningSentence(event.reason, event.detail, values)
    case 'warning-ended': {
      const short = fill(withoutRole(WARNING_TEXTS[event.reason].short), { ...values, ...warningValues(event) })
      return { text: fill(SOLVED, { short }) }
    }
    case 'channel':
      return { text: CHANNEL[event.reason], todo }
    case 'witness':
      return { text: WITNESS[event.reason], todo }
    case 'store':
      return { text: STORE[event.reason], todo }
    case 'reasserted':
      return { text: event.reason === 'peer-behind' ? OTHERS.raised : OTHERS.stays }
    case 'yielded':
      return { text: fill(roleText(event.reason, 'standby'), { ...values, role: ROLE_WORDS.standby }), todo }
    case 'negotiate':
      return { text: event.reason === 'peer-restarted' ? OTHERS.peerRestarted : OTHERS.agreed }
    case 'designate':
      return { text: designateText(event.detail) }
    case 'paused':
      return { text: joined(OTHERS.paused, REASONS[event.reason]), todo }
    case 'clock':
      return { text: warningSentence(event.reason, event.detail, values).text, todo }
    case 'mismatch':
      if (event.reason === 'settings-differ' && 'differ' in event.detail) {
        return { text: warningSentence(event.reason, event.detail, values).text, todo }
      }
      return { text: OTHERS[event.reason] ?? REASONS[event.reason], todo }
    case 'engine':
      return { text: OTHERS[event.reason] ?? REASONS[event.reason], todo }
    case 'resumed':
      return { text: OTHERS.resumed }
    case 'started':
    case 'loss':
    case 'conflict':
    case 'second-peer':
    case 'proof-wrong':
      return { text: OTHERS[event.event], todo: EVENTS[event.event].todo }
    case 'frame-sent':
    case 'frame-received':
      return { text: EVENTS[event.event] }
    default:
      return event satisfies never
  }
}

type Of<N extends PairEvent['event']> = Extract<PairEvent, { readonly event: N }>

function linkSentence({ reason, detail }: Of<'link'>): Sentence {
  const link = { link: detail.link + 1 }
  const { todo } = REASONS[reason]
  const text = LINK[reason]
  if (text !== undefined) return { text: fill(text, link), todo }
  const isUp = ('up' in detail && detail.up) || ('open' in detail && detail.open)
  return isUp
    ? { text: fill(OTHERS.linkUp, link) }
    : { text: joined(fill(OTHERS.linkDown, link), REASONS[reason]), todo }
}

function stoppedSentence({ reason, detail }: Of<'stopped'>): Sentence {
  if (!('fields' in detail)) return { text: reason === 'shutdown' ? OTHERS.shutDown : OTHERS.removed }
  const fields = detail.fields.map(fieldText)
  const list = { en: fields.map(({ en }) => en).join(', '), zh: fields.map(({ zh }) => zh).join('、') }
  if (reason === 'key-missing') return { text: REASONS[reason], todo: REASONS[reason].todo }
  return { text: fill(OTHERS.wrongSettings, { list }), todo: REASONS[reason].todo }
}

function designateText(detail: Of<'designate'>['detail']): Text {
  if (!('to' in detail)) return OTHERS.taken
  if ('confirmed' in detail) return OTHERS.taken
  return detail.to === 'self' ? OTHERS.handedHere : OTHERS.handedOn
}

/** What a sentence may name of a detail. */
function plain(detail: object): Record<string, string | number> {
  const values: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(detail)) {
    if (name !== 'peer' && name !== 'here' && (typeof value === 'string' || typeof value === 'number'))
      values[name] = value
  }
  return values
}
