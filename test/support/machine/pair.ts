/**
 * Two machines, a virtual clock and a network between them, told in domain verbs:
 *
 *     const pair = new TestPair({ wire: 'extended' })
 *     pair.start()
 *     pair.advanceMs(500)
 *     pair.cutLink()
 *     pair.advanceMs(pair.peerTimeoutMs)
 *     assert.equal(pair.b.view.role, 'active')
 *
 * Datagrams pass through encode and decode. At one instant datagrams are delivered before timers run, as the engine
 * does it; a hung side can be told to wake with its timer first. Everything is repeatable: chance is seeded.
 */
import assert from 'node:assert/strict'
import { decodeClassic, decodeExtended, type Frame } from '../../../src/protocol/wire/frame'
import type { Designation, Input, Role } from '../../../src/protocol/machine'
import type { PairRecord } from '../../../src/protocol/record'
import type { LinkSettings, PairSettings, Wire } from '../../../src/protocol/settings'
import { Network, otherSide, SIDES, type Datagram, type SideName } from './network'
import { Places, STRANGER, type Endpoint, type Station } from './places'
import { Random, scriptedTokens } from '../random'
import { testSettings } from './settings'
import { bytesOf, Side, type SideHappening } from './side'
import { FIN_MS, ScriptedTethers, type DialAnswer, type TetherEnd } from './scripted-tethers'

export interface SideOptions {
  readonly settings?: Partial<PairSettings>
  /** Draws of the classic token, in order, also across restarts. */
  readonly tokens?: readonly number[]
  readonly record?: PairRecord | null
}

export interface PairOptions {
  readonly wire?: Wire
  readonly settings?: Partial<PairSettings>
  readonly a?: SideOptions
  readonly b?: SideOptions
  readonly links?: number
  readonly latencyMs?: number
  readonly seed?: number
  /** Each side has a connection to the other one; otherwise the test tells of them by itself, or there are none. */
  readonly tethers?: boolean
}

/** A side, or the second process of one. */
export type Speaker = SideName | 'a2' | 'b2'

export type Happening =
  | (SideHappening & { readonly atMs: number; readonly side: Speaker })
  /** What a side is told of its tether. */
  | { readonly kind: 'told'; readonly atMs: number; readonly side: Speaker; readonly input: Input }
  | {
      readonly kind: 'sent'
      readonly atMs: number
      readonly side: Speaker
      readonly link: number
      readonly frame: Frame
    }
  | { readonly kind: 'overlap'; readonly atMs: number; readonly begins: boolean; readonly lastedMs: number }

function linkAt(index: number): LinkSettings {
  const port = Places.port(index)
  return { peerHost: '127.0.0.1', peerPort: port, localHost: '', localPort: port }
}

/** Who sends what somebody on the wire puts in without saying who: the other side, as far as can be seen. */
const SEED_OF_SECOND = 97

/** The two clocks have nothing in common: a machine that confuses them is off by hours. */
const ORIGINS_MS: Readonly<Record<SideName, number>> = { a: 1_000, b: 7_000_000 }

export class TestPair {
  nowMs = 0
  readonly a: Side
  readonly b: Side
  readonly network: Network
  readonly places: Places
  readonly tethers: ScriptedTethers | null
  /** Another process of one of the sides, with an address of its own; null = there is none. */
  second: Side | null = null
  readonly happenings: Happening[] = []
  /** Total time in which both gates were open. */
  overlapMs = 0
  #overlapSinceMs: number | null = null
  #commands = 0
  readonly #replies = new Map<number, string>()

