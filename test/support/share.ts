/**
 * `npm test` takes a bounded share of what is large; `npm run verify` sets HA_PAIR_WHOLE=1 and takes all of it. What is left
 * out of the share is not there at all: with CI=true a test that is skipped is a failure.
 */
export const WHOLE = process.env['HA_PAIR_WHOLE'] === '1'

/** How many, how long, or which ones: `few` in `npm test`, `all` in `npm run verify`. */
export function share<T>(few: readonly T[], all: readonly T[]): readonly T[]
export function share<T>(few: T, all: T): T
export function share<T>(few: T, all: T): T {
  return WHOLE ? all : few
}

/** A test of the whole only. Has to be one that no later test of its set builds on. */
export function itInWhole(title: string, test: (this: Mocha.Context) => void | Promise<void>, limitMs?: number): void {
  if (!WHOLE) return
  const made = it(title, test as Mocha.AsyncFunc)
  if (limitMs !== undefined) made.timeout(limitMs)
}

/** The same for a set of tests. */
export function describeInWhole(title: string, tell: (this: Mocha.Suite) => void): void {
  if (WHOLE) describe(title, tell)
}

export type NodeRedMajor = 4 | 5

/** Whether a story is told on this version of Node-RED: on both in the whole; in the share on the one that it names, if any. */
export function isToldOn(version: NodeRedMajor, only: NodeRedMajor | null): boolean {
  return WHOLE || only === null || only === version
}
