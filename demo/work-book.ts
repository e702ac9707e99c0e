/**
 * The plant's book of work items: what was sent, who did it, what was missed, what was done twice. Pure: time comes in.
 *
 * Both sides get every item, once. The gate of the side that serves lets it through; the other one holds it until it hears that it has
 * passed, and goes on with the rest when it opens. So nothing is lost in a swap or a crash, and the plant needs to know of no side, no role
 * and no epoch.
 *
 * Nothing is filtered: every execution that arrives is counted, late ones too. An item done by two gates shows as twice.
 */
export const SIDES = ['A', 'B'] as const
export type SideName = (typeof SIDES)[number]

/** What goes to both sides. */
export interface Order {
  /** The time at which the plant started: a series of its own. */
  readonly run: number
  /** The work item. */
  readonly item: number
}

/** What the side that did it says. */
export interface Execution {
  readonly item: number
  readonly by: SideName
  /** The epoch under which it passed the gate. */
  readonly epoch: number
}

export type ItemState = 'open' | 'done' | 'missed'

interface Item {
  readonly number: number
  dueMs: number
  state: ItemState
  readonly doneBy: SideName[]
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

/** An item not done this long after it was issued is missed: longer than a takeover by silence, and shorter than anybody's patience. */
export const DUE_AFTER_MS = 5000
/** Settled items are remembered this long, so that a late second execution is still seen for what it is. */
const REMEMBER_MS = 600_000
/** The book's own keeper was not run for this long: its lateness is not the pair's fault. */
const OWN_STALL_MS = 200

export class WorkBook {
  readonly #run: number
  readonly #dueAfterMs: number
  readonly #items = new Map<number, Item>()
  readonly #doneBy: Record<SideName, number> = { A: 0, B: 0 }
  #issued = 0
  #done = 0
  #missed = 0
  #twice = 0
  #forgottenTo = 0
  #tickedMs: number | null = null

  constructor(run: number, dueAfterMs = DUE_AFTER_MS) {
    this.#run = run
    this.#dueAfterMs = dueAfterMs
  }

  /** A new item, due `dueAfterMs` from now. Returns what to send to both sides. */
  issue(nowMs: number): Order {
    const number = ++this.#issued
    this.#items.set(number, { number, dueMs: nowMs + this.#dueAfterMs, state: 'open', doneBy: [] })
    return { run: this.#run, item: number }
  }

  executed({ item: number, by }: Execution): void {
    const item = this.#items.get(number)
    if (item === undefined) {
      // Settled too long ago to know how it ended: counted against the pair.
      if (number <= this.#forgottenTo) this.#twice++
      return
    }
    item.doneBy.push(by)
    if (item.doneBy.length === 2) this.#twice++
    if (item.state !== 'open') return
    item.state = 'done'
    this.#done++
    this.#doneBy[by]++
  }

  /** Judges what is overdue. Call it often, after reading what has arrived. */
  tick(nowMs: number): void {
    const sinceMs = this.#tickedMs === null ? 0 : nowMs - this.#tickedMs
    this.#tickedMs = nowMs
    for (const item of this.#items.values()) {
      if (item.state === 'open') {
        if (sinceMs > OWN_STALL_MS) item.dueMs += sinceMs
        if (nowMs < item.dueMs) continue
        item.state = 'missed'
        this.#missed++
      } else if (nowMs - item.dueMs > REMEMBER_MS) {
        this.#items.delete(item.number)
        this.#forgottenTo = item.number
      }
    }
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
        by: item?.doneBy[0] ?? null,
        twice: (item?.doneBy.length ?? 0) > 1
      }
    })
  }
}
