import assert from 'node:assert/strict'
import { Script } from 'node:vm'
import { RULES } from './list'
import { compiled, mutate } from './subject'

const ALL = RULES.flatMap(({ mutations }) => mutations)

/** The campaign itself takes minutes: `node dist/test/mutation/run.js`. */
describe('the mutations', () => {
  for (const mutation of ALL) {
    it(`still apply: ${mutation.does}`, () => {
      const source = compiled(mutation.file)
      const mutated = mutate(source, mutation)
      assert.notEqual(mutated, source)
      // A mutant that does not even parse would be caught for nothing.
      assert.doesNotThrow(() => new Script(mutated))
    })
  }

  it('are at least forty, each with a name of its own', () => {
    assert.ok(ALL.length >= 40)
    assert.equal(new Set(ALL.map(({ does }) => does)).size, ALL.length)
  })

  it('refuse a text that is not there exactly once', () => {
    const gone = { does: 'nothing', file: 'extended/lease', edits: [{ find: 'no such text', put: '' }] } as const
    assert.throws(() => mutate('a b a', gone), /0 places/)
    assert.throws(() => mutate('a b a', { ...gone, edits: [{ find: 'a', put: '' }] }), /2 places/)
  })
})
