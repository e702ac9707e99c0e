import assert from 'node:assert/strict'
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { itInWhole } from '../../support/share'
import { DemoProcess, DEV, isAlive, until } from './processes'
import { ROOT } from '../../support/root'

const FORMING_MS = 120_000
const CLEANING_MS = 20_000

describe('npm run dev', () => {
  let dev: DemoProcess

  afterEach(() => dev.destroy())

  it('starts the pair again when a file changes, and Ctrl-C leaves nothing behind', async () => {
    dev = new DemoProcess([], DEV)
    await dev.prints('The pair has formed', FORMING_MS)
    const first = dev.nodeRedPids
    assert.equal(first.length, 2)
    const now = new Date()
    utimesSync(join(ROOT, 'nodes', 'icons', 'ha-pair-gate.svg'), now, now)
    await dev.prints('Built. The pair starts again.', FORMING_MS)
    assert.match(dev.output, /Changed: .*ha-pair-gate\.svg\. Building \.\.\./)
    for (const pid of first) assert.ok(!isAlive(pid), `Node-RED ${pid} of before is still there`)
    await until(
      () => dev.nodeRedPids.length === 4,
      FORMING_MS,
      () => dev.output
    )
    const pids = dev.nodeRedPids
    dev.child.kill('SIGINT')
    const { code } = await dev.exited
    assert.equal(code, 130, dev.output)
    for (const pid of pids) assert.ok(!isAlive(pid), `Node-RED ${pid} is still there`)
  }).timeout(3 * FORMING_MS)

  itInWhole(
    'killed with -9 it takes the pair along',
    async () => {
      dev = new DemoProcess([], DEV)
      await dev.prints('Node-RED is starting', FORMING_MS)
      await until(
        () => dev.nodeRedPids.length === 2,
        FORMING_MS,
        () => dev.output
      )
      const pids = dev.nodeRedPids
      dev.child.kill('SIGKILL')
      await until(
        () => !pids.some(isAlive),
        CLEANING_MS,
        () => `one of ${pids.join(', ')} is still there`
      )
    },
    FORMING_MS + CLEANING_MS
  )

  it('says what it takes', async () => {
    dev = new DemoProcess(['--help'], DEV)
    assert.equal((await dev.exited).code, 0)
    assert.match(dev.output, /npm run dev -- --once/)
  })
})
