/**
 * One side of the rows of the context store, in a process of its own: a pair and its store as Node-RED has them, without Node-RED around them.
 * The Active writes 1,000 values of about 200 bytes a second, each with the time.
 *
 *     { ports, peers, folder }   starts; says { role } whenever that changes
 *     { sampleMs }               answers { ages }: of what is in this side's copy, ms, looked at again and again for so long
 *     'last'                     answers { lastMs }: when the newest value in this side's copy was written
 *     { fill: n }                writes so many further values of about 1,000 bytes, and answers { filled: n }
 *     { delaysMs: ms }           answers { delays }: by how much this side's event loop came late, ms, looked at every ms for so long
 */
import { join } from 'node:path'
import { readOptions } from '../src/host/store/options'
import { meetingPoint } from '../src/host/store/seat'
import { Store } from '../src/host/store/store'
import { hub } from '../src/host/root'
import { link, settings } from '../test/support/engine-rig'

export interface Start {
  readonly localPort: number
  readonly peerPort: number
  readonly folder: string
}

export type Order =
  | Start
  | { readonly sampleMs: number }
  | 'last'
  | { readonly fill: number }
  | { readonly delaysMs: number }

export interface Said {
  readonly role?: string
  readonly ages?: readonly number[]
  readonly lastMs?: number
  readonly filled?: number
  readonly delays?: readonly number[]
  /** ms from the role of the Standby until all of what fills the store is there. */
  readonly joinedMs?: number
}

export const HEARTBEAT_MS = 50
export const PEER_TIMEOUT_MS = 300
const KEY = 'Kp3vX9-hT6nB_1wQzY0sM4rJ'
const EVERY_MS = 1
const PAD = 'x'.repeat(160)
const SCOPE = 'flow'

/** The same for all processes of this machine. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6

const say = (said: Said): void => void process.send?.(said)

if (require.main === module) {
  const store = new Store(readOptions({}), meetingPoint)
  process.on('message', (order: Order) => void obey(store, order))
  process.on('disconnect', () => process.exit())
}

async function obey(store: Store, order: Order): Promise<void> {
  if (order === 'last') return say({ lastMs: lastIn(store) })
  if ('fill' in order) return say({ filled: fill(store, order.fill) })
  if ('delaysMs' in order) return say({ delays: await delays(order.delaysMs) })
  if ('sampleMs' in order) return say({ ages: await sample(store, order.sampleMs) })
  await store.open()
  const { localPort, peerPort, folder } = order
  const timing = { heartbeatMs: HEARTBEAT_MS, peerTimeoutMs: PEER_TIMEOUT_MS }
  const lease = hub.acquire({
    id: 'pair',
    settings: settings([link(localPort, peerPort)], timing),
    keys: { key: KEY, previousKey: '' },
    storeFile: join(folder, 'pair.json')
  })
  let written = 0
  let sinceMs = 0
  lease.observe({
    onRole: (role) => {
      // What the copy had when the role came counts, not what is written from then on.
      say({ role, lastMs: lastIn(store) })
      sinceMs = nowMs()
      written = 0
      if (role === 'standby') void tellJoined(store, sinceMs)
    }
  })
  setInterval(() => {
    if (!lease.pair.gate().open) return
    // Timers come late; the rate stays.
    for (; written < (nowMs() - sinceMs) / EVERY_MS; written++) {
      store.set(SCOPE, 'value', { at: nowMs(), n: written, pad: PAD }, null)
    }
  }, EVERY_MS)
}

/** Written last, so that all is there when it is. */
const LAST = 'filled'

function fill(store: Store, values: number): number {
  for (let n = 0; n < values; n++) store.set(SCOPE, `k${n}`, 'x'.repeat(1000), null)
  store.set(SCOPE, LAST, values, null)
  return values
}

async function tellJoined(store: Store, sinceMs: number): Promise<void> {
  while (store.get(SCOPE, LAST) === undefined) await new Promise((later) => setTimeout(later, 1))
  say({ joinedMs: nowMs() - sinceMs })
}

async function delays(forMs: number): Promise<number[]> {
  const late: number[] = []
  const endMs = nowMs() + forMs
  while (nowMs() < endMs) {
    const sinceMs = nowMs()
    await new Promise((later) => setTimeout(later, 1))
    late.push(Math.max(0, nowMs() - sinceMs - 1))
  }
  return late
}

function lastIn(store: Store): number {
  return Number(store.get(SCOPE, 'value.at') ?? 0)
}

async function sample(store: Store, forMs: number): Promise<number[]> {
  const ages: number[] = []
  const endMs = nowMs() + forMs
  while (nowMs() < endMs) {
    await new Promise((later) => setTimeout(later, 1))
    ages.push(nowMs() - lastIn(store))
  }
  return ages
}
