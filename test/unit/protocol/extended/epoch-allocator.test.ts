import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EPOCH_MAX, EpochAllocator } from '../../../../src/protocol/epoch-allocator'
import type { PairRecord } from '../../../../src/protocol/record'
import { TestPair } from '../../../support/machine/pair'

/** A disk that answers at once, unless told otherwise. */
function settle(epochs: EpochAllocator, nowMs = 0, ok = true): PairRecord | null {
  const write = epochs.flush(nowMs)
  if (write === null) return null
  epochs.confirm(nowMs, write.ticket, ok)
  return ok ? write.record : null
}

describe('the epoch allocator', () => {
  it('reserves a number on disk before it may be used', () => {
    const epochs = new EpochAllocator(null, 5n)
    const epoch = epochs.nextOwn()
    assert.equal(epochs.isReserved(epoch, false), false)
    const write = epochs.flush(0)
    assert.ok(write !== null)
    assert.equal(write.record.reserved, epoch)
    assert.equal(epochs.isReserved(epoch, false), false, 'not before the disk has answered')
    epochs.confirm(0, write.ticket, true)
    assert.equal(epochs.isReserved(epoch, false), true)
  })

  it('counts a reserved number as used after a restart', () => {
    const before = new EpochAllocator(null, 5n)
    const record = settle(before)
    const after = new EpochAllocator(record, 0n)
    assert.equal(after.nodeId, 5n)
    assert.ok(after.nextOwn() > (record?.reserved ?? 0))
  })

  it('never reuses a number, whatever restarts, promotions and news come, if the disk keeps its word', () => {
    const step = fc.oneof(fc.constant('restart'), fc.constant('use'), fc.constant('lose-write'), fc.nat(50))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let disk: PairRecord | null = null
        let epochs = new EpochAllocator(disk, 5n)
        const used: number[] = []
        for (const s of steps) {
          if (s === 'restart') epochs = new EpochAllocator(disk, 5n)
          else if (s === 'lose-write') epochs.flush(0)
          else if (s === 'use') {
            disk = settle(epochs) ?? disk
            const epoch = epochs.nextOwn()
            if (!epochs.isReserved(epoch, false)) continue
            epochs.use(epoch)
            used.push(epoch)
          } else epochs.hear(s)
        }
        assert.deepEqual(
          used,
          [...new Set(used)].sort((a, b) => a - b),
          'strictly growing'
        )
      })
    )
  })

  it('gives the two sides numbers of different parity once they have met', () => {
    const low = new EpochAllocator(null, 5n)
    const high = new EpochAllocator(null, 6n)
    low.meet(6n)
    high.meet(5n)
    for (const heard of [0, 1, 2, 7, 40]) {
      low.hear(heard)
      high.hear(heard)
      assert.notEqual(low.nextOwn() % 2, high.nextOwn() % 2)
      assert.equal(low.nextForPeer(), high.nextOwn())
      assert.equal(high.nextForPeer(), low.nextOwn())
    }
  })

  it('refuses to use a number that is not new', () => {
    const epochs = new EpochAllocator(null, 5n)
    epochs.hear(9)
    assert.throws(() => epochs.use(9), /not above/)
  })

  it('knows for how long a write has been under way', () => {
    const epochs = new EpochAllocator(null, 5n)
    assert.equal(epochs.isStuck(9000, 1000), false)
    const write = epochs.flush(500)
    assert.deepEqual([epochs.isStuck(1499, 1000), epochs.isStuck(1500, 1000)], [false, true])
    epochs.confirm(2000, write?.ticket ?? 0, false)
    assert.equal(epochs.isStuck(9000, 1000), false)
  })

  it('tells of a failed disk once, tries again later and later, tells of the recovery once', () => {
    const epochs = new EpochAllocator(null, 5n)
    const first = epochs.flush(0)
    assert.ok(first !== null)
    assert.equal(epochs.confirm(0, first.ticket, false), 'failed')
    assert.equal(epochs.flush(49), null)
    assert.equal(epochs.isReserved(1, true), true, 'a policy may go on in memory')
    assert.equal(epochs.isReserved(1, false), false)
    const second = epochs.flush(50)
    assert.ok(second !== null)
    assert.equal(epochs.confirm(50, second.ticket, false), null)
    assert.equal(epochs.flush(149), null)
    const third = epochs.flush(150)
    assert.ok(third !== null)
    assert.equal(epochs.confirm(150, third.ticket, true), 'recovered')
  })

  it('takes a disk that hangs for a failed one, until all that is known is on it: what it takes late is old', () => {
    const epochs = new EpochAllocator(null, 5n)
    const first = epochs.flush(0)
    assert.ok(first !== null)
    epochs.meet(9n)
    assert.deepEqual([epochs.giveUp(999, 1000), epochs.failed], [false, false])
    assert.deepEqual([epochs.giveUp(1000, 1000), epochs.giveUp(1001, 1000), epochs.failed], [true, false, true])
    assert.equal(epochs.confirm(1100, first.ticket, true), null)
    assert.deepEqual([epochs.failed, epochs.hasMet], [true, false], 'the two had met while it hung')
    const second = epochs.flush(1100)
    assert.ok(second !== null)
    assert.equal(epochs.confirm(1200, second.ticket, true), 'recovered')
    assert.deepEqual([epochs.failed, epochs.hasMet], [false, true])
  })

  it('writes over what failed, which may have landed, also when it was not needed in between', () => {
    const epochs = new EpochAllocator(null, 5n)
    settle(epochs)
    epochs.promise(100)
    settle(epochs, 0, false)
    epochs.promise(0)
    assert.equal(epochs.flush(10), null, 'not yet')
    assert.equal(epochs.retryAtMs, 50)
    assert.equal(settle(epochs, 50)?.promisedMs, 0)
    assert.equal(epochs.flush(50), null)
  })

  it('believes an answer of the disk only about the write that is under way', () => {
    const epochs = new EpochAllocator(null, 5n)
    const first = epochs.flush(0)
    assert.ok(first !== null)
    assert.equal(epochs.confirm(0, first.ticket + 1, true), null)
    assert.equal(epochs.isReserved(1, false), false)
    assert.equal(epochs.flush(0), null, 'it is still under way')
    epochs.confirm(0, first.ticket, false)
    const second = epochs.flush(50)
    assert.ok(second !== null)
    assert.equal(epochs.confirm(50, first.ticket, true), null, 'that one failed, whatever comes late')
    assert.equal(epochs.isReserved(1, false), false)
    assert.equal(epochs.failed, true)
    assert.equal(epochs.confirm(50, second.ticket, true), 'recovered')
    assert.equal(epochs.isReserved(1, false), true)
  })

  it('writes a new identity and a number that it heard of, also when no further one has to be reserved', () => {
    const epochs = new EpochAllocator(null, 5n)
    epochs.reserve(100)
    settle(epochs)
    assert.equal(epochs.isSettled(), true)
    epochs.hear(50)
    assert.equal(epochs.isSettled(), false)
    assert.equal(settle(epochs)?.epoch, 50)
    epochs.renumber(9n)
    assert.equal(epochs.isSettled(), false)
    assert.equal(settle(epochs)?.nodeId, '0000000000000009')
    assert.equal(epochs.flush(0), null, 'all is written')
  })

  it('is preferred only when the disk knows it, and stops being so at once', () => {
    const epochs = new EpochAllocator(null, 5n)
    settle(epochs)
    epochs.setPreferred(true)
    assert.equal(epochs.preferred, false)
    assert.equal(epochs.preferredOnDisk, true, 'told to the peer while in doubt')
    settle(epochs)
    assert.equal(epochs.preferred, true)
    epochs.setPreferred(false)
    assert.equal(epochs.preferred, false)
    assert.equal(epochs.preferredOnDisk, true, 'until the disk has forgotten it')
    settle(epochs)
    assert.equal(epochs.preferredOnDisk, false)
  })

  it('is told to be preferred also while a write that says so is under way, or failed and may have landed', () => {
    const epochs = new EpochAllocator(null, 5n)
    settle(epochs)
    epochs.setPreferred(true)
    const write = epochs.flush(0)
    epochs.setPreferred(false)
    assert.deepEqual([epochs.preferred, epochs.preferredOnDisk], [false, true], 'under way')
    epochs.confirm(0, write?.ticket ?? 0, false)
    assert.deepEqual([epochs.preferred, epochs.preferredOnDisk], [false, true], 'it may have landed')
    settle(epochs, 50)
    assert.equal(epochs.preferredOnDisk, false)
  })
})

