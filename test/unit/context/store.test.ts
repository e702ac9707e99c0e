/** What moves with the role, rule by rule (the numbers are those of 'Store' in the design): two copies and the channel between them, in memory. */
import assert from 'node:assert/strict'
import { isKnown } from '../../../src/host/store/cleaning'
import { Copy } from '../../../src/host/store/copy'
import { isOnLine, promoted, type Promotion } from '../../../src/host/store/positions'
import { decodeBody, encodePut } from '../../../src/host/store/bodies'
import { parsePath } from '../../../src/host/store/property-path'
import { Receiving } from '../../../src/host/store/receiving'
import { Sending } from '../../../src/host/store/sending'
import { StorePair, type StoreSide } from './rig'

const write = (side: StoreSide, scope: string): void => side.replica.set(scope, parsePath('n'), 1, null)
const scopes = (side: StoreSide): string[] => [...side.copy.scopes.keys()]

const LINE: readonly Promotion[] = [
  { epoch: 2, from: { epoch: 0, number: 0 } },
  { epoch: 4, from: { epoch: 2, number: 7 } }
]
const NOW = { epoch: 4, number: 3 }
const on = (epoch: number, number: number): boolean => isOnLine(LINE, NOW, { epoch, number })

describe('a store on both hosts', () => {
  let pair: StorePair
  let a: StoreSide
  let b: StoreSide

  beforeEach(async () => {
    pair = await StorePair.serving()
    ;({ a, b } = pair)
  })

  const written = async (side: StoreSide, values: Readonly<Record<string, unknown>>): Promise<void> => {
    for (const [key, value] of Object.entries(values)) side.set(key, value)
    await pair.settle()
  }

  it('is the same on both', async () => {
    await written(a, { count: 1, recipe: { steps: [1, 2], at: new Date(5) } })
    assert.deepEqual(b.content, { 'flow count': 1, 'flow recipe': { steps: [1, 2], at: new Date(5) } })
    await written(a, { 'recipe.steps[1]': 9, count: undefined })
    assert.deepEqual(b.content, { 'flow recipe': { steps: [1, 9], at: new Date(5) } })
    assert.deepEqual([a.seat.data?.inStep, b.seat.data?.inStep, b.copy.position], [true, true, a.copy.position])
  })

  describe('1: one writer', () => {
    it('what is written on the Standby changes nothing, and is said once in the log', async () => {
      await written(b, { count: 5 })
      b.set('count', 6)
      assert.deepEqual([a.content, b.content], [{}, {}])
      assert.equal(b.seat.lines.length, 1)
      assert.match(b.seat.lines[0] ?? '', /count of flow/)
      assert.deepEqual(b.seat.news, [])
    })

    it('more than 1,000 such writes in a second are a warning with flow and key', () => {
      for (let n = 0; n < 1000; n++) b.set('loop', n)
      pair.loop.advanceMs(1000)
      for (let n = 0; n < 1000; n++) b.set('loop', n)
      assert.deepEqual(b.seat.news, [])
      b.set('loop', 0)
      b.set('loop', 0)
      assert.deepEqual(b.seat.news, [{ code: 'standby-writes', scope: 'flow', key: 'loop', count: 1001 }])
      assert.deepEqual([a.replica.dropped, b.replica.dropped >= 1001], [0, true])
    })

    it('the role of the instant counts, not the one that was heard of', () => {
      a.seat.becomesUnheard('standby', 4)
      a.set('count', 1)
      b.seat.becomesUnheard('active', 4)
      b.set('count', 2)
      assert.deepEqual([a.get('count'), b.get('count')], [undefined, 2])
    })

    it('and within a turn the one of its first write: nobody has half of what it wrote', async () => {
      await written(a, { step: 1, done: 1 })
      a.set('step', 2)
      a.seat.becomesUnheard('standby', 4)
      a.set('done', undefined)
      assert.deepEqual(a.content, { 'flow step': 2 })
      pair.loop.turn()
      a.set('step', 3)
      assert.deepEqual([a.get('step'), a.copy.mode], [2, 'standby'])
    })
  })

  describe('2: writes before the first role', () => {
    beforeEach(() => {
      pair = new StorePair()
      ;({ a, b } = pair)
      a.set('count', 0)
      b.set('count', 1)
      b.set('only.here', 1)
    })

    it('are there to be read, and have no version', () => {
      assert.deepEqual([a.get('count'), b.get('only')], [0, { here: 1 }])
      assert.deepEqual(a.copy.position, { epoch: 0, number: 0 })
    })

    it('are the first batch of who becomes Active, and are dropped by who becomes Standby', async () => {
      a.seat.becomes('active', 2)
      b.seat.becomes('standby', 2)
      assert.deepEqual([a.content, b.content], [{ 'flow count': 0 }, {}])
      await pair.wires.open()
      await pair.settle()
      assert.deepEqual([b.content, b.copy.position], [{ 'flow count': 0 }, { epoch: 2, number: 1 }])
      assert.deepEqual(b.conflicts, [], 'nothing of its own was lost')
    })
  })

  describe('3: a batch is a consistent cut', () => {
    it('of all that was written in a turn', async () => {
      a.set('x', 1)
      a.set('y', 1)
      pair.loop.turn()
      a.set('x', 2)
      pair.loop.turn()
      a.set('y', 2)
      await pair.wires.deliver(pair.wires.b)
      assert.deepEqual(b.content, { 'flow x': 1, 'flow y': 1 })
      await pair.settle()
      assert.deepEqual(b.content, { 'flow x': 2, 'flow y': 2 })
      assert.deepEqual(b.copy.position, { epoch: 2, number: 3 })
    })

    it('of several turns, where the peer is slow', async () => {
      if (pair.wires.a.out !== null) pair.wires.a.out.room = 0
      const large = 'x'.repeat(300_000)
      for (let n = 1; n <= 20; n++) {
        a.set('n', n)
        a.set('large', large + n)
        pair.loop.turn()
      }
      if (pair.wires.a.out !== null) pair.wires.a.out.room = Infinity
      assert.ok(pair.wires.a.exchange.waitingBytes < 2_000_000, `${pair.wires.a.exchange.waitingBytes} bytes wait`)
      a.replica.drained()
      await pair.settle()
      assert.deepEqual([b.get('n'), b.get('large')], [20, `${large}20`])
    })

    it('that is long is applied at its commit, and a takeover in its midst serves the old state', async () => {
      await written(a, { n: 1 })
      for (let n = 0; n < 10; n++) a.set(`key${n}`, 'x'.repeat(50_000))
      a.set('n', 2)
      pair.loop.turn()
      pair.loop.turn()
      await pair.wires.settle()
      assert.deepEqual(b.content, { 'flow n': 1 })
      b.seat.becomes('active', 4)
      assert.deepEqual(b.content, { 'flow n': 1 })
      assert.deepEqual(b.copy.line.at(-1), { epoch: 4, from: { epoch: 2, number: 1 } })
    })

    it('of which a part was not taken, because this side served for a moment, is not taken at all', async () => {
      for (let n = 0; n < 6; n++) a.set(`key${n}`, 'x'.repeat(60_000))
      for (let n = 0; n < 6; n++) pair.loop.turn()
      const parts = async (count: number): Promise<void> => {
        for (let n = 0; n < count; n++) await pair.wires.deliver(pair.wires.b)
      }
      await parts(8)
      b.seat.becomes('active', 4)
      await parts(8)
      b.seat.becomes('standby', 4)
      await pair.wires.settle()
      assert.deepEqual(Object.keys(b.content), [])
      await pair.settle()
      assert.equal(Object.keys(b.content).length, 6)
    })

    it('a snapshot takes the place of the old copy at its end, and goes in pieces, one a turn', async () => {
      for (let n = 0; n < 40; n++) a.set(`key${n}`, 'x'.repeat(20_000))
      await pair.settle()
      const saved = a.save()
      pair = new StorePair()
      ;({ a, b } = pair)
      a.restart(saved)
      b.set('old', 1)
      b.seat.becomes('active', 4)
      b.set('old', 2)
      b.seat.becomes('standby', 6)
      a.seat.becomes('active', 6)
      await pair.wires.open()
      let turns = 0
      for (; b.get('key39') === undefined; turns++) {
        a.set('n', turns)
        assert.ok(pair.loop.turn())
        if (b.get('key39') === undefined) assert.deepEqual([b.content, b.seat.data?.inStep], [{ 'flow old': 2 }, false])
        await pair.wires.settle()
      }
      assert.ok(turns > 10 && turns < 30, `${turns} turns`)
      assert.deepEqual(b.content, a.content)
      assert.deepEqual([b.seat.data?.inStep, b.copy.position], [true, a.copy.position])
    })

    it('ends, also when more is written in each turn than goes into a piece', async () => {
      const large = 'x'.repeat(50_000)
      for (let turn = 0; turn < 200 && b.get('k0') === undefined; turn++) {
        for (let n = 0; n < 3; n++) a.set(`k${n}`, large + turn)
        pair.loop.turn()
        await pair.wires.settle()
      }
      assert.equal(typeof b.get('k0'), 'string')
    })
  })

  describe('5: a delta is for who stands on this line', () => {
    it('up to the position from which each promotion went on', () => {
      assert.deepEqual([on(4, 0), on(4, 3), on(4, 4)], [true, true, false])
      assert.deepEqual([on(2, 1), on(2, 7), on(2, 8)], [true, true, false])
      assert.deepEqual([on(3, 1), on(6, 0), on(0, 0)], [false, false, false])
    })

    it('and of the promotions the last 64 are kept', () => {
      let line: readonly Promotion[] = []
      for (let epoch = 2; epoch <= 200; epoch += 2) line = promoted(line, epoch, { epoch: epoch - 2, number: 1 })
      assert.deepEqual([line.length, line.at(-1)?.epoch], [64, 200])
    })

    it('who was away is told what has changed since, deletions too', async () => {
      await written(a, { kept: 1, changed: 1, deleted: 1 })
      pair.wires.cut(pair.wires.a)
      await written(a, { changed: 2, deleted: undefined, added: 1 })
      pair.wires.lay(pair.wires.a)
      await pair.wires.settle()
      const sending = new Sending(a.copy, b.copy.position)
      const piece = JSON.parse(sending.next(0)?.body.toString() ?? '') as {
        begins: { mode: string }
        entries: unknown[][]
      }
      assert.deepEqual(
        [piece.begins.mode, piece.entries.map(([, key]) => key)],
        ['delta', ['changed', 'added', 'deleted']]
      )
      await pair.settle()
      assert.deepEqual([b.content, b.conflicts], [a.content, []])
    })

    it('a deletion that is no longer known costs a snapshot', async () => {
      await written(a, { kept: 1, deleted: 1 })
      pair.wires.cut(pair.wires.a)
      await written(a, { deleted: undefined })
      for (let n = 0; n < 10_001; n++) a.set(`k${n}`, 1)
      a.copy.cut()
      for (let n = 0; n < 10_001; n++) a.set(`k${n}`, undefined)
      a.copy.cut()
      assert.equal(a.copy.canGoOnFrom(b.copy.position), false)
      pair.wires.lay(pair.wires.a)
      await pair.settle()
      assert.deepEqual([b.content, b.conflicts], [{ 'flow kept': 1 }, []])
    })

    it('a deletion reaches who has the key, also through a side that never had it', async () => {
      const early = b.save()
      await written(a, { gone: 1 })
      const late = a.save()
      b.restart(early)
      await written(a, { gone: undefined })
      b.seat.becomes('standby', 2)
      await pair.settle()
      b.seat.becomes('active', 4)
      a.restart(late)
      a.seat.becomes('standby', 4)
      await pair.settle()
      assert.deepEqual([a.content, b.content], [{}, {}])
    })

    it('a change that goes on from elsewhere is not taken, and asked for anew', () => {
      const put = decodeBody(
        encodePut(
          { mode: 'delta', from: { epoch: 2, number: 5 }, diverged: false },
          ['["flow","n",2,6,1]'],
          { position: { epoch: 2, number: 6 }, line: null },
          0
        )
      )
      assert.ok(put.kind === 'put')
      assert.deepEqual([new Receiving(b.copy, 1e6).take(put), b.content], [{ kind: 'ask' }, {}])
    })

    it('what went on by itself is replaced, and kept aside', async () => {
      await written(a, { n: 1 })
      pair.wires.cut(pair.wires.a)
      pair.wires.cut(pair.wires.b)
      await written(a, { n: 2, only: 'a' })
      b.seat.becomes('active', 4)
      await written(b, { n: 3 })
      // 13: after a split the data of the higher epoch wins, whole.
      a.seat.becomes('standby', 4)
      await pair.wires.open()
      await pair.settle()
      assert.deepEqual([a.content, b.content], [{ 'flow n': 3 }, { 'flow n': 3 }])
      assert.deepEqual(a.conflicts, [{ keys: ['n', 'only'], position: { epoch: 2, number: 2 } }])
      assert.deepEqual(b.conflicts, [])
    })
  })

  describe('7: in step', () => {
    it('is nobody whose half is not there', async () => {
      pair.wires.cut(pair.wires.a)
      assert.deepEqual([a.seat.data?.inStep, b.seat.data?.inStep], [false, false])
      assert.equal(a.seat.data?.behindMs, null)
    })

    it('is nobody who has not answered yet to what goes on from where he was', async () => {
      a.set('n', 1)
      pair.wires.cut(pair.wires.a)
      await pair.wires.open()
      assert.equal(a.seat.data?.inStep, false)
      pair.loop.turn()
      assert.equal(a.seat.data?.inStep, false)
      await pair.wires.settle()
      assert.deepEqual([a.seat.data?.inStep, b.get('n')], [true, 1])
    })

    it('is the follower less than a second behind, of what the peer has not taken in', async () => {
      a.set('n', 1)
      pair.loop.turn()
      pair.loop.advanceMs(999)
      assert.deepEqual([a.replica.behindMs, a.replica.inStep], [999, true])
      pair.loop.advanceMs(1)
      assert.equal(a.replica.inStep, false)
      await pair.settle()
      assert.deepEqual([a.replica.behindMs, a.replica.inStep], [0, true])
    })

    it('both sides know when something was transferred last', async () => {
      const before = [a.replica.movedAtMs, b.replica.movedAtMs]
      pair.loop.advanceMs(5000)
      await written(a, { n: 1 })
      const nowMs = pair.loop.nowMs()
      assert.deepEqual([a.replica.movedAtMs, b.replica.movedAtMs], [nowMs, nowMs])
      assert.notDeepEqual(before, [nowMs, nowMs])
    })

    it('is told when a second has passed, though nothing else happens', async () => {
      a.set('n', 1)
      pair.loop.turn()
      const { reports } = a.seat
      pair.loop.advanceMs(1000)
      assert.ok(a.seat.reports > reports)
      assert.equal(a.seat.data?.inStep, false)
      await pair.settle()
    })
  })

  describe('8: barrier', () => {
    it('taken in is not had: a copy that is elsewhere says so, and is brought up while the gate is shut', async () => {
      await written(a, { n: 1 })
      b.copy.apply([], { epoch: 2, number: 99 }, null)
      a.set('n', 2)
      a.replica.flush()
      assert.equal(a.replica.peerHasAll, false)
      await pair.wires.settle()
      assert.deepEqual([b.get('n'), a.replica.peerHasAll], [1, false])
      a.set('n', 3)
      await pair.settle()
      assert.deepEqual([b.get('n'), b.copy.position, a.replica.peerHasAll], [2, a.copy.position, true])
    })

    it('a swap takes all that was written before it, and goes on from there', async () => {
      a.set('n', 1)
      await pair.swap(a, b, 4)
      assert.equal(b.get('n'), 1)
      assert.deepEqual(b.copy.line.at(-1), { epoch: 4, from: { epoch: 2, number: 1 } })
      await written(b, { n: 2 })
      assert.deepEqual([a.content, a.copy.position], [b.content, b.copy.position])
      assert.deepEqual([a.conflicts, b.conflicts, a.seat.news], [[], [], []])
      await pair.swap(b, a, 6)
      await written(a, { n: 3 })
      assert.equal(b.get('n'), 3)
    })

    it('what is written after the last word is dropped, counted and told', async () => {
      await written(a, { n: { x: 1 }, gone: 1 })
      a.replica.flush()
      a.set('n.x', 2)
      a.set('new', 1)
      a.set('gone', undefined)
      assert.deepEqual(a.content, { 'flow n': { x: 2 }, 'flow new': 1 }, 'who wrote it reads it until then')
      await pair.settle()
      assert.equal(b.get('n.x'), 1)
      await pair.swap(a, b, 4)
      a.set('n', 5)
      pair.loop.advanceMs(1000)
      assert.deepEqual(a.content, { 'flow n': { x: 1 }, 'flow gone': 1 })
      assert.deepEqual(a.seat.news, [{ code: 'late-writes', scope: 'flow', key: 'n', count: 4 }])
      assert.equal(a.replica.dropped, 4)
      await written(b, { gone: undefined })
      assert.deepEqual(a.content, b.content)
    })

    it('called off, what was written meanwhile counts', async () => {
      await written(a, { n: 1 })
      a.replica.flush()
      a.set('n', 2)
      a.set('m', 1)
      a.seat.barrierOver(false)
      await pair.settle()
      assert.deepEqual(
        [b.content, a.copy.position],
        [
          { 'flow n': 2, 'flow m': 1 },
          { epoch: 2, number: 2 }
        ]
      )
    })
  })

  describe('9: acknowledge', () => {
    let words: string[]
    const set = (key: string): void => a.set(key, 1, () => words.push(key))
    beforeEach(() => (words = []))

    it('comes when the peer has it in its memory', async () => {
      set('x')
      pair.loop.turn()
      set('y')
      await pair.wires.settle()
      assert.deepEqual([words, b.get('x')], [['x'], 1])
      await pair.settle()
      assert.deepEqual(words, ['x', 'y'])
    })

    it('comes at once without a peer in step, and when it goes', async () => {
      set('x')
      pair.loop.turn()
      pair.wires.cut(pair.wires.a)
      assert.deepEqual(words, ['x'])
      set('y')
      assert.deepEqual(words, ['x', 'y'])
    })

    it('comes at once while the peer is not in step', () => {
      a.set('n', 1)
      pair.loop.turn()
      pair.loop.advanceMs(1000)
      set('x')
      assert.deepEqual(words, ['x'])
    })

    it('comes when its time is over, at the end, and on the Standby', () => {
      set('x')
      pair.loop.advanceMs(199)
      assert.equal(words.length, 0)
      pair.loop.advanceMs(1)
      assert.deepEqual([words, a.replica.unanswered], [['x'], 1])
      set('y')
      a.replica.leave()
      b.set('z', 1, () => words.push('z'))
      assert.deepEqual(words, ['x', 'y', 'z'])
    })
  })

  describe('10: context of flows that are gone', () => {
    it('goes when neither side’s flows know it', async () => {
      for (const scope of ['old', 'kept', 'node:kept', 'node:old', 'global']) write(a, scope)
      await pair.settle()
      a.replica.clean(['kept', 'node'])
      await pair.settle()
      assert.equal(scopes(a).length, 5, 'the other side has not said anything')
      b.replica.clean(['kept', 'node', 'old'])
      await pair.settle()
      assert.equal(scopes(a).length, 5, 'the other side still has it')
      b.replica.clean(['kept', 'node'])
      await pair.settle()
      assert.deepEqual(scopes(a), ['kept', 'node:kept', 'global'])
      assert.deepEqual(b.content, a.content)
    })

    it('stays without a peer to ask', async () => {
      write(a, 'old')
      await pair.settle()
      b.replica.clean([])
      pair.wires.cut(pair.wires.a)
      a.replica.clean([])
      await pair.settle()
      assert.deepEqual(scopes(a), ['old'])
      pair.wires.lay(pair.wires.a)
      await pair.settle()
      assert.deepEqual([scopes(a), scopes(b)], [[], []])
    })

    it('is taken away by the role’s holder only', async () => {
      write(a, 'old')
      await pair.settle()
      b.replica.delete('old')
      assert.deepEqual(scopes(b), ['old'])
      a.replica.delete('old')
      await pair.settle()
      assert.deepEqual(scopes(b), [])
    })

    it('both halves of a name count, also inside of subflows', () => {
      const known = new Set(['node', 'flow', 'outer', 'inner'])
      for (const scope of ['global', 'flow', 'node:flow', 'outer-inner', 'outer-inner-node:outer-inner']) {
        assert.equal(isKnown(scope, known), true, scope)
      }
      for (const scope of ['gone', 'node:gone', 'gone:flow', 'outer-gone', 'gone-node:outer']) {
        assert.equal(isKnown(scope, known), false, scope)
      }
    })
  })

  it('does not take what one side wrote alone for a state of this line', async () => {
    await written(a, { n: 1 })
    for (const how of ['after it was alone', 'before that'] as const) {
      const saved = b.save()
      const alone = new Copy({ maxBytes: 1e6, maxKeyBytes: 1e6 })
      alone.restore(saved.entries, saved.position, saved.line, saved.floor)
      if (how === 'before that') alone.wait()
      else alone.set('flow', parsePath('n'), 5)
      alone.set('flow', parsePath('n'), 6)
      alone.goAlone()
      assert.deepEqual([alone.position, alone.line], [{ epoch: 0, number: 0 }, []], how)
      alone.promote(4)
      assert.equal(alone.canGoOnFrom(a.copy.position), false)
    }
  })

  it('goes on when the epoch is raised while it serves', async () => {
    await written(a, { n: 1 })
    a.seat.becomes('active', 4)
    await written(a, { n: 2 })
    assert.deepEqual([b.content, b.copy.position, b.copy.line], [a.content, { epoch: 4, number: 1 }, a.copy.line])
  })

  it('goes on when the role was lost for a moment, and nobody else had it', async () => {
    await written(a, { count: 1 })
    a.set('count', 2)
    a.seat.becomes('standby', 2)
    await pair.settle()
    a.seat.becomes('active', 4)
    await written(a, { more: 1 })
    assert.deepEqual(b.content, { 'flow count': 2, 'flow more': 1 })
    assert.deepEqual([a.seat.data?.inStep, b.conflicts], [true, []])
  })

  it('goes on when the engine’s thread died and took the role again', async () => {
    await written(a, { n: 1 })
    a.seat.becomes('initial', 0)
    a.set('n', 2)
    a.seat.becomes('active', 4)
    await pair.settle()
    assert.deepEqual([b.content, b.copy.position], [{ 'flow n': 2 }, { epoch: 4, number: 1 }])
  })

  it('keeps to the smaller limits of both, and a peer that has more already costs no connection', async () => {
    const small = { maxBytes: 1000, maxKeyBytes: 300 }
    pair = await StorePair.serving(small)
    ;({ a, b } = pair)
    assert.throws(() => a.set('x', 'y'.repeat(300)), /more than 300 bytes/)
    pair = new StorePair(small)
    ;({ a, b } = pair)
    a.seat.becomes('active', 2)
    b.seat.becomes('standby', 2)
    for (let n = 0; n < 9; n++) a.set(`large${n}`, `${n}`.repeat(900_000))
    for (let n = 0; n < 9; n++) a.set(`more${n}`, `${n}`.repeat(100_000))
    const receiving = new Receiving(b.copy, 1000)
    const text = JSON.stringify(['flow', 'n', 2, 1, 'x'.repeat(1000)])
    const put = decodeBody(
      encodePut({ mode: 'snapshot', from: { epoch: 0, number: 0 }, diverged: false }, [text], null, 0)
    )
    assert.ok(put.kind === 'put')
    assert.deepEqual(receiving.take(put), { kind: 'too-much' })
    await pair.wires.open()
    await pair.settle()
    assert.deepEqual([b.seat.data?.keys, pair.wires.a.exchange.open], [18, true], 'what is there already moves')
  })

  it('keeps to its limits, and the old value stays', () => {
    const copy = new Copy({ maxBytes: 1000, maxKeyBytes: 300 })
    copy.set('flow', parsePath('x'), 1)
    const set = (key: string, value: unknown) => (): unknown => copy.set('flow', parsePath(key), value)
    assert.throws(set('x', 'y'.repeat(300)), /more than 300 bytes/)
    assert.throws(set('x.y', 'y'.repeat(300)), /more than 300 bytes/)
    assert.throws(set('list[100000000]', 1), /more than 300 bytes/)
    assert.equal(copy.get('flow', parsePath('x')), 1)
    for (let n = 0; n < 3; n++) copy.set('flow', parsePath(`k${n}`), 'y'.repeat(200))
    assert.throws(set('k3', 'y'.repeat(200)), /the store takes more than 1000 bytes/)
    copy.set('flow', parsePath('k0'), undefined)
    copy.set('flow', parsePath('k3'), 'y'.repeat(200))
  })

  it('counts the same bytes however a value came to be', () => {
    const [one, other] = [new Copy({ maxBytes: 1e6, maxKeyBytes: 1e6 }), new Copy({ maxBytes: 1e6, maxKeyBytes: 1e6 })]
    for (const [key, value] of [
      ['r.a.b', 1],
      ['r.list[2].x', 'text'],
      ['r.a.b', 'longer'],
      ['r.c', 5]
    ] as const) {
      one.set('flow', parsePath(key), value)
    }
    one.set('flow', parsePath('r.c'), undefined)
    one.set('flow', parsePath('r.list[0]'), undefined)
    other.set('flow', parsePath('r'), one.get('flow', parsePath('r')))
    assert.equal(one.bytes, other.bytes)
  })
})
