/**
 * What `ha-pair-gate` does, without Node-RED: it decides on each message at that message's own instant, keeps what its mode keeps
 * while it is closed, and lets that go on once it is open. Messages enter in `input`; they pass in `#pass` and nowhere else.
 *
 *     input ──▶ decide ── open, nothing waits ──▶ pass
 *                  │ └─── open, some wait ──────▶ backlog, behind them ──▶ one in each turn ──▶ decide ──▶ pass
 *                  └───── closed ───────────────▶ second output, dropped or backlog, as the mode says
 *
 * The clock, the reader of the role cell, the ways out and the badge are passed in.
 */
import type { GateDecision } from '../pair'
import type { Backlog, Held } from './backlog'
import { Later, type Loop } from '../loop'
import { HeldLatest } from './held-latest'

export const WHEN_CLOSED = ['second-output', 'drop', 'hold-latest'] as const
/** What a closed gate does with a message. */
export type WhenClosed = (typeof WHEN_CLOSED)[number]

/** As much of a message as a gate looks at, and writes. */
export interface GateMessage {
  topic?: unknown
  pair?: unknown
}

/** To the first output, or past it to the second one. */
export type Send<M> = (outputs: M | [null, M]) => void
export type Done = (error?: Error) => void

export interface GateParts<M> {
  readonly clock: Loop
  /** Whether this side serves at this instant. Without a running pair: never. */
  decide(): GateDecision
  /** The pair's name, for `msg.pair`. */
  pairName(): string
  /** Not null: no pair will ever open this gate, and what would be held or dropped is this error instead. */
  noPair(): Error | null
  /** Sends what was held. A message that passes at its arrival goes the way that came with it. */
  readonly send: (msg: M) => void
  /** Draws the badge again; what it shows then comes back by `badgeShows`. */
  refresh(): void
  /** More topics than this wait, and the oldest message was dropped. At most once a minute. */
  warnOfOverflow(topicsMax: number): void
}

const HELD_TOPICS_MAX = 1000
const WARN_EVERY_MS = 60_000
/** What was held goes on this much after the role came: whatever comes through other gates in that moment is newer, and goes first. */
const RELEASE_AFTER_MS = 2
/** A gate that holds messages, or whose badge is behind, looks again: freshness and leases change without an event. */
const LOOK_AGAIN_MS = 250

export class Gate<M extends GateMessage> {
  readonly #whenClosed: WhenClosed
  /** Null: this mode holds nothing. */
  readonly #backlog: Backlog<M> | null
  readonly #topicsMax: number
  readonly #parts: GateParts<M>
  readonly #soon: Later
  readonly #nextTurn: Later
  readonly #lookAgain: Later
  /** What was taken over waits until its receivers are built. */
  #mayRelease: boolean
  #shownOpen = false
  #warnedAtMs = -Infinity
  #ended = false

  /** `takenOver`: what `close` of the gate before the deploy returned; a mode that holds nothing forgets it. */
  constructor(whenClosed: WhenClosed, takenOver: readonly M[], parts: GateParts<M>, topicsMax = HELD_TOPICS_MAX) {
    this.#whenClosed = whenClosed
    this.#backlog = whenClosed === 'hold-latest' ? new HeldLatest(topicsMax) : null
    this.#topicsMax = topicsMax
    this.#parts = parts
    const { clock } = parts
    this.#soon = new Later((run) => clock.after(RELEASE_AFTER_MS, run), this.#goOn)
    this.#nextTurn = new Later((run) => clock.nextTurn(run), this.#goOn)
    this.#lookAgain = new Later((run) => clock.after(LOOK_AGAIN_MS, run), this.#onLook)
    for (const msg of takenOver) this.#backlog?.put({ msg, done: null })
    this.#mayRelease = this.held === 0
  }

  /** How many messages wait. */
  get held(): number {
    return this.#backlog?.size ?? 0
  }

