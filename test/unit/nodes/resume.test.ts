/** `ha-pair-gate` with `resume`, and `ha-pair-sync`, as nodes: properties, errors, badges, deploys. The other host is played by the test. */
import assert from 'node:assert/strict'
import { LOOP } from '../../../src/host/loop'
import { decode, encode, type Section } from '../../../src/host/gate/resume/body'
import { decodeBody, messageIn } from '../../../src/host/sync/body'
import type { CarrierLink, CarrierUser } from '../../../src/host/channel/carrier'
import { Cable } from '../host/carrier-cable'
import { catchAll, Rig, TAB, until, userNode, type FlowNode, type Message } from './rig'
import { ScriptedPair } from './scripted-pair'

const CONFIG: FlowNode = { id: 'scripted', type: 'ha-pair' }
const seqs = (messages: readonly Message[]): unknown[] => messages.map((msg) => (msg as { seq?: unknown }).seq)
const pairs = (messages: readonly Message[]): unknown[] => messages.map(({ pair }) => pair)

/** The same node on the other host. */
class Other implements CarrierUser {
  readonly kind: 'gate' | 'sync'
  readonly id: string
  readonly terms = {}
  readonly bodies: Uint8Array[] = []
  link: CarrierLink | null = null
  peerTerms: CarrierUser['terms'] = {}

  constructor(kind: 'gate' | 'sync', id: string) {
    this.kind = kind
    this.id = id
  }

  joined(link: CarrierLink, peerTerms: CarrierUser['terms']): void {
    this.link = link
    this.peerTerms = peerTerms
  }
  parted(): void {
    this.link = null
  }
  received(body: Uint8Array): void {
    this.bodies.push(body)
  }
  drained(): void {}
  flush(): void {}

  /** Numbers below 32 of a topic. */
  tell(topic: string, ...numbers: readonly number[]): void {
    const mask = numbers.reduce((bits, number) => bits | (1 << number), 0)
    const section: Section = {
      topic: `s${topic}`,
      series: null,
      highest: Math.max(...numbers),
      chunks: [{ index: 0, mask }]
    }
    this.link?.send(encode({ allTold: null, again: false, sections: [section] }))
  }
}

const flow = (properties: object = {}): FlowNode[] => [
  CONFIG,
  ...userNode('ha-pair-gate', 'gate', CONFIG, { whenClosed: 'resume', ...properties }),
  ...catchAll()
]
const synced = (properties: object = {}): FlowNode[] => [
  CONFIG,
  ...userNode('ha-pair-sync', 'sync', CONFIG, properties),
  ...catchAll()
]

