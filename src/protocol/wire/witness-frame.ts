/**
 * What travels between a side of a pair and its witness, as values and as bytes: a side asks, the witness answers. The first five bytes
 * are those of every frame, with heads of their own; then come the fields, big-endian, and a seal of SEAL_BYTES over all before it, with
 * the witness key of the pair. This file neither seals nor verifies.
 *
 *     0xFF | head | state | id | value | version | flags | pair (8) | fields | seal (16)
 *
 * `session` and `echo` are as between peers (RFC 5880): what does not echo the receiver's session changes nothing.
 */
import { STORED_MAX } from '../epoch-allocator'
import type { Role } from '../role'
import { getUint48, setUint48 } from './bytes'
import { MAGIC, SEAL_BYTES } from './frame'

export const WITNESS_HEADS = { ask: 0xb0, answer: 0xbf } as const
export const WITNESS_VERSION = 1
export const PAIR_AT = 7
export const PAIR_BYTES = 8
/** Without the seal. */
export const ASK_SEALED_BYTES = 61
export const ANSWER_SEALED_BYTES = 81
export const ASK_BYTES = ASK_SEALED_BYTES + SEAL_BYTES
export const ANSWER_BYTES = ANSWER_SEALED_BYTES + SEAL_BYTES
/** The other side was not heard since the witness started. */
const NEVER_HEARD = 0xffffffff

const STATES: readonly Role[] = ['initial', 'active', 'standby']
const ASK_BITS = { wants: 1, holds: 2, releases: 4, states: 8 } as const
const ANSWER_BITS = { lent: 1, copied: 2, otherStates: 4, otherHolds: 8 } as const

export interface Ask {
  readonly role: Role
  readonly nodeId: bigint
  /** The side's session. */
  readonly session: bigint
  /** The witness's session as the side knows it; 0 = not known yet. */
  readonly echo: bigint
  readonly seq: number
  /** Highest `seq` of the witness that this session received. */
  readonly ack: number
  /** It wants a loan with a number above `loan`: above those that it had, and above the epochs that it knows. */
  readonly wants: boolean
  /** It serves, or may serve, on the loan with the number `loan`. */
  readonly holds: boolean
  /** It has stopped using the loan `loan`, for good. */
  readonly releases: boolean
  /** This witness, and no other one, is the one that the side has on disk. */
  readonly states: boolean
  readonly loan: number
  /** The promise that the loan is to have, ms. */
  readonly promiseMs: number
}

export interface Answer {
  readonly witnessId: bigint
  /** The witness's session: random, new at each of its starts. */
  readonly session: bigint
  /** The asking side's session. */
  readonly echo: bigint
  readonly seq: number
  /** `seq` of the ask that is answered. */
  readonly ack: number
  /** The asking session has the voice, under the number `loan`: nobody else gets it for `promisedMs` from the receipt of the ask. */
  readonly lent: boolean
  /** Two processes ask under this session: neither gets the voice any more. */
  readonly copied: boolean
  /** Of the latest loan, to either side; 0 = there was none. */
  readonly loan: number
  readonly promisedMs: number
  /** Node id of the side that has the voice, or had it last; 0 = nobody had it. */
  readonly holder: bigint
  /** Session of another side: of the holder, else the one that was heard last; 0 = none. */
  readonly other: bigint
  /** That session states this witness, and said so within the promise that was asked for. */
  readonly otherStates: boolean
  /** That session has the voice now. */
  readonly otherHolds: boolean
  /** ms since it was heard here; null = never. */
  readonly otherHeardAgoMs: number | null
}

export type WitnessRejection = 'short' | 'long' | 'magic' | 'head' | 'version' | 'field'

/** Errors: none; fields are the caller's to keep in range. `pair`: PAIR_BYTES. */
export function encodeAsk(ask: Ask, pair: Uint8Array, target: Uint8Array): void {
  const bits =
    (ask.wants ? ASK_BITS.wants : 0) |
    (ask.holds ? ASK_BITS.holds : 0) |
    (ask.releases ? ASK_BITS.releases : 0) |
    (ask.states ? ASK_BITS.states : 0)
  const view = encodeHead(target, WITNESS_HEADS.ask, STATES.indexOf(ask.role), bits, pair)
  view.setBigUint64(15, ask.nodeId)
  view.setBigUint64(23, ask.session)
  view.setBigUint64(31, ask.echo)
  setUint48(view, 39, ask.seq)
  setUint48(view, 45, ask.ack)
  setUint48(view, 51, ask.loan)
  view.setUint32(57, ask.promiseMs)
}