/** What a side that has lived for a while has on disk. */
const RECORD: PairRecord = {
  nodeId: '0000000000000005',
  epoch: 6,
  reserved: 8,
  parity: 0,
  promisedMs: 1000,
  preferred: false,
  online: false,
  number: 40,
  peerPolicy: 'exclusive'
}

const lived = (over: Partial<PairRecord> = {}): EpochAllocator => {
  const epochs = new EpochAllocator({ ...RECORD, ...over }, 9n)
  settle(epochs)
  return epochs
}

describe('the epoch allocator: the mark', () => {
  it('is what a start finds', () => {
    assert.deepEqual([lived().online, lived().onlineOnDisk], [false, false])
    assert.deepEqual([lived({ online: true }).online, lived({ online: true }).onlineOnDisk], [true, true])
    assert.deepEqual([new EpochAllocator(null, 9n).online, new EpochAllocator(null, 9n).onlineOnDisk], [false, false])
  })

  it('is on disk when the disk has answered, and is not any more when it is to be cleared', () => {
    const epochs = lived()
    epochs.setOnline(true)
    assert.deepEqual([epochs.online, epochs.onlineOnDisk], [true, false])
    const write = epochs.flush(0)
    assert.equal(write?.record.online, true)
    assert.equal(epochs.onlineOnDisk, false, 'it is under way')
    epochs.confirm(0, write?.ticket ?? 0, true)
    assert.equal(epochs.onlineOnDisk, true)
    epochs.setOnline(false)
    assert.deepEqual([epochs.online, epochs.onlineOnDisk], [false, false])
  })

  it('is not what a restart would find while a write that clears it is under way, or failed and may have landed', () => {
    const epochs = lived({ online: true })
    epochs.setOnline(false)
    const clearing = epochs.flush(0)
    epochs.setOnline(true)
    assert.equal(epochs.onlineOnDisk, false, 'under way')
    epochs.confirm(0, clearing?.ticket ?? 0, false)
    assert.equal(epochs.onlineOnDisk, false, 'failed, and may have landed')
    assert.equal(epochs.flush(49), null)
    assert.equal(settle(epochs, 50)?.online, true, 'so it is written once more')
    assert.equal(epochs.onlineOnDisk, true)
  })

  it('is on disk also while other writes are under way or fail', () => {
    const epochs = lived({ online: true })
    epochs.hear(20)
    const write = epochs.flush(0)
    assert.equal(epochs.onlineOnDisk, true)
    epochs.confirm(0, write?.ticket ?? 0, false)
    assert.equal(epochs.onlineOnDisk, true)
  })
})

