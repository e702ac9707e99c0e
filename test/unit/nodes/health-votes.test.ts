import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import { PairVotes, readFitness, type OwnVote } from '../../../nodes/fitness'
import { healthBadge, type Fitness } from '../../../nodes/health-badge'
import { Watchdog } from '../../../nodes/watchdog'
import type { PairStatus } from '../../../src/host/pair'
import { EXPIRES_MS, readExpires } from '../../../src/rules/expires'
import { sleep, until } from './rig'
import { ScriptedPair } from './scripted-pair'
import { LANGUAGES, translator } from '../../support/texts'

const nothing = (): void => {}
const status = (change: Partial<PairStatus>): PairStatus => {
  const pair = new ScriptedPair()
  pair.set(change)
  return pair.status()
}
const fitness = (value: number | null, lowest = value ?? 255, expired = false): Fitness => ({
  value,
  lowest,
  expired
})

describe('the fitness in a message', () => {
  const understood: readonly [unknown, number][] = [
    [true, 255],
    [false, 0],
    [0, 0],
    [-0, 0],
    [1, 1],
    [254, 254],
    [255, 255]
  ]
  for (const [payload, value] of understood) {
    it(`${inspect(payload)} is ${value}`, () => assert.ok(readFitness(payload) === value))
  }
  for (const payload of [-1, 256, 0.5, NaN, Infinity, '1', 'true', '', null, undefined, {}, [], [1]]) {
    it(`${inspect(payload)} is none`, () => assert.equal(readFitness(payload), null))
  }
})

describe('the lifetime of a value', () => {
  for (const [value, ms] of [
    [undefined, EXPIRES_MS.byDefault],
    [null, EXPIRES_MS.byDefault],
    ['', EXPIRES_MS.byDefault],
    [' 100 ', 100],
    [100, 100],
    ['3600000', 3_600_000],
    [3_600_000, 3_600_000]
  ] as const) {
    it(`${JSON.stringify(value) ?? 'absent'} is ${ms} ms`, () => assert.deepEqual(readExpires(value), { ok: true, ms }))
  }
  for (const value of [0, 99, 3_600_001, 150.5, '1e3', '-500', 'soon', true, {}, Infinity, '0x100']) {
    it(`${String(value)} is refused`, () => {
      const read = readExpires(value)
      assert.ok(!read.ok && !read.unset)
    })
  }
  it('an environment variable that is not set is named', () => {
    assert.deepEqual(readExpires('${HA_EXPIRES}'), { ok: false, unset: true, detail: '${HA_EXPIRES}' })
  })
})

describe('the votes of health nodes', () => {
  const events = new EventEmitter()
  const started = (): unknown => events.emit('flows:started')
  let votes: PairVotes
  let pair: ScriptedPair
  beforeEach(() => {
    votes = new PairVotes()
    pair = new ScriptedPair()
  })
  const join = (id: string, to = pair, under = 'pair'): OwnVote => votes.enter(under, to, id, nothing)

  it('the lowest counts; who has said nothing does not', () => {
    const [one, two, three] = [join('one'), join('two'), join('three')]
    one.cast(200)
    two.cast(40)
    two.cast(220)
    assert.deepEqual(pair.fitness, [200, 40, 200])
    assert.deepEqual([one.lowest, three.value], [200, null])
  })

  it('a value that is said again is not sent again', () => {
    const one = join('one')
    for (let index = 0; index < 100; index++) one.cast(255)
    assert.deepEqual(pair.fitness, [])
    for (let index = 0; index < 100; index++) one.cast(7)
    assert.deepEqual(pair.fitness, [7])
  })

  it('what is expired counts as 0, until it is said again', () => {
    const one = join('one')
    one.cast(9)
    one.expire()
    assert.deepEqual([one.value, one.expired], [0, true])
    one.cast(0)
    assert.deepEqual([one.value, one.expired], [0, false])
    one.cast(9)
    assert.deepEqual(pair.fitness, [9, 0, 9])
  })

  it('a deleted node counts no more; without any the side is fit', () => {
    const [one, two] = [join('one'), join('two')]
    one.cast(5)
    two.cast(6)
    one.end(true, events)
    two.end(true, events)
    assert.deepEqual(pair.fitness, [5, 6, 255])
  })

  it('over a deploy the value goes to the successor, and to a new handle of the pair', () => {
    const one = join('one')
    one.cast(5)
    one.end(false, events)
    const renewed = new ScriptedPair()
    const successor = join('one', renewed)
    assert.equal(successor.value, 5)
    assert.deepEqual(renewed.fitness, [5])
    started()
    assert.deepEqual([pair.fitness, renewed.fitness, successor.value], [[5], [5], 5])
  })

  it('a node that the deploy did not bring back counts until the flows have started', () => {
    const [one, two] = [join('one'), join('two')]
    one.cast(5)
    two.cast(50)
    one.end(false, events)
    two.end(false, events)
    join('two')
    assert.deepEqual(pair.fitness, [5])
    started()
    assert.deepEqual(pair.fitness, [5, 50])
  })

  it('a node that was given another pair leaves the first one', () => {
    const another = new ScriptedPair()
    join('one').cast(5)
    const one = join('one')
    one.end(false, events)
    join('one', another, 'another').cast(6)
    started()
    assert.deepEqual([pair.fitness, another.fitness], [[5, 255], [6]])
  })

  it('every badge is told when the side changes', () => {
    let told = 0
    const watching = votes.enter('pair', pair, 'watching', () => told++)
    join('one').cast(3)
    assert.deepEqual([told, watching.lowest], [1, 3])
  })
})

