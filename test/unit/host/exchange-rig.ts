/** Two exchanges and the two connections between them, in memory: what is on the way arrives when a test says so. */
import type { CarrierKind, CarrierLink, CarrierUser } from '../../../src/host/channel/carrier'
import { Exchange, type Writer } from '../../../src/host/channel/exchange'

type Tag = number
type Message = readonly [Tag, Buffer]

/** A connection, as its two ends see it. */
class Connection implements Writer {
  readonly users: number
  onDrain: (() => void) | null = null
  readonly onTheWay: Message[] = []
  /** Messages that fit into the system's buffers; more has to wait. */
  room = Infinity

  constructor(users: number) {
    this.users = users
  }

  get full(): boolean {
    return this.onTheWay.length >= this.room
  }

  send(tag: number, payload: Uint8Array = Buffer.alloc(0), more: Uint8Array = Buffer.alloc(0)): boolean {
    this.onTheWay.push([tag, Buffer.concat([payload, more])])
    return true
  }
}

export class ExchangeSide {
  readonly exchange = new Exchange(() => {})
  out: Connection | null = null
  /** What the other side writes to. */
  source: Connection | null = null
}

export class Wires {
  readonly a = new ExchangeSide()
  readonly b = new ExchangeSide()
  /** What each side understands. */
  version = 1

  /** A new connection from `from` to the other side, in place of the old one, which takes along what was on it. */
  lay(from: ExchangeSide): void {
    const to = this.other(from)
    const connection = new Connection(this.version)
    from.out = connection
    to.source = connection
    to.exchange.readsAnew(true)
    from.exchange.writesTo(connection)
  }

  cut(from: ExchangeSide): void {
    const to = this.other(from)
    from.out = null
    to.source = null
    to.exchange.readsAnew(false)
    from.exchange.writesTo(null)
  }

  other(side: ExchangeSide): ExchangeSide {
    return side === this.a ? this.b : this.a
  }

  /** The oldest message on the way to `to` arrives. False: there is none. Throws with what takes it in. */
  async deliver(to: ExchangeSide): Promise<boolean> {
    const message = to.source?.onTheWay.shift()
    if (message === undefined) return false
    to.exchange.frame(...message)
    await Promise.resolve()
    to.source?.onDrain?.()
    return true
  }

  /** Until nothing is on the way. */
  async settle(): Promise<boolean> {
    let any = false
    for (let more = true; more; any ||= more) more = (await this.deliver(this.a)) || (await this.deliver(this.b))
    return any
  }

  async open(): Promise<void> {
    this.lay(this.a)
    this.lay(this.b)
    await this.settle()
  }
}

/** Notes what it is told. */
export class Recorder implements CarrierUser {
  readonly kind: CarrierKind
  readonly id: string
  readonly terms: CarrierUser['terms']
  readonly seen: string[] = []
  link: CarrierLink | null = null
  peerHasAll = true
  onReceived: (body: Buffer) => void = () => {}
  onFlush: () => void = () => {}

  constructor(id: string, terms: CarrierUser['terms'] = {}, kind: CarrierKind = 'store') {
    this.id = id
    this.terms = terms
    this.kind = kind
  }

  joined(link: CarrierLink, peerTerms: CarrierUser['terms']): void {
    this.link = link
    this.seen.push(`joined ${JSON.stringify(peerTerms)}`)
  }
  parted(): void {
    this.link = null
    this.seen.push('parted')
  }
  received(body: Uint8Array): void {
    const bytes = Buffer.from(body)
    this.seen.push(bytes.length > 40 ? `${bytes.length} bytes` : bytes.toString())
    this.onReceived(bytes)
  }
  drained(): void {
    this.seen.push('drained')
  }
  flush(): void {
    this.onFlush()
  }

  say(text: string): boolean {
    return this.link?.send(Buffer.from(text)) ?? false
  }
}