describe('nodes that talk to their like', () => {
  let rig: Rig
  let pair: ScriptedPair
  let cable: Cable
  beforeEach(() => {
    rig = new Rig()
    pair = new ScriptedPair()
    cable = new Cable(LOOP)
    pair.carrier = cable.ends[0]
  })
  afterEach(() => rig.close())

  const other = (kind: 'gate' | 'sync', id: string): Other => {
    const user = new Other(kind, id)
    cable.ends[1].attach(user)
    return user
  }
  const load = (nodes: readonly FlowNode[]): Promise<void> => rig.load(nodes, {}, pair.configNode)
  const serve = (serving: boolean): void => {
    pair.set(serving ? { role: 'active', serving: true, epoch: 8 } : { role: 'standby', serving: false })
    pair.tell({ role: serving ? 'active' : 'standby' })
  }
  const send = (...numbers: readonly number[]): void => {
    for (const seq of numbers) rig.send('gate', { topic: 'line', seq })
  }

  it('holds, forgets what the other one has let through, and goes on with the rest', async () => {
    const peer = other('gate', 'gate')
    await load(flow({ keep: '500', keepFor: 3000, order: 'rising' }))
    assert.deepEqual(peer.peerTerms, { sequence: 'seq', series: '', order: 'rising', keep: 500, keepForMs: 3000 })
    send(1, 2, 3, 4)
    await rig.shows('gate', 'blue', /4 held$/)
    peer.tell('line', 1, 3)
    await rig.shows('gate', 'blue', /2 held$/)
    serve(true)
    const passed = await rig.received('gate.1', 1)
    assert.deepEqual([seqs(passed), pairs(passed)], [[4], [{ name: 'scripted', epoch: 8, unsure: true }]])
    const late = await rig.received('gate.2', 1)
    assert.deepEqual([seqs(late), pairs(late)], [[2], [{ name: 'scripted', epoch: 8, late: true }]])
    send(3)
    const again = await rig.received('gate.2', 2)
    assert.deepEqual(pairs(again)[1], { name: 'scripted', epoch: 8, passed: true })
    await until(() => peer.bodies.length > 0, 'the other one is told')
    const [told] = peer.bodies.map((body) => decode(body).sections)
    assert.deepEqual(
      told?.map(({ topic }) => topic),
      ['sline']
    )
  })

  it('finds number and series where the properties say; what is unusable is an error, on both sides', async () => {
    await load(flow({ sequence: 'payload.no', series: 'msg.payload.run' }))
    serve(true)
    const item = (no: unknown, run?: unknown): void => rig.send('gate', { topic: 'line', payload: { no, run } })
    item(1, 'x')
    item(1, 'y')
    item(1, 'x')
    await rig.received('gate.1', 2)
    await rig.received('gate.2', 1)
    rig.send('gate', { topic: 'line' })
    item('7')
    serve(false)
    rig.send('gate', { topic: () => 0, payload: { no: 1 } })
    const caught = await rig.received('caught', 3)
    assert.deepEqual(
      caught.map(({ error }) => error?.code),
      ['bad-number', 'bad-number', 'bad-topic']
    )
    assert.match(caught[0]?.error?.message ?? '', /msg\.payload\.no .* 9007199254740991, and is undefined/)
    assert.match(caught[1]?.error?.message ?? '', /is "7"/)
  })

  it('with a setting that cannot be used it stays closed, and says which', async () => {
    for (const [properties, text] of [
      [{ keep: 0 }, /keep: "0"/],
      [{ keepFor: 'soon' }, /keepFor: "soon"/],
      [{ order: 'falling' }, /order: "falling"/],
      [{ sequence: 'payload[' }, /sequence: "payload\["/]
    ] as const) {
      await load(flow(properties))
      serve(true)
      rig.clearInboxes()
      send(1)
      const [caught] = await rig.received('caught', 1)
      assert.equal(caught?.error?.code, 'bad-settings')
      assert.match(caught?.error?.message ?? '', text)
      assert.deepEqual(rig.inbox('gate.1'), [])
      await rig.close()
      rig = new Rig()
      pair.carrier = new Cable(LOOP).ends[0]
    }
  })

  it('what is held outlives a deploy, also in a subflow, where the node gets another id', async () => {
    const inSubflow: FlowNode[] = [
      CONFIG,
      {
        id: 'sub',
        type: 'subflow',
        name: '',
        in: [{ wires: [{ id: 'inner' }] }],
        out: [{ wires: [{ id: 'inner', port: 0 }] }]
      },
      {
        id: 'inner',
        type: 'ha-pair-gate',
        z: 'sub',
        x: 0,
        y: 0,
        pair: CONFIG.id,
        whenClosed: 'resume',
        wires: [[], []]
      },
      { id: 'instance', type: 'subflow:sub', z: TAB.id, x: 0, y: 0, wires: [['box']] },
      { id: 'box', type: 'inbox', z: TAB.id, x: 0, y: 0, wires: [] }
    ]
    await load(inSubflow)
    const [place] = [...cable.ends[0].users.keys()]
    rig.send('instance', { topic: 'line', seq: 5 })
    await until(() => pair.gateCalls > 0, 'it has arrived')
    await rig.deploy(inSubflow)
    assert.deepEqual([...cable.ends[0].users.keys()], [place])
    assert.match(place ?? '', /^gate .*instance.*inner$/)
    serve(true)
    assert.deepEqual(seqs(await rig.received('box', 1)), [5])
  })

  it('deleted: the carrier is free, and nothing is left', async () => {
    await load(flow())
    send(1)
    await rig.deploy([CONFIG, ...catchAll()])
    assert.equal(cable.ends[0].users.size, 0)
    await rig.deploy(flow())
    serve(true)
    send(2)
    assert.deepEqual(seqs(await rig.received('gate.1', 1)), [2])
  })

  it('without a pair every message is an error', async () => {
    await load([...userNode('ha-pair-gate', 'gate', null, { whenClosed: 'resume' }), ...catchAll()])
    send(1)
    const [caught] = await rig.received('caught', 1)
    assert.equal(caught?.error?.code, 'no-pair')
  })

  it('ha-pair-sync: sends what enters while this side serves; else counts it on the badge', async () => {
    const peer = other('sync', 'sync')
    await load(synced())
    assert.deepEqual(peer.peerTerms, { mode: 'latest' })
    rig.send('sync', { topic: 'x', payload: 1 })
    await rig.shows('sync', 'blue', /1 ignored$/)
    serve(true)
    rig.send('sync', { topic: 'x', payload: 2 })
    await until(() => peer.bodies.length > 0, 'it is sent')
    const [body] = peer.bodies
    assert.ok(body)
    const { topic, payload } = messageIn(decodeBody(body).entry.text)
    assert.deepEqual([topic, payload], ['x', 2])
    rig.send('sync', { topic: 'x', payload: () => 0 })
    const [caught] = await rig.received('caught', 1)
    assert.equal(caught?.error?.code, 'bad-message')
  })

  it('ha-pair-sync: what comes leaves marked, and once more when the role is taken', async () => {
    const peer = other('sync', 'sync')
    await load(synced())
    peer.link?.send(Buffer.concat([Buffer.from([1, 0]), Buffer.alloc(12, 7), Buffer.from('{"topic":"x","payload":5}')]))
    const [first] = await rig.received('sync.1', 1)
    assert.deepEqual([first?.payload, first?.pair], [5, { name: 'scripted', epoch: 7, synced: true }])
    serve(true)
    const [, second] = await rig.received('sync.1', 2)
    assert.deepEqual([second?.payload, second?.pair], [5, { name: 'scripted', epoch: 8, synced: true, replay: true }])
  })

  it('ha-pair-sync: without a pair every message is an error', async () => {
    await load([...userNode('ha-pair-sync', 'sync', null), ...catchAll()])
    rig.send('sync', { payload: 1 })
    const [caught] = await rig.received('caught', 1)
    assert.equal(caught?.error?.code, 'no-pair')
  })
})
