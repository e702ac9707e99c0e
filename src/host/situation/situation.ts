/**
 * What is so with a pair at this instant: one code, one sentence, and what to do now. The one source of badges, the health
 * endpoint, metrics, alerts and the sidebar, as a pure function of the pair's state. Why a role was taken is history and comes
 * with its time; the present is the present.
 */
import { POLICY_RULES } from '../../protocol/extended/policy'
import type { ReasonCode } from '../../protocol/reasons'
import type { WarningCode } from '../events'
import type { PairWarning } from '../pair'
import { problemText } from '../texts/problems'
import { roleText } from '../texts/roles'
import { MEANWHILE, STATES, withoutRole, type SituationText } from '../texts/situations'
import { fill, joined, type Values } from '../texts/text'
import { WARNING_TEXTS } from '../texts/warnings'
import { WARNINGS } from '../warnings'
import { stopReason, type SettingsProblem } from '../settings'
import { byWorst, worse, type Severity } from './severity'
import type { SituationFacts } from './facts'
import type { Situation, SituationMark, StateCode } from './types'
import { ROLE_WORDS, valuesOf } from './values'

export const STATE_SEVERITY: Readonly<Record<StateCode, Severity>> = {
  serving: 'ok',
  standby: 'ok',
  starting: 'info',
  paused: 'critical',
  'peer-stopped': 'warning',
  'peer-removed': 'warning',
  'peer-crashed': 'warning',
  'may-be-two': 'critical',
  'never-met': 'critical',
  'peer-silent': 'warning',
  'peer-unfit': 'warning',
  unfit: 'warning',
  'nobody-serves': 'critical',
  'cut-off': 'critical',
  'peer-has-voice': 'warning',
  'stood-down': 'critical',
  waiting: 'critical',
  'peer-may-serve': 'critical',
  'rolled-back': 'critical',
  'restored-copy': 'critical',
  'foreign-record': 'critical',
  'policy-differs': 'critical',
  'numbers-exhausted': 'critical',
  'settings-invalid': 'critical',
  'key-missing': 'critical'
}

const UNFIT: SituationMark = { code: 'unfit', severity: 'warning' }

/** Where the peer is silent (`MEANWHILE`), a warning may say why. */
const CAUSES_OF_SILENCE: ReadonlySet<WarningCode> = new Set([
  'keys-differ',
  'peer-has-no-key',
  'peer-has-key',
  'own-address',
  'one-way',
  'wires-differ',
  'versions-differ',
  'foreign-host',
  'port-in-use',
  'port-held-here',
  'zone-missing',
  'loopback-address',
  'host-not-found',
  'link-failed'
])
/** Those in which something of the peer arrives. */
const SHOWS_LIFE: ReadonlySet<WarningCode> = new Set([
  'keys-differ',
  'peer-has-no-key',
  'peer-has-key',
  'one-way',
  'wires-differ',
  'versions-differ',
  'foreign-host'
])
/** Beside these, what the pair's state says would mislead. */
const SPEAKS_ALONE: ReadonlySet<WarningCode> = new Set(['engine-crashed', 'files-in-use', 'both-active', 'unused'])

/** What is foremost. */
interface Lead {
  readonly state: StateCode
  readonly own: SituationMark
  /** Those that a person is shown, the most important first. */
  readonly shown: readonly PairWarning[]
  /** Undefined: the state speaks for itself. */
  readonly lead: PairWarning | undefined
  readonly cause: PairWarning | undefined
  readonly first: SituationMark
}

function leadOf(facts: SituationFacts): Lead {
  const state = stateOf(facts)
  const own: SituationMark = { code: state, severity: STATE_SEVERITY[state] }
  const shown = facts.warnings.filter(({ code }) => WARNINGS[code].severity !== 'none')
  const silent = MEANWHILE[state] !== undefined
  const cause = silent ? shown.find(({ code }) => CAUSES_OF_SILENCE.has(code)) : undefined
  const lead = shown.find(({ code }) => WARNINGS[code].severity === 'critical') ?? cause ?? leadOver(own, shown[0])
  const first: SituationMark = lead === undefined ? own : { code: lead.code, severity: severityOf(lead, own, cause) }
  return { state, own, shown, lead, cause, first }
}

/** The code alone, which each message of a state node carries: texts take ten times as long. */
export function markOf(facts: SituationFacts): SituationMark {
  return leadOf(facts).first
}

export function situationOf(facts: SituationFacts): Situation {
  const { status } = facts
  const { state, own, shown, lead, cause, first } = leadOf(facts)
  const meanwhile = MEANWHILE[state]
  const values = valuesOf(facts, lead)
  const unfit = status.fitness === 0 && state !== 'unfit' ? [UNFIT] : []
  const others = [
    own,
    ...unfit,
    ...shown.map((warning) => ({ code: warning.code, severity: severityOf(warning, own, cause) }))
  ]
  const isOther = ({ code, severity }: SituationMark): boolean => code !== first.code && severity !== 'ok'
  const texts = lead === undefined ? STATES[state] : WARNING_TEXTS[lead.code]
  const alone = lead === undefined || SPEAKS_ALONE.has(lead.code)
  const besides = meanwhile !== undefined && lead === cause ? meanwhile : STATES[state]
  return {
    ...first,
    short: fill(texts.short, values),
    trouble: fill(withoutRole(texts.short), values),
    text: alone ? fill(texts, values) : joined(fill(texts, values), fill(besides, values)),
    todo: fill(texts.todo, values),
    history: historyOf(status, values),
    also: others.filter(isOther).toSorted((a, b) => byWorst(a.severity, b.severity))
  }
}

