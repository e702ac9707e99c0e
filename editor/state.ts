/** `ha-pair-state` in the editor. */
import type { EditorNode } from './red'
import { showDefault } from './user-node'

export { label, labelStyle, paletteLabel } from './user-node'

const OUTPUTS = ['role', 'online', 'event']

export function outputLabels(this: EditorNode, index: number): string {
  return this._(`output.${OUTPUTS[index]}`)
}

export function open(this: EditorNode): void {
  showDefault(this, 'initial', true)
  showDefault(this, 'frames', false)
}
