/**
 * The classic wire: the pair machine of the 2015 program, five bytes per frame, able to talk to a 2015 peer. Only `#enter` sets a role.
 *
 *                                     +---------+
 *            no answer: more than     | INITIAL |    hears an Active,
 *            lossLimit frames lost,   +---------+    or is designated Standby
 *            larger token,              |     |
 *            or designated Active       |     |
 *                +----------------------+     +----------------------+
 *                v                                                   v
 *           +--------+   designated Standby by the peer         +---------+
 *           |        |   two Actives: the smaller token         |         |
 *           |        |   operator, hung flows, goodbye          |         |
 *           | ACTIVE |----------------------------------------->| STANDBY |
 *           |        |                                          |         |
 *           |        |<-----------------------------------------|         |
 *           +--------+   designated Active by the peer          +---------+
 *                        no Active heard for peerTimeout
 *                        hears an Initial: its Active restarted
 *                        operator, once the Active has stood down
 *
 * Who sends what: Initial a Negotiate and Active a Connected every heartbeat, Standby nothing of its own accord.
 * Connected and Designate are answered by a Responsed with the same id and the role held after the frame was
 * processed. `value` is the sender's token; 255 marks an operator's designation, which no token outweighs.
 *
 * Deadlines are judged at ticks only, frames only bring news: so the driver of the machine reads its socket first.
 * What a frame means is a table, `reactions.ts`; what lasts as long as a role is in `term.ts`, what an operator ordered in `orders.ts`.
 * Rules: docs/reference/PROTOCOL.md, 'Classic wire'. Origin: the 2015 design in the seed.
 */
import { machineEvent, type EventReason, type MachineDetails } from '../events'
import type { ReasonCode } from '../reasons'
import type { Head } from '../wire/frame'
import { EpochAllocator } from '../epoch-allocator'
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
} from '../machine'
import type { PairRecord } from '../record'
import type { PairSettings } from '../settings'
import { Farewell } from './farewell'
import { hear, type Hearer } from './hearing'
import { Orders } from './orders'
import { Speaker } from './speaker'
import { Term } from './term'

/** Nothing about settings or flows travels on this wire. */
const NO_DIFFERENCES: readonly Difference[] = []

/** The machine wants to be called at least this often, to notice that it was not. */
const WATCH_MS_MAX = 250

export class ClassicMachine implements PairMachine, Hearer {
  readonly settings: PairSettings
  readonly #randomInt: RandomInt
  readonly speaker: Speaker
  readonly orders = new Orders()
  #epochs: EpochAllocator | null = null

  role: Role = 'initial'
  #previousRole: Role = 'initial'
  #reason: ReasonCode = 'starting'
  #sinceMs = 0
  term = new Term()
  epoch = 0

  listening = false
  online = false
  peer: PeerView | null = null
  /** The peer was last heard as Active, or this side became Standby; moved by own stalls. */
  #activeHeardAtMs = 0
  #nextBeatMs = Infinity
  /** As an Active: its latest Connected. */
  #spokeAtMs = 0
  #left = false
  #farewell: Farewell | null = null

  nowMs = -Infinity
  #dueMs = Infinity
  #out: Output[] = []

  constructor(settings: PairSettings, randomInt: RandomInt) {
    this.settings = settings
    this.#randomInt = randomInt
    this.speaker = new Speaker(settings.receiptTimeoutMs, randomInt)
  }

