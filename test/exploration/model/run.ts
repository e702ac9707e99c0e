/**
 * The model checker by hand.
 *
 *     node dist/test/exploration/model/run.js [--quick | --long] [--only TEXT] [--part I/N] [--states-max N]
 *         searches the spaces whose name contains the text, or every Nth of them; ends a space that has more states than that
 *     node dist/test/exploration/model/run.js --replay 'NAME' --actions 1,2,3 [--frames] [--undisturbed]      tells one way as a story
 */
import { EXPECTED, EXPECTED_LONG, LONG, QUICK } from './configurations'
import { explore, tell, type Report } from './explore'
import { loadTransparent } from './transparent'

const STATES_MAX = 1_500_000
const MS_MAX = 20 * 60_000
const EVENTUALLY_EVERY = 50
const STATES_WANTED = 1_000_000

const args = process.argv.slice(2)

function option(name: string): string | null {
  const at = args.indexOf(`--${name}`)
  return at < 0 ? null : (args[at + 1] ?? '')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function summary(report: Report): string {
  const { configuration, states, transitions, depth, exhausted, ranUndisturbed, settledWithinQuanta, ms } = report
  const bound = configuration.depthMax === undefined ? 'whole space' : `within ${configuration.depthMax} actions`
  return `${configuration.name}: ${states} states, ${transitions} transitions, depth ${depth}, ${exhausted ? `exhausted (${bound})` : 'NOT exhausted'}; ${ranUndisturbed} run undisturbed, settled within ${settledWithinQuanta} quanta; ${report.comparedTwice} compared twice; ${(ms / 1000).toFixed(1)} s`
}

/** What a search has shown, in words; all but the first is a failure. */
type Verdict = 'the model holds' | 'THE MODEL DOES NOT HOLD' | 'no violation, but not all of it was searched'

function replay(name: string): Verdict {
  const configuration = [...QUICK, ...LONG].find((c) => c.name === name)
  if (configuration === undefined) throw new Error(`no configuration '${name}'`)
  const actions = (option('actions') ?? '').split(',').filter(Boolean).map(Number)
  const thenUndisturbed = args.includes('--undisturbed')
  const story = tell(configuration, loadTransparent(), actions, { frames: args.includes('--frames'), thenUndisturbed })
  for (const row of story) print(row)
  return story.some((row) => row.startsWith('VIOLATED')) ? 'THE MODEL DOES NOT HOLD' : 'the model holds'
}

function search(long: boolean, only: string): Verdict {
  const protocol = loadTransparent()
  const [part = 0, parts = 1] = (option('part') ?? '0/1').split('/').map(Number)
  const statesMax = Number(option('states-max') ?? STATES_MAX)
  const chosen = (long ? LONG : QUICK).filter(({ name }) => name.includes(only)).filter((_, i) => i % parts === part)
  const seen = new Set<string>()
  let violated = false
  let searched = chosen.length > 0
  let [states, transitions] = [0, 0]
  chosen.forEach((configuration, i) => {
    print(`${i + 1} of ${chosen.length}: ${configuration.name} ...`)
    const report = explore(configuration, protocol, {
      statesMax,
      msMax: MS_MAX,
      eventuallyEvery: EVENTUALLY_EVERY,
      onProgress: (now) => print(`  ${now.states} states, depth ${now.depth}, ${(now.ms / 1000).toFixed(0)} s`)
    })
    states += report.states
    transitions += report.transitions
    for (const what of report.seen.keys()) seen.add(`${configuration.policy}: ${what}`)
    print(summary(report))
    const { violation } = report
    if (!report.exhausted) searched = false
    if (violation === null) return
    violated = true
    const undisturbed = violation.message.startsWith('undisturbed')
    const story = tell(configuration, protocol, violation.actions, { frames: false, thenUndisturbed: undisturbed })
    for (const row of story) print(row)
    print(
      `again: node dist/test/exploration/model/run.js --replay '${configuration.name}' --actions ${violation.actions.join()}${undisturbed ? ' --undisturbed' : ''} --frames`
    )
  })
  print(`${states} distinct states, ${transitions} transitions in ${chosen.length} spaces`)
  if (only === '' && parts === 1) {
    const missing = (long ? EXPECTED_LONG : EXPECTED).filter((what) => !seen.has(what))
    for (const what of missing) print(`never reached: ${what}`)
    if (missing.length > 0) searched = false
    if (long && states < STATES_WANTED) {
      print(`fewer than ${STATES_WANTED} states`)
      searched = false
    }
  } else for (const what of [...seen].toSorted()) print(`  reached ${what}`)
  if (violated) return 'THE MODEL DOES NOT HOLD'
  return searched ? 'the model holds' : 'no violation, but not all of it was searched'
}

const name = option('replay')
const verdict = name === null ? search(args.includes('--long'), option('only') ?? '') : replay(name)
print(verdict)
process.exitCode = verdict === 'the model holds' ? 0 : 1
