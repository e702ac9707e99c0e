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

  it('nor does it where neither is Active, so that what is said waits for the other one’s next heartbeat', () => {
    for (let apartMs = 0; apartMs < HEARTBEAT_MS; apartMs += 3) {
      const pair = new TestPair({ settings: { heartbeatMs: HEARTBEAT_MS, peerTimeoutMs: 2 * HEARTBEAT_MS } })
      pair.start('a')
      pair.advanceMs(apartMs)
      pair.start('b')
      for (const side of ['a', 'b'] as const) pair.stallFlows(side, true)
      pair.advanceUntil('contact', () => pair.a.view.online && pair.b.view.online, 2000)
      for (let ms = 0; ms < 40 * HEARTBEAT_MS; ms += 10) {
        for (const side of ['a', 'b'] as const) pair.network.setLatency(side, 6 + ((ms / 10) % 7))
        pair.advanceMs(10)
      }
      const lost = (['a', 'b'] as const).flatMap((side) =>
        pair.events(side).filter((event) => event.includes('half-open'))
      )
      assert.deepEqual(lost, [], `${apartMs} ms apart`)
    }
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

/** A Standby starts again: what it says first is lost for `lostMs`, and its first heartbeat too. How long both served, and when they met. */
function restartsStandby(crashMs: number, downMs: number, lostMs: number): { bothMs: number; metAtMs: number } {
  const pair = new TestPair({ settings: { heartbeatMs: HEARTBEAT_MS, peerTimeoutMs: 2 * HEARTBEAT_MS } })
  pair.start()
  pair.advanceUntil('settled', () => pair.isSettled(), 2000)
  const standby = pair.a.role === 'standby' ? 'a' : 'b'
  pair.advanceMs(2 * HEARTBEAT_MS + crashMs)
  pair.crash(standby, null)
  pair.advanceMs(downMs)
  if (lostMs > 0) pair.cutOneWay(standby)
  pair.restart(standby)
  const story = { bothMs: 0, metAtMs: Infinity }
  for (let ms = 0; ms < 8 * HEARTBEAT_MS; ms++) {
    if (ms === HEARTBEAT_MS - 2) pair.cutOneWay(standby)
    if (ms === lostMs || ms === HEARTBEAT_MS + 2) pair.healOneWay(standby)
    pair.advanceMs(1)
    if (pair.a.view.serving && pair.b.view.serving) story.bothMs += 1
    const met = pair.side(standby).view.online
    if (met) story.metAtMs = Math.min(story.metAtMs, downMs + ms + 1)
  }
  assert.ok(pair.a.view.online && pair.b.view.online)
  return story
}

describe('extended wire, two heartbeats to a peerTimeout, a Standby that starts again at any ms', () => {
  for (const crashMs of [0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99]) {
    it(`gone at ${crashMs} ms it is met before it takes the role, under availability, also if two words of it are lost`, () => {
      for (const downMs of [2, 20, 35, 70, 140]) {
        for (const lostMs of [0, 3, 10, 30, 60]) {
          const { bothMs, metAtMs } = restartsStandby(crashMs, downMs, lostMs)
          const story = `for ${downMs} ms, unheard for ${lostMs} ms`
          assert.equal(bothMs, 0, story)
          if (downMs < 40 && lostMs < 40) {
            assert.ok(metAtMs < 2.5 * HEARTBEAT_MS, `${story}: met when the other one is lost, not after ${metAtMs} ms`)
          }
        }
      }
    })
  }
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
