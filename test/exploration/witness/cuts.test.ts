/** At most one of the two serves, whatever is cut and whoever comes back; the long form is `run.ts`. */
import { strict as assert } from 'node:assert'
import { runCuts } from './cuts'
import { share } from '../../support/share'
import { exhaust } from './schedules'

const SEEDS = share(40, 400)

/** Orders of so many cuts and starts; `npm run verify` goes deeper. */
const DEPTH = 2

describe('three voices, every order of cuts and starts', () => {
  it(`never serve twice, to the depth of ${DEPTH}, and one serves again once all is well`, function () {
    this.timeout(120_000)
    const { schedules, states, violation } = exhaust(DEPTH)
    assert.equal(violation, null)
    console.log(`# ${schedules} schedules, ${states} situations`)
    assert.ok(schedules > 100 && states > 30, `${schedules} schedules, ${states} situations`)
  })
})

describe('three voices, cuts at random', () => {
  it('never serve twice, and one serves again once all is well', function () {
    this.timeout(120_000)
    let [cuts, loans, served] = [0, 0, 0]
    for (let seed = 1; seed <= SEEDS; seed++) {
      const outcome = runCuts(BigInt(seed))
      assert.equal(outcome.violation, null, `seed ${seed}`)
      assert.ok(outcome.heals, `seed ${seed}: nobody serves in the end`)
      cuts += outcome.cuts
      loans += outcome.loans
      served += outcome.servedShare / SEEDS
    }
    console.log(
      `# ${SEEDS} seeds, ${cuts} cuts, ${loans} loans, somebody served ${Math.round(100 * served)} % of the disturbed time`
    )
    assert.ok(cuts > 5 * SEEDS && loans > SEEDS && served > 0.4, `${cuts} cuts, ${loans} loans, served ${served}`)
  })
})
