/** Anything of two sides of which one acts, as the failover rows see it. */
import { eventually } from '../test/support/eventually'
import { otherSide, type Side } from '../test/support/namespaces/history'
import { nowUs, US_PER_MS } from '../test/support/namespaces/clock'
import { type PacketFilter, until } from './packet-filter'

export interface Candidate {
  readonly who: string
  /** Its frames, for nftables. */
  readonly frames: string
  /** What a host of it that is gone does not send any more, if that is more. */
  readonly hostFrames?: string
  /** What marks its frames in a trace. */
  readonly mark: string
  /** Both sides run, one acts, the other stands by and knows it. */
  start(): Promise<void>
  /** The side that acts. */
  acting(): Side
  /** Looks up what `kill` needs, so that the kill itself takes no time. */
  aim(side: Side): void
  /** Sends every process of a side its end at once. */
  kill(side: Side): void
  /** Tells a side to end, as its service manager does. */
  stop(side: Side): void
  /** Resolves when no process of the side is left. */
  ended(side: Side): Promise<void>
  /** When this side began to act, on the outside clock, if that was after `sinceUs`; null = not yet. */
  actedAtUs(side: Side, sinceUs: number): number | null
  /** Starts a side again that was ended. Returns when one acts and the other stands by. */
  restart(side: Side): Promise<void>
  /** Returns when one acts and the other stands by. */
  settled(): Promise<void>
  /** Ends everything; never throws. */
  remove(): Promise<void>
}

/** `blocked`: killed while TCP is blocked, so that nobody can tell it from a silent one. */
export type Fault = 'kill' | 'blocked' | 'gone' | 'stop'

export interface TrialOptions {
  readonly filters: Readonly<Record<Side, PacketFilter>>
  readonly fault: Fault
  readonly heartbeatMs: number
  readonly limitMs: number
}

export interface Trial {
  /** From the fault until the other side acts. */
  readonly ms: number
  /**
   * From the goodbye's coming in at the other side. The trace may be told late, and then this is from the SIGTERM, so that it is
   * never too short. Null for other faults.
   */
  readonly afterGoodbyeMs: number | null
}

/**
 * Makes the fault at this share of a heartbeat after a frame of the acting side came in, and waits until the other side acts. Both
 * sides stand by again when it returns.
 */
export async function failover(candidate: Candidate, phase: number, options: TrialOptions): Promise<Trial> {
  const { filters, fault, heartbeatMs, limitMs } = options
  const from = candidate.acting()
  const to = otherSide(from)
  candidate.aim(from)
  const heardUs = await filters[to].next(candidate.mark, 5 * heartbeatMs + 1000)
  if (heardUs === null) throw new Error(`no frame of ${candidate.who} came in`)
  await until(heardUs + phase * heartbeatMs * US_PER_MS)
  const startUs = nowUs()
  let goodbye: Promise<number | null> = Promise.resolve(null)
  if (fault === 'kill' || fault === 'blocked') candidate.kill(from)
  else if (fault === 'stop') {
    // A Designate: only a side that does not serve any more sends one.
    goodbye = filters[to].next(GOODBYE, limitMs)
    candidate.stop(from)
  } else {
    filters[from].cut(candidate.hostFrames ?? candidate.frames)
    filters[to].cut(candidate.frames)
  }
  const actedUs = await eventually(`${candidate.who} takes over`, limitMs, () => candidate.actedAtUs(to, startUs))
  const goodbyeUs = await goodbye
  if (fault === 'gone') {
    for (const side of [to, from]) filters[side].heal()
    await candidate.settled()
  } else {
    await candidate.ended(from)
    await candidate.restart(from)
  }
  const since = (us: number): number => (actedUs - us) / US_PER_MS
  if (fault !== 'stop') return { ms: since(startUs), afterGoodbyeMs: null }
  const toldInTime = goodbyeUs !== null && goodbyeUs < actedUs
  return { ms: since(startUs), afterGoodbyeMs: since(toldInTime ? goodbyeUs : startUs) }
}

/** First bytes of a Designate (docs/reference/PROTOCOL.md), as nftables traces the start of a UDP datagram's content. */
const GOODBYE = '0xffa5'
