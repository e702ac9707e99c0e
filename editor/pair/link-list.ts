/** The links of the dialog: Node-RED's editable list with one row of four fields for each. */
import { DEFAULT_PORT, LINKS_MAX } from '../../src/protocol/settings'
import { LINK_FIELDS, type LinkAddresses, type LinkField } from '../../src/rules/addresses'
import { element, setText } from '../dom'
import type { Query, Say } from '../red'
import { linkProblem, portIn } from './checks'

type Fields = Readonly<Record<string, unknown>>

export class LinkList {
  readonly #list: Query
  readonly #say: Say
  readonly #onChange: () => void

  constructor(list: Query, links: unknown, say: Say, onChange: () => void) {
    this.#list = list
    this.#say = say
    this.#onChange = onChange
    list.editableList<Fields>({
      height: 'auto',
      sortable: true,
      removable: true,
      addButton: say('label.add-link'),
      addItem: (row, _index, data) => {
        row.get(0)?.append(this.#row({ ...this.#newLink(), ...data }))
        // The list is not done with the row yet.
        setTimeout(onChange, 0)
      },
      removeItem: onChange,
      sortItems: onChange
    })
    for (const link of Array.isArray(links) ? links : []) list.editableList('addItem', link)
  }

  read(): LinkAddresses[] {
    return this.#rows().map(linkIn)
  }

  /** The classic wire knows the first link only. */
  show(isClassic: boolean): void {
    const [rows, links] = [this.#rows(), this.read()]
    for (const [index, row] of rows.entries()) {
      const problem = isClassic && index > 0 ? null : linkProblem(links, index)
      $(row)
        .closest('li')
        .toggle(!isClassic || index === 0)
      setText(partOf(row, '.ha-pair-title'), this.#say('label.link', { number: index + 1 }))
      $(row)
        .find('.ha-pair-title')
        .toggle(rows.length > 1 && !isClassic)
      setText(partOf(row, '.ha-pair-problem'), problem === null ? '' : this.#say(problem.key, problem))
      for (const field of LINK_FIELDS) {
        const input = inputOf(row, field)
        input.classList.toggle('input-error', problem?.field === field)
        input.setAttribute('aria-invalid', String(problem?.field === field))
      }
    }
    const frame = this.#list.closest('.red-ui-editableList')
    frame.find('.red-ui-editableList-addButton').toggle(!isClassic && rows.length < LINKS_MAX)
    // The last link stays: a pair without one cannot be.
    frame
      .find('.red-ui-editableList-item-remove, .red-ui-editableList-item-handle')
      .toggle(!isClassic && rows.length > 1)
  }

  #rows(): HTMLElement[] {
    return this.#list
      .editableList('items')
      .get()
      .flatMap((row) => row.get())
  }

  /** Ports that no other link has, unless somebody typed other ones. Called when the new row counts already. */
  #newLink(): LinkAddresses {
    const port = DEFAULT_PORT - 1 + this.#list.editableList('length')
    return { peerHost: '', peerPort: port, localHost: '', localPort: port }
  }

  #row(link: Fields): Element {
    const input = (field: LinkField, placeholder: string): HTMLInputElement => {
      const made = element('input', {
        type: 'text',
        'data-link': field,
        placeholder,
        'aria-label': this.#say(`label.${field}`)
      })
      made.value = String(link[field] ?? '')
      $(made).on('input change', this.#onChange)
      return made
    }
    const port = String(DEFAULT_PORT)
    return element(
      'div',
      { class: 'ha-pair-link' },
      element('div', { class: 'ha-pair-title' }),
      element('label', {}, this.#say('label.peer')),
      input('peerHost', this.#say('placeholder.peerHost')),
      element('label', {}, this.#say('label.port')),
      input('peerPort', port),
      element('label', {}, this.#say('label.this-side')),
      input('localHost', this.#say('placeholder.localHost')),
      element('label', {}, this.#say('label.port')),
      input('localPort', port),
      element('div', { class: 'ha-pair-problem', role: 'status' })
    )
  }
}

/** Compared as text, so that opening and closing the dialog is no change. */
export function areSameLinks(links: readonly LinkAddresses[], others: unknown): boolean {
  const text = (list: readonly Fields[]): string =>
    JSON.stringify(list.map((link) => LINK_FIELDS.map((field) => String(link[field] ?? ''))))
  return Array.isArray(others) && text(links.map((link) => ({ ...link }))) === text(others as readonly Fields[])
}

function linkIn(row: Element): LinkAddresses {
  const text = (field: LinkField): string => inputOf(row, field).value.trim()
  return {
    peerHost: text('peerHost'),
    peerPort: portIn(text('peerPort')),
    localHost: text('localHost'),
    localPort: portIn(text('localPort'))
  }
}

function partOf(row: Element, selector: string): Element {
  const part = row.querySelector(selector)
  if (part === null) throw new Error(`a link's row has no ${selector}`)
  return part
}

const inputOf = (row: Element, field: LinkField): HTMLInputElement =>
  partOf(row, `[data-link="${field}"]`) as HTMLInputElement
