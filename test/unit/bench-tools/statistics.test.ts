import assert from 'node:assert/strict'
import { phases } from '../../../bench/tools/phases'
import { curvePlot, niceStep, niceTicks, stripPlot } from '../../../bench/tools/plot'
import { quantile, summarize } from '../../../bench/tools/statistics'
import { Random } from '../../support/random'

describe('figures of a sample', () => {
  it('are quantiles of type 7, whatever the order', () => {
    // R: quantile(c(1, 2, 4, 8), c(0, .25, .5, .95, 1))
    const sample = [8, 1, 4, 2]
    assert.deepEqual(
      [0, 0.25, 0.5, 0.95, 1].map((share) => Number(quantile(sample, share).toFixed(6))),
      [1, 1.75, 3, 7.4, 8]
    )
    assert.deepEqual(sample, [8, 1, 4, 2])
  })

  it('are all the one value of a sample of one', () => {
    assert.deepEqual(summarize([5]), { count: 1, min: 5, median: 5, p95: 5, max: 5, spread: 0 })
  })

  it('do not exist for an empty sample', () => {
    assert.throws(() => quantile([], 0.5), /empty sample/)
  })
})

describe('phases of faults', () => {
  it('take one from each equal part of the heartbeat, in another order', () => {
    const random = new Random(1n, 'phases')
    const found = phases(20, () => random.unit())
    assert.deepEqual(
      found.map((phase) => Math.floor(phase * 20)).toSorted((a, b) => a - b),
      Array.from({ length: 20 }, (_, i) => i)
    )
    assert.notDeepEqual(
      found,
      found.toSorted((a, b) => a - b)
    )
  })
})

/** Where the dots of one strip lie, from the left. */
const dotsOf = (values: readonly number[]): string[] =>
  [...stripPlot('t', [{ who: 'x', unit: 'ms', values }]).matchAll(/<circle cx="([\d.]+)"/g)].map(([, x = '']) => x)

describe('scales of plots', () => {
  it('step by 1, 2 or 5 times a power of ten', () => {
    assert.deepEqual(
      [6, 7, 31, 0.06, 2500, 0, Number.NaN].map((max) => Number(niceStep(max, 6).toPrecision(6))),
      [1, 2, 10, 0.01, 500, 1, 1]
    )
  })

  it('reach from 0 to a step that is not below the greatest value', () => {
    assert.deepEqual(niceTicks(31, 6), [0, 10, 20, 30, 40])
    assert.deepEqual(niceTicks(6, 6), [0, 1, 2, 3, 4, 5, 6])
    assert.deepEqual(niceTicks(0, 6), [0, 1])
  })

  it('put every dot and every point inside the picture, and no markup into titles', () => {
    const strip = stripPlot('a < b & "c"', [{ who: 'x', unit: 'ms', values: [0, 3, 999.9] }])
    assert.ok(strip.includes('a &lt; b &amp; &quot;c&quot;'))
    const series = [1, 10, 1000].map((x) => ({ who: '', unit: 'µs', values: [x * 3], at: { curve: 'engine', x } }))
    for (const svg of [strip, curvePlot('t', series, 'pairs')]) {
      const [, width = 0, height = 0] = (/viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? []).map(Number)
      const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)]
      assert.equal(dots.length, 3)
      for (const [, x, y] of dots) {
        assert.ok(Number(x) >= 0 && Number(x) <= width, `x ${x}`)
        assert.ok(Number(y) >= 0 && Number(y) <= height, `y ${y}`)
      }
    }
  })

  it('show some of very many values, the least and the greatest among them, and all of a few', () => {
    const few = dotsOf([0, 7, 1000])
    assert.equal(few.length, 3)
    const many = dotsOf(Array.from({ length: 30_001 }, (_, i) => ((i * 7919) % 30_001) / 30))
    assert.ok(many.length >= 100 && many.length <= 1000, String(many.length))
    assert.deepEqual([many[0], many.at(-1)], [few[0], few[2]])
  })
})
