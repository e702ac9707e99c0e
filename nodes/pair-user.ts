/**
 * What every node that uses a pair has in common: it finds the config node, shows a badge and stops observing at its
 * close. User nodes and config nodes close at the same time and in any order: nothing here waits for the other.
 */
import type { Node, NodeAPI } from 'node-red'
import type { PairHandle } from '../src/host/hub'
import type { Pair, PairObserver, PairStatus } from '../src/host/pair'
import { BadgeSign, stoppedBadge, type Badge, type Say, type Shown } from './badge'

/** The config node `ha-pair` as its users see it. */
export interface PairNode extends Node<PairCredentials> {
  /** Null while the pair is stopped for its settings. */
  pair: Pair | null
  /** Observes the pair for as long as this node has it, or until the function that it returns is called. */
  observe: PairHandle['observe']
  /** The `topic` of what the pair emits. */
  pairName: string
  /** Why the pair is stopped, for people; '' while it runs. */
  stopped: string
  /** Texts of the catalogue of `ha-pair`. */
  say: Say
}

export interface PairCredentials {
  key?: string
  previousKey?: string
}

export interface RunningPair {
  readonly pair: Pair
  readonly name: string
}

/** Why there is no running pair, for programs and for people. */
export interface Absence {
  readonly code: 'no-pair' | 'pair-disabled' | 'stopped'
  readonly text: string
}

/** Makes the badge of what the pair says now. */
export type Draw = (shown: Shown & { readonly status: PairStatus }, say: Say) => Badge

/** Badges are for people: drawn once for changes within this time, after the messages that a change lets through. */
const DRAW_AFTER_MS = 30

interface Badged {
  /** Observes until `close`, and draws the badge soon after each change. No-op without a pair. */
  observe(observer: PairObserver): void
  /** Draws the badge now, and shows it if it changed. */
  refresh(): void
  close(): void
}

export type PairUser = Badged &
  ({ readonly running: RunningPair; readonly absence: null } | { readonly running: null; readonly absence: Absence })

/**
 * Joins a user node to its pair and shows its first badge; the badge follows the pair from `observe` on.
 * The user node's own catalogue must hold `badge.no-pair` and `error.no-pair`, and the same of `pair-disabled`.
 */
export function usePair(RED: NodeAPI, node: Node, configId: string, draw: Draw): PairUser {
  const sign = new BadgeSign(node)
  const config = findPairNode(RED, configId)
  if (config === null || config.pair === null) {
    const code = config !== null ? 'stopped' : isDisabled(RED, configId) ? 'pair-disabled' : 'no-pair'
    const [badge, text] = textsOf(RED, code, config?.stopped ?? '')
    sign.show(stoppedBadge(badge))
    return {
      running: null,
      absence: { code, text },
      observe: () => {},
      refresh: () => {},
      close: () => sign.takeDown()
    }
  }
  const { pair, pairName, say } = config
  const ends: (() => void)[] = []
  const refresh = (): void => sign.show(draw({ status: pair.status(), situation: pair.situation() }, say))
  let soon: NodeJS.Timeout | null = null
  const refreshSoon = (): void => {
    soon ??= setTimeout(() => {
      soon = null
      refresh()
    }, DRAW_AFTER_MS)
  }
  refresh()
  return {
    running: { pair, name: pairName },
    absence: null,
    observe(observer) {
      const onStatus = (): void => {
        observer.onStatus?.()
        refreshSoon()
      }
      ends.push(config.observe({ ...observer, onStatus }))
    },
    refresh,
    close() {
      for (const end of ends.splice(0)) end()
      if (soon !== null) clearTimeout(soon)
      sign.takeDown()
    }
  }
}

/** Badge and error. */
function textsOf(RED: NodeAPI, code: Absence['code'], stopped: string): readonly [string, string] {
  if (code === 'stopped') return [stopped, stopped]
  if (code === 'pair-disabled') return [RED._('badge.pair-disabled'), RED._('error.pair-disabled')]
  return [RED._('badge.no-pair'), RED._('error.no-pair')]
}

/** A config node that the editor has disabled is not among the running ones, and still in the flow file. */
function isDisabled(RED: NodeAPI, id: string): boolean {
  let disabled = false
  RED.nodes.eachNode((node) => {
    if (node.id === id && node.type === 'ha-pair') disabled = true
  })
  return disabled
}

function findPairNode(RED: NodeAPI, id: string): PairNode | null {
  const node = RED.nodes.getNode(id) as PairNode | null | undefined
  return node?.type === 'ha-pair' ? node : null
}
