/**
 * The matrix of the extended wire without contact: my role x what is known of the brother x policy -> what comes of it,
 * and when. Written by hand from docs/PROTOCOL.md, "Taking over without contact", "Leases" and "Timers"; the figures are
 * those of the cast: h = 100 ms, P = 1000 ms, L = 885 ms.
 *
 * Cells that cannot occur: 'never met' as Standby or Active (both roles come of contact, or of 'never met' itself; the
 * Active of that kind is in the last story); one-way contact with an Active as Active (that is a conflict, and heard:
 * `matrix.test.ts`).
 */
import assert from 'node:assert/strict'
import type { Bench } from '../../harness/bench'
import type { ReasonCode } from '../../../src/protocol/catalogue'
import type { Role } from '../../../src/protocol/machine'
import { clear, inRole, KNOWN_EPOCH, newcomer, WORDS, type Column } from './matrix-cast'

/**
 * - `takes`: Active with 22, not a ms before `atMs`.
 * - `returns`: the same, but never before 2000 ms: until then the other side may serve on a refusal.
 * - `follows`: Standby at once, and it stays that.
 * - `waits`: keeps its role, which is not Active, for as long as the story goes.
 * - `serves`: stays Active with 20 and serves all the time.
 * - `stops`: Active and serving until its lease ends, at `stopsAtMs` at the latest; Standby then.
 * - `halts`: stops serving at once; its lease, if it has one, ends in the role of Standby.
 */
type Verdict = 'takes' | 'returns' | 'follows' | 'waits' | 'serves' | 'stops' | 'halts'

/** Under `availability` the two sides do the same, under `safety` too. */
const SIDES = ['availability, lower', 'preferred, higher', 'preferred, lower', 'safety, higher'] as const

interface Evidence {
  readonly story: (bench: Bench) => void
  /** Since the last word heard, or the start where nothing was; the exact ms at which a role may be taken. */
  readonly atMs: number
  /** Where the ms depends on which probe is answered: at the latest. */
  readonly untilMs?: number
  readonly reason: ReasonCode
  /** The start of the story is that of the machine. */
  readonly newcomer?: true
}

const SILENT = (bench: Bench): void => {
  bench.brotherSays = null
}

const EVIDENCE = {
  'never met, silence since the start': { story: SILENT, atMs: 1000, reason: 'cannot-negotiate', newcomer: true },
  'never met, and its host refuses': {
    story: (bench) => (bench.portIsClosed = true),
    atMs: 1000,
    reason: 'cannot-negotiate',
    newcomer: true
  },
  'in contact': { story: () => {}, atMs: Infinity, reason: 'none' },
  silence: { story: SILENT, atMs: 1000, reason: 'lost-connection' },
  'it is Active, and does not hear me': {
    story: (bench) => (bench.brotherSays = { ...WORDS['an Active of epoch 20'], deaf: true, acksTheFirst: true }),
    atMs: Infinity,
    reason: 'none'
  },
  'it stood down, and does not hear me': {
    story: (bench) => (bench.brotherSays = { ...WORDS['a Standby, not ready'], deaf: true, acksTheFirst: true }),
    atMs: 1000,
    reason: 'half-open'
  },
  'it is a Standby, and does not hear me': {
    story: (bench) => (bench.brotherSays = { ...WORDS['a Standby, ready'], deaf: true, acksTheFirst: true }),
    atMs: Infinity,
    reason: 'none'
  },
  // Suspected after 109 ms; refusals count from 250 ms (P/4) on. The first is on a probe, each 10 ms; two follow in a round trip each.
  'proof of a crash': {
    story: (bench) => {
      SILENT(bench)
      bench.portIsClosed = true
    },
    atMs: 252,
    untilMs: 272,
    reason: 'brother-crashed'
  },
  goodbye: {
    story: (bench) => {
      SILENT(bench)
      bench.hears(WORDS['a goodbye'])
    },
    atMs: 0,
    reason: 'brother-left'
  },
  'no link of mine is open': {
    story: (bench) => {
      SILENT(bench)
      bench.step({ kind: 'link', link: 0, open: false, detail: 'test' })
    },
    atMs: Infinity,
    reason: 'none'
  }
} as const satisfies Readonly<Record<string, Evidence>>
type Known = keyof typeof EVIDENCE

type Row = readonly [mine: Role, known: Known, ...verdicts: [Verdict, Verdict, Verdict, Verdict]]

