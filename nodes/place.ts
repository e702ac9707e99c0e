import type { Node } from 'node-red'

/** The same on both hosts, and over a deploy: in a subflow, Node-RED gives a node another id at each start. */
export function placeOf(node: Node): string {
  const { _alias: alias, _path: path } = node as Node & { readonly _alias?: string; readonly _path?: string }
  return alias === undefined || path === undefined ? node.id : path
}
