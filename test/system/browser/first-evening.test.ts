/**
 * The first evening of an integrator, as the README tells it: two Node-RED as they come out of the box, the package from
 * its file, the first example. Each test is a step of the README's 'Your first pair in five minutes', and does what that
 * step says; what both name (buttons, badges, variables) is read from there.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { eventually } from '../../support/eventually'
import { freePorts } from '../../support/ports'
import { describeInWhole, share } from '../../support/share'
import type { NodeRedProcess } from '../../support/node-red/process'
import { type NodeRed, nodeRed4, nodeRed5 } from '../../support/node-red/versions'
import { EXAMPLES, readExample } from '../../support/examples/files'
import { skipWithoutChromium } from './harness/chromium'
import { AWAY, type Editor, type EditorOptions, shown } from './harness/editor'
import { Sidebar } from './harness/sidebar'
import { Stage } from './harness/stage'
import { blocksIn, codeIn, pressesIn, type Step, stepsOf } from './readme'

const SET_LIMIT_MS = 180_000
const STEP_LIMIT_MS = 120_000
/** Each side is asked to act every second. */
const TIMES_SEEN = share(2, 5)
const TAKEOVER_MS_MAX = 15_000
/** The editor of a stock Node-RED asks the internet for news of its palette; here there is none. */
const NEWS = /catalogue\.nodered\.org|ERR_NAME_NOT_RESOLVED/
const COLORS = ['green', 'blue', 'yellow', 'red']

const STEPS = stepsOf('README.md')
/** From the example itself: what the README calls by its label. */
const idOf = (type: string): string => {
  const node = readExample(EXAMPLES.first).find((candidate) => candidate.type === type)
  assert.ok(node, type)
  return node.id
}
const [STATE, GATE] = [idOf('ha-pair-state'), idOf('ha-pair-gate')]

/** Without badges: these have words, which are translated. */
const plain = (codes: string[]): string[] => codes.filter((code) => !/ · |[^\x20-\x7e]|[<]/.test(code)).toSorted()

describe('the first evening in the README', () => {
  it('has the same steps in both languages, with the same commands and variables', () => {
    const chinese = stepsOf('README.zh-CN.md')
    assert.deepEqual(
      STEPS.map(({ number }) => number),
      STEPS.map((_, index) => index + 1)
    )
    assert.deepEqual(
      chinese.map(({ number }) => number),
      STEPS.map(({ number }) => number)
    )
    for (const [index, step] of STEPS.entries()) {
      const other = chinese[index] as Step
      assert.deepEqual(plain(codeIn(other)), plain(codeIn(step)), `step ${step.number}`)
    }
  })
})

/** One side of the pair with its editor. */
interface Side {
  host: NodeRedProcess
  editor: Editor
}

const acted = (editor: Editor): Promise<number> =>
  editor.page.locator('.red-ui-debug-msg-name').filter({ hasText: 'node: acted' }).count()

const debugOf = async ({ editor }: Side): Promise<Editor> => {
  await editor.page.evaluate(`RED.sidebar.show('debug')`)
  return editor
}

