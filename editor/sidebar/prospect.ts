/** What an order would come to, said before it is given: judged from the live status, without the page. */
import type { Role } from '../../src/protocol/machine'
import type { ShownStatus, Wanted } from './answer'

export const ORDERS = ['active', 'standby', 'swap'] as const
export type Order = (typeof ORDERS)[number]

/** Why an order cannot be given. */
export type Bar =
  | 'is-active'
  | 'is-standby'
  | 'swap-starting'
  | 'swap-offline'
  | 'unfit'
  | 'engine-crashed'
  | 'files-in-use'
  | 'numbers-exhausted'
/** What speaks against it. */
export type Beware = 'peer-unreachable' | 'peer-unfit' | 'peer-not-ready' | 'peer-less-fit' | 'less-fit'

export interface Prospect {
  readonly order: Order
  readonly becomes: Wanted
  /** Null = it can be given. */
  readonly bar: Bar | null
  /** Only without the peer's consent. */
  readonly force: boolean
  readonly beware: Beware | null
}

const OTHER: Readonly<Record<Role, Wanted>> = { active: 'standby', standby: 'active', initial: 'active' }

export function prospectOf(order: Order, status: ShownStatus): Prospect {
  // What the operator confirms is what he saw: never 'the other way round of whatever it is by then'.
  const becomes = order === 'swap' ? OTHER[status.role] : order
  return {
    order,
    becomes,
    bar: barOf(order, becomes, status),
    force: !status.online,
    beware: bewareOf(becomes, status)
  }
}

function barOf(order: Order, becomes: Wanted, status: ShownStatus): Bar | null {
  const { role, online, serving, fitness, alone, situation } = status
  // Nobody is there who could take the order.
  if (situation.code === 'engine-crashed' || situation.code === 'files-in-use') return situation.code
  if (order === 'swap' && role === 'initial') return 'swap-starting'
  if (order === 'swap' && !online) return 'swap-offline'
  // An Active that waits for contact before it serves again can be told not to wait.
  if (role === becomes && !(role === 'active' && !serving && !online)) return `is-${becomes}`
  if (becomes === 'active' && alone === 'numbers-exhausted') return alone
  return becomes === 'active' && online && fitness === 0 ? 'unfit' : null
}

function bewareOf(becomes: Wanted, { online, peer, fitness, wire }: ShownStatus): Beware | null {
  if (!online || peer === null) return 'peer-unreachable'
  if (wire === 'classic') return null
  // Who serves and is less fit than a side that is ready gives the role back; at once, if it is unfit.
  if (becomes === 'active') return peer.ready && fitness < peer.fitness ? 'less-fit' : null
  if (!peer.ready) return 'peer-not-ready'
  if (peer.fitness >= fitness) return null
  return peer.fitness === 0 ? 'peer-unfit' : 'peer-less-fit'
}
