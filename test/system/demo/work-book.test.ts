import assert from 'node:assert/strict'
import { parseExecution } from '../../../demo/plant'
import { WorkBook, type Order, type SideName } from '../../../demo/work-book'

const RUN = 1700
const DUE_MS = 500

/** A plant whose sides work when the story says so. */
class Fixture {
  readonly book = new WorkBook(RUN, DUE_MS)
  nowMs = 1000

  issue(): Order {
    return this.book.issue(this.nowMs)
  }

  does(by: SideName, { item }: Order): void {
    this.book.executed({ item, by, epoch: 1 })
  }

  /** Time passes, in the small steps of a plant that runs well. */
  passesMs(ms: number): void {
    for (let end = this.nowMs + ms; this.nowMs < end; this.nowMs += 10) this.book.tick(this.nowMs)
  }

  /** The plant itself does not run for a while. */
  stallsMs(ms: number): void {
    this.nowMs += ms
    this.book.tick(this.nowMs)
  }
}

const parsed = (text: string): unknown => parseExecution(Buffer.from(text), RUN)

describe('the work book of the plant', () => {
  let fixture: Fixture
  beforeEach(() => {
    fixture = new Fixture()
  })

  it('numbers the items of its run', () => {
    assert.deepEqual(
      [fixture.issue(), fixture.issue()],
      [
        { run: RUN, item: 1 },
        { run: RUN, item: 2 }
      ]
    )
  })

  it('counts an item that one side does in time, for that side', () => {
    fixture.does('A', fixture.issue())
    assert.deepEqual(fixture.book.tally(), { issued: 1, done: 1, doneBy: { A: 1, B: 0 }, missed: 0, twice: 0, open: 0 })
  })

  it('does not mind how late an item is done before it is due', () => {
    const order = fixture.issue()
    fixture.passesMs(DUE_MS - 20)
    fixture.does('B', order)
    fixture.passesMs(1000)
    assert.deepEqual([fixture.book.tally().done, fixture.book.tally().missed], [1, 0])
  })

  it('calls an item missed that nobody did when it was due, also if it is done later', () => {
    const order = fixture.issue()
    fixture.passesMs(DUE_MS + 10)
    assert.equal(fixture.book.tally().missed, 1)
    fixture.does('A', order)
    assert.deepEqual([fixture.book.tally().done, fixture.book.tally().missed], [0, 1])
  })

  it('sees an item that was done by two gates', () => {
    const order = fixture.issue()
    for (const side of ['A', 'B', 'B'] as const) fixture.does(side, order)
    assert.deepEqual([fixture.book.tally().done, fixture.book.tally().twice], [1, 1], 'one item, however often')
  })

  it('sees a second execution that comes long after the item was settled', () => {
    const order = fixture.issue()
    fixture.does('A', order)
    fixture.passesMs(60_000)
    fixture.does('B', order)
    assert.equal(fixture.book.tally().twice, 1)
  })

  it('counts an execution against the pair when the item is forgotten already', () => {
    const order = fixture.issue()
    fixture.does('A', order)
    fixture.passesMs(700_000)
    fixture.does('B', order)
    assert.equal(fixture.book.tally().twice, 1)
  }).timeout(10_000)

  it('does not blame the pair when the plant itself stood still', () => {
    const order = fixture.issue()
    fixture.passesMs(20)
    fixture.stallsMs(3000)
    assert.equal(fixture.book.tally().missed, 0)
    fixture.does('A', order)
    assert.equal(fixture.book.tally().done, 1)
  })

  it('shows the newest items, what became of each, and who did it', () => {
    fixture.does('A', fixture.issue())
    const twice = fixture.issue()
    fixture.does('A', twice)
    fixture.does('B', twice)
    fixture.issue()
    assert.deepEqual(fixture.book.latest(2), [
      { number: 2, state: 'done', by: 'A', twice: true },
      { number: 3, state: 'open', by: null, twice: false }
    ])
  })

  it('takes nothing else for a report of work', () => {
    assert.deepEqual(parsed('{"run":1700,"item":3,"by":"A","epoch":2}'), { item: 3, by: 'A', epoch: 2 })
    for (const text of [
      '',
      '{',
      'null',
      '7',
      '{"run":1699,"item":3,"by":"A","epoch":2}',
      '{"run":1700,"item":3,"by":"C","epoch":2}'
    ]) {
      assert.equal(parsed(text), null, text)
    }
  })
})
