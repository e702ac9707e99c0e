/**
 * A copy as a part of a pair: it takes its mode from the pair's role, sends what is written while this side serves, takes in what the
 * peer sends while it follows, and says how it stands. One of the users of the channel.
 */
import type { CarrierLink, CarrierUser } from '../channel/carrier'
import { Acknowledgements } from './acknowledgements'
import { decodeBody, encodeBody, type Put } from './bodies'
import { Cleaning } from './cleaning'
import type { Copy, Entry } from './copy'
import { Later, type Loop } from '../loop'
import type { Position } from '../../protocol/position'
import { IN_STEP_MS_MAX } from '../../rules/in-step'
import type { Path } from './property-path'
import { Receiving } from './receiving'
import type { Holder, PairSeat, StoreData } from './seat'
import { Sending } from './sending'
import { StrayWrites } from './stray-writes'

export interface ReplicaOwner {
  readonly loop: Loop
  /** Something of the copy was changed. */
  changed(): void
  /** A copy that went on by itself was replaced; this is what it was. */
  replaced(before: ReadonlyMap<string, ReadonlyMap<string, Entry>>, position: Position): void
}

export interface ReplicaOptions {
  readonly name: string
  readonly terms: CarrierUser['terms']
  readonly maxBytes: number
  readonly ackTimeoutMs: number
}

type Link = CarrierLink

export class Replica implements CarrierUser, StoreData {
  readonly kind = 'store'
  readonly id: string
  readonly terms: CarrierUser['terms']
  readonly #seat: PairSeat
  readonly #copy: Copy
  readonly #owner: ReplicaOwner
  readonly #receiving: Receiving
  readonly #acks: Acknowledgements
  readonly #cleaning: Cleaning
  readonly #stray: StrayWrites
  readonly #leaves: readonly (() => void)[]
  #link: Link | null = null
  /** Where the peer's copy stands, as it said or as it was brought there; null = not known. If it is elsewhere, it says so when it is sent something. */
  #peerAt: Position | null = null
  #sending: Sending | null = null
  /** The number of the commit by which the peer's copy is known to be where `#sending` takes it to be. */
  #proofNumber = Infinity
  /** The copy is the peer's of some moment of this conversation. */
  #caughtUp = false
  #holder: Holder = { role: 'initial', epoch: 0 }
  #woken = false
  #paused = false
  #sentBytes = 0
  /** Commits that the peer has not taken in yet: the bytes that were sent until then, and the age of what is in them. */
  #onTheWay: { readonly bytes: number; readonly sinceMs: number }[] = []
  #unsentSinceMs: number | null = null
  #movedAtMs: number | null = null
  readonly #late: Later

