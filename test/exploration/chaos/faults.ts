/** The faults: what is done to the pair, drawn from the seed. */
import type { RandomInt } from '../../../src/protocol/machine'
import { otherSide, type Side } from '../../support/namespaces/history'

export type FaultKind =
  | 'loss'
  | 'cut'
  | 'one-way cut'
  | 'one link cut'
  | 'kill'
  | 'restart'
  | 'freeze'
  | 'flood'
  | 'redeploy'
  | 'swap'
  | 'cut and kill'
  | 'cut and freeze'
  | 'cut and redeploy'
  | 'loss and flood'
  | 'other address'
  | 'interface down'
  | 'other name'
  | 'tcp reset'
  | 'tcp blocked'
  | 'tcp blocked and kill'
  | 'forged unreachable'
  | 'udp blocked'
  | 'slow side'
  | 'disk full'
  | 'disk full and kill'
  | 'kill in a snapshot'
  | ThirdFault

/** Those that there are with a third voice only. */
export type ThirdFault =
  | 'way to the witness cut'
  | 'one way to the witness'
  | 'witness cut off'
  | 'side cut off'
  | 'witness killed'
  | 'witness restarted'
  | 'witness frozen'
  | 'witness without its disk'
  | 'flapping'
  | 'cut and witness killed'
  | 'cut and one way lost'
  | 'kill and witness killed'

export interface Fault {
  readonly kind: FaultKind
  /** Whom it is done to; for a one-way cut, the side that hears nothing. */
  readonly side: Side
  readonly holdMs: number
  readonly lossPercent: number
  readonly link: number
  /** A command given in the middle of it, to `commandTo`. */
  readonly command: 'active' | 'standby' | 'swap' | null
  readonly commandTo: Side
  readonly commandAfterMs: number
}

const WEIGHTS: Readonly<Record<Exclude<FaultKind, ThirdFault>, number>> = {
  loss: 3,
  cut: 4,
  'one-way cut': 4,
  'one link cut': 2,
  kill: 2,
  restart: 1,
  freeze: 4,
  flood: 2,
  redeploy: 2,
  swap: 3,
  'cut and kill': 1,
  'cut and freeze': 2,
  'cut and redeploy': 1,
  'loss and flood': 1,
  'other address': 2,
  'interface down': 2,
  'other name': 1,
  'tcp reset': 2,
  'tcp blocked': 1,
  'tcp blocked and kill': 1,
  'forged unreachable': 2,
  'udp blocked': 2,
  'slow side': 2,
  'disk full': 1,
  'disk full and kill': 1,
  'kill in a snapshot': 1
}

const THIRD_WEIGHTS: Readonly<Partial<Record<FaultKind, number>> & Record<ThirdFault, number>> = {
  'way to the witness cut': 3,
  'one way to the witness': 3,
  'witness cut off': 3,
  'side cut off': 4,
  'witness killed': 2,
  'witness restarted': 2,
  'witness frozen': 3,
  'witness without its disk': 1,
  flapping: 4,
  'cut and witness killed': 2,
  'cut and one way lost': 3,
  'kill and witness killed': 1,
  loss: 2,
  cut: 4,
  'one-way cut': 4,
  kill: 2,
  restart: 1,
  freeze: 3,
  redeploy: 1,
  swap: 2,
  'cut and kill': 1,
  'cut and freeze': 2,
  'cut and redeploy': 1,
  'udp blocked': 2,
  'slow side': 1,
  'disk full': 1
}

const kindsIn = (weights: Readonly<Partial<Record<FaultKind, number>>>): readonly FaultKind[] =>
  Object.keys(weights) as FaultKind[]
export const ALL_FAULTS = [...new Set([...kindsIn(WEIGHTS), ...kindsIn(THIRD_WEIGHTS)])]
const ENDS_PROCESS: readonly FaultKind[] = [
  'kill',
  'restart',
  'cut and kill',
  'tcp blocked and kill',
  'disk full and kill',
  'kill in a snapshot',
  'kill and witness killed'
]
/** One thing alone, which takes no voice from who serves but one of three: with a third voice the role stays where it is. */
export const HARMLESS: readonly FaultKind[] = [
  'cut',
  'one-way cut',
  'udp blocked',
  'slow side',
  'way to the witness cut',
  'one way to the witness',
  'witness cut off',
  'witness killed',
  'witness restarted',
  'witness frozen',
  'witness without its disk'
]
const COMMAND_PERCENT = 35

/**
 * Draws faults: those of `begin`, every other kind once in random order, then by weight. `spared` is never ended, so that one process lives through it all
 * and shows what it leaks.
 */
export class FaultSource {
  readonly #random: RandomInt
  readonly #spared: Side
  readonly #peerTimeoutMs: number
  readonly #links: number
  readonly #weights: Readonly<Partial<Record<FaultKind, number>>>
  #first: FaultKind[]

  /** `third`: there is a third voice. */
  constructor(
    random: RandomInt,
    spared: Side,
    peerTimeoutMs: number,
    links: number,
    third: boolean,
    begin: readonly FaultKind[] = []
  ) {
    this.#weights = third ? THIRD_WEIGHTS : WEIGHTS
    this.#random = random
    this.#spared = spared
    this.#peerTimeoutMs = peerTimeoutMs
    this.#links = links
    this.#first = [...kindsIn(this.#weights)]
    for (let i = this.#first.length - 1; i > 0; i--) {
      const j = random(i + 1)
      const [left, right] = [this.#first[i] as FaultKind, this.#first[j] as FaultKind]
      this.#first[i] = right
      this.#first[j] = left
    }
    this.#first = [...this.#first.filter((kind) => !begin.includes(kind)), ...begin.toReversed()]
  }

  next(): Fault {
    const kind = this.#first.pop() ?? this.#byWeight()
    const p = this.#peerTimeoutMs
    // Shorter and longer than peerTimeout equally often.
    const holdMs = this.#random(2) === 0 ? 20 + this.#random(p) : p + this.#random(3 * p)
    return {
      kind,
      side: ENDS_PROCESS.includes(kind) ? otherSide(this.#spared) : this.#side(),
      holdMs,
      lossPercent: 10 + this.#random(31),
      link: this.#random(this.#links),
      command: this.#random(100) < COMMAND_PERCENT ? this.#pick(['active', 'standby', 'swap', 'swap'] as const) : null,
      commandTo: this.#side(),
      commandAfterMs: this.#random(holdMs)
    }
  }

  #side(): Side {
    return this.#random(2) === 0 ? 'a' : 'b'
  }

  #pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.#random(list.length)] ?? list[0]
  }

  #byWeight(): FaultKind {
    let left = this.#random(Object.values(this.#weights).reduce((sum, each) => sum + each, 0))
    for (const kind of kindsIn(this.#weights)) {
      left -= this.#weights[kind] ?? 0
      if (left < 0) return kind
    }
    return 'cut'
  }
}
