/** What the three voices believe and have not on disk yet: full disks, slow disks, and a restart in the moment between. */
import { strict as assert } from 'node:assert'
import { cut, each, heal, settled, untilServed, wayOf, WAYS } from './settled'
import { P_MS, type HostName, type ThreeVoices } from './world'

const STORIES = 20

function again(world: ThreeVoices, name: HostName): void {
  world.crash(name)
  world.advance(50)
  world.start(name)
}

describe('three voices, the order of epochs over disks that are late', () => {
  it('holds where the backer of a side that came back again and again has a full disk, and then forgets', () => {
    for (const heard of [false, true]) {
      each((seed) => {
        const { world } = settled(seed)
        world.host('b').diskFails = true
        if (heard) cut(world, ...WAYS.link)
        else cut(world, ...WAYS['a-w'])
        for (let i = 0; i < (heard ? 1 : 4); i++) {
          again(world, 'a')
          world.advance(heard ? P_MS / 2 : 3 * P_MS)
        }
        if (heard) {
          again(world, 'a')
          cut(world, ...WAYS['a-w'])
          heal(world, ...WAYS.link)
          world.advance(3 * P_MS)
        }
        cut(world, ...WAYS.link)
        world.advance(3 * P_MS)
        world.crash('b')
        world.host('b').diskFails = false
        world.advance(100)
        world.start('b')
        world.advance(6 * P_MS)
        assert.equal(world.violation, null, `seed ${seed}`)
        assert.equal(world.server, 'b')
      }, STORIES)
    }
  })

  it('holds where the disk is only slow, and the backer dies in the write that follows its grant', () => {
    each((seed) => {
      const { world } = settled(seed)
      world.crash('a')
      world.crash('b')
      cut(world, ...WAYS.link, ...WAYS['b-w'])
      for (let i = 0; i < 2; i++) {
        world.start('a')
        world.advance(600)
        world.crash('a')
        world.advance(100)
      }
      world.start('a')
      world.start('b')
      world.advance(500)
      cut(world, ...WAYS['a-w'])
      world.host('b').diskMs = [200, 200]
      heal(world, ...WAYS.link)
      untilServed(world)
      const server = world.server ?? 'a'
      const backer = world.other(server).name
      world.advance(20)
      world.crash(backer)
      cut(world, ...WAYS.link)
      world.advance(3 * P_MS)
      world.crash(server)
      heal(world, ...wayOf(backer))
      world.start(backer)
      world.advance(6 * P_MS)
      assert.equal(world.violation, null, `seed ${seed}`)
    }, STORIES)
  })
})

describe('three voices, a side that goes to another policy and back before its disk knows', () => {
  it('is not relied on meanwhile: with a full disk and a goodbye', () => {
    for (const [policy, inOrder] of [
      ['exclusive', true],
      ['preferred', false]
    ] as const) {
      each((seed) => {
        const { world } = settled(seed)
        world.crash('a')
        world.host('a').diskFails = true
        world.start('a', { policy })
        world.advance(3 * P_MS)
        world.crash('b')
        world.start('b', { policy })
        world.advance(4 * P_MS)
        if (inOrder) world.stop('a')
        else world.crash('a')
        world.advance(P_MS)
        cut(world, ...WAYS.link)
        world.advance(2 * P_MS)
        world.host('a').diskFails = false
        world.start('a', { policy: 'witness' })
        world.advance(6 * P_MS)
        assert.equal(world.violation, null, `${policy}, seed ${seed}`)
      }, STORIES)
    }
  })

  it('nor with a disk that is slow', () => {
    each((seed) => {
      const { world } = settled(seed)
      world.crash('a')
      world.crash('b')
      world.host('a').diskMs = [2500, 2500]
      world.start('a', { policy: 'exclusive' })
      world.start('b', { policy: 'exclusive' })
      world.advance(2 * P_MS)
      world.stop('a')
      world.advance(P_MS)
      cut(world, ...WAYS.link)
      world.host('a').diskMs = [1, 2]
      world.start('a', { policy: 'witness' })
      world.advance(6 * P_MS)
      assert.equal(world.violation, null, `seed ${seed}`)
    }, STORIES)
  })
})

