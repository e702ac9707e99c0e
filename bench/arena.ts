/** What every row in namespaces needs: the network and a folder, both gone at the end however it comes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Side } from '../test/support/namespaces/history'
import { Network } from '../test/support/namespaces/network'
import { atTheEnd } from './leash'
import { Tap } from './tap'

export interface Arena {
  readonly network: Network
  readonly folder: string
  readonly taps: Readonly<Record<Side, Tap>>
  /** Runs when the arena is left, last added first; a failure of one keeps none of the others. */
  readonly leaving: (act: () => void | Promise<void>) => void
}

export async function inArena<T>(use: (arena: Arena) => Promise<T>): Promise<T> {
  const network = await Network.make()
  const folder = mkdtempSync(join(tmpdir(), 'ha-pair-bench-'))
  const clear = (): void => {
    network.remove()
    rmSync(folder, { recursive: true, force: true })
  }
  const off = atTheEnd(clear)
  const acts: (() => void | Promise<void>)[] = []
  const taps = { a: await Tap.on(network, 'a'), b: await Tap.on(network, 'b') }
  try {
    return await use({ network, folder, taps, leaving: (act) => acts.unshift(act) })
  } finally {
    for (const act of acts) await Promise.resolve(act()).catch(() => {})
    for (const tap of Object.values(taps)) tap.close()
    clear()
    off()
  }
}
