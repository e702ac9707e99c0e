/**
 * Beside the matrix: what needs more than one word, or time of its own, to show. Each story is a rule of
 * docs/reference/PROTOCOL.md that a mutation (test/exploration/mutation) could break unseen without it.
 */
import assert from 'node:assert/strict'
import type { ExtendedHarness, Word } from '../../../support/machine/extended-harness'
import { servesUnderLease } from '../../../../src/protocol/extended/policy'
import { UINT48_MAX } from '../../../../src/protocol/wire/bytes'
import {
  clear,
  COLUMNS,
  decisions,
  HIGHER,
  inRole,
  isPreferred,
  KNOWN_EPOCH,
  LOWER,
  newcomer,
  policyOf,
  tethered,
  WORDS,
  type Column
} from './matrix-cast'

/** How many goodbyes it said since it was asked last. */
function goodbyes(bench: ExtendedHarness): number {
  return bench.takeSaid().filter(({ trailer }) => trailer?.flags.goodbye).length
}

/** The ms after which it asks for the role or for the peer's readiness, within so many; Infinity = it does not. */
function asksAfterMs(bench: ExtendedHarness, withinMs: number): number {
  for (let ms = 0; ms <= withinMs; ms++) {
    if (bench.takeReports().some((report) => report.startsWith('handover'))) return ms
    bench.advanceMs(1)
  }
  return Infinity
}

const FAILBACK = { failback: true, failbackDelayMs: 2000 }
const FULL_PROMISE = 5000
const AT_THE_LATEST_MS = 886

describe('extended wire, stories of leases', () => {
  it('a stall does not move the lease: the first input after it finds it over', () => {
    const bench = inRole('active', 'exclusive, higher')
    bench.peerSays = null
    const { leaseUntilMs } = bench.view
    bench.nowMs += 500
    bench.step({ kind: 'tick' })
    assert.equal(bench.view.leaseUntilMs, leaseUntilMs)
    bench.nowMs += 3000
    bench.step({ kind: 'command', id: 1, designate: 'active', force: false })
    assert.ok(!bench.takeReplies().includes('ok active'), 'it was not Active any more when it was asked')
    assert.equal(bench.view.role, 'standby')
  })

  it('a suspend shortens it, and what was sent before the suspend renews nothing', () => {
    const bench = inRole('active', 'exclusive, higher')
    bench.peerSays = null
    bench.advanceMs(100)
    const { leaseUntilMs } = bench.view
    bench.storeAnswers = false
    bench.step({ kind: 'suspended', ms: 300 })
    assert.equal(bench.view.leaseUntilMs, leaseUntilMs - 300)
    assert.equal(bench.serves, false)
    bench.hears({ ...WORDS['a Standby, ready'], acksTheFirst: true })
    assert.equal(bench.serves, false, 'that was said before')
    bench.hears(WORDS['a Standby, ready'])
    assert.equal(bench.serves, true)
  })

  it('an acknowledgement of what was sent before a suspend is no news of the time after it', () => {
    const bench = inRole('active', 'exclusive, higher')
    bench.peerSays = null
    bench.advanceMs(100)
    bench.whileUnheard(() => bench.step({ kind: 'suspended', ms: 300 }))
    const { leaseUntilMs } = bench.view
    bench.hears(WORDS['a Standby, ready'])
    assert.equal(bench.view.leaseUntilMs, leaseUntilMs)
  })

  it('a link that closes and opens again is no reason to doubt what was said: the lease is renewed by what was sent before', () => {
    const bench = inRole('active', 'exclusive, higher')
    bench.peerSays = null
    bench.advanceMs(100)
    bench.whileUnheard(() => {
      bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
      bench.step({ kind: 'link', link: 0, open: true, detail: '' })
    })
    const { leaseUntilMs } = bench.view
    bench.hears(WORDS['a Standby, ready'])
    assert.ok(bench.view.leaseUntilMs >= leaseUntilMs + 100)
  })

  it('a restarted peer’s promise counts, not the longer one of its former life', () => {
    const bench = inRole('active', 'exclusive, higher')
    bench.peerSays = null
    bench.hears({ ...WORDS['a Standby, ready'], trailer: { promisedMs: FULL_PROMISE } })
    bench.advanceMs(100)
    bench.hears({ ...WORDS['a Standby, ready'], trailer: { promisedMs: FULL_PROMISE } })
    assert.ok(bench.view.leaseUntilMs - bench.nowMs > 4000)
    bench.hearsRestarted(WORDS['an Initial, not ready'])
    assert.ok(bench.view.leaseUntilMs - bench.nowMs <= AT_THE_LATEST_MS)
  })

  it('the shorter promise of a restarted peer bounds it from the first frame that counts the peer', () => {
    const bench = inRole('active', 'exclusive, higher')
    bench.peerSays = null
    bench.hears({ ...WORDS['a Standby, ready'], trailer: { promisedMs: FULL_PROMISE } })
    bench.advanceMs(100)
    bench.hears({ ...WORDS['a Standby, ready'], trailer: { promisedMs: FULL_PROMISE } })
    bench.hearsRestarted({ ...WORDS['an Initial, not ready'], flags: ['probe'], deaf: true })
    assert.ok(bench.view.leaseUntilMs - bench.nowMs <= AT_THE_LATEST_MS, 'though nothing says that the frame arrives')
  })

  it('a forced command waits until a peer under a lease has stopped', () => {
    const bench = inRole('standby', 'preferred, lower')
    bench.peerSays = { ...WORDS['an Active of epoch 20'], deaf: true, acksTheFirst: true }
    bench.advanceMs(1500)
    assert.equal(bench.view.online, false)
    bench.peerSays = null
    bench.advanceMs(100)
    bench.step({ kind: 'command', id: 1, designate: 'active', force: true })
    const waitMs = 1000 - (bench.nowMs - (bench.view.peer?.heardAtMs ?? 0))
    assert.ok(waitMs > 0)
    bench.advanceMs(waitMs - 1)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(1)
    assert.equal(bench.view.role, 'active')
    assert.deepEqual(bench.takeReplies(), ['ok active'])
  })
})

