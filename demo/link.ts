/** The link between the two sides, where it is to be cut: each side sends to its own end, and the other end passes it on. UDP and TCP. */
import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { freePorts } from './ports'
import { SIDES, type SideName } from './work-book'

const LOOPBACK = '127.0.0.1'
const TRIES_MAX = 20

interface End {
  readonly port: number
  readonly datagrams: Datagrams
  readonly server: Server
}

/** A connection of the channel: what one side dialled, and the way on to the other. */
interface Connection {
  readonly near: Socket
  readonly far: Socket
}

export class Link {
  /** Where each side sends to. */
  readonly ports: Readonly<Record<SideName, number>>
  #cut = false
  readonly #ends: Readonly<Record<SideName, End>>
  readonly #sides: Readonly<Record<SideName, number>>
  readonly #connections = new Set<Connection>()

  private constructor(ends: Readonly<Record<SideName, End>>, sides: Readonly<Record<SideName, number>>) {
    this.#ends = ends
    this.#sides = sides
    this.ports = { A: ends.A.port, B: ends.B.port }
    this.#carry('A', 'B')
    this.#carry('B', 'A')
  }

  /** Between the sides whose pair listens on these ports. */
  static async between(sides: Readonly<Record<SideName, number>>): Promise<Link> {
    return new Link({ A: await openEnd(), B: await openEnd() }, sides)
  }

  get cut(): boolean {
    return this.#cut
  }

  /** As a pulled cable: nothing passes, and no connection is told. */
  set cut(cut: boolean) {
    this.#cut = cut
    for (const connection of this.#connections) this.#flow(connection)
  }

  close(): void {
    for (const side of SIDES) {
      const { datagrams, server } = this.#ends[side]
      datagrams.close()
      server.close()
    }
    for (const { near, far } of this.#connections) for (const socket of [near, far]) socket.destroy()
  }

  #carry(from: SideName, to: SideName): void {
    const [near, far] = [this.#ends[from], this.#ends[to]]
    near.datagrams.on('message', (bytes) => {
      // It comes from where the other side sends to: as over a wire.
      if (!this.#cut) far.datagrams.send(bytes, this.#sides[to], LOOPBACK, () => {})
    })
    near.datagrams.on('error', () => {})
    near.server.on('error', () => {})
    near.server.on('connection', (dialled) => this.#connect(dialled, connect(this.#sides[to], LOOPBACK)))
  }

  #connect(near: Socket, far: Socket): void {
    const connection = { near, far }
    this.#connections.add(connection)
    const end = (): void => {
      this.#connections.delete(connection)
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
    this.#flow(connection)
  }

  #flow({ near, far }: Connection): void {
    near.unpipe(far)
    far.unpipe(near)
    if (this.#cut) return
    near.pipe(far)
    far.pipe(near)
  }
}

/** The same port for both, as a pair has it. Errors: rejects when the system has none. */
async function openEnd(): Promise<End> {
  for (let tries = 1; ; tries++) {
    const [port = 0] = await freePorts([{ kind: 'udp', preferred: 0 }])
    const datagrams = createSocket('udp4')
    const server = createServer({ noDelay: true })
    try {
      await opened(datagrams, () => datagrams.bind({ port, address: LOOPBACK, exclusive: true }))
      await opened(server, () => server.listen({ port, host: LOOPBACK, exclusive: true }))
      return { port, datagrams, server }
    } catch (error) {
      datagrams.close()
      server.close()
      if (tries === TRIES_MAX) throw error
    }
  }
}

async function opened(socket: Datagrams | Server, open: () => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('listening', resolve)
    socket.once('error', reject)
    open()
  })
  socket.removeAllListeners('error')
}
