/**
 * What a machine tells of itself. The engine and the host tell more of it, and have events of their own: see `engine/events.ts` and
 * `host/events.ts`. What an event means for people is in `host/texts/events.ts`.
 */
import type { ReasonCode } from './reasons'

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
  handover: ['operator', 'failback', 'less-fit', 'host-stalled', 'handover-aborted'],
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
  'proof-wrong': ['proof-wrong']
} as const satisfies Record<string, readonly ReasonCode[]>

export type MachineEventName = keyof typeof MACHINE_EVENTS
