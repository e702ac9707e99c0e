/** The keys of a witness, as people keep them: lines of text. */
import type { Text } from '../host/texts/text'
import { WitnessSeal } from '../engine/witness-seal'
export interface KeyLine {
  /** For people: what stands behind the key, or a number. */
  readonly name: string
  readonly seal: WitnessSeal
}
export type KeyLines =
  | {
      readonly keys: readonly KeyLine[]
      readonly error: null
    }
  | {
      readonly keys: readonly []
      readonly error: KeyLineError
    }
export interface KeyLineError {
  /** Counted from 1. */
  readonly line: number
  readonly problem: 'no-key' | 'repeated'
}
export declare function keyLineText({ line, problem }: KeyLineError): Text
/** The witness key of a pair, and by what name the witness calls the pair. `secret`: the pair's key. */
export declare function witnessLineOf(secret: string): {
  readonly key: string
  readonly pair: string
}
/**
 * One key a line, with a name behind it if people want; empty lines and those that begin with # are skipped. Errors: the line that is no key, or
 * stands there twice; no key is in the text.
 */
export declare function parseKeyLines(text: string): KeyLines
