/**
 * The chaos run by itself:
 *
 *   node dist/test/exploration/chaos/run.js --minutes 30 --seed 1    faults under the three policies
 *   node dist/test/exploration/chaos/run.js --stops 50               stops of the Active with messages queued at its gate
 *   ... --policy exclusive, --timeout 150                   this one only
 *   ... --policy witness                                    with a third host, and the ways to it cut as well
 *   ... --begin 'udp blocked,slow side'                     these faults first
 *   ... --sabotage no-gate, --judge-as exclusive            breaks something on purpose: the run must fail
 *
 * Ctrl-C ends it with what was found so far. Exit code 0 = nothing found, 1 = violations, 130 = interrupted.
 */
import { parseArgs } from 'node:util'
import { describeReport, describeViolations, plansFor, runSessions, stopPlans, thirdPlans } from './campaign'
import { ALL_FAULTS } from './faults'
import type { Policy } from '../../support/namespaces/checker'
import { nowUs } from '../../support/namespaces/clock'
import { SABOTAGES } from './flow'
import { whyNotHere } from '../../support/namespaces/network'
import type { SessionPlan, SessionReport, Stop } from './plan'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    stops: { type: 'string' },
    policy: { type: 'string' },
    begin: { type: 'string' },
    timeout: { type: 'string' },
    sabotage: { type: 'string' },
    'judge-as': { type: 'string' }
  }
})

const clock = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`

function chosenPlans(): SessionPlan[] {
  const seed = Number(values.seed)
  const sabotage = SABOTAGES.find((each) => each === values.sabotage) ?? null
  if (values.sabotage !== undefined && sabotage === null) throw new Error(`sabotage is one of ${SABOTAGES.join(', ')}`)
  const all =
    values.stops !== undefined
      ? stopPlans(Number(values.stops), seed)
      : values.policy === 'witness'
        ? thirdPlans(Number(values.minutes), seed)
        : plansFor(Number(values.minutes), seed)
  const kept = all.filter(({ policy }) => values.policy === undefined || policy === values.policy)
  if (kept.length === 0) throw new Error(`no session of policy '${values.policy}'`)
  return kept.map((plan) => ({
    ...plan,
    sabotage,
    begin: ALL_FAULTS.filter((kind) => values.begin?.split(',').includes(kind)),
    ...(values['judge-as'] === undefined ? {} : { judgeAs: values['judge-as'] as Policy }),
    ...(values.timeout === undefined ? {} : { peerTimeoutMs: Number(values.timeout) }),
    ...(values.stops === undefined ? { faultsForMs: (Number(values.minutes) * 60_000) / kept.length } : {})
  }))
}

async function main(): Promise<number> {
  const why = whyNotHere(['ip', 'nft', 'hping3'])
  if (why !== null) {
    console.error(`The chaos run cannot run here: ${why}.`)
    return 2
  }
  const plans = chosenPlans()
  const stop: Stop = { wanted: false }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.wanted) process.exit(130)
      stop.wanted = true
      console.log('Ending: the partial result follows. Once more ends at once.')
    })
  }
  const reports: SessionReport[] = []
  const plannedSeconds = plans.reduce((sum, { faultsForMs, stops }) => sum + faultsForMs / 1000 + stops * 2.5 + 10, 0)
  const startedUs = nowUs()
  await runSessions(
    plans,
    stop,
    (report) => {
      reports.push(report)
      for (const line of [...describeReport(report), ...describeViolations(report)]) console.log(line)
    },
    (line) => {
      const seconds = (nowUs() - startedUs) / 1e6
      const left = clock(Math.max(0, plannedSeconds - seconds))
      console.log(`[${clock(seconds)}, about ${left} left; session ${reports.length + 1} of ${plans.length}] ${line}`)
    }
  )
  const found = reports.reduce((sum, { violations }) => sum + violations.length, 0)
  const faults = reports.flatMap((each) => Object.values(each.faults)).reduce((sum, each) => sum + each, 0)
  const stops = reports.reduce((sum, each) => sum + each.stops, 0)
  const messages = reports.reduce((sum, { passed }) => sum + passed, 0)
  const part = stop.wanted ? 'Interrupted: ' : ''
  console.log(
    `${part}${reports.length} of ${plans.length} sessions, ${faults} faults, ${stops} stops, ${messages} messages, ` +
      `${clock((nowUs() - startedUs) / 1e6)} min, seed ${values.seed}: ${found} violations`
  )
  if (found > 0) return 1
  return stop.wanted ? 130 : 0
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error)
    process.exit(1)
  }
)
