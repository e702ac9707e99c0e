import assert from 'node:assert/strict'
import type { Socket } from 'node:dgram'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lookThrough, mayServe, nowUs } from '../../../src/engine/cells'
import { systemClock } from '../../../src/engine/clock'
import type { FromEngine, PairKeys } from '../../../src/engine/messages'
import { Seal } from '../../../src/engine/seal'
import {
  encodeClassic,
  encodeExtended,
  EXTENDED_BYTES,
  readClock,
  stampClock,
  type Frame,
  type Trailer
} from '../../../src/protocol/wire/frame'
import type { Output } from '../../../src/protocol/machine'
import type { PairRecord } from '../../../src/protocol/record'
import type { PairSettings } from '../../../src/protocol/settings'
import {
  closed,
  FakeMachine,
  freePorts,
  HandClock,
  holds,
  link,
  LOOPBACK,
  NO_KEYS,
  open,
  settings,
  TestEngine,
  until
} from '../../support/engine-rig'

const FRAME: Frame = { head: 'connected', state: 'active', id: 7, value: 9, trailer: null }
const TRAILER: Trailer = {
  keyId: 0,
  nodeId: 1n,
  session: 1n,
  echo: 0n,
  seq: 1,
  ack: 0,
  epoch: 0,
  priority: 100,
  fitness: 255,
  policy: 'availability',
  reason: 'starting',
  flags: {
    probe: false,
    ready: false,
    serving: false,
    holder: false,
    preferred: false,
    goodbye: false,
    wanted: false,
    refusal: false,
    marked: false,
    channel: false,
    users: false,
    behind: false
  },
  link: 0,
  heardLinks: 0,
  heartbeatMs: 30,
  peerTimeoutMs: 600,
  promisedMs: 600,
  flowsHash: 0,
  record: 0,
  peerRecord: 0,
  dataEpoch: 0,
  dataNumber: 0
}
/** Of an extended frame; see `protocol/wire/frame.ts`. */
const KEY_ID_AT = 6
const SEND: Output = { kind: 'send', link: 0, toSource: false, frame: FRAME }

const BECAME_ACTIVE = { role: 'active', previousRole: 'initial', epoch: 1 } as const
const SECRET: PairKeys = { key: 'a strong secret', previousKey: '' }

/** The bytes of a frame of the extended wire; without keys it has no seal. */
function word(trailer: Partial<Trailer>, keys: PairKeys | null): Buffer {
  const bytes = Buffer.alloc(EXTENDED_BYTES)
  encodeExtended({ ...FRAME, trailer: { ...TRAILER, ...trailer } }, bytes)
  if (keys !== null) new Seal(keys).close(bytes)
  return bytes
}

const nowS = (): number => Math.floor(Date.now() / 1000)

/** Blocks this thread, and with it the engine of the test. */
function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

