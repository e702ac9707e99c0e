/**
 * Where the hosts are: an address for each link, a NAT before it, a name for it, and what becomes of a packet that is sent
 * to an address. Knows nothing of what a packet means.
 */

/** Two sides, and the one who is not one of them. */
export type Station = 0 | 1 | 2
export const STRANGER: Station = 2

export interface Endpoint {
  readonly address: string
  readonly port: number
}

interface Nat {
  readonly outside: string
  /** From which the packets of this host come, and at which it is reached for as long as that holds. */
  port: number
  /** The port of the pair is passed on to the host. */
  readonly forwards: boolean
}

class Place {
  /** Null: the interface is gone. */
  address: string | null
  /** What it was before. */
  before: string
  alias: string | null = null
  nat: Nat | null = null

  constructor(address: string) {
    this.address = address
    this.before = address
  }
}

export class Places {
  /** Counts the changes. */
  version = 0
  readonly #places: readonly (readonly Place[])[]
  readonly #names: string[][]
  #given = 10
  #mapped = 40_000

  constructor(links: number) {
    const all = Array.from({ length: links }, (_, link) => link)
    this.#places = [0, 1, STRANGER].map((station) => all.map((link) => new Place(`10.0.${link}.${station + 1}`)))
    this.#names = [0, 1, STRANGER].map((station) => all.map((link) => `10.0.${link}.${station + 1}`))
  }

  static port(link: number): number {
    return 1101 + link
  }

  /** What the name of this host stands for, by the port of the pair. */
  lookup(station: Station, link: number): string {
    return this.#names[station]?.[link] ?? ''
  }

  hasAddress(station: Station, link: number): boolean {
    return this.#place(station, link).address !== null
  }

  isBehindNat(station: Station, link: number): boolean {
    return this.#place(station, link).nat !== null
  }

  /** Whether a connection to this host can be opened from outside. */
  isDialled(station: Station, link: number): boolean {
    const { address, nat } = this.#place(station, link)
    return address !== null && (nat === null || nat.forwards)
  }

  /** Both ends of a connection between the two, as long as it is the same path. */
  path(link: number): string {
    return [0, 1].map((station) => this.#inside(station as Station, link)).join('-')
  }

  /** Where its packets seem to come from; null = it cannot send. */
  source(station: Station, link: number): Endpoint | null {
    const { address, alias, nat } = this.#place(station, link)
    if (address === null) return null
    if (nat !== null) return { address: nat.outside, port: nat.port }
    return { address: alias ?? address, port: Places.port(link) }
  }

  /** Whom a packet to this endpoint reaches now; null = nobody. */
  owner(link: number, to: Endpoint): Station | null {
    for (const station of [0, 1, STRANGER] as const) {
      const { address, alias, nat } = this.#place(station, link)
      if (address === null) continue
      const pairPort = to.port === Places.port(link)
      const reached =
        nat === null
          ? pairPort && (to.address === address || to.address === alias)
          : to.address === nat.outside && (to.port === nat.port || (pairPort && nat.forwards))
      if (reached) return station
    }
    return null
  }

  // --- What is done to them ---

  hide(station: Station, link: number, forwards: boolean): void {
    const outside = `192.0.2.${station + 1}`
    this.#place(station, link).nat = { outside, port: this.#mapped++, forwards }
    this.rename(station, link)
  }

  move(station: Station, link: number): void {
    const place = this.#place(station, link)
    if (place.address === null) return
    place.address = `10.0.${link}.${this.#given++}`
    this.version++
  }

  unplug(station: Station, link: number): void {
    const place = this.#place(station, link)
    place.before = place.address ?? place.before
    place.address = null
    this.version++
  }

  /** With the address that it had. */
  plug(station: Station, link: number): void {
    const place = this.#place(station, link)
    place.address ??= place.before
    this.version++
  }

  giveAlias(station: Station, link: number, on: boolean): void {
    this.#place(station, link).alias = on ? `10.0.${link}.${this.#given++}` : null
    this.version++
  }

  rebind(station: Station, link: number): boolean {
    const { nat } = this.#place(station, link)
    if (nat === null) return false
    nat.port = this.#mapped++
    this.version++
    return true
  }

  /** The name stands for where the host is; `false`: for a host that has nothing to do with the pair. */
  rename(station: Station, link: number, right = true): void {
    const { address, nat } = this.#place(station, link)
    const names = this.#names[station]
    if (names === undefined) return
    if (!right) names[link] = `10.0.${link}.99`
    else names[link] = nat?.outside ?? address ?? names[link] ?? ''
    this.version++
  }

  #inside(station: Station, link: number): string {
    const { address, nat } = this.#place(station, link)
    return nat === null ? (address ?? '') : `${address ?? ''}/${nat.port}`
  }

  #place(station: Station, link: number): Place {
    const place = this.#places[station]?.[link]
    if (place === undefined) throw new Error(`no place ${station} on link ${link}`)
    return place
  }
}
