/**
 * The flows under test, in the shape of a flow file. One and the same file serves both hosts: addresses come from the
 * environment. Whatever happens goes as lines of JSON into a diary file, which survives a kill -9 of its writer.
 */

export interface FlowNode {
  readonly id: string
  readonly type: string
  readonly [property: string]: unknown
}

export const HEARTBEAT_MS = 100
export const PEER_TIMEOUT_MS = 1500
export const PAIR_NAME = 'line 1'
/** Strong, so that nothing is warned of; whoever deploys a pair by itself gives it as the pair's credential. */
export const KEY = 'f7yTq0Zs-2mWc9Rk_4dLxE8v'
const TAB = 'tab'
/** A node with a place on a tab: without one Node-RED takes it for a config node. */
const PLACE = { z: TAB, x: 100, y: 100 } as const

/** A line of the diary. */
export interface Entry {
  readonly what: 'role' | 'online' | 'event' | 'done' | 'refused'
  /** ms since 1970. */
  readonly at: number
  readonly topic: unknown
  readonly payload: unknown
  readonly pair: unknown
}

export function pairNode(id: string, settings: Readonly<Record<string, unknown>> = {}): FlowNode {
  return {
    id,
    type: 'ha-pair',
    name: PAIR_NAME,
    links: [{ peerHost: '127.0.0.1', peerPort: '${PEER_PORT}', localHost: '127.0.0.1', localPort: '${LOCAL_PORT}' }],
    wire: 'extended',
    auth: 'key',
    policy: 'availability',
    priority: '${PRIORITY}',
    failback: false,
    failbackDelay: 30000,
    heartbeat: HEARTBEAT_MS,
    peerTimeout: String(PEER_TIMEOUT_MS),
    receiptTimeout: 10000,
    lossLimit: 5,
    stallLimit: 10000,
    ...settings
  }
}

export function stateNode(id: string, pair: string, wires: readonly string[][] = [[], [], []]): FlowNode {
  return { id, ...PLACE, type: 'ha-pair-state', name: '', pair, initial: true, frames: false, wires }
}

export const func = (id: string, code: string, wires: readonly string[][]): FlowNode => ({
  id,
  ...PLACE,
  type: 'function',
  func: code,
  outputs: wires.length,
  libs: [],
  wires
})

/** Writes the message into the diary. */
const note = (what: Entry['what']): FlowNode =>
  func(
    `note-${what}`,
    `msg.payload = JSON.stringify({ what: '${what}', at: Date.now(), topic: msg.topic, payload: msg.payload, pair: msg.pair })
return msg`,
    [['diary']]
  )

/** Of the pair with the id `pair`. */
export const gate = (id: string, wires: readonly string[][], whenClosed = 'second-output'): FlowNode => ({
  id,
  ...PLACE,
  type: 'ha-pair-gate',
  name: '',
  pair: 'pair',
  whenClosed,
  wires
})

const httpIn = (id: string, method: string, url: string, wires: readonly string[][]): FlowNode => ({
  id,
  ...PLACE,
  type: 'http in',
  method,
  url,
  wires
})

/** For stories that are not about work: it costs a third of what a running pair does. */
export const RARELY_S = 1

/**
 * A pair with all its nodes:
 * - what it says goes into the diary;
 * - a work item every `workEveryS` goes to a gate, and to the diary as done or refused;
 * - POST /designate: the command in the body, answered with the role or, through a Catch node, with 409 and the error;
 * - GET /gate: whether a message passes right now.
 */
export function pairFlow(settings: Readonly<Record<string, unknown>> = {}, workEveryS = 0.05): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'pair', disabled: false },
    pairNode('pair', settings),
    stateNode('state', 'pair', [['note-role'], ['note-online'], ['note-event']]),
    note('role'),
    note('online'),
    note('event'),
    note('done'),
    note('refused'),
    {
      id: 'diary',
      ...PLACE,
      type: 'file',
      filename: '${DIARY}',
      filenameType: 'str',
      appendNewline: true,
      createDir: false,
      overwriteFile: 'false',
      encoding: 'utf8',
      wires: [[]]
    },
    {
      id: 'work',
      ...PLACE,
      type: 'inject',
      props: [{ p: 'payload' }],
      repeat: String(workEveryS),
      once: false,
      payload: '',
      payloadType: 'date',
      wires: [['work-gate']]
    },
    gate('work-gate', [['note-done'], ['note-refused']]),
    httpIn('designate-in', 'post', '/designate', [['designate']]),
    {
      id: 'designate',
      ...PLACE,
      type: 'ha-pair-designate',
      name: '',
      pair: 'pair',
      command: 'payload',
      wires: [['designated']]
    },
    func('designated', 'msg.payload = { role: msg.payload, pair: msg.pair }\nreturn msg', [['answer']]),
    { id: 'catch', ...PLACE, type: 'catch', scope: ['designate'], uncaught: false, wires: [['refusal']] },
    func('refusal', 'msg.statusCode = 409\nmsg.payload = { error: msg.error.message }\nreturn msg', [['answer']]),
    httpIn('gate-in', 'get', '/gate', [['ask-gate']]),
    gate('ask-gate', [['gate-open'], ['gate-closed']]),
    func('gate-open', 'msg.payload = { open: true, pair: msg.pair }\nreturn msg', [['answer']]),
    func('gate-closed', 'msg.payload = { open: false }\nreturn msg', [['answer']]),
    { id: 'answer', ...PLACE, type: 'http response', statusCode: '', headers: {}, wires: [] }
  ]
}
