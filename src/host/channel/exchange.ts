/**
 * The exchange of one pair: it carries the bodies of users over the two connections of the channel, out on the one that the peer dialled,
 * in on the one that this side dialled. Either may be replaced at any time, so a conversation starts over with each: both sides say the
 * number of theirs and the one that they have heard, and what is said counts only while the peer has heard the number of now. A crash
 * takeover waits for nothing in here.
 */
import { randomInt } from 'node:crypto'
import type { Carrier, CarrierLink, CarrierUser } from './carrier'
import { TAG } from './frames'
import {
  decodeHere,
  decodeNumber,
  decodePart,
  decodeTaken,
  decodeUsers,
  encodeJson,
  encodeNumber,
  encodePart,
  encodeTaken,
  type UserNote,
  type UsersNote
} from './messages'
import { Inbox, Outbox, WAITING_BYTES_MAX } from './post'

/** What the peer has not taken in yet, of all users: it bounds what lies unread when this process dies, and what a small body waits for. */
const IN_FLIGHT_BYTES_MAX = 524_288
/** Numbers of conversations are never used twice, also not by the next process of this side. */
const FIRST_MAX = 2 ** 44

/** A connection that this side writes to. */
export interface Writer {
  /** What its reader understands of this; 0 = nothing. */
  readonly users: number
  readonly full: boolean
  onDrain: (() => void) | null
  send(tag: number, payload?: Uint8Array, more?: Uint8Array): boolean
}

/** A user of one side whose half on the other side has other terms, or is not there. */
export interface TermsDiffer {
  readonly user: string
  readonly here: string
  readonly peer: string
}

interface Joined {
  /** Of its half. */
  readonly number: number
  readonly outbox: Outbox
  readonly inbox: Inbox
}

/** A user of this side. */
interface Seat {
  readonly user: CarrierUser
  readonly number: number
  /** Set while its half is there. */
  joined: Joined | null
  leaving: boolean
}

interface Mark {
  /** What has to be written before it, and taken in by the same half. */
  readonly behind: readonly { readonly seat: Seat; readonly joined: Joined; readonly bytes: number }[]
  sent: boolean
  readonly done: (reached: boolean) => void
}

const nameOf = ({ kind, id }: Pick<UserNote, 'kind' | 'id'>): string => `${kind} ${id}`

export class Exchange implements Carrier {
  readonly #changed: () => void
  readonly #seats = new Map<string, Seat>()
  readonly #byNumber = new Map<number, Seat>()
  readonly #peers = new Map<string, UserNote>()
  readonly #marks = new Map<number, Mark>()
  readonly #receipts = new Set<Seat>()
  /** Those that have something to send, the next one first. */
  readonly #ready = new Set<Seat>()
  #inFlight = 0
  #out: Writer | null = null
  #in = false
  #own = randomInt(1, FIRST_MAX)
  #peer = 0
  #open = false
  #numbers = 0
  #pumping = false

  /** `changed`: whether it is open, or who uses it, or what differs. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  get open(): boolean {
    return this.#open
  }

  /** Whether something of this side uses it. */
  get used(): boolean {
    return this.#seats.size > 0
  }

