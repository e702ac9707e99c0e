/** Which events deserve a line in the log, and what it says: one sentence. Rejections come at most once per cause and minute already. */
import type { ReasonCode } from '../protocol/reasons'
import type { EventName, PairEvent } from './events'
import { EVENTS } from './texts/events'
import { happened, type Names } from './texts/happened'
import { REASONS } from './texts/reasons'
import { isWarningCode, WARNINGS } from './warnings'

export interface PairLog {
  info(line: string): void
  warn(line: string): void
  error(line: string): void
}

export const SILENT_LOG: PairLog = { info: () => {}, warn: () => {}, error: () => {} }

type Level = 'none' | 'info' | 'warn'

/** Another host acts from now on, or none does: a reader of the log has to see it. */
const TAKEOVER: ReadonlySet<ReasonCode> = new Set([
  'lost-connection',
  'peer-crashed',
  'peer-left',
  'peer-removed',
  'peer-restarted',
  'half-open',
  'lease-expired',
  'operator-forced',
  'less-fit',
  'host-stalled',
  'proof-wrong',
  'restored-copy'
])
/** Contact that begins, a stop in order and a start need nobody to look at the network. */
const CALM: ReadonlySet<ReasonCode> = new Set(['peer-heard', 'peer-left', 'peer-removed', 'peer-restarted'])

/** At which level an event is logged. */
export function levelOf({ event, reason }: { readonly event: EventName; readonly reason: ReasonCode }): Level {
  if (event === 'warning' || event === 'warning-ended') {
    if (!isWarningCode(reason) || !WARNINGS[reason].log) return 'none'
    return event === 'warning' ? 'warn' : 'info'
  }
  if (event === 'role' && TAKEOVER.has(reason)) return 'warn'
  if (event === 'online' && !CALM.has(reason)) return 'warn'
  const { log } = EVENTS[event]
  return log === 'info' && REASONS[reason].warns ? 'warn' : log
}

/**
 * Writes what happened in one turn: a line for each thing that happened, and not one for each way in which it shows. Anyone who is
 * warned is also told what to do.
 */
export function report(log: PairLog, name: string, names: Names, events: readonly PairEvent[]): void {
  for (const event of events) {
    const level = isRoutine(event) ? 'info' : levelOf(event)
    if (level === 'none' || isSaidBy(events, event)) continue
    const { text, todo } = happened(event, names)
    const line = [`${name}:`, text.en, level === 'warn' ? todo.en : '', inWords(event.detail)]
    log[level](oneLine(line.filter((part) => part !== '').join(' ')))
  }
}

export const ENGINE_LINES_EVERY_MS = 60_000

/** Which events of the engine get a line: one that dies as soon as it runs does so every few seconds. */
export class EngineLines {
  #nextMs = -Infinity
  #quiet = false

  has({ event, reason }: PairEvent, nowMs: number): boolean {
    if (event !== 'engine') return true
    if (reason === 'engine-crashed') {
      this.#quiet = nowMs < this.#nextMs
      if (!this.#quiet) this.#nextMs = nowMs + ENGINE_LINES_EVERY_MS
    }
    return !this.#quiet
  }
}

/** What every restart brings. */
function isRoutine({ event, detail }: PairEvent): boolean {
  return event === 'rejected' && (detail.cause === 'replayed' || detail.cause === 'session')
}

/** An engine that dies has lost role and contact; a takeover says that contact was lost, and contact what becomes of the links. */
function isSaidBy(events: readonly PairEvent[], { event, reason }: PairEvent): boolean {
  if (reason === 'engine-crashed' && event !== 'engine') return events.some((other) => other.event === 'engine')
  if (event === 'online') return events.some((other) => other.event === 'role' && other.reason === reason)
  return event === 'link' && FOLLOWS.has(reason) && events.some((other) => other.event === 'online')
}
const FOLLOWS: ReadonlySet<ReasonCode> = new Set([
  'peer-heard',
  'lost-connection',
  'peer-silent',
  'half-open',
  'receipts-lost'
])

/** Control characters, line ends of all kinds, and marks that turn the direction of what follows. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** What somebody has typed, as a part of one line of a log or a badge: nobody writes lines of his own into it. */
export function oneLine(text: string): string {
  return text.replaceAll(UNPRINTABLE, (sign) => {
    const inJson = JSON.stringify(sign).slice(1, -1)
    return inJson === sign ? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}` : inJson
  })
}

/** What the sentence has said. */
const SAID = new Set(['role', 'previousRole', 'online', 'up', 'open', 'link', 'stalled', 'count', 'to', 'phase', 'id'])

function inWords(detail: object): string {
  const words = Object.entries(detail).filter(([name]) => !SAID.has(name))
  return words.length === 0 ? '' : `(${words.map(([name, value]) => `${name}=${String(value)}`).join(', ')})`
}
