/** `ha-pair-gate` in the editor. */
import { setText } from './dom'
import { oneOf } from './one-of'
import type { EditorNode } from './red'
import { showDefault } from './user-node'

export { label, labelStyle, paletteLabel } from './user-node'

const WORDS = ['second-output', 'drop', 'hold-latest']

export const whenClosed = { value: 'second-output', validate: oneOf('whenClosed', WORDS) }

export function outputLabels(this: EditorNode, index: number): string {
  return this._(index === 0 ? 'output.open' : 'output.closed')
}

export function open(this: EditorNode): void {
  const say = this._.bind(this)
  showDefault(this, 'whenClosed', whenClosed.value)
  const [select, hint] = [
    document.getElementById('node-input-whenClosed'),
    document.getElementById('ha-pair-gate-hint')
  ]
  if (!(select instanceof HTMLSelectElement) || hint === null) return
  const explain = (): void => setText(hint, say(select.value === '' ? 'problem.choice' : `hint.${select.value}`))
  $(select).on('change', explain).trigger('change')
}
