/** Settings and flows that are not the same on both sides, as the peer said last. */
import type { EventReason } from '../events'
import type { Trailer } from '../wire/frame'
import type { Difference } from '../machine'
import type { PairSettings } from '../settings'
import type { Step } from './step'

export class Differences {
  #settingsDiffer: readonly Difference[] = []
  #flowsDiffer: readonly Difference[] = []
  #all: readonly Difference[] = []

  /** The same array until it changes. */
  get all(): readonly Difference[] {
    return this.#all
  }

  compare(step: Step, own: PairSettings, flowsHash: number, trailer: Trailer): void {
    const { policy, heartbeatMs, peerTimeoutMs } = own
    const settings: Difference[] = []
    if (trailer.policy !== policy) settings.push({ setting: 'policy', here: policy, peer: trailer.policy })
    if (trailer.heartbeatMs !== heartbeatMs)
      settings.push({ setting: 'heartbeat', here: heartbeatMs, peer: trailer.heartbeatMs })
    if (trailer.peerTimeoutMs !== peerTimeoutMs)
      settings.push({ setting: 'peerTimeout', here: peerTimeoutMs, peer: trailer.peerTimeoutMs })
    if (!areSame(settings, this.#settingsDiffer)) {
      this.#settingsDiffer = settings
      this.#tell(step, settings, 'settings-differ', 'settings-agree')
    }
    // A side that has just started does not know its flows yet: that is no news about them.
    if (trailer.flowsHash === 0 || flowsHash === 0) return
    const flows: Difference[] = []
    if (trailer.flowsHash !== flowsHash) flows.push({ setting: 'flows', here: flowsHash, peer: trailer.flowsHash })
    // From one difference to another is no news, but the values are.
    if (areSame(flows, this.#flowsDiffer)) return
    const began = flows.length !== this.#flowsDiffer.length
    this.#flowsDiffer = flows
    if (began) this.#tell(step, flows, 'flows-differ', 'flows-agree')
    else this.#all = [...this.#settingsDiffer, ...flows]
  }

  #tell(
    step: Step,
    found: readonly Difference[],
    differ: EventReason<'mismatch'>,
    agree: EventReason<'mismatch'>
  ): void {
    this.#all = [...this.#settingsDiffer, ...this.#flowsDiffer]
    if (found.length === 0) return step.event('mismatch', agree, {})
    step.event('mismatch', differ, {
      differ: found.map(({ setting }) => setting),
      here: found.map(({ here }) => here),
      peer: found.map(({ peer }) => peer)
    })
  }
}

function areSame(a: readonly Difference[], b: readonly Difference[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ setting, here, peer }, i) => {
      const other = b[i]
      return other?.setting === setting && other.here === here && other.peer === peer
    })
  )
}
