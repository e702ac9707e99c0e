import assert from 'node:assert/strict'
import { keyOf } from '../../../src/host/gate/resume/key'
import { TOPICS_MAX } from '../../../src/host/gate/resume/numbers'
import { numbersOf, TERMS, World, type Item, type Side } from './resume-world'

/** So late a gate that holds looks again. */
const LOOK_MS = 250
/** By then the other side has been told. */
const TOLD_MS = 10
/** By then a heap has passed. */
const HEAP_MS = 100
const NUMBER_MAX = Number.MAX_SAFE_INTEGER

const serving = (terms: ConstructorParameters<typeof World>[0] = {}): World => {
  const world = new World(terms)
  world.serve(world.a)
  // After its first start a gate is unsure for as long.
  world.time.advanceMs(TERMS.keepForMs + 1500)
  return world
}

const marks = ({ diverted }: Side): unknown[] =>
  diverted.map(({ seq, pair }) => {
    const { passed, late } = pair as { passed?: true; late?: true }
    return [seq, passed === true ? 'passed' : late === true ? 'late' : '']
  })
const unsureOf = (world: World): unknown[] => world.passes.filter(({ unsure }) => unsure).map(({ msg }) => msg.seq)

/** Serves no longer, and the other one has heard that it was all. */
function shut(world: World, side: Side): void {
  side.open = false
  side.end.flush()
  world.cable.arriveNow()
}

/** One message comes, and the serving side crashes before anything of it is told. */
function unsureAfterCrash(world: World): unknown[] {
  world.both('x', 1)
  world.crash(0, 0)
  world.time.advanceMs(0)
  return unsureOf(world)
}

