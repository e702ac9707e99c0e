import assert from 'node:assert/strict'
import { WorkBook, type Answer, type Offer, type SideName } from '../../../demo/work-book'

const SETTINGS = { dueAfterMs: 500, silenceMs: 250, againMs: 25 }

/** A plant whose sides answer when the story says so. */
class Fixture {
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
  let fixture: Fixture
  beforeEach(() => {
    fixture = new Fixture()
  })

  it('counts an item that one side does in time, for that side', () => {
    const offer = fixture.issue()
    fixture.refuses('B', offer)
    fixture.does('A', offer)
    const { issued, done, doneBy, missed, twice, open } = fixture.book.tally()
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
    const first = fixture.issue()
    assert.deepEqual(fixture.refuses('A', first, 7), [], 'B may still do it')
    const [again] = fixture.refuses('B', first)
    assert.deepEqual(again, { offer: 2, item: 1, epoch: 7 })
    assert.equal(fixture.issue().epoch, 7)
  })

  it('loses nothing that falls between the two gates of a swap', () => {
    const offer = fixture.issue()
    fixture.refuses('A', offer)
    assert.deepEqual(fixture.refuses('B', offer), [], 'no spinning while both gates are shut')
    const offers = fixture.passesMs(40)
    assert.equal(offers.length, 1)
    fixture.does('B', offers[0] as Offer)
    fixture.passesMs(600)
    assert.deepEqual([fixture.book.tally().done, fixture.book.tally().missed], [1, 0])
  })

  it('does not offer again what an Active that is slow may still do', () => {
    const offer = fixture.issue()
    fixture.refuses('B', offer)
    assert.deepEqual(fixture.passesMs(450), [])
    fixture.does('A', offer)
    assert.deepEqual([fixture.book.tally().done, fixture.book.tally().twice], [1, 0])
  })

  it('waits for an answer on its way even when the other side holds a newer epoch', () => {
    const offer = fixture.issue()
    fixture.refuses('B', offer, 2)
    assert.deepEqual(fixture.passesMs(200), [])
    fixture.does('A', offer)
    assert.deepEqual(fixture.passesMs(600), [])
    assert.deepEqual([fixture.book.tally().done, fixture.book.tally().twice], [1, 0])
  })

  it('gives the work of a side that crashed to its peer, once that holds a newer epoch', () => {
    const offer = fixture.issue()
    fixture.refuses('B', offer)
    fixture.passesMs(100)
    fixture.refuses('B', fixture.issue(), 2)
    const again = fixture.passesMs(300).find(({ item }) => item === offer.item)
    assert.deepEqual([again?.item, again?.epoch], [1, 2])
  })

  it('calls an item missed that nobody did when it was due, and does not offer it any more', () => {
    fixture.refuses('B', fixture.issue())
    fixture.passesMs(510)
    assert.equal(fixture.book.tally().missed, 1)
    assert.deepEqual(fixture.passesMs(1000), [])
  })

  it('sees an item that was done by two gates', () => {
    const offer = fixture.issue()
    fixture.does('A', offer)
    fixture.does('B', offer)
    fixture.does('B', offer)
    assert.deepEqual([fixture.book.tally().done, fixture.book.tally().twice], [1, 1], 'one item, however often')
  })

  it('sees a second execution that comes long after the item was settled', () => {
    const offer = fixture.issue()
    fixture.does('A', offer)
    fixture.passesMs(60_000)
    fixture.does('B', offer)
    assert.equal(fixture.book.tally().twice, 1)
  })

  it('counts an execution against the pair when the item is forgotten already', () => {
    const offer = fixture.issue()
    fixture.does('A', offer)
    fixture.passesMs(700_000)
    fixture.does('B', offer)
    assert.equal(fixture.book.tally().twice, 1)
  }).timeout(10_000)

  it('does not blame the pair when the plant itself stood still', () => {
    const offer = fixture.issue()
    fixture.passesMs(20)
    fixture.stallsMs(3000)
    assert.equal(fixture.book.tally().missed, 0)
    fixture.does('A', offer)
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
})
