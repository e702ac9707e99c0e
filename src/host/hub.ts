/**
 * The hub: all pairs of this process and the one engine thread that runs them. Nodes take a lease on a pair and give it
 * back; what giving back means (a deploy, a deletion, the end of Node-RED) is decided here.
 */
import { dirname, resolve as absolute } from 'node:path'
import type { Worker } from 'node:worker_threads'
import type { EngineCell } from '../engine/cells'
import type { FromEngine, ToEngine } from '../engine/messages'
import { bindsTheSame } from '../rules/addresses'
import type { Network } from './channel/channel'
import { ExitWatch } from './exit-watch'
import { EngineThread, type EngineListener } from './engine-thread'
import { HostedPair, type PairContext } from './hosted-pair'
import type { PairRequest } from './pair-request'
import type { Pair, PairObserver } from './pair'
import { PairFiles } from './pair-files'
import { oneLine } from './report'
import { Requests } from './requests'
import type { PairRegistry } from './pair-registry'
import { enterPair, meetingPoint } from './store/seat'
import type { StringPool } from './string-pool'

export interface PairHandle {
  /** Goes on telling the truth when the lease has ended. */
  readonly pair: Pair
  /** Returns the function that ends the observation; the end of the lease ends it too. Observers are called in the order of events. */
  observe(observer: PairObserver): () => void
  /**
   * `removed` as Node-RED says it: true = deleted; false = a deploy or the end of the process. Resolves when the goodbye
   * is said and the ports are free, or at once when the pair stays up for its successor. Always bounded; never rejects.
   */
  release(removed: boolean): Promise<void>
  /** No successor will come: a pair that was kept up for one leaves now, instead of after LINGER_MS. */
  expire(): void
}

/** How long a pair without a lease waits for its successor: longer than Node-RED waits for a node's close (15 s). */
export const LINGER_MS = 20_000
/** How long an engine without pairs is kept. */
const IDLE_MS = 5000
/** Limit for a pair to leave; the engine needs at most 1 s for a barrier, 300 ms for the goodbye and 500 ms for the disk. */
const LEAVE_MS_MAX = 2000
/** Limit for all pairs to leave while the process exits, and then for their sockets to be closed. */
const EXIT_MS_MAX = 200
const CLOSE_MS_MAX = 100
const BEAT_MS_MAX = 1000
/** An observer that comes this soon after a deploy is also told what happened while nobody observed. */
const LATECOMER_MS = 5000

/** What a hub is made of. */
export interface HubParts {
  readonly registry: PairRegistry
  readonly network: Network
  readonly strings: StringPool
}

export class Hub implements PairContext, EngineListener {
  readonly network: Network
  readonly strings: StringPool
  readonly #registry: PairRegistry
  readonly #thread: EngineThread = new EngineThread(this)
  readonly #exitWatch = new ExitWatch(() => this.#leaveNow())
  readonly #held = new Map<string, Holding>()
  /** Goodbyes under way. */
  readonly #goodbyes = new Requests<null>(this)
  /** Who is meant by what the engine says. */
  readonly #inEngine = new Map<number, HostedPair>()
  /** The last departure of each id: its successor waits for it. */
  readonly #departures = new Map<string, Promise<void>>()
  /** Folders with pair files, by path. No pair enters the engine before this process holds its folder. */
  readonly #files = new Map<string, PairFiles>()
  #pairIds = 0
  #beat: NodeJS.Timeout | null = null
  #idle: NodeJS.Timeout | null = null

  constructor({ registry, network, strings }: HubParts) {
    this.#registry = registry
    this.network = network
    this.strings = strings
  }

  /** The engine's thread, for tests; its `terminate` may take the process along. */
  get worker(): Worker | null {
    return this.#thread.worker
  }

  /** Leases one pair: the running one, if it is the same; else a new one, after the old one has left. */
  acquire(request: PairRequest): PairHandle {
    const known = this.#held.get(request.id)
    if (known?.held.fits(request) === true) return this.#lease(known, request)
    if (known !== undefined) void this.#remove(known, 'removed')
    const held = new HostedPair(request, this)
    const holding: Holding = { held, leases: 0, linger: null, unseat: enterPair(meetingPoint(), held.shared) }
    this.#held.set(request.id, holding)
    this.#registry.enter(held)
    this.#wakeUp()
    this.#enter(holding)
    return this.#lease(holding, request)
  }

