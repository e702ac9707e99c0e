/** What the engine costs: CPU beside a bare loop that sends and reads the same frames, and memory, over the number of pairs. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause } from '../test/support/eventually'
import { killChild } from '../test/support/kill-child'
import { freePorts } from '../test/support/ports'
import { DEFAULTS } from '../src/protocol/settings'
import type { Figures, Measure, Start } from './cost-side'
import { atTheEnd, startChild } from './children'
import type { Series, Verdict } from './tools/results'
import type { Context, Row } from './tools/row'
import { quantile } from './tools/statistics'

const ENTRY = join(__dirname, 'cost-side.js')
const PAIRS = [1, 100, 1000] as const
const CPU_BAR = 2.5
/** Growth from one number of pairs to the next may exceed the growth in pairs by no more than what the measurement wavers. */
const LINEAR_BAR = 1.1
const FIRST_PAIR_MB_MAX = 14
const FURTHER_PAIR_KB_MAX = 30
const MB = 2 ** 20

class Process {
  readonly #child: ChildProcess

  constructor() {
    this.#child = startChild(process.execPath, ['--expose-gc', ENTRY], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc']
    })
  }

  async ask<T>(message: Start | Measure): Promise<T> {
    const answer = once(this.#child, 'message') as Promise<[T & { error?: string }]>
    const died = once(this.#child, 'exit').then(() => Promise.reject(new Error('the process under test ended')))
    this.#child.send(message)
    const [value] = await Promise.race([answer, died])
    if (value.error !== undefined) throw new Error(value.error)
    return value
  }

  end(): Promise<void> {
    return killChild(this.#child)
  }
}

/** Both sides, `pairs` times, for as long as `use` takes. */
async function withSides<T>(
  run: Start['run'],
  pairs: number,
  use: (sides: readonly [Process, Process]) => Promise<T>
): Promise<T> {
  const ports = await freePorts(2 * pairs)
  const [mine, theirs] = [ports.slice(0, pairs), ports.slice(pairs)]
  const folder = mkdtempSync(join(tmpdir(), 'ha-pair-bench-'))
  const clear = (): void => rmSync(folder, { recursive: true, force: true })
  const off = atTheEnd(clear)
  const sides = [new Process(), new Process()] as const
  try {
    await Promise.all([
      // One process holds a folder.
      sides[0].ask({ run, first: true, ports: mine, peers: theirs, folder: join(folder, 'first') }),
      sides[1].ask({ run, first: false, ports: theirs, peers: mine, folder: join(folder, 'second') })
    ])
    return await use(sides)
  } finally {
    await Promise.all(sides.map((side) => side.end()))
    clear()
    off()
  }
}

/** µs of CPU of both sides together for a pair and a second, several times. */
async function cpuOf(run: 'engine' | 'bare', pairs: number, quick: boolean): Promise<number[]> {
  const [samples, windowMs] = quick ? [2, 2000] : [5, 4000]
  return withSides(run, pairs, async (sides) => {
    // A process that has just come to rest collects its garbage once more, which a single pair would be charged with.
    await pause(quick ? 1500 : pairs === 1 ? 15_000 : 5000)
    const values: number[] = []
    for (let i = 0; i < samples; i++) {
      const both = await Promise.all(sides.map((side) => side.ask<Figures>({ measureMs: windowMs })))
      values.push(both.reduce((sum, { cpuUs }) => sum + cpuUs, 0) / pairs / (windowMs / 1000))
    }
    return values
  })
}

async function runCpu({
  quick,
  progress
}: Context): Promise<{ series: Series[]; verdicts: Verdict[]; notes: string[] }> {
  const rounds = quick ? 1 : 2
  const values = { engine: new Map<number, number[]>(), bare: new Map<number, number[]>() }
  for (let round = 0; round < rounds; round++) {
    for (const pairs of PAIRS) {
      // In turn, so that a machine that warms up or slows down does so for both.
      for (const run of ['bare', 'engine'] as const) {
        const samples = await cpuOf(run, pairs, quick)
        values[run].set(pairs, [...(values[run].get(pairs) ?? []), ...samples])
        progress(`${run}, ${pairs} pairs: ${quantile(samples, 0.5).toFixed(0)} µs a pair and second`)
      }
    }
  }
  const median = (run: 'engine' | 'bare', pairs: number): number => quantile(values[run].get(pairs) ?? [], 0.5)
  const ratios = PAIRS.map((pairs) => ({ pairs, ratio: median('engine', pairs) / median('bare', pairs) }))
  const growths = PAIRS.slice(1).map((pairs, i) => median('engine', pairs) / median('engine', PAIRS[i] ?? 1))
  return {
    series: (['engine', 'bare'] as const).flatMap((run) =>
      PAIRS.map((pairs) => ({
        who: `${run === 'bare' ? 'bare loop' : run}, ${pairs} ${pairs === 1 ? 'pair' : 'pairs'}`,
        unit: 'µs/s a pair',
        values: values[run].get(pairs) ?? [],
        at: { curve: run === 'bare' ? 'bare loop' : 'engine', x: pairs }
      }))
    ),
    verdicts: [
      ...ratios.map(({ pairs, ratio }) => ({
        bar: `${pairs} ${pairs === 1 ? 'pair' : 'pairs'}: <= ${CPU_BAR} x the bare loop`,
        measured: `${ratio.toFixed(3)} x`,
        met: ratio <= CPU_BAR
      })),
      {
        bar: `growth no worse than linear (cost of a pair at most ${LINEAR_BAR} x that at fewer pairs)`,
        measured: growths.map((growth) => `${growth.toFixed(2)} x`).join(', '),
        met: growths.every((growth) => growth <= LINEAR_BAR)
      }
    ],
    notes: [
      `CPU of both sides’ processes together (getrusage; the engine’s thread, its helpers and the host’s part), default settings, heartbeat ${DEFAULTS.heartbeatMs} ms, one link, with a key: 11 frames a second and side.`,
      'The bare loop has as many sockets, one timer, and createHmac and timingSafeEqual for each frame; it decides nothing.'
    ]
  }
}

/** Resident bytes of one side, at these times after its start is done. */
async function rssOf(run: Start['run'], pairs: number, atMs: readonly number[]): Promise<number[]> {
  return withSides(run, pairs, async ([side]) => {
    const values: number[] = []
    let passedMs = 0
    for (const ms of atMs) {
      await pause(ms - passedMs)
      passedMs = ms
      values.push((await side.ask<Figures>({ measureMs: 0 })).rssBytes)
    }
    return values
  })
}

async function runMemory({
  quick,
  progress
}: Context): Promise<{ series: Series[]; verdicts: Verdict[]; notes: string[] }> {
  const [trials, earlyMs, settledMs] = quick ? [1, 2000, 4000] : [3, 20_000, 60_000]
  const many = 1000
  const worker: number[] = []
  const first: number[] = []
  const furtherEarly: number[] = []
  const further: number[] = []
  const connections: number[] = []
  for (let trial = 0; trial < trials; trial++) {
    const [nothing = NaN] = await rssOf('nothing', 1, [earlyMs / 4])
    const [empty = NaN] = await rssOf('empty-worker', 1, [earlyMs / 4])
    const [oneEarly = NaN, one = NaN] = await rssOf('engine', 1, [earlyMs, settledMs])
    const [allEarly = NaN, all = NaN] = await rssOf('engine', many + 1, [earlyMs, settledMs])
    const [tlsOne = NaN] = await rssOf('bare-tls', 1, [earlyMs])
    const [tlsAll = NaN] = await rssOf('bare-tls', many + 1, [earlyMs])
    connections.push((tlsAll - tlsOne) / many / 1024)
    worker.push((empty - nothing) / MB)
    first.push((one - nothing) / MB)
    furtherEarly.push((allEarly - oneEarly) / many / 1024)
    further.push((all - one) / many / 1024)
    progress(
      `trial ${trial + 1} of ${trials}: ${first.at(-1)?.toFixed(1)} MB, ${further.at(-1)?.toFixed(1)} KB a further pair`
    )
  }
  const [firstMb, furtherKb] = [quantile(first, 0.5), quantile(further, 0.5)]
  return {
    series: [
      { who: 'empty worker with one socket', unit: 'MB', values: worker },
      { who: 'engine with its first pair', unit: 'MB', values: first },
      { who: `each further pair, after ${settledMs / 1000} s`, unit: 'KB', values: further },
      { who: `each further pair, after ${earlyMs / 1000} s`, unit: 'KB', values: furtherEarly },
      { who: 'two bare TLS connections', unit: 'KB', values: connections }
    ],
    verdicts: [
      {
        bar: `<= ${FIRST_PAIR_MB_MAX} MB with the first pair`,
        measured: `${firstMb.toFixed(1)} MB`,
        met: firstMb <= FIRST_PAIR_MB_MAX
      },
      {
        bar: `<= ${FURTHER_PAIR_KB_MAX} KB for each further pair`,
        measured: `${furtherKb.toFixed(1)} KB`,
        met: furtherKb <= FURTHER_PAIR_KB_MAX
      }
    ],
    notes: []
  }
}

export const CPU_ROW: Row = {
  name: 'cpu',
  title: 'CPU of the engine over the number of pairs, beside a bare loop of dgram and HMAC',
  how: 'Two processes on loopback, each with the engine as Node-RED runs it (hub and thread), or each with a bare loop that sends and reads the same frames at the same times; in turn.',
  minutes: 7,
  whyNotHere: () => null,
  run: runCpu
}

export const MEMORY_ROW: Row = {
  name: 'memory',
  title: 'Memory of the engine with its first pair, and for each further one',
  how: 'Resident memory of a process with the hub, the engine’s thread and one pair in contact, minus that of the same process with none; then with 1,001 pairs. The bars hold for a pair at rest, a minute after contact: what the start of a thousand leaves behind in the flows’ thread is collected some 30 s after it. Beside it a process that holds two TLS connections of node:tls for each pair, and nothing else: what the channel cannot do without.',
  minutes: 10,
  whyNotHere: () => (process.platform === 'linux' ? null : 'resident memory is only comparable on Linux'),
  run: runMemory
}
