/**
 * Where stores and pairs of one process meet. Node-RED loads the store from `settings.js` and the nodes from elsewhere, perhaps from another
 * copy or version of the package: so they meet at a place that is known by its name, and know of each other only what is in here.
 */
import type { Role } from '../../protocol/role'
import type { Carrier } from '../channel/carrier'
import type { Position } from '../../protocol/position'

/** What a pair offers to a store. */
export interface PairSeat {
  readonly id: string
  readonly name: string
  /** Null: no key, the classic wire, or switched off. */
  readonly carrier: Carrier | null
  /** Of this instant. */
  holder(): Holder
  watch(watcher: PairWatcher): () => void
  /** What is known of the copy; null = the store is gone. */
  report(store: string, data: StoreData | null): void
  tell(news: StoreNews): void
  /** A line in the pair's log. */
  log(text: string): void
}

export interface Holder {
  readonly role: Role
  readonly epoch: number
}

export interface PairWatcher {
  /** Role or epoch are other ones. */
  roleChanged(): void
  /** `granted`: the peer has the role; else everything is as it was before. */
  barrierOver(granted: boolean): void
}

export interface StoreData {
  readonly position: Position
  /** No snapshot is under way, and the follower is less than a second behind. */
  readonly inStep: boolean
  /** ms that the follower's copy is old at most, as the Active measures it; 0 on a Standby that has taken in all that came. Null = nobody follows. */
  readonly behindMs: number | null
  /** When data was last sent or taken in, on the clock of `performance.now()`; null = never. */
  readonly movedAtMs: number | null
  /** Writes that changed nothing: on a Standby, or late in a swap. */
  readonly dropped: number
  /** Writes of which the peer did not say in time that it has them. */
  readonly unanswered: number
  readonly bytes: number
  readonly keys: number
}

/** `scope` and `key`: one of those that were written. */
export interface StoreNews {
  readonly code: 'standby-writes' | 'late-writes'
  readonly scope: string
  readonly key: string
  readonly count: number
}

/** What a store offers to the place. */
export interface StoreSeat {
  pairsChanged(): void
}

export interface MeetingPoint {
  readonly pairs: Map<string, PairSeat>
  readonly stores: Set<StoreSeat>
  /** Those that a store of this process writes. Missing where an older copy of the package made the place. */
  files?: Set<string>
}

/** Another number where the words above change their meaning. */
const NAME = Symbol.for('@ha-pair/node-red-ha-pair/stores/1')

export function meetingPoint(): MeetingPoint {
  const place = globalThis as { [NAME]?: MeetingPoint }
  return (place[NAME] ??= { pairs: new Map(), stores: new Set() })
}

/** Returns what takes it away again. */
export function enterPair({ pairs, stores }: MeetingPoint, seat: PairSeat): () => void {
  pairs.set(seat.id, seat)
  for (const store of stores) store.pairsChanged()
  return () => {
    if (pairs.get(seat.id) !== seat) return
    pairs.delete(seat.id)
    for (const store of stores) store.pairsChanged()
  }
}

export function enterStore({ stores }: MeetingPoint, seat: StoreSeat): () => void {
  stores.add(seat)
  return () => void stores.delete(seat)
}

/** Returns what gives the file back; null = another store of this process has it. */
export function claimFile(place: MeetingPoint, file: string): (() => void) | null {
  const files = (place.files ??= new Set())
  if (files.has(file)) return null
  files.add(file)
  return () => void files.delete(file)
}
