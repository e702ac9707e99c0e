import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowNode } from '../../support/node-red/flow'
import { ROOT } from '../../support/root'
import {
  EXAMPLES,
  exampleNames,
  FURTHER_EXAMPLES,
  inChinese,
  isChinese,
  readExample,
  STATE_EXAMPLES,
  WITNESS_EXAMPLE
} from '../../support/examples/files'
import { EXAMPLE_NODES } from './parts/installed'

/** From the integrators' contract. */
const OWN_PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  'ha-pair': [
    'name',
    'links',
    'wire',
    'auth',
    'channel',
    'policy',
    'witness',
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
/** Properties that name another node, and the types in which the same word means something else. */
const REFERENCES: Readonly<Record<string, readonly string[]>> = {
  pair: [],
  broker: ['mqtt-broker'],
  scope: [],
  z: [],
  links: ['ha-pair'],
  endpoint: [],
  server: ['tcp in', 'tcp request', 'e-mail'],
  mydb: [],
  group: [],
  page: [],
  ui: [],
  theme: []
}
/** In an address, in a function, and where a node takes a value from the environment. */
const ENVIRONMENT = /\$\{(\w+)\}|env\.get\('(\w+)'\)|"(HA_\w+)","tot":"env"/g
/** Which package brings the types that are neither core nor ours. */
const BROUGHT_BY: readonly (readonly [RegExp, string])[] = [
  [/^modbus-/, 'node-red-contrib-modbus'],
  [/^s7 /, 'node-red-contrib-s7'],
  [/^ui-/, '@flowfuse/node-red-dashboard'],
  [/^(mysql|MySQLdatabase)$/, 'node-red-node-mysql'],
  [/^e-mail$/, 'node-red-node-email']
]
const HANS = /\p{Script=Han}/u
/** Sizes as the editor draws nodes, roughly. */
const NODE = { height: 30, widthMin: 100, widthPerSign: 7, widthBeside: 50 } as const
const GRID = 20
/** A badge begins below its node's left end. Ours may say as much as two facts and a warning. */
const BADGE = { top: 17, bottom: 34, width: 300 } as const

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
  const found = used.flatMap((text) => [...text.matchAll(ENVIRONMENT)])
  return new Set(found.map((match) => match[1] ?? match[2] ?? match[3] ?? '').filter((name) => name.startsWith('HA_')))
}

/** Properties in which a node's words are. */
const WORDS = new Set(['name', 'dname', 'label', 'info', 'format', 'template', 'func', 'rules', 'topic'])

/** What an example is, whatever language its texts are in; how far to the right a node is depends on its name. */
function withoutWords(node: FlowNode): unknown {
  const rest = Object.entries(node).filter(([key]) => !WORDS.has(key) && key !== 'x')
  // Of a function, what follows its words, without comments.
  const whole = typeof node['func'] === 'string' ? node['func'] : ''
  const code = (whole.split('// What is worth a message')[1] ?? whole)
    .split('\n')
    .filter((line) => !line.startsWith('//'))
  return { ...Object.fromEntries(rest), code }
}

