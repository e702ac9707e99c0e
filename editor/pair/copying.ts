/** Copies what a field of the page shows, and says below it whether that worked. */
import { setText } from '../dom'
import type { Say } from '../red'

export function copyFrom(field: HTMLInputElement, below: HTMLElement, say: Say): void {
  const tell = (key: string): void => setText(below, say(key))
  // Over plain http a page has no clipboard of its own, but may copy what is selected.
  const copySelected = (): void => {
    field.focus()
    field.select()
    tell(document.execCommand('copy') ? 'hint.copied' : 'hint.copy-yourself')
  }
  const clipboard: Clipboard | undefined = navigator.clipboard
  if (clipboard === undefined) copySelected()
  else void clipboard.writeText(field.value).then(() => tell('hint.copied'), copySelected)
}
