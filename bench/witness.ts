/** A third voice: whatever single thing fails, who serves, and for how long nobody does. Two Node-RED and a witness, in three namespaces. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { witnessLineOf } from '../src/witness/keys'
import { eventually } from '../test/support/eventually'
import { nowUs, pause, US_PER_MS } from '../test/support/namespaces/clock'
import { otherSide, type Side, SIDES } from '../test/support/namespaces/history'
import { THIRD_ADDRESS } from '../test/support/namespaces/namespaces'
import { dropAll, type Network, type ThirdWay, waysOf, whyNotHere } from '../test/support/namespaces/network'
import { type FlowNode, func, gate, KEY } from '../test/support/node-red/flow'
import { Random } from '../test/support/random'
import { WitnessProgram } from '../test/support/witness-program'
import { failover, type Trial } from './candidate'
import { type Line, NodeRedPair, type PairPlan } from './node-red-pair'
import type { PacketFilter } from './packet-filter'
import { inTestbed, type Testbed } from './testbed'
import { phases } from './tools/phases'
import type { RowResult, Series } from './tools/results'
import type { Context, Row } from './tools/row'
import { summarize } from './tools/statistics'

const HEARTBEAT_MS = 100
const PEER_TIMEOUT_MS = 1000
const TRIALS = 30
const QUICK_TRIALS = 2
const LIMIT_MS = 20_000
const SEED = 1n
const WITNESS_PORT = 1102
const PORT = 1111
const [EDITOR_PORT, OTHER_EDITOR_PORT] = [1881, 1880]
const RATIO_BAR = 1.05
const OUTAGE_BAR_MS = 100
/** A message comes to the gate of each side this often. */
const FEED_MS = 10
/** How long each fault lasts: long enough to be noticed, and for what follows from it. */
const HOLD_MS = 3 * PEER_TIMEOUT_MS
/** All three voices are there again when both sides have said so this often in a row. */
const ASK_MS = 200
const GOOD_IN_A_ROW = 3

/** Messages through a gate on both sides: when the latest passed. */
const FEED: readonly FlowNode[] = [
  {
    ...func('feed', 'return null', [['gate']]),
    initialize: `const timer = setInterval(() => node.send({ payload: 1 }), ${FEED_MS})
context.set('timer', timer)`,
    finalize: `clearInterval(context.get('timer'))`
  },
  gate('gate', [['passed'], []], 'drop'),
  func('passed', `global.get('write')('passed', msg.pair.epoch)`, [[]])
]

/** Each side asks itself, as a load balancer would. */
const ASK = `setInterval(() => {
  fetch('http://127.0.0.1:${EDITOR_PORT}/ha-pair').then((answer) => answer.json())
    .then(({ role, witness, peer }) => write('voices', role, witness, peer === null ? null : peer.roundTrip)).catch(() => {})
}, ${ASK_MS}).unref()`

interface Said {
  readonly online: boolean
  readonly counted: boolean
  readonly holder: string | null
}

/** What the pair with the witness shows: what passed its gates, and whether all three voices are there. */
class Watch {
  readonly passedUs: Record<Side, number> = { a: -Infinity, b: -Infinity }
  longestRoundTripMs = 0
  #outageFromUs = Infinity
  #outageUs = 0
  readonly #good: Record<Side, number> = { a: 0, b: 0 }

  readonly onLine = ([side, atUs, kind, role, said, roundTripMs]: Line): void => {
    if (kind === 'passed') {
      this.passedUs[side] = atUs
      if (atUs > this.#outageFromUs) {
        this.#outageUs = Math.max(this.#outageUs, atUs - this.#outageFromUs)
        this.#outageFromUs = atUs
      }
    }
    if (kind !== 'voices') return
    const witness = said as Said | null
    const whole =
      witness?.online === true && witness.counted && witness.holder === (role === 'active' ? 'self' : 'peer')
    this.#good[side] = whole ? this.#good[side] + 1 : 0
    if (typeof roundTripMs === 'number') this.longestRoundTripMs = Math.max(this.longestRoundTripMs, roundTripMs)
  }

