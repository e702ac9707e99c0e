/** The module as `settings.js` and Node-RED use it: what it answers beside their own store, and whose pair it is. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readOptions } from '../../../src/host/store/options'
import { enterPair, type MeetingPoint } from '../../../src/host/store/seat'
import { Store } from '../../../src/host/store/store'
import { Exchange } from '../../../src/host/channel/exchange'
import { ManualLoop, ScriptedSeat } from './rig'

interface ContextStore {
  open(): Promise<void>
  close(): Promise<void>
  get(scope: string, key: unknown, callback?: (...values: unknown[]) => void): unknown
  set(scope: string, key: unknown, value: unknown, callback?: (error?: unknown) => void): void
  keys(scope: string, callback?: (error: unknown, keys: string[]) => void): unknown
  delete(scope: string): Promise<void>
  clean(nodes: readonly string[]): Promise<void>
}
type Module = (config: object) => ContextStore

const MODULE = join(__dirname, '..', '..', '..', 'context', 'index.js')
const pairContext = require(MODULE) as Module
const fromRuntime = createRequire(createRequire(require.resolve('node-red')).resolve('@node-red/runtime'))
const memory = fromRuntime('./nodes/context/memory.js') as Module

describe('the module for settings.js', () => {
  it('does nothing when it is loaded', () => {
    const { stdout, stderr } = spawnSync(process.execPath, [
      '-e',
      `const before = Reflect.ownKeys(globalThis).length
       const make = require(${JSON.stringify(MODULE)})
       make({})
       console.log(Reflect.ownKeys(globalThis).length - before, process._getActiveHandles().length, String(make))`
    ])
    assert.equal(stderr.toString(), '')
    assert.match(stdout.toString(), /^0 \d ha-pair\n$/)
  })

  for (const [name, module] of [
    ['this one', pairContext],
    ['Node-RED’s memory store', memory]
  ] as const) {
    it(`answers as every store does: ${name}`, async () => {
      const store = module({ settings: {} })
      await store.open()
      const heard: unknown[][] = []
      const hear = (...values: unknown[]): void => void heard.push(values)
      store.set('flow', 'a', { b: [1, 2] })
      store.set('flow', ['x', 'y', 'z'], [1, 2], hear)
      store.set('flow', 'a.b[1]', 5, hear)
      assert.deepEqual(heard.splice(0), [[undefined], [undefined]])
      assert.equal(store.get('flow', 'a.b[1]'), 5)
      assert.deepEqual(store.get('flow', ['x', 'y', 'z', 'none.x']), [1, 2, null, undefined])
      store.get('flow', 'a.b', hear)
      store.get('flow', ['x', 'none'], hear)
      store.get('none', 'x', hear)
      assert.deepEqual(heard.splice(0), [
        [undefined, [1, 5]],
        [undefined, 1, undefined],
        [undefined, undefined]
      ])
      assert.deepEqual(store.keys('flow'), ['a', 'x', 'y', 'z'])
      store.keys('none', hear)
      assert.deepEqual(heard.splice(0), [[null, []]])
      assert.throws(() => store.get('flow', 'a['), { code: 'INVALID_EXPR' })
      assert.throws(() => store.set('flow', 'a[', 1), { code: 'INVALID_EXPR' })
      store.get('flow', 'a[', hear)
      store.set('flow', 'a[', 1, hear)
      assert.deepEqual(
        heard.splice(0).map(([error]) => (error as { code: string }).code),
        ['INVALID_EXPR', 'INVALID_EXPR']
      )
      store.set('global', 'get', 1)
      store.set('flow', 'x', undefined)
      assert.deepEqual([store.keys('global'), store.keys('flow')], [[], ['a', 'y', 'z']])
      await store.close()
    })
  }

  it('names the key that cannot be stored, and keeps the old value', async () => {
    const store = pairContext({ settings: {} })
    await store.open()
    store.set('flow', 'f', 1)
    assert.throws(() => store.set('flow', 'f', () => {}), /f is not stored: a function cannot be stored/)
    const heard: unknown[] = []
    store.set('flow', ['f', 'g'], [() => {}, 2], (error) => heard.push(error))
    assert.deepEqual([heard.length, store.get('flow', 'f')], [1, 1])
    await store.close()
  })

  it('opens whatever lies on the disk, and whatever is configured', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ha-pair-context-'))
    await mkdir(join(folder, 'ha-pair'))
    await writeFile(join(folder, 'ha-pair', 'context-pair.jsonl'), 'rubbish')
    for (const config of [
      { settings: { userDir: folder } },
      { settings: { userDir: '/dev/null' } },
      { settings: null, pair: 5, maxBytes: 'x', flushInterval: -1, acknowledge: {} }
    ]) {
      const store = pairContext(config)
      await store.open()
      store.set('flow', 'n', 1)
      assert.equal(store.get('flow', 'n'), 1)
      await store.close()
    }
    await rm(folder, { recursive: true })
  })

  it('reads what settings.js says, and what it says by mistake as the default', () => {
    const { maxBytes, maxKeyBytes, flushMs, ackTimeoutMs, pair, acknowledge } = readOptions({})
    assert.deepEqual(
      [maxBytes, maxKeyBytes, flushMs, ackTimeoutMs, pair, acknowledge],
      [16_777_216, 1_048_576, 30_000, 200, '', false]
    )
    const odd = readOptions({ maxBytes: -5, flushInterval: '0', acknowledge: 'peer', pair: 'main', maxKeyBytes: 1e12 })
    assert.deepEqual(
      [odd.maxBytes, odd.flushMs, odd.acknowledge, odd.pair, odd.maxKeyBytes],
      [16_777_216, 0, true, 'main', 8_388_608]
    )
  })
})

const seat = (
  id: string,
  name = id,
  carrier: Exchange | null = new Exchange(() => {})
): ScriptedSeat & { id: string; name: string } => Object.assign(new ScriptedSeat(carrier), { id, name })

describe('whose pair a store is', () => {
  let place: MeetingPoint
  let loop: ManualLoop
  let store: Store

  const opened = async (config: object = {}): Promise<void> => {
    store = new Store(readOptions({ ...config }), () => place, loop)
    await store.open()
  }
  beforeEach(() => {
    place = { pairs: new Map(), stores: new Set() }
    loop = new ManualLoop()
  })
  afterEach(() => store.close())

  it('is the only one there is, whenever it comes', async () => {
    await opened()
    store.set('flow', 'n', 1, null)
    const one = seat('p')
    const leave = enterPair(place, one)
    one.becomes('active', 2)
    assert.deepEqual([one.data?.keys, one.data?.position], [1, { epoch: 2, number: 0 }])
    leave()
    assert.equal(one.data, null)
    assert.equal(store.get('flow', 'n'), 1)
  })

  it('works on this host again when its pair is gone for good', async () => {
    await opened()
    const one = seat('p')
    const leave = enterPair(place, one)
    one.becomes('standby', 2)
    store.set('flow', 'n', 1, null)
    leave()
    loop.advanceMs(30_000)
    store.set('flow', 'n', 2, null)
    const back = seat('p')
    enterPair(place, back)
    back.becomes('standby', 4)
    assert.equal(store.get('flow', 'n'), 2, 'what was written alone is no early write')
  })

  it('is the one that is named, by name or id', async () => {
    const [one, other] = [seat('p', 'first'), seat('q', 'second')]
    for (const each of [one, other]) enterPair(place, each)
    await opened({ pair: 'second' })
    assert.deepEqual([one.data === null, other.data === null], [true, false])
    await store.close()
    await opened({ pair: 'p' })
    assert.deepEqual([one.data === null, other.data === null], [false, true])
  })

  it('is nobody’s where there are several and none is named: it works on this host', async () => {
    const [one, other] = [seat('p'), seat('q')]
    for (const each of [one, other]) enterPair(place, each)
    one.becomes('standby', 2)
    await opened()
    store.set('flow', 'n', 1, null)
    loop.advanceMs(30_000)
    assert.deepEqual([one.data, other.data, store.get('flow', 'n')], [null, null, 1])
  })

  it('is nobody’s without a channel: it works on this host, on a Standby too, and says so', async () => {
    const one = seat('p', 'p', null)
    one.becomes('standby', 2)
    enterPair(place, one)
    await opened()
    store.set('flow', 'n', 1, null)
    assert.equal(store.get('flow', 'n'), 1)
    assert.match(one.lines[0] ?? '', /no channel/)
  })

  it('takes one store of a name, and the second one works on this host', async () => {
    const one = seat('p')
    enterPair(place, one)
    await opened()
    const second = new Store(readOptions({}), () => place, loop)
    await second.open()
    one.becomes('standby', 2)
    second.set('flow', 'n', 1, null)
    store.set('flow', 'n', 1, null)
    assert.deepEqual([second.get('flow', 'n'), store.get('flow', 'n')], [1, undefined])
    assert.match(one.lines.join(), /this host only/)
    await second.close()
  })

  it('does not share its file: a second one of the same name and pair works on this host and writes nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ha-pair-context-'))
    const config = { settings: { userDir: folder } }
    const one = seat('p')
    enterPair(place, one)
    // As Node-RED opens them, at once.
    const make = (more: object): Store => new Store(readOptions({ ...config, ...more }), () => place, loop)
    store = make({})
    const [second, ofAnother] = [make({}), make({ pair: 'q' })]
    await Promise.all([second, store, ofAnother].toReversed().map((each) => each.open()))
    one.becomes('active', 2)
    for (const [each, value] of [
      [store, 1],
      [second, 2],
      [ofAnother, 3]
    ] as const)
      each.set('flow', 'n', value, null)
    loop.turn()
    assert.deepEqual([one.data?.keys, second.get('flow', 'n'), ofAnother.get('flow', 'n')], [1, 2, 3])
    for (const each of [store, ofAnother, second]) await each.close()
    const files = await readdir(join(folder, 'ha-pair'))
    assert.deepEqual(files.toSorted(), ['context-pair-of-q.jsonl', 'context-pair.jsonl'])
    store = make({})
    await store.open()
    assert.equal(store.get('flow', 'n'), 1)
    await store.close()
    await rm(folder, { recursive: true })
  })

  it('goes on with the pair that takes the place of another one', async () => {
    await opened()
    const [old, next] = [seat('p'), seat('p')]
    const leave = enterPair(place, old)
    old.becomes('active', 2)
    store.set('flow', 'n', 1, null)
    next.becomesUnheard('active', 4)
    enterPair(place, next)
    leave()
    store.set('flow', 'n', 2, null)
    assert.deepEqual([store.get('flow', 'n'), next.data?.position.epoch], [2, 4])
  })
})
