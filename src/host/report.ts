/** Which events deserve a line in the log, and what it says. Rejections come at most once per cause and minute already. */
import { EVENTS, REASONS, type EventName, type ReasonCode } from '../protocol/catalogue'

export interface PairLog {
  info(line: string): void
  warn(line: string): void
  error(line: string): void
}

export const SILENT_LOG: PairLog = { info: () => {}, warn: () => {}, error: () => {} }

const WARNINGS: ReadonlySet<ReasonCode> = new Set([
  'port-in-use',
  'host-not-found',
  'link-failed',
  'bad-frame',
  'store-failed',
  'store-lost',
  'settings-differ',
  'cloned-identity',
  'third-party',
  'own-stall',
  'suspended',
  'host-stalled',
  'engine-crashed'
])
const NOTABLE: ReadonlySet<EventName> = new Set([
  'role',
  'online',
  'link',
  'conflict',
  'reasserted',
  'yielded',
  'paused',
  'resumed',
  'host-stalled',
  'engine',
  'store',
  'mismatch',
  'rejected'
])

/** Writes the event's line, if it deserves one. */
export function report(
  log: PairLog,
  name: string,
  event: { readonly event: EventName; readonly reason: ReasonCode; readonly detail: Readonly<Record<string, unknown>> }
): void {
  if (!NOTABLE.has(event.event)) return
  const line = `${name}: ${EVENTS[event.event].en} ${REASONS[event.reason].en}${inWords(event.detail)}`
  if (WARNINGS.has(event.reason) || event.event === 'conflict') log.warn(line)
  else log.info(line)
}

function inWords(detail: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(detail).map(([name, value]) => `${name}=${String(value)}`)
  return words.length === 0 ? '' : ` (${words.join(', ')})`
}
