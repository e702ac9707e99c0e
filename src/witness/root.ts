/** What a process has one of where Node-RED runs witnesses: made here, once. */
import { WitnessRegistry } from './registry'

export const witnesses = new WitnessRegistry()