describe('extended wire, stories of promises', () => {
  it('nobody takes the role from an Active that is heard, and counts this side, but acknowledges nothing new', () => {
    const bench = inRole('standby', 'preferred, higher')
    bench.peerSays = { ...WORDS['an Active of epoch 20'], acksTheFirst: true }
    bench.advanceMs(5000)
    assert.deepEqual([bench.view.online, bench.view.role], [false, 'standby'])
  })

  it('a longer promise of a former life is kept also by a side that met its peer since', () => {
    const bench = newcomer('availability, lower', { promisedMs: 3000 })
    bench.peerSays = WORDS['an Active of epoch 20']
    bench.advanceMs(400)
    bench.peerSays = null
    bench.advanceMs(2599)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(1)
    assert.equal(bench.view.role, 'active')
  })

  it('nothing is promised that the disk does not know yet', () => {
    const bench = inRole('standby', 'exclusive, higher')
    bench.storeAnswers = false
    const slower = { ...WORDS['an Active of epoch 20'], trailer: { peerTimeoutMs: 4000 } }
    bench.hears(slower)
    clear(bench)
    bench.hears(slower)
    assert.equal(bench.takeSaid()[0]?.trailer?.promisedMs, 1000)
    bench.answerStore()
    clear(bench)
    bench.hears(slower)
    assert.equal(bench.takeSaid()[0]?.trailer?.promisedMs, 4000)
  })

  it('the slower side’s peerTimeout and heartbeat hold for both', () => {
    const bench = inRole('standby', 'availability, higher')
    bench.peerSays = null
    bench.hears({ ...WORDS['an Active of epoch 20'], trailer: { peerTimeoutMs: 4000, heartbeatMs: 1000 } })
    clear(bench)
    bench.advanceMs(1008)
    assert.deepEqual(
      bench.takeSaid().filter(({ trailer }) => trailer?.flags.probe),
      [],
      'no suspicion yet'
    )
    bench.advanceMs(2991)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(1)
    assert.equal(bench.view.role, 'active')
  })
})

describe('extended wire, stories of a closed link', () => {
  for (const column of COLUMNS) {
    const leased = servesUnderLease(policyOf(column), isPreferred(column))

    it(`${column}: an Active whose last link closes is not paused: ${leased ? 'it serves to the end of its lease' : 'it serves on'}`, () => {
      const bench = inRole('active', column)
      bench.peerSays = null
      bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
      for (let ms = 0; ms < 700; ms++) {
        assert.equal(bench.serves, true)
        bench.advanceMs(1)
      }
      bench.advanceMs(5000)
      assert.equal(bench.serves, !leased)
      assert.deepEqual(bench.takeReports(), [...(leased ? ['role lease-expired'] : []), 'online half-open'])
    })

    it(`${column}: after a goodbye it serves on, and the link that opens again changes nothing`, () => {
      const bench = inRole('standby', column)
      bench.peerSays = null
      bench.hears(WORDS['a goodbye'])
      assert.equal(bench.serves, true)
      clear(bench)
      bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
      bench.advanceMs(3000)
      bench.step({ kind: 'link', link: 0, open: true, detail: '' })
      bench.advanceMs(3000)
      assert.equal(bench.serves, true)
      assert.deepEqual(bench.takeReports(), [])
    })

    it(`${column}: after a goodbye it serves on beside one that comes back and hears nothing: no lease could be renewed`, () => {
      const bench = inRole('standby', column)
      bench.peerSays = null
      bench.hears(WORDS['a goodbye'])
      bench.hearsRestarted(WORDS['an Initial, not ready'])
      for (let ms = 0; ms < 6000; ms += 50) {
        bench.advanceMs(50)
        bench.hears({ ...WORDS['a Standby that does not hear me'], acksTheFirst: true })
      }
      assert.equal(bench.serves, true)
      bench.peerSays = WORDS['a Standby, ready']
      bench.advanceMs(3000)
      bench.peerSays = null
      assert.equal(bench.serves, true)
      bench.advanceMs(3000)
      assert.equal(bench.serves, !leased, 'one that heard it was its partner')
    })

    it(`${column}: a proof of a crash outlives the link that it was made on`, () => {
      const bench = tethered('standby', column)
      bench.tetherEnds()
      bench.advanceMs(100)
      assert.deepEqual([bench.serves, bench.view.reason], [true, 'peer-crashed'])
      clear(bench)
      bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
      bench.advanceMs(3000)
      bench.step({ kind: 'link', link: 0, open: true, detail: '' })
      bench.advanceMs(3000)
      assert.equal(bench.serves, true)
      assert.deepEqual(bench.takeReports(), [])
    })
  }
})

describe('extended wire, stories of deafness', () => {
  it('a suspend is credited: silence counts from the awakening', () => {
    const bench = inRole('standby', 'availability, lower')
    bench.peerSays = null
    bench.advanceMs(900)
    bench.step({ kind: 'suspended', ms: 5000 })
    bench.advanceMs(999)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(1)
    assert.equal(bench.view.role, 'active')
  })

  it('the peer gets one heartbeat after a stall of my own, in which a takeover would have been due', () => {
    for (const met of [true, false]) {
      const bench = met ? inRole('standby', 'availability, lower') : newcomer('availability, lower')
      bench.peerSays = null
      bench.advanceMs(990)
      bench.nowMs += 5000
      bench.step({ kind: 'tick' })
      bench.advanceMs(99)
      assert.notEqual(bench.view.role, 'active')
      bench.advanceMs(11)
      assert.equal(bench.view.role, 'active')
    }
  })

  it('a side that runs late all the time takes over all the same', () => {
    const bench = newcomer('availability, lower')
    for (let i = 0; i < 50; i++) {
      bench.nowMs = Math.max(bench.nowMs, bench.machine.deadlineMs()) + 60
      bench.step({ kind: 'tick' })
    }
    assert.equal(bench.view.role, 'active')
  })

  it('a side without an open link does not take the role, whatever it knew before', () => {
    const bench = inRole('standby', 'availability, lower')
    bench.peerSays = null
    bench.step({ kind: 'hostStalled', stalled: true })
    bench.advanceMs(1100)
    assert.equal(bench.view.online, false)
    bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
    bench.step({ kind: 'hostStalled', stalled: false })
    bench.advanceMs(5000)
    assert.equal(bench.view.role, 'standby')
  })
})

