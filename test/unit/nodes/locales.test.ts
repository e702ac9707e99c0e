import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHOICES, PRESETS } from '../../../src/rules/properties'
import { catalogue, EDITOR_CODE, editorSources, LANGUAGES, NODE_FILES, NODES, type NodeFile } from '../../support/texts'

const COMMAND_ERRORS = ['unknown-command', 'peer-offline', 'refused', 'not-confirmed', 'busy', 'stopped']
const ROLES = ['initial', 'active', 'standby']

const read = (...path: string[]): string => readFileSync(join(NODES, ...path), 'utf8')
const placeholders = (text: string): string[] => [...text.matchAll(/__\w+?__/g)].map(String).toSorted()
const keysOf = (file: NodeFile): string[] => [...catalogue(file, 'en-US').keys()]

const CHOICE_TEXTS = Object.entries(CHOICES).flatMap(([property, words]) => words.map((word) => `${property}.${word}`))
const PRESET_TEXTS = [...Object.keys(PRESETS), 'custom']

/** Keys that the code builds from a code of a catalogue: `reason.` + each ReasonCode, and so on. */
const BUILT: Readonly<Record<string, readonly string[]>> = {
  'badge.role.': ROLES,
  'error.': COMMAND_ERRORS,
  'choice.': CHOICE_TEXTS,
  'check.': ['ipv4', 'ipv6', 'hostname'],
  'waits.': ['http', 'link-call'],
  'hint.': ['second-output', 'drop', 'hold-latest', 'resume', 'latest', 'stream'],
  'warning.': ['latest', 'stream'],
  'output.': ['role', 'online', 'event', 'open', 'closed', 'not-again'],
  'title.': ['active', 'standby', 'swap'],
  'preset.': PRESET_TEXTS,
  'effect.': ['crash', 'vanish', 'hang', 'lease', 'at-once', 'environment'],
  'command.': ['payload', 'active', 'standby', 'swap'],
  'label.': ['name', 'port', 'host'],
  'problem.': ['keep', 'keepFor'],
  'wrong.': ['no-user-directory', 'unset', 'port', 'keys', 'no-keys']
}

/** Whole keys in the arguments of RED._, say and node._, and those that begin a built key. */
function usedIn(source: string): { whole: string[]; prefixes: string[] } {
  const calls = [...source.matchAll(/(?:\b_|\bsay)\(([^()]*(?:\([^()]*\)[^()]*)*)\)/g)].map((match) => match[1] ?? '')
  const literals = calls.flatMap((call) =>
    [...call.matchAll(/['"`]([a-z][\w-]*\.[\w.-]*)/gi)].map((match) => match[1] ?? '')
  )
  // Sentences that a check of the dialog names, to be said later.
  literals.push(...[...source.matchAll(/['`]((?:check|effect|hint)\.[\w-]*)/g)].map((match) => match[1] ?? ''))
  return {
    whole: literals.filter((key) => !key.endsWith('.')),
    prefixes: literals.filter((key) => key.endsWith('.'))
  }
}

/** Keys of data-i18n attributes; those of Node-RED itself start with `node-red:`. */
function attributesIn(html: string): string[] {
  return [...html.matchAll(/data-i18n="(?:\[[\w-]+\])?([^"]+)"/g)]
    .map((match) => match[1] ?? '')
    .filter((key) => !key.startsWith('node-red:'))
}

describe('the texts', () => {
  for (const file of NODE_FILES) {
    it(`${file}: both languages have the same keys, texts and placeholders`, () => {
      const [en, zh] = LANGUAGES.map((language) => catalogue(file, language))
      assert.ok(en && zh && en.size > 0)
      assert.deepEqual([...zh.keys()].toSorted(), [...en.keys()].toSorted())
      for (const [key, text] of en) {
        assert.notEqual(text.trim(), '', key)
        assert.notEqual(zh.get(key)?.trim(), '', key)
        assert.deepEqual(placeholders(zh.get(key) ?? ''), placeholders(text), key)
      }
    })

    it(`${file}: every key in the editor's page and code exists`, () => {
      const html = read(`${file}.html`)
      const keys = keysOf(file)
      const code = EDITOR_CODE[file].flatMap(editorSources).map(([, source]) => source)
      const { whole, prefixes } = usedIn(code.join('\n'))
      const attributes = attributesIn(html)
      assert.ok(whole.length > 0 && attributes.length > 0)
      for (const key of [...whole, ...attributes]) assert.ok(keys.includes(key), `${file} has no "${key}"`)
      for (const prefix of prefixes) {
        assert.ok(BUILT[prefix], `"${prefix}" is built from something this test does not know`)
        assert.ok(
          keys.some((key) => key.startsWith(prefix)),
          prefix
        )
      }
    })

    for (const language of LANGUAGES) {
      it(`${file}: help in ${language} follows the style guide's order`, () => {
        const help = read('locales', language, `${file}.html`)
        assert.match(help, new RegExp(`^<script type="text/html" data-help-name="${file}">\\s*<p>`))
        assert.ok(help.includes('<dl class="message-properties">'))
      })
    }
  }

  it('every choice of the dialog and every preset has its text', () => {
    const keys = keysOf('ha-pair')
    const wanted = [
      ...Object.keys(CHOICES).map((property) => `label.${property}`),
      ...CHOICE_TEXTS.map((text) => `choice.${text}`),
      ...PRESET_TEXTS.map((name) => `preset.${name}`),
      ...CHOICE_TEXTS.filter((text) => /^(wire|policy)\./.test(text)).flatMap((text) => [
        `hint.${text}.cut`,
        `hint.${text}.not`
      ]),
      ...CHOICES.crashProof.map((word) => `hint.crashProof.${word}`)
    ]
    for (const key of wanted) assert.ok(keys.includes(key), key)
  })

  it('every key that the running nodes use exists', () => {
    const runtime: Readonly<Record<string, readonly NodeFile[]>> = {
      'ha-pair.ts': ['ha-pair'],
      'badge.ts': ['ha-pair'],
      'health-badge.ts': ['ha-pair-health'],
      'pair-user.ts': ['ha-pair-state', 'ha-pair-designate', 'ha-pair-gate', 'ha-pair-health', 'ha-pair-sync'],
      'ha-pair-designate.ts': ['ha-pair-designate'],
      'ha-pair-gate.ts': ['ha-pair-gate'],
      'ha-pair-health.ts': ['ha-pair-health'],
      'ha-pair-state.ts': ['ha-pair-state'],
      'ha-pair-witness.ts': ['ha-pair-witness'],
      'ha-pair-sync.ts': ['ha-pair-sync']
    }
    let used = 0
    for (const source of readdirSync(NODES).filter((name) => name.endsWith('.ts'))) {
      const { whole, prefixes } = usedIn(read(source))
      const keys = [...whole, ...prefixes.flatMap((prefix) => (BUILT[prefix] ?? ['?']).map((code) => prefix + code))]
      if (keys.length > 0) assert.ok(runtime[source], `${source} uses texts, but this test does not know of which node`)
      for (const file of runtime[source] ?? []) {
        for (const key of keys) assert.ok(keysOf(file).includes(key), `${source}: ${file} has no "${key}"`)
      }
      used += keys.length
    }
    assert.ok(used > 25, `only ${used} keys were found: the search is broken`)
  })

  it('the language of the runtime is one that its texts have', () => {
    for (const language of LANGUAGES) {
      assert.equal(catalogue('ha-pair', language).get('language'), language.slice(0, 2))
    }
  })
})