const readMeOf = (nodes: readonly FlowNode[]): string => nodes.map(infoOf).find((info) => info !== '') ?? ''
const codesIn = (info: string): Set<string> => new Set(info.match(/`[^`\n]+`/g))

const english = exampleNames().filter((name) => !isChinese(name))

describe('the example files', () => {
  it('are the ones that the tests know, each with its number and name in the menu', () => {
    const known = [EXAMPLES, FURTHER_EXAMPLES, STATE_EXAMPLES].flatMap((some): string[] => Object.values(some))
    assert.deepEqual(english, [...known, WITNESS_EXAMPLE].toSorted())
  })

  it('share one pair, the same in each but where the policy is another, and no other id', () => {
    const all = english.map(readExample)
    const pairs = all.flatMap((nodes) => nodes.filter(({ type }) => type === 'ha-pair'))
    assert.equal(pairs.length, english.length)
    const witnessed = pairs[english.indexOf(WITNESS_EXAMPLE)]
    const others = pairs.filter((pair) => pair !== witnessed)
    for (const pair of others) assert.deepEqual(pair, others[0])
    assert.notEqual(witnessed?.id, others[0]?.id)
    const differs = Object.keys({ ...witnessed }).filter(
      (key) => JSON.stringify(witnessed?.[key]) !== JSON.stringify(others[0]?.[key])
    )
    assert.deepEqual(differs, ['id', 'name', 'policy', 'witness'])
    const ids = all.flat().flatMap(({ id, type }) => (type === 'ha-pair' ? [] : [id]))
    assert.equal(new Set(ids).size, ids.length)
  })

  it('exist in Chinese too, the same but for their words', () => {
    const chinese = english.map((name) => inChinese(name) ?? `none for ${name}`)
    assert.deepEqual(chinese.toSorted(), exampleNames().filter(isChinese))
    for (const [index, name] of english.entries()) {
      const [here, there] = [readExample(name), readExample(chinese[index] ?? '')]
      assert.deepEqual(there.map(withoutWords), here.map(withoutWords), name)
      for (const node of there) {
        const said = infoOf(node) + String(node['name'] ?? '')
        if (node.type === 'comment') assert.match(said, HANS, `${name}: a comment in Chinese`)
      }
      const inChineseToo = codesIn(readMeOf(there))
      for (const code of codesIn(readMeOf(here))) {
        if (code.includes('HA_')) assert.ok(inChineseToo.has(code), `${name}: ${code} is not in the Chinese text`)
      }
    }
  })

  for (const name of exampleNames()) {
    describe(name, () => {
      const nodes = readExample(name)
      const byId = new Map(nodes.map((node) => [node.id, node]))
      const placed = nodes.filter(({ x }) => x !== undefined)
      const modules = nodes.find(({ type }) => type === 'global-config')?.['modules'] as
        | Record<string, string>
        | undefined

      it('has one tab, named like the example', () => {
        const tabs = nodes.filter(({ type }) => type === 'tab')
        assert.deepEqual(
          tabs.map(({ label }) => label),
          [name.replace(/^(.*\/)?\d+ - /, '')]
        )
      })

      it('uses core nodes and our own only, or says which package brings the others', () => {
        const core = coreTypes()
        const needed = new Set<string>()
        for (const node of nodes) {
          const own = OWN_PROPERTIES[node.type]
          if (own !== undefined) {
            for (const key of Object.keys(node))
              assert.ok([...own, ...OF_EVERY_NODE].includes(key), `${node.type}: ${key}`)
          } else if (!core.has(node.type) && !['tab', 'global-config'].includes(node.type)) {
            const [, brings] = BROUGHT_BY.find(([types]) => types.test(node.type)) ?? assert.fail(node.type)
            needed.add(brings)
          }
        }
        if (!name.includes('/')) assert.deepEqual([...needed], [])
        // Node-RED's editor offers to install what is listed there, in that version: the one that the tests try.
        const tried = JSON.parse(readFileSync(join(EXAMPLE_NODES, 'package.json'), 'utf8')) as {
          dependencies: Record<string, string>
        }
        assert.deepEqual(
          modules ?? {},
          Object.fromEntries([...needed].map((brings) => [brings, tried.dependencies[brings]]))
        )
        for (const brings of needed)
          assert.ok(
            nodes.some((node) => infoOf(node).includes(`**${brings}**`)),
            brings
          )
      })

      it('refers to nothing that is not in the file', () => {
        for (const node of nodes) {
          const properties = Object.keys(REFERENCES).filter((property) => !REFERENCES[property]?.includes(node.type))
          const targets = properties.flatMap((property) => (node[property] ?? []) as string | string[])
          for (const id of [...targets, ...wiresOf(node)].filter((target) => target !== '')) {
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

      it('says in a comment how it works, then what to set: every variable, and where the key goes', () => {
        const chinese = isChinese(name)
        const [how, setUp] = chinese ? ['## 工作原理', '## 设置'] : ['## How it works', '## Set it up']
        const comments = nodes.filter(({ type }) => type === 'comment').map(infoOf)
        const [readMe] = comments.filter((info) => info.includes(setUp))
        assert.ok(readMe)
        assert.ok(readMe.indexOf(how) > 0 && readMe.indexOf(how) < readMe.indexOf(setUp), 'how it works comes first')
        const beforeHaProxy = readMe.split('**HAProxy**')[0] ?? ''
        const rows = [...beforeHaProxy.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? '').toSorted()
        assert.deepEqual(rows, [...environmentOf(nodes), 'HA_PAIR_KEY'].toSorted())
        assert.match(readMe, chinese ? /填 `\$\{HA_PAIR_KEY\}`/ : /type `\$\{HA_PAIR_KEY\}`/)
        const first = placed.toSorted((a, b) => Number(a['y']) - Number(b['y']))[0]
        assert.equal(infoOf(first as FlowNode), readMe, 'it is the first thing on the tab')
      })

      it('carries no credentials', () => {
        for (const node of nodes) {
          for (const secret of ['credentials', 'key', 'previousKey', 'user', 'password', 'userid'])
            assert.ok(!(secret in node))
        }
      })

      it('is laid out tidily: on the grid, from left to right, nothing on top of another or of its badge', () => {
        const boxes = placed.map((node) => {
          const label = String(node['name'] || node.type)
          // A sign of Chinese is as wide as two others.
          const signs = label.length + (label.match(/\p{Script=Han}/gu)?.length ?? 0)
          const small = node.type === 'link in' || node.type === 'link out'
          const width = small ? GRID : Math.max(NODE.widthMin, NODE.widthBeside + NODE.widthPerSign * signs)
          return { node, label, x: Number(node['x']), y: Number(node['y']), width }
        })
        for (const [index, box] of boxes.entries()) {
          assert.equal(box.y % GRID, 0, box.label)
          assert.ok(box.x - box.width / 2 >= 0, `${box.label} is cut off at the left`)
          for (const other of boxes.slice(index + 1)) {
            const apart =
              Math.abs(box.x - other.x) >= (box.width + other.width) / 2 || Math.abs(box.y - other.y) > NODE.height
            assert.ok(apart, `${box.label} lies on ${other.label}`)
          }
          if (!box.node.type.startsWith('ha-pair-')) continue
          const left = box.x - box.width / 2
          for (const other of boxes) {
            const below = other.y - box.y
            const hidden =
              below + NODE.height / 2 > BADGE.top &&
              below - NODE.height / 2 < BADGE.bottom &&
              other.x - other.width / 2 < left + BADGE.width &&
              other.x + other.width / 2 > left
            assert.ok(!hidden || other === box, `the badge of ${box.label} runs under ${other.label}`)
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
