import assert from 'node:assert/strict'
import { Worker } from 'node:worker_threads'
import {
  EngineCell,
  lookThrough,
  mayServe,
  newEngineCell,
  newPairCell,
  nowUs,
  PairCell,
  type PairCellValue
} from '../../../src/engine/cells'

const SERVING: PairCellValue = {
  role: 'active',
  serving: true,
  epoch: 2 ** 48 - 1,
  leaseUntilMs: 2000.5,
  freshForMs: 100,
  heardAtMs: 1234.567,
  roundTripMs: 0.25,
  witnessHeardAtMs: 12.5
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
  return mayServe(value, engine.read(), 1_000_000n + BigInt(afterMs * 1000), WALL + wallAfterMs)
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
      roundTripMs: null,
      witnessHeardAtMs: null
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
           freshForMs: i, heardAtMs: i, roundTripMs: i, witnessHeardAtMs: i })
         for (let pause = 0; pause < 5000; pause++) Atomics.load(flag, 0)
       }`,
      {
        eval: true,
        workerData: { cells: require.resolve('../../../src/engine/cells'), buffer, flag: new SharedArrayBuffer(4) }
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
    const [pair, engine] = [new PairCell(newPairCell()), new EngineCell(newEngineCell())]
    pair.write({ ...SERVING, leaseUntilMs: Infinity, freshForMs: Infinity })
    assert.deepEqual(lookThrough(pair, engine), { open: false, epoch: SERVING.epoch })
    engine.writeTick(nowUs(), Date.now())
    assert.deepEqual(lookThrough(pair, engine), { open: true, epoch: SERVING.epoch })
    engine.markDead(true)
    assert.deepEqual(lookThrough(pair, engine), { open: false, epoch: SERVING.epoch })
  })

  it('is open again with the engine’s next tick after the wall clock was set ahead', () => {
    const engine = tickedEngine()
    const jumpMs = 90 * 24 * 3_600_000
    assert.equal(opens(SERVING, engine, 10, 10 + jumpMs), false)
    engine.writeTick(1_020_000n, WALL + 20 + jumpMs)
    assert.equal(opens(SERVING, engine, 30, 30 + jumpMs), true)
  })

  describe('whose thread is stopped between any two of its reads', () => {
    /** What both threads share, and the clocks. */
    class World {
      readonly pair = new PairCell(newPairCell())
      readonly engine = new EngineCell(newEngineCell())
      nowMs = 1000
      wallMs = WALL
      /** How often the clock was read. */
      looks = 0
      /** Called before each read of a clock. */
      onRead = (): void => {}

      constructor(value: Partial<PairCellValue>) {
        this.pair.write({ ...SERVING, leaseUntilMs: Infinity, freshForMs: Infinity, ...value })
        this.tick()
      }

      tick(): void {
        this.engine.writeTick(BigInt(this.nowMs * 1000), this.wallMs)
      }

      passes(ms: number): void {
        this.nowMs += ms
        this.wallMs += ms
      }

      look(): boolean {
        const nowMicros = (): bigint => {
          this.onRead()
          this.looks++
          return BigInt(this.nowMs * 1000)
        }
        const wallMs = (): number => {
          this.onRead()
          return this.wallMs
        }
        return lookThrough(this.pair, this.engine, { nowMicros, wallMs }).open
      }
    }

    /** Runs the look, with `happens` in the middle: before its n-th read of the shared memory or a clock. `over` = it has no more reads. */
    const interrupted = (world: World, n: number, happens: () => void): { open: boolean; over: boolean } => {
      const real = Atomics.load
      let [reads, quiet] = [0, false]
      world.onRead = () => {
        if (quiet || reads++ !== n) return
        quiet = true
        happens()
        quiet = false
      }
      Atomics.load = ((...args: Parameters<typeof real>) => {
        world.onRead()
        return real(...args)
      }) as typeof real
      try {
        const open = world.look()
        return { open, over: reads <= n }
      } finally {
        Atomics.load = real
      }
    }

    /** For each read before which it may happen: was the gate open, and had it happened when the clock was read? */
    const atEachRead = (
      value: Partial<PairCellValue>,
      happens: (world: World) => void,
      silentMs = 0
    ): { open: boolean; happenedFirst: boolean }[] => {
      const seen: { open: boolean; happenedFirst: boolean }[] = []
      for (let n = 0; n < 100; n++) {
        const world = new World(value)
        world.passes(silentMs)
        let looksBefore = 0
        const { open, over } = interrupted(world, n, () => {
          looksBefore = world.looks
          happens(world)
        })
        if (over) break
        seen.push({ open, happenedFirst: world.looks > looksBefore })
      }
      assert.ok(seen.length > 10 && seen.some(({ happenedFirst }) => happenedFirst), 'it was interrupted')
      return seen
    }

    const CASES: Readonly<Record<string, readonly [Partial<PairCellValue>, (world: World) => void]>> = {
      'while the role goes to the peer': [
        {},
        (world) => {
          world.passes(5000)
          world.pair.write({ ...SERVING, role: 'standby', serving: false })
          world.tick()
        }
      ],
      'while the lease runs out': [{ leaseUntilMs: 2000 }, (world) => world.passes(5000)],
      'while the lease runs out and the role comes back with a new one': [
        { leaseUntilMs: 2000 },
        (world) => {
          world.passes(5000)
          world.pair.write({ ...SERVING, leaseUntilMs: 5500, freshForMs: Infinity })
          world.passes(1000)
          world.tick()
        }
      ],
      'while the engine hangs': [{ freshForMs: 100 }, (world) => world.passes(5000)],
      'while the engine dies': [
        {},
        (world) => {
          world.passes(1)
          world.engine.markDead(true)
        }
      ],
      'while the machine sleeps, and the engine wakes up first': [
        {},
        (world) => {
          world.wallMs += 60_000
          world.passes(1)
          world.pair.write({ ...SERVING, serving: false })
          world.tick()
        }
      ],
      'while the machine sleeps, and it wakes up first': [
        {},
        (world) => {
          world.wallMs += 60_000
          world.passes(1)
        }
      ]
    }
    for (const [when, [value, happens]] of Object.entries(CASES)) {
      it(`${when}: shut if that was over when the clock was read`, () => {
        for (const [read, { open, happenedFirst }] of atEachRead(value, happens).entries()) {
          if (happenedFirst) assert.equal(open, false, `before read ${read}`)
        }
      })
    }

    it('while the engine comes back that was silent for too long: shut if that was not over when the clock was read', () => {
      const seen = atEachRead({ freshForMs: 100 }, (world) => world.tick(), 5000)
      for (const [read, { open, happenedFirst }] of seen.entries()) {
        if (!happenedFirst) assert.equal(open, false, `before read ${read}`)
      }
    })

    it('while nothing happens but time: open as before', () => {
      for (const { open } of atEachRead({}, (world) => world.passes(400))) assert.equal(open, true)
    })
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
      { eval: true, workerData: { cells: require.resolve('../../../src/engine/cells'), buffer } }
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