describe('the epoch allocator: what is promised', () => {
  it('is what is on disk, also while a longer one is under way, or its write fails', () => {
    const epochs = lived()
    epochs.promise(10_000)
    assert.equal(epochs.promisedMs, 1000)
    const write = epochs.flush(0)
    assert.equal(epochs.promisedMs, 1000)
    epochs.confirm(0, write?.ticket ?? 0, false)
    assert.equal(epochs.promisedMs, 1000)
    assert.ok(settle(epochs, 50) !== null)
    assert.equal(epochs.promisedMs, 10_000)
  })

  it('is the shorter one as soon as its write is under way, and after that failed until one is on disk', () => {
    const epochs = lived({ promisedMs: 10_000 })
    epochs.promise(1000)
    assert.equal(epochs.promisedMs, 10_000)
    const write = epochs.flush(0)
    assert.equal(epochs.promisedMs, 1000)
    epochs.promise(10_000)
    assert.equal(epochs.promisedMs, 1000, 'it may land all the same')
    epochs.confirm(0, write?.ticket ?? 0, false)
    assert.equal(epochs.promisedMs, 1000, 'or have landed')
    epochs.promise(5000)
    settle(epochs, 50, false)
    assert.equal(epochs.promisedMs, 1000, 'the least of all that failed')
    settle(epochs, 500)
    assert.equal(epochs.promisedMs, 5000)
  })

  it('has no bound while there is no record: who finds none takes nothing alone where a promise matters', () => {
    const epochs = new EpochAllocator(null, 5n)
    epochs.promise(1000)
    assert.equal(epochs.promisedMs, Infinity)
    const write = epochs.flush(0)
    assert.equal(epochs.promisedMs, 1000)
    epochs.confirm(0, write?.ticket ?? 0, false)
    assert.equal(epochs.promisedMs, 1000, 'it may have landed')
    epochs.promise(2000)
    settle(epochs, 50)
    assert.equal(epochs.promisedMs, 2000)
  })

  it('never is more than any record that a restart may find; nor is the mark, and the preference never less; whatever is written, fails and lands', () => {
    const step = fc.oneof(
      fc.record({ promise: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ online: fc.boolean() }),
      fc.record({ preferred: fc.boolean() }),
      fc.constant('write' as const),
      fc.constant('done' as const),
      fc.constant('failed' as const)
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const epochs = new EpochAllocator(RECORD, 9n)
        let mayBeOnDisk: PairRecord[] = [RECORD]
        let write: ReturnType<EpochAllocator['flush']> = null
        let nowMs = 0
        for (const s of steps) {
          nowMs += 10_000
          if (s === 'write') {
            write = epochs.flush(nowMs) ?? write
            if (write !== null && !mayBeOnDisk.includes(write.record)) mayBeOnDisk.push(write.record)
          } else if (s === 'done' || s === 'failed') {
            if (write === null) continue
            epochs.confirm(nowMs, write.ticket, s === 'done')
            if (s === 'done') mayBeOnDisk = [write.record]
            write = null
          } else if ('promise' in s) epochs.promise(s.promise * 1000)
          else if ('online' in s) epochs.setOnline(s.online)
          else epochs.setPreferred(s.preferred)
          for (const record of mayBeOnDisk) {
            assert.ok(epochs.promisedMs <= record.promisedMs)
            assert.ok(record.online || !epochs.onlineOnDisk)
            assert.ok(!record.preferred || epochs.preferredOnDisk)
          }
        }
      })
    )
  })
})

