import assert from 'node:assert/strict'
import { Contact, REFUSALS_FOR_PROOF } from '../../../src/protocol/contact'

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

  it('takes refusals as proof only when enough came after a due heartbeat', () => {
    const contact = met()
    assert.equal(REFUSALS_FOR_PROOF, 3)
    for (const t of [50, 60, 70, 80]) assert.equal(contact.refused(t, 0, H, P), false, 'no heartbeat is due yet')
    assert.equal(contact.refused(109, 0, H, P), false, 'it is not late yet')
    contact.refused(110, 0, H, P)
    contact.refused(111, 0, H, P)
    assert.equal(contact.refused(112, 0, H, P), true)
  })

  it('takes no refusal for proof that may answer something sent before the last word', () => {
    const far = met()
    far.renewed(0)
    far.measured(0, 80)
    far.heard(0, 0, 0, 1)
    for (const t of [120, 140, 159, 160]) assert.equal(far.refused(t, 0, H, P), false)
    const proofs = [161, 162, 163].map((t) => far.refused(t, 0, H, P))
    assert.deepEqual(proofs, [false, false, true])
  })

  it('wants the next answer at once only while a proof is begun and not complete', () => {
    const contact = met()
    const begun: boolean[] = []
    for (const t of [109, 110, 111, 112, 113]) {
      contact.refused(t, 0, H, P)
      begun.push(contact.proofBegun(0))
    }
    assert.deepEqual(begun, [false, true, true, false, false])
    contact.heard(140, 0, 0, 1)
    assert.equal(contact.proofBegun(0), false)
  })

  it('begins a proof anew after it was deaf itself: no early answer has the next one asked for at once', () => {
    const contact = met()
    contact.refused(115, 0, H, P)
    assert.equal(contact.proofBegun(0), true)
    contact.wasDeaf(200)
    contact.refused(300, 0, H, P)
    assert.equal(contact.proofBegun(0), false)
    const proofs = [315, 316, 317].map((t) => contact.refused(t, 0, H, P))
    assert.deepEqual(proofs, [false, false, true])
  })

  it('forgets refusals when anything is heard', () => {
    const contact = met()
    contact.refused(130, 0, H, P)
    contact.refused(131, 0, H, P)
    contact.heard(132, 0, 0, 1)
    assert.equal(contact.refused(300, 0, H, P), false)
  })

  it('needs the refusal of every link that carried the session, and of none that never did', () => {
    const both = met(2)
    for (let i = 0; i < 5; i++) assert.equal(both.refused(200 + i, 1, H, P), false)
    both.refused(210, 0, H, P)
    both.refused(211, 0, H, P)
    assert.equal(both.refused(212, 0, H, P), true)

    const closed = met(2)
    closed.setOpen(190, 1, false)
    for (let i = 0; i < 5; i++) assert.equal(closed.refused(200 + i, 0, H, P), false, 'link 1 cannot be asked')

    const one = new Contact(2)
    one.measured(0, 1)
    one.setOpen(0, 0, true)
    one.setOpen(0, 1, true)
    one.heard(0, 0, 0, 1)
    for (let i = 0; i < 5; i++) assert.equal(one.refused(200 + i, 1, H, P), false, 'link 1 never carried anything')
  })

  it('moves its deadlines by the time it was deaf itself', () => {
    const contact = met()
    contact.wasDeaf(3000)
    assert.equal(contact.lostAtMs(P), 3000 + P)
    assert.equal(contact.isTwoWay(3500, P), true)
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
    assert.equal(contact.isLinkUp(500, 1, P), false, 'the brother does not hear copies of link 1')
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

  it('credits a refusal with the time that an answer may have been under way', () => {
    const contact = met()
    contact.sent(100, 0)
    contact.sent(200, 0)
    assert.equal(contact.refusedSentAtMs(230, 0, H, P), 100, 'the probe before the last')
    assert.equal(contact.refusedSentAtMs(150, 0, H, P), 50, 'not less than a heartbeat ago')
  })

  it('is sound when all its links are open or, once the brother counts it as partner, those that carried', () => {
    const contact = new Contact(2)
    assert.equal(contact.soundSinceMs, Infinity)
    contact.setOpen(10, 0, true)
    contact.heard(20, 0, 0, 1)
    assert.equal(contact.soundSinceMs, Infinity, 'link 1 may have carried the session before')
    contact.answered(30)
    assert.equal(contact.soundSinceMs, 30)
    contact.setOpen(40, 0, false)
    assert.equal(contact.soundSinceMs, Infinity)
  })

  it('knows since when no link that carried has been closed', () => {
    const contact = met(2)
    contact.setOpen(50, 1, false)
    assert.equal(contact.soundSinceMs, Infinity)
    contact.setOpen(90, 1, true)
    assert.equal(contact.soundSinceMs, 90)
  })

  it('knows nothing more of a brother that is lost, until it is heard again', () => {
    const contact = met()
    contact.lost()
    assert.equal(contact.heardLinks(1, P), 0)
    contact.heard(10, 0, 0, 0)
    assert.equal(contact.isTwoWay(10, P), false, 'nothing was acknowledged since')
    assert.equal(contact.isLinkUp(10, 0, P), false)
  })

  it('hears a new session of the brother on the links on which it was heard, not on those of the old one', () => {
    const contact = met(2)
    contact.renewed(10)
    assert.equal(contact.roundTripMs, null)
    contact.heard(10, 0, 0, 0b11)
    assert.equal(contact.heardLinks(10, P), 0b01)
  })

  it('counts no refusal from before its own socket was closed', () => {
    const contact = met()
    for (const t of [300, 400]) contact.refused(t, 0, H, P)
    contact.setOpen(500, 0, false)
    contact.setOpen(600, 0, true)
    assert.equal(contact.refused(800, 0, H, P), false)
  })

  it('calls no closed link up', () => {
    const contact = met(2)
    contact.setOpen(1, 0, false)
    assert.deepEqual([contact.isLinkUp(1, 0, P), contact.isLinkUp(1, 1, P)], [false, true])
  })

  it('credits a stall of this side also to the wait for a first word, and to each link', () => {
    const fresh = new Contact(1)
    fresh.setOpen(0, 0, true)
    fresh.wasDeaf(3000)
    assert.equal(fresh.listeningSinceMs, 3000)
    const contact = met()
    contact.wasDeaf(3000)
    assert.equal(contact.isLinkUp(3500, 0, P), true)
  })
})
