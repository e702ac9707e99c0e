/**
 * The host's side of a pair as the nodes see it. `hub.ts` makes these; nodes hold one through their config node.
 */
import type { EventName, ReasonCode } from '../protocol/catalogue'
import type { FrameRejection } from '../protocol/wire/frame'
import type { CommandError, Designation, ProofState, Role } from '../protocol/machine'
import type { Policy, Wire } from '../protocol/settings'

/** The status object of the integrators' contract (`msg.pair`). */
export interface PairStatus {
  readonly name: string
  readonly role: Role
  readonly previousRole: Role
  readonly reason: ReasonCode
  /** ms since 1970. */
  readonly since: number
  readonly epoch: number
  /** Number of the pair's latest event. */
  readonly seq: number
  /** Whether a gate would pass a message right now. */
  readonly serving: boolean
  readonly online: boolean
  readonly policy: Policy
  readonly wire: Wire
  readonly authenticated: boolean
  /** ms; null = unlimited or not Active. */
  readonly leaseLeft: number | null
  readonly peer: {
    readonly role: Role
    readonly epoch: number
    readonly priority: number
    readonly host: string
    readonly port: number
    /** ms since a live sign; null = never. */
    readonly heardAgo: number | null
    /** ms; null = not measured. */
    readonly roundTrip: number | null
  } | null
  /** Null where there is none: no key, the classic wire, or switched off. */
  readonly channel: ChannelStatus | null
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
}

/** Why a crash of the peer could not be proved now. */
export type ProofBar = Exclude<ProofState, 'possible' | 'no-tether'> | 'channel-lost' | 'channel-blocked'

export interface PairEventMessage {
  readonly event: EventName
  /** Gapless per pair; null for `frame-sent` and `frame-received`, which are not numbered. */
  readonly seq: number | null
  /** ms since 1970. */
  readonly at: number
  readonly reason: ReasonCode
  readonly detail: Readonly<Record<string, unknown>>
}

export interface PairObserver {
  onRole?(role: Role): void
  onOnline?(online: boolean): void
  onEvent?(event: PairEventMessage): void
  /** Only called while at least one observer has it; makes the engine report frames. */
  onFrame?(event: PairEventMessage): void
  /** Anything that a badge shows may have changed. */
  onStatus?(): void
}

/** What a badge shows when the pair does not simply run. `code` is a reason code. */
export interface PairTrouble {
  readonly code: ReasonCode
  readonly detail: string
}

/** What monitoring is told of a pair: all of one instant, and without secrets, paths and this side's addresses. */
export interface PairVitals {
  /** The instant; ms since 1970. */
  readonly at: number
  readonly status: PairStatus
  readonly engine: {
    /** The engine's thread runs, and gave a sign of life lately. */
    readonly alive: boolean
    /** ms since the engine's thread gave its last sign of life; null = it does not run. */
    readonly ago: number | null
    /** How often the thread was started anew after it had died, in this process. */
    readonly restarts: number
  }
  /** How fit this side says it is, 0..255. */
  readonly fitness: number
  /** What does not simply run, each code once; empty while all is well. */
  readonly troubles: readonly ReasonCode[]
  /** What `Pair.warnings` says, the codes only. */
  readonly warnings: readonly ReasonCode[]
  /** In the order of the settings. */
  readonly links: readonly { readonly open: boolean; readonly up: boolean; readonly unsent: number }[]
  /** Datagrams dropped since the pair's start in the engine, by cause. */
  readonly dropped: Readonly<Partial<Record<FrameRejection, number>>>
  /** Numbered events since the pair's start in this process, by name. */
  readonly events: Readonly<Partial<Record<EventName, number>>>
  /** How often each role was taken since then. */
  readonly roleChanges: Readonly<Record<Role, number>>
}

/** One path to the peer as it is now. `problem` is a reason code. */
export interface PairLink {
  readonly peerHost: string
  readonly peerPort: number
  readonly localHost: string
  readonly localPort: number
  /** The socket is open. */
  readonly open: boolean
  /** Frames pass both ways. */
  readonly up: boolean
  readonly problem: ReasonCode | null
}

/**
 * Something that a person should look at while the pair goes on. Texts: `REASONS[code]` of the catalogue, with what to do;
 * which codes there are, how important and from when on: `warnings.ts`.
 */
export interface PairWarning {
  readonly code: ReasonCode
  /** ms since 1970. */
  readonly since: number
  readonly detail: Readonly<Record<string, unknown>>
}

export class CommandFailed extends Error {
  readonly code: CommandError
  readonly detail: string

  constructor(code: CommandError, detail: string) {
    super(detail === '' ? code : `${code}: ${detail}`)
    this.name = 'CommandFailed'
    this.code = code
    this.detail = detail
  }
}

export interface GateDecision {
  readonly open: boolean
  readonly epoch: number
}

export interface Pair {
  status(): PairStatus
  /** Decided at the instant of the call, from shared memory. Fails closed. */
  gate(): GateDecision
  /** Judged at the instant of the call, as the gate is. */
  vitals(): PairVitals
  /** Null while all is well. A link in trouble while another carries is reported too. */
  trouble(): PairTrouble | null
  /** All that a person should look at, the most important first, with what `trouble` says; empty while all is well. */
  warnings(): readonly PairWarning[]
  /** Returns the function that ends the observation. Observers are called in the order of events. */
  observe(observer: PairObserver): () => void
  /** Resolves with the role then held; rejects with CommandFailed. Always ends within a bounded time. */
  designate(command: Designation, force: boolean): Promise<Role>
  /** 0..255 */
  setFitness(value: number): void
  setFlowsHash(hash: number): void
}
