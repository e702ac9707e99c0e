/**
 * The network of the field: both sides and a stranger at one switch, each in a namespace of its own. Interfaces, addresses, names,
 * firewalls and address translation change while the pair works.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { otherSide, type Side, SIDES } from '../../support/namespaces/history'
import { destroyTcp, ip, ipInside, nameInside, Namespaces, nftInside } from '../../support/namespaces/namespaces'

const execute = promisify(execFile)

/** The name under which each side may look for its peer. */
export const PEER_NAME = 'peer.field'
export const NIC = 'lan0'
export const SECOND_NIC = 'lan1'
const CABLE_NIC = 'cable'
const PREFIX = '10.213.0'
export const STRANGER = `${PREFIX}.9`
/** Of the switch. */
const STRANGER_PORT = 'to-x'
/** Somebody who is not there. */
export const NOBODY = `${PREFIX}.99`

const HOME: Readonly<Record<Side, number>> = { a: 1, b: 2 }
/** Second addresses, and those that take the place of the first. */
const SECOND_OFFSET = 10
const MOVED_OFFSET = 20

export class Lan extends Namespaces {
  static make(): Promise<Lan> {
    return Namespaces.built(new Lan())
  }

  protected async build(): Promise<void> {
    for (const namespace of [this.stranger, this.switch]) await ip('netns', 'add', namespace)
    await ipInside(this.switch, 'link set lo up', 'link add bridge type bridge stp_state 0', 'link set bridge up')
    await ipInside(this.stranger, 'link set lo up')
    await this.#plug(this.stranger, NIC, STRANGER_PORT)
    await ipInside(this.stranger, `addr add ${STRANGER}/24 dev ${NIC}`)
    for (const side of SIDES) {
      await this.plug(side, NIC)
      await ipInside(this.namespace(side), `addr add ${this.address(side)}/24 dev ${NIC}`)
      this.nameOf(side, this.address(otherSide(side)))
    }
  }

