/** How each situation is made. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { STORED_MAX } from '../../../src/protocol/epoch-allocator'
import { CLASSIC_BYTES, VERSION } from '../../../src/protocol/wire/frame'
import { witnessLineOf } from '../../../src/witness/keys'
import { eventually } from '../../support/eventually'
import { type FlowNode, func, KEY } from '../../support/node-red/flow'
import { NodeRedProcess } from '../../support/node-red/process'
import { holdUdpPort, release } from '../../support/ports'
import { WitnessProgram } from '../../support/witness-program'
import {
  flowWith,
  link,
  LIMIT_MS,
  LOOPBACK,
  otherPair,
  PLACE,
  type Settings,
  type Side,
  type Stage,
  THIRD
} from './stage'
import type { Maker } from './row'

/** Nobody knows it but the pairs that are given it. */
const OTHER_KEY = 'b2mXk9_qLw4TzR7vN0sYc6Hd'
const KEYLESS = { key: '', settings: { auth: 'none', channel: 'off' } } as const
const CLASSIC = { key: '', settings: { auth: 'none', channel: 'off', wire: 'classic' } } as const
/** Another host of this machine, as the system sees it. */
const STRANGER = '127.0.0.2'
const STRAY_EVERY_MS = 500
const MINUTE_MS = 60_000
/** The engine's drafts carry the number of its thread. */
const THREADS_MAX = 200
const CLONES_MAX = 12

/** Two halves: what comes before the row's logs and events are looked at, and what makes it. */
type Halves = readonly [() => Promise<void>, () => Promise<void>]

