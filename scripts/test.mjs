/**
 * `npm test`: installs and builds if need be, checks format, lint and types, then runs the test suites and closes with
 * one line of totals.
 *
 *   npm test                              everything
 *   npm test -- protocol nodes            these suites only ('check' is a name too)
 *   npm test -- unit                      all suites of a group: unit, exploration, system
 *   npm test -- engine -g 'port in use'   what follows the first dash goes to mocha
 *   npm test -- scenarios --update        rewrites expected transcripts; review them as a diff
 *
 * A suite is a folder of `*.test.ts` files: below a group (`test/unit/protocol`), or `test/scenarios`. With CI=true a skipped
 * test is a failure.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { setPriority, tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createInterface } from 'node:readline'
import { assertNodeVersion, installBeside, NODE_RED_5 } from './bootstrap.mjs'
import { filesBelow, ROOT } from './build.mjs'
import { CHECKS, runCheck } from './check.mjs'
import { cpuOfEndedMs, cpuTotalMs } from './cpu.mjs'
import { ensureExampleNodes } from './example-nodes.mjs'
import { inLanes } from './lanes.mjs'

/** `npm run verify` sets it: suites take the whole of what they take a share of otherwise (test/support/share.ts). */
const WHOLE = process.env.HA_PAIR_WHOLE === '1'
const COMPUTES = 10
const HOSTS = -10
/** 60,000 packets a second, sent and received here, leave nothing to others that have a clock to keep. */
const FLOODS = 2

/**
 * `cores`: how much of a core a process of this suite keeps busy, or wants to find free; most of the tests wait most of the time.
 * `files`: those that get a process of their own, with about how many seconds each takes, and its `cores` where it differs; all
 * others of the suite share one, which takes `rest`, or have one each. The figures decide only what runs beside what.
 * `nice`: whose processes come first where there is no core for all. What only computes waits; hosts of their own, as in `field`, have
 * the core that a host has.
 */
