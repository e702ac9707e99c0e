/** The orders that an operator may give on a card: what each would come to, and what became of the last one. */
import { element, setAttribute, setChildren, setText } from '../dom'
import type { Context, Desk, RunningPair, ShownPair, Wanted } from './answer'
import { outcomeOf, type Given } from './outcome'
import { ORDERS, prospectOf, type Order, type Prospect } from './prospect'
import { confirmSwitch } from './questions'
import { bewareText, gap, pick, prospectText, say } from './words'

/** The pair as it was shown last. */
interface Shown {
  readonly view: ShownPair
  readonly running: RunningPair
  readonly context: Context
}

export class Orders {
  /** In the order of the page. */
  readonly parts: readonly HTMLElement[]
  readonly #id: string
  readonly #desk: Desk
  readonly #onChange: () => void
  readonly #group: HTMLElement
  readonly #buttons: ReadonlyMap<Order, HTMLButtonElement>
  readonly #prospect: HTMLElement
  readonly #note = element('p', { class: 'ha-pair-note' })
  readonly #outcome = element('p', { class: 'ha-pair-outcome' })
  readonly #force = element('button', { type: 'button', class: 'ha-pair-force red-ui-button' }, say('orders.force'))
  #shown: Shown | null = null
  #given: Given | null = null
  #forceable: Wanted | null = null
  #busy = false

  /** `nameId` is unique on the page. `onChange` is called when the card has to be shown once more. */
  constructor(id: string, nameId: string, desk: Desk, onChange: () => void) {
    this.#id = id
    this.#desk = desk
    this.#onChange = onChange
    this.#prospect = element('ul', { class: 'ha-pair-prospect', id: `${nameId}-prospect` })
    this.#buttons = new Map(ORDERS.map((word) => [word, this.#button(word)]))
    const attributes = { class: 'ha-pair-orders', role: 'group', 'aria-label': say('orders.label') }
    this.#group = element('div', attributes, ...this.#buttons.values())
    this.#force.addEventListener('click', () => {
      if (this.#forceable !== null) this.#ask(this.#forceable, true)
    })
    this.parts = [this.#group, this.#note, this.#outcome, this.#force, this.#prospect]
  }

  get busy(): boolean {
    return this.#busy
  }

  #button(word: Order): HTMLButtonElement {
    const attributes = {
      type: 'button',
      class: 'red-ui-button',
      'aria-label': say(`orders.${word}.label`),
      'aria-describedby': this.#prospect.id
    }
    const button = element('button', attributes, say(`orders.${word}.short`))
    button.dataset['order'] = word
    button.addEventListener('click', () => this.#onOrder(word))
    return button
  }

  hide(): void {
    this.#shown = null
    for (const part of this.parts) part.hidden = true
  }

  show(view: ShownPair, running: RunningPair, context: Context): void {
    this.#shown = { view, running, context }
    const { mayWrite, stale } = context
    this.#group.hidden = !mayWrite
    const note = mayWrite ? (stale ? say('orders.stale') : '') : say('orders.read-only')
    setText(this.#note, note)
    this.#note.hidden = note === ''
    const prospects = ORDERS.map((order) => prospectOf(order, running.status))
    this.#showButtons(prospects, stale)
    this.#showProspects(mayWrite && !stale && !this.#busy ? prospects : [])
    this.#showOutcome()
  }

  #showButtons(prospects: readonly Prospect[], stale: boolean): void {
    for (const { order, bar } of prospects) {
      const button = this.#buttons.get(order)
      if (button === undefined) continue
      // Stays where the focus can go: a button that vanished from under it would throw the operator out of the tab.
      const off = this.#busy || stale || bar !== null
      setAttribute(button, 'aria-disabled', String(off))
      button.classList.toggle('disabled', off)
      setAttribute(button, 'title', bar === null ? say(`orders.${order}.label`) : say(`orders.not.${bar}`, this.#names))
    }
  }

  /** What each button would come to, and why one would not do. That a role is held already can be seen. */
  #showProspects(prospects: readonly Prospect[]): void {
    const told = prospects.filter(({ order, bar }) =>
      bar === null ? order !== 'swap' : bar !== 'is-active' && bar !== 'is-standby'
    )
    const lines = told.map((prospect) => {
      const { order, bar } = prospect
      const name = say('orders.would', { order: say(`orders.${order}.short`) })
      if (bar !== null) return { name, text: say(`orders.not.${bar}`, this.#names), warning: '' }
      return { name, text: prospectText(prospect, this.#names), warning: bewareText(prospect, this.#names) }
    })
    const key = JSON.stringify(lines)
    if (this.#prospect.dataset['says'] === key) return
    this.#prospect.dataset['says'] = key
    this.#prospect.hidden = lines.length === 0
    const items = lines.map(({ name, text, warning }) => {
      const warned = element('span', { class: 'ha-pair-beware' }, warning)
      return element('li', {}, element('b', {}, name), gap(), text, text === '' ? '' : gap(), warned)
    })
    setChildren(this.#prospect, items)
  }

  #showOutcome(): void {
    const outcome = this.#outcomeNow()
    this.#forceable = outcome?.force ?? null
    setText(this.#outcome, this.#busy ? say('orders.busy') : (outcome?.text ?? ''))
    this.#outcome.hidden = this.#outcome.textContent === ''
    this.#outcome.classList.toggle('ha-pair-bad', outcome?.isGood === false)
    this.#force.hidden = this.#forceable === null || this.#shown?.context.mayWrite !== true
  }

  #outcomeNow(): ReturnType<typeof outcomeOf> {
    if (this.#shown === null || this.#given === null || this.#busy || this.#shown.context.stale) return null
    const { view, running, context } = this.#shown
    const now = context.at + context.ageMs
    return outcomeOf(this.#given, { status: running.status, situation: view.situation, peer: this.#names.peer, now })
  }

  get #names(): { readonly here: string; readonly peer: string } {
    const { view, context } = this.#shown ?? {}
    return { here: context?.host ?? '', peer: view === undefined ? '' : pick(view.peer) }
  }

  #onOrder(word: Order): void {
    if (this.#shown === null || this.#buttons.get(word)?.getAttribute('aria-disabled') === 'true') return
    const { becomes, force } = prospectOf(word, this.#shown.running.status)
    this.#ask(becomes, force)
  }

  #ask(becomes: Wanted, force: boolean): void {
    if (this.#shown === null) return
    const { view, running } = this.#shown
    const { status } = running
    const { beware } = prospectOf(becomes, status)
    const { online: peerOnline, policy } = status
    const plan = { pair: view.name, ...this.#names, becomes, force, peerOnline, policy, beware }
    confirmSwitch(plan, () => void this.#order(becomes, force))
  }

  async #order(becomes: Wanted, forced: boolean): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    this.#given = null
    this.#onChange()
    const reply = await this.#desk.order(this.#id, becomes, forced)
    const { at, ageMs } = this.#shown?.context ?? { at: 0, ageMs: 0 }
    this.#given = { becomes, forced, at: at + ageMs, reply }
    this.#busy = false
    this.#onChange()
    this.#desk.announce(this.#outcome.textContent ?? '')
  }
}
