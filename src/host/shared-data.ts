/**
 * The data of a pair that moves with the role, as the pair sees it: who holds the role at this instant, how the stores stand, and the
 * barrier of a planned swap.
 */
import type { PairCell } from '../engine/cells'
import { raiseBarrier } from './channel/barrier'
import type { PairChannel } from './channel/channel'
import type { Pair } from './pair'
import type { DataOwner, PairData } from './pair-data'
import { oneLine, type PairLog } from './report'
import { comparePositions, NOWHERE, type Position } from '../protocol/position'
import { IN_STEP_MS_MAX } from '../rules/in-step'
import type { Holder, PairSeat, PairWatcher, StoreData, StoreNews } from './store/seat'

export interface SharedDataOwner {
  readonly id: string
  readonly name: string
  /** Of the current start in the engine. */
  readonly cell: PairCell
  tell(news: StoreNews): void
  log(text: string): void
}

/** A pair as the owner of its data. `cell`: of the current start in the engine. */
export function dataOwner(
  pair: Pick<SharedDataOwner, 'id' | 'name'> & Pick<Pair, 'note'> & { readonly log: PairLog },
  cell: () => PairCell
): SharedDataOwner {
  return {
    id: pair.id,
    name: pair.name,
    get cell() {
      return cell()
    },
    tell: ({ code, ...written }) => pair.note(code, written),
    log: (text) => pair.log.warn(oneLine(text))
  }
}

/** What people are shown of all stores together. */
export interface DataReading {
  readonly behind: number | null
  readonly bytes: number | null
  readonly keys: number | null
  /** ms since data last went to the peer or came from it; null = never. */
  readonly movedAgo: number | null
  readonly dropped: number | null
  readonly unanswered: number | null
}

/** Where no store is. */
export const NO_DATA: DataReading = {
  behind: null,
  bytes: null,
  keys: null,
  movedAgo: null,
  dropped: null,
  unanswered: null
}

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null)
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

export class SharedData implements DataOwner, PairSeat {
  readonly #owner: SharedDataOwner
  readonly #channel: PairChannel | null
  readonly #data: PairData
  readonly #watchers = new Set<PairWatcher>()
  readonly #stores = new Map<string, StoreData>()
  #cell: PairCell | null = null
  #version = -1n
  #holder: Holder = { role: 'initial', epoch: 0 }
  #told: Holder = this.#holder
  #callOff: (() => void) | null = null

  constructor(owner: SharedDataOwner, channel: PairChannel | null, data: PairData) {
    this.#owner = owner
    this.#channel = channel
    this.#data = data
    data.owner = this
  }

  // --- PairSeat ---

  get id(): string {
    return this.#owner.id
  }

  get name(): string {
    return this.#owner.name
  }

  get carrier(): PairChannel['exchange'] | null {
    return this.#channel?.exchange ?? null
  }

  /** Read at every write: the cell only when it has changed. */
  holder(): Holder {
    const { cell } = this.#owner
    const { version } = cell
    if (cell === this.#cell && version === this.#version) return this.#holder
    const { role, epoch } = cell.read()
    if (role !== this.#holder.role || epoch !== this.#holder.epoch) this.#holder = { role, epoch }
    this.#cell = cell
    this.#version = version
    return this.#holder
  }

  watch(watcher: PairWatcher): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  report(store: string, data: StoreData | null): void {
    if (data === null) this.#stores.delete(store)
    else this.#stores.set(store, data)
    this.look()
  }

  tell(news: StoreNews): void {
    this.#owner.tell(news)
  }

  log(text: string): void {
    this.#owner.log(text)
  }

  // --- What the pair says ---

  get reading(): DataReading {
    if (this.#stores.size === 0) return NO_DATA
    const all = [...this.#stores.values()]
    const behind = known(all.map(({ behindMs }) => behindMs))
    const moved = known(all.map(({ movedAtMs }) => movedAtMs))
    return {
      behind: behind.length === 0 ? null : Math.round(Math.max(...behind)),
      bytes: sum(all.map(({ bytes }) => bytes)),
      keys: sum(all.map(({ keys }) => keys)),
      movedAgo: moved.length === 0 ? null : Math.max(0, Math.round(performance.now() - Math.max(...moved))),
      dropped: sum(all.map(({ dropped }) => dropped)),
      unanswered: sum(all.map(({ unanswered }) => unanswered))
    }
  }

  /** Before anybody else hears of a role, who writes knows of it. */
  roleMayHaveChanged(): void {
    const holder = this.holder()
    if (holder === this.#told) return
    this.#told = holder
    for (const watcher of this.#watchers) watcher.roleChanged()
  }

  /** Tells the engine how things stand. */
  look(): void {
    const { exchange } = this.#channel ?? {}
    if (exchange === undefined) return
    const stores = [...this.#stores.values()]
    const { open } = exchange
    // A peer that has no such store follows none of it: an Active does not wait for that.
    const isInStep =
      this.holder().role === 'active'
        ? ({ behindMs }: StoreData) => (behindMs ?? 0) < IN_STEP_MS_MAX
        : ({ inStep }: StoreData) => inStep
    this.#data.set({
      users: exchange.used,
      open,
      inStep: open && stores.every(isInStep),
      position: stores.map(({ position }) => position).reduce(older, null) ?? NOWHERE
    })
  }

  // --- DataOwner ---

  barrier(id: number): void {
    this.#callOff = raiseBarrier(this.#channel?.exchange ?? null, (reached) => {
      this.#callOff = null
      this.look()
      this.#data.done(id, reached)
    })
  }

  barrierOver(_id: number, granted: boolean): void {
    this.#callOff?.()
    this.#callOff = null
    for (const watcher of this.#watchers) watcher.barrierOver(granted)
  }
}

function older(a: Position | null, b: Position): Position {
  return a === null || comparePositions(b, a) < 0 ? b : a
}
