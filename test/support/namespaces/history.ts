/**
 * What the witness saw: which side let messages pass, on which epoch, when. Each message has two stamps of the outside clock,
 * taken in the same turn of the event loop right before and right after its gate; the gate's decision lies between them.
 */
import { US_PER_MS } from './clock'

export type Side = 'a' | 'b'
export const SIDES: readonly Side[] = ['a', 'b']
export const otherSide = (side: Side): Side => (side === 'a' ? 'b' : 'a')

export interface Pass {
  readonly side: Side
  readonly epoch: number
  readonly beforeUs: number
  readonly afterUs: number
}

/** Everything that one side let pass on one epoch. */
export interface Tenure {
  readonly side: Side
  readonly epoch: number
  /** The first message was past the gate. */
  readonly firstUs: number
  /** The last message was not at the gate yet. */
  lastUs: number
  passed: number
}

/** A side whose epoch went down from one message to the next, in the order of writing. */
export interface Relapse {
  readonly side: Side
  readonly from: number
  readonly to: number
  readonly atUs: number
}

export const BUCKET_US = 50 * US_PER_MS

export class History {
  readonly tenures: Tenure[] = []
  readonly relapses: Relapse[] = []
  passed = 0
  /** The longest time from before a gate to after it: a process that was stopped exactly there. */
  widestGateUs = 0
  /** How far the order in which the witness got the messages differs from that of their stamps. */
  worstDisorderUs = 0
  #latestUs = 0
  readonly #byKey = new Map<string, Tenure>()
  readonly #epochs = new Map<Side, number>()
  readonly #buckets = new Map<number, Record<Side, number>>()

  /** In the order in which the messages reached the witness. */
  add({ side, epoch, beforeUs, afterUs }: Pass): void {
    this.passed++
    this.widestGateUs = Math.max(this.widestGateUs, afterUs - beforeUs)
    this.worstDisorderUs = Math.max(this.worstDisorderUs, this.#latestUs - afterUs)
    this.#latestUs = Math.max(this.#latestUs, afterUs)
    const last = this.#epochs.get(side) ?? 0
    if (epoch < last) this.relapses.push({ side, from: last, to: epoch, atUs: afterUs })
    this.#epochs.set(side, epoch)
    const bucket = Math.floor(afterUs / BUCKET_US)
    const counts = this.#buckets.get(bucket) ?? { a: 0, b: 0 }
    counts[side]++
    this.#buckets.set(bucket, counts)
    const key = `${side} ${epoch}`
    const tenure = this.#byKey.get(key)
    if (tenure !== undefined) {
      tenure.lastUs = Math.max(tenure.lastUs, beforeUs)
      tenure.passed++
      return
    }
    const fresh = { side, epoch, firstUs: afterUs, lastUs: beforeUs, passed: 1 }
    this.#byKey.set(key, fresh)
    this.tenures.push(fresh)
  }

  epochOf(side: Side): number {
    return this.#epochs.get(side) ?? 0
  }

  /** How many messages each side let pass in each whole bucket between the two instants, oldest first. */
  buckets(fromUs: number, toUs: number): Readonly<Record<Side, number>>[] {
    const list: Readonly<Record<Side, number>>[] = []
    for (let i = Math.ceil(fromUs / BUCKET_US); (i + 1) * BUCKET_US <= toUs; i++) {
      list.push(this.#buckets.get(i) ?? { a: 0, b: 0 })
    }
    return list
  }

  passedBetween(fromUs: number, toUs: number): Record<Side, number> {
    const sum = { a: 0, b: 0 }
    for (const counts of this.buckets(fromUs, toUs)) {
      sum.a += counts.a
      sum.b += counts.b
    }
    return sum
  }
}
