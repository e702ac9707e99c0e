import type { RowResult } from './results'

export interface Context {
  /** Short runs, to try the benchmark itself. */
  readonly quick: boolean
  /** A line about how far it is. */
  readonly progress: (line: string) => void
}

/** One line of the table. */
export interface Row {
  readonly name: string
  readonly title: string
  /** What starts the clock, and what stops it. */
  readonly how: string
  /** Roughly, of a whole run. */
  readonly minutes: number
  /** Null when it can run here; else why not, in one line. */
  readonly whyNotHere: () => string | null
  readonly run: (context: Context) => Promise<RowResult>
}
