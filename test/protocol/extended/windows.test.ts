/**
 * Windows of a few milliseconds in which a link may fail. The simulation meets such an instant by chance; here a story is
 * told once for each of them, and never may two serve.
 */
import assert from 'node:assert/strict'
import { TestPair, type PairOptions } from '../../harness/pair'
import type { SideName } from '../../harness/network'
import type { PairSettings } from '../../../src/protocol/settings'

/** B is the preferred side, and Active; the two have met. */
function met(settings: Partial<PairSettings> = {}, options: PairOptions = {}): TestPair {
  const pair = new TestPair({
    ...options,
    settings: { policy: 'preferred', ...settings },
    a: { settings: { priority: 50 } },
    b: { settings: { priority: 200 } }
  })
  pair.start()
  pair.advanceUntil('settled', () => pair.isSettled(), 10_000)
  pair.advanceMs(500)
  assert.equal(pair.b.role, 'active')
  return pair
}

/** From now on nothing that `first` sends arrives; so much later, nothing at all. */
function cutOneByOne(pair: TestPair, first: SideName, laterMs: number): void {
  pair.cutOneWay(first)
  pair.advanceMs(laterMs)
  pair.cutLink()
}

function assertNeverTwo(pair: TestPair, story: string): void {
  const overlap = pair.happenings.find((h) => h.kind === 'overlap')
  assert.equal(overlap, undefined, `${story}: two serve at ${overlap?.atMs} ms`)
}

