/** The `expires` property: how long a value counts without being renewed. */

export const EXPIRES_MS = { min: 100, max: 3_600_000, byDefault: 5000 } as const

export type Expires =
  | { readonly ok: true; readonly ms: number }
  /** `unset`: `detail` is a `${NAME}` that found no environment variable. */
  | { readonly ok: false; readonly unset: boolean; readonly detail: string }

/** A number or text in ms; absent or empty is the default. */
export function readExpires(value: unknown): Expires {
  if (value === undefined || value === null) return { ok: true, ms: EXPIRES_MS.byDefault }
  if (typeof value !== 'number' && typeof value !== 'string') return { ok: false, unset: false, detail: typeof value }
  const text = String(value).trim()
  if (text === '') return { ok: true, ms: EXPIRES_MS.byDefault }
  const ms = /^\d{1,9}$/.test(text) ? Number(text) : NaN
  if (ms >= EXPIRES_MS.min && ms <= EXPIRES_MS.max) return { ok: true, ms }
  return { ok: false, unset: text.includes('${'), detail: text }
}
