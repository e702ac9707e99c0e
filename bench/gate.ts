/** What the gate costs: messages a second through `ha-pair-gate`, beside a core switch node in the same flow. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { func, gate, pairNode } from '../test/support/node-red/flow'
import { plainEnvironment } from '../test/support/node-red/npm'
import { freePort, freePorts } from '../test/support/ports'
import { nodeRed4 } from '../test/support/node-red/versions'
import { ROOT } from '../test/support/root'
import { startChild } from './children'
import type { Row } from './tools/row'
import { summarize } from './tools/statistics'

const BATCH = 20_000
const WARM_UP = 3
const LIMIT_MS = 120_000
const BAR = 0.9

/** The laps of each lane, messages a second. */
type Laps = Readonly<Record<'gate' | 'switch', readonly number[]>>

/** `runner` sends a batch down one lane, then one down the other; each lane ends in a counter. */
function flows(ports: readonly [number, number]): unknown[] {
  const place = { z: 'tab', x: 100, y: 100 } as const
  const link = { peerHost: '127.0.0.1', peerPort: ports[1], localHost: '127.0.0.1', localPort: ports[0] }
  return [
    { id: 'tab', type: 'tab', label: 'bench', disabled: false },
    pairNode('pair', { links: [link], auth: 'none', priority: 100, heartbeat: 100, peerTimeout: 300 }),
    {
      id: 'state',
      ...place,
      type: 'ha-pair-state',
      pair: 'pair',
      initial: true,
      frames: false,
      wires: [['ready'], [], []]
    },
    func('ready', `if (msg.payload === 'active') return msg`, [['runner']]),
    func(
      'runner',
      `global.get('run')((lane) => node.send(lane === 'gate' ? [{ payload: 1 }, null] : [null, { payload: 1 }]))`,
      [['gate'], ['switch']]
    ),
    gate('gate', [['count-gate'], []], 'drop'),
    {
      id: 'switch',
      ...place,
      type: 'switch',
      property: 'payload',
      propertyType: 'msg',
      rules: [{ t: 'eq', v: '1', vt: 'num' }],
      checkall: 'true',
      repair: false,
      outputs: 1,
      wires: [['count-switch']]
    },
    func('count-gate', `global.get('count')()`, [[]]),
    func('count-switch', `global.get('count')()`, [[]])
  ]
}

const settings = (port: number, laps: number): string => `process.on('disconnect', () => process.exit(1))
const laps = { gate: [], switch: [] }
let left = 0
let done = () => {}
const count = () => { if (--left === 0) done() }
const lap = (lane, send) => new Promise((resolve) => {
  const startedAt = process.hrtime.bigint()
  left = ${BATCH}
  done = () => resolve(${BATCH} / (Number(process.hrtime.bigint() - startedAt) / 1e9))
  for (let i = 0; i < ${BATCH}; i++) send(lane)
})
const run = async (send) => {
  for (let i = 0; i < ${laps + WARM_UP}; i++) {
    for (const lane of i % 2 === 0 ? ['gate', 'switch'] : ['switch', 'gate']) {
      const perSecond = await lap(lane, send)
      if (i >= ${WARM_UP}) laps[lane].push(perSecond)
    }
  }
  process.send(laps)
}
module.exports = {
  uiHost: '127.0.0.1', uiPort: ${port}, httpAdminRoot: false, flowFile: 'flows.json', credentialSecret: false,
  telemetry: { enabled: false, updateNotification: false }, logging: { console: { level: 'off' } },
  functionGlobalContext: { run, count }
}
`

async function measure(laps: number): Promise<Laps> {
  const folder = mkdtempSync(join(tmpdir(), 'ha-pair-bench-'))
  try {
    const link = join(folder, 'node_modules', '@ha-pair', 'node-red-ha-pair')
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(ROOT, link, 'junction')
    const ports = (await freePorts(2)) as [number, number]
    writeFileSync(join(folder, 'flows.json'), JSON.stringify(flows(ports)))
    writeFileSync(join(folder, 'settings.js'), settings(await freePort(), laps))
    const { nodeBinary, script } = nodeRed4()
    const child = startChild(nodeBinary, [script, '--userDir', folder, '--settings', join(folder, 'settings.js')], {
      cwd: folder,
      env: plainEnvironment(),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc']
    })
    try {
      return await new Promise<Laps>((resolve, reject) => {
        const limit = setTimeout(() => reject(new Error('the gate row did not end in time')), LIMIT_MS)
        child.once('message', (message) => {
          clearTimeout(limit)
          resolve(message as Laps)
        })
        child.once('exit', () => reject(new Error('Node-RED ended')))
      })
    } finally {
      child.kill('SIGKILL')
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const GATE_ROW: Row = {
  name: 'gate',
  title: 'Gate throughput beside a core switch node',
  how: `One Node-RED process, one flow, two lanes: function, then gate or switch, then function. Batches of ${BATCH} messages down each lane in turn, the order changing.`,
  minutes: 1,
  whyNotHere: () => null,
  async run({ quick, progress }) {
    const laps = await measure(quick ? 5 : 30)
    const [ours, theirs] = [summarize(laps.gate), summarize(laps.switch)]
    const ratio = ours.median / theirs.median
    progress(`gate ${Math.round(ours.median)}/s, switch ${Math.round(theirs.median)}/s`)
    return {
      series: [
        { who: 'ha-pair-gate', unit: 'messages/s', values: laps.gate },
        { who: 'switch', unit: 'messages/s', values: laps.switch }
      ],
      verdicts: [{ bar: `>= ${BAR} x a switch node`, measured: `${ratio.toFixed(2)} x`, met: ratio >= BAR }],
      notes: []
    }
  }
}
