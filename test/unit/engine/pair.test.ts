/** Two engines with the real machine, on loopback sockets. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:dgram'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PairKeys } from '../../../src/engine/messages'
import { createMachine } from '../../../src/protocol/create'
import { SEALED_BYTES } from '../../../src/protocol/wire/frame'
import type { PairSettings } from '../../../src/protocol/settings'
import {
  closed,
  freePorts,
  holds,
  link,
  LOOPBACK,
  NO_KEYS,
  open,
  settings,
  TestEngine,
  until
} from '../../support/engine-rig'
import { Side } from './side'

/** Of an extended frame; see `protocol/wire/frame.ts`. */
const KEY_ID_AT = 6
const SECRET: PairKeys = { key: 'a strong secret', previousKey: '' }

/** Link by link, whether frames pass both ways. */
function up(side: Side): boolean[] {
  return side.snapshot?.links.map((each) => each.up) ?? []
}

describe('two engines', () => {
  let sides: Side[] = []
  const sockets: Socket[] = []

  const pairUp = async (host = LOOPBACK, over: Partial<PairSettings> = {}, links = 1): Promise<[Side, Side]> => {
    const [a, b] = [await freePorts(links, host), await freePorts(links, host)]
    const one = new Side(
      settings(
        a.map((port, i) => link(port, b[i] ?? 0, host)),
        over
      )
    )
    const two = new Side(
      settings(
        b.map((port, i) => link(port, a[i] ?? 0, host)),
        over
      )
    )
    sides = [one, two]
    return [one, two]
  }
  const paired = (): boolean => {
    const [one, two] = sides
    return (
      one !== undefined &&
      two !== undefined &&
      one.snapshot?.online === true &&
      two.snapshot?.online === true &&
      [one.role, two.role].sort().join() === 'active,standby'
    )
  }
  const active = (): Side => sides.find((side) => side.role === 'active') ?? assert.fail('nobody is Active')
  const standby = (): Side => sides.find((side) => side.role === 'standby') ?? assert.fail('nobody is Standby')

  afterEach(async () => {
    await Promise.all(sides.splice(0).map((side) => side.stop()))
    await Promise.all(sockets.splice(0).map(closed))
  })

  for (const host of [LOOPBACK, '::1']) {
    it(`become a pair on ${host}: one Active that serves, one Standby that does not`, async () => {
      const [one, two] = await pairUp(host)
      one.start()
      two.start()
      await until('paired', paired)
      await until('one serves', () => active().serves)
      assert.equal(standby().serves, false)
      assert.deepEqual(active().snapshot?.links, [{ open: true, up: true, problem: null, address: host, unsent: 0 }])
    })
  }

  it('become a pair on the classic wire', async () => {
    const [one, two] = await pairUp(LOOPBACK, { wire: 'classic', receiptTimeoutMs: 50 })
    one.start()
    two.start()
    await until('paired', paired)
    await until('one serves', () => active().serves)
    assert.equal(standby().serves, false)
  })

  it('change over on command, never both serving', async () => {
    const [one, two] = await pairUp()
    one.start(SECRET)
    two.start(SECRET)
    await until('paired', paired)
    for (let swap = 0; swap < 5; swap++) {
      const [before, after] = [active(), standby()]
      after.say('swap')
      await until('changed over', () => {
        assert.ok(!(before.serves && after.serves))
        return paired() && after.role === 'active' && after.serves
      })
    }
  })

  it('say whether a store is new or lost', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ha-pair-lost-'))
    const [x = 0, y = 0] = await freePorts(2)
    const engine = new TestEngine(createMachine)
    for (const [i, wire] of (['extended', 'classic'] as const).entries()) {
      const [fresh, damaged] = [join(folder, `fresh ${wire}`), join(folder, `damaged ${wire}`)]
      await writeFile(damaged, 'something else')
      for (const [j, file] of [fresh, damaged].entries()) {
        const id = 1 + 2 * i + j
        engine.add(id, settings([link(x, y)], { wire }), NO_KEYS, file)
        const told = (): unknown[] =>
          engine
            .events(id)
            .flatMap(({ event, reason, detail }) =>
              event === 'store' && 'problem' in detail ? [[reason, detail.problem]] : []
            )
        await until('it is told', () => told().length > 0)
        assert.deepEqual(told(), [j === 0 ? ['store-new', 'missing'] : ['store-lost', 'damaged']], wire)
        await engine.remove(id)
      }
    }
    await rm(folder, { recursive: true })
  })

  it('hand the role over with a goodbye, long before the timeout', async () => {
    const [one, two] = await pairUp(LOOPBACK, { heartbeatMs: 1000, peerTimeoutMs: 10_000 })
    one.start()
    two.start()
    await until('paired', paired)
    const [leaver, heir] = [active(), standby()]
    await leaver.stop()
    sides = [heir]
    await until('the heir serves', () => heir.role === 'active' && heir.serves, 500)
  })

  it('with different secrets stay apart, and say why once', async () => {
    const [one, two] = await pairUp()
    one.start({ key: 'this', previousKey: '' })
    two.start({ key: 'that', previousKey: '' })
    await until('both say why', () => sides.every((side) => side.reasonsOf('rejected').length > 0))
    await until('it goes on', () => sides.every((side) => (side.dropped()['key'] ?? side.dropped()['seal'] ?? 0) > 10))
    for (const side of sides) {
      assert.deepEqual(side.reasonsOf('rejected'), ['bad-frame'])
      assert.equal(side.snapshot?.online, false)
      assert.equal(side.snapshot?.peer, null)
    }
  })

  /** What the peer of a side was told while something happened to that side. */
  const toldMeanwhile = async (side: Side, happens: () => Promise<void>): Promise<string[]> => {
    const peer = sides.find((each) => each !== side) ?? assert.fail('no peer')
    const told = (): string[] =>
      (['online', 'role'] as const).flatMap((event) => peer.reasonsOf(event).map((reason) => `${event} ${reason}`))
    const before = told()
    await happens()
    await until('paired again', paired)
    await until('one serves', () => active().serves)
    const news = told()
    for (const what of before) news.splice(news.indexOf(what), 1)
    return news
  }

  const [OLD, BOTH, NEW]: readonly PairKeys[] = [
    { key: 'the old secret', previousKey: '' },
    { key: 'the new secret', previousKey: 'the old secret' },
    { key: 'the new secret', previousKey: '' }
  ]
  // Who takes the next step of the recipe: first each gets the new key, then each forgets the old one.
  for (const order of ['one two one two', 'one two two one', 'two one one two', 'two one two one']) {
    it(`change their secret without losing sight of each other, restarts and all: ${order}`, async function () {
      this.timeout(20_000)
      const [one, two] = await pairUp()
      const keys = new Map<Side, PairKeys | undefined>()
      for (const side of [one, two]) {
        side.start(OLD)
        keys.set(side, OLD)
      }
      await until('paired', paired)
      /** With a goodbye; the peer then has one reason for all that it does. */
      const restart = async (side: Side): Promise<void> => {
        const wasActive = side.role === 'active'
        const told = await toldMeanwhile(side, async () => {
          await side.stop()
          side.start(keys.get(side))
        })
        const roles = wasActive ? ['role peer-removed'] : []
        assert.deepEqual(told.sort(), ['online peer-heard', 'online peer-removed', ...roles])
      }
      for (const name of order.split(' ')) {
        const side = name === 'one' ? one : two
        keys.set(side, keys.get(side) === OLD ? BOTH : NEW)
        await restart(side)
        await restart(one)
        await restart(two)
        const crashed = standby()
        const told = await toldMeanwhile(crashed, async () => {
          crashed.crash()
          crashed.start(keys.get(crashed))
          await until('it is back', () => crashed.role === 'standby')
        })
        assert.ok(!told.some((what) => what.startsWith('role')), told.join())
      }
    })
  }

  /** A man in the middle: what one port gets leaves through the other, unless it is cut; and he adds what he likes. */
  const relay = async (
    a: number,
    b: number
  ): Promise<{ ports: [number, number]; sockets: [Socket, Socket]; cut: boolean }> => {
    const [atA, atB] = [await open(), await open()]
    sockets.push(atA, atB)
    const state = {
      ports: [atA.address().port, atB.address().port] satisfies [number, number],
      sockets: [atA, atB] satisfies [Socket, Socket],
      cut: false
    }
    atA.on('message', (bytes) => state.cut || atB.send(bytes, b, LOOPBACK))
    atB.on('message', (bytes) => state.cut || atA.send(bytes, a, LOOPBACK))
    return state
  }

  for (const [name, keys] of Object.entries({ 'both remember': BOTH, 'one has forgotten': NEW })) {
    it(`say nothing twice once they have heard each other with the new key, while ${name} the old one`, async () => {
      const [a = 0, b = 0] = await freePorts(2)
      const middle = await relay(a, b)
      const one = new Side(settings([link(a, middle.ports[0])]))
      const two = new Side(settings([link(b, middle.ports[1])]))
      sides = [one, two]
      one.start(keys)
      two.start(BOTH)
      await until('paired', paired)
      const heard = middle.sockets.map((socket) => {
        const ids: (number | undefined)[] = []
        socket.on('message', (bytes) => ids.push(bytes[KEY_ID_AT]))
        return ids
      })
      // What was said before they had is still under way.
      await until('both have said something', () => heard.every((ids) => ids.length >= 20))
      assert.equal(new Set(heard.flatMap((ids) => ids.slice(-10))).size, 1)
    })
  }

  for (const changed of ['active', 'standby'] as const) {
    it(`keep up their contact while the ${changed} has the new key, though somebody sends it its own frames back`, async () => {
      const [a = 0, b = 0] = await freePorts(2)
      const middle = await relay(a, b)
      const one = new Side(settings([link(a, middle.ports[0])]))
      const two = new Side(settings([link(b, middle.ports[1])]))
      sides = [one, two]
      one.start(BOTH)
      two.start(OLD)
      await until('paired', paired)
      if (one.role !== changed) one.say('swap')
      await until('changed over', () => paired() && one.role === changed && active().serves)
      const [atOne, atTwo] = middle.sockets
      let said: Buffer[] = []
      const withKey: Partial<Record<number, number>> = {}
      atOne.on('message', (bytes) => {
        said = [...said, bytes].slice(-2)
        const keyId = bytes[KEY_ID_AT] ?? 0
        withKey[keyId] = (withKey[keyId] ?? 0) + 1
      })
      // Right after each word of the peer, the newest words of this side; the one with the new key comes last.
      atTwo.on('message', () => {
        for (const bytes of said.toReversed()) atOne.send(bytes, a, LOOPBACK)
      })
      await until('the mirror is at work', () => (one.dropped()['reflected'] ?? 0) > 10)
      await holds('they are a pair', () => paired() && one.role === changed && active().serves, 1000)
      const counts = Object.values(withKey) as number[]
      assert.equal(counts.length, 2)
      assert.ok(
        Math.max(...counts) - Math.min(...counts) <= 1,
        `not every word was said with both keys: ${counts.join()}`
      )
    })
  }

  it('are not moved by a third side with the same key that all hear, at the address of the peer', async () => {
    const [a = 0, b = 0, c = 0] = await freePorts(3)
    const [atA, atB, atC] = [await open(), await open(), await open()]
    sockets.push(atA, atB, atC)
    const ends = [
      { at: atA, port: a },
      { at: atB, port: b },
      { at: atC, port: c }
    ]
    for (const from of ends) {
      from.at.on('message', (bytes) => {
        for (const to of ends) if (to !== from) to.at.send(bytes, to.port, LOOPBACK)
      })
    }
    // A peer that is silent for two heartbeats may be another one then: a busy machine is silent for long.
    const timing = { heartbeatMs: 250, peerTimeoutMs: 5000 }
    const [one, two, third] = ends.map(({ at, port }) => new Side(settings([link(port, at.address().port)], timing)))
    assert.ok(one !== undefined && two !== undefined && third !== undefined)
    sides = [one, two]
    one.start(SECRET)
    two.start(SECRET)
    await until('paired', paired)
    await until('one serves', () => active().serves)
    const changes = sides.map((side) => side.reasonsOf('role').length)
    third.start(SECRET)
    await until('the third is refused', () => sides.every((side) => (side.dropped()['third-party'] ?? 0) > 4))
    await holds('the pair goes on', () => paired() && active().serves, 500)
    await third.stop()
    assert.deepEqual(
      sides.map((side) => side.reasonsOf('role').length),
      changes
    )
  })

  it('with two links carry on when one of them is cut', async () => {
    const [a1 = 0, a2 = 0, b1 = 0, b2 = 0] = await freePorts(4)
    const middle = await relay(a2, b2)
    const one = new Side(settings([link(a1, b1), link(a2, middle.ports[0])]))
    const two = new Side(settings([link(b1, a1), link(b2, middle.ports[1])]))
    sides = [one, two]
    one.start(SECRET)
    two.start(SECRET)
    await until('both links carry', () => paired() && sides.every((side) => up(side).join() === 'true,true'))
    const roles = [one.role, two.role]
    middle.cut = true
    await until('the cut is seen', () => sides.every((side) => up(side).join() === 'true,false'))
    await holds('the pair goes on', () => paired() && one.role === roles[0] && two.role === roles[1], 300)
    middle.cut = false
    await until('the link is back', () => sides.every((side) => up(side).join() === 'true,true'))
    assert.deepEqual([one.role, two.role], roles)
  })

  it('are not moved by a flood of junk and forged frames from the right address', async function () {
    this.timeout(40_000)
    const [a = 0, b = 0] = await freePorts(2)
    const middle = await relay(a, b)
    const timing = { heartbeatMs: 50, peerTimeoutMs: 2000 }
    const one = new Side(settings([link(a, middle.ports[0])], timing))
    const two = new Side(settings([link(b, middle.ports[1])], timing))
    sides = [one, two]
    const genuine: Buffer[] = []
    for (const socket of middle.sockets) socket.on('message', (bytes) => genuine.push(bytes))
    one.start(SECRET)
    two.start(SECRET)
    await until('paired', paired)
    const roles = sides.map((side) => side.role)
    const changes = sides.map((side) => side.reasonsOf('role').length)
    const living = genuine.at(-1) ?? assert.fail('no frame')
    let turn = 0
    const flooded = (): boolean => sides.every((side) => (side.dropped()['seal'] ?? 0) > 100)
    const goOn = (): boolean => {
      for (let i = 0; i < 20; i++) {
        const forged = Buffer.from(living)
        // Every field of a real frame, sessions and all, but no key to seal it with.
        forged[2] = i % 3
        forged[30 + (turn++ % (SEALED_BYTES - 30))] = i
        for (const [side, port] of [a, b].entries()) {
          middle.sockets[side]?.send(i % 4 === 0 ? Buffer.alloc(i, 0xff) : forged, port, LOOPBACK)
        }
      }
      return paired() && active().serves
    }
    for (let ms = 0; !flooded() && ms < 20_000; ms += 1000) await holds('roles and serving', goOn, 1000)
    assert.ok(flooded(), JSON.stringify(sides.map((side) => side.dropped())))
    assert.deepEqual(
      sides.map((side) => side.role),
      roles
    )
    assert.deepEqual(
      sides.map((side) => side.reasonsOf('role').length),
      changes
    )
    for (const side of sides) {
      assert.equal(new Set(side.rejectedCauses()).size, side.rejectedCauses().length, 'one event per cause')
    }
  })

  it('are not moved by their own recorded frames', async function () {
    this.timeout(20_000)
    const [a = 0, b = 0] = await freePorts(2)
    const middle = await relay(a, b)
    const timing = { heartbeatMs: 50, peerTimeoutMs: 2000 }
    const one = new Side(settings([link(a, middle.ports[0])], timing))
    const two = new Side(settings([link(b, middle.ports[1])], timing))
    sides = [one, two]
    const recorded: [number, Buffer][] = []
    for (const [side, socket] of middle.sockets.entries()) {
      socket.on('message', (bytes) => recorded.length < 2000 && recorded.push([side, bytes]))
    }
    one.start(SECRET)
    two.start(SECRET)
    await until('paired', paired)
    active().say('swap')
    await until('both served once', () => sides.every((side) => side.reasonsOf('role').length >= 2) && paired())
    const past = [...recorded]
    // A new life for both: what was recorded belongs to earlier sessions.
    for (const side of sides) {
      await side.stop()
      side.start(SECRET)
      await until('paired again', paired)
    }
    const roles = sides.map((side) => side.role)
    const changes = sides.map((side) => side.reasonsOf('role').length)
    let turn = 0
    const replayed = (): boolean =>
      sides.every((side) => Object.values(side.dropped()).some((count = 0) => count > 100))
    const goOn = (): boolean => {
      for (let i = 0; i < 10; i++) {
        const [from = 0, bytes = Buffer.alloc(0)] = past[turn++ % past.length] ?? []
        // To the side that it was meant for, and back to its own sender.
        middle.sockets[1 - from]?.send(bytes, from === 0 ? b : a, LOOPBACK)
        middle.sockets[from]?.send(bytes, from === 0 ? a : b, LOOPBACK)
      }
      return paired() && active().serves
    }
    // On a busy machine so many take longer.
    for (let ms = 0; ms === 0 || (!replayed() && ms < 12_000); ms += 1500) await holds('roles and serving', goOn, 1500)
    assert.deepEqual(
      sides.map((side) => side.role),
      roles
    )
    assert.deepEqual(
      sides.map((side) => side.reasonsOf('role').length),
      changes
    )
    assert.ok(replayed(), JSON.stringify(sides.map((side) => side.dropped())))
  })
})