function tellTheEvening(version: () => NodeRed): void {
  let stage: Stage
  let a: Side
  let b: Side
  let hostB: NodeRedProcess
  let key = ''
  const walked: number[] = []

  /** A test that is the README's step of that number and title; what comes after a step that failed is not tried. */
  const step = (number: number, title: string, walk: (readme: Step) => Promise<void>): void => {
    it(`step ${number}: ${title}`, async () => {
      const readme = STEPS[number - 1]
      assert.equal(readme?.title, title, 'the README calls this step by another name')
      assert.equal(walked.length, number - 1, 'a step before this one has failed')
      await walk(readme)
      walked.push(number)
    }).timeout(STEP_LIMIT_MS)
  }

  /** Both debug sidebars, for as long as the Active acts several times: only this one says 'acted'. */
  const onlyActs = async (active: Side, standby: Side): Promise<void> => {
    const [does, not] = [await debugOf(active), await debugOf(standby)]
    const before = [await acted(does), await acted(not)] as const
    await shown('the Active acts', 20_000, async () => (await acted(does)) >= before[0] + TIMES_SEEN)
    assert.equal(await acted(not), before[1], 'the Standby does not')
  }
  /** The badge that the step promises on this side: its text from the README, its colour from the words around it. */
  const badge = async ({ editor }: Side, readme: Step, at: number): Promise<void> => {
    const text = codeIn(readme).filter((code) => code.includes(' · '))[at] ?? ''
    const literal = text.replaceAll('?', '\\?')
    const [, color = ''] = new RegExp(`\`${literal}\` in (\\w+)`).exec(readme.text) ?? []
    assert.ok(COLORS.includes(color), `step ${readme.number} says the colour of '${text}'`)
    await editor.badgeShows(STATE, color, new RegExp(`^${literal}$`))
  }
  /** Lets go of what the browser has said about hosts that were away on purpose. */
  const forgive = (pattern: RegExp): void => {
    for (const { editor } of [a, b]) {
      const other = editor.faults.filter((fault) => !pattern.test(fault) && !NEWS.test(fault))
      editor.forgetFaults()
      assert.deepEqual(other, [])
    }
  }

  /** The editor of a host, as somebody sees it who opens it for the first time. */
  const opened = async (host: NodeRedProcess, options: EditorOptions = {}): Promise<Side> => {
    const editor = await stage.editor(host, options)
    await editor.answerFirstQuestions()
    return { host, editor }
  }

  before(async function () {
    this.timeout(SET_LIMIT_MS)
    skipWithoutChromium(this)
    stage = await Stage.set(version())
    a = await opened(await stage.stockHost('host-a'), { bare: true })
    hostB = await stage.stockHost('host-b')
  })
  afterEach(async function () {
    if (a !== undefined && b !== undefined) forgive(AWAY)
    await stage?.afterTest(this.currentTest)
  })
  after(async function () {
    this.timeout(SET_LIMIT_MS)
    await stage?.strike()
  })

  it('the package comes from its file: in the editor on one host, on the command line on the other', async () => {
    await a.editor.installFromFile(stage.packageFile)
    await stage.install(hostB)
    await hostB.stop()
    await hostB.start()
    b = await opened(hostB)
    for (const { editor } of [a, b]) {
      for (const type of ['ha-pair-gate', 'ha-pair-state', 'ha-pair-designate', 'ha-pair-health', 'ha-pair-sync']) {
        await editor.paletteHas(type, 5000)
      }
    }
    // Without a restart and without loading the page again.
    await (await Sidebar.show(a.editor)).says(/No pair yet/)
  }).timeout(STEP_LIMIT_MS)

  step(1, 'Make a key', async (readme) => {
    const [command = ''] = blocksIn(readme)
    assert.match(command, /^node -e /)
    key = execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim()
    assert.match(key, /^[\w-]{43}$/)
  })

  step(2, 'Set the environment', async (readme) => {
    const named = codeIn(readme).filter((code) => /^HA_\w+$/.test(code))
    assert.deepEqual(named, ['HA_PEER_HOST', 'HA_PEER_PORT', 'HA_LOCAL_PORT', 'HA_PAIR_KEY'])
    // Both sides on one machine, as the README says below its steps: each its own local port, the other one's as its peer's.
    const [portA, portB] = (await freePorts(2)).map(String) as [string, string]
    for (const [side, local, peer] of [
      [a, portA, portB],
      [b, portB, portA]
    ] as const) {
      const values = { HA_PEER_HOST: '127.0.0.1', HA_PEER_PORT: peer, HA_LOCAL_PORT: local, HA_PAIR_KEY: key }
      assert.deepEqual(Object.keys(values), named)
      Object.assign(side.host.environment, values)
      await side.host.stop()
      await side.host.start()
      await side.editor.reload()
    }
  })

  step(3, 'Open the firewalls', async (readme) => {
    // There is none between the two here. What the step names is what the pair uses.
    assert.match(readme.text, /UDP 1101/)
  })

  const importAndShow = async ({ editor }: Side, readme: Step): Promise<void> => {
    assert.ok(pressesIn(readme).includes(EXAMPLES.first), `step 4 names the example ${EXAMPLES.first}`)
    await editor.importExample(EXAMPLES.first)
    await editor.showFlow('First pair')
    for (const node of await editor.nodes()) assert.equal(node.valid, true, `${node.type} is ready to be deployed`)
  }
  const typeTheKey = async ({ editor }: Side, readme: Step): Promise<void> => {
    const gate = await editor.openByDoubleClick(GATE)
    const pair = await editor.openConfigOf('pair')
    assert.ok(await pair.isShown('#ha-pair-no-key'), 'without a key it warns')
    const [typed = ''] = codeIn(readme)
    assert.equal(typed, '${HA_PAIR_KEY}')
    await pair.type('key', typed)
    assert.equal(await pair.isShown('#ha-pair-no-key'), false)
    await pair.keep()
    await gate.keep()
  }

  step(4, 'Import the example', (readme) => importAndShow(a, readme))

  step(5, 'Type the key', (readme) => typeTheKey(a, readme))

  step(6, 'Deploy', async (readme) => {
    await a.editor.deploy()
    await badge(a, readme, 0)
  })

  step(7, 'Do 4, 5 and 6 on host B', async (readme) => {
    await importAndShow(b, STEPS[3] as Step)
    await typeTheKey(b, STEPS[4] as Step)
    await b.editor.deploy()
    await badge(b, readme, 0)
    await a.editor.badgeShows(STATE, 'green', /^Active · peer online$/)
  })

  step(8, 'Look', async (readme) => {
    assert.ok(pressesIn(readme).includes('acted'))
    await onlyActs(a, b)
    assert.ok(pressesIn(readme).includes('HA pair'), 'the step names the sidebar tab')
    const [one, other] = [await Sidebar.show(a.editor), await Sidebar.show(b.editor)]
    await one.stateIs(/^Active · serving$/)
    await other.stateIs(/^Standby · not serving$/)
    for (const side of [one, other]) {
      assert.equal(await side.fact('Key'), 'Messages are authenticated.')
      assert.deepEqual(await side.alerts(), [])
    }
  })

  step(9, 'Try it', async (readme) => {
    // An orderly stop, and back.
    const seenByB = await Sidebar.show(b.editor)
    await a.host.stop()
    await seenByB.stateIs(/^Active · serving$/, TAKEOVER_MS_MAX)
    await seenByB.says(/was shut down normally: nobody can take over/)
    await a.host.start()
    await a.editor.reload()
    await a.editor.badgeShows(STATE, 'blue', /^Standby · peer online$/)
    await onlyActs(b, a)

    // A switch-over in the sidebar.
    const seenByA = await Sidebar.show(a.editor)
    assert.ok(pressesIn(readme).includes('Go Active'), 'the step names the button')
    await seenByA.order('active')
    await seenByA.stateIs(/^Active · serving$/)
    await onlyActs(a, b)

    // A crash: the survivor's sidebar tells it, and its flow acts.
    assert.ok(codeIn(readme).some((code) => code.includes('kill -9') || code.includes('SIGKILL')))
    const survivor = await Sidebar.show(b.editor)
    await survivor.stateIs(/^Standby/)
    const killedAt = performance.now()
    await a.host.kill()
    await survivor.stateIs(/^Active · serving$/, TAKEOVER_MS_MAX)
    const tookMs = Math.round(performance.now() - killedAt)
    console.log(
      `# ${version().name}: the first failover of an evening, kill -9 to the survivor's sidebar: ${tookMs} ms`
    )
    assert.match(await survivor.situation(), /has crashed; its host still answers\. Nobody can take over/)
    assert.match(await survivor.advice(), /^Do now: Start Node-RED on/)
    assert.match((await survivor.events()).join('\n'), /took over: Node-RED on \S+ had crashed\./)
    await b.editor.badgeShows(STATE, 'yellow', /^peer crashed · Active$/)
    await debugOf(b)
    const before = await acted(b.editor)
    await shown('the survivor acts', 20_000, async () => (await acted(b.editor)) > before + 2)
  })

  step(10, 'Make it yours', async () => {
    // The host that crashed comes back as Standby, and both run the same flows: nothing is warned of.
    await a.host.start()
    await a.editor.reload()
    await a.editor.badgeShows(STATE, 'blue', /^Standby · peer online$/)
    const sidebar = await Sidebar.show(b.editor)
    await eventually('all is well', 20_000, async () => (await sidebar.alerts()).length === 0)
    assert.deepEqual(await sidebar.glyph(), { fill: 'green', shape: 'dot' })
  })
}

describeInWhole('the first evening with Node-RED 4', () => tellTheEvening(nodeRed4))
describe('the first evening with Node-RED 5', () => tellTheEvening(nodeRed5))
