/**
 * The one form of a mutation: a machine with one rule broken. `find` is text of a source file, there exactly once, and `put` takes its
 * place. `run.ts` says what catches each; `list.test.ts` keeps the lists true.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../support/root'
import type { Configuration } from '../model/world'

export interface Edit {
  /** A file of src/protocol, without its extension. */
  readonly file: string
  readonly find: string
  readonly put: string
}

export interface Mutation {
  /** What the mutated machine does: 'a machine that ...'. */
  readonly does: string
  readonly edits: readonly Edit[]
  /** `tests`: those of the protocol, the scenarios, or at last the simulation. Otherwise the search of a space of the model. */
  readonly caughtBy: 'tests' | { readonly space: Configuration; readonly says: RegExp }
}

export interface Rule {
  readonly rule: string
  readonly mutations: readonly Mutation[]
}

/** One place changed; some test sees it. */
export function mutation(file: string, does: string, find: string, put: string): Mutation {
  return { does, edits: [{ file, find, put }], caughtBy: 'tests' }
}

function sourceOf(file: string): string {
  return readFileSync(join(ROOT, 'src', 'protocol', `${file}.ts`), 'utf8')
}

/**
 * The files that it changes, by name, with their new text.
 * Errors: throws when a text to replace is not there exactly once: then the list is out of date.
 */
export function mutate({ does, edits }: Mutation, source = sourceOf): ReadonlyMap<string, string> {
  const mutated = new Map<string, string>()
  for (const { file, find, put } of edits) {
    const parts = (mutated.get(file) ?? source(file)).split(find)
    if (parts.length !== 2) {
      throw new Error(`'${does}': ${parts.length - 1} places in src/protocol/${file}.ts read ${JSON.stringify(find)}`)
    }
    mutated.set(file, parts.join(put))
  }
  return mutated
}
