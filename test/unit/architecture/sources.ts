/** The source tree as the architecture tests read it: files and what they import, straight from the text. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { ROOT } from '../../support/root'

export interface Import {
  /** Relative to ROOT, with '/'. */
  readonly file: string
  /** As written. */
  readonly specifier: string
  /** Relative to ROOT without extension, for a relative import; else the specifier. */
  readonly target: string
  readonly typeOnly: boolean
}

/** Every file below `folder`, relative to ROOT, with '/'. */
export function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted()
}

export function typeScriptFiles(folder: string): string[] {
  return filesIn(folder).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
}

export function readSource(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** The code without its comments. Good enough for imports: no import hides in a string of ours. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
}

const IMPORTS = [
  /\bimport\s+(type\s)?[^'"();]*?\bfrom\s*['"]([^'"]+)['"]/g,
  /\bexport\s+(type\s)?(?:\*|\{)[^'"();]*?\bfrom\s*['"]([^'"]+)['"]/g,
  /\bimport\s+()['"]([^'"]+)['"]/g,
  /\b(?:import|require)()\s*\(\s*['"]([^'"]+)['"]/g
]

/** What `text`, the contents of `file`, imports. */
export function importsIn(file: string, text: string): Import[] {
  const code = withoutComments(text)
  return IMPORTS.flatMap((pattern) =>
    [...code.matchAll(pattern)].map(([, type, specifier = '']) => ({
      file,
      specifier,
      target: specifier.startsWith('.') ? posix.join(dirname(file), specifier) : specifier,
      typeOnly: Boolean(type)
    }))
  )
}

export function importsOf(file: string): Import[] {
  return importsIn(file, readSource(file))
}