const SUITES = [
  { name: 'architecture', nice: COMPUTES, required: true, cores: 0.8, rest: 5 },
  { name: 'protocol', nice: COMPUTES, required: true, cores: 1, files: { windows: [10] }, rest: 15 },
  { name: 'scenarios', nice: COMPUTES, required: true, cores: 1, rest: 3 },
  { name: 'rules', nice: COMPUTES, cores: 1, rest: 2 },
  { name: 'editor', nice: COMPUTES, cores: 1, rest: 3 },
  { name: 'witness', cores: 1, rest: 12 },
  { name: 'mutation', nice: COMPUTES, cores: 1, rest: 4 },
  { name: 'bench-tools', nice: COMPUTES, cores: 1, rest: 2 },
  { name: 'simulation', nice: COMPUTES, cores: 1, files: { simulation: [20] }, rest: 5 },
  { name: 'model', nice: COMPUTES, cores: 1, rest: 30 },
  {
    name: 'host',
    required: true,
    cores: 0.5,
    files: {
      channel: [20, 0.2],
      'channel-attacks': [7, 0.1],
      'exit-watch': [12, 0.4],
      fence: [10, 0.5],
      'files-in-use': [10, 0.3],
      hub: [20, 0.4]
    },
    rest: 35
  },
  {
    name: 'engine',
    required: true,
    cores: 0.3,
    files: { addresses: [33, 0.1], interfaces: [33, 0.15], pair: [15, 0.2], engine: [8, 0.2] },
    rest: 15
  },
  { name: 'nodes', required: true, cores: 0.5, files: { health: [8, 0.4], pair: [8, 0.5] }, rest: 20 },
  { name: 'context', required: true, cores: 0.6, rest: 6 },
  { name: 'demo', cores: 0.6, files: { running: [25], dev: [6] }, rest: 2 },
  // Needs root on Linux, ip and nft; where it cannot run it says why, and counts as skipped.
  { name: 'chaos', required: true, nice: HOSTS, cores: 0.7, files: { chaos: [45] }, rest: 2 },
  // The same, and hping3 and tcpdump.
  {
    name: 'field',
    required: true,
    nice: HOSTS,
    cores: 0.4,
    files: { addresses: [20], crash: [30], files: [20], forged: [15, WHOLE ? FLOODS : 0.4], links: [12] }
  },
  // Needs Chromium; where there is none it says so, and counts as skipped.
  {
    name: 'browser',
    required: true,
    needs: ['node-red-5'],
    cores: 0.8,
    files: { 'node-red-4': [60], 'node-red-5': [40], 'first-evening': [45], witness: [20] }
  },
  {
    name: 'e2e',
    required: true,
    needs: ['node-red-5'],
    cores: 0.4,
    files: {
      'flows-differ': [70, 0.15],
      credentials: [30, 0.7],
      'node-red-4': [30],
      'node-red-5': [30],
      'context-store': [16],
      witness: [12],
      permissions: [12, 0.6],
      'install-from-git': [6, 1]
    }
  },
  { name: 'monitoring', cores: 0.5, files: { 'load-balancer': [25] }, rest: 3 },
  { name: 'deployment', cores: 0.5, rest: 6 },
  {
    name: 'examples',
    needs: ['examples', 'node-red-5'],
    cores: 0.4,
    files: { 'at-work': [45, 0.6], state: [25, 0.3], 'virtual-address': [20], import: [15, 0.7] },
    rest: 2
  },
  { name: 'situations', needs: ['node-red-5'], cores: 0.6, files: { situations: [25] } }
]
/** What is not listed has each of its files run by itself. */
const UNLISTED = { cores: 0.7 }
const SECONDS_USUAL = 20
/** What is installed for some suites only, while others run already: `needs` of a suite names it. */
const INSTALLS = {
  'node-red-5': { cores: 0.8, seconds: 15, install: () => installBeside(NODE_RED_5) },
  examples: { cores: 0.8, seconds: 30, install: ensureExampleNodes }
}
/** A check that runs beside the suites. */
const BESIDE = { cores: 1, seconds: 100 }
/** What waits for something may wait so many times as long as when it runs alone (test/support/patience.ts). */
const PATIENCE = 3
const GROUPS = ['unit', 'exploration', 'system']
const PART_LIMIT_MS = (WHOLE ? 40 : 10) * 60_000
/** Each process of tests takes its ports from one of so many parts (test/support/ports.ts). */
const PORT_PARTS = 60
/** A suite whose tests are over but whose process goes on has left a socket, a timer or a thread behind. */
const LINGER_LIMIT_MS = 20_000
/** Quicker tests are only counted, not named. */
const NAMED_FROM_MS = 400
const OUTPUT_KEPT_CHARS = 40_000
/** So much is told again at the end of what failed. */
const FAILURES_TOLD = 10
const FAILURE_LINES = 5
const LINE_CHARS = 200

const STARTED_AT = Date.now()
const inCi = process.env.CI === 'true'
const minutes = (ms) => (ms / 60_000).toFixed(1)
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

function parse(args) {
  const firstFlag = args.findIndex((arg) => arg.startsWith('-'))
  const names = firstFlag < 0 ? args : args.slice(0, firstFlag)
  const flags = firstFlag < 0 ? [] : args.slice(firstFlag)
  const update = flags.includes('--update')
  return { names, update, mochaArgs: flags.filter((flag) => flag !== '--update') }
}

/** By the name of a suite: its test files, and the groups that it is in. */
function whereSuites() {
  const found = new Map()
  for (const path of filesBelow('test').filter((file) => file.endsWith('.test.ts'))) {
    const [, first, second] = path.split(/[\\/]/)
    const isGroup = GROUPS.includes(first)
    const name = isGroup ? second : first
    const { groups = new Set(), paths = [] } = found.get(name) ?? {}
    if (isGroup) groups.add(first)
    found.set(name, { groups, paths: [...paths, join(ROOT, 'dist', path.replace(/\.ts$/, '.js'))] })
  }
  return found
}

