/**
 * What goes over a channel's connection: messages of a length, a tag and a payload.
 *
 *     0  4  length of what follows, tag included
 *     4  1  tag
 *     5  n  payload
 */
export const TAG = {
  hello: 1,
  welcome: 2,
  farewell: 3,
  users: 4,
  here: 5,
  gone: 6,
  part: 7,
  taken: 8,
  mark: 9,
  marked: 10
} as const

const LENGTH_BYTES = 4
const HEADER_BYTES = LENGTH_BYTES + 1
/** From who has not proven anything yet. */
export const FIRST_BYTES_MAX = 65_536
/** From who has. Longer things are sent in pieces. */
export const FRAME_BYTES_MAX = 1_048_576

const NOTHING = Buffer.alloc(0)

/** The payload is `payload` and `more` behind it. */
export function encodeFrame(tag: number, payload: Uint8Array = NOTHING, more: Uint8Array = NOTHING): Buffer {
  const bytes = payload.length + more.length
  if (bytes + 1 > FRAME_BYTES_MAX) throw new RangeError(`a message of ${bytes} bytes is too long`)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bytes)
  frame.writeUInt32BE(bytes + 1, 0)
  frame[LENGTH_BYTES] = tag
  frame.set(payload, HEADER_BYTES)
  frame.set(more, HEADER_BYTES + payload.length)
  return frame
}

/** Takes bytes as they come and gives whole messages. It never holds more than one message and what came with its end. */
export class FrameReader {
  /** Of a message, tag included. */
  bytesMax: number
  #parts: Buffer[] = []
  #held = 0
  /** Bytes that have to be here before there is something to do. */
  #wanted = LENGTH_BYTES

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /**
   * Gives each message to `take`, in order, until it answers false. False: a length that nobody may announce; it is refused by its
   * header, and nothing is kept for it. The reader is of no use afterwards.
   */
  read(chunk: Buffer, take: (tag: number, payload: Buffer) => boolean): boolean {
    this.#parts.push(chunk)
    this.#held += chunk.length
    while (this.#held >= this.#wanted) {
      const bytes = this.#parts.length === 1 ? (this.#parts[0] ?? NOTHING) : Buffer.concat(this.#parts)
      this.#parts = [bytes]
      const length = bytes.readUInt32BE(0)
      if (length < 1 || length > this.bytesMax) return false
      this.#wanted = LENGTH_BYTES + length
      if (bytes.length < this.#wanted) return true
      const rest = bytes.subarray(this.#wanted)
      this.#parts = [rest]
      this.#held = rest.length
      const payload = bytes.subarray(HEADER_BYTES, this.#wanted)
      this.#wanted = LENGTH_BYTES
      if (!take(bytes[LENGTH_BYTES] ?? 0, payload)) return true
    }
    return true
  }
}
