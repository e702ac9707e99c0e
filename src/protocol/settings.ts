/**
 * The settings of one side of one pair, already validated: nothing below this type checks ranges again.
 * Durations are milliseconds. Names and ranges come from the integrators' contract.
 */

export type Wire = 'extended' | 'classic'
export type Channel = 'auto' | 'off'
export const POLICIES = ['availability', 'preferred', 'exclusive', 'witness'] as const
export type Policy = (typeof POLICIES)[number]

/** One path to the peer. `localHost` "" means any address. */
export interface LinkSettings {
  readonly peerHost: string
  readonly peerPort: number
  readonly localHost: string
  readonly localPort: number
}

/** Where the third voice listens. */
export interface WitnessSettings {
  readonly host: string
  readonly port: number
}

export interface PairSettings {
  readonly name: string
  readonly links: readonly LinkSettings[]
  readonly wire: Wire
  readonly policy: Policy
  /** 0..255, higher is preferred. */
  readonly priority: number
  readonly failback: boolean
  readonly failbackDelayMs: number
  readonly heartbeatMs: number
  readonly peerTimeoutMs: number
  readonly receiptTimeoutMs: number
  readonly lossLimit: number
  readonly stallLimitMs: number
  /** A proved crash of the peer's process counts before its silence does. */
  readonly crashProof: boolean
  /** `auto`: the encrypted channel to the peer is opened where there is a key. */
  readonly channel: Channel
  /** Under the policy `witness` alone; else null. */
  readonly witness: WitnessSettings | null
}

/** Inclusive ranges. `peerTimeout` also has to be at least twice the heartbeat. */
export const RANGES = {
  port: { min: 1, max: 65535 },
  priority: { min: 0, max: 255 },
  failbackDelayMs: { min: 0, max: 86_400_000 },
  heartbeatMs: { min: 5, max: 60_000 },
  peerTimeoutMs: { min: 10, max: 600_000 },
  receiptTimeoutMs: { min: 10, max: 600_000 },
  lossLimit: { min: 0, max: 255 },
  stallLimitMs: { min: 100, max: 600_000 }
} as const

export const LINKS_MAX = 4
export const DEFAULT_PORT = 1101
export const DEFAULT_WITNESS_PORT = 1102

export const DEFAULTS = {
  wire: 'extended',
  policy: 'availability',
  priority: 100,
  failback: false,
  failbackDelayMs: 30_000,
  heartbeatMs: 200,
  peerTimeoutMs: 2000,
  receiptTimeoutMs: 10_000,
  lossLimit: 5,
  stallLimitMs: 10_000,
  crashProof: true,
  channel: 'auto',
  witness: null
} as const

/** The figures of the 2015 program: 60 s, 10 s and 5 frames. It does not state a heartbeat; 1 s is ours. */
export const CLASSIC_PRESET = {
  wire: 'classic',
  heartbeatMs: 1000,
  peerTimeoutMs: 60_000,
  receiptTimeoutMs: 10_000,
  lossLimit: 5
} as const
