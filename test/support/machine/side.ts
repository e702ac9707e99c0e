/**
 * One side of the pair as its host sees it: a process that runs a machine (or is dead, hung or asleep), its clock, its
 * disk, its gate, and where it sends to. The gate is computed here from the machine's view by the integrators' contract:
 * Active, allowed to serve, lease not over, engine fresh.
 */
import assert from 'node:assert/strict'
import type { Told } from '../../../src/engine/events'
import { createMachine } from '../../../src/protocol/create'
import { MACHINE_EVENTS } from '../../../src/protocol/events'
import {
  decodeClassic,
  decodeExtended,
  encodeClassic,
  encodeExtended,
  EXTENDED_BYTES,
  type Frame,
  type FrameRejection
} from '../../../src/protocol/wire/frame'
import type { Input, MachineView, Output, PairMachine, RandomInt, Role } from '../../../src/protocol/machine'
import { addressText, Paths } from '../../../src/protocol/wire/paths'
import type { ReasonCode } from '../../../src/protocol/reasons'
import type { PairRecord } from '../../../src/protocol/record'
import type { PairSettings, Wire } from '../../../src/protocol/settings'
import type { SideName } from './network'
import type { Endpoint, Station } from './places'

/** What the world around a side does with its outputs. */
export interface SideHost {
  /** The address that the peer's name on this link stands for now. */
  lookup(side: Side, link: number): string
  /** False: it has no address to send from. */
  send(side: Side, link: number, frame: Frame, to: readonly Endpoint[]): boolean
  report(side: Side, happening: SideHappening): void
}

export type SideHappening =
  | ({ readonly kind: 'event' } & Told)
  | { readonly kind: 'reply'; readonly id: number; readonly text: string }
  | { readonly kind: 'dropped'; readonly cause: FrameRejection }
  | { readonly kind: 'barrier'; readonly id: number; readonly over: 'granted' | 'called-off' | null }
  | { readonly kind: 'gate'; readonly open: boolean; readonly epoch: number }
  | { readonly kind: 'process'; readonly state: 'up' | 'gone' | 'awake' }

type Disk = 'works' | 'fails' | 'hangs'

const STEPS_PER_INSTANT_MAX = 300
/** The names of a silent link are looked up this often. */
const LOOKUP_EVERY_MS = 5000
/** The engine gives a goodbye this long. */
const GOODBYE_MS = 2000

export class Side {
  readonly name: SideName
  /** Where it is on the network: the stranger is a second process of a side, elsewhere. */
  readonly station: Station
  readonly settings: PairSettings
  readonly randomInt: RandomInt
  disk: PairRecord | null
  #host: SideHost
  #machine: PairMachine | null = null
  /** This host's monotonic clock: reads `#originMs` at global 0, stands still while the host is suspended. */
  readonly #originMs: number
  #sleptMs = 0

