/** Values go in and out as copies, over the wire and onto the disk and back, and nothing else goes in. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { parsePath, setValueAt, valueAt } from '../../../src/host/store/property-path'
import { copyIn, copyOut, encode, mayBeTagged, untagged } from '../../../src/host/store/values'

const leaf = fc.oneof(
  fc.constantFrom(null, undefined, NaN, Infinity, -Infinity, -0, 0, true, false, '', '$pair', '"$pair"'),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array().map((bytes) => Buffer.from(bytes))
)
const key = fc.oneof(fc.string(), fc.constantFrom('$pair', '__proto__', 'constructor', 'toString', 'value', '0'))
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, tie('list'), tie('fields'), tie('map'), tie('set')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  fields: fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(fieldsOf),
  map: fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  set: fc.array(tie('value'), { maxLength: 3 }).map((values) => new Set(values))
}))

function fieldsOf(pairs: readonly (readonly [string, unknown])[]): object {
  const all = {}
  for (const [name, one] of pairs) {
    Object.defineProperty(all, name, { value: one, writable: true, enumerable: true, configurable: true })
  }
  return all
}

/** All of it; `deepEqual` finds an invalid date in a set different from itself. */
const shown = (one: unknown): string => inspect(one, { depth: null, maxArrayLength: null, maxStringLength: null })

const decoded = (text: string): unknown => {
  const said: unknown = JSON.parse(text)
  return mayBeTagged(text) ? untagged(said) : said
}

describe('a value of the store', () => {
  it('comes back as it was, from the copy and from its text, whatever is in it', () => {
    fc.assert(
      fc.property(value, (given) => {
        const { value: held, plain } = copyIn(given, Infinity)
        for (const back of [held, copyOut(held), decoded(encode(held, plain)), decoded(encode(held, false))]) {
          assert.equal(shown(back), shown(given))
        }
      }),
      { numRuns: 500 }
    )
  })

  it('takes the same bytes on both sides', () => {
    fc.assert(
      fc.property(value, (given) => {
        const { value: held, bytes, plain } = copyIn(given, Infinity)
        const there = copyIn(decoded(encode(held, plain)), Infinity)
        assert.deepEqual([there.bytes, there.plain], [bytes, plain])
        assert.throws(() => copyIn(given, bytes - 1), /more than/)
        copyIn(given, bytes)
      })
    )
  })

  it('is a copy: who changes what was given or what was read changes nothing', () => {
    const given = { list: [1], at: new Date(1), bytes: Buffer.from([1]), map: new Map([[1, [1]]]), set: new Set([1]) }
    const { value: held } = copyIn(given, Infinity)
    const read = copyOut(held) as typeof given
    for (const one of [given, read]) {
      one.list.push(2)
      one.at.setTime(2)
      one.bytes[0] = 2
      one.map.get(1)?.push(2)
      one.set.add(2)
    }
    const before = { list: [1], at: new Date(1), bytes: Buffer.from([1]), map: new Map([[1, [1]]]), set: new Set([1]) }
    assert.deepEqual(held, before)
  })

  it('may come from another realm, as all values of Function nodes do', () => {
    const made: unknown = runInNewContext(
      '({ list: [1, undefined], at: new Date(5), map: new Map([[1, new Set([2n])]]), bare: Object.assign(Object.create(null), { x: 1 }) })'
    )
    const here = { list: [1, undefined], at: new Date(5), map: new Map([[1, new Set([2n])]]), bare: { x: 1 } }
    assert.deepEqual(copyIn(made, Infinity).value, here)
  })

  it('keeps __proto__ as data, from the wire too', () => {
    const { value: held, plain } = copyIn(JSON.parse('{"__proto__":{"polluted":1},"$pair":2}'), Infinity)
    const there = decoded(encode(held, plain)) as object
    assert.deepEqual(Object.keys(there), ['__proto__', '$pair'])
    assert.equal(Object.getPrototypeOf(there), Object.prototype)
    assert.equal((copyOut(there) as { polluted?: unknown }).polluted, undefined)
  })

  for (const [what, make] of [
    ['a function', () => ({ f: () => {} })],
    ['a symbol', () => Symbol('x')],
    [
      'an object of a class',
      () =>
        new (class Pump {
          speed = 1
        })()
    ],
    ['a regular expression', () => /x/],
    ['an error', () => new Error('x')],
    ['bytes that are no Buffer', () => new Uint8Array(3)],
    ['a promise', () => Promise.resolve()],
    ['what contains itself', () => cycle()],
    ['what is nested without end', () => JSON.parse('['.repeat(300) + ']'.repeat(300)) as unknown],
    ['what takes too much', () => ({ text: 'x'.repeat(1001) })],
    ['a list that promises too much', () => Object.assign([], { length: 4_000_000_000 })]
  ] as const) {
    it(`is not ${what}`, () => {
      assert.throws(() => copyIn(make(), 1000), /cannot be stored|too deep|more than/)
    })
  }

  it('is refused where a tag means nothing', () => {
    for (const text of ['{"$pair":"later"}', '{"$pair":"map","value":5}', '{"$pair":"bigint","value":"x"}']) {
      assert.throws(() => decoded(text))
    }
  })
})

