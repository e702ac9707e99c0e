/**
 * An attacker who recorded everything that the two ever said and says it again, all the time: before, during and after
 * restarts of either side. Each story is played twice, with and without him; what the two do has to be the same.
 */
import assert from 'node:assert/strict'
import { seededRandom } from '../../harness/random'
import { SIDES, type SideName } from '../../harness/network'
import { TestPair } from '../../harness/pair'
import type { RandomInt } from '../../../src/protocol/machine'
import type { Policy } from '../../../src/protocol/settings'

const FRAMES = 105_000
const POLICIES: readonly Policy[] = ['availability', 'preferred', 'safety']
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

/** Every role taken, with its reason and epoch, in order. */
function roles(pair: TestPair): string[] {
  return pair.happenings.flatMap((h) =>
    h.kind === 'event' && h.event === 'role'
      ? [`${h.side} ${String(h.detail['role'])} ${h.reason} ${String(h.detail['epoch'])}`]
      : []
  )
}

function play(policy: Policy, attacked: boolean): { readonly pair: TestPair; readonly replayed: number } {
  const pair = new TestPair({ settings: { policy }, a: { settings: { priority: 200 } } })
  const random = seededRandom(17)
  let replayed = 0
  tell(pair, (ms) => {
    for (let i = 0; i < ms; i++) {
      for (const side of attacked ? SIDES : []) replayed += replaySome(pair, side, random)
      pair.advanceMs(1)
    }
  })
  return { pair, replayed }
}

function replaySome(pair: TestPair, side: SideName, random: RandomInt): number {
  const all = pair.network.recorded(side)
  const chosen = Array.from({ length: FRAMES_PER_MS }, () => all[random(Math.max(1, all.length))])
  for (const datagram of chosen) if (datagram !== undefined) pair.network.inject(pair.nowMs, datagram)
  return all.length === 0 ? 0 : FRAMES_PER_MS
}

describe('extended wire, recorded frames', () => {
  for (const policy of POLICIES) {
    const count = (FRAMES / POLICIES.length).toLocaleString('en')
    it(`${policy}: ${count} of them, before, during and after restarts, change no role`, function () {
      this.timeout(30_000)
      const alone = play(policy, false).pair
      const { pair, replayed } = play(policy, true)
      assert.ok(replayed >= FRAMES / POLICIES.length, `${replayed} replayed`)
      assert.ok(roles(alone).length > 8)
      assert.deepEqual(roles(pair), roles(alone))
      assert.equal(pair.overlapMs, alone.overlapMs)
    })
  }
})
