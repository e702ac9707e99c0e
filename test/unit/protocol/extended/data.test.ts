/**
 * Readiness, rank by the stored position, and the barrier of a planned swap, at one machine; what two of them make of it is in
 * `test/scenarios/extended/data-*.txt`. The machine is at epoch 20, its peer is heard each 100 ms, peerTimeout is 1000 ms.
 */
import assert from 'node:assert/strict'
import { ExtendedMachine } from '../../../../src/protocol/extended/machine'
import type { Flag, Trailer } from '../../../../src/protocol/wire/frame'
import { DATA_NUMBER_MAX } from '../../../../src/protocol/wire/frame'
import { comparePositions, NOWHERE, soundPosition, type Position } from '../../../../src/protocol/position'
import type { PairSettings } from '../../../../src/protocol/settings'
import { seededRandom } from '../../../support/random'
import { testSettings } from '../../../support/machine/settings'
import type { ExtendedHarness, Word } from '../../../support/machine/extended-harness'
import { clear, inRole, newcomer } from './matrix-cast'

const HERE: Position = { epoch: 20, number: 500 }

interface Told {
  readonly users?: boolean
  readonly open?: boolean
  readonly inStep?: boolean
  readonly position?: Position
}

function tell(machine: ExtendedHarness, told: Told = {}): void {
  machine.step({ kind: 'data', users: true, open: true, inStep: true, position: HERE, ...told })
}

function standby(flags: readonly Flag[] = [], trailer: Partial<Trailer> = {}): Word {
  return { state: 'standby', epoch: 20, flags: ['ready', 'channel', ...flags], trailer }
}

/** Active, and its flows keep data; the peer has a channel and all of it. */
function active(told: Told = {}, settings: Partial<PairSettings> = {}): ExtendedHarness {
  const machine = inRole('active', 'availability, higher', settings)
  says(machine, standby())
  tell(machine, told)
  clear(machine)
  machine.takeBarriers()
  return machine
}

/** From now on the peer says this; it has said it. */
function says(machine: ExtendedHarness, word: Word): void {
  machine.peerSays = word
  machine.hears(word)
}

/** Standby of an Active whose flows keep data. */
function follower(told: Told = {}, flags: readonly Flag[] = ['channel', 'users']): ExtendedHarness {
  const machine = inRole('standby', 'availability, higher', { failback: true, failbackDelayMs: 3000 })
  tell(machine, told)
  says(machine, { state: 'active', epoch: 20, flags })
  clear(machine)
  return machine
}

/** The next frame. */
function nextWord(machine: ExtendedHarness): Trailer {
  machine.takeSaid()
  machine.advanceMs(200)
  const trailer = machine.takeSaid().at(-1)?.trailer ?? null
  assert.ok(trailer !== null)
  return trailer
}

function swap(machine: ExtendedHarness, force = false): void {
  machine.step({ kind: 'command', id: 1, designate: 'swap', force })
  machine.advanceMs(110)
}

