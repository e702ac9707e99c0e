/** The judge can tell a good history from a bad one: each of its rules is shown to go red. */
import assert from 'node:assert/strict'
import {
  type Apart,
  falseCrashes,
  judge,
  memoryTrend,
  type Policy,
  soleServer,
  uncoveredUs,
  violationsSince
} from '../../support/namespaces/checker'
import { BUCKET_US, History, type Side, SIDES } from '../../support/namespaces/history'
import { outsideLine } from '../../support/namespaces/namespaces'

const HEAL_US = 200_000

/** Lets `side` pass a message every 5 ms of outside time, from one instant to another, in ms. */
interface Stretch {
  readonly side: Side
  readonly epoch: number
  readonly fromMs: number
  readonly toMs: number
}

function historyOf(...stretches: readonly Stretch[]): History {
  const history = new History()
  stretches
    .flatMap(({ side, epoch, fromMs, toMs }) =>
      Array.from({ length: Math.floor((toMs - fromMs) / 5) + 1 }, (_, i) => ({
        side,
        epoch,
        atUs: (fromMs + i * 5) * 1000
      }))
    )
    .sort((left, right) => left.atUs - right.atUs)
    .forEach(({ side, epoch, atUs }) => history.add({ side, epoch, beforeUs: atUs, afterUs: atUs + 40 }))
  return history
}

const rulesBroken = (history: History, policy: Policy, apart: readonly Apart[] = []): string[] =>
  judge(history, policy, apart, HEAL_US).map(({ rule }) => rule)

/** Who serves in the first second, of ten messages expected every 50 ms. */
function serving(...stretches: readonly Stretch[]): string {
  return soleServer(historyOf(...stretches), 0, 1_000_000, 10)
}

/** A process that lives so long and grows so fast. */
const life = (seconds: number, mebibytesPerSecond: number): ReturnType<typeof memoryTrend> =>
  memoryTrend(
    Array.from({ length: seconds }, (_, i) => ({
      atUs: i * 1_000_000,
      rssBytes: (100 + i * mebibytesPerSecond) * 2 ** 20
    }))
  )

