/**
 * The pages for people: their links lead somewhere, both languages are in step, the package has no holes, and what pages and
 * sources name is there.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { parse } from 'yaml'
import { ROOT } from '../../support/root'

/** Not ours, or made by the tools. */
const LEFT_OUT = /^(?:node_modules|dist|\.git|\.tmp|\.demo|\.verify|\.bench)$/
const FILES = filesIn('')
const PAGES = FILES.filter((file) => file.endsWith('.md'))
/** Pages whose Chinese twin has the same sections, tables and pictures. */
const IN_STEP = [
  'README.md',
  'docs/concepts/POLICIES.md',
  'docs/operating/CONTEXT.md',
  'docs/operating/DAILY.md',
  'docs/operating/SETUP.md',
  'docs/operating/TROUBLESHOOTING.md',
  'docs/reference/NODES.md'
]
const PICTURES = 'docs/pictures'
const PICTURES_BYTES_MAX = 1_500_000
const README_BYTES_MAX = 12_288
/** Only their sources are read for the names of pages. */
const SOURCES =
  /^(?:bench|demo|docs|examples|nodes|resources|scripts|test|\.github)\/.*\.(?:ts|mjs|js|html|json|ya?ml|md)$/

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => !LEFT_OUT.test(name))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name)
      return entry.isDirectory() ? filesIn(path) : entry.isFile() ? [path] : []
    })
}

const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
/** Without what stands between fences: it is not read as Markdown. */
const read = (page: string): string => textOf(page).replaceAll(/^```[^]*?^```/gm, '')

