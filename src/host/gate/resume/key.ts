/** Topics and series as text that is the same on both hosts: by value, and short. */
import { createHash } from 'node:crypto'

/** A longer text is known by its hash. */
const CHARS_MAX = 120
const DEPTH_MAX = 16
const VALUES_MAX = 1000
const PLAIN = /^[\x20-\x7e]*$/

/** Null: not a value that two hosts can compare, such as a function, or too much of one. */
export function keyOf(value: unknown): string | null {
  if (value === undefined) return 'u'
  if (typeof value === 'string' && value.length < CHARS_MAX && PLAIN.test(value)) return `s${value}`
  const budget = { values: VALUES_MAX }
  const text = textOf(value, DEPTH_MAX, budget)
  if (text === null) return null
  return text.length < CHARS_MAX ? `j${text}` : `h${createHash('sha256').update(text).digest('base64')}`
}

/** JSON whose keys are in one order, and whose strings are well formed. */
function textOf(value: unknown, depth: number, budget: { values: number }): string | null {
  if (depth === 0 || budget.values-- === 0) return null
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Object.is(value, -0) ? '0' : String(value)
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'bigint':
      return `${value}n`
    case 'object':
      return value === null ? 'null' : objectText(value, depth, budget)
    case 'function':
    case 'symbol':
      return null
  }
}

function objectText(value: object, depth: number, budget: { values: number }): string | null {
  // Dates, Buffers and the like say themselves what they are as JSON; a getter that throws is no value to compare.
  try {
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return textOf((value.toJSON as () => unknown)(), depth - 1, budget)
    }
    const isList = Array.isArray(value)
    const parts: string[] = []
    for (const key of isList ? value.keys() : Object.keys(value).toSorted()) {
      const text = textOf((value as Record<string | number, unknown>)[key], depth - 1, budget)
      if (text === null) return null
      parts.push(isList ? text : `${JSON.stringify(key)}:${text}`)
    }
    return isList ? `[${parts.join(',')}]` : `{${parts.join(',')}}`
  } catch {
    return null
  }
}
