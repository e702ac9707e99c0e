/** `ha-pair` in the editor: what `nodes/ha-pair.html` registers. */
import { changesFor, SCHEMA } from '../../src/rules/migrations'
import { NEW_LINK, NEW_WITNESS, PAIR_DEFAULTS, type ChoiceName } from '../../src/rules/properties'
import type { EditorNode, Property, Validator } from '../red'
import { linksProblem, problemOf, witnessOf, witnessProblem, type CheckedName, type Read } from './checks'
import { Dialog } from './dialog'
import { settled, stored } from './form'
import { areSameLinks } from './link-list'
import { inputOf } from './page'

/** The dialog that is open, or null. */
let dialog: Dialog | null = null

// --- Forms that the node has had ---

/** In place, and without marking the node as changed: the next deploy writes the present form. */
export function migrateWhatIsLoaded(): void {
  RED.events.on('nodes:add', (node) => {
    if (node.type !== 'ha-pair') return
    // The node itself, past the proxy that refuses changes on a locked tab.
    const itself = (node['__node__'] ?? node) as EditorNode
    Object.assign(itself, changesFor(itself, itself) ?? {})
  })
}

// --- Properties ---

/** As it is typed while the dialog is open, as it is stored otherwise. */
const readOf = (node: EditorNode): Read => (dialog?.id === node.id ? dialog.read : (other) => node[other])

function validator(name: CheckedName): Validator {
  return function (value, _options) {
    const problem = problemOf(name, value, readOf(this))
    return problem === null || `${this._(`label.${name}`)}: ${this._(problem.key, problem)}`
  }
}

/** A property's default and its check. */
export const property = (name: CheckedName): Property => ({ value: PAIR_DEFAULTS[name], validate: validator(name) })

export const links: Property = {
  value: [NEW_LINK],
  validate: function (value, _options) {
    const problem = linksProblem(value)
    return problem === null || this._(problem.key, problem)
  }
}

export const witness: Property = {
  value: NEW_WITNESS,
  validate: function (value, _options) {
    const kept = Array.isArray(this['links']) ? (this['links'] as readonly unknown[]) : []
    const problem = witnessProblem(value, dialog?.id === this.id ? dialog.links : kept, readOf(this))
    return problem === null || `${this._('label.witness')}: ${this._(problem.key, problem)}`
  }
}

export const schema: Property = {
  value: SCHEMA,
  validate: function (_value, _options) {
    return changesFor(this, this) !== null || this._('check.newer')
  }
}

// --- Texts ---

export function paletteLabel(this: EditorNode): string {
  return this._('label.pair')
}

export function label(this: EditorNode): string {
  return this.name || this._('label.pair')
}

export function labelStyle(this: EditorNode): string {
  return this.name ? 'node_label_italic' : ''
}

// --- The dialog ---

export function open(this: EditorNode): void {
  noteMissingSecrets(this)
  dialog = new Dialog(this)
}

export function save(this: EditorNode): void {
  if (dialog === null) return
  const { choices, links: kept } = settled(dialog.choices, dialog.links)
  if (choices.auth === 'none') {
    for (const secret of ['key', 'previousKey']) inputOf(secret).value = ''
  }
  if (!areSameLinks(kept, this['links'])) this['links'] = kept
  const { host, port } = witnessOf(this['witness'])
  const typed = dialog.witness
  if (typed.host !== host || String(typed.port) !== port) this['witness'] = typed
  for (const [name, chosen] of Object.entries(choices)) {
    // What the flow file leaves out stays so until it is changed.
    if (chosen !== String(this[name] ?? PAIR_DEFAULTS[name as ChoiceName])) this[name] = stored(chosen)
  }
  close()
}

export function close(): void {
  dialog?.close()
  dialog = null
}

/** Without this, Node-RED takes a secret that was never there and still is not for a change. */
function noteMissingSecrets(node: EditorNode): void {
  const { credentials, _def } = node as EditorNode & {
    readonly credentials?: Record<string, unknown> & { readonly _?: Record<string, unknown> }
    readonly _def: { readonly credentials: object }
  }
  for (const held of [credentials, credentials?._]) {
    if (held === undefined) continue
    for (const secret of Object.keys(_def.credentials)) held[`has_${secret}`] ??= false
  }
}