const MATRIX: readonly Row[] = [
  // my role, what is known of the brother, under: availability, preferred as the preferred side and as the other, safety
  ['initial', 'never met, silence since the start', 'takes', 'returns', 'waits', 'waits'],
  ['initial', 'never met, and its host refuses', 'takes', 'returns', 'waits', 'waits'],
  ['initial', 'in contact', 'waits', 'waits', 'waits', 'waits'],
  ['initial', 'silence', 'takes', 'takes', 'waits', 'waits'],
  ['initial', 'it is Active, and does not hear me', 'follows', 'follows', 'follows', 'follows'],
  ['initial', 'it stood down, and does not hear me', 'waits', 'takes', 'waits', 'waits'],
  ['initial', 'proof of a crash', 'takes', 'takes', 'takes', 'takes'],
  ['initial', 'goodbye', 'takes', 'takes', 'takes', 'takes'],
  ['initial', 'no link of mine is open', 'waits', 'waits', 'waits', 'waits'],

  ['standby', 'in contact', 'waits', 'waits', 'waits', 'waits'],
  ['standby', 'silence', 'takes', 'takes', 'waits', 'waits'],
  ['standby', 'it is Active, and does not hear me', 'waits', 'waits', 'waits', 'waits'],
  ['standby', 'it stood down, and does not hear me', 'waits', 'takes', 'waits', 'waits'],
  ['standby', 'proof of a crash', 'takes', 'takes', 'takes', 'takes'],
  ['standby', 'goodbye', 'takes', 'takes', 'takes', 'takes'],
  ['standby', 'no link of mine is open', 'waits', 'waits', 'waits', 'waits'],

  ['active', 'in contact', 'serves', 'serves', 'serves', 'serves'],
  ['active', 'silence', 'serves', 'serves', 'stops', 'stops'],
  ['active', 'it is a Standby, and does not hear me', 'serves', 'serves', 'stops', 'stops'],
  // Under `preferred`, refused probes renew the lease of the other side.
  ['active', 'proof of a crash', 'serves', 'serves', 'serves', 'serves'],
  ['active', 'goodbye', 'serves', 'serves', 'serves', 'serves'],
  ['active', 'no link of mine is open', 'serves', 'halts', 'halts', 'halts']
]

const STORY_MS = 3000
/** From the start, or the opening of a link, until the preferred side may take the role alone. */
const RETURN_MS = 2000
/** L from the send time of the last acknowledged frame, which the last word was the answer to. */
const LEASE_MS = 886
/** The same for RETURN_MS, from the send time of a refused frame. */
const REFUSED_LEASE_MS = 1772

function begin(mine: Role, known: Known, column: Column): Bench {
  const evidence: Evidence = EVIDENCE[known]
  const bench = evidence.newcomer === true ? newcomer(column) : inRole(mine, column)
  clear(bench)
  evidence.story(bench)
  return bench
}

/** What the bench shows, ms by ms, as long as the story goes: each state with the time it began. */
function live(bench: Bench): { readonly atMs: number; readonly state: string }[] {
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

function check(mine: Role, known: Known, verdict: Verdict, bench: Bench): void {
  const { atMs, untilMs, reason }: Evidence = EVIDENCE[known]
  const states = live(bench)
  const names = states.map(({ state }) => state)
  switch (verdict) {
    case 'waits':
      assert.deepEqual(names, [mine])
      return
    case 'follows':
      assert.deepEqual(names, [mine, 'standby'])
      return
    case 'takes':
    case 'returns': {
      assert.deepEqual(names, atMs === 0 ? ['serves 22'] : [mine, 'serves 22'])
      const tookAtMs = states.at(-1)?.atMs ?? Infinity
      const fromMs = verdict === 'takes' ? atMs : RETURN_MS
      assert.ok(tookAtMs >= fromMs && tookAtMs <= (untilMs ?? fromMs), `took the role after ${tookAtMs} ms`)
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
    case 'halts':
      assert.equal(names[0], `active, silent ${KNOWN_EPOCH}`)
      assert.ok(names.every((name) => !name.startsWith('serves')))
      return
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
        .filter((known) => (EVIDENCE[known] as Evidence).newcomer !== true || mine === 'initial')
        .filter((known) => known !== 'it is a Standby, and does not hear me' || mine === 'active')
        .filter(
          (known) =>
            !['it is Active, and does not hear me', 'it stood down, and does not hear me'].includes(known) ||
            mine !== 'active'
        )
        .map((known) => `${mine}/${known}`)
    )
    assert.deepEqual(MATRIX.map(([mine, known]) => `${mine}/${known}`).toSorted(), expected.toSorted())
  })
})

