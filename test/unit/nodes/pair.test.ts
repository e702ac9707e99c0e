import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isOnePair, catchAll, Rig, sleep, twoSides, until, userNode, type FlowNode, type Message } from './rig'

/** The sides' state nodes `state-a`, `state-b` and the pair itself. */
async function statesOf(overrides: Parameters<typeof twoSides>[0] = {}, properties: object = {}) {
  const { a, b } = await twoSides(overrides)
  const flow: FlowNode[] = [
    a,
    b,
    ...userNode('ha-pair-state', 'state-a', a, properties),
    ...userNode('ha-pair-state', 'state-b', b, properties)
  ]
  return { a, b, flow }
}

const payloads = (messages: readonly Message[]): unknown[] => messages.map(({ payload }) => payload)
const events = (messages: readonly Message[]) =>
  messages.map(({ payload }) => payload as { seq: number; event: string })

/** Without the value at the start: a quick engine may have found its role before the flows were started. */
const withoutFirst = (values: unknown[], first: unknown): unknown[] => (values[0] === first ? values.slice(1) : values)
const isFrame = ({ event }: { event: string }): boolean => /^frame-(sent|received)$/.test(event)

/** Waits until a UDP port of the loopback address can be taken; gives it back at once. */
async function untilFree(port: number | undefined): Promise<void> {
  const isFree = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = createSocket('udp4')
      socket.once('error', () => resolve(false))
      socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)))
    })
  let free = await isFree()
  for (let tries = 1; tries < 400 && !free; tries++) {
    await sleep(20)
    free = await isFree()
  }
  assert.ok(free, `port ${port} is free`)
}

async function settle(rig: Rig): Promise<{ active: 'a' | 'b'; standby: 'a' | 'b' }> {
  const roleOf = (side: string): unknown => rig.inbox(`state-${side}.1`).at(-1)?.payload
  const online = (side: string): unknown => rig.inbox(`state-${side}.2`).at(-1)?.payload
  const agreed = (): boolean => isOnePair(roleOf('a'), roleOf('b')) && online('a') === true && online('b') === true
  await until(agreed, 'the two agree')
  return roleOf('a') === 'active' ? { active: 'a', standby: 'b' } : { active: 'b', standby: 'a' }
}

