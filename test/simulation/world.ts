/** Two hosts, the network between them, what is done to them, and those who look on. One run of one plan. */
import { decodeExtended, encodeExtended, EXTENDED_BYTES, SEALED_BYTES, type Frame } from '../../src/protocol/frame'
import type { PairMachine, RandomInt } from '../../src/protocol/machine'
import type { PairSettings } from '../../src/protocol/settings'
import { Attacker } from './attacker'
import { LocalClock } from './clock'
import { Disk } from './disk'
import type { Fault, SettingsChange } from './faults'
import { Network, type HostIndex } from './network'
import type { Plan } from './plan'
import { EngineProcess, type FrameFacts, type Step } from './process'
import { Random } from './random'
import { Timeline } from './timeline'
import { Truth } from './truth'
import type { Ending, Scene, Violation, Watcher } from './watcher'

export type MachineFactory = (
  settings: PairSettings,
  context: { readonly randomInt: RandomInt; readonly keyed: boolean }
) => PairMachine

interface Host {
  readonly index: HostIndex
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
}

/** A side may take this long before it asks its store to keep what it has just heard. */
const STORE_DELAY_MS = 1

const HOSTS: readonly HostIndex[] = [0, 1]

export class World implements Scene {
  readonly timeline = new Timeline()
  readonly truth: Truth
  readonly plan: Plan
  readonly network: Network
  readonly violations: Violation[] = []
  cleanSinceMs = Infinity
  readonly #factory: MachineFactory
  readonly #watchers: Watcher[] = []
  readonly #hosts: readonly [Host, Host]
  readonly #attacker: Attacker
  readonly #random: Random
  /** What was learnt before this has been stored. */
  readonly #storedUntilMs: [number, number] = [-Infinity, -Infinity]
  #uid = 0
  #commands = 0

