/** One machine and its witness: when it asks, for what, and what an answer gives it. Two of them: test/exploration/witness. */
import assert from 'node:assert/strict'
import type { Output } from '../../../../src/protocol/machine'
import { LOAN_STEP, STORED_MAX } from '../../../../src/protocol/epoch-allocator'
import { leaseMs } from '../../../../src/protocol/extended/lease'
import type { PairRecord, WitnessRecord } from '../../../../src/protocol/record'
import type { PairSettings } from '../../../../src/protocol/settings'
import type { Answer, Ask } from '../../../../src/protocol/wire/witness-frame'
import { ExtendedHarness, type Word } from '../../../support/machine/extended-harness'
import { NOTHING_LENT } from '../../../support/witness-answer'

const P = 1000
const HEARTBEAT = 100
const LEASE = leaseMs(P)
const STEP = 5
const LENT: Partial<Answer> = { lent: true, loan: 3, promisedMs: P }
const WITNESS = 0x77n
const OTHER_WITNESS = 0x88n
const NODE = 1n
const ACTIVE: Word = { state: 'active', epoch: 21 }
const STANDBY: Word = { state: 'standby', epoch: 22, flags: ['ready'] }
const NOT_READY: Word = { state: 'initial', epoch: 20 }
const GRANT: Word = { head: 'designate', state: 'standby', epoch: 22, trailer: { reason: 'operator' } }
const AGREED: WitnessRecord = { id: '0000000000000077', counted: true }

class Side {
  readonly machine: ExtendedHarness
  readonly asks: Ask[] = []
  /** Each ask is answered at once with this; null = it is not. */
  answers: Partial<Answer> | null = {}
  /** Whether it counted, each time that the machine told so. */
  readonly agreed: (boolean | undefined)[] = []
  #seq = 0

  constructor(record: Partial<PairRecord> = {}, settings: Partial<PairSettings> = {}) {
    this.machine = new ExtendedHarness({
      settings: { policy: 'witness', witness: { host: '192.0.2.9', port: 1102 }, ...settings },
      record: {
        nodeId: '0000000000000001',
        epoch: 20,
        reserved: 0,
        parity: 0,
        promisedMs: P,
        preferred: false,
        online: false,
        number: 1,
        peerPolicy: 'witness',
        ...record
      },
      peer: {}
    })
    const { machine } = this.machine
    const step = machine.step.bind(machine)
    machine.step = (nowMs, input) => {
      const outputs = step(nowMs, input)
      for (const output of outputs) this.#note(output)
      return outputs
    }
  }

  get role(): string {
    return this.machine.view.role
  }

  get peerSession(): bigint {
    return this.machine.view.peerSession
  }

  /** What was asked since the last call. */
  takeAsks(): readonly Ask[] {
    return this.asks.splice(0)
  }

  /** Time passes, by steps in which asks are answered. */
  advanceMs(ms: number): void {
    for (let passed = 0; passed < ms; passed += STEP) {
      this.machine.advanceMs(Math.min(STEP, ms - passed))
      const [ask] = this.#due.splice(0).slice(-1)
      if (ask !== undefined && this.answers !== null && !this.loses()) this.answer(ask, this.answers)
    }
  }

  /** Whether the next answer is lost. */
  loses = (): boolean => false

  /** How far apart the asks of that time are, ms. */
  gapsMs(ms: number): readonly number[] {
    this.takeAsks()
    const atMs: number[] = []
    for (let passed = 0; passed < ms; passed += STEP) {
      this.advanceMs(STEP)
      if (this.takeAsks().length > 0) atMs.push(this.machine.nowMs)
    }
    return atMs.slice(1).map((at, i) => at - (atMs[i] ?? at))
  }

  readonly #due: Ask[] = []

  answer(ask: Ask, more: Partial<Answer>): void {
    this.#seq += 1
    const answer: Answer = {
      witnessId: WITNESS,
      session: 900n,
      echo: ask.session,
      seq: this.#seq,
      ack: ask.seq,
      ...NOTHING_LENT,
      ...more
    }
    this.machine.step({ kind: 'witness', answer })
  }

