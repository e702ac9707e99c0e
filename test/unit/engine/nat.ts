/**
 * Stands before one side of a pair, as a router does: the peer hears that side from out here, and that side hears the peer from in
 * here. Where it is heard from changes while frames flow.
 */
import type { Socket } from 'node:dgram'
import { closed, LOOPBACK, open } from '../../support/engine-rig'

export class Nat {
  /** What the side said, since the start. */
  readonly said: Buffer[] = []
  readonly #side: number
  readonly #peer: number
  readonly #inside: Socket
  /** The side's datagrams leave by the first one; all of them take what is sent to it. */
  #outside: Socket[]

  private constructor(side: number, peer: number, inside: Socket, outside: Socket) {
    this.#side = side
    this.#peer = peer
    this.#inside = inside
    this.#outside = [outside]
    inside.on('message', (bytes) => {
      this.said.push(bytes)
      this.#outside[0]?.send(bytes, peer, LOOPBACK)
    })
    this.#forward(outside)
  }

  /** Ports of the side and of its peer, both on loopback, and where the peer hears the side. */
  static async before(side: number, peer: number, host: string): Promise<Nat> {
    return new Nat(side, peer, await open(), await open(host))
  }

  /** Where the side sends to. */
  get insidePort(): number {
    return this.#inside.address().port
  }
  /** Where the peer hears the side. */
  get host(): string {
    return this.#outside[0]?.address().address ?? ''
  }
  get port(): number {
    return this.#outside[0]?.address().port ?? 0
  }

  /** The side is somewhere else now, and what it had is gone. */
  async move(host: string, port = this.port): Promise<void> {
    const before = this.#outside
    const after = await open(host, port)
    this.#forward(after)
    this.#outside = [after]
    await Promise.all(before.map(closed))
  }

  /** The side is heard from somewhere else now, and is there too. */
  async speakFrom(host: string): Promise<void> {
    const voice = await open(host, this.port)
    this.#forward(voice)
    this.#outside = [voice, ...this.#outside]
  }

  /** As if the side had sent it long ago, from some other place. */
  async replay(frames: readonly Buffer[], host: string): Promise<number> {
    const elsewhere = await open(host)
    let answers = 0
    elsewhere.on('message', () => answers++)
    for (const bytes of frames) {
      elsewhere.send(bytes, this.#peer, LOOPBACK)
      await new Promise((later) => setImmediate(later))
    }
    await new Promise((later) => setTimeout(later, 200))
    await closed(elsewhere)
    return answers
  }

  async remove(): Promise<void> {
    await Promise.all([this.#inside, ...this.#outside].map(closed))
  }

  #forward(outside: Socket): void {
    outside.on('message', (bytes) => this.#inside.send(bytes, this.#side, LOOPBACK))
  }
}