describe('extended wire, stories of sides that may not serve', () => {
  for (const column of COLUMNS) {
    it(`${column}: while its flows hang, a Standby takes no role, and later not the grant it refused`, () => {
      const bench = inRole('standby', column)
      bench.step({ kind: 'hostStalled', stalled: true })
      clear(bench)
      bench.hears(WORDS['a grant of 22'])
      bench.hears(WORDS['a grant of 22'])
      assert.equal(decisions(bench), 'refusal')
      bench.step({ kind: 'hostStalled', stalled: false })
      clear(bench)
      bench.hears(WORDS['a grant of 22'])
      assert.equal(decisions(bench), 'refusal')
      bench.step({ kind: 'hostStalled', stalled: true })
      bench.peerSays = null
      bench.advanceMs(5000)
      assert.equal(bench.view.role, 'standby')
    })

    it(`${column}: nor does it say that it is ready`, () => {
      const bench = inRole('standby', column)
      bench.step({ kind: 'hostStalled', stalled: true })
      clear(bench)
      bench.hears(WORDS['an Active of epoch 20'])
      assert.deepEqual(
        bench.takeSaid().map(({ trailer }) => trailer?.flags.ready),
        [false]
      )
    })
  }

  for (const column of ['availability, higher', 'availability, lower', 'preferred, higher'] as const) {
    it(`${column}: an Active that was forced to stand by takes no role until its peer is Active`, () => {
      const bench = inRole('active', column)
      bench.peerSays = null
      bench.advanceMs(1000)
      bench.step({ kind: 'command', id: 1, designate: 'standby', force: true })
      assert.deepEqual(bench.takeReplies(), ['ok standby'])
      bench.advanceMs(5000)
      assert.equal(bench.view.role, 'standby')
      clear(bench)
      bench.hears(WORDS['a grant of 22'])
      bench.hears(WORDS['a grant of 22'])
      assert.equal(decisions(bench), 'refusal')
      assert.equal(bench.view.role, 'standby')
      bench.hears(WORDS['an Active of epoch 30'])
      bench.advanceMs(1000)
      assert.equal(bench.view.role, 'active')
    })

    it(`${column}: one whose peer stands by and takes nothing is not made to stand by too, unless it is forced`, () => {
      for (const [force, reply] of [
        [false, 'refused'],
        [true, 'ok standby']
      ] as const) {
        const bench = inRole('initial', column)
        bench.hears(WORDS['a Standby, not ready'])
        clear(bench)
        bench.step({ kind: 'command', id: 1, designate: 'standby', force })
        assert.deepEqual(bench.takeReplies(), [reply])
      }
    })

    it(`${column}: one that was told to stand by takes the role again when its peer is lost`, () => {
      const bench = inRole('initial', column)
      bench.step({ kind: 'command', id: 1, designate: 'standby', force: false })
      assert.deepEqual(bench.takeReplies(), ['ok standby'])
      bench.peerSays = null
      bench.advanceMs(1000)
      assert.equal(bench.view.role, 'active')
    })
  }
})

describe('extended wire, stories of grants', () => {
  for (const column of COLUMNS) {
    it(`${column}: of two sides that are not ready, none grants`, () => {
      const bench = inRole('initial', column)
      bench.step({ kind: 'hostStalled', stalled: true })
      clear(bench)
      bench.advanceMs(1000)
      assert.equal(decisions(bench), '')
      assert.equal(bench.view.role, 'initial')
    })
  }

  for (const column of HIGHER) {
    it(`${column}: one whose disk does not answer is not ranked by that for P; then it grants the role to a peer that is ready`, () => {
      const bench = newcomer(column)
      bench.storeAnswers = false
      bench.peerSays = WORDS['an Initial, not ready']
      bench.advanceMs(200)
      // Of this number none is on disk.
      bench.hears(WORDS['a Standby that knows epoch 30'])
      bench.peerSays = WORDS['an Initial, ready']
      clear(bench)
      bench.advanceMs(700)
      assert.deepEqual([bench.view.role, decisions(bench)], ['initial', ''])
      bench.advanceMs(400)
      assert.deepEqual([bench.view.role, decisions(bench)], ['standby', 'grant 31'])
    })
  }

  it('a grant of mine is void as soon as a higher one is heard, before its number is on disk', () => {
    const bench = inRole('standby', 'exclusive, lower')
    bench.hears(WORDS['a wish, ready'])
    bench.storeAnswers = false
    bench.peerSays = { head: 'designate', state: 'standby', epoch: 24 }
    bench.advanceMs(100)
    clear(bench)
    bench.advanceMs(500)
    assert.equal(decisions(bench), '', 'it does not grant 21 any more')
    assert.equal(bench.view.role, 'standby', 'nothing is taken before it is on disk')
    bench.answerStore()
    bench.advanceMs(100)
    assert.deepEqual([bench.view.role, bench.view.epoch], ['active', 24])
  })

  it('a grant ends with the contact: a peer that is heard again is not granted the old number', () => {
    const bench = inRole('standby', 'exclusive, higher')
    bench.hears(WORDS['a wish, ready'])
    bench.peerSays = null
    bench.advanceMs(1100)
    clear(bench)
    bench.hears(WORDS['a Standby, not ready'])
    bench.advanceMs(500)
    assert.equal(decisions(bench), '')
  })

  it('a peer that left is not heard in its old session any more', () => {
    const bench = inRole('standby', 'availability, lower')
    const { peerSession } = bench.view
    bench.peerSays = null
    bench.hears(WORDS['a goodbye'])
    assert.equal(bench.view.role, 'active')
    clear(bench)
    bench.hears({ ...WORDS['an Active of epoch 30'], trailer: { ack: 1 } })
    assert.deepEqual(bench.takeReports(), ['dropped replayed'])
    // A copy of it is told so, and not heard either.
    bench.takeSaid()
    bench.hears(WORDS['an Active of epoch 30'])
    const answers = bench.takeSaid().map(({ trailer }) => [trailer?.echo === peerSession, trailer?.ack])
    assert.deepEqual([answers, bench.takeReports()], [[[true, UINT48_MAX]], []])
    assert.deepEqual([bench.view.role, bench.view.epoch], ['active', 22])
  })
})

describe('extended wire, stories of the preferred side', () => {
  it('the preference is taken only when the peer has given it up', () => {
    const bench = newcomer('preferred, higher', { preferred: false })
    bench.peerSays = { ...WORDS['an Active of epoch 20'], flags: ['preferred'] }
    bench.advanceMs(1000)
    assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.preferred, false)
    bench.peerSays = WORDS['an Active of epoch 20']
    bench.advanceMs(200)
    assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.preferred, true)
  })

  it('the lower side gives it up, and says so only when its disk knows', () => {
    const bench = newcomer('preferred, lower', { preferred: true })
    bench.peerSays = WORDS['an Active of epoch 20']
    bench.storeAnswers = false
    bench.advanceMs(1000)
    assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.preferred, true)
    bench.answerStore()
    bench.advanceMs(200)
    assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.preferred, false)
  })
})

