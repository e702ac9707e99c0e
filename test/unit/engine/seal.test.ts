import assert from 'node:assert/strict'
import { EXTENDED_BYTES, SEALED_BYTES } from '../../../src/protocol/wire/frame'
import { Seal } from '../../../src/engine/seal'

const [OLD, NEW] = ['the secret of last year', 'the secret of this year']

function sealedBy(seal: Seal): Buffer {
  const frame = Buffer.alloc(EXTENDED_BYTES, 7)
  seal.close(frame)
  return frame
}

describe('the seal', () => {
  it('is accepted by a side with the same secret', () => {
    const frame = sealedBy(new Seal({ key: NEW, previousKey: '' }))
    assert.equal(new Seal({ key: NEW, previousKey: '' }).judge(frame), 'current')
  })

  it('breaks with any single bit of the frame', () => {
    const seal = new Seal({ key: NEW, previousKey: '' })
    const frame = sealedBy(seal)
    for (let bit = 0; bit < EXTENDED_BYTES * 8; bit++) {
      const damaged = Buffer.from(frame)
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.notEqual(seal.judge(damaged), null, `bit ${bit}`)
    }
  })

  it('of another secret is refused as an unknown key, or as a wrong seal where the ids collide', () => {
    const mine = new Seal({ key: NEW, previousKey: '' })
    const causes = new Set<string | null>()
    for (let i = 0; i < 2000 && causes.size < 2; i++) {
      causes.add(mine.judge(sealedBy(new Seal({ key: `other ${i}`, previousKey: '' }))))
    }
    assert.deepEqual(causes, new Set(['key', 'seal']))
  })

  it('of the previous secret is accepted but not used', () => {
    const rotating = new Seal({ key: NEW, previousKey: OLD })
    const [old, current] = [new Seal({ key: OLD, previousKey: '' }), new Seal({ key: NEW, previousKey: '' })]
    assert.equal(rotating.judge(sealedBy(old)), 'previous')
    assert.equal(rotating.judge(sealedBy(current)), 'current')
    assert.equal(current.judge(sealedBy(rotating)), 'current')
    assert.equal(old.judge(sealedBy(rotating)), 'key')
  })

  it('without a secret finds damage, under key id 0, and is refused by a side that has one', () => {
    const open = new Seal({ key: '', previousKey: '' })
    const frame = sealedBy(open)
    assert.equal(open.keyed, false)
    assert.equal(frame[6], 0)
    assert.equal(open.judge(frame), 'current')
    assert.equal(new Seal({ key: NEW, previousKey: '' }).judge(frame), 'unkeyed', 'somebody has no key')
    assert.equal(new Seal({ key: NEW, previousKey: OLD }).judge(frame), 'unkeyed')
    assert.equal(open.judge(sealedBy(new Seal({ key: NEW, previousKey: '' }))), 'key')
    frame[20] = 1
    assert.equal(open.judge(frame), 'seal')
  })

  it('is what an independent HKDF and HMAC give', async () => {
    const { subtle } = globalThis.crypto
    const text = new TextEncoder()
    const secret = await subtle.importKey('raw', text.encode(NEW), 'HKDF', false, ['deriveBits'])
    const bits = (info: string, length: number): Promise<ArrayBuffer> =>
      subtle.deriveBits(
        { name: 'HKDF', hash: 'SHA-256', salt: text.encode('ha-pair extended wire 1'), info: text.encode(info) },
        secret,
        length
      )
    const hmac = { name: 'HMAC', hash: 'SHA-256' }
    const key = await subtle.importKey('raw', await bits('seal', 256), hmac, false, ['sign'])
    const [idByte = 0] = new Uint8Array(await bits('key id', 8))
    const frame = sealedBy(new Seal({ key: NEW, previousKey: '' }))
    const expected = await subtle.sign('HMAC', key, Uint8Array.from(frame.subarray(0, SEALED_BYTES)))
    assert.equal(frame[6], 1 + (idByte % 255))
    // The first half: HMAC-SHA256-128 of RFC 4868.
    assert.deepEqual(frame.subarray(SEALED_BYTES), Buffer.from(expected).subarray(0, 16))
  })
})