  input(msg: M, send: Send<M>, done: Done): void {
    let decision = this.#parts.decide()
    if (decision.open !== this.#shownOpen) this.#lookSoon()
    if (decision.open && this.held > 0) {
      this.#backlog?.takeSupersededBy(msg)?.done?.()
      if (this.#nextTurn.pending) this.#release()
      else this.#releaseSoon()
      // Behind those that still wait: the order is that of arrival. Once it has begun, one goes for each that comes, and one in each turn.
      if (this.held > 0) return this.#hold(msg, done)
      // The release took its time: this message has an instant of its own.
      decision = this.#parts.decide()
    }
    if (decision.open) this.#pass(msg, decision, send, done)
    else this.#turnAway(msg, send, done)
  }

  /** The role or the state of the pair changed. */
  statusChanged(): void {
    this.#releaseSoon()
  }

  /** The flows around this gate are built. */
  flowsStarted(): void {
    this.#mayRelease = true
    this.#release()
    this.#parts.refresh()
    if (this.held > 0) this.#lookSoon()
  }

  /** What the badge shows by now. */
  badgeShows(open: boolean): void {
    this.#shownOpen = open
  }

  /** Nothing passes from here on that waited. Returns what is left, in its order, for the gate after this one; `removed`: there is none. */
  close(removed: boolean): readonly M[] {
    this.#ended = true
    for (const timer of [this.#soon, this.#nextTurn, this.#lookAgain]) timer.stop()
    const left: M[] = []
    for (let held = this.#takeNext(); held !== null; held = this.#takeNext()) {
      if (removed) held.done?.()
      else left.push(held.msg)
    }
    return left
  }

  // --- Passing ---

  #pass(msg: M, { epoch }: GateDecision, send: (msg: M) => void, done: Done | null): void {
    msg.pair = { name: this.#parts.pairName(), epoch }
    send(msg)
    done?.()
  }

  /**
   * The next one goes, decided at the instant of its release; the others follow, one in a turn of the event loop, so that a
   * thousand of them do not keep the rest of the flow waiting.
   */
  #release(): void {
    if (!this.#mayRelease || this.held === 0) return
    const decision = this.#parts.decide()
    const next = decision.open ? this.#takeNext() : null
    if (next === null) return
    this.#pass(next.msg, decision, this.#parts.send, next.done)
    if (this.held > 0) this.#nextTurn.start()
  }

  #releaseSoon(): void {
    if (this.held > 0 && !this.#ended) this.#soon.start()
  }

  readonly #goOn = (): void => {
    this.#release()
    if (this.held === 0) this.#parts.refresh()
  }

  // --- Not passing ---

  #turnAway(msg: M, send: Send<M>, done: Done): void {
    if (this.#whenClosed === 'second-output') {
      send([null, msg])
      return done()
    }
    const error = this.#parts.noPair()
    if (error !== null) done(error)
    else if (this.#whenClosed === 'hold-latest') this.#hold(msg, done)
    else done()
  }

  #hold(msg: M, done: Done): void {
    const displaced = this.#backlog?.put({ msg, done })
    displaced?.superseded?.done?.()
    displaced?.overflowed?.done?.()
    if (displaced?.overflowed) this.#warnOfOverflow()
    this.#lookSoon()
  }

  #takeNext(): Held<M> | null {
    return this.#backlog?.takeNext() ?? null
  }

  #warnOfOverflow(): void {
    const nowMs = this.#parts.clock.nowMs()
    if (nowMs - this.#warnedAtMs < WARN_EVERY_MS) return
    this.#warnedAtMs = nowMs
    this.#parts.warnOfOverflow(this.#topicsMax)
  }

  #lookSoon(): void {
    if (!this.#ended) this.#lookAgain.start()
  }

  readonly #onLook = (): void => {
    this.#release()
    this.#parts.refresh()
    if (this.held > 0) this.#lookSoon()
  }
}
