/** Finding A3: an interface that goes, or was never there, costs its path and nothing else. */
import assert from 'node:assert/strict'
import { nowUs, pause } from '../../support/namespaces/clock'
import { SIDES } from '../../support/namespaces/history'
import { itInWhole } from '../../support/share'
import { eventually } from '../../support/eventually'
import { AVAILABILITY, Field, HEARTBEAT_MS, PEER_TIMEOUT_MS, PREFERRED } from './field'
import { LONG, skipUnlessHere } from './here'
import { NIC } from './lan'

const WITHOUT_ADDRESS_MS = LONG ? 60_000 : 2 * PEER_TIMEOUT_MS

describe('field: a lost interface costs its path', function () {
  this.timeout(180_000)
  let field: Field

  before(function () {
    skipUnlessHere(this)
  })

  afterEach(() => field?.remove())

  it('the preferred Active serves on without an address, and meets its peer again by itself', async () => {
    field = await Field.make()
    await field.form()
    const { lan } = field
    const sinceUs = nowUs()
    await lan.onHost('a', `addr flush dev ${NIC}`)
    await pause(WITHOUT_ADDRESS_MS)
    await field.allWell(sinceUs, { members: [PREFERRED], moves: true })
    await lan.onHost('a', `addr add ${lan.address('a')}/24 dev ${NIC}`)
    const flowsUs = nowUs()
    await pause(PEER_TIMEOUT_MS / 2)
    assert.deepEqual(await field.lateInContact(flowsUs), [])
    await field.allWell(sinceUs, { apart: [{ fromUs: sinceUs, toUs: flowsUs }], moves: true, serves: null })
    await field.allWell(sinceUs, { members: [PREFERRED], moves: true })
    const roles = field.events(PREFERRED, sinceUs).filter(({ event }) => event === 'role')
    assert.deepEqual(roles, [])
    await eventually('one serves in each pair', 10_000, () => field.formed())
  })

  itInWhole(
    'at the start the second interface has no address: a side that is alone acts, and meets its peer when that comes',
    async () => {
      field = await Field.make({ secondLink: true })
      const { lan } = field
      await lan.layCable()
      // The two have met before, and both were stopped in order.
      await field.form()
      await field.side('b').stop()
      await field.side('a').stop()
      const aloneUs = nowUs()
      await field.start('a')
      for (const each of [PREFERRED, AVAILABILITY]) {
        await eventually(`${each.id}: side a serves alone`, 3 * PEER_TIMEOUT_MS, () =>
          field.servedAtUs(each, 'a', aloneUs)
        )
      }
      await field.form()
      const sinceUs = nowUs()
      for (const side of SIDES) await lan.addressCable(side)
      await pause(PEER_TIMEOUT_MS + HEARTBEAT_MS)
      // Now the second link carries it alone.
      await lan.switchDrops(`ip saddr ${lan.address('a')}`, `ip saddr ${lan.address('b')}`)
      await pause(PEER_TIMEOUT_MS + HEARTBEAT_MS)
      await field.allWell(sinceUs)
      await lan.heal()
      await pause(3 * HEARTBEAT_MS)
      await lan.pullCable('a')
      await pause(PEER_TIMEOUT_MS + HEARTBEAT_MS)
      await field.allWell(sinceUs)
    }
  )

  it('the peer loses power, and with it the carrier of a cable: the preferred Active serves on', async () => {
    field = await Field.make({ secondLink: true })
    const { lan } = field
    await lan.layCable()
    for (const side of SIDES) await lan.addressCable(side)
    await field.form()
    const sinceUs = nowUs()
    await lan.pullCable('a')
    await lan.cut()
    await field.side('b').kill()
    await pause(2 * PEER_TIMEOUT_MS)
    await field.allWell(sinceUs, { members: [PREFERRED, AVAILABILITY], moves: true })
  })
})