describe('ha-pair and ha-pair-state', () => {
  let rig: Rig
  beforeEach(() => {
    rig = new Rig()
  })
  afterEach(() => rig.close())

  it('two sides find each other: one Active, one Standby, both online', async () => {
    const { flow } = await statesOf()
    await rig.load(flow)
    const { active, standby } = await settle(rig)
    await rig.shows(`state-${active}`, 'green', /^Active · peer online$/)
    await rig.shows(`state-${standby}`, 'blue', /^Standby · peer online$/)
    assert.equal(rig.badge(`state-${active}`).shape, 'dot')
    assert.equal(rig.badge(`state-${standby}`).shape, 'ring')
  })

  it('says role, online and events on its three outputs, in the shapes of the contract', async () => {
    const { a, flow } = await statesOf()
    await rig.load(flow)
    const { active } = await settle(rig)

    for (const output of [1, 2, 3]) {
      for (const message of rig.inbox(`state-a.${output}`)) {
        assert.equal(message.topic, 'side a')
        assert.deepEqual(
          Object.keys(message.pair ?? {}).toSorted(),
          'alone authenticated channel epoch fitness host leaseLeft lost name online peer policy previousRole reason role seq serving since situation wire witness'.split(
            ' '
          )
        )
      }
    }
    const [last] = rig.inbox(`state-${active}.1`).slice(-1)
    assert.equal(last?.payload, 'active')
    assert.deepEqual(
      [last?.pair?.name, last?.pair?.role, last?.pair?.policy, last?.pair?.wire, last?.pair?.authenticated],
      [`side ${active}`, 'active', 'availability', 'extended', false]
    )
    assert.ok((last?.pair?.epoch ?? 0) > 0)

    const told = events(rig.inbox('state-a.3'))
    assert.ok(told.length > 0)
    for (const event of told)
      assert.deepEqual(Object.keys(event).toSorted(), ['at', 'detail', 'event', 'reason', 'seq'])
    assert.deepEqual(
      told.map(({ seq }) => seq),
      told.map((_event, index) => (told[0]?.seq ?? 0) + index)
    )
    assert.equal(a.type, 'ha-pair')
  })

  it('takes the node id as topic when the pair has no name', async () => {
    const { a, b } = await twoSides({ a: { name: '' } })
    await rig.load([a, b, ...userNode('ha-pair-state', 'state-a', a)])
    const [first] = await rig.received('state-a.1', 1)
    assert.equal(first?.topic, a.id)
    assert.equal(first?.pair?.name, a.id)
  })

  it('reports each value once: initial and changes, never the same twice in a row', async () => {
    const { flow } = await statesOf()
    await rig.load(flow)
    const { active, standby } = await settle(rig)
    assert.deepEqual(withoutFirst(payloads(rig.inbox(`state-${active}.1`)), 'initial'), ['active'])
    assert.deepEqual(withoutFirst(payloads(rig.inbox(`state-${standby}.1`)), 'initial'), ['standby'])
    assert.deepEqual(withoutFirst(payloads(rig.inbox(`state-${active}.2`)), false), [true])
  })

  it('stays silent at the start with initial: false, and tells changes all the same', async () => {
    const { flow } = await statesOf({}, { initial: false })
    await rig.load(flow)
    await settle(rig)
    for (const side of ['a', 'b']) {
      assert.equal(rig.inbox(`state-${side}.1`).length, 1)
      assert.deepEqual(payloads(rig.inbox(`state-${side}.2`)), [true])
    }
  })

  it('reports frames only when asked, without a number', async () => {
    const { flow } = await statesOf({}, { frames: true })
    await rig.load(flow)
    await settle(rig)
    await until(() => events(rig.inbox('state-a.3')).filter(isFrame).length >= 4, 'frames are reported')
    for (const event of events(rig.inbox('state-a.3')).filter(isFrame)) assert.equal(event.seq, null)
  })

  it('does not report frames unless asked', async () => {
    const { flow } = await statesOf()
    await rig.load(flow)
    await settle(rig)
    assert.deepEqual(
      events(rig.inbox('state-a.3')).filter(({ event }) => event.startsWith('frame-')),
      []
    )
  })

  it('a full deploy keeps the roles: no event is lost or doubled, and the state is told once', async () => {
    const { flow } = await statesOf()
    await rig.load(flow)
    const { active, standby } = await settle(rig)
    const before = rig.inbox(`state-${active}.1`).at(-1)?.pair
    const seq = events(rig.inbox(`state-${active}.3`)).at(-1)?.seq ?? 0
    rig.clearInboxes()
    await rig.deploy(flow)
    await settle(rig)
    assert.deepEqual(payloads(rig.inbox(`state-${active}.1`)), ['active'])
    assert.deepEqual(payloads(rig.inbox(`state-${standby}.1`)), ['standby'])
    assert.deepEqual(payloads(rig.inbox(`state-${active}.2`)), [true])
    assert.equal(rig.inbox(`state-${active}.1`).at(-1)?.pair?.epoch, before?.epoch)
    assert.equal(rig.inbox(`state-${active}.1`).at(-1)?.pair?.since, before?.since)
    const later = events(rig.inbox(`state-${active}.3`))
    assert.deepEqual(
      later.map((event) => event.seq),
      later.map((_event, index) => seq + 1 + index)
    )
    assert.ok(!later.some(({ event }) => event === 'role'))
  })

  it('a removed side says goodbye, and its peer takes over at once', async () => {
    const { a, b, flow } = await statesOf({ both: { peerTimeout: 60_000 } })
    await rig.load(flow)
    const { active, standby } = await settle(rig)
    const survivor = standby === 'a' ? a : b
    await rig.deploy([survivor, ...userNode('ha-pair-state', `state-${standby}`, survivor)])
    await until(() => rig.inbox(`state-${standby}.1`).at(-1)?.payload === 'active', 'the survivor takes over')
    assert.equal(rig.inbox(`state-${standby}.1`).at(-1)?.pair?.reason, 'peer-removed')
    await rig.shows(`state-${standby}`, 'yellow', /^no pair on peer · Active$/)
    assert.notEqual(active, standby)
  })

  it('a side whose new settings stop the pair says goodbye at once, and its peer takes over', async () => {
    const { a, b, flow } = await statesOf({ both: { peerTimeout: 60_000 } })
    await rig.load(flow)
    const { active, standby } = await settle(rig)
    const broken = { ...(active === 'a' ? a : b), heartbeat: 'often' }
    await rig.deploy(flow.map((node) => (node.id === broken.id ? broken : node)))
    await until(() => rig.inbox(`state-${standby}.1`).at(-1)?.payload === 'active', 'the peer takes over')
    assert.equal(rig.inbox(`state-${standby}.1`).at(-1)?.pair?.reason, 'peer-removed')
  })

  it('when the user stops the flows, the pair leaves at once and frees its port; started again, it is back', async () => {
    const { a, flow } = await statesOf()
    const [link] = a['links'] as readonly { localPort: number }[]
    await rig.load(flow)
    await settle(rig)
    await rig.stopFlows()
    await untilFree(link?.localPort)
    assert.deepEqual(rig.badge('state-a'), {}, 'a node that does not run shows nothing')
    rig.clearInboxes()
    await rig.startFlows()
    await settle(rig)
  })

  it('changed settings start the pair anew', async () => {
    const { a, b, flow } = await statesOf()
    await rig.load(flow)
    await settle(rig)
    rig.clearInboxes()
    const [faster, other] = [{ ...a, heartbeat: 25 }, b]
    await rig.deploy([faster, other, ...flow.slice(2)])
    await settle(rig)
    assert.equal(rig.inbox('state-a.1').at(0)?.payload, 'initial')
  })

  it('keeps its epoch under the user directory', async () => {
    const { a, flow } = await statesOf()
    await rig.load(flow)
    await settle(rig)
    await until(() => existsSync(join(rig.userDir, 'ha-pair', `${a.id}.json`)), 'the epoch store exists')
  })

  for (const order of [
    ['user', 'config'],
    ['config', 'user']
  ] as const) {
    it(`survives that the ${order.join(' node closes before the ')} node`, async () => {
      const { a, b } = await twoSides()
      const gate = userNode('ha-pair-gate', 'gate', a, { whenClosed: 'drop' })
      const designate = userNode('ha-pair-designate', 'designate', a)
      await rig.load([a, b, ...userNode('ha-pair-state', 'state', a), ...gate, ...designate, ...catchAll()])
      await until(() => rig.badge('state').fill !== 'yellow', 'the pair is up')
      const users = ['state', 'gate', 'designate'].map((id) => rig.node(id))
      const config = rig.node(a.id)
      for (const step of order) {
        if (step === 'config') await config.close(true)
        else await Promise.all(users.map((user) => user.close(true)))
        if (step === 'config' && order[0] === 'config') {
          rig.send('gate', { payload: 'late' })
          rig.send('designate', { payload: 'swap' })
          const [caught] = await rig.received('caught', 1)
          assert.equal(caught?.error?.code, 'stopped')
          assert.deepEqual(rig.inbox('gate.1'), [])
        }
      }
    })
  }
})

