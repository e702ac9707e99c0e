/**
 * Breadth-first search: every state once, by its fingerprint, and the shortest way to each. A violation comes with the
 * actions that lead to it. A sample of the states met a second time is expanded as well, and has to lead to the
 * same successors as the first: that is the check on the fingerprint itself.
 */
import type { Output } from '../../../src/protocol/machine'
import { fingerprint } from './fingerprint'
import { checkAlways, checkEventually, describe } from './properties'
import type { Protocol } from './transparent'
import { Visited } from './visited'
import { ACTIONS, Violated, World, type Configuration, type ProcessIndex, type State } from './world'

export interface Options {
  readonly statesMax: number
  readonly msMax: number
  /** Of so many states, one is run undisturbed to its end. */
  readonly eventuallyEvery: number
  readonly onProgress?: (report: Report) => void
}

export interface Violation {
  readonly message: string
  readonly actions: readonly number[]
}

export interface Report {
  readonly configuration: Configuration
  states: number
  transitions: number
  depth: number
  /** No state is left that was not expanded: the whole space, or all of it within `depthMax`. */
  exhausted: boolean
  ranUndisturbed: number
  settledWithinQuanta: number
  comparedTwice: number
  /** Everything that was said at least once: role changes, events, replies. */
  readonly seen: Map<string, number>
  violation: Violation | null
  ms: number
}

/** A sometimes-property of its own: nothing is said when nothing happens. */
const KEPT = 'a restarted side waits for its peer'
const COMPARE_EVERY = 97
const COMPARED_MAX = 4000
const PROGRESS_MS = 10_000

/** What the states remember of the search: how each was reached. */
class History {
  #parents = new Int32Array(1 << 16)
  #actions = new Uint8Array(1 << 16)
  #digests = new Float64Array(1 << 16)

