/** What nodes know of each other: in each round a node takes in those that it names and that name it. */
import { mix } from './mix'
import type { Names } from './node-text'
import type { Pieces, Work } from './pieces'
import type { Junction } from './running-nodes'

const NOBODY: Names = { slots: [], targets: [] }

/** Not a power of 2, or what comes over 2**32 paths would vanish. */
const PRIME = 2 ** 31 - 1
const BASE = 0x1e3779b1

/**
 * A row of labels is a polynomial modulo a prime: that of two rows one after the other is made from those of both, so that a junction's row
 * is part of others without being written out.
 */
export class Spread {
  labels: Uint32Array
  readonly #content: Uint32Array
  readonly #names: readonly Names[]
  readonly #junctions: readonly Junction[]
  /** `BASE` to the power of the length of each junction's row. */
  readonly #shifts: Uint32Array

  constructor(junctions: readonly Junction[], content: Uint32Array, names: readonly Names[]) {
    this.#junctions = junctions
    this.#content = content
    this.#names = names
    this.#shifts = new Uint32Array(junctions.length)
    this.labels = content
  }

  /** A round: what a node is, whom it names in which place, and who names it. */
  *round(work: Work): Pieces<void> {
    const { labels } = this
    const rows = yield* this.#rows(work)
    const incoming = new Uint32Array(labels.length)
    const passing = new Uint32Array(this.#junctions.length)
    const next = new Uint32Array(labels.length)
    const hand = (target: number, what: number): void => {
      // A sum, as nobody is first among those who name a node.
      if (target >= 0) incoming[target] = (at(incoming, target) + what) % PRIME
      else passing[~target] = (at(passing, ~target) + what) % PRIME
    }
    for (let place = 0; place < this.#names.length; place++) {
      const { slots, targets } = this.#names[place] ?? NOBODY
      const own = at(labels, place)
      let label = mix(at(this.#content, place), own)
      let row = 0
      for (let i = 0; i < targets.length; i++) {
        if (work.full(1)) yield work.take()
        const [slot, target] = [slots[i] ?? 0, targets[i] ?? 0]
        hand(target, mix(own, slot + 1))
        row = this.#append(row, target, rows)
        if (slots[i + 1] === slot) continue
        label = mix(label, mix(row, slot))
        row = 0
      }
      next[place] = label
      if (work.full(1)) yield work.take()
    }
    for (let j = this.#junctions.length - 1; j >= 0; j--) {
      for (const target of this.#junctions[j]?.targets ?? []) {
        hand(target, at(passing, j))
        if (work.full(1)) yield work.take()
      }
    }
    for (let place = 0; place < next.length; place++) {
      next[place] = mix(at(next, place), at(incoming, place))
      if (work.full(1)) yield work.take()
    }
    this.labels = next
  }

  /** The row behind each junction. */
  *#rows(work: Work): Pieces<Uint32Array> {
    const rows = new Uint32Array(this.#junctions.length)
    for (const [j, { targets }] of this.#junctions.entries()) {
      let [row, shift] = [0, 1]
      for (const target of targets) {
        row = this.#append(row, target, rows)
        shift = product(shift, this.#shiftOf(target))
        if (work.full(1)) yield work.take()
      }
      rows[j] = row
      this.#shifts[j] = shift
    }
    return rows
  }

  #append(row: number, target: number, rows: Uint32Array): number {
    const more = target >= 0 ? at(this.labels, target) : at(rows, ~target)
    return (product(row, this.#shiftOf(target)) + more) % PRIME
  }

  #shiftOf(target: number): number {
    return target >= 0 ? BASE : at(this.#shifts, ~target)
  }
}

/** Modulo `PRIME`, of numbers below it; each product on the way fits into 53 bits. */
function product(a: number, b: number): number {
  return (((a * (b >>> 16)) % PRIME) * 65_536 + a * (b & 0xffff)) % PRIME
}

function at(list: Uint32Array, index: number): number {
  return list[index] ?? 0
}
