/** The context store: what `set` and `get` take beside Node-RED's memory store, and how old the peer's copy is, also when the Active is killed. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readOptions } from '../src/host/store/options'
import { enterPair, type Holder, type MeetingPoint, type PairSeat } from '../src/host/store/seat'
import { Store } from '../src/host/store/store'
import { Exchange } from '../src/host/channel/exchange'
import { freePorts } from '../test/support/engine-rig'
import { HEARTBEAT_MS, nowMs, PEER_TIMEOUT_MS, type Order, type Said } from './context-side'
import { atTheEnd } from './children'
import type { Row } from './tools/row'
import { quantile, summarize } from './tools/statistics'

const BATCH = 2000
const OBJECT_US_MAX = 5
const PRIMITIVE_RATIO_MAX = 1.5
const AGE_MS_MAX = 5
const LOST_MS_MAX = 20
const WAIT_MS = 20_000
/** Of writing before a kill: anything from the first to the last of it. */
const WRITES_MS = 300

interface Plain {
  set(scope: string, key: string, value: unknown): void
  get(scope: string, key: string): unknown
}

/** Serves, and has no peer: what a write costs the flow that makes it. */
async function servingStore(): Promise<Plain> {
  const place: MeetingPoint = { pairs: new Map(), stores: new Set() }
  const holder: Holder = { role: 'active', epoch: 2 }
  const seat: PairSeat = {
    id: 'pair',
    name: 'pair',
    carrier: new Exchange(() => {}),
    holder: () => holder,
    watch: () => () => {},
    report: () => {},
    tell: () => {},
    log: () => {}
  }
  enterPair(place, seat)
  const store = new Store(readOptions({}), () => place)
  await store.open()
  return {
    set: (scope, key, value) => store.set(scope, key, value, null),
    get: (scope, key) => store.get(scope, key)
  }
}

function memoryStore(): Plain {
  const fromRuntime = createRequire(createRequire(require.resolve('node-red')).resolve('@node-red/runtime'))
  return (fromRuntime('./nodes/context/memory.js') as (config: object) => Plain)({})
}

function twentyFields(): Readonly<Record<string, unknown>> {
  const kinds = [(n: number) => `text ${n}`, (n: number) => n * 1.5, (n: number) => n % 2 === 0]
  return Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`field${n}`, kinds[n % 3]?.(n)]))
}

async function lap(act: (n: number) => unknown): Promise<number> {
  // What was written in the lap before is cut and counted outside of it.
  await new Promise(setImmediate)
  const startedMs = nowMs()
  for (let n = 0; n < BATCH; n++) act(n)
  return ((nowMs() - startedMs) * 1000) / BATCH
}

export const CONTEXT_COST_ROW: Row = {
  name: 'context-cost',
  title: 'Context store: `set` and `get` beside the memory store',
  how: `One process. Batches of ${BATCH} calls, each store in turn: a number, and an object of 20 fields (text, numbers, booleans).`,
  minutes: 1,
  whyNotHere: () => null,
  async run({ quick, progress }) {
    const stores = { pair: await servingStore(), memory: memoryStore() } as const
    const object = twentyFields()
    const acts = {
      'set number': (store: Plain, n: number) => store.set('flow', 'n', n),
      'get number': (store: Plain) => store.get('flow', 'n'),
      'set object': (store: Plain) => store.set('flow', 'object', object),
      'get object': (store: Plain) => store.get('flow', 'object')
    } as const
    const figures = new Map<string, number[]>()
    const warmUp = 5
    for (let round = 0; round < warmUp + (quick ? 20 : 300); round++) {
      for (const [what, act] of Object.entries(acts)) {
        for (const [who, store] of Object.entries(stores)) {
          const us = await lap((n) => act(store, n))
          if (round >= warmUp) figures.set(`${who} ${what}`, [...(figures.get(`${who} ${what}`) ?? []), us])
        }
      }
    }
    const median = (name: string): number => summarize(figures.get(name) ?? []).median
    for (const name of figures.keys()) progress(`${name}: ${median(name).toFixed(2)} us`)
    const worst = Math.max(median('pair set object'), median('pair get object'))
    const ratio = Math.max(
      ...['set number', 'get number'].map((what) => median(`pair ${what}`) / median(`memory ${what}`))
    )
    return {
      series: [...figures].map(([who, values]) => ({ who, unit: 'us', values })),
      verdicts: [
        { bar: `object: <= ${OBJECT_US_MAX} us`, measured: `${worst.toFixed(2)} us`, met: worst <= OBJECT_US_MAX },
        {
          bar: `number: <= ${PRIMITIVE_RATIO_MAX} x the memory store`,
          measured: `${ratio.toFixed(2)} x`,
          met: ratio <= PRIMITIVE_RATIO_MAX
        }
      ],
      notes: ['The memory store keeps the object itself, and copies nothing.']
    }
  }
}

