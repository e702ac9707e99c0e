/** The rules of the classic wire one by one (DESIGN, 'Classic wire'; seed, 协议报文格式 and 超时控制部分). */
import assert from 'node:assert/strict'
import type { Frame } from '../../../src/protocol/wire/frame'
import { ClassicMachine } from '../../../src/protocol/classic/machine'
import { testSettings } from '../../support/machine/settings'
import { gist, ClassicHarness, word } from '../../support/machine/classic-harness'

const P = 1000 // peerTimeoutMs of the bench
const H = 100 // heartbeatMs

function only(frames: readonly Frame[]): Frame {
  assert.equal(frames.length, 1, frames.map(word).join(', '))
  return frames[0] as Frame
}

function ofHead(frames: readonly Frame[], head: Frame['head']): Frame[] {
  return frames.filter((f) => f.head === head)
}

describe('classic wire, negotiation', () => {
  it('an Initial sends Negotiate with its token at once and then every heartbeat', () => {
    const solo = new ClassicHarness({ tokens: [42] })
    solo.advanceMs(3 * H)
    assert.deepEqual(solo.takeSent().map(word), [
      'negotiate initial 0 42',
      'negotiate initial 1 42',
      'negotiate initial 2 42',
      'negotiate initial 3 42'
    ])
  })

  it('nothing is sent before the socket is open, and nothing counts as lost meanwhile', () => {
    const solo = new ClassicHarness({ tokens: [42] })
    solo.step({ kind: 'link', link: 0, open: false, detail: '' })
    solo.takeSent()
    solo.advanceMs(60_000)
    assert.deepEqual(solo.takeSent(), [])
    assert.equal(solo.role, 'initial')
    solo.step({ kind: 'link', link: 0, open: true, detail: '' })
    assert.deepEqual(solo.takeSent().map(gist), ['negotiate initial'])
  })

  it('the larger token becomes Active and designates with its own token', () => {
    const solo = new ClassicHarness({ tokens: [9] })
    solo.takeSent()
    solo.hears('negotiate', 'initial', 3, 8)
    assert.equal(solo.role, 'active')
    assert.equal(word(only(solo.takeSent())), 'designate active 1 9')
  })

  it('the smaller token answers with its own Negotiate, stays Initial and is designated', () => {
    const solo = new ClassicHarness({ tokens: [9] })
    solo.takeSent()
    solo.hears('negotiate', 'initial', 3, 10)
    assert.equal(solo.role, 'initial')
    assert.equal(word(only(solo.takeSent())), 'negotiate initial 1 9')
    solo.hears('designate', 'active', 17, 10)
    assert.equal(solo.role, 'standby')
    assert.equal(word(only(solo.takeSent())), 'responsed standby 17 9')
  })

  it('equal tokens are redrawn and sent again at once', () => {
    const solo = new ClassicHarness({ tokens: [9, 77] })
    solo.takeSent()
    solo.hears('negotiate', 'initial', 3, 9)
    assert.equal(solo.role, 'initial')
    assert.equal(word(only(solo.takeSent())), 'negotiate initial 1 77')
    solo.hears('negotiate', 'initial', 4, 76)
    assert.equal(solo.role, 'active')
  })

  it('a Negotiate of 255 outweighs every token', () => {
    const solo = new ClassicHarness({ tokens: [254] })
    solo.takeSent()
    solo.hears('negotiate', 'initial', 3, 255)
    assert.equal(solo.role, 'initial')
    assert.deepEqual(solo.takeSent().map(gist), ['negotiate initial'])
  })

  it('a peer that answers every Negotiate with a Negotiate cannot make it flood', () => {
    const solo = new ClassicHarness({ tokens: [9] })
    solo.takeSent()
    for (let i = 0; i < 1000; i++) solo.hears('negotiate', 'initial', i & 0xff, 10)
    assert.ok(solo.takeSent().length <= 8)
    solo.advanceMs(H)
    solo.takeSent()
    solo.hears('negotiate', 'initial', 0, 10)
    assert.equal(solo.takeSent().length, 1, 'and it answers again with the next heartbeat')
  })

  it('tokens are drawn from 0..254', () => {
    const bounds: number[] = []
    const machine = new ClassicMachine(testSettings({ wire: 'classic' }), (bound) => {
      bounds.push(bound)
      return bound - 1
    })
    machine.step(0, { kind: 'link', link: 0, open: true, detail: '' })
    const outputs = machine.step(0, { kind: 'start', record: null })
    assert.ok(bounds.includes(255))
    const values = outputs.flatMap((o) => (o.kind === 'send' ? [o.frame.value] : []))
    assert.deepEqual(values, [254])
  })
})