describe('the epoch allocator: the number of the record', () => {
  it('grows with each record that is made, also with one that fails, and is told when it is on disk', () => {
    const epochs = new EpochAllocator(RECORD, 9n)
    assert.deepEqual([epochs.number, epochs.numberOnDisk], [40, 40])
    const write = epochs.flush(0)
    assert.deepEqual([write?.record.number, epochs.number, epochs.numberOnDisk], [41, 41, 40])
    epochs.confirm(0, write?.ticket ?? 0, false)
    assert.deepEqual([epochs.number, epochs.numberOnDisk], [41, 40])
    assert.equal(settle(epochs, 50)?.number, 42)
    assert.equal(epochs.numberOnDisk, 42)
  })

  it('goes on above what the peer has seen, and that is written', () => {
    const epochs = lived()
    assert.equal(epochs.isSettled(), true)
    epochs.raiseNumber(epochs.number)
    assert.equal(epochs.isSettled(), true, 'that is no news')
    epochs.raiseNumber(90)
    assert.equal(epochs.isSettled(), false)
    assert.deepEqual([epochs.number, epochs.numberOnDisk], [90, 41])
    assert.equal(settle(epochs)?.number, 91)
    assert.equal(epochs.isSettled(), true)
  })

  it('starts with the first record', () => {
    const epochs = new EpochAllocator(null, 5n)
    assert.deepEqual([epochs.number, epochs.numberOnDisk], [0, 0])
    assert.equal(settle(epochs)?.number, 1)
  })
})

