/** Whether somebody waits for an answer that only comes through a node: what a gate in front of it has to be warned of. */

/** As much of a node as matters here. */
export interface FlowNode {
  readonly id: string
  readonly type: string
  /** Of link nodes: where to, and whether it goes back to the caller. */
  readonly links?: unknown
  readonly mode?: unknown
  /** Of the ends of a subflow: which one, and of which subflow. */
  readonly direction?: unknown
  readonly z?: unknown
}

export interface FlowGraph {
  node(id: string): FlowNode | null
  /** What the outputs of a node are wired to, or one of them. */
  wired(node: FlowNode, output?: number): readonly FlowNode[]
  /** The nodes behind the input of a subflow. */
  inside(subflow: string): readonly FlowNode[]
  /** What the instances of a subflow are wired to. */
  around(subflow: string): readonly FlowNode[]
}

/** Who waits: a client of an `http in` node, or a `link call` node. */
export type Waiting = 'http' | 'link-call'

const SUBFLOW = 'subflow:'

/** Looks at each node once, whatever the wiring. */
export function waitingFor(flow: FlowGraph, from: FlowNode, output: number): Waiting | null {
  const seen = new Set([from.id])
  const open = [...flow.wired(from, output)]
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node.id)) continue
    seen.add(node.id)
    if (node.type === 'http response') return 'http'
    if (node.type === 'link out' && node.mode === 'return') return 'link-call'
    open.push(...behind(flow, node))
  }
  return null
}

function behind(flow: FlowGraph, node: FlowNode): readonly FlowNode[] {
  const { type, links, direction, z } = node
  if (type === 'subflow' && direction === 'out') return flow.around(String(z))
  const far =
    type === 'link out' || type === 'link call'
      ? Array.isArray(links)
        ? links.map((id) => flow.node(String(id)))
        : []
      : []
  const inner = type.startsWith(SUBFLOW) ? flow.inside(type.slice(SUBFLOW.length)) : []
  return [...flow.wired(node), ...far.filter((target) => target !== null), ...inner]
}
