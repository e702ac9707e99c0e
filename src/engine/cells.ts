/**
 * Shared memory between the engine's thread and the flows' thread, and the only place that knows its layout.
 *
 * The pair cell holds two copies: the engine fills the idle one and then publishes it by counting `VERSION` up, whose
 * lowest bit names the valid copy. A reader never waits for a writer that was interrupted; it reads again only when a whole
 * new value was published meanwhile. The engine is the only writer. Times are microseconds of CLOCK_MONOTONIC (`process.hrtime`),
 * which all threads of a process share.
 */
import type { MachineView, PeerView, Role } from '../protocol/machine'

const ROLES: readonly Role[] = ['initial', 'active', 'standby']
const VERSION = 0
const COPIES = [1, 9] as const
const SLOT = {
  ROLE: 0,
  SERVING: 1,
  EPOCH: 2,
  LEASE_UNTIL: 3,
  FRESH_FOR: 4,
  HEARD_AT: 5,
  ROUND_TRIP: 6,
  WITNESS_HEARD_AT: 7
} as const
const PAIR_SLOTS = 17
const ENGINE = { TICK: 0, MAIN_BEAT: 1, DEAD: 2, WALL_OFFSET: 3, LEFT: 4 } as const
const ENGINE_SLOTS = 5
const NEVER = 2n ** 62n
/** A wall clock that ran ahead of the monotonic one by more than this: the machine slept, or somebody set it. */
export const SLEPT_MS = 500

/** Monotonic now in microseconds, the same clock in every thread of the process. */
export function nowUs(): bigint {
  return process.hrtime.bigint() / 1000n
}

/**
 * Of the machine's view what changes without an event, or decides at a gate. `serving` is what the machine allows: lease and freshness
 * are still to be judged at the instant of use. Times are monotonic ms.
 */
export interface PairCellValue extends Pick<MachineView, 'role' | 'serving' | 'epoch' | 'leaseUntilMs' | 'freshForMs'> {
  /** Null = never. */
  readonly heardAtMs: number | null
  readonly roundTripMs: PeerView['roundTripMs']
  /** Null = never, or there is no witness. */
  readonly witnessHeardAtMs: number | null
}

export function newPairCell(): SharedArrayBuffer {
  return new SharedArrayBuffer(PAIR_SLOTS * 8)
}

export function newEngineCell(): SharedArrayBuffer {
  return new SharedArrayBuffer(ENGINE_SLOTS * 8)
}

export class PairCell {
  readonly #slots: BigInt64Array

  constructor(buffer: SharedArrayBuffer) {
    this.#slots = new BigInt64Array(buffer)
  }

  /** Engine only. */
  write(value: PairCellValue): void {
    const s = this.#slots
    const version = Atomics.load(s, VERSION) + 1n
    const copy = copyOf(version)
    Atomics.store(s, copy + SLOT.ROLE, BigInt(ROLES.indexOf(value.role)))
    Atomics.store(s, copy + SLOT.SERVING, value.serving ? 1n : 0n)
    Atomics.store(s, copy + SLOT.EPOCH, BigInt(value.epoch))
    Atomics.store(s, copy + SLOT.LEASE_UNTIL, toUs(value.leaseUntilMs))
    Atomics.store(s, copy + SLOT.FRESH_FOR, toUs(value.freshForMs))
    Atomics.store(s, copy + SLOT.HEARD_AT, value.heardAtMs === null ? -1n : toUs(value.heardAtMs))
    Atomics.store(s, copy + SLOT.ROUND_TRIP, value.roundTripMs === null ? -1n : toUs(value.roundTripMs))
    Atomics.store(s, copy + SLOT.WITNESS_HEARD_AT, value.witnessHeardAtMs === null ? -1n : toUs(value.witnessHeardAtMs))
    Atomics.store(s, VERSION, version)
  }

  /** Another one whenever a new value was published. */
  get version(): bigint {
    return Atomics.load(this.#slots, VERSION)
  }

  /** Any thread. */
  read(): PairCellValue {
    const s = this.#slots
    for (;;) {
      const version = Atomics.load(s, VERSION)
      const copy = copyOf(version)
      const value: PairCellValue = {
        role: ROLES[Number(Atomics.load(s, copy + SLOT.ROLE))] ?? 'initial',
        serving: Atomics.load(s, copy + SLOT.SERVING) === 1n,
        epoch: Number(Atomics.load(s, copy + SLOT.EPOCH)),
        leaseUntilMs: toMs(Atomics.load(s, copy + SLOT.LEASE_UNTIL)),
        freshForMs: toMs(Atomics.load(s, copy + SLOT.FRESH_FOR)),
        heardAtMs: toMsOrNull(Atomics.load(s, copy + SLOT.HEARD_AT)),
        roundTripMs: toMsOrNull(Atomics.load(s, copy + SLOT.ROUND_TRIP)),
        witnessHeardAtMs: toMsOrNull(Atomics.load(s, copy + SLOT.WITNESS_HEARD_AT))
      }
      if (Atomics.load(s, VERSION) === version) return value
    }
  }
}

function copyOf(version: bigint): number {
  return COPIES[Number(version & 1n) as 0 | 1]
}

export class EngineCell {
  readonly #slots: BigInt64Array

