/** What waits at a closed gate. A mode of the gate that holds messages brings one: which of them it keeps, and in which order they go. */

export interface Held<M> {
  readonly msg: M
  /** Null: nobody waits for its end, since it was taken over from the gate before a deploy. */
  readonly done: (() => void) | null
}

export interface Displaced<M> {
  /** The newer message makes it pointless. */
  readonly superseded: Held<M> | null
  /** There was no room for it. */
  readonly overflowed: Held<M> | null
}

export interface Backlog<M> {
  readonly size: number
  /** Keeps a message; returns what it displaced. */
  put(held: Held<M>): Displaced<M>
  /** Takes out what this newer message makes pointless; null = nothing. */
  takeSupersededBy(msg: M): Held<M> | null
  /** Takes out the one that goes on first; null = it is empty. */
  takeNext(): Held<M> | null
}
