/** The third voice, rule by rule. */
import { strict as assert } from 'node:assert'
import { LOAN_STEP, STORED_MAX } from '../../../src/protocol/epoch-allocator'
import { Lender, type LenderOutput, type LoanRecord } from '../../../src/protocol/witness/lender'
import type { Answer, Ask } from '../../../src/protocol/wire/witness-frame'

const ID = 7n
const START = 900n
const P = 1000
const A = { nodeId: 1n, session: 11n }
const B = { nodeId: 2n, session: 22n }

class Desk {
  readonly lender: Lender<string>
  readonly session: bigint
  nowMs: number
  readonly #seq = new Map<bigint, number>()
  readonly #acks = new Map<bigint, number>()
  record: LoanRecord | null
  /** Answers of the disk come by themselves, unless it is off. */
  disk: 'ok' | 'fails' | 'off' = 'ok'

  constructor(record: LoanRecord | null = null, { nowMs = 5000, session = START } = {}) {
    this.nowMs = nowMs
    this.session = session
    this.record = record
    this.lender = new Lender<string>(nowMs, ID, session, record)
  }

  ask(who: { nodeId: bigint; session: bigint }, more: Partial<Ask> = {}): readonly LenderOutput<string>[] {
    const seq = more.seq ?? (this.#seq.get(who.session) ?? 0) + 1
    this.#seq.set(who.session, Math.max(seq, this.#seq.get(who.session) ?? 0))
    if (!this.#acks.has(who.session) && more.echo === undefined) this.meet(who)
    const ask: Ask = {
      role: 'standby',
      ...who,
      echo: this.session,
      seq,
      ack: this.#acks.get(who.session) ?? 0,
      wants: false,
      holds: false,
      releases: false,
      states: false,
      loan: 0,
      promiseMs: P,
      ...more
    }
    return this.#settle(this.lender.step(this.nowMs, { kind: 'ask', ask, from: `${who.nodeId}` }))
  }

  /** The number of the newest answer to it. */
  heardBy({ session }: { session: bigint }): number {
    return this.#acks.get(session) ?? 0
  }

  /** Its first ask, which does not know this start yet. */
  meet(who: { nodeId: bigint; session: bigint }): void {
    const rest = { wants: false, holds: false, releases: false, states: false, loan: 0, promiseMs: P }
    const ask: Ask = { role: 'standby', ...who, echo: 0n, seq: 0, ack: 0, ...rest }
    this.#settle(this.lender.step(this.nowMs, { kind: 'ask', ask, from: `${who.nodeId}` }))
  }

  #settle(outputs: readonly LenderOutput<string>[]): readonly LenderOutput<string>[] {
    const all = [...outputs]
    for (const output of outputs) {
      if (output.kind === 'answer') this.#acks.set(output.answer.echo, output.answer.seq)
      if (output.kind !== 'store' || this.disk === 'off') continue
      if (this.disk === 'ok') this.record = output.record
      all.push(...this.#settle(this.lender.step(this.nowMs, { kind: 'stored', ok: this.disk === 'ok' })))
    }
    return all
  }

  stored(ok: boolean): readonly LenderOutput<string>[] {
    return this.#settle(this.lender.step(this.nowMs, { kind: 'stored', ok }))
  }
}

function answerOf(outputs: readonly LenderOutput<string>[]): Answer {
  const answers = outputs.flatMap((output) => (output.kind === 'answer' ? [output.answer] : []))
  assert.equal(answers.length, 1, `${answers.length} answers`)
  return answers[0] as Answer
}

const events = (outputs: readonly LenderOutput<string>[]): readonly string[] =>
  outputs.flatMap((output) => (output.kind === 'event' ? [output.event.name] : []))

/** A desk at which A has the loan. */
function lentToA(): { desk: Desk; loan: number } {
  const desk = new Desk()
  desk.nowMs += P
  const answer = answerOf(desk.ask(A, { wants: true }))
  assert.equal(answer.lent, true)
  return { desk, loan: answer.loan }
}

describe('lender', () => {
  it('waits a promise after its start, and stores before it lends', () => {
    const desk = new Desk()
    assert.equal(answerOf(desk.ask(A, { wants: true })).lent, false)
    desk.nowMs += P
    desk.disk = 'off'
    const asked = desk.ask(A, { wants: true })
    assert.deepEqual(asked, [
      { kind: 'store', record: { loan: LOAN_STEP, holderNode: 1n, holderSession: 11n, promisedMs: P } }
    ])
    const stored = desk.stored(true)
    assert.deepEqual(events(stored), ['lent'])
    const { lent, loan, promisedMs, holder } = answerOf(stored)
    assert.deepEqual({ lent, loan, promisedMs, holder }, { lent: true, loan: LOAN_STEP, promisedMs: P, holder: 1n })
  })

  it('lends nothing that the disk did not take', () => {
    const desk = new Desk()
    desk.nowMs += P
    desk.disk = 'fails'
    const outputs = desk.ask(A, { wants: true })
    assert.deepEqual(events(outputs), ['store-failed'])
    assert.equal(answerOf(outputs).lent, false)
    desk.disk = 'ok'
    assert.equal(answerOf(desk.ask(B, { wants: true })).lent, true)
  })

  it('answers the newest ask of the one that waits for the disk, and refuses the other one meanwhile', () => {
    const desk = new Desk()
    desk.nowMs += P
    desk.disk = 'off'
    desk.ask(A, { wants: true })
    assert.deepEqual(desk.ask(A, { wants: true }), [])
    assert.equal(answerOf(desk.ask(B, { wants: true })).lent, false)
    assert.equal(answerOf(desk.ask(B, { holds: true, loan: LOAN_STEP })).lent, false)
    assert.equal(answerOf(desk.stored(true)).ack, 2)
  })

  it('tells who does not know this start its session, and nothing else changes', () => {
    const { desk } = lentToA()
    desk.nowMs += P
    const answer = answerOf(desk.ask(B, { wants: true, echo: 5n }))
    assert.deepEqual([answer.lent, answer.session], [false, START])
    assert.equal(desk.lender.view(desk.nowMs).holder, 1n)
    // Not even a number that is higher than all that follow.
    assert.equal(answerOf(desk.ask(B, { wants: true, echo: 5n, seq: 1000 })).lent, false)
    assert.equal(answerOf(desk.ask(B, { wants: true, seq: 7 })).lent, true)
  })

  it('renews for the holder at once, and for the other one waits the promise from the last renewal', () => {
    const { desk, loan } = lentToA()
    desk.nowMs += P - 1
    assert.equal(answerOf(desk.ask(A, { holds: true, loan })).lent, true)
    desk.nowMs += P - 1
    assert.equal(answerOf(desk.ask(B, { wants: true })).lent, false)
    desk.nowMs += 1
    const answer = answerOf(desk.ask(B, { wants: true }))
    assert.deepEqual([answer.lent, answer.loan], [true, loan + LOAN_STEP])
    assert.equal(answerOf(desk.ask(A, { holds: true, loan })).lent, false)
  })

  it('renews by session and number, for nobody else', () => {
    const { desk, loan } = lentToA()
    assert.equal(answerOf(desk.ask(B, { holds: true, loan })).lent, false)
    assert.equal(answerOf(desk.ask({ ...A, session: 12n }, { holds: true, loan })).lent, false)
    const again = answerOf(desk.ask(A, { wants: true, loan }))
    assert.deepEqual([again.lent, again.loan], [true, loan + LOAN_STEP])
    assert.equal(answerOf(desk.ask(A, { holds: true, loan })).lent, false)
  })

  it('lets another session of the same node wait', () => {
    const { desk } = lentToA()
    assert.equal(answerOf(desk.ask({ ...A, session: 12n }, { wants: true })).lent, false)
    desk.nowMs += P
    assert.equal(answerOf(desk.ask({ ...A, session: 12n }, { wants: true })).lent, true)
  })

  it('gives a lost answer again, under the same number', () => {
    const { desk, loan } = lentToA()
    const answer = answerOf(desk.ask(A, { wants: true, loan: loan - 1 }))
    assert.deepEqual([answer.lent, answer.loan], [true, loan])
  })

  it('gives a new loan a number well above all that its pair had here, and above the epoch that the borrower knows', () => {
    const { desk, loan } = lentToA()
    desk.nowMs += P
    const known = answerOf(desk.ask(B, { wants: true, loan: 100 }))
    assert.deepEqual([known.lent, known.loan], [true, 100 + LOAN_STEP])
    desk.nowMs += P
    assert.equal(answerOf(desk.ask(A, { wants: true, loan })).loan, 100 + 2 * LOAN_STEP)
  })

  it('tells its latest number also to who has no loan', () => {
    const { desk, loan } = lentToA()
    const answer = answerOf(desk.ask(B, { wants: true }))
    assert.deepEqual([answer.lent, answer.loan], [false, loan])
  })

  it('lends nothing at the end of the numbers', () => {
    const desk = new Desk()
    desk.nowMs += P
    assert.equal(answerOf(desk.ask(A, { wants: true, loan: STORED_MAX - LOAN_STEP })).lent, false)
    assert.equal(answerOf(desk.ask(A, { wants: true, loan: STORED_MAX - LOAN_STEP - 1 })).lent, true)
  })

  it('is released by the holder’s own session, by number, and then lends at once', () => {
    const { desk, loan } = lentToA()
    assert.deepEqual(events(desk.ask(B, { releases: true, loan })), [])
    assert.deepEqual(events(desk.ask(A, { releases: true, loan: loan - 1 })), [])
    assert.equal(answerOf(desk.ask(B, { wants: true })).lent, false)
    assert.deepEqual(events(desk.ask(A, { releases: true, loan })), ['released'])
    assert.equal(desk.lender.view(desk.nowMs).holder, null)
    assert.equal(answerOf(desk.ask(A, { holds: true, loan })).lent, false)
    assert.equal(answerOf(desk.ask(B, { wants: true })).loan, loan + LOAN_STEP)
  })

  it('hears each ask once', () => {
    const { desk, loan } = lentToA()
    desk.ask(A, { holds: true, loan, seq: 9 })
    assert.deepEqual(desk.ask(A, { releases: true, loan, seq: 9 }), [])
    assert.deepEqual(desk.ask(A, { releases: true, loan, seq: 8 }), [])
    assert.equal(desk.lender.view(desk.nowMs).holder, 1n)
  })

  it('stops renewing for one that hears nothing', () => {
    const { desk, loan } = lentToA()
    const deaf = { holds: true, loan, ack: desk.heardBy(A) }
    desk.ask(A, deaf)
    for (let i = 0; i < 9; i++) {
      desk.nowMs += P / 10
      assert.equal(answerOf(desk.ask(A, deaf)).lent, true)
    }
    desk.nowMs += P / 10
    assert.equal(answerOf(desk.ask(A, deaf)).lent, false)
    desk.nowMs += P
    assert.equal(answerOf(desk.ask(B, { wants: true })).lent, true)
  })

  for (const [what, everyMs] of [
    ['one after the other', 1],
    ['as slowly as they were said', P / 2]
  ] as const) {
    it(`recordings of a session that it has forgotten get and renew nothing, ${what}`, () => {
      const { desk, loan } = lentToA()
      // What is recorded of A: it wants the voice, and then keeps it for a while.
      const said: Partial<Ask>[] = [{ wants: true, ack: desk.heardBy(A), seq: 100 }]
      for (let n = 1; n <= 40; n++) {
        desk.nowMs += P / 2
        const asked = { holds: true, loan, ack: desk.heardBy(A), seq: 100 + n }
        assert.equal(answerOf(desk.ask(A, asked)).lent, true)
        said.push(asked)
      }
      // Both sides are started again, so often that A's session is forgotten.
      desk.ask(A, { releases: true, loan, seq: 200 })
      for (let n = 0n; n < 12n; n++) {
        desk.nowMs += P
        desk.ask({ nodeId: 1n + (n % 2n), session: 300n + n }, { wants: n === 0n })
      }
      desk.nowMs += 20 * P
      const last = { nodeId: 2n, session: 400n }
      desk.ask(last)
      for (const asked of said) {
        desk.nowMs += everyMs
        const answer = answerOf(desk.ask(A, asked))
        assert.deepEqual([answer.lent, answer.otherHolds], [false, false])
        assert.equal(
          desk.lender.view(desk.nowMs).sides.every(({ heardAgoMs }) => heardAgoMs > 0),
          true
        )
      }
      assert.equal(answerOf(desk.ask(last, { wants: true })).lent, true)
      // It lives, after all: what it says now it has just heard.
      desk.nowMs += 2 * P
      desk.ask(A, { seq: 500, ack: 7 })
      assert.equal(answerOf(desk.ask(A, { wants: true, seq: 501 })).lent, true)
    })
  }

  it('gives the voice to neither of two processes with one session', () => {
    const { desk, loan } = lentToA()
    const ack = desk.heardBy(A)
    desk.ask(A, { holds: true, loan, ack })
    const outputs = desk.ask(A, { holds: true, loan, ack: ack - 1 })
    assert.deepEqual(events(outputs), ['copied'])
    const { lent, copied } = answerOf(outputs)
    assert.deepEqual([lent, copied], [false, true])
    assert.equal(answerOf(desk.ask(A, { wants: true, loan, ack: ack + 9 })).lent, false)
    // Nor does one of the two give back what the other one may serve on.
    desk.ask(A, { releases: true, loan, ack: ack + 9 })
    assert.equal(answerOf(desk.ask(B, { wants: true })).lent, false)
  })

  it('after a start renews for the stored session and number at once; a new loan waits for everybody', () => {
    const record: LoanRecord = { loan: 4, holderNode: 1n, holderSession: 11n, promisedMs: P }
    for (const kept of [true, false]) {
      const desk = new Desk(record, { session: 901n })
      if (kept) assert.equal(answerOf(desk.ask(A, { holds: true, loan: 4 })).lent, true)
      else {
        assert.equal(answerOf(desk.ask(A, { wants: true, loan: 3 })).lent, false)
        assert.equal(answerOf(desk.ask(A, { wants: true, loan: 4 })).lent, false)
      }
      desk.nowMs += P - 1
      assert.equal(answerOf(desk.ask(B, { wants: true })).lent, false)
    }
  })

  it('waits the longer of the stored promise and the one that is asked for', () => {
    const record: LoanRecord = { loan: 4, holderNode: 1n, holderSession: 11n, promisedMs: P }
    const desk = new Desk(record)
    desk.nowMs += P
    assert.equal(answerOf(desk.ask(B, { wants: true, promiseMs: 2 * P })).lent, false)
    desk.nowMs += P
    assert.equal(answerOf(desk.ask(B, { wants: true, promiseMs: 2 * P })).lent, true)
  })

  it('promises more once that is on disk', () => {
    const { desk, loan } = lentToA()
    desk.disk = 'off'
    assert.equal(answerOf(desk.ask(A, { holds: true, loan, promiseMs: 2 * P })).promisedMs, P)
    desk.stored(true)
    desk.disk = 'ok'
    assert.equal(answerOf(desk.ask(A, { holds: true, loan, promiseMs: 2 * P })).promisedMs, 2 * P)
    desk.nowMs += P
    assert.equal(answerOf(desk.ask(B, { wants: true })).lent, false)
  })

  it('with an old record believes the holder, stores what it says, and lets others wait', () => {
    const record: LoanRecord = { loan: 4, holderNode: 2n, holderSession: 22n, promisedMs: P }
    const desk = new Desk(record)
    const outputs = desk.ask(A, { holds: true, loan: 6 })
    assert.deepEqual(events(outputs), ['rolled-back'])
    assert.equal(answerOf(outputs).lent, false)
    assert.deepEqual(desk.record, { loan: 6, holderNode: 1n, holderSession: 11n, promisedMs: P })
    assert.equal(answerOf(desk.ask(A, { holds: true, loan: 6 })).lent, true)
    desk.nowMs += P - 1
    assert.equal(answerOf(desk.ask(B, { wants: true, loan: 4 })).lent, false)
  })

  it('believes no such word once it has lent itself: it may be late', () => {
    const { desk, loan } = lentToA()
    assert.deepEqual(events(desk.ask(B, { holds: true, loan: loan + 3 })), [])
    assert.equal(desk.lender.view(desk.nowMs).holder, 1n)
  })

  it('lends nothing once another start writes its files', () => {
    const { desk, loan } = lentToA()
    desk.lender.step(desk.nowMs, { kind: 'fenced' })
    assert.equal(answerOf(desk.ask(A, { holds: true, loan })).lent, false)
    desk.nowMs += 2 * P
    assert.equal(answerOf(desk.ask(B, { wants: true })).lent, false)
  })

  it('says when the other side was heard, and names a third node', () => {
    const { desk } = lentToA()
    desk.nowMs += 40
    const { other, otherStates, otherHeardAgoMs } = answerOf(desk.ask(B, { states: true }))
    assert.deepEqual([other, otherStates, otherHeardAgoMs], [11n, false, 40])
    // The first ask of a session may have been under way for as long as this start is old.
    assert.equal(answerOf(desk.ask(A)).otherStates, false)
    desk.ask(B, { states: true })
    const toA = answerOf(desk.ask(A))
    assert.deepEqual([toA.other, toA.otherStates, toA.otherHeardAgoMs], [22n, true, 0])
    desk.nowMs += P
    assert.equal(answerOf(desk.ask(A)).otherStates, false)
    desk.nowMs += 5
    desk.ask({ ...B, session: 23n })
    assert.deepEqual([answerOf(desk.ask(A)).other, answerOf(desk.ask(A)).otherStates], [23n, false])
    assert.deepEqual(events(desk.ask({ nodeId: 3n, session: 33n })), ['third-party'])
  })

  it('names the one that has the voice rather than the one that it heard last', () => {
    const { desk, loan } = lentToA()
    desk.nowMs += 40
    desk.ask({ nodeId: 1n, session: 12n })
    const toB = answerOf(desk.ask(B))
    assert.deepEqual([toB.other, toB.otherHolds, toB.otherHeardAgoMs], [11n, true, 40])
    desk.nowMs += P
    assert.deepEqual([answerOf(desk.ask(B)).other, answerOf(desk.ask(B)).otherHolds], [12n, false])
    desk.ask(A, { releases: true, loan })
    assert.equal(answerOf(desk.ask(B)).otherHolds, false)
  })

  it('lends nothing new to one that hears nothing', () => {
    const desk = new Desk()
    const deaf = { ack: 1 }
    desk.ask(A, deaf)
    desk.nowMs += P
    assert.equal(answerOf(desk.ask(A, { ...deaf, wants: true })).lent, false)
    assert.equal(answerOf(desk.ask(A, { wants: true })).lent, true)
  })

  it('renews nothing while the disk takes the loan of another one', () => {
    const { desk, loan } = lentToA()
    desk.nowMs += P
    desk.disk = 'off'
    desk.ask(A)
    desk.ask(B, { wants: true })
    assert.equal(answerOf(desk.ask(A, { holds: true, loan })).lent, false)
    assert.equal(answerOf(desk.stored(true)).lent, true)
  })

  it('takes nobody for a copy that comes back from another witness', () => {
    const { desk, loan } = lentToA()
    for (let i = 0; i < 5; i++) desk.ask(A, { holds: true, loan })
    const stranger = answerOf(desk.ask(A, { echo: 1234n, ack: 1, holds: true, loan }))
    assert.deepEqual([stranger.lent, stranger.copied], [false, false])
    const back = answerOf(desk.ask(A, { holds: true, loan }))
    assert.deepEqual([back.lent, back.copied], [true, false])
  })

  it('forgets the oldest sessions, never the holder’s', () => {
    const { desk, loan } = lentToA()
    for (let i = 0; i < 30; i++) {
      desk.nowMs += 1
      desk.ask({ nodeId: 2n, session: 100n + BigInt(i) })
    }
    assert.equal(desk.lender.view(desk.nowMs).sides.length, 8)
    assert.deepEqual(desk.ask(A, { releases: true, loan, seq: 1 }), [])
    assert.equal(answerOf(desk.ask(A, { holds: true, loan })).lent, true)
  })
})
