/** Pairs through the hub: the real worker thread, the real machine, loopback sockets. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import type { PairHandle } from '../../../src/host/hub'
import type { PairRequest } from '../../../src/host/pair-request'
import type { FromThread, ToEngine } from '../../../src/engine/messages'
import type { Pair, PairEventMessage } from '../../../src/host/pair'
import { PairError } from '../../../src/host/pair-error'
import { hub, registry } from '../../../src/host/root'
import type { ListedPair } from '../../../src/host/pair-registry'
import { WARNING_TEXTS } from '../../../src/host/texts/warnings'
import type { Role } from '../../../src/protocol/machine'
import type { WarningCode } from '../../../src/host/events'
import { Cable } from './cable'
import { closed, freePorts, holds, link, LOOPBACK, open, settings, until } from '../../support/engine-rig'
import { crashEngine } from './crash'

/** The module itself, as the host's compiled code has it: what is put there, the host uses. */
const workerThreads = createRequire(__filename)('node:worker_threads') as { Worker: unknown }
const KEYS = { key: 'f7yTq0Zs-2mWc9Rk_4dLxE8v', previousKey: '' }

/** What an observer of a pair was told. */
class Watcher {
  readonly roles: Role[] = []
  readonly online: boolean[] = []
  readonly events: PairEventMessage[] = []
  readonly frames: PairEventMessage[] = []
  statuses = 0
  readonly end: () => void

  constructor(lease: PairHandle, frames = false) {
    this.end = lease.observe({
      onRole: (role) => this.roles.push(role),
      onOnline: (online) => this.online.push(online),
      onEvent: (event) => this.events.push(event),
      onStatus: () => this.statuses++,
      ...(frames ? { onFrame: (event: PairEventMessage) => this.frames.push(event) } : {})
    })
  }

  forget(): void {
    for (const list of [this.roles, this.online, this.events]) list.length = 0
  }
  get seqs(): (number | null)[] {
    return this.events.map(({ seq }) => seq)
  }
  names(): string[] {
    return this.events.map(({ event, reason }) => `${event} ${reason}`)
  }
}

function gapless(seqs: readonly (number | null)[]): boolean {
  return seqs.every((seq, i) => i === 0 || seq === Number(seqs[i - 1]) + 1)
}

/** Waits until nothing has happened for a while. */
const calm = async (...pairs: Pair[]): Promise<void> => {
  let [seqs, since] = ['', performance.now()]
  await until('calm', () => {
    const now = pairs.map((pair) => pair.status().seq).join()
    if (now !== seqs) [seqs, since] = [now, performance.now()]
    return performance.now() - since > 100
  })
}
/** An observer that has been told all that happened so far, and forgets it. */
const watch = async (lease: PairHandle): Promise<Watcher> => {
  const watcher = new Watcher(lease)
  await new Promise((later) => setImmediate(later))
  watcher.forget()
  return watcher
}
const listed = (id: string): ListedPair | undefined => registry.list().find((pair) => pair.id === id)
const codes = (pair: Pair): string[] => pair.warnings().map(({ code }) => code)
const isPaired = (...pairs: Pair[]): boolean =>
  pairs.every((pair) => pair.status().online) &&
  pairs
    .map((pair) => pair.status().role)
    .sort()
    .join() === 'active,standby' &&
  pairs.filter((pair) => pair.gate().open).length === 1

