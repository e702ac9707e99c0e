/**
 * Fencing tokens. A promotion (taking the role, or a newer epoch while holding it) uses an epoch
 *   - greater than every epoch its side can know of: its own earlier ones, and what reached it from its peer in
 *     contact, also across restarts unless its store was lost, or could not take in what was heard right before the end;
 *   - that no other promotion has used. The exceptions: two sides of which at least one has lost (or never had) its
 *     store and which have not been in contact since (with working stores); and an epoch that was known to one side only, or to both, and went
 *     with the stores of all who knew it; and, under
 *     `availability` with a store that refuses to write, an epoch that its own side forgot in a crash.
 * It is on disk before it is used; only `availability` goes on with a store that refuses to write, or does not answer for `peerTimeout`.
 * An epoch never goes back within one run, and in the end the one that serves holds the highest that either knows.
 */
import type { EngineProcess, Step } from '../process'
import type { HostIndex } from '../../../support/network'
import type { Truth } from '../truth'
import type { Watcher } from '../watcher'
import { other, type World } from '../world'

interface Use {
  readonly host: HostIndex
  readonly identity: number
  readonly incarnation: number
  /** The store refused to keep it: a crash made it free again. */
  readonly volatile: boolean
  readonly atMs: number
}

export class EpochChecker implements Watcher {
  readonly name = 'epochs'
  promotions = 0
  highest = 0
  readonly #world: World
  readonly #truth: Truth
  readonly #uses = new Map<number, Use>()
  /** The latest write of the present run failed. */
  readonly #storeFails: [boolean, boolean] = [false, false]
  /** It did not answer for so long that it counted as failed. */
  readonly #hung: [boolean, boolean] = [false, false]
  /** When the write under way began, on its side's clock. */
  readonly #writesSinceMs: [number, number] = [Infinity, Infinity]
  /** Pairs of identities that have been in contact: `a/b`. */
  readonly #met = new Set<string>()

  constructor(world: World) {
    this.#world = world
    this.#truth = world.truth
  }

  /** What nobody knows any more is gone: the pair lost it with its last store. */
  onStart(process: EngineProcess): void {
    this.#storeFails[process.host] = false
    this.#hung[process.host] = false
    this.#writesSinceMs[process.host] = Infinity
    const known = Math.max(this.#truth.side(0).knownEpoch, this.#truth.side(1).knownEpoch)
    for (const epoch of this.#uses.keys()) if (epoch > known) this.#uses.delete(epoch)
  }

  onStep({ host, process, before, after, input, outputs, localMs }: Step): void {
    const wantsMore = outputs.some((output) => output.kind === 'store')
    if (!wantsMore && this.#truth.inContact(host) && this.#world.countEachOther() && this.#bothHaveStored())
      this.#met.add(this.#identities())
    const hangs = localMs >= this.#writesSinceMs[host] + process.settings.peerTimeoutMs
    if (input.kind === 'stored') {
      // What a disk that hung takes late is old: it is well when nothing is left to write.
      this.#hung[host] = (hangs || this.#hung[host]) && (wantsMore || !input.ok)
      this.#storeFails[host] = !input.ok
      this.#writesSinceMs[host] = Infinity
    }
    if (wantsMore) this.#writesSinceMs[host] = localMs
    if (after.epoch < before.epoch) {
      this.#report(`${this.#name(process)} goes back from epoch ${before.epoch} to ${after.epoch}`)
      return
    }
    const promoted = after.role === 'active' && (before.role !== 'active' || after.epoch !== before.epoch)
    if (!promoted) return
    this.promotions++
    this.highest = Math.max(this.highest, after.epoch)
    const isWithoutStore = this.#storeFails[host] || hangs || this.#hung[host] || process.resumed
    const mayBeVolatile = process.settings.policy === 'availability' && isWithoutStore
    if (!mayBeVolatile && !this.#world.isConfirmed(host, after.epoch)) {
      this.#report(`${this.#name(process)} takes epoch ${after.epoch}, which its store has not confirmed`)
      return
    }
    const { knownEpoch } = this.#truth.side(host)
    if (after.epoch <= knownEpoch && !this.#isFree) {
      this.#report(
        `${this.#name(process)} takes epoch ${after.epoch} (${after.reason}, on ${input.kind}) but knows of ${knownEpoch}`
      )
      return
    }
    // A side at the end of its range follows the other one's numbers, and who met a stranger follows his.
    if (this.#isFree) return
    const earlier = this.#uses.get(after.epoch)
    const use: Use = {
      host,
      identity: this.#world.identity(host),
      incarnation: process.incarnation,
      volatile: !this.#world.isDurable(host, after.epoch),
      atMs: this.#world.nowMs
    }
    if (earlier !== undefined && !this.#isExcused(earlier, use)) {
      this.#report(
        `epoch ${after.epoch} is used by ${this.#name(process)} and was used by ${earlier.host === 0 ? 'A' : 'B'} at ${earlier.atMs.toFixed(1)} ms`
      )
    }
    this.#uses.set(after.epoch, use)
  }

  onFinish(): void {
    if (this.#isFree) return
    for (const host of [0, 1] as const) {
      const process = this.#world.process(host)
      if (process === null || !this.#world.gateOpen(host) || !this.#truth.inContact(host)) continue
      if (this.#world.process(other(host))?.view.role === 'active') continue
      const known = Math.max(this.#truth.side(0).knownEpoch, this.#truth.side(1).knownEpoch)
      if (process.view.epoch < known)
        this.#report(`${this.#name(process)} serves in peace with epoch ${process.view.epoch} while ${known} is known`)
    }
  }

  get #isFree(): boolean {
    return this.#world.plan.exhausted !== null || this.#world.hadSecond
  }

  #bothHaveStored(): boolean {
    const world = this.#world
    return ([0, 1] as const).every((host) => world.process(host) !== null && world.isStoreSettled(host))
  }

  #isExcused(earlier: Use, use: Use): boolean {
    if (earlier.host === use.host) return earlier.identity !== use.identity || earlier.volatile
    return !this.#met.has(this.#identities())
  }

  #identities(): string {
    return `${this.#world.identity(0)}/${this.#world.identity(1)}`
  }

  #name(process: EngineProcess): string {
    return `${process.settings.name} (run ${process.incarnation})`
  }

  #report(message: string): void {
    this.#world.report(this.name, message)
  }
}
