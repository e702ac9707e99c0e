/**
 * The engine: all pairs of the process, one clock, one timer. A wake-up is anything that comes from outside (a datagram, a
 * message of the host, the timer, a finished lookup or write). What it brings is stepped at once; deadlines are
 * judged once per round of the event loop, after the sockets were drained:
 *
 *     timer, messages ──▶ sockets (steps, answers) ──▶ settle: deadlines, news to the host, the engine's tick, the timer
 *
 * The tick promises that no pair's cell is older than it: it never passes a deadline that has not been judged.
 */
import { WorkQueue } from './work-queue'
import { EngineCell } from './cells'
import { SuspendWatch, systemClock, type Clock } from './clock'
import { Deadlines } from './deadlines'
import type { EngineOptions, FromEngine, ToEngine } from './messages'
import { PairRuntime, type AddPair, type MachineFactory, type PairHost } from './pair-runtime'
import { Resolver } from './resolve'
import { Scratch } from './scratch'
import { Disk } from './store'

/** Pairs that are judged before the sockets are looked at again. */
const JUDGED_AT_ONCE = 256
/** Rounds that deadlines wait for sockets that still hold datagrams: 16 x 32 is more than a socket's default buffer. */
const DRAIN_ROUNDS_MAX = 16
/** A timer that has become early by this much is armed again: to be woken for nothing costs more. */
const REARM_MS = 5
/** Pairs that wait for the end of a round to tell the host what is new; more would outlive the engine's young generation. */
const TOUCHED_MAX = 64
/** Pairs whose stores are read at the same time. */
const STARTS_AT_ONCE = 8
const PACE_MS_MIN = 5
const PACE_MS_MAX = 1000

export interface EngineParts {
  readonly createMachine: MachineFactory
  readonly post: (message: FromEngine) => void
  readonly clock?: Clock
  readonly resolver?: Resolver
}

export class Engine implements PairHost {
  readonly clock: Clock
  readonly resolver: Resolver
  readonly createMachine: MachineFactory
  readonly disk = new Disk()
  readonly scratch = new Scratch()
  round = 0

  readonly #cell: EngineCell
  readonly #post: (message: FromEngine) => void
  readonly #watch: SuspendWatch
  readonly #pairs = new Map<number, PairRuntime>()
  readonly #deadlines = new Deadlines<PairRuntime>()
  readonly #starts = new WorkQueue(STARTS_AT_ONCE)
  #touched: PairRuntime[] = []
  #settling = false
  #unread = false
  #drainRounds = 0
  #timer: NodeJS.Timeout | null = null
  #timerAtMs = Infinity

  /** The main loop's counter when it moved last, and for how long the engine has watched it stand still. */
  #beat = 0n
  #silentMs = 0
  #settledAtMs: number
  #paceIsOld = false
  #paceMs = PACE_MS_MAX
  #stallLimitMs = Infinity
  #hostStalled = false

  constructor(options: EngineOptions, parts: EngineParts) {
    this.#cell = new EngineCell(options.engineCell)
    this.#post = parts.post
    this.createMachine = parts.createMachine
    this.clock = parts.clock ?? systemClock()
    this.resolver = parts.resolver ?? new Resolver()
    this.#watch = new SuspendWatch(this.clock)
    this.#settledAtMs = this.clock.nowMs()
  }

  handle(message: ToEngine): void {
    this.wake()
    if (message.type === 'add') return this.#add(message)
    const pair = this.#pairs.get(message.pairId)
    if (pair === undefined) return this.#answerForNobody(message)
    switch (message.type) {
      case 'remove':
        return pair.leave(message.reason, message.requestId)
      case 'command':
        return pair.step({
          kind: 'command',
          id: message.requestId,
          designate: message.designate,
          force: message.force
        })
      case 'fitness':
        return pair.step({ kind: 'fitness', value: message.value })
      case 'flows':
        return pair.step({ kind: 'flows', hash: message.hash })
      case 'tether':
        return pair.step(message.news)
      case 'data':
        return pair.step({ kind: 'data', ...message.data })
      case 'barrierDone':
        return pair.step({ kind: 'barrierDone', id: message.id, ok: message.ok })
      case 'watchFrames':
        return pair.watchFrames(message.on)
      default:
        message satisfies never
    }
  }

  #add(message: AddPair): void {
    if (this.#pairs.has(message.pairId)) throw new Error(`pair ${message.pairId} exists`)
    const pair = new PairRuntime(this, message)
    this.#pairs.set(message.pairId, pair)
    this.#deadlines.set(pair, Infinity)
    this.setPace()
    this.#starts.enter(() => pair.start())
  }

