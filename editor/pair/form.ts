/** What the dialog of a pair shows and saves, without the page: functions of what is typed and chosen. */
import { leaseMs } from '../../src/protocol/extended/lease'
import { CLASSIC_ONLY, PRESETS, type ChoiceName, type NumberName, type PresetName } from '../../src/rules/properties'
import { namesVariable, wholeNumber } from '../../src/rules/values'
import { asksWitness, problemOf, type Read } from './checks'

/** A word of each choice, or `${NAME}`. */
export type Choices = Record<ChoiceName, string>

const isClassic = (read: Read): boolean => read('wire') === 'classic'
const isKeyed = (read: Read): boolean => !isClassic(read) && read('auth') !== 'none'
const hasChannel = (read: Read): boolean => isKeyed(read) && read('channel') !== 'off'
/** A witness keeps its promise whatever is proved. */
const provesCrashes = (read: Read): boolean => hasChannel(read) && read('policy') !== 'witness'
const mayProveCrash = (read: Read): boolean => provesCrashes(read) && read('crashProof') !== 'false'

/** Whether a row of the form means anything with what is chosen. `hasSecret`: a key, or a previous one, is typed or stored. */
export function matters(property: string, read: Read, hasSecret: boolean): boolean {
  switch (property) {
    case 'receiptTimeout':
    case 'lossLimit':
      return read('wire') !== 'extended'
    case 'failbackDelay':
      return !isClassic(read) && read('failback') !== 'false'
    case 'previousKey':
      return isKeyed(read) && hasSecret
    case 'key':
    case 'channel':
      return isKeyed(read)
    case 'crashProof':
      return provesCrashes(read)
    case 'witness':
      return asksWitness(read)
    case 'witnessKey':
      return asksWitness(read) && isKeyed(read) && hasSecret
    case 'auth':
    case 'policy':
    case 'priority':
    case 'failback':
      return !isClassic(read)
    default:
      return true
  }
}

/** What is to be said of the priority: where a difference counts, one that is typed is the same on both hosts. Null = nothing. */
export function priorityHint(read: Read): string | null {
  const priority = read('priority')
  if (isClassic(read) || (typeof priority === 'string' && namesVariable(priority.trim()))) return null
  if (read('policy') === 'preferred') return 'hint.priority'
  return read('failback') === 'false' ? null : 'hint.priority-failback'
}

// --- Presets ---

export type OfferedPreset = PresetName | 'custom'

export const presetsOffered = (classic: boolean): readonly OfferedPreset[] => [
  ...(classic ? (['classic'] as const) : []),
  'relaxed',
  'standard',
  'fast',
  'custom'
]

/** Property and value, for each that a preset sets. */
export function presetValues(name: string): [NumberName, number][] {
  const values = Object.hasOwn(PRESETS, name) ? PRESETS[name as PresetName] : {}
  return Object.entries(values) as [NumberName, number][]
}

/** The preset whose figures are in the form. */
export function presetIn(read: Read): OfferedPreset {
  const isSet = (name: OfferedPreset): boolean =>
    presetValues(name).every(([property, value]) => wholeNumber(read(property)) === value)
  return presetsOffered(isClassic(read)).find((name) => name !== 'custom' && isSet(name)) ?? 'custom'
}

// --- What follows from the timing: docs/concepts/POLICIES.md, 'How fast' ---

export interface Effect {
  readonly name: 'crash' | 'vanish' | 'hang' | 'lease'
  /** Seconds, or why there is no figure; null = it has no time. */
  readonly time: number | 'at-once' | 'environment' | 'wrong' | null
  /** The key of what else is to be said, or null. */
  readonly note: string | null
}

/** By the policies under which somebody serves under a lease: what is to be said of a host that vanishes, and of a lease that ends. */
const VANISHED: Readonly<Record<string, string>> = {
  preferred: 'effect.vanish-preferred',
  exclusive: 'effect.vanish-exclusive',
  witness: 'effect.vanish-witness'
}
const LEASED: Readonly<Record<string, string>> = {
  preferred: 'effect.lease-preferred',
  witness: 'effect.lease-witness'
}

export function effectsOf(read: Read): Effect[] {
  const policy = isClassic(read) ? CLASSIC_ONLY.policy : read('policy')
  const vanished = VANISHED[String(policy)] ?? null
  const unnoticed = { time: policy === 'exclusive' ? null : secondsIn('peerTimeout', read), note: vanished }
  const effects: Effect[] = [
    mayProveCrash(read) ? { name: 'crash', time: 'at-once', note: null } : { name: 'crash', ...unnoticed },
    { name: 'vanish', ...unnoticed },
    { name: 'hang', time: secondsIn('stallLimit', read), note: null }
  ]
  if (vanished !== null) {
    const lease = secondsIn('peerTimeout', read, leaseMs)
    effects.push({ name: 'lease', time: lease, note: LEASED[String(policy)] ?? null })
  }
  return effects
}

/** Two digits say enough. */
function secondsIn(property: NumberName, read: Read, from: (ms: number) => number = (ms) => ms): Effect['time'] {
  const value = read(property)
  if (namesVariable(value)) return 'environment'
  const ms = problemOf(property, value, read) === null ? wholeNumber(value) : null
  return ms === null ? 'wrong' : Number((from(ms) / 1000).toPrecision(2))
}

// --- Saving ---

/** The classic wire knows one link, one policy and no key: what is hidden must not linger. */
export function settled<Link>(choices: Choices, links: readonly Link[]): { choices: Choices; links: readonly Link[] } {
  if (choices.wire !== 'classic') return { choices, links }
  return { choices: { ...choices, ...CLASSIC_ONLY }, links: links.slice(0, 1) }
}

/** A chosen word as the node stores it. */
export const stored = (word: string): string | boolean => (word === 'true' || word === 'false' ? word === 'true' : word)