export function makersOf(stage: Stage): Readonly<Record<Maker, Halves>> {
  const { a, b, relay, ports } = stage
  const whole = (): Promise<void> => stage.whole()
  const aloneNow = (way: object): Promise<void> =>
    stage.deploy('a', { settings: { channel: 'off', links: [link(way)] } })

  return {
    nothing: [whole, async () => {}],
    swap: [whole, () => stage.command('a', 'swap', false)],
    'b unfit': [whole, async () => void (await b.post('/fitness', { fitness: 0 }))],
    'fitness to and fro': [whole, () => flap(stage)],
    'kill b': [() => provable(stage), () => b.kill()],
    'kill a': [() => provable(stage), () => a.kill()],
    'stop b': [whole, async () => void (await b.stop())],
    'stop a': [whole, async () => void (await a.stop())],
    'pair of b removed': [whole, () => stage.remove('b')],
    cut: [() => stage.through(), async () => relay.cut()],
    'cut and heal': [
      () => stage.through(),
      async () => {
        relay.cut()
        await eventually('both are Active', LIMIT_MS, async () => (await stage.status('b')).role === 'active')
        relay.open()
      }
    ],
    'cut exclusive': [() => stage.through({ policy: 'exclusive' }), async () => relay.cut()],
    'cut preferred': [() => stage.through({ policy: 'preferred' }), async () => relay.cut()],
    'block a to b': [() => stage.through(), async () => void (relay.fromA = false)],
    'cut one of two links': [() => twoLinks(stage), async () => relay.cut()],
    'wrong key on b': [whole, () => stage.deploy('b', { key: OTHER_KEY })],
    'no key on b': [whole, () => stage.deploy('b', KEYLESS)],
    'own address on a': [
      () => stage.through(),
      async () => {
        relay.reflects = true
        relay.fromB = false
      }
    ],
    'port of a held': [
      whole,
      async () => {
        const held = await holdUdpPort()
        stage.later(() => release(held))
        await aloneNow({ localPort: held.address().port })
      }
    ],
    'two pairs on a': [
      async () => {
        await whole()
        await stage.deploy('a', { nodes: [second(ports.spare)] })
      },
      () =>
        stage.deploy('a', {
          nodes: [second(ports.spare)],
          settings: { channel: 'off', links: [link({ localPort: ports.spare })] }
        })
    ],
    'unknown name on a': [whole, () => aloneNow({ peerHost: 'nobody.invalid' })],
    'no zone on a': [whole, () => aloneNow({ peerHost: 'fe80::1', localHost: '' })],
    'loopback on a': [whole, () => aloneNow({ peerHost: '192.0.2.1', localHost: '127.0.1.1' })],
    'address of nobody on a': [whole, () => aloneNow({ peerHost: '192.0.2.1', localHost: '192.0.2.7' })],
    'tab of a disabled': [whole, () => stage.deploy('a', { tabDisabled: true })],
    'restart a alone': [() => bothOff(stage, {}), () => a.start()],
    'restart a alone, exclusive': [() => bothOff(stage, { policy: 'exclusive' }), () => a.start()],
    'crash both, start a, preferred': [
      async () => {
        await stage.whole({ settings: { policy: 'preferred' } })
        await stage.provable()
        await Promise.all([a.kill(), b.kill()])
      },
      () => a.start()
    ],
    'both to standby': [
      () => stage.through(),
      async () => {
        relay.cut()
        await eventually(
          'both are alone',
          LIMIT_MS,
          async () => !(await stage.status('a')).online && (await stage.status('b')).role === 'active'
        )
        await stage.command('a', 'standby', true)
        await stage.command('b', 'standby', true)
        relay.open()
      }
    ],
    'a to standby without b': [
      async () => {
        await whole()
        await b.stop()
      },
      () => stage.command('a', 'standby', true)
    ],
    'a starts over without b': [withoutB(stage), () => stage.deploy('a', { settings: { peerTimeout: MINUTE_MS } })],
    'other policy on a': [whole, () => stage.deploy('a', { settings: { policy: 'preferred' } })],
    'other policy on a without b': [withoutB(stage), () => stage.deploy('a', { settings: { policy: 'exclusive' } })],
    'other flows on a': [whole, () => stage.deploy('a', { nodes: [func('more', 'return msg', [[]])] })],
    'wrong heartbeat on a': [whole, () => stage.deploy('a', { settings: { heartbeat: 1 } })],
    'no key on a': [whole, () => stage.deploy('a', { key: '' })],
    'same priority on both': [whole, () => stage.whole({ settings: { policy: 'preferred', priority: 100 } })],
    'weak key on both': [whole, () => stage.whole({ key: 'pump station 7' })],
    'classic wire on both': [whole, () => stage.whole(CLASSIC)],
    'classic wire on b': [whole, () => stage.deploy('b', CLASSIC)],
    'other version on b': [() => stage.through(), async () => void (relay.alters = ofOtherVersion)],
    'strange host': [() => stage.whole(KEYLESS), () => strays(stage, STRANGER)],
    'strange bytes': [whole, () => strays(stage, LOOPBACK)],
    'third host with the key': [
      whole,
      () => stage.deploy('a', { nodes: [otherPair(link({ localPort: ports.spare }))] })
    ],
    'clock of a set forward, and cut': [
      () => stage.through({ peerTimeout: MINUTE_MS }),
      async () => {
        relay.cut()
        await stage.machine('a', `clock=${MINUTE_MS}`)
      }
    ],
    'clocks set forward': [whole, () => bothClocks(stage, MINUTE_MS)],
    'clocks set back': [whole, () => bothClocks(stage, -MINUTE_MS)],
    'clock of a set forward': [whole, () => stage.machine('a', `clock=${MINUTE_MS}`)],
    'engine of a dies': [whole, () => stage.machine('a', 'engine=dead')],
    'two Node-RED in the folder of a': [() => twoInFolder(stage), () => a.start()],
    'damaged file on a': [
      async () => {
        await whole()
        await stage.remove('a')
        stage.overwrite('a', 'ha-pair record 2\n{"nodeId"')
      },
      () => stage.deploy('a', {})
    ],
    'disk of b takes no writes': [
      whole,
      async () => {
        await noDrafts(stage, 'b')
        await stage.command('a', 'swap', false)
      }
    ],
    'file of b written by another': [whole, () => writtenByAnother(stage)],
    'file of a at the end of its numbers': [
      async () => {
        await whole()
        await stage.remove('a')
        await b.stop()
        stage.overwrite('a', stage.record('a', { epoch: STORED_MAX, reserved: STORED_MAX }))
        stage.later(() => rmSync(stage.file('a')))
      },
      () => stage.deploy('a', {})
    ],
    'old file on a': [
      () => oldFile(stage),
      async () => {
        // What it hears of its own file is all that it hears of itself.
        relay.left = 1
        await stage.relayed('a')
      }
    ],
    'file of a on b': [whole, () => clone(stage)],
    'TCP port of a held': [
      async () => {
        await whole()
        // A process that had the port keeps it.
        await a.stop()
        await holdTcpPort(stage, ports.a)
      },
      () => a.start()
    ],
    'b asks where no witness is': [
      async () => {
        await whole()
        await openWitness(stage)
        await both((side) => stage.deploy(side, { settings: witnessAt(ports.spare) }))
        await stage.formed()
      },
      () => stage.deploy('a', { settings: witnessAt(ports.third) })
    ],
    'cut with a witness': [
      async () => {
        await stage.through()
        await openWitness(stage)
        await both((side) => stage.relayed(side, witnessAt(ports.third)))
        await stage.formed()
        await eventually('the witness counts on both', LIMIT_MS, async () => {
          const [one, other] = [await stage.status('a'), await stage.status('b')]
          return one.witness?.counted === true && other.witness?.counted === true && other.witness.holder === 'peer'
        })
      },
      async () => relay.cut()
    ],
    'a gate more on a': [whole, () => stage.deploy('a', { nodes: [RESUMING] })],
    'numbers that do not grow': [whole, () => stage.whole({ nodes: [RESUMING, ...SAME_NUMBER] })],
    'b writes in a loop': [() => withStore(stage), () => loops(stage)],
    'a writes after the swap': [
      async () => {
        await withStore(stage)
        await a.post('/long', {})
      },
      async () => {
        await eventually('a hands over', LIMIT_MS, async () => {
          const { status } = await b.post('/designate', { designate: 'active' })
          return status === 200
        })
      }
    ]
  }
}

