/**
 * The answers of the health endpoint, as pure functions of one reading. Anyone who decides about traffic reads the status
 * code; people and programs read the body. Every answer says how fresh it is. Nothing here knows a key, a file or an
 * address of this side.
 */
import type { WarningCode } from './events'
import { isStopped, type HealthReading } from './health-reading'
import { metricsText, METRICS_CONTENT_TYPE } from './metrics'
import { stopReason } from './settings'
import { stoppedSituation } from './situation/situation'
import type { Situation, SituationCode } from './situation/types'
import { REASONS } from './texts/reasons'

/** Each page, and what its path adds to `healthPath`. */
export const HEALTH_PAGES = {
  status: '',
  active: '/active',
  standby: '/standby',
  live: '/live',
  metrics: '/metrics'
} as const
export type HealthPage = keyof typeof HEALTH_PAGES

export interface HealthAnswer {
  readonly status: 200 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The verdict is the reading's: nothing is looked up again. */
export async function healthAnswer(page: HealthPage, reading: HealthReading): Promise<HealthAnswer> {
  const good = isGood(page, reading)
  switch (page) {
    case 'status':
      return answer(reading, good, 'application/json; charset=utf-8', `${JSON.stringify(statusBody(reading))}\n`)
    case 'metrics':
      return answer(reading, good, METRICS_CONTENT_TYPE, await metricsText(reading))
    default:
      return answer(reading, good, 'text/plain; charset=utf-8', `${inAWord(page, reading)}\n`)
  }
}

/** Fails closed: without a living engine this side is nothing that a load balancer should count on. */
function isGood(page: HealthPage, reading: HealthReading): boolean {
  // What counts a stopped pair has to be able to count it.
  if (page === 'metrics') return true
  if (isStopped(reading)) return false
  const { status, engine } = reading
  switch (page) {
    case 'status':
      return true
    case 'active':
      return status.role === 'active' && status.serving
    case 'standby':
      return status.role === 'standby' && engine.alive
    // That the flows' event loop is alive shows in the answer itself: it is the one that answers.
    case 'live':
      return engine.alive
    default:
      return page satisfies never
  }
}

/** For people who look at it with curl; programs read the status code. */
function inAWord(page: 'active' | 'standby' | 'live', reading: HealthReading): string {
  if (isStopped(reading)) return `stopped: ${stopReason(reading.problems)}`
  const { status, engine } = reading
  if (page === 'live') return engine.alive ? 'alive' : 'engine does not run'
  return status.role === 'active' && !status.serving ? 'active, not serving' : status.role
}

function statusBody(reading: HealthReading): object {
  if (isStopped(reading)) {
    const { name, host, at, problems } = reading
    const situation = inEnglish(stoppedSituation(host, problems))
    const reason = stopReason(problems)
    const nothing = { role: 'initial', reason, serving: false, online: false, peer: null }
    return {
      name,
      host,
      situation,
      ...nothing,
      at,
      engineAgo: null,
      problems: problems.map(({ field, code }) => ({ field, code }))
    }
  }
  const { status, at, engine, troubles } = reading
  return { ...status, situation: inEnglish(reading.situation), at, engineAgo: engine.ago, troubles }
}

/** Whose sentence names an address, a name or a process of this side: monitoring gets the general one. */
const NAMES_OWN: ReadonlySet<SituationCode> = new Set([
  'port-in-use',
  'port-held-here',
  'link-failed',
  'zone-missing',
  'loopback-address',
  'files-in-use'
])

/** For a page that shows it, and for people who read it with curl. */
function inEnglish({ code, severity, text, todo, also }: Situation): object {
  const general = NAMES_OWN.has(code) ? REASONS[code as WarningCode].en : text.en
  return { code, severity, text: general, todo: todo.en, also }
}

function answer(reading: HealthReading, good: boolean, contentType: string, body: string): HealthAnswer {
  const ago = isStopped(reading) ? null : reading.engine.ago
  return {
    status: good ? 200 : 503,
    headers: {
      'Content-Type': contentType,
      'Cache-Control': 'no-store',
      'HA-Pair-At': String(reading.at),
      'HA-Pair-Engine-Ago': ago === null ? 'none' : String(ago)
    },
    body
  }
}
