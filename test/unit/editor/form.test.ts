import assert from 'node:assert/strict'
import {
  effectsOf,
  matters,
  presetIn,
  presetsOffered,
  presetValues,
  priorityHint,
  settled,
  stored,
  type Choices
} from '../../../editor/pair/form'
import { PAIR_DEFAULTS, PRESETS } from '../../../src/rules/properties'

type Typed = Readonly<Partial<Record<keyof typeof PAIR_DEFAULTS, string>>>

/** A form in which everything else is as in a new node. */
const form =
  (typed: Typed) =>
  (property: keyof typeof PAIR_DEFAULTS): string =>
    typed[property] ?? String(PAIR_DEFAULTS[property])

const ROWS = [...Object.keys(PAIR_DEFAULTS), 'key', 'previousKey', 'witness', 'witnessKey']
/** Of every policy but one. */
const OF_WITNESS = ['witness', 'witnessKey']
const hiddenIn = (typed: Typed, hasSecret = true): Set<string> =>
  new Set(ROWS.filter((row) => !matters(row, form(typed), hasSecret)))

describe('the rows of the form', () => {
  const classicOnly = ['lossLimit', 'receiptTimeout']
  for (const [what, typed, hidden] of [
    ['a new pair', {}, [...classicOnly, ...OF_WITNESS, 'failbackDelay']],
    ['with failback', { failback: 'true' }, [...classicOnly, ...OF_WITNESS]],
    ['failback from a variable', { failback: '${HA_FAILBACK}' }, [...classicOnly, ...OF_WITNESS]],
    ['policy witness', { policy: 'witness' }, [...classicOnly, 'failbackDelay', 'crashProof']],
    ['the policy from a variable', { policy: '${HA_POLICY}' }, [...classicOnly, 'failbackDelay']],
    [
      'no key',
      { auth: 'none' },
      [...classicOnly, ...OF_WITNESS, 'failbackDelay', 'key', 'previousKey', 'channel', 'crashProof']
    ],
    ['no channel', { channel: 'off' }, [...classicOnly, ...OF_WITNESS, 'failbackDelay', 'crashProof']],
    [
      'the classic wire',
      { wire: 'classic', failback: 'true', policy: 'witness' },
      [
        ...OF_WITNESS,
        'auth',
        'key',
        'previousKey',
        'channel',
        'policy',
        'crashProof',
        'priority',
        'failback',
        'failbackDelay'
      ]
    ],
    ['the wire from a variable', { wire: '${HA_WIRE}' }, [...OF_WITNESS, 'failbackDelay']]
  ] as const) {
    it(`${what}: what does not matter is hidden`, () => assert.deepEqual(hiddenIn(typed), new Set<string>(hidden)))
  }

  it('without a key there is no previous one to type', () => {
    assert.ok(hiddenIn({}, false).has('previousKey'))
  })
})

describe('what is said of the priority', () => {
  for (const [what, typed, hint] of [
    ['a new pair', {}, null],
    ['preferred', { policy: 'preferred' }, 'hint.priority'],
    ['fail back', { failback: 'true' }, 'hint.priority-failback'],
    ['fail back, as each host says', { failback: '${HA_FAILBACK}' }, 'hint.priority-failback'],
    ['both, and each host has its own', { policy: 'preferred', failback: 'true', priority: ' ${HA_PRIORITY} ' }, null],
    ['the classic wire', { wire: 'classic', policy: 'preferred', failback: 'true' }, null]
  ] as const) {
    it(`${what}: ${hint ?? 'nothing'}`, () => assert.equal(priorityHint(form(typed)), hint))
  }
})

describe('the presets', () => {
  it('each is found by its figures; classic is offered on its wire only', () => {
    for (const [name, values] of Object.entries(PRESETS)) {
      const typed = Object.fromEntries(Object.entries(values).map(([property, value]) => [property, ` ${value} `]))
      assert.equal(presetIn(form({ ...typed, wire: 'classic' })), name)
      assert.equal(presetIn(form(typed)), name === 'classic' ? 'custom' : name)
      assert.deepEqual(Object.fromEntries(presetValues(name)), values)
    }
    assert.equal(presetsOffered(true)[0], 'classic')
    assert.ok(!presetsOffered(false).includes('classic'))
  })

  it('anything else is custom, which sets nothing', () => {
    for (const heartbeat of ['201', '', 'x', '${HA_HEARTBEAT}']) assert.equal(presetIn(form({ heartbeat })), 'custom')
    for (const name of ['custom', 'toString', '']) assert.deepEqual(presetValues(name), [])
  })
})

const told = (typed: Typed): string[] =>
  effectsOf(form(typed)).map(({ name, time, note }) => [name, time, note?.replace('effect.', '')].join(' ').trim())

describe('what follows from the timing', () => {
  for (const [what, typed, effects] of [
    ['a new pair', {}, ['crash at-once', 'vanish 2', 'hang 10']],
    ['no proof of a crash', { crashProof: 'false' }, ['crash 2', 'vanish 2', 'hang 10']],
    ['no channel', { channel: 'off', peerTimeout: '450' }, ['crash 0.45', 'vanish 0.45', 'hang 10']],
    ['classic', { wire: 'classic', policy: 'exclusive', peerTimeout: '60000' }, ['crash 60', 'vanish 60', 'hang 10']],
    [
      'preferred',
      { policy: 'preferred' },
      ['crash at-once', 'vanish 2 vanish-preferred', 'hang 10', 'lease 1.8 lease-preferred']
    ],
    [
      'witness: no proof of a crash counts',
      { policy: 'witness', crashProof: 'true' },
      ['crash 2 vanish-witness', 'vanish 2 vanish-witness', 'hang 10', 'lease 1.8 lease-witness']
    ],
    [
      'exclusive, no key',
      { policy: 'exclusive', auth: 'none' },
      ['crash  vanish-exclusive', 'vanish  vanish-exclusive', 'hang 10', 'lease 1.8']
    ],
    [
      'from variables, and wrong',
      { peerTimeout: '${HA_TIMEOUT}', stallLimit: 'x', channel: 'off' },
      ['crash environment', 'vanish environment', 'hang wrong']
    ],
    [
      'a timeout too short for the heartbeat',
      { peerTimeout: '399', channel: 'off' },
      ['crash wrong', 'vanish wrong', 'hang 10']
    ]
  ] as const) {
    it(what, () => assert.deepEqual(told(typed), effects))
  }
})

describe('what is saved', () => {
  const choices: Choices = {
    wire: 'classic',
    auth: 'key',
    channel: 'auto',
    policy: 'preferred',
    crashProof: 'true',
    failback: '${HA_FAILBACK}'
  }

  it('the classic wire leaves one link, one policy and no key', () => {
    const saved = settled(choices, ['first', 'second'])
    assert.deepEqual(saved, { choices: { ...choices, policy: 'availability', auth: 'none' }, links: ['first'] })
  })

  it('the extended one leaves all as it is, also one that a variable names', () => {
    for (const wire of ['extended', '${HA_WIRE}']) {
      const saved = settled({ ...choices, wire }, ['first', 'second'])
      assert.deepEqual(saved, { choices: { ...choices, wire }, links: ['first', 'second'] })
    }
  })

  it('yes and no are stored as such, other words as they are', () => {
    assert.deepEqual(['true', 'false', 'auto', '${X}'].map(stored), [true, false, 'auto', '${X}'])
  })
})
