/**
 * All examples at once on one pair of real Node-RED, each before the real thing: Mosquitto, HAProxy, MariaDB, a Modbus and an
 * S7 server, a mail server, a web hook. One story: everything works, a swap, a kill -9, a return, a stall.
 */
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import type { PairStatus } from '../../../src/host/pair'
import { eventually, pause } from '../../support/eventually'
import { EXAMPLES, FURTHER_EXAMPLES } from '../../support/examples/files'
import { ExampleHosts, PATIENCE_MS } from '../../support/examples/hosts'
import { HaProxy, has } from '../../support/haproxy'
import { removeFolder, scratchFolder } from '../../support/node-red/npm'
import type { NodeRedProcess } from '../../support/node-red/process'
import { type NodeRed, nodeRed4, nodeRed5 } from '../../support/node-red/versions'
import { freePort } from '../../support/ports'
import { describeInWhole } from '../../support/share'
import { findChromium, startChromium } from '../browser/harness/chromium'
import { DATABASE, MariaDb } from './parts/database'
import { epochsOf, ModbusDevice, ModbusDriver, S7Device, takenFrom } from './parts/devices'
import { EXAMPLE_NODES, hasS7Server, NODE_PACKAGES } from './parts/installed'
import { Mosquitto } from './parts/mosquitto'
import { HttpDevice, Mailbox, MAIL, WebHook } from './parts/people'

const HEALTH = '/ha-pair'
const PAGE = '/ha-pair-page'
/** The virtual address needs a network of its own: see its own test. */
const HERE = {
  first: EXAMPLES.first,
  mqtt: EXAMPLES.mqtt,
  polling: EXAMPLES.polling,
  operator: EXAMPLES.operator,
  watchdog: EXAMPLES.watchdog,
  page: EXAMPLES.page,
  alert: EXAMPLES.alert,
  service: EXAMPLES.service,
  ...FURTHER_EXAMPLES
} as const
const MQTT_CLIENT = 'ha-pair-example'
const LATE_WRITE = 'test-late-write'
const WATCH_MS = 1500
/** The Active's process is stopped for longer than peerTimeout, and the device takes longer still. */
const STALL_MS = 3500

/** What the machine lacks for this, or null. */
function whatIsMissing(): string | null {
  if (!Mosquitto.isThere()) return 'mosquitto and mosquitto_pub (Debian: mosquitto, mosquitto-clients)'
  if (!MariaDb.isThere()) return 'mariadbd and mariadb (Debian: mariadb-server-core, mariadb-client-core)'
  if (!has('haproxy', '-v')) return 'haproxy'
  if (findChromium() === null) return 'a Chromium on the PATH (Debian: chromium)'
  return hasS7Server() ? null : 'a C++ compiler, for the S7 server (Debian: g++, make, python3)'
}

const statusOf = async (host: NodeRedProcess): Promise<PairStatus> => (await host.get(HEALTH)).body as PairStatus
const mark = (host: NodeRedProcess): number => host.log.length
const until = async (what: string, probe: () => boolean | Promise<boolean>): Promise<void> => {
  await eventually(what, PATIENCE_MS, probe)
}
/** From the outside: nothing of an older epoch after something of a newer one, and the newest is the Active's. */
const oneWriter = (what: string, epochs: readonly number[], now: number): void => {
  assert.deepEqual(
    epochs,
    epochs.toSorted((a, b) => a - b),
    `${what}: an epoch that was over wrote`
  )
  assert.equal(epochs.at(-1), now, what)
}
const authority = (host: NodeRedProcess): string => new URL(host.url('/')).host

const byEpoch = (epochs: readonly number[]): string => {
  const found = new Map<number, number>()
  for (const of of epochs) found.set(of, (found.get(of) ?? 0) + 1)
  return [...found].map(([of, many]) => `${of}: ${many}`).join(', ')
}

