import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { eventually, pause } from '../../support/eventually'
import type { NodeRedProcess } from '../../support/node-red/process'
import { EXAMPLES } from '../../support/examples/files'
import { ExampleHosts, PATIENCE_MS } from '../../support/examples/hosts'
import { TinyBroker } from './tiny-broker'

const START_MS = 60_000
const WATCH_MS = 2500
/** The MQTT example puts its connection right this often, as does the client with one that it lost. */
const LOOK_AGAIN_MS = 5000
/** Of the operator's page. */
const PAGE = '/ha-pair-page'

/** Where a log ends now: what is written later is looked for from here on. */
const mark = (host: NodeRedProcess): number => host.log.length

const said = (host: NodeRedProcess, text: string, from = 0): boolean => host.log.slice(from).includes(text)

describe('the examples at work', function () {
  this.timeout(START_MS + 3 * PATIENCE_MS)
  let hosts: ExampleHosts | null = null

  afterEach(async () => {
    await hosts?.remove()
    hosts = null
  })

  it(`${EXAMPLES.first}: one acts, and the other one when it is gone`, async () => {
    const both = (hosts = await ExampleHosts.start(EXAMPLES.first, { a: {}, b: {} }))
    const { active, standby } = await both.oneActs((host) => both.shown(host, 'acted').length > 0)
    await both.shows(active, 'role of this side', /active/)
    await both.shows(standby, 'role of this side', /standby/)
    await both.shows(standby, 'peer online', /true/)
    await both.shows(standby, 'did not act', /work/)
    assert.match(await both.shows(active, 'acted', /epoch/), /epoch: 1\b/)
    assert.deepEqual(both.shown(standby, 'acted'), [])

    await active.kill()
    await both.shows(standby, 'acted', /epoch: [2-9]/)
  })

  it(`${EXAMPLES.mqtt}: only the Active is connected, also after a swap, and again after a crash`, async () => {
    const broker = await TinyBroker.listen()
    try {
      const environment = { HA_MQTT_HOST: '127.0.0.1', HA_MQTT_PORT: String(broker.port) }
      const both = (hosts = await ExampleHosts.start(EXAMPLES.mqtt, { a: environment, b: environment }))
      await eventually('somebody connects', PATIENCE_MS, () => broker.connected === 1)
      const { active, standby } = await both.oneActs((host) => said(host, 'Connected to broker'))

      await eventually('the Active publishes', PATIENCE_MS, () => broker.published('ha-pair/example/out') > 0)
      broker.publish('ha-pair/example/in', 'hello')
      await both.shows(active, 'received', /hello/)
      assert.deepEqual(both.shown(standby, 'received'), [])
      await pause(WATCH_MS)
      assert.equal(broker.connected, 1)
      assert.ok(!said(standby, 'Connected to broker'))

      await both.swap(active)
      await eventually('the new Active connects', PATIENCE_MS, () => said(standby, 'Connected to broker'))
      await eventually('the old one lets go', PATIENCE_MS, () => said(active, 'Disconnected from broker'))
      await pause(LOOK_AGAIN_MS + WATCH_MS)
      assert.deepEqual([broker.connected, broker.connects], [1, 2])
      broker.publish('ha-pair/example/in', 'after the swap')
      await both.shows(standby, 'received', /after the swap/)
      assert.ok(!both.shown(active, 'received').includes('after the swap'))

      const from = mark(active)
      await standby.kill()
      await eventually('the survivor connects', PATIENCE_MS, () => said(active, 'Connected to broker', from))
      broker.publish('ha-pair/example/in', 'again')
      await both.shows(active, 'received', /again/, from)
      assert.deepEqual([broker.connected, broker.connects], [1, 3])
    } finally {
      broker.close()
    }
  })

  describe(EXAMPLES.polling, () => {
    let device: Server
    let asked: Record<string, number>
    let answerAfterMs: number

    beforeEach(async () => {
      asked = {}
      answerAfterMs = 0
      device = createServer((request, response) => {
        const path = request.url ?? ''
        asked[path] = (asked[path] ?? 0) + 1
        setTimeout(() => response.end('{"temperature": 21}'), answerAfterMs)
      }).listen(0, '127.0.0.1')
      await once(device, 'listening')
    })

    afterEach(() => {
      device.close()
      device.closeAllConnections()
    })

    async function start(): Promise<ExampleHosts> {
      const { port } = device.address() as AddressInfo
      const url = (name: string): string => `http://127.0.0.1:${port}/${name}`
      return ExampleHosts.start(EXAMPLES.polling, { a: { HA_DEVICE_URL: url('a') }, b: { HA_DEVICE_URL: url('b') } })
    }

    it('the device is asked by one side only, and by the other one when that is gone', async () => {
      const both = (hosts = await start())
      const { active, standby } = await both.oneActs(({ name }) => (asked[`/${name}`] ?? 0) > 1)
      await both.shows(active, 'reading', /temperature: 21/)
      await pause(WATCH_MS)
      assert.equal(asked[`/${standby.name}`], undefined)
      await active.kill()
      const before = asked[`/${active.name}`]
      await both.shows(standby, 'reading', /temperature: 21/)
      assert.equal(asked[`/${active.name}`], before)
    })

    it('an answer that comes when the role is lost stops at the second gate', async () => {
      const both = (hosts = await start())
      const { active } = await both.oneActs(({ name }) => (asked[`/${name}`] ?? 0) > 0)
      await both.shows(active, 'reading', /temperature/)
      answerAfterMs = 4000
      const path = `/${active.name}`
      const before = asked[path] ?? 0
      await eventually('a slow answer is on its way', PATIENCE_MS, () => (asked[path] ?? 0) > before)
      const from = mark(active)
      // Stopped for longer than peerTimeout, the Active loses its role; the answer waits in its socket.
      process.kill(active.pid, 'SIGSTOP')
      await pause(answerAfterMs + 500)
      process.kill(active.pid, 'SIGCONT')
      await pause(WATCH_MS)
      assert.deepEqual(both.shown(active, 'reading', from), [])
    })

    it('a device that does not answer is reported', async () => {
      const both = (hosts = await start())
      const { active } = await both.oneActs(({ name }) => (asked[`/${name}`] ?? 0) > 0)
      device.close()
      device.closeAllConnections()
      await both.shows(active, 'what went wrong', /ECONNREFUSED/)
    })
  })

  it(`${EXAMPLES.operator}: every button does what it says, or says why not`, async () => {
    const both = (hosts = await ExampleHosts.start(EXAMPLES.operator, { a: {}, b: {} }))
    const role = (host: NodeRedProcess): string | undefined => both.shown(host, 'role of this side').at(-1)
    const { active: first, standby: second } = await both.oneActs((host) => role(host) === 'active')
    await eventually('the other one stands by', PATIENCE_MS, () => role(second) === 'standby')

    const press = async (host: NodeRedProcess, button: string, answer: RegExp): Promise<void> => {
      const from = mark(host)
      await both.press(host, button)
      await both.shows(host, 'done, the role is now', answer, from)
    }
    await press(first, 'become Active', /^active$/)
    await press(first, 'swap', /^standby$/)
    await eventually(
      'the roles have changed',
      PATIENCE_MS,
      () => role(first) === 'standby' && role(second) === 'active'
    )
    await press(first, 'become Active', /^active$/)
    await press(first, 'become Standby', /^standby$/)

    await second.kill()
    await eventually('the survivor takes over', PATIENCE_MS, () => role(first) === 'active')
    const from = mark(first)
    await both.press(first, 'become Standby')
    assert.match(await both.shows(first, 'why not', /./, from), /offline/i)
    assert.deepEqual(both.shown(first, 'done, the role is now', from), [])
    assert.equal(role(first), 'active')
    await press(first, 'take it by force', /^active$/)
  })

  it(`${EXAMPLES.watchdog}: when the flow of the Active breaks, the other one takes over, and keeps the role`, async () => {
    const both = (hosts = await ExampleHosts.start(EXAMPLES.watchdog, { a: {}, b: {} }))
    const role = (host: NodeRedProcess): string | undefined => both.shown(host, 'role of this side').at(-1)
    const { active, standby } = await both.oneActs((host) => role(host) === 'active')
    await eventually('the other one stands by', PATIENCE_MS, () => role(standby) === 'standby')
    await both.shows(active, 'the flow works', /true/)
    await both.shows(standby, 'the flow works', /true/)

    await both.press(active, 'break the flow here')
    await both.shows(standby, 'events', /less-fit/)
    await eventually(
      'the roles have changed',
      PATIENCE_MS,
      () => role(active) === 'standby' && role(standby) === 'active'
    )

    const from = mark(active)
    await both.press(active, 'mend it')
    await both.shows(active, 'the flow works', /true/, from)
    await pause(WATCH_MS)
    assert.deepEqual([role(active), role(standby)], ['standby', 'active'])
  })

  it(`${EXAMPLES.page}: the page shows the role, its buttons move it, and say why not`, async () => {
    const both = (hosts = await ExampleHosts.start(EXAMPLES.page, { a: {}, b: {} }))
    const role = (host: NodeRedProcess): string | undefined => both.shown(host, 'role of this side').at(-1)
    const { active, standby } = await both.oneActs((host) => role(host) === 'active')
    await eventually('the other one stands by', PATIENCE_MS, () => role(standby) === 'standby')
    const page = async (host: NodeRedProcess): Promise<string> => String((await host.get(PAGE)).body)
    const press = (host: NodeRedProcess, designate: string): Promise<Response> =>
      fetch(host.url(PAGE), { method: 'POST', body: new URLSearchParams({ designate }), redirect: 'manual' })

    await eventually('the page has the peer', PATIENCE_MS, async () => /online, standby/.test(await page(active)))
    assert.match(await page(active), /<dt>this host<\/dt><dd>active<\/dd>\s*<dt>acts<\/dt><dd>yes<\/dd>/)
    assert.match(await page(standby), /<dt>this host<\/dt><dd>standby<\/dd>\s*<dt>acts<\/dt><dd>no<\/dd>/)

    const moved = await press(standby, 'active')
    assert.equal(moved.status, 303)
    assert.equal(new URL(moved.headers.get('location') ?? '', standby.url(PAGE)).pathname, PAGE)
    await eventually(
      'the roles have changed',
      PATIENCE_MS,
      () => role(standby) === 'active' && role(active) === 'standby'
    )
    await eventually('the page says so', PATIENCE_MS, async () => /<dd>active<\/dd>/.test(await page(standby)))

    await active.kill()
    await both.shows(standby, 'role of this side', /active/)
    await eventually('the page has it', PATIENCE_MS, async () => /<dd>offline<\/dd>/.test(await page(standby)))
    const refused = await press(standby, 'standby')
    assert.equal(refused.status, 409)
    assert.match(await refused.text(), /offline/i)
    assert.equal((await press(standby, 'sideways')).status, 409)
    assert.equal(role(standby), 'active')
  })

  it(`${EXAMPLES.alert}: when the peer goes, and when both were Active, people are told`, async () => {
    const alerts: { readonly subject: string; readonly event: string }[] = []
    const web = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        alerts.push(JSON.parse(body) as (typeof alerts)[number])
        response.end('ok')
      })
    }).listen(0, '127.0.0.1')
    await once(web, 'listening')
    try {
      const { port } = web.address() as AddressInfo
      const environment = { HA_ALERT_URL: `http://127.0.0.1:${port}/alert` }
      const both = (hosts = await ExampleHosts.start(EXAMPLES.alert, { a: environment, b: environment }))
      await eventually('the two met', PATIENCE_MS, () => [both.a, both.b].every((h) => said(h, 'came online')))
      assert.deepEqual(alerts, [])

      const { active, standby } = await both.oneActs((host) => said(host, 'role=active'))
      process.kill(active.pid, 'SIGSTOP')
      await eventually('the other one misses it', PATIENCE_MS, () => alerts.some(({ event }) => event === 'online'))
      assert.deepEqual(
        alerts.map(({ subject }) => subject),
        ['The peer is offline: nobody is left to take over']
      )
      // It wakes as a second Active.
      process.kill(active.pid, 'SIGCONT')
      await eventually('both were Active', PATIENCE_MS, () => alerts.some(({ event }) => event === 'conflict'))
      await both.shows(standby, 'delivered', /200/)

      web.close()
      web.closeAllConnections()
      await active.kill()
      await both.shows(standby, 'what went wrong', /ECONNREFUSED/)
    } finally {
      web.close()
      web.closeAllConnections()
    }
  })
})
