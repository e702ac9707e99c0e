/** What was tried to make two serve on three voices, and what each rule is for: one story for each hole that is closed. */
import { strict as assert } from 'node:assert'
import { each, settled, undisturbed, WAYS } from './settled'
import { HEARTBEAT_MS, P_MS, ThreeVoices, type HostName, type Setup } from './world'

const OTHER = { a: 'b', b: 'a', c: 'b' } as const satisfies Readonly<Record<HostName, HostName>>
const HOSTS = ['a', 'b'] as const

/** `a` serves. */
function settledAtA(seed: number, options: Parameters<typeof settled>[1] = {}): ThreeVoices {
  const { world, server } = settled(seed, options)
  if (server === 'b') {
    world.command('b', 'standby', false)
    world.advance(3 * P_MS)
  }
  assert.equal(world.server, 'a')
  world.countFromNow()
  return world
}

function counts(world: ThreeVoices, name: HostName): boolean | undefined {
  return world.host(name).machine?.view().witness?.counted
}

function role(world: ThreeVoices, name: HostName): string | undefined {
  return world.host(name).machine?.view().role
}

function never(world: ThreeVoices): void {
  assert.equal(world.violation, null)
}

/** The pair, once more, with everything whole. */
function heals(world: ThreeVoices, pMs = P_MS): void {
  world.cut.clear()
  for (const name of HOSTS) world.lead(name, 0)
  for (const name of HOSTS) world.start(name)
  world.advance(8 * pMs)
  assert.ok(world.server !== null, 'one serves in the end')
  never(world)
}

describe('three voices, two witnesses', () => {
  it('count neither, when each side hears another one', () => {
    const world = new ThreeVoices({ seed: 1n })
    world.startWitness()
    world.startWitness({ which: 1 })
    world.lead('b', 1)
    for (const name of HOSTS) world.start(name)
    world.advance(8 * P_MS)
    assert.ok(world.server !== null)
    assert.deepEqual([counts(world, 'a'), counts(world, 'b')], [false, false])
    for (const way of WAYS.link) world.cut.add(way)
    world.advance(4 * P_MS)
    assert.equal(world.server, null)
    never(world)
  })

  it('count none that the other side cannot hear, though it was heard of first', () => {
    const world = new ThreeVoices({ seed: 2n })
    world.startWitness()
    for (const way of WAYS['b-w']) world.cut.add(way)
    for (const name of HOSTS) world.start(name)
    world.advance(8 * P_MS)
    assert.deepEqual([counts(world, 'a'), counts(world, 'b')], [false, false])
    for (const way of WAYS['b-w']) world.cut.delete(way)
    world.advance(4 * P_MS)
    assert.deepEqual([counts(world, 'a'), counts(world, 'b')], [true, true])
  })

  it('do not go by what the other side said to the first one before both went over to the second', () => {
    each((seed) => {
      const { world } = settled(seed)
      world.startWitness({ which: 1 })
      for (const name of HOSTS) world.lead(name, 1)
      // The Standby asks once in five leases: so late it may meet the second one.
      world.advance(10 * P_MS)
      assert.deepEqual([counts(world, 'a'), counts(world, 'b')], [true, true], 'both go by the second one')
      // The first one still runs, and remembers that both have stated it.
      world.lead('a', 0)
      world.advance(4 * P_MS)
      assert.equal(counts(world, 'a'), false)
      for (const way of WAYS.link) world.cut.add(way)
      world.advance(4 * P_MS)
      never(world)
      heals(world)
    })
  })

  it('disturb nobody, when the address leads to the other one for a moment and back', () => {
    each((seed) => {
      const { world, server } = settled(seed)
      world.startWitness({ which: 1 })
      for (let i = 0; i < 6; i++) {
        world.lead(server, 1)
        world.advance(world.random.between(HEARTBEAT_MS, 5 * HEARTBEAT_MS))
        world.lead(server, 0)
        world.advance(world.random.between(HEARTBEAT_MS, P_MS))
      }
      undisturbed(world, server)
      assert.equal(counts(world, server), true)
      for (const way of WAYS.link) world.cut.add(way)
      world.advance(3 * P_MS)
      undisturbed(world, server)
    })
  })

  it('give nothing from an old one, whenever the link is cut while both go over', () => {
    for (let cutAtMs = 0; cutAtMs <= 4 * P_MS; cutAtMs += 2.5 * HEARTBEAT_MS) {
      const world = settledAtA(1 + Math.round(cutAtMs))
      world.startWitness({ which: 1 })
      const [first, second] = world.random.chance(0.5) ? HOSTS : (['b', 'a'] as const)
      world.lead(first, 1)
      world.timeline.after(world.random.between(0, 2 * P_MS), () => world.lead(second, 1))
      world.advance(cutAtMs)
      for (const way of WAYS.link) world.cut.add(way)
      world.advance(4 * P_MS)
      for (const name of HOSTS) world.lead(name, world.random.chance(0.5) ? 0 : 1)
      world.advance(4 * P_MS)
      never(world)
      heals(world)
    }
  })
})

