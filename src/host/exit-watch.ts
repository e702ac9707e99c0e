/**
 * Notices that the process is about to end. Node-RED closes its nodes in the same way for a deploy and for its own end; only the
 * signal before it tells the two apart. Whatever else ends the process passes through its `exit`.
 */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']
/** A process that still runs this long after a signal was not ended by it. Node-RED gives each close 15 s. */
const NOTED_FOR_MS = 30_000

/** Marks the listeners of this package, also those of a second copy of it in the same process. */
const OURS = Symbol.for('ha-pair.departure')

export class ExitWatch {
  readonly #leaveNow: () => void
  readonly #listeners = new Map<NodeJS.Signals, () => void>()
  #notedAtMs = -Infinity

  /** `leaveNow` says goodbye without returning to the event loop, bounded. */
  constructor(leaveNow: () => void) {
    this.#leaveNow = leaveNow
  }

  /** A signal came that is about to end the process. */
  get leaving(): boolean {
    return performance.now() - this.#notedAtMs < NOTED_FOR_MS
  }

  attach(): void {
    if (this.#listeners.size > 0) return
    for (const signal of SIGNALS) {
      const listener = Object.assign(() => this.#onSignal(signal), { [OURS]: true })
      this.#listeners.set(signal, listener)
      process.prependListener(signal, listener)
    }
    process.on('exit', this.#leaveNow)
  }

  detach(): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener)
    this.#listeners.clear()
    process.off('exit', this.#leaveNow)
  }

  #onSignal(signal: NodeJS.Signals): void {
    this.#notedAtMs = performance.now()
    if (process.listeners(signal).some((listener) => !(OURS in listener))) return
    // Nobody else listens: without this watch the signal would have ended the process, so it still does.
    this.#leaveNow()
    this.detach()
    process.kill(process.pid, signal)
  }
}
