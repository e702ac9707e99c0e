/** The third voice: the program `ha-pair-witness` as a child process, on a loopback address of its own, with a folder that outlives it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { witnessLineOf } from '../src/witness/keys'
import { ROOT } from './workplace'

/** None of the pair's own addresses, which are refused. macOS has one address of IPv4 on loopback. */
export const WITNESS_HOST = process.platform === 'darwin' ? '::1' : '127.0.0.9'

export interface WitnessOptions {
  readonly port: number
  readonly folder: string
  readonly logFile: string
  /** Of the pair. */
  readonly secret: string
  /** Told of every process that starts (true) and ends (false). */
  readonly onProcess: (pid: number, runs: boolean) => void
  readonly onChange: () => void
  /** The process ended although nobody asked for it. */
  readonly onFailure: (how: string) => void
}

export class WitnessProcess {
  readonly #options: WitnessOptions
  readonly #keyFile: string
  #child: ChildProcess | null = null
  #exited: Promise<void> = Promise.resolve()
  #endWanted = false

  constructor(options: WitnessOptions) {
    this.#options = options
    mkdirSync(options.folder, { recursive: true })
    this.#keyFile = join(options.folder, 'keys')
    writeFileSync(this.#keyFile, `${witnessLineOf(options.secret).key} demo\n`, { mode: 0o600 })
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  get runs(): boolean {
    return this.#child !== null
  }

  start(): void {
    if (this.#child !== null) return
    const { port, folder, logFile, onProcess, onChange, onFailure } = this.#options
    const log = openSync(logFile, 'a')
    const program = join(ROOT, 'dist', 'src', 'witness', 'cli.js')
    const place = ['--host', WITNESS_HOST, '--port', String(port)]
    const child = spawn(
      process.execPath,
      [program, '--key-file', this.#keyFile, '--data', join(folder, 'data'), ...place],
      { stdio: ['ignore', log, log] }
    )
    closeSync(log)
    this.#child = child
    this.#endWanted = false
    const { pid } = child
    if (pid !== undefined) onProcess(pid, true)
    this.#exited = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (pid !== undefined) onProcess(pid, false)
        this.#child = null
        if (!this.#endWanted) onFailure(how)
        onChange()
        resolve()
      }
      // `error` without a pid means that it never ran, and then no `exit` follows.
      child.once('error', (error) => {
        if (pid === undefined) ended(error.message)
      })
      child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`))
    })
    onChange()
  }

  /** Without a word, as a power cut would; or in order. Resolves when the process is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#endWanted = true
    this.#child?.kill(signal)
    await this.#exited
  }
}
