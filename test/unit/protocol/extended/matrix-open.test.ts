/**
 * The matrix of the extended wire with something of mine still open: a grant that is out, an operator's wish for the
 * role, a question whether the peer is ready to take it. Written by hand from docs/reference/PROTOCOL.md, "Roles"; the same
 * under every policy as long as the peer is heard.
 */
import assert from 'node:assert/strict'
import type { ExtendedHarness, Word } from '../../../support/machine/extended-harness'
import type { Role } from '../../../../src/protocol/machine'
import { clear, COLUMNS, decisions, inRole, WORDS, type Column } from './matrix-cast'

/**
 * - `granting`: Standby; I granted 21 to the peer, who asked for it.
 * - `wishing`: Standby; my operator told me to become Active, and I asked the peer, who is Active with 20.
 * - `asking`: Active with 20; my operator told me to stand by, and I asked the peer whether it is ready.
 * - `handing over`: Standby; the same, it was ready, and I granted it 21.
 */
const asking = (column: Column): ExtendedHarness => {
  const bench = inRole('active', column)
  bench.step({ kind: 'command', id: 1, designate: 'standby', force: false })
  return bench
}

const OPEN = {
  granting: (column) => {
    const bench = inRole('standby', column)
    bench.hears(WORDS['a wish, ready'])
    return bench
  },
  wishing: (column) => {
    const bench = inRole('standby', column)
    bench.step({ kind: 'command', id: 1, designate: 'active', force: false })
    return bench
  },
  asking,
  'handing over': (column) => {
    const bench = asking(column)
    bench.hears(WORDS['a Standby, ready'])
    return bench
  }
} as const satisfies Readonly<Record<string, (column: Column) => ExtendedHarness>>
type Situation = keyof typeof OPEN

const REFUSAL = { flags: ['refusal'], trailer: { reason: 'not-ready' } } as const satisfies Partial<Word>
const SHOWN = {
  ...WORDS,
  'an Active of epoch 21': { state: 'active', epoch: 21 },
  'a refusal of 21': { state: 'standby', epoch: 21, ...REFUSAL },
  'a refusal of 21 that has not seen my grant': { state: 'standby', epoch: 21, ...REFUSAL, acksTheFirst: true },
  'a grant of 24': { head: 'designate', state: 'standby', epoch: 24, trailer: { reason: 'operator' } },
  'a refusal by the Active': { state: 'active', epoch: 20, ...REFUSAL },
  'a refusal by the Active that has not seen my wish': { state: 'active', epoch: 20, ...REFUSAL, acksTheFirst: true },
  'a Standby, ready, that has not seen my question': {
    state: 'standby',
    epoch: 20,
    flags: ['ready'],
    acksTheFirst: true
  }
} as const satisfies Readonly<Record<string, Word>>
type Shown = keyof typeof SHOWN

type Row = readonly [Situation, Shown, Role, number, readonly string[], decides: string, answer: string]

const BACK = ['handover handover-aborted', 'role handover-aborted']
const TAKEN = ['designate operator', 'role operator']

