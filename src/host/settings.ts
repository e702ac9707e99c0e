/**
 * From the properties of a `ha-pair` config node to validated settings, or to the list of what is wrong with them.
 * Every field is a number or text; a `${NAME}` that is still there found no environment variable. Nothing that is wrong or
 * blank becomes a default: only what the flow file leaves out has one.
 */
import type { PairKeys } from '../engine/messages'
import type { ReasonCode } from '../protocol/reasons'
import { DEFAULTS, LINKS_MAX } from '../protocol/settings'
import type { LinkSettings, PairSettings, Wire, WitnessSettings } from '../protocol/settings'
import { bindsTheSame, pointsAtItself, whoseHost } from '../rules/addresses'
import { migrate } from '../rules/migrations'
import {
  CHOICES,
  CLASSIC_ONLY,
  NUMBERS,
  peerTimeoutMin,
  PORT,
  WITNESS_PORT,
  type Auth,
  type WholeNumber
} from '../rules/properties'
import { healthPath, holdsVariable, isWholeVariable, PATH_CHARS_MAX, wholeNumber } from '../rules/values'
import { withoutLineEnds } from './secret'

export type ProblemCode =
  | 'missing'
  | 'range'
  | 'number'
  | 'choice'
  | 'path'
  /** A variable that is not set, or blank. */
  | 'unresolved'
  /** A variable beside other text: only whole values are replaced. */
  | 'partial'
  | 'conflict'
  | 'key-missing'
  | 'newer'

export interface SettingsProblem {
  /** As integrators see it: `heartbeat`, `links[0].peerPort`. */
  readonly field: string
  readonly code: ProblemCode
  /** For people and logs: the value that was found or what it collides with. Never a secret. */
  readonly detail: string
}

export type ParsedSettings = (
  | { readonly ok: true; readonly settings: PairSettings; readonly keys: PairKeys }
  | { readonly ok: false; readonly problems: readonly SettingsProblem[] }
) & {
  /**
   * Where the health endpoint answers; "" = nowhere. Beside the settings: it makes no other pair, and a pair that is
   * stopped for its settings answers there too.
   */
  readonly healthPath: string
}

type Raw = Readonly<Record<string, unknown>>

const QUOTED_CHARS_MAX = 100

/**
 * Shape: the config node's own properties (`name`, `links`, `wire`, ...), `id` for the name of a nameless pair, and the
 * secrets `key` and `previousKey` either beside them or under `credentials`. Durations are ms. `typed` is the node as the
 * flow file has it, with its variables: so a blank one can be named.
 * Errors: none thrown; all problems are listed, in the order of the contract's table.
 */
export function parseSettings(raw: Raw, typed: Raw = {}): ParsedSettings {
  const migrated = migrate(raw, typed)
  if (!migrated.ok)
    return { ok: false, problems: [{ field: 'schema', code: 'newer', detail: migrated.found }], healthPath: '' }
  const problems: SettingsProblem[] = []
  const read = new Reader(migrated.raw, typed, problems)
  const wire = read.choice('wire', CHOICES.wire, DEFAULTS.wire)
  const policy = read.choice('policy', CHOICES.policy, DEFAULTS.policy)
  const before = problems.length
  const links = readLinks(read)
  const linksAreClean = problems.length === before
  const settings: PairSettings = {
    name: read.text('name') || read.text('id'),
    links,
    wire,
    policy,
    priority: read.whole('priority', NUMBERS.priority),
    failback: read.yesNo('failback', DEFAULTS.failback),
    failbackDelayMs: read.whole('failbackDelay', NUMBERS.failbackDelay),
    heartbeatMs: read.whole('heartbeat', NUMBERS.heartbeat),
    peerTimeoutMs: read.whole('peerTimeout', NUMBERS.peerTimeout),
    receiptTimeoutMs: read.whole('receiptTimeout', NUMBERS.receiptTimeout),
    lossLimit: read.whole('lossLimit', NUMBERS.lossLimit),
    stallLimitMs: read.whole('stallLimit', NUMBERS.stallLimit),
    crashProof: read.yesNo('crashProof', DEFAULTS.crashProof),
    channel: read.choice('channel', CHOICES.channel, DEFAULTS.channel),
    witness: policy === 'witness' ? readWitness(read) : null
  }
  const path = readPath(read, 'healthPath')
  const auth = read.choice('auth', CHOICES.auth, wire === 'classic' ? CLASSIC_ONLY.auth : 'key')
  const keys = readKeys(read, auth, wire)
  const clean = problems.length === 0
  if (clean && settings.peerTimeoutMs < peerTimeoutMin(settings.heartbeatMs)) {
    problems.push({
      field: 'peerTimeout',
      code: 'range',
      detail: `${settings.peerTimeoutMs} < 2 x heartbeat ${settings.heartbeatMs}`
    })
  }
  if (wire === 'classic') problems.push(...classicConflicts(settings))
  if (linksAreClean) {
    problems.push(...addressConflicts(links))
    if (settings.witness !== null) problems.push(...witnessConflicts(settings.witness, links))
  }
  // Nobody but the witness may lend the third voice, so it needs a key of its own, which is made of the pair's.
  if (policy === 'witness' && auth === 'none') {
    problems.push({ field: 'auth', code: 'conflict', detail: 'policy witness, auth none' })
  }
  return problems.length === 0
    ? { ok: true, settings, keys, healthPath: path }
    : { ok: false, problems, healthPath: path }
}

