import assert from 'node:assert/strict'
import fc from 'fast-check'
import { migrate, MIGRATIONS, SCHEMA } from '../../src/host/migrations'
import { parseSettings } from '../../src/host/settings'

type Raw = Readonly<Record<string, unknown>>
const LINK = { peerHost: '10.0.0.2', peerPort: 1101, localHost: '', localPort: 1101 }
/** A node as the editor of 0.1.0 saved it. */
const OLD: Raw = {
  id: 'node-1',
  name: 'line 1',
  links: [LINK],
  wire: 'extended',
  policy: 'safety',
  priority: '${HA_PRIORITY}',
  failback: true,
  failbackDelay: '5000',
  heartbeat: 50,
  peerTimeout: '500',
  receiptTimeout: 10000,
  lossLimit: 5,
  stallLimit: 3000
}

const settingsOf = (raw: Raw): unknown => {
  const parsed = parseSettings(raw)
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.settings
}

function migrated(raw: Raw): Raw {
  const result = migrate(raw)
  assert.ok(result.ok)
  return result.raw
}

describe('config nodes of earlier versions', () => {
  it('0.1.0: what was saved stays as it was', () => {
    assert.deepEqual(migrated(OLD), { ...OLD, healthPath: '', schema: 1 })
  })

  it('0.1.0: a field that was left out means what it meant, whatever the defaults are now', () => {
    assert.deepEqual(settingsOf({ id: 'node-1', links: [{ peerHost: 'brother' }] }), {
      name: 'node-1',
      links: [{ peerHost: 'brother', peerPort: 1101, localHost: '', localPort: 1101 }],
      wire: 'extended',
      policy: 'availability',
      priority: 100,
      failback: false,
      failbackDelayMs: 30_000,
      heartbeatMs: 200,
      peerTimeoutMs: 2000,
      receiptTimeoutMs: 10_000,
      lossLimit: 5,
      stallLimitMs: 10_000
    })
    const written = migrated({ id: 'node-1' })
    for (const field of ['heartbeat', 'peerTimeout', 'stallLimit']) assert.ok(field in written, field)
  })

  it('empty text was no value, and is none: it is filled in', () => {
    assert.equal(migrated({ heartbeat: ' ', wire: '', priority: null })['heartbeat'], 200)
    assert.equal(migrated({ heartbeat: 0, failback: false })['heartbeat'], 0, 'a wrong value stays wrong')
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

  it('steps are served to the editor as they are: plain data, without secrets', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(MIGRATIONS)), MIGRATIONS)
    for (const { adds } of MIGRATIONS) assert.ok(!('key' in adds) && !('schema' in adds))
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
