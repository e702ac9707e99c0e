/**
 * Context of flows that are gone. Only the side that holds the role takes a scope away, and only when neither side's flows know it: two hosts
 * are deployed one after the other. Without a peer to ask, everything stays.
 */
import type { Body } from './bodies'
import type { Copy } from './copy'

type Word = Extract<Body, { kind: 'unknown' | 'unknown-too' | 'cleaned' }>

/** Of one question. */
const SCOPES_MAX = 10_000

export class Cleaning {
  readonly #copy: Copy
  readonly #say: (word: Word) => void
  /** Ids of this side's flows and nodes; null = Node-RED has not said. */
  #known: ReadonlySet<string> | null = null

  constructor(copy: Copy, say: (word: Word) => void) {
    this.#copy = copy
    this.#say = say
  }

  clean(known: readonly string[]): void {
    this.#known = new Set(known)
    this.#say({ kind: 'cleaned' })
    this.#ask()
  }

  joined(): void {
    this.#ask()
  }

  heard(word: Word): void {
    if (word.kind === 'cleaned') this.#ask()
    else if (word.kind === 'unknown') this.#say({ kind: 'unknown-too', scopes: this.#unknownOf(word.scopes) })
    else if (this.#copy.mode === 'active') for (const scope of this.#unknownOf(word.scopes)) this.#copy.delete(scope)
  }

  #ask(): void {
    if (this.#copy.mode !== 'active') return
    const scopes = this.#unknownOf([...this.#copy.scopes.keys()]).slice(0, SCOPES_MAX)
    if (scopes.length > 0) this.#say({ kind: 'unknown', scopes })
  }

  #unknownOf(scopes: readonly string[]): readonly string[] {
    const known = this.#known
    return known === null ? [] : scopes.filter((scope) => !isKnown(scope, known))
  }
}

/** A node's scope is `node:flow`, and in a subflow `node:instance`: both have to be there. */
export function isKnown(scope: string, known: ReadonlySet<string>): boolean {
  return scope === 'global' || scope.split(':').every((id) => isKnownId(id, known))
}

/** Inside of a subflow in a subflow an id is that of the outer instance and the inner one, with a line between. */
function isKnownId(id: string, known: ReadonlySet<string>): boolean {
  if (known.has(id)) return true
  for (let at = id.lastIndexOf('-'); at > 0; at = id.lastIndexOf('-', at - 1)) {
    if (known.has(id.slice(at + 1)) && isKnownId(id.slice(0, at), known)) return true
  }
  return false
}
