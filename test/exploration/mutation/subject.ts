/** A private copy of the compiled machine and of its tests, below the system's temporary folder, to be mutated. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MutatedFile, Mutation } from './list'
import { ROOT } from '../../support/root'

const COPIED = [
  ['dist', 'src', 'protocol'],
  ['dist', 'src', 'engine'],
  ['dist', 'test', 'support'],
  ['dist', 'test', 'unit', 'protocol'],
  ['dist', 'test', 'scenarios'],
  ['dist', 'test', 'exploration', 'simulation'],
  ['test', 'scenarios']
]

/** What a mutated machine is tested by, below the copy's root. */
export const TESTS: readonly string[] = [
  join('dist', 'test', 'unit', 'protocol', 'extended'),
  join('dist', 'test', 'unit', 'protocol', 'paths.test.js'),
  join('dist', 'test', 'scenarios')
]

/** The compiled source of one file of the machine. */
export function compiled(file: MutatedFile, root = ROOT): string {
  return readFileSync(pathOf(root, file), 'utf8')
}

function pathOf(root: string, file: MutatedFile): string {
  return join(root, 'dist', 'src', 'protocol', `${file}.js`)
}

/** Errors: throws when the text to replace is not there exactly once: then the list is out of date. */
export function mutate(source: string, mutation: Mutation): string {
  let mutated = source
  for (const { find, put } of mutation.edits) {
    const parts = mutated.split(find)
    if (parts.length !== 2) {
      throw new Error(
        `'${mutation.does}': ${parts.length - 1} places in ${mutation.file}.js read ${JSON.stringify(find)}`
      )
    }
    mutated = parts.join(put)
  }
  return mutated
}

export class Subject {
  readonly root = mkdtempSync(join(tmpdir(), 'ha-pair-mutation-'))

  constructor() {
    for (const path of COPIED) {
      mkdirSync(join(this.root, ...path), { recursive: true })
      cpSync(join(ROOT, ...path), join(this.root, ...path), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'), 'junction')
  }

  /** Replaces one file of the machine by its mutant; the function returned brings the original back. */
  apply(mutation: Mutation): () => void {
    const path = pathOf(this.root, mutation.file)
    const original = readFileSync(path, 'utf8')
    writeFileSync(path, mutate(original, mutation))
    return () => writeFileSync(path, original)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