describe('extended wire, readiness and data', () => {
  it('frames tell the channel, the users and the position, and nothing of them without a key or with the channel off', () => {
    const machine = active()
    const { flags, dataEpoch, dataNumber } = nextWord(machine)
    assert.deepEqual([flags.channel, flags.users, flags.behind, dataEpoch, dataNumber], [true, true, false, 20, 500])
    for (const [settings, keyed] of [
      [{ channel: 'off' }, true],
      [{}, false]
    ] as const) {
      const other = newcomer('availability, higher', {}, settings, keyed)
      tell(other)
      const said = nextWord(other)
      assert.deepEqual([said.flags.channel, said.flags.users, said.dataEpoch, said.dataNumber], [false, false, 0, 0])
    }
  })

  const behind: readonly (readonly [string, ExtendedHarness, boolean])[] = [
    ['in step', follower(), false],
    ['in a snapshot', follower({ inStep: false }), true],
    ['without an open channel', follower({ open: false }), true],
    ['in a snapshot of what nobody keeps', follower({ inStep: false }, ['channel']), false]
  ]
  for (const [what, machine, expected] of behind) {
    it(`a Standby that is ${what} is ${expected ? '' : 'not '}behind, and ready all the same`, () => {
      const { flags } = nextWord(machine)
      assert.deepEqual([flags.behind, flags.ready], [expected, true])
    })
  }

  it('nobody is behind a side that does not serve', () => {
    const machine = follower({ inStep: false })
    says(machine, standby(['users']))
    assert.equal(nextWord(machine).flags.behind, false)
  })

  it('a Standby that is behind refuses to ask for the role, unless forced, and does not fail back', () => {
    const machine = follower({ inStep: false })
    machine.advanceMs(5000)
    assert.deepEqual(machine.takeReports(), [])
    machine.step({ kind: 'command', id: 1, designate: 'active', force: false })
    assert.deepEqual(machine.takeReplies(), ['refused'])
    machine.takeSaid()
    machine.step({ kind: 'command', id: 2, designate: 'active', force: true })
    const trailer = machine.takeSaid().at(-1)?.trailer
    assert.deepEqual([trailer?.reason, trailer?.flags.wanted], ['operator-forced', true])
    const waiting = follower({ inStep: false })
    waiting.advanceMs(5000)
    tell(waiting)
    waiting.advanceMs(200)
    assert.deepEqual(waiting.takeReports(), ['handover failback'])
  })

  it('a Standby in step asks as ever: force is told only where somebody would wait', () => {
    for (const [machine, reason] of [
      [follower(), 'operator'],
      [follower({}, ['channel']), 'operator']
    ] as const) {
      machine.step({ kind: 'command', id: 1, designate: 'active', force: reason !== 'operator' })
      assert.equal(machine.takeSaid().at(-1)?.trailer?.reason, reason)
    }
    const machine = follower({}, ['channel'])
    machine.step({ kind: 'command', id: 1, designate: 'active', force: true })
    assert.equal(machine.takeSaid().at(-1)?.trailer?.reason, 'operator')
  })

  const refused: readonly (readonly [string, Told, Word])[] = [
    ['says that it is behind', {}, standby(['behind'])],
    ['is late by what this side measures', { inStep: false }, standby()],
    ['cannot be reached by the channel', { open: false }, standby()]
  ]
  for (const [what, told, said] of refused) {
    it(`a swap to a peer that ${what} is refused; by force it goes on`, () => {
      const machine = active(told)
      machine.peerSays = said
      machine.hears(said)
      swap(machine)
      assert.deepEqual(machine.takeReplies(), ['refused'])
      assert.equal(machine.serves, true)
      swap(machine, true)
      assert.equal(machine.view.role, 'standby')
      assert.deepEqual(machine.takeBarriers(), [])
      assert.ok(machine.takeReports().includes('handover data-behind'))
    })
  }

  const unwaited: readonly (readonly [string, Told, Word])[] = [
    ['whose flows keep nothing', { users: false, open: false, inStep: false }, standby(['behind'])],
    ['whose peer has no channel', { open: false }, { state: 'standby', epoch: 20, flags: ['ready'] }]
  ]
  for (const [what, told, said] of unwaited) {
    it(`a side ${what} hands over as ever`, () => {
      const machine = active(told)
      says(machine, said)
      swap(machine)
      assert.equal(machine.view.role, 'standby')
      assert.deepEqual(machine.takeBarriers(), [])
      assert.deepEqual(machine.takeReports(), ['handover operator', 'role operator', 'designate operator'])
    })
  }

  it('less fit is planned and waits for the data; not fit at all is not', () => {
    const machine = active()
    says(machine, standby(['behind']))
    machine.step({ kind: 'fitness', value: 100 })
    machine.advanceMs(3000)
    assert.deepEqual(machine.takeReports(), [])
    machine.step({ kind: 'fitness', value: 0 })
    machine.advanceMs(200)
    assert.equal(machine.view.role, 'standby')
    assert.ok(machine.takeReports().includes('handover data-behind'))
  })
})

