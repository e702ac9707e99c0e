/** The context store on two real Node-REDs: a counter that moves with the role, beside what Change nodes write, and starts that nothing may prevent. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../../support/eventually'
import { func, KEY, pairNode, stateNode, type FlowNode } from '../../support/node-red/flow'
import { placeBuild, removeFolder, scratchFolder } from '../../support/node-red/npm'
import { freePorts } from '../../support/ports'
import { NodeRedProcess } from '../../support/node-red/process'
import { nodeRed4 } from '../../support/node-red/versions'
import { share } from '../../support/share'

const LIMIT_MS = 60_000
const PATIENCE_MS = 15_000
const EVERY_S = share(0.04, 0.02)
const NOTE = `(number) => require('node:fs').appendFileSync(process.env.DIARY, number + '\\n')`
const PACKAGE = '@ha-pair/node-red-ha-pair'
const SETTINGS = `settings.contextStorage = {
  default: { module: 'memory' },
  pair: { module: require('${PACKAGE}/context'), config: {} }
}
settings.functionGlobalContext = { note: ${NOTE} }`
/**
 * The package four times: that of the user directory has the nodes, that inside of another package the store, a global one is reached by a link and
 * has the same store once more by mistake, and Node-RED is shown the nodes of it as well.
 */
const COPIES = `settings.contextStorage = {
  default: { module: 'memory' },
  pair: { module: require('./node_modules/plant-nodes/node_modules/${PACKAGE}/dist/context'), config: {} },
  again: { module: require('./linked/dist/context'), config: {} }
}
settings.nodesDir = [process.env.GLOBAL]
settings.functionGlobalContext = { note: ${NOTE} }`
const PLACE = { z: 'tab', x: 100, y: 100 } as const
const COUNT = '#:(pair)::count'

const change = (id: string, rules: readonly object[], wires: readonly string[][]): FlowNode => ({
  id,
  ...PLACE,
  type: 'change',
  rules,
  wires
})

/**
 * Every `EVERY_S` the Active counts one further and writes down the number, in one turn: what Node-RED's stop finds on a wire it drops. GET /read says
 * what is in the store.
 */
const FLOWS: readonly FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'count', disabled: false },
  pairNode('pair'),
  stateNode('state', 'pair'),
  {
    id: 'tick',
    ...PLACE,
    type: 'inject',
    props: [{ p: 'payload' }],
    repeat: String(EVERY_S),
    payload: '',
    payloadType: 'date',
    wires: [['gate']]
  },
  { id: 'gate', ...PLACE, type: 'ha-pair-gate', name: '', pair: 'pair', whenClosed: 'drop', wires: [['count'], []] },
  func(
    'count',
    `msg.payload = (flow.get('count', 'pair') ?? 0) + 1
     flow.set('count', msg.payload, 'pair')
     global.get('note')(msg.payload)
     return msg`,
    [['next']]
  ),
  change(
    'next',
    [
      { t: 'set', p: 'payload', pt: 'msg', to: '$flowContext("count", "pair")', tot: 'jsonata' },
      { t: 'set', p: '#:(pair)::next', pt: 'flow', to: 'payload', tot: 'msg' }
    ],
    [['last']]
  ),
  func(
    'last',
    `flow.set('last', { n: msg.payload, at: new Date(msg.payload), seen: new Map([['n', msg.payload]]) }, 'pair')
     flow.set('history[' + (msg.payload % 10) + '].n', msg.payload, 'pair')`,
    [[]]
  ),
  { id: 'read-in', ...PLACE, type: 'http in', method: 'get', url: '/read', wires: [['switch']] },
  {
    id: 'switch',
    ...PLACE,
    type: 'switch',
    property: COUNT,
    propertyType: 'flow',
    rules: [{ t: 'gte', v: '1', vt: 'num' }, { t: 'else' }],
    checkall: 'true',
    outputs: 2,
    wires: [['counted'], ['nothing']]
  },
  func(
    'counted',
    `const last = flow.get('last', 'pair')
     msg.payload = { count: flow.get('count', 'pair'), next: flow.get('next', 'pair'), n: last?.n, date: last?.at.getTime(), seen: last?.seen.get('n') }
     return msg`,
    [['answer']]
  ),
  change('nothing', [{ t: 'set', p: 'payload', pt: 'msg', to: '{}', tot: 'json' }], [['answer']]),
  { id: 'answer', ...PLACE, type: 'http response', statusCode: '', headers: {}, wires: [] },
  { id: 'write-in', ...PLACE, type: 'http in', method: 'get', url: '/write', wires: [['write']] },
  func(
    'write',
    `flow.set('count', 1000, 'pair'); flow.set('last', { n: 1, at: new Date(1), seen: new Map() }, 'pair'); return msg`,
    [['answer']]
  ),
  { id: 'swap-in', ...PLACE, type: 'http in', method: 'post', url: '/designate', wires: [['designate']] },
  {
    id: 'designate',
    ...PLACE,
    type: 'ha-pair-designate',
    name: '',
    pair: 'pair',
    command: 'payload',
    wires: [['answer']]
  },
  { id: 'catch', ...PLACE, type: 'catch', scope: ['designate'], uncaught: false, wires: [['failed']] },
  func('failed', `msg.statusCode = 409; msg.payload = String(msg.error.message); return msg`, [['answer']])
]

