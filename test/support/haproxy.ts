/** HAProxy from the system, with the very file of the documentation, and a client that goes through it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pause } from './eventually'
import { killChild } from './kill-child'
import { freePort } from './ports'
import { ROOT } from './root'

export const CONFIGURATION = join(ROOT, 'docs', 'operating', 'monitoring', 'haproxy.cfg')

/** Whether a command of the system is there. */
export function has(command: string, versionFlag: string): boolean {
  return spawnSync(command, [versionFlag]).error === undefined
}

export class HaProxy {
  readonly url: string
  readonly #child: ChildProcess
  #log = ''

  private constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => (this.#log += chunk))
    }
  }

  /** `environment`: what the head of the configuration lists, but the address of the clients. */
  static async start(environment: Readonly<Record<string, string>>, configuration = CONFIGURATION): Promise<HaProxy> {
    const address = `127.0.0.1:${await freePort()}`
    const env = { ...process.env, ...environment, HA_LISTEN: address }
    const check = spawnSync('haproxy', ['-c', '-f', configuration], { env, encoding: 'utf8' })
    if (check.status !== 0) throw new Error(check.stderr)
    const child = spawn('haproxy', ['-db', '-f', configuration], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    return new HaProxy(`http://${address}`, child)
  }

  get log(): string {
    return this.#log
  }

  stop(): Promise<void> {
    return killChild(this.#child)
  }
}

export interface Answered {
  /** performance.now() */
  readonly atMs: number
  /** HTTP; 0 = no answer at all. */
  readonly status: number
  readonly side: string
  readonly epoch: number
}

const ASK_EVERY_MS = 10
const ANSWER_LIMIT_MS = 5000

/** Asks for work, one request after the other, and keeps all that it is answered. */
export class Client {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #answers: Answered[] = []
  readonly #leaving = new AbortController()
  readonly #asking: Promise<void>

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url
    this.#headers = headers
    this.#asking = this.#ask()
  }

  /** From the given number on. */
  answers(from = 0): readonly Answered[] {
    return this.#answers.slice(from)
  }

  get count(): number {
    return this.#answers.length
  }

  async stop(): Promise<void> {
    this.#leaving.abort()
    await this.#asking
  }

  async #ask(): Promise<void> {
    while (!this.#leaving.signal.aborted) {
      this.#answers.push(await this.#one())
      await pause(ASK_EVERY_MS)
    }
  }

  async #one(): Promise<Answered> {
    try {
      const signal = AbortSignal.timeout(ANSWER_LIMIT_MS)
      const response = await fetch(`${this.#url}/work`, { headers: this.#headers, signal })
      const text = await response.text()
      const { side = '', epoch = 0 } = response.ok ? (JSON.parse(text) as { side: string; epoch: number }) : {}
      return { atMs: performance.now(), status: response.status, side, epoch }
    } catch {
      return { atMs: performance.now(), status: 0, side: '', epoch: 0 }
    }
  }
}
