/**
 * One number for what the deployed flows do: equal on both sides when the same nodes are wired and set in the same way. It
 * tells people that the peer runs something else; no role depends on it. What counts is listed in docs/reference/EVENTS.md.
 *
 * Ids do not count, so that an example imported on both hosts gives the same number: each node starts with a hash of its own
 * settings, and in each round takes in those of the nodes that it names and that name it (Weisfeiler and Leman, 1968). The
 * sum over all nodes knows no order.
 *
 * The work is linear in what the flow file holds, and is done in small pieces: also 30 rows of junctions, which join more paths than can
 * be walked, and a page of 5 MB in one template.
 */
import { mix } from './mix'
import { NodeText, type Names } from './node-text'
import { Work, type Pieces } from './pieces'
import { RunningNodes, type DeployedNode } from './running-nodes'
import { Spread } from './spread'

/** How far the difference between two look-alikes may be away. */
const ROUNDS = 8

/** Yields now and then, so that the caller can let others run. Returns 1 .. 2**32-1; 0 is left for 'unknown'. */
export function* flowsHashInPieces(flows: readonly DeployedNode[]): Pieces<number> {
  const work = new Work()
  const index = new RunningNodes()
  yield* index.fill(flows, work)
  const content = new Uint32Array(index.running.length)
  const names: Names[] = []
  for (const [place, node] of index.running.entries()) {
    const text = new NodeText(index, work)
    yield* text.node(node)
    content[place] = text.hash
    names.push(text.names)
  }
  const spread = new Spread(index.junctions, content, names)
  for (let round = 0; round < ROUNDS; round++) yield* spread.round(work)
  let sum = content.length
  for (const label of spread.labels) {
    sum = (sum + label) >>> 0
    if (work.full(1)) yield work.take()
  }
  return mix(sum, content.length) || 1
}

export function flowsHash(flows: readonly DeployedNode[]): number {
  const pieces = flowsHashInPieces(flows)
  for (;;) {
    const { done, value } = pieces.next()
    if (done === true) return value
  }
}
