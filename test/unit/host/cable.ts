/** A path between two ports of loopback that can be cut: what comes from the one end goes to the other. */
import { closed, LOOPBACK, open } from '../../support/engine-rig'

type Socket = Awaited<ReturnType<typeof open>>

export class Cable {
  cut = false
  readonly #socket: Socket

  private constructor(socket: Socket, one: number, other: number) {
    this.#socket = socket
    socket.on('message', (bytes, from) => {
      if (!this.cut) socket.send(bytes, from.port === one ? other : one, LOOPBACK)
    })
    // An end that is not there answers 'port unreachable': of no interest here.
    socket.on('error', () => {})
  }

  static async between(one: number, other: number): Promise<Cable> {
    return new Cable(await open(LOOPBACK), one, other)
  }

  /** Where both ends send to. */
  get port(): number {
    return this.#socket.address().port
  }

  async remove(): Promise<void> {
    await closed(this.#socket)
  }
}
