/** The simulated plant: keeps the work book, and speaks UDP with the two sides on loopback. */
import { createSocket, type Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import { SIDES, WorkBook, type Execution, type SideName } from './work-book'

export const WORK_PERIOD_MS = 50
const TICK_MS = 10
/** Work that stood still for longer than this is worth a line. */
const NOTABLE_GAP_MS = 200

export interface PlantGap {
  /** From the last item done before to the first one done after. */
  readonly ms: number
  readonly before: SideName
  readonly after: SideName
}

/** Emits `gap` (PlantGap) when work goes on after it stood still. */
export class Plant extends EventEmitter<{ gap: [PlantGap] }> {
  readonly #run = Date.now()
  readonly book = new WorkBook(this.#run)
  readonly #socket: Socket
  readonly #ports: Readonly<Record<SideName, number>>
  #timer: NodeJS.Timeout | null = null
  #nextItemMs = 0
  #lastDone: { readonly atMs: number; readonly by: SideName } | null = null
  #longestGapMs = 0

  private constructor(socket: Socket, ports: Readonly<Record<SideName, number>>) {
    super()
    this.#socket = socket
    this.#ports = ports
    socket.on('message', (datagram) => this.#received(datagram))
    // A datagram to a side that is down may come back as an error; the work book sees the silence.
    socket.on('error', () => {})
  }

  /** `ports`: where each side takes work items. The plant's own port is a free one; sides answer to the sender. */
  static async open(ports: Readonly<Record<SideName, number>>): Promise<Plant> {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(0, '127.0.0.1', () => {
        socket.off('error', reject)
        resolve()
      })
    })
    return new Plant(socket, ports)
  }

  get working(): boolean {
    return this.#timer !== null
  }

  /** Work items from now on, one per `WORK_PERIOD_MS`. */
  startWork(): void {
    if (this.#timer !== null) return
    this.#nextItemMs = performance.now()
    // What has arrived is read before anything is judged as missed: the poll phase lies between timer and immediate.
    this.#timer = setInterval(() => setImmediate(() => this.#tick()), TICK_MS)
  }

  /** The longest time between two items done since the last call, ms. */
  takeLongestGapMs(): number {
    const longest = this.#longestGapMs
    this.#longestGapMs = 0
    return longest
  }

  /** No new items; those that are open are still waited for until they are done or missed. */
  async finishWork(): Promise<void> {
    this.#nextItemMs = Infinity
    while (this.#timer !== null && this.book.tally().open > 0) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#socket.removeAllListeners('message')
    this.#socket.close()
  }

  #tick(): void {
    if (this.#timer === null) return
    const nowMs = performance.now()
    this.book.tick(nowMs)
    if (nowMs < this.#nextItemMs) return
    const order = JSON.stringify(this.book.issue(nowMs))
    for (const side of SIDES) this.#socket.send(order, this.#ports[side], '127.0.0.1')
    this.#nextItemMs += WORK_PERIOD_MS
    // After a stall of this very process: go on at the steady rate, no burst.
    if (this.#nextItemMs < nowMs) this.#nextItemMs = nowMs + WORK_PERIOD_MS
  }

  #received(datagram: Buffer): void {
    const execution = parseExecution(datagram, this.#run)
    if (execution === null) return
    const nowMs = performance.now()
    const gap = this.#lastDone === null ? 0 : nowMs - this.#lastDone.atMs
    this.#longestGapMs = Math.max(this.#longestGapMs, gap)
    if (this.#lastDone !== null && gap > NOTABLE_GAP_MS) {
      this.emit('gap', { ms: gap, before: this.#lastDone.by, after: execution.by })
    }
    this.#lastDone = { atMs: nowMs, by: execution.by }
    this.book.executed(execution)
  }
}

/** Null for anything that is no report of this run: anyone who sends to the port cannot hurt the plant. */
export function parseExecution(datagram: Uint8Array, run: number): Execution | null {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(datagram).toString('utf8'))
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { run: ofRun, item, epoch, by } = value as Record<string, unknown>
  if (ofRun !== run || typeof item !== 'number' || typeof epoch !== 'number') return null
  return by === 'A' || by === 'B' ? { item, by, epoch } : null
}
