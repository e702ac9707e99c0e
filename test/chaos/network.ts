/** The network of a run: a namespace for each side and links between the two. */
import { addSides, ip, ipInside, namespaceOf, nftInside, outsideAddress, removeRemains, removeRun } from './namespaces'
import { type Side, SIDES } from './history'

export { whyNotHere } from './namespaces'

export const LINKS = 2
export const PAIR_PORT = 1101

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

export class Network {
  readonly #id: number

  private constructor(id: number) {
    this.#id = id
  }

  /** The kernel's limits are left as they are, also that on 'port unreachable': six in a row, then one a second per address. */
  static async make(): Promise<Network> {
    removeRemains()
    const network = new Network(process.pid)
    try {
      await network.#build()
    } catch (error) {
      network.remove()
      throw error
    }
    return network
  }

  async #build(): Promise<void> {
    await addSides(this.#id)
    const [a, b] = [this.namespace('a'), this.namespace('b')]
    for (let link = 0; link < LINKS; link++) {
      const name = `pair${link}`
      await ip('link', 'add', name, 'netns', a, 'type', 'veth', 'peer', 'name', name, 'netns', b)
      for (const side of SIDES) {
        await ipInside(
          this.namespace(side),
          `addr add ${this.linkAddress(side, link)}/30 dev ${name}`,
          `link set ${name} up`
        )
      }
    }
  }

  namespace(side: Side): string {
    return namespaceOf(this.#id, side)
  }

  /** Where the outside reaches this side's Node-RED. */
  outsideAddress(side: Side): string {
    return outsideAddress(this.#id, side)
  }

  linkAddress(side: Side, link: number): string {
    return `10.212.${link}.${side === 'a' ? 1 : 2}`
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

  remove(): void {
    removeRun(this.#id)
  }
}
