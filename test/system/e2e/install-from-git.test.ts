import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { filesPackedFrom, installInto, removeFolder, repositoryIn, scratchFolder } from '../../support/node-red/npm'
import { NodeRedProcess } from '../../support/node-red/process'
import { nodeRed4 } from '../../support/node-red/versions'
import { itInWhole } from '../../support/share'

const PACKAGE = '@ha-pair/node-red-ha-pair'
const BUILT = ['dist/nodes/ha-pair.js', 'dist/nodes/ha-pair.html', 'dist/nodes/locales/zh-CN/ha-pair.json']
const LIMIT_MS = 180_000

describe('an install from a git checkout', () => {
  let folder = ''
  let nodeRed: NodeRedProcess | null = null

  it('is built by prepare when it is packed', async function () {
    this.timeout(LIMIT_MS)
    const packed = await filesPackedFrom(join(folder, 'copy'))
    for (const path of BUILT) assert.ok(packed.includes(path), path)
    for (const path of packed) assert.doesNotMatch(path, /^(src|test|nodes|node_modules)\//)
  })

  before(() => {
    folder = scratchFolder('git')
  })
  after(async function () {
    this.timeout(LIMIT_MS)
    await nodeRed?.stop()
    removeFolder(folder)
  })

  // npm installs all that the build needs besides, which takes long: in the share only `prepare` is walked.
  itInWhole('is built by prepare, and Node-RED loads it', async function () {
    this.timeout(LIMIT_MS)
    const userDirectory = join(folder, 'user-directory')
    await installInto(userDirectory, await repositoryIn(join(folder, 'checkout')))
    const installed = join(userDirectory, 'node_modules', PACKAGE)
    for (const path of BUILT) assert.ok(existsSync(join(installed, path)), path)
    for (const path of ['src', 'test', 'nodes', 'node_modules/typescript']) {
      assert.ok(!existsSync(join(installed, path)), `${path} was installed too`)
    }

    nodeRed = new NodeRedProcess({ name: 'git', version: nodeRed4(), userDirectory, flows: [] })
    await nodeRed.start()
    const { body } = await nodeRed.get('/admin/nodes', { Accept: 'application/json' })
    const sets = (body as { module: string; types: string[]; err?: unknown }[]).filter(
      ({ module }) => module === PACKAGE
    )
    assert.deepEqual(
      sets.map(({ types, err }) => ({ types, err })).toSorted((x, y) => String(x.types).localeCompare(String(y.types))),
      [
        'ha-pair',
        'ha-pair-designate',
        'ha-pair-gate',
        'ha-pair-health',
        'ha-pair-state',
        'ha-pair-sync',
        'ha-pair-witness'
      ].map((type) => ({
        types: [type],
        err: undefined
      }))
    )
  })
})
