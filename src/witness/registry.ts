/** The witnesses of this process, for those who look at them from outside of their nodes: the editor's sidebar. */
import type { Text } from '../host/texts/text'
import type { WitnessState } from './witness'

export interface ListedWitness {
  /** Of the config node. */
  readonly id: string
  readonly name: string
  /** Null while its settings keep it from running. */
  readonly state: WitnessState | null
  /** What is wrong with it; null = nothing. */
  readonly problem: Text | null
}

export class WitnessRegistry {
  readonly #witnesses = new Map<string, () => ListedWitness>()
  readonly #watchers = new Set<() => void>()

  /** `read` says how it is at that moment. Ends with the function that is returned. */
  enter(read: () => ListedWitness): () => void {
    const { id } = read()
    this.#witnesses.set(id, read)
    this.changed()
    return () => {
      if (this.#witnesses.get(id) !== read) return
      this.#witnesses.delete(id)
      this.changed()
    }
  }

  list(): readonly ListedWitness[] {
    return [...this.#witnesses.values()].map((read) => read())
  }

  changed(): void {
    for (const told of this.#watchers) told()
  }

  watch(told: () => void): () => void {
    this.#watchers.add(told)
    return () => this.#watchers.delete(told)
  }
}
