/** Findings A4, A5 and A10: a second process on the same files, an engine at its heap limit, a disk that takes no writes. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nowUs, pause } from '../../support/namespaces/clock'
import { eventually } from '../../support/eventually'
import { Field, PEER_TIMEOUT_MS, PREFERRED_OTHER } from './field'
import { skipUnlessHere } from './here'
import { SideProcess } from './side-process'

const RETURN_MS = 5 * PEER_TIMEOUT_MS
const FREE_LIMIT_MS = 5000

const remounts = (disk: string, how: 'ro' | 'rw'): boolean =>
  spawnSync('mount', ['-o', `remount,${how}`, disk]).status === 0

describe('field: files, memory and disk', function () {
  this.timeout(120_000)
  let field: Field

  before(function () {
    skipUnlessHere(this)
  })

  afterEach(async function () {
    if (this.currentTest?.state === 'failed' && process.env['HA_PAIR_FIELD_LOGS'] !== undefined)
      console.log(field.logs())
    await field?.remove()
  })

  it('a second process with the same files waits, and knows what the first one knew', async () => {
    field = await Field.make()
    const { lan } = field
    await field.start('a')
    // It finds the ports and the files taken, before the first one has met anybody.
    const second = await SideProcess.start(lan.namespace('a'), { ...field.planOf('a'), feedPort: 9101 })
    try {
      await pause(500)
      await field.form('b')
      const sinceUs = nowUs()
      await lan.cut()
      await field.side('a').kill()
      await pause(2 * PEER_TIMEOUT_MS + 500)
      const apart = [{ fromUs: sinceUs, toUs: Infinity }]
      await field.allWell(sinceUs, { moves: true, serves: null, apart })
      field.sides.a = second
      await lan.heal()
      await eventually('one serves in each pair', RETURN_MS, () => field.formed())
      await field.allWell(sinceUs, { moves: true, serves: null, apart: [{ fromUs: sinceUs, toUs: nowUs() }] })
    } finally {
      await second.kill()
    }
  })

  it('the engine’s thread reaches its heap limit while the flows are busy: never two', async () => {
    field = await Field.make({ threadHeapMb: 24 })
    await field.form()
    const sinceUs = nowUs()
    await field.side('a').tell({ do: 'burst', busyMs: PEER_TIMEOUT_MS + 500 })
    await eventually('one serves in each pair', RETURN_MS, () => field.formed())
    await field.allWell(sinceUs, { moves: true, serves: null })
    const died = /The engine of this package crashed/.test(field.side('a').log)
    if (!died) throw new Error('the engine did not die: this shows nothing')
  })

  it('peerTimeout is made ten times as long and short again on a disk that takes no writes; then a cut', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'ha-pair-field-disk-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
    try {
      const stores = { b: join(disk, 'b') }
      mkdirSync(stores.b)
      field = await Field.make({ stores, members: [PREFERRED_OTHER], settings: { peerTimeoutMs: 1000 } })
      await field.form()
      // Busy while a file of it is open to be written.
      await eventually('the disk takes no writes', FREE_LIMIT_MS, () => remounts(disk, 'ro'))
      const deploy = (side: 'a' | 'b', peerTimeoutMs: number): Promise<unknown> =>
        field.side(side).tell({ do: 'deploy', pair: PREFERRED_OTHER.id, settings: { peerTimeoutMs } })
      await deploy('b', 10_000)
      await pause(1000)
      await deploy('a', 10_000)
      await eventually('side a serves', RETURN_MS, async () => {
        const status = (await field.statuses('a'))[PREFERRED_OTHER.id]
        return status?.serving === true && status.online
      })
      await pause(1000)
      const sinceUs = nowUs()
      await field.lan.cut()
      assert.ok(remounts(disk, 'rw'))
      await deploy('b', 1000)
      await pause(4000)
      const apart = [{ fromUs: sinceUs, toUs: Infinity }]
      await field.allWell(sinceUs, { moves: true, serves: null, apart })
    } finally {
      await field.end()
      execFileSync('umount', ['-l', disk])
      rmSync(disk, { recursive: true, force: true })
    }
  })
})
