/** What the texts of a situation name: hosts, role, times, and what a warning's detail holds. */
import type { Role } from '../../protocol/role'
import type { WarningDetails } from '../events'
import type { PairWarning } from '../pair'
import { FIELD_WORDS } from '../texts/problems'
import { inSeconds } from '../in-seconds'
import { CAUSES } from '../texts/causes'
import { NOTHING, type Text, type Values } from '../texts/text'
import type { SituationFacts } from './facts'

export const ROLE_WORDS: Readonly<Record<Role, Text>> = {
  initial: { en: 'Starting', zh: '启动中' },
  active: { en: 'Active', zh: '主' },
  standby: { en: 'Standby', zh: '备' }
}

export const THE_PEER: Text = { en: 'the peer', zh: '对端' }

/** Names of hosts as people know them; an empty one is 'the peer'. */
export function peerNamed(peerHost: string): string | Text {
  return peerHost === '' ? THE_PEER : peerHost
}

export function valuesOf(facts: SituationFacts, warning: PairWarning | undefined): Values {
  const { status, peerHost, peerTimeoutMs } = facts
  return {
    here: status.host,
    peer: peerNamed(peerHost),
    role: ROLE_WORDS[status.role],
    policy: status.policy,
    after: inSeconds(peerTimeoutMs),
    peerFitness: status.peer?.fitness ?? '',
    ...(warning === undefined ? {} : warningValues(warning))
  }
}

/** What `WARNING_TEXTS` names beside the hosts. */
export function warningValues({ detail: known }: { readonly detail: PairWarning['detail'] }): Values {
  const detail: Partial<Detail> = known
  const { link, holder, place, pair, address, cause, priority, ms, peerAheadS, changes, minutes, from, to } = detail
  const { down, places, differ, here, peer, scope, key, node, topic } = detail
  const values: Record<string, string | number | Text> = {}
  if (typeof link === 'number') values['link'] = link + 1
  if (cause !== undefined) values['cause'] = CAUSES[cause]
  if (ms !== undefined) values['seconds'] = seconds(ms)
  if (peerAheadS !== undefined) values['seconds'] = Math.abs(peerAheadS)
  if (from !== undefined) values['from'] = timeOfDay(from)
  if (to !== undefined) values['to'] = timeOfDay(to)
  if (down !== undefined) values['links'] = down.map((index) => index + 1).join(', ')
  if (places !== undefined) values['places'] = places.join(', ')
  if (topic !== undefined) values['ofTopic'] = ofTopic(topic)
  if (differ !== undefined) values['differences'] = differences(differ, here, peer)
  const asTheyAre = { holder, place, pair, address, priority, changes, minutes, scope, key, node }
  for (const [name, value] of Object.entries(asTheyAre)) {
    if (value !== undefined) values[name] = value
  }
  return values
}

/** All fields that a warning's detail may have. */
type Detail = Merged<WarningDetails[keyof WarningDetails]>
type Merged<Union> = { [Field in Union extends unknown ? keyof Union : never]: FieldOf<Union, Field> }
type FieldOf<Union, Field extends PropertyKey> = Union extends { readonly [F in Field]: infer Value } ? Value : never

/** Each with its value on either side; a value that is empty on one says that only the other has it. */
function differences(differ: readonly string[], here: unknown, peer: unknown): Text {
  const each = (language: keyof Text): string =>
    differ
      .map((setting, index) => {
        const [own, other] = [here, peer].map((list) =>
          Array.isArray(list) ? String((list as unknown[])[index]) : '?'
        ) as [string, string]
        const values = own === '' ? ONLY_PEER[language] : other === '' ? ONLY_HERE[language] : `${own} / ${other}`
        return `${(FIELD_WORDS[setting] ?? { en: setting, zh: setting })[language]} (${values})`
      })
      .join(language === 'en' ? ', ' : '、')
  return { en: each('en'), zh: each('zh') }
}

const ONLY_HERE: Text = { en: 'only here', zh: '仅本侧' }
const ONLY_PEER: Text = { en: 'only on the peer', zh: '仅对端' }

/** Messages need not have one. */
function ofTopic(topic: string): Text {
  return topic === '' ? NOTHING : { en: ` of the topic “${topic}”`, zh: `主题“${topic}”的` }
}

function seconds(ms: number): number {
  return Math.round(Math.abs(ms) / 100) / 10
}

/** On this host's clock, as its log has it. */
export function timeOfDay(at: number): string {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}
