/** The store of one Node-RED: its copy, its file, and the pair that it belongs to, which comes and goes with deploys. */
import { isDeepStrictEqual } from 'node:util'
import { Copy, type Entry } from './copy'
import { Disk } from './disk'
import { UNREF_LOOP, type Loop } from '../loop'
import { NOWHERE, type Position } from '../../protocol/position'
import { parsePath, type Path } from './property-path'
import { Replica } from './replica'
import { claimFile, enterStore, type MeetingPoint, type PairSeat, type StoreSeat } from './seat'
import type { StoreOptions } from './options'
import { ValueError } from './values'

/** By then the nodes have started, and with them a pair if there is one. */
const PAIR_MS = 30_000
/** Texts of paths that were read. */
const PATHS_MAX = 1000
/** For the last write to disk. */
const CLOSE_MS_MAX = 5000

export class Store implements StoreSeat {
  readonly #options: StoreOptions
  readonly #place: () => MeetingPoint
  readonly #loop: Loop
  readonly #copy: Copy
  /** Null = nothing is kept on disk. */
  #disk: Disk | null = null
  #release: (() => void) | null = null
  readonly #paths = new Map<string, Path>()
  #pair: PairSeat | null = null
  #replica: Replica | null = null
  #leave: (() => void) | null = null
  #known: readonly string[] | null = null
  #told = ''

  /** `place` is called when the store opens, and not before. */
  constructor(options: StoreOptions, place: () => MeetingPoint, loop = UNREF_LOOP) {
    this.#options = options
    this.#place = place
    this.#loop = loop
    this.#copy = new Copy(options)
  }

  /** Never rejects: Node-RED would not start. */
  async open(): Promise<void> {
    try {
      const place = this.#place()
      if (!this.#takeFile(place)) {
        return this.#warn(
          'it works on this host only, in memory: another store has this name. Give one of them another `name`'
        )
      }
      await this.#disk?.load()
      this.#copy.wait()
      this.#leave = enterStore(place, this)
      this.pairsChanged()
      this.#loop.after(PAIR_MS, () => this.#chooseAlone())
    } catch (error) {
      this.#warn(`it works on this host only (${String(error)})`)
      this.#copy.goAlone()
    }
  }

  /** False: another store of this Node-RED has it, and with it the pair. */
  #takeFile(place: MeetingPoint): boolean {
    const { file, flushMs } = this.#options
    if (file === null) return true
    this.#release = claimFile(place, file)
    if (this.#release === null) return false
    this.#disk = new Disk(this.#copy, this.#loop, { file, flushMs }, (text) => this.#warn(text))
    return true
  }

  async close(): Promise<void> {
    this.#leave?.()
    this.#leave = null
    this.#part()
    const done = this.#disk?.close() ?? Promise.resolve()
    await Promise.race([done, new Promise<void>((late) => this.#loop.after(CLOSE_MS_MAX, late))])
    this.#release?.()
    this.#release = null
  }

  // --- Whose it is ---

  pairsChanged(): void {
    if (this.#leave === null) return
    const pair = this.#choose()
    if (pair === this.#pair) return
    this.#part()
    this.#pair = pair
    if (pair === null) {
      this.#loop.after(PAIR_MS, () => this.#chooseAlone())
      return
    }
    try {
      this.#join(pair)
    } catch (error) {
      this.#replica = null
      this.#copy.goAlone()
      pair.log(`${this.#options.name}: it works on this host only (${String(error)})`)
    }
  }

  #join(pair: PairSeat): void {
    if (pair.carrier === null) {
      this.#copy.goAlone()
      pair.log(`context store ${this.#options.name}: the pair has no channel, so it works on this host only`)
      return
    }
    const owner = {
      loop: this.#loop,
      changed: () => this.#disk?.touch(),
      replaced: (before: ReadonlyMap<string, ReadonlyMap<string, Entry>>, position: Position) =>
        this.#keepConflict(before, position)
    }
    this.#replica = new Replica(pair, this.#copy, owner, this.#options)
    if (this.#known !== null) this.#replica.clean(this.#known)
  }

  #part(): void {
    const replica = this.#replica
    this.#replica = null
    this.#pair = null
    replica?.leave()
    this.#copy.wait()
  }

  #choose(): PairSeat | null {
    const pairs = [...this.#place().pairs.values()]
    const { pair: wanted } = this.#options
    if (wanted === '') return pairs.length === 1 ? (pairs[0] ?? null) : null
    return pairs.find(({ id, name }) => id === wanted || name === wanted) ?? null
  }

  /** Nothing has come that it could belong to. */
  #chooseAlone(): void {
    if (this.#leave === null || this.#pair !== null) return
    this.#copy.goAlone()
    this.#disk?.touch()
    const { pair: wanted } = this.#options
    const several = this.#place().pairs.size > 1
    const why =
      wanted !== ''
        ? `there is no pair ${wanted}`
        : several
          ? 'there are several pairs, and none is named'
          : 'there is no pair'
    this.#warn(`it works on this host only: ${why}`)
  }

  // --- What flows do ---

  get(scope: string, key: string): unknown {
    return this.#copy.get(scope, this.#path(key))
  }

  keys(scope: string): string[] {
    return this.#copy.keys(scope)
  }

  /** Throws; then nothing has changed. `done` comes when the write counts as done. */
  set(scope: string, key: string, value: unknown, done: (() => void) | null): void {
    const path = this.#path(key)
    try {
      if (this.#replica !== null) this.#replica.set(scope, path, value, this.#options.acknowledge ? done : null)
      else this.#copy.set(scope, path, value)
    } catch (error) {
      if (error instanceof ValueError) throw new ValueError(`${key} is not stored: ${error.message}`)
      throw error
    }
    if (this.#replica === null) this.#disk?.touch()
    if (this.#replica === null || !this.#options.acknowledge) done?.()
  }

  delete(scope: string): void {
    if (this.#replica !== null) this.#replica.delete(scope)
    else this.#copy.delete(scope)
    this.#disk?.touch()
  }

  clean(known: readonly string[]): void {
    this.#known = known
    this.#replica?.clean(known)
  }

  #path(key: string): Path {
    const known = this.#paths.get(key)
    if (known !== undefined) return known
    const path = parsePath(key)
    if (this.#paths.size >= PATHS_MAX) this.#paths.clear()
    this.#paths.set(key, path)
    return path
  }

  #keepConflict(before: ReadonlyMap<string, ReadonlyMap<string, Entry>>, position: Position): void {
    if (sameValues(before, this.#copy.scopes)) return
    void this.#disk?.keepConflict(before, { position, line: [], floor: NOWHERE })
  }

  #warn(text: string): void {
    if (text === this.#told) return
    this.#told = text
    console.warn(`[ha-pair] context store ${this.#options.name}: ${text}`)
  }
}

type Scopes = ReadonlyMap<string, ReadonlyMap<string, Entry>>

function sameValues(a: Scopes, b: Scopes): boolean {
  if (a.size !== b.size) return false
  return [...a].every(([scope, keys]) => {
    const others = b.get(scope)
    if (others?.size !== keys.size) return false
    return [...keys].every(([key, { value }]) => isDeepStrictEqual(value, others.get(key)?.value))
  })
}
