/**
 * The matrix of the extended wire without contact: my role x what is known of the peer x policy -> what comes of it,
 * and when. Written by hand from docs/reference/PROTOCOL.md, "Taking over without contact", "Leases" and "Timers"; the figures are
 * those of the cast: h = 100 ms, P = 1000 ms, L = 885 ms.
 *
 * Cells that cannot occur: 'never met' as Standby or Active (both roles come of contact, or of 'never met' itself; the
 * Active of that kind is in the last story); one-way contact with an Active as Active (that is a conflict, and heard:
 * `matrix.test.ts`).
 */
import assert from 'node:assert/strict'
import type { ExtendedHarness } from '../../../support/machine/extended-harness'
import type { ReasonCode } from '../../../../src/protocol/reasons'
import type { Role } from '../../../../src/protocol/machine'
import type { PairRecord } from '../../../../src/protocol/record'
import type { PairSettings } from '../../../../src/protocol/settings'
import { answered, clear, inRole, KNOWN_EPOCH, newcomer, WORDS, type Column } from './matrix-cast'

/**
 * - `takes`: Active with 22, not a ms before `atMs`.
 * - `follows`: Standby at once, and it stays that.
 * - `waits`: keeps its role, which is not Active, for as long as the story goes.
 * - `serves`: stays Active with 20 and serves all the time.
 * - `stops`: Active and serving until its lease ends, after LEASE_MS at the latest; Standby then.
 */
type Verdict = 'takes' | 'follows' | 'waits' | 'serves' | 'stops'

/** Under `availability` the two sides do the same, under `exclusive` too. */
const SIDES = ['availability, lower', 'preferred, higher', 'preferred, lower', 'exclusive, higher'] as const

interface Evidence {
  readonly story: (bench: ExtendedHarness) => void
  /** Since the last word heard, or the start where nothing was; the exact ms at which a role may be taken. */
  readonly atMs: number
  readonly reason: ReasonCode
  /** The start of the story is that of the machine, which finds this on disk. */
  readonly newcomer?: Partial<PairRecord>
  readonly settings?: Partial<PairSettings>
}

const SILENT = (bench: ExtendedHarness): void => {
  bench.peerSays = null
}

/** There is a tether, and it ends so. */
const ENDS =
  (how: {
    readonly marked?: boolean
    readonly provable?: boolean
    readonly fin?: boolean
    readonly refused?: boolean
  }) =>
  (bench: ExtendedHarness): void => {
    answered(bench, how)
    bench.tether(how.provable)
    bench.tetherEnds(how)
  }

/** Its process is dead, and everything shows it. Proven after the quiet time. */
const CRASHED = ENDS({})
const SILENCE = { atMs: 1000, reason: 'lost-connection' } as const
const PROOF = { atMs: 20, reason: 'peer-crashed' } as const
const NEVER_MET = { story: SILENT, atMs: 1000, reason: 'cannot-negotiate' } as const
const NOTHING = { atMs: Infinity, reason: 'none' } as const

