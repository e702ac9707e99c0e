/**
 * The rules as tables: what each policy means, who ranks first, and which of two Actives stays.
 * Each table is meant to be read aloud; `test/unit/protocol/extended/policy.test.ts` asserts every cell.
 */
import type { Role } from '../machine'
import { comparePositions, type Position } from '../position'
import type { Policy } from '../settings'

/**
 * What a side that is not Active may know of its peer:
 * - `never-met`: silence since the start, longer than any promise given earlier.
 * - `silence`: the peer was known and has not been heard for the takeover delay.
 * - `stood-down`: the peer is heard in this session and says that it is not Active, but it does not hear us.
 * - `crash`: its crash is proved, see `proof.ts`.
 * - `goodbye`: the peer stopped in order and released its role.
 */
export type Evidence = 'never-met' | 'silence' | 'stood-down' | 'crash' | 'goodbye'

type Verdict = 'take' | 'wait' | 'if-preferred' | 'with-voice'

export interface PolicyRules {
  /** Whether a side takes the role alone on this evidence; what `aloneBar` names comes first. */
  readonly takesOn: Readonly<Record<Evidence, Verdict>>
  /** Who acts, as Active, only while its peer keeps acknowledging. */
  readonly underLease: 'nobody' | 'not-preferred' | 'both'
  /**
   * Two that cannot hear each other never serve both. So a right that the other side may still have is waited for: that of a former
   * session, of a peer that answers without contact, of one that was online when this side ended; and this side's own right is bounded
   * before the peer may rely on it.
   */
  readonly neverBoth: boolean
  /**
   * The pair agrees in contact on which side is preferred. That one acts alone when it comes back, unless its disk says that its peer was
   * online: so a proof of its crash, and its goodbye, count on that mark.
   */
  readonly prefersOne: boolean
  /** Roles are taken, and promises made, also while the disk takes no write. */
  readonly goesOnInMemory: boolean
  /** A third voice backs who serves, beside the peer: it is asked all the time, and needed to take the role alone. */
  readonly asksWitness: boolean
  /** A crash of the peer is proved, and counts before its silence does. */
  readonly provesCrashes: boolean
  /**
   * What the mark on disk means: that the peer was online when this side ended; or only that this side left with a goodbye, and so handed
   * its voice to the peer until they meet.
   */
  readonly mark: 'contact' | 'goodbye'
}

/** What each policy means. The machine asks for a column by its name and never which policy it is. */
export const POLICY_RULES: Readonly<Record<Policy, PolicyRules>> = {
  availability: {
    takesOn: { 'never-met': 'take', silence: 'take', 'stood-down': 'wait', crash: 'take', goodbye: 'take' },
    underLease: 'nobody',
    neverBoth: false,
    prefersOne: false,
    goesOnInMemory: true,
    asksWitness: false,
    provesCrashes: true,
    mark: 'contact'
  },
  preferred: {
    takesOn: {
      'never-met': 'if-preferred',
      silence: 'if-preferred',
      'stood-down': 'if-preferred',
      crash: 'take',
      goodbye: 'take'
    },
    underLease: 'not-preferred',
    neverBoth: true,
    prefersOne: true,
    goesOnInMemory: false,
    asksWitness: false,
    provesCrashes: true,
    mark: 'contact'
  },
  exclusive: {
    takesOn: { 'never-met': 'wait', silence: 'wait', 'stood-down': 'wait', crash: 'take', goodbye: 'take' },
    underLease: 'both',
    neverBoth: true,
    prefersOne: false,
    goesOnInMemory: false,
    asksWitness: false,
    provesCrashes: true,
    mark: 'contact'
  },
  witness: {
    takesOn: {
      'never-met': 'with-voice',
      silence: 'with-voice',
      'stood-down': 'with-voice',
      crash: 'wait',
      goodbye: 'take'
    },
    underLease: 'both',
    neverBoth: true,
    prefersOne: false,
    goesOnInMemory: false,
    asksWitness: true,
    provesCrashes: false,
    mark: 'goodbye'
  }
}

/** What stands behind a side that would act alone. */
export interface Backing {
  readonly preferred: boolean
  /** The witness lends it its voice now. */
  readonly voice: boolean
}

export function mayTake(policy: Policy, evidence: Evidence, { preferred, voice }: Backing): boolean {
  const verdict = POLICY_RULES[policy].takesOn[evidence]
  return verdict === 'take' || (verdict === 'if-preferred' && preferred) || (verdict === 'with-voice' && voice)
}

/** Whether an Active of this policy may act only while its peer keeps acknowledging. */
export function servesUnderLease(policy: Policy, preferred: boolean): boolean {
  const { underLease } = POLICY_RULES[policy]
  return underLease === 'both' || (underLease === 'not-preferred' && !preferred)
}

/** What the two sides compare when neither is Active. All of it is in the frames, so both compute the same. */
export interface Candidate {
  /** It asks for the role on behalf of its operator, or to fail back. */
  readonly wanted: boolean
  readonly ready: boolean
  readonly fit: boolean
  /** The epoch of which it was the last Active in this session; 0 = none. */
  readonly heldEpoch: number
  /** Of its data, where both have a channel. */
  readonly position: Position
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
    comparePositions(a.position, b.position) ||
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
