/** The flow that both sides run, and the settings file that gives it the outside clock and the witness's pen. */
import { type FlowNode, func, pairNode, stateNode } from '../../support/node-red/flow'
import { THIRD_ADDRESS } from '../../support/namespaces/namespaces'
import { LINKS, PAIR_PORT, PEER_NAME } from '../../support/namespaces/network'

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
  'hoard-memory'
] as const
export type Sabotage = (typeof SABOTAGES)[number]

const PLACE = { z: 'tab', x: 100, y: 100 } as const

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
    func('passed', `global.get('passed')(msg.payload, msg.pair, msg.beforeUs)`, [[]]),
    func('refused', `global.get('refused')(msg.payload, msg.beforeUs)`, [[]]),
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

/** A refused message that had waited longer than this proves that messages were queued at the gate. */
const QUEUED_US = 100_000

/**
 * `settings.js`. The pen appends whole lines to one file that both sides share: the kernel puts them in order, they survive a
 * kill -9, and writing one takes some ten microseconds. Lines: ["p", side, epoch, before, after, waited], ["q", side, waited],
 * ["e", side, at, event, reason, role, epoch, detail].
 */
export function settingsFile(side: string, address: string, historyFile: string, sabotage: Sabotage | null): string {
  const settings = {
    uiHost: address,
    uiPort: EDITOR_PORT,
    httpAdminRoot: '/admin',
    flowFile: 'flows.json',
    credentialSecret: false,
    lang: 'en-US',
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
module.exports = ${JSON.stringify(settings, null, 2)}
module.exports.functionGlobalContext = { nowUs, passed, refused, told: say }
`
}
