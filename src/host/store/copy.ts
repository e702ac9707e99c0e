/**
 * One side's copy of what moves with the role: keys by scope, each with the version of the batch that it was last written in. Knows no
 * clock, no disk and no connection: who wants to know what has changed gives a `Feed`.
 *
 * Who may write: the side that holds the role. What is written before that is known, or after the last word before a swap, is
 * provisional: it is there for who reads, and is either kept or taken back.
 */
import { comparePositions, NOWHERE, type Position } from '../../protocol/position'
import { isOnLine, promoted, type Promotion } from './positions'
import { containerFor, fieldCost, growthAt, setValueAt, valueAt, type Path } from './property-path'
import { copyIn, copyOut, TAG, ValueError, type Copied } from './values'

export interface Limits {
  readonly maxBytes: number
  readonly maxKeyBytes: number
}

/** A key with its value; a deleted one is kept for a while, so that the peer hears of it. */
export interface Entry extends Position {
  readonly scope: string
  readonly key: string
  epoch: number
  number: number
  gone: boolean
  value: unknown
  bytes: number
  plain: boolean
}

type Held = Pick<Entry, 'gone' | 'value' | 'bytes' | 'plain' | 'epoch' | 'number'>

/** Notes the entries that were written since it looked last. */
export interface Feed {
  readonly changed: Set<Entry>
  /** Everything is another thing now. */
  restart(): void
}

/**
 * `alone`: no peer, every write counts. `waiting`: the role is not known. `active`, and `sealed` between the last word before a swap and
 * its outcome. `standby`: writes change nothing.
 */
export type Mode = 'alone' | 'waiting' | 'active' | 'sealed' | 'standby'

export type Written = 'kept' | 'provisional' | 'dropped'

/** What takes the place of everything. */
export interface Replacement {
  readonly scopes: Map<string, Map<string, Entry>>
  readonly position: Position
  readonly line: readonly Promotion[]
}

const TOMBSTONES_MAX = 10_000
/** Of an entry, apart from its value. */
const ENTRY_BYTES = 32

export class Copy {
  readonly #own: Limits
  /** The smaller ones of both sides. */
  #limits: Limits
  #scopes = new Map<string, Map<string, Entry>>()
  /** By scope and key, the oldest deletion first. */
  readonly #tombstones = new Map<string, Entry>()
  readonly #feeds = new Set<Feed>()
  /** Written in this turn; they get their version at its end. */
  readonly #dirty = new Set<Entry>()
  /** What provisional writes wrote over; null = writes are final. */
  #undo: Map<Entry, Held> | null = null
  #mode: Mode = 'alone'
  #position: Position = NOWHERE
  #line: readonly Promotion[] = []
  /** Of deletions that are older than this nothing is known any more. */
  #floor: Position = NOWHERE
  #bytes = 0
  #keys = 0

  constructor(limits: Limits) {
    this.#own = limits
    this.#limits = limits
  }

