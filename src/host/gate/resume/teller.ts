/**
 * Tells the other side's gate which numbers this one has let through: a little later than the flow behind the gate has acted on them, all at
 * once when a planned swap asks, and all that is remembered when the two meet.
 */
import type { CarrierLink } from '../../channel/carrier'
import { Later, type Loop } from '../../loop'
import { BODY_BYTES, encode, type Section } from './body'
import type { Chunk, Numbers, Series } from './numbers'
import { Pace } from './pace'

/** So long the flow behind the gate has to act. What goes to the peer before that, and not done when this host dies, is missed. */
const ACTS_WITHIN_MS = 5
/** What passes within this time goes to the peer together. */
const TOGETHER_MS = 2
/** A wire is a turn of the event loop: on a busy host the flow behind the gate has not run because time has passed. */
const TURNS = 4
/** Of a chunk at most. */
const CHUNK_BYTES = 12

export class Teller {
  readonly #numbers: Numbers
  readonly #clock: Loop
  readonly #isServing: () => boolean
  readonly #onRoom: () => void
  readonly #pace = new Pace()
  /** Until the first is old enough; then the turns; then for the next body. */
  readonly #soon: Later
  readonly #turn: Later
  readonly #nextBody: Later
  /** So many are old enough, once so many turns are over. */
  #ripe = 0
  #turnsLeft = 0
  #link: CarrierLink | null = null
  /** The link takes nothing until it has drained. */
  #full = false
  /** The peer was told that this gate is shut and nothing is left to tell. */
  #saidAllTold = false
  /** All that is remembered is on its way. */
  #again = false

  /** `onRoom`: see `hasRoom`. */
  constructor(numbers: Numbers, clock: Loop, isServing: () => boolean, onRoom: () => void) {
    this.#numbers = numbers
    this.#clock = clock
    this.#isServing = isServing
    this.#onRoom = onRoom
    this.#soon = new Later((run) => clock.after(this.#waitMs(), run), this.#onOldEnough)
    this.#turn = new Later((run) => clock.nextTurn(run), this.#onTurn)
    this.#nextBody = new Later(
      (run) => clock.nextTurn(run),
      () => this.#tell()
    )
  }

  get isJoined(): boolean {
    return this.#link !== null
  }

  /**
   * Whether one more may pass, while so many wait; if not, `onRoom` is called when it may. What the flow has had its time for does not count: a channel
   * that is full, or not there, holds nothing up.
   */
  hasRoom(waiting: number): boolean {
    return this.#link === null || this.#numbers.unripe < this.#pace.untoldMax(waiting)
  }

  joined(link: CarrierLink): void {
    this.#link = link
    this.#full = false
    this.#saidAllTold = false
    this.#numbers.ripen(this.#oldEnough())
    this.#numbers.setAllUntold()
    this.#again = this.#numbers.untold.size > 0
    this.#tell()
    this.#startSoon()
  }

  parted(): void {
    this.#link = null
    this.#stopTimers()
    this.#onRoom()
  }

  drained(): void {
    this.#full = false
    this.#tell()
  }

  /** To be called before the message goes: a peer that was told 'that is all' must not rely on it any longer. */
  passed(): void {
    this.#pace.passed(this.#clock.nowMs())
    if (this.#link === null) return this.#numbers.ripen(this.#oldEnough())
    if (this.#saidAllTold) this.#send(this.#link, [])
    this.#startSoon()
  }

  /**
   * `untoldAgoMs`: see `Telling`. Everything, whether the link is full or not: the amount is bounded, and a swap waits for it. Returns whether
   * the peer was told that this is all.
   */
  flush(untoldAgoMs: number): boolean {
    const link = this.#link
    if (link === null) return false
    this.#tellAll(link)
    if (this.#isServing()) return false
    this.#saidAllTold = true
    this.#full = !link.send(encode({ allTold: { untoldAgoMs }, again: false, sections: [] }))
    return true
  }

  /** The peer served since, and gives the role back: it relies on nothing that it had taken in before it said so. */
  peerToldAll(): void {
    if (this.#link?.waitingBytes === 0) this.#saidAllTold = false
  }

  /** This gate closes for good, or for a deploy. */
  end(): void {
    if (this.#link !== null) this.#tellAll(this.#link)
    this.parted()
  }

  // --- When ---

  #startSoon(): void {
    if (this.#link !== null && this.#turnsLeft === 0 && this.#numbers.unripeSinceMs !== null) this.#soon.start()
  }

  #waitMs(): number {
    const sinceMs = this.#numbers.unripeSinceMs ?? this.#clock.nowMs()
    return Math.max(0, sinceMs + ACTS_WITHIN_MS + TOGETHER_MS - this.#clock.nowMs())
  }

  readonly #onOldEnough = (): void => {
    this.#ripe = this.#oldEnough()
    this.#turnsLeft = TURNS
    this.#turn.start()
  }

  #oldEnough(): number {
    return this.#numbers.passedBy(this.#clock.nowMs() - ACTS_WITHIN_MS)
  }

  readonly #onTurn = (): void => {
    if (--this.#turnsLeft > 0) return this.#turn.start()
    this.#numbers.ripen(this.#ripe)
    this.#tell()
    this.#startSoon()
    this.#onRoom()
  }

  #stopTimers(): void {
    for (const timer of [this.#soon, this.#turn, this.#nextBody]) timer.stop()
    this.#turnsLeft = 0
  }

  // --- What ---

  #tellAll(link: CarrierLink): void {
    this.#stopTimers()
    this.#numbers.ripen(Infinity)
    while (this.#numbers.untold.size > 0) this.#send(link, this.#takeSections())
    this.#onRoom()
  }

  /** One body in a turn: all that is remembered may be much. */
  #tell(): void {
    this.#nextBody.stop()
    if (this.#link === null || this.#full || this.#numbers.untold.size === 0) return
    this.#send(this.#link, this.#takeSections())
    if (!this.#full && this.#numbers.untold.size > 0) this.#nextBody.start()
  }

  #send(link: CarrierLink, sections: readonly Section[]): void {
    this.#saidAllTold = false
    this.#full = !link.send(encode({ allTold: null, again: this.#again, sections }))
    if (this.#numbers.untold.size === 0) this.#again = false
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
      chunks
    }))
  }

  #take(chunk: Chunk): { index: number; mask: number } {
    const { index, untold: mask } = chunk
    this.#numbers.setTold(chunk)
    return { index, mask }
  }
}
