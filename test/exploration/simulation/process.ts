/**
 * One run of the program on one host: the machine with a simulated engine around it. The engine's duties are those of the
 * real one: frames as they arrive, everything that waits before a tick, a tick once the local clock has passed the
 * deadline, records written one after the other, the gate's view brought up to date at every wake-up.
 */
import type { Frame } from '../../../src/protocol/wire/frame'
import type { Input, MachineView, Output, PairMachine } from '../../../src/protocol/machine'
import { Paths } from '../../../src/protocol/wire/paths'
import type { PairRecord } from '../../../src/protocol/record'
import type { PairSettings } from '../../../src/protocol/settings'
import type { LocalClock } from './clock'
import type { Disk } from './disk'
import type { HostIndex } from '../../support/network'
import type { Endpoint } from '../../support/machine/places'
import type { Random } from '../../support/random'
import type { Timeline } from '../../support/timeline'

/** Datagrams that a socket keeps while nobody reads it. */
const SOCKET_FRAMES_MAX = 256
/** Ticks in a row, at one instant, after which the deadline counts as stuck. */
const TICKS_AT_ONCE_MAX = 8

/** What the world knows of a frame, beside its bytes. */
export interface FrameFacts {
  readonly uid: number
  readonly from: HostIndex
  readonly link: number
  readonly senderIncarnation: number
  /** The run of the peer's program that was alive when this was sent. */
  readonly receiverIncarnation: number
  /** Length of the chain of frames, each sent after the one before was taken in, between these two runs. */
  readonly hops: number
  /** Highest epoch that the sender can know of. */
  readonly knownEpoch: number
  readonly sentAtMs: number
  readonly frame: Frame
  /** Sent by the attacker. */
  readonly replayed: boolean
}

export interface Step {
  readonly host: HostIndex
  readonly process: EngineProcess
  readonly atMs: number
  readonly localMs: number
  readonly input: Input
  readonly facts: FrameFacts | null
  readonly before: MachineView
  readonly after: MachineView
  readonly outputs: readonly Output[]
  /** The machine's deadline had passed before this step. */
  readonly wasDue: boolean
}

export interface Surroundings {
  readonly timeline: Timeline
  readonly clock: LocalClock
  readonly disk: Disk
  readonly random: Random
  readonly keyed: boolean
  /** The addresses that the peer's name on this link stands for now. */
  lookup(link: number): readonly string[]
  /** False: nothing can be sent on this link. */
  send(process: EngineProcess, link: number, frame: Frame, to: readonly Endpoint[]): boolean
  stepped(step: Step): void
  /** A broken rule of the machine's own interface. */
  faulty(rule: string, detail: string): void
}

interface Waiting {
  /** Null: a datagram that is no frame; the engine drops it by itself. */
  readonly input: Input | null
  readonly facts: FrameFacts | null
  readonly source: Endpoint | null
}

/** What was put into a machine, and when: enough to make it once more. */
export type Log = { readonly localMs: number; readonly input: Input }[]

/** The names of a link that stays silent are looked up this often. */
const LOOKUP_EVERY_MS = 5000
const UNSENT_MS = 0.05

export class EngineProcess {
  readonly host: HostIndex
  readonly incarnation: number
  readonly settings: PairSettings
  readonly startedAtMs: number
  view: MachineView
  lastTickLocalMs: number
  /** Local time of the step before; for stalls as the machine can see them. */
  lastStepLocalMs: number
  alive = true
  /** What the store held at its start. */
  record: PairRecord | null = null
  /** It was not started: it is the copy of another one. */
  resumed = false
  /** It belongs to neither side. */
  isSecond = false
  /** The start whose chance its machine has. */
  seededBy = 0
  /** Another process wrote its record. */
  foreign = false
  /** The highest number that its frames had in the present session. */
  lastSentSeq = 0
  /** Since when both threads and the host run, in true time. */
  runningSinceMs: number
  readonly socketOpen: boolean[]
  readonly #machine: PairMachine
  readonly random: Random
  readonly #around: Surroundings
  readonly #paths: readonly Paths[]
  /** By link: what the peer's name stood for when it was looked up. */
  readonly lookedUp: string[] = []
  /** How often the peer was heard from another address. */
  addressChanges = 0
  /** By link: where what was taken in last came from. */
  readonly sources: (Endpoint | null)[]
  /** Null: nobody will want to go back. */
  log: Log | null = null
  /** The host slept and the engine has not run since. */
  #sleptUnseen = false
  #stalls = 0
  #stops = 0
  #suspends = 0
  #hangs = 0
  #inbox: Waiting[] = []
  #framesWaiting = 0
  #wakeAtMs = Infinity

