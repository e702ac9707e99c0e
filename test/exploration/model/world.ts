/**
 * Two real machines, under the policy `witness` a real lender, a network of at most a few frames, and everything that may happen to them, as states and actions.
 *
 * Time moves in quanta (half a heartbeat, unless a space needs to see more) and only when nothing else is due, unless a fault pays for it. What is no fault
 * is free: ticks, deliveries, answers of the store, healing, reopening, restarting. Every fault is paid from a
 * budget, which bounds the space. A state is never changed: `act` returns a new one that shares what stayed the same.
 */
import type { Frame } from '../../../src/protocol/wire/frame'
import type { Designation, Input, Output, PairMachine, Role } from '../../../src/protocol/machine'
import type { PairRecord } from '../../../src/protocol/record'
import { comparePositions, NOWHERE, type Position } from '../../../src/protocol/position'
import { DEFAULTS, type PairSettings, type Policy } from '../../../src/protocol/settings'
import type { Answer, Ask } from '../../../src/protocol/wire/witness-frame'
import type { Lender, LoanRecord } from '../../../src/protocol/witness/lender'
import { countedBy, type Counted } from './fingerprint'
import type { Protocol } from './transparent'

export type SideIndex = 0 | 1
/** 2: a second process of one of the sides. */
export type ProcessIndex = SideIndex | 2
const SIDES = [0, 1] as const
const NAMES = ['a', 'b', 'c'] as const

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
  'storeLoss',
  // A kernel that takes its time before it ends the connections of a dead process.
  'late',
  // Something on the path ends a connection: with a FIN, with a reset, or with all that looks like a crash.
  'fin',
  'reset',
  'lie',
  // Another process of a side, elsewhere, with a copy of its disk.
  'double',
  // The serving side's flows write; who follows falls behind; a host cannot answer its barrier.
  'data',
  'behind',
  'unanswered',
  // Under the policy `witness`: the way between a side and the witness is cut; the witness ends, and is started again.
  'wayCut',
  'lenderEnds'
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
  /** Flows of both sides keep data. */
  readonly keepsData?: boolean
  readonly heartbeatMs?: number
  readonly peerTimeoutMs?: number
  readonly quantumMs?: number
  /** Quanta of a stall. */
  readonly stallFor?: number
  readonly depthMax?: number
}

/** The connection that a side dialled, as its machine knows it. */
interface Tether {
  readonly id: number
  readonly session: bigint
  readonly peerSession: bigint
  /** How it has ended, if its dialler has not been told yet; a late FIN comes when it likes. */
  readonly ended: 'no' | 'fin' | 'late-fin' | 'farewell'
}

export interface SideState {
  /** Null: the process is dead. */
  machine: PairMachine | null
  disk: PairRecord | null
  write: { readonly ticket: number; readonly record: PairRecord } | null
  starts: number
  /** A live host ends the connections of a dead process, and refuses new ones. */
  hostIsUp: boolean
  tether: Tether | null
  /** It has been lied to, and what is sent from this number on has not been answered since; null = it has not. */
  liedFromSeq: number | null
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
  /** Its copy of the data; it follows the side that serves, or has to take a snapshot first. */
  copy: Position
  follows: boolean
  /** What its machine was told of that. */
  told: string
  /** The open barrier, and the epoch that it began with; and whether the host has confirmed it. */
  barrier: { readonly id: number; readonly epoch: number } | null
  confirmed: boolean
}

/** The third voice. What it is asked it hears at once; what it answers is under way. */
export interface ThirdState {
  /** Null: it does not run. */
  lender: Lender<number> | null
  disk: LoanRecord | null
  starts: number
  /** Bit n: nothing passes between side n and it. */
  cut: number
  answers: [readonly Answer[], readonly Answer[]]
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
  /** A second process of a side; null = there is none. */
  double: { readonly of: SideIndex; readonly side: SideState } | null
  /** Under the policy `witness` alone. */
  third: ThirdState | null
  /** To side 0, to side 1, to the second process; oldest first. */
  net: [readonly InFlight[], readonly InFlight[], readonly InFlight[]]
  /** Bit n: nothing that is sent reaches side n. */
  cut: number
  budget: number[]
  /** One recorded frame to each side. */
  tape: [Frame | null, Frame | null]
  commands: number
  tethers: number
}

