/** Which nodes of a flow file run, and what is only drawn: junctions, groups, comments, what is switched off. */
import type { Pieces, Work } from './pieces'

/** A node as it is in a flow file. */
export type DeployedNode = Readonly<Record<string, unknown>>

export type Known = DeployedNode & { readonly id: string; readonly type: string }

/** A comment, and the variables of the editor's global environment: they differ between two hosts by nature. */
const NEVER_RUNS: ReadonlySet<string> = new Set(['comment', 'global-config'])

/** A junction stands for the nodes behind it. The targets of its wires: a place, or below 0 another junction (`~index`). */
export interface Junction {
  readonly targets: readonly number[]
}

export class RunningNodes {
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

export function outputsOf(node: DeployedNode): readonly unknown[] {
  return Array.isArray(node['wires']) ? (node['wires'] as unknown[]) : []
}

function wiresOf(node: DeployedNode, port: number): readonly unknown[] {
  const wires = outputsOf(node)[port]
  return Array.isArray(wires) ? (wires as unknown[]) : []
}
