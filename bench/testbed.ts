/** What every row in namespaces needs: the network and a folder, both gone at the end however it comes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Side } from '../test/support/namespaces/history'
import { Network } from '../test/support/namespaces/network'
import { atTheEnd } from './children'
import { PacketFilter } from './packet-filter'

export interface Testbed {
  readonly network: Network
  readonly folder: string
  readonly filters: Readonly<Record<Side, PacketFilter>>
  /** Runs when the testbed is left, last added first; a failure of one keeps none of the others. */
  readonly leaving: (act: () => void | Promise<void>) => void
}

/** `third`: with a third host. */
export async function inTestbed<T>(use: (testbed: Testbed) => Promise<T>, { third = false } = {}): Promise<T> {
  const network = await Network.make({ third })
  const folder = mkdtempSync(join(tmpdir(), 'ha-pair-bench-'))
  const clear = (): void => {
    network.remove()
    rmSync(folder, { recursive: true, force: true })
  }
  const off = atTheEnd(clear)
  const acts: (() => void | Promise<void>)[] = []
  const filters = { a: await PacketFilter.on(network, 'a', third), b: await PacketFilter.on(network, 'b', third) }
  try {
    return await use({ network, folder, filters, leaving: (act) => acts.unshift(act) })
  } finally {
    for (const act of acts) await Promise.resolve(act()).catch(() => {})
    for (const filter of Object.values(filters)) filter.close()
    clear()
    off()
  }
}