function cycle(): object {
  const one: { self?: unknown; list: unknown[] } = { list: [] }
  one.list.push({ one })
  return one
}

const attempt = <T>(get: () => T): T | 'refused' => {
  try {
    return get()
  } catch {
    return 'refused'
  }
}

const attemptOr = (get: () => unknown): unknown => {
  try {
    return get()
  } catch {
    return undefined
  }
}

describe('a path', () => {
  interface NodeRedUtil {
    getObjectProperty(object: object, path: string): unknown
    setObjectProperty(object: object, path: string, value: unknown): boolean
    normalisePropertyExpression(path: string): (string | number)[]
  }
  const { util } = createRequire(require.resolve('node-red'))('@node-red/util') as { readonly util: NodeRedUtil }
  const part = fc.oneof(
    fc.constantFrom('a', 'b', '.', '[', ']', '0', '1', "'", '"', ' ', '$', '_', '-', '["c d"]', '[2]', '.x')
  )
  const text = fc.array(part, { minLength: 1, maxLength: 7 }).map((parts) => parts.join(''))
  it('means what it means to Node-RED, or is refused as there', () => {
    fc.assert(
      fc.property(text, (path) => {
        const ours = attempt(() => {
          const { top, rest } = parsePath(path)
          return [top, ...rest]
        })
        const theirs = attempt(() =>
          util.normalisePropertyExpression(path).map((one, at) => (at === 0 ? String(one) : one))
        )
        // Node-RED also takes some in which brackets do not match.
        if (ours === 'refused' && /\[[^\]]*\[|\[[^\]]*$/.test(path)) return
        assert.deepEqual(ours, theirs)
      }),
      { numRuns: 3000 }
    )
  })

  it('reads and writes what Node-RED’s own stores do', () => {
    const paths = fc.constantFrom(
      'a',
      'a.b',
      'a.b.c',
      'a[0]',
      'a[2].b',
      'a.b[1]',
      'a["b"]',
      'a[0][1]',
      'a.length',
      'c.x.y'
    )
    const values = fc.constantFrom<unknown>(
      1,
      'text',
      null,
      undefined,
      { b: 1 },
      { b: { c: [1, 2] } },
      [1, [2, 3]],
      [{ b: 1 }]
    )
    const acts = fc.array(fc.tuple(paths, values), { maxLength: 6 })
    fc.assert(
      fc.property(acts, paths, (all, read) => {
        const theirs: Record<string, unknown> = {}
        const ours: Record<string, unknown> = {}
        for (const [path, one] of all) {
          if (path === 'a.length') continue
          const { top, rest } = parsePath(path)
          // Below null it throws where nothing is to be taken away.
          attempt(() => util.setObjectProperty(theirs, path, structuredClone(one)))
          if (rest.length === 0) {
            if (one === undefined) delete ours[top]
            else ours[top] = structuredClone(one)
          } else if (ours[top] !== undefined || one !== undefined)
            setValueAt(ours, [top, ...rest], structuredClone(one))
        }
        assert.equal(JSON.stringify(ours), JSON.stringify(theirs))
        const { top, rest } = parsePath(read)
        assert.deepEqual(
          valueAt(ours[top], rest),
          attemptOr(() => util.getObjectProperty(ours, read))
        )
      }),
      { numRuns: 2000 }
    )
  })

  it('that is none has the code that Node-RED looks for', () => {
    assert.throws(() => parsePath('a['), { code: 'INVALID_EXPR' })
    assert.throws(() => parsePath(''), { code: 'INVALID_EXPR' })
  })
})
