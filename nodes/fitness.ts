/**
 * How fit this side is, as all health nodes of one pair say together: the lowest vote counts, and without a vote the
 * side is fully fit. Votes outlive a deploy: the node of the same id takes its own one over.
 */
import type { EventEmitter } from 'node:events'
import type { Pair } from '../src/host/pair'
import { whenFlowsStarted } from './flows-started'

export const FITNESS_MAX = 255

/** 0 to 255, or null: `true` is 255, `false` is 0, and whatever else is not a whole number says nothing. */
export function readFitness(payload: unknown): number | null {
  if (payload === true) return FITNESS_MAX
  if (payload === false) return 0
  if (typeof payload !== 'number' || !Number.isInteger(payload)) return null
  return payload >= 0 && payload <= FITNESS_MAX ? payload : null
}

interface Vote {
  /** Null while the node has not said anything: it does not count. */
  value: number | null
  expired: boolean
  /** Draws the voter's badge; null while a deploy is between the voter and its successor. */
  onChange: (() => void) | null
}

class Council {
  readonly #onEmpty: () => void
  readonly #votes = new Map<string, Vote>()
  #pair: Pair
  #lowest = FITNESS_MAX

  constructor(pair: Pair, onEmpty: () => void) {
    this.#pair = pair
    this.#onEmpty = onEmpty
  }

  get lowest(): number {
    return this.#lowest
  }

  /** Each deploy of the config node brings a new handle, maybe to a pair that knows nothing yet. */
  use(pair: Pair): void {
    if (pair === this.#pair) return
    this.#pair = pair
    pair.setFitness(this.#lowest)
  }

  join(voterId: string, onChange: () => void): Vote {
    const vote = this.#votes.get(voterId) ?? { value: null, expired: false, onChange }
    vote.onChange = onChange
    this.#votes.set(voterId, vote)
    return vote
  }

  /** Only if nobody has taken the vote over. */
  leave(voterId: string, vote: Vote): void {
    if (vote.onChange !== null || this.#votes.get(voterId) !== vote) return
    this.#votes.delete(voterId)
    this.count()
    if (this.#votes.size === 0) this.#onEmpty()
  }

  count(): void {
    let lowest = FITNESS_MAX
    for (const { value } of this.#votes.values()) if (value !== null && value < lowest) lowest = value
    if (lowest === this.#lowest) return
    this.#lowest = lowest
    this.#pair.setFitness(lowest)
    for (const { onChange } of this.#votes.values()) onChange?.()
  }
}

/** The votes on all pairs of one Node-RED. */
export class Councils {
  /** By the id of the config node. */
  readonly #councils = new Map<string, Council>()

  /** `onChange` is called when this vote or the side's fitness has changed. */
  enter(configId: string, pair: Pair, voterId: string, onChange: () => void): Voter {
    const council = this.#councils.get(configId) ?? new Council(pair, () => this.#councils.delete(configId))
    this.#councils.set(configId, council)
    council.use(pair)
    return new Voter(council, voterId, onChange)
  }
}

/** One health node's vote. */
export class Voter {
  readonly #council: Council
  readonly #id: string
  readonly #vote: Vote
  readonly #onChange: () => void

  constructor(council: Council, voterId: string, onChange: () => void) {
    this.#council = council
    this.#id = voterId
    this.#vote = council.join(voterId, onChange)
    this.#onChange = onChange
  }

  get value(): number | null {
    return this.#vote.value
  }

  get expired(): boolean {
    return this.#vote.expired
  }

  /** Of the side: the lowest of all votes. */
  get lowest(): number {
    return this.#council.lowest
  }

  cast(value: number): void {
    this.#set(value, false)
  }

  expire(): void {
    this.#set(0, true)
  }

  #set(value: number, expired: boolean): void {
    const vote = this.#vote
    if (vote.value === value && vote.expired === expired) return
    vote.value = value
    vote.expired = expired
    this.#council.count()
    this.#onChange()
  }

  /** The vote ends at once, or, if a deploy may bring the node back, when its flows have started without it. */
  end(removed: boolean, events: EventEmitter): void {
    const vote = this.#vote
    vote.onChange = null
    const leave = (): void => this.#council.leave(this.#id, vote)
    if (removed) leave()
    else whenFlowsStarted(events, leave)
  }
}
