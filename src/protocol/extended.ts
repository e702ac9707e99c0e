/**
 * The pair machine of the extended wire. This file owns every change of role: `#becomeActive`, `#becomeStandby` and
 * `#leave` are the only places that set it.
 *
 *                 peer is Active / I grant the role
 *      INITIAL ───────────────────────────────────────────▶ STANDBY
 *         │                                                  │   ▲
 *         │ the peer grants it,                the peer│   │ I hand over (grant), I yield to a higher
 *         │ or TAKEOVER allows it                  grants it,│   │ epoch, my lease ends, or an operator forces it
 *         │                            or TAKEOVER allows it │   │
 *         └───────────────────▶ ACTIVE ◀─────────────────────┘   │
 *                                 └──────────────────────────────┘
 *
 * With contact, a role is only ever taken by a grant: a Designate of a peer that does not serve, with the epoch to
 * take. From that moment the grantor treats the peer as the Active of that epoch and comes back only by the rules of
 * takeover, or when the peer says that it did not take it. Without contact, `policy.ts` says who may take the role on
 * which evidence. Detection and sessions live in `contact.ts` and `conversation.ts`, numbers in `ledger.ts`, the proof of a crash in
 * `proof.ts`.
 */
import type { ReasonCode } from './reasons'
import { Contact } from './contact'
import { Conversation } from './conversation'
import { machineEvent, type MachineDetails } from './events'
import { type Flags, type Frame, type Head, type Trailer } from './frame'
import { freshForMs, leaseMs } from './lease'
import { EPOCH_MAX, Ledger, STORED_MAX } from './ledger'
import type {
  AloneBar,
  CommandError,
  Designation,
  Difference,
  Input,
  MachineView,
  Output,
  PairMachine,
  PeerView,
  ProofState,
  RandomInt,
  Role
} from './machine'
import { mayTake, rank, servesUnderLease, winsConflict, type Candidate, type Evidence } from './policy'
import { CrashProof, quietMs } from './proof'
import { Ration, type Allowance } from './ration'
import type { PairRecord } from './record'
import { LINKS_MAX, type PairSettings } from './settings'

/** Repeats of a goodbye before the side leaves without an answer. */
const GOODBYES_MAX = 5
/** A goodbye waits this long for the store, where the policy needs the mark on disk. */
const GOODBYE_STORE_MS = 200
/** An operator's command ends after this at the latest. */
const COMMAND_MS_MAX = 15_000
const FITNESS_MAX = 255
/**
 * Answers to openings: what replayed ones can make this side send. Making contact takes three, and who has no contact cannot tell
 * which openings are recorded. With contact few are needed, and each uses up one of the send times that are known.
 */
const HELLO_ANSWERS_ALONE: Allowance = { perSecond: 500, burst: 32 }
const HELLO_ANSWERS_PER_HEARTBEAT = 8
const HELLO_ANSWERS_AT_ONCE = 6
/** A fail-back that holds for this many delays has worked. */
const FAILBACK_LASTS = 10
const FAILBACK_DAMPING_MAX = 64
/** New numbers of a peer that was proven to have crashed, each later than a whole takeover delay: it lives, and does not hear this side. */
const LATE_FRAMES_REFUTE = 5
/** Heartbeats between a Standby's measurements of the round trip. */
const SAMPLE_EVERY = 5

/** The latest word of the peer: one object for as long as the session lasts, so that no word outlives its step. */
interface Peer {
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
}

/** A handover that waits for the peer's fresh readiness; I still serve. */
interface Handover {
  readonly reason: ReasonCode
  readonly commandId: number | null
  readonly firstSeq: number
  readonly deadlineMs: number
}

/** A grant that is out: the peer may be Active with this epoch at any moment. */
interface Grant {
  readonly epoch: number
  readonly firstSeq: number
  readonly reason: ReasonCode
  readonly commandId: number | null
  readonly deadlineMs: number
}

/** My wish for the role, by an operator or to fail back. */
interface Wanting {
  readonly reason: ReasonCode
  readonly commandId: number | null
  readonly firstSeq: number
  readonly deadlineMs: number
  /** Take it without the peer's consent at this time; Infinity = never. */
  readonly forceAtMs: number
}

interface Leaving {
  readonly granted: number | null
  firstSeq: number
  /** Until then the store is waited for; afterwards goodbyes go out. */
  storeUntilMs: number
  sent: number
}

const TAKEOVER_REASONS: Readonly<Record<Evidence, ReasonCode>> = {
  'never-met': 'cannot-negotiate',
  silence: 'lost-connection',
  'stood-down': 'half-open',
  crash: 'peer-crashed',
  goodbye: 'peer-left'
}

/**
 * Stands where a step's outputs are collected while there is no step: what outlives its step burdens the garbage collector of
 * whoever runs many pairs.
 */
const BETWEEN_STEPS: Output[] = Object.freeze<Output[]>([]) as Output[]

type Held = 'no' | 'deferring' | 'forced'

export class ExtendedMachine implements PairMachine {
  readonly #settings: PairSettings
  readonly #randomInt: RandomInt
  readonly #keyed: boolean
  #conversation: Conversation
  readonly #proof = new CrashProof()
  readonly #contact: Contact
  #ledger: Ledger

