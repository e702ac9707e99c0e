/** What is so with one pair now, kept up to date by what happens: how contact ended, what a person is warned of, and what both mean. */
import { hostname } from 'node:os'
import { nowUs } from '../../engine/cells'
import type { PairKeys, Snapshot } from '../../engine/messages'
import type { ReasonCode } from '../../protocol/reasons'
import type { Role } from '../../protocol/role'
import type { PairSettings } from '../../protocol/settings'
import type { PairEvent } from '../events'
import type { PairStatus } from '../pair'
import type { Names } from '../texts/happened'
import { Warnings } from '../warnings'
import { markOf, settledAt, situationOf } from './situation'
import type { SituationFacts } from './facts'
import type { Situation, SituationMark } from './types'
import { peerNamed, secondsNamed } from './values'

export const HOST = hostname()

/** A heartbeat may come a little late. */
const HEARD_SPARE_MS = 250

/** Changes of role that somebody wanted, or that come with a stop. */
const ASKED_FOR: ReadonlySet<ReasonCode> = new Set([
  'cannot-negotiate',
  'negotiated',
  'operator',
  'operator-forced',
  'peer-left',
  'peer-removed',
  'removed',
  'shutdown'
])

export class Present {
  readonly warnings: Warnings
  readonly #settings: PairSettings
  readonly #peerHost: string
  #lost: PairStatus['lost'] = null
  /** When contact was lost last; ms since 1970. */
  #lostAt = 0

  constructor(settings: PairSettings, keys: PairKeys) {
    this.#settings = settings
    this.#peerHost = settings.links[0]?.peerHost ?? ''
    this.warnings = new Warnings(settings, keys)
  }

  /** How contact ended; null while there is some, and before the first. */
  get lost(): PairStatus['lost'] {
    return this.#lost
  }

  /** As people call the two hosts. */
  get names(): Names {
    return { here: HOST, peer: peerNamed(this.#peerHost), after: secondsNamed(this.#settings.peerTimeoutMs) }
  }

  /** The peer is heard, and no longer answers. `heardAtMs`: as the cell has it. */
  hearsOneWay(heardAtMs: number | null): boolean {
    const lately = 1.5 * this.#settings.heartbeatMs + HEARD_SPARE_MS
    return this.#lost?.reason === 'half-open' && heardAtMs !== null && Number(nowUs()) / 1000 < heardAtMs + lately
  }

  /** `snapshot`: the state after it. */
  hear({ event, reason, detail, at }: PairEvent, snapshot: Snapshot, nowMs: number): void {
    if (event === 'online') {
      this.#lost = detail.online ? null : { reason, at }
      if (!detail.online) this.#lostAt = at
    } else if (event === 'conflict') {
      // The second one became Active then: this side itself, or the peer when contact was lost.
      const from = Math.min(at, Math.max(snapshot.since, this.#lostAt))
      this.warnings.remember('were-both-active', { from, to: at }, nowMs)
    } else if (event === 'role' && !this.#isExpected(reason, detail.previousRole)) this.warnings.roleChanged(nowMs)
    else if (event === 'clock') this.warnings.remember(reason, detail, nowMs)
    else if (event === 'mismatch' && reason === 'cloned-identity') this.warnings.remember(reason, {}, nowMs)
  }

  /** A grant of the role brings its reason, and none where an operator of the peer wanted it; on the classic wire it never does. */
  #isExpected(reason: ReasonCode, previousRole: Role): boolean {
    if (reason === 'designated') return this.#settings.wire === 'extended'
    return previousRole === 'initial' || ASKED_FOR.has(reason)
  }

  /** `at`: ms since 1970. */
  situation(status: Omit<PairStatus, 'situation'>, at: number): Situation {
    return situationOf(this.#facts(status, at))
  }

  mark(status: Omit<PairStatus, 'situation'>, at: number): SituationMark {
    return markOf(this.#facts(status, at))
  }

  #facts(status: Omit<PairStatus, 'situation'>, at: number): SituationFacts {
    const { peerTimeoutMs } = this.#settings
    return { status, warnings: this.warnings.list, peerHost: this.#peerHost, peerTimeoutMs, at }
  }

  /** ms until a side without a role is no longer one that has just started; Infinity = that does not matter. */
  settlesInMs({ role, since }: Snapshot, at: number): number {
    const leftMs = settledAt({ since, peerTimeoutMs: this.#settings.peerTimeoutMs }) - at
    return role === 'initial' && leftMs > 0 ? leftMs : Infinity
  }
}
