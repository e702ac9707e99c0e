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
import { decodeClassic, decodeExtended, type Frame } from '../../src/protocol/frame'
import type { Designation, Role } from '../../src/protocol/machine'
import type { PairRecord } from '../../src/protocol/record'
import type { LinkSettings, PairSettings, Wire } from '../../src/protocol/settings'
import { Network, otherSide, SIDES, type Datagram, type SideName } from './network'
import { scriptedTokens, seededRandom } from './random'
import { testSettings } from './settings'
import { bytesOf, Side, type SideHappening } from './side'

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
}

export type Happening =
  | (SideHappening & { readonly atMs: number; readonly side: SideName })
  | {
      readonly kind: 'sent'
      readonly atMs: number
      readonly side: SideName
      readonly link: number
      readonly frame: Frame
    }
  | { readonly kind: 'overlap'; readonly atMs: number; readonly begins: boolean; readonly lastedMs: number }

const LINK: LinkSettings = { peerHost: '127.0.0.1', peerPort: 1101, localHost: '', localPort: 1101 }
/** The two clocks have nothing in common: a machine that confuses them is off by hours. */
const ORIGINS_MS: Readonly<Record<SideName, number>> = { a: 1_000, b: 7_000_000 }

export class TestPair {
  nowMs = 0
  readonly a: Side
  readonly b: Side
  readonly network: Network
  readonly happenings: Happening[] = []
  /** Total time in which both gates were open. */
  overlapMs = 0
  #overlapSinceMs: number | null = null
  #commands = 0
  readonly #replies = new Map<number, string>()

  constructor(options: PairOptions = {}) {
    const wire = options.wire ?? 'extended'
    const links = Array.from({ length: options.links ?? 1 }, () => LINK)
    const seed = options.seed ?? 1
    this.network = new Network(links.length, options.latencyMs ?? 1, seededRandom(seed * 31 + 7))
    const make = (name: SideName, side: SideOptions, sideSeed: number): Side =>
      new Side(
        name,
        testSettings({ wire, links, ...options.settings, ...side.settings, name }),
        {
          randomInt: scriptedTokens(side.tokens ?? [], sideSeed),
          record: side.record ?? null,
          originMs: ORIGINS_MS[name]
        },
        {
          send: (from, link, frame) => this.#send(from, link, frame),
          report: (from, happening) => this.#report(from, happening)
        }
      )
    this.a = make('a', options.a ?? {}, seed * 2)
    this.b = make('b', options.b ?? {}, seed * 2 + 1)
  }

  side(name: SideName): Side {
    return name === 'a' ? this.a : this.b
  }

  // --- Time ---

  /** Everything that is due in the next so many ms happens, in order. */
  advanceMs(ms: number): void {
    const endMs = this.nowMs + ms
    for (;;) {
      const nextMs = Math.min(this.network.nextArrivalMs(), this.a.nextMs(this.nowMs), this.b.nextMs(this.nowMs))
      if (nextMs > endMs) break
      this.nowMs = Math.max(this.nowMs, nextMs)
      this.#deliver()
      for (const name of SIDES) {
        this.side(name).attend(this.nowMs)
        this.#watchOverlap()
      }
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

  /** The process dies; its host answers 'port unreachable' to whoever still sends. */
  crash(name: SideName): void {
    this.#die(name, true)
  }

  /** The host is off: silence. */
  powerOff(name: SideName): void {
    this.#die(name, false)
  }

  restart(name: SideName): void {
    if (this.side(name).isUp) this.#die(name, true)
    this.start(name)
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
    this.network.inject(this.nowMs, { from: otherSide(to), link, bytes, sentAtMs: this.nowMs })
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

  setFlows(name: SideName, hash: number): void {
    this.side(name).step(this.nowMs, { kind: 'flows', hash })
  }

  openLink(name: SideName, link: number, open: boolean): void {
    this.side(name).openLink(this.nowMs, link, open)
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

  #die(name: SideName, hostIsUp: boolean): void {
    this.side(name).die(hostIsUp)
    this.side(name).refreshGate(this.nowMs)
    this.#watchOverlap()
  }

  #deliver(): void {
    for (let datagram = this.network.receive(this.nowMs); datagram !== null;) {
      const to = this.side(otherSide(datagram.from))
      if (to.isListening(datagram.link)) to.receive(this.nowMs, datagram.link, datagram.bytes)
      else if (to.hostIsUp) this.#answerUnreachable(datagram)
      this.#watchOverlap()
      datagram = this.network.receive(this.nowMs)
    }
  }

  /** The host answers for its dead process. The way back takes no time of its own here: it is part of the latency. */
  #answerUnreachable(datagram: Datagram): void {
    const sender = this.side(datagram.from)
    if (this.network.isCut(otherSide(datagram.from), datagram.link)) return
    if (sender.isUp && !sender.isHung) sender.step(this.nowMs, { kind: 'refused', link: datagram.link })
  }

  #send(from: Side, link: number, frame: Frame): void {
    this.happenings.push({ kind: 'sent', atMs: this.nowMs, side: from.name, link, frame })
    this.network.send({ from: from.name, link, bytes: bytesOf(from.wire, frame), sentAtMs: this.nowMs })
  }

  #report(from: Side, happening: SideHappening): void {
    this.happenings.push({ ...happening, atMs: this.nowMs, side: from.name })
    if (happening.kind === 'reply') this.#replies.set(happening.id, happening.text)
  }

  #watchOverlap(): void {
    const both = this.a.serves(this.nowMs) && this.b.serves(this.nowMs)
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
