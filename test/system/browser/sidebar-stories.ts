/** What an operator sees and does in the sidebar, in a real browser against two real Node-RED processes. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { hostname } from 'node:os'
import type { Locator } from 'playwright-core'
import { eventually, pause } from '../../support/eventually'
import { freePorts } from '../../support/ports'
import { isToldOn, type NodeRedMajor, share } from '../../support/share'
import { func, KEY, pairNode, stateNode, type FlowNode } from '../../support/node-red/flow'
import type { NodeRedProcess } from '../../support/node-red/process'
import { AWAY, type Editor, type EditorOptions, shown } from './harness/editor'
import { Sidebar } from './harness/sidebar'
import type { Stage } from './harness/stage'

const SET_LIMIT_MS = 120_000
const STORY_LIMIT_MS = 90_000
const HEARTBEAT_MS = 100
const PEER_TIMEOUT_MS = 1500
/** The tab asks every 5 s and waits 3 s for an answer. */
const STALE_MS_MAX = 9000
const STORM_MS = share(2500, 5000)
const PASSWORD = 'of the tests'
const MALICE = '<img src=x onerror="window.hacked=1"> $t(tab) __role__ \u202e'

const pairOf = (settings: Readonly<Record<string, unknown>> = {}): FlowNode =>
  pairNode('pair', {
    name: 'Line 1',
    links: [
      {
        peerHost: '${HA_PEER_HOST}',
        peerPort: '${HA_PEER_PORT}',
        localHost: '127.0.0.1',
        localPort: '${HA_LOCAL_PORT}'
      }
    ],
    priority: 100,
    heartbeat: HEARTBEAT_MS,
    peerTimeout: PEER_TIMEOUT_MS,
    ...settings
  })
const flowsOf = (...pairs: FlowNode[]): FlowNode[] => [
  { id: 'tab', type: 'tab', label: 'Flow 1' },
  ...pairs,
  stateNode('state', 'pair')
]
const inject = (id: string, payload: boolean, to = 'health'): FlowNode => ({
  id,
  type: 'inject',
  z: 'tab',
  props: [{ p: 'payload' }],
  once: payload,
  payload: String(payload),
  payloadType: 'bool',
  x: 100,
  y: 100,
  wires: [[to]]
})
/** A side that can be made unfit. */
const FITNESS: readonly FlowNode[] = [
  inject('fit', true),
  inject('unfit', false),
  {
    id: 'health',
    type: 'ha-pair-health',
    z: 'tab',
    pair: 'pair',
    name: '',
    expires: 3_600_000,
    x: 300,
    y: 100,
    wires: []
  }
]

/** What is kept in the pair's store. */
const KEPT: readonly FlowNode[] = [
  inject('keep', false, 'keeps'),
  func('keeps', `flow.set('recipe', 'x'.repeat(4000), 'pair')`, [])
]

const deploy = (host: NodeRedProcess, flows: readonly FlowNode[]): Promise<void> => host.deploy(flows, 'full')
const becomes = (role: 'active' | 'standby'): RegExp => (role === 'active' ? /^Active · serving/ : /^Standby/)

