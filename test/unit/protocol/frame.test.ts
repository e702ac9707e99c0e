/**
 * Golden frames of both wires in literal hex (docs/reference/PROTOCOL.md; five bytes: seed, 协议报文格式). One table of fixtures
 * runs both ways: encode gives the bytes, decode gives the frame. Then every cause of rejection, and properties.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  CLASSIC_BYTES,
  DATA_NUMBER_MAX,
  decodeClassic,
  decodeExtended,
  encodeClassic,
  encodeExtended,
  EXTENDED_BYTES,
  HEADS,
  SEAL_BYTES,
  SEALED_BYTES,
  type Flags,
  type Frame,
  type FrameRejection,
  type Head,
  type Trailer
} from '../../../src/protocol/wire/frame'
import { UINT48_MAX } from '../../../src/protocol/wire/bytes'
import type { Role } from '../../../src/protocol/machine'
import { REASON_BYTES, type ReasonCode } from '../../../src/protocol/reasons'
import type { Policy } from '../../../src/protocol/settings'

const NO_FLAGS: Flags = {
  probe: false,
  ready: false,
  serving: false,
  holder: false,
  preferred: false,
  goodbye: false,
  wanted: false,
  refusal: false,
  marked: false,
  channel: false,
  users: false,
  behind: false
}
const ALL_FLAGS: Flags = {
  probe: true,
  ready: true,
  serving: true,
  holder: true,
  preferred: true,
  goodbye: true,
  wanted: true,
  refusal: true,
  marked: true,
  channel: true,
  users: true,
  behind: true
}

function classic(head: Head, state: Role, id: number, value: number): Frame {
  return { head, state, id, value, trailer: null }
}

const CLASSIC_FIXTURES: readonly (readonly [hex: string, frame: Frame])[] = [
  ['ff a0 00 00 00', classic('negotiate', 'initial', 0, 0)],
  ['ff a0 00 01 fe', classic('negotiate', 'initial', 1, 254)],
  ['ff a0 01 7f 2a', classic('negotiate', 'active', 127, 42)],
  ['ff a5 01 02 64', classic('designate', 'active', 2, 100)],
  ['ff a5 01 02 ff', classic('designate', 'active', 2, 255)],
  ['ff a5 02 ff ff', classic('designate', 'standby', 255, 255)],
  ['ff aa 01 00 07', classic('connected', 'active', 0, 7)],
  ['ff aa 02 80 00', classic('connected', 'standby', 128, 0)],
  ['ff af 02 ff 00', classic('responsed', 'standby', 255, 0)],
  ['ff af 01 03 09', classic('responsed', 'active', 3, 9)],
  ['ff af 00 00 00', classic('responsed', 'initial', 0, 0)]
]

const EXTENDED_FIXTURES: readonly (readonly [name: string, hex: string, frame: Frame])[] = [
  [
    'an Active’s heartbeat',
    `ff aa 01 2a ff  03 03  0123456789abcdef fedcba9876543210 1122334455667788
     010203040506 0a0b0c0d0e0f 00000000002a  64 07  1607 25  00c8 000007d0 00001388 deadbeef
     00000000000b 0000000000a0  000000000029 0123456789`,
    {
      ...classic('connected', 'active', 42, 255),
      trailer: {
        keyId: 3,
        nodeId: 0x0123456789abcdefn,
        session: 0xfedcba9876543210n,
        echo: 0x1122334455667788n,
        seq: 0x010203040506,
        ack: 0x0a0b0c0d0e0f,
        epoch: 42,
        priority: 100,
        fitness: 255,
        policy: 'availability',
        reason: 'lost-connection',
        flags: { ...NO_FLAGS, probe: true, ready: true, serving: true, channel: true, users: true },
        link: 2,
        heardLinks: 0b0101,
        heartbeatMs: 200,
        peerTimeoutMs: 2000,
        promisedMs: 5000,
        flowsHash: 0xdeadbeef,
        record: 11,
        peerRecord: 160,
        dataEpoch: 41,
        dataNumber: 0x0123456789
      }
    }
  ],
  [
    'the smallest of everything',
    `ff a0 00 00 00  03 00  0000000000000000 0000000000000001 0000000000000000
     000000000001 000000000000 000000000000  00 00  3000 00  0001 00000001 00000000 00000000
     000000000000 000000000000  000000000000 0000000000`,
    {
      ...classic('negotiate', 'initial', 0, 0),
      trailer: {
        keyId: 0,
        nodeId: 0n,
        session: 1n,
        echo: 0n,
        seq: 1,
        ack: 0,
        epoch: 0,
        priority: 0,
        fitness: 0,
        policy: 'exclusive',
        reason: 'none',
        flags: NO_FLAGS,
        link: 0,
        heardLinks: 0,
        heartbeatMs: 1,
        peerTimeoutMs: 1,
        promisedMs: 0,
        flowsHash: 0,
        record: 0,
        peerRecord: 0,
        dataEpoch: 0,
        dataNumber: 0
      }
    }
  ],
  [
    'the largest of everything',
    `ff a5 02 ff ff  03 ff  ffffffffffffffff ffffffffffffffff ffffffffffffffff
     ffffffffffff ffffffffffff ffffffffffff  ff 2a  2fff 3f  ea60 000927c0 00ffffff ffffffff
     ffffffffffff ffffffffffff  ffffffffffff ffffffffff`,
    {
      ...classic('designate', 'standby', 255, 255),
      trailer: {
        keyId: 255,
        nodeId: 2n ** 64n - 1n,
        session: 2n ** 64n - 1n,
        echo: 2n ** 64n - 1n,
        seq: UINT48_MAX,
        ack: UINT48_MAX,
        epoch: UINT48_MAX,
        priority: 255,
        fitness: 255,
        policy: 'preferred',
        reason: 'peer-silent',
        flags: ALL_FLAGS,
        link: 3,
        heardLinks: 15,
        heartbeatMs: 60_000,
        peerTimeoutMs: 600_000,
        promisedMs: 0xffffff,
        flowsHash: 0xffffffff,
        record: UINT48_MAX,
        peerRecord: UINT48_MAX,
        dataEpoch: UINT48_MAX,
        dataNumber: DATA_NUMBER_MAX
      }
    }
  ]
]

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'))
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The sealed part from hex, with a seal of zeros: sealing is not this layer's business. */
function sealedBytes(hex: string): Uint8Array {
  const bytes = new Uint8Array(EXTENDED_BYTES)
  bytes.set(bytesOf(hex))
  return bytes
}