describe('a gate that resumes', () => {
  it('open: passes at once, with name and epoch, and tells the other one when the flow behind has had 5 ms', () => {
    const world = serving()
    world.both('x', 1, 2, 3)
    assert.deepEqual(numbersOf(world.passes), [1, 2, 3])
    assert.deepEqual(world.passes[0]?.msg.pair, { name: 'p', epoch: 1 })
    assert.deepEqual([...world.a.done.values()], [1, 1, 1])
    world.time.advanceMs(5)
    assert.deepEqual([world.b.gate.held, [...world.b.done.values()]], [3, []])
    world.time.advanceMs(3)
    assert.deepEqual([world.b.gate.held, [...world.b.done.values()]], [0, [1, 1, 1]], 'held no longer, and done')
  })

  it('tells many numbers in few bytes', () => {
    const world = serving()
    world.cable.bytes = 0
    for (let n = 0; n < 1000; n++) {
      world.both('line', n)
      world.time.advanceMs(1)
    }
    assert.ok(world.cable.bytes < 10_000, `${world.cable.bytes} bytes`)
    assert.ok(world.cable.bodies < 400)
  })

  it('goes on where the other one stopped, by number within a topic', () => {
    const world = serving()
    world.both('x', 1, 2)
    world.time.advanceMs(TOLD_MS)
    for (const seq of [5, 3, 4]) world.send(world.b, { topic: 'x', seq })
    world.send(world.b, { topic: 'y', seq: 1 })
    world.swap()
    world.time.advanceMs(0)
    assert.deepEqual(numbersOf(world.b.passed), [3, 4, 5, 1])
    for (const seq of [3, 4, 5]) world.send(world.a, { topic: 'x', seq })
    world.time.advanceMs(TOLD_MS)
    assert.deepEqual([world.a.gate.held, world.b.gate.held], [0, 0], 'the former one was told')
  })

  it('one goes in each turn, and what comes meanwhile goes in its place', () => {
    const world = serving()
    for (const seq of [10, 11, 12]) world.send(world.b, { topic: 'x', seq })
    world.swap(0)
    assert.deepEqual(numbersOf(world.b.passed), [])
    world.time.turn()
    assert.deepEqual(numbersOf(world.b.passed), [10])
    world.send(world.b, { topic: 'x', seq: 9 })
    assert.deepEqual(numbersOf(world.b.passed), [10, 9], 'one for each that comes')
    world.time.turn()
    world.time.turn()
    assert.deepEqual(numbersOf(world.b.passed), [10, 9, 11, 12])
  })

  it('a number that has passed leaves by output 2 on the serving side, and ends on the other', () => {
    const world = serving()
    world.both('x', 1)
    world.time.advanceMs(TOLD_MS)
    world.both('x', 1)
    assert.deepEqual([marks(world.a), marks(world.b)], [[[1, 'passed']], []])
    assert.deepEqual([world.b.gate.held, [...world.b.done.values()]], [0, [1, 1]])
    assert.equal(world.passes.length, 1)
  })

  it('a copy of what waits already ends', () => {
    const world = serving()
    for (let copy = 0; copy < 3; copy++) world.send(world.b, { topic: 'x', seq: 1 })
    assert.deepEqual([world.b.gate.held, world.b.done.size], [1, 2])
  })

  it('tells exactly which numbers: a late one is not lost behind a later one', () => {
    const world = serving()
    world.both('x', 97, 98)
    world.send(world.b, { topic: 'x', seq: 99 })
    world.both('x', 100)
    world.time.advanceMs(TOLD_MS)
    assert.equal(world.b.gate.held, 1)
    world.swap()
    world.time.advanceMs(0)
    assert.deepEqual(numbersOf(world.b.passed), [99])
    world.send(world.a, { topic: 'x', seq: 99 })
    world.time.advanceMs(TOLD_MS)
    assert.equal(world.a.gate.held, 0)
  })

  it('the other one is told at once when a gate opens again that had said that it was all', () => {
    const world = serving()
    shut(world, world.a)
    world.a.open = true
    assert.deepEqual(unsureAfterCrash(world), [1], 'the swap was called off: after this crash nothing is sure')
  })

  it('nothing has to be told before the first one passes, when the role has been there and back', () => {
    const world = serving()
    for (const seq of [1, 2, 3]) {
      world.cable.bodies = 0
      world.both('x', seq)
      world.cable.arriveNow()
      assert.equal(world.cable.bodies, 0)
      world.time.advanceMs(1)
      world.swap()
    }
    world.both('x', 4)
    world.crash(10, 0)
    world.time.advanceMs(0)
    assert.deepEqual(unsureOf(world), [4], 'and the other one relies on nothing that it was told before')
  })

  it('who gives the role back relies on nothing that it was told before, also if nothing has come while it served', () => {
    const world = serving()
    shut(world, world.a)
    world.b.open = true
    shut(world, world.b)
    world.a.open = true
    assert.deepEqual(unsureAfterCrash(world), [1])
  })

  it('what the peer says before it has heard that it was all changes nothing', () => {
    const world = serving()
    world.a.open = false
    world.b.end.flush()
    world.a.end.flush()
    world.cable.arriveNow()
    world.a.open = true
    assert.deepEqual(unsureAfterCrash(world), [1])
  })

  it('on a busy host, tells nothing before the flow behind has had four turns, however late it is', () => {
    const world = serving()
    world.cable.bodies = 0
    world.both('x', 1)
    world.time.stallMs(500)
    world.send(world.a, { topic: 'x', seq: 2 })
    for (let turn = 1; turn <= 3; turn++) world.time.turn()
    world.cable.arriveNow()
    assert.equal(world.b.gate.held, 1)
    world.time.turn()
    world.cable.arriveNow()
    assert.equal(world.b.gate.held, 0)
    world.send(world.b, { topic: 'x', seq: 2 })
    assert.equal(world.b.gate.held, 1, 'what has passed meanwhile has its own time')
  })

  it('of a heap twelve pass at once, and the next ones when these are told', () => {
    const world = serving()
    const heap = Array.from({ length: 30 }, (_, seq) => seq)
    world.both('x', ...heap)
    assert.deepEqual([numbersOf(world.passes), world.a.gate.held], [heap.slice(0, 12), 18])
    world.time.advanceMs(6)
    assert.equal(world.passes.length, 12, 'the flow behind has not had its time')
    world.time.advanceMs(2)
    assert.equal(world.passes.length, 24)
    world.time.advanceMs(8)
    assert.deepEqual([numbersOf(world.passes), world.a.gate.held], [heap, 0])
    world.time.advanceMs(TOLD_MS)
    assert.equal(world.b.gate.held, 0)
  })

  it('a large heap is through soon, however large', () => {
    const world = serving()
    for (let seq = 0; seq < 5000; seq++) world.send(world.a, { topic: 'x', seq })
    assert.ok(world.passes.length < 1000, 'not at once')
    world.time.advanceMs(HEAP_MS)
    assert.equal(world.passes.length, 5000)
  })

  it('what waits for the telling waits for no channel: neither a full one nor one that is gone', () => {
    const world = serving()
    world.cable.bytesMax = 1
    world.cable.delayMs = 60_000
    const heap = Array.from({ length: 30 }, (_, seq) => seq)
    world.both('x', ...heap)
    world.time.advanceMs(HEAP_MS)
    assert.equal(world.passes.length, 30)
    world.both('x', ...heap.map((seq) => 100 + seq))
    assert.ok(world.a.gate.held > 0)
    world.cable.cut(0)
    world.time.advanceMs(0)
    assert.deepEqual([world.passes.length, world.a.gate.held], [60, 0])
    world.both('x', ...heap.map((seq) => 200 + seq))
    assert.equal(world.passes.length, 90, 'nobody can be told')
  })

  it('nothing falls out of an open gate: what is too much passes, and what waits for its turn does not grow too old', () => {
    const world = serving({ keep: 5, keepForMs: 100 })
    const heap = Array.from({ length: 30 }, (_, seq) => seq)
    for (const seq of heap) world.send(world.a, { topic: 'x', seq })
    assert.deepEqual([world.passes.length, world.a.gate.held], [25, 5])
    world.time.stallMs(200)
    world.send(world.a, { topic: 'x', seq: 30 })
    world.time.advanceMs(1000)
    assert.deepEqual([numbersOf(world.passes), world.a.warnings], [[...heap, 30], []])
  })

  it('looks again by itself when nobody says that it has opened', () => {
    const world = serving()
    world.send(world.b, { topic: 'x', seq: 1 })
    world.a.open = false
    world.b.epoch = 7
    world.b.open = true
    world.time.advanceMs(LOOK_MS)
    assert.deepEqual(numbersOf(world.b.passed), [1])
  })
})

