/** Two hosts, the network between them, what is done to them, and those who look on. One run of one plan. */
import {
  decodeExtended,
  encodeExtended,
  EXTENDED_BYTES,
  SEALED_BYTES,
  type Frame
} from '../../../src/protocol/wire/frame'
import { UINT48_MAX } from '../../../src/protocol/wire/bytes'
import type { PairMachine, RandomInt } from '../../../src/protocol/machine'
import type { PairRecord } from '../../../src/protocol/record'
import type { PairSettings } from '../../../src/protocol/settings'
import { Attacker } from './attacker'
import { Copies, type DataPlan } from './copies'
import { LocalClock } from './clock'
import { Disk } from './disk'
import type { Fault, SettingsChange } from './faults'
import { Network, type HostIndex } from '../../support/network'
import { inContact } from '../../support/machine/sessions'
import { Places, STRANGER, type Endpoint, type Station } from '../../support/machine/places'
import type { Plan } from './plan'
import { EngineProcess, type FrameFacts, type Step } from './process'
import { Random } from '../../support/random'
import { Tethers } from './tethers'
import { Timeline } from '../../support/timeline'
import { Truth } from './truth'
import type { Ending, Scene, Violation, Watcher } from './watcher'

export type MachineFactory = (
  settings: PairSettings,
  context: { readonly randomInt: RandomInt; readonly keyed: boolean }
) => PairMachine

interface Host {
  readonly index: HostIndex
  /** Where it is on the network: the stranger is a second process of a side, elsewhere. */
  readonly station: Station
  readonly clock: LocalClock
  readonly disk: Disk
  settings: PairSettings
  powered: boolean
  suspends: number
  process: EngineProcess | null
  incarnations: number
  /** Counts the starts without a record: knowledge does not survive from one identity to the next. */
  identity: number
  /** A start is on its way: no second one. */
  startDue: boolean
  goodbyeSaid: boolean
  /** The latest start found something else than what this side had written last. */
  restored: boolean
  /** Its next start will: the record was put there. */
  restoredDue: boolean
}

/** What a kernel takes at most to end the connections of a process that was killed, unless it dumps its memory first. */
export const KERNEL_MS_MAX = 20
const JUMPS_MS = [1000, 60_000, 3_600_000, 90 * 86_400_000] as const
/** A side may take this long before it asks its store to keep what it has just heard. */
const STORE_DELAY_MS = 1
/** Incarnations of second processes, which are nobody's peer. */
const SECOND_FROM = 1_000_000

const HOSTS: readonly HostIndex[] = [0, 1]
type CopyFaultKind = 'copy-slow' | 'copy-anew' | 'barrier-late' | 'barrier-mute' | 'data-users'

export class World implements Scene {
  readonly timeline = new Timeline()
  readonly truth: Truth
  readonly plan: Plan
  readonly network: Network
  readonly places: Places
  readonly tethers: Tethers
  /** Null: nobody keeps any data. */
  readonly copies: Copies | null
  readonly violations: Violation[] = []
  cleanSinceMs = Infinity
  readonly #factory: MachineFactory
  readonly #watchers: Watcher[] = []
  readonly #hosts: readonly [Host, Host]
  readonly #attacker: Attacker
  readonly #random: Random
  /** What was learnt before this has been stored. */
  readonly #storedUntilMs: [number, number] = [-Infinity, -Infinity]
  /** Until contact with it is made and stored, nobody can know that this side's record is an old one. */
  readonly #unguarded: ['record' | 'machine' | null, 'record' | 'machine' | null] = [null, null]
  #second: Host | null = null
  #seconds = 0
  /** Since when frames can pass on some link, one way at least, as far as addresses go; Infinity = on none. */
  #reachableSinceMs = Infinity
  #placesSeen = -1
  #uid = 0
  #commands = 0

