/**
 * The pictures of README and docs, from a real pair in a real browser: `npm run pictures`.
 *
 *   npm run pictures                    all of them, into docs/pictures
 *   npm run pictures -- --only zh-CN    of one language, without the others
 *   npm run pictures -- --examples      every example as the editor draws it, into .tmp/pictures: to be looked at
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { eventually } from '../../support/eventually'
import type { FlowNode } from '../../support/node-red/flow'
import type { NodeRedProcess } from '../../support/node-red/process'
import { type NodeRed, nodeRed4, nodeRed5 } from '../../support/node-red/versions'
import { ROOT } from '../../support/root'
import { EXAMPLES, inChinese, readExample } from '../../support/examples/files'
import type { Editor, EditorOptions, Language } from './harness/editor'
import { Sidebar } from './harness/sidebar'
import { Stage } from './harness/stage'

const FOLDER = join(ROOT, 'docs', 'pictures')
const TRIAL_FOLDER = join(ROOT, '.tmp', 'pictures')
const FOLDER_BYTES_MAX = 1_500_000
/** Few colours are enough for a user interface, and a picture has a quarter of the size. */
const COLORS = 128
const PATIENCE_MS = 20_000
const PORTS = ['1101', '1102'] as const
const KEY = 'only for the pictures: nobody else knows it'
const NAME = { 'en-US': 'Line 1', 'zh-CN': '产线 1' } as const satisfies Record<Language, string>
const FIRST = { 'en-US': EXAMPLES.first, 'zh-CN': inChinese(EXAMPLES.first) ?? EXAMPLES.first } as const
const SUFFIX = { 'en-US': '', 'zh-CN': '.zh-CN' } as const satisfies Record<Language, string>
/** So that nothing has to be scrolled. */
const TALL = 1700
const SIDEBAR_WIDTH = 400
const MARGIN = 6
const LANGUAGES = ['en-US', 'zh-CN'] as const
const LOOK = { width: 1280, height: 840, scale: 2 } as const

const idOf = (type: string): string => readExample(EXAMPLES.first).find((node) => node.type === type)?.id ?? ''
const [PAIR, GATE] = [idOf('ha-pair'), idOf('ha-pair-gate')]

const log = (line: string): void => void process.stdout.write(`${line}\n`)

/** The first example, with a name that a pair in a plant would have. */
function flowsFor(language: Language): FlowNode[] {
  return readExample(FIRST[language]).map((node) =>
    node.type === 'ha-pair' ? { ...node, name: NAME[language] } : node
  )
}

class Studio {
  readonly #stage: Stage
  readonly #folder: string

  constructor(stage: Stage, folder: string) {
    this.#stage = stage
    this.#folder = folder
  }

  async editor(host: NodeRedProcess, options: EditorOptions): Promise<Editor> {
    const editor = await this.#stage.editor(host, { ...LOOK, ...options })
    await editor.closeNotifications()
    return editor
  }

