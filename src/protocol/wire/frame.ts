/**
 * Frames as values and as bytes. Both wires start with the five bytes of the 2015 program:
 *
 *     0xFF | head | state | id | value
 *
 * The classic wire is those five bytes and nothing else. The extended wire adds a trailer of TRAILER_BYTES and a seal
 * of SEAL_BYTES (HMAC-SHA256 over everything before it, its first half: RFC 4868). This file neither seals nor verifies: see `engine/seal.ts`.
 * `state` is always the sender's own role; a Designate therefore gives the receiver the opposite one.
 */
import { REASON_BYTES, reasonFromWire, type ReasonCode } from '../reasons'
import type { Role } from '../role'
import type { Policy } from '../settings'
import { getUint48, setUint48 } from './bytes'

export const MAGIC = 0xff
export const HEADS = { negotiate: 0xa0, designate: 0xa5, connected: 0xaa, responsed: 0xaf } as const
export type Head = keyof typeof HEADS
const STATES: Readonly<Record<Role, number>> = { initial: 0, active: 1, standby: 2 }
const POLICIES: Readonly<Record<Policy, number>> = { availability: 1, preferred: 2, exclusive: 3, witness: 4 }

export const VERSION = 3
export const CLASSIC_BYTES = 5
export const TRAILER_BYTES = 86
export const SEAL_BYTES = 16
/** Length of the part of an extended frame that the seal covers. */
export const SEALED_BYTES = CLASSIC_BYTES + TRAILER_BYTES
export const EXTENDED_BYTES = SEALED_BYTES + SEAL_BYTES
/** Durations on the wire have three bytes; the settings allow 600,000 ms. */
const DURATION_MS_MAX = 0xffffff
const CLOCK_AT = [56, 60] as const

/** Largest number of a position: at 1,000 writes a second it is reached after 34 years of one epoch. */
export const DATA_NUMBER_MAX = 2 ** 40 - 1

const FLAG_BITS = {
  /** Please answer at once. */
  probe: 1 << 0,
  /** The sender could take the role now: store ready, flows alive, fit. */
  ready: 1 << 1,
  serving: 1 << 2,
  /** The sender was the last Active of `epoch`, as far as it knows. */
  holder: 1 << 3,
  /** The sender holds itself the preferred side. */
  preferred: 1 << 4,
  /** The sender leaves and releases its role. */
  goodbye: 1 << 5,
  /** The sender asks for the role (operator or fail-back). */
  wanted: 1 << 6,
  /** The sender refuses what the acknowledged frame wanted; `reason` says why. */
  refusal: 1 << 7,
  /** The sender has on disk that its peer is online: after an unclean end it will not act alone before it has met it again. */
  marked: 1 << 8,
  /** The sender has a channel, by its settings and its key: whether it is open is another matter. */
  channel: 1 << 9,
  /** Flows of the sender keep data that the peer is to have. */
  users: 1 << 10,
  /** The sender does not have the data that the receiver, as Active, keeps. */
  behind: 1 << 11
} as const
/** The flags leave the high nibble of their two bytes to the policy. */
const POLICY_SHIFT = 12
export type Flag = keyof typeof FLAG_BITS
export type Flags = Readonly<Record<Flag, boolean>>

export interface Trailer {
  readonly keyId: number
  readonly nodeId: bigint
  /** The sender's session: random, 64 bits, new at every start. */
  readonly session: bigint
  /** The receiver's session as the sender knows it; 0 = not known yet (RFC 5880, Your Discriminator). */
  readonly echo: bigint
  /** Grows with every frame of the session; copies of one frame on several links share it. */
  readonly seq: number
  /** Highest `seq` that the sender received from the echoed session; 0 = none. */
  readonly ack: number
  readonly epoch: number
  readonly priority: number
  /** The byte `value` of the first five. */
  readonly fitness: number
  readonly policy: Policy
  readonly reason: ReasonCode
  readonly flags: Flags
  /** Which link this copy was sent on, 0..3. */
  readonly link: number
  /** Bit n: the sender hears the receiver on link n. */
  readonly heardLinks: number
  readonly heartbeatMs: number
  readonly peerTimeoutMs: number
  /** The sender does not take over earlier than this after it received what it acknowledges; also after a restart. */
  readonly promisedMs: number
  readonly flowsHash: number
  /** Number of the sender's newest record that is on disk. */
  readonly record: number
  /** The highest number that the sender has seen of the receiver's records (of the same node id); 0 = none. */
  readonly peerRecord: number
  /** The position of the sender's data; 0 = it has none. */
  readonly dataEpoch: number
  readonly dataNumber: number
}

