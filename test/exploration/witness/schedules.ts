/**
 * Every order of what may happen to A, B and W, to a depth: at instants less than a promise apart one of the three ways is cut or
 * mended, or one of the three starts again, each once at the most. Not at random: nothing of that depth is left out. Clocks run apart as far as
 * they may, in each of the directions that matter.
 */
import { P_MS, ThreeVoices, type HostName, type Way } from './world'

const ACTIONS = ['nothing', 'link', 'a-w', 'b-w', 'a again', 'b again', 'w again'] as const
type Action = (typeof ACTIONS)[number]

const LINKS: Readonly<Partial<Record<Action, readonly Way[]>>> = {
  link: ['ab', 'ba'],
  'a-w': ['aw', 'wa'],
  'b-w': ['bw', 'wb']
}
/** Between instants: two are within a promise, three are not. */
const STEP_MS = 0.45 * P_MS
const DOWN_MS = 0.15 * P_MS
const SETTLED_MS = 5 * P_MS
const AFTER_MS = 3 * P_MS
const HEALED_MS = 4 * P_MS
/** Of a, b and w, within the drift that the protocol allows. */
const RATES = [
  [-1, 1, 1],
  [1, -1, 1],
  [1, 1, -1]
] as const

export interface Exhausted {
  readonly schedules: number
  /** Different situations, at the instants. */
  readonly states: number
  /** The first schedule in which two served, or one on an old epoch, or nobody in the end. */
  readonly violation: string | null
}

/** `part` of `parts`: every so many-th schedule. */
export function exhaust(depth: number, part = 0, parts = 1): Exhausted {
  const states = new Set<string>()
  let [schedules, index] = [0, 0]
  for (const actions of sequences(depth)) {
    if (index++ % parts !== part) continue
    for (const rates of RATES) {
      schedules += 1
      const violation = play(actions, rates, states)
      if (violation !== null) return { schedules, states: states.size, violation }
    }
  }
  return { schedules, states: states.size, violation: null }
}

function* sequences(depth: number, before: readonly Action[] = []): Generator<readonly Action[]> {
  if (depth === 0) return yield before
  for (const action of ACTIONS) {
    if (action.endsWith('again') && before.includes(action)) continue
    yield* sequences(depth - 1, [...before, action])
  }
}

function play(actions: readonly Action[], rates: (typeof RATES)[number], states: Set<string>): string | null {
  const world = new ThreeVoices({ seed: 1n, rates, delayMs: 1 })
  const told = (what: string): string => `${actions.join(', ')} (clocks ${rates.join(' ')}): ${what}`
  world.startWitness()
  world.start('a')
  world.start('b')
  world.advance(SETTLED_MS)
  if (world.server === null) return told('nobody serves at the start')
  for (const action of actions) {
    apply(world, action)
    world.advance(STEP_MS)
    states.add(situation(world))
  }
  world.advance(AFTER_MS)
  states.add(situation(world))
  if (world.violation !== null) return told(world.violation)
  world.cut.clear()
  world.advance(HEALED_MS)
  if (world.violation !== null) return told(world.violation)
  return world.server === null ? told('nobody serves in the end') : null
}

function apply(world: ThreeVoices, action: Action): void {
  const ways = LINKS[action]
  if (ways !== undefined) {
    const cut = ways.some((way) => world.cut.has(way))
    for (const way of ways) {
      if (cut) world.cut.delete(way)
      else world.cut.add(way)
    }
  } else if (action === 'w again') world.startWitness()
  else if (action !== 'nothing') {
    const name = action[0] as HostName
    world.crash(name)
    world.timeline.after(DOWN_MS, () => world.start(name))
  }
}

/** What a person could tell two situations apart by. */
function situation(world: ThreeVoices): string {
  const sides = [world.a, world.b].map((host) => {
    const view = host.machine?.view()
    const serves = host.serves(world.nowMs)
    return [view?.role, serves, view?.online, view?.epoch, view?.aloneBar, view?.witness?.online, view?.witness?.holder]
  })
  return JSON.stringify([[...world.cut].toSorted(), sides])
}
