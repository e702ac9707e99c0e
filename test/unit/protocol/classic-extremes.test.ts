/** The classic wire at the edges of its settings, with two operators at once and a link that loses and doubles. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { HEADS, type Frame, type Head } from '../../../src/protocol/wire/frame'
import { createMachine } from '../../../src/protocol/create'
import type { Designation, Input, Output, Role } from '../../../src/protocol/machine'
import { RANGES, type PairSettings } from '../../../src/protocol/settings'
import { TestPair } from '../../support/machine/pair'
import type { SideName } from '../../support/machine/network'
import { seededRandom } from '../../support/random'
import { testSettings } from '../../support/machine/settings'
import { share } from '../../support/share'

const ROLES: readonly Role[] = ['initial', 'active', 'standby']
const WORDS: readonly Designation[] = ['active', 'standby', 'swap']

const isRoleChange = (output: Output): boolean => output.kind === 'event' && output.event === 'role'

/** Everything that the settings allow, the corners among it. */
const anySettings = fc
  .record({
    heartbeatMs: fc.oneof(fc.constantFrom(5, 100, 60_000), fc.integer(RANGES.heartbeatMs)),
    times: fc.constantFrom(2, 2.5, 10),
    receiptTimeoutMs: fc.oneof(fc.constantFrom(10, 400, 600_000), fc.integer(RANGES.receiptTimeoutMs)),
    lossLimit: fc.oneof(fc.constantFrom(0, 1, 255), fc.integer(RANGES.lossLimit)),
    stallLimitMs: fc.constantFrom(100, 2000, 600_000)
  })
  .map(({ heartbeatMs, times, ...rest }) => ({ ...rest, heartbeatMs, peerTimeoutMs: heartbeatMs * times }))

/** Ids and values at the wrap and at the order's mark are as likely as all others together. */
const byte = fc.oneof(fc.constantFrom(0, 1, 7, 127, 128, 254, 255), fc.integer({ min: 0, max: 255 }))
const anyFrame: fc.Arbitrary<Frame> = fc.record(
  {
    head: fc.constantFrom(...(Object.keys(HEADS) as Head[])),
    state: fc.constantFrom(...ROLES),
    id: byte,
    value: byte,
    trailer: fc.constant(null)
  },
  { noNullPrototype: true }
)
type Stimulus =
  | Exclude<Input, { kind: 'start' | 'command' }>
  | { readonly kind: 'command'; readonly word: Designation; readonly force: boolean }
const anyStimulus: fc.Arbitrary<Stimulus> = fc.oneof(
  { weight: 8, arbitrary: anyFrame.map((frame): Stimulus => ({ kind: 'frame', link: 0, frame })) },
  { weight: 4, arbitrary: fc.constant<Stimulus>({ kind: 'tick' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      word: fc.constantFrom(...WORDS),
      force: fc.boolean()
    })
  },
  fc.boolean().map((open): Stimulus => ({ kind: 'link', link: 0, open, detail: '' })),
  fc.boolean().map((stalled): Stimulus => ({ kind: 'hostStalled', stalled })),
  fc.integer({ min: 1, max: 5000 }).map((ms): Stimulus => ({ kind: 'suspended', ms }))
)

describe('classic wire, at the edges: one machine', () => {
  it('changes its role once at most for each thing that happens, answers each command once and in time, never spins', () => {
    const portion = fc.constantFrom(0, 0.01, 0.3, 1, 3)
    fc.assert(
      fc.property(
        anySettings,
        fc.array(fc.tuple(portion, anyStimulus), { maxLength: 150 }),
        fc.nat(),
        (over, steps, seed) => {
          const settings = testSettings({ wire: 'classic', ...over })
          const machine = createMachine(settings, { randomInt: seededRandom(seed), keyed: false })
          let [nowMs, commands] = [1000, 0]
          const open = new Map<number, number>()
          const limitMs = Math.min(settings.receiptTimeoutMs, settings.peerTimeoutMs)
          const step = (input: Input): void => {
            const before = machine.view().role
            const outputs = machine.step(nowMs, input)
            assert.ok(outputs.filter(isRoleChange).length <= 1, `${input.kind}: more than one change of role`)
            assert.equal(outputs.some(isRoleChange), machine.view().role !== before)
            for (const output of outputs) {
              if (output.kind === 'reply') assert.ok(open.delete(output.id), 'an answer that nobody waits for')
              if (output.kind === 'store') stored.push(output.ticket)
            }
          }
          const stored: number[] = []
          /** Ticks come when the machine asks for them. */
          const advanceTo = (endMs: number): void => {
            let sameInstant = 0
            while (machine.deadlineMs() <= endMs) {
              // What one deadline leads to may be due at once: a peer that is lost when an order ends.
              sameInstant = machine.deadlineMs() > nowMs ? 0 : sameInstant + 1
              assert.ok(sameInstant <= 2, 'it spins')
              nowMs = Math.max(nowMs, machine.deadlineMs())
              step({ kind: 'tick' })
              for (const ticket of stored.splice(0)) step({ kind: 'stored', ticket, ok: true })
            }
            nowMs = endMs
          }
          step({ kind: 'start', record: null })
          step({ kind: 'link', link: 0, open: true, detail: '' })
          for (const [wait, stimulus] of steps) {
            advanceTo(nowMs + wait * settings.heartbeatMs)
            if (stimulus.kind === 'command') {
              open.set(++commands, nowMs)
              step({ kind: 'command', id: commands, designate: stimulus.word, force: stimulus.force })
            } else step(stimulus)
          }
          advanceTo(nowMs + limitMs)
          assert.deepEqual([...open], [], 'each command has its answer')
          step({ kind: 'goodbye', reason: 'shutdown' })
          assert.equal(machine.view().serving, false)
        }
      ),
      { numRuns: share(60, 300) }
    )
  })
})