describe('extended wire, without contact, what outlives a restart', () => {
  for (const column of SIDES) {
    const alone = column !== 'preferred, lower' && column !== 'safety, higher'
    it(`${column}: a longer promise of a former life is kept: ${alone ? 'takes after 3000 ms' : 'waits'}`, () => {
      const states = live(newcomer(column, { promisedMs: 3000 }))
      assert.deepEqual(states.slice(1), alone ? [{ atMs: 3000, state: 'serves 22' }] : [])
    })

    it(`${column}: a side that released the role ${column.startsWith('availability') ? 'takes it' : 'waits'}`, () => {
      const states = live(newcomer(column, { online: true, number: 1, peerPolicy: null }))
      assert.deepEqual(states.slice(1), column.startsWith('availability') ? [{ atMs: 1000, state: 'serves 22' }] : [])
    })

    it(`${column}: a reserved number counts as used`, () => {
      const bench = newcomer(column, { reserved: 40 })
      assert.equal(bench.view.epoch, 40)
      bench.advanceMs(RETURN_MS)
      assert.equal(bench.view.epoch, alone ? 42 : 40)
    })

    it(`${column}: a released side is free again when its brother counts it as a partner`, () => {
      const bench = newcomer(column, { online: true, number: 1, peerPolicy: null })
      bench.brotherSays = WORDS['an Active of epoch 20']
      bench.advanceMs(500)
      bench.brotherSays = null
      const waitMs = column === 'preferred, higher' ? RETURN_MS - 500 : 1000
      bench.advanceMs(waitMs - 101)
      assert.notEqual(bench.view.role, 'active')
      bench.advanceMs(101)
      assert.equal(bench.view.role, alone ? 'active' : 'standby')
    })
  }
})

describe('extended wire, without contact, how long it lasts', () => {
  it('preferred, lower: when the refusals end, so does the lease', () => {
    const bench = begin('active', 'proof of a crash', 'preferred, lower')
    bench.advanceMs(3000)
    assert.equal(bench.serves, true)
    bench.portIsClosed = false
    bench.advanceMs(REFUSED_LEASE_MS)
    assert.equal(bench.view.role, 'standby')
    assert.equal(bench.view.reason, 'lease-expired')
  })

  it('preferred, lower: one refusal a second, as many as Linux gives, is enough to serve on beside a dead brother', () => {
    const bench = begin('active', 'proof of a crash', 'preferred, lower')
    bench.advanceMs(500)
    bench.portIsClosed = false
    for (let second = 0; second < 10; second++) {
      bench.advanceMs(1000)
      assert.equal(bench.serves, true)
      bench.step({ kind: 'refused', link: 0 })
    }
  })

  it('preferred, higher: after a pause for a closed link it serves again when no refusal counts any more', () => {
    const bench = begin('active', 'no link of mine is open', 'preferred, higher')
    bench.step({ kind: 'link', link: 0, open: true, detail: '' })
    bench.advanceMs(RETURN_MS - 1)
    assert.equal(bench.serves, false)
    bench.advanceMs(1)
    assert.equal(bench.serves, true)
  })

  it('preferred, higher: nor does an operator’s word give it the role before', () => {
    const bench = newcomer('preferred, higher')
    bench.advanceMs(10)
    bench.step({ kind: 'command', id: 1, designate: 'active', force: true })
    bench.advanceMs(RETURN_MS - 11)
    assert.equal(bench.view.role, 'initial')
    bench.advanceMs(1)
    assert.equal(bench.serves, true)
  })

  it('a proof of a crash speaks of one moment: after half a promise, hung flows that run again change nothing', () => {
    const bench = inRole('standby', 'safety, higher')
    bench.step({ kind: 'hostStalled', stalled: true })
    EVIDENCE['proof of a crash'].story(bench)
    bench.advanceMs(407 + 501)
    bench.portIsClosed = false
    bench.step({ kind: 'hostStalled', stalled: false })
    bench.advanceMs(STORY_MS)
    assert.equal(bench.view.role, 'standby')
  })

  it('anything heard cancels a crash that is not proven yet', () => {
    const bench = inRole('standby', 'safety, higher')
    EVIDENCE['proof of a crash'].story(bench)
    bench.advanceMs(390)
    bench.portIsClosed = false
    bench.hears(WORDS['an Active of epoch 20'])
    bench.advanceMs(STORY_MS)
    assert.equal(bench.view.role, 'standby')
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
})
