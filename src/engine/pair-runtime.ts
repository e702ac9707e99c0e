/**
 * Drives one PairMachine: whatever happens becomes a step, and what the step asks for is done. The shared cell is brought
 * up to date between the two: a grant to the peer leaves only after the own gate is shut.
 */
import type { RemoteInfo } from 'node:dgram'
import {
  decodeClassic,
  decodeExtended,
  encodeClassic,
  encodeExtended,
  readClock,
  stampClock
} from '../protocol/wire/frame'
import type { Frame, FrameRejection, Trailer } from '../protocol/wire/frame'
import type { Input, MachineView, Output, PairMachine, RandomInt, Role } from '../protocol/machine'
import { addressText, type Word } from '../protocol/wire/paths'
import type { Answer } from '../protocol/wire/witness-frame'
import { TokenBucket, type Allowance } from '../protocol/token-bucket'
import type { PairSettings } from '../protocol/settings'
import { PeerClock } from './peer-clock'
import { PairCell } from './cells'
import type { Clock } from './clock'
import type { Waiting } from './deadlines'
import {
  engineEvent,
  type EngineEvent,
  type EngineEventName,
  type LinkProblem,
  type StoreTrouble,
  type Told
} from './events'
import { FrameLimiter, type Familiarity } from './frame-limiter'
import { Link, type LinkOwner } from './link'
import type { FromEngine, ToEngine } from './messages'
import { randomInt } from './random'
import { Rejections } from './rejections'
import type { Resolver } from './resolve'
import type { Scratch } from './scratch'
import { Seal } from './seal'
import { SnapshotTeller } from './snapshot'
import { WitnessLink, type WitnessOwner } from './witness-link'
import { EpochStore, FOREIGN, type Disk, type StoreProblem } from './store'

/** Injected: `createMachine` of the protocol, or a stand-in for it in tests. */
export type MachineFactory = (
  settings: PairSettings,
  context: { readonly randomInt: RandomInt; readonly keyed: boolean }
) => PairMachine

/** What a pair has in common with all others of its thread. */
export interface PairHost {
  readonly clock: Clock
  readonly resolver: Resolver
  readonly createMachine: MachineFactory
  readonly disk: Disk
  readonly scratch: Scratch
  /** Number of the event loop's round, for counting what was read in it. */
  readonly round: number
  /** Every entrance from outside goes through here first. Returns now, ms. */
  wake(): number
  /** This round may not have read everything that waits. */
  moreToRead(): void
  /** Something may be to tell, or the deadline may have moved. */
  touch(pair: PairRuntime): void
  /** How often the engine has to give a sign of life may have changed. */
  setPace(): void
  post(message: FromEngine): void
  /** The pair said goodbye and its sockets are closed. */
  left(pair: PairRuntime): void
}

export type AddPair = Extract<ToEngine, { type: 'add' }>

/** Goodbye is repeated until it is acknowledged, but no longer than this. */
const GOODBYE_MS = 300
/** With a heartbeat up to this each ms after an overdue one counts, else only the last before the peer counts as lost. */
const SHARP_HEARTBEAT_MS_MAX = 20
const SHARP_MS = 1
/** A peer whose address changes again and again is not told of each time. */
const ADDRESS_CHANGES: Allowance = { perSecond: 0.1, burst: 8 }
/** A store that hangs does not keep a pair from closing. */
const LAST_WRITE_MS = 500

/**
 * One for all pairs: an empty array that waits for the next event grows old, and whatever is put into an old array is kept by it until
 * the old generation is swept.
 */
const NONE: readonly EngineEvent[] = Object.freeze([])

export class PairRuntime implements Waiting, LinkOwner, WitnessOwner {
  readonly pairId: number
  readonly settings: PairSettings
  // `Waiting`, kept by `Deadlines`.
  dueMs = Infinity
  place = -1
  /** In the engine's list of pairs that were touched. */
  touched = false

