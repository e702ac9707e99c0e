/**
 * The rules as tables: who may take the role on which evidence, who serves under a lease, and who ranks first.
 * Each table is meant to be read aloud; `test/protocol/policy.test.ts` asserts every cell.
 */
import type { Role } from './machine'
import type { Policy } from './settings'

/**
 * What a side that is not Active may know of its peer:
 * - `never-met`: silence since the start, longer than any promise given earlier.
 * - `silence`: the peer was known and has not been heard for the takeover delay.
 * - `stood-down`: the peer is heard in this session and says that it is not Active, but it does not hear us.
 * - `crash`: the peer's host answers that nobody listens on its port any more.
 * - `goodbye`: the peer stopped in order and released its role.
 */
export type Evidence = 'never-met' | 'silence' | 'stood-down' | 'crash' | 'goodbye'

type Verdict = 'take' | 'wait' | 'if-preferred'

export const TAKEOVER: Readonly<Record<Policy, Readonly<Record<Evidence, Verdict>>>> = {
  availability: { 'never-met': 'take', silence: 'take', 'stood-down': 'wait', crash: 'take', goodbye: 'take' },
  preferred: {
    'never-met': 'if-preferred',
    silence: 'if-preferred',
    'stood-down': 'if-preferred',
    crash: 'take',
    goodbye: 'take'
  },
  exclusive: { 'never-met': 'wait', silence: 'wait', 'stood-down': 'wait', crash: 'take', goodbye: 'take' }
}

export function mayTake(policy: Policy, evidence: Evidence, preferred: boolean): boolean {
  const verdict = TAKEOVER[policy][evidence]
  return verdict === 'take' || (verdict === 'if-preferred' && preferred)
}

/** Whether an Active of this policy may act only while its peer keeps acknowledging. */
export function servesUnderLease(policy: Policy, preferred: boolean): boolean {
  return policy === 'exclusive' || (policy === 'preferred' && !preferred)
}

/** What the two sides compare when neither is Active. All of it is in the frames, so both compute the same. */
export interface Candidate {
  /** It asks for the role on behalf of its operator, or to fail back. */
  readonly wanted: boolean
  readonly ready: boolean
  readonly fit: boolean
  /** The epoch of which it was the last Active in this session; 0 = none. */
  readonly heldEpoch: number
  readonly role: Role
  readonly priority: number
  readonly nodeId: bigint
}

/** Positive when `a` should be Active rather than `b`; never 0 for two different node ids. */
export function rank(a: Candidate, b: Candidate): number {
  return (
    Number(a.ready) - Number(b.ready) ||
    Number(a.fit) - Number(b.fit) ||
    Number(a.wanted) - Number(b.wanted) ||
    a.heldEpoch - b.heldEpoch ||
    Number(a.role === 'standby') - Number(b.role === 'standby') ||
    a.priority - b.priority ||
    (a.nodeId > b.nodeId ? 1 : a.nodeId < b.nodeId ? -1 : 0)
  )
}

/** One of two Actives that hear each other. Higher epoch, then priority, then node id. Never chance, never address. */
export function winsConflict(
  mine: { readonly epoch: number; readonly priority: number; readonly nodeId: bigint },
  theirs: { readonly epoch: number; readonly priority: number; readonly nodeId: bigint }
): boolean {
  if (mine.epoch !== theirs.epoch) return mine.epoch > theirs.epoch
  if (mine.priority !== theirs.priority) return mine.priority > theirs.priority
  return mine.nodeId > theirs.nodeId
}
