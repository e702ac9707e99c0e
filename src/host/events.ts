/** What flows and people are told of a pair: what the engine does, and what only the host knows. */
import { ENGINE_EVENTS, type EngineEventName } from '../engine/events'
import { MACHINE_EVENTS } from '../protocol/events'
import type { ReasonCode } from '../protocol/reasons'

/** By event, the reasons with which it comes beside those that the engine gives. A warning's reason is its code: see `warnings.ts`. */
const HOST_EVENTS = {
  stopped: ['settings-invalid', 'key-missing'],
  role: ['engine-crashed'],
  online: ['engine-crashed'],
  engine: ['engine-crashed', 'engine-restarted'],
  warning: [],
  'warning-ended': [],
  channel: ['channel-open', 'channel-lost', 'channel-blocked', 'channel-busy', 'addresses-differ'],
  'frame-sent': ['none'],
  'frame-received': ['none']
} as const satisfies Record<string, readonly ReasonCode[]>

export type EventName = EngineEventName | keyof typeof HOST_EVENTS

type ByName = Readonly<Partial<Record<EventName, readonly ReasonCode[]>>>
const FLOORS: readonly ByName[] = [MACHINE_EVENTS, ENGINE_EVENTS, HOST_EVENTS]

export const EVENT_NAMES = [...new Set(FLOORS.flatMap((floor) => Object.keys(floor)))] as readonly EventName[]

/** The reasons with which an event comes, apart from warnings. */
export function reasonsOf(event: EventName): readonly ReasonCode[] {
  return [...new Set(FLOORS.flatMap((floor) => floor[event] ?? []))]
}
