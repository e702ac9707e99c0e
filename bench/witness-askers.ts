/**
 * The sides of many pairs, as their witness meets them, in one process: `node witness-askers.js <port> <pairs> <heartbeat ms>`. Each side asks
 * when a machine would, with the real voice and seal; one of each pair is Active and holds the loan, the other one hears it. Answers `figures`
 * with what came back since.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { WitnessSeal, witnessKeyOf } from '../src/engine/witness-seal'
import type { Machine } from '../src/protocol/extended/role'
import { ThirdVoice } from '../src/protocol/extended/third-voice'
import { ANSWER_BYTES, ASK_BYTES, decodeAnswer, encodeAsk, pairOf, type Ask } from '../src/protocol/wire/witness-frame'

export interface Asked {
  readonly asks: number
  readonly answers: number
  /** Sides that hold a loan now. */
  readonly holders: number
}

const LOOPBACK = '127.0.0.1'
const PEER_TIMEOUTS = 10
const SOCKETS = 32

export const secretOf = (pair: number): string => `bench pair ${pair}, Kp3vX9-hT6nB_1wQzY0sM4rJ`

interface Side {
  readonly third: ThirdVoice
  readonly seal: WitnessSeal
  /** What the third voice reads of its machine. */
  readonly machine: Machine & { nowMs: number }
  dueMs: number
}

/** A machine in contact with its peer, as far as its third voice looks: both have agreed on the witness that is heard. */
function machineOf(
  third: ThirdVoice,
  nodeId: bigint,
  active: boolean,
  heartbeatMs: number,
  ask: (ask: Ask) => void
): Machine & { nowMs: number } {
  const machine = {
    nowMs: 0,
    started: true,
    settings: { policy: 'witness' },
    peer: { heartbeatMs, peerTimeoutMs: PEER_TIMEOUTS * heartbeatMs, online: false, isHeardActive: !active },
    role: {
      kind: active ? 'active' : 'passive',
      name: active ? 'active' : 'standby',
      isServing: active,
      voiceWantedFromMs: () => Infinity
    },
    epochs: {
      nodeId,
      floor: 0,
      hearLoan: () => {},
      get countedWitness() {
        return third.voice.witnessId
      },
      get statedWitness() {
        return third.voice.witnessId
      }
    },
    event: () => {},
    ask
  }
  return machine as unknown as Machine & { nowMs: number }
}

async function main(port: number, pairs: number, heartbeatMs: number): Promise<void> {
  const sides: Side[] = []
  const bySession = new Map<bigint, Side>()
  let [asks, answers] = [0, 0]
  const sockets: Socket[] = []
  const sideOf = (seal: WitnessSeal, id: bigint, active: boolean): Side => {
    const third = new ThirdVoice(id)
    const at = sides.length
    const send = (ask: Ask): void => {
      const bytes = Buffer.alloc(ASK_BYTES)
      encodeAsk(ask, seal.pair, bytes)
      seal.close(bytes)
      asks++
      sockets[at % SOCKETS]?.send(bytes)
    }
    return { third, seal, machine: machineOf(third, id, active, heartbeatMs, send), dueMs: 0 }
  }
  for (let pair = 0; pair < pairs; pair++) {
    const seal = WitnessSeal.of(witnessKeyOf(secretOf(pair)))
    if (seal === null) throw new Error('no seal')
    for (const which of [1, 2]) {
      const id = BigInt(2 * pair + which)
      const side = sideOf(seal, id, which === 1)
      sides.push(side)
      bySession.set(id, side)
    }
  }
  const settle = ({ third, machine }: Side): number => {
    third.settle(machine)
    return Math.min(third.askAtMs(machine), third.lostAtMs(machine))
  }
  const receive = (bytes: Buffer): void => {
    const answer = bytes.length === ANSWER_BYTES && pairOf(bytes) !== null ? decodeAnswer(bytes) : 'no answer'
    if (typeof answer === 'string') return
    const side = bySession.get(answer.echo)
    if (side === undefined) return
    answers++
    side.machine.nowMs = performance.now()
    side.third.hear(side.machine, answer)
    side.dueMs = settle(side)
  }
  for (let i = 0; i < SOCKETS; i++) {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 })
    socket.bind(0, LOOPBACK)
    await once(socket, 'listening')
    socket.connect(port, LOOPBACK)
    await once(socket, 'connect')
    socket.on('error', () => {})
    socket.on('message', receive)
    sockets.push(socket)
  }
  // Spread evenly, as sides are that were started one after the other.
  const startMs = performance.now()
  for (const [i, side] of sides.entries()) side.dueMs = startMs + (i / sides.length) * PEER_TIMEOUTS * heartbeatMs
  const beat = (): void => {
    const nowMs = performance.now()
    for (const side of sides) {
      if (nowMs < side.dueMs) continue
      side.machine.nowMs = nowMs
      if (nowMs >= side.third.askAtMs(side.machine)) side.third.ask(side.machine)
      side.dueMs = settle(side)
    }
    setTimeout(beat, 1)
  }
  beat()
  process.on('message', () => {
    const nowMs = performance.now()
    const holders = sides.filter(({ third }) => third.voice.untilMs > nowMs).length
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
