/** What an integrator does in the editor, in a real browser against a real Node-RED. One process and one browser tell all. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Locator } from 'playwright-core'
import { SCHEMA } from '../../../src/rules/migrations'
import { eventually } from '../../support/eventually'
import { type FlowNode, KEY } from '../../support/node-red/flow'
import { freePorts } from '../../support/ports'
import type { NodeRedProcess } from '../../support/node-red/process'
import { isToldOn, type NodeRedMajor, share } from '../../support/share'
import { EXAMPLES, readExample } from '../../support/examples/files'
import type { Dialog, Editor } from './harness/editor'
import { faintIn, namelessIn, overflowingIn, tabOrderIn, textsIn } from './harness/inspect'
import type { Stage } from './harness/stage'

const SET_LIMIT_MS = 120_000
const STORY_LIMIT_MS = 60_000
const NARROW_PX = 860
const USERS = ['ha-pair-gate', 'ha-pair-state', 'ha-pair-designate', 'ha-pair-health', 'ha-pair-sync'] as const
const STRONG_KEY = /^[\w-]{43}$/
/** A gate's badge under the policy availability, while the peer has never answered. */
const ALONE = /^open · .*no peer yet/
/** Ids, and what refers to them. */
const NEW_IN_A_COPY = ['id', 'z', 'pair', 'wires', 'credentials']
/** `label.x`, `hint.x.y`: what the editor shows where a text is missing. */
const RAW_KEY = /\b(?:label|hint|check|effect|preset|choice|section|unit|placeholder|button|problem|palette)\.[a-z]/i
/** Three English words in a row: a sentence that nobody translated. Names, code and file names are shorter. */
const ENGLISH = /[a-z]{2,}(?:[ ,]+[a-z’']{2,}){2,}/i

/** A pair as the editor of 0.1.0 saved it, with what it left to the defaults left out. */
const oldPair = (localPort: string, peerPort: string): FlowNode => ({
  id: 'old-pair',
  type: 'ha-pair',
  name: 'line 1',
  links: [{ peerHost: '127.0.0.1', peerPort: Number(peerPort), localHost: '127.0.0.1', localPort: Number(localPort) }],
  heartbeat: '50',
  peerTimeout: 500
})

const newerPair: FlowNode = { ...oldPair('1', '2'), id: 'newer-pair', name: 'from tomorrow', schema: 99 }

const user = (type: string, id: string, pair: string, y: number): FlowNode => ({
  id,
  z: 'tab',
  type,
  name: '',
  x: 200,
  y,
  pair,
  wires: []
})

const row = (property: string): string => `[data-ha-pair="${property}"]`
const problem = (dialog: Dialog, property: string): Promise<string> =>
  dialog.tray.locator(`#ha-pair-problem-${property}`).innerText()
const effect = (dialog: Dialog): Promise<string> => dialog.tray.locator('#ha-pair-effects').innerText()
const link = (dialog: Dialog, field: string, at = 0): Locator => dialog.tray.locator(`[data-link="${field}"]`).nth(at)
const linkProblems = (dialog: Dialog): Promise<string[]> =>
  dialog.tray.locator('.ha-pair-link .ha-pair-problem').allInnerTexts()
/** Chooses a word of a typed input, as its menu does. */
const choose = (dialog: Dialog, property: string, word: string): Promise<void> =>
  dialog.editor.page.evaluate(
    `void $('#node-config-input-ha-pair-${property}').typedInput('type', 'word').typedInput('value', '${word}')`
  )

function assertChinese(texts: readonly string[], what: string): void {
  for (const text of texts) {
    assert.doesNotMatch(text, RAW_KEY, `${what}: ${text}`)
    assert.doesNotMatch(text, ENGLISH, `${what}: ${text}`)
  }
}

/** What the file of an example says of our nodes is what the editor itself would write, in the present form. */
async function assertAsExported(editor: Editor, example: string): Promise<void> {
  const exported = await editor.exportedAll()
  const own = readExample(example).filter(({ type }) => type.startsWith('ha-pair'))
  for (const node of own) {
    const properties = Object.fromEntries(Object.entries(node).filter(([name]) => !NEW_IN_A_COPY.includes(name)))
    const found = exported.some((written) => {
      const same = Object.entries(written).filter(([name]) => !NEW_IN_A_COPY.includes(name))
      return isDeepStrictEqual(Object.fromEntries(same), properties)
    })
    assert.ok(found, `${example}: the editor would write ${node.type} ${node.id} in another way`)
  }
}

/** Each dialog, and the pair's in each of its shapes. */
async function eachDialog(of: Editor, look: (dialog: Dialog, what: string) => Promise<void>): Promise<void> {
  const pair = await of.openConfig('ha-pair', 'old-pair')
  await look(pair, 'ha-pair')
  await choose(pair, 'policy', 'preferred')
  await choose(pair, 'failback', 'true')
  await pair.tray.locator('#ha-pair-make-key').click()
  await pair.type('heartbeat', '4')
  await pair.type('healthPath', '/ha-pair')
  await pair.tray.locator('.red-ui-editableList-addButton').click()
  await link(pair, 'localPort', 1).waitFor()
  await look(pair, 'ha-pair with everything')
  await choose(pair, 'policy', 'exclusive')
  await look(pair, 'ha-pair, exclusive')
  await choose(pair, 'auth', 'none')
  await look(pair, 'ha-pair, no key')
  await choose(pair, 'wire', 'classic')
  await look(pair, 'ha-pair, classic')
  await pair.cancel()
  for (const type of USERS) {
    const dialog = await of.openNode(`old-${type}`)
    await look(dialog, type)
    if (type === 'ha-pair-gate') {
      await dialog.field('whenClosed').selectOption('resume')
      assert.ok(await dialog.isShown('#ha-pair-gate-resume'))
      await look(dialog, `${type}, resume`)
    }
    await dialog.cancel()
  }
}

export function tellStories(stage: () => Stage, version: NodeRedMajor): void {
  let host: NodeRedProcess
  let editor: Editor
  let ports: string[]

  before(async function () {
    this.timeout(SET_LIMIT_MS)
    ports = (await freePorts(6)).map(String)
    const [a = '', b = ''] = ports
    host = (await stage().pair()).a
    await host.deploy(
      [
        { id: 'tab', type: 'tab', label: 'Pair' },
        { ...oldPair(a, b), credentials: { key: KEY } },
        newerPair,
        ...USERS.map((type, index) => user(type, `old-${type}`, 'old-pair', 60 + 60 * index)),
        user('ha-pair-gate', 'newer-gate', 'newer-pair', 360),
        { ...user('ha-pair-gate', 'asked-gate', 'old-pair', 420), whenClosed: 'drop', wires: [['link'], []] },
        { id: 'link', z: 'tab', type: 'link out', mode: 'link', links: ['far'], x: 400, y: 420, wires: [] },
        { id: 'far', z: 'tab', type: 'link in', links: ['link'], x: 100, y: 480, wires: [['answer']] },
        { id: 'answer', z: 'tab', type: 'http response', name: '', x: 400, y: 480, wires: [] }
      ],
      'full'
    )
    editor = await stage().mainEditor(host)
  })
  afterEach(async function () {
    await stage().afterTest(this.currentTest)
  })

  /** `only`: the version on which `npm test` tells it, where Node-RED's own does not matter; each story stands by itself. */
  const story = (title: string, only: NodeRedMajor | null, tell: () => Promise<void>): void => {
    if (isToldOn(version, only)) it(title, tell).timeout(STORY_LIMIT_MS)
  }

  const openPair = (id = 'old-pair'): Promise<Dialog> => editor.openConfig('ha-pair', id)
  story('a flow of 0.1.0 opens without a change, and the next deploy writes the new form', null, async () => {
    assert.equal(await editor.isChanged(), false)
    for (const node of await editor.nodes()) assert.equal(node.changed, false, node.id)
    const exported = await editor.exported('old-pair')
    assert.equal(exported['schema'], SCHEMA)
    assert.equal(exported['healthPath'], '')
    assert.deepEqual([exported['auth'], exported['crashProof'], exported['channel']], ['key', true, 'auto'])
    assert.equal(exported['stallLimit'], 10_000, 'what it left out is written down')
    assert.equal(exported['heartbeat'], '50', 'what it said stays')
    await editor.badgeShows('old-ha-pair-gate', 'red', ALONE)
    await editor.dragFromPalette('ha-pair-gate', { x: 500, y: 300 })
    await editor.deploy()
    const saved = (await host.flows()).find(({ id }) => id === 'old-pair')
    assert.equal(saved?.['schema'], SCHEMA)
    await editor.badgeShows('old-ha-pair-gate', 'red', ALONE)
  })

  story('a pair from a newer version stays stopped, and says so on the badge and in the dialog', 5, async () => {
    await editor.badgeShows('newer-gate', 'red', /^stopped: schema 99/)
    assert.equal((await editor.node('newer-pair')).valid, false)
    const dialog = await openPair('newer-pair')
    assert.match(await dialog.tray.locator('#ha-pair-newer').innerText(), /newer version/)
    await dialog.cancel()
    assert.equal((await editor.exported('newer-pair'))['schema'], 99, 'nobody takes it for an older one')
    const older = await openPair()
    assert.equal(await older.isShown('#ha-pair-newer'), false)
    await older.cancel()
  })

  story('opened and closed without a change, no node is marked as changed', null, async () => {
    // One way out on each version, in the share.
    for (const leave of share([version === 4 ? 'keep' : 'cancel'] as const, ['cancel', 'keep'] as const)) {
      await (await openPair())[leave]()
      for (const type of USERS) await (await editor.openNode(`old-${type}`))[leave]()
    }
    for (const node of await editor.nodes()) assert.equal(node.changed, false, node.id)
    assert.equal(await editor.isChanged(), false)
  })

  story('dragged from the palette, configured, deployed: the badge turns', null, async () => {
    const gate = await editor.dragFromPalette('ha-pair-gate', { x: 500, y: 200 })
    const dialog = await editor.openNode(gate)
    await dialog.field('pair').selectOption('_ADD_')
    const pair = await editor.openConfigOf('pair')
    await pair.type('heartbeat', '50')
    await pair.type('peerTimeout', '500')
    await link(pair, 'peerHost').fill('127.0.0.1')
    await link(pair, 'peerPort').fill(ports[2] ?? '')
    await link(pair, 'localHost').fill('127.0.0.1')
    await link(pair, 'localPort').fill(ports[3] ?? '')
    await pair.keep()
    await dialog.keep()
    const made = await editor.node(gate)
    assert.equal(made.valid, true)
    const { schema, auth } = await editor.exported(String(made['pair']))
    assert.deepEqual([schema, auth], [SCHEMA, 'key'])
    await editor.deploy()
    await editor.badgeShows(gate, 'red', /^stopped: key is missing$/i)
    const again = await editor.openConfig('ha-pair', String(made['pair']))
    await again.tray.locator('#ha-pair-make-key').click()
    await again.keep()
    await editor.deploy()
    await editor.badgeShows(gate, 'red', ALONE)
  })

  story('a wrong value is told under its field while it is typed, and on the node', 5, async () => {
    const dialog = await openPair()
    const wrong: readonly (readonly [string, string, RegExp])[] = [
      ['heartbeat', '4', /5 to 60000/],
      ['heartbeat', '20.5', /5 to 60000/],
      ['peerTimeout', '99', /two heartbeats: 100/],
      ['peerTimeout', '600001', /10 to 600000/],
      ['priority', '256', /0 to 255/],
      ['stallLimit', '', /100 to 600000/],
      ['healthPath', 'ha-pair', /Begins with \//],
      ['healthPath', '/../x', /Begins with \//]
    ]
    for (const [property, value, message] of wrong) {
      const before = await dialog.field(property).inputValue()
      await dialog.type(property, value)
      assert.match(await problem(dialog, property), message, `${property} ${value}`)
      assert.equal(await dialog.field(property).getAttribute('aria-invalid'), 'true')
      await dialog.type(property, '${HA_VALUE}')
      assert.equal(await problem(dialog, property), '', `${property} from the environment`)
      await dialog.type(property, before)
      assert.equal(await problem(dialog, property), '', property)
    }
    // The one field hangs on the other.
    await dialog.type('heartbeat', '400')
    assert.match(await problem(dialog, 'peerTimeout'), /two heartbeats: 800/)
    await dialog.keep()
    assert.equal((await editor.node('old-pair')).valid, false)
    const again = await openPair()
    assert.match(await problem(again, 'peerTimeout'), /two heartbeats: 800/)
    await again.type('heartbeat', '50')
    await again.keep()
    assert.equal((await editor.node('old-pair')).valid, true)

    const health = await editor.openNode('old-ha-pair-health')
    await health.type('expires', '99')
    assert.match(await health.tray.locator('#ha-pair-health-problem').innerText(), /100 to 3600000/)
    await health.cancel()
  })

  story('addresses that cannot work are told under their link', 4, async () => {
    const dialog = await openPair()
    const remove = dialog.tray.locator('.red-ui-editableList-item-remove:visible')
    assert.equal(await remove.count(), 0, 'the only link stays')
    for (const [field, typed, told] of [
      ['peerHost', '', /host name or address/],
      ['peerHost', '192.168.0.300', /“192\.168\.0\.300” is not an address/],
      ['localHost', 'not an ip', /neither a host name nor an address/]
    ] as const) {
      const good = await link(dialog, field).inputValue()
      await link(dialog, field).fill(typed)
      assert.match((await linkProblems(dialog))[0] ?? '', told)
      await link(dialog, field).fill(good)
    }
    await link(dialog, 'peerPort').fill(ports[0] ?? '')
    assert.match((await linkProblems(dialog))[0] ?? '', /talk to itself/)
    await link(dialog, 'localPort').fill('${HA_LOCAL_PORT}')
    assert.deepEqual(await linkProblems(dialog), [''])
    await link(dialog, 'localPort').fill('70000')
    assert.match((await linkProblems(dialog))[0] ?? '', /1 to 65535/)
    await link(dialog, 'localPort').fill('5001')
    await dialog.tray.locator('.red-ui-editableList-addButton').click()
    await link(dialog, 'peerHost', 1).fill('127.0.0.1')
    await link(dialog, 'localHost', 1).fill('127.0.0.1')
    await link(dialog, 'localPort', 1).fill('5001')
    assert.match((await linkProblems(dialog))[1] ?? '', /Link 1 has this local port/)
    await remove.first().click()
    await eventually('one link is left', 20_000, async () => (await linkProblems(dialog)).length === 1)
    assert.equal((await linkProblems(dialog))[0], '', 'the one it collided with is gone')
    await dialog.cancel()
  })

  story('a preset fills the fields, a typed value makes it custom, and both say what they mean', 4, async () => {
    const dialog = await openPair()
    const preset = dialog.tray.locator('#ha-pair-preset')
    assert.equal(await preset.inputValue(), 'fast', 'the figures of the flow are those of a preset')
    await preset.selectOption('relaxed')
    assert.equal(await dialog.field('heartbeat').inputValue(), '1000')
    assert.equal(await dialog.field('peerTimeout').inputValue(), '10000')
    assert.match(await effect(dialog), /process dies\s+at once[^]*vanishes[^]*after about 10 s/)
    await dialog.type('peerTimeout', '4000')
    assert.equal(await preset.inputValue(), 'custom')
    assert.match(await effect(dialog), /vanishes[^]*after about 4 s/)
    await dialog.type('peerTimeout', '${HA_TIMEOUT}')
    assert.match(await effect(dialog), /vanishes[^]*as the environment says/)
    await dialog.type('peerTimeout', '4000')
    // Without a proof, silence decides: no key, no channel, or not wanted.
    for (const [property, word, usual] of [
      ['auth', 'none', 'key'],
      ['channel', 'off', 'auto'],
      ['crashProof', 'false', 'true']
    ] as const) {
      await choose(dialog, property, word)
      assert.match(await effect(dialog), /process dies\s+after about 4 s/, property)
      assert.equal(await dialog.isShown(row('crashProof')), property === 'crashProof')
      await choose(dialog, property, usual)
      assert.match(await effect(dialog), /process dies\s+at once/, property)
    }
    await preset.selectOption('standard')
    await preset.selectOption('custom')
    assert.equal(await preset.inputValue(), 'custom', 'chosen, it stays')
    await choose(dialog, 'policy', 'exclusive')
    assert.match(
      await effect(dialog),
      /neither side serves until an operator[^]*Link cut: the Active stops\s+after about 1\.8 s/
    )
    await dialog.cancel()
  })

  story('without a key it warns; the button makes a strong one that reaches the runtime', 5, async () => {
    const dialog = await openPair()
    const key = dialog.field('key')
    const shown = dialog.tray.locator('#ha-pair-new-key-text')
    assert.equal(await dialog.isShown('#ha-pair-no-key'), false, 'there is a key')
    await key.fill('')
    assert.ok(await dialog.isShown('#ha-pair-no-key'))
    assert.equal(await dialog.field('previousKey').isVisible(), false)
    await key.fill('short')
    assert.equal(await dialog.isShown('#ha-pair-no-key'), false)
    assert.ok(await dialog.isShown('#ha-pair-weak-key'))
    await key.fill('${HA_PAIR_KEY}')
    assert.equal(await dialog.isShown('#ha-pair-weak-key'), false)
    assert.ok(await dialog.field('previousKey').isVisible())
    await dialog.field('previousKey').fill('plant42')
    assert.ok(await dialog.isShown('#ha-pair-weak-key'), 'it is still accepted')
    await dialog.field('previousKey').fill('')
    await dialog.tray.locator('#ha-pair-make-key').click()
    const first = await shown.inputValue()
    await dialog.tray.locator('#ha-pair-make-key').click()
    const made = await shown.inputValue()
    assert.match(made, STRONG_KEY)
    assert.notEqual(made, first)
    assert.equal(await key.inputValue(), made)
    // Over plain http there is no clipboard to write to: what is selected is copied, or the user is asked to.
    await editor.page.evaluate(
      `Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })`
    )
    await dialog.tray.locator('#ha-pair-copy-key').click()
    assert.match(await dialog.tray.locator('#ha-pair-copied').innerText(), /Copied|Ctrl\+C/)
    assert.equal(await editor.page.evaluate(`String(getSelection())`), made)
    await dialog.keep()
    await editor.deploy()
    const stored = JSON.parse(readFileSync(join(host.userDirectory, 'flows_cred.json'), 'utf8')) as {
      readonly [id: string]: { readonly key?: string }
    }
    assert.equal(stored['old-pair']?.key, made)

    const again = await openPair()
    assert.equal(await again.isShown('#ha-pair-no-key'), false)
    assert.equal(await again.isShown('#ha-pair-new-key'), false, 'a stored key is not shown again')
    await again.keep()
    assert.equal((await editor.node('old-pair')).changed, false, 'a stored key, looked at, is no change')
  })

  story('no key is a choice of its own, says what it means, and forgets the key', 4, async () => {
    const dialog = await openPair()
    assert.equal(await dialog.isShown('#ha-pair-auth-none'), false)
    await choose(dialog, 'auth', 'none')
    assert.match(
      await dialog.tray.locator('#ha-pair-auth-none').innerText(),
      /any sender that reaches the port is accepted, and can take the role/
    )
    for (const property of ['key', 'previousKey', 'channel', 'crashProof']) {
      assert.equal(await dialog.isShown(row(property)), false, property)
    }
    await dialog.keep()
    assert.equal((await editor.node('old-pair'))['auth'], 'none')
    await editor.deploy()
    await editor.badgeShows('old-ha-pair-gate', 'red', ALONE)
    const stored = JSON.parse(readFileSync(join(host.userDirectory, 'flows_cred.json'), 'utf8')) as object
    assert.doesNotMatch(JSON.stringify(stored), /"old-pair":\{[^}]*"key"/)

    const again = await openPair()
    await choose(again, 'auth', 'key')
    assert.ok(await again.isShown('#ha-pair-no-key'))
    await again.field('key').fill(KEY)
    await again.keep()
    await editor.deploy()
    await editor.badgeShows('old-ha-pair-gate', 'red', ALONE)
  })

  story('the classic wire shows what it knows, and saves nothing that it does not', 4, async () => {
    const dialog = await openPair()
    for (const property of ['receiptTimeout', 'lossLimit']) assert.equal(await dialog.isShown(row(property)), false)
    assert.equal(await dialog.isShown('#ha-pair-priority-hint'), false)
    await choose(dialog, 'failback', 'true')
    assert.match(
      await dialog.tray.locator('#ha-pair-priority-hint').innerText(),
      /Fail back needs different priorities/
    )
    await choose(dialog, 'policy', 'preferred')
    assert.match(await dialog.tray.locator('#ha-pair-priority-hint').innerText(), /the preferred side/)
    assert.equal(await dialog.isShown(row('wire')), false, 'it is under Advanced')
    await dialog.tray.locator('#ha-pair-advanced summary').click()
    assert.ok(await dialog.isShown(row('wire')))
    await choose(dialog, 'wire', 'classic')
    for (const property of ['receiptTimeout', 'lossLimit']) assert.ok(await dialog.isShown(row(property)), property)
    const unknown = ['auth', 'key', 'previousKey', 'channel', 'policy', 'crashProof', 'priority', 'failback']
    for (const property of [...unknown, 'failbackDelay']) {
      assert.equal(await dialog.isShown(row(property)), false, property)
    }
    assert.equal(await dialog.isShown('.red-ui-editableList-addButton'), false)
    await dialog.tray.locator('#ha-pair-preset').selectOption('classic')
    assert.equal(await dialog.field('peerTimeout').inputValue(), '60000')
    assert.match(await effect(dialog), /process dies\s+after about 60 s/)
    await dialog.keep()
    const kept = await editor.node('old-pair')
    assert.deepEqual([kept['wire'], kept['policy'], kept['peerTimeout']], ['classic', 'availability', '60000'])
    assert.deepEqual([kept['auth'], kept.valid], ['none', true])
    // That the classic wire has no key is no word of anybody for the other one.
    const back = await openPair()
    assert.ok(await back.isShown(row('wire')), 'what is unusual is in sight')
    await choose(back, 'wire', 'extended')
    assert.ok(await back.isShown('#ha-pair-no-key'))
    await back.keep()
    assert.equal((await editor.node('old-pair'))['auth'], 'key')
    await editor.reload()
    const extended = await openPair()
    assert.ok(await extended.isShown(row('policy')))
    await extended.cancel()
  })

  story('a gate that somebody waits behind says so, unless it has an answer for them', 5, async () => {
    const warning = '#ha-pair-gate-waiting'
    const dialog = await editor.openNode('asked-gate')
    assert.match(await dialog.tray.locator(warning).innerText(), /An HTTP response is behind this gate/)
    await dialog.field('whenClosed').selectOption('second-output')
    assert.ok(await dialog.isShown(warning), 'nothing is wired to it')
    await dialog.cancel()
    const other = await editor.openNode('old-ha-pair-gate')
    assert.equal(await other.isShown(warning), false)
    await other.cancel()
  })

  story('a health path shows where it will answer', 4, async () => {
    const dialog = await openPair()
    await dialog.type('healthPath', '/ha/line-1')
    const urls = await dialog.tray.locator('.ha-pair-urls li').allInnerTexts()
    assert.deepEqual(
      urls,
      ['', '/active', '/standby', '/live', '/metrics'].map((page) => host.url(`/ha/line-1${page}`))
    )
    await dialog.cancel()
  })

  story('dialogs can be read, fit, and are usable without a mouse: light theme, narrow', 4, async () => {
    await editor.resize(NARROW_PX)
    await eachDialog(editor, async (dialog, what) => {
      assert.deepEqual(await faintIn(dialog), [], what)
      assert.deepEqual(await overflowingIn(dialog), [], what)
      assert.deepEqual(await namelessIn(dialog), [], what)
      const order = await tabOrderIn(dialog)
      assert.deepEqual(
        order,
        order.toSorted((a, b) => a - b),
        `${what}: Tab goes from top to bottom`
      )
      assert.ok(order.length >= 3, what)
    })
    await editor.resize(1400)
  })

  story('in Chinese, and dark where Node-RED has it: translated, readable, within its bounds', 5, async () => {
    const chinese = await stage().editor(host, { language: 'zh-CN', theme: 'dark', width: NARROW_PX })
    const isDark = await chinese.page.evaluate(`document.documentElement.classList.contains('nr-theme-dark')`)
    assert.equal(isDark, version === 5)
    await eachDialog(chinese, async (dialog, what) => {
      const texts = await textsIn(dialog)
      assert.ok(
        texts.some((text) => /[\u4e00-\u9fff]/.test(text)),
        what
      )
      assertChinese(texts, what)
      assert.deepEqual(await faintIn(dialog), [], what)
      assert.deepEqual(await overflowingIn(dialog), [], what)
    })
    for (const type of ['ha-pair', ...USERS]) {
      const help = await chinese.help(type)
      assert.match(help, /[\u4e00-\u9fff]/, type)
      assertChinese(help.split('\n'), `help of ${type}`)
    }
    chinese.assertNoFaults()
    await chinese.close()
  })

  // The last one: what it leaves in the editor goes with the next load.
  story('every example comes in through the import menu, whole and known', null, async () => {
    // Half of them on each version, in the share.
    const all = Object.values(EXAMPLES)
    const names = share(
      all.filter((_, index) => index % 2 === version % 2),
      all
    )
    for (const name of names) {
      await editor.importExample(name)
      const told = await editor.notifications()
      assert.ok(!told.some((text) => /missing|unrecogni[sz]ed|not.*installed/i.test(text)), `${name}: ${told.join()}`)
      for (const node of await editor.nodes()) assert.notEqual(node.type, 'unknown', name)
      await editor.closeNotifications()
      await assertAsExported(editor, name)
    }
    const pairs = (await editor.nodes()).filter(({ type }) => type === 'ha-pair')
    assert.ok(pairs.length > 2)
    for (const pair of pairs) if (pair.id !== 'newer-pair') assert.equal(pair['schema'], SCHEMA, pair.id)
  })
}
