/**
 * Status badges. One rule for all nodes: a dot serves, a ring does not; green = active and serving with its peer
 * online, blue = standby, yellow = something is missing (no role yet, paused, peer offline) or to be looked at, red = trouble.
 */
import type { Node, NodeStatus } from 'node-red'
import type { PairStatus, PairTrouble, PairWarning } from '../src/host/pair'
import { badgeWarning } from '../src/host/warnings'

/** Looks a text up in the locale of the runtime. */
export type Say = (key: string, params?: Record<string, string | number>) => string

export interface Badge {
  readonly fill: NonNullable<NodeStatus['fill']>
  readonly shape: NonNullable<NodeStatus['shape']>
  readonly text: string
}

/**
 * `say` reads the catalogue of `ha-pair`. The most important warning is added to role and online: gates, of which there may be
 * many, keep their colour for open and closed.
 */
export function pairBadge(
  status: PairStatus,
  trouble: PairTrouble | null,
  say: Say,
  warnings: readonly PairWarning[] = []
): Badge {
  const warning = trouble === null ? badgeWarning(warnings) : null
  const text = pairText(status, trouble, say)
  return {
    fill: warning === null ? fillOf(status, trouble) : 'yellow',
    shape: shapeOf(status.serving),
    text: warning === null ? text : `${text} · ${say(`reason.${warning.code}`, wordsOf(warning))}`
  }
}

/** What a text may name of a warning's detail. */
function wordsOf({ detail }: PairWarning): Record<string, string> {
  return Object.fromEntries(
    Object.entries(detail).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  )
}

/** `held` is the number of messages that wait for the gate to open. */
export function gateBadge(
  open: boolean,
  held: number,
  status: PairStatus,
  trouble: PairTrouble | null,
  say: Say
): Badge {
  const parts = [say(open ? 'badge.open' : 'badge.closed')]
  if (!open) parts.push(say(`badge.role.${status.role}`))
  if (trouble !== null) parts.push(troubleText(trouble, say))
  else if (!status.online) parts.push(say('badge.offline'))
  if (held > 0) parts.push(say('badge.held', { held }))
  return { fill: fillOf(status, trouble), shape: shapeOf(open), text: parts.join(' · ') }
}

export function stoppedBadge(text: string): Badge {
  return { fill: 'red', shape: 'ring', text }
}

/** Shows a badge on a node, and only what changed since the last one. */
export class BadgeSign {
  readonly #node: Node
  #shown: Badge | null = null

  constructor(node: Node) {
    this.#node = node
  }

  show(badge: Badge): void {
    const shown = this.#shown
    if (shown?.fill === badge.fill && shown.shape === badge.shape && shown.text === badge.text) return
    this.#shown = badge
    this.#node.status({ ...badge })
  }
}

function pairText(status: PairStatus, trouble: PairTrouble | null, say: Say): string {
  const parts = [say(`badge.role.${status.role}`)]
  if (status.role === 'active' && !status.serving) parts.push(say('badge.paused'))
  parts.push(trouble === null ? say(status.online ? 'badge.online' : 'badge.offline') : troubleText(trouble, say))
  return parts.join(' · ')
}

function fillOf(status: PairStatus, trouble: PairTrouble | null): Badge['fill'] {
  if (trouble !== null) return 'red'
  if (!status.online || status.role === 'initial') return 'yellow'
  if (status.role === 'standby') return 'blue'
  return status.serving ? 'green' : 'yellow'
}

export function shapeOf(serving: boolean): Badge['shape'] {
  return serving ? 'dot' : 'ring'
}

/** `say` reads the catalogue of `ha-pair`. */
export function troubleText(trouble: PairTrouble, say: Say): string {
  return say(`reason.${trouble.code}`)
}
