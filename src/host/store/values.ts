/**
 * Values of the store: numbers, text, booleans, null, undefined, arrays, plain objects, Date, Buffer, Map, Set and BigInt. They are copied
 * in and out, so that nobody changes what is stored but by `set`. Function nodes live in another realm: a type is known by `util.types`,
 * never by `instanceof`.
 */
import { types } from 'node:util'

/** What a value may not be. The old value stays. */
export class ValueError extends Error {}

/** Cycles end here too. */
const DEPTH_MAX = 200
/** About what each thing takes, encoded. */
export const COST = { small: 8, text: 2, field: 4, group: 8 } as const

export interface Copied {
  readonly value: unknown
  /** About what it takes, encoded. */
  readonly bytes: number
  /** JSON says all of it, and nothing in it looks like a tag. */
  readonly plain: boolean
}

interface Work {
  bytes: number
  readonly bytesMax: number
  plain: boolean
}

/** A copy of what a flow gave, with what it takes. Throws a `ValueError`. */
export function copyIn(value: unknown, bytesMax: number): Copied {
  const work: Work = { bytes: 0, bytesMax, plain: true }
  const copy = copied(value, work, 0)
  return { value: copy, bytes: work.bytes, plain: work.plain }
}

function copied(value: unknown, work: Work, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      take(work, COST.text + value.length)
      return value
    case 'number':
      take(work, COST.small)
      if (!Number.isFinite(value) || Object.is(value, -0)) work.plain = false
      return value
    case 'boolean':
      take(work, COST.small)
      return value
    case 'undefined':
      take(work, COST.small)
      work.plain = false
      return value
    case 'bigint':
      // 2.4 digits a byte: enough to bound it without writing it down.
      take(work, COST.small + (value === 0n ? 1 : value.toString(16).length))
      work.plain = false
      return value
    case 'object':
      return value === null ? nothing(work) : copiedObject(value, work, depth)
    default:
      throw new ValueError(`a ${typeof value} cannot be stored`)
  }
}

function nothing(work: Work): null {
  take(work, COST.small)
  return null
}

function copiedObject(value: object, work: Work, depth: number): unknown {
  if (depth >= DEPTH_MAX) throw new ValueError('it is nested too deep, or contains itself')
  take(work, COST.group)
  if (Array.isArray(value)) {
    // Before room is made for it.
    if (work.bytes + value.length * COST.text > work.bytesMax) take(work, value.length * COST.text)
    const copy = new Array<unknown>(value.length)
    for (let at = 0; at < value.length; at++) copy[at] = copied(value[at], work, depth + 1)
    return copy
  }
  if (isPlain(value)) return copiedFields(value, work, depth)
  work.plain = false
  if (Buffer.isBuffer(value)) {
    take(work, Math.ceil(value.length * (4 / 3)))
    return Buffer.from(value)
  }
  if (types.isDate(value)) {
    take(work, COST.small)
    return new Date(Date.prototype.getTime.call(value))
  }
  if (types.isMap(value)) {
    const copy = new Map<unknown, unknown>()
    Map.prototype.forEach.call(value, (one: unknown, key: unknown) => {
      take(work, COST.field)
      copy.set(copied(key, work, depth + 1), copied(one, work, depth + 1))
    })
    return copy
  }
  if (types.isSet(value)) {
    const copy = new Set<unknown>()
    Set.prototype.forEach.call(value, (one: unknown) => copy.add(copied(one, work, depth + 1)))
    return copy
  }
  throw new ValueError(`${nameOf(value)} cannot be stored`)
}

function copiedFields(value: object, work: Work, depth: number): object {
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    take(work, COST.field + key.length)
    if (key === TAG) work.plain = false
    const field = copied((value as Record<string, unknown>)[key], work, depth + 1)
    if (key === '__proto__') put(copy, key, field)
    else copy[key] = field
  }
  return copy
}

/** `__proto__` is a field like any other. */
export function put(target: object, key: string | number, value: unknown): void {
  if (key !== '__proto__') (target as Record<string | number, unknown>)[key] = value
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
}

function take(work: Work, bytes: number): void {
  work.bytes += bytes
  if (work.bytes > work.bytesMax) throw new ValueError(`it takes more than ${work.bytesMax} bytes`)
}

