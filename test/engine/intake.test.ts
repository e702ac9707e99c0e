import assert from 'node:assert/strict'
import { FAMILIAR, Intake, STRANGER } from '../../src/engine/intake'

/** Offers frames evenly over a time; returns how many came in. */
function offer(intake: Intake, familiar: boolean, perSecond: number, fromMs: number, forMs: number): number {
  let admitted = 0
  const count = (perSecond * forMs) / 1000
  for (let i = 0; i < count; i++) if (intake.admit(familiar, fromMs + (i * forMs) / count)) admitted++
  return admitted
}

describe('the intake', () => {
  it('lets everything in that a brother could send', () => {
    assert.equal(offer(new Intake(), true, 4000, 0, 10_000), 40_000)
    assert.equal(offer(new Intake(), false, 100, 0, 10_000), 1000)
  })

  it('bounds what strangers cost, at any rate', () => {
    const admitted = offer(new Intake(), false, 100_000, 0, 3000)
    assert.ok(admitted <= STRANGER.burst + STRANGER.perSecond * 3 + 1, `${admitted}`)
    assert.ok(admitted >= STRANGER.perSecond * 3)
  })

  it('bounds also what looks familiar', () => {
    const admitted = offer(new Intake(), true, 200_000, 0, 1000)
    assert.ok(admitted <= FAMILIAR.burst + FAMILIAR.perSecond + 1, `${admitted}`)
  })

  it('does not let strangers crowd the brother out', () => {
    const intake = new Intake()
    offer(intake, false, 100_000, 0, 1000)
    assert.equal(intake.admit(false, 1000), false)
    assert.equal(intake.admit(true, 1000), true)
  })
})
