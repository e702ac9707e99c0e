/** What a side has of its witness, rule by rule. */
import { strict as assert } from 'node:assert'
import { leaseMs } from '../../../src/protocol/extended/lease'
import { Voice } from '../../../src/protocol/extended/voice'
import type { Answer, Ask } from '../../../src/protocol/wire/witness-frame'
import { NOTHING_LENT } from '../../support/witness-answer'

const P = 1000
const SPEAKER = { role: 'active', nodeId: 1n, epoch: 0, promiseMs: P, wants: true, states: true } as const
const start = 100

function answerTo(ask: Ask, more: Partial<Answer> = {}): Answer {
  return {
    witnessId: 7n,
    session: 900n,
    echo: ask.session,
    seq: ask.seq,
    ack: ask.seq,
    ...NOTHING_LENT,
    lent: true,
    loan: 1,
    promisedMs: P,
    holder: 1n,
    other: 22n,
    ...more
  }
}

/** A voice that has loan 1, asked for at `start`. */
function lent(): Voice {
  const voice = new Voice(11n)
  const ask = voice.ask(start, SPEAKER)
  assert.equal(voice.hear(start + 30, answerTo(ask), true), 'heard')
  return voice
}

describe('voice', () => {
  it('has a right from the sending of the ask, shorter than the promise', () => {
    assert.equal(lent().untilMs, start + leaseMs(P))
    assert.ok(leaseMs(P) < P)
  })

  it('has none by a witness that is not agreed on', () => {
    const voice = new Voice(11n)
    voice.hear(start, answerTo(voice.ask(start, SPEAKER)), false)
    assert.deepEqual([voice.untilMs, voice.witnessId], [-Infinity, 7n])
  })

  it('has none by an answer to another session, a second answer, or an answer that comes when the right is over', () => {
    const voice = new Voice(11n)
    const ask = voice.ask(start, SPEAKER)
    assert.equal(voice.hear(start, answerTo(ask, { echo: 12n }), true), 'session')
    assert.equal(voice.hear(start, answerTo(ask, { lent: false, loan: 0 }), true), 'heard')
    assert.equal(voice.hear(start, answerTo(ask), true), 'replayed')
    assert.equal(voice.untilMs, -Infinity)
    const late = voice.ask(start, SPEAKER)
    voice.hear(start + leaseMs(P), answerTo(late), true)
    assert.equal(voice.untilMs, -Infinity)
  })

  it('knows itself a copy by an answer to what it never sent', () => {
    const voice = new Voice(11n)
    const ask = voice.ask(start, SPEAKER)
    assert.equal(voice.hear(start, answerTo(ask, { ack: 2 }), true), 'beyond')
  })

  it('asks as holder while it has the loan, and wants one when it lapsed: that number is over for good', () => {
    const voice = lent()
    const renewal = voice.ask(start + 500, SPEAKER)
    assert.deepEqual([renewal.holds, renewal.wants, renewal.loan, renewal.echo], [true, false, 1, 900n])
    const ask = voice.ask(start + leaseMs(P), SPEAKER)
    assert.deepEqual([ask.holds, ask.wants, ask.loan], [false, true, 1])
    // The answer to the renewal comes late; and the witness says the old number again.
    voice.hear(start + leaseMs(P) + 1, answerTo(renewal), true)
    assert.equal(voice.untilMs, -Infinity)
    voice.hear(start + leaseMs(P) + 2, answerTo(ask, { loan: 2 }), true)
    assert.equal(voice.untilMs, start + leaseMs(P) + leaseMs(P))
  })

  it('lets nothing shorten or move a right back, and takes a new number for the old one', () => {
    const voice = lent()
    const ask = voice.ask(start + 100, SPEAKER)
    voice.hear(start + 110, answerTo(ask, { promisedMs: 10 }), true)
    assert.equal(voice.untilMs, start + leaseMs(P))
    const next = voice.ask(start + 200, SPEAKER)
    voice.hear(start + 210, answerTo(next, { loan: 3 }), true)
    assert.equal(voice.untilMs, start + 200 + leaseMs(P))
    const old = voice.ask(start + 300, SPEAKER)
    voice.hear(start + 310, answerTo(old, { loan: 2 }), true)
    assert.equal(voice.untilMs, start + 200 + leaseMs(P))
  })

  it('releases by number until that is answered, and never uses the number again', () => {
    const voice = lent()
    const speaker = { ...SPEAKER, wants: false }
    voice.release()
    assert.deepEqual([voice.untilMs, voice.releasing], [-Infinity, true])
    const first = voice.ask(start + 50, speaker)
    const second = voice.ask(start + 60, speaker)
    assert.deepEqual([first.releases, first.loan, second.releases], [true, 1, true])
    voice.hear(start + 70, answerTo(first, { lent: false, loan: 0 }), true)
    assert.equal(voice.releasing, false)
    assert.equal(voice.ask(start + 80, speaker).releases, false)
    voice.hear(start + 90, answerTo(second), true)
    assert.equal(voice.untilMs, -Infinity)
  })

  it('wants a number above every epoch that the side knows, and names its loan in all other asks', () => {
    const voice = lent()
    voice.giveUp()
    const high = { ...SPEAKER, epoch: 70 }
    assert.equal(voice.ask(start + 50, { ...high, wants: false }).loan, 1)
    assert.equal(voice.ask(start + 60, high).loan, 70)
    assert.equal(voice.ask(start + 70, SPEAKER).loan, 1)
    assert.equal(lent().ask(start + 50, high).loan, 1)
  })

  it('has nothing to release without a loan', () => {
    const voice = new Voice(11n)
    voice.release()
    assert.equal(voice.ask(start, { ...SPEAKER, wants: false }).releases, false)
  })

  it('that wants the voice again asks for a number above the released one', () => {
    const voice = lent()
    voice.release()
    const ask = voice.ask(start + 50, SPEAKER)
    assert.deepEqual([ask.wants, ask.releases, ask.loan, voice.releasing], [true, false, 1, false])
  })

  it('gives up at once when the witness sees two processes under its session', () => {
    const voice = lent()
    voice.hear(start + 20, answerTo(voice.ask(start + 10, SPEAKER), { lent: false, loan: 0, copied: true }), true)
    assert.deepEqual([voice.untilMs, voice.copied], [-Infinity, true])
    assert.equal(voice.ask(start + 30, SPEAKER).wants, false)
  })

  it('after a sleep has less of its right, and none by what it asked before', () => {
    const voice = lent()
    const ask = voice.ask(start + 100, SPEAKER)
    voice.suspended(300)
    assert.equal(voice.untilMs, start + leaseMs(P) - 300)
    voice.hear(start + 110, answerTo(ask), true)
    assert.equal(voice.untilMs, start + leaseMs(P) - 300)
  })

  it('acknowledges the highest number of the witness’s present start', () => {
    const voice = new Voice(11n)
    const asks = [1, 2, 3, 4].map(() => voice.ask(start, SPEAKER))
    voice.hear(start, answerTo(asks[0] as Ask, { seq: 9 }), true)
    voice.hear(start, answerTo(asks[1] as Ask, { seq: 5 }), true)
    assert.equal(voice.ask(start, SPEAKER).ack, 9)
    voice.hear(start, answerTo(asks[2] as Ask, { session: 901n, seq: 1 }), true)
    const ask = voice.ask(start, SPEAKER)
    assert.deepEqual([ask.echo, ask.ack], [901n, 1])
  })

  it('forgets the send times of asks that are long answered or lost', () => {
    const voice = new Voice(11n)
    const first = voice.ask(start, SPEAKER)
    for (let i = 0; i < 64; i++) voice.ask(start + 1, SPEAKER)
    voice.hear(start + 2, answerTo(first), true)
    assert.equal(voice.untilMs, -Infinity)
  })
})
