/**
 * Which numbers have passed on either host: by topic and series, 32 numbers a chunk, bounded. The numbers used last stay, and so do the
 * topics used last.
 *
 *     topic ─▶ series, oldest first ─▶ chunks { passed, untold }
 *
 * A series is what the message says; a source that says none has a series for each time that it starts over, found by the numbers.
 */

export const NUMBER_MAX = Number.MAX_SAFE_INTEGER
/** Numbers in a chunk: one bit each. */
export const CHUNK_NUMBERS = 32
export const CHUNK_INDEX_MAX = Math.floor(NUMBER_MAX / CHUNK_NUMBERS)
const FULL = 0xffff_ffff

export const TOPICS_MAX = 10_000
/** Of one topic: those that may still have messages under way. */
const SERIES_MAX = 8
/** So many chunks at least, of one or of many topics; `keep` of them if that is more, so that the last `keep` numbers are always among them. */
const CHUNKS_MIN = 65_536

/** With so many dead ones at its beginning the list is cut. */
const UNRIPE_CUT = 1024

export interface Topic {
  readonly key: string
  /** In the order in which they were first met. */
  readonly series: Series[]
  /** The series that began to pass last. */
  newest: Series | null
  /** Since when messages leave as passed while none passes; null = the last one passed. */
  stuckSinceMs: number | null
  stuckTold: boolean
}

export interface Series {
  readonly topic: Topic
  /** Null: the source has no series. */
  readonly key: string | null
  readonly bornMs: number
  readonly chunks: Map<number, Chunk>
  /** The highest number that came here or was told; -1 = none. */
  seen: number
  /** The highest number that passed on either host; -1 = none. */
  highest: number
  /** A later series of this topic has begun to pass. */
  past: boolean
}

export interface Chunk {
  readonly series: Series
  readonly index: number
  passed: number
  /** What of it this side has not told yet. */
  untold: number
}

interface Unripe {
  readonly series: Series
  readonly number: number
  readonly atMs: number
}

export class Numbers {
  #keep = 0
  #keepForMs = 0
  readonly #topicsMax: number
  /** Nothing is known of this series any more. */
  onForget: ((series: Series) => void) | null = null
  /** The one used last is the last. */
  readonly #topics = new Map<string, Topic>()
  readonly #chunks = new Set<Chunk>()
  readonly #untold = new Set<Chunk>()
  /** In the order in which they passed; those before `#ripened` are gone. */
  #unripe: Unripe[] = []
  #ripened = 0
  #lastTopic: Topic | null = null
  #lastChunk: Chunk | null = null

  constructor(topicsMax = TOPICS_MAX) {
    this.#topicsMax = topicsMax
  }

  /** How far back a late number may reach, and how long after a source started over one of before may come. */
  setLimits(keep: number, keepForMs: number): void {
    this.#keep = keep
    this.#keepForMs = keepForMs
  }

  get topics(): number {
    return this.#topics.size
  }

  get chunks(): number {
    return this.#chunks.size
  }

  /** The series that a number belongs to; a new one where it belongs to none that is known. */
  seriesOf(topicKey: string, seriesKey: string | null, number: number, nowMs: number): Series {
    const topic = this.#topicOf(topicKey)
    const known =
      seriesKey === null ? this.#byNumber(topic, number, nowMs) : topic.series.find(({ key }) => key === seriesKey)
    const series = known ?? this.#addSeries(topic, seriesKey, nowMs)
    series.seen = Math.max(series.seen, number)
    return series
  }

  has({ chunks }: Series, number: number): boolean {
    const index = indexOf(number)
    return ((chunks.get(index)?.passed ?? 0) & bitOf(number, index)) !== 0
  }

  /** Passed here. It is to be told when it has become ripe. */
  pass(series: Series, number: number, nowMs: number): void {
    const index = indexOf(number)
    this.#chunkOf(series, index).passed |= bitOf(number, index)
    this.#unripe.push({ series, number, atMs: nowMs })
    this.#reach(series, number)
  }

  /** When the first one passed that is not ripe yet; null = all are. */
  get unripeSinceMs(): number | null {
    return this.#unripe[this.#ripened]?.atMs ?? null
  }

  /** How many have passed that are not ripe yet. */
  get unripe(): number {
    return this.#unripe.length - this.#ripened
  }