export interface Frame {
  readonly head: Head
  readonly state: Role
  readonly id: number
  readonly value: number
  /** Null on the classic wire. */
  readonly trailer: Trailer | null
}

/** Why a datagram is not a frame of this pair. */
export type FrameRejection =
  | 'short'
  | 'long'
  | 'magic'
  | 'head'
  | 'state'
  | 'foreign'
  | 'unsealed'
  | 'sealed'
  | 'version'
  | 'field'
  /** Of somebody without a key, while this side has one. */
  | 'unkeyed'
  /** Sealed with a key that this side does not have. */
  | 'key'
  | 'seal'
  | 'intake'
  | 'reflected'
  | 'session'
  | 'replayed'
  | 'third-party'

const HEAD_BY_BYTE: ReadonlyMap<number, Head> = new Map(
  (Object.keys(HEADS) as Head[]).map((head) => [HEADS[head], head])
)
const ROLE_BY_BYTE: ReadonlyMap<number, Role> = new Map((Object.keys(STATES) as Role[]).map((r) => [STATES[r], r]))
const POLICY_BY_BYTE: ReadonlyMap<number, Policy> = new Map(
  (Object.keys(POLICIES) as Policy[]).map((p) => [POLICIES[p], p])
)
const FLAGS = Object.keys(FLAG_BITS) as Flag[]

/** The five bytes. Source: seed, 协议报文格式. */
export function encodeClassic(frame: Frame): Uint8Array {
  return Uint8Array.of(MAGIC, HEADS[frame.head], STATES[frame.state], frame.id & 0xff, frame.value & 0xff)
}

/**
 * Writes the sealed part of an extended frame into `target` (at least SEALED_BYTES long), big-endian; the seal follows
 * at SEALED_BYTES and is the caller's. `keyId` of the trailer is the caller's too. Errors: throws on a frame without trailer.
 */
export function encodeExtended(frame: Frame, target: Uint8Array): void {
  const trailer = frame.trailer
  if (trailer === null) throw new Error('an extended frame needs its trailer')
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength)
  target.set(encodeClassic(frame), 0)
  view.setUint8(5, VERSION)
  view.setUint8(6, trailer.keyId)
  view.setBigUint64(7, trailer.nodeId)
  view.setBigUint64(15, trailer.session)
  view.setBigUint64(23, trailer.echo)
  setUint48(view, 31, trailer.seq)
  setUint48(view, 37, trailer.ack)
  setUint48(view, 43, trailer.epoch)
  view.setUint8(49, trailer.priority)
  view.setUint8(50, REASON_BYTES[trailer.reason])
  let flags = POLICIES[trailer.policy] << POLICY_SHIFT
  for (const flag of FLAGS) if (trailer.flags[flag]) flags |= FLAG_BITS[flag]
  view.setUint16(51, flags)
  view.setUint8(53, (trailer.link << 4) | (trailer.heardLinks & 0x0f))
  view.setUint16(54, trailer.heartbeatMs)
  // Three bytes are more than these durations need; the byte before each is half of the time of day, see `stampClock`.
  view.setUint32(56, trailer.peerTimeoutMs & DURATION_MS_MAX)
  view.setUint32(60, trailer.promisedMs & DURATION_MS_MAX)
  view.setUint32(64, trailer.flowsHash)
  setUint48(view, 68, trailer.record)
  setUint48(view, 74, trailer.peerRecord)
  setUint48(view, 80, trailer.dataEpoch)
  view.setUint8(86, Math.floor(trailer.dataNumber / 2 ** 32))
  view.setUint32(87, trailer.dataNumber % 2 ** 32)
}

