/** A pair gets its third voice in the editor: the pair's dialog gives the witness key, a third Node-RED takes it, and the sidebars tell. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { witnessLineOf } from '../../../src/witness/keys'
import { eventually } from '../../support/eventually'
import { KEY, pairNode, stateNode } from '../../support/node-red/flow'
import type { NodeRedProcess } from '../../support/node-red/process'
import { nodeRed4 } from '../../support/node-red/versions'
import { freePorts } from '../../support/ports'
import { ROOT } from '../../support/root'
import { skipWithoutChromium } from './harness/chromium'
import type { Dialog, Editor } from './harness/editor'
import { Sidebar } from './harness/sidebar'
import { Stage } from './harness/stage'

const STORY_LIMIT_MS = 120_000
const THIRD = '127.0.0.9'
const PICTURES = process.env['HA_PAIR_PICTURES'] ?? ''

const picture = async (editor: Editor, name: string): Promise<void> => {
  if (PICTURES !== '') await editor.screenshot(join(ROOT, PICTURES, `${name}.png`))
}
const problem = (dialog: Dialog): Promise<string> => dialog.tray.locator('#ha-pair-problem-witness').innerText()

describe('a witness in the editor', () => {
  let stage: Stage
  let port = 0
  let a: NodeRedProcess
  let third: NodeRedProcess

  before(async function () {
    this.timeout(STORY_LIMIT_MS)
    skipWithoutChromium(this)
    ;[port = 0] = await freePorts(1)
    stage = await Stage.set(nodeRed4())
    const link = {
      peerHost: '${HA_PEER_HOST}',
      peerPort: '${HA_PEER_PORT}',
      localHost: '127.0.0.1',
      localPort: '${HA_LOCAL_PORT}'
    }
    const pair = pairNode('pair', { priority: 100, links: [link], policy: 'witness', witness: { host: THIRD, port } })
    ;({ a } = await stage.hosts({
      allNodes: false,
      flows: [{ id: 'tab', type: 'tab', label: 'Flow 1' }, pair, stateNode('state', 'pair')],
      credentials: { pair: { key: '${HA_PAIR_KEY}', previousKey: '' } }
    }))
    third = await stage.host({ name: 'third', allNodes: false })
  })
  after(async function () {
    this.timeout(STORY_LIMIT_MS)
    await stage?.strike()
  })
  afterEach(async function () {
    await stage?.afterTest(
      this.currentTest && { title: this.currentTest.title, isFailed: () => this.currentTest?.state === 'failed' }
    )
  })

  it('is set up from the pair’s dialog to the sidebar of both', async () => {
    const editor = await stage.editor(a)
    const dialog = await editor.openConfig('ha-pair', 'pair')
    assert.equal(await dialog.isShown('#ha-pair-witness-host'), true)
    assert.equal(await dialog.isShown('[data-ha-pair="crashProof"]'), false, 'no proof of a crash counts')
    const host = dialog.tray.locator('#ha-pair-witness-host')
    for (const [typed, says] of [
      ['', /^Needed: the witness’s host/],
      ['300.1.1.1', /is not an address/],
      ['127.0.0.1', /This is this side’s own address/],
      [THIRD, /^$/]
    ] as const) {
      await host.fill(typed)
      await eventually(`says ${says}`, 20_000, async () => says.test(await problem(dialog)))
    }
    await dialog.tray.locator('#ha-pair-show-witness-key').click()
    const shown = dialog.tray.locator('#ha-pair-witness-key-text')
    await eventually('the witness key is shown', 20_000, async () => (await shown.inputValue()) !== '')
    const key = await shown.inputValue()
    assert.equal(key, witnessLineOf(KEY).key)
    await host.scrollIntoViewIfNeeded()
    await picture(editor, 'dialog')
    await dialog.field('key').fill('another key, typed just now')
    await eventually('it is of another key', 20_000, async () => (await shown.inputValue()) === '')
    await dialog.cancel()

    const other = await stage.editor(third)
    const cards = await Sidebar.show(other)
    await picture(other, 'empty')
    await cards.root.getByRole('button', { name: 'Add a witness' }).click()
    const adding = await other.openedNow()
    await adding.type('name', 'Third voice')
    await adding.type('port', String(port))
    await adding.type('host', THIRD)
    const wrong = adding.tray.locator('#ha-pair-witness-problem-keys')
    await adding.type('keys', `# ours\n${key.slice(0, -1)} line 1`)
    await eventually('the line is named', 20_000, async () =>
      (await wrong.innerText()).startsWith('Line 2 is no witness key')
    )
    await adding.type('keys', `# ours\n${key} line 1`)
    await eventually('all is well', 20_000, async () => (await wrong.innerText()) === '')
    await picture(other, 'node')
    await adding.keep()
    await other.deploy()
    await cards.says(/Third voice\s+Witness · open on UDP port \d+\s+line 1\s+127\.0\.0\.1 has the voice since/)
    await cards.says(/127\.0\.0\.1 was heard \d+ s ago\./)
    await picture(other, 'witness')

    const sidebar = await Sidebar.show(editor)
    await sidebar.says(/Witness\s+answers · agreed · its voice is (here|with the peer)/)
    await sidebar.says(/Policy\s+Witness\. When the link is cut, the Active goes on/)
    await picture(editor, 'pair')
    await third.stop()
    await sidebar.says(/Witness\s+does not answer · last heard \d+ s ago/, 15_000)
    await eventually('it is warned of', 20_000, async () =>
      /The witness \(127\.0\.0\.9:\d+\) does not answer/.test(await sidebar.situation())
    )
    assert.equal(
      await sidebar.fact('Crash proof'),
      'Does not count: the witness keeps its promise to the other side first.'
    )
    await picture(editor, 'lost')
    other.forgetFaults()
  }).timeout(STORY_LIMIT_MS)
})
