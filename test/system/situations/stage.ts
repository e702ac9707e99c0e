/** One running pair on which situation after situation is made. */
import type { Socket } from 'node:dgram'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { PairStatus } from '../../../src/host/pair'
import { eventually } from '../../support/eventually'
import { type FlowNode, func, KEY, pairFlow, pairNode } from '../../support/node-red/flow'
import { placeBuild } from '../../support/node-red/npm'
import { NodeRedProcess } from '../../support/node-red/process'
import type { NodeRed } from '../../support/node-red/versions'
import { freeUdpPorts, holdUdpPort, release } from '../../support/ports'
import { Relay } from './relay'
import type { Maker } from './table'

export const LIMIT_MS = 30_000
const LOOPBACK = '127.0.0.1'
const PLACE = { z: 'tab', x: 100, y: 100 } as const
const WORDS = { '100': 'a', '90': 'b' } as const
const BASE = { healthPath: '/ha-pair', heartbeat: 100, peerTimeout: 1000 } as const

export type Side = 'a' | 'b'
type Settings = Readonly<Record<string, unknown>>

interface Change {
  readonly settings?: Settings
  readonly key?: string
  readonly nodes?: readonly FlowNode[]
  readonly tabDisabled?: boolean
}

export class Stage {
  readonly a: NodeRedProcess
  readonly b: NodeRedProcess
  readonly relay: Relay
  readonly #ports: readonly [number, number, number]
  #held: Socket | null = null
  /** Makes the pairs of each row new ones, with nothing to remember. */
  #round = 0

  private constructor(
    sides: readonly [NodeRedProcess, NodeRedProcess],
    relay: Relay,
    ports: readonly [number, number, number]
  ) {
    ;[this.a, this.b] = sides
    this.relay = relay
    this.#ports = ports
  }

