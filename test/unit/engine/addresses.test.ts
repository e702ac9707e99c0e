/** A peer whose address changes, or who is not where it should be: two engines with the real machine, on loopback. */
import assert from 'node:assert/strict'
import type { PairKeys } from '../../../src/engine/messages'
import type { PairSettings, Policy } from '../../../src/protocol/settings'
import { freePorts, holds, link, LOOPBACK, NO_KEYS, settings, until } from '../../support/engine-rig'
import { Nat } from './nat'
import { inWords, Side } from './side'

const SECRET: PairKeys = { key: 'a strong secret', previousKey: '' }
const OTHER: PairKeys = { key: 'another secret', previousKey: '' }
const TIMING = { heartbeatMs: 50, peerTimeoutMs: 800 } as const
/** Longer than `peerTimeout`: whoever was lost has been noticed. */
const LONG_MS = 1000
const [HERE, THERE, ELSEWHERE] = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const

function arePair(one: Side, two: Side): boolean {
  const online = [one, two].every((side) => side.snapshot?.online === true)
  return online && [one.role, two.role].sort().join() === 'active,standby'
}

/** Until nothing has been told for a while. */
async function calm(...sides: readonly Side[]): Promise<void> {
  for (let known = -1, now = 0; known !== now;) {
    known = now
    await new Promise((later) => setTimeout(later, 200))
    now = sides.reduce((sum, { events }) => sum + events.length, 0)
  }
}

/** What both were told meanwhile, and that they remained a pair with the same roles. */
async function meanwhile(pair: readonly [Side, Side], happens: () => Promise<unknown>): Promise<string[][]> {
  const roles = pair.map(({ role }) => role)
  const known = pair.map(({ events }) => events.length)
  await happens()
  await holds(
    'the pair goes on',
    () => arePair(...pair) && pair.every(({ role, serves }, i) => role === roles[i] && serves === (role === 'active')),
    LONG_MS
  )
  return pair.map(({ events }, i) => events.slice(known[i]).map(inWords))
}

async function lead(one: Side, two: Side, leader: Side): Promise<void> {
  if (leader.role !== 'active') leader.say('swap')
  await until('the right one serves', () => arePair(one, two) && leader.role === 'active' && leader.serves)
  await calm(one, two)
}

