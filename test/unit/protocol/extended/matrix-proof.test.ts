/**
 * Stories of the proof of a crash: its window, the question that a FIN asks, a proof that turns out to be wrong, and how long a right
 * that rests on one lasts. Who takes what on a proof is a matter of `matrix-alone.test.ts`, the facts themselves of `proof.test.ts`.
 */
import assert from 'node:assert/strict'
import type { ExtendedHarness, Word } from '../../../support/machine/extended-harness'
import { leaseMs } from '../../../../src/protocol/extended/lease'
import { servesUnderLease } from '../../../../src/protocol/extended/policy'
import type { LinkSettings } from '../../../../src/protocol/settings'
import { clear, COLUMNS, inRole, isPreferred, policyOf, tethered, WORDS, type Column } from './matrix-cast'

const LINK: LinkSettings = { peerHost: '127.0.0.1', peerPort: 1101, localHost: '', localPort: 1101 }
const TWO_LINKS = [LINK, LINK]
/** L from the send time of what is acknowledged now. */
const AT_THE_LATEST_MS = 886
/** The window of a proof, from the send time of what was acknowledged last in a marked frame: 1 ms before `tethered` returns. */
const WINDOW_MS = leaseMs(1000) - 1
const QUIET_MS = 20

describe('extended wire, stories of the window of a proof', () => {
  for (const [afterMs, used] of [
    [0, true],
    [400, true],
    [859, true],
    // The end came in the window, and the proof is complete after it.
    [860, true],
    [884, true],
    [890, false],
    [900, false]
  ] as const) {
    it(`preferred, lower: silent for ${afterMs} ms, then a FIN: ${used ? 'the proof is used' : 'too late'}`, () => {
      assert.equal(afterMs < WINDOW_MS, used)
      const bench = tethered('standby', 'preferred, lower')
      bench.peerSays = null
      bench.advanceMs(afterMs)
      assert.equal(bench.view.proof, afterMs < WINDOW_MS ? 'possible' : 'not-on-disk')
      assert.equal(bench.view.asking, false)
      bench.tetherEnds()
      assert.equal(bench.view.asking, true)
      bench.advanceMs(QUIET_MS)
      assert.equal(bench.serves, used)
      assert.equal(bench.view.asking, false)
      bench.advanceMs(10_000)
      assert.equal(bench.serves, used, 'and what was used in time holds')
    })
  }

  it('preferred, lower: an Active past it stops with its lease', () => {
    const bench = tethered('active', 'preferred, lower', { marked: false })
    // Its lease is renewed all the time by frames without the mark.
    bench.peerSays = { ...WORDS['a Standby, ready'] }
    bench.advanceMs(2000)
    assert.equal(bench.view.proof, 'not-on-disk')
    bench.tetherEnds()
    bench.advanceMs(QUIET_MS)
    assert.equal(bench.view.online, false)
    bench.advanceMs(AT_THE_LATEST_MS)
    assert.deepEqual([bench.view.role, bench.view.reason], ['standby', 'lease-expired'])
  })

  it('it is as long as since the last marked frame, whatever is said without the mark after that', () => {
    for (const [unmarkedMs, used] of [
      [500, true],
      [900, false]
    ] as const) {
      const bench = tethered('standby', 'preferred, lower')
      bench.peerSays = WORDS['an Active of epoch 20']
      bench.advanceMs(unmarkedMs)
      assert.equal(bench.view.proof, used ? 'possible' : 'not-on-disk')
      bench.tetherEnds()
      bench.advanceMs(1000)
      assert.equal(bench.serves, used)
    }
  })

  it('a marked frame of a peer that does not count this side as its partner opens none', () => {
    const bench = tethered('standby', 'preferred, lower', { marked: false })
    bench.peerSays = { ...WORDS['an Active of epoch 20'], flags: ['marked'], deaf: true }
    bench.advanceMs(500)
    assert.equal(bench.view.proof, 'not-on-disk')
  })

  it('nor does one that acknowledges nothing new', () => {
    const bench = tethered('standby', 'preferred, lower', { marked: false })
    bench.peerSays = { ...WORDS['an Active of epoch 20'], flags: ['marked'], acksTheFirst: true }
    bench.advanceMs(500)
    assert.equal(bench.view.proof, 'not-on-disk')
  })

  for (const [sleptMs, used] of [
    [400, true],
    [470, true],
    [490, false]
  ] as const) {
    it(`a suspend of ${sleptMs} ms shortens it, and the tether is up all the same`, () => {
      const bench = tethered('standby', 'preferred, lower')
      bench.peerSays = null
      bench.advanceMs(400)
      bench.step({ kind: 'suspended', ms: sleptMs })
      assert.equal(bench.view.proof, used ? 'possible' : 'not-on-disk')
      bench.tetherEnds()
      bench.advanceMs(1000)
      assert.equal(bench.serves, used)
    })
  }

  it('it is of one session: that of a restarted peer is opened by its own marked frames', () => {
    const bench = tethered('standby', 'preferred, lower')
    bench.peerSays = null
    bench.hearsRestarted(WORDS['an Active of epoch 20'])
    bench.tether()
    assert.equal(bench.view.proof, 'not-on-disk')
    bench.hears({ ...WORDS['an Active of epoch 20'], flags: ['marked'] })
    assert.equal(bench.view.proof, 'possible')
  })

  for (const column of COLUMNS.filter((c) => c !== 'preferred, lower')) {
    it(`${column}: there is none, whatever the peer has on its disk`, () => {
      const bench = tethered('standby', column, { marked: false })
      assert.equal(bench.view.proof, 'possible')
      bench.peerSays = null
      bench.advanceMs(950)
      bench.tetherEnds()
      bench.advanceMs(QUIET_MS)
      assert.deepEqual([bench.serves, bench.view.reason], [true, 'peer-crashed'])
    })
  }
})

