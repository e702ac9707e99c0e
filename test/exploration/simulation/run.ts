/**
 * The simulation by hand.
 *
 *     node dist/test/exploration/simulation/run.js --seed N --profile P --trace [--frames] [--shrink]    one seed, as a story
 *     node dist/test/exploration/simulation/run.js --from N --count M [--profile P] [--shrink]           many seeds, and what they reached
 *
 * `--machine FILE` takes another `createMachine` (a compiled `create.js`), for instance a mutated one; `--keep-going`
 * carries on after failures; `--brief` prints failures only; `--without KIND,KIND` leaves faults of these kinds out;
 * `--unheard CHECKER,CHECKER` is deaf to these checkers.
 */
import { createMachine } from '../../../src/protocol/create'
import { describeFailure, describeReport, newReport, profileOf, rerun, runPlan, type Failure } from './campaign'
import { describeFault } from './faults'
import { makePlan as makeWholePlan, PROFILES, type Plan, type ProfileName } from './plan'
import { shrink } from './shrink'
import { simulate } from './simulate'
import type { MachineFactory } from './world'

const args = process.argv.slice(2)

function option(name: string): string | null {
  const at = args.indexOf(`--${name}`)
  return at < 0 ? null : (args[at + 1] ?? '')
}

function flag(name: string): boolean {
  return args.includes(`--${name}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function chooseMachine(): MachineFactory {
  const file = option('machine')
  if (file === null) return createMachine
  const loaded = require(file) as { readonly createMachine: MachineFactory }
  return loaded.createMachine
}

function chooseProfile(): ProfileName | null {
  const name = option('profile')
  if (name === null) return null
  const profile = PROFILES.find((p) => p === name)
  if (profile === undefined) throw new Error(`no profile ${name}; there are ${PROFILES.join(', ')}`)
  return profile
}

function makePlan(seed: bigint, profile: ProfileName): Plan {
  const plan = makeWholePlan(seed, profile)
  const without = (option('without') ?? '').split(',')
  const unheard = (option('unheard') ?? '').split(',').filter((name) => name !== '')
  return { ...plan, unheard, faults: plan.faults.filter((fault) => !without.includes(fault.kind)) }
}

function printPlan(plan: Plan): void {
  print(
    `seed ${plan.seed}, profile ${plan.profile}, finale ${plan.finale}, ${plan.links} link(s), delay ${plan.delayMs.toFixed(2)}+${plan.jitterMs.toFixed(2)} ms${plan.keyed ? '' : ', no key'}${plan.cloned ? ', cloned identity' : ''}${describeNats(plan)}${describeEnd(plan)}`
  )
  for (const side of plan.sides) {
    const { name, policy, priority, heartbeatMs, peerTimeoutMs, failback, crashProof, channel } = side.settings
    print(
      `${name}: policy ${policy}, priority ${priority}, heartbeat ${heartbeatMs}, peerTimeout ${peerTimeoutMs}, failback ${failback}, proofs ${crashProof ? channel : 'off'}, clock ${side.clockRate.toFixed(4)} + ${side.clockOffsetMs.toFixed(1)}, starts at ${side.startAtMs.toFixed(1)}`
    )
  }
  for (const fault of plan.faults) print(`  ${describeFault(fault)}`)
}

function describeNats({ nats }: Plan): string {
  return nats.map((nat, host) => (nat === null ? '' : `, ${'AB'[host]} behind a NAT that ${nat}`)).join('')
}

function describeEnd({ exhausted, absent }: Plan): string {
  const end =
    exhausted === null
      ? ''
      : `, ${'AB'[exhausted.host]} ${exhausted.epoch} epochs and ${exhausted.number} records from the end`
  return absent === null ? end : `${end}, ${'AB'[absent]} never starts`
}

function runOne(seed: bigint, profile: ProfileName, factory: MachineFactory): boolean {
  let plan = makePlan(seed, profile)
  if (flag('shrink')) plan = shrink(plan, factory)
  printPlan(plan)
  const outcome = simulate(plan, factory, flag('trace') ? { write: print, frames: flag('frames') } : null)
  if (outcome.violation === null) print(`holds, ${(outcome.simulatedMs / 1000).toFixed(1)} simulated seconds`)
  else {
    const { checker, atMs, message } = outcome.violation
    print(`FAILS: ${checker} at ${atMs.toFixed(2)} ms: ${message}`)
    print(`again: ${rerun({ seed, profile })}${flag('shrink') ? ' --shrink' : ''}`)
  }
  return outcome.violation === null
}

function runMany(from: bigint, count: number, only: ProfileName | null, factory: MachineFactory): boolean {
  const report = newReport()
  const began = process.hrtime.bigint()
  for (let i = 0; i < count; i++) {
    const seed = from + BigInt(i)
    const failure: Failure | null = runPlan(report, makePlan(seed, only ?? profileOf(seed)), factory)
    if (failure === null) continue
    print(describeFailure(failure))
    if (!flag('keep-going')) break
  }
  const tookMs = Number((process.hrtime.bigint() - began) / 1_000_000n)
  if (!flag('brief')) print(describeReport(report))
  print(
    `${report.failures.length} of ${report.seeds} seeds fail; ${tookMs} ms, ${(tookMs / report.seeds).toFixed(1)} ms each`
  )
  return report.failures.length === 0
}

const seed = option('seed')
const factory = chooseMachine()
const profile = chooseProfile()
const held =
  seed === null
    ? runMany(BigInt(option('from') ?? '1'), Number(option('count') ?? '1000'), profile, factory)
    : runOne(BigInt(seed), profile ?? profileOf(BigInt(seed)), factory)
process.exitCode = held ? 0 : 1
