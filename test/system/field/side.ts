/**
 * One side of several pairs in a plain process: `node side.js <SidePlan as JSON>`. What its gates say at each instant, what it works on
 * and what it is told goes into a file for each pair, in the lines of chaos/flow.ts; orders come over the leash.
 */
import { createSocket } from 'node:dgram'
import { openSync, writeSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import type { PairHandle } from '../../../src/host/hub'
import { hub } from '../../../src/host/root'
import type { PairStatus } from '../../../src/host/pair'
import type { Designation } from '../../../src/protocol/machine'
import type { PairSettings } from '../../../src/protocol/settings'
import type { Apart } from '../../support/namespaces/checker'
import { nowUs, US_PER_MS } from '../../support/namespaces/clock'
import type { Side } from '../../support/namespaces/history'
import { share } from '../../support/share'

export interface PairPlan {
  readonly id: string
  readonly settings: PairSettings
  readonly key: string
  readonly storeFile: string
  readonly historyFile: string
}

export interface SidePlan {
  readonly side: Side
  /** Where the numbered items come in. */
  readonly feedHost: string
  readonly feedPort: number
  /** Limit of the heap of threads that are started, MB; null = the usual one. */
  readonly threadHeapMb: number | null
  readonly pairs: readonly PairPlan[]
}

export type Order =
  | { readonly do: 'status' }
  | { readonly do: 'designate'; readonly pair: string; readonly word: Designation; readonly force: boolean }
  /** As a deploy with other settings does it. */
  | { readonly do: 'deploy'; readonly pair: string; readonly settings: Partial<PairSettings> }
  /** The engine's thread is given more than its heap takes, while the flows' loop is busy for so long. */
  | { readonly do: 'burst'; readonly busyMs: number }
  /** Times in which this process did not run though it wanted to. */
  | { readonly do: 'tell starved' }
  | { readonly do: 'end' }

/** By the id of the pair. */
export type Statuses = Readonly<Record<string, PairStatus>>

const POLL_MS = 1
const STARVED_US = 20 * US_PER_MS
/** An open gate is told this often, and once more when it closes. */
const TELL_EVERY_US = share(20, 5) * US_PER_MS

class Watched {
  readonly id: string
  readonly #plan: PairPlan
  readonly #pen: number
  readonly #side: Side
  #settings: PairSettings
  #lease: PairHandle
  #open: {
    readonly epoch: number
    readonly beforeUs: number
    readonly afterUs: number
    readonly told: boolean
  } | null = null
  #toldUs = 0
  #heardMs = -Infinity

  constructor(side: Side, plan: PairPlan) {
    this.id = plan.id
    this.#side = side
    this.#plan = plan
    this.#pen = openSync(plan.historyFile, 'a')
    this.#settings = plan.settings
    this.#lease = this.#acquire()
  }

  #acquire(): PairHandle {
    const { id, key, storeFile } = this.#plan
    const say = (line: string): void => console.log(`${id}: ${line}`)
    const log = { info: say, warn: say, error: say }
    const lease = hub.acquire({
      id,
      settings: this.#settings,
      keys: { key, previousKey: '' },
      storeFile,
      log
    })
    lease.observe({
      onEvent: ({ event, reason, detail }) => {
        const { role, epoch } = lease.pair.status()
        this.#write('e', nowUs(), event, reason, role, epoch, detail)
      }
    })
    return lease
  }

  #write(kind: string, ...values: readonly unknown[]): void {
    writeSync(this.#pen, `${JSON.stringify([kind, this.#side, ...values])}\n`)
  }

  /** Asks the gate; an item that has come is worked on if it is open. */
  poll(item: number | null = null): void {
    const beforeUs = nowUs()
    const { open, epoch } = this.#lease.pair.gate()
    const afterUs = nowUs()
    const was = this.#open
    if (was !== null && (!open || was.epoch !== epoch)) {
      if (!was.told) this.#write('p', was.epoch, was.beforeUs, was.afterUs, 0)
      if (!open) this.#write('n', afterUs)
      this.#open = null
    }
    if (!open) return
    const told = item !== null || this.#open === null || afterUs - this.#toldUs >= TELL_EVERY_US
    if (told) {
      this.#write('p', epoch, beforeUs, afterUs, 0, ...(item === null ? [] : [item]))
      this.#toldUs = afterUs
    }
    this.#open = { epoch, beforeUs, afterUs, told }
  }

  listen(): void {
    const heardAgo = this.status().peer?.heardAgo ?? null
    if (heardAgo === null) return
    const heardMs = Math.round(nowUs() / US_PER_MS) - heardAgo
    // Rounded: the same sign of life may look like one of the ms after.
    if (heardMs <= this.#heardMs + 2) return
    this.#heardMs = heardMs
    this.#write('h', heardMs * US_PER_MS)
  }

  status(): PairStatus {
    return this.#lease.pair.status()
  }

  designate(word: Designation, force: boolean): Promise<string> {
    return this.#lease.pair.designate(word, force)
  }

  async deploy(settings: Partial<PairSettings>): Promise<void> {
    this.#settings = { ...this.#settings, ...settings }
    const before = this.#lease
    await before.release(false)
    this.#lease = this.#acquire()
    before.expire()
  }

  end(): Promise<void> {
    return this.#lease.release(true)
  }
}

