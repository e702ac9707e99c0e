/** At most one of the two serves, whatever is cut and whoever comes back; the long form is `run.ts`. */
import { strict as assert } from 'node:assert'
import { runCuts } from './cuts'

const SEEDS = 120

describe('three voices, cuts at random', () => {
  it('never serve twice, and one serves again once all is well', function () {
    this.timeout(120_000)
    let [cuts, loans, served] = [0, 0, 0]
    for (let seed = 1; seed <= SEEDS; seed++) {
      const outcome = runCuts(BigInt(seed))
      assert.deepEqual(outcome.overlapsAtMs, [], `seed ${seed}`)
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
