import assert from 'node:assert/strict'
import fc from 'fast-check'
import { BODY_BYTES_MAX, decode, encode, type Telling } from '../../../src/host/gate/resume/body'
import { CHUNK_INDEX_MAX, NUMBER_MAX } from '../../../src/host/gate/resume/numbers'

const key = fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `s${text}`)
const PLAIN = { noNullPrototype: true } as const
const chunk = fc.record(
  {
    index: fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: CHUNK_INDEX_MAX })),
    mask: fc.oneof(fc.constant(-1), fc.integer()).filter((mask) => mask !== 0)
  },
  PLAIN
)
const section = fc.record(
  {
    topic: key,
    series: fc.option(key),
    highest: fc.integer({ min: 0, max: NUMBER_MAX }),
    chunks: fc.array(chunk, { minLength: 1, maxLength: 20 })
  },
  PLAIN
)
const telling: fc.Arbitrary<Telling> = fc.record(
  {
    allTold: fc.option(fc.record({ untoldAgoMs: fc.nat(100_000_000) }, PLAIN)),
    again: fc.boolean(),
    sections: fc.array(section, { maxLength: 5 })
  },
  PLAIN
)

describe('what resume gates tell each other', () => {
  it('is read as it was written', () => {
    fc.assert(fc.property(telling, (told) => assert.deepEqual(decode(encode(told)), told)))
  })

  it('golden bytes', () => {
    const told: Telling = {
      allTold: null,
      again: false,
      sections: [
        {
          topic: 'sx',
          series: 'sr',
          highest: 300,
          chunks: [
            { index: 8, mask: -1 },
            { index: 9, mask: 0x1f }
          ]
        }
      ]
    }
    assert.equal(
      Buffer.from(encode(told)).toString('hex'),
      ['010001', '027378', '027372', 'ac02', '02', '21', '04', '1f000000'].join('')
    )
    const allTold = encode({ allTold: { untoldAgoMs: 200 }, again: false, sections: [] })
    assert.equal(Buffer.from(allTold).toString('hex'), '0101c801')
    assert.equal(Buffer.from(encode({ allTold: null, again: true, sections: [] })).toString('hex'), '0102')
  })

  it('a thousand numbers in a row take less than half a bit each', () => {
    const chunks = Array.from({ length: 320 }, (_none, index) => ({ index, mask: -1 }))
    const bytes = encode({ allTold: null, again: false, sections: [{ topic: 'sx', series: null, highest: 1, chunks }] })
    assert.ok(bytes.length < 600, String(bytes.length))
  })

  it('damaged: an error, whatever the bytes are, and never more than they can hold', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          const { sections } = decode(Uint8Array.from([1, 0, ...bytes]))
          for (const { chunks } of sections) assert.ok(chunks.length <= bytes.length)
        } catch (error) {
          assert.ok(error instanceof Error && !(error instanceof RangeError))
        }
      })
    )
  })

  it('cut short, of another version, with unknown flags, with what cannot be', () => {
    const whole = encode({
      allTold: null,
      again: false,
      sections: [{ topic: 'sx', series: null, highest: 5, chunks: [{ index: 1, mask: 1 }] }]
    })
    for (let length = 3; length < whole.length; length++) assert.throws(() => decode(whole.subarray(0, length)))
    const bad: readonly (readonly number[])[] = [
      [],
      [2, 0],
      [1, 4],
      [1, 0, 2],
      [1, 0, 0, 1, 115, 5, 0],
      [1, 0, 0, 1, 115, 5, 1, 0, 0, 0, 0, 0],
      [1, 0, 0, 1, 115, 5, 1, 2, 1, 0, 0, 0],
      [1, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255],
      [1, 0, 0, 1, 115, 255, 255, 255, 255, 255, 255, 255, 127, 1, 1]
    ]
    for (const bytes of bad) assert.throws(() => decode(Uint8Array.from(bytes)), Error, bytes.join(' '))
    assert.throws(() => decode(new Uint8Array(BODY_BYTES_MAX + 1)))
  })
})
