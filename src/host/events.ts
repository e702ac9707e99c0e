/** The events of a pair: those of the engine, and what only the host knows. */
import { ENGINE_EVENTS, type Told } from '../engine/events'
import type { Differing, EventOf, MachineDetails, NoDetail } from '../protocol/events'
import type { FrameRejection, Head } from '../protocol/wire/frame'
import type { ReasonCode } from '../protocol/reasons'
import type { Role } from '../protocol/role'

/** What the detail of a warning holds, by its code. */
export interface WarningDetails {
  readonly 'engine-crashed': { readonly error: string }
  readonly 'files-in-use': { readonly holder: string }
  readonly 'both-active': { readonly peer: string }
  /** ms since 1970. */
  readonly 'were-both-active': { readonly from: number; readonly to: number }
  readonly unused: NoDetail
  readonly 'keys-differ': Dropped
  readonly 'peer-has-no-key': Dropped
  readonly 'peer-has-key': Dropped
  readonly 'wires-differ': Dropped
  readonly 'versions-differ': Dropped
  readonly 'foreign-host': Dropped
  readonly 'third-party': Dropped
  readonly 'own-address': { readonly place: string }
  readonly 'one-way': NoDetail
  readonly 'bad-frame': Dropped
  readonly 'port-in-use': OnLink
  /** `pair`: the name of the other pair of this process. */
  readonly 'port-held-here': OnLink & { readonly pair: string }
  readonly 'zone-missing': OnLink
  readonly 'loopback-address': OnLink & { readonly address: string }
  readonly 'host-not-found': OnLink
  readonly 'link-failed': OnLink
  readonly 'store-failed': NoDetail
  readonly 'store-lost': NoDetail
  readonly 'foreign-record': NoDetail
  readonly 'settings-differ': Differing
  /** Hashes of the flows, in hex. */
  readonly 'flows-differ': { readonly here: string; readonly peer: string }
  readonly 'link-down': { readonly down: readonly number[]; readonly places: readonly string[]; readonly of: number }
  readonly 'channel-busy': { readonly noticedAfter: string }
  readonly 'channel-blocked': { readonly noticedAfter: string }
  readonly 'context-differs': UsersDiffer
  readonly 'standby-writes': Written
  readonly 'late-writes': Written
  /** A gate that resumes. */
  readonly 'sequence-stuck': { readonly node: string; readonly topic: string }
  readonly 'roles-flap': { readonly changes: number; readonly minutes: number }
  /** `place`: address and port of the witness. */
  readonly 'witness-lost': { readonly place: string }
  readonly 'witness-not-agreed': NoDetail
  readonly 'same-priority': { readonly priority: number }
  readonly 'cloned-identity': NoDetail
  readonly suspended: { readonly ms: number }
  readonly 'clock-set-back': { readonly ms: number }
  readonly 'clocks-differ': { readonly peerAheadS: number }
  readonly 'weak-key': { readonly fields: readonly string[] }
  readonly 'no-key': NoDetail
  readonly 'classic-wire': NoDetail
}
type Dropped = { readonly cause: FrameRejection }
/** Stores, gates and sync nodes, with what each side says of them; '' = it is not there. */
type UsersDiffer = {
  readonly differ: readonly string[]
  readonly here: readonly string[]
  readonly peer: readonly string[]
}
/** One of the keys, and the flow or node that it belongs to. */
type Written = { readonly scope: string; readonly key: string; readonly count: number }
type OnLink = { readonly link: number; readonly place: string }
export type WarningCode = keyof WarningDetails

type FiveBytes = {
  readonly link: number
  readonly head: Head
  readonly state: Role
  readonly id: number
  readonly value: number
}

interface OwnDetails {
  /** Of a pair that its settings keep from starting. */
  readonly stopped: { readonly fields: readonly string[] }
  readonly role: MachineDetails['role']
  readonly online: MachineDetails['online']
  readonly engine: NoDetail | { readonly error: string; readonly stack?: string }
  readonly channel:
    | { readonly open: true; readonly address: string }
    | { readonly open: false; readonly noticedAfter: string; readonly error: string }
    | {
        readonly open: false
        readonly address: string
        readonly port: number
        readonly noticedAfter: string
        readonly error: string
      }
    /** This side's port, which another program holds. */
    | { readonly port: number; readonly noticedAfter: string }
  readonly 'frame-sent': FiveBytes
  readonly 'frame-received': FiveBytes
}

/** By event, the reasons with which the host itself tells it. */
const OWN_EVENTS = {
  stopped: ['settings-invalid', 'key-missing'],
  role: ['engine-crashed'],
  online: ['engine-crashed'],
  engine: ['engine-crashed', 'engine-restarted'],
  channel: ['channel-open', 'channel-lost', 'channel-blocked', 'channel-busy', 'addresses-differ'],
  'frame-sent': ['none'],
  'frame-received': ['none']
} as const satisfies Readonly<Record<keyof OwnDetails, readonly ReasonCode[]>>

/** The reason of a warning is its code. */
type WarningEvent<Event> = {
  readonly [Code in WarningCode]: {
    readonly event: Event
    readonly reason: Code
    readonly detail: WarningDetails[Code]
  }
}[WarningCode]

type All = Told | EventOf<OwnDetails, typeof OWN_EVENTS> | WarningEvent<'warning'> | WarningEvent<'warning-ended'>
type Of<N extends EventName> = Extract<All, { readonly event: N }>
export type EventName = All['event']
/** `at`: ms since 1970. */
export type PairEvent = All & { readonly at: number }

/** What the caller says fits together, which the compiler does not see any more in here. */
export function pairEvent<N extends EventName>(
  event: N,
  reason: Of<N>['reason'],
  detail: Of<N>['detail'],
  at: number
): PairEvent {
  return { event, reason, at, detail } as unknown as PairEvent
}

const TABLES: readonly Readonly<Partial<Record<EventName, readonly ReasonCode[]>>>[] = [
  ...ENGINE_EVENTS,
  OWN_EVENTS,
  { warning: [], 'warning-ended': [] }
]

export const EVENT_NAMES = [...new Set(TABLES.flatMap((table) => Object.keys(table)))] as readonly EventName[]

/** The reasons with which an event comes, apart from warnings. */
export function reasonsOf(event: EventName): readonly ReasonCode[] {
  return [...new Set(TABLES.flatMap((table) => table[event] ?? []))]
}