  readonly whole = (): boolean => SIDES.every((side) => this.#good[side] >= GOOD_IN_A_ROW)

  /** Something is done now: all is to be seen anew. */
  begin(): void {
    for (const side of SIDES) this.#good[side] = 0
    this.#outageFromUs = nowUs()
    this.#outageUs = 0
  }

  /** The longest time since `begin` in which nothing passed, ms. */
  outageMs(): number {
    return Math.max(this.#outageUs, nowUs() - this.#outageFromUs) / US_PER_MS
  }
}

interface Third {
  readonly pair: NodeRedPair
  readonly watch: Watch
  readonly endWitness: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void>
  readonly startWitness: () => Promise<void>
}

const PLAN: Pick<PairPlan, 'heartbeatMs' | 'peerTimeoutMs' | 'atOutput' | 'nodes'> = {
  heartbeatMs: HEARTBEAT_MS,
  peerTimeoutMs: PEER_TIMEOUT_MS,
  atOutput: true,
  nodes: FEED
}

/** The pair with the policy `witness`, and its witness: nothing runs yet. */
function withWitness({ network, folder, leaving }: Testbed): Third {
  const watch = new Watch()
  const own = join(folder, 'third')
  mkdirSync(own, { recursive: true })
  const keyFile = join(own, 'keys')
  writeFileSync(keyFile, `${witnessLineOf(KEY).key}\n`)
  const args = [
    '--key-file',
    keyFile,
    '--data',
    join(own, 'data'),
    '--host',
    THIRD_ADDRESS,
    '--port',
    String(WITNESS_PORT)
  ]
  let program: WitnessProgram | null = null
  const endWitness = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    await program?.end(signal)
    program = null
  }
  const pair = new NodeRedPair(network, join(folder, 'witness'), {
    ...PLAN,
    who: 'witness',
    port: PORT,
    editorPort: EDITOR_PORT,
    hostFrames: `udp dport { ${PORT}, ${WITNESS_PORT} }`,
    settings: {
      policy: 'witness',
      witness: { host: THIRD_ADDRESS, port: WITNESS_PORT },
      healthPath: '/ha-pair'
    },
    script: ASK,
    onLine: watch.onLine,
    ready: watch.whole
  })
  leaving(() => endWitness('SIGKILL'))
  leaving(() => pair.remove())
  return {
    pair,
    watch,
    endWitness,
    async startWitness() {
      program = new WitnessProgram(args, network.third)
      await program.says(/open on UDP port/)
    }
  }
}

/** The Active's host goes: beside `availability`, trial by trial in turn. */
async function goneRow({ quick, progress }: Context): Promise<RowResult> {
  return inTestbed(
    async (testbed) => {
      const { network, folder, filters, leaving } = testbed
      const third = withWitness(testbed)
      const plain = new NodeRedPair(network, join(folder, 'availability'), {
        ...PLAN,
        who: 'availability',
        editorPort: OTHER_EDITOR_PORT
      })
      leaving(() => plain.remove())
      await third.startWitness()
      const candidates = [plain, third.pair]
      for (const candidate of candidates) {
        for (const filter of Object.values(filters)) filter.watch(candidate.frames)
        await candidate.start()
      }
      const done = new Map<string, Trial[]>(candidates.map(({ who }) => [who, []]))
      const aheadMs: number[] = []
      const trials = quick ? QUICK_TRIALS : TRIALS
      const random = new Random(SEED, 'phases')
      for (const [trial, phase] of phases(trials, () => random.unit()).entries()) {
        for (const candidate of candidates) {
          const from = candidate.acting()
          third.watch.begin()
          let stoppedUs = -Infinity
          const atTakeover = {
            ...filters,
            [from]: noting(filters[from], () => (stoppedUs = third.watch.passedUs[from]))
          }
          const sinceUs = nowUs()
          const result = await failover(candidate, phase, {
            filters: atTakeover,
            fault: 'gone',
            heartbeatMs: HEARTBEAT_MS,
            limitMs: LIMIT_MS
          })
          done.get(candidate.who)?.push(result)
          if (candidate === third.pair) {
            const actedUs = candidate.actedAtUs(otherSide(from), sinceUs) ?? NaN
            aheadMs.push((actedUs - stoppedUs) / US_PER_MS)
          }
          progress(`${trial + 1} of ${trials}: ${candidate.who} ${result.ms.toFixed(1)} ms`)
        }
      }
      const of = (who: string): number[] => (done.get(who) ?? []).map(({ ms }) => ms)
      const series: Series[] = ['witness', 'availability'].map((who) => ({ who, unit: 'ms', values: of(who) }))
      const ratio = summarize(of('witness')).median / summarize(of('availability')).median
      const least = Math.min(...aheadMs)
      return {
        series: [...series, { who: 'the cut-off side stopped before', unit: 'ms', values: aheadMs }],
        verdicts: [
          {
            bar: `median <= ${RATIO_BAR} x what availability takes`,
            measured: `${ratio.toFixed(3)} x`,
            met: ratio <= RATIO_BAR
          },
          {
            bar: 'the cut-off side has stopped before the other one serves',
            measured: `by ${least.toFixed(0)} ms at least`,
            met: least > 0
          }
        ],
        notes: [`When it stopped: when the last message passed its gate; one comes every ${FEED_MS} ms.`]
      }
    },
    { third: true }
  )
}

/** The same filter; `before` is called when its cut is taken away. */
function noting(filter: PacketFilter, before: () => void): PacketFilter {
  return new Proxy(filter, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target)
      if (name === 'heal') {
        return () => {
          before()
          target.heal()
        }
      }
      return typeof member === 'function' ? (member.bind(target) as unknown) : member
    }
  })
}

