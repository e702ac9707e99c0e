/** The flow that both sides run, and the settings file that gives it the outside clock and the witness's pen. */
import { type FlowNode, func, pairNode, stateNode } from '../../support/node-red/flow'
import { heavyBut } from '../../support/node-red/light'
import { THIRD_ADDRESS } from '../../support/namespaces/namespaces'
import { LINKS, PAIR_PORT, PEER_NAME } from '../../support/namespaces/network'
import { BULKS, FIELDS, RING } from './writes'

export const HEARTBEAT_MS = 50
export const FEED_PORT = 9100
export const HEALTH_PATH = '/ha-pair'
export const WITNESS_PORT = 1102
export const EDITOR_PORT = 1880

/**
 * Ways to break it on purpose: each must turn a check red. `told-gate` believes the last event instead of asking the gate, as a
 * flow with a switch node would.
 */
export const SABOTAGES = [
  'no-gate',
  'told-gate',
  'shut-gate',
  'old-epoch',
  'mute-operator',
  'leak-sockets',
  'hoard-memory',
  'secret-write',
  'split-write'
] as const
export type Sabotage = (typeof SABOTAGES)[number]

const PLACE = { z: 'tab', x: 100, y: 100 } as const
const BULK_CHARS = 65_536

/** What the store holds, as `Seen` of `writes.ts`. */
const SEEN = `{
  last: flow.get('last', 'pair') ?? null,
  ring: Array.from({ length: ${RING} }, (_, at) => flow.get('ring' + at, 'pair') ?? null),
  fields: Array.from({ length: ${FIELDS} }, (_, at) => flow.get('deep.fields[' + at + ']', 'pair') ?? null),
  even: flow.get('even', 'pair') ?? null,
  bulks: Array.from({ length: ${BULKS} }, (_, at) => flow.get('bulk' + at + '.token', 'pair') ?? null)
}`

/** All keys of a write in one turn, in the store that moves; the pen notes what was kept. */
const writes = (sabotage: Sabotage | null): string => `const write = global.get('nextWrite')(flow.get('last', 'pair'))
if (write === null) return
const { token, n } = write
flow.set('last', { token, n }, 'pair')
const more = () => {
  flow.set('ring' + n % ${RING}, token, 'pair')
  flow.set('deep.fields[' + n % ${FIELDS} + ']', token, 'pair')
  flow.set('even', n % 2 === 0 ? token : undefined, 'pair')
}
${sabotage === 'split-write' ? 'setImmediate(() => setImmediate(more))' : 'more()'}
if (flow.get('last.token', 'pair') === token) global.get('wrote')(write, msg.pair)`

/**
 * Numbered messages come in over TCP, so that they queue in the socket while the process is stopped, and go
 * feed -> arrived -> gate -> passed. All of it runs in one turn of the event loop (`runtimeSyncDelivery`): the two stamps
 * stand close before and after the gate's decision. Commands come in by HTTP and are answered with the role or the error.
 */
export function chaosFlow(sabotage: Sabotage | null): FlowNode[] {
  // The first link knows its peer by name and is bound to no address, the others are bound to their own.
  const links = Array.from({ length: LINKS }, (_, link) => ({
    peerHost: link === 0 ? PEER_NAME : `\${PEER_${link}}`,
    peerPort: PAIR_PORT + link,
    localHost: link === 0 ? '' : `\${LOCAL_${link}}`,
    localPort: PAIR_PORT + link
  }))
  const afterArrival =
    sabotage === 'no-gate' || sabotage === 'told-gate' ? 'passed' : sabotage === 'shut-gate' ? 'refused' : 'gate'
  return [
    { id: 'tab', type: 'tab', label: 'chaos', disabled: false },
    pairNode('pair', {
      links,
      policy: '${POLICY}',
      witness: { host: THIRD_ADDRESS, port: WITNESS_PORT },
      healthPath: HEALTH_PATH,
      heartbeat: HEARTBEAT_MS,
      peerTimeout: '${PEER_TIMEOUT}',
      stallLimit: 5000
    }),
    {
      id: 'feed',
      ...PLACE,
      type: 'tcp in',
      server: 'server',
      host: '',
      port: String(FEED_PORT),
      datamode: 'stream',
      datatype: 'utf8',
      newline: '\n',
      topic: '',
      trim: false,
      base64: false,
      tls: '',
      wires: [['arrived']]
    },
    func('arrived', `msg.beforeUs = global.get('nowUs')()\nreturn msg`, [[afterArrival]]),
    {
      id: 'gate',
      ...PLACE,
      type: 'ha-pair-gate',
      name: '',
      pair: 'pair',
      whenClosed: 'second-output',
      wires: [['passed'], ['refused']]
    },
    func('passed', `global.get('passed')(msg.payload, msg.pair, msg.beforeUs)\n${writes(sabotage)}`, [[]]),
    func(
      'refused',
      `global.get('refused')(msg.payload, msg.beforeUs)\nif (global.get('looks')()) global.get('saw')(${SEEN})`,
      [[]]
    ),
    { id: 'copy-in', ...PLACE, type: 'http in', method: 'get', url: '/copy', wires: [['copy']] },
    func('copy', `msg.payload = ${SEEN}\nglobal.get('saw')(msg.payload)\nreturn msg`, [['answer']]),
    { id: 'bulk-in', ...PLACE, type: 'http in', method: 'post', url: '/bulk', wires: [['bulk-gate']] },
    {
      id: 'bulk-gate',
      ...PLACE,
      type: 'ha-pair-gate',
      name: '',
      pair: 'pair',
      whenClosed: 'second-output',
      wires: [['bulk'], ['answer']]
    },
    func(
      'bulk',
      `const token = flow.get('last.token', 'pair')
for (let at = 0; at < ${BULKS}; at++) {
  flow.set('bulk' + at, msg.payload.wanted ? { token, filler: 'x'.repeat(${BULK_CHARS}) } : undefined, 'pair')
}
return msg`,
      [['answer']]
    ),
    stateNode('state', 'pair', [[], [], ['told']]),
    func('told', `global.get('told')(msg.payload, msg.pair)`, [[]]),
    { id: 'ask', ...PLACE, type: 'http in', method: 'post', url: '/designate', wires: [['designate']] },
    {
      id: 'designate',
      ...PLACE,
      type: 'ha-pair-designate',
      name: '',
      pair: 'pair',
      command: 'payload',
      wires: [['done']]
    },
    func('done', sabotage === 'mute-operator' ? '' : 'msg.payload = { role: msg.payload }\nreturn msg', [['answer']]),
    { id: 'catch', ...PLACE, type: 'catch', scope: ['designate'], uncaught: false, wires: [['refusal']] },
    func(
      'refusal',
      sabotage === 'mute-operator'
        ? ''
        : 'msg.statusCode = 409\nmsg.payload = { error: msg.error.message, code: msg.error.code }\nreturn msg',
      [['answer']]
    ),
    { id: 'answer', ...PLACE, type: 'http response', statusCode: '', headers: {}, wires: [] }
  ]
}