describe('what may have passed without a word', () => {
  it('after a crash: what was held, and what comes within a second', () => {
    const world = serving()
    world.both('x', 1, 2)
    world.time.advanceMs(TOLD_MS)
    world.both('x', 3)
    world.crash(5, 20)
    world.time.advanceMs(0)
    assert.deepEqual([numbersOf(world.b.passed), unsureOf(world)], [[3], [3]])
    world.time.advanceMs(900)
    world.send(world.b, { topic: 'x', seq: 4 })
    world.time.advanceMs(150)
    world.send(world.b, { topic: 'x', seq: 5 })
    assert.deepEqual(unsureOf(world), [3, 4])
  })

  it('a host to which everything comes later is unsure for as long', () => {
    const world = serving()
    for (let seq = 0; seq < 50; seq++) {
      world.send(world.a, { topic: 'x', seq })
      world.send(world.b, { topic: 'x', seq }, 4000)
      world.time.advanceMs(100)
    }
    world.send(world.a, { topic: 'x', seq: 50 })
    world.send(world.b, { topic: 'x', seq: 50 }, 4000)
    world.crash(5, 20)
    world.time.advanceMs(4500)
    assert.deepEqual([numbersOf(world.b.passed), unsureOf(world)], [[50], [50]])
  })

  it('after a planned swap: nothing; but what the one before was unsure of, the next one is too', () => {
    const world = serving()
    world.both('x', 1)
    world.swap()
    world.both('x', 2)
    assert.deepEqual(unsureOf(world), [])
    world.time.advanceMs(TOLD_MS)
    world.crash(5, 0)
    world.restart()
    world.both('x', 3)
    world.time.advanceMs(100)
    world.swap()
    world.both('x', 4)
    assert.deepEqual(unsureOf(world), [3, 4], 'it may have passed before the crash')
    world.time.advanceMs(2000)
    world.both('x', 5)
    assert.deepEqual(unsureOf(world), [3, 4])
  })

  it('what came to the next one before the swap too, also when the one before is sure again', () => {
    const world = serving()
    world.both('x', 1)
    world.time.advanceMs(TOLD_MS)
    world.crash(5, 0)
    world.restart()
    world.send(world.b, { topic: 'x', seq: 2 })
    world.send(world.a, { topic: 'x', seq: 3 })
    world.time.advanceMs(2000)
    world.both('x', 4)
    world.time.advanceMs(TOLD_MS)
    world.swap()
    world.time.advanceMs(0)
    assert.deepEqual([numbersOf(world.a.passed).slice(1), unsureOf(world)], [[3], [2, 3]])
  })

  it('a host that has not seen how much later things come to it: for as long as they may', () => {
    const world = serving({ keepForMs: 3000 })
    const afterCrash = (meanwhile: () => void): unknown[] => {
      world.crash(5, 0)
      world.time.advanceMs(TOLD_MS)
      world.restart()
      meanwhile()
      world.crash(5, 0)
      const before = world.passes.length
      for (let seq = world.passes.length; seq < before + 3; seq++) {
        world.time.advanceMs(1900)
        world.both('y', seq)
      }
      return world.passes.slice(before).map(({ unsure }) => unsure)
    }
    assert.deepEqual(
      afterCrash(() => {}),
      [true, true, false],
      'it has just started'
    )
    const fresh = (): void => {
      world.both('x', world.passes.length)
      world.time.advanceMs(TOLD_MS)
    }
    assert.deepEqual(afterCrash(fresh), [false, false, false], 'one that passed while it was there came to both')
    const old = (): void => {
      world.time.advanceMs(TOLD_MS)
      for (const { msg } of world.passes) world.send(world.standby, msg)
    }
    assert.deepEqual(afterCrash(old), [true, true, false], 'what passed before it was there says nothing')
  })

  it('with the channel down: all that was held', () => {
    const world = serving()
    world.cable.cut(0)
    world.both('x', 1, 2, 3)
    world.crash(0, 20)
    world.time.advanceMs(0)
    assert.deepEqual(unsureOf(world), [1, 2, 3])
  })

  it('a side that pauses and goes on under the same epoch is sure', () => {
    const world = serving()
    world.a.open = false
    world.send(world.a, { topic: 'x', seq: 1 })
    world.a.open = true
    world.a.gate.statusChanged()
    world.time.advanceMs(0)
    assert.deepEqual([numbersOf(world.a.passed), unsureOf(world)], [[1], []])
  })

  it('a side that takes a newer epoch and goes on is sure; one that lost the role in between is not', () => {
    const world = serving()
    world.a.epoch = 7
    world.both('x', 1)
    assert.deepEqual(unsureOf(world), [])
    world.a.epoch = 9
    world.a.gate.roleLost()
    world.both('x', 2)
    assert.deepEqual(unsureOf(world), [2])
  })

  it('a peer that told all and parted is believed for 5 s', () => {
    for (const [ms, unsure] of [
      [4000, []],
      [6000, [1]]
    ] as const) {
      const world = serving()
      world.a.open = false
      world.a.end.flush()
      world.cable.cut(0)
      world.time.advanceMs(ms)
      world.send(world.b, { topic: 'x', seq: 1 })
      world.serve(world.b)
      world.time.advanceMs(0)
      assert.deepEqual(unsureOf(world), unsure)
    }
  })
})

