/** One side of a pair in a process of its own: `node side-process.js <settings as JSON> <how it ends> [file of its record]`. */
import { hub } from '../../src/host/root'
import type { PairSettings } from '../../src/protocol/settings'

export type Ending =
  | 'exit'
  | 'throw'
  | 'run-dry'
  | 'signal-alone'
  | 'signal-handled'
  | 'signal-ignored'
  | 'hang'
  | 'alone'

const [, , json, ending, storeFile = null] = process.argv as [string, string, string, Ending, string?]
const settings = JSON.parse(json) as PairSettings
const lease = hub.acquire({ id: 'side', settings, keys: { key: 'x3Gk9-QvT71_mZpL0wBc4R', previousKey: '' }, storeFile })
const alive = setInterval(() => {
  if (!lease.pair.gate().open || (!lease.pair.status().online && ending !== 'alone')) return
  clearInterval(alive)
  console.log('active')
  act(ending)
}, 5)

function act(how: Ending): void {
  switch (how) {
    case 'exit':
      process.exit(0)
      break
    case 'throw':
      throw new Error('on purpose')
    case 'run-dry':
      return
    case 'alone':
    case 'signal-alone':
      setInterval(() => {}, 1000)
      return
    case 'signal-handled':
      setInterval(() => {}, 1000)
      // As Node-RED does it: close the nodes, then exit.
      process.on('SIGTERM', () => void lease.release(false).then(() => process.exit(0)))
      return
    case 'signal-ignored':
      process.on('SIGHUP', () => console.log('heard SIGHUP'))
      setInterval(() => {}, 1000)
      return
    case 'hang':
      setInterval(() => {}, 1000)
      // The flows' event loop stands still for a while.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)
      return
    default:
      how satisfies never
  }
}
