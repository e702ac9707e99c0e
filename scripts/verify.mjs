/**
 * `npm run verify`: the long checks, in pieces that are remembered: what is interrupted goes on where it stopped.
 *
 *   npm run verify                      everything that is left for this commit
 *   npm run verify -- simulation        these stages only
 *   npm run verify -- --again           forgets what was done
 *   npm run verify -- --minutes 15      a share of everything that ends in time, another one for each commit; nothing is remembered
 *   npm run verify -- --report          prints what has been done so far, and runs nothing
 *
 * Ctrl-C ends the piece that runs, prints the partial result and keeps it in .verify/.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { FURTHER_TREES, ROOT } from './build.mjs'

const SEEDS = 100_000
const CHAOS_PIECES = 10
const CHAOS_MINUTES_PER_PIECE = 3
/** Suites of which `npm test` takes a share, and about how many minutes the whole of each takes on two cores. */
const WHOLES = [
  { suites: ['browser'], minutes: 5 },
  { suites: ['field'], minutes: 4 },
  { suites: ['protocol', 'host', 'context', 'engine', 'nodes'], minutes: 4 },
  { suites: ['e2e', 'demo'], minutes: 3 },
  { suites: ['model'], minutes: 2 },
  { suites: ['situations'], minutes: 10 },
  { suites: ['examples'], minutes: 2 },
  { suites: ['simulation', 'witness'], minutes: 2 },
  { suites: ['chaos'], minutes: 3 }
]
const WITNESS_PIECES = 10
const WITNESS_SEEDS_PER_PIECE = 150

const pieces = (count, make) => Array.from({ length: count }, (_, i) => make(i))

/** Each piece is one run of a program of dist/test, or of scripts, and is done when that exits with 0. */
const STAGES = [
  {
    name: 'simulation',
    what: `${SEEDS.toLocaleString('en')} seeds`,
    // It keeps its own books, seed by seed, for the code that it runs.
    pieces: [
      ['exploration/simulation/verify.js', '--seeds', String(SEEDS), '--state', join('.verify', 'simulation.json')]
    ]
  },
  {
    name: 'detection',
    what: 'false failovers in 10,000,000 heartbeats, and the table over loss',
    pieces: [['exploration/simulation/detection.js', '--long']]
  },
  { name: 'model', what: 'breadth-first over the real machine', pieces: [['exploration/model/run.js', '--long']] },
  {
    name: 'chaos',
    what: `${CHAOS_PIECES * CHAOS_MINUTES_PER_PIECE} minutes on real processes, then 50 stops of the Active`,
    pieces: [
      ...pieces(CHAOS_PIECES, (i) => [
        'exploration/chaos/run.js',
        '--minutes',
        String(CHAOS_MINUTES_PER_PIECE),
        '--seed',
        String(i + 1)
      ]),
      ['exploration/chaos/run.js', '--stops', '50']
    ]
  },
  {
    name: 'chaos-witness',
    what: `${CHAOS_PIECES * CHAOS_MINUTES_PER_PIECE} minutes on real processes, with a third host and the ways to it`,
    pieces: pieces(CHAOS_PIECES, (i) => [
      'exploration/chaos/run.js',
      '--policy',
      'witness',
      '--minutes',
      String(CHAOS_MINUTES_PER_PIECE),
      '--seed',
      String(i + 1)
    ])
  },
  {
    name: 'whole',
    what: 'suites of which npm test takes a share',
    pieces: WHOLES.map(({ suites }) => ['test.mjs', ...suites])
  },
  {
    name: 'witness',
    what: `three voices: every order of 5 cuts and starts, ${WITNESS_PIECES * WITNESS_SEEDS_PER_PIECE} seeds of cuts`,
    pieces: [
      ...pieces(WITNESS_PIECES, (i) => [
        'exploration/witness/run.js',
        '--schedules',
        '5',
        '--part',
        `${i}/${WITNESS_PIECES}`
      ]),
      ...pieces(WITNESS_PIECES, (i) => [
        'exploration/witness/run.js',
        '--from',
        String(1 + i * WITNESS_SEEDS_PER_PIECE),
        '--seeds',
        String(WITNESS_SEEDS_PER_PIECE)
      ])
    ]
  },
  { name: 'mutation', what: 'the machine broken on purpose', pieces: [['exploration/mutation/run.js']] }
]

/**
 * What comes first in a bounded run: the part of the time that each gets, and how many minutes it needs to show anything. The rest of the
 * time is for the wholes, in turn. `from` is another one for each commit.
 */
