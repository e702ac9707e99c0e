/** A private copy of the compiled machine and of its tests, below the system's temporary folder, to be mutated. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../support/root'
import type { Compiled } from './compile'

const COPIED = [
  ['dist', 'src', 'protocol'],
  ['dist', 'src', 'engine'],
  ['dist', 'test', 'support'],
  ['dist', 'test', 'unit', 'protocol'],
  ['dist', 'test', 'scenarios'],
  ['dist', 'test', 'unit', 'witness'],
  ['dist', 'test', 'exploration', 'simulation'],
  ['dist', 'test', 'exploration', 'witness'],
  ['test', 'scenarios']
]

/** What a mutated machine is tested by, below the copy's root. */
export const TESTS: readonly string[] = [
  join('dist', 'test', 'unit', 'protocol', 'extended'),
  join('dist', 'test', 'unit', 'protocol', 'paths.test.js'),
  join('dist', 'test', 'unit', 'witness', 'lender.test.js'),
  join('dist', 'test', 'unit', 'witness', 'voice.test.js'),
  join('dist', 'test', 'unit', 'witness', 'frames.test.js'),
  join('dist', 'test', 'exploration', 'witness', 'stories.test.js'),
  join('dist', 'test', 'exploration', 'witness', 'disks.test.js'),
  join('dist', 'test', 'exploration', 'witness', 'attacks.test.js'),
  join('dist', 'test', 'scenarios')
]

/** The compiled text of one file of the machine as it is. */
export function compiled(file: string, root = ROOT): string {
  return readFileSync(pathOf(root, file), 'utf8')
}

function pathOf(root: string, file: string): string {
  return join(root, 'dist', 'src', 'protocol', `${file}.js`)
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

  /** Puts a mutant in the place of the machine; the function returned brings the machine back. */
  apply(mutant: Compiled): () => void {
    const originals = [...mutant.keys()].map((file) => [file, compiled(file, this.root)] as const)
    for (const [file, text] of mutant) writeFileSync(pathOf(this.root, file), text)
    return () => {
      for (const [file, text] of originals) writeFileSync(pathOf(this.root, file), text)
    }
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
