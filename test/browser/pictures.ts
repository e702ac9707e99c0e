/**
 * The pictures of README and docs, from a real pair in a real browser: `npm run pictures`.
 *
 *   npm run pictures                    all of them, into docs/pictures
 *   npm run pictures -- --examples      every example as the editor draws it, into .tmp/pictures: to be looked at
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { eventually } from '../e2e/harness/eventually'
import type { FlowNode } from '../e2e/harness/flow'
import type { NodeRedProcess } from '../e2e/harness/process'
import { type NodeRed, nodeRed4, nodeRed5, ROOT } from '../e2e/harness/versions'
import { EXAMPLES, readExample } from '../examples/files'
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
const SUFFIX = { 'en-US': '', 'zh-CN': '.zh-CN' } as const satisfies Record<Language, string>
const DIALOG_HEIGHT = 1700
const LOOK = { width: 1280, height: 900, scale: 2 } as const

const log = (line: string): void => void process.stdout.write(`${line}\n`)

/** The first example, with a name that a pair in a plant would have. */
function flowsFor(language: Language): FlowNode[] {
  return readExample(EXAMPLES.first).map((node) => (node.type === 'ha-pair' ? { ...node, name: NAME[language] } : node))
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
  const flows = flowsFor(language)
  const pair = flows.find(({ type }) => type === 'ha-pair')?.id ?? ''
  const start = (name: string, localPort: string, peerPort: string): Promise<NodeRedProcess> =>
    stage.host({
      name: `${name}-${language}`,
      flows,
      credentials: { [pair]: { key: KEY } },
      environment: { HA_PEER_HOST: '127.0.0.1', HA_PEER_PORT: peerPort, HA_LOCAL_PORT: localPort },
      settings: { lang: language }
    })
  const active = await start('a', PORTS[0], PORTS[1])
  const standby = await start('b', PORTS[1], PORTS[0])
  // A swap there and back, so that the timeline has something to tell.
  for (const side of [standby, active]) {
    await eventually('the role moves', PATIENCE_MS, async () => {
      const { status } = await side.post(`/admin/ha-pair/pairs/${pair}/designate`, { designate: 'active' })
      return status === 200
    })
  }
  return { active, standby }
}

/** The part of the workspace on which nodes are. */
async function nodesOf(editor: Editor): Promise<Box> {
  const chart = await editor.page.locator('#red-ui-workspace-chart').boundingBox()
  const size = await editor.page.evaluate<{ right: number; bottom: number }>(`(() => {
    const parts = [...document.querySelectorAll('.red-ui-flow-node-group, .red-ui-flow-node-status-group')]
    const boxes = parts.map((part) => part.getBoundingClientRect()).filter(({ width }) => width > 0)
    return { right: Math.max(...boxes.map(({ right }) => right)), bottom: Math.max(...boxes.map(({ bottom }) => bottom)) }
  })()`)
  if (chart === null) throw new Error('there is no workspace')
  return { x: chart.x, y: chart.y, width: size.right - chart.x + 20, height: size.bottom - chart.y + 20 }
}

async function takePictures(stage: Stage, language: Language, theme: 'light' | 'dark'): Promise<void> {
  const studio = new Studio(stage, FOLDER)
  const suffix = `${theme === 'dark' ? '-dark' : ''}${SUFFIX[language]}`
  const { active, standby } = await pairOf(stage, language)
  const pair = flowsFor(language).find(({ type }) => type === 'ha-pair')?.id ?? ''
  const gate = flowsFor(language).find(({ type }) => type === 'ha-pair-gate')?.id ?? ''

  const editor = await studio.editor(active, { language, theme })
  await editor.badgeShows(gate, 'green', /./)
  await studio.take(`flow${suffix}`, editor, await nodesOf(editor))
  await editor.resize(LOOK.width, DIALOG_HEIGHT)
  const dialog = await editor.openConfig('ha-pair', pair)
  await studio.take(`dialog${suffix}`, editor, dialog.tray)
  await dialog.cancel()
  await editor.resize(LOOK.width, LOOK.height)
  const sidebar = await Sidebar.show(editor)
  await sidebar.makeWidth(400)
  await studio.take(`sidebar${suffix}`, editor, sidebar.root)
  await editor.close()

  const survivor = await studio.editor(standby, { language, theme })
  await survivor.page.locator('#red-ui-palette-search input').fill('pair')
  const seen = await Sidebar.show(survivor)
  await seen.makeWidth(400)
  await seen.stateIs(/./)
  await active.kill()
  await survivor.badgeShows(gate, 'yellow', /./)
  await eventually('the sidebar tells it', PATIENCE_MS, async () => (await seen.glyph()).fill === 'yellow')
  await eventually('a moment has passed', PATIENCE_MS, async () =>
    /\b[3-9] /.test(await seen.card().locator('.ha-pair-since').innerText())
  )
  await survivor.closeNotifications()
  await studio.take(`failover${suffix}`, survivor)
  await studio.take(`survivor${suffix}`, survivor, seen.root)
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
  rmSync(FOLDER, { recursive: true, force: true })
  await on(nodeRed4(), async (stage) => {
    await takePictures(stage, 'en-US', 'light')
    await takePictures(stage, 'zh-CN', 'light')
  })
  await on(nodeRed5(), async (stage) => {
    await takePictures(stage, 'en-US', 'dark')
    await takePictures(stage, 'zh-CN', 'dark')
  })
  const bytes = readdirSync(FOLDER).reduce((sum, name) => sum + statSync(join(FOLDER, name)).size, 0)
  log(`${Math.round(bytes / 1000)} kB in all`)
  if (bytes > FOLDER_BYTES_MAX) throw new Error(`the pictures have more than ${FOLDER_BYTES_MAX} bytes`)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
