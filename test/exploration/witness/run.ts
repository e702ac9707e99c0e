/**
 * Three voices under random cuts, by hand:
 *
 *     node dist/test/exploration/witness/run.js --seeds 5000 [--from 1]        until so many seeds, or the first that fails
 *     node dist/test/exploration/witness/run.js --minutes 1 [--from 1]         until the time is over, at least one seed
 *     node dist/test/exploration/witness/run.js --seed N                       one seed, as a story
 *     node dist/test/exploration/witness/run.js --schedules DEPTH [--part I/N] every order of cuts and starts to that depth
 */
import { runCuts } from './cuts'
import { exhaust } from './schedules'

function option(name: string): string | null {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? null : (process.argv[at + 1] ?? '')
}

function main(): number {
  const one = option('seed')
  if (one !== null) {
    const outcome = runCuts(BigInt(one), { log: (line) => console.log(line) })
    console.log(outcome)
    return outcome.violation === null && outcome.heals ? 0 : 1
  }
  const depth = option('schedules')
  if (depth !== null) {
    const [part = 0, parts = 1] = (option('part') ?? '0/1').split('/').map(Number)
    const { schedules, states, violation } = exhaust(Number(depth), part, parts)
    console.log(`${schedules} schedules, ${states} situations${violation === null ? '' : `; FAILS: ${violation}`}`)
    return violation === null ? 0 : 1
  }
  const from = Number(option('from') ?? 1)
  const minutes = option('minutes')
  const seeds = minutes === null ? Number(option('seeds') ?? 1000) : Infinity
  const untilMs = minutes === null ? Infinity : performance.now() + Number(minutes) * 60_000
  let [count, cuts, loans, failed] = [0, 0, 0, 0]
  for (; count < seeds && (count === 0 || performance.now() < untilMs); count++) {
    const seed = from + count
    const outcome = runCuts(BigInt(seed))
    cuts += outcome.cuts
    loans += outcome.loans
    const why = outcome.violation ?? (outcome.heals ? null : 'nobody serves in the end')
    if (why === null) continue
    failed += 1
    console.log(`FAILS: seed ${seed}: ${why}; again: node dist/test/exploration/witness/run.js --seed ${seed}`)
  }
  console.log(`${count} seeds, ${cuts} cuts, ${loans} loans, ${failed} fail`)
  return failed === 0 ? 0 : 1
}

process.exitCode = main()
