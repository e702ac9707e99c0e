/** The channel as a part of its pair: who has one, what is told of it, and what outlives what. */
import assert from 'node:assert/strict'
import { NO_DATA } from '../../../src/host/shared-data'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EngineCell, newEngineCell } from '../../../src/engine/cells'
import type { FromEngine, Snapshot, ToEngine } from '../../../src/engine/messages'
import { HostedPair, type PairContext } from '../../../src/host/hosted-pair'
import type { PairRequest } from '../../../src/host/pair-request'
import { hub, network } from '../../../src/host/root'
import { StringPool } from '../../../src/host/string-pool'
import type { PairEventMessage } from '../../../src/host/pair'
import { freePorts, holds, link, LOOPBACK, NO_KEYS, settings, until } from '../../support/engine-rig'
import { crashEngine } from './crash'
import { KEYS, newSession, Side } from './channel-side'

class TestContext implements PairContext {
  readonly engineCell = new EngineCell(newEngineCell())
  readonly engineRestarts = 0
  readonly network = network
  readonly strings = new StringPool()
  readonly posted: ToEngine[] = []
  #pairIds = 0

  numberInEngine(): number {
    return ++this.#pairIds
  }
  portHolder(): null {
    return null
  }
  post(message: ToEngine): void {
    this.posted.push(message)
  }
  hold(): void {}
  letGo(): void {}

  /** `pairId kind` of what the channel told the engine. */
  get tethers(): string[] {
    return this.posted.flatMap((one) => (one.type === 'tether' ? [`${one.pairId} ${one.news.kind}`] : []))
  }
}

/** `open`: somebody listens there and keeps the connection. `closes`: he ends it at once. `refused`: nobody listens. */
async function whoListens(port: number): Promise<'open' | 'closes' | 'refused'> {
  const socket = connect(port, LOOPBACK)
  const failed = new Promise<'refused'>((done) => socket.once('error', () => done('refused')))
  const first = await Promise.race([
    failed,
    once(socket, 'connect').then(
      () => null,
      () => 'refused' as const
    )
  ])
  if (first !== null) return first
  const closed = new Promise<'closes'>((done) => socket.once('close', () => done('closes')).resume())
  const open = new Promise<'open'>((done) => setTimeout(done, 200, 'open'))
  const how = await Promise.race([closed, open])
  socket.destroy()
  return how
}

const request = (from: number, to: number, over: Partial<PairRequest['settings']> = {}): PairRequest => ({
  id: `${from}`,
  settings: settings([link(from, to)], over),
  keys: KEYS,
  storeFile: null
})

const contact = (session: bigint, peerSession: bigint): Extract<FromEngine, { type: 'contact' }> => ({
  type: 'contact',
  pairId: 1,
  contact: { session, peerSession, addresses: [LOOPBACK] }
})

const engineSays = (pair: HostedPair, proof: Snapshot['proof']): void => {
  const snapshot: Snapshot = {
    role: 'standby',
    previousRole: 'initial',
    reason: 'negotiated',
    since: 0,
    epoch: 1,
    online: true,
    policy: 'availability',
    wire: 'extended',
    authenticated: true,
    peer: null,
    links: [],
    dropped: {},
    differences: [],
    conflict: false,
    proof,
    aloneBar: null,
    greeted: 0,
    peerAheadS: 0,
    witness: null,
    store: null
  }
  pair.onMessage({ type: 'update', pairId: 1, events: [], snapshot })
}