describe('classic wire, keepalive and receipts', () => {
  it('an Active sends Connected every heartbeat, ids count up', () => {
    const solo = ClassicHarness.inRole('active', { tokens: [100] })
    solo.advanceMs(3 * H)
    assert.deepEqual(solo.takeSent().map(word), [
      'connected active 3 100',
      'connected active 4 100',
      'connected active 5 100'
    ])
  })

  it('ids wrap from 255 to 0', () => {
    const solo = ClassicHarness.inRole('active', { tokens: [100] })
    const ids: number[] = []
    solo.advanceMs(300 * H, (frame) => {
      ids.push(frame.id)
      solo.obedientStandby(frame)
    })
    const first = ids[0] as number
    assert.deepEqual(
      ids,
      ids.map((_, i) => (first + i) % 256)
    )
    assert.ok(ids.includes(255) && ids.indexOf(0) === ids.indexOf(255) + 1)
    assert.equal(solo.view.online, true)
  })

  it('a Standby sends nothing of its own accord', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.advanceMs(P - 1)
    assert.deepEqual(solo.takeSent(), [])
  })

  for (const id of [0, 1, 128, 255]) {
    it(`a receipt echoes id ${id}`, () => {
      const solo = ClassicHarness.inRole('standby', { tokens: [7] })
      solo.hears('connected', 'active', id)
      solo.hears('designate', 'active', id)
      assert.deepEqual(solo.takeSent().map(word), [`responsed standby ${id} 7`, `responsed standby ${id} 7`])
    })
  }

  it('measures the round trip from Connected to its receipt', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(H)
    const connected = only(solo.takeSent())
    solo.nowMs += 12
    solo.hears('responsed', 'standby', connected.id)
    assert.equal(solo.view.peer?.roundTripMs, 12)
    assert.equal(solo.view.peer?.heardAtMs, solo.nowMs)
  })
})

describe('classic wire, the three outcomes of counting losses', () => {
  // Frames at 0, 100, 200, 300 age out at 500, 600, 700, 800: the fourth is more than lossLimit = 3.
  it('an Initial becomes Active: cannot-negotiate', () => {
    const solo = new ClassicHarness()
    solo.takeEvents()
    solo.advanceMs(799)
    assert.equal(solo.role, 'initial')
    solo.advanceMs(1)
    assert.equal(solo.role, 'active')
    assert.equal(solo.view.reason, 'cannot-negotiate')
    assert.deepEqual(solo.takeEvents(), [
      'loss peer-silent',
      'loss peer-silent',
      'loss peer-silent',
      'loss receipts-lost',
      'role cannot-negotiate'
    ])
    assert.equal(solo.view.online, false)
  })

  it('an Active reports its peer offline, once, and stays Active', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(H, solo.obedientStandby)
    solo.takeEvents()
    solo.advanceMs(899) // Connected at 200, 300, 400, 500 age out at 700, 800, 900, 1000
    assert.equal(solo.view.online, true)
    solo.advanceMs(1)
    assert.equal(solo.view.online, false)
    solo.advanceMs(60_000)
    assert.equal(solo.role, 'active')
    assert.equal(solo.view.serving, true)
    assert.deepEqual(solo.takeEvents(), [
      'loss peer-silent',
      'loss peer-silent',
      'loss peer-silent',
      'loss receipts-lost',
      'online receipts-lost',
      'link receipts-lost'
    ])
  })

  it('a Standby only reports', () => {
    const solo = ClassicHarness.inRole('standby', { settings: { lossLimit: 0, receiptTimeoutMs: 200 } })
    solo.command('active')
    solo.advanceMs(600, () => solo.hears('connected', 'active', 1))
    assert.equal(solo.role, 'standby')
    assert.equal(solo.view.online, true)
    assert.ok(solo.takeEvents().includes('loss receipts-lost'))
  })

  it('one receipt in between starts the row anew', () => {
    const solo = ClassicHarness.inRole('active')
    let frames = 0
    solo.advanceMs(10_000, (frame) => {
      frames += 1
      if (frames % 4 === 0) solo.obedientStandby(frame)
    })
    assert.equal(solo.view.online, true)
    assert.ok(frames > 90)
  })

  it('a receipt with an unknown id is a sign of life, and resets nothing', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(H, solo.obedientStandby)
    solo.advanceMs(899, (frame) => solo.hears('responsed', 'standby', (frame.id + 100) % 256))
    assert.equal(solo.view.peer?.heardAtMs, 900)
    solo.advanceMs(1)
    assert.ok(solo.takeEvents().includes('online receipts-lost'))
  })

  it('any valid frame answers a Negotiate', () => {
    const solo = new ClassicHarness()
    for (let i = 0; i < 40; i++) {
      solo.advanceMs(450)
      solo.hears('responsed', 'standby', 250)
    }
    assert.equal(solo.role, 'initial')
    assert.ok(!solo.takeEvents().some((e) => e.startsWith('loss')))
  })

  it('the count goes back to 0: after the peer answered again the full row is needed', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(3000)
    assert.equal(solo.view.online, false)
    solo.takeSent()
    solo.advanceMs(H, solo.obedientStandby)
    assert.equal(solo.view.online, true)
    const backAtMs = solo.nowMs
    while (solo.view.online && solo.nowMs < backAtMs + 5000) solo.advanceMs(10)
    // The last Connected before the answer are still out: they age out, but a row of 4 has to come together anew.
    assert.ok(solo.nowMs - backAtMs >= 300, `${solo.nowMs - backAtMs} ms`)
  })

  it('having reported, it counts from 0 again: one more loss is no second report', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(2900) // lost: 600 to 900, and four more again and again, the last at 2900
    assert.equal(solo.view.online, false)
    solo.hears('responsed', 'standby', 250) // not a receipt for anything: it resets nothing
    solo.takeEvents()
    solo.advanceMs(3 * H)
    assert.equal(solo.view.online, true)
    solo.advanceMs(H)
    assert.equal(solo.view.online, false)
  })

  it('lossLimit 0: the first loss counts', () => {
    const solo = new ClassicHarness({ settings: { lossLimit: 0 } })
    solo.advanceMs(500)
    assert.equal(solo.role, 'active')
  })

  it('an id that comes round while outstanding counts as lost: the list is bounded by the 256 ids', () => {
    const solo = ClassicHarness.inRole('active', { settings: { heartbeatMs: 5, receiptTimeoutMs: 600_000 } })
    solo.advanceMs(5 * 250)
    assert.equal(solo.view.online, true)
    solo.advanceMs(5 * 12)
    assert.equal(solo.view.online, false)
  })
})

