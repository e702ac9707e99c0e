import assert from 'node:assert/strict'
import { Turns } from '../../../src/host/channel/turns'
import { until } from '../../support/engine-rig'

describe('turns', () => {
  it('are given to so many at once, and to the others in the order in which they asked', () => {
    const turns = new Turns(2, 60_000)
    const called: number[] = []
    const first = turns.take(() => {})
    const second = turns.take(() => {})
    assert.ok(first !== null && second !== null)
    const given: (() => void)[] = []
    const ask = (n: number): (() => void) => {
      const again = (): void => {
        called.push(n)
        const turn = turns.take(again)
        if (turn !== null) given.push(turn)
      }
      return again
    }
    for (let n = 0; n < 3; n++) assert.equal(turns.take(ask(n)), null)
    first()
    first()
    assert.deepEqual(called, [0], 'given back once only')
    second()
    assert.deepEqual(called, [0, 1])
    given[0]?.()
    assert.deepEqual(called, [0, 1, 2])
    for (const turn of given) turn()
  })

  it('pass over those who do not want theirs any more', () => {
    const turns = new Turns(1, 60_000)
    const first = turns.take(() => {})
    let last: (() => void) | null = null
    turns.take(() => {})
    turns.take(() => (last = turns.take(() => {})))
    first?.()
    assert.notEqual(last, null)
  })

  it('lapse: who gets no answer holds up nobody', async () => {
    const turns = new Turns(1, 20)
    assert.notEqual(
      turns.take(() => {}),
      null
    )
    let called = false
    assert.equal(
      turns.take(() => (called = true)),
      null
    )
    await until('it is the other one’s turn', () => called)
  })
})
