/**
 * What the host's main thread and the engine's worker thread say to each other: plain values, structured-clone safe.
 * Nothing else crosses, apart from the shared cells of `cells.ts`.
 */
import type { FrameRejection, Head } from '../protocol/wire/frame'
import type { CommandResult, Designation, Input, MachineView, PeerView, Role, WitnessView } from '../protocol/machine'
import type { PairSettings } from '../protocol/settings'
import type { EngineEvent, LinkProblem, StoreTrouble } from './events'

export interface PairKeys {
  /** Shared secret; "" = none. */
  readonly key: string
  /** Still accepted, never used for sending; "" = none. */
  readonly previousKey: string
}

export interface EngineOptions {
  /** Engine-wide cell: the engine's tick and the main loop's beat. */
  readonly engineCell: SharedArrayBuffer
}

export type ToEngine =
  | {
      readonly type: 'add'
      /** Unique per start of a pair; never reused, so that late messages of an earlier start are known as such. */
      readonly pairId: number
      readonly settings: PairSettings
      readonly keys: PairKeys
      /** File of the epoch store; null = keep nothing (tests). */
      readonly storeFile: string | null
      readonly cell: SharedArrayBuffer
    }
  /** Say goodbye (bounded wait for its acknowledgement), close the sockets, answer `removed`. */
  | {
      readonly type: 'remove'
      readonly pairId: number
      readonly requestId: number
      readonly reason: 'removed' | 'shutdown'
    }
  | {
      readonly type: 'command'
      readonly pairId: number
      readonly requestId: number
      readonly designate: Designation
      readonly force: boolean
    }
  | { readonly type: 'fitness'; readonly pairId: number; readonly value: number }
  | { readonly type: 'flows'; readonly pairId: number; readonly hash: number }
  /** What the channel knows of the tether: see `Input` of `protocol/machine.ts`. */
  | {
      readonly type: 'tether'
      readonly pairId: number
      readonly news: Extract<Input, { kind: 'tether' | 'tetherEnded' | 'redialled' }>
    }
  /** What the host knows of its copy of the data, and its answer to a `barrier`: see `Input` of `protocol/machine.ts`. */
  | { readonly type: 'data'; readonly pairId: number; readonly data: DataState }
  | { readonly type: 'barrierDone'; readonly pairId: number; readonly id: number; readonly ok: boolean }
  /** Also report every frame, as unnumbered `frame` messages. */
  | { readonly type: 'watchFrames'; readonly pairId: number; readonly on: boolean }

export type DataState = Omit<Extract<Input, { kind: 'data' }>, 'kind'>

/** What the engine knows of a pair when it says something about it: of the machine's view what people and flows are shown, and more. */
export interface Snapshot
  extends
    Pick<
      MachineView,
      | 'role'
      | 'previousRole'
      | 'reason'
      | 'epoch'
      | 'online'
      | 'authenticated'
      | 'differences'
      | 'conflict'
      | 'proof'
      | 'aloneBar'
    >,
    Pick<PairSettings, 'policy' | 'wire'> {
  /** When the role was taken; ms since 1970. */
  readonly since: number
  readonly peer:
    | (Pick<PeerView, 'role' | 'epoch' | 'priority' | 'fitness' | 'ready'> & {
        readonly host: string
        readonly port: number
      })
    | null
  /** In the order of the settings. */
  readonly links: readonly LinkState[]
  /** Datagrams dropped since the start, by cause. */
  readonly dropped: Readonly<Partial<Record<FrameRejection, number>>>
  /** Sealed frames of a sender that does not hear this side (yet), since the start. */
  readonly greeted: number
  /** Null where the policy asks for none; when it was heard is in the shared cell. */
  readonly witness: Omit<WitnessView, 'heardAtMs'> | null
  /** s by which the peer's time of day is ahead of this side's; 0 while they agree, or while that is unknown. */
  readonly peerAheadS: number
  /** What is wrong with the epoch store; null = the last write succeeded. */
  readonly store: StoreTrouble | null
}

export interface LinkState {
  /** The socket is open. */
  readonly open: boolean
  /** Frames pass both ways. */
  readonly up: boolean
  readonly problem: LinkProblem | null
  /** The local address that the socket is bound to; '' = none yet. */
  readonly address: string
  /** Datagrams that did not go out. */
  readonly unsent: number
}

export type FromEngine =
  /** Events in order (possibly none) and the state after them. */
  | {
      readonly type: 'update'
      readonly pairId: number
      readonly events: readonly EngineEvent[]
      readonly snapshot: Snapshot
    }
  | {
      readonly type: 'frame'
      readonly pairId: number
      readonly direction: 'sent' | 'received'
      readonly at: number
      readonly link: number
      readonly head: Head
      readonly state: Role
      readonly id: number
      readonly value: number
    }
  | {
      readonly type: 'reply'
      readonly pairId: number
      readonly requestId: number
      readonly result: CommandResult
    }
  | { readonly type: 'removed'; readonly pairId: number; readonly requestId: number }
  /** The gate is shut, and this is to be answered with `barrierDone`; what became of it: see `Output` of `protocol/machine.ts`. */
  | { readonly type: 'barrier'; readonly pairId: number; readonly id: number }
  | { readonly type: 'barrierOver'; readonly pairId: number; readonly id: number; readonly granted: boolean }
  /**
   * Whom the channel is to be opened to: the sessions of both sides and, by link, the address that the peer is heard from (IPv6 with
   * its zone; null = not heard on that link). Null = no contact. Posted at each change.
   */
  | {
      readonly type: 'contact'
      readonly pairId: number
      readonly contact: {
        readonly session: bigint
        readonly peerSession: bigint
        readonly addresses: readonly (string | null)[]
      } | null
    }

/** To the thread itself: close all sockets at once, without a word, and end. */
export type ToThread = ToEngine | { readonly type: 'halt' }

/** From the thread itself: something that must not happen happened, and the thread ends. */
export type FromThread = FromEngine | { readonly type: 'failed'; readonly error: string }
