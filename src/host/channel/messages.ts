/**
 * What the two halves of an exchange say to each other, see `exchange.ts`. Numbers of users are given out by the side they live on, and
 * never twice: a body carries the number of the one that it is for, and a receipt too, so that neither reaches a successor.
 *
 *     users   JSON: own and seen conversation, and all users here
 *     here    JSON: one more user
 *     gone    4  number
 *     part    4  number of the receiver, 1  1 = the body's last part, n  bytes
 *     taken   4  number of who sent them, 6  bytes that were taken in so far, one more for each body
 *     mark    4  id              marked  4  id
 */
import { isCount } from '../../rules/values'
import type { CarrierKind } from './carrier'

/** Of all this; said in the first message of a connection by the side that reads from it. */
export const USERS_VERSION = 1

export type Terms = Readonly<Record<string, string | number | boolean>>

export interface UserNote {
  readonly number: number
  readonly kind: CarrierKind
  readonly id: string
  readonly terms: Terms
}

export interface UsersNote {
  /** Of the speaker's conversation; another one whenever a connection is another one. */
  readonly own: number
  /** What the speaker has heard last of the other side's; 0 = nothing. */
  readonly seen: number
  readonly users: readonly UserNote[]
}

const NUMBER_BYTES = 4
const COUNT_BYTES = 6
const PART_HEADER_BYTES = NUMBER_BYTES + 1

export function encodeJson(said: UsersNote | UserNote): Buffer {
  return Buffer.from(JSON.stringify(said))
}

export function encodeNumber(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(NUMBER_BYTES)
  bytes.writeUInt32BE(number, 0)
  return bytes
}

export function encodePart(number: number, last: boolean): Buffer {
  const bytes = Buffer.allocUnsafe(PART_HEADER_BYTES)
  bytes.writeUInt32BE(number, 0)
  bytes[NUMBER_BYTES] = last ? 1 : 0
  return bytes
}

export function encodeTaken(number: number, bytes: number): Buffer {
  const said = Buffer.allocUnsafe(NUMBER_BYTES + COUNT_BYTES)
  said.writeUInt32BE(number, 0)
  said.writeUIntBE(bytes, NUMBER_BYTES, COUNT_BYTES)
  return said
}

// What reads throws on damaged bytes: that costs the connection.

export const decodeNumber = (bytes: Buffer): number => bytes.readUInt32BE(0)

export function decodePart(bytes: Buffer): { readonly number: number; readonly last: boolean; readonly body: Buffer } {
  return {
    number: bytes.readUInt32BE(0),
    last: bytes.readUInt8(NUMBER_BYTES) === 1,
    body: bytes.subarray(PART_HEADER_BYTES)
  }
}

export function decodeTaken(bytes: Buffer): { readonly number: number; readonly bytes: number } {
  return { number: bytes.readUInt32BE(0), bytes: bytes.readUIntBE(NUMBER_BYTES, COUNT_BYTES) }
}

export function decodeUsers(bytes: Buffer): UsersNote {
  const { own, seen, users } = objectIn(bytes)
  if (!isCount(own) || !isCount(seen) || !Array.isArray(users)) throw new TypeError('no list of users')
  return { own, seen, users: users.map(userNote) }
}

export function decodeHere(bytes: Buffer): UserNote {
  return userNote(objectIn(bytes))
}

function objectIn(bytes: Buffer): Readonly<Record<string, unknown>> {
  const said: unknown = JSON.parse(bytes.toString())
  if (typeof said !== 'object' || said === null) throw new TypeError('no object')
  return { ...said }
}

/** A kind that is not known here is a later version's, and has no half here. */
function userNote(said: unknown): UserNote {
  const { number, kind, id, terms } = said as Partial<Record<string, unknown>>
  if (!isCount(number) || typeof kind !== 'string' || typeof id !== 'string') throw new TypeError('no user')
  return { number, kind: kind as CarrierKind, id, terms: termsIn(terms) }
}

function termsIn(said: unknown): Terms {
  if (typeof said !== 'object' || said === null) throw new TypeError('no terms')
  const terms = Object.entries(said).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
  return Object.fromEntries(terms) as Terms
}
