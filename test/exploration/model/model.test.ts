import assert from 'node:assert/strict'
import { share, WHOLE } from '../../support/share'
import { EXPECTED, FEW, QUICK } from './configurations'
import { Random } from '../../support/random'
import { compileMutants, type Compiled } from '../mutation/compile'
import { IN_MODEL } from '../mutation/in-model'
import { explore, tell } from './explore'
import { loadTransparent, OPAQUE, type Protocol } from './transparent'
import { World, type Configuration } from './world'

const LIMITS = { statesMax: 120_000, msMax: 240_000, eventuallyEvery: 40 } as const
const SPACES = share(FEW, QUICK)
/** The search for these takes as long as that for all others. */
const LONG_SEARCHES = ['has a lease that is twice as long', 'acts alone after a start that found the mark']

function plain(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === 'bigint' ? `${member}n` : member))
}

/** Everything a machine says along one random way, in words. */
function wander(protocol: Protocol, configuration: Configuration, seed: number, actions: number): string[] {
  const said: string[] = []
  const world = new World(configuration, protocol, (side, output) => {
    said.push(`${side} ${plain(output)}`)
  })
  let state = world.initial()
  const random = new Random(BigInt(seed), 'wander')
  for (let i = 0; i < actions; i++) {
    const can = world.enabled(state)
    // Mostly what is due, so that the pair gets somewhere.
    const pick = random.chance(1 / 8) ? random.int(can.length) : 0
    state = world.act(state, can[pick] ?? 0)
    said.push(plain(state.sides.map(({ machine }) => machine?.view())))
  }
  return said
}

const EVERYTHING = {
  drop: 5,
  repeat: 5,
  delay: 9,
  crash: 3,
  vanish: 2,
  cut: 4,
  stall: 3,
  command: 5,
  force: 3,
  unfit: 2,
  goodbye: 2,
  close: 3,
  replay: 4,
  storeFail: 4,
  storeLoss: 1,
  late: 2,
  fin: 2,
  reset: 2,
  lie: 1,
  double: 1,
  wayCut: 3,
  lenderEnds: 2
} as const

describe('the model', () => {
  it('is searched with a machine of glass that says what the real one says', function () {
    this.timeout(60_000)
    const glass = loadTransparent()
    for (const policy of ['availability', 'preferred', 'exclusive', 'witness'] as const) {
      for (let seed = 1; seed <= share(4, 12); seed++) {
        const configuration = {
          name: 'everything',
          policy,
          start: 'formed',
          budget: EVERYTHING,
          slowStore: seed % 2 === 0
        } as const
        const said = wander(glass, configuration, seed, 300)
        assert.ok(said.length > 300)
        assert.deepEqual(said, wander(OPAQUE, configuration, seed, 300), `${policy}, seed ${seed}`)
      }
    }
  })

  it('holds in the small spaces, which are exhausted', function () {
    this.timeout(10 * 60_000)
    const protocol = loadTransparent()
    const seen = new Set<string>()
    let [states, transitions, undisturbed, compared] = [0, 0, 0, 0]
    for (const configuration of SPACES) {
      const report = explore(configuration, protocol, LIMITS)
      const { violation } = report
      if (violation !== null) {
        const thenUndisturbed = violation.message.startsWith('undisturbed')
        const story = tell(configuration, protocol, violation.actions, { frames: false, thenUndisturbed })
        const again = `node dist/test/exploration/model/run.js --replay '${configuration.name}' --actions ${violation.actions.join()}`
        assert.fail([configuration.name, ...story, `again: ${again}`].join('\n'))
      }
      assert.ok(report.exhausted, `${configuration.name}: not exhausted with ${report.states} states`)
      states += report.states
      transitions += report.transitions
      undisturbed += report.ranUndisturbed
      compared += report.comparedTwice
      for (const what of report.seen.keys()) seen.add(`${configuration.policy}: ${what}`)
    }
    console.log(
      `# model: ${states} distinct states, ${transitions} transitions in ${SPACES.length} exhausted spaces; ${undisturbed} run undisturbed, ${compared} compared twice`
    )
    assert.ok(states > 10_000)
    assert.ok(undisturbed > 100 && compared > 10)
    assert.deepEqual(
      // A few spaces need not reach all of it.
      WHOLE ? EXPECTED.filter((what) => !seen.has(what)) : [],
      [],
      'never reached'
    )
  })

  describe('catches a machine that', () => {
    const slow = IN_MODEL.mutations.filter(({ does }) => LONG_SEARCHES.includes(does))
    const mutations = share(
      IN_MODEL.mutations.filter((each) => !slow.includes(each)),
      IN_MODEL.mutations
    )
    let mutants: readonly Compiled[] = []
    before(function () {
      this.timeout(60_000)
      assert.equal(slow.length, LONG_SEARCHES.length)
      mutants = compileMutants(mutations)
    })

    for (const [index, { does, caughtBy }] of mutations.entries()) {
      it(does, function () {
        this.timeout(120_000)
        assert.ok(caughtBy !== 'tests')
        const { violation } = explore(caughtBy.space, loadTransparent(mutants[index]), {
          ...LIMITS,
          eventuallyEvery: 5
        })
        assert.match(violation?.message ?? 'nothing was found', caughtBy.says)
      })
    }
  })
})
