import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Node, NodeStatus } from 'node-red'
import { type Badge, BadgeSign, gateBadge, pairBadge } from '../../../nodes/badge'
import { whenFlowsStarted } from '../../../nodes/flows-started'
import { Rig, userNode, type FlowNode, type Message } from './rig'
import { ScriptedPair } from './scripted-pair'
import { translator } from '../../support/texts'

const CONFIG: FlowNode = { id: 'scripted', type: 'ha-pair' }
const payloads = (messages: readonly Message[]): unknown[] => messages.map(({ payload }) => payload)

const gate = (whenClosed: string): FlowNode[] => [CONFIG, ...userNode('ha-pair-gate', 'gate', CONFIG, { whenClosed })]
const state = (properties: object = {}): FlowNode[] => [
  CONFIG,
  ...userNode('ha-pair-state', 'state', CONFIG, properties)
]
const detail = { role: 'active', previousRole: 'initial', epoch: 1 } as const
const event = (seq: number) => ({ event: 'role', seq, at: 0, reason: 'negotiated', detail }) as const
const inWords = ({ fill, shape, text }: Badge): string => `${fill} ${shape} ${text}`

describe('a gate at the instants that matter', () => {
  let rig: Rig
  let pair: ScriptedPair
  beforeEach(() => {
    rig = new Rig()
    pair = new ScriptedPair()
  })
  afterEach(() => rig.close())

  const load = (flow: readonly FlowNode[]): Promise<void> => rig.load(flow, {}, pair.configNode)
  const hold = (...topics: string[]): void => {
    for (const topic of topics) rig.send('gate', { topic, payload: `old ${topic}` })
  }

  it('asks once for each message, and believes nothing older', async () => {
    await load(gate('second-output'))
    pair.openFor(2)
    for (const payload of [1, 2, 3, 4]) rig.send('gate', { payload })
    assert.deepEqual(payloads(await rig.received('gate.1', 2)), [1, 2])
    assert.deepEqual(payloads(await rig.received('gate.2', 2)), [3, 4])
    assert.equal(pair.gateCalls, 4)
  })

  it('releases a moment after the pair said that it serves, each message decided at its own instant', async () => {
    await load(gate('hold-latest'))
    hold('x', 'y')
    pair.set({ role: 'active', serving: true, epoch: 8 })
    const before = pair.gateCalls
    pair.tell({ role: 'active' })
    assert.equal(pair.gateCalls - before, 0, 'what comes through other gates in this moment goes first')
    const released = await rig.received('gate.1', 2)
    assert.equal(pair.gateCalls - before, 2)
    assert.deepEqual(
      released.map(({ pair: stamp }) => stamp?.epoch),
      [8, 8]
    )
  })

  it('stops releasing when the gate closes in between, and keeps the rest', async () => {
    await load(gate('hold-latest'))
    hold('x', 'y', 'z')
    pair.openFor(2)
    pair.tell()
    assert.deepEqual(payloads(await rig.received('gate.1', 2)), ['old x', 'old y'])
    await rig.shows('gate', 'blue', /1 held$/)
    pair.set({ role: 'active', serving: true })
    pair.tell()
    assert.deepEqual(payloads(await rig.received('gate.1', 3)), ['old x', 'old y', 'old z'])
  })

  it('holds a message back when the gate closes while older ones are released before it', async () => {
    await load(gate('hold-latest'))
    hold('x', 'y')
    pair.openFor(3)
    rig.send('gate', { topic: 'z', payload: 'new z' })
    assert.deepEqual(payloads(await rig.received('gate.1', 2)), ['old x', 'old y'])
    await rig.shows('gate', 'blue', /1 held$/)
    pair.set({ role: 'active', serving: true })
    pair.tell()
    assert.deepEqual(payloads(await rig.received('gate.1', 3)), ['old x', 'old y', 'new z'])
  })

  it('releases although nobody told it that the gate had opened', async () => {
    await load(gate('hold-latest'))
    hold('x')
    pair.set({ role: 'active', serving: true })
    assert.deepEqual(payloads(await rig.received('gate.1', 1)), ['old x'])
    await rig.shows('gate', 'green', /^open$/)
  })

  it('a message that finds the gate open overtakes nothing, and replaces what is held of its topic', async () => {
    await load(gate('hold-latest'))
    hold('x', 'y', 'z')
    pair.set({ role: 'active', serving: true })
    rig.send('gate', { topic: 'y', payload: 'new y' })
    assert.deepEqual(payloads(await rig.received('gate.1', 3)), ['old x', 'old z', 'new y'])
  })

  it('lets what it holds go on in portions, in order, and what comes meanwhile behind it', async () => {
    await load(gate('hold-latest'))
    const topics = Array.from({ length: 40 }, (_, i) => `topic ${i}`)
    hold(...topics)
    pair.set({ role: 'active', serving: true })
    const before = pair.gateCalls
    pair.tell()
    assert.ok(pair.gateCalls - before <= 8, 'the event loop is not kept for all of them')
    rig.send('gate', { topic: 'topic 39', payload: 'new 39' })
    rig.send('gate', { topic: 'other', payload: 'other' })
    const expected = [...topics.slice(0, -1).map((topic) => `old ${topic}`), 'new 39', 'other']
    assert.deepEqual(payloads(await rig.received('gate.1', expected.length)), expected)
    rig.send('gate', { topic: 'late', payload: 'late' })
    assert.deepEqual(payloads(await rig.received('gate.1', expected.length + 1)).at(-1), 'late')
  })

  it('what a deploy carries over waits until its receivers are built', async () => {
    await load(gate('hold-latest'))
    hold('x', 'y')
    pair.set({ role: 'active', serving: true })
    pair.onObserve = (observer) => observer.onStatus?.()
    await rig.deploy(gate('hold-latest'))
    assert.deepEqual(payloads(await rig.received('gate.1', 2)), ['old x', 'old y'])
  })

  it('notices that its badge is behind, without a badge for each message', async () => {
    await load(gate('drop'))
    pair.set({ role: 'active', serving: true })
    rig.send('gate', { payload: 1 })
    await rig.shows('gate', 'green', /^open$/)
    pair.set({ role: 'active', serving: false })
    for (let index = 0; index < 50; index++) rig.send('gate', { payload: index })
    await rig.shows('gate', 'red', /^closed · paused$/)
    assert.equal(rig.badges('gate').length, 3)
  })

  it('stops observing when it closes', async () => {
    await load(gate('drop'))
    assert.equal(pair.observers, 1)
    await rig.node('gate').close(true)
    assert.equal(pair.observers, 0)
  })
})

