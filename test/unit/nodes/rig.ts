/**
 * A Node-RED runtime with pairs in it: both sides of a pair are two config nodes of one flow, on free loopback ports.
 * One runtime per process is all that the test helper has, so suites that use a rig share it and clean up after each test.
 */
import assert from 'node:assert/strict'
import type { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow, NodeStatus } from 'node-red'
import haPair from '../../../nodes/ha-pair'
import haPairDesignate from '../../../nodes/ha-pair-designate'
import haPairGate from '../../../nodes/ha-pair-gate'
import haPairHealth from '../../../nodes/ha-pair-health'
import haPairSync from '../../../nodes/ha-pair-sync'
import haPairState from '../../../nodes/ha-pair-state'
import haPairWitness from '../../../nodes/ha-pair-witness'
import { hub } from '../../../src/host/root'
import type { PairStatus } from '../../../src/host/pair'
import { translator, type NodeFile } from '../../support/texts'
import { freePorts } from '../../support/ports'

export type FlowNode = Readonly<Record<string, unknown>> & { readonly id: string; readonly type: string }
export interface Message extends NodeMessageInFlow {
  readonly pair?: PairStatus
  readonly error?: { readonly message: string; readonly code?: string; readonly source: { readonly id: string } }
}
type Credentials = Readonly<Record<string, Readonly<Record<string, string>>>>
type Initializer = (RED: NodeAPI) => void

interface Helper {
  load(nodes: readonly Initializer[], flow: readonly FlowNode[], credentials: Credentials): Promise<void>
  unload(): Promise<void>
  getNode(id: string): Node
  settings(userSettings: object): void
  log(): { getCalls(): readonly { readonly args: readonly [LogEntry] }[] }
  readonly _events: EventEmitter
  /** The runtime's own deploy: the helper's waits for a start that is over by then. */
  readonly _redNodes: {
    setFlows(flow: readonly FlowNode[], credentials: Credentials, type: 'full' | 'nodes'): Promise<unknown>
    stopFlows(): Promise<unknown>
    startFlows(): Promise<unknown>
  }
  readonly _log: { readonly ERROR: number; readonly WARN: number }
}
interface LogEntry {
  readonly level: number
  readonly id?: string
  readonly type?: string
  readonly msg: unknown
}

const helper = require('node-red-node-test-helper') as Helper

const INITIALIZERS: Readonly<Record<NodeFile, Initializer>> = {
  'ha-pair': haPair,
  'ha-pair-state': haPairState,
  'ha-pair-designate': haPairDesignate,
  'ha-pair-gate': haPairGate,
  'ha-pair-health': haPairHealth,
  'ha-pair-witness': haPairWitness,
  'ha-pair-sync': haPairSync
}

const WAIT_MS_MAX = 8000
const LOOK_EVERY_MS = 5

/** Quick timing, so that a takeover fits into a test. */
export const QUICK = { heartbeat: 20, peerTimeout: 300 } as const
/** Only a node with a place is a node of the flow and not a config node. */
const PLACE = { x: 0, y: 0 } as const
export const TAB: FlowNode = { id: 'tab', type: 'tab', label: 'test' }

