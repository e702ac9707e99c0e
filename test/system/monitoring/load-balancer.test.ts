/** HAProxy in front of two real Node-RED: whoever goes through it meets the side that serves. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { PairStatus } from '../../../src/host/pair'
import { eventually } from '../../support/eventually'
import { KEY, PAIR_NAME, PEER_TIMEOUT_MS } from '../../support/node-red/flow'
import { packInto, removeFolder, scratchFolder } from '../../support/node-red/npm'
import type { NodeRedProcess } from '../../support/node-red/process'
import { TwoHosts } from '../../support/node-red/two-hosts'
import { nodeRed4 } from '../../support/node-red/versions'
import { ROOT } from '../../support/root'
import { HEALTH_PATH, monitoredFlow } from './flow'
import { type Answered, Client, CONFIGURATION, HaProxy, has } from '../../support/haproxy'
import {
  alertMetrics,
  alertRules,
  dashboardMetrics,
  dashboardQueries,
  Prometheus,
  promtool
} from '../../support/prometheus'

const STORY_LIMIT_MS = 120_000
/** A takeover, and HAProxy's checks at both sides; twice that is a failure. */
const FOLLOWS_WITHIN_MS = 2 * (PEER_TIMEOUT_MS + 2000)
const SURE = 20
const PAGES = ['', '/active', '/standby', '/live', '/metrics'] as const

const statusOf = async (host: NodeRedProcess): Promise<PairStatus> => (await host.get(HEALTH_PATH)).body as PairStatus
const authority = (host: NodeRedProcess): string => new URL(host.url('/')).host

/** Waits until the last answers all come from `host`. */
async function meets(asking: Client, host: NodeRedProcess): Promise<void> {
  await eventually(`clients meet ${host.name}`, FOLLOWS_WITHIN_MS, () => {
    const last = asking.answers(Math.max(0, asking.count - SURE))
    if (last.length === SURE && last.every(({ side }) => side === host.name)) return true
    throw new Error(JSON.stringify(last.at(-1)))
  })
}

/** What clients saw of a change; throws if one side was met after the other one had taken over. */
function account(what: string, answers: readonly Answered[], from: NodeRedProcess, to: NodeRedProcess): number {
  const served = answers.filter(({ status }) => status === 200)
  const epochs = served.map(({ epoch }) => epoch)
  assert.deepEqual(
    epochs,
    epochs.toSorted((a, b) => a - b),
    'an epoch that is over was met again'
  )
  const sides = served.map(({ side }) => side).filter((side, index, all) => side !== all[index - 1])
  assert.deepEqual(sides, [from.name, to.name])
  const last = served.findLast(({ side }) => side === from.name)?.atMs ?? 0
  const first = served.find(({ side }) => side === to.name)?.atMs ?? 0
  const refused = answers.length - served.length
  const gapMs = Math.round(first - last)
  console.log(
    `# ${what}: clients were without an answer of 200 for ${gapMs} ms, ${refused} of ${answers.length} requests`
  )
  return gapMs
}

