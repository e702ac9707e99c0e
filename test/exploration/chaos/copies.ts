/** The two copies of the context store of a session: when they are in step, and whether they become one again. What is in them `writes.ts` judges. */
import { nowUs, pause, US_PER_MS } from '../../support/namespaces/clock'
import type { Violation } from '../../support/namespaces/checker'
import { otherSide, type Side, SIDES } from '../../support/namespaces/history'
import type { Host } from './host'
import { type Last, Writes } from './writes'

/** A second is in step already; what is behind by less than this shows besides that both connections carry, and nothing waits in them. */
const IN_STEP_MS_MAX = 100
/** Data comes after the channel, in pieces; what never comes is not late. */
const LIMIT_MS = 20_000
const AGAIN_MS = 20

export interface CopiesReport {
  readonly writes: number
  readonly compared: number
  /** From the rest after a fault until both copies were one. */
  readonly alikeMs: readonly number[]
  readonly lostInCrash: number
}

/** What a session does for it. */
export interface CopiesOwner {
  /** What both sides have noted so far is taken in. */
  read(): void
  starvedUsSince(fromUs: number): number
  isEnding(): boolean
  late(text: string): void
}

export class Copies {
  readonly #hosts: Readonly<Record<Side, Host>>
  readonly #owner: CopiesOwner
  readonly #writes = new Writes()
  readonly #alikeMs: number[] = []

  constructor(hosts: Readonly<Record<Side, Host>>, owner: CopiesOwner) {
    this.#hosts = hosts
    this.#owner = owner
  }

  get wrong(): readonly Violation[] {
    return this.#writes.wrong.map((each) => ({ rule: 'copy', ...each }))
  }

  report(): CopiesReport {
    const { count, lostInCrash } = this.#writes
    return { writes: count, compared: this.#alikeMs.length, alikeMs: this.#alikeMs, lostInCrash }
  }

  take(line: readonly unknown[]): void {
    this.#writes.take(line)
  }

  killedInStep(side: Side): void {
    this.#writes.killedInStep(side)
  }

  /** The other side's copy is that of who serves, up to what is on the way. */
  async inStep(): Promise<void> {
    const fromUs = nowUs()
    for (;;) {
      const found = await this.#channels()
      if (found.every((each) => each?.open === true && (each.behind ?? Infinity) < IN_STEP_MS_MAX)) return
      if (this.#isLate(fromUs)) return this.#owner.late(`not in step ${LIMIT_MS} ms later: ${JSON.stringify(found)}`)
      await pause(AGAIN_MS)
    }
  }

  /** At rest, both copies are one after a while: that of who serves. What happened to them since the last time is judged. */
  async compare(after: string, server: Side): Promise<void> {
    const fromUs = nowUs()
    let base: Last | null = null
    for (;;) {
      const first = await this.#last(server)
      const other = await this.#last(otherSide(server))
      const again = await this.#last(server)
      if (base === null || !this.#writes.leadsTo(base, first)) base = first
      const alike = this.#writes.leadsTo(base, other) && this.#writes.leadsTo(other, again)
      if (base !== null && other !== null && alike) {
        this.#alikeMs.push((nowUs() - fromUs) / US_PER_MS)
        return this.#writes.look()
      }
      if (this.#isLate(fromUs)) {
        const text = `side ${server} had ${base?.token}, the other one has ${other?.token}`
        this.#owner.late(`${LIMIT_MS} ms after ${after}: ${text}: ${JSON.stringify(await this.#channels())}`)
        return this.#writes.look()
      }
      await pause(AGAIN_MS)
    }
  }

  /** What each side says of the channel at the health endpoint. */
  async #channels(): Promise<readonly ({ readonly open: boolean; readonly behind: number | null } | null)[]> {
    const found = await Promise.all(SIDES.map((side) => this.#hosts[side].status()))
    return found.map((each) => each?.channel ?? null)
  }

  /** What a side's store says that it wrote last. */
  async #last(side: Side): Promise<Last | null> {
    const found = await this.#hosts[side].copy()
    this.#owner.read()
    return found?.last ?? null
  }

  #isLate(fromUs: number): boolean {
    if (this.#owner.isEnding()) throw new Error('stopped')
    return (nowUs() - fromUs - this.#owner.starvedUsSince(fromUs)) / US_PER_MS > LIMIT_MS
  }
}
