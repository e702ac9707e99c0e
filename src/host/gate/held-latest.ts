import type { Backlog, Displaced, Held } from './backlog'

/** What a closed `hold-latest` gate keeps: the newest message of each topic, oldest first, never more than the limit. */
export class HeldLatest<M extends { topic?: unknown }> implements Backlog<M> {
  /** By the topic at its arrival: a sender may go on to change a message that it has sent. */
  readonly #byTopic = new Map<unknown, Held<M>>()
  readonly #topicsMax: number

  constructor(topicsMax: number) {
    this.#topicsMax = topicsMax
  }

  get size(): number {
    return this.#byTopic.size
  }

  put(held: Held<M>): Displaced<M> {
    const { topic } = held.msg
    const superseded = this.#take(topic)
    const overflowed = this.size >= this.#topicsMax ? this.takeNext() : null
    this.#byTopic.set(topic, held)
    return { superseded, overflowed }
  }

  takeSupersededBy(msg: M): Held<M> | null {
    return this.#take(msg.topic)
  }

  takeNext(): Held<M> | null {
    for (const topic of this.#byTopic.keys()) return this.#take(topic)
    return null
  }

  #take(topic: unknown): Held<M> | null {
    const held = this.#byTopic.get(topic) ?? null
    this.#byTopic.delete(topic)
    return held
  }
}