  #note(output: Output): void {
    if (output.kind === 'event' && output.reason === 'witness-agreed') this.agreed.push(this.counted)
    if (output.kind !== 'ask') return
    this.asks.push(output.ask)
    this.#due.push(output.ask)
  }

  says(word: Word): void {
    this.machine.peerSays = word
    this.machine.hears(word)
    this.machine.hears(word)
  }

  get counted(): boolean | undefined {
    return this.machine.view.witness?.counted
  }
}

function near(gaps: readonly number[], ms: number): void {
  assert.ok(gaps.length >= 3, `${gaps.length} gaps`)
  for (const gap of gaps) assert.ok(gap >= ms - STEP && gap <= ms + 2 * STEP, `${gap} ms, not ${ms}`)
}

/** In contact with its peer, which says this. */
function met(word: Word, record: Partial<PairRecord> = { witness: AGREED }): Side {
  const side = new Side(record)
  side.says(word)
  side.advanceMs(2 * P)
  side.takeAsks()
  return side
}

/** Active by the peer's grant; the peer stands by. */
function active(record?: Partial<PairRecord>): Side {
  const side = met(NOT_READY, record)
  side.machine.peerSays = GRANT
  side.advanceMs(HEARTBEAT)
  assert.equal(side.role, 'active')
  side.machine.peerSays = STANDBY
  side.advanceMs(3 * HEARTBEAT)
  side.takeAsks()
  return side
}

/** A Standby whose Active has fallen silent, at the ask that wants the voice first. */
function aboutToTake(): Side {
  const side = met(ACTIVE)
  side.machine.peerSays = null
  side.advanceMs(P - HEARTBEAT - 10)
  side.takeAsks()
  for (let ms = 0; ms < P; ms += STEP) {
    if (side.takeAsks().some(({ wants }) => wants)) return side
    side.advanceMs(STEP)
  }
  return assert.fail('it does not want the voice')
}

