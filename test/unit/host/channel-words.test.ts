/** The words of the channel by themselves: keys, addresses, messages and introductions. */
import assert from 'node:assert/strict'
import { createHmac, createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { addressBytes, normalAddress } from '../../../src/host/channel/addresses'
import { encodeFrame, FIRST_BYTES_MAX, FRAME_BYTES_MAX, FrameReader } from '../../../src/host/channel/frames'
import { endpointBytes, introduce, meetCrosswise, readIntroduction } from '../../../src/host/channel/introduction'
import { channelKeys } from '../../../src/host/channel/keys'

const hex = (text: string): string => addressBytes(text)?.toString('hex') ?? 'none'

const readAll = (chunks: readonly Buffer[], bytesMax = FRAME_BYTES_MAX): { good: boolean; seen: string[] } => {
  const reader = new FrameReader(bytesMax)
  const seen: string[] = []
  let good = true
  for (const chunk of chunks) {
    good &&= reader.read(chunk, (tag, payload) => seen.push(`${tag}:${payload.toString('hex')}`) > 0)
  }
  return { good, seen }
}

const header = (length: number): Buffer => Buffer.from([length >>> 24, length >>> 16, length >>> 8, length])

describe('the keys of the channel', () => {
  it('come from the pair’s key and change with it', () => {
    const [one] = channelKeys({ key: 'plant', previousKey: '' })
    const [same, other] = channelKeys({ key: 'plant', previousKey: 'plant2' })
    assert.ok(one && same && other)
    assert.equal(one.identity, 'ha-pair 49ee264d1b585d1355b6594dd60227cb')
    assert.equal(one.psk.length, 32)
    assert.deepEqual([one.identity, one.psk], [same.identity, same.psk])
    assert.notEqual(one.identity, other.identity)
    assert.notDeepEqual(one.psk, other.psk)
    assert.notDeepEqual(one.psk, one.proof.export())
  })

  it('are none without a key, and one where both are the same', () => {
    assert.deepEqual(channelKeys({ key: '', previousKey: 'old' }), [])
    assert.equal(channelKeys({ key: 'a', previousKey: 'a' }).length, 1)
  })
})

describe('an address', () => {
  it('is the same in all its forms', () => {
    const v4 = '00000000000000000000ffff0a000102'
    for (const text of ['10.0.1.2', '::ffff:10.0.1.2', '::ffff:a00:102', '0:0:0:0:0:FFFF:10.0.1.2']) {
      assert.equal(hex(text), v4, text)
    }
    const v6 = 'fe80000000000000000000000000000a'
    for (const text of ['fe80::a', 'fe80::a%eth0', 'FE80:0:0:0:0:0:0:A%3']) assert.equal(hex(text), v6, text)
    assert.equal(hex('::'), '0'.repeat(32))
    assert.equal(hex('::1'), `${'0'.repeat(31)}1`)
    assert.equal(hex('2001:db8::'), `20010db8${'0'.repeat(24)}`)
    assert.equal(hex('1:2:3:4:5:6:7:8'), '00010002000300040005000600070008')
  })

  it('is none where there is none', () => {
    for (const text of ['', 'plant-b', '10.0.1', '1:2', undefined]) assert.equal(normalAddress(text), '', text)
  })
})

describe('a message', () => {
  it('is four bytes of length, a tag and a payload', () => {
    assert.equal(encodeFrame(3).toString('hex'), '0000000103')
    assert.equal(encodeFrame(200, Buffer.from('ab')).toString('hex'), '00000003c86162')
    assert.throws(() => encodeFrame(1, Buffer.alloc(FRAME_BYTES_MAX)), RangeError)
  })

  it('is read whole however it was cut', () => {
    const frame = fc.record({ tag: fc.nat(255), payload: fc.uint8Array({ maxLength: 200 }) })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 20 }), (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(({ tag, payload }) => encodeFrame(tag, payload)))
        const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length]
        const chunks = edges.slice(1).map((edge, at) => bytes.subarray(edges[at], edge))
        const { good, seen } = readAll(chunks)
        assert.ok(good)
        assert.deepEqual(
          seen,
          frames.map(({ tag, payload }) => `${tag}:${Buffer.from(payload).toString('hex')}`)
        )
      })
    )
  })

  it('that is too long or empty is refused by its header', () => {
    for (const [length, good] of [
      [0, false],
      [1, true],
      [FIRST_BYTES_MAX, true],
      [FIRST_BYTES_MAX + 1, false],
      [0x40000000, false],
      [0xffffffff, false]
    ] as const) {
      assert.equal(readAll([header(length)], FIRST_BYTES_MAX).good, good, String(length))
    }
  })

  it('is not followed by another one, once somebody has had enough', () => {
    const reader = new FrameReader(100)
    const seen: number[] = []
    const bytes = Buffer.concat([encodeFrame(1), encodeFrame(2), encodeFrame(3)])
    assert.ok(reader.read(bytes, (tag) => seen.push(tag) < 2))
    assert.deepEqual(seen, [1, 2])
  })
})

