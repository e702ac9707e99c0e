/** What strangers, copies and broken peers may try on the channel's port, and what comes of it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { WAITING_BYTES_MAX } from '../../../src/host/channel/accepted'
import { encodeFrame, TAG } from '../../../src/host/channel/frames'
import { endpointBytes, introduce, type Sessions } from '../../../src/host/channel/introduction'
import { channelKeys, type ChannelKey } from '../../../src/host/channel/keys'
import { HANDSHAKE_MS, STRANGERS_MAX, UNPROVEN_MAX, type Host } from '../../../src/host/channel/listener'
import { network } from '../../../src/host/root'
import { exporterOf, TLS } from '../../../src/host/channel/tls'
import { freePorts, holds, LOOPBACK, until } from '../../support/engine-rig'
import { KEYS, meet, newSession, Side } from './channel-side'

const STRANGER = '127.0.0.9'
const [KEY = null] = channelKeys(KEYS)
const key = KEY as ChannelKey
const [OTHER = null] = channelKeys({ key: 'another secret', previousKey: '' })
const other = OTHER as ChannelKey
const GIGABYTE = Buffer.from([0x40, 0, 0, 0, TAG.hello])

/**
 * How it ends: `reset`, `end` or an error's code. A reset with data before it looks like an end, until the system is asked to write
 * something.
 */
async function endOf(socket: Socket, raw = socket): Promise<string> {
  let how = ''
  socket.on(
    'error',
    (error: NodeJS.ErrnoException) => (how ||= error.code === 'ECONNRESET' ? 'reset' : (error.code ?? '?'))
  )
  socket.on('end', () => raw.write(Buffer.alloc(0), (error) => (how ||= error instanceof Error ? 'reset' : 'end')))
  socket.resume()
  if (!socket.destroyed) await once(socket, 'close').catch(() => {})
  return how
}

const secured = async (socket: TLSSocket): Promise<TLSSocket> => {
  await once(socket, 'secureConnect')
  return socket
}

const hello = (socket: TLSSocket, sessions: Sessions, direction: 'hello' | 'welcome' = 'hello'): Buffer => {
  const own = endpointBytes({ address: socket.localAddress, port: socket.localPort })
  const far = endpointBytes({ address: socket.remoteAddress, port: socket.remotePort })
  return introduce(
    direction,
    { key: key.proof, exporter: exporterOf(socket) },
    { ...sessions, own, other: far, users: 0 }
  )
}