describe('the epoch allocator: what the peer stated', () => {
  it('is kept, and written when it changes', () => {
    const epochs = lived({ peerPolicy: null })
    assert.equal(epochs.peerPolicy, null)
    epochs.setPeerPolicy('preferred')
    assert.equal(settle(epochs)?.peerPolicy, 'preferred')
    epochs.setPeerPolicy('preferred')
    assert.equal(epochs.flush(0), null)
    assert.equal(lived({ peerPolicy: 'availability' }).peerPolicy, 'availability')
  })
})

/** Half of what a frame can carry: no pair counts as far. */
const END = 2 ** 47

describe('the epoch allocator: the end of the range', () => {
  for (const over of [{ epoch: END }, { reserved: END }, { number: END }, { epoch: 2 ** 48 - 1 }]) {
    it(`${JSON.stringify(over)}: no number is its own, nothing is written, and it follows the peer's`, () => {
      const epochs = new EpochAllocator({ ...RECORD, ...over, online: true }, 9n)
      assert.equal(epochs.exhausted, true)
      assert.equal(epochs.floor, 0)
      for (const volatileAllowed of [true, false]) assert.equal(epochs.isReserved(2, volatileAllowed), false)
      epochs.hear(30)
      assert.equal(epochs.floor, 30)
      assert.equal(epochs.nextForPeer(), 31)
      epochs.setOnline(false)
      epochs.promise(9000)
      assert.equal(epochs.flush(0), null)
      assert.equal(epochs.promisedMs, RECORD.promisedMs)
      assert.equal(epochs.hasMet, true, 'so it counts as a partner')
    })
  }

  it('one below is as any other', () => {
    const epochs = new EpochAllocator({ ...RECORD, reserved: END - 1 }, 9n)
    assert.equal(epochs.exhausted, false)
    assert.equal(epochs.floor, END - 1)
    assert.ok(settle(epochs) !== null)
    assert.equal(epochs.isReserved(epochs.nextOwn(), false), true)
  })

  it('no number above that of a frame is ever reserved', () => {
    const epochs = new EpochAllocator(RECORD, 9n)
    epochs.hear(EPOCH_MAX)
    settle(epochs)
    settle(epochs, 0, false)
    for (const volatileAllowed of [true, false]) assert.equal(epochs.isReserved(EPOCH_MAX + 1, volatileAllowed), false)
  })
})

describe('the epoch allocator of a copied disk', () => {
  it('has another identity once the two have met: on both disks stands one, and they differ', () => {
    const copied = new TestPair({ wire: 'extended' })
    copied.start()
    copied.advanceUntil('settled', () => copied.isSettled(), 5000)
    const record = copied.a.disk
    const pair = new TestPair({ wire: 'extended', a: { record }, b: { record } })
    pair.start()
    pair.advanceUntil('settled', () => pair.isSettled(), 20_000)
    pair.advanceMs(1000)
    const identities = [pair.a.disk?.nodeId, pair.b.disk?.nodeId]
    assert.ok(identities.includes(record?.nodeId), 'one of them goes on as what it was')
    assert.notEqual(identities[0], identities[1])
  })
})
