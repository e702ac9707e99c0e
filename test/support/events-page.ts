/** The tables of EVENTS.md and EVENTS.zh-CN.md, made from the host's texts; the prose around them is written by hand. */
import { EVENT_NAMES, reasonsOf, type EventName, type WarningCode } from '../../src/host/events'
import { levelOf } from '../../src/host/report'
import { STATE_SEVERITY } from '../../src/host/situation/situation'
import type { StateCode } from '../../src/host/situation/types'
import { THE_PEER } from '../../src/host/situation/values'
import { DETAILS } from '../../src/host/texts/details'
import { EVENTS } from '../../src/host/texts/events'
import { REASONS } from '../../src/host/texts/reasons'
import { STATES, withoutRole } from '../../src/host/texts/situations'
import { fill, type Text, type Values } from '../../src/host/texts/text'
import { WARNING_TEXTS } from '../../src/host/texts/warnings'
import { isWarningCode, WARNINGS, type WarningSpec } from '../../src/host/warnings'
import type { ReasonCode } from '../../src/protocol/reasons'

export const PAGES = {
  en: { file: 'docs/reference/EVENTS.md', locale: 'en-US' },
  zh: { file: 'docs/reference/EVENTS.zh-CN.md', locale: 'zh-CN' }
} as const
export type Language = keyof typeof PAGES

const WORDS = {
  en: {
    warnings: ['code', 'badge', 'meaning', 'what to do', 'after', 'event', 'log'],
    events: ['event', 'meaning', 'when it comes', 'what to do', 'log'],
    details: ['event', '`detail`'],
    field: (name: string, text: string) => (text === '' ? `\`${name}\`` : `\`${name}\` (${text})`),
    comma: ', ',
    reasons: ['code', 'badge', 'meaning', 'what to do', 'comes with', 'log'],
    log: { none: '-', info: 'info', warn: 'warning' },
    perReason: 'info; warning where the reason is one',
    critical: 'red: ',
    warning: 'yellow: ',
    atOnce: 'at once',
    seconds: (n: number) => `${n} s`,
    ownLine: 'by its own event',
    onlyWarning: (event: boolean) => (event ? '`warning` only' : 'no event: only in the list of warnings'),
    detailOnly: 'no event: a badge, or the detail of `handover`'
  },
  zh: {
    warnings: ['代码', '状态标记', '含义', '处理', '持续多久后', '事件', '日志'],
    events: ['事件', '含义', '何时出现', '处理', '日志'],
    details: ['事件', '`detail`'],
    field: (name: string, text: string) => (text === '' ? `\`${name}\`` : `\`${name}\`（${text}）`),
    comma: '、',
    reasons: ['代码', '状态标记', '含义', '处理', '伴随的事件', '日志'],
    log: { none: '-', info: 'info', warn: 'warning' },
    perReason: 'info；原因属警告时为 warning',
    critical: '红：',
    warning: '黄：',
    atOnce: '立即',
    seconds: (n: number) => `${n} 秒`,
    ownLine: '由其自身事件记录',
    onlyWarning: (event: boolean) => (event ? '仅 `warning`' : '无事件，仅见于警告列表'),
    detailOnly: '无事件，仅见于状态标记或 `handover` 的详情'
  }
} as const

/** The blocks of a page by their name. */
export function blocksOf(language: Language): Readonly<Record<string, string>> {
  const words = WORDS[language]
  const badgeOf = (code: ReasonCode): string => {
    const [texts, severity] = isWarningCode(code)
      ? [WARNING_TEXTS[code], WARNINGS[code].severity]
      : code in STATES
        ? [STATES[code as StateCode], STATE_SEVERITY[code as StateCode]]
        : [null, 'none' as const]
    if (texts === null || (severity !== 'critical' && severity !== 'warning')) return ''
    return `${words[severity]}\`${withoutRole(texts.short)[language].replaceAll(/\{\w+\}/g, '…')}\``
  }
  const after = ({ graceMs }: WarningSpec): string => (graceMs === 0 ? words.atOnce : words.seconds(graceMs / 1000))
  const warnings = (Object.keys(WARNINGS) as WarningCode[]).map((code) => [
    `\`${code}\``,
    badgeOf(code),
    REASONS[code][language],
    REASONS[code].todo[language],
    after(WARNINGS[code]),
    WARNINGS[code].event ? '`warning`' : '-',
    WARNINGS[code].log ? words.log.warn : WARNINGS[code].event ? words.ownLine : '-'
  ])
  const events = (Object.keys(EVENTS) as EventName[]).map((event) => [
    `\`${event}\``,
    EVENTS[event][language],
    EVENTS[event].when[language],
    EVENTS[event].todo[language],
    EVENTS[event].log === 'info' ? words.perReason : words.log[EVENTS[event].log]
  ])
  /** Events by what they hold: those that hold the same share a row. */
  const holding = new Map<string, string[]>()
  for (const event of Object.keys(EVENTS) as EventName[]) {
    const fields = Object.entries<Text>(DETAILS[event])
      .map(([name, text]) => words.field(name, text[language]))
      .join(words.comma)
    if (fields !== '') holding.set(fields, [...(holding.get(fields) ?? []), `\`${event}\``])
  }
  const details = [...holding].map(([fields, names]) => [names.join(words.comma), fields])
  const reasons = (Object.keys(REASONS) as ReasonCode[]).toSorted().map((code) => [
    `\`${code}\``,
    badgeOf(code),
    REASONS[code][language],
    REASONS[code].todo[language],
    eventsWith(code)
      .map((event) => `\`${event}\``)
      .join(', ') || (isWarningCode(code) ? words.onlyWarning(WARNINGS[code].event) : words.detailOnly),
    loggedAs(code, words.log)
  ])
  return {
    warnings: table(words.warnings, warnings),
    events: table(words.events, events),
    details: table(words.details, details),
    reasons: table(words.reasons, reasons)
  }
}