  constructor(
    host: HostIndex,
    incarnation: number,
    settings: PairSettings,
    machine: PairMachine,
    around: Surroundings
  ) {
    this.host = host
    this.incarnation = incarnation
    this.settings = settings
    this.#machine = machine
    this.#around = around
    this.random = around.random
    this.startedAtMs = around.timeline.nowMs
    this.runningSinceMs = this.startedAtMs
    this.socketOpen = settings.links.map(() => false)
    const { heartbeatMs, peerTimeoutMs } = settings
    this.#paths = settings.links.map(
      (link) => new Paths({ keyed: around.keyed, port: link.peerPort, heartbeatMs, peerTimeoutMs })
    )
    this.sources = settings.links.map(() => null)
    settings.links.forEach((_, link) => this.#lookUp(link))
    this.lastTickLocalMs = this.#localMs
    this.lastStepLocalMs = this.#localMs
    this.view = machine.view()
  }

  /** The engine's thread runs. */
  get running(): boolean {
    return this.alive && this.#stalls === 0 && this.#stops === 0 && this.#suspends === 0
  }

  /** The flows' thread runs, so that a message can reach the gate. */
  get flowsRun(): boolean {
    return this.alive && this.#stops === 0 && this.#suspends === 0
  }

  /** The flows' thread gets to what waits for it. */
  get mainRuns(): boolean {
    return this.flowsRun && this.#hangs === 0
  }

  /**
   * What a gate would decide for a message at this instant. Assumed: it compares the wall clock's advance since the
   * engine's last sign of life with the monotonic one's, so that it sees a suspend before the engine does.
   */
  gateOpen(): boolean {
    const view = this.view
    if (!this.flowsRun || this.#sleptUnseen || !view.serving || view.role !== 'active') return false
    const localMs = this.#localMs
    return localMs < view.leaseUntilMs && localMs - this.lastTickLocalMs <= view.freshForMs
  }

  get #localMs(): number {
    return this.#around.clock.localMs(this.#around.timeline.nowMs)
  }

