/** The engine's thread as the host sees it: started, spoken to, restarted when it dies, stopped when nobody needs it. */
import { join } from 'node:path'
import { SHARE_ENV, Worker } from 'node:worker_threads'
import { EngineCell, newEngineCell } from '../engine/cells'
import { stackOf } from '../engine/error-code'
import type { EngineOptions, FromEngine, FromThread, ToEngine, ToThread } from '../engine/messages'
import { BOOT, readCode, type ThreadCode } from './thread-code'

const [ENGINE, PROTOCOL] = [join(__dirname, '..', 'engine'), join(__dirname, '..', 'protocol')] as const
const CODE = readCode(join(ENGINE, 'worker.js'), [ENGINE, PROTOCOL])
const RESTART_MS_MIN = 100
const RESTART_MS_MAX = 5000
/** A thread that lived for this long starts with a clean record. */
const PROVEN_MS = 10_000
/**
 * The engine's garbage is frames: short-lived, some KB each heartbeat. A young generation of V8's default size (48 MB) would fill
 * all of that before it is ever swept.
 */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 6 } as const
/** A thread ends by itself within this, or by force. */
const END_MS_MAX = 1000

export interface EngineListener {
  onMessage(message: FromEngine): void
  /** The thread died by itself. All that it held is gone; it is being restarted. */
  onCrash(error: string): void
  /** A thread runs again after a crash, empty. */
  onRestart(): void
}

export class EngineThread {
  readonly #listener: EngineListener
  #worker: Worker | null = null
  #cell = new EngineCell(newEngineCell())
  #startedAtMs = 0
  #restartMs = RESTART_MS_MIN
  #restartTimer: NodeJS.Timeout | null = null
  #restarts = 0
  #holds = 0
  #pairsAdded = 0

  constructor(listener: EngineListener) {
    this.#listener = listener
  }

  /** The cell of the thread that runs, or of the one that died last. */
  get cell(): EngineCell {
    return this.#cell
  }

  get running(): boolean {
    return this.#worker !== null
  }

  /** How often it was started again after it had died. */
  get restarts(): number {
    return this.#restarts
  }

  /** Only for tests. */
  get worker(): Worker | null {
    return this.#worker
  }

  /** Starts the thread unless it runs or is about to. */
  start(): void {
    if (this.#worker === null && this.#restartTimer === null) this.#launch()
  }

  /** What is posted to a thread that does not run is lost, like all that it held. */
  post(message: ToEngine): void {
    if (message.type === 'add') this.#pairsAdded++
    this.#say(message)
  }

  /** While somebody waits for an answer, the thread keeps the process alive. Each `hold` needs its `letGo`. */
  hold(): void {
    if (++this.#holds === 1) this.#worker?.ref()
  }

  letGo(): void {
    if (--this.#holds === 0) this.#worker?.unref()
  }

  /**
   * Blocks until all pairs have left; after `leaveMs` their sockets are closed without further ado, which takes `closeMs`
   * at most. Only for a process that is ending, which must not tear the thread down with open sockets (see `worker.ts`).
   */
  awaitEnd(leaveMs: number, closeMs: number): void {
    const all = BigInt(this.#pairsAdded)
    if (this.#worker === null || this.#cell.awaitLeft(all, leaveMs)) return
    this.#say({ type: 'halt' })
    this.#cell.awaitLeft(all, closeMs)
  }

  async stop(): Promise<void> {
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer)
    this.#restartTimer = null
    const worker = this.#worker
    this.#worker = null
    this.#restartMs = RESTART_MS_MIN
    this.#cell.markDead(true)
    if (worker === null) return
    const ended = new Promise<void>((done) => worker.once('exit', () => done()))
    const force = setTimeout(() => void worker.terminate(), END_MS_MAX)
    worker.ref()
    worker.postMessage({ type: 'halt' } satisfies ToThread)
    await ended
    clearTimeout(force)
  }

  #say(message: ToThread): void {
    this.#worker?.postMessage(message)
  }

  #launch(): void {
    const engineCell = newEngineCell()
    const workerData: EngineOptions & { readonly code: ThreadCode } = { engineCell, code: CODE }
    const cell = new EngineCell(engineCell)
    cell.beat()
    this.#cell = cell
    this.#pairsAdded = 0
    this.#startedAtMs = Date.now()
    let worker: Worker
    try {
      worker = new Worker(BOOT, {
        eval: true,
        name: 'ha-pair',
        workerData,
        execArgv: [],
        env: SHARE_ENV,
        resourceLimits: THREAD_LIMITS
      })
    } catch (cause) {
      // The system gives no thread at present.
      this.#onDeath(String(cause))
      return
    }
    this.#worker = worker
    let error = ''
    worker.on('message', (message: FromThread) => {
      if (message.type === 'failed') error = message.error
      else if (worker === this.#worker) this.#listener.onMessage(message)
    })
    worker.on('error', (cause: unknown) => {
      error = stackOf(cause)
      cell.markDead(true)
    })
    worker.on('exit', (code) => {
      cell.markDead(true)
      if (worker === this.#worker) this.#onDeath(error === '' ? `exit code ${code}` : error)
    })
    if (this.#holds === 0) worker.unref()
  }

  #onDeath(error: string): void {
    this.#worker = null
    if (Date.now() - this.#startedAtMs >= PROVEN_MS) this.#restartMs = RESTART_MS_MIN
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = null
      this.#restarts++
      this.#launch()
      if (this.#worker !== null) this.#listener.onRestart()
    }, this.#restartMs)
    this.#restartTimer.unref()
    this.#restartMs = Math.min(RESTART_MS_MAX, this.#restartMs * 2)
    this.#listener.onCrash(error)
  }
}
