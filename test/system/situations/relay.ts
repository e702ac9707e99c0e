/** The way between two hosts: each sends to one of its two ends, and the other end passes it on. Either direction can be shut. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

const LOOPBACK = '127.0.0.1'

export class Relay {
  /** What passes. */
  fromA = true
  fromB = true
  /** What A sends comes back to it. */
  reflects = false
  /** So many more of A's datagrams pass. */
  left = Infinity
  /** What arrives at A instead of what B has sent. */
  alters: (bytes: Buffer) => Buffer = (bytes) => bytes
  readonly #ends: readonly [Socket, Socket]
  readonly #hosts: readonly [number, number]

  private constructor(ends: readonly [Socket, Socket], hosts: readonly [number, number]) {
    this.#ends = ends
    this.#hosts = hosts
    ends[0].on('message', (bytes) => {
      if (this.reflects) this.toA(bytes)
      else if (this.fromA && this.left-- > 0) ends[1].send(bytes, hosts[1], LOOPBACK)
    })
    ends[1].on('message', (bytes) => {
      if (this.fromB) this.toA(this.alters(bytes))
    })
  }

  /** Between the hosts that listen on these ports. */
  static async between(a: number, b: number): Promise<Relay> {
    const ends = [createSocket('udp4'), createSocket('udp4')] as const
    for (const end of ends) {
      end.bind(0, LOOPBACK)
      await once(end, 'listening')
    }
    return new Relay(ends, [a, b])
  }

  /** Where A sends to, and where B does. */
  get ports(): readonly [number, number] {
    return [this.#ends[0].address().port, this.#ends[1].address().port]
  }

  toA(bytes: Buffer): void {
    this.#ends[0].send(bytes, this.#hosts[0], LOOPBACK)
  }

  open(): void {
    this.fromA = true
    this.fromB = true
    this.reflects = false
    this.left = Infinity
    this.alters = (bytes) => bytes
  }

  cut(): void {
    this.fromA = false
    this.fromB = false
  }

  close(): void {
    for (const end of this.#ends) end.close()
  }
}