  constructor(options: PairOptions = {}) {
    const wire = options.wire ?? 'extended'
    const links = Array.from({ length: options.links ?? 1 }, (_, index) => linkAt(index))
    const seed = options.seed ?? 1
    this.places = new Places(links.length)
    this.network = new Network(links.length, options.latencyMs ?? 1, new Random(BigInt(seed), 'network'))
    const make = (name: SideName, side: SideOptions, sideSeed: number): Side =>
      new Side(
        name,
        testSettings({ wire, links, ...options.settings, ...side.settings, name }),
        {
          randomInt: scriptedTokens(side.tokens ?? [], sideSeed),
          record: side.record ?? null,
          originMs: ORIGINS_MS[name],
          station: name === 'a' ? 0 : 1
        },
        this.#hostOfSides
      )
    this.a = make('a', options.a ?? {}, seed * 2)
    this.b = make('b', options.b ?? {}, seed * 2 + 1)
    this.tethers =
      options.tethers === true && wire === 'extended'
        ? new ScriptedTethers({
            network: this.network,
            places: this.places,
            side: (name) => this.side(name),
            tell: (side, input) => this.#tell(side, input)
          })
        : null
  }

  readonly #hostOfSides = {
    lookup: (side: Side, link: number): string => this.places.lookup(side.name === 'a' ? 1 : 0, link),
    send: (from: Side, link: number, frame: Frame, to: readonly Endpoint[]): boolean =>
      this.#send(from, link, frame, to),
    report: (from: Side, happening: SideHappening): void => this.#report(from, happening)
  }

  side(name: SideName): Side {
    return name === 'a' ? this.a : this.b
  }

  // --- Time ---

  /** Everything that is due in the next so many ms happens, in order. */
  advanceMs(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const sides = this.#sides()
      const dueMs = sides.map((side) => side.nextMs(this.nowMs))
      const nextMs = Math.min(this.network.nextArrivalMs(), this.tethers?.nextMs() ?? Infinity, ...dueMs)
      if (nextMs > endMs) break
      this.nowMs = Math.max(this.nowMs, nextMs)
      this.#deliver()
      this.tethers?.attend(this.nowMs)
      for (const side of sides) {
        side.attend(this.nowMs)
        this.#watchOverlap()
      }
      this.tethers?.attend(this.nowMs)
    }
    this.nowMs = endMs
    for (const name of SIDES) this.side(name).refreshGate(endMs)
    this.#watchOverlap()
  }

  /** Advances until it is so. Errors: throws when it is not so within `withinMs`. */
  advanceUntil(what: string, isSo: () => boolean, withinMs: number): void {
    const endMs = this.nowMs + withinMs
    while (!isSo()) {
      assert.ok(this.nowMs < endMs, `${what}: not within ${withinMs} ms`)
      this.advanceMs(1)
    }
  }

  // --- Processes ---

  start(which: SideName | null = null): void {
    for (const name of which === null ? SIDES : [which]) this.side(name).start(this.nowMs)
    this.#watchOverlap()
  }

  /** The process dies; after so long its kernel ends its connections (null = it never gets to that). */
  crash(name: SideName, finMs: number | null = FIN_MS): void {
    this.#die(name, true, finMs)
  }

  /** The host is off: silence. */
  powerOff(name: SideName): void {
    this.#die(name, false, null)
  }

  restart(name: SideName): void {
    if (this.side(name).isUp) this.#die(name, true, FIN_MS)
    this.start(name)
  }

  /** Another process of this side starts elsewhere, with a copy of its disk or with an empty one. */
  startSecond(name: SideName, cloned: boolean): void {
    assert.ok(this.second === null, 'there is a second process already')
    const side = this.side(name)
    this.second = new Side(
      name,
      side.settings,
      {
        randomInt: scriptedTokens([], SEED_OF_SECOND),
        record: cloned ? side.disk : null,
        originMs: 3_000_000,
        station: STRANGER
      },
      this.#hostOfSides
    )
    this.second.start(this.nowMs)
  }

  endSecond(): void {
    this.second?.die(true)
    this.second = null
  }

  /** Something on the path ends the connection that this side dialled. */
  endTether(dialler: SideName, how: TetherEnd, answer: DialAnswer = 'as-it-is'): void {
    const ended = this.tethers?.end(this.nowMs, dialler, how, answer) ?? false
    assert.ok(ended, `${dialler} has no tether`)
    this.#watchOverlap()
  }

  /** The host of this side is what it was when it was kept. */
  revert(name: SideName, seen: boolean): void {
    this.side(name).revert(this.nowMs, seen)
    this.#watchOverlap()
  }

  setClock(name: SideName, byMs: number): void {
    this.side(name).setClock(this.nowMs, byMs)
    this.#watchOverlap()
  }

  goodbye(name: SideName): void {
    this.side(name).goodbye(this.nowMs)
    this.#watchOverlap()
  }

  stall(name: SideName, ms: number, wakes: 'queue-first' | 'tick-first' = 'queue-first'): void {
    this.side(name).hang(this.nowMs, ms, wakes === 'tick-first')
  }

  suspend(name: SideName, ms: number): void {
    this.side(name).suspend(this.nowMs, ms)
    this.side(name).refreshGate(this.nowMs)
    this.#watchOverlap()
  }

  // --- The network ---

  cutLink(link: number | null = null): void {
    this.network.cut(null, link)
  }

  healLink(link: number | null = null): void {
    this.network.heal(null, link)
  }

  /** What `from` sends is lost; what it is sent arrives. */
  cutOneWay(from: SideName, link: number | null = null): void {
    this.network.cut(from, link)
  }

  healOneWay(from: SideName, link: number | null = null): void {
    this.network.heal(from, link)
  }

  /** Puts a frame on the wire in the name of the other side. */
  forge(to: SideName, frame: Frame, link = 0): void {
    this.inject(to, bytesOf(this.side(to).wire, frame), link)
  }

  inject(to: SideName, bytes: Uint8Array, link = 0): void {
    const from = otherSide(to)
    const [source, target] = [this.#placeOf(from, link), this.#placeOf(to, link)]
    this.network.inject(this.nowMs, { from, link, bytes, sentAtMs: this.nowMs, source, to: target })
  }

  /** Sends again what `from` sent earlier and `which` selects. Returns how many datagrams that were. */
  replay(from: SideName, which: (frame: Frame, index: number, all: number) => boolean): number {
    const all = this.network.recorded(from)
    const chosen = all.filter((d, i) => which(this.#decode(d), i, all.length))
    for (const datagram of chosen) this.network.inject(this.nowMs, datagram)
    return chosen.length
  }

  // --- What people and flows do ---

  /** Returns the command's number; its answer is found by `replyTo`. */
  designate(name: SideName, designate: Designation, force = false): number {
    this.#commands += 1
    this.side(name).command(this.nowMs, { kind: 'command', id: this.#commands, designate, force })
    this.#watchOverlap()
    return this.#commands
  }

  replyTo(id: number): string | null {
    return this.#replies.get(id) ?? null
  }

  stallFlows(name: SideName, stalled: boolean): void {
    this.side(name).step(this.nowMs, { kind: 'hostStalled', stalled })
  }

  setFitness(name: SideName, value: number): void {
    this.side(name).step(this.nowMs, { kind: 'fitness', value })
  }

  setData(name: SideName, data: Omit<Extract<Input, { kind: 'data' }>, 'kind'>): void {
    this.side(name).deliver(this.nowMs, { kind: 'data', ...data })
    this.#watchOverlap()
  }

  answerBarrier(name: SideName, ok: boolean): void {
    this.side(name).answerBarrier(this.nowMs, ok)
    this.#watchOverlap()
  }

  setFlows(name: SideName, hash: number): void {
    this.side(name).step(this.nowMs, { kind: 'flows', hash })
  }

  openLink(name: SideName, link: number, open: boolean): void {
    this.side(name).openLink(this.nowMs, link, open)
  }

  foreignRecord(name: SideName): void {
    this.side(name).deliver(this.nowMs, { kind: 'foreignRecord' })
  }

  // --- Looking ---

  /** Roles of a and b; a dead side is null. */
  roles(): readonly [Role | null, Role | null] {
    return [this.a.role, this.b.role]
  }

  /** One Active that serves, one Standby, both online. */
  isSettled(): boolean {
    if (!this.a.isUp || !this.b.isUp) return false
    const views = [this.a.view, this.b.view]
    return (
      views.filter((v) => v.role === 'active' && v.serving).length === 1 &&
      views.filter((v) => v.role === 'standby').length === 1 &&
      views.every((v) => v.online)
    )
  }

  events(name: SideName): string[] {
    return this.happenings.flatMap((h) => (h.kind === 'event' && h.side === name ? [`${h.event} ${h.reason}`] : []))
  }

  // --- Inside ---

  #die(name: SideName, hostIsUp: boolean, finMs: number | null): void {
    if (hostIsUp) this.tethers?.died(this.nowMs, name, finMs)
    else this.tethers?.died(this.nowMs, name, null)
    this.side(name).die(hostIsUp)
    this.side(name).refreshGate(this.nowMs)
    this.#watchOverlap()
  }

  #deliver(): void {
    for (let datagram = this.network.receive(this.nowMs); datagram !== null;) {
      const owner = this.places.owner(datagram.link, datagram.to)
      const to = owner === null ? null : this.#at(owner)
      if (to?.isListening(datagram.link) === true)
        to.receive(this.nowMs, datagram.link, datagram.bytes, datagram.source)
      this.#watchOverlap()
      datagram = this.network.receive(this.nowMs)
    }
  }

  #send(from: Side, link: number, frame: Frame, to: readonly Endpoint[]): boolean {
    const source = this.places.source(from.station, link)
    this.happenings.push({ kind: 'sent', atMs: this.nowMs, side: this.#speaker(from), link, frame })
    if (source === null) return false
    const bytes = bytesOf(from.wire, frame)
    for (const endpoint of to) {
      this.network.send({ from: from.name, link, bytes, sentAtMs: this.nowMs, source, to: endpoint })
    }
    return true
  }

  #tell(side: Side, input: Input): void {
    if (!side.isUp) return
    this.happenings.push({ kind: 'told', atMs: this.nowMs, side: this.#speaker(side), input })
    side.deliver(this.nowMs, input)
    this.#watchOverlap()
  }

  #sides(): Side[] {
    return this.second === null ? [this.a, this.b] : [this.a, this.b, this.second]
  }

  #at(station: Station): Side | null {
    return station === STRANGER ? this.second : station === 0 ? this.a : this.b
  }

  #placeOf(name: SideName, link: number): Endpoint {
    const place = this.places.source(this.side(name).station, link)
    return place ?? { address: '', port: 0 }
  }

  #speaker(side: Side): Speaker {
    return side === this.second || side.station === STRANGER ? `${side.name}2` : side.name
  }

  #report(from: Side, happening: SideHappening): void {
    this.happenings.push({ ...happening, atMs: this.nowMs, side: this.#speaker(from) })
    // It ended by itself: in order.
    if (happening.kind === 'process' && happening.state === 'gone' && from.station !== STRANGER)
      this.tethers?.left(this.nowMs, from.name)
    if (happening.kind === 'reply') this.#replies.set(happening.id, happening.text)
  }

  #watchOverlap(): void {
    const both = this.#sides().filter((side) => side.serves(this.nowMs)).length > 1
    if (both === (this.#overlapSinceMs !== null)) return
    if (both) {
      this.#overlapSinceMs = this.nowMs
      this.happenings.push({ kind: 'overlap', atMs: this.nowMs, begins: true, lastedMs: 0 })
      return
    }
    const lastedMs = this.nowMs - (this.#overlapSinceMs ?? this.nowMs)
    this.#overlapSinceMs = null
    this.overlapMs += lastedMs
    this.happenings.push({ kind: 'overlap', atMs: this.nowMs, begins: false, lastedMs })
  }

  #decode(datagram: Datagram): Frame {
    const frame =
      this.side(datagram.from).wire === 'classic' ? decodeClassic(datagram.bytes) : decodeExtended(datagram.bytes)
    assert.ok(typeof frame !== 'string', 'a recorded datagram does not decode')
    return frame
  }
}
