/** The candidate that this package is: two Node-RED in the namespaces, seen at the outputs of its nodes. */
import type { ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../test/support/eventually'
import { type FlowNode, func, KEY, pairNode, stateNode } from '../test/support/node-red/flow'
import { placeBuild, plainEnvironment } from '../test/support/node-red/npm'
import { nodeRed4 } from '../test/support/node-red/versions'
import { otherSide, type Side, SIDES } from '../test/support/namespaces/history'
import { type Network, PAIR_PORT } from '../test/support/namespaces/network'
import type { Candidate } from './candidate'
import { startChild } from './children'

const START_MS = 60_000
const CHUNK_BYTES = 1 << 18

/** In the settings file: what leaves the first output of the state node, before Node-RED delivers it. */
const NOTE_AT_OUTPUT = `require.main.require('@node-red/util').hooks.add('onSend.bench', (events) => {
  for (const { source, msg } of events) if (source.node.type === 'ha-pair-state' && source.port === 0) write('role', msg.payload)
})`

export interface PairPlan {
  readonly heartbeatMs: number
  readonly peerTimeoutMs: number
  /** Nodes besides the pair, its state node and what notes role and online. */
  readonly nodes?: readonly FlowNode[]
  /** JavaScript for the settings file: may use `write(kind, ...values)`, `nowUs()`, `on(name, handler)` and `context`. */
  readonly script?: string
  /** Notes the role at the output of the state node, by a hook, and as 'arrived' in the node behind it; else only there, as 'role'. */
  readonly atOutput?: boolean
  /** What the pair has besides: another policy. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Beside another pair of Node-RED in the same namespaces. */
  readonly who?: string
  readonly port?: number
  readonly editorPort?: number
  /** For nftables: see `Candidate`. */
  readonly hostFrames?: string
  /** Where the two sides send to, if something stands between them; else the peer's own. */
  readonly peerHosts?: Readonly<Record<Side, string>>
  readonly peerPorts?: Readonly<Record<Side, number>>
  /** What else has to be so when the two have settled. */
  readonly ready?: () => boolean
  /** Takes lines of other kinds than 'role' and 'online'. */
  readonly onLine?: (line: Line) => void
}

/** [side, µs on the outside clock, kind, values] */
export type Line = readonly [Side, number, string, ...unknown[]]

interface Change {
  readonly side: Side
  readonly atUs: number
  readonly value: unknown
}

export class NodeRedPair implements Candidate {
  readonly who: string
  readonly frames: string
  readonly hostFrames: string
  readonly mark: string
  readonly #network: Network
  readonly #folder: string
  readonly #plan: PairPlan
  readonly #file: number
  readonly #history: string
  readonly #chunk = Buffer.alloc(CHUNK_BYTES)
  #rest = ''
  readonly #children = new Map<Side, ChildProcess>()
  readonly #roles: Change[] = []
  readonly #online: Record<Side, unknown> = { a: undefined, b: undefined }
  readonly #starts: Record<Side, number> = { a: 0, b: 0 }

  constructor(network: Network, folder: string, plan: PairPlan) {
    this.#network = network
    this.#folder = folder
    this.#plan = plan
    this.who = plan.who ?? 'ha-pair'
    this.mark = this.frames = `udp dport ${plan.port ?? PAIR_PORT}`
    this.hostFrames = plan.hostFrames ?? this.frames
    this.#history = join(folder, 'history.jsonl')
    mkdirSync(folder, { recursive: true })
    writeFileSync(this.#history, '')
    this.#file = openSync(this.#history, 'r')
  }

  async start(): Promise<void> {
    for (const side of SIDES) this.#install(side, join(this.#folder, side))
    await Promise.all(SIDES.map((side) => this.#start(side)))
    await this.settled()
  }

  acting(): Side {
    const side = SIDES.find((each) => this.roleOf(each) === 'active')
    if (side === undefined) throw new Error('nobody acts')
    return side
  }

  aim(): void {}

  kill(side: Side): void {
    this.#children.get(side)?.kill('SIGKILL')
  }

  stop(side: Side): void {
    this.#children.get(side)?.kill('SIGTERM')
  }

  async ended(side: Side): Promise<void> {
    await eventually(`Node-RED of side ${side} ends`, START_MS, () => !this.#children.has(side))
  }

  actedAtUs(side: Side, sinceUs: number): number | null {
    this.read()
    const change = this.#roles.find((each) => each.side === side && each.atUs > sinceUs && each.value === 'active')
    return change?.atUs ?? null
  }

  /** Changes of role that were told since then. */
  changes(sinceUs: number): number {
    this.read()
    return this.#roles.filter(({ atUs }) => atUs > sinceUs).length
  }

  roleOf(side: Side): unknown {
    this.read()
    return this.#latestRole(side)?.value
  }

  /** When the latest role left the state node; null = none has. */
  leftOutputAtUs(side: Side): number | null {
    return this.#latestRole(side)?.atUs ?? null
  }

  #latestRole(side: Side): Change | undefined {
    return this.#roles.findLast((each) => each.side === side)
  }

  pidOf(side: Side): number {
    const pid = this.#children.get(side)?.pid
    if (pid === undefined) throw new Error(`side ${side} does not run`)
    return pid
  }

  /** Calls what the script of this side handles under that name. */
  tell(side: Side, name: string, ...values: readonly unknown[]): void {
    this.#children.get(side)?.send([name, ...values])
  }

  async restart(side: Side): Promise<void> {
    await this.#start(side)
    await this.settled()
  }

  async settled(): Promise<void> {
    await eventually('one acts and the other stands by', START_MS, () => {
      const roles = SIDES.map((side) => this.roleOf(side))
      const online = SIDES.every((side) => this.#online[side] === true)
      return online && roles.includes('active') && roles.includes('standby') && this.#plan.ready?.() !== false
    })
  }

  async remove(): Promise<void> {
    for (const side of SIDES) this.kill(side)
    await Promise.all(SIDES.map((side) => this.ended(side)))
    closeSync(this.#file)
  }

  /** Takes what the two sides have written since the last look. */
  read(): void {
    for (;;) {
      const length = readSync(this.#file, this.#chunk, 0, CHUNK_BYTES, null)
      if (length === 0) return
      const lines = (this.#rest + this.#chunk.toString('latin1', 0, length)).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) this.#take(JSON.parse(line) as Line)
    }
  }

  #take(line: Line): void {
    const [side, atUs, kind, value] = line
    if (kind === 'role') {
      this.#roles.push({ side, atUs, value })
      this.#starts[side]++
    } else if (kind === 'online') this.#online[side] = value
    else this.#plan.onLine?.(line)
  }

  async #start(side: Side): Promise<void> {
    const folder = join(this.#folder, side)
    const { nodeBinary, script } = nodeRed4()
    this.#online[side] = undefined
    const before = this.#starts[side]
    const args = [nodeBinary, script, '--userDir', folder, '--settings', join(folder, 'settings.js')]
    const child = startChild('ip', ['netns', 'exec', this.#network.namespace(side), ...args], {
      cwd: folder,
      env: plainEnvironment(),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc']
    })
    this.#children.set(side, child)
    child.once('exit', () => {
      if (this.#children.get(side) === child) this.#children.delete(side)
    })
    await eventually(`side ${side} starts`, START_MS, () => {
      this.read()
      return this.#starts[side] > before
    })
  }

  #install(side: Side, folder: string): void {
    placeBuild(folder)
    const { heartbeatMs, peerTimeoutMs, peerHosts, peerPorts, nodes = [], script = '', atOutput = false } = this.#plan
    const { settings = {}, port = PAIR_PORT, editorPort = 1880 } = this.#plan
    const link = {
      peerHost: peerHosts?.[side] ?? this.#network.linkAddress(otherSide(side), 0),
      peerPort: peerPorts?.[side] ?? port,
      localHost: this.#network.linkAddress(side, 0),
      localPort: port
    }
    const flows = [
      { id: 'tab', type: 'tab', label: 'bench', disabled: false },
      pairNode('pair', {
        links: [link],
        priority: 100,
        heartbeat: heartbeatMs,
        peerTimeout: peerTimeoutMs,
        ...settings
      }),
      stateNode('state', 'pair', [['role'], ['online'], []]),
      func('role', `global.get('write')('${atOutput ? 'arrived' : 'role'}', msg.payload)`, [[]]),
      func('online', `global.get('write')('online', msg.payload)`, [[]]),
      ...nodes
    ]
    writeFileSync(join(folder, 'flows.json'), JSON.stringify(flows))
    writeFileSync(join(folder, 'flows_cred.json'), JSON.stringify({ pair: { key: KEY } }))
    writeFileSync(
      join(folder, 'settings.js'),
      `process.on('disconnect', () => process.exit(1))
const { openSync, writeSync } = require('fs')
const side = ${JSON.stringify(side)}
const pen = openSync(${JSON.stringify(this.#history)}, 'a')
const nowUs = () => Number(process.hrtime.bigint() / 1000n)
const write = (kind, ...values) => { writeSync(pen, JSON.stringify([side, nowUs(), kind, ...values]) + '\\n') }
const handlers = {}
const on = (name, handler) => { handlers[name] = handler }
process.on('message', ([name, ...values]) => handlers[name]?.(...values))
const context = { write, nowUs, on }
${atOutput ? NOTE_AT_OUTPUT : ''}
${script}
module.exports = {
  uiHost: '127.0.0.1', uiPort: ${editorPort}, httpAdminRoot: false, flowFile: 'flows.json', credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false }, logging: { console: { level: 'off' } },
  functionGlobalContext: context
}
`
    )
  }
}

/** A function node that sends what `tell(side, name, message)` brings. */
export function source(name: string, wires: readonly string[][]): FlowNode {
  return {
    ...func(name, 'return null', wires),
    initialize: `global.get('on')(${JSON.stringify(name)}, (message) => node.send(message))`
  }
}