const BOUNDED = [
  {
    name: 'simulation',
    part: 0.2,
    minutesMin: 0.1,
    args: (time, from) => ['exploration/simulation/verify.js', '--from', `${from}000`, '--minutes', time]
  },
  {
    name: 'mutation',
    part: 0.25,
    minutesMin: 2.5,
    args: (time, from) => ['exploration/mutation/run.js', '--quick', '--from', `${from}`, '--minutes', time]
  },
  {
    name: 'chaos',
    part: 0.15,
    minutesMin: 0.5,
    args: (time, from) => ['exploration/chaos/run.js', '--seed', `${from}`, '--minutes', time]
  },
  {
    name: 'witness',
    part: 0.05,
    minutesMin: 0.1,
    args: (time, from) => ['exploration/witness/run.js', '--from', `${from}000`, '--minutes', time]
  }
]
/** A piece of these ends what it has begun: so much longer than its time it may take. */
const OVERTIME_MS = 2 * 60_000
/** For what a bounded run does besides its pieces. */
const RESERVE_MS = 15_000
const END_LIMIT_MS = 10_000
const TAIL_CHARS = 20_000

const folder = join(ROOT, '.verify')
const minutes = (ms) => `${(ms / 60_000).toFixed(1)} min`

const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()

/** Results belong to one state of the code. */
function stateFile() {
  const changed = git('status', '--porcelain', '--', 'src', 'test') === '' ? '' : '-changed'
  return join(folder, `${git('rev-parse', '--short', 'HEAD')}${changed}.json`)
}

const load = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {})

function save(file, state) {
  writeFileSync(file, `${JSON.stringify(state, null, 2)}\n`)
}

const isSuites = ([program]) => program === 'test.mjs'

/** The command that does a piece again, for people. */
function commandOf(args) {
  return isSuites(args) ? `HA_PAIR_WHOLE=1 npm test -- ${args.slice(1).join(' ')}` : `node dist/test/${args.join(' ')}`
}

function report(stages, state) {
  let failed = 0
  for (const { name, what, pieces: all } of stages) {
    const done = all.filter((args) => state[args.join(' ')]?.ok === true).length
    const bad = all.filter((args) => state[args.join(' ')]?.ok === false)
    failed += bad.length
    const word = bad.length > 0 ? 'FAIL' : done === all.length ? 'ok  ' : 'part'
    console.log(`${word} ${name.padEnd(14)} ${done} of ${all.length} pieces (${what})`)
    for (const args of bad) console.log(`       again: ${commandOf(args)}`)
  }
  return failed
}

let running = null
let interrupted = false

/** All processes of a piece: it leads a group of its own. */
function signal(child, name) {
  try {
    process.kill(-child.pid, name)
  } catch {
    // It has ended meanwhile.
  }
}

/** Runs a piece, for `limitMs` at most: after that it is ended, and `cut`. `bad`: it has told of a failure, however it ended. */
function runPiece(args, limitMs = Infinity) {
  return new Promise((resolve) => {
    const program = isSuites(args) ? join(ROOT, 'scripts', args[0]) : join(ROOT, 'dist', 'test', args[0])
    const child = spawn(process.execPath, [program, ...args.slice(1)], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: isSuites(args) ? { ...process.env, HA_PAIR_WHOLE: '1' } : process.env
    })
    running = child
    let tail = ''
    let bad = false
    let cut = false
    const timers = []
    if (limitMs < Infinity) {
      const end = () => {
        cut = true
        signal(child, 'SIGINT')
        timers.push(setTimeout(() => signal(child, 'SIGKILL'), END_LIMIT_MS))
      }
      timers.push(setTimeout(end, limitMs))
    }
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        process.stdout.write(chunk)
        tail = (tail + chunk).slice(-TAIL_CHARS)
        bad ||= /^\[[\w-]+\] FAIL /m.test(tail)
      })
    }
    // Nothing of it stays behind.
    child.on('exit', () => signal(child, 'SIGKILL'))
    child.on('close', (code) => {
      running = null
      timers.forEach(clearTimeout)
      resolve({ ok: code === 0, bad, cut, tail })
    })
  })
}

const lastLine = (text) => text.trim().split('\n').at(-1)?.trim() ?? ''

