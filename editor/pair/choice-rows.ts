/** The rows of the form that offer a choice among words, or an environment variable. All are alike, so they are made from data. */
import { CHOICES, type ChoiceName } from '../../src/rules/properties'
import { namesVariable } from '../../src/rules/values'
import { element, icon } from '../dom'
import type { Say } from '../red'
import type { Choices } from './form'

const ICONS: Readonly<Record<ChoiceName, string>> = {
  wire: 'fa-plug',
  auth: 'fa-lock',
  channel: 'fa-exchange',
  policy: 'fa-balance-scale',
  crashProof: 'fa-bolt',
  failback: 'fa-undo'
}
/** Choices with sentences below them, each with its icon: what comes of it, and what is not promised. */
const CUT_AND_NOT = [
  ['fa-chain-broken', '.cut'],
  ['fa-info-circle', '.not']
] as const
const EXPLAINED = { wire: CUT_AND_NOT, policy: CUT_AND_NOT, crashProof: [['fa-info-circle', '']] } as const

export const CHOICE_NAMES = Object.keys(ICONS) as readonly ChoiceName[]

const line = (iconName: string, text: string): HTMLElement => element('p', {}, icon(iconName), text)

export class ChoiceRows {
  /** What will be stored: the word, or `${NAME}`. No input carries the property's own id. */
  readonly chosen: Choices
  readonly #say: Say

  /** `start` is what the node holds. Label and input are put before what the template has in a choice's row. */
  constructor(rows: (property: ChoiceName) => Element, start: Choices, say: Say, onChange: () => void) {
    this.chosen = { ...start }
    this.#say = say
    for (const property of CHOICE_NAMES) {
      const row = rows(property)
      const id = `node-config-input-ha-pair-${property}`
      const label = element('label', { for: id }, icon(ICONS[property]), ' ', say(`label.${property}`))
      row.prepend(label, ' ', element('input', { type: 'text', id, autocomplete: 'off' }), ' ')
      this.#makeInput(property, id, onChange)
    }
  }

  #makeInput(property: ChoiceName, id: string, onChange: () => void): void {
    const words = {
      value: 'word',
      icon: 'fa fa-list-ul',
      options: CHOICES[property].map((word) => ({ value: word, label: this.#say(`choice.${property}.${word}`) }))
    }
    const value = this.chosen[property]
    const isVariable = namesVariable(value)
    const input = $(`#${id}`)
    input.typedInput({ types: [words, 'env'], default: 'word' })
    input.typedInput('type', isVariable ? 'env' : 'word')
    input.typedInput('value', isVariable ? value.slice(2, -1) : value)
    input
      .next('.red-ui-typedInput-container')
      .find('button, input')
      .attr('aria-label', this.#say(`label.${property}`))
    input.on('change', () => {
      const typed = input.typedInput('value')
      this.chosen[property] = input.typedInput('type') === 'env' ? `\${${typed}}` : typed
      onChange()
    })
  }

  showHints(): void {
    for (const [property, sentences] of Object.entries(EXPLAINED)) {
      const word = this.chosen[property as keyof typeof EXPLAINED]
      const words: readonly string[] = CHOICES[property as keyof typeof EXPLAINED]
      const lines = words.includes(word)
        ? sentences.map(([iconName, part]) => line(iconName, this.#say(`hint.${property}.${word}${part}`)))
        : [line('fa-cube', this.#say('hint.from-environment'))]
      if (word === 'exclusive') lines.push(line('fa-hand-stop-o', this.#say('hint.no-functional-safety')))
      document.getElementById(`ha-pair-${property}-hint`)?.replaceChildren(...lines)
    }
  }
}
