import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reasonsOf, type EventName } from '../../../src/host/events'
import { EVENTS } from '../../../src/host/texts/events'
import { REASONS } from '../../../src/host/texts/reasons'
import { REASON_BYTES, type ReasonCode } from '../../../src/protocol/reasons'
import {
  blocksOf,
  PAGES,
  pageWith,
  situationsTable,
  TROUBLESHOOTING,
  unformatted,
  type Language
} from '../../support/events-page'
import { ROOT } from '../../support/root'

const updates = process.env['HA_PAIR_UPDATE'] === '1'
const NODES = ['ha-pair-designate', 'ha-pair-health', 'ha-pair-gate', 'ha-pair-state', 'ha-pair-sync']
/** A line of a transcript: time, side, and what happened. */
const HAPPENED = /^ *\d+ {2,}[ab] {2}(.*)$/
const LINES: readonly (readonly [RegExp, EventName | null])[] = [
  [/^\w+ => \w+, ([\w-]+)/, 'role'],
  [/^(?:online|offline), ([\w-]+)/, 'online'],
  [/^link \d+ (?:up|down), ([\w-]+)/, 'link'],
  [/^([\w-]+), ([\w-]+)/, null]
]

/** Which events came with which reasons in all scenarios. */
function seenTogether(): Set<string> {
  const seen = new Set<string>()
  const folder = join(ROOT, 'test', 'scenarios')
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.txt')) continue
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      const text = HAPPENED.exec(line)?.[1] ?? ''
      for (const [pattern, event] of LINES) {
        const found = pattern.exec(text)
        if (found === null) continue
        const [name, reason] = event === null ? [found[1], found[2]] : [event, found[1]]
        if (String(name) in EVENTS && String(reason) in REASONS) seen.add(`${name} ${reason}`)
        break
      }
    }
  }
  return seen
}

describe('the page of events', () => {
  for (const language of Object.keys(PAGES) as Language[]) {
    const path = join(ROOT, PAGES[language].file)

    it(`${PAGES[language].file} says what the texts say`, () => {
      const blocks = blocksOf(language)
      const page = readFileSync(path, 'utf8')
      const { text, names } = pageWith(page, blocks)
      assert.deepEqual(names.toSorted(), Object.keys(blocks).toSorted())
      if (updates && unformatted(text) !== unformatted(page)) writeFileSync(path, text)
      else assert.equal(unformatted(page), unformatted(text), 'npm test -- host --update, then npm run check -- --fix')
    })

    it(`${PAGES[language].file} explains every error that a node gives to Catch nodes`, () => {
      const page = readFileSync(path, 'utf8')
      for (const node of NODES) {
        const file = join(ROOT, 'nodes', 'locales', PAGES[language].locale, `${node}.json`)
        const { error = {} } = JSON.parse(readFileSync(file, 'utf8')) as { error?: Record<string, string> }
        for (const code of Object.keys(error)) {
          const shown = code.startsWith('expires') ? 'bad-expires' : code
          assert.ok(page.includes(`| \`${shown}\``), `${node}: ${code}`)
        }
      }
    })
  }

  for (const [language, file] of Object.entries(TROUBLESHOOTING) as [Language, string][]) {
    it(`${file} has every badge`, () => {
      const path = join(ROOT, file)
      const page = readFileSync(path, 'utf8')
      const { text, names } = pageWith(page, { situations: situationsTable(language) })
      assert.deepEqual(names, ['situations'])
      if (updates && unformatted(text) !== unformatted(page)) writeFileSync(path, text)
      else assert.equal(unformatted(page), unformatted(text), 'npm test -- host --update, then npm run check -- --fix')
    })
  }

  it('names with each reason every event that it was seen with', () => {
    const seen = [...seenTogether()]
    assert.ok(seen.length > 50, `only ${seen.length} are seen: the search is broken`)
    for (const pair of seen) {
      const [event, reason] = pair.split(' ') as [EventName, ReasonCode]
      assert.ok(reasonsOf(event).includes(reason), `${reason} comes with ${event}`)
    }
  })
})

describe('the texts for people', () => {
  const texts = [...Object.values(REASONS), ...Object.values(EVENTS)].flatMap((entry) => [
    entry,
    entry.todo,
    ...('when' in entry ? [entry.when] : [])
  ])

  it('are whole sentences in both languages', () => {
    for (const { en, zh } of texts) {
      assert.equal(en === '', zh === '', `${en}${zh}`)
      if (en === '') continue
      assert.match(en, /^[A-Z].*[.?!]$|\)\.$/, en)
      assert.match(zh, /[。？！]$/, zh)
      assert.doesNotMatch(zh.replace('fe80::1%eth0', ''), /[,;:?!]|\. /, `half-width punctuation: ${zh}`)
      assert.ok(en.length <= 220 && zh.length <= 110, `too long for a sidebar: ${en}`)
    }
  })

  it('go with reasons that have a byte each', () => {
    const bytes: number[] = Object.values(REASON_BYTES)
    assert.deepEqual(
      bytes.toSorted((a, b) => a - b),
      bytes.map((_, index) => index)
    )
  })
})