/** Throws unless `text` is a number of minutes. */
async function runBounded(text) {
  const total = Number(text)
  if (!(total > 0)) throw new Error('--minutes takes a number of minutes')
  const startedAt = Date.now()
  const untilMs = startedAt + total * 60_000 - RESERVE_MS
  const leftMs = () => untilMs - Date.now()
  bootstrap({ further: FURTHER_TREES, nodeRed5: true })
  const from = 1 + (parseInt(git('rev-parse', '--short=6', 'HEAD'), 16) % 1_000_000)
  const told = []
  const tell = (word, name, what) => told.push(`${word.padEnd(5)}${name.padEnd(54)}${what}`)
  let failed = 0
  const run = async (name, args, limitMs, mayBeCut) => {
    console.log(`\n[${minutes(leftMs())} left] ${args.join(' ')}`)
    const pieceFrom = Date.now()
    const { ok, bad, cut, tail } = await runPiece(args, limitMs)
    const took = minutes(Date.now() - pieceFrom)
    if (interrupted) return
    if (ok) tell('ok', name, `${lastLine(tail)} (${took})`)
    else if (cut && mayBeCut && !bad) tell('part', name, `out of time after ${took}; nothing failed until then`)
    else {
      failed++
      tell(
        'FAIL',
        name,
        `${bad ? 'tests failed' : cut ? 'does not end' : lastLine(tail)} (${took}); again: ${commandOf(args)}`
      )
    }
  }

  for (const { name, part, minutesMin, args } of BOUNDED) {
    if (interrupted) break
    const share = total * part
    if (share < minutesMin) tell('-', name, 'no time for it')
    else await run(name, args(share.toFixed(1), from), Math.min(leftMs(), share * 60_000 + OVERTIME_MS), false)
  }
  // What fits into the time that is left, beginning with another one at each commit; the last one may be cut.
  const due = WHOLES.map((_, i) => WHOLES[(from + i) % WHOLES.length])
  let anyWhole = false
  for (const { suites, minutes: needed } of due) {
    const name = `the whole of ${suites.join(', ')}`
    const fits = needed * 60_000 <= leftMs()
    if (interrupted || leftMs() < 30_000 || (!fits && anyWhole)) tell('-', name, 'no time for it')
    else await run(name, ['test.mjs', ...suites], leftMs(), true)
    anyWhole = true
  }

  console.log(`\n${interrupted ? 'Interrupted; so far' : 'In'} ${minutes(Date.now() - startedAt)} of ${total} minutes:`)
  for (const line of told) console.log(line)
  process.exitCode = failed > 0 ? 1 : interrupted ? 130 : 0
}

async function main(args) {
  const at = args.indexOf('--minutes')
  if (at >= 0) return runBounded(args[at + 1])
  const names = args.filter((arg) => !arg.startsWith('-'))
  const unknown = names.filter((name) => !STAGES.some((stage) => stage.name === name))
  if (unknown.length > 0)
    throw new Error(`no stage ${unknown.join(', ')}; there are ${STAGES.map((s) => s.name).join(', ')}`)
  const stages = STAGES.filter(({ name }) => names.length === 0 || names.includes(name))
  const file = stateFile()
  if (args.includes('--again')) rmSync(file, { force: true })
  const state = load(file)
  if (!args.includes('--report')) {
    mkdirSync(folder, { recursive: true })
    bootstrap({ further: FURTHER_TREES })
    await runAll(stages, state, file)
  }
  console.log(interrupted ? '\nInterrupted; so far:' : '')
  const failed = report(stages, state)
  process.exitCode = failed > 0 ? 1 : interrupted ? 130 : 0
}

async function runAll(stages, state, file) {
  for (const { name, pieces: all } of stages) {
    const left = all.filter((args) => state[args.join(' ')]?.ok !== true)
    const startedAt = Date.now()
    for (const [i, args] of left.entries()) {
      if (interrupted) return
      const perPieceMs = i === 0 ? null : (Date.now() - startedAt) / i
      const eta = perPieceMs === null ? '' : `, about ${minutes(perPieceMs * (left.length - i))} left`
      console.log(`\n[${name}] piece ${all.length - left.length + i + 1} of ${all.length}${eta}: ${args.join(' ')}`)
      const { ok, tail } = await runPiece(args)
      if (interrupted && !ok) return
      state[args.join(' ')] = { ok, tail: ok ? tail.slice(-2000) : tail }
      save(file, state)
    }
  }
}

process.on('SIGINT', () => {
  interrupted = true
  if (running !== null) signal(running, 'SIGINT')
})

await main(process.argv.slice(2))
