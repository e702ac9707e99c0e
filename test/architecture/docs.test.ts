/** The pages for people: their links lead somewhere, both languages are in step, and the pictures stay small. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { ROOT } from './sources'

const PAGES = [
  'README.md',
  'README.zh-CN.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...['concepts', 'operating', 'reference', 'dev'].flatMap((folder) => pagesIn(`docs/${folder}`))
]
/** English page, Chinese page. */
const PAIRS = [
  ['README.md', 'README.zh-CN.md'],
  ['docs/reference/NODES.md', 'docs/reference/NODES.zh-CN.md']
] as const
const PICTURES = join('docs', 'pictures')
const PICTURES_BYTES_MAX = 1_500_000

function pagesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`)
}

/** Without what stands between fences: it is not read as Markdown. */
const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8').replaceAll(/^```[^]*?^```/gm, '')

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
const picturesOf = (page: string): string[] => linksOf(page).filter((target) => /\.(png|svg)$/.test(target))

const levels = (page: string): number[] => headingsOf(page).map((heading) => heading.indexOf(' '))
const rows = (page: string): number[] =>
  read(page)
    .split(/^#+ /m)
    .map((section) => [...section.matchAll(/^\|/gm)].length)
const fences = (page: string): number => [...readFileSync(join(ROOT, page), 'utf8').matchAll(/^```\w+/gm)].length
const pictures = (page: string): string[] => picturesOf(page).map((name) => name.replace('.zh-CN', ''))

describe('the pages for people', () => {
  it('have links that lead to a file, and to a heading in it', () => {
    for (const page of PAGES) {
      for (const target of linksOf(page)) {
        if (/^https?:/.test(target)) continue
        const [path = '', anchor] = target.split('#')
        const file = path === '' ? page : normalize(join(dirname(page), decodeURI(path))).replaceAll('\\', '/')
        assert.ok(existsSync(join(ROOT, file)), `${page} links to ${target}, which does not exist`)
        if (anchor === undefined || !file.endsWith('.md')) continue
        assert.ok(anchorsOf(file).has(decodeURI(anchor)), `${page} links to ${target}: there is no such heading`)
      }
    }
  })

  it('say the same in both languages: the same headings, tables, commands and pictures', () => {
    for (const [english, chinese] of PAIRS) {
      assert.deepEqual(levels(chinese), levels(english), chinese)
      assert.deepEqual(rows(chinese), rows(english), `${chinese}: rows of tables, by section`)
      assert.equal(fences(chinese), fences(english), chinese)
      assert.deepEqual(pictures(chinese), pictures(english), chinese)
    }
  })

  it('show pictures that exist, each shown somewhere, each described for who cannot see it', () => {
    const shown = new Set(PAGES.flatMap(picturesOf))
    for (const name of readdirSync(join(ROOT, PICTURES))) {
      assert.ok(shown.has(`docs/pictures/${name}`), `${name} is shown nowhere`)
    }
    for (const page of PAGES) {
      for (const [image] of read(page).matchAll(/<img [^>]*>/g)) assert.match(image, / alt="[^"]{20,}"/, page)
      for (const [, alt = ''] of read(page).matchAll(/!\[([^\]]*)\]/g)) assert.ok(alt.length >= 20, page)
    }
  })

  it('have small pictures, which the package leaves out', () => {
    const folder = join(ROOT, PICTURES)
    const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
    assert.ok(bytes < PICTURES_BYTES_MAX, `${bytes} bytes`)
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }
    assert.ok(files.includes('!docs/pictures'))
  })
})
