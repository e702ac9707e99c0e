/** A gate between a hand-moved clock and a role cell that says what the test says; whatever leaves it is written down. */
import assert from 'node:assert/strict'
import type { CallOff, Loop } from '../../../src/host/loop'
import { Gate, type GateMessage, type WhenClosed } from '../../../src/host/gate/gate'

/** A clock and an event loop that move when the test says so. */
export class HandTime implements Loop {
  #nowMs = 0
  #turns: (() => void)[] = []
  #timers: { readonly atMs: number; readonly run: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  after(ms: number, run: () => void): CallOff {
    const timer = { atMs: this.#nowMs + ms, run }
    this.#timers.push(timer)
    return () => (this.#timers = this.#timers.filter((other) => other !== timer))
  }

  nextTurn(run: () => void): CallOff {
    const turn = (): void => run()
    this.#turns.push(turn)
    return () => (this.#turns = this.#turns.filter((other) => other !== turn))
  }

  /** Timers and turns that are still to come. */
  get armed(): number {
    return this.#turns.length + this.#timers.length
  }

  /** One turn of the event loop. Returns whether anything waited for it. */
  turn(): boolean {
    const due = this.#turns.splice(0)
    for (const run of due) run()
    return due.length > 0
  }

  /** The event loop is busy for so long; then the timers that are due run, and no turn yet. */
  stallMs(ms: number): void {
    this.#nowMs += ms
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#timers = this.#timers.filter((timer) => !due.includes(timer))
    for (const { run } of due) run()
  }

  /** All turns and timers of the next so many ms, in order. */
  advanceMs(ms: number): void {
    const endMs = this.#nowMs + ms
    for (;;) {
      while (this.turn());
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined || next.atMs > endMs) break
      this.#nowMs = next.atMs
      this.#timers = this.#timers.filter((timer) => timer !== next)
      next.run()
    }
    this.#nowMs = endMs
  }
}

/** Messages are numbered in the order of their arrival. */
export interface Numbered extends GateMessage {
  readonly n: number
}

export class GateRig {
  readonly time = new HandTime()
  gate: Gate<Numbered>
  /** Whether a decision finds the gate open, and how many more do; every decision has an epoch of its own. */
  openFor = 0
  /** There is no pair at all. */
  pairless = false
  /** Of each message that arrived, by its number. */
  readonly topics: unknown[] = []
  /** Numbers by the way they left, oldest first. */
  readonly passed: number[] = []
  readonly diverted: number[] = []
  readonly failed: number[] = []
  /** How often a message was said to be done. */
  readonly done = new Map<number, number>()
  readonly warnings: number[] = []
  decisions = 0
  refreshes = 0
  readonly #whenClosed: WhenClosed
  readonly #topicsMax: number | undefined
  /** The latest decision, until something passes by it. */
  #decided: { readonly open: boolean; readonly epoch: number } | null = null

  constructor(whenClosed: WhenClosed, topicsMax?: number) {
    this.#whenClosed = whenClosed
    this.#topicsMax = topicsMax
    this.gate = this.#newGate([])
    this.gate.flowsStarted()
  }

  /** A message arrives. */
  send(topic: unknown): void {
    const n = this.topics.push(topic) - 1
    this.gate.input(
      { n, topic },
      (out) => {
        if (!Array.isArray(out)) return this.#pass(out)
        assert.equal(out[0], null)
        this.diverted.push(out[1].n)
      },
      (error) => {
        this.done.set(n, (this.done.get(n) ?? 0) + 1)
        if (error !== undefined) this.failed.push(n)
      }
    )
  }

  open(): void {
    this.openFor = Infinity
  }

  shut(): void {
    this.openFor = 0
  }

  /** A deploy builds the gate again; the flows start when the test calls `gate.flowsStarted`. */
  deploy(whenClosed = this.#whenClosed): void {
    this.gate = this.#newGate(this.gate.close(false), whenClosed)
  }

  #newGate(takenOver: readonly Numbered[], whenClosed = this.#whenClosed): Gate<Numbered> {
    const gate: Gate<Numbered> = new Gate<Numbered>(
      whenClosed,
      takenOver,
      {
        clock: this.time,
        decide: () => {
          this.decisions++
          this.#decided = { open: this.openFor-- > 0, epoch: this.decisions }
          return this.#decided
        },
        pairName: () => 'p',
        noPair: () => (this.pairless ? new Error('no pair') : null),
        send: (msg) => this.#pass(msg),
        refresh: () => {
          this.refreshes++
          gate.badgeShows(this.openFor > 0)
        },
        warnOfOverflow: (topicsMax) => this.warnings.push(topicsMax)
      },
      this.#topicsMax
    )
    return gate
  }

  /** Whatever passes has a decision of its own, taken just before, and carries its epoch. */
  #pass(msg: Numbered): void {
    assert.ok(this.#decided?.open === true, `${msg.n} passed without an open decision of its own`)
    assert.deepEqual(msg.pair, { name: 'p', epoch: this.#decided.epoch })
    this.#decided = null
    this.passed.push(msg.n)
  }
}
