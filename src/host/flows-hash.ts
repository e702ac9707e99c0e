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

/** A node as it is in a flow file. */
export type DeployedNode = Readonly<Record<string, unknown>>

/** Steps in one piece; a step is a node, a wire, a property or a letter. */
export const STEPS_MAX = 4096
/** How far the difference between two look-alikes may be away. */
const ROUNDS = 8
/** What is nested deeper than this in one property is taken as equal. */
const DEPTH_MAX = 200

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
/** A comment, and the variables of the editor's global environment: they differ between two hosts by nature. */
const NEVER_RUNS: ReadonlySet<string> = new Set(['comment', 'global-config'])
/** Further, by type. A subflow's name, colour and category are those of its palette entry. */
const NOT_OF: Readonly<Record<string, ReadonlySet<string>>> = {
  tab: new Set(['label', 'disabled', 'locked']),
  group: new Set(['name', 'style', 'nodes', 'w', 'h']),
  subflow: new Set(['name', 'category', 'color', 'meta', 'in', 'out', 'status'])
}
/** Sides have addresses and a priority of their own; policy and timings are compared by themselves. */
const OF_PAIR: ReadonlySet<string> = new Set(['type', 'name'])

type Known = DeployedNode & { readonly id: string; readonly type: string }
/** Comes back with the number of steps whenever a piece is done. */
type Pieces<T> = Generator<number, T>

