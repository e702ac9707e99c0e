/** A line of numbered items through gates that resume: what is missed and what passes twice, in planned swaps and in crashes. */
import { eventually } from '../test/support/eventually'
import { nowUs, pause, US_PER_MS } from '../test/support/namespaces/clock'
import { otherSide, type Side, SIDES } from '../test/support/namespaces/history'
import { whyNotHere } from '../test/support/namespaces/network'
import { func, gate } from '../test/support/node-red/flow'
import { Random } from '../test/support/random'
import { inTestbed } from './testbed'
import { type Line, NodeRedPair, source } from './node-red-pair'
import { LineJudge, type LineResult } from './tools/line-judge'
import type { Verdict } from './tools/results'
import type { Row } from './tools/row'
import { quantile } from './tools/statistics'

const PER_SECOND = 1000
const JITTER_MS = 5
const SEED = 1n
const LIMIT_MS = 30_000
const SWAPS = 500
const KILLS = 100
const QUICK = 5
/** So long an item may take to reach both sides and to pass, on a machine that is busy; it is missed if it takes longer. */
const LATE_MS = 5000
/** What passes twice does so soon. */
const SETTLED_MS = 100
const LOOK_MS = 10
const BETWEEN_MS = 60
const GAP_BAR_MS = 5
const TWICE_BAR = 15

const PLACE = { z: 'tab', x: 100, y: 100, name: '' } as const
const NODES = [
  source('feed', [['gate']]),
  {
    ...gate('gate', [['passed'], []], 'resume'),
    sequence: 'seq',
    series: '',
    order: 'complete',
    keep: 10000,
    keepFor: 60000
  },
  func('passed', `global.get('write')('passed', msg.seq, msg.pair.unsure === true)`, [[]]),
  source('operator', [['designate']]),
  { ...PLACE, id: 'designate', type: 'ha-pair-designate', pair: 'pair', command: 'swap', wires: [[]] }
]

interface Plan {
  readonly name: string
  readonly title: string
  readonly minutes: number
  readonly rounds: number
  readonly heartbeatMs: number
  readonly peerTimeoutMs: number
  /** Moves the role to `to`; resolves when everything is as before, with the roles exchanged. */
  readonly move: (rig: Rig, to: Side) => Promise<void>
  readonly verdicts: (results: readonly LineResult[]) => readonly Verdict[]
}

interface Rig {
  readonly pair: NodeRedPair
  readonly judge: LineJudge
  readonly opened: () => Promise<void>
  /** Who receives nothing, for being dead. */
  readonly down: Set<Side>
}

const SWAP_PLAN: Plan = {
  name: 'resume-swap',
  title: `Planned swap with gates that resume, ${PER_SECOND} numbered items a second`,
  minutes: 4,
  rounds: SWAPS,
  heartbeatMs: 200,
  peerTimeoutMs: 2000,
  async move({ pair, opened }, to) {
    pair.tell(to, 'operator', { payload: 'swap' })
    await opened()
  },
  verdicts(results) {
    const gap = quantile(gapsOf(results), 0.5)
    return [
      bar('0 missed', sum(results, 'missed'), 0),
      bar('0 twice', sum(results, 'twice'), 0),
      { bar: `gap median <= ${GAP_BAR_MS} ms`, measured: `${gap.toFixed(2)} ms`, met: gap <= GAP_BAR_MS }
    ]
  }
}

const KILL_PLAN: Plan = {
  name: 'resume-kill',
  title: `kill -9 of the Active with gates that resume, ${PER_SECOND} numbered items a second`,
  minutes: 8,
  rounds: KILLS,
  heartbeatMs: 50,
  peerTimeoutMs: 300,
  async move({ pair, opened, down }, to) {
    const dead = otherSide(to)
    down.add(dead)
    pair.kill(dead)
    await opened()
    await pair.ended(dead)
    await pair.restart(dead)
    down.delete(dead)
    // The two gates have met again.
    await pause(1000)
  },
  verdicts(results) {
    const most = Math.max(...results.map(({ twice }) => twice))
    return [
      bar('0 missed', sum(results, 'missed'), 0),
      { bar: `at most ${TWICE_BAR} twice after each`, measured: `at most ${most}`, met: most <= TWICE_BAR },
      bar('each of these carries pair.unsure', sum(results, 'untold'), 0)
    ]
  }
}

export const RESUME_ROWS: readonly Row[] = [SWAP_PLAN, KILL_PLAN].map(rowOf)