describe('classic wire, a Standby watches its Active', () => {
  it('takes over when no Active was heard for peerTimeout', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.advanceMs(P - 1)
    assert.equal(solo.role, 'standby')
    solo.advanceMs(1)
    assert.equal(solo.role, 'active')
    assert.equal(solo.view.reason, 'lost-connection')
    assert.deepEqual(solo.takeEvents(), ['online lost-connection', 'link lost-connection', 'role lost-connection'])
  })

  for (const head of ['connected', 'designate', 'negotiate', 'responsed'] as const) {
    it(`any frame of the Active puts that off: ${head}`, () => {
      const solo = ClassicHarness.inRole('standby')
      solo.advanceMs(P - 1)
      solo.hears(head, 'active')
      solo.advanceMs(P - 1)
      assert.equal(solo.role, 'standby')
      solo.advanceMs(1)
      assert.equal(solo.role, 'active')
    })
  }

  it('a frame of a side that is not Active puts nothing off', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.advanceMs(P - 1)
    solo.hears('responsed', 'standby')
    solo.hears('connected', 'standby')
    solo.hears('connected', 'initial')
    solo.advanceMs(1)
    assert.equal(solo.role, 'active')
  })

  it('deaf (its own socket closed) it concludes nothing from the silence', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.step({ kind: 'link', link: 0, open: false, detail: 'gone' })
    assert.equal(solo.view.online, false)
    solo.advanceMs(10 * P)
    assert.equal(solo.role, 'standby')
    solo.step({ kind: 'link', link: 0, open: true, detail: '' })
    solo.advanceMs(P - 1)
    assert.equal(solo.role, 'standby')
    solo.advanceMs(1)
    assert.equal(solo.role, 'active')
  })
})

describe('classic wire, own stalls', () => {
  it('a late tick does not take over before the queued frames were read', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.advanceMs(50)
    solo.stallMs(10 * P)
    solo.tick()
    assert.equal(solo.role, 'standby')
    solo.hearsActive()
    solo.advanceMs(P - 1)
    assert.equal(solo.role, 'standby')
  })

  it('but a stall is no life sign: the rest of the time still runs', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.advanceMs(300)
    solo.stallMs(10 * P)
    solo.advanceMs(P)
    assert.equal(solo.role, 'active')
  })

  it('a late tick counts no losses', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(2 * H, solo.obedientStandby)
    solo.advanceMs(H)
    const waiting = solo.takeSent()
    solo.takeEvents()
    solo.stallMs(800)
    solo.tick()
    for (const frame of waiting) solo.obedientStandby(frame)
    assert.deepEqual(solo.takeEvents(), [])
    assert.equal(solo.view.online, true)
  })

  it('lateness is counted once, however many frames are read after it', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.advanceMs(50)
    solo.stallMs(500)
    for (let i = 0; i < 100; i++) solo.hears('responsed', 'standby')
    solo.advanceMs(P - 1)
    assert.equal(solo.role, 'active')
  })

  it('a silence of ours shorter than peerTimeout pauses nothing', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(H, solo.obedientStandby)
    solo.stallMs(P - 1)
    solo.tick()
    assert.equal(solo.view.serving, true)
  })

  it('a longer one does, until a frame sent after it was answered', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(2 * H, solo.obedientStandby)
    solo.advanceMs(H)
    const before = only(solo.takeSent())
    solo.takeEvents()
    solo.stallMs(P + H)
    solo.tick()
    assert.equal(solo.view.serving, false)
    assert.equal(solo.role, 'active')
    solo.obedientStandby(before)
    assert.equal(solo.view.serving, false, 'the receipt is for a frame of the time before')
    const after = ofHead(solo.takeSent(), 'connected')
    assert.ok(after.length > 0)
    for (const frame of after) solo.obedientStandby(frame)
    assert.equal(solo.view.serving, true)
    assert.deepEqual(solo.takeEvents(), ['paused own-stall', 'resumed revalidated'])
  })

  it('an answer that says active confirms nothing', () => {
    const solo = ClassicHarness.inRole('active')
    solo.stallMs(3 * P)
    solo.tick()
    for (const frame of solo.takeSent()) solo.hears('responsed', 'active', frame.id)
    assert.equal(solo.view.serving, false)
  })

  it('nor does time, as long as another Active is heard', () => {
    const solo = ClassicHarness.inRole('active', { settings: { heartbeatMs: 400 } })
    solo.stallMs(3 * P)
    for (let ms = 0; ms <= 2 * P; ms += 200) {
      solo.hears('connected', 'active', 5, 3)
      assert.equal(solo.role, 'active')
      assert.equal(solo.view.serving, false)
      solo.advanceMs(200)
    }
  })

  it('or until peerTimeout passed in silence', () => {
    const solo = ClassicHarness.inRole('active')
    solo.stallMs(3 * P)
    solo.tick()
    assert.equal(solo.view.serving, false)
    solo.advanceMs(P - 1)
    assert.equal(solo.view.serving, false)
    solo.advanceMs(1)
    assert.equal(solo.view.serving, true)
    assert.ok(solo.takeEvents().includes('resumed peer-silent'))
  })

  it('the peer that took over meanwhile is met as a conflict, and nothing is served before that is settled', () => {
    const solo = ClassicHarness.inRole('active', { tokens: [10] })
    solo.stallMs(3 * P)
    solo.hears('connected', 'active', 5, 200)
    assert.equal(solo.view.serving, false)
    solo.hears('designate', 'active', 6, 200)
    assert.equal(solo.role, 'standby')
  })

  it('an Active whose peer is offline has nobody to fear after a stall', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(3 * P)
    assert.equal(solo.view.online, false)
    solo.stallMs(3 * P)
    solo.tick()
    assert.equal(solo.view.serving, true)
  })

  it('suspended longer than freshFor: not serving until contact is confirmed', () => {
    const solo = ClassicHarness.inRole('active')
    solo.step({ kind: 'suspended', ms: 60_000 })
    assert.equal(solo.view.serving, false)
    solo.advanceMs(0)
    for (const frame of solo.takeSent()) solo.obedientStandby(frame)
    assert.equal(solo.view.serving, true)
  })

  for (const ms of [60_000, 3_600_000, 90 * 24 * 3_600_000]) {
    it(`a wall clock that jumps by ${ms} ms keeps it from serving for peerTimeout at most`, () => {
      const solo = ClassicHarness.inRole('active')
      for (let jumps = 0; jumps < 3; jumps++) {
        solo.step({ kind: 'suspended', ms })
        assert.equal(solo.view.serving, false)
        solo.advanceMs(P)
        assert.equal(solo.view.serving, true)
        solo.advanceMs(H)
        solo.hears('connected', 'standby')
      }
      const initial = new ClassicHarness()
      initial.advanceMs(10)
      initial.step({ kind: 'suspended', ms })
      initial.advanceMs(10 * P)
      assert.equal(initial.role, 'active')
    })
  }

  it('an operator’s force ends a pause, and says active only of a side that serves', () => {
    const solo = ClassicHarness.inRole('active')
    solo.step({ kind: 'suspended', ms: 60_000 })
    solo.takeEvents()
    solo.command('active', true)
    assert.equal(solo.view.serving, true)
    assert.deepEqual(solo.takeEvents(), ['resumed operator-forced'])
    assert.deepEqual(solo.replies, [{ id: 1, result: 'active' }])
  })

  it('but not while another Active is heard: it fails', () => {
    const solo = ClassicHarness.inRole('active', { settings: { heartbeatMs: 400 } })
    solo.stallMs(3 * P)
    solo.hears('connected', 'active', 5, 3)
    solo.command('active', true)
    assert.equal(solo.view.serving, false)
    assert.deepEqual(solo.replies, [{ id: 1, result: 'busy' }])
  })

  it('suspended as a Standby: the full peerTimeout runs again', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.advanceMs(P - 1)
    solo.step({ kind: 'suspended', ms: 60_000 })
    solo.advanceMs(P - 1)
    assert.equal(solo.role, 'standby')
    solo.advanceMs(1)
    assert.equal(solo.role, 'active')
  })
})

