/**
 * Those who observe a pair. Everybody gets everything once and in order. What happened while nobody observed (between
 * a node's close and its successor's start) is kept, bounded, and told late instead of never.
 */
import type { Role } from '../protocol/machine'
import type { PairEvent } from './events'
import type { PairEventMessage, PairObserver } from './pair'

/** Events kept for observers to come. */
const KEPT_MAX = 256

/** What somebody knows of the pair. */
interface Told {
  readonly seq: number
  readonly role: Role
  readonly online: boolean
}

interface Subscription {
  readonly observer: PairObserver
  /** Gets what all others get, but does not count as one: who comes late still gets what only this one had. */
  readonly witness: boolean
  seq: number
  role: Role
  online: boolean
}

export class Observers {
  readonly #onError: (error: unknown) => void
  #subscriptions: readonly Subscription[] = []
  /** The latest events, as far back as somebody may still have to be told. */
  readonly #kept: PairEventMessage[] = []
  #now: Told = { seq: 0, role: 'initial', online: false }
  /** What at least one observer was told. */
  #heard: Told = this.#now

  /** An observer that throws keeps nobody else from being told. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Number of the latest event. */
  get seq(): number {
    return this.#now.seq
  }

  /** How many observe, apart from witnesses. */
  get count(): number {
    return this.#subscriptions.reduce((count, { witness }) => count + (witness ? 0 : 1), 0)
  }

  get watchesFrames(): boolean {
    return this.#subscriptions.some((subscription) => subscription.observer.onFrame !== undefined)
  }

  /** Like `join`, for one that keeps a record and acts on nothing. */
  joinAsWitness(observer: PairObserver): () => void {
    return this.#take({ observer, witness: true, ...this.#now })
  }

  /** `late`: also tell what nobody was told yet. Returns the function that ends the observation. */
  join(observer: PairObserver, late: boolean): () => void {
    const told = late ? this.#heard : this.#now
    const subscription: Subscription = { observer, witness: false, ...told }
    const leave = this.#take(subscription)
    const behind = told.seq < this.#now.seq || told.role !== this.#now.role || told.online !== this.#now.online
    // Not from within `observe`: its caller is still being built.
    if (behind) setImmediate(() => this.#tell(subscription))
    return leave
  }

  #take(subscription: Subscription): () => void {
    this.#subscriptions = this.#subscriptions.concat(subscription)
    return () => {
      this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription)
    }
  }

  /** Numbers the events, for only here they are counted, and tells them with the state after them. */
  publish(events: readonly PairEvent[], role: Role, online: boolean): void {
    let { seq } = this.#now
    for (const event of events) this.#kept.push({ ...event, seq: ++seq })
    this.#kept.splice(0, this.#kept.length - KEPT_MAX)
    this.#now = { seq, role, online }
    for (const subscription of this.#subscriptions) this.#tell(subscription)
    this.#forget()
  }

  /** What everybody who is here has had, and at least one that counts, goes to nobody any more. */
  #forget(): void {
    let toldSeq = this.#heard.seq
    for (const subscription of this.#subscriptions) toldSeq = Math.min(toldSeq, subscription.seq)
    const stillToTell = this.#now.seq - toldSeq
    if (this.#kept.length > stillToTell) this.#kept.splice(0, this.#kept.length - stillToTell)
  }

  publishFrame(event: PairEventMessage): void {
    for (const { observer } of this.#subscriptions) this.#safely(() => observer.onFrame?.(event))
  }

  publishStatus(): void {
    for (const { observer } of this.#subscriptions) this.#safely(() => observer.onStatus?.())
  }

  #tell(subscription: Subscription): void {
    const { observer } = subscription
    const { role, online, seq } = this.#now
    const has = (): boolean => this.#subscriptions.includes(subscription)
    if (!has()) return
    const changed = { role: subscription.role !== role, online: subscription.online !== online }
    const events = this.#kept.slice(this.#kept.length - Math.min(this.#kept.length, seq - subscription.seq))
    subscription.role = role
    subscription.online = online
    subscription.seq = seq
    if (!subscription.witness) this.#heard = this.#now
    if (changed.role) this.#safely(() => observer.onRole?.(role))
    if (changed.online && has()) this.#safely(() => observer.onOnline?.(online))
    for (const event of events) if (has()) this.#safely(() => observer.onEvent?.(event))
  }

  #safely(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#onError(error)
    }
  }
}
