/**
 * A position in the data of a pair: the epoch in which it was written, and a number that grows within that epoch. What was written in a
 * higher epoch is newer, whatever its number.
 */
import { STORED_MAX } from './epoch-allocator'
import { DATA_NUMBER_MAX } from './wire/frame'

export interface Position {
  readonly epoch: number
  readonly number: number
}

/** Nothing was ever written. */
export const NOWHERE: Position = Object.freeze({ epoch: 0, number: 0 })

/** Positive when `a` is newer than `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.number - b.number
}

/**
 * As it is sent to the peer. An epoch at the end of its range was made by hand or by damage, as in a record: such data counts as none.
 * A number that has no room on the wire counts as the last one that has; then others decide.
 */
export function soundPosition({ epoch, number }: Position): Position {
  const isSound = Number.isSafeInteger(epoch) && epoch > 0 && epoch < STORED_MAX && Number.isSafeInteger(number)
  return isSound ? { epoch, number: Math.min(Math.max(0, number), DATA_NUMBER_MAX) } : NOWHERE
}