/** The suites listed above that exist or must, and every other folder with tests in it. */
function findSuites() {
  const found = whereSuites()
  const listed = SUITES.filter(({ name, required }) => required || found.has(name))
  const others = [...found.keys()]
    .filter((name) => !SUITES.some((suite) => suite.name === name))
    .map((name) => ({ name, ...UNLISTED }))
  return [...listed, ...others].map((suite) => ({ ...suite, groups: new Set(), paths: [], ...found.get(suite.name) }))
}

/** What the child starts from now on inherits it. */
function prefer(child, nice) {
  try {
    setPriority(child.pid, nice)
  } catch {
    // Only root may come before others; and the child may not be there.
  }
}

/** Of a run that is beside another one on the same machine the first part is another one, too. */
let nextPortPart = process.pid % PORT_PARTS

/** Runs one suite and returns its counts. Never rejects: whatever goes wrong is a failure of the suite. */
async function runSuite(suite, { mochaArgs, update }) {
  const result = { name: suite.name, passed: 0, failed: 0, skipped: 0, ms: 0, cpuMs: 0, failures: [] }
  const startedAt = Date.now()
  const say = (line) => console.log(`[${suite.name}] ${line}`)
  const fail = (title, text) => {
    result.failed++
    result.failures.push({ title, text })
    say(`FAIL ${title}\n${text.replace(/^/gm, '    ')}`)
  }
  const finish = () => {
    result.ms = Date.now() - startedAt
    const counts = `${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`
    const what = files.length === 1 ? ` (${basename(files[0], '.js')})` : ''
    say(`${counts}, in ${seconds(result.ms)}, CPU ${seconds(result.cpuMs)}${what}`)
    return result
  }
  const { run: files } = suite
  if (files.length === 0) {
    fail('no tests', `there must be a folder ${suite.name} with tests in it, and there is none.`)
    return finish()
  }
  say('...')

  const child = spawn(
    process.execPath,
    [
      join(ROOT, 'node_modules', 'mocha', 'bin', 'mocha.js'),
      '--require',
      join(ROOT, 'scripts', 'patience.cjs'),
      '--reporter',
      join(ROOT, 'scripts', 'reporter.cjs'),
      ...mochaArgs,
      ...files
    ],
    {
      cwd: ROOT,
      env: {
        HA_PAIR_PATIENCE: String(PATIENCE),
        HA_PAIR_PORTS: String(nextPortPart++ % PORT_PARTS),
        ...process.env,
        ...(update ? { HA_PAIR_UPDATE: '1' } : {})
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe']
    }
  )
  if (suite.nice !== undefined) prefer(child, suite.nice)
  let output = ''
  const keep = (chunk) => (output = (output + chunk).slice(-OUTPUT_KEPT_CHARS))
  // What a test has to tell (figures, a seed) it prints after '# '; the rest is shown when something failed.
  createInterface({ input: child.stdout }).on('line', (line) => {
    keep(`${line}\n`)
    if (line.startsWith('# ')) say(line.slice(2))
  })
  child.stderr.setEncoding('utf8').on('data', keep)

  let ended = false
  let killedFor = null
  const killAfter = (ms, why) =>
    setTimeout(() => {
      killedFor = why
      child.kill('SIGKILL')
    }, ms)
  const timers = [killAfter(PART_LIMIT_MS, `it ran for more than ${seconds(PART_LIMIT_MS)}`)]
  createInterface({ input: child.stdio[3] }).on('line', (line) => {
    const happening = JSON.parse(line)
    switch (happening.kind) {
      case 'pass':
        result.passed++
        if (happening.ms >= NAMED_FROM_MS) say(`ok ${happening.title} (${seconds(happening.ms)})`)
        break
      case 'skip':
        result.skipped++
        say(`skipped ${happening.title}`)
        break
      case 'fail':
        fail(happening.title, happening.error)
        break
      case 'end':
        ended = true
        timers.push(killAfter(LINGER_LIMIT_MS, 'all tests are over, but something they opened keeps the process alive'))
        break
    }
  })
  const exit = await new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: null, why: String(error) }))
    child.on('exit', () => (result.cpuMs = cpuOfEndedMs()))
    child.on('close', (code, signal) => resolve({ code, why: `exit code ${code ?? signal}` }))
  })
  timers.forEach(clearTimeout)

  if (killedFor !== null) fail('did not end', killedFor)
  else if (!ended) fail('did not run to its end', exit.why)
  else if (exit.code !== 0 && result.failed === 0) fail('failed without a failing test', exit.why)
  else if (result.passed + result.failed + result.skipped === 0 && mochaArgs.length === 0) {
    fail('no tests', 'the files are there, but no test ran.')
  }
  if (result.failed > 0 && output.trim() !== '') say(`what it printed last:\n${output.replace(/^/gm, '    | ')}`)
  return finish()
}

