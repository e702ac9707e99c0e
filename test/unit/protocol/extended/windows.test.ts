/**
 * Windows of a few milliseconds in which a link may fail. The simulation meets such an instant by chance; here a story is
 * told once for each of them, and never may two serve.
 */
import assert from 'node:assert/strict'
import { TestPair, type Happening, type PairOptions } from '../../../support/machine/pair'
import { otherSide, SIDES, type SideName } from '../../../support/machine/network'
import type { Side } from '../../../support/machine/side'
import { share } from '../../../support/share'
import type { Frame } from '../../../../src/protocol/wire/frame'
import type { PairSettings } from '../../../../src/protocol/settings'

/** B is the preferred side, and Active; the two have met. */
function met(settings: Partial<PairSettings> = {}, options: PairOptions = {}): TestPair {
  const pair = new TestPair({
    ...options,
    settings: { policy: 'preferred', ...settings },
    a: { settings: { priority: 50 } },
    b: { settings: { priority: 200 } }
  })
  pair.start()
  pair.advanceUntil('settled', () => pair.isSettled(), 10_000)
  pair.advanceMs(500)
  assert.equal(pair.b.role, 'active')
  return pair
}

let tethers = 0

/** Each side has a tether to the other one: what it is told of it is told by hand here. Returns their ids. */
function tie(pair: TestPair): Readonly<Record<SideName, number>> {
  const ids = { a: (tethers += 1), b: (tethers += 1) }
  for (const name of SIDES) {
    const { session, peerSession } = pair.side(name).view
    pair.side(name).step(pair.nowMs, { kind: 'tether', id: ids[name], session, peerSession, provable: true })
  }
  return ids
}

/**
 * The process of `name` dies, now. So much later the other side has read its tether's FIN, and 1 ms after that its dial is refused,
 * whatever has become of the network by then, and of the process.
 */
function dies(pair: TestPair, name: SideName, ids: Readonly<Record<SideName, number>>, finAfterMs: number): Then {
  const survivor = pair.side(otherSide(name))
  const id = ids[otherSide(name)]
  pair.powerOff(name)
  const then = new Then(pair)
  then.at(finAfterMs, () => survivor.step(pair.nowMs, { kind: 'tetherEnded', id, fin: true }))
  then.at(finAfterMs + 1, () => survivor.step(pair.nowMs, { kind: 'redialled', id, refused: true }))
  return then
}

/** What is to happen at which ms of a story, in any order of writing. */
class Then {
  readonly #pair: TestPair
  readonly #begunMs: number
  readonly #due: { readonly atMs: number; readonly act: () => void }[] = []

  constructor(pair: TestPair) {
    this.#pair = pair
    this.#begunMs = pair.nowMs
  }

  at(ms: number, act: () => void): this {
    this.#due.push({ atMs: this.#begunMs + ms, act })
    return this
  }

  run(forMs: number): void {
    for (const { atMs, act } of this.#due.toSorted((x, y) => x.atMs - y.atMs)) {
      this.#pair.advanceMs(atMs - this.#pair.nowMs)
      act()
    }
    this.#pair.advanceMs(this.#begunMs + forMs - this.#pair.nowMs)
  }
}

/** The other side has proven that this one has crashed, and serves. */
function proven(pair: TestPair, name: SideName): void {
  dies(pair, name, tie(pair), 0).run(3000)
  const survivor = pair.side(otherSide(name))
  assert.deepEqual([survivor.view.serving, survivor.view.leaseUntilMs], [true, Infinity])
}

const eachOf = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step)
/** The instants of a window: each one in the whole, every twelfth one and the last in the share. */
const range = (from: number, to: number, step = 1): number[] =>
  eachOf(from, to, step).filter((_, i, { length }) => i % share(12, 1) === 0 || i === length - 1)

