/** The contestant that this package is: two Node-RED in the namespaces, seen at an output of `ha-pair-state`. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '../test/e2e/harness/eventually'
import { func, pairNode, stateNode } from '../test/e2e/harness/flow'
import { plainEnvironment } from '../test/e2e/harness/npm'
import { nodeRed4, ROOT } from '../test/e2e/harness/versions'
import type { Side } from '../test/chaos/history'
import { type Network, PAIR_PORT } from '../test/chaos/network'
import type { Contestant } from './contestant'

const START_MS = 60_000
const SIDES = ['a', 'b'] as const

export interface Timing {
  readonly heartbeatMs: number
  readonly peerTimeoutMs: number
}

/** [side, µs on the outside clock, 'role' or 'online', value] */
type Line = readonly [Side, number, 'role' | 'online', string | boolean]

export class NodeRedPair implements Contestant {
  readonly who = 'ha-pair'
  readonly #network: Network
  readonly #folder: string
  readonly #timing: Timing
  readonly #history: string
  readonly #children = new Map<Side, ChildProcess>()

  constructor(network: Network, folder: string, timing: Timing) {
    this.#network = network
    this.#folder = folder
    this.#timing = timing
    this.#history = join(folder, 'history.jsonl')
    mkdirSync(folder, { recursive: true })
    writeFileSync(this.#history, '')
  }

  async start(): Promise<void> {
    await Promise.all(SIDES.map((side) => this.#start(side)))
    await this.#settled()
  }

  acting(): Side {
    const side = SIDES.find((each) => this.#last(each, 'role') === 'active')
    if (side === undefined) throw new Error('nobody acts')
    return side
  }

  async kill(side: Side): Promise<void> {
    await this.#end(side, 'SIGKILL')
  }

  async stop(side: Side): Promise<void> {
    await this.#end(side, 'SIGTERM')
  }

  actedAtUs(side: Side, sinceUs: number): number | null {
    const line = this.#lines().find(
      ([who, atUs, what, value]) => who === side && atUs > sinceUs && what === 'role' && value === 'active'
    )
    return line?.[1] ?? null
  }

  async restart(side: Side): Promise<void> {
    await this.#start(side)
    await this.#settled()
  }

  async remove(): Promise<void> {
    await Promise.all(SIDES.map((side) => this.kill(side)))
  }

  async #settled(): Promise<void> {
    await eventually('one acts and the other stands by', START_MS, () => {
      const roles = SIDES.map((side) => this.#last(side, 'role'))
      const online = SIDES.every((side) => this.#last(side, 'online') === true)
      return online && roles.includes('active') && roles.includes('standby')
    })
  }

  #last(side: Side, what: 'role' | 'online'): string | boolean | undefined {
    return this.#lines().findLast(([who, , kind]) => who === side && kind === what)?.[3]
  }

  #lines(): Line[] {
    const whole = readFileSync(this.#history, 'utf8').split('\n').slice(0, -1)
    return whole.slice(-200).map((line) => JSON.parse(line) as Line)
  }

  async #start(side: Side): Promise<void> {
    const folder = join(this.#folder, side)
    this.#install(side, folder)
    const { nodeBinary, script } = nodeRed4()
    const child = spawn(
      'ip',
      [
        'netns',
        'exec',
        this.#network.namespace(side),
        nodeBinary,
        script,
        '--userDir',
        folder,
        '--settings',
        join(folder, 'settings.js')
      ],
      { cwd: folder, env: plainEnvironment(), stdio: ['ignore', 'ignore', 'inherit', 'ipc'], detached: true }
    )
    this.#children.set(side, child)
    child.once('exit', () => {
      if (this.#children.get(side) === child) this.#children.delete(side)
    })
    const from = this.#lines().length
    await eventually(`side ${side} starts`, START_MS, () =>
      this.#lines()
        .slice(Math.max(0, from - 1))
        .some(([who]) => who === side)
    )
  }

  async #end(side: Side, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#children.get(side)
    if (child === undefined) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  #install(side: Side, folder: string): void {
    const target = join(folder, 'node_modules', '@ha-pair', 'node-red-ha-pair')
    mkdirSync(target, { recursive: true })
    for (const part of ['package.json', 'dist/nodes', 'dist/src'])
      cpSync(join(ROOT, part), join(target, part), { recursive: true })
    const other = side === 'a' ? 'b' : 'a'
    const link = {
      peerHost: this.#network.linkAddress(other, 0),
      peerPort: PAIR_PORT,
      localHost: this.#network.linkAddress(side, 0),
      localPort: PAIR_PORT
    }
    const flows = [
      { id: 'tab', type: 'tab', label: 'bench', disabled: false },
      pairNode('pair', {
        links: [link],
        priority: 100,
        heartbeat: this.#timing.heartbeatMs,
        peerTimeout: this.#timing.peerTimeoutMs
      }),
      stateNode('state', 'pair', [['role'], ['online'], []]),
      func('role', `global.get('write')('role', msg.payload)`, [[]]),
      func('online', `global.get('write')('online', msg.payload)`, [[]])
    ]
    writeFileSync(join(folder, 'flows.json'), JSON.stringify(flows))
    writeFileSync(join(folder, 'flows_cred.json'), JSON.stringify({ pair: { key: 'of the benchmark' } }))
    writeFileSync(
      join(folder, 'settings.js'),
      `process.on('disconnect', () => process.exit(1))
const { openSync, writeSync } = require('fs')
const pen = openSync(${JSON.stringify(this.#history)}, 'a')
const nowUs = () => Number(process.hrtime.bigint() / 1000n)
const write = (what, value) => { writeSync(pen, JSON.stringify([${JSON.stringify(side)}, nowUs(), what, value]) + '\\n') }
module.exports = {
  uiHost: '127.0.0.1', uiPort: 1880, httpAdminRoot: false, flowFile: 'flows.json', credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false }, logging: { console: { level: 'off' } },
  functionGlobalContext: { write }
}
`
    )
  }
}