describe('extended wire, a machine and its witness', () => {
  for (const [of, often, holds] of [
    ['three times in two leases while the Active is heard', 1.5, false],
    ['once in five leases while the Active has the voice', 1 / 5, true]
  ] as const) {
    it(`asks ${of}, and not for the voice`, () => {
      const side = met(ACTIVE)
      side.answers = { other: side.peerSession, otherHolds: holds, otherHeardAgoMs: 10 }
      side.advanceMs(5 * LEASE)
      side.takeAsks()
      side.advanceMs(10 * LEASE)
      const asks = side.takeAsks()
      assert.ok(Math.abs(asks.length - 10 * often) <= 1, `${asks.length} asks`)
      assert.ok(asks.every((ask) => !ask.wants && !ask.holds && ask.promiseMs === P && ask.nodeId === NODE))
    })
  }

  it('renews a loan when a fifth of its lease is left, and asks twelve times in that while it is not renewed', () => {
    const side = active()
    side.answers = LENT
    side.advanceMs(P)
    near(side.gapsMs(4 * P), (4 * LEASE) / 5)
    side.answers = null
    side.takeAsks()
    while (side.takeAsks().length === 0) side.advanceMs(STEP)
    near(side.gapsMs(0.15 * LEASE), LEASE / 60)
  })

  it('serves on the voice alone, whichever answer is lost, also ten in a row', () => {
    const side = active()
    side.answers = LENT
    side.advanceMs(P)
    side.machine.peerSays = null
    let answers = 0
    side.loses = () => ++answers % 11 !== 0
    for (let ms = 0; ms < 20 * P; ms += STEP) {
      side.advanceMs(STEP)
      assert.ok(side.machine.serves, `after ${ms} ms`)
    }
  })

  it('takes no stall of its own for a silence of the witness, and its silence for what it is', () => {
    const side = met(ACTIVE)
    const online = (): boolean | undefined => side.machine.view.witness?.online
    side.machine.nowMs += 1.5 * P
    side.machine.step({ kind: 'tick' })
    side.machine.hears(ACTIVE)
    assert.equal(online(), true)
    side.advanceMs(P)
    assert.equal(online(), true)
    side.answers = null
    side.advanceMs(P / 2)
    assert.equal(online(), true)
    side.advanceMs(P)
    assert.equal(online(), false)
  })

  it('asks for the voice when the promise to its holder may be over, not again and again before', () => {
    const side = met(ACTIVE)
    const other = { other: side.peerSession, otherHolds: true }
    side.machine.peerSays = null
    // The other one is heard there, and renews: the link is cut.
    side.advanceMs(2 * P)
    side.answers = { ...other, otherHeardAgoMs: 100 }
    side.advanceMs(P)
    side.takeAsks()
    side.advanceMs(P)
    const asks = side.takeAsks()
    assert.ok(asks.length <= P / HEARTBEAT + 1, `${asks.length} asks`)
    assert.ok(asks.some(({ wants }) => wants))
    // It is not heard any more: 40 ms are left.
    side.answers = { ...other, otherHeardAgoMs: P - 40 }
    side.advanceMs(HEARTBEAT)
    side.takeAsks()
    const [gap = 0] = side.gapsMs(HEARTBEAT)
    assert.ok(gap >= 30 && gap <= 40 + STEP, `${gap} ms`)
  })

  it('wants the voice once its own promise to the peer is over, and then often', () => {
    const side = met(ACTIVE)
    side.machine.peerSays = null
    side.advanceMs(P - HEARTBEAT - 10)
    assert.ok(side.takeAsks().every(({ wants }) => !wants))
    side.advanceMs(2 * HEARTBEAT)
    const wanting = side.takeAsks().filter(({ wants }) => wants)
    assert.ok(wanting.length >= 5, `${wanting.length} asks`)
    assert.equal(side.role, 'standby')
    side.answers = { lent: true, loan: 3, promisedMs: P }
    side.advanceMs(HEARTBEAT)
    assert.equal(side.role, 'active')
    // And serves on it alone, for as long as it is renewed.
    side.advanceMs(3 * P)
    assert.ok(side.machine.serves)
    side.answers = null
    side.advanceMs(P)
    assert.equal(side.role, 'standby')
  })

  it('takes the role with an epoch that is no lower than its loan, at once: what the next loan needs is on disk before', () => {
    const side = met(ACTIVE)
    side.answers = { loan: 400 }
    side.advanceMs(6 * LEASE)
    side.machine.peerSays = null
    side.advanceMs(P)
    const [ask] = side.takeAsks().filter(({ wants }) => wants)
    assert.equal(ask?.loan, side.machine.view.epoch)
    const lent = { lent: true, loan: 400 + LOAN_STEP, promisedMs: P }
    side.machine.storeAnswers = false
    side.answers = lent
    side.advanceMs(HEARTBEAT)
    assert.deepEqual([side.role, side.machine.view.epoch], ['active', 400 + LOAN_STEP])
  })

  it('has the voice some ms before all else is complete, and uses it then and not before', () => {
    const side = aboutToTake()
    const wantedAtMs = side.machine.nowMs
    side.answers = { lent: true, loan: 30, promisedMs: P }
    side.advanceMs(2 * STEP)
    assert.equal(side.role, 'standby')
    assert.ok(side.takeAsks().every(({ releases }) => !releases))
    for (let ms = 0; ms < HEARTBEAT && !side.machine.serves; ms++) side.advanceMs(1)
    const leadMs = side.machine.nowMs - wantedAtMs
    assert.ok(leadMs >= 14 && leadMs <= 20, `${leadMs} ms`)
    assert.ok(side.machine.serves)
  })

  it('gives it back when the peer is heard meanwhile', () => {
    const side = aboutToTake()
    side.answers = { lent: true, loan: 30, promisedMs: P }
    side.advanceMs(2 * STEP)
    side.says(ACTIVE)
    side.advanceMs(HEARTBEAT)
    assert.equal(side.role, 'standby')
    assert.ok(side.takeAsks().some(({ releases, loan }) => releases && loan === 30))
  })

  it('wants no voice while its disk has not what the next loan needs', () => {
    const side = met(ACTIVE)
    side.machine.storeAnswers = false
    side.answers = { loan: 400 }
    side.advanceMs(6 * LEASE)
    side.takeAsks()
    side.machine.peerSays = null
    side.advanceMs(2 * P)
    assert.ok(side.takeAsks().every(({ wants }) => !wants))
    side.machine.answerStore()
    side.advanceMs(HEARTBEAT)
    assert.ok(side.takeAsks().some(({ wants }) => wants))
  })

  it('goes by no number at the end of the range', () => {
    const side = met(ACTIVE)
    side.answers = { loan: STORED_MAX - 1 }
    side.advanceMs(6 * LEASE)
    assert.ok((side.machine.lastRecord?.reserved ?? Infinity) < 200)
  })

  it('backs nobody on a number that its disk does not have, but for the two that a restart would not miss', () => {
    const side = met(ACTIVE)
    const backs = (): boolean => {
      side.machine.takeSaid()
      side.advanceMs(2 * HEARTBEAT)
      const said = side.machine.takeSaid()
      assert.ok(said.length > 0)
      return said.every(({ trailer }) => trailer?.heardLinks !== 0)
    }
    assert.ok(backs())
    const onDisk = side.machine.lastRecord?.reserved ?? 0
    side.machine.storeAnswers = false
    side.says({ ...ACTIVE, epoch: onDisk + 2 })
    assert.ok(backs())
    side.says({ ...ACTIVE, epoch: onDisk + 3 })
    assert.ok(!backs())
    side.machine.answerStore()
    assert.ok(backs())
  })

  it('gives the voice back where its number is beyond what is on disk, and asks again when the disk has it', () => {
    const side = met(ACTIVE)
    side.machine.peerSays = null
    side.advanceMs(P)
    side.machine.storeAnswers = false
    side.answers = { lent: true, loan: 4000, promisedMs: P }
    side.advanceMs(2 * HEARTBEAT)
    assert.equal(side.role, 'standby')
    assert.ok(side.takeAsks().some(({ releases, loan }) => releases && loan === 4000))
    side.advanceMs(HEARTBEAT)
    assert.ok(side.takeAsks().every(({ wants }) => !wants))
    side.answers = { lent: true, loan: 4000 + LOAN_STEP, promisedMs: P }
    side.machine.answerStore()
    side.advanceMs(HEARTBEAT)
    assert.deepEqual([side.role, side.machine.view.epoch], ['active', 4000 + LOAN_STEP])
  })

  it('wants it after its start when the promise of its former life is over', () => {
    const side = new Side({ witness: AGREED, promisedMs: 3 * P })
    side.advanceMs(3 * P - 50)
    assert.ok(side.takeAsks().every(({ wants }) => !wants))
    side.advanceMs(2 * HEARTBEAT)
    assert.ok(side.takeAsks().some(({ wants }) => wants))
  })

  it('is granted the role by a peer that still has the voice', () => {
    const side = met(NOT_READY)
    side.answers = { other: side.peerSession, otherHolds: true, otherHeardAgoMs: 10 }
    side.advanceMs(2 * HEARTBEAT)
    side.machine.peerSays = GRANT
    side.advanceMs(2 * HEARTBEAT)
    assert.equal(side.role, 'active')
  })

  it('has the voice from the sending of what was answered', () => {
    const side = active()
    side.machine.peerSays = null
    side.answers = null
    side.takeAsks()
    side.advanceMs(HEARTBEAT)
    const sentAtMs = side.machine.nowMs
    const [ask] = side.takeAsks().slice(-1)
    side.advanceMs(P / 2)
    assert.ok(ask !== undefined)
    side.answer(ask, { lent: true, loan: 3, promisedMs: P })
    const { leaseUntilMs } = side.machine.view
    assert.ok(leaseUntilMs <= sentAtMs + leaseMs(P) && leaseUntilMs > sentAtMs + leaseMs(P) - HEARTBEAT - 5)
  })

  it('takes no role with a voice that comes before its own promise is over, and gives it back', () => {
    const side = met(ACTIVE)
    side.answers = { lent: true, loan: 3, promisedMs: P }
    side.advanceMs(2 * HEARTBEAT)
    side.advanceMs(6 * LEASE)
    assert.equal(side.role, 'standby')
    assert.ok(side.takeAsks().some(({ releases, loan }) => releases && loan === 3))
  })

  it('does not use a voice on which the two have not agreed, and asks for none', () => {
    const side = met(ACTIVE, { witness: { ...AGREED, counted: false } })
    side.machine.peerSays = null
    side.advanceMs(2 * P)
    side.answers = { lent: true, loan: 3000, promisedMs: P }
    side.advanceMs(2 * P)
    assert.equal(side.role, 'standby')
    assert.ok(side.takeAsks().every(({ wants }) => !wants))
    // Nor does it go by a number that comes from there.
    assert.ok((side.machine.lastRecord?.reserved ?? Infinity) < 100)
  })

  it('counts the witness that the peer’s living session states, a promise after it went over itself', () => {
    const side = new Side()
    side.says(ACTIVE)
    side.answers = { other: side.peerSession, otherStates: false }
    side.advanceMs(4 * P)
    assert.equal(side.counted, false)
    assert.ok(side.takeAsks().some(({ states }) => states))
    side.answers = { other: side.peerSession + 7n, otherStates: true }
    side.advanceMs(P)
    assert.equal(side.counted, false)
    side.answers = { other: side.peerSession, otherStates: true }
    side.advanceMs(2 * HEARTBEAT)
    assert.equal(side.counted, true)
  })

  it('tells that it is agreed on when it counts, which is once it is on disk, and once', () => {
    const side = new Side()
    side.says(ACTIVE)
    side.answers = { other: side.peerSession, otherStates: true }
    side.advanceMs(P)
    side.machine.storeAnswers = false
    side.advanceMs(P)
    assert.deepEqual([side.counted, side.agreed], [false, []])
    side.machine.answerStore()
    side.advanceMs(P)
    assert.deepEqual([side.counted, side.agreed], [true, [true]])
  })

  it('does not count it by what the peer may have stated before', () => {
    const side = new Side()
    side.says(ACTIVE)
    side.answers = { other: side.peerSession, otherStates: true }
    side.advanceMs(P)
    assert.equal(side.counted, false)
    side.advanceMs(P / 2)
    assert.equal(side.counted, true)
  })

  it('forgets the witness under another policy: who comes back agrees again', () => {
    const { machine } = new Side({ witness: AGREED }, { policy: 'exclusive' })
    assert.ok(machine.lastRecord !== null)
    assert.equal(machine.lastRecord.witness, undefined)
  })

  it('counts no witness that it cannot put on disk', () => {
    const side = new Side()
    side.machine.storeAnswers = false
    side.says(ACTIVE)
    side.answers = { other: side.peerSession, otherStates: true }
    side.advanceMs(4 * P)
    assert.deepEqual([side.counted, side.takeAsks().some(({ states }) => states)], [false, false])
  })

  it('goes over to another one after a promise in contact, and gives the voice of the first one up at once', () => {
    const side = active()
    side.answers = { lent: true, loan: 3, promisedMs: 8 * P }
    side.advanceMs(2 * HEARTBEAT)
    assert.ok(side.machine.view.leaseUntilMs > side.machine.nowMs + 6 * P)
    side.answers = { witnessId: OTHER_WITNESS }
    side.advanceMs(P)
    assert.ok(side.machine.view.leaseUntilMs > side.machine.nowMs + 5 * P)
    side.advanceMs(P)
    assert.equal(side.machine.lastRecord?.witness?.id, '0000000000000088')
    assert.ok(side.machine.view.leaseUntilMs <= side.machine.nowMs + P)
    assert.ok(side.machine.serves)
  })

  it('has less of the voice after a sleep', () => {
    const side = active()
    side.answers = { lent: true, loan: 3, promisedMs: 8 * P }
    side.advanceMs(2 * HEARTBEAT)
    const { leaseUntilMs } = side.machine.view
    side.machine.step({ kind: 'suspended', ms: 3 * P })
    assert.equal(side.machine.view.leaseUntilMs, leaseUntilMs - 3 * P)
  })

  it('serves after a pause by an answer to what it asked since, not before', () => {
    const side = active()
    side.answers = { lent: true, loan: 3, promisedMs: 8 * P }
    side.advanceMs(2 * HEARTBEAT)
    side.machine.peerSays = null
    side.answers = null
    side.takeAsks()
    side.advanceMs(0.9 * LEASE)
    const [before] = side.takeAsks().slice(-1)
    side.machine.nowMs += 1.5 * P
    side.machine.step({ kind: 'tick' })
    assert.deepEqual([side.role, side.machine.serves], ['active', false])
    assert.ok(before !== undefined)
    side.answer(before, { lent: true, loan: 3, promisedMs: 8 * P })
    assert.equal(side.machine.serves, false)
    side.advanceMs(2 * HEARTBEAT)
    const [since] = side.takeAsks().slice(-1)
    assert.ok(since !== undefined)
    side.answer(since, { lent: true, loan: 3, promisedMs: 8 * P })
    assert.equal(side.machine.serves, true)
  })

  it('believes no proof of a crash, on either side', () => {
    for (const word of [ACTIVE, STANDBY]) {
      const side = word === STANDBY ? active() : met(ACTIVE)
      side.machine.tether()
      side.advanceMs(HEARTBEAT)
      assert.equal(side.machine.view.proof, 'off')
      side.machine.tetherEnds()
      side.advanceMs(P / 2)
      assert.equal(side.role, word === STANDBY ? 'active' : 'standby')
      assert.ok(word !== STANDBY || side.machine.view.leaseUntilMs < Infinity)
      side.advanceMs(P)
      assert.equal(side.role, 'standby')
    }
  })

  it('needs no voice, and no lease, after a goodbye, and asks for the voice all the same', () => {
    const side = active()
    side.machine.hears({ head: 'connected', state: 'initial', epoch: 22, flags: ['goodbye', 'probe'] })
    side.machine.peerSays = null
    side.advanceMs(3 * P)
    assert.equal(side.machine.view.leaseUntilMs, Infinity)
    assert.ok(side.takeAsks().some(({ wants }) => wants))
  })

  it('begins again as another one when the witness sees two processes in its session', () => {
    const side = active()
    const { session } = side.machine.view
    side.answers = { copied: true }
    side.advanceMs(2 * HEARTBEAT)
    assert.notEqual(side.role, 'active')
    assert.notEqual(side.machine.view.session, session)
  })

  it('takes no role beside another session that has the voice: the peer before it was copied or replaced', () => {
    const side = met(NOT_READY)
    side.answers = { other: 0xabcn, otherHolds: true, otherHeardAgoMs: 10 }
    side.advanceMs(2 * HEARTBEAT)
    // Neither is a grant taken, nor one given to who is ready.
    side.machine.peerSays = GRANT
    side.advanceMs(P)
    assert.notEqual(side.role, 'active')
    side.machine.peerSays = { ...NOT_READY, flags: ['ready'] }
    side.machine.takeSaid()
    side.advanceMs(P)
    assert.equal(
      side.machine.takeSaid().some(({ head }) => head === 'designate'),
      false
    )
    side.machine.peerSays = GRANT
    side.answers = {}
    side.advanceMs(P + 2 * HEARTBEAT)
    assert.equal(side.role, 'active')
  })

  it('asks another time for the voice when it leaves only to give it back', () => {
    const side = active()
    side.answers = { lent: true, loan: 3, promisedMs: P }
    side.advanceMs(2 * HEARTBEAT)
    side.takeAsks()
    side.answers = null
    side.machine.step({ kind: 'goodbye', reason: 'shutdown' })
    side.advanceMs(P)
    const asks = side.takeAsks()
    assert.ok(asks.length >= 1 && asks.length <= 3)
    assert.ok(asks.every(({ releases, wants, holds, loan }) => releases && !wants && !holds && loan === 3))
    assert.equal(side.machine.lastRecord?.online, true)
  })

  for (const [who, tell] of [
    ['its peer', (side: Side) => side.machine.hears({ ...STANDBY, trailer: { ack: 5000 } })],
    [
      'the witness',
      (side: Side) => side.answer(side.takeAsks().at(-1) ?? assert.fail('asks nothing'), { copied: true })
    ]
  ] as const) {
    it(`gives nothing back as it leaves once ${who} has shown that it is a copy: the voice is the other one’s`, () => {
      const side = active()
      side.answers = { lent: true, loan: 3, promisedMs: P }
      side.advanceMs(2 * HEARTBEAT)
      side.answers = null
      side.machine.step({ kind: 'goodbye', reason: 'shutdown' })
      side.takeAsks()
      while (side.asks.length === 0) side.advanceMs(5)
      tell(side)
      side.takeAsks()
      side.machine.takeSaid()
      side.advanceMs(P)
      assert.deepEqual([side.takeAsks(), side.machine.takeSaid()], [[], []])
    })
  }
})
