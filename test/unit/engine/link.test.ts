import assert from 'node:assert/strict'
import type { RemoteInfo, Socket } from 'node:dgram'
import { systemClock, type Clock } from '../../../src/engine/clock'
import { Link, type LinkOwner } from '../../../src/engine/link'
import { Resolver, type Lookup } from '../../../src/engine/resolve'
import type { LinkSettings } from '../../../src/protocol/settings'
import { closed, freePorts, HandClock, link as at, LOOPBACK, open, until } from '../../support/engine-rig'

/** A link, and everything that it tells its owner. */
class TestLink implements LinkOwner {
  readonly link: Link
  readonly told: string[] = []
  readonly received: Buffer[] = []
  readonly sources: RemoteInfo[] = []
  unsent = 0
  readonly #clock: Clock
  #seq = 0

  constructor(
    settings: LinkSettings,
    { keyed = true, clock = systemClock(), lookup }: { keyed?: boolean; clock?: Clock; lookup?: Lookup } = {}
  ) {
    const resolver = new Resolver(lookup)
    this.#clock = clock
    this.link = new Link(this, 0, settings, { clock, resolver, keyed, heartbeatMs: 50, peerTimeoutMs: 200 })
    this.link.attend(clock.nowMs())
  }

  linkChanged(link: Link): void {
    this.told.push(`${link.open ? 'open' : 'shut'} ${link.problem ?? ''}`.trim())
  }
  linkReceived(_link: Link, bytes: Buffer, from: RemoteInfo): void {
    this.received.push(bytes)
    this.sources.push(from)
  }
  linkUnsent(): void {
    this.unsent++
  }
  linkMoved(): void {}

  /** A new word of the living session came from there. */
  hears(ip: string, port: number): void {
    this.link.paths.hear(this.#clock.nowMs(), ip, port, { session: 1n, seq: ++this.#seq })
  }

  /** Attends the link until it says that. */
  async tells(word: string): Promise<void> {
    await until(`the link is ${word}`, () => {
      this.link.attend(systemClock().nowMs())
      return this.told.at(-1) === word
    })
  }
}

/** Time passes; whatever is asked or opened meanwhile is done. */
async function pass(test: TestLink, clock: HandClock, ms: number): Promise<void> {
  for (let rest = ms; rest > 0; rest -= 1000) {
    clock.advanceMs(Math.min(1000, rest))
    test.link.attend(clock.nowMs())
    for (let turn = 0; turn < 5; turn++) await new Promise((later) => setImmediate(later))
  }
}

function targets(test: TestLink, clock: HandClock): string[] {
  return test.link.paths.targets(clock.nowMs()).map(({ ip }) => ip)
}

const noLookup: Lookup = () => assert.fail('looked up')

describe('a link', () => {
  const links: TestLink[] = []
  const sockets: Socket[] = []
  const start = (...args: ConstructorParameters<typeof TestLink>): TestLink => {
    const test = new TestLink(...args)
    links.push(test)
    return test
  }
  const listen = async (port: number, host = LOOPBACK): Promise<{ socket: Socket; heard: string[] }> => {
    const socket = await open(host, port)
    const heard: string[] = []
    socket.on('message', (bytes) => heard.push(String(bytes)))
    sockets.push(socket)
    return { socket, heard }
  }
  afterEach(async () => {
    await Promise.all([...links.splice(0).map(({ link }) => link.close()), ...sockets.splice(0).map(closed)])
  })

  for (const host of [LOOPBACK, '::1', 'localhost']) {
    it(`carries datagrams both ways between two sockets on ${host}`, async () => {
      const [a = 0, b = 0] = await freePorts(2, host === 'localhost' ? LOOPBACK : host)
      const [left, right] = [start(at(a, b, host)), start(at(b, a, host))]
      await left.tells('open')
      await right.tells('open')
      assert.equal(left.link.send(Buffer.from('hello')), true)
      right.link.send(Buffer.from('hi'))
      await until('both heard', () => left.received.length === 1 && right.received.length === 1)
      assert.equal(String(right.received[0]), 'hello')
      assert.equal(String(left.received[0]), 'hi')
    })
  }

  it('hears on any address when none is given', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const { socket } = await listen(b)
    const test = start({ ...at(a, b), localHost: '' })
    await test.tells('open')
    socket.send('hello', a, LOOPBACK)
    await until('it heard', () => test.received.length === 1)
  })

  it('hears whoever sends to it, and says from where', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start(at(a, b))
    await test.tells('open')
    const { socket: stranger } = await listen(0, '127.0.0.2')
    const { socket: peer } = await listen(b)
    stranger.send('stranger', a, LOOPBACK)
    peer.send('peer', a, LOOPBACK)
    await until('both are heard', () => test.received.length === 2)
    const heard = test.sources.map(({ address, port }, i) => `${String(test.received[i])} ${address} ${port}`)
    assert.deepEqual(heard.sort(), [`peer ${LOOPBACK} ${b}`, `stranger 127.0.0.2 ${stranger.address().port}`])
  })

