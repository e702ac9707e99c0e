/**
 * What waits for the flows to run: nodes must not send while their neighbours are still being built. One listener
 * serves all nodes of the process, however many they are, so the emitter's limit of listeners is never in sight.
 */
import type { EventEmitter } from 'node:events'

const waiting = new Set<() => void>()
let listening = false

/** Runs `run` once, after the deploy that is under way has started its flows. Returns the function that calls it off. */
export function whenFlowsStarted(events: EventEmitter, run: () => void): () => void {
  waiting.add(run)
  if (!listening) {
    listening = true
    events.once('flows:started', () => {
      listening = false
      const due = [...waiting]
      waiting.clear()
      for (const start of due) start()
    })
  }
  return () => {
    waiting.delete(run)
  }
}
