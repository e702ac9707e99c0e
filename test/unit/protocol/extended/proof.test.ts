import assert from 'node:assert/strict'
import fc from 'fast-check'
import { CrashProof, quietMs } from '../../../../src/protocol/extended/proof'

const QUIET = 20
const TETHER = 7
const FIRST_SEQ = 100

/** A proof and the clock of its side: its probes go out when they are due. */
class Story {
  readonly proof = new CrashProof()
  nowMs = 1000
  probedAtMs: number[] = []

  constructor({ provable = true, up = true } = {}) {
    if (up) this.proof.up(TETHER, provable)
  }

  /** Its end, with a FIN unless told otherwise. */
  ends(fin = true, id = TETHER, firstSeq = FIRST_SEQ): boolean {
    const asks = this.proof.ended(this.nowMs, id, fin, firstSeq)
    if (asks) this.#probe()
    return asks
  }

  redialled(refused = true, id = TETHER): void {
    this.proof.redialled(id, refused)
  }

  advanceMs(ms: number): void {
    const endMs = this.nowMs + ms
    for (let dueMs = this.#dueMs; dueMs <= endMs; dueMs = this.#dueMs) {
      this.nowMs = dueMs
      this.#probe()
    }
    this.nowMs = endMs
  }

  get isComplete(): boolean {
    return this.nowMs >= this.proof.completeAtMs(QUIET)
  }

  get #dueMs(): number {
    return Math.max(this.nowMs, this.proof.nextProbeAtMs(QUIET))
  }

  #probe(): void {
    this.proof.probed(this.nowMs)
    this.probedAtMs.push(this.nowMs)
  }
}

/** The tether ended with a FIN, and the dial after it is refused. */
function asking(): Story {
  const story = new Story()
  assert.equal(story.ends(), true)
  story.redialled()
  return story
}

