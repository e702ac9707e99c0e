/** What users of the channel may rely on, in memory: who meets whom, order, parts, receipts, new connections, damage. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { raiseBarrier } from '../../../src/host/channel/barrier'
import type { CallOff, Loop } from '../../../src/host/loop'
import { TAG } from '../../../src/host/channel/frames'
import { encodeNumber, encodePart, encodeTaken } from '../../../src/host/channel/messages'
import { BODY_BYTES_MAX, PART_BYTES } from '../../../src/host/channel/post'
import { Recorder, Wires, type ExchangeSide } from './exchange-rig'

describe('the exchange', () => {
  let wires: Wires
  let a: ExchangeSide
  let b: ExchangeSide

  beforeEach(() => {
    wires = new Wires()
    ;({ a, b } = wires)
  })

  const both = async (id = 'x'): Promise<[Recorder, Recorder]> => {
    const two: [Recorder, Recorder] = [new Recorder(id), new Recorder(id)]
    a.exchange.attach(two[0])
    b.exchange.attach(two[1])
    if (a.out === null) await wires.open()
    await wires.settle()
    two[0].seen.length = 0
    two[1].seen.length = 0
    return two
  }

  it('says nothing where nobody has something to carry', async () => {
    wires.lay(a)
    wires.lay(b)
    assert.deepEqual([a.out?.onTheWay, b.out?.onTheWay], [[], []])
    assert.equal(a.exchange.open, false)
    a.exchange.attach(new Recorder('x'))
    await wires.settle()
    assert.deepEqual([a.exchange.open, b.exchange.open], [true, true])
  })

  it('says nothing to a peer that does not understand it', () => {
    wires.version = 0
    wires.lay(a)
    wires.lay(b)
    a.exchange.attach(new Recorder('x'))
    assert.deepEqual([a.out?.onTheWay.length, a.exchange.open], [0, false])
  })

  it('needs both connections', async () => {
    a.exchange.attach(new Recorder('x'))
    b.exchange.attach(new Recorder('x'))
    wires.lay(a)
    await wires.settle()
    assert.deepEqual([a.exchange.open, b.exchange.open], [false, false])
    wires.lay(b)
    await wires.settle()
    assert.deepEqual([a.exchange.open, b.exchange.open], [true, true])
  })

  it('joins users of the same kind and id, whenever they come, with the terms of the other side', async () => {
    const [one, other] = [new Recorder('x', { keep: 1 }), new Recorder('x', { keep: 2 })]
    const [gate, stranger] = [new Recorder('x', {}, 'gate'), new Recorder('y')]
    for (const user of [one, gate]) a.exchange.attach(user)
    await wires.open()
    b.exchange.attach(stranger)
    b.exchange.attach(other)
    await wires.settle()
    assert.deepEqual(one.seen, ['joined {"keep":2}'])
    assert.deepEqual(other.seen, ['joined {"keep":1}'])
    assert.deepEqual([gate.seen, stranger.seen], [[], []])
    assert.deepEqual(a.exchange.differences, [
      { user: 'store x', here: 'keep 1', peer: 'keep 2' },
      { user: 'gate x', here: 'there', peer: '' },
      { user: 'store y', here: '', peer: 'there' }
    ])
    assert.throws(() => a.exchange.attach(new Recorder('x')), /there already/)
  })

  it('carries bodies in order, also empty ones, each user’s by itself', async () => {
    const [one, other] = await both()
    const [gate, peerGate] = await both('g')
    for (const text of ['1', '', '3']) one.say(text)
    gate.say('g')
    peerGate.say('G')
    await wires.settle()
    assert.deepEqual([other.seen, peerGate.seen, gate.seen, one.seen], [['1', '', '3'], ['g'], ['G'], []])
    assert.equal(one.link?.waitingBytes, 0)
  })

  it('lets small bodies pass between the parts of a large one', async () => {
    const [large, peerLarge] = await both('l')
    const [small, peerSmall] = await both('s')
    if (a.out !== null) a.out.room = 1
    large.link?.send(Buffer.alloc(10 * PART_BYTES))
    small.say('now')
    for (let n = 0; n < 3; n++) await wires.deliver(b)
    assert.deepEqual([peerSmall.seen, peerLarge.seen], [['now'], []])
    await wires.settle()
    assert.deepEqual(peerLarge.seen, [`${10 * PART_BYTES} bytes`])
  })

  it('has no more on the way than a bound, and tells who sends too much to wait', async () => {
    const [one, other] = await both()
    const body = Buffer.alloc(100_000)
    const more: (boolean | undefined)[] = []
    for (let n = 0; n < 20; n++) more.push(one.link?.send(body))
    assert.deepEqual(more.slice(0, 3), [true, true, false])
    const bytes = a.out?.onTheWay.reduce((sum, [, payload]) => sum + payload.length, 0) ?? 0
    assert.ok(bytes < 600_000, `${bytes} on the way`)
    assert.deepEqual(one.seen, [])
    await wires.settle()
    assert.deepEqual(one.seen, ['drained'])
    assert.equal(other.seen.length, 20)
    assert.throws(() => one.link?.send(Buffer.alloc(BODY_BYTES_MAX + 1)), RangeError)
  })

  it('begins anew with each new connection, and nothing of the old conversation arrives after that', async () => {
    for (const lay of [a, b]) {
      const [one, other] = await both(lay === a ? 'x' : 'y')
      one.say('lost')
      other.say('lost too')
      wires.lay(lay)
      assert.equal(lay.exchange.open, false)
      one.say('nowhere')
      await wires.settle()
      assert.deepEqual(
        [one.seen, other.seen].map((seen) => seen.filter((word) => !word.startsWith('lost'))),
        [
          ['parted', 'joined {}'],
          ['parted', 'joined {}']
        ]
      )
      assert.ok(!one.seen.slice(one.seen.indexOf('joined {}')).includes('lost too'))
      one.say('again')
      await wires.settle()
      assert.equal(other.seen.at(-1), 'again')
    }
  })

  it('parts who loses its half, and what was meant for that half does not reach the next one', async () => {
    const one = new Recorder('x')
    const other = new Recorder('x')
    a.exchange.attach(one)
    const detach = b.exchange.attach(other)
    await wires.open()
    one.say('for the first')
    detach()
    const next = new Recorder('x')
    b.exchange.attach(next)
    await wires.settle()
    assert.deepEqual(next.seen, ['joined {}'])
    assert.deepEqual(one.seen, ['joined {}', 'parted', 'joined {}'])
    one.say('for the second')
    await wires.settle()
    assert.deepEqual(next.seen, ['joined {}', 'for the second'])
  })

  it('gives a receipt to who sent, and not to the one that takes its place', async () => {
    const other = new Recorder('x')
    a.exchange.attach(new Recorder('x'))
    const detach = b.exchange.attach(other)
    await wires.open()
    other.say('many bytes')
    await wires.deliver(a)
    detach()
    const next = new Recorder('x')
    b.exchange.attach(next)
    next.say('x')
    await wires.settle()
    assert.equal(next.link?.waitingBytes, 0)
  })

  it('sends what a user has sent before it left', async () => {
    const one = new Recorder('x')
    const other = new Recorder('x')
    const detach = a.exchange.attach(one)
    b.exchange.attach(other)
    await wires.open()
    if (a.out !== null) a.out.room = 1
    for (const text of ['1', '2', '3']) one.say(text)
    detach()
    assert.equal(one.say('4'), false)
    await wires.settle()
    assert.deepEqual(other.seen, ['joined {}', '1', '2', '3', 'parted'])
  })

  it('learns of users that came and went while only one side knew that it is open', async () => {
    const gone = new Recorder('gone')
    a.exchange.attach(new Recorder('x'))
    const detach = a.exchange.attach(gone)
    for (const id of ['x', 'late', 'gone']) b.exchange.attach(new Recorder(id))
    wires.lay(a)
    wires.lay(b)
    while (!b.exchange.open) {
      await wires.deliver(b)
      if (!b.exchange.open) await wires.deliver(a)
    }
    assert.equal(a.exchange.open, false)
    a.exchange.attach(new Recorder('late'))
    detach()
    await wires.settle()
    assert.deepEqual(b.exchange.differences, [{ user: 'store gone', here: 'there', peer: '' }])
  })

  it('throws for the connection at damaged bytes, receipts of nothing, and a user that cannot take it', async () => {
    const [one, other] = await both()
    const frame =
      (tag: number, ...bytes: Buffer[]) =>
      (): unknown =>
        b.exchange.frame(tag, Buffer.concat(bytes))
    assert.throws(frame(TAG.users, Buffer.from('{"own":')))
    assert.throws(frame(TAG.users, Buffer.from('{"own":1,"seen":-1,"users":[]}')))
    assert.throws(frame(TAG.here, Buffer.from('{"number":1,"kind":"store"}')))
    assert.throws(frame(TAG.part, Buffer.alloc(2)))
    assert.throws(frame(TAG.taken, encodeTaken(1, 10)), /not sent/)
    assert.equal(b.exchange.frame(99, Buffer.alloc(0)), false)
    other.onReceived = () => assert.fail('on purpose')
    one.say('x')
    await assert.rejects(wires.settle(), /on purpose/)
  })

  it('keeps no more of a body than bodies may have', async () => {
    await both()
    const part = Buffer.concat([encodePart(1, false), Buffer.alloc(1_000_000)])
    assert.throws(() => {
      for (let n = 0; n < 68; n++) b.exchange.frame(TAG.part, part)
    }, /too long/)
  })

  it('ignores what is said after an end by who does not know of it yet', async () => {
    const [one, other] = await both()
    one.say('late')
    b.exchange.writesTo(null)
    await wires.deliver(b)
    b.exchange.frame(TAG.mark, encodeNumber(3))
    b.exchange.frame(TAG.taken, encodeTaken(1, 5000))
    assert.deepEqual(other.seen, ['parted'])
  })

  it('keeps order and loses nothing between two conversations, at any schedule', async () => {
    const act = fc.constantFrom('say a', 'say b', 'to a', 'to b', 'to a', 'to b', 'lay a', 'lay b')
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
        wires = new Wires()
        ;({ a, b } = wires)
        const [one, other] = await both()
        let n = 0
        for (const [what = '', where] of acts.map((each) => each.split(' '))) {
          const side = where === 'a' ? a : b
          if (what === 'say') (side === a ? one : other).say(String(++n))
          else if (what === 'to') await wires.deliver(side)
          else wires.lay(side)
        }
        await wires.settle()
        assert.deepEqual([a.exchange.open, b.exchange.open], [true, true])
        for (const { seen, link } of [one, other]) {
          const numbers = seen.filter((word) => /^\d/.test(word)).map(Number)
          assert.deepEqual(
            numbers,
            numbers.toSorted((x, y) => x - y)
          )
          assert.equal(new Set(numbers).size, numbers.length)
          assert.equal(link?.waitingBytes, 0)
        }
        const said = [one.say('end a'), other.say('end b')]
        await wires.settle()
        assert.deepEqual([said, other.seen.at(-1), one.seen.at(-1)], [[true, true], 'end a', 'end b'])
      }),
      { numRuns: 200 }
    )
  })

  describe('at a barrier', () => {
    /** Turns go by when the test says so. */
    class Turns implements Pick<Loop, 'nowMs' | 'nextTurn'> {
      turnMs = 1
      turns = 0
      #now = 0
      #next: (() => void) | null = null

      nowMs(): number {
        return this.#now
      }
      nextTurn(go: () => void): CallOff {
        this.#next = go
        return () => void (this.#next = null)
      }
      run(): void {
        for (let go = this.#next; go !== null; go = this.#next) {
          this.#next = null
          this.#now += this.turnMs
          this.turns++
          go()
        }
      }
    }

    it('lets eight turns go by, flushes, and waits until the peer has taken in all', async () => {
      const [one, other] = await both()
      const [turns, answers] = [new Turns(), [] as boolean[]]
      one.onFlush = () => one.link?.send(Buffer.alloc(700_000))
      raiseBarrier(a.exchange, (reached) => answers.push(reached), turns)
      assert.equal(a.out?.onTheWay.length, 0, 'the flush comes after the turns')
      turns.run()
      assert.deepEqual([turns.turns, answers], [8, []])
      other.onReceived = () => assert.deepEqual(answers, [])
      await wires.settle()
      assert.deepEqual([answers, other.seen], [[true], ['700000 bytes']])
    })

    it('lets no turn go by for a user that flows tell nothing, unless there is another one', async () => {
      const [one] = await both()
      Object.assign(one, { knowsAtOnce: true })
      const [turns, answers] = [new Turns(), [] as boolean[]]
      raiseBarrier(a.exchange, (reached) => answers.push(reached), turns)
      assert.equal(a.out?.onTheWay.length, 1, 'it has asked')
      await wires.settle()
      assert.deepEqual([turns.turns, answers], [0, [true]])
      a.exchange.attach(new Recorder('late'))
      raiseBarrier(a.exchange, (reached) => answers.push(reached), turns)
      turns.run()
      assert.equal(turns.turns, 8)
    })

    it('waits for long turns no longer than a bound', async () => {
      await both()
      const [turns, answers] = [new Turns(), [] as boolean[]]
      turns.turnMs = 11
      raiseBarrier(a.exchange, (reached) => answers.push(reached), turns)
      turns.run()
      await wires.settle()
      assert.deepEqual([turns.turns, answers], [2, [true]])
    })

    it('asks nobody where nothing uses the channel, and fails where it is not open', async () => {
      const answers: boolean[] = []
      raiseBarrier(a.exchange, (reached) => answers.push(reached))
      raiseBarrier(null, (reached) => answers.push(reached))
      assert.deepEqual(answers, [true, true])
      a.exchange.attach(new Recorder('x'))
      const turns = new Turns()
      raiseBarrier(a.exchange, (reached) => answers.push(reached), turns)
      turns.run()
      assert.deepEqual(answers, [true, true, false])
    })

    it('asks again until what was taken in is had', async () => {
      const [one] = await both()
      const [turns, answers] = [new Turns(), [] as boolean[]]
      one.peerHasAll = false
      raiseBarrier(a.exchange, (reached) => answers.push(reached), turns)
      for (const [has, expected] of [
        [false, []],
        [false, []],
        [true, [true]]
      ] as const) {
        one.peerHasAll = has
        turns.run()
        await wires.settle()
        assert.deepEqual(answers, expected)
      }
    })

    it('fails when the half that was to take it in is another one', async () => {
      const [one, other] = [new Recorder('x'), new Recorder('x')]
      a.exchange.attach(one)
      const detach = b.exchange.attach(other)
      await wires.open()
      detach()
      b.exchange.attach(new Recorder('x'))
      const [turns, answers] = [new Turns(), [] as boolean[]]
      one.onFlush = () => one.say('for nobody')
      raiseBarrier(a.exchange, (reached) => answers.push(reached), turns)
      turns.run()
      await wires.settle()
      assert.deepEqual(answers, [false])
    })

    it('fails when the connection goes, and says nothing once it is called off', async () => {
      await both()
      const [turns, answers] = [new Turns(), [] as string[]]
      const raise = (name: string): (() => void) => {
        const callOff = raiseBarrier(a.exchange, (reached) => answers.push(`${name} ${reached}`), turns)
        turns.run()
        return callOff
      }
      raise('1')
      wires.lay(a)
      assert.deepEqual(answers, ['1 false'])
      await wires.settle()
      raise('2')()
      await wires.settle()
      assert.deepEqual(answers, ['1 false'])
    })
  })
})