  readonly #host: PairHost
  readonly #machine: PairMachine
  readonly #cell: PairCell
  readonly #links: readonly Link[]
  /** Per link, what the machine and the host were told. */
  readonly #linkOpen: boolean[]
  readonly #linkProblem: (LinkProblem | null)[]
  /** Null on the classic wire. */
  readonly #seal: Seal | null
  readonly #store: EpochStore | null
  /** Null where the policy asks for none. */
  readonly #witness: WitnessLink | null
  readonly #frameLimiter = new FrameLimiter()
  readonly #addressChanges = new TokenBucket()
  readonly #rejections = new Rejections()
  readonly #teller: SnapshotTeller
  readonly #peerClock = new PeerClock()
  /** After the latest step; null before the first one. */
  #role: Role | null = null
  #serving = false
  #online = false
  #asking = false
  #heardAtMs = -Infinity
  #greeted = 0
  #freshForMs = Infinity
  /** What happened since the host was told last. */
  #events: readonly EngineEvent[] = NONE
  #storeProblem: StoreProblem | null = null
  #storeError: string | null = null
  #watchesFrames = false
  #hostStalled = false
  #started = false
  /** What was asked before the store was read. */
  #early: Input[] = []
  /** When the goodbye is given up; null = nobody asked to leave. */
  #leaveByMs: number | null = null
  #leaveRequest = 0
  /** The host is asked for a barrier, and the machine sees to it that this ends. */
  #inBarrier = false
  #closing = false
  /** The sessions that the machine counted last: mine as I sent it, and the peer's. */
  #ownSession = 0n
  #lastPeerSession = 0n
  #dropped = false
  /** While keys are changed: the peer's latest word was sealed with the current one. */
  #peerHasKey = false
  #lastWord: Word = { session: 0n, seq: 0 }
  /** Which key the frame at hand was sealed with. */
  #sealedBy: 'current' | 'previous' = 'current'
  /** Where the frame at hand came from; null = no frame is at hand. */
  #source: RemoteInfo | null = null
  /** Of the latest view, and as the host was told: for whom the channel is, and where. */
  #session = 0n
  #peerSession = 0n
  #toldSession = 0n
  #toldPeerSession = 0n
  #toldPaths = 0

  constructor(host: PairHost, add: AddPair) {
    this.#host = host
    this.pairId = add.pairId
    this.settings = add.settings
    const extended = add.settings.wire === 'extended'
    this.#seal = extended ? new Seal(add.keys) : null
    this.#machine = host.createMachine(add.settings, { randomInt, keyed: this.#seal?.keyed ?? false })
    this.#cell = new PairCell(add.cell)
    this.#links = add.settings.links.map(
      (link, index) =>
        new Link(this, index, link, {
          clock: host.clock,
          resolver: host.resolver,
          keyed: this.#seal?.keyed ?? false,
          heartbeatMs: add.settings.heartbeatMs,
          peerTimeoutMs: add.settings.peerTimeoutMs
        })
    )
    const { witness } = add.settings
    this.#witness = witness === null ? null : new WitnessLink(this, witness, add.keys.key, host)
    this.#linkOpen = this.#links.map(() => false)
    this.#linkProblem = this.#links.map(() => null)
    this.#teller = new SnapshotTeller(add.settings, this.#links, this.#rejections, this.#peerClock, host.clock)
    this.#store =
      add.storeFile === null ? null : new EpochStore(add.storeFile, this.#onStored, this.#onForeign, host.disk)
  }

