/**
 * One pair as the host keeps it, from its first lease to its goodbye: through deploys, and through deaths of the engine's
 * thread. Leases come and go; numbers, shared cell and settings stay.
 */
import { EngineCell, lookThrough, newPairCell, PairCell } from '../engine/cells'
import { stackOf } from '../engine/error-code'
import type { FromEngine, Snapshot, ToEngine } from '../engine/messages'
import type { Designation, Role } from '../protocol/machine'
import type { PairSettings } from '../protocol/settings'
import { blankSnapshot, NOBODY_HEARD } from './blank-snapshot'
import { Observers } from './observers'
import type { Carrier } from './channel/carrier'
import { NoCarrier } from './channel/exchange'
import { openChannel, type ChannelOwner, type Network, type PairChannel } from './channel/channel'
import { Chronicle } from './chronicle'
import { Commands } from './commands'
import { crashDetail } from './crash'
import { Later, UNREF_LOOP } from './loop'
import { pairEvent, type PairEvent, type WarningCode, type WarningDetails } from './events'
import {
  type GateDecision,
  type Pair,
  type PairLink,
  type PairObserver,
  type PairStatus,
  type PairTrouble,
  type PairVitals,
  type PairWarning
} from './pair'
import { PairData } from './pair-data'
import { PairError } from './pair-error'
import type { PairRequest } from './pair-request'
import { oneLine, SILENT_LOG, type PairLog } from './report'
import type { KeepsAlive } from './requests'
import { dataOwner, SharedData } from './shared-data'
import { StandingOrders } from './standing-orders'
import type { StringPool } from './string-pool'
import { channelStatus, ENGINE_SILENT_MS_MAX, engineAgoMs, statusOf, thisInstant, type Instant } from './status'
import type { Situation } from './situation/types'
import { HOST, Present } from './situation/present'
import type { Names } from './texts/happened'
import { warningEvents } from './warnings'

/** What a pair needs of the hub. */
export interface PairContext extends KeepsAlive {
  readonly network: Network
  readonly strings: StringPool
  readonly engineCell: EngineCell
  /** How often the engine's thread was started again after it had died. */
  readonly engineRestarts: number
  /** The pair enters the engine under this number; never the same twice. */
  numberInEngine(held: HostedPair): number
  /** The name of another pair of this process that holds the local port of this link; null = none does. */
  portHolder(held: HostedPair, link: number): string | null
  post(message: ToEngine): void
}

/**
 * Warnings and the log are for people, and follow this much after the flows were told: what is new for one message that a new role
 * lets through would take several times as long as the message itself.
 */
const FOR_PEOPLE_AFTER_MS = 10

export class HostedPair implements Pair {
  readonly id: string
  readonly settings: PairSettings
  readonly observers: Observers
  readonly carrier: Carrier
  /** Of the current start in the engine; null = not there. */
  pairId: number | null = null
  log: PairLog
  readonly data: PairData
  /** Of stores. */
  readonly shared: SharedData

