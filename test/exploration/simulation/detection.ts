/**
 * How good the failure detector is, after Chen, Toueg and Aguilera ("On the quality of service of failure detectors",
 * 2002): how long until a dead Active is replaced, how often a living one is, and for how long that mistake lasts.
 * Policy `availability`; a host that loses its power, so that nothing but silence tells of it.
 *
 *     node dist/test/exploration/simulation/detection.js [--long] [--heartbeats N] [--table N]
 *
 * `--long`: 10,000,000 heartbeats at the default settings for each way of losing 10 %, and 100,000 per row of the table.
 */
import { createMachine } from '../../../src/protocol/create'
import { DEFAULTS } from '../../../src/protocol/settings'
import type { Disturbance, HostIndex } from '../../support/network'
import { makePlan, type Plan } from './plan'
import type { Step } from './process'
import { Random } from '../../support/random'
import type { Watcher } from './watcher'
import { World } from './world'

export type LossModel = 'random' | 'bursts'

export interface Conditions {
  /** Share of frames lost in the long run, 0 .. 0.5. */
  readonly loss: number
  readonly model: LossModel
  readonly heartbeatMs: number
  readonly peerTimeoutMs: number
}

export interface Mistakes {
  readonly heartbeats: number
  readonly simulatedMs: number
  readonly lossSeen: number
  readonly takeovers: number
  readonly lastedMsMean: number
  readonly lastedMsMax: number
}

export interface Detection {
  readonly crashes: number
  readonly meanMs: number
  readonly maxMs: number
}

/** Frames in a row that a burst takes, on average (Gilbert-Elliott, everything is lost in the bad state). */
const BURST_FRAMES_MEAN = 5
/** Heartbeats of one run; more of them are more runs, so that memory stays bounded. */
const HEARTBEATS_PER_RUN = 20_000
const DELAY_MS = 0.5

/** How often a Standby takes the role while its Active runs, in at least this many heartbeats. */
export function countMistakes(conditions: Conditions, heartbeats: number, seed = 1n, onRun?: () => void): Mistakes {
  let simulatedMs = 0
  let sent = 0
  let lost = 0
  const lastedMs: number[] = []
  const runs = Math.ceil(heartbeats / HEARTBEATS_PER_RUN)
  const perRun = Math.ceil(heartbeats / runs)
  for (let run = 0; run < runs; run++) {
    const endMs = perRun * conditions.heartbeatMs
    const world = new World(planOf(conditions, seed * 1_000_003n + BigInt(run), endMs), createMachine)
    const watch = new MistakeWatcher(world)
    world.watch(watch)
    world.run()
    watch.close()
    simulatedMs += world.nowMs
    sent += world.network.counts.sent
    lost += world.network.counts.lost
    lastedMs.push(...watch.lastedMs)
    onRun?.()
  }
  return {
    heartbeats: runs * perRun,
    simulatedMs,
    lossSeen: lost / sent,
    takeovers: lastedMs.length,
    lastedMsMean: mean(lastedMs),
    lastedMsMax: Math.max(0, ...lastedMs)
  }
}

/** From the end of the Active's power to the beginning of the other one's serving. */
export function measureDetection(conditions: Conditions, crashes: number, seed = 1n): Detection {
  const tookMs: number[] = []
  const { heartbeatMs, peerTimeoutMs } = conditions
  const random = new Random(seed, 'detection')
  for (let i = 0; i < crashes; i++) {
    const strikeAfterMs = 2 * peerTimeoutMs + 10 * heartbeatMs
    const endMs = strikeAfterMs + 20 * peerTimeoutMs
    const plan = planOf(conditions, seed * 7_000_003n + BigInt(i), endMs)
    const world = new World(plan, createMachine)
    const watch = new TakeoverWatcher(world, strikeAfterMs + random.unit() * heartbeatMs)
    world.watch(watch)
    world.run()
    if (watch.tookMs !== null) tookMs.push(watch.tookMs)
  }
  return { crashes: tookMs.length, meanMs: mean(tookMs), maxMs: Math.max(0, ...tookMs) }
}

function planOf(conditions: Conditions, seed: bigint, endMs: number): Plan {
  const base = makePlan(seed, 'calm')
  const { heartbeatMs, peerTimeoutMs, loss } = conditions
  const sides = base.sides.map((side, i) => ({
    ...side,
    startAtMs: i,
    settings: {
      ...side.settings,
      ...DEFAULTS,
      policy: 'availability' as const,
      links: side.settings.links.slice(0, 1),
      priority: 100,
      heartbeatMs,
      peerTimeoutMs
    }
  })) as unknown as Plan['sides']
  return {
    ...base,
    sides,
    links: 1,
    delayMs: DELAY_MS,
    jitterMs: DELAY_MS,
    cloned: false,
    keyed: true,
    nats: [null, null],
    hasMoves: false,
    data: null,
    absent: null,
    exhausted: null,
    faults:
      loss === 0
        ? []
        : [
            {
              kind: 'loss',
              atMs: settledMs(conditions),
              forMs: endMs,
              link: 'all',
              way: 'both',
              disturbance: disturbanceOf(conditions)
            }
          ],
    attackEveryMs: null,
    timeoutMsMax: peerTimeoutMs,
    timeoutMsMin: peerTimeoutMs,
    quietAtMs: endMs + 1,
    finaleAtMs: endMs + 1,
    endMs
  }
}

/** The two find each other undisturbed, also if a socket opens late: what is measured is a pair that runs. */
function settledMs({ peerTimeoutMs }: Conditions): number {
  return 1.5 * peerTimeoutMs + 500
}

