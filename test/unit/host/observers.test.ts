import assert from 'node:assert/strict'
import { Observers } from '../../../src/host/observers'
import { pairEvent, type PairEvent } from '../../../src/host/events'
import type { PairEventMessage, PairObserver } from '../../../src/host/pair'
import type { Role } from '../../../src/protocol/machine'

function event(name: string): PairEvent {
  return pairEvent('engine', 'engine-crashed', { error: name }, 0)
}

/** An observer that writes down what it is told. */
class Notes implements PairObserver {
  readonly notes: string[] = []
  onRole(role: Role): void {
    this.notes.push(role)
  }
  onOnline(online: boolean): void {
    this.notes.push(online ? 'online' : 'offline')
  }
  onEvent({ seq, event: name, detail }: PairEventMessage): void {
    if (name === 'engine' && 'error' in detail) this.notes.push(`${seq} ${detail.error}`)
  }
}

const turn = (): Promise<void> => new Promise((later) => setImmediate(later))

describe('the observers of a pair', () => {
  const errors: unknown[] = []
  const newObservers = (): Observers => new Observers((error) => errors.push(error))
  beforeEach(() => errors.splice(0))

  it('a witness is told everything, and yet who comes late is told it too', async () => {
    const observers = newObservers()
    const [witness, late] = [new Notes(), new Notes()]
    const leave = observers.joinAsWitness(witness)
    observers.publish([event('a')], 'active', true)
    assert.deepEqual(witness.notes, ['active', 'online', '1 a'])
    observers.join(late, true)
    await turn()
    assert.deepEqual(late.notes, ['active', 'online', '1 a'])
    leave()
    observers.publish([event('b')], 'active', true)
    assert.equal(witness.notes.length, 3)
  })

  it('is told everything in order, numbered without gaps', () => {
    const observers = newObservers()
    const notes = new Notes()
    observers.join(notes, true)
    observers.publish([event('a'), event('b')], 'active', true)
    observers.publish([], 'active', true)
    observers.publish([event('c')], 'standby', true)
    assert.deepEqual(notes.notes, ['active', 'online', '1 a', '2 b', 'standby', '3 c'])
    assert.equal(observers.seq, 3)
  })

  it('is told late what happened while nobody observed, once', async () => {
    const observers = newObservers()
    const before = new Notes()
    const leave = observers.join(before, true)
    observers.publish([event('a')], 'active', false)
    leave()
    observers.publish([event('b')], 'standby', true)
    const [one, two] = [new Notes(), new Notes()]
    observers.join(one, true)
    observers.join(two, true)
    assert.deepEqual(one.notes, [], 'not while it joins')
    await turn()
    observers.publish([event('c')], 'standby', true)
    const later = new Notes()
    observers.join(later, true)
    await turn()
    assert.deepEqual(before.notes, ['active', '1 a'])
    for (const { notes } of [one, two]) assert.deepEqual(notes, ['standby', 'online', '2 b', '3 c'])
    assert.deepEqual(later.notes, [])
  })

  it('hears only what is new when it joins in the middle', async () => {
    const observers = newObservers()
    observers.publish([event('a')], 'active', true)
    const notes = new Notes()
    observers.join(notes, false)
    await turn()
    observers.publish([event('b')], 'standby', true)
    assert.deepEqual(notes.notes, ['standby', '2 b'])
  })

  it('keeps only so much for those to come', async () => {
    const observers = newObservers()
    for (let i = 0; i < 1000; i++) observers.publish([event('x')], 'initial', false)
    const notes = new Notes()
    observers.join(notes, true)
    await turn()
    assert.equal(notes.notes.length, 256)
    assert.equal(notes.notes.at(-1), '1000 x')
  })

  it('gets events in order also when news come before the late ones were told', async () => {
    const observers = newObservers()
    observers.publish([event('a')], 'initial', false)
    const notes = new Notes()
    observers.join(notes, true)
    observers.publish([event('b')], 'initial', false)
    await turn()
    assert.deepEqual(notes.notes, ['1 a', '2 b'])
  })

  it('is not disturbed by an observer that throws or leaves in the middle', () => {
    const observers = newObservers()
    const leaver = new Notes()
    const leave = observers.join({ onRole: () => leave(), onEvent: (told) => leaver.onEvent(told) }, true)
    observers.join(
      {
        onEvent: () => {
          throw new Error('of its own')
        }
      },
      true
    )
    const notes = new Notes()
    observers.join(notes, true)
    observers.publish([event('a')], 'active', false)
    assert.deepEqual(notes.notes, ['active', '1 a'])
    assert.deepEqual(leaver.notes, [])
    assert.equal(errors.length, 1)
  })
})