/** Waits for a condition, at most WAIT_MS_MAX. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX
  while (!condition()) {
    assert.ok(performance.now() < deadline, `not within ${WAIT_MS_MAX} ms: ${what}`)
    await sleep(LOOK_EVERY_MS)
  }
}

/** Exactly one of the two roles is Active, the other Standby. */
export function isOnePair(a: unknown, b: unknown): boolean {
  return (a === 'active' && b === 'standby') || (a === 'standby' && b === 'active')
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

let pairs = 0

/** The config nodes of both sides. Ids are never used twice: a pair of an earlier test must not be adopted. */
export async function twoSides(
  overrides: { both?: object; a?: object; b?: object } = {}
): Promise<{ a: FlowNode; b: FlowNode }> {
  const [portA = 0, portB = 0] = await freePorts(2)
  const number = ++pairs
  const side = (name: string, localPort: number, peerPort: number): FlowNode => ({
    id: `${name}-${number}`,
    type: 'ha-pair',
    name: `side ${name}`,
    links: [{ peerHost: '127.0.0.1', peerPort, localHost: '127.0.0.1', localPort }],
    auth: 'none',
    ...QUICK,
    ...overrides.both
  })
  return {
    a: { ...side('a', portA, portB), ...overrides.a },
    b: { ...side('b', portB, portA), ...overrides.b }
  }
}

const OUTPUTS: Readonly<Record<NodeFile, number>> = {
  'ha-pair': 0,
  'ha-pair-state': 3,
  'ha-pair-designate': 1,
  'ha-pair-gate': 2,
  'ha-pair-health': 0,
  'ha-pair-sync': 1,
  'ha-pair-witness': 0
}

/** A user node of `type` on the tab, wired to test inboxes named `<id>.1`, `<id>.2`, ... */
export function userNode(type: NodeFile, id: string, pair: FlowNode | null, properties: object = {}): FlowNode[] {
  const outputs = OUTPUTS[type]
  const inboxes = Array.from({ length: outputs }, (_none, index) => `${id}.${index + 1}`)
  return [
    {
      id,
      type,
      z: TAB.id,
      ...PLACE,
      name: id,
      pair: pair?.id ?? '',
      wires: inboxes.map((inbox) => [inbox]),
      ...properties
    },
    ...inboxes.map((inbox) => ({ id: inbox, type: 'inbox', z: TAB.id, ...PLACE, wires: [] }))
  ]
}

/** A Catch node for the whole tab, and its inbox `caught`. */
export function catchAll(): FlowNode[] {
  return [
    {
      id: 'catch',
      type: 'catch',
      z: TAB.id,
      ...PLACE,
      name: 'catch',
      scope: null,
      uncaught: false,
      wires: [['caught']]
    },
    { id: 'caught', type: 'inbox', z: TAB.id, ...PLACE, wires: [] }
  ]
}

/** A loaded flow, with everything that its inboxes received and its nodes showed. */
export class Rig {
  readonly #inboxes = new Map<string, Message[]>()
  readonly #badges = new Map<string, NodeStatus[]>()
  readonly #userDir = mkdtempSync(join(tmpdir(), 'ha-pair-nodes-'))
  readonly #userSettings: object
  #httpNode: Application | null = null
  #server: Server | null = null
  #flow: readonly FlowNode[] = []
  #loaded = false

  /** `userSettings`: what `settings.js` says besides. */
  constructor(userSettings: object = {}) {
    this.#userSettings = userSettings
  }

  get userDir(): string {
    return this.#userDir
  }

  /** `pairType` stands in for `ha-pair`. */
  async load(flow: readonly FlowNode[], credentials: Credentials = {}, pairType?: Initializer): Promise<void> {
    helper.settings({ httpNodeRoot: '/', httpNodeMiddleware: undefined, ...this.#userSettings, userDir: this.#userDir })
    helper._events.on('node-status', this.#onStatus)
    this.#flow = [TAB, ...flow]
    this.#loaded = true
    const types = (Object.keys(INITIALIZERS) as NodeFile[]).map((file) =>
      file === 'ha-pair' && pairType !== undefined ? pairType : withTexts(file)
    )
    await helper.load([...types, this.#inboxType], this.#flow, credentials)
  }

  /** A deploy of a changed or unchanged flow. */
  async deploy(
    flow: readonly FlowNode[],
    type: 'full' | 'nodes' = 'full',
    credentials: Credentials = {}
  ): Promise<void> {
    this.#flow = [TAB, ...flow]
    const started = new Promise<void>((resolve) => helper._events.once('flows:started', () => resolve()))
    await Promise.all([helper._redNodes.setFlows(this.#flow, credentials, type), started])
  }

  /** As the user does in the editor. */
  async stopFlows(): Promise<void> {
    await helper._redNodes.stopFlows()
  }

  async startFlows(): Promise<void> {
    await helper._redNodes.startFlows()
  }

  async close(): Promise<void> {
    if (this.#loaded) await helper.unload()
    helper._events.off('node-status', this.#onStatus)
    this.#server?.closeAllConnections()
    this.#server?.close()
    await hub.shutdown()
    rmSync(this.#userDir, { recursive: true, force: true })
  }

  /** The flows' HTTP server. */
  get httpNode(): Application {
    assert.ok(this.#httpNode)
    return this.#httpNode
  }

  /** A request to the flows' HTTP server. */
  async ask(path: string, method = 'GET'): Promise<Response> {
    const server = (this.#server ??= createServer(this.httpNode).listen(0, '127.0.0.1'))
    await until(() => server.listening, 'the HTTP server listens')
    return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { method })
  }

  node(id: string): Node {
    const node = helper.getNode(id)
    assert.ok(node, `node ${id} exists`)
    return node
  }

  send(id: string, message: object): void {
    this.node(id).receive(message as NodeMessageInFlow)
  }

  /** All that an inbox received, oldest first. */
  inbox(id: string): readonly Message[] {
    return this.#inboxes.get(id) ?? []
  }

  clearInboxes(): void {
    for (const inbox of this.#inboxes.values()) inbox.length = 0
  }

  async received(id: string, count: number): Promise<readonly Message[]> {
    await until(() => this.inbox(id).length >= count, `${id} receives ${count}, has ${this.inbox(id).length}`)
    return this.inbox(id)
  }

  badge(id: string): NodeStatus {
    return this.#badges.get(id)?.at(-1) ?? {}
  }

  badges(id: string): readonly NodeStatus[] {
    return this.#badges.get(id) ?? []
  }

  async shows(id: string, fill: NodeStatus['fill'], text: RegExp): Promise<void> {
    const matches = (): boolean => this.badge(id).fill === fill && text.test(this.badge(id).text ?? '')
    try {
      await until(matches, '')
    } catch {
      assert.fail(`${id} should show ${fill} ${text}, shows ${JSON.stringify(this.badge(id))}`)
    }
  }

  /** Lines that nodes of a type wrote to the log. */
  logged(type: NodeFile, level: 'ERROR' | 'WARN'): readonly string[] {
    return helper
      .log()
      .getCalls()
      .map(({ args }) => args[0])
      .filter((entry) => entry.type === type && entry.level === helper._log[level])
      .map((entry) => String(entry.msg))
  }

  readonly #onStatus = ({ id, status }: { id: string; status: NodeStatus }): void => {
    const list = this.#badges.get(id) ?? []
    list.push(status)
    this.#badges.set(id, list)
  }

  /** A node that keeps what it receives. It listens from its construction on, so that nothing is missed. */
  readonly #inboxType: Initializer = (RED) => {
    this.#httpNode = RED.httpNode as unknown as Application
    const inboxes = this.#inboxes
    function InboxNode(this: Node, def: NodeDef): void {
      RED.nodes.createNode(this, def)
      const kept = inboxes.get(def.id) ?? []
      inboxes.set(def.id, kept)
      this.on('input', (msg, _send, done) => {
        kept.push(msg)
        done()
      })
    }
    RED.nodes.registerType('inbox', InboxNode)
  }
}

/** As much of Express as is used here. */
export type Application = RequestListener & {
  get(path: string, handler: RequestListener): void
  readonly _router: { readonly stack: readonly unknown[] }
}

function withTexts(file: NodeFile): Initializer {
  return (RED) => INITIALIZERS[file](Object.assign(Object.create(RED) as NodeAPI, { _: translator(file) }))
}
