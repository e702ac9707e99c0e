/** What a process has one of is made where the process begins, and passed on: a module that keeps something for itself cannot be had twice. */
import assert from 'node:assert/strict'
import { readSource, typeScriptFiles, withoutComments } from './sources'

/** Where a thread begins. */
const ROOTS = ['src/host/root.ts', 'src/engine/worker.ts', 'src/witness/root.ts']

/** What else is kept by a module, and why that is fine. */
const KEPT: Readonly<Record<string, string>> = {
  'src/host/channel/tls.ts shared': 'a constant that is made when it is needed',
  'src/host/channel/dialled.ts ids': 'a counter',
  'src/host/thread-code.ts modules': 'text of the code that runs in the thread',
  'nodes/health-routes.ts installed': 'by Node-RED: a process may embed several',
  'nodes/deployed-flows.ts listeners': 'by Node-RED: a process may embed several',
  'nodes/ha-pair-gate.ts overDeploy': 'what gates held, by the id of the node that a deploy builds again'
}

/** Variables, and constants that are new objects: a set or a map that is filled where it is made never changes. */
const KEEPS = /^(?:export )?(?:let (\w+)|const (\w+)[^=\n]*= new (?!(?:Set|Map)\((?!\))))/gm

const keptIn = (text: string): string[] =>
  [...withoutComments(text).matchAll(KEEPS)].map(([, variable, constant]) => variable ?? constant ?? '')

describe('the composition root', () => {
  it('makes what a process has one of; no other module keeps anything for itself', () => {
    const files = ['src/', 'nodes/', 'context/'].flatMap(typeScriptFiles).filter((file) => !ROOTS.includes(file))
    const kept = files.flatMap((file) => keptIn(readSource(file)).map((name) => `${file} ${name}`))
    assert.deepEqual(
      kept.filter((one) => !(one in KEPT)),
      []
    )
  })

  it('is missed by the rule where a module makes its own', () => {
    assert.deepEqual(keptIn('export const hub = new Hub()\nlet count = 0\nconst byName = new Map<string, Pair>()'), [
      'hub',
      'count',
      'byName'
    ])
    assert.deepEqual(
      keptIn("const WORDS = new Set(['a'])\nconst BY = new Map(\n  (ALL.map(pair)))\n  let inside = 0"),
      []
    )
  })
})