/** What a step showed to the outside. */
export type Observe = (side: ProcessIndex, output: Output, state: State) => void

export class Violated extends Error {}

const CHANNEL_MAX = 3
const MICRO_STEPS_MAX = 400
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
  ...DESIGNATIONS.flatMap((word) => both(`force ${word} on`)),
  ...['crash-late', 'fin-comes', 'end-by-fin', 'reset', 'lie', 'double'].flatMap(both),
  ...['write', 'apply', 'confirm', 'behind', 'unanswered'].flatMap(both),
  'tick c',
  'deliver c',
  'stored c',
  ...['answer', 'cut the way to w of'].flatMap(both),
  'w ends',
  'w starts'
] as const

function both(verb: string): readonly string[] {
  return SIDES.map((side) => `${verb} ${NAMES[side]}`)
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
const [CRASH_LATE, FIN_COMES, END_BY_FIN, RESET, LIE, DOUBLE] = [
  code('crash-late a'),
  code('fin-comes a'),
  code('end-by-fin a'),
  code('reset a'),
  code('lie a'),
  code('double a')
]
const [WRITE, APPLY, CONFIRM, BEHIND, UNANSWERED] = [
  code('write a'),
  code('apply a'),
  code('confirm a'),
  code('behind a'),
  code('unanswered a')
]
const [TICK_C, DELIVER_C, STORED_C] = [code('tick c'), code('deliver c'), code('stored c')]
const [ANSWER, WAY_CUT, LENDER_ENDS, LENDER_STARTS] = [
  code('answer a'),
  code('cut the way to w of a'),
  code('w ends'),
  code('w starts')
]
const WITNESS_ID = 0x77n
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
    this.quantumMs = configuration.quantumMs ?? heartbeatMs / 2
    const [a, b] = configuration.priorities ?? [100, 100]
    const settings = (priority: number): PairSettings =>
      Object.freeze({
        ...DEFAULTS,
        name: 'model',
        links: Object.freeze([Object.freeze({ peerHost: '', peerPort: 1101, localHost: '', localPort: 1101 })]),
        policy: configuration.policy,
        witness: configuration.policy === 'witness' ? { host: 'w', port: 1102 } : null,
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
      tether: null,
      liedFromSeq: null,
      isOpen: true,
      stalledFor: 0,
      ranAtMs: 0,
      awaiting: [],
      leaving: false,
      used: 0,
      holds: 0,
      copy: NOWHERE,
      follows: false,
      told: '',
      barrier: null,
      confirmed: false
    })
    const state: State = {
      nowMs: 100_000,
      // The longest that is compared: a takeover delay after a heartbeat, five heartbeats between two samples of the round trip, or the
      // damping of fail-backs.
      memoryMs: Math.max(
        peerTimeoutMs + 4 * this.quantumMs,
        12 * this.quantumMs,
        this.configuration.failback === true ? this.#settings[0].heartbeatMs * 48 : 0
      ),
      sentMemoryMs: Math.max(500, peerTimeoutMs) + this.quantumMs,
      sides: [side(0), side(1)],
      double: null,
      third:
        this.configuration.policy === 'witness'
          ? { lender: null, disk: null, starts: 0, cut: 0, answers: [[], []] }
          : null,
      net: [[], [], []],
      cut: 0,
      budget: FAULTS.map((fault) => budget[fault] ?? 0),
      tape: [null, null],
      commands: 0,
      tethers: 0
    }
    if (state.third !== null) this.#startLender(state, state.third)
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
    if (state.double?.side.write != null) can.push(STORED_C)
    for (const side of SIDES) if (this.#receives(state, side)) can.push(DELIVER + side)
    if (this.#receives(state, 2)) can.push(DELIVER_C)
    for (const side of SIDES) if (this.#isAnswered(state, side)) can.push(ANSWER + side)
    for (const side of SIDES) if (this.#tickIsDue(state, side)) can.push(TICK + side)
    if (this.#tickIsDue(state, 2)) can.push(TICK_C)
    const idle = can.length === 0
    if (configuration.anyOrder !== true) can.length = Math.min(can.length, 1)
    const undelivered = SIDES.some((side) => this.#receives(state, side) || this.#isAnswered(state, side))
    const ticksDue = SIDES.some((side) => this.#tickIsDue(state, side))
    const storesDue = SIDES.some((side) => state.sides[side].write !== null && state.sides[side].stalledFor === 0)
    if (idle || (undelivered && !ticksDue && !storesDue && this.#affords(state, 'delay'))) can.push(ADVANCE)
    this.#faults(state, can)
    if (configuration.keepsData === true) for (const side of SIDES) this.#work(state, side, can)
    return can
  }

  /** What hosts do with their data is no fault, and comes when it comes. */
  #work(state: State, side: SideIndex, can: number[]): void {
    const { machine, stalledFor, barrier, confirmed } = state.sides[side]
    if (machine === null || stalledFor > 0) return
    if (this.serves(state, side) && this.#affords(state, 'data')) can.push(WRITE + side)
    if (this.#canApply(state, side)) can.push(APPLY + side)
    if (this.#canApply(state, side) && this.#affords(state, 'behind') && state.sides[side].follows)
      can.push(BEHIND + side)
    if (barrier !== null && !confirmed && this.#hasArrived(state, side)) can.push(CONFIRM + side)
    if (barrier !== null && this.#affords(state, 'unanswered')) can.push(UNANSWERED + side)
  }

  /** The channel is open both ways, and carries. */
  #channel(state: State): boolean {
    return state.cut === 0 && SIDES.every((side) => state.sides[side].tether?.ended === 'no')
  }

  /** There is somebody to follow, and something to get. */
  #canApply(state: State, side: SideIndex): boolean {
    const [own, peer] = [state.sides[side], state.sides[side === 0 ? 1 : 0]]
    if (peer.machine?.view().role !== 'active' || own.machine?.view().role === 'active') return false
    return this.#channel(state) && (!own.follows || comparePositions(own.copy, peer.copy) !== 0)
  }

  #hasArrived(state: State, side: SideIndex): boolean {
    const [own, peer] = [state.sides[side], state.sides[side === 0 ? 1 : 0]]
    if (peer.machine === null || !peer.follows || !this.#channel(state)) return false
    return comparePositions(own.copy, peer.copy) === 0
  }

  #applyToData(state: State, action: number): void {
    const side = ((action - WRITE) % 2) as SideIndex
    const own = state.sides[side]
    this.#fork(state, side)
    switch (action - side) {
      case WRITE: {
        this.#pay(state, 'data')
        const epoch = own.machine?.view().epoch ?? 0
        own.copy = { epoch, number: own.copy.epoch === epoch ? own.copy.number + 1 : 1 }
        return this.#tellData(state, side)
      }
      case APPLY:
        own.copy = state.sides[side === 0 ? 1 : 0].copy
        own.follows = true
        return this.#tellData(state, side)
      case BEHIND:
        this.#pay(state, 'behind')
        own.follows = false
        return this.#tellData(state, side)
      case CONFIRM:
        return this.#answerBarrier(state, side, true)
      case UNANSWERED:
        this.#pay(state, 'unanswered')
        return this.#answerBarrier(state, side, false)
      default:
        throw new Error(`no action ${action}`)
    }
  }

  #answerBarrier(state: State, side: SideIndex, ok: boolean): void {
    const own = state.sides[side]
    if (own.barrier === null) return
    own.confirmed = ok
    this.#step(state, side, { kind: 'barrierDone', id: own.barrier.id, ok })
    own.confirmed = false
  }

  #tellData(state: State, side: SideIndex): void {
    const own = state.sides[side]
    if (this.configuration.keepsData !== true || own.machine === null || own.stalledFor > 0) return
    const open = SIDES.every((s) => state.sides[s].tether?.ended === 'no')
    if (!open) own.follows = false
    const inStep = own.machine.view().role === 'active' || own.follows
    const told = `${open} ${inStep} ${own.copy.epoch}/${own.copy.number}`
    if (told === own.told) return
    own.told = told
    this.#fork(state, side)
    this.#step(state, side, { kind: 'data', users: true, open, inStep, position: own.copy })
  }

  /** The state after the action. Errors: throws `Violated` when a machine throws, spins, or replies twice. */
  act(before: State, action: number): State {
    const state: State = {
      ...before,
      sides: [{ ...before.sides[0] }, { ...before.sides[1] }],
      third: before.third === null ? null : { ...before.third, answers: [...before.third.answers] },
      double: before.double === null ? null : { of: before.double.of, side: { ...before.double.side } },
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
        (s) =>
          (state.sides[s].write !== null && state.sides[s].stalledFor === 0) ||
          this.#receives(state, s) ||
          this.#isAnswered(state, s)
      )
      const due = side ?? SIDES.find((s) => this.#tickIsDue(state, s))
      if (due === undefined) break
      if (state.sides[due].write !== null && state.sides[due].stalledFor === 0) this.#finishWrite(state, due, true)
      else if (this.#receives(state, due)) this.#deliver(state, due, false)
      else if (this.#isAnswered(state, due)) this.#hearAnswer(state, due)
      else this.#step(state, due, { kind: 'tick' })
    }
    for (const side of SIDES) {
      if (this.#canApply(state, side)) this.#applyToData(state, APPLY + side)
      if (state.sides[side].barrier !== null && this.#hasArrived(state, side)) this.#applyToData(state, CONFIRM + side)
    }
    this.#advance(state)
  }

  /** All that was broken is whole: a copy to run quietly. */
  healed(before: State): State {
    const state = this.act(before, HEAL)
    // The second process is found and stopped.
    state.double = null
    for (const side of SIDES) {
      const own = state.sides[side]
      if (own.machine !== null) own.machine = this.#protocol.fork(own.machine)
      if (own.tether?.ended === 'late-fin') own.tether = { ...own.tether, ended: 'fin' }
      own.hostIsUp = true
      own.stalledFor = 0
      if (!own.isOpen && own.machine !== null) this.#setOpen(state, side, true)
      own.isOpen = true
    }
    return state
  }

  /** Starts whoever is down, as `healed` is followed by. */
  restartAll(state: State): void {
    if (state.third?.lender === null) this.#startLender(state, state.third)
    for (const side of SIDES) if (state.sides[side].machine === null) this.#start(state, side)
  }

  /** Would a gate pass a message right now? */
  serves(state: State, side: ProcessIndex): boolean {
    const own = this.#at(state, side)
    if (own === null) return false
    const { machine, stalledFor, ranAtMs } = own
    if (machine === null) return false
    const view = machine.view()
    if (view.role !== 'active' || !view.serving || state.nowMs >= view.leaseUntilMs) return false
    return stalledFor === 0 || state.nowMs - ranAtMs <= view.freshForMs
  }

  /** It has been up for longer than any silence is waited for, and takes no role because its peer may serve. */
  waitsByMark(state: State, side: SideIndex): boolean {
    const view = state.sides[side].machine?.view()
    if (view?.aloneBar !== 'peer-may-serve' || view.role !== 'initial') return false
    return state.nowMs - view.sinceMs > this.#settings[side].peerTimeoutMs + 2 * this.quantumMs
  }

  hasMet(state: State, side: SideIndex): boolean {
    const machine = state.sides[side].machine
    return machine !== null && this.#protocol.hasMet(machine) === true
  }

  // --- What is possible ---

  #affords(state: State, fault: Fault): boolean {
    return (state.budget[FAULT_AT.get(fault) ?? -1] ?? 0) > 0
  }

  #at(state: State, index: ProcessIndex): SideState | null {
    return index === 2 ? (state.double?.side ?? null) : state.sides[index]
  }

  #receives(state: State, side: ProcessIndex): boolean {
    return state.net[side].length > 0 && this.#at(state, side)?.stalledFor === 0
  }

  #isAnswered(state: State, side: SideIndex): boolean {
    const { machine, stalledFor } = state.sides[side]
    return (state.third?.answers[side].length ?? 0) > 0 && machine !== null && stalledFor === 0
  }

  #tickIsDue(state: State, side: ProcessIndex): boolean {
    const own = this.#at(state, side)
    return own?.machine != null && own.stalledFor === 0 && own.machine.deadlineMs() <= state.nowMs
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
      if (this.#affords(state, 'crash') && this.#affords(state, 'late')) can.push(CRASH_LATE + side)
      if (runs) this.#endsOfTether(state, side, can)
      if (state.double === null && this.#affords(state, 'double') && !leaving) can.push(DOUBLE + side)
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
    if (state.third !== null) this.#faultsOfThird(state, state.third, can)
    if (state.cut !== 0 || (state.third?.cut ?? 0) !== 0) can.push(HEAL)
    if (state.cut === 3 || !this.#affords(state, 'cut')) return
    for (const side of SIDES) if ((state.cut & (1 << side)) === 0) can.push(CUT + side)
    if (state.cut === 0) can.push(CUT_BOTH)
  }

  #faultsOfThird(state: State, { lender, cut }: ThirdState, can: number[]): void {
    if (lender === null) can.push(LENDER_STARTS)
    else if (this.#affords(state, 'lenderEnds')) can.push(LENDER_ENDS)
    if (!this.#affords(state, 'wayCut')) return
    for (const side of SIDES) if ((cut & (1 << side)) === 0) can.push(WAY_CUT + side)
  }

  #endsOfTether(state: State, side: SideIndex, can: number[]): void {
    const { tether } = state.sides[side]
    if (tether === null) return
    if (tether.ended === 'late-fin') can.push(FIN_COMES + side)
    if (tether.ended !== 'no' || state.sides[1 - side]?.machine == null) return
    if (this.#affords(state, 'fin')) can.push(END_BY_FIN + side)
    if (this.#affords(state, 'reset')) can.push(RESET + side)
    if (this.#affords(state, 'lie')) can.push(LIE + side)
  }

  // --- What happens ---

  #apply(state: State, action: number, before: State): void {
    if (action === ADVANCE) {
      if (SIDES.some((side) => this.#receives(before, side) || this.#isAnswered(before, side)))
        this.#pay(state, 'delay')
      return this.#advance(state)
    }
    if (action === HEAL) {
      state.cut = 0
      if (state.third !== null) state.third.cut = 0
      return
    }
    if (action >= ANSWER && state.third !== null) return this.#applyToThird(state, state.third, action)
    if (action === CUT_BOTH || action === CUT || action === CUT + 1) {
      this.#pay(state, 'cut')
      state.cut |= action === CUT_BOTH ? 3 : 1 << (action - CUT)
      return
    }
    if (action >= TICK_C) return this.#applyToDouble(state, action)
    if (action >= WRITE) return this.#applyToData(state, action)
    if (action >= CRASH_LATE) return this.#applyToTether(state, action)
    const force = action >= FORCE
    if (action >= DESIGNATE) {
      const offset = action - (force ? FORCE : DESIGNATE)
      return this.#command(state, (offset % 2) as SideIndex, DESIGNATIONS[offset >> 1] ?? 'swap', force)
    }
    // All others come in pairs.
    const side = ((action - TICK) % 2) as SideIndex
    const own = state.sides[side]
    const ahead = state.net[side][0]?.frame ?? null
    this.#fork(state, side)
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
        return this.#die(state, side, 'fin')
      case VANISH:
        this.#pay(state, 'vanish')
        own.hostIsUp = false
        return this.#die(state, side, 'no')
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

  #applyToTether(state: State, action: number): void {
    const side = ((action - CRASH_LATE) % 2) as SideIndex
    const own = state.sides[side]
    this.#fork(state, side)
    switch (action - side) {
      case CRASH_LATE:
        this.#pay(state, 'crash')
        this.#pay(state, 'late')
        return this.#die(state, side, 'late-fin')
      case FIN_COMES:
        return this.#tellFin(state, side, false)
      case END_BY_FIN:
        this.#pay(state, 'fin')
        return this.#tellFin(state, side, false)
      case RESET:
        this.#pay(state, 'reset')
        return this.#tellEnd(state, side)
      case LIE:
        this.#pay(state, 'lie')
        own.liedFromSeq = (countedBy(own.machine)[0]?.seq ?? 0) + 1
        // What its peer says is kept away from it, until somebody heals that.
        state.cut |= 1 << side
        return this.#tellFin(state, side, true)
      case DOUBLE:
        this.#pay(state, 'double')
        return this.#startDouble(state, side)
      default:
        throw new Error(`no action ${action}`)
    }
  }

  #applyToThird(state: State, third: ThirdState, action: number): void {
    if (action === LENDER_ENDS) {
      this.#pay(state, 'lenderEnds')
      third.lender = null
      return
    }
    if (action === LENDER_STARTS) return this.#startLender(state, third)
    const side = ((action - ANSWER) % 2) as SideIndex
    if (action - side === WAY_CUT) {
      this.#pay(state, 'wayCut')
      third.cut |= 1 << side
      return
    }
    this.#fork(state, side)
    this.#hearAnswer(state, side)
  }

  #hearAnswer(state: State, side: SideIndex): void {
    const { third } = state
    const [answer, ...rest] = third?.answers[side] ?? []
    if (third === null || answer === undefined) return
    third.answers[side] = rest
    this.#step(state, side, { kind: 'witness', answer })
  }

  #startLender(state: State, third: ThirdState): void {
    third.starts += 1
    third.lender = this.#protocol.lend(state.nowMs, WITNESS_ID, 0x5000n + BigInt(third.starts), third.disk)
  }

  #ask(state: State, third: ThirdState, side: SideIndex, ask: Ask): void {
    if (third.lender === null || (third.cut & (1 << side)) !== 0) return
    const lender = this.#protocol.forkLender(third.lender)
    third.lender = lender
    for (let outputs = lender.step(state.nowMs, { kind: 'ask', ask, from: side }); outputs.length > 0;) {
      const stores = outputs.some(({ kind }) => kind === 'store')
      for (const output of outputs) {
        if (output.kind === 'store') third.disk = output.record
        if (output.kind !== 'answer') continue
        const to = output.to as SideIndex
        if (third.answers[to].length < CHANNEL_MAX) third.answers[to] = [...third.answers[to], output.answer]
      }
      if (!stores) break
      outputs = lender.step(state.nowMs, { kind: 'stored', ok: true })
    }
  }

  #applyToDouble(state: State, action: number): void {
    const { double } = state
    if (double === null) return
    this.#fork(state, 2)
    if (action === STORED_C) return this.#finishWrite(state, 2, true)
    if (action === TICK_C) return this.#step(state, 2, { kind: 'tick' })
    const [first, ...rest] = state.net[2]
    state.net[2] = rest
    if (first !== undefined) this.#step(state, 2, { kind: 'frame', link: 0, frame: first.frame })
  }

  /** A FIN has been read, and the one dial that follows is answered by whoever listens there now. */
  #tellFin(state: State, side: SideIndex, lied: boolean): void {
    const { tether } = state.sides[side]
    const peer = state.sides[side === 0 ? 1 : 0]
    state.sides[side].tether = null
    if (tether === null) return
    this.#step(state, side, { kind: 'tetherEnded', id: tether.id, fin: true })
    const refused = lied || (peer.machine === null && peer.hostIsUp)
    this.#step(state, side, { kind: 'redialled', id: tether.id, refused })
  }

  #tellEnd(state: State, side: SideIndex): void {
    const { tether } = state.sides[side]
    state.sides[side].tether = null
    if (tether !== null) this.#step(state, side, { kind: 'tetherEnded', id: tether.id, fin: false })
  }

  /** What both show of their sessions makes a tether, and unmakes it; and what has ended in time is told. */
  #attendTether(state: State, side: SideIndex): void {
    const own = state.sides[side]
    const peer = state.sides[side === 0 ? 1 : 0]
    if (own.machine === null || own.stalledFor > 0) return
    const { tether } = own
    const view = own.machine.view()
    const his = peer.machine?.view()
    if (tether === null) {
      // What is cut lets no new one through; those that are up stay so.
      if (state.cut !== 0 || view.peerSession !== his?.session || his.peerSession !== view.session) return
      this.#fork(state, side)
      state.tethers += 1
      const { session, peerSession } = view
      own.tether = { id: state.tethers, session, peerSession, ended: 'no' }
      return this.#step(state, side, { kind: 'tether', id: state.tethers, session, peerSession, provable: true })
    }
    if (tether.ended === 'late-fin') return
    const left = view.session !== tether.session || (view.peerSession !== 0n && view.peerSession !== tether.peerSession)
    const wasLeft = his?.session === tether.peerSession && his.peerSession !== 0n && his.peerSession !== tether.session
    if (tether.ended === 'no' && !left && !wasLeft) return
    this.#fork(state, side)
    if (tether.ended === 'fin' && !left) this.#tellFin(state, side, false)
    else this.#tellEnd(state, side)
  }

  #startDouble(state: State, of: SideIndex): void {
    const original = state.sides[of]
    // Its own identity: what it draws is what nobody else draws.
    const side: SideState = {
      ...original,
      machine: null,
      write: null,
      tether: null,
      starts: 100,
      awaiting: [],
      used: 0,
      holds: 0
    }
    side.machine = this.#protocol.create(this.#settings[of], chance(of, 100))
    side.ranAtMs = state.nowMs
    side.stalledFor = 0
    state.double = { of, side }
    this.#step(state, 2, { kind: 'start', record: original.disk })
    this.#step(state, 2, { kind: 'link', link: 0, open: true, detail: '' })
  }

  /** The machine is about to be stepped: it gets one of its own. */
  #fork(state: State, index: ProcessIndex): void {
    const own = this.#at(state, index)
    if (own?.machine != null) own.machine = this.#protocol.fork(own.machine)
  }

  #pay(state: State, fault: Fault): void {
    const at = FAULT_AT.get(fault) ?? -1
    state.budget[at] = (state.budget[at] ?? 0) - 1
  }

  #advance(state: State): void {
    for (const side of SIDES) this.#attendTether(state, side)
    for (const side of SIDES) this.#tellData(state, side)
    state.nowMs += this.quantumMs
    if (state.double !== null) state.double.side.ranAtMs = state.nowMs
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
    const { machine, isOpen } = state.sides[side]
    if (machine !== null && isOpen) this.#step(state, side, { kind: 'frame', link: 0, frame: first.frame })
  }

  #command(state: State, side: SideIndex, designate: Designation, force: boolean): void {
    this.#pay(state, force ? 'force' : 'command')
    this.#fork(state, side)
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
    own.told = ''
    // A first start draws its node id; here it is given one, so that who is lower does not depend on chance.
    const fresh = own.disk === null && this.configuration.start !== 'cloned'
    const record = fresh && own.starts > 3 ? null : (own.disk ?? newRecord(NODE_IDS[side]))
    this.#step(state, side, { kind: 'start', record })
    this.#tellData(state, side)
    this.#step(state, side, { kind: 'link', link: 0, open: true, detail: '' })
  }

  /** `fin`: what becomes of the connection that the other side dialled. */
  #die(state: State, side: SideIndex, fin: Tether['ended']): void {
    const own = state.sides[side]
    const peer = state.sides[side === 0 ? 1 : 0]
    if (peer.tether?.ended === 'no') peer.tether = { ...peer.tether, ended: fin }
    if (state.third !== null) state.third.answers[side] = []
    own.tether = null
    own.liedFromSeq = null
    own.ended = [...own.ended, ...countedBy(own.machine)]
    own.machine = null
    own.write = null
    own.stalledFor = 0
    own.awaiting = []
    own.leaving = false
    own.follows = false
    own.barrier = null
    own.confirmed = false
  }

  #setOpen(state: State, side: SideIndex, open: boolean): void {
    state.sides[side].isOpen = open
    this.#step(state, side, { kind: 'link', link: 0, open, detail: '' })
  }

  #finishWrite(state: State, side: ProcessIndex, ok: boolean): void {
    const own = this.#at(state, side)
    if (own === null) return
    const write = own.write
    own.write = null
    if (write === null) return
    if (ok) own.disk = write.record
    this.#step(state, side, { kind: 'stored', ticket: write.ticket, ok })
  }

  #step(state: State, side: ProcessIndex, input: Input): void {
    const own = this.#at(state, side)
    const machine = own?.machine ?? null
    if (own === null || machine === null) return
    let outputs: readonly Output[]
    const before = this.configuration.keepsData === true ? machine.view().role : null
    try {
      outputs = machine.step(state.nowMs, input)
    } catch (error) {
      throw new Violated(
        `${NAMES[side]} throws on ${input.kind}: ${error instanceof Error ? error.message : 'something'}`
      )
    }
    for (const output of outputs) this.#perform(state, side, output)
    if (before !== null && side !== 2) checkData(this, state, side, before, outputs)
    if (this.configuration.slowStore !== true) this.#finishWrite(state, side, true)
    if (own.liedFromSeq !== null) this.#seeThrough(own, input, outputs)
    if (own.leaving && own.machine !== null && machine.deadlineMs() === Infinity && side !== 2)
      this.#die(state, side, 'farewell')
  }

  /** The first answer to what was sent after the FIN shows that there was a lie; or a new session is there. */
  #seeThrough(own: SideState, input: Input, outputs: readonly Output[]): void {
    if (outputs.some((o) => o.kind === 'event' && o.event === 'proof-wrong')) own.liedFromSeq = null
    const trailer = input.kind === 'frame' ? input.frame.trailer : null
    if (trailer === null || own.liedFromSeq === null || outputs.some((o) => o.kind === 'drop')) return
    if (trailer.echo === countedBy(own.machine)[0]?.session && trailer.ack >= own.liedFromSeq) own.liedFromSeq = null
  }

  #perform(state: State, side: ProcessIndex, output: Output): void {
    this.#observe(side, output, state)
    const own = this.#at(state, side)
    if (own === null) return
    switch (output.kind) {
      case 'send': {
        const { double } = state
        const to = side === 2 ? (double?.of === 0 ? 1 : 0) : side === 0 ? 1 : 0
        const flight = { frame: output.frame, sentAtMs: state.nowMs }
        if (double !== null && side === (double.of === 0 ? 1 : 0) && state.net[2].length < CHANNEL_MAX)
          state.net[2] = [...state.net[2], flight]
        if (!own.isOpen || (state.cut & (1 << to)) !== 0 || state.net[to].length >= CHANNEL_MAX) return
        state.net[to] = [...state.net[to], flight]
        return
      }
      case 'store':
        own.write = { ticket: output.ticket, record: output.record }
        return
      case 'reply':
        if (!own.awaiting.includes(output.id)) throw new Violated(`${NAMES[side]} answers command ${output.id} twice`)
        own.awaiting = own.awaiting.filter((id) => id !== output.id)
        return
      case 'ask':
        if (state.third !== null && side !== 2) this.#ask(state, state.third, side, output.ask)
        return
      case 'event':
      case 'drop':
        return
      case 'barrier':
        if (own.barrier !== null) throw new Violated(`${NAMES[side]} begins a barrier in another`)
        own.barrier = { id: output.id, epoch: own.machine?.view().epoch ?? 0 }
        return
      case 'barrierOver':
        if (own.barrier?.id !== output.id) throw new Violated(`${NAMES[side]} ends a barrier that is not open`)
        return
      default:
        output satisfies never
    }
  }
}