describe('a load balancer in front of a pair', () => {
  let folder = ''
  let hosts: TwoHosts
  let proxy: HaProxy | null = null
  let client: Client | null = null

  before(async function () {
    this.timeout(STORY_LIMIT_MS)
    if (!has('haproxy', '-v') || !has('promtool', '--version') || !has('prometheus', '--version')) {
      console.log('# not run: haproxy, prometheus and promtool (Debian: haproxy, prometheus) are needed')
      this.skip()
    }
    folder = scratchFolder('monitoring')
    hosts = await TwoHosts.install(nodeRed4(), await packInto(folder), folder, { flows: monitoredFlow() })
    const sides = { a: ['127.0.0.2', '127.0.0.3'], b: ['127.0.0.3', '127.0.0.2'] } as const
    for (const side of ['a', 'b'] as const) {
      const [LOCAL_HOST, PEER_HOST] = sides[side]
      Object.assign(hosts[side].environment, { SIDE: side, LOCAL_HOST, PEER_HOST, HEALTH_PATH })
    }
  })

  afterEach(async function () {
    await client?.stop()
    client = null
    if (this.currentTest?.state !== 'failed') return
    console.log([hosts.a.logTail(), hosts.b.logTail(), proxy?.log].join('\n'))
  })

  after(async function () {
    this.timeout(STORY_LIMIT_MS)
    await proxy?.stop()
    await hosts?.stop()
    if (folder !== '') removeFolder(folder)
  })

  /** HAProxy before both sides, wherever they listen now. */
  async function balanced(configuration = CONFIGURATION, more: Record<string, string> = {}): Promise<HaProxy> {
    await proxy?.stop()
    const sides = { HA_SIDE_A: authority(hosts.a), HA_SIDE_B: authority(hosts.b) }
    proxy = await HaProxy.start({ ...sides, HA_HEALTH_PATH: HEALTH_PATH, ...more }, configuration)
    return proxy
  }

  it('sends every request to the Active, through a swap and back, and no side answers out of turn', async function () {
    this.timeout(STORY_LIMIT_MS)
    const { active, standby } = await hosts.form()
    const asking = (client = new Client((await balanced()).url))
    await meets(asking, active)
    for (const [from, to] of [
      [active, standby],
      [standby, active]
    ] as const) {
      const mark = asking.count - 1
      assert.equal((await to.post('/designate', { designate: 'active' })).status, 200)
      await meets(asking, to)
      assert.ok(account('swap', asking.answers(mark), from, to) < FOLLOWS_WITHIN_MS)
    }
  })

  it('follows a crash (kill -9), and stays where it is when the crashed side comes back', async function () {
    this.timeout(STORY_LIMIT_MS)
    const { active, standby } = await hosts.form()
    const asking = (client = new Client((await balanced()).url))
    await meets(asking, active)
    const mark = asking.count - 1
    await active.kill()
    await meets(asking, standby)
    assert.ok(account('kill -9', asking.answers(mark), active, standby) < FOLLOWS_WITHIN_MS)
    const back = asking.count
    await hosts.form()
    await meets(asking, standby)
    assert.deepEqual(
      [...new Set(asking.answers(back).map(({ status, side }) => `${status} ${side}`))],
      [`200 ${standby.name}`]
    )
  })

  it('does not notice a deploy', async function () {
    this.timeout(STORY_LIMIT_MS)
    const { active } = await hosts.form()
    await balanced()
    const failed: number[] = []
    let asked = 0
    const deploying = new AbortController()
    const asking = (async () => {
      while (!deploying.signal.aborted) {
        const { status } = await active.get(`${HEALTH_PATH}/active`)
        asked++
        if (status !== 200) failed.push(status)
      }
    })()
    for (const type of ['full', 'flows', 'nodes'] as const) await active.deploy(await active.flows(), type)
    deploying.abort()
    await asking
    assert.ok(asked > 3)
    assert.deepEqual(failed, [])
  })

  it('promtool accepts the metrics of both roles, and the dashboard and the alerts find all that they ask for', async function () {
    this.timeout(STORY_LIMIT_MS)
    const { active, standby } = await hosts.form()
    for (const [host, role] of [
      [active, 'active'],
      [standby, 'standby']
    ] as const) {
      const { status, body } = await host.get(`${HEALTH_PATH}/metrics`)
      assert.equal(status, 200)
      const text = String(body)
      assert.match(text, new RegExp(`^ha_pair_role\\{pair="${PAIR_NAME}",role="${role}"\\} 1$`, 'm'))
      assert.deepEqual(promtool(['check', 'metrics'], text), { code: 0, said: '' })
      const there = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
      const asked = [...dashboardMetrics(), ...alertMetrics()]
      assert.ok(asked.length > 10)
      for (const name of asked) assert.ok(there.has(name), `${name} is asked for, and is not there`)
    }
    assert.notEqual(promtool(['check', 'metrics'], '# TYPE x counter\nx 1\n').code, 0, 'it would not notice a mistake')
  })

  it('the documentation names each metric, and no other', async function () {
    const { active } = await hosts.form()
    const text = String((await active.get(`${HEALTH_PATH}/metrics`)).body)
    const there = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '')
    const page = readFileSync(join(ROOT, 'docs', 'operating', 'MONITORING.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `(ha_pair_\w+)/gm)].map(([, name]) => name ?? '')
    assert.deepEqual(rows.toSorted(), there.toSorted())
    const causes = [...text.matchAll(/\bcause="([^"]+)"/g)].map(([, cause]) => cause)
    const explained = [...page.matchAll(/^\| ((?:`[\w-]+`,? )+) *\|/gm)].map(([, names]) => names).join()
    for (const cause of causes) assert.ok(explained.includes(`\`${cause}\``), `the cause ${cause} is not explained`)
  })

  it('no answer holds the key, a path of this machine or an address of its own', async function () {
    this.timeout(STORY_LIMIT_MS)
    const { active, standby } = await hosts.form()
    for (const host of [active, standby]) {
      const secrets = [
        KEY,
        host.userDirectory,
        folder,
        ROOT,
        host.environment['LOCAL_HOST'],
        host.environment['LOCAL_PORT']
      ]
      const peer = host.environment['PEER_HOST'] ?? ''
      for (const page of PAGES) {
        const response = await fetch(host.url(HEALTH_PATH + page))
        const all = `${JSON.stringify([...response.headers])}\n${await response.text()}`
        for (const secret of secrets)
          assert.ok(secret !== undefined && !all.includes(secret), `${page} tells ${secret}`)
        // The status object names the peer, as its documentation says; nothing else does.
        assert.equal(all.includes(peer), page === '', `${page}: ${all}`)
        assert.match(response.headers.get('ha-pair-at') ?? '', /^\d{13}$/)
        assert.match(response.headers.get('ha-pair-engine-ago') ?? '', /^\d{1,4}$/)
        assert.equal(response.headers.get('cache-control'), 'no-store')
      }
    }
  })

  it('a Prometheus with the files of the documentation sees one side serve, and no alert', async function () {
    this.timeout(STORY_LIMIT_MS)
    const { active } = await hosts.form()
    const prometheus = await Prometheus.start(folder, [authority(hosts.a), authority(hosts.b)])
    try {
      await eventually('it has scraped both', FOLLOWS_WITHIN_MS, async () => {
        const up = await prometheus.ask('up{job="ha-pair"} == 1')
        return up.length === 2
      })
      const [one] = await prometheus.ask('sum by (pair) (ha_pair_serving)')
      assert.deepEqual([one?.metric, one?.value[1]], [{ pair: PAIR_NAME }, '1'])
      const serving = await prometheus.ask('ha_pair_serving == 1')
      assert.deepEqual(
        serving.map(({ metric }) => metric['instance']),
        [authority(active)]
      )
      for (const query of dashboardQueries()) await prometheus.ask(query)
      for (const { expr } of alertRules()) assert.deepEqual(await prometheus.ask(expr), [], expr)
    } finally {
      await prometheus.stop()
    }
  })

  it('a side whose lease is over is off the load balancer at that instant', async function () {
    this.timeout(STORY_LIMIT_MS)
    for (const host of [hosts.a, hosts.b]) await host.deploy(monitoredFlow({ policy: 'exclusive' }), 'full')
    const active = await eventually('one serves under exclusive, both online', FOLLOWS_WITHIN_MS, async () => {
      const [a, b] = [await statusOf(hosts.a), await statusOf(hosts.b)]
      if (![a, b].every(({ online, policy }) => online && policy === 'exclusive')) return null
      if (a.serving) return hosts.a
      return b.serving ? hosts.b : null
    })
    const frozen = active === hosts.a ? hosts.b : hosts.a
    const frozenAtMs = performance.now()
    process.kill(frozen.pid, 'SIGSTOP')
    try {
      let [last, answers] = [200, 0]
      while (last === 200) {
        const askedAtMs = performance.now()
        last = (await active.get(`${HEALTH_PATH}/active`)).status
        assert.ok(last === 503 || askedAtMs - frozenAtMs < PEER_TIMEOUT_MS, 'a lease is shorter than peerTimeout')
        answers++
      }
      const overAtMs = performance.now() - frozenAtMs
      assert.ok(answers > 1)
      for (let again = 0; again < SURE; again++) {
        const told = await statusOf(active)
        assert.deepEqual([told.serving, told.leaseLeft ?? 0], [false, 0])
        assert.equal((await active.get(`${HEALTH_PATH}/active`)).status, 503)
      }
      console.log(
        `# /active said 503 ${Math.round(overAtMs)} ms after the peer froze; peerTimeout ${PEER_TIMEOUT_MS} ms`
      )
    } finally {
      process.kill(frozen.pid, 'SIGCONT')
    }
    for (const host of [hosts.a, hosts.b]) await host.deploy(monitoredFlow(), 'full')
  })

  it('httpNodeAuth guards it like the flows: HAProxy gets in with the line that is prepared for it', async function () {
    this.timeout(STORY_LIMIT_MS)
    await hosts.stop()
    const bcrypt = createRequire(nodeRed4().script)('bcryptjs') as {
      hashSync(password: string, rounds: number): string
    }
    const pass = bcrypt.hashSync('let me in', 4)
    const operator = { username: 'operator', password: pass, permissions: '*' }
    for (const host of [hosts.a, hosts.b]) {
      host.settings['httpNodeAuth'] = { user: 'monitoring', pass }
      host.settings['adminAuth'] = { type: 'credentials', users: [operator] }
    }
    const { active, standby } = await hosts.form()
    const token = Buffer.from('monitoring:let me in').toString('base64')
    const headers = { Authorization: `Basic ${token}` }
    for (const page of PAGES) {
      const { status, body } = await active.get(HEALTH_PATH + page)
      assert.deepEqual([status, body], [401, 'Unauthorized'], page)
      assert.equal((await active.get(HEALTH_PATH + page, headers)).status, page === '/standby' ? 503 : 200, page)
    }
    assert.equal((await active.get('/admin/flows')).status, 401)

    const plain = readFileSync(CONFIGURATION, 'utf8')
    const [asked, prepared] = plain.split('\n').filter((line) => line.includes('http-check send'))
    assert.ok(asked !== undefined && prepared?.trim().startsWith('#') === true)
    const guarded = join(folder, 'haproxy.cfg')
    writeFileSync(guarded, plain.replace(asked, prepared.replace('#', '')))
    const asking = (client = new Client((await balanced(guarded, { HA_HEALTH_AUTH: token })).url, headers))
    await meets(asking, active)
    assert.equal((await standby.post('/designate', { designate: 'active' }, headers)).status, 200)
    await meets(asking, standby)
  })
})