  /** The pair has left in the meantime. */
  #answerForNobody(message: Exclude<ToEngine, AddPair>): void {
    if (message.type !== 'command' && message.type !== 'remove') return
    const { pairId, requestId } = message
    if (message.type === 'remove') this.#post({ type: 'removed', pairId, requestId })
    else this.#post({ type: 'reply', pairId, requestId, result: { ok: false, error: 'stopped', detail: '' } })
  }

  /** Closes all sockets before it returns. Nobody hears of it; the engine is of no use afterwards. */
  abandon(): void {
    for (const pair of [...this.#pairs.values()]) {
      pair.abandon()
      this.left(pair)
    }
  }

  // --- What pairs need ---

  wake(): number {
    const jumpedMs = this.#watch.jumpedMs()
    if (jumpedMs !== 0) for (const pair of this.#pairs.values()) pair.clockJumped(jumpedMs)
    if (!this.#settling) {
      this.#settling = true
      setImmediate(this.#settle)
    }
    return this.clock.nowMs()
  }

  moreToRead(): void {
    this.#unread = true
  }

  touch(pair: PairRuntime): void {
    if (pair.touched) return
    if (this.#touched.length === TOUCHED_MAX) this.#tellTouched()
    pair.touched = true
    this.#touched.push(pair)
  }

  post(message: FromEngine): void {
    this.#post(message)
  }

  left(pair: PairRuntime): void {
    if (!this.#pairs.delete(pair.pairId)) return
    this.#deadlines.remove(pair)
    this.setPace()
    this.#cell.countLeft()
  }

  setPace(): void {
    this.#paceIsOld = true
  }

  /** How often the engine wakes up though nothing is due, for the gates and to watch the main loop: found again when it is read. */
  #renewPace(): void {
    if (!this.#paceIsOld) return
    this.#paceIsOld = false
    let [paceMs, stallLimitMs] = [PACE_MS_MAX, Infinity]
    for (const pair of this.#pairs.values()) {
      const limitMs = pair.settings.stallLimitMs
      stallLimitMs = Math.min(stallLimitMs, limitMs)
      paceMs = Math.min(paceMs, Math.max(PACE_MS_MIN, limitMs / 4))
      const freshForMs = pair.freshForMs()
      if (freshForMs > 0) paceMs = Math.min(paceMs, Math.max(1, freshForMs / 2))
    }
    this.#paceMs = paceMs
    this.#stallLimitMs = stallLimitMs
  }

  // --- Rounds ---

  readonly #settle = (): void => {
    // Read first: should this thread be stopped in here, the tick tells the time before, not after.
    const [nowMs, wallMs] = [this.wake(), this.clock.wallMs()]
    this.round++
    const mustRead = this.#unread && this.#deadlines.earliestMs() <= nowMs && this.#drainRounds < DRAIN_ROUNDS_MAX
    this.#unread = false
    if (mustRead) {
      this.#drainRounds++
      setImmediate(this.#settle)
      return
    }
    this.#drainRounds = 0
    this.#judgeMainLoop(nowMs)
    const due = this.#deadlines.due(nowMs, JUDGED_AT_ONCE)
    for (const pair of due) pair.attend()
    this.#tellTouched()
    this.#writeTick(nowMs, wallMs)
    // Those that did not fit come right after the sockets had their turn.
    if (due.length === JUDGED_AT_ONCE) {
      setImmediate(this.#settle)
      return
    }
    this.#settling = false
    this.#setTimer(nowMs)
  }

  #tellTouched(): void {
    const touched = this.#touched
    this.#touched = []
    for (const pair of touched) {
      pair.touched = false
      pair.tell()
      if (this.#pairs.has(pair.pairId)) this.#deadlines.set(pair, pair.deadlineMs())
    }
  }

  #writeTick(nowMs: number, wallMs: number): void {
    const behindMs = nowMs - Math.min(nowMs, this.#deadlines.earliestMs())
    this.#cell.writeTick(BigInt(Math.floor((nowMs - behindMs) * 1000)), wallMs - behindMs)
  }

  /** The main loop counts; here it is watched. Time in which the engine itself did not run says nothing about it. */
  #judgeMainLoop(nowMs: number): void {
    this.#renewPace()
    const beat = this.#cell.readBeat()
    if (beat !== this.#beat || beat === 0n) this.#silentMs = 0
    else this.#silentMs += Math.min(nowMs - this.#settledAtMs, 2 * this.#paceMs)
    this.#beat = beat
    this.#settledAtMs = nowMs
    if (this.#silentMs <= this.#stallLimitMs && !this.#hostStalled) return
    this.#hostStalled = false
    for (const pair of this.#pairs.values()) {
      pair.judgeMainLoop(this.#silentMs)
      if (pair.hostStalled) this.#hostStalled = true
    }
  }

  /**
   * One timer for all, armed again when something is due earlier, or much later: each heartbeat that comes in time moves the next
   * one's deadline. Timers know whole ms: a sharp deadline is slept for up to its last ms, and that is spent in turns of the event loop.
   */
  #setTimer(nowMs: number): void {
    this.#renewPace()
    const dueMs = this.#deadlines.earliestMs()
    const atMs = this.#pairs.size === 0 ? Infinity : Math.min(dueMs, nowMs + this.#paceMs)
    const sharp = atMs === dueMs && this.#deadlines.first()?.sharp === true
    if (sharp && atMs - nowMs < 1) {
      this.#settling = true
      setImmediate(this.#settle)
      return
    }
    if (this.#timer !== null && this.#timerAtMs <= atMs && atMs < this.#timerAtMs + REARM_MS) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (atMs === Infinity) return
    this.#timerAtMs = atMs
    const restMs = atMs - nowMs
    this.#timer = setTimeout(this.#onTimer, Math.max(1, sharp ? Math.floor(restMs) : Math.ceil(restMs)))
  }

  readonly #onTimer = (): void => {
    this.#timer = null
    this.wake()
  }
}