  constructor(plan: Plan, factory: MachineFactory) {
    this.plan = plan
    // A round trip within the shortest peerTimeout that any side ever has.
    this.truth = new Truth(0.45 * plan.timeoutMsMin)
    this.#factory = factory
    this.#random = new Random(plan.seed, 'world')
    this.network = new Network(this.timeline, new Random(plan.seed, 'network'), { ...plan, sparedByCut: 0.5 })
    this.#attacker = new Attacker(new Random(plan.seed, 'attacker'))
    this.places = new Places(plan.links)
    for (const host of HOSTS) {
      const nat = plan.nats[host]
      if (nat !== null) for (let link = 0; link < plan.links; link++) this.places.hide(host, link, nat === 'forwards')
    }
    this.tethers = new Tethers(
      {
        timeline: this.timeline,
        network: this.network,
        places: this.places,
        process: (host) => this.process(host),
        isUp: (host) => this.#hosts[host].powered && this.#hosts[host].suspends === 0
      },
      new Random(plan.seed, 'tethers'),
      plan.keyed && plan.sides.every(({ settings }) => settings.channel === 'auto')
    )
    this.#hosts = HOSTS.map((index): Host => {
      const side = plan.sides[index]
      const clock = new LocalClock(side.clockOffsetMs, side.clockRate)
      const disk = new Disk(this.timeline, new Random(plan.seed, `disk${index}`))
      return newHost(index, index, clock, disk, side.settings)
    }) as [Host, Host]
    this.copies = plan.data === null ? null : this.#newCopies(plan.data)
    if (plan.cloned) for (const host of this.#hosts) host.disk.record = recordOf('00000000000000aa', 0, 1)
    if (plan.exhausted !== null) {
      const { host, epoch, number } = plan.exhausted
      this.#hosts[host].disk.record = recordOf('00000000000000ee', UINT48_MAX - epoch, UINT48_MAX - number)
    }
  }

  #newCopies(data: DataPlan): Copies {
    const heartbeatMs = Math.min(...this.plan.sides.map((side) => side.settings.heartbeatMs))
    const around = {
      timeline: this.timeline,
      process: (host: HostIndex) => this.process(host),
      gateOpen: (host: HostIndex) => this.gateOpen(host),
      channel: () => this.tethers.channel
    }
    return new Copies(around, new Random(this.plan.seed, 'copies'), data, heartbeatMs)
  }

  watch(...watchers: Watcher[]): void {
    this.#watchers.push(...watchers)
  }

  get nowMs(): number {
    return this.timeline.nowMs
  }

  get cleanDelayMs(): number {
    return this.network.cleanDelayMs
  }

  process(host: HostIndex): EngineProcess | null {
    return this.#hosts[host].process
  }

  localMs(host: HostIndex): number {
    return this.#hosts[host].clock.localMs(this.timeline.nowMs)
  }

  gateOpen(host: HostIndex): boolean {
    return this.#hosts[host].process?.gateOpen() ?? false
  }

  /** The gate of a second process, which belongs to neither side. */
  secondGateOpen(): boolean {
    return this.#second?.process?.gateOpen() ?? false
  }

  /** While a former session counts as present, the new one is only answered. */
  countEachOther(): boolean {
    const [a, b] = this.#hosts.map((host) => host.process?.view)
    return a !== undefined && b !== undefined && inContact(a, b)
  }

  /** Its record was put back and it has not met its peer since. */
  unguarded(host: HostIndex): 'record' | 'machine' | null {
    return this.#unguarded[host]
  }

  /** What this side's disk has confirmed to it. */
  confirmed(host: HostIndex): PairRecord | null {
    return this.#hosts[host].disk.confirmed
  }

  get hasSecond(): boolean {
    return this.#second !== null
  }

  /** A second process of this side runs, or has run. */
  get hadSecond(): boolean {
    return this.#seconds > 0
  }

  get reachableSinceMs(): number {
    return this.#reachableSinceMs
  }

  identity(host: HostIndex): number {
    return this.#hosts[host].identity
  }

  /** A crash of this side at this instant would not make this epoch free again. */
  isDurable(host: HostIndex, epoch: number): boolean {
    const { record } = this.#hosts[host].disk
    return record !== null && Math.max(record.epoch, record.reserved) >= epoch
  }

  /** The store has confirmed that it keeps this epoch, or gave it out at the start. */
  isConfirmed(host: HostIndex, epoch: number): boolean {
    const { confirmed } = this.#hosts[host].disk
    return confirmed !== null && Math.max(confirmed.epoch, confirmed.reserved) >= epoch
  }

  /** Everything that this side wanted to keep is on its disk. */
  isStoreSettled(host: HostIndex): boolean {
    return this.#hosts[host].disk.settled
  }

  /** This host's present or last run was told to stop. */
  saidGoodbye(host: HostIndex): boolean {
    return this.#hosts[host].goodbyeSaid
  }

  report(checker: string, message: string): void {
    if (!this.plan.unheard.includes(checker)) this.violations.push({ checker, atMs: this.timeline.nowMs, message })
  }

  /** Runs the plan to its end, or to the first violation. */
  run(): void {
    const { plan, timeline } = this
    for (const host of this.#hosts) {
      if (plan.absent === host.index) continue
      host.startDue = true
      timeline.at(plan.sides[host.index].startAtMs, () => this.#start(host))
    }
    for (const fault of plan.faults) timeline.at(fault.atMs, () => this.#begin(fault))
    timeline.at(plan.quietAtMs, () => this.#quiet())
    timeline.at(plan.finaleAtMs, () => this.#finale())
    if (plan.attackEveryMs !== null) this.#attackOn(plan.attackEveryMs)
    this.#reviewLinks()
    while (this.violations.length === 0 && timeline.advance(plan.endMs)) {
      // Everything happens inside.
    }
    if (this.violations.length === 0) for (const watcher of this.#watchers) watcher.onFinish?.()
  }

  // --- processes ---------------------------------------------------------------------------------------------------

  #start(host: Host): void {
    if (!host.startDue || host.suspends > 0) return
    host.startDue = false
    if (!host.powered || host.process !== null) return
    const incarnation = ++host.incarnations
    const storeLost = host.disk.record === null
    host.disk.confirmed = host.disk.record
    host.goodbyeSaid = false
    const process = this.#newProcess(host, incarnation)
    if (process === null) return
    host.process = process
    if (host.station === STRANGER) process.isSecond = true
    else this.#introduce(host, process, storeLost)
    if (this.plan.faults.some((fault) => fault.kind === 'vm-restored' && fault.host === host.index)) process.log = []
    process.seededBy = incarnation
    process.record = host.disk.record
    process.deliver({ kind: 'start', record: host.disk.record })
    if (host.station !== STRANGER) this.copies?.started(process)
    if (this.plan.hasMoves) this.#attendNames(process)
    const { random } = process
    process.settings.links.forEach((_, link) => {
      // A name that is not found, or a port in use: such a link opens later, now and then much later than all others.
      const lateMs = random.pick([process.settings.peerTimeoutMs, process.settings.peerTimeoutMs, 5000])
      const dueMs = random.chance(0.06) ? random.unit() * lateMs : random.unit() * 3
      // In the quiet everything is whole.
      const afterMs = Math.min(dueMs, Math.max(3, this.plan.quietAtMs - this.nowMs))
      this.timeline.after(afterMs, () => {
        if (host.process === process) this.#openSocket(process, link)
      })
    })
    this.#moment()
  }

  #newProcess(host: Host, incarnation: number, machine = this.#newMachine(host, incarnation)): EngineProcess | null {
    const random = new Random(this.plan.seed, `process${host.station}/${incarnation}`)
    if (machine === null) return null
    const process: EngineProcess = new EngineProcess(host.index, incarnation, host.settings, machine, {
      timeline: this.timeline,
      clock: host.clock,
      disk: host.disk,
      random,
      keyed: this.plan.keyed,
      lookup: (link) => [this.places.lookup(other(host.index), link)],
      send: (from, link, frame, to) => this.#send(from, host.station, link, frame, to),
      stepped: (step) => this.#stepped(step),
      faulty: (rule, detail) => this.report(rule, `${host.settings.name}: ${detail}`)
    })
    return process
  }

  /** With a chance of its own, so that it can be made once more. */
  #newMachine(host: Host, incarnation: number): PairMachine | null {
    const random = new Random(this.plan.seed, `machine${host.station}/${incarnation}`)
    try {
      return this.#factory(host.settings, { randomInt: (bound) => random.int(bound), keyed: this.plan.keyed })
    } catch (error) {
      this.report('throws', String(error))
      return null
    }
  }

  /** What those who look on are told of a start. */
  #introduce(host: Host, process: EngineProcess, storeLost: boolean, resumedEpoch: number | null = null): void {
    const { index, disk } = host
    host.restored = host.restoredDue
    host.restoredDue = false
    if (host.restored) this.#unguarded[index] ??= 'record'
    if (storeLost || host.restored) host.identity++
    const record = host.restored ? disk.record : null
    if (resumedEpoch === null) {
      const restoredEpoch = record === null ? null : Math.max(record.epoch, record.reserved)
      this.truth.started(index, storeLost, this.#storedUntilMs[index], restoredEpoch)
    } else {
      // What it has in memory only, a restart forgets.
      this.truth.started(index, storeLost, this.#storedUntilMs[index], Math.min(record?.epoch ?? 0, resumedEpoch))
      this.truth.promoted(index, resumedEpoch, this.timeline.nowMs, this.isDurable(index, resumedEpoch))
    }
    for (const watcher of this.#watchers) watcher.onStart?.(process, storeLost || host.restored)
  }

  #attendNames(process: EngineProcess): void {
    if (!process.alive) return
    const againMs = process.running ? process.attendNames() : 500
    this.#reviewLinks()
    this.timeline.after(againMs, () => this.#attendNames(process))
  }

  #end(host: Host, how: Ending, fin: number | 'reset' | null = null): void {
    const process = host.process
    if (process === null) return
    process.die()
    host.process = null
    host.disk.abandon()
    if (how === 'power-off' || fin === null) this.tethers.vanished(process)
    else if (how === 'stop') this.tethers.left(process)
    else this.tethers.died(process, fin)
    if (!process.isSecond) for (const watcher of this.#watchers) watcher.onEnd?.(process, how)
    this.#reviewLinks()
    this.#moment()
  }

  #restartAfter(host: Host, delayMs: number): void {
    host.startDue = true
    this.timeline.after(delayMs, () => this.#start(host))
  }

  #openSocket(process: EngineProcess, link: number): void {
    process.openSocket(link)
    this.#reviewLinks()
    process.deliver({ kind: 'link', link, open: true, detail: '' })
  }

  #closeSocket(process: EngineProcess, link: number): void {
    process.socketOpen[link] = false
    this.#reviewLinks()
    process.deliver({ kind: 'link', link, open: false, detail: 'closed by the simulation' })
  }

  // --- frames ------------------------------------------------------------------------------------------------------

  #send(process: EngineProcess, station: Station, link: number, frame: Frame, to: readonly Endpoint[]): boolean {
    if (process.socketOpen[link] !== true) return true
    const from = process.host
    const source = this.places.source(station, link)
    if (source === null) return false
    const bytes = new Uint8Array(EXTENDED_BYTES)
    encodeExtended(frame, bytes)
    const side = this.truth.side(from)
    const facts: FrameFacts = {
      uid: ++this.#uid,
      from,
      link,
      senderIncarnation: process.incarnation,
      receiverIncarnation: this.#hosts[other(from)].process?.incarnation ?? 0,
      hops: process.isSecond ? 0 : side.hops,
      knownEpoch: side.knownEpoch,
      sentAtMs: this.timeline.nowMs,
      frame,
      replayed: false
    }
    this.#attacker.record({ bytes, facts })
    for (const endpoint of to)
      this.network.carry(link, from, () => this.#arrive(this.places.owner(link, endpoint), link, bytes, facts, source))
    return true
  }

  #arrive(to: Station | null, link: number, bytes: Uint8Array, facts: FrameFacts, source: Endpoint): void {
    const host = to === null ? null : this.#at(to)
    if (host === null || !host.powered || host.suspends > 0) return
    const process = host.process
    if (process === null || process.socketOpen[link] !== true) return
    const decoded = decodeExtended(bytes)
    if (typeof decoded === 'string') this.report('bytes', `a frame does not survive its own encoding: ${decoded}`)
    else process.deliver({ kind: 'frame', link, frame: decoded }, facts, source)
    this.#moment()
  }

  #at(station: Station): Host | null {
    return station === STRANGER ? this.#second : (this.#hosts[station as HostIndex] ?? null)
  }

  #stepped(step: Step): void {
    const { facts } = step
    if (step.process.isSecond) {
      for (const watcher of this.#watchers) watcher.onSecondStep?.(step)
      if (step.after.serving) this.#moment()
      return
    }
    // What the attacker plays for the first time, to the run that it was meant for, is a late delivery.
    if (facts !== null) {
      const peer = this.#hosts[other(step.host)]
      this.truth.took(step, facts, peer.incarnations)
    }
    if (step.input.kind === 'goodbye') this.#hosts[step.host].goodbyeSaid = true
    for (const watcher of this.#watchers) watcher.onStep?.(step)
    const { before, after } = step
    const promoted = after.role === 'active' && (before.role !== 'active' || after.epoch > before.epoch)
    if (promoted) this.truth.promoted(step.host, after.epoch, step.atMs, this.isDurable(step.host, after.epoch))
    const wantsMore = step.outputs.some((output) => output.kind === 'store')
    if (!wantsMore && this.#hosts[step.host].disk.settled) {
      this.#storedUntilMs[step.host] = step.atMs - STORE_DELAY_MS
      // The other one keeps a machine that was set back from its place for as long as it counts what that had become.
      const met = this.#unguarded[step.host] !== 'machine' || this.countEachOther()
      if (met && this.truth.inContact(step.host)) this.#unguarded[step.host] = null
    }
    this.tethers.review()
    this.copies?.stepped(step)
    if (this.plan.hasMoves && (facts !== null || this.#placesSeen !== this.places.version)) this.#reviewLinks()
    if (after.serving && !before.serving) this.#moment()
  }

  #moment(): void {
    for (const watcher of this.#watchers) watcher.onMoment?.()
  }

  /** Keeps `cleanSinceMs` and `reachableSinceMs` up to date. */
  #reviewLinks(): void {
    let clean = false
    let reachable = false
    this.#placesSeen = this.places.version
    for (let link = 0; link < this.network.links; link++) {
      if (!this.network.isClean(link)) continue
      if (!this.#hosts.every((host) => host.process?.socketOpen[link] === true && host.suspends === 0)) continue
      const flows = HOSTS.filter((from) => this.#flows(from, link)).length
      if (flows === 2) clean = true
      // Without a key nobody is found elsewhere.
      if (flows > (this.plan.keyed ? 0 : 1) && HOSTS.every((host) => this.places.hasAddress(host, link)))
        reachable = true
    }
    if (!clean) this.cleanSinceMs = Infinity
    else if (this.cleanSinceMs === Infinity) this.cleanSinceMs = this.timeline.nowMs
    if (!reachable) this.#reachableSinceMs = Infinity
    else if (this.#reachableSinceMs === Infinity) {
      this.#reachableSinceMs = this.timeline.nowMs
      for (const watcher of this.#watchers) watcher.onReachable?.()
    }
  }

  /**
   * What this side sends gets to the other one, as far as addresses go: its name was looked up and stands for it, or something
   * of it that was taken in came from where it still is.
   */
  #flows(from: HostIndex, link: number): boolean {
    if (!this.plan.hasMoves) return true
    const process = this.process(from)
    if (process === null || !this.places.hasAddress(from, link)) return false
    const to = other(from)
    const named = { address: process.lookedUp[link] ?? '', port: Places.port(link) }
    const heard = process.sources[link] ?? null
    if (!this.plan.keyed) {
      const believed = this.process(to)?.lookedUp[link] === this.places.source(from, link)?.address
      return believed && this.places.owner(link, named) === to
    }
    const known = heard === null ? [named] : [named, heard]
    return known.some((endpoint) => this.places.owner(link, endpoint) === to)
  }

  // --- faults ------------------------------------------------------------------------------------------------------

  #begin(fault: Fault): void {
    const applied = this.#apply(fault)
    for (const watcher of this.#watchers) watcher.onFault?.(fault, applied)
    this.#moment()
  }

  /** Calls `over` when the fault has lasted its time, at the latest when the quiet begins. */
  #until(fault: Fault & { readonly forMs: number }, over: () => void): void {
    const endMs = Math.max(this.timeline.nowMs, Math.min(fault.atMs + fault.forMs, this.plan.quietAtMs))
    this.timeline.at(endMs, () => {
      over()
      for (const watcher of this.#watchers) watcher.onFaultOver?.(fault)
      this.#moment()
    })
  }

  #apply(fault: Fault): boolean {
    switch (fault.kind) {
      case 'cut':
      case 'one-way-cut':
      case 'loss':
      case 'burst':
      case 'delay':
      case 'reorder':
      case 'duplicate': {
        const links = fault.link === 'all' ? Array.from({ length: this.network.links }, (_, i) => i) : [fault.link]
        const senders = HOSTS.filter((from) => fault.way === 'both' || fault.way === (from === 0 ? 'to1' : 'to0'))
        const each = (act: (link: number, from: HostIndex) => void): void => {
          for (const link of links) for (const from of senders) act(link, from)
          this.#reviewLinks()
        }
        // A copy of its own for each fault, so that two equal ones do not end together.
        const disturbance = { ...fault.disturbance }
        each((link, from) => this.network.disturb(link, from, disturbance))
        this.#until(fault, () => each((link, from) => this.network.calm(link, from, disturbance)))
        return true
      }
      case 'store-fails':
      case 'store-slow': {
        const disk = this.#hosts[fault.host].disk
        if (fault.kind === 'store-fails') disk.failing++
        else disk.slowMs += fault.slowMs
        this.#until(fault, () => {
          if (fault.kind === 'store-fails') disk.failing--
          else disk.slowMs = Math.max(0, disk.slowMs - fault.slowMs)
        })
        return true
      }
      case 'store-lost':
        this.#hosts[fault.host].disk.lose()
        return true
      case 'clock-rate':
        this.#hosts[fault.host].clock.setRate(this.timeline.nowMs, fault.rate)
        return true
      case 'reconfigure':
        this.#hosts[fault.host].settings = changed(this.#hosts[fault.host].settings, fault.change)
        return true
      case 'store-restored': {
        const { disk } = this.#hosts[fault.host]
        const restored = disk.restore(fault.back)
        if (restored) this.#hosts[fault.host].restoredDue = true
        return restored
      }
      case 'copy-slow':
      case 'copy-anew':
      case 'barrier-late':
      case 'barrier-mute':
      case 'data-users':
        return this.copies !== null && this.#applyToCopy(this.copies, fault)
      case 'tcp-wall':
        this.#until(fault, this.tethers.buildWall(fault.refuses, fault.open))
        return true
      case 'icmp':
        // A socket that is not connected never hears of it.
        return this.#hosts[fault.host].process !== null
      case 'tcp-fin':
        return this.plan.profile === 'middlebox'
          ? this.tethers.endByFinAndRefuse(fault.host)
          : this.tethers.endByFin(fault.host)
      case 'tcp-reset':
        return this.tethers.endByReset(fault.host)
      case 'tcp-again':
        return this.tethers.dialAgain(fault.host)
      case 'move':
      case 'unplug':
      case 'alias':
      case 'rebind':
      case 'misname':
      case 'rename':
        return this.#applyToPlace(fault)
      case 'liar': {
        const applied = this.tethers.endByFinAndRefuse(fault.host)
        if (!applied) return false
        const disturbance = { cut: true, udpOnly: true }
        const each = (act: (link: number) => void): void => {
          for (let link = 0; link < this.network.links; link++) act(link)
          this.#reviewLinks()
        }
        each((link) => this.network.disturb(link, other(fault.host), disturbance))
        this.#until(fault, () => each((link) => this.network.calm(link, other(fault.host), disturbance)))
        return true
      }
      default:
        return this.#applyToProcess(fault)
    }
  }

  #applyToCopy(copies: Copies, fault: Extract<Fault, { readonly kind: CopyFaultKind }>): boolean {
    const { host } = fault
    switch (fault.kind) {
      case 'copy-slow':
        copies.slowDown(host, fault.slowMs)
        this.#until(fault, () => copies.slowDown(host, -fault.slowMs))
        return true
      case 'barrier-late':
        copies.delayAnswers(host, fault.lateMs)
        this.#until(fault, () => copies.delayAnswers(host, -fault.lateMs))
        return true
      case 'barrier-mute':
        copies.mute(host, true)
        this.#until(fault, () => copies.mute(host, false))
        return true
      case 'data-users':
        copies.setUsers(host, fault.on)
        return true
      case 'copy-anew':
        return copies.restart(host)
    }
  }

  #applyToPlace(fault: Fault & { readonly host: HostIndex; readonly link: number }): boolean {
    const { places } = this
    const { host, link } = fault
    const done = (): void => {
      // Who has moved has to be found anew.
      this.#reachableSinceMs = Infinity
      this.#reviewLinks()
    }
    switch (fault.kind) {
      case 'move':
        if (!places.hasAddress(host, link)) return false
        places.move(host, link)
        if (fault.taken) this.tethers.strangerAt(host)
        done()
        return true
      case 'unplug': {
        if (!places.hasAddress(host, link)) return false
        places.unplug(host, link)
        done()
        this.#until(fault, () => {
          places.plug(host, link)
          if (fault.moves) places.move(host, link)
          done()
        })
        return true
      }
      case 'alias':
        places.giveAlias(host, link, true)
        done()
        this.#until(fault, () => {
          places.giveAlias(host, link, false)
          done()
        })
        return true
      case 'rebind':
        if (!places.rebind(host, link)) return false
        done()
        return true
      case 'misname':
        places.rename(host, link, false)
        this.#until(fault, () => places.rename(host, link))
        return true
      case 'rename':
        places.rename(host, link)
        return true
      default:
        return false
    }
  }

  #applyToProcess(fault: Exclude<Fault, { readonly disturbance: unknown }> & { readonly host: HostIndex }): boolean {
    const host = this.#hosts[fault.host]
    const process = host.process
    if (process === null) return false
    switch (fault.kind) {
      case 'engine-stall':
        process.stall()
        this.#until(fault, () => process.unstall())
        return true
      case 'sigstop':
        process.stop()
        this.#until(fault, () => process.cont())
        return true
      case 'suspend':
        this.#suspend(host, fault)
        return true
      case 'flows-hang':
        process.hang(true)
        this.#until(fault, () => process.hang(false))
        return true
      case 'crash':
        this.#end(host, 'crash', fault.fin)
        this.#restartAfter(host, fault.forMs)
        return true
      case 'power-off':
        host.powered = false
        this.#end(host, 'power-off')
        this.#until(fault, () => {
          host.powered = true
          this.#restartAfter(host, 1)
        })
        return true
      case 'stop':
        this.#stop(host, fault.lingerMs, fault.forMs)
        return true
      case 'socket':
        // The engine closes its sockets itself: it has to run for that.
        if (!process.running || process.socketOpen[fault.link] !== true) return false
        this.#closeSocket(process, fault.link)
        this.#until(fault, () => {
          if (host.process === process) this.#openSocket(process, fault.link)
        })
        return true
      case 'command': {
        const id = ++this.#commands
        for (const watcher of this.#watchers) watcher.onCommand?.(process, id, fault.designate, fault.force)
        process.deliver({ kind: 'command', id, designate: fault.designate, force: fault.force })
        return true
      }
      case 'fitness':
        process.deliver({ kind: 'fitness', value: fault.value })
        return true
      case 'flows-hash':
        process.deliver({ kind: 'flows', hash: fault.hash })
        return true
      case 'replay':
        return this.#replay(host, process, fault)
      case 'junk':
        this.#junk(process, fault.count)
        return true
      case 'store-foreign':
        host.disk.record = recordOf('00000000000000ff', (host.disk.record?.epoch ?? 0) + 7, 1)
        host.restoredDue = true
        process.foreign = true
        process.deliver({ kind: 'foreignRecord' })
        return true
      case 'clock-jump':
        // Back, it hides what the host has slept: that is for those who sleep only.
        if (host.suspends > 0 || (fault.byMs < 0 && !process.running)) return false
        if (fault.byMs > 0) process.wallJumped(fault.byMs)
        return true
      case 'second-peer':
        return this.#startSecond(host, process, fault)
      case 'vm-restored':
        return this.#restoreMachine(host, process, fault)
      default:
        return false
    }
  }

  /** Another process of this side, with a clock, a disk and an address of its own. */
  #startSecond(host: Host, process: EngineProcess, fault: Fault & { readonly kind: 'second-peer' }): boolean {
    if (this.#second !== null) return false
    const name = `${host.settings.name}2`
    const clock = new LocalClock(this.#random.unit() * 1e6, 1)
    const disk = new Disk(this.timeline, new Random(this.plan.seed, `disk${STRANGER}/${this.#seconds}`))
    if (fault.cloned) disk.record = host.disk.record
    const second = newHost(host.index, STRANGER, clock, disk, { ...process.settings, name })
    second.incarnations = SECOND_FROM + this.#seconds++
    second.startDue = true
    this.#second = second
    this.#start(second)
    this.#until(fault, () => {
      this.#end(second, 'crash')
      if (this.#second === second) this.#second = null
    })
    return true
  }

  /** The machine as it was, with the clock and the disk of that time. */
  #restoreMachine(host: Host, process: EngineProcess, fault: Fault & { readonly kind: 'vm-restored' }): boolean {
    const thenMs = this.localMs(host.index) - fault.agoMs
    const past = process.log?.filter(({ localMs }) => localMs <= thenMs) ?? []
    if (past.length === 0 || !process.running || process.log?.length === past.length) return false
    const machine = this.#newMachine(host, process.seededBy)
    if (machine === null) return false
    this.#end(host, 'power-off')
    host.disk.restoreTo(this.timeline.nowMs - fault.agoMs)
    host.restoredDue = true
    host.clock.set(this.timeline.nowMs, thenMs)
    const restored = this.#newProcess(host, ++host.incarnations, machine)
    if (restored === null) return false
    host.process = restored
    restored.seededBy = process.seededBy
    host.disk.confirmed = restored.resume(past, process)
    // What its predecessor was told after that, it was not.
    host.goodbyeSaid = past.some(({ input }) => input.kind === 'goodbye')
    this.#unguarded[host.index] = 'machine'
    const knewEpoch = this.truth.knewAt(host.index, this.timeline.nowMs - fault.agoMs)
    this.#introduce(host, restored, false, Math.min(restored.view.epoch, knewEpoch))
    this.copies?.started(restored)
    if (!fault.unseen) restored.wallJumped(fault.agoMs)
    // What was about to open then opens now.
    restored.socketOpen.forEach((open, link) => {
      if (!open)
        this.timeline.after(1, () => (host.process === restored ? this.#openSocket(restored, link) : undefined))
    })
    this.#reviewLinks()
    this.#moment()
    return true
  }

  #suspend(host: Host, fault: Fault & { readonly forMs: number }): void {
    const process = host.process
    const beganMs = this.timeline.nowMs
    if (host.suspends++ === 0) host.clock.freeze(beganMs)
    process?.suspend()
    this.#reviewLinks()
    this.#until(fault, () => {
      if (--host.suspends === 0) host.clock.thaw(this.timeline.nowMs)
      this.#reviewLinks()
      process?.wake(this.timeline.nowMs - beganMs)
      if (host.suspends === 0 && host.startDue) this.#start(host)
    })
  }

  #stop(host: Host, lingerMs: number, downMs: number): void {
    const process = host.process
    if (process === null) return
    process.deliver({ kind: 'goodbye', reason: 'shutdown' })
    this.timeline.after(lingerMs, () => {
      // Nor does one stay that was set back into its leave-taking.
      const leaves = host.process?.seededBy === process.seededBy && host.goodbyeSaid
      if (host.process !== process && !leaves) return
      this.copies?.stopped(host.index)
      this.#end(host, 'stop')
      this.#restartAfter(host, downMs)
    })
  }

  #replay(host: Host, process: EngineProcess, fault: Fault & { readonly kind: 'replay' }): boolean {
    const chosen = this.#attacker.choose(host.index, fault.count, fault.age, process.incarnation)
    chosen.forEach(({ bytes, facts }, i) => {
      this.timeline.after((fault.overMs * i) / chosen.length, () =>
        this.#arrive(host.index, facts.link, bytes, { ...facts, replayed: true }, this.#falseSource(facts.link))
      )
    })
    return chosen.length > 0
  }

  /** What an attacker sends comes from his own address, or seems to come from one of the pair's. */
  #falseSource(link: number): Endpoint {
    const own = { address: '203.0.113.66', port: 6666 }
    return this.#random.chance(0.5) ? own : (this.places.source(this.#random.pick(HOSTS), link) ?? own)
  }

  /** An attacker that never rests, not even in the quiet. */
  #attackOn(everyMs: number): void {
    for (const host of this.#hosts) {
      const process = host.process
      if (process === null) continue
      for (const { bytes, facts } of this.#attacker.choose(host.index, 1, 'any', process.incarnation))
        // What the last cut holds back is not for the attacker to deliver: that would be a link of its own.
        if (facts.sentAtMs < this.plan.finaleAtMs)
          this.#arrive(host.index, facts.link, bytes, { ...facts, replayed: true }, this.#falseSource(facts.link))
    }
    this.timeline.after(everyMs * (0.5 + this.#random.unit()), () => this.#attackOn(everyMs))
  }

  /** Random bytes, and frames of the right length that carry no seal of ours. */
  #junk(process: EngineProcess, count: number): void {
    for (let i = 0; i < count; i++) {
      const length = this.#random.pick([0, 1, 5, SEALED_BYTES, EXTENDED_BYTES, EXTENDED_BYTES, EXTENDED_BYTES + 1])
      const bytes = new Uint8Array(length)
      for (let at = 0; at < length; at++) bytes[at] = at === 0 ? 0xff : this.#random.int(256)
      decodeExtended(bytes)
      process.deliver(null)
    }
  }

  // --- quiet and finale --------------------------------------------------------------------------------------------

  #quiet(): void {
    this.network.calmAll()
    for (const host of this.#hosts) {
      host.powered = true
      if (host.index === this.plan.absent) continue
      if (host.process === null) {
        host.startDue = true
        this.#start(host)
      } else {
        host.process.deliver({ kind: 'fitness', value: 255 })
      }
    }
    // What was unplugged is plugged in at this very instant.
    this.timeline.after(1, () => {
      for (const host of HOSTS) for (let link = 0; link < this.network.links; link++) this.places.rename(host, link)
      this.#reviewLinks()
    })
    this.#reviewLinks()
    for (const watcher of this.#watchers) watcher.onQuiet?.()
    this.#look()
  }

  /** Gates also close by themselves: from the quiet on somebody looks all the time. */
  #look(): void {
    this.#moment()
    const everyMs = Math.min(...this.plan.sides.map((side) => side.settings.heartbeatMs)) / 2
    this.timeline.after(everyMs, () => this.#look())
  }

  /** For good. */
  powerOff(index: HostIndex): void {
    const host = this.#hosts[index]
    host.powered = false
    this.#end(host, 'power-off')
  }

  #finale(): void {
    const active = HOSTS.find((host) => this.gateOpen(host))
    for (const watcher of this.#watchers) watcher.onFinale?.()
    if (active === undefined) return
    const standby = other(active)
    const atMs = this.timeline.nowMs
    const { finale, endMs } = this.plan
    const downMs = endMs - atMs + 1
    const act = (fault: Fault): void => this.#begin(fault)
    const brief = this.plan.returnsAfterMs
    const fin = this.#random.unit() * KERNEL_MS_MAX
    switch (finale) {
      case 'none':
        return
      case 'swap':
        return act({ kind: 'command', atMs, host: this.#random.pick(HOSTS), designate: 'swap', force: false })
      case 'crash-active':
        return act({ kind: 'crash', atMs, forMs: downMs, host: active, fin })
      case 'crash-standby':
        return act({ kind: 'crash', atMs, forMs: downMs, host: standby, fin })
      case 'restart-active':
        return act({ kind: 'crash', atMs, forMs: brief, host: active, fin })
      case 'restart-standby':
        return act({ kind: 'crash', atMs, forMs: brief, host: standby, fin })
      case 'power-cut':
      case 'power-cut-one': {
        for (const host of HOSTS) this.powerOff(host)
        const back = finale === 'power-cut' ? HOSTS : [this.plan.returns]
        for (const host of back) {
          if (host === this.plan.absent) continue
          this.#hosts[host].powered = true
          this.#restartAfter(this.#hosts[host], brief)
        }
        return
      }
      case 'clock-jump':
        return act({ kind: 'clock-jump', atMs, host: this.#random.pick(HOSTS), byMs: this.#random.pick(JUMPS_MS) })
      case 'stop-active':
        return act({ kind: 'stop', atMs, forMs: downMs, host: active, lingerMs: 300 })
      case 'power-off-active':
        return this.powerOff(active)
      case 'power-off-standby':
        return this.powerOff(standby)
      case 'cut':
        for (let link = 0; link < this.network.links; link++)
          for (const from of HOSTS) this.network.disturb(link, from, { cut: true })
        return this.#reviewLinks()
    }
  }
}

export function other(host: HostIndex): HostIndex {
  return host === 0 ? 1 : 0
}

function newHost(index: HostIndex, station: Station, clock: LocalClock, disk: Disk, settings: PairSettings): Host {
  return {
    index,
    station,
    clock,
    disk,
    settings,
    powered: true,
    suspends: 0,
    process: null,
    incarnations: 0,
    identity: 0,
    startDue: false,
    goodbyeSaid: false,
    restored: false,
    restoredDue: false
  }
}

function recordOf(nodeId: string, epoch: number, number: number): PairRecord {
  return {
    nodeId,
    epoch,
    reserved: 0,
    parity: null,
    promisedMs: 0,
    preferred: false,
    online: false,
    number,
    peerPolicy: null
  }
}

function changed(settings: PairSettings, change: SettingsChange): PairSettings {
  return { ...settings, ...change }
}
