/** What people see when something lasts that should not: badges, events and texts of two sides in one runtime. */
import assert from 'node:assert/strict'
import { gateBadge, pairBadge, type Badge } from '../../../nodes/badge'
import type { PairNode } from '../../../nodes/pair-user'
import type { WarningCode } from '../../../src/host/events'
import type { Pair, PairStatus, PairWarning } from '../../../src/host/pair'
import { Rig, twoSides, until, userNode, type FlowNode } from './rig'
import { ScriptedPair } from './scripted-pair'
import { translator } from '../../support/texts'

const say = translator('ha-pair')
const STRONG = 'f7yTq0Zs-2mWc9Rk_4dLxE8v'
/** Their details are of no concern to a badge. */
const warned = (...codes: WarningCode[]): PairWarning[] =>
  codes.map((code) => ({ code, since: 0, detail: {} }) as PairWarning)
const statusWith = (change: Partial<PairStatus>): PairStatus => {
  const pair = new ScriptedPair()
  pair.set(change)
  return pair.status()
}
const inWords = ({ fill, shape, text }: Badge): string => `${fill} ${shape} ${text}`
const badge = (status: PairStatus, ...codes: WarningCode[]): string =>
  inWords(pairBadge(status, null, say, warned(...codes)))
const ACTIVE = statusWith({ role: 'active', serving: true })

describe('a badge with warnings', () => {
  it('adds the most important one to role and online, in yellow, and keeps the shape', () => {
    assert.equal(badge(ACTIVE), 'green dot Active · peer online')
    assert.equal(badge(ACTIVE, 'flows-differ'), 'yellow dot Active · peer online · flows differ')
    assert.equal(badge(statusWith({}), 'link-down'), 'yellow ring Standby · peer online · a link is down')
    assert.equal(
      badge(statusWith({ online: false }), 'keys-differ', 'flows-differ'),
      'yellow ring Standby · peer offline · keys differ'
    )
  })

  it('says what a blocked channel costs', () => {
    const blocked = [{ code: 'channel-blocked', since: 0, detail: { noticedAfter: '2 s' } }] as const
    const expected = 'Active · peer online · TCP blocked: crash seen in 2 s'
    assert.equal(pairBadge(ACTIVE, null, say, blocked).text, expected)
  })

  it('says nothing of what is set on purpose', () => {
    assert.equal(badge(ACTIVE, 'no-key', 'classic-wire'), 'green dot Active · peer online')
  })

  it('shows trouble first, and trouble only once', () => {
    const trouble = { code: 'port-in-use', detail: '' } as const
    const both = pairBadge(ACTIVE, trouble, say, warned('port-in-use', 'flows-differ'))
    assert.equal(inWords(both), 'red dot Active · local port in use')
  })

  it('of a gate keeps its colour for open and closed', () => {
    assert.equal(inWords(gateBadge(true, 0, ACTIVE, null, say)), 'green dot open')
  })

  it('speaks Chinese', () => {
    const { text } = pairBadge(ACTIVE, null, translator('ha-pair', 'zh-CN'), warned('flows-differ'))
    assert.equal(text, '主 · 对端在线 · 流程不一致')
  })
})

describe('two sides that are not set up alike', () => {
  let rig: Rig
  beforeEach(() => {
    rig = new Rig()
  })
  afterEach(() => rig.close())

  const pairOf = (node: FlowNode): Pair => {
    const { pair } = rig.node(node.id) as PairNode
    assert.ok(pair)
    return pair
  }
  const told = (side: 'a' | 'b'): string[] =>
    rig.inbox(`state-${side}.3`).map(({ payload }) => {
      const { event, reason } = payload as { event: string; reason: string }
      return `${event} ${reason}`
    })
  const load = async (over: Parameters<typeof twoSides>[0], keys?: { a: string; b: string }) => {
    const { a, b } = await twoSides(over)
    const flow = [a, b, ...userNode('ha-pair-state', 'state-a', a), ...userNode('ha-pair-state', 'state-b', b)]
    await rig.load(flow, keys === undefined ? {} : { [a.id]: { key: keys.a }, [b.id]: { key: keys.b } })
    return { a, b, flow }
  }

  it('in their policy: event, badge and list on both, with both values', async () => {
    const { a, b } = await load({ a: { policy: 'exclusive' } })
    for (const side of ['a', 'b'] as const) {
      await rig.shows(`state-${side}`, 'yellow', /^(Active|Standby) · peer online · settings differ$/)
      await until(() => told(side).includes('mismatch settings-differ'), `${side} tells it`)
      await until(() => told(side).includes('warning settings-differ'), `${side} tells it`)
    }
    const [warning] = pairOf(a).warnings()
    assert.equal(warning?.code, 'settings-differ')
    assert.deepEqual(warning.detail, { differ: ['policy'], here: ['exclusive'], peer: ['availability'] })
    const [other] = pairOf(b).warnings()
    assert.deepEqual(other?.code === 'settings-differ' && other.detail.here, ['availability'])
    const lines = rig.logged('ha-pair', 'WARN').filter((line) => line.includes('here=exclusive'))
    assert.equal(lines.length, 1, lines.join('\n'))
    assert.match(lines[0] ?? '', /Make policy, heartbeat and peerTimeout the same/)
  })

  it('in their keys: the badge names it beside offline', async () => {
    const { a } = await load({ both: { auth: 'key' } }, { a: `${STRONG}1`, b: `${STRONG}2` })
    for (const side of ['a', 'b'] as const) {
      await rig.shows(`state-${side}`, 'yellow', /^Active · peer offline · keys differ$/)
      await until(() => told(side).includes('warning keys-differ'), `${side} tells it`)
    }
    assert.deepEqual(
      pairOf(a)
        .warnings()
        .map(({ code }) => code),
      ['keys-differ']
    )
  })

  it('in their flows: told at once, and over when the next deploy gives both the same', async () => {
    const { a, flow } = await load({})
    await until(() => pairOf(a).status().online, 'they meet')
    pairOf(a).setFlowsHash(1)
    for (const side of ['a', 'b'] as const) {
      await until(() => told(side).includes('mismatch flows-differ'), `${side} is told`)
    }
    assert.deepEqual(rig.logged('ha-pair', 'WARN'), [], 'nobody is nagged during a rollout')
    await rig.deploy(flow.filter(({ type }) => type !== 'tab'))
    for (const side of ['a', 'b'] as const) {
      await until(() => told(side).includes('mismatch flows-agree'), `${side} is told that it is over`)
    }
  })
})