function encoded(frame: Frame): Uint8Array {
  const bytes = new Uint8Array(EXTENDED_BYTES)
  encodeExtended(frame, bytes)
  return bytes
}

describe('frame, classic wire', () => {
  for (const [hex, frame] of CLASSIC_FIXTURES) {
    it(`${hex} is ${frame.head} ${frame.state} ${frame.id} ${frame.value}, both ways`, () => {
      assert.equal(hexOf(encodeClassic(frame)), hex.replaceAll(' ', ''))
      assert.deepEqual(decodeClassic(bytesOf(hex)), frame)
    })
  }

  it('every head and state of the 2015 program decodes', () => {
    const heads: readonly (readonly [number, Head])[] = [
      [0xa0, 'negotiate'],
      [0xa5, 'designate'],
      [0xaa, 'connected'],
      [0xaf, 'responsed']
    ]
    const states: readonly Role[] = ['initial', 'active', 'standby']
    for (const [byte, head] of heads) {
      states.forEach((state, index) => {
        assert.deepEqual(decodeClassic(Uint8Array.of(0xff, byte, index, 1, 2)), classic(head, state, 1, 2))
      })
    }
  })

  const rejections: readonly (readonly [what: string, hex: string, cause: FrameRejection])[] = [
    ['nothing at all', '', 'short'],
    ['four bytes', 'ff a0 00 00', 'short'],
    ['six bytes', 'ff a0 00 00 00 00', 'long'],
    ['two frames in one datagram', 'ff a0 00 00 00 ff a0 00 00 00', 'long'],
    ['another first byte', 'fe a0 00 00 00', 'magic'],
    ['zeros', '00 00 00 00 00', 'magic'],
    ['an unknown head', 'ff a1 00 00 00', 'head'],
    ['a head of zero', 'ff 00 00 00 00', 'head'],
    ['an unknown state', 'ff a0 03 00 00', 'state'],
    ['a state of 255', 'ff aa ff 00 00', 'state'],
    ['a sealed frame of an extended peer', `ff aa 01 00 00 ${'00'.repeat(EXTENDED_BYTES - 5)}`, 'sealed'],
    ['the length of a sealed frame without its first byte', '00'.repeat(EXTENDED_BYTES), 'long']
  ]
  for (const [what, hex, cause] of rejections) {
    it(`rejects ${what}: ${cause}`, () => assert.equal(decodeClassic(bytesOf(hex)), cause))
  }
})

