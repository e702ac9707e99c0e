/**
 * Entries as text, for the wire and for the disk: JSON, one array an entry, `[scope, key, epoch, number]` for a deleted one and
 * `[scope, key, epoch, number, value]` for a living one.
 */
import { isCount } from '../../rules/values'
import type { Entry } from './copy'
import { copyIn, encode, untagged, ValueError } from './values'

type Held = Pick<Entry, 'gone' | 'value' | 'plain' | 'epoch' | 'number'>

/** `held`: what is to be written of the entry, which may differ from what it holds now. */
export function entryText({ scope, key }: Entry, held: Held): string {
  const head = `[${JSON.stringify(scope)},${JSON.stringify(key)},${held.epoch},${held.number}`
  return held.gone ? `${head}]` : `${head},${encode(held.value, held.plain)}]`
}

/** From what `JSON.parse` made. `tagged`: the text may hold tags. Throws on what no entry looks like. */
export function entryIn(said: unknown, tagged: boolean): Entry {
  if (!Array.isArray(said) || said.length < 4) throw new ValueError('an entry is damaged')
  const [scope, key, epoch, number] = said as unknown[]
  if (typeof scope !== 'string' || typeof key !== 'string' || !isCount(epoch) || !isCount(number)) {
    throw new ValueError('an entry is damaged')
  }
  if (said.length === 4) return { scope, key, epoch, number, gone: true, value: undefined, bytes: 0, plain: true }
  const value: unknown = tagged ? untagged(said[4]) : said[4]
  const copied = copyIn(value, Infinity)
  return { scope, key, epoch, number, gone: false, ...copied }
}
