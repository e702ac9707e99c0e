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
  readonly #ends: readonly [Socket, Socket]

  private constructor(ends: readonly [Socket, Socket], hosts: readonly [number, number]) {
    this.#ends = ends
    ends[0].on('message', (bytes) => {
      if (this.reflects) ends[0].send(bytes, hosts[0], LOOPBACK)
      else if (this.fromA) ends[1].send(bytes, hosts[1], LOOPBACK)
    })
    ends[1].on('message', (bytes) => {
      if (this.fromB) ends[0].send(bytes, hosts[0], LOOPBACK)
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

  open(): void {
    this.fromA = true
    this.fromB = true
    this.reflects = false
  }

  cut(): void {
    this.fromA = false
    this.fromB = false
  }

  close(): void {
    for (const end of this.#ends) end.close()
  }
}
