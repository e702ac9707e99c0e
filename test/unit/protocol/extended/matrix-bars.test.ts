/**
 * What keeps a side from acting alone, whatever its policy says: bar x what is known of the peer x policy -> whether it takes the
 * role, and what ends the bar. Written by hand from docs/reference/PROTOCOL.md. None of it keeps it from a role that its peer grants, nor
 * from what an operator forces; without numbers of its own a side takes no role at all.
 */
import assert from 'node:assert/strict'
import { ExtendedHarness } from '../../../support/machine/extended-harness'
import type { AloneBar, Role } from '../../../../src/protocol/machine'
import type { PairRecord } from '../../../../src/protocol/record'
import type { Policy } from '../../../../src/protocol/settings'
import { EPOCH_MAX } from '../../../../src/protocol/epoch-allocator'
import { answered, clear, COLUMNS, decisions, inRole, newcomer, policyOf, WORDS, type Column } from './matrix-cast'

/** Under `availability` the two sides do the same, under `exclusive` too. */
const SIDES = ['availability, lower', 'preferred, higher', 'preferred, lower', 'exclusive, higher'] as const

const otherPolicy = (column: Column): Policy => (policyOf(column) === 'exclusive' ? 'availability' : 'exclusive')

/** Its peer has seen a newer record than any that it has made. */
const ROLLED_BACK = { trailer: { peerRecord: 900 } } as const
/** Its peer has an answer to what it will only send in 500 frames. */
const beyond = (bench: ExtendedHarness): void => {
  const said = bench.takeSaid().at(-1)?.trailer?.seq ?? 0
  bench.hears({ ...WORDS['a Standby, not ready'], trailer: { ack: said + 500 } })
}

/** The bar falls on a side that runs, or is found on its disk by one that starts. */
const BARS: Readonly<
  Record<
    AloneBar,
    { readonly record?: (column: Column) => Partial<PairRecord>; readonly fall?: (bench: ExtendedHarness) => void }
  >
> = {
  'peer-may-serve': { record: () => ({ online: true }) },
  'policy-differs': { record: (column) => ({ peerPolicy: otherPolicy(column) }) },
  'numbers-exhausted': { record: () => ({ epoch: EPOCH_MAX }) },
  'foreign-record': { fall: (bench) => bench.step({ kind: 'foreignRecord' }) },
  'rolled-back': { fall: (bench) => bench.hears({ ...WORDS['a Standby, not ready'], ...ROLLED_BACK, deaf: true }) },
  'restored-copy': { fall: beyond }
}
const NAMES = Object.keys(BARS) as AloneBar[]

/** A side on which the bar has fallen, heard by nobody as a partner since its start. */
function barred(bar: AloneBar, column: Column): ExtendedHarness {
  const { record, fall } = BARS[bar]
  const bench = newcomer(column, record?.(column))
  if (fall !== undefined && bar !== 'foreign-record') {
    // It takes a peer to find out.
    bench.advanceMs(100)
    bench.hears({ ...WORDS['a Standby, not ready'], deaf: true })
    bench.hears({ ...WORDS['a Standby, not ready'], deaf: true })
    assert.equal(bench.view.peerSession !== 0n, true)
  }
  fall?.(bench)
  const free = bar === 'peer-may-serve' && policyOf(column) === 'availability'
  assert.equal(bench.view.aloneBar, free ? null : bar)
  return bench
}

describe('extended wire, what keeps a side from acting alone: nobody is heard', () => {
  for (const bar of NAMES) {
    for (const column of SIDES) {
      const free = bar === 'peer-may-serve' && policyOf(column) === 'availability'
      it(`${column}, ${bar}: ${free ? 'takes the role' : 'waits, however long'}`, () => {
        const bench = barred(bar, column)
        bench.advanceMs(60_000)
        assert.equal(bench.view.role, free ? 'active' : 'initial')
      })

      const forced = bar === 'numbers-exhausted' ? 'not-confirmed' : 'ok active'
      it(`${column}, ${bar}: an operator's force: ${forced}`, () => {
        const bench = barred(bar, column)
        bench.advanceMs(5000)
        if (bench.view.role === 'active') return
        bench.step({ kind: 'command', id: 1, designate: 'active', force: true })
        bench.advanceMs(5000)
        assert.deepEqual(bench.takeReplies(), [forced])
        assert.equal(bench.serves, forced === 'ok active')
      })
    }
  }
})

