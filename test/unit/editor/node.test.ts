/** What the editor calls of the nodes while no dialog is open. */
import assert from 'node:assert/strict'
import { command, label as designateLabel } from '../../../editor/designate'
import { whenClosed } from '../../../editor/gate'
import { expires } from '../../../editor/health'
import { label, links, migrateWhatIsLoaded, property, schema } from '../../../editor/pair/node'
import { SCHEMA } from '../../../src/rules/migrations'
import { PAIR_DEFAULTS } from '../../../src/rules/properties'

type Fields = Record<string, unknown>
interface Node extends Fields {
  readonly id: string
  readonly type: string
  readonly _: (key: string, params?: object) => string
}

const node = (fields: Fields, type = 'ha-pair'): Node => ({
  ...fields,
  id: 'node-1',
  type,
  _: (key, params) => (params === undefined ? key : `${key} ${JSON.stringify(params)}`)
})

describe('the validators of the nodes', () => {
  it('take two arguments: else Node-RED takes their sentence for a yes', () => {
    const properties = Object.keys(PAIR_DEFAULTS).map((name) => property(name as keyof typeof PAIR_DEFAULTS))
    for (const { validate } of [...properties, links, schema, command, whenClosed, expires]) {
      assert.equal(validate.length, 2)
    }
  })

  it('take what a new node holds', () => {
    for (const [name, value] of Object.entries(PAIR_DEFAULTS)) {
      const { value: byDefault, validate } = property(name as keyof typeof PAIR_DEFAULTS)
      assert.equal(byDefault, value)
      assert.equal(validate.call(node(PAIR_DEFAULTS), value, {}), true, name)
    }
    assert.equal(schema.value, SCHEMA)
    for (const { value, validate } of [command, whenClosed, expires])
      assert.equal(validate.call(node({}), value, {}), true)
  })

  it('name the property and say what is wrong with it', () => {
    const wrong = property('peerTimeout').validate.call(node({ heartbeat: 400 }), 700, {})
    assert.equal(wrong, 'label.peerTimeout: check.two-heartbeats {"key":"check.two-heartbeats","min":800}')
    assert.match(String(links.validate.call(node({}), [], {})), /^check\.links/)
    assert.match(String(command.validate.call(node({}), 'x', {})), /^label\.command: problem\.choice/)
    assert.match(String(expires.validate.call(node({}), '99', {})), /^label\.expires: problem\.between/)
  })

  it('a node of a newer version is not valid', () => {
    assert.equal(schema.validate.call(node({ schema: SCHEMA }), SCHEMA, {}), true)
    assert.equal(schema.validate.call(node({}), undefined, {}), true)
    assert.equal(schema.validate.call(node({ schema: SCHEMA + 1 }), SCHEMA + 1, {}), 'check.newer')
  })

  it('how long a vote counts: in its range, or a variable, and never blank', () => {
    for (const value of [100, '3600000', ' 5000 ', '${HA_EXPIRES}', undefined, null]) {
      assert.equal(expires.validate.call(node({}), value, {}), true, String(value))
    }
    for (const value of ['', ' ', 99, 3_600_001, 'x', '1e3', 100.5, true]) {
      assert.notEqual(expires.validate.call(node({}), value, {}), true, String(value))
    }
  })
})

describe('what is loaded into the editor', () => {
  let listener: (loaded: Node) => void
  const heard = new Map<string, typeof listener>()
  const globals = globalThis as { RED?: unknown }

  before(() => {
    globals.RED = { events: { on: (event: string, listen: typeof listener) => heard.set(event, listen) } }
    migrateWhatIsLoaded()
    listener = heard.get('nodes:add') ?? assert.fail('nobody listens')
  })
  after(() => delete globals.RED)

  it('a pair of an earlier version gets its present form in place, past the proxy of a locked tab', () => {
    const itself = node({ policy: 'safety', heartbeat: '50' })
    listener({ ...node({}), __node__: itself })
    assert.deepEqual([itself['policy'], itself['heartbeat'], itself['schema']], ['exclusive', '50', SCHEMA])
    assert.equal(itself['changed'], undefined)
  })

  it('a pair of a newer version and other nodes stay as they are', () => {
    for (const loaded of [node({ schema: SCHEMA + 1 }), node({}, 'inject')]) {
      const before = { ...loaded }
      listener(loaded)
      assert.deepEqual(loaded, before)
    }
  })
})

describe('the names on the workspace', () => {
  it('a name, else what the node is, or always does', () => {
    assert.equal(label.call(node({ name: 'line 1' })), 'line 1')
    assert.equal(label.call(node({ name: '' })), 'label.pair')
    assert.equal(designateLabel.call(node({ command: 'swap' })), 'title.swap')
    assert.equal(designateLabel.call(node({ command: 'payload' })), 'palette.node')
  })
})