/** A cause of silence is as bad as the silence. */
function severityOf(warning: PairWarning, own: SituationMark, cause: PairWarning | undefined): Severity {
  const { severity } = WARNINGS[warning.code]
  if (severity === 'none') return 'ok'
  return warning === cause ? worse(severity, own.severity) : severity
}

/** What the state says is more than a warning, unless all is well. */
function leadOver(own: SituationMark, warning: PairWarning | undefined): PairWarning | undefined {
  return own.severity === 'ok' || own.severity === 'info' ? warning : undefined
}

/** Monitoring gets no values. */
type ShownProblem = Pick<SettingsProblem, 'field' | 'code'> & { readonly detail?: string }

/** Of a pair that its settings keep stopped. */
export function stoppedSituation(here: string, problems: readonly ShownProblem[]): Situation {
  const code = stopReason(problems)
  const [first] = problems
  const values: Values = { here, problem: first === undefined ? '' : problemText({ detail: '', ...first }) }
  const texts: SituationText = STATES[code]
  const [short, text, todo] = [fill(texts.short, values), fill(texts, values), fill(texts.todo, values)]
  return { code, severity: STATE_SEVERITY[code], short, trouble: short, text, todo, history: null, also: [] }
}

function stateOf(facts: SituationFacts): StateCode {
  switch (facts.status.role) {
    case 'active':
      return activeState(facts)
    case 'standby':
      return standbyState(facts)
    case 'initial':
      return initialState(facts)
    default:
      return facts.status.role satisfies never
  }
}

function activeState({ status, warnings }: SituationFacts): StateCode {
  const { online, peer, lost, fitness } = status
  if (!status.serving) return 'paused'
  if (!online) {
    // What arrives since shows that it runs again.
    const isBack = warnings.some(({ code }) => SHOWS_LIFE.has(code))
    if (lost?.reason === 'peer-left' && !isBack) return 'peer-stopped'
    if ((lost?.reason === 'peer-crashed' || lost?.reason === 'peer-removed') && !isBack) return lost.reason
    if (!mayBeTwo(status)) return 'peer-silent'
    return lost === null ? 'never-met' : 'may-be-two'
  }
  if (fitness === 0) return 'unfit'
  return peer !== null && (peer.fitness === 0 || !peer.ready) ? 'peer-unfit' : 'serving'
}

/** Whether a peer that is not heard may serve at the same time: by the policy, or because an operator set it aside. */
function mayBeTwo({ wire, policy, reason }: SituationFacts['status']): boolean {
  return wire === 'classic' || !POLICY_RULES[policy].neverBoth || reason === 'operator-forced'
}

/** A peer that has gone like this serves no more. */
const GONE: ReadonlySet<ReasonCode> = new Set(['peer-left', 'peer-removed', 'peer-crashed'])

/** What keeps a side from the role beside its peer too. */
const NEVER = 'numbers-exhausted'

function standbyState({ status, warnings }: SituationFacts): StateCode {
  const { online, peer, lost, alone, reason, fitness } = status
  if (alone === NEVER) return alone
  if (online) {
    if (peer?.role !== 'active') return 'nobody-serves'
    return fitness === 0 ? 'unfit' : 'standby'
  }
  // Heard, though it does not hear this side.
  if (peer?.role === 'active' && warnings.some(({ code }) => code === 'one-way')) return 'standby'
  if (alone !== null) return alone
  if (reason === 'operator' || reason === 'operator-forced') return 'stood-down'
  if (lost !== null && GONE.has(lost.reason)) return 'nobody-serves'
  return hasVoice(status.witness) ? 'peer-has-voice' : 'cut-off'
}

/** The side that has the loan serves, or loses it within the promise, and then this side takes it. */
function hasVoice(witness: SituationFacts['status']['witness']): boolean {
  return witness !== null && witness.online && witness.counted && witness.holder === 'peer'
}

function initialState(facts: SituationFacts): StateCode {
  const { online, peer, alone } = facts.status
  if (alone === NEVER) return alone
  if (online && peer?.role === 'active') return 'starting'
  if (!online && alone !== null) return alone
  const { since } = facts.status
  if (facts.at < settledAt({ since, peerTimeoutMs: facts.peerTimeoutMs })) return 'starting'
  return online ? 'nobody-serves' : 'waiting'
}

const SETTLED_SPARE_MS = 1000

/** By then a side that has just started has found its peer or gone on without; ms since 1970. */
export function settledAt({
  since,
  peerTimeoutMs
}: {
  readonly since: number
  readonly peerTimeoutMs: number
}): number {
  return since + 2 * peerTimeoutMs + SETTLED_SPARE_MS
}

function historyOf({ role, reason, since }: SituationFacts['status'], values: Values): Situation['history'] {
  if (reason === 'none' || reason === 'starting') return null
  return { at: since, text: fill(roleText(reason, role), { ...values, role: ROLE_WORDS[role] }) }
}
