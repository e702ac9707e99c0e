/** The config node `ha-pair-witness` in a real runtime: a pair of the same flow asks it, on a loopback address of its own. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { NodeAPI } from 'node-red'
import { witnessKeyFor } from '../../../nodes/witness-key'
import type { PairNode } from '../../../nodes/pair-user'
import { witnessLineOf } from '../../../src/witness/keys'
import { witnesses } from '../../../src/witness/root'
import { freePort } from '../../support/ports'
import { isOnePair, Rig, twoSides, until, userNode, type FlowNode } from './rig'

const SECRET = 'f7yTq0Zs-2mWc9Rk_4dLxE8v'
const LINE = witnessLineOf(SECRET)
/** A host of its own, as far as one machine has several. */
const THIRD = '127.0.0.9'

/** Long enough for a machine that does other things too. */
const CALM = { heartbeat: 50, peerTimeout: 1500 } as const

let count = 0
const witnessNode = (port: number, more: object = {}): FlowNode => ({
  id: `witness-${++count}`,
  type: 'ha-pair-witness',
  name: 'third voice',
  port,
  host: THIRD,
  ...more
})
const listed = (id: string) => witnesses.list().find((witness) => witness.id === id)

async function takesPort(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind({ port, address: THIRD, exclusive: true }, resolve)
    })
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}

describe('the node ha-pair-witness', function () {
  this.timeout(20_000)
  let rig: Rig
  beforeEach(() => (rig = new Rig()))
  afterEach(() => rig.close())

  it('lends its voice to a pair: both sides agree on it, the Active has the voice, and its list says so', async () => {
    const port = await freePort()
    const witness = witnessNode(port)
    const { a, b } = await twoSides({
      both: { ...CALM, auth: 'key', policy: 'witness', witness: { host: THIRD, port } }
    })
    const credentials = {
      [witness.id]: { keys: `# ours\n${LINE.key} line 1` },
      [a.id]: { key: SECRET },
      [b.id]: { key: SECRET }
    }
    await rig.load(
      [witness, a, b, ...userNode('ha-pair-state', 'sa', a), ...userNode('ha-pair-state', 'sb', b)],
      credentials
    )
    await rig.shows(witness.id, 'green', /^open · pairs: 1$/)
    const statusOf = ({ id }: FlowNode) => (rig.node(id) as PairNode).pair?.status()
    // Each time anew: while two cores are busy the roles may change.
    const agreed = (): boolean => {
      const [ofA, ofB] = [statusOf(a), statusOf(b)]
      const holders = [ofA, ofB].map((status) => status?.witness?.holder)
      return (
        isOnePair(ofA?.role, ofB?.role) &&
        holders.every((holder, i) => holder === ([ofA, ofB][i]?.role === 'active' ? 'self' : 'peer'))
      )
    }
    await until(agreed, 'the Active has the voice, and the Standby knows it')
    assert.deepEqual([statusOf(a)?.witness?.counted, statusOf(b)?.witness?.counted], [true, true])
    assert.ok((statusOf(a)?.witness?.heardAgo ?? 9999) < 1000)

    const pair = listed(witness.id)?.state?.pairs[0]
    assert.deepEqual([pair?.name, pair?.pair, pair?.sides.length], ['line 1', LINE.pair, 2])
    assert.ok(pair?.sides.some(({ node }) => node === pair.holder))
    for (const { address } of pair?.sides ?? []) assert.equal(address, '127.0.0.1')
    assert.ok(Date.now() - (pair?.since ?? 0) < 20_000)
    assert.deepEqual(readdirSync(join(rig.userDir, 'ha-pair-witness', witness.id, 'pairs')), [LINE.pair])
  })

  it('gives its port back when it is closed, and leaves the list', async () => {
    const port = await freePort()
    const witness = witnessNode(port)
    await rig.load([witness], { [witness.id]: { keys: LINE.key } })
    await rig.shows(witness.id, 'green', /^open/)
    assert.equal(await takesPort(port), false)
    await rig.deploy([])
    assert.equal(listed(witness.id), undefined)
    assert.equal(await takesPort(port), true)
  })

  it('names the line that is no key, and opens nothing', async () => {
    const port = await freePort()
    for (const [keys, problem] of [
      [`${LINE.key}\n${LINE.key.slice(0, -1)}A oops`, /witness keys: line 2 is no witness key/],
      [`\n${LINE.key}\n${LINE.key} twice`, /witness keys: line 3 repeats a key/],
      ['# nothing', /no witness key$/],
      ['${HA_NO_SUCH_KEYS}', /\$\{HA_NO_SUCH_KEYS\} is not set/]
    ] as const) {
      const witness = witnessNode(port)
      await rig.load([witness], { [witness.id]: { keys } })
      await rig.shows(witness.id, 'red', problem)
      assert.match(rig.logged('ha-pair-witness', 'ERROR').join('\n'), problem)
      assert.match(listed(witness.id)?.problem?.en ?? '', problem)
      assert.equal(await takesPort(port), true)
      await rig.close()
      rig = new Rig()
    }
  })

  it('says that its port is in use, and takes it when it is free', async () => {
    const port = await freePort()
    const holder = createSocket('udp4')
    await new Promise<void>((resolve) => holder.bind({ port, address: THIRD, exclusive: true }, resolve))
    const witness = witnessNode(port)
    await rig.load([witness], { [witness.id]: { keys: LINE.key } })
    await rig.shows(witness.id, 'red', /Another program holds its UDP port/)
    assert.equal(listed(witness.id)?.state?.open, false)
    await new Promise<void>((resolve) => holder.close(() => resolve()))
    await rig.shows(witness.id, 'green', /^open/)
  })

  it('refuses a port that is none', async () => {
    for (const port of [0, 65536, 'x', '1.5']) {
      const witness = { ...witnessNode(1), port }
      await rig.load([witness], { [witness.id]: { keys: LINE.key } })
      await rig.shows(witness.id, 'red', /the port is no whole number/)
      assert.ok(!existsSync(join(rig.userDir, 'ha-pair-witness')))
      await rig.close()
      rig = new Rig()
    }
  })
})