/** The preferred side, Active, whose disk has not taken yet that its peer is there. */
function unmarked(): ExtendedHarness {
  const bench = newcomer('preferred, higher')
  bench.advanceMs(50)
  bench.storeAnswers = false
  bench.peerSays = { ...WORDS['a grant of 22'] }
  bench.advanceMs(200)
  bench.peerSays = null
  clear(bench)
  return bench
}

describe('extended wire, stories of a disk that hangs', () => {
  for (const [what, peerTimeoutMs] of [
    ['P', 1000],
    ['P, however long that is', 5000]
  ] as const) {
    it(`is one that has failed after ${what}, and recovers with its answer`, () => {
      const bench = newcomer('availability, higher', {}, { peerTimeoutMs })
      clear(bench)
      bench.storeAnswers = false
      bench.hears(WORDS['a Standby that knows epoch 30'])
      const sinceMs = bench.nowMs
      bench.advanceMs(peerTimeoutMs - 1)
      assert.ok(!bench.takeReports().includes('store store-failed'))
      bench.advanceMs(1)
      assert.equal(bench.nowMs, sinceMs + peerTimeoutMs)
      assert.ok(bench.takeReports().includes('store store-failed'))
      bench.advanceMs(3 * peerTimeoutMs)
      assert.equal(bench.view.role, 'active', 'availability goes on in memory')
      clear(bench)
      bench.answerStore()
      bench.advanceMs(100)
      assert.deepEqual(
        bench.takeReports().filter((report) => report.startsWith('store')),
        ['store revalidated']
      )
    })
  }

  it('is not blamed for what this side slept through', () => {
    const bench = inRole('active', 'availability, higher')
    bench.storeAnswers = false
    bench.hears(WORDS['a Standby that knows epoch 30'])
    clear(bench)
    bench.peerSays = null
    bench.nowMs += 5000
    bench.step({ kind: 'tick' })
    bench.advanceMs(500)
    assert.ok(!bench.takeReports().includes('store store-failed'))
    bench.advanceMs(500)
    assert.ok(bench.takeReports().includes('store store-failed'), 'it had the whole of its time after that')
  })
})

describe('extended wire, stories of leaving', () => {
  it('the preferred side has its mark on disk before it says goodbye: when it comes back it does not act alone', () => {
    const bench = unmarked()
    bench.step({ kind: 'goodbye', reason: 'shutdown' })
    assert.equal(bench.serves, false)
    bench.advanceMs(199)
    assert.equal(goodbyes(bench), 0)
    assert.equal(bench.lastRecord?.online, true)
    bench.answerStore()
    bench.advanceMs(1)
    assert.ok(goodbyes(bench) > 0)
  })

  it('it says no goodbye at all when its disk does not take that', () => {
    const bench = unmarked()
    bench.step({ kind: 'goodbye', reason: 'shutdown' })
    bench.advanceMs(2000)
    assert.equal(goodbyes(bench), 0)
    assert.equal(bench.view.role, 'initial')
  })

  it('it says it at once when the mark is on its disk, whatever else is to be written', () => {
    const bench = inRole('active', 'preferred, higher')
    bench.peerSays = null
    bench.storeAnswers = false
    bench.hears(WORDS['a Standby that knows epoch 30'])
    clear(bench)
    bench.step({ kind: 'goodbye', reason: 'shutdown' })
    assert.ok(goodbyes(bench) > 0)
  })

  it('of two that leave at the same time none waits for the other when it comes back: the mark is cleared', () => {
    for (const column of COLUMNS) {
      const bench = inRole('active', column)
      bench.peerSays = null
      bench.step({ kind: 'goodbye', reason: 'shutdown' })
      assert.equal(bench.lastRecord?.online, true)
      bench.hears({ ...WORDS['a goodbye'], acksTheFirst: true })
      assert.equal(bench.lastRecord?.online, false)
      bench.takeSaid()
      bench.advanceMs(2000)
      assert.equal(goodbyes(bench), 0, 'nobody is left to answer')
    }
  })

  for (const column of COLUMNS) {
    it(`${column}: a goodbye is said five times, unless it is answered, and nobody serves here from the first on`, () => {
      const bench = inRole('active', column)
      bench.peerSays = null
      clear(bench)
      bench.step({ kind: 'goodbye', reason: 'shutdown' })
      assert.equal(bench.serves, false)
      assert.equal(bench.view.role, 'initial')
      bench.advanceMs(2000)
      assert.equal(goodbyes(bench), 5)
      assert.equal(bench.machine.deadlineMs(), Infinity)
    })

    it(`${column}: a word that does not answer it does not end it`, () => {
      const bench = inRole('active', column)
      bench.peerSays = null
      clear(bench)
      bench.step({ kind: 'goodbye', reason: 'shutdown' })
      bench.advanceMs(0)
      bench.hears({ ...WORDS['a Standby, ready'], acksTheFirst: true })
      bench.advanceMs(2000)
      assert.equal(goodbyes(bench), 5)
    })

    it(`${column}: an answer ends it`, () => {
      const bench = inRole('active', column)
      bench.peerSays = null
      clear(bench)
      bench.step({ kind: 'goodbye', reason: 'shutdown' })
      bench.advanceMs(0)
      bench.hears({ head: 'responsed', state: 'active', epoch: 21 })
      const said = goodbyes(bench)
      assert.ok(said >= 1 && said <= 2)
      bench.advanceMs(2000)
      assert.equal(goodbyes(bench), 0)
    })
  }
})