describe('a state node at the instants that matter', () => {
  let rig: Rig
  let pair: ScriptedPair
  beforeEach(() => {
    rig = new Rig()
    pair = new ScriptedPair()
  })
  afterEach(() => rig.close())

  it('makes no message for an output that leads nowhere, and one as soon as a deploy has wired it', async () => {
    await rig.load(state({ initial: false, wires: [['state.1'], [], []] }), {}, pair.configNode)
    let made = 0
    const status = pair.status.bind(pair)
    pair.status = () => {
      made++
      return status()
    }
    const tell = (seq: number): number => {
      made = 0
      pair.tell({ role: seq % 2 === 0 ? 'active' : 'standby', event: event(seq) })
      return made
    }
    assert.equal(tell(1), 1)
    const node = rig.node('state') as Node & { updateWires(wires: readonly string[][]): void }
    node.updateWires([['state.1'], [], ['state.3']])
    assert.equal(tell(2), 2)
    assert.deepEqual(payloads(await rig.received('state.3', 1)), [event(2)])
  })

  it('what happens while the flows are being built is told when they run', async () => {
    pair.onObserve = (observer) => {
      observer.onRole?.('active')
      observer.onRole?.('standby')
      observer.onEvent?.(event(1))
      observer.onEvent?.(event(2))
    }
    await rig.load(state(), {}, pair.configNode)
    await rig.received('state.3', 2)
    assert.deepEqual(payloads(rig.inbox('state.1')), ['active', 'standby'])
    assert.deepEqual(payloads(rig.inbox('state.2')), [true])
    assert.deepEqual(payloads(rig.inbox('state.3')), [event(1), event(2)])
  })

  it('a change that the first message told already is not told again', async () => {
    await rig.load(state(), {}, pair.configNode)
    await rig.received('state.2', 1)
    pair.tell({ role: 'standby', online: true, event: event(1) })
    pair.set({ role: 'active', serving: true })
    pair.tell({ role: 'active', event: event(2) })
    pair.set({ role: 'standby', serving: false })
    pair.tell({ role: 'standby', event: event(3) })
    await rig.received('state.3', 3)
    assert.deepEqual(payloads(rig.inbox('state.1')), ['standby', 'active', 'standby'])
    assert.deepEqual(payloads(rig.inbox('state.2')), [true])
  })

  it('a deploy of other nodes does not make it speak again', async () => {
    await rig.load(state(), {}, pair.configNode)
    await rig.received('state.2', 1)
    pair.set({ role: 'active', serving: true })
    await rig.deploy([...state(), { id: 'other', type: 'inbox', z: 'tab', x: 0, y: 0, wires: [] }], 'nodes')
    pair.tell({ event: event(1) })
    await rig.received('state.3', 1)
    assert.deepEqual(payloads(rig.inbox('state.1')), ['standby'])
  })
})