  static async set(version: NodeRed, folder: string): Promise<Stage> {
    const [a = 0, b = 0, a2 = 0, b2 = 0, spare = 0] = await freeUdpPorts(5)
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
        credentials: { pair: { key: '${PAIR_KEY}' } }
      })
    }
    const sides = [make('a', a, b, '100'), make('b', b, a, '90')] as const
    const relay = await Relay.between(a2, b2)
    await Promise.all(sides.map((side) => side.start()))
    return new Stage(sides, relay, [a, b, spare])
  }

  async end(): Promise<void> {
    this.relay.close()
    if (this.#held !== null) await release(this.#held)
    await Promise.allSettled([this.a, this.b].map((side) => side.stop()))
  }

  /** Both run with these settings and know nothing of what was; `a` is Active, `b` Standby, and all is well. */
  async whole(settings: Settings = {}): Promise<void> {
    this.relay.open()
    if (this.#held !== null) await release(this.#held)
    this.#held = null
    this.#round++
    for (const side of [this.a, this.b]) if (!side.runs) await side.start()
    await Promise.all([this.deploy('a', { settings }), this.deploy('b', { settings })])
    // Votes outlive deploys.
    for (const side of [this.a, this.b]) await side.post('/fitness', { fitness: 255 })
    await this.#formed()
  }

  async deploy(side: Side, change: Change): Promise<void> {
    const settings = { stallLimit: 10_000 + this.#round, ...change.settings }
    await this[side].deploy(flowWith({ ...change, settings }), 'full')
  }

  async #formed(): Promise<void> {
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

  /** Through the relay, so that it can be cut; by ports of their own, so that nothing leads past it. */
  async through(settings: Settings = {}): Promise<void> {
    await this.whole()
    const [toB, toA] = this.relay.ports
    await Promise.all([
      this.deploy('a', { settings: { channel: 'off', ...settings, links: [relayed(toB)] } }),
      this.deploy('b', { settings: { channel: 'off', ...settings, links: [relayed(toA)] } })
    ])
    await this.#formed()
  }

  /** A crash can be proved. */
  async #provable(): Promise<void> {
    await eventually('a crash can be proved on both', LIMIT_MS, async () => {
      const [a, b] = [await this.status('a'), await this.status('b')]
      return a.channel?.proof === true && b.channel?.proof === true
    })
  }

  async #command(side: Side, word: string, force: boolean): Promise<void> {
    await this[side].post('/designate', { designate: word, force })
  }

  #link(over: object): object {
    return { peerHost: LOOPBACK, peerPort: '${PEER_PORT}', localHost: LOOPBACK, localPort: '${LOCAL_PORT}', ...over }
  }

  /** Two halves: what comes before the row's logs and events are looked at, and what makes it. */
  readonly make: Readonly<Record<Maker, readonly [() => Promise<void>, () => Promise<void>]>> = {
    nothing: [() => this.whole(), async () => {}],
    swap: [() => this.whole(), () => this.#command('a', 'swap', false)],
    'b unfit': [() => this.whole(), async () => void (await this.b.post('/fitness', { fitness: 0 }))],
    'fitness to and fro': [() => this.whole(), () => this.#flap()],
    'kill b': [() => this.whole().then(() => this.#provable()), () => this.b.kill()],
    'kill a': [() => this.whole().then(() => this.#provable()), () => this.a.kill()],
    'stop b': [() => this.whole(), async () => void (await this.b.stop())],
    'stop a': [() => this.whole(), async () => void (await this.a.stop())],
    cut: [() => this.through(), async () => this.relay.cut()],
    'cut and heal': [
      () => this.through(),
      async () => {
        this.relay.cut()
        await eventually('both are Active', LIMIT_MS, async () => (await this.status('b')).role === 'active')
        this.relay.open()
      }
    ],
    'cut exclusive': [() => this.through({ policy: 'exclusive' }), async () => this.relay.cut()],
    'cut preferred': [() => this.through({ policy: 'preferred' }), async () => this.relay.cut()],
    'block a to b': [() => this.through(), async () => void (this.relay.fromA = false)],
    'cut one of two links': [() => this.#twoLinks(), async () => this.relay.cut()],
    'wrong key on b': [() => this.whole(), () => this.deploy('b', { key: 'b2mXk9_qLw4TzR7vN0sYc6Hd' })],
    'no key on b': [
      () => this.whole(),
      () => this.deploy('b', { key: '', settings: { auth: 'none', channel: 'off' } })
    ],
    'own address on a': [
      () => this.through(),
      async () => {
        this.relay.reflects = true
        this.relay.fromB = false
      }
    ],
    'port of a held': [
      async () => {
        await this.whole()
        this.#held = await holdUdpPort()
      },
      async () => {
        const { port = 0 } = this.#held?.address() ?? {}
        await this.deploy('a', { settings: { channel: 'off', links: [this.#link({ localPort: port })] } })
      }
    ],
    'two pairs on a': [
      async () => {
        await this.whole()
        await this.deploy('a', { nodes: [this.#other()] })
      },
      () =>
        this.deploy('a', {
          nodes: [this.#other()],
          settings: { channel: 'off', links: [this.#link({ localPort: this.#ports[2] })] }
        })
    ],
    'unknown name on a': [() => this.whole(), () => this.#aloneNow(this.#link({ peerHost: 'nobody.invalid' }))],
    'no zone on a': [() => this.whole(), () => this.#aloneNow(this.#link({ peerHost: 'fe80::1', localHost: '' }))],
    'loopback on a': [
      () => this.whole(),
      () => this.#aloneNow(this.#link({ peerHost: '192.0.2.1', localHost: '127.0.1.1' }))
    ],
    'tab of a disabled': [() => this.whole(), () => this.deploy('a', { tabDisabled: true })],
    'restart a alone': [() => this.#bothOff({}), () => this.a.start()],
    'restart a alone, exclusive': [() => this.#bothOff({ policy: 'exclusive' }), () => this.a.start()],
    'crash both, start a, preferred': [
      async () => {
        await this.whole({ policy: 'preferred' })
        await this.#provable()
        await Promise.all([this.a.kill(), this.b.kill()])
      },
      () => this.a.start()
    ],
    'both to standby': [
      () => this.through(),
      async () => {
        this.relay.cut()
        await eventually(
          'both are alone',
          LIMIT_MS,
          async () => !(await this.status('a')).online && (await this.status('b')).role === 'active'
        )
        await this.#command('a', 'standby', true)
        await this.#command('b', 'standby', true)
        this.relay.open()
      }
    ],
    'a to standby without b': [
      async () => {
        await this.whole()
        await this.b.stop()
      },
      () => this.#command('a', 'standby', true)
    ],
    'other policy on a': [() => this.whole(), () => this.deploy('a', { settings: { policy: 'preferred' } })],
    'other flows on a': [() => this.whole(), () => this.deploy('a', { nodes: [func('more', 'return msg', [[]])] })],
    'wrong heartbeat on a': [() => this.whole(), () => this.deploy('a', { settings: { heartbeat: 1 } })],
    'no key on a': [() => this.whole(), () => this.deploy('a', { key: '' })]
  }

  async #aloneNow(link: object): Promise<void> {
    await this.deploy('a', { settings: { channel: 'off', links: [link] } })
  }

  async #bothOff(settings: Settings): Promise<void> {
    await this.whole(settings)
    await this.b.stop()
    await this.a.stop()
  }

  async #twoLinks(): Promise<void> {
    await this.whole()
    const ends = this.relay.ports
    const links = (peerPort: number): object[] => [
      this.#link({}),
      this.#link({ peerPort, localPort: '${LOCAL_PORT_2}' })
    ]
    await Promise.all([
      this.deploy('a', { settings: { links: links(ends[0]) } }),
      this.deploy('b', { settings: { links: links(ends[1]) } })
    ])
    await this.#formed()
    await eventually('both links carry', LIMIT_MS, async () => {
      const { body } = await this.a.get('/ha-pair/metrics')
      return /ha_pair_link_up\{[^}]*link="2"\} 1/.test(String(body))
    })
  }

  /** The less fit Active hands over to the fitter one, again and again. */
  async #flap(): Promise<void> {
    for (let turn = 0; turn < 6; turn++) {
      const [active, other] = turn % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const)
      await this[other].post('/fitness', { fitness: 255 })
      await this[active].post('/fitness', { fitness: 0 })
      await eventually(`${other} takes over`, LIMIT_MS, async () => (await this.status(other)).serving)
    }
    await Promise.all([this.a.post('/fitness', { fitness: 255 }), this.b.post('/fitness', { fitness: 255 })])
  }

  #other(): FlowNode {
    const links = [this.#link({ peerPort: 9, localPort: this.#ports[2] })]
    return {
      ...pairNode('pair2', { ...BASE, healthPath: '', name: 'line 2', channel: 'off', links }),
      credentials: { key: KEY }
    }
  }
}

const relayed = (peerPort: number): object => ({
  peerHost: LOOPBACK,
  peerPort,
  localHost: LOOPBACK,
  localPort: '${LOCAL_PORT_2}'
})

/** The pair's flow with a health endpoint, and POST /fitness. Key and settings come with each deploy. */
function flowWith({ settings = {}, key = '${PAIR_KEY}', nodes = [], tabDisabled = false }: Change): FlowNode[] {
  const flow = pairFlow({ ...BASE, ...settings }).map((node) => {
    if (node.type === 'ha-pair') return { ...node, credentials: { key, previousKey: '' } }
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
