/** The clock and the event loop; injected for tests. */
export interface Loop {
  nowMs(): number
  /** Calls back when this turn of the event loop is over. */
  nextTurn(go: () => void): void
  /** Returns what calls it off. */
  after(ms: number, go: () => void): () => void
}

export const LOOP: Loop = {
  nowMs: () => performance.now(),
  nextTurn: (go) => void setImmediate(go),
  after: (ms, go) => {
    const timer = setTimeout(go, ms)
    timer.unref()
    return () => clearTimeout(timer)
  }
}
