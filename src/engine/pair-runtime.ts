/**
 * Drives one PairMachine: whatever happens becomes a step, and what the step asks for is done. The shared cell is brought
 * up to date between the two: a grant to the peer leaves only after the own gate is shut.
 */
import type { RemoteInfo } from 'node:dgram'
import type { Frame, FrameRejection } from '../protocol/wire/frame'
import type { Input, Output, PairMachine, RandomInt } from '../protocol/machine'
import type { Word } from '../protocol/wire/paths'
import type { Answer } from '../protocol/wire/witness-frame'
import type { PairSettings } from '../protocol/settings'
import { PairCell } from './cells'
import type { Clock } from './clock'
import { Contact } from './contact'
import type { Waiting } from './deadlines'
import { engineEvent, type EngineEvent, type EngineEventName, type LinkProblem, type Told } from './events'
import { LatestView } from './latest-view'
import { Link, type LinkOwner } from './link'
import type { FromEngine, ToEngine } from './messages'
import { PairFrames } from './pair-frames'
import { randomInt } from './random'
import { Rejections } from './rejections'
import type { Resolver } from './resolve'
import type { Scratch } from './scratch'
import { SnapshotTeller } from './snapshot'
import { WitnessLink, type WitnessOwner } from './witness-link'
import { EpochStore, type Disk } from './store'

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
  readonly #latest: LatestView
  readonly #frames: PairFrames
  readonly #contact: Contact
  readonly #links: readonly Link[]
  /** Per link, what the machine and the host were told. */
  readonly #linkOpen: boolean[]
  readonly #linkProblem: (LinkProblem | null)[]
  readonly #store: EpochStore | null
  /** Null where the policy asks for none. */
  readonly #witness: WitnessLink | null
  readonly #rejections = new Rejections()
  readonly #teller: SnapshotTeller
  /** What happened since the host was told last. */
  #events: readonly EngineEvent[] = NONE
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
  /** Where the frame at hand came from; null = no frame is at hand. */
  #source: RemoteInfo | null = null

  constructor(host: PairHost, add: AddPair) {
    this.#host = host
    this.pairId = add.pairId
    this.settings = add.settings
    const { wire, heartbeatMs, peerTimeoutMs } = add.settings
    this.#frames = new PairFrames(wire === 'extended' ? add.keys : null, host)
    const { keyed } = this.#frames
    this.#machine = host.createMachine(add.settings, { randomInt, keyed })
    this.#latest = new LatestView(new PairCell(add.cell), heartbeatMs, peerTimeoutMs)
    const { clock, resolver } = host
    this.#links = add.settings.links.map(
      (link, index) => new Link(this, index, link, { clock, resolver, keyed, heartbeatMs, peerTimeoutMs })
    )
    this.#contact = new Contact(this.#links)
    const { witness } = add.settings
    this.#witness = witness === null ? null : new WitnessLink(this, witness, add.keys.key, host)
    this.#linkOpen = this.#links.map(() => false)
    this.#linkProblem = this.#links.map(() => null)
    this.#teller = new SnapshotTeller(add.settings, this.#links, this.#rejections, this.#frames, host.clock)
    this.#store =
      add.storeFile === null ? null : new EpochStore(add.storeFile, this.#onStored, this.#onForeign, host.disk)
  }

  /** Reads the store, then starts the machine and opens the links. Never rejects. */
  async start(): Promise<void> {
    const content = await this.#store?.read()
    if (this.#closing) return
    this.#started = true
    this.step({ kind: 'start', record: content?.record ?? null })
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
    return this.#latest.freshForMs
  }

  /** See `LatestView`. */
  get sharp(): boolean {
    return this.#latest.isSharp(this.dueMs)
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
    const snapshot = this.#teller.news(this.#machine.view(), this.#store?.trouble ?? null, events.length > 0)
    if (snapshot === null) return
    this.#events = NONE
    this.#host.post({ type: 'update', pairId: this.pairId, events, snapshot })
  }

  // --- Steps ---

  #stepAt(nowMs: number, input: Input): readonly Output[] {
    const roleBefore = this.#latest.role
    const outputs = this.#machine.step(nowMs, input)
    if (this.#latest.take(this.#machine.view())) this.#host.setPace()
    const changed = roleBefore !== this.#latest.role
    // Who begins to act tells its own flows first and then the peer; in all else the peer does not wait.
    const flowsFirst = changed && this.#latest.role === 'active'
    for (const output of outputs) if (!flowsFirst || output.kind !== 'send') this.#perform(output)
    // Each role goes to the host by itself, so that two quick changes do not look like none.
    if (changed) this.tell()
    if (flowsFirst) for (const output of outputs) if (output.kind === 'send') this.#perform(output)
    this.#host.touch(this)
    if (this.#leaveByMs !== null && this.#machine.deadlineMs() === Infinity) this.#close()
    return outputs
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
    const { trouble = null, problem = null, error = null } = this.#store ?? {}
    if (reason === 'store-new') this.#say('store', trouble ?? reason, { problem })
    else if (reason === 'store-failed') this.#say('store', reason, { error })
    else this.#say('store', reason, detail)
  }

  // --- The store ---

  readonly #onStored = (ticket: number, error: string | null): void => {
    this.step({ kind: 'stored', ticket, ok: error === null })
  }

  readonly #onForeign = (): void => this.step({ kind: 'foreignRecord' })

  // --- Frames ---

  #send(index: number, frame: Frame, toSource: boolean): void {
    const link = this.#links[index]
    if (link === undefined) throw new Error(`no link ${index}`)
    this.#frames.send(link, frame, toSource ? this.#source : null)
    if (this.#watchesFrames) this.#report('sent', index, frame)
  }

  linkReceived(link: Link, bytes: Buffer, from: RemoteInfo): void {
    const nowMs = this.#host.wake()
    if (link.countRead(this.#host.round)) this.#host.moreToRead()
    if (this.#closing || !this.#started) return
    const frame = this.#frames.read(link, bytes, from, nowMs)
    if (frame === null) return
    if (typeof frame === 'string') return this.#reject(link.index, frame)
    if (this.#watchesFrames) this.#report('received', link.index, frame)
    const { trailer } = frame
    // Sealed, of the living session, and new on all links: what answers it goes to where it came from.
    const answers = trailer !== null && this.#frames.answersMe(trailer)
    if (answers && this.#contact.isNews(trailer, this.#latest.peerSession)) this.#locate(link, from, trailer, nowMs)
    this.#source = from
    const outputs = this.#stepAt(nowMs, { kind: 'frame', link: link.index, frame })
    this.#source = null
    if (!outputs.some(({ kind }) => kind === 'drop')) {
      // Somebody who only greets shows nothing of where the peer is.
      if (trailer === null || trailer.session === this.#latest.peerSession) this.#locate(link, from, trailer, nowMs)
      if (trailer !== null) this.#frames.taken(bytes, trailer)
    }
    this.#introduce()
  }

  #locate(link: Link, from: RemoteInfo, word: Word | null, nowMs: number): void {
    const change = this.#contact.heard(link, from, word, nowMs)
    if (change !== null) this.#say('link', 'address-changed', change)
  }

  /** Tells the host whom the channel is to be opened to, and where. */
  #introduce(): void {
    if (this.#closing) return
    const contact = this.#contact.news(this.#latest)
    if (contact !== undefined) this.#host.post({ type: 'contact', pairId: this.pairId, contact })
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
