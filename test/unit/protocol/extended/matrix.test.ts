/**
 * The matrix of the extended wire in contact: my role x what the peer shows x policy -> what comes of it. Written by
 * hand from docs/reference/PROTOCOL.md; who is who, and which number is whose, is in `matrix-cast.ts`. Without contact:
 * `matrix-alone.test.ts`; with a grant, a wish or a question of mine still open: `matrix-open.test.ts`.
 */
import assert from 'node:assert/strict'
import type { Role } from '../../../../src/protocol/machine'
import { COLUMNS, decisions, HIGHER, inRole, LOWER, WORDS, type Column, type Shown } from './matrix-cast'

interface Row {
  readonly mine: Role
  readonly shown: Shown
  readonly where: readonly Column[]
  readonly becomes: Role
  /** The epoch afterwards: of the role, or the newest known. */
  readonly epoch: number
  readonly reports: readonly string[]
  readonly says: string
}

function row(
  mine: Role,
  shown: Shown,
  where: readonly Column[],
  becomes: Role,
  epoch: number,
  reports: readonly string[] = [],
  says = ''
): Row {
  return { mine, shown, where, becomes, epoch, reports, says }
}

const ALL = COLUMNS
const LEFT = ['online peer-left']
const REMOVED = ['online peer-removed']