describe('waiting for the flows', () => {
  it('each waits once, and one listener serves them all', () => {
    const events = new EventEmitter()
    let runs = 0
    for (let node = 0; node < 50; node++) whenFlowsStarted(events, () => runs++)
    const callOff = whenFlowsStarted(events, () => assert.fail('was called off'))
    callOff()
    assert.equal(events.listenerCount('flows:started'), 1)
    events.emit('flows:started')
    assert.equal(runs, 50)
    whenFlowsStarted(events, () => runs++)
    events.emit('flows:started')
    events.emit('flows:started')
    assert.equal(runs, 51)
  })
})

describe('badges', () => {
  const say = translator('ha-pair')
  const inUse = { code: 'port-in-use', detail: '' } as const
  const table = [
    [{ role: 'active', serving: true, online: true }, null, 'green dot Active · peer online', 'green dot open'],
    [
      { role: 'active', serving: true, online: false },
      null,
      'red dot both Active? · no peer yet',
      'red dot open · both Active? · no peer yet'
    ],
    [{ role: 'active', serving: false, online: true }, null, 'red ring paused · Active', 'red ring closed · paused'],
    [{ role: 'standby', online: true }, null, 'blue ring Standby · peer online', 'blue ring closed · Standby'],
    [
      { role: 'standby', online: false },
      null,
      'red ring nobody Active? · peer silent',
      'red ring closed · nobody Active? · peer silent'
    ],
    [
      { role: 'initial', online: false },
      null,
      'red ring nobody Active? · no peer',
      'red ring closed · nobody Active? · no peer'
    ],
    [
      { role: 'active', serving: true, online: true },
      inUse,
      'yellow dot port in use · Active',
      'yellow dot open · port in use'
    ],
    [{ role: 'initial', online: false }, inUse, 'red ring port in use · Starting', 'red ring closed · port in use']
  ] as const
  for (const [change, trouble, ofPair, ofGate] of table) {
    it(`${ofPair} / ${ofGate}`, () => {
      const pair = new ScriptedPair()
      pair.set(change, trouble)
      const shown = { status: pair.status(), situation: pair.situation() }
      assert.equal(inWords(pairBadge(shown, say)), ofPair)
      assert.equal(inWords(gateBadge(shown.status.serving, 0, shown, say)), ofGate)
    })
  }

  it('are shown when they change, and only then', () => {
    const shown: (string | NodeStatus)[] = []
    const sign = new BadgeSign({ status: (badge: string | NodeStatus) => void shown.push(badge) } as unknown as Node)
    sign.show({ fill: 'green', shape: 'dot', text: 'open' })
    sign.show({ fill: 'green', shape: 'dot', text: 'open' })
    sign.show({ fill: 'green', shape: 'ring', text: 'open' })
    sign.show({ fill: 'blue', shape: 'ring', text: 'open' })
    sign.show({ fill: 'blue', shape: 'ring', text: 'shut' })
    assert.equal(shown.length, 4)
  })
})
