/** The program `ha-pair-witness` as a process of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually } from './eventually'
import { ROOT } from './root'

const PROGRAM = join(ROOT, 'dist', 'src', 'witness', 'cli.js')
const LINE_LIMIT_MS = 10_000

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export class WitnessProgram {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #out = ''
  #err = ''

  /** `namespace`: where it runs, if not here. */
  constructor(args: readonly string[], namespace: string | null = null) {
    const command = [process.execPath, PROGRAM, ...args]
    // 'ip netns exec' becomes the process that it starts.
    const within = namespace === null ? command : ['ip', 'netns', 'exec', namespace, ...command]
    const child = spawn(within[0] as string, within.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] })
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#err += text))
    this.#child = child
    const leash = (): void => void child.kill('SIGKILL')
    process.once('exit', leash)
    this.#ended = once(child, 'close').then(([code]) => {
      process.off('exit', leash)
      return code as number | null
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get runs(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** All that it printed. */
  get log(): string {
    return this.#out + this.#err
  }

  says(pattern: RegExp): Promise<string> {
    return eventually(`the witness says ${pattern}`, LINE_LIMIT_MS, () => pattern.exec(this.log)?.[0])
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Gives it its standard input, and waits for its end. */
  async run(input = ''): Promise<Ended> {
    this.#child.stdin?.end(input)
    const code = await this.#ended
    return { code, out: this.#out, err: this.#err }
  }

  /** Until it is gone. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.signal(signal)
    return this.#ended
  }
}