describe('three voices, a host that exists twice', () => {
  it('the holder, copied with its folder, gets no role beside it while the link is cut', () => {
    each((seed) => {
      const world = settledAtA(seed)
      for (const way of WAYS.link) world.cut.add(way)
      world.advance(world.random.between(0, 3 * P_MS))
      world.copyHost()
      world.advance(6 * P_MS)
      never(world)
      undisturbed(world, 'a')
      // A goodbye of the copy releases nothing of the holder's.
      world.stop('c')
      world.advance(4 * P_MS)
      never(world)
      undisturbed(world, 'a')
      // Heard again, it is told that it has taken leave, and begins again as a new one.
      world.cut.clear()
      world.advance(4 * P_MS)
      assert.ok(world.server !== null)
      never(world)
    })
  })

  it('a new host in the place of the holder gets no role beside it while the link is cut', () => {
    each((seed) => {
      const world = settledAtA(seed)
      for (const way of WAYS.link) world.cut.add(way)
      world.advance(world.random.between(0, 3 * P_MS))
      world.start('c')
      world.advance(6 * P_MS)
      never(world)
      undisturbed(world, 'a')
      // It is the peer once the old one is off.
      world.crash('a')
      world.advance(3 * P_MS)
      assert.ok(world.server !== null)
      never(world)
    })
  })

  it('a holder that only started again gets a role as soon as its former lease is over', () => {
    each((seed) => {
      const world = settledAtA(seed)
      world.crash('a')
      world.advance(world.random.between(0, 0.8 * P_MS))
      world.start('a')
      world.advance(2 * P_MS)
      assert.ok(world.longestGapMs <= (P_MS + 3 * HEARTBEAT_MS) * 1.06 + 60, `${world.longestGapMs.toFixed(0)} ms`)
      never(world)
    })
  })
})

