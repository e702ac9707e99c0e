import assert from 'node:assert/strict'
import fc from 'fast-check'
import { decodeBody, encodeBody, messageIn, Names, textOf } from '../../../src/host/sync/body'
import { ENTRIES_MAX, Sync, type Mode, type SyncMessage } from '../../../src/host/sync/sync'
import { Cable, type CableEnd } from './carrier-cable'
import { HandTime } from './gate-rig'

interface Value extends SyncMessage {
  readonly payload?: unknown
}

class Side {
  open = false
  epoch = 0
  sync: Sync<Value>
  readonly out: Value[] = []
  readonly errors: string[] = []
  done = 0
  warnings = 0
  readonly #names: Names
  readonly #time: HandTime
  readonly #end: CableEnd

  constructor(end: CableEnd, time: HandTime, mode: Mode, origin: number) {
    this.#names = new Names(Buffer.alloc(6, origin))
    this.#time = time
    this.#end = end
    this.sync = this.build(mode, null)
    this.sync.flowsStarted()
  }

  build(mode: Mode, state: ReturnType<Sync<Value>['close']>): Sync<Value> {
    this.sync = new Sync<Value>('node', mode, state, {
      clock: this.#time,
      names: this.#names,
      decide: () => ({ open: this.open, epoch: this.epoch }),
      pairName: () => 'p',
      send: (msg) => {
        if (msg.payload === 'refuse') throw new Error('refused')
        this.out.push(msg)
      },
      failed: (error) => this.errors.push(String(error)),
      unusable: (detail) => new Error(detail),
      refresh: () => {},
      warnOfOverflow: () => this.warnings++
    })
    this.sync.attach(this.#end)
    return this.sync
  }

  input(topic: unknown, payload: unknown): void {
    this.sync.input({ topic, payload, pair: 'of before' }, (error) => {
      if (error === undefined) this.done++
      else this.errors.push(error.message)
    })
  }

  get seen(): unknown[] {
    return this.out.map(({ topic, payload, pair }) => [topic, payload, (pair as { replay?: true }).replay === true])
  }
}

class Two {
  readonly time = new HandTime()
  readonly cable = new Cable(this.time)
  readonly a: Side
  readonly b: Side
  #epoch = 0

  constructor(mode: Mode) {
    this.a = new Side(this.cable.ends[0], this.time, mode, 1)
    this.b = new Side(this.cable.ends[1], this.time, mode, 2)
    this.serve(this.a)
  }