describe('order rising', () => {
  it('never a smaller one after a larger: it leaves by output 2 as late, and the other side forgets it', () => {
    const world = serving({ order: 'rising' })
    world.both('x', 1, 3)
    world.both('x', 2)
    assert.deepEqual([numbersOf(world.passes), marks(world.a)], [[1, 3], [[2, 'late']]])
    world.time.advanceMs(TOLD_MS)
    assert.equal(world.b.gate.held, 0)
  })

  it('also on the host that was told of the larger one', () => {
    const world = serving({ order: 'rising' })
    world.both('x', 1, 3)
    world.time.advanceMs(TOLD_MS)
    world.send(world.b, { topic: 'x', seq: 2 })
    world.swap()
    world.time.advanceMs(0)
    assert.deepEqual([numbersOf(world.b.passed), marks(world.b)], [[], [[2, 'late']]])
  })

  it('nor one of a series after another series has begun, on either host', () => {
    const world = serving({ order: 'rising' })
    const send = (side: Side, batch: string, seq: number): void => world.send(side, { topic: 'x', batch, seq })
    for (const [batch, seq] of [
      ['old', 8],
      ['new', 1]
    ] as const) {
      for (const side of [world.a, world.b]) send(side, batch, seq)
    }
    send(world.a, 'old', 9)
    assert.deepEqual(marks(world.a), [[9, 'late']])
    world.swap()
    send(world.b, 'old', 10)
    assert.deepEqual(marks(world.b), [[10, 'late']])
    send(world.b, 'new', 2)
    assert.equal(world.passes.length, 3)
  })

  it('what a host that was away says of the order of series does not count for the one that serves', () => {
    const world = serving({ order: 'rising' })
    for (const side of [world.a, world.b]) world.send(side, { topic: 'x', batch: 'old', seq: 8 })
    world.time.advanceMs(TOLD_MS)
    world.cable.cut(0)
    world.a.open = false
    world.b.gate.close(true)
    world.b.build(null).flowsStarted()
    world.serve(world.b)
    world.send(world.b, { topic: 'x', batch: 'new', seq: 1 })
    world.cable.connect()
    world.time.advanceMs(TOLD_MS)
    world.send(world.b, { topic: 'x', batch: 'new', seq: 2 })
    assert.deepEqual([world.b.passed.length, marks(world.b)], [2, []])
    world.send(world.b, { topic: 'x', batch: 'old', seq: 9 })
    assert.deepEqual(marks(world.b), [[9, 'late']])
  })

  it('a joiner is told which series passes now, whatever it met first itself', () => {
    const world = serving({ order: 'rising' })
    for (const batch of ['old', 'new']) world.send(world.a, { topic: 'x', batch, seq: 5 })
    world.cable.cut(0)
    world.b.gate.close(true)
    world.b.told.clear()
    world.b.build(null).flowsStarted()
    for (const batch of ['new', 'old']) world.send(world.b, { topic: 'x', batch, seq: 6 })
    world.cable.connect()
    world.time.advanceMs(TOLD_MS)
    world.swap()
    world.time.advanceMs(0)
    assert.deepEqual(
      world.b.passed.map(({ msg }) => msg.batch),
      ['new']
    )
  })
})

