/**
 * The gate `resume`: both hosts receive the same numbered messages; the gate that is open lets them through and tells the other one which, and
 * that one holds the rest, to go on with them when it opens. Messages enter in `input`; they pass in `#pass` and nowhere else.
 *
 *     input ─▶ number, topic, series ─▶ passed on either host? ─ yes ─▶ second output (open) or end (closed)
 *                                            │ no
 *                                            ├─ open, nothing waits ─▶ pass ─────▶ remembered, told to the peer
 *                                            ├─ open, some wait, or
 *                                            │  too many are untold ─▶ held ─▶ one in each turn, by number ─▶ pass
 *                                            └─ closed ──────────────▶ held ◀── told by the peer: it ends
 *
 * Clock, carrier, role and the ways out are passed in.
 */
import type { Carrier, CarrierLink, CarrierUser } from '../../channel/carrier'
import type { ResumeSettings } from '../../../rules/resume'
import type { GateDecision } from '../../pair'
import { Later, type Loop } from '../../loop'
import type { Done, GateMessage, Send } from '../gate'
import { decode, type Section } from './body'
import { HeldMessages, type HeldMessage } from './held'
import { keyOf } from './key'
import { Lag } from './lag'
import { Numbers, NUMBER_MAX, type Series, type Topic } from './numbers'
import { Teller } from './teller'

/** What a message cannot be used for. */
export type UnusableCode = 'bad-number' | 'bad-series' | 'bad-topic'

export type ResumeWarning =
  /** So many held messages are too old, or too many: they will not pass. `joined`: the peer's gate could have told that they have. */
  | { readonly code: 'fell-out'; readonly count: number; readonly joined: boolean }
  /** For some time messages of this topic have left as passed or late, and none passed. */
  | { readonly code: 'sequence-stuck'; readonly topic: string }

export interface ResumeParts<M> {
  readonly clock: Loop
  /** Whether this side serves at this instant. Without a running pair: never. */
  decide(): GateDecision
  pairName(): string
  /** Not null: nothing will ever open this gate; every message is this error. */
  refuses(): Error | null
  numberOf(msg: M): unknown
  seriesOf(msg: M): unknown
  unusable(code: UnusableCode, value: unknown): Error
  /** A message that was held, or that passes it. */
  readonly send: Send<M>
  /** Sending this message, which nobody waits for, has failed. */
  failed(error: Error, msg: M): void
  refresh(): void
  warn(warning: ResumeWarning): void
}

/** What a gate leaves to the one that a deploy builds after it. */
export interface ResumeState<M> {
  readonly settings: ResumeSettings
  readonly numbers: Numbers
  readonly held: HeldMessages<M>
  readonly lag: Lag
  readonly opening: Opening
  readonly handover: Handover
  readonly fallen: Fallen
}

interface Opening {
  /** Of the latest time that this gate was open. */
  epoch: number | null
  /** It has been shut since: the other side may have served. An Active may take a newer epoch and go on. */
  shut: boolean
  /** Of what passed on either host until then, this one may not have been told. */
  untoldUntilMs: number
  /** So what came here until then may have passed: it comes later to this host than to the other one. */
  unsureUntilMs: number
}

interface Handover {
  /** The peer has told everything, and its gate is shut: true until this instant. */
  allToldUntilMs: number
}

/** What fell out. */
interface Fallen {
  /** Nobody was warned of these yet. */
  untold: number
  warnedAtMs: number
}

const WARN_EVERY_MS = 60_000
const STUCK_AFTER_MS = 5000
/** A gate that holds messages, or whose badge is behind, looks again: freshness and leases change without an event. */
const LOOK_AGAIN_MS = 250
/** Beyond the lag: the two hosts may drift apart by so much before anybody has seen it. */
const UNSURE_MS = 1000
/** A peer that told everything and then parted has left, and lets nothing through; but not for ever. */
const LEFT_MS = 5000

