/** Paths such as `recipe.steps[2]["set point"]`, as Node-RED reads them, over values of the store. */
import { COST, put } from './values'

export interface Path {
  /** The key that is stored, with all below it. */
  readonly top: string
  /** From there on; a number is a place in an array. */
  readonly rest: readonly (string | number)[]
}

const SPECIAL = /[.'"[\] ]/
const NO_REST: readonly never[] = []

class PathError extends Error {
  readonly code = 'INVALID_EXPR'
}

/** Throws an error with the code INVALID_EXPR, as Node-RED does. */
export function parsePath(text: string): Path {
  if (text !== '' && !SPECIAL.test(text)) return { top: text, rest: NO_REST }
  const [top, ...rest] = partsOf(text)
  if (top === undefined) throw new PathError('Invalid property expression: zero-length')
  return { top: String(top), rest }
}

function partsOf(text: string): (string | number)[] {
  const parts: (string | number)[] = []
  let at = 0
  const fail = (what: string): never => {
    throw new PathError(`Invalid property expression: ${what} at position ${at}`)
  }
  const quoted = (): void => {
    const end = text.indexOf(text[at] ?? '', at + 1)
    if (end < 0) fail('unterminated expression')
    if (end === at + 1) fail('zero-length string')
    parts.push(text.slice(at + 1, end))
    at = end + 1
  }
  const name = (): void => {
    const start = at
    while (at < text.length && !SPECIAL.test(text[at] ?? '')) at++
    if (at === start) fail(`unexpected ${text[at] ?? 'end'}`)
    const part = text.slice(start, at)
    // A number before a point is a place; the last part is always a name.
    parts.push(text[at] === '.' && /^\d+$/.test(part) ? Number(part) : part)
  }
  const box = (): void => {
    at++
    if (text[at] === '"' || text[at] === "'") quoted()
    else {
      const digits = /^\d+/.exec(text.slice(at))?.[0] ?? fail(`unexpected ${text[at] ?? 'end'}`)
      parts.push(Number(digits))
      at += digits.length
    }
    if (text[at] !== ']') fail(`unexpected ${text[at] ?? 'end'}`)
    at++
  }
  const startsQuoted = (): boolean => text[at] === '"' || text[at] === "'"
  if (startsQuoted()) quoted()
  else name()
  while (at < text.length) {
    if (text[at] === '[') {
      box()
      // As in `a[0]b`.
      if (startsQuoted()) quoted()
      else if (at < text.length && !SPECIAL.test(text[at] ?? '')) name()
    } else if (text[at] === '.') {
      at++
      if (startsQuoted() || !/[a-z0-9$_]/i.test(text[at] ?? '')) fail(`unexpected ${text[at] ?? 'end'}`)
      name()
    } else fail(`unexpected ${text[at]}`)
  }
  return parts
}

/** Undefined where there is nothing. */
export function valueAt(value: unknown, rest: Path['rest']): unknown {
  let found = value
  for (const part of rest) {
    if (found === undefined || found === null || !Object.hasOwn(Object(found) as object, part)) return undefined
    found = (found as Record<string | number, unknown>)[part]
  }
  return found
}

/** What is missing on the way is made, unless `value` is undefined, which takes away what is there. False: the way leads through something else. */
export function setValueAt(top: object, rest: Path['rest'], value: unknown): boolean {
  let target = top
  for (const [index, part] of rest.slice(0, -1).entries()) {
    const next: unknown = Object.hasOwn(target, part) ? (target as Record<string | number, unknown>)[part] : undefined
    const inList = Array.isArray(target) && typeof part === 'number'
    if (next === undefined && (inList || !Object.hasOwn(target, part))) {
      if (value === undefined) return false
      const made = containerFor(rest[index + 1])
      putAt(target, part, made)
      target = made
    } else if (isContainer(next)) target = next
    else return false
  }
  const last = rest[rest.length - 1] ?? ''
  if (value !== undefined) putAt(target, last, value)
  else if (Array.isArray(target) && typeof last === 'number') target.splice(last, 1)
  else Reflect.deleteProperty(target, last)
  return true
}

/** A place that was passed over holds undefined: a hole in a list would not survive. */
function putAt(target: object, part: string | number, value: unknown): void {
  if (Array.isArray(target) && typeof part === 'number') while (target.length < part) target.push(undefined)
  put(target, part, value)
}

/** What a part of a path lies in. */
export function containerFor(part: string | number | undefined): object {
  return typeof part === 'number' ? [] : {}
}

function isContainer(value: unknown): value is object {
  return Array.isArray(value) || (typeof value === 'object' && value !== null && isFields(value))
}

/** Of stored values, which are of this realm. */
const isFields = (value: object): boolean => Object.getPrototypeOf(value) === Object.prototype

/** What setting a value there would add beside it: names, containers, and places of arrays without a value. */
export function growthAt(top: unknown, rest: Path['rest']): { readonly bytes: number; readonly gaps: number } {
  let [holder, bytes, gaps] = [top, 0, 0]
  for (const [index, part] of rest.entries()) {
    if (holder === undefined) {
      holder = containerFor(part)
      bytes += COST.group
    }
    if (Array.isArray(holder) && typeof part === 'number') gaps += Math.max(0, part - holder.length)
    else if (!Object.hasOwn(Object(holder) as object, part)) bytes += fieldCost(part)
    const there = valueAt(holder, [part])
    // An undefined one gives way.
    if (there === undefined && Object.hasOwn(Object(holder) as object, part)) bytes -= COST.small
    holder = index === rest.length - 1 ? undefined : there
  }
  return { bytes: bytes + gaps * COST.small, gaps }
}

export function fieldCost(part: string | number): number {
  return COST.field + String(part).length
}