  /** False when the socket's buffer is full. */
  deliver(input: Input | null, facts: FrameFacts | null = null, source: Endpoint | null = null): boolean {
    if (!this.alive) return false
    if (input === null || input.kind === 'frame') {
      if (this.#framesWaiting >= SOCKET_FRAMES_MAX) return false
      this.#framesWaiting++
    }
    this.#inbox.push({ input, facts, source })
    if (this.running) this.#work()
    return true
  }

  /** The engine's thread does not run; the flows' thread does. */
  stall(): void {
    this.#stalls++
  }

  unstall(): void {
    this.#stalls--
    this.#resumed()
  }

  /** SIGSTOP. */
  stop(): void {
    this.#stops++
  }

  /** SIGCONT. */
  cont(): void {
    this.#stops--
    this.#resumed()
  }

  /** The host sleeps. */
  suspend(): void {
    this.#suspends++
  }

  /** The host is awake again: the first thing the engine learns. */
  wake(suspendedMs: number): void {
    this.#suspends--
    this.#sleptUnseen = true
    this.#inbox.unshift({ input: { kind: 'suspended', ms: suspendedMs }, facts: null, source: null })
    this.#resumed()
  }

  /** The flows' event loop hangs, or runs again; the engine is told. */
  hang(on: boolean): void {
    this.#hangs += on ? 1 : -1
    this.deliver({ kind: 'hostStalled', stalled: this.#hangs > 0 })
  }

  /** The wall clock was set forward: from here that looks like sleep. */
  wallJumped(ms: number): void {
    this.#sleptUnseen = true
    this.#inbox.unshift({ input: { kind: 'suspended', ms }, facts: null, source: null })
    if (this.running) this.#work()
  }

  /** What the engine would send a frame on this link to. */
  targets(link: number): readonly Endpoint[] {
    const targets = this.#paths[link]?.targets(this.#localMs) ?? []
    return targets.map(({ ip, port }) => ({ address: ip, port }))
  }

  openSocket(link: number): void {
    this.socketOpen[link] = true
    this.#paths[link]?.opened(this.#localMs)
  }

  /** Looks the peer's name up again where nothing is heard. Returns after how long to come back. */
  attendNames(): number {
    const now = this.#localMs
    let nextMs = now + LOOKUP_EVERY_MS
    this.#paths.forEach((paths, link) => {
      if (now >= paths.silentAtMs) this.#lookUp(link)
      else nextMs = Math.min(nextMs, paths.silentAtMs)
    })
    return nextMs - now + 1
  }

  #lookUp(link: number): void {
    const found = this.#around.lookup(link)
    this.lookedUp[link] = found[0] ?? ''
    this.#paths[link]?.resolved(this.#localMs, found)
  }

  /**
   * A machine that comes back as it was after these inputs, in the place of `original`. Returns what its disk had confirmed to
   * it by then.
   */
  resume(past: Log, original: EngineProcess): PairRecord | null {
    const waiting = new Map<number, PairRecord>()
    let confirmed = original.record
    for (const { localMs, input } of past) {
      if (input.kind === 'stored') {
        if (input.ok) confirmed = waiting.get(input.ticket) ?? confirmed
        waiting.delete(input.ticket)
      }
      for (const output of this.#machine.step(localMs, input)) {
        if (output.kind === 'send') this.lastSentSeq = seqOf(output.frame)
        if (output.kind === 'store') waiting.set(output.ticket, output.record)
      }
    }
    this.view = this.#machine.view()
    this.log = past
    this.record = original.record
    this.foreign = past.some(({ input }) => input.kind === 'foreignRecord')
    for (const { input } of past) if (input.kind === 'link') this.socketOpen[input.link] = input.open
    original.sources.forEach((source, link) => (this.sources[link] = source))
    for (const [ticket, record] of waiting) this.#write(ticket, record)
    this.resumed = true
    this.#rearm()
    return confirmed
  }

  die(): void {
    this.alive = false
    this.#inbox = []
  }