export class ResumeGate<M extends GateMessage> implements CarrierUser {
  readonly kind = 'gate'
  readonly knowsAtOnce = true
  readonly id: string
  readonly terms: CarrierUser['terms']
  readonly #settings: ResumeSettings
  readonly #parts: ResumeParts<M>
  readonly #numbers: Numbers
  readonly #held: HeldMessages<M>
  readonly #lag: Lag
  readonly #teller: Teller
  readonly #opening: Opening
  readonly #handover: Handover
  readonly #fallen: Fallen
  readonly #nextTurn: Later
  readonly #lookAgain: Later
  #detach: () => void = () => {}
  /** What was taken over waits until its receivers are built. */
  #mayRelease: boolean
  #shownOpen = false
  #ended = false

  /** `takenOver`: what `close` of the gate before the deploy returned. */
  constructor(
    id: string,
    settings: ResumeSettings,
    takenOver: ResumeState<M> | null,
    parts: ResumeParts<M>,
    topicsMax?: number
  ) {
    this.id = id
    this.terms = { ...settings }
    this.#settings = settings
    this.#parts = parts
    const { clock } = parts
    const before = takenOver !== null && countsTheSame(takenOver.settings, settings) ? takenOver : null
    this.#held = before?.held ?? new HeldMessages()
    this.#held.letGoOfCallers()
    this.#numbers = before?.numbers ?? new Numbers(topicsMax)
    this.#numbers.setLimits(settings.keep, settings.keepForMs)
    this.#numbers.onForget = this.#onForget
    this.#lag = before?.lag ?? new Lag()
    this.#lag.forgetAfterMs = settings.keepForMs
    this.#opening = before?.opening ?? { epoch: null, shut: true, untoldUntilMs: -Infinity, unsureUntilMs: -Infinity }
    this.#handover = before?.handover ?? { allToldUntilMs: -Infinity }
    this.#fallen = before?.fallen ?? { untold: 0, warnedAtMs: -Infinity }
    this.#teller = new Teller(this.#numbers, clock, () => parts.decide().open, this.#releaseSoon)
    // The badge waits for the next look: it is not worth a delay of what passes.
    this.#nextTurn = new Later(
      (run) => clock.nextTurn(run),
      () => this.#release()
    )
    this.#lookAgain = new Later((run) => clock.after(LOOK_AGAIN_MS, run), this.#onLook)
    this.#mayRelease = before === null
  }

  /** From here on this gate and that of the peer tell each other. */
  attach(carrier: Carrier): void {
    this.#detach = carrier.attach(this)
  }

  /** How many messages wait. */
  get held(): number {
    return this.#held.size
  }

  input(msg: M, send: Send<M>, done: Done): void {
    const refused = this.#parts.refuses()
    if (refused !== null) return done(refused)
    const known = this.#identify(msg)
    if ('code' in known) return done(this.#parts.unusable(known.code, known.value))
    const { series, number } = known
    const nowMs = this.#parts.clock.nowMs()
    const decision = this.#decide(nowMs)
    if (!decision.open) this.#expire(nowMs)
    this.#lag.came(series, number, nowMs)
    if (this.#numbers.has(series, number)) {
      if (decision.open) this.#divert(msg, series.topic, { passed: true }, send, nowMs)
      return done()
    }
    // A copy of what waits already.
    if (this.#held.has(series, number)) return done()
    const message: HeldMessage<M> = { msg, series, number, atMs: nowMs, done }
    if (decision.open && this.held === 0 && this.#teller.hasRoom(0)) return this.#pass(message, decision, send)
    this.#held.put(message)
    if (decision.open) this.#release()
    if (this.held > this.#settings.keep) this.#fallOut(this.#held.takeOldest())
    if (this.held > 0) this.#lookSoon()
  }

  /** This side is not Active any more, or was not for a moment. */
  roleLost(): void {
    this.#opening.shut = true
  }

  /** The role or the state of the pair changed. */
  statusChanged(): void {
    this.#decide(this.#parts.clock.nowMs())
    this.#releaseSoon()
  }

  /** The flows around this gate are built. */
  flowsStarted(): void {
    this.#mayRelease = true
    this.#release()
    this.#parts.refresh()
    if (this.held + this.#fallen.untold > 0) this.#lookSoon()
  }

  /** What the badge shows by now. */
  badgeShows(open: boolean): void {
    this.#shownOpen = open
  }

  /** Nothing passes from here on that waited. Returns what the gate after this one goes on with; `removed`: there is none. */
  close(removed: boolean): ResumeState<M> | null {
    this.#ended = true
    for (const timer of [this.#nextTurn, this.#lookAgain]) timer.stop()
    this.#teller.end()
    this.#detach()
    this.#numbers.onForget = null
    if (removed) {
      for (let held = this.#held.takeOldest(); held !== null; held = this.#held.takeOldest()) held.done?.()
      return null
    }
    return {
      settings: this.#settings,
      numbers: this.#numbers,
      held: this.#held,
      lag: this.#lag,
      opening: this.#opening,
      handover: this.#handover,
      fallen: this.#fallen
    }
  }

  // --- The peer's gate ---

  joined(link: CarrierLink): void {
    this.#handover.allToldUntilMs = -Infinity
    this.#teller.joined(link)
  }

  parted(): void {
    this.#teller.parted()
    const leftMs = this.#parts.clock.nowMs() + LEFT_MS
    this.#handover.allToldUntilMs = Math.min(this.#handover.allToldUntilMs, leftMs)
  }

  drained(): void {
    this.#teller.drained()
  }

  flush(): void {
    const told = this.#teller.flush(Math.floor(this.#parts.clock.nowMs() - this.#opening.untoldUntilMs))
    // What the peer told before this side served is of an earlier time.
    if (told) this.#handover.allToldUntilMs = -Infinity
  }

  received(body: Uint8Array): void {
    const { allTold, again, sections } = decode(body)
    const nowMs = this.#parts.clock.nowMs()
    const { open } = this.#decide(nowMs)
    for (const section of sections) this.#told(section, !open, again, nowMs)
    this.#handover.allToldUntilMs = allTold === null ? -Infinity : Infinity
    if (allTold === null) return
    this.#untoldUntil(nowMs - allTold.untoldAgoMs)
    this.#teller.peerToldAll()
  }

  /** `follow`: this side does not serve; what the other one says of the order of series counts. */
  #told({ topic, series: key, highest, chunks }: Section, follow: boolean, again: boolean, nowMs: number): void {
    const series = this.#numbers.seriesOf(topic, key, highest, nowMs)
    for (const { index, mask } of chunks) {
      for (const number of this.#numbers.told(series, index, mask, follow)) {
        const held = this.#held.take(series, number)
        held?.done?.()
        // What passed long ago says nothing about how much later things come.
        if (again) continue
        if (held === null) this.#lag.told(series, number, nowMs)
        else this.#lag.wasHere()
      }
    }
  }

  // --- Passing ---

  /** The decision of this instant, and what follows from it if the gate has opened since the one before. */
  #decide(nowMs: number): GateDecision {
    const decision = this.#parts.decide()
    if (decision.open !== this.#shownOpen) this.#lookSoon()
    const opening = this.#opening
    if (decision.open && decision.epoch !== opening.epoch) {
      const isSure = !opening.shut || nowMs < this.#handover.allToldUntilMs
      if (!isSure) this.#untoldUntil(nowMs)
      opening.epoch = decision.epoch
      this.#handover.allToldUntilMs = -Infinity
    }
    // What an open gate holds has its turn soon, and does not grow too old for it.
    if (decision.open && opening.shut) this.#expire(nowMs)
    opening.shut = !decision.open
    return decision
  }

  #untoldUntil(untilMs: number): void {
    const opening = this.#opening
    opening.untoldUntilMs = Math.max(opening.untoldUntilMs, untilMs)
    opening.unsureUntilMs = Math.max(opening.unsureUntilMs, untilMs + UNSURE_MS + this.#lag.longestMs)
  }

  #pass({ msg, series, number, atMs, done }: HeldMessage<M>, { epoch }: GateDecision, send: Send<M>): void {
    const { topic } = series
    const isLate = this.#settings.order === 'rising' && (series.past || number <= series.highest)
    const isUnsure = atMs <= this.#opening.unsureUntilMs || this.#numbers.isBeyondMemory(series, number)
    // Remembered first: whatever the flow behind does with it, it is not let through again. A late one is dealt with too.
    this.#numbers.pass(series, number, this.#parts.clock.nowMs())
    this.#teller.passed()
    if (!isLate) {
      topic.stuckSinceMs = null
      topic.stuckTold = false
    }
    try {
      if (isLate) this.#divert(msg, topic, { late: true }, send, this.#parts.clock.nowMs())
      else {
        msg.pair = { name: this.#parts.pairName(), epoch, ...(isUnsure ? { unsure: true } : {}) }
        send(msg)
      }
      done?.()
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      if (done === null) this.#parts.failed(error, msg)
      else done(error)
    }
  }

  /**
   * The next one goes, decided at the instant of its release; the others follow, one in a turn of the event loop, or when there is room for
   * one that is untold. Nothing falls out of an open gate for that.
   */
  #release(): void {
    if (!this.#mayRelease || this.held === 0) return
    const decision = this.#decide(this.#parts.clock.nowMs())
    if (!decision.open || (this.held <= this.#settings.keep && !this.#teller.hasRoom(this.held))) return
    const next = this.#held.takeNext()
    if (next === null) return
    if (this.held > 0) this.#nextTurn.start()
    this.#pass(next, decision, this.#parts.send)
  }

  readonly #releaseSoon = (): void => {
    if (this.held > 0 && !this.#ended) this.#nextTurn.start()
  }

  // --- Not passing ---

  #expire(nowMs: number): void {
    const oldestMs = nowMs - this.#settings.keepForMs
    for (let old = this.#held.takeOlderThan(oldestMs); old !== null; old = this.#held.takeOlderThan(oldestMs)) {
      this.#fallOut(old)
    }
  }

  readonly #onForget = (series: Series): void => {
    for (const held of this.#held.takeSeries(series)) this.#fallOut(held)
  }

  #fallOut(held: HeldMessage<M> | null): void {
    if (held === null) return
    held.done?.()
    this.#fallen.untold++
    this.#lookSoon()
  }

  #divert(msg: M, topic: Topic, why: { passed: true } | { late: true }, send: Send<M>, nowMs: number): void {
    topic.stuckSinceMs ??= nowMs
    if (!topic.stuckTold && nowMs - topic.stuckSinceMs >= STUCK_AFTER_MS) {
      topic.stuckTold = true
      this.#parts.warn({ code: 'sequence-stuck', topic: topic.key === 'u' ? '' : topic.key.slice(1) })
    }
    msg.pair = { name: this.#parts.pairName(), epoch: this.#opening.epoch, ...why }
    send([null, msg])
  }

  #identify(
    msg: M
  ): { readonly series: Series; readonly number: number } | { readonly code: UnusableCode; readonly value: unknown } {
    const number = this.#parts.numberOf(msg)
    if (!isUsable(number)) return { code: 'bad-number', value: number }
    const topic = keyOf(msg.topic)
    if (topic === null) return { code: 'bad-topic', value: msg.topic }
    const value = this.#settings.series === '' ? undefined : this.#parts.seriesOf(msg)
    // A message that says no series where one is configured is of the series 'none', and not of no series.
    const key = this.#settings.series === '' ? null : keyOf(value)
    if (key === null && this.#settings.series !== '') return { code: 'bad-series', value }
    return { series: this.#numbers.seriesOf(topic, key, number, this.#parts.clock.nowMs()), number }
  }

  // --- Upkeep ---

  #lookSoon(): void {
    if (!this.#ended) this.#lookAgain.start()
  }

  readonly #onLook = (): void => {
    const nowMs = this.#parts.clock.nowMs()
    if (!this.#decide(nowMs).open) this.#expire(nowMs)
    this.#release()
    this.#parts.refresh()
    const fallen = this.#fallen
    if (fallen.untold > 0 && nowMs - fallen.warnedAtMs >= WARN_EVERY_MS) {
      fallen.warnedAtMs = nowMs
      this.#parts.warn({ code: 'fell-out', count: fallen.untold, joined: this.#teller.isJoined })
      fallen.untold = 0
    }
    if (this.held + fallen.untold > 0) this.#lookSoon()
  }
}

/** Whole, and not so large that two of them look the same. */
function isUsable(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= NUMBER_MAX
}

/** Where other numbers are counted, nothing that is remembered means anything. */
function countsTheSame(a: ResumeSettings, b: ResumeSettings): boolean {
  return a.sequence === b.sequence && a.series === b.series
}
