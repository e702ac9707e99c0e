import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Later } from '../../../src/host/loop'
import { WHEN_CLOSED, type WhenClosed } from '../../../src/host/gate/gate'
import { HeldLatest } from '../../../src/host/gate/held-latest'
import { GateRig, HandTime } from './gate-rig'

/** So soon everything that waits begins to go when nobody says that the gate has opened. */
const LOOK_MS = 250
const SOON_MS = 2

function holding(...topics: readonly unknown[]): GateRig {
  const rig = new GateRig('hold-latest')
  for (const topic of topics) rig.send(topic)
  return rig
}

describe('a gate', () => {
  it('open: a message passes at once, with name and epoch, and is done', () => {
    for (const whenClosed of WHEN_CLOSED) {
      const rig = new GateRig(whenClosed)
      rig.open()
      rig.send('x')
      assert.deepEqual(rig.passed, [0])
      assert.equal(rig.done.get(0), 1)
      assert.equal(rig.gate.held, 0)
    }
  })

  it('decides once for each message, and believes nothing older', () => {
    const rig = new GateRig('second-output')
    rig.openFor = 2
    for (let n = 0; n < 4; n++) rig.send('x')
    assert.equal(rig.decisions, 4)
    assert.deepEqual(
      [rig.passed, rig.diverted],
      [
        [0, 1],
        [2, 3]
      ]
    )
  })

  it('closed: the second output, an end, or waiting, as its mode says', () => {
    const [diverts, drops, holds] = WHEN_CLOSED.map((mode) => new GateRig(mode))
    for (const rig of [diverts, drops, holds]) rig?.send('x')
    assert.deepEqual([diverts?.diverted, diverts?.done.get(0)], [[0], 1])
    assert.deepEqual([drops?.diverted, drops?.done.get(0)], [[], 1])
    assert.deepEqual([holds?.gate.held, holds?.done.get(0)], [1, undefined])
  })

  it('without a pair: the second output, or an error where the message would be lost', () => {
    for (const whenClosed of WHEN_CLOSED) {
      const rig = new GateRig(whenClosed)
      rig.pairless = true
      rig.send('x')
      const diverts = whenClosed === 'second-output'
      assert.deepEqual([rig.diverted, rig.failed], diverts ? [[0], []] : [[], [0]])
      assert.deepEqual([rig.done.get(0), rig.gate.held], [1, 0])
    }
  })
})

