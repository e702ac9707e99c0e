/** What the gate `resume` promises, whatever happens: two gates, one source, two paths of their own delay. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Order } from '../../../src/rules/resume'
import { WHOLE } from '../../support/share'
import { nameOf, TERMS, World, type Item } from './resume-world'

type Act =
  | {
      readonly kind: 'item'
      readonly topic: number
      /** Numbers that the source leaves out before this one. */
      readonly gap: number
      readonly delayA: number
      readonly delayB: number
      readonly lost: 'a' | 'b' | null
      readonly copies: number
    }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'swap'; readonly ms: number }
  | { readonly kind: 'crash'; readonly lostMs: number; readonly noticedMs: number }
  | { readonly kind: 'again'; readonly topic: number }
  | { readonly kind: 'restart' | 'deploy' | 'down' | 'up' }

const TOPICS = 3
/** More than what two hosts can differ by. */
const FAR = 100_000
/** Longest delay of one path beyond that of the other, apart from a skew that lasts. */
const DELAY_MS_MAX = 40
/** In `npm test` the same ones each time; in the whole others each time. */
const runs = <T>(few: number, seed = 1): fc.Parameters<T> => (WHOLE ? { numRuns: 1000 } : { numRuns: few, seed })
/** A host crashes, starts again, and its peer crashes before the two are in step. */
const BOTH_IN_TURN: readonly Act[] = [
  { kind: 'crash', lostMs: 0, noticedMs: 0 },
  { kind: 'restart' },
  { kind: 'crash', lostMs: 5, noticedMs: 0 }
]

const item = fc.record({
  kind: fc.constant('item' as const),
  topic: fc.nat(TOPICS - 1),
  gap: fc.constantFrom(0, 0, 0, 0, 1, 40),
  delayA: fc.constantFrom(0, 1, 3, 10, DELAY_MS_MAX),
  delayB: fc.constantFrom(0, 1, 3, 10, DELAY_MS_MAX),
  lost: fc.constantFrom(null, null, null, null, null, 'a' as const, 'b' as const),
  copies: fc.constantFrom(0, 0, 0, 1)
})
const advance = fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(1, 1, 2, 5, 20) })
const swap = fc.record({ kind: fc.constant('swap' as const), ms: fc.constantFrom(0, 2, 30) })
const again = fc.record({ kind: fc.constant('again' as const), topic: fc.nat(TOPICS - 1) })
const deploy = fc.record({ kind: fc.constant('deploy' as const) })

const calmActs: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    { weight: 12, arbitrary: item },
    { weight: 6, arbitrary: advance },
    { weight: 2, arbitrary: swap },
    { weight: 1, arbitrary: again },
    { weight: 1, arbitrary: deploy }
  ),
  { maxLength: 80, size: 'max' }
)
const wildActs: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    { weight: 24, arbitrary: item },
    { weight: 12, arbitrary: advance },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(200, 1500, 4500) })
    },
    { weight: 2, arbitrary: swap },
    { weight: 1, arbitrary: again },
    { weight: 1, arbitrary: deploy },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('crash' as const),
        lostMs: fc.constantFrom(0, 2, 5),
        noticedMs: fc.constantFrom(0, 5, 30)
      })
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'down', 'up', 'up') }) }
  ),
  { maxLength: 120, size: 'max' }
)

interface Sent {
  readonly name: string
  readonly topic: number
  readonly series: number
  readonly number: number
}

interface Options {
  readonly order?: Order
  /** The source says its series; else it begins anew with smaller numbers only. */
  readonly withSeries?: boolean
  readonly keep?: number
  /** How much later everything comes to b than to a. */
  readonly skewMs?: number
  readonly bytesMax?: number
  /** It has served for so long that it is sure. */
  readonly settled?: boolean
}

class Story {
  readonly world: World
  readonly sent: Sent[] = []
  /** Instants at which a message came to a side, and whether that side died later. */
  readonly arrivals = new Map<string, { a: Arrival[]; b: Arrival[] }>()
  readonly #withSeries: boolean
  #jumps = 1
  readonly #skewMs: number
  readonly #series = Array.from({ length: TOPICS }, () => 0)
  /** Of the latest count: sent last. */
  readonly #highest = Array.from({ length: TOPICS }, () => 0)
  readonly #next = Array.from({ length: TOPICS }, () => 0)

