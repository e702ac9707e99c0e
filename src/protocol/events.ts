/**
 * What a machine tells of itself: every event by its name, with the reasons with which it comes and what its detail holds. The engine
 * and the host tell more of it, and have events of their own: see `engine/events.ts` and `host/events.ts`. What an event means for
 * people is in `host/texts`.
 */
import type { ReasonCode } from './reasons'
import type { CommandError, Role } from './role'

/** A setting that is not the same on both sides; `flows` by their hash. */
export interface Difference {
  readonly setting: 'policy' | 'heartbeat' | 'peerTimeout' | 'flows'
  readonly here: string | number
  readonly peer: string | number
}

/** Nothing: to `{}` the compiler would assign anything. */
export type NoDetail = { readonly [Symbol.iterator]?: never }

/** What is not the same: the lists go together, in the same order. */
export type Differing = {
  readonly differ: readonly Difference['setting'][]
  readonly here: readonly (string | number)[]
  readonly peer: readonly (string | number)[]
}

export interface MachineDetails {
  readonly started: { readonly epoch: number }
  readonly stopped: NoDetail
  readonly role: { readonly role: Role; readonly previousRole: Role; readonly epoch: number }
  readonly online: { readonly online: boolean }
  readonly link: { readonly link: number; readonly up: boolean }
  readonly designate:
    | { readonly to: 'self'; readonly epoch: number; readonly id: number }
    | { readonly to: 'peer'; readonly epoch: number }
    /** The peer has taken it. */
    | { readonly epoch: number }
    /** On the classic wire. */
    | { readonly to: 'self'; readonly role: Role; readonly value: number; readonly id: number }
    | { readonly to: 'peer'; readonly role: Role; readonly value: number }
    | { readonly to: 'peer'; readonly confirmed: Role; readonly id: number }
  readonly negotiate:
    | NoDetail
    | { readonly outcome: 'larger' | 'smaller' | 'equal'; readonly token: number; readonly peerToken: number }
  readonly loss: { readonly lost: number; readonly lostInARow: number }
  readonly conflict:
    | { readonly epoch: number; readonly peerEpoch: number }
    | { readonly epoch: number }
    | { readonly token: number }
  readonly reasserted: { readonly epoch: number } | { readonly epoch: number; readonly token: number }
  readonly yielded:
    | { readonly epoch: number; readonly peerEpoch: number }
    | { readonly epoch: number; readonly token: number }
  readonly handover:
    | { readonly phase: 'asking' }
    | { readonly phase: 'asking'; readonly role: Role }
    | { readonly because: ReasonCode | CommandError }
  readonly paused: { readonly ms: number }
  readonly resumed: NoDetail | { readonly epoch: number }
  readonly 'host-stalled': { readonly stalled: boolean }
  readonly store: NoDetail
  readonly mismatch: NoDetail | Differing
  readonly 'second-peer': NoDetail
  readonly witness: NoDetail
  readonly 'proof-wrong': { readonly role: Role; readonly epoch: number }
}

/** By event, the reasons with which it comes. */
export const MACHINE_EVENTS = {
  started: ['starting'],
  stopped: ['removed', 'shutdown'],
  role: [
    'cannot-negotiate',
    'negotiated',
    'designated',
    'operator',
    'operator-forced',
    'lost-connection',
    'peer-crashed',
    'peer-left',
    'peer-removed',
    'peer-restarted',
    'peer-active',
    'higher-epoch',
    'tie-break',
    'lease-expired',
    'half-open',
    'failback',
    'less-fit',
    'host-stalled',
    'handover-aborted',
    'removed',
    'shutdown',
    'larger-token',
    'proof-wrong',
    'restored-copy'
  ],
  online: [
    'lost-connection',
    'peer-crashed',
    'peer-left',
    'peer-removed',
    'peer-restarted',
    'peer-heard',
    'receipts-lost',
    'half-open',
    'link-failed',
    'restored-copy'
  ],
  link: ['lost-connection', 'peer-heard', 'receipts-lost', 'half-open', 'link-failed', 'peer-silent'],
  designate: [
    'negotiated',
    'designated',
    'operator',
    'peer-active',
    'peer-heard',
    'failback',
    'less-fit',
    'host-stalled',
    'removed',
    'shutdown'
  ],
  negotiate: ['peer-restarted', 'peer-heard'],
  loss: ['receipts-lost', 'peer-silent'],
  conflict: ['peer-active'],
  reasserted: ['higher-epoch', 'tie-break', 'peer-behind', 'larger-token'],
  yielded: ['peer-active', 'higher-epoch', 'tie-break', 'larger-token'],
  handover: ['operator', 'operator-forced', 'failback', 'less-fit', 'host-stalled', 'handover-aborted', 'data-behind'],
  paused: ['own-stall', 'suspended'],
  resumed: ['operator-forced', 'revalidated', 'peer-silent'],
  'host-stalled': ['host-stalled', 'revalidated'],
  store: ['revalidated', 'store-failed', 'store-new', 'foreign-record', 'numbers-exhausted'],
  mismatch: [
    'settings-differ',
    'cloned-identity',
    'flows-differ',
    'flows-agree',
    'settings-agree',
    'rolled-back',
    'restored-copy'
  ],
  'second-peer': ['second-peer'],
  witness: ['witness-heard', 'witness-lost', 'witness-agreed', 'witness-changed'],
  'proof-wrong': ['proof-wrong']
} as const satisfies Readonly<Record<keyof MachineDetails, readonly ReasonCode[]>>

/** Why this event may happen; of several, why they may happen together. */
export type EventReason<N extends keyof MachineDetails> = (typeof MACHINE_EVENTS)[N][number]

/** A union by name. */
export type EventOf<Details, Reasons extends Readonly<Record<keyof Details, readonly ReasonCode[]>>> = {
  readonly [N in keyof Details]: {
    readonly event: N
    readonly reason: Reasons[N][number]
    readonly detail: Details[N]
  }
}[keyof Details]

export type MachineEvent = EventOf<MachineDetails, typeof MACHINE_EVENTS>

/** The caller's `reason` and `detail` fit its `event`, which the compiler does not see any more in here. */
export function machineEvent<N extends keyof MachineDetails>(
  event: N,
  reason: EventReason<N>,
  detail: MachineDetails[N]
): MachineEvent {
  return { event, reason, detail } as unknown as MachineEvent
}
