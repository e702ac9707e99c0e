/** What the health endpoint reads of a pair, all at one instant. */
import type { PairVitals } from './pair'
import type { SettingsProblem } from './settings'

/** A pair that is stopped for its settings: which fields, and not what is in them. */
export interface StoppedPair {
  readonly at: number
  readonly name: string
  readonly host: string
  readonly problems: readonly Pick<SettingsProblem, 'field' | 'code'>[]
}

export type HealthReading = PairVitals | StoppedPair

export function isStopped(reading: HealthReading): reading is StoppedPair {
  return 'problems' in reading
}
