/** Sends a side its messages, each the outside time at which it was sent, at a steady rate and whatever happens to the side. */
import { connect, type Socket } from 'node:net'
import { nowUs, pause } from '../../support/namespaces/clock'

const RETRY_MS = 50
const UNSENT_BYTES_MAX = 1 << 20

export class Feeder {
  #socket: Socket | null = null
  #closed = false
  readonly #timer: NodeJS.Timeout
  readonly #host: string
  readonly #port: number

  constructor(host: string, port: number, everyMs: number) {
    this.#host = host
    this.#port = port
    this.#timer = setInterval(() => this.#feed(), everyMs)
    void this.#keepConnected()
  }

  async #keepConnected(): Promise<void> {
    while (!this.#closed) {
      const socket = connect({ host: this.#host, port: this.#port, noDelay: true })
      socket.once('connect', () => (this.#socket = socket))
      // A refused or broken connection is what faults do; it is made again.
      socket.on('error', () => {})
      socket.resume()
      await new Promise((resolve) => {
        socket.once('close', resolve)
      })
      this.#socket = null
      await pause(RETRY_MS)
    }
  }

  #feed(): void {
    const socket = this.#socket
    if (socket === null || socket.writableLength > UNSENT_BYTES_MAX) return
    socket.write(`${nowUs()}\n`)
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.#socket?.destroy()
  }
}
