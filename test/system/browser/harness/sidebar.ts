/** The sidebar tab 'HA pair' in the verbs of who looks at it. */
import assert from 'node:assert/strict'
import type { Locator } from 'playwright-core'
import { type Editor, shown } from './editor'

const PATIENCE_MS = 20_000
/** One that was answered slides out of the page. */
const OPEN_QUESTION = '.ha-pair-dialog:not(.ha-pair-answered)'

/** What is used here of the editor's own global; it exists in the page only. */
declare const RED: { readonly sidebar: { show(id: string): void } }

/** As much of the DOM as is used here: these tests are compiled without the browser's types. */
interface PageElement {
  readonly style: Record<string, string>
  readonly clientWidth: number
  readonly scrollWidth: number
  readonly className: string
  readonly id: string
  readonly tagName: string
  readonly textContent: string
  closest(selector: string): PageElement | null
  querySelectorAll(selector: string): Iterable<PageElement>
  getAttribute(name: string): string | null
  getBoundingClientRect(): {
    readonly left: number
    readonly right: number
    readonly width: number
    readonly height: number
  }
}

export type Order = 'active' | 'standby' | 'swap'

export class Sidebar {
  readonly editor: Editor
  readonly root: Locator
  /** How often the tab asked the runtime. */
  questions = 0

  private constructor(editor: Editor) {
    this.editor = editor
    this.root = editor.page.locator('.ha-pair-sidebar')
    editor.page.on('request', (request) => {
      if (request.url().includes('/ha-pair/pairs?')) this.questions++
    })
  }

  static async show(editor: Editor): Promise<Sidebar> {
    const sidebar = new Sidebar(editor)
    await sidebar.select('ha-pair')
    await sidebar.root.waitFor({ state: 'visible' })
    return sidebar
  }

  /** Brings a tab of the editor's sidebar to the front. */
  async select(tab: string): Promise<void> {
    await this.editor.page.evaluate((id) => RED.sidebar.show(id), tab)
  }

  // --- looking -----------------------------------------------------------------------------------------------------

  card(name?: string): Locator {
    const cards = this.root.locator('.ha-pair-card')
    return name === undefined
      ? cards
      : cards.filter({ has: this.editor.page.getByRole('heading', { name, exact: true }) })
  }

  /** The page's text, as read from top to bottom. */
  async text(): Promise<string> {
    return (await this.root.innerText()).trim()
  }

  async says(pattern: RegExp, withinMs: number = PATIENCE_MS): Promise<void> {
    await shown(`the sidebar says ${pattern}`, withinMs, async () => {
      const text = await this.text()
      if (pattern.test(text)) return true
      throw new Error(text)
    })
  }

  /** The big line of the only pair, such as 'Active · serving'. */
  state(): Promise<string> {
    return this.card().locator('.ha-pair-state').innerText()
  }

  async stateIs(pattern: RegExp, withinMs: number = PATIENCE_MS): Promise<void> {
    await shown(`the state is ${pattern}`, withinMs, async () => {
      const state = await this.state()
      if (pattern.test(state)) return true
      throw new Error(state)
    })
  }

  /** Colour and shape, in the words of the badges. */
  async glyph(): Promise<{ fill: string; shape: string }> {
    const look = (await this.card().locator('.ha-pair-glyph').getAttribute('class')) ?? ''
    const [, fill = '', shape = ''] = /ha-pair-(green|blue|yellow|red|grey) ha-pair-(dot|ring)/.exec(look) ?? []
    return { fill, shape }
  }

  async fact(name: string): Promise<string> {
    const term = this.card().locator('dt').getByText(name, { exact: true })
    return (await term.locator('xpath=following-sibling::dd[1]').innerText()).trim()
  }

  /** What is so, in a sentence. */
  async situation(): Promise<string> {
    return (await this.card().locator('.ha-pair-alerts').first().innerText()).trim()
  }

  /** What to do now; '' = nothing. */
  advice(): Promise<string> {
    return this.card().locator('.ha-pair-now').innerText()
  }