describe('extended wire, rank by position', () => {
  const positions: readonly (readonly [string, Position, Position, number])[] = [
    ['a higher number', { epoch: 3, number: 8 }, { epoch: 3, number: 7 }, 1],
    ['a higher epoch, whatever the numbers', { epoch: 4, number: 0 }, { epoch: 3, number: 900 }, 1],
    ['the same', HERE, HERE, 0],
    ['anything against nothing', { epoch: 1, number: 0 }, NOWHERE, 1]
  ]
  for (const [what, a, b, sign] of positions) {
    it(`${what}: ${sign > 0 ? 'newer' : 'no difference'}`, () => {
      assert.equal(Math.sign(comparePositions(a, b)), sign)
      assert.equal(Math.sign(comparePositions(b, a)), sign === 0 ? 0 : -sign)
    })
  }

  it('what no pair can have counts as nothing, and a number that has no room as the last one', () => {
    for (const epoch of [0, -1, NaN, 1.5, 2 ** 47, Infinity]) assert.equal(soundPosition({ epoch, number: 1 }), NOWHERE)
    assert.equal(soundPosition({ epoch: 3, number: NaN }), NOWHERE)
    assert.deepEqual(soundPosition({ epoch: 3, number: 2 ** 45 }), { epoch: 3, number: DATA_NUMBER_MAX })
    assert.deepEqual(soundPosition({ epoch: 3, number: -1 }), { epoch: 3, number: 0 })
  })

  /** Both at rest; the machine has the higher priority. */
  function atRest(own: Position, peer: Partial<Trailer>, flags: readonly Flag[] = []): ReturnType<typeof newcomer> {
    const machine = newcomer('availability, higher')
    tell(machine, { position: own })
    const trailer = { dataEpoch: HERE.epoch, dataNumber: HERE.number, priority: 100, ...peer }
    machine.peerSays = { state: 'initial', epoch: 20, flags: ['ready', 'channel', ...flags], trailer }
    machine.advanceMs(450)
    return machine
  }
  /** Whether it gives the role away. */
  const givesAway = (...given: Parameters<typeof atRest>): boolean => atRest(...given).view.role === 'standby'

  it('at rest the side with the older data gives the role, before priority', () => {
    assert.equal(givesAway({ epoch: 20, number: 499 }, {}), true)
    assert.equal(givesAway({ epoch: 20, number: 500 }, {}), false)
    assert.equal(givesAway({ epoch: 20, number: 501 }, { priority: 255 }), false)
    assert.equal(givesAway({ epoch: 19, number: 9000 }, {}), true)
  })

  it('not to a peer that is not fit, or that was not the last Active', () => {
    assert.equal(givesAway({ epoch: 20, number: 499 }, { fitness: 0 }), false)
    assert.equal(givesAway({ epoch: 20, number: 900 }, {}, ['holder']), true)
  })

  it('a peer that wants the role gets it with older data too, and that is reported', () => {
    for (const [number, behind] of [
      [501, true],
      [500, false],
      [499, false]
    ] as const) {
      const machine = atRest({ epoch: 20, number }, {}, ['wanted'])
      assert.equal(machine.view.role, 'standby')
      assert.equal(machine.takeReports().includes('handover data-behind'), behind, `${number}`)
    }
  })

  it('data of a peer without a channel is its own', () => {
    const machine = newcomer('availability, higher')
    tell(machine, { position: NOWHERE })
    const trailer = { dataEpoch: 20, dataNumber: 9, priority: 100 }
    machine.peerSays = { state: 'initial', epoch: 20, flags: ['ready'], trailer }
    machine.advanceMs(450)
    assert.equal(machine.view.role, 'initial')
  })

  it('its epoch counts as heard, whenever it is told', () => {
    const early = newcomer('availability, higher', { epoch: 0 })
    tell(early, { position: { epoch: 40, number: 1 } })
    assert.equal(early.view.epoch, 40)
    const unborn = new ExtendedMachine(testSettings(), { randomInt: seededRandom(1), keyed: true })
    unborn.step(1000, { kind: 'data', users: true, open: false, inStep: false, position: { epoch: 40, number: 1 } })
    unborn.step(1001, { kind: 'start', record: null })
    assert.equal(unborn.view().epoch, 40)
    const machine = active()
    tell(machine, { position: { epoch: 41, number: 1 } })
    assert.equal(machine.view.epoch, 42)
    assert.equal(machine.serves, true)
    assert.deepEqual(machine.takeReports(), ['reasserted peer-behind'])
  })

  it('a position that no side states is no frame of a pair', () => {
    const machine = active()
    machine.hears(standby([], { dataEpoch: 2 ** 47 }))
    assert.deepEqual(machine.takeReports(), ['dropped field'])
  })
})

