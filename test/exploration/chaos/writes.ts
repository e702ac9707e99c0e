/**
 * The judge of the two copies of the context store. It knows what flows wrote, as their pen noted it, why a side took the role, and what a
 * copy held when somebody looked; of ha-pair's code it knows nothing.
 *
 * Each write names the one that it found in the store, so the writes are a tree: a line for as long as one side writes after the other, a
 * branch for what a split or a crash has left behind. What each key holds follows from the last write alone. The rules: a copy is
 * what one write has left, whole; while a side serves and when it follows without a split, its copy only goes forward; a planned swap and an
 * orderly stop lose no write; a kill -9 in step loses none that is older than the turn it came in, or than a moment.
 */
import type { Side } from '../../support/namespaces/history'

/** Keys in turn by the number of a write, and fields of one key. */
export const RING = 5
export const FIELDS = 3
/** Large values, written in one turn by order. */
export const BULKS = 8
/** What a crash may lose, beside the writes of its last two turns. */
const MOMENT_US = 20_000

export interface Last {
  readonly token: string
  readonly n: number
}

/** What the store of a side held at one instant. */
export interface Seen {
  readonly last: Last | null
  readonly ring: readonly (string | null)[]
  readonly fields: readonly (string | null)[]
  /** There after each second write, and deleted by the others. */
  readonly even: string | null
  readonly bulks: readonly (string | null)[]
}

interface Write extends Last {
  readonly before: string | null
  readonly tenure: Tenure
  readonly atUs: number
  readonly turn: number
}

/** What one process wrote on one epoch. */
interface Tenure {
  readonly side: Side
  readonly life: string
  readonly epoch: number
  readonly first: Write | null
  readonly last: Write | null
}

interface Mutable extends Tenure {
  first: Write | null
  last: Write | null
}

interface Sight {
  readonly last: Last | null
  readonly atUs: number
}

export interface Wrong {
  readonly text: string
  readonly atUs: number
}

/** The new side has all that the old one had. */
const PLANNED = new Set(['operator', 'designated', 'failback', 'less-fit', 'peer-left'])
const CRASHED = 'peer-crashed'

export class Writes {
  readonly wrong: Wrong[] = []
  readonly #all = new Map<string, Write>()
  readonly #tenures = new Map<number, Mutable>()
  /** By epoch: why a side took the role. */
  readonly #reasons = new Map<number, string>()
  /** When a side said that it gives the role away without its data. */
  readonly #behindUs: number[] = []
  /** Lives that ended with a kill -9 while the other side was in step. */
  readonly #killedInStep = new Set<string>()
  /** Not looked at yet. */
  #fresh: Mutable[] = []
  #sights = new Map<string, Sight[]>()
  /** Since the last look a side has taken the role without the other's leave: a split, or its end. */
  #alone = false
  readonly #lost = new Set<string>()
  #lostInCrash = 0
  #lives: Record<Side, string | null> = { a: null, b: null }

  get count(): number {
    return this.#all.size
  }

  /** Writes that went with a crash in step. */
  get lostInCrash(): number {
    return this.#lostInCrash
  }

  /** A line of the pen; those that are no business of this judge are let go. */
  take(line: readonly unknown[]): void {
    const [kind, side, ...rest] = line as [string, Side, ...unknown[]]
    if (kind === 'w') this.#takeWrite(side, rest as [string, number, number, number, Last, string | null])
    if (kind === 'r') this.#takeSight(side, ...(rest as [string, number, Seen]))
    if (kind === 'e') this.#takeEvent(rest as [number, string, string, string, number, object?])
  }

