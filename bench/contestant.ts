/** Anything of two sides of which one acts, as the failover rows see it. */
import { eventually } from '../test/e2e/harness/eventually'
import type { Side } from '../test/chaos/history'
import { dropAll, type Network } from '../test/chaos/network'
import { nowUs, pause, US_PER_MS } from '../test/chaos/clock'

export interface Contestant {
  readonly who: string
  /** Both sides run, one acts, the other stands by and knows it. */
  start(): Promise<void>
  /** The side that acts. */
  acting(): Side
  /** Ends every process of a side at once. */
  kill(side: Side): Promise<void>
  /** Ends a side as its service manager does. */
  stop(side: Side): Promise<void>
  /** When this side began to act, on the outside clock, if that was after `sinceUs`; null = not yet. */
  actedAtUs(side: Side, sinceUs: number): number | null
  /** Starts a side again that was ended. Returns when it stands by. */
  restart(side: Side): Promise<void>
  remove(): Promise<void>
}

export type Fault = 'kill' | 'gone' | 'stop'

export interface Duel {
  readonly network: Network
  readonly fault: Fault
  readonly heartbeatMs: number
  readonly limitMs: number
}

const other = (side: Side): Side => (side === 'a' ? 'b' : 'a')

/** Makes the fault, at any phase of the heartbeat, and returns the ms until the other side acts. The sides stand by again then. */
export async function failover(contestant: Contestant, duel: Duel): Promise<number> {
  const { network, fault, heartbeatMs, limitMs } = duel
  const from = contestant.acting()
  const to = other(from)
  await pause(200 + Math.random() * heartbeatMs)
  const startUs = nowUs()
  if (fault === 'kill') await contestant.kill(from)
  else if (fault === 'stop') void contestant.stop(from)
  else await Promise.all([network.filter(from, [dropAll(0)]), network.filter(to, [dropAll(0)])])
  const actedUs = await eventually(`${contestant.who} takes over`, limitMs, () => contestant.actedAtUs(to, startUs))
  if (fault !== 'kill') await contestant.kill(from)
  if (fault === 'gone') await Promise.all([network.filter(from, []), network.filter(to, [])])
  await contestant.restart(from)
  return (actedUs - startUs) / US_PER_MS
}
