/**
 * The matrix of the classic wire: my role x head of the frame x the peer's state in it -> what I become, what I
 * send, what I report. Every cell. Written by hand from the design, not derived from the machine's own table.
 * My token is 100, the frame's value 50, no designation of mine is unanswered.
 */
import assert from 'node:assert/strict'
import { HEADS, type Head } from '../../../src/protocol/wire/frame'
import type { Role } from '../../../src/protocol/machine'
import { gist, ClassicHarness } from '../../support/machine/classic-harness'

interface Cell {
  readonly becomes: Role
  readonly sends: readonly string[]
  readonly reports: readonly string[]
}

function cell(becomes: Role, sends: readonly string[] = [], reports: readonly string[] = []): Cell {
  return { becomes, sends, reports }
}

const ROLES: readonly Role[] = ['initial', 'active', 'standby']
const HEARD = ['online peer-heard', 'link peer-heard']

const MATRIX: Readonly<Record<Role, Readonly<Record<Head, Readonly<Record<Role, Cell>>>>>> = {
  initial: {
    negotiate: {
      initial: cell(
        'active',
        ['designate active'],
        [...HEARD, 'negotiate peer-heard', 'role negotiated', 'designate negotiated']
      ),
      active: cell('standby', [], [...HEARD, 'role peer-active']),
      standby: cell('initial', [], HEARD)
    },
    designate: {
      initial: cell('initial', ['responsed initial'], HEARD),
      active: cell('standby', ['responsed standby'], [...HEARD, 'designate designated', 'role designated']),
      standby: cell('active', ['responsed active'], [...HEARD, 'designate designated', 'role designated'])
    },
    connected: {
      initial: cell('initial', ['responsed initial'], HEARD),
      active: cell('standby', ['responsed standby'], [...HEARD, 'role peer-active']),
      standby: cell('initial', ['responsed initial'], HEARD)
    },
    responsed: {
      initial: cell('initial', [], HEARD),
      active: cell('initial', [], HEARD),
      standby: cell('initial', [], HEARD)
    }
  },
  active: {
    negotiate: {
      initial: cell('active', ['designate active'], ['designate negotiated']),
      active: cell(
        'active',
        ['designate active'],
        ['conflict peer-active', 'reasserted larger-token', 'designate negotiated']
      ),
      standby: cell('active')
    },
    designate: {
      initial: cell('active', ['responsed active']),
      active: cell(
        'standby',
        ['responsed standby'],
        ['designate designated', 'conflict peer-active', 'yielded larger-token', 'role larger-token']
      ),
      standby: cell('active', ['responsed active'])
    },
    connected: {
      initial: cell('active', ['responsed active']),
      active: cell('active', ['negotiate active', 'responsed active'], ['conflict peer-active']),
      standby: cell('active', ['responsed active'])
    },
    responsed: { initial: cell('active'), active: cell('active'), standby: cell('active') }
  },
  standby: {
    negotiate: {
      initial: cell('active', ['designate active'], ['role peer-restarted', 'designate negotiated']),
      active: cell('standby'),
      standby: cell('standby')
    },
    designate: {
      initial: cell('standby', ['responsed standby']),
      active: cell('standby', ['responsed standby']),
      standby: cell('active', ['responsed active'], ['designate designated', 'role designated'])
    },
    connected: {
      initial: cell('standby', ['responsed standby']),
      active: cell('standby', ['responsed standby']),
      standby: cell('standby', ['responsed standby'])
    },
    responsed: { initial: cell('standby'), active: cell('standby'), standby: cell('standby') }
  }
}

describe('classic wire, the matrix', () => {
  for (const role of ROLES) {
    for (const head of Object.keys(HEADS) as Head[]) {
      for (const state of ROLES) {
        const expected = MATRIX[role][head][state]
        it(`${role} hears ${head} from ${state === 'initial' ? 'an' : 'a'} ${state}: ${expected.becomes}`, () => {
          const machine = ClassicHarness.inRole(role, { tokens: [100] })
          machine.hears(head, state, 200, 50)
          assert.equal(machine.role, expected.becomes)
          assert.deepEqual(machine.takeSent().map(gist), expected.sends)
          assert.deepEqual(machine.takeEvents(), expected.reports)
          assert.equal(machine.view.peer?.role, state)
          assert.equal(machine.view.online, true)
        })
      }
    }
  }

  it('a receipt that was asked for and says active is a conflict too', () => {
    const active = ClassicHarness.inRole('active', { tokens: [100] })
    active.advanceMs(100)
    const [connected] = active.takeSent()
    assert.ok(connected)
    active.hears('responsed', 'active', connected.id, 50)
    assert.deepEqual(active.takeEvents(), ['conflict peer-active'])
    assert.deepEqual(active.takeSent().map(gist), ['negotiate active'])
    assert.equal(active.role, 'active')
  })
})