describe('a renewal', () => {
  it('lapses once when it is not renewed, and again after another renewal', async () => {
    let lapses = 0
    const watchdog = new Watchdog(20, () => lapses++)
    watchdog.renew()
    await until(() => lapses === 1, 'the first lapse')
    await sleep(60)
    assert.equal(lapses, 1)
    watchdog.renew()
    await until(() => lapses === 2, 'the second lapse')
  })

  it('never lapses after it was stopped', async () => {
    let lapses = 0
    const watchdog = new Watchdog(10, () => lapses++)
    watchdog.renew()
    watchdog.stop()
    await sleep(50)
    assert.equal(lapses, 0)
  })

  it('what a blocked event loop kept waiting is read first', async () => {
    let lapses = 0
    const watchdog = new Watchdog(100, () => lapses++)
    watchdog.renew()
    const blockedUntil = performance.now() + 300
    // Due during the block, and a few turns of the loop away, as a message is that passes some nodes.
    const waiting = setTimeout(() => setImmediate(() => setImmediate(() => watchdog.renew())), 110)
    while (performance.now() < blockedUntil);
    await new Promise<void>((resolve) => setTimeout(() => setImmediate(() => setImmediate(() => resolve())), 0))
    await sleep(20)
    assert.equal(lapses, 0)
    await until(() => lapses === 1, 'it lapses all the same when nothing follows')
    clearTimeout(waiting)
  })
})

describe('the badge of a health node', () => {
  const table: readonly [string, Fitness, Partial<PairStatus>, string | null][] = [
    ['green dot fit · 255', fitness(255), { serving: true }, null],
    ['green ring fit · 255', fitness(255), {}, null],
    ['yellow ring fitness 40', fitness(40), {}, null],
    ['red dot unfit · 0', fitness(0), { serving: true }, null],
    ['red ring expired, counts as 0', fitness(0, 0, true), {}, null],
    ['yellow ring waiting for a value', fitness(null), {}, null],
    ['green ring fit · 255 · side counts 40', fitness(255, 40), {}, null],
    ['yellow ring waiting for a value · side counts 0', fitness(null, 0), {}, null],
    ['yellow dot fit · 255 · no effect on the classic wire', fitness(255), { serving: true, wire: 'classic' }, null],
    ['red ring fit · 255 · link failed', fitness(255), {}, 'link failed']
  ]
  for (const [text, fitnessNow, change, trouble] of table) {
    it(text, () => {
      const badge = healthBadge(fitnessNow, status(change), trouble, translator('ha-pair-health'))
      assert.equal(`${badge.fill} ${badge.shape} ${badge.text}`, text)
    })
  }

  it('has a text for each of these in every language', () => {
    for (const language of LANGUAGES) {
      const say = translator('ha-pair-health', language)
      const texts = table.map(
        ([, fitnessNow, change, trouble]) => healthBadge(fitnessNow, status(change), trouble, say).text
      )
      assert.ok(texts.every((text) => text.length > 0))
    }
  })
})
