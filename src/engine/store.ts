/**
 * The epoch store: one small file per pair, replaced as a whole. A write is durable when it is acknowledged: temporary
 * file, fsync, rename, fsync of the folder. A file that is not exactly what was written reads as damaged, never as a
 * lower epoch; and a file that could not be used is set aside before another one takes its place. A file that is not what this
 * side left there was written by another process, or set back by somebody: it is not written over, for it may promise more.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { PairRecord, WitnessRecord } from '../protocol/record'
import { POLICIES, type Policy } from '../protocol/settings'
import { checkedText, isCount, readCheckedText } from './checked-text'
import { codeOf } from './error-code'
import type { StoreProblem, StoreTrouble } from './events'
import { replaceFile } from './replace-file'
import { WorkQueue } from './work-queue'

const FORMAT = 'ha-pair record 2'
const FORMAT_1 = 'ha-pair record 1'
/** A lack of file handles or a virus scanner may pass; a start does not wait for it for long. */
const READS_MAX = 6
const READ_AGAIN_MS = 20

export type StoreContent =
  | { readonly record: PairRecord; readonly problem: null }
  | { readonly record: null; readonly problem: StoreProblem }

/** Called once for each saved record, in order; `error` null = on disk. */
export type OnStored = (ticket: number, error: string | null) => void

/** What `OnStored` gets for each record that is not written because the file is another one's. */
export const FOREIGN = 'foreign record'

/** Files written at once. The pool behind them has four threads; a thousand that wait there cost 20 MB for good. */
const WRITES_AT_ONCE = 8

/** Injected for tests. */
export interface StoreReader {
  readonly readFile: (file: string) => Promise<string>
  readonly pause: (ms: number) => Promise<unknown>
}

/** Reads do not queue behind the writes of pairs that have started already: the engine bounds them itself. */
const READER: StoreReader = { readFile: (file) => readFile(file, 'utf8'), pause }

/** What the stores of one thread share. */
export class Disk {
  readonly writes = new WorkQueue(WRITES_AT_ONCE)
  /** Who writes each file: its next reader waits for that, also when it belongs to an earlier start of the pair. */
  readonly writers = new Map<string, EpochStore>()
}

export class EpochStore {
  /** What the file was when it was read; null = fine, or written since. */
  problem: StoreProblem | null = null
  /** Of the latest write; null = it succeeded. */
  error: string | null = null

  readonly #file: string
  readonly #onStored: OnStored
  readonly #onForeign: () => void
  readonly #disk: Disk
  readonly #reader: StoreReader
  /** Where to leave the file that could not be used; null = there is none. */
  #aside: string | null = null
  /** What the file may hold without another one's doing: what was read, and the writes that failed since. Null = nobody could read it. */
  #own: readonly string[] | null = []
  /** Another one wrote it: from now on nothing is written. */
  #foreign = false
  #pending: { readonly record: PairRecord; readonly tickets: readonly number[] } | null = null
  /** From a `save` until nothing is left to write. */
  #writes = false
  /** Who waits for that. */
  #awaited: (() => void)[] = []

  /** `onForeign` is called once, before the answer to the write that met another one's record. */
  constructor(file: string, onStored: OnStored, onForeign: () => void, disk: Disk, reader: StoreReader = READER) {
    this.#file = file
    this.#onStored = onStored
    this.#onForeign = onForeign
    this.#disk = disk
    this.#reader = reader
  }

  /** A file that is not there yet is none. */
  get trouble(): StoreTrouble | null {
    if (this.error === FOREIGN) return 'foreign-record'
    if (this.error !== null) return 'store-failed'
    return this.problem === null || this.problem === 'missing' ? null : 'store-lost'
  }

  /** Errors: none; what cannot be had is named. */
  async read(): Promise<StoreContent> {
    await this.#disk.writers.get(this.#file)?.idle()
    const found = await this.#readFile()
    const content = contentOf(found)
    const { problem } = content
    this.problem = problem
    this.#own = problem === 'unreadable' ? null : found.text === null ? [] : [found.text]
    this.#aside = problem === 'damaged' || problem === 'unreadable' ? `${this.#file}.${problem}` : null
    return content
  }

  async #readFile(): Promise<Found> {
    for (let reads = 1; ; reads++) {
      try {
        return { text: await this.#reader.readFile(this.#file), error: null }
      } catch (error) {
        const code = codeOf(error)
        if (code === 'ENOENT') return { text: null, error: null }
        if (reads === READS_MAX) return { text: null, error: code }
        await this.#reader.pause(READ_AGAIN_MS)
      }
    }
  }

