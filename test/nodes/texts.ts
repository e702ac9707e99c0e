/** The locale files as tests read them: keys, texts, and a translator that refuses a key that does not exist. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProblemCode } from '../../src/host/settings'

export const NODES = join(__dirname, '..', '..', '..', 'nodes')
export const NODE_FILES = ['ha-pair', 'ha-pair-state', 'ha-pair-designate', 'ha-pair-gate', 'ha-pair-health'] as const
export const LANGUAGES = ['en-US', 'zh-CN'] as const
/** The plugin beside the nodes. */
export const SIDEBAR = 'ha-pair-sidebar'
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
