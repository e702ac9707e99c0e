/** What people type ends up in logs, badges and metrics: nobody writes lines of his own into them. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { pairEvent } from '../../../src/host/events'
import { healthAnswer } from '../../../src/host/health'
import { oneLine, report, type PairLog } from '../../../src/host/report'

const NAME = 'pump\n29 Nov 12:00:00 - [error] forged\r\t\u001b[2K\u2028\u202e"\\'

describe('a text that somebody has typed', () => {
  it('is one line, in which nothing is hidden', () => {
    assert.equal(oneLine('a\nb\r\nc\td'), 'a\\nb\\r\\nc\\td')
    assert.equal(oneLine('\u001b[2K\u007f\u0085\u2028\u202e'), '\\u001b[2K\\u007f\\u0085\\u2028\\u202e')
    assert.equal(oneLine('Línea 1 · 一号泵 🚰 "x" \\ y'), 'Línea 1 · 一号泵 🚰 "x" \\ y')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(oneLine(text), /[\p{Cc}\p{Zl}\p{Zp}]/u)
      })
    )
  })

  it('makes one line of the log, as the pair’s name and in a detail', () => {
    const lines: string[] = []
    const keep = (line: string): unknown => lines.push(line)
    const log: PairLog = { info: keep, warn: keep, error: keep }
    const detail = { link: 0, open: false, error: 'bad\nhost' }
    const names = { here: 'a', peer: 'b', after: '2 s' }
    report(log, NAME, names, [pairEvent('link', 'link-failed', detail, 1)])
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /^pump\\n29 Nov/)
    assert.match(lines[0] ?? '', /error=bad\\nhost/)
    assert.doesNotMatch(lines[0] ?? '', /\p{Cc}/u)
  })

  it('is one label of a metric, and one field of the JSON', async () => {
    const stopped = { at: 1, name: NAME, host: 'a', problems: [] }
    const metrics = (await healthAnswer('metrics', stopped)).body
    const series = metrics.split('\n').filter((line) => line !== '' && !line.startsWith('# '))
    assert.ok(series.length > 0)
    for (const line of series) {
      const [, label = ''] = /^ha_pair_\w+\{pair="((?:[^"\\\n]|\\[\\"n])*)"(?:,[^}]*)?\} \S+$/.exec(line) ?? []
      assert.equal(
        label.replaceAll(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign)),
        NAME,
        line
      )
    }
    const json = (await healthAnswer('status', stopped)).body
    assert.doesNotMatch(json.trimEnd(), /\n.*forged/)
    assert.equal((JSON.parse(json) as { name: string }).name, NAME)
  })
})
