/** The open dialog of a pair. With each key it shows the rows that matter, what is wrong, and what follows from it. */
import type { LinkAddresses } from '../../src/rules/addresses'
import { changesFor } from '../../src/rules/migrations'
import { PAIR_DEFAULTS, type ChoiceName } from '../../src/rules/properties'
import { healthPath, namesVariable } from '../../src/rules/values'
import { element, setText } from '../dom'
import type { EditorNode, Say } from '../red'
import { isChoice, problemOf, witnessProblem, type CheckedName, type Problem, type Read } from './checks'
import { CHOICE_NAMES, ChoiceRows } from './choice-rows'
import {
  effectsOf,
  matters,
  presetIn,
  presetsOffered,
  presetValues,
  priorityHint,
  type Choices,
  type Effect
} from './form'
import { KeyRows } from './key-rows'
import { LinkList } from './link-list'
import { byId, inputIfAny, inputOf, show } from './page'
import { WitnessRows } from './witness-rows'

/** What the health endpoint answers under its path. */
const HEALTH_PAGES = ['', '/active', '/standby', '/live', '/metrics']
/** Sections by the id of their title: one without any row that matters has no title either. */
const SECTIONS = {
  'ha-pair-protocol': ['auth', 'key', 'previousKey', 'channel'],
  'ha-pair-roles': ['policy', 'witness', 'priority', 'failback', 'failbackDelay']
} as const

/** Rows that say themselves what is wrong with them. */
const SECRETS: ReadonlySet<string> = new Set(['key', 'previousKey', 'witnessKey'])

export class Dialog {
  /** Of the node that it edits. */
  readonly id: string
  readonly #say: Say
  /** By the property that a row is about; in the order of the form. */
  readonly #rows = new Map<string, HTMLElement>()
  readonly #links: LinkList
  readonly #choices: ChoiceRows
  readonly #keys: KeyRows
  readonly #witness: WitnessRows
  readonly #preset = byId('ha-pair-preset') as HTMLSelectElement
  /** Chosen by hand: the figures may still be those of a preset. */
  #wantsCustom = false
  #isOpen = false

  constructor(node: EditorNode) {
    this.id = node.id
    this.#say = (key, params) => node._(key, params)
    for (const row of document.querySelectorAll<HTMLElement>('.ha-pair-form [data-ha-pair]')) this.#prepareRow(row)
    fillInDefaults(node)
    show(byId('ha-pair-newer'), changesFor(node, node) === null)
    byId('ha-pair-advanced').toggleAttribute('open', choicesOf(node).wire !== PAIR_DEFAULTS.wire)
    const refresh = (): void => this.#refresh()
    this.#links = new LinkList($('#node-config-input-ha-pair-links'), node['links'], this.#say, refresh)
    this.#choices = new ChoiceRows((property) => this.#row(property), choicesOf(node), this.#say, refresh)
    this.#keys = new KeyRows(this.#say, refresh)
    this.#witness = new WitnessRows(node.id, node['witness'], this.#say)
    this.#listen()
    this.#isOpen = true
    this.#refresh()
  }

  close(): void {
    this.#isOpen = false
  }

  /** As it is typed; a choice as it is chosen. Node-RED may still ask when the page is gone. */
  readonly read: Read = (property) =>
    isChoice(property) ? this.#choices.chosen[property] : inputIfAny(property)?.value

  get choices(): Choices {
    return this.#choices.chosen
  }

  get witness(): { readonly host: string; readonly port: number | string } {
    return this.#witness.read()
  }

  get links(): LinkAddresses[] {
    return this.#links.read()
  }

