/**
 * Data. While a barrier is open nobody serves; a planned swap gives the role only when the peer has all that was written, and loses nothing;
 * a barrier ends in time, and one that is called off leaves the gate as it was. At rest the staler side never gets the role from the fresher
 * one, and no role is taken with an epoch that is not above that of the data.
 */
import { comparePositions, NOWHERE, type Position } from '../../../../src/protocol/position'
import type { Designation } from '../../../../src/protocol/machine'
import type { Trailer } from '../../../../src/protocol/wire/frame'
import type { HostIndex } from '../../../support/network'
import type { EngineProcess, Step } from '../process'
import type { Watcher } from '../watcher'
import { other, type World } from '../world'

const PLANNED = ['operator', 'failback', 'designated', 'less-fit']
const BARRIER_MS_MAX = 1000

interface Known {
  /** The open barrier, and with which epoch it began. */
  barrier: { readonly id: number; readonly localMs: number; epoch: number } | null
  users: boolean
  position: Position
  stalled: boolean
  fitness: number
  paused: boolean
  leaves: boolean
  /** Commands by force that are not answered. */
  readonly forced: Set<number>
  /** What it said of itself last. */
  said: Trailer | null
}

export class DataChecker implements Watcher {
  readonly name = 'data'
  barriers = 0
  granted = 0
  calledOff = 0
  arrived = 0
  atRest = 0
  readonly #world: World
  readonly #sides: [Known, Known] = [fresh(), fresh()]

  constructor(world: World) {
    this.#world = world
  }

  onStart(process: EngineProcess): void {
    this.#sides[process.host] = fresh()
  }

  onCommand(process: EngineProcess, id: number, _designate: Designation, force: boolean): void {
    if (force) this.#sides[process.host].forced.add(id)
  }

  onMoment(): void {
    for (const host of [0, 1] as const) {
      const process = this.#world.process(host)
      if (process !== null && this.#sides[host].barrier !== null && this.#world.gateOpen(host))
        this.#report(process, 'its gate is open while its barrier is')
    }
  }

  onStep(step: Step): void {
    const side = this.#sides[step.host]
    if (step.process.resumed) return
    this.#take(step, side)
    this.#checkTaking(step, side)
    this.#checkGrant(step, side)
    for (const output of step.outputs) {
      if (output.kind === 'barrier') this.#begin(step, side, output.id)
      if (output.kind === 'barrierOver') this.#end(step, side, output.id, output.granted)
      if (output.kind === 'send') side.said = output.frame.trailer
      if (output.kind === 'reply') side.forced.delete(output.id)
    }
    if (side.barrier !== null) this.#checkOpen(step, side.barrier)
  }

  #take({ input, outputs, after }: Step, side: Known): void {
    if (input.kind === 'data') {
      side.users = input.users
      side.position = input.position
    }
    if (input.kind === 'hostStalled') side.stalled = input.stalled
    if (input.kind === 'fitness') side.fitness = input.value
    if (input.kind === 'goodbye') side.leaves = true
    for (const output of outputs) {
      if (output.kind !== 'event') continue
      if (output.event === 'paused') side.paused = true
      if (output.event === 'resumed') side.paused = false
      if (output.event === 'reasserted' && side.barrier !== null) side.barrier.epoch = after.epoch
    }
    if (after.role !== 'active') side.paused = false
  }

  #begin({ process, localMs, after }: Step, side: Known, id: number): void {
    this.barriers++
    if (side.barrier !== null) this.#report(process, `barrier ${id} begins in barrier ${side.barrier.id}`)
    if (!this.#shares(process, side)) this.#report(process, 'has a barrier though no data is shared')
    side.barrier = { id, localMs, epoch: after.epoch }
  }

  #checkOpen({ process, localMs, after }: Step, barrier: { readonly localMs: number }): void {
    if (after.role !== 'active') this.#report(process, `is ${after.role} while its barrier is open`)
    if (after.serving) this.#report(process, 'serves while its barrier is open')
    const forMs = localMs - barrier.localMs
    const { heartbeatMs } = process.settings
    const limitMs = Math.min(BARRIER_MS_MAX, this.#world.plan.timeoutMsMax / 2) + heartbeatMs
    // Who did not run could not end it.
    const ranMs = this.#world.nowMs - process.runningSinceMs
    if (forMs > limitMs && ranMs > limitMs) this.#report(process, `a barrier is open for ${forMs.toFixed(0)} ms`)
  }

