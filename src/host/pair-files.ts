/**
 * One process holds the pair files of a folder: two that read one record would both believe what it promises.
 *
 * Each process that wants the folder raises a flag in it: a socket that listens under a name of its own. The kernel takes the flag
 * down with the process, however that ends; what stays is a name that refuses whoever knocks. Who has raised a flag AND THEN sees no
 * other one that answers holds the folder. So of two the one whose flag stood later sees the other one, and gives way. No
 * name is used twice, so a dead one may be removed by anybody at any time. Sockets are found by their file: this holds for
 * all processes of one kernel, in whatever container they run. Windows has names for pipes that only one process can own.
 */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, constants, openSync, unlinkSync } from 'node:fs'
import { mkdir, readdir, rename, stat, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export type FilesState =
  /** Not known yet. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'held' }
  /** Another process has them; `holder` is for people. */
  | { readonly kind: 'in-use'; readonly holder: string }
  /** The file system takes no sockets, or nothing at all. The pair runs, and the store looks out for others (`engine/store.ts`). */
  | { readonly kind: 'unlockable'; readonly error: string }

/** Between two tries, and between two looks at the own flag. */
const ROUND_MS = 1000
/** Several that start at the same time: the lowest name stays and looks again until the others have given way. */
const LOOK_AGAIN_MS = 10
const LOOKS_MAX = 50
/** What an address of a socket takes on each system; Node.js cuts longer ones without a word. */
const ADDRESS_BYTES_MAX = 103
const FLAG = /^lock\.(\d+)\.[0-9a-f]{16}$/
const DRAFT = '.new'
/** Nothing is wrong with the folder; this process lacks something for a while. */
const PASSING: readonly (string | undefined)[] = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS']

export class PairFiles {
  readonly #folder: string
  readonly #onChange: () => void
  readonly #roundMs: number
  #state: FilesState = { kind: 'asked' }
  #flag: Flag | null = null
  #timer: NodeJS.Timeout | null = null
  #ended = false

  /** Asks for the folder at once, and until `end`; a folder that is lost is asked for again. */
  constructor(folder: string, onChange: () => void, roundMs = ROUND_MS) {
    this.#folder = folder
    this.#onChange = onChange
    this.#roundMs = roundMs
    void this.#round()
  }

  get state(): FilesState {
    return this.#state
  }

  /** Pairs may read and write their files. */
  get free(): boolean {
    return this.#state.kind === 'held' || this.#state.kind === 'unlockable'
  }

  /** Gives the folder back, before it returns. */
  end(): void {
    this.#ended = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#flag?.lower()
    this.#flag = null
  }

  readonly #round = async (): Promise<void> => {
    const before = this.#state
    const after = await this.#look()
    if (this.#ended) return this.end()
    this.#timer = setTimeout(() => void this.#round(), this.#roundMs)
    this.#timer.unref()
    if (JSON.stringify(before) === JSON.stringify(after)) return
    this.#state = after
    this.#onChange()
  }

  async #look(): Promise<FilesState> {
    if ((await this.#flag?.stands()) === true) return this.#state
    this.#flag?.lower()
    this.#flag = null
    try {
      const claimed = await (process.platform === 'win32' ? claimPipe(this.#folder) : claim(this.#folder))
      if (typeof claimed === 'string') return { kind: 'in-use', holder: claimed }
      this.#flag = claimed
      return { kind: 'held' }
    } catch (error) {
      const code = codeOf(error)
      return PASSING.includes(code) ? this.#state : { kind: 'unlockable', error: code ?? String(error) }
    }
  }
}

interface Flag {
  /** False = somebody has removed it, though this process lives. */
  stands(): Promise<boolean>
  /** Before it returns; does not throw. */
  lower(): void
}

// --- Sockets in the folder ---

/** The flag, or who holds the folder. */
async function claim(folder: string): Promise<Flag | string> {
  await mkdir(folder, { recursive: true })
  const flag = new SocketFlag(folder)
  let holder: string | null = ''
  try {
    // Whoever waits raises nothing, so as not to be in the way of others.
    holder = (await flag.lookAround()).answering[0] ?? (await awaitTurn(flag))
    return holder === null ? flag : inWords(holder)
  } finally {
    if (holder !== null) flag.lower()
  }
}

/** Raises the flag. Null: from now on the folder belongs to it; else to whom. */
async function awaitTurn(flag: SocketFlag): Promise<string | null> {
  await flag.raise()
  for (let looks = 1; ; looks++) {
    const { stands, answering } = await flag.lookAround()
    const [first] = answering
    if (!stands) return first ?? flag.name
    if (first === undefined) return null
    if (first < flag.name || looks === LOOKS_MAX) return first
    await pause(LOOK_AGAIN_MS, undefined, { ref: false })
  }
}

class SocketFlag implements Flag {
  readonly name = `lock.${process.pid}.${randomBytes(8).toString('hex')}`
  readonly #folder: string
  /** Where sockets of the folder are reached: their addresses are short, so a longer path begins at the open folder. */
  readonly #place: string
  readonly #handle: number | null = null
  readonly #server: Server = createServer((socket) => socket.destroy())
  #file = ''

  constructor(folder: string) {
    this.#folder = folder
    this.#place = folder
    if (Buffer.byteLength(join(folder, this.name + DRAFT)) <= ADDRESS_BYTES_MAX) return
    if (process.platform !== 'linux') throw Object.assign(new Error(folder), { code: 'ENAMETOOLONG' })
    this.#handle = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)
    this.#place = `/proc/self/fd/${this.#handle}`
  }

  /** The name appears when its socket listens already: who is refused under it may be sure that nobody lives there. */
  async raise(): Promise<void> {
    await listening(this.#server, join(this.#place, this.name + DRAFT))
    await rename(join(this.#folder, this.name + DRAFT), join(this.#folder, this.name))
    this.#file = await fileAt(join(this.#folder, this.name))
  }

  async stands(): Promise<boolean> {
    try {
      return (await fileAt(join(this.#folder, this.name))) === this.#file
    } catch (error) {
      return codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR'
    }
  }

  /** Whether this flag is there, and all others behind which somebody lives, in order; those of the dead are removed. */
  async lookAround(): Promise<{ readonly stands: boolean; readonly answering: readonly string[] }> {
    const names = (await readdir(this.#folder)).filter((name) => FLAG.test(name)).sort()
    const answering: string[] = []
    for (const name of names) {
      if (name === this.name) continue
      const answer = await knock(join(this.#place, name))
      if (answer === 'lives') answering.push(name)
      else if (answer === 'dead') await unlink(join(this.#folder, name)).catch(() => {})
    }
    return { stands: names.includes(this.name), answering }
  }

  lower(): void {
    try {
      unlinkSync(join(this.#folder, this.name))
    } catch {
      // It was never raised, or somebody has removed it.
    }
    this.#server.close()
    if (this.#handle !== null) closeSync(this.#handle)
  }
}

/** Also in a worker of `cluster`, which would leave listening to its primary. Everybody may knock: nothing is said. */
async function listening(server: Server, path: string): Promise<void> {
  server.unref()
  server.listen({ path, exclusive: true, readableAll: true, writableAll: true })
  await once(server, 'listening')
  server.on('error', () => {})
}

type Answer = 'lives' | 'dead' | 'gone'

/** A process that is too busy to take calls still lives: only a refusal says that there is none. */
function knock(path: string): Promise<Answer> {
  return new Promise((answer) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      answer('lives')
    })
    socket.once('error', (error) => {
      const code = codeOf(error)
      if (code === 'ECONNREFUSED') answer('dead')
      else answer(code === 'ENOENT' ? 'gone' : 'lives')
    })
  })
}

/** What makes a file this one and no other, whatever its name. */
async function fileAt(path: string): Promise<string> {
  const { dev, ino } = await stat(path)
  return `${dev}:${ino}`
}

function inWords(flag: string): string {
  return `pid ${FLAG.exec(flag)?.[1] ?? '?'}`
}

// --- Pipes of Windows ---

/** The first to make a pipe owns its name, and it goes with the process. */
async function claimPipe(folder: string): Promise<Flag | string> {
  const name = createHash('sha256').update(folder.toLowerCase()).digest('hex')
  const server = createServer((socket) => socket.destroy())
  try {
    await listening(server, `\\\\.\\pipe\\ha-pair-${name}`)
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return 'another process'
    throw error
  }
  return { stands: () => Promise.resolve(true), lower: () => void server.close() }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
