/** What is wrong with a setting that keeps a pair stopped. Fields have the names that the dialog gives them. */
import type { ProblemCode, SettingsProblem } from '../settings'
import { fill, type Text } from './text'

const PROBLEMS: Readonly<Record<ProblemCode, Text>> = {
  missing: { en: '{field} is blank', zh: '{field}为空' },
  range: { en: '{field}: {detail}', zh: '{field}：{detail}' },
  number: { en: '{field}: “{detail}” is not a whole number', zh: '{field}：“{detail}”不是整数' },
  choice: { en: '{field}: “{detail}” is not one of its values', zh: '{field}：“{detail}”不是可选值' },
  path: {
    en: '{field}: “{detail}” must begin with / and hold letters, digits and . _ ~ - only',
    zh: '{field}：“{detail}”须以 / 开头，且只含字母、数字及 . _ ~ -'
  },
  unresolved: { en: '{field}: {detail} is not set', zh: '{field}：{detail} 未设置' },
  partial: {
    en: '{field}: “{detail}” mixes text and a variable; use the variable alone',
    zh: '{field}：“{detail}”混合了文字和变量；请只写变量'
  },
  conflict: { en: '{field}: {detail}', zh: '{field}：{detail}' },
  'key-missing': { en: '{field} is missing', zh: '缺少{field}' },
  newer: {
    en: '{field} {detail}: saved by a newer version of this package',
    zh: '{field} {detail}：由本软件包的更新版本保存'
  }
}

/** As the labels of the dialog, which the tests compare. */
export const FIELD_WORDS: Readonly<Record<string, Text>> = {
  name: { en: 'Name', zh: '名称' },
  links: { en: 'Links to the peer', zh: '到对端的链路' },
  peerHost: { en: 'peer’s host', zh: '对端主机' },
  peerPort: { en: 'peer’s port', zh: '对端端口' },
  localHost: { en: 'local address', zh: '本地地址' },
  localPort: { en: 'local port', zh: '本地端口' },
  wire: { en: 'Wire', zh: '线路格式' },
  auth: { en: 'Authentication', zh: '认证' },
  key: { en: 'Key', zh: '密钥' },
  previousKey: { en: 'Previous key', zh: '旧密钥' },
  channel: { en: 'Channel', zh: '通道' },
  policy: { en: 'Policy', zh: '策略' },
  crashProof: { en: 'Crash proof', zh: '崩溃证明' },
  priority: { en: 'Priority', zh: '优先级' },
  failback: { en: 'Fail back', zh: '自动回切' },
  failbackDelay: { en: 'Fail back after', zh: '自动回切延迟' },
  heartbeat: { en: 'Heartbeat', zh: '心跳间隔' },
  peerTimeout: { en: 'Peer timeout', zh: '对端超时' },
  receiptTimeout: { en: 'Receipt timeout', zh: '回执超时' },
  lossLimit: { en: 'Loss limit', zh: '丢帧上限' },
  stallLimit: { en: 'Stall limit', zh: '停滞上限' },
  healthPath: { en: 'Health path', zh: '健康检查路径' },
  witness: { en: 'Witness', zh: '见证' },
  flows: { en: 'flows', zh: '流程' }
}

const OF_WITNESS: Readonly<Record<string, Text>> = {
  'witness.host': { en: 'Witness, host', zh: '见证的主机' },
  'witness.port': { en: 'Witness, port', zh: '见证的端口' }
}

const IN_LINK = /^links\[(\d+)\]\.(\w+)$/

/** `links[0].peerPort` is 'Link 1, peer’s port'. One that the dialog does not have keeps its name. */
export function fieldText(field: string): Text {
  const inLink = IN_LINK.exec(field)
  if (inLink === null) return FIELD_WORDS[field] ?? OF_WITNESS[field] ?? { en: field, zh: field }
  const [, index = '', name = ''] = inLink
  const word = FIELD_WORDS[name] ?? { en: name, zh: name }
  return fill({ en: 'Link {n}, {word}', zh: '链路 {n} 的{word}' }, { n: Number(index) + 1, word })
}

export function problemText({ field, code, detail }: SettingsProblem): Text {
  return fill(PROBLEMS[code], { field: fieldText(field), detail: code === 'range' ? rangeText(detail) : detail })
}

/** As the settings complain of a number. */
const OUT_OF_RANGE = /^(\S+) is not in (\S+) \.\. (\S+)$/

function rangeText(detail: string): Text {
  const [, number, min, max] = OUT_OF_RANGE.exec(detail) ?? []
  return { en: detail, zh: number === undefined ? detail : `${number} 不在 ${min} 到 ${max} 之间` }
}
