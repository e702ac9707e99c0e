/** Two resume gates of one pair, a source whose messages reach each of them in its own time, and a record of all that happens. */
import assert from 'node:assert/strict'
import type { CableEnd } from './carrier-cable'
import { Cable } from './carrier-cable'
import type { GateMessage } from '../../../src/host/gate/gate'
import { decode } from '../../../src/host/gate/resume/body'
import { keyOf } from '../../../src/host/gate/resume/key'
import { numbersIn } from '../../../src/host/gate/resume/numbers'
import { ResumeGate, type ResumeState, type ResumeWarning } from '../../../src/host/gate/resume/resume-gate'
import type { ResumeSettings } from '../../../src/rules/resume'
import { HandTime } from './gate-rig'

export interface Item extends GateMessage {
  readonly seq: unknown
  readonly batch?: unknown
  readonly at?: number
}

export const TERMS: ResumeSettings = {
  sequence: 'seq',
  series: 'batch',
  order: 'complete',
  keep: 10_000,
  keepForMs: 60_000
}

/** A message as both hosts know it. */
export const nameOf = (topic: unknown, series: unknown, number: unknown): string =>
  `${String(keyOf(topic))} ${String(keyOf(series))} ${String(number)}`

export class Side {
  readonly name: string
  readonly end: CableEnd
  gate: ResumeGate<Item>
  alive = true
  open = false
  epoch = 0
  pairless = false
  /** Sending of these numbers fails. */
  readonly failing = new Set<unknown>()
  readonly warnings: ResumeWarning[] = []
  readonly failed: { readonly number: unknown; readonly code: unknown }[] = []
  /** How often a message was said to be done. */
  readonly done = new Map<Item, number>()
  readonly diverted: Item[] = []
  /** By name, since when it is here; of this life of the host. */
  readonly reached = new Map<string, number>()
  /** What the peer has told, in this life. */
  readonly told = new Set<string>()
  /** How often it died. */
  deaths = 0
  readonly #world: World
  readonly #terms: ResumeSettings

  constructor(name: string, end: CableEnd, terms: ResumeSettings, world: World) {
    this.name = name
    this.end = end
    this.#terms = terms
    this.#world = world
    this.gate = this.build(null)
  }

  get passed(): readonly Pass[] {
    return this.#world.passes.filter(({ side }) => side === this)
  }

  build(state: ResumeState<Item> | null, terms = this.#terms, topicsMax?: number): ResumeGate<Item> {
    const gate: ResumeGate<Item> = new ResumeGate<Item>(
      'gate',
      terms,
      state,
      {
        clock: this.#world.time,
        decide: () => ({ open: this.open && this.alive && this.gate === gate, epoch: this.epoch }),
        pairName: () => 'p',
        refuses: () => (this.pairless ? Object.assign(new Error('no pair'), { code: 'no-pair' }) : null),
        numberOf: (msg) => msg.seq,
        seriesOf: (msg) => msg.batch,
        unusable: (code) => Object.assign(new Error(code), { code }),
        send: (out) => this.#leave(out),
        failed: (error, msg) => this.failed.push({ number: msg.seq, code: error.message }),
        refresh: () => gate.badgeShows(this.open),
        warn: (warning) => this.warnings.push(warning)
      },
      topicsMax
    )
    this.gate = gate
    gate.attach(this.end)
    return gate
  }

  receive(msg: Item): void {
    if (!this.alive) return
    this.reached.set(nameOf(msg.topic, msg.batch, msg.seq), this.#world.time.nowMs())
    this.gate.input(
      msg,
      (out) => this.#leave(out),
      (error) => {
        this.done.set(msg, (this.done.get(msg) ?? 0) + 1)
        if (error !== undefined) this.failed.push({ number: msg.seq, code: (error as { code?: unknown }).code })
      }
    )
  }

  #leave(out: Item | [null, Item]): void {
    assert.ok(this.alive, 'nothing leaves a host that is dead')
    if (Array.isArray(out)) {
      this.diverted.push(out[1])
      return
    }
    if (this.failing.has(out.seq)) throw new Error('refused')
    assert.ok(this.open, 'nothing passes a gate that is closed')
    const { epoch, unsure = false } = out.pair as { epoch: number; unsure?: boolean }
    assert.equal(epoch, this.epoch)
    const name = nameOf(out.topic, out.batch, out.seq)
    this.#world.passes.push({ side: this, life: this.deaths, msg: out, unsure, name, told: this.told.has(name) })
  }
}

