/**
 * Two real machines, a network of at most a few frames, and everything that may happen to them, as states and actions.
 *
 * Time moves in quanta of half a heartbeat and only when nothing else is due, unless a fault pays for it. What is no fault
 * is free: ticks, deliveries, answers of the store, healing, reopening, restarting. Every fault is paid from a
 * budget, which bounds the space. A state is never changed: `act` returns a new one that shares what stayed the same.
 */
import type { Frame } from '../../src/protocol/frame'
import type { Designation, Input, Output, PairMachine } from '../../src/protocol/machine'
import type { PairRecord } from '../../src/protocol/record'
import { DEFAULTS, type PairSettings, type Policy } from '../../src/protocol/settings'
import { countedBy, type Counted } from './fingerprint'
import type { Protocol } from './transparent'

export type SideIndex = 0 | 1
const SIDES = [0, 1] as const
const NAMES = ['a', 'b'] as const

const FAULTS = [
  'drop',
  'repeat',
  'delay',
  'crash',
  'vanish',
  'cut',
  'stall',
  'command',
  'force',
  'unfit',
  'goodbye',
  'close',
  'replay',
  'storeFail',
  'storeLoss'
] as const
type Fault = (typeof FAULTS)[number]

export interface Configuration {
  readonly name: string
  readonly policy: Policy
  /** `fresh`: nothing was ever stored. `formed`: an Active and a Standby in quiet contact. `cloned`: one identity twice. */
  readonly start: 'fresh' | 'formed' | 'cloned'
  /** How often each fault may happen; 0 if absent. */
  readonly budget: Readonly<Partial<Record<Fault, number>>>
  /** Everything due at one instant happens in any order; otherwise in one order, which faults interrupt. */
  readonly anyOrder?: boolean
  /** The store answers in a step of its own, before which a side may crash. */
  readonly slowStore?: boolean
  readonly priorities?: readonly [number, number]
  readonly failback?: boolean
  readonly heartbeatMs?: number
  readonly peerTimeoutMs?: number
  /** Quanta of a stall. */
  readonly stallFor?: number
  readonly depthMax?: number
}

export interface SideState {
  /** Null: the process is dead. */
  machine: PairMachine | null
  disk: PairRecord | null
  write: { readonly ticket: number; readonly record: PairRecord } | null
  starts: number
  /** A live host answers for a dead process that nobody listens there. */
  hostIsUp: boolean
  isOpen: boolean
  stalledFor: number
  ranAtMs: number
  awaiting: readonly number[]
  leaving: boolean
  /** Sessions of dead processes, and how far they had counted. */
  ended: readonly Counted[]
  /** Highest epoch this side was ever Active with; 0 again when its store was lost. */
  used: number
  /** The epoch it is Active with; 0 otherwise. */
  holds: number
}

interface InFlight {
  readonly frame: Frame
  readonly sentAtMs: number
}

export interface State {
  nowMs: number
  /** What happened longer ago than this is never compared with now; and the same for the times of what was sent. */
  readonly memoryMs: number
  readonly sentMemoryMs: number
  sides: [SideState, SideState]
  /** To side 0, to side 1; oldest first. */
  net: [readonly InFlight[], readonly InFlight[]]
  /** Bit n: nothing that is sent reaches side n. */
  cut: number
  budget: number[]
  /** One recorded frame to each side. */
  tape: [Frame | null, Frame | null]
  commands: number
}

/** What a step showed to the outside. */
export type Observe = (side: SideIndex, output: Output, state: State) => void

export class Violated extends Error {}

const CHANNEL_MAX = 3
const MICRO_STEPS_MAX = 400
/** docs/PROTOCOL.md, timers: nothing is sent at longer distances. */
const REFUSED_SEND_MS = 3000
const DESIGNATIONS: readonly Designation[] = ['active', 'standby', 'swap']
const NODE_IDS = ['1111111111111111', '2222222222222222'] as const

/** Each action is a number, so that a trace can be written down. */
export const ACTIONS = [
  'advance',
  ...[
    'tick',
    'deliver',
    'stored',
    'drop',
    'repeat',
    'store-fails',
    'crash',
    'vanish',
    'restart',
    'restart-empty'
  ].flatMap(both),
  ...['stall', 'unfit', 'goodbye', 'close', 'open', 'record', 'replay', 'cut'].flatMap(both),
  'cut both',
  'heal',
  ...DESIGNATIONS.flatMap((word) => both(`designate ${word} on`)),
  ...DESIGNATIONS.flatMap((word) => both(`force ${word} on`))
] as const

