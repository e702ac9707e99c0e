/**
 * The data that the flows of both hosts keep, as it truly is, and what each host does with it: writes while its gate is open, follows the
 * side that serves, keeps a copy on disk now and then, tells its machine what it knows, and answers barriers. Nothing here knows what
 * the machine makes of that.
 */
import { comparePositions, NOWHERE, type Position } from '../../../src/protocol/position'
import type { HostIndex } from '../../support/network'
import type { EngineProcess, Step } from './process'
import type { Random } from '../../support/random'
import type { Timeline } from '../../support/timeline'

/** By epoch, rising: how many of its writes are in a copy. */
export type Line = readonly Position[]

export interface DataPlan {
  /** Flows of this side keep data at the start. */
  readonly users: readonly [boolean, boolean]
  /** How long a snapshot takes, and each write on its way. */
  readonly snapshotMs: number
  readonly lagMs: number
  /** Of each look at the data, the share that is followed by a write to disk. */
  readonly flushes: number
}

export interface CopyWorld {
  readonly timeline: Timeline
  process(host: HostIndex): EngineProcess | null
  gateOpen(host: HostIndex): boolean
  /** The channel is open both ways, as far as both hosts know; and whether it carries anything now. */
  channel(): { readonly open: boolean; readonly carries: boolean }
}

interface HostCopy {
  process: EngineProcess | null
  memory: Line
  disk: Line
  users: boolean
  /** Whose copy it follows; a snapshot has to end first. */
  follows: { readonly from: EngineProcess; ready: boolean } | null
  /** When all that it has was all that there was. */
  asOfMs: number
  slowMs: number
  /** Its answers to barriers: how much later; and it cannot, or says nothing at all. */
  lateMs: number
  mute: number
  told: string
  toldAtMs: number
}

/** Who has confirmed that it has all. */
interface Confirmed {
  readonly id: number
  readonly by: EngineProcess
  readonly line: Line
}

const IN_STEP_MS = 1000
/** A wire is a turn: what passed the gate may still write. */
const TURNS_MS = [0.2, 20] as const
const AGAIN_MS = 4
/** Looks at the data between two tellings of a number. */
const TOLD_TIMES = 10
const WRITES_MAX = 20

export class Copies {
  readonly #world: CopyWorld
  readonly #random: Random
  readonly #plan: DataPlan
  readonly #everyMs: number
  readonly #hosts: readonly [HostCopy, HostCopy]
  readonly #confirmed: [Confirmed | null, Confirmed | null] = [null, null]
  writes = 0

  constructor(world: CopyWorld, random: Random, plan: DataPlan, heartbeatMs: number) {
    this.#world = world
    this.#random = random
    this.#plan = plan
    this.#everyMs = heartbeatMs / 5
    this.#hosts = [newCopy(plan.users[0]), newCopy(plan.users[1])]
    this.#lookOn()
  }

  // --- What others may ask ---

  line(host: HostIndex): Line {
    return this.#hosts[host].memory
  }

