/** The running pair: two sides, the plant, what has happened so far, and what an operator can do to it. */
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import { sentenceOf } from './sentences'
import { Leash } from './leash'
import { Plant } from './plant'
import { freePorts } from './ports'
import { Side } from './side'
import type { PairEventMessage, PairStatus } from '../src/host/pair'
import { SIDES, type SideName } from './work-book'
import { Workplace } from './workplace'

export interface Happening {
  /** ms since 1970. */
  readonly at: number
  /** Null: about the pair or the plant. */
  readonly side: SideName | null
  readonly text: string
  readonly tone: 'plain' | 'good' | 'bad' | 'operator'
}

export interface DemoOptions {
  /** Editors on any free ports, instead of 1880 and 1881 where those are free. */
  readonly anyPorts: boolean
  /** Folder with the flow file, its credentials and Node-RED's settings; by default the demo's own. */
  readonly sources?: string
}

const EDITOR_PORTS: Readonly<Record<SideName, number>> = { A: 1880, B: 1881 }
const PAIR_PORTS: Readonly<Record<SideName, number>> = { A: 1101, B: 1102 }
const STOP_PATIENCE_MS = 5000
const COMMAND_PATIENCE_MS = 15_000
const HAPPENINGS_KEPT = 200

/** Emits `happening`, `change` (anything that a view shows) and `failure` (a side cannot start). */
export class PairDemo extends EventEmitter<{ happening: [Happening]; change: []; failure: [string] }> {
  readonly startedAt = Date.now()
  readonly happenings: Happening[] = []
  readonly sides: Readonly<Record<SideName, Side>>
  readonly plant: Plant
  readonly #workplace: Workplace
  readonly #leash: Leash
  readonly #view: Socket
  #closing: Promise<void> | null = null