/** Of any realm: what comes from `{}` or from `Object.create(null)`. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return true
  if (types.isProxy(value)) return false
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf')
}

function nameOf(value: object): string {
  const { constructor } = value as { readonly constructor?: unknown }
  return typeof constructor === 'function' && constructor.name !== '' ? `a ${constructor.name}` : 'an object of a class'
}

/** A copy of what is stored, which is known to be fine. */
export function copyOut(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyOut)
  if (Object.getPrototypeOf(value) === Object.prototype) {
    // Field by field: a spread is many times slower for objects that were not written down as one.
    const copy: Record<string, unknown> = {}
    for (const key of Object.keys(value)) {
      const field = (value as Record<string, unknown>)[key]
      const own = typeof field === 'object' && field !== null ? copyOut(field) : field
      if (key === '__proto__') put(copy, key, own)
      else copy[key] = own
    }
    return copy
  }
  if (value instanceof Date) return new Date(value.getTime())
  if (Buffer.isBuffer(value)) return Buffer.from(value)
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [copyOut(key), copyOut(one)]))
  return new Set([...(value as Set<unknown>)].map(copyOut))
}

// --- As text ---

/** The one field of an object that stands for something else; an object that has such a field is written in another way itself. */
export const TAG = '$pair'
const TAG_IN_TEXT = `"${TAG}"`

/** JSON. `plain` as `copyIn` said. */
export function encode(value: unknown, plain: boolean): string {
  return JSON.stringify(plain ? value : tagged(value))
}

function tagged(value: unknown): unknown {
  switch (typeof value) {
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return value
      return { [TAG]: 'number', value: Object.is(value, -0) ? '-0' : String(value) }
    case 'undefined':
      return { [TAG]: 'undefined' }
    case 'bigint':
      return { [TAG]: 'bigint', value: value.toString() }
    case 'object':
      return value === null ? null : taggedObject(value)
    default:
      return value
  }
}

function taggedObject(value: object): unknown {
  if (Array.isArray(value)) return Array.from(value, tagged)
  if (value instanceof Date) return { [TAG]: 'date', value: value.getTime() }
  if (Buffer.isBuffer(value)) return { [TAG]: 'buffer', value: value.toString('base64') }
  if (value instanceof Map) return { [TAG]: 'map', value: [...value].map(([key, one]) => [tagged(key), tagged(one)]) }
  if (value instanceof Set) return { [TAG]: 'set', value: [...value].map(tagged) }
  const fields = Object.entries(value).map(([key, one]) => [key, tagged(one)] as const)
  if (Object.hasOwn(value, TAG)) return { [TAG]: 'object', value: fields }
  const copy = {}
  for (const [key, one] of fields) put(copy, key, one)
  return copy
}

/** Whether a text may hold tags. Where it does not, what `JSON.parse` makes of it is the value. */
export const mayBeTagged = (text: string): boolean => text.includes(TAG_IN_TEXT)

/** From what `JSON.parse` made. Throws for a tag that is not known. */
export function untagged(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(untagged)
  if (!Object.hasOwn(value, TAG)) {
    const copy = {}
    for (const [key, one] of Object.entries(value)) put(copy, key, untagged(one))
    return copy
  }
  const { [TAG]: tag, value: held } = value as Record<string, unknown>
  switch (tag) {
    case 'undefined':
      return undefined
    case 'number':
      return Number(held)
    case 'bigint':
      return BigInt(String(held))
    case 'date':
      return new Date(held === null ? NaN : Number(held))
    case 'buffer':
      return Buffer.from(String(held), 'base64')
    case 'map':
      return new Map(listIn(held).map((pair) => listIn(pair).map(untagged) as [unknown, unknown]))
    case 'set':
      return new Set(listIn(held).map(untagged))
    case 'object': {
      const copy = {}
      for (const field of listIn(held)) put(copy, String(listIn(field)[0]), untagged(listIn(field)[1]))
      return copy
    }
    default:
      throw new ValueError(`a value is tagged ${String(tag)}, which means nothing here`)
  }
}

function listIn(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new ValueError('a tagged value is damaged')
  return value
}