// --------------------------------------------------------------------------------------------------- one more of each

async function both(work: (side: Side) => Promise<void>): Promise<void> {
  await Promise.all([work('a'), work('b')])
}

const second = (localPort: number): FlowNode => otherPair(link({ peerPort: 9, localPort }))

const withoutB = (stage: Stage) => async (): Promise<void> => {
  await stage.whole()
  await stage.remove('b')
}

async function bothOff(stage: Stage, settings: object): Promise<void> {
  await stage.whole({ settings: { ...settings } })
  await stage.b.stop()
  await stage.a.stop()
}

/** With time for the proof of a crash, also on a machine that is busy. */
async function provable(stage: Stage): Promise<void> {
  await stage.whole({ settings: { peerTimeout: 10_000 } })
  await stage.provable()
}

const oneMore = (peerPort: number): object[] => [link({}), link({ peerPort, localPort: '${LOCAL_PORT_2}' })]

async function twoLinks(stage: Stage): Promise<void> {
  await stage.whole()
  const ends = stage.relay.ports
  await Promise.all([
    stage.deploy('a', { settings: { links: oneMore(ends[0]) } }),
    stage.deploy('b', { settings: { links: oneMore(ends[1]) } })
  ])
  await stage.formed()
  await eventually('both links carry', LIMIT_MS, async () => {
    const { body } = await stage.a.get('/ha-pair/metrics')
    return /ha_pair_link_up\{[^}]*link="2"\} 1/.test(String(body))
  })
}

/** The less fit Active hands over to the fitter one, again and again. */
async function flap(stage: Stage): Promise<void> {
  for (let turn = 0; turn < 6; turn++) {
    const [active, other] = turn % 2 === 0 ? (['a', 'b'] as const) : (['b', 'a'] as const)
    await stage[other].post('/fitness', { fitness: 255 })
    await stage[active].post('/fitness', { fitness: 0 })
    await stage.serves(other)
  }
  await Promise.all([stage.a.post('/fitness', { fitness: 255 }), stage.b.post('/fitness', { fitness: 255 })])
}

// -------------------------------------------------------------------------------------------------------- what arrives

function ofOtherVersion(bytes: Buffer): Buffer {
  const altered = Buffer.from(bytes)
  altered[CLASSIC_BYTES] = VERSION + 1
  return altered
}

/** Somebody at this address sends what is no frame to `a`, until the next row. */
async function strays(stage: Stage, address: string): Promise<void> {
  const socket = createSocket('udp4')
  socket.bind(0, address)
  await once(socket, 'listening')
  const timer = setInterval(() => socket.send('not a frame', stage.ports.a, LOOPBACK), STRAY_EVERY_MS)
  stage.later(() => {
    clearInterval(timer)
    socket.close()
  })
}

// ---------------------------------------------------------------------------------------------------------- the machine

async function bothClocks(stage: Stage, ms: number): Promise<void> {
  await both((side) => stage.machine(side, `clock=${ms}`))
}

/** Another Node-RED has the user directory of `a`, which is about to start. */
async function twoInFolder(stage: Stage): Promise<void> {
  await stage.whole()
  const { a, version } = stage
  await a.stop()
  const { userDirectory, environment } = a
  const made = { name: 'copy', version, userDirectory, environment, flows: flowWith({}) }
  const copy = new NodeRedProcess({ ...made, credentials: { pair: { key: KEY } } })
  stage.later(() => copy.kill())
  await copy.start()
  await eventually('the copy has the files', LIMIT_MS, async () => {
    const { body } = await copy.get('/ha-pair')
    return (body as { online: boolean }).online
  })
}

async function holdTcpPort(stage: Stage, port: number): Promise<void> {
  const server = createServer((socket) => socket.destroy()).listen(port, LOOPBACK)
  stage.later(() => server.close())
  await once(server, 'listening')
}

// ------------------------------------------------------------------------------------------------------------- its files

/** Where the drafts of the side's record would be, there are folders. */
async function noDrafts(stage: Stage, side: Side): Promise<void> {
  const drafts = Array.from({ length: THREADS_MAX }, (_, thread) => `${stage.file(side)}.${thread}.tmp`)
  for (const draft of drafts) {
    // One that is being written is there for a moment.
    await eventually(`no draft is at ${draft}`, LIMIT_MS, () => mkdirSync(draft) === undefined)
  }
  stage.later(() => drafts.forEach((draft) => rmSync(draft, { recursive: true })))
}