/** In contact as Standby or Active, with a tether; the bar falls there where it can. */
function inContact(bar: AloneBar, role: Role, column: Column): ExtendedHarness {
  const bench = inRole(role, column)
  answered(bench)
  bench.tether()
  if (bar === 'policy-differs') {
    const says = bench.peerSays ?? WORDS['a Standby, not ready']
    bench.peerSays = { ...says, trailer: { policy: otherPolicy(column) } }
    bench.advanceMs(200)
  } else if (bar === 'foreign-record') bench.step({ kind: 'foreignRecord' })
  assert.equal(bench.view.aloneBar, bar)
  clear(bench)
  return bench
}

describe('extended wire, what keeps a side from acting alone: found in contact', () => {
  for (const bar of ['policy-differs', 'foreign-record'] as const) {
    for (const column of COLUMNS) {
      it(`${column}, ${bar}: a Standby takes no role on silence, nor on a proof of a crash`, () => {
        const silent = inContact(bar, 'standby', column)
        silent.peerSays = null
        silent.advanceMs(10_000)
        assert.equal(silent.view.role, 'standby')
        const proven = inContact(bar, 'standby', column)
        proven.tetherEnds()
        proven.advanceMs(10_000)
        assert.equal(proven.view.role, 'standby')
        assert.ok(proven.takeReports().includes('online peer-crashed'), 'it was proven all the same')
      })

      it(`${column}, ${bar}: on its peer's goodbye, and by its grant, it takes the role`, () => {
        const left = inContact(bar, 'standby', column)
        left.peerSays = null
        left.hears(WORDS['a goodbye'])
        assert.deepEqual([left.serves, left.view.reason], [true, 'peer-left'])
        const granted = inContact(bar, 'standby', column)
        granted.hears(WORDS['a grant of 22'])
        assert.deepEqual([granted.serves, granted.view.epoch], [true, 22])
      })

      // To be preferred is worth something only beside a peer that goes by it.
      const leased =
        column === 'preferred, lower' ||
        column.startsWith('exclusive') ||
        (bar === 'policy-differs' && column.startsWith('preferred'))
      it(`${column}, ${bar}: an Active ${leased ? 'has no right without its lease, whatever is proven' : 'serves on'}`, () => {
        const bench = inContact(bar, 'active', column)
        assert.equal(bench.serves, true)
        bench.tetherEnds()
        bench.advanceMs(5000)
        assert.equal(bench.serves, !leased)
        if (leased) assert.equal(bench.view.reason, 'lease-expired')
      })
    }
  }
})