const MATRIX: readonly Row[] = [
  // what is open, the peer shows, I become, epoch, I report, I say, what the operator is told
  ['granting', 'an Active of epoch 21', 'standby', 21, ['designate peer-active'], '', ''],
  ['granting', 'an Active of epoch 10', 'standby', 21, ['designate peer-active'], '', ''],
  ['granting', 'an Initial, ready', 'standby', 21, [], '', ''],
  ['granting', 'a Standby, ready', 'standby', 21, [], '', ''],
  ['granting', 'a Standby, not ready', 'standby', 21, [], '', ''],
  ['granting', 'a refusal of 21', 'active', 22, BACK, '', ''],
  ['granting', 'a refusal', 'standby', 21, [], '', ''],
  ['granting', 'a refusal of 21 that has not seen my grant', 'standby', 21, [], '', ''],
  // Mine is void; the other is taken when it comes again, with its number on disk.
  ['granting', 'a grant of 24', 'standby', 21, [], '', ''],
  ['granting', 'a grant of 20', 'standby', 21, [], 'grant 21, refusal', ''],
  // What the answer to a goodbye still carries, a side that leaves does not take.
  ['granting', 'a goodbye', 'active', 22, ['online peer-left', 'role peer-left'], 'grant 21', ''],

  ['wishing', 'a grant of 22', 'active', 22, TAKEN, '', 'ok active'],
  ['wishing', 'a grant of 22, too old', 'standby', 20, [], '', ''],
  ['wishing', 'a refusal by the Active', 'standby', 20, [], '', 'refused'],
  ['wishing', 'a refusal by the Active that has not seen my wish', 'standby', 20, [], 'wish', ''],
  ['wishing', 'an Active of epoch 20', 'standby', 20, [], 'wish', ''],
  ['wishing', 'a Standby, ready', 'standby', 20, [], '', ''],
  ['wishing', 'a Standby, not ready', 'standby', 20, [], '', ''],
  ['wishing', 'a goodbye', 'active', 22, ['online peer-left', 'role peer-left'], 'wish', 'ok active'],

  ['asking', 'a Standby, ready', 'standby', 21, ['role operator', 'designate operator'], 'grant 21', ''],
  ['asking', 'a Standby, ready, that has not seen my question', 'active', 20, [], '', ''],
  ['asking', 'a Standby, not ready', 'active', 20, [], '', ''],
  [
    'asking',
    'an Active of epoch 30',
    'standby',
    30,
    ['conflict peer-active', 'yielded higher-epoch', 'role higher-epoch'],
    '',
    'ok standby'
  ],
  ['asking', 'a goodbye', 'active', 20, ['online peer-left', 'handover handover-aborted'], '', 'peer-offline'],

  ['handing over', 'an Active of epoch 21', 'standby', 21, ['designate peer-active'], '', 'ok standby'],
  ['handing over', 'a Standby, ready', 'standby', 21, [], '', ''],
  ['handing over', 'a refusal of 21', 'active', 22, BACK, '', 'refused'],
  ['handing over', 'a refusal of 21 that has not seen my grant', 'standby', 21, [], '', '']
]

describe('extended wire, the matrix with something open', () => {
  for (const [situation, shown, becomes, epoch, reports, decides, answer] of MATRIX) {
    for (const column of COLUMNS) {
      it(`${column}: ${situation}, hears ${shown}: ${becomes}, epoch ${epoch}`, () => {
        const bench = OPEN[situation](column)
        clear(bench)
        bench.hears(SHOWN[shown])
        assert.deepEqual([bench.view.role, bench.view.epoch], [becomes, epoch])
        assert.equal(bench.serves, becomes === 'active')
        assert.deepEqual(bench.takeReports(), reports)
        assert.equal(decisions(bench), decides)
        assert.equal(bench.takeReplies().join(), answer)
      })
    }
  }
})

