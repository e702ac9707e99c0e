/**
 * One number for what the deployed flows do: equal on both sides when the same nodes are wired and set in the same way. It
 * tells people that the brother runs something else; no role depends on it. What counts is listed in docs/EVENTS.md.
 *
 * Ids do not count, so that an example imported on both hosts gives the same number: each node starts with a hash of its own
 * settings, and in each round takes in those of the nodes that it names and that name it (Weisfeiler and Leman, 1968). The
 * sum over all nodes knows no order.
 */

/** A node as it is in a flow file. */
export type DeployedNode = Readonly<Record<string, unknown>>

/** Nodes between two looks at the clock. */
const CHUNK = 64
/** How far the difference between two look-alikes may be away. */
const ROUNDS = 8

/** Where a node lies, how it looks and what is written about it; and secrets, which are not in the flow file. */
const NEVER_COUNTS = new Set([
  'id',
  'x',
  'y',
  'z',
  'g',
  'd',
  'l',
  'icon',
  'info',
  'inputLabels',
  'outputLabels',
  'wires',
  'credentials'
])
/** Further, by type. A subflow's name, colour and category are those of its palette entry. */
const NOT_OF: Readonly<Record<string, ReadonlySet<string>>> = {
  tab: new Set(['label', 'disabled', 'locked']),
  group: new Set(['name', 'style', 'nodes', 'w', 'h']),
  subflow: new Set(['name', 'category', 'color', 'meta', 'in', 'out', 'status'])
}
/** Sides have addresses and a priority of their own; policy and timings are compared by themselves. */
const OF_PAIR: ReadonlySet<string> = new Set(['type', 'name'])

/** Yields now and then, so that the caller can let others run. Returns 1 .. 2**32-1; 0 is left for 'unknown'. */
export function* flowsHashInPieces(flows: readonly DeployedNode[]): Generator<void, number> {
  const all = flows.filter(isNode)
  const running = runningOf(all)
  const places = new Map<string, number>(all.map((node) => [node.id, -1]))
  running.forEach((node, place) => places.set(node.id, place))
  yield
  const wiring = new Wiring(all, places)
  const content = new Uint32Array(running.length)
  /** Per node the places of the nodes that it names, in the order of their mention. */
  const names: number[][] = []
  for (const [place, node] of running.entries()) {
    if (place % CHUNK === 0) yield
    const text = new Text(places)
    text.node(node, wiring)
    content[place] = hashOf(text.written)
    names.push(text.named)
  }
  let labels: Uint32Array = content
  for (let round = 0; round < ROUNDS; round++) {
    yield
    labels = spread(content, labels, names)
  }
  let sum = running.length
  for (const label of labels) sum = (sum + label) >>> 0
  return mix(sum, running.length) || 1
}

export function flowsHash(flows: readonly DeployedNode[]): number {
  const pieces = flowsHashInPieces(flows)
  for (;;) {
    const { done, value } = pieces.next()
    if (done === true) return value
  }
}

type Known = DeployedNode & { readonly id: string; readonly type: string }

function isNode(node: DeployedNode): node is Known {
  return typeof node === 'object' && node !== null && typeof node['id'] === 'string' && typeof node['type'] === 'string'
}

/** Comments, disabled nodes, all on disabled tabs, junctions and groups that set nothing do not run. */
function runningOf(all: readonly Known[]): Known[] {
  const off = new Set(all.filter((node) => node['disabled'] === true && node.type === 'tab').map(({ id }) => id))
  return all.filter(
    (node) =>
      node.type !== 'comment' &&
      node.type !== 'junction' &&
      node['d'] !== true &&
      !off.has(node.id) &&
      !off.has(String(node['z'])) &&
      (node.type !== 'group' || setsSomething(node))
  )
}

function setsSomething(group: Known): boolean {
  return Array.isArray(group['env']) && group['env'].length > 0
}

/** Looks through what is only drawn: junctions between nodes, and groups that set nothing. */
class Wiring {
  readonly #places: ReadonlyMap<string, number>
  readonly #junctions = new Map<string, Known>()
  readonly #groups = new Map<string, Known>()

  constructor(all: readonly Known[], places: ReadonlyMap<string, number>) {
    this.#places = places
    for (const node of all) {
      if (node.type === 'junction' && node['d'] !== true) this.#junctions.set(node.id, node)
      else if (node.type === 'group') this.#groups.set(node.id, node)
    }
  }

  /** The running nodes at the end of an output's wires. */
  targets(wires: unknown, seen: ReadonlySet<string> = new Set()): string[] {
    if (!Array.isArray(wires)) return []
    return wires.flatMap((id: unknown) => {
      if (typeof id !== 'string' || seen.has(id)) return []
      const junction = this.#junctions.get(id)
      if (junction !== undefined) return this.targets(outputsOf(junction)[0], new Set([...seen, id]))
      return (this.#places.get(id) ?? -1) >= 0 ? [id] : []
    })
  }

  /** The innermost group around a node whose settings the node sees. */
  group(node: Known): string | null {
    let id = node['g']
    for (let depth = 0; typeof id === 'string' && depth < 100; depth++) {
      const group = this.#groups.get(id)
      if (group === undefined) return null
      if (setsSomething(group)) return id
      id = group['g']
    }
    return null
  }
}

function outputsOf(node: DeployedNode): readonly unknown[] {
  return Array.isArray(node['wires']) ? (node['wires'] as unknown[]) : []
}

/** What counts of one node, as text in which other nodes are only marked; who they are is kept beside it. */
class Text {
  written = ''
  readonly named: number[] = []
  readonly #places: ReadonlyMap<string, number>

