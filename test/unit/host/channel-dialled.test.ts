/** A connection that this side dials, and an answering side that does what a test says. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Server } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { Dialled } from '../../../src/host/channel/dialled'
import { encodeFrame, TAG } from '../../../src/host/channel/frames'
import { endpointBytes, introduce, readIntroduction, type Sessions } from '../../../src/host/channel/introduction'
import { channelKeys, type ChannelKey } from '../../../src/host/channel/keys'
import { exporterOf, TLS } from '../../../src/host/channel/tls'
import { LOOPBACK } from '../../support/engine-rig'
import { KEYS, newSession } from './channel-side'

const [KEY = null] = channelKeys(KEYS)
const key = KEY as ChannelKey
const SESSIONS: Sessions = { session: newSession(), peerSession: newSession() }
const GIGABYTE = Buffer.from([0x40, 0, 0, 0, TAG.welcome])
const HEADER_BYTES = 5
const sockets: TLSSocket[] = []
const servers: Server[] = []

type Act = (socket: TLSSocket) => void

interface Ended {
  readonly provable: boolean | null
  /** Null: it was never proven. */
  readonly fin: boolean | null
  readonly why: string
  readonly frames: readonly string[]
}

/** A listener that has the key. */
async function answering(act: Act): Promise<number> {
  const server = createServer({ ...TLS, pskCallback: (_socket, name) => (name === key.identity ? key.psk : null) })
  server.on('secureConnection', (socket) => {
    socket.on('error', () => {})
    sockets.push(socket)
    act(socket)
  })
  server.listen(0, LOOPBACK)
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

/** Answers the hello as it should be, and then goes on. */
function welcoming(act: Act, over: Partial<Sessions> = {}): Act {
  return (socket) =>
    socket.once('data', (bytes: Buffer) => {
      const binding = { key: key.proof, exporter: exporterOf(socket) }
      const said = readIntroduction('hello', binding, bytes.subarray(HEADER_BYTES))
      assert.ok(said !== null)
      const own = endpointBytes({ address: socket.localAddress, port: socket.localPort })
      const other = endpointBytes({ address: socket.remoteAddress, port: socket.remotePort })
      const sessions = { session: said.peerSession, peerSession: said.session, ...over }
      socket.write(encodeFrame(TAG.welcome, introduce('welcome', binding, { ...sessions, own, other, users: 0 })))
      act(socket)
    })
}

function dial(port: number, frame?: () => boolean): Promise<Ended> {
  let provable: boolean | null = null
  const frames: string[] = []
  const target = { address: LOOPBACK, port, localAddress: undefined }
  return new Promise((done) => {
    const end = (fin: boolean | null, why: string): void => done({ provable, fin, why, frames })
    void new Dialled(target, key, SESSIONS, {
      onProven: (_dialled, isProvable) => (provable = isProvable),
      onFailed: (_dialled, why) => end(null, why),
      onEnded: (_dialled, fin, why) => end(fin, why),
      onFrame: (tag, payload) => {
        frames.push(`${tag} ${payload.length}`)
        return frame?.() ?? true
      }
    })
  })
}

/** Why it came to nothing. */
async function failing(act: Act): Promise<string> {
  const { provable, fin, why } = await dial(await answering(act))
  assert.deepEqual([provable, fin], [null, null])
  return why
}

describe('a connection that is dialled', () => {
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await Promise.all(servers.splice(0).map((server) => new Promise((closed) => server.close(closed))))
  })

  it('believes nobody who does not prove the key for this connection and these sessions', async () => {
    const early = encodeFrame(TAG.welcome, Buffer.alloc(85))
    assert.equal(await failing((socket) => socket.write(early)), 'not proven')
    assert.equal(await failing((socket) => socket.once('data', (bytes) => socket.write(bytes))), 'not proven')
    assert.equal(await failing((socket) => socket.once('data', () => socket.write(GIGABYTE))), 'message too long')
    assert.equal(await failing((socket) => socket.end()), 'closed by the peer')
    assert.equal(await failing(welcoming(() => {}, { session: newSession() })), 'other session')
    assert.equal(await failing(welcoming(() => {}, { peerSession: newSession() })), 'other session')
    assert.equal(await failing(() => {}), 'ETIMEDOUT')
  })

  it('reads everything before it believes an end', async () => {
    const port = await answering(
      welcoming((socket) => {
        for (let i = 0; i < 40; i++) socket.write(encodeFrame(50, Buffer.alloc(500_000)))
        socket.end(encodeFrame(50, Buffer.alloc(9)).subarray(0, 7))
      })
    )
    const { provable, fin, frames } = await dial(port)
    assert.deepEqual([provable, fin], [true, true])
    assert.deepEqual(
      frames,
      Array.from({ length: 40 }, () => '50 500000')
    )
  })

  it('takes no more than it may be promised', async () => {
    const port = await answering(welcoming((socket) => socket.write(GIGABYTE)))
    assert.deepEqual(await dial(port), { provable: true, fin: false, why: 'message too long', frames: [] })
  })

  it('is ended, and not the process, where the taking in of a message fails', async () => {
    const port = await answering(welcoming((socket) => socket.write(encodeFrame(50))))
    const ended = await dial(port, () => {
      throw new Error('on purpose')
    })
    assert.deepEqual([ended.fin, ended.why], [false, 'Error: on purpose'])
  })

  it('takes a farewell for no death, also when the FIN is right behind it', async () => {
    const port = await answering(welcoming((socket) => socket.end(encodeFrame(TAG.farewell))))
    const { fin, why } = await dial(port)
    assert.deepEqual([fin, why], [false, 'farewell'])
  })
})