describe('extended wire, what ends an open matter when nobody answers it', () => {
  for (const column of COLUMNS) {
    const alone = column.startsWith('availability') || column === 'preferred, higher'

    it(`${column}: a grant is repeated as long as the peer is heard, and nobody serves here`, () => {
      const bench = OPEN.granting(column)
      bench.peerSays = WORDS['a Standby, not ready']
      for (let i = 0; i < 50; i++) {
        clear(bench)
        bench.advanceMs(100)
        assert.equal(bench.view.role, 'standby')
        assert.equal(decisions(bench), 'grant 21')
      }
    })

    it(`${column}: a grant whose taker falls silent: ${alone ? 'taken back after P, with a newer number' : 'waits'}`, () => {
      const bench = OPEN.granting(column)
      bench.peerSays = null
      clear(bench)
      bench.advanceMs(999)
      assert.equal(bench.view.role, 'standby')
      bench.advanceMs(1)
      assert.deepEqual([bench.view.role, bench.view.epoch], alone ? ['active', 22] : ['standby', 21])
      assert.deepEqual(bench.takeReports(), ['online lost-connection', ...(alone ? ['role lost-connection'] : [])])
    })

    it(`${column}: a refusal of a grant of long ago ends it, but is too old to serve on`, () => {
      const bench = OPEN.granting(column)
      bench.peerSays = null
      // Longer than a lease, shorter than P.
      bench.whileUnheard(() => bench.advanceMs(950))
      clear(bench)
      bench.hears(SHOWN['a refusal of 21'])
      assert.equal(bench.view.role, 'standby')
      assert.deepEqual(bench.takeReports(), ['handover handover-aborted'])
    })

    const atOnce = column.startsWith('availability')
    it(`${column}: a grant whose taker restarts is void, and the two agree anew${atOnce ? '' : ', when the former one cannot serve any more'}`, () => {
      const bench = OPEN.granting(column)
      bench.peerSays = null
      bench.advanceMs(2 * bench.settings.heartbeatMs)
      clear(bench)
      bench.hearsRestarted(WORDS['an Initial, ready'])
      assert.deepEqual(bench.takeReports(), ['online peer-restarted', 'negotiate peer-restarted', 'online peer-heard'])
      assert.equal(decisions(bench), '')
      bench.peerSays = SHOWN['a grant of 24']
      bench.hears(SHOWN['a grant of 24'])
      bench.hears(SHOWN['a grant of 24'])
      if (!atOnce) {
        // The last word of the former one came in 200 ms ago.
        bench.advanceMs(799)
        assert.equal(bench.view.role, 'standby')
        bench.advanceMs(101)
      }
      assert.deepEqual([bench.view.role, bench.view.epoch], ['active', 24])
    })

    if (!atOnce) {
      it(`${column}: a session that was promised more than the ones after it is waited for`, () => {
        const bench = inRole('standby', column)
        bench.peerSays = null
        bench.hears({ ...WORDS['a Standby, not ready'], trailer: { peerTimeoutMs: 3000 } })
        const formerUntilMs = bench.nowMs + 3000
        for (let restarts = 0; restarts < 2; restarts++) bench.hearsRestarted(WORDS['an Initial, ready'])
        bench.peerSays = SHOWN['a grant of 24']
        bench.advanceMs(formerUntilMs - bench.nowMs - 1)
        assert.equal(bench.view.role, 'standby')
        bench.advanceMs(101)
        assert.equal(bench.view.role, 'active')
      })
    }

    it(`${column}: a higher grant of the peer makes mine void, and is taken when its number is on disk`, () => {
      const bench = OPEN.granting(column)
      bench.hears(SHOWN['a grant of 24'])
      clear(bench)
      bench.hears(SHOWN['a grant of 24'])
      assert.deepEqual(bench.takeReports(), ['designate operator', 'role designated'])
      assert.deepEqual([bench.view.role, bench.view.epoch], ['active', 24])
      assert.equal(decisions(bench), '')
    })

    it(`${column}: a wish ends after P, unanswered; so does a question after half of it, and a handover after P and a heartbeat`, () => {
      for (const [situation, afterMs, role] of [
        ['wishing', 1000, 'standby'],
        ['asking', 500, 'active'],
        ['handing over', 1100, 'standby']
      ] as const) {
        const bench = OPEN[situation](column)
        bench.peerSays = WORDS[situation === 'wishing' ? 'an Active of epoch 20' : 'a Standby, not ready']
        bench.advanceMs(afterMs - 1)
        assert.deepEqual(bench.takeReplies(), [], situation)
        bench.advanceMs(1)
        assert.deepEqual(bench.takeReplies(), ['not-confirmed'], situation)
        assert.equal(bench.view.role, role)
      }
    })

    it(`${column}: a second command has to wait for the first`, () => {
      const bench = asking(column)
      bench.step({ kind: 'command', id: 2, designate: 'swap', force: false })
      assert.deepEqual(bench.takeReplies(), ['busy'])
    })
  }
})
