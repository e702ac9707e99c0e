/**
 * What a `ha-pair` config node holds, property by property, as flow files and the dialog name it. Durations are ms. The running
 * pair (src/host/settings.ts) and the editor (editor/) both read it here, so that they cannot differ.
 */
import { CLASSIC_PRESET, DEFAULT_PORT, DEFAULT_WITNESS_PORT, DEFAULTS, POLICIES, RANGES } from '../protocol/settings'
import type { Channel, Wire } from '../protocol/settings'

/** Inclusive. */
export interface Range {
  readonly min: number
  readonly max: number
}

export interface WholeNumber extends Range {
  /** Of what the flow file leaves out. */
  readonly byDefault: number
}

export const WIRES = ['extended', 'classic'] as const satisfies readonly Wire[]
export const CHANNELS = ['auto', 'off'] as const satisfies readonly Channel[]
/** `none`: any sender is believed. The flow file says it, so that a lost key does not mean it. */
export const AUTHS = ['key', 'none'] as const
export type Auth = (typeof AUTHS)[number]

/** Properties that take one of a few words; yes and no are words too in a dialog and in a variable. The default comes first. */
export const CHOICES = {
  wire: WIRES,
  auth: AUTHS,
  channel: CHANNELS,
  policy: POLICIES,
  crashProof: ['true', 'false'],
  failback: ['false', 'true']
} as const
export type ChoiceName = keyof typeof CHOICES

/** Properties that take a whole number. */
export const NUMBERS = {
  priority: { ...RANGES.priority, byDefault: DEFAULTS.priority },
  failbackDelay: { ...RANGES.failbackDelayMs, byDefault: DEFAULTS.failbackDelayMs },
  heartbeat: { ...RANGES.heartbeatMs, byDefault: DEFAULTS.heartbeatMs },
  peerTimeout: { ...RANGES.peerTimeoutMs, byDefault: DEFAULTS.peerTimeoutMs },
  receiptTimeout: { ...RANGES.receiptTimeoutMs, byDefault: DEFAULTS.receiptTimeoutMs },
  lossLimit: { ...RANGES.lossLimit, byDefault: DEFAULTS.lossLimit },
  stallLimit: { ...RANGES.stallLimitMs, byDefault: DEFAULTS.stallLimitMs }
} as const satisfies Readonly<Record<string, WholeNumber>>
export type NumberName = keyof typeof NUMBERS

export const PORT: WholeNumber = { ...RANGES.port, byDefault: DEFAULT_PORT }

/** Where a witness listens. */
export const WITNESS_PORT: WholeNumber = { ...RANGES.port, byDefault: DEFAULT_WITNESS_PORT }

/** What a new node holds; also what is meant where the flow file leaves a property out. */
export const PAIR_DEFAULTS = {
  wire: DEFAULTS.wire,
  auth: AUTHS[0],
  channel: DEFAULTS.channel,
  policy: DEFAULTS.policy,
  crashProof: DEFAULTS.crashProof,
  priority: NUMBERS.priority.byDefault,
  failback: DEFAULTS.failback,
  failbackDelay: NUMBERS.failbackDelay.byDefault,
  heartbeat: NUMBERS.heartbeat.byDefault,
  peerTimeout: NUMBERS.peerTimeout.byDefault,
  receiptTimeout: NUMBERS.receiptTimeout.byDefault,
  lossLimit: NUMBERS.lossLimit.byDefault,
  stallLimit: NUMBERS.stallLimit.byDefault,
  healthPath: ''
} as const

/** One link of a new node: everything but the peer is known. */
export const NEW_LINK = {
  peerHost: '',
  peerPort: DEFAULT_PORT,
  localHost: '',
  localPort: DEFAULT_PORT
} as const

/** Of a new node: where the witness is, which the policy `witness` asks. */
export const NEW_WITNESS = { host: '', port: DEFAULT_WITNESS_PORT } as const

/** A shorter peer timeout than that many heartbeats would take one late frame for a loss. */
const HEARTBEATS_MIN = 2

/** The least peer timeout that goes with a heartbeat. */
export const peerTimeoutMin = (heartbeat: number): number => HEARTBEATS_MIN * heartbeat

/** Timing by name: what the dialog offers to fill in. */
export const PRESETS = {
  relaxed: { heartbeat: 1000, peerTimeout: 10_000 },
  standard: { heartbeat: DEFAULTS.heartbeatMs, peerTimeout: DEFAULTS.peerTimeoutMs },
  fast: { heartbeat: 50, peerTimeout: 500 },
  classic: {
    heartbeat: CLASSIC_PRESET.heartbeatMs,
    peerTimeout: CLASSIC_PRESET.peerTimeoutMs,
    receiptTimeout: CLASSIC_PRESET.receiptTimeoutMs,
    lossLimit: CLASSIC_PRESET.lossLimit
  }
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<NumberName, number>>>>>
export type PresetName = keyof typeof PRESETS

/** What the classic wire leaves no choice of; and it knows one link only. */
export const CLASSIC_ONLY = { policy: 'availability', auth: 'none' } as const
