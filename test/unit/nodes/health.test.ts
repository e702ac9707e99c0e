import assert from 'node:assert/strict'
import type { PairEventMessage } from '../../../src/host/pair'
import { PATIENCE } from '../../support/patience'
import { catchAll, isOnePair, QUICK, Rig, sleep, TAB, twoSides, until, userNode, type FlowNode } from './rig'

/** Long enough that a busy machine renews in time, short enough for a test. */
const EXPIRES = 600 * PATIENCE
/** A heartbeat through a flow, three and more for each EXPIRES. */
const RENEW_EVERY_MS = 100
const LONG = 60_000

describe('ha-pair-health', () => {
  let rig: Rig
  let sides: { a: FlowNode; b: FlowNode }
  let beats: NodeJS.Timeout[]
  beforeEach(async () => {
    rig = new Rig()
    sides = await twoSides()
    beats = []
  })
  afterEach(async () => {
    for (const timer of beats) clearInterval(timer)
    await rig.close()
  })

  const other = { a: 'b', b: 'a' } as const
  const roleOf = (side: 'a' | 'b'): unknown => rig.inbox(`state-${side}.1`).at(-1)?.payload
  const online = (side: 'a' | 'b'): unknown => rig.inbox(`state-${side}.2`).at(-1)?.payload
  const roleEvents = (side: 'a' | 'b'): PairEventMessage[] =>
    rig
      .inbox(`state-${side}.3`)
      .map(({ payload }) => payload as PairEventMessage)
      .filter(({ event }) => event === 'role')
  const say = (side: 'a' | 'b', payload: unknown): void => rig.send(`health-${side}`, { payload })

  function flowWith(properties: object, more: readonly FlowNode[] = []): FlowNode[] {
    const { a, b } = sides
    return [
      a,
      b,
      ...userNode('ha-pair-state', 'state-a', a),
      ...userNode('ha-pair-state', 'state-b', b),
      ...userNode('ha-pair-health', 'health-a', a, properties),
      ...userNode('ha-pair-health', 'health-b', b, properties),
      ...catchAll(),
      ...more
    ]
  }

  async function settled(properties: object, more: readonly FlowNode[] = []): Promise<'a' | 'b'> {
    await rig.load(flowWith(properties, more))
    await until(() => isOnePair(roleOf('a'), roleOf('b')) && online('a') === true && online('b') === true, 'a pair')
    return roleOf('a') === 'active' ? 'a' : 'b'
  }

  /** A watchdog's heartbeat on this side; returns what makes it fall silent. */
  function beat(side: 'a' | 'b'): () => void {
    const timer = setInterval(() => say(side, true), RENEW_EVERY_MS)
    beats.push(timer)
    say(side, true)
    return () => clearInterval(timer)
  }

  it('false on the Active: the fitter peer takes over at once, for the reason that it is fitter', async () => {
    const active = await settled({ expires: LONG })
    const epoch = rig.inbox(`state-${active}.1`).at(-1)?.pair?.epoch ?? 0
    say(active, false)
    await until(() => isOnePair(roleOf(other[active]), roleOf(active)) && roleOf(active) === 'standby', 'a handover')
    assert.deepEqual(
      [roleEvents(active).at(-1)?.reason, roleEvents(other[active]).at(-1)?.reason],
      ['less-fit', 'less-fit']
    )
    assert.ok((rig.inbox(`state-${other[active]}.1`).at(-1)?.pair?.epoch ?? 0) > epoch)
    await rig.shows(`health-${active}`, 'red', /^unfit · 0$/)
    await until(() => rig.badge(`health-${active}`).shape === 'ring', 'the badge of a side that does not serve')
    await rig.shows(`health-${other[active]}`, 'yellow', /^waiting for a value$/)
  })

  it('a smaller number on the Active: handed over after a peerTimeout', async () => {
    const active = await settled({ expires: LONG })
    say(other[active], 200)
    say(active, 199)
    await until(() => roleOf(active) === 'standby' && roleOf(other[active]) === 'active', 'a handover')
    await rig.shows(`health-${active}`, 'yellow', /^fitness 199$/)
    assert.equal(roleEvents(other[active]).at(-1)?.reason, 'less-fit')
  })

  it('a watchdog that falls silent: the value expires, and the peer takes over', async () => {
    const active = await settled({ expires: EXPIRES })
    const silence = beat(active)
    beat(other[active])
    await rig.shows(`health-${active}`, 'green', /^fit · 255$/)
    await sleep(2 * EXPIRES)
    assert.equal(roleOf(active), 'active', 'what is renewed does not expire')
    const changes = roleEvents('a').length + roleEvents('b').length

    silence()
    await until(() => roleOf(active) === 'standby' && roleOf(other[active]) === 'active', 'a handover')
    await rig.shows(`health-${active}`, 'red', /^expired, counts as 0$/)
    assert.equal(roleEvents(other[active]).at(-1)?.reason, 'less-fit')

    beat(active)
    await rig.shows(`health-${active}`, 'green', /^fit · 255$/)
    await sleep(2 * EXPIRES)
    assert.equal(roleOf(other[active]), 'active', 'the role does not come back by itself')
    assert.equal(roleEvents('a').length + roleEvents('b').length, changes + 2, 'one change on each side')
  })

  it('both unfit: the Active stays', async () => {
    const active = await settled({ expires: LONG })
    say(other[active], false)
    await rig.shows(`health-${other[active]}`, 'red', /^unfit/)
    // A few heartbeats: the Active must have heard of it.
    await sleep(10 * QUICK.heartbeat)
    say(active, false)
    await rig.shows(`health-${active}`, 'red', /^unfit/)
    // Longer than any handover waits.
    await sleep(3 * QUICK.peerTimeout)
    assert.equal(roleOf(active), 'active')
    assert.equal(rig.badge(`health-${active}`).shape, 'dot')
    assert.equal(roleEvents(active).at(-1)?.reason === 'less-fit', false)
  })

  it('a node that never hears anything counts as 0 when its time is over', async () => {
    const active = await settled({ expires: EXPIRES })
    beat(other[active])
    await until(() => roleOf(active) === 'standby' && roleOf(other[active]) === 'active', 'a handover')
    await rig.shows(`health-${active}`, 'red', /^expired/)
  })

  it('of several nodes the lowest counts, and a deleted one no more', async () => {
    const second = (): FlowNode[] => userNode('ha-pair-health', 'second', sides.a, { expires: LONG })
    const third = (): FlowNode[] => userNode('ha-pair-health', 'third', sides.b, { expires: LONG })
    const active = await settled({ expires: LONG }, [...second(), ...third()])
    const more = active === 'a' ? 'second' : 'third'
    say(active, true)
    rig.send(more, { payload: false })
    await until(() => roleOf(active) === 'standby' && roleOf(other[active]) === 'active', 'a handover')
    await rig.shows(`health-${active}`, 'green', /^fit · 255 · side counts 0$/)

    say(other[active], 100)
    await rig.deploy(flowWith({ expires: LONG }, active === 'a' ? third() : second()))
    await until(() => roleOf(active) === 'active', 'with its low vote gone, this side is the fitter one')
    await rig.shows(`health-${active}`, 'green', /^fit · 255$/)
  })

  it('a value outlives a deploy', async () => {
    const active = await settled({ expires: LONG })
    say(other[active], 40)
    await rig.shows(`health-${other[active]}`, 'yellow', /^fitness 40$/)
    await rig.deploy(flowWith({ expires: LONG }))
    await rig.shows(`health-${other[active]}`, 'yellow', /^fitness 40$/)
    say(active, 39)
    await until(() => roleOf(active) === 'standby', 'handed over to 40, which is more than 39')
    assert.equal(roleEvents(active).at(-1)?.reason, 'less-fit')
  })

  it('what is no fitness is an error for Catch, and the value stays', async () => {
    const active = await settled({ expires: LONG })
    say(active, 255)
    await rig.shows(`health-${active}`, 'green', /^fit/)
    const wrong = [undefined, null, 'true', '255', '', -1, 256, 1.5, NaN, Infinity, {}, [255]]
    for (const payload of wrong) say(active, payload)
    const caught = await rig.received('caught', wrong.length)
    for (const { error } of caught) {
      assert.equal(error?.code, 'bad-fitness')
      assert.equal(error?.source.id, `health-${active}`)
      assert.match(error?.message ?? '', /is no fitness/)
    }
    assert.deepEqual(rig.badge(`health-${active}`), { fill: 'green', shape: 'dot', text: 'fit · 255' })
    assert.equal(roleOf(active), 'active')
  })

  it('without a pair: a red badge, and an error for Catch', async () => {
    await rig.load([...userNode('ha-pair-health', 'health-a', null), ...catchAll()])
    assert.deepEqual(rig.badge('health-a'), { fill: 'red', shape: 'ring', text: 'no pair' })
    say('a', true)
    const [failed] = await rig.received('caught', 1)
    assert.equal(failed?.error?.code, 'no-pair')
  })

  it('with a pair that is stopped: its reason, and an error for Catch', async () => {
    const stopped = { ...sides.a, heartbeat: 4 }
    await rig.load([stopped, ...userNode('ha-pair-health', 'health-a', stopped), ...catchAll()])
    await rig.shows('health-a', 'red', /^stopped: Heartbeat: 4/)
    say('a', true)
    const [failed] = await rig.received('caught', 1)
    assert.equal(failed?.error?.code, 'stopped')
  })

  it('with a wrong lifetime: a red badge, an error for each message, and it counts as 0', async () => {
    const active = await settled({ expires: '${HA_PAIR_TEST_IS_NOT_SET}' }, [
      { id: 'good', type: 'inbox', z: TAB.id, x: 0, y: 0, wires: [] }
    ])
    await rig.shows(`health-${active}`, 'red', /^counts as 0: expires: \$\{HA_PAIR_TEST_IS_NOT_SET\} is not set$/)
    assert.equal(rig.logged('ha-pair-health', 'ERROR').length, 2)
    say(active, true)
    const [failed] = await rig.received('caught', 1)
    assert.equal(failed?.error?.code, 'bad-expires')
    assert.equal(roleOf(active), 'active', 'both sides have the same fault')

    const { a, b } = sides
    const mended = { [active]: { expires: '50' }, [other[active]]: { expires: LONG } }
    await rig.deploy([
      ...flowWith({}).filter(({ type }) => type !== 'ha-pair-health'),
      ...userNode('ha-pair-health', 'health-a', a, mended['a']),
      ...userNode('ha-pair-health', 'health-b', b, mended['b'])
    ])
    say(other[active], true)
    await until(() => roleOf(active) === 'standby', 'the peer whose watchdog works is the fitter one')
    await rig.shows(`health-${active}`, 'red', /^counts as 0: expires: "50" is not a whole number from 100 to 3600000$/)
  })
})
