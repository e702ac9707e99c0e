/** Channels of two sides over real sockets of loopback: how a tether comes up, moves and ends, and what is told of it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { network } from '../../../src/host/root'
import { freePorts, holds, link, LOOPBACK, until } from '../../support/engine-rig'
import { Recorder } from './exchange-rig'
import { KEYS, meet, newSession, Relay, Side } from './channel-side'

const SECOND = '127.0.0.2'

const opened = async (...both: Side[]): Promise<void> => {
  await until('both tethers are up', () => both.every((side) => side.open && side.channel.toPeer !== null))
}

describe('the channel', () => {
  let sides: Side[]
  let relays: Relay[]

  beforeEach(() => {
    sides = []
    relays = []
  })
  afterEach(async () => {
    await Promise.all(sides.map((side) => side.channel.leave()))
    await Promise.all(relays.map((relay) => relay.remove()))
  })

  const added = <T extends Side>(side: T): T => {
    sides.push(side)
    return side
  }
  const two = async (keys = KEYS, otherKeys = keys): Promise<[Side, Side]> => {
    const [x = 0, y = 0] = await freePorts(2)
    return [added(Side.at(x, y, keys)), added(Side.at(y, x, otherKeys))]
  }
  /** The one dials through a relay, the other one directly. */
  const relayed = async (): Promise<[Side, Side, Relay]> => {
    const [x = 0, y = 0] = await freePorts(2)
    const relay = await Relay.to(y)
    relays.push(relay)
    const pair: [Side, Side] = [added(Side.at(x, relay.port)), added(Side.at(y, x))]
    meet(...pair)
    await opened(...pair)
    return [...pair, relay]
  }

  it('is two tethers, one dialled by each side, as soon as they are in contact', async () => {
    const [a, b] = await two()
    assert.deepEqual([a.open, b.open], [false, false], 'nobody dials without contact')
    meet(a, b)
    await opened(a, b)
    for (const [side, other] of [
      [a, b],
      [b, a]
    ] as const) {
      const [tether] = side.news
      const { id } = tether ?? { id: -1 }
      const sessions = { session: side.session, peerSession: other.session }
      assert.deepEqual(side.news, [{ kind: 'tether', id, ...sessions, provable: true }])
      assert.deepEqual(side.told, ['channel-open'])
      assert.deepEqual(side.details, [{ open: true, address: LOOPBACK }])
    }
    assert.notEqual(a.lastId, b.lastId)
  })

  for (const [address, localHost] of [
    ['::1', '::1'],
    ['::1', ''],
    [LOOPBACK, ''],
    [LOOPBACK, '0.0.0.0'],
    [LOOPBACK, 'localhost']
  ] as const) {
    it(`opens to ${address} where the local address is '${localHost}', and proves itself`, async () => {
      const [x = 0, y = 0] = await freePorts(2)
      const at = (localPort: number, peerPort: number): Side =>
        added(new Side([{ peerHost: address, peerPort, localHost, localPort }]))
      const [a, b] = [at(x, y), at(y, x)]
      a.hears(b.session, [address])
      b.hears(a.session, [address])
      await opened(a, b)
      assert.deepEqual([a.words, b.words], [['tether provable'], ['tether provable']])
    })
  }

  it('waits with its answer until it has heard of the sessions too', async () => {
    const [a, b] = await two()
    a.hears(b.session)
    await holds('nobody answers yet', () => !a.open, 100)
    b.hears(a.session)
    await opened(a, b)
    assert.deepEqual(a.words, ['tether provable'])
  })

  for (const [what, keys, otherKeys] of [
    ['the one that dials', { key: 'new', previousKey: 'old' }, { key: 'old', previousKey: '' }],
    ['both, each with what was the other one’s', { key: 'p', previousKey: 'q' }, { key: 'q', previousKey: 'p' }]
  ] as const) {
    it(`opens while the keys are changed, with two keys on ${what}`, async () => {
      const [a, b] = await two(keys, otherKeys)
      meet(a, b)
      await opened(a, b)
      assert.deepEqual([a.words, b.words], [['tether provable'], ['tether provable']])
    })
  }

  it('does not open with another key; the side that is dialled counts that and says nothing', async () => {
    const [a, b] = await two(KEYS, { key: 'another secret', previousKey: '' })
    const { unknownKey } = network.listeners.turned
    a.hears(b.session)
    await until('it was tried again', () => network.listeners.turned.unknownKey >= unknownKey + 2)
    assert.deepEqual([a.words, b.words, b.told], [[], [], []])
  })

  it('that cannot be opened is told when it has lasted, and when it is over', async function () {
    this.timeout(20_000)
    const [x = 0, y = 0] = await freePorts(2)
    const a = added(Side.at(x, y))
    const session = newSession()
    a.hears(session)
    await until('it is told', () => a.told.length > 0)
    assert.deepEqual([a.told, a.channel.state.blocked], [['channel-blocked'], true])
    const told = { open: false, address: LOOPBACK, port: y, noticedAfter: '0.6 s', error: 'ECONNREFUSED' }
    assert.deepEqual(a.details, [told])
    const b = added(Side.at(y, x))
    b.session = session
    b.hears(a.session)
    await until('it is open', () => a.open)
    assert.deepEqual([a.told, a.channel.state.blocked], [['channel-blocked', 'channel-open'], false])
  })

  it('that cannot be opened to a peer that is gone is told nobody', async () => {
    const [x = 0, y = 0] = await freePorts(2)
    const a = added(Side.at(x, y))
    a.hears(newSession())
    await new Promise((later) => setTimeout(later, 2000))
    a.hearsNothing()
    await holds('nothing is told', () => a.told.length === 0 && !a.channel.state.blocked, 2500)
  })

  it('proves nothing through somebody who stands between', async () => {
    const [a, b] = await relayed()
    assert.deepEqual([a.words, a.told], [['tether unprovable'], ['addresses-differ']])
    assert.deepEqual(b.words, ['tether provable'], 'the other direction is not relayed')
  })

  it('that is reset has not ended by a FIN, and is dialled anew', async () => {
    const [a, , relay] = await relayed()
    relay.reset()
    await until('it is up again', () => a.words.length === 3)
    assert.deepEqual(a.words, ['tether unprovable', 'ended', 'tether unprovable'])
    assert.deepEqual(a.told, ['addresses-differ', 'channel-lost', 'addresses-differ'])
  })

  it('that ends by a FIN asks once whether anybody is there, and hears a living peer', async () => {
    const [a, , relay] = await relayed()
    relay.end()
    await until('it is up again', () => a.words.length === 4)
    assert.deepEqual(a.words, ['tether unprovable', 'ended fin', 'redialled answered', 'tether unprovable'])
    const [first, ended, redialled, second] = a.news
    assert.deepEqual([ended?.id, redialled?.id], [first?.id, first?.id])
    assert.notEqual(second?.id, first?.id)
  })

  it('says farewell at an orderly end, and nobody takes that for a death', async () => {
    const [a, b] = await two()
    meet(a, b)
    await opened(a, b)
    await b.channel.leave()
    await until('it is told', () => a.words.length === 2)
    a.hearsNothing()
    assert.deepEqual(a.words, ['tether provable', 'ended'])
    await holds('and no more', () => a.words.length === 2 && a.told.length === 1, 1200)
    assert.deepEqual(b.words, ['tether provable'], 'who left tells its engine nothing')
  })

  it('keeps the old tether until one for the new session is proven', async () => {
    const [a, b] = await two()
    meet(a, b)
    await opened(a, b)
    const old = a.lastId
    b.session = newSession()
    a.hears(b.session)
    await holds('the old one stays', () => a.open && a.words.length === 1, 300)
    b.hears(a.session)
    await until('the new one is proven', () => a.words.length === 3 && b.words.length === 3)
    for (const side of [a, b]) assert.deepEqual(side.words, ['tether provable', 'tether provable', 'ended'])
    assert.deepEqual(a.news[2], { kind: 'tetherEnded', id: old, fin: false })
    await holds('one connection each is left', () => a.words.length === 3 && a.open && b.open, 200)
  })

  it('outlives silence, and tells its end in the midst of it', async () => {
    const [a, b, relay] = await relayed()
    a.hearsNothing()
    b.hearsNothing()
    await holds('it stays', () => a.open && b.open, 300)
    relay.end()
    await until('its end is told', () => a.words.length === 3)
    assert.deepEqual(a.words.slice(1), ['ended fin', 'redialled answered'])
    await holds('nobody dials without contact', () => a.words.length === 3, 600)
    assert.deepEqual(a.told, ['addresses-differ'], 'silence tells more than that')
  })

  it('moves to a link on which the peer is heard', async () => {
    const [x = 0, y = 0, x2 = 0, y2 = 0] = await freePorts(4)
    const a = added(new Side([link(x, y), link(x2, y2, SECOND)]))
    const b = added(new Side([link(y, x), link(y2, x2, SECOND)]))
    for (const [side, other] of [
      [a, b],
      [b, a]
    ] as const) {
      side.hears(other.session, [LOOPBACK, SECOND])
    }
    await opened(a, b)
    a.hears(b.session, [null, SECOND])
    await until('it has moved', () => a.words.length === 3)
    assert.deepEqual(a.words, ['tether provable', 'tether provable', 'ended'])
    assert.deepEqual(
      a.details.map(({ address }) => address),
      [LOOPBACK, SECOND]
    )
    a.hears(b.session, [LOOPBACK, SECOND])
    await holds('it stays there', () => a.words.length === 3, 200)
  })

  it('tells that its port is taken, and listens as soon as it is free', async function () {
    this.timeout(20_000)
    const [x = 0, y = 0] = await freePorts(2)
    const holder = createServer((socket) => socket.destroy()).listen(y, LOOPBACK)
    await once(holder, 'listening')
    const [a, b] = [added(Side.at(x, y)), added(Side.at(y, x))]
    await until('it is told', () => b.told.length > 0)
    assert.deepEqual([b.told, b.channel.state.busy], [['channel-busy'], true])
    meet(a, b)
    await until('this direction is open', () => b.open)
    await new Promise((closed) => holder.close(closed))
    await until('both are', () => a.open && b.open, 12_000)
    assert.equal(b.channel.state.busy, false)
  })

  it('carries bodies of users both ways, and begins anew on another connection', async () => {
    const [a, b] = await two()
    const [one, other] = [new Recorder('x'), new Recorder('x')]
    a.channel.exchange.attach(one)
    b.channel.exchange.attach(other)
    meet(a, b)
    await until('they have met', () => one.link !== null && other.link !== null)
    one.link?.send(Buffer.alloc(3_000_000))
    other.say('back')
    await until('both arrived', () => other.seen.length === 2 && one.link?.waitingBytes === 0)
    assert.deepEqual(one.seen.toSorted(), ['back', 'drained', 'joined {}'])
    assert.deepEqual(other.seen, ['joined {}', '3000000 bytes'])
    b.channel.toPeer?.drop()
    await until('they meet again', () => one.seen.length === 5)
    assert.deepEqual(one.seen.slice(3), ['parted', 'joined {}'])
    other.onReceived = () => assert.fail('damaged')
    one.say('x')
    await until('it costs the connection', () => b.told.includes('channel-lost'))
    await until('and no more', () => one.seen.length === 7 && other.link !== null)
  })

  it('is refused and told, where a message means nothing', async () => {
    const [a, b] = await two()
    meet(a, b)
    await opened(a, b)
    assert.equal(b.channel.toPeer?.send(99, Buffer.from('from a later version')), true)
    await until('it is told', () => a.told.includes('channel-lost'))
    assert.deepEqual(a.words.slice(0, 2), ['tether provable', 'ended'])
    const lost = a.details[a.told.indexOf('channel-lost')]
    assert.deepEqual(lost, { open: false, noticedAfter: '0.6 s', error: 'unknown message 99' })
  })
})