describe('extended wire, what ends it', () => {
  for (const column of SIDES) {
    const alone = column === 'availability, lower' || column === 'preferred, higher'

    it(`${column}, peer-may-serve: a peer that counts this side as its partner`, () => {
      const bench = barred('peer-may-serve', column)
      bench.peerSays = WORDS['an Active of epoch 20']
      bench.advanceMs(500)
      assert.equal(bench.view.aloneBar, null)
    })

    it(`${column}, the mark: on disk in contact, cleared by a goodbye, and by nothing else but P of silence`, () => {
      const bench = newcomer(column)
      bench.peerSays = WORDS['an Active of epoch 20']
      bench.advanceMs(300)
      assert.equal(bench.lastRecord?.online, true)
      assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.marked, true)
      bench.peerSays = null
      bench.advanceMs(999)
      assert.equal(bench.lastRecord?.online, true)
      bench.advanceMs(1)
      assert.equal(bench.lastRecord?.online, false, 'P after its last word')
      bench.hears(WORDS['an Active of epoch 20'])
      assert.equal(bench.lastRecord?.online, true, 'it is heard again')
      bench.hears(WORDS['a goodbye'])
      assert.equal(bench.lastRecord?.online, false)
    })

    it(`${column}, the mark: neither a proof of a crash clears it, nor half-open contact, nor a command`, () => {
      const proven = inRole('standby', column)
      answered(proven)
      proven.tether()
      proven.tetherEnds()
      proven.advanceMs(500)
      assert.equal(proven.view.reason, 'peer-crashed')
      assert.equal(proven.lastRecord?.online, true)
      proven.advanceMs(500)
      assert.equal(proven.lastRecord?.online, false, 'but P of silence does')

      const halfOpen = newcomer(column, { online: true })
      halfOpen.peerSays = { ...WORDS['a Standby, not ready'], deaf: true }
      halfOpen.advanceMs(1500)
      halfOpen.peerSays = null
      halfOpen.advanceMs(3000)
      assert.equal(halfOpen.lastRecord?.online, true)

      const forced = newcomer(column, { online: true })
      forced.advanceMs(500)
      forced.step({ kind: 'command', id: 1, designate: 'active', force: true })
      forced.advanceMs(5000)
      assert.equal(forced.serves, true)
      assert.equal(forced.lastRecord?.online, true)
    })

    it(`${column}, the mark: a start that finds it keeps it, and tells its peer so`, () => {
      const bench = newcomer(column, { online: true })
      bench.advanceMs(3000)
      assert.ok(bench.takeSaid().every(({ trailer }) => trailer?.flags.marked === true))
      assert.equal(bench.lastRecord?.online, true)
    })

    it(`${column}, the mark: frames do not say so before it is on disk`, () => {
      const bench = newcomer(column)
      bench.advanceMs(50)
      bench.storeAnswers = false
      bench.peerSays = WORDS['an Active of epoch 20']
      bench.advanceMs(1000)
      assert.ok(bench.takeSaid().every(({ trailer }) => trailer?.flags.marked === false))
      bench.answerStore()
      bench.advanceMs(150)
      assert.equal(bench.takeSaid().at(-1)?.trailer?.flags.marked, true)
    })

    it(`${column}, policy-differs: the peer's word that it has the same again, also after a restart`, () => {
      const bench = barred('policy-differs', column)
      bench.peerSays = WORDS['an Active of epoch 20']
      bench.advanceMs(300)
      assert.equal(bench.view.aloneBar, null)
      assert.equal(bench.lastRecord?.peerPolicy, policyOf(column))
      bench.peerSays = null
      bench.advanceMs(1000)
      assert.equal(bench.view.role, alone ? 'active' : 'standby')
    })

    it(`${column}, foreign-record: nothing but a restart`, () => {
      const bench = barred('foreign-record', column)
      assert.ok(bench.takeReports().includes('store foreign-record'))
      bench.peerSays = WORDS['an Active of epoch 20']
      bench.advanceMs(3000)
      bench.step({ kind: 'foreignRecord' })
      assert.deepEqual(
        bench.takeReports().filter((report) => report.startsWith('store')),
        [],
        'it is told once'
      )
      assert.equal(bench.view.aloneBar, 'foreign-record')
      bench.peerSays = null
      bench.advanceMs(10_000)
      assert.equal(bench.view.role, 'standby')
    })

    it(`${column}, rolled-back: contact, and a newer record on disk than its peer has seen`, () => {
      const bench = barred('rolled-back', column)
      assert.ok(bench.takeReports().includes('mismatch rolled-back'))
      bench.storeAnswers = false
      bench.hears({ ...WORDS['a Standby, not ready'], ...ROLLED_BACK })
      bench.peerSays = { ...WORDS['an Active of epoch 20'], ...ROLLED_BACK }
      bench.advanceMs(1000)
      assert.equal(bench.view.aloneBar, 'rolled-back', 'there is contact, but nothing on disk')
      bench.answerStore()
      bench.advanceMs(200)
      assert.equal(bench.view.aloneBar, null)
      assert.ok((bench.lastRecord?.number ?? 0) > 900)
      const { record } = bench.takeSaid().at(-1)?.trailer ?? {}
      assert.equal(record, bench.lastRecord?.number)
    })

    it(`${column}, rolled-back: also found in the opening of a session, and in the middle of one`, () => {
      const opening = newcomer(column)
      opening.advanceMs(100)
      opening.hears({ ...WORDS['an Active of epoch 20'], ...ROLLED_BACK })
      assert.deepEqual([opening.view.peerSession, opening.view.aloneBar], [0n, 'rolled-back'])
      const middle = inRole('standby', column)
      middle.storeAnswers = false
      middle.hears({ ...WORDS['an Active of epoch 20'], ...ROLLED_BACK })
      assert.equal(middle.view.aloneBar, 'rolled-back')
    })

    it(`${column}, rolled-back: not by what was said to another session of this side`, () => {
      const bench = newcomer(column)
      bench.advanceMs(100)
      for (const echo of [0n, 77n])
        bench.hears({ ...WORDS['an Active of epoch 20'], trailer: { echo, peerRecord: 900 } })
      assert.equal(bench.view.aloneBar, null)
    })

    it(`${column}, restored-copy: a new session at once, Standby without a gate, and contact ends it`, () => {
      for (const role of ['initial', 'standby', 'active'] as const) {
        const bench = inRole(role, column)
        bench.peerSays = null
        const { session } = bench.view
        bench.advanceMs(100)
        beyond(bench)
        assert.notEqual(bench.view.session, session)
        assert.deepEqual([bench.serves, bench.view.online, bench.view.peerSession], [false, false, 0n])
        assert.equal(bench.view.role, role === 'active' ? 'standby' : role)
        assert.ok(bench.takeReports().includes('mismatch restored-copy'))
        bench.advanceMs(3000)
        assert.notEqual(bench.view.role, 'active')
        assert.equal(bench.view.aloneBar, 'restored-copy')
        bench.hears(WORDS['a Standby, not ready'])
        bench.hears(WORDS['a Standby, not ready'])
        bench.hears(WORDS['a Standby, not ready'])
        assert.equal(bench.view.aloneBar, null)
      }
    })
  }

  for (const [keyed, what, echo] of [
    [true, 'has taken leave of', 0n],
    [false, 'has taken leave of', 0n],
    [true, 'counts another session in place of', 77n],
    [false, 'counts another session in place of', 77n]
  ] as const) {
    it(`restored-copy: one that the peer ${what}, and that knows nothing of it, begins again, ${keyed ? 'with' : 'without'} a key`, () => {
      const bench = new ExtendedHarness({ settings: {}, keyed, record: { ...RECORD }, peer: {} })
      bench.peerSays = WORDS['a Standby, not ready']
      bench.advanceMs(500)
      const { session } = bench.view
      bench.takeReports()
      bench.hears({ ...WORDS['a Standby, not ready'], trailer: { echo, seq: 1 } })
      assert.deepEqual(bench.takeReports(), ['dropped session'], 'it came late: it is of before they met')
      assert.equal(bench.view.session, session)
      bench.hears({ ...WORDS['a Standby, not ready'], trailer: { echo } })
      assert.ok(bench.takeReports().includes('mismatch restored-copy'))
      assert.deepEqual(
        [bench.view.session === session, bench.serves, bench.view.aloneBar],
        [false, false, 'restored-copy']
      )
    })
  }

  it('restored-copy: a side that leaves begins no new session, and says goodbye no more: that would be the other one’s', () => {
    const bench = inRole('active', 'exclusive, higher')
    bench.peerSays = null
    bench.step({ kind: 'goodbye', reason: 'shutdown' })
    const { session } = bench.view
    assert.ok(bench.takeSaid().some(({ trailer }) => trailer?.flags.goodbye === true))
    bench.advanceMs(30)
    assert.equal(bench.takeSaid().length, 1, 'it repeats itself')
    bench.hears({ ...WORDS['a Standby, not ready'], trailer: { ack: 5000 } })
    assert.equal(bench.view.session, session)
    assert.ok(!bench.takeReports().includes('mismatch restored-copy'))
    bench.advanceMs(3000)
    assert.deepEqual(bench.takeSaid(), [])
  })
})