  /** What is larger already stays. */
  limitTo(peer: Partial<Limits>): void {
    const { maxBytes, maxKeyBytes } = this.#own
    this.#limits = {
      maxBytes: Math.min(maxBytes, peer.maxBytes ?? maxBytes),
      maxKeyBytes: Math.min(maxKeyBytes, peer.maxKeyBytes ?? maxKeyBytes)
    }
  }

  get mode(): Mode {
    return this.#mode
  }
  get position(): Position {
    return this.#position
  }
  get line(): readonly Promotion[] {
    return this.#line
  }
  get floor(): Position {
    return this.#floor
  }
  get bytes(): number {
    return this.#bytes
  }
  get keyCount(): number {
    return this.#keys
  }
  get scopes(): ReadonlyMap<string, ReadonlyMap<string, Entry>> {
    return this.#scopes
  }
  get dirty(): boolean {
    return this.#dirty.size > 0
  }

  // --- Reading ---

  get(scope: string, { top, rest }: Path): unknown {
    const entry = this.#scopes.get(scope)?.get(top)
    if (entry === undefined) return undefined
    return copyOut(rest.length === 0 ? entry.value : valueAt(entry.value, rest))
  }

  keys(scope: string): string[] {
    return [...(this.#scopes.get(scope)?.keys() ?? [])]
  }

  /** What would be left if provisional writes were taken back. */
  settled(entry: Entry): Held {
    return this.#undo?.get(entry) ?? entry
  }

  *entries(): Generator<Entry> {
    for (const keys of this.#scopes.values()) yield* keys.values()
    yield* this.#tombstones.values()
  }

  /** Every entry that is newer than `position`, deleted ones too. */
  *since(position: Position): Generator<Entry> {
    for (const entry of this.entries()) if (comparePositions(entry, position) > 0) yield entry
  }

  /** Whether what has changed since then is known. */
  canGoOnFrom(position: Position): boolean {
    return isOnLine(this.#line, this.#position, position) && comparePositions(position, this.#floor) >= 0
  }

  // --- Writing ---

  /** Undefined deletes. Throws a `ValueError`; then nothing has changed. */
  set(scope: string, path: Path, value: unknown): Written {
    if (this.#mode === 'standby') return 'dropped'
    if (path.rest.length > 0) this.#setBelow(scope, path, value)
    else if (value === undefined) this.#delete(this.#scopes.get(scope)?.get(path.top))
    else this.#write(scope, path.top, copyIn(value, this.#limits.maxKeyBytes))
    return this.#undo === null ? 'kept' : 'provisional'
  }

  delete(scope: string): Written {
    if (this.#mode === 'standby') return 'dropped'
    for (const entry of [...(this.#scopes.get(scope)?.values() ?? [])]) this.#delete(entry)
    return this.#undo === null ? 'kept' : 'provisional'
  }

  #write(scope: string, key: string, { value, bytes, plain }: Copied): void {
    const entry = this.#scopes.get(scope)?.get(key)
    this.#checkRoom(bytes - (entry?.bytes ?? -ENTRY_BYTES - scope.length - key.length))
    this.#hold(entry ?? this.#entryFor(scope, key), value, bytes, plain, false)
  }

  #setBelow(scope: string, { top, rest }: Path, value: unknown): void {
    const entry = this.#scopes.get(scope)?.get(top)
    if (value === undefined) return this.#deleteBelow(entry, rest)
    const { maxKeyBytes } = this.#limits
    const copied = copyIn(value, maxKeyBytes)
    const { bytes: growth, gaps } = growthAt(entry?.value, rest)
    const more = copied.bytes + growth - bytesAt(entry, rest)
    const bytes = (entry?.bytes ?? 0) + more
    if (bytes > maxKeyBytes) throw new ValueError(`it takes more than ${maxKeyBytes} bytes`)
    this.#checkRoom(more)
    const plain = copied.plain && gaps === 0 && !rest.includes(TAG)
    if (entry === undefined) {
      const made = containerFor(rest[0])
      setValueAt(made, rest, copied.value)
      this.#hold(this.#entryFor(scope, top), made, bytes, plain, false)
    } else if (this.#changeBelow(entry, rest, copied.value)) {
      this.#hold(entry, entry.value, bytes, entry.plain && plain, false)
    }
  }

  #deleteBelow(entry: Entry | undefined, rest: Path['rest']): void {
    if (entry === undefined || valueAt(entry.value, rest) === undefined) return
    const last = rest.at(-1) ?? ''
    const inList = typeof last === 'number' && Array.isArray(valueAt(entry.value, rest.slice(0, -1)))
    const bytes = entry.bytes - bytesAt(entry, rest) - (inList ? 0 : fieldCost(last))
    if (this.#changeBelow(entry, rest, undefined)) this.#hold(entry, entry.value, bytes, entry.plain, false)
  }

  #changeBelow(entry: Entry, rest: Path['rest'], value: unknown): boolean {
    if (typeof entry.value !== 'object' || entry.value === null) return false
    // Taken back as a whole, if at all.
    if (this.#undo?.has(entry) === false) this.#undo.set(entry, { ...held(entry), value: copyOut(entry.value) })
    return setValueAt(entry.value, rest, value)
  }

  #checkRoom(more: number): void {
    const { maxBytes } = this.#limits
    if (more > 0 && this.#bytes + more > maxBytes) throw new ValueError(`the store takes more than ${maxBytes} bytes`)
  }

  #entryFor(scope: string, key: string): Entry {
    const tombstone = this.#tombstones.get(nameOf(scope, key))
    if (tombstone !== undefined) return tombstone
    return { scope, key, ...NOWHERE, gone: true, value: undefined, bytes: 0, plain: true }
  }

  #delete(entry: Entry | undefined): void {
    if (entry !== undefined && !entry.gone) this.#hold(entry, undefined, 0, true, true)
  }

  /** The entry holds this from now on, and who follows hears of it. */
  #hold(entry: Entry, value: unknown, bytes: number, plain: boolean, gone: boolean): void {
    if (this.#undo !== null && !this.#undo.has(entry)) this.#undo.set(entry, held(entry))
    this.#put(entry, value, bytes, plain, gone)
    if (this.#undo !== null) return
    if (this.#mode === 'alone') this.#leaveLine()
    else this.#dirty.add(entry)
    if (this.#feeds.size > 0) this.#changed(entry)
  }

  /** Keeps the counts and the places of entries right. */
  #put(entry: Entry, value: unknown, bytes: number, plain: boolean, gone: boolean): void {
    const own = ENTRY_BYTES + entry.scope.length + entry.key.length
    if (!entry.gone) this.#bytes -= entry.bytes + own
    if (!gone) this.#bytes += bytes + own
    if (entry.gone !== gone) this.#move(entry, gone)
    entry.value = value
    entry.bytes = bytes
    entry.plain = plain
    entry.gone = gone
  }

  #move(entry: Entry, gone: boolean): void {
    const { scope, key } = entry
    const keys = this.#scopes.get(scope)
    if (!gone) {
      if (keys === undefined) this.#scopes.set(scope, new Map([[key, entry]]))
      else keys.set(key, entry)
      this.#keys++
      this.#tombstones.delete(nameOf(scope, key))
      return
    }
    keys?.delete(key)
    if (keys?.size === 0) this.#scopes.delete(scope)
    this.#keys--
    if (this.#mode !== 'alone') this.#tombstones.set(nameOf(scope, key), entry)
  }

  #forgetOldDeletions(): void {
    for (const [name, oldest] of this.#tombstones) {
      if (this.#tombstones.size <= TOMBSTONES_MAX) return
      this.#tombstones.delete(name)
      if (comparePositions(oldest, this.#floor) > 0) this.#floor = { epoch: oldest.epoch, number: oldest.number }
    }
  }

  #changed(entry: Entry): void {
    for (const { changed } of this.#feeds) changed.add(entry)
  }

  follow(feed: Feed): () => void {
    this.#feeds.add(feed)
    return () => void this.#feeds.delete(feed)
  }

  /** The end of a turn: what was written in it has a version from now on. False: nothing was. */
  cut(): boolean {
    if (this.#dirty.size === 0) return false
    const { epoch, number } = this.#position
    this.#position = { epoch, number: number + 1 }
    for (const entry of this.#dirty) {
      entry.epoch = epoch
      entry.number = number + 1
    }
    this.#dirty.clear()
    this.#forgetOldDeletions()
    return true
  }

  // --- Roles ---

  /** No peer: what is written counts, here. */
  goAlone(): void {
    this.#leave()
    this.#mode = 'alone'
    this.#keep()
  }

  /** What is written without a version is no state that a peer could know: from now on this copy is brought up by a snapshot only. */
  #leaveLine(): void {
    if (this.#position.epoch === 0) return
    this.#position = NOWHERE
    this.#floor = NOWHERE
    this.#line = []
    this.#tombstones.clear()
  }

  /** The role is not known. */
  wait(): void {
    if (this.#mode === 'waiting') return
    this.#leave()
    this.#mode = 'waiting'
    this.#undo ??= new Map()
  }

  /** Goes on from where it is. What was written before that is the first batch of the new epoch. */
  promote(epoch: number): void {
    if (epoch !== this.#position.epoch) {
      this.#leave()
      this.#line = promoted(this.#line, epoch, this.#position)
      this.#position = { epoch, number: 0 }
    }
    this.#mode = 'active'
    this.#keep()
  }

  /** The last word before a swap is said. */
  seal(): void {
    if (this.#mode !== 'active') return
    this.cut()
    this.#mode = 'sealed'
    this.#undo = new Map()
  }

  /** Takes back what is provisional. Returns the entries that this changed. */
  demote(): readonly Entry[] {
    this.#leave()
    const undo = this.#undo
    this.#undo = null
    this.#mode = 'standby'
    if (undo === null) return []
    for (const [entry, before] of undo) {
      this.#put(entry, before.value, before.bytes, before.plain, before.gone)
      if (before.gone && before.epoch === 0) this.#tombstones.delete(nameOf(entry.scope, entry.key))
    }
    return [...undo.keys()]
  }

  #leave(): void {
    if (this.#mode === 'active') this.cut()
  }

  #keep(): void {
    const undo = this.#undo
    this.#undo = null
    if (this.#mode === 'alone' && undo !== null && undo.size > 0) this.#leaveLine()
    for (const entry of undo?.keys() ?? []) {
      if (this.#mode === 'active') this.#dirty.add(entry)
      this.#changed(entry)
    }
  }

  // --- What the serving side sends ---

  /** Changes since the position that this copy is at. */
  apply(changes: Iterable<Entry>, position: Position, line: readonly Promotion[] | null): void {
    for (const change of changes) {
      const { scope, key, epoch, number, gone } = change
      const entry = this.#scopes.get(scope)?.get(key) ?? this.#entryFor(scope, key)
      this.#put(entry, change.value, change.bytes, change.plain, gone)
      entry.epoch = epoch
      entry.number = number
      if (gone) this.#tombstones.set(nameOf(scope, key), entry)
      this.#changed(entry)
    }
    this.#forgetOldDeletions()
    this.#position = position
    if (line !== null) this.#line = line
  }

  /** Takes the place of all that was here, which is returned. */
  replace({ scopes, position, line }: Replacement): ReadonlyMap<string, ReadonlyMap<string, Entry>> {
    const before = this.#scopes
    this.#scopes = scopes
    this.#tombstones.clear()
    this.#position = position
    this.#floor = position
    this.#line = line
    this.#bytes = 0
    this.#keys = 0
    for (const entry of this.entries()) {
      this.#keys++
      this.#bytes += entry.bytes + ENTRY_BYTES + entry.scope.length + entry.key.length
    }
    for (const feed of this.#feeds) feed.restart()
    return before
  }

  /** What was on the disk. */
  restore(entries: Iterable<Entry>, position: Position, line: readonly Promotion[], floor: Position): void {
    this.apply(entries, position, line)
    this.#floor = floor
  }
}

const nameOf = (scope: string, key: string): string => `${scope}\0${key}`

function held({ gone, value, bytes, plain, epoch, number }: Entry): Held {
  return { gone, value, bytes, plain, epoch, number }
}

function bytesAt(entry: Entry | undefined, rest: Path['rest']): number {
  const value = entry === undefined ? undefined : valueAt(entry.value, rest)
  return value === undefined ? 0 : copyIn(value, Infinity).bytes
}
