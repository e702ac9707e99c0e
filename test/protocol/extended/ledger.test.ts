import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EPOCH_MAX, Ledger } from '../../../src/protocol/ledger'
import type { PairRecord } from '../../../src/protocol/record'

/** A disk that answers at once, unless told otherwise. */
function settle(ledger: Ledger, nowMs = 0, ok = true): PairRecord | null {
  const write = ledger.flush(nowMs)
  if (write === null) return null
  ledger.confirm(nowMs, write.ticket, ok)
  return ok ? write.record : null
}

describe('ledger of epochs', () => {
  it('reserves a number on disk before it may be used', () => {
    const ledger = new Ledger(null, 5n)
    const epoch = ledger.nextOwn()
    assert.equal(ledger.isReserved(epoch, false), false)
    const write = ledger.flush(0)
    assert.ok(write !== null)
    assert.equal(write.record.reserved, epoch)
    assert.equal(ledger.isReserved(epoch, false), false, 'not before the disk has answered')
    ledger.confirm(0, write.ticket, true)
    assert.equal(ledger.isReserved(epoch, false), true)
  })

  it('counts a reserved number as used after a restart', () => {
    const before = new Ledger(null, 5n)
    const record = settle(before)
    const after = new Ledger(record, 0n)
    assert.equal(after.nodeId, 5n)
    assert.ok(after.nextOwn() > (record?.reserved ?? 0))
  })

  it('never reuses a number, whatever restarts, promotions and news come, if the disk keeps its word', () => {
    const step = fc.oneof(fc.constant('restart'), fc.constant('use'), fc.constant('lose-write'), fc.nat(50))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let disk: PairRecord | null = null
        let ledger = new Ledger(disk, 5n)
        const used: number[] = []
        for (const s of steps) {
          if (s === 'restart') ledger = new Ledger(disk, 5n)
          else if (s === 'lose-write') ledger.flush(0)
          else if (s === 'use') {
            disk = settle(ledger) ?? disk
            const epoch = ledger.nextOwn()
            if (!ledger.isReserved(epoch, false)) continue
            ledger.use(epoch)
            used.push(epoch)
          } else ledger.hear(s)
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
    const low = new Ledger(null, 5n)
    const high = new Ledger(null, 6n)
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
    const ledger = new Ledger(null, 5n)
    ledger.hear(9)
    assert.throws(() => ledger.use(9), /not above/)
  })

  it('knows for how long a write has been under way', () => {
    const ledger = new Ledger(null, 5n)
    assert.equal(ledger.isStuck(9000, 1000), false)
    const write = ledger.flush(500)
    assert.deepEqual([ledger.isStuck(1499, 1000), ledger.isStuck(1500, 1000)], [false, true])
    ledger.confirm(2000, write?.ticket ?? 0, false)
    assert.equal(ledger.isStuck(9000, 1000), false)
  })

  it('tells of a failed disk once, tries again later and later, tells of the recovery once', () => {
    const ledger = new Ledger(null, 5n)
    const first = ledger.flush(0)
    assert.ok(first !== null)
    assert.equal(ledger.confirm(0, first.ticket, false), 'failed')
    assert.equal(ledger.flush(49), null)
    assert.equal(ledger.isReserved(1, true), true, 'a policy may go on in memory')
    assert.equal(ledger.isReserved(1, false), false)
    const second = ledger.flush(50)
    assert.ok(second !== null)
    assert.equal(ledger.confirm(50, second.ticket, false), null)
    assert.equal(ledger.flush(149), null)
    const third = ledger.flush(150)
    assert.ok(third !== null)
    assert.equal(ledger.confirm(150, third.ticket, true), 'recovered')
  })

  it('writes over what failed, which may have landed, also when it was not needed in between', () => {
    const ledger = new Ledger(null, 5n)
    settle(ledger)
    ledger.promise(100)
    settle(ledger, 0, false)
    ledger.promise(0)
    assert.equal(ledger.flush(10), null, 'not yet')
    assert.equal(ledger.retryAtMs, 50)
    assert.equal(settle(ledger, 50)?.promisedMs, 0)
    assert.equal(ledger.flush(50), null)
  })

  it('believes an answer of the disk only about the write that is under way', () => {
    const ledger = new Ledger(null, 5n)
    const first = ledger.flush(0)
    assert.ok(first !== null)
    assert.equal(ledger.confirm(0, first.ticket + 1, true), null)
    assert.equal(ledger.isReserved(1, false), false)
    assert.equal(ledger.flush(0), null, 'it is still under way')
    ledger.confirm(0, first.ticket, false)
    const second = ledger.flush(50)
    assert.ok(second !== null)
    assert.equal(ledger.confirm(50, first.ticket, true), null, 'that one failed, whatever comes late')
    assert.equal(ledger.isReserved(1, false), false)
    assert.equal(ledger.failed, true)
    assert.equal(ledger.confirm(50, second.ticket, true), 'recovered')
    assert.equal(ledger.isReserved(1, false), true)
  })

  it('writes a new identity and a number that it heard of, also when no further one has to be reserved', () => {
    const ledger = new Ledger(null, 5n)
    ledger.reserve(100)
    settle(ledger)
    assert.equal(ledger.isSettled(), true)
    ledger.hear(50)
    assert.equal(ledger.isSettled(), false)
    assert.equal(settle(ledger)?.epoch, 50)
    ledger.renumber(9n)
    assert.equal(ledger.isSettled(), false)
    assert.equal(settle(ledger)?.nodeId, '0000000000000009')
    assert.equal(ledger.flush(0), null, 'all is written')
  })

  it('is preferred only when the disk knows it, and stops being so at once', () => {
    const ledger = new Ledger(null, 5n)
    settle(ledger)
    ledger.setPreferred(true)
    assert.equal(ledger.preferred, false)
    assert.equal(ledger.preferredOnDisk, true, 'told to the peer while in doubt')
    settle(ledger)
    assert.equal(ledger.preferred, true)
    ledger.setPreferred(false)
    assert.equal(ledger.preferred, false)
    assert.equal(ledger.preferredOnDisk, true, 'until the disk has forgotten it')
    settle(ledger)
    assert.equal(ledger.preferredOnDisk, false)
  })

  it('is told to be preferred also while a write that says so is under way, or failed and may have landed', () => {
    const ledger = new Ledger(null, 5n)
    settle(ledger)
    ledger.setPreferred(true)
    const write = ledger.flush(0)
    ledger.setPreferred(false)
    assert.deepEqual([ledger.preferred, ledger.preferredOnDisk], [false, true], 'under way')
    ledger.confirm(0, write?.ticket ?? 0, false)
    assert.deepEqual([ledger.preferred, ledger.preferredOnDisk], [false, true], 'it may have landed')
    settle(ledger, 50)
    assert.equal(ledger.preferredOnDisk, false)
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

const lived = (over: Partial<PairRecord> = {}): Ledger => {
  const ledger = new Ledger({ ...RECORD, ...over }, 9n)
  settle(ledger)
  return ledger
}

describe('ledger: the mark', () => {
  it('is what a start finds', () => {
    assert.deepEqual([lived().online, lived().onlineOnDisk], [false, false])
    assert.deepEqual([lived({ online: true }).online, lived({ online: true }).onlineOnDisk], [true, true])
    assert.deepEqual([new Ledger(null, 9n).online, new Ledger(null, 9n).onlineOnDisk], [false, false])
  })

  it('is on disk when the disk has answered, and is not any more when it is to be cleared', () => {
    const ledger = lived()
    ledger.setOnline(true)
    assert.deepEqual([ledger.online, ledger.onlineOnDisk], [true, false])
    const write = ledger.flush(0)
    assert.equal(write?.record.online, true)
    assert.equal(ledger.onlineOnDisk, false, 'it is under way')
    ledger.confirm(0, write?.ticket ?? 0, true)
    assert.equal(ledger.onlineOnDisk, true)
    ledger.setOnline(false)
    assert.deepEqual([ledger.online, ledger.onlineOnDisk], [false, false])
  })

  it('is not what a restart would find while a write that clears it is under way, or failed and may have landed', () => {
    const ledger = lived({ online: true })
    ledger.setOnline(false)
    const clearing = ledger.flush(0)
    ledger.setOnline(true)
    assert.equal(ledger.onlineOnDisk, false, 'under way')
    ledger.confirm(0, clearing?.ticket ?? 0, false)
    assert.equal(ledger.onlineOnDisk, false, 'failed, and may have landed')
    assert.equal(ledger.flush(49), null)
    assert.equal(settle(ledger, 50)?.online, true, 'so it is written once more')
    assert.equal(ledger.onlineOnDisk, true)
  })

  it('is on disk also while other writes are under way or fail', () => {
    const ledger = lived({ online: true })
    ledger.hear(20)
    const write = ledger.flush(0)
    assert.equal(ledger.onlineOnDisk, true)
    ledger.confirm(0, write?.ticket ?? 0, false)
    assert.equal(ledger.onlineOnDisk, true)
  })
})

describe('ledger: what is promised', () => {
  it('is what is on disk, also while a longer one is under way, or its write fails', () => {
    const ledger = lived()
    ledger.promise(10_000)
    assert.equal(ledger.promisedMs, 1000)
    const write = ledger.flush(0)
    assert.equal(ledger.promisedMs, 1000)
    ledger.confirm(0, write?.ticket ?? 0, false)
    assert.equal(ledger.promisedMs, 1000)
    assert.ok(settle(ledger, 50) !== null)
    assert.equal(ledger.promisedMs, 10_000)
  })

  it('is the shorter one as soon as its write is under way, and after that failed until one is on disk', () => {
    const ledger = lived({ promisedMs: 10_000 })
    ledger.promise(1000)
    assert.equal(ledger.promisedMs, 10_000)
    const write = ledger.flush(0)
    assert.equal(ledger.promisedMs, 1000)
    ledger.promise(10_000)
    assert.equal(ledger.promisedMs, 1000, 'it may land all the same')
    ledger.confirm(0, write?.ticket ?? 0, false)
    assert.equal(ledger.promisedMs, 1000, 'or have landed')
    ledger.promise(5000)
    settle(ledger, 50, false)
    assert.equal(ledger.promisedMs, 1000, 'the least of all that failed')
    settle(ledger, 500)
    assert.equal(ledger.promisedMs, 5000)
  })

  it('has no bound while there is no record: who finds none takes nothing alone where a promise matters', () => {
    const ledger = new Ledger(null, 5n)
    ledger.promise(1000)
    assert.equal(ledger.promisedMs, Infinity)
    const write = ledger.flush(0)
    assert.equal(ledger.promisedMs, 1000)
    ledger.confirm(0, write?.ticket ?? 0, false)
    assert.equal(ledger.promisedMs, 1000, 'it may have landed')
    ledger.promise(2000)
    settle(ledger, 50)
    assert.equal(ledger.promisedMs, 2000)
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
        const ledger = new Ledger(RECORD, 9n)
        let mayBeOnDisk: PairRecord[] = [RECORD]
        let write: ReturnType<Ledger['flush']> = null
        let nowMs = 0
        for (const s of steps) {
          nowMs += 10_000
          if (s === 'write') {
            write = ledger.flush(nowMs) ?? write
            if (write !== null && !mayBeOnDisk.includes(write.record)) mayBeOnDisk.push(write.record)
          } else if (s === 'done' || s === 'failed') {
            if (write === null) continue
            ledger.confirm(nowMs, write.ticket, s === 'done')
            if (s === 'done') mayBeOnDisk = [write.record]
            write = null
          } else if ('promise' in s) ledger.promise(s.promise * 1000)
          else if ('online' in s) ledger.setOnline(s.online)
          else ledger.setPreferred(s.preferred)
          for (const record of mayBeOnDisk) {
            assert.ok(ledger.promisedMs <= record.promisedMs)
            assert.ok(record.online || !ledger.onlineOnDisk)
            assert.ok(!record.preferred || ledger.preferredOnDisk)
          }
        }
      })
    )
  })
})

describe('ledger: the number of the record', () => {
  it('grows with each record that is made, also with one that fails, and is told when it is on disk', () => {
    const ledger = new Ledger(RECORD, 9n)
    assert.deepEqual([ledger.number, ledger.numberOnDisk], [40, 40])
    const write = ledger.flush(0)
    assert.deepEqual([write?.record.number, ledger.number, ledger.numberOnDisk], [41, 41, 40])
    ledger.confirm(0, write?.ticket ?? 0, false)
    assert.deepEqual([ledger.number, ledger.numberOnDisk], [41, 40])
    assert.equal(settle(ledger, 50)?.number, 42)
    assert.equal(ledger.numberOnDisk, 42)
  })

  it('goes on above what the peer has seen, and that is written', () => {
    const ledger = lived()
    assert.equal(ledger.isSettled(), true)
    ledger.raiseNumber(ledger.number)
    assert.equal(ledger.isSettled(), true, 'that is no news')
    ledger.raiseNumber(90)
    assert.equal(ledger.isSettled(), false)
    assert.deepEqual([ledger.number, ledger.numberOnDisk], [90, 41])
    assert.equal(settle(ledger)?.number, 91)
    assert.equal(ledger.isSettled(), true)
  })

  it('starts with the first record', () => {
    const ledger = new Ledger(null, 5n)
    assert.deepEqual([ledger.number, ledger.numberOnDisk], [0, 0])
    assert.equal(settle(ledger)?.number, 1)
  })
})

describe('ledger: what the peer stated', () => {
  it('is kept, and written when it changes', () => {
    const ledger = lived({ peerPolicy: null })
    assert.equal(ledger.peerPolicy, null)
    ledger.setPeerPolicy('preferred')
    assert.equal(settle(ledger)?.peerPolicy, 'preferred')
    ledger.setPeerPolicy('preferred')
    assert.equal(ledger.flush(0), null)
    assert.equal(lived({ peerPolicy: 'availability' }).peerPolicy, 'availability')
  })
})

/** Half of what a frame can carry: no pair counts as far. */
const END = 2 ** 47

describe('ledger: the end of the range', () => {
  for (const over of [{ epoch: END }, { reserved: END }, { number: END }, { epoch: 2 ** 48 - 1 }]) {
    it(`${JSON.stringify(over)}: no number is its own, nothing is written, and it follows the peer's`, () => {
      const ledger = new Ledger({ ...RECORD, ...over, online: true }, 9n)
      assert.equal(ledger.exhausted, true)
      assert.equal(ledger.floor, 0)
      for (const volatileAllowed of [true, false]) assert.equal(ledger.isReserved(2, volatileAllowed), false)
      ledger.hear(30)
      assert.equal(ledger.floor, 30)
      assert.equal(ledger.nextForPeer(), 31)
      ledger.setOnline(false)
      ledger.promise(9000)
      assert.equal(ledger.flush(0), null)
      assert.equal(ledger.promisedMs, RECORD.promisedMs)
      assert.equal(ledger.hasMet, true, 'so it counts as a partner')
    })
  }

  it('one below is as any other', () => {
    const ledger = new Ledger({ ...RECORD, reserved: END - 1 }, 9n)
    assert.equal(ledger.exhausted, false)
    assert.equal(ledger.floor, END - 1)
    assert.ok(settle(ledger) !== null)
    assert.equal(ledger.isReserved(ledger.nextOwn(), false), true)
  })

  it('no number above that of a frame is ever reserved', () => {
    const ledger = new Ledger(RECORD, 9n)
    ledger.hear(EPOCH_MAX)
    settle(ledger)
    settle(ledger, 0, false)
    for (const volatileAllowed of [true, false]) assert.equal(ledger.isReserved(EPOCH_MAX + 1, volatileAllowed), false)
  })
})
