/**
 * What a pair tells Prometheus. A registry lives for one answer and is filled from one reading: nothing is shared between
 * pairs, nothing is left behind by a deploy, and a scrape costs nothing until it comes. Every series carries the label
 * `pair`, so that one job may scrape many pairs. Each metric is explained in docs/operating/MONITORING.md.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Counter, Gauge, Registry } from 'prom-client'
import type { FrameRejection } from '../protocol/wire/frame'
import type { Role } from '../protocol/machine'
import { EVENT_NAMES } from './events'
import { isStopped, type HealthReading } from './health-reading'
import type { PairVitals } from './pair'
import { stoppedSituation } from './situation/situation'
import type { Situation } from './situation/types'

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/** Counters start at 0: what is not there before its first increase, `increase()` does not see. */
const CAUSES = Object.keys({
  short: 0,
  long: 0,
  magic: 0,
  head: 0,
  state: 0,
  foreign: 0,
  unsealed: 0,
  sealed: 0,
  version: 0,
  field: 0,
  unkeyed: 0,
  key: 0,
  seal: 0,
  intake: 0,
  reflected: 0,
  session: 0,
  replayed: 0,
  'third-party': 0
} satisfies Record<FrameRejection, 0>) as FrameRejection[]
const ROLES: readonly Role[] = ['initial', 'active', 'standby']
/** Frames are not counted as events: there are several per heartbeat. */
const COUNTED = EVENT_NAMES.filter((name) => !name.startsWith('frame-'))

type Labels = Readonly<Record<string, string>>
type Sample = readonly [value: number | null, labels?: Labels]

/** Of this package, as its manifest says. */
const VERSION = (JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'package.json'), 'utf8')) as ManifestLike)
  .version
interface ManifestLike {
  readonly version: string
}

export function metricsText(reading: HealthReading): Promise<string> {
  const sheet = new Sheet(isStopped(reading) ? reading.name : reading.status.name)
  if (isStopped(reading)) {
    sheet.gauge('running', RUNNING_HELP, [[0]])
    situations(sheet, stoppedSituation(reading.host, reading.problems))
  } else fill(sheet, reading)
  return sheet.text()
}

/** A series for each thing that is so. `lead`: it is what badges show. */
function situations(sheet: Sheet, { code, severity, also }: Pick<Situation, 'code' | 'severity' | 'also'>): void {
  sheet.gauge('situation', 'What is so now, by code and by what it means for the plant; always 1.', [
    [1, { code, severity, lead: 'yes' }],
    ...also.map((each) => [1, { code: each.code, severity: each.severity, lead: 'no' }] as const)
  ])
}

const RUNNING_HELP = 'Whether the pair runs: 0 = it is stopped because a setting is wrong.'

