import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { flowsHash, flowsHashInPieces } from '../../../src/host/flows-hash/flows-hash'
import { STEPS_MAX } from '../../../src/host/flows-hash/pieces'
import type { DeployedNode } from '../../../src/host/flows-hash/running-nodes'
import { ROOT } from '../../support/root'
import { share } from '../../support/share'

type Change = (flows: DeployedNode[]) => DeployedNode[]

const EXAMPLES = join(ROOT, 'examples')

/** A tab with a subflow, a group that sets something, a junction, links, and a pair with its users. */
const FLOWS: readonly DeployedNode[] = [
  {
    id: 't1',
    type: 'tab',
    label: 'Line 1',
    disabled: false,
    info: '',
    env: [
      { name: 'LINE', type: 'str', value: '1' },
      { name: 'SECRET', type: 'cred', value: 'x' }
    ]
  },
  { id: 't2', type: 'tab', label: 'Spare', disabled: true },
  {
    id: 's1',
    type: 'subflow',
    name: 'scale',
    category: '',
    color: '#DDAA99',
    in: [{ x: 40, y: 40, wires: [{ id: 'f2' }] }],
    out: [{ x: 300, y: 40, wires: [{ id: 'f2', port: 0 }] }],
    env: [{ name: 'FACTOR', type: 'num', value: '2', ui: { label: 'Factor' } }]
  },
  { id: 'f2', type: 'function', z: 's1', x: 100, y: 40, name: 'times', func: 'return msg', outputs: 1, wires: [[]] },
  { id: 'g1', type: 'group', z: 't1', name: 'Pumps', x: 1, y: 1, w: 9, h: 9, nodes: ['g2'] },
  {
    id: 'g2',
    type: 'group',
    z: 't1',
    g: 'g1',
    x: 1,
    y: 1,
    w: 9,
    h: 9,
    nodes: ['i1'],
    env: [{ name: 'P', value: '7', type: 'str' }]
  },
  { id: 'b1', type: 'mqtt-broker', name: 'plant', broker: '${BROKER}', port: '1883' },
  { id: 'p1', type: 'ha-pair', name: 'line 1', links: [{ peerHost: '${PEER}' }], priority: '100', policy: 'exclusive' },
  { id: 'i1', type: 'inject', z: 't1', g: 'g2', x: 1, y: 1, name: 'A', topic: 'a', once: false, wires: [['j1']] },
  { id: 'i2', type: 'inject', z: 't1', x: 1, y: 1, name: 'B', topic: 'b', once: false, wires: [['gate1']] },
  { id: 'j1', type: 'junction', z: 't1', x: 1, y: 1, wires: [['gate1', 'x1']] },
  { id: 'gate1', type: 'ha-pair-gate', z: 't1', x: 1, y: 1, pair: 'p1', wires: [['x1'], []] },
  { id: 'x1', type: 'subflow:s1', z: 't1', x: 1, y: 1, env: [], wires: [['m1']] },
  { id: 'm1', type: 'mqtt out', z: 't1', x: 1, y: 1, broker: 'b1', topic: 'out', wires: [] },
  { id: 'k1', type: 'comment', z: 't1', x: 1, y: 1, name: 'see the manual', wires: [] },
  { id: 'l1', type: 'link out', z: 't1', x: 1, y: 1, mode: 'link', links: ['l2'], wires: [] },
  { id: 'l2', type: 'link in', z: 't1', x: 1, y: 1, links: ['l1'], wires: [['m1']] },
  { id: 'o1', type: 'debug', z: 't2', x: 1, y: 1, name: 'off', wires: [] }
]
const HASH = flowsHash(FLOWS)

/** Changes one node. */
const set =
  (id: string, change: object): Change =>
  (flows) =>
    flows.map((node) => (node['id'] === id ? { ...node, ...change } : node))
const without =
  (...ids: string[]): Change =>
  (flows) =>
    flows.filter((node) => !ids.includes(String(node['id'])))
const plus =
  (...nodes: DeployedNode[]): Change =>
  (flows) => [...flows, ...nodes]

/** Gives every node another id, wherever it is named. */
const renamed: Change = (flows) => {
  const ids = new Set(flows.map(({ id }) => String(id)))
  const again = (value: unknown): unknown => {
    if (typeof value === 'string') {
      const id = value.replace('subflow:', '')
      return ids.has(id) ? value.replace(id, `new ${id.length}${id}`) : value
    }
    if (Array.isArray(value)) return value.map(again)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, again(member)]))
  }
  return again(flows) as DeployedNode[]
}

