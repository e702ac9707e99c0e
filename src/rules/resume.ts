/** The properties of a gate that resumes. */
import { wholeNumber } from './values'

export const ORDERS = ['complete', 'rising'] as const
/** Whether a late number passes late, or leaves by the second output. */
export type Order = (typeof ORDERS)[number]

export const KEEP = { min: 1, max: 1_000_000, byDefault: 10_000 } as const
export const KEEP_FOR_MS = { min: 100, max: 86_400_000, byDefault: 60_000 } as const
export const SEQUENCE = 'seq'

/** As a flow file has them: what it leaves out, or leaves blank, has its default. */
export interface ResumeProperties {
  readonly sequence?: unknown
  readonly series?: unknown
  readonly order?: unknown
  readonly keep?: unknown
  readonly keepFor?: unknown
}

export interface ResumeSettings {
  readonly sequence: string
  /** '' = none. */
  readonly series: string
  readonly order: Order
  readonly keep: number
  readonly keepForMs: number
}

export const RESUME_DEFAULTS: ResumeSettings = {
  sequence: SEQUENCE,
  series: '',
  order: 'complete',
  keep: KEEP.byDefault,
  keepForMs: KEEP_FOR_MS.byDefault
}

export type ResumeProblem = { readonly property: keyof ResumeProperties; readonly detail: string }

/** Any text; whether it names a property of a message is for Node-RED to say. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

export function readResume(given: ResumeProperties): ResumeSettings | ResumeProblem {
  const keep = readNumber(given.keep, KEEP)
  if (keep === null) return problem('keep', given.keep)
  const keepForMs = readNumber(given.keepFor, KEEP_FOR_MS)
  if (keepForMs === null) return problem('keepFor', given.keepFor)
  const order = ORDERS.find((word) => word === (textOf(given.order) || ORDERS[0]))
  if (order === undefined) return problem('order', given.order)
  return { sequence: textOf(given.sequence) || SEQUENCE, series: textOf(given.series), order, keep, keepForMs }
}

/** Null: it is no whole number of this range. */
export function readNumber(
  value: unknown,
  { min, max, byDefault }: { readonly min: number; readonly max: number; readonly byDefault: number }
): number | null {
  if (value === undefined || value === null || (typeof value === 'string' && value.trim() === '')) return byDefault
  const number = wholeNumber(value)
  return number !== null && number >= min && number <= max ? number : null
}

function problem(property: keyof ResumeProperties, value: unknown): ResumeProblem {
  return { property, detail: String(value).slice(0, 60) }
}
