import assert from 'node:assert/strict'
import { SwapJudge } from '../../../bench/tools/swap-judge'

const MS = 1000

/** Messages 0, 1, 2, ... each ms on two topics; a acts until `shutsMs`, b from `opensMs` on. */
function swapped(shutsMs: number, opensMs: number, releases: (number: number) => boolean = () => true): SwapJudge {
  const judge = new SwapJudge()
  judge.expect('b')
  for (let number = 0; number < 40; number++) {
    const atUs = number * MS
    judge.sent(number, atUs)
    if (number < shutsMs) judge.passed('a', atUs, atUs + 10)
    if (number >= opensMs) judge.passed('b', atUs, atUs + 10)
    if (releases(number)) judge.released(number)
  }
  return judge
}

describe('the judge of swaps', () => {
  it('measures from the last message before the old gate to the first one past the new gate', () => {
    assert.deepEqual(swapped(10, 13).close(2), { gapMs: 4.01, overlapped: false, lost: 0 })
  })

  it('sees two sides act at the same time', () => {
    assert.equal(swapped(15, 13).close(2).overlapped, true)
  })

  it('does not take what passes in the old time of the new side for its opening', () => {
    const judge = new SwapJudge()
    judge.passed('b', 0, 10)
    judge.expect('b')
    judge.passed('a', 5 * MS, 5 * MS + 10)
    assert.equal(judge.hasOpened(), false)
    assert.throws(() => judge.close(2), /nothing passed/)
  })

  it('counts a topic whose newest message at the opening came out nowhere', () => {
    // b opens with number 13; of the even topic, 12 was the newest, and what comes long after does not make up for it.
    const lost = swapped(10, 13, (number) => number % 2 === 1 || number < 12 || number > 25)
    assert.equal(lost.close(2).lost, 1)
  })

  it('lets a newer message of the topic that came right behind stand for the newest', () => {
    const overtaken = swapped(10, 13, (number) => number !== 12)
    assert.equal(overtaken.close(2).lost, 0)
  })
})