/**
 * The sender's time of day, s since 1970 modulo 2**16, in an encoded frame. It is for people only: anyone who sends and receives
 * writes and reads it, and the machine never sees it.
 */
export function stampClock(target: Uint8Array, seconds: number): void {
  target[CLOCK_AT[0]] = (seconds >> 8) & 0xff
  target[CLOCK_AT[1]] = seconds & 0xff
}

/** Of an extended frame; see `stampClock`. */
export function readClock(bytes: Uint8Array): number {
  return ((bytes[CLOCK_AT[0]] ?? 0) << 8) | (bytes[CLOCK_AT[1]] ?? 0)
}

/** Exactly five bytes of the 2015 program, or the reason why not. Never throws. */
export function decodeClassic(bytes: Uint8Array): Frame | FrameRejection {
  if (bytes.length > CLASSIC_BYTES) return bytes[0] === MAGIC && bytes.length === EXTENDED_BYTES ? 'sealed' : 'long'
  return decodeHead(bytes)
}

/** An extended frame whose seal still has to be verified by the caller, or the reason why not. Never throws. */
export function decodeExtended(bytes: Uint8Array): Frame | FrameRejection {
  if (bytes.length === CLASSIC_BYTES && typeof decodeHead(bytes) !== 'string') return 'unsealed'
  const head = decodeHead(bytes)
  // Frames of another version may have another length.
  if (typeof head !== 'string' && (bytes[CLASSIC_BYTES] ?? VERSION) !== VERSION) return 'version'
  if (bytes.length > EXTENDED_BYTES) return 'long'
  if (bytes.length < EXTENDED_BYTES) return 'short'
  if (typeof head === 'string') return head
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const bits = view.getUint16(51)
  const policy = POLICY_BY_BYTE.get(bits >> POLICY_SHIFT)
  const links = view.getUint8(53)
  const heartbeatMs = view.getUint16(54)
  const peerTimeoutMs = view.getUint32(56) & DURATION_MS_MAX
  if (policy === undefined || links >> 4 > 3 || heartbeatMs === 0 || peerTimeoutMs === 0) return 'field'
  return {
    ...head,
    trailer: {
      keyId: view.getUint8(6),
      nodeId: view.getBigUint64(7),
      session: view.getBigUint64(15),
      echo: view.getBigUint64(23),
      seq: getUint48(view, 31),
      ack: getUint48(view, 37),
      epoch: getUint48(view, 43),
      priority: view.getUint8(49),
      fitness: head.value,
      policy,
      reason: reasonFromWire(view.getUint8(50)),
      flags: decodeFlags(bits),
      link: links >> 4,
      heardLinks: links & 0x0f,
      heartbeatMs,
      peerTimeoutMs,
      promisedMs: view.getUint32(60) & DURATION_MS_MAX,
      flowsHash: view.getUint32(64),
      record: getUint48(view, 68),
      peerRecord: getUint48(view, 74),
      dataEpoch: getUint48(view, 80),
      dataNumber: view.getUint8(86) * 2 ** 32 + view.getUint32(87)
    }
  }
}

function decodeHead(bytes: Uint8Array): Frame | FrameRejection {
  if (bytes.length < CLASSIC_BYTES) return 'short'
  if (bytes[0] !== MAGIC) return 'magic'
  const head = HEAD_BY_BYTE.get(bytes[1] ?? 0)
  if (head === undefined) return 'head'
  const state = ROLE_BY_BYTE.get(bytes[2] ?? 0xff)
  if (state === undefined) return 'state'
  return { head, state, id: bytes[3] ?? 0, value: bytes[4] ?? 0, trailer: null }
}

function decodeFlags(bits: number): Flags {
  const has = (flag: Flag): boolean => (bits & FLAG_BITS[flag]) !== 0
  return {
    probe: has('probe'),
    ready: has('ready'),
    serving: has('serving'),
    holder: has('holder'),
    preferred: has('preferred'),
    goodbye: has('goodbye'),
    wanted: has('wanted'),
    refusal: has('refusal'),
    marked: has('marked'),
    channel: has('channel'),
    users: has('users'),
    behind: has('behind')
  }
}
