import type { EventReason, MachineDetails } from '../events'
import type { Output } from '../machine'

/**
 * What every part of the machine may ask of a step: its time, and where to say what came of it. There is one time in a step: those
 * who are given the step read it there, and those who know no step (failure detector, proof, sessions, epoch allocator) are given `nowMs` first.
 */
export interface Step {
  readonly nowMs: number
  event<N extends keyof MachineDetails>(event: N, reason: EventReason<N>, detail: MachineDetails[N]): void
  drop(link: number, cause: Extract<Output, { kind: 'drop' }>['cause']): void
}
