/**
 * Status badges. One rule for all nodes: a dot serves, a ring does not; the colour is what the pair's situation means for the plant:
 * green = this side serves and its peer is ready, blue = standby, yellow = one serves and something is missing or to be looked at,
 * red = nobody serves, or two may.
 */
import type { Node, NodeStatus } from 'node-red'
import type { PairStatus } from '../src/host/pair'
import type { Severity } from '../src/host/situation/severity'
import type { Situation } from '../src/host/situation/types'
import type { Text } from '../src/host/texts/text'

/** Looks a text up in the locale of the runtime. */
export type Say = (key: string, params?: Record<string, string | number>) => string

export interface Badge {
  readonly fill: NonNullable<NodeStatus['fill']>
  readonly shape: NonNullable<NodeStatus['shape']>
  readonly text: string
}

/** What is so, and what its texts do not hold. */
export interface Shown {
  readonly status: Pick<PairStatus, 'role' | 'serving'>
  readonly situation: Situation
}

/** In the language of the runtime, which its catalogue names. */
export function spoken(text: Text, say: Say): string {
  return say('language') === 'zh' ? text.zh : text.en
}

/** `say` reads the catalogue of `ha-pair`, here and below. */
export function pairBadge({ status, situation }: Shown, say: Say): Badge {
  return {
    fill: fillOf(situation.severity, status),
    shape: shapeOf(status.serving),
    text: spoken(situation.short, say)
  }
}

/** `held` is the number of messages that wait for the gate to open. Open or closed comes first: it is what a gate is for. */
export function gateBadge(open: boolean, held: number, { status, situation }: Shown, say: Say): Badge {
  const { severity } = situation
  const parts = [say(open ? 'badge.open' : 'badge.closed')]
  if (severity === 'warning' || severity === 'critical') parts.push(spoken(situation.trouble, say))
  else if (!open) parts.push(say(`badge.role.${status.role}`))
  if (held > 0) parts.push(say('badge.held', { held }))
  return { fill: fillOf(severity, status), shape: shapeOf(open), text: parts.join(' · ') }
}

export function stoppedBadge(text: string): Badge {
  return { fill: 'red', shape: 'ring', text }
}

/** Shows a badge on a node, and only what changed since the last one. */
export class BadgeSign {
  readonly #node: Node
  #shown: Badge | null = null
  #isDown = false

  constructor(node: Node) {
    this.#node = node
  }

  show(badge: Badge): void {
    const shown = this.#shown
    if (this.#isDown) return
    if (shown?.fill === badge.fill && shown.shape === badge.shape && shown.text === badge.text) return
    this.#shown = badge
    this.#node.status({ ...badge })
  }

  /** A node that runs no more, as on a tab that was disabled, would keep its last word in the editor for ever. */
  takeDown(): void {
    this.#isDown = true
    this.#node.status({})
  }
}

function fillOf(severity: Severity, { role }: Pick<PairStatus, 'role'>): Badge['fill'] {
  if (severity === 'critical') return 'red'
  if (severity !== 'ok') return 'yellow'
  return role === 'active' ? 'green' : 'blue'
}

export function shapeOf(serving: boolean): Badge['shape'] {
  return serving ? 'dot' : 'ring'
}