const run = (id: number, start: Date): Item => ({ topic: 'x', batch: { id, start }, seq: 1 })

describe('numbers, topics and series', () => {
  it('takes whole numbers from 0 to 2^53-1, each once', () => {
    const world = serving()
    world.both('x', 0, NUMBER_MAX, NUMBER_MAX - 1)
    world.time.advanceMs(TOLD_MS)
    assert.deepEqual(numbersOf(world.passes), [0, NUMBER_MAX, NUMBER_MAX - 1])
    assert.equal(world.b.gate.held, 0)
    world.both('x', NUMBER_MAX)
    assert.deepEqual(marks(world.a), [[NUMBER_MAX, 'passed']])
  })

  it('any other number is an error for Catch nodes on both sides, and does not pass', () => {
    const world = serving()
    const bad = [undefined, null, '7', 1.5, -1, NaN, Infinity, NUMBER_MAX + 1, 7n, {}, [7], true]
    world.both('x', ...bad)
    for (const { failed, gate, diverted } of [world.a, world.b]) {
      assert.deepEqual(
        failed.map(({ code }) => code),
        bad.map(() => 'bad-number')
      )
      assert.deepEqual([gate.held, diverted], [0, []])
    }
    assert.deepEqual(world.passes, [])
  })

  it('tells topics apart by value: none, null, text, numbers, objects', () => {
    const world = serving()
    const topics = [
      undefined,
      null,
      '',
      'undefined',
      'null',
      1,
      '1',
      true,
      { a: 1, b: 2 },
      ['a'],
      '温度',
      'x'.repeat(500)
    ]
    for (const topic of topics) world.both(topic, 1)
    world.time.advanceMs(TOLD_MS)
    assert.deepEqual([world.passes.length, world.b.gate.held], [topics.length, 0])
    world.both({ b: 2, a: 1 }, 1)
    assert.deepEqual(marks(world.a), [[1, 'passed']])
  })

  it('a series may be an object, and means its value', () => {
    const world = serving()
    for (const side of [world.a, world.b]) {
      world.send(side, run(1, new Date(5)))
      world.send(side, run(2, new Date(5)))
      world.send(side, { topic: 'x', seq: 1 })
    }
    world.time.advanceMs(TOLD_MS)
    assert.deepEqual([world.passes.length, world.b.gate.held], [3, 0])
    world.send(world.a, run(1, new Date(5)))
    assert.deepEqual(marks(world.a), [[1, 'passed']])
  })

  it('what two hosts cannot compare is an error', () => {
    const world = serving()
    const circle: { self?: object } = {}
    circle.self = circle
    for (const topic of [circle, () => 0, Symbol('x'), { f: () => 0 }]) world.send(world.a, { topic, seq: 1 })
    for (const batch of [circle, () => 0]) world.send(world.a, { topic: 'x', batch, seq: 1 })
    assert.deepEqual(
      world.a.failed.map(({ code }) => code),
      ['bad-topic', 'bad-topic', 'bad-topic', 'bad-topic', 'bad-series', 'bad-series']
    )
    assert.deepEqual(world.passes, [])
  })

  it('a key is short, well formed, and the same whatever the order of the fields', () => {
    assert.equal(keyOf({ a: 1, b: [1, { d: 2, c: 3 }] }), keyOf({ b: [1, { c: 3, d: 2 }], a: 1 }))
    assert.notEqual(keyOf('\ud800'), keyOf('\ufffd'))
    for (const long of ['x'.repeat(10_000), '温'.repeat(119), { text: 'y'.repeat(900) }]) {
      assert.ok(Buffer.byteLength(keyOf(long) ?? '') <= 400)
    }
    assert.equal(keyOf(Array.from({ length: 5000 }, (_none, n) => n)), null)
    assert.equal(
      keyOf({
        get x(): number {
          throw new Error('no')
        }
      }),
      null
    )
  })

  it('without a series, a number that falls by more than `keep` begins anew; a straggler of before is known', () => {
    const world = serving({ series: '', keep: 100 })
    world.both('x', 998, 999, 1000)
    world.both('x', 0, 1)
    world.both('x', 1001, 999)
    world.both('x', 2)
    world.time.advanceMs(TOLD_MS)
    assert.deepEqual(numbersOf(world.passes), [998, 999, 1000, 0, 1, 1001, 2])
    assert.deepEqual([marks(world.a), world.b.gate.held], [[[999, 'passed']], 0])
  })

  it('without a series, one that falls by less is taken for a copy: with warning, once', () => {
    const world = serving({ series: '' })
    world.both('x', 1, 2, 3)
    for (let round = 0; round < 20; round++) {
      world.both('x', 1, 2, 3)
      world.time.advanceMs(500)
    }
    assert.deepEqual(world.a.warnings, [{ code: 'sequence-stuck', topic: 'x' }])
    assert.deepEqual(world.b.warnings, [])
    world.both('x', 4)
    world.both('x', 1)
    world.time.advanceMs(4900)
    world.both('x', 1)
    assert.equal(world.a.warnings.length, 1, 'something has passed: five seconds begin anew')
    world.time.advanceMs(200)
    world.both('x', 1)
    assert.equal(world.a.warnings.length, 2)
  })

  it('a number far below all that is remembered passes, and says that nobody knows', () => {
    const world = serving({ keep: 100 })
    world.both('x', 100_000)
    world.both('x', 5)
    assert.deepEqual([numbersOf(world.passes), unsureOf(world)], [[100_000, 5], [5]])
  })
})