  async take(name: string, of: Editor, part?: Locator | Box): Promise<void> {
    const file = join(this.#folder, `${name}.png`)
    // Neither a blinking caret nor a tooltip belongs into a picture.
    await of.page.mouse.move(0, 0)
    await of.page.evaluate(`document.activeElement?.blur()`)
    mkdirSync(this.#folder, { recursive: true })
    if (part !== undefined && 'width' in part) {
      await of.page.screenshot({ path: file, clip: part, animations: 'disabled', caret: 'hide' })
    } else {
      await (part ?? of.page).screenshot({ path: file, animations: 'disabled', caret: 'hide' })
    }
    execFileSync('convert', [file, '-strip', '+dither', '-colors', String(COLORS), `PNG8:${file}`])
    log(`${name}.png  ${Math.round(statSync(file).size / 1000)} kB`)
  }
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Both sides of a pair with the flow of the first example, in `language`; the first one is Active. */
async function pairOf(stage: Stage, language: Language): Promise<{ active: NodeRedProcess; standby: NodeRedProcess }> {
  const start = (name: string, localPort: string, peerPort: string): Promise<NodeRedProcess> =>
    stage.host({
      name: `${name}-${language}`,
      flows: flowsFor(language),
      credentials: { [PAIR]: { key: KEY } },
      environment: { HA_PEER_HOST: '127.0.0.1', HA_PEER_PORT: peerPort, HA_LOCAL_PORT: localPort },
      settings: { lang: language }
    })
  const active = await start('a', PORTS[0], PORTS[1])
  await eventually('the first one is Active', PATIENCE_MS, async () => {
    const { body } = await active.get('/admin/ha-pair/pairs')
    return JSON.stringify(body).includes('"role":"active"')
  })
  return { active, standby: await start('b', PORTS[1], PORTS[0]) }
}

/** A part of the page with a margin around it, as wide as `first`: down to the end of `last`, or to where `next` begins. */
async function partOf(first: Locator, { last, next }: { last?: Locator; next?: Locator } = {}): Promise<Box> {
  const from = await first.boundingBox()
  const to = await (next ?? last ?? first).boundingBox()
  if (from === null || to === null) throw new Error('it is not on the screen')
  const bottom = next === undefined ? to.y + to.height + MARGIN : to.y - MARGIN
  const { x, y, width } = from
  return { x: x - MARGIN, y: y - MARGIN, width: width + 2 * MARGIN, height: bottom - y + MARGIN }
}

/** The sidebar of the survivor, a few seconds after the Active was killed. */
async function killAndLook(active: NodeRedProcess, survivor: Editor): Promise<Sidebar> {
  await survivor.page.locator('#red-ui-palette-search input').pressSequentially('pair')
  const sidebar = await Sidebar.show(survivor)
  await sidebar.makeWidth(SIDEBAR_WIDTH)
  await eventually('it is Standby', PATIENCE_MS, async () => (await sidebar.glyph()).fill === 'blue')
  await active.kill()
  await survivor.badgeShows(GATE, 'yellow', /./)
  await eventually('the sidebar tells it', PATIENCE_MS, async () => (await sidebar.glyph()).fill === 'yellow')
  await eventually('some seconds have passed', PATIENCE_MS, async () =>
    /\b[4-9] /.test(await sidebar.card().locator('.ha-pair-since').innerText())
  )
  await survivor.closeNotifications()
  return sidebar
}

async function takeLight(stage: Stage, language: Language): Promise<void> {
  const studio = new Studio(stage, FOLDER)
  const suffix = SUFFIX[language]
  const { active, standby } = await pairOf(stage, language)

  const editor = await studio.editor(active, { language, height: TALL })
  await editor.badgeShows(GATE, 'green', /./)
  const dialog = await editor.openConfig('ha-pair', PAIR)
  const heads = dialog.tray.locator('.ha-pair-form h4')
  await studio.take(`dialog-links${suffix}`, editor, await partOf(heads.nth(0), { next: heads.nth(2) }))
  const effects = dialog.tray.locator('#ha-pair-effects')
  await studio.take(`dialog-timing${suffix}`, editor, await partOf(heads.nth(2), { last: effects }))
  await dialog.cancel()
  const sidebar = await Sidebar.show(editor)
  await sidebar.makeWidth(SIDEBAR_WIDTH)
  await studio.take(`sidebar${suffix}`, editor, await partOf(sidebar.card()))
  await editor.close()

  const survivor = await studio.editor(standby, { language })
  await killAndLook(active, survivor)
  await studio.take(`failover${suffix}`, survivor)
  await survivor.close()
  await standby.kill()
}

async function takeDark(stage: Stage, language: Language): Promise<void> {
  const studio = new Studio(stage, FOLDER)
  const { active, standby } = await pairOf(stage, language)
  const survivor = await studio.editor(standby, { language, theme: 'dark', height: TALL })
  // Node-RED 5 divides the side between two tabs; here one has it to itself.
  await survivor.page.locator('button[data-tab-id="debug"].selected').click()
  const card = (await killAndLook(active, survivor)).card()
  await studio.take(`sidebar-dark${SUFFIX[language]}`, survivor, await partOf(card))
  await survivor.close()
  await standby.kill()
}

async function takeExamples(stage: Stage): Promise<void> {
  const studio = new Studio(stage, TRIAL_FOLDER)
  const host = await stage.host()
  const editor = await studio.editor(host, { language: 'en-US', width: 1800, scale: 1 })
  for (const name of Object.values(EXAMPLES)) {
    await editor.importExample(name)
    await editor.closeNotifications()
    const tab = readExample(name).find(({ type }) => type === 'tab')?.['label']
    await editor.showFlow(String(tab))
    await studio.take(name.replaceAll(' ', '-'), editor)
  }
  await editor.close()
}

async function on(version: NodeRed, work: (stage: Stage) => Promise<void>): Promise<void> {
  log(`--- ${version.name}`)
  const stage = await Stage.set(version)
  try {
    await work(stage)
  } finally {
    await stage.strike()
  }
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--examples')) return on(nodeRed4(), takeExamples)
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined
  const languages = LANGUAGES.filter((language) => only === undefined || language === only)
  if (only === undefined) rmSync(FOLDER, { recursive: true, force: true })
  await on(nodeRed4(), async (stage) => {
    for (const language of languages) await takeLight(stage, language)
  })
  await on(nodeRed5(), async (stage) => {
    for (const language of languages) await takeDark(stage, language)
  })
  const bytes = readdirSync(FOLDER).reduce((sum, name) => sum + statSync(join(FOLDER, name)).size, 0)
  log(`${Math.round(bytes / 1000)} kB in all`)
  if (bytes > FOLDER_BYTES_MAX) throw new Error(`the pictures have more than ${FOLDER_BYTES_MAX} bytes`)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
