/**
 * Each situation as people see it, in both languages: to be looked at, not compared. `npm run pictures -- --situations` says where to
 * (HA_PAIR_GALLERY); the tests themselves take none.
 */
import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import type { Text } from '../../../src/host/texts/text'
import type { NodeRedProcess } from '../../support/node-red/process'
import { startChromium } from '../browser/harness/chromium'
import { Editor, type Language, shown, type Theme } from '../browser/harness/editor'
import { Sidebar } from '../browser/harness/sidebar'

const LANGUAGES = { 'en-US': 'en', 'zh-CN': 'zh' } as const satisfies Record<Language, keyof Text>
const PATIENCE_MS = 20_000
const LOOK = { width: 1200, height: 1400 } as const
const SIDEBAR_WIDTH = 400
/** Room for the badge under a node and for what it says. */
const BADGE = { left: 10, up: 10, width: 330, height: 95 } as const

export class Gallery {
  readonly #folder: string
  readonly #theme: Theme
  readonly #browser: Browser
  readonly #open = new Map<string, Editor>()

  private constructor(folder: string, theme: Theme, browser: Browser) {
    this.#folder = folder
    this.#theme = theme
    this.#browser = browser
  }

  static async open(folder: string, theme: Theme): Promise<Gallery> {
    mkdirSync(folder, { recursive: true })
    return new Gallery(folder, theme, await startChromium())
  }

  async close(): Promise<void> {
    await this.#browser.close()
  }

  /** What the editor of this host shows now; `says`: the sentence that has to be there by then. */
  async take(host: NodeRedProcess, name: string, says: Text): Promise<void> {
    for (const language of Object.keys(LANGUAGES) as Language[]) {
      const sentence = says[LANGUAGES[language]]
      const editor = await this.#editor(host, language)
      const file = join(this.#folder, `${name}.${language}`)
      try {
        await this.#picture(editor, sentence, file)
      } catch {
        // The host was started again, and the page has not noticed.
        await editor.reload()
        await alone(editor)
        await this.#picture(editor, sentence, file)
      }
    }
  }

  async #editor(host: NodeRedProcess, language: Language): Promise<Editor> {
    const key = `${host.name} ${language}`
    const open = this.#open.get(key)
    if (open !== undefined) return open
    const editor = await Editor.open(this.#browser, host, { ...LOOK, language, theme: this.#theme }, null)
    this.#open.set(key, editor)
    await alone(editor)
    return editor
  }

  async #picture(editor: Editor, says: string, file: string): Promise<void> {
    const sidebar = await Sidebar.show(editor)
    await sidebar.makeWidth(SIDEBAR_WIDTH)
    const card = sidebar.card().first()
    await shown(`the card says ${says}`, PATIENCE_MS, async () => (await card.innerText()).includes(says))
    await editor.closeNotifications()
    await card.screenshot({ path: `${file}.png`, animations: 'disabled' })
    const node = await editor.page.locator('[id="state"]').boundingBox()
    if (node === null) return
    const clip = { x: node.x - BADGE.left, y: node.y - BADGE.up, width: BADGE.width, height: BADGE.height }
    await editor.page.screenshot({ path: `${file}.badge.png`, clip, animations: 'disabled' })
  }
}

/** Node-RED 5 divides the side between two tabs; here one has it to itself. */
async function alone(editor: Editor): Promise<void> {
  const debug = editor.page.locator('button[data-tab-id="debug"].selected')
  if ((await debug.count()) > 0) await debug.click()
}
