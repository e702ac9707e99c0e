/**
 * What waits for the flows to run: nodes must not send while their neighbours are still being built. One listener
 * serves all nodes of a Node-RED, however many they are, so the emitter's limit of listeners is never in sight.
 */
import type { EventEmitter } from 'node:events'

type CallOff = () => void

/** Runs `run` once, after the deploy that is under way has started its flows. Returns the function that calls it off. */
export const whenFlowsStarted = waitingLists((events, settled) => {
  events.once('flows:started', settled)
})

/** The same, and also when the flows were stopped for good: by the user, or since they cannot be started. */
export const whenFlowsSettled = waitingLists((events, settled) => {
  const settle = (): void => {
    events.off('flows:started', settle)
    events.off('runtime-event', onState)
    settled()
  }
  const onState = (event: { readonly id?: string; readonly payload?: { state?: string; deploy?: boolean } }): void => {
    const { state, deploy } = event.payload ?? {}
    // A deploy says 'stop' too, between the old flows and the new ones.
    if (event.id === 'runtime-state' && deploy !== true && (state === 'stop' || state === 'safe')) settle()
  }
  events.on('flows:started', settle)
  events.on('runtime-event', onState)
})

/** `listen` calls `settled` once; a later caller waits for the next time. */
function waitingLists(
  listen: (events: EventEmitter, settled: () => void) => void
): (events: EventEmitter, run: () => void) => CallOff {
  const lists = new WeakMap<EventEmitter, Set<() => void>>()
  return (events, run) => {
    const known = lists.get(events)
    const waiting = known ?? new Set()
    waiting.add(run)
    if (known === undefined) {
      lists.set(events, waiting)
      listen(events, () => {
        lists.delete(events)
        for (const each of waiting) each()
      })
    }
    return () => {
      waiting.delete(run)
    }
  }
}
