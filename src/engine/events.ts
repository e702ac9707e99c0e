/** What the engine tells of a pair: what its machine does, and what only the engine knows. */
import type { MachineEventName } from '../protocol/events'
import type { ReasonCode } from '../protocol/reasons'

/** By event, the reasons with which it comes beside those that the machine gives. */
export const ENGINE_EVENTS = {
  link: ['port-in-use', 'host-not-found', 'link-failed', 'link-open', 'address-changed'],
  store: ['store-lost'],
  rejected: ['bad-frame'],
  clock: ['suspended', 'clock-set-back']
} as const satisfies Record<string, readonly ReasonCode[]>

export type EngineEventName = MachineEventName | keyof typeof ENGINE_EVENTS
