/** The following side's half: what comes is kept apart until it is whole, so that nobody reads half a change, and a takeover serves the old one. */
import type { Put } from './bodies'
import type { Copy, Entry } from './copy'
import { comparePositions } from '../../protocol/position'
import { entryIn } from './texts'
import { mayBeTagged } from './values'

type Scopes = ReadonlyMap<string, ReadonlyMap<string, Entry>>

/** What a change did. `ask`: it goes on from where this copy is not. `too-much`: it is let go. */
export type Taken =
  | { readonly kind: 'more' | 'applied' | 'ask' | 'too-much' }
  /** `before`: what it took the place of, which no older state of it was. */
  | { readonly kind: 'replaced'; readonly before: Scopes | null }

export class Receiving {
  readonly #copy: Copy
  readonly #bytesMax: number
  #begun: { readonly begins: NonNullable<Put['begins']>; readonly entries: Entry[]; bytes: number } | null = null

  /** `bytesMax`: what may be kept apart. */
  constructor(copy: Copy, bytesMax: number) {
    this.#copy = copy
    this.#bytesMax = bytesMax
  }

  get snapshotUnderWay(): boolean {
    return this.#begun?.begins.mode === 'snapshot'
  }

  reset(): void {
    this.#begun = null
  }

  /** Throws on damage. */
  take({ begins, entries, commit, text }: Put): Taken {
    if (begins !== null) {
      this.#begun = null
      // A snapshot too: one that was meant for another moment is older than what is here.
      if (comparePositions(begins.from, this.#copy.position) !== 0) return { kind: 'ask' }
      this.#begun = { begins, entries: [], bytes: 0 }
    }
    const begun = this.#begun
    // The rest of what was asked for again.
    if (begun === null) return { kind: 'more' }
    begun.bytes += text.length
    if (begun.bytes > this.#bytesMax) {
      this.#begun = null
      return { kind: 'too-much' }
    }
    const tagged = mayBeTagged(text)
    for (const entry of entries) begun.entries.push(entryIn(entry, tagged))
    if (commit === null) return { kind: 'more' }
    this.#begun = null
    const { mode, diverged } = begun.begins
    const { position, line } = commit
    if (mode === 'delta') {
      this.#copy.apply(begun.entries, position, line)
      return { kind: 'applied' }
    }
    const before = this.#copy.replace({ scopes: scopesOf(begun.entries), position, line: line ?? [] })
    return { kind: 'replaced', before: diverged ? before : null }
  }
}

/** Of several with the same name the last one counts. */
function scopesOf(entries: readonly Entry[]): Map<string, Map<string, Entry>> {
  const scopes = new Map<string, Map<string, Entry>>()
  for (const entry of entries) {
    const keys = scopes.get(entry.scope) ?? new Map<string, Entry>()
    scopes.set(entry.scope, keys)
    if (entry.gone) keys.delete(entry.key)
    else keys.set(entry.key, entry)
  }
  for (const [scope, keys] of scopes) if (keys.size === 0) scopes.delete(scope)
  return scopes
}
