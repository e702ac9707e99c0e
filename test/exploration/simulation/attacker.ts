/** Hears everything on every link, knows no key, and sends recorded frames again whenever it likes. */
import type { ReplayAge } from './faults'
import type { HostIndex } from '../../support/network'
import type { FrameFacts } from './process'
import type { Random } from '../../support/random'

const RECORDED_MAX = 4096

export interface Recording {
  readonly bytes: Uint8Array
  readonly facts: FrameFacts
}

export class Attacker {
  readonly #random: Random
  readonly #recordings: Recording[] = []
  #heard = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Keeps a fair sample of all frames ever sent. */
  record(recording: Recording): void {
    this.#heard++
    if (this.#recordings.length < RECORDED_MAX) this.#recordings.push(recording)
    else {
      const slot = this.#random.int(this.#heard)
      if (slot < RECORDED_MAX) this.#recordings[slot] = recording
    }
  }

  choose(target: HostIndex, count: number, age: ReplayAge, incarnation: number): Recording[] {
    const candidates = this.#recordings.filter(({ facts }) => {
      if (age === 'reflect') return facts.from === target
      if (facts.from === target) return false
      return age !== 'earlier-session' || facts.receiverIncarnation < incarnation
    })
    if (candidates.length === 0) return []
    const pool = age === 'recent' ? candidates.slice(-Math.max(count, 20)) : candidates
    // In the order in which they were sent, or any.
    const chosen = Array.from({ length: count }, () => this.#random.pick(pool))
    return this.#random.chance(0.5) ? chosen.toSorted((a, b) => a.facts.uid - b.facts.uid) : chosen
  }
}