  serve(side: Side): void {
    for (const each of [this.a, this.b]) each.open = each === side
    side.epoch = ++this.#epoch
    for (const each of [this.a, this.b]) each.sync.statusChanged()
    this.time.advanceMs(5)
  }
}

describe('what is synchronised', () => {
  for (const mode of ['latest', 'stream'] as const) {
    it(`${mode}: what enters on the serving side leaves on the other one, marked`, () => {
      const two = new Two(mode)
      two.a.input('x', { at: new Date(5), bytes: Buffer.from('hi'), list: [1, undefined, -0, NaN, 10n] })
      two.time.advanceMs(5)
      assert.deepEqual(two.b.out, [
        {
          topic: 'x',
          payload: { at: new Date(5), bytes: Buffer.from('hi'), list: [1, undefined, -0, NaN, 10n] },
          pair: { name: 'p', epoch: 0, synced: true }
        }
      ])
      assert.deepEqual([two.a.out, two.a.done], [[], 1])
    })

    it(`${mode}: what enters on the other side ends there, and is counted`, () => {
      const two = new Two(mode)
      for (let n = 0; n < 3; n++) two.b.input('x', n)
      two.time.advanceMs(5)
      assert.deepEqual([two.a.out, two.b.out, two.b.sync.ignored, two.b.done], [[], [], 3, 3])
    })

    it(`${mode}: what cannot travel is an error`, () => {
      const two = new Two(mode)
      const circle: { self?: object } = {}
      circle.self = circle
      for (const payload of [() => 0, circle, 'x'.repeat(3_000_000)]) two.a.input('x', payload)
      assert.equal(two.a.errors.length, 3)
      two.time.advanceMs(5)
      assert.deepEqual(two.b.out, [])
    })

    it(`${mode}: a planned swap waits for all of it, also where the peer is slow`, () => {
      const two = new Two(mode)
      two.cable.bytesMax = 1
      for (let n = 0; n < 20; n++) two.a.input(`t${n}`, n)
      two.a.open = false
      two.a.sync.statusChanged()
      two.cable.ends[0].flush()
      two.cable.arriveNow()
      assert.equal(two.b.out.length, 20)
      assert.deepEqual(
        two.b.seen.map((each) => (each as unknown[])[1]),
        Array.from({ length: 20 }, (_none, n) => n)
      )
    })

    it(`${mode}: a deploy loses nothing, and waits until the flows have started`, () => {
      const two = new Two(mode)
      two.cable.cut(0)
      two.a.input('x', 1)
      two.a.build(mode, two.a.sync.close(false)).flowsStarted()
      const sync = two.b.build(mode, two.b.sync.close(false))
      two.cable.connect()
      if (mode === 'stream') two.a.input('x', 2)
      two.time.advanceMs(5)
      assert.deepEqual(two.b.out, [])
      sync.flowsStarted()
      assert.equal(two.b.out.length, mode === 'stream' ? 2 : 1)
    })
  }

  it('latest: the newest of each topic is given to a peer that joins', () => {
    const two = new Two('latest')
    two.cable.cut(0)
    for (const [topic, payload] of [
      ['x', 1],
      ['y', 2],
      ['x', 3],
      [undefined, 4]
    ] as const) {
      two.a.input(topic, payload)
    }
    two.cable.connect()
    two.time.advanceMs(5)
    assert.deepEqual(two.b.seen, [
      ['y', 2, true],
      ['x', 3, true],
      [undefined, 4, true]
    ])
    two.cable.cut(0)
    two.cable.connect()
    two.time.advanceMs(5)
    assert.equal(two.b.out.length, 3, 'it has these already')
  })

  it('latest: sent out once more where the role is taken, one in a turn, and to the other side', () => {
    const two = new Two('latest')
    two.a.input('x', 1)
    two.a.input('y', 2)
    two.time.advanceMs(5)
    two.b.out.length = 0
    two.a.open = false
    two.b.open = true
    two.b.epoch = 9
    two.b.sync.statusChanged()
    two.time.turn()
    assert.deepEqual(two.b.seen, [['x', 1, true]])
    two.b.input('y', 3)
    two.time.advanceMs(5)
    assert.deepEqual(two.b.seen, [['x', 1, true]], 'the other one has been replaced meanwhile')
    assert.deepEqual(two.a.seen, [['y', 3, false]])
  })

  it('latest: a pause under the same epoch repeats nothing', () => {
    const two = new Two('latest')
    two.a.input('x', 1)
    two.a.open = false
    two.a.sync.statusChanged()
    two.a.open = true
    two.a.sync.statusChanged()
    two.time.advanceMs(5)
    assert.deepEqual(two.a.out, [])
  })

  it('latest: of a slow peer only the newest waits', () => {
    const two = new Two('latest')
    two.cable.bytesMax = 1
    two.cable.bodies = 0
    for (let n = 0; n < 500; n++) two.a.input('x', n)
    two.time.advanceMs(10)
    assert.deepEqual(two.b.seen, [
      ['x', 0, false],
      ['x', 499, false]
    ])
  })

  it('latest: at most 1,000 topics, the longest unchanged goes, with one warning', () => {
    const two = new Two('latest')
    for (let n = 0; n < ENTRIES_MAX; n++) two.a.input(n, n)
    two.a.input(0, 'again')
    for (let n = 0; n < 5; n++) two.a.input(`new ${n}`, n)
    assert.deepEqual([two.a.sync.held, two.a.warnings], [ENTRIES_MAX, 1])
    two.a.out.length = 0
    two.a.epoch = 77
    two.a.sync.statusChanged()
    two.time.advanceMs(5)
    assert.deepEqual(two.a.out, [], 'a newer epoch, but the role was here all the time')
    two.a.epoch = 78
    two.a.sync.roleLost()
    two.a.sync.statusChanged()
    two.time.advanceMs(5)
    assert.ok(two.a.out.some(({ topic }) => topic === 0))
    assert.ok(!two.a.out.some(({ topic }) => topic === 1))
  })

  it('at most 16 MB, in either mode', () => {
    const two = new Two('latest')
    for (let n = 0; n < 40; n++) two.a.input(n, 'x'.repeat(900_000))
    assert.ok(two.a.sync.held < 20)
  })

  it('stream: at most 1,000 wait, the oldest goes, with one warning until the peer is there', () => {
    const two = new Two('stream')
    two.cable.cut(0)
    for (let n = 0; n < ENTRIES_MAX + 10; n++) two.a.input('x', n)
    assert.deepEqual([two.a.sync.held, two.a.warnings], [ENTRIES_MAX, 1])
    two.cable.connect()
    two.time.advanceMs(5)
    assert.deepEqual([two.b.out.length, two.b.seen[0], two.a.sync.held], [ENTRIES_MAX, ['x', 10, false], 0])
  })

  it('stream: nothing is sent out once more, and what waited when the role went is forgotten', () => {
    const two = new Two('stream')
    two.a.input('x', 1)
    two.time.advanceMs(5)
    two.cable.cut(0)
    two.a.input('x', 2)
    two.serve(two.b)
    assert.equal(two.b.out.length, 1)
    two.cable.connect()
    two.b.input('x', 3)
    two.time.advanceMs(5)
    two.serve(two.a)
    two.time.advanceMs(5)
    assert.deepEqual([two.a.seen, two.b.out.length], [[['x', 3, false]], 1])
  })

  it('a side that serves lets nothing out that comes from one that served before', () => {
    const two = new Two('latest')
    two.a.input('x', 1)
    two.b.open = true
    two.b.epoch = 9
    two.time.advanceMs(5)
    assert.deepEqual(two.b.out, [])
  })

  it('what a flow does with a message costs that message only', () => {
    const two = new Two('stream')
    for (const payload of [1, 'refuse', 2]) two.a.input('x', payload)
    two.time.advanceMs(5)
    assert.deepEqual([two.b.out.map(({ payload }) => payload), two.b.errors], [[1, 2], ['Error: refused']])
  })

  it('removed: nothing is left', () => {
    const two = new Two('latest')
    two.a.input('x', 1)
    assert.equal(two.a.sync.close(true), null)
    assert.equal(two.cable.ends[0].users.size, 0)
  })
})

const byText = (x: unknown[], y: unknown[]): number => String(x).localeCompare(String(y))

describe('what is synchronised, whatever happens', () => {
  type Act =
    | { readonly kind: 'input'; readonly topic: number }
    | { readonly kind: 'advance'; readonly ms: number }
    | { readonly kind: 'swap' | 'cut' | 'connect' }
  const acts: fc.Arbitrary<readonly Act[]> = fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.record({ kind: fc.constant('input' as const), topic: fc.nat(3) }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(3) }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('swap' as const, 'cut', 'connect', 'connect') }) }
    ),
    { maxLength: 60 }
  )

  /** Every input is a number of its own; both sides get each, as in two flows that do the same. */
  function play(two: Two, list: readonly Act[]): number[] {
    const entered: number[] = []
    for (const each of list) {
      switch (each.kind) {
        case 'input':
          entered.push(entered.length)
          for (const side of [two.a, two.b]) side.input(each.topic, entered.length - 1)
          break
        case 'advance':
          two.time.advanceMs(each.ms)
          break
        case 'cut':
          two.cable.cut(2)
          break
        case 'connect':
          two.cable.connect()
          break
        case 'swap': {
          // A planned swap is refused without the channel.
          if (!two.cable.up) break
          const [from, to] = two.a.open ? [two.a, two.b] : [two.b, two.a]
          from.open = false
          from.sync.statusChanged()
          two.cable.ends[from === two.a ? 0 : 1].flush()
          two.cable.arriveNow()
          two.serve(to)
        }
      }
    }
    two.cable.connect()
    two.time.advanceMs(50)
    return entered
  }

  it('stream: nothing leaves twice, and all in order', () => {
    fc.assert(
      fc.property(acts, fc.constantFrom(Infinity, 10), (list, bytesMax) => {
        const two = new Two('stream')
        two.cable.bytesMax = bytesMax
        play(two, list)
        for (const { out } of [two.a, two.b]) {
          const numbers = out.map(({ payload }) => Number(payload))
          assert.deepEqual(
            numbers,
            [...new Set(numbers)].toSorted((x, y) => x - y)
          )
        }
      })
    )
  })

  it('latest: in the end both know the same, and it is the newest that entered where it counts', () => {
    fc.assert(
      fc.property(acts, fc.constantFrom(Infinity, 10), (list, bytesMax) => {
        const two = new Two('latest')
        two.cable.bytesMax = bytesMax
        play(two, list)
        const standby = two.a.open ? two.b : two.a
        const active = two.a.open ? two.a : two.b
        const before = active.out.length
        active.epoch = 1000
        active.sync.roleLost()
        active.sync.statusChanged()
        two.time.advanceMs(50)
        const known = active.out.slice(before).map(({ topic, payload }) => [topic, payload])
        standby.out.length = 0
        two.serve(standby)
        two.time.advanceMs(50)
        const same = standby.out.map(({ topic, payload }) => [topic, payload])
        assert.deepEqual(same.toSorted(byText), known.toSorted(byText))
      })
    )
  })
})

describe('the body of a synchronised message', () => {
  it('is read as it was written', () => {
    const text = textOf({ topic: 'x', payload: new Map([[1, new Set(['a'])]]) })
    const id = new Names(Buffer.from('0102030405ff', 'hex')).next()
    assert.equal(id, '0102030405ff000000000001')
    const { kind, entry } = decodeBody(encodeBody('kept', { id, text }))
    assert.deepEqual(
      [kind, entry.id, messageIn(entry.text)],
      ['kept', id, { topic: 'x', payload: new Map([[1, new Set(['a'])]]) }]
    )
  })

  it('damaged: an error, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(3), (bytes, start) => {
        try {
          messageIn(decodeBody(Uint8Array.from([1, 0, 0, 0].slice(0, start).concat([...bytes]))).entry.text)
        } catch (error) {
          assert.ok(error instanceof Error)
        }
      })
    )
    for (const text of ['7', '[]', 'null', '{']) assert.throws(() => messageIn(Buffer.from(text)))
  })
})
