/**
 * Witness keys. One is derived from a pair's key and cannot be turned back: who has it can neither forge a frame between the peers nor
 * learn anything of another pair. It is a line of text that people copy.
 */
import { createHash, hkdfSync, timingSafeEqual } from 'node:crypto'
import { ANSWER_SEALED_BYTES, PAIR_BYTES } from '../protocol/wire/witness-frame'
import { SEAL_BYTES } from '../protocol/wire/frame'
import { ShortHmac } from './short-hmac'

const PREFIX = 'hapw1_'
const KEY_BYTES = 32
const CHECK_BYTES = 2
/** RFC 5869. The salts name the protocol and its version; `info` tells the derived values apart. */
const SALT = 'ha-pair witness 1'

/** The witness key of a pair, as a line of text. `secret`: the pair's key. */
export function witnessKeyOf(secret: string): string {
  const key = Buffer.from(hkdfSync('sha256', secret, SALT, 'witness key', KEY_BYTES))
  return PREFIX + Buffer.concat([key, checkOf(key)]).toString('base64url')
}

const checkOf = (key: Buffer): Buffer => createHash('sha256').update(SALT).update(key).digest().subarray(0, CHECK_BYTES)

/** Null = it is no witness key, or was copied wrong. */
function parse(text: string): Buffer | null {
  if (!text.startsWith(PREFIX)) return null
  const bytes = Buffer.from(text.slice(PREFIX.length), 'base64url')
  if (bytes.length !== KEY_BYTES + CHECK_BYTES) return null
  const key = bytes.subarray(0, KEY_BYTES)
  return checkOf(key).equals(bytes.subarray(KEY_BYTES)) ? key : null
}

/** The seal between a pair and its witness: HMAC-SHA256-128 (RFC 4868) over all before it. */
export class WitnessSeal {
  /** Names the pair in each frame; tells nothing of the key. */
  readonly pair: Buffer
  readonly #hmac: ShortHmac
  readonly #expected = Buffer.allocUnsafe(SEAL_BYTES)

  private constructor(key: Buffer) {
    const part = (info: string, bytes: number): Uint8Array => new Uint8Array(hkdfSync('sha256', key, SALT, info, bytes))
    this.pair = Buffer.from(part('pair', PAIR_BYTES))
    this.#hmac = new ShortHmac(part('seal', KEY_BYTES), ANSWER_SEALED_BYTES)
  }

  static of(text: string): WitnessSeal | null {
    const key = parse(text)
    return key === null ? null : new WitnessSeal(key)
  }

  /** Writes the seal into the last bytes. */
  close(frame: Buffer): void {
    const at = frame.length - SEAL_BYTES
    this.#hmac.write(frame, at, frame.subarray(at))
  }

  fits(frame: Buffer): boolean {
    const at = frame.length - SEAL_BYTES
    this.#hmac.write(frame, at, this.#expected)
    return timingSafeEqual(this.#expected, frame.subarray(at))
  }
}
