/** A carrier in memory: two ends, a delay each way, in order, with cuts; what was under way may be lost with a cut. */
import assert from 'node:assert/strict'
import type { Carrier, CarrierLink, CarrierUser } from '../../../src/host/channel/carrier'
import type { Loop } from '../../../src/host/loop'

/** The users of one host. */
export class CableEnd implements Carrier {
  readonly users = new Map<string, CarrierUser>()
  readonly #cable: Cable

  constructor(cable: Cable) {
    this.#cable = cable
  }

  get open(): boolean {
    return this.#cable.up
  }

  attach(user: CarrierUser): () => void {
    const name = nameOf(user)
    assert.ok(!this.users.has(name), `${name} twice`)
    this.users.set(name, user)
    this.#cable.meet(name)
    return () => {
      this.#cable.part(name)
      this.users.delete(name)
    }
  }

  /** What a planned swap waits for. */
  flush(): void {
    for (const user of this.users.values()) user.flush()
  }
}

interface UnderWay {
  readonly link: Link
  readonly name: string
  readonly body: Uint8Array
  readonly sentMs: number
}

export class Cable {
  readonly clock: Loop
  readonly ends: readonly [CableEnd, CableEnd] = [new CableEnd(this), new CableEnd(this)]
  delayMs = 1
  /** After so many bytes that are under way a user has to wait. */
  bytesMax = Infinity
  up = true
  /** Every body that arrived, before it is taken in. */
  onArrival: (to: CableEnd, body: Uint8Array) => void = () => {}
  bodies = 0
  bytes = 0
  readonly #joined = new Set<string>()
  #underWay: UnderWay[] = []

  constructor(clock: Loop) {
    this.clock = clock
  }

  connect(): void {
    if (this.up) return
    this.up = true
    for (const name of this.ends[0].users.keys()) this.meet(name)
  }

  /** What was sent in the last `lostMs` does not arrive; what was sent before does, now. */
  cut(lostMs: number): void {
    if (!this.up) return
    this.arriveNow(lostMs)
    this.up = false
    for (const name of [...this.#joined]) this.part(name)
  }

  /** All that is under way, apart from what was sent in the last `butMs`. */
  arriveNow(butMs = 0): void {
    const untilMs = butMs === 0 ? Infinity : this.clock.nowMs() - butMs
    for (;;) {
      const next = this.#underWay[0]
      if (next === undefined || next.sentMs >= untilMs) return
      this.#arrive(next)
    }
  }

  meet(name: string): void {
    const [a, b] = this.ends.map(({ users }) => users.get(name))
    if (!this.up || a === undefined || b === undefined || this.#joined.has(name)) return
    this.#joined.add(name)
    a.joined(this.#link(this.ends[0], name), b.terms)
    b.joined(this.#link(this.ends[1], name), a.terms)
  }

  part(name: string): void {
    if (!this.#joined.delete(name)) return
    this.#underWay = this.#underWay.filter((each) => each.name !== name)
    for (const { users } of this.ends) users.get(name)?.parted()
  }

  send(link: Link, body: Uint8Array): void {
    assert.ok(this.#joined.has(link.name), 'sent to nobody')
    const underWay: UnderWay = { link, name: link.name, body, sentMs: this.clock.nowMs() }
    this.#underWay.push(underWay)
    this.clock.after(this.delayMs, () => this.#arrive(underWay))
  }

  #arrive(underWay: UnderWay): void {
    if (!this.#underWay.includes(underWay)) return
    this.#underWay = this.#underWay.filter((each) => each !== underWay)
    const { link, name, body } = underWay
    link.waitingBytes -= body.length
    this.bodies++
    this.bytes += body.length
    this.onArrival(link.to, body)
    link.to.users.get(name)?.received(body)
    if (!link.isFull || link.waitingBytes >= this.bytesMax) return
    link.isFull = false
    link.from.users.get(name)?.drained()
  }

  #link(from: CableEnd, name: string): CarrierLink {
    const [a, b] = this.ends
    return new Link(this, name, from, from === a ? b : a)
  }
}

class Link implements CarrierLink {
  readonly name: string
  readonly from: CableEnd
  readonly to: CableEnd
  waitingBytes = 0
  isFull = false
  readonly #cable: Cable

  constructor(cable: Cable, name: string, from: CableEnd, to: CableEnd) {
    this.#cable = cable
    this.name = name
    this.from = from
    this.to = to
  }

  send(body: Uint8Array): boolean {
    this.waitingBytes += body.length
    this.isFull ||= this.waitingBytes >= this.#cable.bytesMax
    this.#cable.send(this, body)
    return !this.isFull
  }
}

function nameOf({ kind, id }: CarrierUser): string {
  return `${kind} ${id}`
}