describe('three voices, a side whose disk does not know yet that its peer has gone to another policy', () => {
  it('is not left alone by a peer that is preferred there: that one serves under a lease', () => {
    let servedThere = 0
    each((seed) => {
      const { world } = settled(seed)
      world.crash('a')
      world.crash('b')
      world.start('a')
      world.advance(P_MS / 10)
      world.host('a').diskMs = [P_MS, P_MS]
      world.start('b', { policy: 'preferred' })
      untilServed(world)
      if (world.server === 'b') servedThere++
      world.advance(P_MS / 4)
      cut(world, ...WAYS.link)
      world.crash('a')
      world.host('a').diskMs = [1, 2]
      world.start('a')
      world.advance(6 * P_MS)
      assert.equal(world.violation, null, `seed ${seed}`)
    }, STORIES)
    assert.ok(servedThere > 0, 'the story is told')
  })
})

describe('three voices, a takeover with disks that are slow', () => {
  for (const [diskMs, lateMs] of [
    [[0.5, 8], 0],
    [[50, 60], 130],
    [[200, 200], 450]
  ] as const) {
    const promise = `${diskMs.join(' to ')} ms a write`
    /** P of three clocks, a heartbeat of phase, the disk of the witness, and two writes at the most. */
    const boundMs = 1.06 * (P_MS + 100) + 30 + lateMs

    it(`comes in its time after the Standby was started again, ${promise}`, () => {
      each((seed) => {
        const { world, server, standby } = settled(seed)
        for (const name of [server, standby]) world.host(name).diskMs = diskMs
        again(world, standby)
        world.advance(1.5 * P_MS)
        const active = world.server ?? server
        world.countFromNow()
        world.crash(active)
        world.advance(5 * P_MS)
        assert.equal(world.server, world.other(active).name)
        assert.ok(world.longestGapMs <= boundMs, `seed ${seed}: ${world.longestGapMs.toFixed(0)} ms`)
      }, STORIES)
    })

    it(`and after the Active has got a new loan a moment before it dies, ${promise}`, () => {
      each((seed) => {
        const { world, server, standby } = settled(seed)
        for (const name of [server, standby]) world.host(name).diskMs = diskMs
        cut(world, ...wayOf(server))
        world.advance(2 * P_MS)
        heal(world, ...wayOf(server))
        world.advance(0.15 * P_MS)
        world.countFromNow()
        world.crash(server)
        world.advance(5 * P_MS)
        assert.equal(world.server, standby)
        assert.ok(world.longestGapMs <= boundMs, `seed ${seed}: ${world.longestGapMs.toFixed(0)} ms`)
      }, STORIES)
    })
  }

  it('needs no write for some loans: also with a disk that has become full', () => {
    each((seed) => {
      const { world, server, standby } = settled(seed)
      world.host(standby).diskFails = true
      for (let i = 0; i < 2; i++) {
        cut(world, ...wayOf(server))
        world.advance(2 * P_MS)
        heal(world, ...wayOf(server))
        world.advance(2 * P_MS)
      }
      world.crash(server)
      world.advance(3 * P_MS)
      assert.equal(world.server, standby, `seed ${seed}`)
    }, STORIES)
  })
})

/** Its peer comes back twice, and knows of more numbers each time than that disk takes. */
const full = (seed: number): ReturnType<typeof settled> => {
  const story = settled(seed)
  const { world, server, standby } = story
  world.host(server).diskFails = true
  for (let i = 0; i < 2; i++) {
    again(world, standby)
    world.advance(5 * P_MS)
  }
  assert.equal(world.server, server)
  return story
}

describe('three voices, an Active whose disk has become full', () => {
  it('keeps the role when it is to hand it over, and says why: it could not back the other one', () => {
    each((seed) => {
      const { world, server } = full(seed)
      world.command(server, 'standby', false)
      world.advance(20 * P_MS)
      assert.deepEqual([world.server, world.violation], [server, null])
    }, STORIES)
  })

  for (const [how, go] of [
    ['loses its power', (world: ThreeVoices, name: HostName) => world.crash(name)],
    ['is stopped in order', (world: ThreeVoices, name: HostName) => world.stop(name)]
  ] as const) {
    it(`does not bar its peer from taking over with the witness when it ${how}`, () => {
      each((seed) => {
        const { world, server, standby } = full(seed)
        go(world, server)
        world.advance(5 * P_MS)
        assert.deepEqual([world.server, world.violation], [standby, null])
      }, STORIES)
    })
  }
})