describe('the port of the channel', () => {
  let x: number
  let y: number
  let b: Side
  let sockets: Socket[]
  let sides: Side[]

  beforeEach(async () => {
    ;[x = 0, y = 0] = await freePorts(2)
    b = Side.at(y, x)
    sides = [b]
    sockets = []
  })
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await Promise.all(sides.map((side) => side.channel.leave()))
  })

  const plain = async (from = LOOPBACK, port = y): Promise<Socket> => {
    const socket = connect({ port, host: LOOPBACK, localAddress: from })
    socket.on('error', () => {})
    sockets.push(socket)
    await once(socket, 'connect')
    return socket
  }
  const secure = async (
    known: ChannelKey | null,
    over: ConnectionOptions = {},
    from = LOOPBACK
  ): Promise<TLSSocket> => {
    const raw = await plain(from)
    const psk = known === null ? {} : { pskCallback: () => ({ identity: known.identity, psk: known.psk }) }
    const socket = connectTls({ socket: raw, ...TLS, checkServerIdentity: () => undefined, ...psk, ...over })
    socket.on('error', () => {})
    sockets.push(socket)
    return socket
  }
  /** Somebody with the key, who speaks as the peer. */
  const impersonated = async (): Promise<TLSSocket> => {
    const session = newSession()
    b.hears(session, [])
    const socket = await secured(await secure(key))
    socket.write(encodeFrame(TAG.hello, hello(socket, { session, peerSession: b.session })))
    return socket
  }

  it('lets in nobody without the key, and the process goes on', async () => {
    const before = { ...network.listeners.turned }
    const ends: Record<string, string> = {}
    ends['no key'] = await endOf(await secure(null))
    ends['unknown key'] = await endOf(await secure(other))
    ends['wrong key'] = await endOf(await secure({ ...key, psk: other.psk }))
    ends['TLS 1.2'] = await endOf(await secure(key, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'PSK' }))
    const junk = await plain()
    junk.write('GET / HTTP/1.1\r\n\r\n'.repeat(100))
    ends['no TLS'] = await endOf(junk)
    for (const [who, how] of Object.entries(ends)) assert.notEqual(how, '', who)
    assert.equal(b.channel.toPeer, null)
    const { turned } = network.listeners
    await until('each is counted', () => turned.failed === before.failed + 4)
    assert.deepEqual(turned, { ...before, unknownKey: before.unknownKey + 1, failed: before.failed + 4 })
  })

  it('resumes no session: what one proved, another one has to prove again', async () => {
    const session = newSession()
    b.hears(session, [])
    const first = await secure(key)
    const tickets: Buffer[] = []
    first.on('session', (ticket) => tickets.push(ticket))
    await secured(first)
    first.write(encodeFrame(TAG.hello, hello(first, { session, peerSession: b.session })))
    await once(first, 'data')
    assert.notEqual(b.channel.toPeer, null)
    for (const ticket of tickets) {
      const again = await secure(null, { session: ticket })
      let letIn = false
      again.on('secureConnect', () => (letIn = true))
      await endOf(again)
      assert.equal(letIn, false)
    }
  })

  it('believes no hello of another connection, direction, key or sessions', async () => {
    const session = newSession()
    b.hears(session, [])
    const sessions = { session, peerSession: b.session }
    const recorded = hello(await secured(await secure(key)), sessions)
    const say = async (made: (socket: TLSSocket) => Buffer, tag: number = TAG.hello): Promise<string> => {
      const socket = await secured(await secure(key))
      socket.write(encodeFrame(tag, made(socket)))
      return endOf(socket)
    }
    assert.equal(await say(() => recorded), 'reset', 'recorded')
    assert.equal(await say((socket) => hello(socket, sessions, 'welcome')), 'reset', 'direction')
    assert.equal(await say((socket) => hello(socket, sessions), TAG.farewell), 'reset', 'tag')
    assert.equal(await say((socket) => hello(socket, sessions).subarray(1)), 'reset', 'cut')
    assert.equal(await say(() => Buffer.alloc(0)), 'reset', 'empty')
    const startedMs = performance.now()
    assert.equal(await say((socket) => hello(socket, { ...sessions, session: newSession() })), 'reset', 'session')
    assert.ok(performance.now() - startedMs > HANDSHAKE_MS / 2, 'it waited for news of those sessions')
    assert.equal(b.channel.toPeer, null)
  })

  it('is not filled by those who come in and say nothing: the peer still gets in', async () => {
    for (let i = 0; i < 20; i++) await plain(STRANGER)
    const a = Side.at(x, y)
    sides.push(a)
    meet(a, b)
    await until('the peer is in, before anybody is out of time', () => a.open, HANDSHAKE_MS * 0.8)
    assert.ok(STRANGERS_MAX < UNPROVEN_MAX)
  })

  it('has room again for the peer when those who said nothing from its own address are out of time', async () => {
    const crowded = network.listeners.turned.crowded
    b.hears(newSession())
    // They go as far as one can without a hello, all at once: none of them is out of time before the last one has come.
    await Promise.all(Array.from({ length: UNPROVEN_MAX }, () => secure(key)))
    const isFull = (): boolean => network.listeners.turned.crowded > crowded
    for (let i = 0; i < 10 * UNPROVEN_MAX && !isFull(); i++) await plain()
    await until('who was too many is out', isFull)
    const a = Side.at(x, y)
    sides.push(a)
    meet(a, b)
    await until('the peer is in', () => a.open)
  })

  it('takes no more than it was told to expect, before and after the hello', async () => {
    const before = await secured(await secure(key))
    before.write(GIGABYTE)
    assert.equal(await endOf(before), 'reset')
    const after = await impersonated()
    await once(after, 'data')
    after.write('.')
    assert.equal(await endOf(after), 'reset')
    await until('it is gone', () => b.channel.toPeer === null)
  })

  it('keeps no more than so much for a peer that does not read, and waits for it at the end no longer than that', async () => {
    const slow = await impersonated()
    await once(slow, 'data')
    slow.pause()
    const { toPeer } = b.channel
    assert.ok(toPeer !== null)
    let sent = 0
    while (sent < 2 * WAITING_BYTES_MAX && toPeer.send(77, Buffer.alloc(65_536))) sent += 65_536
    assert.ok(sent >= WAITING_BYTES_MAX && sent < WAITING_BYTES_MAX + 65_536 * 2, `${sent}`)
    const startedMs = performance.now()
    await b.channel.leave()
    assert.ok(performance.now() - startedMs < 2000)
    assert.equal(await endOf(slow, sockets[0]), 'reset', 'what was not said must not look like a death')
  })

  it('closes at once where no pair is any more, and stays open', async () => {
    await b.channel.leave()
    for (let i = 0; i < 3; i++) assert.notEqual(await endOf(await plain()), 'ECONNREFUSED')
  })

  it('survives errors of those that it asks', async () => {
    const broken: Host = {
      get keys(): never {
        throw new Error('on purpose')
      },
      converses: () => true,
      expects: () => true,
      accepted: () => {},
      listenerChanged: () => {}
    }
    const listener = network.listeners.enter(broken, LOOPBACK, x)
    await until('it listens', () => listener.open)
    const raw = await plain(LOOPBACK, x)
    const socket = connectTls({
      socket: raw,
      ...TLS,
      checkServerIdentity: () => undefined,
      pskCallback: () => ({ identity: key.identity, psk: key.psk })
    })
    assert.notEqual(await endOf(socket), '')
    listener.remove(broken)
  })

  it('is not opened to itself: who dials its own address meets no peer', async () => {
    const [own = 0] = await freePorts(1)
    const lonely = Side.at(own, own)
    sides.push(lonely)
    lonely.hears(newSession())
    await holds('it stays shut', () => !lonely.open && lonely.channel.toPeer === null, 300)
  })
})
