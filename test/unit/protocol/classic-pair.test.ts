/** Two classic machines that play against each other: whatever happened before, in calm weather they settle. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { HEADS, type Frame, type Head } from '../../../src/protocol/wire/frame'
import type { Designation, Input, Role } from '../../../src/protocol/machine'
import { TestPair } from '../../support/machine/pair'
import type { SideName } from '../../support/machine/network'
import { ClassicHarness } from '../../support/machine/classic-harness'
import { share } from '../../support/share'

const SETTINGS = { heartbeatMs: 100, peerTimeoutMs: 1000, receiptTimeoutMs: 400, lossLimit: 3, stallLimitMs: 2000 }

/** Takeover, a conflict in full length, and another takeover after both yielded. */
const SETTLED_WITHIN_MS = 2 * SETTINGS.peerTimeoutMs + 10 * SETTINGS.heartbeatMs + 2000

type Fault =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'cut' | 'heal' | 'cutOneWay' | 'crash' | 'restart' | 'leave'; readonly side: SideName }
  | { readonly do: 'stall' | 'suspend'; readonly side: SideName; readonly ms: number; readonly tickFirst: boolean }
  | { readonly do: 'weather'; readonly loss: number; readonly duplicate: number; readonly jitterMs: number }
  | { readonly do: 'command'; readonly side: SideName; readonly word: Designation; readonly force: boolean }
  | { readonly do: 'hang'; readonly side: SideName; readonly on: boolean }
  | { readonly do: 'forge'; readonly side: SideName; readonly head: Head; readonly state: Role; readonly value: number }
  | { readonly do: 'replay'; readonly side: SideName; readonly share: number }

const side = fc.constantFrom<SideName>('a', 'b')
const anyFault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 1500 }) }) },
  fc.record({ do: fc.constantFrom('cut', 'heal', 'cutOneWay', 'crash', 'restart', 'leave'), side }),
  fc.record({
    do: fc.constantFrom('stall', 'suspend'),
    side,
    ms: fc.integer({ min: 1, max: 4000 }),
    tickFirst: fc.boolean()
  }),
  fc.record({
    do: fc.constant('weather' as const),
    loss: fc.constantFrom(0, 0.1, 0.5),
    duplicate: fc.constantFrom(0, 0.3),
    jitterMs: fc.constantFrom(0, 5, 150)
  }),
  fc.record({
    do: fc.constant('command' as const),
    side,
    word: fc.constantFrom<Designation>('active', 'standby', 'swap'),
    force: fc.boolean()
  }),
  fc.record({ do: fc.constant('hang' as const), side, on: fc.boolean() }),
  fc.record({
    do: fc.constant('forge' as const),
    side,
    head: fc.constantFrom(...(Object.keys(HEADS) as Head[])),
    state: fc.constantFrom<Role>('initial', 'active', 'standby'),
    value: fc.integer({ min: 0, max: 255 })
  }),
  fc.record({ do: fc.constant('replay' as const), side, share: fc.integer({ min: 1, max: 20 }) })
)

/** Does it if it makes sense now: a dead side takes no commands. */
function apply(pair: TestPair, fault: Fault): void {
  if (fault.do === 'wait') return pair.advanceMs(fault.ms)
  if (fault.do === 'weather') return pair.network.setWeather(fault)
  if (fault.do === 'cut') return pair.cutLink()
  if (fault.do === 'heal') return pair.healLink()
  if (fault.do === 'cutOneWay') return pair.cutOneWay(fault.side)
  if (fault.do === 'restart') return pair.restart(fault.side)
  const target = pair.side(fault.side)
  if (!target.isUp || target.isHung) return
  if (fault.do === 'crash') return pair.crash(fault.side)
  if (fault.do === 'leave') return pair.goodbye(fault.side)
  if (fault.do === 'stall') return pair.stall(fault.side, fault.ms, fault.tickFirst ? 'tick-first' : 'queue-first')
  if (fault.do === 'suspend') return pair.suspend(fault.side, fault.ms)
  if (fault.do === 'command') return void pair.designate(fault.side, fault.word, fault.force)
  if (fault.do === 'hang') return pair.stallFlows(fault.side, fault.on)
  if (fault.do === 'forge') {
    const frame: Frame = { head: fault.head, state: fault.state, id: 7, value: fault.value, trailer: null }
    return pair.forge(fault.side, frame)
  }
  if (fault.do === 'replay') pair.replay(fault.side, (_frame, i, all) => i >= all - fault.share)
}