  #end({ process, after, outputs }: Step, side: Known, id: number, granted: boolean): void {
    const barrier = side.barrier
    side.barrier = null
    if (barrier?.id !== id) return this.#report(process, `barrier ${id} ends; open was ${barrier?.id ?? 'none'}`)
    if (granted) {
      this.granted++
      if (after.role === 'active') this.#report(process, 'says that its role is granted, and is Active')
      return
    }
    this.calledOff++
    if (after.role !== 'active' || side.paused || side.leaves) return
    const begins = outputs.some((output) => output.kind === 'barrier')
    if (!after.serving && !begins) this.#report(process, 'does not serve after its barrier was called off')
    if (after.epoch !== barrier.epoch)
      this.#report(process, `epoch ${after.epoch} after a barrier that began with ${barrier.epoch}`)
  }

  /** Both have a channel, and flows here keep data. */
  #shares(process: EngineProcess, side: Known): boolean {
    const { keyed, sides } = this.#world.plan
    return (
      keyed &&
      side.users &&
      process.settings.channel === 'auto' &&
      sides[other(process.host)].settings.channel === 'auto'
    )
  }

  /** The role goes to the peer, by plan or at rest. */
  #checkGrant(step: Step, side: Known): void {
    const { host, process, input, before, after, outputs } = step
    const grants = outputs.filter(
      (o) => o.kind === 'event' && o.event === 'designate' && 'to' in o.detail && o.detail.to === 'peer'
    )
    const grant = grants[0]
    const isGoodbye = before.role === 'active' && after.role === 'initial' && side.leaves
    if (grant?.kind === 'event' && grant.reason === 'negotiated') this.#checkRest(step, side)
    const isPlanned = grant?.kind === 'event' && before.role === 'active' && PLANNED.includes(grant.reason)
    if ((!isPlanned && !isGoodbye) || !this.#shares(process, side)) return
    const answered = input.kind === 'barrierDone' && input.ok && input.id === side.barrier?.id
    if (answered) {
      const arrived = this.#world.hadSecond ? null : (this.#world.copies?.hasArrived(host, input.id) ?? null)
      if (arrived === true) this.arrived++
      if (arrived === false) this.#report(process, `a write is lost: ${this.#describe(host)}`)
      return
    }
    if (isGoodbye) return
    const wish = input.kind === 'frame' && input.frame.trailer?.reason === 'operator-forced'
    const unable = side.stalled || side.fitness === 0
    if (!wish && !unable && side.forced.size === 0)
      this.#report(
        process,
        `gives the role (${grant?.kind === 'event' ? grant.reason : ''}) before the peer has the data`
      )
  }

  /** Neither is Active; nothing that counts for more speaks for the peer; and the peer's data is not older. */
  #checkRest({ process, input, outputs }: Step, side: Known): void {
    const his = input.kind === 'frame' ? input.frame.trailer : null
    const mine = side.said
    if (his === null || mine === null || !mine.flags.ready || this.#world.hadSecond) return
    // Its disk may have failed since: who could not take the role comes after who can, whatever it has.
    if (!outputs.some((output) => output.kind === 'send' && output.frame.trailer?.flags.ready === true)) return
    if (!mine.flags.channel || !his.flags.channel) return
    // Its own fitness may have changed since it said so.
    const same =
      mine.flags.wanted === his.flags.wanted && side.fitness > 0 === his.fitness > 0 && heldBy(mine) === heldBy(his)
    if (!same) return
    this.atRest++
    const theirs = { epoch: his.dataEpoch, number: his.dataNumber }
    if (comparePositions(side.position, theirs) > 0)
      this.#report(process, `gives the role to ${text(theirs)} and has ${text(side.position)}`)
  }

  #checkTaking({ process, before, after }: Step, side: Known): void {
    if (before.role === 'active' || after.role !== 'active') return
    if (after.epoch <= side.position.epoch)
      this.#report(process, `takes epoch ${after.epoch} and has data of ${text(side.position)}`)
  }

  #describe(host: HostIndex): string {
    const lines = [host, other(host)].map((h) => (this.#world.copies?.line(h) ?? []).slice(-3).map(text).join(' '))
    return `${lines[0]} against ${lines[1]}`
  }

  #report(process: EngineProcess, message: string): void {
    this.#world.report(this.name, `${process.settings.name}: ${message}`)
  }
}

/** The epoch of which it was the last Active; 0 = none. */
function heldBy(trailer: Trailer): number {
  return trailer.flags.holder ? trailer.epoch : 0
}

function text({ epoch, number }: Position): string {
  return `${epoch}/${number}`
}

function fresh(): Known {
  return {
    barrier: null,
    users: false,
    position: NOWHERE,
    stalled: false,
    fitness: 255,
    paused: false,
    leaves: false,
    forced: new Set(),
    said: null
  }
}
