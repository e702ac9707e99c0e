/** Seeded chance: one 64-bit seed gives any number of independent, named streams. Generator: sfc32 (Chris Doty-Humphrey). */
import type { RandomInt } from '../../src/protocol/machine'

const MASK_64 = (1n << 64n) - 1n

export class Random {
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(seed: bigint, stream: string) {
    let mixed = seed & MASK_64
    for (let i = 0; i < stream.length; i++) mixed = mix64(mixed ^ BigInt(stream.charCodeAt(i)))
    const second = mix64(mixed + 1n)
    this.#a = Number(mixed & 0xffffffffn) | 0
    this.#b = Number(mixed >> 32n) | 0
    this.#c = Number(second & 0xffffffffn) | 0
    for (let i = 0; i < 12; i++) this.next32()
  }

  /** Uniform over 0 .. 2**32-1. */
  next32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + sum) | 0
    return sum >>> 0
  }

  /** Uniform over [0, 1). */
  unit(): number {
    return this.next32() / 2 ** 32
  }

  /** Whole number in 0 .. boundExclusive-1, boundExclusive <= 2**48. */
  int(boundExclusive: number): number {
    if (boundExclusive <= 2 ** 32) return Math.floor(this.unit() * boundExclusive)
    return ((this.next32() & 0xffff) * 2 ** 32 + this.next32()) % boundExclusive
  }

  between(min: number, max: number): number {
    return min + this.unit() * (max - min)
  }

  /** Every order of magnitude is equally likely; min > 0. */
  logBetween(min: number, max: number): number {
    return min * Math.exp(this.unit() * Math.log(max / min))
  }

  chance(probability: number): boolean {
    return this.unit() < probability
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.int(list.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }

  /** `weights` maps a choice to its share. */
  weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K {
    const entries = Object.entries(weights) as [K, number][]
    let left = this.unit() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      left -= weight
      if (left < 0) return key
    }
    return (entries[entries.length - 1] as [K, number])[0]
  }
}

/** A stream as the machine is given it. */
export function seededRandom(seed: number): RandomInt {
  const random = new Random(BigInt(seed), 'test')
  return (boundExclusive) => random.int(boundExclusive)
}

/** Draws of 0..254 (the tokens of the classic wire) come from the list, as long as it lasts; the rest is seeded. */
export function scriptedTokens(tokens: readonly number[], seed: number): RandomInt {
  const random = seededRandom(seed)
  const left = [...tokens]
  return (boundExclusive) => (boundExclusive === 255 ? left.shift() : undefined) ?? random(boundExclusive)
}

/** The finaliser of splitmix64. */
export function mix64(value: bigint): bigint {
  let z = (value + 0x9e3779b97f4a7c15n) & MASK_64
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK_64
  return z ^ (z >> 31n)
}
