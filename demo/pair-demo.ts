/** The running pair: two sides, the plant, what has happened so far, and what an operator can do to it. */
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import { join } from 'node:path'
import { sentenceOf } from './sentences'
import { Leash } from './leash'
import { Link } from './link'
import { Plant } from './plant'
import { freePorts } from './ports'
import { Side } from './side'
import type { PairEventMessage, PairStatus } from '../src/host/pair'
import { SIDES, type SideName } from './work-book'
import { WITNESS_HOST, WitnessProcess } from './witness'
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
  /** With the policy `witness`, a witness, and a link that can be cut. */
  readonly witness?: boolean
  /** Folder with the flow file, its credentials and Node-RED's settings; by default the demo's own. */
  readonly sources?: string
}

/** What there is with `witness`. */
interface Third {
  readonly link: Link
  readonly witness: WitnessProcess
}

const EDITOR_PORTS: Readonly<Record<SideName, number>> = { A: 1880, B: 1881 }
const PAIR_PORTS: Readonly<Record<SideName, number>> = { A: 1101, B: 1102 }
const HEALTH_PATH = '/ha-pair'
const WITNESS_POLICY = {
  policy: 'witness',
  healthPath: HEALTH_PATH,
  witness: { host: '${HA_WITNESS_HOST}', port: '${HA_WITNESS_PORT}' }
} as const
const STOP_PATIENCE_MS = 5000
const COMMAND_PATIENCE_MS = 15_000
const HAPPENINGS_KEPT = 200
/** Whom the witness backs is no event of a side: each is asked. */
const ASK_EVERY_MS = 250

/** Emits `happening`, `change` (anything that a view shows) and `failure` (a side cannot start). */
export class PairDemo extends EventEmitter<{ happening: [Happening]; change: []; failure: [string] }> {
  readonly startedAt = Date.now()
  readonly happenings: Happening[] = []
  readonly sides: Readonly<Record<SideName, Side>>
  readonly plant: Plant
  /** The link between the two and their witness, where there is one. */
  readonly third: Third | null
  readonly #workplace: Workplace
  readonly #leash: Leash
  readonly #view: Socket
  #asking: NodeJS.Timeout | null = null
  #closing: Promise<void> | null = null

