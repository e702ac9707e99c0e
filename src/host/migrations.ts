/**
 * The forms that the `ha-pair` config node has had, and how an older one becomes the present one. `schema` counts the
 * steps that a node has been through; the flows of 0.1.0 do not have it, and have been through none.
 *
 * The table is data, because the editor applies the same one: the node serves it as a setting. A step keeps the meaning
 * of what it finds, and is never changed once it was published: whatever a default becomes later, an old flow goes on
 * meaning what it meant.
 */

type Raw = Readonly<Record<string, unknown>>

export interface Migration {
  /** Written where the node has nothing, as an absent field or empty text has always been read. */
  readonly adds: Raw
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
  }
]

/** The present form. */
export const SCHEMA = MIGRATIONS.length

export type Migrated =
  | { readonly ok: true; readonly raw: Raw }
  /** A form that this version does not know: nobody can say what its fields mean. */
  | { readonly ok: false; readonly found: string }

/** The node in its present form; what it was given stays as it is. */
export function migrate(raw: Raw): Migrated {
  const schema = isAbsent(raw['schema']) ? 0 : schemaIn(raw['schema'])
  if (schema === null || schema > SCHEMA) return { ok: false, found: describe(raw['schema']) }
  const migrated: Record<string, unknown> = { ...raw }
  for (const { adds } of MIGRATIONS.slice(schema)) {
    for (const [property, value] of Object.entries(adds)) {
      if (isAbsent(migrated[property])) migrated[property] = value
    }
  }
  return { ok: true, raw: { ...migrated, schema: SCHEMA } }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

function schemaIn(value: unknown): number | null {
  const isCount = (typeof value === 'number' || typeof value === 'string') && /^\s*\d{1,9}\s*$/.test(String(value))
  return isCount ? Number(value) : null
}

function describe(value: unknown): string {
  return typeof value === 'number' || typeof value === 'string' ? String(value) : typeof value
}
