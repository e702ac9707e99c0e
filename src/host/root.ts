/** The composition root of the main thread: what a process has one of is made here, once, and passed on. */
import { Listeners } from './channel/listener'
import { Turns } from './channel/turns'
import { Hub } from './hub'
import { PairRegistry } from './pair-registry'
import { StringPool } from './string-pool'

export const registry = new PairRegistry()
export const network = { listeners: new Listeners(), turns: new Turns() } as const
export const hub = new Hub({ registry, network, strings: new StringPool() })
