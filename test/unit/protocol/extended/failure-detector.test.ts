import assert from 'node:assert/strict'
import { FailureDetector } from '../../../../src/protocol/extended/failure-detector'

const H = 100
const P = 1000

function met(links = 1): FailureDetector {
  const detector = new FailureDetector(links)
  for (let link = 0; link < links; link++) {
    detector.setOpen(0, link, true)
    detector.heard(0, link, link, (1 << links) - 1)
  }
  detector.answered(0, false)
  detector.measured(0, 1)
  return detector
}

describe('the failure detector', () => {
  it('is lost a whole takeover delay after the last word, not earlier', () => {
    const detector = met()
    assert.equal(detector.lostAtMs(P), P)
    detector.heard(300, 0, 0, 1)
    assert.equal(detector.lostAtMs(P), 300 + P)
  })

  it('is one-way when nothing new is acknowledged, though much is heard', () => {
    const detector = met()
    for (let t = H; t <= P; t += H) detector.heard(t, 0, 0, 0)
    assert.equal(detector.isTwoWay(P - 1, P), true)
    assert.equal(detector.isTwoWay(P, P), false)
    assert.equal(detector.alive, true)
  })

  it('waits for an answer from the first word on that follows one to everything', () => {
    const detector = met()
    detector.told(100)
    assert.equal(detector.oneWayAtMs(P), P, 'there was one that is not answered yet')
    detector.answered(200, true)
    assert.equal(detector.oneWayAtMs(P), 200 + P)
    for (const toldMs of [290, 390]) detector.told(toldMs)
    assert.equal(detector.oneWayAtMs(P), 290 + P)
    detector.answered(400, true)
    detector.lost()
    detector.told(500)
    assert.equal(detector.isTwoWay(500, P), false)
    assert.equal(detector.oneWayAtMs(P), -Infinity, 'who is lost is no more waited for')
  })

  it('suspects after a due heartbeat, probes in a burst, then slower, and stops when it hears', () => {
    const detector = met()
    const times: number[] = []
    for (let i = 0; i < 6; i++) {
      const t = detector.nextProbeAtMs(200)
      times.push(t)
      detector.probed(t)
    }
    assert.deepEqual(times, [209, 219, 229, 239, 259, 279])
    detector.heard(330, 0, 0, 1)
    assert.deepEqual(
      [10, 20, 60, 100, 1000].map((h) => detector.nextProbeAtMs(h) - 330),
      [13.5, 26, 69, 109, 1009]
    )
  })

  it('moves its deadlines by the time that it was deaf itself', () => {
    const detector = met()
    detector.heard(2900, 0, 0, 1)
    detector.answered(2900, false)
    detector.wasDeaf(4000, 800)
    assert.equal(detector.lostAtMs(P), 3700 + P)
    assert.equal(detector.oneWayAtMs(P), 3700 + P)
    assert.equal(detector.suspectAtMs(H), 3700 + H + 9)
  })

  for (const lateMs of [1000, 3_600_000, 90 * 24 * 3_600_000, Infinity]) {
    it(`moves no time past now, though it is told that it was deaf for ${lateMs} ms`, () => {
      const detector = met(2)
      detector.wasDeaf(500, lateMs)
      assert.equal(detector.heardAtMs, 500)
      assert.equal(detector.listeningSinceMs, 500)
      assert.equal(detector.lostAtMs(P), 500 + P)
      assert.equal(detector.oneWayAtMs(P), 500 + P)
      assert.deepEqual([detector.heardLinks(500 + P - 1, P), detector.heardLinks(500 + P, P)], [0b11, 0])
      assert.deepEqual([detector.isLinkUp(500 + P - 1, 0, P), detector.isLinkUp(500 + P, 0, P)], [true, false])
    })
  }

  it('moves no time of what has not been', () => {
    const detector = new FailureDetector(1)
    detector.wasDeaf(500, 90 * 24 * 3_600_000)
    assert.deepEqual([detector.heardAtMs, detector.listeningSinceMs], [-Infinity, Infinity])
    detector.setOpen(600, 0, true)
    detector.wasDeaf(900, 90 * 24 * 3_600_000)
    assert.deepEqual([detector.heardAtMs, detector.listeningSinceMs], [-Infinity, 900])
    assert.equal(detector.isHeardOn(900, 0, P), false)
  })

  it('credits a stall of this side also to the wait for a first word', () => {
    const detector = new FailureDetector(1)
    detector.setOpen(0, 0, true)
    detector.wasDeaf(4000, 3000)
    assert.equal(detector.listeningSinceMs, 3000)
  })

  it('knows on which links it was heard, and whether all of them can be asked, and one at least', () => {
    const detector = new FailureDetector(3)
    const canAskAll = (nowMs: number): boolean => detector.canAskAll(nowMs, P)
    for (const link of [0, 1]) detector.setOpen(0, link, true)
    assert.equal(canAskAll(0), false, 'nothing was heard anywhere')
    detector.heard(10, 0, 0, 1)
    assert.deepEqual(
      [0, 1, 2].map((link) => detector.isHeardOn(10, link, P)),
      [true, false, false]
    )
    detector.setOpen(20, 1, false)
    assert.equal(canAskAll(20), true, 'on link 1 nothing was heard, and link 2 was never open')
    detector.setOpen(30, 1, true)
    detector.heardCopy(40, 1, 1)
    assert.equal(detector.isHeardOn(40, 1, P), true, 'a copy is enough')
    detector.setOpen(50, 1, false)
    assert.equal(canAskAll(50), false)
    detector.heard(1039, 0, 0, 1)
    assert.equal(canAskAll(1039), false)
    assert.equal(canAskAll(1040), true, 'a link that has been silent for P is not asked any more')
    detector.renewed(1050)
    assert.deepEqual([canAskAll(1050), detector.isHeardOn(1050, 0, P)], [false, false])
  })

  it('can ask nobody while no link is open, however long', () => {
    const detector = met()
    detector.setOpen(10, 0, false)
    for (const nowMs of [10, P - 1, P, 10 * P]) assert.equal(detector.canAskAll(nowMs, P), false, `${nowMs} ms`)
    detector.setOpen(20 * P, 0, true)
    assert.equal(detector.canAskAll(20 * P, P), false, 'nothing has been heard for long')
    detector.heard(20 * P, 0, 0, 1)
    assert.equal(detector.canAskAll(20 * P, P), true)
  })

  it('was heard on no link that there is not', () => {
    assert.equal(met().isHeardOn(1, 3, P), false)
  })

  it('judges nobody while no link is open, and starts afresh when one opens', () => {
    const detector = met()
    detector.setOpen(10, 0, false)
    assert.equal(detector.lostAtMs(P), Infinity)
    detector.setOpen(5000, 0, true)
    assert.equal(detector.lostAtMs(P), 5000 + P)
  })

  it('knows each link: open, heard and hearing', () => {
    const detector = met(2)
    assert.equal(detector.isLinkUp(1, 0, P), true)
    detector.heard(500, 0, 0, 0b01)
    assert.equal(detector.isLinkUp(500, 1, P), false, 'the peer does not hear copies of link 1')
    assert.equal(detector.heardLinks(999, P), 0b11)
    assert.equal(detector.heardLinks(1000, P), 0b01, 'nothing came marked 1 for a takeover delay')
  })

  it('takes the mean of the first eight round trips, and smooths later ones as TCP does', () => {
    const detector = new FailureDetector(1)
    detector.measured(0, 80)
    for (let sample = 1; sample < 8; sample++) detector.measured(0, 8)
    assert.ok(Math.abs((detector.roundTripMs ?? 0) - 17) < 1e-9)
    detector.measured(0, 25)
    assert.ok(Math.abs((detector.roundTripMs ?? 0) - 18) < 1e-9)
    detector.renewed(0)
    detector.measured(0, 5)
    assert.equal(detector.roundTripMs, 5)
  })

  it('knows how long a round trip is at most: what was acknowledged soonest, until one is measured', () => {
    const detector = new FailureDetector(1)
    assert.equal(detector.roundTripAtMostMs, Infinity)
    for (const ms of [90, 40, 70]) detector.acked(0, ms)
    assert.deepEqual([detector.roundTripAtMostMs, detector.roundTripMs], [40, null])
    detector.measured(0, 60)
    detector.acked(0, 5)
    assert.equal(detector.roundTripAtMostMs, 60)
    detector.renewed(10)
    assert.deepEqual([detector.roundTripAtMostMs, detector.measuredAtMs], [Infinity, -Infinity])
  })

  it('knows nothing more of a peer that is lost, until it is heard again', () => {
    const detector = met()
    detector.lost()
    assert.equal(detector.heardLinks(1, P), 0)
    detector.heard(10, 0, 0, 0)
    assert.equal(detector.isTwoWay(10, P), false, 'nothing was acknowledged since')
    assert.equal(detector.isLinkUp(10, 0, P), false)
  })

  it('hears a new session of the peer on the links on which it was heard, not on those of the old one', () => {
    const detector = met(2)
    detector.renewed(10)
    assert.equal(detector.roundTripMs, null)
    detector.heard(10, 0, 0, 0b11)
    assert.equal(detector.heardLinks(10, P), 0b01)
  })

  it('calls no closed link up', () => {
    const detector = met(2)
    detector.setOpen(1, 0, false)
    assert.deepEqual([detector.isLinkUp(1, 0, P), detector.isLinkUp(1, 1, P)], [false, true])
  })
})
