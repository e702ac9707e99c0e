/** The classic machine as its parts see it. */
import type { EventReason } from '../events'
import type { CommandError, PeerView } from '../machine'
import type { PairSettings } from '../settings'
import type { Speaker, Speaking } from './speaker'

export interface Classic extends Speaking {
  readonly settings: PairSettings
  readonly speaker: Speaker
  /** It counts the roles that this side took: this wire carries no epoch. */
  readonly epoch: number
  /** Its socket is open. */
  readonly listening: boolean
  readonly online: boolean
  readonly peer: PeerView | null
  becomeActive(reason: EventReason<'role'>): void
  becomeStandby(reason: EventReason<'role'>): void
  takeEpoch(): void
  setOnline(online: boolean, reason: EventReason<'online'> & EventReason<'link'>): void
  /** The next heartbeat goes out then. */
  beatAt(atMs: number): void
  confirm(id: number): void
  refuse(id: number, error: CommandError): void
}