/** A suite in parts, each a process: the files that its entry names, or each one where it has no `rest`, and the others together. */
function inParts(suite, { mochaArgs }) {
  const all = suite.paths
  const { files: known = {}, rest, ...common } = suite
  // With a pattern for titles most files have nothing to run.
  if (mochaArgs.length > 0 || all.length < 2) return [{ ...common, run: all, seconds: rest ?? SECONDS_USUAL }]
  const parts = []
  const others = []
  for (const file of all) {
    const named = known[basename(file, '.test.js')]
    const [takes = SECONDS_USUAL, cores = suite.cores] = named ?? []
    if (named !== undefined || rest === undefined) parts.push({ ...common, run: [file], seconds: takes, cores })
    else others.push(file)
  }
  if (others.length > 0) parts.push({ ...common, run: others, seconds: rest })
  return parts
}

/** What the parts of one suite came to. */
function together(results) {
  const sums = new Map()
  for (const { name, ...counts } of results) {
    const sum = sums.get(name) ?? { name, passed: 0, failed: 0, skipped: 0, ms: 0, cpuMs: 0, failures: [] }
    for (const [what, count] of Object.entries(counts)) {
      sum[what] = what === 'failures' ? [...sum.failures, ...count] : sum[what] + count
    }
    sums.set(name, sum)
  }
  return [...sums.values()]
}

/** Begins to install what suites need. */
function begin(name) {
  const { install, ...figures } = INSTALLS[name]
  const installed = install().then(
    () => true,
    (error) => {
      console.log(error.message)
      return false
    }
  )
  return { ...figures, makes: name, title: `install ${name}`, run: () => installed }
}

/**
 * Runs the suites in parts, side by side, and `jobs` that are no suites. Returns the results of the suites in the order in which they are listed,
 * and the titles of jobs that failed.
 */
async function runSuites(suites, jobs, options) {
  const results = []
  const failed = []
  const parts = suites.flatMap((suite) => inParts(suite, options))
  await inLanes([...jobs, ...parts], async (job) => {
    if (job.title === undefined) results.push(await runSuite(job, options))
    else {
      if (!(await job.run())) failed.push(job.title)
      cpuOfEndedMs()
    }
  })
  return { results: together(suites.flatMap(({ name }) => results.filter((result) => result.name === name))), failed }
}

/** A record of CI may keep the last lines only: what failed is said there once more. */
function tellFailures(results) {
  const failures = results.flatMap(({ name, failures: all }) => all.map((failure) => ({ name, ...failure })))
  for (const { name, title, text } of failures.slice(0, FAILURES_TOLD)) {
    const lines = text.split('\n').slice(0, FAILURE_LINES)
    console.log([`FAIL [${name}] ${title}`, ...lines.map((line) => `       ${line.slice(0, LINE_CHARS)}`)].join('\n'))
  }
  if (failures.length > FAILURES_TOLD) console.log(`... and ${failures.length - FAILURES_TOLD} more, told above`)
}

