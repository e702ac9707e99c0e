/** What the texts of a situation name: hosts, role, times, and what a warning's detail holds. */
import type { Role } from '../../protocol/role'
import type { Policy } from '../../protocol/settings'
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

/** As its code in English, as the dialogs call it in Chinese. */
const POLICY_WORDS: Readonly<Record<Policy, Text>> = {
  availability: { en: 'availability', zh: '“可用性优先”' },
  preferred: { en: 'preferred', zh: '“首选侧优先”' },
  exclusive: { en: 'exclusive', zh: '“独占”' },
  witness: { en: 'witness', zh: '“见证”' }
}

export const THE_PEER: Text = { en: 'the peer', zh: '对端' }

export function secondsNamed(ms: number): Text {
  return { en: inSeconds(ms), zh: `${ms / 1000} 秒` }
}

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
    policy: POLICY_WORDS[status.policy],
    after: secondsNamed(peerTimeoutMs),
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
  if (place !== undefined && address !== undefined) values['leads'] = leads(place, address)
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
        const [ownWord, otherWord] = [own, other].map((value) => valueWord(setting, value)[language])
        const values =
          own === '' ? ONLY_PEER[language] : other === '' ? ONLY_HERE[language] : `${ownWord} / ${otherWord}`
        const word = differingWord(setting)[language]
        return language === 'en' ? `${word} (${values})` : `${word}（${values}）`
      })
      .join(language === 'en' ? ', ' : '、')
  return { en: each('en'), zh: each('zh') }
}

function valueWord(setting: string, value: string): Text {
  const policy = setting === 'policy' && Object.hasOwn(POLICY_WORDS, value) ? POLICY_WORDS[value as Policy] : undefined
  return policy ?? { en: value, zh: value }
}

/** A setting, or who uses the channel: its kind and its id. */
function differingWord(name: string): Text {
  const field = FIELD_WORDS[name]
  if (field !== undefined) return field
  const [kind = '', ...id] = name.split(' ')
  return { en: name, zh: [USER_KINDS[kind] ?? kind, ...id].join(' ') }
}

const USER_KINDS: Readonly<Record<string, string>> = { gate: '闸门', store: '上下文存储', sync: '同步节点' }

const ONLY_HERE: Text = { en: 'only here', zh: '仅本侧' }
const ONLY_PEER: Text = { en: 'only on the peer', zh: '仅对端' }

/** Messages need not have one. */
function ofTopic(topic: string): Text {
  return topic === '' ? NOTHING : { en: ` of the topic “${topic}”`, zh: `主题“${topic}”的` }
}

/** What a local address is; a name means another one. */
function leads(place: string, address: string): Text {
  if (place === address) return { en: `${address} is`, zh: `${address} ` }
  return { en: `${place} means ${address},`, zh: `${place} 对应 ${address}，` }
}

function seconds(ms: number): number {
  return Math.round(Math.abs(ms) / 100) / 10
}

/** On this host's clock, as its log has it. */
export function timeOfDay(at: number): string {
  const date = new Date(at)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':')
}
