/** The network of a run: a namespace for each side and links between the two. */
import { otherSide, type Side, SIDES } from './history'
import {
  addThird,
  destroyTcp,
  fromThird,
  ip,
  ipInside,
  nameInside,
  Namespaces,
  nftInside,
  TO_THIRD
} from './namespaces'

export { whyNotHere } from './namespaces'

export const LINKS = 2
/** Of the first link; the others have the numbers that follow. */
export const PAIR_PORT = 1101
/** What each side may call its peer on the first link. */
export const PEER_NAME = 'peer.chaos'
const NOBODY = '10.212.0.99'

/** A rule of nftables for what comes in, without the link's name. */
export interface Filter {
  readonly link: number
  readonly rule: string
}

export const dropAll = (link: number): Filter => ({ link, rule: 'drop' })
export const dropSome = (link: number, percent: number): Filter => ({
  link,
  rule: `numgen random mod 100 < ${percent} drop`
})

const ofProtocol = (protocol: 'tcp' | 'udp', rule: string): Filter[] =>
  Array.from({ length: LINKS }, (_, link) => ({ link, rule: `meta l4proto ${protocol} ${rule}` }))
export const RESET_TCP = ofProtocol('tcp', 'reject with tcp reset')
export const DROP_TCP = ofProtocol('tcp', 'drop')
export const DROP_UDP = ofProtocol('udp', 'drop')
/** A channel that opens at once and takes seconds for a megabyte. */
export const SLOW_TCP = ofProtocol('tcp', 'limit rate over 100 kbytes/second burst 32 kbytes drop')

/** Between a side and the third host, in one direction: `aw` is what a sends to it. */
export type ThirdWay = 'aw' | 'wa' | 'bw' | 'wb'
export const THIRD_WAYS: readonly ThirdWay[] = ['aw', 'wa', 'bw', 'wb']
export const waysOf = (side: Side): readonly ThirdWay[] => (side === 'a' ? ['aw', 'wa'] : ['bw', 'wb'])

/** Nothing that comes in over these interfaces is heard, and nothing else is dropped by it. */
const dropsFrom = (devices: readonly string[]): string => `table inet ways
delete table inet ways
table inet ways {
  chain incoming {
    type filter hook input priority 0; policy accept;
    ${devices.map((device) => `iifname "${device}" drop`).join('\n')}
  }
}
`

export class Network extends Namespaces {
  readonly #hasThird: boolean

  private constructor(hasThird: boolean) {
    super()
    this.#hasThird = hasThird
  }

  /**
   * `third`: with a third host. The kernel's limits are left as they are, also that on 'port unreachable': six in a row, then one a second
   * per address.
   */
  static make({ third = false } = {}): Promise<Network> {
    return Namespaces.built(new Network(third))
  }

  protected async build(): Promise<void> {
    const [a, b] = [this.namespace('a'), this.namespace('b')]
    for (let link = 0; link < LINKS; link++) {
      const name = `pair${link}`
      await ip('link', 'add', name, 'netns', a, 'type', 'veth', 'peer', 'name', name, 'netns', b)
      for (const side of SIDES) {
        await ipInside(
          this.namespace(side),
          `addr add ${this.linkAddress(side, link)}/24 dev ${name}`,
          `link set ${name} up`
        )
      }
    }
    for (const side of SIDES) this.name(side)
    if (this.#hasThird) await addThird((letter) => this.namespace(letter))
  }

  linkAddress(side: Side, link: number): string {
    return `10.212.${link}.${side === 'a' ? 1 : 2}`
  }

  /** Gives the side another address on this link; `back`: its own again. */
  readdress(side: Side, link: number, back: boolean): Promise<void> {
    const own = `${this.linkAddress(side, link)}/24 dev pair${link}`
    const other = own.replace(/(\d+)\/24/, '1$1/24')
    const [from, to] = back ? [other, own] : [own, other]
    return ipInside(this.namespace(side), `addr del ${from}`, `addr add ${to}`)
  }

  /** Takes the side's interfaces of these links down or up. */
  setUp(side: Side, links: readonly number[], up: boolean): Promise<void> {
    return ipInside(this.namespace(side), ...links.map((link) => `link set pair${link} ${up ? 'up' : 'down'}`))
  }

  /** What PEER_NAME stands for on this side: the peer, or nobody. */
  name(side: Side, nobody = false): void {
    nameInside(this.namespace(side), PEER_NAME, nobody ? NOBODY : this.linkAddress(otherSide(side), 0))
  }

  /** All connections over the links end with a reset. */
  async destroyTcp(): Promise<void> {
    await Promise.all(SIDES.map((side) => destroyTcp(this.namespace(side), '10.212.0.0/16')))
  }

  /** Replaces what this side drops of what comes in, in one transaction. */
  filter(side: Side, filters: readonly Filter[]): Promise<void> {
    const rules = filters.map(({ link, rule }) => `iifname "pair${link}" ${rule}`).join('\n')
    return nftInside(
      this.namespace(side),
      `table inet chaos
delete table inet chaos
table inet chaos {
  chain incoming {
    type filter hook input priority 0; policy accept;
    ${rules}
  }
}
`
    )
  }

  get third(): string {
    return this.namespace('w')
  }

  /** Replaces what is cut of the ways to the third host and back. */
  async cutWays(cut: ReadonlySet<ThirdWay>): Promise<void> {
    const asked = SIDES.filter((side) => cut.has(`${side}w`)).map(fromThird)
    await Promise.all([
      nftInside(this.third, dropsFrom(asked)),
      ...SIDES.map((side) => nftInside(this.namespace(side), dropsFrom(cut.has(`w${side}`) ? [TO_THIRD] : [])))
    ])
  }
}