async function killRow({ quick, progress }: Context): Promise<RowResult> {
  return inTestbed(
    async (testbed) => {
      const { filters } = testbed
      const { pair, watch, startWitness } = withWitness(testbed)
      await startWitness()
      for (const filter of Object.values(filters)) filter.watch(pair.frames)
      await pair.start()
      const values: number[] = []
      const trials = quick ? QUICK_TRIALS : TRIALS
      const random = new Random(SEED, 'phases')
      for (const [trial, phase] of phases(trials, () => random.unit()).entries()) {
        watch.begin()
        const options = { filters, fault: 'kill', heartbeatMs: HEARTBEAT_MS, limitMs: LIMIT_MS } as const
        values.push((await failover(pair, phase, options)).ms)
        progress(`${trial + 1} of ${trials}: ${values.at(-1)?.toFixed(1)} ms`)
      }
      const { max } = summarize(values)
      const barMs = PEER_TIMEOUT_MS + watch.longestRoundTripMs
      return {
        series: [{ who: 'witness', unit: 'ms', values }],
        verdicts: [
          { bar: 'peerTimeout and a round trip at the most', measured: `${max.toFixed(1)} ms`, met: max <= barMs }
        ],
        notes: [`The longest round trip that a side told: ${watch.longestRoundTripMs.toFixed(1)} ms.`]
      }
    },
    { third: true }
  )
}

/** What is done for a while, and must not be noticed. `active`: who serves. */
type Calm = (
  parts: Third & { readonly network: Network; readonly active: Side; readonly holdMs: number }
) => Promise<void>

async function cutWays(network: Network, ways: readonly ThirdWay[], act: () => Promise<void>): Promise<void> {
  await network.cutWays(new Set(ways))
  await act()
  await network.cutWays(new Set())
}

async function cutLink(network: Network, act: () => Promise<void>): Promise<void> {
  await Promise.all(SIDES.map((side) => network.filter(side, [dropAll(0)])))
  await act()
  await Promise.all(SIDES.map((side) => network.filter(side, [])))
}

const FLAP_MS = 250