interface Happens {
  readonly waitMs: number
  readonly what: 'both commanded' | 'one commanded' | 'bad weather' | 'good weather' | 'cut' | 'heal'
  readonly words: readonly [Designation, Designation]
  readonly forces: readonly [boolean, boolean]
  readonly side: SideName
}
const anyHappening: fc.Arbitrary<Happens> = fc.record({
  waitMs: fc.integer({ min: 0, max: 400 }),
  what: fc.constantFrom('both commanded', 'one commanded', 'bad weather', 'good weather', 'cut', 'heal'),
  words: fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(...WORDS)),
  forces: fc.tuple(fc.boolean(), fc.boolean()),
  side: fc.constantFrom<SideName>('a', 'b')
})
type Timing = Pick<PairSettings, 'heartbeatMs' | 'peerTimeoutMs' | 'receiptTimeoutMs' | 'lossLimit'>
/** Two sides need not agree on all of it; only that each can hear the other in time. */
const timings: fc.Arbitrary<{ latencyMs: number; sides: readonly [Timing, Timing] }> = fc
  .record({
    heartbeats: fc.tuple(fc.constantFrom(10, 20, 100), fc.constantFrom(10, 20, 100)),
    times: fc.tuple(fc.constantFrom(2, 3, 10), fc.constantFrom(2, 3, 10)),
    receipts: fc.tuple(fc.constantFrom(20, 400, 5000), fc.constantFrom(20, 400, 5000)),
    lossLimits: fc.tuple(fc.constantFrom(0, 1, 5, 255), fc.constantFrom(0, 1, 5, 255)),
    latencyMs: fc.constantFrom(0, 1, 4)
  })
  .map(({ heartbeats, times, receipts, lossLimits, latencyMs }) => {
    const slowest = Math.max(...heartbeats)
    const side = (i: 0 | 1): Timing => ({
      heartbeatMs: heartbeats[i],
      peerTimeoutMs: slowest * times[i] + 4 * latencyMs,
      receiptTimeoutMs: receipts[i],
      lossLimit: lossLimits[i]
    })
    return { latencyMs, sides: [side(0), side(1)] as const }
  })

describe('classic wire, at the edges: two machines', () => {
  it('of any timing, both commanded at once, on a link that loses and doubles: settle when frames pass both ways', function () {
    this.timeout(60_000)
    fc.assert(
      fc.property(
        timings,
        fc.array(anyHappening, { maxLength: 20 }),
        fc.integer({ min: 1, max: 2 ** 30 }),
        (timing, story, seed) => {
          const [a, b] = timing.sides
          const pair = new TestPair({
            wire: 'classic',
            seed,
            latencyMs: timing.latencyMs,
            a: { settings: a },
            b: { settings: b }
          })
          const commands: { readonly id: number; readonly dueMs: number }[] = []
          const command = (name: SideName, word: Designation, force: boolean): void => {
            const { receiptTimeoutMs, peerTimeoutMs } = pair.side(name).settings
            const dueMs = pair.nowMs + Math.min(receiptTimeoutMs, peerTimeoutMs)
            commands.push({ id: pair.designate(name, word, force), dueMs })
          }
          pair.start()
          for (const { waitMs, what, words, forces, side } of story) {
            if (what === 'both commanded') {
              command('a', words[0], forces[0])
              command('b', words[1], forces[1])
            } else if (what === 'one commanded') command(side, words[0], forces[0])
            else if (what === 'cut') pair.cutLink()
            else if (what === 'heal') pair.healLink()
            else pair.network.setWeather(what === 'bad weather' ? { loss: 0.4, duplicate: 0.4, jitterMs: 20 } : {})
            pair.advanceMs(waitMs)
            for (const { id, dueMs } of commands) if (dueMs <= pair.nowMs) assert.notEqual(pair.replyTo(id), null)
          }
          pair.healLink()
          pair.network.setWeather({})
          const slowestMs = Math.max(a.heartbeatMs, b.heartbeatMs)
          // An order that is under way, a takeover, a conflict in full length, and another takeover after both yielded.
          pair.advanceMs(3 * Math.max(a.peerTimeoutMs, b.peerTimeoutMs) + 12 * slowestMs)
          assert.match(pair.roles().join(), /^(active,standby|standby,active)$/)
          for (const { id } of commands) assert.notEqual(pair.replyTo(id), null)
          const roles = pair.roles()
          // Twice round all ids; and what the bad weather took is counted as lost, and so as offline for a moment.
          pair.advanceMs(520 * slowestMs + Math.max(a.receiptTimeoutMs, b.receiptTimeoutMs))
          assert.deepEqual(pair.roles(), roles, 'and stay so')
          assert.ok(pair.isSettled())
        }
      ),
      { numRuns: share(30, 200) }
    )
  })
})
