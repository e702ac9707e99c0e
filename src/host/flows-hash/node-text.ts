/** What is written about a node: its settings as a hash, and whom it names. */
import { mix } from './mix'
import { STEPS_MAX, type Pieces, type Work } from './pieces'
import { outputsOf, type DeployedNode, type Known, type RunningNodes } from './running-nodes'

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
/** Further, by type. A subflow's name, colour and category are those of its palette entry. */
const NOT_OF: Readonly<Record<string, ReadonlySet<string>>> = {
  tab: new Set(['label', 'disabled', 'locked']),
  group: new Set(['name', 'style', 'nodes', 'w', 'h']),
  subflow: new Set(['name', 'category', 'color', 'meta', 'in', 'out', 'status'])
}
/** Sides have addresses and a priority of their own; policy and timings are compared by themselves. */
const OF_PAIR: ReadonlySet<string> = new Set(['type', 'name'])

/** Whom a node names, in the order of mention; those with the same slot in a row are the wires of one output. */
export interface Names {
  readonly slots: number[]
  /** As in `Junction`. */
  readonly targets: number[]
}

/** What counts of one node, as text in which other nodes are only marked; who they are is kept beside it. */
export class NodeText {
  readonly names: Names = { slots: [], targets: [] }
  readonly #index: RunningNodes
  readonly #work: Work
  #mentions = 0
  // FNV-1a over UTF-16 units.
  #hash = 0x811c9dc5
  #length = 0

  constructor(index: RunningNodes, work: Work) {
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
