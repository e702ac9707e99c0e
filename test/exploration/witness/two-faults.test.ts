/** Two things at once: the table of docs/operating/WITNESS.md, cell by cell. At most one serves in each. */
import { strict as assert } from 'node:assert'
import { share } from '../../support/share'
import { P_MS, ThreeVoices, type HostName } from './world'

const TRIALS = share(2, 10)
const LIMIT_MS = 60_000

/** Who serves in the end: the Active of the beginning, the other one, or nobody. */
type Outcome = 'active' | 'other' | 'nobody'
type First =
  | 'the Active’s host is gone'
  | 'the Standby’s host is gone'
  | 'the link is cut'
  | 'the other side was stopped'
type Second = 'the witness is gone' | 'only the Active loses it' | 'only the Standby loses it'

const TABLE: readonly (readonly [First, Second, Outcome])[] = [
  ['the Active’s host is gone', 'the witness is gone', 'nobody'],
  ['the Active’s host is gone', 'only the Standby loses it', 'nobody'],
  ['the Standby’s host is gone', 'the witness is gone', 'nobody'],
  ['the Standby’s host is gone', 'only the Active loses it', 'nobody'],
  ['the Standby’s host is gone', 'only the Standby loses it', 'active'],
  ['the link is cut', 'the witness is gone', 'nobody'],
  ['the link is cut', 'only the Active loses it', 'other'],
  ['the link is cut', 'only the Standby loses it', 'active'],
  ['the other side was stopped', 'the witness is gone', 'active'],
  ['the other side was stopped', 'only the Active loses it', 'active']
]

function happens(world: ThreeVoices, active: HostName, what: First | Second): void {
  const standby = world.other(active).name
  switch (what) {
    case 'the Active’s host is gone':
      return world.crash(active)
    case 'the Standby’s host is gone':
      return world.crash(standby)
    case 'the other side was stopped':
      world.stop(standby)
      return world.advance(P_MS / 2)
    case 'the link is cut':
      return void world.cut.add('ab').add('ba')
    case 'the witness is gone':
      return world.stopWitness()
    case 'only the Active loses it':
      return void world.cut.add(`${active}w`).add(`w${active}`)
    case 'only the Standby loses it':
      return void world.cut.add(`${standby}w`).add(`w${standby}`)
    default:
      what satisfies never
  }
}

describe('three voices, two faults at once', function () {
  this.timeout(LIMIT_MS)
  for (const [first, second, outcome] of TABLE) {
    it(`${first}, and ${second}: ${outcome} serves`, () => {
      for (let seed = 1; seed <= TRIALS; seed++) {
        // In either order: a goodbye has to come through, so it is first.
        const orders =
          first === 'the other side was stopped'
            ? [[first, second]]
            : [
                [first, second],
                [second, first]
              ]
        for (const [one = first, two = second] of orders) {
          const world = new ThreeVoices({ seed: BigInt(seed) })
          world.startWitness()
          world.start('a')
          world.start('b')
          world.advance(6 * P_MS)
          const { server: active } = world
          assert.ok(active !== null)
          world.advance(world.random.between(0, P_MS))
          happens(world, active, one)
          happens(world, active, two)
          world.advance(6 * P_MS)
          const expected = outcome === 'nobody' ? null : outcome === 'active' ? active : world.other(active).name
          assert.equal(world.server, expected, `seed ${seed}`)
          assert.deepEqual(world.overlaps, [], `seed ${seed}`)
        }
      }
    })
  }

  it('nobody serves, and the witness comes back: the side that is left serves', () => {
    for (let seed = 1; seed <= TRIALS; seed++) {
      const world = new ThreeVoices({ seed: BigInt(seed) })
      world.startWitness()
      world.start('a')
      world.start('b')
      world.advance(6 * P_MS)
      const { server: active } = world
      assert.ok(active !== null)
      world.stopWitness()
      world.crash(active)
      world.advance(4 * P_MS)
      assert.equal(world.server, null)
      world.startWitness()
      world.advance(4 * P_MS)
      assert.equal(world.server, world.other(active).name)
      assert.deepEqual(world.overlaps, [])
    }
  })
})
