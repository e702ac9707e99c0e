/**
 * Beside the matrix: what needs more than one word, or time of its own, to show. Each story is a rule of
 * docs/PROTOCOL.md that a mutation (test/mutation) could break unseen without it.
 */
import assert from 'node:assert/strict'
import type { Bench } from '../../harness/bench'
import type { LinkSettings } from '../../../src/protocol/settings'
import { clear, COLUMNS, decisions, HIGHER, inRole, KNOWN_EPOCH, LOWER, newcomer, WORDS } from './matrix-cast'

const LINK: LinkSettings = { peerHost: '127.0.0.1', peerPort: 1101, localHost: '', localPort: 1101 }
const TWO_LINKS = [LINK, LINK]
/** How many goodbyes it said since it was asked last. */
function goodbyes(bench: Bench): number {
  return bench.takeSaid().filter(({ trailer }) => trailer?.flags.goodbye).length
}

/** The ms after which it asks for the role or for the brother's readiness, within so many; Infinity = it does not. */
function asksAfterMs(bench: Bench, withinMs: number): number {
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
    const bench = inRole('active', 'safety, higher')
    bench.brotherSays = null
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
    const bench = inRole('active', 'safety, higher')
    bench.brotherSays = null
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
    const bench = inRole('active', 'safety, higher')
    bench.brotherSays = null
    bench.advanceMs(100)
    bench.whileUnheard(() => bench.step({ kind: 'suspended', ms: 300 }))
    const { leaseUntilMs } = bench.view
    bench.hears(WORDS['a Standby, ready'])
    assert.equal(bench.view.leaseUntilMs, leaseUntilMs)
  })

  it('nor is one of what was sent before the last socket closed', () => {
    const bench = inRole('active', 'safety, higher')
    bench.brotherSays = null
    bench.advanceMs(100)
    bench.whileUnheard(() => {
      bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
      bench.step({ kind: 'link', link: 0, open: true, detail: '' })
    })
    const { leaseUntilMs } = bench.view
    bench.hears(WORDS['a Standby, ready'])
    assert.equal(bench.view.leaseUntilMs, leaseUntilMs)
  })

  it('a restarted brother’s promise counts, not the longer one of its former life', () => {
    const bench = inRole('active', 'safety, higher')
    bench.brotherSays = null
    bench.hears({ ...WORDS['a Standby, ready'], trailer: { promisedMs: FULL_PROMISE } })
    bench.advanceMs(100)
    bench.hears({ ...WORDS['a Standby, ready'], trailer: { promisedMs: FULL_PROMISE } })
    assert.ok(bench.view.leaseUntilMs - bench.nowMs > 4000)
    bench.hearsRestarted(WORDS['an Initial, not ready'])
    assert.ok(bench.view.leaseUntilMs - bench.nowMs <= AT_THE_LATEST_MS)
  })

  it('a forced command waits until a brother under a lease has stopped', () => {
    const bench = inRole('standby', 'preferred, lower')
    bench.brotherSays = { ...WORDS['an Active of epoch 20'], deaf: true, acksTheFirst: true }
    bench.advanceMs(1500)
    assert.equal(bench.view.online, false)
    bench.brotherSays = null
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

describe('extended wire, stories of a port where nobody listens', () => {
  it('is asked at a pace that leaves the kernel its answers, and only while it refuses', () => {
    const bench = inRole('active', 'availability, lower')
    bench.brotherSays = null
    bench.portIsClosed = true
    bench.advanceMs(5000)
    bench.takeSaid()
    bench.advanceMs(30_000)
    const refused = bench.takeSaid().length
    assert.ok(refused >= 9 && refused <= 11, `${refused} in 30 s`)
    bench.portIsClosed = false
    bench.advanceMs(5000)
    bench.takeSaid()
    bench.advanceMs(1000)
    assert.ok(bench.takeSaid().length >= 9, 'silence is asked each heartbeat')
  })

  it('safety: a side whose lease ran out serves again when its brother is proven dead', () => {
    const bench = inRole('active', 'safety, higher')
    bench.brotherSays = null
    bench.advanceMs(1000)
    assert.equal(bench.view.role, 'standby')
    for (let second = 0; second < 3; second++) {
      assert.equal(bench.view.role, 'standby')
      bench.advanceMs(1000)
      bench.step({ kind: 'refused', link: 0 })
    }
    assert.equal(bench.view.reason, 'brother-crashed')
    assert.equal(bench.serves, true)
  })

  it('preferred: a proof on refusals that are older than their lease gives no role, and spends no number', () => {
    const bench = inRole('standby', 'preferred, lower')
    bench.brotherSays = null
    bench.whileUnheard(() => bench.advanceMs(1500))
    const atMs = bench.nowMs
    bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
    bench.advanceMs(3000)
    bench.step({ kind: 'link', link: 0, open: true, detail: '' })
    clear(bench)
    bench.step({ kind: 'refused', link: 0 })
    bench.step({ kind: 'refused', link: 0 })
    bench.step({ kind: 'refused', link: 0 })
    assert.equal(bench.nowMs, atMs + 3000)
    assert.equal(bench.view.role, 'standby')
    assert.equal(bench.view.epoch, KNOWN_EPOCH)
  })

  it('whoever is refused asks again at once, until three answers prove the crash, and not where an answer proves nothing', () => {
    const bench = inRole('standby', 'availability, higher')
    bench.brotherSays = null
    bench.advanceMs(200)
    const askedOn = (): number => {
      bench.takeSaid()
      bench.step({ kind: 'refused', link: 0 })
      return bench.takeSaid().filter(({ trailer }) => trailer?.flags.probe === true).length
    }
    assert.equal(askedOn(), 0, 'too early to be the answer to a probe')
    bench.advanceMs(300)
    assert.equal(askedOn(), 1)
    assert.equal(askedOn(), 1)
    assert.equal(bench.view.role, 'standby')
    assert.equal(askedOn(), 0)
    assert.equal(bench.view.reason, 'brother-crashed')
  })

  it('a side that waits for the proof asks at each heartbeat: the kernel’s next answer is not missed', () => {
    const bench = inRole('standby', 'safety, higher')
    bench.brotherSays = null
    bench.advanceMs(1550)
    bench.step({ kind: 'refused', link: 0 })
    bench.advanceMs(100)
    bench.takeSaid()
    bench.advanceMs(1000)
    assert.ok(bench.takeSaid().length >= 9)
  })
})

describe('extended wire, stories of promises', () => {
  it('a longer promise of a former life is kept also by a side that met its brother since', () => {
    const bench = newcomer('availability, lower', { promisedMs: 3000 })
    bench.brotherSays = WORDS['an Active of epoch 20']
    bench.advanceMs(400)
    bench.brotherSays = null
    bench.advanceMs(2599)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(1)
    assert.equal(bench.view.role, 'active')
  })

  it('nothing is promised that the disk does not know yet', () => {
    const bench = inRole('standby', 'safety, higher')
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
    bench.brotherSays = null
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

  it('nobody takes the role alone before 2000 ms after a link that carried was open again', () => {
    const bench = inRole('standby', 'preferred, higher', { links: TWO_LINKS })
    bench.brotherSays = null
    bench.step({ kind: 'link', link: 1, open: true, detail: '' })
    bench.hears(WORDS['an Active of epoch 20'], 1)
    bench.hears(WORDS['an Active of epoch 20'], 0)
    bench.step({ kind: 'link', link: 1, open: false, detail: 'test' })
    bench.advanceMs(1500)
    assert.equal(bench.view.role, 'standby', 'to the brother this looks like a crash')
    bench.step({ kind: 'link', link: 1, open: true, detail: '' })
    bench.advanceMs(1999)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(1)
    assert.equal(bench.view.role, 'active')
  })
})

describe('extended wire, stories of a closed link', () => {
  it('safety: a survivor by proof of a crash gives the role up with its last link: to its brother it is dead itself', () => {
    const bench = inRole('standby', 'safety, higher')
    bench.brotherSays = null
    bench.portIsClosed = true
    bench.advanceMs(1000)
    assert.equal(bench.view.reason, 'brother-crashed')
    bench.portIsClosed = false
    bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
    assert.equal(bench.serves, false)
    bench.step({ kind: 'link', link: 0, open: true, detail: '' })
    for (let ms = 0; ms < 10_000; ms++) {
      bench.advanceMs(1)
      assert.equal(bench.serves, false)
    }
    assert.equal(bench.view.role, 'standby', 'silence gives it nothing')
    bench.portIsClosed = true
    bench.advanceMs(1000)
    assert.equal(bench.serves, true, 'a new proof does')
  })

  it('safety: after a goodbye it only pauses', () => {
    const bench = inRole('standby', 'safety, higher')
    bench.brotherSays = null
    bench.hears(WORDS['a goodbye'])
    assert.equal(bench.serves, true)
    bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
    assert.deepEqual([bench.view.role, bench.serves], ['active', false])
    bench.step({ kind: 'link', link: 0, open: true, detail: '' })
    bench.advanceMs(1000)
    assert.equal(bench.serves, true)
  })
})

describe('extended wire, stories of deafness', () => {
  it('a suspend is credited: silence counts from the awakening', () => {
    const bench = inRole('standby', 'availability, lower')
    bench.brotherSays = null
    bench.advanceMs(900)
    bench.step({ kind: 'suspended', ms: 5000 })
    bench.advanceMs(999)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(1)
    assert.equal(bench.view.role, 'active')
  })

  it('the brother gets one heartbeat after a stall of my own, in which a takeover would have been due', () => {
    for (const met of [true, false]) {
      const bench = met ? inRole('standby', 'availability, lower') : newcomer('availability, lower')
      bench.brotherSays = null
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
    bench.brotherSays = null
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
      bench.brotherSays = null
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
    it(`${column}: an Active that was forced to stand by takes no role until its brother is Active`, () => {
      const bench = inRole('active', column)
      bench.brotherSays = null
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

    it(`${column}: one that was told to stand by takes the role again when its brother is lost`, () => {
      const bench = inRole('initial', column)
      bench.step({ kind: 'command', id: 1, designate: 'standby', force: false })
      assert.deepEqual(bench.takeReplies(), ['ok standby'])
      bench.brotherSays = null
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

  it('a grant of mine is void as soon as a higher one is heard, before its number is on disk', () => {
    const bench = inRole('standby', 'safety, lower')
    bench.hears(WORDS['a wish, ready'])
    bench.storeAnswers = false
    bench.brotherSays = { head: 'designate', state: 'standby', epoch: 24 }
    bench.advanceMs(100)
    clear(bench)
    bench.advanceMs(500)
    assert.equal(decisions(bench), '', 'it does not grant 21 any more')
    assert.equal(bench.view.role, 'standby', 'nothing is taken before it is on disk')
    bench.answerStore()
    bench.advanceMs(100)
    assert.deepEqual([bench.view.role, bench.view.epoch], ['active', 24])
  })

  it('a grant ends with the contact: a brother that is heard again is not granted the old number', () => {
    const bench = inRole('standby', 'safety, higher')
    bench.hears(WORDS['a wish, ready'])
    bench.brotherSays = null
    bench.advanceMs(1100)
    clear(bench)
    bench.hears(WORDS['a Standby, not ready'])
    bench.advanceMs(500)
    assert.equal(decisions(bench), '')
  })

  it('a brother that left is not heard in its old session any more', () => {
    const bench = inRole('standby', 'availability, lower')
    bench.brotherSays = null
    bench.hears(WORDS['a goodbye'])
    assert.equal(bench.view.role, 'active')
    clear(bench)
    bench.hears(WORDS['an Active of epoch 30'])
    assert.deepEqual(bench.takeReports(), ['dropped replayed'])
    assert.deepEqual([bench.view.role, bench.view.epoch], ['active', 22])
  })
})

describe('extended wire, stories of the preferred side', () => {
  it('the preference is taken only when the brother has given it up', () => {
    const bench = newcomer('preferred, higher', { preferred: false })
    bench.brotherSays = { ...WORDS['an Active of epoch 20'], flags: ['preferred'] }
    bench.advanceMs(1000)
    assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.preferred, false)
    bench.brotherSays = WORDS['an Active of epoch 20']
    bench.advanceMs(200)
    assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.preferred, true)
  })

  it('the lower side gives it up, and says so only when its disk knows', () => {
    const bench = newcomer('preferred, lower', { preferred: true })
    bench.brotherSays = WORDS['an Active of epoch 20']
    bench.storeAnswers = false
    bench.advanceMs(1000)
    assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.preferred, true)
    bench.answerStore()
    bench.advanceMs(200)
    assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.preferred, false)
  })
})

describe('extended wire, stories of leaving', () => {
  it('the preferred side has it on disk that it released the role before it says so', () => {
    const bench = inRole('active', 'preferred, higher')
    bench.brotherSays = null
    bench.storeAnswers = false
    clear(bench)
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
    const bench = inRole('active', 'preferred, higher')
    bench.brotherSays = null
    bench.storeAnswers = false
    clear(bench)
    bench.step({ kind: 'goodbye', reason: 'shutdown' })
    bench.advanceMs(2000)
    assert.equal(goodbyes(bench), 0)
    assert.equal(bench.view.role, 'initial')
  })

  for (const column of COLUMNS) {
    it(`${column}: a goodbye is said five times, unless it is answered, and nobody serves here from the first on`, () => {
      const bench = inRole('active', column)
      bench.brotherSays = null
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
      bench.brotherSays = null
      clear(bench)
      bench.step({ kind: 'goodbye', reason: 'shutdown' })
      bench.advanceMs(0)
      bench.hears({ ...WORDS['a Standby, ready'], acksTheFirst: true })
      bench.advanceMs(2000)
      assert.equal(goodbyes(bench), 5)
    })

    it(`${column}: an answer ends it`, () => {
      const bench = inRole('active', column)
      bench.brotherSays = null
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
      bench.brotherSays = WORDS['an Active of epoch 20']
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
      bench.brotherSays = WORDS['an Active of epoch 30']
      assert.equal(asksAfterMs(bench, 5000), 2000)
    })

    it(`${column}: not against an operator’s move, until the brother was away`, () => {
      const bench = inRole('active', column, FAILBACK)
      bench.step({ kind: 'command', id: 1, designate: 'standby', force: false })
      bench.brotherSays = { ...WORDS['an Active of epoch 20'], epoch: 21 }
      bench.hears(WORDS['a Standby, ready'])
      assert.equal(bench.view.role, 'standby')
      bench.takeReports()
      bench.hears(bench.brotherSays)
      assert.equal(asksAfterMs(bench, 5000), Infinity)
    })
  }

  for (const column of LOWER) {
    it(`${column}: the lower priority never asks`, () => {
      assert.equal(asksAfterMs(inRole('standby', column, FAILBACK), 5000), Infinity)
    })
  }

  it('a brother that failed soon after it took its role back waits longer the next time', () => {
    const bench = inRole('active', 'availability, lower', FAILBACK)
    const wish = { ...WORDS['a wish, ready'], trailer: { reason: 'failback' } } as const
    bench.hears(wish)
    assert.equal(bench.view.role, 'standby')
    bench.brotherSays = null
    bench.hears({ ...WORDS['an Active of epoch 20'], epoch: 21 })
    bench.advanceMs(1000)
    assert.equal(bench.view.role, 'active')
    bench.hearsRestarted(WORDS['a Standby, ready'])
    clear(bench)
    bench.hears(wish)
    assert.equal(bench.view.role, 'active')
    assert.equal(decisions(bench), 'refusal')
    bench.brotherSays = WORDS['a Standby, ready']
    bench.advanceMs(4000)
    bench.hears(wish)
    assert.equal(bench.view.role, 'standby')

    // This time it lasts; what was is forgiven.
    bench.brotherSays = { ...WORDS['an Active of epoch 20'], epoch: bench.view.epoch }
    bench.advanceMs(45_000)
    bench.brotherSays = null
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
      bench.brotherSays = WORDS['an Active of epoch 20']
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
    it(`${column}: the less fit Active asks its brother when that has lasted for P, and at once when its flows hang`, () => {
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
  it('needs its lease again as soon as the brother is heard again', () => {
    const bench = inRole('active', 'preferred, lower')
    bench.brotherSays = null
    bench.hears(WORDS['a goodbye'])
    bench.advanceMs(3000)
    assert.equal(bench.serves, true)
    bench.hearsRestarted(WORDS['an Initial, not ready'])
    bench.advanceMs(AT_THE_LATEST_MS)
    assert.equal(bench.view.role, 'standby')
  })

  it('does not take back a grant while the other is heard, even one-way', () => {
    const bench = inRole('standby', 'preferred, higher')
    bench.hears(WORDS['a wish, ready'])
    bench.brotherSays = { ...WORDS['a Standby, not ready'], deaf: true, acksTheFirst: true }
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
        bench.brotherSays = null
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
      const open: readonly ((bench: Bench) => void)[] = [
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
        bench.brotherSays = null
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
function paused(): Bench {
  const bench = inRole('active', 'availability, higher')
  bench.brotherSays = null
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

describe('extended wire, stories of a survivor whose brother left', () => {
  for (const column of LOWER) {
    it(`${column}: its socket closes and opens again, and it serves on without a lease`, () => {
      const bench = inRole('active', column)
      bench.brotherSays = null
      bench.hears(WORDS['a goodbye'])
      bench.advanceMs(3000)
      assert.equal(bench.serves, true)
      bench.takeReports()
      bench.step({ kind: 'link', link: 0, open: false, detail: '' })
      bench.advanceMs(2000)
      bench.step({ kind: 'link', link: 0, open: true, detail: '' })
      bench.advanceMs(3000)
      assert.deepEqual([bench.view.role, bench.serves], ['active', true])
      assert.equal(bench.takeReports().filter((report) => report.startsWith('role')).length, 0)
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

  it('a released side that an operator forces to serve is released no more', () => {
    const bench = newcomer('preferred, higher', { online: true, number: 1, peerPolicy: null })
    bench.advanceMs(5000)
    assert.equal(bench.view.role, 'initial')
    bench.step({ kind: 'command', id: 1, designate: 'active', force: true })
    assert.equal(bench.serves, true)
    assert.equal(bench.lastRecord?.online, false)
  })

  for (const [brotherId, preferred] of [
    [2n, false],
    [0n, true]
  ] as const) {
    it(`of two equal priorities the higher node id is preferred: ${preferred ? 'mine' : 'not mine'}`, () => {
      const bench = newcomer('preferred, lower', {}, { priority: 100 })
      bench.brotherSays = { ...WORDS['an Active of epoch 20'], trailer: { nodeId: brotherId } }
      bench.advanceMs(1500)
      assert.equal(bench.lastRecord?.preferred, preferred)
    })
  }

  it('a brother that does not serve and does not hear this side is given a whole takeover delay of contact', () => {
    const bench = newcomer('preferred, higher', {}, { peerTimeoutMs: 3000 })
    bench.advanceMs(2500)
    const sinceMs = bench.nowMs
    bench.brotherSays = WORDS['a Standby that does not hear me']
    while (bench.view.role !== 'active' && bench.nowMs < sinceMs + 10_000) bench.advanceMs(1)
    assert.ok(bench.nowMs >= sinceMs + 3000 && bench.nowMs < sinceMs + 3500, `${bench.nowMs - sinceMs} ms`)
  })

  it('a refused grant is not taken back by a side whose flows hang', () => {
    const bench = inRole('active', 'availability, higher')
    bench.brotherSays = null
    bench.step({ kind: 'command', id: 1, designate: 'standby', force: false })
    bench.hears(WORDS['a Standby, ready'])
    assert.equal(decisions(bench), 'grant 21')
    bench.step({ kind: 'hostStalled', stalled: true })
    bench.hears({ state: 'standby', epoch: 21, flags: ['refusal'], trailer: { reason: 'not-ready' } })
    assert.equal(bench.view.role, 'standby')
    assert.deepEqual(bench.takeReplies(), ['refused'])
  })
})
