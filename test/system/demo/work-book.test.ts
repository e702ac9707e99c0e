import assert from 'node:assert/strict'
import { WorkBook, type Answer, type Offer, type SideName } from '../../../demo/work-book'

const SETTINGS = { dueAfterMs: 500, silenceMs: 250, againMs: 25 }

/** A plant whose sides answer when the story says so. */
class Bench {
  readonly book = new WorkBook(SETTINGS)
  nowMs = 1000

  issue(): Offer {
    return this.book.issue(this.nowMs)
  }

  does(by: SideName, offer: Offer, held = offer.epoch): Offer[] {
    return this.#answer(by, offer, 'done', held)
  }

  refuses(by: SideName, offer: Offer, held: number | null = null): Offer[] {
    return this.#answer(by, offer, 'refused', held)
  }

  /** Time passes, in the small steps of a plant that runs well. */
  passesMs(ms: number): Offer[] {
    const offers: Offer[] = []
    for (let end = this.nowMs + ms; this.nowMs < end; this.nowMs += 10) offers.push(...this.book.tick(this.nowMs))
    return offers
  }

  /** The plant itself does not run for a while. */
  stallsMs(ms: number): Offer[] {
    this.nowMs += ms
    return this.book.tick(this.nowMs)
  }

  #answer(by: SideName, offer: Offer, answer: Answer['answer'], held: number | null): Offer[] {
    return this.book.answer({ ...offer, by, answer, held }, this.nowMs)
  }
}

describe('the work book of the plant', () => {
  let bench: Bench
  beforeEach(() => {
    bench = new Bench()
  })

  it('counts an item that one side does in time, for that side', () => {
    const offer = bench.issue()
    bench.refuses('B', offer)
    bench.does('A', offer)
    const { issued, done, doneBy, missed, twice, open } = bench.book.tally()
    assert.deepEqual(
      { issued, done, doneBy, missed, twice, open },
      {
        issued: 1,
        done: 1,
        doneBy: { A: 1, B: 0 },
        missed: 0,
        twice: 0,
        open: 0
      }
    )
  })

  it('learns the epoch from a refusal and offers the item again under it, once both have refused the old offer', () => {
    const first = bench.issue()
    assert.deepEqual(bench.refuses('A', first, 7), [], 'B may still do it')
    const [again] = bench.refuses('B', first)
    assert.deepEqual(again, { offer: 2, item: 1, epoch: 7 })
    assert.equal(bench.issue().epoch, 7)
  })

  it('loses nothing that falls between the two gates of a swap', () => {
    const offer = bench.issue()
    bench.refuses('A', offer)
    assert.deepEqual(bench.refuses('B', offer), [], 'no spinning while both gates are shut')
    const offers = bench.passesMs(40)
    assert.equal(offers.length, 1)
    bench.does('B', offers[0] as Offer)
    bench.passesMs(600)
    assert.deepEqual([bench.book.tally().done, bench.book.tally().missed], [1, 0])
  })

  it('does not offer again what an Active that is slow may still do', () => {
    const offer = bench.issue()
    bench.refuses('B', offer)
    assert.deepEqual(bench.passesMs(450), [])
    bench.does('A', offer)
    assert.deepEqual([bench.book.tally().done, bench.book.tally().twice], [1, 0])
  })

  it('waits for an answer on its way even when the other side holds a newer epoch', () => {
    const offer = bench.issue()
    bench.refuses('B', offer, 2)
    assert.deepEqual(bench.passesMs(200), [])
    bench.does('A', offer)
    assert.deepEqual(bench.passesMs(600), [])
    assert.deepEqual([bench.book.tally().done, bench.book.tally().twice], [1, 0])
  })

  it('gives the work of a side that crashed to its peer, once that holds a newer epoch', () => {
    const offer = bench.issue()
    bench.refuses('B', offer)
    bench.passesMs(100)
    bench.refuses('B', bench.issue(), 2)
    const again = bench.passesMs(300).find(({ item }) => item === offer.item)
    assert.deepEqual([again?.item, again?.epoch], [1, 2])
  })

  it('calls an item missed that nobody did when it was due, and does not offer it any more', () => {
    bench.refuses('B', bench.issue())
    bench.passesMs(510)
    assert.equal(bench.book.tally().missed, 1)
    assert.deepEqual(bench.passesMs(1000), [])
  })

  it('sees an item that was done by two gates', () => {
    const offer = bench.issue()
    bench.does('A', offer)
    bench.does('B', offer)
    bench.does('B', offer)
    assert.deepEqual([bench.book.tally().done, bench.book.tally().twice], [1, 1], 'one item, however often')
  })

  it('sees a second execution that comes long after the item was settled', () => {
    const offer = bench.issue()
    bench.does('A', offer)
    bench.passesMs(60_000)
    bench.does('B', offer)
    assert.equal(bench.book.tally().twice, 1)
  })

  it('counts an execution against the pair when the item is forgotten already', () => {
    const offer = bench.issue()
    bench.does('A', offer)
    bench.passesMs(700_000)
    bench.does('B', offer)
    assert.equal(bench.book.tally().twice, 1)
  }).timeout(10_000)

  it('does not blame the pair when the plant itself stood still', () => {
    const offer = bench.issue()
    bench.passesMs(20)
    bench.stallsMs(3000)
    assert.equal(bench.book.tally().missed, 0)
    bench.does('A', offer)
    assert.equal(bench.book.tally().done, 1)
  })

  it('shows the newest items, what became of each, and who did it', () => {
    bench.does('A', bench.issue())
    const twice = bench.issue()
    bench.does('A', twice)
    bench.does('B', twice)
    bench.issue()
    assert.deepEqual(bench.book.latest(2), [
      { number: 2, state: 'done', by: 'A', twice: true },
      { number: 3, state: 'open', by: null, twice: false }
    ])
  })
})
