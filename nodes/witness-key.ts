/** The witness key of a pair, for people who set up its witness. It is a secret, made of another one. */
import type { NodeAPI } from 'node-red'
import { withoutLineEnds } from '../src/host/secret'
import { isWholeVariable } from '../src/rules/values'
import { witnessLineOf } from '../src/witness/keys'
import { readKey } from './credentials'
import type { PairNode } from './pair-user'

/** `typed`: the pair's key as somebody has just typed it; null = the one that is stored. Null where there is none. */
export function witnessKeyFor(RED: NodeAPI, id: string, typed: string | null): ReturnType<typeof witnessLineOf> | null {
  // As the pair takes it: the two have to come to the same.
  const secret = withoutLineEnds(typed ?? storedKey(RED, id) ?? '')
  return secret.trim() === '' || isWholeVariable(secret.trim()) ? null : witnessLineOf(secret)
}

function storedKey(RED: NodeAPI, id: string): string | null {
  const node = RED.nodes.getNode(id) as PairNode | null | undefined
  return node?.type === 'ha-pair' ? readKey(RED, node, 'key') : null
}