export interface Pass {
  readonly side: Side
  readonly life: number
  readonly msg: Item
  readonly name: string
  readonly unsure: boolean
  /** The other side had told it. */
  readonly told: boolean
}

export class World {
  readonly time = new HandTime()
  readonly cable = new Cable(this.time)
  readonly passes: Pass[] = []
  readonly a: Side
  readonly b: Side
  #active: Side | null = null
  #epoch = 0

  constructor(terms: Partial<ResumeSettings> = {}) {
    const [a, b] = this.cable.ends
    this.a = new Side('a', a, { ...TERMS, ...terms }, this)
    this.b = new Side('b', b, { ...TERMS, ...terms }, this)
    this.cable.onArrival = (to, body) => {
      const side = to === a ? this.a : this.b
      for (const { topic, series, chunks } of decode(body).sections) {
        for (const { index, mask } of chunks) {
          for (const number of numbersIn(index, mask)) side.told.add(`${topic} ${series ?? 'u'} ${number}`)
        }
      }
    }
    for (const side of [this.a, this.b]) side.gate.flowsStarted()
  }

  get active(): Side {
    assert.ok(this.#active)
    return this.#active
  }

  get standby(): Side {
    return this.active === this.a ? this.b : this.a
  }

  /** `side` takes the role, with an epoch of its own. */
  serve(side: Side): void {
    this.#active = side
    side.epoch = ++this.#epoch
    side.open = true
    side.gate.statusChanged()
  }

  /** As the barrier does it: the gate shuts, everything is told and taken in, the other one opens. `meanwhileMs`: what it takes. */
  swap(meanwhileMs = 2): void {
    const { active, standby } = this
    if (!standby.alive || !this.cable.up) return
    active.open = false
    this.time.advanceMs(meanwhileMs / 2)
    active.end.flush()
    this.cable.arriveNow()
    this.time.advanceMs(meanwhileMs / 2)
    active.gate.statusChanged()
    this.serve(standby)
  }

  /** The role's holder dies: what it sent in its last moments is lost with it; the other one serves after a while. */
  crash(lostMs: number, noticedMs: number): void {
    const { active, standby } = this
    if (!standby.alive) return
    active.alive = false
    active.deaths++
    active.open = false
    this.cable.cut(lostMs)
    active.end.users.clear()
    this.time.advanceMs(noticedMs)
    this.serve(standby)
  }

  /** The dead one is back, with nothing in its memory. */
  restart(): void {
    const side = [this.a, this.b].find(({ alive }) => !alive)
    if (side === undefined) return
    side.alive = true
    side.reached.clear()
    side.told.clear()
    side.build(null).flowsStarted()
    this.cable.connect()
  }

  /** A deploy on this side, for which the flows start at once. */
  deploy(side: Side): void {
    const state = side.gate.close(false)
    side.build(state).flowsStarted()
  }

  /** One message of the source on its way to a side. */
  send(side: Side, item: Item, delayMs = 0): void {
    if (delayMs === 0) side.receive({ ...item })
    else this.time.after(delayMs, () => side.receive({ ...item }))
  }

  /** To both sides, at once. */
  both(topic: unknown, ...numbers: readonly unknown[]): void {
    for (const seq of numbers) for (const side of [this.a, this.b]) this.send(side, { topic, seq })
  }
}

export const numbersOf = (list: readonly { readonly msg: Item }[]): unknown[] => list.map(({ msg }) => msg.seq)
