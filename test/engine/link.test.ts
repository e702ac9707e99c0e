import assert from 'node:assert/strict'
import type { Socket } from 'node:dgram'
import { systemClock, type Clock } from '../../src/engine/clock'
import { Link, type LinkOwner } from '../../src/engine/link'
import { Resolver, type Lookup } from '../../src/engine/resolve'
import type { LinkSettings } from '../../src/protocol/settings'
import { closed, freePorts, HandClock, link as at, LOOPBACK, open, until } from './harness'

/** A link, and everything that it tells its owner. */
class TestLink implements LinkOwner {
  readonly link: Link
  readonly told: string[] = []
  readonly received: Buffer[] = []
  refused = 0
  foreign = 0

  constructor(
    settings: LinkSettings,
    { connected = true, clock = systemClock(), lookup }: { connected?: boolean; clock?: Clock; lookup?: Lookup } = {}
  ) {
    const resolver = new Resolver(lookup)
    this.link = new Link(this, 0, settings, { clock, resolver, connected, peerTimeoutMs: 200 })
    this.link.attend(clock.nowMs())
  }

  linkChanged(link: Link): void {
    this.told.push(`${link.open ? 'open' : 'shut'} ${link.problem ?? ''}`.trim())
  }
  linkReceived(_link: Link, bytes: Buffer): void {
    this.received.push(bytes)
  }
  linkForeign(): void {
    this.foreign++
  }
  linkRefused(): void {
    this.refused++
  }
  linkMoved(): void {
    this.onMoved()
  }
  onMoved = (): void => {}

  /** Attends the link until it says that. */
  async tells(word: string): Promise<void> {
    await until(`the link is ${word}`, () => {
      this.link.attend(systemClock().nowMs())
      return this.told.at(-1) === word
    })
  }
}

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

  it('does not hear strangers once it is connected', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start(at(a, b))
    await test.tells('open')
    const { socket: stranger } = await listen(0)
    const { socket: peer } = await listen(b)
    stranger.send('stranger', a, LOOPBACK)
    peer.send('peer', a, LOOPBACK)
    await until('the peer is heard', () => test.received.length === 1)
    assert.equal(String(test.received[0]), 'peer')
  })

  it('of the classic wire hears the brother from any of its ports, but no other host', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start({ ...at(a, b), localHost: '' }, { connected: false })
    await test.tells('open')
    const { heard } = await listen(b)
    const { socket: ephemeral } = await listen(0)
    const { socket: stranger } = await listen(0, '127.0.0.2')
    stranger.send('stranger', a, LOOPBACK)
    ephemeral.send('peer', a, LOOPBACK)
    await until('both arrived', () => test.received.length === 1 && test.foreign === 1)
    assert.equal(String(test.received[0]), 'peer')
    test.link.send(Buffer.from('answer'))
    await until('the answer goes to the port of the settings', () => heard.length === 1)
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
    const test = start({ ...at(a, b), peerHost: 'brother.test' }, { lookup })
    await test.tells('shut host-not-found')
    known = true
    await test.tells('open')
  })

  it('reports a refusal for each datagram that nobody takes', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start(at(a, b))
    await test.tells('open')
    for (let sent = 1; sent <= 3; sent++) {
      test.link.send(Buffer.from('anybody?'))
      await until(`refusal ${sent}`, () => test.refused === sent)
    }
    const { heard } = await listen(b)
    test.link.send(Buffer.from('again'))
    await until('the socket still works', () => heard.length === 1)
  })

  it('counts what it cannot send, and never throws', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const test = start(at(a, b))
    test.link.send(Buffer.from('too early'))
    assert.equal(test.link.unsent, 1)
    await test.tells('open')
    test.link.send(Buffer.alloc(70_000))
    await until('the error came back', () => test.link.unsent === 2)
    await test.link.close()
    test.link.send(Buffer.from('too late'))
    assert.equal(test.link.unsent, 3)
  })

  it('counts what it cannot send also in the instant in which its socket lost its way', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const clock = new HandClock()
    // Nobody may connect to this one: the socket is not connected any more, and its error comes a moment later.
    const addresses = [LOOPBACK, '255.255.255.255']
    const lookup: Lookup = () => Promise.resolve([addresses.shift() ?? LOOPBACK])
    const test = start({ peerHost: 'brother.test', peerPort: b, localHost: '', localPort: a }, { clock, lookup })
    await until('it is open', () => test.link.open)
    let sent = 0
    test.onMoved = () => queueMicrotask(() => test.link.send(Buffer.alloc(1, ++sent)))
    clock.advanceMs(60_000)
    test.link.attend(clock.nowMs())
    await until('it tells', () => test.told.at(-1) === 'shut link-failed')
    assert.deepEqual([sent, test.link.unsent], [1, 1])
  })

  it('follows a name to its new address without giving up its port', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const clock = new HandClock()
    let address = '127.0.0.2'
    const test = start(
      { peerHost: 'brother.test', peerPort: b, localHost: '', localPort: a },
      { clock, lookup: () => Promise.resolve([address]) }
    )
    await until('it is open', () => test.link.open)
    const { heard } = await listen(b, '127.0.0.3')
    address = '127.0.0.3'
    test.link.heardAtMs = clock.nowMs() + 60_000
    for (let i = 0; i < 4; i++) {
      clock.advanceMs(10_000)
      test.link.attend(clock.nowMs())
      await new Promise((later) => setImmediate(later))
    }
    await until('it points at the new address', () => test.link.address === address)
    assert.deepEqual(test.told, ['open'], 'the socket stayed open')
    test.link.send(Buffer.from('hello'))
    await until('the new address hears it', () => heard.length === 1)
    await assert.rejects(open('0.0.0.0', a), { code: 'EADDRINUSE' })
  })

  it('that is silent looks its name up early, and keeps its socket when the name is gone', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const clock = new HandClock()
    let lookups = 0
    const lookup: Lookup = () => (lookups++ === 0 ? Promise.resolve([LOOPBACK]) : Promise.reject(new Error('gone')))
    const test = start({ ...at(a, b), peerHost: 'brother.test' }, { clock, lookup })
    await until('it is open', () => test.link.open)
    clock.advanceMs(5000)
    test.link.attend(clock.nowMs())
    await until('it tells', () => test.told.length === 2)
    assert.deepEqual(test.told, ['open', 'open host-not-found'])
    assert.equal(lookups, 2)
  })

  it('opens again when a name moves to the other address family', async () => {
    const [a = 0, b = 0] = await freePorts(2)
    const clock = new HandClock()
    let address = LOOPBACK
    const test = start(
      { ...at(a, b), peerHost: 'brother.test', localHost: '' },
      {
        clock,
        lookup: () => Promise.resolve([address])
      }
    )
    await until('it is open', () => test.link.open)
    address = '::1'
    clock.advanceMs(5000)
    test.link.attend(clock.nowMs())
    await until('it shut', () => test.told.at(-1) === 'shut link-failed')
    clock.advanceMs(1000)
    test.link.attend(clock.nowMs())
    await until('it opened again', () => test.told.at(-1) === 'open')
    assert.equal(test.link.address, '::1')
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