function both(verb: string): readonly string[] {
  return NAMES.map((name) => `${verb} ${name}`)
}

const CODES = new Map(ACTIONS.map((action, number) => [action, number]))

function code(action: string): number {
  const found = CODES.get(action)
  if (found === undefined) throw new Error(`no action ${action}`)
  return found
}

const [ADVANCE, TICK, DELIVER, STORED] = [code('advance'), code('tick a'), code('deliver a'), code('stored a')]
const [DROP, REPEAT, STORE_FAILS] = [code('drop a'), code('repeat a'), code('store-fails a')]
const [CRASH, VANISH, RESTART, RESTART_EMPTY] = [
  code('crash a'),
  code('vanish a'),
  code('restart a'),
  code('restart-empty a')
]
const [STALL, UNFIT, GOODBYE, CLOSE, OPEN] = [
  code('stall a'),
  code('unfit a'),
  code('goodbye a'),
  code('close a'),
  code('open a')
]
const [RECORD, REPLAY, CUT, CUT_BOTH, HEAL] = [
  code('record a'),
  code('replay a'),
  code('cut a'),
  code('cut both'),
  code('heal')
]
const [DESIGNATE, FORCE] = [code('designate active on a'), code('force active on a')]
const FAULT_AT = new Map(FAULTS.map((fault, index) => [fault, index]))

export class World {
  readonly configuration: Configuration
  readonly quantumMs: number
  readonly #protocol: Protocol
  readonly #settings: readonly [PairSettings, PairSettings]
  readonly #observe: Observe

  constructor(configuration: Configuration, protocol: Protocol, observe: Observe) {
    this.configuration = configuration
    this.#protocol = protocol
    this.#observe = observe
    const heartbeatMs = configuration.heartbeatMs ?? 200
    this.quantumMs = heartbeatMs / 2
    const [a, b] = configuration.priorities ?? [100, 100]
    const settings = (priority: number): PairSettings =>
      Object.freeze({
        ...DEFAULTS,
        name: 'model',
        links: Object.freeze([Object.freeze({ peerHost: '', peerPort: 1101, localHost: '', localPort: 1101 })]),
        policy: configuration.policy,
        priority,
        failback: configuration.failback ?? false,
        failbackDelayMs: 0,
        heartbeatMs,
        peerTimeoutMs: configuration.peerTimeoutMs ?? 3 * heartbeatMs
      })
    this.#settings = [settings(a), settings(b)]
  }

  /** Errors: throws `Violated` when a machine throws or spins while the first state is made. */
  initial(): State {
    const { start, budget } = this.configuration
    const peerTimeoutMs = this.#settings[0].peerTimeoutMs
    const side = (index: SideIndex): SideState => ({
      machine: null,
      disk: start === 'cloned' ? clonedRecord() : null,
      write: null,
      starts: index,
      ended: [],
      hostIsUp: true,
      isOpen: true,
      stalledFor: 0,
      ranAtMs: 0,
      awaiting: [],
      leaving: false,
      used: 0,
      holds: 0
    })
    const state: State = {
      nowMs: 100_000,
      // The longest that is compared: the pace to a port that refuses (which is longer than five heartbeats and the return of the
      // preferred side), or the damping of fail-backs.
      memoryMs: Math.max(
        REFUSED_SEND_MS + this.quantumMs,
        this.configuration.failback === true ? this.#settings[0].heartbeatMs * 48 : 0
      ),
      sentMemoryMs: Math.max(500, peerTimeoutMs) + this.quantumMs,
      sides: [side(0), side(1)],
      net: [[], []],
      cut: 0,
      budget: FAULTS.map((fault) => budget[fault] ?? 0),
      tape: [null, null],
      commands: 0
    }
    for (const index of SIDES) this.#start(state, index)
    if (start === 'formed') for (let i = 0; i < 40; i++) this.passQuietly(state)
    return state
  }

