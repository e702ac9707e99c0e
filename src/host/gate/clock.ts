/** Time as a gate needs it. */

/** Calls off what is still to come; does nothing afterwards. */
export type CallOff = () => void

export interface GateClock {
  /** Monotonic. */
  nowMs(): number
  after(ms: number, run: () => void): CallOff
  /** In the next turn of the event loop. */
  nextTurn(run: () => void): CallOff
}

export const systemGateClock: GateClock = {
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
