/** Where frames are encoded: in one thread one at a time. */
import type { RemoteInfo } from 'node:dgram'
import { EXTENDED_BYTES } from '../protocol/wire/frame'
import type { Link } from './link'

export class Scratch {
  #bytes = Buffer.alloc(EXTENDED_BYTES)

  get bytes(): Buffer {
    return this.#bytes
  }

  /** `to` null = where the peer is. What the kernel did not take at once belongs to the queue. */
  send(link: Link, to: RemoteInfo | null): void {
    const taken = to === null ? link.send(this.#bytes) : link.sendTo(this.#bytes, to)
    if (!taken) this.#bytes = Buffer.alloc(EXTENDED_BYTES)
  }
}