const CALM: readonly { readonly name: string; readonly what: string; readonly how: string; readonly act: Calm }[] = [
  {
    name: 'witness-standby',
    what: 'Standby’s host gone',
    how: 'All that the Standby sends and receives is dropped, also to the witness and from it.',
    act: ({ network, active, holdMs }) =>
      cutWays(network, waysOf(otherSide(active)), () => cutLink(network, () => pause(holdMs)))
  },
  {
    name: 'witness-link',
    what: 'link between the two cut',
    how: 'All frames between the two are dropped, both ways.',
    act: ({ network, holdMs }) => cutLink(network, () => pause(holdMs))
  },
  {
    name: 'witness-dead',
    what: 'witness gone',
    how: 'Its process is killed with -9, and started again at the end.',
    act: async ({ endWitness, startWitness, holdMs }) => {
      await endWitness('SIGKILL')
      await pause(holdMs)
      await startWitness()
    }
  },
  {
    name: 'witness-restart',
    what: 'witness restarted',
    how: 'Its process is stopped and started at once.',
    act: async ({ endWitness, startWitness, holdMs }) => {
      await endWitness('SIGTERM')
      await startWitness()
      await pause(holdMs)
    }
  },
  {
    name: 'witness-flap',
    what: 'link to the witness flapping',
    how: `What goes between the Active and the witness is dropped and let through again, ${FLAP_MS} ms each.`,
    act: async ({ network, active, holdMs }) => {
      for (let ms = 0; ms < holdMs; ms += 2 * FLAP_MS) {
        await cutWays(network, waysOf(active), () => pause(FLAP_MS))
        await pause(FLAP_MS)
      }
    }
  }
]

async function runCalm(act: Calm, { quick, progress }: Context): Promise<RowResult> {
  return inTestbed(
    async (testbed) => {
      const { network } = testbed
      const third = withWitness(testbed)
      const { pair, watch, startWitness } = third
      await startWitness()
      await pair.start()
      const values: number[] = []
      let changes = 0
      const trials = quick ? QUICK_TRIALS : TRIALS
      for (let trial = 0; trial < trials; trial++) {
        // Of a trial in which the role has moved after all.
        await pair.settled()
        const sinceUs = nowUs()
        watch.begin()
        await act({ ...third, network, active: pair.acting(), holdMs: HOLD_MS })
        pair.read()
        values.push(watch.outageMs())
        changes += pair.changes(sinceUs)
        progress(`${trial + 1} of ${trials}: ${values.at(-1)?.toFixed(1)} ms, ${changes} role changes so far`)
        await eventually('all three voices are there again', LIMIT_MS, () => {
          pair.read()
          return watch.whole()
        })
      }
      const { max } = summarize(values)
      return {
        series: [{ who: 'longest outage of a trial', unit: 'ms', values }],
        verdicts: [
          { bar: `no outage over ${OUTAGE_BAR_MS} ms`, measured: `${max.toFixed(1)} ms`, met: max <= OUTAGE_BAR_MS },
          { bar: `no role change in ${TRIALS}`, measured: `${changes} in ${trials}`, met: changes === 0 }
        ],
        notes: []
      }
    },
    { third: true }
  )
}

const TITLE = `heartbeat ${HEARTBEAT_MS} ms, peerTimeout ${PEER_TIMEOUT_MS} ms`
const OUTAGE = `For ${HOLD_MS / 1000} s. A message comes to the gate of both sides every ${FEED_MS} ms: an outage is a time in which none passes.`

export const WITNESS_ROWS: readonly Row[] = [
  {
    name: 'witness-gone',
    title: `Policy witness: Active’s host gone, ${TITLE}`,
    how: 'From the moment at which the packet filter is told to drop all that the Active’s host sends and hears of the pair, until the role message leaves the state node of the other side; beside a pair with the policy availability, trial by trial in turn, in the same namespaces.',
    minutes: 7,
    whyNotHere,
    run: goneRow
  },
  {
    name: 'witness-kill',
    title: `Policy witness: Active killed with -9, ${TITLE}`,
    how: 'From the kill until the role message leaves the state node of the other side. A crash is not proved under this policy: the witness’s promise to the dead side has to run out first.',
    minutes: 6,
    whyNotHere,
    run: killRow
  },
  ...CALM.map(({ name, what, how, act }): Row => ({
    name,
    title: `Policy witness: ${what}, ${TITLE}`,
    how: `${how} ${OUTAGE}`,
    minutes: 4,
    whyNotHere,
    run: (context) => runCalm(act, context)
  }))
]
