/** One real Node-RED process with a user directory of its own, and the ways that its user has of talking to it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../eventually'
import type { Entry, FlowNode } from './flow'
import { heavyUnusedBy } from './light'
import { plainEnvironment } from './npm'
import { freePort } from '../ports'
import { type Resources, resourcesOf } from '../resources'
import type { NodeRed } from './versions'

const START_LIMIT_MS = 40_000
/** Node-RED gives every node 15 s to close. */
const STOP_LIMIT_MS = 30_000
const ANSWER_LIMIT_MS = 30_000
const LOG_SHOWN_LINES = 60
const LEASH = `process.on('disconnect', () => process.exit(1))\n`
/** In the languages that the tests start it in. */
const STARTED = /Started flows|流程已启动/

/** From Node.js 22 on: what one process has compiled the next one need not compile again. */
const RUN_FOLDER = process.env['HA_PAIR_RUN_FOLDER']
const COMPILED = RUN_FOLDER === undefined ? {} : { NODE_COMPILE_CACHE: join(RUN_FOLDER, 'compiled') }

export type DeployType = 'full' | 'nodes' | 'flows' | 'reload'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface NodeRedOptions {
  readonly name: string
  readonly version: NodeRed
  readonly userDirectory: string
  readonly environment?: Readonly<Record<string, string>>
  readonly flows: readonly FlowNode[]
  readonly credentials?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** What `settings.js` says besides: `lang`, `adminAuth`, `editorTheme`, ... */
  readonly settings?: Readonly<Record<string, unknown>>
  /** JavaScript at the end of `settings.js`, where `settings` are what was said above. */
  readonly settingsCode?: string
  /** A network namespace to run in; its HTTP is not reached from outside then. */
  readonly namespace?: string
  /**
   * As it comes out of the box: Node-RED writes its own `settings.js`, and there are no flows. Only that it listens on the
   * loopback address is said on the command line, what `allNodes` does, and what `defines` says. `settings`, `flows` and `credentials`
   * have no effect.
   */
  readonly stock?: boolean
  /** With all nodes of Node-RED's own, also those that `flows` has none of: for flows that come later. */
  readonly allNodes?: boolean
  /** Settings for the command line of a stock Node-RED, such as 'uiHost=127.0.0.1'. */
  readonly defines?: readonly string[]
}

export class NodeRedProcess {
  readonly name: string
  readonly userDirectory: string
  /** Replaced or extended before a restart. */
  readonly environment: Record<string, string>
  /** Likewise. */
  readonly settings: Record<string, unknown>
  readonly #version: NodeRed
  readonly #namespace: string | null
  readonly #stock: boolean
  readonly #defines: readonly string[]
  readonly #settingsCode: string
  readonly #diary: string
  /** Of the diary so far; null: torn. */
  readonly #lines: (Entry | null)[] = []
  #readBytes = 0
  #port = 0
  #child: ChildProcess | null = null
  #log = ''

