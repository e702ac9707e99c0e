import assert from 'node:assert/strict'
import { type Import, importsIn, importsOf, typeScriptFiles } from './sources'

/** Which part of the code a path belongs to, from the top of the import order to its bottom. */
const PARTS = [
  'nodes/',
  'context/',
  'editor/',
  'src/witness/',
  'src/host/',
  'src/engine/',
  'src/rules/',
  'src/protocol/'
] as const
/** They know no platform: no node:*, no package. */
const PURE: readonly string[] = ['editor/', 'src/rules/', 'src/protocol/']

/** What the host may know of the engine: plain messages, names of events and shared memory, never the code that runs in the worker. */
const ENGINE_SEEN_BY_HOST = ['src/engine/messages', 'src/engine/events', 'src/engine/cells', 'src/engine/error-code']

/** Null when the import is allowed, else what is wrong with it. Source: DESIGN, the map. */
function judge({ file, specifier, target, typeOnly }: Import): string | null {
  const from = PARTS.find((part) => file.startsWith(part))
  if (!specifier.startsWith('.')) {
    if (from === undefined || PURE.includes(from)) return 'it knows no platform'
    if (specifier.startsWith('node:')) return null
    if (file === 'src/host/metrics.ts' && specifier === 'prom-client') return null
    return from === 'nodes/' && specifier === 'node-red' && typeOnly ? null : 'a package is no part of the design'
  }
  const to = PARTS.find((part) => target.startsWith(part))
  if (to === undefined) return 'it leads out of nodes/, context/, editor/ and src/'
  if (from === to) return null
  switch (from) {
    case 'nodes/':
      if (to === 'src/host/' || to === 'src/rules/' || to === 'src/witness/') return null
      return to === 'src/protocol/' && typeOnly
        ? null
        : 'a node knows host and rules, and of the protocol its words only'
    case 'context/':
      return to === 'src/host/' ? null : 'the context store knows the host only'
    case 'editor/':
      if (to === 'src/rules/' || to === 'src/protocol/') return null
      return to === 'src/host/' && typeOnly
        ? null
        : 'the editor knows rules and protocol, and of the host its words only'
    case 'src/witness/':
      return to === 'src/host/' || to === 'src/engine/' || to === 'src/protocol/'
        ? null
        : 'a witness knows host, engine and protocol'
    case 'src/host/':
      if (to === 'src/rules/' || to === 'src/protocol/' || ENGINE_SEEN_BY_HOST.includes(target)) return null
      return 'the host knows rules and protocol, and of the engine its messages, events and cells only'
    case 'src/engine/':
      return to === 'src/protocol/' ? null : 'the engine knows the protocol only'
    case 'src/rules/':
      return to === 'src/protocol/' ? null : 'the rules know the protocol only'
    default:
      return 'the protocol imports only itself'
  }
}

const wrongIn = (imports: readonly Import[]): string[] =>
  imports.flatMap((one) => {
    const wrong = judge(one)
    return wrong === null ? [] : [`${one.file} imports ${one.specifier}: ${wrong}`]
  })

/** Files that import themselves through others, types included, and those on a way between two such circles. */
function inCircles(imports: readonly Import[]): string[] {
  let left = imports.map(({ file, target }) => [file.replace(/\.ts$/, ''), target] as const)
  for (;;) {
    const importers = new Set(left.map(([file]) => file))
    const imported = new Set(left.map(([, target]) => target))
    const kept = left.filter(([file, target]) => imported.has(file) && importers.has(target))
    if (kept.length === left.length) return [...importers].toSorted()
    left = kept
  }
}

describe('imports run nodes -> host -> engine -> protocol, never back', () => {
  for (const part of PARTS) {
    it(`in ${part}`, () => {
      const files = typeScriptFiles(part)
      assert.ok(files.length > 0, `no source found in ${part}`)
      assert.deepEqual(wrongIn(files.flatMap(importsOf)), [])
    })
  }

  it('and the rule itself notices each way of breaking it', () => {
    const broken: readonly [file: string, text: string][] = [
      ['src/protocol/x.ts', "import { lookup } from 'node:dns'"],
      ['src/protocol/x.ts', "import '../engine/cells'"],
      ['src/protocol/deep/x.ts', "export * from '../../host/pair'"],
      ['src/engine/x.ts', "import type {\n  Pair\n} from '../host/pair'"],
      ['src/host/x.ts', "const x = await import('../engine/worker')"],
      ['src/host/x.ts', "import { x } from '../../nodes/badge'"],
      ['src/host/x.ts', "import { Gauge } from 'prom-client'"],
      ['nodes/x.ts', "import { nowUs } from '../src/engine/cells'"],
      ['nodes/x.ts', "import { REASON_BYTES } from '../src/protocol/reasons'"],
      ['nodes/x.ts', "import { x } from 'left-pad'"],
      ['nodes/x.ts', "import { x } from '../editor/dom'"],
      ['src/host/x.ts', "import { Witness } from '../witness/witness'"],
      ['src/witness/x.ts', "import { readKey } from '../../nodes/credentials'"],
      ['context/x.ts', "import { parse } from '../src/rules/values'"],
      ['context/x.ts', "import { x } from '../nodes/badge'"],
      ['editor/x.ts', "import { acquirePair } from '../src/host/hub'"],
      ['editor/x.ts', "import type { Snapshot } from '../src/engine/messages'"],
      ['editor/x.ts', "import type { EditorRED } from 'node-red'"],
      ['src/rules/x.ts', "import { isIP } from 'node:net'"],
      ['src/rules/x.ts', "import { parseSettings } from '../host/settings'"],
      ['src/engine/x.ts', "import { isWeak } from '../rules/key-strength'"],
      ['src/engine/x.ts', "const x = require('../../test/x')"]
    ]
    for (const [file, text] of broken) assert.equal(wrongIn(importsIn(file, text)).length, 1, `${file}: ${text}`)
    const fine =
      "import type { Role } from '../src/protocol/machine'\nimport { x } from '../src/host/hub' // import '../x'"
    assert.deepEqual(wrongIn(importsIn('nodes/x.ts', fine)), [])
    const shared =
      "import { PRESETS } from '../src/rules/properties'\nimport type { PairStatus } from '../src/host/pair'"
    assert.deepEqual(wrongIn(importsIn('editor/x.ts', shared)), [])
    assert.equal(importsIn('nodes/x.ts', fine).length, 2)
  })
})

describe('no file imports itself through others', () => {
  it('in all of nodes/ and src/, types included', () => {
    assert.deepEqual(inCircles(PARTS.flatMap(typeScriptFiles).flatMap(importsOf)), [])
  })

  it('and the rule itself notices a circle, also a longer one, and one of types', () => {
    const circle = [
      ...importsIn('src/host/a.ts', "import './b'\nimport '../engine/x'"),
      ...importsIn('src/host/b.ts', "import type { C } from './deep/c'"),
      ...importsIn('src/host/deep/c.ts', "export * from '../a'\nexport { d } from './d'"),
      ...importsIn('src/host/deep/d.ts', "import { x } from '../../engine/x'"),
      ...importsIn('nodes/n.ts', "import '../src/host/a'")
    ]
    assert.deepEqual(inCircles(circle), ['src/host/a', 'src/host/b', 'src/host/deep/c'])
    assert.deepEqual(inCircles(importsIn('src/host/a.ts', "import './a'")), ['src/host/a'])
  })
})