  constructor({
    order = 'complete',
    withSeries = true,
    keep = 10_000,
    skewMs = 0,
    bytesMax = Infinity,
    settled = false
  }: Options) {
    this.world = new World({ order, keep, ...(withSeries ? {} : { series: '' }) })
    this.world.cable.bytesMax = bytesMax
    this.#withSeries = withSeries
    this.#skewMs = skewMs
    this.world.serve(this.world.a)
    if (settled) this.world.time.advanceMs(TERMS.keepForMs)
    // A lag is to be seen before it can count.
    for (let n = 0; n < 20; n++) {
      this.act({ kind: 'item', topic: n % TOPICS, gap: 0, delayA: 1, delayB: 1, lost: null, copies: 0 })
      this.act({ kind: 'advance', ms: 60 + skewMs / 4 })
    }
  }

  act(each: Act): void {
    const { world } = this
    switch (each.kind) {
      case 'item':
        return this.#emit(each)
      case 'advance':
        return world.time.advanceMs(each.ms)
      case 'swap':
        return world.swap(each.ms)
      case 'crash':
        return world.crash(each.lostMs, each.noticedMs)
      case 'again':
        return this.#beginAgain(each.topic)
      case 'restart':
        return world.restart()
      case 'deploy':
        return world.active.alive ? world.deploy(world.active) : undefined
      case 'down':
        return world.cable.cut(3)
      case 'up':
        return world.a.alive && world.b.alive ? world.cable.connect() : undefined
    }
  }

