import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { throttle } from '../../../nodes/throttle'

describe('paced', () => {
  let told = 0
  const tell = (): void => void told++

  beforeEach(() => {
    told = 0
    mock.timers.enable({ apis: ['setTimeout'] })
  })
  afterEach(() => mock.timers.reset())

  it('tells a single change at once, and only once', () => {
    const pace = throttle(500, tell)
    pace.touch()
    assert.equal(told, 1)
    mock.timers.tick(5000)
    assert.equal(told, 1)
    pace.end()
  })

  it('makes few of many, and never loses the last one', () => {
    const pace = throttle(500, tell)
    for (let ms = 0; ms < 10_000; ms++) {
      pace.touch()
      mock.timers.tick(1)
    }
    assert.equal(told, 1 + 20)
    pace.touch()
    assert.equal(told, 1 + 20, 'not yet')
    mock.timers.tick(500)
    assert.equal(told, 1 + 20 + 1)
    mock.timers.tick(5000)
    assert.equal(told, 1 + 20 + 1)
    pace.end()
  })

  it('is silent after its end', () => {
    const pace = throttle(500, tell)
    pace.touch()
    pace.touch()
    pace.end()
    mock.timers.tick(5000)
    pace.touch()
    assert.equal(told, 1)
  })
})