export function tellSidebarStories(stage: () => Stage, version: NodeRedMajor): void {
  let a: NodeRedProcess
  let b: NodeRedProcess
  let editor: Editor
  let sidebar: Sidebar
  const extra: Editor[] = []

  /** `only`: the version on which `npm test` tells it, where Node-RED's own does not matter. */
  const story = (title: string, only: NodeRedMajor | null, tell: () => Promise<void>): void => {
    if (isToldOn(version, only)) it(title, tell).timeout(STORY_LIMIT_MS)
  }
  const open = async (host: NodeRedProcess, options: EditorOptions = {}): Promise<Sidebar> => {
    const opened = await stage().editor(host, options)
    extra.push(opened)
    // That is how an editor learns that it has to log in.
    assert.ok(
      opened.faults.every((fault) => options.login !== undefined && /401/.test(fault)),
      opened.faults.join('\n')
    )
    opened.forgetFaults()
    return Sidebar.show(opened)
  }
  /** Ends a story's own host, and first the editors on it, which would miss it. */
  const end = async (host: NodeRedProcess): Promise<void> => {
    for (const opened of extra.splice(0)) {
      opened.assertNoFaults()
      await opened.close()
    }
    await host.kill()
  }
  const paired = (): Promise<unknown> =>
    shown('the pair is whole', 20_000, async () => {
      const text = await sidebar.fact('Peer')
      return /· online · (Active|Standby)/.test(text) && /^(Active · serving|Standby)/.test(await sidebar.state())
    })
  /** The word that changes this side's role. */
  const otherRole = async (): Promise<'active' | 'standby'> =>
    (await sidebar.state()).startsWith('Active') ? 'standby' : 'active'
  /** Through the sidebar: this side has the role. */
  const make = async (role: 'active' | 'standby'): Promise<void> => {
    if ((await otherRole()) === role) await sidebar.order(role)
    await sidebar.stateIs(becomes(role))
    await paired()
  }

  before(async function () {
    this.timeout(SET_LIMIT_MS)
    ;({ a, b } = await stage().pair())
    for (const host of [a, b]) {
      await deploy(host, [...flowsOf({ ...pairOf(), credentials: { key: KEY } }), ...FITNESS, ...KEPT])
    }
    editor = await stage().mainEditor(a)
    sidebar = await Sidebar.show(editor)
    await paired()
  })
  afterEach(async function () {
    await stage().afterTest(this.currentTest)
    for (const opened of extra.splice(0)) await opened.close()
  })

  story('says all there is to know of a pair', null, async () => {
    await make('active')
    await eventually('all is well', 20_000, async () => (await sidebar.glyph()).fill === 'green')
    assert.equal((await sidebar.glyph()).shape, 'dot')
    assert.match(
      await sidebar.text(),
      /^This host: \S+\s+Line 1\s+Active · serving\s+since [\d:]+ \(\d+ (s|min)\)\s+epoch \d+/
    )
    assert.match(await sidebar.situation(), /^\S+ serves\. 127\.0\.0\.1 is ready to take over\.$/)
    assert.match(await sidebar.prospect(), /^Go Standby: 127\.0\.0\.1 will serve, and \S+ becomes Standby\.$/)
    assert.match(await sidebar.fact('Peer'), /^127\.0\.0\.1 · online · Standby$/)
    assert.equal(await sidebar.fact('Fitness'), 'here 255 · peer 255')
    await eventually('a crash could be proved', 20_000, async () =>
      (await sidebar.fact('Crash proof')).startsWith('Yes')
    )
    assert.equal((await a.post('/admin/inject/keep', {})).status, 200)
    await eventually('the peer has what was written', 20_000, async () =>
      /^Open\. Data: in step · 1 value, 3\.9 KB · last transfer \d+ s ago\.$/.test(await sidebar.fact('Channel'))
    )
    await eventually('the round trip is measured', 20_000, async () =>
      /^[\d.]+ ms$/.test(await sidebar.fact('Round trip'))
    )
    assert.match(await sidebar.fact('Links'), /^1: up\s+127\.0\.0\.1:\d+ → 127\.0\.0\.1:\d+$/)
    assert.match(await sidebar.fact('Policy'), /^Availability\. When the link is cut, both sides serve/)
    assert.equal(await sidebar.fact('Key'), 'Messages are authenticated.')
    assert.deepEqual(await sidebar.alerts(), [])
    const events = await sidebar.events()
    assert.ok(
      events.some((line) => /127\.0\.0\.1 .*online|online.*127\.0\.0\.1/.test(line)),
      events.join('\n')
    )
    assert.ok(
      events.some((line) => /^\S+ became (Active|Standby): /.test(line)),
      events.join('\n')
    )
    // The time goes on without anything happening.
    const since = (): Promise<string> => sidebar.card().locator('.ha-pair-since').innerText()
    const before = await since()
    await eventually('time goes on', 20_000, async () => (await since()) !== before)
  })

  story('asks before a switch-over; a no changes nothing', 5, async () => {
    const told = async (): Promise<unknown> => [
      await sidebar.state(),
      await sidebar.card().locator('.ha-pair-outcome').textContent()
    ]
    const before = await told()
    const role = await otherRole()
    let question = await sidebar.press(role)
    assert.equal(await question.getAttribute('role'), 'alertdialog')
    assert.match(
      await question.innerText(),
      new RegExp(`Make \\S+ ${role === 'active' ? 'Active' : 'Standby'}\\?\\s+Line 1 on \\S+\\s+\\S+ will serve`)
    )
    await question.locator('.ha-pair-no').click()
    await sidebar.questionIsGone()
    question = await sidebar.press('swap')
    await editor.page.keyboard.press('Escape')
    await sidebar.questionIsGone()
    await editor.page.locator('#red-ui-full-shade').waitFor({ state: 'hidden' })
    await pause(HEARTBEAT_MS * 3)
    assert.deepEqual(await told(), before)
    const focused = await editor.page.evaluate('document.activeElement.dataset.order')
    assert.equal(focused, 'swap', 'the focus is back where it was')
  })

  story('switches over on a yes, says so, and the peer agrees', 4, async () => {
    const peer = await open(b)
    for (const word of ['swap', 'swap'] as const) {
      const role = await otherRole()
      await sidebar.order(word)
      await sidebar.outcomeIs(
        role === 'active'
          ? /^Done at [\d:]+: \S+ is Active and serves\.$/
          : /^Done at [\d:]+: \S+ is Standby, and 127\.0\.0\.1 serves\.$/
      )
      await sidebar.stateIs(becomes(role))
      await peer.stateIs(becomes(role === 'active' ? 'standby' : 'active'))
      await sidebar.says(/became (Active|Standby): an operator switched over/)
      await paired()
    }
  })

  story('by keyboard alone, with the focus in sight', 4, async () => {
    const role = await otherRole()
    const { keyboard } = editor.page
    await sidebar.card().locator('.ha-pair-icon-button').focus()
    const stops: string[] = []
    for (let i = 0; i < 4 && stops.at(-1) !== role; i++) {
      await keyboard.press('Tab')
      stops.push(String(await editor.page.evaluate('document.activeElement.dataset.order')))
    }
    assert.equal(stops.at(-1), role, `Tab went over ${stops.join()}`)
    const outline = await editor.page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
    assert.equal(outline, 'solid')
    await keyboard.press('Enter')
    await sidebar.question()
    const focus = (): Promise<string> => editor.page.evaluate('document.activeElement.className')
    assert.match(await focus(), /ha-pair-no/, 'the harmless answer first')
    for (const expected of [/ha-pair-yes/, /ha-pair-no/, /ha-pair-yes/]) {
      await keyboard.press('Tab')
      assert.match(await focus(), expected, 'Tab stays in the question')
    }
    await keyboard.press('Space')
    await sidebar.questionIsGone()
    await sidebar.stateIs(becomes(role))
    await paired()
    const focused = await editor.page.evaluate('document.activeElement.dataset.order')
    assert.equal(focused, role, 'the focus is where it was, although the button is of no use now')
    await keyboard.press('Enter')
    await sidebar.questionIsGone()
  })

  story('the peer is killed: the survivor turns to Active, with the reason, and tells a screen reader', 4, async () => {
    await make('standby')
    assert.deepEqual(await sidebar.glyph(), { fill: 'blue', shape: 'ring' })
    const killedAt = performance.now()
    await b.kill()
    await sidebar.stateIs(/^Active · serving/, PEER_TIMEOUT_MS + 15_000)
    const tookMs = Math.round(performance.now() - killedAt)
    console.log(`# Node-RED ${version}: kill -9 to 'Active · serving' in the survivor's sidebar: ${tookMs} ms`)
    assert.deepEqual(await sidebar.glyph(), { fill: 'yellow', shape: 'dot' })
    assert.match(await sidebar.situation(), /serves\. Node-RED on 127\.0\.0\.1 has crashed/)
    assert.match(await sidebar.advice(), /^Do now: Start Node-RED on 127\.0\.0\.1 again/)
    assert.match(await sidebar.announced(), /^\S+: Line 1 is now Active\. /)
    assert.match(await sidebar.fact('Peer'), /^127\.0\.0\.1 · offline · was Active/)
    assert.match(await sidebar.fact('Fitness'), /^here 255 · peer unknown$/)
    assert.match((await sidebar.events()).join('\n'), /took over: Node-RED on 127\.0\.0\.1 had crashed/)
    assert.match(
      await sidebar.prospect(),
      /^Go Standby: by force only\.[^]*Swap: Not possible: 127\.0\.0\.1 does not answer\.$/
    )
    await editor.resize(1366, 768)
    await sidebar.assertInReach()
    await editor.resize(1400)
  })

  story('without the peer only force helps, and only who has ticked the box may force', 4, async () => {
    await sidebar.stateIs(/^Active · serving/)
    let question = await sidebar.press('standby')
    const yes = (): Locator => question.locator('.ha-pair-yes')
    assert.match(await question.innerText(), /Force \S+ to become Standby, without 127\.0\.0\.1\?/)
    assert.match(await question.innerText(), /nobody serves/)
    assert.equal(await yes().isDisabled(), true)
    await question.locator('.ha-pair-sure input').check()
    await yes().click()
    await sidebar.stateIs(/^Standby · not serving/)
    assert.deepEqual(await sidebar.glyph(), { fill: 'red', shape: 'ring' }, 'nobody serves')
    await sidebar.outcomeIs(/became Standby at [\d:]+\. 127\.0\.0\.1 does not serve, as far as is known\.$/)

    question = await sidebar.press('active')
    assert.match(await question.innerText(), /does not promise that only one side serves/)
    await editor.page.keyboard.press('Enter')
    await sidebar.questionIsGone()
    assert.match(await sidebar.state(), /^Standby/, 'Enter on the first focus means no')
    question = await sidebar.press('active')
    await question.locator('.ha-pair-sure input').check()
    await question.locator('.ha-pair-sure input').uncheck()
    assert.equal(await yes().isDisabled(), true)
    await question.locator('.ha-pair-sure input').check()
    await yes().click()
    await sidebar.stateIs(/^Active · serving/)
    await sidebar.says(/an operator forced it without the consent of 127\.0\.0\.1/)
  })

  story('the peer comes back: all is well again', 4, async () => {
    await b.start()
    await paired()
    await make('active')
    await eventually('no alert is left', 20_000, async () => (await sidebar.alerts()).length === 0)
    assert.deepEqual(await sidebar.glyph(), { fill: 'green', shape: 'dot' })
  })

  story('a switch to an unfit peer: warned of before, and told afterwards that it came back', 5, async () => {
    await make('active')
    assert.equal((await b.post('/admin/inject/unfit', {})).status, 200)
    await eventually('it is told', 20_000, async () => (await sidebar.fact('Fitness')) === 'here 255 · peer 0, unfit')
    assert.deepEqual(await sidebar.glyph(), { fill: 'yellow', shape: 'dot' })
    const question = await sidebar.press('standby')
    assert.match(
      await question.innerText(),
      /127\.0\.0\.1 is unfit \(fitness 0\): it will hand the role back at once\./
    )
    await question.locator('.ha-pair-yes').click()
    await sidebar.outcomeIs(/^Done at [\d:]+, but since [\d:]+ \S+ is Active again\./)
    await sidebar.stateIs(/^Active · serving/)
    assert.equal((await b.post('/admin/inject/fit', {})).status, 200)
    await eventually('all is well', 20_000, async () => (await sidebar.glyph()).fill === 'green')
  })

  story('the runtime is gone: nothing is green, all is dated, no orders; and back again', 5, async () => {
    await make('active')
    const goneAt = performance.now()
    await a.kill()
    await sidebar.says(
      /No contact with Node-RED on this host\. What follows is as of \d\d:\d\d:\d\d, \d+ s ago\./,
      STALE_MS_MAX + 20_000
    )
    const tookMs = Math.round(performance.now() - goneAt)
    console.log(`# Node-RED ${version}: runtime killed to greyed: ${tookMs} ms`)
    assert.ok(tookMs <= STALE_MS_MAX, `${tookMs} ms`)
    assert.deepEqual(await sidebar.glyph(), { fill: 'grey', shape: 'ring' })
    assert.match(await sidebar.state(), /^Last known: Active/)
    assert.equal(await sidebar.card().locator('.ha-pair-outcome').isVisible(), false, 'nothing is done any more')
    for (const order of ['active', 'standby', 'swap'] as const)
      assert.equal(await sidebar.button(order).isDisabled(), true)
    await sidebar.says(/To switch over, a connection to Node-RED on this host is needed\./)
    const asOf = await sidebar.banner()
    await eventually('the age grows', 20_000, async () => (await sidebar.banner()) !== asOf)
    await a.start()
    await paired()
    assert.equal(await sidebar.root.locator('.ha-pair-banner').isVisible(), false)
    assert.ok(
      editor.faults.every((fault) => AWAY.test(fault)),
      editor.faults.join('\n')
    )
    editor.forgetFaults()
  })

  story('a stopped process (SIGSTOP) is noticed too: it answers nothing', 4, async () => {
    await paired()
    process.kill(a.pid, 'SIGSTOP')
    try {
      await sidebar.stateIs(/^Last known: /, STALE_MS_MAX + 20_000)
      assert.equal((await sidebar.glyph()).fill, 'grey')
    } finally {
      process.kill(a.pid, 'SIGCONT')
    }
    await paired()
    editor.forgetFaults()
  })

  story('a storm costs the editor little; a tab that nobody sees asks nothing', 4, async () => {
    await paired()
    // Changes on both sides as fast as they are confirmed, from outside of this editor.
    let changes = 0
    const from = performance.now()
    sidebar.questions = 0
    while (performance.now() - from < STORM_MS) {
      const { status } = await b.post('/admin/ha-pair/pairs/pair/designate', { designate: 'swap' })
      if (status === 200) changes++
    }
    const seconds = (performance.now() - from) / 1000
    console.log(
      `# Node-RED ${version}: ${changes} switch-overs in ${seconds.toFixed(1)} s, ${sidebar.questions} questions`
    )
    assert.ok(changes > share(5, 20), `${changes} changes are no storm`)
    assert.ok(sidebar.questions <= 3 * seconds, `${sidebar.questions} questions`)
    await sidebar.select('info')
    await sidebar.root.waitFor({ state: 'hidden' })
    await pause(500)
    sidebar.questions = 0
    const { status } = await b.post('/admin/ha-pair/pairs/pair/designate', { designate: 'swap' })
    assert.equal(status, 200)
    await pause(share(2500, 6000))
    assert.equal(sidebar.questions, 0)
    await sidebar.select('ha-pair')
    await paired()
  })

  story('deploys while it is open: still one tab, one card, one question per hint', 4, async () => {
    for (let i = 0; i < 5; i++) {
      const flows = flowsOf(pairOf())
      await a.deploy([{ ...(flows[0] as FlowNode), info: `deploy ${i}` }, ...flows.slice(1)], 'full')
    }
    await paired()
    assert.equal(await sidebar.card().count(), 1)
    assert.equal(await sidebar.root.count(), 1)
    assert.match((await sidebar.events()).join('\n'), /became/, 'what happened before is still told')
    sidebar.questions = 0
    const from = performance.now()
    assert.equal((await b.post('/admin/ha-pair/pairs/pair/designate', { designate: 'swap' })).status, 200)
    await eventually('it is told', 20_000, () => sidebar.questions > 0)
    await pause(1500)
    const allowed = 2 + Math.ceil((performance.now() - from) / 500)
    assert.ok(sidebar.questions <= allowed, `${sidebar.questions} questions, ${allowed} were allowed`)
    await paired()
  })

  story('every control has a name, every part a role, and no id is there twice', 5, async () => {
    assert.equal(await sidebar.root.getAttribute('role'), 'region')
    assert.equal(await sidebar.root.getAttribute('aria-label'), 'HA pair')
    for (const [role, name] of [
      ['heading', 'Line 1'],
      ['heading', 'Events'],
      ['region', 'Line 1'],
      ['group', 'Switch over'],
      ['list', 'Events'],
      ['button', 'Settings of Line 1'],
      ['button', 'Go Active: this side takes over'],
      ['button', 'Go Standby: the peer takes over'],
      ['button', 'Swap the roles of the two sides']
    ] as const) {
      assert.equal(await sidebar.root.getByRole(role, { name, exact: true }).count(), 1, `${role} '${name}'`)
    }
    const found = await editor.page.evaluate<object>(`(() => {
      const root = document.querySelector('.ha-pair-sidebar')
      const ids = [...root.querySelectorAll('[id]')].map(({ id }) => id)
      return {
        twice: ids.filter((id) => document.querySelectorAll('[id="' + id + '"]').length > 1),
        nameless: [...root.querySelectorAll('button, input, a')]
          .filter((control) => !(control.getAttribute('aria-label') || control.textContent.trim())).length,
        talking: [...root.querySelectorAll('i.fa')].filter((icon) => icon.getAttribute('aria-hidden') !== 'true').length,
        live: [...root.querySelectorAll('[aria-live]')].map((part) => part.getAttribute('aria-live')),
        moving: root.getAnimations({ subtree: true }).length
      }
    })()`)
    assert.deepEqual(found, { twice: [], nameless: 0, talking: 0, live: ['polite'], moving: 0 })
  })

  story('300 px wide: nothing is cut off, and the colours can be read', 4, async () => {
    await sidebar.makeWidth(300)
    await sidebar.assertFits()
    assert.deepEqual(await faint(sidebar), [])
    assert.doesNotMatch(await sidebar.text(), /__|ha-pair-sidebar:/)
    await sidebar.resetWidth()
  })

  story('300 px wide, in Chinese, dark: nothing is cut off, and the colours can be read', 5, async () => {
    const narrow = await open(a, { language: 'zh-CN', theme: 'dark' })
    await eventually('the card is there', 20_000, async () => (await narrow.card().count()) === 1)
    await narrow.makeWidth(300)
    await narrow.assertFits()
    assert.deepEqual(await faint(narrow), [])
    const text = await narrow.text()
    const names = [hostname(), 'Line 1', 'Node-RED', 'NAT']
    const rest = names.reduce((left, name) => left.replaceAll(name, ''), text)
    assert.doesNotMatch(rest, /\b(?!epoch\b)[a-z]{3,}\b/i)
    assert.match(text, /^本机[^]*对端[^]*适合度[^]*链路[^]*往返时延[^]*通道[^]*崩溃证明[^]*密钥[^]*策略[^]*事件记录/)
  })

  story('a pair that is stopped, and names that mean mischief, stay text', 5, async () => {
    const [localPort] = await freePorts(1)
    await deploy(a, [
      { id: 'tab', type: 'tab', label: 'Flow 1' },
      pairNode('odd', {
        name: MALICE,
        links: [{ peerHost: '<b>host</b>.invalid', peerPort: 1101, localHost: '127.0.0.1', localPort }],
        auth: 'none',
        priority: 1,
        heartbeat: HEARTBEAT_MS,
        peerTimeout: PEER_TIMEOUT_MS
      }),
      pairNode('bad', {
        name: `bad ${MALICE}`,
        auth: 'none',
        priority: '<i>many</i>',
        heartbeat: '${NOT_SET}',
        policy: 'preferred'
      }),
      stateNode('state', 'odd')
    ])
    await editor.reload()
    const seen = await Sidebar.show(editor)
    await eventually('both are listed', 20_000, async () => (await seen.card().count()) === 2)
    await seen.says(/Stopped · not serving/)
    await seen.says(/Priority: “<i>many<\/i>” is not a whole number/)
    await seen.says(/Heartbeat: \$\{NOT_SET\} is not set/)
    await seen.says(/<b>host<\/b>\.invalid/, 15_000)
    assert.equal(await seen.root.locator('.ha-pair-name').last().innerText(), `bad ${MALICE}`)
    const gear = seen.root.locator('.ha-pair-icon-button').last()
    assert.equal(
      await gear.getAttribute('aria-label'),
      `Settings of bad ${MALICE}`,
      'nor does the editor read meaning into it'
    )
    const running = seen.card().filter({ hasNotText: 'Stopped' })
    await running
      .locator('button[data-order="active"], button[data-order="standby"]')
      .and(seen.editor.page.locator(':enabled'))
      .first()
      .click()
    assert.ok((await (await seen.question()).innerText()).includes(MALICE))
    await seen.editor.page.keyboard.press('Escape')
    assert.equal(
      await seen.root
        .locator('img, b:not(.ha-pair-advice b, .ha-pair-now b, .ha-pair-prospect b), i:not(.fa), script')
        .count(),
      0
    )
    assert.equal(await seen.editor.page.evaluate('window.hacked'), undefined)
    await seen.makeWidth(300)
    await seen.assertFits()
  })

  story('no pair yet: it says how to begin', 4, async () => {
    await deploy(a, [])
    const seen = await Sidebar.show(editor)
    await seen.says(/No pair yet[^]*Drag a node[^]*Deploy\.[^]*other host/)
    await seen.makeWidth(300)
    await seen.assertFits()
    await seen.root.getByRole('button', { name: 'Import an example' }).click()
    await seen.editor.page.locator('#red-ui-clipboard-dialog').waitFor({ state: 'visible' })
  })

  story('with adminAuth: a reader sees and cannot switch, an admin can', 5, async () => {
    const bcrypt = createRequire(stage().version.script)('bcryptjs') as {
      hashSync(text: string, rounds: number): string
    }
    const user = (username: string, permissions: unknown): object => ({
      username,
      password: bcrypt.hashSync(PASSWORD, 4),
      permissions
    })
    const users = [
      user('admin', '*'),
      user('reader', 'read'),
      user('blind', ['flows.read', 'settings.read', 'status.read', 'nodes.read', 'plugins.read', 'context.read'])
    ]
    const [localPort, peerPort] = await freePorts(2)
    const links = [{ peerHost: '127.0.0.1', peerPort, localHost: '127.0.0.1', localPort }]
    const host = await stage().host({
      name: 'guarded',
      allNodes: false,
      flows: flowsOf(pairOf({ links, auth: 'none' })),
      settings: { adminAuth: { type: 'credentials', users } }
    })
    const reader = await open(host, { login: { user: 'reader', password: PASSWORD } })
    await reader.stateIs(/^Active/)
    await reader.says(/Read only: to switch over you need the permission ha-pair\.write\./)
    for (const order of ['active', 'standby', 'swap'] as const)
      assert.equal(await reader.button(order).isVisible(), false)
    assert.equal(await reader.card().locator('.ha-pair-icon-button').isVisible(), false)
    const status = await reader.editor.page.evaluate(`new Promise((done) => $.ajax({
      url: 'ha-pair/pairs/pair/designate', method: 'POST', contentType: 'application/json',
      data: '{"designate":"standby","force":true}' }).always((answer) => done(answer.status)))`)
    assert.equal(status, 401)
    assert.match(await reader.state(), /^Active/)
    reader.editor.forgetFaults()

    const blind = await open(host, { login: { user: 'blind', password: PASSWORD } })
    await blind.says(/You may not see the pairs: log in, or ask for the permission ha-pair\.read\./)
    assert.equal(await blind.card().count(), 0)
    blind.editor.forgetFaults()

    // The same browser, after a logout.
    await blind.editor.logInAs('admin', PASSWORD)
    const admin = await Sidebar.show(blind.editor)
    await admin.stateIs(/^Active/)
    const question = await admin.press('standby')
    await question.locator('.ha-pair-sure input').check()
    await question.locator('.ha-pair-yes').click()
    await admin.stateIs(/^Standby/)
    await reader.stateIs(/^Standby/)
    await end(host)
  })
}

