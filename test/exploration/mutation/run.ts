/**
 * The mutation campaign: every mutation of the list, applied to a private copy, and what catches it.
 *
 *     node dist/test/exploration/mutation/run.js                      all of them, to standard output as a table
 *     node dist/test/exploration/mutation/run.js --only TEXT          those whose name or rule contains TEXT (or one of A|B|C)
 *     node dist/test/exploration/mutation/run.js --except TEXT        all but those
 *     node dist/test/exploration/mutation/run.js --seeds N            bound of the simulation (default 600; 0 = leave it out)
 *     node dist/test/exploration/mutation/run.js --markdown FILE      the table as markdown too, row by row
 *     node dist/test/exploration/mutation/run.js --thorough           the simulation also for what the tests have caught
 *     node dist/test/exploration/mutation/run.js --quick              stops at the first test that fails: first that which docs/dev/MUTATIONS.md
 *                                                                     names, then those of what is mutated, then the short ones
 *     node dist/test/exploration/mutation/run.js --trust              the unmutated machine has been tested already, by another part
 *     node dist/test/exploration/mutation/run.js --part I/N           every Nth of them, from the Ith on (0 <= I < N)
 *     node dist/test/exploration/mutation/run.js --minutes M --from I as many as fit into M minutes, from the Ith on and round
 *
 * Tests and scenarios run for each mutation; where they see nothing, the simulation does, until its first failure. What the model
 * has to find it searches for, in a space of its own. The exit code is 1 when a mutation survives, 2 when one does not apply any more, the unmutated machine fails, or the campaign
 * is interrupted; what was found by then is printed.
 */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ROOT } from '../../support/root'
import { explore } from '../model/explore'
import { loadTransparent } from '../model/transparent'
import { compileMutants, type Compiled } from './compile'
import { IN_MODEL } from './in-model'
import { RULES } from './list'
import type { Mutation } from './mutation'
import { Subject, TESTS } from './subject'
import { WITNESS_RULES } from './witness'

/** Some of the unmutated run on a busy machine: what is killed counts as caught. */
const MOCHA_LIMIT_MS = 480_000
const TEST_LIMIT_MS = 120_000
const SIMULATION_LIMIT_MS = 180_000
/** The states bound it: time says nothing on a busy machine. */
const MODEL_LIMITS = { statesMax: 120_000, msMax: 600_000, eventuallyEvery: 5 } as const

/** Means in the order of their cost; `tests` are those of test/unit/protocol/extended, the matrix excepted, and of the paths. */
type Means = 'tests' | 'matrix' | 'scenarios' | 'simulation' | 'model'
type Catch = Partial<Record<Means, string>>

interface MochaReport {
  readonly stats: { readonly tests: number }
  readonly passes: readonly { readonly fullTitle: string; readonly file: string; readonly duration?: number }[]
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
/** What runs when the minutes are over shows nothing, and is ended. */
const timeUp = new AbortController()

/** Errors: rejects when the campaign is interrupted or the program cannot be run. */
function node(root: string, args: readonly string[], limitMs: number): Promise<Run> {
  const options = {
    cwd: root,
    // Of tests the whole.
    env: { ...process.env, HA_PAIR_WHOLE: '1' },
    timeout: limitMs,
    killSignal: 'SIGKILL',
    maxBuffer: 256 * 1024 * 1024,
    signal: AbortSignal.any([interrupted.signal, timeUp.signal])
  } as const
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, options, (error, stdout) => {
      if (error === null) resolve({ stdout, code: 0, endless: false })
      else if (error.killed === true && !options.signal.aborted) resolve({ stdout, code: null, endless: true })
      else if (typeof error.code === 'number') resolve({ stdout, code: error.code, endless: false })
      else reject(error)
    })
  })
}

function byDuration({ passes }: MochaReport): readonly string[] {
  const tookMs = new Map<string, number>()
  for (const { file, duration } of passes) tookMs.set(file, (tookMs.get(file) ?? 0) + (duration ?? 0))
  return [...tookMs.keys()].toSorted((a, b) => (tookMs.get(a) ?? 0) - (tookMs.get(b) ?? 0))
}

interface Tested {
  readonly caught: Catch
  /** The files whose tests passed, those that end soon first. */
  readonly files: readonly string[]
  /** Their titles as the table has them, and the file of each. */
  readonly titles: ReadonlyMap<string, string>
}

/** As the table has it. */
function short(fullTitle: string): string {
  return fullTitle.replace(/^(extended wire, |scenarios )/, '')
}

/** The tests and scenarios that fail, by means: the first one's title and how many more there are. */
async function test(root: string, files = TESTS, options: readonly string[] = []): Promise<Tested> {
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js')
  const limits = ['--timeout', String(TEST_LIMIT_MS)]
  const args = [mocha, '--no-config', '--recursive', ...limits, '--reporter', 'json', ...options, ...files]
  const run = await node(root, args, MOCHA_LIMIT_MS)
  if (run.endless) return { caught: { tests: 'does not end' }, files: [], titles: new Map() }
  const start = run.stdout.indexOf('{\n  "stats"')
  if (start < 0) return { caught: { tests: 'does not load' }, files: [], titles: new Map() }
  const report = JSON.parse(run.stdout.slice(start)) as MochaReport
  if (report.stats.tests === 0) throw new Error('no test ran')
  const caught: Catch = {}
  for (const means of ['tests', 'matrix', 'scenarios'] as const) {
    const titles = report.failures
      .filter((failure) => meansOf(failure) === means)
      .map(({ fullTitle }) => short(fullTitle))
    const [first] = titles
    if (first !== undefined) caught[means] = titles.length === 1 ? first : `${first} (+${titles.length - 1})`
  }
  const titles = new Map(report.passes.map(({ fullTitle, file }) => [short(fullTitle), file]))
  return { caught, files: byDuration(report), titles }
}

