/**
 * The plant's book of work items: what was offered, who did it, what was missed, what was done twice. Pure: time comes in.
 *
 * Why an item is never done twice, although both sides get it. An item is offered for one epoch. A side whose gate is
 * open does it only if that is the epoch it holds, else it refuses and tells its own. One epoch has one holder, so one
 * offer is done at most once. It is offered again only when nobody can do the old offer any more: both sides have
 * refused it, or a newer epoch is known and the side that owes an answer has been silent for `silenceMs` since, which
 * leaves it dead, or stopped with its gate shut by the time it wakes up.
 *
 * Nothing is filtered: every execution that arrives is counted, late ones too. An item done by two gates shows as twice.
 */
export const SIDES = ['A', 'B'] as const
export type SideName = (typeof SIDES)[number]

/** What goes to both sides, for every offer. */
export interface Offer {
  /** Runs over all offers; an answer names the offer that it answers. */
  readonly offer: number
  /** The work item. */
  readonly item: number
  /** The epoch that the offer is for: the newest that the plant has heard of. */
  readonly epoch: number
}

/** What a side answers. */
export interface Answer extends Offer {
  readonly answer: 'done' | 'refused'
  readonly by: SideName
  /** The epoch that the answering side holds, where its gate was open. */
  readonly held: number | null
}

export interface Execution {
  readonly by: SideName
  readonly epoch: number
  readonly atMs: number
}

export type ItemState = 'open' | 'done' | 'missed'

interface Item {
  readonly number: number
  dueMs: number
  state: ItemState
  readonly executions: Execution[]
  readonly offers: { readonly offer: Offer; readonly atMs: number; readonly refusedBy: Set<SideName> }[]
}

export interface Tally {
  readonly issued: number
  /** Done in time. */
  readonly done: number
  readonly doneBy: Readonly<Record<SideName, number>>
  /** Not done when due. */
  readonly missed: number
  /** Items that were executed more than once, whenever and by whomever. */
  readonly twice: number
  /** Issued, not yet due, not yet done. */
  readonly open: number
}

export interface WorkBookSettings {
  /** An item not done this long after it was issued is missed. */
  readonly dueAfterMs: number
  /** How long an answer may be on its way. */
  readonly silenceMs: number
  /** Not sooner than this is an item offered again for the same epoch: both gates are shut, and spinning opens none. */
  readonly againMs: number
}

export const WORK_BOOK_DEFAULTS: WorkBookSettings = { dueAfterMs: 500, silenceMs: 250, againMs: 25 }

/** Settled items are remembered this long, so that a late second execution is still seen for what it is. */
const REMEMBER_MS = 600_000
/** The book's own keeper was not run for this long: its lateness is not the pair's fault. */
const OWN_STALL_MS = 200

export class WorkBook {
  readonly #settings: WorkBookSettings
  readonly #items = new Map<number, Item>()
  readonly #doneBy: Record<SideName, number> = { A: 0, B: 0 }
  #issued = 0
  #offers = 0
  #done = 0
  #missed = 0
  #twice = 0
  #forgottenTo = 0
  #epoch = 0
  #epochSinceMs = 0
  #tickedMs: number | null = null

  constructor(settings: WorkBookSettings = WORK_BOOK_DEFAULTS) {
    this.#settings = settings
  }

  /** A new item, due `dueAfterMs` from now. Returns what to send to both sides. */
  issue(nowMs: number): Offer {
    const item: Item = {
      number: ++this.#issued,
      dueMs: nowMs + this.#settings.dueAfterMs,
      state: 'open',
      executions: [],
      offers: []
    }
    this.#items.set(item.number, item)
    return this.#offer(item, nowMs)
  }

  /** Returns what to send to both sides because of this answer: usually nothing. */
  answer(answer: Answer, nowMs: number): Offer[] {
    if (answer.held !== null && answer.held > this.#epoch) {
      this.#epoch = answer.held
      this.#epochSinceMs = nowMs
    }
    const item = this.#items.get(answer.item)
    if (answer.answer === 'done') {
      this.#executed(item, answer, nowMs)
      return []
    }
    const latest = item?.offers.at(-1)
    if (item === undefined || latest === undefined || latest.offer.offer !== answer.offer) return []
    latest.refusedBy.add(answer.by)
    return item.state === 'open' && this.#mayOfferAgain(item, nowMs) ? [this.#offer(item, nowMs)] : []
  }

  /** Judges what is overdue. Call it often, after reading what has arrived. Returns what to send to both sides. */
  tick(nowMs: number): Offer[] {
    const sinceMs = this.#tickedMs === null ? 0 : nowMs - this.#tickedMs
    this.#tickedMs = nowMs
    const again: Offer[] = []
    for (const item of this.#items.values()) {
      if (item.state === 'open') {
        if (sinceMs > OWN_STALL_MS) item.dueMs += sinceMs
        if (nowMs >= item.dueMs) {
          item.state = 'missed'
          this.#missed++
        } else if (this.#mayOfferAgain(item, nowMs)) again.push(this.#offer(item, nowMs))
      } else if (nowMs - item.dueMs > REMEMBER_MS) {
        this.#items.delete(item.number)
        this.#forgottenTo = item.number
      }
    }
    return again
  }

  tally(): Tally {
    return {
      issued: this.#issued,
      done: this.#done,
      doneBy: { ...this.#doneBy },
      missed: this.#missed,
      twice: this.#twice,
      open: this.#issued - this.#done - this.#missed
    }
  }

  /** Number of the oldest item that is neither done nor missed; Infinity when there is none. */
  oldestOpen(): number {
    for (const item of this.#items.values()) if (item.state === 'open') return item.number
    return Infinity
  }

  /** The newest `count` items, oldest first: what became of each and who did it. */
  latest(count: number): { number: number; state: ItemState; by: SideName | null; twice: boolean }[] {
    const from = Math.max(1, this.#issued - count + 1)
    return Array.from({ length: this.#issued - from + 1 }, (_, index) => {
      const item = this.#items.get(from + index)
      return {
        number: from + index,
        state: item?.state ?? 'done',
        by: item?.executions[0]?.by ?? null,
        twice: (item?.executions.length ?? 0) > 1
      }
    })
  }

  #executed(item: Item | undefined, answer: Answer, nowMs: number): void {
    if (item === undefined) {
      // Settled too long ago to know how it ended: counted against the pair.
      if (answer.item <= this.#forgottenTo) this.#twice++
      return
    }
    item.executions.push({ by: answer.by, epoch: answer.held ?? answer.epoch, atMs: nowMs })
    if (item.executions.length === 2) this.#twice++
    if (item.state !== 'open') return
    item.state = 'done'
    this.#done++
    this.#doneBy[answer.by]++
  }

  #mayOfferAgain(item: Item, nowMs: number): boolean {
    const latest = item.offers.at(-1)
    if (latest === undefined) return false
    const epochIsOver = latest.offer.epoch < this.#epoch
    if (latest.refusedBy.size === SIDES.length) return epochIsOver || nowMs - latest.atMs >= this.#settings.againMs
    return epochIsOver && nowMs - this.#epochSinceMs >= this.#settings.silenceMs
  }

  #offer(item: Item, nowMs: number): Offer {
    const offer: Offer = { offer: ++this.#offers, item: item.number, epoch: this.#epoch }
    item.offers.push({ offer, atMs: nowMs, refusedBy: new Set() })
    return offer
  }
}
