import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const LOOPBACK = '127.0.0.1'

/** A UDP socket that holds a port: 0 lets the system choose. */
export async function holdUdpPort(port = 0, host = LOOPBACK): Promise<Socket> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  socket.bind({ port, address: host, exclusive: true })
  await once(socket, 'listening')
  return socket
}

export async function release(socket: Socket): Promise<void> {
  socket.close()
  await once(socket, 'close')
}

/** Below what the system chooses itself, so that nothing else gets one while the process that it is meant for is away. */
const FROM = 20_000
/**
 * Each process of the tests takes its ports from a part of its own, one after the other: one that is away for a moment, or has not
 * begun yet, finds its port free. The runner says which part is whose, or that all are (`all`: nothing runs beside it); who was started
 * by hand takes one at random.
 */
const PARTS = 60
const PART_COUNT = 200
const MINE = process.env.HA_PAIR_PORTS ?? String(process.pid % PARTS)
const COUNT = MINE === 'all' ? PARTS * PART_COUNT : PART_COUNT
const FIRST = MINE === 'all' ? FROM : FROM + Number(MINE) * PART_COUNT
let taken = Math.floor(Math.random() * COUNT)

/** Whether nobody has this port, neither for UDP nor for TCP. */
async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer()
  try {
    await release(await holdUdpPort(port, host))
    server.listen({ port, host, exclusive: true })
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}

/** `count` different ports that were free a moment ago, for UDP and for TCP. */
export async function freePorts(count: number, host = LOOPBACK): Promise<number[]> {
  const found = new Set<number>()
  for (let tries = 0; found.size < count; tries++) {
    if (tries > 100 * count) throw new Error('no ports')
    const port = FIRST + (taken++ % COUNT)
    if (await isFree(port, host)) found.add(port)
  }
  return [...found]
}

/** One of these. */
export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1)
  return port
}
