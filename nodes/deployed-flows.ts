/**
 * The hash of the deployed flows, computed after each start of flows and told to every pair of this process. One listener
 * serves all, and thousands of nodes are hashed in slices, between which messages flow.
 */
import type { EventEmitter } from 'node:events'
import { flowsHashInPieces, type DeployedNode } from '../src/host/flows-hash'

const SLICE_MS = 4

type Listener = (hash: number) => void

const listeners = new Set<Listener>()
let stop: (() => void) | null = null
/** Of the computation that is under way; a later deploy makes it void. */
let run = 0

/** Tells the hash after each start of the flows. Returns the function that ends it. */
export function onFlowsHash(events: EventEmitter, tell: Listener): () => void {
  listeners.add(tell)
  if (stop === null) {
    const started = (payload: unknown): void => begin(payload)
    events.on('flows:started', started)
    stop = () => events.off('flows:started', started)
  }
  return () => {
    listeners.delete(tell)
    if (listeners.size > 0) return
    run++
    stop?.()
    stop = null
  }
}

/** Shape: Node-RED's `flows:started`, `{ config: { flows: [node, ...] } }`, the flow file as it is. */
function begin(payload: unknown): void {
  const flows = (payload as { config?: { flows?: unknown } } | undefined)?.config?.flows
  if (!Array.isArray(flows)) return
  const mine = ++run
  const pieces = flowsHashInPieces(flows as DeployedNode[])
  const slice = (): void => {
    if (mine !== run) return
    const untilMs = performance.now() + SLICE_MS
    do {
      const { done, value } = pieces.next()
      if (done === true) {
        for (const tell of listeners) tell(value)
        return
      }
    } while (performance.now() < untilMs)
    setImmediate(slice)
  }
  setImmediate(slice)
}