const gateTo = (id: string, to: string): DeployedNode => ({ id, type: 'ha-pair-gate', x: 1, y: 1, wires: [[to]] })
const chain = (cross: boolean): DeployedNode[] => {
  return [
    { id: 'a', type: 'inject', topic: 'pump', x: 1, y: 1, wires: [['a1']] },
    { id: 'b', type: 'inject', topic: 'valve', x: 1, y: 1, wires: [['b1']] },
    ...['1', '2', '3'].flatMap((n) => [gateTo(`a${n}`, `a${Number(n) + 1}`), gateTo(`b${n}`, `b${Number(n) + 1}`)]),
    gateTo('a4', cross ? 'y' : 'x'),
    gateTo('b4', cross ? 'x' : 'y'),
    { id: 'x', type: 'mqtt out', topic: 'pump', x: 1, y: 1, wires: [] },
    { id: 'y', type: 'mqtt out', topic: 'valve', x: 1, y: 1, wires: [] }
  ]
}
const joined = (second: string): DeployedNode[] => [
  { id: 'a', type: 'inject', topic: 'a', x: 1, y: 1, wires: [['j1']] },
  { id: 'b', type: 'inject', topic: 'b', x: 1, y: 1, wires: [[second]] },
  { id: 'j1', type: 'join', x: 1, y: 1, wires: [] },
  { id: 'j2', type: 'join', x: 1, y: 1, wires: [] }
]

const onCanvas = (id: string, rest: object): DeployedNode => ({ id, x: 1, y: 1, ...rest })
/** Rows of two junctions each, every one wired to both of the next row. */
const rows = (count: number, end = 'end'): DeployedNode[] => [
  onCanvas('start', { type: 'inject', wires: [['0a', '0b']] }),
  ...Array.from({ length: count }, (_, row) => {
    const wires = [row + 1 < count ? [`${row + 1}a`, `${row + 1}b`] : [end]]
    return ['a', 'b'].map((side) => onCanvas(`${row}${side}`, { type: 'junction', wires }))
  }).flat(),
  onCanvas('end', { type: 'debug', wires: [] }),
  onCanvas('other', { type: 'debug', complete: 'true', wires: [] })
]
/** Wires as they are without junctions: what is meant, and takes as long as there are paths. */
const walked = (flows: readonly DeployedNode[]): DeployedNode[] => {
  const byId = new Map(flows.map((each) => [each['id'] as string, each]))
  const behind = (ids: readonly string[]): string[] =>
    ids.flatMap((id) => {
      const each = byId.get(id)
      return each?.['type'] === 'junction' ? behind((each['wires'] as string[][])[0] ?? []) : [id]
    })
  return flows
    .filter(({ type }) => type !== 'junction')
    .map((each) => ({ ...each, wires: (each['wires'] as string[][]).map(behind) }))
}

/** Each junction leads on to what comes later only, so that there is no loop. */
const leadingOn = (joins: readonly number[][], each: readonly { wires: number[][] }[]): DeployedNode[] => {
  const ids = [...joins.map((_, i) => `j${i}`), ...each.map((_, i) => `n${i}`)]
  const from = (start: number, to: readonly number[]): string[] => to.map((n) => ids[start + n] ?? 'nowhere')
  return [
    ...joins.map((to, i) => onCanvas(`j${i}`, { type: 'junction', wires: [from(i + 1, to)] })),
    ...each.map((rest, i) => onCanvas(`n${i}`, { ...rest, wires: rest.wires.map((to) => from(0, to)) }))
  ]
}
const looped = (a: string, b: string): DeployedNode[] => [
  onCanvas('s', { type: 'inject', wires: [[a]] }),
  onCanvas(a, { type: 'junction', wires: [[b, 'end']] }),
  onCanvas(b, { type: 'junction', wires: [[a]] }),
  onCanvas('end', { type: 'debug', wires: [] })
]
const stepsOf = (flows: readonly DeployedNode[]): number[] => [...flowsHashInPieces(flows)]
const sum = (list: readonly number[]): number => list.reduce((all, each) => all + each, 0)