describe('the hub', () => {
  let folder: string
  let leases: PairHandle[]
  let lines: string[]

  const request = (id: string, [from = 0, to = 0]: readonly number[], over = {}): PairRequest => ({
    id,
    settings: settings([link(from, to)], { name: id, ...over }),
    keys: KEYS,
    storeFile: join(folder, id),
    log: {
      info: (line) => lines.push(`info ${line}`),
      warn: (line) => lines.push(`warn ${line}`),
      error: (line) => lines.push(`error ${line}`)
    }
  })
  const linesLike = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length
  /** Both warn of it, as event, in the list and in the log; and of nothing else. */
  const bothWarn = async (code: string, ...watchers: readonly (readonly [Pair, Watcher, string])[]): Promise<void> => {
    for (const [pair, watcher, name] of watchers) {
      await until(`${name} warns of ${code}, and of nothing else`, () => codes(pair).join() === code)
      assert.ok(watcher.names().includes(`warning ${code}`), watcher.names().join())
      const line = new RegExp(`^warn ${name}: .*${WARNING_TEXTS[code as WarningCode].todo.en.slice(0, 15)}`)
      await until(`the log of ${name} warns of ${code}`, () => linesLike(line) > 0)
    }
  }
  const acquire = (asked: PairRequest): PairHandle => {
    const lease = hub.acquire(asked)
    leases.push(lease)
    return lease
  }
  const pairUp = async (over = {}): Promise<{ a: PairRequest; b: PairRequest; one: PairHandle; two: PairHandle }> => {
    const [x = 0, y = 0] = await freePorts(2)
    const [a, b] = [request('a', [x, y], over), request('b', [y, x], over)]
    const [one, two] = [acquire(a), acquire(b)]
    await until('paired', () => isPaired(one.pair, two.pair))
    await calm(one.pair, two.pair)
    return { a, b, one, two }
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ha-pair-hub-'))
    leases = []
    lines = []
  })
  afterEach(async () => {
    await hub.shutdown()
    assert.equal(hub.worker, null)
    await rm(folder, { recursive: true, force: true })
  })

  it('runs many pairs of one process in one thread', async () => {
    const ports = await freePorts(20)
    const pairs: Pair[] = []
    for (let i = 0; i < 20; i += 2) {
      const [x = 0, y = 0] = ports.slice(i, i + 2)
      pairs.push(acquire(request(`left ${i}`, [x, y])).pair, acquire(request(`right ${i}`, [y, x])).pair)
    }
    await until('all are paired', () => pairs.every((pair, i) => isPaired(pair, pairs[i ^ 1] as Pair)))
  })

  it('says what a pair is from the first moment', async () => {
    const [x = 0, y = 0] = await freePorts(2)
    const { pair } = acquire(request('a', [x, y]))
    const status = pair.status()
    assert.deepEqual(
      [status.name, status.role, status.reason, status.seq, status.serving, status.online, status.peer],
      ['a', 'initial', 'starting', 0, false, false, null]
    )
    assert.deepEqual(pair.gate(), { open: false, epoch: 0 })
    assert.equal(pair.trouble(), null)
  })

  it('numbers the events of each pair without gaps, for every observer', async () => {
    const [x = 0, y = 0] = await freePorts(2)
    const [one, two] = [acquire(request('a', [x, y])), acquire(request('b', [y, x]))]
    const watchers = [new Watcher(one), new Watcher(one), new Watcher(two)]
    await until('paired', () => isPaired(one.pair, two.pair))
    // What a status says is there before it is told.
    await until('all are told', () => watchers.every(({ roles, online }) => roles.length > 0 && online.at(-1) === true))
    for (const watcher of watchers) {
      assert.equal(watcher.seqs[0], 1)
      assert.ok(gapless(watcher.seqs), watcher.seqs.join(' '))
      assert.equal(watcher.events[0]?.event, 'started')
    }
    assert.deepEqual(watchers[0]?.seqs, watchers[1]?.seqs)
    assert.equal(one.pair.status().seq, watchers[0]?.seqs.at(-1))
    assert.equal(watchers[0]?.roles.at(-1), one.pair.status().role)
    assert.equal(watchers[0]?.online.at(-1), true)
    assert.ok((watchers[0]?.statuses ?? 0) > 0)
    watchers[0]?.end()
    const count = watchers[0]?.events.length
    await one.pair.designate('swap', false)
    assert.equal(watchers[0]?.events.length, count)
    assert.ok((watchers[1]?.events.length ?? 0) > (count ?? 0))
  })

  it('counts for monitoring what happened, through deploys', async () => {
    const { a, one, two } = await pairUp()
    const first = one.pair.vitals()
    await one.pair.designate('swap', false)
    await until('paired again', () => isPaired(one.pair, two.pair))
    one.pair.setFitness(7)
    void one.release(false)
    const { pair } = acquire(a)
    const { at, status, links, events, roleChanges } = pair.vitals()
    assert.equal(status.role, pair.status().role)
    assert.ok(Math.abs(Date.now() - at) < 1000)
    assert.equal(status.fitness, 7)
    assert.deepEqual(links, [{ open: true, up: true, unsent: 0 }])
    assert.equal(roleChanges[status.role as 'active'], first.roleChanges[status.role as 'active'] + 1)
    assert.equal(events.role, Number(first.events.role) + 1)
    assert.equal(
      Object.values(events).reduce((sum, count) => sum + count, 0),
      status.seq
    )
  })

  it('changes over on command, and says so when it is confirmed', async () => {
    const { one, two } = await pairUp()
    for (let swap = 0; swap < 4; swap++) {
      const wanted = one.pair.status().role === 'active' ? 'standby' : 'active'
      assert.equal(await one.pair.designate(swap % 2 === 0 ? 'swap' : wanted, false), wanted)
      assert.equal(one.pair.gate().open, wanted === 'active')
      await until('paired again', () => isPaired(one.pair, two.pair))
    }
    assert.equal(
      await one.pair.designate(one.pair.status().role === 'active' ? 'active' : 'standby', false),
      one.pair.status().role
    )
  })

  it('refuses a command that cannot be carried out, with its reason', async () => {
    const [x = 0, y = 0] = await freePorts(2)
    const { pair } = acquire(request('alone', [x, y], { peerTimeoutMs: 60_000 }))
    await assert.rejects(pair.designate('active', false), (error: unknown) => {
      assert.ok(error instanceof PairError)
      assert.equal(error.code, 'peer-offline')
      return true
    })
    assert.equal(pair.status().role, 'initial')
  })

  it('enters every pair into the registry, where its history outlives a deploy and a change of settings', async () => {
    const [x = 0, y = 0] = await freePorts(2)
    const [left, right] = [request('rostered left', [x, y]), request('rostered right', [y, x])]
    const [one, two] = [acquire(left), acquire(right)]
    await until('paired', () => isPaired(one.pair, two.pair))
    await calm(one.pair, two.pair)
    const before = listed(left.id)
    assert.deepEqual(before?.running?.status.role, one.pair.status().role)
    assert.deepEqual(before?.running?.links, [{ ...link(x, y), open: true, up: true, problem: null }])
    assert.equal(before?.events.length, one.pair.status().seq)

    // A deploy, and then one with other settings.
    await one.release(false)
    const again = acquire(left)
    assert.deepEqual(listed(left.id)?.events, before?.events)
    await again.release(false)
    const changed = acquire(request(left.id, [x, y], { heartbeatMs: 60 }))
    await until('it runs', () => changed.pair.status().seq > 0 && isPaired(changed.pair, two.pair))
    const events = listed(left.id)?.events ?? []
    assert.deepEqual(events.slice(0, before?.events.length), before?.events)
    const since = events.slice(before?.events.length).map(({ event }) => event)
    assert.equal(
      since.indexOf('stopped') >= 0 && since.indexOf('stopped') < since.indexOf('started'),
      true,
      since.join()
    )
    assert.equal(since.filter((event) => event === 'started').length, 1)

    await changed.release(true)
    assert.equal(listed(left.id), undefined)
    assert.equal(registry.find(right.id)?.id, right.id)
  })

  it('shows frames only while somebody watches them', async () => {
    const { one } = await pairUp()
    const watcher = new Watcher(one, true)
    await until('frames both ways', () => new Set(watcher.frames.map(({ event }) => event)).size === 2)
    assert.deepEqual(Object.keys(watcher.frames[0]?.detail ?? {}).sort(), ['head', 'id', 'link', 'state', 'value'])
    assert.equal(watcher.frames[0]?.seq, null)
    watcher.end()
    const count = watcher.frames.length
    await new Promise((later) => setTimeout(later, 100))
    assert.equal(watcher.frames.length, count)
  })

  describe('on a deploy', () => {
    it('keeps the pair up: no role change, no new socket, no gap in the numbers', async () => {
      const { a, one, two } = await pairUp()
      const before = one.pair.status()
      const old = await watch(one)
      await one.release(false)
      const again = acquire(a)
      const watcher = new Watcher(again)
      await holds('the pair is up', () => isPaired(again.pair, two.pair), 300)
      const after = again.pair.status()
      assert.deepEqual(
        [after.role, after.epoch, after.since, after.seq],
        [before.role, before.epoch, before.since, before.seq]
      )
      assert.deepEqual([old.events, watcher.events], [[], []])
      await again.pair.designate('swap', false)
      assert.deepEqual(old.events, [], 'the old observers are not called any more')
      assert.equal(watcher.seqs[0], before.seq + 1)
    })

    it('fifty times in a row', async () => {
      const { a, one, two } = await pairUp()
      const seqs = [one.pair.status().seq, two.pair.status().seq]
      let lease = one
      for (let i = 0; i < 50; i++) {
        await lease.release(false)
        lease = acquire(a)
        assert.ok(isPaired(lease.pair, two.pair), `deploy ${i}`)
      }
      assert.deepEqual([lease.pair.status().seq, two.pair.status().seq], seqs)
    })

    it('tells the new observers what happened in between', async () => {
      const { a, one, two } = await pairUp()
      const before = one.pair.status()
      const first = await watch(one)
      await one.release(false)
      await two.pair.designate('swap', false)
      await until('the change arrived', () => one.pair.status().role !== before.role)
      const watcher = new Watcher(acquire(a))
      await until('it is told', () => watcher.events.length > 0)
      assert.equal(watcher.seqs[0], before.seq + 1)
      assert.deepEqual(watcher.roles, [before.role === 'active' ? 'standby' : 'active'])
      assert.ok(gapless(watcher.seqs))
      assert.deepEqual(first.events, [])
    })

    it('for which no successor will come says goodbye at once', async () => {
      const { a, one, two } = await pairUp()
      if (one.pair.status().role !== 'active') await one.pair.designate('active', false)
      const watcher = await watch(two)
      const inUse = acquire(a)
      await one.release(false)
      one.expire()
      assert.ok(inUse.pair.gate().open, 'a pair that somebody holds stays')
      await inUse.release(false)
      inUse.expire()
      await until('the peer took over', () => watcher.names().includes('role peer-removed'))
      await until('it is gone', () => listed(a.id) === undefined)
    })

    it('with other settings says goodbye first, and starts anew when the port is free', async () => {
      const { a, one, two } = await pairUp()
      if (one.pair.status().role !== 'active') await one.pair.designate('active', false)
      const watcher = await watch(two)
      await one.release(false)
      const changed = acquire({ ...a, settings: { ...a.settings, priority: 7 } })
      const news = new Watcher(changed)
      await until('the peer took over', () => watcher.names().includes('role peer-removed'))
      await until('paired again', () => isPaired(changed.pair, two.pair))
      assert.ok(!news.names().some((name) => name.includes('port-in-use')), news.names().join())
      assert.equal(news.seqs[0], 1)
      assert.equal(two.pair.status().peer?.priority, 7)
    })

    it('with other settings enters the engine only when its predecessor has left it', async () => {
      const { a, one } = await pairUp()
      const thread = hub.worker
      assert.ok(thread !== null)
      const order: string[] = []
      const post = thread.postMessage.bind(thread)
      thread.postMessage = (message: ToEngine) => {
        if (message.type === 'add' || message.type === 'remove') order.push(message.type)
        post(message)
      }
      thread.prependListener('message', ({ type }: FromThread) => {
        if (type === 'removed') order.push(type)
      })
      const released = one.release(true)
      acquire({ ...a, settings: { ...a.settings, priority: 7 } })
      acquire({ ...a, settings: { ...a.settings, priority: 8 } })
      await released
      await until('the last one entered', () => order.includes('add'))
      assert.deepEqual(order, ['remove', 'removed', 'add'], 'who was replaced before its turn never enters')
    })

    it('with another key does the same', async () => {
      const { a, b, one, two } = await pairUp()
      await Promise.all([one.release(false), two.release(false)])
      const keys = { key: 'the next', previousKey: '' }
      const [x, y] = [acquire({ ...a, keys }), acquire({ ...b, keys })]
      await until('paired again', () => isPaired(x.pair, y.pair))
    })

    it('serves two leases of the same pair until both are released', async () => {
      const { a, one, two } = await pairUp()
      const second = acquire(a)
      await one.release(true)
      await holds('the pair is up', () => isPaired(second.pair, two.pair), 100)
      await second.release(true)
      await until('the peer is alone', () => !two.pair.status().online)
    })
  })

  describe('on a deletion', () => {
    it('says goodbye, so that the peer takes over at once, and frees the port', async () => {
      const { a, one, two } = await pairUp({ heartbeatMs: 500, peerTimeoutMs: 10_000 })
      if (one.pair.status().role !== 'active') await one.pair.designate('active', false)
      const start = performance.now()
      await one.release(true)
      await until('the peer serves', () => two.pair.gate().open, 500)
      assert.ok(performance.now() - start < 1000)
      assert.equal(one.pair.gate().open, false)
      await closed(await open(LOOPBACK, a.settings.links[0]?.localPort))
      await assert.rejects(one.pair.designate('swap', false), { code: 'stopped' })
      await one.release(true)
    })

    it('ends commands that still wait', async () => {
      const [x = 0, y = 0] = await freePorts(2)
      const lease = acquire(request('alone', [x, y], { policy: 'exclusive', peerTimeoutMs: 60_000 }))
      await until('it started', () => lease.pair.status().seq > 0)
      const ended = assert.rejects(lease.pair.designate('active', true), PairError).then(() => true)
      await lease.release(true)
      assert.equal(await Promise.race([ended, new Promise((late) => setTimeout(late, 1000, false))]), true)
    })
  })

  describe('in trouble', () => {
    it('shows a port in use, and recovers when it is free', async () => {
      const [x = 0, y = 0] = await freePorts(2)
      const occupant = await open(LOOPBACK, x)
      const { pair } = acquire(request('a', [x, y]))
      await until('trouble', () => pair.trouble()?.code === 'port-in-use')
      assert.match(pair.trouble()?.detail ?? '', new RegExp(`${x}$`))
      await until('it is logged', () =>
        lines.some((line) => line.startsWith('warn a: ') && line.includes('EADDRINUSE'))
      )
      await closed(occupant)
      await until('no trouble', () => pair.trouble() === null)
    })

    it('shows a name that does not resolve', async () => {
      const [x = 0, y = 0] = await freePorts(2)
      const asked = request('a', [x, y])
      const { pair } = acquire({ ...asked, settings: settings([{ ...link(x, y), peerHost: 'nowhere.invalid' }]) })
      await until('trouble', () => pair.trouble()?.code === 'host-not-found')
      assert.match(pair.trouble()?.detail ?? '', /nowhere\.invalid/)
    })

    it('logs rejected datagrams with one line per cause', async () => {
      const { a, one } = await pairUp()
      await one.release(true)
      const stranger = await open(LOOPBACK, a.settings.links[0]?.localPort)
      const port = a.settings.links[0]?.peerPort ?? 0
      for (let i = 0; i < 50; i++) stranger.send('junk', port, LOOPBACK)
      await until('a line', () => linesLike(/^warn b: .*cause=short/) > 0)
      await holds('it stays one', () => linesLike(/^warn b: .*cause=short/) === 1, 200)
      await closed(stranger)
    })
  })

  describe('warns', () => {
    const cables: Cable[] = []
    afterEach(() => Promise.all(cables.splice(0).map((cable) => cable.remove())))

    it('of nothing while all is well', async () => {
      const { one, two } = await pairUp()
      for (const { pair } of [one, two]) pair.setFlowsHash(7)
      await holds('nothing to warn of', () => one.pair.warnings().length + two.pair.warnings().length === 0, 300)
      assert.equal(linesLike(/^warn /), 0, lines.join('\n'))
    })

    it('of other flows not at once, but tells them at once', async () => {
      const { one, two } = await pairUp()
      const watchers = [await watch(one), await watch(two)]
      one.pair.setFlowsHash(1)
      two.pair.setFlowsHash(2)
      for (const watcher of watchers) {
        await until('it is told', () => watcher.names().includes('mismatch flows-differ'))
      }
      assert.deepEqual([codes(one.pair), codes(two.pair)], [[], []])
      assert.equal(linesLike(/^warn /), 0, lines.join('\n'))
      two.pair.setFlowsHash(1)
      for (const watcher of watchers) {
        await until('its end is told', () => watcher.names().includes('mismatch flows-agree'))
        assert.deepEqual(watcher.names(), ['mismatch flows-differ', 'mismatch flows-agree'])
      }
    })

    it('of another policy, with both values, until it is the same', async () => {
      const [x = 0, y = 0] = await freePorts(2)
      const [mine, lease] = [acquire(request('a', [x, y], { policy: 'exclusive' })), acquire(request('b', [y, x]))]
      const one = mine.pair
      const [first, second] = [new Watcher(mine), new Watcher(lease)]
      await bothWarn('settings-differ', [one, first, 'a'], [lease.pair, second, 'b'])
      assert.deepEqual(one.warnings()[0]?.detail, { differ: ['policy'], here: ['exclusive'], peer: ['availability'] })
      assert.deepEqual(one.vitals().warnings, codes(one), 'monitoring is told the same')
      await lease.release(true)
      const again = acquire(request('b', [y, x], { policy: 'exclusive' })).pair
      await until(
        'it is over',
        () => one.warnings().length === 0 && one.status().online && again.warnings().length === 0
      )
      assert.ok(first.names().includes('warning-ended settings-differ'))
      assert.ok(first.names().includes('mismatch settings-agree'))
    })

    it('of another key', async () => {
      const [x = 0, y = 0] = await freePorts(2)
      const one = acquire(request('a', [x, y]))
      const two = acquire({ ...request('b', [y, x]), keys: { key: 'Kp3vX9-hT6nB_1wQzY0sM4rJ', previousKey: '' } })
      await bothWarn('keys-differ', [one.pair, new Watcher(one), 'a'], [two.pair, new Watcher(two), 'b'])
      assert.deepEqual(one.pair.warnings()[0]?.detail, { cause: 'key' })
    })

    it('of another wire', async () => {
      const [x = 0, y = 0] = await freePorts(2)
      const one = acquire(request('a', [x, y])).pair
      const two = acquire({ ...request('b', [y, x], { wire: 'classic' }), keys: { key: '', previousKey: '' } }).pair
      for (const pair of [one, two]) await until('it warns', () => codes(pair).includes('wires-differ'))
      assert.deepEqual([codes(one), codes(two)], [['wires-differ'], ['wires-differ', 'classic-wire']])
    })

    it('of one link that is cut, while the other one carries, until it is mended', async () => {
      const [x = 0, y = 0, x2 = 0, y2 = 0] = await freePorts(4)
      const cable = (cables[0] = await Cable.between(x2, y2))
      const links = (from: number, to: number, from2: number) => ({ links: [link(from, to), link(from2, cable.port)] })
      const leased = [acquire(request('a', [], links(x, y, x2))), acquire(request('b', [], links(y, x, y2)))] as const
      const [one, two] = [leased[0].pair, leased[1].pair]
      const [first, second] = [new Watcher(leased[0]), new Watcher(leased[1])]
      await until('paired', () => isPaired(one, two))
      await holds('nothing to warn of', () => one.warnings().length + two.warnings().length === 0, 500)
      cable.cut = true
      await bothWarn('link-down', [one, first, 'a'], [two, second, 'b'])
      const [warning] = one.warnings()
      assert.deepEqual(warning?.code === 'link-down' && warning.detail.down, [1])
      assert.ok(one.status().online && two.status().online)
      cable.cut = false
      await until('it is over', () => one.warnings().length + two.warnings().length === 0)
      assert.ok(first.names().includes('warning-ended link-down'))
    })

    it('of two that were Active at once, for a while after it is over', async () => {
      const [x = 0, y = 0] = await freePorts(2)
      const cable = (cables[0] = await Cable.between(x, y))
      const leased = [acquire(request('a', [x, cable.port])), acquire(request('b', [y, cable.port]))] as const
      const [one, two] = [leased[0].pair, leased[1].pair]
      const [first, second] = [new Watcher(leased[0]), new Watcher(leased[1])]
      await until('paired', () => isPaired(one, two))
      cable.cut = true
      await until('both are Active', () => one.gate().open && two.gate().open)
      assert.deepEqual([one.warnings(), two.warnings()], [[], []], 'neither can know')
      cable.cut = false
      await until('paired again', () => isPaired(one, two))
      await bothWarn('were-both-active', [one, first, 'a'], [two, second, 'b'])
    })

    it('of what the red badge says, too', async () => {
      const [x = 0, y = 0] = await freePorts(2)
      const holder = await open(LOOPBACK, x)
      const one = acquire(request('a', [x, y])).pair
      await until('it warns', () => codes(one).includes('port-in-use'))
      assert.equal(one.trouble()?.code, 'port-in-use')
      await closed(holder)
      await until('it is over', () => one.warnings().length === 0)
    })
  })

  describe('when the engine dies', () => {
    it('shuts the gates, says so, restarts it, and goes on with higher epochs', async () => {
      const { one, two } = await pairUp()
      const lease = one.pair.gate().open ? one : two
      const watcher = await watch(lease)
      const active = lease.pair
      const before = active.status()
      await crashEngine()
      assert.equal(active.gate().open, false)
      await until('the crash is told', () => watcher.names().includes('engine engine-crashed'))
      const crashed = active.status()
      assert.deepEqual(
        [crashed.role, crashed.previousRole, crashed.serving, crashed.online, crashed.epoch],
        ['initial', 'active', false, false, before.epoch]
      )
      assert.equal(active.trouble()?.code, 'engine-crashed')
      await assert.rejects(active.designate('swap', false), { code: 'stopped' })
      await until('paired again', () => isPaired(one.pair, two.pair))
      assert.equal(active.trouble(), null)
      assert.ok(watcher.names().includes('engine engine-restarted'))
      assert.equal(watcher.roles[0], 'initial')
      assert.ok(gapless(watcher.seqs) && watcher.seqs[0] === before.seq + 1, watcher.seqs.join(' '))
      assert.ok(Math.max(one.pair.status().epoch, two.pair.status().epoch) > before.epoch)
      const told = lines.filter((line) => line.includes('The engine of this package crashed'))
      assert.match(told.join('\n'), /error=TypeError: .*, stack=at \w/)
    })

    it('is told to monitoring: no sign of life while it is down, and how often it was started anew', async () => {
      const { one } = await pairUp()
      const before = one.pair.vitals()
      assert.ok(before.engine.alive && before.engine.ago !== null && before.engine.ago < 1000)
      await crashEngine()
      const { engine } = one.pair.vitals()
      assert.deepEqual([engine.alive, engine.ago], [false, null])
      await until('it is told', () => one.pair.vitals().troubles.includes('engine-crashed'))
      await until('it runs again', () => one.pair.vitals().engine.alive)
      assert.equal(one.pair.vitals().engine.restarts, before.engine.restarts + 1)
      assert.equal(one.pair.vitals().events.engine, 2)
    })

    it('ends pending commands', async () => {
      const { one } = await pairUp()
      const ended = assert.rejects(one.pair.designate('swap', false), { code: 'stopped' })
      const killed = crashEngine()
      await Promise.all([ended.catch(() => 'or it was quicker'), killed])
      await until('it is told', () => one.pair.trouble()?.code === 'engine-crashed')
    })

    it('ends the wait for a goodbye that nobody can say any more', async () => {
      const { one } = await pairUp()
      const thread = hub.worker
      assert.ok(thread !== null)
      const post = thread.postMessage.bind(thread)
      thread.postMessage = (message: ToEngine | null) => {
        if (message?.type !== 'remove') post(message)
      }
      let released = false
      void one.release(true).then(() => (released = true))
      await new Promise((later) => setImmediate(later))
      assert.equal(released, false, 'the engine has not heard of it')
      await crashEngine()
      await until('it is released', () => released)
    })

    it('again and again, is restarted each time', async function () {
      this.timeout(30_000)
      const { one, two } = await pairUp()
      for (let round = 0; round < 3; round++) {
        await crashEngine()
        await until('it is noticed', () => one.pair.trouble() !== null)
        await until('paired again', () => isPaired(one.pair, two.pair))
      }
    })

    it('and the system has no thread to give, tries again until it has one', async () => {
      const { one, two } = await pairUp()
      const watcher = await watch(one)
      const real = workerThreads.Worker
      let refused = 0
      try {
        Object.assign(workerThreads, {
          Worker: function () {
            refused++
            throw new Error('no threads')
          }
        })
        await crashEngine()
        await until('it was tried twice', () => refused === 2)
        assert.equal(one.pair.trouble()?.detail, 'Error: no threads')
        assert.equal(one.pair.gate().open || two.pair.gate().open, false)
      } finally {
        Object.assign(workerThreads, { Worker: real })
      }
      await until('paired again', () => isPaired(one.pair, two.pair))
      assert.equal(watcher.names().filter((name) => name === 'engine engine-crashed').length, 1)
      assert.equal(linesLike(/The engine of this package crashed/), 2, 'one for each pair')
    })

    it('lets pairs be released and acquired meanwhile', async () => {
      const { a, one, two } = await pairUp()
      await crashEngine()
      await until('it is noticed', () => one.pair.trouble() !== null)
      await one.release(true)
      const again = acquire(a)
      await until('paired again', () => isPaired(again.pair, two.pair))
    })
  })
})
