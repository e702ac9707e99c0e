/** An HMAC without an object for each message: the same bytes as Node.js makes. */
import { strict as assert } from 'node:assert'
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { ShortHmac } from '../../../src/engine/short-hmac'

const MAX = 100
const bytes = (least: number, most: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: least, maxLength: most }).map((array) => Buffer.from(array))

describe('short HMAC', () => {
  for (const [how, make] of [
    ['as this Node.js can', (key: Buffer) => new ShortHmac(key, MAX)],
    ['without a one-shot hash', (key: Buffer) => new ShortHmac(key, MAX, null)]
  ] as const)
    it(`is HMAC-SHA256, of one message after the other, ${how}`, () => {
      fc.assert(
        fc.property(bytes(1, 64), fc.array(bytes(0, MAX), { minLength: 1, maxLength: 4 }), (key, messages) => {
          const hmac = make(key)
          for (const message of messages) {
            const target = Buffer.alloc(16)
            hmac.write(message, message.length, target)
            assert.deepEqual(target, createHmac('sha256', key).update(message).digest().subarray(0, 16))
          }
        })
      )
    })

  it('takes the part of a message that it is told, into the message itself', () => {
    const key = Buffer.alloc(32, 7)
    const frame = Buffer.alloc(77, 1)
    new ShortHmac(key, MAX).write(frame, 61, frame.subarray(61))
    assert.deepEqual(
      frame.subarray(61),
      createHmac('sha256', key).update(frame.subarray(0, 61)).digest().subarray(0, 16)
    )
  })

  it('refuses a key that is no key of this length', () => {
    assert.throws(() => new ShortHmac(Buffer.alloc(65), MAX))
  })
})
