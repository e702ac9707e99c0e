/** What a message tells `ha-pair-designate` to do. Source: the integrators' contract. */
import type { Designation } from '../src/protocol/machine'

const WORDS: readonly string[] = ['active', 'standby', 'swap'] satisfies readonly Designation[]

export type Command =
  | { readonly ok: true; readonly designate: Designation; readonly force: boolean }
  /** `detail` names what was not understood. */
  | { readonly ok: false; readonly detail: string }

/**
 * `configured` is the node's `command`: "payload", or a word that any message triggers. `force` always comes from the
 * payload. A force that is not a boolean is an error: guessing what "no" means could take the role from the peer.
 */
export function readCommand(configured: string, payload: unknown): Command {
  const asked = isRecord(payload) ? payload : { designate: payload }
  const word = configured === 'payload' ? asked.designate : configured
  if (!isDesignation(word)) return { ok: false, detail: quote(word) }
  const force = asked.force ?? false
  if (typeof force !== 'boolean') return { ok: false, detail: `force: ${quote(force)}` }
  return { ok: true, designate: word, force }
}

function isDesignation(word: unknown): word is Designation {
  return typeof word === 'string' && WORDS.includes(word)
}

function isRecord(value: unknown): value is { readonly designate?: unknown; readonly force?: unknown } {
  return typeof value === 'object' && value !== null
}

function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value
}
