/** `ha-pair-designate` in the editor. */
import { oneOf } from './one-of'
import type { EditorNode } from './red'
import { showDefault } from './user-node'

export { labelStyle, paletteLabel } from './user-node'

const WORDS = ['active', 'standby', 'swap']

export const command = { value: 'payload', validate: oneOf('command', ['payload', ...WORDS]) }

/** A node that does always the same is named after it. */
export function label(this: EditorNode): string {
  const fixed = WORDS.find((word) => word === this['command'])
  return this.name || this._(fixed === undefined ? 'palette.node' : `title.${fixed}`)
}

export function open(this: EditorNode): void {
  showDefault(this, 'command', command.value)
}
