import { ClassicMachine } from './classic/machine'
import { ExtendedMachine } from './extended/machine'
import type { PairMachine, RandomInt } from './machine'
import type { PairSettings } from './settings'

export interface MachineContext {
  readonly randomInt: RandomInt
  /** The engine seals with a real key: what the status calls authenticated. */
  readonly keyed: boolean
}

/** The machine for the wire that the settings ask for. */
export function createMachine(settings: PairSettings, context: MachineContext): PairMachine {
  return settings.wire === 'classic'
    ? new ClassicMachine(settings, context.randomInt)
    : new ExtendedMachine(settings, context)
}
