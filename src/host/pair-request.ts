/** What a config node asks the hub for. */
import type { PairKeys } from '../engine/messages'
import type { PairSettings } from '../protocol/settings'
import type { PairLog } from './report'

export interface PairRequest {
  /** Of the config node: who comes back with the same id, settings and keys is the same pair. */
  readonly id: string
  readonly settings: PairSettings
  readonly keys: PairKeys
  /** File of the epoch store; null = keep nothing (tests). */
  readonly storeFile: string | null
  readonly log?: PairLog
}
