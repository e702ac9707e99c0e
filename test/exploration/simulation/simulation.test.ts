import assert from 'node:assert/strict'
import { createMachine } from '../../../src/protocol/create'
import { describeFailure, describeReport, newReport, profileOf, runPlan } from './campaign'
import type { FaultKind } from './faults'
import { makePlan, type Plan, type SidePlan } from './plan'
import { SABOTEURS } from './sabotage'
import { simulate } from './simulate'
import { share } from '../../support/share'

/** Set SIMULATION_SEEDS for more, and SIMULATION_FROM for others. */
const SEEDS = Number(process.env['SIMULATION_SEEDS'] ?? share('120', '2000'))
/** So many meet all that is listed below; fewer need not. */
const SEEDS_FOR_ALL = 2000
const LOOKS_EVERYWHERE = SEEDS >= SEEDS_FOR_ALL
const FROM = BigInt(process.env['SIMULATION_FROM'] ?? '1')
/** Seeds within which a saboteur has to be caught. */
const SABOTAGE_SEEDS_MAX = 400

const FAULTS: readonly FaultKind[] = [
  'cut',
  'one-way-cut',
  'loss',
  'burst',
  'delay',
  'reorder',
  'duplicate',
  'engine-stall',
  'sigstop',
  'suspend',
  'flows-hang',
  'crash',
  'power-off',
  'stop',
  'store-fails',
  'store-slow',
  'store-lost',
  'socket',
  'command',
  'fitness',
  'flows-hash',
  'clock-rate',
  'reconfigure',
  'replay',
  'junk',
  'icmp',
  'tcp-fin',
  'tcp-reset',
  'tcp-again',
  'tcp-wall',
  'move',
  'unplug',
  'alias',
  'rebind',
  'misname',
  'rename',
  'store-restored',
  'store-foreign',
  'second-peer',
  'clock-jump',
  'vm-restored',
  'liar',
  'copy-slow',
  'copy-anew',
  'barrier-late',
  'barrier-mute',
  'data-users'
]

/** What has to be told at least once. */
const EVENTS: readonly string[] = [
  'proof-wrong (proof-wrong)',
  'second-peer (second-peer)',
  'mismatch (rolled-back)',
  'mismatch (restored-copy)',
  'mismatch (cloned-identity)',
  'store (foreign-record)',
  'handover (data-behind)'
]

/** What has to have come about. */
const COUNTED: readonly string[] = [
  'proofs claimed',
  'proofs refuted',
  'copies that were told',
  'steps kept by the mark',
  'barriers granted',
  'barriers called off',
  'swaps after which all was there',
  'roles given at rest, by data too'
]

const TRANSITIONS: readonly string[] = [
  'availability: initial -> active (cannot-negotiate)',
  'availability: initial -> active (negotiated)',
  'availability: initial -> standby (peer-active)',
  'availability: initial -> standby (negotiated)',
  'availability: standby -> active (lost-connection)',
  'availability: standby -> active (peer-crashed)',
  'availability: standby -> active (peer-left)',
  'availability: standby -> active (operator)',
  'availability: standby -> active (designated)',
  'availability: standby -> active (host-stalled)',
  'availability: standby -> active (less-fit)',
  'availability: standby -> active (failback)',
  'availability: active -> standby (higher-epoch)',
  'preferred: initial -> active (cannot-negotiate)',
  'preferred: standby -> active (lost-connection)',
  'preferred: standby -> active (peer-crashed)',
  'preferred: standby -> active (peer-left)',
  'preferred: active -> standby (lease-expired)',
  'exclusive: initial -> active (negotiated)',
  'exclusive: standby -> active (peer-crashed)',
  'exclusive: standby -> active (peer-left)',
  'exclusive: active -> standby (lease-expired)',
  'exclusive: active -> initial (shutdown)'
]

/** A whole run, frame by frame. */
function story(): string {
  const lines: string[] = []
  simulate(makePlan(8n, 'chaos'), createMachine, { write: (line) => lines.push(line), frames: true })
  return lines.join('\n')
}