describe('proof of a crash', () => {
  it('the quiet time is 20 ms, half a heartbeat if that is less, two round trips at least, but of these no more than P/4', () => {
    const cases = [
      [1000, 0.5, 10_000, 20],
      [1000, 10, 10_000, 20],
      [1000, 10.5, 10_000, 21],
      [1000, 600, 10_000, 1200],
      [1000, 3000, 10_000, 2500],
      [1000, Infinity, 10_000, 2500],
      [1000, Infinity, 40, 20],
      [40, 0.5, 1000, 20],
      [10, 0.5, 1000, 5],
      [6, 1, 1000, 3],
      [5, 20, 1000, 40]
    ] as const
    for (const [heartbeatMs, roundTripMs, peerTimeoutMs, expected] of cases) {
      const actual = quietMs(heartbeatMs, roundTripMs, peerTimeoutMs)
      assert.equal(actual, expected, `${heartbeatMs}, ${roundTripMs}, ${peerTimeoutMs}`)
    }
  })

  it('is complete after the FIN of a provable tether, a refusal and a quiet time, not a ms before', () => {
    const story = asking()
    story.advanceMs(QUIET - 1)
    assert.equal(story.isComplete, false)
    story.advanceMs(1)
    assert.equal(story.isComplete, true)
  })

  it('a refusal that comes after the quiet time completes it at once; none, never', () => {
    const story = new Story()
    story.ends()
    story.advanceMs(10 * QUIET)
    assert.equal(story.proof.completeAtMs(QUIET), Infinity)
    story.redialled()
    assert.equal(story.isComplete, true)
  })

  it('nothing is asked about a tether that was never up, or is another one', () => {
    for (const story of [new Story({ up: false }), new Story()]) {
      assert.equal(story.ends(true, TETHER + 1), false)
      story.redialled(true, TETHER + 1)
      assert.deepEqual([story.proof.firstSeq, story.proof.nextProbeAtMs(QUIET)], [null, Infinity])
      assert.equal(story.proof.completeAtMs(QUIET), Infinity)
    }
  })

  it('the end of another one leaves the living one as it is', () => {
    const story = new Story()
    story.ends(true, TETHER + 1)
    assert.equal(story.proof.provable, true)
    assert.equal(story.ends(), true)
  })

  it('a reset, an alert, a time-out or a farewell proves nothing, and the tether is gone', () => {
    const story = new Story()
    assert.equal(story.ends(false), false)
    assert.equal(story.proof.provable, null)
    story.redialled()
    story.advanceMs(10 * QUIET)
    assert.equal(story.isComplete, false)
    assert.equal(story.ends(true), false, 'a FIN after that is of nothing')
  })

  it('nor does the FIN of a tether with somebody between the two', () => {
    const story = new Story({ provable: false })
    assert.equal(story.proof.provable, false)
    assert.equal(story.ends(), false)
    assert.equal(story.proof.provable, null)
    story.redialled()
    assert.equal(story.proof.completeAtMs(QUIET), Infinity)
  })

  it('a dial that is not refused voids that end for good', () => {
    const story = new Story()
    story.ends()
    story.redialled(false)
    assert.equal(story.proof.firstSeq, null)
    story.redialled(true)
    story.advanceMs(10 * QUIET)
    assert.equal(story.isComplete, false)
  })

  it('a refusal counts for the end that it was dialled after, and not before that', () => {
    const early = new Story()
    early.redialled()
    early.ends()
    early.advanceMs(10 * QUIET)
    assert.equal(early.isComplete, false)
    const other = new Story()
    other.ends()
    other.redialled(true, TETHER + 1)
    other.redialled(false, TETHER - 1)
    other.advanceMs(10 * QUIET)
    assert.equal(other.isComplete, false)
    other.redialled()
    assert.equal(other.isComplete, true)
  })

  it('one end is asked about once', () => {
    const story = asking()
    story.proof.drop()
    assert.equal(story.ends(), false)
    story.redialled()
    story.advanceMs(10 * QUIET)
    assert.equal(story.isComplete, false)
  })

  it('a word of before the FIN starts the quiet time again', () => {
    const story = asking()
    for (let i = 0; i < 5; i++) {
      story.advanceMs(QUIET - 1)
      story.proof.heard(story.nowMs, FIRST_SEQ - 1)
    }
    assert.equal(story.isComplete, false)
    story.advanceMs(QUIET - 1)
    assert.equal(story.isComplete, false)
    story.advanceMs(1)
    assert.equal(story.isComplete, true)
  })

  it('an acknowledgement of what was sent after the FIN voids that end for good', () => {
    for (const ack of [FIRST_SEQ, FIRST_SEQ + 5]) {
      const story = asking()
      story.advanceMs(QUIET - 1)
      story.proof.heard(story.nowMs, ack)
      story.advanceMs(10 * QUIET)
      assert.equal(story.isComplete, false)
      assert.equal(story.proof.firstSeq, null)
      assert.equal(story.proof.nextProbeAtMs(QUIET), Infinity, 'and nothing is asked any more')
      story.redialled()
      assert.equal(story.proof.completeAtMs(QUIET), Infinity)
    }
  })

  it('own stalls and frames that did not go out are no silence of the peer', () => {
    const story = asking()
    story.advanceMs(QUIET - 1)
    story.proof.disturbed(story.nowMs)
    story.advanceMs(QUIET - 1)
    assert.equal(story.isComplete, false)
    story.advanceMs(1)
    assert.equal(story.isComplete, true)
  })

  it('a link on which no probe ever goes out gives no proof, however long it stays so', () => {
    const story = asking()
    for (let i = 0; i < 2000; i++) {
      story.advanceMs(1)
      if (story.probedAtMs.at(-1) === story.nowMs) story.proof.disturbed(story.nowMs)
      assert.equal(story.isComplete, false, `${i} ms after the FIN`)
    }
  })

  it('in the quiet time itself several probes went out: one that is lost proves nothing', () => {
    const story = asking()
    // All that it may ask for one end has gone out.
    while (story.proof.nextProbeAtMs(QUIET) !== Infinity) {
      story.advanceMs(1)
      story.proof.heard(story.nowMs, FIRST_SEQ - 1)
    }
    story.advanceMs(10 * QUIET)
    assert.equal(story.isComplete, false)
  })

  it('asks five times in a quiet time, not more than every ms, and fifty times in all', () => {
    const story = new Story()
    story.ends()
    story.advanceMs(QUIET)
    assert.deepEqual(
      story.probedAtMs.map((atMs) => atMs - 1000),
      [0, 4, 8, 12, 16, 20]
    )
    story.advanceMs(1000)
    assert.equal(story.probedAtMs.length, 50)
    const short = new CrashProof()
    short.up(TETHER, true)
    short.ended(0, TETHER, true, FIRST_SEQ)
    short.probed(0)
    assert.equal(short.nextProbeAtMs(4), 1)
  })

  it('asks at once when the FIN was read', () => {
    const story = new CrashProof()
    assert.equal(story.nextProbeAtMs(QUIET), Infinity)
    story.up(TETHER, true)
    assert.equal(story.nextProbeAtMs(QUIET), Infinity)
    story.ended(50, TETHER, true, FIRST_SEQ)
    assert.ok(story.nextProbeAtMs(QUIET) <= 50)
    assert.equal(story.firstSeq, FIRST_SEQ)
  })

  it('a new tether ends the asking about the old one', () => {
    const story = asking()
    story.proof.up(TETHER + 1, false)
    story.advanceMs(10 * QUIET)
    assert.equal(story.isComplete, false)
    assert.equal(story.proof.provable, false)
    story.redialled()
    assert.equal(story.proof.completeAtMs(QUIET), Infinity)
  })

  it('other sessions void all that is known of a tether, also of one that is up', () => {
    const open = new Story()
    open.proof.forget()
    assert.equal(open.proof.provable, null)
    assert.equal(open.ends(), false)
    const asked = asking()
    asked.proof.forget()
    asked.advanceMs(10 * QUIET)
    assert.equal(asked.isComplete, false)
  })

  it('a peer that is lost is not asked any more, and its tether stays up', () => {
    const story = asking()
    story.proof.drop()
    story.advanceMs(10 * QUIET)
    assert.equal(story.isComplete, false)
    const open = new Story()
    open.proof.drop()
    assert.equal(open.proof.provable, true)
    assert.equal(open.ends(), true)
  })

  it('nothing that is heard, sent or disturbed without a question begins one', () => {
    const { proof } = new Story()
    proof.heard(1000, FIRST_SEQ)
    proof.disturbed(1000)
    proof.probed(1000)
    assert.deepEqual(
      [proof.firstSeq, proof.nextProbeAtMs(QUIET), proof.completeAtMs(QUIET)],
      [null, Infinity, Infinity]
    )
  })
})