interface Reading {
  readonly count?: number
  readonly next?: number
  readonly n?: number
  readonly date?: number
  readonly seen?: number
}

const read = async (host: NodeRedProcess): Promise<Reading> => (await host.get('/read')).body as Reading
/** Numbers that a host has counted, in order. */
const counted = (host: NodeRedProcess): number[] =>
  host.diary().filter((line) => typeof line === 'number') as unknown[] as number[]

const counts = (host: NodeRedProcess, beyond: number): Promise<unknown> =>
  eventually(`${host.name} counts beyond ${beyond}`, PATIENCE_MS, () => (counted(host).at(-1) ?? 0) > beyond)

describe('the context store on real Node-REDs', function () {
  this.timeout(LIMIT_MS)
  let folder: string
  let a: NodeRedProcess
  let b: NodeRedProcess
  const started: NodeRedProcess[] = []

  const make = (name: string, environment: Record<string, string>, settingsCode = SETTINGS): NodeRedProcess => {
    const userDirectory = join(folder, name)
    mkdirSync(userDirectory)
    placeBuild(userDirectory)
    const credentials = { pair: { key: KEY, previousKey: '' } }
    const host = new NodeRedProcess({
      name,
      version: nodeRed4(),
      userDirectory,
      environment,
      flows: FLOWS,
      credentials,
      settingsCode
    })
    started.push(host)
    return host
  }

  before(async () => {
    folder = scratchFolder('context')
    const [portA, portB] = (await freePorts(2)).map(String) as [string, string]
    a = make('a', { LOCAL_PORT: portA, PEER_PORT: portB, PRIORITY: '100' })
    const global = join(folder, 'global')
    b = make('b', { LOCAL_PORT: portB, PEER_PORT: portA, PRIORITY: '90', GLOBAL: global }, COPIES)
    for (const place of [global, join(b.userDirectory, 'node_modules', 'plant-nodes')]) placeBuild(place)
    symlinkSync(join(global, 'node_modules', PACKAGE), join(b.userDirectory, 'linked'), 'junction')
    await Promise.all([a.start(), b.start()])
  })
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(started.map((host) => host.logTail()).join('\n'))
  })
  after(async () => {
    await Promise.allSettled(started.map((host) => host.kill()))
    removeFolder(folder)
  })

  /** Of all that both have counted so far. */
  const assertEachOnce = (): void => {
    const all = [...counted(a), ...counted(b)].toSorted((x, y) => x - y)
    assert.deepEqual(
      all,
      all.map((_, at) => at + 1)
    )
  }
  const servingOf = async (): Promise<[NodeRedProcess, NodeRedProcess]> => {
    const lengths = [counted(a).length, counted(b).length]
    return eventually<[NodeRedProcess, NodeRedProcess] | false>('one of them counts', PATIENCE_MS, () => {
      if (counted(a).length > (lengths[0] ?? 0) + 3) return [a, b]
      return counted(b).length > (lengths[1] ?? 0) + 3 ? [b, a] : false
    })
  }

  it('a counter is read on both hosts, with all that was written beside it', async () => {
    const [active, standby] = await servingOf()
    await counts(active, 30)
    const seen = await eventually('the Standby follows', PATIENCE_MS, async () => {
      const reading = await read(standby)
      return (reading.count ?? 0) > 30 ? reading : false
    })
    const { n, date, seen: inMap, next = 0, count = 0 } = seen
    assert.deepEqual([date, inMap], [n, n])
    assert.ok(next > 0 && next <= count, `${next} of ${count}`)
    await standby.get('/write')
    assert.notEqual((await read(standby)).count, 1000, 'what the Standby writes changes nothing')
  })

  it('planned swaps lose no number and count none twice', async () => {
    let [active, standby] = await servingOf()
    for (let swap = 0; swap < 6; swap++) {
      const { status, body } = (await eventually('the swap is done', PATIENCE_MS, async () => {
        const answer = await standby.post('/designate', { payload: 'active', designate: 'active' })
        return answer.status === 200 ? answer : false
      })) as { status: number; body: unknown }
      assert.equal(status, 200, String(body))
      ;[active, standby] = [standby, active]
      await counts(active, counted(standby).at(-1) ?? 0)
    }
    await eventually('both have written down all', PATIENCE_MS, () => counted(active).length > 0)
    assertEachOnce()
  })

  it('neither does an orderly stop, and who comes back follows', async () => {
    const [active, standby] = await servingOf()
    await active.stop()
    await counts(standby, counted(active).at(-1) ?? 0)
    assertEachOnce()
    await active.start()
    await eventually('it follows', PATIENCE_MS, async () => {
      const last = counted(standby).at(-1) ?? 0
      return ((await read(active)).count ?? 0) >= last
    })
  })

  it('kill -9: the other one goes on counting from there, and the dead one comes back in step', async () => {
    const [active, standby] = await servingOf()
    const before = counted(active).length
    await counts(active, (counted(active).at(-1) ?? 0) + 20)
    await active.kill()
    const last = counted(active).at(-1) ?? 0
    await counts(standby, last + 5)
    const first = counted(standby).find((_, at, list) => at > 0 && (list[at] ?? 0) > last - 3) ?? 0
    assert.ok(first >= last - 1 && first <= last + 1, `${last} was the last one, and ${first} the first one then`)
    assert.ok(counted(active).length > before)
    await active.start()
    await eventually('it follows', PATIENCE_MS, async () => {
      const counting = counted(standby).at(-1) ?? 0
      return ((await read(active)).count ?? 0) >= counting
    })
    const files = readdirSync(join(active.userDirectory, 'ha-pair'))
    assert.deepEqual(
      files.filter((name) => /conflict|damaged/.test(name)),
      [],
      'it had an older state, and no other one'
    )
  })

  it('four copies of the package are one pair, one store and one set of nodes: the store again, by mistake, keeps to itself', async () => {
    const { pairs } = (await b.get('/admin/ha-pair/pairs')).body as { readonly pairs: readonly object[] }
    assert.equal(pairs.length, 1)
    assert.doesNotMatch(b.log, /ha-pair.*(already registered|not loaded)/i)
    assert.match(b.log, /it works on this host only, in memory: another store has this name/)
  })

  it('a damaged file and a missing pair do not keep Node-RED from starting', async () => {
    await Promise.allSettled([a.kill(), b.kill()])
    const file = (name: string): string => join(a.userDirectory, name)
    writeFileSync(file('flows.json'), JSON.stringify(FLOWS.filter(({ type }) => !type.startsWith('ha-pair'))))
    writeFileSync(file('ha-pair/context-pair.jsonl'), '{"format":"ha-pair context 1"}\nrubbish')
    await a.start()
    await a.get('/write')
    assert.equal((await read(a)).count, 1000)
    assert.match(a.log, /context-pair\.jsonl is damaged/)
  })
})
