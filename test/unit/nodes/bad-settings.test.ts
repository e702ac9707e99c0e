import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { registry } from '../../../src/host/root'
import { catchAll, Rig, twoSides, until, userNode, type FlowNode } from './rig'

const LINK = { peerHost: '127.0.0.1', peerPort: 40_000, localHost: '127.0.0.1', localPort: 40_001 }
const UNSET = 'HA_PAIR_TEST_IS_NOT_SET'
const BLANK = 'HA_PAIR_TEST_IS_BLANK'

/** What is wrong, and the beginning of what the badge says about it. */
const FAULTS: readonly (readonly [string, object, RegExp])[] = [
  ['no host', { links: [{ ...LINK, peerHost: '' }] }, /^stopped: Link 1, peer’s host is blank/],
  ['no links', { links: [] }, /^stopped: (Links to the peer|Link 1)/],
  ['too many links', { links: [LINK, LINK, LINK, LINK, LINK] }, /^stopped: Links to the peer: 5/],
  ['a port of 0', { links: [{ ...LINK, peerPort: 0 }] }, /^stopped: Link 1, peer’s port: 0/],
  ['a port of 65536', { links: [{ ...LINK, localPort: '65536' }] }, /^stopped: Link 1, local port: 65536/],
  ['a port that is a word', { links: [{ ...LINK, localPort: 'ha' }] }, /^stopped: Link 1, local port: “ha”/],
  [
    'an unset host',
    { links: [{ ...LINK, peerHost: `\${${UNSET}}` }] },
    /^stopped: Link 1, peer’s host: \$\{\w+\} is not/
  ],
  ['an unset number', { heartbeat: `\${${UNSET}}` }, /^stopped: Heartbeat: \$\{\w+\} is not set/],
  ['an unset name', { name: `\${${UNSET}}` }, /^stopped: Name: /],
  ['a blank policy', { policy: ' ', schema: 2 }, /^stopped: Policy is blank/],
  ['a blank port', { links: [{ ...LINK, peerPort: '' }] }, /^stopped: Link 1, peer’s port is blank/],
  ['a policy from a blank variable', { policy: `\${${BLANK}}` }, /^stopped: Policy: \$\{\w+_BLANK\} is not set/],
  [
    'a port from a blank variable',
    { links: [{ ...LINK, localPort: `\${${BLANK}}` }] },
    /^stopped: Link 1, local port: \$\{\w+_BLANK\} is not set/
  ],
  ['a variable in the midst', { name: `x-\${${UNSET}}` }, /^stopped: Name: “x-\$\{\w+\}” mixes text and a variable/],
  ['no key', { auth: 'key' }, /^stopped: Key is missing$/],
  ['no key in an old flow', { auth: undefined }, /^stopped: Key is missing$/],
  ['another auth', { auth: 'maybe' }, /^stopped: Authentication: “maybe”/],
  ['a blank auth', { auth: '', schema: 2 }, /^stopped: Authentication is blank/],
  ['an unknown wire', { wire: 'radio' }, /^stopped: Wire: “radio”/],
  ['an unknown policy', { policy: 'luck' }, /^stopped: Policy: “luck”/],
  ['a heartbeat of 4', { heartbeat: 4 }, /^stopped: Heartbeat: 4/],
  ['a heartbeat of 2.5', { heartbeat: '20.5' }, /^stopped: Heartbeat: “20.5” is not a whole number/],
  ['a peerTimeout below two heartbeats', { heartbeat: 100, peerTimeout: 199 }, /^stopped: Peer timeout: 199/],
  ['a priority of 256', { priority: 256 }, /^stopped: Priority: 256/],
  ['a stallLimit of 99', { stallLimit: 99 }, /^stopped: Stall limit: 99/],
  ['a lossLimit of 256', { lossLimit: 256 }, /^stopped: Loss limit: 256/],
  ['a receiptTimeout of 9', { receiptTimeout: 9 }, /^stopped: Receipt timeout: 9/],
  ['a failback of maybe', { failback: 'maybe' }, /^stopped: Fail back: “maybe”/],
  ['the form of a later version', { schema: 99 }, /^stopped: schema 99: saved by a newer version/],
  ['classic with exclusive', { wire: 'classic', policy: 'exclusive' }, /^stopped: Policy: wire classic/]
]