describe('a gate that holds', () => {
  it('lets go a moment after the role came, one in a turn', () => {
    const rig = holding('x', 'y', 'z')
    rig.open()
    rig.gate.statusChanged()
    rig.time.advanceMs(SOON_MS - 1)
    assert.deepEqual(rig.passed, [], 'what comes through other gates in this moment goes first')
    rig.time.advanceMs(1)
    assert.deepEqual(rig.passed, [0, 1, 2])
  })

  it('takes a turn for each that waits', () => {
    const rig = holding('x', 'y', 'z')
    rig.open()
    rig.gate.flowsStarted()
    assert.deepEqual(rig.passed, [0])
    rig.time.turn()
    assert.deepEqual(rig.passed, [0, 1])
    rig.time.turn()
    assert.deepEqual(rig.passed, [0, 1, 2])
    assert.equal(rig.time.turn(), false)
  })

  it('lets go although nobody said that the gate had opened, however long that takes', () => {
    const rig = holding('x')
    rig.time.advanceMs(10 * LOOK_MS)
    assert.deepEqual(rig.passed, [])
    rig.open()
    rig.time.advanceMs(LOOK_MS)
    assert.deepEqual(rig.passed, [0])
  })

  it('keeps the rest when the gate closes in between', () => {
    const rig = holding('x', 'y', 'z')
    rig.openFor = 2
    rig.gate.statusChanged()
    rig.time.advanceMs(SOON_MS)
    assert.deepEqual([rig.passed, rig.gate.held], [[0, 1], 1])
    rig.open()
    rig.time.advanceMs(LOOK_MS)
    assert.deepEqual(rig.passed, [0, 1, 2])
  })

  it('puts what comes while it lets go behind the rest, and one goes for each that comes', () => {
    const rig = holding('x', 'y', 'z')
    rig.open()
    rig.gate.flowsStarted()
    assert.deepEqual(rig.passed, [0])
    rig.send('new')
    assert.deepEqual(rig.passed, [0, 1])
    rig.time.advanceMs(0)
    assert.deepEqual(rig.passed, [0, 1, 2, 3])
  })

  it('what comes replaces what is held of its topic, also when the gate is open by then', () => {
    const rig = holding('x', 'y')
    rig.open()
    rig.send('x')
    assert.deepEqual([rig.gate.held, rig.done.get(0)], [2, 1])
    rig.time.advanceMs(LOOK_MS)
    assert.deepEqual(rig.passed, [1, 2])
  })

  it('what comes replaces the only one that is held, and passes at once', () => {
    const rig = holding('x')
    rig.open()
    rig.send('x')
    assert.deepEqual([rig.passed, rig.done.get(0)], [[1], 1])
  })

  it('what comes while it lets go is not preceded by an older one of its topic', () => {
    const rig = holding('x', 'y', 'z')
    rig.open()
    rig.gate.flowsStarted()
    rig.send('y')
    assert.deepEqual(rig.passed, [0, 2, 3])
  })

  it('a message that finds nothing left before it has an instant of its own', () => {
    const rig = holding('x')
    rig.openFor = 1
    rig.send('x')
    assert.deepEqual([rig.passed, rig.gate.held], [[], 1], 'closed by then: it waits in its turn')
  })

  it('drops the oldest beyond its limit, and warns once a minute', () => {
    const rig = new GateRig('hold-latest', 3)
    for (let topic = 0; topic < 10; topic++) rig.send(topic)
    assert.deepEqual([rig.gate.held, rig.warnings], [3, [3]])
    rig.time.advanceMs(59_999)
    rig.send('late')
    assert.equal(rig.warnings.length, 1)
    rig.time.advanceMs(1)
    rig.send('later')
    assert.equal(rig.warnings.length, 2)
    rig.open()
    rig.time.advanceMs(LOOK_MS)
    assert.deepEqual(rig.passed, [9, 10, 11])
  })

  it('hands over what it holds to the gate after a deploy, which waits for its receivers', () => {
    const rig = holding('x', 'y', 'x')
    rig.open()
    rig.deploy()
    rig.gate.statusChanged()
    rig.time.advanceMs(LOOK_MS)
    assert.deepEqual([rig.passed, rig.gate.held], [[], 2])
    rig.gate.flowsStarted()
    rig.time.advanceMs(0)
    assert.deepEqual(rig.passed, [1, 2])
    assert.deepEqual([rig.done.get(0), rig.done.get(1), rig.done.get(2)], [1, undefined, undefined])
  })

  it('lets go what it took over although nobody said that the gate had opened', () => {
    const rig = holding('x')
    rig.deploy()
    rig.gate.flowsStarted()
    rig.open()
    rig.time.advanceMs(LOOK_MS)
    assert.deepEqual(rig.passed, [0])
  })

  it('forgets what it held when the deploy makes it a gate that holds nothing', () => {
    const rig = holding('x', 'y')
    rig.deploy('drop')
    assert.equal(rig.gate.held, 0)
  })

  it('removed: what it held is done, and nothing of it is left', () => {
    const rig = holding('x', 'y')
    assert.deepEqual(rig.gate.close(true), [])
    assert.deepEqual([...rig.done.values()], [1, 1])
    assert.equal(rig.time.armed, 0)
    rig.open()
    rig.gate.statusChanged()
    assert.equal(rig.time.armed, 0)
  })

  it('draws its badge again when it is behind, and not for each message', () => {
    const rig = new GateRig('drop')
    rig.open()
    const before = rig.refreshes
    for (let n = 0; n < 50; n++) rig.send('x')
    rig.time.advanceMs(LOOK_MS)
    assert.equal(rig.refreshes, before + 1)
    for (let n = 0; n < 50; n++) rig.send('x')
    assert.equal(rig.time.armed, 0)
  })
})

// --- Properties ---

type Act =
  | { readonly kind: 'message'; readonly topic: number }
  | { readonly kind: 'openFor'; readonly decisions: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'open' | 'shut' | 'status' | 'turn' | 'deploy' | 'started' }

