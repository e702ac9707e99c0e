import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { isWeak, KEY_BITS_MIN, keyBits } from '../../../src/rules/key-strength'

const ATTEMPTS = 2000
/** The same in each run, and like noise. */
const noise = (n: number): Buffer => createHash('sha256').update(`noise ${n}`).digest()

describe('the strength of a key', () => {
  it('what a person thinks of is weak', () => {
    for (const key of [
      'plant42',
      'correct horse',
      'correct horse battery staple',
      'Summer2024!Plant',
      'PlantPlantPlantPlant',
      'qwertyuiopasdfghjklzxcvbnm',
      'a'.repeat(64),
      '12345678901234567890123456789012',
      'abcdefghijklmnopqrstuvwxyz0123456789',
      '19700101000000000000',
      '密钥密钥密钥密钥',
      'x'
    ]) {
      assert.ok(isWeak(key), `${key}: ${keyBits(key)}`)
    }
    assert.equal(keyBits(''), 0)
  })

  it('what the dialog and the README make is strong, each time', () => {
    for (let n = 0; n < ATTEMPTS; n++) {
      for (const encoding of ['base64url', 'hex'] as const) {
        const key = noise(n).toString(encoding)
        assert.ok(!isWeak(key), key)
      }
    }
  })

  it('random keys of 128 bits pass, but for a few', () => {
    const weak = Array.from({ length: ATTEMPTS }, (_, n) => noise(n).subarray(0, 16).toString('hex')).filter(isWeak)
    assert.ok(weak.length < ATTEMPTS / 100, String(weak.length))
  })

  it('a phrase of many words is as good as so many words', () => {
    assert.ok(keyBits('river lantern copper engine window basket marble') > KEY_BITS_MIN)
  })

  it('takes no time, however long the key is', () => {
    const startedAt = performance.now()
    keyBits('Ab1!'.repeat(1_000_000))
    assert.ok(performance.now() - startedAt < 100)
  })
})