  /** Whether what passed a gate before it shut may still be on its way to a user. */
  get awaitsFlows(): boolean {
    return [...this.#seats.values()].some(({ user }) => user.knowsAtOnce !== true)
  }

  /** Bytes that the peer has not taken in yet. */
  get waitingBytes(): number {
    let sum = 0
    for (const { joined } of this.#byNumber.values()) sum += joined?.outbox.waiting ?? 0
    return sum
  }

  /** Empty while nobody is there to compare with. */
  get differences(): readonly TermsDiffer[] {
    if (!this.#open) return []
    const names = new Set([...this.#seats.keys(), ...this.#peers.keys()])
    return [...names].flatMap((user) => {
      const here = termsText(this.#seats.get(user)?.user.terms)
      const peer = termsText(this.#peers.get(user)?.terms)
      return here === peer ? [] : [{ user, here, peer }]
    })
  }

  attach(user: CarrierUser): () => void {
    const name = nameOf(user)
    const old = this.#seats.get(name)
    if (old !== undefined && !old.leaving) throw new Error(`${name} is there already`)
    if (old !== undefined) this.#remove(old)
    const seat: Seat = { user, number: ++this.#numbers, joined: null, leaving: false }
    this.#seats.set(name, seat)
    this.#byNumber.set(seat.number, seat)
    if (this.#open) this.#out?.send(TAG.here, encodeJson(noteOf(seat)))
    else this.#sayUsers()
    this.#join(seat)
    this.#changed()
    return () => this.#detach(seat)
  }

  /** What it has sent already is sent to its end. */
  #detach(seat: Seat): void {
    if (seat.leaving) return
    seat.leaving = true
    if (seat.joined === null || seat.joined.outbox.empty) this.#remove(seat)
  }

  #remove(seat: Seat): void {
    const name = nameOf(seat.user)
    if (!this.#byNumber.delete(seat.number)) return
    if (this.#seats.get(name) === seat) this.#seats.delete(name)
    seat.leaving = true
    this.#forget(seat)
    if (this.#open) this.#out?.send(TAG.gone, encodeNumber(seat.number))
    else this.#sayUsers()
    this.#changed()
  }

  /** All users say what they have still to say. */
  flush(): void {
    for (const { user, joined, leaving } of this.#seats.values()) if (joined !== null && !leaving) user.flush()
  }

  /** Whether the other halves of all users have what was flushed; to be asked when it has been taken in. */
  get peerHasAll(): boolean {
    return [...this.#seats.values()].every(({ user, joined }) => joined === null || user.peerHasAll !== false)
  }

  /**
   * `done` hears whether the peer has taken in all that was sent before; false = the conversation ended first, or that of one user.
   * Returns what calls it off.
   */
  mark(done: (reached: boolean) => void): () => void {
    if (!this.#open) {
      done(false)
      return () => {}
    }
    const id = ++this.#numbers
    const behind = [...this.#seats.values()].flatMap((seat) => {
      const { joined } = seat
      return joined === null ? [] : [{ seat, joined, bytes: joined.outbox.queued }]
    })
    this.#marks.set(id, { behind, sent: false, done })
    this.#pump()
    return () => void this.#marks.delete(id)
  }

  // --- The two connections ---

  writesTo(out: Writer | null): void {
    if (this.#out !== null) this.#out.onDrain = null
    this.#out = out
    if (out !== null) out.onDrain = () => this.#pump()
    this.#begin()
  }

  /** There is another connection to read from, or none. */
  readsAnew(there: boolean): void {
    this.#in = there
    this.#begin()
  }

  #begin(): void {
    this.#own++
    this.#peer = 0
    this.#close()
    this.#sayUsers()
  }

  /** Nothing is said where nobody has something to carry. */
  #sayUsers(): void {
    if (this.#out === null || this.#out.users === 0 || !this.#in) return
    if (this.#peer === 0 && !this.used) return
    const users = [...this.#seats.values()].map(noteOf)
    this.#out.send(TAG.users, encodeJson({ own: this.#own, seen: this.#peer, users }))
  }

  #close(): void {
    const was = this.#open
    this.#open = false
    this.#peers.clear()
    for (const seat of [...this.#byNumber.values()]) {
      if (seat.leaving) this.#remove(seat)
      else this.#part(seat)
    }
    for (const { done } of this.#marks.values()) done(false)
    this.#marks.clear()
    if (was) this.#changed()
  }

  #join(seat: Seat): void {
    const peer = this.#peers.get(nameOf(seat.user))
    if (!this.#open || peer === undefined || seat.leaving || seat.joined !== null) return
    const [outbox, inbox] = [new Outbox(), new Inbox()]
    const joined = { number: peer.number, outbox, inbox }
    seat.joined = joined
    const link: CarrierLink = {
      send: (body) => {
        // Of a half that has left: nobody would read it.
        if (seat.joined !== joined || seat.leaving) return false
        if (outbox.waiting > WAITING_BYTES_MAX) {
          this.#begin()
          return false
        }
        const more = outbox.add(body)
        this.#ready.add(seat)
        this.#pump()
        return more
      },
      get waitingBytes() {
        return outbox.waiting
      }
    }
    seat.user.joined(link, peer.terms)
  }

  #part(seat: Seat): void {
    if (this.#forget(seat)) seat.user.parted()
  }

  /** Whether its half was there. */
  #forget(seat: Seat): boolean {
    if (seat.joined === null) return false
    this.#inFlight -= seat.joined.outbox.inFlight
    this.#ready.delete(seat)
    this.#receipts.delete(seat)
    seat.joined = null
    return true
  }

  // --- What comes in ---

  /** False: this tag means nothing here. Throws on damaged bytes, and with a user that throws. */
  frame(tag: number, payload: Buffer): boolean {
    switch (tag) {
      case TAG.users:
        this.#onUsers(decodeUsers(payload))
        return true
      case TAG.here:
        this.#onHere(decodeHere(payload))
        return true
      case TAG.gone:
        this.#onGone(decodeNumber(payload))
        return true
      case TAG.part:
        this.#onPart(decodePart(payload))
        return true
      case TAG.taken:
        this.#onTaken(decodeTaken(payload))
        return true
      case TAG.mark:
        this.#onMark(decodeNumber(payload))
        return true
      case TAG.marked:
        this.#onMarked(decodeNumber(payload))
        return true
      default:
        return false
    }
  }

  #onUsers({ own, seen, users }: UsersNote): void {
    if (own !== this.#peer) {
      this.#close()
      this.#peer = own
      this.#sayUsers()
    }
    if (seen !== this.#own) return
    if (this.#open) return this.#compare(users)
    this.#open = true
    for (const note of users) this.#peers.set(nameOf(note), note)
    for (const seat of [...this.#seats.values()]) this.#join(seat)
    this.#changed()
  }

  /** The peer did not know yet that this side hears it, and had users that came and went. */
  #compare(users: readonly UserNote[]): void {
    const numbers = new Set(users.map(({ number }) => number))
    for (const { number } of [...this.#peers.values()]) if (!numbers.has(number)) this.#onGone(number)
    for (const note of users) if (this.#peers.get(nameOf(note))?.number !== note.number) this.#onHere(note)
  }

  #onHere(note: UserNote): void {
    if (!this.#open) return
    const name = nameOf(note)
    const seat = this.#seats.get(name)
    if (seat !== undefined) this.#part(seat)
    this.#peers.set(name, note)
    if (seat !== undefined) this.#join(seat)
    this.#changed()
  }

  #onGone(number: number): void {
    const note = [...this.#peers.values()].find((one) => one.number === number)
    if (!this.#open || note === undefined) return
    const seat = this.#seats.get(nameOf(note))
    this.#peers.delete(nameOf(note))
    if (seat !== undefined) this.#part(seat)
    this.#changed()
  }

  #onPart({ number, last, body }: ReturnType<typeof decodePart>): void {
    const seat = this.#byNumber.get(number)
    // For a user that has left, or from a conversation that is over.
    if (!this.#open || seat === undefined || seat.joined === null) return
    const whole = seat.joined.inbox.add(body, last)
    if (this.#receipts.size === 0) queueMicrotask(() => this.#sendReceipts())
    this.#receipts.add(seat)
    if (whole !== null && !seat.leaving) seat.user.received(whole)
  }

  /** One for all that came at once. */
  #sendReceipts(): void {
    for (const { joined } of this.#receipts) {
      if (joined !== null) this.#out?.send(TAG.taken, encodeTaken(joined.number, joined.inbox.taken))
    }
    this.#receipts.clear()
  }

  #onTaken({ number, bytes }: ReturnType<typeof decodeTaken>): void {
    if (!this.#open) return
    // Its sender may have left, and be there again under another number.
    const seat = this.#byNumber.get(number)
    const outbox = seat?.joined?.outbox
    if (seat === undefined || outbox === undefined) return
    const before = outbox.inFlight
    const goOn = outbox.take(bytes)
    this.#inFlight -= before - outbox.inFlight
    if (goOn && !seat.leaving) seat.user.drained()
    this.#pump()
  }

  /** All that came before has been taken in when this is read. */
  #onMark(id: number): void {
    if (!this.#open) return
    this.#sendReceipts()
    this.#out?.send(TAG.marked, encodeNumber(id))
  }

  #onMarked(id: number): void {
    const mark = this.#marks.get(id)
    if (!this.#open || mark === undefined) return
    this.#marks.delete(id)
    // A half that was new at the peer has not got what was meant for the one before.
    mark.done(mark.behind.every(({ seat, joined, bytes }) => seat.joined === joined && joined.outbox.taken >= bytes))
  }

  // --- What goes out ---

  /** A part of each user in turn, while there is room. */
  #pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      for (const seat of this.#ready) if (!this.#sendPartOf(seat)) break
    } finally {
      this.#pumping = false
    }
    if (this.#marks.size > 0) this.#sendMarks()
  }

  /** False: there is no room. Whose part was sent and has more goes to the end of the line, which the caller's loop still reaches. */
  #sendPartOf(seat: Seat): boolean {
    if (this.#out === null || this.#out.full || this.#inFlight >= IN_FLIGHT_BYTES_MAX) return false
    this.#ready.delete(seat)
    const { joined } = seat
    const before = joined?.outbox.inFlight ?? 0
    const part = joined?.outbox.next() ?? null
    if (joined === null || part === null) return true
    this.#inFlight += joined.outbox.inFlight - before
    this.#out.send(TAG.part, encodePart(joined.number, part.last), part.bytes)
    if (!joined.outbox.empty) this.#ready.add(seat)
    else if (seat.leaving) this.#remove(seat)
    return true
  }

  #sendMarks(): void {
    for (const [id, mark] of this.#marks) {
      const reached = mark.behind.every(
        ({ seat, joined, bytes }) => seat.joined !== joined || joined.outbox.written >= bytes
      )
      if (mark.sent || !reached) continue
      mark.sent = true
      this.#out?.send(TAG.mark, encodeNumber(id))
    }
  }
}

function noteOf({ number, user: { kind, id, terms } }: Seat): UserNote {
  return { number, kind, id, terms }
}

/** For people, and to compare by; '' = not there. */
function termsText(terms: UserNote['terms'] | undefined): string {
  if (terms === undefined) return ''
  const pairs = Object.entries(terms).map(([key, value]) => `${key} ${value}`)
  return pairs.length === 0 ? 'there' : pairs.toSorted().join(', ')
}

/** Of a pair without a channel: its users wait for nobody. */
export class NoCarrier implements Carrier {
  readonly open = false

  attach(): () => void {
    return () => {}
  }
}
