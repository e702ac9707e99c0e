/**
 * `npm run verify`: the long checks, in pieces that are remembered: what is interrupted goes on where it stopped.
 *
 *   npm run verify                      everything that is left for this commit
 *   npm run verify -- simulation        these stages only
 *   npm run verify -- --again           forgets what was done
 *   npm run verify -- --minutes 15      a share of simulation, mutations and chaos that fits, other seeds for each commit; nothing is remembered
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
const WITNESS_PIECES = 10
const WITNESS_SEEDS_PER_PIECE = 150

const pieces = (count, make) => Array.from({ length: count }, (_, i) => make(i))

/** Each piece is one run of a program below dist/test, and is done when that exits with 0. */
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
    name: 'field',
    what: 'forged messages and lost interfaces, at their full length',
    pieces: [['system/field/run.js']]
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

/** Shares of the time, and what fills each; `from` is another one for each commit. */
const BOUNDED = [
  {
    share: 0.35,
    args: (time, from) => ['exploration/simulation/verify.js', '--from', `${from}000`, '--minutes', time]
  },
  {
    share: 0.3,
    args: (time, from) => ['exploration/mutation/run.js', '--quick', '--from', `${from}`, '--minutes', time]
  },
  { share: 0.35, args: (time, from) => ['exploration/chaos/run.js', '--seed', `${from}`, '--minutes', time] }
]

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

function report(stages, state) {
  let failed = 0
  for (const { name, what, pieces: all } of stages) {
    const done = all.filter((args) => state[args.join(' ')]?.ok === true).length
    const bad = all.filter((args) => state[args.join(' ')]?.ok === false)
    failed += bad.length
    const word = bad.length > 0 ? 'FAIL' : done === all.length ? 'ok  ' : 'part'
    console.log(`${word} ${name.padEnd(12)} ${done} of ${all.length} pieces (${what})`)
    for (const args of bad) console.log(`       again: node dist/test/${args.join(' ')}`)
  }
  return failed
}

let running = null
let interrupted = false

function runPiece(args) {
  return new Promise((resolve) => {
    let tail = ''
    const child = spawn(process.execPath, [join(ROOT, 'dist', 'test', args[0]), ...args.slice(1)], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe']
    })
    running = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        process.stdout.write(chunk)
        tail = (tail + chunk).slice(-20_000)
      })
    }
    child.on('exit', (code) => {
      running = null
      resolve({ ok: code === 0, tail })
    })
  })
}

/** Throws unless `text` is a number of minutes. */
async function runBounded(text) {
  const total = Number(text)
  if (!(total > 0)) throw new Error('--minutes takes a number of minutes')
  bootstrap({ further: FURTHER_TREES })
  const from = 1 + (parseInt(git('rev-parse', '--short=6', 'HEAD'), 16) % 1_000_000)
  let failed = 0
  for (const { share, args } of BOUNDED) {
    const piece = args((total * share).toFixed(1), from)
    console.log(`\n[${total} minutes] ${piece.join(' ')}`)
    const { ok } = await runPiece(piece)
    if (interrupted) break
    if (!ok) failed++
    console.log(ok ? 'ok' : `FAIL; again: node dist/test/${piece.join(' ')}`)
  }
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
  running?.kill('SIGINT')
})

await main(process.argv.slice(2))
