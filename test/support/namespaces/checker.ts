/**
 * The judge. It knows the history and the faults that were made, and nothing of ha-pair's code.
 *
 * The rules: an epoch belongs to one side; a side's epochs do not go down; what passed on an old epoch was never at its gate
 * after the other side had passed something on a newer one. Under `availability` the last rule holds while the two can hear
 * each other, and for the time that healing takes afterwards.
 */
import { US_PER_MS } from './clock'
import type { History, Side, Tenure } from './history'

export type Policy = 'availability' | 'preferred' | 'exclusive' | 'witness'

/** Time in which the two may be unable to hear each other. */
export interface Apart {
  readonly fromUs: number
  readonly toUs: number
}

/** How much of these times lies after `sinceUs`. */
export function lengthUsSince(times: readonly Apart[], sinceUs: number): number {
  return times.reduce((sum, { fromUs, toUs }) => sum + Math.max(0, toUs - Math.max(fromUs, sinceUs)), 0)
}

export type Rule =
  | 'overlap'
  | 'epoch-shared'
  | 'epoch-back'
  | 'stuck'
  | 'moved'
  | 'voice'
  | 'false-crash'
  | 'channel'
  | 'copy'
  | 'lost-designation'
  | 'sockets'
  | 'memory'
  | 'process'
  | 'witness'

export interface Violation {
  readonly rule: Rule
  readonly text: string
  readonly atUs: number
  /** Until when it went on; left out: it is of one instant. */
  readonly toUs?: number
}

/** Those that reach into the time after `sinceUs`, whenever they began. */
export function violationsSince(violations: readonly Violation[], sinceUs: number): Violation[] {
  return violations.filter(({ atUs, toUs = atUs }) => toUs >= sinceUs)
}

/** Judges what happened up to now. `apart` is only looked at under `availability`; `healUs` is added to the end of each. */
export function judge(history: History, policy: Policy, apart: readonly Apart[], healUs: number): Violation[] {
  return [
    ...sharedEpochs(history.tenures),
    ...history.relapses.map(({ side, from, to, atUs }) => ({
      rule: 'epoch-back' as const,
      text: `side ${side} let messages pass on epoch ${from} and then on ${to}`,
      atUs
    })),
    ...overlaps(history.tenures, policy === 'availability' ? apart : null, healUs),
    ...(policy === 'availability' ? [] : unordered(history.tenures))
  ]
}

/** A side said that its peer's process has crashed. */
export interface Claim {
  readonly by: Side
  readonly atUs: number
}

/** Time in which a side's process did not run and its kernel could say so. */
export interface Death extends Apart {
  readonly side: Side
}

/** A crash is claimed of a side that is dead, and of no other. */
export function falseCrashes(claims: readonly Claim[], deaths: readonly Death[]): Violation[] {
  return claims
    .filter(({ by, atUs }) => !deaths.some((each) => each.side !== by && each.fromUs <= atUs && atUs <= each.toUs))
    .map(({ by, atUs }) => ({ rule: 'false-crash', text: `side ${by} called its peer crashed, and it was not`, atUs }))
}

function sharedEpochs(tenures: readonly Tenure[]): Violation[] {
  const owners = new Map<number, Side>()
  return tenures.flatMap(({ side, epoch, firstUs, lastUs }) => {
    const owner = owners.get(epoch) ?? side
    owners.set(epoch, owner)
    if (owner === side) return []
    return [{ rule: 'epoch-shared', text: `both sides served on epoch ${epoch}`, atUs: firstUs, toUs: lastUs }]
  })
}

/** Whoever serves first on an epoch serves on the newest one so far: holds whenever two never serve at once. */
function unordered(tenures: readonly Tenure[]): Violation[] {
  let newest = 0
  return [...tenures]
    .sort((left, right) => left.firstUs - right.firstUs)
    .flatMap(({ side, epoch, firstUs, lastUs }) => {
      const before = newest
      newest = Math.max(newest, epoch)
      if (epoch > before) return []
      const text = `side ${side} began to serve on epoch ${epoch} after somebody had on ${before}`
      return [{ rule: 'epoch-back' as const, text, atUs: firstUs, toUs: lastUs }]
    })
}

