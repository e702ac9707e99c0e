/** What the built pages register in the editor, run without it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { PAIR_DEFAULTS } from '../../../src/rules/properties'
import { NODE_FILES, SIDEBAR } from '../../support/texts'
import { ROOT } from '../../support/root'

const PAGES = join(ROOT, 'dist', 'nodes')

interface Definition {
  readonly category: string
  readonly defaults: Readonly<Record<string, { readonly value: unknown; readonly validate?: unknown }>>
  readonly [part: string]: unknown
}

/** Runs a page's script, and gives what it registers, by name. */
function registeredBy(page: string): ReadonlyMap<string, Definition> {
  const html = readFileSync(join(PAGES, `${page}.html`), 'utf8')
  const [, script = ''] = /<script type="text\/javascript">([^]*?)<\/script>/.exec(html) ?? []
  const found = new Map<string, Definition>()
  const register = (name: string, definition: Definition): unknown => found.set(name, definition)
  const RED = {
    nodes: { registerType: register },
    plugins: { registerPlugin: register },
    events: { on: () => {} }
  }
  runInNewContext(script, { RED })
  return found
}

function definitionOf(page: string): Definition {
  const found = registeredBy(page)
  assert.deepEqual([...found.keys()], [page])
  const definition = found.get(page)
  assert.ok(definition)
  for (const [part, value] of Object.entries(definition)) assert.notEqual(value, undefined, part)
  return definition
}

describe('what the pages register', () => {
  for (const page of NODE_FILES) {
    it(`${page}: all that it names is there`, () => {
      const { defaults, category, ...parts } = definitionOf(page)
      assert.equal(category, page === 'ha-pair' || page === 'ha-pair-witness' ? 'config' : 'HA pair')
      for (const [property, byDefault] of Object.entries(defaults)) {
        assert.notEqual(byDefault?.value, undefined, property)
        if (property !== 'name')
          assert.ok('validate' in byDefault || 'type' in byDefault || typeof byDefault.value === 'boolean', property)
      }
      for (const part of ['paletteLabel', 'label', 'labelStyle', 'oneditprepare']) {
        assert.equal(typeof parts[part], 'function', part)
      }
    })
  }

  it('ha-pair: each property that has a default, with its own', () => {
    const { defaults } = definitionOf('ha-pair')
    assert.deepEqual(
      Object.keys(defaults).toSorted(),
      [...Object.keys(PAIR_DEFAULTS), 'links', 'name', 'schema', 'witness'].toSorted()
    )
    for (const [property, value] of Object.entries(PAIR_DEFAULTS))
      assert.equal(defaults[property]?.value, value, property)
  })

  it('the sidebar: a plugin that comes and goes', () => {
    const { onadd, onremove } = definitionOf(SIDEBAR)
    assert.deepEqual([typeof onadd, typeof onremove], ['function', 'function'])
  })
})
