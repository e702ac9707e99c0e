import assert from 'node:assert/strict'
import { parseEarlier } from '../../../bench/tools/earlier'
import { parseNotes } from '../../../bench/tools/notes'
import { figure, reportOf, tableOf } from '../../../bench/tools/report'
import type { Measured, Results } from '../../../bench/tools/results'

const rows = [
  { name: 'kill', title: 'Killed', how: 'From here to there.' },
  { name: 'cpu', title: 'CPU', how: 'Counted.' },
  { name: 'gate', title: 'Gate', how: 'Counted too.' }
]

const measured = (part: Partial<Measured>): Measured => ({
  at: '2026-01-02',
  machine: 'a machine',
  quick: false,
  series: [],
  verdicts: [],
  notes: [],
  ...part
})

const results: Results = {
  kill: measured({
    series: [
      { who: 'ours', unit: 'ms', values: [10, 20, 30] },
      { who: 'theirs', unit: 'ms', values: [100] }
    ],
    verdicts: [
      { bar: 'median <= 0.5 x', measured: '0.20 x', met: true },
      { bar: 'p95 <= 0.1 x', measured: '0.3 x', met: false },
      { bar: 'of a peer', measured: 'no peer', met: null }
    ]
  }),
  cpu: measured({
    quick: true,
    series: [1, 100].map((x) => ({ who: `${x}`, unit: 'µs', values: [x], at: { curve: 'engine', x } }))
  })
}

describe('the report of the benchmark', () => {
  it('says of each bar whether it is met, missed, or does not count', () => {
    const { markdown } = reportOf(rows, results, new Map())
    assert.match(markdown, /\| Killed \| median <= 0\.5 x \| 0\.20 x \| met \|/)
    assert.match(markdown, /\| {2}\| p95 <= 0\.1 x \| 0\.3 x \| \*\*missed\*\* \|/)
    assert.match(markdown, /\| {2}\| of a peer \| no peer \| does not count \|/)
  })

  it('gives every row its clock, its date and machine, its figures and its note', () => {
    const { markdown } = reportOf(rows, results, new Map([['kill', 'Why it is so.']]))
    for (const text of ['From here to there.', 'Measured on 2026-01-02: a machine.', 'Why it is so.'])
      assert.ok(markdown.includes(text), text)
    assert.match(markdown, /\| ours \| 3 \| 20 ms \| 29 \| 10 \| 10 \| 30 \|/)
  })

  it('keeps what an earlier report says of a row that was not measured since, and nothing of one that was', () => {
    const { kill, cpu } = results
    assert.ok(kill !== undefined && cpu !== undefined)
    const before = reportOf(
      rows,
      { kill, gate: measured({ at: '2025-03-04', verdicts: [{ bar: '>= 1', measured: '2', met: true }] }) },
      new Map()
    )
    const earlier = parseEarlier(before.markdown)
    const { markdown } = reportOf(rows, { cpu, kill: { ...kill, at: '2027-05-06' } }, new Map(), earlier)
    assert.match(markdown, /\| Gate \| >= 1 \| 2 \| met \|/)
    for (const date of ['2025-03-04', '2027-05-06']) assert.equal(markdown.split(`Measured on ${date}`).length, 2, date)
    assert.ok(
      !markdown.includes('Measured on 2026-01-02: a machine.\n\n| who | trials'),
      'the figures of the killed are the new ones'
    )
    assert.equal(markdown.match(/^## /gm)?.length, 3)
    assert.doesNotMatch(markdown, /Not measured yet/)
    assert.equal(
      reportOf(rows, {}, new Map(), parseEarlier(markdown)).markdown.replace(/\s+/g, ' '),
      markdown.replace(/\s+/g, ' ')
    )
  })

  it('marks a quick run, and names what was not measured', () => {
    const { markdown } = reportOf(rows, results, new Map())
    assert.equal(markdown.match(/A quick run/g)?.length, 1)
    assert.match(markdown, /Not measured yet: Gate\./)
    assert.match(tableOf(rows, results), /CPU \(quick: only to try the benchmark\)/)
    assert.match(tableOf(rows, results), /Gate: not measured/)
  })

  it('draws strips of times and curves over a number, and nothing else', () => {
    const gate = measured({ series: [{ who: 'gate', unit: 'messages/s', values: [1] }] })
    const { plots } = reportOf(rows, { ...results, gate }, new Map())
    assert.deepEqual([...plots.keys()].toSorted(), ['cpu.svg', 'kill.svg'])
    assert.equal(plots.get('kill.svg')?.match(/<circle/g)?.length, 4)
    assert.equal(plots.get('cpu.svg')?.match(/<polyline/g)?.length, 1)
  })

  it('is a table of nothing when nothing was measured', () => {
    assert.match(reportOf(rows, {}, new Map()).markdown, /Not measured yet: Killed; CPU; Gate\./)
  })

  it('writes figures with three digits, and thousands with commas', () => {
    assert.deepEqual([0, 0.123456, 1.5, 12.345, 999.4, 1234.5, -2500].map(figure), [
      '0',
      '0.123',
      '1.5',
      '12.3',
      '999',
      '1,235',
      '-2,500'
    ])
  })
})

describe('notes on rows', () => {
  it('belong to the row that the heading names', () => {
    const notes = parseNotes('# Notes\n\nintro\n\n## kill\n\nFirst.\n\nSecond.\n\n## cpu\nThird.\n', ['kill', 'cpu'])
    assert.deepEqual(
      [...notes],
      [
        ['kill', 'First.\n\nSecond.'],
        ['cpu', 'Third.']
      ]
    )
  })

  it('on a row that does not exist are an error', () => {
    assert.throws(() => parseNotes('## kil\n\nx\n', ['kill']), /a note on 'kil', which is no row/)
  })
})
