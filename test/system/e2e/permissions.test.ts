/**
 * Who may see and who may switch, proved against real Node-RED processes with `adminAuth`: over HTTP and over the editor's
 * WebSocket. And that deploys add neither routes nor hints.
 */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { witnessLineOf } from '../../../src/witness/keys'
import { eventually, pause } from '../../support/eventually'
import { KEY, pairNode, stateNode, type FlowNode } from '../../support/node-red/flow'
import { installInto, packInto, removeFolder, scratchFolder } from '../../support/node-red/npm'
import { freePorts } from '../../support/ports'
import { NodeRedProcess, type Answer } from '../../support/node-red/process'
import { nodeRed4, nodeRed5, type NodeRed } from '../../support/node-red/versions'
import { describeInWhole } from '../../support/share'
import { EditorSocket } from '../../support/node-red/editor-socket'

const SET_LIMIT_MS = 120_000
const STORY_LIMIT_MS = 120_000
const PASSWORD = 'of the tests'
const HINT_EVERY_MS = 500

/** By user name. `statusOnly` has what the editor's WebSocket asks for, and nothing of ours. */
const PERMISSIONS: Readonly<Record<string, unknown>> = {
  admin: '*',
  reader: 'read',
  seer: ['ha-pair.read', 'status.read'],
  statusOnly: ['status.read', 'flows.read']
}

interface Listed {
  readonly id: string
  readonly running: { readonly status: { readonly role: string; readonly seq: number } } | null
  readonly events: readonly unknown[]
}

/** Status and code of an answer. */
function codeOf({ status, body }: Answer): [number, unknown] {
  return [status, (body as { code?: unknown } | null)?.code]
}

function hashed(version: NodeRed, password: string): string {
  const bcrypt = createRequire(version.script)('bcryptjs') as { hashSync(text: string, rounds: number): string }
  return bcrypt.hashSync(password, 4)
}

const flows = (note = ''): FlowNode[] => [
  { id: 'tab', type: 'tab', label: 'pair', info: note },
  pairNode('pair', { priority: 100 }),
  stateNode('state', 'pair')
]