  #row(property: string): HTMLElement {
    const row = this.#rows.get(property)
    if (row === undefined) throw new Error(`the template has no row for ${property}`)
    return row
  }

  #prepareRow(row: HTMLElement): void {
    const property = row.dataset['haPair'] ?? ''
    const id = `ha-pair-problem-${property}`
    row.append(element('div', { class: 'ha-pair-problem', role: 'status', id }))
    for (const input of row.querySelectorAll(':scope > input')) input.setAttribute('aria-describedby', id)
    this.#rows.set(property, row)
  }

  #listen(): void {
    $('.ha-pair-form [data-ha-pair] > input').on('input change', () => {
      this.#wantsCustom = false
      this.#refresh()
    })
    // Node-RED checks a field when that field changes; this one depends on the other, too.
    $(inputOf('heartbeat')).on('input change', () => void $(inputOf('peerTimeout')).trigger('keyup'))
    $(this.#preset).on('change', () => this.#usePreset())
  }

  // --- Showing ---

  #refresh(): void {
    if (!this.#isOpen) return
    const { chosen } = this.#choices
    this.#showRows()
    this.#links.show(chosen.wire === 'classic')
    this.#choices.showHints()
    const priority = priorityHint(this.read)
    show(byId('ha-pair-priority-hint'), priority !== null)
    setText(byId('ha-pair-priority-why'), priority === null ? '' : this.#say(priority))
    this.#showPreset()
    this.#showEffects()
    this.#keys.show(chosen.auth)
    this.#witness.show()
    this.#showHealth()
  }

  #showRows(): void {
    const shown = new Set<string>()
    for (const [property, row] of this.#rows) {
      const problem = this.#problemIn(property)
      setText(byId(`ha-pair-problem-${property}`), problem === null ? '' : this.#say(problem.key, problem))
      for (const input of row.querySelectorAll(':scope > input')) {
        input.setAttribute('aria-invalid', String(problem !== null))
      }
      // A wrong value stays in sight. A choice that the classic wire will set when it is saved is not wrong.
      const isWrong = problem !== null && !isChoice(property)
      if (isWrong || matters(property, this.read, this.#keys.hasSecret)) shown.add(property)
      show(row, shown.has(property))
    }
    for (const [title, rows] of Object.entries(SECTIONS)) {
      const some = rows.some((property) => shown.has(property))
      show(byId(title), some)
    }
  }

  #problemIn(property: string): Problem | null {
    if (SECRETS.has(property)) return null
    if (property === 'witness') return witnessProblem(this.#witness.read(), this.#links.read(), this.read)
    const name = property as CheckedName
    return problemOf(name, this.read(name), this.read)
  }

  #showPreset(): void {
    const isClassic = this.#choices.chosen.wire === 'classic'
    const offered = presetsOffered(isClassic)
    if (String(offered) !== String([...this.#preset.options].map(({ value }) => value))) {
      const options = offered.map((name) => element('option', { value: name }, this.#say(`preset.${name}`)))
      this.#preset.replaceChildren(...options)
    }
    const found = this.#wantsCustom ? 'custom' : presetIn(this.read)
    this.#preset.value = found
    show(byId('ha-pair-preset-hint'), isClassic && found !== 'classic')
  }

  #usePreset(): void {
    this.#wantsCustom = this.#preset.value === 'custom'
    const values = presetValues(this.#preset.value)
    for (const [property, value] of values) inputOf(property).value = String(value)
    for (const [property] of values) $(inputOf(property)).trigger('change')
    this.#refresh()
  }

  #showEffects(): void {
    const say = this.#say
    const rows = effectsOf(this.read).flatMap(({ name, time, note }) => {
      const value = element('dd')
      if (time !== null) value.append(element('b', {}, this.#timeText(time)))
      if (note !== null) value.append((time === null ? '' : ' ') + say(note))
      return [element('dt', {}, say(`effect.${name}`)), value]
    })
    byId('ha-pair-effects').replaceChildren(
      element('dt', { class: 'ha-pair-whole ha-pair-first' }, say('effect.title')),
      ...rows,
      element('dd', { class: 'ha-pair-whole' }, say('effect.slower'))
    )
  }

  #timeText(time: NonNullable<Effect['time']>): string {
    if (typeof time === 'number') return this.#say('effect.seconds', { seconds: time })
    return time === 'wrong' ? '–' : this.#say(`effect.${time}`)
  }

  #showHealth(): void {
    const say = this.#say
    const typed = inputOf('healthPath').value.trim()
    const path = healthPath(typed)
    const hint = byId('ha-pair-health-hint')
    if (namesVariable(typed)) hint.replaceChildren(say('hint.from-environment'))
    else if (path === '' || path === null) hint.replaceChildren(say('hint.healthPath'))
    else {
      const root = (RED.settings.httpNodeRoot || '').replace(/\/$/, '')
      const urls = HEALTH_PAGES.map((page) => `${window.location.origin}${root}${path}${page}`)
      const items = urls.map((url) => element('li', {}, element('code', {}, url)))
      hint.replaceChildren(say('hint.health-urls'), element('ul', { class: 'ha-pair-urls' }, ...items))
    }
  }
}

/** What the form starts with. A property that the flow file leaves out has its default. */
function choicesOf(node: EditorNode): Choices {
  const start = (property: ChoiceName): string => {
    // That the classic wire has no key was nobody's choice: a change to the other wire asks for one.
    const value = property === 'auth' && node['wire'] === 'classic' ? 'key' : node[property]
    return String(value ?? PAIR_DEFAULTS[property])
  }
  return Object.fromEntries(CHOICE_NAMES.map((property) => [property, start(property)])) as Choices
}

/** Node-RED leaves the inputs of what the node does not have empty. */
function fillInDefaults(node: EditorNode): void {
  for (const [property, value] of Object.entries(PAIR_DEFAULTS)) {
    if (node[property] === undefined && typeof value === 'number') inputOf(property).value = String(value)
  }
}
