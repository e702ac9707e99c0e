/**
 * One side of the cost rows, in a process of its own: the engine as Node-RED runs it (the hub and its thread, without Node-RED
 * around them), or what that is compared with: a bare loop of dgram and HMAC that sends and reads the same frames at the same times,
 * bare connections, a thread with one socket, nothing.
 *
 *     { run, first, ports, peers, folder }  starts; answers { ready: true } when every pair is in contact
 *     { measureMs }                         answers { cpuUs, frames, rssBytes } of that time
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { threadId, Worker } from 'node:worker_threads'
import { dialContext, TLS } from '../src/host/channel/tls'
import type { PairHandle } from '../src/host/hub'
import { hub } from '../src/host/root'
import { DEFAULTS, type PairSettings } from '../src/protocol/settings'
import { eventually, pause } from '../test/support/eventually'

export interface Start {
  readonly run: 'engine' | 'bare' | 'bare-tls' | 'empty-worker' | 'nothing'
  /** This side speaks first: the Active. */
  readonly first: boolean
  readonly ports: readonly number[]
  readonly peers: readonly number[]
  /** For the epoch files; anyone who starts this process removes it, since this one is killed. */
  readonly folder: string
}

export interface Measure {
  readonly measureMs: number
}

export interface Figures {
  readonly cpuUs: number
  /** Sent and received. */
  readonly frames: number
  readonly rssBytes: number
}

const LOOPBACK = '127.0.0.1'
const HEARTBEAT_MS = DEFAULTS.heartbeatMs
const FRAME_BYTES = 98
const KEY_BYTES = 32
const SEAL_BYTES = 16
/** The engine's Standby asks for an answer to its own answer so often, to know the round trip. */
const SAMPLE_EVERY = 5
const CONTACT_MS = 120_000
const KEY = 'Kp3vX9-hT6nB_1wQzY0sM4rJ'

let frames = (): number => 0

function pairSettings(first: boolean, localPort: number, peerPort: number): PairSettings {
  const links = [{ peerHost: LOOPBACK, peerPort, localHost: LOOPBACK, localPort }]
  return { ...DEFAULTS, name: String(localPort), links, priority: first ? 200 : 100 }
}

async function runEngine({ first, ports, peers, folder }: Start): Promise<void> {
  const leases: PairHandle[] = ports.map((port, i) =>
    hub.acquire({
      id: `pair ${port}`,
      settings: pairSettings(first, port, peers[i] ?? 0),
      keys: { key: KEY, previousKey: '' },
      storeFile: join(folder, `${port}.json`)
    })
  )
  // Told, not asked: what a thousand status objects leave behind is not the engine's.
  const inContact = new Set<PairHandle>()
  for (const lease of leases) {
    const { pair } = lease
    lease.observe({ onOnline: (online) => (online ? inContact.add(lease) : inContact.delete(lease)) })
    if (pair.status().online) inContact.add(lease)
  }
  await eventually('all pairs are in contact', CONTACT_MS, () => inContact.size === leases.length)
}

/** What the traffic itself costs in Node.js, without anything that decides. */
async function runBare({ first, ports, peers }: Start): Promise<void> {
  const key = Buffer.alloc(KEY_BYTES, 7)
  const body = FRAME_BYTES - SEAL_BYTES
  const seal = (frame: Buffer): Buffer =>
    createHmac('sha256', key).update(frame.subarray(0, body)).digest().subarray(0, SEAL_BYTES)
  let count = 0
  frames = () => count
  const sockets = await Promise.all(
    ports.map(async (port, i) => {
      const socket = createSocket('udp4')
      socket.bind({ port, address: LOOPBACK, exclusive: true })
      await once(socket, 'listening')
      socket.connect(peers[i] ?? 0, LOOPBACK)
      await once(socket, 'connect')
      socket.on('error', () => {})
      return socket
    })
  )
  const send = (socket: Socket, kind: number): void => {
    const frame = Buffer.alloc(FRAME_BYTES)
    frame[0] = kind
    frame.writeUIntBE(++count, 31, 6)
    seal(frame).copy(frame, body)
    socket.send(frame, ignore)
  }
  for (const socket of sockets) {
    let answers = 0
    socket.on('message', (frame) => {
      count++
      if (frame.length !== FRAME_BYTES || !timingSafeEqual(seal(frame), frame.subarray(body))) return
      // 1 = heartbeat, 2 = answer, 3 = answer that asks for one, 4 = the answer to that.
      if (frame[0] === 1) send(socket, ++answers % SAMPLE_EVERY === 0 ? 3 : 2)
      else if (frame[0] === 3) send(socket, 4)
    })
  }
  if (!first) return
  // Spread evenly over the heartbeat, as pairs are that were started one after the other.
  const everyMs = HEARTBEAT_MS / sockets.length
  const startMs = performance.now()
  let sent = 0
  const beat = (): void => {
    const dueMs = performance.now() - startMs
    for (; sent * everyMs <= dueMs; sent++) send(sockets[sent % sockets.length] as Socket, 1)
    setTimeout(beat, Math.max(1, sent * everyMs - dueMs))
  }
  beat()
}

