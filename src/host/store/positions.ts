/**
 * Where a copy stands, and on which line: the promotions that led to it, each with the position that it went on from. A copy that stands
 * on the line of another one can be brought up to it by what changed since; one that went on elsewhere cannot.
 */
export interface Position {
  /** Of the role under which the last write was made. */
  readonly epoch: number
  /** Of the last batch in it. */
  readonly number: number
}

/** Nothing that has a version was ever here. */
export const NOWHERE: Position = { epoch: 0, number: 0 }

/** Negative: `a` is the older one. Means something on one line only. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.number - b.number
}

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