describe('frame, extended wire', () => {
  it('is 107 bytes: 5 of 2015, a trailer of 86 and a seal of 16', () => {
    assert.deepEqual([CLASSIC_BYTES, SEALED_BYTES, SEAL_BYTES, EXTENDED_BYTES], [5, 91, 16, 107])
  })

  for (const [name, hex, frame] of EXTENDED_FIXTURES) {
    it(`${name}, both ways`, () => {
      assert.equal(hexOf(encoded(frame).subarray(0, SEALED_BYTES)), hex.replaceAll(/\s/g, ''))
      assert.deepEqual(decodeExtended(sealedBytes(hex)), frame)
    })
  }

  it('decodes a frame that does not start at offset 0 of its buffer', () => {
    const [, hex, frame] = EXTENDED_FIXTURES[0] as (typeof EXTENDED_FIXTURES)[number]
    const pool = new Uint8Array(200).fill(0xee)
    pool.set(sealedBytes(hex), 37)
    assert.deepEqual(decodeExtended(pool.subarray(37, 37 + EXTENDED_BYTES)), frame)
  })

  it('a reason of a newer peer reads as none', () => {
    const [, hex, frame] = EXTENDED_FIXTURES[0] as (typeof EXTENDED_FIXTURES)[number]
    const bytes = sealedBytes(hex)
    bytes[50] = 0xee
    const trailer = { ...(frame.trailer as Trailer), reason: 'none' as ReasonCode }
    assert.deepEqual(decodeExtended(bytes), { ...frame, trailer })
  })

  it('a frame without a trailer cannot be encoded: our own fault, so it throws', () => {
    assert.throws(() => encoded(classic('connected', 'active', 0, 0)))
  })

  const good = (EXTENDED_FIXTURES[0] as (typeof EXTENDED_FIXTURES)[number])[1]
  const changed = (offset: number, ...values: number[]): Uint8Array => {
    const bytes = sealedBytes(good)
    bytes.set(values, offset)
    return bytes
  }
  const rejections: readonly (readonly [what: string, bytes: Uint8Array, cause: FrameRejection])[] = [
    ['nothing at all', new Uint8Array(0), 'short'],
    ['one byte less', sealedBytes(good).subarray(0, EXTENDED_BYTES - 1), 'short'],
    ['one byte more', Uint8Array.of(...sealedBytes(good), 0), 'long'],
    ['many bytes of something else', new Uint8Array(EXTENDED_BYTES + 1).fill(0xff), 'long'],
    ['the five bytes of a classic peer', bytesOf('ff aa 01 00 00'), 'unsealed'],
    ['five bytes of something else', bytesOf('ff ab 01 00 00'), 'short'],
    ['another first byte', changed(0, 0x7f), 'magic'],
    ['an unknown head', changed(1, 0xab), 'head'],
    ['an unknown state', changed(2, 3), 'state'],
    ['version 0', changed(5, 0), 'version'],
    ['version 1', changed(5, 1), 'version'],
    ['version 2', changed(5, 2), 'version'],
    ['version 4', changed(5, 4), 'version'],
    ['version 2 in its own length', changed(5, 2).subarray(0, 98), 'version'],
    ['a later version, longer', Uint8Array.of(...changed(5, 4), 0, 0, 0), 'version'],
    ['policy 0', changed(51, 0x06), 'field'],
    ['policy 5', changed(51, 0x56), 'field'],
    ['link 4', changed(53, 0x40), 'field'],
    ['heartbeat 0', changed(54, 0, 0), 'field'],
    ['peerTimeout 0', changed(56, 0, 0, 0, 0), 'field']
  ]
  for (const [what, bytes, cause] of rejections) {
    it(`rejects ${what}: ${cause}`, () => assert.equal(decodeExtended(bytes), cause))
  }
})

