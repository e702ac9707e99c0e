/** As much of an MQTT 3.1.1 broker as the example needs: it counts connections, and passes messages to who is connected. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'

const PACKET = { connect: 1, publish: 3, subscribe: 8, unsubscribe: 10, ping: 12 } as const

export class TinyBroker {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #clients = new Map<string, Socket>()
  readonly #published = new Map<string, number>()
  #connects = 0

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => this.#serve(socket))
  }

  static async listen(): Promise<TinyBroker> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TinyBroker(server)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Clients that are connected now. */
  get connected(): number {
    return this.#clients.size
  }

  /** How often anyone has connected. */
  get connects(): number {
    return this.#connects
  }

  /** Messages that clients have published on this topic. */
  published(topic: string): number {
    return this.#published.get(topic) ?? 0
  }

  /** To everyone who is connected, at QoS 0. */
  publish(topic: string, payload: string): void {
    const name = Buffer.from(topic)
    const body = Buffer.concat([Buffer.of(0, name.length), name, Buffer.from(payload)])
    for (const client of this.#clients.values())
      client.write(Buffer.concat([Buffer.of(PACKET.publish << 4, body.length), body]))
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #serve(socket: Socket): void {
    let unread = Buffer.alloc(0)
    this.#sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#sockets.delete(socket)
      for (const [id, client] of this.#clients) if (client === socket) this.#clients.delete(id)
    })
    socket.on('data', (data) => {
      unread = Buffer.concat([unread, data])
      // The example's packets are short: their length fits into one byte.
      for (let end = 2 + (unread[1] ?? 0); unread.length >= 2 && unread.length >= end; end = 2 + (unread[1] ?? 0)) {
        this.#take(socket, unread.subarray(0, end))
        unread = unread.subarray(end)
      }
    })
  }

  #take(socket: Socket, packet: Buffer): void {
    const first = packet[0] ?? 0
    switch (first >> 4) {
      case PACKET.connect: {
        // One connection per client ID: an older one goes, as the standard asks of a broker.
        const id = packet.toString('utf8', 14, 14 + packet.readUInt16BE(12))
        this.#clients.get(id)?.destroy()
        this.#clients.set(id, socket)
        this.#connects++
        socket.write(Buffer.of(0x20, 2, 0, 0))
        break
      }
      case PACKET.publish: {
        const nameEnd = 4 + packet.readUInt16BE(2)
        const topic = packet.toString('utf8', 4, nameEnd)
        this.#published.set(topic, this.published(topic) + 1)
        if ((first & 0x06) > 0) socket.write(Buffer.of(0x40, 2, packet[nameEnd] ?? 0, packet[nameEnd + 1] ?? 0))
        break
      }
      case PACKET.subscribe:
        socket.write(Buffer.of(0x90, 3, packet[2] ?? 0, packet[3] ?? 0, 1))
        break
      case PACKET.unsubscribe:
        socket.write(Buffer.of(0xb0, 2, packet[2] ?? 0, packet[3] ?? 0))
        break
      case PACKET.ping:
        socket.write(Buffer.of(0xd0, 0))
        break
      default:
        socket.end()
    }
  }
}
