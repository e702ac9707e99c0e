/** The texts of the sidebar tab: complete in both languages, and nothing in the page asks for one that is not there. */
import assert from 'node:assert/strict'
import { catalogue, editorSources, LANGUAGES, SIDEBAR } from '../../support/texts'

const keys = [...catalogue(SIDEBAR, 'en-US').keys()]
const placeholders = (text: string): string[] => [...text.matchAll(/__\w+?__/g)].map(String).toSorted()
const sources = (): Map<string, string> => new Map([...editorSources('sidebar'), ...editorSources('dom.ts')])

/** Pieces of code that build keys, as patterns: `${...}` stands for any one part of a key. */
function keysIn(source: string): RegExp[] {
  const calls = [...source.matchAll(/\b(?:say|known|fact)\(/g)].map(({ index }) => argument(source, index))
  const literals = calls.flatMap((call) => [...call.matchAll(/'([a-z][\w.-]*)'|`([a-z][^`]*)`/gi)])
  return literals
    .map(([, plain, built]) => plain ?? built ?? '')
    .map((key) => key.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '\0').replaceAll(/[.]/g, '\\.'))
    .map((key) => new RegExp(`^(?:fact\\.)?${key.replaceAll('\0', '[\\w-]+')}$`))
}

/** The first argument of the call at `index`. */
function argument(source: string, index: number): string {
  const from = source.indexOf('(', index) + 1
  let depth = 0
  for (let at = from; at < source.length; at++) {
    const char = source[at] ?? ''
    if ('([{'.includes(char)) depth++
    if (depth === 0 && (char === ',' || char === ')')) return source.slice(from, at)
    if (')]}'.includes(char)) depth--
  }
  return ''
}

describe('the texts of the sidebar', () => {
  it('both languages have the same keys, texts and placeholders', () => {
    const [en, zh] = LANGUAGES.map((language) => catalogue(SIDEBAR, language))
    assert.ok(en && zh)
    assert.deepEqual([...zh.keys()].toSorted(), [...en.keys()].toSorted())
    for (const [key, text] of en) {
      assert.notEqual(text.trim(), '', key)
      assert.notEqual(zh.get(key)?.trim(), '', key)
      assert.deepEqual(placeholders(zh.get(key) ?? ''), placeholders(text), key)
    }
  })

  it('every text that the page asks for exists', () => {
    let asked = 0
    for (const [name, source] of sources()) {
      for (const pattern of keysIn(source)) {
        assert.ok(
          keys.some((key) => pattern.test(key)),
          `${name}: no text for ${pattern}`
        )
        asked++
      }
    }
    assert.ok(asked > 60, `only ${asked} were found: the search is broken`)
  })

  it('every text is asked for', () => {
    const patterns = [...sources().values()].flatMap(keysIn)
    const unused = keys.filter((key) => !patterns.some((pattern) => pattern.test(key)))
    assert.deepEqual(unused, [])
  })

  it('neither its page nor a dialog makes markup out of text', () => {
    for (const [name, source] of [...sources(), ...editorSources('pair')]) {
      assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|\.html\(|document\.write/, name)
    }
  })
})
