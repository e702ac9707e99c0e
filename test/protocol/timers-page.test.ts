/** The table of timers in docs/PROTOCOL.md, made from the machine's own table and the comments in it. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TIMERS } from '../../src/protocol/extended/timers'
import { pageWith, ROOT, unformatted } from '../host/events-page'

const updates = process.env['HA_PAIR_UPDATE'] === '1'
const PAGE = join(ROOT, 'docs', 'PROTOCOL.md')
const SOURCE = join(ROOT, 'src', 'protocol', 'extended', 'timers.ts')
/** An entry: when it is due, what happens then, its name. */
const ENTRY = /^ {2}\/\/ (.+)\n {2}\/\/ => (.+)\n {2}\w+\(\s*'([^']+)'/gm

function table(): string {
  const told = new Map(
    [...readFileSync(SOURCE, 'utf8').matchAll(ENTRY)].map(([, due, what, name]) => [name, [due, what]])
  )
  const rows = TIMERS.map(({ name, during }) => {
    const [due, what] = told.get(name) ?? []
    assert.ok(
      due !== undefined && what !== undefined,
      `timers.ts does not say above '${name}' when it is due and what happens`
    )
    return `| ${name} | ${during} | ${due} | ${what} |`
  })
  return ['| timer | while | due | what happens |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

describe('the page of the protocol', () => {
  it('has the timers that the machine has', () => {
    const page = readFileSync(PAGE, 'utf8')
    const { text, names } = pageWith(page, { timers: table() })
    assert.deepEqual(names, ['timers'])
    if (updates && unformatted(text) !== unformatted(page)) writeFileSync(PAGE, text)
    else
      assert.equal(unformatted(page), unformatted(text), 'npm test -- protocol --update, then npm run check -- --fix')
  })

  it('names each timer once', () => {
    const names = TIMERS.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
  })
})