describe('extended wire, stories of the question that a FIN asks', () => {
  it('a suspend voids an end that is being asked about, and no later one', () => {
    const bench = tethered('standby', 'exclusive, higher')
    bench.tetherEnds()
    bench.advanceMs(10)
    bench.step({ kind: 'suspended', ms: 5 })
    bench.advanceMs(3000)
    assert.equal(bench.view.role, 'standby')
  })

  it('says why there is no proof', () => {
    const off = tethered('standby', 'exclusive, higher', { settings: { crashProof: false } })
    const between = tethered('standby', 'exclusive, higher', { provable: false })
    assert.deepEqual([off.view.proof, between.view.proof], ['off', 'addresses-differ'])
    const bench = inRole('standby', 'exclusive, higher')
    assert.equal(bench.view.proof, 'no-tether')
    bench.tether()
    assert.equal(bench.view.proof, 'possible')
    bench.tetherEnds({ fin: false })
    assert.equal(bench.view.proof, 'no-tether')
    bench.advanceMs(1000)
    assert.equal(bench.view.proof, 'offline')
  })

  it('a tether of other sessions than the living ones is none', () => {
    const bench = inRole('standby', 'exclusive, higher')
    const { session, peerSession } = bench.view
    for (const other of [{ session: session + 1n }, { peerSession: peerSession + 1n }, { peerSession: 0n }]) {
      bench.step({ kind: 'tether', id: 7, session, peerSession, provable: true, ...other })
      assert.equal(bench.view.proof, 'no-tether')
    }
    bench.step({ kind: 'tether', id: 7, session, peerSession, provable: true })
    assert.equal(bench.view.proof, 'possible')
  })

  it('a restarted peer’s tether is another one: the end of the old one proves nothing', () => {
    const bench = tethered('standby', 'exclusive, higher')
    bench.peerSays = null
    bench.hearsRestarted(WORDS['an Active of epoch 20'])
    assert.equal(bench.view.proof, 'no-tether')
    bench.tetherEnds()
    bench.advanceMs(3000)
    assert.equal(bench.view.role, 'standby')
  })

  it('probes go out on every link, and one whose frames do not go out gives no silence for as long as that is so', () => {
    const two = tethered('standby', 'exclusive, higher', { settings: { links: TWO_LINKS } })
    two.step({ kind: 'link', link: 1, open: true, detail: '' })
    two.hears(WORDS['an Active of epoch 20'], 1)
    two.unsendable.add(1)
    two.tetherEnds()
    two.advanceMs(900)
    assert.equal(two.view.role, 'standby')
    assert.equal(two.view.online, true, 'it is not lost yet')

    const mended = tethered('standby', 'exclusive, higher', { settings: { links: TWO_LINKS } })
    mended.step({ kind: 'link', link: 1, open: true, detail: '' })
    mended.hears(WORDS['an Active of epoch 20'], 1)
    mended.unsendable.add(1)
    mended.tetherEnds()
    mended.advanceMs(60)
    mended.unsendable.clear()
    mended.advanceMs(QUIET_MS + 5)
    assert.equal(mended.view.reason, 'peer-crashed')
  })

  it('a link on which it was never heard need not be asked', () => {
    const bench = tethered('standby', 'exclusive, higher', { settings: { links: TWO_LINKS } })
    bench.step({ kind: 'link', link: 1, open: true, detail: '' })
    bench.unsendable.add(1)
    bench.tetherEnds()
    bench.advanceMs(QUIET_MS)
    assert.equal(bench.view.reason, 'peer-crashed')
  })

  it('one on which it was heard, and that is closed, leaves the proof open until it can be asked there', () => {
    const bench = tethered('standby', 'exclusive, higher', { settings: { links: TWO_LINKS } })
    bench.step({ kind: 'link', link: 1, open: true, detail: '' })
    bench.hears(WORDS['an Active of epoch 20'], 1)
    bench.step({ kind: 'link', link: 1, open: false, detail: 'test' })
    bench.tetherEnds()
    bench.advanceMs(100)
    assert.equal(bench.view.role, 'standby')
    bench.step({ kind: 'link', link: 1, open: true, detail: '' })
    bench.advanceMs(QUIET_MS - 1)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(1)
    assert.equal(bench.view.reason, 'peer-crashed')
  })

  it('a stall of this side is no silence of the peer', () => {
    const bench = tethered('standby', 'exclusive, higher')
    bench.tetherEnds()
    bench.advanceMs(4)
    bench.nowMs += 40
    bench.step({ kind: 'tick' })
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(QUIET_MS - 1)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(6)
    assert.equal(bench.view.reason, 'peer-crashed')
  })

  it('who leaves asks nobody', () => {
    const bench = tethered('standby', 'exclusive, higher')
    bench.step({ kind: 'goodbye', reason: 'shutdown' })
    bench.tetherEnds()
    bench.advanceMs(100)
    assert.deepEqual([bench.view.role, bench.takeReports().filter((r) => r.includes('crashed'))], ['initial', []])
  })
})

