/** `ha-pair-gate` in the editor. */
import { waitingFor, type FlowGraph, type Waiting } from './answers-behind'
import { setText } from './dom'
import { oneOf } from './one-of'
import type { EditorNode, Say } from './red'
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
  const waiting = waitingFor(FLOWS, this, OPEN)
  const explain = (): void => {
    setText(hint, say(select.value === '' ? 'problem.choice' : `hint.${select.value}`))
    warn(select.value === 'second-output' && FLOWS.wired(this, CLOSED).length > 0 ? null : waiting, say)
  }
  $(select).on('change', explain).trigger('change')
}

function warn(waiting: Waiting | null, say: Say): void {
  const warning = document.getElementById('ha-pair-gate-waiting')
  const text = warning?.querySelector('span')
  if (warning === null || !text) return
  warning.hidden = waiting === null
  setText(text, waiting === null ? '' : `${say(`waits.${waiting}`)} ${say('waits.todo')}`)
}

// --- The flows as the editor has them ---

const OPEN = 0
const CLOSED = 1
const OUTPUTS = 0

const targetsOf = (node: { readonly id: string }, output?: number): EditorNode[] =>
  RED.nodes
    .getNodeLinks(node, OUTPUTS)
    .filter(({ sourcePort }) => output === undefined || sourcePort === output)
    .map(({ target }) => target)

const FLOWS: FlowGraph = {
  node: (id) => RED.nodes.node(id),
  wired: targetsOf,
  inside: (subflow) => (RED.nodes.subflow(subflow)?.in ?? []).flatMap((end) => targetsOf(end)),
  around: (subflow) => (RED.nodes.subflow(subflow)?.instances ?? []).flatMap((instance) => targetsOf(instance))
}
