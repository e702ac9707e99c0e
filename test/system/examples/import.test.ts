/** The import menu of a stock Node-RED: what further nodes need is offered, and where it is installed nothing is missing. */
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Browser } from 'playwright-core'
import { eventually } from '../../support/eventually'
import { FURTHER_EXAMPLES, inChinese, readExample } from '../../support/examples/files'
import { PATIENCE_MS } from '../../support/examples/hosts'
import { placeBuild, removeFolder, scratchFolder } from '../../support/node-red/npm'
import { NodeRedProcess } from '../../support/node-red/process'
import { type NodeRed, nodeRed4, nodeRed5 } from '../../support/node-red/versions'
import { ROOT } from '../../support/root'
import { describeInWhole, share } from '../../support/share'
import { skipWithoutChromium, startChromium } from '../browser/harness/chromium'
import { Editor } from '../browser/harness/editor'
import { EXAMPLE_NODES, NODE_PACKAGES } from './parts/installed'

/** The one that is not installed. */
const MISSING = 'node-red-node-email'
const chinese = (name: string): string => inChinese(name) ?? assert.fail(name)

function tell(this: Mocha.Suite, version: () => NodeRed): void {
  this.timeout(60_000)
  const userDirectory = scratchFolder('import')
  let host: NodeRedProcess
  let browser: Browser
  let editor: Editor

  before(async function () {
    skipWithoutChromium(this)
    placeBuild(userDirectory)
    const own = join(userDirectory, 'node_modules', '@ha-pair', 'node-red-ha-pair')
    symlinkSync(join(ROOT, 'examples'), join(own, 'examples'), 'junction')
    for (const name of NODE_PACKAGES.filter((candidate) => candidate !== MISSING)) {
      const link = join(userDirectory, 'node_modules', name)
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(EXAMPLE_NODES, 'node_modules', name), link, 'junction')
    }
    const settings = { externalModules: { palette: { allowInstall: true } } }
    host = new NodeRedProcess({
      name: 'stock',
      version: version(),
      userDirectory,
      flows: [],
      settings,
      allNodes: true
    })
    ;[browser] = await Promise.all([startChromium(), host.start()])
    editor = await Editor.open(browser, host)
  })

  after(async () => {
    await browser?.close()
    await host?.kill()
    removeFolder(userDirectory)
  })

  /** What the editor has now, by type. */
  const counts = async (): Promise<Map<string, number>> => {
    const found = new Map<string, number>()
    for (const { type } of await editor.nodes()) found.set(type, (found.get(type) ?? 0) + 1)
    return found
  }

  const { modbus, s7, relay, dashboard, database, mail } = FURTHER_EXAMPLES
  // First: an editor that imports a copy, because the pair is there already, offers nothing.
  it(`${mail}: Node-RED offers to install what is missing`, async () => {
    await editor.importExample(chinese(mail))
    const told = await eventually('it is told', PATIENCE_MS, async () =>
      (await editor.notifications()).find((text) => text.includes(MISSING))
    )
    assert.match(told, /Install all/i)
    await editor.closeNotifications()
  })

  const all = [modbus, chinese(s7), relay, chinese(dashboard), database]
  for (const name of share([chinese(dashboard)], all)) {
    it(`${name}: comes in whole, with every setting as its node wants it`, async () => {
      const before = await counts()
      await editor.importExample(name)
      const after = await counts()
      // The pair that is there is taken.
      const wanted = readExample(name).filter(({ type }) => !['tab', 'global-config', 'ha-pair'].includes(type))
      for (const { type } of wanted) {
        const many = wanted.filter((other) => other.type === type).length
        assert.equal((after.get(type) ?? 0) - (before.get(type) ?? 0), many, type)
      }
      for (const { type, valid, ...node } of await editor.nodes()) {
        if (type === 'unknown') continue
        assert.ok(valid, `the editor marks ${type} ${String(node['name'])} as not set up`)
      }
      assert.ok(!(await editor.notifications()).some((text) => /install/i.test(text)))
      await editor.closeNotifications()
    })
  }
}

describe('an example that needs other nodes, in the import menu', function () {
  tell.call(this, nodeRed4)
})
describeInWhole('the same in the import menu of Node-RED 5', function () {
  tell.call(this, nodeRed5)
})
