/** The health endpoint on the flows' HTTP server, through deploys. */
import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import type { PairStatus } from '../../../src/host/pair'
import { pause } from '../../support/eventually'
import { type FlowNode, isOnePair, Rig, twoSides, until, userNode } from './rig'

const DEPLOYS = 50

type Body = PairStatus & { readonly at: number; readonly engineAgo: number | null; readonly problems?: object[] }

describe('the health endpoint', () => {
  let rig: Rig
  let sides: { a: FlowNode; b: FlowNode }

  beforeEach(async () => {
    rig = new Rig()
    sides = await twoSides({ a: { healthPath: '/a' }, b: { healthPath: '/plant/b/' } })
  })
  afterEach(() => rig.close())

  /** Another Node-RED, with these settings. */
  async function withSettings(userSettings: object): Promise<void> {
    await rig.close()
    rig = new Rig(userSettings)
  }

  const users = (): FlowNode[] => userNode('ha-pair-state', 'state', sides.a)
  const code = async (path: string, method?: string): Promise<number> => (await rig.ask(path, method)).status
  const body = async (path: string): Promise<Body> => (await (await rig.ask(path)).json()) as Body
  const roles = async (): Promise<unknown[]> => [(await body('/a')).role, (await body('/plant/b')).role]

  async function formed(): Promise<void> {
    await rig.load([sides.a, sides.b, ...users()])
    await until(() => rig.inbox('state.2').at(-1)?.payload === true, 'the two are online')
    for (let seen = await roles(); !isOnePair(seen[0], seen[1]); seen = await roles());
  }

  it('says which side is Active, for load balancers', async () => {
    await formed()
    const active = (await body('/a')).role === 'active' ? '/a' : '/plant/b'
    const standby = active === '/a' ? '/plant/b' : '/a'
    for (const [path, expected] of [
      [`${active}/active`, 200],
      [`${active}/standby`, 503],
      [`${standby}/active`, 503],
      [`${standby}/standby`, 200],
      ['/a/live', 200],
      ['/a/metrics', 200],
      ['/a/?x=1', 200]
    ] as const) {
      assert.equal(await code(path), expected, path)
      assert.equal(await code(path, 'HEAD'), expected, `HEAD ${path}`)
    }
    const { name, serving, online, at, engineAgo } = await body(active)
    assert.deepEqual([name, serving, online], [active === '/a' ? 'side a' : 'side b', true, true])
    assert.ok(Math.abs(at - Date.now()) < 5000 && Number(engineAgo) < 1000)
  })

  it('leaves everything else to the flows', async () => {
    await formed()
    for (const path of ['/', '/a/b', '/active', '/ab', '/a//active', '/A']) assert.equal(await code(path), 404, path)
    assert.equal(await code('/a', 'POST'), 404)
  })

  it('stands before the routes of the flows: a wildcard does not hide it', async () => {
    await rig.load(users())
    rig.httpNode.get('*', (_request, response) => response.end('caught'))
    await rig.deploy([sides.a, ...users()], 'nodes')
    assert.equal((await body('/a')).name, 'side a')
    assert.equal(await (await rig.ask('/other')).text(), 'caught')
  })

  it('goes on answering at every instant of a deploy, and leaves nothing behind', async function () {
    this.timeout(60_000)
    await formed()
    const layers = rig.httpNode._router.stack.length
    // The channel opens a moment after the two have met, and is an event.
    let told = await body('/a')
    for (let calm = 0; calm < 3;) {
      await pause(300)
      const now = await body('/a')
      calm = now.seq === told.seq ? calm + 1 : 0
      told = now
    }
    const { role, seq, epoch } = told
    const deploying = new AbortController()
    const answers: number[] = []
    const asking = (async () => {
      while (!deploying.signal.aborted) answers.push(await code(`/a/${role}`))
    })()
    for (let round = 0; round < DEPLOYS; round++) {
      const b = { ...sides.b, healthPath: `/plant/${round}` }
      await rig.deploy([sides.a, b, ...users()], round % 2 === 0 ? 'full' : 'nodes')
    }
    deploying.abort()
    await asking
    assert.ok(answers.length > DEPLOYS)
    assert.deepEqual([...new Set(answers)], [200])
    const after = await body('/a')
    assert.deepEqual([after.role, after.seq, after.epoch], [role, seq, epoch], 'and no deploy changed anything')
    assert.equal(await code('/plant/b'), 404)
    for (let round = 0; round < DEPLOYS - 1; round++) assert.equal(await code(`/plant/${round}`), 404)
    assert.equal(await code(`/plant/${DEPLOYS - 1}`), 200)
    assert.equal(rig.httpNode._router.stack.length, layers)
  })

  it('goes away with its pair, and with its path', async () => {
    await formed()
    await rig.deploy([{ ...sides.a, healthPath: '' }, sides.b, ...users()])
    assert.equal(await code('/a'), 404)
    await rig.deploy([{ ...sides.a, healthPath: '/plant/b' }, ...users()])
    assert.equal((await body('/plant/b')).name, 'side a')
    await rig.deploy([])
    assert.equal(await code('/plant/b'), 404)
  })

  it('of a side with other settings tells of the new one at once', async () => {
    await formed()
    await rig.deploy([{ ...sides.a, name: 'renamed' }, sides.b, ...users()])
    assert.equal((await body('/a')).name, 'renamed')
  })

  describe('refuses', () => {
    it('a path that is none: the pair stays stopped', async () => {
      await rig.load([{ ...sides.a, healthPath: 'a' }, ...users()])
      assert.match(rig.badge('state').text ?? '', /^stopped: Health path: “a” must begin with \//)
    })

    for (const path of ['/plant/b', '/plant/b/active', '/plant']) {
      const clashes = path !== '/plant'
      it(`${clashes ? 'a path of another pair' : 'no other path'}: ${path} beside /plant/b`, async () => {
        await rig.load([sides.b, { ...sides.a, healthPath: path }, ...users()])
        const badge = rig.badge('state').text ?? ''
        if (clashes) assert.match(badge, /^stopped: Health path: \/plant\/b\S*, side b$/)
        else assert.doesNotMatch(badge, /stopped/)
        assert.equal((await body('/plant/b')).name, 'side b')
      })
    }

    it('nothing when two pairs exchange their paths in one deploy', async () => {
      await formed()
      await rig.deploy([{ ...sides.a, healthPath: '/plant/b' }, { ...sides.b, healthPath: '/a' }, ...users()])
      assert.deepEqual([(await body('/a')).name, (await body('/plant/b')).name], ['side b', 'side a'])
    })
  })

  it('of a stopped pair says 503, which field is wrong, and nothing of what is in it', async () => {
    await rig.load([{ ...sides.a, priority: 'my secret' }, ...users()])
    for (const path of ['/a', '/a/active', '/a/standby', '/a/live']) assert.equal(await code(path), 503, path)
    const { name, reason, serving, problems, at } = await body('/a')
    assert.deepEqual([name, reason, serving], ['side a', 'settings-invalid', false])
    assert.deepEqual(problems, [{ field: 'priority', code: 'number' }])
    assert.ok(Math.abs(at - Date.now()) < 5000)
    const all = await Promise.all(['/a', '/a/live', '/a/metrics'].map(async (path) => (await rig.ask(path)).text()))
    assert.doesNotMatch(all.join('\n'), /my secret/)
    assert.match(all[2] ?? '', /^ha_pair_running\{pair="side a"\} 0$/m)
    await rig.deploy([sides.a, ...users()])
    assert.equal(await code('/a'), 200)
  })

  it('is behind httpNodeMiddleware, like every route of the flows', async () => {
    let verdict: 'pass' | 'deny' | 'throw' = 'pass'
    const asked: string[] = []
    const first = (request: { url: string }, _response: unknown, next: () => void): void => {
      asked.push(request.url)
      next()
    }
    const second = (...[, response, next]: [...Parameters<RequestListener>, () => void]): void => {
      if (verdict === 'throw') throw new Error('of the middleware')
      if (verdict === 'pass') next()
      else response.writeHead(401).end()
    }
    await withSettings({ httpNodeMiddleware: [first, [second]] })
    await rig.load([sides.a, ...users()])
    assert.equal(await code('/a'), 200)
    verdict = 'deny'
    assert.equal(await code('/a'), 401)
    verdict = 'throw'
    const failed = await rig.ask('/a/active')
    assert.deepEqual([failed.status, await failed.text()], [500, ''], 'without a stack')
    assert.deepEqual(asked, ['/a', '/a', '/a/active'])
    assert.equal(await code('/elsewhere'), 404)
    assert.equal(asked.length, 3, 'others are none of its business')
  })

  it('where the flows have no HTTP server, is missed in the log only', async () => {
    await withSettings({ httpNodeRoot: false })
    await rig.load([sides.a, sides.b, ...users()])
    await until(() => rig.inbox('state.2').at(-1)?.payload === true, 'the two are online')
    const warnings = rig.logged('ha-pair', 'WARN').filter((line) => /httpNodeRoot/.test(line))
    assert.equal(warnings.length, 2)
    assert.match(warnings[0] ?? '', /"side a".*\/a\b/)
    assert.equal(await code('/a'), 404)
  })
})