/** Why a pair stays stopped, in one code. */
export function stopReason(
  problems: readonly Pick<SettingsProblem, 'field' | 'code'>[]
): Extract<ReasonCode, 'key-missing' | 'settings-invalid'> {
  const onlyTheKey = problems.every(
    ({ field, code }) => field === 'key' && (code === 'key-missing' || code === 'unresolved')
  )
  return onlyTheKey ? 'key-missing' : 'settings-invalid'
}

function readLinks(read: Reader): LinkSettings[] {
  const list = read.list('links')
  if (list === null) return []
  if (list.length === 0) {
    read.complain('missing', 'links[0].peerHost', '')
    return []
  }
  if (list.length > LINKS_MAX) {
    read.complain('range', 'links', `${list.length} > ${LINKS_MAX}`)
    return []
  }
  return list.map((entry, index) => {
    const typed = read.typedIn('links', index)
    const link = new Reader(isRaw(entry) ? entry : {}, isRaw(typed) ? typed : {}, read.problems, `links[${index}].`)
    return {
      peerHost: link.needed('peerHost'),
      peerPort: link.whole('peerPort', PORT),
      localHost: link.text('localHost'),
      localPort: link.whole('localPort', PORT)
    }
  })
}

function readWitness(read: Reader): WitnessSettings {
  const typed = read.typedOf('witness')
  const raw = read.object('witness')
  if (raw === null) return { host: '', port: WITNESS_PORT.byDefault }
  const witness = new Reader(raw, isRaw(typed) ? typed : {}, read.problems, 'witness.')
  return { host: witness.needed('host'), port: witness.whole('port', WITNESS_PORT) }
}

/** It would fail with that host, and so be no third voice. */
function witnessConflicts({ host }: WitnessSettings, links: readonly LinkSettings[]): SettingsProblem[] {
  const whose = whoseHost(host, links)
  if (whose === null) return []
  const owner = whose === 'peer' ? 'the peer’s' : 'this side’s own'
  return [{ field: 'witness.host', code: 'conflict', detail: `${host} is ${owner} address` }]
}

/** Without a slash at its end; '' = none. */
function readPath(read: Reader, field: string): string {
  const text = read.text(field)
  const path = healthPath(text)
  if (path === null) read.complain('path', field, text.slice(0, PATH_CHARS_MAX))
  return path ?? ''
}

const NO_KEYS: PairKeys = { key: '', previousKey: '' }

/**
 * Secrets are taken as they are, spaces and all, but for the line ends around them that files and pasting bring; they are never
 * quoted in a problem. With a key and `none` nobody knows what is meant.
 */
function readKeys(read: Reader, auth: Auth, wire: Wire): PairKeys {
  const none = wire === 'classic' ? 'wire classic' : 'auth none'
  if (wire === 'classic' && auth === 'key') read.complain('conflict', 'auth', 'wire classic, auth key')
  const credentials = isRaw(read.raw['credentials']) ? read.raw['credentials'] : {}
  const secret = (field: 'key' | 'previousKey'): string => {
    const value = read.raw[field] ?? credentials[field] ?? ''
    if (typeof value !== 'string' && typeof value !== 'number') {
      read.complain('choice', field, typeof value)
      return ''
    }
    const text = withoutLineEnds(String(value))
    const unresolved = isWholeVariable(text)
    if (auth === 'none') {
      if (text.trim() !== '' && !unresolved) read.complain('conflict', field, none)
      return ''
    }
    if (unresolved) read.complain('unresolved', field, text)
    else if (text.trim() === '') {
      if (field === 'key') read.complain('key-missing', field, '')
      return ''
    }
    return text
  }
  const keys = { key: secret('key'), previousKey: secret('previousKey') }
  return auth === 'none' ? NO_KEYS : keys
}

/** The classic wire knows no policy but availability and one link only. */
function classicConflicts(settings: PairSettings): SettingsProblem[] {
  const found: SettingsProblem[] = []
  const conflict = (field: string, detail: string): unknown => found.push({ field, code: 'conflict', detail })
  if (settings.policy !== CLASSIC_ONLY.policy) conflict('policy', `wire classic, policy ${settings.policy}`)
  if (settings.links.length > 1) conflict('links', `wire classic, ${settings.links.length} links`)
  return found
}

