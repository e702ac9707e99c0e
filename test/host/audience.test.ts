import assert from 'node:assert/strict'
import { Audience } from '../../src/host/audience'
import { pairEvent, type PairEvent } from '../../src/host/events'
import type { PairEventMessage, PairObserver } from '../../src/host/pair'
import type { Role } from '../../src/protocol/machine'

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

describe('the audience of a pair', () => {
  const errors: unknown[] = []
  const newAudience = (): Audience => new Audience((error) => errors.push(error))
  beforeEach(() => errors.splice(0))

  it('a witness is told everything, and yet who comes late is told it too', async () => {
    const audience = newAudience()
    const [witness, late] = [new Notes(), new Notes()]
    const leave = audience.joinAsWitness(witness)
    audience.publish([event('a')], 'active', true)
    assert.deepEqual(witness.notes, ['active', 'online', '1 a'])
    audience.join(late, true)
    await turn()
    assert.deepEqual(late.notes, ['active', 'online', '1 a'])
    leave()
    audience.publish([event('b')], 'active', true)
    assert.equal(witness.notes.length, 3)
  })

  it('is told everything in order, numbered without gaps', () => {
    const audience = newAudience()
    const notes = new Notes()
    audience.join(notes, true)
    audience.publish([event('a'), event('b')], 'active', true)
    audience.publish([], 'active', true)
    audience.publish([event('c')], 'standby', true)
    assert.deepEqual(notes.notes, ['active', 'online', '1 a', '2 b', 'standby', '3 c'])
    assert.equal(audience.seq, 3)
  })

  it('is told late what happened while nobody observed, once', async () => {
    const audience = newAudience()
    const before = new Notes()
    const leave = audience.join(before, true)
    audience.publish([event('a')], 'active', false)
    leave()
    audience.publish([event('b')], 'standby', true)
    const [one, two] = [new Notes(), new Notes()]
    audience.join(one, true)
    audience.join(two, true)
    assert.deepEqual(one.notes, [], 'not while it joins')
    await turn()
    audience.publish([event('c')], 'standby', true)
    const later = new Notes()
    audience.join(later, true)
    await turn()
    assert.deepEqual(before.notes, ['active', '1 a'])
    for (const { notes } of [one, two]) assert.deepEqual(notes, ['standby', 'online', '2 b', '3 c'])
    assert.deepEqual(later.notes, [])
  })

  it('hears only what is new when it joins in the middle', async () => {
    const audience = newAudience()
    audience.publish([event('a')], 'active', true)
    const notes = new Notes()
    audience.join(notes, false)
    await turn()
    audience.publish([event('b')], 'standby', true)
    assert.deepEqual(notes.notes, ['standby', '2 b'])
  })

  it('keeps only so much for those to come', async () => {
    const audience = newAudience()
    for (let i = 0; i < 1000; i++) audience.publish([event('x')], 'initial', false)
    const notes = new Notes()
    audience.join(notes, true)
    await turn()
    assert.equal(notes.notes.length, 256)
    assert.equal(notes.notes.at(-1), '1000 x')
  })

  it('gets events in order also when news come before the late ones were told', async () => {
    const audience = newAudience()
    audience.publish([event('a')], 'initial', false)
    const notes = new Notes()
    audience.join(notes, true)
    audience.publish([event('b')], 'initial', false)
    await turn()
    assert.deepEqual(notes.notes, ['1 a', '2 b'])
  })

  it('is not disturbed by an observer that throws or leaves in the middle', () => {
    const audience = newAudience()
    const leaver = new Notes()
    const leave = audience.join({ onRole: () => leave(), onEvent: (told) => leaver.onEvent(told) }, true)
    audience.join(
      {
        onEvent: () => {
          throw new Error('of its own')
        }
      },
      true
    )
    const notes = new Notes()
    audience.join(notes, true)
    audience.publish([event('a')], 'active', false)
    assert.deepEqual(notes.notes, ['active', '1 a'])
    assert.deepEqual(leaver.notes, [])
    assert.equal(errors.length, 1)
  })
})