  readonly #context: PairContext
  readonly #request: PairRequest
  readonly #commands: Commands
  readonly #orders: StandingOrders
  #cell = new PairCell(newPairCell())
  #snapshot: Snapshot
  #gone = false
  #crash: string | null = null
  /** Who else has the pair's files; null = nobody, as far as is known. */
  #filesHolder: string | null = null
  readonly #chronicle = new Chronicle()
  readonly #present: Present
  readonly #channel: PairChannel | null
  #lookAgain: NodeJS.Timeout | null = null
  readonly #forPeople = new Later(
    (run) => UNREF_LOOP.after(FOR_PEOPLE_AFTER_MS, run),
    () => this.#tellPeople()
  )

  constructor(request: PairRequest, context: PairContext) {
    this.id = request.id
    this.settings = request.settings
    this.log = request.log ?? SILENT_LOG
    this.observers = new Observers((error) =>
      this.log.error(`${oneLine(this.name)}: an observer failed: ${stackOf(error)}`)
    )
    this.#request = request
    this.#context = context
    const post = (message: ToEngine): void => context.post(message)
    this.#commands = new Commands(post, context, request.settings.peerTimeoutMs)
    this.#orders = new StandingOrders(post)
    this.data = new PairData(post)
    this.#snapshot = blankSnapshot(request.settings, request.keys)
    this.#present = new Present(request.settings, request.keys)
    const owner: ChannelOwner = {
      toEngine: (news) => {
        if (this.pairId !== null) context.post({ type: 'tether', pairId: this.pairId, news })
      },
      tell: (reason, detail) => this.#publish([pairEvent('channel', reason, detail, Date.now())]),
      changed: () => this.#publish([]),
      exchanged: () => {
        this.shared.look()
        this.#publish([])
      }
    }
    this.#channel = openChannel(request.settings, request.keys, owner, context.network)
    this.carrier = this.#channel?.exchange ?? new NoCarrier()
    this.shared = new SharedData(
      dataOwner(this, () => this.#cell),
      this.#channel,
      this.data
    )
    this.#review()
  }

  get name(): string {
    return this.settings.name
  }

  get storeFile(): string | null {
    return this.#request.storeFile
  }

  /** Whether a request means this pair as it runs. */
  fits(request: PairRequest): boolean {
    return fingerprint(request) === fingerprint(this.#request)
  }

  // --- Life in the engine ---

  /** Puts the pair into the engine, which knows nothing of it. */
  enter(): void {
    if (this.#gone || this.pairId !== null) return
    const pairId = this.#context.numberInEngine(this)
    const cell = newPairCell()
    const { settings, keys, storeFile } = this.#request
    this.pairId = pairId
    this.#cell = new PairCell(cell)
    this.#context.post({ type: 'add', pairId, settings, keys, storeFile, cell })
    this.#orders.entered(pairId)
    this.data.entered(pairId)
    this.#commands.entered(pairId)
    this.#channel?.start()
  }

  /** After the last word of the engine: a goodbye tells more than the end of a connection. Bounded; never rejects. */
  async leaveChannel(): Promise<void> {
    await this.#channel?.leave()
  }

  /** The engine knows nothing of the pair any more. */
  #left(): void {
    this.pairId = null
    this.#orders.left()
    this.data.left()
    this.#commands.left()
  }

  /** The engine's thread died, and with it the role. */
  onCrash(error: string): void {
    this.#left()
    this.#channel?.contact(null)
    const detail = crashDetail(error)
    const isTold = this.#crash !== null
    this.#crash = detail.error
    // It has not run since.
    if (isTold) return this.#publish([])
    const before = this.#snapshot
    this.#cell = new PairCell(newPairCell())
    this.#commands.fail('engine-crashed')
    const lost = { ...before, ...NOBODY_HEARD }
    const at = Date.now()
    const events = [pairEvent('engine', 'engine-crashed', detail, at)]
    if (before.role === 'initial') this.#snapshot = lost
    else {
      const [role, previousRole] = ['initial', before.role] as const
      this.#snapshot = { ...lost, role, previousRole, reason: 'engine-crashed', since: at }
      events.push(pairEvent('role', 'engine-crashed', { role, previousRole, epoch: before.epoch }, at))
    }
    if (before.online) events.push(pairEvent('online', 'engine-crashed', { online: false }, at))
    this.#publish(events)
  }

  onRestart(): void {
    const crashed = this.#crash !== null
    this.#crash = null
    if (crashed) this.#publish([pairEvent('engine', 'engine-restarted', {}, Date.now())])
  }

  /** The pair has left the engine, though its nodes are there: see `onFiles`. */
  onEvicted(): void {
    this.#left()
    this.#cell = new PairCell(newPairCell())
    this.#channel?.contact(null)
    this.#snapshot = { ...this.#snapshot, ...NOBODY_HEARD }
    this.#publish([])
  }

  /** Another process has the pair's files, so that the pair may not run; null = it may. */
  onFiles(holder: string | null): void {
    if (holder === this.#filesHolder) return
    this.#filesHolder = holder
    if (holder !== null) this.#commands.fail('files-in-use')
    this.#publish([])
  }

  onMessage(message: Exclude<FromEngine, { type: 'removed' }>): void {
    switch (message.type) {
      case 'update':
        this.#snapshot = message.snapshot
        this.#publish(this.#context.strings.intern(message.events))
        return
      case 'reply':
        return this.#commands.answer(message.requestId, message.result)
      case 'frame': {
        const { direction, at, link, head, state, id, value } = message
        const event = direction === 'sent' ? 'frame-sent' : 'frame-received'
        this.observers.publishFrame({ event, seq: null, at, reason: 'none', detail: { link, head, state, id, value } })
        return
      }
      case 'contact':
        return this.#channel?.contact(message.contact)
      case 'barrier':
      case 'barrierOver':
        return this.data.onMessage(message)
      default:
        message satisfies never
    }
  }

  /** Nothing is asked of the engine any more. */
  end(): void {
    this.#gone = true
    this.data.left()
    this.#forPeople.stop()
    this.logAll()
    this.#cell = new PairCell(newPairCell())
    this.#snapshot = { ...this.#snapshot, ...NOBODY_HEARD }
    this.#commands.fail('')
    if (this.#lookAgain !== null) clearTimeout(this.#lookAgain)
    this.#lookAgain = null
  }

  #publish(told: readonly PairEvent[]): void {
    this.shared.roleMayHaveChanged()
    for (const event of told) this.#present.hear(event, this.#snapshot, performance.now())
    this.#tell(told)
    this.observers.publishStatus()
    if (!this.#gone) this.#forPeople.start()
  }

  #tellPeople(): void {
    this.#forPeople.stop()
    this.#snapshot = this.#context.strings.intern(this.#snapshot)
    this.#tell(this.#review())
    this.observers.publishStatus()
    this.logAll()
  }

  #tell(events: readonly PairEvent[]): void {
    this.#chronicle.take(events)
    this.observers.publish(events, this.#snapshot.role, this.#snapshot.online)
  }

  /** Nothing waits to be logged any more. */
  logAll(): void {
    this.#chronicle.logAll(this.log, this.settings.name, this.names)
  }

  /** Brings the warnings up to date, and looks again when their time has come. Returns what is to be told. */
  #review(): PairEvent[] {
    const nowMs = performance.now()
    const [crash, filesHolder] = [this.#crash, this.#filesHolder]
    const channel = this.#channel?.state ?? null
    const wallMs = Date.now()
    const used = this.observers.count > 0
    const portHolder = (link: number): string | null => this.#context.portHolder(this, link)
    const oneWay = this.#present.hearsOneWay(this.#cell.read().heardAtMs)
    const known = { snapshot: this.#snapshot, oneWay, crash, filesHolder, used, portHolder, channel, nowMs, wallMs }
    const { began, ended } = this.#present.warnings.review(known)
    if (this.#lookAgain !== null) clearTimeout(this.#lookAgain)
    this.#lookAgain = null
    const dueMs = Math.min(this.#present.warnings.dueMs, nowMs + this.#present.settlesInMs(this.#snapshot, wallMs))
    if (dueMs < Infinity && !this.#gone) {
      this.#lookAgain = setTimeout(() => this.#tellPeople(), Math.max(1, Math.ceil(dueMs - nowMs)))
      this.#lookAgain.unref()
    }
    return warningEvents({ began, ended }, wallMs)
  }

  // --- What nodes ask (see `Pair`) ---

  get names(): Names {
    return this.#present.names
  }

  status(at: Instant = thisInstant()): PairStatus {
    const status = this.#facts(at)
    return { ...status, situation: this.#present.mark(status, at.wallMs) }
  }

  situation(at: Instant = thisInstant()): Situation {
    this.#upToDate()
    return this.#present.situation(this.#facts(at), at.wallMs)
  }

  #facts(at: Instant): Omit<PairStatus, 'situation'> {
    const own = {
      name: this.settings.name,
      host: HOST,
      seq: this.observers.seq,
      fitness: this.#orders.fitness,
      lost: this.#present.lost,
      channel: channelStatus(this.#snapshot.proof, this.#channel?.state ?? null, this.shared.reading)
    }
    return statusOf(own, this.#snapshot, this.#cell.read(), this.#context.engineCell.read(), at)
  }

  /** Warnings are those of this instant. */
  #upToDate(): void {
    if (this.#forPeople.pending) this.#tellPeople()
  }

  vitals(): PairVitals {
    this.#upToDate()
    const at = thisInstant()
    const { engineCell, engineRestarts } = this.#context
    const ago = engineAgoMs(engineCell, at)
    const { links, store, dropped } = this.#snapshot
    const problems = [...links.map(({ problem }) => problem), store, this.#unable()]
    return {
      at: at.wallMs,
      status: this.status(at),
      situation: this.situation(at),
      engine: { alive: ago !== null && ago <= ENGINE_SILENT_MS_MAX, ago, restarts: engineRestarts },
      troubles: [...new Set(problems.filter((code) => code !== null))],
      warnings: this.#present.warnings.list.map(({ code }) => code),
      links: links.map(({ open, up, unsent }) => ({ open, up, unsent })),
      dropped,
      turned: this.#channel?.turned ?? null,
      events: { ...this.#chronicle.events },
      roleChanges: { ...this.#chronicle.roleChanges }
    }
  }

  gate(): GateDecision {
    return lookThrough(this.#cell, this.#context.engineCell)
  }

  /** Why the pair is not in the engine; null = it is, or is about to be. */
  #unable(): 'engine-crashed' | 'files-in-use' | null {
    if (this.#crash !== null) return 'engine-crashed'
    return this.#filesHolder === null ? null : 'files-in-use'
  }

  trouble(): PairTrouble | null {
    const unable = this.#unable()
    if (unable !== null) return { code: unable, detail: this.#crash ?? this.#filesHolder ?? '' }
    for (const [index, link] of this.#snapshot.links.entries()) {
      const at = this.settings.links[index]
      if (link.problem === null || at === undefined) continue
      const place = link.problem === 'host-not-found' ? at.peerHost : `${at.localHost}:${at.localPort}`
      return { code: link.problem, detail: `link ${index + 1}, ${place}` }
    }
    const { store } = this.#snapshot
    return store === null ? null : { code: store, detail: this.#request.storeFile ?? '' }
  }

  links(): readonly PairLink[] {
    return this.settings.links.map((link, index) => {
      const { open = false, up = false, problem = null } = this.#snapshot.links[index] ?? {}
      return { ...link, open, up, problem }
    })
  }

  warnings(): readonly PairWarning[] {
    this.#upToDate()
    return this.#present.warnings.list
  }

  observe(observer: PairObserver, late: boolean): () => void {
    const leave = this.observers.join(observer, late)
    this.#orders.watchFrames(this.observers.watchesFrames)
    return () => {
      leave()
      this.#orders.watchFrames(this.observers.watchesFrames)
    }
  }

  witness(observer: PairObserver): () => void {
    return this.observers.joinAsWitness(observer)
  }

  async designate(designate: Designation, force: boolean): Promise<Role> {
    const unable = this.#unable()
    if (this.#gone || unable !== null) throw new PairError('stopped', unable ?? '')
    return this.#commands.designate(designate, force)
  }

  setFitness(value: number): void {
    if (this.#orders.setFitness(value)) this.observers.publishStatus()
  }

  setFlowsHash(hash: number): void {
    this.#orders.setFlowsHash(hash)
  }

  note<Code extends WarningCode>(code: Code, detail: WarningDetails[Code]): void {
    this.#present.warnings.remember(code, detail, performance.now())
    this.#tellPeople()
  }
}

function fingerprint(request: PairRequest): string {
  return JSON.stringify([request.settings, request.keys, request.storeFile])
}