  #resumed(): void {
    if (!this.running) return
    this.runningSinceMs = this.#around.timeline.nowMs
    // The gate may be asked before the engine gets its first turn.
    const turn = this.#around.random.chance(0.5) ? 0 : this.#around.random.logBetween(0.01, 5)
    this.#wakeAtMs = Infinity
    if (turn === 0 || this.#inbox[0]?.input?.kind === 'suspended') this.#work()
    else
      this.#around.timeline.after(turn, () => {
        if (this.running) this.#work()
      })
  }

  #work(): void {
    for (;;) {
      const waiting = this.#inbox.shift()
      if (waiting === undefined) break
      if (waiting.input === null || waiting.input.kind === 'frame') this.#framesWaiting--
      if (waiting.input !== null) this.#step(waiting.input, waiting.facts, waiting.source)
      if (!this.alive) return
    }
    let ticks = 0
    while (this.alive && this.#localMs >= this.#machine.deadlineMs()) {
      this.#step({ kind: 'tick' }, null, null)
      if (++ticks > TICKS_AT_ONCE_MAX) {
        this.#around.faulty('deadline', `still due at ${this.#machine.deadlineMs()} after ${ticks} ticks`)
        break
      }
    }
    this.lastTickLocalMs = this.#localMs
    this.#sleptUnseen = false
    if (this.alive) this.#rearm()
  }

  #rearm(): void {
    const { timeline, clock, random } = this.#around
    const deadlineMs = this.#machine.deadlineMs()
    if (Number.isNaN(deadlineMs)) this.#around.faulty('deadline', 'not a number')
    const heartbeatMs = this.settings.heartbeatMs
    const lateMs = random.chance(0.01) ? random.unit() * Math.min(10, heartbeatMs / 5) : 0.05 + random.unit()
    const atMs = Math.min(clock.trueMs(deadlineMs) + lateMs, clock.trueMs(this.lastTickLocalMs + heartbeatMs / 2))
    // An earlier wake-up that is still coming arms the next one by itself.
    if (atMs >= this.#wakeAtMs || atMs === Infinity) return
    this.#wakeAtMs = atMs
    timeline.at(atMs, () => {
      if (this.#wakeAtMs !== atMs) return
      this.#wakeAtMs = Infinity
      if (!this.running) return
      // A step that is early or spurious has to be harmless.
      if (random.chance(0.005)) this.#step({ kind: 'tick' }, null, null)
      this.#work()
    })
  }

  #step(input: Input, facts: FrameFacts | null, source: Endpoint | null): void {
    // As the real engine: a pair without a key believes the configured host only.
    if (input.kind === 'frame' && source !== null && this.#paths[input.link]?.counts(source.address) !== true) return
    const localMs = this.#localMs
    this.log?.push({ localMs, input })
    const before = this.view
    const wasDue = this.#machine.deadlineMs() <= localMs
    let outputs: readonly Output[]
    try {
      outputs = this.#machine.step(localMs, input)
      this.view = this.#machine.view()
    } catch (error) {
      this.#around.faulty('throws', error instanceof Error ? (error.stack ?? error.message) : String(error))
      this.die()
      return
    }
    this.lastTickLocalMs = localMs
    const atMs = this.#around.timeline.nowMs
    // Judged before the frames leave: what they carry is what this step knew.
    this.#around.stepped({
      host: this.host,
      process: this,
      atMs,
      localMs,
      input,
      facts,
      before,
      after: this.view,
      outputs,
      wasDue
    })
    this.lastStepLocalMs = localMs
    const unsent = new Set<number>()
    for (const output of outputs) {
      if (output.kind === 'send') {
        this.lastSentSeq = Math.max(before.session === this.view.session ? this.lastSentSeq : 0, seqOf(output.frame))
        const answers = output.toSource && source !== null && this.#around.keyed
        const to = answers ? [source] : this.targets(output.link)
        if (!this.#around.send(this, output.link, output.frame, to)) unsent.add(output.link)
      } else if (output.kind === 'store') {
        this.#write(output.ticket, output.record)
      }
    }
    // Where the real engine does it too.
    if (input.kind === 'frame' && source !== null) this.#noteSource(input.link, input.frame, source, outputs)
    for (const link of unsent) {
      this.#around.timeline.after(UNSENT_MS, () => this.deliver({ kind: 'unsent', link }))
    }
  }

  #write(ticket: number, record: PairRecord): void {
    this.#around.disk.write(record, (ok) => this.deliver({ kind: 'stored', ticket, ok }))
  }

  /** A frame of the living session with a new number says where the peer is. */
  #noteSource(link: number, frame: Frame, source: Endpoint, outputs: readonly Output[]): void {
    const trailer = frame.trailer
    const paths = this.#paths[link]
    if (trailer === null || paths === undefined || trailer.session !== this.view.peerSession) return
    if (outputs.some((output) => output.kind === 'drop')) return
    const changed = paths.hear(this.#localMs, source.address, source.port, trailer) !== null
    if (changed) this.addressChanges++
    const { heard } = paths
    this.sources[link] = heard === null ? null : { address: heard.ip, port: heard.port }
  }
}

function seqOf(frame: Frame): number {
  return frame.trailer?.seq ?? 0
}