  add(state: number, parent: number, action: number): void {
    if (state >= this.#parents.length) {
      const size = this.#parents.length * 2
      const [parents, actions, digests] = [new Int32Array(size), new Uint8Array(size), new Float64Array(size)]
      parents.set(this.#parents)
      actions.set(this.#actions)
      digests.set(this.#digests)
      this.#parents = parents
      this.#actions = actions
      this.#digests = digests
    }
    this.#parents[state] = parent
    this.#actions[state] = action
  }

  /** The successors of a state as one number. */
  setDigest(state: number, digest: number): void {
    this.#digests[state] = digest
  }

  digest(state: number): number {
    return this.#digests[state] ?? 0
  }

  way(state: number): number[] {
    const actions: number[] = []
    for (let at = state; at > 0; at = this.#parents[at] ?? 0) actions.push(this.#actions[at] ?? 0)
    return actions.toReversed()
  }
}

export function explore(configuration: Configuration, protocol: Protocol, options: Options): Report {
  const report: Report = {
    configuration,
    states: 0,
    transitions: 0,
    depth: 0,
    exhausted: false,
    ranUndisturbed: 0,
    settledWithinQuanta: 0,
    comparedTwice: 0,
    seen: new Map(),
    violation: null,
    ms: 0
  }
  const startedAtMs = Date.now()
  let counts = true
  const world = new World(configuration, protocol, (side, output) => {
    if (counts) note(report.seen, side, output)
  })
  const visited = new Visited()
  const history = new History()
  const again: { readonly state: State; readonly known: number }[] = []
  let way: readonly number[] = []
  try {
    let frontier: State[] = [world.initial()]
    checkAlways(world, frontier[0] as State)
    let firstOfFrontier = 0
    visited.claim(fingerprint(frontier[0] as State), 0)
    report.states = 1
    let duplicates = 0
    let saidAtMs = startedAtMs
    while (frontier.length > 0 && report.depth < (configuration.depthMax ?? Infinity)) {
      const next: State[] = []
      const firstOfNext = visited.size
      for (let i = 0; i < frontier.length; i++) {
        const state = frontier[i] as State
        frontier[i] = undefined as unknown as State
        const number = firstOfFrontier + i
        let digest = 0
        for (const action of world.enabled(state)) {
          way = [number, action]
          const after = world.act(state, action)
          checkAlways(world, after)
          if (world.waitsByMark(after, 0) || world.waitsByMark(after, 1)) tally(report.seen, KEPT)
          report.transitions += 1
          const key = fingerprint(after)
          digest += key % 0x1fffffff
          const fresh = visited.size
          const known = visited.claim(key, fresh)
          if (known !== fresh) {
            if (++duplicates % COMPARE_EVERY === 0 && again.length < COMPARED_MAX) again.push({ state: after, known })
            continue
          }
          history.add(fresh, number, action)
          next.push(after)
          if (fresh % options.eventuallyEvery === 0) {
            counts = false
            report.settledWithinQuanta = Math.max(report.settledWithinQuanta, checkEventually(world, after))
            counts = true
            report.ranUndisturbed += 1
          }
        }
        history.setDigest(number, digest)
        if ((i & 255) === 0) {
          const nowMs = Date.now()
          report.states = visited.size
          report.ms = nowMs - startedAtMs
          if (nowMs - saidAtMs > PROGRESS_MS) {
            saidAtMs = nowMs
            options.onProgress?.(report)
          }
          if (report.ms > options.msMax || visited.size > options.statesMax) return report
        }
      }
      frontier = next
      firstOfFrontier = firstOfNext
      report.states = visited.size
      if (next.length > 0) report.depth += 1
    }
    report.exhausted = true
    counts = false
    way = []
    report.comparedTwice = compareTwice(world, again, history, firstOfFrontier)
  } catch (error) {
    if (!(error instanceof Violated)) throw error
    const [parent, action] = way
    const actions = parent === undefined || action === undefined ? [] : [...history.way(parent), action]
    report.violation = { message: error.message, actions }
  }
  report.ms = Date.now() - startedAtMs
  return report
}

/** Two states with one fingerprint lead to the same successors. `expanded`: numbers below this were expanded. */
function compareTwice(
  world: World,
  again: readonly { readonly state: State; readonly known: number }[],
  history: History,
  expanded: number
): number {
  let compared = 0
  for (const { state, known } of again) {
    if (known >= expanded) continue
    let digest = 0
    for (const action of world.enabled(state)) {
      const after = world.act(state, action)
      checkAlways(world, after)
      digest += fingerprint(after) % 0x1fffffff
    }
    if (digest !== history.digest(known)) {
      throw new Error(
        `the fingerprint confuses two states: ${describe(world, state)}; first reached by ${history.way(known).join()}`
      )
    }
    compared += 1
  }
  return compared
}

function note(seen: Map<string, number>, _side: ProcessIndex, output: Output): void {
  const what = sayOutput(output)
  if (what !== null) tally(seen, what)
}

function tally(seen: Map<string, number>, what: string): void {
  seen.set(what, (seen.get(what) ?? 0) + 1)
}

/** In one line what an output says; null for what is only traffic. */
function sayOutput(output: Output): string | null {
  switch (output.kind) {
    case 'event': {
      const { event, reason, detail } = output
      if (event === 'role') return `${detail.previousRole} -> ${detail.role} (${reason})`
      if (event === 'online') return `online ${detail.online} (${reason})`
      return `${event} (${reason})${'phase' in detail ? ` ${detail.phase}` : ''}`
    }
    case 'reply':
      return output.ok ? `reply ok ${output.role}` : `reply ${output.error} ${output.detail}`.trim()
    case 'drop':
      return `drop ${output.cause}`
    case 'barrierOver':
      return `barrier ${output.granted ? 'granted' : 'called off'}`
    case 'ask':
    case 'barrier':
    case 'send':
    case 'store':
      return null
    default:
      output satisfies never
      return null
  }
}

/** The story of a way through the space, one line for each thing that happens. Ends with what is violated, if it is. */
export function tell(
  configuration: Configuration,
  protocol: Protocol,
  actions: readonly number[],
  options: { readonly frames: boolean; readonly thenUndisturbed: boolean }
): string[] {
  const lines: string[] = []
  const world = new World(configuration, protocol, (side, output, state) => {
    if (output.kind === 'send') {
      if (!options.frames) return
      const { head, trailer } = output.frame
      const flags = Object.entries(trailer?.flags ?? {}).flatMap(([flag, on]) => (on ? [flag] : []))
      lines.push(
        `           ${'abc'[side]} sends ${head} seq ${trailer?.seq} ack ${trailer?.ack} epoch ${trailer?.epoch} heard ${trailer?.heardLinks} ${trailer?.reason} [${flags.join()}]`
      )
      return
    }
    const what = sayOutput(output)
    if (what !== null) lines.push(`           ${'abc'[side]}: ${what}   at ${state.nowMs - 100_000} ms`)
  })
  try {
    let state = world.initial()
    lines.length = 0
    lines.push(`start: ${describe(world, state)}`)
    for (const action of actions) {
      lines.push(`  ${String(state.nowMs - 100_000).padStart(6)}  ${ACTIONS[action]}`)
      const after = world.act(state, action)
      lines.push(`           = ${describe(world, after)}`)
      checkAlways(world, after)
      state = after
    }
    if (options.thenUndisturbed) {
      lines.push('  from here on nothing disturbs the pair')
      const quanta = checkEventually(world, state)
      lines.push(`  settled after ${quanta} quanta`)
    }
  } catch (error) {
    if (!(error instanceof Violated)) throw error
    lines.push(`VIOLATED: ${error.message}`)
  }
  return lines
}
