import assert from 'node:assert/strict'
import { NO_DATA } from '../../../src/host/shared-data'
import { EngineCell, newEngineCell, type PairCellValue } from '../../../src/engine/cells'
import type { Snapshot } from '../../../src/engine/messages'
import type { PairStatus } from '../../../src/host/pair'
import { channelStatus, statusOf } from '../../../src/host/status'

const AT = { nowMicros: 5_000_000n, wallMs: 1_700_000_000_000 }
const SNAPSHOT: Snapshot = {
  role: 'standby',
  previousRole: 'initial',
  reason: 'negotiated',
  since: 1_699_999_999_000,
  epoch: 4,
  online: true,
  policy: 'exclusive',
  wire: 'extended',
  authenticated: true,
  peer: { role: 'active', epoch: 4, priority: 100, fitness: 200, ready: false, host: '10.0.0.2', port: 1101 },
  links: [],
  dropped: {},
  differences: [],
  conflict: false,
  proof: 'offline',
  aloneBar: null,
  greeted: 0,
  peerAheadS: 0,
  witness: null,
  store: null
}
const CELL: PairCellValue = {
  role: 'standby',
  serving: false,
  epoch: 4,
  leaseUntilMs: Infinity,
  freshForMs: 1000,
  heardAtMs: 4950.4,
  roundTripMs: 0.41234,
  witnessHeardAtMs: null
}

function status(snapshot: Partial<Snapshot>, cell: Partial<PairCellValue>): Omit<PairStatus, 'situation'> {
  const engine = new EngineCell(newEngineCell())
  engine.writeTick(AT.nowMicros, AT.wallMs)
  const own = { name: 'pump', host: 'host-a', seq: 9, fitness: 255, lost: null, channel: null }
  return statusOf(own, { ...SNAPSHOT, ...snapshot }, { ...CELL, ...cell }, engine.read(), AT)
}

describe('the status object', () => {
  it('has the fields of the contract', () => {
    assert.deepEqual(status({}, {}), {
      name: 'pump',
      host: 'host-a',
      fitness: 255,
      alone: null,
      lost: null,
      role: 'standby',
      previousRole: 'initial',
      reason: 'negotiated',
      since: 1_699_999_999_000,
      epoch: 4,
      seq: 9,
      serving: false,
      online: true,
      policy: 'exclusive',
      wire: 'extended',
      authenticated: true,
      leaseLeft: null,
      peer: {
        role: 'active',
        epoch: 4,
        priority: 100,
        fitness: 200,
        ready: false,
        host: '10.0.0.2',
        port: 1101,
        heardAgo: 50,
        roundTrip: 0.412
      },
      channel: null,
      witness: null
    })
  })

  it('tells the lease of an Active, and null without one', () => {
    const active = { role: 'active', serving: true } as const
    assert.equal(status({ role: 'active' }, { ...active, leaseUntilMs: 5300.2 }).leaseLeft, 300)
    assert.equal(status({ role: 'active' }, { ...active, leaseUntilMs: 4000 }).leaseLeft, 0)
    assert.equal(status({ role: 'active' }, { ...active, leaseUntilMs: 4000 }).serving, false)
    assert.equal(status({ role: 'active' }, active).leaseLeft, null)
    assert.equal(status({}, { leaseUntilMs: 5300 }).leaseLeft, null)
  })

  it('does not contradict itself while the news of a change still wait in the queue', () => {
    const ahead = status({ role: 'active', epoch: 4, reason: 'operator' }, { role: 'standby', epoch: 5 })
    assert.deepEqual(
      [ahead.role, ahead.previousRole, ahead.serving, ahead.epoch, ahead.reason],
      ['standby', 'active', false, 5, 'none']
    )
    const promoted = status({}, { role: 'active', serving: true, epoch: 5 })
    assert.deepEqual([promoted.role, promoted.serving, promoted.epoch], ['active', true, 5])
  })

  it('tells what is known of the witness, and when it was heard', () => {
    const witness = { online: true, counted: false, holder: 'peer' } as const
    assert.deepEqual(status({ witness }, {}).witness, { ...witness, heardAgo: null })
    assert.deepEqual(status({ witness }, { witnessHeardAtMs: 4899.6 }).witness, { ...witness, heardAgo: 100 })
    assert.equal(status({}, { witnessHeardAtMs: 4900 }).witness, null)
  })

  it('knows no peer before it has met one', () => {
    assert.equal(status({ peer: null }, { heardAtMs: null }).peer, null)
    assert.deepEqual([status({}, { heardAtMs: null, roundTripMs: null }).peer?.heardAgo], [null])
  })

  it('tells whether a crash could be proved, and why not', () => {
    const nothing = { ...NO_DATA }
    const shut = { open: false, blocked: false, busy: false, differences: [] }
    const open = { ...shut, open: true }
    assert.equal(channelStatus('possible', null, nothing), null)
    assert.deepEqual(channelStatus('possible', open, nothing), { open: true, proof: true, why: null, ...nothing })
    for (const why of ['off', 'offline', 'addresses-differ', 'not-on-disk'] as const) {
      assert.deepEqual(channelStatus(why, open, nothing), { open: true, proof: false, why, ...nothing })
    }
    assert.equal(channelStatus('no-tether', shut, nothing)?.why, 'channel-lost')
    assert.equal(channelStatus('no-tether', { ...shut, blocked: true }, nothing)?.why, 'channel-blocked')
    const early = channelStatus('possible', shut, nothing)
    assert.deepEqual([early?.proof, early?.why], [false, 'channel-lost'], 'the engine has not heard of the end yet')
  })
})
