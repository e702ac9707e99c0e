/**
 * The classic wire: the pair machine of the 2015 program, five bytes per frame, able to talk to a 2015 peer.
 * This file owns every change of role on that wire: `#becomeActive`, `#becomeStandby` and, for good, `#leave` are the
 * only places that set it.
 *
 *                                     +---------+
 *            no answer: more than     | INITIAL |    hears an Active,
 *            lossLimit frames lost,   +---------+    or is designated Standby
 *            larger token,              |     |
 *            or designated Active       |     |
 *                +----------------------+     +----------------------+
 *                v                                                   v
 *           +--------+   designated Standby by the peer      +---------+
 *           |        |   two Actives: the smaller token         |         |
 *           |        |   operator, hung flows, goodbye          |         |
 *           | ACTIVE |----------------------------------------->| STANDBY |
 *           |        |                                          |         |
 *           |        |<-----------------------------------------|         |
 *           +--------+   designated Active by the peer       +---------+
 *                        no Active heard for peerTimeout
 *                        hears an Initial: its Active restarted
 *                        operator, once the Active has stood down
 *
 * Who sends what: Initial a Negotiate and Active a Connected every heartbeat, Standby nothing of its own accord.
 * Connected and Designate are answered by a Responsed with the same id and the role held after the frame was
 * processed. `value` is the sender's token; 255 marks an operator's designation, which no token outweighs.
 *
 * Deadlines are judged at ticks only, frames only bring news: so whoever drives the machine reads its socket first.
 * Rules: docs/PROTOCOL.md, 'Classic wire'. Origin: the 2015 design in the seed.
 */
import { machineEvent, type MachineDetails } from './events'
import type { Frame, Head } from './frame'
import { Ledger } from './ledger'
import type {
  CommandError,
  Designation,
  Difference,
  Input,
  MachineView,
  Output,
  PairMachine,
  PeerView,
  RandomInt,
  Role
} from './machine'
import { REACTIONS } from './reactions'
import type { ReasonCode } from './reasons'
import { Receipts, type Awaited } from './receipts'
import type { PairRecord } from './record'
import type { PairSettings } from './settings'

/** Nothing about settings or flows travels on this wire. */
const NO_DIFFERENCES: readonly Difference[] = []

/** Tokens are 0..254, as `Random().Next(0, 255)` of the seed. */
const TOKENS = 255
/** `value` of a designation that is not a matter of tokens: an operator's, or a side that leaves. */
const BY_ORDER = 255
/** Answers that are sent at once, per heartbeat: a peer that answers every answer cannot make us flood. */
const ANSWERS_PER_HEARTBEAT = 8
/** Two Actives: rounds (heartbeats) of Negotiate, then of Designate, before this side yields to a peer that heeds neither. */
const NEGOTIATE_ROUNDS = 3
const CONFLICT_ROUNDS = 6
const GOODBYE_TRIES = 3
const GOODBYE_GAP_MS_MAX = 100
/** The machine wants to be called at least this often, to notice that it was not. */
const WATCH_MS_MAX = 250

/** A change of roles by order that the peer has not confirmed yet. Ends by `untilMs` at the latest. */
interface Order {
  /** Null when no operator waits for it. */
  readonly commandId: number | null
  readonly target: 'active' | 'standby'
  readonly force: boolean
  readonly reason: ReasonCode
  readonly frameId: number
  /** This side was Active and takes the role back when nobody else took it. */
  readonly hadRole: boolean
  untilMs: number
}

interface Conflict {
  rounds: number
  /** The peer was heard as Active since the last round. */
  heard: boolean
  reasserted: boolean
}

interface Farewell {
  readonly frameId: number
  triesLeft: number
  nextMs: number
}

export class ClassicMachine implements PairMachine {
  readonly #settings: PairSettings
  readonly #randomInt: RandomInt
  readonly #receipts: Receipts
  #ledger: Ledger | null = null

  #role: Role = 'initial'
  #previousRole: Role = 'initial'
  #reason: ReasonCode = 'starting'
  #sinceMs = 0
  #epoch = 0
  #token = 0

  #listening = false
  #online = false
  #peer: PeerView | null = null
  /** The peer was last heard as Active, or this side became Standby; moved by own stalls. */
  #activeHeardAtMs = 0
  #nextBeatMs = Infinity
  /** As an Active: its latest Connected. */
  #spokeAtMs = 0
  #answersLeft = ANSWERS_PER_HEARTBEAT
  #negotiation = ''

