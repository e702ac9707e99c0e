/**
 * The first message of each side, `hello` of the one that dialled and `welcome` of the one that accepted: who speaks for which
 * sessions, and from where to where. The seal holds it to this very connection (the exporter), to its direction and to the key.
 *
 *      0   1  version, 1
 *      1   8  the speaker's session on UDP
 *      9   8  the other side's session, as the speaker knows it
 *     17  16  address of the speaker's end of this connection, IPv4 as ::ffff:a.b.c.d, without a zone
 *     33   2  its port
 *     35  16  address of the other end, as the speaker sees it
 *     51   2  its port
 *     53   1  version of what the speaker understands of users (`exchange.ts`); not there = nothing
 *     54   n  room for later versions: sealed, and not looked at
 *     54+n 32 HMAC-SHA256 over 'hello' or 'welcome', 32 bytes of the TLS exporter, and all of the above
 */
import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto'
import { ADDRESS_BYTES, addressBytes, type Endpoint } from './addresses'

const VERSION = 1
const SEAL_BYTES = 32
const AT = { session: 1, peerSession: 9, own: 17, other: 35, end: 53, users: 53 } as const
const ENDPOINT_BYTES = ADDRESS_BYTES + 2

export type Direction = 'hello' | 'welcome'

/** The current sessions, as one side sees them. */
export interface Sessions {
  readonly session: bigint
  readonly peerSession: bigint
}

/** What is the same for both first messages of a connection. */
export interface Binding {
  readonly key: KeyObject
  /** `exportKeyingMaterial` of the connection. */
  readonly exporter: Buffer
}

export interface Introduction extends Sessions {
  /** The speaker's end of the connection, and the other one, as ENDPOINT_BYTES. */
  readonly own: Buffer
  readonly other: Buffer
  /** What the speaker understands of users; 0 = nothing. */
  readonly users: number
}

/** An end that the system no longer knows is all zeros, and equal to none. */
export function endpointBytes({ address, port }: Endpoint): Buffer {
  const bytes = Buffer.alloc(ENDPOINT_BYTES)
  const known = addressBytes(address)
  if (known === null || port === undefined) return bytes
  bytes.set(known)
  bytes.writeUInt16BE(port, ADDRESS_BYTES)
  return bytes
}

export function introduce(direction: Direction, { key, exporter }: Binding, said: Introduction): Buffer {
  const bytes = Buffer.alloc(AT.end + 1)
  bytes[0] = VERSION
  bytes.writeBigUInt64BE(said.session, AT.session)
  bytes.writeBigUInt64BE(said.peerSession, AT.peerSession)
  bytes.set(said.own, AT.own)
  bytes.set(said.other, AT.other)
  bytes[AT.users] = said.users
  return Buffer.concat([bytes, seal(direction, key, exporter, bytes)])
}

/** Null: not of this key, connection, direction or version. */
export function readIntroduction(direction: Direction, { key, exporter }: Binding, bytes: Buffer): Introduction | null {
  const sealedAt = bytes.length - SEAL_BYTES
  if (sealedAt < AT.end) return null
  const expected = seal(direction, key, exporter, bytes.subarray(0, sealedAt))
  if (!timingSafeEqual(expected, bytes.subarray(sealedAt)) || bytes[0] !== VERSION) return null
  return {
    session: bytes.readBigUInt64BE(AT.session),
    peerSession: bytes.readBigUInt64BE(AT.peerSession),
    own: bytes.subarray(AT.own, AT.other),
    other: bytes.subarray(AT.other, AT.end),
    users: sealedAt > AT.users ? (bytes[AT.users] ?? 0) : 0
  }
}

/** What each side calls its own end is what the other one calls the peer's: nobody stands between that ends connections himself. */
export function meetCrosswise(mine: Introduction, theirs: Introduction): boolean {
  const known = mine.own.some((byte) => byte !== 0) && mine.other.some((byte) => byte !== 0)
  return known && mine.own.equals(theirs.other) && mine.other.equals(theirs.own)
}

function seal(direction: Direction, key: KeyObject, exporter: Buffer, bytes: Buffer): Buffer {
  return createHmac('sha256', key).update(direction).update(exporter).update(bytes).digest()
}