describe('bad settings', () => {
  let rig: Rig
  let side: FlowNode
  beforeEach(async () => {
    process.env[BLANK] = ' '
    rig = new Rig()
    side = (await twoSides()).a
  })
  afterEach(async () => {
    delete process.env[BLANK]
    await rig.close()
  })

  const users = (): FlowNode[] => [
    ...userNode('ha-pair-state', 'state', side),
    ...userNode('ha-pair-designate', 'designate', side),
    ...userNode('ha-pair-gate', 'gate', side),
    ...catchAll()
  ]

  for (const [what, fault, text] of FAULTS) {
    it(`${what}: every node says so, the log once, and the pair stays stopped`, async () => {
      side = { ...side, ...fault }
      await rig.load([side, ...users()])
      for (const id of ['state', 'designate', 'gate']) {
        assert.match(rig.badge(id).text ?? '', text)
        assert.equal(rig.badge(id).fill, 'red')
        assert.equal(rig.badge(id).shape, 'ring')
      }
      assert.equal(rig.logged('ha-pair', 'ERROR').length, 1)
      rig.send('designate', { payload: 'active' })
      rig.send('gate', { payload: 'held back' })
      const [caught] = await rig.received('caught', 1)
      assert.equal(caught?.error?.code, 'stopped')
      assert.equal((await rig.received('gate.2', 1)).length, 1)
      assert.deepEqual(rig.inbox('gate.1'), [])
      assert.deepEqual(rig.inbox('state.1'), [])
    })
  }

  it('with line ends in the name and in a value make one line each in the log, and one on the badges', async () => {
    side = { ...side, name: 'pump\n29 Nov 12:00:00 - [error] forged', wire: 'radio\nforged' }
    await rig.load([side, ...users()])
    const lines = rig.logged('ha-pair', 'ERROR')
    assert.equal(lines.length, 1)
    for (const text of [...lines, rig.badge('state').text ?? '']) {
      assert.match(text, /\\n/)
      assert.doesNotMatch(text, /\n/)
    }
    assert.doesNotMatch(String(rig.node(side.id).name), /\n/, 'what Node-RED puts before the line')
  })

  it('open no socket', async () => {
    side = { ...side, heartbeat: 4 }
    await rig.load([side, ...users()])
    const { localPort } = (side['links'] as { localPort: number }[])[0] ?? { localPort: 0 }
    const probe = createSocket('udp4')
    await new Promise<void>((resolve, reject) => probe.once('error', reject).bind(localPort, '127.0.0.1', resolve))
    await new Promise<void>((resolve) => probe.close(() => resolve()))
  })

  it('once mended, the pair runs', async () => {
    const good = side
    side = { ...side, heartbeat: 4 }
    await rig.load([side, ...users()])
    side = good
    await rig.deploy([side, ...users()])
    await until(() => rig.inbox('state.1').at(-1)?.payload === 'active', 'the lone side takes the role')
  })

  it('a pair that is disabled is called so, and is none that has to be chosen', async () => {
    await rig.load([{ ...side, d: true }, ...users()])
    for (const id of ['state', 'designate', 'gate']) assert.equal(rig.badge(id).text, 'pair disabled')
    rig.send('designate', { payload: 'active' })
    const [caught] = await rig.received('caught', 1)
    assert.equal(caught?.error?.code, 'pair-disabled')
  })

  it('a pair of another type is no pair', async () => {
    const wrong: FlowNode = { id: 'wrong', type: 'inbox' }
    await rig.load([wrong, ...userNode('ha-pair-state', 'state', wrong), ...catchAll()])
    assert.equal(rig.badge('state').text, 'no pair')
  })
})

const STRONG = 'f7yTq0Zs-2mWc9Rk_4dLxE8v'

const warningsOf = ({ id }: FlowNode): string[] =>
  registry
    .list()
    .find((pair) => pair.id === id)
    ?.running?.warnings.map(({ code }) => code) ?? []