const plan = JSON.parse(process.argv[2] ?? '') as SidePlan
if (plan.threadHeapMb !== null) setFlagsFromString(`--max-old-space-size=${plan.threadHeapMb}`)
const pairs = new Map(plan.pairs.map((each) => [each.id, new Watched(plan.side, each)]))

const starved: Apart[] = []
let polledUs = nowUs()
setInterval(() => {
  const atUs = nowUs()
  if (atUs - polledUs > STARVED_US) starved.push({ fromUs: polledUs, toUs: atUs })
  polledUs = atUs
  for (const pair of pairs.values()) pair.poll()
}, POLL_MS)
setInterval(() => {
  for (const pair of pairs.values()) pair.listen()
}, 5 * POLL_MS)

const feed = createSocket('udp4')
feed.on('message', (bytes) => {
  for (const pair of pairs.values()) pair.poll(Number(bytes.toString()))
})
feed.bind(plan.feedPort, plan.feedHost)

function pairOf(id: string): Watched {
  const pair = pairs.get(id)
  if (pair === undefined) throw new Error(`no pair ${id}`)
  return pair
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case 'status':
      return Object.fromEntries([...pairs].map(([id, pair]) => [id, pair.status()]))
    case 'designate':
      return pairOf(order.pair).designate(order.word, order.force)
    case 'deploy':
      return pairOf(order.pair).deploy(order.settings)
    case 'burst':
      burst(order.busyMs)
      return null
    case 'tell starved':
      return starved
    case 'end':
      await Promise.all([...pairs.values()].map((pair) => pair.end()))
      setImmediate(() => process.exit(0))
      return null
    default:
      throw new Error(`no order: ${JSON.stringify(order satisfies never)}`)
  }
}

/** Heap objects where they arrive: more than the heap takes, and less than what Node lets it grow by while it ends the thread. */
const BURST_ITEMS_PER_MB = 60_000

function burst(busyMs: number): void {
  const endUs = nowUs() + busyMs * US_PER_MS
  hub.worker?.postMessage(Array.from({ length: (plan.threadHeapMb ?? 0) * BURST_ITEMS_PER_MB }, (_, i) => i + 0.5))
  while (nowUs() < endUs) for (const pair of pairs.values()) pair.poll()
}

process.on('message', ({ number, order }: { number: number; order: Order }) => {
  obey(order).then(
    (value) => process.send?.({ number, value }),
    (error: unknown) => process.send?.({ number, error: String(error) })
  )
})
process.on('disconnect', () => process.exit(1))
process.send?.({ number: 0 })