const EVIDENCE = {
  'never met, silence since the start': { ...NEVER_MET, newcomer: {} },
  'never met, my mark is on disk': { ...NEVER_MET, newcomer: { online: true } },
  'in contact': { story: () => {}, ...NOTHING },
  silence: { story: SILENT, ...SILENCE },
  'it is Active, and does not hear me': {
    story: (bench) => (bench.peerSays = { ...WORDS['an Active of epoch 20'], deaf: true, acksTheFirst: true }),
    ...NOTHING
  },
  'it stood down, and does not hear me': {
    story: (bench) => (bench.peerSays = { ...WORDS['a Standby, not ready'], deaf: true, acksTheFirst: true }),
    atMs: 1000,
    reason: 'half-open'
  },
  'it stood down, hears me, and counts another one': {
    story: (bench) => (bench.peerSays = { ...WORDS['a Standby, not ready'], deaf: true }),
    ...NOTHING
  },
  'it is a Standby, and does not hear me': {
    story: (bench) => (bench.peerSays = { ...WORDS['a Standby, ready'], deaf: true, acksTheFirst: true }),
    ...NOTHING
  },
  'proof of a crash': { story: CRASHED, ...PROOF },
  'proof of a crash, its mark not on its disk': { story: ENDS({ marked: false }), ...PROOF },
  'proof of a crash, and one started since answers': {
    story: (bench) => {
      CRASHED(bench)
      const ack = bench.takeSaid().at(-1)?.trailer?.seq ?? 0
      bench.hears({ ...WORDS['a Standby, not ready'], trailer: { session: 99n, seq: 1, ack } })
    },
    atMs: 1000,
    reason: 'peer-crashed'
  },
  'all of a proof, which is switched off': { story: CRASHED, ...SILENCE, settings: { crashProof: false } },
  'all of a proof, with somebody between the two': { story: ENDS({ provable: false }), ...SILENCE },
  'its tether is reset': { story: ENDS({ fin: false }), ...SILENCE },
  'its tether is reset, then ends, and the dial is refused': {
    story: (bench) => {
      ENDS({ fin: false })(bench)
      bench.tetherEnds()
    },
    ...SILENCE
  },
  'its tether ends, and it can be dialled': { story: ENDS({ refused: false }), ...SILENCE },
  'its tether ends, the dial is refused, and it answers once': {
    story: (bench) => {
      CRASHED(bench)
      bench.advanceMs(10)
      bench.hears(bench.view.role === 'standby' ? WORDS['an Active of epoch 20'] : WORDS['a Standby, not ready'])
    },
    ...SILENCE
  },
  'its tether ends, the dial is refused, nothing can be sent': {
    story: (bench) => {
      ENDS({})(bench)
      bench.unsendable.add(0)
    },
    ...SILENCE
  },
  goodbye: {
    story: (bench) => {
      SILENT(bench)
      bench.hears(WORDS['a goodbye'])
    },
    atMs: 0,
    reason: 'peer-left'
  },
  'goodbye of a removed pair': {
    story: (bench) => {
      SILENT(bench)
      bench.hears(WORDS['a goodbye of a removed pair'])
    },
    atMs: 0,
    reason: 'peer-removed'
  },
  'no link of mine is open': {
    story: (bench) => {
      SILENT(bench)
      bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
    },
    ...NOTHING
  },
  'all of a proof, and no link of mine is open': {
    story: (bench) => {
      CRASHED(bench)
      bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
    },
    ...NOTHING
  }
} as const satisfies Readonly<Record<string, Evidence>>
type Known = keyof typeof EVIDENCE

type Row = readonly [mine: Role, known: Known, ...verdicts: [Verdict, Verdict, Verdict, Verdict]]

const SILENCES = [
  'silence',
  'all of a proof, which is switched off',
  'all of a proof, with somebody between the two',
  'its tether is reset',
  'its tether is reset, then ends, and the dial is refused',
  'its tether ends, and it can be dialled',
  'its tether ends, the dial is refused, and it answers once',
  'its tether ends, the dial is refused, nothing can be sent'
] as const satisfies readonly Known[]