  /** All comes to its end, with the peer there. */
  end(): void {
    const { world } = this
    world.restart()
    world.cable.connect()
    world.time.advanceMs(500 + this.#skewMs)
    world.swap()
    world.time.advanceMs(500 + this.#skewMs)
  }

  /**
   * Without a series the numbers have to fall by more than `keep`, so every other time they rise by as much first; and what was under way is
   * there by then: two hosts may differ by `keep` numbers.
   */
  #beginAgain(topic: number): void {
    const isNew = this.#withSeries || (this.#highest[topic] ?? 0) > FAR
    if (!this.#withSeries) this.world.time.advanceMs(DELAY_MS_MAX + this.#skewMs + 10)
    this.#next[topic] = isNew ? 0 : ++this.#jumps * FAR
    if (isNew) this.#series[topic] = (this.#series[topic] ?? 0) + 1
    if (isNew) this.#highest[topic] = 0
  }

  #emit({ topic, gap, delayA, delayB, lost, copies }: Extract<Act, { kind: 'item' }>): void {
    const number = (this.#next[topic] ?? 0) + gap
    const series = this.#series[topic] ?? 0
    const before = this.#highest[topic] ?? 0
    this.#next[topic] = number + 1
    this.#highest[topic] = number
    const msg: Item = { topic, seq: number, ...(this.#withSeries ? { batch: { run: series } } : {}), at: series }
    const name = `${nameOf(topic, msg.batch, number)} ${series}`
    const leaps = !this.#withSeries && number - before > FAR / 2
    if (leaps) this.#calm()
    this.sent.push({ name, topic, series, number })
    this.arrivals.set(name, { a: [], b: [] })
    for (let copy = 0; copy <= copies; copy++) {
      if (leaps || lost !== 'a') this.#deliver('a', name, msg, delayA + 3 * copy)
      if (leaps || lost !== 'b') this.#deliver('b', name, msg, delayB + 7 * copy + this.#skewMs)
    }
    if (leaps) this.#calm()
  }

  /** Where no series says so, both have to see a leap: one that only one of them has seen looks like a new count to whoever is told of what was before. */
  #calm(): void {
    this.world.time.advanceMs(DELAY_MS_MAX + this.#skewMs + 30)
  }

  #deliver(to: 'a' | 'b', name: string, msg: Item, delayMs: number): void {
    this.world.time.after(delayMs, () => {
      const side = this.world[to]
      if (!side.alive) return
      this.arrivals.get(name)?.[to].push({ life: side.deaths })
      this.world.send(side, msg)
    })
  }

  timesPassed(name: string): number {
    return this.world.passes.filter(({ msg, name: passed }) => `${passed} ${msg.at}` === name).length
  }

  reached(name: string, side: 'a' | 'b'): boolean {
    return (this.arrivals.get(name)?.[side].length ?? 0) > 0
  }

  /** It came to a side that has not died since. */
  isKept(name: string, side: 'a' | 'b'): boolean {
    return this.arrivals.get(name)?.[side].some(({ life }) => life === this.world[side].deaths) ?? false
  }
}

interface Arrival {
  /** Which life of the host it was. */
  readonly life: number
}

const play = (options: Options, acts: readonly Act[]): Story => {
  const story = new Story(options)
  for (const each of acts) story.act(each)
  story.end()
  return story
}

const skews = fc.constantFrom(0, 5, 100, 3000)
const full = fc.constantFrom(Infinity, 30)

describe('two gates that resume, with planned swaps only', function () {
  this.timeout(WHOLE ? 600_000 : 60_000)

  for (const withSeries of [true, false]) {
    it(`nothing is missed and nothing passes twice, ${withSeries ? 'with' : 'without'} a series`, () => {
      fc.assert(
        fc.property(calmActs, skews, full, (acts, skewMs, bytesMax) => {
          const story = play({ withSeries, skewMs, bytesMax }, acts)
          for (const { name } of story.sent) {
            const times = story.timesPassed(name)
            assert.ok(times <= 1, `${name} passed ${times} times`)
            const both = story.reached(name, 'a') && story.reached(name, 'b')
            if (both) assert.equal(times, 1, `${name} missed`)
          }
        }),
        runs(40)
      )
    })
  }

  it('nothing is unsure, once the time after the first start is over', () => {
    fc.assert(
      fc.property(calmActs, (acts) => {
        const story = new Story({})
        story.world.time.advanceMs(TERMS.keepForMs + 1500)
        const before = story.world.passes.length
        for (const each of acts) story.act(each)
        story.end()
        assert.deepEqual(
          story.world.passes.slice(before).filter(({ unsure }) => unsure),
          []
        )
      }),
      runs(40)
    )
  })

  it('rising: never a smaller one after a larger, on whichever host; what does not pass leaves as late', () => {
    fc.assert(
      fc.property(calmActs, skews, (acts, skewMs) => {
        const story = play({ order: 'rising', skewMs }, acts)
        assertRising(story)
        for (const { name, topic, series, number } of story.sent) {
          if (!story.reached(name, 'a') || !story.reached(name, 'b')) continue
          const isLate = [story.world.a, story.world.b].some(({ diverted }) =>
            diverted.some(
              (msg) =>
                msg.topic === topic && msg.at === series && msg.seq === number && (msg.pair as { late?: true }).late
            )
          )
          assert.ok(story.timesPassed(name) === 1 || isLate, `${name} missed`)
        }
      }),
      runs(40)
    )
  })

  it('after the end nothing waits on either side that reached both', () => {
    fc.assert(
      fc.property(calmActs, skews, (acts, skewMs) => {
        const story = play({ skewMs }, acts)
        const onlyOne = story.sent.filter(({ name }) => story.reached(name, 'a') !== story.reached(name, 'b')).length
        assert.ok(story.world.a.gate.held + story.world.b.gate.held <= onlyOne)
      }),
      runs(40)
    )
  })
})

describe('two gates that resume, with crashes and a channel that comes and goes', function () {
  this.timeout(WHOLE ? 600_000 : 60_000)

  it('nothing is missed of what reached a host that lives on', () => {
    fc.assert(
      fc.property(wildActs, skews, full, (acts, skewMs, bytesMax) => {
        const story = play({ skewMs, bytesMax }, acts)
        for (const { name } of story.sent) {
          if (!story.isKept(name, 'a') && !story.isKept(name, 'b')) continue
          assert.ok(story.timesPassed(name) >= 1, `${name} missed`)
        }
      }),
      runs(60)
    )
  })

  it('nothing passes twice but what was untold, and that is unsure', () => {
    fc.assert(
      fc.property(wildActs, skews, fc.boolean(), (acts, skewMs, settled) => {
        const story = play({ skewMs, settled }, acts)
        const seen = new Set<string>()
        for (const { name, unsure, told, side } of story.world.passes) {
          assert.ok(!told, `${name} passed on ${side.name}, which had been told of it`)
          if (seen.has(name)) assert.ok(unsure, `${name} passed again on ${side.name}, and does not say so`)
          seen.add(name)
        }
      }),
      { ...runs(60), examples: [[BOTH_IN_TURN, 3000, false]] }
    )
  })

  it('rising: a host never lets a smaller one through after a larger', () => {
    fc.assert(
      fc.property(wildActs, skews, (acts, skewMs) => {
        const story = play({ order: 'rising', skewMs }, acts)
        const highest = new Map<string, number>()
        for (const { side, life, msg } of story.world.passes) {
          const key = `${side.name} ${life} ${String(msg.topic)} ${msg.at}`
          const number = Number(msg.seq)
          assert.ok(number > (highest.get(key) ?? -1), `${key}: ${number} after ${highest.get(key)}`)
          highest.set(key, number)
        }
      }),
      runs(40)
    )
  })

  it('what is missed for a limit is counted and warned of', () => {
    fc.assert(
      fc.property(wildActs, (acts) => {
        const story = play({ keep: 5 }, acts)
        story.world.time.advanceMs(130_000)
        const missed = story.sent.filter(
          ({ name }) => (story.isKept(name, 'a') || story.isKept(name, 'b')) && story.timesPassed(name) === 0
        ).length
        const warned = [story.world.a, story.world.b]
          .flatMap(({ warnings }) => warnings)
          .reduce((sum, warning) => sum + (warning.code === 'fell-out' ? warning.count : 0), 0)
        assert.ok(warned >= missed, `${missed} missed, ${warned} told`)
      }),
      runs(40)
    )
  })
})

describe('an open gate whose thread stands still now and then', function () {
  this.timeout(WHOLE ? 600_000 : 60_000)

  const PER_MS = 1
  /** Twelve, and what is told and still on its way to the other side. */
  const TWICE_MAX = 20
  /** Of a large heap, so that it does not wait for long: 0.16 of it, and what is on its way at that pace. */
  const OF_A_HEAP = 0.3
  /** Of the time in which the thread runs: a heap is through after 50 ms, and what came before it was on its way. */
  const WAITS_MS_MAX = 70
  const stalls = fc.array(
    fc.record({ afterMs: fc.nat(60), ms: fc.constantFrom(3, 10, 20, 40, 60), turns: fc.boolean() }),
    { maxLength: 6 }
  )

  it('a crash at any instant: of 1,000 numbers a second 20 pass twice at most, or 0.3 of a larger heap', () => {
    fc.assert(
      fc.property(stalls, fc.nat(80), fc.integer({ min: 0, max: 3 }), (acts, thenMs, delayMs) => {
        const world = new World()
        world.serve(world.a)
        world.cable.delayMs = delayMs
        let sent = 0
        let heap = 0
        let stoodMs = 0
        const ranMs = (): number => world.time.nowMs() - stoodMs
        const cameAtMs: number[] = []
        const feed = (ms: number): void => {
          for (let n = 0; n < ms * PER_MS; n++) {
            const seq = sent++
            world.time.after(n / PER_MS, () => {
              cameAtMs[seq] = ranMs()
              world.both('line', seq)
            })
          }
        }
        const live = (ms: number): void => {
          feed(ms)
          world.time.advanceMs(ms)
        }
        live(1200)
        for (const { afterMs, ms, turns } of acts) {
          live(afterMs)
          feed(ms)
          stoodMs += ms
          world.time.stallMs(ms)
          heap = Math.max(heap, world.a.gate.held)
          if (turns) world.time.turn()
        }
        live(thenMs)
        const passed = new Set(world.a.passed.map(({ msg }) => msg.seq))
        const oldest = cameAtMs.findIndex((_, seq) => !passed.has(seq))
        const waitedMs = oldest === -1 ? 0 : ranMs() - (cameAtMs[oldest] ?? 0)
        assert.ok(waitedMs <= WAITS_MS_MAX, `${oldest} has waited for ${waitedMs} ms of running`)
        world.crash(0, 20)
        world.time.advanceMs(100)
        const times = Array.from({ length: sent }, () => 0)
        for (const { msg } of world.passes) times[Number(msg.seq)] = (times[Number(msg.seq)] ?? 0) + 1
        assert.equal(times.filter((count) => count === 0).length, 0, 'missed')
        const twice = times.filter((count) => count > 1).length
        assert.ok(twice <= Math.max(TWICE_MAX, heap * OF_A_HEAP), `${twice} twice of a heap of ${heap}`)
      }),
      // Of the seeds this is one with which ten runs see a pace that is too slow.
      runs(10, 3)
    )
  })
})

/** Nobody can tell the age of a series by its value: one is over when another one has begun to pass. */
function assertRising({ world }: Story): void {
  const topics = new Map<unknown, { series: number; number: number; readonly over: Set<number> }>()
  for (const { msg } of world.passes) {
    const [series, number] = [msg.at ?? 0, Number(msg.seq)]
    const latest = topics.get(msg.topic) ?? { series, number: -1, over: new Set<number>() }
    topics.set(msg.topic, latest)
    if (series === latest.series) assert.ok(number > latest.number, `${series}/${number} after ${latest.number}`)
    else assert.ok(!latest.over.has(series), `${series}/${number} after ${latest.series} had begun`)
    if (series !== latest.series) latest.over.add(latest.series)
    latest.series = series
    latest.number = number
  }
}
