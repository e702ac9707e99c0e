import assert from 'node:assert/strict'
import { Worker } from 'node:worker_threads'
import {
  EngineCell,
  mayServe,
  newEngineCell,
  newPairCell,
  nowUs,
  PairCell,
  type PairCellValue
} from '../../src/engine/cells'

const SERVING: PairCellValue = {
  role: 'active',
  serving: true,
  epoch: 2 ** 48 - 1,
  leaseUntilMs: 2000.5,
  freshForMs: 100,
  heardAtMs: 1234.567,
  roundTripMs: 0.25
}
const WALL = 1_700_000_000_000

/** An engine whose last tick was at 1000 ms. */
function tickedEngine(): EngineCell {
  const engine = new EngineCell(newEngineCell())
  engine.writeTick(1_000_000n, WALL)
  return engine
}

/** A gate's look, so many ms after the tick. */
function opens(value: PairCellValue, engine: EngineCell, afterMs: number, wallAfterMs = afterMs): boolean {
  return mayServe(value, engine, 1_000_000n + BigInt(afterMs * 1000), WALL + wallAfterMs)
}

describe('the cell of a pair', () => {
  it('is read as it was written', () => {
    const cell = new PairCell(newPairCell())
    cell.write(SERVING)
    assert.deepEqual(cell.read(), SERVING)
    const other: PairCellValue = {
      role: 'standby',
      serving: false,
      epoch: 0,
      leaseUntilMs: Infinity,
      freshForMs: Infinity,
      heardAtMs: null,
      roundTripMs: null
    }
    cell.write(other)
    assert.deepEqual(cell.read(), other)
  })

  it('takes what lies before all time as long over', () => {
    const cell = new PairCell(newPairCell())
    cell.write({ ...SERVING, leaseUntilMs: -Infinity, freshForMs: -20 })
    assert.equal(cell.read().leaseUntilMs, 0)
    assert.equal(cell.read().freshForMs, 0)
  })

  it('reads as not serving before the first write, and as the last whole value after a writer that died halfway', () => {
    const buffer = newPairCell()
    const cell = new PairCell(buffer)
    assert.equal(cell.read().serving, false)
    cell.write(SERVING)
    // The idle copy is half full; nothing of it was published.
    new BigInt64Array(buffer).fill(7n, 1, 5)
    assert.deepEqual(cell.read(), SERVING)
  })

  it('never shows half of a write to another thread', async () => {
    const buffer = newPairCell()
    const writer = new Worker(
      `const { workerData } = require('node:worker_threads')
       const { PairCell } = require(workerData.cells)
       const cell = new PairCell(workerData.buffer)
       const flag = new Int32Array(workerData.flag)
       for (let i = 1; Atomics.load(flag, 0) === 0; i++) {
         cell.write({ role: i % 2 ? 'active' : 'standby', serving: i % 2 === 1, epoch: i, leaseUntilMs: i * 2,
           freshForMs: i, heardAtMs: i, roundTripMs: i })
         for (let pause = 0; pause < 5000; pause++) Atomics.load(flag, 0)
       }`,
      {
        eval: true,
        workerData: { cells: require.resolve('../../src/engine/cells'), buffer, flag: new SharedArrayBuffer(4) }
      }
    )
    const cell = new PairCell(buffer)
    const seen = new Set<number>()
    const end = performance.now() + 5000
    while (seen.size < 1000 && performance.now() < end) {
      const value = cell.read()
      if (value.epoch === 0) continue
      seen.add(value.epoch)
      assert.equal(value.serving, value.epoch % 2 === 1)
      assert.equal(value.role, value.serving ? 'active' : 'standby')
      assert.deepEqual([value.leaseUntilMs, value.freshForMs], [value.epoch * 2, value.epoch])
    }
    await writer.terminate()
    // A machine under load switches between the two threads seldom.
    assert.ok(seen.size >= 20, `only ${seen.size} values seen`)
  })
})

describe('the gate', () => {
  it('is open while this side serves, the lease runs and the engine lives', () => {
    assert.equal(opens(SERVING, tickedEngine(), 50), true)
  })

  it('is shut for any other role, and while serving is paused', () => {
    assert.equal(opens({ ...SERVING, role: 'standby' }, tickedEngine(), 50), false)
    assert.equal(opens({ ...SERVING, serving: false }, tickedEngine(), 50), false)
  })

  it('shuts at the end of the lease, to the microsecond', () => {
    const value = { ...SERVING, freshForMs: Infinity }
    assert.equal(opens(value, tickedEngine(), 1000), true)
    assert.equal(opens(value, tickedEngine(), 1000.499), true)
    assert.equal(opens(value, tickedEngine(), 1000.5), false, 'the instant of its end is over')
  })

  it('shuts when the engine has given no sign of life for too long', () => {
    assert.equal(opens(SERVING, tickedEngine(), 100), true)
    assert.equal(opens(SERVING, tickedEngine(), 101), false)
  })

  it('shuts in the first instant after a sleep, which the monotonic clock does not show', () => {
    assert.equal(opens(SERVING, tickedEngine(), 10, 5010), false)
  })

  it('does not mind a wall clock that falls back or is slewed', () => {
    assert.equal(opens(SERVING, tickedEngine(), 10, -3_600_000), true)
    assert.equal(opens(SERVING, tickedEngine(), 10, 400), true)
  })

  it('is shut before the first tick and after the death of the engine', () => {
    const engine = new EngineCell(newEngineCell())
    const forever = { ...SERVING, leaseUntilMs: Infinity, freshForMs: Infinity }
    assert.equal(mayServe(forever, engine, nowUs()), false)
    engine.writeTick(nowUs(), Date.now())
    assert.equal(mayServe(forever, engine, nowUs()), true)
    engine.markDead(true)
    assert.equal(mayServe(forever, engine, nowUs()), false)
  })
})

describe('waiting for goodbyes in the exit', () => {
  it('ends when all have left', async () => {
    const buffer = newEngineCell()
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads')
       const { EngineCell } = require(workerData.cells)
       const cell = new EngineCell(workerData.buffer)
       cell.countLeft()
       setTimeout(() => cell.countLeft(), 20)`,
      { eval: true, workerData: { cells: require.resolve('../../src/engine/cells'), buffer } }
    )
    const cell = new EngineCell(buffer)
    assert.equal(cell.awaitLeft(2n, 10_000), true)
    assert.equal(cell.readLeft(), 2n)
    await worker.terminate()
  })

  it('ends at its limit when somebody does not leave, and at once when the engine is dead', () => {
    const cell = new EngineCell(newEngineCell())
    const start = performance.now()
    assert.equal(cell.awaitLeft(1n, 50), false)
    assert.ok(performance.now() - start >= 49)
    cell.markDead(true)
    assert.equal(cell.awaitLeft(1n, 60_000), false)
  })
})
