/**
 * What the engine has to know of a pair's data, and what it asks for: the position of this host's copy, and the barriers of planned swaps.
 * Who keeps the data is the owner's business.
 */
import type { DataState, FromEngine, ToEngine } from '../engine/messages'
import { comparePositions } from '../protocol/position'
import { UNREF_LOOP, type CallOff, type Loop } from './loop'

/** Keeps the pair's data on this host. */
export interface DataOwner {
  /**
   * The gate is shut and the role still held. Answered with `barrierDone` as soon as the peer has all that was written: the sooner, the
   * shorter nobody serves.
   */
  barrier(id: number): void
  /** Once for each barrier. `granted`: the peer has the role. Else a side that is still Active serves on, with the same epoch. */
  barrierOver(id: number, granted: boolean): void
}

/** A position that has moved within its epoch, and nothing else, is sent at most this often. */
const POSITION_EVERY_MS = 50

export class PairData {
  owner: DataOwner | null = null
  readonly #post: (message: ToEngine) => void
  readonly #loop: Loop
  /** Of the current start in the engine; null = not there. */
  #pairId: number | null = null
  #state: DataState | null = null
  #told: DataState | null = null
  #toldAtMs = -Infinity
  #later: CallOff | null = null
  /** The open barrier; null = there is none. */
  #barrier: number | null = null

  constructor(post: (message: ToEngine) => void, loop: Loop = UNREF_LOOP) {
    this.#post = post
    this.#loop = loop
  }

  entered(pairId: number): void {
    this.#pairId = pairId
    if (this.#state !== null) this.#tell(this.#state)
  }

  /** The engine knows nothing of the pair any more, and no answer will reach it. */
  left(): void {
    this.#pairId = null
    this.#told = null
    this.#over(false)
    this.#calm()
  }

  set(state: DataState): void {
    this.#state = state
    const told = this.#told
    const { users, open, inStep, position } = state
    const same = told?.users === users && told.open === open && told.inStep === inStep
    // A barrier is answered right behind it: what is no news would only stand in its way.
    if (same && comparePositions(told.position, position) === 0) return this.#calm()
    const moved = same && told.position.epoch === position.epoch
    const waitMs = moved ? this.#toldAtMs + POSITION_EVERY_MS - this.#loop.nowMs() : 0
    if (waitMs <= 0) return this.#tell(state)
    this.#later ??= this.#loop.after(waitMs, () => {
      if (this.#state !== null) this.#tell(this.#state)
    })
  }

  done(id: number, ok: boolean): void {
    if (this.#pairId !== null) this.#post({ type: 'barrierDone', pairId: this.#pairId, id, ok })
  }

  /** The process is about to exit: this thread will answer no barrier any more. */
  answerNoMore(): void {
    if (this.#state?.users === true) this.#tell({ ...this.#state, users: false })
  }

  onMessage(message: Extract<FromEngine, { type: 'barrier' | 'barrierOver' }>): void {
    if (message.type === 'barrierOver') return this.#over(message.granted)
    this.#barrier = message.id
    if (this.owner === null) this.done(message.id, false)
    else this.owner.barrier(message.id)
  }

  #tell(data: DataState): void {
    this.#calm()
    if (this.#pairId === null) return
    this.#told = data
    this.#toldAtMs = this.#loop.nowMs()
    this.#post({ type: 'data', pairId: this.#pairId, data })
  }

  #calm(): void {
    this.#later?.()
    this.#later = null
  }

  #over(granted: boolean): void {
    const id = this.#barrier
    this.#barrier = null
    if (id !== null) this.owner?.barrierOver(id, granted)
  }
}