describe('trouble on the line', () => {
  let rig: Rig
  beforeEach(() => {
    rig = new Rig()
  })
  afterEach(() => rig.close())

  it('a port in use is on the badge, in red, and taken as soon as it is free', async () => {
    const { a, b, flow } = await statesOf()
    const links = a['links'] as readonly { localPort: number }[]
    const squatter = createSocket('udp4')
    await new Promise<void>((resolve) => squatter.bind(links[0]?.localPort, '127.0.0.1', resolve))
    try {
      await rig.load(flow)
      await rig.shows('state-a', 'red', /^port in use · Starting$/)
      assert.equal(rig.badge('state-a').shape, 'ring')
    } finally {
      await new Promise<void>((resolve) => squatter.close(() => resolve()))
    }
    await settle(rig)
    await rig.shows(
      'state-a',
      /active/.test(String(rig.inbox('state-a.1').at(-1)?.payload)) ? 'green' : 'blue',
      /online/
    )
    assert.equal(b.type, 'ha-pair')
  })

  it('a host name that does not resolve is on the badge, in red', async () => {
    const { a } = await twoSides()
    const links = [{ ...(a['links'] as object[])[0], peerHost: 'nobody.invalid' }]
    const lost = { ...a, links }
    await rig.load([lost, ...userNode('ha-pair-state', 'state', lost)])
    await rig.shows('state', 'red', /^name not found · Starting$/)
  })
})
