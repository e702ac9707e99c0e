/**
 * A deep copy of a transparent machine: its classes, plain objects, arrays and maps. Frozen objects
 * (the settings) and functions are shared. For each class a constructor is written out once, as its fields are
 * the same in all instances: copying is most of the work of the search.
 */
import { compileFunction } from 'node:vm'

type Copier = new (source: object, copyMember: typeof copy) => object

const copiers = new Map<object, Copier>()

export function copy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  const prototype = Object.getPrototypeOf(value) as object
  if (prototype === Object.prototype) return Object.isFrozen(value) ? value : copyPlain(value)
  if (value instanceof Map) return new Map(Array.from(value, ([key, item]) => [key, copy<unknown>(item)])) as T
  if (Array.isArray(value)) return value.map(copy) as T
  let copier = copiers.get(prototype)
  if (copier === undefined) copiers.set(prototype, (copier = writeCopier(value, prototype)))
  return new copier(value, copy) as T
}

function copyPlain<T extends object>(value: T): T {
  const target = { ...value } as Record<string, unknown>
  for (const key in target) {
    const member = target[key]
    if (typeof member === 'object' && member !== null) target[key] = copy(member)
  }
  return target as T
}

function writeCopier(value: object, prototype: object): Copier {
  const lines = Object.keys(value).map((key) => `this.${key} = copyMember(source.${key})`)
  const make = compileFunction(`return function (source, copyMember) { ${lines.join('; ')} }`)
  const copier = (make as () => Copier)()
  copier.prototype = prototype
  return copier
}
