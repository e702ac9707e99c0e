/**
 * The hash of the deployed flows, computed after each start of flows and told to every pair of this Node-RED. One listener
 * serves all, and thousands of nodes are hashed in slices, between which messages flow.
 */
import type { EventEmitter } from 'node:events'
import { flowsHashInPieces } from '../src/host/flows-hash/flows-hash'
import type { DeployedNode } from '../src/host/flows-hash/running-nodes'

const SLICE_MS = 4

type Tell = (hash: number) => void

/** By the emitter of each Node-RED: one process may embed several. */
const listeners = new WeakMap<EventEmitter, FlowsListener>()

/** Tells the hash after each start of the flows. Returns the function that ends it. */
export function onFlowsHash(events: EventEmitter, tell: Tell): () => void {
  let listener = listeners.get(events)
  if (listener === undefined) listeners.set(events, (listener = new FlowsListener(events)))
  return listener.add(tell)
}

class FlowsListener {
  readonly #events: EventEmitter
  readonly #told = new Set<Tell>()
  /** Of the computation that is under way; a later deploy makes it void. */
  #run = 0

  constructor(events: EventEmitter) {
    this.#events = events
  }

  add(tell: Tell): () => void {
    if (this.#told.size === 0) this.#events.on('flows:started', this.#onStarted)
    this.#told.add(tell)
    return () => {
      if (!this.#told.delete(tell) || this.#told.size > 0) return
      this.#run++
      this.#events.off('flows:started', this.#onStarted)
    }
  }

  /** Shape: Node-RED's `flows:started`, `{ config: { flows: [node, ...] } }`, the flow file as it is. */
  readonly #onStarted = (payload: unknown): void => {
    const flows = (payload as { config?: { flows?: unknown } } | undefined)?.config?.flows
    if (!Array.isArray(flows)) return
    const mine = ++this.#run
    const pieces = flowsHashInPieces(flows as DeployedNode[])
    const slice = (): void => {
      if (mine !== this.#run) return
      const untilMs = performance.now() + SLICE_MS
      do {
        const { done, value } = pieces.next()
        if (done === true) {
          for (const tell of this.#told) tell(value)
          return
        }
      } while (performance.now() < untilMs)
      setImmediate(slice)
    }
    setImmediate(slice)
  }
}
