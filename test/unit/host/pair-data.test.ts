/** What the engine is told of a pair's data, and what becomes of its barriers. */
import assert from 'node:assert/strict'
import type { DataState, ToEngine } from '../../../src/engine/messages'
import { UNREF_LOOP } from '../../../src/host/loop'
import { PairData } from '../../../src/host/pair-data'
import { until } from '../../support/engine-rig'

const STATE: DataState = { users: true, open: true, inStep: true, position: { epoch: 3, number: 7 } }

describe('the data of a pair', () => {
  const posted: ToEngine[] = []
  const told: string[] = []
  let data: PairData
  let nowMs = 1000

  /** The positions that the engine was told since the last look. */
  function positions(): string[] {
    return posted
      .splice(0)
      .flatMap((m) => (m.type === 'data' ? [`${m.data.position.epoch}/${m.data.position.number}`] : [m.type]))
  }

  beforeEach(() => {
    posted.length = told.length = 0
    data = new PairData((message) => posted.push(message), { ...UNREF_LOOP, nowMs: () => nowMs })
  })
  afterEach(() => data.left())

  function owned(): void {
    data.owner = {
      barrier: (id) => told.push(`barrier ${id}`),
      barrierOver: (id, granted) => told.push(`over ${id} ${granted ? 'granted' : 'called off'}`)
    }
  }

  it('is told as soon as the pair is in the engine, and to each new engine again', () => {
    data.set(STATE)
    assert.deepEqual(posted, [])
    data.entered(4)
    assert.deepEqual(posted.splice(0), [{ type: 'data', pairId: 4, data: STATE }])
    data.left()
    data.set({ ...STATE, position: { epoch: 3, number: 8 } })
    data.entered(5)
    assert.deepEqual(positions(), ['3/8'])
  })

  it('is told at once when more than the number changes; a number alone comes later, the last one', async () => {
    data.entered(1)
    data.set(STATE)
    data.set({ ...STATE, inStep: false })
    data.set({ ...STATE, inStep: false, position: { epoch: 4, number: 1 } })
    assert.deepEqual(positions(), ['3/7', '3/7', '4/1'])
    for (const number of [2, 3, 4]) data.set({ ...STATE, inStep: false, position: { epoch: 4, number } })
    assert.deepEqual(positions(), [])
    await until('the last one is told', () => posted.length > 0)
    assert.deepEqual(positions(), ['4/4'])
  })

  it('is not told again what it was told last', () => {
    data.entered(1)
    data.set(STATE)
    nowMs += 1000
    data.set({ ...STATE, position: { ...STATE.position } })
    assert.deepEqual(positions(), ['3/7'])
    data.set({ ...STATE, position: { epoch: 2, number: 7 } })
    assert.deepEqual(positions(), ['2/7'])
  })

  it('passes barriers on, once each, however they end', () => {
    owned()
    data.entered(2)
    data.onMessage({ type: 'barrier', pairId: 2, id: 1 })
    data.done(1, true)
    assert.deepEqual(posted.splice(0), [{ type: 'barrierDone', pairId: 2, id: 1, ok: true }])
    data.onMessage({ type: 'barrierOver', pairId: 2, id: 1, granted: true })
    data.onMessage({ type: 'barrier', pairId: 2, id: 2 })
    data.left()
    data.left()
    assert.deepEqual(told, ['barrier 1', 'over 1 granted', 'barrier 2', 'over 2 called off'])
    data.done(2, true)
    assert.deepEqual(posted, [], 'nobody to tell')
  })

  it('of nobody is never there', () => {
    data.entered(2)
    data.onMessage({ type: 'barrier', pairId: 2, id: 1 })
    assert.deepEqual(posted, [{ type: 'barrierDone', pairId: 2, id: 1, ok: false }])
  })

  it('has no users any more when the process exits: nobody will answer', () => {
    data.entered(2)
    data.set(STATE)
    posted.length = 0
    data.answerNoMore()
    assert.deepEqual(posted, [{ type: 'data', pairId: 2, data: { ...STATE, users: false } }])
  })
})
