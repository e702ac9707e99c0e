/** Node-RED's editor in a browser, in the verbs of the person in front of it. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { eventually } from '../../../support/eventually'
import { PATIENCE } from '../../../support/patience'
import type { NodeRedProcess } from '../../../support/node-red/process'

export type Language = 'en-US' | 'zh-CN'
export type Theme = 'light' | 'dark'

export interface EditorOptions {
  readonly language?: Language
  /** Node-RED 4 has the light one only, and ignores this. */
  readonly theme?: Theme
  readonly width?: number
  readonly height?: number
  /** Device pixels per pixel: pictures for people are sharper with 2. */
  readonly scale?: number
  /** The package is not installed yet. */
  readonly bare?: boolean
  /** Where Node-RED has `adminAuth`. */
  readonly login?: Login
}

export interface Login {
  readonly user: string
  readonly password: string
}

export interface Badge {
  readonly fill: string
  readonly shape: string
  readonly text: string
}

/** A node as the editor holds it; far from all of it. */
export interface EditorNode {
  readonly id: string
  readonly type: string
  readonly changed: boolean
  readonly valid: boolean
  readonly [property: string]: unknown
}

/** What is used here of the editor's own global; it exists in the page only. */
declare const RED: {
  readonly nodes: {
    node(id: string): Record<string, unknown> | null
    eachNode(visit: (node: Record<string, unknown>) => void): void
    eachConfig(visit: (node: Record<string, unknown>) => void): void
    createCompleteNodeSet(options: object): Record<string, unknown>[]
    dirty(): boolean
  }
  readonly editor: { editConfig(name: string, type: string, id: string): void; edit(node: unknown): void }
  readonly actions: { invoke(name: string, options?: object): void }
  readonly sidebar: { readonly help: { show(type: string): void } }
}
declare const localStorage: { setItem(key: string, value: string): void }

/** As much of a DOM element as is used here: these tests are compiled without the browser's types. */
interface TrayElement {
  setAttribute(name: string, value: string): void
}

const SEEN = 'data-test-seen'
const PATIENCE_MS = 15_000
const CLICK_AGAIN_MS = 2000
const FOCUS_LIMIT_MS = 2000 * PATIENCE
const LOAD_LIMIT_MS = 30_000 * PATIENCE
const INSTALL_LIMIT_MS = 90_000 * PATIENCE
/**
 * Dialogs of Node-RED need not slide in: each would keep the browser busy for half a second. Ours are as they are. Nor does a page need
 * what draws diagrams, which no text here has: that is more code than the editor itself.
 */
const STANDSTILL = `document.addEventListener('DOMContentLoaded', () => {
  const style = document.createElement('style')
  style.textContent = '[class*="red-ui"], [id*="red-ui"] { transition: none !important }'
  document.head.append(style)
  if (globalThis.$) $.fx.off = true
  if (globalThis.RED) RED.editor.mermaid.render = async () => []
})`
const LOOK_EVERY_MS = 100
const WIDTH = 1400
const HEIGHT = 950

/** What browsers and Node-RED itself say and what is no fault of a page of ours. */
const NOT_OURS = [
  /favicon/,
  /Third-party cookie/,
  // Node-RED's tips, where the page takes longer to load than they wait.
  /reading 'html'\)\s+at a \(\S+red\.min\.js/
]

/** What a browser says while the runtime that its page belongs to is away. */
export const AWAY = /ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket connection|ECONNRESET|Failed to load resource/

/** Looks less often than `eventually` does: each look costs browser and test some milliseconds. */
export const shown: typeof eventually = (what, withinMs, probe) => eventually(what, withinMs, probe, LOOK_EVERY_MS)

const LOADS_MAX = 5
/**
 * Chromium gives requests up when an interface appears: suites that run beside this one make some for their namespaces. One that had its
 * connection and was not sent yet finds it closed.
 */
