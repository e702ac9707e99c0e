/** The serving side's half of keeping the peer's copy up to date: what has changed, in pieces, one a turn, each change whole at its commit. */
import { encodePut, type Put } from './bodies'
import type { Copy, Entry, Feed } from './copy'
import type { Position } from '../../protocol/position'
import { isOnLine } from './positions'
import { entryText } from './texts'

/** Of entries in one body, about. */
export const PIECE_CHARS = 65_536
/** A change that is written to faster than it is sent has to end at some time: then all of it goes at once. */
const PIECES_SPARE = 64

export class Sending implements Feed {
  readonly changed = new Set<Entry>()
  readonly #copy: Copy
  readonly #unfollow: () => void
  /** What is left of everything that the peer has not. */
  #walk: Iterator<Entry> | null
  /** The first change; null = it is through. */
  #begins: Put['begins']
  /** A change has begun and is not whole yet. */
  #open = false
  #pieces = 0
  #base: Position

  /** To a peer whose copy stands at `position`. */
  constructor(copy: Copy, position: Position) {
    this.#copy = copy
    const delta = copy.canGoOnFrom(position)
    this.#walk = delta ? copy.since(position) : copy.entries()
    this.#base = position
    const diverged = !isOnLine(copy.line, copy.position, position)
    this.#begins = { mode: delta ? 'delta' : 'snapshot', from: position, diverged }
    this.#unfollow = copy.follow(this)
  }

  /** The peer does not have all of it yet, apart from what is on the way. */
  get behind(): boolean {
    return this.#begins !== null || this.#open || this.changed.size > 0
  }

  /** The peer has not been up to date since this began. */
  get catchingUp(): boolean {
    return this.#begins !== null
  }

  /** It is written to faster than it is sent: what is left goes at once. */
  get overdue(): boolean {
    return this.#pieces > PIECES_SPARE + (4 * this.#copy.bytes) / PIECE_CHARS
  }

  /** What the peer has when it has taken in all that was sent. */
  get base(): Position {
    return this.#base
  }

  /** Only a copy that follows is replaced. */
  restart(): void {}

  end(): void {
    this.#unfollow()
  }

  /** The next piece; null = there is nothing. `ack` goes with the commit. */
  next(ack: number): { readonly body: Buffer; readonly committed: boolean } | null {
    if (!this.behind) return null
    this.#pieces++
    const texts = this.#take(PIECE_CHARS)
    const begins = this.#open ? null : (this.#begins ?? { mode: 'delta', from: this.#base, diverged: false })
    this.#open = true
    if (this.#walk !== null || this.changed.size > 0)
      return { body: encodePut(begins, texts, null, 0), committed: false }
    const { position, line } = this.#copy
    const news = this.#begins !== null || this.#base.epoch !== position.epoch
    this.#begins = null
    this.#open = false
    this.#pieces = 0
    this.#base = position
    return { body: encodePut(begins, texts, { position, line: news ? line : null }, ack), committed: true }
  }

  /** A change of nothing, to hear whether the peer's copy is where it should be. Only while it is not behind. */
  probe(ack: number): Buffer {
    return encodePut(
      { mode: 'delta', from: this.#base, diverged: false },
      [],
      { position: this.#base, line: null },
      ack
    )
  }

  #take(charsMax: number): string[] {
    const texts: string[] = []
    let chars = 0
    while (chars < charsMax) {
      const entry = this.#nextEntry()
      if (entry === null) break
      const held = this.#copy.settled(entry)
      // It came and went before anybody heard of it.
      if (held.gone && held.epoch === 0) continue
      const text = entryText(entry, held)
      texts.push(text)
      chars += text.length
    }
    return texts
  }

  #nextEntry(): Entry | null {
    const walked = this.#walk?.next()
    if (walked !== undefined && walked.done !== true) return walked.value
    this.#walk = null
    for (const entry of this.changed) {
      this.changed.delete(entry)
      return entry
    }
    return null
  }
}