export function encodeAnswer(answer: Answer, pair: Uint8Array, target: Uint8Array): void {
  const bits =
    (answer.lent ? ANSWER_BITS.lent : 0) |
    (answer.copied ? ANSWER_BITS.copied : 0) |
    (answer.otherStates ? ANSWER_BITS.otherStates : 0) |
    (answer.otherHolds ? ANSWER_BITS.otherHolds : 0)
  const view = encodeHead(target, WITNESS_HEADS.answer, 0, bits, pair)
  view.setBigUint64(15, answer.witnessId)
  view.setBigUint64(23, answer.session)
  view.setBigUint64(31, answer.echo)
  setUint48(view, 39, answer.seq)
  setUint48(view, 45, answer.ack)
  setUint48(view, 51, answer.loan)
  view.setUint32(57, answer.promisedMs)
  view.setBigUint64(61, answer.holder)
  view.setBigUint64(69, answer.other)
  const { otherHeardAgoMs } = answer
  view.setUint32(77, otherHeardAgoMs === null ? NEVER_HEARD : Math.min(otherHeardAgoMs, NEVER_HEARD - 1))
}

/** A frame whose seal has been verified. Never throws. */
export function decodeAsk(bytes: Uint8Array): Ask | WitnessRejection {
  const wrong = rejectionOf(bytes, WITNESS_HEADS.ask, ASK_BYTES)
  if (wrong !== null) return wrong
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const role = STATES[bytes[2] ?? 0xff]
  const bits = bytes[6] ?? 0
  const ask: Ask = {
    role: role ?? 'initial',
    nodeId: view.getBigUint64(15),
    session: view.getBigUint64(23),
    echo: view.getBigUint64(31),
    seq: getUint48(view, 39),
    ack: getUint48(view, 45),
    wants: (bits & ASK_BITS.wants) !== 0,
    holds: (bits & ASK_BITS.holds) !== 0,
    releases: (bits & ASK_BITS.releases) !== 0,
    states: (bits & ASK_BITS.states) !== 0,
    loan: getUint48(view, 51),
    promiseMs: view.getUint32(57)
  }
  const wishes = Number(ask.wants) + Number(ask.holds) + Number(ask.releases)
  const fits = role !== undefined && ask.nodeId !== 0n && ask.session !== 0n && ask.seq !== 0 && ask.promiseMs !== 0
  return fits && wishes <= 1 && ask.loan < STORED_MAX ? ask : 'field'
}

/** A frame whose seal has been verified. Never throws. */
export function decodeAnswer(bytes: Uint8Array): Answer | WitnessRejection {
  const wrong = rejectionOf(bytes, WITNESS_HEADS.answer, ANSWER_BYTES)
  if (wrong !== null) return wrong
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const bits = bytes[6] ?? 0
  const heardAgoMs = view.getUint32(77)
  const answer: Answer = {
    witnessId: view.getBigUint64(15),
    session: view.getBigUint64(23),
    echo: view.getBigUint64(31),
    seq: getUint48(view, 39),
    ack: getUint48(view, 45),
    lent: (bits & ANSWER_BITS.lent) !== 0,
    copied: (bits & ANSWER_BITS.copied) !== 0,
    loan: getUint48(view, 51),
    promisedMs: view.getUint32(57),
    holder: view.getBigUint64(61),
    other: view.getBigUint64(69),
    otherStates: (bits & ANSWER_BITS.otherStates) !== 0,
    otherHolds: (bits & ANSWER_BITS.otherHolds) !== 0,
    otherHeardAgoMs: heardAgoMs === NEVER_HEARD ? null : heardAgoMs
  }
  const named = answer.witnessId !== 0n && answer.session !== 0n && answer.seq !== 0
  const lends = !answer.lent || (answer.loan !== 0 && answer.promisedMs !== 0 && !answer.copied)
  return named && lends && answer.loan < STORED_MAX ? answer : 'field'
}

/** The pair of an ask or an answer that is long enough for one: which key to try, nothing more. Null = it is neither. */
export function pairOf(bytes: Uint8Array): Uint8Array | null {
  return isWitnessFrame(bytes) ? bytes.subarray(PAIR_AT, PAIR_AT + PAIR_BYTES) : null
}

/** An ask or an answer, as far as length and first bytes tell. */
export function isWitnessFrame(bytes: Uint8Array): boolean {
  const isAsk = bytes[1] === WITNESS_HEADS.ask && bytes.length === ASK_BYTES
  const isAnswer = bytes[1] === WITNESS_HEADS.answer && bytes.length === ANSWER_BYTES
  return bytes[0] === MAGIC && (isAsk || isAnswer)
}

function encodeHead(target: Uint8Array, head: number, state: number, bits: number, pair: Uint8Array): DataView {
  target[0] = MAGIC
  target[1] = head
  target[2] = state
  target[3] = 0
  target[4] = 0
  target[5] = WITNESS_VERSION
  target[6] = bits
  for (let i = 0; i < PAIR_BYTES; i++) target[PAIR_AT + i] = pair[i] ?? 0
  return new DataView(target.buffer, target.byteOffset, target.byteLength)
}

function rejectionOf(bytes: Uint8Array, head: number, length: number): WitnessRejection | null {
  if (bytes.length < length) return 'short'
  if (bytes.length > length) return 'long'
  if (bytes[0] !== MAGIC) return 'magic'
  if (bytes[1] !== head) return 'head'
  return bytes[5] === WITNESS_VERSION ? null : 'version'
}