const TOPICS = 5
const LIMIT = 3

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('message' as const), topic: fc.nat(TOPICS - 1) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('openFor' as const), decisions: fc.integer({ min: 1, max: 5 }) })
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(1, 2, 50, 300) }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constantFrom('open' as const, 'shut', 'status', 'turn', 'deploy', 'started') })
    }
  ),
  { maxLength: 60 }
)

function act(rig: GateRig, each: Act): void {
  switch (each.kind) {
    case 'message':
      return rig.send(each.topic)
    case 'openFor':
      rig.openFor = each.decisions
      return
    case 'advance':
      return rig.time.advanceMs(each.ms)
    case 'open':
      return rig.open()
    case 'shut':
      return rig.shut()
    case 'status':
      return rig.gate.statusChanged()
    case 'turn':
      return void rig.time.turn()
    case 'deploy':
      return rig.deploy()
    case 'started':
      return rig.gate.flowsStarted()
  }
}

/** `check` sees the rig after each act. */
function play(rig: GateRig, list: readonly Act[], check: (each: Act) => void = () => {}): void {
  for (const each of list) {
    act(rig, each)
    check(each)
  }
}

const isRising = (numbers: readonly number[]): boolean => numbers.every((n, i) => i === 0 || n > (numbers[i - 1] ?? n))

describe('a gate, whatever happens', () => {
  const modes = fc.constantFrom<WhenClosed>(...WHEN_CLOSED)
  const RUNS = { numRuns: 300 } as const

  /** The rig itself asserts that each message that passes has an open decision of its own, taken just before. */
  it('lets nothing through while it is closed, nothing twice, and keeps the order of arrival', () => {
    fc.assert(
      fc.property(modes, acts, (mode, list) => {
        const rig = new GateRig(mode, LIMIT)
        for (const each of list) {
          const passed = rig.passed.length
          const closed = rig.openFor <= 0
          act(rig, each)
          if (closed) assert.equal(rig.passed.length, passed)
          assert.ok(isRising(rig.passed), `passed ${rig.passed}`)
          assert.ok(isRising(rig.diverted), `diverted ${rig.diverted}`)
        }
      }),
      RUNS
    )
  })

  it('holds no more than one of each topic and than its limit, and nothing in the other modes', () => {
    fc.assert(
      fc.property(modes, acts, (mode, list) => {
        const rig = new GateRig(mode, LIMIT)
        const max = mode === 'hold-latest' ? LIMIT : 0
        play(rig, list, () => assert.ok(rig.gate.held <= Math.min(max, new Set(rig.topics).size)))
      }),
      RUNS
    )
  })

  it('says of each message once that it is done: when it has left, or has become pointless', () => {
    fc.assert(
      fc.property(modes, acts, (mode, list) => {
        const rig = new GateRig(mode, LIMIT)
        let deployed = false
        play(rig, list, (each) => {
          deployed ||= each.kind === 'deploy'
          for (const [n, times] of rig.done) assert.equal(times, 1, `${n} is done ${times} times`)
          for (const n of rig.diverted) assert.equal(rig.done.get(n), 1)
          // Nobody waits for the end of what was taken over.
          if (deployed) return
          for (const n of rig.passed) assert.equal(rig.done.get(n), 1)
          assert.equal(rig.topics.length - rig.done.size, rig.gate.held, 'what is not done is held')
        })
      }),
      RUNS
    )
  })

  it('holding: the newest of each topic passes in the end', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const rig = new GateRig('hold-latest', TOPICS)
        play(rig, list)
        rig.open()
        rig.gate.flowsStarted()
        rig.time.advanceMs(0)
        assert.equal(rig.gate.held, 0)
        for (const topic of new Set(rig.topics)) assert.ok(rig.passed.includes(rig.topics.lastIndexOf(topic)))
        assert.deepEqual(rig.warnings, [])
      }),
      RUNS
    )
  })

  it('holding: exactly what a list by hand says, after any messages at a closed gate', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(TOPICS - 1), { maxLength: 40 }), (topics) => {
        const rig = new GateRig('hold-latest', LIMIT)
        let list: number[] = []
        for (const [n, topic] of topics.entries()) {
          rig.send(topic)
          list = [...list.filter((held) => topics[held] !== topic), n].slice(-LIMIT)
        }
        rig.open()
        rig.gate.statusChanged()
        rig.time.advanceMs(SOON_MS)
        assert.deepEqual(rig.passed, list)
      }),
      RUNS
    )
  })

  it('holding: one goes in a turn, and one before each that comes', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const rig = new GateRig('hold-latest', TOPICS)
        for (const each of list) {
          const before = rig.passed.length
          act(rig, each)
          const most = each.kind === 'message' ? 2 : each.kind === 'advance' ? TOPICS : 1
          assert.ok(rig.passed.length <= before + most, `${each.kind}: ${rig.passed.length - before} passed`)
        }
      }),
      RUNS
    )
  })

  it('holding: what waits is gone after one look at an open gate, though nobody says that it has opened', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const rig = new GateRig('hold-latest', TOPICS)
        play(rig, list)
        rig.shut()
        rig.gate.flowsStarted()
        rig.open()
        rig.time.advanceMs(LOOK_MS)
        assert.equal(rig.gate.held, 0)
      }),
      RUNS
    )
  })

  it('closed for good, it arms nothing and lets nothing go', () => {
    fc.assert(
      fc.property(modes, acts, fc.boolean(), (mode, list, removed) => {
        const rig = new GateRig(mode, LIMIT)
        play(rig, list)
        const [passed, held] = [rig.passed.length, rig.gate.held]
        assert.equal(rig.gate.close(removed).length, removed ? 0 : held)
        rig.shut()
        rig.send(0)
        assert.equal(rig.time.armed, 0)
        rig.open()
        rig.gate.statusChanged()
        rig.time.advanceMs(1000)
        assert.deepEqual([rig.passed.length, rig.time.armed], [passed, 0])
      }),
      RUNS
    )
  })
})