  constructor(buffer: SharedArrayBuffer) {
    this.#slots = new BigInt64Array(buffer)
  }

  /**
   * Engine: at every wake-up, and at least twice in `freshForMs` of those who serve, AFTER the pairs' cells were brought up
   * to date. `wallMs` is the wall clock of the same instant, so that a gate notices a sleep of the whole machine before the engine does.
   */
  writeTick(us: bigint, wallMs: number): void {
    Atomics.store(this.#slots, ENGINE.WALL_OFFSET, BigInt(Math.round(wallMs - toMs(us))))
    Atomics.store(this.#slots, ENGINE.TICK, us)
  }

  /** ms by which the wall clock was ahead of the monotonic one at the last tick. */
  readWallOffsetMs(): number {
    return Number(Atomics.load(this.#slots, ENGINE.WALL_OFFSET))
  }

  /** Monotonic microseconds; 0 = the engine has not run yet. */
  readTick(): bigint {
    return Atomics.load(this.#slots, ENGINE.TICK)
  }

  /** Before the cell of a pair is read: a tick that is younger than what was read of the pair vouches for something else. */
  read(): EngineSigns {
    return { tick: this.readTick(), wallOffsetMs: this.readWallOffsetMs(), dead: this.isDead() }
  }

  /** Main thread: the flows' event loop is alive. */
  beat(): void {
    Atomics.add(this.#slots, ENGINE.MAIN_BEAT, 1n)
  }

  /** Engine: compare with the last value to see whether the main loop moved. */
  readBeat(): bigint {
    return Atomics.load(this.#slots, ENGINE.MAIN_BEAT)
  }

  /** Either thread, at the engine's end: every gate shuts at once. */
  markDead(dead: boolean): void {
    Atomics.store(this.#slots, ENGINE.DEAD, dead ? 1n : 0n)
  }

  isDead(): boolean {
    return Atomics.load(this.#slots, ENGINE.DEAD) === 1n
  }

  /** Engine: one more pair has said goodbye and is closed. */
  countLeft(): void {
    Atomics.add(this.#slots, ENGINE.LEFT, 1n)
    Atomics.notify(this.#slots, ENGINE.LEFT)
  }

  /** How many pairs have left so far. */
  readLeft(): bigint {
    return Atomics.load(this.#slots, ENGINE.LEFT)
  }

  /** Main thread, in its own exit only: blocks until that many have left, or the limit. False = the limit came first. */
  awaitLeft(count: bigint, limitMs: number): boolean {
    const untilMs = toMs(nowUs()) + limitMs
    for (let left = this.readLeft(); left < count; left = this.readLeft()) {
      const restMs = untilMs - toMs(nowUs())
      if (restMs <= 0 || this.isDead()) return false
      Atomics.wait(this.#slots, ENGINE.LEFT, left, restMs)
    }
    return true
  }
}

/** The engine's signs of life, as far as a gate's decision depends on them. */
export interface EngineSigns {
  readonly tick: bigint
  readonly wallOffsetMs: number
  readonly dead: boolean
}

/** May a message act, while the pair's cell holds this, at the instant that both clocks tell? Fails closed. */
export function mayServe(pair: PairCellValue, engine: EngineSigns, nowMicros: bigint, wallMs: number): boolean {
  if (!pair.serving || pair.role !== 'active' || engine.dead || engine.tick === 0n) return false
  const nowMs = toMs(nowMicros)
  if (nowMs >= pair.leaseUntilMs || nowMs - toMs(engine.tick) > pair.freshForMs) return false
  // The monotonic clock stands still while the machine sleeps: right after it wakes, the tick looks fresh and is not.
  return wallMs - nowMs - engine.wallOffsetMs <= SLEPT_MS
}

/** Both clocks; injected for tests. */
export interface GateClock {
  nowMicros(): bigint
  wallMs(): number
}

const CLOCK: GateClock = { nowMicros: nowUs, wallMs: Date.now }

/**
 * The gate's decision, valid at one instant: when the clock was read. This thread may be stopped between any two of these reads, for
 * as long as you like. So the cell must not have changed from before the first of them until after the clock was read; the
 * tick is read before the clock, and so looks too old rather than too fresh; and the engine's death is looked for last.
 */
export function lookThrough(
  pair: PairCell,
  engine: EngineCell,
  clock: GateClock = CLOCK
): { readonly open: boolean; readonly epoch: number } {
  for (;;) {
    const version = pair.version
    const tick = engine.readTick()
    const wallOffsetMs = engine.readWallOffsetMs()
    const value = pair.read()
    const [nowMicros, wallMs] = [clock.nowMicros(), clock.wallMs()]
    const dead = engine.isDead()
    if (pair.version !== version) continue
    return { open: mayServe(value, { tick, wallOffsetMs, dead }, nowMicros, wallMs), epoch: value.epoch }
  }
}

/** What lies before the clock's origin was over long ago: 0. */
function toUs(ms: number): bigint {
  if (ms === Infinity) return NEVER
  return ms > 0 ? BigInt(Math.round(ms * 1000)) : 0n
}

function toMs(us: bigint): number {
  return us >= NEVER ? Infinity : Number(us) / 1000
}

function toMsOrNull(us: bigint): number | null {
  return us < 0n ? null : toMs(us)
}
