import assert from 'node:assert/strict'
import { WorkQueue } from '../../../src/engine/work-queue'

describe('work at once', () => {
  it('is bounded, comes in the order of asking, and gives what each piece gives', async () => {
    const atOnce = new WorkQueue(2)
    let running = 0
    let most = 0
    const begun: number[] = []
    const work = (i: number) => async (): Promise<number> => {
      begun.push(i)
      most = Math.max(most, ++running)
      await new Promise((later) => setImmediate(later))
      running--
      if (i % 3 === 0) throw new Error(`${i}`)
      return i
    }
    const ends = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => atOnce.run(work(i))))
    assert.equal(most, 2)
    assert.deepEqual(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert.deepEqual(
      ends.map((end) => (end.status === 'fulfilled' ? end.value : 'failed')),
      ['failed', 1, 2, 'failed', 4, 5, 'failed', 7, 8, 'failed']
    )
    assert.equal(await atOnce.run(() => Promise.resolve('free again')), 'free again')
  })
})
