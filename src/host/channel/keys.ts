/**
 * What the channel derives from a pair's key: the pre-shared key of TLS, the name that it goes by, and the key of the first messages.
 * Other labels than the seal's: neither tells anything about the other.
 */
import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { PairKeys } from '../../engine/messages'

/** RFC 5869. The salt names the protocol and its version; `info` tells the derived values apart. */
const SALT = 'ha-pair channel 1'
const KEY_BYTES = 32
const IDENTITY_BYTES = 16

export interface ChannelKey {
  /** Travels in clear, as every PSK identity does: a hash of the key, and no name of the pair. */
  readonly identity: string
  readonly psk: Buffer
  /** Of the HMAC in the first messages. */
  readonly proof: KeyObject
}

/** In the order in which they are tried; none without a key. */
export function channelKeys({ key, previousKey }: PairKeys): readonly ChannelKey[] {
  if (key === '') return []
  return [...new Set([key, previousKey])].filter((secret) => secret !== '').map(derive)
}

function derive(secret: string): ChannelKey {
  const part = (info: string, bytes: number): Buffer => Buffer.from(hkdfSync('sha256', secret, SALT, info, bytes))
  return {
    identity: `ha-pair ${part('identity', IDENTITY_BYTES).toString('hex')}`,
    psk: part('psk', KEY_BYTES),
    proof: createSecretKey(part('proof', KEY_BYTES))
  }
}
