/**
 * The wires between side a and side b: datagrams with latency, cut in both or in one direction, dropped, doubled,
 * delayed, recorded and replayed. Virtual time; nothing here knows what a datagram means.
 */
import type { RandomInt } from '../../../src/protocol/machine'
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

interface InFlight {
  readonly atMs: number
  readonly order: number
  readonly datagram: Datagram
}

/** One direction of all links. */
interface Direction {
  readonly cutLinks: Set<number>
  latencyMs: number
  dropsLeft: number
  doublesLeft: number
}

export interface Weather {
  /** Share of datagrams lost, 0..1. */
  readonly loss?: number
  readonly duplicate?: number
  /** Up to so much is added to the latency, datagram by datagram: they overtake each other. */
  readonly jitterMs?: number
}

const RECORDED_MAX = 10_000

export class Network {
  readonly #links: number
  readonly #random: RandomInt
  readonly #directions: Readonly<Record<SideName, Direction>>
  readonly #inFlight: InFlight[] = []
  readonly #recorded: Datagram[] = []
  #weather: Weather = {}
  #order = 0

  constructor(links: number, latencyMs: number, random: RandomInt) {
    this.#links = links
    this.#random = random
    const direction = (): Direction => ({ cutLinks: new Set(), latencyMs, dropsLeft: 0, doublesLeft: 0 })
    this.#directions = { a: direction(), b: direction() }
  }

  /** `from`: only what this side sends; null = both ways. `link` null = all links. */
  cut(from: SideName | null, link: number | null): void {
    this.#each(from, link, (direction, index) => direction.cutLinks.add(index))
  }

  heal(from: SideName | null, link: number | null): void {
    this.#each(from, link, (direction, index) => direction.cutLinks.delete(index))
  }

  isCut(from: SideName, link: number): boolean {
    return this.#directions[from].cutLinks.has(link)
  }

  dropNext(from: SideName, count: number): void {
    this.#directions[from].dropsLeft += count
  }

  doubleNext(from: SideName, count: number): void {
    this.#directions[from].doublesLeft += count
  }

  setLatency(from: SideName, ms: number): void {
    this.#directions[from].latencyMs = ms
  }

  latencyMs(from: SideName): number {
    return this.#directions[from].latencyMs
  }

  /** From now on; `{}` is calm weather. */
  setWeather(weather: Weather): void {
    this.#weather = weather
  }

  send(datagram: Datagram): void {
    this.#recorded.push(datagram)
    if (this.#recorded.length > RECORDED_MAX) this.#recorded.shift()
    const direction = this.#directions[datagram.from]
    if (direction.cutLinks.has(datagram.link)) return
    if (direction.dropsLeft > 0) {
      direction.dropsLeft -= 1
      return
    }
    if (this.#chance(this.#weather.loss)) return
    const doubled = direction.doublesLeft > 0 || this.#chance(this.#weather.duplicate)
    if (direction.doublesLeft > 0) direction.doublesLeft -= 1
    this.#launch(datagram.sentAtMs, datagram)
    if (doubled) this.#launch(datagram.sentAtMs, datagram)
  }

  /** Somebody on the wire puts this in; cuts and losses do not touch it. */
  inject(nowMs: number, datagram: Datagram): void {
    this.#launch(nowMs, datagram)
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
    return this.#earliest()?.atMs ?? Infinity
  }

  /** The next datagram that has arrived by now, or null. */
  receive(nowMs: number): Datagram | null {
    const earliest = this.#earliest()
    if (earliest === null || earliest.atMs > nowMs) return null
    this.#inFlight.splice(this.#inFlight.indexOf(earliest), 1)
    return earliest.datagram
  }

  #launch(nowMs: number, datagram: Datagram): void {
    const jitterMs = this.#weather.jitterMs ?? 0
    const delayMs = this.#directions[datagram.from].latencyMs + (jitterMs > 0 ? this.#random(jitterMs + 1) : 0)
    this.#inFlight.push({ atMs: nowMs + delayMs, order: this.#order++, datagram })
  }

  #earliest(): InFlight | null {
    let best: InFlight | null = null
    for (const flight of this.#inFlight) {
      if (best === null || flight.atMs < best.atMs || (flight.atMs === best.atMs && flight.order < best.order)) {
        best = flight
      }
    }
    return best
  }

  #chance(share: number | undefined): boolean {
    return share !== undefined && share > 0 && this.#random(1_000_000) < share * 1_000_000
  }

  #each(from: SideName | null, link: number | null, act: (direction: Direction, link: number) => void): void {
    for (const side of from === null ? SIDES : [from]) {
      for (let index = 0; index < this.#links; index++) {
        if (link === null || link === index) act(this.#directions[side], index)
      }
    }
  }
}