  async #plug(namespace: string, nic: string, port: string): Promise<void> {
    await ip('link', 'add', nic, 'netns', namespace, 'type', 'veth', 'peer', 'name', port, 'netns', this.switch)
    await ipInside(namespace, `link set ${nic} up`)
    await ipInside(this.switch, `link set ${port} master bridge up`)
  }

  get switch(): string {
    return this.namespace('s')
  }

  get stranger(): string {
    return this.namespace('x')
  }

  address(side: Side): string {
    return `${PREFIX}.${HOME[side]}`
  }

  secondAddress(side: Side): string {
    return `${PREFIX}.${HOME[side] + SECOND_OFFSET}`
  }

  /** Where the side is after it has moved. */
  movedAddress(side: Side): string {
    return `${PREFIX}.${HOME[side] + MOVED_OFFSET}`
  }

  /** A further address that the other side's resolver puts before the first one (RFC 6724: it shares more bits with its own). */
  favouredAddress(side: 'a'): string {
    return `${PREFIX}.${HOME[side] | HOME[otherSide(side)]}`
  }

  /** On a cable of their own. */
  cableAddress(side: Side): string {
    return `10.214.0.${HOME[side]}`
  }

  /** Puts a network card into a side and a cable into the switch. */
  plug(side: Side, nic: string): Promise<void> {
    return this.#plug(this.namespace(side), nic, `${nic}-${side}`)
  }

  /** A cable between the two hosts, past the switch, at a card of each that is up and has no address. */
  async layCable(): Promise<void> {
    const [a, b] = [this.namespace('a'), this.namespace('b')]
    await ip('link', 'add', CABLE_NIC, 'netns', a, 'type', 'veth', 'peer', 'name', CABLE_NIC, 'netns', b)
    for (const side of SIDES) await ipInside(this.namespace(side), `link set ${CABLE_NIC} up`)
  }

  async addressCable(side: Side): Promise<void> {
    await ipInside(this.namespace(side), `addr add ${this.cableAddress(side)}/24 dev ${CABLE_NIC}`)
  }

  /** The other host's end is down: this side's card is still there, with its address, and has no carrier. */
  async pullCable(side: Side): Promise<void> {
    await ipInside(this.namespace(otherSide(side)), `link set ${CABLE_NIC} down`)
  }

  async unplug(side: Side, nic: string): Promise<void> {
    await ipInside(this.namespace(side), `link del ${nic}`)
  }

  /** Commands of `ip` on a side's host, in one go. */
  onHost(side: Side, ...commands: readonly string[]): Promise<void> {
    return ipInside(this.namespace(side), ...commands)
  }

  /** A way to everywhere, so that the side's host can answer whom it does not know. */
  routeToAll(side: Side): Promise<void> {
    return ipInside(this.namespace(side), `route replace default via ${STRANGER}`)
  }

  /** What the side's PEER_NAME stands for, the first address first. */
  nameOf(side: Side, ...addresses: readonly string[]): void {
    nameInside(this.namespace(side), PEER_NAME, ...addresses)
  }

  /** Replaces the rules of a side's own firewall, in one transaction, for what comes in and for what goes out. */
  firewall(side: Side, incoming: readonly string[], outgoing: readonly string[] = []): Promise<void> {
    return nftInside(
      this.namespace(side),
      `table inet firewall
delete table inet firewall
table inet firewall {
  chain incoming {
    type filter hook input priority 0; policy accept;
    ${incoming.join('\n')}
  }
  chain outgoing {
    type filter hook output priority 0; policy accept;
    ${outgoing.join('\n')}
  }
}
`
    )
  }

  /** The host's kernel ends all its connections over the LAN with a reset. */
  destroyTcp(side: Side): Promise<void> {
    return destroyTcp(this.namespace(side), `${PREFIX}.0/24`)
  }

  /** What the switch drops between its ports; nothing is told to anybody. */
  switchDrops(...matches: readonly string[]): Promise<void> {
    return nftInside(
      this.switch,
      `table bridge field
delete table bridge field
table bridge field {
  chain forward {
    type filter hook forward priority 0; policy accept;
    ${matches.map((match) => `${match} drop`).join('\n')}
  }
}
`
    )
  }

  /**
   * The switch passes on so many of each packet that the stranger sends to a side: a kernel copies at a rate at which no process sends
   * beside what it attacks.
   */
  copyStranger(copies: number): Promise<void> {
    const rules = SIDES.map((side) => `ip daddr ${this.address(side)} dup to "${NIC}-${side}"`)
    return nftInside(
      this.switch,
      `table netdev stranger
delete table netdev stranger
table netdev stranger {
  chain incoming {
    type filter hook ingress device "${STRANGER_PORT}" priority 0; policy accept;
    ${Array.from({ length: copies - 1 }, () => rules.join('\n')).join('\n')}
  }
}
`
    )
  }

  /** Nothing passes the switch any more. */
  cut(): Promise<void> {
    return this.switchDrops('')
  }

  heal(): Promise<void> {
    return this.switchDrops()
  }

  /**
   * From now on the side's datagrams leave from these ports instead of the first ones, and what comes to these goes to the first ones:
   * what a router does that has forgotten the flow and starts over. Empty = no translation.
   */
  translatePorts(side: Side, ports: ReadonlyMap<number, number>): Promise<void> {
    const out = [...ports].map(([own, seen]) => `oifname "lan*" udp sport ${own} udp sport set ${seen}`)
    const back = [...ports].map(([own, seen]) => `iifname "lan*" udp dport ${seen} udp dport set ${own}`)
    return nftInside(
      this.namespace(side),
      `table inet translation
delete table inet translation
table inet translation {
  chain out {
    type filter hook postrouting priority 300; policy accept;
    ${out.join('\n')}
  }
  chain back {
    type filter hook prerouting priority -300; policy accept;
    ${back.join('\n')}
  }
}
`
    )
  }

  /** The side's connections appear at the other side as from another address: what a NAT between the two does. */
  async translateTcp(side: Side, on: boolean): Promise<void> {
    const seen = this.movedAddress(side)
    await ipInside(this.namespace(side), `addr ${on ? 'add' : 'del'} ${seen}/32 dev ${NIC}`)
    await nftInside(
      this.namespace(side),
      `table ip nat
delete table ip nat
table ip nat {
  chain out {
    type nat hook postrouting priority 100; policy accept;
    ${on ? `oifname "${NIC}" ip protocol tcp snat to ${seen}` : ''}
  }
}
`
    )
  }

  /** Counts what matches and comes in at a side; returns what asks for the count. */
  async count(side: Side, match: string): Promise<() => Promise<number>> {
    const namespace = this.namespace(side)
    await nftInside(
      namespace,
      `table inet count
delete table inet count
table inet count {
  counter seen { }
  chain incoming {
    type filter hook prerouting priority -400; policy accept;
    iifname "lan*" ${match} counter name seen
  }
}
`
    )
    return async () => {
      const args = ['netns', 'exec', namespace, 'nft', 'list', 'counter', 'inet', 'count', 'seen']
      return Number(/packets (\d+)/.exec((await execute('ip', args)).stdout)?.[1] ?? 0)
    }
  }
}