function tell(findVersion: () => NodeRed): void {
  let version: NodeRed
  let folder = ''
  let host: NodeRedProcess
  let peer: NodeRedProcess
  const tokens = new Map<string, string>()

  const as = (user: string): Record<string, string> =>
    tokens.has(user) ? { Authorization: `Bearer ${tokens.get(user)}` } : {}
  const see = (user: string): Promise<Answer> => host.get('/admin/ha-pair/pairs', as(user))
  const order = (user: string, body: unknown, headers: Record<string, string> = {}, id = 'pair'): Promise<Answer> =>
    host.post(`/admin/ha-pair/pairs/${id}/designate`, body, { ...as(user), ...headers })
  const witnessKey = (user: string, body: unknown = { key: null }): Promise<Answer> =>
    host.post('/admin/ha-pair/pairs/pair/witness-key', body, as(user))
  const listed = async (): Promise<Listed> => {
    const { pairs } = (await see('admin')).body as { pairs: Listed[] }
    return pairs[0] ?? assert.fail('no pair is listed')
  }
  const role = async (): Promise<string> => (await listed()).running?.status.role ?? 'stopped'

  before(async function () {
    this.timeout(SET_LIMIT_MS)
    version = findVersion()
    folder = scratchFolder('permissions')
    const packageFile = await packInto(folder)
    const users = Object.entries(PERMISSIONS).map(([username, permissions]) => ({
      username,
      password: hashed(version, PASSWORD),
      permissions
    }))
    const [portA, portB] = (await freePorts(2)).map(String) as [string, string]
    const make = async (name: string, local: string, remote: string, settings: object): Promise<NodeRedProcess> => {
      const userDirectory = join(folder, name)
      await installInto(userDirectory, packageFile)
      const environment = { LOCAL_PORT: local, PEER_PORT: remote, PRIORITY: '100' }
      const made = new NodeRedProcess({
        name,
        version,
        userDirectory,
        environment,
        flows: flows(),
        credentials: { pair: { key: KEY } },
        settings: { ...settings }
      })
      await made.start()
      return made
    }
    host = await make('guarded', portA, portB, { adminAuth: { type: 'credentials', users } })
    peer = await make('peer', portB, portA, {})
    for (const username of Object.keys(PERMISSIONS)) {
      const client = { client_id: 'node-red-editor', grant_type: 'password', scope: '' }
      const { body } = await host.post('/admin/auth/token', { ...client, username, password: PASSWORD })
      const { access_token: token } = body as { access_token?: string }
      assert.ok(token, `${username} is logged in: ${JSON.stringify(body)}`)
      tokens.set(username, token)
    }
    await eventually('the pair is whole', 15_000, async () => {
      const now = (await see('admin')).body as { pairs: { running: { status: { online: boolean; role: string } } }[] }
      return now.pairs[0]?.running.status.online === true && now.pairs[0].running.status.role !== 'initial'
    })
  })

  after(async function () {
    this.timeout(SET_LIMIT_MS)
    await Promise.allSettled([host?.stop(), peer?.stop()])
    removeFolder(folder)
  })
  afterEach(function () {
    if (this.currentTest?.isFailed() === true) console.log(host.logTail())
  })

  it('without login: 401 for everything', async () => {
    const before = await role()
    for (const path of ['/admin/ha-pair/pairs', '/admin/ha-pair/catalogue']) {
      assert.equal((await host.get(path)).status, 401, path)
      assert.equal((await host.get(path, { Authorization: 'Bearer made-up' })).status, 401, path)
    }
    assert.equal((await order('nobody', { designate: 'swap' })).status, 401)
    assert.equal((await witnessKey('nobody')).status, 401)
    assert.equal(await role(), before)
  })

  it('without ha-pair.read: 401, also with other rights to read', async () => {
    assert.equal((await see('statusOnly')).status, 401)
    assert.equal((await host.get('/admin/flows', as('statusOnly'))).status, 200, 'the login itself is good')
  })

  it('a reader sees, and cannot switch', async () => {
    const before = await role()
    for (const user of ['reader', 'seer']) {
      const { status, body } = await see(user)
      assert.equal(status, 200)
      assert.equal((body as { pairs: Listed[] }).pairs[0]?.id, 'pair')
      assert.equal((await host.get('/admin/ha-pair/catalogue', as(user))).status, 200)
      for (const force of [false, true])
        assert.equal((await order(user, { designate: 'swap', force })).status, 401, user)
      assert.equal((await witnessKey(user)).status, 401, user)
    }
    assert.equal(await role(), before)
  })

  it('an admin sees the witness key of the stored key, and of one that is typed; nobody asks for more', async () => {
    assert.deepEqual((await witnessKey('admin')).body, witnessLineOf(KEY))
    assert.deepEqual((await witnessKey('admin', { key: 'typed' })).body, witnessLineOf('typed'))
    assert.deepEqual(codeOf(await witnessKey('admin', { key: 7 })), [400, 'unknown-command'])
    assert.deepEqual(codeOf(await witnessKey('admin', { key: null, previousKey: null })), [400, 'unknown-command'])
    assert.deepEqual(codeOf(await witnessKey('admin', { key: '' })), [404, 'unknown-pair'])
  })

  it('an admin switches, and is told the role', async () => {
    const becomes = (await role()) === 'active' ? 'standby' : 'active'
    const { status, body } = await order('admin', { designate: becomes })
    assert.deepEqual([status, (body as { role: string }).role], [200, becomes])
    assert.equal(await role(), becomes)
  }).timeout(STORY_LIMIT_MS)

  it('refuses an order that is none, with a code, and nothing happens', async () => {
    const before = await listed()
    const bad: readonly (readonly [unknown, number, string])[] = [
      [{ designate: 'boss' }, 400, 'unknown-command'],
      [{}, 400, 'unknown-command'],
      [[], 400, 'unknown-command'],
      [{ designate: 'swap', force: 'no' }, 400, 'unknown-command'],
      [{ designate: 'swap', also: 'this' }, 400, 'unknown-command'],
      [{ designate: 'x'.repeat(2000) }, 413, 'too-large']
    ]
    for (const [body, status, code] of bad) {
      assert.deepEqual(codeOf(await order('admin', body)), [status, code], JSON.stringify(body).slice(0, 60))
    }
    assert.deepEqual(codeOf(await order('admin', { designate: 'swap' }, {}, 'no-such')), [404, 'unknown-pair'])
    assert.deepEqual((await listed()).running?.status.role, before.running?.status.role)
  })

  it('takes no order that a page of another site can make a browser send', async () => {
    const before = await role()
    const url = host.url('/admin/ha-pair/pairs/pair/designate')
    for (const [type, body] of [
      ['application/x-www-form-urlencoded', 'designate=swap'],
      ['text/plain', '{"designate":"swap"}'],
      [
        'multipart/form-data; boundary=x',
        '--x\r\nContent-Disposition: form-data; name="designate"\r\n\r\nswap\r\n--x--'
      ]
    ] as const) {
      const response = await fetch(url, { method: 'POST', headers: { ...as('admin'), 'Content-Type': type }, body })
      assert.equal(response.status, 415, type)
    }
    assert.equal((await fetch(url, { method: 'POST', headers: as('admin') })).status, 415, 'no body')
    assert.equal(await role(), before)
  })

  it('a page of another site cannot send JSON either, with or without adminAuth', async () => {
    const [own, evil] = [new URL(peer.url('')).host, 'evil.example']
    const browser = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0' }
    const refused: readonly Record<string, string>[] = [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'none' },
      { Origin: `http://${evil}` },
      { Origin: 'null' },
      { Origin: 'http://127.0.0.1:1' },
      { Origin: `http://${evil}`, 'Sec-Fetch-Site': 'cross-site' },
      // What a page may set, with Node-RED's consent.
      { Origin: `http://${evil}`, 'X-Forwarded-Host': evil },
      { Origin: `http://${evil}`, Authorization: 'Bearer made-up' },
      { ...browser },
      { Referer: `http://${evil}/` },
      { Cookie: 'a=b' }
    ]
    // From the editor itself, and from what is no browser, the order is read: here it is a bad one.
    const read: readonly Record<string, string>[] = [
      {},
      { 'User-Agent': 'curl/8.5.0' },
      { ...browser, Origin: `http://${own}` },
      { ...browser, Origin: `https://${own}` },
      { ...browser, 'Sec-Fetch-Site': 'same-origin', Origin: 'http://name-that-a-proxy-changed' }
    ]
    const path = '/admin/ha-pair/pairs/pair/designate'
    for (const headers of refused) {
      const answer = await peer.post(path, { designate: 'nonsense' }, headers)
      assert.deepEqual(codeOf(answer), [403, 'other-site'], JSON.stringify(headers))
    }
    for (const headers of read) {
      const answer = await peer.post(path, { designate: 'nonsense' }, headers)
      assert.deepEqual(codeOf(answer), [400, 'unknown-command'], JSON.stringify(headers))
    }
    const before = await role()
    assert.deepEqual(codeOf(await order('admin', { designate: 'swap' }, { Origin: `http://${evil}` })), [
      403,
      'other-site'
    ])
    assert.deepEqual(
      codeOf(await order('admin', { designate: 'boss' })),
      [400, 'unknown-command'],
      'a script with a token'
    )
    assert.equal(await role(), before)
  })

  it('gives away no key and no password', async () => {
    const { body } = await see('reader')
    assert.doesNotMatch(JSON.stringify(body), new RegExp(`${KEY}|previousKey|password|token`, 'i'))
  })

  it('over the WebSocket: nothing without login, and with login a hint that says nothing', async () => {
    const stranger = await EditorSocket.open(version, host)
    const onlooker = await EditorSocket.open(version, host, tokens.get('statusOnly'))
    const reader = await EditorSocket.open(version, host, tokens.get('reader'))
    for (const socket of [stranger, onlooker, reader]) socket.subscribe('ha-pair/#')
    try {
      await eventually('the stranger is turned away', 20_000, () => stranger.closed)
      const becomes = (await role()) === 'active' ? 'standby' : 'active'
      assert.equal((await order('admin', { designate: becomes })).status, 200)
      await eventually(
        'both are told',
        5000,
        () => reader.about('ha-pair').length > 0 && onlooker.about('ha-pair').length > 0
      )
      for (const { topic, data } of [...reader.about('ha-pair'), ...onlooker.about('ha-pair')]) {
        assert.equal(topic, 'ha-pair/changed')
        assert.deepEqual(Object.keys(data as object), ['n'])
      }
      assert.deepEqual(stranger.about(''), [])
    } finally {
      for (const socket of [stranger, onlooker, reader]) socket.close()
    }
  }).timeout(STORY_LIMIT_MS)

  it('after twenty full deploys: one answer, one hint at a time, one history', async () => {
    const socket = await EditorSocket.open(version, host, tokens.get('admin'))
    try {
      const before = await listed()
      for (let i = 0; i < 20; i++) {
        const answer = await host.post(
          '/admin/flows',
          { flows: flows(`deploy ${i}`) },
          {
            ...as('admin'),
            'Node-RED-API-Version': 'v2',
            'Node-RED-Deployment-Type': 'full'
          }
        )
        assert.equal(answer.status, 200, JSON.stringify(answer.body))
      }
      const after = await eventually('it runs as before', 20_000, async () => {
        const now = await listed()
        return now.running === null ? null : now
      })
      assert.deepEqual(after.events.slice(0, before.events.length), before.events)
      assert.equal(after.running?.status.seq, before.running?.status.seq, 'nothing happened to the pair')

      socket.forget()
      const from = performance.now()
      const becomes = (await role()) === 'active' ? 'standby' : 'active'
      assert.equal((await order('admin', { designate: becomes })).status, 200)
      await eventually('hints stop', 20_000, async () => {
        const count = socket.about('ha-pair').length
        await pause(2 * HINT_EVERY_MS)
        return count > 0 && socket.about('ha-pair').length === count
      })
      const hints = socket.about('ha-pair').map(({ data }) => (data as { n: number }).n)
      const allowed = 2 + Math.ceil((performance.now() - from) / HINT_EVERY_MS)
      assert.ok(hints.length <= allowed, `${hints.length} hints, at most ${allowed} were allowed`)
      assert.deepEqual(hints, [...new Set(hints)], 'each hint came once')
      const news = (await listed()).events.slice(before.events.length)
      const roles = news.filter((event) => (event as { event: string }).event === 'role')
      assert.equal(roles.length, 1, 'one change of role is one event')
    } finally {
      socket.close()
    }
  }).timeout(STORY_LIMIT_MS)

  it('a pair whose settings are wrong is listed, with the reason, and takes no orders', async () => {
    const wrong = flows().map((node) => (node.id === 'pair' ? { ...node, priority: '300' } : node))
    const headers = { ...as('admin'), 'Node-RED-API-Version': 'v2', 'Node-RED-Deployment-Type': 'full' }
    assert.equal((await host.post('/admin/flows', { flows: wrong }, headers)).status, 200)
    const { pairs } = (await eventually('it is stopped', 20_000, async () => {
      const { body } = await see('reader')
      return (body as { pairs: Listed[] }).pairs[0]?.running === null && body
    })) as { pairs: (Listed & { problems: { field: string; code: string }[] })[] }
    assert.deepEqual(
      pairs[0]?.problems.map(({ field, code }) => [field, code]),
      [['priority', 'range']]
    )
    assert.ok((pairs[0]?.events.length ?? 0) > 0, 'what happened before is still told')
    assert.deepEqual(codeOf(await order('admin', { designate: 'active' })), [404, 'unknown-pair'])
  }).timeout(STORY_LIMIT_MS)
}

describeInWhole('who may see and who may switch, on Node-RED 4', () => tell(nodeRed4))
describe('who may see and who may switch, on Node-RED 5', () => tell(nodeRed5))
