/** How the editor's code gets into a page. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runInNewContext } from 'node:vm'
import { ROOT } from '../../support/root'

const SCRIPT = join(ROOT, 'scripts', 'pages.mjs')
type FillPage = (page: string, folder: string, read: (path: string) => string) => string

describe('a page', () => {
  let fillPage: FillPage
  before(async () => {
    ;({ fillPage } = (await import(pathToFileURL(SCRIPT).href)) as { fillPage: FillPage })
  })

  const fill = (page: string, modules: Readonly<Record<string, string>>): string =>
    fillPage(page, 'nodes', (path) => {
      const code = modules[path]
      if (code === undefined) throw new Error(`there is no ${path}`)
      return code
    })
  const ASKS = "const made = require('../editor/a'); made.value"

  it('gets the module that it names, with all that this imports, each once and before it is needed', () => {
    const page = fill(ASKS, {
      'editor/a':
        '"use strict";\nconst b = require("./deep/b");\nconst c = require("../src/c");\nexports.value = b.text + c.text',
      'editor/deep/b': 'const c = require("../../src/c");\nexports.text = `b${c.text}`',
      'src/c': 'exports.text = "$& c" // the last line is a comment'
    })
    assert.equal(runInNewContext(page), 'b$& c$& c')
    assert.equal(page.split('the last line').length, 2)
  })

  it('stays as it is where it names none', () => {
    assert.equal(fill("<p>require('left-pad')</p>", {}), "<p>require('left-pad')</p>")
  })

  for (const [what, modules, complaint] of [
    ['a module that is not there', {}, /no editor\/a/],
    ['a package', { 'editor/a': 'require("node:fs")' }, /no browser has/],
    ['a circle', { 'editor/a': 'require("./b")', 'editor/b': 'require("./a")' }, /import each other/],
    ['the end of a script', { 'editor/a': 'exports.x = "</script>"' }, /no page can hold/]
  ] as const) {
    it(`${what} stops the build`, () => assert.throws(() => fill(ASKS, modules), complaint))
  }
})
