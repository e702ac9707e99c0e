/** Whatever ends the engine's thread: its gates are shut before its peer acts, also while the flows' event loop is busy. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { hub } from '../../../src/host/root'
import { freePorts, link, settings, until } from '../../support/engine-rig'
import type { ThreadEnding } from './thread-end'
import { killChild } from '../../support/kill-child'
import { ROOT } from '../../support/root'
import { share } from '../../support/share'

const SRC = join(ROOT, 'dist', 'src')
const TIMING = { heartbeatMs: 50, peerTimeoutMs: 500 }
const WAIT_MS = 15_000
const ENDINGS = ['exception', 'heap', 'terminate', 'exit'] satisfies readonly ThreadEnding[]
/** Each of them once. */
const FEW = { availability: ['heap', 'exit'], preferred: ['exception', 'terminate'] } as const satisfies Record<
  string,
  readonly ThreadEnding[]
>

describe('the end of an engine’s thread while the flows’ event loop is busy', function () {
  this.timeout(60_000)
  let child: ChildProcess
  let said: string

  afterEach(async () => {
    await killChild(child)
    await hub.shutdown()
  })

  for (const policy of ['availability', 'preferred'] as const) {
    for (const ending of share(FEW[policy], ENDINGS)) {
      it(`shuts its gates before its peer acts: ${ending}, ${policy}`, async () => {
        const [x = 0, y = 0] = await freePorts(2)
        const side = settings([link(x, y)], { ...TIMING, policy, priority: 1 })
        const args = [SRC, JSON.stringify(side), ending]
        said = ''
        child = spawn(process.execPath, [require.resolve('./thread-end'), ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
        child.stdout?.on('data', (chunk) => (said += String(chunk)))
        child.stderr?.on('data', (chunk) => (said += String(chunk)))
        // The side that may take over when its peer falls silent.
        const { pair } = hub.acquire({
          id: 'peer',
          settings: settings([link(y, x)], { ...TIMING, policy, priority: 200 }),
          keys: { key: 'a strong secret', previousKey: '' },
          storeFile: null
        })
        await until('the two meet', () => pair.status().online && said.includes('online'), WAIT_MS)
        await until('one of them serves', () => pair.gate().open || said.includes('active'), WAIT_MS)
        if (pair.gate().open) await pair.designate('standby', false)
        await until('the other one serves', () => said.includes('online active'), WAIT_MS)
        let openMs = Infinity
        const watch = setInterval(() => {
          if (pair.gate().open) openMs = Math.min(openMs, Number(process.hrtime.bigint()) / 1e6)
        }, 1)
        child.stdin?.write('end\n')
        await until('the child has told', () => said.trimEnd().endsWith(']]'), WAIT_MS)
        clearInterval(watch)
        const periods = JSON.parse(said.trimEnd().split('\n').at(-1) ?? '') as [number, number][]
        const before = periods.filter(([from]) => from < openMs)
        assert.ok(before.length > 0 && openMs < Infinity, said)
        const lastMs = Math.max(...before.map(([, to]) => to))
        console.log(`# the gate was shut ${(openMs - lastMs).toFixed(1)} ms before the peer’s opened`)
        assert.match(said, /(online|alone) \w+ 1\n/, 'the thread was started anew')
        assert.ok(lastMs < openMs, `both served for ${lastMs - openMs} ms`)
      })
    }
  }
})
