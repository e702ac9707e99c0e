import assert from 'node:assert/strict'
import {
  mayTake,
  POLICY_RULES,
  rank,
  servesUnderLease,
  winsConflict,
  type Candidate,
  type Evidence
} from '../../../../src/protocol/extended/policy'
import { NOWHERE } from '../../../../src/protocol/position'
import type { Policy } from '../../../../src/protocol/settings'

/** Written out by hand from docs/reference/PROTOCOL.md, "Taking over without contact"; not read from the code. */
const TABLE: readonly (readonly [Policy, Evidence, boolean, boolean])[] = [
  // policy, evidence, taken by the side that is not preferred, taken by the preferred one
  ['availability', 'never-met', true, true],
  ['availability', 'silence', true, true],
  ['availability', 'stood-down', false, false],
  ['availability', 'crash', true, true],
  ['availability', 'goodbye', true, true],
  ['preferred', 'never-met', false, true],
  ['preferred', 'silence', false, true],
  ['preferred', 'stood-down', false, true],
  ['preferred', 'crash', true, true],
  ['preferred', 'goodbye', true, true],
  ['exclusive', 'never-met', false, false],
  ['exclusive', 'silence', false, false],
  ['exclusive', 'stood-down', false, false],
  ['exclusive', 'crash', true, true],
  ['exclusive', 'goodbye', true, true],
  ['witness', 'never-met', false, false],
  ['witness', 'silence', false, false],
  ['witness', 'stood-down', false, false],
  ['witness', 'crash', false, false],
  ['witness', 'goodbye', true, true]
]

const LEASED: readonly (readonly [Policy, boolean, boolean])[] = [
  ['availability', false, false],
  ['preferred', true, false],
  ['exclusive', true, true],
  ['witness', true, true]
]

const COLUMNS: readonly (readonly [Policy, boolean, boolean, boolean])[] = [
  // policy, never both, prefers one, goes on in memory
  ['availability', false, false, true],
  ['preferred', true, true, false],
  ['exclusive', true, false, false],
  ['witness', true, false, false]
]

const candidate = (over: Partial<Candidate> = {}): Candidate => ({
  wanted: false,
  ready: true,
  fit: true,
  heldEpoch: 0,
  position: NOWHERE,
  role: 'initial',
  priority: 100,
  nodeId: 1n,
  ...over
})

describe('policies', () => {
  for (const [policy, evidence, other, preferred] of TABLE) {
    it(`${policy}: ${evidence} -> ${String(other)}, preferred side ${String(preferred)}`, () => {
      const voice = false
      assert.equal(mayTake(policy, evidence, { preferred: false, voice }), other)
      assert.equal(mayTake(policy, evidence, { preferred: true, voice }), preferred)
    })
  }

  it('covers every policy and every evidence once', () => {
    assert.equal(new Set(TABLE.map(([policy, evidence]) => `${policy}/${evidence}`)).size, 20)
  })

  it('witness: with its voice a side acts on silence of any kind, never on a crash; goodbye needs none', () => {
    const [without, having] = [false, true].map((voice) =>
      (['never-met', 'silence', 'stood-down', 'crash', 'goodbye'] as const).filter((evidence) =>
        mayTake('witness', evidence, { preferred: false, voice })
      )
    )
    assert.deepEqual([without, having], [['goodbye'], ['never-met', 'silence', 'stood-down', 'goodbye']])
  })

  for (const [policy, other, preferred] of LEASED) {
    it(`${policy}: lease ${String(other)}, preferred side ${String(preferred)}`, () => {
      assert.equal(servesUnderLease(policy, false), other)
      assert.equal(servesUnderLease(policy, true), preferred)
    })
  }

  for (const [policy, ...columns] of COLUMNS) {
    it(`${policy}: never both, prefers one, goes on in memory: ${columns.join(', ')}`, () => {
      const { neverBoth, prefersOne, goesOnInMemory } = POLICY_RULES[policy]
      assert.deepEqual([neverBoth, prefersOne, goesOnInMemory], columns)
    })
  }
})

describe('ranking of two sides that are not Active', () => {
  /** Each step beats all that come after it, even when those all speak for the other side. */
  const steps: readonly Partial<Candidate>[] = [
    { ready: true },
    { fit: true },
    { wanted: true },
    { heldEpoch: 7 },
    { position: { epoch: 3, number: 1 } },
    { role: 'standby' },
    { priority: 200 },
    { nodeId: 9n }
  ]
  const weakest = candidate({ ready: false, fit: false })

  steps.forEach((step, i) => {
    it(`${Object.keys(step)[0] ?? ''} decides before everything behind it`, () => {
      const behind: Partial<Candidate> = Object.assign({}, ...steps.slice(i + 1))
      const a = { ...weakest, ...step }
      const b = { ...weakest, ...behind }
      assert.ok(rank(a, b) > 0)
      assert.ok(rank(b, a) < 0)
    })
  })

  it('is a tie only for one and the same identity', () => {
    assert.equal(rank(candidate(), candidate()), 0)
    assert.notEqual(rank(candidate({ nodeId: 1n }), candidate({ nodeId: 2n })), 0)
  })
})

describe('conflict of two Actives', () => {
  const cases = [
    {
      name: 'higher epoch',
      mine: { epoch: 3, priority: 1, nodeId: 1n },
      theirs: { epoch: 2, priority: 9, nodeId: 9n }
    },
    { name: 'priority', mine: { epoch: 3, priority: 2, nodeId: 1n }, theirs: { epoch: 3, priority: 1, nodeId: 9n } },
    { name: 'node id', mine: { epoch: 3, priority: 1, nodeId: 9n }, theirs: { epoch: 3, priority: 1, nodeId: 1n } }
  ]
  for (const { name, mine, theirs } of cases) {
    it(`${name} decides, and both sides agree`, () => {
      assert.equal(winsConflict(mine, theirs), true)
      assert.equal(winsConflict(theirs, mine), false)
    })
  }
})
