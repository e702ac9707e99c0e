import assert from 'node:assert/strict'
import { PeerClock } from '../../../src/engine/peer-clock'

const NOON_S = 1_800_000_000

/** What is told after the peer said, one after the other, that it is so many seconds ahead. */
function told(...aheadS: readonly number[]): number[] {
  const clock = new PeerClock()
  return aheadS.map((s, i) => {
    const mineS = NOON_S + 60_000 * i
    clock.heard(mineS, (mineS + s) & 0xffff)
    return clock.aheadS
  })
}

describe('the clock of the peer', () => {
  it('agrees to within five seconds, whatever the frames took', () => {
    assert.deepEqual(told(0, 5, -5, 1), [0, 0, 0, 0])
  })

  it('is ahead or behind, also where the seconds of either side wrap', () => {
    assert.deepEqual(told(6, 0, -6, 3600, -3600, 32_000, -32_000), [6, 0, -6, 3600, -3600, 32_000, -32_000])
  })

  it('is told anew only when it has moved', () => {
    assert.deepEqual(told(100, 101, 98, 104, 106, 100), [100, 100, 100, 100, 106, 100])
  })
})