  /** The kernel of a dead process's host ends its connections, unless the host is down too. */
  hostIsUp = true
  #hungUntilMs: number | null = null
  #hungSinceMs = 0
  #asleep = false
  #tickFirst = false
  #inbox: ((nowMs: number) => void)[] = []
  #leaveByMs = Infinity
  readonly #paths: Paths[] = []
  #lookUpAtMs = Infinity
  /** What was put into the machine since its start, and what it drew: enough to make it once more. */
  #log: { readonly localMs: number; readonly input: Input }[] = []
  #draws: number[] = []
  #kept: {
    readonly inputs: number
    readonly draws: number
    readonly localMs: number
    readonly disk: PairRecord | null
  } | null = null

  diskState: Disk = 'works'
  diskLatencyMs = 0
  #writes: { readonly atMs: number; readonly ticket: number; readonly record: PairRecord; readonly ok: boolean }[] = []

  #barrier: number | null = null
  #gateOpen = false
  #stepsNow = 0
  #lastStepMs = -Infinity
  readonly #openLinks = new Set<number>()
  readonly #awaitedReplies = new Set<number>()

  constructor(
    name: SideName,
    settings: PairSettings,
    options: {
      readonly randomInt: RandomInt
      readonly record: PairRecord | null
      readonly originMs: number
      readonly station: Station
    },
    host: SideHost
  ) {
    this.name = name
    this.station = options.station
    this.settings = settings
    this.randomInt = options.randomInt
    this.disk = options.record
    this.#originMs = options.originMs
    this.#host = host
  }

  get wire(): Wire {
    return this.settings.wire
  }
  get isUp(): boolean {
    return this.#machine !== null
  }
  get isHung(): boolean {
    return this.#hungUntilMs !== null
  }
  get isAsleep(): boolean {
    return this.#asleep
  }
  isListening(link: number): boolean {
    return this.#openLinks.has(link)
  }
  /** Null: the process is dead. */
  get role(): Role | null {
    return this.#machine?.view().role ?? null
  }
  /** Errors: throws when the process is not running. */
  get view(): MachineView {
    assert.ok(this.#machine !== null, `${this.name} is not running`)
    return this.#machine.view()
  }

  localMs(nowMs: number): number {
    return nowMs + this.#originMs - this.#sleptMs
  }

  // --- The process ---

  start(nowMs: number): void {
    assert.ok(this.#machine === null, `${this.name} runs already`)
    this.hostIsUp = true
    this.#log = []
    this.#draws = []
    this.#machine = this.#newMachine([])
    this.#leaveByMs = Infinity
    this.#host.report(this, { kind: 'process', state: 'up' })
    const { heartbeatMs, peerTimeoutMs, links } = this.settings
    const keyed = this.wire === 'extended'
    this.#paths.length = 0
    for (const { peerPort } of links) {
      this.#paths.push(new Paths({ keyed, port: peerPort, heartbeatMs, peerTimeoutMs }))
    }
    this.#lookUpAtMs = nowMs
    this.#lookUp(nowMs)
    this.step(nowMs, { kind: 'start', record: this.disk })
    for (let link = 0; link < this.settings.links.length; link++) this.openLink(nowMs, link, true)
  }

  /** The process ends at once. What was not on disk yet is lost. */
  die(hostIsUp: boolean): void {
    this.#machine = null
    this.#barrier = null
    this.hostIsUp = hostIsUp
    this.#inbox = []
    this.#writes = []
    this.#hungUntilMs = null
    this.#asleep = false
    this.#awaitedReplies.clear()
    this.#openLinks.clear()
    this.#host.report(this, { kind: 'process', state: 'gone' })
  }

  /** `drawn`: what it draws first. */
  #newMachine(drawn: readonly number[]): PairMachine {
    const left = [...drawn]
    const randomInt: RandomInt = (boundExclusive) => {
      const value = left.shift() ?? this.randomInt(boundExclusive)
      this.#draws.push(value)
      return value
    }
    return createMachine(this.settings, { randomInt, keyed: true })
  }

  /** Keeps what this host is now, memory and disk, as a hypervisor does. */
  keep(nowMs: number): void {
    this.#kept = {
      inputs: this.#log.length,
      draws: this.#draws.length,
      localMs: this.localMs(nowMs),
      disk: this.disk
    }
  }

  /** The host is what it was when it was kept. `seen`: its wall clock tells. */
  revert(nowMs: number, seen: boolean): void {
    const kept = this.#kept
    assert.ok(kept !== null && this.#machine !== null, `${this.name} was not kept, or does not run`)
    const agoMs = this.localMs(nowMs) - kept.localMs
    const [past, drawn] = [this.#log.slice(0, kept.inputs), this.#draws.slice(0, kept.draws)]
    this.#draws = []
    this.#machine = this.#newMachine(drawn)
    for (const { localMs, input } of past) this.#machine.step(localMs, input)
    this.#log = past
    this.#writes = []
    this.disk = kept.disk
    this.#sleptMs += agoMs
    this.#lastStepMs = -Infinity
    if (seen) this.step(nowMs, { kind: 'suspended', ms: agoMs })
    this.refreshGate(nowMs)
  }

  goodbye(nowMs: number): void {
    this.#leaveByMs = nowMs + GOODBYE_MS
    this.step(nowMs, { kind: 'goodbye', reason: 'shutdown' })
  }

  /** The engine's thread stands still; datagrams queue up. `tickFirst`: it wakes with a late timer, not with the queue. */
  hang(nowMs: number, ms: number, tickFirst: boolean): void {
    this.#hungSinceMs = nowMs
    this.#hungUntilMs = nowMs + ms
    this.#tickFirst = tickFirst
  }

  /** The whole host sleeps: its clock stands still and datagrams to it are lost. */
  suspend(nowMs: number, ms: number): void {
    this.#asleep = true
    this.hang(nowMs, ms, false)
  }

  /** The wall clock is set, and nobody sleeps: forward it looks like sleep, back like nothing. */
  setClock(nowMs: number, byMs: number): void {
    if (byMs > 0) this.deliver(nowMs, { kind: 'suspended', ms: byMs })
  }

  /** Its socket: what arrives at a closed one is lost, and so is what is sent through it. */
  openLink(nowMs: number, link: number, open: boolean): void {
    if (open) {
      this.#openLinks.add(link)
      this.#paths[link]?.opened(nowMs)
    } else this.#openLinks.delete(link)
    this.step(nowMs, { kind: 'link', link, open, detail: open ? '' : 'test' })
  }

  // --- Time ---

  /** When something is due here, on the global clock. */
  nextMs(nowMs: number): number {
    if (this.#machine === null) return Infinity
    if (this.#hungUntilMs !== null) return Math.min(this.#hungUntilMs, this.#gateShutsAtMs(nowMs))
    const tickMs = this.#globalMs(this.#machine.deadlineMs())
    const writtenMs = this.#writes[0]?.atMs ?? Infinity
    const dueMs = Math.min(tickMs, writtenMs, this.#leaveByMs, this.#lookUpAtMs, this.#gateShutsAtMs(nowMs))
    return Math.max(nowMs, dueMs)
  }

  /** Does what is due: datagrams were delivered before. */
  attend(nowMs: number): void {
    if (this.#machine === null) return
    if (this.#hungUntilMs !== null) {
      if (nowMs >= this.#hungUntilMs) this.#wake(nowMs)
    } else {
      if (nowMs >= this.#lookUpAtMs) this.#lookUp(nowMs)
      while (this.#writes[0] !== undefined && this.#writes[0].atMs <= nowMs) this.#finishWrite(nowMs)
      if (this.#tickIsDue(nowMs)) this.step(nowMs, { kind: 'tick' })
      if (nowMs >= this.#leaveByMs && this.#machine !== null) this.die(true)
    }
    this.refreshGate(nowMs)
  }

  receive(nowMs: number, link: number, bytes: Uint8Array, source: Endpoint): void {
    if (this.#machine === null || this.#asleep) return
    if (this.#hungUntilMs !== null) {
      this.#inbox.push((thenMs) => this.receive(thenMs, link, bytes, source))
      return
    }
    const paths = this.#paths[link]
    assert.ok(paths !== undefined)
    if (!paths.counts(source.address)) return this.#host.report(this, { kind: 'dropped', cause: 'foreign' })
    const frame = this.wire === 'classic' ? decodeClassic(bytes) : decodeExtended(bytes)
    if (typeof frame === 'string') return this.#host.report(this, { kind: 'dropped', cause: frame })
    this.step(nowMs, { kind: 'frame', link, frame }, source)
  }

  /** What does not come from a link; a hung engine finds it when it wakes. */
  deliver(nowMs: number, input: Input): void {
    if (this.#machine === null) return
    if (this.#hungUntilMs !== null) this.#inbox.push((thenMs) => this.deliver(thenMs, input))
    else this.step(nowMs, input)
  }

  command(nowMs: number, input: Extract<Input, { kind: 'command' }>): void {
    this.#awaitedReplies.add(input.id)
    this.step(nowMs, input)
  }

  /** The host has seen to it that the peer has all, or could not. Errors: throws while no barrier is open. */
  answerBarrier(nowMs: number, ok: boolean): void {
    assert.ok(this.#barrier !== null, `${this.name} has no barrier open`)
    this.deliver(nowMs, { kind: 'barrierDone', id: this.#barrier, ok })
  }

  step(nowMs: number, input: Input, source: Endpoint | null = null): void {
    const machine = this.#machine
    assert.ok(machine !== null, `${this.name} is not running`)
    assert.ok(this.#hungUntilMs === null, `${this.name} hangs`)
    this.#stepsNow = nowMs === this.#lastStepMs ? this.#stepsNow + 1 : 0
    this.#lastStepMs = nowMs
    assert.ok(this.#stepsNow < STEPS_PER_INSTANT_MAX, `${this.name} spins at ${nowMs} ms (${input.kind})`)
    const before = machine.view()
    this.#log.push({ localMs: this.localMs(nowMs), input })
    const outputs = machine.step(this.localMs(nowMs), input)
    this.#checkTold(before, machine.view(), outputs)
    const unsent = new Set<number>()
    for (const output of outputs) {
      if (output.kind !== 'send') this.#perform(nowMs, output)
      else if (!this.#send(nowMs, output, source)) unsent.add(output.link)
    }
    if (input.kind === 'frame' && source !== null) this.#locate(nowMs, input.link, input.frame, source, outputs)
    this.refreshGate(nowMs)
    for (const link of unsent) if (this.#machine !== null) this.step(nowMs, { kind: 'unsent', link })
    if (this.#leaveByMs !== Infinity && this.#machine !== null && machine.deadlineMs() === Infinity) this.die(true)
  }

  refreshGate(nowMs: number): void {
    const open = this.serves(nowMs)
    if (open === this.#gateOpen) return
    this.#gateOpen = open
    this.#host.report(this, { kind: 'gate', open, epoch: this.#machine?.view().epoch ?? 0 })
  }

  /** Would a gate pass a message at this instant? */
  serves(nowMs: number): boolean {
    if (this.#machine === null || this.#asleep) return false
    const view = this.#machine.view()
    if (view.role !== 'active' || !view.serving || this.localMs(nowMs) >= view.leaseUntilMs) return false
    return this.#hungUntilMs === null || nowMs - this.#hungSinceMs <= view.freshForMs
  }

  // --- Inside ---

  #globalMs(localMs: number): number {
    return localMs - this.#originMs + this.#sleptMs
  }

  #tickIsDue(nowMs: number): boolean {
    return this.#machine !== null && this.#machine.deadlineMs() <= this.localMs(nowMs)
  }

  #gateShutsAtMs(nowMs: number): number {
    if (!this.#gateOpen || this.#machine === null) return Infinity
    const view = this.#machine.view()
    const staleMs = this.#hungUntilMs === null ? Infinity : this.#hungSinceMs + view.freshForMs + 0.001
    return Math.max(nowMs, Math.min(this.#globalMs(view.leaseUntilMs), staleMs))
  }

  #wake(nowMs: number): void {
    const hungMs = nowMs - this.#hungSinceMs
    const slept = this.#asleep
    this.#hungUntilMs = null
    this.#asleep = false
    this.#host.report(this, { kind: 'process', state: 'awake' })
    if (slept) {
      this.#sleptMs += hungMs
      this.step(nowMs, { kind: 'suspended', ms: hungMs })
    }
    const inbox = this.#inbox
    this.#inbox = []
    if (this.#tickFirst) this.step(nowMs, { kind: 'tick' })
    for (const happen of inbox) happen(nowMs)
    if (this.#tickIsDue(nowMs)) this.step(nowMs, { kind: 'tick' })
  }

  #perform(nowMs: number, output: Exclude<Output, { kind: 'send' }>): void {
    switch (output.kind) {
      case 'store':
        return this.#write(nowMs, output.ticket, output.record)
      case 'event':
        return this.#host.report(this, output)
      case 'drop':
        return this.#host.report(this, { kind: 'dropped', cause: output.cause })
      case 'reply': {
        assert.ok(this.#awaitedReplies.delete(output.id), `${this.name} replies twice, or to nobody: ${output.id}`)
        const text = output.ok ? `ok ${output.role}` : `failed ${output.error}`
        return this.#host.report(this, { kind: 'reply', id: output.id, text })
      }
      case 'barrier':
        this.#barrier = output.id
        return this.#host.report(this, { kind: 'barrier', id: output.id, over: null })
      case 'barrierOver':
        assert.equal(output.id, this.#barrier, `${this.name} ends a barrier that is not open`)
        this.#barrier = null
        return this.#host.report(this, {
          kind: 'barrier',
          id: output.id,
          over: output.granted ? 'granted' : 'called-off'
        })
      case 'ask':
        // There is no witness in this world: see test/exploration/witness.
        return
      default:
        output satisfies never
    }
  }

  /** False: there is no address to send from. */
  #send(nowMs: number, { link, frame, toSource }: Extract<Output, { kind: 'send' }>, source: Endpoint | null): boolean {
    if (!this.#openLinks.has(link)) return true
    const targets = this.#paths[link]?.targets(nowMs) ?? []
    const to = toSource && source !== null ? [source] : targets.map(({ ip, port }) => ({ address: ip, port }))
    return this.#host.send(this, link, frame, to)
  }

  /** A frame that counted says where the peer is. */
  #locate(nowMs: number, link: number, frame: Frame, { address, port }: Endpoint, outputs: readonly Output[]): void {
    const { trailer } = frame
    if (this.#machine === null || outputs.some((o) => o.kind === 'drop')) return
    if (trailer !== null && trailer.session !== this.#machine.view().peerSession) return
    const change = this.#paths[link]?.hear(nowMs, address, port, trailer) ?? null
    if (change === null) return
    const detail = { link, from: addressText(change.from), to: addressText(change.to) }
    this.#host.report(this, { kind: 'event', event: 'link', reason: 'address-changed', detail })
  }

  #lookUp(nowMs: number): void {
    this.#paths.forEach((paths, link) => {
      if (nowMs >= paths.silentAtMs) paths.resolved(nowMs, [this.#host.lookup(this, link)])
    })
    this.#lookUpAtMs = nowMs + LOOKUP_EVERY_MS
  }

  #write(nowMs: number, ticket: number, record: PairRecord): void {
    if (this.diskState === 'hangs') return
    this.#writes.push({ atMs: nowMs + this.diskLatencyMs, ticket, record, ok: this.diskState === 'works' })
  }

  #finishWrite(nowMs: number): void {
    const write = this.#writes.shift()
    if (write === undefined) return
    if (write.ok) this.disk = write.record
    this.step(nowMs, { kind: 'stored', ticket: write.ticket, ok: write.ok })
  }

  /** Whatever a machine shows it has told: a role or an online state never changes without its event. */
  #checkTold(before: MachineView, after: MachineView, outputs: readonly Output[]): void {
    const events = outputs.filter((o) => o.kind === 'event')
    for (const { event, reason, detail } of events) {
      // Who gives the role says why in its own frame.
      if ('to' in detail && detail.to === 'self') continue
      const reasons: readonly ReasonCode[] = MACHINE_EVENTS[event]
      assert.ok(reasons.includes(reason), `${this.name}: ${event} never comes with ${reason}`)
    }
    const lastRole = events.findLast((e) => e.event === 'role')
    assert.equal(lastRole?.detail.role ?? before.role, after.role, `${this.name}: role and its event`)
    if (lastRole !== undefined) assert.equal(lastRole.reason, after.reason, `${this.name}: reason of the role`)
    const lastOnline = events.findLast((e) => e.event === 'online')
    assert.equal(lastOnline?.detail.online ?? before.online, after.online, `${this.name}: online and its event`)
    if (after.serving) assert.equal(after.role, 'active', `${this.name} serves without being Active`)
    const barriers = outputs.filter((o) => o.kind === 'barrier' || o.kind === 'barrierOver')
    const isOpen = barriers.length === 0 ? this.#barrier !== null : barriers.at(-1)?.kind === 'barrier'
    if (isOpen) assert.ok(after.role === 'active' && !after.serving, `${this.name} acts while its barrier is open`)
  }
}

/** What travels: the machine's frame in bytes, on the extended wire with a seal of zeros (sealing is the engine's). */
export function bytesOf(wire: Wire, frame: Frame): Uint8Array {
  if (wire === 'classic') return encodeClassic(frame)
  const bytes = new Uint8Array(EXTENDED_BYTES)
  encodeExtended(frame, bytes)
  return bytes
}
