import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Deadlines, type Waiting } from '../../../src/engine/deadlines'

class Member implements Waiting {
  dueMs = Infinity
  place = -1
}

describe('deadlines of many pairs', () => {
  it('tells the earliest, whatever was set, moved and removed before', () => {
    const action = fc.record({
      member: fc.nat(19),
      dueMs: fc.oneof(fc.nat(100), fc.constant(Infinity)),
      remove: fc.boolean()
    })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
        const deadlines = new Deadlines<Member>()
        const members = Array.from({ length: 20 }, () => new Member())
        const model = new Map<Member, number>()
        for (const { member: index, dueMs, remove } of actions) {
          const member = members[index] as Member
          if (remove && model.has(member)) {
            deadlines.remove(member)
            model.delete(member)
          } else {
            deadlines.set(member, dueMs)
            model.set(member, dueMs)
          }
          assert.equal(deadlines.earliestMs(), Math.min(Infinity, ...model.values()))
          assert.equal(deadlines.size, model.size)
        }
        const dueBy50 = [...model].filter(([, dueMs]) => dueMs <= 50).map(([member]) => member)
        assert.deepEqual(new Set(deadlines.due(50, 1000)), new Set(dueBy50))
      })
    )
  })

  it('gives those that are due earliest first, and no more than asked for', () => {
    const deadlines = new Deadlines<Member>()
    for (const dueMs of [5, 3, 9, 1, 7, 100]) deadlines.set(new Member(), dueMs)
    assert.deepEqual(
      deadlines.due(10, 100).map((member) => member.dueMs),
      [1, 3, 5, 7, 9]
    )
    const few = deadlines.due(10, 2)
    assert.equal(few.length, 2)
    assert.equal(few[0]?.dueMs, 1)
  })

  it('refuses to remove a member that does not wait', () => {
    const deadlines = new Deadlines<Member>()
    deadlines.set(new Member(), 1)
    assert.throws(() => deadlines.remove(new Member()))
    assert.equal(deadlines.size, 1)
  })
})
