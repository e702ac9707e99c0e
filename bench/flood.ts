/** Junk and forged frames, 20,000 a second, from the peer's own address: what they change, and what they cost. */
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../test/support/eventually'
import { otherSide, type Side } from '../test/support/namespaces/history'
import { nowUs, pause } from '../test/support/namespaces/clock'
import { PAIR_PORT, whyNotHere } from '../test/support/namespaces/network'
import { inTestbed } from './testbed'
import type { Flood, Route } from './flood-relay'
import { startChild } from './children'
import { KEY } from '../test/support/node-red/flow'
import { NodeRedPair } from './node-red-pair'
import type { Series } from './tools/results'
import type { Row } from './tools/row'

const PER_SECOND = 20_000
const SECONDS = 30
const QUICK_SECONDS = 4
const HEARTBEAT_MS = 200
const PEER_TIMEOUT_MS = 2000
const GROWTH_MS_MAX = 2
/** Flows that are kept from running for longer than the flood itself have failed by any measure. */
const DELAY_TOLD_MS = 30_000
/** The relay of side b: a sends here, b sends there. */
const RELAY_PORTS = { toB: 1201, toA: 1202 } as const

/** The delay of the flows' event loop, told when it is asked for. */
const SCRIPT = `
const delay = require('perf_hooks').monitorEventLoopDelay({ resolution: 1 })
delay.enable()
on('delay', () => {
  write('delay', delay.percentile(99) / 1e6, delay.percentile(50) / 1e6)
  delay.reset()
})
`

/** ms of CPU that the threads of a process have had: the main one, and the one of the others that had most (the engine). */
function threads(pid: number): Map<string, number> {
  return new Map(
    readdirSync(`/proc/${pid}/task`).map((task) => {
      const [ns = '0'] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')
      return [task, Number(ns) / 1e6]
    })
  )
}

function busiest(pid: number, before: ReadonlyMap<string, number>): number {
  const spent = [...threads(pid)].flatMap(([task, ms]) => (task === String(pid) ? [] : [ms - (before.get(task) ?? 0)]))
  return Math.max(...spent)
}

interface Phase {
  readonly p99Ms: number
  /** Share of one CPU that the engine's thread had. */
  readonly engine: number
  readonly datagrams: number
}

export const FLOOD_ROW: Row = {
  name: 'flood',
  title: `${PER_SECOND.toLocaleString('en')} junk and forged datagrams a second for ${SECONDS} s`,
  how: 'A relay on the way of every frame sends them from the peer’s address and port: noise, a wrong seal under the right key id, another key, five unsealed bytes, the right key in another session, and recordings of the living session. First to the Active, then to the Standby. Delay of the flows’ event loop: `monitorEventLoopDelay` in that Node-RED, p99, beside the same time without a flood.',
  minutes: 3,
  whyNotHere,
  async run({ quick, progress }) {
    return inTestbed(async ({ network, folder, leaving }) => {
      const delays: number[] = []
      // The relay lives beside b: a's frames go to toB, b's own to toA.
      const pair = new NodeRedPair(network, folder, {
        heartbeatMs: HEARTBEAT_MS,
        peerTimeoutMs: PEER_TIMEOUT_MS,
        script: SCRIPT,
        peerHosts: { a: network.linkAddress('b', 0), b: network.linkAddress('b', 0) },
        peerPorts: { a: RELAY_PORTS.toB, b: RELAY_PORTS.toA },
        onLine: ([, , kind, p99]) => kind === 'delay' && delays.push(Number(p99))
      })
      leaving(() => pair.remove())
      const host = network.linkAddress('b', 0)
      // What goes out of a socket goes to its target; a's frames come in where b's answers go out.
      const routes: readonly Route[] = [
        { host, port: RELAY_PORTS.toB, targetHost: network.linkAddress('a', 0), targetPort: PAIR_PORT },
        { host, port: RELAY_PORTS.toA, targetHost: host, targetPort: PAIR_PORT }
      ]
      const relay = startChild(
        'ip',
        [
          'netns',
          'exec',
          network.namespace('b'),
          process.execPath,
          join(__dirname, 'flood-relay.js'),
          JSON.stringify(routes),
          KEY
        ],
        { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }
      )
      leaving(() => void relay.kill('SIGKILL'))
      await once(relay, 'message')
      await pair.start()
      await pause(quick ? 3000 : 10_000)
      const sinceUs = nowUs()
      const seconds = quick ? QUICK_SECONDS : SECONDS
      const phase = async (side: Side, flooded: boolean): Promise<Phase> => {
        pair.tell(side, 'delay')
        const before = threads(pair.pidOf(side))
        if (flooded) relay.send({ route: side === 'a' ? 0 : 1, perSecond: PER_SECOND } satisfies Flood)
        await pause(seconds * 1000)
        const engine = busiest(pair.pidOf(side), before) / (seconds * 1000)
        // What was told at the start of this phase is of the time before it.
        pair.read()
        const told = delays.length
        pair.tell(side, 'delay')
        let datagrams = 0
        if (flooded) {
          const counted = once(relay, 'message') as Promise<[number]>
          relay.send(null as never)
          datagrams = (await counted)[0]
        }
        await eventually('the delay of the event loop is told', DELAY_TOLD_MS, () => {
          pair.read()
          return delays.length > told
        })
        const p99Ms = delays[told] ?? NaN
        progress(
          `${flooded ? 'flood' : 'quiet'}, side ${side}: p99 ${p99Ms.toFixed(2)} ms, engine ${(engine * 100).toFixed(1)} % of a CPU, ${datagrams} datagrams`
        )
        return { p99Ms, engine, datagrams }
      }
      const active = pair.acting()
      const quiet: Phase[] = []
      const flooded: Phase[] = []
      for (const side of [active, otherSide(active)]) {
        quiet.push(await phase(side, false))
        flooded.push(await phase(side, true))
      }
      const changes = pair.changes(sinceUs)
      const growthMs = Math.max(...flooded.map(({ p99Ms }, i) => p99Ms - (quiet[i]?.p99Ms ?? 0)))
      const reached = Math.min(...flooded.map(({ datagrams }) => datagrams)) / seconds
      const series = (what: string, unit: string, of: (phase: Phase) => number): Series[] =>
        [
          ['quiet', quiet],
          ['flood', flooded]
        ].map(([when, phases]) => ({
          who: `${what}, ${String(when)}`,
          unit,
          values: (phases as Phase[]).map(of)
        }))
      return {
        series: [
          ...series('p99 delay of the flows', 'ms', ({ p99Ms }) => p99Ms),
          ...series('engine', '% of a CPU', ({ engine }) => engine * 100)
        ],
        verdicts: [
          { bar: '0 role changes', measured: `${changes}`, met: changes === 0 },
          {
            bar: `p99 delay of the flows grows by <= ${GROWTH_MS_MAX} ms`,
            measured: `${growthMs.toFixed(2)} ms`,
            met: growthMs <= GROWTH_MS_MAX
          }
        ],
        notes: [
          `${Math.round(reached).toLocaleString('en')} datagrams a second were sent; two values each: the Active, the Standby.`,
          'What the relay itself and the kernel need is on the same CPUs.'
        ]
      }
    })
  }
}