describe('classic wire, the peer restarts', () => {
  it('while we are Active: it is designated, and again until it heeds, one event only', () => {
    const solo = ClassicHarness.inRole('active', { tokens: [100] })
    solo.hears('negotiate', 'initial', 0, 200)
    solo.hears('negotiate', 'initial', 1, 200)
    assert.equal(solo.role, 'active')
    assert.deepEqual(solo.takeSent().map(gist), ['designate active', 'designate active'])
    assert.deepEqual(solo.takeEvents(), ['designate negotiated'])
  })

  it('while we are Standby: we succeed it and designate it Standby', () => {
    const solo = ClassicHarness.inRole('standby', { tokens: [1] })
    solo.hears('negotiate', 'initial', 0, 254)
    assert.equal(solo.role, 'active')
    assert.equal(solo.view.reason, 'peer-restarted')
    assert.equal(gist(only(solo.takeSent())), 'designate active')
  })
})

describe('classic wire, two Actives', () => {
  it('the larger token designates and keeps the role with a newer epoch', () => {
    const solo = ClassicHarness.inRole('active', { tokens: [100] })
    const epoch = solo.view.epoch
    solo.hears('connected', 'active', 9, 0)
    solo.hears('negotiate', 'active', 10, 99)
    assert.deepEqual(solo.takeSent().map(word), [
      'negotiate active 3 100',
      'responsed active 9 100',
      'designate active 4 100'
    ])
    assert.deepEqual(solo.takeEvents(), ['conflict peer-active', 'reasserted larger-token', 'designate negotiated'])
    assert.equal(solo.role, 'active')
    assert.equal(solo.view.epoch, epoch + 1)
  })

  it('the smaller token answers with its own Negotiate and yields to the designation', () => {
    const solo = ClassicHarness.inRole('active', { tokens: [100] })
    solo.hears('negotiate', 'active', 10, 101)
    assert.equal(gist(only(solo.takeSent())), 'negotiate active')
    assert.equal(solo.role, 'active')
    solo.hears('designate', 'active', 11, 101)
    assert.equal(solo.role, 'standby')
    assert.deepEqual(solo.takeEvents(), [
      'conflict peer-active',
      'designate designated',
      'yielded larger-token',
      'role larger-token'
    ])
  })

  it('equal tokens: redraw and negotiate as Active', () => {
    const solo = ClassicHarness.inRole('active', { tokens: [100, 7] })
    solo.hears('negotiate', 'active', 10, 100)
    assert.equal(word(only(solo.takeSent())), 'negotiate active 3 7')
  })

  it('designations that cross: the larger keeps its role and designates again', () => {
    const solo = new ClassicHarness({ tokens: [100] })
    solo.hears('negotiate', 'initial', 0, 1) // Active now, its Designate unanswered
    solo.takeSent()
    solo.hears('designate', 'active', 5, 99)
    assert.equal(solo.role, 'active')
    assert.deepEqual(solo.takeSent().map(gist), ['designate active', 'responsed active'])
  })

  it('designations that cross: the smaller yields', () => {
    const solo = new ClassicHarness({ tokens: [100] })
    solo.hears('negotiate', 'initial', 0, 1)
    solo.takeSent()
    solo.hears('designate', 'active', 5, 101)
    assert.equal(solo.role, 'standby')
    assert.deepEqual(solo.takeSent().map(gist), ['responsed standby'])
  })

  it('designations that cross: equal tokens are redrawn', () => {
    const solo = new ClassicHarness({ tokens: [100, 33] })
    solo.hears('negotiate', 'initial', 0, 1)
    solo.takeSent()
    solo.hears('designate', 'active', 5, 100)
    assert.equal(solo.role, 'active')
    assert.deepEqual(solo.takeSent().map(word), ['negotiate active 2 33', 'responsed active 5 33'])
  })

  it('a designation of ours that was answered outweighs nothing any more', () => {
    const solo = ClassicHarness.inRole('active', { tokens: [100] })
    solo.hears('designate', 'active', 5, 1)
    assert.equal(solo.role, 'standby')
  })

  it('255 is obeyed whatever the tokens say', () => {
    const solo = new ClassicHarness({ tokens: [254] })
    solo.hears('negotiate', 'initial', 0, 1)
    solo.hears('designate', 'active', 5, 255)
    assert.equal(solo.role, 'standby')
    assert.equal(solo.view.reason, 'designated')
  })

  it('the value of a Connected decides nothing', () => {
    for (const value of [0, 100, 255]) {
      const solo = ClassicHarness.inRole('active', { tokens: [100] })
      solo.hears('connected', 'active', 5, value)
      assert.equal(solo.role, 'active')
      assert.deepEqual(solo.takeSent().map(gist), ['negotiate active', 'responsed active'])
    }
  })

  it('a peer that heeds neither Negotiate nor Designate has its way, in a bounded number of heartbeats', () => {
    const solo = ClassicHarness.inRole('active', { tokens: [100] })
    const sent: string[] = []
    for (let beat = 0; beat < 8 && solo.role === 'active'; beat++) {
      solo.hears('connected', 'active', beat, 3)
      solo.advanceMs(H)
      sent.push(...solo.takeSent().map(gist))
    }
    assert.equal(solo.role, 'standby')
    assert.equal(solo.view.reason, 'peer-active')
    assert.ok(sent.includes('designate active'))
    assert.equal(solo.events.filter((e) => e.event === 'conflict').length, 1)
    assert.equal(solo.events.filter((e) => e.event === 'yielded').length, 1)
  })

  it('a single stray frame of an Active does not cost the role', () => {
    const solo = ClassicHarness.inRole('active', { tokens: [100] })
    solo.hears('connected', 'active', 1)
    solo.advanceMs(10 * P)
    assert.equal(solo.role, 'active')
    assert.ok(!solo.events.some((e) => e.event === 'role' || e.event === 'yielded'))
  })
})

