/** The settings of a side as `KEY=VALUE`. */
import { POLICIES, type PairSettings } from '../../src/protocol/settings'
import { oneOf, parseMs, parseWhole, ScenarioError } from './words'

export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

const SETTING_KEYS: Readonly<Record<string, (settings: Mutable<Partial<PairSettings>>, value: string) => void>> = {
  heartbeat: (s, v) => (s.heartbeatMs = parseMs(v)),
  peerTimeout: (s, v) => (s.peerTimeoutMs = parseMs(v)),
  receiptTimeout: (s, v) => (s.receiptTimeoutMs = parseMs(v)),
  lossLimit: (s, v) => (s.lossLimit = parseWhole(v)),
  stallLimit: (s, v) => (s.stallLimitMs = parseMs(v)),
  policy: (s, v) => (s.policy = oneOf(v, POLICIES)),
  priority: (s, v) => (s.priority = parseWhole(v)),
  failback: (s, v) => (s.failback = oneOf(v, ['on', 'off']) === 'on'),
  failbackDelay: (s, v) => (s.failbackDelayMs = parseMs(v)),
  crashProof: (s, v) => (s.crashProof = oneOf(v, ['on', 'off']) === 'on'),
  channel: (s, v) => (s.channel = oneOf(v, ['auto', 'off']))
}

/** Errors: throws ScenarioError on a key that is no setting. */
export function setSetting(settings: Mutable<Partial<PairSettings>>, key: string, value: string): void {
  const set = SETTING_KEYS[key]
  if (set === undefined) throw new ScenarioError(`${key} is no setting`)
  set(settings, value)
}
