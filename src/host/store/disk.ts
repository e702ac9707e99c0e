/**
 * A copy on disk: one file, written whole beside the old one, in pieces, one a turn, and then put in its place. One write at a time. A disk
 * that takes nothing is reported, and costs nothing else.
 */
import { mkdir, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf } from '../../engine/error-code'
import type { Copy, Entry, Feed } from './copy'
import { FileText, readFileText, type Loaded, type Stand } from './file-text'
import type { Loop } from '../loop'
import { PIECE_CHARS } from './sending'
import { entryText } from './texts'

/** Rounds for what was written meanwhile; then all that is left at once. */
const ROUNDS_MAX = 32
/** Files that are kept for a person to look at, the newest. */
const KEPT_MAX = 5
/** ms until a disk that takes nothing is tried again, unless it is written more rarely anyway. */
const RETRY_MS = 1000
const MODE = 0o600

export interface DiskOptions {
  readonly file: string
  readonly flushMs: number
}

export class Disk {
  readonly #copy: Copy
  readonly #loop: Loop
  readonly #options: DiskOptions
  readonly #warn: (text: string) => void
  #touched = false
  #due: (() => void) | null = null
  #writing: Promise<void> | null = null
  #failing = false
  /** What is there could not be read, and is not written over. */
  #unreadable = false
  #closed = false

  constructor(copy: Copy, loop: Loop, options: DiskOptions, warn: (text: string) => void) {
    this.#copy = copy
    this.#loop = loop
    this.#options = options
    this.#warn = warn
  }

  /** Never rejects. A damaged file is put aside. */
  async load(): Promise<void> {
    const { file } = this.#options
    let text: string
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return
      this.#unreadable = true
      this.#warn(`${file} cannot be read (${codeOf(error)}), so nothing is written to it either`)
      return
    }
    try {
      const { entries, position, line, floor } = readFileText(text)
      this.#copy.restore(entries, position, line, floor)
    } catch (error) {
      this.#warn(`${file} is damaged (${String(error)}); the store starts empty, and keeps the file beside it`)
      await keepAside(file, 'damaged', (aside) => rename(file, aside)).catch(() => {})
    }
  }

  /** Something has changed. */
  touch(): void {
    this.#touched = true
    if (this.#closed || this.#due !== null || this.#writing !== null) return
    const { flushMs } = this.#options
    this.#due = this.#loop.after(this.#failing ? Math.max(flushMs, RETRY_MS) : flushMs, () => {
      this.#due = null
      void this.flush()
    })
  }

  /** Never rejects. */
  async flush(): Promise<void> {
    if (this.#unreadable) return
    while (this.#writing !== null) await this.#writing
    if (!this.#touched) return
    this.#touched = false
    this.#writing = this.#write()
    await this.#writing
    this.#writing = null
    if (this.#touched && !this.#closed) this.touch()
  }

  /** What is there now is written, as far as the disk takes it. */
  async close(): Promise<void> {
    this.#due?.()
    this.#due = null
    await this.flush()
    this.#closed = true
  }

  async #write(): Promise<void> {
    const { file } = this.#options
    const beside = `${file}.new`
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 })
      const target = await open(beside, 'w', MODE)
      try {
        await writeCopy(this.#copy, target)
        await target.sync()
      } finally {
        await target.close()
      }
      await rename(beside, file)
      this.#failing = false
    } catch (error) {
      this.#touched = true
      if (!this.#failing) this.#warn(`${file} cannot be written (${codeOf(error)}); the store goes on in memory`)
      this.#failing = true
      await rm(beside, { force: true }).catch(() => {})
    }
  }

  /** What a snapshot has taken the place of. */
  async keepConflict(scopes: ReadonlyMap<string, ReadonlyMap<string, Entry>>, stand: Stand): Promise<void> {
    const { file } = this.#options
    try {
      await keepAside(file, 'conflict', async (aside) => {
        const target = await open(aside, 'wx', MODE)
        try {
          await writeScopes(scopes, stand, target)
        } finally {
          await target.close()
        }
        this.#warn(`this side had gone on by itself; what it had is in ${aside}`)
      })
    } catch (error) {
      this.#warn(`what this side had could not be kept (${codeOf(error)})`)
    }
  }
}

/** A consistent state of one moment: the last one of the writing. */
async function writeCopy(copy: Copy, target: FileHandle): Promise<void> {
  const feed: Feed & { restarted: boolean } = {
    changed: new Set(),
    restarted: false,
    restart(): void {
      this.restarted = true
    }
  }
  const leave = copy.follow(feed)
  try {
    do {
      feed.restarted = false
      feed.changed.clear()
      await target.truncate(0)
      await writeOnce(copy, target, feed)
    } while (feed.restarted)
  } finally {
    leave()
  }
}

async function writeOnce(copy: Copy, target: FileHandle, feed: Feed & { restarted: boolean }): Promise<void> {
  // What is written from here on is written once more at the end, with its version.
  copy.cut()
  const text = new FileText()
  let at = 0
  const put = async (piece: string): Promise<void> => {
    const { bytesWritten } = await target.write(piece, at)
    at += bytesWritten
  }
  await put(text.head())
  const walk = copy.entries()
  for (let texts = take(copy, walk); texts.length > 0; texts = take(copy, walk)) {
    await put(text.entries(texts))
    if (feed.restarted) return
  }
  for (let round = 0; feed.changed.size > 0 && round < ROUNDS_MAX; round++) {
    await put(text.entries(take(copy, changesIn(feed))))
    if (feed.restarted) return
  }
  // No turn passes between these and the end.
  copy.cut()
  const rest = [...changesIn(feed)].map((entry) => entryText(entry, copy.settled(entry)))
  await put(text.entries(rest) + text.end(copy))
}

function* changesIn({ changed }: Feed): Generator<Entry> {
  for (const entry of changed) {
    changed.delete(entry)
    yield entry
  }
}

/** About one piece. */
function take(copy: Pick<Copy, 'settled'>, entries: Iterator<Entry>): string[] {
  const texts: string[] = []
  for (let chars = 0; chars < PIECE_CHARS;) {
    const next = entries.next()
    if (next.done === true) break
    const text = entryText(next.value, copy.settled(next.value))
    texts.push(text)
    chars += text.length
  }
  return texts
}

async function writeScopes(
  scopes: ReadonlyMap<string, ReadonlyMap<string, Entry>>,
  stand: Stand,
  target: FileHandle
): Promise<void> {
  const text = new FileText()
  await target.write(text.head())
  const entries = entriesOf(scopes)
  for (let texts = take(AS_IT_IS, entries); texts.length > 0; texts = take(AS_IT_IS, entries)) {
    await target.write(text.entries(texts))
  }
  await target.write(text.end(stand))
}

const AS_IT_IS = { settled: (entry: Entry) => entry }

function* entriesOf(scopes: ReadonlyMap<string, ReadonlyMap<string, Entry>>): Generator<Entry> {
  for (const keys of scopes.values()) yield* keys.values()
}

/** Beside `file`, under a name that says when; the newest of its kind are kept. */
async function keepAside(file: string, kind: string, make: (aside: string) => Promise<void>): Promise<void> {
  const [folder, prefix] = [dirname(file), `${basename(file)}.${kind}-`]
  await make(join(folder, `${prefix}${new Date().toISOString().replaceAll(':', '-')}`))
  const all = (await readdir(folder)).filter((name) => name.startsWith(prefix)).toSorted()
  for (const name of all.slice(0, -KEPT_MAX)) await rm(join(folder, name), { force: true })
}

export type { Loaded }
