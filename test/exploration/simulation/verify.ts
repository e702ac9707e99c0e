/**
 * The long simulation: `node dist/test/exploration/simulation/verify.js [--seeds 100000] [--from 1] [--jobs N] [--state FILE]
 * [--minutes M]`.
 * Shows progress and the time left. Ctrl-C ends it with the result so far; with `--state` the next run of the same
 * command, on the same code, goes on where this one ended. With `--minutes` as many seeds as fit in are enough.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { createMachine } from '../../../src/protocol/create'
import { describeFailure, describeReport, mergeReports, newReport, profileOf, runPlan, type Report } from './campaign'
import { makePlan } from './plan'
import { ROOT } from '../../support/root'

const SEEDS_PER_CHUNK = 50
const PROGRESS_EVERY_MS = 5000

interface State {
  /** Of the code that was run: results of another one are not continued. */
  readonly code: string
  readonly from: string
  chunksDone: number[]
  report: Report
}

/** Numbers only: it crosses from a thread and goes into a file. Seeds of failures are written as text. */
function runChunk(first: bigint, count: number): Report {
  const report = newReport()
  for (let i = 0; i < count; i++) {
    const seed = first + BigInt(i)
    runPlan(report, makePlan(seed, profileOf(seed)), createMachine)
  }
  return report
}

function option(name: string): string | null {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? null : (process.argv[at + 1] ?? '')
}

/** Everything that decides what a seed does. */
function hashOfCode(): string {
  const hash = createHash('sha256')
  for (const folder of [__dirname, join(ROOT, 'dist', 'test', 'support'), join(ROOT, 'dist', 'src', 'protocol')]) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
      if (name.endsWith('.js')) hash.update(name).update(readFileSync(join(folder, name)))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

class Verification {
  readonly #chunks: number
  readonly #from: bigint
  readonly #seeds: number
  readonly #file: string | null
  readonly #state: State
  readonly #startedAtMs = Date.now()
  readonly #chunksBefore: number
  readonly #workers = new Set<Worker>()
  readonly #untilMs: number
  #next = 0
  #stopping = false

  constructor(from: bigint, seeds: number, file: string | null, minutes: number) {
    this.#untilMs = this.#startedAtMs + minutes * 60_000
    this.#from = from
    this.#seeds = seeds
    this.#chunks = Math.ceil(seeds / SEEDS_PER_CHUNK)
    this.#file = file
    const fresh: State = { code: hashOfCode(), from: String(from), chunksDone: [], report: newReport() }
    this.#state = continued(file, fresh) ?? fresh
    this.#chunksBefore = this.#state.chunksDone.length
  }

  async run(jobs: number): Promise<boolean> {
    if (this.#chunksBefore > 0) print(`going on after ${this.#state.report.seeds} seeds`)
    const progress = setInterval(() => this.#printProgress(), PROGRESS_EVERY_MS)
    const interrupt = (): void => this.#interrupt()
    process.on('SIGINT', interrupt)
    process.on('SIGTERM', interrupt)
    try {
      await Promise.all(Array.from({ length: jobs }, () => this.#work()))
    } finally {
      clearInterval(progress)
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
    }
    return this.#conclude()
  }

  /** One thread, chunk after chunk. */
  #work(): Promise<void> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(__filename)
      this.#workers.add(worker)
      let chunk = -1
      const give = (): void => {
        chunk = this.#nextChunk()
        if (chunk < 0) void worker.terminate()
        else {
          const offset = chunk * SEEDS_PER_CHUNK
          const count = Math.min(SEEDS_PER_CHUNK, this.#seeds - offset)
          worker.postMessage({ first: this.#from + BigInt(offset), count })
        }
      }
      worker.on('message', (report: Report) => {
        this.#take(chunk, report)
        give()
      })
      worker.on('error', reject)
      worker.on('exit', () => {
        this.#workers.delete(worker)
        resolve()
      })
      give()
    })
  }

  #nextChunk(): number {
    if (this.#stopping || Date.now() >= this.#untilMs) return -1
    while (this.#state.chunksDone.includes(this.#next)) this.#next++
    return this.#next < this.#chunks ? this.#next++ : -1
  }

  #take(chunk: number, report: Report): void {
    for (const failure of report.failures) print(describeFailure(failure))
    mergeReports(this.#state.report, report)
    this.#state.chunksDone.push(chunk)
    if (this.#file === null) return
    const text = JSON.stringify(this.#state, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value
    )
    writeFileSync(`${this.#file}.part`, text)
    renameSync(`${this.#file}.part`, this.#file)
  }

  #interrupt(): void {
    this.#stopping = true
    for (const worker of this.#workers) void worker.terminate()
  }

  #printProgress(): void {
    const done = this.#state.chunksDone.length
    const doneNow = done - this.#chunksBefore
    const elapsedMs = Date.now() - this.#startedAtMs
    const left = doneNow === 0 ? '?' : duration((elapsedMs / doneNow) * (this.#chunks - done))
    const { report } = this.#state
    print(`${report.seeds} of ${this.#seeds} seeds, ${report.failures.length} fail, ${left} left`)
  }

  #conclude(): boolean {
    const { report } = this.#state
    const complete = report.seeds >= this.#seeds || (!this.#stopping && report.seeds > 0 && Date.now() >= this.#untilMs)
    print(describeReport(report))
    for (const failure of report.failures) print(describeFailure(failure))
    print(
      `${complete ? 'complete' : 'PARTIAL'}: ${report.seeds} of ${this.#seeds} seeds; ${report.failures.length} fail`
    )
    return complete && report.failures.length === 0
  }
}

/** The state of an earlier run of the same seeds on the same code, or null. */
function continued(file: string | null, fresh: State): State | null {
  if (file === null || !existsSync(file)) return null
  const state = JSON.parse(readFileSync(file, 'utf8'), (key, value: unknown) =>
    key === 'seed' ? BigInt(String(value)) : value
  ) as State
  return state.code === fresh.code && state.from === fresh.from ? state : null
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function serve(): void {
  parentPort?.on('message', ({ first, count }: { first: bigint; count: number }) => {
    parentPort?.postMessage(runChunk(first, count))
  })
}

async function main(): Promise<void> {
  const seeds = Number(option('seeds') ?? '100000')
  const jobs = Number(option('jobs') ?? String(availableParallelism()))
  const minutes = Number(option('minutes') ?? 'Infinity')
  const held = await new Verification(BigInt(option('from') ?? '1'), seeds, option('state'), minutes).run(jobs)
  process.exitCode = held ? 0 : 1
}

if (!isMainThread) serve()
else if (require.main === module) void main()