  constructor(seat: PairSeat, copy: Copy, owner: ReplicaOwner, options: ReplicaOptions) {
    this.id = options.name
    this.terms = options.terms
    this.#seat = seat
    this.#copy = copy
    this.#owner = owner
    this.#receiving = new Receiving(copy, 4 * options.maxBytes + 16_777_216)
    this.#acks = new Acknowledgements(owner.loop, options.ackTimeoutMs)
    this.#cleaning = new Cleaning(copy, (body) => this.#say(encodeBody(body)))
    this.#stray = new StrayWrites(owner.loop, seat)
    this.#late = new Later(
      (run) => owner.loop.after(this.#untilLateMs, run),
      () => this.#report()
    )
    // Throws where there is one of this name already.
    const detach = seat.carrier?.attach(this) ?? ((): void => {})
    copy.wait()
    const watcher = { roleChanged: () => this.look(), barrierOver: (granted: boolean) => this.#barrierOver(granted) }
    this.#leaves = [seat.watch(watcher), detach]
    this.look()
    this.#report()
  }

  // --- StoreData, as it is at the moment ---

  get position(): Position {
    return this.#copy.position
  }

  get bytes(): number {
    return this.#copy.bytes
  }

  get keys(): number {
    return this.#copy.keyCount
  }

  get movedAtMs(): number | null {
    return this.#movedAtMs
  }

  get dropped(): number {
    return this.#stray.total
  }

  get unanswered(): number {
    return this.#acks.timeouts
  }

  get inStep(): boolean {
    const caughtUp = this.#copy.mode === 'standby' ? this.#hasCaughtUp : this.#peerProved
    return this.#link !== null && caughtUp && (this.behindMs ?? 0) < IN_STEP_MS_MAX
  }

  get behindMs(): number | null {
    if (this.#copy.mode === 'standby') return this.#hasCaughtUp ? 0 : null
    if (this.#sending === null || this.#link === null) return null
    const taken = takenOf(this.#link, this.#sentBytes)
    const sinceMs = this.#onTheWay.find(({ bytes }) => bytes > taken)?.sinceMs ?? this.#unsentSinceMs
    return sinceMs === null ? 0 : Math.max(0, this.#owner.loop.nowMs() - sinceMs)
  }

  /** Until it is, or for as long again. */
  get #untilLateMs(): number {
    const behindMs = this.behindMs ?? 0
    return behindMs < IN_STEP_MS_MAX ? IN_STEP_MS_MAX - behindMs : IN_STEP_MS_MAX
  }

  get #hasCaughtUp(): boolean {
    return this.#caughtUp && !this.#receiving.snapshotUnderWay
  }

  /** Where the peer was said to be may be long ago: it has answered to what goes on from there. */
  get #peerProved(): boolean {
    return this.#sending !== null && this.#acks.confirmed >= this.#proofNumber
  }

  /** Of what `flush` sent. */
  get peerHasAll(): boolean {
    if (this.#link === null || this.#copy.mode !== 'sealed') return true
    return this.#peerProved && this.#sending?.behind === false
  }

  /** What is still to be said is said before. */
  leave(): void {
    this.#sendAll()
    for (const leave of this.#leaves) leave()
    this.#acks.answerAll()
    this.#sending?.end()
    this.#sending = null
    this.#link = null
    this.#late.stop()
    this.#seat.report(this.id, null)
  }

  // --- Writing ---

  /** Brings the mode up to the role of this instant. */
  look(): void {
    const { role, epoch } = this.#seat.holder()
    if (role === this.#holder.role && epoch === this.#holder.epoch) return
    this.#holder = { role, epoch }
    if (role === 'active') this.#serve(epoch)
    else if (role === 'standby') {
      if (this.#copy.mode !== 'standby') this.#follow()
    } else this.#wait()
    this.#report()
  }

  #serve(epoch: number): void {
    this.#receiving.reset()
    this.#copy.promote(epoch)
    this.#owner.changed()
    if (this.#sending === null) this.#sendTo(this.#peerAt)
  }

  #follow(): void {
    // The peer may stay where it is while this side is without the role for a moment.
    this.#stop()
    const swapped = this.#copy.mode === 'sealed'
    const undone = this.#copy.demote()
    this.#stray.demoted(swapped ? undone : [], swapped)
    if (undone.length > 0) this.#owner.changed()
    this.#caughtUp = false
    this.#sayWhere()
  }

  #wait(): void {
    this.#sendAll()
    this.#stop()
    this.#copy.wait()
  }

  /** This side does not send any more. */
  #stop(): void {
    if (this.#sending === null) return
    this.#peerAt = this.#sending.base
    this.#sending.end()
    this.#sending = null
    this.#acks.answerAll()
  }

  /** What a turn writes is written under one role: half of it would be a state that no flow has made. */
  #lookFirst(): void {
    if (!this.#woken || !this.#copy.dirty) this.look()
  }

  set(scope: string, path: Path, value: unknown, done: (() => void) | null): void {
    this.#lookFirst()
    const written = this.#copy.set(scope, path, value)
    this.#written(written, scope, path.top)
    if (done === null) return
    const awaited = written === 'kept' && this.#sending !== null && this.inStep
    if (awaited) this.#acks.await(done)
    else done()
  }

  delete(scope: string): void {
    this.#lookFirst()
    this.#written(this.#copy.delete(scope), scope, '')
  }

  clean(known: readonly string[]): void {
    this.look()
    this.#cleaning.clean(known)
    this.#changedHere()
  }

  #written(written: ReturnType<Copy['set']>, scope: string, key: string): void {
    if (written === 'dropped') return this.#stray.count(scope, key)
    this.#changedHere()
  }

  #changedHere(): void {
    this.#owner.changed()
    if (this.#copy.mode !== 'active') return
    this.#unsentSinceMs ??= this.#owner.loop.nowMs()
    this.#wake()
  }

  // --- Sending ---

  #sendTo(position: Position | null): void {
    this.#sending?.end()
    this.#sending = null
    const { mode } = this.#copy
    if (this.#link === null || position === null || (mode !== 'active' && mode !== 'sealed')) return
    if (mode === 'active') this.#copy.cut()
    this.#sending = new Sending(this.#copy, position)
    this.#proofNumber = Infinity
    this.#unsentSinceMs ??= this.#owner.loop.nowMs()
    this.#wake()
  }

  #wake(): void {
    if (this.#woken) return
    this.#woken = true
    this.#owner.loop.nextTurn(() => {
      this.#woken = false
      this.#turn()
    })
  }

  #turn(): void {
    this.look()
    if (this.#copy.mode === 'active') this.#copy.cut()
    if (this.#sending?.overdue === true) this.#sendAll()
    else if (this.#sending !== null && !this.#paused) this.#sendPiece(this.#sending)
    if (this.#sending === null) this.#unsentSinceMs = null
    else if (this.#sending.behind && !this.#paused) this.#wake()
    this.#report()
  }

  #sendAll(): void {
    if (this.#copy.mode === 'active') this.#copy.cut()
    while (this.#sending?.behind === true && this.#link !== null) this.#sendPiece(this.#sending)
  }

  #sendPiece(sending: Sending): void {
    const first = sending.catchingUp ? this.#acks.ask() : null
    const piece = sending.next(this.#acks.next)
    if (piece === null) return
    this.#say(piece.body)
    if (!piece.committed) return
    if (first !== null) this.#proofNumber = first
    this.#acks.sent()
    const sinceMs = this.#unsentSinceMs ?? this.#owner.loop.nowMs()
    this.#onTheWay.push({ bytes: this.#sentBytes, sinceMs })
    this.#unsentSinceMs = null
    this.#movedAtMs = this.#owner.loop.nowMs()
  }

  #say(body: Buffer): void {
    if (this.#link === null) return
    this.#sentBytes += body.length + 1
    if (!this.#link.send(body)) this.#paused = true
  }

  /** What the peer has taken in is on its way no longer. */
  #forgetTaken(): void {
    if (this.#link === null) return
    const taken = takenOf(this.#link, this.#sentBytes)
    while (this.#onTheWay.length > 0 && (this.#onTheWay[0]?.bytes ?? 0) <= taken) this.#onTheWay.shift()
  }

  #report(): void {
    this.#forgetTaken()
    this.#seat.report(this.id, this)
    // Nothing else may happen while it waits for the channel.
    const waits = this.#sending !== null && (this.#onTheWay.length > 0 || this.#unsentSinceMs !== null)
    if (waits) this.#late.start()
    else this.#late.stop()
  }

  #sayWhere(): void {
    this.#say(encodeBody({ kind: 'at', position: this.#copy.position }))
  }

  // --- CarrierUser ---

  joined(link: Link, { maxBytes, maxKeyBytes }: CarrierUser['terms']): void {
    this.#link = link
    this.#copy.limitTo({
      ...(typeof maxBytes === 'number' ? { maxBytes } : {}),
      ...(typeof maxKeyBytes === 'number' ? { maxKeyBytes } : {})
    })
    this.#paused = false
    this.#sentBytes = 0
    this.#onTheWay = []
    this.#caughtUp = false
    this.#peerAt = null
    this.#sayWhere()
    this.#cleaning.joined()
    this.#report()
  }

  parted(): void {
    this.#link = null
    this.#peerAt = null
    this.#caughtUp = false
    this.#receiving.reset()
    this.#sending?.end()
    this.#sending = null
    this.#acks.answerAll()
    this.#report()
  }

  received(bytes: Uint8Array): void {
    this.look()
    const body = decodeBody(bytes)
    switch (body.kind) {
      case 'put':
        this.#take(body)
        return
      case 'at':
        this.#peerAt = body.position
        this.#sendTo(body.position)
        return
      case 'ok':
        this.#acks.answered(body.ack)
        this.#report()
        return
      case 'unknown':
      case 'unknown-too':
      case 'cleaned':
        this.#cleaning.heard(body)
        if (this.#copy.dirty) this.#changedHere()
        return
      default:
        body satisfies never
    }
  }

  #take(put: Put): void {
    // A peer that serves knows where its copy is, and what it said before is over.
    this.#peerAt = null
    if (this.#copy.mode !== 'standby') return
    const was = this.#copy.position
    const taken = this.#receiving.take(put)
    if (taken.kind === 'ask') this.#sayWhere()
    if (taken.kind === 'too-much') this.#seat.log(`context store ${this.id}: the peer has more than this side may hold`)
    if (taken.kind === 'replaced' && taken.before !== null && taken.before.size > 0) {
      this.#owner.replaced(taken.before, was)
    }
    if (taken.kind === 'applied' || taken.kind === 'replaced') {
      this.#caughtUp = true
      this.#movedAtMs = this.#owner.loop.nowMs()
      if (put.ack !== 0) this.#say(encodeBody({ kind: 'ok', ack: put.ack }))
      this.#owner.changed()
    }
    this.#report()
  }

  drained(): void {
    this.#paused = false
    this.#wake()
  }

  /** A swap is about to happen: what is written from now on counts only if it does not. */
  flush(): void {
    this.look()
    this.#sendAll()
    this.#copy.seal()
    this.#probe()
    this.#report()
  }

  /** Taken in is not had: a copy that is elsewhere takes in a change and asks for another one. */
  #probe(): void {
    if (this.#sending?.behind !== false || this.#copy.mode !== 'sealed') return
    this.#proofNumber = this.#acks.ask()
    this.#say(this.#sending.probe(this.#proofNumber))
    this.#acks.sent()
  }

  #barrierOver(granted: boolean): void {
    if (this.#copy.mode !== 'sealed') return
    if (granted) return this.#follow()
    this.#copy.promote(this.#copy.position.epoch)
    if (this.#sending === null) this.#sendTo(this.#peerAt)
    this.#changedHere()
  }
}

/** Of so many bytes that were sent. */
const takenOf = ({ waitingBytes }: Link, sentBytes: number): number => sentBytes - waitingBytes
