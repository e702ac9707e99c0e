import assert from 'node:assert/strict'
import {
  countMistakes,
  defaultConditions,
  describeMistakes,
  describeRow,
  measureTable,
  TABLE_HEAD,
  TABLE_HEARTBEATS_PER_TIMEOUT,
  TABLE_LOSSES
} from './detection'
import { share } from '../../support/share'

/** Set DETECTION_HEARTBEATS for more; the long verification takes 10,000,000. */
const HEARTBEATS = Number(process.env['DETECTION_HEARTBEATS'] ?? share('15000', '100000'))
const TABLE_HEARTBEATS = share(700, 2000)
const TABLE_CRASHES = share(5, 20)

describe('the failure detector', () => {
  for (const model of ['random', 'bursts'] as const) {
    it(`replaces nobody that lives in ${HEARTBEATS} heartbeats at 10 % loss (${model})`, function () {
      this.timeout(20 * 60_000)
      const mistakes = countMistakes(defaultConditions(model), HEARTBEATS)
      console.log(`      ${describeMistakes(model, mistakes)}`)
      assert.ok(Math.abs(mistakes.lossSeen - 0.1) < 0.02)
      assert.equal(mistakes.takeovers, 0)
    })
  }

  it('finds a dead Active within its peerTimeout, whatever the loss', function () {
    this.timeout(120_000)
    console.log(`      ${TABLE_HEAD}`)
    const rows = measureTable(TABLE_HEARTBEATS, TABLE_CRASHES, (row) => console.log(`      ${describeRow(row)}`))
    assert.equal(rows.length, TABLE_HEARTBEATS_PER_TIMEOUT.length * (2 * TABLE_LOSSES.length - 1))
    for (const row of rows) {
      assert.ok(row.detection.crashes > 0)
      // From the last frame before the end; clocks may be 1 % slow.
      assert.ok(row.detection.maxMs < 1.02 * row.peerTimeoutMs + 10)
    }
  })

  it('makes mistakes when the link is worse than its settings allow for, and they are counted', () => {
    const mistakes = countMistakes({ loss: 0.4, model: 'bursts', heartbeatMs: 200, peerTimeoutMs: 600 }, 10_000)
    assert.ok(mistakes.takeovers > 0)
    assert.ok(mistakes.lastedMsMax > 0)
  })
})
