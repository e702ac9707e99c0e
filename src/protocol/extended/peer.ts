/**
 * What is known of the other side: whether it lives (`failure-detector.ts`), which of its sessions counts (`sessions.ts`), whether a crash
 * is being proved (`proof.ts`), and what it said last. Whatever this side's role is, it knows the same of its peer.
 */
import type { EventReason } from '../events'
import type { Trailer } from '../wire/frame'
import { STORED_MAX } from '../epoch-allocator'
import type { PeerView, Role } from '../machine'
import type { PairSettings } from '../settings'
import { FailureDetector } from './failure-detector'
import { Sessions } from './sessions'
import { Differences } from './differences'
import { freshForMs } from './lease'
import { CrashProof, quietMs } from './proof'
import type { Step } from './step'

/** An operator's command ends after this at the latest. */
const COMMAND_MS_MAX = 15_000

/** The latest word of the peer: one object for as long as the session lasts, so that no word outlives its step. */
export interface LatestWord {
  role: Role
  epoch: number
  priority: number
  fitness: number
  nodeId: bigint
  ready: boolean
  peerTimeoutMs: number
  heartbeatMs: number
  /** What it waits for at least before it takes over from me, as it said in its latest word. */
  promisedMs: number
  marked: boolean
  channel: boolean
  users: boolean
  behind: boolean
}

/** What a goodbye says: its process ends, or a deploy took the pair away or changed it. */
export type LeftReason = 'peer-left' | 'peer-removed'

export function leftReason({ reason }: Trailer): LeftReason {
  return reason === 'removed' ? 'peer-removed' : 'peer-left'
}

/**
 * How the peer is known to have gone. `firstSeq`: what it acknowledges of mine from here on, it has heard after that.
 */
export interface Departed {
  readonly evidence: 'crash' | 'goodbye'
  readonly reason: 'peer-crashed' | LeftReason
  readonly atMs: number
  /** When it began to be found out: what answers since is of another process. */
  readonly askedSinceMs: number
  readonly firstSeq: number
  lateFrames: number
}

export class Peer {
  readonly #settings: PairSettings
  sessions: Sessions
  readonly detector: FailureDetector
  readonly proof = new CrashProof()
  readonly differences = new Differences()
  word: LatestWord | null = null
  #online = false
  #onlineSinceMs = Infinity
  readonly #linkUp: boolean[]
  /** Until it is heard again. */
  departed: Departed | null = null
  /** In this session it has counted me as its partner. */
  contactMade = false
  /** It said last that it is Active and does not count me: it may serve without a lease. */
  uncounted = false
  /** When a session that is not confirmed yet answered mine. */
  helloAtMs = -Infinity
  /** The highest epoch of such a session. It moves nothing while the living one is heard; a role that is taken afterwards is above it. */
  helloEpoch = 0
  /** Its newest record number, by its node id. */
  #record = { nodeId: 0n, number: 0 }
  /** Until then a former session of it may serve: no role is taken or given before. */
  formerUntilMs = -Infinity
  /** Another session that speaks while its own is present. */
  #rival: { readonly session: bigint; readonly sinceMs: number; heardAtMs: number; told: boolean } | null = null
  /** Its yielding that is known. */
  yielding = ''
  #toldSeq = 0

  constructor(settings: PairSettings, session: bigint) {
    this.#settings = settings
    this.sessions = new Sessions(session)
    this.detector = new FailureDetector(settings.links.length)
    this.#linkUp = settings.links.map(() => false)
  }

