/**
 * The shape of a pair machine: one door in (`step`), values out, and the next deadline.
 * Both wires implement it (`extended/machine.ts`, `classic/machine.ts`). Time is an argument (`nowMs`, monotonic, any origin),
 * randomness is injected, sealing and storage happen outside: the machine only says what it wants done.
 * A step that is early, late or spurious is harmless.
 */
import type { Difference, MachineEvent } from './events'
import type { Frame, FrameRejection } from './wire/frame'
import type { Answer, Ask } from './wire/witness-frame'
import type { Position } from './position'
import type { PairRecord } from './record'
import type { ReasonCode } from './reasons'
import type { CommandResult, Designation, Role } from './role'

export type { Difference } from './events'
export type { CommandError, CommandResult, Designation, Role } from './role'

export type Input =
  /** The engine runs and the links are opening. `record` is what the store held, or null when it held nothing. */
  | { readonly kind: 'start'; readonly record: PairRecord | null }
  /** The deadline passed (or not: a tick may always come). */
  | { readonly kind: 'tick' }
  /** A frame that was decoded and, on the extended wire, whose seal was verified. */
  | { readonly kind: 'frame'; readonly link: number; readonly frame: Frame }
  /** Something that was to go out on this link did not: its silence proves nothing. */
  | { readonly kind: 'unsent'; readonly link: number }
  /**
   * A tether is up: both sides have proven it, for these two sessions. `provable`: what each side calls its own address is what the
   * other one calls the peer's, so that nobody stands between. `id` is never used twice.
   */
  | {
      readonly kind: 'tether'
      readonly id: number
      readonly session: bigint
      readonly peerSession: bigint
      readonly provable: boolean
    }
  /** The tether ended: with a FIN and without farewell, or in any other way. */
  | { readonly kind: 'tetherEnded'; readonly id: number; readonly fin: boolean }
  /** A dial that was begun after the tether's FIN had been read: refused at once, or anything else. */
  | { readonly kind: 'redialled'; readonly id: number; readonly refused: boolean }
  /** Another process wrote this side's record. */
  | { readonly kind: 'foreignRecord' }
  /** The link's socket became usable, or stopped being so. */
  | { readonly kind: 'link'; readonly link: number; readonly open: boolean; readonly detail: string }
  /** The store finished writing the record of the `store` output with this ticket. */
  | { readonly kind: 'stored'; readonly ticket: number; readonly ok: boolean }
  | { readonly kind: 'command'; readonly id: number; readonly designate: Designation; readonly force: boolean }
  /** How fit this side is to serve, 0..255. */
  | { readonly kind: 'fitness'; readonly value: number }
  /** The flows' event loop was silent beyond `stallLimitMs`, or came back. */
  | { readonly kind: 'hostStalled'; readonly stalled: boolean }
  /** The machine this runs on slept: the wall clock advanced this much more than the monotonic one. */
  | { readonly kind: 'suspended'; readonly ms: number }
  /** Hash of the deployed flows; 0 = unknown. */
  | { readonly kind: 'flows'; readonly hash: number }
  /** An answer of the witness, whose seal was verified. */
  | { readonly kind: 'witness'; readonly answer: Answer }
  /**
   * What the host knows of its copy of the pair's data. `users`: flows on this host keep data that the peer is to have. `open`: the channel
   * carries it both ways. `inStep`: no snapshot is under way here, and this copy is less than 1 s old; on the Active: what was written 1 s ago
   * has gone to the peer, as far as this side can measure it.
   */
  | {
      readonly kind: 'data'
      readonly users: boolean
      readonly open: boolean
      readonly inStep: boolean
      readonly position: Position
    }
  /** The peer has all that was written here before the barrier of this id; or that could not be had. */
  | { readonly kind: 'barrierDone'; readonly id: number; readonly ok: boolean }
  /** Last words before the engine closes this pair. */
  | { readonly kind: 'goodbye'; readonly reason: 'removed' | 'shutdown' }

