/** One running pair on which situation after situation is made. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseRecord, serializeRecord } from '../../../src/engine/store'
import type { PairStatus } from '../../../src/host/pair'
import type { ListedPair } from '../../../src/host/pair-registry'
import type { PairRecord } from '../../../src/protocol/record'
import { eventually } from '../../support/eventually'
import { type FlowNode, func, KEY, pairFlow, pairNode, RARELY_S } from '../../support/node-red/flow'
import { placeBuild } from '../../support/node-red/npm'
import { NodeRedProcess } from '../../support/node-red/process'
import type { NodeRed } from '../../support/node-red/versions'
import { freePorts } from '../../support/ports'
import { MACHINE } from './machine'
import { Relay } from './relay'

export const LIMIT_MS = 30_000
export const LOOPBACK = '127.0.0.1'
export const THIRD = '127.0.0.9'
export const PLACE = { z: 'tab', x: 100, y: 100 } as const
/** Where its badge can be read. */
const APART = { x: 200, y: 300 } as const
const WORDS = { '100': 'a', '90': 'b' } as const
const BASE = { healthPath: '/ha-pair', heartbeat: 100, peerTimeout: 1000 } as const
const NO_NODES: readonly FlowNode[] = [{ id: 'tab', type: 'tab', label: 'pair', disabled: false }]

export type Side = 'a' | 'b'
export type Settings = Readonly<Record<string, unknown>>

export interface Change {
  readonly settings?: Settings
  readonly key?: string
  readonly nodes?: readonly FlowNode[]
  readonly tabDisabled?: boolean
}

interface Ports {
  readonly a: number
  readonly b: number
  /** Nobody has these. */
  readonly spare: number
  readonly third: number
}

/** What the sidebar shows of the pair, as far as it is used here. */
export type Listed = Pick<ListedPair, 'id' | 'situation' | 'running'> & { readonly badge: { readonly fill: string } }

export class Stage {
  readonly a: NodeRedProcess
  readonly b: NodeRedProcess
  readonly relay: Relay
  readonly ports: Ports
  readonly version: NodeRed
  /** Ends what a row has begun. */
  readonly #undo: (() => unknown)[] = []
  /** Makes the pairs of each row new ones, with nothing to remember. */
  #round = 0

  private constructor(version: NodeRed, sides: readonly [NodeRedProcess, NodeRedProcess], relay: Relay, ports: Ports) {
    this.version = version
    ;[this.a, this.b] = sides
    this.relay = relay
    this.ports = ports
  }

  static async set(version: NodeRed, folder: string): Promise<Stage> {
    const [a = 0, b = 0, a2 = 0, b2 = 0, spare = 0, third = 0] = await freePorts(6)
    const make = (name: Side, localPort: number, peerPort: number, priority: keyof typeof WORDS): NodeRedProcess => {
      const userDirectory = join(folder, name)
      mkdirSync(userDirectory, { recursive: true })
      placeBuild(userDirectory)
      return new NodeRedProcess({
        name,
        version,
        userDirectory,
        environment: {
          LOCAL_PORT: String(localPort),
          PEER_PORT: String(peerPort),
          LOCAL_PORT_2: String(name === 'a' ? a2 : b2),
          PRIORITY: priority,
          PAIR_KEY: KEY
        },
        flows: flowWith({}),
        credentials: { pair: { key: '${PAIR_KEY}' } },
        settings: { editorTheme: { tours: false, codeEditor: { lib: 'ace' } } },
        settingsCode: MACHINE
      })
    }
    const sides = [make('a', a, b, '100'), make('b', b, a, '90')] as const
    const relay = await Relay.between(a2, b2)
    await Promise.all(sides.map((side) => side.start()))
    return new Stage(version, sides, relay, { a, b, spare, third })
  }

  async end(): Promise<void> {
    await this.#end()
    this.relay.close()
    await Promise.allSettled([this.a, this.b].map((side) => side.stop()))
  }

  /** Called before the next row, the newest first. */
  later(undo: () => unknown): void {
    this.#undo.push(undo)
  }

  async #end(): Promise<void> {
    for (const undo of this.#undo.splice(0).toReversed()) await undo()
  }

  /** Both run with these settings and know nothing of what was; `a` is Active, `b` Standby, and all is well. */
  async whole(change: Change = {}): Promise<void> {
    this.relay.open()
    await this.#end()
    this.#round++
    for (const side of [this.a, this.b]) if (!side.runs) await side.start()
    await Promise.all([this.deploy('a', change), this.deploy('b', change)])
    // Votes outlive deploys.
    for (const side of [this.a, this.b]) await side.post('/fitness', { fitness: 255 })
    await this.formed()
  }

