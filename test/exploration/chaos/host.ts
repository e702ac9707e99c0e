/** One side: a Node-RED process in its namespace, and what faults and an operator can do to it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PairStatus } from '../../../src/host/pair'
import { eventually } from '../../support/eventually'
import { KEY } from '../../support/node-red/flow'
import { placeBuild, plainEnvironment } from '../../support/node-red/npm'
import { type Resources, resourcesOf } from '../../support/resources'
import { nodeRed4 } from '../../support/node-red/versions'
import { nowUs } from '../../support/namespaces/clock'
import { chaosFlow, EDITOR_PORT, HEALTH_PATH, type Sabotage, settingsFile } from './flow'
import { otherSide, type Side } from '../../support/namespaces/history'
import type { Seen } from './writes'
import { SmallDisk } from './small-disk'
import { LINKS, type Network } from '../../support/namespaces/network'

const START_LIMIT_MS = 60_000
/** Node-RED gives every node 15 s to close. */
const STOP_LIMIT_MS = 20_000
const STATUS_LIMIT_MS = 500
const COPY_LIMIT_MS = 5000
const LOG_KEPT_CHARS = 20_000
const STARTED = /\] Started (modified )?(flows|nodes)/g

export interface HostOptions {
  readonly side: Side
  readonly network: Network
  readonly folder: string
  readonly historyFile: string
  readonly policy: string
  readonly peerTimeoutMs: number
  readonly priority: number
  readonly sabotage: Sabotage | null
}

export type Reply =
  | { readonly kind: 'done'; readonly role: string }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'silence'; readonly why: string }

export class Host {
  readonly side: Side
  /** Of all that it keeps. */
  readonly disk: SmallDisk
  readonly #options: HostOptions
  #child: ChildProcess | null = null
  #log = ''
  #starts = 0
  /** Ends that nobody asked for. */
  crashes = 0
  #endWanted = false