const byte = fc.integer({ min: 0, max: 255 })
const uint48 = fc.integer({ min: 0, max: UINT48_MAX })
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const anyHead = fc.constantFrom(...(Object.keys(HEADS) as Head[]))
const anyRole = fc.constantFrom<Role>('initial', 'active', 'standby')
/** Plain objects, as the decoder makes them: deepEqual would tell others apart. */
const PLAIN = { noNullPrototype: true } as const
const anyClassic: fc.Arbitrary<Frame> = fc.record(
  { head: anyHead, state: anyRole, id: byte, value: byte, trailer: fc.constant(null) },
  PLAIN
)
const anyTrailer: fc.Arbitrary<Trailer> = fc.record(
  {
    keyId: byte,
    nodeId: uint64,
    session: uint64,
    echo: uint64,
    seq: uint48,
    ack: uint48,
    epoch: uint48,
    priority: byte,
    fitness: byte,
    policy: fc.constantFrom<Policy>('availability', 'preferred', 'exclusive'),
    reason: fc.constantFrom(...(Object.keys(REASON_BYTES) as ReasonCode[])),
    flags: fc.record(
      {
        probe: fc.boolean(),
        ready: fc.boolean(),
        serving: fc.boolean(),
        holder: fc.boolean(),
        preferred: fc.boolean(),
        goodbye: fc.boolean(),
        wanted: fc.boolean(),
        refusal: fc.boolean(),
        marked: fc.boolean(),
        channel: fc.boolean(),
        users: fc.boolean(),
        behind: fc.boolean()
      },
      PLAIN
    ),
    link: fc.integer({ min: 0, max: 3 }),
    heardLinks: fc.integer({ min: 0, max: 15 }),
    heartbeatMs: fc.integer({ min: 1, max: 65_535 }),
    peerTimeoutMs: fc.integer({ min: 1, max: 2 ** 24 - 1 }),
    promisedMs: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
    flowsHash: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    record: uint48,
    peerRecord: uint48,
    dataEpoch: uint48,
    dataNumber: fc.integer({ min: 0, max: DATA_NUMBER_MAX })
  },
  PLAIN
)
const anyExtended: fc.Arbitrary<Frame> = fc
  .tuple(anyClassic, anyTrailer)
  .map(([frame, trailer]) => ({ ...frame, value: trailer.fitness, trailer }))

/** Random bytes are mostly rejected at once: these have a chance to get further. */
const almostFrame = fc
  .tuple(fc.constantFrom(0xff, 0xfe), fc.constantFrom(0xa0, 0xa5, 0xaa, 0xaf, 0xa1), fc.integer({ min: 0, max: 4 }))
  .chain(([magic, head, state]) =>
    fc
      .uint8Array({ minLength: 0, maxLength: EXTENDED_BYTES + 2 })
      .map((rest) => Uint8Array.of(magic, head, state, ...rest))
  )

describe('frame, properties', () => {
  it('no bytes make a decoder throw, and what it accepts has only known words', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), almostFrame), (bytes) => {
        const five = decodeClassic(bytes)
        if (typeof five !== 'string') assert.equal(hexOf(encodeClassic(five)), hexOf(bytes))
        const full = decodeExtended(bytes)
        if (typeof full !== 'string') assert.ok(full.trailer !== null && full.head in HEADS)
      }),
      { numRuns: 2000 }
    )
  })

  it('classic: decode(encode(frame)) is the frame', () => {
    fc.assert(fc.property(anyClassic, (frame) => assert.deepEqual(decodeClassic(encodeClassic(frame)), frame)))
  })

  it('extended: decode(encode(frame)) is the frame', () => {
    fc.assert(fc.property(anyExtended, (frame) => assert.deepEqual(decodeExtended(encoded(frame)), frame)))
  })

  it('every single-bit change of the five bytes is rejected or reads as another frame', () => {
    fc.assert(
      fc.property(anyClassic, (frame) => {
        for (let bit = 0; bit < CLASSIC_BYTES * 8; bit++) {
          const bytes = encodeClassic(frame)
          bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          const damaged = decodeClassic(bytes)
          if (typeof damaged !== 'string') assert.notDeepEqual(damaged, frame)
        }
      })
    )
  })

  it('every single-bit change of the first byte is rejected', () => {
    for (let bit = 0; bit < 8; bit++) {
      assert.equal(decodeClassic(Uint8Array.of(0xff ^ (1 << bit), 0xaa, 1, 0, 0)), 'magic')
    }
  })
})
