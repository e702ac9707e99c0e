/**
 * Where the peer is does not matter. As soon as frames can pass on some link, one way at least, the two hear each other within two
 * heartbeats and a round trip. One of them may still hold to the session of a peer that has restarted since: no other takes its place
 * until it was silent for a timeout, so it takes as much longer. And nobody loses contact while a link works.
 */
import type { EngineProcess, Step } from '../process'
import type { Watcher } from '../watcher'
import { other, type World } from '../world'

/** Own delays of a process that runs. */
const SLACK_MS = 24

export class ContactChecker implements Watcher {
  readonly name = 'contact'
  /** Most that it took beyond two heartbeats and a round trip. */
  worstMs = 0
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  onReachable(): void {
    const [a, b] = this.#processes()
    const atMs = this.#world.nowMs
    if (a === null || b === null || !this.#world.plan.hasMoves) return
    if (a.view.session !== b.view.peerSession && b.view.session !== a.view.peerSession) return
    if (!this.#world.truth.inContact(0) || !this.#world.truth.inContact(1)) return
    this.#world.timeline.after(this.#boundMs(a, b), () => this.#check(a, b, atMs))
  }

  onStep({ process, outputs, host }: Step): void {
    const lost = outputs.some(
      (o) => o.kind === 'event' && o.event === 'online' && (o.reason === 'lost-connection' || o.reason === 'half-open')
    )
    if (!lost || process.view.online) return
    const peer = this.#world.process(other(host))
    if (peer?.running !== true || this.#world.hadSecond || this.#world.saidGoodbye(other(host))) return
    const sinceMs = Math.max(this.#world.cleanSinceMs, process.runningSinceMs, peer.runningSinceMs)
    const forMs = this.#world.nowMs - sinceMs
    if (forMs > 1.5 * this.#world.plan.timeoutMsMax + 2 * this.#heartbeatMs(process, peer) + SLACK_MS)
      this.#report(process, `loses its peer while a link has worked for ${forMs.toFixed(0)} ms`)
  }

  #check(a: EngineProcess, b: EngineProcess, atMs: number): void {
    const world = this.#world
    if (world.process(0) !== a || world.process(1) !== b || world.reachableSinceMs !== atMs) return
    if (a.runningSinceMs > atMs || b.runningSinceMs > atMs || !a.running || !b.running) return
    if (world.hadSecond || world.saidGoodbye(0) || world.saidGoodbye(1)) return
    for (const host of [0, 1] as const) {
      const heardAtMs = world.truth.side(host).heardAtMs ?? -Infinity
      if (heardAtMs >= atMs) this.worstMs = Math.max(this.worstMs, heardAtMs - atMs)
      else
        this.#report(
          host === 0 ? a : b,
          `has heard nothing ${(world.nowMs - atMs).toFixed(1)} ms after frames can pass`
        )
    }
  }

  #boundMs(a: EngineProcess, b: EngineProcess): number {
    const mutual = a.view.session === b.view.peerSession && b.view.session === a.view.peerSession
    const silenceMs = mutual ? 0 : this.#world.plan.timeoutMsMax
    return 1.06 * (2 * this.#heartbeatMs(a, b) + silenceMs) + 2 * this.#world.cleanDelayMs + SLACK_MS
  }

  #heartbeatMs(a: EngineProcess, b: EngineProcess): number {
    return Math.max(a.settings.heartbeatMs, b.settings.heartbeatMs)
  }

  #processes(): readonly [EngineProcess | null, EngineProcess | null] {
    return [this.#world.process(0), this.#world.process(1)]
  }

  #report(process: EngineProcess, message: string): void {
    this.#world.report(this.name, `${process.settings.name}: ${message}`)
  }
}
