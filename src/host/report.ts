/** Which events deserve a line in the log, and what it says. Rejections come at most once per cause and minute already. */
import type { ReasonCode } from '../protocol/reasons'
import type { EventName } from './events'
import { EVENTS } from './texts/events'
import { REASONS } from './texts/reasons'
import { isWarningCode, WARNINGS } from './warnings'

export interface PairLog {
  info(line: string): void
  warn(line: string): void
  error(line: string): void
}

export const SILENT_LOG: PairLog = { info: () => {}, warn: () => {}, error: () => {} }

interface Reported {
  readonly event: EventName
  readonly reason: ReasonCode
  readonly detail: Readonly<Record<string, unknown>>
}

/** At which level an event is logged. */
export function levelOf({ event, reason }: Pick<Reported, 'event' | 'reason'>): 'none' | 'info' | 'warn' {
  if (event === 'warning' || event === 'warning-ended') {
    if (!isWarningCode(reason) || !WARNINGS[reason].log) return 'none'
    return event === 'warning' ? 'warn' : 'info'
  }
  const { log } = EVENTS[event]
  return log === 'info' && REASONS[reason].warns ? 'warn' : log
}

/** Writes the event's line, if it deserves one. Anyone who is warned is also told what to do. */
export function report(log: PairLog, name: string, event: Reported): void {
  const level = levelOf(event)
  if (level === 'none') return
  const [what, why] = [EVENTS[event.event], REASONS[event.reason]]
  const todo = level === 'warn' ? why.todo.en || what.todo.en : ''
  const line = [`${name}:`, event.event === 'warning' ? '' : what.en, why.en, todo, inWords(event.detail)]
  log[level](oneLine(line.filter((part) => part !== '').join(' ')))
}

/** Control characters, line ends of all kinds, and marks that turn the direction of what follows. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** What somebody has typed, as a part of one line of a log or a badge: nobody writes lines of his own into it. */
export function oneLine(text: string): string {
  return text.replaceAll(UNPRINTABLE, (sign) => {
    const inJson = JSON.stringify(sign).slice(1, -1)
    return inJson === sign ? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}` : inJson
  })
}

function inWords(detail: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(detail).map(([name, value]) => `${name}=${String(value)}`)
  return words.length === 0 ? '' : `(${words.join(', ')})`
}