function calmDown(pair: TestPair): void {
  pair.healLink()
  pair.network.setWeather({})
  pair.advanceMs(5000)
  for (const name of ['a', 'b'] as const) {
    if (pair.side(name).isUp) pair.stallFlows(name, false)
    else pair.start(name)
  }
}

describe('classic wire, one machine and any peer', () => {
  const anyFrame: fc.Arbitrary<Frame> = fc.record(
    {
      head: fc.constantFrom(...(Object.keys(HEADS) as Head[])),
      state: fc.constantFrom<Role>('initial', 'active', 'standby'),
      id: fc.integer({ min: 0, max: 255 }),
      value: fc.integer({ min: 0, max: 255 }),
      trailer: fc.constant(null)
    },
    { noNullPrototype: true }
  )
  const anyInput: fc.Arbitrary<Input> = fc.oneof(
    { weight: 10, arbitrary: anyFrame.map((frame): Input => ({ kind: 'frame', link: 0, frame })) },
    fc.constant<Input>({ kind: 'tick' }),
    fc.boolean().map((open): Input => ({ kind: 'link', link: 0, open, detail: '' })),
    fc.boolean().map((stalled): Input => ({ kind: 'hostStalled', stalled })),
    fc.integer({ min: 1, max: 5000 }).map((ms): Input => ({ kind: 'suspended', ms })),
    fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.boolean())
      .map(([ticket, ok]): Input => ({ kind: 'stored', ticket, ok })),
    fc
      .tuple(fc.constantFrom<Designation>('active', 'standby', 'swap'), fc.boolean())
      .map(([designate, force]): Input => ({ kind: 'command', id: 1, designate, force })),
    fc.constantFrom<Input>(
      { kind: 'unsent', link: 0 },
      { kind: 'tether', id: 1, session: 0n, peerSession: 0n, provable: true },
      { kind: 'tetherEnded', id: 1, fin: true },
      { kind: 'redialled', id: 1, refused: true },
      { kind: 'foreignRecord' },
      { kind: 'fitness', value: 0 },
      { kind: 'flows', hash: 1 }
    )
  )

  it('never throws, and never sends more than receipts and a bounded number of words per heartbeat', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), anyInput), { maxLength: 120 }), (steps) => {
        const solo = new ClassicHarness({ settings: SETTINGS })
        solo.takeSent()
        const startedAtMs = solo.nowMs
        let asked = 0
        let words = 0
        for (const [ms, input] of steps) {
          if (ms % 3 === 0) solo.advanceMs(ms)
          else solo.stallMs(ms)
          solo.step(input)
          // Not the peer's doing: commands, and the socket's.
          if (input.kind === 'command' || input.kind === 'link') words -= 3
          if (input.kind === 'frame' && (input.frame.head === 'connected' || input.frame.head === 'designate')) asked++
          for (const frame of solo.takeSent()) {
            if (frame.head === 'responsed') asked--
            else words++
          }
        }
        const heartbeats = 1 + (solo.nowMs - startedAtMs) / SETTINGS.heartbeatMs
        assert.equal(asked, 0, 'one receipt for each frame that asks for one')
        assert.ok(words <= heartbeats * 12 + roleChanges(solo) * 2, `${words} words in ${heartbeats} heartbeats`)
        assert.ok(solo.machine.deadlineMs() <= solo.nowMs + 250)
      }),
      { numRuns: share(250, 500) }
    )
  })
})

/** Each new role speaks at once. */
function roleChanges(solo: ClassicHarness): number {
  return solo.events.filter((e) => e.event === 'role').length
}

