/**
 * Tells the other side's gate which numbers this one has let through: soon after each, all at once when a planned swap asks, and all that
 * is remembered when the two meet.
 */
import type { CarrierLink } from '../../channel/carrier'
import { Later, type GateClock } from '../clock'
import { BODY_BYTES, encode, type Section } from './body'
import type { Chunk, Numbers, Series } from './numbers'

/** With the time that a timer may be late and the way to the peer: within 5 ms. */
const TELL_AFTER_MS = 3
/** Of a chunk at most. */
const CHUNK_BYTES = 12

export class Teller {
  readonly #numbers: Numbers
  readonly #isServing: () => boolean
  readonly #soon: Later
  readonly #nextTurn: Later
  #link: CarrierLink | null = null
  /** The link takes nothing until it has drained. */
  #full = false
  /** The peer was told that this gate is shut and nothing is left to tell. */
  #saidAllTold = false

  constructor(numbers: Numbers, clock: GateClock, isServing: () => boolean) {
    this.#numbers = numbers
    this.#isServing = isServing
    this.#soon = new Later(
      (run) => clock.after(TELL_AFTER_MS, run),
      () => this.#tell()
    )
    this.#nextTurn = new Later(
      (run) => clock.nextTurn(run),
      () => this.#tell()
    )
  }

  joined(link: CarrierLink): void {
    this.#link = link
    this.#full = false
    this.#saidAllTold = false
    this.#numbers.setAllUntold()
    this.#tell()
  }

  parted(): void {
    this.#link = null
    this.#stopTimers()
  }

  drained(): void {
    this.#full = false
    this.#tell()
  }

  /** To be called before the message goes: who was told 'that is all' must not rely on it any longer than necessary. */
  passed(): void {
    if (this.#link === null) return
    if (this.#saidAllTold) this.#tell()
    else this.#soon.start()
  }

  /** `unsureForMs`: see `Telling`. Everything, whether the link is full or not: the amount is bounded, and a swap waits for it. */
  flush(unsureForMs: number): void {
    const link = this.#link
    if (link === null) return
    this.#stopTimers()
    while (this.#numbers.untold.size > 0) this.#sendOne(link)
    if (this.#isServing()) return
    this.#saidAllTold = true
    this.#full = !link.send(encode({ allTold: { unsureForMs }, sections: [] }))
  }

  /** This gate closes for good, or for a deploy. */
  end(): void {
    this.#tell()
    this.parted()
  }

  /** One body in a turn: all that is remembered may be much. */
  #tell(): void {
    this.#stopTimers()
    if (this.#link === null || this.#full || this.#numbers.untold.size === 0) return
    this.#sendOne(this.#link)
    if (!this.#full && this.#numbers.untold.size > 0) this.#nextTurn.start()
  }

  #stopTimers(): void {
    this.#soon.stop()
    this.#nextTurn.stop()
  }

  #sendOne(link: CarrierLink): void {
    this.#saidAllTold = false
    this.#full = !link.send(encode({ allTold: null, sections: this.#takeSections() }))
  }

  /** As much of what is untold as goes into one body, in the order in which it passed. */
  #takeSections(): readonly Section[] {
    const sections: { series: Series; chunks: { index: number; mask: number }[] }[] = []
    let bytes = 0
    for (const chunk of this.#numbers.untold) {
      let last = sections.at(-1)
      if (last?.series !== chunk.series) {
        sections.push((last = { series: chunk.series, chunks: [] }))
        bytes += 8 + 3 * (chunk.series.topic.key.length + (chunk.series.key?.length ?? 0))
      }
      last.chunks.push(this.#take(chunk))
      bytes += CHUNK_BYTES
      if (bytes > BODY_BYTES) break
    }
    return sections.map(({ series, chunks }) => ({
      topic: series.topic.key,
      series: series.key,
      highest: series.highest,
      newest: series.topic.newest === series,
      chunks
    }))
  }

  #take(chunk: Chunk): { index: number; mask: number } {
    const { index, untold: mask } = chunk
    this.#numbers.setTold(chunk)
    return { index, mask }
  }
}
