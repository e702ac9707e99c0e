/**
 * What waits for the flows to run: nodes must not send while their neighbours are still being built. One listener
 * serves all nodes of a Node-RED, however many they are, so the emitter's limit of listeners is never in sight.
 */
import type { EventEmitter } from 'node:events'

const waitingFor = new WeakMap<EventEmitter, Set<() => void>>()

/** Runs `run` once, after the deploy that is under way has started its flows. Returns the function that calls it off. */
export function whenFlowsStarted(events: EventEmitter, run: () => void): () => void {
  const waiting = waitingFor.get(events) ?? listen(events)
  waiting.add(run)
  return () => {
    waiting.delete(run)
  }
}

function listen(events: EventEmitter): Set<() => void> {
  const waiting = new Set<() => void>()
  waitingFor.set(events, waiting)
  events.once('flows:started', () => {
    waitingFor.delete(events)
    for (const start of waiting) start()
  })
  return waiting
}
