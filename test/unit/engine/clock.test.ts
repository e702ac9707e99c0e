import assert from 'node:assert/strict'
import { nowUs } from '../../../src/engine/cells'
import { SuspendWatch, systemClock } from '../../../src/engine/clock'
import { randomInt } from '../../../src/engine/random'
import { HandClock } from '../../support/engine-rig'

describe('the clock', () => {
  it('is the one of the shared cells', () => {
    const clock = systemClock()
    for (let i = 0; i < 100; i++) {
      const [before, now, after] = [Number(nowUs()), clock.nowMs() * 1000, Number(nowUs())]
      assert.ok(now >= before - 20 && now <= after + 20, `${before} ${now} ${after}`)
    }
  })
})

describe('the watch for sleep', () => {
  it('is calm while both clocks advance, also through a long stall', () => {
    const clock = new HandClock()
    const watch = new SuspendWatch(clock)
    for (const ms of [1, 100, 60_000]) {
      clock.advanceMs(ms)
      assert.equal(watch.jumpedMs(), 0)
    }
  })

  it('tells once how long the machine slept', () => {
    const clock = new HandClock()
    const watch = new SuspendWatch(clock)
    clock.wallClockMs += 8000
    assert.equal(watch.jumpedMs(), 8000)
    assert.equal(watch.jumpedMs(), 0)
  })

  it('tells a wall clock that was set back from sleep, takes it as a new base, and notices the next sleep', () => {
    const clock = new HandClock()
    const watch = new SuspendWatch(clock)
    clock.wallClockMs -= 3_600_000
    assert.equal(watch.jumpedMs(), -3_600_000)
    assert.equal(watch.jumpedMs(), 0)
    clock.wallClockMs += 1000
    assert.equal(watch.jumpedMs(), 1000)
  })

  it('follows a wall clock that is slewed', () => {
    const clock = new HandClock()
    const watch = new SuspendWatch(clock)
    for (let i = 0; i < 100; i++) {
      clock.wallClockMs += 400
      assert.equal(watch.jumpedMs(), 0)
    }
  })

  it('does not take a stop of this thread between its two readings for a sleep', () => {
    const clock = new HandClock()
    const watch = new SuspendWatch(clock)
    const nowMs = clock.nowMs.bind(clock)
    let stops = 0
    // The wall clock is read, then the thread is stopped, then the monotonic one is read.
    clock.nowMs = () => {
      if (stops++ === 0) clock.advanceMs(5000)
      return nowMs()
    }
    assert.equal(watch.jumpedMs(), 0)
    assert.equal(watch.jumpedMs(), 0)
  })
})

describe('randomness', () => {
  it('stays within its bound, up to 48 bits', () => {
    for (const bound of [1, 2, 255, 2 ** 32, 2 ** 48 - 1, 2 ** 48]) {
      for (let i = 0; i < 200; i++) {
        const value = randomInt(bound)
        assert.ok(Number.isInteger(value) && value >= 0 && value < bound, `${value} of ${bound}`)
      }
    }
    assert.equal(new Set(Array.from({ length: 200 }, () => randomInt(3))).size, 3)
  })
})