  private constructor(
    plant: Plant,
    view: Socket,
    workplace: Workplace,
    sides: (demo: PairDemo) => Record<SideName, Side>
  ) {
    super()
    this.plant = plant
    this.#view = view
    this.#workplace = workplace
    this.#leash = new Leash()
    this.sides = sides(this)
    view.on('message', (datagram) => this.#heard(datagram))
    view.on('error', () => {})
    plant.on('gap', ({ ms, before, after }) => {
      const who = before === after ? `${after} goes on` : `${after} goes on in place of ${before}`
      this.tell(null, `No work was done for ${(ms / 1000).toFixed(2)} s; ${who}.`, 'plain')
    })
  }

  /** Picks ports, makes the user directories, opens the plant. Starts no process yet. */
  static async prepare({ anyPorts, sources }: DemoOptions): Promise<PairDemo> {
    const any = (wished: number): number => (anyPorts ? 0 : wished)
    const [editorA, editorB, pairA, pairB, workA, workB] = (await freePorts([
      { kind: 'tcp', preferred: any(EDITOR_PORTS.A) },
      { kind: 'tcp', preferred: any(EDITOR_PORTS.B) },
      { kind: 'udp', preferred: any(PAIR_PORTS.A) },
      { kind: 'udp', preferred: any(PAIR_PORTS.B) },
      { kind: 'udp', preferred: 0 },
      { kind: 'udp', preferred: 0 }
    ])) as [number, number, number, number, number, number]
    const editor = { A: editorA, B: editorB }
    const pair = { A: pairA, B: pairB }
    const work = { A: workA, B: workB }
    const workplace = new Workplace(sources)
    const plant = await Plant.open(work)
    const view = await openSocket()
    const key = process.env['HA_PAIR_KEY'] || randomBytes(24).toString('base64url')

    return new PairDemo(plant, view, workplace, (demo) => {
      const make = (name: SideName, peer: SideName): Side =>
        new Side({
          name,
          editorPort: editor[name],
          userDirectory: workplace.makeUserDirectory(name),
          logFile: workplace.logFile(name),
          environment: {
            HA_SIDE: name,
            HA_PEER_HOST: '127.0.0.1',
            HA_PEER_PORT: String(pair[peer]),
            HA_LOCAL_HOST: '127.0.0.1',
            HA_LOCAL_PORT: String(pair[name]),
            HA_PAIR_KEY: key,
            DEMO_EDITOR_PORT: String(editor[name]),
            DEMO_WORK_PORT: String(work[name]),
            DEMO_VIEW_PORT: String(view.address().port)
          },
          onProcess: (pid, runs) => demo.#leash.note(pid, runs),
          onChange: () => demo.emit('change'),
          onFailure: (side, how, early) => demo.#failed(side, how, early)
        })
      return { A: make('A', 'B'), B: make('B', 'A') }
    })
  }

  /** The side that said last that it is Active, and runs; null if there is none. */
  get activeSide(): Side | null {
    const active = SIDES.map((name) => this.sides[name]).filter((side) => side.active)
    // Both may have said so for an instant: the newer epoch is right.
    return active.toSorted((a, b) => (b.status?.epoch ?? 0) - (a.status?.epoch ?? 0))[0] ?? null
  }

  get standbySide(): Side | null {
    return SIDES.map((name) => this.sides[name]).find((side) => side.status?.role === 'standby') ?? null
  }

  /** One serves, the other stands by, and they see each other. */
  get formed(): boolean {
    const [active, standby] = [this.activeSide, this.standbySide]
    return active?.status?.online === true && active.gateOpen === true && standby?.status?.online === true
  }

  /** For people. */
  describe(): string {
    return SIDES.map((name) => this.sides[name].describe()).join('; ')
  }

  start(): void {
    for (const name of SIDES) {
      const wished = EDITOR_PORTS[name]
      const side = this.sides[name]
      const moved = side.editorPort === wished ? '' : ` (not ${wished})`
      side.start()
      this.tell(name, `Node-RED is starting: editor on ${side.editorUrl}${moved}, pid ${side.pid}.`, 'plain')
    }
  }

  /** `at`: when it happened, if that was earlier than now; the list is in that order. */
  tell(side: SideName | null, text: string, tone: Happening['tone'], at = Date.now()): void {
    const happening: Happening = { at, side, text, tone }
    const later = this.happenings.findIndex((other) => other.at > at)
    this.happenings.splice(later < 0 ? this.happenings.length : later, 0, happening)
    if (this.happenings.length > HAPPENINGS_KEPT) this.happenings.shift()
    this.emit('happening', happening)
    this.emit('change')
  }

  /** kill -9 of the Active. Returns the side that was killed, null if there is none. */
  async killActive(): Promise<Side | null> {
    const side = this.#target('kill')
    if (side === null) return null
    this.tell(side.name, `Operator: kill -9 ${side.pid}.`, 'operator')
    await side.kill()
    return side
  }

  /** SIGSTOP of the Active, or SIGCONT of the side that is paused. */
  pauseOrResume(): void {
    const paused = SIDES.map((name) => this.sides[name]).find((side) => side.state === 'paused')
    if (paused !== undefined) {
      this.tell(paused.name, `Operator: resume, kill -CONT ${paused.pid}.`, 'operator')
      paused.resume()
      return
    }
    const side = this.#target('pause')
    if (side === null) return
    this.tell(side.name, `Operator: pause, kill -STOP ${side.pid}.`, 'operator')
    side.pause()
  }

  /** Starts every side that has no process. Returns them. */
  restart(): Side[] {
    const down = SIDES.map((name) => this.sides[name]).filter((side) => !side.alive)
    if (down.length === 0) this.tell(null, 'Nothing to restart: both run.', 'plain')
    for (const side of down) {
      side.start()
      this.tell(side.name, `Operator: restart, pid ${side.pid}.`, 'operator')
    }
    return down
  }

  /**
   * Asks the Active to swap, as an operator would: POST to its flow. Resolves with the role that the asked side then
   * has, or null when the swap was refused or failed, which is told as a happening.
   */
  async swap(): Promise<string | null> {
    const side = this.#target('swap')
    if (side === null) return null
    this.tell(side.name, 'Operator: swap.', 'operator')
    try {
      const response = await fetch(`${side.editorUrl}/designate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ designate: 'swap' }),
        signal: AbortSignal.timeout(COMMAND_PATIENCE_MS)
      })
      const text = await response.text()
      if (response.ok) return text
      this.tell(side.name, `No swap: ${errorIn(text)}`, 'bad')
    } catch (error) {
      this.tell(side.name, `No swap: ${error instanceof Error ? error.message : String(error)}`, 'bad')
    }
    return null
  }

  /** The `peerTimeout` of the flow file, ms. */
  get peerTimeoutMs(): number {
    return this.#workplace.peerTimeoutMs()
  }

  /** Stops everything; a second call waits for the first. `keepFiles`: leave logs and user directories for the reader. */
  close(keepFiles = false): Promise<void> {
    this.#closing ??= this.#close(keepFiles)
    return this.#closing
  }

  /** The last resort, synchronous: nothing of the demo outlives it. */
  killAll(): void {
    this.#leash.killAll()
  }

  async #close(keepFiles: boolean): Promise<void> {
    this.plant.close()
    await Promise.all(SIDES.map((name) => this.sides[name].stop(STOP_PATIENCE_MS)))
    this.#view.close()
    this.#leash.close()
    if (!keepFiles) this.#workplace.remove()
  }

  #target(verb: string): Side | null {
    const side = this.activeSide
    if (side === null) this.tell(null, `Nothing to ${verb}: no side is Active just now.`, 'plain')
    return side
  }

  #failed(side: Side, how: string, early: boolean): void {
    if (this.#closing !== null) return
    this.tell(side.name, `Node-RED ended by itself (${how}).`, 'bad')
    if (early) this.emit('failure', `Node-RED did not start on side ${side.name} (${how}).`)
  }

  /** The end of both logs, for the reader of a failure. */
  logTails(): string {
    const tail = (name: SideName): string =>
      `--- the end of ${this.#workplace.logFile(name)}\n${this.#workplace.logTail(name)}`
    return SIDES.map(tail).join('\n')
  }

  /** What a flow says of its pair: `{ side, event, status }`, or of its gate: `{ side, gateOpen }`. */
  #heard(datagram: Buffer): void {
    const report = parseReport(datagram)
    if (report === null) return
    const side = this.sides[report.side]
    if (report.gateOpen !== undefined) side.heardOfGate(report.gateOpen)
    if (report.status === undefined) return
    side.heard(report.status)
    if (!report.event || !side.alive) return
    const sentence = sentenceOf(report.event)
    if (sentence !== null) this.tell(side.name, sentence.text, sentence.tone, report.event.at)
  }
}

interface Report {
  readonly side: SideName
  readonly gateOpen?: boolean
  readonly status?: PairStatus
  readonly event?: PairEventMessage | null
}

/** Null for anything else: anyone who sends to the port cannot hurt the view. */
function parseReport(datagram: Buffer): Report | null {
  try {
    const report = JSON.parse(datagram.toString('utf8')) as Partial<Report> | null
    const { side, gateOpen, status } = report ?? {}
    if (side !== 'A' && side !== 'B') return null
    if (typeof gateOpen !== 'boolean' && (typeof status !== 'object' || status === null)) return null
    return report as Report
  } catch {
    return null
  }
}

function errorIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: unknown }
    return typeof error === 'string' ? error : text
  } catch {
    return text
  }
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4')
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(0, '127.0.0.1', resolve)
  })
  socket.removeAllListeners('error')
  return socket
}
