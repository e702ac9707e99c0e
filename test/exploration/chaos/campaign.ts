/** A run: sessions one after the other in one network, and what is told about them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from '../../support/namespaces/checker'
import { ALL_FAULTS } from './faults'
import { Network } from '../../support/namespaces/network'
import { removeDisks } from './small-disk'
import type { SessionPlan, SessionReport, Stop } from './plan'
import { Session } from './session'

const POLICIES = ['availability', 'preferred', 'exclusive'] as const
export const PEER_TIMEOUT_MS = 300
/** Three heartbeats: as tight as one should dare. */
export const TIGHT_PEER_TIMEOUT_MS = 150
/** With a third voice: as its bars are. */
export const WIDE_PEER_TIMEOUT_MS = 1000
const SESSION_MINUTES = 5
const PROGRESS_EVERY_MS = 10_000

/** The three policies in turn, with both timeouts; a session lasts about five minutes, or a third of a short run. */
export function plansFor(minutes: number, seed: number): SessionPlan[] {
  const count = POLICIES.length * Math.max(1, Math.round(minutes / SESSION_MINUTES / POLICIES.length))
  return Array.from({ length: count }, (_, i) => ({
    policy: POLICIES[i % POLICIES.length] ?? 'exclusive',
    peerTimeoutMs: (i + Math.floor(i / POLICIES.length) + seed) % 2 === 0 ? PEER_TIMEOUT_MS : TIGHT_PEER_TIMEOUT_MS,
    seed: seed * 1000 + i,
    faultsForMs: (minutes * 60_000) / count,
    stops: 0
  }))
}

/** Under the policy `witness`, with a third host; both timeouts in turn. */
export function thirdPlans(minutes: number, seed: number): SessionPlan[] {
  const count = Math.max(1, Math.round(minutes / SESSION_MINUTES))
  return Array.from({ length: count }, (_, i) => ({
    policy: 'witness',
    peerTimeoutMs: (i + seed) % 2 === 0 ? PEER_TIMEOUT_MS : WIDE_PEER_TIMEOUT_MS,
    seed: seed * 1000 + 500 + i,
    faultsForMs: (minutes * 60_000) / count,
    stops: 0
  }))
}

/** Only stops of the Active, half of them under each policy that lets the other side follow. */
export function stopPlans(stops: number, seed: number): SessionPlan[] {
  return (['availability', 'preferred'] as const).map((policy, i) => ({
    policy,
    peerTimeoutMs: PEER_TIMEOUT_MS,
    seed: seed * 1000 + 900 + i,
    faultsForMs: 0,
    stops: i === 0 ? Math.ceil(stops / 2) : Math.floor(stops / 2)
  }))
}

/** Runs the sessions and hands each report on as it comes. Whatever happens, the network is removed again. */
export async function runSessions(
  plans: readonly SessionPlan[],
  stop: Stop,
  onReport: (report: SessionReport) => void,
  onProgress: (line: string) => void = () => {}
): Promise<void> {
  const network = await Network.make({ third: plans.some(({ policy }) => policy === 'witness') })
  const folder = mkdtempSync(join(tmpdir(), 'ha-pair-chaos-'))
  const remove = (): void => {
    network.remove()
    removeDisks()
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', remove)
  try {
    for (const [i, plan] of plans.entries()) {
      if (stop.wanted) return
      const session = new Session(plan, network, join(folder, String(i)), stop)
      const ticker = setInterval(() => onProgress(session.progress()), PROGRESS_EVERY_MS)
      try {
        onReport(await session.run())
      } finally {
        clearInterval(ticker)
        removeDisks()
        rmSync(join(folder, String(i)), { recursive: true, force: true })
      }
    }
  } finally {
    remove()
    process.removeListener('exit', remove)
  }
}

const figures = (list: readonly number[]): string =>
  list.length === 0 ? 'none' : `median ${Math.round(median(list))}, longest ${Math.round(Math.max(...list))} ms`

/** The report in a few lines, for people. */
export function describeReport(report: SessionReport): string[] {
  const { plan, faults, commands, violations } = report
  const kinds = ALL_FAULTS.flatMap((kind) => (faults[kind] === undefined ? [] : [`${faults[kind]} ${kind}`]))
  const count = Object.values(faults).reduce((sum, each) => sum + each, 0)
  const word = (event: string): string => `${report.events.get(event) ?? 0} ${event}`
  return [
    `${plan.policy}, peerTimeout ${plan.peerTimeoutMs} ms, seed ${plan.seed}: ${violations.length} violations`,
    `  ${count} faults (${kinds.join(', ')}), ${report.stops} stops of the Active with ${report.queuedAtStops} messages queued`,
    `  ${report.passed} messages passed on ${report.promotions} epochs; ${word('conflict')}, ${word('yielded')}`,
    `  one serves again after a fault: ${figures(report.settleMs)}; takeover after a death: ${figures(report.takeoverMs)}`,
    `  ${report.copies.writes} writes into the context store, ${report.copies.compared} comparisons of both copies: ` +
      `${figures(report.copies.alikeMs)}; ${report.copies.lostInCrash} writes lost by kill -9 in step, ` +
      `${report.copies.snapshotsCut} snapshots cut short`,
    `  commands: ${commands.done} done, ${commands.refused} refused, ${commands.cutOff} cut off by an end or a deploy of their ` +
      `side; replies: ${figures(report.replyMs)}`,
    `  memory growth ${report.memoryGrowthBytes.map((each) => `${Math.round(each / 2 ** 20)} MiB`).join(', ') || 'not judged'}; ` +
      `widest gate ${report.widestGateMs.toFixed(1)} ms, witness out of order by at most ${report.disorderMs.toFixed(1)} ms, ` +
      `machine starved for ${Math.round(report.starvedMs)} ms`
  ]
}

const VIOLATIONS_SHOWN = 5

/** What went wrong, with what was done and said around it. */
export function describeViolations({ violations, logs, thirdLog }: SessionReport): string[] {
  if (violations.length === 0) return []
  return [
    ...violations.slice(0, VIOLATIONS_SHOWN).flatMap(({ rule, text, context }) => [`${rule}: ${text}`, ...context]),
    ...(violations.length > VIOLATIONS_SHOWN ? [`... and ${violations.length - VIOLATIONS_SHOWN} more`] : []),
    ...[['a', logs.a] as const, ['b', logs.b] as const, ['the witness', thirdLog ?? ''] as const].map(
      ([whose, log]) => `--- log of ${whose}\n${log.trimEnd().split('\n').slice(-15).join('\n')}`
    )
  ]
}
