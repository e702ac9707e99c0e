/** What the tab says, in the editor's language. */
import type { SettingsProblem } from '../../src/host/settings'
import type { Catalogue, Detail, ShownEvent } from './answer'

type Values = Readonly<Record<string, unknown>>

const TEXTS = '@ha-pair/node-red-ha-pair/ha-pair-sidebar:'

/** The texts of events and reasons: the runtime's one catalogue. */
let catalogue: Catalogue = { events: {}, reasons: {} }

export function setCatalogue(texts: Catalogue): void {
  catalogue = texts
}

/** Names and hosts are put in here, as they are: what the editor's library makes of `$t(...)` in them depends on its version. */
export function say(key: string, values: Values = {}): string {
  const text = RED._(TEXTS + key, { skipInterpolation: true })
  return text.replace(/__(\w+?)__/g, (whole, name: string) => (name in values ? String(values[name]) : whole))
}

export const language = (): 'en' | 'zh' => (say('language') === 'zh' ? 'zh' : 'en')
const locale = (): string | undefined => (language() === 'zh' ? 'zh-CN' : undefined)

/** What the language puts between two sentences. */
export const gap = (): string => (language() === 'zh' ? '' : ' ')

export const joined = (...sentences: readonly string[]): string =>
  sentences.filter((sentence) => sentence !== '').join(gap())

/** What a reason code means; '' for `none` and for codes that this runtime does not know. */
export function reasonText(code: string): string {
  return code === 'none' ? '' : (catalogue.reasons[code]?.[language()] ?? '')
}

/** What to do about it; '' = nothing. */
export function reasonAdvice(code: string): string {
  return catalogue.reasons[code]?.todo?.[language()] ?? ''
}

const known = (key: string, values?: Values): string | null => {
  const text = say(key, values)
  return text === TEXTS + key || text === key ? null : text
}

/** An event of the timeline as plain sentences: what happened, and why. */
export function eventText({ event, reason, detail }: ShownEvent): { readonly what: string; readonly why: string } {
  const what = ownWords(event, reason, detail) ?? catalogue.events[event]?.[language()] ?? event
  const because = typeof detail['because'] === 'string' ? detail['because'] : 'none'
  const why = joined(reasonText(reason), reasonText(because), particulars(detail))
  // 'It started, because it started' tells nothing, nor does 'it was designated, by designation'; a first start is no concern.
  if (event === 'started') return { what, why: '' }
  if (reason === 'store-new') return { what: reasonText(reason), why: '' }
  if (event === 'channel') return { what: reasonText(reason), why: particulars(detail) }
  if (event === 'designate' && reason === 'designated') return { what, why: '' }
  return { what, why }
}

function ownWords(event: string, reason: string, detail: Detail): string | null {
  const { role, epoch, online, link, from, to, up, open, phase, stalled, count, cause } = detail
  switch (event) {
    case 'role':
      return say('event.role', { role: say(`role.${String(role)}`), epoch })
    case 'online':
      return say(online ? 'event.online' : 'event.offline')
    case 'link':
      if (typeof link !== 'number') return null
      if (reason === 'address-changed') return say('event.link-moved', { link: link + 1, from, to })
      return say(`event.link-${(up ?? open) === true ? 'up' : 'down'}`, { link: link + 1 })
    case 'designate': {
      if (to !== 'self' && to !== 'peer') return say('event.designate-settled')
      // On the extended wire a designation is a grant: it carries the epoch under which its receiver may serve.
      const granted = typeof epoch === 'number'
      return say(granted ? `event.granted-${to}` : `event.designate-${to}`)
    }
    case 'handover': {
      const begins = phase === 'asking'
      return say(begins ? 'event.handover-begun' : 'event.handover-over')
    }
    case 'host-stalled':
      return say(stalled === true ? 'event.stalled' : 'event.unstalled')
    case 'rejected':
      return say('event.rejected', { count, cause })
    default:
      return null
  }
}

/** What else an engineer would want to know. Which fields there are depends on the event. */
function particulars(detail: Detail): string {
  const { differ, here, peer, down, link, place, places, peerAheadS, problem, noticedAfter, error } = detail
  const parts: unknown[] = []
  const versus = (mine: unknown, theirs: unknown): string => say('detail.versus', { here: mine, peer: theirs })
  if (Array.isArray(differ)) {
    for (const [i, name] of differ.entries()) {
      const both = at(here, i) === undefined ? '' : ` ${versus(at(here, i), at(peer, i))}`
      parts.push((known(`differ.${String(name)}`) ?? String(name)) + both)
    }
  } else if (here !== undefined) parts.push(versus(here, peer))
  if (Array.isArray(down)) {
    for (const [i, n] of down.entries())
      parts.push(say('detail.link', { n: Number(n) + 1, place: at(places, i) ?? '' }))
  } else if (place !== undefined) parts.push(say('detail.link', { n: Number(link) + 1, place }))
  if (typeof peerAheadS === 'number') {
    parts.push(say(`detail.${peerAheadS > 0 ? 'ahead' : 'behind'}`, { s: Math.abs(peerAheadS) }))
  }
  if (noticedAfter !== undefined) parts.push(say('detail.peer-timeout', { after: noticedAfter }))
  if (problem !== 'missing') parts.push(problem)
  parts.push(error)
  const text = parts.filter((part) => typeof part === 'string' && part !== '').join(', ')
  return text === '' ? '' : `(${text})`
}

const at = (list: unknown, index: number): unknown => (Array.isArray(list) ? (list as unknown[])[index] : undefined)

/** A warning that lasts: the reason, and what exactly. */
export const warningText = (code: string, detail: Detail = {}): string => joined(reasonText(code), particulars(detail))

/** A setting that keeps a pair stopped. */
export const problemText = ({ field, code, detail }: SettingsProblem): string =>
  say(`problem.${code}`, { field, detail })

/** An error code of the runtime, as a sentence. */
export const errorText = (code: string, detail: string): string =>
  known(`error.${code}`, { detail }) ?? say('error.unexpected_error', { detail: code })

// --- Times ---

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How long something has been so, for people. */
export function lasting(ms: number): string {
  const part = (unitMs: number, ofMs = Infinity): number => Math.floor((ms % ofMs) / unitMs)
  if (ms < MINUTE_MS) return say('lasting.seconds', { s: Math.max(0, part(SECOND_MS)) })
  if (ms < HOUR_MS) return say('lasting.minutes', { m: part(MINUTE_MS) })
  if (ms < DAY_MS) return say('lasting.hours', { h: part(HOUR_MS), m: part(MINUTE_MS, HOUR_MS) })
  return say('lasting.days', { d: part(DAY_MS), h: part(HOUR_MS, DAY_MS) })
}

/** The time of day, with the date unless it is today's. */
export function clock(atMs: number, nowMs = Date.now()): string {
  const [date, today] = [new Date(atMs), new Date(nowMs)]
  const time = date.toLocaleTimeString(locale(), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false
  })
  if (date.toDateString() === today.toDateString()) return time
  return `${date.toLocaleDateString(locale(), { month: 'short', day: 'numeric' })} ${time}`
}

export const exactClock = (atMs: number): string =>
  new Date(atMs).toLocaleString(locale(), { dateStyle: 'full', timeStyle: 'medium', hour12: false })

/** ms with as many digits as say something. */
export function milliseconds(ms: number): string {
  return say('unit.ms', { n: ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms) })
}
