/**
 * What `ha-pair-sync` does, without Node-RED: what enters on the side that serves leaves on the other one. `latest` keeps the newest of each
 * topic, gives it to a peer that joins, and sends it out once more where the role is taken; `stream` lets each through once, at most.
 *
 *     serving:  input ─▶ kept (latest) or waiting (stream) ─▶ peer
 *     standby:  peer ──▶ kept (latest) ─▶ output; on taking the role: kept ─▶ output, once more
 *
 * Carrier, role, turns and the way out are passed in.
 */
import { messageOf } from '../../engine/error-code'
import type { Carrier, CarrierLink, CarrierUser } from '../channel/carrier'
import { Later, type Loop } from '../loop'
import { keyOf } from '../gate/resume/key'
import type { GateDecision } from '../pair'
import { decodeBody, encodeBody, messageIn, textOf, type Entry, type Kind, type Names } from './body'

export const MODES = ['latest', 'stream'] as const
export type Mode = (typeof MODES)[number]

/** Topics kept, and messages waiting. */
export const ENTRIES_MAX = 1000
/** All of them together. */
export const BYTES_MAX = 16_777_216

export interface SyncMessage {
  topic?: unknown
  pair?: unknown
}

export interface SyncParts<M extends SyncMessage> {
  readonly clock: Pick<Loop, 'nextTurn'>
  readonly names: Names
  decide(): GateDecision
  pairName(): string
  readonly send: (msg: M) => void
  /** Sending has failed. */
  failed(error: unknown): void
  /** The message cannot be carried. */
  unusable(detail: string): Error
  refresh(): void
  /** For the first time since the peer was there: the oldest was dropped. */
  warnOfOverflow(): void
}

/** What a node leaves to the one that a deploy builds after it. */
export interface SyncState {
  readonly mode: Mode
  readonly entries: readonly Entry[]
  readonly epoch: number | null
}

export class Sync<M extends SyncMessage> implements CarrierUser {
  readonly kind = 'sync'
  readonly id: string
  readonly terms: CarrierUser['terms']
  readonly #mode: Mode
  readonly #parts: SyncParts<M>
  /** Latest: by topic, the newest last. Stream: by name, those that wait. */
  readonly #entries = new Map<string, Entry>()
  /** Of these, what the peer has not got yet. */
  readonly #unsent = new Map<string, Kind>()
  /** To be sent out once more. */
  #replay: (readonly [key: string, entry: Entry])[] = []
  /** What comes before the flows have started; null = they have. */
  #early: { readonly kind: Kind; readonly entry: Entry }[] | null = []
  #bytes = 0
  #link: CarrierLink | null = null
  #full = false
  #warned = false
  #ignored = 0
  /** Of the latest time that this side served. */
  #epoch: number | null
  /** It has not served for a moment since. An Active may take a newer epoch and go on. */
  #paused = true
  readonly #nextTurn: Later
  #detach: () => void = () => {}

  constructor(id: string, mode: Mode, takenOver: SyncState | null, parts: SyncParts<M>) {
    this.id = id
    this.terms = { mode }
    this.#mode = mode
    this.#parts = parts
    this.#epoch = takenOver?.epoch ?? null
    this.#nextTurn = new Later((run) => parts.clock.nextTurn(run), this.#replayNext)
    if (takenOver?.mode !== mode) return
    for (const entry of takenOver.entries) {
      const key = this.#keep(entry)
      if (mode === 'stream') this.#unsent.set(key, 'new')
    }
  }

  attach(carrier: Carrier): void {
    this.#detach = carrier.attach(this)
  }

  /** Messages that came in on a side that does not serve. */
  get ignored(): number {
    return this.#ignored
  }

  /** Topics that are kept, or messages that wait. */
  get held(): number {
    return this.#entries.size
  }

