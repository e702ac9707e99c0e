/** Two stores, each with a pair that does what the test says, and the channel between them in memory. Time and turns pass when the test says so. */
import { Copy, type Entry, type Limits } from '../../../src/host/store/copy'
import type { CallOff, Loop } from '../../../src/host/loop'
import type { Position } from '../../../src/protocol/position'
import { parsePath } from '../../../src/host/store/property-path'
import { Replica, type ReplicaOptions } from '../../../src/host/store/replica'
import type { Holder, PairSeat, PairWatcher, StoreData, StoreNews } from '../../../src/host/store/seat'
import type { Carrier } from '../../../src/host/channel/carrier'
import { Wires, type ExchangeSide } from '../host/exchange-rig'

export class ManualLoop implements Loop {
  #now = 0
  #turns: (() => void)[] = []
  readonly #timers = new Set<{ readonly atMs: number; readonly go: () => void }>()

  nowMs(): number {
    return this.#now
  }
  nextTurn(go: () => void): CallOff {
    this.#turns.push(go)
    return () => void (this.#turns = this.#turns.filter((turn) => turn !== go))
  }
  after(ms: number, go: () => void): CallOff {
    const timer = { atMs: this.#now + ms, go }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** What waits for the end of this turn. False: nothing does. */
  turn(): boolean {
    const turns = this.#turns.splice(0)
    for (const go of turns) go()
    return turns.length > 0
  }
  advanceMs(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.#now) continue
      this.#timers.delete(timer)
      timer.go()
    }
  }
}

export class ScriptedSeat implements PairSeat {
  readonly id = 'pair'
  readonly name = 'pair'
  carrier: Carrier | null
  data: StoreData | null = null
  reports = 0
  readonly news: StoreNews[] = []
  readonly lines: string[] = []
  #holder: Holder = { role: 'initial', epoch: 0 }
  readonly #watchers = new Set<PairWatcher>()

  constructor(carrier: Carrier | null) {
    this.carrier = carrier
  }
  holder(): Holder {
    return this.#holder
  }
  watch(watcher: PairWatcher): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }
  report(_store: string, data: StoreData | null): void {
    this.data = data
    this.reports++
  }
  tell(news: StoreNews): void {
    this.news.push(news)
  }
  log(text: string): void {
    this.lines.push(text)
  }

  /** As the shared cell has it; nobody has been told yet. */
  becomesUnheard(role: Holder['role'], epoch: number): void {
    this.#holder = { role, epoch }
  }
  becomes(role: Holder['role'], epoch: number): void {
    this.becomesUnheard(role, epoch)
    for (const watcher of this.#watchers) watcher.roleChanged()
  }
  barrierOver(granted: boolean): void {
    for (const watcher of this.#watchers) watcher.barrierOver(granted)
  }
}

const LIMITS: Limits = { maxBytes: 10_000_000, maxKeyBytes: 1_000_000 }

export class StoreSide {
  readonly seat: ScriptedSeat
  readonly loop: ManualLoop
  copy: Copy
  replica: Replica
  readonly conflicts: { readonly keys: string[]; readonly position: Position }[] = []
  readonly #options: ReplicaOptions

  constructor(exchange: ExchangeSide, loop: ManualLoop, limits = LIMITS) {
    this.seat = new ScriptedSeat(exchange.exchange)
    this.loop = loop
    this.#options = { name: 'pair', terms: { ...limits }, maxBytes: limits.maxBytes, ackTimeoutMs: 200 }
    this.copy = new Copy(limits)
    this.replica = this.#start()
  }

  #start(): Replica {
    const owner = {
      loop: this.loop,
      changed: () => {},
      replaced: (before: ReadonlyMap<string, ReadonlyMap<string, Entry>>, position: Position) => {
        this.conflicts.push({ keys: [...before.values()].flatMap((keys) => [...keys.keys()]), position })
      }
    }
    return new Replica(this.seat, this.copy, owner, this.#options)
  }

  /** The process is another one, with what was on the disk when `saved` was made. */
  restart(saved: Saved): void {
    this.replica.leave()
    this.copy = new Copy(LIMITS)
    this.copy.restore(structuredClone(saved.entries), saved.position, saved.line, saved.floor)
    this.seat.becomesUnheard('initial', 0)
    this.replica = this.#start()
  }

  save(): Saved {
    this.copy.cut()
    const entries = [...this.copy.entries()].map((entry) => structuredClone({ ...entry, ...this.copy.settled(entry) }))
    const { position, line, floor } = this.copy
    return { entries, position, line, floor }
  }

  set(key: string, value: unknown, done: (() => void) | null = null): void {
    this.replica.set('flow', parsePath(key), value, done)
  }
  get(key: string): unknown {
    return this.copy.get('flow', parsePath(key))
  }
  /** All of it, to compare. */
  get content(): Readonly<Record<string, unknown>> {
    return contentOf(this.copy)
  }
}

export type Saved = Pick<Copy, 'position' | 'line' | 'floor'> & { readonly entries: readonly Entry[] }

export function contentOf(copy: Copy): Readonly<Record<string, unknown>> {
  const all: Record<string, unknown> = {}
  for (const [scope, keys] of copy.scopes) {
    for (const [key, { value }] of keys) all[`${scope} ${key}`] = structuredClone(value)
  }
  return all
}

export class StorePair {
  readonly loop = new ManualLoop()
  readonly wires = new Wires()
  readonly a: StoreSide
  readonly b: StoreSide

  /** `limits`: of `b`. */
  constructor(limits?: Limits) {
    this.a = new StoreSide(this.wires.a, this.loop)
    this.b = new StoreSide(this.wires.b, this.loop, limits)
  }

  /** The channel is open, and `a` serves. */
  static async serving(limits?: Limits): Promise<StorePair> {
    const pair = new StorePair(limits)
    pair.a.seat.becomes('active', 2)
    pair.b.seat.becomes('standby', 2)
    await pair.wires.open()
    await pair.settle()
    return pair
  }

  /** Until nothing is on the way and nobody waits for a turn. */
  async settle(): Promise<void> {
    for (let more = true; more;) {
      const turned = this.loop.turn()
      more = (await this.wires.settle()) || turned
    }
  }

  /** In order, as the engine does it: barrier, answer, grant. */
  async swap(from: StoreSide, to: StoreSide, epoch: number): Promise<void> {
    from.replica.flush()
    await this.wires.settle()
    from.seat.becomesUnheard('standby', epoch)
    from.seat.barrierOver(true)
    to.seat.becomes('active', epoch)
    from.seat.becomes('standby', epoch)
  }
}