function ignore(): void {}

/** What a thread with one socket takes, whatever runs in it. */
async function runEmptyWorker({ ports }: Start): Promise<void> {
  const code = `require('node:dgram').createSocket('udp4').bind(${ports[0]}, '${LOOPBACK}', () => require('node:worker_threads').parentPort.postMessage('open'))`
  const worker = new Worker(code, { eval: true, execArgv: [] })
  await once(worker, 'message')
}

const DIAL_AGAIN_MS = 200
const DIALLED_AT_ONCE = 20

/** Two connections for each pair, as the channel has them: one that this side dials, one that it accepts. Nothing decides, nothing is said. */
async function runBareTls({ ports, peers }: Start): Promise<void> {
  const psk = Buffer.alloc(KEY_BYTES, 7)
  const held: TLSSocket[] = []
  const hold = (socket: TLSSocket): void => {
    socket.on('error', ignore).on('data', ignore)
    held.push(socket)
  }
  const server = createTlsServer({ ...TLS, pskCallback: () => psk })
  server.on('secureConnection', hold)
  for (const port of ports) createServer((raw) => server.emit('connection', raw)).listen(port, LOOPBACK)
  const identity = 'pair'
  const dial = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const raw = connect(port, LOOPBACK)
      raw.once('error', reject)
      raw.once('connect', () => {
        const socket = connectTls({
          socket: raw,
          secureContext: dialContext(),
          pskCallback: () => ({ identity, psk }),
          checkServerIdentity: () => undefined
        })
        socket.once('secureConnect', () => {
          hold(socket)
          resolve()
        })
      })
    })
  const waiting = [...peers]
  const dialler = async (): Promise<void> => {
    for (let port = waiting.pop(); port !== undefined; port = waiting.pop()) {
      // The other process may not listen yet.
      const done = await dial(port).catch(() => 'again')
      if (done !== 'again') continue
      waiting.push(port)
      await pause(DIAL_AGAIN_MS)
    }
  }
  await Promise.all(Array.from({ length: DIALLED_AT_ONCE }, dialler))
  await eventually('all connections are there', CONTACT_MS, () => held.length === 2 * ports.length)
}

async function measure({ measureMs }: Measure): Promise<Figures> {
  const before = { cpu: process.cpuUsage(), frames: frames() }
  await pause(measureMs)
  const { user, system } = process.cpuUsage(before.cpu)
  return { cpuUs: user + system, frames: frames() - before.frames, rssBytes: process.memoryUsage.rss() }
}

const RUNS = {
  engine: runEngine,
  bare: runBare,
  'bare-tls': runBareTls,
  'empty-worker': runEmptyWorker,
  nothing: async (): Promise<void> => {}
} as const

async function answer(message: Start | Measure): Promise<unknown> {
  if ('measureMs' in message) return measure(message)
  await RUNS[message.run](message)
  return { ready: true }
}

if (threadId === 0 && process.send !== undefined) {
  process.on('message', (message: Start | Measure) => {
    answer(message).then(
      (reply) => process.send?.(reply),
      (error: unknown) => process.send?.({ error: String(error) })
    )
  })
  process.on('disconnect', () => process.exit(0))
}
