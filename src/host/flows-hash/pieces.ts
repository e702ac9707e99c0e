/** Work in small pieces, so that others can run in between. */

/** Steps in one piece; a step is a node, a wire, a property or a letter. */
export const STEPS_MAX = 4096
/** Comes back with the number of steps whenever a piece is done. */
export type Pieces<T> = Generator<number, T>

/** Counts steps. */
export class Work {
  #steps = 0

  /** So many more; true = the piece is long enough. */
  full(steps: number): boolean {
    this.#steps += steps
    return this.#steps >= STEPS_MAX
  }

  /** What was done since the last piece. */
  take(): number {
    const steps = this.#steps
    this.#steps = 0
    return steps
  }
}
