/** What an integrator does in the editor, in a real browser against a real Node-RED. One process and one browser tell all. */
import assert from 'node:assert/strict'
import type { NodeRedProcess } from '../e2e/harness/process'
import { freeUdpPorts } from '../e2e/harness/ports'
import type { NodeRed } from '../e2e/harness/versions'
import { skipWithoutChromium } from './harness/chromium'
import type { Editor } from './harness/editor'
import { Stage } from './harness/stage'

const SET_LIMIT_MS = 120_000
const STORY_LIMIT_MS = 60_000

export function tellStories(version: () => NodeRed): void {
  let stage: Stage
  let host: NodeRedProcess
  let editor: Editor

  before(async function () {
    this.timeout(SET_LIMIT_MS)
    skipWithoutChromium(this)
    stage = await Stage.set(version())
    host = await stage.host()
    editor = await stage.editor(host)
  })
  afterEach(async function () {
    await stage?.afterTest(this.currentTest)
  })
  after(async function () {
    this.timeout(SET_LIMIT_MS)
    await stage?.strike()
  })

  it('dragged from the palette, configured, deployed: the badge turns', async () => {
    const [localPort, peerPort] = (await freeUdpPorts(2)).map(String) as [string, string]
    const gate = await editor.dragFromPalette('ha-pair-gate', { x: 300, y: 200 })
    const dialog = await editor.openNode(gate)
    const pair = await editor.openConfigOf('pair')
    await pair.type('heartbeat', '50')
    await pair.type('peerTimeout', '500')
    const link = (field: string) => pair.tray.locator(`[data-link="${field}"]`)
    await link('peerHost').fill('127.0.0.1')
    await link('peerPort').fill(peerPort)
    await link('localHost').fill('127.0.0.1')
    await link('localPort').fill(localPort)
    await pair.keep()
    await dialog.keep()
    assert.equal((await editor.node(gate)).valid, true)
    await editor.deploy()
    await editor.badgeShows(gate, 'yellow', /^open · brother offline/)
  }).timeout(STORY_LIMIT_MS)
}
