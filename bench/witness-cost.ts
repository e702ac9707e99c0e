/** What one witness costs that serves many pairs. */
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { witnessLineOf } from '../src/witness/keys'
import { pause } from '../test/support/eventually'
import { freePorts } from '../test/support/ports'
import { resourcesOf } from '../test/support/resources'
import { WitnessProgram } from '../test/support/witness-program'
import { startChild } from './children'
import type { RowResult, Series } from './tools/results'
import type { Context, Row } from './tools/row'
import { quantile } from './tools/statistics'
import { type Asked, secretOf } from './witness-askers'

const PAIRS = 1000
const HEARTBEATS_MS = [100, 200, 1000] as const
/** As the bars of the policy are. */
const HEARTBEAT_OF_BAR_MS = 100
const CPU_BAR_PERCENT = 10
const RSS_BAR_MB = 60
const MB = 2 ** 20

/** ms of CPU that all threads of a process have had. */
function cpuMs(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const [ns = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')
    return sum + Number(ns) / 1e6
  }, 0)
}

interface Cost {
  readonly percent: number[]
  readonly rssMb: number
  readonly asksASecond: number
  readonly answered: number
  readonly holders: number
}

async function costOf(heartbeatMs: number, seconds: number, times: number, warmUpMs: number): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'ha-pair-bench-'))
  const [port = 0] = await freePorts(1)
  const keyFile = join(folder, 'keys')
  writeFileSync(
    keyFile,
    Array.from({ length: PAIRS }, (_, i) => `${witnessLineOf(secretOf(i)).key} pair ${i}\n`).join('')
  )
  const witness = new WitnessProgram([
    ...['--key-file', keyFile, '--data', join(folder, 'data')],
    ...['--host', '127.0.0.1', '--port', String(port)]
  ])
  await witness.says(/open on UDP port/)
  const script = join(__dirname, 'witness-askers.js')
  const askers = startChild(process.execPath, [script, String(port), String(PAIRS), String(heartbeatMs)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  const figures = async (): Promise<Asked> => {
    const told = once(askers, 'message') as Promise<[Asked]>
    askers.send('figures')
    return (await told)[0]
  }
  try {
    await once(askers, 'message')
    await pause(warmUpMs)
    const percent: number[] = []
    let [asks, answers, holders] = [0, 0, 0]
    await figures()
    for (let i = 0; i < times; i++) {
      const [before, fromMs] = [cpuMs(witness.pid), performance.now()]
      await pause(seconds * 1000)
      percent.push((100 * (cpuMs(witness.pid) - before)) / (performance.now() - fromMs))
      const seen = await figures()
      asks += seen.asks
      answers += seen.answers
      holders = seen.holders
    }
    const { rssBytes } = resourcesOf(witness.pid)
    return {
      percent,
      rssMb: rssBytes / MB,
      asksASecond: asks / (seconds * times),
      answered: answers / Math.max(1, asks),
      holders
    }
  } finally {
    askers.kill('SIGKILL')
    await witness.end('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

async function run({ quick, progress }: Context): Promise<RowResult> {
  const series: Series[] = []
  const memory: number[] = []
  const notes: string[] = []
  let atBar = NaN
  for (const heartbeatMs of HEARTBEATS_MS) {
    const [seconds, times, warmUpMs] = quick ? [4, 1, 12_000] : [10, 5, 15_000]
    const { percent, rssMb, asksASecond, answered, holders } = await costOf(heartbeatMs, seconds, times, warmUpMs)
    series.push({ who: `heartbeat ${heartbeatMs} ms: CPU`, unit: '% of a core', values: percent })
    memory.push(rssMb)
    if (heartbeatMs === HEARTBEAT_OF_BAR_MS) atBar = quantile(percent, 0.5)
    const text = `${Math.round(asksASecond).toLocaleString('en')} asks a second, ${(100 * answered).toFixed(1)} % answered, ${holders} loans held`
    progress(`heartbeat ${heartbeatMs} ms: ${quantile(percent, 0.5).toFixed(1)} %, ${rssMb.toFixed(0)} MB; ${text}`)
    notes.push(`Heartbeat ${heartbeatMs} ms: ${text}.`)
  }
  const most = Math.max(...memory)
  return {
    series: [...series, { who: 'memory', unit: 'MB', values: memory }],
    verdicts: [
      {
        bar: `<= ${CPU_BAR_PERCENT} % of a core at a heartbeat of ${HEARTBEAT_OF_BAR_MS} ms`,
        measured: `${atBar.toFixed(1)} %`,
        met: atBar <= CPU_BAR_PERCENT
      },
      { bar: `<= ${RSS_BAR_MB} MB`, measured: `${most.toFixed(1)} MB`, met: most <= RSS_BAR_MB }
    ],
    notes
  }
}

export const WITNESS_COST_ROW: Row = {
  name: 'witness-cost',
  title: `Policy witness: ${PAIRS.toLocaleString('en')} pairs on one witness`,
  how: 'CPU of all threads of the program `ha-pair-witness` (the kernel’s count) and its resident memory, while both sides of each pair ask it over loopback when a machine would, with the real voice and seal; the peerTimeout is ten heartbeats, and the Active of each pair holds its loan.',
  minutes: 4,
  whyNotHere: () => (process.platform === 'linux' ? null : 'the CPU of a process is read from /proc'),
  run
}