/** Prints the table, what failed and the closing line; returns the exit code. */
function close(results, failedChecks) {
  const sum = (what) => results.reduce((total, result) => total + result[what], 0)
  const failedInAll = sum('failed') + failedChecks.length
  console.log()
  for (const { name, passed, failed, skipped, ms, cpuMs } of results) {
    const mark = failed > 0 ? 'FAIL' : 'ok  '
    const counts = `${String(passed).padStart(6)} passed ${String(failed).padStart(4)} failed ${String(skipped).padStart(4)} skipped`
    console.log(`${mark} ${name.padEnd(16)}${counts} ${seconds(ms).padStart(9)}, CPU ${seconds(cpuMs).padStart(7)}`)
  }
  tellFailures(results)
  for (const name of failedChecks) console.log(`FAIL check: ${name}`)
  const tookMs = Date.now() - STARTED_AT
  console.log(`All of it took ${minutes(tookMs)} minutes, and ${minutes(cpuTotalMs())} minutes of a core.`)
  const ran = sum('passed') + failedInAll
  if (ran === 0) console.log('No test ran: that is a failure.')
  if (inCi && sum('skipped') > 0) console.log('Tests were skipped: with CI=true that is a failure.')
  console.log(`${sum('passed')} passed, ${failedInAll} failed, ${sum('skipped')} skipped`)
  return failedInAll > 0 || ran === 0 || (inCi && sum('skipped') > 0) ? 1 : 0
}

/** `name`: of the suite, or of its group. */
const isIn = (suite, name) => suite.name === name || suite.groups.has(name)

async function main() {
  const options = parse(process.argv.slice(2))
  const known = findSuites()
  const unknown = options.names.filter((name) => name !== 'check' && !known.some((suite) => isIn(suite, name)))
  if (unknown.length > 0) {
    console.error(
      `No such suite: ${unknown.join(', ')}. There are: check, ${GROUPS.join(', ')}, ${known.map(({ name }) => name).join(', ')}`
    )
    return 2
  }
  const chosen =
    options.names.length === 0 ? known : known.filter((suite) => options.names.some((name) => isIn(suite, name)))
  const withCheck = options.names.includes('check') || (options.names.length === 0 && options.mochaArgs.length === 0)

  assertNodeVersion()
  const [types, ...others] = CHECKS
  const needs = new Set(chosen.flatMap((suite) => suite.needs ?? []))
  const installs = [...needs].map(begin)
  await installBeside(ROOT)
  const failedChecks = []
  // Nothing runs that was not compiled; for the other checks no suite waits.
  if (!(await runCheck(types))) failedChecks.push(types.name)
  if (failedChecks.length > 0 || chosen.length === 0) {
    for (const check of others) if (!(await runCheck(check))) failedChecks.push(check.name)
    console.log(`${CHECKS.length - failedChecks.length} passed, ${failedChecks.length} failed, 0 skipped`)
    return failedChecks.length === 0 ? 0 : 1
  }
  // What several suites need and is made once: test/support/once-in-run.ts.
  const folder = mkdtempSync(join(tmpdir(), 'ha-pair-run-'))
  process.env.HA_PAIR_RUN_FOLDER = folder
  try {
    const checks = others.map((check) => ({ ...BESIDE, title: check.name, run: () => runCheck(check) }))
    const { results, failed } = await runSuites(chosen, withCheck ? [...checks, ...installs] : installs, options)
    return close(results, failed)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

main().then(
  (code) => (process.exitCode = code),
  (error) => {
    console.error(error.message)
    console.log('0 passed, 1 failed, 0 skipped')
    process.exitCode = 1
  }
)
