/**
 * The host's side of a pair as the nodes see it. `hub.ts` makes these; nodes hold one through their config node.
 */
import type { LinkProblem, StoreTrouble } from '../engine/events'
import type { LinkState, Snapshot } from '../engine/messages'
import type { Carrier } from './channel/carrier'
import type { Turned } from './channel/listener'
import type { AloneBar, Designation, ProofState, Role } from '../protocol/machine'
import type { ReasonCode } from '../protocol/reasons'
import type { LinkSettings } from '../protocol/settings'
import type { EventName, PairEvent, WarningCode, WarningDetails } from './events'
import type { Situation, SituationMark } from './situation/types'

/** The status object of the integrators' contract (`msg.pair`): of what the engine knows what flows are shown, and more. */
export interface PairStatus extends Pick<
  Snapshot,
  'role' | 'previousRole' | 'reason' | 'since' | 'epoch' | 'online' | 'policy' | 'wire' | 'authenticated'
> {
  readonly name: string
  /** The name of the host that this side runs on. */
  readonly host: string
  /** What is so now, and what it means for the plant. */
  readonly situation: SituationMark
  /** How fit this side says it is, 0..255. */
  readonly fitness: number
  /** Why this side takes no role alone, whatever its policy says; null = nothing keeps it from it. */
  readonly alone: AloneBar | null
  /** How contact ended, and when (ms since 1970). Null while online, and before the first contact of this process. */
  readonly lost: { readonly reason: ReasonCode; readonly at: number } | null
  /** Number of the pair's latest event. */
  readonly seq: number
  /** Whether a gate would pass a message right now. */
  readonly serving: boolean
  /** ms; null = unlimited or not Active. */
  readonly leaseLeft: number | null
  readonly peer:
    | (NonNullable<Snapshot['peer']> & {
        /** ms since a live sign; null = never. */
        readonly heardAgo: number | null
        /** ms; null = not measured. */
        readonly roundTrip: number | null
      })
    | null
  /** Null where there is none: no key, the classic wire, or switched off. */
  readonly channel: ChannelStatus | null
  /** Null under every policy but `witness`. */
  readonly witness: WitnessStatus | null
}

export interface WitnessStatus {
  /** It was heard lately. */
  readonly online: boolean
  /** Both sides have agreed on it: its voice counts. */
  readonly counted: boolean
  /** Who has its voice, as it said last; null = nobody. */
  readonly holder: 'self' | 'peer' | null
  /** ms since it was heard; null = never. */
  readonly heardAgo: number | null
}

export interface ChannelStatus {
  /** The peer's crash would end a connection that is open now. */
  readonly open: boolean
  /** A crash of the peer could be proved now; otherwise its silence decides. */
  readonly proof: boolean
  /** Why not; null = it could. */
  readonly why: ProofBar | null
  /** ms that the follower's copy is old at most; null = nothing is carried. */
  readonly behind: number | null
  readonly bytes: number | null
  readonly keys: number | null
  /** ms since data last went to the peer or came from it; null = never. */
  readonly movedAgo: number | null
  /** Writes to the context stores that changed nothing: on a Standby, or late in a swap. */
  readonly dropped: number | null
  /** Writes with `acknowledge: "peer"` to which the peer did not answer in time. */
  readonly unanswered: number | null
}

/** Why a crash of the peer could not be proved now. */
export type ProofBar = Exclude<ProofState, 'possible' | 'no-tether'> | 'channel-lost' | 'channel-blocked'

/** `seq`: gapless per pair; null for `frame-sent` and `frame-received`, which are not numbered. */
export type PairEventMessage = PairEvent & { readonly seq: number | null }

export interface PairObserver {
  onRole?(role: Role): void
  onOnline?(online: boolean): void
  onEvent?(event: PairEventMessage): void
  /** Only called while at least one observer has it; makes the engine report frames. */
  onFrame?(event: PairEventMessage): void
  /** Anything that a badge shows may have changed. */
  onStatus?(): void
}

/** What keeps a pair from simply running: the engine, its files, a link or the epoch store. */
export type TroubleCode = 'engine-crashed' | 'files-in-use' | LinkProblem | StoreTrouble

/** What a badge shows when the pair does not simply run. */
export interface PairTrouble {
  readonly code: TroubleCode
  readonly detail: string
}

/** What monitoring gets of a pair: all of one instant, and without secrets, paths and this side's addresses. */
export interface PairVitals {
  /** The instant; ms since 1970. */
  readonly at: number
  readonly status: PairStatus
  readonly situation: Situation
  readonly engine: {
    /** The engine's thread runs, and gave a sign of life lately. */
    readonly alive: boolean
    /** ms since the engine's thread gave its last sign of life; null = it does not run. */
    readonly ago: number | null
    /** How often the thread was started again after it had died, in this process. */
    readonly restarts: number
  }
  /** What does not simply run, each code once; empty while all is well. */
  readonly troubles: readonly TroubleCode[]
  /** What `Pair.warnings` says, the codes only. */
  readonly warnings: readonly WarningCode[]
  /** In the order of the settings. */
  readonly links: readonly Pick<LinkState, 'open' | 'up' | 'unsent'>[]
  /** Since the pair's start in the engine. */
  readonly dropped: Snapshot['dropped']
  /** Who was turned away at the channel's ports of this process; null = the pair has no channel. */
  readonly turned: Readonly<Turned> | null
  /** Numbered events since the pair's start in this process, by name. */
  readonly events: Readonly<Partial<Record<EventName, number>>>
  /** How often each role was taken since then. */
  readonly roleChanges: Readonly<Record<Role, number>>
}

/** One path to the peer as it is now. */
export type PairLink = LinkSettings & Pick<LinkState, 'open' | 'up' | 'problem'>

/**
 * Something that a person should look at while the pair goes on. Texts, with what to do: `texts/reasons.ts`;
 * which codes there are, how important and from when on: `warnings.ts`.
 */
export type PairWarning = {
  readonly [Code in WarningCode]: {
    readonly code: Code
    /** ms since 1970. */
    readonly since: number
    readonly detail: WarningDetails[Code]
  }
}[WarningCode]

export interface GateDecision {
  readonly open: boolean
  readonly epoch: number
}

export interface Pair {
  /** What nodes of both hosts say to each other; never open without a channel. */
  readonly carrier: Carrier
  status(): PairStatus
  /** Decided at the instant of the call, from shared memory. Fails closed. */
  gate(): GateDecision
  /** Judged at the instant of the call, as the gate is. */
  vitals(): PairVitals
  /** Null while all is well. A link in trouble while another carries is reported too. */
  trouble(): PairTrouble | null
  /** All that a person should look at, the most important first, with what `trouble` says; empty while all is well. */
  warnings(): readonly PairWarning[]
  /** What is so now, in words. */
  situation(): Situation
  /** Resolves with the role then held; rejects with a `PairError`. Always ends within a bounded time. */
  designate(command: Designation, force: boolean): Promise<Role>
  /** 0..255 */
  setFitness(value: number): void
  setFlowsHash(hash: number): void
  /** A node has seen something that a person should look at; it is shown for a while. */
  note<Code extends WarningCode>(code: Code, detail: WarningDetails[Code]): void
}
