/**
 * The mutation campaign: every mutation of the list, applied to a private copy, and what catches it.
 *
 *     node dist/test/exploration/mutation/run.js                      all of them, to standard output as a table
 *     node dist/test/exploration/mutation/run.js --only TEXT          those whose name or rule contains TEXT (or one of A|B|C)
 *     node dist/test/exploration/mutation/run.js --except TEXT        all but those
 *     node dist/test/exploration/mutation/run.js --seeds N            bound of the simulation (default 600; 0 = leave it out)
 *     node dist/test/exploration/mutation/run.js --markdown FILE      the table as markdown too, row by row
 *     node dist/test/exploration/mutation/run.js --thorough           the simulation also for what the tests have caught
 *     node dist/test/exploration/mutation/run.js --quick              stops at the first test that fails, the short ones first
 *     node dist/test/exploration/mutation/run.js --part I/N           every Nth of them, from the Ith on (0 <= I < N)
 *     node dist/test/exploration/mutation/run.js --minutes M --from I as many as fit into M minutes, from the Ith on and round
 *
 * Tests and scenarios run for each mutation; where they see nothing, the simulation does, until its first failure. The
 * exit code is 1 when a mutation survives, 2 when one does not apply any more, the unmutated machine fails, or the campaign
 * is interrupted; what was found by then is printed.
 */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RULES, type Mutation } from './list'
import { Subject, TESTS } from './subject'

/** Some of the unmutated run on a busy machine: what is killed counts as caught. */
const MOCHA_LIMIT_MS = 480_000
const TEST_LIMIT_MS = 120_000
const SIMULATION_LIMIT_MS = 180_000

/** Means in the order of their cost; `tests` are those of test/unit/protocol/extended, the matrix excepted, and of the paths. */
type Means = 'tests' | 'matrix' | 'scenarios' | 'simulation'
type Catch = Partial<Record<Means, string>>

interface MochaReport {
  readonly stats: { readonly tests: number }
  readonly passes: readonly { readonly file: string; readonly duration: number }[]
  readonly failures: readonly { readonly fullTitle: string; readonly file: string }[]
}

function option(name: string, otherwise: string): string {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function meansOf(failure: { readonly file: string }): Means {
  if (failure.file.includes('matrix')) return 'matrix'
  return failure.file.includes('scenarios') ? 'scenarios' : 'tests'
}

interface Run {
  readonly stdout: string
  readonly code: number | null
  /** It was killed at its limit. */
  readonly endless: boolean
}

const interrupted = new AbortController()

/** Errors: rejects when the campaign is interrupted or the program cannot be run. */
function node(root: string, args: readonly string[], limitMs: number): Promise<Run> {
  const options = {
    cwd: root,
    timeout: limitMs,
    killSignal: 'SIGKILL',
    maxBuffer: 256 * 1024 * 1024,
    signal: interrupted.signal
  } as const
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, options, (error, stdout) => {
      if (error === null) resolve({ stdout, code: 0, endless: false })
      else if (error.killed === true && !interrupted.signal.aborted) resolve({ stdout, code: null, endless: true })
      else if (typeof error.code === 'number') resolve({ stdout, code: error.code, endless: false })
      else reject(error)
    })
  })
}

function byDuration({ passes }: MochaReport): readonly string[] {
  const tookMs = new Map<string, number>()
  for (const { file, duration } of passes) tookMs.set(file, (tookMs.get(file) ?? 0) + duration)
  return [...tookMs.keys()].toSorted((a, b) => (tookMs.get(a) ?? 0) - (tookMs.get(b) ?? 0))
}

interface Tested {
  readonly caught: Catch
  /** The files whose tests passed, those that end soon first. */
  readonly files: readonly string[]
}

/** The tests and scenarios that fail, by means: the first one's title and how many more there are. */
async function test(root: string, files = TESTS, options: readonly string[] = []): Promise<Tested> {
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js')
  const limits = ['--timeout', String(TEST_LIMIT_MS)]
  const args = [mocha, '--no-config', '--recursive', ...limits, '--reporter', 'json', ...options, ...files]
  const run = await node(root, args, MOCHA_LIMIT_MS)
  if (run.endless) return { caught: { tests: 'does not end' }, files: [] }
  const start = run.stdout.indexOf('{\n  "stats"')
  if (start < 0) return { caught: { tests: 'does not load' }, files: [] }
  const report = JSON.parse(run.stdout.slice(start)) as MochaReport
  if (report.stats.tests === 0) throw new Error('no test ran')
  const caught: Catch = {}
  for (const means of ['tests', 'matrix', 'scenarios'] as const) {
    const titles = report.failures
      .filter((failure) => meansOf(failure) === means)
      .map(({ fullTitle }) => fullTitle.replace(/^(extended wire, |scenarios )/, ''))
    const [first] = titles
    if (first !== undefined) caught[means] = titles.length === 1 ? first : `${first} (+${titles.length - 1})`
  }
  return { caught, files: byDuration(report) }
}

