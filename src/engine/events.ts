/** What the engine tells of a pair: what its machine tells, and what only the engine knows. */
import { MACHINE_EVENTS, type EventOf, type MachineEvent } from '../protocol/events'
import type { FrameRejection } from '../protocol/wire/frame'
import type { ReasonCode } from '../protocol/reasons'

/** What is wrong with a link, also while its socket is open. */
export type LinkProblem = 'port-in-use' | 'host-not-found' | 'link-failed'
/** What was wrong with the file of the epoch store when it was read. */
export type StoreProblem = 'missing' | 'damaged' | 'unreadable'
/** What is wrong with the epoch store. */
export type StoreTrouble = 'foreign-record' | 'store-failed' | 'store-lost'

interface OwnDetails {
  readonly link:
    | { readonly link: number; readonly open: boolean }
    | { readonly link: number; readonly open: boolean; readonly error: string }
    | { readonly link: number; readonly from: string; readonly to: string }
  readonly store: { readonly problem: StoreProblem | null } | { readonly error: string | null }
  readonly rejected: { readonly cause: FrameRejection; readonly count: number; readonly link: number }
  readonly clock: { readonly ms: number }
}

/** By event, the reasons with which the engine itself tells it. */
const OWN_EVENTS = {
  link: ['port-in-use', 'host-not-found', 'link-failed', 'link-open', 'address-changed'],
  store: ['store-new', 'store-lost', 'store-failed', 'foreign-record'],
  rejected: ['bad-frame'],
  clock: ['suspended', 'clock-set-back']
} as const satisfies Readonly<Record<keyof OwnDetails, readonly ReasonCode[]>>

export const ENGINE_EVENTS = [MACHINE_EVENTS, OWN_EVENTS] as const

/** Of one name; of all of them without. */
export type Told<N extends EngineEventName = EngineEventName> = Extract<All, { readonly event: N }>
type All = MachineEvent | EventOf<OwnDetails, typeof OWN_EVENTS>
export type EngineEventName = All['event']
/** `at`: ms since 1970. */
export type EngineEvent = All & { readonly at: number }

/** What the caller says fits together, which the compiler does not see any more in here. */
export function engineEvent<N extends EngineEventName>(
  event: N,
  reason: Told<N>['reason'],
  detail: Told<N>['detail'],
  at: number
): EngineEvent {
  return { event, reason, at, detail } as unknown as EngineEvent
}
