/** Rows in which nothing may happen: flows that block their event loop, and a lossy network. */
import { join } from 'node:path'
import { func } from '../test/support/node-red/flow'
import { otherSide } from '../test/support/namespaces/history'
import { nowUs, pause } from '../test/support/namespaces/clock'
import { whyNotHere } from '../test/support/namespaces/network'
import { AddressPeer, isInstalled, keepalived } from './address-peer'
import { inTestbed } from './testbed'
import { NodeRedPair, source } from './node-red-pair'
import type { Row } from './tools/row'

const HEARTBEAT_MS = 50
const BLOCK_MS = 3000
const BLOCK_PEER_TIMEOUT_MS = 300
const BLOCKS = 50
const QUICK_BLOCKS = 2
const LOSS_PERCENT = 20
const LOSS_MINUTES = 10
const QUICK_LOSS_MINUTES = 0.25
/** VRRP: three intervals and a skew of (256 - 254) / 256 of one, which is below what a whole ms can say. */
const LOSS_PEER_TIMEOUT_MS = 3 * HEARTBEAT_MS

const BLOCKER = [
  source('start', [['blocker']]),
  func(
    'blocker',
    `const write = global.get('write'), nowUs = global.get('nowUs'), from = nowUs()
while (nowUs() - from < msg.payload * 1000);
write('blocked', Math.round((nowUs() - from) / 1000))`,
    [[]]
  )
]

export const BLOCK_ROW: Row = {
  name: 'block',
  title: `Flows’ event loop blocked for ${BLOCK_MS / 1000} s, heartbeat ${HEARTBEAT_MS} ms, peerTimeout ${BLOCK_PEER_TIMEOUT_MS} ms`,
  how: 'A function node computes and returns to nothing for that long, on the Active and on the Standby in turn; role messages of both state nodes are counted.',
  minutes: 4,
  whyNotHere,
  async run({ quick, progress }) {
    return inTestbed(async ({ network, folder, leaving }) => {
      const blocked: number[] = []
      const pair = new NodeRedPair(network, folder, {
        heartbeatMs: HEARTBEAT_MS,
        peerTimeoutMs: BLOCK_PEER_TIMEOUT_MS,
        nodes: BLOCKER,
        onLine: ([, , kind, ms]) => kind === 'blocked' && blocked.push(Number(ms))
      })
      leaving(() => pair.remove())
      await pair.start()
      await pause(1000)
      const sinceUs = nowUs()
      const blocks = quick ? QUICK_BLOCKS : BLOCKS
      for (let block = 0; block < blocks; block++) {
        const active = pair.acting()
        const side = block % 2 === 0 ? active : otherSide(active)
        pair.tell(side, 'start', { payload: BLOCK_MS })
        await pause(BLOCK_MS + 500)
        if ((block + 1) % (quick ? 1 : 5) === 0)
          progress(`${block + 1} of ${blocks} blocks, ${pair.changes(sinceUs)} role changes`)
      }
      const changes = pair.changes(sinceUs)
      return {
        series: [{ who: 'length of a block', unit: 'ms', values: blocked }],
        verdicts: [
          {
            bar: `0 role changes in ${blocks} blocks`,
            measured: `${changes} in ${blocked.length}`,
            met: changes === 0 && blocked.length === blocks
          }
        ],
        notes: [
          'While the flows are blocked nothing passes the gate, of course; the engine beside them keeps the contact.'
        ]
      }
    })
  }
}

export const LOSS_ROW: Row = {
  name: 'loss',
  title: `${LOSS_PERCENT} % random loss, heartbeat ${HEARTBEAT_MS} ms, lost after ${LOSS_PEER_TIMEOUT_MS} ms of silence`,
  how: `nftables drops ${LOSS_PERCENT} % of what comes in, on both sides, of both candidates at the same time on the same link. Counted: role messages of both state nodes; how often keepalived’s address came to a side.`,
  minutes: 11,
  whyNotHere,
  async run({ quick, progress }) {
    return inTestbed(async ({ network, folder, filters, leaving }) => {
      const timing = { heartbeatMs: HEARTBEAT_MS, peerTimeoutMs: LOSS_PEER_TIMEOUT_MS }
      const pair = new NodeRedPair(network, join(folder, 'ha-pair'), timing)
      leaving(() => pair.remove())
      const peer = isInstalled('keepalived')
        ? new AddressPeer(keepalived(HEARTBEAT_MS), network, join(folder, 'keepalived'))
        : null
      if (peer !== null) leaving(() => peer.remove())
      await Promise.all([pair.start(), peer?.start()])
      await pause(2000)
      const sinceUs = nowUs()
      for (const filter of Object.values(filters)) filter.lose(LOSS_PERCENT)
      const minutes = quick ? QUICK_LOSS_MINUTES : LOSS_MINUTES
      const everyMs = quick ? 5000 : 30_000
      for (let ms = 0; ms < minutes * 60_000; ms += everyMs) {
        await pause(everyMs)
        progress(
          `${((ms + everyMs) / 60_000).toFixed(1)} of ${minutes} min: ha-pair ${pair.changes(sinceUs)}, keepalived ${peer?.takeovers(sinceUs) ?? 'missing'}`
        )
      }
      const [ours, theirs] = [pair.changes(sinceUs), peer?.takeovers(sinceUs)]
      return {
        series: [
          { who: 'ha-pair', unit: 'changes', values: [ours] },
          ...(theirs === undefined ? [] : [{ who: 'keepalived', unit: 'changes', values: [theirs] }])
        ],
        verdicts: [{ bar: `0 false failovers in ${minutes} minutes`, measured: `${ours}`, met: ours === 0 }],
        notes: [theirs === undefined ? 'keepalived is not installed: not measured.' : `keepalived: ${theirs}.`]
      }
    })
  }
}
