/** Every single failure has an answer: what the three voices do, one fault at a time. */
import { strict as assert } from 'node:assert'
import { cut, each, heal, settled, undisturbed, wayOf, WAYS } from './settled'
import { HEARTBEAT_MS, P_MS, ThreeVoices } from './world'

describe('three voices, one fault at a time', () => {
  it('the Active’s host goes: the other one serves after P and a little', () => {
    each((seed) => {
      const { world, server, standby } = settled(seed)
      world.crash(server)
      world.advance(2 * P_MS)
      assert.equal(world.server, standby)
      // P of three clocks, a heartbeat of phase, and the disk of the witness.
      const boundMs = (P_MS + HEARTBEAT_MS) * 1.06 + 30
      assert.ok(world.longestGapMs <= boundMs, `${world.longestGapMs.toFixed(0)} ms`)
      assert.equal(world.violation, null)
    })
  })

  it('the Active’s host goes in the moment in which the other one comes back: that one serves after P and a little', () => {
    each((seed) => {
      const { world, server, standby } = settled(seed)
      world.crash(standby)
      world.advance(4 * P_MS)
      world.start(standby)
      world.advance(1 + (seed % 6))
      world.crash(server)
      world.advance(3 * P_MS)
      assert.equal(world.server, standby)
    }, 60)
  })

  it('the Active is cut off from both: it has stopped before the other one serves', () => {
    each((seed) => {
      const { world, server, standby } = settled(seed)
      for (const way of ['ab', 'ba', server === 'a' ? 'aw' : 'bw', server === 'a' ? 'wa' : 'wb'] as const)
        world.cut.add(way)
      world.advance(3 * P_MS)
      assert.equal(world.server, standby)
      assert.equal(world.host(server).machine?.view().role, 'standby')
      assert.equal(world.violation, null)
      world.cut.clear()
      world.advance(2 * P_MS)
      assert.equal(world.server, standby)
      assert.equal(world.violation, null)
    })
  })

  it('the Standby’s host goes, and comes back: nothing happens', () => {
    each((seed) => {
      const { world, server, standby } = settled(seed)
      world.crash(standby)
      world.advance(5 * P_MS)
      undisturbed(world, server)
      world.start(standby)
      world.advance(4 * P_MS)
      undisturbed(world, server)
      assert.equal(world.host(standby).machine?.view().role, 'standby')
    })
  })

  it('the link between the two is cut, also in one direction only: the incumbent goes on', () => {
    for (const ways of [WAYS.link, ['ab'], ['ba']] as const)
      each((seed) => {
        const { world, server } = settled(seed)
        for (const way of ways) world.cut.add(way)
        world.advance(6 * P_MS)
        undisturbed(world, server)
        world.cut.clear()
        world.advance(3 * P_MS)
        undisturbed(world, server)
      })
  })

  it('the witness goes, and comes back: nothing happens', () => {
    each((seed) => {
      const { world, server } = settled(seed)
      world.stopWitness()
      world.advance(6 * P_MS)
      undisturbed(world, server)
      assert.equal(world.host(server).machine?.view().witness?.online, false)
      world.startWitness()
      world.advance(3 * P_MS)
      undisturbed(world, server)
      assert.equal(world.host(server).machine?.view().witness?.online, true)
    })
  })

  it('a witness that was started again backs its holder at once: the link may go right after', () => {
    each((seed) => {
      const { world, server } = settled(seed)
      world.startWitness()
      world.advance(3 * HEARTBEAT_MS)
      for (const way of WAYS.link) world.cut.add(way)
      world.advance(4 * P_MS)
      undisturbed(world, server)
    })
  })

  it('the way to the witness flaps, of either side, in either direction: nothing happens', () => {
    for (const ways of [WAYS['a-w'], WAYS['b-w'], ['aw'], ['wa']] as const)
      each((seed) => {
        const { world, server } = settled(seed)
        for (let i = 0; i < 8; i++) {
          for (const way of ways) world.cut.add(way)
          world.advance(world.random.between(50, 2 * P_MS))
          world.cut.clear()
          world.advance(world.random.between(50, P_MS))
        }
        undisturbed(world, server)
      })
  })

  it('a swap moves the voice too: the new Active goes on when the link is cut a moment later', () => {
    each((seed) => {
      const { world, server, standby } = settled(seed)
      world.command(server, 'standby', false)
      world.advance(HEARTBEAT_MS * 3)
      assert.equal(world.server, standby)
      for (const way of WAYS.link) world.cut.add(way)
      world.countFromNow()
      world.advance(5 * P_MS)
      undisturbed(world, standby)
      assert.equal(world.violation, null)
    })
  })

  it('the Active is stopped in order: the other one serves at once, needs no lease, and the stopped one waits for it', () => {
    each((seed) => {
      const { world, server, standby } = settled(seed)
      world.stop(server)
      world.advance(HEARTBEAT_MS)
      assert.equal(world.server, standby)
      // Alone with nothing, for ever.
      world.stopWitness()
      world.advance(5 * P_MS)
      assert.equal(world.server, standby)
      // Whoever comes back while it cannot be heard does not serve beside it, also with the witness.
      for (const way of WAYS.link) world.cut.add(way)
      world.startWitness()
      world.start(server)
      world.advance(6 * P_MS)
      assert.equal(world.server, standby)
      assert.equal(world.violation, null)
      world.cut.clear()
      world.advance(4 * P_MS)
      assert.equal(world.server, standby)
      assert.equal(world.host(server).machine?.view().role, 'standby')
    })
  })
})

