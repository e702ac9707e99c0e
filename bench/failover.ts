/** How long nobody acts: ha-pair beside keepalived and ucarp, trial by trial in turn, in the same namespaces at the same time. */
import { join } from 'node:path'
import { US_PER_MS } from '../test/support/namespaces/clock'
import { type Side, SIDES } from '../test/support/namespaces/history'
import { whyNotHere } from '../test/support/namespaces/network'
import { func, stateNode } from '../test/support/node-red/flow'
import { Random } from '../test/support/random'
import { AddressPeer, isInstalled, keepalived, ucarp } from './address-peer'
import { inTestbed } from './testbed'
import { failover, type Candidate, type Fault, type Trial } from './candidate'
import { type Line, NodeRedPair } from './node-red-pair'
import { phases } from './tools/phases'
import type { Series, Verdict } from './tools/results'
import type { Row } from './tools/row'
import { summarize } from './tools/statistics'

/** Heartbeats, or advertisements, that may be missed: VRRP's own figure. */
const MULTIPLIER = 3
const QUICK_TRIALS = 3
const SEED = 1n
const ALL_TCP = 'meta l4proto tcp'
const UCARP_INTERVAL_MS = 1000
const STOP_HEARTBEAT_MS = 200
const STOP_BAR_MS = 20

interface Plan {
  readonly fault: Exclude<Fault, 'stop'>
  readonly heartbeatMs: number
  readonly trials: number
  /** Median and p95 as a share of keepalived's; null = no bar. */
  readonly bars: { readonly median: number | null; readonly p95: number | null }
  readonly minutes: number
}

const WHAT: Readonly<Record<Fault, string>> = {
  kill: 'Active killed with -9',
  blocked: 'Active killed with -9 while TCP is blocked',
  gone: 'Active’s host gone, all its packets dropped',
  stop: 'Active stopped in order (SIGTERM)'
}

const PLANS: readonly Plan[] = [
  { fault: 'kill', heartbeatMs: 1000, trials: 16, bars: { median: 0.02, p95: 0.5 }, minutes: 7 },
  { fault: 'kill', heartbeatMs: 100, trials: 40, bars: { median: 0.15, p95: 0.5 }, minutes: 4 },
  { fault: 'kill', heartbeatMs: 10, trials: 50, bars: { median: 0.7, p95: null }, minutes: 4 },
  { fault: 'blocked', heartbeatMs: 100, trials: 50, bars: { median: 1, p95: null }, minutes: 5 },
  { fault: 'gone', heartbeatMs: 1000, trials: 16, bars: { median: 1, p95: null }, minutes: 6 },
  // From here on the two differ by little, and the phase of the fault alone makes a median of 60 differ: by 6.5 ms at 100, by 0.65 at 10.
  { fault: 'gone', heartbeatMs: 100, trials: 300, bars: { median: 1, p95: null }, minutes: 12 },
  { fault: 'gone', heartbeatMs: 10, trials: 240, bars: { median: 1, p95: null }, minutes: 8 }
]

/** Notes what is said of the channel; nothing, when the process has just started. */
const CHANNEL_NODES = [
  stateNode('channel-state', 'pair', [[], [], ['channel']]),
  func(
    'channel',
    `if (msg.payload.event === 'started') global.get('write')('channel', null)
if (msg.payload.event === 'channel') global.get('write')('channel', msg.payload.reason)`,
    [[]]
  )
]

export const FAILOVER_ROWS: readonly Row[] = [...PLANS.map(rowOf), stopRow()]

function rowOf(plan: Plan): Row {
  const { fault, heartbeatMs, bars } = plan
  return {
    name: `${fault}-${heartbeatMs}`,
    title: `${WHAT[fault]}, heartbeat ${heartbeatMs} ms, peerTimeout ${MULTIPLIER * heartbeatMs} ms`,
    how: `From ${fault === 'gone' ? 'the moment at which the packet filter is told to drop all frames of the candidate, both ways,' : 'the kill of all processes of a side'} until the role message leaves the state node of the survivor; of the peers, until the kernel tells that the address is there. Candidates in turn, trial by trial; the faults fall on phases spread evenly over the heartbeat, in random order.${fault === 'kill' ? ' ha-pair’s channel is open when a side is killed.' : fault === 'blocked' ? ' All of the time the packet filter drops what leaves by TCP.' : ''}`,
    minutes: plan.minutes,
    whyNotHere,
    async run({ quick, progress }) {
      const limitMs = 20 * MULTIPLIER * heartbeatMs + 20_000
      const trials = quick ? QUICK_TRIALS : plan.trials
      const peers = [keepalived(heartbeatMs), ...(heartbeatMs === UCARP_INTERVAL_MS ? [ucarp()] : [])]
      const peerTimeoutMs = MULTIPLIER * heartbeatMs
      const { trials: done, notes } = await race(
        { fault, heartbeatMs, peerTimeoutMs, trials, limitMs, peers },
        progress
      )
      const series = [...done].map(([who, list]): Series => ({ who, unit: 'ms', values: list.map(({ ms }) => ms) }))
      return { series, verdicts: verdictsOf(series, bars), notes }
    }
  }
}