/** Which way nothing passes. */
const CUTS = {
  'nothing is cut': () => {},
  'cut both ways': (pair: TestPair) => pair.cutLink(),
  'what the survivor says is lost': (pair: TestPair) => pair.cutOneWay('a'),
  'what the other one says is lost': (pair: TestPair) => pair.cutOneWay('b')
} as const satisfies Readonly<Record<string, (pair: TestPair) => void>>

/** From now on nothing that `first` sends arrives; so much later, nothing at all. */
function cutOneByOne(pair: TestPair, first: SideName, laterMs: number): void {
  pair.cutOneWay(first)
  pair.advanceMs(laterMs)
  pair.cutLink()
}

/** A heartbeat of 50 ms and a peerTimeout of 400 ms: 354 ms of lease. */
const QUICK = { heartbeatMs: 50, peerTimeoutMs: 400 } as const

/** This side has the role. */
function hand(pair: TestPair, name: SideName): void {
  if (pair.side(name).role !== 'active') pair.designate(name, 'active')
  pair.advanceUntil(`${name} serves`, () => pair.side(name).view.serving, 2000)
  pair.advanceMs(200)
  assert.equal(pair.isSettled(), true)
}

function believed(pair: TestPair, name: SideName): boolean {
  return pair.events(name).some((event) => event.endsWith(' peer-crashed'))
}

/** For its next start. */
function reconfigure(side: Side, settings: Partial<PairSettings>): void {
  const changeable: { settings: PairSettings } = side
  changeable.settings = { ...side.settings, ...settings }
}

function lastFrame(pair: TestPair, name: SideName): Frame | undefined {
  const isSent = (h: Happening): h is Extract<Happening, { kind: 'sent' }> => h.kind === 'sent' && h.side === name
  return pair.happenings.findLast(isSent)?.frame
}

function assertNeverTwo(pair: TestPair, story: string): void {
  const overlap = pair.happenings.find((h) => h.kind === 'overlap')
  assert.equal(overlap, undefined, `${story}: two serve at ${overlap?.atMs} ms`)
}

