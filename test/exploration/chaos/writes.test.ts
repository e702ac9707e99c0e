/** The judge of the two copies can tell a good history from a bad one: each of its rules is shown to go red. */
import assert from 'node:assert/strict'
import type { Side } from '../../support/namespaces/history'
import { BULKS, FIELDS, RING, type Seen, Writes } from './writes'

const EMPTY: Seen = { last: null, ring: [], fields: [], even: null, bulks: [] }

/** Two sides that write and are looked at, as the pen tells it; a millisecond and a turn pass with each line. */
class Story {
  readonly writes = new Writes()
  #atUs = 0
  #turn = 0
  readonly #chains = new Map<string, readonly string[]>([['', []]])

  /** On top of `before`; returns what the store holds then. */
  write(side: Side, epoch: number, token: string, before: string, life = `${side}1`): Seen {
    const chain = [...(this.#chains.get(before) ?? []), token]
    this.#chains.set(token, chain)
    const last = { token, n: chain.length }
    this.writes.take(['w', side, life, epoch, this.#now(), ++this.#turn, last, before === '' ? null : before])
    return this.at(token)
  }
  /** What a copy holds after that write. */
  at(token: string): Seen {
    const chain = this.#chains.get(token) ?? []
    const nth = (at: number, of: number): string | null => chain.findLast((_, i) => (i + 1) % of === at) ?? null
    return {
      last: { token, n: chain.length },
      ring: Array.from({ length: RING }, (_, at) => nth(at, RING)),
      fields: Array.from({ length: FIELDS }, (_, at) => nth(at, FIELDS)),
      even: chain.length % 2 === 0 ? token : null,
      bulks: Array.from({ length: BULKS }, () => null)
    }
  }
  look(side: Side, seen: Seen, life = `${side}1`): void {
    this.writes.take(['r', side, life, this.#now(), seen])
  }
  takes(side: Side, epoch: number, reason: string): void {
    this.writes.take(['e', side, this.#now(), 'role', reason, 'active', epoch, { role: 'active', epoch }])
  }
  event(side: Side, event: string, reason: string): void {
    this.writes.take(['e', side, this.#now(), event, reason, 'active', 0])
  }
  passesMs(ms: number): void {
    this.#atUs += ms * 1000
  }
  get wrong(): string[] {
    this.writes.look()
    return this.writes.wrong.map(({ text }) => text)
  }

  #now(): number {
    this.passesMs(1)
    return this.#atUs
  }
}

/** Side a has written 1 to `count` on epoch 1, and b follows. */
function serving(count = 9): Story {
  const story = new Story()
  story.takes('a', 1, 'negotiated')
  story.look('b', EMPTY)
  for (let i = 1; i <= count; i++) story.write('a', 1, `a${i}`, i === 1 ? '' : `a${i - 1}`)
  story.look('b', story.at(`a${count}`))
  assert.deepEqual(story.wrong, [])
  return story
}

/** What is said when side a is killed so long after its ninth write, in the turn of its tenth, and side b goes on from `before`. */
function killed(before: string, quietMs: number): readonly string[] {
  const story = serving()
  story.passesMs(quietMs)
  story.write('a', 1, 'a10', 'a9')
  story.writes.killedInStep('a')
  story.takes('b', 2, 'peer-crashed')
  story.write('b', 2, 'b1', before, 'b2')
  return story.wrong
}

function assertSays(story: Story, what: RegExp): void {
  const { wrong } = story
  assert.ok(
    wrong.some((text) => what.test(text)),
    `${String(what)} in ${wrong.join('; ')}`
  )
}

describe('the judge of the two copies', () => {
  it('finds nothing where the other side goes on from the last write', () => {
    const story = serving()
    story.takes('b', 2, 'operator')
    story.look('b', story.write('b', 2, 'b1', 'a9'))
    story.look('a', story.at('b1'))
    assert.deepEqual(story.wrong, [])
  })

  it('sees what nobody wrote, and what is missing or too much in a copy', () => {
    const story = serving()
    const { ring, fields } = story.at('a9')
    for (const part of [{ ring: ring.with(0, null) }, { fields: fields.with(1, 'a1') }, { even: 'a9' }]) {
      const before = story.wrong.length
      story.look('b', { ...story.at('a9'), ...part })
      assert.equal(story.wrong.length, before + 1)
    }
    story.look('b', { ...story.at('a9'), last: { token: 'x', n: 10 } })
    assertSays(story, /has x, which nobody wrote/)
    story.write('a', 1, 'a10', 'y')
    assertSays(story, /had y, which nobody wrote/)
  })

  it('sees half of the large values, and those of a line that is not this one', () => {
    const story = serving()
    const seen = story.at('a9')
    story.look('b', { ...seen, bulks: seen.bulks.map(() => 'a4') })
    assert.deepEqual(story.wrong, [])
    story.look('b', { ...seen, bulks: seen.bulks.map((_, at) => (at === 0 ? 'a4' : null)) })
    assertSays(story, /halves of large values/)
    story.write('a', 1, 'a10', 'a9')
    story.look('b', { ...seen, bulks: seen.bulks.map(() => 'a10') })
    assertSays(story, /large values of a10/)
  })

  it('sees a copy that goes back, and a side that has something else than what it wrote', () => {
    const story = serving()
    story.look('b', story.at('a8'))
    assertSays(story, /went from a9 to a8/)
    story.write('a', 1, 'a10', 'a8')
    assertSays(story, /serves, wrote a9, and then had a8/)
  })

  it('misses no write after a planned swap or an orderly stop, unless that was said', () => {
    for (const reason of ['operator', 'designated', 'failback', 'less-fit', 'peer-left']) {
      const story = serving()
      story.takes('b', 2, reason)
      story.write('b', 2, 'b1', 'a8')
      assert.match(story.wrong[0] ?? '', /took over on 2 .* without 1 writes of side a, from a9 on/, reason)
    }
    const said = serving()
    said.event('a', 'handover', 'data-behind')
    said.takes('b', 2, 'designated')
    said.write('b', 2, 'b1', 'a8', 'b2')
    assert.deepEqual(said.wrong, [])
  })

  it('lets a kill -9 in step take the last two turns or the last moment, and no more', () => {
    assert.deepEqual(killed('a9', 0), [])
    assert.deepEqual(killed('a8', 500), [], 'the last two turns')
    assert.deepEqual(killed('a2', 0), [], 'all of it in the last moment')
    assert.match(killed('a7', 500)[0] ?? '', /lost 3 writes of side a, from a8 on, up to 50\d ms old/)
  })

  it('excuses what a split has left behind, on the side that comes back only', () => {
    const story = serving()
    story.takes('b', 2, 'lost-connection')
    story.write('b', 2, 'b1', 'a9')
    story.write('a', 1, 'a10', 'a9')
    story.look('a', story.at('a10'))
    story.look('a', story.write('b', 2, 'b2', 'b1'))
    assert.deepEqual(story.wrong, [])
    story.look('a', story.at('a10'))
    assertSays(story, /went from b2 to a10/)
  })

  it('excuses what died with the side that wrote beside one that had the role all the time', () => {
    const story = serving()
    story.takes('b', 2, 'lost-connection')
    story.write('b', 2, 'b1', 'a9')
    assert.deepEqual(story.wrong, [])
    // Side b dies, and comes back as Standby: side a serves on with an epoch above both.
    story.write('a', 3, 'a10', 'a9')
    assert.deepEqual(story.wrong, [])
  })
})