const RECORD: PairRecord = {
  nodeId: '0000000000000001',
  epoch: 20,
  reserved: 0,
  parity: 0,
  promisedMs: 1000,
  preferred: false,
  online: false,
  number: 1,
  peerPolicy: null
}

describe('extended wire, what each side tells of records', () => {
  it('its own newest on disk, and the newest of its peer that it has seen, of the same node', () => {
    const bench = newcomer('availability, lower', { number: 40 })
    bench.advanceMs(50)
    const said = (): { readonly record: number; readonly peerRecord: number } => {
      const trailer = bench.takeSaid().at(-1)?.trailer
      assert.ok(trailer != null)
      return { record: trailer.record, peerRecord: trailer.peerRecord }
    }
    assert.equal(said().peerRecord, 0)
    for (const [record, told] of [
      [70, 70],
      [72, 72],
      [71, 72]
    ] as const) {
      bench.peerSays = { ...WORDS['an Active of epoch 20'], trailer: { record } }
      bench.advanceMs(200)
      assert.deepEqual(said(), { record: bench.lastRecord?.number, peerRecord: told })
    }
    bench.storeAnswers = false
    const before = bench.lastRecord?.number
    bench.hears({ ...WORDS['an Active of epoch 20'], epoch: 30 })
    bench.hears({ ...WORDS['an Active of epoch 20'], epoch: 30 })
    assert.notEqual(bench.lastRecord?.number, before)
    assert.equal(said().record, before, 'the newer one is not on disk')

    bench.peerSays = null
    bench.hearsRestarted({ ...WORDS['an Initial, not ready'], trailer: { record: 3 } })
    assert.equal(said().peerRecord, 72, 'a restart that lost its disk is told so')
    bench.peerSays = { ...WORDS['an Initial, not ready'], trailer: { nodeId: 9n, record: 3 } }
    bench.advanceMs(200)
    assert.equal(said().peerRecord, 3, 'another node has its own')
  })

  it('numbers that no pair counts to are damage: they are not told back, and do not end what this side counts', () => {
    const bench = newcomer('availability, lower')
    for (const end of [2 ** 47, 2 ** 48 - 1]) {
      bench.peerSays = { ...WORDS['an Active of epoch 20'], trailer: { record: end, peerRecord: end } }
      bench.advanceMs(500)
      assert.equal(bench.view.aloneBar, null)
      assert.ok((bench.lastRecord?.number ?? 0) < 100)
      assert.equal(bench.takeSaid().at(-1)?.trailer?.peerRecord, 0)
    }
  })

  it('to an opening of another node nothing of the one that it was', () => {
    const bench = newcomer('availability, lower')
    bench.peerSays = { ...WORDS['an Active of epoch 20'], trailer: { record: 70 } }
    bench.advanceMs(300)
    bench.peerSays = null
    bench.advanceMs(3000)
    bench.restartPeer()
    clear(bench)
    bench.hears({ ...WORDS['an Initial, not ready'], trailer: { nodeId: 9n, record: 3 } })
    assert.equal(bench.takeSaid().at(-1)?.trailer?.peerRecord, 0)
  })
})

