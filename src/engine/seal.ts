/**
 * Sealing of extended frames: HMAC-SHA256-128 (RFC 4868) over the first SEALED_BYTES, with a key derived from the shared secret. Without a
 * secret the key is a fixed one that everybody knows: that finds damage, and keeps nobody out.
 */
import { createHmac, createSecretKey, hkdfSync, timingSafeEqual, type KeyObject } from 'node:crypto'
import { EXTENDED_BYTES, SEAL_BYTES, SEALED_BYTES, type FrameRejection } from '../protocol/wire/frame'
import type { PairKeys } from './messages'

/** RFC 5869. The salt names the protocol and its version; `info` tells the two derived values apart. */
const SALT = 'ha-pair extended wire 1'
const KEY_BYTES = 32
/** Key id of frames that no secret protects. */
export const UNKEYED = 0
/** Offset of the key id in an extended frame; see `protocol/wire/frame.ts`. */
const KEY_ID_AT = 6

interface SealKey {
  /** UNKEYED, or 1..255: says which key to try, nothing more. */
  readonly id: number
  readonly key: KeyObject
}

function derive(secret: string): SealKey {
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, SALT, 'seal', KEY_BYTES)))
  if (secret === '') return { id: UNKEYED, key }
  const [byte = 0] = new Uint8Array(hkdfSync('sha256', secret, SALT, 'key id', 1))
  return { id: 1 + (byte % 255), key }
}

export class Seal {
  readonly #current: SealKey
  readonly #previous: SealKey | null
  readonly keyed: boolean

  constructor(keys: PairKeys) {
    this.keyed = keys.key !== ''
    this.#current = derive(keys.key)
    this.#previous = keys.previousKey === '' ? null : derive(keys.previousKey)
  }

  /** Of the key that new frames are sealed with. */
  get keyId(): number {
    return this.#current.id
  }

  /** There is a previous key beside the current one. */
  get rotating(): boolean {
    return this.#previous !== null
  }

  /** Writes the key id and the seal into a frame of EXTENDED_BYTES whose sealed part is complete but for the key id. */
  close(frame: Buffer): void {
    closeWith(this.#current, frame)
  }

  /** The same with the previous key, for a peer that may not have the current one yet. */
  closePrevious(frame: Buffer): void {
    if (this.#previous === null) throw new Error('there is no previous key')
    closeWith(this.#previous, frame)
  }

  /** Which key of this pair sealed a frame of EXTENDED_BYTES, or why it is none of this pair. */
  judge(frame: Buffer): 'current' | 'previous' | Extract<FrameRejection, 'unkeyed' | 'key' | 'seal'> {
    const id = frame[KEY_ID_AT]
    const current = this.#current.id === id
    const previous = this.#previous?.id === id
    if (!current && !previous) return id === UNKEYED ? 'unkeyed' : 'key'
    if (current && fits(this.#current, frame)) return 'current'
    if (previous && this.#previous !== null && fits(this.#previous, frame)) return 'previous'
    return 'seal'
  }
}

function closeWith(key: SealKey, frame: Buffer): void {
  frame[KEY_ID_AT] = key.id
  mac(key, frame).copy(frame, SEALED_BYTES, 0, SEAL_BYTES)
}

function mac(key: SealKey, frame: Buffer): Buffer {
  return createHmac('sha256', key.key).update(frame.subarray(0, SEALED_BYTES)).digest()
}

function fits(key: SealKey, frame: Buffer): boolean {
  return timingSafeEqual(mac(key, frame).subarray(0, SEAL_BYTES), frame.subarray(SEALED_BYTES, EXTENDED_BYTES))
}