describe('extended wire, windows: preferred', function () {
  this.timeout(60_000)

  for (const first of ['a', 'b'] as const) {
    for (const speaks of ['a', 'b'] as const) {
      it(`the preferred side comes back after a goodbye, ${speaks} speaks first, and what ${first} says is lost from some instant on`, () => {
        for (let atMs = 0; atMs <= 10; atMs++) {
          for (const laterMs of [0, 1, 300, 1200]) {
            const pair = met()
            pair.goodbye('b')
            pair.advanceMs(3000)
            assert.equal(pair.a.view.serving, true)
            if (speaks === 'a') pair.cutOneWay('b')
            pair.start('b')
            const known = pair.network.recorded('a').length
            if (speaks === 'a') pair.advanceUntil('a speaks', () => pair.network.recorded('a').length > known, 4000)
            pair.healLink()
            pair.advanceMs(atMs)
            cutOneByOne(pair, first, laterMs)
            pair.advanceMs(6000)
            assertNeverTwo(pair, `cut after ${atMs} ms, wholly ${laterMs} ms later`)
          }
        }
      })
    }

    it(`the preferred side opens its socket long after its start, and what ${first} says is lost from some instant on`, () => {
      for (let atMs = 0; atMs <= 10; atMs++) {
        for (const laterMs of [0, 1, 150]) {
          const pair = met({ heartbeatMs: 50, peerTimeoutMs: 400 })
          pair.crash('b')
          pair.advanceMs(3000)
          assert.equal(pair.a.view.serving, true)
          pair.start('b')
          pair.openLink('b', 0, false)
          pair.advanceMs(5000)
          assert.equal(pair.a.view.serving, true, 'nobody listens there yet')
          pair.openLink('b', 0, true)
          pair.advanceMs(atMs)
          cutOneByOne(pair, first, laterMs)
          pair.advanceMs(6000)
          assertNeverTwo(pair, `cut after ${atMs} ms, wholly ${laterMs} ms later`)
        }
      }
    })
  }

  it('of two links of the preferred side one stays closed after a crash, and the other one is cut', () => {
    const pair = met({}, { links: 2 })
    pair.crash('b')
    pair.advanceMs(3000)
    assert.equal(pair.a.view.serving, true)
    pair.cutLink(1)
    pair.start('b')
    pair.openLink('b', 0, false)
    pair.advanceMs(10_000)
    assertNeverTwo(pair, 'link 0 refuses, link 1 is cut')
    assert.equal(pair.a.view.serving, true, 'as long as one link says that nobody listens there')
  })

  it('the link that carried stays closed after a crash of the preferred side, and the one that did not is open', () => {
    const pair = met({}, { links: 2 })
    pair.cutLink(1)
    pair.crash('a')
    pair.advanceMs(20)
    pair.start('a')
    pair.advanceMs(5000)
    assert.equal(pair.isSettled(), true)
    pair.crash('b')
    pair.advanceMs(3000)
    assert.equal(pair.a.view.serving, true)
    pair.start('b')
    pair.openLink('b', 0, false)
    pair.advanceMs(10_000)
    assertNeverTwo(pair, 'link 0 refuses, link 1 is cut')
    pair.openLink('b', 0, true)
    pair.healLink()
    pair.advanceUntil('settled', () => pair.isSettled(), 10_000)
    assertNeverTwo(pair, 'whole again')
  })

  it('a link of the preferred side that never opens does not keep it from serving alone, once the other side knows it', () => {
    const pair = met({}, { links: 2 })
    pair.crash('b')
    pair.advanceMs(3000)
    pair.start('b')
    pair.openLink('b', 1, false)
    pair.advanceMs(3000)
    assert.equal(pair.isSettled(), true)
    pair.powerOff('a')
    pair.advanceMs(4000)
    assert.equal(pair.b.view.serving, true)
  })

  it('the preferred side closes a link after its brother has left, and serves on', () => {
    const pair = met({}, { links: 2 })
    pair.goodbye('a')
    pair.advanceMs(3000)
    pair.openLink('b', 0, false)
    assert.equal(pair.b.view.serving, false)
    pair.advanceMs(3000)
    assert.equal(pair.b.view.serving, true)
  })

  it('one link is cut for long, and the preferred Active closes the other one for good', () => {
    const pair = met({}, { links: 2 })
    pair.cutLink(1)
    pair.advanceMs(5000)
    pair.crash('a')
    pair.advanceMs(100)
    pair.start('a')
    pair.advanceMs(3000)
    assert.equal(pair.isSettled(), true)
    pair.openLink('b', 0, false)
    pair.advanceMs(10_000)
    assertNeverTwo(pair, 'link 0 refuses, link 1 is cut')
    pair.openLink('b', 0, true)
    pair.advanceUntil('settled', () => pair.isSettled(), 10_000)
    assertNeverTwo(pair, 'whole again')
  })

  it('the preferred side comes back after a goodbye, is heard before it hears, and the other one serves on', () => {
    const pair = met()
    pair.goodbye('b')
    pair.advanceMs(3000)
    pair.cutOneWay('b')
    pair.start('b')
    const known = pair.network.recorded('a').length
    pair.advanceUntil('a speaks', () => pair.network.recorded('a').length > known, 4000)
    pair.healLink()
    const epoch = pair.a.view.epoch
    for (let i = 0; i < 3000; i++) {
      pair.advanceMs(1)
      assert.equal(pair.a.serves(pair.nowMs), true)
    }
    assert.ok(pair.a.view.epoch >= epoch)
    assert.equal(pair.isSettled(), true)
  })

  it('the preferred side is forced to serve right after its socket opened, while the other one serves on refusals', () => {
    const pair = met({ heartbeatMs: 50, peerTimeoutMs: 400 })
    pair.crash('b')
    pair.advanceMs(3000)
    pair.start('b')
    pair.openLink('b', 0, false)
    pair.advanceMs(5000)
    assert.equal(pair.a.view.serving, true)
    pair.cutLink()
    pair.openLink('b', 0, true)
    const command = pair.designate('b', 'active', true)
    pair.advanceMs(5000)
    assertNeverTwo(pair, 'forced')
    assert.equal(pair.replyTo(command), 'ok active')
  })

  it('refusals of a link that the preferred side never opened are no proof that its process is gone', () => {
    const pair = met({}, { links: 2 })
    pair.crash('b')
    pair.advanceMs(3000)
    // It comes back without one of its sockets, and stands by.
    pair.cutLink(0)
    pair.start('b')
    pair.openLink('b', 0, false)
    pair.healLink(0)
    pair.advanceMs(3000)
    assert.deepEqual([pair.a.role, pair.b.role, pair.b.view.online], ['active', 'standby', true])
    // The other link goes: what a sends on the closed one is refused by a host whose process lives.
    pair.cutLink(1)
    pair.advanceMs(2500)
    pair.healLink(1)
    pair.advanceUntil('settled', () => pair.isSettled(), 1000)
    pair.designate('a', 'active')
    pair.advanceUntil('a serves', () => pair.a.view.serving, 1000)
    // It goes again: the lease of a must not be that of a brother whose process was gone.
    pair.cutLink(1)
    pair.advanceMs(6000)
    assertNeverTwo(pair, 'after the cut')
    assert.equal(pair.b.view.serving, true)
  })

  for (const active of ['a', 'b'] as const) {
    it(`each of two links passes one way only, ${active} serves, and the preferred side closes the one on which it never heard anything`, () => {
      const pair = met({}, { links: 2 })
      pair.cutOneWay('b', 0)
      pair.cutOneWay('a', 1)
      pair.restart('b')
      pair.advanceMs(3000)
      pair.designate(active, 'active')
      pair.advanceUntil('it serves', () => pair.side(active).view.serving, 1000)
      pair.advanceMs(500)
      // What a sends on link 1 is refused from now on, by a host whose process lives.
      pair.openLink('b', 1, false)
      pair.healOneWay('a', 1)
      pair.cutOneWay('a', 0)
      pair.advanceMs(6000)
      assertNeverTwo(pair, 'link 0 is cut, link 1 refuses')
      assert.equal(pair.b.view.serving, true, 'nothing keeps it from serving alone')
      const believed = pair.happenings.find((h) => h.kind === 'event' && h.reason === 'brother-crashed')
      assert.equal(believed, undefined, 'the process of b lives')
    })
  }
})
