import assert from 'node:assert/strict'
import fc from 'fast-check'
import { changesFor, migrate, MIGRATIONS, SCHEMA } from '../../../src/rules/migrations'
import { parseSettings } from '../../../src/host/settings'

type Raw = Readonly<Record<string, unknown>>
const LINK = { peerHost: '10.0.0.2', peerPort: 1101, localHost: '', localPort: 1101 }
/** A node as the editor of 0.1.0 saved it. */
const OLD: Raw = {
  id: 'node-1',
  name: 'line 1',
  links: [LINK],
  wire: 'extended',
  policy: 'preferred',
  priority: '${HA_PRIORITY}',
  failback: true,
  failbackDelay: '5000',
  heartbeat: 50,
  peerTimeout: '500',
  receiptTimeout: 10000,
  lossLimit: 5,
  stallLimit: 3000
}

const KEY = 'f7yTq0Zs-2mWc9Rk_4dLxE8v'
const settingsOf = (raw: Raw): unknown => {
  const parsed = parseSettings({ key: KEY, ...raw }, raw)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.settings
}

function migrated(raw: Raw, typed?: Raw): Raw {
  const result = migrate(raw, typed)
  assert.ok(result.ok)
  return result.raw
}

describe('config nodes of earlier versions', () => {
  it('0.1.0: what was saved stays as it was', () => {
    assert.deepEqual(migrated(OLD), {
      ...OLD,
      healthPath: '',
      crashProof: true,
      channel: 'auto',
      auth: 'key',
      schema: 3
    })
  })

  it('0.1.0: a field that was left out means what it meant, whatever the defaults are now', () => {
    assert.deepEqual(settingsOf({ id: 'node-1', links: [{ peerHost: 'peer' }] }), {
      name: 'node-1',
      links: [{ peerHost: 'peer', peerPort: 1101, localHost: '', localPort: 1101 }],
      wire: 'extended',
      policy: 'availability',
      priority: 100,
      failback: false,
      failbackDelayMs: 30_000,
      heartbeatMs: 200,
      peerTimeoutMs: 2000,
      receiptTimeoutMs: 10_000,
      lossLimit: 5,
      stallLimitMs: 10_000,
      crashProof: true,
      channel: 'auto',
      witness: null
    })
    const written = migrated({ id: 'node-1' })
    for (const field of ['heartbeat', 'peerTimeout', 'stallLimit']) assert.ok(field in written, field)
  })

  it('empty text in the flow file was no value, and is none: it is filled in', () => {
    const raw = { heartbeat: ' ', wire: '', priority: null }
    assert.equal(migrated(raw, raw)['heartbeat'], 200)
    assert.equal(migrated(raw, raw)['auth'], 'key', 'by the wire that is filled in')
    assert.equal(migrated({ heartbeat: 0, failback: false })['heartbeat'], 0, 'a wrong value stays wrong')
  })

  it('a variable that is set but blank is not filled in: it is no default', () => {
    const typed = { heartbeat: '${HA_HEARTBEAT}', policy: '${HA_POLICY}' }
    const result = migrated({ heartbeat: '', policy: ' ' }, typed)
    assert.deepEqual([result['heartbeat'], result['policy']], ['', ' '])
  })

  it('no old flow runs without a key by itself: the extended wire needs one from now on, the classic one has none', () => {
    assert.equal(migrated({ ...OLD })['auth'], 'key')
    assert.equal(migrated({ ...OLD, schema: 1 })['auth'], 'key')
    assert.equal(migrated({ ...OLD, schema: 1, wire: 'classic' })['auth'], 'none')
    assert.equal(migrated({ ...OLD, schema: 1, wire: '${HA_WIRE}' })['auth'], undefined, 'the runtime knows the wire')
    assert.equal(migrated({ ...OLD, schema: 1, auth: 'none' })['auth'], 'none')
    const parsed = parseSettings({ ...OLD, priority: 1 })
    assert.ok(!parsed.ok)
    assert.deepEqual(
      parsed.problems.map(({ field, code }) => [field, code]),
      [['key', 'key-missing']]
    )
  })

  it('the policy that was called safety is exclusive, and nothing else that says safety changes', () => {
    for (const schema of [undefined, 1, 2]) {
      const raw = { ...OLD, schema, name: 'safety', policy: 'safety' }
      assert.deepEqual([migrated(raw)['policy'], migrated(raw)['name']], ['exclusive', 'safety'])
    }
    assert.equal(migrated({ ...OLD, policy: ' safety ' }, { policy: '${HA_POLICY}' })['policy'], 'exclusive')
    assert.equal(migrated({ ...OLD, policy: 'constructor' })['policy'], 'constructor')
    assert.equal(migrated({ ...OLD, schema: SCHEMA, policy: 'safety' })['policy'], 'safety', 'unknown, and refused')
  })

  it('any old node, in part or whole, means the same before and after; a second time changes nothing', () => {
    const fields = Object.keys(OLD).filter((field) => field !== 'links' && field !== 'priority')
    fc.assert(
      fc.property(fc.subarray(fields), (kept) => {
        const raw = Object.fromEntries([['links', OLD['links']], ...kept.map((field) => [field, OLD[field]])])
        const frozen = JSON.stringify(raw)
        const once = migrated(raw)
        assert.equal(JSON.stringify(raw), frozen, 'what is given is not changed')
        for (const field of kept) assert.deepEqual(once[field], raw[field])
        assert.deepEqual(migrated(once), once)
        assert.deepEqual(settingsOf(once), settingsOf(raw))
      })
    )
  })

  it('a node in the present form goes through no step', () => {
    assert.deepEqual(migrated({ schema: SCHEMA }), { schema: SCHEMA })
    assert.deepEqual(migrated({ schema: String(SCHEMA) }), { schema: SCHEMA })
  })

  it('the editor writes the same into what a flow file holds, and nothing where the form is not known', () => {
    for (const raw of [
      OLD,
      { heartbeat: ' ', wire: '' },
      { ...OLD, schema: 1, policy: 'safety' },
      { schema: SCHEMA }
    ]) {
      assert.deepEqual({ ...raw, ...changesFor(raw, raw) }, migrated(raw, raw))
    }
    assert.deepEqual(changesFor({ ...OLD, schema: SCHEMA }, OLD), { schema: SCHEMA })
    assert.equal(changesFor({ ...OLD, schema: SCHEMA + 1 }, OLD), null)
  })

  it('steps are plain data, without secrets', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(MIGRATIONS)), MIGRATIONS)
    for (const { adds, addsOnWire } of MIGRATIONS) {
      for (const each of [adds, ...Object.values(addsOnWire ?? {})]) assert.ok(!('key' in each) && !('schema' in each))
    }
  })
})

describe('a form that this version does not know', () => {
  for (const schema of [SCHEMA + 1, String(SCHEMA + 1), -1, 1.5, 'next', '${HA_SCHEMA}', true, [], {}]) {
    it(`${JSON.stringify(schema)} stops the pair, and nothing else of it is judged`, () => {
      const parsed = parseSettings({ ...OLD, links: [], heartbeat: 'x', schema })
      assert.ok(!parsed.ok)
      assert.deepEqual(
        parsed.problems.map(({ field, code }) => [field, code]),
        [['schema', 'newer']]
      )
      assert.equal(
        parsed.problems[0]?.detail,
        typeof schema === 'object' || schema === true ? typeof schema : String(schema)
      )
    })
  }
})