const MATRIX: readonly Row[] = [
  // my role, what is known of the peer, under: availability, preferred as the preferred side and as the other, exclusive
  ['initial', 'never met, silence since the start', 'takes', 'takes', 'waits', 'waits'],
  ['initial', 'never met, my mark is on disk', 'takes', 'waits', 'waits', 'waits'],
  ['initial', 'in contact', 'waits', 'waits', 'waits', 'waits'],
  ...SILENCES.map((known): Row => ['initial', known, 'takes', 'takes', 'waits', 'waits']),
  ['initial', 'it is Active, and does not hear me', 'follows', 'follows', 'follows', 'follows'],
  ['initial', 'it stood down, and does not hear me', 'waits', 'takes', 'waits', 'waits'],
  ['initial', 'it stood down, hears me, and counts another one', 'waits', 'waits', 'waits', 'waits'],
  ['initial', 'proof of a crash', 'takes', 'takes', 'takes', 'takes'],
  ['initial', 'proof of a crash, and one started since answers', 'takes', 'takes', 'waits', 'takes'],
  ['initial', 'proof of a crash, its mark not on its disk', 'takes', 'takes', 'waits', 'takes'],
  ['initial', 'goodbye', 'takes', 'takes', 'takes', 'takes'],
  ['initial', 'goodbye of a removed pair', 'takes', 'takes', 'takes', 'takes'],
  ['initial', 'no link of mine is open', 'waits', 'waits', 'waits', 'waits'],
  ['initial', 'all of a proof, and no link of mine is open', 'waits', 'waits', 'waits', 'waits'],

  ['standby', 'in contact', 'waits', 'waits', 'waits', 'waits'],
  ...SILENCES.map((known): Row => ['standby', known, 'takes', 'takes', 'waits', 'waits']),
  ['standby', 'it is Active, and does not hear me', 'waits', 'waits', 'waits', 'waits'],
  ['standby', 'it stood down, and does not hear me', 'waits', 'takes', 'waits', 'waits'],
  ['standby', 'it stood down, hears me, and counts another one', 'waits', 'waits', 'waits', 'waits'],
  ['standby', 'proof of a crash', 'takes', 'takes', 'takes', 'takes'],
  ['standby', 'proof of a crash, and one started since answers', 'takes', 'takes', 'waits', 'takes'],
  ['standby', 'proof of a crash, its mark not on its disk', 'takes', 'takes', 'waits', 'takes'],
  ['standby', 'goodbye', 'takes', 'takes', 'takes', 'takes'],
  ['standby', 'goodbye of a removed pair', 'takes', 'takes', 'takes', 'takes'],
  ['standby', 'no link of mine is open', 'waits', 'waits', 'waits', 'waits'],
  ['standby', 'all of a proof, and no link of mine is open', 'waits', 'waits', 'waits', 'waits'],

  ['active', 'in contact', 'serves', 'serves', 'serves', 'serves'],
  ...SILENCES.map((known): Row => ['active', known, 'serves', 'serves', 'stops', 'stops']),
  ['active', 'it is a Standby, and does not hear me', 'serves', 'serves', 'stops', 'stops'],
  ['active', 'proof of a crash', 'serves', 'serves', 'serves', 'serves'],
  ['active', 'proof of a crash, and one started since answers', 'serves', 'serves', 'serves', 'serves'],
  ['active', 'proof of a crash, its mark not on its disk', 'serves', 'serves', 'stops', 'serves'],
  ['active', 'goodbye', 'serves', 'serves', 'serves', 'serves'],
  ['active', 'goodbye of a removed pair', 'serves', 'serves', 'serves', 'serves'],
  // A lost path is no reason to stop; a lease ends as ever.
  ['active', 'no link of mine is open', 'serves', 'serves', 'stops', 'stops'],
  ['active', 'all of a proof, and no link of mine is open', 'serves', 'serves', 'stops', 'stops']
]

const OF_NO_ACTIVE: readonly Known[] = [
  'it is Active, and does not hear me',
  'it stood down, and does not hear me',
  'it stood down, hears me, and counts another one'
]

const STORY_MS = 3000
/** L from the send time of the last acknowledged frame, which the last word was the answer to. */
const LEASE_MS = 886

function begin(mine: Role, known: Known, column: Column): ExtendedHarness {
  const evidence: Evidence = EVIDENCE[known]
  const { newcomer: record, settings } = evidence
  const bench = record === undefined ? inRole(mine, column, settings) : newcomer(column, record, settings)
  clear(bench)
  evidence.story(bench)
  return bench
}

/** What the bench shows, ms by ms, as long as the story goes: each state with the time it began. */
function live(bench: ExtendedHarness): { readonly atMs: number; readonly state: string }[] {
  const beganMs = bench.nowMs
  const states: { atMs: number; state: string }[] = []
  for (;;) {
    const { role, epoch } = bench.view
    const state = role === 'active' ? `${bench.serves ? 'serves' : 'active, silent'} ${epoch}` : role
    if (states.at(-1)?.state !== state) states.push({ atMs: bench.nowMs - beganMs, state })
    if (bench.nowMs - beganMs >= STORY_MS) return states
    bench.advanceMs(1)
  }
}

