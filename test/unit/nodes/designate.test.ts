import assert from 'node:assert/strict'
import { readCommand } from '../../../nodes/command'
import { isOnePair, catchAll, Rig, twoSides, until, userNode, type FlowNode, type Message } from './rig'

describe('ha-pair-designate', () => {
  let rig: Rig
  let sides: { a: FlowNode; b: FlowNode }
  beforeEach(async () => {
    rig = new Rig()
    sides = await twoSides()
  })
  afterEach(() => rig.close())

  const roleOf = (side: 'a' | 'b'): unknown => rig.inbox(`state-${side}.1`).at(-1)?.payload
  const other = { a: 'b', b: 'a' } as const

  /** A pair with a state and a designate node on each side, settled. Returns the Active's letter. */
  async function settled(properties: object = {}): Promise<'a' | 'b'> {
    const { a, b } = sides
    await rig.load([
      a,
      b,
      ...userNode('ha-pair-state', 'state-a', a),
      ...userNode('ha-pair-state', 'state-b', b),
      ...userNode('ha-pair-designate', 'do-a', a, properties),
      ...userNode('ha-pair-designate', 'do-b', b, properties),
      ...catchAll()
    ])
    await until(() => isOnePair(roleOf('a'), roleOf('b')), 'the two agree')
    for (const side of ['a', 'b']) {
      await until(() => rig.inbox(`state-${side}.2`).at(-1)?.payload === true, `${side} sees its peer`)
    }
    return roleOf('a') === 'active' ? 'a' : 'b'
  }

  async function answer(side: 'a' | 'b'): Promise<Message> {
    await until(() => rig.inbox(`do-${side}.1`).length + rig.inbox('caught').length > 0, 'the command ends')
    assert.deepEqual(
      rig.inbox('caught').map(({ error }) => error?.message),
      []
    )
    const message = rig.inbox(`do-${side}.1`).at(-1)
    assert.ok(message)
    return message
  }

  async function failure(): Promise<Message> {
    const [message] = await rig.received('caught', 1)
    assert.ok(message)
    return message
  }

  it('swap: the two change places, and the message goes on with the role now held', async () => {
    const active = await settled()
    rig.send(`do-${active}`, { payload: 'swap', topic: 'kept' })
    const done = await answer(active)
    assert.equal(done.payload, 'standby')
    assert.equal(done.topic, 'kept')
    assert.equal(done.pair?.role, 'standby')
    await until(() => roleOf(other[active]) === 'active' && roleOf(active) === 'standby', 'the roles changed')
  })

  it('active, told to the Standby, makes it Active under a newer epoch', async () => {
    const active = await settled()
    const before = rig.inbox(`state-${active}.1`).at(-1)?.pair?.epoch ?? 0
    rig.send(`do-${other[active]}`, { payload: 'active' })
    const done = await answer(other[active])
    assert.equal(done.payload, 'active')
    assert.ok((done.pair?.epoch ?? 0) > before)
    assert.equal(done.pair?.serving, true)
    await until(() => roleOf(active) === 'standby', 'the peer steps back')
  })

  it('standby, told to the Active, hands the role over', async () => {
    const active = await settled()
    rig.send(`do-${active}`, { payload: 'standby' })
    assert.equal((await answer(active)).payload, 'standby')
    await until(() => roleOf(other[active]) === 'active', 'the peer takes over')
  })

  it('what it is already is a success, and nothing happens', async () => {
    const active = await settled()
    const epoch = rig.inbox(`state-${active}.1`).at(-1)?.pair?.epoch
    rig.clearInboxes()
    rig.send(`do-${active}`, { payload: 'active' })
    const done = await answer(active)
    assert.equal(done.payload, 'active')
    assert.equal(done.pair?.epoch, epoch)
    assert.deepEqual(rig.inbox(`state-${active}.1`), [])
  })

  it('a fixed command is triggered by any message', async () => {
    const active = await settled({ command: 'swap' })
    rig.send(`do-${active}`, { payload: { temperature: 20 } })
    assert.equal((await answer(active)).payload, 'standby')
  })

  it('an unknown command is an error for Catch, and the roles are untouched', async () => {
    const active = await settled()
    rig.send(`do-${active}`, { payload: 'actve' })
    const failed = await failure()
    assert.equal(failed.error?.code, 'unknown-command')
    assert.match(failed.error?.message ?? '', /Unknown command "actve"/)
    assert.equal(failed.error?.source.id, `do-${active}`)
    assert.equal(failed.payload, 'actve')
    assert.equal(failed.pair?.role, 'active')
    assert.equal(roleOf(active), 'active')
    assert.deepEqual(rig.inbox(`do-${active}.1`), [])
  })

  it('a peer that is offline cannot confirm: an error; forced, it is done', async () => {
    const { a } = sides
    await rig.load([
      a,
      ...userNode('ha-pair-state', 'state-a', a),
      ...userNode('ha-pair-designate', 'do-a', a),
      ...catchAll()
    ])
    await until(() => roleOf('a') === 'active', 'the lone side takes the role')
    rig.send('do-a', { payload: 'standby' })
    const failed = await failure()
    assert.equal(failed.error?.code, 'peer-offline')
    assert.match(failed.error?.message ?? '', /offline/)
    assert.equal(roleOf('a'), 'active')

    rig.clearInboxes()
    rig.send('do-a', { payload: { designate: 'standby', force: true } })
    assert.equal((await answer('a')).payload, 'standby')
  })

  it('force in the payload counts for a fixed command too', async () => {
    const { a } = sides
    await rig.load([
      a,
      ...userNode('ha-pair-state', 'state-a', a),
      ...userNode('ha-pair-designate', 'do-a', a, { command: 'standby' }),
      ...catchAll()
    ])
    await until(() => roleOf('a') === 'active', 'the lone side takes the role')
    rig.send('do-a', { payload: { force: true } })
    assert.equal((await answer('a')).payload, 'standby')
  })

  it('without a pair: a red badge, and an error for Catch', async () => {
    await rig.load([...userNode('ha-pair-designate', 'do-a', null), ...catchAll()])
    assert.deepEqual(rig.badge('do-a'), { fill: 'red', shape: 'ring', text: 'no pair' })
    rig.send('do-a', { payload: 'swap' })
    const failed = await failure()
    assert.equal(failed.error?.code, 'no-pair')
  })
})