/** What happened, with its time; the judge below reads nothing else. */
type Happening =
  | { readonly kind: 'up'; readonly id: number; readonly provable: boolean }
  | { readonly kind: 'ended'; readonly id: number; readonly fin: boolean; readonly firstSeq: number }
  | { readonly kind: 'redialled'; readonly id: number; readonly refused: boolean }
  | { readonly kind: 'heard'; readonly ack: number }
  | { readonly kind: 'disturbed' }
  | { readonly kind: 'forget' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'passes'; readonly ms: number }
type Logged = Happening & { readonly atMs: number }

/** Whether all of it happened, for one id, in this order: provable and up, FIN, refused, and an undisturbed quiet time. */
function isProven(log: readonly Logged[], nowMs: number): boolean {
  return log.some((end, endsAt) => {
    if (end.kind !== 'ended' || !end.fin) return false
    const upAt = log.slice(0, endsAt).findLastIndex(({ kind }) => kind === 'up')
    const up = log[upAt]
    if (up?.kind !== 'up' || up.id !== end.id || !up.provable) return false
    const whileUp = log.slice(upAt + 1, endsAt)
    if (whileUp.some((h) => h.kind === 'forget' || (h.kind === 'ended' && h.id === end.id))) return false
    const since = log.slice(endsAt + 1)
    if (since.some((h) => h.kind === 'up' || h.kind === 'forget' || h.kind === 'drop')) return false
    if (since.some((h) => h.kind === 'heard' && h.ack >= end.firstSeq)) return false
    const answers = since.flatMap((h) => (h.kind === 'redialled' && h.id === end.id ? [h.refused] : []))
    if (answers.length === 0 || answers.includes(false)) return false
    const quietSinceMs = since.reduce(
      (sinceMs, h) => (h.kind === 'heard' || h.kind === 'disturbed' ? h.atMs : sinceMs),
      end.atMs
    )
    return nowMs >= quietSinceMs + QUIET
  })
}