describe('a pair with a channel', () => {
  let x: number
  let y: number
  let pairs: HostedPair[]

  beforeEach(async () => {
    ;[x = 0, y = 0] = await freePorts(2)
    pairs = []
  })
  afterEach(async () => {
    for (const pair of pairs) {
      await pair.leaveChannel()
      pair.end()
    }
  })

  const entered = (
    asked: PairRequest
  ): { pair: HostedPair; context: TestContext; events: string[]; session: bigint } => {
    const context = new TestContext()
    const pair = new HostedPair(asked, context)
    const events: string[] = []
    pair.observe({ onEvent: ({ event, reason }: PairEventMessage) => events.push(`${event} ${reason}`) }, false)
    pairs.push(pair)
    pair.enter()
    return { pair, context, events, session: newSession() }
  }

  it('opens it with the contact that the engine has, and tells engine, people and monitoring', async () => {
    const [a, b] = [entered(request(x, y)), entered(request(y, x))]
    const shut = { open: false, proof: false, why: 'offline', ...NO_DATA }
    assert.deepEqual(a.pair.status().channel, shut)
    a.pair.onMessage(contact(a.session, b.session))
    b.pair.onMessage(contact(b.session, a.session))
    await until('both are told', () => a.events.length > 0 && b.events.length > 0)
    assert.deepEqual([a.events, b.events], [['channel channel-open'], ['channel channel-open']])
    assert.deepEqual(a.context.tethers, ['1 tether'])
    engineSays(a.pair, 'possible')
    assert.deepEqual(a.pair.status().channel, { ...shut, open: true, proof: true, why: null })
    assert.deepEqual(a.pair.vitals().status.channel, a.pair.status().channel)
  })

  it('says farewell when it leaves, and its peer is told no death', async () => {
    const [a, b] = [entered(request(x, y)), entered(request(y, x))]
    a.pair.onMessage(contact(a.session, b.session))
    b.pair.onMessage(contact(b.session, a.session))
    await until('both are told', () => a.events.length > 0 && b.events.length > 0)
    await b.pair.leaveChannel()
    await until('it has ended', () => a.context.tethers.length === 2)
    const ended = a.context.posted.at(-1)
    assert.ok(ended?.type === 'tether' && ended.news.kind === 'tetherEnded' && !ended.news.fin)
  })

  it('keeps its tether when its engine dies, and tells the next engine of it only what is new', async () => {
    const [a, b] = [entered(request(x, y)), entered(request(y, x))]
    a.pair.onMessage(contact(a.session, b.session))
    b.pair.onMessage(contact(b.session, a.session))
    await until('both are told', () => a.events.length > 0 && b.events.length > 0)
    a.pair.onCrash('out of memory')
    assert.equal(a.pair.status().channel?.open, true)
    assert.equal(await whoListens(x), 'open')
    a.pair.onRestart()
    a.pair.enter()
    const session = newSession()
    a.pair.onMessage({ ...contact(session, b.session), pairId: 2 })
    b.pair.onMessage(contact(b.session, session))
    await until('there is a new one', () => a.context.tethers.length === 3)
    assert.deepEqual(a.context.tethers, ['1 tether', '2 tether', '2 tetherEnded'])
  })

  it('warns of a port that is blocked, and says what that means', async function () {
    this.timeout(20_000)
    const a = entered(request(x, y))
    engineSays(a.pair, 'no-tether')
    a.pair.onMessage(contact(a.session, newSession()))
    assert.equal(a.pair.status().channel?.why, 'channel-lost')
    await until('it warns', () => a.pair.warnings().length > 0)
    const [warning] = a.pair.warnings()
    assert.deepEqual([warning?.code, warning?.detail], ['channel-blocked', { noticedAfter: '0.6 s' }])
    assert.deepEqual(a.events, ['channel channel-blocked', 'warning channel-blocked'])
    assert.equal(a.pair.status().channel?.why, 'channel-blocked')
    a.pair.onMessage({ type: 'contact', pairId: 1, contact: null })
    assert.deepEqual(a.pair.warnings(), [])
    assert.equal(a.events.at(-1), 'warning-ended channel-blocked')
  })

  for (const [what, over, keys] of [
    ['without a key', {}, NO_KEYS],
    ['that switched it off', { channel: 'off' }, KEYS],
    ['on the classic wire', { wire: 'classic' }, NO_KEYS]
  ] as const) {
    it(`is not one ${what}: it listens nowhere`, async () => {
      const { pair } = entered({ ...request(x, y, over), keys })
      pair.onMessage(contact(newSession(), newSession()))
      assert.equal(await whoListens(x), 'refused')
      assert.equal(pair.status().channel, null)
    })
  }

  it('keeps its tethers through a deploy, and says farewell at its deletion', async () => {
    const asked = request(x, y)
    const peer = Side.at(y, x)
    try {
      const lease = hub.acquire(asked)
      const thread = hub.worker
      assert.ok(thread !== null)
      const [{ pairId }] = (await once(thread, 'message')) as [FromEngine]
      const session = newSession()
      // What the engine would say of a peer on UDP.
      thread.emit('message', { ...contact(session, peer.session), pairId })
      peer.hears(session)
      await until('both are up', () => peer.open && lease.pair.status().channel?.open === true)
      await lease.release(false)
      const again = hub.acquire(asked)
      const { seq } = again.pair.status()
      await holds('nothing happens', () => peer.words.length === 1 && again.pair.status().seq === seq, 300)
      assert.equal(again.pair.status().channel?.open, true)
      await again.release(true)
      await until('farewell is said', () => peer.words.length === 2)
      assert.deepEqual(peer.words, ['tether provable', 'ended'])
    } finally {
      await peer.channel.leave()
      await hub.shutdown()
    }
  })

  it('leaves a listener behind that outlives the engine, the pair and the hub, and serves its successor', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ha-pair-channel-'))
    try {
      const asked = { ...request(x, y), storeFile: join(folder, 'a') }
      const lease = hub.acquire(asked)
      await until('it listens', () => lease.pair.status().seq > 0)
      assert.equal(await whoListens(x), 'open')
      await crashEngine()
      assert.equal(await whoListens(x), 'open')
      await until('the engine runs again', () => lease.pair.trouble() === null)
      await lease.release(true)
      assert.equal(await whoListens(x), 'closes')
      await hub.shutdown()
      assert.equal(await whoListens(x), 'closes')
      const again = hub.acquire({ ...asked, settings: settings([{ ...link(x, y), localHost: '' }]) })
      await until('it listens, now anywhere', () => again.pair.status().seq > 0)
      assert.equal(await whoListens(x), 'open')
      await again.release(true)
    } finally {
      await hub.shutdown()
      await rm(folder, { recursive: true, force: true })
    }
  })
})
