import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowNode } from '../../support/node-red/flow'
import { ROOT } from '../../support/root'
import { EXAMPLES, exampleNames, readExample } from '../../support/examples/files'

/** From the integrators' contract. */
const OWN_PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  'ha-pair': [
    'name',
    'links',
    'wire',
    'auth',
    'channel',
    'policy',
    'crashProof',
    'priority',
    'failback',
    'failbackDelay',
    'heartbeat',
    'peerTimeout',
    'receiptTimeout',
    'lossLimit',
    'stallLimit',
    'healthPath',
    'schema'
  ],
  'ha-pair-state': ['name', 'pair', 'initial', 'frames'],
  'ha-pair-designate': ['name', 'pair', 'command'],
  'ha-pair-gate': ['name', 'pair', 'whenClosed', 'sequence', 'series', 'order', 'keep', 'keepFor'],
  'ha-pair-sync': ['name', 'pair', 'mode'],
  'ha-pair-health': ['name', 'pair', 'expires']
}
const OF_EVERY_NODE = ['id', 'type', 'z', 'x', 'y', 'wires']
const REFERENCES = ['pair', 'broker', 'scope', 'z'] as const
/** Its `broker` is a host name. */
const BROKER = 'mqtt-broker'
const ENVIRONMENT = /\$\{(\w+)\}/g
/** Sizes as the editor draws nodes, roughly. */
const NODE = { height: 30, widthMin: 100, widthPerSign: 7, widthBeside: 50 } as const
const GRID = 20

/** The types that Node-RED itself brings along, from its own source. */
function coreTypes(): Set<string> {
  const core = join(ROOT, 'node_modules', '@node-red', 'nodes', 'core')
  const files = readdirSync(core, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  const sources = files.map((file) => readFileSync(join(core, file), 'utf8'))
  return new Set(
    sources.flatMap((source) => [...source.matchAll(/registerType\(["']([^"']+)["']/g)].map((m) => m[1] ?? ''))
  )
}

const wiresOf = ({ wires }: FlowNode): string[] => (wires as string[][] | undefined)?.flat() ?? []
const infoOf = ({ info }: FlowNode): string => (typeof info === 'string' ? info : '')

function environmentOf(nodes: readonly FlowNode[]): Set<string> {
  const used = nodes.filter(({ type }) => type !== 'comment').map((node) => JSON.stringify(node))
  return new Set(used.flatMap((text) => [...text.matchAll(ENVIRONMENT)].map((match) => match[1] ?? '')))
}

describe('the example files', () => {
  it('are the ones that the tests know, each with its number and name in the menu', () => {
    assert.deepEqual(exampleNames(), Object.values(EXAMPLES))
  })

  it('share one pair, the same in each, and no other id', () => {
    const all = exampleNames().map(readExample)
    const pairs = all.map((nodes) => nodes.filter(({ type }) => type === 'ha-pair'))
    for (const pair of pairs) assert.deepEqual(pair, pairs[0])
    assert.equal(pairs[0]?.length, 1)
    const ids = all.flat().flatMap(({ id, type }) => (type === 'ha-pair' ? [] : [id]))
    assert.equal(new Set(ids).size, ids.length)
  })

  for (const name of exampleNames()) {
    describe(name, () => {
      const nodes = readExample(name)
      const byId = new Map(nodes.map((node) => [node.id, node]))
      const placed = nodes.filter(({ x }) => x !== undefined)

      it('has one tab, named like the example', () => {
        const tabs = nodes.filter(({ type }) => type === 'tab')
        assert.deepEqual(
          tabs.map(({ label }) => label),
          [name.replace(/^\d+ - /, '')]
        )
      })

      it('uses core nodes and our own only, with the properties that these have', () => {
        const core = coreTypes()
        for (const node of nodes) {
          const own = OWN_PROPERTIES[node.type]
          if (own === undefined) assert.ok(core.has(node.type) || node.type === 'tab', node.type)
          else
            for (const key of Object.keys(node))
              assert.ok([...own, ...OF_EVERY_NODE].includes(key), `${node.type}: ${key}`)
        }
      })

      it('refers to nothing that is not in the file', () => {
        for (const node of nodes) {
          const properties = REFERENCES.filter((property) => !(node.type === BROKER && property === 'broker'))
          const targets = properties.flatMap((property) => (node[property] ?? []) as string | string[])
          for (const id of [...targets, ...wiresOf(node)]) {
            assert.ok(byId.has(id), `${node.type} ${String(node['name'])} refers to ${id}`)
          }
        }
      })

      it('leaves no node unconnected', () => {
        const reached = new Set(nodes.flatMap(wiresOf))
        for (const node of placed.filter(({ type }) => type !== 'comment')) {
          assert.ok(reached.has(node.id) || wiresOf(node).length > 0, `${node.type} ${String(node['name'])}`)
        }
      })

      it('takes every address from the environment', () => {
        const [pair] = nodes.filter(({ type }) => type === 'ha-pair')
        assert.deepEqual(pair?.['links'], [
          { peerHost: '${HA_PEER_HOST}', peerPort: '${HA_PEER_PORT}', localHost: '', localPort: '${HA_LOCAL_PORT}' }
        ])
        const text = JSON.stringify(nodes.filter(({ type }) => type !== 'comment'))
        assert.doesNotMatch(text, /\d+\.\d+\.\d+\.\d+|localhost|https?:/)
      })

      it('says in a comment what to change: every variable, and where the key goes', () => {
        const comments = nodes.filter(({ type }) => type === 'comment').map(infoOf)
        const [readMe] = comments.filter((info) => info.includes('## What to change'))
        assert.ok(readMe)
        const rows = [...readMe.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? '').toSorted()
        assert.deepEqual(rows, [...environmentOf(nodes), 'HA_PAIR_KEY'].toSorted())
        assert.match(readMe, /type `\$\{HA_PAIR_KEY\}`/)
        const first = placed.toSorted((a, b) => Number(a['y']) - Number(b['y']))[0]
        assert.equal(infoOf(first as FlowNode), readMe, 'it is the first thing on the tab')
      })

      it('carries no credentials', () => {
        for (const node of nodes) {
          for (const secret of ['credentials', 'key', 'previousKey', 'user', 'password']) assert.ok(!(secret in node))
        }
      })

      it('is laid out tidily: on the grid, from left to right, nothing on top of another', () => {
        const boxes = placed.map((node) => {
          const label = String(node['name'] || node.type)
          const width = Math.max(NODE.widthMin, NODE.widthBeside + NODE.widthPerSign * label.length)
          return { label, x: Number(node['x']), y: Number(node['y']), width }
        })
        for (const [index, box] of boxes.entries()) {
          assert.equal(box.y % GRID, 0, box.label)
          assert.ok(box.x - box.width / 2 >= 0, `${box.label} is cut off at the left`)
          for (const other of boxes.slice(index + 1)) {
            const apart =
              Math.abs(box.x - other.x) >= (box.width + other.width) / 2 || Math.abs(box.y - other.y) > NODE.height
            assert.ok(apart, `${box.label} lies on ${other.label}`)
          }
        }
        for (const node of placed) {
          for (const id of wiresOf(node)) {
            assert.ok(
              Number(byId.get(id)?.['x']) > Number(node['x']),
              `a wire of ${String(node['name'])} runs backwards`
            )
          }
        }
      })
    })
  }
})