function fill(
  sheet: Sheet,
  { at, status, situation, engine, troubles, warnings, links, dropped, turned, ...counted }: PairVitals
): void {
  const { policy, wire, peer, channel, witness } = status
  sheet.gauge('info', 'How this side is set up; always 1.', [
    [1, { policy, wire, version: VERSION, authenticated: String(status.authenticated) }]
  ])
  sheet.gauge('running', RUNNING_HELP, [[1]])
  situations(sheet, situation)
  sheet.gauge(
    'role',
    'Role of this side: 1 for the role that it holds, 0 for the others.',
    ROLES.map((role) => [Number(role === status.role), { role }])
  )
  sheet.gauge('serving', 'Whether a gate of this side would pass a message at this instant.', [
    [Number(status.serving)]
  ])
  sheet.gauge('peer_online', 'Whether the peer is there, and hears this side too.', [[Number(status.online)]])
  sheet.gauge('epoch', 'The highest epoch that this side knows: the fencing token.', [[status.epoch]])
  sheet.gauge('role_age_seconds', 'For how long this side has held its role.', [
    [seconds(Math.max(0, at - status.since))]
  ])
  sheet.gauge(
    'lease_remaining_seconds',
    'How long an Active may still serve without an answer. Absent without a lease.',
    [[seconds(status.leaseLeft)]]
  )
  sheet.gauge('peer_heard_age_seconds', 'Time since the peer was heard. Absent before the first time.', [
    [seconds(peer?.heardAgo ?? null)]
  ])
  sheet.gauge('round_trip_seconds', 'Last measured round trip to the peer. Absent until it is measured.', [
    [seconds(peer?.roundTrip ?? null)]
  ])
  const proof = channel === null ? null : Number(channel.proof)
  sheet.gauge('channel_open', 'Whether the channel to the peer is open. Absent where the pair has none.', [
    [channel === null ? null : Number(channel.open)]
  ])
  sheet.gauge('crash_proof_possible', 'Whether a crash of the peer could be proved now. Absent without a channel.', [
    [proof]
  ])
  sheet.counter(
    'channel_refused_total',
    'Connections to the ports of the channel that were turned away, of this process, by cause. Absent without a channel.',
    [
      [turned?.crowded ?? null, { cause: 'crowded' }],
      [turned?.unknownKey ?? null, { cause: 'unknown-key' }],
      [turned?.failed ?? null, { cause: 'failed' }]
    ]
  )
  sheet.gauge(
    'context_behind_seconds',
    'How old the copy of the follower is at most, as the Active measures it. Absent while nobody follows.',
    [[seconds(channel?.behind ?? null)]]
  )
  sheet.gauge('context_bytes', 'Size of what the context stores of the pair hold here. Absent without a store.', [
    [channel?.bytes ?? null]
  ])
  sheet.gauge('context_keys', 'How many values the context stores of the pair hold here. Absent without a store.', [
    [channel?.keys ?? null]
  ])
  sheet.gauge(
    'context_transfer_age_seconds',
    'Time since data of the context stores last went to the peer or came from it. Absent before the first time.',
    [[seconds(channel?.movedAgo ?? null)]]
  )
  sheet.counter(
    'context_dropped_writes_total',
    'Writes to the context stores that changed nothing: on a Standby, or late in a swap. Absent without a store.',
    [[channel?.dropped ?? null]]
  )
  sheet.counter(
    'context_unanswered_writes_total',
    'Writes to which the peer did not answer in time. Absent without a store.',
    [[channel?.unanswered ?? null]]
  )
  sheet.gauge('witness_online', 'Whether the witness answers this side. Absent under every other policy.', [
    [witness === null ? null : Number(witness.online)]
  ])
  sheet.gauge('witness_counted', 'Whether both sides have agreed on the witness. Absent under every other policy.', [
    [witness === null ? null : Number(witness.counted)]
  ])
  sheet.gauge('witness_voice', 'Whether this side has the voice of the witness. Absent under every other policy.', [
    [witness === null ? null : Number(witness.holder === 'self')]
  ])
  sheet.gauge('witness_heard_age_seconds', 'Time since the witness was heard. Absent before the first time.', [
    [seconds(witness?.heardAgo ?? null)]
  ])
  sheet.gauge('fitness', 'How fit this side says it is, 0 to 255.', [[status.fitness]])
  sheet.gauge('peer_fitness', 'How fit the peer says it is, 0 to 255. Absent before it was heard.', [
    [peer?.fitness ?? null]
  ])
  sheet.gauge(
    'trouble',
    'What is wrong at present, by reason code; no series while all is well.',
    troubles.map((code) => [1, { code }])
  )
  sheet.gauge(
    'warning',
    'What a person should look at while the pair goes on, by reason code; no series while all is well.',
    warnings.map((code) => [1, { code }])
  )
  sheet.gauge(
    'link_open',
    'Whether the socket of a link is open.',
    links.map(({ open }, index) => [Number(open), { link: String(index + 1) }])
  )
  sheet.gauge(
    'link_up',
    'Whether frames pass both ways on a link.',
    links.map(({ up }, index) => [Number(up), { link: String(index + 1) }])
  )
  sheet.counter(
    'unsent_datagrams_total',
    'Datagrams that the system did not take, by link.',
    links.map(({ unsent }, index) => [unsent, { link: String(index + 1) }])
  )
  sheet.counter(
    'dropped_datagrams_total',
    'Received datagrams that were dropped, by cause.',
    CAUSES.map((cause) => [dropped[cause] ?? 0, { cause }])
  )
  sheet.counter(
    'events_total',
    'Numbered events, by name.',
    COUNTED.map((event) => [counted.events[event] ?? 0, { event }])
  )
  sheet.counter(
    'role_changes_total',
    'How often this side took each role.',
    ROLES.map((role) => [counted.roleChanges[role], { role }])
  )
  sheet.gauge('engine_up', "Whether the engine's thread runs and gave a sign of life lately.", [[Number(engine.alive)]])
  sheet.gauge(
    'engine_tick_age_seconds',
    "Time since the engine's thread gave its last sign of life. Absent without one.",
    [[seconds(engine.ago)]]
  )
  sheet.counter('engine_restarts_total', "How often the engine's thread had to be started again, in this process.", [
    [engine.restarts]
  ])
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}

/** The metrics of one answer. What is null has no sample: absent says more than a number that stands for nothing. */
class Sheet {
  readonly #registry = new Registry()
  readonly #pair: string

  constructor(pair: string) {
    this.#pair = pair
  }

  gauge(name: string, help: string, samples: readonly Sample[]): void {
    const gauge = new Gauge({ ...this.#kind(name, help, samples), registers: [this.#registry] })
    for (const [value, labels] of samples) if (value !== null) gauge.set({ pair: this.#pair, ...labels }, value)
  }

  counter(name: string, help: string, samples: readonly Sample[]): void {
    const counter = new Counter({ ...this.#kind(name, help, samples), registers: [this.#registry] })
    for (const [value, labels] of samples) if (value !== null) counter.inc({ pair: this.#pair, ...labels }, value)
  }

  #kind(name: string, help: string, samples: readonly Sample[]): { name: string; help: string; labelNames: string[] } {
    return { name: `ha_pair_${name}`, help, labelNames: ['pair', ...Object.keys(samples[0]?.[1] ?? {})] }
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