/** `apart` null: no overlap is excused. */
function overlaps(tenures: readonly Tenure[], apart: readonly Apart[] | null, healUs: number): Violation[] {
  const excused = apart?.map(({ fromUs, toUs }) => ({ fromUs, toUs: toUs + healUs })) ?? null
  return tenures.flatMap((older) =>
    tenures.flatMap((newer) => {
      if (older.side === newer.side || older.epoch >= newer.epoch || older.lastUs <= newer.firstUs) return []
      const fromUs = Math.max(newer.firstUs, older.firstUs)
      const toUs = Math.max(Math.min(older.lastUs, newer.lastUs), fromUs + 1)
      if (excused !== null && uncoveredUs(fromUs, toUs, excused) === 0) return []
      const text =
        `side ${older.side} let messages pass on epoch ${older.epoch} up to ${ms(older.lastUs - newer.firstUs)} ms after ` +
        `side ${newer.side} had on ${newer.epoch}`
      return [{ rule: 'overlap' as const, text, atUs: fromUs, toUs }]
    })
  )
}

/** How much of the time between the two instants lies in none of the intervals. */
export function uncoveredUs(fromUs: number, toUs: number, intervals: readonly Apart[]): number {
  let left = 0
  let reachedUs = fromUs
  for (const each of [...intervals].sort((a, b) => a.fromUs - b.fromUs)) {
    if (each.fromUs > reachedUs) left += Math.max(0, Math.min(each.fromUs, toUs) - reachedUs)
    reachedUs = Math.max(reachedUs, each.toUs)
    if (reachedUs >= toUs) return left
  }
  return left + Math.max(0, toUs - reachedUs)
}

/** Longer without a single message, in buckets, is a time in which nobody serves. */
const GAP_MAX_BUCKETS = 2

/**
 * What a quiet pair must show: from the first moment to the last, exactly one side serves, at a rate worth the name.
 * `expectedPerBucket` messages come to each gate.
 */
export function soleServer(
  history: History,
  fromUs: number,
  toUs: number,
  expectedPerBucket: number
): Side | 'nobody' | 'both' {
  const buckets = history.buckets(fromUs, toUs)
  const { a, b } = history.passedBetween(fromUs, toUs)
  if (a > 0 && b > 0) return 'both'
  if (a + b < (buckets.length * expectedPerBucket) / 4) return 'nobody'
  let gap = GAP_MAX_BUCKETS // the very first bucket has to hold something
  for (const each of buckets) {
    gap = each.a + each.b === 0 ? gap + 1 : 0
    if (gap > GAP_MAX_BUCKETS) return 'nobody'
  }
  return a > 0 ? 'a' : 'b'
}

export interface MemorySample {
  readonly atUs: number
  readonly rssBytes: number
}

const WARM_UP_US = 8_000 * US_PER_MS
const LIFE_MIN_US = 25_000 * US_PER_MS
const SAMPLES_MIN = 6
const GROWTH_MAX_BYTES = 40 * 2 ** 20
const GROWTH_MAX_SHARE = 0.3

/** Loosely: in the last third of its life a process is not much larger than in the first third after its warm-up. */
export function memoryTrend(samples: readonly MemorySample[]): { growthBytes: number; flat: boolean } | null {
  const born = samples[0]?.atUs ?? 0
  const warm = samples.filter(({ atUs }) => atUs - born > WARM_UP_US).map(({ rssBytes }) => rssBytes)
  if ((samples.at(-1)?.atUs ?? 0) - born < LIFE_MIN_US || warm.length < SAMPLES_MIN) return null
  const third = Math.floor(warm.length / 3)
  const first = median(warm.slice(0, third))
  const growthBytes = median(warm.slice(-third)) - first
  return { growthBytes, flat: growthBytes <= GROWTH_MAX_BYTES || growthBytes <= first * GROWTH_MAX_SHARE }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

function ms(us: number): string {
  return (us / US_PER_MS).toFixed(1)
}
