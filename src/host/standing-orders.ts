/**
 * What the engine has to know of a pair for as long as the pair is there: said when it changes, and again to an engine that was started
 * again. Settings travel with `add`, the state of the data with `PairData`.
 */
import type { ToEngine } from '../engine/messages'

/** Of a side that nobody says anything about. */
const FULLY_FIT = 255

export class StandingOrders {
  readonly #post: (message: ToEngine) => void
  /** Of the current start in the engine; null = not there. */
  #pairId: number | null = null
  #fitness: number | null = null
  #flowsHash: number | null = null
  #watchesFrames = false

  constructor(post: (message: ToEngine) => void) {
    this.#post = post
  }

  get fitness(): number {
    return this.#fitness ?? FULLY_FIT
  }

  /** The engine knows nothing of the pair but its settings. */
  entered(pairId: number): void {
    this.#pairId = pairId
    if (this.#fitness !== null) this.#post({ type: 'fitness', pairId, value: this.#fitness })
    if (this.#flowsHash !== null) this.#post({ type: 'flows', pairId, hash: this.#flowsHash })
    if (this.#watchesFrames) this.#post({ type: 'watchFrames', pairId, on: true })
  }

  left(): void {
    this.#pairId = null
  }

  /** Whether that is another fitness than before. */
  setFitness(value: number): boolean {
    const changes = value !== this.fitness
    this.#fitness = value
    if (this.#pairId !== null) this.#post({ type: 'fitness', pairId: this.#pairId, value })
    return changes
  }

  setFlowsHash(hash: number): void {
    this.#flowsHash = hash
    if (this.#pairId !== null) this.#post({ type: 'flows', pairId: this.#pairId, hash })
  }

  watchFrames(on: boolean): void {
    if (on === this.#watchesFrames) return
    this.#watchesFrames = on
    if (this.#pairId !== null) this.#post({ type: 'watchFrames', pairId: this.#pairId, on })
  }
}
