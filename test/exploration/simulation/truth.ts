/**
 * What each side can know, judged from outside: which frames of the present two runs reached it, through how long a chain
 * of answers, and which epochs it has heard of. The checkers' notion of contact.
 */
import type { FrameFacts, Step } from './process'
import type { HostIndex } from '../../support/network'

/** From this length of the chain on both sides have proved to each other that they speak now. */
export const HOPS_OF_CONTACT = 6

interface Knowledge {
  hops: number
  heardLocalMs: number | null
  heardAtMs: number | null
  knownEpoch: number
  seen: Set<number>
  /** Highest sequence number taken in from the peer's present run. */
  lastSeq: number
}

export class Truth {
  readonly #sides: readonly [Knowledge, Knowledge] = [fresh(), fresh()]
  /** Epochs known since when; to tell what a crash may forget. */
  readonly #learnt: readonly [{ epoch: number; atMs: number }[], { epoch: number; atMs: number }[]] = [[], []]

  readonly #slowestMs: number
  #repeated = false

  /** `slowestMs`: a frame that travels longer than this proves nothing about the present. */
  constructor(slowestMs: number) {
    this.#slowestMs = slowestMs
  }

  side(host: HostIndex): Readonly<Knowledge> {
    return this.#sides[host]
  }

  /** The highest epoch that it knew of at an instant; one that it has just given to its peer is not yet among them. */
  knewAt(host: HostIndex, atMs: number): number {
    return highestOf(this.#learnt[host].filter((item) => item.atMs <= atMs))
  }

  /** Both have proved to each other that they speak now, in the present two runs. */
  inContact(host: HostIndex): boolean {
    return this.#sides[host].hops >= HOPS_OF_CONTACT
  }

  /**
   * `forgetsSinceMs`: what was learnt later than this may not have reached the disk. `restoredEpoch`: the disk is an older
   * one, which knows of this; null = it is as it was left.
   */
  started(host: HostIndex, storeLost: boolean, forgetsSinceMs: number, restoredEpoch: number | null = null): void {
    for (const side of this.#sides) {
      side.hops = 0
      side.lastSeq = 0
      side.heardLocalMs = null
      side.heardAtMs = null
    }
    const side = this.#sides[host]
    side.seen = new Set()
    const kept =
      restoredEpoch === null
        ? this.#learnt[host].filter((item) => !storeLost && item.atMs <= forgetsSinceMs)
        : [{ epoch: restoredEpoch, atMs: -Infinity }]
    this.#learnt[host].length = 0
    this.#learnt[host].push(...kept)
    side.knownEpoch = highestOf(kept)
  }

  /** This side's own promotion. Once it is on disk it is never forgotten, however young it is. */
  promoted(host: HostIndex, epoch: number, atMs: number, durable: boolean): void {
    this.#learn(host, epoch, durable ? -Infinity : atMs)
  }

  /** A frame that was taken in for the first time by the run that it was meant for. */
  took(step: Step, facts: FrameFacts, peerIncarnation: number): void {
    const side = this.#sides[step.host]
    this.#repeated = side.seen.has(facts.uid)
    if (facts.from === step.host) return
    if (facts.senderIncarnation !== peerIncarnation || facts.receiverIncarnation !== step.process.incarnation) return
    // Addressed to a session that is not this one: an answer to somebody's recording.
    if (facts.frame.trailer?.echo !== step.before.session) return
    if (side.seen.has(facts.uid)) return
    side.seen.add(facts.uid)
    // Too long under way to prove that its sender speaks now: such a link is as good as cut.
    if (step.atMs - facts.sentAtMs > this.#slowestMs) return
    // A copy on another link, or something older than what came in before, says nothing new.
    const seq = facts.frame.trailer?.seq ?? 0
    if (seq <= side.lastSeq) return
    side.lastSeq = seq
    side.hops = Math.max(side.hops, facts.hops + 1)
    // While the former session counts as present, the new one is only answered.
    const adopted = facts.frame.trailer?.session === step.after.peerSession
    if (side.hops < HOPS_OF_CONTACT || !adopted) return
    side.heardLocalMs = step.localMs
    side.heardAtMs = step.atMs
    this.#learn(step.host, facts.knownEpoch, step.atMs)
  }

  /** The frame of the step that is looked at had been taken in before. */
  get repeated(): boolean {
    return this.#repeated
  }

  #learn(host: HostIndex, epoch: number, atMs: number): void {
    const side = this.#sides[host]
    if (epoch > side.knownEpoch) side.knownEpoch = epoch
    else if (atMs > -Infinity) return
    this.#learnt[host].push({ epoch, atMs })
  }
}

function highestOf(learnt: readonly { readonly epoch: number }[]): number {
  return learnt.reduce((max, { epoch }) => Math.max(max, epoch), 0)
}

function fresh(): Knowledge {
  return { hops: 0, heardLocalMs: null, heardAtMs: null, knownEpoch: 0, seen: new Set(), lastSeq: 0 }
}
