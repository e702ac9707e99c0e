/** The clock and the event loop; passed in, so that tests have their own. */

/** Calls off what is still to come; does nothing afterwards. */
export type CallOff = () => void

export interface Loop {
  /** Monotonic. */
  nowMs(): number
  after(ms: number, run: () => void): CallOff
  /** When this turn of the event loop, and what waits already, are over. */
  nextTurn(run: () => void): CallOff
}

/** What is still to come keeps the process alive. */
export const LOOP: Loop = {
  nowMs: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  nextTurn(run) {
    const turn = setImmediate(run)
    return () => clearImmediate(turn)
  }
}

/** A timer alone keeps no process alive. */
export const UNREF_LOOP: Loop = {
  ...LOOP,
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  }
}

/** Something that is to be done later, and only once however often it is asked for meanwhile. */
export class Later {
  readonly #schedule: (run: () => void) => CallOff
  readonly #act: () => void
  #callOff: CallOff | null = null

  constructor(schedule: (run: () => void) => CallOff, act: () => void) {
    this.#schedule = schedule
    this.#act = act
  }

  get pending(): boolean {
    return this.#callOff !== null
  }

  start(): void {
    this.#callOff ??= this.#schedule(() => {
      this.#callOff = null
      this.#act()
    })
  }

  stop(): void {
    this.#callOff?.()
    this.#callOff = null
  }
}