const MESSAGES_A_WRITE = 2
const MESSAGES_A_LOOK = 20
const FLUSH_S = 1
/** A refused message that had waited longer than this proves that messages were queued at the gate. */
const QUEUED_US = 100_000

/**
 * `settings.js`. The pen appends whole lines to one file that both sides share: the kernel puts them in order, they survive a
 * kill -9, and writing one takes some ten microseconds. Lines: ["p", side, epoch, before, after, waited], ["q", side, waited],
 * ["e", side, at, event, reason, role, epoch, detail], and of the store ["w", side, life, epoch, at, turn, last, before] for each second
 * message that passes, ["r", side, life, at, seen] ten times a second where they do not, and when somebody asks.
 */
export function settingsFile(side: string, address: string, historyFile: string, sabotage: Sabotage | null): string {
  const settings = {
    uiHost: address,
    uiPort: EDITOR_PORT,
    httpAdminRoot: '/admin',
    flowFile: 'flows.json',
    credentialSecret: false,
    lang: 'en-US',
    nodesExcludes: heavyBut('31-tcpin.js'),
    runtimeSyncDelivery: true,
    telemetry: { enabled: false, updateNotification: false },
    externalModules: { autoInstall: false, palette: { allowInstall: false, allowUpload: false } },
    editorTheme: { tours: false },
    logging: { console: { level: 'info', metrics: false, audit: false } }
  }
  return `process.on('disconnect', () => process.exit(1))
const { openSync, writeSync } = require('fs')
const side = ${JSON.stringify(side)}
const sabotage = ${JSON.stringify(sabotage)}
const pen = openSync(${JSON.stringify(historyFile)}, 'a')
const nowUs = () => Number(process.hrtime.bigint() / 1000n)
const write = (...line) => writeSync(pen, JSON.stringify(line) + '\\n')
const hoard = []
let told = { epoch: 0, role: 'initial' }
const passed = (payload, pair, beforeUs) => {
  if (sabotage === 'told-gate' && told.role !== 'active') return
  const epoch = sabotage === 'old-epoch' ? 1 : (pair || told).epoch
  write('p', side, epoch, beforeUs, nowUs(), beforeUs - Number(payload))
  if (sabotage === 'hoard-memory') hoard.push(Buffer.alloc(50000, 1))
}
const refused = (payload, beforeUs) => {
  const waitedUs = beforeUs - Number(payload)
  if (waitedUs > ${QUEUED_US}) write('q', side, waitedUs)
}
const say = (event, pair) => {
  told = pair
  write('e', side, nowUs(), event.event, event.reason, pair.role, pair.epoch, event.detail)
  if (sabotage === 'leak-sockets') require('dgram').createSocket('udp4').bind(0)
}
const life = nowUs().toString(36)
let [messages, serial, turn, turnOpen, looks] = [0, 0, 0, false, 0]
const nextWrite = (last) => {
  if (++messages % ${MESSAGES_A_WRITE} !== 0) return null
  if (!turnOpen) {
    turnOpen = true
    setImmediate(() => {
      turnOpen = false
      turn++
    })
  }
  const token = side + '-' + life + '-' + ++serial
  if (sabotage === 'secret-write' && serial % 100 === 0) return { token: 'secret', n: last.n + 1, before: null }
  return { token, n: (last?.n ?? 0) + 1, before: last?.token ?? null }
}
const wrote = ({ token, n, before }, pair) => {
  if (token !== 'secret') write('w', side, life, pair.epoch, nowUs(), turn, { token, n }, before)
}
const saw = (seen) => write('r', side, life, nowUs(), seen)
module.exports = ${JSON.stringify(settings, null, 2)}
module.exports.contextStorage = {
  default: { module: 'memory' },
  pair: { module: require('@ha-pair/node-red-ha-pair/context'), config: { flushInterval: ${FLUSH_S} } }
}
module.exports.functionGlobalContext = {
  nowUs,
  passed,
  refused,
  told: say,
  nextWrite,
  wrote,
  saw,
  looks: () => ++looks % ${MESSAGES_A_LOOK} === 0
}
`
}