  it('sends to where the peer is configured and to where it is heard, and to one address alone when it is told to', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start({ ...at(a, b), localHost: '' })
    await test.tells('open')
    const [configured, elsewhere] = [await listen(b), await listen(0, '127.0.0.2')]
    const { port } = elsewhere.socket.address()
    test.link.send(Buffer.from('one'))
    test.hears('127.0.0.2', port)
    test.link.send(Buffer.from('two'))
    test.link.sendTo(Buffer.from('three'), { address: '127.0.0.2', family: 'IPv4', port, size: 0 })
    test.hears(LOOPBACK, b)
    test.link.send(Buffer.from('four'))
    await until('all is heard', () => configured.heard.length + elsewhere.heard.length >= 5)
    assert.deepEqual(
      [configured.heard, elsewhere.heard],
      [
        ['one', 'two', 'four'],
        ['two', 'three']
      ]
    )
  })

  it('without a key sends to the port of the settings, whatever port it hears', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start({ ...at(a, b), localHost: '' }, { keyed: false })
    await test.tells('open')
    const { heard } = await listen(b)
    test.hears(LOOPBACK, 40_000)
    test.link.send(Buffer.from('answer'))
    await until('it arrives', () => heard.length === 1)
  })

  it('cannot answer whoever calls itself port 0, and counts that', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start(at(a, b))
    await test.tells('open')
    assert.equal(test.link.sendTo(Buffer.from('x'), { address: LOOPBACK, family: 'IPv4', port: 0, size: 0 }), true)
    assert.deepEqual([test.link.unsent, test.unsent], [1, 0])
  })

  it('says port-in-use, keeps trying, and takes the port when it is free', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const occupant = await open(LOOPBACK, a)
    const test = start(at(a, b))
    await test.tells('shut port-in-use')
    await closed(occupant)
    await test.tells('open')
    assert.equal(test.link.problem, null)
  })

  it('says link-failed for an address that is not on this machine', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start({ ...at(a, b), localHost: '192.0.2.1' })
    await test.tells('shut link-failed')
  })

  it('says host-not-found, and opens as soon as the name resolves', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    let known = false
    const lookup: Lookup = () => (known ? Promise.resolve([LOOPBACK]) : Promise.reject(new Error('no such name')))
    const test = start({ ...at(a, b), peerHost: 'peer.test' }, { lookup })
    await test.tells('shut host-not-found')
    known = true
    await test.tells('open')
  })

  it('is not touched by the refusal of what nobody takes', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start(at(a, b))
    await test.tells('open')
    for (let sent = 0; sent < 5; sent++) {
      test.link.send(Buffer.from('anybody?'))
      await new Promise((later) => setTimeout(later, 5))
    }
    const { heard } = await listen(b)
    test.link.send(Buffer.from('again'))
    await until('the socket works', () => heard.length === 1)
    assert.deepEqual([test.told, test.link.unsent, test.unsent], [['open'], 0, 0])
  })

  it('counts what it cannot send, and never throws', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start(at(a, b))
    test.link.send(Buffer.from('too early'))
    assert.equal(test.link.unsent, 1)
    await test.tells('open')
    test.link.send(Buffer.alloc(70_000))
    assert.equal(test.unsent, 0, 'not while it is being sent')
    await until('the error came back', () => test.link.unsent === 2)
    assert.equal(test.unsent, 1)
    await test.link.close()
    test.link.send(Buffer.from('too late'))
    assert.deepEqual([test.link.unsent, test.unsent], [3, 1])
  })

  it('does not tell of what could not be sent to where the peer is not', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    // Nobody may send there without asking for it.
    const test = start({ ...at(a, b), localHost: '', peerHost: '255.255.255.255' })
    await test.tells('open')
    test.link.send(Buffer.from('x'))
    await until('it is told', () => test.unsent === 1)
    test.hears(LOOPBACK, b)
    const { heard } = await listen(b)
    for (let sent = 0; sent < 3; sent++) test.link.send(Buffer.from('y'))
    await until('the peer hears it', () => heard.length === 3)
    await until('it is counted', () => test.link.unsent === 4)
    assert.equal(test.unsent, 1)
  })

  describe('with names', () => {
    const names = new Map<string, readonly string[]>()
    const lookup: Lookup = (name) => {
      const found = names.get(name)
      return found === undefined ? Promise.reject(new Error('no such name')) : Promise.resolve(found)
    }
    afterEach(() => names.clear())

    it('is never pointed away from what it hears, whatever the name says', async () => {
      const [a = 0, b = 0] = await freePorts(2)
      const clock = new HandClock()
      names.set('peer.test', ['127.0.0.2'])
      const test = start({ peerHost: 'peer.test', peerPort: b, localHost: '', localPort: a }, { clock, lookup })
      await until('it is open', () => test.link.open)
      names.set('peer.test', ['127.0.0.3'])
      for (let second = 0; second < 120; second++) {
        test.hears('127.0.0.2', b)
        await pass(test, clock, 1000)
      }
      assert.deepEqual(targets(test, clock), ['127.0.0.2'])
    })

    it('follows a name while it hears nothing, with the same socket, and does not forget where it heard the peer', async () => {
      const [a = 0, b = 0] = await freePorts(2)
      const clock = new HandClock()
      names.set('peer.test', ['127.0.0.2'])
      const test = start({ peerHost: 'peer.test', peerPort: b, localHost: '', localPort: a }, { clock, lookup })
      await until('it is open', () => test.link.open)
      test.hears('127.0.0.2', b)
      names.set('peer.test', ['127.0.0.3'])
      const { heard } = await listen(b, '127.0.0.3')
      await pass(test, clock, 4000)
      assert.deepEqual(targets(test, clock), ['127.0.0.2'])
      await pass(test, clock, 2000)
      assert.deepEqual(targets(test, clock), ['127.0.0.3', '127.0.0.2'])
      test.link.send(Buffer.from('hello'))
      await until('the new address hears it', () => heard.length === 1)
      assert.deepEqual(test.told, ['open'])
    })

    it('tries the addresses of a name one after the other', async () => {
      const [a = 0, b = 0] = await freePorts(2)
      const clock = new HandClock()
      names.set('peer.test', ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.2'])
      const test = start({ peerHost: 'peer.test', peerPort: b, localHost: '', localPort: a }, { clock, lookup })
      await until('it is open', () => test.link.open)
      const listeners = await Promise.all(['127.0.0.2', '127.0.0.3', '127.0.0.4'].map((host) => listen(b, host)))
      for (let beat = 0; beat < 6; beat++) {
        test.link.send(Buffer.from(`beat ${beat}`))
        clock.advanceMs(50)
      }
      await until('all are heard', () => listeners.reduce((sum, { heard }) => sum + heard.length, 0) === 6)
      assert.deepEqual(
        listeners.map(({ heard }) => heard),
        [
          ['beat 0', 'beat 3'],
          ['beat 1', 'beat 4'],
          ['beat 2', 'beat 5']
        ]
      )
    })

    it('opens anew, before the old socket closes, when its own name means another address, and not while it hears the peer', async () => {
      const [a = 0, b = 0] = await freePorts(2)
      const clock = new HandClock()
      names.set('here.test', ['127.0.0.2'])
      const test = start({ ...at(a, b), localHost: 'here.test' }, { clock, lookup })
      await until('it is open', () => test.link.open)
      names.set('here.test', ['127.0.0.3'])
      for (let second = 0; second < 60; second++) {
        test.hears(LOOPBACK, b)
        await pass(test, clock, 1000)
      }
      await assert.rejects(open('127.0.0.2', a), { code: 'EADDRINUSE' })
      await pass(test, clock, 6000)
      await assert.rejects(open('127.0.0.3', a), { code: 'EADDRINUSE' })
      await closed(await open('127.0.0.2', a))
      const { socket } = await listen(b)
      socket.send('hello', a, '127.0.0.3')
      await until('it hears', () => test.received.length === 1)
      assert.deepEqual(test.told, ['open'], 'it was open all the time')
    })

    it('stays where it is when the peer is heard while a name is being looked up', async () => {
      const [a = 0, b = 0] = await freePorts(2)
      const clock = new HandClock()
      names.set('here.test', ['127.0.0.2'])
      const waiting: (() => void)[] = []
      const slow: Lookup = async (name) => {
        const found = await lookup(name)
        if (test.link.open) await new Promise<void>((resolve) => waiting.push(resolve))
        return found
      }
      const test = start({ ...at(a, b), localHost: 'here.test' }, { clock, lookup: slow })
      await until('it is open', () => test.link.open)
      names.set('here.test', ['127.0.0.3'])
      await pass(test, clock, 6000)
      test.hears(LOOPBACK, b)
      assert.equal(waiting.length, 1)
      waiting[0]?.()
      await pass(test, clock, 1000)
      await assert.rejects(open('127.0.0.2', a), { code: 'EADDRINUSE' })
      await closed(await open('127.0.0.3', a))
    })

    it('keeps its socket while the address that its own name means now is not there, or its port is taken', async () => {
      const [a = 0, b = 0] = await freePorts(2)
      const clock = new HandClock()
      names.set('here.test', ['127.0.0.2'])
      const test = start({ ...at(a, b), localHost: 'here.test' }, { clock, lookup })
      await until('it is open', () => test.link.open)
      const { socket } = await listen(b)
      const hears = async (): Promise<void> => {
        test.received.length = 0
        socket.send('hello', a, '127.0.0.2')
        await until('it hears', () => test.received.length === 1)
      }
      names.set('here.test', ['192.0.2.1'])
      await pass(test, clock, 11_000)
      await hears()
      const { socket: occupant } = await listen(a, '127.0.0.3')
      names.set('here.test', ['127.0.0.3'])
      await pass(test, clock, 6000)
      await hears()
      sockets.splice(sockets.indexOf(occupant), 1)
      await closed(occupant)
      await pass(test, clock, 6000)
      await closed(await open('127.0.0.2', a))
      assert.deepEqual(test.told, ['open', 'open link-failed', 'open port-in-use', 'open'])
    })

    it('says that all is well again as soon as it hears the peer', async () => {
      const [a = 0, b = 0] = await freePorts(2)
      const clock = new HandClock()
      names.set('peer.test', [LOOPBACK])
      const test = start({ ...at(a, b), peerHost: 'peer.test' }, { clock, lookup })
      await until('it is open', () => test.link.open)
      names.clear()
      await pass(test, clock, 6000)
      assert.deepEqual(test.told, ['open', 'open host-not-found'])
      test.hears('127.0.0.2', b)
      await pass(test, clock, 4500)
      assert.deepEqual(test.told, ['open', 'open host-not-found', 'open'])
    })

    it('opens in the other family when the name moves there, before the old socket closes', async () => {
      const [a = 0, b = 0] = await freePorts(2)
      const clock = new HandClock()
      names.set('peer.test', [LOOPBACK])
      const test = start({ ...at(a, b), peerHost: 'peer.test', localHost: '' }, { clock, lookup })
      await until('it is open', () => test.link.open)
      test.hears('127.0.0.9', b)
      names.set('peer.test', ['0:0::1'])
      await pass(test, clock, 6000)
      assert.deepEqual(targets(test, clock), ['::1'])
      const { heard, socket } = await listen(b, '::1')
      test.link.send(Buffer.from('hello'))
      socket.send('hi', a, '::1')
      await until('both hear', () => heard.length === 1 && test.received.length === 1)
      await closed(await open('0.0.0.0', a))
      assert.deepEqual(test.told, ['open'])
    })
  })

  it('that is silent looks its name up early, and keeps its socket when the name is gone', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const clock = new HandClock()
    let lookups = 0
    const lookup: Lookup = () => (lookups++ === 0 ? Promise.resolve([LOOPBACK]) : Promise.reject(new Error('gone')))
    const test = start({ ...at(a, b), peerHost: 'peer.test' }, { clock, lookup })
    await until('it is open', () => test.link.open)
    clock.advanceMs(5000)
    test.link.attend(clock.nowMs())
    await until('it tells', () => test.told.length === 2)
    assert.deepEqual(test.told, ['open', 'open host-not-found'])
    assert.equal(lookups, 2)
  })

  it('asks no name server, and has nothing to do, where its addresses are literal', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start(at(a, b), { lookup: noLookup })
    await test.tells('open')
    assert.equal(test.link.dueMs, Infinity)
  })

  it('takes an address of IPv4 in the clothes of IPv6 for what it is', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start({ ...at(a, b), peerHost: '::ffff:127.0.0.1', localHost: '::FFFF:7f00:0001' })
    await test.tells('open')
    const { heard } = await listen(b)
    test.link.send(Buffer.from('hello'))
    await until('it is heard', () => heard.length === 1)
  })

  it('frees its port when it is closed, also while it is still opening', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start(at(a, b))
    await test.tells('open')
    await test.link.close()
    await closed(await open(LOOPBACK, a))
    const opening = start(at(a, b))
    await opening.link.close()
    assert.equal(opening.link.dueMs, Infinity)
    await closed(await open(LOOPBACK, a))
    assert.deepEqual(opening.told, [])
  })
})
