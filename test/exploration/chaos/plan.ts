/** What is asked of a session, and what it has found. */
import type { Policy, Violation } from '../../support/namespaces/checker'
import type { Side } from '../../support/namespaces/history'
import type { Resources } from '../../support/resources'
import type { CopiesReport } from './copies'
import type { FaultKind } from './faults'
import type { Sabotage } from './flow'

export interface SessionPlan {
  readonly policy: Policy
  readonly peerTimeoutMs: number
  readonly seed: number
  /** How long faults are made, counted from when both processes run. */
  readonly faultsForMs: number
  /** How often the Active is stopped for three times peerTimeout with messages queueing at its gate. */
  readonly stops: number
  /** What is done first, in this order. */
  readonly begin?: readonly FaultKind[]
  readonly sabotage?: Sabotage | null
  /** Of the messages; by default as often as it takes to see every short time. */
  readonly feedEveryMs?: number
  /** Judges as if this were the policy. */
  readonly judgeAs?: Policy
}

export interface SessionReport {
  readonly plan: SessionPlan
  readonly violations: readonly (Violation & { readonly context: readonly string[] })[]
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  readonly stops: number
  readonly queuedAtStops: number
  readonly passed: number
  readonly promotions: number
  readonly events: ReadonlyMap<string, number>
  readonly commands: Readonly<Record<'done' | 'refused' | 'cutOff', number>>
  readonly settleMs: readonly number[]
  readonly takeoverMs: readonly number[]
  readonly replyMs: readonly number[]
  readonly copies: CopiesReport & { readonly snapshotsCut: number }
  readonly starvedMs: number
  readonly widestGateMs: number
  readonly disorderMs: number
  readonly memoryGrowthBytes: readonly number[]
  readonly resources: Readonly<Partial<Record<Side, Resources>>>
  readonly logs: Readonly<Record<Side, string>>
  /** Of the witness, if there is one. */
  readonly thirdLog: string | null
}

/** Set by whoever wants the run to end early. */
export interface Stop {
  wanted: boolean
}

/** Of the messages, where a plan says nothing else: as often as it takes to see every short time. */
export const FEED_EVERY_MS = 5
