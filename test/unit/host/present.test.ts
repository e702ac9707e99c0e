/** What is remembered of what happened: which changes of role are counted as nobody's wish. */
import assert from 'node:assert/strict'
import { pairEvent } from '../../../src/host/events'
import { Present } from '../../../src/host/situation/present'
import { blankSnapshot } from '../../../src/host/blank-snapshot'
import { FLAPS } from '../../../src/host/warnings'
import type { EventReason } from '../../../src/protocol/events'
import type { Role } from '../../../src/protocol/role'
import { link, settings } from '../../support/engine-rig'

const KEYS = { key: 'f7yTq0Zs-2mWc9Rk_4dLxE8v', previousKey: '' }

/** Whether so many of these are a warning. */
function flap(changes: number, reason: EventReason<'role'>, previousRole: Role, wire: 'extended' | 'classic'): boolean {
  const of = { ...settings([link(1, 2)]), wire }
  const present = new Present(of, KEYS)
  const snapshot = blankSnapshot(of, KEYS)
  for (let i = 0; i < changes; i++) {
    const role = previousRole === 'active' ? 'standby' : 'active'
    present.hear(pairEvent('role', reason, { role, previousRole, epoch: i }, i), snapshot, i)
  }
  const rest = { oneWay: false, crash: null, filesHolder: null, used: true, portHolder: () => null, channel: null }
  present.warnings.review({ snapshot, ...rest, nowMs: changes, wallMs: changes })
  return present.warnings.list.some(({ code }) => code === 'roles-flap')
}

describe('roles flap', () => {
  it('when they change by themselves again and again', () => {
    assert.equal(flap(FLAPS.changes, 'less-fit', 'standby', 'extended'), true)
    assert.equal(flap(FLAPS.changes, 'peer-crashed', 'standby', 'extended'), true)
    assert.equal(flap(FLAPS.changes - 1, 'less-fit', 'active', 'extended'), false)
  })

  it('not when an operator switches over, on either side', () => {
    assert.equal(flap(FLAPS.changes, 'operator', 'active', 'extended'), false)
    assert.equal(flap(FLAPS.changes, 'designated', 'standby', 'extended'), false)
    assert.equal(flap(FLAPS.changes, 'designated', 'standby', 'classic'), true, 'the classic wire tells no reason')
  })

  it('not when a side starts, stops or is deployed', () => {
    assert.equal(flap(FLAPS.changes, 'peer-active', 'initial', 'extended'), false)
    assert.equal(flap(FLAPS.changes, 'peer-left', 'standby', 'extended'), false)
    assert.equal(flap(FLAPS.changes, 'peer-removed', 'standby', 'extended'), false)
  })
})