describe('the judge of a chaos run', () => {
  it('finds nothing where one side follows the other', () => {
    const history = historyOf(
      { side: 'a', epoch: 1, fromMs: 0, toMs: 1000 },
      { side: 'b', epoch: 2, fromMs: 1001, toMs: 2000 },
      { side: 'a', epoch: 3, fromMs: 2300, toMs: 3000 }
    )
    for (const policy of ['availability', 'preferred', 'exclusive'] as const)
      assert.deepEqual(rulesBroken(history, policy), [])
  })

  it('sees one message too many on the old epoch', () => {
    const history = historyOf(
      { side: 'a', epoch: 1, fromMs: 0, toMs: 1000 },
      { side: 'b', epoch: 2, fromMs: 998, toMs: 2000 }
    )
    for (const policy of ['availability', 'preferred', 'exclusive'] as const) {
      assert.deepEqual(rulesBroken(history, policy), ['overlap'])
    }
  })

  it('does not hold a message against a side that was stopped inside its gate', () => {
    const history = historyOf(
      { side: 'a', epoch: 1, fromMs: 0, toMs: 1000 },
      { side: 'b', epoch: 2, fromMs: 1500, toMs: 2000 }
    )
    history.add({ side: 'a', epoch: 1, beforeUs: 1_001_000, afterUs: 2_001_000 })
    assert.deepEqual(rulesBroken(history, 'exclusive'), [])
    assert.equal(history.widestGateUs, 1_000_000)
  })

  it('excuses two serving under availability only while they cannot hear each other, and while that heals', () => {
    const both = historyOf(
      { side: 'a', epoch: 1, fromMs: 0, toMs: 2000 },
      { side: 'b', epoch: 2, fromMs: 1000, toMs: 3000 }
    )
    const cut = { fromUs: 700_000, toUs: 1_900_000 }
    assert.deepEqual(rulesBroken(both, 'availability', [cut]), [])
    assert.deepEqual(rulesBroken(both, 'preferred', [cut]), ['overlap'])
    assert.deepEqual(rulesBroken(both, 'exclusive', [cut]), ['overlap'])
    assert.deepEqual(rulesBroken(both, 'availability', [{ ...cut, toUs: 1_700_000 }]), ['overlap'], 'healed too late')
    assert.deepEqual(rulesBroken(both, 'availability', [{ ...cut, fromUs: 1_100_000 }]), ['overlap'], 'began too early')
  })

  it('shows of a time what had begun before it and went on', () => {
    const twoServe = historyOf(
      { side: 'a', epoch: 1, fromMs: 0, toMs: 2000 },
      { side: 'b', epoch: 2, fromMs: 1000, toMs: 3000 }
    )
    const since = (ms: number): string[] =>
      violationsSince(judge(twoServe, 'preferred', [], HEAL_US), ms * 1000).map(({ rule }) => rule)
    assert.deepEqual(since(0), ['overlap'])
    assert.deepEqual(since(1500), ['overlap'])
    assert.deepEqual(since(2001), [])
    const shared = historyOf(
      { side: 'a', epoch: 1, fromMs: 0, toMs: 500 },
      { side: 'b', epoch: 1, fromMs: 600, toMs: 900 }
    )
    assert.equal(violationsSince(judge(shared, 'availability', [], HEAL_US), 800_000).length, 1)
  })

  it('no two runs have the same addresses, however many processes there have been', () => {
    const taken = new Set<string>()
    for (let runId = 1; runId <= 32_768; runId++) {
      for (const side of SIDES) for (const address of Object.values(outsideLine(runId, side))) taken.add(address)
    }
    assert.equal(taken.size, 4 * 32_768)
    assert.deepEqual(outsideLine(32_767, 'b'), { outer: '198.19.255.254', inside: '198.19.255.255' })
    assert.deepEqual(outsideLine(32_768, 'a'), { outer: '198.18.0.0', inside: '198.18.0.1' })
  })

  it('sees an epoch that both sides served on', () => {
    const history = historyOf(
      { side: 'a', epoch: 1, fromMs: 0, toMs: 500 },
      { side: 'b', epoch: 1, fromMs: 600, toMs: 900 }
    )
    assert.ok(rulesBroken(history, 'availability').includes('epoch-shared'))
  })

  it('sees an epoch that goes down, on one side or from one side to the other', () => {
    const oneSide = historyOf(
      { side: 'a', epoch: 5, fromMs: 0, toMs: 500 },
      { side: 'a', epoch: 4, fromMs: 600, toMs: 900 }
    )
    assert.ok(rulesBroken(oneSide, 'availability').includes('epoch-back'))
    const twoSides = historyOf(
      { side: 'a', epoch: 5, fromMs: 0, toMs: 500 },
      { side: 'b', epoch: 4, fromMs: 600, toMs: 900 }
    )
    assert.ok(rulesBroken(twoSides, 'exclusive').includes('epoch-back'))
  })

  it('tells who serves in a quiet time', () => {
    assert.equal(serving({ side: 'b', epoch: 2, fromMs: 0, toMs: 1000 }), 'b')
    assert.equal(serving(), 'nobody')
    assert.equal(serving({ side: 'b', epoch: 2, fromMs: 0, toMs: 100 }), 'nobody')
    assert.equal(serving({ side: 'b', epoch: 2, fromMs: 60, toMs: 1000 }), 'nobody', 'it began too late')
    assert.equal(
      serving({ side: 'b', epoch: 2, fromMs: 0, toMs: 300 }, { side: 'b', epoch: 2, fromMs: 500, toMs: 1000 }),
      'nobody',
      'it paused'
    )
    assert.equal(
      serving({ side: 'b', epoch: 2, fromMs: 0, toMs: 1000 }, { side: 'a', epoch: 1, fromMs: 500, toMs: 500 }),
      'both'
    )
  })

  it('counts only whole buckets between two instants', () => {
    const history = historyOf({ side: 'a', epoch: 1, fromMs: 0, toMs: 200 })
    assert.equal(history.buckets(1, 3 * BUCKET_US).length, 2)
    assert.equal(history.passedBetween(0, 2 * BUCKET_US).a, 20)
  })

  it('believes in a crash only of a side that is dead, and for as long as it is', () => {
    const death = { side: 'a', fromUs: 100, toUs: 200 } as const
    assert.deepEqual(falseCrashes([{ by: 'b', atUs: 150 }], [death]), [])
    const isFalse = (by: Side, atUs: number): boolean => falseCrashes([{ by, atUs }], [death]).length === 1
    assert.ok(isFalse('b', 99))
    assert.ok(isFalse('b', 201))
    assert.ok(isFalse('a', 150), 'of itself')
  })

  it('adds up what no interval covers', () => {
    const intervals = [
      { fromUs: 50, toUs: 60 },
      { fromUs: 10, toUs: 30 },
      { fromUs: 20, toUs: 40 }
    ]
    assert.equal(uncoveredUs(0, 100, intervals), 60)
    assert.equal(uncoveredUs(15, 35, intervals), 0)
    assert.equal(uncoveredUs(35, 55, intervals), 10)
    assert.equal(uncoveredUs(0, 10, []), 10)
  })

  it('sees a process that grows, and waits long enough to judge one', () => {
    assert.equal(life(10, 0), null)
    assert.equal(life(60, 0.1)?.flat, true)
    assert.equal(life(60, 5)?.flat, false)
  })
})
