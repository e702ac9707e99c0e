/**
 * One side of a pair in a process of its own: `node namespace-side.js <settings as JSON> <key>`. Each change is a line of JSON; a line
 * on its input is a command; it ends with its input.
 */
import { createInterface } from 'node:readline'
import type { Designation } from '../../../src/protocol/machine'
import type { PairSettings } from '../../../src/protocol/settings'
import { inWords, Side } from './side'

const EVERY_MS = 5

/** What the test sees of a side. */
export interface Seen {
  readonly role: string
  readonly online: boolean
  readonly serves: boolean
  readonly peer: string
  readonly links: string
  /** `event reason from to`, without spaces at the end. */
  readonly events: readonly string[]
}

const [, , json, key] = process.argv as unknown as [string, string, string, string]
const side = new Side(JSON.parse(json) as PairSettings)
side.start({ key, previousKey: '' })

let said = ''
setInterval(() => {
  const { snapshot } = side
  if (snapshot === null) return
  const seen: Seen = {
    role: snapshot.role,
    online: snapshot.online,
    serves: side.serves,
    peer: snapshot.peer?.host ?? '',
    links: snapshot.links.map(({ open, problem }) => `${open ? 'open' : 'shut'} ${problem ?? ''}`.trim()).join(),
    events: side.events.map(inWords)
  }
  const line = JSON.stringify(seen)
  if (line === said) return
  said = line
  console.log(line)
}, EVERY_MS)

createInterface({ input: process.stdin })
  .on('line', (line) => side.say(line as Designation))
  .on('close', () => process.exit(0))
