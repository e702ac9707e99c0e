/** What the tab says, in the editor's language. */

const TEXTS = '@ha-pair/node-red-ha-pair/ha-pair-sidebar:'

/** The texts of events and reasons: the runtime's one catalogue. */
let catalogue = { events: {}, reasons: {} }

export function setCatalogue(texts) {
  catalogue = texts
}

/** Names and hosts are put in here, as they are: what the editor's library makes of `$t(...)` in them depends on its version. */
export function say(key, values = {}) {
  const text = RED._(TEXTS + key, { skipInterpolation: true })
  return text.replace(/__(\w+?)__/g, (whole, name) => (name in values ? String(values[name]) : whole))
}

export const language = () => (say('language') === 'zh' ? 'zh' : 'en')
const locale = () => (language() === 'zh' ? 'zh-CN' : undefined)

/** What the language puts between two sentences. */
export const gap = () => (language() === 'zh' ? '' : ' ')

export const joined = (...sentences) => sentences.filter((sentence) => sentence !== '').join(gap())

/** What a reason code means; '' for `none` and for codes that this runtime does not know. */
export function reasonText(code) {
  return code === 'none' ? '' : (catalogue.reasons[code]?.[language()] ?? '')
}

/** What to do about it; '' = nothing. */
export function reasonAdvice(code) {
  return catalogue.reasons[code]?.todo?.[language()] ?? ''
}

const known = (key, values) => {
  const text = say(key, values)
  return text === TEXTS + key || text === key ? null : text
}

/** An event of the timeline as plain sentences: what happened, and why. */
export function eventText({ event, reason, detail }) {
  const what = ownWords(event, reason, detail) ?? catalogue.events[event]?.[language()] ?? event
  const why = joined(reasonText(reason), reasonText(detail.because ?? 'none'), particulars(detail))
  // 'It started, because it started' tells nothing, nor does 'it was designated, by designation'; a first start is no concern.
  if (event === 'started') return { what, why: '' }
  if (reason === 'store-new') return { what: reasonText(reason), why: '' }
  if (event === 'channel') return { what: reasonText(reason), why: particulars(detail) }
  if (event === 'designate' && reason === 'designated') return { what, why: '' }
  return { what, why }
}

function ownWords(event, reason, detail) {
  switch (event) {
    case 'role':
      return say('event.role', { role: say(`role.${detail.role}`), epoch: detail.epoch })
    case 'online':
      return say(detail.online ? 'event.online' : 'event.offline')
    case 'link':
      if (typeof detail.link !== 'number') return null
      if (reason === 'address-changed') {
        return say('event.link-moved', { link: detail.link + 1, from: detail.from, to: detail.to })
      }
      return say(`event.link-${(detail.up ?? detail.open) === true ? 'up' : 'down'}`, { link: detail.link + 1 })
    case 'designate': {
      if (!['self', 'peer'].includes(detail.to)) return say('event.designate-settled')
      // On the extended wire a designation is a grant: it carries the epoch under which its receiver may serve.
      const granted = typeof detail.epoch === 'number'
      return say(granted ? `event.granted-${detail.to}` : `event.designate-${detail.to}`)
    }
    case 'handover': {
      const begins = detail.phase === 'asking'
      return say(begins ? 'event.handover-begun' : 'event.handover-over')
    }
    case 'host-stalled':
      return say(detail.stalled === true ? 'event.stalled' : 'event.unstalled')
    case 'rejected':
      return say('event.rejected', { count: detail.count, cause: detail.cause })
    default:
      return null
  }
}

/** What else an engineer would want to know. Which fields there are depends on the event. */
function particulars({ differ, here, peer, down, link, place, places, peerAheadS, problem, noticedAfter, error }) {
  const parts = []
  const versus = (mine, his) => say('detail.versus', { here: mine, peer: his })
  if (Array.isArray(differ)) {
    for (const [i, name] of differ.entries()) {
      const both = here?.[i] === undefined ? '' : ` ${versus(here[i], peer?.[i])}`
      parts.push((known(`differ.${name}`) ?? name) + both)
    }
  } else if (here !== undefined) parts.push(versus(here, peer))
  if (Array.isArray(down))
    down.forEach((n, i) => parts.push(say('detail.link', { n: n + 1, place: places?.[i] ?? '' })))
  else if (place !== undefined) parts.push(say('detail.link', { n: link + 1, place }))
  if (typeof peerAheadS === 'number')
    parts.push(say(`detail.${peerAheadS > 0 ? 'ahead' : 'behind'}`, { s: Math.abs(peerAheadS) }))
  if (noticedAfter !== undefined) parts.push(say('detail.peer-timeout', { after: noticedAfter }))
  if (problem !== 'missing') parts.push(problem)
  parts.push(error)
  const text = parts.filter((part) => typeof part === 'string' && part !== '').join(', ')
  return text === '' ? '' : `(${text})`
}

/** A warning that lasts: the reason, and what exactly. */
export const warningText = (code, detail = {}) => joined(reasonText(code), particulars(detail))

/** A setting that keeps a pair stopped. */
export const problemText = ({ field, code, detail }) => say(`problem.${code}`, { field, detail })

/** An error code of the runtime, as a sentence. */
export const errorText = (code, detail) =>
  known(`error.${code}`, { detail }) ?? say('error.unexpected_error', { detail: code })

// --- Times ---

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long something has been so, for people. */
export function lasting(ms) {
  const part = (unit, of = Infinity) => Math.floor((ms % of) / unit)
  if (ms < MINUTE) return say('lasting.seconds', { s: Math.max(0, part(SECOND)) })
  if (ms < HOUR) return say('lasting.minutes', { m: part(MINUTE) })
  if (ms < DAY) return say('lasting.hours', { h: part(HOUR), m: part(MINUTE, HOUR) })
  return say('lasting.days', { d: part(DAY), h: part(HOUR, DAY) })
}

/** The time of day, with the date unless it is today's. */
export function clock(at, now = Date.now()) {
  const [date, today] = [new Date(at), new Date(now)]
  const time = date.toLocaleTimeString(locale(), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false
  })
  if (date.toDateString() === today.toDateString()) return time
  return `${date.toLocaleDateString(locale(), { month: 'short', day: 'numeric' })} ${time}`
}

export const exactClock = (at) =>
  new Date(at).toLocaleString(locale(), { dateStyle: 'full', timeStyle: 'medium', hour12: false })

/** ms with as many digits as say something. */
export function milliseconds(ms) {
  return say('unit.ms', { n: ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms) })
}