/** Texts of the tab whose contrast with what is behind them is below 4.5 to 1. */
async function faint(sidebar: Sidebar): Promise<unknown> {
  return sidebar.editor.page.evaluate(`(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 })
    const context = canvas.getContext('2d', { willReadFrequently: true })
    const rgb = (color) => {
      context.clearRect(0, 0, 1, 1)
      context.fillStyle = color
      context.fillRect(0, 0, 1, 1)
      return [...context.getImageData(0, 0, 1, 1).data]
    }
    const light = ([r, g, b]) => {
      const part = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4)
      return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    }
    const behind = (element) => {
      for (let at = element; at !== null; at = at.parentElement) {
        const color = rgb(getComputedStyle(at).backgroundColor)
        if (color[3] === 255) return color
      }
      return [255, 255, 255, 255]
    }
    const bad = []
    for (const element of document.querySelectorAll('.ha-pair-sidebar *')) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')
      // What cannot be used may be pale.
      if (!own || element.getAttribute('aria-disabled') === 'true' || element.offsetParent === null) continue
      const [text, ground] = [light(rgb(getComputedStyle(element).color)), light(behind(element))]
      const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05)
      if (ratio < 4.5) bad.push(element.className + ' ' + element.textContent.slice(0, 30) + ' ' + ratio.toFixed(2))
    }
    return bad
  })()`)
}
