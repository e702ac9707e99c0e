/**
 * One process holds the pair files of a folder: two that read one record would both believe what it promises.
 *
 * Each process that wants the folder raises a flag in it: a socket that listens under a name of its own. The kernel takes the flag
 * down with the process, however that ends; what stays is a name that refuses anyone who knocks. Who has raised a flag AND THEN sees no
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
import { codeOf } from '../engine/error-code'

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
const PASSING: readonly string[] = ['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS']

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
    if (this.free && (await this.#flag?.stands()) === true) return this.#state
    this.#flag?.lower()
    const flag = process.platform === 'win32' ? new PipeFlag(this.#folder) : new SocketFlag(this.#folder)
    this.#flag = flag
    let taken = false
    try {
      const holder = await flag.take()
      taken = holder === null
      return holder === null ? { kind: 'held' } : { kind: 'in-use', holder }
    } catch (error) {
      const code = codeOf(error)
      return PASSING.includes(code) ? this.#state : { kind: 'unlockable', error: code }
    } finally {
      if (!taken) flag.lower()
    }
  }
}

interface Flag {
  /** Null: from now on the folder belongs to this flag; else to whom, in words. Once only. */
  take(): Promise<string | null>
  /** False = it was lowered, or somebody else has removed it. */
  stands(): Promise<boolean>
  /** Before it returns; does not throw. */
  lower(): void
}

// --- Sockets in the folder ---

class SocketFlag implements Flag {
  readonly #folder: string
  readonly #name = `lock.${process.pid}.${randomBytes(8).toString('hex')}`
  readonly #server: Server = createServer((socket) => socket.destroy())
  #raised = ''
  #lowered = false
  /** Addresses of sockets are short, so those in a folder with a longer path begin at the open folder; null = not needed. */
  #handle: number | null = null

  constructor(folder: string) {
    this.#folder = folder
  }

  async take(): Promise<string | null> {
    await mkdir(this.#folder, { recursive: true })
    if (!this.#lowered) this.#open()
    // Anyone who waits raises nothing, so as not to be in the way of others.
    const holder = (await this.#lookAround()).answering[0] ?? (await this.#compete())
    return holder === null ? null : `pid ${FLAG.exec(holder)?.[1]}`
  }

  async stands(): Promise<boolean> {
    if (this.#lowered) return false
    try {
      return (await identityOf(this.#path())) === this.#raised
    } catch (error) {
      return codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR'
    }
  }

  lower(): void {
    if (this.#lowered) return
    this.#lowered = true
    try {
      unlinkSync(this.#path())
    } catch {
      // It was never raised, or somebody has removed it.
    }
    this.#server.close()
    if (this.#handle !== null) closeSync(this.#handle)
  }

  #path(suffix = ''): string {
    return join(this.#folder, this.#name + suffix)
  }

  #open(): void {
    if (Buffer.byteLength(this.#path(DRAFT)) <= ADDRESS_BYTES_MAX) return
    if (process.platform !== 'linux') throw Object.assign(new Error(this.#folder), { code: 'ENAMETOOLONG' })
    this.#handle = openSync(this.#folder, constants.O_RDONLY | constants.O_DIRECTORY)
  }

  #address(name: string): string {
    return this.#handle === null ? join(this.#folder, name) : `/proc/self/fd/${this.#handle}/${name}`
  }

  /** The name appears when its socket listens already: who is refused under it may be sure that nobody lives there. */
  async #raise(): Promise<void> {
    await listening(this.#server, this.#address(this.#name + DRAFT))
    await rename(this.#path(DRAFT), this.#path())
    this.#raised = await identityOf(this.#path())
    // Meanwhile nobody wants it any more.
    if (this.#lowered) await unlink(this.#path())
  }

  /** Null, or the flag that is to be given way to. */
  async #compete(): Promise<string | null> {
    if (this.#lowered) return this.#name
    await this.#raise()
    for (let looks = 1; ; looks++) {
      const { stands, answering } = await this.#lookAround()
      const [first] = answering
      if (!stands) return first ?? this.#name
      if (first === undefined) return null
      if (first < this.#name || looks === LOOKS_MAX) return first
      await pause(LOOK_AGAIN_MS, undefined, { ref: false })
    }
  }

  /** Whether this flag is there, and all others behind which somebody lives, in order; those of the dead are removed. */
  async #lookAround(): Promise<{ readonly stands: boolean; readonly answering: readonly string[] }> {
    const names = (await readdir(this.#folder)).filter((name) => FLAG.test(name)).sort()
    const answering: string[] = []
    for (const name of names) {
      if (name === this.#name) continue
      const answer = await knock(this.#address(name))
      if (answer === 'lives') answering.push(name)
      else if (answer === 'dead') await unlink(join(this.#folder, name)).catch(() => {})
    }
    return { stands: names.includes(this.#name), answering }
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
async function identityOf(path: string): Promise<string> {
  const { dev, ino } = await stat(path)
  return `${dev}:${ino}`
}

// --- Pipes of Windows ---

/** The first to make a pipe owns its name, and it goes with the process. */
class PipeFlag implements Flag {
  readonly #folder: string
  readonly #server: Server = createServer((socket) => socket.destroy())

  constructor(folder: string) {
    this.#folder = folder
  }

  async take(): Promise<string | null> {
    const name = createHash('sha256').update(this.#folder.toLowerCase()).digest('hex')
    try {
      await listening(this.#server, `\\\\.\\pipe\\ha-pair-${name}`)
      return null
    } catch (error) {
      if (codeOf(error) === 'EADDRINUSE') return 'another process'
      throw error
    }
  }

  stands(): Promise<boolean> {
    return Promise.resolve(this.#server.listening)
  }

  lower(): void {
    this.#server.close()
  }
}