  /** Later records contain earlier ones, so those that wait for the disk are written as one, the newest. */
  save(ticket: number, record: PairRecord): void {
    this.#pending = { record, tickets: [...(this.#pending?.tickets ?? []), ticket] }
    if (this.#writes) return
    this.#writes = true
    const earlier = this.#disk.writers.get(this.#file)
    this.#disk.writers.set(this.#file, this)
    // Also one turn later when there is none, so that records of the same step are one write.
    if (earlier === undefined) queueMicrotask(() => this.#disk.writes.enter(this.#write))
    else void earlier.idle().then(() => this.#disk.writes.enter(this.#write))
  }

  /** Resolves when nothing is being written any more. */
  async idle(): Promise<void> {
    if (this.#writes) await new Promise<void>((idle) => this.#awaited.push(idle))
  }

  /** Null, or why the record is not on disk for sure. */
  async #replace(text: string): Promise<string | null> {
    const stranger = this.#foreign ? FOREIGN : await this.#lookForOthers()
    if (stranger !== null) return stranger
    if (this.#own !== null) this.#own = [...this.#own, text]
    const error = await replaceFile(this.#file, text, this.#aside)
    if (error !== null) return error
    this.#aside = null
    this.#own = [text]
    return null
  }

  /** Null = the file is as this side left it. A file that is gone was removed by somebody, who has promised nothing. */
  async #lookForOthers(): Promise<string | null> {
    // It will be set aside.
    if (this.#own === null) return null
    const { text, error } = await this.#readFile()
    if (error !== null || text === null) return error
    if (this.#own.includes(text)) return null
    this.#foreign = true
    this.#onForeign()
    return FOREIGN
  }

  /** Writes the newest record. Until its turn comes it costs nothing: with many pairs most of them wait. */
  readonly #write = async (): Promise<void> => {
    const next = this.#pending
    this.#pending = null
    if (next !== null) {
      const error = await this.#replace(serializeRecord(next.record))
      this.error = error
      this.problem = null
      for (const ticket of next.tickets) this.#onStored(ticket, error)
    }
    if (this.#pending !== null) return this.#disk.writes.enter(this.#write)
    if (this.#disk.writers.get(this.#file) === this) this.#disk.writers.delete(this.#file)
    this.#writes = false
    for (const idle of this.#awaited.splice(0)) idle()
  }
}

const isNodeId = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)
const isYesNo = (value: unknown): boolean => typeof value === 'boolean'

/** Every field of a record, and what it has to look like. */
const FIELDS: Readonly<Record<keyof Required<PairRecord>, (value: unknown) => boolean>> = {
  nodeId: isNodeId,
  epoch: isCount,
  reserved: isCount,
  parity: (value) => value === 0 || value === 1 || value === null,
  promisedMs: isCount,
  preferred: isYesNo,
  online: isYesNo,
  number: isCount,
  peerPolicy: (value) => value === null || POLICIES.includes(value as Policy),
  witness: (value) => value === undefined || isWitness(value as Partial<WitnessRecord>)
}
const isWitness = ({ id, counted }: Partial<WitnessRecord>): boolean => isNodeId(id) && isYesNo(counted)

const NAMES = Object.keys(FIELDS) as (keyof PairRecord)[]

export function serializeRecord(record: PairRecord): string {
  return checkedText(FORMAT, inOrder(record))
}

function inOrder(record: PairRecord): PairRecord {
  return Object.fromEntries(NAMES.map((name) => [name, record[name]])) as unknown as PairRecord
}

/** Null unless it is, byte for byte, what `serializeRecord` wrote, in this version of the package or the one before. */
export function parseRecord(text: string): PairRecord | null {
  const read = readCheckedText(text, [FORMAT, FORMAT_1])
  if (read === null) return null
  const value = read.value as PairRecord & Record1
  const record = read.format === FORMAT ? withPresentWords(value) : fromFormat1(value)
  return NAMES.every((name) => FIELDS[name](record[name])) ? record : null
}

/** The policy `exclusive` was called `safety` once. */
function withPresentWords(record: PairRecord): PairRecord {
  return (record.peerPolicy as string | null) === 'safety' ? { ...record, peerPolicy: 'exclusive' } : record
}

/** What a record had before there was the mark. */
interface Record1 {
  readonly released: boolean
}

/** It does not say whether the peer was online. A side that has met its peer waits for it once. */
function fromFormat1({ released, ...record }: PairRecord & Record1): PairRecord {
  return { ...record, online: record.parity !== null || released, number: 0, peerPolicy: null }
}

interface Found {
  /** Null = there is no file, or it cannot be read. */
  readonly text: string | null
  readonly error: string | null
}

function contentOf({ text, error }: Found): StoreContent {
  if (error !== null) return { record: null, problem: 'unreadable' }
  if (text === null) return { record: null, problem: 'missing' }
  const record = parseRecord(text)
  return record === null ? { record, problem: 'damaged' } : { record, problem: null }
}
