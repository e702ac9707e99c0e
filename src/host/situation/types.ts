/** What a situation is: see `situation.ts`, which judges it. */
import type { AloneBar } from '../../protocol/machine'
import type { WarningCode } from '../events'
import type { Text } from '../texts/text'
import type { Severity } from './severity'

/** What the pair's own state can be, apart from warnings. */
export type StateCode =
  | 'serving'
  | 'standby'
  | 'starting'
  /** Active, and not serving. */
  | 'paused'
  /** Active, and the peer was stopped in order. */
  | 'peer-stopped'
  /** Active, and a deploy on the peer took the pair away. */
  | 'peer-removed'
  /** Active, and the peer's process has died on a host that answers. */
  | 'peer-crashed'
  /** Active, and the peer is silent; it may be Active too. */
  | 'may-be-two'
  /** The same, and it has not been heard since this side started. */
  | 'never-met'
  /** Active, and the peer is silent; it does not serve by this policy. */
  | 'peer-silent'
  | 'peer-unfit'
  /** This side is unfit. */
  | 'unfit'
  /** Not Active, and neither is the peer. */
  | 'nobody-serves'
  /** Not Active, and the peer is silent: nobody serves, unless the peer still does. */
  | 'cut-off'
  /** The same; but the third voice was lent to the peer, as the witness says. */
  | 'peer-has-voice'
  /** The same, by an operator's command. */
  | 'stood-down'
  /** Neither role: it waits for the peer. */
  | 'waiting'
  /** Neither role, and the reason code says what it waits for. */
  | AloneBar
  /** The pair does not run. */
  | 'settings-invalid'
  | 'key-missing'

export type SituationCode = StateCode | WarningCode

/** As it is in the status object: the same in every language. */
export interface SituationMark {
  readonly code: SituationCode
  readonly severity: Severity
}

export interface Situation extends SituationMark {
  /** For a badge: the trouble first, then the role. */
  readonly short: Text
  /** The same without the role. */
  readonly trouble: Text
  /** What is so now, with the names of both hosts. */
  readonly text: Text
  /** What to do now; empty where there is nothing to do. */
  readonly todo: Text
  /** Why this side has its role, and since when (ms since 1970): the past. Null where there is nothing to tell. */
  readonly history: { readonly at: number; readonly text: Text } | null
  /** What holds besides, the worst first. */
  readonly also: readonly SituationMark[]
}
