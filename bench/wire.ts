/** Bytes and frames on the wire of a pair in quiet contact, at the default settings, counted by the kernel. */
import { spawnSync } from 'node:child_process'
import { nowUs, pause } from '../test/support/namespaces/clock'
import { whyNotHere } from '../test/support/namespaces/network'
import { inTestbed } from './testbed'
import { NodeRedPair } from './node-red-pair'
import type { Row } from './tools/row'

const HEARTBEAT_MS = 200
const PEER_TIMEOUT_MS = 2000
/** Ethernet's own head; what the bar counts is the IP packet. */
const ETHERNET_BYTES = 14
const FRAME_BYTES_MAX = 130
const BYTES_PER_SECOND_MAX = 1500

interface Counters {
  readonly atUs: number
  readonly bytes: number
  readonly frames: number
}

function sent(namespace: string): Counters {
  const read = (what: string): number => {
    const file = `/sys/class/net/pair0/statistics/${what}`
    return Number(spawnSync('ip', ['netns', 'exec', namespace, 'cat', file], { encoding: 'utf8' }).stdout)
  }
  return { atUs: nowUs(), bytes: read('tx_bytes'), frames: read('tx_packets') }
}

export const WIRE_ROW: Row = {
  name: 'wire',
  title: 'Bytes on the wire, default settings',
  how: 'The kernel’s counters of the interface between the two, over a time of quiet contact; one side’s sending, IP packets without the Ethernet head.',
  minutes: 1,
  whyNotHere,
  async run({ quick, progress }) {
    return inTestbed(async ({ network, folder, leaving }) => {
      const pair = new NodeRedPair(network, folder, { heartbeatMs: HEARTBEAT_MS, peerTimeoutMs: PEER_TIMEOUT_MS })
      leaving(() => pair.remove())
      await pair.start()
      await pause(1000)
      const rates: number[] = []
      const sizes: number[] = []
      for (const side of ['a', 'b'] as const) {
        const before = sent(network.namespace(side))
        await pause(quick ? 3000 : 20_000)
        const after = sent(network.namespace(side))
        const frames = after.frames - before.frames
        const bytes = after.bytes - before.bytes - frames * ETHERNET_BYTES
        sizes.push(bytes / frames)
        rates.push(bytes / ((after.atUs - before.atUs) / 1e6))
        progress(`side ${side}: ${frames} frames, ${bytes} bytes`)
      }
      const size = Math.max(...sizes)
      const rate = Math.max(...rates)
      return {
        series: [
          { who: 'bytes a frame', unit: 'bytes', values: sizes },
          { who: 'bytes a second and side', unit: 'bytes/s', values: rates }
        ],
        verdicts: [
          {
            bar: `<= ${FRAME_BYTES_MAX} bytes a frame`,
            measured: `${size.toFixed(1)} bytes`,
            met: size <= FRAME_BYTES_MAX
          },
          {
            bar: `<= ${BYTES_PER_SECOND_MAX / 1000} KB/s a side`,
            measured: `${(rate / 1000).toFixed(2)} KB/s`,
            met: rate <= BYTES_PER_SECOND_MAX
          }
        ],
        notes: []
      }
    })
  }
}