function check(mine: Role, known: Known, verdict: Verdict, bench: ExtendedHarness): void {
  const { atMs, reason }: Evidence = EVIDENCE[known]
  const states = live(bench)
  const names = states.map(({ state }) => state)
  switch (verdict) {
    case 'waits':
      assert.deepEqual(names, [mine])
      return
    case 'follows':
      assert.deepEqual(names, [mine, 'standby'])
      return
    case 'takes': {
      assert.deepEqual(names, atMs === 0 ? ['serves 22'] : [mine, 'serves 22'])
      const tookAtMs = states.at(-1)?.atMs ?? Infinity
      assert.equal(tookAtMs, atMs, 'when it took the role')
      assert.equal(bench.view.reason, reason)
      return
    }
    case 'serves':
      assert.deepEqual(names, [`serves ${KNOWN_EPOCH}`])
      return
    case 'stops': {
      assert.deepEqual(names, [`serves ${KNOWN_EPOCH}`, 'standby'])
      const stoppedAtMs = states[1]?.atMs ?? Infinity
      assert.ok(stoppedAtMs <= LEASE_MS, `stopped only after ${stoppedAtMs} ms`)
      assert.equal(bench.view.reason, 'lease-expired')
      return
    }
    default:
      verdict satisfies never
  }
}

describe('extended wire, the matrix without contact', () => {
  for (const [mine, known, ...verdicts] of MATRIX) {
    SIDES.forEach((column, i) => {
      const verdict = verdicts[i] as Verdict
      it(`${column}: ${mine}, ${known}: ${verdict}`, () => check(mine, known, verdict, begin(mine, known, column)))
    })
  }

  it('has every cell exactly once', () => {
    const expected = (['initial', 'standby', 'active'] as const).flatMap((mine) =>
      (Object.keys(EVIDENCE) as Known[])
        .filter((known) => (EVIDENCE[known] as Evidence).newcomer === undefined || mine === 'initial')
        .filter((known) => known !== 'it is a Standby, and does not hear me' || mine === 'active')
        .filter((known) => mine !== 'active' || !OF_NO_ACTIVE.includes(known))
        .map((known) => `${mine}/${known}`)
    )
    assert.deepEqual(MATRIX.map(([mine, known]) => `${mine}/${known}`).toSorted(), expected.toSorted())
  })
})

describe('extended wire, without contact, what outlives a restart', () => {
  for (const column of SIDES) {
    const alone = column !== 'preferred, lower' && column !== 'exclusive, higher'
    it(`${column}: a longer promise of a former life is kept: ${alone ? 'takes after 3000 ms' : 'waits'}`, () => {
      const states = live(newcomer(column, { promisedMs: 3000 }))
      assert.deepEqual(states.slice(1), alone ? [{ atMs: 3000, state: 'serves 22' }] : [])
    })

    it(`${column}: a reserved number counts as used`, () => {
      const bench = newcomer(column, { reserved: 40 })
      assert.equal(bench.view.epoch, 40)
      bench.advanceMs(2000)
      assert.equal(bench.view.epoch, alone ? 42 : 40)
    })

    it(`${column}: a side with the mark on its disk is free again when its peer counts it as a partner`, () => {
      const bench = newcomer(column, { online: true })
      bench.peerSays = WORDS['an Active of epoch 20']
      bench.advanceMs(500)
      bench.peerSays = null
      bench.advanceMs(999)
      assert.notEqual(bench.view.role, 'active')
      bench.advanceMs(1)
      assert.equal(bench.view.role, alone ? 'active' : 'standby')
    })

    it(`${column}: a peer that is heard but never counts it as a partner does not free it`, () => {
      const free = column === 'availability, lower'
      const bench = newcomer(column, { online: true })
      bench.peerSays = { ...WORDS['an Active of epoch 20'], deaf: true }
      bench.advanceMs(500)
      bench.peerSays = null
      bench.advanceMs(3000)
      assert.equal(bench.view.role, free ? 'active' : 'standby')
      assert.equal(bench.view.aloneBar, free ? null : 'peer-may-serve')
    })
  }
})