  /** How many there are in all that passed by this instant: what `ripen` takes. */
  passedBy(atMs: number): number {
    let count = this.#ripened
    while ((this.#unripe[count]?.atMs ?? Infinity) <= atMs) count++
    return count - this.#ripened
  }

  /** The first so many may be told. */
  ripen(count: number): void {
    const end = Math.min(this.#unripe.length, this.#ripened + count)
    for (; this.#ripened < end; this.#ripened++) {
      const { series, number } = this.#unripe[this.#ripened] as Unripe
      const index = indexOf(number)
      const chunk = series.chunks.get(index)
      if (chunk === undefined) continue
      chunk.untold |= bitOf(number, index)
      this.#untold.add(chunk)
    }
    if (this.#ripened < UNRIPE_CUT && this.#ripened < this.#unripe.length) return
    this.#unripe = this.#unripe.slice(this.#ripened)
    this.#ripened = 0
  }

  /** Passed on the other host. `follow`: that one serves, and says which series is the newest. Returns which of these numbers are news. */
  told(series: Series, index: number, mask: number, follow: boolean): readonly number[] {
    const chunk = this.#chunkOf(series, index)
    const fresh = mask & ~chunk.passed
    chunk.passed |= mask
    chunk.untold &= ~mask
    if (chunk.untold === 0) this.#untold.delete(chunk)
    const numbers = numbersIn(index, fresh)
    const highest = numbersIn(index, mask).at(-1) ?? 0
    series.seen = Math.max(series.seen, highest)
    if (!follow && series.topic.newest !== null && series.topic.newest !== series) series.past = true
    this.#reach(series, highest)
    return numbers
  }

  /** Whether this number is so far below the highest that nobody remembers any more whether it has passed. */
  isBeyondMemory({ highest }: Series, number: number): boolean {
    return number < highest - this.#keep
  }

  /** Chunks with something untold, in the order in which it passed. */
  get untold(): ReadonlySet<Chunk> {
    return this.#untold
  }

  setTold(chunk: Chunk): void {
    chunk.untold = 0
    this.#untold.delete(chunk)
  }

  /**
   * The peer may know nothing: it hears of all again but what is not ripe. Of a source without series, of the latest count only: who does
   * not know the one before could not tell their numbers apart.
   */
  setAllUntold(): void {
    this.#untold.clear()
    for (const { series: all } of this.#topics.values()) {
      const latest = all.findLast(({ key }) => key === null)
      for (const series of all) {
        for (const chunk of series.chunks.values()) {
          if (series.key !== null || series === latest) chunk.untold = chunk.passed
          if (chunk.untold !== 0) this.#untold.add(chunk)
        }
      }
    }
    for (const { series, number } of this.#unripe.slice(this.#ripened)) {
      const index = indexOf(number)
      const chunk = series.chunks.get(index)
      if (chunk === undefined) continue
      chunk.untold &= ~bitOf(number, index)
      if (chunk.untold === 0) this.#untold.delete(chunk)
    }
  }

  // --- Topics and series ---

  #topicOf(key: string): Topic {
    if (this.#lastTopic?.key === key) return this.#lastTopic
    const topic = this.#topics.get(key) ?? { key, series: [], newest: null, stuckSinceMs: null, stuckTold: false }
    this.#topics.delete(key)
    this.#topics.set(key, topic)
    this.#lastTopic = topic
    if (this.#topics.size > this.#topicsMax) {
      for (const oldest of this.#topics.values()) {
        this.#topics.delete(oldest.key)
        for (const series of oldest.series) this.#forget(series)
        break
      }
    }
    return topic
  }

  /**
   * Without a series: the latest count, unless the number is below it by more than `keep`. A straggler of the count before, soon after a new
   * one began, is known by being nearer to that one.
   */
  #byNumber({ series }: Topic, number: number, nowMs: number): Series | undefined {
    const counts = series.filter(({ key }) => key === null)
    const [before, latest] = [counts.at(-2), counts.at(-1)]
    if (latest === undefined) return undefined
    const distance = Math.abs(number - latest.seen)
    if (before !== undefined && nowMs - latest.bornMs <= this.#keepForMs) {
      const distanceBefore = Math.abs(number - before.seen)
      if (distanceBefore <= this.#keep && distanceBefore < distance) return before
    }
    return number > latest.seen || distance <= this.#keep ? latest : undefined
  }

  #addSeries(topic: Topic, key: string | null, nowMs: number): Series {
    const series: Series = { topic, key, bornMs: nowMs, chunks: new Map(), seen: -1, highest: -1, past: false }
    topic.series.push(series)
    if (topic.series.length > SERIES_MAX) {
      const oldest = topic.series.shift()
      if (oldest !== undefined) this.#forget(oldest)
    }
    return series
  }

  #forget(series: Series): void {
    for (const chunk of series.chunks.values()) this.#drop(chunk)
    if (series.topic.newest === series) series.topic.newest = null
    this.onForget?.(series)
  }

  #reach(series: Series, number: number): void {
    series.highest = Math.max(series.highest, number)
    const { topic } = series
    if (series.past || topic.newest === series) return
    if (topic.newest !== null) topic.newest.past = true
    topic.newest = series
  }

  // --- Chunks ---

  #chunkOf(series: Series, index: number): Chunk {
    const last = this.#lastChunk
    if (last !== null && last.series === series && last.index === index) return last
    let chunk = series.chunks.get(index)
    if (chunk === undefined) series.chunks.set(index, (chunk = { series, index, passed: 0, untold: 0 }))
    this.#chunks.delete(chunk)
    this.#chunks.add(chunk)
    this.#lastChunk = chunk
    if (this.#chunks.size > Math.max(CHUNKS_MIN, this.#keep)) {
      for (const oldest of this.#chunks) {
        this.#drop(oldest)
        break
      }
    }
    return chunk
  }

  #drop(chunk: Chunk): void {
    chunk.series.chunks.delete(chunk.index)
    this.#chunks.delete(chunk)
    this.#untold.delete(chunk)
    if (this.#lastChunk === chunk) this.#lastChunk = null
  }
}

export function numbersIn(index: number, mask: number): number[] {
  const numbers: number[] = []
  for (let bit = 0; bit < CHUNK_NUMBERS; bit++) {
    if (((mask >>> bit) & 1) === 1) numbers.push(index * CHUNK_NUMBERS + bit)
  }
  return numbers
}

export const isFull = (mask: number): boolean => mask >>> 0 === FULL

function indexOf(number: number): number {
  return Math.floor(number / CHUNK_NUMBERS)
}

function bitOf(number: number, index: number): number {
  return 1 << (number - index * CHUNK_NUMBERS)
}
