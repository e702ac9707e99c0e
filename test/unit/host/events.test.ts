import assert from 'node:assert/strict'
import { engineEvent } from '../../../src/engine/events'
import { EVENT_NAMES, pairEvent } from '../../../src/host/events'
import { EVENTS } from '../../../src/host/texts/events'
import { machineEvent } from '../../../src/protocol/events'

const ROLE = { role: 'active', previousRole: 'standby', epoch: 3 } as const

describe('an event', () => {
  it('is its name, reason, time and detail', () => {
    const event = pairEvent('role', 'operator', ROLE, 7)
    assert.deepEqual(event, { event: 'role', reason: 'operator', at: 7, detail: ROLE })
  })

  it('has texts, whichever floor tells it', () => {
    assert.deepEqual(Object.keys(EVENTS).toSorted(), EVENT_NAMES.toSorted())
  })

  it('does not compile with the detail of another one', () => {
    // @ts-expect-error An epoch is missing.
    machineEvent('role', 'operator', { role: 'active', previousRole: 'standby' })
    // @ts-expect-error There is no such field.
    machineEvent('role', 'operator', { ...ROLE, peerEpoch: 3 })
    // @ts-expect-error It holds nothing.
    machineEvent('second-peer', 'second-peer', { epoch: 3 })
    // @ts-expect-error A machine knows nothing of datagrams.
    machineEvent('rejected', 'bad-frame', { cause: 'seal', count: 1, link: 0 })
    // @ts-expect-error There is no such cause.
    engineEvent('rejected', 'bad-frame', { cause: 'weather', count: 1, link: 0 }, 0)
    // @ts-expect-error The time of day does not jump for such a reason.
    engineEvent('clock', 'link-open', { ms: 1 }, 0)
    // @ts-expect-error There is no warning of that.
    pairEvent('warning', 'link-open', { link: 0, place: '' }, 0)
    // @ts-expect-error This says nothing of the port.
    pairEvent('channel', 'channel-busy', { noticedAfter: '2 s' }, 0)
  })
})
