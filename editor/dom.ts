/** The few helpers that dialogs and sidebar build their pages with. Text only ever becomes text, never markup. */

type Attributes = Readonly<Record<string, string | null>>

/** Shape: element('button', { class: 'x', 'aria-label': 'y' }, child, 'text'). */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

/** An icon that says nothing to a screen reader: the words beside it do. */
export const icon = (name: string): HTMLElement => element('i', { class: `fa ${name}`, 'aria-hidden': 'true' })

/** Touches the page only where it changes: a selection, a focus and a screen reader stay undisturbed. */
export function setText(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text
}

export function setAttribute(target: Element, name: string, value: string | null): void {
  if (value === null) target.removeAttribute(name)
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value)
}

export function setChildren(target: Element, children: readonly Node[]): void {
  const same =
    children.length === target.childNodes.length && children.every((child, i) => child === target.childNodes[i])
  if (!same) target.replaceChildren(...children)
}