const held = (topic: unknown, n: number) => ({ msg: { topic, n }, done: null })

describe('what a gate holds', () => {
  it('replaces within a topic, and the newest is last', () => {
    const latest = new HeldLatest<{ topic: unknown; n: number }>(10)
    assert.deepEqual(latest.put(held('x', 1)), { superseded: null, overflowed: null })
    latest.put(held('y', 2))
    assert.deepEqual(latest.put(held('x', 3)), { superseded: held('x', 1), overflowed: null })
    assert.deepEqual([latest.takeNext(), latest.takeNext(), latest.takeNext()], [held('y', 2), held('x', 3), null])
  })

  it('drops the oldest beyond its limit, but never for a topic it holds already', () => {
    const latest = new HeldLatest<{ topic: unknown; n: number }>(2)
    latest.put(held('x', 1))
    latest.put(held('y', 2))
    assert.deepEqual(latest.put(held('x', 3)), { superseded: held('x', 1), overflowed: null })
    assert.deepEqual(latest.put(held('z', 4)), { superseded: null, overflowed: held('y', 2) })
    assert.equal(latest.size, 2)
  })

  it('takes a topic out of turn', () => {
    const latest = new HeldLatest<{ topic: unknown; n: number }>(2)
    latest.put(held(undefined, 1))
    assert.equal(latest.takeSupersededBy({ topic: 'other', n: 2 }), null)
    assert.deepEqual(latest.takeSupersededBy({ topic: undefined, n: 2 }), held(undefined, 1))
    assert.equal(latest.size, 0)
  })

  it('knows a topic as it was when the message came', () => {
    const latest = new HeldLatest<{ topic: unknown; n: number }>(2)
    const changed = held('x', 1)
    latest.put(changed)
    changed.msg.topic = 'y'
    assert.equal(latest.takeNext(), changed)
    assert.equal(latest.size, 0)
  })
})

describe('something to be done later', () => {
  it('is done once, however often it is asked for, and again when it is asked for again', () => {
    const time = new HandTime()
    let times = 0
    const later = new Later(
      (run) => time.after(5, run),
      () => times++
    )
    later.start()
    later.start()
    assert.equal(later.pending, true)
    time.advanceMs(5)
    assert.deepEqual([times, later.pending], [1, false])
    later.start()
    later.stop()
    later.stop()
    time.advanceMs(5)
    assert.deepEqual([times, later.pending], [1, false])
  })
})
