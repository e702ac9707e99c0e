import assert from 'node:assert/strict'
import { Rejections, TELL_EVERY_MS } from '../../../src/engine/rejections'

describe('rejected datagrams', () => {
  it('are all counted by cause, and told once per cause and minute', () => {
    const rejections = new Rejections()
    assert.equal(rejections.add('seal', 0), 1)
    for (let i = 1; i < 1000; i++) assert.equal(rejections.add('seal', i), 0)
    assert.equal(rejections.add('short', 500), 1)
    assert.equal(rejections.add('seal', TELL_EVERY_MS - 1), 0)
    assert.equal(rejections.add('seal', TELL_EVERY_MS), 1001, 'all since the last time')
    assert.deepEqual(rejections.counts(), { seal: 1002, short: 1 })
    assert.equal(rejections.total, 1003)
  })
})
