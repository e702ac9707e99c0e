import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Link } from '../../../demo/link'
import type { PairStatus } from '../../../src/host/pair'
import { witnessLineOf } from '../../../src/witness/keys'
import { eventually } from '../../support/eventually'
import { WITNESS_EXAMPLE } from '../../support/examples/files'
import { ExampleHosts, type HostName, PATIENCE_MS } from '../../support/examples/hosts'
import { KEY } from '../../support/node-red/flow'
import { removeFolder, scratchFolder } from '../../support/node-red/npm'
import type { NodeRedProcess } from '../../support/node-red/process'
import { type NodeRed, nodeRed4, nodeRed5 } from '../../support/node-red/versions'
import { freePorts } from '../../support/ports'
import { describeInWhole } from '../../support/share'
import { WitnessProgram } from '../../support/witness-program'

const THIRD = '127.0.0.9'
const SERVED = 'served, with the voices of'
const mark = (host: NodeRedProcess): number => host.log.length

function tell(this: Mocha.Suite, version: () => NodeRed): void {
  this.timeout(60_000 + 8 * PATIENCE_MS)
  const folder = scratchFolder('example-witness')
  let hosts: ExampleHosts | null = null
  let witness: WitnessProgram | null = null
  let link: Link | null = null

  after(async () => {
    await hosts?.remove()
    await witness?.end('SIGKILL')
    link?.close()
    removeFolder(folder)
  })

  afterEach(function () {
    if (this.currentTest?.state === 'failed')
      console.log([hosts?.a.logTail(), hosts?.b.logTail(), witness?.log].join('\n'))
  })

  it('the Active goes on with the voices that are left: without the witness, without the link; dead, it is followed', async () => {
    const [a = 0, b = 0, port = 0] = await freePorts(3)
    mkdirSync(folder, { recursive: true })
    const keys = join(folder, 'witness.keys')
    writeFileSync(keys, `${witnessLineOf(KEY).key}\n`)
    const start = (): WitnessProgram =>
      new WitnessProgram(['--key-file', keys, '--data', join(folder, 'w'), '--host', THIRD, '--port', String(port)])
    witness = start()
    link = await Link.between({ A: a, B: b })
    const of = (own: number, end: number): Record<string, string> => ({
      HA_LOCAL_PORT: String(own),
      HA_PEER_PORT: String(end),
      HA_WITNESS_HOST: THIRD,
      HA_WITNESS_PORT: String(port)
    })
    const both = (hosts = await ExampleHosts.start(
      WITNESS_EXAMPLE,
      { a: of(a, link.ports.A), b: of(b, link.ports.B) },
      { version: version() }
    ))
    const { active } = await both.oneActs((host) => both.shown(host, SERVED).length > 0)
    const serves = (host: NodeRedProcess, voices: string): Promise<string> =>
      both.shows(host, SERVED, new RegExp(`^${voices}$`), mark(host))
    await serves(active, 'own, peer, witness')

    await witness.end('SIGKILL')
    await serves(active, 'own, peer')
    witness = start()
    await serves(active, 'own, peer, witness')
    // A witness that has just started lends to nobody until every promise of before has run: the cut is one fault at a time.
    await eventually('the witness lends its voice to the Active', PATIENCE_MS, async () => {
      const { body } = await active.get('/ha-pair')
      return (body as PairStatus).witness?.holder === 'self'
    })

    // As a rule the Active has the voice still; after a pause of its own, which a busy machine may bring, it may be the other one.
    const from = { a: mark(both.a), b: mark(both.b) }
    link.cut = true
    const goesOn = await eventually('one goes on, with the witness', PATIENCE_MS, () =>
      [both.a, both.b].find((host) => both.shown(host, SERVED, from[host.name as HostName]).at(-1) === 'own, witness')
    )
    const waits = goesOn === both.a ? both.b : both.a
    await eventually('the other one has noticed', PATIENCE_MS, () => /Peer offline|silent/.test(waits.log))
    const noticed = mark(waits)
    await serves(goesOn, 'own, witness')
    assert.deepEqual(both.shown(waits, SERVED, noticed), [], 'the other one does not serve')

    await goesOn.kill()
    await serves(waits, 'own, witness')
  })
}

const TITLE = `${WITNESS_EXAMPLE}, with a link that can be cut`
describe(TITLE, function () {
  tell.call(this, nodeRed4)
})
describeInWhole(`${TITLE}, on Node-RED 5`, function () {
  tell.call(this, nodeRed5)
})