describe('classic wire, operator on an Active', () => {
  for (const asked of ['standby', 'swap'] as const) {
    it(`${asked}: stops serving first, confirmed by the receipt of the new Active`, () => {
      const solo = ClassicHarness.inRole('active')
      solo.command(asked)
      assert.equal(solo.role, 'standby')
      assert.equal(solo.view.serving, false)
      const order = only(solo.takeSent())
      assert.equal(gist(order), 'designate standby')
      assert.equal(order.value, 255)
      assert.deepEqual(solo.replies, [])
      solo.hears('responsed', 'active', order.id)
      assert.deepEqual(solo.replies, [{ id: 1, result: 'standby' }])
      assert.equal(solo.role, 'standby')
    })
  }

  it('repeats the order each heartbeat with the same id', () => {
    const solo = ClassicHarness.inRole('active')
    solo.command('standby')
    const order = only(solo.takeSent())
    solo.advanceMs(3 * H)
    assert.deepEqual(solo.takeSent().map(word), [word(order), word(order), word(order)])
  })

  it('unanswered: takes the role back and says so', () => {
    const solo = ClassicHarness.inRole('active')
    solo.command('standby')
    solo.advanceMs(499)
    assert.equal(solo.role, 'standby')
    solo.advanceMs(1)
    assert.equal(solo.role, 'active')
    assert.equal(solo.view.reason, 'handover-aborted')
    assert.deepEqual(solo.replies, [{ id: 1, result: 'not-confirmed' }])
  })

  it('the peer’s first Connected confirms as well as its receipt', () => {
    const solo = ClassicHarness.inRole('active')
    solo.command('standby')
    solo.hearsActive()
    assert.deepEqual(solo.replies, [{ id: 1, result: 'standby' }])
  })

  it('the peer hands the role back: refused', () => {
    const solo = ClassicHarness.inRole('active')
    solo.command('standby')
    solo.hears('designate', 'standby', 9, 255)
    assert.equal(solo.role, 'active')
    assert.deepEqual(solo.replies, [{ id: 1, result: 'refused' }])
  })

  it('the peer restarts meanwhile: it gets the role, this side does not take it back', () => {
    const solo = ClassicHarness.inRole('active')
    solo.command('standby')
    solo.hears('negotiate', 'initial', 0, 3)
    assert.equal(solo.role, 'standby')
    solo.hears('responsed', 'active', only(solo.takeSent()).id)
    assert.deepEqual(solo.replies, [{ id: 1, result: 'standby' }])
  })

  it('peer offline: an error, roles untouched', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(2 * P)
    solo.command('standby')
    assert.deepEqual(solo.replies, [{ id: 1, result: 'peer-offline' }])
    assert.equal(solo.view.serving, true)
  })

  it('peer offline and forced: steps down and stays down until the peer is heard', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(2 * P)
    solo.command('standby', true)
    assert.deepEqual(solo.replies, [{ id: 1, result: 'standby' }])
    assert.equal(solo.view.reason, 'operator-forced')
    solo.advanceMs(100 * P)
    assert.equal(solo.role, 'standby')
    solo.hearsActive()
    solo.advanceMs(P)
    assert.equal(solo.role, 'active', 'no longer held: the ordinary rule counts again')
  })

  it('held down, it designates an Initial peer Active instead of taking the role', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(2 * P)
    solo.command('standby', true)
    solo.takeSent()
    solo.hears('negotiate', 'initial', 0, 3)
    assert.equal(solo.role, 'standby')
    const order = only(solo.takeSent())
    assert.equal(gist(order), 'designate standby')
    assert.equal(order.value, 255)
  })

  it('held down, it stays down also when an Initial peer was heard and fell silent again', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(2 * P)
    solo.command('standby', true)
    solo.hears('negotiate', 'initial', 0, 3)
    assert.equal(solo.view.online, true)
    solo.advanceMs(10 * P)
    assert.equal(solo.view.online, false)
    assert.equal(solo.role, 'standby')
  })

  it('held down, it offers the role with every heartbeat, until its peer is heard', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(2 * P)
    solo.takeSent()
    solo.command('standby', true)
    const offer = word(only(solo.takeSent()))
    solo.advanceMs(3 * H)
    assert.deepEqual(solo.takeSent().map(word), [offer, offer, offer, offer])
    solo.hearsActive()
    solo.takeSent()
    solo.advanceMs(3 * H)
    assert.deepEqual(solo.takeSent(), [])
  })

  it('held down, an operator’s active takes the role again', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(2 * P)
    solo.command('standby', true)
    solo.command('active', true, 2)
    assert.equal(solo.role, 'active')
    assert.deepEqual(solo.replies.at(-1), { id: 2, result: 'active' })
  })

  it('forced while the peer seemed online but does not answer: stays down', () => {
    const solo = ClassicHarness.inRole('active')
    solo.command('standby', true)
    solo.advanceMs(500)
    assert.deepEqual(solo.replies, [{ id: 1, result: 'standby' }])
    solo.advanceMs(10 * P)
    assert.equal(solo.role, 'standby')
  })
})