  #order: Order | null = null
  #conflict: Conflict | null = null
  /**
   * Stepped down by force without a peer: does not take the role back by itself, but offers it with every heartbeat,
   * in a designation with `offerId`, until the peer is heard. Otherwise two such sides would wait for each other.
   */
  #held = false
  #offerId = 0
  #hostStalled = false
  #nextReliefMs = 0
  /** Active again after a stall in which the peer may have taken over: does not serve yet. */
  #paused: { readonly sinceMs: number; readonly untilMs: number } | null = null
  #left = false
  #farewell: Farewell | null = null

  #lastStepMs = -Infinity
  #dueMs = Infinity
  #out: Output[] = []

  constructor(settings: PairSettings, randomInt: RandomInt) {
    this.#settings = settings
    this.#randomInt = randomInt
    this.#receipts = new Receipts(settings.receiptTimeoutMs)
  }

  step(nowMs: number, input: Input): readonly Output[] {
    this.#out = []
    if (this.#ledger !== null && !this.#left) {
      this.#noticeOwnStall(nowMs)
      this.#noticeOwnSilence(nowMs)
    }
    if (this.#left) this.#afterGoodbye(nowMs, input)
    else this.#handle(nowMs, input)
    this.#flushLedger(nowMs)
    this.#lastStepMs = nowMs
    this.#dueMs = this.deadlineMs()
    const out = this.#out
    this.#out = []
    return out
  }

  deadlineMs(): number {
    if (this.#ledger === null) return Infinity
    if (this.#left) return this.#farewell?.nextMs ?? Infinity
    return Math.min(
      this.#lastStepMs + Math.min(this.#settings.heartbeatMs, WATCH_MS_MAX),
      this.#nextBeatMs,
      this.#receipts.nextExpiryMs(),
      this.#peerLostAtMs(),
      this.#order?.untilMs ?? Infinity,
      this.#pauseEndsAtMs(),
      this.#ledger.retryAtMs
    )
  }

  view(): MachineView {
    return {
      role: this.#role,
      previousRole: this.#previousRole,
      reason: this.#reason,
      sinceMs: this.#sinceMs,
      epoch: this.#epoch,
      online: this.#online,
      serving: this.#role === 'active' && this.#paused === null,
      leaseUntilMs: Infinity,
      freshForMs: this.#freshForMs(),
      authenticated: false,
      linksUp: [this.#listening && this.#online],
      peer: this.#peer,
      differences: NO_DIFFERENCES,
      conflict: false,
      session: 0n,
      peerSession: 0n,
      proof: 'off',
      asking: false,
      aloneBar: null
    }
  }

  #handle(nowMs: number, input: Input): void {
    switch (input.kind) {
      case 'start':
        return this.#onStart(nowMs, input.record)
      case 'tick':
        return this.#onTick(nowMs)
      case 'frame':
        return this.#onFrame(nowMs, input.frame)
      case 'link':
        return this.#onLink(nowMs, input.open)
      case 'stored':
        return this.#onStored(nowMs, input.ticket, input.ok)
      case 'command':
        return this.#onCommand(nowMs, input.id, input.designate, input.force)
      case 'hostStalled':
        return this.#onHostStalled(nowMs, input.stalled)
      case 'suspended':
        return this.#onSuspended(nowMs, input.ms)
      case 'goodbye':
        return this.#onGoodbye(nowMs, input.reason)
      // Nothing on this wire tells the peer of them, and a 2015 peer knows no crash but silence.
      case 'unsent':
      case 'tether':
      case 'tetherEnded':
      case 'redialled':
      case 'foreignRecord':
      case 'fitness':
      case 'flows':
        return
    }
  }

  // --- Roles: the mutators ---

  #becomeActive(nowMs: number, reason: ReasonCode): void {
    if (this.#ledger === null) throw new Error('a role before the start')
    this.#takeEpoch()
    this.#changeRole(nowMs, 'active', reason)
    this.#held = false
    this.#spokeAtMs = nowMs
    this.#nextReliefMs = nowMs + this.#settings.stallLimitMs
  }

  #becomeStandby(nowMs: number, reason: ReasonCode): void {
    this.#changeRole(nowMs, 'standby', reason)
    this.#activeHeardAtMs = nowMs
  }

  #leave(nowMs: number, reason: 'removed' | 'shutdown'): void {
    if (this.#role !== 'initial') this.#changeRole(nowMs, 'initial', reason)
    this.#left = true
    this.#event('stopped', reason, {})
  }

  #changeRole(nowMs: number, role: Role, reason: ReasonCode): void {
    if (role === this.#role) throw new Error(`already ${role}`)
    this.#previousRole = this.#role
    this.#role = role
    this.#reason = reason
    this.#sinceMs = nowMs
    this.#paused = null
    this.#conflict = null
    this.#negotiation = ''
    this.#receipts.clear()
    this.#nextBeatMs = nowMs
    this.#event('role', reason, { role, previousRole: this.#previousRole, epoch: this.#epoch })
  }

  /** This wire carries no epoch: the number counts what this side itself took, reserved ahead of its use. */
  #takeEpoch(): void {
    if (this.#ledger === null) throw new Error('an epoch before the start')
    this.#epoch = this.#ledger.nextOwn()
    this.#ledger.use(this.#epoch)
  }

  // --- Start, store, links ---

  #onStart(nowMs: number, record: PairRecord | null): void {
    const freshId = record === null ? (BigInt(this.#randomInt(2 ** 32)) << 32n) | BigInt(this.#randomInt(2 ** 32)) : 0n
    this.#ledger = new Ledger(record, freshId)
    this.#epoch = this.#ledger.floor
    this.#token = this.#randomInt(TOKENS)
    this.#sinceMs = nowMs
    this.#nextBeatMs = nowMs
    this.#event('started', 'starting', { epoch: this.#epoch })
    if (record === null) this.#event('store', 'store-new', {})
    this.#beat(nowMs)
  }

  #flushLedger(nowMs: number): void {
    const write = this.#ledger?.flush(nowMs) ?? null
    if (write !== null) this.#out.push({ kind: 'store', ticket: write.ticket, record: write.record })
  }

  #onStored(nowMs: number, ticket: number, ok: boolean): void {
    const news = this.#ledger?.confirm(nowMs, ticket, ok) ?? null
    if (news !== null) this.#event('store', news === 'failed' ? 'store-failed' : 'revalidated', {})
  }

  /** Without a socket this side is deaf and mute: silence then says nothing about the peer. */
  #onLink(nowMs: number, open: boolean): void {
    if (open === this.#listening) return
    this.#listening = open
    this.#receipts.clear()
    if (open) {
      this.#spokeAtMs = nowMs
      this.#activeHeardAtMs = nowMs
      this.#nextBeatMs = nowMs
      this.#beat(nowMs)
    } else {
      this.#conflict = null
      this.#setOnline(false, 'link-failed')
    }
  }

  // --- Time ---

  #onTick(nowMs: number): void {
    if (this.#ledger === null) return
    this.#judgeLosses(nowMs)
    this.#judgePeer(nowMs)
    this.#judgeOrder(nowMs)
    this.#judgePause(nowMs)
    this.#beat(nowMs)
  }

  #judgeLosses(nowMs: number): void {
    const lost = this.#receipts.expire(nowMs)
    const lostInARow = this.#receipts.lostInARow
    const isOver = lostInARow > this.#settings.lossLimit
    // An Active whose peer is known to be gone has nothing new to report with every heartbeat.
    if (lost > 0 && (this.#role !== 'active' || this.#online)) {
      this.#event('loss', isOver ? 'receipts-lost' : 'peer-silent', { lost, lostInARow })
    }
    if (!isOver) return
    this.#receipts.resetCount()
    if (this.#role === 'standby') return
    this.#setOnline(false, 'receipts-lost')
    if (this.#role === 'initial') this.#becomeActive(nowMs, 'cannot-negotiate')
  }

  /** When a Standby that hears no Active declares it lost. An order that is under way has a deadline of its own. */
  #peerLostAtMs(): number {
    const waits = this.#role === 'standby' && this.#listening && this.#order?.target !== 'standby'
    if (!waits || (this.#held && !this.#online)) return Infinity
    return this.#activeHeardAtMs + this.#settings.peerTimeoutMs
  }

  #judgePeer(nowMs: number): void {
    if (nowMs < this.#peerLostAtMs()) return
    this.#setOnline(false, 'lost-connection')
    if (this.#held) return
    this.#becomeActive(nowMs, 'lost-connection')
  }

  #beat(nowMs: number): void {
    if (nowMs < this.#nextBeatMs) return
    const { heartbeatMs } = this.#settings
    // In step with the clock as long as no whole beat was missed; never a burst to catch up.
    this.#nextBeatMs = nowMs - this.#nextBeatMs < heartbeatMs ? this.#nextBeatMs + heartbeatMs : nowMs + heartbeatMs
    this.#answersLeft = ANSWERS_PER_HEARTBEAT
    if (!this.#listening || this.#ledger === null) return
    if (this.#order !== null) this.#sendOrder(this.#order)
    if (this.#role === 'initial') this.#say(nowMs, 'negotiate')
    if (this.#held) this.#send('designate', 'standby', this.#offerId, BY_ORDER)
    if (this.#role !== 'active') return
    this.#spokeAtMs = nowMs
    this.#say(nowMs, 'connected')
    this.#pressConflict(nowMs)
    this.#relieveStalledHost(nowMs)
  }

  /** A step much later than the machine asked for: frames may be waiting unread for all that time. */
  #noticeOwnStall(nowMs: number): void {
    const lateMs = nowMs - Math.max(this.#dueMs, this.#lastStepMs)
    if (!(lateMs > Math.min(this.#settings.heartbeatMs, WATCH_MS_MAX) / 4)) return
    this.#receipts.postpone(lateMs)
    this.#activeHeardAtMs += lateMs
    if (this.#order !== null) this.#order.untilMs += lateMs
  }

  /** The peer may take over peerTimeout after it heard us last: having been silent for that long, ask first. */
  #noticeOwnSilence(nowMs: number): void {
    const silentMs = nowMs - this.#spokeAtMs
    if (this.#listening && silentMs >= this.#settings.peerTimeoutMs) this.#pause(nowMs, 'own-stall', silentMs)
  }

  /** The monotonic clock stood still meanwhile: answers to what was sent before the sleep are gone. */
  #onSuspended(nowMs: number, ms: number): void {
    this.#receipts.clear()
    this.#activeHeardAtMs = nowMs
    if (ms >= this.#freshForMs()) this.#pause(nowMs, 'suspended', ms)
  }

  #pause(nowMs: number, reason: ReasonCode, ms: number): void {
    if (this.#role !== 'active' || !this.#online) return
    const wasServing = this.#paused === null
    this.#paused = { sinceMs: nowMs, untilMs: nowMs + this.#settings.peerTimeoutMs }
    this.#spokeAtMs = nowMs
    this.#nextBeatMs = nowMs
    if (wasServing) this.#event('paused', reason, { ms })
  }

  /** Never while another Active is heard: the conflict ends first, in a bounded number of heartbeats. */
  #pauseEndsAtMs(): number {
    return this.#paused === null || this.#conflict !== null ? Infinity : this.#paused.untilMs
  }

  #judgePause(nowMs: number): void {
    if (nowMs >= this.#pauseEndsAtMs()) this.#resume('peer-silent')
  }

  #resume(reason: ReasonCode): void {
    this.#paused = null
    this.#event('resumed', reason, {})
  }

  #freshForMs(): number {
    return this.#settings.peerTimeoutMs - this.#settings.heartbeatMs
  }

  // --- Frames ---

  #onFrame(nowMs: number, frame: Frame): void {
    if (this.#ledger === null) return
    const receipt = frame.head === 'responsed' ? this.#receipts.answer(frame.id) : null
    this.#heard(nowMs, frame, receipt)
    if (frame.head !== 'responsed' || receipt !== null) this.#react(nowMs, frame)
    if (frame.head === 'connected' || frame.head === 'designate') this.#acknowledge(frame)
    this.#settleOrder(nowMs, frame)
  }

  #heard(nowMs: number, frame: Frame, receipt: Awaited | null): void {
    const roundTripMs = receipt === null ? (this.#peer?.roundTripMs ?? null) : nowMs - receipt.sentAtMs
    this.#peer = { role: frame.state, epoch: 0, priority: 0, link: 0, heardAtMs: nowMs, roundTripMs }
    this.#receipts.answerNegotiates()
    this.#setOnline(true, 'peer-heard')
    if (frame.state === 'active') {
      this.#activeHeardAtMs = nowMs
      this.#held = false
    } else {
      this.#conflict = null
    }
    if (receipt === null) return
    if (receipt.head === 'designate') {
      this.#event('designate', 'peer-heard', { to: 'peer', confirmed: frame.state, id: frame.id })
    }
    if (this.#paused !== null && receipt.sentAtMs >= this.#paused.sinceMs && frame.state !== 'active') {
      this.#resume('revalidated')
    }
  }

  #react(nowMs: number, frame: Frame): void {
    const reaction = REACTIONS[this.#role][frame.head][frame.state]
    if (frame.head === 'designate' && reaction !== 'note') {
      const role = frame.state === 'active' ? 'standby' : 'active'
      this.#event('designate', 'designated', { to: 'self', role, value: frame.value, id: frame.id })
    }
    switch (reaction) {
      case 'note':
        return
      case 'compare':
        return this.#compare(nowMs, frame.value)
      case 'follow':
        return this.#becomeStandby(nowMs, frame.head === 'designate' ? 'designated' : 'peer-active')
      case 'take':
        return this.#becomeActive(nowMs, 'designated')
      case 'succeed':
        return this.#succeed(nowMs)
      case 'designate':
        return this.#designateAgain(nowMs)
      case 'contest':
        return this.#contest(nowMs)
      case 'arbitrate':
        return this.#arbitrate(nowMs, frame.value)
      case 'defer':
        return this.#defer(nowMs, frame.value)
    }
  }

  #compare(nowMs: number, value: number): void {
    const token = this.#token
    const outcome = token > value ? 'larger' : token < value ? 'smaller' : 'equal'
    const negotiation = `${outcome} ${token} ${value}`
    if (negotiation !== this.#negotiation) {
      this.#event('negotiate', 'peer-heard', { outcome, token, peerToken: value })
      this.#negotiation = negotiation
    }
    if (outcome === 'larger') {
      this.#becomeActive(nowMs, 'negotiated')
      this.#designate(nowMs, token)
      return
    }
    if (outcome === 'equal') this.#token = this.#randomInt(TOKENS)
    this.#negotiateAgain(nowMs)
  }

  #succeed(nowMs: number): void {
    // By order this side is not to be Active: the peer, who knows no role yet, gets it instead.
    if (this.#order?.target === 'standby') return
    if (this.#held) {
      if (this.#mayAnswer()) this.#designate(nowMs, BY_ORDER)
      return
    }
    this.#becomeActive(nowMs, 'peer-restarted')
    this.#designate(nowMs, this.#token)
  }

  #designateAgain(nowMs: number): void {
    if (this.#mayAnswer()) this.#designate(nowMs, this.#token)
  }

  /** The sender's own role decides: an Active designates its peer Standby, anyone else designates it Active. */
  #designate(nowMs: number, value: number): number {
    if (this.#receipts.awaitedDesignate() === null) {
      const role = this.#role === 'active' ? 'standby' : 'active'
      this.#event('designate', value === BY_ORDER ? 'operator' : 'negotiated', { to: 'peer', role, value })
    }
    return this.#say(nowMs, 'designate', this.#role, value)
  }

  #negotiateAgain(nowMs: number): void {
    if (this.#mayAnswer()) this.#say(nowMs, 'negotiate')
  }

  #mayAnswer(): boolean {
    if (this.#answersLeft === 0) return false
    this.#answersLeft -= 1
    return true
  }

  #acknowledge(frame: Frame): void {
    this.#send('responsed', this.#role, frame.id, this.#token)
  }

  #say(nowMs: number, head: Head, state: Role = this.#role, value: number = this.#token): number {
    const id = this.#receipts.send(nowMs, head, value)
    this.#send(head, state, id, value)
    return id
  }

  #send(head: Head, state: Role, id: number, value: number): void {
    this.#out.push({ kind: 'send', link: 0, toSource: false, frame: { head, state, id, value, trailer: null } })
  }

  // --- Two Actives ---

  #openConflict(): Conflict {
    if (this.#conflict === null) {
      this.#conflict = { rounds: 0, heard: true, reasserted: false }
      this.#event('conflict', 'peer-active', { token: this.#token })
    }
    this.#conflict.heard = true
    return this.#conflict
  }

  #contest(nowMs: number): void {
    const isNew = this.#conflict === null
    this.#openConflict()
    if (isNew) this.#negotiateAgain(nowMs)
  }

  #arbitrate(nowMs: number, value: number): void {
    const conflict = this.#openConflict()
    if (this.#token > value) return this.#reassert(nowMs, conflict, this.#token)
    if (this.#token === value) this.#token = this.#randomInt(TOKENS)
    this.#negotiateAgain(nowMs)
  }

  #reassert(nowMs: number, conflict: Conflict, value: number): void {
    if (!conflict.reasserted) {
      conflict.reasserted = true
      this.#takeEpoch()
      this.#event('reasserted', 'larger-token', { epoch: this.#epoch, token: this.#token })
    }
    if (this.#mayAnswer()) this.#designate(nowMs, value)
  }

  #defer(nowMs: number, value: number): void {
    const mine = this.#receipts.awaitedDesignate()
    if (mine !== null && mine.value > value) return this.#reassert(nowMs, this.#openConflict(), mine.value)
    if (mine !== null && mine.value === value) {
      this.#openConflict()
      this.#token = this.#randomInt(TOKENS)
      return this.#negotiateAgain(nowMs)
    }
    if (value === BY_ORDER) return this.#becomeStandby(nowMs, 'designated')
    this.#openConflict()
    this.#yield(nowMs, 'larger-token')
  }

  #yield(nowMs: number, reason: ReasonCode): void {
    this.#event('yielded', reason, { epoch: this.#epoch, token: this.#token })
    this.#becomeStandby(nowMs, reason)
  }

  /** One round per heartbeat in which the peer was heard as Active. A peer that heeds nothing has its way. */
  #pressConflict(nowMs: number): void {
    const conflict = this.#conflict
    if (conflict === null) return
    if (!conflict.heard) {
      if (nowMs - (this.#peer?.heardAtMs ?? -Infinity) >= this.#settings.peerTimeoutMs) this.#conflict = null
      return
    }
    conflict.heard = false
    conflict.rounds += 1
    if (conflict.rounds > CONFLICT_ROUNDS) this.#yield(nowMs, 'peer-active')
    else if (conflict.rounds > NEGOTIATE_ROUNDS) this.#designate(nowMs, this.#token)
    else this.#say(nowMs, 'negotiate')
  }

  // --- Orders: the operator, and hung flows ---

  #onCommand(nowMs: number, id: number, designate: Designation, force: boolean): void {
    if (this.#ledger === null) return this.#refuse(id, 'stopped')
    if (this.#order !== null) return this.#refuse(id, 'busy')
    const target = designate === 'swap' ? (this.#role === 'active' ? 'standby' : 'active') : designate
    if (this.#role === target) {
      // Two Actives that hear each other settle that first: an operator's word is none of the peer's.
      if (force && this.#paused !== null && this.#conflict !== null) return this.#refuse(id, 'busy')
      if (force && this.#paused !== null) this.#resume('operator-forced')
      return this.#confirm(id)
    }
    if (!this.#online) return force ? this.#changeAlone(nowMs, id, target) : this.#refuse(id, 'peer-offline')
    this.#giveOrder(nowMs, { commandId: id, target, force, reason: 'operator' })
  }

  /** The peer is offline and the operator insists. Should it hear us all the same, it is told. */
  #changeAlone(nowMs: number, id: number, target: 'active' | 'standby'): void {
    if (target === 'active') this.#becomeActive(nowMs, 'operator-forced')
    else this.#becomeStandby(nowMs, 'operator-forced')
    const frameId = this.#listening ? this.#designate(nowMs, BY_ORDER) : 0
    if (target === 'standby') this.#holdDown(frameId)
    this.#confirm(id)
  }

  #holdDown(offerId: number): void {
    this.#held = true
    this.#offerId = offerId
  }

  /** Zero overlap: who gives the role up stops before it says so, who wants it waits for the other to have stopped. */
  #giveOrder(nowMs: number, order: Pick<Order, 'commandId' | 'target' | 'force' | 'reason'>): void {
    const hadRole = this.#role === 'active'
    const { target, reason } = order
    this.#event('handover', reason, { phase: 'asking', role: target })
    if (target === 'standby') this.#becomeStandby(nowMs, reason)
    const frameId = this.#say(nowMs, 'designate', target, BY_ORDER)
    const { receiptTimeoutMs, peerTimeoutMs, heartbeatMs } = this.#settings
    this.#order = { ...order, frameId, hadRole, untilMs: nowMs + Math.min(receiptTimeoutMs, peerTimeoutMs) }
    this.#nextBeatMs = nowMs + heartbeatMs
  }

  #sendOrder(order: Order): void {
    this.#send('designate', order.target, order.frameId, BY_ORDER)
  }

  /** Looks whether the order is fulfilled, by this frame or by a change of our own role. */
  #settleOrder(nowMs: number, frame: Frame | null): void {
    const order = this.#order
    if (order === null) return
    if (order.target === 'standby') {
      if (this.#role === 'active') this.#endOrder('refused')
      else if (frame?.state === 'active') this.#endOrder(null)
      return
    }
    const stoodDown = frame?.head === 'responsed' && frame.id === order.frameId && frame.state === 'standby'
    if (stoodDown && this.#role !== 'active') this.#becomeActive(nowMs, order.reason)
    if (this.#role === 'active') this.#endOrder(null)
  }

  #judgeOrder(nowMs: number): void {
    this.#settleOrder(nowMs, null)
    const order = this.#order
    if (order === null || nowMs < order.untilMs) return
    if (order.force) {
      this.#setOnline(false, 'receipts-lost')
      if (order.target === 'active') {
        this.#becomeActive(nowMs, 'operator-forced')
        if (this.#listening) this.#designate(nowMs, BY_ORDER)
      } else this.#holdDown(order.frameId)
      return this.#endOrder(null)
    }
    if (order.hadRole) this.#becomeActive(nowMs, 'handover-aborted')
    this.#endOrder('not-confirmed')
  }

  #endOrder(error: CommandError | null): void {
    const order = this.#order
    if (order === null) throw new Error('no order to end')
    this.#order = null
    if (error !== null) this.#event('handover', 'handover-aborted', { because: error })
    if (order.commandId === null) return
    if (error === null) this.#confirm(order.commandId)
    else this.#refuse(order.commandId, error)
  }

  #onHostStalled(nowMs: number, stalled: boolean): void {
    if (this.#ledger === null || stalled === this.#hostStalled) return
    this.#hostStalled = stalled
    this.#event('host-stalled', stalled ? 'host-stalled' : 'revalidated', { stalled })
    this.#relieveStalledHost(nowMs)
  }

  /** Not sooner than stallLimit after taking the role: two hung hosts must not toss it to each other. */
  #relieveStalledHost(nowMs: number): void {
    if (!this.#hostStalled || this.#role !== 'active' || !this.#online || !this.#listening) return
    if (this.#order !== null || nowMs < this.#nextReliefMs) return
    this.#giveOrder(nowMs, { commandId: null, target: 'standby', force: false, reason: 'host-stalled' })
  }

  // --- Leaving ---

  #onGoodbye(nowMs: number, reason: 'removed' | 'shutdown'): void {
    if (this.#order !== null) this.#endOrder('stopped')
    const handsOver = this.#role === 'active' && this.#online && this.#listening
    this.#leave(nowMs, reason)
    if (!handsOver) return
    const frameId = this.#say(nowMs, 'designate', 'standby', BY_ORDER)
    this.#farewell = { frameId, triesLeft: GOODBYE_TRIES - 1, nextMs: nowMs + this.#farewellGapMs() }
  }

  #farewellGapMs(): number {
    return Math.min(this.#settings.heartbeatMs, GOODBYE_GAP_MS_MAX)
  }

  #afterGoodbye(nowMs: number, input: Input): void {
    if (input.kind === 'command') return this.#refuse(input.id, 'stopped')
    if (input.kind === 'stored') return this.#onStored(nowMs, input.ticket, input.ok)
    const farewell = this.#farewell
    if (farewell === null) return
    const isAnswer = input.kind === 'frame' && input.frame.state === 'active'
    if (isAnswer) this.#farewell = null
    if (input.kind !== 'tick' || nowMs < farewell.nextMs) return
    if (farewell.triesLeft === 0) {
      this.#farewell = null
      return
    }
    farewell.triesLeft -= 1
    farewell.nextMs = nowMs + this.#farewellGapMs()
    this.#send('designate', 'standby', farewell.frameId, BY_ORDER)
  }

  // --- Words to the outside ---

  #setOnline(online: boolean, reason: ReasonCode): void {
    if (online === this.#online) return
    this.#online = online
    this.#event('online', reason, { online })
    this.#event('link', reason, { link: 0, up: online })
  }

  #event<N extends keyof MachineDetails>(event: N, reason: ReasonCode, detail: MachineDetails[N]): void {
    this.#out.push({ kind: 'event', ...machineEvent(event, reason, detail) })
  }

  #confirm(id: number): void {
    this.#out.push({ kind: 'reply', id, ok: true, role: this.#role })
  }

  #refuse(id: number, error: CommandError): void {
    this.#out.push({ kind: 'reply', id, ok: false, error, detail: '' })
  }
}
