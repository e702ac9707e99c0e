/**
 * An attacker who recorded everything that the two ever said and says it again, all the time: before, during and after
 * restarts of either side. Each story is played twice, with and without him; what the two do has to be the same.
 */
import assert from 'node:assert/strict'
import { seededRandom } from '../../../support/random'
import { type Datagram, SIDES } from '../../../support/machine/network'
import { TestPair } from '../../../support/machine/pair'
import { testSettings } from '../../../support/machine/settings'
import type { Policy } from '../../../../src/protocol/settings'
import { share } from '../../../support/share'

const FRAMES = share(36_000, 105_000)
const POLICIES: readonly Policy[] = ['availability', 'preferred', 'exclusive']
const FRAMES_PER_MS = 4

/** Lets time pass; with an attacker, recorded frames of both sides arrive in every ms of it. */
type Live = (ms: number) => void

function tell(pair: TestPair, live: Live): void {
  pair.start()
  live(1500)
  pair.designate('a', 'swap')
  live(1000)
  for (const side of ['b', 'a', 'b'] as const) {
    pair.crash(side)
    live(700)
    pair.start(side)
    live(1800)
  }
  pair.goodbye('a')
  live(300)
  pair.start('a')
  live(1500)
  pair.powerOff('b')
  live(1500)
  pair.start('b')
  live(1500)
}

/**
 * Every role taken, with its reason, in order, and the epochs of those that served. Which epoch of its peer a Standby has heard of
 * when it names its role is a matter of which of the two speaks first.
 */
function roles(pair: TestPair): string[] {
  return pair.happenings.flatMap((h) => {
    if (h.kind !== 'event' || h.event !== 'role') return []
    const { role, epoch } = h.detail
    return [[h.side, role, h.reason, ...(role === 'active' ? [String(epoch)] : [])].join(' ')]
  })
}

function play(
  policy: Policy,
  tethers: boolean,
  attacked: boolean
): { readonly pair: TestPair; readonly replayed: number } {
  const pair = new TestPair({ settings: { policy }, a: { settings: { priority: 200 } }, tethers })
  const random = seededRandom(17)
  let replayed = 0
  tell(pair, (ms) => {
    for (let i = 0; i < ms; i++) {
      for (const side of attacked ? SIDES : []) {
        replayed += replay(pair, pair.network.recorded(side), FRAMES_PER_MS, random)
      }
      pair.advanceMs(1)
    }
  })
  return { pair, replayed }
}

/** So many frames of a recording, now. Returns how many there were. */
function replay(
  pair: TestPair,
  recording: readonly Datagram[],
  count: number,
  choose: (among: number, i: number) => number
): number {
  if (recording.length === 0) return 0
  for (let i = 0; i < count; i++) {
    const datagram = recording[choose(recording.length, i)]
    if (datagram !== undefined) pair.network.inject(pair.nowMs, datagram)
  }
  return count
}

