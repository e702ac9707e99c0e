import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Ledger } from '../../../src/protocol/ledger'
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
      assert.equal(low.nextForBrother(), high.nextOwn())
      assert.equal(high.nextForBrother(), low.nextOwn())
    }
  })

  it('refuses to use a number that is not new', () => {
    const ledger = new Ledger(null, 5n)
    ledger.hear(9)
    assert.throws(() => ledger.use(9), /not above/)
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

  it('tries again also when what failed was no longer needed in between', () => {
    const ledger = new Ledger(null, 5n)
    settle(ledger)
    ledger.promise(100)
    settle(ledger, 0, false)
    ledger.promise(0)
    assert.equal(ledger.flush(10), null, 'what is on disk is right')
    ledger.promise(100)
    assert.equal(ledger.flush(20), null)
    assert.equal(ledger.retryAtMs, 50)
    assert.ok(ledger.flush(50) !== null)
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
    assert.equal(ledger.preferredOnDisk, true, 'told to the brother while in doubt')
    settle(ledger)
    assert.equal(ledger.preferred, true)
    ledger.setPreferred(false)
    assert.equal(ledger.preferred, false)
    assert.equal(ledger.preferredOnDisk, true, 'until the disk has forgotten it')
    settle(ledger)
    assert.equal(ledger.preferredOnDisk, false)
  })
})