/** Apart from warnings. */
const eventsWith = (code: ReasonCode): EventName[] => EVENT_NAMES.filter((event) => reasonsOf(event).includes(code))

/** The highest level at which a line with this reason is logged. */
function loggedAs(code: ReasonCode, words: Readonly<Record<'none' | 'info' | 'warn', string>>): string {
  const warning: EventName[] = isWarningCode(code) ? ['warning'] : []
  const levels = new Set([...eventsWith(code), ...warning].map((event) => levelOf({ event, reason: code })))
  return words[levels.has('warn') ? 'warn' : levels.has('info') ? 'info' : 'none']
}

const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
}

const BLOCK = /(<!-- begin: (\w+) -->\n)([\s\S]*?)(\n<!-- end -->)/g

/** The page with its blocks made anew, and the names of the blocks that it has. */
export function pageWith(page: string, blocks: Readonly<Record<string, string>>): { text: string; names: string[] } {
  const names: string[] = []
  const text = page.replaceAll(BLOCK, (_all, begin: string, name: string, _old: string, end: string) => {
    names.push(name)
    return `${begin}\n${blocks[name] ?? ''}\n${end}`
  })
  return { text, names }
}

/** Without what the formatter does to tables. */
export function unformatted(page: string): string {
  return page
    .split('\n')
    .map((line) => (line.startsWith('|') ? line.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---') : line))
    .join('\n')
    .replaceAll(/\n{2,}/g, '\n\n')
}

/** The pages by which people look badges up. */
export const TROUBLESHOOTING = {
  en: 'docs/operating/TROUBLESHOOTING.md',
  zh: 'docs/operating/TROUBLESHOOTING.zh-CN.md'
} as const satisfies Readonly<Record<Language, string>>

const LOOKUP = {
  en: {
    head: ['badge', 'code', 'what is so', 'what to do'],
    colours: { ok: 'green or blue', info: 'yellow', warning: 'yellow', critical: 'red' }
  },
  zh: {
    head: ['标记', '代码', '状况', '处理'],
    colours: { ok: '绿或蓝', info: '黄', warning: '黄', critical: '红' }
  }
} as const
const ANYBODY: Values = {
  here: { en: 'this host', zh: '本机' },
  peer: THE_PEER,
  after: { en: 'the peer timeout', zh: '对端超时' }
}

/** The table of situations, the worst first. */
export function situationsTable(language: Language): string {
  const { head, colours } = LOOKUP[language]
  const states = (Object.keys(STATES) as StateCode[]).map((code) => [code, STATES[code], STATE_SEVERITY[code]] as const)
  const warnings = (Object.keys(WARNINGS) as WarningCode[])
    .filter((code) => !(code in STATES))
    .map((code) => [code, WARNING_TEXTS[code], WARNINGS[code].severity] as const)
  const rows = (['critical', 'warning', 'info', 'ok'] as const).flatMap((severity) =>
    [...warnings, ...states]
      .filter(([, , of]) => of === severity)
      .map(([code, texts]) => [
        `${colours[severity]}${language === 'en' ? ' ' : ''}\`${open(texts.short[language])}\``,
        `\`${code}\``,
        sentence(fill(texts, ANYBODY)[language]),
        sentence(fill(texts.todo, ANYBODY)[language])
      ])
  )
  return table(head, rows)
}

/** What a badge puts in is left open. */
const open = (text: string): string => text.replaceAll(/\{\w+\}/g, '…')
const sentence = (text: string): string =>
  open(text.replaceAll(/(?:^|\. )[a-z]/g, (start) => start.toUpperCase())).replaceAll(
    / (?=本机|对端)|(?<=本机|对端) /g,
    ''
  )
