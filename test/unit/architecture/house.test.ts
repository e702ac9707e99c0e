/** Small files, and plain words for people: what a newcomer meets first. */
import assert from 'node:assert/strict'
import { filesIn, readSource } from './sources'

const FOLDERS = ['src', 'nodes', 'editor', 'context']
const LINES_MAX = 450
/** Lists of texts in two languages are as long as they are. */
const TEXTS = /^(?:src\/host\/texts|nodes\/locales)\//
const PAGES = ['CONTRIBUTING.md', 'README.md', 'README.zh-CN.md', 'SECURITY.md']

interface Word {
  readonly found: RegExp
  readonly say: string
  /** Where it stands for a reason. */
  readonly except: RegExp
}

/** Titles of tests, and what a measurement says of itself. */
const QUOTED = 'docs\\/dev\\/(?:MUTATIONS|PERFORMANCE)\\.md'
const WORDS: readonly Word[] = [
  {
    found: /brother/i,
    say: 'peer',
    // The word of 2015.
    except: /^docs\/concepts\/GLOSSARY\.md$/
  },
  { found: /\bwhoever\b/i, say: 'who it is: a side, a reader', except: new RegExp(`^${QUOTED}`) },
  { found: /\banew\b/i, say: 'again, or: start over', except: new RegExp(`^${QUOTED}`) },
  {
    found: /\b(?:is|are) told\b/i,
    say: 'what happens: sent, shown, reported',
    except: new RegExp(`^${QUOTED}`)
  }
]

const wordsIn = (file: string, text: string): string[] =>
  WORDS.filter(({ found, except }) => found.test(text) && !except.test(file)).map(
    ({ found, say }) => `${file}: ${found.source} -> ${say}`
  )

describe('the house', () => {
  it('has no long file but lists of texts', () => {
    const files = FOLDERS.flatMap(filesIn).filter((file) => !TEXTS.test(file))
    assert.ok(files.length > 100, 'the search is broken')
    const long = files.filter((file) => readSource(file).split('\n').length > LINES_MAX + 1)
    assert.deepEqual(long, [])
  })

  it('speaks plainly', () => {
    const files = [...FOLDERS, 'docs'].flatMap(filesIn).concat(PAGES)
    assert.deepEqual(
      files.flatMap((file) => wordsIn(file, readSource(file))),
      []
    )
  })

  it('notices each of these words, and where it is at home', () => {
    for (const text of ['The Brother', '// whoever asks', 'begins anew', 'nobody is told', 'what they are told']) {
      assert.equal(wordsIn('src/host/x.ts', text).length, 1, text)
    }
    assert.deepEqual(wordsIn('docs/concepts/GLOSSARY.md', '| peer | brother |'), [])
  })
})
