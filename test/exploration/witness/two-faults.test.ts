/** Two things at once: the table of docs/operating/WITNESS.md, cell by cell. At most one serves in each. */
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../support/root'
import { share } from '../../support/share'
import { settled } from './settled'
import { P_MS, type HostName, type ThreeVoices } from './world'

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

const ROWS: Readonly<Record<string, First>> = {
  "the Active's host is gone": 'the Active’s host is gone',
  "the Standby's host is gone": 'the Standby’s host is gone',
  'the link is cut': 'the link is cut',
  'the other side was stopped normally': 'the other side was stopped'
}
const COLUMNS: readonly Second[] = ['the witness is gone', 'only the Active loses it', 'only the Standby loses it']

/** What a cell of the page says. Null = the two do not happen together, or make no difference. */
function outcomeOf(cell: string): Outcome | null {
  if (cell === '-') return null
  if (/nobody serves|the Active \*\*stops\*\*/.test(cell)) return 'nobody'
  if (/the other side serves/.test(cell)) return 'other'
  // 'the same': as in the cell before.
  if (/goes on|^the same$/.test(cell)) return 'active'
  return assert.fail(`not understood: ${cell}`)
}

describe('three voices, two faults at once', function () {
  this.timeout(LIMIT_MS)

  it('are told for each cell of the page, and the page says what is tried here', () => {
    const page = readFileSync(join(ROOT, 'docs', 'operating', 'WITNESS.md'), 'utf8')
    const [, below = ''] = page.split('Two things at once')
    const told = below.split('\n').flatMap((line) => {
      const [, name = '', ...cells] = line.split('|').map((cell) => cell.trim())
      const first = ROWS[name]
      if (first === undefined) return []
      return COLUMNS.flatMap((second, i) => {
        const outcome = outcomeOf(cells[i] ?? '')
        return outcome === null ? [] : [[first, second, outcome] as const]
      })
    })
    const inOrder = (table: typeof TABLE): string[] => table.map((cell) => cell.join(' + ')).toSorted()
    assert.deepEqual(inOrder(told), inOrder(TABLE))
  })

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
          const { world, server: active, standby } = settled(seed)
          world.advance(world.random.between(0, P_MS))
          happens(world, active, one)
          happens(world, active, two)
          world.advance(6 * P_MS)
          const expected = outcome === 'nobody' ? null : outcome === 'active' ? active : standby
          assert.equal(world.server, expected, `seed ${seed}`)
          assert.equal(world.violation, null, `seed ${seed}`)
        }
      }
    })
  }

  it('nobody serves, and an operator decides with force: the side that is left serves, and goes on', () => {
    for (let seed = 1; seed <= TRIALS; seed++) {
      const { world, server: active, standby: left } = settled(seed)
      world.stopWitness()
      world.crash(active)
      world.advance(4 * P_MS)
      assert.equal(world.server, null)
      world.command(left, 'active', true)
      world.advance(P_MS)
      assert.equal(world.server, left, `seed ${seed}`)
      world.advance(5 * P_MS)
      assert.equal(world.server, left, `seed ${seed}`)
      assert.equal(world.violation, null)
    }
  })

  it('nobody serves, and the witness comes back: the side that is left serves', () => {
    for (let seed = 1; seed <= TRIALS; seed++) {
      const { world, server: active, standby: left } = settled(seed)
      world.stopWitness()
      world.crash(active)
      world.advance(4 * P_MS)
      assert.equal(world.server, null)
      world.startWitness()
      world.advance(4 * P_MS)
      assert.equal(world.server, left)
      assert.equal(world.violation, null)
    }
  })
})
