/** The classic machine as its parts see it. */
import type { MachineDetails } from '../events'
import type { ReasonCode } from '../reasons'
import type { Head } from '../wire/frame'
import type { CommandError, PeerView, Role } from '../machine'
import type { PairSettings } from '../settings'
import type { Receipts } from './receipts'

/** `value` of a designation that is not a matter of tokens: an operator's, or a side that leaves. */
export const BY_ORDER = 255

export interface Classic {
  readonly settings: PairSettings
  /** Of this step; the only time that there is in it. */
  readonly nowMs: number
  readonly role: Role
  readonly epoch: number
  readonly token: number
  readonly receipts: Receipts
  /** Its socket is open. */
  readonly listening: boolean
  readonly online: boolean
  readonly peer: PeerView | null
  becomeActive(reason: ReasonCode): void
  becomeStandby(reason: ReasonCode): void
  takeEpoch(): void
  drawToken(): void
  setOnline(online: boolean, reason: ReasonCode): void
  /** The next heartbeat goes out then. */
  beatAt(atMs: number): void
  /** A frame that is not to be answered, or one that is said again. */
  send(head: Head, state: Role, id: number, value: number): void
  /** A frame whose answer is awaited; returns its id. */
  say(head: Head, state?: Role, value?: number): number
  /** The peer gets the role that is left; returns the frame's id. */
  designate(value: number): number
  /** Answers are bounded: a peer that answers every answer cannot make us flood. */
  mayAnswer(): boolean
  negotiateAgain(): void
  event<N extends keyof MachineDetails>(event: N, reason: ReasonCode, detail: MachineDetails[N]): void
  confirm(id: number): void
  refuse(id: number, error: CommandError): void
}