describe('classic wire, operator on a Standby', () => {
  for (const asked of ['active', 'swap'] as const) {
    it(`${asked}: does not serve before the Active has stood down`, () => {
      const solo = ClassicHarness.inRole('standby')
      solo.command(asked)
      const order = only(solo.takeSent())
      assert.equal(gist(order), 'designate active')
      assert.equal(order.value, 255)
      assert.equal(solo.role, 'standby')
      assert.equal(solo.view.serving, false)
      solo.hears('responsed', 'standby', order.id)
      assert.equal(solo.role, 'active')
      assert.equal(solo.view.serving, true)
      assert.deepEqual(solo.replies, [{ id: 1, result: 'active' }])
    })
  }

  for (const [what, id, state] of [
    ['another id', 99, 'standby'],
    ['state active', 0, 'active'],
    ['state initial', 0, 'initial']
  ] as const) {
    it(`a receipt with ${what} does not confirm`, () => {
      const solo = ClassicHarness.inRole('standby')
      solo.command('active')
      const order = only(solo.takeSent())
      solo.hears('responsed', state, id === 0 ? order.id : id)
      assert.equal(solo.role, 'standby')
      assert.deepEqual(solo.replies, [])
    })
  }

  it('a 2015 peer may answer with the role it held before: the repeat settles it', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.command('active')
    const order = only(solo.takeSent())
    solo.hears('responsed', 'active', order.id)
    solo.advanceMs(H)
    assert.equal(word(only(solo.takeSent())), word(order))
    solo.hears('responsed', 'standby', order.id)
    assert.deepEqual(solo.replies, [{ id: 1, result: 'active' }])
  })

  it('unanswered: stays Standby and says so', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.command('active')
    solo.advanceMs(500, () => solo.hearsActive())
    assert.equal(solo.role, 'standby')
    assert.deepEqual(solo.replies, [{ id: 1, result: 'not-confirmed' }])
  })

  it('forced and unanswered: takes the role', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.command('active', true)
    solo.advanceMs(500)
    assert.equal(solo.role, 'active')
    assert.equal(solo.view.reason, 'operator-forced')
    assert.deepEqual(solo.replies, [{ id: 1, result: 'active' }])
  })

  it('the Active hands over by itself meanwhile: fulfilled', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.command('active')
    solo.hears('designate', 'standby', 9, 255)
    assert.equal(solo.role, 'active')
    assert.deepEqual(solo.replies, [{ id: 1, result: 'active' }])
  })

  it('the Active falls silent and the takeover comes first: fulfilled', () => {
    const solo = ClassicHarness.inRole('standby', { settings: { receiptTimeoutMs: 10_000 } })
    solo.advanceMs(P - 200)
    solo.command('active')
    solo.advanceMs(200)
    assert.equal(solo.view.reason, 'lost-connection')
    assert.deepEqual(solo.replies, [{ id: 1, result: 'active' }])
  })

  it('never waits longer than peerTimeout either, so that nobody stays without an Active', () => {
    const solo = ClassicHarness.inRole('active', { settings: { receiptTimeoutMs: 60_000 } })
    solo.command('standby')
    solo.advanceMs(P)
    assert.equal(solo.role, 'active')
  })
})

