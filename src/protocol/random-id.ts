import type { RandomInt } from './machine'

/** A session, a node, a witness: 64 random bits, never 0, which means 'unknown' in a frame. */
export function randomId(randomInt: RandomInt): bigint {
  return (BigInt(randomInt(2 ** 32)) << 32n) | BigInt(1 + randomInt(2 ** 32 - 1))
}
