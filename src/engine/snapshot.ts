/** What the host knows of a pair: made from the machine's view, and sent only when it differs from the last one. */
import type { MachineView } from '../protocol/machine'
import type { PairSettings } from '../protocol/settings'
import type { Clock } from './clock'
import type { StoreTrouble } from './events'
import type { Link } from './link'
import type { Snapshot } from './messages'
import type { PairFrames } from './pair-frames'
import type { Rejections } from './rejections'

/** Counters alone are sent at most this often. */
const COUNTERS_EVERY_MS = 1000

export class SnapshotTeller {
  readonly #settings: PairSettings
  readonly #links: readonly Link[]
  readonly #rejections: Rejections
  readonly #frames: PairFrames
  readonly #clock: Clock
  /** Written over with each news, for the host gets a copy: what is replaced piles up in the old generation of the heap. */
  #told: Snapshot | null = null
  #toldSinceMs = NaN
  #toldCounts = 0
  #toldAtMs = -Infinity

  constructor(
    settings: PairSettings,
    links: readonly Link[],
    rejections: Rejections,
    frames: PairFrames,
    clock: Clock
  ) {
    this.#settings = settings
    this.#links = links
    this.#rejections = rejections
    this.#frames = frames
    this.#clock = clock
  }

  /** The snapshot to tell now, or null when the host knows it all. `always`: events go with it. */
  news(view: MachineView, store: StoreTrouble | null, always: boolean): Snapshot | null {
    const nowMs = this.#clock.nowMs()
    const { greeted } = this.#frames
    const counts = this.#links.reduce((sum, link) => sum + link.unsent, this.#rejections.total + greeted)
    const counted = counts !== this.#toldCounts && nowMs - this.#toldAtMs >= COUNTERS_EVERY_MS
    const told = this.#told
    if (told !== null && !always && !counted && !this.#differs(told, view, store)) return null
    const since = this.#toldSinceMs === view.sinceMs && told !== null ? told.since : this.#wallOf(view.sinceMs, nowMs)
    this.#toldSinceMs = view.sinceMs
    this.#toldCounts = counts
    this.#toldAtMs = nowMs
    const now: Snapshot = {
      role: view.role,
      previousRole: view.previousRole,
      reason: view.reason,
      since,
      epoch: view.epoch,
      online: view.online,
      policy: this.#settings.policy,
      wire: this.#settings.wire,
      authenticated: view.authenticated,
      peer: this.#peer(view),
      links: this.#links.map((link) => ({
        open: link.open,
        up: view.linksUp[link.index] === true,
        problem: link.problem,
        address: link.address,
        unsent: link.unsent
      })),
      dropped: this.#rejections.counts(),
      differences: view.differences,
      conflict: view.conflict,
      proof: view.proof,
      aloneBar: view.aloneBar,
      greeted,
      witness: witnessOf(view),
      peerAheadS: this.#frames.peerClock.aheadS,
      store
    }
    this.#told = told === null ? now : overwrite(told, now)
    return this.#told
  }

  #differs(told: Snapshot, view: MachineView, store: StoreTrouble | null): boolean {
    if (told.role !== view.role || told.previousRole !== view.previousRole || told.reason !== view.reason) return true
    if (this.#toldSinceMs !== view.sinceMs || told.epoch !== view.epoch || told.online !== view.online) return true
    if (told.authenticated !== view.authenticated || told.store !== store) return true
    if (told.peerAheadS !== this.#frames.peerClock.aheadS) return true
    if (told.differences !== view.differences || told.conflict !== view.conflict) return true
    if (told.proof !== view.proof || told.aloneBar !== view.aloneBar) return true
    if (differs(told.witness, view.witness)) return true
    for (const link of this.#links) {
      const was = told.links[link.index]
      if (was?.open !== link.open || was.up !== (view.linksUp[link.index] === true) || was.problem !== link.problem) {
        return true
      }
    }
    const [was, is] = [told.peer, view.peer]
    if (was === null || is === null) return was !== is
    if (was.role !== is.role || was.epoch !== is.epoch || was.priority !== is.priority) return true
    if (was.fitness !== is.fitness || was.ready !== is.ready) return true
    const path = this.#path(view)
    return hostOf(path) !== was.host || portOf(path) !== was.port
  }

  #peer(view: MachineView): Snapshot['peer'] {
    if (view.peer === null) return null
    const { role, epoch, priority, fitness, ready } = view.peer
    const path = this.#path(view)
    return { role, epoch, priority, fitness, ready, host: hostOf(path), port: portOf(path) }
  }

  /** The first link that carries; the one heard last would change with every heartbeat. */
  #path(view: MachineView): Link | undefined {
    return this.#links.find((link) => view.linksUp[link.index] === true) ?? this.#links[view.peer?.link ?? 0]
  }

  #wallOf(atMs: number, nowMs: number): number {
    return Math.round(this.#clock.wallMs() - Math.max(0, nowMs - atMs))
  }
}

function witnessOf({ witness }: MachineView): Snapshot['witness'] {
  if (witness === null) return null
  const { online, counted, holder } = witness
  return { online, counted, holder }
}

function differs(was: Snapshot['witness'], is: MachineView['witness']): boolean {
  return was?.online !== is?.online || was?.counted !== is?.counted || was?.holder !== is?.holder
}

/** Where the peer is heard, or is to be found as long as it is not. */
function hostOf(path: Link | undefined): string {
  return path?.paths.heard?.ip ?? path?.settings.peerHost ?? ''
}

function portOf(path: Link | undefined): number {
  return path?.paths.heard?.port ?? path?.settings.peerPort ?? 0
}

/** Makes the old snapshot say what the new one says. */
function overwrite(old: Snapshot, now: Snapshot): Snapshot {
  const { peer, links, dropped } = old
  for (const [index, link] of now.links.entries()) Object.assign(links[index] ?? {}, link)
  const peerNow = peer === null || now.peer === null ? now.peer : Object.assign(peer, now.peer)
  return Object.assign(old, now, { peer: peerNow, links, dropped: Object.assign(dropped, now.dropped) })
}
