/**
 * The machine as its parts see it: what this side knows of itself and of its peer, and what it has to know of its role. The parts named
 * here know nothing of each other but what they are given; `sender.ts`, `takeover.ts`, `partner.ts` and the roles put them together.
 */
import type { ReasonCode } from '../reasons'
import type { EpochAllocator } from '../epoch-allocator'
import type { Role } from '../machine'
import type { PairSettings } from '../settings'
import type { Failback } from './failback'
import { leaseMs, type Lease } from './lease'
import type { Own } from './own'
import type { Peer } from './peer'
import { POLICY_RULES, servesUnderLease, type PolicyRules } from './policy'
import type { Step } from './step'
import type { Voice } from './voice'

/** What is asked of any role. */
export interface RoleFacts {
  readonly kind: 'active' | 'passive' | 'leaving'
  readonly name: Role
  /** I am Active with it; 0 otherwise. */
  readonly epoch: number
  /** The latest epoch I was Active with in this session, as long as nobody else has it; 0 = none. */
  readonly heldEpoch: number
  /** The peer cannot act before it is heard again: no lease is needed. */
  sole: boolean
  /** It acts, as far as the role alone is asked. */
  readonly isServing: boolean
  /** Nothing in the role itself keeps it from being Active. */
  readonly isWilling: boolean
  /** An answer of the peer is waited for, and asked for again and again. */
  readonly isWaiting: boolean
  /** The peer is asked for the role. */
  readonly isAsking: boolean
  /** The epoch that the peer may take; null = none. */
  readonly grantedEpoch: number | null
  /** Why something is asked or granted; null = nothing is. */
  readonly motive: ReasonCode | null
  /** A lease stands again on an acknowledgement of the peer. */
  leaseRenewed(): void
}

export interface Context extends Step {
  readonly settings: PairSettings
  readonly keyed: boolean
  readonly started: boolean
  readonly epochs: EpochAllocator
  readonly own: Own
  readonly peer: Peer
  readonly lease: Lease
  readonly failback: Failback
  readonly third: { readonly voice: Voice; forget(session: bigint): void }
  readonly role: RoleFacts
  /** Why the role was taken, and when. */
  readonly reason: ReasonCode
  readonly sinceMs: number
}

export function rulesOf(m: Context): PolicyRules {
  return POLICY_RULES[m.settings.policy]
}

/** The peer stated another policy last. */
export function policyDiffers(m: Context): boolean {
  const { peerPolicy } = m.epochs
  return peerPolicy !== null && peerPolicy !== m.settings.policy
}

/** What a preferred side need not wait for, only a peer under the same policy leaves to it. */
export function isUnderLease(m: Context): boolean {
  return servesUnderLease(m.settings.policy, m.epochs.preferred && !policyDiffers(m))
}

/** The end of the right to serve; Infinity = nothing bounds it. */
export function leaseUntilMs(m: Context): number {
  return isUnderLease(m) && !m.role.sole ? Math.max(m.lease.untilMs, m.third.voice.untilMs) : Infinity
}

/** A lease that counts from then, as the peer promises now, has not ended. */
export function isBacked(m: Context, sentAtMs: number): boolean {
  return m.nowMs < sentAtMs + leaseMs(m.peer.promisedMs)
}

export function isWilling(m: Context): boolean {
  return m.started && m.role.isWilling && !m.own.hostStalled
}

export function isReady(m: Context): boolean {
  return isWilling(m) && hasOwnEpoch(m)
}

/** The number that this side would take the role with: not below that of its loan. */
export function ownEpoch(m: Context): number {
  return m.epochs.nextOwn(m.third.voice.number)
}

/** A number of its own is on disk, or need not be. */
export function hasOwnEpoch(m: Context): boolean {
  return m.epochs.isReserved(ownEpoch(m), rulesOf(m).goesOnInMemory)
}

export function isDiskAnswering(m: Context): boolean {
  const { failed, exhausted } = m.epochs
  return !failed && !exhausted && !m.epochs.isStuck(m.nowMs, m.peer.peerTimeoutMs)
}

/** The last Active, as far as this side knows. */
export function isHolder(m: Context): boolean {
  const { heldEpoch } = m.role
  return heldEpoch !== 0 && heldEpoch === (m.role.kind === 'active' ? m.role.epoch : m.epochs.floor)
}

/** Only what a restart would find is announced; who goes on in memory announces its own setting then. */
export function announcedPromiseMs(m: Context): number {
  return rulesOf(m).goesOnInMemory ? Math.max(m.epochs.promisedMs, m.settings.peerTimeoutMs) : m.epochs.promisedMs
}

/** What is promised from now on; what a former session promised stays until it has been kept. */
export function promise(m: Context): void {
  m.epochs.promise(Math.max(m.peer.peerTimeoutMs, m.own.promisedBeforeMs))
}
