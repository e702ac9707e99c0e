import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { compileMutants, compileSources } from './compile'
import { IN_MODEL } from './in-model'
import { RULES } from './list'
import { mutate, mutation } from './mutation'
import { compiled, Subject, TESTS } from './subject'

/** A file with one text twice. */
const twice = (): string => 'a b a'

const ALL = [...RULES, IN_MODEL].flatMap(({ mutations }) => mutations)

/** The campaign itself takes minutes: `node dist/test/exploration/mutation/run.js`. */
describe('the mutations', () => {
  for (const one of ALL) {
    it(`still apply, in exactly one place: ${one.does}`, () => {
      assert.doesNotThrow(() => mutate(one))
    })
  }

  it('are programs, and other ones than the machine', function () {
    this.timeout(60_000)
    const mutants = compileMutants(ALL)
    assert.equal(mutants.length, ALL.length)
    for (const [index, mutant] of mutants.entries()) {
      assert.ok(mutant.size > 0)
      for (const [file, text] of mutant) assert.notEqual(text, compiled(file), ALL[index]?.does)
    }
  })

  it('differ from the machine by nothing but the mutation: what is not mutated compiles to what is built', function () {
    this.timeout(60_000)
    const nothing = { ...mutation('extended/lease', 'nothing', 'class Lease', 'class Lease') }
    assert.equal(compileMutants([nothing])[0]?.get('extended/lease'), compiled('extended/lease'))
  })

  it('are refused by name when they are no programs', function () {
    this.timeout(60_000)
    const broken = new Map([['extended/lease', 'const = 1']])
    assert.throws(() => compileSources([broken], () => 'reads as nothing'), /'reads as nothing': extended\/lease\.ts/)
  })

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

  it('are at least 279, each with a name of its own among its kind', () => {
    assert.ok(ALL.length >= 279)
    for (const list of [RULES.flatMap(({ mutations }) => mutations), IN_MODEL.mutations]) {
      assert.equal(new Set(list.map(({ does }) => does)).size, list.length)
    }
  })

  it('refuse a text that is not there exactly once', () => {
    assert.throws(() => mutate(mutation('extended/lease', 'nothing', 'no such text', ''), twice), /0 places/)
    assert.throws(() => mutate(mutation('extended/lease', 'nothing', 'a', ''), twice), /2 places/)
  })
})