/** By mutation, what the table of docs/dev/MUTATIONS.md says of its test. */
function namedTests(): ReadonlyMap<string, string> {
  const named = new Map<string, string>()
  for (const line of readFileSync(join(ROOT, 'docs', 'dev', 'MUTATIONS.md'), 'utf8').split('\n')) {
    const [, , does, caught] = line.split(/(?<!\\)\|/).map((text) => text.trim().replaceAll('\\|', '|'))
    if (does !== undefined && caught !== undefined) named.set(does, caught.replace(/^\w+: /, ''))
  }
  return named
}

/** The title that begins what the table says: how many more failed, and what else did, comes after it. */
function titleIn(said: string, titles: ReadonlyMap<string, string>): string | null {
  const parts = said.split('; ')
  for (let length = parts.length; length > 0; length--) {
    const title = parts
      .slice(0, length)
      .join('; ')
      .replace(/ \(\+\d+\)$/, '')
    if (titles.has(title)) return title
  }
  return null
}

const OF_THE_WITNESS: readonly string[] = ['witness', 'voice', 'lender'].map((name) => `${name}.test.js`)

/** The tests of what is mutated, among these. */
function testsOf({ rule, mutation }: Chosen, files: readonly string[]): readonly string[] {
  const own = mutation.edits.map(({ file }) => `${basename(file)}.test.js`)
  const wanted = WITNESS_RULES.some((other) => other.rule === rule) ? [...own, ...OF_THE_WITNESS] : own
  return files.filter((file) => wanted.includes(basename(file)))
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

/** What the search of its space says of a mutant, when that is what it has to say. */
function catchByModel(mutant: Compiled, { space, says }: Exclude<Mutation['caughtBy'], 'tests'>): Catch {
  const { violation } = explore(space, loadTransparent(mutant), MODEL_LIMITS)
  return violation !== null && says.test(violation.message) ? { model: violation.message } : {}
}

function describe(caught: Catch): string {
  const means = Object.entries(caught).map(([name, what]) => `${name}: ${what}`)
  return means.length === 0 ? 'SURVIVES' : means.join('; ')
}

interface Chosen {
  readonly rule: string
  readonly mutation: Mutation
}

interface Row extends Chosen {
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
  const chosen = [...RULES, IN_MODEL]
    .flatMap(({ rule, mutations }) => mutations.map((mutation) => ({ rule, mutation })))
    .filter(({ rule, mutation }) => {
      const has = (text: string): boolean => `${rule} ${mutation.does}`.includes(text)
      return only.some(has) && !except.some(has)
    })
  const [part = 0, parts = 1] = option('part', '0/1').split('/').map(Number)
  const from = Number(option('from', '0')) % Math.max(1, chosen.length)
  const due = [...chosen.slice(from), ...chosen.slice(0, from)].filter((_, i) => i % parts === part)
  const mutants = compileMutants(due.map(({ mutation }) => mutation))
  const minutes = Number(option('minutes', 'Infinity'))
  if (minutes < Infinity) setTimeout(() => timeUp.abort(), minutes * 60_000).unref()
  const trust = process.argv.includes('--trust')
  const whole = await test(subject.root, TESTS, trust ? ['--dry-run'] : [])
  const healthy = describe({ ...whole.caught, ...(await catchBySimulation(subject.root, trust ? 0 : seeds)) })
  if (healthy !== 'SURVIVES') {
    print(`the machine as it is fails: ${healthy}`)
    return 2
  }
  const file = option('markdown', '')
  const rows: Row[] = []
  const startedAtMs = Date.now()
  const named = namedTests()
  const catchQuickly = async (one: Chosen): Promise<Catch> => {
    const title = titleIn(named.get(one.mutation.does) ?? '', whole.titles)
    const known = whole.titles.get(title ?? '')
    const own = testsOf(one, whole.files)
    const tries: readonly (readonly [readonly string[], readonly string[]])[] = [
      [known === undefined ? [] : [known], ['--bail', '-f', title ?? '']],
      [own, ['--bail']],
      [whole.files, ['--bail']]
    ]
    for (const [files, options] of tries) {
      const { caught } = files.length === 0 ? { caught: {} } : await test(subject.root, files, options)
      if (Object.keys(caught).length > 0) return caught
    }
    return {}
  }
  const catchByTests = async (mutant: Compiled, one: Chosen): Promise<Catch> => {
    const restore = subject.apply(mutant)
    try {
      const caught = quick ? await catchQuickly(one) : (await test(subject.root)).caught
      const simulated = thorough || Object.keys(caught).length === 0
      return { ...caught, ...(simulated ? await catchBySimulation(subject.root, seeds) : {}) }
    } finally {
      restore()
    }
  }
  for (const [index, one] of due.entries()) {
    const { rule, mutation } = one
    if (timeUp.signal.aborted) break
    const mutant: Compiled = mutants[index] ?? new Map()
    const { caughtBy } = mutation
    let caught: Catch
    try {
      caught = caughtBy === 'tests' ? await catchByTests(mutant, one) : catchByModel(mutant, caughtBy)
    } catch (error) {
      if (!timeUp.signal.aborted) throw error
      break
    }
    rows.push({ rule, mutation, caught })
    const leftMs = ((Date.now() - startedAtMs) / rows.length) * (due.length - rows.length)
    print(`${rows.length}/${due.length}, ${Math.ceil(leftMs / 1000)} s left  ${mutation.does}`)
    print(`        ${describe(caught)}`)
    if (file !== '') writeFileSync(file, toMarkdown(rows))
  }
  if (rows.length === 0) {
    print('no time for any mutation')
    return 2
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