  constructor(plan: Plan, factory: MachineFactory) {
    this.plan = plan
    // A round trip within the shortest peerTimeout that any side ever has.
    this.truth = new Truth(0.45 * plan.timeoutMsMin)
    this.#factory = factory
    this.#random = new Random(plan.seed, 'world')
    this.network = new Network(this.timeline, new Random(plan.seed, 'network'), plan.links, plan.delayMs, plan.jitterMs)
    this.#attacker = new Attacker(new Random(plan.seed, 'attacker'))
    this.#hosts = HOSTS.map((index): Host => {
      const side = plan.sides[index]
      return {
        index,
        clock: new LocalClock(side.clockOffsetMs, side.clockRate),
        disk: new Disk(this.timeline, new Random(plan.seed, `disk${index}`)),
        settings: side.settings,
        powered: true,
        suspends: 0,
        process: null,
        incarnations: 0,
        identity: 0,
        startDue: false,
        goodbyeSaid: false
      }
    }) as [Host, Host]
    if (plan.cloned) {
      const record = {
        nodeId: '00000000000000aa',
        epoch: 0,
        reserved: 0,
        parity: null,
        promisedMs: 0,
        preferred: false,
        online: false,
        number: 1,
        peerPolicy: null
      }
      for (const host of this.#hosts) host.disk.record = record
    }
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
    this.violations.push({ checker, atMs: this.timeline.nowMs, message })
  }

  /** Runs the plan to its end, or to the first violation. */
  run(): void {
    const { plan, timeline } = this
    for (const host of this.#hosts) {
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
    const random = new Random(this.plan.seed, `process${host.index}/${incarnation}`)
    const storeLost = host.disk.record === null
    if (storeLost) host.identity++
    host.disk.confirmed = host.disk.record
    host.goodbyeSaid = false
    let machine: PairMachine
    try {
      machine = this.#factory(host.settings, { randomInt: (bound) => random.int(bound), keyed: true })
    } catch (error) {
      this.report('throws', String(error))
      return
    }
    const process = new EngineProcess(host.index, incarnation, host.settings, machine, {
      timeline: this.timeline,
      clock: host.clock,
      disk: host.disk,
      random,
      send: (from, link, frame) => this.#send(from, link, frame),
      stepped: (step) => this.#stepped(step),
      faulty: (rule, detail) => this.report(rule, `${host.settings.name}: ${detail}`)
    })
    host.process = process
    this.truth.started(host.index, storeLost, this.#storedUntilMs[host.index])
    for (const watcher of this.#watchers) watcher.onStart?.(process, storeLost)
    process.deliver({ kind: 'start', record: host.disk.record })
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

  #end(host: Host, how: Ending): void {
    const process = host.process
    if (process === null) return
    process.die()
    host.process = null
    host.disk.abandon()
    for (const watcher of this.#watchers) watcher.onEnd?.(process, how)
    this.#reviewLinks()
    this.#moment()
  }

  #restartAfter(host: Host, delayMs: number): void {
    host.startDue = true
    this.timeline.after(delayMs, () => this.#start(host))
  }

  #openSocket(process: EngineProcess, link: number): void {
    process.socketOpen[link] = true
    this.#reviewLinks()
    process.deliver({ kind: 'link', link, open: true, detail: '' })
  }

  #closeSocket(process: EngineProcess, link: number): void {
    process.socketOpen[link] = false
    this.#reviewLinks()
    process.deliver({ kind: 'link', link, open: false, detail: 'closed by the simulation' })
  }

  // --- frames ------------------------------------------------------------------------------------------------------

  #send(process: EngineProcess, link: number, frame: Frame): void {
    if (process.socketOpen[link] !== true) return
    const from = process.host
    const to = other(from)
    const bytes = new Uint8Array(EXTENDED_BYTES)
    encodeExtended(frame, bytes)
    const side = this.truth.side(from)
    const facts: FrameFacts = {
      uid: ++this.#uid,
      from,
      link,
      senderIncarnation: process.incarnation,
      receiverIncarnation: this.#hosts[to].process?.incarnation ?? 0,
      hops: side.hops,
      knownEpoch: side.knownEpoch,
      sentAtMs: this.timeline.nowMs,
      frame,
      replayed: false
    }
    this.#attacker.record({ bytes, facts })
    this.network.carry(link, from, () => this.#arrive(to, link, bytes, facts, process))
  }

  #arrive(to: HostIndex, link: number, bytes: Uint8Array, facts: FrameFacts, sender: EngineProcess | null): void {
    const host = this.#hosts[to]
    if (!host.powered || host.suspends > 0) return
    const process = host.process
    if (process === null || process.socketOpen[link] !== true) {
      if (sender !== null && !this.#random.chance(this.plan.refusalsLost))
        this.#refuse(to, link, sender, facts.sentAtMs)
      return
    }
    const decoded = decodeExtended(bytes)
    if (typeof decoded === 'string') this.report('bytes', `a frame does not survive its own encoding: ${decoded}`)
    else process.deliver({ kind: 'frame', link, frame: decoded }, facts)
    this.#moment()
  }

  /** Assumed, as the protocol does: the answer 'port unreachable' comes soon after what it answers, or not at all. */
  #refuse(from: HostIndex, link: number, sender: EngineProcess, answersMs: number): void {
    this.network.carry(link, from, () => {
      if (this.timeline.nowMs - answersMs > this.plan.refusalMsMax) return
      const host = this.#hosts[sender.host]
      if (host.suspends > 0 || host.process !== sender || sender.socketOpen[link] !== true) return
      sender.deliver({ kind: 'refused', link })
      this.#moment()
    })
  }

  #stepped(step: Step): void {
    const { facts } = step
    // What the attacker plays for the first time, to the run that it was meant for, is a late delivery.
    if (facts !== null) {
      const brother = this.#hosts[other(step.host)]
      this.truth.took(step, facts, brother.incarnations)
    }
    if (step.input.kind === 'goodbye') this.#hosts[step.host].goodbyeSaid = true
    for (const watcher of this.#watchers) watcher.onStep?.(step)
    const { before, after } = step
    const promoted = after.role === 'active' && (before.role !== 'active' || after.epoch > before.epoch)
    if (promoted) this.truth.promoted(step.host, after.epoch, step.atMs, this.isDurable(step.host, after.epoch))
    const wantsMore = step.outputs.some((output) => output.kind === 'store')
    if (!wantsMore && this.#hosts[step.host].disk.settled) this.#storedUntilMs[step.host] = step.atMs - STORE_DELAY_MS
    if (after.serving && !before.serving) this.#moment()
  }

  #moment(): void {
    for (const watcher of this.#watchers) watcher.onMoment?.()
  }

  /** Keeps `cleanSinceMs` up to date. */
  #reviewLinks(): void {
    let clean = false
    for (let link = 0; link < this.network.links; link++) {
      if (!this.network.isClean(link)) continue
      if (this.#hosts.every((host) => host.process?.socketOpen[link] === true && host.suspends === 0)) clean = true
    }
    if (!clean) this.cleanSinceMs = Infinity
    else if (this.cleanSinceMs === Infinity) this.cleanSinceMs = this.timeline.nowMs
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
      default:
        return this.#applyToProcess(fault)
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
        process.deliver({ kind: 'hostStalled', stalled: true })
        this.#until(fault, () => process.deliver({ kind: 'hostStalled', stalled: false }))
        return true
      case 'crash':
        this.#end(host, 'crash')
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
      default:
        return false
    }
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
      if (host.process !== process) return
      this.#end(host, 'stop')
      this.#restartAfter(host, downMs)
    })
  }

  #replay(host: Host, process: EngineProcess, fault: Fault & { readonly kind: 'replay' }): boolean {
    const chosen = this.#attacker.choose(host.index, fault.count, fault.age, process.incarnation)
    chosen.forEach(({ bytes, facts }, i) => {
      this.timeline.after((fault.overMs * i) / chosen.length, () =>
        this.#arrive(host.index, facts.link, bytes, { ...facts, replayed: true }, null)
      )
    })
    return chosen.length > 0
  }

  /** An attacker that never rests, not even in the quiet. */
  #attackOn(everyMs: number): void {
    for (const host of this.#hosts) {
      const process = host.process
      if (process === null) continue
      for (const { bytes, facts } of this.#attacker.choose(host.index, 1, 'any', process.incarnation))
        // What the last cut holds back is not for the attacker to deliver: that would be a link of its own.
        if (facts.sentAtMs < this.plan.finaleAtMs)
          this.#arrive(host.index, facts.link, bytes, { ...facts, replayed: true }, null)
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
      if (host.process === null) {
        host.startDue = true
        this.#start(host)
      } else {
        host.process.deliver({ kind: 'fitness', value: 255 })
        host.process.deliver({ kind: 'hostStalled', stalled: false })
      }
    }
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
    const brief = this.#random.between(0.02, 0.3) * this.plan.sides[0].settings.peerTimeoutMs
    switch (finale) {
      case 'none':
        return
      case 'swap':
        return act({ kind: 'command', atMs, host: this.#random.pick(HOSTS), designate: 'swap', force: false })
      case 'crash-active':
        return act({ kind: 'crash', atMs, forMs: downMs, host: active })
      case 'crash-standby':
        return act({ kind: 'crash', atMs, forMs: downMs, host: standby })
      case 'restart-active':
        return act({ kind: 'crash', atMs, forMs: brief, host: active })
      case 'restart-standby':
        return act({ kind: 'crash', atMs, forMs: brief, host: standby })
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

function changed(settings: PairSettings, change: SettingsChange): PairSettings {
  return { ...settings, ...change }
}