  /** All that this host has written is with the process that confirmed it, if that one still runs. Null: nobody confirmed anything. */
  hasArrived(host: HostIndex, barrier: number): boolean | null {
    const confirmed = this.#confirmed[host]
    const peer = this.#world.process(other(host))
    if (confirmed?.id !== barrier || peer === null || peer !== confirmed.by) return null
    return covers(this.#hosts[other(host)].memory, this.#hosts[host].memory)
  }

  /** A swap from this side may be refused, for the other one does not have the data. */
  isHeldBack(host: HostIndex): boolean {
    return this.#hosts[host].users && !this.#isInStep(other(host))
  }

  // --- What happens to them ---

  started(process: EngineProcess): void {
    const copy = this.#hosts[process.host]
    copy.process = process
    copy.memory = copy.disk
    copy.follows = null
    copy.told = ''
    this.#tell(process.host)
  }

  /** In order: what was written is on disk. */
  stopped(host: HostIndex): void {
    this.#hosts[host].disk = this.#hosts[host].memory
  }

  setUsers(host: HostIndex, users: boolean): void {
    this.#hosts[host].users = users
    this.#tell(host)
  }

  slowDown(host: HostIndex, byMs: number): void {
    this.#hosts[host].slowMs += byMs
  }

  delayAnswers(host: HostIndex, byMs: number): void {
    this.#hosts[host].lateMs += byMs
  }

  mute(host: HostIndex, on: boolean): void {
    this.#hosts[host].mute += on ? 1 : -1
  }

  /** What it follows begins anew, with a snapshot. */
  restart(host: HostIndex): boolean {
    const { follows } = this.#hosts[host]
    this.#hosts[host].follows = null
    return follows !== null
  }

  stepped({ host, process, before, after, outputs }: Step): void {
    const copy = this.#hosts[host]
    if (copy.process !== process) return
    if (before.role !== 'active' && after.role === 'active') copy.follows = null
    for (const output of outputs) if (output.kind === 'barrier') this.#answer(host, process, output.id)
  }

  // --- The hosts at work ---

  #lookOn(): void {
    this.#look()
    this.#world.timeline.after(this.#everyMs * (0.5 + this.#random.unit()), () => this.#lookOn())
  }

  #look(): void {
    for (const host of [0, 1] as const) {
      const copy = this.#hosts[host]
      const { process } = copy
      if (process === null || !process.alive || !process.mainRuns) continue
      if (copy.users && this.#world.gateOpen(host)) this.#write(copy, process.view.epoch)
      if (this.#random.chance(this.#plan.flushes)) copy.disk = copy.memory
      if (process.view.role === 'active') this.#feed(host, process)
    }
    for (const host of [0, 1] as const) this.#tell(host)
  }

  #write(copy: HostCopy, epoch: number): void {
    this.writes++
    const more = 1 + this.#random.int(WRITES_MAX)
    const last = copy.memory.at(-1)
    if (last !== undefined && last.epoch >= epoch)
      copy.memory = [...copy.memory.slice(0, -1), { epoch: last.epoch, number: last.number + more }]
    else copy.memory = [...copy.memory, { epoch, number: more }]
  }