describe('three voices, a witness that does not count', () => {
  it('an epoch goes up although nobody heard of the one before but the witness', () => {
    let regained = 0
    each((seed) => {
      const { world, server, standby } = settled(seed)
      const ways = wayOf(server)
      cut(world, ...WAYS.link)
      world.advance(2 * P_MS)
      // Its lease ends, and it has the voice again before the other one may: on an epoch of its own.
      const before = world.host(server).machine?.view().epoch ?? 0
      cut(world, ...ways)
      while (world.server === server) world.advance(1)
      heal(world, ...ways)
      world.advance(50)
      if (world.server === server) regained += 1
      const after = world.host(server).machine?.view().epoch ?? 0
      cut(world, ...ways)
      world.advance(3 * P_MS)
      assert.equal(world.server, standby)
      assert.ok(after >= before)
      assert.equal(world.violation, null)
    }, 40)
    assert.ok(regained > 10, `${regained} of 40 had it again`)
  })

  it('counts for nobody before the two have met: neither serves on its voice', () => {
    const world = new ThreeVoices({ seed: 1n })
    world.startWitness()
    for (const way of WAYS.link) world.cut.add(way)
    world.start('a')
    world.start('b')
    world.advance(10 * P_MS)
    assert.equal(world.server, null)
    assert.equal(world.loans, 0)
  })

  it('counts again for a side without its files that is made Active at once: the other one says often enough that it goes by it', () => {
    each((seed) => {
      const { world, server, standby } = settled(seed)
      world.crash(standby)
      world.host(standby).record = null
      world.start(standby)
      world.advance(2 * HEARTBEAT_MS)
      world.command(server, 'standby', false)
      world.advance(HEARTBEAT_MS)
      const voice = (): boolean | undefined => world.host(standby).machine?.view().witness?.counted
      assert.deepEqual([world.server, voice()], [standby, false])
      world.advance(3 * P_MS)
      assert.equal(voice(), true)
    })
  })

  it('is a stranger without its files, until both have it on disk', () => {
    const { world, server } = settled(3)
    assert.equal(world.host(server).record?.witness?.counted, true)
    world.stopWitness()
    world.startWitness({ lost: true, id: 0x99n })
    for (const way of WAYS.link) world.cut.add(way)
    world.advance(3 * P_MS)
    assert.equal(world.server, null, 'the pair has lost its link and its witness')
    world.cut.clear()
    world.advance(5 * P_MS)
    assert.ok(world.server !== null)
    assert.equal(world.host(server).record?.witness?.id, '0000000000000099')
    assert.equal(world.violation, null)
  })
})