  constructor(options: HostOptions) {
    this.side = options.side
    this.#options = options
    const { folder, network, side, historyFile, sabotage } = options
    placeBuild(folder)
    this.disk = new SmallDisk(this.#dataFolder)
    writeFileSync(join(folder, 'flows.json'), JSON.stringify(chaosFlow(sabotage)))
    writeFileSync(join(folder, 'flows_cred.json'), JSON.stringify({ pair: { key: KEY, previousKey: '' } }))
    writeFileSync(join(folder, 'settings.js'), settingsFile(side, network.outsideAddress(side), historyFile, sabotage))
  }

  get #dataFolder(): string {
    return join(this.#options.folder, 'ha-pair')
  }

  /** While it does not run: nothing is left of its store on disk. */
  loseContext(): void {
    const names = readdirSync(this.#dataFolder).filter((name) => name.startsWith('context-'))
    for (const name of names) rmSync(join(this.#dataFolder, name))
  }

  get runs(): boolean {
    return this.#child !== null
  }

  get log(): string {
    return this.#log
  }

  #startedCount(): number {
    return this.#starts
  }

  async start(): Promise<void> {
    if (this.#child !== null) throw new Error(`side ${this.side} runs already`)
    const { network, side, folder, policy, peerTimeoutMs, priority } = this.#options
    const { nodeBinary, script } = nodeRed4()
    const links = Array.from({ length: LINKS }, (_, link) => [
      [`LOCAL_${link}`, network.linkAddress(side, link)],
      [`PEER_${link}`, network.linkAddress(otherSide(side), link)]
    ]).flat()
    this.#endWanted = false
    const startsBefore = this.#startedCount()
    // 'ip netns exec' becomes the process that it starts: the pid is Node-RED's. The channel of 'ipc' is a leash.
    const child = spawn(
      'ip',
      [
        'netns',
        'exec',
        network.namespace(side),
        nodeBinary,
        script,
        '--userDir',
        folder,
        '--settings',
        join(folder, 'settings.js')
      ],
      {
        cwd: folder,
        env: {
          ...plainEnvironment(),
          ...(Object.fromEntries(links) as Record<string, string>),
          POLICY: policy,
          PEER_TIMEOUT: String(peerTimeoutMs),
          PRIORITY: String(priority)
        },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        // A Ctrl-C at the terminal is for the run, which then ends its processes in order.
        detached: true
      }
    )
    this.#child = child
    const keep = (chunk: string): void => {
      this.#starts += chunk.match(STARTED)?.length ?? 0
      this.#log = (this.#log + chunk).slice(-LOG_KEPT_CHARS)
    }
    child.stdout?.setEncoding('utf8').on('data', keep)
    child.stderr?.setEncoding('utf8').on('data', keep)
    child.once('exit', (code, signal) => {
      keep(`[the process ended: ${signal ?? `exit code ${code}`}]\n`)
      if (!this.#endWanted) this.crashes++
      if (this.#child === child) this.#child = null
    })
    const started = await eventually(`side ${side} starts`, START_LIMIT_MS, () =>
      this.#child === null ? 'died' : this.#startedCount() > startsBefore && 'started'
    )
    if (started === 'died') throw new Error(`side ${side} ended while starting\n${this.#log}`)
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === null) return
    this.#endWanted = true
    const exited = once(child, 'exit', { signal: AbortSignal.timeout(STOP_LIMIT_MS) })
    child.kill(signal)
    try {
      await exited
    } catch (error) {
      child.kill('SIGKILL')
      throw new Error(`side ${this.side} did not end within ${STOP_LIMIT_MS} ms of ${signal}`, { cause: error })
    }
  }

  stop(): Promise<void> {
    return this.#end('SIGTERM')
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  #url(path: string): string {
    return `http://${this.#options.network.outsideAddress(this.side)}:${EDITOR_PORT}${path}`
  }

  /** A full deploy of the flows as they are, over the admin API: every node is closed and built again. */
  async redeploy(): Promise<void> {
    const startsBefore = this.#startedCount()
    const headers = { 'Content-Type': 'application/json', 'Node-RED-API-Version': 'v2' }
    const got = await fetch(this.#url('/admin/flows'), { headers, signal: AbortSignal.timeout(STOP_LIMIT_MS) })
    const { flows } = (await got.json()) as { flows: unknown }
    const answer = await fetch(this.#url('/admin/flows'), {
      method: 'POST',
      headers: { ...headers, 'Node-RED-Deployment-Type': 'full' },
      body: JSON.stringify({ flows }),
      signal: AbortSignal.timeout(STOP_LIMIT_MS)
    })
    await answer.text()
    if (answer.status !== 200) throw new Error(`the deploy was refused: ${answer.status}`)
    await eventually(
      `side ${this.side} starts the deployed flows`,
      STOP_LIMIT_MS,
      () => this.#startedCount() > startsBefore
    )
  }

  /** An operator's word to this side. Never rejects: what is not an answer within the limit is `silence`. */
  async designate(word: 'active' | 'standby' | 'swap', limitMs: number): Promise<Reply> {
    const askedUs = nowUs()
    try {
      const response = await fetch(this.#url('/designate'), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Connection: 'close' },
        body: JSON.stringify({ designate: word }),
        signal: AbortSignal.timeout(limitMs)
      })
      const body = (await response.json()) as { role?: string; code?: string }
      if (response.status === 200 && body.role !== undefined) return { kind: 'done', role: body.role }
      return { kind: 'refused', code: String(body.code ?? response.status) }
    } catch (error) {
      const why = error instanceof Error ? `${error.message} ${String(error.cause ?? '')}` : String(error)
      return { kind: 'silence', why: `${why.trim()} after ${Math.round((nowUs() - askedUs) / 1000)} ms` }
    }
  }

  /** What it says of its pair at the health endpoint; null = it does not answer now. */
  async status(): Promise<PairStatus | null> {
    try {
      const response = await fetch(this.#url(HEALTH_PATH), { signal: AbortSignal.timeout(STATUS_LIMIT_MS) })
      return (await response.json()) as PairStatus
    } catch {
      return null
    }
  }

  /** What its store holds; null = it does not answer now. */
  async copy(): Promise<Seen | null> {
    try {
      const response = await fetch(this.#url('/copy'), { signal: AbortSignal.timeout(COPY_LIMIT_MS) })
      return (await response.json()) as Seen
    } catch {
      return null
    }
  }

  /** Half a megabyte in the store, or none of it. Only who serves writes it. */
  async bulk(wanted: boolean): Promise<void> {
    const response = await fetch(this.#url('/bulk'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ wanted }),
      signal: AbortSignal.timeout(STOP_LIMIT_MS)
    })
    await response.text()
  }

  /** What the process holds; null when it does not run (or is just ending). */
  resources(): Resources | null {
    const pid = this.#child?.pid
    if (pid === undefined) return null
    try {
      return resourcesOf(pid)
    } catch {
      return null
    }
  }
}