describe('classic wire, commands in general', () => {
  for (const role of ['active', 'standby'] as const) {
    it(`${role} already: success, and nothing happens`, () => {
      const solo = ClassicHarness.inRole(role)
      solo.command(role)
      assert.deepEqual(solo.replies, [{ id: 1, result: role }])
      assert.deepEqual(solo.takeSent(), [])
      assert.deepEqual(solo.takeEvents(), [])
    })
  }

  it('only one at a time', () => {
    const solo = ClassicHarness.inRole('active')
    solo.command('standby', false, 1)
    solo.command('active', false, 2)
    assert.deepEqual(solo.replies, [{ id: 2, result: 'busy' }])
  })

  it('Initial with the peer heard: active outweighs every token, once the peer stood by', () => {
    const solo = new ClassicHarness({ tokens: [3] })
    solo.hears('negotiate', 'initial', 0, 200)
    solo.takeSent()
    solo.command('active')
    const order = only(solo.takeSent())
    assert.equal(word(order), `designate active ${order.id} 255`)
    assert.equal(solo.role, 'initial')
    solo.hears('responsed', 'standby', order.id)
    assert.equal(solo.role, 'active')
    assert.deepEqual(solo.replies, [{ id: 1, result: 'active' }])
  })

  it('Initial with the peer heard: the peer decided by tokens meanwhile, and yields to the repeated order', () => {
    const solo = new ClassicHarness({ tokens: [3] })
    solo.hears('negotiate', 'initial', 0, 200)
    solo.takeSent()
    solo.command('active')
    const order = only(solo.takeSent())
    solo.hears('designate', 'active', 4, 200)
    assert.equal(solo.role, 'standby')
    solo.takeSent()
    solo.advanceMs(H)
    assert.ok(solo.takeSent().some((frame) => word(frame) === word(order)))
    solo.hears('responsed', 'standby', order.id)
    assert.equal(solo.role, 'active')
    assert.deepEqual(solo.replies, [{ id: 1, result: 'active' }])
  })

  it('Initial with the peer heard: standby designates the peer Active', () => {
    const solo = new ClassicHarness({ tokens: [3] })
    solo.hears('negotiate', 'initial', 0, 200)
    solo.takeSent()
    solo.command('standby')
    const order = only(solo.takeSent())
    assert.equal(gist(order), 'designate standby')
    solo.hears('responsed', 'active', order.id)
    assert.deepEqual(solo.replies, [{ id: 1, result: 'standby' }])
  })

  it('Initial that asked to be Standby and got no answer does not end up Active by the abort', () => {
    const solo = new ClassicHarness({ tokens: [3] })
    solo.hears('negotiate', 'initial', 0, 200)
    solo.command('standby')
    solo.advanceMs(500)
    assert.equal(solo.role, 'standby')
    assert.deepEqual(solo.replies, [{ id: 1, result: 'not-confirmed' }])
    solo.advanceMs(P)
    assert.equal(solo.role, 'active', 'by the ordinary rule')
  })

  it('Initial that never heard its peer: peer-offline, or forced', () => {
    const solo = new ClassicHarness()
    solo.command('active', false, 1)
    solo.command('standby', false, 2)
    assert.equal(solo.role, 'initial')
    solo.command('active', true, 3)
    assert.equal(solo.role, 'active')
    assert.deepEqual(solo.replies, [
      { id: 1, result: 'peer-offline' },
      { id: 2, result: 'peer-offline' },
      { id: 3, result: 'active' }
    ])
  })

  it('orders that cross (both operators swap): one exchange, both confirmed', () => {
    const solo = ClassicHarness.inRole('active')
    solo.command('swap')
    solo.takeSent()
    solo.hears('designate', 'active', 9, 255) // the Standby's own order, not serving yet
    assert.deepEqual(solo.takeSent().map(gist), ['responsed standby'])
    assert.deepEqual(solo.replies, [{ id: 1, result: 'standby' }])
    assert.equal(solo.role, 'standby')
  })
})