  private constructor(
    plant: Plant,
    view: Socket,
    workplace: Workplace,
    parts: (demo: PairDemo) => { readonly sides: Record<SideName, Side>; readonly third: Third | null }
  ) {
    super()
    this.plant = plant
    this.#view = view
    this.#workplace = workplace
    this.#leash = new Leash()
    const { sides, third } = parts(this)
    this.sides = sides
    this.third = third
    view.on('message', (datagram) => this.#heard(datagram))
    view.on('error', () => {})
    plant.on('gap', ({ ms, before, after }) => {
      const who = before === after ? `${after} goes on` : `${after} goes on in place of ${before}`
      this.tell(null, `No work was done for ${(ms / 1000).toFixed(2)} s; ${who}.`, 'plain')
    })
  }

  /** Picks ports, makes the user directories, opens the plant. Starts no process yet. */
  static async prepare({ anyPorts, witness = false, sources }: DemoOptions): Promise<PairDemo> {
    const any = (wished: number): number => (anyPorts ? 0 : wished)
    const [editorA, editorB, pairA, pairB, workA, workB, witnessPort] = (await freePorts([
      { kind: 'tcp', preferred: any(EDITOR_PORTS.A) },
      { kind: 'tcp', preferred: any(EDITOR_PORTS.B) },
      { kind: 'udp', preferred: any(PAIR_PORTS.A) },
      { kind: 'udp', preferred: any(PAIR_PORTS.B) },
      { kind: 'udp', preferred: 0 },
      { kind: 'udp', preferred: 0 },
      { kind: 'udp', preferred: 0 }
    ])) as [number, number, number, number, number, number, number]
    const editor = { A: editorA, B: editorB }
    const pair = { A: pairA, B: pairB }
    const work = { A: workA, B: workB }
    const workplace = new Workplace(sources)
    const plant = await Plant.open(work)
    const view = await openSocket()
    const key = process.env['HA_PAIR_KEY'] || randomBytes(24).toString('base64url')
    const link = witness ? await Link.between(pair) : null

    return new PairDemo(plant, view, workplace, (demo) => {
      const make = (name: SideName, peer: SideName): Side =>
        new Side({
          name,
          editorPort: editor[name],
          userDirectory: workplace.makeUserDirectory(name, witness ? WITNESS_POLICY : {}),
          logFile: workplace.logFile(name),
          environment: {
            HA_SIDE: name,
            HA_PEER_HOST: '127.0.0.1',
            HA_PEER_PORT: String(link?.ports[name] ?? pair[peer]),
            HA_LOCAL_HOST: '127.0.0.1',
            HA_LOCAL_PORT: String(pair[name]),
            HA_PAIR_KEY: key,
            HA_WITNESS_HOST: WITNESS_HOST,
            HA_WITNESS_PORT: String(witnessPort),
            DEMO_EDITOR_PORT: String(editor[name]),
            DEMO_WORK_PORT: String(work[name]),
            DEMO_VIEW_PORT: String(view.address().port)
          },
          onProcess: (pid, runs) => demo.#leash.note(pid, runs),
          onChange: () => demo.emit('change'),
          onFailure: (side, how, early) => demo.#failed(side, how, early)
        })
      const third = (between: Link): Third => ({
        link: between,
        witness: new WitnessProcess({
          port: witnessPort,
          folder: join(workplace.folder, 'witness'),
          logFile: workplace.logFile('witness'),
          secret: key,
          onProcess: (pid, runs) => demo.#leash.note(pid, runs),
          onChange: () => demo.emit('change'),
          onFailure: (how) => demo.tell(null, `The witness ended by itself (${how}).`, 'bad')
        })
      })
      return { sides: { A: make('A', 'B'), B: make('B', 'A') }, third: link === null ? null : third(link) }
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

  /** Both go by the witness, and it backs the Active. */
  get backed(): boolean {
    const [active, standby] = [this.activeSide?.status?.witness, this.standbySide?.status?.witness]
    return active?.counted === true && active.holder === 'self' && standby?.counted === true
  }

  /** For people. */
  describe(): string {
    return SIDES.map((name) => this.sides[name].describe()).join('; ')
  }

  start(): void {
    if (this.third !== null) {
      this.startWitness('The witness is starting')
      this.#asking = setInterval(() => {
        for (const name of SIDES) void this.#ask(this.sides[name])
      }, ASK_EVERY_MS)
    }
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

  /** Cuts the link between the two, or mends it. */
  cutOrMend(): void {
    if (this.third === null) return
    const { link } = this.third
    link.cut = !link.cut
    const text = link.cut ? 'Operator: cut the link between A and B.' : 'Operator: mend the link between A and B.'
    this.tell(null, text, 'operator')
  }

  /** kill -9 of the witness, or its start. */
  async endOrStartWitness(): Promise<void> {
    if (this.third === null) return
    const { witness } = this.third
    if (!witness.runs) return this.startWitness('Operator: start the witness')
    this.tell(null, `Operator: kill -9 ${witness.pid}, the witness.`, 'operator')
    await witness.end('SIGKILL')
  }

  startWitness(text: string): void {
    const { witness } = this.third ?? {}
    witness?.start()
    this.tell(null, `${text}, pid ${witness?.pid}.`, text.startsWith('Operator') ? 'operator' : 'plain')
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

  async #ask(side: Side): Promise<void> {
    if (side.state !== 'running') return
    const { pid } = side
    try {
      const answer = await fetch(`${side.editorUrl}${HEALTH_PATH}`, { signal: AbortSignal.timeout(ASK_EVERY_MS) })
      const status = (await answer.json()) as PairStatus
      if (side.pid === pid) side.heard(status)
    } catch {
      // It has no time for this just now.
    }
  }

  async #close(keepFiles: boolean): Promise<void> {
    if (this.#asking !== null) clearInterval(this.#asking)
    this.plant.close()
    await Promise.all(SIDES.map((name) => this.sides[name].stop(STOP_PATIENCE_MS)))
    await this.third?.witness.end('SIGTERM')
    this.third?.link.close()
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

  /** The end of the logs, for the reader of a failure. */
  logTails(): string {
    const tail = (of: SideName | 'witness'): string =>
      `--- the end of ${this.#workplace.logFile(of)}\n${this.#workplace.logTail(of)}`
    return [...SIDES, ...(this.third === null ? [] : (['witness'] as const))].map(tail).join('\n')
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
