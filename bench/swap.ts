/** A planned swap under load: how long nobody acts, whether two act, and whether a gate that holds loses the newest. */
import { func, gate } from '../test/support/node-red/flow'
import { eventually } from '../test/support/eventually'
import { otherSide, type Side, SIDES } from '../test/support/namespaces/history'
import { nowUs, pause, US_PER_MS } from '../test/support/namespaces/clock'
import { whyNotHere } from '../test/support/namespaces/network'
import { inTestbed } from './testbed'
import { type Line, NodeRedPair, source } from './node-red-pair'
import type { Row } from './tools/row'
import { quantile } from './tools/statistics'
import { SwapJudge, type SwapResult } from './tools/swap-judge'

const PER_SECOND = 1000
/** Each topic gets a new value this often: one message in so many. */
const TOPICS = 100
const SWAPS = 500
const QUICK_SWAPS = 10
const BETWEEN_MS = 120
const LIMIT_MS = 10_000
const BARS = { medianMs: 3, p99Ms: 15 } as const

/** Both gates get every message; `number` counts them, the same on both sides. */
const NODES = [
  source('feed', [['to-gate', 'to-holding']]),
  func('to-gate', `msg.beforeUs = global.get('nowUs')()\nreturn msg`, [['gate']]),
  func('to-holding', 'return msg', [['holding']]),
  gate('gate', [['passed'], []], 'drop'),
  gate('holding', [['released'], []], 'hold-latest'),
  func('passed', `global.get('write')('passed', msg.payload, msg.beforeUs)`, [[]]),
  func('released', `global.get('write')('released', msg.payload)`, [[]]),
  source('operator', [['designate']]),
  {
    id: 'designate',
    z: 'tab',
    x: 100,
    y: 100,
    type: 'ha-pair-designate',
    name: '',
    pair: 'pair',
    command: 'swap',
    wires: [[]]
  }
]

export const SWAP_ROW: Row = {
  name: 'swap',
  title: `Planned swap under ${PER_SECOND} messages a second through both gates`,
  how: 'From the last message before the old Active’s gate shut to the first one past the new Active’s gate, on one clock; the same numbered messages are sent to both sides. A message of a topic is lost if a gate with hold-latest let neither it nor one that came within 10 ms after it through, on either side, though it was the newest when the new gate opened.',
  minutes: 3,
  whyNotHere,
  async run({ quick, progress }) {
    return inTestbed(async ({ network, folder, leaving }) => {
      const judge = new SwapJudge()
      const pair = new NodeRedPair(network, folder, {
        heartbeatMs: 200,
        peerTimeoutMs: 2000,
        nodes: NODES,
        onLine: ([side, atUs, kind, number, beforeUs]: Line) => {
          if (kind === 'passed') judge.passed(side, Number(beforeUs), atUs)
          else if (kind === 'released') judge.released(Number(number))
        }
      })
      leaving(() => pair.remove())
      await pair.start()
      const feed = feeder((side, message) => pair.tell(side, 'feed', message), judge)
      leaving(feed)
      const swaps = quick ? QUICK_SWAPS : SWAPS
      const results: SwapResult[] = []
      await pause(1000)
      for (let swap = 0; swap < swaps; swap++) {
        await pause(BETWEEN_MS)
        const to = otherSide(pair.acting())
        judge.expect(to)
        pair.tell(swap % 2 === 0 ? to : otherSide(to), 'operator', { payload: 'swap' })
        await eventually('the other side acts', LIMIT_MS, () => pair.roleOf(to) === 'active' && judge.hasOpened())
        await pause(BETWEEN_MS)
        pair.read()
        results.push(judge.close(TOPICS))
        if ((swap + 1) % (quick ? 5 : 50) === 0)
          progress(`${swap + 1} of ${swaps}: latest gap ${results.at(-1)?.gapMs.toFixed(2)} ms`)
      }
      const gaps = results.map(({ gapMs }) => gapMs)
      const [median, p99] = [quantile(gaps, 0.5), quantile(gaps, 0.99)]
      const overlaps = results.filter(({ overlapped }) => overlapped).length
      const lost = results.reduce((sum, result) => sum + result.lost, 0)
      return {
        series: [{ who: 'ha-pair', unit: 'ms', values: gaps }],
        verdicts: [
          {
            bar: `gap median <= ${BARS.medianMs} ms`,
            measured: `${median.toFixed(2)} ms`,
            met: median <= BARS.medianMs
          },
          { bar: `gap p99 <= ${BARS.p99Ms} ms`, measured: `${p99.toFixed(2)} ms`, met: p99 <= BARS.p99Ms },
          { bar: 'overlap 0', measured: `${overlaps} of ${swaps}`, met: overlaps === 0 },
          { bar: 'with hold-latest none of the newest lost', measured: `${lost} lost`, met: lost === 0 }
        ],
        notes: [
          `A gap of 1 ms is the distance of two messages; ${TOPICS} topics, ${judge.sentCount} messages to each side.`
        ]
      }
    })
  }
}

/** The same message to both sides at the same time, at a steady rate; late timers are caught up. */
function feeder(send: (side: Side, message: unknown) => void, judge: SwapJudge): () => void {
  const startUs = nowUs()
  let number = 0
  const timer = setInterval(() => {
    const due = ((nowUs() - startUs) / US_PER_MS / 1000) * PER_SECOND
    for (; number < due; number++) {
      judge.sent(number, nowUs())
      for (const side of SIDES) send(side, { payload: number, topic: `topic ${number % TOPICS}` })
    }
  }, 1)
  return () => clearInterval(timer)
}
