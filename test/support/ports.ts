import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** A UDP socket that holds a port of the loopback address: 0 lets the system choose. */
export async function holdUdpPort(port = 0): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.bind(port, '127.0.0.1')
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
 * begun yet, finds its port free.
 */
const PARTS = 60
const COUNT = 200
const FIRST = FROM + (process.pid % PARTS) * COUNT
let taken = Math.floor(Math.random() * COUNT)

/** Whether nobody has this port of the loopback address, neither for UDP nor for TCP. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await release(await holdUdpPort(port))
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}

/** `count` different UDP ports that were free a moment ago; for TCP they were too. */
export async function freeUdpPorts(count: number): Promise<number[]> {
  const found = new Set<number>()
  for (let tries = 0; found.size < count; tries++) {
    if (tries > 100 * count) throw new Error('no ports')
    const port = FIRST + (taken++ % COUNT)
    if (await isFree(port)) found.add(port)
  }
  return [...found]
}

/** A TCP port that was free a moment ago. */
export async function freeTcpPort(): Promise<number> {
  const [port = 0] = await freeUdpPorts(1)
  return port
}