describe('the limits', () => {
  it('`keep`: the oldest falls out, counted and warned of, once a minute', () => {
    const world = serving({ keep: 3 })
    for (let seq = 0; seq < 10; seq++) world.send(world.b, { topic: 'x', seq })
    assert.deepEqual([world.b.gate.held, world.b.done.size], [3, 7])
    world.time.advanceMs(LOOK_MS)
    assert.deepEqual(world.b.warnings, [{ code: 'fell-out', count: 7, joined: true }])
    for (let seq = 10; seq < 12; seq++) world.send(world.b, { topic: 'x', seq })
    world.time.advanceMs(30_000)
    assert.equal(world.b.warnings.length, 1)
    world.swap()
    world.time.advanceMs(0)
    assert.deepEqual(numbersOf(world.b.passed), [9, 10, 11])
    world.time.advanceMs(60_000)
    assert.deepEqual(world.b.warnings.at(-1), { code: 'fell-out', count: 2, joined: true })
  })

  it('`keepFor`: what is too old does not pass', () => {
    const world = serving({ keepForMs: 1000 })
    world.send(world.b, { topic: 'x', seq: 1 })
    world.time.advanceMs(600)
    world.send(world.b, { topic: 'x', seq: 2 })
    world.time.advanceMs(600)
    world.swap()
    world.time.advanceMs(0)
    assert.deepEqual(numbersOf(world.b.passed), [2])
    world.time.advanceMs(LOOK_MS)
    assert.deepEqual(world.b.warnings, [{ code: 'fell-out', count: 1, joined: true }])
  })

  it(`at most ${TOPICS_MAX} topics: the longest unused goes, with what it held`, () => {
    const world = new World()
    world.b.gate.close(true)
    world.b.build(null, TERMS, 100).flowsStarted()
    for (let topic = 0; topic < 150; topic++) world.send(world.b, { topic, seq: 1 })
    world.send(world.b, { topic: 60, seq: 2 })
    world.send(world.b, { topic: 'another', seq: 1 })
    assert.equal(world.b.gate.held, 101)
    world.serve(world.b)
    world.time.advanceMs(0)
    const topics = world.b.passed.map(({ msg }) => msg.topic)
    assert.deepEqual([topics.includes(50), topics.includes(60)], [false, true])
    world.time.advanceMs(LOOK_MS)
    assert.deepEqual(world.b.warnings, [{ code: 'fell-out', count: 51, joined: true }])
  })

  it('a peer that takes nothing in costs no memory, and is told of all when it does', () => {
    const world = serving()
    world.cable.bytesMax = 20
    world.cable.delayMs = 60_000
    world.cable.bodies = 0
    for (let seq = 0; seq < 2000; seq++) world.both('x', seq)
    world.time.advanceMs(100)
    world.cable.delayMs = 1
    world.cable.arriveNow()
    world.time.advanceMs(100)
    assert.equal(world.b.gate.held, 0)
    assert.ok(world.cable.bodies < 10, `${world.cable.bodies} bodies`)
  })
})