  get online(): boolean {
    return this.#online
  }
  get onlineSinceMs(): number {
    return this.#onlineSinceMs
  }
  get linksUp(): readonly boolean[] {
    return [...this.#linkUp]
  }

  // ----------------------------------------------------------------------------------------------- what holds for both sides

  /** When it was heard last, also in a session that is not confirmed. */
  get lastWordAtMs(): number {
    return Math.max(this.helloAtMs, this.detector.heardAtMs)
  }

  /** The slower side's interval wins. */
  get heartbeatMs(): number {
    return Math.max(this.#settings.heartbeatMs, this.word?.heartbeatMs ?? 0)
  }

  get peerTimeoutMs(): number {
    return Math.max(this.#settings.peerTimeoutMs, this.word?.peerTimeoutMs ?? 0)
  }

  /** What the peer waits for at least before it takes over, also after a restart of its own. */
  get promisedMs(): number {
    return this.word?.promisedMs ?? this.#settings.peerTimeoutMs
  }

  /** A peer that hears me waits for the slower side's delay before it takes over. */
  get freshForMs(): number {
    return freshForMs(this.peerTimeoutMs, this.heartbeatMs)
  }

  /** How long silence has to last for a proof. */
  get quietMs(): number {
    return quietMs(this.heartbeatMs, this.detector.roundTripAtMostMs, this.peerTimeoutMs)
  }

  get retryMs(): number {
    return Math.min(250, Math.max(2, this.heartbeatMs / 4))
  }

  get commandMs(): number {
    return Math.min(COMMAND_MS_MAX, this.peerTimeoutMs)
  }

  /** How old an acknowledged frame of mine may be to prove that the other side lives now. */
  get confirmMs(): number {
    return Math.max(500, this.peerTimeoutMs)
  }

  // ----------------------------------------------------------------------------------------------------------- is it there?

  get metInThisSession(): boolean {
    return this.detector.heardAtMs > -Infinity
  }

  get isHeardActive(): boolean {
    return this.detector.alive && this.word?.role === 'active'
  }

  /**
   * Heard so recently that another node cannot have taken its place, and it answers what I sent of late. Of a session that is over, what
   * was withheld or on its way for long can be heard for long; it answers nothing but what is old.
   */
  isPresent(nowMs: number): boolean {
    const { alive, heardAtMs, ackedSentAtMs } = this.detector
    // What it acknowledges with one heartbeat was sent up to a heartbeat before the one before that.
    const answersMs = Math.max(this.peerTimeoutMs, 3 * this.heartbeatMs)
    return alive && nowMs < heardAtMs + this.heartbeatMs * 2 && nowMs < ackedSentAtMs + answersMs
  }

  /** The latest number that was sent to it; what answers an opening goes elsewhere. */
  get toldSeq(): number {
    return this.#toldSeq
  }

  told(nowMs: number, seq: number): void {
    this.#toldSeq = seq
    this.detector.told(nowMs)
  }

  /** Contact in both directions. */
  isTwoWay(nowMs: number): boolean {
    return this.detector.isTwoWay(nowMs, this.peerTimeoutMs)
  }

  /** When silence makes it count as lost. */
  get lostAtMs(): number {
    return this.detector.lostAtMs(this.peerTimeoutMs)
  }

  /** When contact counts as one-way: acknowledgements are missing. */
  get oneWayAtMs(): number {
    return this.#online ? this.detector.oneWayAtMs(this.peerTimeoutMs) : Infinity
  }

  setOnline(step: Step, online: boolean, reason: EventReason<'online'>): void {
    if (online === this.#online) return
    this.#online = online
    this.#onlineSinceMs = online ? step.nowMs : Infinity
    step.event('online', reason, { online })
  }

  /** What the end of any step finds: acknowledgements that are missing, and which links pass frames both ways. */
  settle(step: Step): void {
    if (step.nowMs >= this.oneWayAtMs) this.setOnline(step, false, 'half-open')
    for (let link = 0; link < this.#linkUp.length; link++) this.#settleLink(step, link)
  }

  #settleLink(step: Step, link: number): void {
    const up = this.detector.isLinkUp(step.nowMs, link, this.peerTimeoutMs)
    if (up === this.#linkUp[link]) return
    this.#linkUp[link] = up
    const reason = up ? 'peer-heard' : this.detector.alive ? 'half-open' : 'peer-silent'
    step.event('link', reason, { link, up })
  }

  // ------------------------------------------------------------------------------------------------------ what it says of itself

  note(role: Role, trailer: Trailer): void {
    const { epoch, priority, fitness, nodeId, peerTimeoutMs, heartbeatMs, promisedMs } = trailer
    const { ready, marked, channel, users, behind } = trailer.flags
    const word = this.word
    if (word === null) {
      const setting = { priority, fitness, nodeId, peerTimeoutMs, heartbeatMs, promisedMs }
      this.word = { role, epoch, ...setting, ready, marked, channel, users, behind }
      return
    }
    word.role = role
    word.epoch = epoch
    word.priority = priority
    word.fitness = fitness
    if (word.nodeId !== nodeId) word.nodeId = nodeId
    word.ready = ready
    word.peerTimeoutMs = peerTimeoutMs
    word.heartbeatMs = heartbeatMs
    word.promisedMs = promisedMs
    word.marked = marked
    word.channel = channel
    word.users = users
    word.behind = behind
  }

  noteRecord({ nodeId, record }: Trailer): void {
    if (record >= STORED_MAX) return
    const known = this.#record
    if (known.nodeId !== nodeId) this.#record = { nodeId, number: record }
    else if (record > known.number) known.number = record
  }

  /** The newest record number that is known of this node; 0 = none. */
  recordOf(nodeId: bigint): number {
    return this.#record.nodeId === nodeId ? this.#record.number : 0
  }

  // -------------------------------------------------------------------------------------------------------- other sessions

  isRival(session: bigint): boolean {
    return this.#rival?.session === session
  }

  /** When such a session was heard last: it takes the peer's place with its next frame. */
  get rivalHeardAtMs(): number {
    return this.#rival?.heardAtMs ?? -Infinity
  }

  hearRival(step: Step, session: bigint): void {
    const now = step.nowMs
    if (this.#rival?.session !== session) this.#rival = { session, sinceMs: now, heardAtMs: now, told: false }
    else this.#rival.heardAtMs = now
    // It is one as long as the peer is present, so both go on.
    if (this.#rival.told || now < this.#rival.sinceMs + this.heartbeatMs * 2) return
    this.#rival.told = true
    step.event('second-peer', 'second-peer', {})
  }

  /** Another session has taken the place of the one that was known. */
  restarted(): void {
    this.departed = null
    this.uncounted = false
    this.#rival = null
    this.proof.forget()
    this.word = null
  }

  /** This side begins again as a new one. */
  meetAgain(nowMs: number, session: bigint): void {
    this.sessions = new Sessions(session)
    this.detector.renewed(nowMs)
    this.proof.forget()
    this.departed = null
    this.word = null
    this.contactMade = false
  }

  view(): PeerView | null {
    const word = this.word
    if (word === null) return null
    return {
      role: word.role,
      epoch: word.epoch,
      priority: word.priority,
      fitness: word.fitness,
      ready: word.ready,
      link: this.detector.heardLink,
      heardAtMs: this.detector.heardAtMs,
      roundTripMs: this.detector.roundTripMs
    }
  }
}