describe('an introduction', () => {
  const binding = { key: createSecretKey(Buffer.alloc(32, 1)), exporter: Buffer.alloc(32, 2) }
  const near = endpointBytes({ address: '192.0.2.1', port: 40_000 })
  const far = endpointBytes({ address: '::ffff:192.0.2.2', port: 1101 })
  const mine = { session: 1n, peerSession: 2n ** 63n, own: near, other: far, users: 7 }
  const said = introduce('hello', binding, mine)

  it('has the bytes that PROTOCOL.md says', () => {
    assert.equal(said.length, 86)
    assert.equal(
      said.subarray(0, 54).toString('hex'),
      [
        '01 0000000000000001 8000000000000000',
        '00000000000000000000ffffc0000201 9c40',
        '00000000000000000000ffffc0000202 044d 07'
      ]
        .join('')
        .replaceAll(' ', '')
    )
    const seal = createHmac('sha256', binding.key).update('hello').update(binding.exporter).update(said.subarray(0, 54))
    assert.deepEqual(said.subarray(54), seal.digest())
    assert.deepEqual(readIntroduction('hello', binding, said), mine)
  })

  it('counts for one connection, one direction and one key, and unchanged', () => {
    assert.equal(readIntroduction('welcome', binding, said), null)
    assert.equal(readIntroduction('hello', { ...binding, exporter: Buffer.alloc(32, 3) }, said), null)
    assert.equal(readIntroduction('hello', { ...binding, key: createSecretKey(Buffer.alloc(32, 9)) }, said), null)
    for (let at = 0; at < said.length; at++) {
      const changed = Buffer.from(said)
      changed[at] = (changed[at] ?? 0) ^ 1
      assert.equal(readIntroduction('hello', binding, changed), null, String(at))
      assert.equal(readIntroduction('hello', binding, said.subarray(0, at)), null, String(at))
    }
  })

  it('leaves room for what later versions say', () => {
    const longer = Buffer.concat([said.subarray(0, 54), Buffer.from('stores')])
    const seal = createHmac('sha256', binding.key).update('hello').update(binding.exporter).update(longer).digest()
    assert.deepEqual(readIntroduction('hello', binding, Buffer.concat([longer, seal])), mine)
  })

  it('of an earlier version says nothing of users', () => {
    const shorter = said.subarray(0, 53)
    const seal = createHmac('sha256', binding.key).update('hello').update(binding.exporter).update(shorter).digest()
    const read = readIntroduction('hello', binding, Buffer.concat([shorter, seal]))
    assert.deepEqual(read, { ...mine, users: 0 })
  })

  it('meets another one crosswise, or somebody stands between', () => {
    const theirs = { session: 2n ** 63n, peerSession: 1n, own: far, other: near, users: 0 }
    const otherPort = endpointBytes({ address: '192.0.2.1', port: 40_001 })
    assert.equal(meetCrosswise(mine, theirs), true)
    assert.equal(meetCrosswise(mine, { ...theirs, other: otherPort }), false)
    assert.equal(meetCrosswise(mine, { ...theirs, own: endpointBytes({ address: '192.0.2.3', port: 1101 }) }), false)
    assert.equal(meetCrosswise(mine, mine), false)
    const unknown = endpointBytes({ address: undefined, port: undefined })
    assert.equal(meetCrosswise({ ...mine, own: unknown }, { ...theirs, other: unknown }), false)
    assert.equal(meetCrosswise({ ...mine, other: unknown }, { ...theirs, own: unknown }), false)
  })
})
