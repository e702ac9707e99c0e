/** An example deployed on two hosts: two real Node-RED with the built package, on loopback, with a key. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { eventually } from '../eventually'
import { type FlowNode, KEY } from '../node-red/flow'
import { removeFolder, scratchFolder } from '../node-red/npm'
import { freePorts } from '../ports'
import { NodeRedProcess } from '../node-red/process'
import { type NodeRed, nodeRed4 } from '../node-red/versions'
import { ROOT } from '../root'
import { readExample } from './files'

const PACKAGE = '@ha-pair/node-red-ha-pair'
export const PATIENCE_MS = 20_000

export type HostName = 'a' | 'b'

/** Where the two run, if not both here on loopback. */
export type Places = Readonly<Record<HostName, { readonly address: string; readonly namespace: string }>>

export type Environment = Readonly<Record<HostName, Readonly<Record<string, string>>>>

export interface More {
  readonly places?: Places | null
  /** Packages of nodes, by name, and where they are installed. */
  readonly packages?: readonly (readonly [string, string])[]
  /** What is typed once on each host, by the type of the node. */
  readonly credentials?: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Nodes of the test's own. */
  readonly further?: readonly FlowNode[]
  /** JavaScript at the end of `settings.js`. */
  readonly settingsCode?: string
  readonly version?: NodeRed
}

/** Not part of any example: lets a test ask for a swap. */
const SWAP_BUTTON = 'test-swap'

export class ExampleHosts {
  readonly a: NodeRedProcess
  readonly b: NodeRedProcess
  readonly #nodes: readonly FlowNode[]
  readonly #folder: string

  private constructor(folder: string, nodes: readonly FlowNode[], a: NodeRedProcess, b: NodeRedProcess) {
    this.#folder = folder
    this.#nodes = nodes
    this.a = a
    this.b = b
  }

  /** Starts the example as it is on both hosts; only its debug nodes write to the log as well. */
  static async start(example: string, environment: Environment, more: More = {}): Promise<ExampleHosts> {
    return ExampleHosts.#start(readExample(example), environment, more)
  }

  /** Starts several, which share their pair, at once. What a debug node shows is found by 'key: its name'. */
  static async startAll(
    examples: Readonly<Record<string, string>>,
    environment: Environment,
    more: More = {}
  ): Promise<ExampleHosts> {
    const all = Object.entries(examples).flatMap(([key, example]) =>
      readExample(example).map((node) => (node.type === 'debug' ? { ...node, name: `${key}: ${node.name}` } : node))
    )
    // The pair is the same in each; the list of modules is for the editor, which imports no such node.
    const nodes = [...new Map(all.map((node) => [node.id, node])).values()]
    return ExampleHosts.#start(
      nodes.filter(({ type }) => type !== 'global-config'),
      environment,
      more
    )
  }

  static async #start(nodes: readonly FlowNode[], environment: Environment, more: More): Promise<ExampleHosts> {
    const {
      places = null,
      packages = [],
      credentials = {},
      further = [],
      settingsCode = '',
      version = nodeRed4()
    } = more
    const folder = scratchFolder('example')
    const flows: FlowNode[] = nodes.map((node) =>
      node.type === 'debug' ? { ...node, active: true, console: true } : node
    )
    const pair = nodes.find(({ type }) => type === 'ha-pair')
    const place = { z: nodes.find(({ type }) => type === 'tab')?.id, x: 100, y: 1000 }
    flows.push(
      { ...place, id: SWAP_BUTTON, type: 'inject', props: [], wires: [['test-designate']] },
      { ...place, id: 'test-designate', type: 'ha-pair-designate', pair: pair?.id, command: 'swap', wires: [[]] },
      ...further.map((node) => ({ ...place, ...node }))
    )
    const secrets = nodes.flatMap(({ id, type }) => (type in credentials ? [[id, credentials[type] ?? {}]] : []))
    const [portA, portB] = (await freePorts(2)).map(String) as [string, string]
    const make = (name: HostName, localPort: string, peerPort: string): NodeRedProcess => {
      const userDirectory = join(folder, name)
      for (const [packageName, from] of [[PACKAGE, ROOT] as const, ...packages]) {
        const link = join(userDirectory, 'node_modules', packageName)
        mkdirSync(dirname(link), { recursive: true })
        symlinkSync(from, link, 'junction')
      }
      return new NodeRedProcess({
        name,
        version,
        userDirectory,
        environment: {
          HA_PEER_HOST: places?.[name === 'a' ? 'b' : 'a'].address ?? '127.0.0.1',
          HA_PEER_PORT: peerPort,
          HA_LOCAL_PORT: localPort,
          HA_PAIR_KEY: KEY,
          ...environment[name]
        },
        flows,
        settingsCode,
        credentials: { [pair?.id ?? '']: { key: '${HA_PAIR_KEY}' }, ...Object.fromEntries(secrets) },
        ...(places === null ? {} : { namespace: places[name].namespace })
      })
    }
    const hosts = new ExampleHosts(folder, nodes, make('a', portA, portB), make('b', portB, portA))
    try {
      await Promise.all([hosts.a.start(), hosts.b.start()])
    } catch (error) {
      await hosts.remove()
      throw error
    }
    return hosts
  }

  /** What a debug node has shown on this host, from the line `from` of its log on. */
  shown(host: NodeRedProcess, debug: string, from = 0): string[] {
    const log = host.log.slice(from)
    return [...log.matchAll(new RegExp(`\\[debug:${debug}\\] ?([^]*?)(?=\\n\\d+ \\w+ [\\d:]+ - \\[|$)`, 'g'))].map(
      (match) => (match[1] ?? '').trim()
    )
  }

  /** Waits until a debug node shows something that fits. */
  async shows(host: NodeRedProcess, debug: string, what: RegExp, from = 0): Promise<string> {
    return eventually(`${host.name} shows ${String(what)} in '${debug}'`, PATIENCE_MS, () =>
      this.shown(host, debug, from).find((text) => what.test(text))
    )
  }

  /** Waits until exactly one of the two does what `acts` says, and returns it and the other. */
  async oneActs(acts: (host: NodeRedProcess) => boolean): Promise<{ active: NodeRedProcess; standby: NodeRedProcess }> {
    return eventually('exactly one of the two acts', PATIENCE_MS, () => {
      const [a, b] = [acts(this.a), acts(this.b)]
      if (a === b) return null
      return a ? { active: this.a, standby: this.b } : { active: this.b, standby: this.a }
    })
  }

  /** The button of an inject node. */
  async press(host: NodeRedProcess, button: string): Promise<void> {
    const inject = this.#nodes.find(({ type, name }) => type === 'inject' && name === button)
    if (inject === undefined) throw new Error(`no button '${button}'`)
    await pressId(host, inject.id)
  }

  /** A button of the test's own. */
  async pressId(host: NodeRedProcess, id: string): Promise<void> {
    await pressId(host, id)
  }

  /** Not by means of the example. */
  async swap(host: NodeRedProcess): Promise<void> {
    await pressId(host, SWAP_BUTTON)
  }

  async remove(): Promise<void> {
    await Promise.allSettled([this.a.kill(), this.b.kill()])
    removeFolder(this.#folder)
  }
}

async function pressId(host: NodeRedProcess, id: string): Promise<void> {
  const { status } = await host.post(`/admin/inject/${id}`, {})
  if (status !== 200) throw new Error(`the button ${id} answers ${status}`)
}