  /** The other side gets what is new, or a snapshot first. */
  #feed(host: HostIndex, from: EngineProcess): void {
    const to = other(host)
    const copy = this.#hosts[to]
    const { open, carries } = this.#world.channel()
    if (!open || copy.process?.alive !== true || copy.process.view.role === 'active') {
      copy.follows = null
      return
    }
    if (!carries) return
    if (copy.follows?.from !== from) {
      const follows = { from, ready: false }
      copy.follows = follows
      this.#carry(to, this.#plan.snapshotMs, () => {
        // Built beside the old one, and in its place at its end.
        if (copy.follows !== follows || !from.alive) return
        follows.ready = true
        copy.memory = this.#hosts[host].memory
        copy.asOfMs = this.#world.timeline.nowMs
        this.#tell(to)
      })
    } else if (copy.follows.ready) this.#ship(host, copy.follows, () => {})
  }

  /** What there is now. */
  #ship(host: HostIndex, follows: NonNullable<HostCopy['follows']>, arrived: () => void): void {
    const to = other(host)
    const copy = this.#hosts[to]
    const [line, sinceMs] = [this.#hosts[host].memory, this.#world.timeline.nowMs]
    this.#carry(to, 0, () => {
      if (copy.follows !== follows) return
      if (sinceMs >= copy.asOfMs) {
        const rises = positionOf(line).epoch > positionOf(copy.memory).epoch
        copy.memory = line
        copy.asOfMs = sinceMs
        if (rises) this.#tell(to)
      }
      arrived()
    })
  }

  /** Arrives when it is applied. What breaks on the way does not arrive. */
  #carry(to: HostIndex, takesMs: number, arrive: () => void): void {
    const { process, slowMs } = this.#hosts[to]
    const lagMs = takesMs + slowMs + this.#plan.lagMs * (0.2 + this.#random.unit())
    this.#world.timeline.after(lagMs, () => {
      const stays = process !== null && process.alive && process === this.#hosts[to].process
      if (stays && process.flowsRun && this.#world.channel().carries && process.view.role !== 'active') arrive()
      else this.#hosts[to].follows = null
    })
  }

  // --- Barriers ---

  #answer(host: HostIndex, process: EngineProcess, id: number): void {
    const { lateMs, mute } = this.#hosts[host]
    const turnsMs = this.#random.logBetween(...TURNS_MS)
    if (mute === 0) return this.#world.timeline.after(turnsMs + lateMs, () => this.#flush(host, process, id))
    if (this.#random.chance(0.5)) this.#world.timeline.after(turnsMs, () => this.#say(process, id, false))
  }

  #flush(host: HostIndex, process: EngineProcess, id: number): void {
    const copy = this.#hosts[other(host)]
    if (!process.alive || process !== this.#hosts[host].process) return
    const say = (ok: boolean): void => this.#say(process, id, ok)
    const { open } = this.#world.channel()
    if (!open && this.#random.chance(0.3)) return say(false)
    const { follows, process: peer } = copy
    if (!process.mainRuns || follows?.from !== process || !follows.ready || peer === null)
      return this.#world.timeline.after(AGAIN_MS, () => this.#flush(host, process, id))
    this.#ship(host, follows, () => {
      const line = this.#hosts[host].memory
      const isThere = covers(copy.memory, line)
      if (!isThere) return this.#flush(host, process, id)
      this.#confirmed[host] = { id, by: peer, line }
      this.#world.timeline.after(this.#plan.lagMs * this.#random.unit(), () => say(true))
    })
  }

  #say(process: EngineProcess, id: number, ok: boolean): void {
    if (!process.alive) return
    if (process.mainRuns) process.deliver({ kind: 'barrierDone', id, ok })
    else this.#world.timeline.after(AGAIN_MS, () => this.#say(process, id, ok))
  }

  // --- What the machine is told ---

  #isInStep(host: HostIndex): boolean {
    const { follows, asOfMs } = this.#hosts[host]
    return follows?.ready === true && this.#world.timeline.nowMs - asOfMs < IN_STEP_MS
  }

  #tell(host: HostIndex): void {
    const copy = this.#hosts[host]
    const { process, users } = copy
    if (process === null || !process.alive || !process.mainRuns) return
    const { open } = this.#world.channel()
    const inStep = process.view.role === 'active' || this.#isInStep(host)
    const position = positionOf(copy.memory)
    const state = `${users} ${open} ${inStep} ${position.epoch}`
    const told = `${state}/${position.number}`
    if (told === copy.told) return
    // A number alone can wait.
    const { nowMs } = this.#world.timeline
    if (copy.told.startsWith(`${state}/`) && nowMs < copy.toldAtMs + TOLD_TIMES * this.#everyMs) return
    copy.told = told
    copy.toldAtMs = nowMs
    process.deliver({ kind: 'data', users, open, inStep, position })
  }
}

export function positionOf(line: Line): Position {
  return line.at(-1) ?? NOWHERE
}

/** All that is in `line` is in `copy` too. */
export function covers(copy: Line, line: Line): boolean {
  return line.every((part) => copy.some((own) => own.epoch === part.epoch && comparePositions(own, part) >= 0))
}

function other(host: HostIndex): HostIndex {
  return host === 0 ? 1 : 0
}

function newCopy(users: boolean): HostCopy {
  return {
    process: null,
    memory: [],
    disk: [],
    users,
    follows: null,
    asOfMs: -Infinity,
    slowMs: 0,
    lateMs: 0,
    mute: 0,
    told: '',
    toldAtMs: -Infinity
  }
}