describe('extended wire, windows: preferred', function () {
  this.timeout(60_000)

  for (const first of ['a', 'b'] as const) {
    for (const speaks of ['a', 'b'] as const) {
      it(`the preferred side comes back after a goodbye, ${speaks} speaks first, and what ${first} says is lost from some instant on`, () => {
        for (let atMs = 0; atMs <= 10; atMs++) {
          for (const laterMs of [0, 1, 300, 1200]) {
            const pair = met()
            pair.goodbye('b')
            pair.advanceMs(3000)
            assert.equal(pair.a.view.serving, true)
            if (speaks === 'a') pair.cutOneWay('b')
            pair.start('b')
            const known = pair.network.recorded('a').length
            if (speaks === 'a') pair.advanceUntil('a speaks', () => pair.network.recorded('a').length > known, 4000)
            pair.healLink()
            pair.advanceMs(atMs)
            cutOneByOne(pair, first, laterMs)
            pair.advanceMs(6000)
            assertNeverTwo(pair, `cut after ${atMs} ms, wholly ${laterMs} ms later`)
          }
        }
      })
    }

    it(`the preferred side opens its socket long after a crash, and what ${first} says is lost from some instant on`, () => {
      for (let atMs = 0; atMs <= 10; atMs++) {
        for (const laterMs of [0, 1, 150]) {
          const pair = met(QUICK)
          proven(pair, 'b')
          pair.start('b')
          pair.openLink('b', 0, false)
          pair.advanceMs(5000)
          assert.equal(pair.a.view.serving, true, 'nobody listens there yet')
          pair.openLink('b', 0, true)
          pair.advanceMs(atMs)
          cutOneByOne(pair, first, laterMs)
          pair.advanceMs(6000)
          assertNeverTwo(pair, `cut after ${atMs} ms, wholly ${laterMs} ms later`)
        }
      }
    })

    it(`the preferred side comes back after a crash, and what ${first} says is lost from some instant on`, () => {
      for (const backAfterMs of [10, 60, 3000]) {
        for (const atMs of [...range(0, 12), ...range(45, 60), ...range(95, 160, 5)]) {
          for (const laterMs of [0, 1, 150]) {
            const pair = met(QUICK)
            dies(pair, 'b', tie(pair), 0)
              .at(backAfterMs, () => pair.start('b'))
              .run(backAfterMs + atMs)
            cutOneByOne(pair, first, laterMs)
            pair.advanceMs(3000)
            assertNeverTwo(pair, `back after ${backAfterMs} ms, cut ${atMs} ms later, wholly ${laterMs} ms after that`)
          }
        }
      }
    })
  }

  for (const role of ['active', 'standby'] as const) {
    for (const [cut, does] of Object.entries(CUTS)) {
      it(`the preferred side is ${role}, crashes and is started again at each ms, ${cut}: never do two serve`, () => {
        let used = 0
        for (const finAfterMs of [0, 20, 300, 345]) {
          for (const backAfterMs of [...range(0, 40), 60, 150, 300, 350, 400, 800]) {
            const pair = met(QUICK)
            if (role === 'standby') hand(pair, 'a')
            const story = `FIN after ${finAfterMs} ms, back after ${backAfterMs} ms`
            const then = dies(pair, 'b', tie(pair), finAfterMs)
            does(pair)
            then.at(backAfterMs, () => pair.start('b')).run(3000)
            assertNeverTwo(pair, story)
            if (believed(pair, 'a')) used += 1
            pair.healLink()
            pair.advanceUntil(`${story}: settled`, () => pair.isSettled(), 3000)
            assertNeverTwo(pair, `${story}, whole again`)
          }
        }
        assert.ok(used > 20, `the proof was complete ${used} times only`)
      })
    }
  }

  it('it crashes at each ms around its first contact, when its mark may be on its disk or not, and comes back cut off', () => {
    const serves = { survivor: 0, other: 0, nobody: 0 }
    for (const disk of ['works', 'fails'] as const) {
      for (const crashAfterMs of eachOf(0, 160)) {
        const pair = met(QUICK)
        pair.powerOff('a')
        pair.advanceMs(1000)
        assert.equal(pair.b.disk?.online, false, 'its peer was away for long')
        pair.b.diskLatencyMs = 40
        pair.b.diskState = disk
        pair.start('a')
        pair.advanceMs(crashAfterMs)
        const story = `its disk ${disk}, it crashes ${crashAfterMs} ms after the other one started`
        if (pair.a.view.peerSession === 0n || pair.b.view.peerSession === 0n) continue
        const then = dies(pair, 'b', tie(pair), 0)
        pair.cutLink()
        pair.b.diskState = 'works'
        then.at(1, () => pair.start('b')).run(3000)
        assertNeverTwo(pair, story)
        // Nobody does where the mark is on disk and the survivor was not told yet.
        serves[pair.a.view.serving ? 'survivor' : pair.b.view.serving ? 'other' : 'nobody'] += 1
      }
    }
    assert.ok(serves.survivor > 10 && serves.other > 100 && serves.nobody > 0, JSON.stringify(serves))
  })

  it('what the other one says is lost for so long that its mark is cleared, and it crashes at each ms around that', () => {
    for (const silentMs of [...range(0, 20), ...range(300, 460, 4), 1000]) {
      const pair = met(QUICK)
      const ids = tie(pair)
      pair.cutOneWay('a')
      pair.advanceMs(silentMs)
      const then = dies(pair, 'b', ids, 0)
      pair.cutLink()
      then.at(2, () => pair.start('b')).run(3000)
      assertNeverTwo(pair, `crashed after ${silentMs} ms`)
    }
  })

  it('of two links of the preferred side one stays closed after a crash, and the other one is cut', () => {
    const pair = met({}, { links: 2 })
    proven(pair, 'b')
    pair.cutLink(1)
    pair.start('b')
    pair.openLink('b', 0, false)
    pair.advanceMs(10_000)
    assertNeverTwo(pair, 'link 0 is closed, link 1 is cut')
    assert.equal(pair.a.view.serving, true)
    assert.equal(pair.b.view.aloneBar, 'peer-may-serve')
  })

  it('a link of the preferred side that never opens does not keep it from serving alone, once it was in contact', () => {
    const pair = met({}, { links: 2 })
    pair.crash('b')
    pair.advanceMs(3000)
    pair.start('b')
    pair.openLink('b', 1, false)
    pair.advanceMs(3000)
    assert.equal(pair.isSettled(), true)
    pair.powerOff('a')
    pair.advanceMs(4000)
    assert.equal(pair.b.view.serving, true)
  })

  it('the preferred side closes its links, one by one, and serves on: a lost path is no reason to stop', () => {
    for (const left of [true, false]) {
      const pair = met({}, { links: 2 })
      if (left) pair.goodbye('a')
      pair.advanceMs(3000)
      for (const link of [0, 1]) {
        pair.openLink('b', link, false)
        for (let ms = 0; ms < 3000; ms += 10) {
          assert.equal(pair.b.view.serving, true)
          pair.advanceMs(10)
        }
      }
      assertNeverTwo(pair, left ? 'alone' : 'with a peer that must not think it dead')
      assert.equal(pair.a.isUp && pair.a.view.serving, false)
    }
  })

  it('one link is cut for long, and the preferred Active closes the other one for good', () => {
    const pair = met({}, { links: 2 })
    pair.cutLink(1)
    pair.advanceMs(5000)
    pair.crash('a')
    pair.advanceMs(100)
    pair.start('a')
    pair.advanceMs(3000)
    assert.equal(pair.isSettled(), true)
    pair.openLink('b', 0, false)
    pair.advanceMs(10_000)
    assertNeverTwo(pair, 'link 0 is closed, link 1 is cut')
    assert.equal(pair.b.view.serving, true)
    pair.openLink('b', 0, true)
    pair.advanceUntil('settled', () => pair.isSettled(), 10_000)
    assertNeverTwo(pair, 'whole again')
  })

  it('the preferred side comes back after a goodbye, is heard before it hears, and the other one serves on', () => {
    const pair = met()
    pair.goodbye('b')
    pair.advanceMs(3000)
    pair.cutOneWay('b')
    pair.start('b')
    const known = pair.network.recorded('a').length
    pair.advanceUntil('a speaks', () => pair.network.recorded('a').length > known, 4000)
    pair.healLink()
    const epoch = pair.a.view.epoch
    for (let i = 0; i < 3000; i++) {
      pair.advanceMs(1)
      assert.equal(pair.a.serves(pair.nowMs), true)
    }
    assert.ok(pair.a.view.epoch >= epoch)
    assert.equal(pair.isSettled(), true)
  })
})

