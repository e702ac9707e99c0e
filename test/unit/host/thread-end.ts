/**
 * A side whose engine's thread ends: `node thread-end.js <folder of the compiled src/> <settings as JSON> <how it ends>`. Told `end`, it
 * ends its thread and blocks its own event loop; told `crash`, it lets the thread die of an exception. Says when its gate was open.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { WorkerOptions } from 'node:worker_threads'
import type * as Root from '../../../src/host/root'
import type { PairSettings } from '../../../src/protocol/settings'

export type ThreadEnding = 'exception' | 'heap' | 'terminate' | 'exit'

const BUSY_MS = 1200
const WATCHED_MS = 800
/** An engine that has not come back by then is not waited for. */
const BACK_MS_MAX = 10_000
const [, , folder, json, ending] = process.argv as [string, string, string, string, ThreadEnding]

/** In the engine's thread, before its own code: what makes it end. */
const PREAMBLE = `
const { parentPort } = require('node:worker_threads')
parentPort.on('message', (message) => {
  if (message === 'exit') process.exit(3)
  if (message !== 'heap') return
  const kept = []
  for (;;) kept.push(new Array(1000).fill(kept.length))
})
`
const threads = createRequire(__filename)('node:worker_threads') as {
  Worker: typeof import('node:worker_threads').Worker
}
const RealWorker = threads.Worker
threads.Worker = class extends RealWorker {
  constructor(code: string | URL, options?: WorkerOptions) {
    const resourceLimits = { ...options?.resourceLimits, ...(ending === 'heap' ? { maxOldGenerationSizeMb: 24 } : {}) }
    super(PREAMBLE + String(code), { ...options, resourceLimits })
  }
}

const { hub } = createRequire(__filename)(join(folder, 'host', 'root.js')) as typeof Root
const settings = JSON.parse(json) as PairSettings
const keys = { key: 'a strong secret', previousKey: '' }
const { pair } = hub.acquire({ id: 'side', settings, keys, storeFile: null })

/** Periods in which the gate was open, ms of the clock that all processes of this machine share. */
const open: [number, number][] = []
let wasOpen = false
function look(): void {
  const isOpen = pair.gate().open
  const nowMs = Number(process.hrtime.bigint()) / 1e6
  if (isOpen && !wasOpen) open.push([nowMs, nowMs])
  const last = open.at(-1)
  if (isOpen && last !== undefined) last[1] = nowMs
  wasOpen = isOpen
}

function end(): void {
  const thread = hub.worker
  if (thread === null) throw new Error('no engine runs')
  if (ending === 'exception') thread.postMessage(null)
  else if (ending === 'terminate') void thread.terminate()
  else thread.postMessage(ending)
  const until = performance.now() + BUSY_MS
  while (performance.now() < until) look()
}

let told = ''
setInterval(() => {
  look()
  const now = `${pair.status().online ? 'online' : 'alone'} ${wasOpen ? 'active' : 'idle'} ${pair.vitals().engine.restarts}`
  if (now !== told) console.log((told = now))
}, 1)
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'crash') hub.worker?.postMessage(null)
  if (line !== 'end') return
  end()
  const endedMs = performance.now()
  setInterval(() => {
    const forMs = performance.now() - endedMs
    // And has said so.
    const isBack = !told.endsWith(' 0')
    if (forMs < WATCHED_MS || (!isBack && forMs < BACK_MS_MAX)) return
    console.log(JSON.stringify(open))
    process.exit(0)
  }, 10)
})
