/** What holds in every state, and what every state leads to once nothing disturbs the pair any more. */
import type { State, World } from './world'
import { Violated } from './world'

/** Peer timeouts within which an undisturbed pair has exactly one serving, a Standby in contact, and nothing pending. */
const SETTLES_WITHIN_TIMEOUTS = 12
/** Heartbeats for which that has to last. */
const LASTS_HEARTBEATS = 4

/** Errors: throws `Violated`. Updates the highest epoch that each side has used. */
export function checkAlways(world: World, state: State): void {
  const strict = world.configuration.policy !== 'availability'
  const serving = ([0, 1, 2] as const).filter((index) => world.serves(state, index))
  // Who has been lied to cannot know it before the first answer.
  const lied = state.sides.some((side) => side.liedFromSeq !== null)
  if (strict && serving.length > 1 && !lied) throw new Violated('two serve at once')
  for (const side of [0, 1] as const) {
    const own = state.sides[side]
    const view = own.machine?.view()
    if (view?.serving === true && view.role !== 'active') throw new Violated(`${side} serves without being Active`)
    const holds = view?.role === 'active' ? view.epoch : 0
    const isNew = holds !== own.holds
    own.holds = holds
    if (view === undefined || holds === 0 || !isNew) continue
    if (view.epoch <= own.used) throw new Violated(`side ${side} takes epoch ${view.epoch} after ${own.used}`)
    const peer = state.sides[1 - side]?.used ?? 0
    if (strict && view.epoch <= peer) {
      throw new Violated(`side ${side} takes epoch ${view.epoch} after its peer had ${peer}`)
    }
    own.used = view.epoch
  }
  const [left, right] = [state.sides[0].machine?.view(), state.sides[1].machine?.view()]
  if (left?.role === 'active' && right?.role === 'active' && left.epoch === right.epoch) {
    if (world.hasMet(state, 0) && world.hasMet(state, 1)) throw new Violated(`both are Active with epoch ${left.epoch}`)
  }
}

/**
 * Runs a copy of the state without faults. Returns after how many quanta it had settled.
 * Errors: throws `Violated` when it never does, or when it breaks a rule on the way.
 */
export function checkEventually(world: World, from: State): number {
  const state = world.healed(from)
  const quanta = 2 * 3 * SETTLES_WITHIN_TIMEOUTS
  let good = 0
  for (let quantum = 0; quantum < quanta; quantum++) {
    if (!state.sides.some((side) => side.leaving)) world.restartAll(state)
    world.passQuietly(state)
    checkAlways(world, state)
    good = isSettled(world, state) ? good + 1 : 0
    if (good >= LASTS_HEARTBEATS * 2) return quantum + 1 - good
  }
  throw new Violated(`undisturbed, the pair does not settle: ${describe(world, state)}`)
}

function isSettled(world: World, state: State): boolean {
  const roles = state.sides.map((side) => side.machine?.view().role)
  const online = state.sides.every((side) => side.machine?.view().online === true)
  const serving = Number(world.serves(state, 0)) + Number(world.serves(state, 1))
  const answered = state.sides.every((side) => side.awaiting.length === 0)
  const atRest = state.sides.every((side) => side.barrier === null)
  return serving === 1 && online && answered && atRest && roles.includes('standby')
}

export function describe(world: World, state: State): string {
  const sides = state.sides.map(({ machine, stalledFor, awaiting }, side) => {
    const name = side === 0 ? 'a' : 'b'
    if (machine === null) return `${name} down`
    const view = machine.view()
    const words = [`${name} ${view.role} ${view.epoch}`, view.online ? 'online' : 'offline']
    if (world.serves(state, side === 0 ? 0 : 1)) words.push('serves')
    if (stalledFor > 0) words.push('stalled')
    if (awaiting.length > 0) words.push(`awaits ${awaiting.join()}`)
    return words.join(' ')
  })
  return sides.join(' | ')
}