/** Asked for a swap, and in its barrier. */
function inBarrier(settings: Partial<PairSettings> = {}): ExtendedHarness {
  const machine = active({}, settings)
  swap(machine)
  assert.deepEqual(machine.takeBarriers(), ['1'])
  assert.deepEqual([machine.view.role, machine.view.serving], ['active', false])
  machine.takeReports()
  machine.takeSaid()
  return machine
}

/** Called off, with this answer to the operator. */
function isOff(machine: ExtendedHarness, reply: string, serves = true): void {
  assert.deepEqual(machine.takeBarriers(), ['1 called off'])
  assert.deepEqual(machine.takeReplies(), [reply])
  assert.deepEqual([machine.view.role, machine.view.epoch, machine.serves], ['active', 20, serves])
}

function leaves(machine: ExtendedHarness): void {
  machine.step({ kind: 'goodbye', reason: 'shutdown' })
}

describe('extended wire, the barrier of a planned swap', () => {
  it('the role is granted when the host says that the peer has all, and not before', () => {
    const machine = inBarrier()
    machine.advanceMs(200)
    assert.ok(machine.takeSaid().every(({ head }) => head !== 'designate'))
    machine.step({ kind: 'barrierDone', id: 1, ok: true })
    assert.equal(machine.view.role, 'standby')
    assert.deepEqual(machine.takeBarriers(), ['1 granted'])
    assert.equal(machine.takeSaid().at(-1)?.head, 'designate')
  })

  it('a peer that says it is in step has nothing by that: the host’s answer counts', () => {
    const machine = inBarrier()
    for (let i = 0; i < 5; i++) machine.hears(standby())
    assert.equal(machine.view.role, 'active')
    machine.step({ kind: 'barrierDone', id: 1, ok: false })
    isOff(machine, 'refused')
  })

  it('an answer to another barrier, or one that comes late, is none', () => {
    const machine = inBarrier()
    machine.step({ kind: 'barrierDone', id: 2, ok: true })
    assert.equal(machine.view.serving, false)
    machine.nowMs += 501
    machine.step({ kind: 'barrierDone', id: 1, ok: true })
    isOff(machine, 'refused')
    machine.step({ kind: 'barrierDone', id: 1, ok: true })
    assert.equal(machine.serves, true)
  })

  for (const [peerTimeoutMs, limitMs] of [
    [1000, 500],
    [10_000, 1000]
  ] as const) {
    it(`it is called off after ${limitMs} ms where peerTimeout is ${peerTimeoutMs} ms`, () => {
      const machine = inBarrier({ peerTimeoutMs })
      const beganMs = machine.nowMs
      while (!machine.serves && machine.nowMs < beganMs + 2 * limitMs) machine.advanceMs(1)
      assert.ok(Math.abs(machine.nowMs - beganMs - limitMs) <= 110, `${machine.nowMs - beganMs} ms`)
      isOff(machine, 'refused')
    })
  }

  it('it is called off when the peer is lost, starts again, is Active too, or is not ready any more', () => {
    const lost = inBarrier()
    says(lost, { state: 'standby', epoch: 20, flags: ['goodbye'] })
    isOff(lost, 'peer-offline')

    const restarted = inBarrier()
    restarted.peerSays = null
    restarted.hearsRestarted({ state: 'initial', epoch: 20, flags: ['ready', 'channel'] })
    isOff(restarted, 'not-confirmed')

    const rival = inBarrier()
    says(rival, { state: 'active', epoch: 19 })
    isOff(rival, 'not-confirmed')

    const unready = inBarrier()
    says(unready, { state: 'standby', epoch: 20, flags: ['channel'] })
    unready.step({ kind: 'barrierDone', id: 1, ok: true })
    isOff(unready, 'not-confirmed')
  })

  it('it is called off by a pause; the gate opens when contact is confirmed', () => {
    const machine = inBarrier()
    machine.step({ kind: 'suspended', ms: 200 })
    isOff(machine, 'not-confirmed', false)
    machine.advanceMs(200)
    assert.equal(machine.serves, true)
  })

  for (const force of [false, true]) {
    it(`an order that the role stays here${force ? ', by force,' : ''} calls it off; another command finds it busy`, () => {
      const machine = inBarrier()
      machine.step({ kind: 'command', id: 2, designate: 'standby', force })
      assert.deepEqual(machine.takeReplies(), ['busy'])
      machine.step({ kind: 'command', id: 3, designate: 'active', force })
      assert.deepEqual(machine.takeBarriers(), ['1 called off'])
      assert.deepEqual(machine.takeReplies(), ['refused', 'ok active'])
      assert.equal(machine.serves, true)
    })
  }

  it('it ends with the lease, which runs on', () => {
    const machine = inRole('active', 'exclusive, higher')
    says(machine, standby([], { promisedMs: 300 }))
    tell(machine)
    machine.advanceMs(1000)
    clear(machine)
    swap(machine)
    machine.peerSays = null
    machine.advanceMs(280)
    assert.equal(machine.view.reason, 'lease-expired')
    assert.deepEqual(machine.takeBarriers(), ['1', '1 called off'])
    assert.deepEqual(machine.takeReplies(), ['ok standby'])
  })

  it('it ends with the role', () => {
    const machine = inBarrier()
    says(machine, { state: 'active', epoch: 30 })
    assert.equal(machine.view.role, 'standby')
    assert.deepEqual(machine.takeBarriers(), ['1 called off'])
  })

  it('a host that hangs is not waited for, nor one that is not fit any more', () => {
    const hung = inBarrier()
    hung.step({ kind: 'hostStalled', stalled: true })
    assert.equal(hung.view.role, 'standby')
    assert.deepEqual(hung.takeBarriers(), ['1 granted'])
    assert.ok(hung.takeReports().includes('handover data-behind'))
    const unfit = inBarrier()
    unfit.step({ kind: 'fitness', value: 0 })
    assert.equal(unfit.view.role, 'standby')
  })

  it('a wish begins one; when it comes to nothing the peer is told, and the same wish begins no other', () => {
    const machine = active()
    const wish = standby(['wanted'], { reason: 'operator' })
    machine.hears(wish)
    assert.deepEqual(machine.takeBarriers(), ['1'])
    machine.hears(wish)
    assert.deepEqual(machine.takeBarriers(), [])
    machine.takeSaid()
    machine.whileUnheard(() => machine.step({ kind: 'barrierDone', id: 1, ok: false }))
    const refusal = machine.takeSaid().at(-1)?.trailer
    assert.deepEqual([refusal?.flags.refusal, refusal?.reason], [true, 'not-synchronised'])
    machine.hears(wish)
    assert.deepEqual(machine.takeBarriers(), ['1 called off'])
    assert.equal(machine.serves, true)
  })

  it('a forced wish is met at once', () => {
    const machine = active()
    machine.hears(standby(['wanted'], { reason: 'operator-forced' }))
    assert.equal(machine.view.role, 'standby')
    assert.deepEqual(machine.takeBarriers(), [])
    assert.ok(machine.takeReports().includes('handover data-behind'))
  })

  it('what begins by itself does not shut the gate again and again', () => {
    const machine = active()
    says(machine, standby(['wanted'], { reason: 'failback' }))
    let shutMs = 0
    for (let ms = 0; ms < 60_000; ms += 10) {
      machine.advanceMs(10)
      if (!machine.serves) shutMs += 10
    }
    const begun = machine.takeBarriers().filter((text) => !text.includes('off')).length
    assert.ok(begun >= 3 && begun <= 6, `${begun} barriers in a minute`)
    assert.ok(shutMs < 3500, `shut for ${shutMs} ms`)
  })
})

