/** The keys of a witness, as people keep them: lines of text. */
import { WitnessSeal } from '../engine/witness-seal'

export interface KeyLine {
  /** For people: what stands behind the key, or a number. */
  readonly name: string
  readonly seal: WitnessSeal
}

export type KeyLines =
  | { readonly keys: readonly KeyLine[]; readonly error: null }
  | { readonly keys: readonly []; readonly error: string }

/**
 * One key a line, with a name behind it if people want; empty lines and those that begin with # are skipped. Errors: the line that is no key, or
 * stands there twice; no key is in the text.
 */
export function parseKeyLines(text: string): KeyLines {
  const keys: KeyLine[] = []
  const pairs = new Set<string>()
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    const [, key = '', name = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? []
    if (key === '' || key.startsWith('#')) continue
    const seal = WitnessSeal.of(key)
    if (seal === null) return { keys: [], error: `line ${at + 1} is no witness key` }
    const pair = seal.pair.toString('hex')
    if (pairs.has(pair)) return { keys: [], error: `line ${at + 1} repeats a key` }
    pairs.add(pair)
    keys.push({ name: name === '' ? `pair ${keys.length + 1}` : name, seal })
  }
  return { keys, error: null }
}
