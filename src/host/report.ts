/** Which events deserve a line in the log, and what it says. Rejections come at most once per cause and minute already. */
import { EVENTS, REASONS, type EventName, type ReasonCode } from '../protocol/catalogue'
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

/** Writes the event's line, if it deserves one. Whoever is warned is also told what to do. */
export function report(log: PairLog, name: string, event: Reported): void {
  const level = levelOf(event)
  if (level === 'none') return
  const [what, why] = [EVENTS[event.event], REASONS[event.reason]]
  const todo = level === 'warn' ? why.todo.en || what.todo.en : ''
  const line = [`${name}:`, event.event === 'warning' ? '' : what.en, why.en, todo, inWords(event.detail)]
  log[level](line.filter((part) => part !== '').join(' '))
}

function inWords(detail: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(detail).map(([name, value]) => `${name}=${String(value)}`)
  return words.length === 0 ? '' : `(${words.join(', ')})`
}
