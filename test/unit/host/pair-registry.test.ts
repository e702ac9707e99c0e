/** The registry by itself, with pairs that say what they are told to; with real pairs see `hub.test.ts`. */
import assert from 'node:assert/strict'
import type { PairEventMessage, PairObserver, PairStatus } from '../../../src/host/pair'
import { stoppedSituation } from '../../../src/host/situation/situation'
import type { Situation } from '../../../src/host/situation/types'
import { HISTORY_MAX, PairRegistry, type RegisteredPair } from '../../../src/host/pair-registry'

class ScriptedPair implements RegisteredPair {
  readonly id: string
  readonly name: string
  readonly observers = new Set<PairObserver>()

  constructor(id: string, name = id) {
    this.id = id
    this.name = name
  }

  readonly names = { here: 'a', peer: 'b', after: '2 s' }

  situation(): Situation {
    return stoppedSituation('a', [])
  }
  status(): PairStatus {
    return { name: this.name } as PairStatus
  }
  trouble(): null {
    return null
  }
  warnings(): [] {
    return []
  }
  links(): [] {
    return []
  }
  witness(observer: PairObserver): () => void {
    this.observers.add(observer)
    return () => this.observers.delete(observer)
  }
  designate(): Promise<'active'> {
    return Promise.resolve('active')
  }

  /** Something happened. */
  tell(reason: Extract<PairEventMessage, { event: 'role' }>['reason']): void {
    for (const observer of this.observers) {
      observer.onEvent?.({ event: 'role', seq: 1, at: 0, reason, detail: ROLE })
      observer.onStatus?.()
    }
  }
}

const ROLE = { role: 'active', previousRole: 'initial', epoch: 1 } as const
const PROBLEM = { field: 'priority', code: 'range', detail: '300' } as const

describe('the roster', () => {
  let registry: PairRegistry
  const names = (): string[] => registry.list().map(({ name }) => name)
  const reasons = (id: string): string[] =>
    registry
      .list()
      .find((pair) => pair.id === id)
      ?.events.map(({ reason }) => reason) ?? []
  const enter = (id: string, name?: string): ScriptedPair => {
    const pair = new ScriptedPair(id, name)
    registry.enter(pair)
    return pair
  }

  beforeEach(() => {
    registry = new PairRegistry()
  })

  it('lists running pairs by name, until they leave', () => {
    enter('1', 'oven')
    const mill = enter('2', 'mill')
    assert.deepEqual(names(), ['mill', 'oven'])
    assert.equal(registry.find('2'), mill)
    registry.leave(mill)
    assert.deepEqual(names(), ['oven'])
    assert.equal(registry.find('2'), null)
  })

  it('keeps what happened, oldest first, bounded', () => {
    const pair = enter('1')
    for (let i = 0; i < HISTORY_MAX; i++) pair.tell('operator')
    pair.tell('failback')
    const { events } = registry.list()[0] ?? assert.fail()
    assert.equal(events.length, HISTORY_MAX)
    assert.equal(events.at(-1)?.reason, 'failback')
    assert.ok(
      events.every(({ n }, i) => i === 0 || n > (events[i - 1]?.n ?? Infinity)),
      'in order'
    )
  })

  it('the history outlives a change of settings, and holds the last words of the one that leaves', () => {
    const before = enter('1', 'old')
    before.tell('operator')
    const after = enter('1', 'new')
    before.tell('removed')
    registry.leave(before)
    after.tell('failback')
    assert.deepEqual(names(), ['new'])
    assert.deepEqual(reasons('1'), ['operator', 'removed', 'failback'])
    before.tell('operator')
    assert.equal(reasons('1').length, 3, 'who has left is not heard any more')
    assert.equal(after.observers.size, 1)
    assert.equal(before.observers.size, 0)
  })

  it('the history outlives a deletion that was undone', () => {
    const first = enter('1')
    first.tell('operator')
    registry.leave(first)
    assert.deepEqual(registry.list(), [])
    enter('1')
    assert.deepEqual(reasons('1'), ['operator'])
  })

  it('has one line of what a warning says again, and that is the warning', () => {
    const pair = enter('1')
    const told = (event: Pick<PairEventMessage, 'event' | 'reason' | 'detail'>, at: number): void => {
      for (const observer of pair.observers) observer.onEvent?.({ seq: 1, at, ...event } as PairEventMessage)
    }
    const clock = { event: 'clock', reason: 'suspended', detail: { ms: 60_000 } } as const
    told(clock, 0)
    told({ ...clock, event: 'warning' }, 20)
    pair.tell('operator')
    told({ ...clock, event: 'warning' }, 5000)
    told({ ...clock, event: 'warning' }, 5001)
    const events = registry.list()[0]?.events.map(({ event, at }) => [event, at])
    assert.deepEqual(events, [
      ['warning', 20],
      ['role', 0],
      ['warning', 5000],
      ['warning', 5001]
    ])
  })

  it('histories of pairs that are gone are bounded too', () => {
    const first = enter('first')
    first.tell('operator')
    registry.leave(first)
    for (let i = 0; i < 64; i++) registry.leave(enter(`id ${i}`))
    enter('first')
    assert.deepEqual(reasons('first'), [])
  })

  it('lists a pair that its settings keep stopped, with the reason, and takes no orders for it', () => {
    const takeBack = registry.stop('1', 'oven', [PROBLEM])
    const [oven] = registry.list()
    assert.deepEqual([oven?.running, oven?.problems], [null, [PROBLEM]])
    assert.equal(registry.find('1'), null)
    takeBack()
    assert.deepEqual(registry.list(), [])
  })

  it('notes that a pair is stopped and why among what happened, once until that changes', () => {
    const keyless = { field: 'key', code: 'key-missing', detail: '' } as const
    const takeBack = registry.stop('1', 'oven', [keyless])
    takeBack()
    registry.stop('1', 'oven', [keyless])
    assert.deepEqual(
      registry.list()[0]?.events.map(({ event, reason, detail }) => [event, reason, detail]),
      [['stopped', 'key-missing', { fields: ['key'] }]]
    )
    registry.stop('1', 'oven', [keyless, PROBLEM])
    assert.deepEqual(reasons('1'), ['key-missing', 'settings-invalid'])
    enter('1').tell('failback')
    registry.stop('1', 'oven', [keyless])
    assert.deepEqual(reasons('1').slice(2), ['failback', 'key-missing'])
  })

  it('bad settings in the place of a running pair: it counts as stopped at once', () => {
    const running = enter('1', 'oven')
    registry.stop('1', 'oven', [PROBLEM])
    assert.equal(registry.list()[0]?.running, null)
    assert.equal(registry.find('1'), null)
    registry.leave(running)
    assert.deepEqual(names(), ['oven'])
  })

  it('mended settings: the close of the old node takes nothing from the new pair', () => {
    const takeBack = registry.stop('1', 'oven', [PROBLEM])
    const pair = enter('1', 'oven')
    takeBack()
    assert.equal(registry.find('1'), pair)
  })

  it('tells who watches about every change, and nobody after that', () => {
    let changes = 0
    const end = registry.watch(() => changes++)
    const seen = (act: () => void): boolean => {
      const before = changes
      act()
      return changes > before
    }
    const pair = new ScriptedPair('1')
    assert.ok(seen(() => registry.enter(pair)))
    assert.ok(seen(() => pair.tell('operator')))
    assert.ok(seen(() => registry.leave(pair)))
    assert.ok(seen(() => registry.stop('2', '2', [PROBLEM])))
    end()
    assert.ok(!seen(() => registry.enter(pair)))
  })
})