describe('two engines whose addresses change', () => {
  const sides: Side[] = []
  const nats: Nat[] = []

  /** One is at loopback; two is behind a NAT, where one is told to find it at HERE. */
  const pairUp = async (keys = SECRET, over: Partial<PairSettings> = {}): Promise<[one: Side, two: Side, nat: Nat]> => {
    const [a = 0, b = 0] = await freePorts(2)
    const nat = await Nat.before(b, a, HERE)
    nats.push(nat)
    const one = new Side(settings([{ ...link(a, nat.port), peerHost: HERE }], { ...TIMING, ...over }))
    const two = new Side(settings([link(b, nat.insidePort)], { ...TIMING, ...over }))
    sides.push(one, two)
    one.start(keys)
    two.start(keys)
    await until('paired', () => arePair(one, two))
    await calm(one, two)
    return [one, two, nat]
  }
  afterEach(async () => {
    await Promise.all(sides.splice(0).map((side) => side.stop()))
    await Promise.all(nats.splice(0).map((nat) => nat.remove()))
  })

  for (const policy of ['availability', 'preferred', 'exclusive'] satisfies Policy[]) {
    for (const moves of ['active', 'standby'] as const) {
      it(`under ${policy} the ${moves} moves: contact goes on, the other one tells of it, and nothing else happens`, async function () {
        this.timeout(30_000)
        const [one, two, nat] = await pairUp(SECRET, { policy })
        await lead(one, two, moves === 'active' ? two : one)
        const { port } = nat
        const [ofOne, ofTwo] = await meanwhile([one, two], async () => {
          await nat.move(ELSEWHERE)
          await until('it is heard there', () => one.contact?.addresses[0] === ELSEWHERE)
          await nat.move(HERE)
          await until('it is heard here again', () => one.contact?.addresses[0] === HERE)
          await nat.move(THERE)
        })
        const places = [HERE, ELSEWHERE, HERE, THERE].map((host) => `${host}:${port}`)
        assert.deepEqual(
          ofOne,
          [0, 1, 2].map((i) => `link address-changed ${places[i]} ${places[i + 1]}`)
        )
        assert.deepEqual(ofTwo, [])
        assert.deepEqual([one.snapshot?.peer?.host, one.snapshot?.peer?.port], [THERE, port])
        assert.deepEqual(one.contact?.addresses, [THERE])
      })
    }
  }

  it('go on when a NAT gives one of them another port', async () => {
    const [one, two, nat] = await pairUp()
    const { port: before } = nat
    const [after = 0] = await freePorts(1, HERE)
    const [ofOne, ofTwo] = await meanwhile([one, two], () => nat.move(HERE, after))
    assert.deepEqual([ofOne, ofTwo], [[`link address-changed ${HERE}:${before} ${HERE}:${after}`], []])
    assert.equal(one.snapshot?.peer?.port, after)
  })

  it('go on when one of them speaks from another address than the one that it has beside', async () => {
    const [one, two, nat] = await pairUp()
    const rejectedBefore = two.dropped()
    const [ofOne, ofTwo] = await meanwhile([one, two], () => nat.speakFrom(THERE))
    assert.deepEqual(ofOne, [`link address-changed ${HERE}:${nat.port} ${THERE}:${nat.port}`])
    // It hears everything twice, at both of its addresses.
    assert.deepEqual([ofTwo, two.dropped()], [[], rejectedBefore])
  })

  it('know each other by the channel that they are to open, and are told when it changes', async () => {
    const [one, two, nat] = await pairUp()
    const [a, b] = [one.contact, two.contact]
    assert.ok(a !== null && b !== null)
    assert.deepEqual([a.session, a.peerSession], [b.peerSession, b.session])
    assert.ok(a.session !== 0n && a.peerSession !== 0n)
    assert.deepEqual([a.addresses, b.addresses], [[HERE], [LOOPBACK]])
    await nat.move(THERE)
    await until('it is told', () => one.contact?.addresses[0] === THERE)
    await two.stop()
    await until('there is nobody', () => one.contact === null)
  })

  it('are not moved by recordings of the living session from another address', async () => {
    const [one, two, nat] = await pairUp()
    await until('enough was said', () => nat.said.length > 20)
    const recorded = nat.said.slice(0, -10)
    const [ofOne] = await meanwhile([one, two], async () => {
      for (let i = 0; i < 3; i++) assert.equal(await nat.replay(recorded, ELSEWHERE), 0, 'nobody answers')
    })
    assert.deepEqual(
      ofOne?.filter((what) => !what.startsWith('rejected')),
      []
    )
    assert.deepEqual([one.contact?.addresses, one.snapshot?.peer?.host], [[HERE], HERE])
  })

  it('are not moved by recordings of earlier sessions from another address, though these are answered, for a while', async function () {
    this.timeout(30_000)
    const [one, two, nat] = await pairUp()
    await until('enough was said', () => nat.said.length > 20)
    const recorded = [...nat.said]
    await two.stop()
    two.start(SECRET)
    await until('paired again', () => arePair(one, two))
    const [ofOne] = await meanwhile([one, two], async () => {
      for (let i = 0; i < 3; i++) await nat.replay(recorded, ELSEWHERE)
    })
    assert.deepEqual(
      ofOne?.filter((what) => !what.startsWith('rejected')),
      []
    )
    assert.deepEqual([one.contact?.addresses, one.snapshot?.peer?.host], [[HERE], HERE])
  })

  it('with a key take no notice of another key, from wherever it comes', async () => {
    const [one, two] = await pairUp()
    const [c = 0] = await freePorts(1, ELSEWHERE)
    const third = new Side(settings([{ ...link(c, one.port), localHost: ELSEWHERE }], TIMING))
    sides.push(third)
    const [ofOne] = await meanwhile([one, two], async () => {
      third.start(OTHER)
      await until('it is refused', () => (one.dropped()['key'] ?? 0) + (one.dropped()['seal'] ?? 0) > 5)
    })
    assert.deepEqual(ofOne, ['rejected bad-frame'])
    assert.equal(third.snapshot?.peer, null)
    assert.deepEqual([one.contact?.addresses, one.snapshot?.peer?.host], [[HERE], HERE])
  })

  for (const wire of ['extended', 'classic'] as const) {
    it(`without a key hear only the configured host, on the ${wire} wire`, async () => {
      const [one, two, nat] = await pairUp(NO_KEYS, { wire, receiptTimeoutMs: 50 })
      const [ofOne, ofTwo] = await meanwhile([one, two], async () => {
        assert.equal(await nat.replay(nat.said, ELSEWHERE), 0)
      })
      assert.deepEqual([ofOne, ofTwo], [['rejected bad-frame'], []])
      assert.ok((one.dropped()['foreign'] ?? 0) > 0, JSON.stringify(one.dropped()))
      await nat.move(THERE)
      await until('the peer is lost', () => one.snapshot?.online === false)
    })
  }

  it('meet though the one that was started again looks for the other where it is not', async () => {
    // `preferred`, and the name gives the other one's second address first.
    const [one, two, nat] = await pairUp(SECRET, { policy: 'preferred' })
    await one.stop()
    const again = new Side(
      settings([{ ...link(one.port, nat.port), peerHost: ELSEWHERE }], { ...TIMING, policy: 'preferred' })
    )
    sides[0] = again
    again.start(SECRET)
    await until('they meet', () => arePair(again, two))
    assert.equal(again.snapshot?.peer?.host, HERE)
    assert.deepEqual(
      again.events.flatMap(({ detail }) => ('from' in detail ? [[detail.from, detail.to]] : [])),
      [[`${ELSEWHERE}:${nat.port}`, `${HERE}:${nat.port}`]]
    )
  })

  it('find each other among the addresses that their names stand for', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const addresses = [ELSEWHERE, THERE, LOOPBACK]
    const lookup = (): Promise<string[]> => Promise.resolve(addresses)
    const [one, two] = [link(a, b), link(b, a)].map(
      (at) => new Side(settings([{ ...at, peerHost: 'peer.test' }], TIMING), lookup)
    )
    assert.ok(one !== undefined && two !== undefined)
    sides.push(one, two)
    one.start(SECRET)
    two.start(SECRET)
    await until('paired', () => arePair(one, two))
    for (const side of [one, two]) assert.ok(!side.reasonsOf('link').includes('address-changed'))
  })

  it('find each other when both names come to mean another address, after some seconds of silence', async function () {
    this.timeout(40_000)
    const [a = 0, b = 0] = await freePorts(2)
    let address: string = ELSEWHERE
    const lookup = (): Promise<string[]> => Promise.resolve([address])
    const [one, two] = [link(a, b), link(b, a)].map(
      (at) => new Side(settings([{ ...at, peerHost: 'peer.test' }], TIMING), lookup)
    )
    assert.ok(one !== undefined && two !== undefined)
    sides.push(one, two)
    one.start(SECRET)
    two.start(SECRET)
    await until('both are alone', () => one.role === 'active' && two.role === 'active')
    address = LOOPBACK
    await until('paired', () => arePair(one, two))
  })

  it('do with one link while the other one has no address of this machine', async () => {
    const [a = 0, b = 0, c = 0, d = 0] = await freePorts(4)
    const dead = { peerHost: '192.0.2.2', localHost: '192.0.2.1' } as const
    const one = new Side(settings([link(a, b), { ...link(c, d), ...dead }], TIMING))
    const two = new Side(settings([link(b, a), { ...link(d, c), ...dead }], TIMING))
    sides.push(one, two)
    one.start(SECRET)
    two.start(SECRET)
    await until('paired', () => arePair(one, two))
    await calm(one, two)
    const [ofOne, ofTwo] = await meanwhile([one, two], () => Promise.resolve())
    assert.deepEqual([ofOne, ofTwo], [[], []])
    assert.deepEqual(
      one.snapshot?.links.map(({ open, problem }) => [open, problem]),
      [
        [true, null],
        [false, 'link-failed']
      ]
    )
  })
})