describe('the command in a message', () => {
  const accepted: readonly [string, unknown, string, boolean][] = [
    ['payload', 'active', 'active', false],
    ['payload', 'standby', 'standby', false],
    ['payload', 'swap', 'swap', false],
    ['payload', { designate: 'active' }, 'active', false],
    ['payload', { designate: 'swap', force: true }, 'swap', true],
    ['payload', { designate: 'swap', force: false }, 'swap', false],
    ['active', undefined, 'active', false],
    ['active', 'standby', 'active', false],
    ['standby', { designate: 'active', force: true }, 'standby', true],
    ['swap', null, 'swap', false],
    ['swap', [1, 2], 'swap', false]
  ]
  for (const [configured, payload, designate, force] of accepted) {
    it(`${configured} with ${JSON.stringify(payload)} means ${designate}${force ? ', forced' : ''}`, () => {
      assert.deepEqual(readCommand(configured, payload), { ok: true, designate, force })
    })
  }

  const refused: readonly [string, unknown][] = [
    ['payload', undefined],
    ['payload', null],
    ['payload', ''],
    ['payload', 'Active'],
    ['payload', ' swap'],
    ['payload', 'initial'],
    ['payload', true],
    ['payload', 1],
    ['payload', {}],
    ['payload', []],
    ['payload', { designate: ['active'] }],
    ['payload', { designate: 'active', force: 'yes' }],
    ['swap', { force: 1 }],
    ['toString', 'active']
  ]
  for (const [configured, payload] of refused) {
    it(`${configured} with ${JSON.stringify(payload)} is not understood`, () => {
      const command = readCommand(configured, payload)
      assert.equal(command.ok, false)
      assert.ok(!command.ok && command.detail.length > 0 && command.detail.length < 60)
    })
  }

  it('quotes only the beginning of a long payload', () => {
    const command = readCommand('payload', 'x'.repeat(10_000))
    assert.ok(!command.ok && command.detail.length < 60)
  })
})