function disturbanceOf({ loss, model }: Conditions): Disturbance {
  if (model === 'random') return { loss }
  const leave = 1 / BURST_FRAMES_MEAN
  return { burst: { enter: (leave * loss) / (1 - loss), leave, lossInBurst: 1 } }
}

class MistakeWatcher implements Watcher {
  readonly name = 'mistakes'
  readonly lastedMs: number[] = []
  readonly #world: World
  #sinceMs: number | null = null

  constructor(world: World) {
    this.#world = world
  }

  onStep({ before, after }: Step): void {
    if (before.role === after.role) return
    const both = ([0, 1] as const).every((host) => this.#world.process(host)?.view.role === 'active')
    if (both) this.#sinceMs ??= this.#world.nowMs
    else this.close()
  }

  close(): void {
    if (this.#sinceMs !== null) this.lastedMs.push(this.#world.nowMs - this.#sinceMs)
    this.#sinceMs = null
  }
}

class TakeoverWatcher implements Watcher {
  readonly name = 'takeover'
  tookMs: number | null = null
  readonly #world: World
  #downSinceMs: number | null = null

  constructor(world: World, atMs: number) {
    this.#world = world
    world.timeline.at(atMs, () => this.#strike())
  }

  #strike(): void {
    const active = ([0, 1] as const).find((host: HostIndex) => this.#world.gateOpen(host))
    // Where a socket opened late there is no pair yet: nothing is measured.
    const met = ([0, 1] as const).every((host) => this.#world.process(host)?.view.online === true)
    if (active === undefined || !met) return
    this.#downSinceMs = this.#world.nowMs
    this.#world.powerOff(active)
  }

  onMoment(): void {
    if (this.#downSinceMs === null || this.tookMs !== null) return
    if (this.#world.gateOpen(0) || this.#world.gateOpen(1)) this.tookMs = this.#world.nowMs - this.#downSinceMs
  }
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}

export const TABLE_LOSSES = [0, 0.05, 0.1, 0.2, 0.3, 0.4] as const
export const TABLE_HEARTBEATS_PER_TIMEOUT = [3, 5, 10] as const

export interface Row extends Conditions {
  readonly detection: Detection
  readonly mistakes: Mistakes
}

/** Loss times heartbeats per timeout, heartbeat 200 ms. */
export function measureTable(heartbeatsPerCell: number, crashesPerCell: number, onRow?: (row: Row) => void): Row[] {
  const rows: Row[] = []
  for (const model of ['random', 'bursts'] as const) {
    for (const perTimeout of TABLE_HEARTBEATS_PER_TIMEOUT) {
      for (const loss of TABLE_LOSSES) {
        if (loss === 0 && model === 'bursts') continue
        const heartbeatMs = DEFAULTS.heartbeatMs
        const conditions: Conditions = { loss, model, heartbeatMs, peerTimeoutMs: perTimeout * heartbeatMs }
        const row: Row = {
          ...conditions,
          detection: measureDetection(conditions, crashesPerCell),
          mistakes: countMistakes(conditions, heartbeatsPerCell)
        }
        rows.push(row)
        onRow?.(row)
      }
    }
  }
  return rows
}

export const TABLE_HEAD =
  'loss model    P/h | detection mean    max (ms) |   mistakes  per day | lasting mean    max (ms) | in heartbeats'

export function describeRow({ loss, model, heartbeatMs, peerTimeoutMs, detection, mistakes }: Row): string {
  const perDay = mistakes.takeovers / (mistakes.simulatedMs / 86_400_000)
  const cells = [
    `${(loss * 100).toFixed(0)} %`.padStart(4),
    model.padEnd(7),
    String(peerTimeoutMs / heartbeatMs).padStart(4),
    '|',
    detection.meanMs.toFixed(0).padStart(14),
    detection.maxMs.toFixed(0).padStart(6),
    '     |',
    String(mistakes.takeovers).padStart(10),
    perDay.toFixed(2).padStart(8),
    '|',
    mistakes.lastedMsMean.toFixed(1).padStart(12),
    mistakes.lastedMsMax.toFixed(1).padStart(6),
    '     |',
    String(mistakes.heartbeats).padStart(10)
  ]
  return cells.join(' ')
}

/** Default settings under 10 % loss: the promise is that nobody is replaced while it lives. */
export function defaultConditions(model: LossModel): Conditions {
  return { loss: 0.1, model, heartbeatMs: DEFAULTS.heartbeatMs, peerTimeoutMs: DEFAULTS.peerTimeoutMs }
}

export function describeMistakes(model: LossModel, mistakes: Mistakes): string {
  return `${mistakes.heartbeats} heartbeats, default settings, 10 % loss (${model}, ${(100 * mistakes.lossSeen).toFixed(2)} % seen): ${mistakes.takeovers} false failovers in ${(mistakes.simulatedMs / 86_400_000).toFixed(1)} simulated days`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function main(args: readonly string[]): void {
  const long = args.includes('--long')
  const number = (name: string, otherwise: number): number => {
    const at = args.indexOf(`--${name}`)
    return at < 0 ? otherwise : Number(args[at + 1])
  }
  let failovers = 0
  for (const model of ['random', 'bursts'] as const) {
    const mistakes = countMistakes(defaultConditions(model), number('heartbeats', long ? 10_000_000 : 200_000))
    failovers += mistakes.takeovers
    print(describeMistakes(model, mistakes))
  }
  print(TABLE_HEAD)
  measureTable(number('table', long ? 100_000 : 20_000), 100, (row) => print(describeRow(row)))
  process.exitCode = failovers === 0 ? 0 : 1
}

if (require.main === module) main(process.argv.slice(2))