  constructor(places: ReadonlyMap<string, number>) {
    this.#places = places
  }

  node(node: Known, wiring: Wiring): void {
    const onCanvas = 'x' in node && 'y' in node
    const further = NOT_OF[node.type]
    for (const key of Object.keys(node).sort()) {
      if (NEVER_COUNTS.has(key) || key.startsWith('_') || further?.has(key) === true) continue
      // The name of a node on the canvas is a label; that of a shared configuration may be more.
      if (key === 'name' && onCanvas) continue
      if (node.type === 'ha-pair' && !OF_PAIR.has(key)) continue
      const value = key === 'env' ? environmentOf(node[key]) : node[key]
      if (isEmpty(value)) continue
      this.written += `${key}:`
      this.#value(value)
      this.written += ';'
    }
    if (node.type === 'subflow') this.#ends(node, wiring)
    outputsOf(node).forEach((wires, port) => {
      for (const id of wiring.targets(wires)) this.#wire(port, id)
    })
    this.#inside(node['z'], wiring.group(node))
  }

  /** Inside a subflow its own id stands for its inputs and outputs. */
  #ends(subflow: Known, wiring: Wiring): void {
    const ends = (key: string): DeployedNode[] => {
      const value = subflow[key]
      return (Array.isArray(value) ? value : [value]).filter((end) => typeof end === 'object' && end !== null)
    }
    for (const key of ['in', 'out', 'status']) {
      for (const end of ends(key)) {
        this.written += `${key}:`
        for (const wire of Array.isArray(end['wires']) ? (end['wires'] as DeployedNode[]) : []) {
          for (const id of wiring.targets([wire['id']])) this.#wire(Number(wire['port'] ?? 0), id)
        }
      }
    }
  }

  #wire(port: number, id: string): void {
    this.written += `>${port}`
    this.#name(this.#places.get(id) ?? -1)
  }

  #inside(tab: unknown, group: string | null): void {
    for (const id of [tab, group]) {
      if (typeof id !== 'string') continue
      this.written += '^'
      this.#name(this.#places.get(id) ?? -1)
    }
  }

  #name(place: number): void {
    this.written += place < 0 ? '-' : '@'
    if (place >= 0) this.named.push(place)
  }

  #value(value: unknown): void {
    if (typeof value === 'string') return this.#string(value)
    if (Array.isArray(value)) {
      this.written += '['
      for (const item of value as unknown[]) {
        this.#value(item)
        this.written += ','
      }
      this.written += ']'
      return
    }
    if (typeof value !== 'object' || value === null) {
      this.written += String(value)
      return
    }
    this.written += '{'
    const members = value as Readonly<Record<string, unknown>>
    for (const key of Object.keys(members).sort()) {
      if (isEmpty(members[key])) continue
      this.written += `${JSON.stringify(key)}:`
      this.#value(members[key])
      this.written += ','
    }
    this.written += '}'
  }

  #string(text: string): void {
    const prefix = text.startsWith('subflow:') ? 'subflow:' : ''
    const place = this.#places.get(text.slice(prefix.length))
    if (place === undefined) {
      this.written += JSON.stringify(text)
      return
    }
    this.written += prefix
    this.#name(place)
  }
}

/** What an editor writes and another leaves out. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** Without how the editor shows an entry, and without secrets. */
function environmentOf(env: unknown): unknown {
  if (!Array.isArray(env)) return env
  return env.map((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return entry
    const { name, type, value } = entry as DeployedNode
    return type === 'cred' ? { name, type } : { name, type, value }
  })
}

/** A round: what a node is, whom it names in which place, and who names it. */
function spread(content: Uint32Array, labels: Uint32Array, names: readonly (readonly number[])[]): Uint32Array {
  const incoming = new Uint32Array(labels.length)
  const next = new Uint32Array(labels.length)
  names.forEach((named, place) => {
    let label = mix(content[place] ?? 0, labels[place] ?? 0)
    named.forEach((other, position) => {
      label = mix(label, labels[other] ?? 0)
      // A sum, as nobody is first among those who name a node.
      incoming[other] = (incoming[other] ?? 0) + mix(labels[place] ?? 0, position + 1)
    })
    next[place] = label
  })
  return next.map((label, place) => mix(label, incoming[place] ?? 0))
}

/** FNV-1a over UTF-16 units, with a final mix. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix(hash, text.length)
}

/** The finalizer of MurmurHash3 over two words. */
function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ Math.imul(b + 0x9e3779b9, 0x85ebca6b), 0xc2b2ae35)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