async function catchBySimulation(root: string, seeds: number): Promise<Catch> {
  if (seeds === 0) return {}
  const args = [
    join('dist', 'test', 'exploration', 'simulation', 'run.js'),
    '--from',
    '1',
    '--count',
    String(seeds),
    '--brief'
  ]
  const run = await node(root, args, SIMULATION_LIMIT_MS)
  if (run.endless) return { simulation: 'does not end' }
  if (run.code === 0) return {}
  const [checker] = /^\w+(?= at [\d.]+ ms)/m.exec(run.stdout) ?? ['does not run']
  const [, seed] = /--seed (\d+)/.exec(run.stdout) ?? ['', '?']
  return { simulation: `${checker}, seed ${seed ?? '?'}` }
}

function describe(caught: Catch): string {
  const means = Object.entries(caught).map(([name, what]) => `${name}: ${what}`)
  return means.length === 0 ? 'SURVIVES' : means.join('; ')
}

interface Row {
  readonly rule: string
  readonly mutation: Mutation
  readonly caught: Catch
}

/** Text that may stand in a cell of a markdown table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function toMarkdown(rows: readonly Row[]): string {
  const lines = ['| rule | a machine that ... | caught by |', '| --- | --- | --- |']
  let rule = ''
  for (const row of rows) {
    lines.push(
      `| ${row.rule === rule ? '' : cell(row.rule)} | ${cell(row.mutation.does)} | ${cell(describe(row.caught))} |`
    )
    rule = row.rule
  }
  return `${lines.join('\n')}\n`
}

async function campaign(subject: Subject): Promise<number> {
  const only = option('only', '').split('|')
  const except = option('except', '\0').split('|')
  const seeds = Number(option('seeds', '600'))
  const thorough = process.argv.includes('--thorough')
  const quick = process.argv.includes('--quick')
  const chosen = RULES.flatMap(({ rule, mutations }) => mutations.map((mutation) => ({ rule, mutation }))).filter(
    ({ rule, mutation }) => {
      const has = (text: string): boolean => `${rule} ${mutation.does}`.includes(text)
      return only.some(has) && !except.some(has)
    }
  )
  const [part = 0, parts = 1] = option('part', '0/1').split('/').map(Number)
  const from = Number(option('from', '0')) % Math.max(1, chosen.length)
  const due = [...chosen.slice(from), ...chosen.slice(0, from)].filter((_, i) => i % parts === part)
  const untilMs = Date.now() + Number(option('minutes', 'Infinity')) * 60_000
  const whole = await test(subject.root)
  const healthy = describe({ ...whole.caught, ...(await catchBySimulation(subject.root, seeds)) })
  if (healthy !== 'SURVIVES') {
    print(`the machine as it is fails: ${healthy}`)
    return 2
  }
  const file = option('markdown', '')
  const rows: Row[] = []
  const startedAtMs = Date.now()
  for (const { rule, mutation } of due) {
    if (Date.now() >= untilMs) break
    const restore = subject.apply(mutation)
    const { caught: byTests } = await (quick ? test(subject.root, whole.files, ['--bail']) : test(subject.root))
    const simulated = thorough || Object.keys(byTests).length === 0
    const caught = { ...byTests, ...(simulated ? await catchBySimulation(subject.root, seeds) : {}) }
    restore()
    rows.push({ rule, mutation, caught })
    const leftMs = ((Date.now() - startedAtMs) / rows.length) * (due.length - rows.length)
    print(`${rows.length}/${due.length}, ${Math.ceil(leftMs / 1000)} s left  ${mutation.does}`)
    print(`        ${describe(caught)}`)
    if (file !== '') writeFileSync(file, toMarkdown(rows))
  }
  const survivors = rows.filter(({ caught }) => Object.keys(caught).length === 0)
  print(`${rows.length} of ${chosen.length} mutations, ${survivors.length} survive${survivors.length === 0 ? '' : ':'}`)
  for (const { mutation } of survivors) print(`    ${mutation.does}`)
  return survivors.length === 0 ? 0 : 1
}

const subject = new Subject()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
void campaign(subject)
  .catch((error: unknown) => {
    print(interrupted.signal.aborted ? 'interrupted' : String(error))
    return 2
  })
  .then((code) => {
    subject.remove()
    process.exitCode = code
  })
