/** What the nodes around a pair have in common in the editor. */
import type { EditorNode } from './red'

export function paletteLabel(this: EditorNode): string {
  return this._('palette.node')
}

export function label(this: EditorNode): string {
  return this.name || this._('palette.node')
}

export function labelStyle(this: EditorNode): string {
  return this.name ? 'node_label_italic' : ''
}

/** What a flow file leaves out has its default; that the dialog shows it is no change. */
export function showDefault(node: EditorNode, property: string, byDefault: string | number | boolean): void {
  if (node[property] !== undefined) return
  node[property] = byDefault
  const input = document.getElementById(`node-input-${property}`)
  if (input instanceof HTMLInputElement && typeof byDefault === 'boolean') input.checked = byDefault
  else if (input instanceof HTMLInputElement || input instanceof HTMLSelectElement) input.value = String(byDefault)
}
