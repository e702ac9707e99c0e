/**
 * The sides of many pairs, as their witness meets them, in one process: `node witness-askers.js <port> <pairs> <heartbeat ms>`. Each side asks
 * in each heartbeat with the real voice and seal; one of each pair holds the loan. Answers `figures` with what came back since.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { WitnessSeal, witnessKeyOf } from '../src/engine/witness-seal'
import { Voice } from '../src/protocol/extended/voice'
import { ANSWER_BYTES, ASK_BYTES, decodeAnswer, encodeAsk, pairOf } from '../src/protocol/wire/witness-frame'

export interface Asked {
  readonly asks: number
  readonly answers: number
  /** Sides that hold a loan now. */
  readonly holders: number
}

const LOOPBACK = '127.0.0.1'
const PEER_TIMEOUTS = 10
const SOCKETS = 32
const LATE_MS_MAX = 20

export const secretOf = (pair: number): string => `bench pair ${pair}, Kp3vX9-hT6nB_1wQzY0sM4rJ`

interface Side {
  readonly voice: Voice
  readonly seal: WitnessSeal
  readonly wants: boolean
  readonly nodeId: bigint
}

const ignore = (): void => {}

async function main(port: number, pairs: number, heartbeatMs: number): Promise<void> {
  const sides: Side[] = []
  const bySession = new Map<bigint, Side>()
  for (let pair = 0; pair < pairs; pair++) {
    const seal = WitnessSeal.of(witnessKeyOf(secretOf(pair)))
    if (seal === null) throw new Error('no seal')
    for (const which of [1, 2]) {
      const id = BigInt(2 * pair + which)
      const side = { voice: new Voice(id), seal, wants: which === 1, nodeId: id }
      sides.push(side)
      bySession.set(id, side)
    }
  }
  let [asks, answers] = [0, 0]
  const sockets = await Promise.all(
    Array.from({ length: SOCKETS }, async () => {
      const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 })
      socket.bind(0, LOOPBACK)
      await once(socket, 'listening')
      socket.connect(port, LOOPBACK)
      await once(socket, 'connect')
      socket.on('error', () => {})
      socket.on('message', (bytes) => {
        const answer = bytes.length === ANSWER_BYTES && pairOf(bytes) !== null ? decodeAnswer(bytes) : 'no answer'
        if (typeof answer === 'string') return
        answers++
        bySession.get(answer.echo)?.voice.hear(performance.now(), answer, true)
      })
      return socket
    })
  )
  const ask = (at: number): void => {
    const { voice, seal, wants, nodeId } = sides[at % sides.length] as Side
    const bytes = Buffer.alloc(ASK_BYTES)
    const said = voice.ask(performance.now(), {
      role: wants ? 'active' : 'standby',
      nodeId,
      promiseMs: PEER_TIMEOUTS * heartbeatMs,
      wants,
      states: true
    })
    encodeAsk(said, seal.pair, bytes)
    seal.close(bytes)
    asks++
    sockets[at % SOCKETS]?.send(bytes, ignore)
  }
  // Spread evenly over the heartbeat, as sides are that were started one after the other.
  const everyMs = heartbeatMs / sides.length
  const startMs = performance.now()
  let sent = 0
  const beat = (): void => {
    const dueMs = performance.now() - startMs
    // What it had no time for is left out: the figures say how many were asked.
    sent = Math.max(sent, Math.floor((dueMs - LATE_MS_MAX) / everyMs))
    for (; sent * everyMs <= dueMs; sent++) ask(sent)
    setTimeout(beat, 1)
  }
  beat()
  process.on('message', () => {
    const holders = sides.filter(({ voice }) => voice.untilMs > performance.now()).length
    process.send?.({ asks, answers, holders } satisfies Asked)
    asks = answers = 0
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.('ready')
}

const [port, pairs, heartbeatMs] = process.argv.slice(2).map(Number)
if (port !== undefined && pairs !== undefined && heartbeatMs !== undefined && process.send !== undefined) {
  void main(port, pairs, heartbeatMs)
}
