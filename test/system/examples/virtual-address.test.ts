import assert from 'node:assert/strict'
import { eventually } from '../../support/eventually'
import { EXAMPLES } from '../../support/examples/files'
import { ExampleHosts, PATIENCE_MS, type HostName } from '../../support/examples/hosts'
import { DEVICE, Segment, whyNoSegment } from '../../support/examples/segment'
import { type NodeRed, nodeRed4, nodeRed5 } from '../../support/node-red/versions'
import { describeInWhole } from '../../support/share'

const ADDRESS = '10.213.0.10'
const OTHER: Readonly<Record<HostName, HostName>> = { a: 'b', b: 'a' }

function tell(this: Mocha.Suite, version: () => NodeRed): void {
  this.timeout(60_000 + 4 * PATIENCE_MS)
  let segment: Segment | null = null
  let hosts: ExampleHosts | null = null

  before(function () {
    const why = whyNoSegment()
    if (why === null) return
    console.log(`# the virtual address was not moved: ${why}`)
    this.skip()
  })

  afterEach(async () => {
    await hosts?.remove()
    segment?.remove()
    hosts = segment = null
  })

  it('it is where the Active is, and its neighbours are told: after a crash, a return and a stop', async () => {
    const net = (segment = new Segment())
    const environment = { HA_VIP: `${ADDRESS}/24`, HA_VIP_DEV: DEVICE }
    const both = (hosts = await ExampleHosts.start(
      EXAMPLES.address,
      { a: environment, b: environment },
      { places: net.places, version: version() }
    ))
    const found = async (side: HostName): Promise<void> => {
      await eventually(`side ${side} has the address`, PATIENCE_MS, () => net.has(side, ADDRESS))
      await eventually(`its neighbour knows`, PATIENCE_MS, () => net.believedAt(ADDRESS) === side)
    }
    const { active } = await both.oneActs((host) => both.shown(host, 'the address is here').length > 0)
    const first = active.name as HostName
    const second = OTHER[first]
    assert.deepEqual([net.has(first, ADDRESS), net.has(second, ADDRESS)], [true, false])
    net.lookFor(ADDRESS)
    await found(first)

    await both[first].kill()
    await found(second)
    assert.equal(net.has(first, ADDRESS), true, 'a dead process takes nothing away: that is for its service manager')

    await both[first].start()
    await eventually('the side that comes back lets go', PATIENCE_MS, () => !net.has(first, ADDRESS))
    await found(second)

    await both[second].stop()
    await found(first)
    for (const side of ['a', 'b'] as const) assert.deepEqual(both.shown(both[side], 'what went wrong'), [])
  })
}

const TITLE = `${EXAMPLES.address}, on a network of its own`
describe(TITLE, function () {
  tell.call(this, nodeRed4)
})
describeInWhole(`${TITLE}, on Node-RED 5`, function () {
  tell.call(this, nodeRed5)
})
