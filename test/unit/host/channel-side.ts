/** One side of a channel in this process: what it told the engine and people, and whom it hears. And a relay between two sides. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { channelKeys } from '../../../src/host/channel/keys'
import { PairChannel, type ChannelOwner } from '../../../src/host/channel/channel'
import type { TetherNews } from '../../../src/host/channel/dialler'
import type { PairKeys } from '../../../src/engine/messages'
import { network } from '../../../src/host/root'
import type { LinkSettings } from '../../../src/protocol/settings'
import { LOOPBACK, link, settings } from '../../support/engine-rig'

export const KEYS: PairKeys = { key: 'x3Gk9-QvT71_mZpL0wBc4R', previousKey: '' }
export const newSession = (): bigint => randomBytes(8).readBigUInt64BE()

export class Side {
  readonly channel: PairChannel
  readonly news: TetherNews[] = []
  /** Reasons of the events `channel`. */
  readonly told: string[] = []
  readonly details: Readonly<Record<string, unknown>>[] = []
  session = newSession()
  onNews: (news: TetherNews) => void = () => {}

  constructor(links: readonly LinkSettings[], keys = KEYS) {
    const owner: ChannelOwner = {
      toEngine: (news) => {
        this.news.push(news)
        this.onNews(news)
      },
      tell: (reason, detail) => {
        this.told.push(reason)
        this.details.push(detail)
      },
      changed: () => {},
      exchanged: () => {}
    }
    this.channel = new PairChannel(settings(links), channelKeys(keys), owner, network)
    this.channel.start()
  }

  static at(localPort: number, peerPort: number, keys = KEYS): Side {
    return new Side([link(localPort, peerPort)], keys)
  }

  hears(peerSession: bigint, addresses: readonly (string | null)[] = [LOOPBACK]): void {
    this.channel.contact({ session: this.session, peerSession, addresses })
  }

  hearsNothing(): void {
    this.channel.contact(null)
  }

  get open(): boolean {
    return this.channel.state.open
  }

  /** `tether provable`, `ended fin`, `redialled refused` and their opposites, in order. */
  get words(): string[] {
    return this.news.map((news) => {
      if (news.kind === 'tether') return news.provable ? 'tether provable' : 'tether unprovable'
      if (news.kind === 'tetherEnded') return news.fin ? 'ended fin' : 'ended'
      return news.refused ? 'redialled refused' : 'redialled answered'
    })
  }

  get lastId(): number {
    return this.news.at(-1)?.id ?? 0
  }
}

/** Both sides are in contact. */
export function meet(one: Side, other: Side): void {
  one.hears(other.session)
  other.hears(one.session)
}

/** Passes bytes on, as a proxy does, until a test says otherwise. */
export class Relay {
  readonly #server: Server
  readonly #near: Socket[] = []

  private constructor(server: Server) {
    this.#server = server
  }

  static async to(port: number): Promise<Relay> {
    const server = createServer((near) => {
      const far = connect(port, LOOPBACK)
      relay.#near.push(near)
      for (const socket of [near, far]) socket.on('error', () => {})
      near.on('close', () => far.destroy())
      far.on('close', () => near.destroy())
      near.pipe(far, { end: false })
      far.pipe(near, { end: false })
    })
    const relay = new Relay(server)
    server.listen(0, LOOPBACK)
    await once(server, 'listening')
    return relay
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** To those who dialled: as if the other side had nothing more to say. */
  end(): void {
    for (const socket of this.#near.splice(0)) socket.end()
  }

  reset(): void {
    for (const socket of this.#near.splice(0)) socket.resetAndDestroy()
  }

  async remove(): Promise<void> {
    for (const socket of this.#near.splice(0)) socket.destroy()
    await new Promise((closed) => this.#server.close(closed))
  }
}