  /** Into the engine, as soon as there is one, the pair's files are free and its predecessor has left. */
  #enter(holding: Holding): void {
    const { held } = holding
    const departure = this.#departures.get(held.id)
    if (departure !== undefined) return void departure.then(() => this.#enter(holding))
    if (this.#held.get(held.id) === holding && this.#filesAreFree(held) && this.#thread.running) held.enter()
  }

  #lease(holding: Holding, request: PairRequest): PairHandle {
    const { held } = holding
    if (holding.linger !== null) clearTimeout(holding.linger)
    holding.linger = null
    holding.leases++
    if (request.log !== undefined) held.log = request.log
    return new Lease(
      held,
      (removed) => this.#release(holding, removed),
      () => {
        if (holding.leases === 0 && this.#held.get(held.id) === holding) void this.#remove(holding, 'removed')
      }
    )
  }

  #release(holding: Holding, removed: boolean): Promise<void> {
    const { held } = holding
    if (--holding.leases > 0) return Promise.resolve()
    // Taken from the list already: other settings came under the same id.
    if (this.#held.get(held.id) !== holding) return this.#departures.get(held.id) ?? Promise.resolve()
    if (removed) return this.#remove(holding, 'removed')
    if (this.#exitWatch.leaving) return this.#remove(holding, 'shutdown')
    holding.linger = setTimeout(() => void this.#remove(holding, 'removed'), LINGER_MS)
    holding.linger.unref()
    return Promise.resolve()
  }

  /** Resolves when the pair has left the engine; bounded. */
  #remove(holding: Holding, reason: 'removed' | 'shutdown'): Promise<void> {
    const { held } = holding
    if (holding.linger !== null) clearTimeout(holding.linger)
    this.#held.delete(held.id)
    const before = this.#departures.get(held.id) ?? Promise.resolve()
    const departure = before
      .then(() => this.#leave(held, reason))
      .then(() => held.leaveChannel())
      .finally(() => {
        if (this.#departures.get(held.id) === departure) this.#departures.delete(held.id)
        held.end()
        holding.unseat()
        this.#registry.leave(held)
        this.#calmDown()
      })
    this.#departures.set(held.id, departure)
    return departure
  }

  async #leave({ pairId }: HostedPair, reason: 'removed' | 'shutdown'): Promise<void> {
    if (pairId === null || !this.#thread.running) return
    await this.#goodbyes.ask(LEAVE_MS_MAX, null, (requestId) => {
      this.post({ type: 'remove', pairId, requestId, reason })
    })
    this.#inEngine.delete(pairId)
  }

  /** All pairs say goodbye, and the engine's thread ends. For tests and for programs that embed Node-RED. */
  async shutdown(): Promise<void> {
    for (const holding of [...this.#held.values()]) void this.#remove(holding, 'shutdown')
    await Promise.all(this.#departures.values())
    if (this.#held.size > 0) return
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = null
    await this.#stop()
  }

  async #stop(): Promise<void> {
    await this.#thread.stop()
    if (this.#held.size + this.#departures.size === 0) this.#letGoOfFiles()
  }

  /** In the process's last moments: nothing is awaited through the event loop any more. */
  #leaveNow(): void {
    for (const { held } of this.#held.values()) {
      held.data.answerNoMore()
      if (held.pairId !== null) this.post({ type: 'remove', pairId: held.pairId, requestId: 0, reason: 'shutdown' })
    }
    if (this.#held.size + this.#goodbyes.size > 0) this.#thread.awaitEnd(EXIT_MS_MAX, CLOSE_MS_MAX)
    for (const { held } of this.#held.values()) held.logAll()
    this.#letGoOfFiles()
  }

  // --- The pairs' files ---

  /** Asks for the folder of a pair's files, once; `#onFiles` hears the answer. */
  #filesAreFree({ storeFile }: HostedPair): boolean {
    if (storeFile === null) return true
    const folder = folderOf(storeFile)
    let files = this.#files.get(folder)
    if (files === undefined) this.#files.set(folder, (files = new PairFiles(folder, () => this.#onFiles(folder))))
    return files.free
  }

  #onFiles(folder: string): void {
    const files = this.#files.get(folder)
    if (files === undefined) return
    const { state } = files
    for (const holding of [...this.#held.values()]) {
      const { held } = holding
      if (held.storeFile === null || folderOf(held.storeFile) !== folder) continue
      if (state.kind === 'unlockable')
        held.log.warn(oneLine(`${held.name}: ${folder} cannot be locked (${state.error}).`))
      held.onFiles(state.kind === 'in-use' ? state.holder : null)
      if (files.free) this.#enter(holding)
      else if (held.pairId !== null) this.#evict(held)
    }
  }

  /** The folder was taken away under the running pair, and another process was quicker to take the new one. */
  #evict(held: HostedPair): void {
    const departure = this.#leave(held, 'removed').finally(() => {
      held.onEvicted()
      if (this.#departures.get(held.id) === departure) this.#departures.delete(held.id)
    })
    this.#departures.set(held.id, departure)
  }

  #letGoOfFiles(): void {
    for (const files of this.#files.values()) files.end()
    this.#files.clear()
  }

  // --- Upkeep ---

  #wakeUp(): void {
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = null
    this.#thread.start()
    this.#exitWatch.attach()
    this.#setBeat()
  }

  #calmDown(): void {
    this.#setBeat()
    if (this.#held.size > 0 || this.#departures.size > 0) return
    this.#exitWatch.detach()
    if (this.#idle !== null) clearTimeout(this.#idle)
    this.#idle = setTimeout(() => void this.#stop(), IDLE_MS)
    this.#idle.unref()
  }

  /** The main loop's sign of life, often enough for the most impatient pair. */
  #setBeat(): void {
    if (this.#beat !== null) clearInterval(this.#beat)
    this.#beat = null
    if (this.#held.size === 0) return
    let beatMs = BEAT_MS_MAX
    for (const { held } of this.#held.values()) beatMs = Math.min(beatMs, held.settings.stallLimitMs / 4)
    this.#thread.cell.beat()
    this.#beat = setInterval(() => this.#thread.cell.beat(), beatMs)
    this.#beat.unref()
  }

  // --- PairContext ---

  get engineCell(): EngineCell {
    return this.#thread.cell
  }

  get engineRestarts(): number {
    return this.#thread.restarts
  }

  numberInEngine(held: HostedPair): number {
    this.#inEngine.set(++this.#pairIds, held)
    return this.#pairIds
  }

  portHolder({ settings, id }: HostedPair, link: number): string | null {
    const mine = settings.links[link]
    if (mine === undefined) return null
    for (const { held } of this.#held.values()) {
      if (held.id !== id && held.settings.links.some((other) => bindsTheSame(other, mine))) return held.name
    }
    return null
  }

  post(message: ToEngine): void {
    this.#thread.post(message)
  }

  hold(): void {
    this.#thread.hold()
  }

  letGo(): void {
    this.#thread.letGo()
  }

  // --- EngineListener ---

  onMessage(message: FromEngine): void {
    if (message.type === 'removed') this.#goodbyes.answer(message.requestId, null)
    else this.#inEngine.get(message.pairId)?.onMessage(message)
  }

  onCrash(error: string): void {
    this.#goodbyes.answerAll(null)
    this.#inEngine.clear()
    for (const { held } of [...this.#held.values()]) held.onCrash(error)
  }

  onRestart(): void {
    this.#thread.cell.beat()
    for (const holding of [...this.#held.values()]) {
      holding.held.onRestart()
      this.#enter(holding)
    }
  }
}

function folderOf(storeFile: string): string {
  return absolute(dirname(storeFile))
}

interface Holding {
  readonly held: HostedPair
  leases: number
  linger: NodeJS.Timeout | null
  /** Takes the pair away from where stores look for it. */
  readonly unseat: () => void
}

class Lease implements PairHandle {
  readonly pair: HostedPair
  readonly expire: () => void
  readonly #onRelease: (removed: boolean) => Promise<void>
  readonly #sinceMs = performance.now()
  #observations: readonly (() => void)[] = []
  #released: Promise<void> | null = null

  constructor(pair: HostedPair, onRelease: (removed: boolean) => Promise<void>, expire: () => void) {
    this.pair = pair
    this.#onRelease = onRelease
    this.expire = expire
  }

  observe(observer: PairObserver): () => void {
    if (this.#released !== null) return () => {}
    const late = performance.now() - this.#sinceMs < LATECOMER_MS
    const leave = this.pair.observe(observer, late)
    const end = (): void => {
      const others = this.#observations.filter((each) => each !== end)
      if (others.length === this.#observations.length) return
      this.#observations = others
      leave()
    }
    this.#observations = this.#observations.concat(end)
    return end
  }

  /** A node of an earlier deploy observes no more. */
  release(removed: boolean): Promise<void> {
    for (const end of this.#observations) end()
    this.#released ??= this.#onRelease(removed)
    return this.#released
  }
}
