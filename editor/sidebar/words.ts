/** What the tab says, in the editor's language. */
import type { Text } from '../../src/host/texts/text'
import type { Catalogue } from './answer'
import type { Prospect } from './prospect'

type Values = Readonly<Record<string, unknown>>

const TEXTS = '@ha-pair/node-red-ha-pair/ha-pair-sidebar:'

/** The runtime's texts of reasons. */
let catalogue: Catalogue = { reasons: {} }

export function setCatalogue(texts: Catalogue): void {
  catalogue = texts
}

/** Names and hosts are put in here, as they are: what the editor's library makes of `$t(...)` in them depends on its version. */
export function say(key: string, values: Values = {}): string {
  const text = RED._(TEXTS + key, { skipInterpolation: true })
  return text.replace(/__(\w+?)__/g, (whole, name: string) => (name in values ? String(values[name]) : whole))
}

export const language = (): 'en' | 'zh' => (say('language') === 'zh' ? 'zh' : 'en')
const locale = (): string | undefined => (language() === 'zh' ? 'zh-CN' : undefined)

/** What the language puts between two sentences. */
export const gap = (): string => (language() === 'zh' ? '' : ' ')

export const joined = (...sentences: readonly string[]): string =>
  sentences.filter((sentence) => sentence !== '').join(gap())

/** What a reason code means; '' for `none` and for codes that this runtime does not know. */
export function reasonText(code: string): string {
  return code === 'none' ? '' : (catalogue.reasons[code]?.[language()] ?? '')
}

/** A text of the runtime in the editor's language. */
export const pick = (text: Text): string => text[language()]

interface Hosts {
  readonly here: string
  readonly peer: string
}

/** What an order would come to. */
export function prospectText(
  { becomes, force, beware }: Omit<Prospect, 'order' | 'bar'>,
  { here, peer }: Hosts
): string {
  // Who is not ready does not take it.
  return beware === 'peer-not-ready' ? '' : say(`will.${force ? 'force-' : ''}${becomes}`, { here, peer })
}

/** What speaks against it; '' = nothing. */
export const bewareText = ({ beware }: Pick<Prospect, 'beware'>, { here, peer }: Hosts): string =>
  beware === null ? '' : say(`beware.${beware}`, { here, peer })

const known = (key: string, values?: Values): string | null => {
  const text = say(key, values)
  return text === TEXTS + key || text === key ? null : text
}

/** An error code of the runtime, as a sentence. */
export const errorText = (code: string, detail: string): string =>
  known(`error.${code}`, { detail }) ?? say('error.unexpected_error', { detail: code })

// --- Times ---

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How long something has been so, for people. */
export function lasting(ms: number): string {
  const part = (unitMs: number, ofMs = Infinity): number => Math.floor((ms % ofMs) / unitMs)
  if (ms < MINUTE_MS) return say('lasting.seconds', { s: Math.max(0, part(SECOND_MS)) })
  if (ms < HOUR_MS) return say('lasting.minutes', { m: part(MINUTE_MS) })
  if (ms < DAY_MS) return say('lasting.hours', { h: part(HOUR_MS), m: part(MINUTE_MS, HOUR_MS) })
  return say('lasting.days', { d: part(DAY_MS), h: part(HOUR_MS, DAY_MS) })
}

/** The time of day, with the date unless it is today's. */
export function clock(atMs: number, nowMs = Date.now()): string {
  const [date, today] = [new Date(atMs), new Date(nowMs)]
  const time = date.toLocaleTimeString(locale(), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false
  })
  if (date.toDateString() === today.toDateString()) return time
  return `${date.toLocaleDateString(locale(), { month: 'short', day: 'numeric' })} ${time}`
}

export const exactClock = (atMs: number): string =>
  new Date(atMs).toLocaleString(locale(), { dateStyle: 'full', timeStyle: 'medium', hour12: false })

/** ms with as many digits as say something. */
export function milliseconds(ms: number): string {
  return say('unit.ms', { n: short(ms) })
}

const BYTES_PER_KB = 1024

/** Bytes with as many digits as say something. */
export function size(bytes: number): string {
  if (bytes < BYTES_PER_KB) return say('unit.bytes', { n: bytes })
  const kb = bytes / BYTES_PER_KB
  return kb < BYTES_PER_KB ? say('unit.kb', { n: short(kb) }) : say('unit.mb', { n: short(kb / BYTES_PER_KB) })
}

const short = (n: number): number => (n < 10 ? Number(n.toFixed(1)) : Math.round(n))
