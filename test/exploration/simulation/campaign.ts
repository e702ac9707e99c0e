/** Many seeds over the profiles, and what they reached together. */
import { PROFILES, type Plan, type ProfileName } from './plan'
import { simulate } from './simulate'
import { add, merge, mergeMax, type Counts } from './tally'
import type { Violation } from './watcher'
import type { MachineFactory } from './world'

export interface Failure extends Violation {
  readonly seed: bigint
  readonly profile: ProfileName
}

export interface Report {
  seeds: number
  simulatedMs: number
  steps: number
  frames: number
  starts: number
  readonly faults: Counts
  readonly transitions: Counts
  readonly events: Counts
  readonly network: Counts
  readonly answers: Counts
  readonly worst: Counts
  readonly seedsByProfile: Counts
  readonly failures: Failure[]
}

export function newReport(): Report {
  return {
    seeds: 0,
    simulatedMs: 0,
    steps: 0,
    frames: 0,
    starts: 0,
    faults: {},
    transitions: {},
    events: {},
    network: {},
    answers: {},
    worst: {},
    seedsByProfile: {},
    failures: []
  }
}

/** Adds what another part of the same campaign reached. */
export function mergeReports(into: Report, from: Report): void {
  into.seeds += from.seeds
  into.simulatedMs += from.simulatedMs
  into.steps += from.steps
  into.frames += from.frames
  into.starts += from.starts
  for (const key of ['faults', 'transitions', 'events', 'network', 'answers', 'seedsByProfile'] as const)
    merge(into[key], from[key])
  mergeMax(into.worst, from.worst)
  into.failures.push(...from.failures)
}

/** Seeds are dealt to the profiles in turn. */
export function profileOf(seed: bigint): ProfileName {
  return PROFILES[Number(seed % BigInt(PROFILES.length))] as ProfileName
}

/** The command that runs one seed again. */
export function rerun(failure: { readonly seed: bigint; readonly profile: ProfileName }): string {
  return `node dist/test/exploration/simulation/run.js --seed ${failure.seed} --profile ${failure.profile} --trace`
}

export function runPlan(report: Report, plan: Plan, factory: MachineFactory): Failure | null {
  const { seed, profile } = plan
  const outcome = simulate(plan, factory)
  report.seeds++
  report.simulatedMs += outcome.simulatedMs
  report.steps += outcome.tally.steps
  report.frames += outcome.tally.frames
  report.starts += outcome.tally.starts
  merge(report.faults, outcome.tally.faults)
  merge(report.transitions, outcome.tally.transitions)
  merge(report.events, outcome.tally.events)
  merge(report.network, outcome.network)
  merge(report.answers, outcome.answers)
  mergeMax(report.worst, outcome.worst)
  add(report.seedsByProfile, profile, 1)
  if (outcome.violation === null) return null
  const failure = { ...outcome.violation, seed, profile }
  report.failures.push(failure)
  return failure
}

export function describeFailure(failure: Failure): string {
  return `${failure.checker} at ${failure.atMs.toFixed(2)} ms: ${failure.message}\n    ${rerun(failure)}`
}

export function describeReport(report: Report): string {
  const lines = [
    `${report.seeds} seeds, ${(report.simulatedMs / 3_600_000).toFixed(1)} simulated hours, ${report.steps} steps, ${report.frames} frames taken in, ${report.starts} starts`
  ]
  const sections: [string, Counts][] = [
    ['profiles', report.seedsByProfile],
    ['faults', report.faults],
    ['network', report.network],
    ['transitions', report.transitions],
    ['events', report.events],
    ['answers to commands', report.answers],
    ['worst', report.worst]
  ]
  for (const [title, counts] of sections) {
    lines.push(`${title}:`)
    for (const key of Object.keys(counts).toSorted())
      lines.push(`  ${key}: ${Math.round((counts[key] ?? 0) * 100) / 100}`)
  }
  return lines.join('\n')
}