describe('the hash of the flows', () => {
  const COSMETIC: Readonly<Record<string, Change>> = {
    'the order of the nodes': (flows) => flows.toReversed(),
    'the order of properties': (flows) =>
      flows.map((node) => Object.fromEntries(Object.entries(node).toReversed()) as DeployedNode),
    'where nodes lie': (flows) => flows.map((node) => ('x' in node ? { ...node, x: 777, y: 888 } : node)),
    'the ids': renamed,
    'the label of a node': set('i1', { name: 'renamed' }),
    'icon, description and port labels': set('gate1', { icon: 'x.svg', info: 'why', outputLabels: ['a'], l: false }),
    'the label of a tab': set('t1', { label: 'Halle 1', info: 'what', locked: true }),
    'a comment': without('k1'),
    'another comment': plus({ id: 'k2', type: 'comment', z: 't1', x: 1, y: 1, name: 'new', wires: [] }),
    'the global environment, which differs by nature': plus({
      id: 'gc1',
      type: 'global-config',
      env: [{ name: 'HOST', type: 'str', value: 'plc-a' }]
    }),
    'a group that sets nothing': (flows) => set('g2', { g: undefined })(without('g1')(flows)),
    'the look of a group': set('g2', { name: 'Pumps 2', style: { fill: '#fff' }, w: 1000 }),
    'a junction on the way': (flows) => set('i1', { wires: [['gate1', 'x1']] })(without('j1')(flows)),
    'a disabled tab': set('o1', { wires: [['m1']], complete: 'true' }),
    'a disabled tab that goes': without('t2', 'o1'),
    'a disabled node': plus({ id: 'd1', type: 'debug', z: 't1', x: 1, y: 1, d: true, wires: [] }),
    'a wire to a disabled node': (flows) =>
      set('i2', { wires: [['gate1', 'd1']] })(
        plus({ id: 'd1', type: 'debug', z: 't1', x: 1, y: 1, d: true, wires: [] })(flows)
      ),
    credentials: set('b1', { credentials: { user: 'me' } }),
    'a secret of the environment': set('t1', {
      env: [
        { name: 'LINE', type: 'str', value: '1' },
        { name: 'SECRET', type: 'cred' }
      ]
    }),
    'empty properties': set('m1', { qos: '', retain: null, env: [], headers: {} }),
    'what each side of the pair has for itself': set('p1', {
      links: [{ peerHost: '10.0.0.1' }],
      priority: '200',
      policy: 'availability'
    }),
    'the look of a subflow': set('s1', { color: '#fff', category: 'mine', name: 'scaled', info: 'x' }),
    'how an entry of the environment is edited': set('s1', {
      env: [{ name: 'FACTOR', type: 'num', value: '2', ui: { label: 'By' } }]
    })
  }
  for (const [what, change] of Object.entries(COSMETIC)) {
    it(`does not count ${what}`, () => {
      assert.equal(flowsHash(change([...FLOWS])), HASH)
    })
  }

  const REAL: Readonly<Record<string, Change>> = {
    'a setting': set('i1', { topic: 'c' }),
    'a switch': set('i2', { once: true }),
    code: set('f2', { func: 'return null' }),
    'a node more': plus({ id: 'n1', type: 'debug', z: 't1', x: 1, y: 1, wires: [] }),
    'a node less': without('m1'),
    'the same node twice': plus({
      id: 'm2',
      type: 'mqtt out',
      z: 't1',
      x: 1,
      y: 1,
      broker: 'b1',
      topic: 'out',
      wires: []
    }),
    'another type': set('m1', { type: 'mqtt in' }),
    'a wire': set('i2', { wires: [['x1']] }),
    'a wire to another output': set('gate1', { wires: [[], ['x1']] }),
    'the order of wires': set('j1', { wires: [['x1', 'gate1']] }),
    'no wire': set('l2', { wires: [[]] }),
    'a disabled node': set('m1', { d: true }),
    'an enabled tab': set('t2', { disabled: false }),
    'a disabled tab': set('t1', { disabled: true }),
    'another configuration': (flows) =>
      set('m1', { broker: 'b2' })(plus({ id: 'b2', type: 'mqtt-broker', name: 'x', broker: 'h', port: '1' })(flows)),
    'the name of the pair, which is the topic': set('p1', { name: 'line 2' }),
    'a variable of the tab': set('t1', {
      env: [
        { name: 'LINE', type: 'str', value: '2' },
        { name: 'SECRET', type: 'cred' }
      ]
    }),
    'a variable of the group': set('g2', { env: [{ name: 'P', value: '8', type: 'str' }] }),
    'a node that leaves the group': set('i1', { g: undefined }),
    'a variable of the subflow': set('s1', { env: [{ name: 'FACTOR', type: 'num', value: '3' }] }),
    'an input of the subflow': set('s1', { in: [] }),
    'an output of the subflow': set('s1', { out: [{ wires: [{ id: 's1', port: 0 }] }] }),
    'a variable of the instance': set('x1', { env: [{ name: 'FACTOR', type: 'num', value: '5' }] }),
    'a link': set('l1', { links: [] })
  }
  for (const [what, change] of Object.entries(REAL)) {
    it(`counts ${what}`, () => {
      assert.notEqual(flowsHash(change([...FLOWS])), HASH)
    })
  }

  it('tells which of two look-alikes is wired to what, across several nodes', () => {
    assert.notEqual(flowsHash(chain(true)), flowsHash(chain(false)))
  })

  it('tells one shared node from two of a kind', () => {
    assert.notEqual(flowsHash(joined('j1')), flowsHash(joined('j2')))
  })

  it('is never 0, which means unknown, and takes whatever a file holds', () => {
    for (const flows of [
      [],
      [null],
      [{}],
      [{ id: 'a' }],
      ['x'],
      [{ id: 'a', type: 'b', wires: [null, 'x', [1]], z: 3 }]
    ]) {
      assert.notEqual(flowsHash(flows as DeployedNode[]), 0)
    }
    const loop = [
      { id: 'j', type: 'junction', x: 1, y: 1, wires: [['j']] },
      { id: 'a', type: 'inject', wires: [['j']] }
    ]
    assert.notEqual(flowsHash(loop), 0)
    const nested = [
      { id: 'g', type: 'group', g: 'g' },
      { id: 'a', type: 'inject', g: 'g', wires: [] }
    ]
    assert.notEqual(flowsHash(nested), 0)
  })

  it('depends on nothing but the nodes, in whatever order and under whatever ids (property)', () => {
    const node = fc.record({
      type: fc.constantFrom('inject', 'function', 'debug'),
      topic: fc.string(),
      number: fc.oneof(fc.integer(), fc.boolean()),
      to: fc.array(fc.nat(9), { maxLength: 3 })
    })
    fc.assert(
      fc.property(fc.array(node, { minLength: 1, maxLength: 10 }), fc.nat(), (nodes, shuffle) => {
        const build = (name: string): DeployedNode[] =>
          nodes.map(({ to, ...rest }, i) => ({
            ...rest,
            id: `${name}#${i}`,
            x: 1,
            y: 1,
            wires: [to.map((n) => `${name}#${n}`)]
          }))
        const plain = flowsHash(build('a'))
        const other = build('another').sort((a, b) => (flowsHash([a]) ^ shuffle) - (flowsHash([b]) ^ shuffle))
        assert.equal(flowsHash(other), plain)
        const [first, ...rest] = build('a')
        assert.notEqual(flowsHash([{ ...first, topic: `${String(first?.['topic'])}!` }, ...rest]), plain)
      })
    )
  })

  it('of every example is its own, and the same after an import as a copy', () => {
    const seen = new Set<number>()
    const files = readdirSync(EXAMPLES).filter((name) => name.endsWith('.json'))
    for (const file of files) {
      const flows = JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as DeployedNode[]
      assert.equal(flowsHash(renamed(flows)), flowsHash(flows), file)
      seen.add(flowsHash(flows))
    }
    assert.equal(seen.size, files.length)
  })

  describe('with junctions', () => {
    it('in 40 rows that join 2**40 paths is done in few steps', () => {
      const flows = rows(40)
      let steps = 0
      for (const piece of flowsHashInPieces(flows)) steps += piece
      const size = flows.length + 4 * 40
      assert.ok(steps < 40 * size, `${steps} steps for ${size} nodes and wires`)
      assert.equal(flowsHash(renamed(flows.toReversed())), flowsHash(flows))
      assert.notEqual(flowsHash(rows(40, 'other')), flowsHash(flows))
      assert.notEqual(flowsHash(rows(40, 'gone')), flowsHash(flows))
      assert.equal(flowsHash(rows(12)), flowsHash(walked(rows(12))))
    })

    it('is as if the wires led on to where they end (property)', () => {
      const junctions = fc.array(fc.array(fc.nat(9), { maxLength: 3 }), { maxLength: 6 })
      const nodes = fc.array(
        fc.record({
          type: fc.constantFrom('inject', 'function', 'debug'),
          topic: fc.constantFrom('a', 'b'),
          wires: fc.array(fc.array(fc.nat(15), { maxLength: 3 }), { maxLength: 2 })
        }),
        { minLength: 1, maxLength: 6 }
      )
      fc.assert(
        fc.property(junctions, nodes, (joins, each) => {
          const flows = leadingOn(joins, each)
          const plain = flowsHash(flows)
          assert.equal(flowsHash(walked(flows)), plain)
          assert.equal(flowsHash(renamed(flows.toReversed())), plain)
        })
      )
    })

    it('that lead back to themselves is the same under whatever ids and in whatever order', () => {
      assert.equal(flowsHash(looped('p', 'q')), flowsHash(looped('q', 'p').toReversed()))
      assert.notEqual(flowsHash(looped('p', 'q')), flowsHash(looped('p', 'q').slice(0, 3)))
    })
  })

  describe('takes steps', () => {
    /** A property that goes on in the piece it began in. */
    const OVERHANG = STEPS_MAX

    const SHAPES: Readonly<Record<string, (size: number) => DeployedNode[]>> = {
      'a chain': (size) =>
        Array.from({ length: size }, (_, i) => ({ id: `n${i}`, type: 'function', x: 1, y: 1, wires: [[`n${i + 1}`]] })),
      'a star': (size) => [
        { id: 'hub', type: 'inject', wires: [Array.from({ length: size }, (_, i) => `n${i}`)] },
        ...Array.from({ length: size }, (_, i) => ({ id: `n${i}`, type: 'debug', wires: [] }))
      ],
      'a chain of junctions': (size) =>
        Array.from({ length: size }, (_, i) => ({
          id: `n${i}`,
          type: i === 0 ? 'inject' : 'junction',
          wires: [[`n${i + 1}`]]
        })),
      'junctions all of which lead to all nodes': (size) => [
        ...Array.from({ length: Math.ceil(Math.sqrt(size)) }, (_, i) => ({
          id: `j${i}`,
          type: 'junction',
          wires: [Array.from({ length: Math.ceil(Math.sqrt(size)) }, (__, n) => `n${n}`)]
        })),
        ...Array.from({ length: Math.ceil(Math.sqrt(size)) }, (_, i) => ({
          id: `n${i}`,
          type: 'debug',
          wires: [['j0']]
        }))
      ],
      'one long text': (size) => [{ id: 'a', type: 'template', template: 'x'.repeat(20 * size), wires: [] }],
      'one long list': (size) => [{ id: 'a', type: 'x', list: Array.from({ length: size }, String), wires: [] }],
      'tabs and comments': (size) =>
        Array.from({ length: size }, (_, i) => ({ id: `n${i}`, type: i % 2 ? 'tab' : 'comment' }))
    }
    for (const [what, make] of Object.entries(SHAPES)) {
      it(`as many as there is to do, in pieces of a bounded size: ${what}`, () => {
        const size = share(1000, 5000)
        const [small, large] = [stepsOf(make(size)), stepsOf(make(10 * size))]
        assert.ok(Math.max(...large) <= STEPS_MAX + OVERHANG, `${Math.max(...large)} in one piece`)
        assert.ok(
          sum(large) < 11 * (sum(small) + STEPS_MAX),
          `${sum(small)} steps, and ${sum(large)} for ten times as much`
        )
      })
    }

    it('and ends, however deep a property is nested', () => {
      let [deep, deeper]: unknown[] = [1, 2]
      for (let i = 0; i < 100_000; i++) [deep, deeper] = [[deep], { a: deeper }]
      assert.notEqual(flowsHash([{ id: 'a', type: 'x', deep, deeper }]), 0)
    })
  })

  it('of 10,000 nodes comes in slices that messages hardly notice', () => {
    const flows: DeployedNode[] = [{ id: 'tab', type: 'tab', label: 'big' }]
    for (let i = 0; i < 10_000; i++) {
      const func = `// ${i}\n${'const value = msg.payload * 2\n'.repeat(8)}return msg`
      flows.push({
        id: `n${i}`,
        type: 'function',
        z: 'tab',
        x: i,
        y: i,
        name: `n${i}`,
        func,
        outputs: 1,
        libs: [],
        wires: [[`n${i + 1}`]]
      })
    }
    const startedAt = performance.now()
    const pieces = [...flowsHashInPieces(flows)]
    const allMs = performance.now() - startedAt
    console.log(`# the flows' hash of 10,000 nodes: ${allMs.toFixed(0)} ms in ${pieces.length} pieces`)
    assert.ok(pieces.length > 500 && Math.max(...pieces) < 2 * STEPS_MAX, `${pieces.length}, ${Math.max(...pieces)}`)
  })
})
