/** Uniform whole numbers from the system's generator, in the shape the machine asks for. */
import { randomBytes, randomInt as below } from 'node:crypto'

const INT48 = 2 ** 48

/** 0 .. boundExclusive-1. `boundExclusive` is a whole number in 1 .. 2**48; Node's own ends just below that. */
export function randomInt(boundExclusive: number): number {
  return boundExclusive === INT48 ? randomBytes(6).readUIntBE(0, 6) : below(boundExclusive)
}
