import assert from 'node:assert/strict'
import { Contact } from '../../../src/protocol/extended/contact'

const H = 100
const P = 1000

function met(links = 1): Contact {
  const contact = new Contact(links)
  for (let link = 0; link < links; link++) {
    contact.setOpen(0, link, true)
    contact.heard(0, link, link, (1 << links) - 1)
  }
  contact.answered(0)
  contact.measured(0, 1)
  return contact
}

describe('contact', () => {
  it('is lost a whole takeover delay after the last word, not earlier', () => {
    const contact = met()
    assert.equal(contact.lostAtMs(P), P)
    contact.heard(300, 0, 0, 1)
    assert.equal(contact.lostAtMs(P), 300 + P)
  })

  it('is one-way when nothing new is acknowledged, though much is heard', () => {
    const contact = met()
    for (let t = H; t <= P; t += H) contact.heard(t, 0, 0, 0)
    assert.equal(contact.isTwoWay(P - 1, P), true)
    assert.equal(contact.isTwoWay(P, P), false)
    assert.equal(contact.alive, true)
  })

  it('suspects after a due heartbeat, probes in a burst, then slower, and stops when it hears', () => {
    const contact = met()
    const times: number[] = []
    for (let i = 0; i < 6; i++) {
      const t = contact.nextProbeAtMs(200)
      times.push(t)
      contact.probed(t)
    }
    assert.deepEqual(times, [209, 219, 229, 239, 259, 279])
    contact.heard(330, 0, 0, 1)
    assert.deepEqual(
      [10, 20, 60, 100, 1000].map((h) => contact.nextProbeAtMs(h) - 330),
      [13.5, 26, 69, 109, 1009]
    )
  })

  it('moves its deadlines by the time that it was deaf itself', () => {
    const contact = met()
    contact.heard(2900, 0, 0, 1)
    contact.answered(2900)
    contact.wasDeaf(4000, 800)
    assert.equal(contact.lostAtMs(P), 3700 + P)
    assert.equal(contact.oneWayAtMs(P), 3700 + P)
    assert.equal(contact.suspectAtMs(H), 3700 + H + 9)
  })

  for (const lateMs of [1000, 3_600_000, 90 * 24 * 3_600_000, Infinity]) {
    it(`moves no time past now, though it is told that it was deaf for ${lateMs} ms`, () => {
      const contact = met(2)
      contact.wasDeaf(500, lateMs)
      assert.equal(contact.heardAtMs, 500)
      assert.equal(contact.listeningSinceMs, 500)
      assert.equal(contact.lostAtMs(P), 500 + P)
      assert.equal(contact.oneWayAtMs(P), 500 + P)
      assert.deepEqual([contact.heardLinks(500 + P - 1, P), contact.heardLinks(500 + P, P)], [0b11, 0])
      assert.deepEqual([contact.isLinkUp(500 + P - 1, 0, P), contact.isLinkUp(500 + P, 0, P)], [true, false])
    })
  }

  it('moves no time of what has not been', () => {
    const contact = new Contact(1)
    contact.wasDeaf(500, 90 * 24 * 3_600_000)
    assert.deepEqual([contact.heardAtMs, contact.listeningSinceMs], [-Infinity, Infinity])
    contact.setOpen(600, 0, true)
    contact.wasDeaf(900, 90 * 24 * 3_600_000)
    assert.deepEqual([contact.heardAtMs, contact.listeningSinceMs], [-Infinity, 900])
    assert.equal(contact.isHeardOn(900, 0, P), false)
  })

  it('credits a stall of this side also to the wait for a first word', () => {
    const contact = new Contact(1)
    contact.setOpen(0, 0, true)
    contact.wasDeaf(4000, 3000)
    assert.equal(contact.listeningSinceMs, 3000)
  })

  it('knows on which links it was heard, and whether all of them can be asked, and one at least', () => {
    const contact = new Contact(3)
    const canAskAll = (nowMs: number): boolean => contact.canAskAll(nowMs, P)
    for (const link of [0, 1]) contact.setOpen(0, link, true)
    assert.equal(canAskAll(0), false, 'nothing was heard anywhere')
    contact.heard(10, 0, 0, 1)
    assert.deepEqual(
      [0, 1, 2].map((link) => contact.isHeardOn(10, link, P)),
      [true, false, false]
    )
    contact.setOpen(20, 1, false)
    assert.equal(canAskAll(20), true, 'on link 1 nothing was heard, and link 2 was never open')
    contact.setOpen(30, 1, true)
    contact.heardCopy(40, 1, 1)
    assert.equal(contact.isHeardOn(40, 1, P), true, 'a copy is enough')
    contact.setOpen(50, 1, false)
    assert.equal(canAskAll(50), false)
    contact.heard(1039, 0, 0, 1)
    assert.equal(canAskAll(1039), false)
    assert.equal(canAskAll(1040), true, 'a link that has been silent for P is not asked any more')
    contact.renewed(1050)
    assert.deepEqual([canAskAll(1050), contact.isHeardOn(1050, 0, P)], [false, false])
  })

  it('can ask nobody while no link is open, however long', () => {
    const contact = met()
    contact.setOpen(10, 0, false)
    for (const nowMs of [10, P - 1, P, 10 * P]) assert.equal(contact.canAskAll(nowMs, P), false, `${nowMs} ms`)
    contact.setOpen(20 * P, 0, true)
    assert.equal(contact.canAskAll(20 * P, P), false, 'nothing has been heard for long')
    contact.heard(20 * P, 0, 0, 1)
    assert.equal(contact.canAskAll(20 * P, P), true)
  })

  it('was heard on no link that there is not', () => {
    assert.equal(met().isHeardOn(1, 3, P), false)
  })

  it('judges nobody while no link is open, and starts afresh when one opens', () => {
    const contact = met()
    contact.setOpen(10, 0, false)
    assert.equal(contact.lostAtMs(P), Infinity)
    contact.setOpen(5000, 0, true)
    assert.equal(contact.lostAtMs(P), 5000 + P)
  })

  it('knows each link: open, heard and hearing', () => {
    const contact = met(2)
    assert.equal(contact.isLinkUp(1, 0, P), true)
    contact.heard(500, 0, 0, 0b01)
    assert.equal(contact.isLinkUp(500, 1, P), false, 'the peer does not hear copies of link 1')
    assert.equal(contact.heardLinks(999, P), 0b11)
    assert.equal(contact.heardLinks(1000, P), 0b01, 'nothing came marked 1 for a takeover delay')
  })

  it('takes the mean of the first eight round trips, and smooths later ones as TCP does', () => {
    const contact = new Contact(1)
    contact.measured(0, 80)
    for (let sample = 1; sample < 8; sample++) contact.measured(0, 8)
    assert.ok(Math.abs((contact.roundTripMs ?? 0) - 17) < 1e-9)
    contact.measured(0, 25)
    assert.ok(Math.abs((contact.roundTripMs ?? 0) - 18) < 1e-9)
    contact.renewed(0)
    contact.measured(0, 5)
    assert.equal(contact.roundTripMs, 5)
  })

  it('knows how long a round trip is at most: what was acknowledged soonest, until one is measured', () => {
    const contact = new Contact(1)
    assert.equal(contact.roundTripAtMostMs, Infinity)
    for (const ms of [90, 40, 70]) contact.ackedWithin(ms)
    assert.deepEqual([contact.roundTripAtMostMs, contact.roundTripMs], [40, null])
    contact.measured(0, 60)
    contact.ackedWithin(5)
    assert.equal(contact.roundTripAtMostMs, 60)
    contact.renewed(10)
    assert.deepEqual([contact.roundTripAtMostMs, contact.measuredAtMs], [Infinity, -Infinity])
  })

  it('knows nothing more of a peer that is lost, until it is heard again', () => {
    const contact = met()
    contact.lost()
    assert.equal(contact.heardLinks(1, P), 0)
    contact.heard(10, 0, 0, 0)
    assert.equal(contact.isTwoWay(10, P), false, 'nothing was acknowledged since')
    assert.equal(contact.isLinkUp(10, 0, P), false)
  })

  it('hears a new session of the peer on the links on which it was heard, not on those of the old one', () => {
    const contact = met(2)
    contact.renewed(10)
    assert.equal(contact.roundTripMs, null)
    contact.heard(10, 0, 0, 0b11)
    assert.equal(contact.heardLinks(10, P), 0b01)
  })

  it('calls no closed link up', () => {
    const contact = met(2)
    contact.setOpen(1, 0, false)
    assert.deepEqual([contact.isLinkUp(1, 0, P), contact.isLinkUp(1, 1, P)], [false, true])
  })
})
