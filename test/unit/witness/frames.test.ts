/** Frames between a side and its witness: golden bytes, and whatever else may arrive. */
import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { STORED_MAX } from '../../../src/protocol/epoch-allocator'
import {
  ANSWER_BYTES,
  ASK_BYTES,
  decodeAnswer,
  decodeAsk,
  encodeAnswer,
  encodeAsk,
  pairOf,
  type Answer,
  type Ask
} from '../../../src/protocol/wire/witness-frame'

const PAIR = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8])

const ASK: Ask = {
  role: 'active',
  nodeId: 0x1112131415161718n,
  session: 0x2122232425262728n,
  echo: 0x3132333435363738n,
  seq: 0x4142_4344_4546,
  ack: 0x5152_5354_5556,
  wants: false,
  holds: true,
  releases: false,
  states: true,
  loan: 0x6162_6364_6566,
  promiseMs: 0x71727374
}
const GOLDEN_ASK =
  'ffb0010000010a0102030405060708111213141516171821222324252627283132333435363738414243444546515253545556616263646566' +
  '71727374' +
  '00'.repeat(16)

const ANSWER: Answer = {
  witnessId: 0x1112131415161718n,
  session: 0x2122232425262728n,
  echo: 0x3132333435363738n,
  seq: 0x4142_4344_4546,
  ack: 0x5152_5354_5556,
  lent: true,
  copied: false,
  loan: 0x6162_6364_6566,
  promisedMs: 0x71727374,
  holder: 0x8182838485868788n,
  other: 0xa1a2a3a4a5a6a7a8n,
  otherStates: true,
  otherHolds: false,
  otherHeardAgoMs: 0x91929394
}
const GOLDEN_ANSWER =
  'ffbf00000001050102030405060708111213141516171821222324252627283132333435363738414243444546515253545556616263646566' +
  '717273748182838485868788a1a2a3a4a5a6a7a891929394' +
  '00'.repeat(16)

function askBytes(ask: Ask): Uint8Array {
  const bytes = new Uint8Array(ASK_BYTES)
  encodeAsk(ask, PAIR, bytes)
  return bytes
}

function answerBytes(answer: Answer): Uint8Array {
  const bytes = new Uint8Array(ANSWER_BYTES)
  encodeAnswer(answer, PAIR, bytes)
  return bytes
}

const changed = (bytes: Uint8Array, at: number, value: number): Uint8Array =>
  Uint8Array.from(bytes).fill(value, at, at + 1)

function heard(otherHeardAgoMs: number | null): number | null {
  const answer = decodeAnswer(answerBytes({ ...ANSWER, otherHeardAgoMs }))
  return typeof answer === 'string' ? -1 : answer.otherHeardAgoMs
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('frames of the witness', () => {
  it('are these bytes', () => {
    assert.equal(hex(askBytes(ASK)), GOLDEN_ASK)
    assert.equal(hex(answerBytes(ANSWER)), GOLDEN_ANSWER)
    assert.deepEqual(decodeAsk(Buffer.from(GOLDEN_ASK, 'hex')), ASK)
    assert.deepEqual(decodeAnswer(Buffer.from(GOLDEN_ANSWER, 'hex')), ANSWER)
    assert.equal(hex(pairOf(askBytes(ASK)) ?? new Uint8Array()), '0102030405060708')
    assert.equal(hex(pairOf(answerBytes(ANSWER)) ?? new Uint8Array()), '0102030405060708')
  })

  it('say that the other side was never heard, and cap a time that is too long', () => {
    assert.deepEqual([heard(null), heard(0), heard(2 ** 40)], [null, 0, 0xfffffffe])
  })

  it('are refused for a reason', () => {
    const ask = askBytes(ASK)
    assert.equal(decodeAsk(ask.subarray(1)), 'short')
    assert.equal(decodeAsk(Uint8Array.from([...ask, 0])), 'long')
    assert.equal(decodeAsk(changed(ask, 0, 0xfe)), 'magic')
    assert.equal(decodeAsk(changed(ask, 1, 0xaa)), 'head')
    assert.equal(decodeAsk(changed(ask, 5, 2)), 'version')
    assert.equal(decodeAsk(changed(ask, 2, 3)), 'field')
    for (const wrong of [
      { nodeId: 0n },
      { session: 0n },
      { seq: 0 },
      { promiseMs: 0 },
      { loan: STORED_MAX },
      { wants: true },
      { releases: true }
    ])
      assert.equal(decodeAsk(askBytes({ ...ASK, ...wrong })), 'field', JSON.stringify(Object.keys(wrong)))
    for (const wrong of [
      { witnessId: 0n },
      { session: 0n },
      { seq: 0 },
      { loan: 0 },
      { promisedMs: 0 },
      { loan: STORED_MAX },
      { copied: true }
    ])
      assert.equal(decodeAnswer(answerBytes({ ...ANSWER, ...wrong })), 'field', JSON.stringify(Object.keys(wrong)))
    assert.equal(pairOf(ask.subarray(1)), null)
    assert.equal(pairOf(changed(ask, 1, 0xbf)), null)
  })

  it('never throw, whatever arrives, and mean what they say', () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc
        .uint8Array({ minLength: ASK_BYTES - 7, maxLength: ASK_BYTES - 7 })
        .map((rest) => Uint8Array.from([0xff, 0xb0, 1, 0, 0, 1, 2, ...rest])),
      fc
        .uint8Array({ minLength: ANSWER_BYTES - 7, maxLength: ANSWER_BYTES - 7 })
        .map((rest) => Uint8Array.from([0xff, 0xbf, 0, 0, 0, 1, 1, ...rest]))
    )
    let decoded = 0
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        pairOf(bytes)
        const ask = decodeAsk(bytes)
        const answer = decodeAnswer(bytes)
        if (typeof ask !== 'string') {
          decoded++
          assert.deepEqual(decodeAsk(askBytes(ask)), ask)
        }
        if (typeof answer !== 'string') {
          decoded++
          assert.deepEqual(decodeAnswer(answerBytes(answer)), answer)
        }
      }),
      { numRuns: 2000 }
    )
    assert.ok(decoded > 500, `${decoded} decoded`)
  })
})
