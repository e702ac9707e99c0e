import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { RULES } from './list'
import { compiled, mutate, Subject, TESTS } from './subject'

const ALL = RULES.flatMap(({ mutations }) => mutations)

/** The campaign itself takes minutes: `node dist/test/exploration/mutation/run.js`. */
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

  it('find all that they are tested by in the copy that is mutated', () => {
    const subject = new Subject()
    try {
      const mocha = join('node_modules', 'mocha', 'bin', 'mocha.js')
      const options = ['--no-config', '--recursive', '--dry-run', '--reporter', 'dot']
      const run = spawnSync(process.execPath, [mocha, ...options, ...TESTS], { cwd: subject.root, encoding: 'utf8' })
      assert.equal(run.status, 0, run.stderr)
    } finally {
      subject.remove()
    }
  })

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