describe('classic wire, pairs', () => {
  it('every pair of tokens negotiates one Active, the larger, or draws again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 254 }), fc.integer({ min: 0, max: 254 }), (mine, theirs) => {
        const pair = new TestPair({
          wire: 'classic',
          settings: SETTINGS,
          a: { tokens: [mine] },
          b: { tokens: [theirs] }
        })
        pair.start()
        pair.advanceMs(100)
        assert.ok(pair.isSettled())
        if (mine !== theirs) assert.equal(pair.roles()[0], mine > theirs ? 'active' : 'standby')
        assert.equal(pair.overlapMs, 0)
      })
    )
  })

  it('equal tokens in any number are redrawn until they differ', () => {
    const pair = new TestPair({
      wire: 'classic',
      settings: SETTINGS,
      a: { tokens: [5, 5, 5, 5, 9] },
      b: { tokens: [5, 5, 5, 5, 8] }
    })
    pair.start()
    pair.advanceMs(300)
    assert.deepEqual(pair.roles(), ['active', 'standby'])
  })

  it('whatever happened before, in calm weather one is Active and one is Standby', function () {
    this.timeout(60_000)
    fc.assert(
      fc.property(fc.array(anyFault, { maxLength: 25 }), fc.integer({ min: 1, max: 2 ** 30 }), (faults, seed) => {
        const pair = new TestPair({ wire: 'classic', settings: SETTINGS, seed })
        pair.start()
        for (const fault of faults) apply(pair, fault)
        calmDown(pair)
        pair.advanceUntil('settled', () => pair.isSettled(), SETTLED_WITHIN_MS)
        pair.advanceMs(5000)
        assert.ok(pair.isSettled(), 'and stay so')
      }),
      { numRuns: share(150, 400) }
    )
  })

  it('every command ends within receiptTimeout, whatever the weather', function () {
    this.timeout(60_000)
    fc.assert(
      fc.property(
        fc.array(anyFault, { maxLength: 15 }),
        side,
        fc.constantFrom<Designation>('active', 'standby', 'swap'),
        fc.boolean(),
        (faults, name, word, force) => {
          const pair = new TestPair({ wire: 'classic', settings: SETTINGS })
          pair.start()
          for (const fault of faults) apply(pair, fault)
          if (!pair.side(name).isUp || pair.side(name).isHung) return
          const id = pair.designate(name, word, force)
          pair.advanceMs(SETTINGS.receiptTimeoutMs)
          assert.notEqual(pair.replyTo(id), null)
        }
      ),
      { numRuns: share(150, 400) }
    )
  })

  it('an operator’s swap in calm weather never lets both serve, and always ends with both confirmed', () => {
    fc.assert(
      fc.property(side, fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 300 }), (name, latencyMs, atMs) => {
        const pair = new TestPair({ wire: 'classic', settings: SETTINGS, latencyMs })
        pair.start()
        pair.advanceMs(1000 + atMs)
        assert.ok(pair.isSettled())
        const before = pair.roles()
        const overlapMs = pair.overlapMs
        const id = pair.designate(name, 'swap')
        pair.advanceMs(SETTINGS.receiptTimeoutMs)
        assert.match(pair.replyTo(id) ?? '', /^ok/)
        assert.deepEqual(pair.roles(), [before[1], before[0]])
        assert.equal(pair.overlapMs, overlapMs)
      })
    )
  })

  it('two Actives heal within a heartbeat and three ways of the link', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 254 }),
        fc.integer({ min: 0, max: 254 }),
        fc.integer({ min: 1, max: 10 }),
        (mine, theirs, latencyMs) => {
          fc.pre(mine !== theirs)
          const pair = new TestPair({
            wire: 'classic',
            settings: SETTINGS,
            latencyMs,
            a: { tokens: [mine] },
            b: { tokens: [theirs] }
          })
          pair.start()
          pair.advanceMs(500)
          pair.cutLink()
          pair.advanceMs(3000)
          assert.deepEqual(pair.roles(), ['active', 'active'])
          pair.healLink()
          pair.advanceMs(SETTINGS.heartbeatMs + 4 * latencyMs + 1)
          assert.ok(pair.isSettled())
          assert.equal(pair.roles()[0], mine > theirs ? 'active' : 'standby')
          for (const name of ['a', 'b'] as const) {
            assert.equal(pair.events(name).filter((e) => e.startsWith('conflict')).length, 1, name)
          }
        }
      )
    )
  })
})
