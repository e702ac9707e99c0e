/** The data of a pair between its stores, its engine and its people. */
import assert from 'node:assert/strict'
import { newPairCell, PairCell, type PairCellValue } from '../../../src/engine/cells'
import type { ToEngine } from '../../../src/engine/messages'
import type { PairChannel } from '../../../src/host/channel/channel'
import { PairData } from '../../../src/host/pair-data'
import { NO_DATA, SharedData } from '../../../src/host/shared-data'
import type { StoreData, StoreNews } from '../../../src/host/store/seat'
import { Recorder, Wires } from './exchange-rig'

const CELL: PairCellValue = {
  role: 'initial',
  serving: false,
  epoch: 0,
  leaseUntilMs: Infinity,
  freshForMs: 0,
  heardAtMs: null,
  roundTripMs: null,
  witnessHeardAtMs: null
}
const store = (over: Partial<StoreData> = {}): StoreData => ({
  position: { epoch: 2, number: 1 },
  inStep: true,
  behindMs: 0,
  movedAtMs: null,
  dropped: 0,
  unanswered: 0,
  bytes: 10,
  keys: 1,
  ...over
})

describe('the data of a pair', () => {
  let wires: Wires
  let posted: ToEngine[]
  let cell: PairCell
  let data: PairData
  let shared: SharedData

  beforeEach(async () => {
    wires = new Wires()
    posted = []
    cell = new PairCell(newPairCell())
    cell.write(CELL)
    data = new PairData((message) => posted.push(message))
    const owner = {
      id: 'p',
      name: 'p',
      get cell() {
        return cell
      },
      tell: (_news: StoreNews) => {},
      log: () => {}
    }
    // Of the channel only its exchange is needed.
    shared = new SharedData(owner, { exchange: wires.a.exchange } as unknown as PairChannel, data)
    data.entered(1)
    await wires.open()
  })

  const lastTold = (): unknown => {
    const last = posted.findLast((message) => message.type === 'data')
    return last?.type === 'data' ? last.data : null
  }
  const inStep = (over: Partial<StoreData>): unknown => {
    shared.report('one', store(over))
    return (lastTold() as { inStep: boolean }).inStep
  }
  const meet = async (id = 'x'): Promise<[Recorder, Recorder]> => {
    const both: [Recorder, Recorder] = [new Recorder(id), new Recorder(id)]
    wires.a.exchange.attach(both[0])
    wires.b.exchange.attach(both[1])
    await wires.settle()
    return both
  }

  it('is told to the engine: whether anything uses the channel, whether it is open, and how the copies stand', async () => {
    shared.look()
    assert.deepEqual(lastTold(), { users: false, open: false, inStep: false, position: { epoch: 0, number: 0 } })
    await meet()
    shared.look()
    assert.deepEqual(lastTold(), { users: true, open: true, inStep: true, position: { epoch: 0, number: 0 } })
    shared.report('one', store({ position: { epoch: 4, number: 0 } }))
    shared.report(
      'other',
      store({ position: { epoch: 2, number: 9 }, inStep: false, behindMs: 1500, dropped: 3, unanswered: 1 })
    )
    assert.deepEqual(lastTold(), { users: true, open: true, inStep: false, position: { epoch: 2, number: 9 } })
    assert.deepEqual(shared.reading, { ...NO_DATA, behind: 1500, bytes: 20, keys: 2, dropped: 3, unanswered: 1 })
    shared.report('other', null)
    assert.deepEqual(lastTold(), { users: true, open: true, inStep: true, position: { epoch: 4, number: 0 } })
    wires.cut(wires.a)
    shared.look()
    assert.deepEqual(lastTold(), { users: true, open: false, inStep: false, position: { epoch: 4, number: 0 } })
  })

  it('of an Active is in step unless the follower is late: one that has no such store keeps it from nothing', async () => {
    cell.write({ ...CELL, role: 'active', epoch: 2, serving: true })
    await meet()
    assert.deepEqual(
      [
        inStep({ inStep: false, behindMs: null }),
        inStep({ inStep: false, behindMs: 1000 }),
        inStep({ inStep: false, behindMs: 999 })
      ],
      [true, false, true]
    )
  })

  it('reads how much there is, and how long ago some of it went over', async () => {
    await meet()
    assert.deepEqual(shared.reading, { ...NO_DATA })
    shared.report('one', store({ movedAtMs: performance.now() - 5000 }))
    shared.report('other', store({ movedAtMs: performance.now() - 60_000, behindMs: null }))
    const { movedAgo, ...rest } = shared.reading
    assert.deepEqual(rest, { behind: 0, bytes: 20, keys: 2, dropped: 0, unanswered: 0 })
    assert.ok(movedAgo !== null && movedAgo >= 5000 && movedAgo < 60_000, String(movedAgo))
  })

  it('says who holds the role at this instant, and tells once when that has changed', () => {
    let told = 0
    shared.watch({ roleChanged: () => told++, barrierOver: () => {} })
    assert.deepEqual(shared.holder(), { role: 'initial', epoch: 0 })
    cell.write({ ...CELL, role: 'active', epoch: 2, serving: true })
    assert.deepEqual([shared.holder(), told], [{ role: 'active', epoch: 2 }, 0])
    shared.roleMayHaveChanged()
    shared.roleMayHaveChanged()
    cell.write({ ...CELL, role: 'active', epoch: 2, serving: false, heardAtMs: 5 })
    shared.roleMayHaveChanged()
    assert.equal(told, 1)
    cell = new PairCell(newPairCell())
    shared.roleMayHaveChanged()
    assert.deepEqual([shared.holder().role, told], ['initial', 2])
  })

  const answers = (): unknown[] => posted.filter(({ type }) => type === 'barrierDone')
  const turns = async (): Promise<void> => {
    for (let n = 0; n < 10; n++) await new Promise(setImmediate)
    await wires.settle()
  }

  it('raises the barrier that the engine asks for, answers when the peer has all, and tells its outcome', async () => {
    const [one, other] = await meet()
    const over: boolean[] = []
    shared.watch({ roleChanged: () => {}, barrierOver: (granted) => over.push(granted) })
    one.onFlush = () => one.say('last word')
    data.onMessage({ type: 'barrier', pairId: 1, id: 7 })
    assert.deepEqual(answers(), [])
    await turns()
    assert.deepEqual(
      [answers(), other.seen.at(-1)],
      [[{ type: 'barrierDone', pairId: 1, id: 7, ok: true }], 'last word']
    )
    data.onMessage({ type: 'barrierOver', pairId: 1, id: 7, granted: true })
    assert.deepEqual(over, [true])
  })

  it('answers nothing to a barrier that was called off before', async () => {
    await meet()
    data.onMessage({ type: 'barrier', pairId: 1, id: 7 })
    data.onMessage({ type: 'barrierOver', pairId: 1, id: 7, granted: false })
    await turns()
    assert.deepEqual(answers(), [])
  })

  it('answers no, where the channel is not open', async () => {
    await meet()
    wires.cut(wires.a)
    data.onMessage({ type: 'barrier', pairId: 1, id: 7 })
    await turns()
    assert.deepEqual(answers(), [{ type: 'barrierDone', pairId: 1, id: 7, ok: false }])
  })
})