/** A link that would talk to itself, and two links that would bind the same port. */
function addressConflicts(links: readonly LinkSettings[]): SettingsProblem[] {
  const found: SettingsProblem[] = []
  links.forEach((link, index) => {
    if (pointsAtItself(link)) {
      found.push({
        field: `links[${index}].peerPort`,
        code: 'conflict',
        detail: `${link.peerHost}:${link.peerPort} is this side's own address`
      })
    }
    const earlier = links.findIndex((other, at) => at < index && bindsTheSame(other, link))
    if (earlier >= 0) {
      found.push({
        field: `links[${index}].localPort`,
        code: 'conflict',
        detail: `${link.localPort} is taken by links[${earlier}]`
      })
    }
  })
  return found
}

function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads fields of one object; whatever is wrong goes to `problems`, and then nobody uses what it reads as. */
class Reader {
  readonly raw: Raw
  readonly problems: SettingsProblem[]
  readonly #typed: Raw
  readonly #prefix: string

  constructor(raw: Raw, typed: Raw, problems: SettingsProblem[], prefix = '') {
    this.raw = raw
    this.problems = problems
    this.#typed = typed
    this.#prefix = prefix
  }

  typedOf(field: string): unknown {
    return this.#typed[field]
  }

  /** An entry of a list as the flow file has it; undefined where the list itself comes from a variable. */
  typedIn(field: string, index: number): unknown {
    const list = this.#typed[field]
    return Array.isArray(list) ? (list as readonly unknown[])[index] : undefined
  }

  complain(code: ProblemCode, field: string, detail: string): void {
    this.problems.push({ field: this.#prefix + field, code, detail })
  }

  /** Trimmed text; '' where it is absent or blank: for fields where that means something. */
  text(field: string): string {
    const value = this.#isBlank(field) ? undefined : this.#value(field)
    if (value === undefined) return ''
    if (typeof value === 'string') return value
    if (typeof value === 'number' || typeof value === 'boolean') return String(value)
    this.complain('choice', field, typeof value)
    return ''
  }

  /** Text that has no default. */
  needed(field: string): string {
    const count = this.problems.length
    const text = this.#isBlank(field) ? '' : this.text(field)
    if (text === '' && this.problems.length === count) this.#complainOfBlank(field)
    return text
  }

  whole(field: string, { min, max, byDefault }: WholeNumber): number {
    const value = this.#value(field)
    if (value === undefined) return byDefault
    const number = wholeNumber(value)
    if (number === null) {
      this.complain('number', field, typeof value === 'object' ? typeof value : String(value))
      return byDefault
    }
    if (number < min || number > max) {
      this.complain('range', field, `${number} is not in ${min} .. ${max}`)
      return byDefault
    }
    return number
  }

  yesNo(field: string, byDefault: boolean): boolean {
    const value = this.#value(field)
    if (value === undefined) return byDefault
    if (value === true || value === 'true') return true
    if (value === false || value === 'false') return false
    this.complain('choice', field, typeof value === 'object' ? typeof value : String(value))
    return byDefault
  }

  choice<T extends string>(field: string, choices: readonly T[], byDefault: T): T {
    const value = this.#value(field)
    if (value === undefined) return byDefault
    const found = choices.find((choice) => choice === value)
    if (found === undefined) this.complain('choice', field, typeof value === 'object' ? typeof value : String(value))
    return found ?? byDefault
  }

  /** A list, also as JSON text (what an environment variable can hold). Absent is one entry of defaults. */
  list(field: string): readonly unknown[] | null {
    return this.#json(field, [{}], (value) => (Array.isArray(value) ? value : null))
  }

  /** An object, also as JSON text. Absent is one of defaults. */
  object(field: string): Raw | null {
    return this.#json(field, {}, (value) => (isRaw(value) ? value : null))
  }

  #json<T>(field: string, absent: T, read: (value: unknown) => T | null): T | null {
    const count = this.problems.length
    const value = this.#value(field)
    if (value === undefined) return this.problems.length === count ? absent : null
    const found = read(typeof value === 'string' ? parseJson(value) : value)
    if (found === null) this.complain('choice', field, typeof value === 'object' ? typeof value : String(value))
    return found
  }

  /** Undefined for what is absent, and for what is (reported) blank or unresolved. */
  #value(field: string): unknown {
    const value = this.raw[field]
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'string') return value
    const text = value.trim()
    if (text === '') this.#complainOfBlank(field)
    else if (isWholeVariable(text)) this.complain('unresolved', field, text)
    else if (holdsVariable(text)) this.complain('partial', field, text.slice(0, QUOTED_CHARS_MAX))
    else return text
    return undefined
  }

  #isBlank(field: string): boolean {
    const value = this.raw[field]
    return typeof value === 'string' && value.trim() === ''
  }

  /** What is blank comes from a variable, or was emptied in the flow file. */
  #complainOfBlank(field: string): void {
    const typed = this.#typed[field]
    const variable = typeof typed === 'string' && isWholeVariable(typed.trim()) ? typed.trim() : null
    if (variable === null) this.complain('missing', field, '')
    else this.complain('unresolved', field, variable)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
