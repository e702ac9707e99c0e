/** What `config` of the store in `settings.js` says. Whatever it says, Node-RED starts. */
import { join } from 'node:path'
import type { Limits } from './copy'

export interface StoreOptions extends Limits {
  /** Of the store on both hosts; several on one pair need different ones. */
  readonly name: string
  /** Name or id of the pair; '' = the only one. */
  readonly pair: string
  /** A write is done when the peer has it. */
  readonly acknowledge: boolean
  readonly ackTimeoutMs: number
  readonly flushMs: number
  /** Null = keep nothing on disk. */
  readonly file: string | null
  /** Of what has to be equal on both hosts. */
  readonly terms: Readonly<Record<string, string | number | boolean>>
}

const DEFAULTS = {
  name: 'pair',
  ackTimeout: 200,
  flushInterval: 30,
  maxBytes: 16_777_216,
  maxKeyBytes: 1_048_576
} as const
/** One value travels in one piece. */
const KEY_BYTES_LIMIT = 8_388_608
const TIMER_MS_MAX = 2 ** 31 - 1

export function readOptions(config: Readonly<Record<string, unknown>>): StoreOptions {
  const name = textIn(config['name'], DEFAULTS.name)
  const maxBytes = numberIn(config['maxBytes'], DEFAULTS.maxBytes)
  const maxKeyBytes = Math.min(numberIn(config['maxKeyBytes'], DEFAULTS.maxKeyBytes), maxBytes, KEY_BYTES_LIMIT)
  const { userDir } = (config['settings'] ?? {}) as { readonly userDir?: unknown }
  const pair = textIn(config['pair'], '')
  // Two stores of one name may be of two pairs.
  const of = (pair === '' ? name : `${name}-of-${pair}`).replace(/[^\w.-]/g, '_')
  const file = typeof userDir === 'string' && userDir !== '' ? join(userDir, 'ha-pair', `context-${of}.jsonl`) : null
  return {
    name,
    pair,
    acknowledge: config['acknowledge'] === 'peer',
    ackTimeoutMs: Math.min(TIMER_MS_MAX, numberIn(config['ackTimeout'], DEFAULTS.ackTimeout)),
    flushMs: Math.min(TIMER_MS_MAX, 1000 * numberIn(config['flushInterval'], DEFAULTS.flushInterval)),
    maxBytes,
    maxKeyBytes,
    file,
    terms: { maxBytes, maxKeyBytes }
  }
}

function textIn(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise
}

function numberIn(value: unknown, otherwise: number): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && number >= 0 && Number.isFinite(number) ? number : otherwise
}