const MATRIX: readonly Row[] = [
  // my role, the peer shows, where, I become, epoch, I report, I say

  // Initial: nobody serves yet. The lower one of two grants; only a ready one is granted.
  row('initial', 'an Initial, ready', HIGHER, 'initial', 20),
  row('initial', 'an Initial, ready', LOWER, 'standby', 21, ['role negotiated', 'designate negotiated'], 'grant 21'),
  row('initial', 'an Initial, not ready', ALL, 'initial', 20),
  row('initial', 'a Standby, ready', ALL, 'standby', 21, ['role negotiated', 'designate negotiated'], 'grant 21'),
  row('initial', 'a Standby, not ready', ALL, 'initial', 20),
  row('initial', 'a Standby that knows epoch 30', ALL, 'initial', 30),
  row('initial', 'a Standby that does not hear me', ALL, 'initial', 20),
  row('initial', 'an Active of epoch 10', ALL, 'standby', 20, ['role peer-active']),
  row('initial', 'an Active of epoch 20', ALL, 'standby', 20, ['role peer-active']),
  row('initial', 'an Active of epoch 30', ALL, 'standby', 30, ['role peer-active']),
  row('initial', 'an Active of epoch 30 that does not hear me', ALL, 'standby', 30, ['role peer-active']),
  row('initial', 'a grant of 22', ALL, 'active', 22, ['designate operator', 'role designated']),
  row('initial', 'a grant of 20', ALL, 'initial', 20, [], 'refusal'),
  row('initial', 'a grant of 22, too old', ALL, 'initial', 20),
  row('initial', 'a grant of 22 by one that does not hear me', ALL, 'initial', 20),
  row('initial', 'a goodbye', ALL, 'active', 22, [...LEFT, 'role peer-left']),
  row('initial', 'a goodbye of a removed pair', ALL, 'active', 22, [...REMOVED, 'role peer-removed']),
  row('initial', 'a goodbye with a grant of 22', ALL, 'active', 22, ['designate none', 'role peer-left', ...LEFT]),
  row('initial', 'a refusal', ALL, 'initial', 20),
  row('initial', 'a wish, ready', ALL, 'standby', 21, ['role negotiated', 'designate negotiated'], 'grant 21'),
  row('initial', 'a wish, not ready', ALL, 'initial', 20),
  row('initial', 'a wish of long ago', ALL, 'standby', 21, ['role negotiated', 'designate negotiated'], 'grant 21'),
  row('initial', 'a word that was heard before', ALL, 'initial', 20, ['dropped replayed']),
  row('initial', 'an answer to another session', ALL, 'initial', 20, ['dropped session']),
  row('initial', 'a word of an unknown session', ALL, 'initial', 20),

  // Standby: the peer was Active a moment ago. A Standby ranks above an Initial.
  row('standby', 'an Initial, ready', ALL, 'standby', 20),
  row('standby', 'an Initial, not ready', ALL, 'standby', 20),
  row('standby', 'a Standby, ready', HIGHER, 'standby', 20),
  row('standby', 'a Standby, ready', LOWER, 'standby', 21, ['designate negotiated'], 'grant 21'),
  row('standby', 'a Standby, not ready', ALL, 'standby', 20),
  row('standby', 'a Standby that knows epoch 30', ALL, 'standby', 30),
  row('standby', 'a Standby that does not hear me', ALL, 'standby', 20),
  row('standby', 'an Active of epoch 10', ALL, 'standby', 20),
  row('standby', 'an Active of epoch 20', ALL, 'standby', 20),
  row('standby', 'an Active of epoch 30', ALL, 'standby', 30),
  row('standby', 'an Active of epoch 30 that does not hear me', ALL, 'standby', 30),
  row('standby', 'a grant of 22', ALL, 'active', 22, ['designate operator', 'role designated']),
  row('standby', 'a grant of 20', ALL, 'standby', 20, [], 'refusal'),
  row('standby', 'a grant of 22, too old', ALL, 'standby', 20),
  row('standby', 'a grant of 22 by one that does not hear me', ALL, 'standby', 20),
  row('standby', 'a goodbye', ALL, 'active', 22, [...LEFT, 'role peer-left']),
  row('standby', 'a goodbye of a removed pair', ALL, 'active', 22, [...REMOVED, 'role peer-removed']),
  row('standby', 'a goodbye with a grant of 22', ALL, 'active', 22, ['designate none', 'role peer-left', ...LEFT]),
  row('standby', 'a refusal', ALL, 'standby', 20),
  row('standby', 'a wish, ready', ALL, 'standby', 21, ['designate negotiated'], 'grant 21'),
  row('standby', 'a wish, not ready', ALL, 'standby', 20),
  row('standby', 'a wish of long ago', ALL, 'standby', 21, ['designate negotiated'], 'grant 21'),
  row('standby', 'a word that was heard before', ALL, 'standby', 20, ['dropped replayed']),
  row('standby', 'an answer to another session', ALL, 'standby', 20, ['dropped session']),
  row('standby', 'a word of an unknown session', ALL, 'standby', 20),

  // Active with epoch 20: the incumbent. A newer number is answered by one above it; of two Actives one stays.
  row('active', 'an Initial, ready', ALL, 'active', 20),
  row('active', 'an Initial, not ready', ALL, 'active', 20),
  row('active', 'a Standby, ready', ALL, 'active', 20),
  row('active', 'a Standby, not ready', ALL, 'active', 20),
  row('active', 'a Standby that knows epoch 30', ALL, 'active', 32, ['reasserted peer-behind']),
  row('active', 'a Standby that does not hear me', ALL, 'active', 20),
  row('active', 'an Active of epoch 10', ALL, 'active', 20, ['conflict peer-active', 'reasserted higher-epoch']),
  row('active', 'an Active of epoch 20', HIGHER, 'active', 22, ['conflict peer-active', 'reasserted tie-break']),
  row('active', 'an Active of epoch 20', LOWER, 'standby', 20, [
    'conflict peer-active',
    'yielded tie-break',
    'role tie-break'
  ]),
  row('active', 'an Active of epoch 30', ALL, 'standby', 30, [
    'conflict peer-active',
    'yielded higher-epoch',
    'role higher-epoch'
  ]),
  row('active', 'an Active of epoch 30 that does not hear me', ALL, 'standby', 30, [
    'conflict peer-active',
    'yielded higher-epoch',
    'role higher-epoch'
  ]),
  row('active', 'a grant of 22', ALL, 'active', 24, ['reasserted peer-behind']),
  row('active', 'a grant of 20', ALL, 'active', 20),
  row('active', 'a grant of 22, too old', ALL, 'active', 24, ['reasserted peer-behind']),
  row('active', 'a grant of 22 by one that does not hear me', ALL, 'active', 24, ['reasserted peer-behind']),
  row('active', 'a goodbye', ALL, 'active', 20, LEFT),
  row('active', 'a goodbye of a removed pair', ALL, 'active', 20, REMOVED),
  row('active', 'a goodbye with a grant of 22', ALL, 'active', 24, [...LEFT, 'reasserted peer-behind']),
  row('active', 'a refusal', ALL, 'active', 20),
  row('active', 'a wish, ready', ALL, 'standby', 21, ['role designated', 'designate designated'], 'grant 21'),
  row('active', 'a wish, not ready', ALL, 'active', 20, [], 'refusal'),
  row('active', 'a wish of long ago', ALL, 'active', 20),
  row('active', 'a word that was heard before', ALL, 'active', 20, ['dropped replayed']),
  row('active', 'an answer to another session', ALL, 'active', 20, ['dropped session']),
  row('active', 'a word of an unknown session', ALL, 'active', 20)
]

describe('extended wire, the matrix in contact', () => {
  for (const { mine, shown, where, becomes, epoch, reports, says } of MATRIX) {
    for (const column of where) {
      it(`${column}: ${mine} hears ${shown}: ${becomes}, epoch ${epoch}`, () => {
        const bench = inRole(mine, column)
        bench.hears(WORDS[shown])
        assert.equal(bench.view.role, becomes)
        assert.equal(bench.view.epoch, epoch)
        assert.equal(bench.serves, becomes === 'active')
        assert.deepEqual(bench.takeReports(), reports)
        assert.equal(decisions(bench), says)
      })
    }
  }

  it('has every cell exactly once', () => {
    const cells = MATRIX.flatMap(({ mine, shown, where }) => where.map((column) => `${mine}/${shown}/${column}`))
    const expected = (['initial', 'standby', 'active'] as const).flatMap((mine) =>
      Object.keys(WORDS).flatMap((shown) => COLUMNS.map((column) => `${mine}/${shown}/${column}`))
    )
    assert.deepEqual(cells.toSorted(), expected.toSorted())
  })
})