describe('the engine', () => {
  let machines: FakeMachine[]
  let engine: TestEngine
  let ports: number[]
  let next: number
  const sockets: Socket[] = []

  const begin = (clock = systemClock()): void => {
    machines = []
    next = 0
    engine = new TestEngine(
      () => {
        const machine = new FakeMachine()
        machines.push(machine)
        return machine
      },
      { clock }
    )
  }
  /** A pair on the classic wire, whose frames need no seal, with a peer of plain dgram. */
  const addPair = async (
    over: Partial<PairSettings> = {},
    storeFile: string | null = null
  ): Promise<{ id: number; machine: FakeMachine; port: number; peer: Socket; heard: Buffer[] }> => {
    const id = ++next
    const peer = await open()
    sockets.push(peer)
    const heard: Buffer[] = []
    peer.on('message', (bytes) => heard.push(bytes))
    const port = ports[id] ?? 0
    engine.add(id, settings([link(port, peer.address().port)], { wire: 'classic', ...over }), undefined, storeFile)
    const machine = machines[id - 1] as FakeMachine
    await until('the link is open', () => machine.kinds().includes('link'))
    return { id, machine, port, peer, heard }
  }

  /** A pair on the extended wire, with a peer of plain dgram. */
  const addSealed = async (
    keys: PairKeys,
    over: Partial<PairSettings> = {}
  ): Promise<{ id: number; machine: FakeMachine; port: number; peer: Socket; heard: Buffer[] }> => {
    const id = ++next
    const peer = await open()
    sockets.push(peer)
    const heard: Buffer[] = []
    peer.on('message', (bytes) => heard.push(bytes))
    const port = ports[id] ?? 0
    engine.add(id, settings([link(port, peer.address().port)], over), keys)
    const machine = machines[id - 1] as FakeMachine
    await until('the link is open', () => machine.kinds().includes('link'))
    return { id, machine, port, peer, heard }
  }

  /** Turns of the event loop in which the engine looked, while an overdue heartbeat's deadline was half a ms away. */
  const looksAt = async (heartbeatMs: number, heardAgoMs: number, peerTimeoutMs = 1000): Promise<number> => {
    const clock = new HandClock()
    begin(clock)
    const { machine } = await addPair({ heartbeatMs, peerTimeoutMs })
    const peer = {
      role: 'active',
      epoch: 1,
      priority: 100,
      fitness: 255,
      ready: true,
      link: 0,
      roundTripMs: null
    } as const
    machine.show({ role: 'standby', online: true, peer: { ...peer, heardAtMs: clock.nowMs() - heardAgoMs } })
    machine.dueMs = clock.nowMs() + 0.5
    engine.engine.handle({ type: 'fitness', pairId: 1, value: 1 })
    const before = engine.engine.round
    await new Promise((later) => setTimeout(later, 30))
    const looks = engine.engine.round - before
    assert.equal(machine.count('tick'), 0)
    clock.advanceMs(0.5)
    await until('it is judged', () => machine.count('tick') > 0)
    machine.dueMs = Infinity
    return looks
  }

  beforeEach(async () => {
    ports = await freePorts(5)
    begin()
  })
  afterEach(async () => {
    for (let id = 1; id <= next; id++) {
      if (!engine.of(id).some((message) => message.type === 'removed')) await engine.remove(id)
    }
    await Promise.all(sockets.splice(0).map(closed))
  })

  describe('drives a machine', () => {
    it('from its start through its links to its frames', async () => {
      const { id, machine, port, peer } = await addPair()
      assert.deepEqual(machine.steps[0]?.input, { kind: 'start', record: null })
      assert.deepEqual(machine.steps[1]?.input, { kind: 'link', link: 0, open: true, detail: '' })
      await until('the host knows', () => engine.snapshot(id)?.links[0]?.open === true)
      peer.send(encodeClassic(FRAME), port, LOOPBACK)
      await until('the frame is stepped', () => machine.count('frame') === 1)
      assert.deepEqual(machine.steps.at(-1)?.input, { kind: 'frame', link: 0, frame: FRAME })
    })

    it('sends what it says, at once', async () => {
      const { machine, port, peer, heard } = await addPair()
      machine.answer = (input) => (input.kind === 'frame' ? [SEND] : [])
      peer.send(encodeClassic(FRAME), port, LOOPBACK)
      await until('the answer arrives', () => heard.length === 1)
      assert.deepEqual(heard[0], Buffer.from([0xff, 0xaa, 1, 7, 9]))
    })

    it('sends an answer that is for whoever asked only there, and all else to where the peer is configured', async () => {
      const { id, machine, port, heard } = await addSealed(SECRET)
      const stranger = await open('127.0.0.2')
      sockets.push(stranger)
      const answers: Buffer[] = []
      stranger.on('message', (bytes) => answers.push(bytes))
      const answer = { ...SEND, toSource: true, frame: { ...FRAME, id: 1, trailer: TRAILER } }
      const regular = { ...SEND, frame: { ...FRAME, id: 2, trailer: TRAILER } }
      machine.answer = (input) => (input.kind === 'frame' ? [answer] : input.kind === 'fitness' ? [regular] : [])
      stranger.send(word({ session: 5n }, SECRET), port, LOOPBACK)
      await until('it is answered', () => answers.length === 1)
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      await until('the peer hears the other', () => heard.length === 1)
      assert.deepEqual([answers.map((bytes) => bytes[3]), heard.map((bytes) => bytes[3])], [[1], [2]])
    })

    it('a frame of one link that is played again on another moves nothing there', async () => {
      const id = ++next
      const [peer, elsewhere] = [await open(), await open('127.0.0.2')]
      sockets.push(peer, elsewhere)
      const [x = 0, y = 0] = await freePorts(2)
      engine.add(id, settings([link(x, peer.address().port), link(y, peer.address().port)]), SECRET)
      const machine = machines[id - 1] as FakeMachine
      await until('both links are open', () => machine.count('link') === 2)
      const regular = { ...SEND, frame: { ...FRAME, id: 2, trailer: TRAILER } }
      machine.answer = (input) => {
        if (input.kind === 'fitness') return [regular]
        return input.kind === 'frame' && input.link === 1 ? [{ kind: 'drop', link: 1, cause: 'replayed' }] : []
      }
      machine.show({ session: TRAILER.session, peerSession: 5n })
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      const said = word({ session: 5n, echo: TRAILER.session, seq: 7 }, SECRET)
      peer.send(said, x, LOOPBACK)
      await until('it is heard', () => machine.count('frame') === 1)
      elsewhere.send(said, y, LOOPBACK)
      await until('it is judged', () => machine.count('frame') === 2)
      const contacts = engine.of(id).flatMap((message) => (message.type === 'contact' ? [message.contact] : []))
      assert.deepEqual(contacts.at(-1)?.addresses, [LOOPBACK, null])
    })

    it('the very first frame of the peer from another address is answered there', async () => {
      const { id, machine, port } = await addSealed(SECRET)
      const elsewhere = await open('127.0.0.2')
      sockets.push(elsewhere)
      const answers: Buffer[] = []
      elsewhere.on('message', (bytes) => answers.push(bytes))
      const regular = { ...SEND, frame: { ...FRAME, id: 2, trailer: TRAILER } }
      machine.answer = (input) => (input.kind === 'frame' || input.kind === 'fitness' ? [regular] : [])
      machine.show({ session: TRAILER.session, peerSession: 5n })
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      elsewhere.send(word({ session: 5n, echo: TRAILER.session, seq: 1 }, SECRET), port, LOOPBACK)
      await until('it is answered', () => answers.length === 1)
    })

    it('without a key answers nobody but the configured host', async () => {
      const { machine, port, peer, heard } = await addSealed(NO_KEYS)
      const otherPort = await open()
      sockets.push(otherPort)
      otherPort.on('message', () => assert.fail('answered'))
      const answer = { ...SEND, toSource: true, frame: { ...FRAME, trailer: TRAILER } }
      machine.answer = (input) => (input.kind === 'frame' ? [answer] : [])
      otherPort.send(word({ session: 5n }, NO_KEYS), port, LOOPBACK)
      peer.send(word({ session: 6n }, NO_KEYS), port, LOOPBACK)
      await until('both are answered', () => heard.length === 2)
    })

    it('and tells it, in a step of its own, what did not go out', async () => {
      const id = ++next
      const port = ports[id] ?? 0
      // Nobody may send there without asking for it.
      engine.add(id, settings([{ ...link(port, port), peerHost: '255.255.255.255', localHost: '' }]), SECRET)
      const machine = machines[id - 1] as FakeMachine
      await until('the link is open', () => machine.kinds().includes('link'))
      let stepping = false
      machine.answer = (input) => {
        assert.equal(stepping, false)
        if (input.kind !== 'fitness') return []
        stepping = true
        queueMicrotask(() => (stepping = false))
        return [{ ...SEND, frame: { ...FRAME, trailer: TRAILER } }]
      }
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      await until('it is told', () => machine.count('unsent') === 1)
      assert.deepEqual(machine.steps.at(-1)?.input, { kind: 'unsent', link: 0 })
      assert.equal(machine.count('link'), 1, 'the link stays open')
    })

    it('at its deadline, and not before', async () => {
      const { machine } = await addPair()
      const clock = systemClock()
      machine.answer = (input) => {
        if (input.kind === 'tick') machine.dueMs = clock.nowMs() + 30
        return []
      }
      const dueMs = clock.nowMs() + 30
      machine.dueMs = dueMs
      engine.engine.handle({ type: 'fitness', pairId: 1, value: 1 })
      await until('five ticks', () => machine.count('tick') === 5)
      const ticks = machine.steps.filter(({ input }) => input.kind === 'tick')
      let earliestMs = dueMs
      for (const { nowMs } of ticks) {
        assert.ok(nowMs >= earliestMs, `${nowMs} is before ${earliestMs}`)
        earliestMs = nowMs + 29
      }
    })

    it('with times that never go back', async () => {
      const { machine, port, peer } = await addPair({ heartbeatMs: 5, peerTimeoutMs: 10 })
      const clock = systemClock()
      machine.answer = () => {
        machine.dueMs = clock.nowMs()
        return []
      }
      for (let i = 0; i < 50; i++) peer.send(encodeClassic(FRAME), port, LOOPBACK)
      await until('all is stepped', () => machine.count('frame') === 50 && machine.count('tick') > 20)
      for (const [i, { nowMs }] of machine.steps.entries()) assert.ok(nowMs >= (machine.steps[i - 1]?.nowMs ?? 0))
      machine.dueMs = Infinity
      machine.answer = () => []
    })

    it('with the commands, fitness and flows of the host, also before its store was read', async () => {
      const [a = 0, b = 0] = await freePorts(2)
      next = 1
      engine.add(1, settings([link(a, b)]))
      engine.engine.handle({ type: 'command', pairId: 1, requestId: 5, designate: 'swap', force: true })
      engine.engine.handle({ type: 'fitness', pairId: 1, value: 77 })
      engine.engine.handle({ type: 'flows', pairId: 1, hash: 88 })
      const machine = machines[0] as FakeMachine
      await until('all is stepped', () => machine.steps.length >= 4)
      assert.deepEqual(
        machine.steps.slice(0, 4).map(({ input }) => input),
        [
          { kind: 'start', record: null },
          { kind: 'command', id: 5, designate: 'swap', force: true },
          { kind: 'fitness', value: 77 },
          { kind: 'flows', hash: 88 }
        ]
      )
    })

    it('answers a command for a pair that has left', () => {
      engine.engine.handle({ type: 'command', pairId: 99, requestId: 5, designate: 'swap', force: false })
      assert.deepEqual(engine.of(99), [
        { type: 'reply', pairId: 99, requestId: 5, result: { ok: false, error: 'stopped', detail: '' } }
      ])
    })
  })

  describe('judges deadlines', () => {
    it('only after it has read what waited in the sockets during its own stall', async () => {
      const { machine, port, peer } = await addPair()
      machine.dueMs = systemClock().nowMs() + 20
      engine.engine.handle({ type: 'fitness', pairId: 1, value: 1 })
      await new Promise((later) => setImmediate(later))
      const from = machine.steps.length
      machine.answer = (input) => {
        if (input.kind === 'tick') machine.dueMs = Infinity
        return []
      }
      // More than one read of the event loop takes: libuv reads 32 at a time.
      for (let i = 0; i < 150; i++) peer.send(encodeClassic(FRAME), port, LOOPBACK)
      stall(60)
      await until('the tick', () => machine.count('tick') === 1)
      const order = machine.kinds().slice(from)
      assert.equal(order.indexOf('tick'), 150, order.join(' '))
    })

    it('although a flood never lets the socket run dry', async () => {
      const { machine, port, peer } = await addPair()
      let flooding = true
      const flood = (): void => {
        for (let i = 0; i < 40; i++) peer.send('x', port, LOOPBACK)
        if (flooding) setImmediate(flood)
      }
      flood()
      machine.answer = (input, nowMs) => {
        if (input.kind === 'tick') machine.dueMs = nowMs + 10
        return []
      }
      machine.dueMs = systemClock().nowMs()
      await until('ten ticks', () => machine.count('tick') >= 10)
      flooding = false
      machine.dueMs = Infinity
    })

    it('of many pairs with one timer, each in its time', async function () {
      this.timeout(20_000)
      const clock = systemClock()
      const count = 300
      // Nobody can bind the port of a link that does not resolve: these pairs have no sockets.
      for (let id = 1; id <= count; id++) {
        engine.add(id, settings([{ ...link(1, 2), peerHost: 'nowhere.invalid', localHost: 'nowhere.invalid' }]))
      }
      next = count
      await until('all have started', () => machines.every((machine) => machine.steps.length > 0))
      const lateMs: number[] = []
      for (const [i, machine] of machines.entries()) {
        machine.answer = (input, nowMs) => {
          if (input.kind === 'tick') {
            lateMs.push(nowMs - machine.dueMs)
            machine.dueMs = nowMs + 20 + (i % 30)
          }
          return []
        }
        machine.dueMs = clock.nowMs() + 5
        engine.engine.handle({ type: 'fitness', pairId: i + 1, value: 1 })
      }
      await until('each was judged ten times', () => machines.every((machine) => machine.count('tick') >= 10))
      for (const machine of machines) machine.dueMs = Infinity
      assert.ok(Math.min(...lateMs) >= 0, 'never early')
      lateMs.sort((a, b) => a - b)
      assert.ok((lateMs[lateMs.length >> 1] ?? Infinity) < 10, `late by ${lateMs[lateMs.length >> 1]} ms in the median`)
    })

    it('to a fraction of a ms where heartbeats are short and one is overdue', async () => {
      assert.ok((await looksAt(10, 30)) > 100)
    })

    it('to a fraction of a ms, however long heartbeats are, where the peer is about to count as lost', async () => {
      assert.ok((await looksAt(50, 999.5)) > 100)
    })

    it('by timers alone while no heartbeat is overdue', async () => {
      assert.ok((await looksAt(10, 5)) < 60)
    })

    it('by timers alone where heartbeats are long', async () => {
      assert.ok((await looksAt(50, 150)) < 60)
    })
  })

  describe('keeps the shared cells', () => {
    it('up to date before a send leaves', async () => {
      const { id, machine } = await addPair()
      machine.show({ role: 'active', serving: true, epoch: 4 })
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      assert.equal(engine.pairCell(id).read().serving, true)
      let servingAtSend: boolean | null = null
      machine.answer = () => {
        machine.show({ role: 'standby', serving: false })
        // Encoding the frame is the first thing that happens to a send.
        const frame = { ...FRAME }
        Object.defineProperty(frame, 'head', {
          get: () => {
            servingAtSend = engine.pairCell(id).read().serving
            return 'designate'
          }
        })
        return [{ kind: 'send', link: 0, toSource: false, frame }]
      }
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      assert.equal(servingAtSend, false)
    })

    it('with a tick often enough for the pair that needs it most', async () => {
      const { machine } = await addPair({ heartbeatMs: 60_000, peerTimeoutMs: 120_000 })
      machine.show({ role: 'active', serving: true, freshForMs: 200 })
      engine.engine.handle({ type: 'fitness', pairId: 1, value: 1 })
      const value = engine.pairCell(1).read()
      await until('the first tick', () => mayServe(value, engine.cell.read(), nowUs(), Date.now()))
      await holds('the gate is open', () => lookThrough(engine.pairCell(1), engine.cell).open, 1200)
    })

    it('as often from the very round in which a pair begins to serve', async () => {
      const { machine } = await addPair({ heartbeatMs: 60_000, peerTimeoutMs: 120_000 })
      machine.answer = (input) => {
        if (input.kind === 'tick') {
          machine.show({ role: 'active', serving: true, freshForMs: 200 })
          machine.dueMs = Infinity
        }
        return []
      }
      machine.dueMs = systemClock().nowMs()
      engine.engine.handle({ type: 'fitness', pairId: 1, value: 1 })
      const isOpen = (): boolean => lookThrough(engine.pairCell(1), engine.cell).open
      await until('the gate is open', isOpen)
      await holds('it stays open', isOpen, 1200)
    })

    it('so that a gate never sees a fresh tick beside what a stall has made untrue', async () => {
      const { machine, peer, port } = await addPair()
      const clock = systemClock()
      machine.show({ role: 'active', serving: true, freshForMs: 50 })
      machine.dueMs = clock.nowMs() + 100
      machine.answer = (input) => {
        if (input.kind !== 'tick') return []
        machine.show({ serving: false })
        machine.dueMs = Infinity
        return []
      }
      engine.engine.handle({ type: 'fitness', pairId: 1, value: 1 })
      const isOpen = (): boolean => lookThrough(engine.pairCell(1), engine.cell).open
      await until('the gate is open', isOpen)
      peer.send(encodeClassic(FRAME), port, LOOPBACK)
      stall(250)
      assert.equal(isOpen(), false, 'shut by the old tick')
      // From here on every turn of the loop is looked at, until the machine has judged.
      while (machine.count('tick') === 0) {
        assert.equal(isOpen(), false)
        await new Promise((later) => setImmediate(later))
      }
      assert.equal(isOpen(), false)
    })

    it('and its tick never passes a deadline that was not judged', async () => {
      const { machine } = await addPair()
      const clock = systemClock()
      const stuckMs = clock.nowMs()
      machine.dueMs = stuckMs
      engine.engine.handle({ type: 'fitness', pairId: 1, value: 1 })
      await until('some ticks', () => machine.count('tick') > 5)
      assert.ok(Number(engine.cell.readTick()) / 1000 <= stuckMs)
      machine.dueMs = Infinity
      engine.engine.handle({ type: 'fitness', pairId: 1, value: 1 })
      await until('the tick goes on', () => Number(engine.cell.readTick()) / 1000 > stuckMs)
    })
  })

  describe('notices', () => {
    it('that the machine slept, before anything else is stepped', async () => {
      const clock = new HandClock()
      begin(clock)
      const one = await addPair()
      const two = await addPair()
      clock.wallClockMs += 7000
      engine.engine.handle({ type: 'fitness', pairId: one.id, value: 1 })
      assert.deepEqual(
        one.machine.steps.slice(-2).map(({ input }) => input),
        [
          { kind: 'suspended', ms: 7000 },
          { kind: 'fitness', value: 1 }
        ]
      )
      assert.deepEqual(two.machine.steps.at(-1)?.input, { kind: 'suspended', ms: 7000 })
      clock.wallClockMs -= 7000
      engine.engine.handle({ type: 'fitness', pairId: one.id, value: 2 })
      assert.equal(one.machine.count('suspended'), 1)
      for (const { id } of [one, two]) {
        await until(
          'both jumps are told',
          () => engine.events(id).filter(({ event }) => event === 'clock').length === 2
        )
        assert.deepEqual(
          engine.events(id).map(({ event, reason, detail }) => [event, reason, detail]),
          [
            ['clock', 'suspended', { ms: 7000 }],
            ['clock', 'clock-set-back', { ms: -7000 }]
          ]
        )
      }
    })

    it('that the sides differ, or that both are Active, also where no event tells it', async () => {
      const { id, machine } = await addPair()
      const differences = [{ setting: 'flows', here: 1, peer: 2 }] as const
      machine.show({ differences, conflict: true })
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      await until('it is told', () => engine.snapshot(id)?.differences.length === 1)
      assert.equal(engine.snapshot(id)?.conflict, true)
      for (const change of [{ differences: [] }, { conflict: false }]) {
        machine.show(change)
        engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
        await until('the change is told', () => {
          const snapshot = engine.snapshot(id)
          return 'conflict' in change ? snapshot?.conflict === false : snapshot?.differences.length === 0
        })
      }
    })

    it('how far the peer’s time of day is from here, by what it says and not by its own words sent back', async () => {
      const id = ++next
      const peer = await open()
      sockets.push(peer)
      const heard: Buffer[] = []
      peer.on('message', (bytes) => heard.push(bytes))
      const port = ports[id] ?? 0
      engine.add(id, settings([link(port, peer.address().port)]))
      const machine = machines[id - 1] as FakeMachine
      let frames = 0
      machine.answer = (input) => {
        if (input.kind === 'fitness') return [{ ...SEND, frame: { ...FRAME, trailer: { ...TRAILER, session: 77n } } }]
        if (input.kind === 'frame') frames++
        return []
      }
      await until('the link is open', () => machine.kinds().includes('link'))
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      await until('it is heard', () => heard.length > 0)
      const saidS = readClock(heard[0] ?? Buffer.alloc(0))
      assert.ok([0, 1, 2].includes((nowS() - saidS) & 0xffff), `it said ${saidS}`)
      const says = async (aheadS: number, echo: bigint): Promise<void> => {
        const bytes = Buffer.alloc(EXTENDED_BYTES)
        encodeExtended({ ...FRAME, trailer: { ...TRAILER, session: 5n, echo } }, bytes)
        stampClock(bytes, nowS() + aheadS)
        new Seal(NO_KEYS).close(bytes)
        const before = frames
        peer.send(bytes, port, LOOPBACK)
        await until('the peer is heard', () => frames > before)
      }
      const told = (): number | undefined => engine.snapshot(id)?.peerAheadS
      await says(3600, 0n)
      await holds('a stranger tells nothing', () => (told() ?? 0) === 0, 100)
      await says(2, 77n)
      await holds('two seconds are nothing', () => (told() ?? 0) === 0, 100)
      await says(3600, 77n)
      await until('it is told', () => Math.abs((told() ?? 0) - 3600) <= 2)
      await says(-120, 77n)
      await until('it is told', () => Math.abs((told() ?? 0) + 120) <= 2)
      await says(0, 77n)
      await until('that is over', () => told() === 0)
    })

    it('that the main loop hangs, and that it runs again', async () => {
      const { id, machine } = await addPair({ stallLimitMs: 100 })
      const other = await addPair({ stallLimitMs: 600_000 })
      await holds('nobody is blamed before the first beat', () => machine.count('hostStalled') === 0, 200)
      engine.cell.beat()
      await until('the stall', () => machine.count('hostStalled') === 1)
      assert.deepEqual(machine.steps.find(({ input }) => input.kind === 'hostStalled')?.input, {
        kind: 'hostStalled',
        stalled: true
      })
      engine.cell.beat()
      await until('the end of the stall', () => machine.count('hostStalled') === 2)
      assert.deepEqual(machine.steps.filter(({ input }) => input.kind === 'hostStalled')[1]?.input, {
        kind: 'hostStalled',
        stalled: false
      })
      assert.equal(other.machine.count('hostStalled'), 0)
      assert.ok(engine.snapshot(id) !== null)
    })

    it('no stall of the main loop in a time in which it did not run itself', async () => {
      const { machine } = await addPair({ stallLimitMs: 200 })
      engine.cell.beat()
      await until('it has seen the beat', () => engine.cell.readTick() > 0n)
      await new Promise((later) => setTimeout(later, 20))
      stall(400)
      engine.engine.handle({ type: 'fitness', pairId: 1, value: 1 })
      await new Promise((later) => setImmediate(later))
      await new Promise((later) => setImmediate(later))
      assert.equal(machine.count('hostStalled'), 0)
      await until('a real one', () => machine.count('hostStalled') === 1)
    })
  })

  it('in a change of keys tells what the peer says twice once, and says twice what the peer could not hear else', async () => {
    const [fresh, old] = ['the new secret', 'the old secret'].map((key) => new Seal({ key, previousKey: '' }))
    assert.ok(fresh !== undefined && old !== undefined)
    const id = ++next
    const peer = await open()
    sockets.push(peer)
    const heard: (number | undefined)[] = []
    peer.on('message', (bytes) => heard.push(bytes[KEY_ID_AT]))
    const port = ports[id] ?? 0
    const keys = { key: 'the new secret', previousKey: 'the old secret' }
    engine.add(id, settings([link(port, peer.address().port)]), keys)
    const machine = machines[id - 1] as FakeMachine
    const seqs: number[] = []
    machine.answer = (input) => {
      if (input.kind === 'fitness') return [{ ...SEND, frame: { ...FRAME, trailer: { ...TRAILER, session: 77n } } }]
      if (input.kind !== 'frame' || input.frame.trailer === null) return []
      const { session, seq } = input.frame.trailer
      seqs.push(seq)
      return session === 77n ? [{ kind: 'drop', link: 0, cause: 'reflected' }] : []
    }
    await until('the link is open', () => machine.kinds().includes('link'))
    const says = (session: bigint, seq: number, seal: Seal): void => {
      const bytes = Buffer.alloc(EXTENDED_BYTES)
      encodeExtended({ ...FRAME, trailer: { ...TRAILER, session, seq } }, bytes)
      seal.close(bytes)
      peer.send(bytes, port, LOOPBACK)
    }
    /** The keys of its next two words. */
    const keysOfTwoWords = async (copies: 1 | 2): Promise<(number | undefined)[]> => {
      for (let i = 0; i < 2; i++) engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      await until('both are heard', () => heard.length >= 2 * copies)
      return heard.splice(0)
    }
    const [one, two] = [[fresh.keyId], [fresh.keyId, old.keyId]]

    assert.deepEqual(await keysOfTwoWords(2), [...two, ...two], 'nobody was heard yet')
    says(5n, 1, fresh)
    says(5n, 1, old)
    says(5n, 2, fresh)
    await until('the peer is heard', () => seqs.includes(2))
    assert.deepEqual(seqs, [1, 2])
    assert.deepEqual(await keysOfTwoWords(1), [...one, ...one], 'the peer has the new key')
    says(5n, 3, old)
    await until('the peer is heard', () => seqs.includes(3))
    assert.deepEqual(await keysOfTwoWords(2), [...two, ...two], 'the peer was set back')
    says(77n, 4, fresh)
    await until('its own word comes back', () => seqs.includes(4))
    assert.deepEqual(await keysOfTwoWords(2), [...two, ...two], 'its own word says nothing of the peer')
  })

  describe('tells the host', () => {
    it('every event in order, and each role by itself', async () => {
      const { id, machine } = await addPair()
      const before = engine.of(id).length
      machine.answer = (input) => {
        if (input.kind !== 'fitness') return []
        const role = input.value === 1 ? 'active' : 'standby'
        const previousRole = machine.shown.role
        machine.show({ role, previousRole })
        return [{ kind: 'event', event: 'role', reason: 'operator', detail: { role, previousRole, epoch: 1 } }]
      }
      for (const value of [1, 2, 1]) engine.engine.handle({ type: 'fitness', pairId: id, value })
      const updates = engine.of(id).slice(before)
      assert.deepEqual(
        updates.map((message) =>
          message.type === 'update' ? [message.snapshot.role, message.events.map(({ detail }) => detail)] : null
        ),
        [
          ['active', [{ role: 'active', previousRole: 'initial', epoch: 1 }]],
          ['standby', [{ role: 'standby', previousRole: 'active', epoch: 1 }]],
          ['active', [{ role: 'active', previousRole: 'standby', epoch: 1 }]]
        ]
      )
    })

    it('nothing while nothing changes', async () => {
      const { id, machine, port, peer } = await addPair()
      machine.show({
        peer: {
          role: 'standby',
          epoch: 1,
          priority: 100,
          fitness: 255,
          ready: true,
          link: 0,
          heardAtMs: 5,
          roundTripMs: 1
        },
        linksUp: [true]
      })
      peer.send(encodeClassic(FRAME), port, LOOPBACK)
      await until('the peer is told', () => engine.snapshot(id)?.peer !== null)
      const said = engine.said.length
      for (let i = 0; i < 20; i++) {
        machine.show({
          peer: {
            role: 'standby',
            epoch: 1,
            priority: 100,
            fitness: 255,
            ready: true,
            link: 0,
            heardAtMs: 10 + i,
            roundTripMs: i
          }
        })
        peer.send(encodeClassic(FRAME), port, LOOPBACK)
      }
      await until('all frames are stepped', () => machine.count('frame') === 21)
      await new Promise((later) => setImmediate(later))
      assert.equal(engine.said.length, said)
      assert.deepEqual([engine.pairCell(id).read().heardAtMs, engine.pairCell(id).read().roundTripMs], [29, 19])
    })

    it('whatever changes of the peer, also when he goes and comes back', async () => {
      const { id, machine, peer: socket } = await addPair()
      const first = {
        role: 'standby',
        epoch: 1,
        priority: 100,
        fitness: 255,
        ready: true,
        link: 0,
        heardAtMs: 5,
        roundTripMs: 1
      } as const
      const place = { host: LOOPBACK, port: socket.address().port }
      for (const peer of [
        first,
        { ...first, role: 'active', epoch: 7 } as const,
        { ...first, priority: 9 },
        { ...first, fitness: 0 },
        { ...first, ready: false },
        null,
        { ...first, epoch: 12 }
      ]) {
        machine.show({ peer })
        engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
        await new Promise((later) => setImmediate(later))
        const { role = null, epoch = null, priority = null, fitness = null, ready = null } = peer ?? {}
        const told = { role, epoch, priority, fitness, ready, ...place }
        assert.deepEqual(engine.snapshot(id)?.peer, peer === null ? null : told)
      }
    })

    it('whom the channel is for, and where, at each change and not else', async () => {
      const { id, machine, port, peer } = await addSealed(SECRET)
      const elsewhere = await open('127.0.0.2')
      sockets.push(elsewhere)
      const told = (): unknown[] =>
        engine.of(id).flatMap((message) => (message.type === 'contact' ? [message.contact] : []))
      const contact = (
        session: bigint,
        peerSession: bigint,
        address: string | null
      ): FromEngine & { type: 'contact' } => ({
        type: 'contact',
        pairId: id,
        contact: { session, peerSession, addresses: [address] }
      })
      const look = (): void => engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      const hears = async (socket: Socket, session: bigint, seq: number): Promise<void> => {
        const before = machine.count('frame')
        socket.send(word({ session, seq, echo: 70n }, SECRET), port, LOOPBACK)
        await until('it is stepped', () => machine.count('frame') > before)
      }
      await hears(peer, 5n, 1)
      assert.deepEqual(told(), [], 'a greeting is no contact')
      machine.show({ session: 70n, peerSession: 5n })
      await hears(peer, 5n, 1)
      for (const seq of [2, 3, 4]) await hears(peer, 5n, seq)
      // A recording: it is dropped before its seal is checked.
      elsewhere.send(word({ session: 5n, seq: 3, echo: 70n }, SECRET), port, LOOPBACK)
      look()
      await hears(elsewhere, 9n, 1)
      await hears(elsewhere, 5n, 5)
      machine.show({ session: 71n })
      look()
      machine.show({ peerSession: 0n })
      look()
      look()
      machine.show({ peerSession: 8n })
      look()
      await hears(peer, 8n, 1)
      assert.deepEqual(
        told(),
        [
          contact(70n, 5n, LOOPBACK),
          contact(70n, 5n, '127.0.0.2'),
          contact(71n, 5n, '127.0.0.2'),
          { contact: null },
          contact(71n, 8n, null),
          contact(71n, 8n, LOOPBACK)
        ].map((message) => message.contact)
      )
      assert.deepEqual(
        engine.events(id).flatMap(({ reason, detail }) => (reason === 'address-changed' ? [detail] : [])),
        [
          { link: 0, from: `${LOOPBACK}:${peer.address().port}`, to: `127.0.0.2:${elsewhere.address().port}` },
          { link: 0, from: `127.0.0.2:${elsewhere.address().port}`, to: `${LOOPBACK}:${peer.address().port}` }
        ]
      )
    })

    it('of a peer whose address changes all the time a few times only', async () => {
      const { id, machine, port } = await addSealed(SECRET)
      const places = await Promise.all([2, 3].map((i) => open(`127.0.0.${i}`)))
      sockets.push(...places)
      machine.show({ session: 70n, peerSession: 5n })
      for (let seq = 1; seq <= 30; seq++) {
        places[seq % 2]?.send(word({ session: 5n, seq, echo: 70n }, SECRET), port, LOOPBACK)
        await until('it is stepped', () => machine.count('frame') === seq)
      }
      const changes = engine.events(id).filter(({ reason }) => reason === 'address-changed').length
      assert.ok(changes >= 5 && changes <= 9, `${changes} are told`)
    })

    it('what a command came to, after what led to it', async () => {
      const { id, machine } = await addPair()
      machine.answer = () => {
        machine.show({ role: 'active' })
        return [
          { kind: 'event', event: 'role', reason: 'operator', detail: BECAME_ACTIVE },
          { kind: 'reply', id: 12, ok: true, role: 'active' }
        ]
      }
      engine.engine.handle({ type: 'command', pairId: id, requestId: 12, designate: 'active', force: true })
      assert.deepEqual(engine.of(id).at(-1), {
        type: 'reply',
        pairId: id,
        requestId: 12,
        result: { ok: true, role: 'active' }
      })
      const before = engine.of(id).at(-2)
      assert.equal(before?.type === 'update' ? before.snapshot.role : null, 'active')
    })

    it('frames, while they are watched', async () => {
      const { id, machine, port, peer } = await addPair()
      machine.answer = (input) => (input.kind === 'frame' ? [SEND] : [])
      engine.engine.handle({ type: 'watchFrames', pairId: id, on: true })
      peer.send(encodeClassic({ ...FRAME, id: 200 }), port, LOOPBACK)
      await until('both frames are told', () => engine.of(id).filter(({ type }) => type === 'frame').length === 2)
      assert.deepEqual(
        engine.of(id).flatMap((message) => (message.type === 'frame' ? [[message.direction, message.id]] : [])),
        [
          ['received', 200],
          ['sent', 7]
        ]
      )
      engine.engine.handle({ type: 'watchFrames', pairId: id, on: false })
      peer.send(encodeClassic(FRAME), port, LOOPBACK)
      await until('it is stepped', () => machine.count('frame') === 2)
      assert.equal(engine.of(id).filter(({ type }) => type === 'frame').length, 2)
    })

    it('of rejected datagrams once per cause, and counts them all', async () => {
      const { id, machine, port, peer } = await addPair()
      const junk = [
        Buffer.from([1]),
        Buffer.alloc(5, 1),
        Buffer.from([0xff, 1, 1, 1, 1]),
        Buffer.from([0xff, 0xaa, 9, 1, 1])
      ]
      for (let i = 0; i < 10; i++) for (const bytes of [...junk, Buffer.alloc(50)]) peer.send(bytes, port, LOOPBACK)
      peer.send(encodeClassic(FRAME), port, LOOPBACK)
      await until('the good frame came through', () => machine.count('frame') === 1)
      const rejected = (): unknown[] =>
        engine.events(id).flatMap(({ event, reason, detail }) => (event === 'rejected' ? [[reason, detail.cause]] : []))
      await until('all are told', () => rejected().length === 5)
      assert.deepEqual(
        new Set(rejected().map(String)),
        new Set(['short', 'magic', 'head', 'state', 'long'].map((cause) => `bad-frame,${cause}`))
      )
      await until(
        'the counts follow',
        () => {
          engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
          return Object.values(engine.snapshot(id)?.dropped ?? {}).reduce((sum, count) => sum + count, 0) === 50
        },
        3000
      )
      assert.deepEqual(engine.snapshot(id)?.dropped, { short: 10, magic: 10, head: 10, state: 10, long: 10 })
      assert.equal(rejected().length, 5)
    })

    it('of a flood of strangers, within which a peer that was started again is heard as soon as it has heard this side', async () => {
      const clock = new HandClock()
      begin(clock)
      const id = ++next
      const peer = await open()
      sockets.push(peer)
      const port = ports[id] ?? 0
      engine.add(id, settings([link(port, peer.address().port)]))
      const machine = machines[id - 1] as FakeMachine
      machine.answer = (input) =>
        input.kind === 'link' ? [{ ...SEND, frame: { ...FRAME, trailer: { ...TRAILER, session: 77n } } }] : []
      await until('the link is open', () => machine.kinds().includes('link'))
      // The clock stands still: what is used up stays so.
      const count = (cause: 'seal' | 'intake'): number => engine.snapshot(id)?.dropped[cause] ?? 0
      const look = (): void => {
        clock.advanceMs(1001)
        engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      }
      await until('strangers are too many', () => {
        for (let i = 0; i < 50; i++) peer.send(word({ session: 5n }, null), port, LOOPBACK)
        engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
        return engine.events(id).some(({ detail }) => 'cause' in detail && detail.cause === 'intake')
      })
      peer.send(word({ session: 5n }, NO_KEYS), port, LOOPBACK)
      peer.send(word({ session: 5n, echo: 77n }, NO_KEYS), port, LOOPBACK)
      await until('it is heard', () => machine.count('frame') === 1)
      look()
      assert.ok(count('seal') > 100 && count('intake') > 0)
    })

    it('of a flood from elsewhere, within which a peer that has just started is heard from where it is configured', async () => {
      const clock = new HandClock()
      begin(clock)
      const { id, machine, port, peer } = await addSealed(SECRET)
      const elsewhere = await open('127.0.0.2')
      sockets.push(elsewhere)
      // The clock stands still: what is used up stays so.
      await until('strangers are too many', () => {
        for (let i = 0; i < 50; i++) elsewhere.send(word({ session: 5n }, null), port, LOOPBACK)
        engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
        return engine.events(id).some(({ detail }) => 'cause' in detail && detail.cause === 'intake')
      })
      elsewhere.send(word({ session: 6n }, SECRET), port, LOOPBACK)
      peer.send(word({ session: 7n }, SECRET), port, LOOPBACK)
      await until('it is heard', () => machine.count('frame') === 1)
      const { input } = machine.steps.at(-1) ?? assert.fail()
      assert.equal(input.kind === 'frame' ? input.frame.trailer?.session : null, 7n)
    })

    it('what the machine itself dropped in the same way', async () => {
      const { id, machine } = await addPair()
      machine.answer = () => [{ kind: 'drop', link: 0, cause: 'replayed' }]
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      await until('it is told', () => engine.events(id).some(({ event }) => event === 'rejected'))
      assert.deepEqual(engine.events(id).at(-1)?.detail, { cause: 'replayed', count: 1, link: 0 })
      machine.answer = () => []
    })

    it('of a port in use, once, and of the end of it', async () => {
      const occupant = await open(LOOPBACK, ports[1])
      next = 1
      engine.add(1, settings([link(ports[1] ?? 0, ports[2] ?? 0)]))
      await until('trouble', () => engine.snapshot(1)?.links[0]?.problem === 'port-in-use')
      await holds('it waits', () => machines[0]?.count('link') === 0, 600)
      await closed(occupant)
      await until('open', () => engine.snapshot(1)?.links[0]?.open === true)
      assert.deepEqual(
        engine.events(1).map(({ event, reason }) => [event, reason]),
        [
          ['link', 'port-in-use'],
          ['link', 'link-open']
        ]
      )
      assert.equal(machines[0]?.count('link'), 1)
    })
  })

  describe('keeps records', () => {
    let folder: string
    beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'ha-pair-engine-'))))
    afterEach(() => rm(folder, { recursive: true, force: true }))
    const record: PairRecord = {
      nodeId: '0'.repeat(16),
      epoch: 3,
      reserved: 4,
      parity: null,
      promisedMs: 5,
      preferred: false,
      online: true,
      number: 1,
      peerPolicy: null
    }

    it('for the next start', async () => {
      const file = join(folder, 'one')
      const { id, machine } = await addPair({}, file)
      machine.answer = (input) => (input.kind === 'fitness' ? [{ kind: 'store', ticket: 1, record }] : [])
      engine.engine.handle({ type: 'fitness', pairId: id, value: 1 })
      await until('it is stored', () => machine.count('stored') === 1)
      assert.deepEqual(machine.steps.at(-1)?.input, { kind: 'stored', ticket: 1, ok: true })
      await engine.remove(id)
      const again = await addPair({}, file)
      assert.deepEqual(again.machine.steps[0]?.input, { kind: 'start', record })
    })

    it('and says what is wrong with them', async () => {
      const file = join(folder, 'broken')
      await writeFile(file, 'no record')
      const { id, machine } = await addPair({}, file)
      assert.deepEqual(machine.steps[0]?.input, { kind: 'start', record: null })
      assert.equal(engine.snapshot(id)?.store, 'store-lost')
      const failing = await addPair({}, join(file, 'below a file'))
      failing.machine.answer = (input) => {
        if (input.kind === 'fitness') return [{ kind: 'store', ticket: 9, record }]
        if (input.kind !== 'stored') return []
        return [{ kind: 'event', event: 'store', reason: 'store-failed', detail: {} }]
      }
      engine.engine.handle({ type: 'fitness', pairId: failing.id, value: 1 })
      await until('the failure is told', () => engine.snapshot(failing.id)?.store === 'store-failed')
      assert.deepEqual(failing.machine.steps.at(-1)?.input, { kind: 'stored', ticket: 9, ok: false })
      const { error } = { error: null, ...(engine.events(failing.id).at(-1)?.detail as { error?: string }) }
      assert.match(String(error), /^E/)
    })
  })

  it('frees all ports at once when it is abandoned', async () => {
    const [one, two] = [await addPair(), await addPair()]
    engine.engine.abandon()
    assert.equal(engine.cell.readLeft(), 2n)
    for (const { port } of [one, two]) await closed(await open(LOOPBACK, port))
    assert.deepEqual([one.machine.count('goodbye'), two.machine.count('goodbye')], [0, 0])
    next = 0
  })

  describe('removes a pair', () => {
    it('after its goodbye is acknowledged, and frees its port', async () => {
      const { id, machine, port, peer, heard } = await addPair()
      machine.dueMs = systemClock().nowMs() + 60_000
      machine.answer = (input) => {
        if (input.kind === 'goodbye') {
          machine.show({ role: 'initial', serving: false })
          return [SEND]
        }
        if (input.kind === 'frame') machine.dueMs = Infinity
        return []
      }
      engine.engine.handle({ type: 'remove', pairId: id, requestId: 7, reason: 'removed' })
      await until('the goodbye arrives', () => heard.length === 1)
      assert.ok(!engine.of(id).some(({ type }) => type === 'removed'), 'it waits for the acknowledgement')
      peer.send(encodeClassic(FRAME), port, LOOPBACK)
      await until('it is removed', () => engine.of(id).at(-1)?.type === 'removed')
      assert.deepEqual(engine.of(id).at(-1), { type: 'removed', pairId: id, requestId: 7 })
      await closed(await open(LOOPBACK, port))
      assert.equal(engine.cell.readLeft(), 1n)
    })

    it('after a barrier, which has its own time; the gate is shut before the host is asked', async () => {
      const { id, machine } = await addPair()
      machine.dueMs = systemClock().nowMs() + 60_000
      machine.show({ role: 'active', serving: true })
      machine.answer = (input) => {
        if (input.kind === 'goodbye') {
          machine.show({ serving: false })
          return [{ kind: 'barrier', id: 3 }]
        }
        if (input.kind !== 'barrierDone') return []
        assert.deepEqual(input, { kind: 'barrierDone', id: 3, ok: true })
        machine.show({ role: 'initial' })
        machine.dueMs = Infinity
        return [{ kind: 'barrierOver', id: 3, granted: true }]
      }
      engine.engine.handle({ type: 'remove', pairId: id, requestId: 7, reason: 'shutdown' })
      assert.equal(engine.pairCell(id).read().serving, false)
      assert.ok(engine.of(id).some((message) => message.type === 'barrier' && message.id === 3))
      await holds('it waits', () => !engine.of(id).some(({ type }) => type === 'removed'), 350)
      engine.engine.handle({ type: 'barrierDone', pairId: id, id: 3, ok: true })
      await until('it is removed', () => engine.of(id).at(-1)?.type === 'removed')
      assert.ok(engine.of(id).some(({ type }) => type === 'barrierOver'))
    })

    it('passes on what the host knows of its data', async () => {
      const { id, machine } = await addPair()
      const data = { users: true, open: false, inStep: true, position: { epoch: 2, number: 9 } }
      engine.engine.handle({ type: 'data', pairId: id, data })
      assert.deepEqual(machine.steps.at(-1)?.input, { kind: 'data', ...data })
    })

    it('although nobody acknowledges', async () => {
      const { id, machine, port } = await addPair()
      machine.dueMs = systemClock().nowMs() + 60_000
      const start = performance.now()
      await engine.remove(id)
      assert.ok(performance.now() - start < 1000)
      await closed(await open(LOOPBACK, port))
    })

    it('that has not started yet', async () => {
      next = 1
      engine.add(1, settings([link(ports[1] ?? 0, ports[2] ?? 0)]), undefined, join(tmpdir(), 'ha-pair-none', 'none'))
      engine.engine.handle({ type: 'command', pairId: 1, requestId: 3, designate: 'swap', force: false })
      await engine.remove(1)
      assert.deepEqual(machines[0]?.steps, [])
      assert.deepEqual(engine.of(1)[0], {
        type: 'reply',
        pairId: 1,
        requestId: 3,
        result: { ok: false, error: 'stopped', detail: '' }
      })
    })
  })
})