function undisturbed({ settings }: SidePlan, priority: number): SidePlan {
  const pace = { heartbeatMs: 100, peerTimeoutMs: 1000 } as const
  return {
    settings: { ...settings, ...pace, policy: 'preferred', priority, channel: 'auto', crashProof: true },
    clockOffsetMs: 0,
    clockRate: 1,
    startAtMs: 0
  }
}

/** The peer is started again; a side is told to stop, its first goodbye is lost, and it is set back by so much: at 3040 while the answer to the second one is on its way. */
function setBack(atMs: number, agoMs: number): Plan {
  const plan = makePlan(1n, 'files')
  const [first, second] = plan.sides
  return {
    ...plan,
    sides: [undisturbed(first, 150), undisturbed(second, 100)],
    delayMs: 10,
    jitterMs: 0,
    keyed: true,
    nats: [null, null],
    hasMoves: false,
    cloned: false,
    exhausted: null,
    attackEveryMs: null,
    faults: [
      { kind: 'crash', atMs: 1500, forMs: 100, host: 1, fin: 1 },
      { kind: 'cut', atMs: 2995, forMs: 10, link: 'all', way: 'both', disturbance: { cut: true, udpOnly: true } },
      { kind: 'stop', atMs: 3000, forMs: 500, host: 0, lingerMs: 100 },
      { kind: 'vm-restored', atMs, host: 0, agoMs, unseen: false }
    ],
    timeoutMsMax: 1000,
    timeoutMsMin: 1000,
    quietAtMs: 4000,
    finaleAtMs: 6000,
    endMs: 8000
  }
}

describe('the simulation', () => {
  it('is decided by its seed alone', () => {
    const first = story()
    assert.ok(first.length > 10_000)
    assert.equal(story(), first)
  })

  describe('catches a machine that', () => {
    for (const saboteur of SABOTEURS) {
      it(`${saboteur.does} (${saboteur.caughtBy.join(' or ')})`, function () {
        this.timeout(60_000)
        const factory = saboteur.wrap(createMachine)
        for (let seed = 1n; seed <= SABOTAGE_SEEDS_MAX; seed++) {
          const plan = { ...makePlan(seed, saboteur.profile), unheard: saboteur.unheard ?? [] }
          const { violation } = simulate(plan, factory)
          if (violation !== null && saboteur.caughtBy.includes(violation.checker)) return
        }
        assert.fail(`not caught within ${SABOTAGE_SEEDS_MAX} seeds of profile ${saboteur.profile}`)
      })
    }
  })

  // Seeds 204758, 92858 and 18408 (files).
  for (const [atMs, agoMs, told, begins, does] of [
    [3040, 60, 1, 1, 'is set back to before it was told to stop goes on as a new one'],
    [3040, 30, 1, 0, 'is set back into its leave-taking says no more'],
    [3080, 1740, 0, 1, 'is set back to before its peer’s restart goes on as a new one']
  ] as const) {
    it(`shows that a side that ${does}`, function () {
      this.timeout(60_000)
      const { violation, network, tally } = simulate(setBack(atMs, agoMs), createMachine)
      assert.deepEqual([violation, network['copies that were told']], [null, told])
      assert.equal(tally.events['mismatch (restored-copy)'] ?? 0, begins)
    })
  }

  it(`finds nothing in ${SEEDS} seeds${LOOKS_EVERYWHERE ? ', and has looked everywhere' : ''}`, function () {
    this.timeout(10 * 60_000)
    const report = newReport()
    for (let i = 0; i < SEEDS; i++) {
      const seed = FROM + BigInt(i)
      const failure = runPlan(report, makePlan(seed, profileOf(seed)), createMachine)
      if (failure !== null) assert.fail(describeFailure(failure))
    }
    console.log(describeReport(report).replace(/^/gm, '      '))
    for (const kind of FAULTS) assert.ok((report.faults[kind] ?? 0) > 0, `fault ${kind} never happened`)
    if (!LOOKS_EVERYWHERE) return
    for (const transition of TRANSITIONS)
      assert.ok((report.transitions[transition] ?? 0) > 0, `never seen: ${transition}`)
    for (const event of EVENTS) assert.ok((report.events[event] ?? 0) > 0, `never told: ${event}`)
    for (const what of COUNTED) assert.ok((report.network[what] ?? 0) > 0, `never: ${what}`)
  })
})
