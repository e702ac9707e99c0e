/**
 * One run of the program on one host: the machine with a simulated engine around it. The engine's duties are those of the
 * real one: frames as they arrive, everything that waits before a tick, a tick once the local clock has passed the
 * deadline, records written one after the other, the gate's view brought up to date at every wake-up.
 */
import type { Frame } from '../../src/protocol/frame'
import type { Input, MachineView, Output, PairMachine } from '../../src/protocol/machine'
import type { PairSettings } from '../../src/protocol/settings'
import type { LocalClock } from './clock'
import type { Disk } from './disk'
import type { HostIndex } from './network'
import type { Random } from './random'
import type { Timeline } from './timeline'

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
  /** The run of the brother's program that was alive when this was sent. */
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
  send(process: EngineProcess, link: number, frame: Frame): void
  stepped(step: Step): void
  /** A broken rule of the machine's own interface. */
  faulty(rule: string, detail: string): void
}

interface Waiting {
  /** Null: a datagram that is no frame; the engine drops it by itself. */
  readonly input: Input | null
  readonly facts: FrameFacts | null
}

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
  /** As its own frames say; null = has not sent any. */
  session: bigint | null = null
  /** Since when both threads and the host run, in true time. */
  runningSinceMs: number
  readonly socketOpen: boolean[]
  readonly #machine: PairMachine
  readonly #around: Surroundings
  /** The host slept and the engine has not run since. */
  #sleptUnseen = false
  #stalls = 0
  #stops = 0
  #suspends = 0
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
    this.startedAtMs = around.timeline.nowMs
    this.runningSinceMs = this.startedAtMs
    this.socketOpen = settings.links.map(() => false)
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
  deliver(input: Input | null, facts: FrameFacts | null = null): boolean {
    if (!this.alive) return false
    if (input === null || input.kind === 'frame') {
      if (this.#framesWaiting >= SOCKET_FRAMES_MAX) return false
      this.#framesWaiting++
    }
    // A socket keeps one error.
    if (
      input?.kind === 'refused' &&
      this.#inbox.some((w) => w.input?.kind === 'refused' && w.input.link === input.link)
    )
      return true
    this.#inbox.push({ input, facts })
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
    this.#inbox.unshift({ input: { kind: 'suspended', ms: suspendedMs }, facts: null })
    this.#resumed()
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
      if (waiting.input !== null) this.#step(waiting.input, waiting.facts)
      if (!this.alive) return
    }
    let ticks = 0
    while (this.alive && this.#localMs >= this.#machine.deadlineMs()) {
      this.#step({ kind: 'tick' }, null)
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
      if (random.chance(0.005)) this.#step({ kind: 'tick' }, null)
      this.#work()
    })
  }

  #step(input: Input, facts: FrameFacts | null): void {
    const localMs = this.#localMs
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
    for (const output of outputs) {
      if (output.kind === 'send') this.session ??= output.frame.trailer?.session ?? null
      if (output.kind === 'send') this.#around.send(this, output.link, output.frame)
      else if (output.kind === 'store') {
        const { ticket, record } = output
        this.#around.disk.write(record, (ok) => this.deliver({ kind: 'stored', ticket, ok }))
      }
    }
  }
}
