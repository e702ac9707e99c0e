/**
 * A message on its way to the same node of the other host.
 *
 *     body  version | kind | origin, 6 bytes | number, 6 bytes | the message as text
 *
 * Origin and number are those of the node that it first entered: what a host has already is not sent out there again.
 */
import { copyIn, encode as encodeValue, mayBeTagged, untagged } from '../store/values'

const VERSION = 1
const KINDS = ['new', 'kept'] as const
/** `kept`: it is given to a host that joins, and may be old. */
export type Kind = (typeof KINDS)[number]
/** Of the origin, and of the number. */
const HALF_BYTES = 6
const ID_BYTES = 2 * HALF_BYTES
const HEADER_BYTES = 2 + ID_BYTES
/** Of a message, about. */
export const MESSAGE_BYTES_MAX = 1_048_576

export interface Entry {
  /** Hexadecimal. */
  readonly id: string
  /** The message as text. */
  readonly text: Uint8Array
}

/** Throws an Error for people: what cannot be written, or is too long. */
export function textOf(msg: object): Uint8Array {
  const { value, plain } = copyIn(msg, MESSAGE_BYTES_MAX)
  return Buffer.from(encodeValue(value, plain))
}

/** Throws where the text is damaged. */
export function messageIn(text: Uint8Array): Record<string, unknown> {
  const json = Buffer.from(text.buffer, text.byteOffset, text.byteLength).toString()
  const parsed: unknown = JSON.parse(json)
  const msg = mayBeTagged(json) ? untagged(parsed) : parsed
  if (typeof msg !== 'object' || msg === null || Array.isArray(msg)) throw new Error('no message')
  return msg as Record<string, unknown>
}

export function encodeBody(kind: Kind, { id, text }: Entry): Uint8Array {
  return Buffer.concat([Uint8Array.of(VERSION, KINDS.indexOf(kind)), Buffer.from(id, 'hex'), text])
}

/** Throws an Error that says what is wrong. The text is read when it is needed. */
export function decodeBody(body: Uint8Array): { readonly kind: Kind; readonly entry: Entry } {
  const [version, code = -1] = body
  const kind = KINDS[code]
  if (version !== VERSION || kind === undefined || body.length <= HEADER_BYTES) throw new Error('no such body')
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return { kind, entry: { id: bytes.toString('hex', 2, HEADER_BYTES), text: bytes.subarray(HEADER_BYTES) } }
}

/** Names what enters one node of one process, one after the other. */
export class Names {
  readonly #origin: string
  #number = 0

  /** Six random bytes. */
  constructor(origin: Uint8Array) {
    this.#origin = Buffer.from(origin).toString('hex')
  }

  next(): string {
    return this.#origin + (++this.#number).toString(16).padStart(2 * HALF_BYTES, '0')
  }
}