  input(msg: M, done: (error?: Error) => void): void {
    if (!this.#decide().open) {
      if (this.#ignored++ === 0) this.#parts.refresh()
      return done()
    }
    let text: Uint8Array
    try {
      text = textOf(withoutPair(msg))
    } catch (error) {
      return done(this.#parts.unusable(messageOf(error)))
    }
    const topic = this.#mode === 'latest' ? keyOf(msg.topic) : ''
    if (topic === null) return done(this.#parts.unusable('topic'))
    const key = this.#keep({ id: this.#parts.names.next(), text }, topic)
    this.#unsent.set(key, 'new')
    this.#send()
    done()
  }

  /** This side is not Active any more, or was not for a moment. */
  roleLost(): void {
    this.#paused = true
  }

  /** The role or the state of the pair changed. */
  statusChanged(): void {
    this.#decide()
  }

  flowsStarted(): void {
    const early = this.#early ?? []
    this.#early = null
    for (const { kind, entry } of early) this.#leave(entry, kind === 'kept')
    this.#decide()
    if (this.#replay.length > 0) this.#nextTurn.start()
  }

  /** Returns what the node after a deploy goes on with; `removed`: there is none. */
  close(removed: boolean): SyncState | null {
    this.#nextTurn.stop()
    this.#link = null
    this.#detach()
    return removed ? null : { mode: this.#mode, entries: [...this.#entries.values()], epoch: this.#epoch }
  }

  // --- The peer's node ---

  joined(link: CarrierLink): void {
    this.#link = link
    this.#full = false
    this.#warned = false
    if (this.#decide().open) this.#giveAll()
  }

  parted(): void {
    this.#link = null
  }

  drained(): void {
    this.#full = false
    this.#warned = false
    if (this.#decide().open) this.#send()
  }

  /** Everything, whether the link is full or not: the amount is bounded, and a swap waits for it. */
  flush(): void {
    while (this.#link !== null && this.#unsent.size > 0) this.#sendNext(this.#link)
  }

  received(body: Uint8Array): void {
    const { kind, entry } = decodeBody(body)
    const msg = messageIn(entry.text)
    // Both serve, or the role has just come: what is here is newer.
    if (this.#decide().open) return
    // The other side serves: what waited here is of a time that is over.
    if (this.#mode === 'stream') this.#forgetAll()
    else {
      const topic = keyOf(msg['topic'])
      if (topic === null) throw new Error('no such topic')
      if (this.#entries.get(topic)?.id === entry.id) return
      this.#keep({ id: entry.id, text: Uint8Array.from(entry.text) }, topic)
    }
    if (this.#early === null) return this.#leave(entry, kind === 'kept')
    if (this.#early.push({ kind, entry }) > ENTRIES_MAX) this.#early.shift()
  }

  // --- Keeping and sending ---

  /** The decision of this instant; a role that has just come sends out once more what is kept. */
  #decide(): GateDecision {
    const decision = this.#parts.decide()
    const hasOpened = decision.open && decision.epoch !== this.#epoch && this.#paused
    if (decision.open) this.#epoch = decision.epoch
    this.#paused = !decision.open
    if (!hasOpened) return decision
    if (this.#mode === 'stream') {
      this.#forgetAll()
      return decision
    }
    this.#replay = [...this.#entries]
    if (this.#early === null && this.#replay.length > 0) this.#nextTurn.start()
    this.#giveAll()
    return decision
  }

  /** One in a turn, as long as this side serves. */
  readonly #replayNext = (): void => {
    const next = this.#parts.decide().open ? this.#replay.shift() : undefined
    if (next === undefined) return void (this.#replay = [])
    if (this.#replay.length > 0) this.#nextTurn.start()
    const [key, entry] = next
    // What has come since is newer.
    if (this.#entries.get(key) === entry) this.#leave(entry, true)
  }

  #leave({ text }: Entry, replay: boolean): void {
    const { epoch } = this.#parts.decide()
    const pair = { name: this.#parts.pairName(), epoch, synced: true, ...(replay ? { replay: true } : {}) }
    // What a flow does with a message is no fault of the connection over which it came.
    try {
      this.#parts.send({ ...messageIn(text), pair } as unknown as M)
    } catch (error) {
      this.#parts.failed(error)
    }
  }

  /** Returns what it is known by. */
  #keep(entry: Entry, topic?: string): string {
    const key = this.#mode === 'stream' ? entry.id : (topic ?? keyOf(messageIn(entry.text)['topic']) ?? '')
    this.#forget(key)
    this.#entries.set(key, entry)
    this.#bytes += entry.text.length
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= ENTRIES_MAX && this.#bytes <= BYTES_MAX) break
      if (oldest === key) break
      this.#forget(oldest)
      if (!this.#warned) this.#parts.warnOfOverflow()
      this.#warned = true
    }
    return key
  }

  #forget(key: string): void {
    this.#bytes -= this.#entries.get(key)?.text.length ?? 0
    this.#entries.delete(key)
    this.#unsent.delete(key)
  }

  #forgetAll(): void {
    this.#entries.clear()
    this.#unsent.clear()
    this.#bytes = 0
  }

  /** To a peer that has joined, or from a side that has just taken the role. */
  #giveAll(): void {
    if (this.#mode === 'latest') for (const key of this.#entries.keys()) this.#unsent.set(key, 'kept')
    this.#send()
  }

  #send(): void {
    while (this.#link !== null && !this.#full && this.#unsent.size > 0) this.#sendNext(this.#link)
  }

  #sendNext(link: CarrierLink): void {
    for (const [key, kind] of this.#unsent) {
      const entry = this.#entries.get(key)
      this.#unsent.delete(key)
      if (this.#mode === 'stream') this.#forget(key)
      if (entry !== undefined) this.#full = !link.send(encodeBody(kind, entry))
      return
    }
  }
}

/** What the pair says of a message is said again on the other side. */
function withoutPair(msg: SyncMessage): object {
  const copy = { ...msg }
  delete copy.pair
  return copy
}
