/** One side of a channel in a process of its own: `fork(channel-process.js, [<what it is told as JSON>])`, then one word at a time. */
import type { CarrierLink, CarrierUser } from '../../../src/host/channel/carrier'
import { LOOPBACK } from '../../support/engine-rig'
import { Side } from './channel-side'

/** What the process does when it is told. */
export type Order = 'exit' | 'throw' | 'block' | 'leave' | 'send' | 'send-and-reset' | 'carry'

export interface Told {
  readonly localPort: number
  readonly peerPort: number
  readonly session: string
  readonly peerSession: string
}

const BLOCK_MS = 1500
const WRITTEN_MS = 100
export const SENT = { frames: 3, bytes: 10_000 } as const

/** Has always more to send. */
export class Flood implements CarrierUser {
  readonly kind = 'store'
  readonly id = 'flood'
  readonly terms = {}
  bodies = 0
  bodiesAtEnd = -1
  #link: CarrierLink | null = null

  joined(link: CarrierLink): void {
    this.#link = link
    this.drained()
  }
  parted(): void {
    this.#link = null
  }
  received(): void {
    this.bodies++
  }
  drained(): void {
    while (this.#link?.send(Buffer.alloc(SENT.bytes)) === true);
  }
  flush(): void {}
}

if (require.main === module) run(JSON.parse(process.argv[2] ?? '') as Told)

function run({ localPort, peerPort, session, peerSession }: Told): void {
  const side = Side.at(localPort, peerPort)
  side.session = BigInt(session)
  side.channel.contact({ session: side.session, peerSession: BigInt(peerSession), addresses: [LOOPBACK] })
  process.on('message', (order: Order) => act(side, order))
}

function act({ channel }: Side, order: Order): void {
  switch (order) {
    case 'exit':
      process.exit(0)
      break
    case 'throw':
      throw new Error('on purpose')
    case 'block':
      process.send?.('blocking', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCK_MS))
      return
    case 'leave':
      void channel.leave()
      return
    case 'carry':
      channel.exchange.attach(new Flood())
      return
    case 'send':
    case 'send-and-reset':
      for (let i = 0; i < SENT.frames; i++) channel.toPeer?.send(50, Buffer.alloc(SENT.bytes))
      // By then the system has all of it.
      setTimeout(() => {
        if (order === 'send-and-reset') channel.toPeer?.drop()
        process.send?.('sent')
      }, WRITTEN_MS)
      return
    default:
      order satisfies never
  }
}