describe('extended wire, recorded frames', () => {
  for (const [i, policy] of POLICIES.entries()) {
    for (const tethers of share([i % 2 === 0], [true, false])) {
      const count = (FRAMES / POLICIES.length).toLocaleString('en')
      it(`${policy}, ${tethers ? 'with' : 'without'} tethers: ${count} of them, before, during and after restarts, change no role`, function () {
        this.timeout(60_000)
        const alone = play(policy, tethers, false).pair
        const { pair, replayed } = play(policy, tethers, true)
        assert.ok(replayed >= FRAMES / POLICIES.length, `${replayed} replayed`)
        assert.ok(roles(alone).length > 8)
        assert.equal(roles(alone).join().includes('peer-crashed'), tethers)
        assert.deepEqual(roles(pair), roles(alone))
        assert.deepEqual([pair.a.view.epoch, pair.b.view.epoch], [alone.a.view.epoch, alone.b.view.epoch])
        assert.equal(pair.overlapMs, alone.overlapMs)
        for (const side of SIDES) {
          const told = pair
            .events(side)
            .filter((event) => /second-peer|restored-copy|rolled-back|proof-wrong/.test(event))
          assert.deepEqual(told, [])
        }
      })
    }
  }

  it('two that were cut off, both started anew, meet within a heartbeat and some round trips, whatever is replayed meanwhile', function () {
    this.timeout(30_000)
    const heartbeatMs = 1000
    for (let seed = 0; seed < 20; seed++) {
      const pair = new TestPair({ settings: { policy: 'availability', heartbeatMs, peerTimeoutMs: 3 * heartbeatMs } })
      pair.start()
      pair.advanceMs(10_000)
      // Sessions to record: each side starts again and again while the other one runs.
      for (let i = 0; i < 6; i++) {
        pair.restart(i % 2 === 0 ? 'a' : 'b')
        pair.advanceMs(5000)
      }
      pair.cutLink()
      pair.restart('a')
      pair.restart('b')
      pair.advanceMs(20_000 + 37 * seed)
      assert.deepEqual(pair.roles(), ['active', 'active'])
      const recordings = new Map(SIDES.map((side) => [side, [...pair.network.recorded(side)]]))
      pair.healLink()
      const random = seededRandom(seed)
      const healedAtMs = pair.nowMs
      while (pair.a.role === pair.b.role) {
        for (const side of SIDES) replay(pair, recordings.get(side) ?? [], 1, random)
        pair.advanceMs(1)
        const forMs = pair.nowMs - healedAtMs
        assert.ok(forMs <= heartbeatMs + 10, `seed ${seed}: both still serve after ${forMs} ms`)
      }
    }
  })

  for (const deaf of [true, false]) {
    const how = deaf ? 'it heard nothing' : 'it heard on'
    it(`what a session said while it was not heard (${how}), replayed slowly after its restart, keeps the new one out for no longer than a round trip`, () => {
      const heartbeatMs = 100
      const pair = new TestPair({ settings: { policy: 'availability', heartbeatMs, peerTimeoutMs: 3 * heartbeatMs } })
      pair.start()
      pair.advanceMs(5000)
      if (pair.a.role !== 'active') pair.designate('a', 'active')
      pair.advanceMs(1000)
      const said = pair.network.recorded('b').length
      if (deaf) pair.cutLink()
      else pair.network.cut('b', null)
      pair.advanceMs(5000)
      const withheld = pair.network.recorded('b').slice(said)
      pair.cutLink()
      pair.restart('b')
      pair.advanceMs(2000)
      assert.deepEqual(pair.roles(), ['active', 'active'])
      const next = (): void => {
        const datagram = withheld.shift()
        assert.ok(datagram)
        pair.network.inject(pair.nowMs, datagram)
      }
      next()
      pair.advanceMs(heartbeatMs)
      pair.healLink()
      const healedAtMs = pair.nowMs
      while (pair.a.role === pair.b.role) {
        next()
        pair.advanceMs(heartbeatMs / 4)
        const forMs = pair.nowMs - healedAtMs
        assert.ok(forMs <= 1.5 * heartbeatMs, `both still serve after ${forMs} ms`)
      }
    })
  }

  for (const alone of [false, true]) {
    it(`${alone ? 'without' : 'with'} contact, openings that are replayed 4,000 times a second make a side send little`, () => {
      const sent = [false, true].map((attacked) => {
        const pair = new TestPair()
        pair.start()
        pair.advanceMs(3000)
        const known = [...pair.network.recorded('b')]
        pair.restart('b')
        pair.advanceMs(5000)
        if (alone) pair.powerOff('b')
        pair.advanceMs(5000)
        const before = pair.network.recorded('a').length
        const perMs = attacked ? FRAMES_PER_MS : 0
        for (let i = 0; i < 10_000; i++) {
          replay(pair, known, perMs, (among, k) => (perMs * i + k) % among)
          pair.advanceMs(1)
        }
        return pair.network.recorded('a').length - before
      })
      const more = (sent[1] ?? 0) - (sent[0] ?? 0)
      const most = alone ? 2 * (32 + 10 * 500) : 2 * (6 + (8 * 10_000) / testSettings({}).heartbeatMs)
      assert.ok(more > most / 4 && more <= most, `${more} frames more`)
    })
  }

  it('a peer that starts anew is heard within two heartbeats by a side that others’ openings keep busy, and at once when the old one was silent', () => {
    const heartbeatMs = 1000
    const pair = new TestPair({ settings: { heartbeatMs, peerTimeoutMs: 10 * heartbeatMs } })
    pair.start()
    pair.advanceMs(30_000)
    // What b says does not echo any session of a while a is away.
    pair.crash('a')
    pair.advanceMs(30_000)
    const strangers = pair.network.recorded('b').slice(-10)
    pair.restart('b')
    pair.start('a')
    pair.advanceMs(30_000)
    assert.equal(pair.isSettled(), true)
    const flood = (): void => {
      replay(pair, strangers, FRAMES_PER_MS, (among, k) => k % among)
      pair.advanceMs(1)
    }
    for (let i = 0; i < 100; i++) flood()
    const online = (): number => {
      const startedAtMs = pair.nowMs
      while (!pair.b.view.online) {
        flood()
        assert.ok(pair.nowMs - startedAtMs <= 3 * heartbeatMs, 'not heard yet')
      }
      return pair.nowMs - startedAtMs
    }
    pair.restart('b')
    assert.ok(online() <= 2 * heartbeatMs + 50)
    for (let i = 0; i < 100; i++) flood()
    pair.powerOff('b')
    for (let i = 0; i < 2 * heartbeatMs; i++) flood()
    pair.start('b')
    assert.ok(online() <= heartbeatMs / 4)
  })
})
