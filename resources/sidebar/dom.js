/** The few helpers that the tab builds its page with. Text only ever becomes text, never markup. */

/** Shape: element('button', { class: 'x', 'aria-label': 'y' }, child, 'text'). */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined) made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

/** An icon that says nothing to a screen reader: the words beside it do. */
export const icon = (name) => element('i', { class: `fa ${name}`, 'aria-hidden': 'true' })

/** Touches the page only where it changes: a selection, a focus and a screen reader stay undisturbed. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text
}

export function setAttribute(target, name, value) {
  if (value === null) target.removeAttribute(name)
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value)
}

export function setChildren(target, children) {
  const same =
    children.length === target.childNodes.length && children.every((child, i) => child === target.childNodes[i])
  if (!same) target.replaceChildren(...children)
}