const PLANNED = ['operator', 'failback', 'designated', 'less-fit']

/** What a step of a side with data must not do. Errors: throws `Violated`. */
function checkData(world: World, state: State, index: SideIndex, before: Role, outputs: readonly Output[]): void {
  const own = state.sides[index]
  const peer = state.sides[index === 0 ? 1 : 0]
  const name = NAMES[index]
  const events = outputs.filter((output) => output.kind === 'event')
  const grant = events.find(({ event, detail }) => event === 'designate' && 'to' in detail && detail.to === 'peer')
  const over = outputs.find((output) => output.kind === 'barrierOver')
  const view = own.machine?.view()
  const [barrier, newer] = [own.barrier, comparePositions(own.copy, peer.copy) > 0]
  if (over !== undefined) own.barrier = null
  if (own.barrier !== null && (view?.role !== 'active' || view.serving))
    throw new Violated(
      `${name} is ${view?.role}${view?.serving === true ? ' and serves' : ''} while its barrier is open`
    )
  if (over?.granted === false && view?.role === 'active' && !own.leaving) {
    if (!view.serving && state.sides.every((side) => side.stalledFor === 0))
      throw new Violated(`${name} does not serve after its barrier was called off`)
    const reasserted = events.some(({ event }) => event === 'reasserted')
    if (view.epoch !== barrier?.epoch && !reasserted) throw new Violated(`${name} has another epoch after its barrier`)
  }
  const isWithout = events.some(({ event, reason }) => event === 'handover' && reason === 'data-behind')
  const isGrant = before === 'active' && grant !== undefined && PLANNED.includes(grant.reason)
  if (isGrant && !isWithout && !own.confirmed) throw new Violated(`${name} gives the role before its peer has the data`)
  const gives = isGrant || (before === 'active' && view?.role === 'initial')
  if (gives && own.confirmed && peer.machine !== null && newer)
    throw new Violated(`${name} loses a write in a planned swap`)
  // An operator's word comes before the data: who was told to stand by is not ready, and who asks for the role outranks who does not.
  const isWanted = peer.awaiting.length > 0 || view?.reason === 'operator' || view?.reason === 'operator-forced'
  if (grant?.reason === 'negotiated' && newer && !isWanted && world.hasMet(state, index))
    throw new Violated(`${name} gives the role at rest to staler data`)
  if (before !== 'active' && view?.role === 'active' && view.epoch <= own.copy.epoch)
    throw new Violated(`${name} takes epoch ${view.epoch} and has data of ${own.copy.epoch}`)
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
