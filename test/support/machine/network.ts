/**
 * The wires between side a and side b: datagrams on the virtual network, with what a story needs besides: the next ones dropped or
 * doubled, all recorded, and replayed. A cut takes nothing that is on its way. Nothing here knows what a datagram means.
 */
import { Network as Links, type Disturbance, type HostIndex } from '../network'
import type { Random } from '../random'
import { Timeline } from '../timeline'
import type { Endpoint } from './places'

export type SideName = 'a' | 'b'
export const SIDES: readonly SideName[] = ['a', 'b']

export function otherSide(side: SideName): SideName {
  return side === 'a' ? 'b' : 'a'
}

export interface Datagram {
  readonly from: SideName
  readonly link: number
  readonly bytes: Uint8Array
  readonly sentAtMs: number
  /** Where it comes from, as its receiver sees it, and where it is sent to. */
  readonly source: Endpoint
  readonly to: Endpoint
}

/** What one side sends, over all links. */
interface Direction {
  latency: { readonly delayMs: number }
  dropsLeft: number
  doublesLeft: number
}

function newDirection(): Direction {
  return { latency: { delayMs: 0 }, dropsLeft: 0, doublesLeft: 0 }
}

export interface Weather {
  /** Share of datagrams lost, 0..1. */
  readonly loss?: number
  readonly duplicate?: number
  /** Up to so much is added to the latency, datagram by datagram: they overtake each other. */
  readonly jitterMs?: number
}

const RECORDED_MAX = 10_000
const CUT: Disturbance = { cut: true }

export class Network {
  readonly #timeline = new Timeline()
  readonly #links: Links
  readonly #directions: Readonly<Record<SideName, Direction>>
  readonly #arrived: Datagram[] = []
  readonly #recorded: Datagram[] = []
  #weather: Disturbance = {}

  constructor(links: number, latencyMs: number, random: Random) {
    this.#links = new Links(this.#timeline, random, { links, delayMs: 0, jitterMs: 0, sparedByCut: 1 })
    this.#directions = { a: newDirection(), b: newDirection() }
    for (const side of SIDES) this.setLatency(side, latencyMs)
  }

  /** `from`: only what this side sends; null = both ways. `link` null = all links. */
  cut(from: SideName | null, link: number | null): void {
    this.#each(from, link, (index, host) => this.#links.disturb(index, host, CUT))
  }

  heal(from: SideName | null, link: number | null): void {
    this.#each(from, link, (index, host) => this.#links.calm(index, host, CUT))
  }

  isCut(from: SideName, link: number): boolean {
    return this.#links.isCut(link, hostOf(from))
  }

  dropNext(from: SideName, count: number): void {
    this.#directions[from].dropsLeft += count
  }

  doubleNext(from: SideName, count: number): void {
    this.#directions[from].doublesLeft += count
  }

  setLatency(from: SideName, ms: number): void {
    const direction = this.#directions[from]
    const former = direction.latency
    direction.latency = { delayMs: ms }
    this.#exchange(from, former, direction.latency)
  }

  latencyMs(from: SideName): number {
    return this.#directions[from].latency.delayMs
  }

  /** From now on; `{}` is calm weather. */
  setWeather({ loss = 0, duplicate = 0, jitterMs = 0 }: Weather): void {
    const former = this.#weather
    this.#weather = { loss, duplicate, reorder: jitterMs > 0 ? 1 : 0, reorderMs: jitterMs }
    this.#exchange(null, former, this.#weather)
  }

  send(datagram: Datagram): void {
    this.#recorded.push(datagram)
    if (this.#recorded.length > RECORDED_MAX) this.#recorded.shift()
    const direction = this.#directions[datagram.from]
    if (this.isCut(datagram.from, datagram.link)) return
    if (direction.dropsLeft > 0) {
      direction.dropsLeft -= 1
      return
    }
    this.#timeline.nowMs = datagram.sentAtMs
    const doubled = direction.doublesLeft > 0
    if (doubled) direction.doublesLeft -= 1
    for (let copies = doubled ? 2 : 1; copies > 0; copies--) {
      this.#links.carry(datagram.link, hostOf(datagram.from), () => this.#arrived.push(datagram))
    }
  }

  /** Somebody on the wire puts this in; cuts and losses do not touch it. */
  inject(nowMs: number, datagram: Datagram): void {
    this.#timeline.nowMs = nowMs
    this.#timeline.after(this.latencyMs(datagram.from), () => this.#arrived.push(datagram))
  }

  /** Whether a packet of a connection would pass now, from this side to the other one. */
  carries(from: SideName, link: number): boolean {
    return !this.isCut(from, link)
  }

  /** What this side ever sent (bounded), oldest first. */
  recorded(from: SideName): readonly Datagram[] {
    return this.#recorded.filter((d) => d.from === from)
  }

  nextArrivalMs(): number {
    return this.#timeline.nextMs
  }

  /** The next datagram that has arrived by now, or null. */
  receive(nowMs: number): Datagram | null {
    while (this.#arrived.length === 0 && this.#timeline.advance(nowMs));
    return this.#arrived.shift() ?? null
  }

  #exchange(from: SideName | null, former: Disturbance, next: Disturbance): void {
    this.#each(from, null, (index, host) => {
      this.#links.calm(index, host, former)
      this.#links.disturb(index, host, next)
    })
  }

  #each(from: SideName | null, link: number | null, act: (link: number, host: HostIndex) => void): void {
    for (const side of from === null ? SIDES : [from]) {
      for (let index = 0; index < this.#links.links; index++) {
        if (link === null || link === index) act(index, hostOf(side))
      }
    }
  }
}

function hostOf(side: SideName): HostIndex {
  return side === 'a' ? 0 : 1
}