  /** Which actions are possible. */
  enabled(state: State): number[] {
    const { configuration } = this
    const can: number[] = []
    for (const side of SIDES) {
      const { machine, stalledFor, write } = state.sides[side]
      if (machine === null || stalledFor > 0) continue
      if (write !== null) can.push(STORED + side)
    }
    for (const side of SIDES) if (this.#receives(state, side)) can.push(DELIVER + side)
    for (const side of SIDES) if (this.#tickIsDue(state, side)) can.push(TICK + side)
    const idle = can.length === 0
    if (configuration.anyOrder !== true) can.length = Math.min(can.length, 1)
    const undelivered = SIDES.some((side) => this.#receives(state, side))
    const ticksDue = SIDES.some((side) => this.#tickIsDue(state, side))
    const storesDue = SIDES.some((side) => state.sides[side].write !== null && state.sides[side].stalledFor === 0)
    if (idle || (undelivered && !ticksDue && !storesDue && this.#affords(state, 'delay'))) can.push(ADVANCE)
    this.#faults(state, can)
    return can
  }

  /** The state after the action. Errors: throws `Violated` when a machine throws, spins, or replies twice. */
  act(before: State, action: number): State {
    const state: State = {
      ...before,
      sides: [{ ...before.sides[0] }, { ...before.sides[1] }],
      net: [...before.net],
      budget: before.budget.slice(),
      tape: [...before.tape]
    }
    this.#apply(state, action, before)
    return state
  }

  /** One quantum without any fault, changing `state` itself: everything due happens, then time moves. */
  passQuietly(state: State): void {
    for (let i = 0; ; i++) {
      if (i > MICRO_STEPS_MAX) throw new Violated('the pair never comes to rest within one instant')
      const side = SIDES.find(
        (s) => (state.sides[s].write !== null && state.sides[s].stalledFor === 0) || this.#receives(state, s)
      )
      const due = side ?? SIDES.find((s) => this.#tickIsDue(state, s))
      if (due === undefined) break
      if (state.sides[due].write !== null && state.sides[due].stalledFor === 0) this.#finishWrite(state, due, true)
      else if (this.#receives(state, due)) this.#deliver(state, due, false)
      else this.#step(state, due, { kind: 'tick' })
    }
    this.#advance(state)
  }

  /** All that was broken is whole: a copy to run quietly. */
  healed(before: State): State {
    const state = this.act(before, HEAL)
    for (const side of SIDES) {
      const own = state.sides[side]
      if (own.machine !== null) own.machine = this.#protocol.fork(own.machine)
      own.hostIsUp = true
      own.stalledFor = 0
      if (!own.isOpen && own.machine !== null) this.#setOpen(state, side, true)
      own.isOpen = true
    }
    return state
  }

  /** Starts whoever is down, as `healed` is followed by. */
  restartAll(state: State): void {
    for (const side of SIDES) if (state.sides[side].machine === null) this.#start(state, side)
  }

  /** Would a gate pass a message right now? */
  serves(state: State, side: SideIndex): boolean {
    const { machine, stalledFor, ranAtMs } = state.sides[side]
    if (machine === null) return false
    const view = machine.view()
    if (view.role !== 'active' || !view.serving || state.nowMs >= view.leaseUntilMs) return false
    return stalledFor === 0 || state.nowMs - ranAtMs <= view.freshForMs
  }

  hasMet(state: State, side: SideIndex): boolean {
    const machine = state.sides[side].machine
    return machine !== null && this.#protocol.hasMet(machine) === true
  }

  // --- What is possible ---

  #affords(state: State, fault: Fault): boolean {
    return (state.budget[FAULT_AT.get(fault) ?? -1] ?? 0) > 0
  }

  #receives(state: State, side: SideIndex): boolean {
    return state.net[side].length > 0 && state.sides[side].stalledFor === 0
  }

  #tickIsDue(state: State, side: SideIndex): boolean {
    const { machine, stalledFor } = state.sides[side]
    return machine !== null && stalledFor === 0 && machine.deadlineMs() <= state.nowMs
  }

  #faults(state: State, can: number[]): void {
    for (const side of SIDES) {
      const { machine, write, stalledFor, isOpen, leaving } = state.sides[side]
      const runs = machine !== null && stalledFor === 0
      if (state.net[side].length > 0) {
        if (this.#affords(state, 'drop')) can.push(DROP + side)
        if (runs && this.#affords(state, 'repeat')) can.push(REPEAT + side)
        if (state.tape[side] === null && this.#affords(state, 'replay')) can.push(RECORD + side)
      }
      if (runs && state.tape[side] !== null && this.#affords(state, 'replay')) can.push(REPLAY + side)
      if (runs && write !== null && this.#affords(state, 'storeFail')) can.push(STORE_FAILS + side)
      if (machine === null) {
        can.push(RESTART + side)
        if (this.#affords(state, 'storeLoss')) can.push(RESTART_EMPTY + side)
        continue
      }
      if (this.#affords(state, 'crash')) can.push(CRASH + side)
      if (this.#affords(state, 'vanish')) can.push(VANISH + side)
      if (!runs || leaving) continue
      if (this.#affords(state, 'stall')) can.push(STALL + side)
      if (this.#affords(state, 'unfit')) can.push(UNFIT + side)
      if (this.#affords(state, 'goodbye')) can.push(GOODBYE + side)
      if (!isOpen) can.push(OPEN + side)
      else if (this.#affords(state, 'close')) can.push(CLOSE + side)
      for (let word = 0; word < DESIGNATIONS.length; word++) {
        if (this.#affords(state, 'command')) can.push(DESIGNATE + 2 * word + side)
        if (this.#affords(state, 'force')) can.push(FORCE + 2 * word + side)
      }
    }
    if (state.cut !== 0) can.push(HEAL)
    if (state.cut === 3 || !this.#affords(state, 'cut')) return
    for (const side of SIDES) if ((state.cut & (1 << side)) === 0) can.push(CUT + side)
    if (state.cut === 0) can.push(CUT_BOTH)
  }

  // --- What happens ---

  #apply(state: State, action: number, before: State): void {
    if (action === ADVANCE) {
      if (SIDES.some((side) => this.#receives(before, side))) this.#pay(state, 'delay')
      return this.#advance(state)
    }
    if (action === HEAL) {
      state.cut = 0
      return
    }
    if (action === CUT_BOTH || action === CUT || action === CUT + 1) {
      this.#pay(state, 'cut')
      state.cut |= action === CUT_BOTH ? 3 : 1 << (action - CUT)
      return
    }
    const force = action >= FORCE
    if (action >= DESIGNATE) {
      const offset = action - (force ? FORCE : DESIGNATE)
      return this.#command(state, (offset % 2) as SideIndex, DESIGNATIONS[offset >> 1] ?? 'swap', force)
    }
    // All others come in pairs.
    const side = ((action - TICK) % 2) as SideIndex
    const own = state.sides[side]
    const ahead = state.net[side][0]?.frame ?? null
    this.#own(state, side)
    switch (action - side) {
      case TICK:
        return this.#step(state, side, { kind: 'tick' })
      case DELIVER:
        return this.#deliver(state, side, false)
      case STORED:
        return this.#finishWrite(state, side, true)
      case DROP:
        this.#pay(state, 'drop')
        state.net[side] = state.net[side].slice(1)
        return
      case REPEAT:
        this.#pay(state, 'repeat')
        return this.#deliver(state, side, true)
      case STORE_FAILS:
        this.#pay(state, 'storeFail')
        return this.#finishWrite(state, side, false)
      case CRASH:
        this.#pay(state, 'crash')
        return this.#die(state, side)
      case VANISH:
        this.#pay(state, 'vanish')
        own.hostIsUp = false
        return this.#die(state, side)
      case RESTART_EMPTY:
        this.#pay(state, 'storeLoss')
        own.disk = null
        own.used = 0
        return this.#start(state, side)
      case RESTART:
        return this.#start(state, side)
      case STALL:
        this.#pay(state, 'stall')
        own.ranAtMs = state.nowMs
        own.stalledFor = this.configuration.stallFor ?? 4
        return
      case UNFIT:
        this.#pay(state, 'unfit')
        return this.#step(state, side, { kind: 'fitness', value: 0 })
      case GOODBYE:
        this.#pay(state, 'goodbye')
        own.leaving = true
        return this.#step(state, side, { kind: 'goodbye', reason: 'shutdown' })
      case CLOSE:
        this.#pay(state, 'close')
        return this.#setOpen(state, side, false)
      case OPEN:
        return this.#setOpen(state, side, true)
      case RECORD:
        state.tape[side] = ahead
        return
      case REPLAY: {
        this.#pay(state, 'replay')
        const frame = state.tape[side]
        if (frame !== null) this.#step(state, side, { kind: 'frame', link: 0, frame })
        return
      }
      default:
        throw new Error(`no action ${action}`)
    }
  }

  #pay(state: State, fault: Fault): void {
    const at = FAULT_AT.get(fault) ?? -1
    state.budget[at] = (state.budget[at] ?? 0) - 1
  }

  /** This action may step the machine: it gets one of its own. */
  #own(state: State, side: SideIndex): void {
    for (const s of SIDES) {
      // A delivery to a dead side steps the sender.
      const stepped = s === side || state.sides[side].machine === null || !state.sides[side].isOpen
      const { machine } = state.sides[s]
      if (stepped && machine !== null) state.sides[s].machine = this.#protocol.fork(machine)
    }
  }

  #advance(state: State): void {
    state.nowMs += this.quantumMs
    for (const side of SIDES) {
      const own = state.sides[side]
      if (own.stalledFor > 0) own.stalledFor -= 1
      if (own.stalledFor === 0) own.ranAtMs = state.nowMs
    }
  }

  #deliver(state: State, side: SideIndex, keep: boolean): void {
    const [first, ...rest] = state.net[side]
    if (first === undefined) return
    if (!keep) state.net[side] = rest
    const { machine, isOpen, hostIsUp } = state.sides[side]
    if (machine !== null && isOpen) return this.#step(state, side, { kind: 'frame', link: 0, frame: first.frame })
    const sender = (1 - side) as SideIndex
    const answered = hostIsUp && (state.cut & (1 << sender)) === 0
    const { machine: hears, stalledFor, isOpen: listens } = state.sides[sender]
    if (answered && hears !== null && stalledFor === 0 && listens) {
      this.#step(state, sender, { kind: 'refused', link: 0 })
    }
  }

  #command(state: State, side: SideIndex, designate: Designation, force: boolean): void {
    this.#pay(state, force ? 'force' : 'command')
    this.#own(state, side)
    state.commands += 1
    const id = state.commands
    state.sides[side].awaiting = [...state.sides[side].awaiting, id]
    this.#step(state, side, { kind: 'command', id, designate, force })
  }

  #start(state: State, side: SideIndex): void {
    const own = state.sides[side]
    own.starts += 2
    own.hostIsUp = true
    own.isOpen = true
    own.leaving = false
    own.machine = this.#protocol.create(this.#settings[side], chance(side, own.starts))
    own.ranAtMs = state.nowMs
    // A first start draws its node id; here it is given one, so that who is lower does not depend on chance.
    const fresh = own.disk === null && this.configuration.start !== 'cloned'
    const record = fresh && own.starts > 3 ? null : (own.disk ?? newRecord(NODE_IDS[side]))
    this.#step(state, side, { kind: 'start', record })
    this.#step(state, side, { kind: 'link', link: 0, open: true, detail: '' })
  }

  #die(state: State, side: SideIndex): void {
    const own = state.sides[side]
    own.ended = [...own.ended, ...countedBy(own.machine)]
    own.machine = null
    own.write = null
    own.stalledFor = 0
    own.awaiting = []
    own.leaving = false
  }

  #setOpen(state: State, side: SideIndex, open: boolean): void {
    state.sides[side].isOpen = open
    this.#step(state, side, { kind: 'link', link: 0, open, detail: '' })
  }

  #finishWrite(state: State, side: SideIndex, ok: boolean): void {
    const own = state.sides[side]
    const write = own.write
    own.write = null
    if (write === null) return
    if (ok) own.disk = write.record
    this.#step(state, side, { kind: 'stored', ticket: write.ticket, ok })
  }

  #step(state: State, side: SideIndex, input: Input): void {
    const own = state.sides[side]
    const machine = own.machine
    if (machine === null) return
    let outputs: readonly Output[]
    try {
      outputs = machine.step(state.nowMs, input)
    } catch (error) {
      throw new Violated(
        `${NAMES[side]} throws on ${input.kind}: ${error instanceof Error ? error.message : 'something'}`
      )
    }
    for (const output of outputs) this.#perform(state, side, output)
    if (this.configuration.slowStore !== true) this.#finishWrite(state, side, true)
    if (own.leaving && own.machine !== null && machine.deadlineMs() === Infinity) this.#die(state, side)
  }

  #perform(state: State, side: SideIndex, output: Output): void {
    this.#observe(side, output, state)
    const own = state.sides[side]
    switch (output.kind) {
      case 'send': {
        const to = (1 - side) as SideIndex
        if (!own.isOpen || (state.cut & (1 << to)) !== 0 || state.net[to].length >= CHANNEL_MAX) return
        state.net[to] = [...state.net[to], { frame: output.frame, sentAtMs: state.nowMs }]
        return
      }
      case 'store':
        own.write = { ticket: output.ticket, record: output.record }
        return
      case 'reply':
        if (!own.awaiting.includes(output.id)) throw new Violated(`${NAMES[side]} answers command ${output.id} twice`)
        own.awaiting = own.awaiting.filter((id) => id !== output.id)
        return
      case 'event':
      case 'drop':
        return
      default:
        output satisfies never
    }
  }
}

/** Chance that depends on the start alone: a state does not remember how often it asked. */
function chance(side: SideIndex, starts: number): (boundExclusive: number) => number {
  return (boundExclusive) => (0x1000 * (starts + 1) + side) % boundExclusive
}

function newRecord(nodeId: string): PairRecord {
  return {
    nodeId,
    epoch: 0,
    reserved: 0,
    parity: null,
    promisedMs: 0,
    preferred: false,
    online: false,
    number: 1,
    peerPolicy: null
  }
}

function clonedRecord(): PairRecord {
  return newRecord(NODE_IDS[0])
}