const headingsOf = (page: string): string[] =>
  [...read(page).matchAll(/^(#+ .*)$/gm)].map(([, heading = '']) => heading)

/** As GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  for (const heading of headingsOf(page)) {
    const text = heading.replace(/^#+ /, '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    const plain = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-')
    let anchor = plain
    for (let n = 1; anchors.has(anchor); n++) anchor = `${plain}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

const linksOf = (page: string): string[] => [
  ...[...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target),
  ...[...read(page).matchAll(/<img [^>]*src="([^"]+)"/g)].map(([, target = '']) => target)
]
const isRelative = (target: string): boolean => !/^(?:https?|mailto):/.test(target)
/** The file that a relative link of a page leads to, from the root. */
const fileOf = (page: string, target: string): string => {
  const [path = ''] = target.split('#')
  return path === '' ? page : posix.join(dirname(page), decodeURI(path))
}
const isPicture = (target: string): boolean => /\.(?:png|svg|gif)$/.test(target)
const picturesOf = (page: string): string[] =>
  linksOf(page)
    .filter(isPicture)
    .map((target) => fileOf(page, target))

const levels = (page: string): number[] => headingsOf(page).map((heading) => heading.indexOf(' '))
const rows = (page: string): number[] =>
  read(page)
    .split(/^#+ /m)
    .map((section) => [...section.matchAll(/^\|/gm)].length)
const fences = (page: string): number => [...textOf(page).matchAll(/^```\w+/gm)].length
const pictures = (page: string): string[] => picturesOf(page).map((name) => name.replace('.zh-CN', ''))

describe('the pages for people', () => {
  it('have links that lead to a file, and to a heading in it', () => {
    assert.ok(PAGES.length > 20, 'the search is broken')
    for (const page of PAGES) {
      for (const target of linksOf(page).filter(isRelative)) {
        const file = fileOf(page, target)
        const anchor = target.split('#')[1]
        assert.ok(existsSync(join(ROOT, file)), `${page} links to ${target}, which does not exist`)
        if (anchor === undefined || !file.endsWith('.md')) continue
        assert.ok(anchorsOf(file).has(decodeURI(anchor)), `${page} links to ${target}: there is no such heading`)
      }
    }
  })

  it('say the same in both languages: the same headings, tables, commands and pictures', () => {
    for (const english of IN_STEP) {
      const chinese = english.replace('.md', '.zh-CN.md')
      assert.deepEqual(levels(chinese), levels(english), chinese)
      assert.deepEqual(rows(chinese), rows(english), `${chinese}: rows of tables, by section`)
      assert.equal(fences(chinese), fences(english), chinese)
      assert.deepEqual(pictures(chinese), pictures(english), chinese)
    }
  })

  it('begin with a README that is short', () => {
    for (const page of ['README.md', 'README.zh-CN.md']) {
      const { size } = statSync(join(ROOT, page))
      assert.ok(size <= README_BYTES_MAX, `${page} has ${size} bytes`)
    }
  })

  it('show pictures that exist, each shown somewhere, each described for those who cannot see it', () => {
    const shown = new Set(PAGES.flatMap(picturesOf))
    for (const name of readdirSync(join(ROOT, PICTURES))) {
      assert.ok(shown.has(`${PICTURES}/${name}`), `${name} is shown nowhere`)
    }
    for (const page of PAGES) {
      for (const [image] of read(page).matchAll(/<img [^>]*>/g)) assert.match(image, / alt="[^"]{20,}"/, page)
      for (const [, alt = ''] of read(page).matchAll(/!\[([^\]]*)\]/g)) assert.ok(alt.length >= 20, page)
    }
  })

  it('have small pictures', () => {
    const folder = join(ROOT, PICTURES)
    const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
    assert.ok(bytes < PICTURES_BYTES_MAX, `${bytes} bytes`)
  })
})

describe('the pages in the package', () => {
  const { files } = JSON.parse(textOf('package.json')) as { files: string[] }
  /** npm adds these whatever the manifest says. */
  const shipped = ['package.json', 'LICENSE', 'README.md', ...files.filter((entry) => !entry.startsWith('!'))]
  const isShipped = (file: string): boolean => shipped.some((entry) => file === entry || file.startsWith(`${entry}/`))

  it('are those for users, not those for developers', () => {
    for (const page of PAGES) {
      if (/^(?:README|docs\/(?:concepts|operating|reference)\/)/.test(page)) assert.ok(isShipped(page), page)
      if (/^docs\/dev\/|^CONTRIBUTING|^bench|^test/.test(page)) assert.ok(!isShipped(page), page)
    }
  })

  it('have no holes: what they show and link to is in the package too', () => {
    for (const page of PAGES.filter(isShipped)) {
      for (const target of linksOf(page).filter(isRelative)) {
        assert.ok(isShipped(fileOf(page, target)), `${page} leads to ${target}, which is not in the package`)
      }
    }
  })
})

describe('what is named', () => {
  it('in a page as a file of this repository is there', () => {
    const NAMED = /`((?:bench|demo|docs|editor|nodes|resources|scripts|src|test)\/[\w./-]+)`/g
    for (const page of PAGES.filter((name) => !/^CHANGELOG|^docs\/dev\/(?:MUTATIONS|PERFORMANCE)/.test(name))) {
      for (const [, path = ''] of read(page).matchAll(NAMED)) {
        // What is built, and what is a name in the user directory, is not in the repository.
        assert.ok(existsSync(join(ROOT, path)), `${page} names ${path}, which does not exist`)
      }
    }
  })

  it('in a source as a page is there', () => {
    for (const file of FILES.filter((name) => SOURCES.test(name))) {
      for (const [path] of textOf(file).matchAll(/\bdocs\/[\w/-]+(?:\.[\w-]+)*\.(?:md|yaml|cfg|json)\b/g)) {
        assert.ok(existsSync(join(ROOT, path)), `${file} names ${path}, which does not exist`)
      }
    }
  })
})

describe('the files for the repository’s host', () => {
  interface Form {
    readonly name: string
    readonly description: string
    readonly body: readonly {
      readonly type: string
      readonly id?: string
      readonly attributes: { readonly label?: string }
    }[]
  }

  it('have forms with what a form needs', () => {
    const forms = FILES.filter((file) => /^\.github\/ISSUE_TEMPLATE\/(?!config).*\.yml$/.test(file))
    assert.ok(forms.length > 0)
    for (const file of forms) {
      const { name, description, body } = parse(textOf(file)) as Form
      assert.ok(name.length > 0 && description.length > 0, file)
      const fields = body.filter(({ type }) => type !== 'markdown')
      for (const { id = '', attributes } of fields) assert.ok(/^\w+$/.test(id) && attributes.label !== undefined, file)
      assert.equal(new Set(fields.map(({ id }) => id)).size, fields.length, file)
    }
  })

  it('have a workflow that calls .ci/run', () => {
    const { jobs } = parse(textOf('.github/workflows/ci.yml')) as {
      jobs: Readonly<Record<string, { readonly steps: readonly { readonly run?: string }[] }>>
    }
    const commands = Object.values(jobs).flatMap(({ steps }) => steps.map(({ run }) => run))
    assert.ok(commands.includes('.ci/run'))
    assert.ok(existsSync(join(ROOT, '.ci', 'run')))
  })
})