describe('extended wire, stories of fail-back', () => {
  for (const column of HIGHER) {
    it(`${column}: asks for the role after the delay, counted in contact`, () => {
      const bench = newcomer(column, {}, FAILBACK)
      bench.peerSays = WORDS['an Active of epoch 20']
      bench.advanceMs(250)
      assert.equal(bench.view.online, true)
      bench.takeReports()
      const afterMs = asksAfterMs(bench, 5000)
      assert.ok(afterMs >= 1750 && afterMs <= 2000, `after ${afterMs} ms`)
    })

    it(`${column}: not while it is less fit than the Active`, () => {
      const bench = inRole('standby', column, FAILBACK)
      bench.step({ kind: 'fitness', value: 100 })
      assert.equal(asksAfterMs(bench, 5000), Infinity)
    })

    it(`${column}: the delay counts from the loss of the role, not only from contact`, () => {
      const bench = inRole('active', column, FAILBACK)
      bench.advanceMs(3000)
      bench.takeReports()
      bench.hears(WORDS['an Active of epoch 30'])
      bench.peerSays = WORDS['an Active of epoch 30']
      assert.equal(asksAfterMs(bench, 5000), 2000)
    })

    it(`${column}: not against an operator’s move, until the peer was away`, () => {
      const bench = inRole('active', column, FAILBACK)
      bench.step({ kind: 'command', id: 1, designate: 'standby', force: false })
      bench.peerSays = { ...WORDS['an Active of epoch 20'], epoch: 21 }
      bench.hears(WORDS['a Standby, ready'])
      assert.equal(bench.view.role, 'standby')
      bench.takeReports()
      bench.hears(bench.peerSays)
      assert.equal(asksAfterMs(bench, 5000), Infinity)
    })
  }

  for (const column of LOWER) {
    it(`${column}: the lower priority never asks`, () => {
      assert.equal(asksAfterMs(inRole('standby', column, FAILBACK), 5000), Infinity)
    })
  }

  it('a peer that failed soon after it took its role back waits longer the next time', () => {
    const bench = inRole('active', 'availability, lower', FAILBACK)
    const wish = { ...WORDS['a wish, ready'], trailer: { reason: 'failback' } } as const
    bench.hears(wish)
    assert.equal(bench.view.role, 'standby')
    bench.peerSays = null
    bench.hears({ ...WORDS['an Active of epoch 20'], epoch: 21 })
    bench.advanceMs(1000)
    assert.equal(bench.view.role, 'active')
    bench.hearsRestarted(WORDS['a Standby, ready'])
    clear(bench)
    bench.hears(wish)
    assert.equal(bench.view.role, 'active')
    assert.equal(decisions(bench), 'refusal')
    bench.peerSays = WORDS['a Standby, ready']
    bench.advanceMs(4000)
    bench.hears(wish)
    assert.equal(bench.view.role, 'standby')

    // This time it lasts; what was is forgiven.
    bench.peerSays = { ...WORDS['an Active of epoch 20'], epoch: bench.view.epoch }
    bench.advanceMs(45_000)
    bench.peerSays = null
    bench.advanceMs(1000)
    assert.equal(bench.view.role, 'active')
    bench.hearsRestarted(WORDS['a Standby, ready'])
    bench.hears(wish)
    assert.equal(bench.view.role, 'standby')
  })
})

describe('extended wire, stories of what was promised before a restart', () => {
  for (const column of COLUMNS) {
    it(`${column}: a longer promise is kept for its length, then the present one is noted and told`, () => {
      const bench = newcomer(column, { promisedMs: FULL_PROMISE })
      bench.peerSays = WORDS['an Active of epoch 20']
      bench.advanceMs(FULL_PROMISE - 1)
      assert.equal(bench.lastRecord?.promisedMs, FULL_PROMISE)
      bench.advanceMs(201)
      assert.equal(bench.lastRecord?.promisedMs, 1000)
      assert.equal(bench.takeSaid().at(-1)?.trailer?.promisedMs, 1000)
    })
  }
})

describe('extended wire, stories of fitness', () => {
  for (const column of COLUMNS) {
    it(`${column}: the less fit Active asks its peer when that has lasted for P, and at once when its flows hang`, () => {
      const less = inRole('active', column)
      less.step({ kind: 'fitness', value: 100 })
      assert.ok(asksAfterMs(less, 3000) >= 1000)
      less.advanceMs(200)
      assert.equal(less.view.role, 'standby')

      const flickers = inRole('active', column)
      for (let i = 0; i < 10; i++) {
        flickers.step({ kind: 'fitness', value: 100 })
        flickers.advanceMs(300)
        flickers.step({ kind: 'fitness', value: 255 })
        flickers.advanceMs(300)
      }
      assert.deepEqual(flickers.takeReports(), [])

      const hangs = inRole('active', column)
      hangs.step({ kind: 'hostStalled', stalled: true })
      assert.deepEqual(hangs.takeReports(), ['host-stalled host-stalled', 'handover host-stalled'])
    })
  }
})

describe('extended wire, stories of a survivor', () => {
  it('does not take back a grant while the other is heard, even one-way', () => {
    const bench = inRole('standby', 'preferred, higher')
    bench.hears(WORDS['a wish, ready'])
    bench.peerSays = { ...WORDS['a Standby, not ready'], deaf: true, acksTheFirst: true }
    bench.advanceMs(5000)
    assert.equal(bench.view.role, 'standby')
  })
})

describe('extended wire, stories of commands one after the other', () => {
  for (const column of COLUMNS) {
    it(`${column}: a second one is busy, and the first one still gets its answer`, () => {
      for (const [role, word, other] of [
        ['standby', 'active', 'swap'],
        ['active', 'standby', 'swap']
      ] as const) {
        const bench = inRole(role, column)
        bench.peerSays = null
        bench.step({ kind: 'command', id: 1, designate: word, force: false })
        for (const designate of [word, other]) {
          bench.step({ kind: 'command', id: 2, designate, force: false })
          assert.deepEqual(bench.takeReplies(), ['busy'])
        }
        bench.advanceMs(2000)
        assert.equal(bench.takeReplies().length, 1, `${word} as ${role}`)
      }
    })

    it(`${column}: a side that leaves answers what is still open`, () => {
      const open: readonly ((bench: ExtendedHarness) => void)[] = [
        (bench) => bench.step({ kind: 'command', id: 1, designate: 'swap', force: false }),
        (bench) => {
          bench.step({ kind: 'command', id: 1, designate: 'swap', force: false })
          // An Active has granted the role by now.
          bench.hears(WORDS['a Standby, ready'])
        }
      ]
      for (const [role, begin] of [
        ['standby', open[0]],
        ['active', open[0]],
        ['active', open[1]]
      ] as const) {
        const bench = inRole(role, column)
        bench.peerSays = null
        begin?.(bench)
        assert.deepEqual(bench.takeReplies(), [])
        bench.step({ kind: 'goodbye', reason: 'shutdown' })
        assert.deepEqual(bench.takeReplies(), ['stopped'])
      }
    })

    it(`${column}: a side that is not fit does not ask for the role`, () => {
      const bench = inRole('standby', column)
      bench.step({ kind: 'fitness', value: 0 })
      bench.step({ kind: 'command', id: 1, designate: 'active', force: false })
      assert.deepEqual(bench.takeReplies(), ['refused'])
      assert.equal(decisions(bench), '')
    })
  }
})

