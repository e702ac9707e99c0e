/** Free ports on this machine: the wished-for one if nobody has it, else one that the system picks. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

export interface PortWish {
  readonly kind: 'tcp' | 'udp'
  /** 0 = any. */
  readonly preferred: number
}

interface Held {
  readonly port: number
  release(): Promise<void>
}

/** One port per wish, all different. Errors: rejects when the system has none left. */
export async function freePorts(wishes: readonly PortWish[]): Promise<number[]> {
  const held: Held[] = []
  try {
    for (const { kind, preferred } of wishes) {
      const hold = kind === 'tcp' ? holdTcp : holdUdp
      held.push(await hold(preferred).catch(() => hold(0)))
    }
    return held.map(({ port }) => port)
  } finally {
    await Promise.all(held.map((one) => one.release()))
  }
}

function holdTcp(port: number): Promise<Held> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const { port: bound } = server.address() as { port: number }
      resolve({ port: bound, release: () => new Promise((released) => server.close(() => released())) })
    })
  })
}

function holdUdp(port: number): Promise<Held> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', reject)
    // The wildcard address, because core's `udp in` takes that one and would quietly share a port that is in use.
    socket.bind({ port, exclusive: true }, () => {
      resolve({
        port: socket.address().port,
        release: () => new Promise((released) => socket.close(() => released()))
      })
    })
  })
}
