/**
 * The policy `witness` on real processes: two Node-RED and the program as the third voice, on a loopback address of its own. One thing at a
 * time fails.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { witnessLineOf } from '../../../src/witness/keys'
import { eventually } from '../../support/eventually'
import { type Entry, KEY, pairFlow, PEER_TIMEOUT_MS } from '../../support/node-red/flow'
import { packInto, removeFolder, scratchFolder } from '../../support/node-red/npm'
import type { NodeRedProcess } from '../../support/node-red/process'
import { eventsIn, lastSaid, roleTaken, TwoHosts } from '../../support/node-red/two-hosts'
import { nodeRed4 } from '../../support/node-red/versions'
import { freePorts } from '../../support/ports'
import { WitnessProgram } from '../../support/witness-program'

const LIMIT_MS = 120_000
/** The three share two cores with the tests. */
const MARGIN_MS = 12_000
const THIRD = '127.0.0.9'
const done = (entries: readonly Entry[]): Entry[] => entries.filter(({ what }) => what === 'done')
const tells = (host: NodeRedProcess, mark: number, what: string): Promise<unknown> =>
  eventually(`${host.name} tells ${what}`, MARGIN_MS, () =>
    eventsIn(host.diary(mark)).some(({ event, reason }) => `${event} ${reason}` === what)
  )

describe('two Node-RED and a witness', () => {
  let folder = ''
  let hosts: TwoHosts
  let witness: WitnessProgram
  let startWitness: () => WitnessProgram

  before(async function () {
    this.timeout(2 * LIMIT_MS)
    folder = scratchFolder('witness')
    const [port = 0] = await freePorts(1)
    const keys = join(folder, 'keys')
    mkdirSync(folder, { recursive: true })
    writeFileSync(keys, `${witnessLineOf(KEY).key} line 1\n`)
    const args = ['--key-file', keys, '--data', join(folder, 'third'), '--port', String(port), '--host', THIRD]
    startWitness = () => new WitnessProgram(args)
    const flows = pairFlow({ policy: 'witness', witness: { host: THIRD, port: '${WITNESS_PORT}' } })
    hosts = await TwoHosts.install(nodeRed4(), await packInto(folder), folder, { flows })
    for (const host of [hosts.a, hosts.b]) host.environment['WITNESS_PORT'] = String(port)
    witness = startWitness()
    await witness.says(/open on UDP port/)
  })
  after(async function () {
    this.timeout(LIMIT_MS)
    await hosts.stop()
    await witness.end()
    removeFolder(folder)
  })
  afterEach(function () {
    if (this.currentTest?.state === 'failed')
      console.log([hosts.a.logTail(), hosts.b.logTail(), witness.log].join('\n'))
  })

  it('agree on the witness; it goes and comes back, and nothing happens', async function () {
    this.timeout(LIMIT_MS)
    const { active, standby } = await hosts.form()
    await Promise.all([active, standby].map((host) => tells(host, 0, 'witness witness-agreed')))
    await witness.says(/line 1: the voice goes to node/)
    const marks = [active.diaryMark(), standby.diaryMark()] as const
    await witness.end('SIGKILL')
    await Promise.all([
      tells(active, marks[0], 'witness witness-lost'),
      tells(standby, marks[1], 'witness witness-lost')
    ])
    await tells(active, marks[0], 'warning witness-lost')
    witness = startWitness()
    await tells(active, marks[0], 'witness witness-heard')
    await tells(active, marks[0], 'warning-ended witness-lost')
    for (const [i, host] of [active, standby].entries()) {
      const changes = eventsIn(host.diary(marks[i])).filter(({ event }) => event === 'role' || event === 'paused')
      assert.deepEqual(changes, [], host.name)
    }
    assert.ok(done(active.diary(marks[0])).length > 10)
  })

  it('the Active is killed: the other one takes over after the peer timeout, with the voice', async function () {
    this.timeout(LIMIT_MS)
    const { active, standby } = await hosts.form()
    await eventually('the witness backs the Active', MARGIN_MS, () => lastSaid(standby.diary()).status?.witness?.online)
    const mark = standby.diaryMark()
    const killedAt = Date.now()
    await active.kill()
    const taken = await roleTaken(standby, 'active', mark, PEER_TIMEOUT_MS + MARGIN_MS)
    assert.ok(taken.at - killedAt >= PEER_TIMEOUT_MS / 2, 'before the promise to the dead one can have run')
    await eventually('it works', MARGIN_MS, () => done(standby.diary(mark)).length > 3)
    assert.equal(lastSaid(standby.diary(mark)).status?.witness?.holder, 'self')
    const last = done(active.diary()).at(-1)?.at ?? 0
    assert.ok((done(standby.diary(mark))[0]?.at ?? 0) > last)
  })
})