describe('keys', () => {
  const NAME = 'HA_PAIR_TEST_KEY'
  let rig: Rig
  beforeEach(() => {
    rig = new Rig()
  })
  afterEach(async () => {
    delete process.env[NAME]
    await rig.close()
  })

  /** Loads both sides with these credentials and says what side a shows. */
  async function loadWith(a: object, b: object): Promise<void> {
    const sides = await twoSides({ both: { auth: 'key' } })
    await rig.load([sides.a, sides.b, ...userNode('ha-pair-state', 'state', sides.a)], {
      [sides.a.id]: a as Record<string, string>,
      [sides.b.id]: b as Record<string, string>
    })
  }

  it('the same key on both sides authenticates the pair', async () => {
    await loadWith({ key: 'a shared secret' }, { key: 'a shared secret' })
    await until(() => rig.inbox('state.2').at(-1)?.payload === true, 'the two agree')
    assert.equal(rig.inbox('state.2').at(-1)?.pair?.authenticated, true)
  })

  it('a key may come from the environment', async () => {
    process.env[NAME] = 'a shared secret'
    await loadWith({ key: `\${${NAME}}` }, { key: 'a shared secret' })
    await until(() => rig.inbox('state.2').at(-1)?.payload === true, 'the two agree')
    assert.equal(rig.inbox('state.2').at(-1)?.pair?.authenticated, true)
  })

  it('another key keeps the two apart', async () => {
    await loadWith({ key: 'one secret' }, { key: 'another secret' })
    await until(() => rig.inbox('state.1').at(-1)?.payload === 'active', 'the side stands alone')
    assert.equal(rig.badge('state').fill === 'green', false)
    assert.ok(!rig.inbox('state.2').some(({ payload }) => payload === true))
  })

  it('the previous key is still accepted', async () => {
    await loadWith({ key: 'new secret', previousKey: 'old secret' }, { key: 'old secret', previousKey: 'new secret' })
    await until(() => rig.inbox('state.2').at(-1)?.payload === true, 'the two agree')
  })

  it('the line end of a key file is no part of the key', async () => {
    process.env[NAME] = 'a shared secret\n'
    await loadWith({ key: `\${${NAME}}` }, { key: 'a shared secret' })
    await until(() => rig.inbox('state.2').at(-1)?.payload === true, 'the two agree')
  })

  it('a previous key from a blank variable is none', async () => {
    process.env[NAME] = ''
    await loadWith({ key: 'a shared secret', previousKey: `\${${NAME}}` }, { key: 'a shared secret' })
    await until(() => rig.inbox('state.2').at(-1)?.payload === true, 'the two agree')
  })

  it('none: the pair stays stopped, and the log says why and what to do', async () => {
    await loadWith({ key: ' ' }, {})
    assert.equal(rig.badge('state').text, 'stopped: Key is missing')
    const lines = rig.logged('ha-pair', 'ERROR')
    assert.equal(lines.length, 2, 'one for each side')
    for (const line of lines) assert.match(line, /stays stopped: Key is missing\. .*credentialSecret/)
    const listed = registry.list().find(({ running }) => running === null)
    assert.deepEqual(
      listed?.events.map(({ event, reason }) => [event, reason]),
      [['stopped', 'key-missing']]
    )
  })

  it('none, chosen in so many words: the pair runs, and both the list and the peer say so', async () => {
    const sides = await twoSides({ a: { auth: 'none' }, b: { auth: 'key' } })
    await rig.load([sides.a, sides.b, ...userNode('ha-pair-state', 'state', sides.a)], {
      [sides.b.id]: { key: STRONG }
    })
    await until(() => warningsOf(sides.b).includes('peer-has-no-key'), 'b says that a has no key')
    await until(() => warningsOf(sides.a).includes('peer-has-key'), 'a says that b has one')
    assert.deepEqual(warningsOf(sides.a), ['peer-has-key', 'no-key'])
    assert.deepEqual(warningsOf(sides.b), ['peer-has-no-key'])
  })

  it('a key that is easy to guess is warned of in the log, once', async () => {
    await loadWith({ key: 'plant42' }, { key: 'plant42' })
    await until(() => rig.logged('ha-pair', 'WARN').length >= 2, 'both sides warn')
    for (const line of rig.logged('ha-pair', 'WARN')) {
      assert.match(line, /short or easy to guess.*Let the dialog make a key.*fields=key/)
      assert.doesNotMatch(line, /plant42/)
    }
    assert.equal(rig.badge('state').fill === 'yellow', false)
  })

  for (const [what, value] of [
    ['unset', undefined],
    ['empty', ''],
    ['blank', ' ']
  ] as const) {
    it(`a key from an ${what} variable stops the pair: it must not mean "no key"`, async () => {
      if (value !== undefined) process.env[NAME] = value
      await loadWith({ key: `\${${NAME}}` }, { key: 'a shared secret' })
      assert.match(rig.badge('state').text ?? '', /^stopped: Key: \$\{HA_PAIR_TEST_KEY\} is not set$/)
    })
  }

  it('no secret is ever logged or shown', async () => {
    const sides = await twoSides({ a: { wire: 'classic' } })
    await rig.load([sides.a, ...userNode('ha-pair-state', 'state', sides.a)], { [sides.a.id]: { key: 'my secret' } })
    assert.match(rig.badge('state').text ?? '', /^stopped: Key: wire classic/)
    assert.doesNotMatch(JSON.stringify([rig.badges('state'), rig.logged('ha-pair', 'ERROR')]), /my secret/)
  })
})
