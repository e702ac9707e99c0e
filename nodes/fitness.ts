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
  /** Draws the node's badge; null while a deploy is between the node and its successor. */
  onChange: (() => void) | null
}

/** On one pair. */
class Votes {
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

  join(nodeId: string, onChange: () => void): Vote {
    const vote = this.#votes.get(nodeId) ?? { value: null, expired: false, onChange }
    vote.onChange = onChange
    this.#votes.set(nodeId, vote)
    return vote
  }

  /** Only if nobody has taken the vote over. */
  leave(nodeId: string, vote: Vote): void {
    if (vote.onChange !== null || this.#votes.get(nodeId) !== vote) return
    this.#votes.delete(nodeId)
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
export class PairVotes {
  /** By the id of the config node. */
  readonly #byPair = new Map<string, Votes>()

  /** `onChange` is called when this vote or the side's fitness has changed. */
  enter(configId: string, pair: Pair, nodeId: string, onChange: () => void): OwnVote {
    const votes = this.#byPair.get(configId) ?? new Votes(pair, () => this.#byPair.delete(configId))
    this.#byPair.set(configId, votes)
    votes.use(pair)
    return new OwnVote(votes, nodeId, onChange)
  }
}

/** One health node's vote. */
export class OwnVote {
  readonly #votes: Votes
  readonly #id: string
  readonly #vote: Vote
  readonly #onChange: () => void

  constructor(votes: Votes, nodeId: string, onChange: () => void) {
    this.#votes = votes
    this.#id = nodeId
    this.#vote = votes.join(nodeId, onChange)
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
    return this.#votes.lowest
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
    this.#votes.count()
    this.#onChange()
  }

  /** The vote ends at once, or, if a deploy may bring the node back, when its flows have started without it. */
  end(removed: boolean, events: EventEmitter): void {
    const vote = this.#vote
    vote.onChange = null
    const leave = (): void => this.#votes.leave(this.#id, vote)
    if (removed) leave()
    else whenFlowsStarted(events, leave)
  }
}
