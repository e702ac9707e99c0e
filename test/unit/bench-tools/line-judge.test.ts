import assert from 'node:assert/strict'
import { LineJudge } from '../../../bench/tools/line-judge'

describe('the judge of a numbered line', () => {
  it('counts what passed on neither side, and what passed twice, with and without a word', () => {
    const judge = new LineJudge()
    for (let n = 0; n < 6; n++) judge.next()
    for (const number of [0, 1, 3]) judge.passed('a', number, false, 1000)
    judge.passed('b', 1, true, 2000)
    judge.passed('b', 3, false, 2000)
    judge.passed('b', 4, false, 2000)
    assert.deepEqual(judge.close(5), { missed: 1, twice: 2, untold: 1, gapMs: null })
    assert.deepEqual(judge.close(6), { missed: 1, twice: 0, untold: 0, gapMs: null })
  })

  it('measures from the last pass on one side to the first one on the other', () => {
    const judge = new LineJudge()
    judge.passed('a', 0, false, 1000)
    judge.expect('b')
    assert.equal(judge.hasOpened(), false)
    judge.passed('a', 1, false, 4000)
    judge.passed('b', 2, false, 6500)
    judge.passed('b', 3, false, 9000)
    assert.equal(judge.hasOpened(), true)
    assert.equal(judge.close(0).gapMs, 2.5)
  })
})