const GIVEN_UP = /net::ERR_(NETWORK_CHANGED|SOCKET_NOT_CONNECTED)/
/** The page was on its way elsewhere, as after a login, when it was to be loaded again. */
const REPLACED = /Not attached to an active page/

/** One load of the page. One that lost a request on its way never ends. */
class Load {
  giveUp: () => void = () => undefined
  readonly gaveUp = new Promise<'gave up'>((resolve) => (this.giveUp = () => resolve('gave up')))
}

export class Editor {
  readonly page: Page
  readonly #ownContext: BrowserContext | null
  #load = new Load()
  readonly #faults: string[] = []

  private constructor(page: Page, ownContext: BrowserContext | null) {
    this.#ownContext = ownContext
    this.page = page
    page.setDefaultTimeout(PATIENCE_MS * PATIENCE)
    page.on('pageerror', (error) => this.#note(`uncaught: ${error.stack ?? error.message}`))
    page.on('console', (message) => {
      const text = message.text()
      if (message.type() === 'error' && !GIVEN_UP.test(text)) {
        this.#note(`console: ${text} (${message.location().url})`)
      }
    })
    page.on('requestfailed', (request) => {
      // A request that the page itself gave up, for example because it was closed, has not failed.
      const why = request.failure()?.errorText ?? ''
      if (GIVEN_UP.test(why)) this.#load.giveUp()
      else if (why !== 'net::ERR_ABORTED') this.#note(`request: ${request.url()} ${why}`)
    })
    page.on('response', (response) => {
      if (response.status() >= 400) this.#note(`answer: ${response.status()} ${response.url()}`)
    })
  }

  /**
   * The editor of `nodeRed` in a page of its own: in `shared`, where the browser has kept what it loaded before, or in a profile of
   * its own, as every login needs one.
   */
  static async open(
    browser: Browser,
    nodeRed: NodeRedProcess,
    options: EditorOptions = {},
    shared: BrowserContext | null = null
  ): Promise<Editor> {
    const { language = 'en-US', theme = 'light', width = WIDTH, height = HEIGHT, scale = 1, login, bare } = options
    const context = shared ?? (await browser.newContext({ locale: language, deviceScaleFactor: scale }))
    const page = await context.newPage()
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme: theme })
    await page.addInitScript(
      ([chosenLanguage, chosenTheme]) => {
        localStorage.setItem('editor-language', chosenLanguage)
        localStorage.setItem('view-dark-theme', chosenTheme)
      },
      [language, theme] as const
    )
    await page.addInitScript(STANDSTILL)
    const editor = new Editor(page, shared === null ? context : null)
    await editor.#navigate(() => page.goto(nodeRed.editorUrl))
    if (login === undefined) await editor.loaded({ bare })
    else await editor.#loggedIn(login)
    return editor
  }

  #note(fault: string): void {
    if (!NOT_OURS.some((pattern) => pattern.test(fault))) this.#faults.push(fault)
  }

  /** What went wrong in the page so far: uncaught errors, errors on the console, requests that failed. */
  get faults(): readonly string[] {
    return this.#faults
  }

  /** Forgets faults that a test has provoked. */
  forgetFaults(): void {
    this.#faults.length = 0
  }

  assertNoFaults(): void {
    assert.deepEqual(this.#faults, [])
  }

  /** Until palette, workspace and flows are there. */
  async loaded(options: { readonly bare?: boolean | undefined } = {}): Promise<void> {
    await this.#loadedUntil(() => this.#shows(options))
  }

  /** Through the login's dialog, as often as the page has to be loaded. */
  async #loggedIn(login: Login): Promise<void> {
    const name = this.page.locator('#node-dialog-login-username')
    const first = this.page.locator('#node-dialog-login-username:visible, #red-ui-main-container:visible').first()
    await this.#loadedUntil(async (load) => {
      await first.waitFor({ state: 'visible', timeout: LOAD_LIMIT_MS })
      if (load === this.#load && (await name.isVisible())) await this.#logIn(login)
      await this.#shows({})
    })
    // The first request of somebody who is not logged in is refused: that is how the editor finds out.
    this.forgetFaults()
  }

  /** Loads the page again where a request of it was lost: what it was to show then never comes. */
  async #loadedUntil(shows: (load: Load) => Promise<void>): Promise<void> {
    for (let loads = 1; ; loads++) {
      const done = shows(this.#load)
      if (loads === LOADS_MAX || (await Promise.race([done, this.#load.gaveUp])) !== 'gave up') return done
      done.catch(() => undefined)
      await this.#navigate(() => this.page.reload())
    }
  }

  /** Requests may be lost from the first one on, before anybody waits for what the page shows. */
  async #navigate(go: () => Promise<unknown>): Promise<void> {
    const load = (this.#load = new Load())
    await go().catch((error: unknown) => {
      if (![GIVEN_UP, REPLACED].some((pattern) => pattern.test(String(error)))) throw error
      load.giveUp()
    })
  }

  async #shows({ bare = false }: { readonly bare?: boolean | undefined }): Promise<void> {
    await this.page.locator('#red-ui-main-container').waitFor({ state: 'visible', timeout: LOAD_LIMIT_MS })
    await this.paletteHas(bare ? 'inject' : 'ha-pair-gate', LOAD_LIMIT_MS)
    await this.page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden', timeout: LOAD_LIMIT_MS })
  }

  async paletteHas(type: string, withinMs: number): Promise<void> {
    const entry = this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`)
    await entry.waitFor({ state: 'attached', timeout: withinMs })
  }

  /** What a stock Node-RED asks and shows the first time that somebody opens it. */
  async answerFirstQuestions(): Promise<void> {
    // The click takes the focus away again where the tour was quicker.
    await this.page.evaluate(`{
      const note = () => { if (document.activeElement.closest('.red-ui-tourGuide-popover')) window.tourHadFocus = true }
      document.addEventListener('focusin', note)
      note()
    }`)
    await this.page.getByRole('button', { name: 'No, do not enable notifications' }).click()
    const tour = this.page.locator('.red-ui-tourGuide-popover')
    // A tour that is closed before it has put the focus on its button stumbles over itself.
    await eventually('the tour has had the focus', PATIENCE_MS, () =>
      this.page.evaluate('window.tourHadFocus === true')
    )
    await tour.locator('button .fa-times').click()
    await tour.waitFor({ state: 'detached' })
  }

  /** Manage palette, Install, the upload button, a file, Upload. */
  async installFromFile(file: string): Promise<void> {
    await this.page.evaluate(() => RED.actions.invoke('core:manage-palette'))
    const palette = this.page.locator('#red-ui-settings-tab-palette')
    await palette.locator('#red-ui-tab-install').click()
    await palette.locator('.red-ui-palette-editor-upload-button input[type=file]').setInputFiles(file)
    await palette.locator('.red-ui-palette-editor-upload .editor-button.primary').click()
    await this.paletteHas('ha-pair-gate', INSTALL_LIMIT_MS)
    await this.page.locator('.red-ui-tray:visible #node-dialog-ok').click()
    await this.closeNotifications()
  }

  async #logIn({ user, password }: Login): Promise<void> {
    await this.page.locator('#node-dialog-login-username').fill(user)
    await this.page.locator('#node-dialog-login-password').fill(password)
    await this.page.locator('#node-dialog-login-submit').click()
  }

  /** Logs out, and in again as somebody else. */
  async logInAs(user: string, password: string): Promise<void> {
    await this.page.evaluate(
      `Object.keys(localStorage).filter((key) => key.startsWith('auth-tokens')).forEach((key) => localStorage.removeItem(key))`
    )
    this.page.once('dialog', (dialog) => void dialog.accept())
    await this.#navigate(() => this.page.reload())
    await this.#loggedIn({ user, password })
  }

  /** Loads the page again: language and theme stay, what was not deployed is lost. */
  async reload(): Promise<void> {
    this.page.once('dialog', (dialog) => void dialog.accept())
    await this.#navigate(() => this.page.reload())
    await this.loaded()
  }

  async resize(width: number, height: number = HEIGHT): Promise<void> {
    await this.page.setViewportSize({ width, height })
  }

  /** Whether its profile is that of others too: it stays open for the next test. */
  get isShared(): boolean {
    return this.#ownContext === null
  }

  async close(): Promise<void> {
    await this.page.close()
    await this.#ownContext?.close()
  }

  // --- the workspace -----------------------------------------------------------------------------------------------

  /** Drags a node out of the palette; returns the id that it has on the workspace. */
  async dragFromPalette(type: string, place: { x: number; y: number }): Promise<string> {
    const before = new Set((await this.nodes()).map(({ id }) => id))
    const entry = this.page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`)
    await entry.scrollIntoViewIfNeeded()
    const from = await entry.boundingBox()
    const chart = await this.page.locator('#red-ui-workspace-chart').boundingBox()
    assert.ok(from && chart, 'palette and workspace are on the screen')
    const { mouse } = this.page
    await mouse.move(from.x + from.width / 2, from.y + from.height / 2)
    await mouse.down()
    await mouse.move(chart.x + place.x - 20, chart.y + place.y - 20, { steps: 5 })
    await mouse.move(chart.x + place.x, chart.y + place.y, { steps: 5 })
    await mouse.up()
    const dropped = await eventually(`a ${type} is on the workspace`, PATIENCE_MS, async () =>
      (await this.nodes()).find((node) => node.type === type && !before.has(node.id))
    )
    return dropped.id
  }

  /** Nodes and config nodes of the flows in the editor, deployed or not. */
  async nodes(): Promise<EditorNode[]> {
    return this.page.evaluate(() => {
      const found: { id: string; type: string; changed: boolean; valid: boolean }[] = []
      const add = (node: Record<string, unknown>): void => {
        const own = Object.keys((node['_def'] as { defaults: object }).defaults)
        found.push({
          ...Object.fromEntries(own.map((property) => [property, node[property]])),
          id: String(node['id']),
          type: String(node['type']),
          changed: node['changed'] === true,
          valid: node['valid'] === true
        })
      }
      RED.nodes.eachNode(add)
      RED.nodes.eachConfig(add)
      return found
    })
  }

  /** Brings the tab of a flow to the front. */
  async showFlow(label: string): Promise<void> {
    await this.page.locator('#red-ui-workspace-tabs .red-ui-tab-label').filter({ hasText: label }).last().click()
  }

  async node(id: string): Promise<EditorNode> {
    const found = (await this.nodes()).find((node) => node.id === id)
    assert.ok(found, `there is a node ${id}`)
    return found
  }

  /** What an export, or a deploy, would say of every node. */
  async exportedAll(): Promise<Record<string, unknown>[]> {
    return this.page.evaluate(() => RED.nodes.createCompleteNodeSet({ credentials: true }))
  }

  async exported(id: string): Promise<Record<string, unknown>> {
    const found = (await this.exportedAll()).find((node) => node['id'] === id)
    assert.ok(found, `there is a node ${id}`)
    return found
  }

  /** The badge below a node; null where it has none. */
  async badge(id: string): Promise<Badge | null> {
    const group = this.page.locator(`[id="${id}"] .red-ui-flow-node-status-group`)
    if ((await group.count()) === 0) return null
    const look = (await group.locator('.red-ui-flow-node-status').getAttribute('class')) ?? ''
    const [, shape = '', fill = ''] = /red-ui-flow-node-status-(dot|ring)-(\w+)/.exec(look) ?? []
    return { shape, fill, text: (await group.locator('.red-ui-flow-node-status-label').textContent()) ?? '' }
  }

  async badgeShows(id: string, fill: string, text: RegExp, withinMs: number = PATIENCE_MS): Promise<void> {
    await shown(`the badge of ${id} is ${fill} with ${text}`, withinMs, async () => {
      const badge = await this.badge(id)
      if (badge !== null && badge.fill === fill && text.test(badge.text)) return true
      throw new Error(`it is ${JSON.stringify(badge)}`)
    })
  }

  /** Whether there is something to deploy. */
  async isChanged(): Promise<boolean> {
    return this.page.evaluate(() => RED.nodes.dirty())
  }

  /** Presses Deploy, confirms what is asked, and waits until Node-RED has taken it. */
  async deploy(): Promise<void> {
    await this.closeNotifications()
    await this.page.locator('#red-ui-header-button-deploy').click()
    const confirm = this.page.locator('.red-ui-notification .primary, .red-ui-notification #node-dialog-confirm-deploy')
    await eventually('the deploy is done', LOAD_LIMIT_MS, async () => {
      if (await confirm.first().isVisible()) await confirm.first().click({ timeout: 1000 })
      return !(await this.isChanged()) && (await this.page.locator('#red-ui-header-shade:visible').count()) === 0
    })
  }

  async notifications(): Promise<string[]> {
    return this.page.locator('.red-ui-notification:visible').allInnerTexts()
  }

  /** Puts them out of sight; the editor removes them itself, in its own time. */
  async closeNotifications(): Promise<void> {
    await this.page.evaluate(`void $('.red-ui-notification').hide()`)
  }

  /** The node's description in the help sidebar, as text. */
  async help(type: string): Promise<string> {
    await this.page.evaluate((wanted) => RED.sidebar.help.show(wanted), type)
    const help = this.page.locator('.red-ui-help:visible').last()
    await help.waitFor({ state: 'visible' })
    return (await help.innerText()).trim()
  }

  // --- import ------------------------------------------------------------------------------------------------------

  async openImportMenu(): Promise<Locator> {
    await this.page.evaluate(() => RED.actions.invoke('core:show-import-dialog'))
    const dialog = this.page.locator('#red-ui-clipboard-dialog')
    await dialog.waitFor({ state: 'visible' })
    return dialog
  }

  /** Imports an example of the package by its path in the menu. Nodes that exist already are copied. */
  async importExample(name: string): Promise<void> {
    const before = (await this.nodes()).length
    const dialog = await this.openImportMenu()
    await dialog.locator('#red-ui-tab-red-ui-clipboard-dialog-import-tab-examples').click()
    const tree = dialog.locator('#red-ui-clipboard-dialog-import-tab-examples')
    const entry = (label: string): Locator => tree.locator('.red-ui-treeList-label').filter({ hasText: label }).last()
    await entry('@ha-pair/node-red-ha-pair').click()
    for (const step of name.split('/')) await entry(step).click()
    await this.page.locator('#red-ui-clipboard-dialog-ok:not([disabled])').click()
    const copy = this.page.locator('.red-ui-notification button').filter({ hasText: /copy|副本/ })
    await eventually(`the nodes of '${name}' are there`, PATIENCE_MS, async () => {
      if (await copy.isVisible()) await copy.click({ timeout: 1000 })
      return (await this.nodes()).length > before
    })
    // What an import brings follows the mouse until a click drops it, unless it is a whole tab.
    await this.page.keyboard.press('Escape')
  }

  // --- dialogs -----------------------------------------------------------------------------------------------------

  /** Opens a node's dialog as a double click does. */
  async openNode(id: string): Promise<Dialog> {
    await this.#markTrays()
    await this.page.evaluate((wanted) => RED.editor.edit(RED.nodes.node(wanted)), id)
    return this.#opened()
  }

  async openByDoubleClick(id: string): Promise<Dialog> {
    await this.#markTrays()
    await this.page.locator(`[id="${id}"] .red-ui-flow-node`).dblclick()
    return this.#opened()
  }

  /** Opens a config node's dialog; with the id `_ADD_` that of a new one. */
  async openConfig(type: string, id: string): Promise<Dialog> {
    await this.#markTrays()
    await this.page.evaluate(([wantedType, wanted]) => RED.editor.editConfig('', wantedType, wanted), [
      type,
      id
    ] as const)
    return this.#opened()
  }

  /** A dialog that the page has just opened by itself. */
  openedNow(): Promise<Dialog> {
    return this.#opened()
  }

  /** In a node's dialog: the button beside the field that names a config node; it makes one where there is none. */
  async openConfigOf(property: string): Promise<Dialog> {
    const button = (kind: string): Locator => this.page.locator(`#node-input-btn-${property}-${kind}`)
    const chosen = await this.page.locator(`#node-input-${property}`).inputValue()
    await this.#markTrays()
    await (chosen === '_ADD_' || chosen === '' ? button('add') : button('edit')).click()
    return this.#opened()
  }

  /** Marks the dialogs that are open; what is not marked later is new. A dialog below another is out of the page. */
  async #markTrays(): Promise<void> {
    await this.page.evaluate((mark) => {
      const page = globalThis as unknown as { $: (selector: string) => { attr(name: string, value: string): void } }
      page.$('.red-ui-tray').attr(mark, '')
    }, SEEN)
  }

  /** A moment after a dialog is there the editor lays it out and puts the focus into it: then it is usable. */
  async #opened(): Promise<Dialog> {
    const tray = this.page.locator(`.red-ui-tray:not([${SEEN}])`)
    await tray.waitFor({ state: 'visible' })
    await this.page.evaluate(`new Promise((done) => {
      const tray = document.querySelector('.red-ui-tray:not([${SEEN}])')
      const untilMs = performance.now() + ${FOCUS_LIMIT_MS}
      const look = () =>
        tray.contains(document.activeElement) || performance.now() > untilMs ? done() : setTimeout(look, 20)
      look()
    })`)
    await tray.evaluate((element, mark) => (element as unknown as TrayElement).setAttribute(mark, ''), SEEN)
    return new Dialog(this, this.page.locator('.red-ui-tray:visible').last())
  }

  async screenshot(file: string, of?: Locator): Promise<void> {
    mkdirSync(dirname(file), { recursive: true })
    await (of ?? this.page).screenshot({ path: file, animations: 'disabled' })
  }
}

