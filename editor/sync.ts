/** `ha-pair-sync` in the editor. */
import { setText } from './dom'
import { oneOf } from './one-of'
import type { EditorNode } from './red'
import { showDefault } from './user-node'

export { label, labelStyle, paletteLabel } from './user-node'

export const mode = { value: 'latest', validate: oneOf('mode', ['latest', 'stream']) }

export function outputLabels(this: EditorNode): string {
  return this._('output.synced')
}

export function open(this: EditorNode): void {
  const say = this._.bind(this)
  showDefault(this, 'mode', mode.value)
  const [select, hint] = [document.getElementById('node-input-mode'), document.getElementById('ha-pair-sync-hint')]
  if (!(select instanceof HTMLSelectElement) || hint === null) return
  const explain = (): void => setText(hint, say(select.value === '' ? 'problem.choice' : `hint.${select.value}`))
  $(select).on('change', explain).trigger('change')
}