describe('the life of a gate that resumes', () => {
  it('a message whose sending throws is an error of that message, is not sent again, and the next ones go on', () => {
    const world = serving()
    world.a.failing.add(2)
    world.b.failing.add(4)
    world.both('x', 1, 2, 3)
    assert.deepEqual([numbersOf(world.passes), world.a.failed], [[1, 3], [{ number: 2, code: undefined }]])
    for (const seq of [4, 5]) world.send(world.b, { topic: 'x', seq })
    world.swap()
    world.time.advanceMs(0)
    assert.deepEqual(numbersOf(world.b.passed), [5])
    world.send(world.b, { topic: 'x', seq: 4 })
    assert.deepEqual(marks(world.b), [[4, 'passed']])
  })

  it('what it holds and knows outlives a deploy; what was taken over waits until the flows have started', () => {
    const world = serving()
    world.both('x', 1, 2)
    world.time.advanceMs(TOLD_MS)
    world.send(world.b, { topic: 'x', seq: 3 })
    const state = world.b.gate.close(false)
    const gate = world.b.build(state)
    assert.equal(gate.held, 1)
    world.swap()
    world.time.advanceMs(LOOK_MS)
    assert.deepEqual(numbersOf(world.b.passed), [])
    gate.flowsStarted()
    world.time.advanceMs(0)
    assert.deepEqual(numbersOf(world.b.passed), [3])
    assert.deepEqual([...world.b.done.values()], [1, 1], 'nobody waits for the end of what was taken over')
    world.send(world.b, { topic: 'x', seq: 1 })
    assert.deepEqual(marks(world.b), [[1, 'passed']])
    assert.deepEqual(unsureOf(world), [])
  })

  it('what it let through between two connections is told with the next', () => {
    const world = serving()
    world.cable.cut(0)
    world.both('x', 1, 2)
    world.time.advanceMs(1000)
    assert.equal(world.b.gate.held, 2)
    world.cable.connect()
    world.time.advanceMs(TOLD_MS)
    assert.equal(world.b.gate.held, 0)
  })

  it('who joins a moment after is not told before the flow behind has had its time', () => {
    const world = serving()
    world.both('x', 1)
    world.cable.cut(0)
    world.both('x', 2)
    world.cable.connect()
    world.cable.arriveNow()
    assert.equal(world.b.gate.held, 2)
    world.time.advanceMs(TOLD_MS)
    assert.equal(world.b.gate.held, 0)
  })

  it('a joiner is told of all that is remembered', () => {
    const world = serving()
    for (let seq = 0; seq < 5000; seq += 2) world.send(world.a, { topic: 'x', batch: seq % 3, seq })
    world.time.advanceMs(HEAP_MS)
    world.cable.cut(0)
    world.b.gate.close(true)
    world.b.told.clear()
    world.b.build(null).flowsStarted()
    world.cable.connect()
    world.time.advanceMs(TOLD_MS)
    for (let seq = 0; seq < 5000; seq++) world.send(world.b, { topic: 'x', batch: seq % 3, seq })
    assert.equal(world.b.gate.held, 2500)
  })

  it('a deploy that counts by another property forgets what it held', () => {
    const world = serving()
    world.send(world.b, { topic: 'x', seq: 1 })
    assert.equal(world.b.build(world.b.gate.close(false), { ...TERMS, sequence: 'payload.no' }).held, 0)
  })

  it('a deploy may change the limits', () => {
    const world = serving()
    for (const seq of [1, 2, 3]) world.send(world.b, { topic: 'x', seq })
    const gate = world.b.build(world.b.gate.close(false), { ...TERMS, keep: 3, order: 'rising' })
    gate.flowsStarted()
    world.send(world.b, { topic: 'x', seq: 4 })
    assert.equal(gate.held, 3)
  })

  it('removed: what it held is done, nothing is armed, and the carrier is free', () => {
    const world = serving()
    world.send(world.b, { topic: 'x', seq: 1 })
    assert.equal(world.b.gate.close(true), null)
    assert.deepEqual([...world.b.done.values()], [1])
    assert.equal(world.b.end.users.size, 0)
    world.time.advanceMs(1000)
    assert.equal(world.time.armed, 0)
  })

  it('without a pair every message is an error', () => {
    const world = new World()
    world.a.pairless = true
    world.send(world.a, { topic: 'x', seq: 1 })
    assert.deepEqual([world.a.failed, world.a.gate.held], [[{ number: 1, code: 'no-pair' }], 0])
  })
})
