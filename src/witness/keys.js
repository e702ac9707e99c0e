'use strict'
Object.defineProperty(exports, '__esModule', { value: true })
exports.keyLineText = keyLineText
exports.witnessLineOf = witnessLineOf
exports.parseKeyLines = parseKeyLines
const witness_seal_1 = require('../engine/witness-seal')
function keyLineText({ line, problem }) {
  return problem === 'no-key'
    ? { en: `line ${line} is no witness key`, zh: `第 ${line} 行不是见证密钥` }
    : { en: `line ${line} repeats a key`, zh: `第 ${line} 行的密钥重复` }
}
/** The witness key of a pair, and by what name the witness calls the pair. `secret`: the pair's key. */
function witnessLineOf(secret) {
  const key = (0, witness_seal_1.witnessKeyOf)(secret)
  return { key, pair: witness_seal_1.WitnessSeal.of(key)?.pair.toString('hex') ?? '' }
}
/**
 * One key a line, with a name behind it if people want; empty lines and those that begin with # are skipped. Errors: the line that is no key, or
 * stands there twice; no key is in the text.
 */
function parseKeyLines(text) {
  const keys = []
  const pairs = new Set()
  for (const [at, line] of text.split(/\r\n|\r|\n/).entries()) {
    const [, key = '', name = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? []
    if (key === '' || key.startsWith('#')) continue
    const seal = witness_seal_1.WitnessSeal.of(key)
    if (seal === null) return { keys: [], error: { line: at + 1, problem: 'no-key' } }
    const pair = seal.pair.toString('hex')
    if (pairs.has(pair)) return { keys: [], error: { line: at + 1, problem: 'repeated' } }
    pairs.add(pair)
    keys.push({ name: name === '' ? `pair ${keys.length + 1}` : name, seal })
  }
  return { keys, error: null }
}
