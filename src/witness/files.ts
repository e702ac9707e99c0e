/**
 * What a witness has on disk: who it is, and for each pair the latest loan. Small files, replaced as a whole, with a checksum: one that is not
 * exactly what was written is no file.
 */
import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkedText, isCount, readCheckedText } from '../engine/checked-text'
import { codeOf } from '../engine/error-code'
import { replaceFile } from '../engine/replace-file'
import { WorkQueue } from '../engine/work-queue'
import { STORED_MAX } from '../protocol/epoch-allocator'
import type { LoanRecord } from '../protocol/witness/lender'
import { idText } from '../protocol/wire/bytes'

const FORMAT = 'ha-pair witness 1'
/** As many as Node.js carries out at a time; what waits is a record, not half a write. */
const WRITES_MAX = 4

export interface Identity {
  /** 16 hex digits, random, for as long as the files last. */
  readonly id: string
  /** Grows by one with each start. */
  readonly start: number
}

/** `state`: what was there before. */
export interface Opened {
  readonly identity: Identity
  readonly state: 'known' | 'new' | 'damaged'
}

export class WitnessFiles {
  readonly #folder: string
  /** Of the identity. */
  readonly #ownFile: string
  #identity: Identity | null = null
  readonly #writes = new WorkQueue(WRITES_MAX)
  /** Of the file of the identity, as this start left it. */
  #stamp = ''

  constructor(folder: string) {
    this.#folder = folder
    this.#ownFile = join(folder, 'witness')
  }

  /** Raises the number of the start. Errors: throws where that cannot be made durable; nothing may be lent then. */
  async open(): Promise<Opened> {
    const text = await readIfThere(this.#ownFile)
    const before = text === null ? null : parse(text, isIdentity)
    const state = text === null ? 'new' : before === null ? 'damaged' : 'known'
    const identity = { id: before?.id ?? randomBytes(8).toString('hex'), start: (before?.start ?? 0) + 1 }
    const aside = state === 'damaged' ? `${this.#ownFile}.damaged` : null
    const error = await replaceFile(this.#ownFile, checkedText(FORMAT, identity), aside)
    if (error !== null) throw new Error(`${this.#ownFile}: ${error}`)
    this.#identity = identity
    this.#stamp = this.#stampNow()
    return { identity, state }
  }

  /** False = another start has written here since: this one lends nothing any more. */
  isMine(): boolean {
    if (this.#identity === null) return false
    return this.#stampNow() === this.#stamp
  }

  /** Errors: throws where the file cannot be read. A damaged one is as none: the lender waits either way. */
  async readLoan(pair: string): Promise<LoanRecord | null> {
    const text = await readIfThere(this.#file(pair))
    const stored = text === null ? null : parse(text, isStoredLoan)
    if (stored === null) return null
    return {
      loan: stored.loan,
      holderNode: BigInt(`0x${stored.holderNode}`),
      holderSession: BigInt(`0x${stored.holderSession}`),
      promisedMs: stored.promisedMs
    }
  }

  /** Null, or why it is not on disk. */
  writeLoan(pair: string, { loan, holderNode, holderSession, promisedMs }: LoanRecord): Promise<string | null> {
    const stored: StoredLoan = {
      loan,
      holderNode: idText(holderNode),
      holderSession: idText(holderSession),
      promisedMs
    }
    return this.#writes.run(() => replaceFile(this.#file(pair), checkedText(FORMAT, stored), null))
  }

  #file(pair: string): string {
    return join(this.#folder, 'pairs', pair)
  }

  #stampNow(): string {
    try {
      const { dev, ino, mtimeMs, size } = statSync(this.#ownFile)
      return `${dev}:${ino}:${mtimeMs}:${size}`
    } catch (error) {
      return codeOf(error)
    }
  }
}

interface StoredLoan {
  readonly loan: number
  readonly holderNode: string
  readonly holderSession: string
  readonly promisedMs: number
}

const isHex = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)

const isIdentity = (value: Identity): boolean => isHex(value.id) && isCount(value.start, 1)
const isStoredLoan = (value: StoredLoan): boolean =>
  isCount(value.loan, 1) &&
  value.loan < STORED_MAX &&
  isCount(value.promisedMs, 1) &&
  isHex(value.holderNode) &&
  isHex(value.holderSession)

function parse<T>(text: string, fits: (value: T) => boolean): T | null {
  const value = readCheckedText(text, [FORMAT])?.value as T | undefined
  return value !== undefined && fits(value) ? value : null
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