describe('three voices, a side that comes back', () => {
  it('keeps what its former life promised, also when it was deployed with less', () => {
    each((seed) => {
      const world = settledAtA(seed, { heartbeatMs: HEARTBEAT_MS, peerTimeoutMs: 5 * P_MS })
      // Without the witness for long: the voice is free, the Active rests on its peer alone.
      for (const way of WAYS['a-w']) world.cut.add(way)
      world.advance(8 * P_MS)
      assert.equal(world.server, 'a')
      world.crash('b')
      for (const way of WAYS.link) world.cut.add(way)
      world.start('b', { peerTimeoutMs: P_MS })
      world.advance(8 * P_MS)
      assert.equal(world.server, 'b')
      never(world)
      heals(world, 5 * P_MS)
    })
  })

  it('has its voice back once it has met the other one: it serves when it finds nobody after its next start', () => {
    each((seed) => {
      const world = settledAtA(seed)
      world.stop('a')
      world.advance(P_MS)
      assert.equal(world.server, 'b')
      world.start('a')
      world.advance(4 * P_MS)
      assert.equal(world.server, 'b')
      world.crash('a')
      world.crash('b')
      world.advance(100)
      world.start('a')
      world.advance(4 * P_MS)
      assert.equal(world.server, 'a')
      never(world)
    })
  })

  it('waits for the one that it said goodbye to, whoever starts again meanwhile', () => {
    each((seed) => {
      const world = settledAtA(seed)
      world.stop('a')
      world.advance(P_MS)
      for (const way of WAYS.link) world.cut.add(way)
      world.stopWitness()
      world.start('a')
      world.startWitness()
      world.crash('a')
      world.advance(world.random.between(0, P_MS))
      world.start('a')
      world.advance(6 * P_MS)
      assert.deepEqual([world.server, role(world, 'a')], ['b', 'initial'])
      never(world)
      heals(world)
    })
  })

  it('is the one of two that the witness lends to, when both start again and do not hear each other', () => {
    each((seed) => {
      const { world } = settled(seed)
      for (const way of WAYS.link) world.cut.add(way)
      for (const name of HOSTS) world.crash(name)
      if (world.random.chance(0.5)) world.startWitness()
      for (const name of HOSTS) world.timeline.after(world.random.between(0, P_MS), () => world.start(name))
      world.advance(4 * P_MS)
      assert.ok(world.server !== null)
      never(world)
      heals(world)
    })
  })

  it('is not waited for when both said goodbye, each to the other', () => {
    each((seed) => {
      const { world } = settled(seed)
      for (const name of HOSTS) world.stop(name)
      world.advance(P_MS)
      const name = world.random.pick(HOSTS)
      world.start(name)
      world.advance(4 * P_MS)
      assert.equal(world.server, name)
      world.start(OTHER[name])
      world.advance(3 * P_MS)
      assert.equal(world.server, name)
      never(world)
    })
  })

  it('serves on only after it has asked, when it did not run: stalled, or asleep with its clock', () => {
    for (const sleeps of [false, true]) {
      for (const [i, shareOfP] of [0.5, 0.85, 0.95, 1.1, 2].entries()) {
        each((seed) => {
          const { world, server } = settled(100 * i + seed)
          const cut = world.random.chance(0.5)
          if (cut) for (const way of WAYS.link) world.cut.add(way)
          world.advance(cut ? 2 * P_MS : 0)
          if (sleeps) world.suspend(server, shareOfP * P_MS)
          else world.stall(server, shareOfP * P_MS)
          world.advance(4 * P_MS)
          assert.ok(world.server !== null)
          never(world)
        }, 4)
      }
    }
  })
})

describe('three voices, ways in one direction', () => {
  it('an Active that the witness hears, and that hears nothing, keeps the voice from nobody', () => {
    each((seed) => {
      const world = settledAtA(seed)
      world.cut.add('wa')
      for (const way of WAYS.link) world.cut.add(way)
      world.advance(3 * P_MS)
      assert.equal(world.server, 'b')
      // The Active asks until its lease ends, what it asks is promised for a time more, and the answer that it had last was heard before the cut.
      assert.ok(world.longestGapMs <= 1.9 * P_MS + 3 * HEARTBEAT_MS, `${world.longestGapMs.toFixed(0)} ms`)
      never(world)
    })
  })

  it('answers that take their time give no right from their receipt', () => {
    each((seed) => {
      const world = settledAtA(seed)
      for (const way of WAYS.link) world.cut.add(way)
      world.advance(2 * P_MS)
      // What the witness says arrives late, then nothing.
      world.delayTo('a', 0.6 * P_MS)
      world.advance(0.3 * P_MS)
      world.cut.add('aw')
      world.advance(4 * P_MS)
      assert.equal(world.server, 'b')
      never(world)
    })
  })
})

