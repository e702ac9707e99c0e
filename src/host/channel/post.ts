/** What one user has to send, and how much of it has been written and taken in. Bodies go out in parts, so that others get their turn. */

/** Of a body that is written at once: with its header it fills one record of TLS. */
export const PART_BYTES = 16_000
/** Longer ones nobody takes. Users cut their own. */
export const BODY_BYTES_MAX = 67_108_864
/** A user that has so much waiting should wait with more. */
export const WAITING_BYTES_WANTED = 262_144
/** With more than this waiting the conversation starts over: its owner does not listen. */
export const WAITING_BYTES_MAX = 134_217_728

export interface Part {
  readonly bytes: Uint8Array
  readonly last: boolean
}

/** Counted are the bytes of the bodies, and one more for each, so that an empty one counts too. */
export class Outbox {
  readonly #bodies: Uint8Array[] = []
  /** Of the first body, what is written already. */
  #at = 0
  #queued = 0
  #written = 0
  #taken = 0
  /** Its owner was told to wait. */
  #paused = false

  get empty(): boolean {
    return this.#bodies.length === 0
  }

  get queued(): number {
    return this.#queued
  }

  get written(): number {
    return this.#written
  }

  get taken(): number {
    return this.#taken
  }

  get inFlight(): number {
    return this.#written - this.#taken
  }

  get waiting(): number {
    return this.#queued - this.#taken
  }

  /** Whether more may follow at once. */
  add(body: Uint8Array): boolean {
    if (body.length > BODY_BYTES_MAX) throw new RangeError(`a body of ${body.length} bytes is too long`)
    this.#bodies.push(body)
    this.#queued += body.length + 1
    this.#paused ||= this.waiting >= WAITING_BYTES_WANTED
    return !this.#paused
  }

  next(): Part | null {
    const body = this.#bodies[0]
    if (body === undefined) return null
    const until = Math.min(body.length, this.#at + PART_BYTES)
    const last = until === body.length
    const bytes = body.subarray(this.#at, until)
    this.#written += bytes.length + (last ? 1 : 0)
    this.#at = last ? 0 : until
    if (last) this.#bodies.shift()
    return { bytes, last }
  }

  /** Whether its owner waits to hear that there is room again. Throws for a receipt of what was never sent. */
  take(bytes: number): boolean {
    if (bytes < this.#taken || bytes > this.#written) throw new RangeError('a receipt of what was not sent')
    this.#taken = bytes
    if (!this.#paused || this.waiting > WAITING_BYTES_WANTED / 2) return false
    this.#paused = false
    return true
  }
}

/** What has come of one body, until its end. */
export class Inbox {
  #parts: Buffer[] = []
  #held = 0
  #taken = 0

  /** Bytes taken in so far, counted as in `Outbox`. */
  get taken(): number {
    return this.#taken
  }

  /** The body, when this was its last part. Throws where it is longer than bodies are. */
  add(part: Buffer, last: boolean): Buffer | null {
    this.#held += part.length
    if (this.#held > BODY_BYTES_MAX) throw new RangeError('a body is too long')
    this.#taken += part.length + (last ? 1 : 0)
    if (!last) {
      this.#parts.push(part)
      return null
    }
    const body = this.#parts.length === 0 ? part : Buffer.concat([...this.#parts, part])
    this.#parts = []
    this.#held = 0
    return body
  }
}