describe('extended wire, without contact, how long it lasts', () => {
  it('preferred, higher: an operator’s word gives it the role P after its start, when every promise of a former life is over', () => {
    const bench = newcomer('preferred, higher', { online: true })
    bench.advanceMs(10)
    bench.step({ kind: 'command', id: 1, designate: 'active', force: true })
    bench.advanceMs(989)
    assert.equal(bench.view.role, 'initial')
    bench.advanceMs(1)
    assert.equal(bench.serves, true)
    assert.deepEqual(bench.takeReplies(), ['ok active'])
  })

  it('exclusive: a proof of a crash holds until the peer is heard again: hung flows that run again take the role', () => {
    const bench = inRole('standby', 'exclusive, higher')
    bench.step({ kind: 'hostStalled', stalled: true })
    CRASHED(bench)
    bench.advanceMs(30_000)
    assert.equal(bench.view.role, 'standby')
    bench.step({ kind: 'hostStalled', stalled: false })
    bench.advanceMs(1)
    assert.deepEqual([bench.serves, bench.view.reason], [true, 'peer-crashed'])
  })

  for (const [afterMs, taken] of [
    [800, true],
    [1000, false]
  ] as const) {
    it(`preferred, lower: the same after ${afterMs} ms: ${taken ? 'it takes the role' : 'its window is over'}`, () => {
      const bench = inRole('standby', 'preferred, lower')
      bench.step({ kind: 'hostStalled', stalled: true })
      CRASHED(bench)
      bench.advanceMs(afterMs)
      bench.step({ kind: 'hostStalled', stalled: false })
      bench.advanceMs(STORY_MS)
      assert.equal(bench.view.role, taken ? 'active' : 'standby')
    })
  }

  for (const column of SIDES) {
    it(`${column}: a survivor of a proof serves on for as long as nothing is heard, and is Active with the epoch it had`, () => {
      const bench = inRole('active', column)
      CRASHED(bench)
      bench.advanceMs(100)
      clear(bench)
      for (let second = 0; second < 60; second++) {
        bench.advanceMs(1000)
        assert.equal(bench.serves, true)
      }
      assert.equal(bench.view.epoch, KNOWN_EPOCH)
      assert.equal(bench.view.leaseUntilMs, Infinity)
      assert.deepEqual(bench.takeReports(), [])
    })
  }

  it('a word of before the FIN that comes late puts the proof off by the quiet time', () => {
    const bench = inRole('standby', 'exclusive, higher')
    CRASHED(bench)
    bench.advanceMs(15)
    bench.hears({ ...WORDS['an Active of epoch 20'], acksTheFirst: true })
    bench.advanceMs(19)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(1)
    assert.equal(bench.view.reason, 'peer-crashed')
  })

  for (const [when, afterMs] of [
    ['when the peer was lost by its silence', 1000],
    ['a moment before that', 990]
  ] as const) {
    it(`an end that is told ${when} proves nothing then, nor when a word of before it comes late`, () => {
      const bench = inRole('standby', 'exclusive, higher')
      answered(bench)
      bench.tether()
      bench.peerSays = null
      bench.advanceMs(afterMs)
      bench.tetherEnds()
      bench.advanceMs(100)
      assert.equal(bench.view.online, false)
      bench.hears({ ...WORDS['an Active of epoch 20'], acksTheFirst: true })
      bench.advanceMs(STORY_MS)
      assert.equal(bench.view.role, 'standby')
    })
  }

  it('the tether outlives a silence: its end is proven when the peer is heard again in the same session', () => {
    const bench = inRole('standby', 'exclusive, higher')
    const says = bench.peerSays
    answered(bench)
    bench.tether()
    bench.peerSays = null
    bench.advanceMs(3000)
    bench.peerSays = says
    bench.advanceMs(500)
    assert.deepEqual([bench.view.online, bench.view.proof], [true, 'possible'])
    bench.tetherEnds()
    bench.advanceMs(200)
    assert.equal(bench.view.reason, 'peer-crashed')
  })

  it('deaf until now: silence counts from when a link is open again', () => {
    const bench = begin('standby', 'no link of mine is open', 'availability, lower')
    bench.advanceMs(3000)
    bench.step({ kind: 'link', link: 0, open: true, detail: '' })
    bench.advanceMs(999)
    assert.equal(bench.view.role, 'standby')
    bench.advanceMs(1)
    assert.equal(bench.view.role, 'active')
  })

  it('nor does the last word of a peer that stood by count for more when the link is open again', () => {
    const bench = begin('initial', 'no link of mine is open', 'preferred, higher')
    bench.advanceMs(3000)
    bench.step({ kind: 'link', link: 0, open: true, detail: '' })
    bench.advanceMs(999)
    assert.equal(bench.view.role, 'initial')
    bench.advanceMs(1)
    assert.deepEqual([bench.view.role, bench.view.reason], ['active', 'lost-connection'])
  })
})