describe('extended wire, stories of a proof that is wrong', () => {
  for (const column of COLUMNS) {
    for (const epoch of [10, 20, 30] as const) {
      it(`${column}: the Active of epoch ${epoch} lives: the survivor is Standby at once, whatever the epochs`, () => {
        const bench = tethered('standby', column)
        bench.tetherEnds()
        bench.advanceMs(500)
        assert.deepEqual([bench.serves, bench.view.reason], [true, 'peer-crashed'])
        clear(bench)
        bench.hears(WORDS[`an Active of epoch ${epoch}`])
        assert.deepEqual([bench.serves, bench.view.role], [false, 'standby'])
        assert.deepEqual(bench.takeReports().slice(0, 2), ['proof-wrong proof-wrong', 'role proof-wrong'])
        assert.equal(bench.view.online, true)
      })
    }

    it(`${column}: one that goes on and on P later lives, though it acknowledges nothing; a single frame may have been withheld`, () => {
      const bench = tethered('standby', column)
      bench.tetherEnds()
      const old = { ...WORDS['an Active of epoch 30'], acksTheFirst: true } as const
      bench.advanceMs(QUIET_MS + 900)
      for (let i = 0; i < 10; i++) bench.hears(old)
      bench.advanceMs(99)
      bench.hears(old)
      bench.advanceMs(1)
      clear(bench)
      for (let i = 0; i < 4; i++) {
        bench.hears(old)
        bench.advanceMs(5000)
      }
      assert.deepEqual(
        bench.takeReports(),
        Array.from({ length: 4 }, () => 'dropped replayed')
      )
      assert.equal(bench.serves, true)
      bench.hears(old)
      assert.deepEqual(bench.takeReports().slice(0, 2), ['proof-wrong proof-wrong', 'role proof-wrong'])
      assert.equal(bench.serves, false)
    })

    it(`${column}: what it said before is dropped, and is no contact`, () => {
      const bench = tethered('standby', column)
      bench.tetherEnds()
      bench.advanceMs(500)
      clear(bench)
      for (let i = 0; i < 5; i++) bench.hears({ ...WORDS['an Active of epoch 30'], acksTheFirst: true })
      assert.deepEqual(
        bench.takeReports(),
        Array.from({ length: 5 }, () => 'dropped replayed')
      )
      assert.deepEqual([bench.serves, bench.view.epoch, bench.view.online], [true, 22, false])
    })

    const leased = servesUnderLease(policyOf(column), isPreferred(column))
    it(`${column}: an Active whose Standby lives after all ${leased ? 'is Standby at once' : 'serves on: its right never rested on that'}`, () => {
      const bench = tethered('active', column)
      bench.tetherEnds()
      bench.advanceMs(2000)
      assert.equal(bench.serves, true)
      clear(bench)
      bench.hears(WORDS['a Standby, not ready'])
      assert.equal(bench.serves, !leased)
      const reports = bench.takeReports()
      assert.equal(reports[0], 'proof-wrong proof-wrong')
      assert.equal(reports.includes('role proof-wrong'), leased)
    })

    it(`${column}: a Standby that could not use it yet will not use it`, () => {
      const bench = tethered('standby', column)
      bench.step({ kind: 'hostStalled', stalled: true })
      bench.tetherEnds()
      bench.advanceMs(100)
      clear(bench)
      bench.hears(WORDS['an Active of epoch 20'])
      assert.equal(bench.takeReports()[0], 'proof-wrong proof-wrong')
      bench.step({ kind: 'hostStalled', stalled: false })
      bench.advanceMs(500)
      assert.equal(bench.view.role, 'standby')
    })

    it(`${column}: it is told once, and a new tether can be proven by`, () => {
      const bench = tethered('standby', column)
      bench.tetherEnds()
      bench.advanceMs(500)
      bench.hears(WORDS['an Active of epoch 20'])
      clear(bench)
      bench.hears({ ...WORDS['an Active of epoch 20'], flags: ['marked'] })
      assert.deepEqual(bench.takeReports(), [])
      bench.tether()
      bench.tetherEnds()
      bench.advanceMs(100)
      assert.deepEqual([bench.serves, bench.view.reason], [true, 'peer-crashed'])
    })
  }
})