  #takeWrite(
    side: Side,
    [life, epoch, atUs, turn, { token, n }, before]: [string, number, number, number, Last, string | null]
  ): void {
    this.#lives[side] = life
    if (this.#all.has(token)) return this.#say(`${token} was written twice`, atUs)
    const known = this.#tenures.get(epoch)
    const tenure = known?.life === life ? known : { side, life, epoch, first: null, last: null }
    const write: Write = { token, n, before, tenure, atUs, turn }
    if (before !== null && !this.#all.has(before)) this.#say(`side ${side} had ${before}, which nobody wrote`, atUs)
    if (tenure.last !== null && before !== tenure.last.token) {
      this.#say(`side ${side} serves, wrote ${tenure.last.token}, and then had ${before}`, atUs)
    }
    this.#all.set(token, write)
    tenure.first ??= write
    tenure.last = write
    if (known === tenure) return this.#note(side, life, { last: write, atUs })
    this.#tenures.set(epoch, tenure)
    this.#fresh.push(tenure)
    this.#note(side, life, { last: this.#all.get(before ?? '') ?? null, atUs })
  }

  #takeEvent([atUs, event, reason, , , detail]: [number, string, string, string, number, object?]): void {
    if (reason === 'data-behind') this.#behindUs.push(atUs)
    const { role, epoch } = (detail ?? {}) as { readonly role?: string; readonly epoch?: number }
    if (event !== 'role' || role !== 'active' || epoch === undefined) return
    this.#reasons.set(epoch, reason)
    if (!PLANNED.has(reason) && reason !== CRASHED) this.#alone = true
  }

  killedInStep(side: Side): void {
    const life = this.#lives[side]
    if (life !== null) this.#killedInStep.add(life)
  }

  /** Somebody looked into the store of a side. */
  #takeSight(side: Side, life: string, atUs: number, seen: Seen): void {
    this.#lives[side] = life
    this.#checkWhole(side, seen, atUs)
    this.#note(side, life, { last: seen.last, atUs })
  }

  #note(side: Side, life: string, sight: Sight): void {
    const key = `${side} ${life}`
    const list = this.#sights.get(key)
    if (list === undefined) this.#sights.set(key, [sight])
    else list.push(sight)
  }

  /** All that has happened since the last look is known, and the pair is at rest. */
  look(): void {
    for (const tenure of this.#fresh.splice(0).toSorted((one, other) => one.epoch - other.epoch))
      this.#checkTaken(tenure)
    for (const [key, sights] of this.#sights) {
      if (!this.#alone) this.#checkForward(key, sights)
      this.#sights.set(key, sights.slice(-1))
    }
    this.#alone = false
  }

  /** Whether `later` is `earlier` or was written on top of it. */
  leadsTo(earlier: Last | null, later: Last | null): boolean {
    if (earlier === null) return true
    if (later === null) return false
    let at = this.#all.get(later.token)
    while (at !== undefined && at.n > earlier.n) at = this.#before(at)
    return at?.token === earlier.token
  }

  // --- The rules ---

  #checkWhole(side: Side, seen: Seen, atUs: number): void {
    const { last, ring, fields, even, bulks } = seen
    const write = last === null ? null : this.#all.get(last.token)
    if (write === undefined) return this.#say(`side ${side} has ${last?.token}, which nobody wrote`, atUs)
    const nth = (at: number, of: number): string | null => this.#latest(write, at, of)?.token ?? null
    const due = JSON.stringify([
      ring.map((_, at) => nth(at, RING)),
      fields.map((_, at) => nth(at, FIELDS)),
      write !== null && write.n % 2 === 0 ? write.token : null
    ])
    const there = JSON.stringify([ring, fields, even])
    if (due !== there) this.#say(`side ${side} has after ${last?.token}: ${there} instead of ${due}`, atUs)
    const [bulk = null] = bulks
    if (bulks.some((each) => each !== bulk))
      this.#say(`side ${side} has halves of large values: ${String(bulks)}`, atUs)
    const bulkWrite = bulk === null ? null : this.#all.get(bulk)
    if (bulkWrite === undefined || !this.leadsTo(bulkWrite, last)) {
      this.#say(`side ${side} has after ${last?.token} large values of ${bulk}`, atUs)
    }
  }

  /** The last one up to this whose number is `at` more than a multiple of `of`. */
  #latest(write: Write | null, at: number, of: number): Write | undefined {
    let one = write ?? undefined
    while (one !== undefined && one.n % of !== at) one = this.#before(one)
    return one
  }

  /** A side has begun to write: what is missing of what the other one, or itself, had written before? */
  #checkTaken(tenure: Mutable): void {
    const [previous] = [...this.#tenures.values()]
      .filter(({ epoch }) => epoch < tenure.epoch)
      .toSorted((one, other) => other.epoch - one.epoch)
    if (previous?.last == null || tenure.first === null) return
    const lost = this.#missing(previous.last, tenure.first.before)
    for (const { token } of lost) this.#lost.add(token)
    if (lost.length === 0) return
    const reasons = [...this.#reasons].filter(([epoch]) => epoch > previous.epoch && epoch <= tenure.epoch)
    // Who goes on with a higher epoch has had the role all the time: the other one wrote beside it, in a split.
    if (reasons.length === 0) return
    if (reasons.some(([, reason]) => !PLANNED.has(reason) && reason !== CRASHED)) return
    const { side, epoch, first } = tenure
    const told = `${lost.length} writes of side ${previous.side}, from ${lost.at(-1)?.token} on`
    if (!reasons.some(([, reason]) => reason === CRASHED)) {
      const said = this.#behindUs.some((atUs) => atUs > (previous.first?.atUs ?? 0) && atUs < first.atUs + 1e6)
      if (!said) this.#say(`side ${side} took over on ${epoch} (${String(reasons)}) without ${told}`, first.atUs)
      return
    }
    if (!this.#killedInStep.has(previous.life)) return
    this.#lostInCrash += lost.length
    const { turn, atUs } = previous.last
    const old = lost.filter((each) => each.turn < turn - 1 && each.atUs < atUs - MOMENT_US)
    if (old.length > 0) {
      const ageMs = Math.round((atUs - (old.at(-1)?.atUs ?? 0)) / 1000)
      this.#say(`the kill -9 of side ${previous.side} lost ${told}, up to ${ageMs} ms old`, first.atUs)
    }
  }

  /** Of the line that leads to `last`, what is not on the one that leads to `other`; the newest first. */
  #missing(last: Write, other: string | null): Write[] {
    const missing: Write[] = []
    let [one, two] = [last as Write | undefined, this.#all.get(other ?? '')]
    while (one !== undefined && one !== two) {
      if (two !== undefined && two.n > one.n) two = this.#before(two)
      else {
        missing.push(one)
        one = this.#before(one)
      }
    }
    return missing
  }

  #checkForward(key: string, sights: readonly Sight[]): void {
    for (const [at, { last, atUs }] of sights.entries()) {
      const before = sights[at - 1]?.last ?? null
      if (before === null || this.#lost.has(before.token) || this.leadsTo(before, last)) continue
      this.#say(`the copy of ${key} went from ${before.token} to ${last?.token ?? 'nothing'}`, atUs)
    }
  }

  #before({ before }: Write): Write | undefined {
    return before === null ? undefined : this.#all.get(before)
  }

  #say(text: string, atUs: number): void {
    this.wrong.push({ text, atUs })
  }
}