/** A write of its own that is under way goes over it: again until `b` finds it. */
async function writtenByAnother(stage: Stage): Promise<void> {
  const from = stage.b.log.length
  await eventually('b finds a file that is not its own', LIMIT_MS, async () => {
    stage.overwrite('b', stage.record('b', { nodeId: '0123456789abcdef' }))
    await stage.command('a', 'swap', false)
    return stage.b.log.slice(from).includes('Another process writes the files')
  })
}

/** The file of `a` is what it was two swaps ago. */
async function oldFile(stage: Stage): Promise<void> {
  await stage.through()
  const old = stage.keep('a')
  await stage.command('b', 'active', false)
  await stage.serves('b')
  await stage.command('a', 'active', false)
  await stage.serves('a')
  await stage.remove('a')
  stage.overwrite('a', old)
}

/** Which of the two takes a new identity, their sessions decide, which are chance: with new ones until it is `b`. */
async function clone(stage: Stage): Promise<void> {
  for (let tries = 0; tries < CLONES_MAX; tries++) {
    if (tries > 0) await stage.whole()
    await stage.remove('b')
    stage.overwrite('b', stage.keep('a'))
    await stage.deploy('b', {})
    await eventually('they have met', LIMIT_MS, async () => (await stage.status('b')).online)
    const { running } = await stage.listed('b')
    if (running?.warnings.some(({ code }) => code === 'cloned-identity') === true) return
  }
  throw new Error('b keeps its identity')
}

// ------------------------------------------------------------------------------------------------------------ the witness

const witnessAt = (port: number): Settings => ({ policy: 'witness', witness: { host: THIRD, port } })

async function openWitness(stage: Stage): Promise<void> {
  const folder = join(stage.a.userDirectory, '..', 'witness')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'keys'), `${witnessLineOf(KEY).key} line 1\n`)
  const where = ['--host', THIRD, '--port', String(stage.ports.third)]
  const program = new WitnessProgram(['--key-file', join(folder, 'keys'), '--data', join(folder, 'data'), ...where])
  stage.later(() => program.end())
  await program.says(/open on UDP port/)
}

// ------------------------------------------------------------------------------------------------- gates and the context

const RESUMING: FlowNode = {
  id: 'resuming',
  ...PLACE,
  type: 'ha-pair-gate',
  name: 'counted',
  pair: 'pair',
  whenClosed: 'resume',
  sequence: 'n',
  series: '',
  order: 'rising',
  keep: '100',
  keepFor: '60000',
  wires: [[], []]
}
const SAME_NUMBER: readonly FlowNode[] = [
  {
    id: 'again',
    ...PLACE,
    type: 'inject',
    props: [
      { p: 'n', v: '1', vt: 'num' },
      { p: 'topic', vt: 'str' }
    ],
    topic: 'pump',
    repeat: '0.1',
    once: false,
    wires: [['resuming']]
  }
]
const WRITERS: readonly FlowNode[] = [
  { id: 'loop-in', ...PLACE, type: 'http in', method: 'post', url: '/loop', wires: [['loop']] },
  func('loop', `for (let i = 0; i < 2000; i++) global.set('count', i, 'pair')\nreturn msg`, [['answer']]),
  { id: 'long-in', ...PLACE, type: 'http in', method: 'post', url: '/long', wires: [['long']] },
  func(
    'long',
    `const writing = setInterval(() => global.set('count', Date.now(), 'pair'), 50)
setTimeout(() => clearInterval(writing), 20000)
return msg`,
    [['answer']]
  )
]

/** What a side writes right after it gave the role away counts as late: again until it is a loop of the Standby. */
async function loops({ b }: Stage): Promise<void> {
  await eventually('b tells of the loop', LIMIT_MS, async () => {
    await b.post('/loop', {})
    const { body } = await b.get('/ha-pair')
    return (body as { situation: { code: string } }).situation.code === 'standby-writes'
  })
}

/** Both keep context in the pair's store. */
async function withStore(stage: Stage): Promise<void> {
  await stage.whole()
  const hosts = [stage.a, stage.b]
  await restart(hosts, 'yes')
  stage.later(() => restart(hosts, 'no'))
  const change = { nodes: WRITERS }
  await Promise.all([stage.deploy('a', change), stage.deploy('b', change)])
  await stage.formed()
}

async function restart(hosts: readonly NodeRedProcess[], store: 'yes' | 'no'): Promise<void> {
  for (const host of hosts) host.environment['CONTEXT_STORE'] = store
  await Promise.all(hosts.map((host) => host.stop().then(() => host.start())))
}