/** Yields now and then, so that the caller can let others run. Returns 1 .. 2**32-1; 0 is left for 'unknown'. */
export function* flowsHashInPieces(flows: readonly DeployedNode[]): Pieces<number> {
  const work = new Work()
  const index = new Index()
  yield* index.fill(flows, work)
  const content = new Uint32Array(index.running.length)
  const names: Names[] = []
  for (const [place, node] of index.running.entries()) {
    const text = new Text(index, work)
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

/** Counts steps. */
class Work {
  #steps = 0

  /** So many more; true = the piece is long enough. */
  full(steps: number): boolean {
    this.#steps += steps
    return this.#steps >= STEPS_MAX
  }

  /** What was done since the last piece. */
  take(): number {
    const steps = this.#steps
    this.#steps = 0
    return steps
  }
}

// --- Which nodes run, and what is only drawn ---

/** A junction stands for the nodes behind it. The targets of its wires: a place, or below 0 another junction (`~index`). */
interface Junction {
  readonly targets: readonly number[]
}

class Index {
  readonly running: Known[] = []
  /** Each after those that its wires lead to. */
  readonly junctions: Junction[] = []
  readonly #groups = new Map<string, Known>()
  /** Where each id is: its place among the running ones, or below 0 a junction; null = it does not run. */
  readonly #places = new Map<string, number | null>()

  /** The place of a node that runs; null = there is none. Undefined = no node has this id. */
  placeOf(id: string): number | null | undefined {
    const place = this.#places.get(id)
    return place !== undefined && place !== null && place < 0 ? null : place
  }

  *fill(flows: readonly DeployedNode[], work: Work): Pieces<void> {
    const all: Known[] = []
    const off = new Set<string>()
    for (const node of flows) {
      if (isNode(node)) {
        all.push(node)
        if (node.type === 'tab' && node['disabled'] === true) off.add(node.id)
      }
      if (work.full(1)) yield work.take()
    }
    const drawn: Known[] = []
    for (const node of all) {
      this.#places.set(node.id, null)
      if (node.type === 'group') this.#groups.set(node.id, node)
      if (node['d'] === true || off.has(node.id) || off.has(String(node['z']))) continue
      if (node.type === 'junction') drawn.push(node)
      else if (!NEVER_RUNS.has(node.type) && (node.type !== 'group' || setsSomething(node))) this.#run(node)
      if (work.full(1)) yield work.take()
    }
    yield* this.#order(drawn, work)
  }

  /** The same, or the junction (`~index`), behind which there are nodes that run. */
  targetOf(id: unknown): number | null {
    return typeof id === 'string' ? (this.#places.get(id) ?? null) : null
  }

  /** The innermost group around a node whose settings the node sees. */
  groupOf(node: Known): string | null {
    let id = node['g']
    for (let depth = 0; typeof id === 'string' && depth < 100; depth++) {
      const group = this.#groups.get(id)
      if (group === undefined) return null
      if (setsSomething(group)) return id
      id = group['g']
    }
    return null
  }

  #run(node: Known): void {
    this.#places.set(node.id, this.running.length)
    this.running.push(node)
  }

  /** Those at the end of a chain first. A junction that leads back to itself has no end: it counts as a node, and so do those before it. */
  *#order(drawn: readonly Known[], work: Work): Pieces<void> {
    const byId = new Map(drawn.map((node) => [node.id, node]))
    const before = new Map<string, string[]>()
    const open = new Map<string, number>()
    for (const node of drawn) {
      let count = 0
      for (const target of wiresOf(node, 0)) {
        if (work.full(1)) yield work.take()
        if (typeof target !== 'string' || !byId.has(target)) continue
        count++
        const sources = before.get(target)
        if (sources === undefined) before.set(target, [node.id])
        else sources.push(node.id)
      }
      open.set(node.id, count)
    }
    const ready = drawn.filter(({ id }) => open.get(id) === 0).map(({ id }) => id)
    for (let next = 0; next < ready.length; next++) {
      const id = ready[next] ?? ''
      const targets: number[] = []
      for (const target of wiresOf(byId.get(id) ?? {}, 0)) {
        if (work.full(1)) yield work.take()
        const found = this.targetOf(target)
        if (found !== null) targets.push(found)
      }
      // Behind it nothing runs: it is as if it were not there.
      if (targets.length > 0) {
        this.#places.set(id, ~this.junctions.length)
        this.junctions.push({ targets })
      }
      for (const source of before.get(id) ?? []) {
        if (work.full(1)) yield work.take()
        const left = (open.get(source) ?? 0) - 1
        open.set(source, left)
        if (left === 0) ready.push(source)
      }
    }
    for (const node of drawn) if (open.get(node.id) !== 0) this.#run(node)
  }
}

function isNode(node: DeployedNode): node is Known {
  return typeof node === 'object' && node !== null && typeof node['id'] === 'string' && typeof node['type'] === 'string'
}

function setsSomething(group: Known): boolean {
  return Array.isArray(group['env']) && group['env'].length > 0
}

function outputsOf(node: DeployedNode): readonly unknown[] {
  return Array.isArray(node['wires']) ? (node['wires'] as unknown[]) : []
}

function wiresOf(node: DeployedNode, port: number): readonly unknown[] {
  const wires = outputsOf(node)[port]
  return Array.isArray(wires) ? (wires as unknown[]) : []
}

// --- What is written about a node ---

/** Whom a node names, in the order of mention; those with the same slot in a row are the wires of one output. */
interface Names {
  readonly slots: number[]
  /** As in `Junction`. */
  readonly targets: number[]
}

const NOBODY: Names = { slots: [], targets: [] }

/** What counts of one node, as text in which other nodes are only marked; who they are is kept beside it. */
class Text {
  readonly names: Names = { slots: [], targets: [] }
  readonly #index: Index
  readonly #work: Work
  #mentions = 0
  // FNV-1a over UTF-16 units.
  #hash = 0x811c9dc5
  #length = 0

  constructor(index: Index, work: Work) {
    this.#index = index
    this.#work = work
  }

  get hash(): number {
    return mix(this.#hash, this.#length)
  }

  *node(node: Known): Pieces<void> {
    const onCanvas = 'x' in node && 'y' in node
    const further = NOT_OF[node.type]
    for (const key of Object.keys(node).sort()) {
      if (this.#work.full(1)) yield this.#work.take()
      if (NEVER_COUNTS.has(key) || key.startsWith('_') || further?.has(key) === true) continue
      // The name of a node on the canvas is a label; that of a shared configuration may be more.
      if (key === 'name' && onCanvas) continue
      if (node.type === 'ha-pair' && !OF_PAIR.has(key)) continue
      const value = key === 'env' ? environmentOf(node[key]) : node[key]
      if (isEmpty(value)) continue
      this.#write(`${key}:`)
      if (!this.#short(value)) yield* this.#value(value, 0)
      this.#write(';')
    }
    if (node.type === 'subflow') yield* this.#ends(node)
    for (const [port, wires] of outputsOf(node).entries()) {
      if (Array.isArray(wires)) yield* this.#output(port, wires)
    }
    for (const id of [node['z'], this.#index.groupOf(node)]) {
      if (typeof id !== 'string') continue
      this.#write('^')
      this.#name(this.#index.placeOf(id) ?? null)
    }
  }

  *#output(port: number, wires: readonly unknown[]): Pieces<void> {
    for (const id of wires) {
      if (this.#work.full(1)) yield this.#work.take()
      const target = this.#index.targetOf(id)
      if (target !== null) this.#refer(2 * port + 1, target)
    }
  }

  /** Inside a subflow its own id stands for its inputs and outputs. */
  *#ends(subflow: Known): Pieces<void> {
    const ends = (key: string): DeployedNode[] => {
      const value = subflow[key]
      return (Array.isArray(value) ? value : [value]).filter((end) => typeof end === 'object' && end !== null)
    }
    for (const key of ['in', 'out', 'status']) {
      for (const end of ends(key)) {
        this.#write(`${key}:`)
        for (const wire of Array.isArray(end['wires']) ? (end['wires'] as (DeployedNode | null)[]) : []) {
          if (this.#work.full(1)) yield this.#work.take()
          const target = this.#index.targetOf(wire?.['id'])
          if (target === null) continue
          this.#write(`>${Number(wire?.['port'] ?? 0)}`)
          this.#refer(2 * this.#mentions++, target)
        }
      }
    }
  }

  #name(place: number | null): void {
    this.#write(place === null ? '-' : '@')
    if (place !== null) this.#refer(2 * this.#mentions++, place)
  }

  #refer(slot: number, target: number): void {
    this.names.slots.push(slot)
    this.names.targets.push(target)
  }

  *#value(value: unknown, depth: number): Pieces<void> {
    if (typeof value === 'string') return yield* this.#letters(value)
    if (typeof value !== 'object' || value === null || depth === DEPTH_MAX) return this.#write('…')
    if (Array.isArray(value)) {
      this.#write('[')
      for (const item of value as unknown[]) {
        if (this.#work.full(1)) yield this.#work.take()
        if (!this.#short(item)) yield* this.#value(item, depth + 1)
        this.#write(',')
      }
      return this.#write(']')
    }
    this.#write('{')
    const members = value as Readonly<Record<string, unknown>>
    for (const key of Object.keys(members).sort()) {
      if (this.#work.full(1)) yield this.#work.take()
      if (isEmpty(members[key])) continue
      yield* this.#letters(key)
      this.#write('=')
      if (!this.#short(members[key])) yield* this.#value(members[key], depth + 1)
      this.#write(',')
    }
    this.#write('}')
  }

  /** Writes what needs no second piece: most of what there is. False = nothing was written. */
  #short(value: unknown): boolean {
    if (typeof value === 'object' && value !== null) return false
    if (typeof value !== 'string') {
      this.#write(String(value))
      return true
    }
    if (value.length > STEPS_MAX) return false
    const prefix = value.startsWith('subflow:') ? 'subflow:' : ''
    const place = this.#index.placeOf(value.slice(prefix.length))
    if (place === undefined) {
      this.#work.full(value.length)
      this.#write(`"${value.length}:${value}`)
    } else {
      this.#write(prefix)
      this.#name(place)
    }
    return true
  }

  /** Any text, told from all others by its length. */
  *#letters(text: string): Pieces<void> {
    this.#write(`"${text.length}:`)
    for (let from = 0; from < text.length; from += STEPS_MAX) {
      const piece = text.slice(from, from + STEPS_MAX)
      this.#write(piece)
      if (this.#work.full(piece.length)) yield this.#work.take()
    }
  }

  #write(text: string): void {
    let hash = this.#hash
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
    this.#hash = hash
    this.#length += text.length
  }
}

/** What an editor writes and another leaves out. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  if (typeof value !== 'object') return false
  for (const key in value) if (Object.hasOwn(value, key)) return false
  return true
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

// --- What nodes know of each other ---

/** Not a power of 2, or what comes over 2**32 paths would vanish. */
const PRIME = 2 ** 31 - 1
const BASE = 0x1e3779b1

/**
 * A row of labels is a polynomial modulo a prime: that of two rows one after the other is made from those of both, so that a junction's row
 * is part of others without being written out.
 */
class Spread {
  labels: Uint32Array
  readonly #content: Uint32Array
  readonly #names: readonly Names[]
  readonly #junctions: readonly Junction[]
  /** `BASE` to the power of the length of each junction's row. */
  readonly #shifts: Uint32Array

  constructor(junctions: readonly Junction[], content: Uint32Array, names: readonly Names[]) {
    this.#junctions = junctions
    this.#content = content
    this.#names = names
    this.#shifts = new Uint32Array(junctions.length)
    this.labels = content
  }

  /** A round: what a node is, whom it names in which place, and who names it. */
  *round(work: Work): Pieces<void> {
    const { labels } = this
    const rows = yield* this.#rows(work)
    const incoming = new Uint32Array(labels.length)
    const passing = new Uint32Array(this.#junctions.length)
    const next = new Uint32Array(labels.length)
    const hand = (target: number, what: number): void => {
      // A sum, as nobody is first among those who name a node.
      if (target >= 0) incoming[target] = (at(incoming, target) + what) % PRIME
      else passing[~target] = (at(passing, ~target) + what) % PRIME
    }
    for (let place = 0; place < this.#names.length; place++) {
      const { slots, targets } = this.#names[place] ?? NOBODY
      const own = at(labels, place)
      let label = mix(at(this.#content, place), own)
      let row = 0
      for (let i = 0; i < targets.length; i++) {
        if (work.full(1)) yield work.take()
        const [slot, target] = [slots[i] ?? 0, targets[i] ?? 0]
        hand(target, mix(own, slot + 1))
        row = this.#append(row, target, rows)
        if (slots[i + 1] === slot) continue
        label = mix(label, mix(row, slot))
        row = 0
      }
      next[place] = label
      if (work.full(1)) yield work.take()
    }
    for (let j = this.#junctions.length - 1; j >= 0; j--) {
      for (const target of this.#junctions[j]?.targets ?? []) {
        hand(target, at(passing, j))
        if (work.full(1)) yield work.take()
      }
    }
    for (let place = 0; place < next.length; place++) {
      next[place] = mix(at(next, place), at(incoming, place))
      if (work.full(1)) yield work.take()
    }
    this.labels = next
  }

  /** The row behind each junction. */
  *#rows(work: Work): Pieces<Uint32Array> {
    const rows = new Uint32Array(this.#junctions.length)
    for (const [j, { targets }] of this.#junctions.entries()) {
      let [row, shift] = [0, 1]
      for (const target of targets) {
        row = this.#append(row, target, rows)
        shift = product(shift, this.#shiftOf(target))
        if (work.full(1)) yield work.take()
      }
      rows[j] = row
      this.#shifts[j] = shift
    }
    return rows
  }

  #append(row: number, target: number, rows: Uint32Array): number {
    const more = target >= 0 ? at(this.labels, target) : at(rows, ~target)
    return (product(row, this.#shiftOf(target)) + more) % PRIME
  }

  #shiftOf(target: number): number {
    return target >= 0 ? BASE : at(this.#shifts, ~target)
  }
}

/** Modulo `PRIME`, of numbers below it; each product on the way fits into 53 bits. */
function product(a: number, b: number): number {
  return (((a * (b >>> 16)) % PRIME) * 65_536 + a * (b & 0xffff)) % PRIME
}

function at(list: Uint32Array, index: number): number {
  return list[index] ?? 0
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