  /** What the buttons would come to. */
  prospect(): Promise<string> {
    return this.card().locator('.ha-pair-prospect').innerText()
  }

  alerts(): Promise<string[]> {
    return this.card().locator('.ha-pair-alert:visible').allInnerTexts()
  }

  /** The timeline, newest first. */
  async events(): Promise<string[]> {
    const lines = await this.card().locator('.ha-pair-events li').allInnerTexts()
    return lines.map((line) => line.split('\n').slice(1).join(' ').trim())
  }

  outcome(): Promise<string> {
    return this.card().locator('.ha-pair-outcome').innerText()
  }

  async outcomeIs(pattern: RegExp, withinMs: number = PATIENCE_MS): Promise<void> {
    await shown(`the outcome is ${pattern}`, withinMs, async () => pattern.test(await this.outcome()))
  }

  /** What a screen reader was told last. */
  announced(): Promise<string> {
    return this.root.locator('.ha-pair-live').innerText()
  }

  banner(): Promise<string> {
    return this.root.locator('.ha-pair-banner').innerText()
  }

  // --- ordering ----------------------------------------------------------------------------------------------------

  button(order: Order): Locator {
    return this.card().locator(`button[data-order="${order}"]`)
  }

  /** Presses the button; returns the question that comes. */
  async press(order: Order): Promise<Locator> {
    await this.button(order).click()
    return this.question()
  }

  async question(): Promise<Locator> {
    const question = this.editor.page.locator(OPEN_QUESTION)
    await question.waitFor({ state: 'visible' })
    // Node-RED 5 moves the focus to the first button in a turn of its own: what is typed before that would be taken back.
    await this.editor.page.evaluate('new Promise((done) => setTimeout(done, 0))')
    return question
  }

  async questionIsGone(): Promise<void> {
    await this.editor.page.locator(OPEN_QUESTION).waitFor({ state: 'detached' })
  }

  async order(order: Order): Promise<void> {
    const question = await this.press(order)
    await question.locator('.ha-pair-yes').click()
    await this.questionIsGone()
  }

  // --- the page ----------------------------------------------------------------------------------------------------

  /** Makes the editor's sidebar this wide. */
  async makeWidth(px: number): Promise<void> {
    await this.root.evaluate((element, width) => {
      const root = element as unknown as PageElement
      const bar = root.closest('#red-ui-sidebar, .red-ui-sidebar')
      if (bar !== null) bar.style['width'] = `${width}px`
    }, px)
    const width = await this.root.evaluate((element) => (element as unknown as PageElement).clientWidth)
    assert.ok(width <= px && width > px - 30, `the tab is ${width} px wide`)
  }

  async resetWidth(): Promise<void> {
    await this.root.evaluate((element) => {
      const bar = (element as unknown as PageElement).closest('#red-ui-sidebar, .red-ui-sidebar')
      if (bar !== null) bar.style['width'] = ''
    })
  }

  /** The buttons can be pressed without scrolling. */
  async assertInReach(): Promise<void> {
    const root = await this.root.boundingBox()
    for (const order of ['active', 'standby', 'swap'] as const) {
      const place = await this.button(order).boundingBox()
      assert.ok(root !== null && place !== null)
      assert.ok(place.y >= root.y && place.y + place.height <= root.y + root.height, `${order} is out of sight`)
    }
  }

  /** Nothing is wider than the page, and nothing sticks out of it. */
  async assertFits(): Promise<void> {
    const out = await this.root.evaluate((element) => {
      const root = element as unknown as PageElement
      const { left, right } = root.getBoundingClientRect()
      const bad = root.scrollWidth > root.clientWidth ? [`${root.scrollWidth} > ${root.clientWidth}`] : []
      for (const inner of root.querySelectorAll('*')) {
        const place = inner.getBoundingClientRect()
        const visible = place.width > 1 && place.height > 1
        if (visible && (place.right > right + 0.5 || place.left < left - 0.5)) {
          bad.push(`<${inner.tagName} class="${inner.className}"> ${inner.textContent.slice(0, 40)}`)
        }
      }
      return bad
    })
    assert.deepEqual(out, [])
  }
}
