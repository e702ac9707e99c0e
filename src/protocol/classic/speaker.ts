/** What goes out on the classic wire, and what is awaited for it. Answers are bounded: a peer that answers every answer cannot make us flood. */
import type { EventReason, MachineDetails } from '../events'
import type { RandomInt, Role } from '../machine'
import type { Head } from '../wire/frame'
import { Receipts } from './receipts'

/** Tokens are 0..254, as `Random().Next(0, 255)` of the seed. */
const TOKENS = 255
/** `value` of a designation that is not a matter of tokens: an operator's, or a side that leaves. */
export const BY_ORDER = 255
/** Answers that are sent at once, per heartbeat. */
const ANSWERS_PER_HEARTBEAT = 8

/** The machine as its speaker sees it. */
export interface Speaking {
  /** Of this step; the only time that there is in it. */
  readonly nowMs: number
  readonly role: Role
  send(head: Head, state: Role, id: number, value: number): void
  event<N extends keyof MachineDetails>(event: N, reason: EventReason<N>, detail: MachineDetails[N]): void
}

export class Speaker {
  readonly receipts: Receipts
  readonly #randomInt: RandomInt
  #token = 0
  #answersLeft = ANSWERS_PER_HEARTBEAT

  constructor(receiptTimeoutMs: number, randomInt: RandomInt) {
    this.receipts = new Receipts(receiptTimeoutMs)
    this.#randomInt = randomInt
  }

  get token(): number {
    return this.#token
  }

  drawToken(): void {
    this.#token = this.#randomInt(TOKENS)
  }

  /** A heartbeat: answers may go out again. */
  beat(): void {
    this.#answersLeft = ANSWERS_PER_HEARTBEAT
  }

  mayAnswer(): boolean {
    if (this.#answersLeft === 0) return false
    this.#answersLeft -= 1
    return true
  }

  /** A frame whose answer is awaited; returns its id. */
  say(m: Speaking, head: Head, state: Role = m.role, value: number = this.#token): number {
    const id = this.receipts.send(m.nowMs, head, value)
    m.send(head, state, id, value)
    return id
  }

  /** The sender's own role decides: an Active designates its peer Standby, anyone else designates it Active. Returns the frame's id. */
  designate(m: Speaking, value: number): number {
    if (this.receipts.awaitedDesignate() === null) {
      const role = m.role === 'active' ? 'standby' : 'active'
      m.event('designate', value === BY_ORDER ? 'operator' : 'negotiated', { to: 'peer', role, value })
    }
    return this.say(m, 'designate', m.role, value)
  }

  negotiateAgain(m: Speaking): void {
    if (this.mayAnswer()) this.say(m, 'negotiate')
  }
}
