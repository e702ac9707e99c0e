/** The tightest timing that the settings allow, two heartbeats to a `peerTimeout`: nothing may be lost, and nothing is. */
import assert from 'node:assert/strict'
import { TestPair } from '../../../support/machine/pair'

const HEARTBEAT_MS = 100

describe('extended wire, two heartbeats to a peerTimeout', () => {
  it('a network whose delay goes up and down by 5 ms takes nobody offline', () => {
    const pair = new TestPair({ settings: { heartbeatMs: HEARTBEAT_MS, peerTimeoutMs: 2 * HEARTBEAT_MS } })
    pair.start()
    pair.advanceUntil('settled', () => pair.isSettled(), 2000)
    pair.advanceMs(2 * HEARTBEAT_MS)
    const before = { a: pair.events('a').length, b: pair.events('b').length }
    for (let beats = 0; beats < 100; beats++) {
      for (const side of ['a', 'b'] as const) pair.network.setLatency(side, beats % 5 === 0 ? 6 : 1)
      pair.advanceMs(HEARTBEAT_MS)
    }
    assert.deepEqual(pair.events('a').slice(before.a), [])
    assert.deepEqual(pair.events('b').slice(before.b), [])
  })

  it('nor do openings of others, whose answers the peer cannot acknowledge', () => {
    const pair = new TestPair({ settings: { heartbeatMs: HEARTBEAT_MS, peerTimeoutMs: 2 * HEARTBEAT_MS } })
    pair.start()
    pair.advanceMs(10 * HEARTBEAT_MS)
    // Their first frames are openings of former sessions, once both have started anew.
    pair.restart('a')
    pair.restart('b')
    pair.advanceUntil('settled', () => pair.isSettled(), 2000)
    pair.advanceMs(2 * HEARTBEAT_MS)
    const before = { a: pair.events('a').length, b: pair.events('b').length }
    for (let ms = 0; ms < 20 * HEARTBEAT_MS; ms += 10) {
      for (const side of ['a', 'b'] as const) {
        pair.network.setLatency(side, ms % (5 * HEARTBEAT_MS) < HEARTBEAT_MS ? 6 : 1)
        pair.replay(side, (_frame, index) => index === 0)
      }
      pair.advanceMs(10)
    }
    assert.deepEqual(pair.events('a').slice(before.a), [])
    assert.deepEqual(pair.events('b').slice(before.b), [])
  })

  it('a peer that hears nothing any more is known for it after a peerTimeout and a heartbeat', () => {
    const pair = new TestPair({ settings: { heartbeatMs: HEARTBEAT_MS, peerTimeoutMs: 2 * HEARTBEAT_MS } })
    pair.start()
    pair.advanceUntil('settled', () => pair.isSettled(), 2000)
    const standby = pair.a.role === 'standby' ? 'a' : 'b'
    pair.advanceMs(3 * HEARTBEAT_MS)
    pair.cutOneWay(standby)
    pair.advanceMs(3 * HEARTBEAT_MS + 5)
    assert.equal(pair.side(standby).view.online, false)
  })
})

describe('extended wire, a survivor that stalls', () => {
  const MS = { heartbeatMs: 50, peerTimeoutMs: 150 }

  it('under preferred it serves again after a peerTimeout when the peer had said goodbye, and not after two seconds', () => {
    const pair = new TestPair({ settings: { ...MS, policy: 'preferred' }, a: { settings: { priority: 200 } } })
    pair.start()
    pair.advanceUntil('settled', () => pair.isSettled(), 5000)
    pair.goodbye('a')
    pair.advanceUntil('b serves', () => pair.b.view.serving, 1000)
    pair.advanceMs(500)
    pair.stall('b', 300)
    pair.advanceMs(301)
    assert.equal(pair.b.view.serving, false, 'after a stall of its own it asks first')
    pair.advanceMs(MS.peerTimeoutMs + 10)
    assert.equal(pair.b.view.serving, true)
  })
})

describe('extended wire, an order that is answered late', () => {
  it('ends a peerTimeout and a heartbeat after it was given, however long the peer took to be ready', () => {
    const pair = new TestPair({ settings: { heartbeatMs: 50, peerTimeoutMs: 500 } })
    pair.start()
    pair.advanceUntil('settled', () => pair.isSettled(), 5000)
    const [active, standby] = pair.a.role === 'active' ? (['a', 'b'] as const) : (['b', 'a'] as const)
    const givenMs = pair.nowMs
    const order = pair.designate(active, 'standby')
    pair.cutOneWay(standby)
    pair.advanceMs(230)
    pair.healOneWay(standby)
    pair.advanceUntil('the role is granted', () => pair.side(active).role === 'standby', 50)
    pair.cutOneWay(standby)
    pair.advanceUntil('answered', () => pair.replyTo(order) !== null, 2000)
    assert.match(pair.replyTo(order) ?? '', /not-confirmed|peer-offline/)
    assert.ok(pair.nowMs - givenMs <= 500 + 50 + 1, `answered after ${pair.nowMs - givenMs} ms`)
  })
})
