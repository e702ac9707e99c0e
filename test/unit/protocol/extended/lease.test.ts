import assert from 'node:assert/strict'
import fc from 'fast-check'
import { CLOCK_DRIFT, freshForMs, leaseMs, SLACK_SHARE } from '../../../../src/protocol/extended/lease'

const rate = fc.double({ min: 1 - CLOCK_DRIFT, max: 1 + CLOCK_DRIFT, noNaN: true })

describe('lease', () => {
  it('ends, slack included, before the peer may take over, for any two clocks within the drift', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 10, max: 600_000, noNaN: true }),
        rate,
        rate,
        (promisedMs, holderRate, waiterRate) => {
          // True time: the holder counts L on its clock from the send, the waiter P on its clock from the receipt or later.
          const holderEndsTrueMs = leaseMs(promisedMs) / holderRate + promisedMs * SLACK_SHARE * (1 - CLOCK_DRIFT)
          const waiterTakesTrueMs = promisedMs / waiterRate
          assert.ok(holderEndsTrueMs <= waiterTakesTrueMs)
        }
      )
    )
  })

  it('leaves more than one heartbeat and a half of right to serve at the tightest setting, twice the heartbeat', () => {
    assert.ok(leaseMs(2000) > 1.5 * 1000)
  })

  it('is 1771 ms with the defaults, as documented', () => {
    assert.equal(Math.floor(leaseMs(2000)), 1771)
  })
})

describe('freshness of the engine', () => {
  it('shuts the gates before the peer may take over from an engine that stopped right after its last sign of life', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 5, max: 60_000, noNaN: true }),
        fc.double({ min: 2, max: 20, noNaN: true }),
        rate,
        rate,
        (h, n, mine, his) => {
          const peerTimeoutMs = h * n
          // The last frame left at most one heartbeat of my clock before the last sign of life.
          const shutTrueMs = freshForMs(peerTimeoutMs, h) / mine
          const takesTrueMs = peerTimeoutMs / his - h / mine
          assert.ok(shutTrueMs <= takesTrueMs + 1e-6)
        }
      )
    )
  })
})