/** The dialog on top of the tray. */
export class Dialog {
  readonly editor: Editor
  readonly tray: Locator

  constructor(editor: Editor, tray: Locator) {
    this.editor = editor
    this.tray = tray
  }

  /** The input of a property. */
  field(property: string): Locator {
    return this.tray.locator(`[id$="-input-${property}"]`).first()
  }

  async type(property: string, value: string): Promise<void> {
    await this.field(property).fill(value)
  }

  async isShown(selector: string): Promise<boolean> {
    return this.tray.locator(selector).first().isVisible()
  }

  /** Done, Add or Update: whatever the button says that keeps the changes. */
  async keep(): Promise<void> {
    await this.#leave('#node-dialog-ok, #node-config-dialog-ok')
  }

  async cancel(): Promise<void> {
    await this.#leave('#node-dialog-cancel, #node-config-dialog-cancel')
  }

  async #leave(button: string): Promise<void> {
    const left = await this.tray.elementHandle()
    let clickAtMs = 0
    await eventually('the dialog is closed', PATIENCE_MS, async () => {
      if (!(await left?.isVisible())) return true
      // While another dialog slides out the editor does not take the click: then a user clicks again.
      if (performance.now() >= clickAtMs) {
        clickAtMs = performance.now() + CLICK_AGAIN_MS
        await this.tray
          .locator(button)
          .click({ timeout: CLICK_AGAIN_MS })
          .catch(() => undefined)
      }
      return false
    })
  }
}
