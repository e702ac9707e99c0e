/**
 * A role is an object: it holds what exists only in that role, is made new on entry, and says what happens in it.
 * `active.ts`, `passive.ts` and `leaving.ts` are the three; what they may ask of the machine, and the machine of them, is here.
 */
import type { EventReason } from '../events'
import type { Frame, Trailer } from '../wire/frame'
import type { Ask } from '../wire/witness-frame'
import type { CommandError, Designation } from '../machine'
import type { ReasonCode } from '../reasons'
import type { RoleFacts } from './context'
import type { Sender, Speaker } from './sender'

/** An operator made this side stand by: it takes no role until the peer was away (deferring), or is heard as Active (forced). */
export type Held = 'no' | 'deferring' | 'forced'

/** What a takeover sets on the new Active: on what its right to serve rests. */
export interface Serving {
  sole: boolean
  restsOnProof: boolean
}

/** Why a side that stands by gives the role to its peer. */
export type GrantReason = EventReason<'role'> & EventReason<'designate'>

/** What an Active that steps down needs of the new Standby. */
export interface Grantor {
  grantRole(m: Machine, reason: GrantReason, commandId: number | null, deadlineMs?: number): void
}

/** When the witness is asked, and when its silence counts. */
export interface AsksWitness {
  askAtMs(m: Machine): number
  ask(m: Machine): void
  lostAtMs(m: Machine): number
}

/** The machine as its roles see it: all its parts, and the ways into another role. */
export interface Machine extends Speaker {
  readonly sender: Sender
  readonly role: RoleObject
  readonly third: Speaker['third'] & AsksWitness
  /** With an epoch that is on disk. */
  becomeActive(epoch: number, reason: EventReason<'role'>): Serving
  /** With a number of its own, if the store has confirmed one. */
  promote(reason: EventReason<'role'>): Serving | null
  becomeStandby(reason: EventReason<'role'>, held?: Held): Grantor
  replyOk(id: number | null): void
  replyError(id: number | null, error: CommandError, detail: ReasonCode | ''): void
  /** Asks the host for a barrier. Returns its id. */
  beginBarrier(): number
  endBarrier(id: number, granted: boolean): void
  /** Asks the witness. */
  ask(ask: Ask): void
  randomId(): bigint
}

export interface RoleObject extends RoleFacts {
  /** Operators that wait for this role to answer; null = none does. */
  readonly commandIds: readonly (number | null)[]
  /** A word of the peer, in the current sessions. `regained`: its first one after it was lost. */
  hear(m: Machine, frame: Frame, trailer: Trailer, regained: boolean): void
  /** The peer's last word: it may grant the role. */
  hearGoodbye(m: Machine, frame: Frame, trailer: Trailer): void
  /** Afterwards: the peer is gone, and serves no more. */
  peerLeft(m: Machine, trailer: Trailer): void
  peerCrashed(m: Machine): void
  /** The proof of that was wrong. */
  proofRefuted(m: Machine): void
  /** Another session is the peer's from now on. */
  peerRestarted(m: Machine): void
  /** Contact is lost, for whatever reason. */
  contactLost(m: Machine): void
  /** `ms`: for so long this side did not run. */
  pause(m: Machine, reason: EventReason<'paused'>, ms: number): void
  /** Fitness may have changed, on either side, or has lasted. */
  considerFitness(m: Machine): void
  /** The store has answered. */
  stored(m: Machine, wasReady: boolean): void
  /** From when the witness's voice is all that it lacks to take the role; Infinity = it lacks more. */
  voiceWantedFromMs(m: Machine): number
  /** The witness has answered; `lent`: its voice backs this side now. */
  voiceHeard(m: Machine, lent: boolean): void
  command(m: Machine, id: number, designate: Designation, force: boolean): void
}

/** A Designate of a side that does not serve itself: it gives the receiver the role. */
export function isGrant(frame: Frame): boolean {
  return frame.head === 'designate' && frame.state !== 'active'
}
