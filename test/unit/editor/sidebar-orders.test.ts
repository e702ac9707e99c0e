/** What the sidebar says before an order, and what became of it afterwards. */
import assert from 'node:assert/strict'
import type { Reply, ShownStatus, Wanted } from '../../../editor/sidebar/answer'
import { outcomeOf, type Outcome } from '../../../editor/sidebar/outcome'
import { ORDERS, prospectOf, type Order } from '../../../editor/sidebar/prospect'
import { setCatalogue } from '../../../editor/sidebar/words'
import type { Situation } from '../../../src/host/situation/types'
import { REASONS } from '../../../src/host/texts/reasons'
import { NOTHING } from '../../../src/host/texts/text'
import { seen, type Seen } from './seen'
import { quiet, speak } from './speak'

const STANDBY: Seen = { role: 'standby', peer: { role: 'active', ready: false } }

const told = (status: ShownStatus): Record<Order, string> => {
  const line = (order: Order): string => {
    const { becomes, bar, force, beware } = prospectOf(order, status)
    return bar !== null
      ? `not: ${bar}`
      : [force ? 'force' : '', becomes, beware ?? ''].filter((part) => part !== '').join(' ')
  }
  return Object.fromEntries(ORDERS.map((order) => [order, line(order)])) as Record<Order, string>
}

describe('what an order would come to', () => {
  for (const [what, status, active, standby, swap] of [
    ['an Active with a ready peer', {}, 'not: is-active', 'standby', 'standby'],
    ['a Standby with its Active', STANDBY, 'active', 'not: is-standby', 'active'],
    ['an unfit peer', { peer: { fitness: 0 } }, 'not: is-active', 'standby peer-unfit', 'standby peer-unfit'],
    [
      'a peer that is not ready',
      { peer: { fitness: 0, ready: false } },
      'not: is-active',
      'standby peer-not-ready',
      'standby peer-not-ready'
    ],
    [
      'a peer that is less fit',
      { peer: { fitness: 99 } },
      'not: is-active',
      'standby peer-less-fit',
      'standby peer-less-fit'
    ],
    ['a peer as unfit as this side', { fitness: 9, peer: { fitness: 9 } }, 'not: is-active', 'standby', 'standby'],
    ['unfit itself', { ...STANDBY, fitness: 0 }, 'not: unfit', 'not: is-standby', 'not: unfit'],
    [
      'less fit itself',
      { role: 'standby', fitness: 9, peer: { role: 'active', ready: true } },
      'active less-fit',
      'not: is-standby',
      'active less-fit'
    ],
    ['no peer', { online: false }, 'not: is-active', 'force standby peer-unreachable', 'not: swap-offline'],
    [
      'no peer, unfit, and not Active',
      { role: 'standby', online: false, peer: null, fitness: 0 },
      'force active peer-unreachable',
      'not: is-standby',
      'not: swap-offline'
    ],
    [
      'an Active that waits for contact',
      { serving: false, online: false },
      'force active peer-unreachable',
      'force standby peer-unreachable',
      'not: swap-offline'
    ],
    ['no role yet', { role: 'initial' }, 'active', 'standby', 'not: swap-starting'],
    ...(['engine-crashed', 'files-in-use'] as const).map(
      (code) =>
        [
          code,
          { role: 'initial', online: false, situation: { code, severity: 'critical' } },
          `not: ${code}`,
          `not: ${code}`,
          `not: ${code}`
        ] as const
    ),
    [
      'no epoch left',
      { ...STANDBY, alone: 'numbers-exhausted' },
      'not: numbers-exhausted',
      'not: is-standby',
      'not: numbers-exhausted'
    ],
    [
      'the classic wire knows no fitness',
      { wire: 'classic', peer: { fitness: 0, ready: false } },
      'not: is-active',
      'standby',
      'standby'
    ]
  ] as const satisfies readonly (readonly [string, Seen, string, string, string])[]) {
    it(what, () => assert.deepEqual(told(seen(status)), { active, standby, swap }))
  }
})

const AT = new Date(2026, 10, 29, 10, 43, 5).getTime()
const LATER = AT + 20_000
const SITUATION: Situation = {
  code: 'standby',
  severity: 'ok',
  short: NOTHING,
  trouble: NOTHING,
  text: NOTHING,
  todo: NOTHING,
  history: { at: LATER, text: { en: 'plc-a was less fit.', zh: 'x' } },
  also: []
}
const DONE: Reply = { ok: true, role: 'active' }

const outcome = (becomes: Wanted, reply: Reply, status: Seen, now = LATER, forced = false): Outcome | null =>
  outcomeOf({ becomes, forced, at: AT, reply }, { status: seen(status), situation: SITUATION, peer: '10.0.0.2', now })

describe('what became of an order', () => {
  before(() => setCatalogue({ reasons: REASONS }))
  beforeEach(() => speak('en-US'))
  after(quiet)

  for (const [what, becomes, status, says, isGood] of [
    ['it serves', 'active', {}, /^Done at .*10:43:05: plc-a is Active and serves\.$/, true],
    [
      'it does not serve yet',
      'active',
      { serving: false },
      /plc-a became Active at .*10:43:05, but does not serve/,
      false
    ],
    ['the peer serves', 'standby', STANDBY, /^Done at .*: plc-a is Standby, and 10\.0\.0\.2 serves\.$/, true],
    [
      'the peer does not serve',
      'standby',
      { role: 'standby' },
      /10\.0\.0\.2 does not serve, as far as is known/,
      false
    ],
    [
      'it came back',
      'standby',
      { role: 'active', since: LATER },
      /^Done at .*10:43:05, but since .*10:43:25 plc-a is Active again\. plc-a was less fit\.$/,
      false
    ]
  ] as const satisfies readonly (readonly [string, Wanted, Seen, RegExp, boolean])[]) {
    it(`done, and ${what}`, () => {
      const found = outcome(becomes, DONE, status)
      assert.match(found?.text ?? '', says)
      assert.equal(found?.isGood, isGood)
      assert.equal(found?.force, null)
    })
  }

  it('done, and the peer has not said yet that it has the role', () => {
    assert.match(outcome('standby', DONE, { role: 'standby' }, AT + 2999)?.text ?? '', /10\.0\.0\.2 takes over\.$/)
    const alone = outcome('standby', DONE, { role: 'standby', online: false }, AT + 1)
    assert.equal(alone?.isGood, false, 'nobody is there to take it')
  })

  it('refused: why, what is so now, and what may still be forced', () => {
    const refused: Reply = { ok: false, code: 'refused', detail: 'not-ready' }
    const found = outcome('standby', refused, {})
    assert.match(found?.text ?? '', /^Not done at .*10:43:05\. The peer refused\. .*plc-a is Active and serves\.$/)
    assert.deepEqual([found?.isGood, found?.force], [false, 'standby'])
    assert.equal(outcome('standby', refused, {}, LATER, true)?.force, null, 'what was forced is not forced again')
    assert.equal(outcome('active', { ...refused, code: 'busy' }, {})?.force, null)
  })

  it('is told for as long as it is news', () => {
    assert.equal(outcome('active', DONE, {}, AT + 600_001), null)
    const refused: Reply = { ok: false, code: 'refused', detail: '' }
    assert.equal(outcome('active', refused, { since: AT + 1 }), null, 'something else has happened since')
    assert.equal(outcome('active', DONE, { ...STANDBY, since: AT + 30_001 }), null, 'that is another story')
    assert.equal(outcome('active', DONE, { since: AT + 1 }), null, 'it went and came back')
  })
})