const VARIABLES: Readonly<Record<string, string>> = { SET: SECRET, FROM_A_FILE: `${SECRET}\n` }

const runtime = (type: string, key: string | undefined): NodeAPI =>
  ({
    nodes: {
      getNode: (id: string) => (id === 'a' ? { id, type, credentials: { key } } : null),
      getCredentials: () => ({ key })
    },
    util: { getSetting: (_node: unknown, name: string) => VARIABLES[name] }
  }) as unknown as NodeAPI

describe('the witness key of a pair', () => {
  it('is made of what was typed, or of what is stored', () => {
    assert.deepEqual(witnessKeyFor(runtime('ha-pair', undefined), 'x', SECRET), LINE)
    assert.deepEqual(witnessKeyFor(runtime('ha-pair', SECRET), 'a', null), LINE)
    assert.deepEqual(witnessKeyFor(runtime('ha-pair', '${SET}'), 'a', null), LINE)
    assert.deepEqual(witnessKeyFor(runtime('ha-pair', '${FROM_A_FILE}'), 'a', null), LINE, 'as the pair takes it')
    assert.deepEqual(witnessKeyFor(runtime('ha-pair', undefined), 'x', `\r\n${SECRET}\r\n`), LINE)
    assert.notEqual(witnessKeyFor(runtime('ha-pair', 'another'), 'a', null)?.key, LINE.key)
  })

  it('is none where there is no key, no such pair, or a variable that is not set', () => {
    assert.equal(witnessKeyFor(runtime('ha-pair', undefined), 'a', null), null)
    assert.equal(witnessKeyFor(runtime('ha-pair', SECRET), 'b', null), null)
    assert.equal(witnessKeyFor(runtime('mqtt-broker', SECRET), 'a', null), null)
    for (const typed of ['', '  ', '${UNSET}'])
      assert.equal(witnessKeyFor(runtime('ha-pair', SECRET), 'a', typed), null)
    assert.equal(witnessKeyFor(runtime('ha-pair', '${UNSET}'), 'a', null), null)
  })
})
