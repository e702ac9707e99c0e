/** Findings A2, F1 and F2: addresses, interfaces, names and translated ports change under a pair that works. None of it is a death. */
import assert from 'node:assert/strict'
import { nowUs, pause, US_PER_MS } from '../../support/namespaces/clock'
import { type Side, SIDES } from '../../support/namespaces/history'
import { EACH_POLICY, Field, HEARTBEAT_MS, NAMED, PEER_TIMEOUT_MS } from './field'
import { LONG, rebuildAfterFailure, skipUnlessHere } from './here'
import { itInWhole, share } from '../../support/share'
import { NIC, NOBODY, SECOND_NIC } from './lan'

/** Looking a name up again after half a minute, as the first version did, is seen only by who waits that long. */
const NAME_OLD_MS = LONG ? 31_000 : 0
const MOVES = [
  ['b', 'Standby'],
  ['a', 'Active']
] as const

describe('field: another address is no death', function () {
  this.timeout(120_000)
  let field: Field
  let renamedUs = 0

  before(async function () {
    skipUnlessHere(this)
    field = await Field.make({ members: [...EACH_POLICY, NAMED] })
  })

  after(() => field?.remove())

  beforeEach(async () => {
    await field.form()
    if (renamedUs !== 0) return
    // From now on the names lead nowhere, while the pair that uses them goes through all that follows.
    for (const side of SIDES) field.lan.nameOf(side, NOBODY)
    renamedUs = nowUs()
  })

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') renamedUs = 0
    await rebuildAfterFailure(this, field)
  })

  /** Changes something; the two must be in contact again at once, and nothing may come of it, also not late. */
  async function changes(act: () => Promise<void>): Promise<void> {
    const sinceUs = nowUs()
    await act()
    const flowsUs = nowUs()
    await pause(PEER_TIMEOUT_MS + HEARTBEAT_MS)
    const late = await field.lateInContact(flowsUs)
    await field.allWell(sinceUs)
    assert.deepEqual(late, [])
  }

  const move = (side: Side, from: string, to: string): Promise<void> =>
    field.lan.onHost(side, `addr del ${from}/24 dev ${NIC}`, `addr add ${to}/24 dev ${NIC}`)

  for (const [side, who] of share(MOVES.slice(1), MOVES)) {
    it(`the address of the ${who} is replaced, and later the old one comes back`, async () => {
      const { lan } = field
      await changes(() => move(side, lan.address(side), lan.movedAddress(side)))
      await changes(() => move(side, lan.movedAddress(side), lan.address(side)))
    })
  }

  itInWhole('an alias is added and removed', async () => {
    const { lan } = field
    await changes(() =>
      lan.onHost(
        'a',
        `addr add ${lan.secondAddress('a')}/24 dev ${NIC}`,
        `addr add ${lan.secondAddress('a').replace('.0.', '.3.')}/24 dev ${NIC}`
      )
    )
    await changes(() =>
      lan.onHost(
        'a',
        `addr del ${lan.secondAddress('a')}/24 dev ${NIC}`,
        `addr del ${lan.secondAddress('a').replace('.0.', '.3.')}/24 dev ${NIC}`
      )
    )
  })

  itInWhole('of two interfaces in the same LAN the first one goes', async () => {
    const { lan } = field
    await lan.plug('a', SECOND_NIC)
    await lan.onHost('a', `addr add ${lan.secondAddress('a')}/24 dev ${SECOND_NIC}`)
    await pause(3 * HEARTBEAT_MS)
    await changes(() => lan.unplug('a', NIC))
    await changes(async () => {
      await lan.plug('a', NIC)
      await lan.onHost('a', `addr add ${lan.address('a')}/24 dev ${NIC}`)
      await lan.unplug('a', SECOND_NIC)
    })
  })

  it('a router gives the flows other ports', async () => {
    const ports = field.members.map(({ port }) => port)
    const seenFrom = (base: number): ReadonlyMap<number, number> => new Map(ports.map((port) => [port, base + port]))
    await changes(() => field.lan.translatePorts('a', seenFrom(40_000)))
    await changes(() => field.lan.translatePorts('a', seenFrom(50_000)))
    await field.lan.translatePorts('a', new Map())
  })

  it('the name of a peer that is heard leads elsewhere', async () => {
    await pause(Math.max(0, NAME_OLD_MS - (nowUs() - renamedUs) / US_PER_MS))
    await changes(() => Promise.resolve())
    await field.allWell(renamedUs, { members: [NAMED] })
  })

  it('the preferred side restarts, and its peer’s name gives first the address that the peer does not answer from', async () => {
    const { lan } = field
    await lan.onHost('a', `addr add ${lan.favouredAddress('a')}/24 dev ${NIC}`)
    lan.nameOf('b', lan.favouredAddress('a'), lan.address('a'))
    lan.nameOf('a', lan.address('b'))
    const sinceUs = nowUs()
    await field.side('b').stop()
    await field.start('b')
    const startedUs = nowUs()
    await pause(2 * PEER_TIMEOUT_MS + 500)
    await field.allWell(sinceUs, { members: [NAMED], moves: true })
    const contactMs = field.contactMs(NAMED, startedUs)
    assert.ok(contactMs < PEER_TIMEOUT_MS, `in contact after ${contactMs} ms`)
  })
})