  constructor(options: NodeRedOptions) {
    this.name = options.name
    this.userDirectory = options.userDirectory
    this.#version = options.version
    this.#namespace = options.namespace ?? null
    this.#stock = options.stock ?? false
    this.#settingsCode = options.settingsCode ?? ''
    this.#diary = join(this.userDirectory, 'diary.jsonl')
    this.environment = { ...options.environment, DIARY: this.#diary }
    const unused = options.allNodes === true ? [] : heavyUnusedBy(options.flows)
    const excludes = unused.length > 0 ? { nodesExcludes: unused } : {}
    this.settings = { ...excludes, ...options.settings }
    const defined = Object.entries(excludes).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    this.#defines = [...defined, ...(options.defines ?? [])]
    if (!this.#stock) {
      writeFileSync(join(this.userDirectory, 'flows.json'), JSON.stringify(options.flows))
      writeFileSync(join(this.userDirectory, 'flows_cred.json'), JSON.stringify(options.credentials ?? {}))
    }
    // Another one of the same folder may write there already.
    appendFileSync(this.#diary, '')
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error(`${this.name} does not run`)
    return pid
  }

  get runs(): boolean {
    return this.#child !== null
  }

  /** Everything it printed since the first start. */
  get log(): string {
    return this.#log
  }

  logTail(): string {
    return `--- log of ${this.name}\n${this.#log.trimEnd().split('\n').slice(-LOG_SHOWN_LINES).join('\n')}`
  }

  /** Starts the process and waits until its flows run. */
  async start(): Promise<void> {
    if (this.#child !== null) throw new Error(`${this.name} runs already`)
    if (this.#port === 0) this.#port = await freePort()
    const diary = readFileSync(this.#diary, 'utf8')
    if (diary !== '' && !diary.endsWith('\n')) appendFileSync(this.#diary, '\n')
    const logFrom = this.#log.length
    // The channel of 'ipc' is a leash: when the tests die, however, so does this process.
    const { nodeBinary, script } = this.#version
    const whole = [nodeBinary, ...(this.#stock ? this.#stockArguments(script) : this.#arguments(script))]
    // 'ip netns exec' becomes the process that it starts: the pid is Node-RED's.
    const command = this.#namespace === null ? whole : ['ip', 'netns', 'exec', this.#namespace, ...whole]
    const child = spawn(command[0] ?? nodeBinary, command.slice(1), {
      cwd: this.userDirectory,
      env: { ...plainEnvironment(), ...COMPILED, ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc']
    })
    this.#child = child
    const keep = (chunk: string): void => {
      this.#log += chunk
    }
    child.stdout?.setEncoding('utf8').on('data', keep)
    child.stderr?.setEncoding('utf8').on('data', keep)
    child.once('exit', (code, signal) => {
      keep(`[the process ended: ${signal ?? `exit code ${code}`}]\n`)
      if (this.#child === child) this.#child = null
    })
    const started = await eventually(`${this.name} starts`, START_LIMIT_MS, () =>
      this.#child === null ? 'died' : STARTED.test(this.#log.slice(logFrom)) && 'started'
    )
    if (started === 'died') throw new Error(`${this.name} ended while starting\n${this.logTail()}`)
  }

  /** Asks it to end, as a service manager does. Returns the exit code and how long it took. */
  async stop(): Promise<{ code: number | null; tookMs: number }> {
    const startedAt = performance.now()
    const code = await this.#end('SIGTERM')
    return { code, tookMs: performance.now() - startedAt }
  }

  /** kill -9 */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const child = this.#child
    if (child === null) return null
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) })
    child.kill(signal)
    try {
      const [code] = (await exited) as [number | null]
      return code
    } catch (error) {
      child.kill('SIGKILL')
      throw new Error(`${this.name} did not end within ${STOP_LIMIT_MS} ms of ${signal}`, { cause: error })
    }
  }

  #arguments(script: string): string[] {
    const settingsFile = join(this.userDirectory, 'settings.js')
    writeFileSync(settingsFile, LEASH + this.#settings())
    return [script, '--userDir', this.userDirectory, '--settings', settingsFile]
  }

  #stockArguments(script: string): string[] {
    const leash = join(this.userDirectory, 'leash.cjs')
    writeFileSync(leash, LEASH)
    const defines = ['uiHost=127.0.0.1', ...this.#defines].flatMap((define) => ['--define', define])
    const here = ['--port', String(this.#port), ...defines]
    return ['--require', leash, script, '--userDir', this.userDirectory, ...here]
  }

  #settings(): string {
    const settings = {
      uiHost: '127.0.0.1',
      uiPort: this.#port,
      httpAdminRoot: '/admin',
      flowFile: 'flows.json',
      credentialSecret: false,
      lang: 'en-US',
      telemetry: { enabled: false, updateNotification: false },
      externalModules: { autoInstall: false, palette: { allowInstall: false, allowUpload: false } },
      editorTheme: { tours: false },
      logging: { console: { level: 'info', metrics: false, audit: false } },
      ...this.settings
    }
    return `const settings = ${JSON.stringify(settings, null, 2)}\n${this.#settingsCode}\nmodule.exports = settings\n`
  }

  /** The diary so far, from line `from` on. A line that is still being written, or that a kill tore, is left out. */
  diary(from = 0): Entry[] {
    this.#readOn()
    return this.#lines.slice(from).filter((entry) => entry !== null)
  }

  /** Where the diary ends now: what is written later is `diary(mark)`. */
  diaryMark(): number {
    this.#readOn()
    return this.#lines.length
  }

  /** It only grows: what was read once is not read again. */
  #readOn(): void {
    const diary = openSync(this.#diary, 'r')
    try {
      const fresh = Buffer.alloc(fstatSync(diary).size - this.#readBytes)
      const count = readSync(diary, fresh, 0, fresh.length, this.#readBytes)
      const wholeLines = fresh.subarray(0, count).lastIndexOf('\n') + 1
      if (wholeLines === 0) return
      this.#readBytes += wholeLines
      const lines = fresh.toString('utf8', 0, wholeLines - 1).split('\n')
      for (const line of lines) this.#lines.push(entryIn(line))
    } finally {
      closeSync(diary)
    }
  }

  /** Where its editor is. */
  get editorUrl(): string {
    return this.url(this.#stock ? '/' : '/admin/')
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.#port}${path}`
  }

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const response = await fetch(this.url(path), { headers, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) })
    return { status: response.status, body: readBody(await response.text()) }
  }

  async post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const response = await fetch(this.url(path), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS)
    })
    return { status: response.status, body: readBody(await response.text()) }
  }

  async flows(): Promise<FlowNode[]> {
    const { body } = await this.get('/admin/flows', { 'Node-RED-API-Version': 'v2' })
    return (body as { flows: FlowNode[] }).flows
  }

  /** Deploys as the editor does. Returns when Node-RED says that the new flows run. */
  async deploy(flows: readonly FlowNode[], type: DeployType): Promise<void> {
    const logFrom = this.#log.length
    const answer = await this.post(
      '/admin/flows',
      { flows },
      { 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': type }
    )
    if (answer.status !== 200) throw new Error(`deploy refused: ${answer.status} ${JSON.stringify(answer.body)}`)
    await eventually(`${this.name} starts the deployed flows`, START_LIMIT_MS, () =>
      /\] Started (modified )?(flows|nodes)/.test(this.#log.slice(logFrom))
    )
  }

  /** Counts of what the process holds open, for leak checks; null where the system has no /proc. */
  resources(): Resources | null {
    return existsSync(`/proc/${this.pid}/fd`) ? resourcesOf(this.pid) : null
  }
}

function entryIn(line: string): Entry | null {
  try {
    return JSON.parse(line) as Entry
  } catch {
    return null
  }
}

function readBody(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
