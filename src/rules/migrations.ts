/**
 * The forms that the `ha-pair` config node has had, and how an older one becomes the present one. `schema` counts the
 * steps that a node has been through; the flows of 0.1.0 do not have it, and have been through none.
 *
 * The running node applies the table and the editor too: to what a flow file holds, before anything else reads it. A step keeps
 * the meaning of what it finds, and is never changed once it was published: whatever a default becomes later, an old flow
 * goes on meaning what it meant.
 */

type Raw = Readonly<Record<string, unknown>>

export interface Migration {
  /** Written where the flow file has nothing, as an absent field or empty text had been read until then. */
  readonly adds: Raw
  /** What else is written on this wire; nothing where the wire comes from a variable that nobody has looked up. */
  readonly addsOnWire?: Readonly<Record<string, Raw>>
  /** Values that have another word now: property -> old word -> new word. */
  readonly renames?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export const MIGRATIONS: readonly Migration[] = [
  // What 0.1.0 took for a field that was left out; `healthPath` is new.
  {
    adds: {
      wire: 'extended',
      policy: 'availability',
      priority: 100,
      failback: false,
      failbackDelay: 30000,
      heartbeat: 200,
      peerTimeout: 2000,
      receiptTimeout: 10000,
      lossLimit: 5,
      stallLimit: 10000,
      healthPath: ''
    }
  },
  // Until then a pair without a key ran, and one that had lost its key ran as if it had never had one. Nothing in the flow file
  // tells these two apart, so this step fails closed, the one that does not keep the meaning: who wants no key says so.
  {
    adds: { crashProof: true, channel: 'auto' },
    addsOnWire: { extended: { auth: 'key' }, classic: { auth: 'none' } }
  },
  // Functional safety is something else.
  { adds: {}, renames: { policy: { safety: 'exclusive' } } }
]

/** The present form. */
export const SCHEMA = MIGRATIONS.length

export type Migrated =
  | { readonly ok: true; readonly raw: Raw }
  /** A form that this version does not know: nobody can say what its fields mean. */
  | { readonly ok: false; readonly found: string }

/**
 * The node in its present form; what it was given stays as it is. `raw` has its variables looked up, `typed` is the node as the
 * flow file has it: text that is empty there is nothing, text that a variable left empty is not.
 */
export function migrate(raw: Raw, typed: Raw = {}): Migrated {
  const changes = changesFor(raw, typed)
  return changes === null ? { ok: false, found: describe(raw['schema']) } : { ok: true, raw: { ...raw, ...changes } }
}

/** What brings a node into its present form; null where its form is not known. */
export function changesFor(raw: Raw, typed: Raw): Raw | null {
  const schema = isAbsent(raw['schema']) || isBlank(raw['schema']) ? 0 : schemaIn(raw['schema'])
  if (schema === null || schema > SCHEMA) return null
  const changes: Record<string, unknown> = {}
  const present = (property: string): unknown => (property in changes ? changes[property] : raw[property])
  const add = (adds: Raw): void => {
    for (const [property, value] of Object.entries(adds)) {
      if (isAbsent(present(property)) || isBlank(typed[property])) changes[property] = value
    }
  }
  for (const { adds, addsOnWire, renames } of MIGRATIONS.slice(schema)) {
    add(adds)
    add(addsOnWire?.[String(present('wire'))] ?? {})
    for (const [property, words] of Object.entries(renames ?? {})) {
      const word = String(present(property)).trim()
      if (Object.hasOwn(words, word)) changes[property] = words[word]
    }
  }
  return { ...changes, schema: SCHEMA }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function isBlank(value: unknown): boolean {
  return typeof value === 'string' && value.trim() === ''
}

function schemaIn(value: unknown): number | null {
  const isSchema = (typeof value === 'number' || typeof value === 'string') && /^\s*\d{1,9}\s*$/.test(String(value))
  return isSchema ? Number(value) : null
}

function describe(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : typeof value
}