/** An Active that slept, and has not been confirmed since. */
function paused(): ExtendedHarness {
  const bench = inRole('active', 'availability, higher')
  bench.peerSays = null
  bench.step({ kind: 'suspended', ms: 600 })
  assert.equal(bench.serves, false)
  return bench
}

describe('extended wire, stories of a pause', () => {
  it('ends with the word of a partner, not of one that does not hear this side', () => {
    const bench = paused()
    bench.hears(WORDS['a Standby that does not hear me'])
    assert.equal(bench.serves, false)
    bench.hears(WORDS['a Standby, ready'])
    assert.equal(bench.serves, true)
  })

  it('begins anew with a second stall: what was asked before that proves nothing', () => {
    const bench = paused()
    bench.whileUnheard(() => bench.step({ kind: 'suspended', ms: 600 }))
    bench.hears(WORDS['a Standby, ready'])
    assert.equal(bench.serves, false)
  })
})

describe('extended wire, stories of an operator’s force', () => {
  it('ends a pause, and says so', () => {
    const bench = paused()
    clear(bench)
    bench.step({ kind: 'command', id: 1, designate: 'active', force: true })
    assert.equal(bench.serves, true)
    assert.deepEqual(bench.takeReports(), ['resumed operator-forced'])
    assert.deepEqual(bench.takeReplies(), ['ok active'])
  })

  it('does not bring back a lease that has run out in the pause', () => {
    const bench = inRole('active', 'exclusive, higher')
    bench.peerSays = null
    bench.step({ kind: 'suspended', ms: 5000 })
    bench.step({ kind: 'command', id: 1, designate: 'active', force: true })
    for (let ms = 0; ms < 1000; ms++) {
      assert.equal(bench.serves, false)
      bench.advanceMs(1)
    }
    assert.deepEqual(bench.takeReplies(), ['not-confirmed'], 'the peer is asked as long as it counts as online')
    bench.step({ kind: 'command', id: 2, designate: 'active', force: true })
    assert.deepEqual([bench.serves, bench.takeReplies()], [true, ['ok active']])
  })

  const SITUATIONS: Readonly<Record<string, (column: Column) => ExtendedHarness>> = {
    'after its start': (column) => newcomer(column),
    'with the mark on its disk': (column) => newcomer(column, { online: true }),
    'with a peer of another policy on its disk': (column) =>
      newcomer(column, { peerPolicy: policyOf(column) === 'exclusive' ? 'availability' : 'exclusive' }),
    'with a record of somebody else': (column) => {
      const bench = newcomer(column)
      bench.step({ kind: 'foreignRecord' })
      return bench
    },
    'without numbers': (column) => newcomer(column, { epoch: 2 ** 48 - 1 }),
    'without a disk': (column) => {
      const bench = newcomer(column)
      bench.storeAnswers = false
      return bench
    },
    'as Standby whose Active is silent': (column) => {
      const bench = inRole('standby', column)
      bench.peerSays = null
      bench.advanceMs(1500)
      return bench
    },
    'as Standby whose Active does not hear it': (column) => {
      const bench = inRole('standby', column)
      bench.peerSays = { ...WORDS['an Active of epoch 20'], deaf: true, acksTheFirst: true }
      bench.advanceMs(1500)
      return bench
    },
    'as Active that slept': (column) => {
      const bench = inRole('active', column)
      bench.peerSays = null
      bench.step({ kind: 'suspended', ms: 700 })
      return bench
    },
    'as Active whose engine stood still': (column) => {
      const bench = inRole('active', column)
      bench.peerSays = null
      bench.nowMs += 870
      bench.step({ kind: 'tick' })
      return bench
    },
    'as a survivor of a proof that slept': (column) => {
      const bench = tethered('standby', column)
      bench.tetherEnds()
      bench.advanceMs(100)
      bench.step({ kind: 'suspended', ms: 700 })
      return bench
    }
  }
  for (const column of COLUMNS) {
    for (const [name, begin] of Object.entries(SITUATIONS)) {
      it(`${column}, ${name}: it serves when it is told 'active', and is told something`, () => {
        const bench = begin(column)
        clear(bench)
        bench.step({ kind: 'command', id: 1, designate: 'active', force: true })
        for (let ms = 0; ms < 5000; ms++) {
          const [reply] = bench.takeReplies()
          if (reply !== undefined) {
            assert.equal(bench.serves, reply === 'ok active', reply)
            return
          }
          bench.advanceMs(1)
        }
        assert.fail('no answer')
      })
    }
  }
})

const DAY_MS = 24 * 3_600_000

describe('extended wire, stories of a wall clock that jumps', () => {
  for (const jumpMs of [3_600_000, 90 * DAY_MS]) {
    for (const atMs of [0, 1, 500, 900, 999]) {
      it(`by ${jumpMs / DAY_MS} days, ${atMs} ms after the start of a side that is alone: it serves P after that`, () => {
        for (const column of ['availability, lower', 'preferred, higher'] as const) {
          const bench = newcomer(column)
          bench.advanceMs(atMs)
          bench.step({ kind: 'suspended', ms: jumpMs })
          bench.advanceMs(1000)
          assert.equal(bench.serves, true, column)
        }
      })
    }

    it(`by ${jumpMs / DAY_MS} days, while it is Active and has never met anybody: its gate is open P after that`, () => {
      const bench = newcomer('availability, lower')
      bench.advanceMs(10_000)
      assert.equal(bench.serves, true)
      for (let jumps = 0; jumps < 3; jumps++) {
        bench.step({ kind: 'suspended', ms: jumpMs })
        assert.equal(bench.serves, false)
        bench.advanceMs(1000)
        assert.equal(bench.serves, true)
      }
      assert.equal(bench.takeReports().filter((report) => report.startsWith('role')).length, 1)
    })

    it(`by ${jumpMs / DAY_MS} days, while it is a survivor: the same, under every policy`, () => {
      for (const column of COLUMNS) {
        for (const survive of [
          (bench: ExtendedHarness) => bench.tetherEnds(),
          (bench: ExtendedHarness) => {
            bench.peerSays = null
            bench.hears(WORDS['a goodbye'])
          }
        ]) {
          const bench = tethered('standby', column)
          survive(bench)
          bench.advanceMs(3000)
          assert.equal(bench.serves, true)
          bench.step({ kind: 'suspended', ms: jumpMs })
          assert.equal(bench.serves, false)
          bench.advanceMs(1000)
          assert.equal(bench.serves, true, column)
        }
      }
    })

    it(`by ${jumpMs / DAY_MS} days, in contact: a Standby waits no longer than P, an Active serves again when it is answered`, () => {
      for (const column of COLUMNS) {
        const active = inRole('active', column)
        active.whileUnheard(() => active.step({ kind: 'suspended', ms: jumpMs }))
        active.advanceMs(250)
        const leased = servesUnderLease(policyOf(column), isPreferred(column))
        assert.equal(active.serves, !leased, `${column}: a lease is over by then`)
      }
      const standby = inRole('standby', 'availability, lower')
      standby.peerSays = null
      standby.advanceMs(500)
      standby.step({ kind: 'suspended', ms: jumpMs })
      standby.advanceMs(1000)
      assert.equal(standby.serves, true)
    })
  }
})

