/** `ha-pair-gate` in the editor. */
import { KEEP, KEEP_FOR_MS, ORDERS, readNumber, SEQUENCE } from '../src/rules/resume'
import { namesVariable } from '../src/rules/values'
import { waitingFor, type FlowGraph, type Waiting } from './answers-behind'
import { setText } from './dom'
import { oneOf } from './one-of'
import type { EditorNode, Property, Say } from './red'
import { showDefault } from './user-node'

export { label, labelStyle, paletteLabel } from './user-node'

const WORDS = ['second-output', 'drop', 'hold-latest', 'resume']

export const whenClosed = { value: 'second-output', validate: oneOf('whenClosed', WORDS) }

// --- Of a gate that resumes ---

/** A property of a message: `seq`, `payload.number`, `payload["no"]`. */
const PATH = /^[^\s]+$/

export const sequence: Property = {
  value: SEQUENCE,
  validate: function (value, _options) {
    return isPath(value) || `${this._('label.sequence')}: ${this._('problem.path')}`
  }
}

export const series: Property = {
  value: '',
  validate: function (value, _options) {
    return isPath(value) || `${this._('label.series')}: ${this._('problem.path')}`
  }
}

export const order = { value: ORDERS[0], validate: oneOf('order', ORDERS) }

export const keep: Property = {
  value: KEEP.byDefault,
  validate: function (value, _options) {
    return isNumber(value, KEEP) || `${this._('label.keep')}: ${this._('problem.keep')}`
  }
}

export const keepFor: Property = {
  value: KEEP_FOR_MS.byDefault,
  validate: function (value, _options) {
    return isNumber(value, KEEP_FOR_MS) || `${this._('label.keepFor')}: ${this._('problem.keepFor')}`
  }
}

/** Blank is the default. */
function isPath(value: unknown): boolean {
  const text = String(value ?? '').trim()
  return text === '' || PATH.test(text)
}

function isNumber(value: unknown, range: Parameters<typeof readNumber>[1]): boolean {
  return namesVariable(value) || readNumber(value, range) !== null
}

/** What the dialog checks while somebody types: the input, and where its problem is shown. */
const CHECKED = [
  { property: 'keep', isGood: (value: string) => isNumber(value, KEEP) },
  { property: 'keepFor', isGood: (value: string) => isNumber(value, KEEP_FOR_MS) }
] as const

const DEFAULTS = { whenClosed, sequence, series, order, keep, keepFor }

// --- The dialog ---

export function outputLabels(this: EditorNode, index: number): string {
  if (index === 0) return this._('output.open')
  return this._(this['whenClosed'] === 'resume' ? 'output.not-again' : 'output.closed')
}

export function open(this: EditorNode): void {
  const say = this._.bind(this)
  for (const [property, { value }] of Object.entries(DEFAULTS)) showDefault(this, property, value as string | number)
  const [select, hint, resume] = [
    document.getElementById('node-input-whenClosed'),
    document.getElementById('ha-pair-gate-hint'),
    document.getElementById('ha-pair-gate-resume')
  ]
  if (!(select instanceof HTMLSelectElement) || hint === null || resume === null) return
  const waiting = waitingFor(FLOWS, this, OPEN)
  const explain = (): void => {
    setText(hint, say(select.value === '' ? 'problem.choice' : `hint.${select.value}`))
    warn(select.value === 'second-output' && FLOWS.wired(this, CLOSED).length > 0 ? null : waiting, say)
    resume.hidden = select.value !== 'resume'
  }
  $(select).on('change', explain).trigger('change')
  for (const { property, isGood } of CHECKED) {
    const input = document.getElementById(`node-input-${property}`)
    const problem = document.getElementById(`ha-pair-gate-problem-${property}`)
    if (!(input instanceof HTMLInputElement) || problem === null) continue
    input.setAttribute('aria-describedby', problem.id)
    const check = (): void => {
      const good = isGood(input.value)
      input.setAttribute('aria-invalid', String(!good))
      setText(problem, good ? '' : say(`problem.${property}`))
    }
    $(input).on('input change', check).trigger('change')
  }
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
