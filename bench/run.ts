/**
 * The benchmark: `npm run bench` for everything that has not been measured yet, `npm run bench -- NAME ...` for these rows again.
 *
 *   --quick       a few trials a row, to try the benchmark itself
 *   --again       forgets what was measured
 *   --report      measures nothing; writes docs/dev/PERFORMANCE.md and its plots from what was measured; other rows stay as they are there
 *   --list        the rows
 *
 * Results go to .bench/results.json after each row; Ctrl-C loses the row that is being measured, no more.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../test/support/root'
import { BLOCK_ROW, LOSS_ROW } from './calm'
import { CONTEXT_AGE_ROW, CONTEXT_COST_ROW, CONTEXT_JOIN_ROW } from './context'
import { CPU_ROW, MEMORY_ROW } from './cost'
import { FAILOVER_ROWS } from './failover'
import { FLOOD_ROW } from './flood'
import { GATE_ROW } from './gate'
import { parseEarlier } from './tools/earlier'
import { parseNotes } from './tools/notes'
import { PLOTS, reportOf, tableOf } from './tools/report'
import { load, save, type Results } from './tools/results'
import type { Row } from './tools/row'
import { RESUME_ROWS } from './resume'
import { SWAP_ROW } from './swap'
import { WIRE_ROW } from './wire'
import { WITNESS_ROWS } from './witness'
import { WITNESS_COST_ROW } from './witness-cost'

const ROWS: readonly Row[] = [
  ...FAILOVER_ROWS,
  SWAP_ROW,
  ...RESUME_ROWS,
  BLOCK_ROW,
  LOSS_ROW,
  FLOOD_ROW,
  CPU_ROW,
  MEMORY_ROW,
  GATE_ROW,
  WIRE_ROW,
  CONTEXT_COST_ROW,
  CONTEXT_AGE_ROW,
  CONTEXT_JOIN_ROW,
  ...WITNESS_ROWS,
  WITNESS_COST_ROW
]
const FILE = join(ROOT, '.bench', 'results.json')

function machine(): string {
  const [first] = cpus()
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim()
  return `${cpus().length} x ${first?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node.js ${process.version}, commit ${commit}`
}

function writeReport(results: Results): void {
  const names = ROWS.map(({ name }) => name)
  const notes = parseNotes(readFileSync(join(ROOT, 'bench', 'notes.md'), 'utf8'), names)
  const report = join(ROOT, 'docs', 'dev', 'PERFORMANCE.md')
  const { markdown, plots } = reportOf(ROWS, results, notes, parseEarlier(readFileSync(report, 'utf8')))
  const folder = join(ROOT, 'docs', 'dev', PLOTS)
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(folder)) if (!markdown.includes(`${PLOTS}/${name}`)) rmSync(join(folder, name))
  for (const [name, svg] of plots) writeFileSync(join(folder, name), svg)
  writeFileSync(report, markdown)
  // As `npm run check` wants it.
  execFileSync(process.execPath, [join(ROOT, 'node_modules', 'oxfmt', 'bin', 'oxfmt'), report], { cwd: ROOT })
}

async function measure(row: Row, quick: boolean, left: string, results: Results): Promise<boolean> {
  const why = row.whyNotHere()
  if (why !== null) {
    console.log(`${row.name}: not measured here, and does not count: ${why}`)
    return true
  }
  console.log(`\n${row.title} (${row.name}; ${left})`)
  const result = await row.run({ quick, progress: (line) => console.log(`  ${line}`) })
  results[row.name] = { ...result, at: new Date().toISOString().slice(0, 10), machine: machine(), quick }
  save(FILE, results)
  return result.verdicts.every(({ met }) => met !== false)
}

async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((arg) => !arg.startsWith('--'))
  const unknown = names.filter((name) => !ROWS.some((row) => row.name === name))
  if (unknown.length > 0)
    throw new Error(`no row ${unknown.join(', ')}; there are ${ROWS.map((row) => row.name).join(', ')}`)
  if (args.includes('--list')) {
    for (const { name, title, minutes } of ROWS) console.log(`${name.padEnd(16)} ${title} (about ${minutes} min)`)
    return 0
  }
  const results: Results = args.includes('--again') ? {} : load(FILE)
  let good = true
  if (!args.includes('--report')) {
    const quick = args.includes('--quick')
    const due = ROWS.filter(({ name }) => (names.length > 0 ? names.includes(name) : results[name] === undefined))
    for (const [i, row] of due.entries()) {
      const minutes = due.slice(i).reduce((sum, each) => sum + each.minutes, 0)
      const left = quick ? `row ${i + 1} of ${due.length}` : `row ${i + 1} of ${due.length}, about ${minutes} min left`
      good = (await measure(row, quick, left, results)) && good
    }
  } else writeReport(results)
  console.log(`\n${tableOf(ROWS, results)}`)
  return good ? 0 : 1
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error)
    process.exit(2)
  }
)