describe('extended wire, an orderly stop and data', () => {
  it('waits for a barrier, with the role and without serving, and then leaves with a grant', () => {
    const machine = active()
    leaves(machine)
    assert.deepEqual(machine.takeBarriers(), ['1'])
    assert.deepEqual([machine.view.role, machine.view.serving], ['active', false])
    machine.step({ kind: 'command', id: 1, designate: 'active', force: true })
    machine.step({ kind: 'goodbye', reason: 'removed' })
    assert.deepEqual(machine.takeReplies(), ['stopped'])
    machine.takeSaid()
    machine.step({ kind: 'barrierDone', id: 1, ok: true })
    const said = machine.takeSaid().at(-1)
    assert.deepEqual([said?.head, said?.trailer?.flags.goodbye, machine.view.reason], ['designate', true, 'shutdown'])
    assert.deepEqual(machine.takeBarriers(), ['1 granted'])
  })

  const ends: readonly (readonly [string, (machine: ExtendedHarness) => void])[] = [
    ['its time is over', (machine) => machine.advanceMs(600)],
    ['the host cannot', (machine) => machine.step({ kind: 'barrierDone', id: 1, ok: false })],
    ['the host hangs', (machine) => machine.step({ kind: 'hostStalled', stalled: true })],
    ['this side slept', (machine) => machine.step({ kind: 'suspended', ms: 300 })],
    ['the peer leaves too', (machine) => machine.hears({ state: 'standby', epoch: 20, flags: ['goodbye'] })],
    ['the peer is Active', (machine) => machine.hears({ state: 'active', epoch: 30 })]
  ]
  for (const [why, end] of ends) {
    it(`leaves without the data when ${why}, and never serves in between`, () => {
      const machine = active()
      leaves(machine)
      end(machine)
      assert.deepEqual([machine.view.role, machine.view.reason], ['initial', 'shutdown'])
      assert.equal(machine.takeBarriers().length, 2)
    })
  }

  it('goes on from the barrier of a planned swap', () => {
    const machine = active()
    swap(machine)
    leaves(machine)
    assert.deepEqual(machine.takeBarriers(), ['1'])
    assert.deepEqual(machine.takeReplies(), ['stopped'])
    machine.step({ kind: 'barrierDone', id: 1, ok: true })
    assert.equal(machine.view.role, 'initial')
  })

  it('waits for nothing where nobody keeps data, nobody is heard, or the channel is shut', () => {
    for (const told of [{ users: false }, { open: false }]) {
      const machine = active(told)
      leaves(machine)
      assert.equal(machine.view.role, 'initial')
      assert.deepEqual(machine.takeBarriers(), [])
      assert.equal(machine.takeReports().includes('handover data-behind'), told.users !== false)
    }
    const alone = active()
    alone.peerSays = null
    alone.advanceMs(1500)
    alone.takeReports()
    leaves(alone)
    assert.equal(alone.view.role, 'initial')
    assert.deepEqual(alone.takeReports(), ['role shutdown', 'stopped shutdown'])
  })
})