describe('extended wire, a side at the end of its numbers', () => {
  for (const column of COLUMNS) {
    for (const record of [{ epoch: EPOCH_MAX }, { reserved: EPOCH_MAX }, { number: EPOCH_MAX }]) {
      it(`${column}, ${Object.keys(record).join()}: says so, takes no role, follows its peer, and grants it the role`, () => {
        const bench = newcomer(column, record)
        assert.ok(bench.takeReports().includes('store numbers-exhausted'))
        bench.peerSays = { ...WORDS['an Initial, ready'], epoch: 0 }
        bench.advanceMs(500)
        assert.deepEqual([bench.view.role, bench.view.online], ['standby', true])
        assert.match(decisions(bench), /^grant \d+$/)
        bench.peerSays = WORDS['an Active of epoch 20']
        bench.advanceMs(500)
        assert.deepEqual([bench.view.role, bench.view.epoch, bench.view.aloneBar], ['standby', 20, 'numbers-exhausted'])
        bench.hears(WORDS['a grant of 22'])
        bench.hears(WORDS['a grant of 22'])
        bench.peerSays = null
        bench.hears(WORDS['a goodbye'])
        bench.advanceMs(10_000)
        assert.equal(bench.view.role, 'standby')
      })
    }
  }
})

describe('extended wire, a peer that lives and is no partner', () => {
  const ACTIVE = WORDS['an Active of epoch 20']

  it('preferred, higher: one that is Active and never counted this side may serve: it is no silence that gives the role', () => {
    const bench = newcomer('preferred, higher')
    bench.peerSays = { ...ACTIVE, deaf: true }
    bench.advanceMs(500)
    assert.equal(bench.view.aloneBar, 'peer-may-serve')
    bench.peerSays = null
    bench.advanceMs(60_000)
    assert.equal(bench.view.role, 'standby')
    bench.hears(WORDS['a Standby, not ready'])
    assert.equal(bench.view.aloneBar, null)
  })

  it('preferred, higher: the same of one that counted it before, and does so no more', () => {
    const bench = inRole('standby', 'preferred, higher')
    bench.hears({ ...ACTIVE, deaf: true })
    assert.equal(bench.view.aloneBar, 'peer-may-serve')
    bench.peerSays = null
    bench.advanceMs(60_000)
    assert.equal(bench.view.role, 'standby')
  })

  it('preferred, higher: one that is Active in an opening, and answers this side', () => {
    const bench = newcomer('preferred, higher')
    bench.advanceMs(100)
    bench.hears(ACTIVE)
    assert.deepEqual([bench.view.peerSession, bench.view.aloneBar], [0n, 'peer-may-serve'])
    bench.advanceMs(60_000)
    assert.equal(bench.view.role, 'initial')
  })

  for (const column of ['preferred, higher', 'availability, lower'] as const) {
    it(`${column}: one that stands by in its openings is about to be met: the role is taken P after its last word`, () => {
      const bench = newcomer(column)
      const says = (seq: number): void => {
        // It acknowledges nothing that was sent after it was first heard.
        bench.hears({ ...WORDS['an Initial, not ready'], acksTheFirst: true, trailer: { seq } })
      }
      let tookAtMs = Infinity
      for (let ms = 0; ms <= 3000; ms++) {
        if (ms === 100 || ms === 500 || ms === 900) says(ms)
        if (tookAtMs === Infinity && bench.view.role === 'active') tookAtMs = ms
        bench.advanceMs(1)
      }
      assert.equal(tookAtMs, 1900)
    })
  }

  it('a recording of an Active of long ago that knew this session bars nothing', () => {
    const bench = inRole('standby', 'preferred, higher')
    const seq = 1_000
    bench.peerSays = null
    bench.hears({ ...ACTIVE, trailer: { seq } })
    const recorded = { ...ACTIVE, acksTheFirst: true, trailer: { session: 0xb0b0n, seq } } as const
    bench.hearsRestarted(WORDS['a Standby, not ready'])
    bench.hears(WORDS['a Standby, not ready'])
    bench.advanceMs(500)
    for (let i = 0; i < 5; i++) {
      bench.hears({ ...recorded, trailer: { ...recorded.trailer, seq: seq + i } })
      bench.advanceMs(100)
    }
    assert.equal(bench.view.aloneBar, null)
    bench.advanceMs(1)
    assert.deepEqual([bench.view.role, bench.view.reason], ['active', 'lost-connection'])
  })

  it('nor does it put off the role of a side that has met nobody', () => {
    const bench = newcomer('preferred, higher')
    bench.advanceMs(10)
    for (let ms = 10; ms < 5000; ms += 10) {
      const seq = 5 + (ms % 40)
      for (const session of [91n, 92n]) {
        bench.hears({ ...WORDS['an Initial, not ready'], acksTheFirst: true, trailer: { session, seq } })
      }
      bench.advanceMs(10)
      if (bench.view.role === 'active') return
    }
    assert.fail('it never took the role')
  })

  for (const column of SIDES) {
    const takes = column !== 'preferred, lower'
    it(`${column}, peer-may-serve: one that is proven dead serves no more: ${takes ? 'takes the role' : 'waits, without a window'}`, () => {
      const bench = newcomer(column, { online: true })
      const says = { ...ACTIVE, deaf: true } as const
      bench.peerSays = says
      bench.advanceMs(300)
      bench.tether()
      bench.tetherEnds()
      bench.advanceMs(260)
      assert.deepEqual([bench.view.online, bench.view.role], [false, takes ? 'active' : 'standby'])
      if (takes) assert.equal(bench.view.reason, 'peer-crashed')
    })
  }
})