  step(nowMs: number, input: Input): readonly Output[] {
    this.#out = []
    const lateMs = nowMs - Math.max(this.#dueMs, this.nowMs)
    this.nowMs = nowMs
    if (this.#epochs !== null && !this.#left) {
      this.#noticeOwnStall(lateMs)
      this.#noticeOwnSilence()
    }
    if (this.#left) this.#afterGoodbye(input)
    else this.#handle(input)
    this.#flushLedger()
    this.#dueMs = this.deadlineMs()
    const out = this.#out
    this.#out = []
    return out
  }

  deadlineMs(): number {
    if (this.#epochs === null) return Infinity
    if (this.#left) return this.#farewell?.nextMs ?? Infinity
    return Math.min(
      this.nowMs + Math.min(this.settings.heartbeatMs, WATCH_MS_MAX),
      this.#nextBeatMs,
      this.speaker.receipts.nextExpiryMs(),
      this.#peerLostAtMs,
      this.orders.untilMs,
      this.term.pauseEndsAtMs,
      this.#epochs.retryAtMs
    )
  }

  view(): MachineView {
    return {
      role: this.role,
      previousRole: this.#previousRole,
      reason: this.#reason,
      sinceMs: this.#sinceMs,
      epoch: this.epoch,
      online: this.online,
      serving: this.role === 'active' && !this.term.isPaused,
      leaseUntilMs: Infinity,
      freshForMs: this.#freshForMs,
      authenticated: false,
      linksUp: [this.listening && this.online],
      peer: this.peer,
      differences: NO_DIFFERENCES,
      conflict: false,
      session: 0n,
      peerSession: 0n,
      proof: 'off',
      asking: false,
      aloneBar: null,
      witness: null
    }
  }

  #handle(input: Input): void {
    switch (input.kind) {
      case 'start':
        return this.#onStart(input.record)
      case 'tick':
        return this.#onTick()
      case 'frame':
        if (this.#epochs !== null) hear(this, input.frame)
        return
      case 'link':
        return this.#onLink(input.open)
      case 'stored':
        return this.#onStored(input.ticket, input.ok)
      case 'command':
        return this.#onCommand(input.id, input.designate, input.force)
      case 'hostStalled':
        if (this.#epochs !== null) this.orders.onHostStalled(this, input.stalled)
        return
      case 'suspended':
        return this.#onSuspended(input.ms)
      case 'goodbye':
        return this.#onGoodbye(input.reason)
      // Nothing on this wire tells the peer of them, and a 2015 peer knows no crash but silence.
      case 'unsent':
      case 'tether':
      case 'tetherEnded':
      case 'redialled':
      case 'foreignRecord':
      case 'fitness':
      case 'flows':
      case 'data':
      case 'barrierDone':
      case 'witness':
        return
    }
  }

  // --- Roles ---

  /** The only place that sets a role. */
  #enter(role: Role, reason: EventReason<'role'>): void {
    if (role === this.role) throw new Error(`already ${role}`)
    this.#previousRole = this.role
    this.role = role
    this.#reason = reason
    this.#sinceMs = this.nowMs
    this.term = new Term()
    this.speaker.receipts.clear()
    this.beatAt(this.nowMs)
    this.event('role', reason, { role, previousRole: this.#previousRole, epoch: this.epoch })
  }

  becomeActive(reason: EventReason<'role'>): void {
    this.takeEpoch()
    this.#enter('active', reason)
    this.#spokeAtMs = this.nowMs
    this.orders.becameActive(this)
  }

  becomeStandby(reason: EventReason<'role'>): void {
    this.#enter('standby', reason)
    this.#activeHeardAtMs = this.nowMs
  }

  /** This wire carries no epoch: the number counts what this side itself took, reserved ahead of its use. */
  takeEpoch(): void {
    if (this.#epochs === null) throw new Error('an epoch before the start')
    this.epoch = this.#epochs.nextOwn()
    this.#epochs.use(this.epoch)
  }

  // --- Start, store, links ---

  #onStart(record: PairRecord | null): void {
    const freshId = record === null ? (BigInt(this.#randomInt(2 ** 32)) << 32n) | BigInt(this.#randomInt(2 ** 32)) : 0n
    this.#epochs = new EpochAllocator(record, freshId)
    this.epoch = this.#epochs.floor
    this.speaker.drawToken()
    this.#sinceMs = this.nowMs
    this.beatAt(this.nowMs)
    this.event('started', 'starting', { epoch: this.epoch })
    if (record === null) this.event('store', 'store-new', {})
    this.#beat()
  }

  #flushLedger(): void {
    const write = this.#epochs?.flush(this.nowMs) ?? null
    if (write !== null) this.#out.push({ kind: 'store', ticket: write.ticket, record: write.record })
  }

  #onStored(ticket: number, ok: boolean): void {
    const news = this.#epochs?.confirm(this.nowMs, ticket, ok) ?? null
    if (news !== null) this.event('store', news === 'failed' ? 'store-failed' : 'revalidated', {})
  }

  /** Without a socket this side is deaf and mute: silence then says nothing about the peer. */
  #onLink(open: boolean): void {
    if (open === this.listening) return
    this.listening = open
    this.speaker.receipts.clear()
    if (open) {
      this.#spokeAtMs = this.nowMs
      this.#activeHeardAtMs = this.nowMs
      this.beatAt(this.nowMs)
      this.#beat()
    } else {
      this.term.endConflict()
      this.setOnline(false, 'link-failed')
    }
  }

  // --- Time ---

  #onTick(): void {
    if (this.#epochs === null) return
    this.#judgeLosses()
    this.#judgePeer()
    this.orders.judge(this)
    if (this.nowMs >= this.term.pauseEndsAtMs) this.term.resume(this, 'peer-silent')
    this.#beat()
  }

  #judgeLosses(): void {
    const lost = this.speaker.receipts.expire(this.nowMs)
    const lostInARow = this.speaker.receipts.lostInARow
    const isOver = lostInARow > this.settings.lossLimit
    // An Active whose peer is known to be gone has nothing new to report with every heartbeat.
    if (lost > 0 && (this.role !== 'active' || this.online)) {
      this.event('loss', isOver ? 'receipts-lost' : 'peer-silent', { lost, lostInARow })
    }
    if (!isOver) return
    this.speaker.receipts.resetCount()
    if (this.role === 'standby') return
    this.setOnline(false, 'receipts-lost')
    if (this.role === 'initial') this.becomeActive('cannot-negotiate')
  }

  /** When a Standby that hears no Active declares it lost. An order that is under way has a deadline of its own. */
  get #peerLostAtMs(): number {
    const waits = this.role === 'standby' && this.listening && !this.orders.givesUpRole
    if (!waits || (this.orders.isHeld && !this.online)) return Infinity
    return this.#activeHeardAtMs + this.settings.peerTimeoutMs
  }

  #judgePeer(): void {
    if (this.nowMs < this.#peerLostAtMs) return
    this.setOnline(false, 'lost-connection')
    if (this.orders.isHeld) return
    this.becomeActive('lost-connection')
  }

  #beat(): void {
    if (this.nowMs < this.#nextBeatMs) return
    const { heartbeatMs } = this.settings
    // In step with the clock as long as no whole beat was missed; never a burst to catch up.
    const isInStep = this.nowMs - this.#nextBeatMs < heartbeatMs
    this.beatAt(isInStep ? this.#nextBeatMs + heartbeatMs : this.nowMs + heartbeatMs)
    this.speaker.beat()
    if (!this.listening || this.#epochs === null) return
    this.orders.sayAgain(this)
    if (this.role === 'initial') this.speaker.say(this, 'negotiate')
    this.orders.offerRole(this)
    if (this.role !== 'active') return
    this.#spokeAtMs = this.nowMs
    this.speaker.say(this, 'connected')
    this.term.pressConflict(this)
    this.orders.relieveStalledHost(this)
  }

  beatAt(atMs: number): void {
    this.#nextBeatMs = atMs
  }

  /** A step much later than the machine asked for: frames may be waiting unread for all that time. */
  #noticeOwnStall(lateMs: number): void {
    if (!(lateMs > Math.min(this.settings.heartbeatMs, WATCH_MS_MAX) / 4)) return
    this.speaker.receipts.postpone(lateMs)
    this.#activeHeardAtMs += lateMs
    this.orders.postpone(lateMs)
  }

  /** The peer may take over peerTimeout after it heard us last: having been silent for that long, ask first. */
  #noticeOwnSilence(): void {
    const silentMs = this.nowMs - this.#spokeAtMs
    if (this.listening && silentMs >= this.settings.peerTimeoutMs) this.#pause('own-stall', silentMs)
  }

  /** The monotonic clock stood still meanwhile: answers to what was sent before the sleep are gone. */
  #onSuspended(ms: number): void {
    this.speaker.receipts.clear()
    this.#activeHeardAtMs = this.nowMs
    if (ms >= this.#freshForMs) this.#pause('suspended', ms)
  }

  #pause(reason: EventReason<'paused'>, ms: number): void {
    if (this.role !== 'active' || !this.online) return
    this.#spokeAtMs = this.nowMs
    this.term.pause(this, reason, ms)
  }

  get #freshForMs(): number {
    return this.settings.peerTimeoutMs - this.settings.heartbeatMs
  }

  // --- Frames ---

  activeHeard(): void {
    this.#activeHeardAtMs = this.nowMs
    this.orders.heardActive()
  }

  send(head: Head, state: Role, id: number, value: number): void {
    this.#out.push({ kind: 'send', link: 0, toSource: false, frame: { head, state, id, value, trailer: null } })
  }

  // --- Operators ---

  #onCommand(id: number, designate: Designation, force: boolean): void {
    if (this.#epochs === null) return this.refuse(id, 'stopped')
    if (this.orders.isOpen) return this.refuse(id, 'busy')
    const target = designate === 'swap' ? (this.role === 'active' ? 'standby' : 'active') : designate
    if (this.role !== target) return this.orders.change(this, id, target, force)
    if (force && this.term.isPaused) {
      // Two Actives that hear each other settle that first: an operator's word is none of the peer's.
      if (this.term.inConflict) return this.refuse(id, 'busy')
      this.term.resume(this, 'operator-forced')
    }
    this.confirm(id)
  }

  // --- Leaving ---

  #onGoodbye(reason: 'removed' | 'shutdown'): void {
    if (this.orders.isOpen) this.orders.end(this, 'stopped')
    const handsOver = this.role === 'active' && this.online && this.listening
    if (this.role !== 'initial') this.#enter('initial', reason)
    this.#left = true
    this.event('stopped', reason, {})
    if (handsOver) this.#farewell = new Farewell(this)
  }

  #afterGoodbye(input: Input): void {
    if (input.kind === 'command') return this.refuse(input.id, 'stopped')
    if (input.kind === 'stored') return this.#onStored(input.ticket, input.ok)
    this.#farewell?.goOn(this, input)
  }

  // --- Words to the outside ---

  setOnline(online: boolean, reason: EventReason<'online'> & EventReason<'link'>): void {
    if (online === this.online) return
    this.online = online
    this.event('online', reason, { online })
    this.event('link', reason, { link: 0, up: online })
  }

  event<N extends keyof MachineDetails>(event: N, reason: EventReason<N>, detail: MachineDetails[N]): void {
    this.#out.push({ kind: 'event', ...machineEvent(event, reason, detail) })
  }

  confirm(id: number): void {
    this.#out.push({ kind: 'reply', id, ok: true, role: this.role })
  }

  refuse(id: number, error: CommandError): void {
    this.#out.push({ kind: 'reply', id, ok: false, error, detail: '' })
  }
}
