/** One of the two Node-RED instances: a child process with its own user directory, and what it last said of itself. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { PairStatus } from '../src/host/pair'
import type { SideName } from './work-book'

/** What the process does. `stopped`: ended in order; `killed`: with -9; `failed`: by itself. */
export type ProcessState = 'starting' | 'running' | 'paused' | 'stopped' | 'killed' | 'failed'

export interface SideOptions {
  readonly name: SideName
  readonly editorPort: number
  readonly userDirectory: string
  readonly logFile: string
  /** What the flow file and the settings file read from the environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Told of every process that starts (true) and ends (false). */
  readonly onProcess: (pid: number, runs: boolean) => void
  readonly onChange: () => void
  /** The process ended although nobody asked for it. `early`: before it said a word. */
  readonly onFailure: (side: Side, how: string, early: boolean) => void
}

export class Side {
  readonly name: SideName
  readonly editorUrl: string
  readonly editorPort: number
  state: ProcessState = 'stopped'
  /** Its own last word; null while it has not said anything since its start. */
  status: PairStatus | null = null
  /** Whether its gate let through what was last sent to it, unless it has told of its pair since; null = unknown. */
  gateOpen: boolean | null = null
  /** ms since 1970 of the last start. */
  startedAt = 0
  readonly #options: SideOptions
  #child: ChildProcess | null = null
  #exited: Promise<void> = Promise.resolve()

  constructor(options: SideOptions) {
    this.#options = options
    this.name = options.name
    this.editorPort = options.editorPort
    this.editorUrl = `http://127.0.0.1:${options.editorPort}`
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** There is a process, whatever it does. */
  get alive(): boolean {
    return this.#child !== null
  }

  /** It runs, and has said last that it is Active. */
  get active(): boolean {
    return this.state === 'running' && this.status?.role === 'active'
  }

  start(): void {
    if (this.#child !== null) return
    this.state = 'starting'
    this.#forget()
    this.startedAt = Date.now()
    const { userDirectory, logFile, environment, onProcess } = this.#options
    const log = openSync(logFile, 'a')
    const child = spawn(
      process.execPath,
      [nodeRedCommand(), '--userDir', userDirectory, '--settings', join(userDirectory, 'settings.js')],
      { cwd: userDirectory, env: { ...process.env, ...environment }, stdio: ['ignore', log, log] }
    )
    closeSync(log)
    this.#child = child
    const { pid } = child
    if (pid !== undefined) onProcess(pid, true)
    this.#exited = new Promise((resolve) => {
      // `error` without a pid means that it never ran, and then no `exit` follows.
      child.once('error', (error) => {
        if (pid === undefined) this.#ended(error.message)
        resolve()
      })
      child.once('exit', (code, signal) => {
        if (pid !== undefined) onProcess(pid, false)
        this.#ended(signal === null ? `exit code ${code}` : signal)
        resolve()
      })
    })
    this.#options.onChange()
  }

  heard(status: PairStatus): void {
    if (!this.alive || status.seq < (this.status?.seq ?? 0)) return
    this.status = status
    this.gateOpen = status.serving
    if (this.state === 'starting') this.state = 'running'
    this.#options.onChange()
  }

  heardOfGate(open: boolean): void {
    if (!this.alive || this.gateOpen === open) return
    this.gateOpen = open
    this.#options.onChange()
  }

  /** The hard way: no goodbye, no flush. Resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.#child === null) return
    this.state = 'killed'
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  pause(): void {
    if (this.state !== 'running') return
    this.#child?.kill('SIGSTOP')
    this.state = 'paused'
    this.#options.onChange()
  }

  resume(): void {
    if (this.state !== 'paused') return
    this.#child?.kill('SIGCONT')
    this.state = 'running'
    this.#options.onChange()
  }

  /** In order, so that it says goodbye; with force once `patienceMs` are over. Resolves when the process is gone. */
  async stop(patienceMs: number): Promise<void> {
    const child = this.#child
    if (child === null) return
    this.state = 'stopped'
    child.kill('SIGTERM')
    child.kill('SIGCONT')
    const force = setTimeout(() => child.kill('SIGKILL'), patienceMs)
    await this.#exited
    clearTimeout(force)
  }

  /** For people. */
  describe(): string {
    const said = this.status
    const pair =
      said === null ? 'says nothing' : `${said.role}, epoch ${said.epoch}, peer ${said.online ? 'online' : 'offline'}`
    return `${this.name}: ${this.state}, ${pair}, gate ${this.gateOpen === null ? 'unknown' : this.gateOpen ? 'open' : 'shut'}`
  }

  #forget(): void {
    this.status = null
    this.gateOpen = null
  }

  #ended(how: string): void {
    const early = this.state === 'starting'
    this.#child = null
    this.#forget()
    if (this.state !== 'killed' && this.state !== 'stopped') {
      this.state = 'failed'
      this.#options.onFailure(this, how, early)
    }
    this.#options.onChange()
  }
}

function nodeRedCommand(): string {
  return join(require.resolve('node-red/package.json'), '..', 'red.js')
}
