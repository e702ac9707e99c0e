/**
 * What can be so with a pair, how it is made on real Node-RED processes, and what each place says then. `here` and `peer` in a sentence
 * stand for the two hosts. Side `a` is the Active where a row begins, `b` the Standby.
 */
import type { SituationCode } from '../../../src/host/situation/types'
import { MACHINE_ROWS } from './machine-rows'
import { PAIR_ROWS } from './pair-rows'
import type { Row } from './row'

export const TABLE: readonly Row[] = [...PAIR_ROWS, ...MACHINE_ROWS]

/** What no row can hold still, and where it is shown instead. */
export const ELSEWHERE: Readonly<Partial<Record<SituationCode, string>>> = {
  'both-active':
    'over within a heartbeat: who hears the other one yields. The row "cut and heal" sees its event, unit tests its texts.',
  'restored-copy':
    'takes a virtual machine that is set back to a snapshot while it runs: the scenario rolled-back, and unit tests for its texts.',
  'store-lost':
    'over as soon as a new file is on disk, some ms after the start. The row "damaged file on a" sees its event and its line in the log.'
}