export type Output =
  /**
   * Encode (and on the extended wire seal) this frame and send it on this link. `toSource`: only to where the frame that this step
   * received came from (the answer to a session that is not confirmed); else to where the peer is.
   */
  | { readonly kind: 'send'; readonly link: number; readonly toSource: boolean; readonly frame: Frame }
  /** Write this record durably and answer with `stored` and the same ticket. */
  | { readonly kind: 'store'; readonly ticket: number; readonly record: PairRecord }
  | ({ readonly kind: 'event' } & MachineEvent)
  /** Seal this and send it to the witness. */
  | { readonly kind: 'ask'; readonly ask: Ask }
  /** A sealed frame that does not belong to the current sessions; to be counted like any other rejection. */
  | { readonly kind: 'drop'; readonly link: number; readonly cause: FrameRejection }
  | ({ readonly kind: 'reply'; readonly id: number } & CommandResult)
  /**
   * The gate is shut from this step on, though the role is still held. To be answered with `barrierDone` and this id as soon as the
   * peer has all that was written.
   */
  | { readonly kind: 'barrier'; readonly id: number }
  /** `granted`: the role has gone to the peer. Else the barrier is called off: who is still Active serves on, with the same epoch. */
  | { readonly kind: 'barrierOver'; readonly id: number; readonly granted: boolean }

/** What is known of the peer. Times are on the machine's monotonic clock. */
export interface PeerView {
  readonly role: Role
  readonly epoch: number
  readonly priority: number
  /** 0..255, as it says. */
  readonly fitness: number
  /** It could take the role now. */
  readonly ready: boolean
  /** The link it was last heard on. */
  readonly link: number
  readonly heardAtMs: number
  /** Null until measured. */
  readonly roundTripMs: number | null
}

/** Whether a crash of the peer could be proved now, or why not. */
export type ProofState = 'possible' | 'off' | 'offline' | 'no-tether' | 'addresses-differ' | 'not-on-disk'

/** Why this side takes no role alone, whatever its policy says; null = nothing keeps it from it. */
export type AloneBar =
  | 'peer-may-serve'
  | 'rolled-back'
  | 'restored-copy'
  | 'foreign-record'
  | 'policy-differs'
  | 'numbers-exhausted'

export interface MachineView {
  readonly role: Role
  readonly previousRole: Role
  readonly reason: ReasonCode
  /** When the role was taken, on the machine's monotonic clock. */
  readonly sinceMs: number
  readonly epoch: number
  readonly online: boolean
  /** May act right now, apart from the lease, which the gate checks itself. */
  readonly serving: boolean
  /** End of the right to serve on the machine's monotonic clock; Infinity = unlimited. */
  readonly leaseUntilMs: number
  /**
   * A gate closes when the engine's last sign of life is older than this: the peer may have taken over by then.
   * Infinity when nothing bounds it.
   */
  readonly freshForMs: number
  readonly authenticated: boolean
  /** Per link: frames pass both ways. */
  readonly linksUp: readonly boolean[]
  readonly peer: PeerView | null
  /** As the peer said last; the same array until it changes. */
  readonly differences: readonly Difference[]
  /** The peer is heard as Active while this side is Active. */
  readonly conflict: boolean
  /** My session and, while it is heard, the peer's; 0 = none. */
  readonly session: bigint
  readonly peerSession: bigint
  readonly proof: ProofState
  /** The tether has ended, and whether the peer has crashed is being found out. */
  readonly asking: boolean
  readonly aloneBar: AloneBar | null
  /** Null where the policy asks for none. */
  readonly witness: WitnessView | null
}

/** What is known of the witness. Times are on the machine's monotonic clock. */
export interface WitnessView {
  readonly online: boolean
  /** Both sides have agreed on it: its voice counts. */
  readonly counted: boolean
  /** -Infinity = never. */
  readonly heardAtMs: number
  /** Who has its voice, as it said last. */
  readonly holder: 'self' | 'peer' | null
}

export interface PairMachine {
  /** Errors: throws only on a broken invariant of our own, never on what the peer sent. */
  step(nowMs: number, input: Input): readonly Output[]
  /** When `tick` wants to be called next on the same clock; Infinity = no need. */
  deadlineMs(): number
  view(): MachineView
}

/** Injected randomness: uniform whole numbers in 0 .. boundExclusive-1; boundExclusive <= 2**48. */
export type RandomInt = (boundExclusive: number) => number