describe('extended wire, stories of numbers and records', () => {
  it('a number that was taken anew while serving is noted as used', () => {
    const bench = inRole('active', 'availability, higher')
    bench.hears(WORDS['a Standby that knows epoch 30'])
    assert.equal(bench.view.epoch, 32)
    assert.equal(bench.lastRecord?.epoch, 32)
  })

  it('a number near the end of the range is damage, and heard by nobody', () => {
    const bench = inRole('active', 'availability, higher')
    bench.hears({ state: 'active', epoch: 2 ** 48 - 10 })
    assert.deepEqual(bench.takeReports(), ['dropped field'])
    assert.equal(bench.view.epoch, KNOWN_EPOCH)
  })

  it('a side with the mark on its disk serves when an operator forces it, and keeps the mark until its peer was there', () => {
    const bench = newcomer('preferred, higher', { online: true })
    bench.advanceMs(5000)
    assert.deepEqual([bench.view.role, bench.view.aloneBar], ['initial', 'peer-may-serve'])
    bench.step({ kind: 'command', id: 1, designate: 'active', force: true })
    assert.equal(bench.serves, true)
    assert.equal(bench.lastRecord?.online, true)
    bench.advanceMs(5000)
    assert.equal(bench.lastRecord?.online, true)
  })

  for (const [peerId, preferred] of [
    [2n, false],
    [0n, true]
  ] as const) {
    it(`of two equal priorities the higher node id is preferred: ${preferred ? 'mine' : 'not mine'}`, () => {
      const bench = newcomer('preferred, lower', {}, { priority: 100 })
      bench.peerSays = { ...WORDS['an Active of epoch 20'], trailer: { nodeId: peerId } }
      bench.advanceMs(1500)
      assert.equal(bench.lastRecord?.preferred, preferred)
    })
  }

  it('a peer that does not serve and does not hear this side is given a whole takeover delay of contact', () => {
    const bench = newcomer('preferred, higher', {}, { peerTimeoutMs: 3000 })
    bench.advanceMs(2500)
    const sinceMs = bench.nowMs
    bench.peerSays = WORDS['a Standby that does not hear me']
    bench.advanceMs(100)
    bench.peerSays = { ...WORDS['a Standby that does not hear me'], acksTheFirst: true }
    while (bench.view.role !== 'active' && bench.nowMs < sinceMs + 10_000) bench.advanceMs(1)
    assert.ok(bench.nowMs >= sinceMs + 3000 && bench.nowMs < sinceMs + 3500, `${bench.nowMs - sinceMs} ms`)
  })

  it('a refused grant is not taken back by a side whose flows hang', () => {
    const bench = inRole('active', 'availability, higher')
    bench.peerSays = null
    bench.step({ kind: 'command', id: 1, designate: 'standby', force: false })
    bench.hears(WORDS['a Standby, ready'])
    assert.equal(decisions(bench), 'grant 21')
    bench.step({ kind: 'hostStalled', stalled: true })
    bench.hears({ state: 'standby', epoch: 21, flags: ['refusal'], trailer: { reason: 'not-ready' } })
    assert.equal(bench.view.role, 'standby')
    assert.deepEqual(bench.takeReplies(), ['refused'])
  })
})

/** Words of another node, or of another process of the peer's, that runs beside it. */
function otherPeer(bench: ExtendedHarness, nodeId: bigint, session = 99n): (shown: Word) => string[] {
  let seq = 0
  return (shown) => {
    seq += 1
    bench.takeReports()
    bench.hears({ ...shown, trailer: { nodeId, session, seq } })
    return bench.takeReports()
  }
}

describe('extended wire, stories of openings of others', () => {
  for (const column of COLUMNS) {
    it(`${column}: what answers them the peer need not acknowledge: it is online all the time`, () => {
      const bench = inRole('standby', column, { peerTimeoutMs: 200 })
      bench.peerSays = { ...WORDS['an Active of epoch 20'], trailer: { peerTimeoutMs: 200 } }
      bench.advanceMs(1000)
      clear(bench)
      let seq = 0
      for (let ms = 0; ms < 5000; ms += 10) {
        seq += 1
        bench.hears({ ...WORDS['an Initial, ready'], trailer: { nodeId: 9n, session: 77n, seq, echo: 0n } })
        bench.advanceMs(10)
      }
      assert.deepEqual(bench.takeReports(), [])
      assert.ok(bench.takeSaid().some(({ trailer }) => trailer?.echo === 77n))
    })
  }
})

