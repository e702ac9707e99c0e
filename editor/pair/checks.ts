/** What may be typed into the dialog, and stored in a node: each check gives null, or the sentence that says what is wrong. */
import { LINKS_MAX } from '../../src/protocol/settings'
import {
  bindsTheSame,
  hostProblem,
  LINK_FIELDS,
  pointsAtItself,
  whoseHost,
  type LinkAddresses,
  type LinkField
} from '../../src/rules/addresses'
import {
  CHOICES,
  NUMBERS,
  PAIR_DEFAULTS,
  peerTimeoutMin,
  PORT,
  WITNESS_PORT,
  type ChoiceName,
  type NumberName,
  type Range
} from '../../src/rules/properties'
import { healthPath, namesVariable, wholeNumber } from '../../src/rules/values'

/** The sentence's key in the catalogue, and what it names. */
export interface Problem {
  readonly key: string
  readonly [param: string]: string | number | undefined
}

export interface LinkProblem extends Problem {
  readonly field: LinkField
}

/** Properties that are checked one by one. */
export type CheckedName = keyof typeof PAIR_DEFAULTS
/** Gives the value of another property of the same node or dialog. */
export type Read = (property: CheckedName) => unknown

export const isChoice = (property: string): property is ChoiceName => Object.hasOwn(CHOICES, property)
export const isNumber = (property: string): property is NumberName => Object.hasOwn(NUMBERS, property)

/** What a flow file leaves out has its default, and a variable is looked up by each host. */
export function problemOf(property: CheckedName, value: unknown, read: Read): Problem | null {
  if (value === undefined || namesVariable(value)) return null
  if (property === 'auth' && value === 'key' && read('wire') === 'classic') return { key: 'check.auth-classic' }
  if (property === 'auth' && value === 'none' && asksWitness(read) && read('policy') === 'witness') {
    return { key: 'check.auth-witness' }
  }
  if (isChoice(property)) {
    const words: readonly string[] = CHOICES[property]
    return words.includes(String(value)) ? null : { key: 'check.word' }
  }
  if (!isNumber(property)) return healthPath(String(value)) === null ? { key: 'check.path' } : null
  const { min, max } = NUMBERS[property]
  const number = numberIn(value, NUMBERS[property])
  if (number === null) return { key: 'check.between', min, max }
  const heartbeat = property === 'peerTimeout' ? numberIn(read('heartbeat'), NUMBERS.heartbeat) : null
  if (heartbeat === null || number >= peerTimeoutMin(heartbeat)) return null
  return { key: 'check.two-heartbeats', min: peerTimeoutMin(heartbeat) }
}

/** Whether the policy asks a witness, or a variable may say so. The classic wire knows none. */
export function asksWitness(read: Read): boolean {
  const policy = read('policy')
  return read('wire') !== 'classic' && (policy === 'witness' || namesVariable(policy))
}

export interface WitnessProblem extends Problem {
  readonly field: 'host' | 'port'
}

/** What is wrong with the place of the witness, where one is asked. */
export function witnessProblem(witness: unknown, links: readonly unknown[], read: Read): WitnessProblem | null {
  if (!asksWitness(read)) return null
  const { host, port } = witnessOf(witness)
  if (numberIn(port, WITNESS_PORT) === null && !namesVariable(port)) return { key: 'check.port', field: 'port' }
  if (namesVariable(host)) return null
  if (host === '') return read('policy') === 'witness' ? { key: 'check.witnessHost', field: 'host' } : null
  const wrong = hostProblem(host)
  if (wrong !== null) return { key: `check.${wrong}`, value: host, field: 'host' }
  const whose = whoseHost(host, links.map(addressesOf))
  if (whose === null) return null
  return { key: whose === 'peer' ? 'check.witness-peer' : 'check.witness-own', field: 'host' }
}

/** As text, whatever the flow file has there; what it leaves out has its default. */
export function witnessOf(witness: unknown): { readonly host: string; readonly port: string } {
  const fields: Readonly<Record<string, unknown>> =
    typeof witness === 'object' && witness !== null ? { ...witness } : {}
  return { host: String(fields['host'] ?? '').trim(), port: String(fields['port'] ?? WITNESS_PORT.byDefault).trim() }
}

/** What is wrong with a link among others, and the field that it is about. */
export function linkProblem(links: readonly unknown[], index: number): LinkProblem | null {
  const link = addressesOf(links[index])
  for (const field of LINK_FIELDS) {
    const problem = fieldProblem(field, String(link[field]))
    if (problem !== null) return { ...problem, field }
  }
  if (pointsAtItself(link)) return { key: 'check.itself', field: 'peerPort' }
  const earlier = links.findIndex((other, at) => at < index && bindsTheSame(addressesOf(other), link))
  return earlier < 0 ? null : { key: 'check.port-taken', field: 'localPort', link: earlier + 1 }
}

/** Of all links together. */
export function linksProblem(links: unknown): Problem | null {
  if (!Array.isArray(links) || links.length < 1 || links.length > LINKS_MAX) return { key: 'check.links' }
  return links.map((_link, index) => linkProblem(links, index)).find((problem) => problem !== null) ?? null
}

export const isPort = (field: LinkField): boolean => field.endsWith('Port')

/** A port as the node stores it: a number where it is one, else what was typed. */
export const portIn = (typed: string): number | string => numberIn(typed, PORT) ?? typed

function fieldProblem(field: LinkField, text: string): Problem | null {
  if (namesVariable(text)) return null
  if (isPort(field)) return numberIn(text, PORT) === null ? { key: 'check.port' } : null
  if (text === '') return field === 'localHost' ? null : { key: 'check.peerHost' }
  const wrong = hostProblem(text)
  return wrong === null ? null : { key: `check.${wrong}`, value: text }
}

/** An entry of the list as text, whatever the flow file has there. */
function addressesOf(link: unknown): LinkAddresses {
  const fields: Readonly<Record<string, unknown>> = typeof link === 'object' && link !== null ? { ...link } : {}
  const text = (field: LinkField): string => String(fields[field] ?? '').trim()
  return {
    peerHost: text('peerHost'),
    peerPort: text('peerPort'),
    localHost: text('localHost'),
    localPort: text('localPort')
  }
}

function numberIn(value: unknown, { min, max }: Range): number | null {
  const number = wholeNumber(value)
  return number !== null && number >= min && number <= max ? number : null
}
