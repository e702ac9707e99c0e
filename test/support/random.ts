import type { RandomInt } from '../../src/protocol/machine'

/** Repeatable chance: mulberry32, a 32-bit generator that is good enough to spread test cases. */
export function seededRandom(seed: number): RandomInt {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
  return (boundExclusive) => (next() * 2 ** 16 + (next() & 0xffff)) % boundExclusive
}

/** Draws of 0..254 (the tokens of the classic wire) come from the list, as long as it lasts; the rest is seeded. */
export function scriptedTokens(tokens: readonly number[], seed: number): RandomInt {
  const random = seededRandom(seed)
  const left = [...tokens]
  return (boundExclusive) => (boundExclusive === 255 ? left.shift() : undefined) ?? random(boundExclusive)
}
