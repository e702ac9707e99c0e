/**
 * Where a copy stands, and on which line: the promotions that led to it, each with the position that it went on from. A copy that stands
 * on the line of another one can be brought up to it by what changed since; one that went on elsewhere cannot.
 */
import type { Position } from '../../protocol/position'

export interface Promotion {
  readonly epoch: number
  readonly from: Position
}

export const PROMOTIONS_MAX = 64

export function promoted(line: readonly Promotion[], epoch: number, from: Position): readonly Promotion[] {
  return [...line, { epoch, from }].slice(-PROMOTIONS_MAX)
}

/** Whether a copy at `position` was a copy of this one, which stands at `now`, at some time. */
export function isOnLine(line: readonly Promotion[], now: Position, position: Position): boolean {
  if (position.epoch === 0) return false
  if (position.epoch === now.epoch) return position.number <= now.number
  const next = line.findLast(({ from }) => from.epoch === position.epoch)
  return next !== undefined && position.number <= next.from.number
}
