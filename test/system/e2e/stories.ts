/**
 * What an integrator does with a pair, on real Node-RED processes with the package installed from `npm pack`'s file.
 * The stories of one version run in order on the same two hosts; each begins by making sure that the pair is whole.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PairStatus } from '../../../src/host/pair'
import { fieldText } from '../../../src/host/texts/problems'
import { REASON_BYTES } from '../../../src/protocol/reasons'
import { Badges } from '../../support/node-red/badges'
import { eventually, pause } from '../../support/eventually'
import { exampleNames } from '../../support/examples/files'
import {
  type Entry,
  type FlowNode,
  HEARTBEAT_MS,
  KEY,
  PAIR_NAME,
  pairFlow,
  pairNode,
  PEER_TIMEOUT_MS,
  stateNode
} from '../../support/node-red/flow'
import { installInto, packInto, removeFolder, scratchFolder } from '../../support/node-red/npm'
import { freePort, freePorts, holdUdpPort, release } from '../../support/ports'
import { type Answer, type DeployType, NodeRedProcess } from '../../support/node-red/process'
import { eventsIn, lastSaid, type PairEventPayload, roleTaken, TwoHosts } from '../../support/node-red/two-hosts'
import { type NodeRed } from '../../support/node-red/versions'
import { share } from '../../support/share'
import { ROOT } from '../../support/root'

const PACKAGE = '@ha-pair/node-red-ha-pair'
const NODES = [
  'ha-pair',
  'ha-pair-state',
  'ha-pair-designate',
  'ha-pair-gate',
  'ha-pair-health',
  'ha-pair-sync',
  'ha-pair-witness'
]
/** Two processes share two cores with the tests: what the pair decides in time may be seen a little later. */
const MARGIN_MS = 10_000
const STORY_LIMIT_MS = 120_000
const DEPLOYS = share(15, 50)

const done = (entries: readonly Entry[]): Entry[] => entries.filter(({ what }) => what === 'done')
const refused = (entries: readonly Entry[]): Entry[] => entries.filter(({ what }) => what === 'refused')
const roles = (entries: readonly Entry[]): unknown[] =>
  entries.filter(({ what }) => what === 'role').map(({ payload }) => payload)
/** The first change of role after `mark`, as a numbered event. */
const roleEvent = (host: NodeRedProcess, mark: number): Promise<PairEventPayload> =>
  eventually(`${host.name} tells its change of role`, MARGIN_MS, () =>
    eventsIn(host.diary(mark)).find(({ event }) => event === 'role')
  )
const roleChanges = (entries: readonly Entry[]): unknown[] => eventsIn(entries).filter(({ event }) => event === 'role')

const designate = (host: NodeRedProcess, command: unknown): Promise<Answer> =>
  host.post('/designate', { designate: command })

interface GateAnswer {
  readonly open: boolean
  readonly pair?: unknown
}
/** Whether a gate of this side passes a message right now. */
const gateOf = async (host: NodeRedProcess): Promise<GateAnswer> => (await host.get('/gate')).body as GateAnswer

const usesPair = ({ type }: FlowNode): boolean => type.startsWith('ha-pair')

/** The flow with something changed that has nothing to do with the pair. */
const EXAMPLES_MENU = `/admin/library/examples/flows/${PACKAGE}/`

/** Paths in the import menu below this folder, '' or with a slash at its end: folders are listed by name, examples with more. */
async function examplesIn(host: NodeRedProcess, folder: string): Promise<string[]> {
  const listed = (await host.get(`${EXAMPLES_MENU}${encodeURI(folder)}`)).body as (string | { readonly fn: string })[]
  const below = listed.map((entry) =>
    typeof entry === 'string' ? examplesIn(host, `${folder}${entry}/`) : Promise.resolve([`${folder}${entry.fn}`])
  )
  return (await Promise.all(below)).flat()
}

function withNewComment(flows: readonly FlowNode[], text: string): FlowNode[] {
  return flows.map((node) => (node.id === 'designated' ? { ...node, name: text } : node))
}