const id = fc.integer({ min: 1, max: 2 })
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('up'), id, provable: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('ended'),
      id,
      fin: fc.boolean(),
      firstSeq: fc.integer({ min: 3, max: 6 })
    })
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('redialled'), id, refused: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('heard'), ack: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.constantFrom({ kind: 'disturbed' }, { kind: 'forget' }, { kind: 'drop' }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('passes'), ms: fc.integer({ min: 1, max: 40 }) }) }
)

/** The facts in their order, each of them there or not, with anything before, between and after them. */
const almostProven: fc.Arbitrary<Happening[]> = fc
  .tuple(
    ...[
      { kind: 'up', id: 1, provable: true } as const,
      { kind: 'ended', id: 1, fin: true, firstSeq: 4 } as const,
      { kind: 'redialled', id: 1, refused: true } as const,
      { kind: 'passes', ms: QUIET + 5 } as const
    ].map((fact) =>
      fc.tuple(
        fc.array(happening, { maxLength: 2 }),
        fc.integer({ min: 0, max: 9 }).map((n) => (n > 0 ? [fact] : []))
      )
    )
  )
  .map((parts) => parts.flat(2))

/** Tells it, ms by ms, with the probes that are due, and hands over what happened so far after each. */
function tell(happenings: readonly Happening[], look: (story: Story, log: readonly Logged[]) => void): void {
  const story = new Story({ up: false })
  const { proof } = story
  const log: Logged[] = []
  for (const h of happenings) {
    log.push({ ...h, atMs: story.nowMs })
    if (h.kind === 'up') proof.up(h.id, h.provable)
    else if (h.kind === 'ended') story.ends(h.fin, h.id, h.firstSeq)
    else if (h.kind === 'redialled') story.redialled(h.refused, h.id)
    else if (h.kind === 'heard') proof.heard(story.nowMs, h.ack)
    else if (h.kind === 'disturbed') proof.disturbed(story.nowMs)
    else if (h.kind === 'forget') proof.forget()
    else if (h.kind === 'drop') proof.drop()
    else {
      for (let i = 0; i < h.ms; i++) {
        story.advanceMs(1)
        look(story, log)
      }
    }
    look(story, log)
  }
}

describe('proof of a crash, whatever happens in whatever order', () => {
  it('is never complete unless all of it happened for one tether', () => {
    let proven = 0
    fc.assert(
      fc.property(fc.array(almostProven, { minLength: 1, maxLength: 4 }), (stories) => {
        let completed = false
        tell(stories.flat(), (story, log) => {
          if (!story.isComplete) return
          completed = true
          assert.ok(isProven(log, story.nowMs), 'complete, and something is missing')
        })
        if (completed) proven += 1
      }),
      { numRuns: 2000 }
    )
    assert.ok(proven > 200, `the property said something in ${proven} stories only`)
  })

  it('is complete when all of it happened, as long as it may ask', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 12 }), (before) => {
        const all: Happening[] = [
          ...before,
          { kind: 'up', id: 1, provable: true },
          { kind: 'ended', id: 1, fin: true, firstSeq: 9 },
          { kind: 'heard', ack: 8 },
          { kind: 'redialled', id: 1, refused: true },
          { kind: 'passes', ms: QUIET + 5 }
        ]
        let complete = false
        tell(all, (story) => (complete = story.isComplete))
        assert.equal(complete, true)
      })
    )
  })
})
