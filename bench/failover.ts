/** How long nobody acts: ha-pair beside keepalived and ucarp, trial by trial in turn, in the same namespaces. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Network, whyNotHere } from '../test/chaos/network'
import { AddressPeer, isInstalled, keepalived, ucarp } from './address-peer'
import { failover, type Contestant, type Fault } from './contestant'
import { NodeRedPair } from './node-red-pair'
import type { Series, Verdict } from './results'
import type { Row } from './row'
import { summarize } from './statistics'

/** Heartbeats, or advertisements, that may be missed: VRRP's own figure. */
const MULTIPLIER = 3
const QUICK_TRIALS = 3
const UCARP_INTERVAL_MS = 1000

interface Plan {
  readonly fault: Fault
  readonly heartbeatMs: number
  readonly trials: number
  /** Median and p95 as a share of keepalived's; null = no bar. */
  readonly bars: { readonly median: number | null; readonly p95: number | null }
  readonly minutes: number
}

const WHAT: Readonly<Record<Fault, string>> = {
  kill: 'Active killed with -9',
  gone: 'Active’s host gone, all its packets dropped',
  stop: 'Active stopped in order (SIGTERM)'
}

const PLANS: readonly Plan[] = [
  { fault: 'kill', heartbeatMs: 1000, trials: 15, bars: { median: 0.33, p95: 0.5 }, minutes: 7 },
  { fault: 'kill', heartbeatMs: 100, trials: 30, bars: { median: 0.33, p95: 0.5 }, minutes: 4 },
  { fault: 'kill', heartbeatMs: 10, trials: 40, bars: { median: 0.6, p95: null }, minutes: 4 },
  { fault: 'gone', heartbeatMs: 1000, trials: 10, bars: { median: 1, p95: null }, minutes: 5 },
  { fault: 'gone', heartbeatMs: 100, trials: 20, bars: { median: 1, p95: null }, minutes: 3 },
  { fault: 'gone', heartbeatMs: 10, trials: 20, bars: { median: 1, p95: null }, minutes: 3 }
]

export const FAILOVER_ROWS: readonly Row[] = [...PLANS.map(rowOf), stopRow()]

function rowOf(plan: Plan): Row {
  const { fault, heartbeatMs, bars } = plan
  return {
    name: `${fault}-${heartbeatMs}`,
    title: `${WHAT[fault]}, heartbeat ${heartbeatMs} ms, peerTimeout ${MULTIPLIER * heartbeatMs} ms`,
    how: `From ${fault === 'kill' ? 'the kill' : 'the moment before the packet filter is set'} until the role message leaves the state node of the survivor; of the peers, until the kernel tells that the address is there. At a random phase of the heartbeat, the contestants in turn.`,
    minutes: plan.minutes,
    whyNotHere,
    async run({ quick, progress }) {
      const limitMs = 20 * MULTIPLIER * heartbeatMs + 20_000
      const trials = quick ? QUICK_TRIALS : plan.trials
      const withUcarp = heartbeatMs === UCARP_INTERVAL_MS
      const { series, notes } = await race({ fault, heartbeatMs, trials, limitMs, withUcarp }, progress)
      return { series, verdicts: verdictsOf(series, bars), notes }
    }
  }
}

function stopRow(): Row {
  const heartbeatMs = 200
  const limitMs = 20_000
  return {
    name: 'stop',
    title: `${WHAT.stop}, default settings`,
    how: 'From SIGTERM, which is before the goodbye, until the role message leaves the state node of the other side.',
    minutes: 2,
    whyNotHere,
    async run({ quick, progress }) {
      const trials = quick ? QUICK_TRIALS : 30
      const { series } = await race(
        { fault: 'stop', heartbeatMs, trials, limitMs, withUcarp: false, alone: true },
        progress
      )
      const { median } = summarize(series[0]?.values ?? [])
      const verdict = { bar: 'median <= 20 ms', measured: `${median.toFixed(1)} ms`, met: median <= 20 }
      return { series, verdicts: [verdict], notes: [] }
    }
  }
}

interface Race {
  readonly fault: Fault
  readonly heartbeatMs: number
  readonly trials: number
  readonly limitMs: number
  readonly withUcarp: boolean
  /** Without peers, at the default peerTimeout. */
  readonly alone?: boolean
}

async function race(
  plan: Race,
  progress: (line: string) => void
): Promise<{ readonly series: Series[]; readonly notes: string[] }> {
  const { heartbeatMs, trials, limitMs, fault } = plan
  const network = await Network.make()
  const folder = mkdtempSync(join(tmpdir(), 'ha-pair-bench-'))
  const notes: string[] = []
  const contestants: Contestant[] = []
  try {
    const peerTimeoutMs = plan.alone === true ? 10 * heartbeatMs : MULTIPLIER * heartbeatMs
    contestants.push(new NodeRedPair(network, join(folder, 'ha-pair'), { heartbeatMs, peerTimeoutMs }))
    const daemons = plan.alone === true ? [] : [keepalived(heartbeatMs), ...(plan.withUcarp ? [ucarp()] : [])]
    for (const daemon of daemons) {
      if (isInstalled(daemon.who)) contestants.push(new AddressPeer(daemon, network, join(folder, daemon.who)))
      else notes.push(`${daemon.who} is not installed: not measured, and the bar does not count.`)
    }
    const series: Series[] = []
    const values = new Map(contestants.map(({ who }) => [who, [] as number[]]))
    // One after the other: a filter that makes one host vanish would do so for all.
    for (const contestant of contestants) {
      await contestant.start()
      for (let trial = 0; trial < trials; trial++) {
        const ms = await failover(contestant, { network, fault, heartbeatMs, limitMs })
        values.get(contestant.who)?.push(ms)
        progress(`${contestant.who} ${trial + 1} of ${trials}: ${ms.toFixed(1)} ms`)
      }
      await contestant.remove()
      series.push({ who: contestant.who, unit: 'ms', values: values.get(contestant.who) ?? [] })
    }
    return { series, notes }
  } finally {
    for (const contestant of contestants) await contestant.remove()
    network.remove()
    rmSync(folder, { recursive: true, force: true })
  }
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
    return [{ bar: text, measured: `${ratio.toFixed(2)} x`, met: ratio <= bar }]
  })
}
