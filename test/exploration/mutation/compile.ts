/** Mutated sources, compiled by the project's compiler and options, all of them in one run of less than a few seconds. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '../../support/root'
import { mutate, type Mutation } from './mutation'

/** Compiled files of src/protocol, by name without extension. */
export type Compiled = ReadonlyMap<string, string>

/**
 * Each file is translated by itself, as `isolatedModules` allows. A mutant may offend the type checker; that it reads as a program is enough.
 */
const OPTIONS = { noCheck: true, noResolve: true, composite: false, declaration: false, types: [] }

/** Errors: throws when one does not apply any more or does not read as a program, and names it. */
export function compileMutants(mutations: readonly Mutation[]): readonly Compiled[] {
  return compileSources(
    mutations.map((mutation) => mutate(mutation)),
    (index) => mutations[index]?.does ?? ''
  )
}

export function compileSources(
  sources: readonly ReadonlyMap<string, string>[],
  nameOf: (index: number) => string
): readonly Compiled[] {
  const folder = mkdtempSync(join(tmpdir(), 'ha-pair-mutants-'))
  try {
    sources.forEach((files, index) => {
      for (const [file, text] of files) write(join(folder, 'src', String(index), `${file}.ts`), text)
    })
    const config = {
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: { ...OPTIONS, rootDir: 'src', outDir: 'out' },
      include: ['src/**/*.ts']
    }
    write(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const run = spawnSync(process.execPath, [compiler(), '-p', folder], { cwd: folder, encoding: 'utf8' })
    if (run.status !== 0) throw new Error(complaints(`${run.stdout}${run.stderr}`, nameOf))
    return sources.map(
      (files, index) =>
        new Map(
          [...files.keys()].map((file) => [
            file,
            readFileSync(join(folder, 'out', String(index), `${file}.js`), 'utf8')
          ])
        )
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

function compiler(): string {
  const require = createRequire(join(ROOT, 'package.json'))
  const manifest = require.resolve('typescript/package.json')
  const { bin } = require(manifest) as { readonly bin: { readonly tsc: string } }
  return join(dirname(manifest), bin.tsc)
}

function complaints(said: string, nameOf: (index: number) => string): string {
  return said.replace(/^src\/(\d+)\//gm, (_, index: string) => `'${nameOf(Number(index))}': `)
}