function rowOf(plan: Plan): Row {
  return {
    name: plan.name,
    title: plan.title,
    how: `Every item is sent to both sides, each time after a random delay of up to ${JITTER_MS} ms of its own, so that they overtake each other. It is noted behind the gate. Missed is what passed on neither side; the gap is from the last pass on the old side to the first one on the new side, on one clock.`,
    minutes: plan.minutes,
    whyNotHere,
    async run({ quick, progress }) {
      return inTestbed(async ({ network, folder, leaving }) => {
        const judge = new LineJudge()
        const pair = new NodeRedPair(network, folder, {
          heartbeatMs: plan.heartbeatMs,
          peerTimeoutMs: plan.peerTimeoutMs,
          nodes: NODES,
          onLine: ([side, atUs, kind, number, unsure]: Line) => {
            if (kind === 'passed') judge.passed(side, Number(number), unsure === true, atUs)
          }
        })
        leaving(() => pair.remove())
        await pair.start()
        const opened = (): Promise<void> =>
          eventually('the other side acts', LIMIT_MS, () => {
            pair.read()
            return judge.hasOpened()
          }).then(() => {})
        // The channel opens, and the two gates meet.
        await pause(2000)
        const down = new Set<Side>()
        leaving(feed(pair, judge, down))
        await pause(1500)
        pair.read()
        const rounds = quick ? QUICK : plan.rounds
        const results: LineResult[] = []
        for (let round = 0; round < rounds; round++) {
          await pause(BETWEEN_MS)
          const to = otherSide(pair.acting())
          judge.expect(to)
          await plan.move({ pair, judge, opened, down }, to)
          await eventually('the roles are exchanged', LIMIT_MS, () => pair.roleOf(to) === 'active')
          const before = judge.sent
          const sinceUs = nowUs()
          for (pair.read(); !judge.hasAll(before) && nowUs() - sinceUs < LATE_MS * US_PER_MS; pair.read())
            await pause(LOOK_MS)
          await pause(SETTLED_MS)
          pair.read()
          results.push(judge.close(before))
          const latest = results.at(-1)
          if ((round + 1) % Math.max(1, Math.floor(rounds / 10)) === 0)
            progress(
              `${round + 1} of ${rounds}: missed ${sum(results, 'missed')}, twice ${sum(results, 'twice')}, latest gap ${latest?.gapMs?.toFixed(2)} ms`
            )
        }
        return {
          series: [{ who: 'ha-pair', unit: 'ms', values: gapsOf(results) }],
          verdicts: [...plan.verdicts(results)],
          notes: [
            `${judge.sent} items to each side; ${sum(results, 'missed')} missed, ${sum(results, 'twice')} twice in all, ${sum(results, 'untold')} of these without a word.`
          ]
        }
      })
    }
  }
}

/** The same items to both sides at a steady rate, each at its own time; late timers are caught up. */
function feed(pair: NodeRedPair, judge: LineJudge, down: ReadonlySet<Side>): () => void {
  const startUs = nowUs()
  const underWay: Record<Side, { readonly atUs: number; readonly seq: number }[]> = { a: [], b: [] }
  const random = new Random(SEED, 'jitter')
  let due = 0
  const timer = setInterval(() => {
    const atUs = nowUs()
    for (; due < ((atUs - startUs) / US_PER_MS / 1000) * PER_SECOND; due++) {
      const seq = judge.next()
      for (const side of SIDES) underWay[side].push({ atUs: atUs + random.between(0, JITTER_MS) * US_PER_MS, seq })
    }
    for (const side of SIDES) {
      const now = underWay[side].filter((item) => item.atUs <= atUs).toSorted((x, y) => x.atUs - y.atUs)
      underWay[side] = underWay[side].filter((item) => item.atUs > atUs)
      if (!down.has(side)) for (const { seq } of now) pair.tell(side, 'feed', { seq, topic: 'line' })
    }
  }, 1)
  return () => clearInterval(timer)
}

const sum = (results: readonly LineResult[], of: 'missed' | 'twice' | 'untold'): number =>
  results.reduce((total, result) => total + result[of], 0)
const gapsOf = (results: readonly LineResult[]): number[] =>
  results.flatMap(({ gapMs }) => (gapMs === null ? [] : [gapMs]))
const bar = (text: string, measured: number, most: number): Verdict => ({
  bar: text,
  measured: String(measured),
  met: measured <= most
})
