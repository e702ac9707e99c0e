/** A side's process in its namespace, held by a leash, and what can be done to it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { plainEnvironment } from '../../support/node-red/npm'
import type { Order, SidePlan } from './side'

const LOG_KEPT_CHARS = 20_000
const ANSWER_LIMIT_MS = 20_000
const END_LIMIT_MS = 5000

interface Answer {
  readonly number: number
  readonly value?: unknown
  readonly error?: string
}

export class SideProcess {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #numbers = 0
  #log = ''
  #runs = true

  private constructor(namespace: string, plan: SidePlan) {
    // 'ip netns exec' becomes the process that it starts: the pid is the side's. The channel of 'ipc' is a leash.
    const args = ['netns', 'exec', namespace, process.execPath, join(__dirname, 'side.js'), JSON.stringify(plan)]
    this.#child = spawn('ip', args, {
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A Ctrl-C at the terminal is for the run, which then ends its processes.
      detached: true
    })
    const keep = (chunk: string): void => {
      this.#log = (this.#log + chunk).slice(-LOG_KEPT_CHARS)
    }
    this.#child.stdout?.setEncoding('utf8').on('data', keep)
    this.#child.stderr?.setEncoding('utf8').on('data', keep)
    this.#child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.number)?.(answer)
      this.#waiting.delete(answer.number)
    })
    this.#child.once('exit', (code, signal) => {
      this.#runs = false
      keep(`[the process ended: ${signal ?? `exit code ${code}`}]\n`)
      for (const [number, end] of this.#waiting) end({ number, error: 'the process ended' })
      this.#waiting.clear()
    })
  }

  static async start(namespace: string, plan: SidePlan): Promise<SideProcess> {
    const side = new SideProcess(namespace, plan)
    await side.#answer(0).catch((error: unknown) => {
      throw new Error(`side ${plan.side} did not start\n${side.log}`, { cause: error })
    })
    return side
  }

  get log(): string {
    return this.#log
  }

  get runs(): boolean {
    return this.#runs
  }

  #answer(number: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#waiting.delete(number)
        reject(new Error(`no answer within ${ANSWER_LIMIT_MS} ms`))
      }, ANSWER_LIMIT_MS)
      this.#waiting.set(number, ({ error, value }) => {
        clearTimeout(late)
        if (error === undefined) resolve(value)
        else reject(new Error(error))
      })
    })
  }

  /** Errors: what the side answered with, or that it does not answer. */
  tell(order: Order): Promise<unknown> {
    if (!this.#runs) return Promise.reject(new Error('the process does not run'))
    const number = ++this.#numbers
    const answer = this.#answer(number)
    this.#child.send({ number, order })
    return answer
  }

  /** Returns when the kernel has ended it. */
  async kill(): Promise<void> {
    if (!this.#runs) return
    const exited = once(this.#child, 'exit', { signal: AbortSignal.timeout(END_LIMIT_MS) })
    this.#child.kill('SIGKILL')
    await exited
  }

  /** In order, with goodbyes. */
  async stop(): Promise<void> {
    if (!this.#runs) return
    const exited = once(this.#child, 'exit', { signal: AbortSignal.timeout(END_LIMIT_MS) })
    await this.tell({ do: 'end' }).catch(() => {})
    await exited
  }

  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child.kill('SIGCONT')
  }
}
