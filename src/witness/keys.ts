/** The keys of a witness, as people keep them: lines of text. */
import type { Text } from '../host/texts/text'
import { WitnessSeal, witnessKeyOf } from '../engine/witness-seal'

export interface KeyLine {
  /** For people: what stands behind the key, or a number. */
  readonly name: string
  readonly seal: WitnessSeal
}

export type KeyLines =
  | { readonly keys: readonly KeyLine[]; readonly error: null }
  | { readonly keys: readonly []; readonly error: KeyLineError }

export interface KeyLineError {
  /** Counted from 1. */
  readonly line: number
  readonly problem: 'no-key' | 'repeated'
}

export function keyLineText({ line, problem }: KeyLineError): Text {
  return problem === 'no-key'
    ? { en: `line ${line} is no witness key`, zh: `第 ${line} 行不是见证密钥` }
    : { en: `line ${line} repeats a key`, zh: `第 ${line} 行的密钥重复` }
}

/** The witness key of a pair, and by what name the witness calls the pair. `secret`: the pair's key. */
export function witnessLineOf(secret: string): { readonly key: string; readonly pair: string } {
  const key = witnessKeyOf(secret)
  return { key, pair: WitnessSeal.of(key)?.pair.toString('hex') ?? '' }
}

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
    if (seal === null) return { keys: [], error: { line: at + 1, problem: 'no-key' } }
    const pair = seal.pair.toString('hex')
    if (pairs.has(pair)) return { keys: [], error: { line: at + 1, problem: 'repeated' } }
    pairs.add(pair)
    keys.push({ name: name === '' ? `pair ${keys.length + 1}` : name, seal })
  }
  return { keys, error: null }
}
