/** What people see when something lasts that should not: badges, events and texts of two sides in one runtime. */
import assert from 'node:assert/strict'
import { gateBadge, pairBadge, type Badge, type Shown } from '../../../nodes/badge'
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
const shown = (change: Partial<PairStatus>, ...codes: WarningCode[]): Shown => {
  const pair = new ScriptedPair()
  pair.set(change, null, warned(...codes))
  return { status: pair.status(), situation: pair.situation() }
}
const inWords = ({ fill, shape, text }: Badge): string => `${fill} ${shape} ${text}`
const badge = (status: Partial<PairStatus>, ...codes: WarningCode[]): string =>
  inWords(pairBadge(shown(status, ...codes), say))
const ACTIVE = { role: 'active', serving: true } as const

describe('a badge with warnings', () => {
  it('names the most important one first, in yellow, and keeps the shape', () => {
    assert.equal(badge(ACTIVE), 'green dot Active · peer online')
    assert.equal(badge(ACTIVE, 'flows-differ'), 'yellow dot flows differ · Active')
    assert.equal(badge({}, 'channel-blocked'), 'yellow ring TCP blocked · Standby')
  })

  it('names the cause of a silence, in red where nobody may serve, or two may', () => {
    assert.equal(badge({ online: false }, 'keys-differ', 'flows-differ'), 'red ring wrong key · Standby')
    assert.equal(badge({ ...ACTIVE, online: false }, 'keys-differ'), 'red dot wrong key · Active')
    assert.equal(
      badge({ ...ACTIVE, online: false, policy: 'exclusive' }, 'host-not-found'),
      'yellow dot name not found · Active'
    )
  })

  it('says nothing of what is set on purpose', () => {
    assert.equal(badge(ACTIVE, 'no-key', 'classic-wire'), 'green dot Active · peer online')
  })

  it('of a gate says open or closed first', () => {
    const { status } = shown(ACTIVE)
    assert.equal(
      inWords(gateBadge(status.serving, 0, shown(ACTIVE, 'flows-differ'), say)),
      'yellow dot open · flows differ'
    )
  })

  it('speaks Chinese', () => {
    const { text } = pairBadge(shown(ACTIVE, 'flows-differ'), translator('ha-pair', 'zh-CN'))
    assert.equal(text, '流程不一致 · 主')
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
      await rig.shows(`state-${side}`, 'yellow', /^settings differ · (Active|Standby)$/)
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
    assert.match(lines[0] ?? '', /Make policy, heartbeat and peer timeout the same/)
  })

  it('in their keys: the badge names it beside offline', async () => {
    const { a } = await load({ both: { auth: 'key' } }, { a: `${STRONG}1`, b: `${STRONG}2` })
    for (const side of ['a', 'b'] as const) {
      await rig.shows(`state-${side}`, 'red', /^wrong key · Active$/)
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
