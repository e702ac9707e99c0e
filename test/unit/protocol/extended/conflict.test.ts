/** Two that were Active at the same time: whatever instant the link comes back, both sides tell of it. */
import assert from 'node:assert/strict'
import { TestPair, type PairOptions } from '../../../support/machine/pair'

const OPTIONS: PairOptions = { settings: { heartbeatMs: 100, peerTimeoutMs: 500 } }

function bothActive(options: PairOptions): TestPair {
  const pair = new TestPair(options)
  pair.start()
  pair.advanceUntil('settled', () => pair.isSettled(), 5000)
  pair.cutLink()
  pair.advanceUntil('both Active', () => pair.a.role === 'active' && pair.b.role === 'active', 5000)
  return pair
}

/** The names of what a side told since. */
const told = (pair: TestPair, side: 'a' | 'b', from: number): string[] => pair.events(side).slice(from)

describe('extended wire, two Actives that meet again', () => {
  for (const slow of ['a', 'b', null] as const) {
    it(`${slow === null ? 'equally fast' : `what ${slow} says comes late`}: both tell of the conflict, one yields, one reasserts`, () => {
      for (let atMs = 0.5; atMs < 100; atMs += 1) {
        const pair = bothActive(OPTIONS)
        pair.advanceMs(atMs)
        if (slow !== null) pair.network.setLatency(slow, 30)
        const before = { a: pair.events('a').length, b: pair.events('b').length }
        pair.healLink()
        pair.advanceMs(1000)
        const [a, b] = [told(pair, 'a', before.a).join('\n'), told(pair, 'b', before.b).join('\n')]
        for (const [side, events] of [['a', a] as const, ['b', b] as const]) {
          assert.equal(events.match(/conflict/g)?.length, 1, `healed at ${atMs} ms, ${side} told:\n${events}`)
        }
        assert.match(a + b, /yielded/)
        assert.match(a + b, /reasserted/)
        assert.ok(pair.isSettled())
      }
    })
  }

  it('a Standby that once yielded is no conflict when it was only out of sight', () => {
    const pair = bothActive(OPTIONS)
    pair.healLink()
    pair.advanceMs(1000)
    const active = pair.a.role === 'active' ? 'a' : 'b'
    // So that it does not take over meanwhile.
    pair.stallFlows(active === 'a' ? 'b' : 'a', true)
    const before = pair.events(active).length
    pair.cutLink()
    pair.advanceMs(2000)
    assert.equal(pair.side(active).view.online, false)
    pair.healLink()
    pair.advanceMs(1000)
    assert.equal(pair.side(active).view.online, true)
    assert.doesNotMatch(told(pair, active, before).join('\n'), /conflict/)
  })
})
