/** One witness of this Node-RED on the page: its pairs, who has the voice of each, and when their sides were heard. */
import { element, icon, setAttribute, setChildren, setText } from '../dom'
import type { Context, ShownWitness, WitnessedPair } from './answer'
import { clock, lasting, pick, say } from './words'

let cards = 0

export class WitnessCard {
  readonly element: HTMLElement
  #view: ShownWitness
  #context: Context

  readonly #glyph = element('span', { class: 'ha-pair-glyph', 'aria-hidden': 'true' })
  readonly #name: HTMLElement
  readonly #settings = element('button', { type: 'button', class: 'ha-pair-icon-button' }, icon('fa-cog'))
  readonly #state = element('p', { class: 'ha-pair-state' })
  readonly #problem = element('p', { class: 'ha-pair-alert ha-pair-trouble' })
  readonly #pairs = element('dl', { class: 'ha-pair-facts' })

  constructor(view: ShownWitness, context: Context) {
    this.#view = view
    this.#context = context
    const nameId = `ha-pair-witness-card-${++cards}`
    this.#name = element('h3', { class: 'ha-pair-name', id: nameId })
    this.#settings.addEventListener('click', () => RED.editor.editConfig('', 'ha-pair-witness', view.id))
    this.element = element(
      'section',
      { class: 'ha-pair-card', 'aria-labelledby': nameId },
      element('header', {}, this.#glyph, this.#name, this.#settings),
      this.#state,
      element('div', { class: 'ha-pair-body' }, this.#problem, this.#pairs)
    )
    this.element.dataset['id'] = view.id
    this.#refresh()
  }

  show(view: ShownWitness, context: Context): void {
    this.#view = view
    this.tick(context)
  }

  tick(context: Context): void {
    this.#context = context
    this.#refresh()
  }

  #refresh(): void {
    const { id, name, state, problem } = this.#view
    const { stale } = this.#context
    setText(this.#name, name)
    const look = stale ? 'grey' : state?.open !== true || problem !== null ? 'red' : 'green'
    setAttribute(this.#glyph, 'class', `ha-pair-glyph ha-pair-${look} ha-pair-${look === 'green' ? 'dot' : 'ring'}`)
    this.element.classList.toggle('ha-pair-stale', stale)
    const label = say('settings.open', { name })
    setAttribute(this.#settings, 'aria-label', label)
    setAttribute(this.#settings, 'title', label)
    this.#settings.hidden = !RED.user.hasPermission('flows.write') || !RED.nodes.node(id)
    const isOpen = state !== null && state.open
    setText(this.#state, isOpen ? say('third.open', { port: state.port }) : say('third.shut'))
    setText(this.#problem, problem === null ? '' : pick(problem))
    this.#problem.hidden = problem === null
    const rows = (state?.pairs ?? []).flatMap((pair) => [
      element('dt', {}, pair.name),
      element('dd', {}, ...this.#lines(pair))
    ])
    if (this.#pairs.textContent !== rows.map(({ textContent }) => textContent).join('')) {
      setChildren(this.#pairs, rows)
    }
    this.#pairs.hidden = rows.length === 0
  }

  #lines({ pair, holder, since, sides }: WitnessedPair): HTMLElement[] {
    const { ageMs } = this.#context
    const nameOf = (node: string): string => {
      const address = sides.find((side) => side.node === node)?.address ?? ''
      return address === '' ? node.slice(0, 8) : address
    }
    const voice =
      holder === null
        ? say('third.free')
        : since === null
          ? say('third.held', { who: nameOf(holder) })
          : say('third.held-since', { who: nameOf(holder), time: clock(since) })
    const heard = sides.map(({ node, heardAgo }) =>
      say('third.heard', { who: nameOf(node), ago: lasting(heardAgo + ageMs) })
    )
    const lines = [voice, ...(heard.length === 0 ? [say('third.nobody')] : heard), say('third.pair', { pair })]
    return lines.map((line) => element('div', {}, line))
  }
}