  #role: Role = 'initial'
  #previousRole: Role = 'initial'
  #reason: ReasonCode = 'starting'
  #sinceMs = 0
  /** The epoch I am Active with; 0 otherwise. */
  #epoch = 0
  /** The latest epoch I was Active with in this session. */
  #heldEpoch = 0
  /** I stay Active, but with a newer epoch, as soon as there is one. */
  #reassertDue: ReasonCode | null = null
  #leaseUntilMs = -Infinity
  /** The peer cannot act before it is heard again: no lease is needed. */
  #sole = false
  /** The lease stands on an acknowledgement of the peer's present session. */
  #leaseIsOfThisSession = false
  /**
   * How the peer is known to have gone, until it is heard again. `firstSeq`: what it acknowledges of mine from here on, it has
   * heard after that.
   */
  #departed: {
    readonly evidence: 'crash' | 'goodbye'
    readonly atMs: number
    readonly firstSeq: number
    lateFrames: number
  } | null = null
  /**
   * Until then a peer that crashes has on disk that I was online, and does not act alone when it comes back: counted like a lease,
   * from the send time of what it acknowledged in a frame that said so. A proof of its crash is of use for so long.
   */
  #proofUntilMs = -Infinity
  /** The role, or the right to serve without a lease, rests on a proof of a crash. */
  #restsOnProof = false
  /** In this session the peer has counted me as its partner. */
  #contactMade = false
  /** The peer said last that it is Active and does not count me: it may serve without a lease. */
  #uncounted = false
  /** When a session that is not confirmed yet answered mine. */
  #helloAtMs = -Infinity
  /** The highest epoch of such a session. It moves nothing while the living one is heard; a role that is taken afterwards is above it. */
  #helloEpoch = 0
  /** What casts doubt on this side's own memory, until contact has renewed it. */
  #doubt: 'rolled-back' | 'restored-copy' | 'foreign-record' | null = null
  /** The newest record number of the peer, by its node id. */
  #peerRecord = { nodeId: 0n, number: 0 }
  /** Until then a former session of the peer may serve: no role is taken or given before. */
  #formerUntilMs = -Infinity
  /** Another session that speaks while the peer's is present. */
  #rival: { readonly session: bigint; readonly sinceMs: number; told: boolean } | null = null
  /** Serving waits for proof that the peer did not take over while I was away; since when, or null. */
  #pausedAtMs: number | null = null
  #pausedSeq = 0

  #peer: Peer | null = null
  #online = false
  #onlineSinceMs = Infinity
  readonly #linkUp: boolean[]
  #settingsDiffer: readonly Difference[] = []
  #flowsDiffer: readonly Difference[] = []
  #differences: readonly Difference[] = []
  #conflict = ''
  /** The peer's yielding that is known. */
  #yield = ''

  #handover: Handover | null = null
  #grant: Grant | null = null
  #wanting: Wanting | null = null
  #leaving: Leaving | null = null
  #held: Held = 'no'
  /** The grant that I refused last; said in my next frame. */
  #refusal: ReasonCode | null = null

  #fitness = FITNESS_MAX
  #hostStalled = false
  #flowsHash = 0
  #lessFitSinceMs = Infinity
  /** An operator moved the role: no fail-back until the peer was away. */
  #failbackHeld = false
  /** When I gave the role back, and by how much the next fail-back waits longer for each time that it did not last. */
  #gaveBackAtMs = -Infinity
  #failbackDamping = 1
  #failbackNotBeforeMs = -Infinity

  #started = false
  #nowMs = -Infinity
  #lastStepMs = -Infinity
  #nextSendAtMs = Infinity
  #lastSentAtMs = -Infinity
  /** The latest number that was sent to the peer; what answers an opening goes elsewhere. */
  #toldSeq = 0
  #urgeAtMs = Infinity
  /** Openings that echo my session, and all others: recordings of one kind leave the answers to the other alone. */
  readonly #helloAnswers = { acquainted: new Ration(), stranger: new Ration() }
  #startedAtMs = Infinity
  /** After a stall of my own: no takeover without evidence of its end before this. */
  #notAloneBeforeMs = -Infinity
  /** The longest takeover delay that a former session of this side promised. */
  #promisedBeforeMs = 0
  #sentInStep = false
  #deadlineMs = Infinity
  #out: Output[] = BETWEEN_STEPS

  constructor(settings: PairSettings, context: { readonly randomInt: RandomInt; readonly keyed: boolean }) {
    this.#settings = settings
    this.#randomInt = context.randomInt
    this.#keyed = context.keyed
    this.#conversation = new Conversation(this.#randomId())
    this.#contact = new Contact(settings.links.length)
    this.#linkUp = settings.links.map(() => false)
    this.#ledger = new Ledger(null, this.#randomId())
  }

  // ---------------------------------------------------------------------------------------------------- the one door

  step(nowMs: number, input: Input): readonly Output[] {
    this.#out = []
    const lateMs = this.#wake(nowMs)
    this.#sentInStep = false
    // A frame may bring the acknowledgement that renews the lease; nothing else may act on one that has run out.
    if (input.kind !== 'frame') this.#expireLease()
    switch (input.kind) {
      case 'start':
        this.#start(input.record)
        break
      case 'tick':
        this.#judge()
        break
      case 'frame':
        this.#receive(input.link, input.frame)
        break
      case 'unsent':
        if (this.#contact.isHeardOn(this.#nowMs, input.link, this.#peerTimeoutMs)) this.#proof.disturbed(this.#nowMs)
        break
      case 'tether':
        this.#onTether(input)
        break
      case 'tetherEnded':
        this.#onTetherEnded(input.id, input.fin)
        break
      case 'redialled':
        this.#proof.redialled(input.id, input.refused)
        break
      case 'foreignRecord':
        this.#cast('foreign-record')
        break
      case 'link':
        this.#onLink(input.link, input.open)
        break
      case 'stored':
        this.#onStored(input.ticket, input.ok)
        break
      case 'command':
        this.#onCommand(input.id, input.designate, input.force)
        break
      case 'fitness':
        this.#fitness = Math.max(0, Math.min(FITNESS_MAX, Math.round(input.value)))
        this.#considerFitness()
        break
      case 'hostStalled':
        this.#onHostStalled(input.stalled)
        break
      case 'suspended':
        this.#onSuspended(input.ms, lateMs)
        break
      case 'flows':
        this.#flowsHash = input.hash >>> 0
        break
      case 'goodbye':
        this.#onGoodbye(input.reason)
        break
      default:
        input satisfies never
    }
    if (this.#started) this.#settle()
    this.#deadlineMs = this.#nextDeadlineMs()
    const out = this.#out
    this.#out = BETWEEN_STEPS
    return out
  }

  deadlineMs(): number {
    return this.#deadlineMs
  }

  #nextDeadlineMs(): number {
    if (!this.#started) return Infinity
    if (this.#leaving !== null) return this.#leaving.storeUntilMs === 0 ? this.#urgeAtMs : this.#leaving.storeUntilMs
    return Math.min(
      this.#ownWordAtMs,
      // An Active runs at every heartbeat, whether it has something to send or not: so it notices when it did not.
      this.#role === 'active' ? this.#lastStepMs + this.#heartbeatMs : Infinity,
      this.#contact.nextProbeAtMs(this.#heartbeatMs),
      this.#proof.nextProbeAtMs(this.#quietMs),
      this.#provenAtMs,
      this.#clearMarkAtMs,
      this.#urgeAtMs,
      this.#contact.lostAtMs(this.#peerTimeoutMs),
      this.#takeAtMs(),
      this.#online ? this.#contact.oneWayAtMs(this.#peerTimeoutMs) : Infinity,
      this.#role === 'active' && this.#underLease && !this.#sole ? this.#leaseUntilMs : Infinity,
      this.#pausedUntilMs(),
      this.#handover?.deadlineMs ?? Infinity,
      this.#grant !== null && this.#grant.commandId !== null ? this.#grant.deadlineMs : Infinity,
      this.#wanting === null ? Infinity : Math.min(this.#wanting.deadlineMs, this.#wanting.forceAtMs),
      this.#failbackAtMs(),
      this.#promiseEndsMs,
      this.#ledger.retryAtMs
    )
  }

  view(): MachineView {
    const active = this.#role === 'active'
    return {
      role: this.#role,
      previousRole: this.#previousRole,
      reason: this.#reason,
      sinceMs: this.#sinceMs,
      epoch: active ? this.#epoch : this.#ledger.floor,
      online: this.#online,
      serving: active && this.#pausedAtMs === null && this.#leaving === null,
      leaseUntilMs: this.#underLease && !this.#sole ? this.#leaseUntilMs : Infinity,
      freshForMs: this.#freshForMs,
      authenticated: this.#keyed,
      linksUp: [...this.#linkUp],
      peer: this.#peerView(),
      differences: this.#differences,
      conflict: active && this.#conflict !== '' && this.#contact.alive,
      session: this.#conversation.session,
      peerSession: this.#contact.alive ? (this.#conversation.peer?.session ?? 0n) : 0n,
      proof: this.#proofState,
      asking: this.#proof.firstSeq !== null,
      aloneBar: this.#aloneBar
    }
  }

  // ------------------------------------------------------------------------------------------------------ time passing

  /** Notices that this side itself did not run, before anything is judged. Returns by how much it was late. */
  #wake(nowMs: number): number {
    if (nowMs < this.#nowMs) throw new Error('the monotonic clock went backwards')
    const dueMs = Math.max(this.#deadlineMs, this.#lastStepMs)
    const lateMs = Math.max(0, nowMs - dueMs)
    const awayMs = nowMs - this.#lastStepMs
    this.#nowMs = nowMs
    this.#lastStepMs = nowMs
    if (lateMs > Math.max(10, this.#heartbeatMs) / 2) this.#wasDeaf(lateMs)
    if (lateMs > this.#quietMs / 4) this.#proof.disturbed(nowMs)
    // The peer may take over P after it heard me last. Not having run for that long, I have to ask first.
    if (this.#role === 'active' && awayMs > this.#heartbeatMs + this.#freshForMs) this.#pause('own-stall', awayMs)
    return lateMs
  }

  /** Nobody is suspected for my own deafness, and the peer gets time for one answer before I act alone. */
  #wasDeaf(lateMs: number): void {
    this.#contact.wasDeaf(this.#nowMs, lateMs)
    // Once in a takeover delay: a side that always runs late still takes over.
    if (this.#nowMs >= this.#notAloneBeforeMs + this.#peerTimeoutMs)
      this.#notAloneBeforeMs = this.#nowMs + this.#heartbeatMs
  }

  #start(record: PairRecord | null): void {
    if (this.#started) throw new Error('started twice')
    this.#started = true
    this.#ledger = new Ledger(record, this.#ledger.nodeId)
    this.#promisedBeforeMs = record?.promisedMs ?? 0
    this.#startedAtMs = this.#nowMs
    this.#ledger.promise(Math.max(this.#peerTimeoutMs, this.#promisedBeforeMs))
    this.#sinceMs = this.#nowMs
    this.#nextSendAtMs = this.#nowMs
    this.#event('started', 'starting', { epoch: this.#ledger.floor })
    if (record === null) this.#event('store', 'store-new', {})
    if (this.#ledger.exhausted) this.#event('store', 'numbers-exhausted', {})
  }

  /** Everything that only the passing of time brings. Called with the sockets drained. */
  #judge(): void {
    if (!this.#started) return
    const now = this.#nowMs
    if (this.#leaving !== null) return this.#judgeLeaving(this.#leaving)
    if (now >= this.#contact.lostAtMs(this.#peerTimeoutMs)) this.#loseContact('lost-connection')
    if (now >= this.#provenAtMs) this.#onCrashProven()
    if (now >= this.#takeAtMs()) this.#take()
    if (now >= this.#clearMarkAtMs) this.#ledger.setOnline(false)
    if (now >= this.#promiseEndsMs) {
      this.#promisedBeforeMs = 0
      this.#ledger.promise(this.#peerTimeoutMs)
    }
    if (now >= this.#pausedUntilMs()) this.#resume('peer-silent')
    if (this.#handover !== null && now >= this.#handover.deadlineMs) this.#abortHandover('not-ready')
    if (this.#grant !== null && now >= this.#grant.deadlineMs) this.#failGrantCommand()
    if (this.#wanting !== null && now >= this.#wanting.forceAtMs) this.#takeForced()
    if (this.#wanting !== null && now >= this.#wanting.deadlineMs) this.#failWanting('not-confirmed', '')
    if (now >= this.#failbackAtMs()) this.#want('failback', null, Infinity)
    this.#considerFitness()
    if (now >= this.#contact.nextProbeAtMs(this.#heartbeatMs) || now >= this.#proof.nextProbeAtMs(this.#quietMs)) {
      this.#probe()
    }
    if (now >= this.#urgeAtMs) this.#urge()
    if (now >= this.#ownWordAtMs) {
      // On a grid, so that a late heartbeat does not delay the next; not to catch up after a pause.
      const nextMs = this.#nextSendAtMs + this.#heartbeatMs
      this.#nextSendAtMs = nextMs > now ? nextMs : now + this.#heartbeatMs
      this.#send(this.#regularHead(), {})
    }
  }

  /** When what a former session promised beyond the present delay has been kept; Infinity = it did not promise more. */
  get #promiseEndsMs(): number {
    return this.#promisedBeforeMs > this.#peerTimeoutMs ? this.#startedAtMs + this.#promisedBeforeMs : Infinity
  }

  /** Derived consequences of any step: the lease, the peer's presence, the store. */
  #settle(): void {
    const now = this.#nowMs
    this.#expireLease()
    if (this.#leaving === null) {
      if (this.#online && !this.#contact.isTwoWay(now, this.#peerTimeoutMs)) this.#setOnline(false, 'half-open')
      for (let link = 0; link < this.#linkUp.length; link++) this.#settleLink(link)
    }
    const write = this.#ledger.flush(now)
    if (write !== null) this.#out.push({ kind: 'store', ...write })
  }

  #expireLease(): void {
    if (this.#role !== 'active' || !this.#underLease || this.#sole || this.#nowMs < this.#leaseUntilMs) return
    this.#becomeStandby('lease-expired')
    this.#announce()
  }

  #settleLink(link: number): void {
    const up = this.#contact.isLinkUp(this.#nowMs, link, this.#peerTimeoutMs)
    if (up === this.#linkUp[link]) return
    this.#linkUp[link] = up
    const reason = up ? 'peer-heard' : this.#contact.alive ? 'half-open' : 'peer-silent'
    this.#event('link', reason, { link, up })
  }

  // ------------------------------------------------------------------------------------------------------ role changes

  #becomeActive(epoch: number, reason: ReasonCode): void {
    if (this.#role === 'active') throw new Error('Active already')
    this.#ledger.use(epoch)
    this.#epoch = epoch
    this.#heldEpoch = epoch
    this.#reassertDue = null
    this.#failGrantCommand()
    this.#grant = null
    this.#held = 'no'
    this.#conflict = ''
    this.#pausedAtMs = null
    this.#setRole('active', reason)
    const wanting = this.#wanting
    this.#wanting = null
    if (wanting !== null) this.#replyOk(wanting.commandId)
    this.#nextSendAtMs = this.#nowMs + this.#heartbeatMs
    this.#announce()
  }

  #becomeStandby(reason: ReasonCode): void {
    this.#epoch = 0
    this.#reassertDue = null
    this.#sole = false
    this.#restsOnProof = false
    this.#pausedAtMs = null
    this.#lessFitSinceMs = Infinity
    this.#setRole('standby', reason)
    // Whoever asked for this while something else brought it about has it all the same.
    const handover = this.#handover
    this.#handover = null
    this.#replyOk(handover?.commandId ?? null)
  }

  #setRole(role: Role, reason: ReasonCode): void {
    this.#previousRole = this.#role
    this.#role = role
    this.#reason = reason
    this.#sinceMs = this.#nowMs
    this.#event('role', reason, {
      role,
      previousRole: this.#previousRole,
      epoch: role === 'active' ? this.#epoch : this.#ledger.floor
    })
  }

  /** Takes the role with a number of its own, as soon as the store has confirmed one. */
  #promote(reason: ReasonCode): boolean {
    if (!this.#hasOwnEpoch) return false
    this.#dampFailback(reason)
    this.#becomeActive(this.#ledger.nextOwn(), reason)
    return true
  }

  /** Stays Active with a newer epoch than any the peer knows. */
  #reassert(reason: ReasonCode): void {
    // Without a number on disk it is due when the store has answered.
    this.#reassertDue = this.#hasOwnEpoch ? null : reason
    if (!this.#hasOwnEpoch) return
    const epoch = this.#ledger.nextOwn()
    this.#ledger.use(epoch)
    this.#epoch = epoch
    this.#heldEpoch = epoch
    this.#event('reasserted', reason, { epoch })
    this.#announce()
  }

  #pause(reason: ReasonCode, ms: number): void {
    if (this.#role !== 'active' || this.#leaving !== null) return
    if (this.#pausedAtMs === null) this.#event('paused', reason, { ms: Math.round(ms) })
    this.#pausedAtMs = this.#nowMs
    this.#pausedSeq = this.#conversation.lastSentSeq + 1
    this.#announce({ probe: true })
  }

  #resume(reason: ReasonCode): void {
    this.#pausedAtMs = null
    this.#event('resumed', reason, { epoch: this.#epoch })
  }

  /** Without a lease, a peer that stays silent for its whole takeover delay does not keep me from serving. */
  #pausedUntilMs(): number {
    if (this.#pausedAtMs === null) return Infinity
    if (this.#contact.isTwoWay(this.#nowMs, this.#peerTimeoutMs)) return Infinity
    return Math.max(this.#pausedAtMs, this.#contact.listeningSinceMs) + this.#peerTimeoutMs
  }

  // -------------------------------------------------------------------------------------------- taking over by evidence

  /** What this side knows of a peer that does not object, and since when that allows to act on it. */
  #evidence(): { readonly evidence: Evidence; readonly fromMs: number } | null {
    if (this.#role === 'active' || this.#grantIsOpen) return null
    const peerTimeoutMs = this.#peerTimeoutMs
    const notBeforeMs = Math.max(this.#notAloneBeforeMs, this.#formerUntilMs)
    const listeningSinceMs = this.#contact.listeningSinceMs
    if (this.#contact.alive) {
      if (this.#peer?.role === 'active') return null
      const oneWayAtMs = this.#contact.oneWayAtMs(peerTimeoutMs)
      // Its word may be of before this side was deaf; while it is deaf, never.
      const heardForMs = Math.max(this.#contact.sinceMs, listeningSinceMs) + peerTimeoutMs
      const fromMs = Math.max(oneWayAtMs, heardForMs, notBeforeMs)
      return { evidence: 'stood-down', fromMs }
    }
    const departed = this.#departed
    if (departed !== null && (departed.evidence === 'goodbye' || this.#mayUseProof)) {
      return { evidence: departed.evidence, fromMs: Math.max(departed.atMs, this.#formerUntilMs) }
    }
    if (listeningSinceMs === Infinity) return null
    const aloneFromMs = Math.max(this.#afterReturnMs, notBeforeMs)
    if (!this.#metInThisSession) {
      // A peer that answers, and whose session is not confirmed yet, is about to be met.
      const answeredMs = this.#settings.policy === 'availability' ? -Infinity : this.#helloAtMs + peerTimeoutMs
      return { evidence: 'never-met', fromMs: Math.max(aloneFromMs, answeredMs) }
    }
    return { evidence: 'silence', fromMs: Math.max(this.#contact.heardAtMs + peerTimeoutMs, aloneFromMs) }
  }

  /** When the evidence allows this side to take the role under its policy; Infinity = it does not. */
  #takeAtMs(): number {
    const known = this.#evidence()
    if (known === null || !this.#mayTakeOn(known.evidence)) return Infinity
    // Waiting for the store must not turn into a busy loop: its answer is a step of its own.
    return this.#hasOwnEpoch ? known.fromMs : Infinity
  }

  #mayTakeOn(evidence: Evidence): boolean {
    if (this.#held !== 'no' || this.#hostStalled) return false
    if (this.#isBarred(evidence)) return false
    return mayTake(this.#settings.policy, evidence, this.#ledger.preferred)
  }

  /** Who left in order has handed the role over. A peer that is proven dead serves no more. */
  #isBarred(evidence: Evidence): boolean {
    const bar = this.#aloneBar
    return bar !== null && evidence !== 'goodbye' && !(evidence === 'crash' && bar === 'peer-may-serve')
  }

  #take(): void {
    const known = this.#evidence()
    if (known === null || this.#nowMs < this.#takeAtMs()) return
    if (!this.#promote(TAKEOVER_REASONS[known.evidence])) return
    this.#restsOnProof = known.evidence === 'crash'
    this.#sole = known.evidence === 'goodbye' || this.#restsOnProof
  }

  #loseContact(reason: ReasonCode): void {
    this.#contact.lost()
    this.#ledger.hear(this.#helloEpoch)
    this.#proof.drop()
    this.#setOnline(false, reason)
    this.#failbackHeld = false
    if (this.#held === 'deferring') this.#held = 'no'
    if (this.#grant !== null && this.#grant.commandId !== null) this.#failGrantCommand()
    this.#grant = null
    if (this.#handover !== null) this.#abortHandover('peer-silent')
  }

  // ------------------------------------------------------------------------------------------------- the proof of a crash

  #onTether({ id, session, peerSession, provable }: Extract<Input, { kind: 'tether' }>): void {
    const living = session === this.#conversation.session && peerSession === this.#conversation.peer?.session
    if (living) this.#proof.up(id, provable)
  }

  /** Who was not heard just now gives no silence either: it is asked only while it is in contact. */
  #onTetherEnded(id: number, fin: boolean): void {
    if (!this.#started || this.#leaving !== null || !this.#settings.crashProof || !this.#contact.alive) {
      this.#proof.ended(this.#nowMs, id, false, 0)
      return
    }
    if (this.#proof.ended(this.#nowMs, id, fin, this.#conversation.lastSentSeq + 1)) this.#probe()
  }

  /** When the proof is complete; Infinity = a fact is missing. */
  get #provenAtMs(): number {
    const canAsk = this.#contact.alive && this.#contact.canAskAll(this.#nowMs, this.#peerTimeoutMs)
    return canAsk && this.#leaving === null ? this.#proof.completeAtMs(this.#quietMs) : Infinity
  }

  get #quietMs(): number {
    return quietMs(this.#heartbeatMs, this.#contact.roundTripAtMostMs, this.#peerTimeoutMs)
  }

  #onCrashProven(): void {
    const firstSeq = this.#proof.firstSeq ?? this.#conversation.lastSentSeq + 1
    this.#loseContact('peer-crashed')
    this.#departed = { evidence: 'crash', atMs: this.#nowMs, firstSeq, lateFrames: 0 }
    if (this.#role !== 'active') return this.#take()
    if (!this.#underLease || !this.#mayUseProof || this.#isBarred('crash')) return
    this.#sole = true
    this.#restsOnProof = true
  }

  /**
   * Under `preferred` the preferred side, once it has come back, acts alone unless its disk says that its peer was online: the other
   * side may use the proof for as long as that is certain.
   */
  get #mayUseProof(): boolean {
    return this.#settings.policy !== 'preferred' || this.#ledger.preferred || this.#nowMs < this.#proofUntilMs
  }

  get #proofState(): ProofState {
    if (!this.#settings.crashProof) return 'off'
    if (!this.#contact.alive) return 'offline'
    const provable = this.#proof.provable
    if (provable === null) return 'no-tether'
    if (!provable) return 'addresses-differ'
    return this.#mayUseProof ? 'possible' : 'not-on-disk'
  }

  /**
   * After a proof of its crash the peer speaks: of the time before, or because it lives. Returns whether it lives. One that hears
   * nothing of mine cannot acknowledge anything: that it goes on and on counts too. A single frame may have been withheld.
   */
  #isRefuted(trailer: Trailer): boolean {
    const departed = this.#departed
    if (departed?.evidence !== 'crash') return true
    if (trailer.ack < departed.firstSeq) {
      if (this.#nowMs >= departed.atMs + this.#peerTimeoutMs) departed.lateFrames += 1
      if (departed.lateFrames < LATE_FRAMES_REFUTE) return false
    }
    this.#departed = null
    this.#event('proof-wrong', 'proof-wrong', { role: this.#role, epoch: this.#epoch })
    if (this.#restsOnProof && this.#role === 'active') this.#becomeStandby('proof-wrong')
    return true
  }

  // ------------------------------------------------------------------------------------------- what keeps it from acting alone

  get #aloneBar(): AloneBar | null {
    if (this.#ledger.exhausted) return 'numbers-exhausted'
    if (this.#doubt !== null) return this.#doubt
    const { policy } = this.#settings
    const { peerPolicy, online } = this.#ledger
    if (peerPolicy !== null && peerPolicy !== policy) return 'policy-differs'
    if (policy === 'availability') return null
    return this.#uncounted || (online && !this.#contactMade) ? 'peer-may-serve' : null
  }

  #cast(doubt: 'rolled-back' | 'restored-copy' | 'foreign-record'): void {
    if (this.#doubt === doubt || this.#doubt === 'foreign-record') return
    this.#doubt = doubt
    this.#event(doubt === 'foreign-record' ? 'store' : 'mismatch', doubt, {})
  }

  /** The peer was online in this session, and has been silent for the longest promise: it cannot serve on what it had of me. */
  get #clearMarkAtMs(): number {
    const silent = this.#contactMade && this.#ledger.online && !this.#contact.alive && this.#leaving === null
    return silent ? this.#contact.heardAtMs + this.#peerTimeoutMs : Infinity
  }

  /** Somebody answers what I never sent: this process is a copy, restored or second. It begins again as a new one. */
  #onRestoredCopy(): void {
    if (this.#leaving !== null) return
    this.#cast('restored-copy')
    this.#loseContact('restored-copy')
    if (this.#role === 'active') this.#becomeStandby('restored-copy')
    this.#conversation = new Conversation(this.#randomId())
    this.#contact.renewed(this.#nowMs)
    this.#proof.forget()
    this.#departed = null
    this.#peer = null
    this.#contactMade = false
    this.#leaseUntilMs = -Infinity
    this.#proofUntilMs = -Infinity
  }

  /** A newer record of mine than any that I made: my disk was set back. */
  #compareRecords(trailer: Trailer): void {
    if (trailer.echo !== this.#conversation.session || trailer.peerRecord <= this.#ledger.number) return
    // No record of mine has such a number, and the next one shall not: it would be the last.
    if (trailer.peerRecord >= STORED_MAX) return
    this.#ledger.raiseNumber(trailer.peerRecord)
    this.#cast('rolled-back')
  }

  #onRival(session: bigint): void {
    const now = this.#nowMs
    if (this.#rival?.session !== session) this.#rival = { session, sinceMs: now, told: false }
    // It is one as long as the peer is present, so both go on.
    if (this.#rival.told || now < this.#rival.sinceMs + this.#heartbeatMs * 2) return
    this.#rival.told = true
    this.#event('second-peer', 'second-peer', {})
  }

  // ---------------------------------------------------------------------------------------------------------- receiving

  #receive(link: number, frame: Frame): void {
    if (!this.#started || (this.#leaving !== null && !this.#contact.alive)) return
    const trailer = frame.trailer
    if (trailer === null) return this.#drop(link, 'unsealed')
    if (trailer.epoch > EPOCH_MAX) return this.#drop(link, 'field')
    const reception = this.#conversation.receive(trailer, this.#isPeerPresent)
    switch (reception.kind) {
      case 'drop':
        return this.#drop(link, reception.cause)
      case 'beyond':
        this.#drop(link, 'field')
        return this.#onRestoredCopy()
      case 'rival':
        this.#drop(link, trailer.nodeId === this.#peer?.nodeId ? 'session' : 'third-party')
        return this.#onRival(trailer.session)
      case 'hello':
        if (reception.news) {
          this.#hearHello(frame, trailer)
          this.#compareRecords(trailer)
        }
        return this.#answerHello(link, reception.acquainted, trailer.session)
      case 'copy':
        return this.#contact.heardCopy(this.#nowMs, link, trailer.link)
      case 'current':
        if (reception.adopted) this.#adopt(trailer)
        else if (!this.#isRefuted(trailer)) return this.#drop(link, 'replayed')
        this.#hear(link, frame, trailer, reception.ackedAtMs)
        if (reception.adopted) this.#answer(frame)
        return
      default:
        reception satisfies never
    }
  }

  /** It lives, and answers me; no more is known of it. What it answers is not of long ago: recordings of former sessions count for nothing. */
  #hearHello(frame: Frame, trailer: Trailer): void {
    const sentAtMs = this.#conversation.sentAtMs(trailer.ack)
    if (sentAtMs === null || this.#nowMs >= sentAtMs + this.#peerTimeoutMs) return
    this.#helloAtMs = this.#nowMs
    this.#uncounted = frame.state === 'active'
    if (!isGrant(frame)) this.#helloEpoch = Math.max(this.#helloEpoch, trailer.epoch)
    if (!this.#contact.alive) this.#ledger.hear(this.#helloEpoch)
  }

  #adopt(trailer: Trailer): void {
    // Unless it left or is proven dead, the session that this one replaces may live, under a lease on what it had of me.
    if (this.#departed === null && this.#settings.policy !== 'availability') {
      this.#formerUntilMs = this.#contact.heardAtMs + this.#peerTimeoutMs
    }
    const restarted = this.#peer !== null && this.#peer.nodeId === trailer.nodeId
    this.#contact.renewed(this.#nowMs)
    this.#setOnline(false, 'peer-restarted')
    // The process I granted the role to is gone, and its successor has to be granted it anew.
    this.#failGrantCommand()
    this.#grant = null
    this.#departed = null
    this.#uncounted = false
    this.#rival = null
    this.#proof.forget()
    this.#proofUntilMs = -Infinity
    this.#restsOnProof = false
    this.#failbackHeld = false
    this.#leaseIsOfThisSession = false
    this.#event('negotiate', restarted ? 'peer-restarted' : 'peer-heard', {})
    this.#peer = null
    if (trailer.nodeId === this.#ledger.nodeId && this.#conversation.session < trailer.session) {
      this.#ledger.renumber(this.#randomId())
      this.#event('mismatch', 'cloned-identity', {})
    }
  }

  /** The newest word of the peer, in the living conversation. */
  #hear(link: number, frame: Frame, trailer: Trailer, ackedAtMs: number | null): void {
    const now = this.#nowMs
    const regained = !this.#contact.alive
    this.#contact.heard(now, link, trailer.link, trailer.heardLinks)
    this.#proof.heard(now, trailer.ack)
    this.#compareRecords(trailer)
    this.#noteRecord(trailer)
    this.#nextSendAtMs = Math.min(this.#nextSendAtMs, now + this.#heartbeatMs)
    this.#note(frame.state, trailer)
    this.#ledger.meet(trailer.nodeId)
    this.#ledger.promise(Math.max(this.#peerTimeoutMs, this.#promisedBeforeMs))
    this.#ledger.setPeerPolicy(trailer.policy)
    const partner = trailer.heardLinks !== 0
    this.#uncounted = !partner && frame.state === 'active'
    if (partner) this.#partnerHeard(trailer, ackedAtMs)
    // Only an answer tells the round trip; other acknowledgements waited for the next heartbeat.
    if (ackedAtMs !== null) this.#contact.ackedWithin(now - ackedAtMs)
    if (frame.head === 'responsed' && ackedAtMs !== null) this.#contact.measured(now, now - ackedAtMs)
    this.#compare(trailer)
    if (this.#leaving !== null) return this.#hearLeaving(this.#leaving, trailer)
    if (trailer.flags.goodbye) return this.#onPeerLeft(frame, trailer)

    // The number of a grant is heard of when it is taken or refused.
    if (this.#role === 'active' || !isGrant(frame)) this.#ledger.hear(trailer.epoch)
    if (this.#role === 'active') this.#hearAsActive(frame, trailer, regained)
    else this.#hearAsPassive(frame, trailer)
    if (this.#wantsAnswer(frame)) this.#answer(frame)
  }

  #note(role: Role, trailer: Trailer): void {
    const { epoch, priority, fitness, nodeId, peerTimeoutMs, heartbeatMs, promisedMs } = trailer
    const { ready, marked } = trailer.flags
    const peer = this.#peer
    if (peer === null) {
      this.#peer = { role, epoch, priority, fitness, nodeId, ready, peerTimeoutMs, heartbeatMs, promisedMs, marked }
      return
    }
    peer.role = role
    peer.epoch = epoch
    peer.priority = priority
    peer.fitness = fitness
    if (peer.nodeId !== nodeId) peer.nodeId = nodeId
    peer.ready = ready
    peer.peerTimeoutMs = peerTimeoutMs
    peer.heartbeatMs = heartbeatMs
    peer.promisedMs = promisedMs
    peer.marked = marked
  }

  #noteRecord({ nodeId, record }: Trailer): void {
    if (record >= STORED_MAX) return
    const known = this.#peerRecord
    if (known.nodeId !== nodeId) this.#peerRecord = { nodeId, number: record }
    else if (record > known.number) known.number = record
  }

  /**
   * Whether a frame may count the peer as my partner. Under `preferred` one that came back may take the role P after such a frame, even if
   * I never hear that it got it: so first of all my right is bounded, by L from the sending.
   */
  #countsPartner(): boolean {
    if (!this.#contact.alive) return false
    const { policy } = this.#settings
    // Whoever acknowledges as a partner has the peer's parity on disk: its numbers cannot collide after a restart.
    if (!this.#ledger.hasMet && !(this.#ledger.failed && policy === 'availability')) return false
    if (policy === 'availability') return true
    const boundMs = this.#nowMs + leaseMs(this.#promisedMs)
    if (this.#sole) {
      if (this.#underLease && !this.#hasSettled) return false
      this.#sole = false
      this.#leaseUntilMs = boundMs
    } else if (!this.#leaseIsOfThisSession) this.#leaseUntilMs = Math.min(this.#leaseUntilMs, boundMs)
    return true
  }

  /**
   * Who serves without a lease gives that up for a peer that will last: one that dies again right after its start would leave a lease
   * that nobody renews, and no proof. It has a tether and its mark on disk, or has lived for a whole takeover delay.
   */
  get #hasSettled(): boolean {
    if (this.#contact.heardAtMs >= this.#contact.sinceMs + this.#peerTimeoutMs) return true
    return this.#proof.provable === true && this.#peer?.marked === true
  }

  /** The sender counts me as its partner: what it acknowledges is backed by its promise to wait. */
  #partnerHeard(trailer: Trailer, ackedAtMs: number | null): void {
    this.#contactMade = true
    this.#ledger.setOnline(true)
    if (this.#doubt !== 'foreign-record' && this.#ledger.isSettled()) this.#doubt = null
    this.#agreeOnPreferred(trailer)
    // All that I said is acknowledged: that it was so before is no sign that the peer hears me no more.
    if (trailer.ack >= this.#toldSeq) this.#contact.answered(this.#nowMs)
    if (ackedAtMs === null) return
    this.#contact.answered(this.#nowMs)
    if (this.#sole && this.#settings.policy !== 'availability') this.#readProofWindow(trailer, ackedAtMs)
    else this.#renewLease(trailer, ackedAtMs)
    if (this.#contact.isTwoWay(this.#nowMs, this.#peerTimeoutMs)) this.#setOnline(true, 'peer-heard')
  }

  #renewLease(trailer: Trailer, ackedAtMs: number): void {
    // A restarted peer may promise less than before; what it promised earlier it keeps by waiting after its start.
    if (!this.#leaseIsOfThisSession) this.#leaseUntilMs = -Infinity
    this.#leaseIsOfThisSession = true
    this.#sole = false
    this.#restsOnProof = false
    this.#extendLease(ackedAtMs)
    this.#readProofWindow(trailer, ackedAtMs)
  }

  #readProofWindow(trailer: Trailer, ackedAtMs: number): void {
    if (trailer.flags.marked) {
      this.#proofUntilMs = Math.max(this.#proofUntilMs, ackedAtMs + leaseMs(this.#promisedMs))
    }
  }

  #extendLease(sentAtMs: number): void {
    this.#leaseUntilMs = Math.max(this.#leaseUntilMs, sentAtMs + leaseMs(this.#promisedMs))
  }

  /** Both may hold themselves preferred only if one of them has a disk from another pair: the lower one gives in. */
  #agreeOnPreferred(trailer: Trailer): void {
    if (this.#settings.policy !== 'preferred' || trailer.nodeId === this.#ledger.nodeId) return
    const higher =
      this.#settings.priority !== trailer.priority
        ? this.#settings.priority > trailer.priority
        : this.#ledger.nodeId > trailer.nodeId
    if (!higher) this.#ledger.setPreferred(false)
    else if (!trailer.flags.preferred) this.#ledger.setPreferred(true)
  }

  #compare(trailer: Trailer): void {
    const { policy, heartbeatMs, peerTimeoutMs } = this.#settings
    const settings: Difference[] = []
    if (trailer.policy !== policy) settings.push({ setting: 'policy', here: policy, peer: trailer.policy })
    if (trailer.heartbeatMs !== heartbeatMs)
      settings.push({ setting: 'heartbeat', here: heartbeatMs, peer: trailer.heartbeatMs })
    if (trailer.peerTimeoutMs !== peerTimeoutMs)
      settings.push({ setting: 'peerTimeout', here: peerTimeoutMs, peer: trailer.peerTimeoutMs })
    if (!areSame(settings, this.#settingsDiffer)) {
      this.#settingsDiffer = settings
      this.#tellDifference(settings, 'settings-differ', 'settings-agree')
    }
    // A side that has just started does not know its flows yet: that is no news about them.
    if (trailer.flowsHash === 0 || this.#flowsHash === 0) return
    const flows: Difference[] = []
    if (trailer.flowsHash !== this.#flowsHash)
      flows.push({ setting: 'flows', here: this.#flowsHash, peer: trailer.flowsHash })
    // From one difference to another is no news, but the values are.
    if (areSame(flows, this.#flowsDiffer)) return
    const began = flows.length !== this.#flowsDiffer.length
    this.#flowsDiffer = flows
    if (began) this.#tellDifference(flows, 'flows-differ', 'flows-agree')
    else this.#differences = [...this.#settingsDiffer, ...flows]
  }

  #tellDifference(found: readonly Difference[], differ: ReasonCode, agree: ReasonCode): void {
    this.#differences = [...this.#settingsDiffer, ...this.#flowsDiffer]
    if (found.length === 0) return this.#event('mismatch', agree, {})
    this.#event('mismatch', differ, {
      differ: found.map(({ setting }) => setting),
      here: found.map(({ here }) => here),
      peer: found.map(({ peer }) => peer)
    })
  }

  /** `regained`: its first word after it was lost. */
  #hearAsActive(frame: Frame, trailer: Trailer, regained: boolean): void {
    if (frame.state === 'active') return this.#resolveConflict(trailer)
    this.#noteYield(trailer, regained)
    this.#conflict = ''
    if (this.#pausedAtMs !== null && trailer.heardLinks !== 0 && trailer.ack >= this.#pausedSeq) {
      this.#resume('revalidated')
    }
    if (trailer.epoch > this.#epoch) this.#reassert('peer-behind')
    if (this.#handover !== null && trailer.ack >= this.#handover.firstSeq && trailer.flags.ready) {
      this.#failbackHeld = this.#handover.reason === 'operator'
      // Half of a command's time is for the peer's readiness, the rest for its confirmation; a peer that is lost comes first.
      this.#stepDown(this.#handover, this.#handover.deadlineMs + this.#commandMs / 2 + this.#heartbeatMs)
    } else if (trailer.flags.wanted) this.#onWanted(trailer)
    else this.#considerFitness()
  }

  #resolveConflict(trailer: Trailer): void {
    const mine = { epoch: this.#epoch, priority: this.#settings.priority, nodeId: this.#ledger.nodeId }
    const key = `${trailer.session}/${trailer.epoch}`
    const news = this.#conflict !== key
    if (news) this.#tellConflict({ epoch: this.#epoch, peerEpoch: trailer.epoch })
    this.#conflict = key
    if (!winsConflict(mine, trailer)) {
      const reason = trailer.epoch > this.#epoch ? 'higher-epoch' : 'tie-break'
      this.#event('yielded', reason, { epoch: this.#epoch, peerEpoch: trailer.epoch })
      this.#becomeStandby(reason)
    } else if (trailer.epoch === this.#epoch) {
      this.#reassert('tie-break')
    } else if (news) {
      this.#event('reasserted', 'higher-epoch', { epoch: this.#epoch })
      this.#announce()
    }
  }

  #tellConflict(detail: MachineDetails['conflict']): void {
    this.#event('conflict', 'peer-active', detail)
  }

  /** The peer heard me first: it was Active too and has yielded, which I know from its reason only. */
  #noteYield(trailer: Trailer, regained: boolean): void {
    if (trailer.reason !== 'higher-epoch' && trailer.reason !== 'tie-break') return
    const key = `${trailer.session}/${trailer.epoch}`
    // It goes on giving that reason for as long as it stands by: an old one is no news.
    const news = regained && key !== this.#yield
    this.#yield = key
    if (!news) return
    this.#tellConflict({ epoch: this.#epoch })
    if (trailer.reason === 'tie-break') this.#reassert('tie-break')
    else this.#event('reasserted', 'higher-epoch', { epoch: this.#epoch })
  }

  #hearAsPassive(frame: Frame, trailer: Trailer): void {
    if (frame.state === 'active') return this.#hearActive(trailer)
    const grant = this.#grant
    if (grant !== null && trailer.flags.refusal && trailer.epoch >= grant.epoch && trailer.ack >= grant.firstSeq) {
      return this.#takeBack(trailer)
    }
    if (isGrant(frame)) return this.#considerGrant(frame, trailer)
    if (grant === null) this.#negotiate(frame, trailer)
  }

  #hearActive(trailer: Trailer): void {
    if (this.#grant !== null) {
      const commandId = this.#grant.commandId
      this.#event('designate', 'peer-active', { epoch: trailer.epoch })
      this.#grant = null
      this.#replyOk(commandId)
    }
    this.#held = 'no'
    this.#heldEpoch = 0
    if (this.#role === 'initial') this.#becomeStandby('peer-active')
    const wanting = this.#wanting
    if (wanting !== null && trailer.flags.refusal && trailer.ack >= wanting.firstSeq) {
      this.#failWanting('refused', trailer.reason)
    }
  }

  /** Neither is Active, both hear each other: the lower one grants the role to the higher one. */
  #negotiate(frame: Frame, trailer: Trailer): void {
    if (trailer.heardLinks === 0 || !this.#contact.isTwoWay(this.#nowMs, this.#peerTimeoutMs)) return
    if (this.#nowMs < this.#formerUntilMs) return
    const peer: Candidate = {
      wanted: trailer.flags.wanted,
      ready: trailer.flags.ready,
      fit: trailer.fitness > 0,
      heldEpoch: trailer.flags.holder ? trailer.epoch : 0,
      role: frame.state,
      priority: trailer.priority,
      nodeId: trailer.nodeId
    }
    if (peer.ready && rank(this.#candidate(), peer) < 0) this.#grantRole('negotiated', null)
  }

  #candidate(): Candidate {
    return {
      wanted: this.#wanting !== null,
      // A write that is under way ends in a moment: nobody is ranked by it.
      ready: this.#isReady || (this.#isWilling && this.#isDiskAnswering),
      fit: this.#isFit,
      heldEpoch: this.#isHolder ? this.#heldEpoch : 0,
      role: this.#role,
      priority: this.#settings.priority,
      nodeId: this.#ledger.nodeId
    }
  }

  // ------------------------------------------------------------------------------------------------- grants and handover

  /** I do not serve, and from now on the peer may. Its epoch is above everything I know. */
  #grantRole(reason: ReasonCode, commandId: number | null, deadlineMs = this.#nowMs + this.#commandMs): void {
    const epoch = this.#ledger.nextForPeer()
    this.#ledger.hear(epoch)
    this.#heldEpoch = 0
    this.#grant = {
      epoch,
      firstSeq: this.#conversation.lastSentSeq + 1,
      reason,
      commandId,
      deadlineMs
    }
    if (this.#role !== 'standby') this.#becomeStandby(reason)
    this.#event('designate', reason, { epoch, to: 'peer' })
    this.#announce()
    this.#urgeAtMs = this.#nowMs + this.#retryMs
  }

  #considerGrant(frame: Frame, trailer: Trailer): void {
    const epoch = trailer.epoch
    if (epoch > this.#ledger.floor) {
      // A grant of mine that is still out is below the peer's numbers by now: it can never be taken.
      this.#failGrantCommand()
      this.#grant = null
    }
    // What is refused, or was taken and lost again, is never taken later: the grantor may rely on that.
    if (epoch <= this.#ledger.floor || this.#hostStalled || this.#held === 'forced') {
      this.#ledger.hear(epoch)
      this.#refusal = 'not-ready'
      return
    }
    // The grantor waits P after it heard me last; what it acknowledges tells me how much of that is left.
    const sentAtMs = this.#conversation.sentAtMs(trailer.ack)
    if (sentAtMs === null || trailer.heardLinks === 0 || this.#nowMs < this.#formerUntilMs) return
    if (this.#nowMs >= sentAtMs + leaseMs(this.#promisedMs)) return
    this.#ledger.reserve(epoch)
    // The grant is repeated until it is taken: nothing is kept for the time when the store has answered.
    if (!this.#ledger.isReserved(epoch, this.#settings.policy === 'availability')) return
    this.#event('designate', trailer.reason, { epoch, to: 'self', id: frame.id })
    this.#extendLease(sentAtMs)
    this.#becomeActive(epoch, this.#wanting?.reason ?? grantReason(trailer))
  }

  /** The peer saw my grant and promised never to use it: its refusal gives the role back. */
  #takeBack(trailer: Trailer): void {
    const commandId = this.#grant?.commandId ?? null
    this.#grant = null
    this.#ledger.hear(trailer.epoch)
    this.#event('handover', 'handover-aborted', { because: trailer.reason })
    const sentAtMs = this.#conversation.sentAtMs(trailer.ack)
    if (sentAtMs !== null && this.#isReady && this.#nowMs < sentAtMs + leaseMs(this.#promisedMs)) {
      this.#promote('handover-aborted')
    }
    this.#replyError(commandId, 'refused', trailer.reason)
  }

  #startHandover(reason: ReasonCode, commandId: number | null): void {
    if (this.#handover !== null) return this.#replyError(commandId, 'busy', '')
    this.#handover = {
      reason,
      commandId,
      firstSeq: this.#conversation.lastSentSeq + 1,
      deadlineMs: this.#nowMs + this.#commandMs / 2
    }
    this.#event('handover', reason, { phase: 'asking' })
    this.#announce({ probe: true })
    this.#urgeAtMs = this.#nowMs + this.#retryMs
  }

  #stepDown(handover: Pick<Handover, 'reason' | 'commandId'>, deadlineMs?: number): void {
    this.#handover = null
    this.#becomeStandby(handover.reason)
    this.#grantRole(handover.reason, handover.commandId, deadlineMs)
  }

  #abortHandover(because: ReasonCode): void {
    const handover = this.#handover
    this.#handover = null
    if (handover === null) return
    this.#lessFitSinceMs = this.#nowMs
    this.#event('handover', 'handover-aborted', { because })
    this.#replyError(handover.commandId, because === 'not-ready' ? 'not-confirmed' : 'peer-offline', because)
  }

  #failGrantCommand(): void {
    const grant = this.#grant
    if (grant === null || grant.commandId === null) return
    this.#grant = { ...grant, commandId: null, deadlineMs: Infinity }
    this.#event('handover', 'handover-aborted', { because: 'peer-silent' })
    this.#replyError(grant.commandId, 'not-confirmed', '')
  }

  /** The Standby asks for the role. What it just acknowledged is fresh enough to be its readiness. */
  #onWanted(trailer: Trailer): void {
    if (!trailer.flags.ready) {
      this.#refusal = 'not-ready'
      return
    }
    const sentAtMs = this.#conversation.sentAtMs(trailer.ack)
    if (this.#handover !== null || sentAtMs === null || this.#nowMs - sentAtMs > this.#confirmMs) return
    const failback = trailer.reason === 'failback'
    if (failback && this.#nowMs < this.#sinceMs + this.#failbackWaitMs) {
      this.#refusal = 'damped'
      return
    }
    if (failback) this.#gaveBackAtMs = this.#nowMs
    this.#failbackHeld = !failback
    this.#stepDown({ reason: failback ? 'failback' : 'designated', commandId: null })
  }

  #want(reason: ReasonCode, commandId: number | null, forceAtMs: number): void {
    this.#wanting = {
      reason,
      commandId,
      firstSeq: this.#conversation.lastSentSeq + 1,
      deadlineMs: (forceAtMs === Infinity ? this.#nowMs : forceAtMs) + this.#commandMs,
      forceAtMs
    }
    if (forceAtMs !== Infinity) return
    this.#event('handover', reason, { phase: 'asking' })
    this.#announce({ probe: true })
    this.#urgeAtMs = this.#nowMs + this.#retryMs
  }

  #failWanting(error: CommandError, detail: ReasonCode | ''): void {
    const wanting = this.#wanting
    this.#wanting = null
    if (wanting === null) return
    this.#failbackNotBeforeMs = this.#nowMs + this.#failbackPaceMs
    if (wanting.commandId === null)
      this.#event('handover', 'handover-aborted', { because: detail === '' ? error : detail })
    this.#replyError(wanting.commandId, error, detail)
  }

  #takeForced(): void {
    const wanting = this.#wanting
    if (wanting === null) return
    // The peer is heard again meanwhile: it is asked, or, if it does not hear me, my right is bounded as by its acknowledgement.
    if (this.#online) {
      this.#wanting = null
      return this.#want('operator', wanting.commandId, Infinity)
    }
    const alone = !this.#contact.alive
    if (this.#promote('operator-forced')) {
      this.#sole = alone
      this.#leaseUntilMs = this.#nowMs + leaseMs(this.#promisedMs)
    } else if (this.#ledger.failed) this.#failWanting('refused', 'store-failed')
    else this.#wanting = { ...wanting, forceAtMs: this.#nowMs + this.#retryMs }
  }

  // ------------------------------------------------------------------------------------------------------------ commands

  #onCommand(id: number, designate: Designation, force: boolean): void {
    if (!this.#started || this.#leaving !== null) return this.#replyError(id, 'stopped', '')
    const target: Role = designate === 'swap' ? (this.#role === 'active' ? 'standby' : 'active') : designate
    if (target === this.#role) {
      // The operator's word stands in for the proof that the other side did not take over meanwhile.
      if (force && this.#pausedAtMs !== null) this.#resume('operator-forced')
      return this.#replyOk(id)
    }
    const busy = this.#handover !== null || this.#grant?.commandId != null || this.#wanting?.commandId != null
    if (busy) return this.#replyError(id, 'busy', '')
    if (target === 'active') this.#commandActive(id, force)
    else this.#commandStandby(id, force)
  }

  #commandActive(id: number, force: boolean): void {
    if (this.#online) {
      this.#held = 'no'
      if (!this.#isFit) return this.#replyError(id, 'refused', 'not-ready')
      return this.#want('operator', id, Infinity)
    }
    if (!force) return this.#replyError(id, 'peer-offline', '')
    this.#held = 'no'
    // A peer that serves under a lease has stopped when every promise to it has run out.
    const leased = this.#settings.policy !== 'availability' && this.#departed === null
    const waitedMs = Math.max(this.#contact.heardAtMs + this.#peerTimeoutMs, this.#afterReturnMs)
    this.#want('operator-forced', id, leased ? Math.max(this.#nowMs, waitedMs) : this.#nowMs)
    if (this.#wanting !== null && this.#nowMs >= this.#wanting.forceAtMs) this.#takeForced()
  }

  #commandStandby(id: number, force: boolean): void {
    if (this.#online && this.#role === 'active') return this.#startHandover('operator', id)
    if (!this.#online && !force) return this.#replyError(id, 'peer-offline', '')
    this.#held = this.#online ? 'deferring' : 'forced'
    this.#becomeStandby(this.#online ? 'operator' : 'operator-forced')
    this.#replyOk(id)
    this.#announce()
  }

  #replyOk(id: number | null): void {
    if (id !== null) this.#out.push({ kind: 'reply', id, ok: true, role: this.#role })
  }

  #replyError(id: number | null, error: CommandError, detail: string): void {
    if (id !== null) this.#out.push({ kind: 'reply', id, ok: false, error, detail })
  }

  // -------------------------------------------------------------------------------------------------------------- fitness

  #considerFitness(): void {
    const peer = this.#peer
    if (this.#role !== 'active' || peer === null || !this.#online || this.#handover !== null) return
    const mine = this.#ownFitness
    if (!peer.ready || peer.fitness <= mine) {
      this.#lessFitSinceMs = Infinity
      return
    }
    // A difference has to last; a side that cannot serve at all does not wait.
    this.#lessFitSinceMs = Math.min(this.#lessFitSinceMs, this.#nowMs)
    const retrying = this.#lessFitSinceMs < this.#nowMs
    if (this.#nowMs - this.#lessFitSinceMs < this.#peerTimeoutMs && (mine > 0 || retrying)) return
    this.#startHandover(this.#hostStalled ? 'host-stalled' : 'less-fit', null)
  }

  #onHostStalled(stalled: boolean): void {
    if (stalled === this.#hostStalled) return
    this.#hostStalled = stalled
    this.#event('host-stalled', stalled ? 'host-stalled' : 'revalidated', { stalled })
    this.#considerFitness()
  }

  /** A peer that fails soon after it took its role back has to wait longer the next time. */
  #dampFailback(reason: ReasonCode): void {
    if (reason !== 'lost-connection' && reason !== 'peer-crashed') return
    const lastedMs = this.#nowMs - this.#gaveBackAtMs
    const short = lastedMs < FAILBACK_LASTS * this.#failbackPaceMs * this.#failbackDamping
    this.#failbackDamping = short ? Math.min(FAILBACK_DAMPING_MAX, this.#failbackDamping * 2) : 1
  }

  /** How long I stay Active before I give the role back; the peer's own setting is the least. */
  get #failbackWaitMs(): number {
    return this.#failbackDamping === 1 ? 0 : this.#failbackPaceMs * this.#failbackDamping
  }

  /** Whoever set no delay is still not asked, or made to wait, by less than a takeover delay. */
  get #failbackPaceMs(): number {
    return Math.max(this.#settings.failbackDelayMs, this.#peerTimeoutMs)
  }

  #failbackAtMs(): number {
    const peer = this.#peer
    if (!this.#settings.failback || this.#role !== 'standby' || this.#wanting !== null || !this.#online) return Infinity
    if (peer?.role !== 'active' || peer.priority >= this.#settings.priority || !this.#isReady) return Infinity
    if (this.#failbackHeld || this.#ownFitness < peer.fitness) return Infinity
    const stableSinceMs = Math.max(this.#onlineSinceMs, this.#sinceMs)
    return Math.max(stableSinceMs + this.#settings.failbackDelayMs, this.#failbackNotBeforeMs)
  }

  // -------------------------------------------------------------------------------------------------------------- leaving

  #onGoodbye(reason: 'removed' | 'shutdown'): void {
    if (!this.#started || this.#leaving !== null) return
    for (const id of [this.#handover?.commandId, this.#grant?.commandId, this.#wanting?.commandId]) {
      if (id != null) this.#replyError(id, 'stopped', '')
    }
    const heard = this.#contact.alive
    const serves = this.#role === 'active'
    this.#handover = null
    this.#wanting = null
    if (this.#role !== 'initial') {
      this.#epoch = 0
      this.#setRole('initial', reason)
    }
    this.#event('stopped', reason, {})
    let granted = this.#grant?.epoch ?? null
    this.#grant = null
    if (heard && serves) {
      granted = this.#ledger.nextForPeer()
      this.#ledger.hear(granted)
    }
    this.#leaving = {
      granted,
      firstSeq: this.#conversation.lastSentSeq + 1,
      storeUntilMs: 0,
      sent: 0
    }
    this.#urgeAtMs = heard ? this.#nowMs : Infinity
    if (heard && this.#settings.policy === 'preferred' && this.#ledger.preferred) {
      this.#ledger.setOnline(true)
      this.#leaving.storeUntilMs = this.#nowMs + GOODBYE_STORE_MS
    }
    if (heard) this.#judgeLeaving(this.#leaving)
  }

  #judgeLeaving(leaving: Leaving): void {
    if (leaving.storeUntilMs !== 0) {
      const marked = this.#ledger.onlineOnDisk
      if (!marked && this.#nowMs < leaving.storeUntilMs) return
      leaving.storeUntilMs = 0
      // A goodbye whose mark is not on disk would be a promise that a restart can break.
      if (!marked) this.#urgeAtMs = Infinity
    }
    if (this.#nowMs < this.#urgeAtMs) return
    if (leaving.sent >= GOODBYES_MAX || !this.#contact.alive) {
      this.#urgeAtMs = Infinity
      return
    }
    if (leaving.sent === 0) leaving.firstSeq = this.#conversation.lastSentSeq + 1
    leaving.sent += 1
    this.#urgeAtMs = this.#nowMs + this.#retryMs
    this.#send(leaving.granted === null ? 'connected' : 'designate', { probe: true, goodbye: true })
  }

  #hearLeaving(leaving: Leaving, trailer: Trailer): void {
    // Both leave: neither serves, and neither waits for the other one when it comes back.
    if (trailer.flags.goodbye) this.#ledger.setOnline(false)
    if (trailer.flags.goodbye || (leaving.sent > 0 && trailer.ack >= leaving.firstSeq)) {
      this.#urgeAtMs = Infinity
      this.#contact.lost()
    }
  }

  #onPeerLeft(frame: Frame, trailer: Trailer): void {
    if (this.#role !== 'active' && isGrant(frame)) this.#considerGrant(frame, trailer)
    // A grant that was not taken is not repeated: its number is spent.
    this.#ledger.hear(trailer.epoch)
    // Answer first: afterwards there is no session to answer in.
    this.#answer(frame)
    this.#conversation.retirePeer()
    this.#proof.forget()
    this.#loseContact('peer-left')
    this.#departed = { evidence: 'goodbye', atMs: this.#nowMs, firstSeq: 0, lateFrames: 0 }
    this.#ledger.setOnline(false)
    if (this.#role !== 'active') return this.#take()
    this.#sole = true
    if (trailer.epoch > this.#epoch) this.#reassert('peer-behind')
  }

  // -------------------------------------------------------------------------------------------------- links and the store

  #onLink(link: number, open: boolean): void {
    if (link < 0 || link >= LINKS_MAX) throw new Error(`no link ${link}`)
    this.#contact.setOpen(this.#nowMs, link, open)
    this.#proof.disturbed(this.#nowMs)
    if (open && this.#started && this.#leaving === null) this.#announce({ probe: true })
  }

  #onStored(ticket: number, ok: boolean): void {
    const wasReady = this.#isReady
    const news = this.#ledger.confirm(this.#nowMs, ticket, ok)
    if (news !== null) this.#event('store', news === 'failed' ? 'store-failed' : 'revalidated', {})
    if (this.#leaving !== null) return this.#judgeLeaving(this.#leaving)
    if (this.#reassertDue !== null) this.#reassert(this.#reassertDue)
    if (this.#role !== 'active' && !wasReady && this.#isReady && this.#contact.alive) this.#announce({ probe: true })
  }

  #onSuspended(ms: number, lateMs: number): void {
    // The lease was counted on a clock that stood still.
    this.#leaseUntilMs -= ms
    this.#proofUntilMs -= ms
    this.#conversation.forgetSendTimes()
    this.#proof.drop()
    if (lateMs < ms) this.#wasDeaf(ms)
    this.#pause('suspended', ms)
  }

  // -------------------------------------------------------------------------------------------------------------- sending

  /** A Standby answers its Active; by itself it speaks only when it had nothing to answer for a while. */
  get #ownWordAtMs(): number {
    const answers = this.#role === 'standby' && this.#contact.alive && this.#peer?.role === 'active'
    return answers ? Math.max(this.#nextSendAtMs, this.#lastSentAtMs + this.#heartbeatMs * 1.5) : this.#nextSendAtMs
  }

  /** Says at once what changed. */
  #announce(flags: Partial<Flags> = {}): void {
    if (this.#started) this.#send(this.#regularHead(), flags)
  }

  /** Repeats, between heartbeats, what an answer is waited for. */
  #urge(): void {
    const waiting = this.#grant !== null || this.#handover !== null || this.#wanting?.forceAtMs === Infinity
    this.#urgeAtMs = waiting && this.#contact.alive ? this.#nowMs + this.#retryMs : Infinity
    if (waiting) this.#send(this.#regularHead(), { probe: true })
  }

  #probe(): void {
    this.#contact.probed(this.#nowMs)
    this.#proof.probed(this.#nowMs)
    this.#send(this.#regularHead(), { probe: true })
  }

  #regularHead(): Head {
    if (this.#role === 'active' || (this.#contact.alive && this.#peer?.role === 'active')) return 'connected'
    return 'negotiate'
  }

  #wantsAnswer(frame: Frame): boolean {
    if (this.#refusal !== null) return true
    if (frame.trailer?.flags.probe === true) return true
    return frame.head === 'connected' && frame.state === 'active' && this.#role !== 'active'
  }

  /** Anything that went out in this step already acknowledges the frame. */
  #answer(frame: Frame): void {
    if (this.#sentInStep) return
    // An Active hears answers all the time; a Standby has to ask for one now and then to know the round trip.
    const probe =
      this.#role !== 'active' && this.#nowMs >= this.#contact.measuredAtMs + this.#heartbeatMs * SAMPLE_EVERY
    this.#send('responsed', { probe: probe && frame.head !== 'responsed' }, frame.id)
  }

  /** A frame to every open link. While a grant is out, every frame carries it: any acknowledgement covers it. */
  #send(head: Head, flags: Partial<Flags>, answerId?: number): void {
    // Without contact, an unconfirmed session and the last known one are both addressed: neither starves the other.
    const toHello = !this.#contact.alive && this.#conversation.hasHello
    if (toHello) this.#emit(head, flags, answerId, true, null)
    if (!toHello || this.#conversation.peer !== null) this.#emit(head, flags, answerId, false, null)
    this.#lastSentAtMs = this.#nowMs
    this.#sentInStep = true
  }

  #answerHello(link: number, acquainted: boolean, session: bigint): void {
    if (this.#leaving !== null) return
    const ration = acquainted ? this.#helloAnswers.acquainted : this.#helloAnswers.stranger
    if (!ration.take(this.#nowMs, this.#helloAllowance)) return
    // One that I refused while another was present has met me already: asked, it confirms anew at once, not with its next heartbeat.
    this.#emit('negotiate', { probe: this.#rival?.session === session }, undefined, true, link)
  }

  get #helloAllowance(): Allowance {
    if (!this.#contact.alive) return HELLO_ANSWERS_ALONE
    const perSecond = (HELLO_ANSWERS_PER_HEARTBEAT * 1000) / this.#heartbeatMs
    return { perSecond, burst: HELLO_ANSWERS_AT_ONCE }
  }

  #emit(head: Head, flags: Partial<Flags>, answerId: number | undefined, toHello: boolean, only: number | null): void {
    const now = this.#nowMs
    const seq = this.#conversation.nextSeq(now)
    const { echo, ack } = this.#conversation.address(toHello)
    if (!toHello) this.#toldSeq = seq
    const leavingGrant = this.#leaving?.granted ?? null
    const granted = toHello ? null : (this.#grant?.epoch ?? leavingGrant)
    const isPartner = !toHello && this.#countsPartner()
    const peerRecord = this.#peerRecord.nodeId === this.#conversation.nodeId(toHello) ? this.#peerRecord.number : 0
    const refusal = toHello ? null : this.#refusal
    if (!toHello) this.#refusal = null
    const fullFlags: Flags = {
      probe: false,
      ready: this.#isReady,
      serving: this.#role === 'active' && this.#pausedAtMs === null,
      holder: this.#isHolder,
      preferred: this.#ledger.preferredOnDisk,
      goodbye: false,
      wanted: this.#wanting !== null && this.#wanting.forceAtMs === Infinity && this.#isReady,
      refusal: refusal !== null,
      marked: this.#ledger.onlineOnDisk,
      ...flags
    }
    for (let link = 0; link < this.#settings.links.length; link++) {
      if (!this.#contact.isOpen(link) || (only !== null && link !== only)) continue
      this.#out.push({
        kind: 'send',
        link,
        toSource: only !== null,
        frame: {
          head: granted === null ? head : 'designate',
          state: this.#role,
          id: answerId ?? seq & 0xff,
          value: this.#ownFitness,
          trailer: {
            keyId: 0,
            nodeId: this.#ledger.nodeId,
            session: this.#conversation.session,
            echo,
            seq,
            ack,
            epoch: granted ?? (this.#role === 'active' ? this.#epoch : this.#ledger.floor),
            priority: this.#settings.priority,
            fitness: this.#ownFitness,
            policy: this.#settings.policy,
            reason: refusal ?? this.#grant?.reason ?? this.#wanting?.reason ?? this.#reason,
            flags: fullFlags,
            link,
            heardLinks: !isPartner ? 0 : this.#contact.heardLinks(now, this.#peerTimeoutMs),
            heartbeatMs: this.#settings.heartbeatMs,
            peerTimeoutMs: this.#settings.peerTimeoutMs,
            promisedMs: Math.min(this.#peerTimeoutMs, this.#announcedPromiseMs),
            flowsHash: this.#flowsHash,
            record: this.#ledger.numberOnDisk,
            peerRecord
          }
        }
      })
    }
  }

  // -------------------------------------------------------------------------------------------------------------- helpers

  #setOnline(online: boolean, reason: ReasonCode): void {
    if (online === this.#online) return
    this.#online = online
    this.#onlineSinceMs = online ? this.#nowMs : Infinity
    this.#event('online', reason, { online })
  }

  #event<N extends keyof MachineDetails>(event: N, reason: ReasonCode, detail: MachineDetails[N]): void {
    this.#out.push({ kind: 'event', ...machineEvent(event, reason, detail) })
  }

  #drop(link: number, cause: Extract<Output, { kind: 'drop' }>['cause']): void {
    this.#out.push({ kind: 'drop', link, cause })
  }

  #peerView(): PeerView | null {
    const peer = this.#peer
    if (peer === null) return null
    return {
      role: peer.role,
      epoch: peer.epoch,
      priority: peer.priority,
      link: this.#contact.heardLink,
      heardAtMs: this.#contact.heardAtMs,
      roundTripMs: this.#contact.roundTripMs
    }
  }

  #randomId(): bigint {
    // Never 0: that means 'unknown' in a frame.
    return (BigInt(this.#randomInt(2 ** 32)) << 32n) | BigInt(1 + this.#randomInt(2 ** 32 - 1))
  }

  /** The slower side's interval wins. */
  get #heartbeatMs(): number {
    return Math.max(this.#settings.heartbeatMs, this.#peer?.heartbeatMs ?? 0)
  }

  get #peerTimeoutMs(): number {
    return Math.max(this.#settings.peerTimeoutMs, this.#peer?.peerTimeoutMs ?? 0)
  }

  /** What the peer waits for at least before it takes over, also after a restart of its own. */
  get #promisedMs(): number {
    return this.#peer?.promisedMs ?? this.#settings.peerTimeoutMs
  }

  /** Only what a restart would find is announced; `availability` goes on without a working disk, and then with its own setting. */
  get #announcedPromiseMs(): number {
    const { policy, peerTimeoutMs } = this.#settings
    return policy === 'availability' ? Math.max(this.#ledger.promisedMs, peerTimeoutMs) : this.#ledger.promisedMs
  }

  /** Whatever was promised before my start is over. */
  get #afterReturnMs(): number {
    const listeningSinceMs = this.#contact.listeningSinceMs
    const sinceMs = listeningSinceMs === Infinity ? this.#startedAtMs : listeningSinceMs
    return sinceMs + Math.max(this.#peerTimeoutMs, this.#promisedBeforeMs)
  }

  /** A peer that hears me waits for the slower side's delay before it takes over. */
  get #freshForMs(): number {
    return freshForMs(this.#peerTimeoutMs, this.#heartbeatMs)
  }

  get #retryMs(): number {
    return Math.min(250, Math.max(2, this.#heartbeatMs / 4))
  }

  get #commandMs(): number {
    return Math.min(COMMAND_MS_MAX, this.#peerTimeoutMs)
  }

  /** Heard so recently that another node cannot have taken its place. */
  get #isPeerPresent(): boolean {
    return this.#contact.alive && this.#nowMs < this.#contact.heardAtMs + this.#heartbeatMs * 2
  }

  /** How old an acknowledged frame of mine may be to prove that the other side lives now. */
  get #confirmMs(): number {
    return Math.max(500, this.#peerTimeoutMs)
  }

  get #ownFitness(): number {
    return this.#hostStalled ? 0 : this.#fitness
  }

  get #isFit(): boolean {
    return this.#ownFitness > 0
  }

  get #isWilling(): boolean {
    return this.#started && this.#leaving === null && this.#held === 'no' && !this.#hostStalled
  }

  get #isReady(): boolean {
    return this.#isWilling && this.#hasOwnEpoch
  }

  /** A number of its own is on disk; `availability` goes on without a working disk. */
  get #hasOwnEpoch(): boolean {
    return this.#ledger.isReserved(this.#ledger.nextOwn(), this.#settings.policy === 'availability')
  }

  get #isDiskAnswering(): boolean {
    const { failed, exhausted } = this.#ledger
    return !failed && !exhausted && !this.#ledger.isStuck(this.#nowMs, this.#peerTimeoutMs)
  }

  get #isHolder(): boolean {
    return this.#heldEpoch !== 0 && this.#heldEpoch === (this.#role === 'active' ? this.#epoch : this.#ledger.floor)
  }

  get #underLease(): boolean {
    return servesUnderLease(this.#settings.policy, this.#ledger.preferred)
  }

  get #metInThisSession(): boolean {
    return this.#contact.heardAtMs > -Infinity
  }

  get #grantIsOpen(): boolean {
    return this.#grant !== null && this.#contact.alive
  }
}

function areSame(a: readonly Difference[], b: readonly Difference[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ setting, here, peer }, i) => {
      const other = b[i]
      return other?.setting === setting && other.here === here && other.peer === peer
    })
  )
}

/** A Designate of a side that does not serve itself: it gives the receiver the role. */
function isGrant(frame: Frame): boolean {
  return frame.head === 'designate' && frame.state !== 'active'
}

/** Why the receiver of a grant becomes Active, in its own words. */
function grantReason(trailer: Trailer): ReasonCode {
  if (trailer.flags.goodbye) return 'peer-left'
  switch (trailer.reason) {
    case 'negotiated':
    case 'failback':
    case 'less-fit':
    case 'host-stalled':
      return trailer.reason
    default:
      return 'designated'
  }
}