/** Chromium gives requests up when an interface appears, as suites beside this one make some: then the page is loaded again. */
const LOADS_MAX = 4
async function visit(page: Page, url: string, shows: Locator): Promise<void> {
  for (let loads = 1; ; loads++) {
    try {
      await page.goto(url)
      await shows.waitFor({ timeout: PATIENCE_MS / 2 })
      return
    } catch (error) {
      if (loads === LOADS_MAX) throw error
    }
  }
}

function tellOfWork(this: Mocha.Suite, version: () => NodeRed): void {
  this.timeout(4 * PATIENCE_MS)
  const folder = scratchFolder('parts')
  let both: ExampleHosts
  let broker: Mosquitto
  let database: MariaDb
  let modbus: ModbusDevice
  let plc: S7Device
  /** Takes one connection only. */
  let shy: ModbusDevice
  let device: HttpDevice
  let mailbox: Mailbox
  let hook: WebHook
  let proxy: HaProxy
  let chromium: Browser
  /** Of side a, of side b. */
  const drivers: ModbusDriver[] = []
  let newDriver: (side: 0 | 1) => void
  /** What has to be put away again, newest first. */
  const putAway: (() => unknown)[] = [() => removeFolder(folder)]
  const keep = <T>(part: T, end: (part: T) => unknown): T => {
    putAway.unshift(() => end(part))
    return part
  }

  let active: NodeRedProcess
  let standby: NodeRedProcess

  /** Waits until one serves and the other, if it runs, stands by; says which is which from now on. */
  const roles = async (): Promise<void> => {
    ;[active, standby] = await eventually('one serves, the other stands by', PATIENCE_MS, async () => {
      const running = [both.a, both.b].filter((side) => side.runs)
      const seen = await Promise.all(running.map(async (side) => ({ side, ...(await statusOf(side)) })))
      const serves = seen.find(({ serving, online }) => serving && (online || running.length === 1))
      const other = serves?.side === both.a ? both.b : both.a
      const settled = seen.every(({ side, role, online }) => side === serves?.side || (role === 'standby' && online))
      return serves !== undefined && settled && ([serves.side, other] as const)
    })
  }
  const epoch = async (): Promise<number> => (await statusOf(active)).epoch
  const count = (host: NodeRedProcess, debug: string, from = 0): number => both.shown(host, debug, from).length
  const rows = (): number[] => database.ask('SELECT epoch FROM readings ORDER BY id').map(([number]) => Number(number))
  /** Connections of the one client that both sides are: now, and in all. */
  const mqtt = (): readonly number[] => [broker.connected(MQTT_CLIENT), broker.connects(MQTT_CLIENT)]
  /** Everything that only the Active does is done by this host, and goes on. */
  const worksHere = async (host: NodeRedProcess): Promise<void> => {
    const now = await epoch()
    const from = mark(host)
    const before = { modbus: modbus.writes.length, plc: plc.writes.length, rows: rows().length }
    const asked = device.asked(`/${host.name}`)
    await until(`${host.name} acts`, () =>
      both.shown(host, 'first: acted', from).some((text) => text.includes(`epoch: ${now}`))
    )
    await until('it polls', () => device.asked(`/${host.name}`) > asked && count(host, 'polling: reading', from) > 0)
    await until('it writes by Modbus', () => modbus.writes.length > before.modbus)
    await until('it writes by S7', () => plc.writes.length > before.plc)
    await until('it writes into the database', () => rows().length > before.rows)
    await until('it holds the MQTT connection', () => broker.connected(MQTT_CLIENT) === 1)
    const text = `for ${host.name}, ${now}`
    await until('it receives', () => {
      broker.publish('ha-pair/example/in', text)
      return both.shown(host, 'mqtt: received', from).includes(text)
    })
    await until('HAProxy leads there', async () => {
      const answer = await fetch(`${proxy.url}/work`)
      return answer.status === 200 && ((await answer.json()) as { epoch: number }).epoch === now
    })
    oneWriter('the database', rows(), now)
    for (const { writes } of [modbus, plc]) {
      const taken = takenFrom(writes)
      oneWriter('a field bus', epochsOf(taken), now)
      // One a change may have passed the gate and be on its way when the role is lost: the controller refuses it.
      assert.ok(writes.length - taken.length < now, `${writes.length - taken.length} late writes in epoch ${now}`)
    }
  }
  /** The driver beside the Active, over the device's only connection. */
  const readsThroughRelay = async (): Promise<void> => {
    const mine = drivers[active === both.a ? 0 : 1]
    const before = mine?.reads ?? 0
    await until('the driver of the Active reads', () => (mine?.reads ?? 0) > before + 3 && shy.connected === 1)
  }
  /** What was done in all, by the epoch in which it was done. */
  const tell = (): void => {
    console.log(`# ${version().name}: written by epoch: Modbus ${byEpoch(epochsOf(modbus.writes))}`)
    console.log(`# written by epoch: S7 ${byEpoch(epochsOf(plc.writes))}; rows ${byEpoch(rows())}`)
    const open = `Modbus ${modbus.connected}, S7 ${plc.connected}, MQTT ${broker.connected(MQTT_CLIENT)}, relay ${shy.connected}`
    console.log(`# connections open: ${open}; MQTT connected ${broker.connects(MQTT_CLIENT)} times in all`)
  }
  const inStep = async (): Promise<void> => {
    await until('both read both devices', () => modbus.connected === 2 && plc.connected === 2)
  }

  before(async function () {
    const missing = whatIsMissing()
    if (missing !== null) {
      console.log(`# the examples were not tried: this machine lacks ${missing}`)
      this.skip()
    }
    this.timeout(5 * PATIENCE_MS)
    ;[broker, database, modbus, plc, shy, device, mailbox, hook, chromium] = await Promise.all([
      Mosquitto.start(folder).then((part) => keep(part, (it) => it.stop())),
      MariaDb.start(folder).then((part) => keep(part, (it) => it.stop())),
      ModbusDevice.start().then((part) => keep(part, (it) => it.stop())),
      S7Device.start().then((part) => keep(part, (it) => it.stop())),
      ModbusDevice.start(1).then((part) => keep(part, (it) => it.stop())),
      HttpDevice.start().then((part) => keep(part, (it) => it.stop())),
      Mailbox.open().then((part) => keep(part, (it) => it.close())),
      WebHook.open().then((part) => keep(part, (it) => it.close())),
      startChromium().then((part) => keep(part, (it) => it.close()))
    ])
    const relays = { a: await freePort(), b: await freePort() }
    const environment = (name: 'a' | 'b'): Record<string, string> => ({
      HA_MQTT_HOST: '127.0.0.1',
      HA_MQTT_PORT: String(broker.port),
      HA_DEVICE_URL: device.url(`/${name}`),
      HA_ALERT_URL: hook.url,
      HA_MODBUS_HOST: '127.0.0.1',
      HA_MODBUS_PORT: String(modbus.port),
      HA_S7_HOST: '127.0.0.1',
      HA_S7_PORT: String(plc.port),
      HA_RELAY_PORT: String(relays[name]),
      HA_DEVICE_HOST: '127.0.0.1',
      HA_DEVICE_PORT: String(shy.port),
      HA_DB_HOST: '127.0.0.1',
      HA_DB_PORT: String(database.port),
      HA_DB_NAME: DATABASE.name,
      HA_MAIL_HOST: '127.0.0.1',
      HA_MAIL_PORT: String(mailbox.port),
      HA_MAIL_TO: MAIL.to
    })
    both = await ExampleHosts.startAll(
      HERE,
      { a: environment('a'), b: environment('b') },
      {
        packages: NODE_PACKAGES.map((name) => [name, join(EXAMPLE_NODES, 'node_modules', name)] as const),
        credentials: {
          MySQLdatabase: { user: DATABASE.user, password: DATABASE.password },
          'e-mail': { userid: MAIL.user, password: MAIL.password }
        },
        further: [lateWrite()],
        version: version()
      }
    )
    keep(both, (hosts) => hosts.remove())
    proxy = await HaProxy.start({
      HA_SIDE_A: authority(both.a),
      HA_SIDE_B: authority(both.b),
      HA_HEALTH_PATH: HEALTH
    })
    keep(proxy, (it) => it.stop())
    newDriver = (side) => (drivers[side] = keep(new ModbusDriver(side === 0 ? relays.a : relays.b), (it) => it.stop()))
    newDriver(0)
    newDriver(1)
    await roles()
    await both.press(active, 'create the tables')
    await both.shows(active, 'database: the tables are there', /./)
  })

  after(async () => {
    for (const end of putAway) await end()
  })

  afterEach(function () {
    if (this.currentTest?.state !== 'failed' || both === undefined) return
    console.log(both.a.logTail())
    console.log(both.b.logTail())
  })

  describe('from the start', () => {
    it('one does all of the work, and both read the devices', async () => {
      await worksHere(active)
      await inStep()
      await both.shows(active, 'modbus: read here', /100, 101/)
      await both.shows(standby, 'modbus: read here', /100, 101/)
      await both.shows(standby, 's7: read here', /temperature: 21.5/)
      await both.shows(standby, 'first: role of this side', /standby/)
      await both.shows(standby, 'first: peer online', /true/)
    })

    it('the Standby does nothing of it, and says so to who asks it', async () => {
      const before = broker.connects(MQTT_CLIENT)
      await pause(WATCH_MS)
      for (const debug of ['first: acted', 'mqtt: received', 'polling: reading', 'modbus: written', 's7: written']) {
        assert.equal(count(standby, debug), 0, debug)
      }
      assert.equal(device.asked(`/${standby.name}`), 0)
      assert.deepEqual([before, broker.connects(MQTT_CLIENT)], [1, 1])
      const answer = await fetch(standby.url('/work'))
      assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1'])
      assert.deepEqual(hook.alerts, [])
      assert.deepEqual(mailbox.mails, [])
    })

    it(`${HERE.relay}: the Active holds it, and the other driver is kept waiting`, async () => {
      const other = drivers[active === both.a ? 1 : 0]
      await readsThroughRelay()
      assert.deepEqual([other?.reads, shy.connected], [0, 1])
    })

    it(`${HERE.database}: the database refuses what comes late, of an epoch that is over`, async () => {
      const from = mark(active)
      await both.pressId(active, LATE_WRITE)
      await both.shows(active, 'database: refused: the epoch is over', /^0$/, from)
      assert.deepEqual(database.ask('SELECT COUNT(*) FROM readings WHERE epoch = 0'), [['0']])
    })
  })

  describe('a swap', () => {
    let page: Page

    before(async () => {
      page = await chromium.newPage()
      keep(page, (it) => it.close())
      // Without it nobody asks this side to let go of the device's only connection but the role.
      await drivers[active === both.a ? 0 : 1]?.stop()
      assert.equal(shy.connected, 1)
    })

    it(`${HERE.dashboard}: the tile says how things are, asks before it moves the role, and says what came of it`, async () => {
      const tile = page.locator('.ha-pair-tile')
      await visit(page, standby.url('/dashboard/pair'), tile)
      const shows = (where: string, text: string | RegExp): Promise<void> =>
        tile.locator(where).filter({ hasText: text }).waitFor({ timeout: PATIENCE_MS })
      await shows('h3', `${hostname()}: The peer acts`)
      await shows('.ha-role', 'Standby')
      await shows('.ha-peer', 'online, Active')
      await shows('.ha-since', /\d{4}/)
      await tile.getByText('Take over here', { exact: false }).click()
      await page.locator('.ha-question .ha-no').click()
      assert.equal((await statusOf(standby)).role, 'standby', 'who says no changes nothing')
      await tile.getByText('Take over here', { exact: false }).click()
      await page.locator('.ha-question').filter({ hasText: 'The peer stops acting' }).locator('.ha-yes').click()
      await shows('.ha-answer', 'Done: this host is Active')
      await shows('h3', `${hostname()}: acts`)
      await shows('.ha-move', 'Hand over to the peer')
      const before = active
      await roles()
      assert.notEqual(active, before)
    })

    it('all of the work has moved, and the connections with it', async () => {
      await worksHere(active)
      await inStep()
      // By the broker's word: whether Node-RED writes into its log that it left depends on which of the two was quicker.
      await until('the old one lets go of MQTT', () => mqtt().join() === '1,2')
      await pause(WATCH_MS)
      assert.deepEqual(mqtt(), [1, 2], 'and does not come back')
      await readsThroughRelay()
      newDriver(standby === both.a ? 0 : 1)
      assert.deepEqual(hook.alerts, [], 'a swap that somebody asked for wakes nobody')
    })

    it(`${HERE.page}: shows the present, has the one button that makes sense, and moves the role`, async () => {
      await visit(page, active.url(PAGE), page.locator('#move'))
      const shows = (id: string, text: string): Promise<void> =>
        page.locator(id).filter({ hasText: text }).waitFor({ timeout: PATIENCE_MS })
      await shows('h1', hostname())
      await shows('#now', `${hostname()} acts.`)
      await shows('#peer', 'online, Standby')
      await shows('#move', 'Hand over to the peer')
      page.once('dialog', (question) => void question.dismiss())
      await page.locator('#move').click()
      assert.equal((await statusOf(active)).role, 'active', 'who says no changes nothing')
      page.once('dialog', (question) => void question.accept())
      await page.locator('#move').click()
      await shows('#answer', 'Done.')
      await shows('#now', 'The peer acts.')
      await shows('#move', 'Take over here')
      await roles()
      const refused = await fetch(active.url(PAGE), {
        method: 'POST',
        body: new URLSearchParams({ designate: 'sideways' })
      })
      assert.equal(refused.status, 409)
      assert.match(await refused.text(), /sideways/)
    })
  })

  describe('a kill -9 of the Active', () => {
    let dead: NodeRedProcess

    before(async () => {
      dead = active
      await dead.kill()
      await roles()
      assert.notEqual(active, dead)
    })

    it('the other one does all of the work', async () => {
      await worksHere(active)
      await until('the connections of the dead are gone', () => modbus.connected === 1 && plc.connected === 1)
      await readsThroughRelay()
      // One for each time that somebody became Active.
      await until('the connection went over', () => broker.connects(MQTT_CLIENT) === 4)
    })

    it(`${HERE.alert} and ${HERE.mail}: people hear of it, in words and with the host's name`, async () => {
      const takenOver = new RegExp(
        `^${hostname()} has taken over: (Node-RED on 127.0.0.1 has crashed|127.0.0.1 is silent)$`
      )
      // By both examples.
      await until('two alerts', () => hook.alerts.filter(({ subject }) => takenOver.test(subject)).length === 2)
      const [alert] = hook.alerts.filter(({ event }) => event === 'role')
      assert.equal(alert?.host, hostname())
      assert.match(alert.todo, /Start it again|Look at/)
      await until('a mail', () => mailbox.mails.some((mail) => /^Subject: .* has taken over/m.test(mail)))
      const mail = mailbox.mails.find((text) => /^Subject: .* has taken over/m.test(text)) ?? ''
      assert.match(mail, new RegExp(`^To: ${MAIL.to}`, 'm'))
      assert.match(mail, new RegExp(`^From: ${MAIL.user}`, 'm'))
      assert.match(mail, /Start it again|Look at/)
      await both.shows(active, 'alert: delivered', /200/)
    })

    it(`${HERE.operator}: nobody is there to take the role, and force is not needed`, async () => {
      const from = mark(active)
      await both.press(active, 'become Standby')
      assert.match(await both.shows(active, 'operator: why not', /./, from), /offline/i)
      assert.equal(count(active, 'operator: done, the role is now', from), 0)
      await both.press(active, 'take it by force')
      await both.shows(active, 'operator: done, the role is now', /^active$/, from)
      assert.equal((await statusOf(active)).role, 'active')
    })
  })

  describe('a return', () => {
    before(async () => {
      await standby.start()
      await roles()
    })

    it('the side that comes back stands by, reads, and keeps its hands off', async () => {
      await worksHere(active)
      await inStep()
      assert.equal(broker.connects(MQTT_CLIENT), 4)
    })

    it(`${HERE.operator}: every button does what it says`, async () => {
      const host = active
      const press = async (button: string, answer: RegExp): Promise<void> => {
        const from = mark(host)
        await both.press(host, button)
        await both.shows(host, 'operator: done, the role is now', answer, from)
      }
      await press('become Active', /^active$/)
      await press('swap', /^standby$/)
      await roles()
      await press('become Active', /^active$/)
      await roles()
      await press('become Standby', /^standby$/)
      await roles()
    })

    it(`${HERE.watchdog}: when the flow of the Active breaks, the other one takes over, and keeps the role`, async () => {
      const broken = active
      await both.press(broken, 'break the flow here')
      await both.shows(standby, 'watchdog: events', /less-fit/)
      await roles()
      assert.notEqual(active, broken)
      const from = mark(broken)
      await both.press(broken, 'mend it')
      await both.shows(broken, 'watchdog: the flow works', /true/, from)
      await until('people hear of it', () =>
        hook.alerts.some(({ reason, event }) => event === 'role' && reason === 'less-fit')
      )
      await pause(WATCH_MS)
      await roles()
      assert.notEqual(active, broken)
    })
  })

  describe('an Active that hangs for a while, and wakes as a second one', () => {
    it('an answer that it waited for stops at the second gate, nothing late is written, and people hear of it', async () => {
      const hung = active
      device.answerAfterMs = STALL_MS + 500
      const asked = device.asked(`/${hung.name}`)
      await until('a slow answer is on its way', () => device.asked(`/${hung.name}`) > asked)
      const from = mark(hung)
      process.kill(hung.pid, 'SIGSTOP')
      await pause(STALL_MS)
      await until('the other one serves', async () => (await statusOf(standby)).serving)
      process.kill(hung.pid, 'SIGCONT')
      await roles()
      await until('people hear of it', () => hook.alerts.some(({ event }) => event === 'conflict'))
      await pause(WATCH_MS)
      assert.notEqual(active, hung, 'who took over meanwhile has the newer epoch')
      assert.equal(count(hung, 'polling: reading', from), 0)
      device.answerAfterMs = 0
      await worksHere(active)
      // A process that is stopped keeps its connections: the relay gets its own when that one wakes.
      await readsThroughRelay()
      tell()
    })

    it(`${HERE.polling}: a device that does not answer is reported`, async () => {
      const from = mark(active)
      device.stop()
      await both.shows(active, 'polling: what went wrong', /ECONNREFUSED/, from)
    })
  })
}

describe('the examples at work', function () {
  tellOfWork.call(this, nodeRed4)
})
describeInWhole('the examples at work on Node-RED 5', function () {
  tellOfWork.call(this, nodeRed5)
})

/** A write that has passed the gate in an epoch that is over: into the database example, right behind the gate. */
function lateWrite(): { id: string; type: string; [property: string]: unknown } {
  const props = [{ p: 'payload' }, { p: 'pair', v: '{"epoch":0}', vt: 'json' }]
  return { id: LATE_WRITE, type: 'inject', props, payload: '1', payloadType: 'num', wires: [['f5c1e8a04b260006']] }
}