describe('extended wire, stories of another session of the peer', () => {
  for (const [who, nodeId, cause] of [
    ['the same node', 2n, 'dropped session'],
    ['another node', 9n, 'dropped third-party']
  ] as const) {
    for (const column of COLUMNS) {
      it(`${column}: one of ${who} is adopted when nothing of the old one was heard for two heartbeats, not a ms before`, () => {
        const bench = inRole('standby', column)
        bench.peerSays = null
        const says = otherPeer(bench, nodeId)
        const told: string[] = []
        for (let ms = 0; ms < 200; ms += 25) {
          told.push(...says(WORDS['an Initial, ready']))
          bench.advanceMs(ms === 175 ? 24 : 25)
        }
        told.push(...says(WORDS['an Initial, ready']))
        assert.ok(told.length > 3 && told.every((report) => report === cause), told.join())
        assert.deepEqual([bench.view.peerSession, bench.view.peer?.role], [0xb0b0n, 'active'])
        bench.advanceMs(1)
        // It was refused, and is asked to confirm anew.
        if (says(WORDS['an Initial, not ready']).length === 0) {
          assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.probe, true)
          told.push(...says(WORDS['an Initial, not ready']))
        }
        assert.equal(bench.view.peerSession, 99n)
      })

      it(`${column}: one of ${who} that goes on beside the peer is told of once, and moves nothing`, () => {
        const bench = inRole('standby', column)
        const says = otherPeer(bench, nodeId)
        const told: string[] = []
        for (let i = 0; i < 50; i++) {
          told.push(...says(WORDS['an Active of epoch 30']))
          bench.advanceMs(100)
        }
        assert.equal(told.filter((report) => report === 'second-peer second-peer').length, 1)
        assert.ok(told.every((report) => report === cause || report.startsWith('second-peer')))
        assert.deepEqual([bench.view.role, bench.view.epoch, bench.view.peerSession], ['standby', 20, 0xb0b0n])
        const later = otherPeer(bench, nodeId, 98n)
        for (let i = 0; i < 50; i++) {
          told.push(...later(WORDS['an Active of epoch 30']))
          bench.advanceMs(100)
        }
        assert.equal(told.filter((report) => report === 'second-peer second-peer').length, 2, 'once for each')
      })
    }

    it(`a number that ${who} told before it was adopted counts when both are silent: the role is taken with a higher one`, () => {
      const bench = inRole('standby', 'availability, higher')
      bench.advanceMs(1000)
      const ack = bench.takeSaid().at(-1)?.trailer?.seq ?? 0
      bench.hears({ ...WORDS['an Active of epoch 30'], trailer: { nodeId, session: 99n, seq: 1, ack } })
      assert.equal(bench.view.epoch, 20)
      bench.peerSays = null
      bench.advanceMs(5000)
      assert.equal(bench.view.role, 'active')
      assert.ok(bench.view.epoch > 30, `epoch ${bench.view.epoch}`)
    })

    for (const [then, goesOn] of [
      ['takes its place', true],
      ['falls silent too: the role is taken', false]
    ] as const) {
      it(`one of ${who} that spoke beside the peer is waited for when that falls silent, and ${then}`, () => {
        const bench = inRole('standby', 'availability, higher', { peerTimeoutMs: 200 })
        const says = otherPeer(bench, nodeId)
        bench.peerSays = { ...WORDS['an Active of epoch 20'], trailer: { peerTimeoutMs: 200 } }
        bench.advanceMs(1000)
        bench.peerSays = null
        const other = { ...WORDS['an Active of epoch 30'], trailer: { peerTimeoutMs: 200 } }
        let heardAtMs = -Infinity
        const told: string[] = []
        for (let ms = 0; ms < 200; ms += 20) {
          const dropped = ms < 100 ? says(other) : []
          // The others were asked to confirm.
          if (dropped.length > 0) heardAtMs = bench.nowMs
          told.push(...dropped)
          bench.advanceMs(20)
        }
        assert.ok(told.length > 0 && told.every((report) => report === cause), told.join())
        assert.deepEqual([bench.view.role, bench.view.online], ['standby', false])
        if (goesOn) {
          for (let i = 0; i < 5 && bench.view.peerSession !== 99n; i++) says(other)
          assert.deepEqual([bench.view.role, bench.view.epoch, bench.view.peerSession], ['standby', 30, 99n])
          return
        }
        bench.advanceMs(heardAtMs + 199 - bench.nowMs)
        assert.equal(bench.view.role, 'standby')
        bench.advanceMs(2)
        assert.equal(bench.view.role, 'active')
      })
    }

    it(`while one of ${who} speaks beside the silent peer, a pause goes on: it is about to take that one's place`, () => {
      const bench = inRole('active', 'availability, higher', { peerTimeoutMs: 200 })
      bench.peerSays = { ...WORDS['a Standby, ready'], trailer: { peerTimeoutMs: 200 } }
      bench.advanceMs(1000)
      bench.peerSays = null
      bench.step({ kind: 'suspended', ms: 600 })
      const pausedAtMs = bench.nowMs
      const says = otherPeer(bench, nodeId)
      const other = { ...WORDS['an Active of epoch 30'], trailer: { peerTimeoutMs: 200 } }
      let heardAtMs = -Infinity
      while (bench.nowMs < pausedAtMs + 150) {
        // The others were asked to confirm.
        if (says(other).includes(cause)) heardAtMs = bench.nowMs
        bench.advanceMs(20)
      }
      assert.ok(heardAtMs > pausedAtMs + 50)
      bench.advanceMs(heardAtMs + 199 - bench.nowMs)
      assert.deepEqual([bench.serves, bench.view.online], [false, false])
      bench.advanceMs(2)
      assert.equal(bench.serves, true, 'it has fallen silent too')
    })

    it(`a restart of ${who} is no second peer: nothing is told`, () => {
      const bench = inRole('standby', 'availability, higher')
      bench.peerSays = null
      bench.hears(WORDS['an Active of epoch 20'])
      const says = otherPeer(bench, nodeId)
      const told: string[] = []
      for (let i = 0; i < 30; i++) {
        bench.advanceMs(10)
        told.push(...says(WORDS['an Initial, not ready']))
      }
      assert.equal(bench.view.peerSession, 99n)
      assert.ok(!told.includes('second-peer second-peer'), told.join())
    })

    it(`one of ${who} is adopted at once after a goodbye, and after a proof of a crash`, () => {
      for (const ends of [
        (bench: ExtendedHarness) => bench.hears(WORDS['a goodbye']),
        (bench: ExtendedHarness) => {
          bench.tetherEnds()
          bench.advanceMs(25)
        }
      ]) {
        const bench = tethered('standby', 'exclusive, higher')
        bench.peerSays = null
        ends(bench)
        assert.ok((bench.view.peer?.heardAtMs ?? 0) > bench.nowMs - 200, 'it was heard just now')
        const says = otherPeer(bench, nodeId)
        says(WORDS['an Initial, not ready'])
        says(WORDS['an Initial, not ready'])
        assert.equal(bench.view.peerSession, 99n)
      }
    })
  }
})
