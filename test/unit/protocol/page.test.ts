/** The blocks of docs/reference/PROTOCOL.md that are made: the table of timers, and the picture of the roles. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { REASON_BYTES } from '../../../src/protocol/reasons'
import { TIMERS } from '../../../src/protocol/extended/timers'
import { pageWith, unformatted } from '../../support/events-page'
import { ROOT } from '../../support/root'

const updates = process.env['HA_PAIR_UPDATE'] === '1'
const PAGE = join(ROOT, 'docs', 'reference', 'PROTOCOL.md')
const SOURCE = join(ROOT, 'src', 'protocol', 'extended', 'timers.ts')
const SCENARIOS = join(ROOT, 'test', 'scenarios', 'extended')
/** An entry of the machine's table: when it is due, what happens then, its name. */
const ENTRY = /^ {2}\/\/ (.+)\n {2}\/\/ => (.+)\n {2}\w+\(\s*'([^']+)'/gm
const CHANGE = /\b(initial|active|standby) => (initial|active|standby), ([a-z-]+)/g

/** From the machine's table of timers and the comments in it. */
function timers(): string {
  const told = new Map(
    [...readFileSync(SOURCE, 'utf8').matchAll(ENTRY)].map(([, due, what, name]) => [name, { due, what }])
  )
  const rows = TIMERS.map(({ name, during }) => {
    const { due, what } = told.get(name) ?? {}
    assert.ok(
      due !== undefined && what !== undefined,
      `timers.ts says above '${name}' when it is due, and what happens`
    )
    return `| ${name} | ${during} | ${due} | ${what} |`
  })
  return ['| timer | while | due | what happens |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** From the changes of roles in the transcripts of the extended wire, and their reasons. */
function roles(): string {
  const reasons = new Map<string, Set<string>>()
  for (const file of readdirSync(SCENARIOS)) {
    for (const [, from = '', to = '', reason = ''] of readFileSync(join(SCENARIOS, file), 'utf8').matchAll(CHANGE)) {
      assert.ok(reason in REASON_BYTES, `${file}: ${reason}`)
      const change = `${capital(from)} --> ${capital(to)}`
      reasons.set(change, (reasons.get(change) ?? new Set()).add(reason))
    }
  }
  const changes = [...reasons].map(([change, why]) => `    ${change}: ${[...why].toSorted().join('<br>')}`)
  return ['```mermaid', 'stateDiagram-v2', '    [*] --> Initial', ...changes.toSorted(), '```'].join('\n')
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

describe('the page of the protocol', () => {
  it('has the timers that the machine has, and the changes of roles that the scenarios show', () => {
    const page = readFileSync(PAGE, 'utf8')
    const { text, names } = pageWith(page, { roles: roles(), timers: timers() })
    assert.deepEqual(names, ['roles', 'timers'])
    if (updates && unformatted(text) !== unformatted(page)) writeFileSync(PAGE, text)
    else
      assert.equal(unformatted(page), unformatted(text), 'npm test -- protocol --update, then npm run check -- --fix')
  })

  it('names each timer once', () => {
    const names = TIMERS.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
  })
})
