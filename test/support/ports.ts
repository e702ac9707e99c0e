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

/** `count` different UDP ports that were free a moment ago. */
export async function freeUdpPorts(count: number): Promise<number[]> {
  const sockets = await Promise.all(Array.from({ length: count }, () => holdUdpPort()))
  const ports = sockets.map((socket) => socket.address().port)
  await Promise.all(sockets.map(release))
  return ports
}

/** A TCP port that was free a moment ago. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
