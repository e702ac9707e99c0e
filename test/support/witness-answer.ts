import type { Answer } from '../../src/protocol/wire/witness-frame'

/** Of a witness that has lent nothing, and says nothing of the other side; who it answers, and what, is its test's. */
export const NOTHING_LENT = {
  lent: false,
  copied: false,
  loan: 0,
  promisedMs: 0,
  holder: 0n,
  other: 0n,
  otherStates: false,
  otherHolds: false,
  otherHeardAgoMs: null
} as const satisfies Partial<Answer>