describe('three voices, other policies and times', () => {
  const moves: readonly (readonly [Setup['policy'], Setup['policy']])[] = [
    ['exclusive', 'witness'],
    ['preferred', 'witness'],
    ['witness', 'exclusive'],
    ['witness', 'preferred']
  ]
  for (const [from, to] of moves) {
    it(`from ${from} to ${to}: never both, whenever the link is cut`, () => {
      for (let cutAtMs = 0; cutAtMs <= 5 * P_MS; cutAtMs += 2.5 * HEARTBEAT_MS) {
        const world = new ThreeVoices({ seed: BigInt(Math.round(cutAtMs) + 1) })
        const { random } = world
        world.startWitness()
        for (const name of HOSTS) world.start(name, { policy: from })
        world.advance(6 * P_MS)
        const redeploy = (name: HostName): void => {
          if (random.chance(0.5)) world.crash(name)
          else world.stop(name)
          world.timeline.after(random.between(310, 500), () => world.start(name, { policy: to }))
        }
        const [first, second] = random.chance(0.5) ? HOSTS : (['b', 'a'] as const)
        redeploy(first)
        world.timeline.after(random.between(0, 3 * P_MS), () => redeploy(second))
        world.advance(cutAtMs)
        for (const way of WAYS.link) world.cut.add(way)
        world.advance(5 * P_MS)
        // And back, still cut.
        for (const name of HOSTS) if (random.chance(0.7)) world.crash(name)
        for (const name of HOSTS) world.start(name, { policy: random.pick([from, to]) })
        world.advance(5 * P_MS)
        never(world)
        world.cut.clear()
        for (const name of HOSTS) world.crash(name)
        for (const name of HOSTS) world.start(name, { policy: to })
        world.advance(8 * P_MS)
        assert.ok(world.server !== null, `cut at ${cutAtMs} ms: nobody serves in the end`)
        never(world)
      }
    })
  }

  it('the longer time of two holds, on both sides and at the witness, also after a start with another one', () => {
    const times = [P_MS / 2, P_MS, 4 * P_MS]
    let seed = 0
    for (const mine of times)
      for (const theirs of times)
        for (const later of times) {
          const world = new ThreeVoices({ seed: BigInt(++seed) })
          const { random } = world
          world.startWitness()
          world.start('a', { peerTimeoutMs: mine, heartbeatMs: mine / 10 })
          world.start('b', { peerTimeoutMs: theirs, heartbeatMs: theirs / 10 })
          world.advance(6 * Math.max(mine, theirs))
          assert.ok(world.server !== null)
          const name = random.pick(HOSTS)
          for (const way of WAYS.link) world.timeline.after(random.between(0, 500), () => world.cut.add(way))
          world.crash(name)
          world.advance(random.between(0, 300))
          world.start(name, { peerTimeoutMs: later, heartbeatMs: later / 10 })
          world.advance(random.between(0, 3 * P_MS))
          for (const way of random.pick([WAYS['a-w'], WAYS['b-w']])) world.cut.add(way)
          world.advance(8 * P_MS)
          never(world)
          heals(world, 4 * P_MS)
        }
  })
})

describe('three voices, disks', () => {
  it('a witness that has lost its loans, and keeps its name, lends to nobody before a promise is over', () => {
    each((seed) => {
      const world = settledAtA(seed)
      for (const way of WAYS.link) world.cut.add(way)
      world.advance(2 * P_MS)
      for (const way of WAYS['a-w']) world.cut.add(way)
      world.startWitness({ lost: true })
      world.advance(4 * P_MS)
      assert.equal(world.server, 'b')
      never(world)
    })
  })

  it('a side whose disk takes no writes serves on, is not taken for one that agreed, and hands over no voice', () => {
    each((seed) => {
      const world = settledAtA(seed)
      world.host('a').diskFails = true
      world.startWitness({ which: 1 })
      for (const name of HOSTS) world.lead(name, 1)
      world.advance(4 * P_MS)
      assert.deepEqual([world.server, counts(world, 'a'), counts(world, 'b')], ['a', false, false])
      world.stop('a')
      world.advance(3 * P_MS)
      never(world)
      world.host('a').diskFails = false
      heals(world)
    })
  })
})
