/** Taking leave: this side has stopped, says so until that is acknowledged, and never comes back. */
import type { Frame, Trailer } from '../wire/frame'
import type { Designation, Role } from '../machine'
import { rulesOf, type RoleFacts } from './context'
import type { Machine, RoleObject } from './role'

/** Repeats of a goodbye before the side leaves without an answer. */
const GOODBYES_MAX = 5
/** A goodbye waits this long for the store, where the policy needs the mark on disk. */
const GOODBYE_STORE_MS = 200

export class Leaving implements RoleObject {
  readonly kind = 'leaving'
  name: Role = 'initial'
  readonly epoch = 0
  readonly heldEpoch: number
  sole: boolean
  readonly isServing = false
  readonly isWilling = false
  readonly isWaiting = false
  readonly isAsking = false
  readonly motive = null
  readonly commandIds = []
  /** The goodbye hands the role over with it. */
  grantedEpoch: number | null
  #firstSeq = 0
  /** Until then the store is waited for; afterwards goodbyes go out. 0: it is not. */
  #storeUntilMs = 0
  #sent = 0

  constructor({ heldEpoch, sole, grantedEpoch }: RoleFacts) {
    this.heldEpoch = heldEpoch
    this.sole = sole
    this.grantedEpoch = grantedEpoch
  }

  leaseRenewed(): void {
    this.sole = false
  }

  /** `served`: the role that is left was Active. */
  begin(m: Machine, served: boolean): void {
    const heard = m.peer.detector.alive
    if (heard && served) {
      this.grantedEpoch = m.epochs.nextForPeer()
      m.epochs.hear(this.grantedEpoch)
    }
    this.#firstSeq = m.peer.sessions.lastSentSeq + 1
    m.sender.urgeAtMs = heard ? m.nowMs : Infinity
    const { prefersOne, mark } = rulesOf(m)
    if (heard && (mark === 'goodbye' || (prefersOne && m.epochs.preferred))) {
      m.epochs.setOnline(true)
      this.#storeUntilMs = m.nowMs + GOODBYE_STORE_MS
    }
    if (heard) this.sayGoodbye(m)
  }

  sayGoodbyeAtMs(m: Machine): number {
    return this.#storeUntilMs === 0 ? m.sender.urgeAtMs : this.#storeUntilMs
  }

  sayGoodbye(m: Machine): void {
    if (this.#storeUntilMs !== 0) {
      const marked = m.epochs.onlineOnDisk
      if (!marked && m.nowMs < this.#storeUntilMs) return
      this.#storeUntilMs = 0
      // A goodbye whose mark is not on disk would be a promise that a restart can break.
      if (!marked) m.sender.urgeAtMs = Infinity
    }
    if (m.nowMs < m.sender.urgeAtMs) return
    if (this.#sent >= GOODBYES_MAX || !m.peer.detector.alive) {
      m.sender.urgeAtMs = Infinity
      return
    }
    if (this.#sent === 0) this.#firstSeq = m.peer.sessions.lastSentSeq + 1
    this.#say(m)
  }

  #say(m: Machine): void {
    this.#sent += 1
    m.sender.urgeAtMs = m.nowMs + m.peer.retryMs
    m.sender.send(m, this.grantedEpoch === null ? 'connected' : 'designate', { probe: true, goodbye: true })
  }

  hear(m: Machine, _frame: Frame, trailer: Trailer): void {
    // Both leave: neither serves, and neither waits for the other one when it comes back, which that one has to know too.
    if (trailer.flags.goodbye) {
      m.epochs.setOnline(false)
      if (this.#sent === 0) this.#say(m)
    }
    if (trailer.flags.goodbye || (this.#sent > 0 && trailer.ack >= this.#firstSeq)) {
      m.sender.urgeAtMs = Infinity
      m.peer.detector.lost()
    }
  }

  stored(m: Machine): void {
    this.sayGoodbye(m)
  }

  command(m: Machine, id: number, _designate: Designation, _force: boolean): void {
    m.replyError(id, 'stopped', '')
  }

  // Nothing that happens to the peer brings a side back that leaves.
  hearGoodbye(): void {}
  peerLeft(): void {}
  voiceHeard(): void {}
  voiceWantedFromMs(): number {
    return Infinity
  }
  peerCrashed(): void {}
  proofRefuted(): void {}
  peerRestarted(): void {}
  contactLost(): void {}
  pause(): void {}
  considerFitness(): void {}
}
