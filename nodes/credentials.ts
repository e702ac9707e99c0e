/** The secrets of a node, with `${NAME}` looked up: Node-RED leaves an unset variable as it was typed. */
import type { Node, NodeAPI } from 'node-red'
import type { PairCredentials, PairNode } from './pair-user'

const ENVIRONMENT = /^\$\{([^}]+)\}$/

/**
 * The key to use; '' = none. A variable that is unset reads as its `${NAME}`, which the settings report as unresolved. So does
 * a blank one for the key: it must not silently mean "no key". For the previous key it means that there is none.
 */
export function readKey(RED: NodeAPI, node: PairNode, field: keyof PairCredentials): string {
  return readSecret(RED, node, field, field === 'key')
}

/** '' = none. `needed`: a variable that is blank reads as one that is unset. */
export function readSecret<Field extends string>(
  RED: NodeAPI,
  node: Node<Partial<Record<Field, string>>>,
  field: Field,
  needed = true
): string {
  const aliased = node as typeof node & { readonly _alias?: string }
  const stored = RED.nodes.getCredentials(aliased._alias ?? node.id) as Partial<Record<Field, string>> | undefined
  const typed = stored?.[field] ?? ''
  const name = ENVIRONMENT.exec(typed)?.[1]
  if (name === undefined) return node.credentials?.[field] ?? ''
  const value = (RED.util.getSetting as (node: Node, name: string) => unknown)(node, name)
  if (value === undefined || value === null) return typed
  const isBlank = String(value).trim() === ''
  return isBlank && needed ? typed : String(value)
}