export function tellStories(findVersion: () => NodeRed): void {
  let version: NodeRed
  let folder = ''
  let packageFile = ''
  let hosts: TwoHosts
  const watched: NodeRedProcess[] = []

  before(async function () {
    this.timeout(STORY_LIMIT_MS)
    version = findVersion()
    console.log(`# ${version.name}`)
    folder = scratchFolder('pair')
    packageFile = await packInto(folder)
    hosts = await TwoHosts.install(version, packageFile, folder)
    watched.push(hosts.a, hosts.b)
  })

  after(async function () {
    this.timeout(STORY_LIMIT_MS)
    await Promise.allSettled(watched.map((nodeRed) => nodeRed.stop()))
    removeFolder(folder)
  })

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(watched.map((nodeRed) => nodeRed.logTail()).join('\n'))
  })

  /** A story on the two hosts, with one Active and the other Standby at its beginning. */
  function story(title: string, tell: (active: NodeRedProcess, standby: NodeRedProcess) => Promise<void>): void {
    it(title, async function () {
      this.timeout(STORY_LIMIT_MS)
      const { active, standby } = await hosts.form()
      await tell(active, standby)
    })
  }

  describe('a pair from one flow file', () => {
    story(
      'forms: one Active and serving, one Standby, sealed with the key from the environment',
      async (active, standby) => {
        const served = lastSaid(active.diary()).status
        assert.equal(served?.name, PAIR_NAME)
        assert.equal(served.authenticated, true)
        assert.equal(served.policy, 'availability')
        assert.equal(served.wire, 'extended')
        assert.deepEqual(await gateOf(active), { open: true, pair: { name: PAIR_NAME, epoch: served.epoch } })
        assert.deepEqual(await gateOf(standby), { open: false })
        assert.equal(lastSaid(standby.diary()).status?.peer?.role, 'active')
      }
    )

    story('tells its events numbered without a gap', async (active, standby) => {
      for (const host of [active, standby]) {
        const numbers = eventsIn(host.diary()).map(({ seq }) => seq)
        assert.ok(numbers.length > 0)
        assert.deepEqual(
          numbers,
          Array.from(numbers, (_, index) => (numbers[0] ?? 0) + index)
        )
        for (const { reason } of eventsIn(host.diary())) assert.ok(reason in REASON_BYTES, `unknown reason ${reason}`)
      }
    })

    story('changes over on a message, without a moment of two', async (active, standby) => {
      await eventually('the old Active works', MARGIN_MS, () => done(active.diary()).length > 3)
      const marks = [active.diaryMark(), standby.diaryMark()] as const
      const before = lastSaid(active.diary()).status?.epoch ?? 0
      const { status, body } = await designate(active, 'swap')
      assert.equal(status, 200, JSON.stringify(body))
      assert.equal((body as { role: unknown }).role, 'standby')
      await roleTaken(active, 'standby', marks[0], MARGIN_MS)
      await roleTaken(standby, 'active', marks[1], MARGIN_MS)
      assert.ok((lastSaid(standby.diary()).status?.epoch ?? 0) > before, 'the epoch did not grow')
      await eventually('the new Active works', MARGIN_MS, () => done(standby.diary(marks[1])).length > 3)
      const lastOfOld = done(active.diary()).at(-1)?.at ?? 0
      const firstOfNew = done(standby.diary(marks[1]))[0]?.at ?? 0
      assert.ok(firstOfNew >= lastOfOld, `the new Active began ${lastOfOld - firstOfNew} ms too early`)
      assert.ok(firstOfNew - lastOfOld < PEER_TIMEOUT_MS, `nobody worked for ${firstOfNew - lastOfOld} ms`)
    })

    story('also on the word of the Standby, and a word that already holds changes nothing', async (active, standby) => {
      const before = [active.diaryMark(), standby.diaryMark()] as const
      const { status, body } = await designate(standby, 'active')
      assert.equal(status, 200, JSON.stringify(body))
      assert.equal((body as { role: unknown }).role, 'active')
      await roleTaken(active, 'standby', before[0], MARGIN_MS)
      await roleTaken(standby, 'active', before[1], MARGIN_MS)
      const marks = [active.diaryMark(), standby.diaryMark()] as const
      assert.deepEqual((await designate(standby, 'active')).status, 200)
      assert.deepEqual((await designate(active, 'standby')).status, 200)
      assert.deepEqual([...roles(active.diary(marks[0])), ...roles(standby.diary(marks[1]))], [])
    })

    story('answers an unknown command with an error for Catch nodes, and the roles stay', async (active, standby) => {
      const marks = [active.diaryMark(), standby.diaryMark()] as const
      const { status, body } = await designate(active, 'sideways')
      assert.equal(status, 409)
      assert.match((body as { error: string }).error, /sideways/)
      assert.deepEqual([...roles(active.diary(marks[0])), ...roles(standby.diary(marks[1]))], [])
      assert.equal((await gateOf(active)).open, true)
    })

    story('survives kill -9 of the Active, who comes back as Standby', async (active, standby) => {
      const mark = standby.diaryMark()
      const epoch = lastSaid(standby.diary()).status?.epoch ?? 0
      const killedAt = Date.now()
      await active.kill()
      const taken = await roleTaken(standby, 'active', mark, PEER_TIMEOUT_MS + MARGIN_MS)
      console.log(`# taken over ${taken.at - killedAt} ms after kill -9`)
      const { reason } = await roleEvent(standby, mark)
      assert.ok(reason === 'peer-crashed' || reason === 'lost-connection', reason)
      assert.ok((lastSaid(standby.diary()).status?.epoch ?? 0) > epoch)
      assert.equal((await gateOf(standby)).open, true)
      await eventually(
        'the survivor says that its peer is offline',
        PEER_TIMEOUT_MS + MARGIN_MS,
        () => lastSaid(standby.diary(mark)).online === false
      )

      const [survivorMark, returnMark] = [standby.diaryMark(), active.diaryMark()]
      const formed = await hosts.form()
      assert.equal(formed.active, standby)
      assert.ok(!roles(active.diary(returnMark)).includes('active'), 'the returned side was Active for a while')
      assert.deepEqual(roleChanges(standby.diary(survivorMark)), [])
      assert.deepEqual(refused(standby.diary(survivorMark)), [])
    })

    story('takes over at once when the Active is stopped in order', async (active, standby) => {
      const mark = standby.diaryMark()
      const [taken, { code, tookMs }] = await Promise.all([
        roleTaken(standby, 'active', mark, PEER_TIMEOUT_MS + MARGIN_MS),
        active.stop()
      ])
      assert.equal(code, 0)
      assert.ok(tookMs < 10_000, `stopping took ${tookMs} ms`)
      assert.equal((await roleEvent(standby, mark)).reason, 'peer-left')
      const lastWork = done(active.diary()).at(-1)?.at ?? 0
      assert.ok(taken.at - lastWork < PEER_TIMEOUT_MS, `the gap was ${taken.at - lastWork} ms`)
      const formed = await hosts.form()
      assert.equal(formed.active, standby)
    })
  })

  describe('a deploy is not a failure', () => {
    const kinds: readonly [DeployType, string, (flows: FlowNode[]) => FlowNode[]][] = [
      ['full', 'without a change', (flows) => flows],
      ['nodes', 'of a changed neighbour', (flows) => withNewComment(flows, `renamed ${Date.now()}`)],
      [
        'nodes',
        'of a changed gate',
        (flows) => flows.map((node) => (node.id === 'work-gate' ? { ...node, name: `gate ${Date.now()}` } : node))
      ],
      ['flows', 'of a changed flow', (flows) => withNewComment(flows, `renamed ${Date.now()}`)],
      ['reload', 'from the file', (flows) => flows]
    ]
    for (const [type, what, change] of kinds) {
      story(`${type} ${what}: both keep their roles and their epoch`, async (active, standby) => {
        for (const host of [active, standby]) {
          const marks = [active.diaryMark(), standby.diaryMark()] as const
          const { since, epoch } = lastSaid(active.diary()).status ?? { since: 0, epoch: 0 }
          await host.deploy(change(await host.flows()), type)
          assert.deepEqual([...roleChanges(active.diary(marks[0])), ...roleChanges(standby.diary(marks[1]))], [])
          const gate = await gateOf(active)
          assert.deepEqual(gate, { open: true, pair: { name: PAIR_NAME, epoch } })
          assert.equal((await gateOf(standby)).open, false)
          assert.equal(lastSaid(active.diary()).status?.since, since)
          const deployed = active.diaryMark()
          await eventually('work goes on', MARGIN_MS, () => done(active.diary(deployed)).length > 0)
          assert.deepEqual(refused(active.diary(marks[0])), [], 'the gate was shut for a while')
        }
      })
    }

    story('of a health path changes no role, and the path answers from then on', async (active, standby) => {
      const marks = [active.diaryMark(), standby.diaryMark()] as const
      for (const host of [active, standby]) {
        const flows = await host.flows()
        await host.deploy(
          flows.map((node) => (node.type === 'ha-pair' ? { ...node, healthPath: '/ha-pair' } : node)),
          'full'
        )
      }
      assert.deepEqual([...roleChanges(active.diary(marks[0])), ...roleChanges(standby.diary(marks[1]))], [])
      for (const [host, own, other] of [
        [active, 'active', 'standby'],
        [standby, 'standby', 'active']
      ] as const) {
        for (const page of [own, 'live', 'metrics']) assert.equal((await host.get(`/ha-pair/${page}`)).status, 200)
        assert.equal((await host.get(`/ha-pair/${other}`)).status, 503)
        const { role, serving } = (await host.get('/ha-pair')).body as PairStatus
        assert.deepEqual([role, serving], [own, host === active])
      }
    })

    story(
      `${DEPLOYS} full deploys in a row on the working Active: no role change, nothing leaked`,
      async (active, standby) => {
        const flows = await active.flows()
        const epoch = lastSaid(active.diary()).status?.epoch
        await active.deploy(flows, 'full')
        const before = active.resources()
        const marks = [active.diaryMark(), standby.diaryMark()] as const
        const logFrom = active.log.length
        const startedAt = performance.now()
        for (let n = 1; n <= DEPLOYS; n++) {
          const items = active.diaryMark()
          await active.deploy(withNewComment(flows, `deploy ${n}`), 'full')
          await eventually('work goes on', MARGIN_MS, () => done(active.diary(items)).length > 0)
        }
        console.log(`# ${DEPLOYS} deploys took ${Math.round(performance.now() - startedAt)} ms`)
        await pause(2 * HEARTBEAT_MS)

        const [worked, watchedOn] = [active.diary(marks[0]), standby.diary(marks[1])]
        assert.ok(done(worked).length >= DEPLOYS, 'no work was done meanwhile')
        assert.deepEqual(refused(worked), [], 'the gate was shut for a while')
        assert.deepEqual(done(watchedOn), [], 'the Standby worked')
        assert.deepEqual([...roleChanges(worked), ...roleChanges(watchedOn)], [])
        assert.deepEqual(eventsIn(watchedOn), [], 'the Standby noticed the deploys')
        assert.equal(lastSaid(active.diary()).status?.epoch, epoch)
        assert.equal(lastSaid(active.diary()).status?.online, true)
        assert.doesNotMatch(active.log.slice(logFrom), /EADDRINUSE|MaxListenersExceeded|uncaught/i)
        const after = active.resources()
        if (before !== null && after !== null) {
          assert.equal(before.udpSockets, 1)
          assert.equal(after.udpSockets, 1)
          assert.equal(after.threads, before.threads)
          assert.ok(after.files <= before.files + 5, `open files grew from ${before.files} to ${after.files}`)
        }
      }
    )

    story('but a removed pair says goodbye, and its peer takes over', async (active, standby) => {
      const mark = standby.diaryMark()
      const flows = await active.flows()
      const removedAt = Date.now()
      await active.deploy(
        flows.filter((node) => !usesPair(node)),
        'full'
      )
      const taken = await roleTaken(standby, 'active', mark, PEER_TIMEOUT_MS + MARGIN_MS)
      assert.ok(taken.at - removedAt < PEER_TIMEOUT_MS, `it took ${taken.at - removedAt} ms`)
      assert.equal((await roleEvent(standby, mark)).reason, 'peer-removed')
      assert.ok((active.resources()?.udpSockets ?? 0) === 0, 'a socket stayed open')
      await active.deploy(
        flows.map((node) =>
          node.id === 'pair' ? { ...node, credentials: { key: '${PAIR_KEY}', previousKey: '' } } : node
        ),
        'full'
      )
      await eventually('the pair is whole again', PEER_TIMEOUT_MS * 2 + MARGIN_MS, () => {
        const [back, survivor] = [lastSaid(active.diary()), lastSaid(standby.diary())]
        return back.role === 'standby' && back.online === true && survivor.role === 'active' && survivor.online === true
      })
    })
  })

  describe('in the editor', () => {
    story('all nodes are in the palette, from this package', async (active) => {
      const { body } = await active.get('/admin/nodes', { Accept: 'application/json' })
      const sets = (
        body as { module: string; name: string; types: string[]; enabled: boolean; err?: unknown }[]
      ).filter(({ module }) => module === PACKAGE)
      assert.deepEqual(sets.map(({ name }) => name).toSorted(), NODES.toSorted())
      for (const { name, types, enabled, err } of sets)
        assert.deepEqual({ types, enabled, err }, { types: [name], enabled: true, err: undefined })
    })

    story('texts and help are there in English and Chinese, and the icons too', async (active) => {
      for (const language of ['en-US', 'zh-CN']) {
        const { body: page } = await active.get('/admin/nodes', { Accept: 'text/html', 'Accept-Language': language })
        for (const name of NODES) {
          const source = join(ROOT, 'dist', 'nodes', 'locales', language)
          const { body: texts } = await active.get(`/admin/locales/${PACKAGE}/${name}?lng=${language}`)
          assert.deepEqual(texts, JSON.parse(readFileSync(join(source, `${name}.json`), 'utf8')), `${language} ${name}`)
          const help = readFileSync(join(source, `${name}.html`), 'utf8').trim()
          assert.ok(String(page).includes(help), `no ${language} help of ${name}`)
        }
      }
      for (const icon of readdirSync(join(ROOT, 'dist', 'nodes', 'icons'))) {
        assert.equal((await active.get(`/admin/icons/${PACKAGE}/${icon}`)).status, 200, icon)
      }
    })

    story('the examples are in the import menu', async (active) => {
      const menu = (await active.get('/admin/library/examples/flows/')).body as unknown[]
      assert.ok(JSON.stringify(menu).includes(PACKAGE), JSON.stringify(menu))
      const names = await examplesIn(active, '')
      assert.deepEqual(names.toSorted(), exampleNames())
      for (const name of names) {
        const { status, body } = await active.get(`${EXAMPLES_MENU}${encodeURI(name)}`)
        assert.equal(status, 200, name)
        assert.ok(Array.isArray(body) && body.length > 0, name)
      }
    })
  })

  describe('one side alone', () => {
    let solo: NodeRedProcess
    let badges: Badges
    let port = 0
    let peerPort = 0

    before(async function () {
      this.timeout(STORY_LIMIT_MS)
      await hosts.stop()
      const userDirectory = join(folder, 'solo')
      await installInto(userDirectory, packageFile)
      ;[port = 0, peerPort = 0] = await freePorts(2)
      const nobodyListens = await freePort()
      const environment = {
        LOCAL_PORT: String(port),
        PEER_PORT: String(peerPort),
        PRIORITY: '100',
        BLANK: '',
        HA_PAIR_KEY: KEY,
        HA_LOCAL_PORT: String(port),
        HA_PEER_HOST: '127.0.0.1',
        // No witness is there either.
        HA_WITNESS_HOST: '127.0.0.3',
        HA_WITNESS_PORT: '1881',
        HA_PEER_PORT: String(peerPort),
        HA_MQTT_HOST: '127.0.0.1',
        HA_MQTT_PORT: String(nobodyListens),
        HA_DEVICE_URL: `http://127.0.0.1:${nobodyListens}/`
      }
      solo = new NodeRedProcess({ name: 'solo', version, userDirectory, environment, flows: [], allNodes: true })
      watched.push(solo)
      await solo.start()
      badges = await Badges.watch(version, solo)
    })
    after(() => badges?.close())

    it('wrong settings: the pair stays stopped, badge and log say why, Node-RED runs on', async function () {
      this.timeout(STORY_LIMIT_MS)
      const link = {
        peerHost: '127.0.0.1',
        peerPort: '${PEER_PORT}',
        localHost: '127.0.0.1',
        localPort: '${LOCAL_PORT}'
      }
      const wrong: readonly [field: string, settings: Readonly<Record<string, unknown>>][] = [
        ['localPort', { links: [{ ...link, localPort: '70000' }] }],
        ['peerHost', { links: [{ ...link, peerHost: '' }] }],
        ['links', { links: [] }],
        ['heartbeat', { heartbeat: 'often' }],
        ['peerTimeout', { peerTimeout: 150 }],
        ['priority', { priority: '${NOT_IN_THE_ENVIRONMENT}' }],
        ['policy', { policy: 'hope' }],
        ['stallLimit', { stallLimit: '${BLANK}' }],
        ['key', { auth: 'key' }]
      ]
      const flows = wrong.flatMap(([field, settings]) => [
        pairNode(`pair-${field}`, { auth: 'none', ...settings }),
        stateNode(`state-${field}`, `pair-${field}`)
      ])
      const alive = pairFlow().filter(({ id }) => id === 'gate-in' || id === 'answer')
      const tab = { id: 'tab', type: 'tab', label: 'wrong' }
      await solo.deploy(
        [tab, ...flows, ...alive.map((node) => (node.id === 'gate-in' ? { ...node, wires: [['answer']] } : node))],
        'full'
      )
      for (const [field] of wrong) {
        // Of no links at all, the first one misses its peer.
        const label = field === 'links' ? 'Link 1' : fieldText(field).en
        await badges.shows(`state-${field}`, 'red', new RegExp(label, 'i'), MARGIN_MS)
        assert.match(solo.log, new RegExp(`\\[ha-pair:.*${label}`, 'i'))
      }
      assert.equal((await solo.get('/gate')).status, 200)
      assert.equal(solo.resources()?.udpSockets ?? 0, 0)
    })

    it('a local port in use: red, and taken as soon as it is free', async function () {
      this.timeout(STORY_LIMIT_MS)
      const squatter = await holdUdpPort(port)
      const mark = solo.diaryMark()
      try {
        await solo.deploy(pairFlow({ auth: 'none' }), 'full')
        await badges.shows('state', 'red', /^port in use · /, 3 * PEER_TIMEOUT_MS + MARGIN_MS)
        assert.equal((await gateOf(solo)).open, false)
        assert.equal((await solo.get('/admin/flows')).status, 200)
      } finally {
        await release(squatter)
      }
      // Nobody answers at the other end: under 'availability' this side serves once it has listened long enough.
      await roleTaken(solo, 'active', mark, 5000 + PEER_TIMEOUT_MS + MARGIN_MS)
      await badges.shows('state', 'red', /^both Active\? · no peer yet$/, MARGIN_MS)
      assert.equal((await gateOf(solo)).open, true)
    })

    it('every example deploys as it is, with nothing but the environment set and the key typed', async function () {
      this.timeout(STORY_LIMIT_MS)
      // Those in folders need more: other nodes, or a context store.
      for (const fn of (await examplesIn(solo, '')).filter((name) => !name.includes('/'))) {
        const logFrom = solo.log.length
        const flow = (await solo.get(`${EXAMPLES_MENU}${encodeURI(fn)}`)).body as FlowNode[]
        await solo.deploy([], 'full')
        const typed = { key: '${HA_PAIR_KEY}' }
        await solo.deploy(
          flow.map((node) => (node.type === 'ha-pair' ? { ...node, credentials: typed } : node)),
          'full'
        )
        const users = flow.filter((node) => usesPair(node) && node.type !== 'ha-pair')
        assert.ok(users.length > 0, fn)
        for (const { id, type } of users) {
          // What a health node shows is how fit this side is; all others show that no peer is there.
          if (type === 'ha-pair-health') await badges.shows(id, 'green', /fit/, MARGIN_MS)
          else await badges.shows(id, '', /Starting|both Active|nobody Active|closed|open/, MARGIN_MS)
        }
        assert.doesNotMatch(solo.log.slice(logFrom), /missing types|\[error\] \[ha-pair/i, fn)
      }
    })

    it('a peer whose name does not resolve: red, and Node-RED runs on', async function () {
      this.timeout(STORY_LIMIT_MS)
      const links = [{ peerHost: 'no-such-host.invalid', peerPort, localHost: '', localPort: port }]
      await solo.deploy(pairFlow({ links, auth: 'none' }), 'full')
      await badges.shows('state', 'red', /resol|host|name/i, 8000)
      assert.equal((await gateOf(solo)).open, false)
    })
  })
}
