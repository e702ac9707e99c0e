/** The locale files as tests read them: keys, texts, and a translator that refuses a key that does not exist. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ProblemCode } from '../../src/host/settings'
import { ROOT } from './root'

export const NODES = join(ROOT, 'nodes')
export const EDITOR = join(ROOT, 'editor')
export const NODE_FILES = [
  'ha-pair',
  'ha-pair-state',
  'ha-pair-designate',
  'ha-pair-gate',
  'ha-pair-health',
  'ha-pair-witness',
  'ha-pair-sync'
] as const
export const LANGUAGES = ['en-US', 'zh-CN'] as const
/** The plugin beside the nodes. */
export const SIDEBAR = 'ha-pair-sidebar'
/** Where the editor's code for a node is, in `EDITOR`. */
export const EDITOR_CODE: Readonly<Record<NodeFile, readonly string[]>> = {
  'ha-pair': ['pair'],
  'ha-pair-state': ['state.ts', 'user-node.ts'],
  'ha-pair-designate': ['designate.ts', 'one-of.ts', 'user-node.ts'],
  'ha-pair-gate': ['gate.ts', 'answers-behind.ts', 'one-of.ts', 'user-node.ts'],
  'ha-pair-health': ['health.ts', 'user-node.ts'],
  'ha-pair-witness': ['witness.ts'],
  'ha-pair-sync': ['sync.ts', 'one-of.ts', 'user-node.ts']
}
/** Whatever keeps a pair stopped. */
export const PROBLEMS = Object.keys({
  missing: 0,
  range: 0,
  number: 0,
  choice: 0,
  path: 0,
  unresolved: 0,
  partial: 0,
  conflict: 0,
  'key-missing': 0,
  newer: 0
} satisfies Record<ProblemCode, 0>)
export type NodeFile = (typeof NODE_FILES)[number]
export type Language = (typeof LANGUAGES)[number]

/** What the modules of `path`, a file or a folder in `EDITOR`, hold: source by name. */
export function editorSources(path: string): [name: string, source: string][] {
  const full = join(EDITOR, path)
  const files = statSync(full).isDirectory() ? readdirSync(full).map((name) => join(path, name)) : [path]
  return files.map((name) => [name, readFileSync(join(EDITOR, name), 'utf8')])
}

/** Text by full key, such as `badge.role.active`. */
export function catalogue(file: NodeFile | typeof SIDEBAR, language: Language): ReadonlyMap<string, string> {
  const tree: unknown = JSON.parse(readFileSync(join(NODES, 'locales', language, `${file}.json`), 'utf8'))
  return new Map(flatten(tree, ''))
}

function flatten(value: unknown, path: string): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value !== 'object' || value === null) throw new Error(`${path} is neither text nor a group`)
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path === '' ? key : `${path}.${key}`))
}

/** Stands in for `RED._`, which the test helper does not have. */
export function translator(file: NodeFile, language: Language = 'en-US') {
  const texts = catalogue(file, language)
  return (key: string, params: Readonly<Record<string, unknown>> = {}): string => {
    const text = texts.get(key)
    if (text === undefined) throw new Error(`${file} (${language}) has no text "${key}"`)
    return text.replaceAll(/__(\w+?)__/g, (_whole, name: string) => {
      if (!(name in params)) throw new Error(`"${key}" wants "${name}"`)
      return String(params[name])
    })
  }
}