describe('extended wire, windows: exclusive', function () {
  this.timeout(60_000)

  for (const who of ['a', 'b'] as const) {
    for (const [cut, does] of Object.entries(CUTS)) {
      it(`${who}, of two that are alike, crashes and is started again at each ms, ${cut}: never do two serve, and one does after a proof`, () => {
        for (const role of ['active', 'standby'] as const) {
          for (const finAfterMs of [0, 20]) {
            for (const backAfterMs of [...range(0, 40, 2), 150, 600, 2000]) {
              const pair = met({ ...QUICK, policy: 'exclusive' })
              hand(pair, role === 'active' ? who : otherSide(who))
              const story = `${role}, FIN after ${finAfterMs} ms, back after ${backAfterMs} ms`
              const then = dies(pair, who, tie(pair), finAfterMs)
              does(pair)
              then.at(backAfterMs, () => pair.start(who)).run(3000)
              assertNeverTwo(pair, story)
              const survivor = otherSide(who)
              if (believed(pair, survivor)) assert.equal(pair.side(survivor).view.serving, true, `${story}: it serves`)
              pair.healLink()
              pair.advanceMs(1500)
              assertNeverTwo(pair, `${story}, whole again`)
            }
          }
        }
      })
    }
  }

  it('beside a peer of another policy, without a disk, which takes the role alone when it comes back, a proof gives no right', () => {
    for (const backAfterMs of [1, 30, 500]) {
      const pair = new TestPair({
        settings: { ...QUICK },
        a: { settings: { policy: 'exclusive', priority: 200 } },
        b: { settings: { policy: 'availability', priority: 50 } }
      })
      pair.b.diskState = 'fails'
      pair.start()
      pair.advanceUntil('settled', () => pair.isSettled(), 10_000)
      hand(pair, 'a')
      const then = dies(pair, 'b', tie(pair), 0)
      pair.cutLink()
      then.at(backAfterMs, () => pair.start('b')).run(5000)
      assert.equal(pair.b.view.serving, true)
      assertNeverTwo(pair, `back after ${backAfterMs} ms`)
    }
  })
})

