/**
 * A filter on one side's link, made of nftables: it tells when frames of a candidate come in from the peer, and it cuts or
 * thins out what comes in. Both commands stay open, so that a fault takes effect within a fraction of a millisecond.
 */
import type { ChildProcess } from 'node:child_process'
import type { Side } from '../test/support/namespaces/history'
import { nowUs, pause, US_PER_MS } from '../test/support/namespaces/clock'
import type { Network } from '../test/support/namespaces/network'
import { startChild } from './children'

const TABLE = 'inet bench'
/** Before the device's own taps: ucarp reads and writes packets there, past what hooks of the IP layer drop. */
const OUT = 'netdev bench'
const DEVICE = 'pair0'
/** To the third host, where there is one. */
const TO_THIRD = 'third'
const READY_MS = 200

export class PacketFilter {
  readonly #shell: ChildProcess
  readonly #monitor: ChildProcess
  readonly #listeners = new Set<(line: string) => void>()

  private constructor(network: Network, side: Side, third: boolean) {
    const within = (...command: string[]): ChildProcess =>
      startChild('ip', ['netns', 'exec', network.namespace(side), ...command], { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#shell = within('nft', '-i')
    this.#shell.stdout?.resume()
    this.#tell(
      `add table ${TABLE}`,
      `add chain ${TABLE} watch { type filter hook input priority -300; }`,
      `add chain ${TABLE} fault { type filter hook input priority -290; }`,
      `add table ${OUT}`,
      `add chain ${OUT} gone { type filter hook egress devices = { ${third ? `${DEVICE}, ${TO_THIRD}` : DEVICE} } priority 0; }`
    )
    this.#monitor = within('nft', 'monitor', 'trace')
    let rest = ''
    this.#monitor.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (line.includes(' packet: ')) for (const hear of this.#listeners) hear(line)
    })
  }

  /** `third`: there is a third host, and what goes there is cut as well. */
  static async on(network: Network, side: Side, third = false): Promise<PacketFilter> {
    const filter = new PacketFilter(network, side, third)
    await pause(READY_MS)
    return filter
  }

  /** From now on frames that match are told to `next`. */
  watch(match: string): void {
    this.#tell(`add rule ${TABLE} watch iifname "${DEVICE}" ${match} meta nftrace set 1`)
  }

  /** µs at which the next frame came whose line in the trace contains the text; null = none within the limit. */
  next(text: string, limitMs: number): Promise<number | null> {
    return new Promise((resolve) => {
      const end = (atUs: number | null): void => {
        clearTimeout(limit)
        this.#listeners.delete(hear)
        resolve(atUs)
      }
      const hear = (line: string): void => {
        if (line.includes(text)) end(nowUs())
      }
      const limit = setTimeout(() => end(null), limitMs)
      this.#listeners.add(hear)
    })
  }

  /** Nothing that matches leaves any more. */
  cut(match: string): void {
    this.#tell(`add rule ${OUT} gone ${match} drop`)
  }

  /** So much of what comes in is lost. */
  lose(percent: number): void {
    this.#tell(`add rule ${TABLE} fault iifname "${DEVICE}" numgen random mod 100 < ${percent} drop`)
  }

  heal(): void {
    this.#tell(`flush chain ${OUT} gone`)
  }

  close(): void {
    for (const child of [this.#monitor, this.#shell]) child.kill('SIGKILL')
  }

  #tell(...commands: string[]): void {
    this.#shell.stdin?.write(`${commands.join('\n')}\n`)
  }
}

/** Returns at that instant, to some ten microseconds: sleeps, then spins. */
export async function until(atUs: number): Promise<void> {
  const restMs = (atUs - nowUs()) / US_PER_MS - 2
  if (restMs > 0) await pause(restMs)
  while (nowUs() < atUs);
}