describe('classic wire, hung flows and leaving', () => {
  it('an Active whose flows hang hands over to an online peer', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(3000, solo.obedientStandby)
    solo.step({ kind: 'hostStalled', stalled: true })
    assert.equal(solo.role, 'standby')
    assert.equal(solo.view.reason, 'host-stalled')
    assert.equal(gist(only(solo.takeSent())), 'designate standby')
  })

  it('and goes on when nobody answers, or nobody is there', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(3000, solo.obedientStandby)
    solo.step({ kind: 'hostStalled', stalled: true })
    solo.advanceMs(500)
    assert.equal(solo.role, 'active')
    solo.advanceMs(1000)
    assert.equal(solo.role, 'active')
  })

  it('tries again not sooner than stallLimit after it took the role: two hung hosts do not toss it about', () => {
    const solo = ClassicHarness.inRole('standby')
    solo.step({ kind: 'hostStalled', stalled: true })
    solo.hears('designate', 'standby', 9, 255)
    assert.equal(solo.role, 'active')
    solo.advanceMs(1999, solo.obedientStandby)
    assert.equal(solo.role, 'active')
    solo.advanceMs(200, solo.obedientStandby)
    assert.equal(solo.role, 'standby')
  })

  it('a goodbye of the Active hands over with 255, a few times until answered, and then is silent', () => {
    const solo = ClassicHarness.inRole('active')
    solo.step({ kind: 'goodbye', reason: 'shutdown' })
    assert.equal(solo.view.serving, false)
    solo.advanceMs(60_000)
    const sent = solo.takeSent()
    assert.deepEqual(new Set(sent.map(gist)), new Set(['designate standby']))
    assert.equal(sent.length, 3)
    assert.equal(new Set(sent.map((f) => f.id)).size, 1)
    assert.equal(solo.machine.deadlineMs(), Infinity)
  })

  it('answered at once: nothing more is sent', () => {
    const solo = ClassicHarness.inRole('active')
    solo.step({ kind: 'goodbye', reason: 'shutdown' })
    const order = only(solo.takeSent())
    solo.hears('responsed', 'active', order.id)
    assert.equal(solo.machine.deadlineMs(), Infinity)
    assert.deepEqual(solo.takeSent(), [])
  })

  for (const role of ['initial', 'standby'] as const) {
    it(`${role} leaves silently`, () => {
      const solo = ClassicHarness.inRole(role)
      solo.step({ kind: 'goodbye', reason: 'shutdown' })
      assert.equal(solo.machine.deadlineMs(), Infinity)
      assert.deepEqual(solo.takeSent(), [])
    })
  }

  it('an Active without a peer leaves silently and stops serving', () => {
    const solo = ClassicHarness.inRole('active')
    solo.advanceMs(3 * P)
    solo.takeSent()
    solo.step({ kind: 'goodbye', reason: 'shutdown' })
    assert.deepEqual(solo.takeSent(), [])
    assert.equal(solo.view.serving, false)
  })

  it('after the goodbye nothing brings it back, and commands end', () => {
    const solo = ClassicHarness.inRole('active')
    solo.command('standby', false, 1)
    solo.step({ kind: 'goodbye', reason: 'shutdown' })
    solo.command('active', true, 2)
    solo.hears('designate', 'standby', 1, 255)
    solo.advanceMs(100 * P)
    assert.equal(solo.view.serving, false)
    assert.deepEqual(solo.replies, [
      { id: 1, result: 'stopped' },
      { id: 2, result: 'stopped' }
    ])
  })
})

describe('classic wire, view and epoch', () => {
  it('the epoch counts own promotions, from what the store held, reserved ahead', () => {
    const record = {
      nodeId: '00000000000000aa',
      epoch: 7,
      reserved: 9,
      parity: null,
      promisedMs: 0,
      preferred: false,
      online: false,
      number: 1,
      peerPolicy: null
    }
    const solo = new ClassicHarness({ record, tokens: [100] })
    assert.equal(solo.stores.at(-1)?.reserved, 10)
    solo.hears('negotiate', 'initial', 0, 1)
    assert.equal(solo.view.epoch, 10, 'a reserved number counts as used')
    assert.deepEqual([solo.stores.at(-1)?.epoch, solo.stores.at(-1)?.reserved], [10, 11])
    solo.hears('designate', 'active', 1, 255)
    solo.hears('designate', 'standby', 2, 255)
    assert.equal(solo.view.epoch, 11)
  })

  it('a store that fails is reported once and does not keep the role from being taken', () => {
    const solo = new ClassicHarness({ tokens: [100] })
    solo.storeWorks = false
    solo.hears('negotiate', 'initial', 0, 1)
    assert.equal(solo.role, 'active')
    solo.advanceMs(10_000, solo.obedientStandby)
    assert.deepEqual(
      solo.takeEvents().filter((e) => e.startsWith('store')),
      ['store store-new', 'store store-failed']
    )
    solo.storeWorks = true
    solo.advanceMs(1000, solo.obedientStandby)
    assert.deepEqual(solo.takeEvents(), ['store revalidated'])
  })

  it('shows what a gate and a status need', () => {
    const solo = ClassicHarness.inRole('active')
    const view = solo.view
    assert.equal(view.leaseUntilMs, Infinity)
    assert.equal(view.freshForMs, P - H)
    assert.equal(view.authenticated, false)
    assert.equal(view.previousRole, 'initial')
    assert.deepEqual(view.linksUp, [true])
    assert.deepEqual(
      { ...view.peer, heardAtMs: 0, roundTripMs: 0 },
      {
        role: 'standby',
        epoch: 0,
        priority: 0,
        fitness: 255,
        ready: true,
        link: 0,
        heardAtMs: 0,
        roundTripMs: 0
      }
    )
  })

  it('every change of role is one event with the same reason', () => {
    const solo = new ClassicHarness({ tokens: [100] })
    solo.hears('negotiate', 'initial', 0, 1)
    solo.hears('designate', 'active', 1, 255)
    solo.advanceMs(P)
    const roles = solo.events.filter((e) => e.event === 'role')
    assert.deepEqual(
      roles.map((e) => [e.reason, e.detail['previousRole'], e.detail['role']]),
      [
        ['negotiated', 'initial', 'active'],
        ['designated', 'active', 'standby'],
        ['lost-connection', 'standby', 'active']
      ]
    )
  })
})