  /** Reads the store, then starts the machine and opens the links. Never rejects. */
  async start(): Promise<void> {
    const content = (await this.#store?.read()) ?? { record: null, problem: null }
    if (this.#closing) return
    this.#storeProblem = content.problem
    this.#started = true
    this.step({ kind: 'start', record: content.record })
    for (const input of this.#early.splice(0)) this.step(input)
    for (const link of this.#links) link.attend(this.#host.clock.nowMs())
    this.#host.touch(this)
  }

  /** Something happened that did not come from a link. */
  step(input: Input): void {
    if (this.#closing) {
      if (input.kind === 'command') this.#refuse(input.id)
      return
    }
    if (!this.#started) {
      this.#early.push(input)
      return
    }
    this.#stepAt(this.#host.wake(), input)
    this.#introduce()
  }

  /** The wall clock moved against the monotonic one: forward, and the machine slept; or back, and nobody's role cares. */
  clockJumped(ms: number): void {
    if (this.#closing) return
    this.#say('clock', ms > 0 ? 'suspended' : 'clock-set-back', { ms: Math.round(ms) })
    if (ms > 0) this.step({ kind: 'suspended', ms })
  }

  /** Does what its time has come for. */
  attend(): void {
    if (this.#closing || !this.#started) return
    for (const link of this.#links) link.attend(this.#host.clock.nowMs())
    const nowMs = this.#host.clock.nowMs()
    if (this.#machine.deadlineMs() <= nowMs) {
      this.#stepAt(nowMs, { kind: 'tick' })
      this.#introduce()
    }
    if (this.#leaveByMs !== null && nowMs >= this.#leaveByMs) this.#close()
    this.#host.touch(this)
  }

  /** When `attend` wants to be called. */
  deadlineMs(): number {
    if (this.#closing || !this.#started) return Infinity
    let due = Math.min(this.#machine.deadlineMs(), this.#leaveByMs ?? Infinity)
    for (const link of this.#links) due = Math.min(due, link.dueMs)
    return due
  }

  /** ms that a gate trusts this engine's last sign of life; Infinity where nobody serves. */
  freshForMs(): number {
    return this.#serving ? this.#freshForMs : Infinity
  }

  /**
   * The ms to which timers are rounded up counts: whether the peer has crashed is being found out, or one that was online is about to
   * count as lost or, where heartbeats are as short as that, one is overdue. Over as soon as it is heard or lost: less than `peerTimeout`.
   */
  get sharp(): boolean {
    const { heartbeatMs, peerTimeoutMs } = this.settings
    const fromMs = heartbeatMs <= SHARP_HEARTBEAT_MS_MAX ? heartbeatMs * 1.1 : peerTimeoutMs - SHARP_MS
    return this.#online && (this.#asking || this.dueMs > this.#heardAtMs + fromMs)
  }

  get hostStalled(): boolean {
    return this.#hostStalled
  }

  /** The flows' event loop has been silent for this long. */
  judgeMainLoop(silentMs: number): void {
    const stalled = silentMs > this.settings.stallLimitMs
    if (stalled === this.#hostStalled) return
    this.#hostStalled = stalled
    this.step({ kind: 'hostStalled', stalled })
  }

  watchFrames(on: boolean): void {
    this.#watchesFrames = on
  }

  /** Says goodbye, waits for its acknowledgement (bounded), closes, and tells the host. */
  leave(reason: 'removed' | 'shutdown', requestId: number): void {
    if (this.#leaveByMs !== null || this.#closing) return
    this.#leaveByMs = this.#host.clock.nowMs() + GOODBYE_MS
    this.#leaveRequest = requestId
    if (this.#started) this.step({ kind: 'goodbye', reason })
    else this.#close()
    // The goodbye comes after the barrier, and has its own time.
    if (this.#inBarrier) this.#leaveByMs = Infinity
  }

  /** The thread is about to end: the sockets are closed when this returns. */
  abandon(): void {
    this.#closing = true
    this.#witness?.close()
    for (const link of this.#links) void link.close()
  }

  /** Posts what the host does not know yet. */
  tell(): void {
    if (!this.#started || this.#closing) return
    const events = this.#events
    const snapshot = this.#teller.news(this.#machine.view(), this.#storeState(), this.#greeted, events.length > 0)
    if (snapshot === null) return
    this.#events = NONE
    this.#host.post({ type: 'update', pairId: this.pairId, events, snapshot })
  }

  // --- Steps ---

  #stepAt(nowMs: number, input: Input): void {
    const roleBefore = this.#role
    const outputs = this.#machine.step(nowMs, input)
    // Neither the view nor what is made of it is kept: what outlives its step has to be collected from the old generation.
    this.#publish(this.#machine.view())
    const changed = roleBefore !== this.#role
    // Who begins to act tells its own flows first and then the peer; in all else the peer does not wait.
    const flowsFirst = changed && this.#role === 'active'
    for (const output of outputs) if (!flowsFirst || output.kind !== 'send') this.#perform(output)
    // Each role is told by itself, so that two quick changes do not look like none.
    if (changed) this.tell()
    if (flowsFirst) for (const output of outputs) if (output.kind === 'send') this.#perform(output)
    this.#host.touch(this)
    if (this.#leaveByMs !== null && this.#machine.deadlineMs() === Infinity) this.#close()
  }

  /** To the shared cell, for the gates. */
  #publish(view: MachineView): void {
    const { role, serving, online, asking, epoch, leaseUntilMs, freshForMs, peer, session, peerSession, witness } = view
    const heardAtMs = peer !== null && peer.heardAtMs > 0 ? peer.heardAtMs : null
    const roundTripMs = peer?.roundTripMs ?? null
    const witnessHeardAtMs = witness !== null && witness.heardAtMs > 0 ? witness.heardAtMs : null
    this.#cell.write({ role, serving, epoch, leaseUntilMs, freshForMs, heardAtMs, roundTripMs, witnessHeardAtMs })
    const paced = this.#freshForMs !== freshForMs || this.#serving !== serving
    this.#role = role
    this.#serving = serving
    this.#online = online
    this.#asking = asking
    this.#heardAtMs = peer?.heardAtMs ?? -Infinity
    this.#freshForMs = freshForMs
    // The same number is not kept again: it would outlive its step.
    if (session !== this.#session) this.#session = session
    if (peerSession !== this.#peerSession) this.#peerSession = peerSession
    if (paced) this.#host.setPace()
  }

  #perform(output: Output): void {
    switch (output.kind) {
      case 'send':
        this.#send(output.link, output.frame, output.toSource)
        break
      case 'store':
        if (this.#store === null) queueMicrotask(() => this.#onStored(output.ticket, null))
        else this.#store.save(output.ticket, output.record)
        break
      case 'event':
        if (output.event === 'store') this.#sayOfStore(output)
        else this.#say(output.event, output.reason, output.detail)
        break
      case 'drop':
        this.#dropped = true
        this.#reject(output.link, output.cause)
        break
      case 'ask':
        this.#witness?.ask(output.ask)
        break
      case 'reply': {
        const result = output.ok
          ? ({ ok: true, role: output.role } as const)
          : ({ ok: false, error: output.error, detail: output.detail } as const)
        // What led to it is known before the answer is.
        this.tell()
        this.#host.post({ type: 'reply', pairId: this.pairId, requestId: output.id, result })
        break
      }
      case 'barrier':
        this.#inBarrier = true
        this.#host.post({ type: 'barrier', pairId: this.pairId, id: output.id })
        break
      case 'barrierOver':
        this.#inBarrier = false
        if (this.#leaveByMs !== null) this.#leaveByMs = this.#host.clock.nowMs() + GOODBYE_MS
        // What it led to is known before.
        this.tell()
        this.#host.post({ type: 'barrierOver', pairId: this.pairId, id: output.id, granted: output.granted })
        break
      default:
        output satisfies never
    }
  }

  #say<N extends EngineEventName>(event: N, reason: Told<N>['reason'], detail: Told<N>['detail']): void {
    this.#events = [...this.#events, engineEvent(event, reason, detail, this.#host.clock.wallMs())]
    this.#host.touch(this)
  }

  /** The machine does not know what exactly is wrong with the disk: to it a file that cannot be used is like none. */
  #sayOfStore({ reason, detail }: Extract<Output, { kind: 'event'; event: 'store' }>): void {
    if (reason === 'store-new') this.#say('store', this.#storeState() ?? reason, { problem: this.#storeProblem })
    else if (reason === 'store-failed') this.#say('store', reason, { error: this.#storeError })
    else this.#say('store', reason, detail)
  }

  // --- The store ---

  readonly #onStored = (ticket: number, error: string | null): void => {
    this.#storeError = error
    this.#storeProblem = null
    this.step({ kind: 'stored', ticket, ok: error === null })
  }

  readonly #onForeign = (): void => this.step({ kind: 'foreignRecord' })

  #storeState(): StoreTrouble | null {
    if (this.#storeError === FOREIGN) return 'foreign-record'
    if (this.#storeError !== null) return 'store-failed'
    return this.#storeProblem === null || this.#storeProblem === 'missing' ? null : 'store-lost'
  }

  // --- Frames ---

  #send(index: number, frame: Frame, toSource: boolean): void {
    const link = this.#linkAt(index)
    if (this.#seal === null) {
      link.send(encodeClassic(frame))
    } else {
      // Without a key nobody is answered but the configured host.
      const to = toSource && this.#seal.keyed ? this.#source : null
      if (frame.trailer !== null) this.#ownSession = frame.trailer.session
      this.#encode(frame)
      // The current key first: a side that knows both ignores the twin.
      const { scratch } = this.#host
      this.#seal.close(scratch.bytes)
      scratch.send(link, to)
      if (this.#seal.rotating && !this.#peerHasKey) {
        this.#encode(frame)
        this.#seal.closePrevious(scratch.bytes)
        scratch.send(link, to)
      }
    }
    if (this.#watchesFrames) this.#report('sent', index, frame)
  }

  #linkAt(index: number): Link {
    const link = this.#links[index]
    if (link === undefined) throw new Error(`no link ${index}`)
    return link
  }

  linkReceived(link: Link, bytes: Buffer, from: RemoteInfo): void {
    const nowMs = this.#enter(link)
    if (this.#closing || !this.#started) return
    const frame = link.paths.counts(from.address) ? this.#judge(link, bytes, from, nowMs) : 'foreign'
    if (frame === null) return
    if (typeof frame === 'string') return this.#reject(link.index, frame)
    if (this.#watchesFrames) this.#report('received', link.index, frame)
    this.#dropped = false
    this.#source = from
    // Sealed, of the living session, and new on all links: what answers it goes to where it came from.
    if (frame.trailer !== null && this.#isNews(frame.trailer)) this.#locate(link, from, frame.trailer, nowMs)
    this.#stepAt(nowMs, { kind: 'frame', link: link.index, frame })
    this.#source = null
    if (!this.#dropped) this.#take(link, bytes, from, frame.trailer, nowMs)
    this.#introduce()
  }

  /** The machine took this frame. */
  #take(link: Link, bytes: Buffer, from: RemoteInfo, trailer: Trailer | null, nowMs: number): void {
    // Somebody who only greets shows nothing of where the peer is.
    if (trailer === null || trailer.session === this.#peerSession) this.#locate(link, from, trailer, nowMs)
    if (trailer === null) return
    this.#learn(trailer)
    if (trailer.echo !== this.#ownSession) this.#greeted++
    if (trailer.echo === this.#ownSession) this.#peerClock.heard(this.#wallS(), readClock(bytes))
  }

  /** What was heard on one link and is played again on another is for the machine to judge. */
  #isNews(trailer: Trailer): boolean {
    if (trailer.session !== this.#peerSession || trailer.echo !== this.#ownSession) return false
    for (const { paths } of this.#links) if (paths.isOld(trailer)) return false
    return true
  }

  #locate(link: Link, { address, port }: RemoteInfo, word: Word | null, nowMs: number): void {
    const change = link.paths.hear(nowMs, address, port, word)
    if (change === null || !this.#addressChanges.take(nowMs, ADDRESS_CHANGES)) return
    const [from, to] = [addressText(change.from), addressText(change.to)]
    this.#say('link', 'address-changed', { link: link.index, from, to })
  }

  /** Tells the host whom the channel is to be opened to, and where. */
  #introduce(): void {
    if (this.#closing) return
    let paths = 0
    for (const link of this.#links) paths += link.paths.version
    const [session, peerSession] = [this.#session, this.#peerSession]
    if (peerSession === 0n) {
      // Where nobody is met, addresses are no news.
      if (this.#toldPeerSession === 0n) return
    } else if (paths === this.#toldPaths && session === this.#toldSession && peerSession === this.#toldPeerSession)
      return
    this.#toldPaths = paths
    this.#toldSession = session
    this.#toldPeerSession = peerSession
    const addresses = this.#links.map((link) => link.paths.heardOf(peerSession))
    const contact = peerSession === 0n ? null : { session, peerSession, addresses }
    this.#host.post({ type: 'contact', pairId: this.pairId, contact })
  }

  /** The machine took this word of the peer: my own, sent back by somebody, shows neither who he is nor his key. */
  #learn({ session, echo, seq }: Trailer): void {
    // The same number as before is not kept again: it would outlive its frame.
    if (echo === this.#ownSession && session !== this.#lastPeerSession) this.#lastPeerSession = session
    if (this.#seal?.rotating !== true) return
    this.#peerHasKey = this.#sealedBy === 'current'
    if (this.#peerHasKey) this.#lastWord = { session, seq }
  }

  /** Into the scratch buffer; the seal is still to come. */
  #encode(frame: Frame): void {
    const { bytes } = this.#host.scratch
    encodeExtended(frame, bytes)
    stampClock(bytes, this.#wallS())
  }

  #wallS(): number {
    return Math.floor(this.#host.clock.wallMs() / 1000)
  }

  #enter(link: Link): number {
    const nowMs = this.#host.wake()
    if (link.countRead(this.#host.round)) this.#host.moreToRead()
    return nowMs
  }

  /** Null: nothing new, and nothing wrong with it. */
  #judge(link: Link, bytes: Buffer, from: RemoteInfo, nowMs: number): Frame | FrameRejection | null {
    if (this.#seal === null) {
      const frame = decodeClassic(bytes)
      return typeof frame === 'string' || this.#frameLimiter.admit('stranger', nowMs) ? frame : 'intake'
    }
    const frame = decodeExtended(bytes)
    if (typeof frame === 'string') return frame
    const trailer = frame.trailer
    // A recording costs no check of its seal: a flood of them would cost heartbeats. Who writes to two addresses is heard twice.
    if (trailer !== null && link.paths.isOld(trailer)) return link.paths.repeats(trailer) ? null : 'replayed'
    if (!this.#frameLimiter.admit(this.#familiarityOf(link, trailer, from), nowMs)) return 'intake'
    const sealedBy = this.#seal.judge(bytes)
    if (sealedBy !== 'current' && sealedBy !== 'previous') return sealedBy
    if (trailer !== null && sealedBy === 'previous' && this.#isTwin(trailer)) return null
    this.#sealedBy = sealedBy
    return frame
  }

  #familiarityOf(link: Link, trailer: Trailer | null, from: RemoteInfo): Familiarity {
    if (trailer === null || trailer.echo === 0n || trailer.echo !== this.#ownSession) {
      return link.paths.isConfigured(from.address) ? 'stranger' : 'elsewhere'
    }
    return trailer.session === this.#lastPeerSession ? 'current' : 'acquainted'
  }

  /** During a change of keys the peer says everything twice: this is the second time. */
  #isTwin({ session, seq }: Word): boolean {
    return session === this.#lastWord.session && seq <= this.#lastWord.seq
  }

  #reject(link: number, cause: FrameRejection): void {
    const count = this.#rejections.add(cause, this.#host.clock.nowMs())
    if (count > 0) this.#say('rejected', 'bad-frame', { cause, count, link })
  }

  #report(direction: 'sent' | 'received', link: number, frame: Frame): void {
    const { head, state, id, value } = frame
    const at = this.#host.clock.wallMs()
    this.#host.post({ type: 'frame', pairId: this.pairId, direction, at, link, head, state, id, value })
  }

  // --- Links ---

  linkChanged(link: Link, error: string): void {
    if (this.#closing) return
    this.#host.wake()
    const { index, open, problem } = link
    // Each further attempt that fails for the same reason is no news.
    if (problem !== this.#linkProblem[index]) {
      this.#linkProblem[index] = problem
      this.#say('link', problem ?? 'link-open', problem === null ? { link: index, open } : { link: index, open, error })
    }
    if (open !== this.#linkOpen[index]) {
      this.#linkOpen[index] = open
      this.step({ kind: 'link', link: index, open, detail: error })
    }
    this.#host.touch(this)
  }

  linkUnsent(link: Link): void {
    this.step({ kind: 'unsent', link: link.index })
  }

  linkMoved(_link: Link): void {
    this.#host.wake()
    this.#host.touch(this)
  }

  witnessAnswered(answer: Answer): void {
    this.step({ kind: 'witness', answer })
  }

  // --- Leaving ---

  #refuse(requestId: number): void {
    const result = { ok: false, error: 'stopped', detail: '' } as const
    this.#host.post({ type: 'reply', pairId: this.pairId, requestId, result })
  }

  #close(): void {
    if (this.#closing) return
    this.tell()
    this.#closing = true
    for (const input of this.#early.splice(0)) if (input.kind === 'command') this.#refuse(input.id)
    void this.#closeAll()
  }

  async #closeAll(): Promise<void> {
    this.#witness?.close()
    await Promise.all(this.#links.map((link) => link.close()))
    if (this.#store !== null) await within(LAST_WRITE_MS, this.#store.idle())
    this.#host.left(this)
    this.#host.post({ type: 'removed', pairId: this.pairId, requestId: this.#leaveRequest })
  }
}

async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((late) => (timer = setTimeout(late, limitMs)))
  await Promise.race([work, limit])
  clearTimeout(timer)
}