/** Two processes, one of which is killed again and again. */
class Sides {
  readonly #folder = mkdtempSync(join(tmpdir(), 'ha-pair-bench-'))
  readonly #children: (ChildProcess | null)[] = [null, null]
  readonly #roles: string[] = ['', '']
  /** What was in the copy when the role came. */
  readonly #lastMs: number[] = [0, 0]
  #joined: ((ms: number) => void) | null = null
  readonly #ports: readonly number[]

  constructor(ports: readonly number[]) {
    this.#ports = ports
  }

  start(at: number): void {
    const child = fork(join(__dirname, 'context-side.js'), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    child.once(
      'exit',
      atTheEnd(() => child.kill('SIGKILL'))
    )
    this.#children[at] = child
    this.#roles[at] = ''
    child.on('message', ({ role, lastMs, joinedMs }: Said) => {
      if (joinedMs !== undefined) this.#joined?.(joinedMs)
      if (role === undefined) return
      this.#roles[at] = role
      this.#lastMs[at] = lastMs ?? 0
    })
    const [localPort = 0, peerPort = 0] = at === 0 ? this.#ports : this.#ports.toReversed()
    const order: Order = { localPort, peerPort, folder: join(this.#folder, String(at)) }
    child.send(order)
  }

  async serving(): Promise<number> {
    const endMs = nowMs() + WAIT_MS
    while (nowMs() < endMs) {
      const at = this.#roles.indexOf('active')
      if (at >= 0 && this.#roles[1 - at] === 'standby') return at
      await new Promise((later) => setTimeout(later, 5))
    }
    throw new Error(`nobody serves: ${this.#roles.join()}`)
  }

  async ask(at: number, order: Order): Promise<Said> {
    const child = this.#children[at]
    if (child === null || child === undefined) throw new Error('it does not run')
    child.send(order)
    for (;;) {
      const [said] = (await once(child, 'message')) as [Said]
      if (said.role === undefined && said.joinedMs === undefined) return said
    }
  }

  /** ms of writes that were lost. */
  async kill(at: number): Promise<number> {
    const child = this.#children[at]
    const exited = child === null || child === undefined ? null : once(child, 'exit')
    const killedMs = nowMs()
    child?.kill('SIGKILL')
    await exited
    this.#roles[at] = 'gone'
    const endMs = nowMs() + WAIT_MS
    while (this.#roles[1 - at] !== 'active') {
      if (nowMs() > endMs) throw new Error('nobody took over')
      await new Promise((later) => setTimeout(later, 2))
    }
    return Math.max(0, killedMs - (this.#lastMs[1 - at] ?? 0))
  }

  /** Kills the follower, and starts it empty. Resolves with the ms until it has all. */
  async joinAnew(at: number): Promise<number> {
    const child = this.#children[at]
    const exited = child === null || child === undefined ? null : once(child, 'exit')
    child?.kill('SIGKILL')
    await exited
    const joined = new Promise<number>((done) => (this.#joined = done))
    this.start(at)
    return joined
  }

  remove(): void {
    for (const child of this.#children) child?.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** The follower has what the Active writes. */
async function inStep(sides: Sides, follower: number): Promise<void> {
  const endMs = nowMs() + WAIT_MS
  while (nowMs() < endMs) {
    const { lastMs = 0 } = await sides.ask(follower, 'last')
    if (nowMs() - lastMs < 50) return
    await new Promise((later) => setTimeout(later, 20))
  }
  throw new Error('the follower does not follow')
}

export const CONTEXT_AGE_ROW: Row = {
  name: 'context-age',
  title: 'Context store: age of the peer’s copy at 1,000 writes of 200 bytes a second, and what kill -9 loses',
  how: `Two processes on one host, heartbeat ${HEARTBEAT_MS} ms, peerTimeout ${PEER_TIMEOUT_MS} ms. Each value holds the time at which it was written; the follower’s copy is looked at every ms. Then the Active is killed again and again: how long before the kill the newest value was written that the other side has when it takes the role.`,
  minutes: 4,
  whyNotHere: () => null,
  async run({ quick, progress }) {
    const sides = new Sides(await freePorts(2))
    try {
      sides.start(0)
      sides.start(1)
      let active = await sides.serving()
      await inStep(sides, 1 - active)
      const { ages = [] } = await sides.ask(1 - active, { sampleMs: quick ? 3000 : 30_000 })
      const p99 = quantile(ages, 0.99)
      progress(`age: median ${summarize(ages).median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`)
      const lost: number[] = []
      for (let trial = 0; trial < (quick ? 5 : 100); trial++) {
        await inStep(sides, 1 - active)
        await new Promise((later) => setTimeout(later, (trial * 37) % WRITES_MS))
        lost.push(await sides.kill(active))
        sides.start(active)
        active = await sides.serving()
      }
      const worst = Math.max(...lost)
      progress(`kill -9: at most ${worst.toFixed(2)} ms lost`)
      return {
        series: [
          { who: 'age', unit: 'ms', values: ages },
          { who: 'lost by kill -9', unit: 'ms', values: lost }
        ],
        verdicts: [
          { bar: `age: p99 <= ${AGE_MS_MAX} ms`, measured: `${p99.toFixed(2)} ms`, met: p99 <= AGE_MS_MAX },
          {
            bar: `no write older than ${LOST_MS_MAX} ms lost`,
            measured: `${worst.toFixed(2)} ms`,
            met: worst <= LOST_MS_MAX
          }
        ],
        notes: []
      }
    } finally {
      sides.remove()
    }
  }
}

const VALUES = 14_000
const JOIN_MS_MAX = 1000
const DELAY_MS_MAX = 2

export const CONTEXT_JOIN_ROW: Row = {
  name: 'context-join',
  title: 'Context store: a joiner with 16 MB, while the Active goes on writing',
  how: `As above; the store holds ${VALUES} values of 1,000 bytes (16 MB as the store counts), and the follower is killed and started empty again and again. From its role until it has all; and by how much the event loop of the Active is late meanwhile, beside the same time without a joiner.`,
  minutes: 2,
  whyNotHere: () => null,
  async run({ quick, progress }) {
    const sides = new Sides(await freePorts(2))
    try {
      sides.start(0)
      sides.start(1)
      const active = await sides.serving()
      await sides.ask(active, { fill: VALUES })
      await new Promise((later) => setTimeout(later, 2000))
      const [joins, calm, busy]: [number[], number[], number[]] = [[], [], []]
      for (let trial = 0; trial < (quick ? 3 : 20); trial++) {
        calm.push(...((await sides.ask(active, { delaysMs: 1500 })).delays ?? []))
        const delays = sides.ask(active, { delaysMs: 1500 })
        joins.push(await sides.joinAnew(1 - active))
        busy.push(...((await delays).delays ?? []))
        await sides.serving()
      }
      const worst = Math.max(...joins)
      const more = quantile(busy, 0.99) - quantile(calm, 0.99)
      progress(`in step after at most ${worst.toFixed(0)} ms, p99 of the delay grows by ${more.toFixed(2)} ms`)
      return {
        series: [
          { who: 'until in step', unit: 'ms', values: joins },
          { who: 'delay, no joiner', unit: 'ms', values: calm },
          { who: 'delay, joiner', unit: 'ms', values: busy }
        ],
        verdicts: [
          { bar: `<= ${JOIN_MS_MAX} ms to step`, measured: `${worst.toFixed(0)} ms`, met: worst <= JOIN_MS_MAX },
          {
            bar: `p99 of the delay grows by <= ${DELAY_MS_MAX} ms`,
            measured: `${more.toFixed(2)} ms`,
            met: more <= DELAY_MS_MAX
          }
        ],
        notes: []
      }
    } finally {
      sides.remove()
    }
  }
}