function stopRow(): Row {
  const heartbeatMs = STOP_HEARTBEAT_MS
  return {
    name: 'stop',
    title: `${WHAT.stop}, default settings`,
    how: 'From the goodbye coming in at the other side’s interface (a trace of the kernel), and from the SIGTERM before it, until the role message leaves the state node of the other side. Where the trace was told too late to be used, the time from SIGTERM stands for it.',
    minutes: 3,
    whyNotHere,
    async run({ quick, progress }) {
      const trials = quick ? QUICK_TRIALS : 40
      const plan = { fault: 'stop', heartbeatMs, peerTimeoutMs: 10 * heartbeatMs, trials, limitMs: 20_000 } as const
      const { trials: done, notes } = await race({ ...plan, peers: [] }, progress)
      const list = done.get('ha-pair') ?? []
      const fromGoodbye = list.flatMap(({ afterGoodbyeMs }) => (afterGoodbyeMs === null ? [] : [afterGoodbyeMs]))
      const series: Series[] = [
        { who: 'from goodbye', unit: 'ms', values: fromGoodbye },
        { who: 'from SIGTERM', unit: 'ms', values: list.map(({ ms }) => ms) }
      ]
      const { median } = summarize(fromGoodbye)
      const verdict = {
        bar: `median <= ${STOP_BAR_MS} ms from the goodbye`,
        measured: `${median.toFixed(1)} ms`,
        met: median <= STOP_BAR_MS
      }
      return { series, verdicts: [verdict], notes }
    }
  }
}

interface Race {
  readonly fault: Fault
  readonly heartbeatMs: number
  readonly peerTimeoutMs: number
  readonly trials: number
  readonly limitMs: number
  readonly peers: readonly ReturnType<typeof keepalived>[]
}

async function race(
  plan: Race,
  progress: (line: string) => void
): Promise<{ readonly trials: Map<string, Trial[]>; readonly notes: string[] }> {
  const { heartbeatMs, peerTimeoutMs, trials, limitMs, fault } = plan
  return inTestbed(async ({ network, folder, filters, leaving }) => {
    const notes: string[] = []
    const candidates: Candidate[] = []
    const enter = (candidate: Candidate): void => {
      candidates.push(candidate)
      leaving(() => candidate.remove())
    }
    const wayMs: number[] = []
    const channel: Record<Side, unknown> = { a: null, b: null }
    const onLine = ([side, atUs, kind, value]: Line): void => {
      if (kind === 'channel') channel[side] = value
      if (kind !== 'arrived') return
      const leftUs = pair.leftOutputAtUs(side)
      if (leftUs !== null) wayMs.push((atUs - leftUs) / US_PER_MS)
    }
    const pair = new NodeRedPair(network, join(folder, 'ha-pair'), {
      heartbeatMs,
      peerTimeoutMs,
      atOutput: true,
      onLine,
      nodes: CHANNEL_NODES,
      // Without it a crash cannot be proved.
      ready: () => fault !== 'kill' || SIDES.every((side) => channel[side] === 'channel-open')
    })
    enter(pair)
    for (const daemon of plan.peers) {
      if (isInstalled(daemon.who)) enter(new AddressPeer(daemon, network, join(folder, daemon.who)))
      else notes.push(`${daemon.who} is not installed: not measured, and the bar does not count.`)
    }
    const done = new Map(candidates.map(({ who }) => [who, [] as Trial[]]))
    const random = new Random(SEED, 'phases')
    // The same for all: anyone who draws later phases would look slower than it is.
    const faultPhases = phases(trials, () => random.unit())
    for (const candidate of candidates) {
      for (const filter of Object.values(filters)) filter.watch(candidate.frames)
      await candidate.start()
    }
    if (fault === 'blocked') for (const filter of Object.values(filters)) filter.cut(ALL_TCP)
    for (const [trial, phase] of faultPhases.entries()) {
      for (const candidate of candidates) {
        const result = await failover(candidate, phase, { filters, fault, heartbeatMs, limitMs })
        done.get(candidate.who)?.push(result)
        progress(`${trial + 1} of ${trials}: ${candidate.who} ${result.ms.toFixed(1)} ms`)
      }
    }
    const { median, spread } = summarize(wayMs)
    notes.push(
      `From the output of the state node into the next node of the flow: ${median.toFixed(2)} ms in the median (spread ${spread.toFixed(2)}), not part of the figures.`
    )
    return { trials: done, notes }
  })
}

function verdictsOf(series: readonly Series[], bars: Plan['bars']): Verdict[] {
  const of = (who: string): readonly number[] | undefined => series.find((each) => each.who === who)?.values
  const [ours, theirs] = [of('ha-pair'), of('keepalived')]
  return (['median', 'p95'] as const).flatMap((figure): Verdict[] => {
    const bar = bars[figure]
    if (bar === null || ours === undefined) return []
    const text = `${figure} <= ${bar} x keepalived’s`
    if (theirs === undefined) return [{ bar: text, measured: 'no peer', met: null }]
    const ratio = summarize(ours)[figure] / summarize(theirs)[figure]
    return [{ bar: text, measured: `${ratio.toFixed(3)} x`, met: ratio <= bar }]
  })
}
