import assert from 'node:assert/strict'
import { FAMILIAR, FrameLimiter, STRANGER, type Familiarity } from '../../../src/engine/frame-limiter'

/** Offers frames evenly over a time; returns how many came in. */
function offer(intake: FrameLimiter, from: Familiarity, perSecond: number, fromMs: number, forMs: number): number {
  let admitted = 0
  const count = (perSecond * forMs) / 1000
  for (let i = 0; i < count; i++) if (intake.admit(from, fromMs + (i * forMs) / count)) admitted++
  return admitted
}

describe('the intake', () => {
  it('lets everything in that a peer could send', () => {
    assert.equal(offer(new FrameLimiter(), 'current', 4000, 0, 10_000), 40_000)
    assert.equal(offer(new FrameLimiter(), 'stranger', 100, 0, 10_000), 1000)
  })

  it('bounds what strangers cost, at any rate', () => {
    const admitted = offer(new FrameLimiter(), 'stranger', 100_000, 0, 3000)
    assert.ok(admitted <= STRANGER.burst + STRANGER.perSecond * 3 + 1, `${admitted}`)
    assert.ok(admitted >= STRANGER.perSecond * 3)
  })

  it('bounds also what looks familiar', () => {
    const admitted = offer(new FrameLimiter(), 'current', 200_000, 0, 1000)
    assert.ok(admitted <= FAMILIAR.burst + FAMILIAR.perSecond + 1, `${admitted}`)
  })

  it('does not let strangers crowd the peer out', () => {
    const intake = new FrameLimiter()
    offer(intake, 'stranger', 100_000, 0, 1000)
    assert.equal(intake.admit('stranger', 1000), false)
    assert.equal(intake.admit('current', 1000), true)
    assert.equal(intake.admit('acquainted', 1000), true)
  })
})
