/**
 * Stands between the two sides of the flood row, on the way of every frame, so that what it forges comes from the right address and
 * port: `node flood-relay.js <address> <listen> <target>` for each direction, as JSON. It passes on what comes, records it, and, when
 * told, sends junk and forged frames between.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { Seal } from '../src/engine/seal'

export interface Route {
  /** Where the sender of this direction sends to, and from where the relay sends to it. */
  readonly host: string
  readonly port: number
  /** The side at the other end. */
  readonly targetHost: string
  readonly targetPort: number
}

export interface Flood {
  /** Which route's target is flooded. */
  readonly route: number
  readonly perSecond: number
}

const FRAME_BYTES = 102
const KEPT = 200
const EVERY_MS = 2
const FORGED = 2000
const HEADS = [0xa0, 0xa5, 0xaa, 0xaf]

interface Line {
  readonly route: Route
  readonly socket: Socket
  /** Frames that went to the target, the latest ones. */
  readonly recorded: Buffer[]
}

const [text = '[]', key = ''] = process.argv.slice(2)
const routes = JSON.parse(text) as readonly [Route, Route]
const seal = new Seal({ key, previousKey: '' })
const strange = new Seal({ key: `${key}, but another`, previousKey: '' })
let sent = 0

/** Of the current sessions in all its fields, but for one that is changed, or for the seal. */
function forge(recorded: Buffer, kind: number): Buffer {
  const frame = Buffer.from(recorded)
  switch (kind % 5) {
    case 0:
      // Noise of any length.
      return randomBytes(1 + (kind % 300))
    case 1: {
      // The right key id and a seal that is wrong.
      frame[1] = HEADS[kind % HEADS.length] ?? 0
      randomBytes(32).copy(frame, FRAME_BYTES - 32)
      return frame
    }
    case 2:
      // Another key.
      strange.close(frame)
      return frame
    case 3:
      // Unsealed, in the five bytes of 2015: designates the receiver.
      return Buffer.of(0xff, HEADS[kind % HEADS.length] ?? 0, kind % 3, kind & 0xff, 255)
    default:
      // Sealed with the right key, of another session: a recording of an earlier start.
      randomBytes(8).copy(frame, 15)
      seal.close(frame)
      return frame
  }
}

async function open(route: Route): Promise<Line> {
  const socket = createSocket('udp4')
  socket.bind({ port: route.port, address: route.host, exclusive: true })
  await once(socket, 'listening')
  socket.on('error', () => {})
  return { route, socket, recorded: [] }
}

async function main(): Promise<void> {
  const lines = await Promise.all(routes.map(open))
  const [first, second] = lines as [Line, Line]
  for (const [from, to] of [
    [first, second],
    [second, first]
  ] as const) {
    from.socket.on('message', (frame) => {
      to.socket.send(frame, to.route.targetPort, to.route.targetHost)
      to.recorded.push(frame)
      if (to.recorded.length > KEPT) to.recorded.shift()
    })
  }
  let timer: NodeJS.Timeout | null = null
  process.on('message', (flood: Flood | null) => {
    if (timer !== null) clearInterval(timer)
    timer = null
    if (flood === null) {
      process.send?.(sent)
      sent = 0
      return
    }
    const line = lines[flood.route] as Line
    const { targetPort, targetHost } = line.route
    const forged = Array.from({ length: FORGED }, (_, i) => forge(line.recorded[i % line.recorded.length] as Buffer, i))
    const startMs = performance.now()
    let next = 0
    timer = setInterval(() => {
      const due = ((performance.now() - startMs) * flood.perSecond) / 1000
      for (; next < due; next++) {
        // Every sixth is a frame of the living session, as it was sent a moment ago.
        const datagram = next % 6 === 0 ? line.recorded[next % line.recorded.length] : forged[next % FORGED]
        line.socket.send(datagram as Buffer, targetPort, targetHost)
        sent++
      }
    }, EVERY_MS)
  })
  process.on('disconnect', () => process.exit(0))
  process.send?.('ready')
}

void main()