describe('extended wire, windows: what is promised', function () {
  this.timeout(60_000)

  for (const policy of ['preferred', 'exclusive'] as const) {
    for (const disk of ['fails', 'hangs'] as const) {
      it(`${policy}: a peerTimeout that grows tenfold and shrinks again on a disk that ${disk}, then a cut at each ms: never do two serve`, () => {
        for (const atMs of [...range(0, 60), ...range(70, 700, 30)]) {
          const pair = met({ ...QUICK, policy })
          hand(pair, 'a')
          pair.b.diskState = disk
          for (const peerTimeoutMs of [4000, 400]) {
            pair.crash('b')
            reconfigure(pair.b, { peerTimeoutMs })
            pair.start('b')
            if (peerTimeoutMs === 4000) pair.advanceMs(2000)
          }
          pair.advanceMs(atMs)
          pair.cutLink()
          pair.advanceMs(9000)
          assertNeverTwo(pair, `cut after ${atMs} ms`)
        }
      })
    }
  }

  for (const disk of ['fails', 'hangs'] as const) {
    it(`preferred: the same on a disk that ${disk} when it had no mark either, and comes back cut off at each ms`, () => {
      for (const atMs of range(0, 100, 4)) {
        const pair = met(QUICK)
        pair.powerOff('a')
        pair.advanceMs(1000)
        assert.equal(pair.b.disk?.online, false)
        pair.b.diskState = disk
        pair.crash('b')
        reconfigure(pair.b, { peerTimeoutMs: 4000 })
        pair.start()
        pair.advanceUntil('a serves', () => pair.a.view.serving && pair.b.view.online, 9000)
        pair.advanceMs(500 + atMs)
        pair.crash('b')
        pair.cutLink()
        reconfigure(pair.b, { peerTimeoutMs: 400 })
        pair.b.diskState = 'works'
        pair.start('b')
        pair.advanceMs(9000)
        assertNeverTwo(pair, `cut after ${atMs} ms`)
        assert.equal(pair.b.view.serving, true)
      }
    })
  }

  it('what is announced is on disk, whatever the other side and its settings ask for', () => {
    const pair = met({ ...QUICK })
    hand(pair, 'a')
    pair.b.diskState = 'fails'
    pair.crash('a')
    reconfigure(pair.a, { peerTimeoutMs: 4000 })
    pair.advanceMs(100)
    pair.start('a')
    pair.advanceMs(3000)
    const announced = (): number | undefined => lastFrame(pair, 'b')?.trailer?.promisedMs
    assert.equal(pair.b.disk?.promisedMs, 400)
    assert.equal(announced(), 400)
    pair.crash('b')
    reconfigure(pair.b, { peerTimeoutMs: 6000 })
    pair.start('b')
    pair.advanceMs(9000)
    assert.equal(announced(), 400)
    pair.b.diskState = 'works'
    pair.advanceMs(9000)
    assert.equal(pair.b.disk?.promisedMs, 6000)
    assert.equal(announced(), 6000)
  })
})
