/**
 * What one resume gate tells the other: which numbers it has let through. Compact, versioned and bounded.
 *
 *     body     version | flags: all told, again | with 'all told': ms | section ...
 *     section  kind | topic | series, if it has one | highest number | count | chunk ...
 *     chunk    distance from the chunk before, with a bit for 'all of its numbers' | else 4 bytes, one bit a number
 *
 * Texts have their length in bytes before them; numbers are in groups of seven bits, the lowest first.
 */
import { CHUNK_INDEX_MAX, isFull, NUMBER_MAX } from './numbers'

const VERSION = 1
const ALL_TOLD = 1
const AGAIN = 2
const HAS_SERIES = 1
/** Longest text of a topic or a series, in bytes: three for each of its characters. */
const KEY_BYTES_MAX = 400
/** A body ends soon after this many bytes. */
export const BODY_BYTES = 16_384
const AGO_MS_MAX = 2 ** 40
/** Longer than any that is sent. */
export const BODY_BYTES_MAX = 65_536

export interface Section {
  readonly topic: string
  /** Null: the source has none. */
  readonly series: string | null
  /** The highest number that has passed: where the source has no series, the numbers say which count it is. */
  readonly highest: number
  readonly chunks: readonly { readonly index: number; readonly mask: number }[]
}

export interface Telling {
  /**
   * Not null: the sender's gate is shut, and nothing is left to tell. `untoldAgoMs`: of what passed before that, the sender itself may not have
   * been told.
   */
  readonly allTold: { readonly untoldAgoMs: number } | null
  /** It may have passed long ago: the two have just met, and the sender tells all that it remembers. */
  readonly again: boolean
  readonly sections: readonly Section[]
}

export function encode({ allTold, again, sections }: Telling): Uint8Array {
  const out = new Out()
  out.byte(VERSION)
  out.byte((allTold === null ? 0 : ALL_TOLD) + (again ? AGAIN : 0))
  if (allTold !== null) out.number(Math.min(AGO_MS_MAX, allTold.untoldAgoMs))
  for (const { topic, series, highest, chunks } of sections) {
    out.byte(series === null ? 0 : HAS_SERIES)
    out.text(topic)
    if (series !== null) out.text(series)
    out.number(highest)
    out.number(chunks.length)
    let before = 0
    for (const { index, mask } of chunks) {
      const distance = index - before
      const unsigned = distance < 0 ? -2 * distance - 1 : 2 * distance
      out.number(2 * unsigned + (isFull(mask) ? 1 : 0))
      if (!isFull(mask)) out.mask(mask)
      before = index
    }
  }
  return out.bytes()
}

/** Throws an Error that says what is wrong. */
export function decode(body: Uint8Array): Telling {
  if (body.length > BODY_BYTES_MAX) throw new Error(`${body.length} bytes`)
  const from = new In(body)
  const version = from.byte()
  if (version !== VERSION) throw new Error(`version ${version}`)
  const flags = from.byte()
  if (flags > ALL_TOLD + AGAIN) throw new Error(`flags ${flags}`)
  const untoldAgoMs = (flags & ALL_TOLD) !== 0 ? from.number() : null
  if (untoldAgoMs !== null && untoldAgoMs > AGO_MS_MAX) throw new Error(`untold ${untoldAgoMs} ms ago`)
  const sections: Section[] = []
  while (!from.atEnd) sections.push(section(from))
  return { allTold: untoldAgoMs === null ? null : { untoldAgoMs }, again: (flags & AGAIN) !== 0, sections }
}

function section(from: In): Section {
  const kind = from.byte()
  if (kind > HAS_SERIES) throw new Error(`kind ${kind}`)
  const topic = from.text()
  const series = kind !== HAS_SERIES ? null : from.text()
  const highest = from.number()
  if (highest > NUMBER_MAX) throw new Error(`number ${highest}`)
  const count = from.number()
  const chunks: { index: number; mask: number }[] = []
  let before = 0
  // What the count promises has to be there: a chunk has a byte at least.
  for (let n = 0; n < count; n++) {
    const coded = from.number()
    const unsigned = Math.floor(coded / 2)
    const index = before + (unsigned % 2 === 0 ? unsigned / 2 : -(unsigned + 1) / 2)
    if (index < 0 || index > CHUNK_INDEX_MAX) throw new Error(`chunk ${index}`)
    const mask = coded % 2 === 1 ? -1 : from.mask()
    if (mask === 0) throw new Error('an empty chunk')
    chunks.push({ index, mask })
    before = index
  }
  if (chunks.length === 0) throw new Error('an empty section')
  return { topic, series, highest, chunks }
}

/** Groups of seven bits for the largest number that is written. */
const GROUPS_MAX = 8

class Out {
  #bytes = Buffer.allocUnsafe(256)
  #length = 0

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#length++] = value
  }

  number(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.byte((rest % 128) + 128)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  mask(mask: number): void {
    this.#room(4)
    this.#length = this.#bytes.writeInt32LE(mask | 0, this.#length)
  }

  text(text: string): void {
    const bytes = Buffer.byteLength(text)
    this.number(bytes)
    this.#room(bytes)
    this.#length += this.#bytes.write(text, this.#length)
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.#length + bytes))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

class In {
  readonly #bytes: Buffer
  #at = 0

  constructor(body: Uint8Array) {
    this.#bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    const value = this.#bytes[this.#at++]
    if (value === undefined) throw new Error('it ends too soon')
    return value
  }

  number(): number {
    let value = 0
    let scale = 1
    for (let group = 0; group < GROUPS_MAX; group++) {
      const byte = this.byte()
      value += (byte % 128) * scale
      if (byte < 128) return value
      scale *= 128
    }
    throw new Error('a number is too long')
  }

  mask(): number {
    if (this.#at + 4 > this.#bytes.length) throw new Error('it ends too soon')
    const mask = this.#bytes.readInt32LE(this.#at)
    this.#at += 4
    return mask
  }

  text(): string {
    const length = this.number()
    if (length > KEY_BYTES_MAX || this.#at + length > this.#bytes.length) throw new Error(`a text of ${length} bytes`)
    const text = this.#bytes.toString('utf8', this.#at, this.#at + length)
    this.#at += length
    return text
  }
}