/** Whether it counted its peer as a partner in what it said since it was asked last. */
const counts = (bench: ExtendedHarness): boolean => bench.takeSaid().some(({ trailer }) => trailer?.heardLinks === 1)

describe('extended wire, stories of a survivor without a lease', () => {
  const LEASED = ['preferred, lower', 'exclusive, higher', 'exclusive, lower'] as const
  const ENDS = {
    'a proof': (bench: ExtendedHarness) => bench.tetherEnds(),
    'a goodbye': (bench: ExtendedHarness) => {
      bench.peerSays = null
      bench.hears(WORDS['a goodbye'])
    }
  } as const

  /** Its peer is gone for 2 s, and its process has just started again. */
  function alone(column: Column, how: keyof typeof ENDS): ExtendedHarness {
    const bench = tethered('active', column)
    ENDS[how](bench)
    bench.advanceMs(2000)
    assert.deepEqual([bench.serves, bench.view.leaseUntilMs], [true, Infinity])
    return bench
  }
  const RETURNED: Word = { ...WORDS['an Initial, not ready'], flags: ['probe'] }

  for (const column of LEASED) {
    for (const how of ['a proof', 'a goodbye'] as const) {
      it(`${column}, after ${how}: counts a peer that came back when it has lasted for P, and needs its lease from then on`, () => {
        const bench = alone(column, how)
        bench.peerSays = RETURNED
        bench.hearsRestarted(RETURNED)
        const adoptedAtMs = bench.nowMs
        clear(bench)
        bench.advanceMs(999)
        assert.equal(counts(bench), false)
        assert.deepEqual([bench.serves, bench.view.online, bench.view.leaseUntilMs], [true, true, Infinity])
        bench.advanceMs(1)
        bench.hears(RETURNED)
        assert.equal(counts(bench), true)
        const { leaseUntilMs } = bench.view
        assert.ok(leaseUntilMs > bench.nowMs && leaseUntilMs <= adoptedAtMs + 1000 + leaseMs(1000))
        bench.advanceMs(3000)
        assert.equal(bench.serves, true, 'it is renewed')
        bench.peerSays = null
        bench.advanceMs(AT_THE_LATEST_MS)
        assert.deepEqual([bench.view.role, bench.view.reason], ['standby', 'lease-expired'])
      })

      it(`${column}, after ${how}: at once, when there is a tether and the peer's mark is on its disk, and not for less`, () => {
        const bench = alone(column, how)
        bench.hearsRestarted(RETURNED)
        clear(bench)
        bench.hears({ ...RETURNED, flags: ['probe', 'marked'] })
        assert.equal(counts(bench), false, 'without a tether')
        bench.tether(false)
        bench.hears({ ...RETURNED, flags: ['probe', 'marked'] })
        assert.equal(counts(bench), false, 'with one that proves nothing')
        bench.tether()
        bench.hears(RETURNED)
        assert.equal(counts(bench), false, 'its mark is not on its disk any more')
        assert.equal(bench.view.leaseUntilMs, Infinity)
        bench.hears({ ...RETURNED, flags: ['probe', 'marked'] })
        assert.equal(counts(bench), true)
        assert.equal(bench.view.leaseUntilMs, bench.nowMs + leaseMs(1000))
      })

      it(`${column}, after ${how}: its right is bounded by L from that first frame, though nothing says that it arrives`, () => {
        const bench = alone(column, how)
        const deaf: Word = { ...RETURNED, deaf: true, flags: ['probe', 'marked'] }
        bench.hearsRestarted(deaf)
        bench.tether()
        clear(bench)
        bench.hears(deaf)
        assert.equal(counts(bench), true)
        const untilMs = bench.nowMs + leaseMs(1000)
        assert.equal(bench.view.leaseUntilMs, untilMs)
        bench.peerSays = deaf
        bench.advanceMs(500)
        assert.equal(bench.view.leaseUntilMs, untilMs, 'no later frame extends it')
        bench.advanceMs(AT_THE_LATEST_MS)
        assert.equal(bench.view.reason, 'lease-expired')
      })

      it(`${column}, after ${how}: a peer that dies again before that leaves it as it was`, () => {
        const bench = alone(column, how)
        for (let times = 0; times < 5; times++) {
          bench.peerSays = RETURNED
          bench.hearsRestarted(RETURNED)
          bench.advanceMs(600)
          bench.peerSays = null
          bench.advanceMs(3000)
          assert.deepEqual([bench.serves, bench.view.leaseUntilMs], [true, Infinity])
        }
      })

      it(`${column}, after ${how}: an opening of a new session changes nothing, and counts nobody as a partner`, () => {
        const bench = alone(column, how)
        bench.restartPeer()
        clear(bench)
        for (let i = 0; i < 20; i++) {
          bench.hears({ ...RETURNED, trailer: { echo: 0n } })
          bench.advanceMs(100)
        }
        assert.equal(bench.view.leaseUntilMs, Infinity)
        assert.equal(counts(bench), false)
      })
    }

    it(`${column}, after a proof: one that serves on is the old one: it yields at once, as ever, and not by its lease`, () => {
      const bench = alone(column, 'a proof')
      bench.hears(WORDS['an Active of epoch 30'])
      assert.deepEqual([bench.view.role, bench.view.reason], ['standby', 'proof-wrong'])
    })
  }

  it('preferred, lower: what a peer that is back acknowledges before it is counted opens the window: it may die as soon as it is', () => {
    const bench = alone('preferred, lower', 'a proof')
    const marked: Word = { ...RETURNED, flags: ['probe', 'marked'] }
    bench.hearsRestarted(marked)
    bench.tether()
    bench.hears(marked)
    assert.notEqual(bench.view.leaseUntilMs, Infinity, 'it is counted')
    bench.tetherEnds()
    bench.advanceMs(3000)
    assert.deepEqual([bench.serves, bench.view.leaseUntilMs], [true, Infinity])
  })

  for (const column of ['availability, higher', 'availability, lower', 'preferred, higher'] as const) {
    for (const role of ['active', 'standby'] as const) {
      for (const how of ['a proof', 'a goodbye'] as const) {
        it(`${column}, ${role} at ${how}: who needs no lease counts a peer that came back at once`, () => {
          const bench = tethered(role, column)
          ENDS[how](bench)
          bench.advanceMs(2000)
          bench.peerSays = RETURNED
          bench.hearsRestarted(RETURNED)
          clear(bench)
          bench.hears(RETURNED)
          assert.equal(counts(bench), true)
          bench.advanceMs(5000)
          assert.deepEqual([bench.serves, bench.view.leaseUntilMs], [true, Infinity])
        })
      }
    }
  }
})
