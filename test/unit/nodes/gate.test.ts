import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { catchAll, Rig, twoSides, until, userNode, type FlowNode, type Message } from './rig'

const payloads = (messages: readonly Message[]): unknown[] => messages.map(({ payload }) => payload)

describe('ha-pair-gate', () => {
  let rig: Rig
  let sides: { a: FlowNode; b: FlowNode }
  beforeEach(async () => {
    rig = new Rig()
    sides = await twoSides()
  })
  afterEach(() => rig.close())

  const other = { a: 'b', b: 'a' } as const
  const status = (side: 'a' | 'b') => rig.inbox(`state-${side}.1`).at(-1)?.pair

  function flowWith(properties: object): FlowNode[] {
    const { a, b } = sides
    return [
      a,
      b,
      ...userNode('ha-pair-state', 'state-a', a),
      ...userNode('ha-pair-state', 'state-b', b),
      ...userNode('ha-pair-gate', 'gate-a', a, properties),
      ...userNode('ha-pair-gate', 'gate-b', b, properties),
      ...userNode('ha-pair-designate', 'swap', a, { command: 'swap' }),
      ...catchAll()
    ]
  }

  async function settled(properties: object): Promise<'a' | 'b'> {
    await rig.load(flowWith(properties))
    const fills = (): unknown => new Set([rig.badge('state-a').fill, rig.badge('state-b').fill])
    await until(() => isDeepStrictEqual(fills(), new Set(['blue', 'green'])), 'the two agree')
    return rig.badge('state-a').fill === 'green' ? 'a' : 'b'
  }

  async function swap(): Promise<void> {
    const swaps = rig.inbox('swap.1').length
    rig.send('swap', {})
    await rig.received('swap.1', swaps + 1)
  }

  it('passes on the Active and not on the Standby, with name and epoch, through a swap', async () => {
    const active = await settled({ whenClosed: 'second-output' })
    const standby = other[active]
    await rig.shows(`gate-${active}`, 'green', /^open$/)
    await rig.shows(`gate-${standby}`, 'blue', /^closed · Standby$/)
    for (const side of ['a', 'b']) rig.send(`gate-${side}`, { payload: 1, topic: 'valve' })
    const [passed] = await rig.received(`gate-${active}.1`, 1)
    const [diverted] = await rig.received(`gate-${standby}.2`, 1)
    assert.deepEqual(passed?.pair, { name: `side ${active}`, epoch: status(active)?.epoch })
    assert.equal(passed?.payload, 1)
    assert.equal(diverted?.payload, 1)
    assert.equal(diverted?.pair, undefined)

    await swap()
    await until(() => status(standby)?.role === 'active', 'the peer is Active')
    for (const side of ['a', 'b']) rig.send(`gate-${side}`, { payload: 2, topic: 'valve' })
    await rig.received(`gate-${standby}.1`, 1)
    await rig.received(`gate-${active}.2`, 1)
    assert.ok((rig.inbox(`gate-${standby}.1`)[0]?.pair?.epoch ?? 0) > (passed?.pair?.epoch ?? 0))
    assert.equal(rig.inbox(`gate-${active}.1`).length, 1)
    assert.equal(rig.inbox(`gate-${standby}.2`).length, 1)
  })

  it('drop: on the Standby a message ends', async () => {
    const active = await settled({ whenClosed: 'drop' })
    const standby = other[active]
    for (let index = 0; index < 5; index++) rig.send(`gate-${standby}`, { payload: index })
    rig.send(`gate-${active}`, { payload: 'through' })
    await rig.received(`gate-${active}.1`, 1)
    assert.deepEqual(rig.inbox(`gate-${standby}.1`), [])
    assert.deepEqual(rig.inbox(`gate-${standby}.2`), [])
    await swap()
    await until(() => rig.badge(`gate-${standby}`).shape === 'dot', 'the gate opens')
    rig.send(`gate-${standby}`, { payload: 'now' })
    assert.deepEqual(payloads(await rig.received(`gate-${standby}.1`, 1)), ['now'])
  })

  it('hold-latest: the newest of each topic goes on in order of arrival when the gate opens', async () => {
    const active = await settled({ whenClosed: 'hold-latest' })
    const standby = other[active]
    const epoch = status(active)?.epoch ?? 0
    for (const [topic, payload] of [
      ['x', 1],
      ['y', 2],
      ['z', 3],
      ['x', 4],
      ['y', 5],
      [undefined, 6]
    ]) {
      rig.send(`gate-${standby}`, { topic, payload })
    }
    await rig.shows(`gate-${standby}`, 'blue', /^closed · Standby · 4 held$/)
    assert.deepEqual(rig.inbox(`gate-${standby}.1`), [])

    await swap()
    assert.deepEqual(payloads(await rig.received(`gate-${standby}.1`, 4)), [3, 4, 5, 6])
    for (const { pair } of rig.inbox(`gate-${standby}.1`)) {
      assert.equal(pair?.name, `side ${standby}`)
      assert.ok((pair?.epoch ?? 0) > epoch, 'the epoch is that of the release')
    }
    await rig.shows(`gate-${standby}`, 'green', /^open$/)
    assert.deepEqual(rig.inbox(`gate-${standby}.2`), [])
  })

  it('hold-latest: what is held outlives a deploy, and is released once', async () => {
    const active = await settled({ whenClosed: 'hold-latest' })
    const standby = other[active]
    rig.send(`gate-${standby}`, { topic: 'x', payload: 1 })
    rig.send(`gate-${standby}`, { topic: 'y', payload: 2 })
    await rig.deploy(flowWith({ whenClosed: 'hold-latest' }))
    await rig.shows(`gate-${standby}`, 'blue', /^closed · Standby · 2 held$/)
    rig.send(`gate-${standby}`, { topic: 'x', payload: 3 })
    await swap()
    assert.deepEqual(payloads(await rig.received(`gate-${standby}.1`, 2)), [2, 3])
  })

  it('hold-latest: what is held is forgotten when the deploy changes what the gate does', async () => {
    const active = await settled({ whenClosed: 'hold-latest' })
    const standby = other[active]
    rig.send(`gate-${standby}`, { topic: 'x', payload: 1 })
    await rig.deploy(flowWith({ whenClosed: 'drop' }))
    await rig.deploy(flowWith({ whenClosed: 'hold-latest' }))
    rig.send(`gate-${standby}`, { topic: 'y', payload: 2 })
    await swap()
    assert.deepEqual(payloads(await rig.received(`gate-${standby}.1`, 1)), [2])
  })

  it('hold-latest: at most 1000 topics wait; the oldest goes, with one warning', async () => {
    const active = await settled({ whenClosed: 'hold-latest' })
    const standby = other[active]
    for (let index = 0; index < 1003; index++) rig.send(`gate-${standby}`, { topic: `t${index}`, payload: index })
    assert.equal(rig.logged('ha-pair-gate', 'WARN').length, 1)
    await swap()
    const released = payloads(await rig.received(`gate-${standby}.1`, 1000))
    assert.equal(released.length, 1000)
    assert.deepEqual([released[0], released[999]], [3, 1002])
  })

  it('badges change with the pair, not with the messages', async () => {
    const active = await settled({ whenClosed: 'hold-latest' })
    const standby = other[active]
    await rig.shows(`gate-${active}`, 'green', /^open$/)
    await rig.shows(`gate-${standby}`, 'blue', /^closed · Standby$/)
    const before = rig.badges(`gate-${active}`).length + rig.badges(`gate-${standby}`).length
    for (let index = 0; index < 500; index++) {
      rig.send(`gate-${active}`, { topic: `t${index}`, payload: index })
      rig.send(`gate-${standby}`, { topic: `t${index}`, payload: index })
    }
    await rig.shows(`gate-${standby}`, 'blue', /500 held$/)
    const after = rig.badges(`gate-${active}`).length + rig.badges(`gate-${standby}`).length
    assert.ok(after - before <= 3, `${after - before} badges for 1000 messages`)
  })

  it('without a pair the gate is closed: the second output, or an error where the message would be lost', async () => {
    await rig.load([
      ...userNode('ha-pair-gate', 'divert', null, { whenClosed: 'second-output' }),
      ...userNode('ha-pair-gate', 'drop', null, { whenClosed: 'drop' }),
      ...userNode('ha-pair-gate', 'hold', null, { whenClosed: 'hold-latest' }),
      ...catchAll()
    ])
    for (const id of ['divert', 'drop', 'hold']) {
      assert.deepEqual(rig.badge(id), { fill: 'red', shape: 'ring', text: 'no pair' })
      rig.send(id, { payload: id })
    }
    await rig.received('divert.2', 1)
    const caught = await rig.received('caught', 2)
    assert.deepEqual(payloads(caught), ['drop', 'hold'])
    for (const { error } of caught) assert.equal(error?.code, 'no-pair')
    for (const id of ['divert', 'drop', 'hold']) assert.deepEqual(rig.inbox(`${id}.1`), [])
  })
})
