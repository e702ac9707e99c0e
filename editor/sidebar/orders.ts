/** The orders that an operator may give on a card, and what the last one came to. */
import type { Role } from '../../src/protocol/machine'
import { element, setAttribute, setText } from '../dom'
import type { Context, Desk, Reply, RunningPair, ShownPair, Wanted } from './answer'
import { confirmSwitch } from './questions'
import { errorText, reasonText, say } from './words'

const OTHER: Readonly<Record<Role, Wanted>> = { active: 'standby', standby: 'active', initial: 'active' }
const ORDERS = ['active', 'standby', 'swap'] as const
type Order = (typeof ORDERS)[number]
/** After one of these, the same order may still be forced. */
const FORCEABLE: readonly string[] = ['peer-offline', 'refused', 'not-confirmed']

interface Outcome {
  readonly text: string
  /** The role that it brought; null = it failed. */
  readonly role: Role | null
  /** What may still be forced. */
  readonly force: Wanted | null
}

export class Orders {
  /** In the order of the page. */
  readonly parts: readonly HTMLElement[]
  readonly #id: string
  readonly #desk: Desk
  readonly #onChange: () => void
  readonly #title: HTMLElement
  readonly #group: HTMLElement
  readonly #buttons: ReadonlyMap<Order, HTMLButtonElement>
  readonly #note = element('p', { class: 'ha-pair-note' })
  readonly #outcome = element('p', { class: 'ha-pair-outcome' })
  readonly #force = element('button', { type: 'button', class: 'ha-pair-force red-ui-button' }, say('orders.force'))
  /** What the buttons are about: the pair as it was shown last. */
  #pair: { readonly name: string; readonly running: RunningPair } | null = null
  #last: Outcome | null = null
  #busy = false

  /** `nameId` is unique on the page. `onChange` is called when the card has to be shown once more. */
  constructor(id: string, nameId: string, desk: Desk, onChange: () => void) {
    this.#id = id
    this.#desk = desk
    this.#onChange = onChange
    this.#title = element('h4', { id: `${nameId}-orders` }, say('orders.label'))
    this.#buttons = new Map(ORDERS.map((word) => [word, this.#button(word)]))
    const attributes = { class: 'ha-pair-orders', role: 'group', 'aria-labelledby': this.#title.id }
    this.#group = element('div', attributes, ...this.#buttons.values())
    this.#force.addEventListener('click', () => {
      if (this.#last?.force) this.#ask(this.#last.force, true)
    })
    this.parts = [this.#title, this.#group, this.#note, this.#outcome, this.#force]
  }

  get busy(): boolean {
    return this.#busy
  }

  #button(word: Order): HTMLButtonElement {
    const attributes = { type: 'button', class: 'red-ui-button', 'aria-label': say(`orders.${word}.label`) }
    const button = element('button', attributes, say(`orders.${word}.short`))
    button.dataset['order'] = word
    button.addEventListener('click', () => this.#onOrder(word))
    return button
  }

  /** What an order came to is shown until something else happens. */
  onRole(role: Role | undefined): void {
    if (this.#last?.role !== role) this.#last = null
  }

  hide(): void {
    for (const part of this.parts) part.hidden = true
  }

  show({ name }: ShownPair, running: RunningPair, { mayWrite, stale }: Context): void {
    this.#pair = { name, running }
    this.#group.hidden = !mayWrite
    this.#title.hidden = false
    const note = mayWrite ? (stale ? say('orders.stale') : '') : say('orders.read-only')
    setText(this.#note, note)
    this.#note.hidden = note === ''
    this.#showButtons(running, stale)
    setText(this.#outcome, this.#busy ? say('orders.busy') : (this.#last?.text ?? ''))
    this.#outcome.hidden = this.#outcome.textContent === ''
    this.#outcome.classList.toggle('ha-pair-bad', !this.#busy && this.#last !== null && this.#last.role === null)
    this.#force.hidden = this.#busy || stale || !mayWrite || !this.#last?.force
  }

  #showButtons({ status: { role, online } }: RunningPair, stale: boolean): void {
    const reasons: Readonly<Record<Order, string>> = {
      active: role === 'active' ? say('orders.is-active') : '',
      standby: role === 'standby' ? say('orders.is-standby') : '',
      swap: role === 'initial' || !online ? say('orders.no-swap') : ''
    }
    for (const [word, button] of this.#buttons) {
      // Stays where the focus can go: a button that vanished from under it would throw the operator out of the tab.
      const off = this.#busy || stale || reasons[word] !== ''
      setAttribute(button, 'aria-disabled', String(off))
      button.classList.toggle('disabled', off)
      setAttribute(button, 'title', reasons[word] || say(`orders.${word}.label`))
    }
  }

  #onOrder(word: Order): void {
    if (this.#pair === null || this.#buttons.get(word)?.getAttribute('aria-disabled') === 'true') return
    const { role, online } = this.#pair.running.status
    // What the operator confirms is what he saw: never 'the other way round of whatever it is by then'.
    this.#ask(word === 'swap' ? OTHER[role] : word, !online)
  }

  #ask(becomes: Wanted, force: boolean): void {
    if (this.#pair === null) return
    const { status, links } = this.#pair.running
    const plan = {
      pair: this.#pair.name,
      becomes,
      force,
      peerOnline: status.online,
      policy: status.policy,
      peerHost: (status.peer?.host || links[0]?.peerHost) ?? ''
    }
    confirmSwitch(plan, () => void this.#order(becomes, force))
  }

  async #order(becomes: Wanted, force: boolean): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    this.#last = null
    this.#onChange()
    const outcome = outcomeOf(await this.#desk.order(this.#id, becomes, force), becomes, force)
    this.#last = outcome
    this.#busy = false
    this.#onChange()
    this.#desk.announce(outcome.text)
  }
}

function outcomeOf(reply: Reply, becomes: Wanted, forced: boolean): Outcome {
  if (reply.ok) return { text: say('orders.done', { role: say(`role.${reply.role}`) }), role: reply.role, force: null }
  const { code, detail } = reply
  const mayForce = !forced && FORCEABLE.includes(code)
  return { text: errorText(code, reasonText(detail) || detail), role: null, force: mayForce ? becomes : null }
}