  async deploy(side: Side, change: Change): Promise<void> {
    const settings = { stallLimit: 10_000 + this.#round, ...change.settings }
    await this[side].deploy(flowWith({ ...change, settings }), 'full')
  }

  async formed(): Promise<void> {
    await eventually('the two are one pair', LIMIT_MS, async () => {
      const [a, b] = [await this.status('a'), await this.status('b')]
      if (!a.online || !b.online) throw new Error(`${a.role} ${a.online}, ${b.role} ${b.online}`)
      if (b.role === 'active') await this.a.post('/designate', { designate: 'active' })
      return a.role === 'active' && a.serving && b.role === 'standby' && b.peer?.role === 'active'
    })
  }

  async status(side: Side): Promise<PairStatus> {
    return (await this[side].get('/ha-pair')).body as PairStatus
  }

  /** As the sidebar has it. */
  async listed(side: Side): Promise<Listed> {
    const { body } = await this[side].get('/admin/ha-pair/pairs')
    const pair = (body as { pairs: Listed[] }).pairs.find(({ id }) => id === 'pair')
    if (pair === undefined) throw new Error(`${side} lists no pair`)
    return pair
  }

  /** Through the relay, so that it can be cut; by ports of their own, so that nothing leads past it. */
  async through(settings: Settings = {}): Promise<void> {
    await this.whole()
    await Promise.all([this.relayed('a', settings), this.relayed('b', settings)])
    await this.formed()
  }

  async relayed(side: Side, settings: Settings = {}): Promise<void> {
    const [toB, toA] = this.relay.ports
    const way = link({ peerPort: side === 'a' ? toB : toA, localPort: '${LOCAL_PORT_2}' })
    await this.deploy(side, { settings: { channel: 'off', ...settings, links: [way] } })
  }

  /** Without the pair, which its peer has been told. */
  async remove(side: Side): Promise<void> {
    const other = side === 'a' ? 'b' : 'a'
    await this[side].deploy(NO_NODES, 'full')
    await eventually(`${other} knows that ${side} has left`, LIMIT_MS, async () => !(await this.status(other)).online)
  }

  /** A crash can be proved. */
  async provable(): Promise<void> {
    await eventually('a crash can be proved on both', LIMIT_MS, async () => {
      const [a, b] = [await this.status('a'), await this.status('b')]
      return a.channel?.proof === true && b.channel?.proof === true
    })
  }

  async command(side: Side, word: string, force: boolean): Promise<void> {
    await this[side].post('/designate', { designate: word, force })
  }

  async serves(side: Side): Promise<void> {
    await eventually(`${side} serves`, LIMIT_MS, async () => (await this.status(side)).serving)
  }

  /** See `machine.ts`; until the next row. */
  async machine(side: Side, what: string): Promise<void> {
    const host = this[side]
    this.later(() => host.runs && host.get('/admin/machine'))
    await host.get(`/admin/machine?${what}`)
  }

  /** Where the side keeps what it must not forget. */
  file(side: Side): string {
    return join(this[side].userDirectory, 'ha-pair', 'pair.json')
  }

  keep(side: Side): string {
    return readFileSync(this.file(side), 'utf8')
  }

  /** Writes the file as another process, or a person, would. */
  overwrite(side: Side, text: string): void {
    writeFileSync(this.file(side), text)
  }

  record(side: Side, change: Partial<PairRecord>): string {
    const record = parseRecord(this.keep(side))
    if (record === null) throw new Error(`${side} has no record`)
    return serializeRecord({ ...record, ...change })
  }
}

export function link(over: object): object {
  return { peerHost: LOOPBACK, peerPort: '${PEER_PORT}', localHost: LOOPBACK, localPort: '${LOCAL_PORT}', ...over }
}

/** A second pair. */
export function otherPair(way: object): FlowNode {
  const settings = { ...BASE, healthPath: '', name: 'line 2', channel: 'off', links: [way] }
  return { ...pairNode('pair2', settings), credentials: { key: KEY } }
}

/** The pair's flow with a health endpoint, and POST /fitness. Key and settings come with each deploy. */
export function flowWith({ settings = {}, key = '${PAIR_KEY}', nodes = [], tabDisabled = false }: Change): FlowNode[] {
  const flow = pairFlow({ ...BASE, ...settings }, RARELY_S).map((node) => {
    if (node.type === 'ha-pair') return { ...node, credentials: { key, previousKey: '' } }
    if (node.type === 'ha-pair-state') return { ...node, ...APART }
    return node.type === 'tab' ? { ...node, disabled: tabDisabled } : node
  })
  return [
    ...flow,
    { id: 'fitness-in', ...PLACE, type: 'http in', method: 'post', url: '/fitness', wires: [['fitness-of']] },
    func('fitness-of', 'msg.payload = msg.payload.fitness\nreturn msg', [['fitness', 'answer']]),
    { id: 'fitness', ...PLACE, type: 'ha-pair-health', name: '', pair: 'pair', expires: 600_000, wires: [] },
    ...nodes
  ]
}
