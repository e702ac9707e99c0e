/**
 * A real pair (hub, worker thread, sockets on loopback) against an independently written five-byte peer.
 * The peer sends from an ephemeral port, as the 2015 program did.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import type { PairHandle } from '../../../../src/host/hub'
import { hub } from '../../../../src/host/root'
import type { Pair, PairEventMessage } from '../../../../src/host/pair'
import { PairError } from '../../../../src/host/pair-error'
import type { PairSettings } from '../../../../src/protocol/settings'
import { freePorts, holds, link, LOOPBACK, settings, until } from '../../../support/engine-rig'
import { ClassicPeer, WORD, type Heard } from '../../../support/classic-peer'

const LOSE = (): number => 0
const WIN = (): number => 254

/** What it was asked: everything but receipts. Their ids are our own count. */
function asking(peer: ClassicPeer): Heard[] {
  return peer.heard.filter((h) => h.head !== WORD.RESPONSED)
}

describe('classic wire against a five-byte peer', function () {
  this.timeout(20_000)
  let ours = 0
  let peer: ClassicPeer
  let lease: PairHandle
  let pair: Pair
  let events: PairEventMessage[]
  let leases = 0

  async function meet(
    token: (heard: number | null) => number,
    over: Partial<PairSettings> = {},
    watchMs = Infinity
  ): Promise<void> {
    const [mine = 0, theirs = 0] = await freePorts(2)
    ours = mine
    peer = new ClassicPeer({ host: LOOPBACK, theirPort: mine, myPort: theirs, token, heartbeatMs: 20, watchMs })
    await peer.start()
    lease = hub.acquire({
      id: `classic-${++leases}`,
      settings: settings([link(mine, theirs)], {
        wire: 'classic',
        name: 'classic',
        heartbeatMs: 20,
        peerTimeoutMs: 400,
        receiptTimeoutMs: 150,
        lossLimit: 3,
        ...over
      }),
      keys: { key: '', previousKey: '' },
      storeFile: null
    })
    pair = lease.pair
    events = []
    lease.observe({ onEvent: (event) => events.push(event) })
  }

  /** The status shows the role at once, its reason with the event that follows. */
  const role = (expected: string): Promise<void> =>
    until(`we are ${expected}`, () => pair.status().role === expected && pair.status().reason !== 'none')
  const peerIs = (expected: number): Promise<void> => until(`peer is ${expected}`, () => peer.state === expected)
  const told = (event: string, reason: string): boolean => events.some((e) => e.event === event && e.reason === reason)

  async function becomeActive(): Promise<void> {
    await meet(LOSE)
    await role('active')
    await peerIs(WORD.BACKUP)
    await until('online', () => pair.status().online)
  }

  async function becomeStandby(): Promise<void> {
    await meet(WIN)
    await role('standby')
    await peerIs(WORD.MASTER)
    await until('online', () => pair.status().online)
  }

  afterEach(async () => {
    await lease.release(true)
    await peer.stop()
  })
  after(() => hub.shutdown())

  it('sends from a port it does not listen on: accepted by host', async () => {
    await becomeStandby()
    assert.notEqual(peer.senderPort, peer.port)
  })

  it('wins the negotiation: we designate it', async () => {
    await becomeActive()
    assert.equal(pair.gate().open, true)
    await until('peer seen as Standby', () => pair.status().peer?.role === 'standby')
    const designations = peer.heardOf(WORD.DESIGNATE)
    assert.ok(designations.length > 0 && designations.every((d) => d.state === WORD.MASTER))
    await until('Connected', () => peer.heardOf(WORD.CONNECTED).length >= 5)
    assert.ok(peer.heardOf(WORD.CONNECTED).every((c) => c.state === WORD.MASTER))
    await until('role told', () => told('role', 'negotiated'))
  })

  it('loses the negotiation: it designates us', async () => {
    await becomeStandby()
    assert.equal(pair.gate().open, false)
    assert.equal(pair.status().reason, 'designated')
    await holds('standby', () => pair.status().role === 'standby', 600)
  })

  it('equal tokens are redrawn until they differ', async () => {
    const seen = new Set<number>()
    // It mirrors our token until it has seen three different ones, then it gives in.
    await meet((heard) => {
      if (heard === null) return 0
      seen.add(heard)
      return seen.size <= 3 ? heard : 0
    })
    await role('active')
    await peerIs(WORD.BACKUP)
    assert.ok(seen.size >= 3)
    assert.ok([...seen].every((token) => token >= 0 && token <= 254))
  })

  it('restarts as unassigned while we are Active: it is designated, our role stands', async () => {
    await becomeActive()
    const { epoch } = pair.status()
    peer.forget()
    peer.restart()
    await peerIs(WORD.BACKUP)
    assert.ok(peer.heardOf(WORD.DESIGNATE).length + peer.heardOf(WORD.CONNECTED).length > 0)
    await holds('active', () => pair.status().role === 'active', 300)
    assert.equal(pair.status().epoch, epoch)
  })

  it('restarts as unassigned while we are Standby: we become Active and designate it', async () => {
    await becomeStandby()
    peer.restart()
    await role('active')
    assert.equal(pair.status().reason, 'peer-restarted')
    await peerIs(WORD.BACKUP)
    assert.equal(pair.gate().open, true)
  })

  it('goes mute while we are Active: offline after more than lossLimit receipts, role kept', async () => {
    await becomeActive()
    peer.mute()
    await until('offline', () => !pair.status().online)
    await until('offline told', () => told('online', 'receipts-lost'))
    await holds('active', () => pair.status().role === 'active' && pair.gate().open, 600)
    peer.restart()
    await until('online again', () => pair.status().online)
    await peerIs(WORD.BACKUP)
  })

  it('goes mute while we are Standby: we take over after peerTimeout', async () => {
    await becomeStandby()
    const atMs = performance.now()
    peer.mute()
    await role('active')
    const waitedMs = performance.now() - atMs
    assert.ok(waitedMs >= 300, `${waitedMs} ms`)
    assert.equal(pair.status().reason, 'lost-connection')
    assert.equal(pair.status().online, false)
  })

  it('says nothing from the start: we become Active by ourselves', async () => {
    await meet(LOSE)
    peer.mute()
    await role('active')
    assert.equal(pair.status().reason, 'cannot-negotiate')
  })

  it('designates us, both ways', async () => {
    await becomeActive()
    peer.order(WORD.BACKUP)
    await role('standby')
    assert.equal(pair.status().reason, 'designated')
    peer.order(WORD.MASTER)
    await role('active')
    await holds('active', () => pair.status().role === 'active', 200)
    assert.equal(peer.state, WORD.BACKUP)
  })

  it('is designated by our operator, both ways', async () => {
    await becomeActive()
    assert.equal(await pair.designate('standby', false), 'standby')
    assert.equal(peer.state, WORD.MASTER)
    assert.equal(await pair.designate('active', false), 'active')
    assert.equal(peer.state, WORD.BACKUP)
    assert.equal(await pair.designate('swap', false), 'standby')
    assert.equal(peer.state, WORD.MASTER)
  })

  it('mute, it fails our operator’s command, and the role comes back', async () => {
    await becomeActive()
    peer.mute()
    await assert.rejects(
      pair.designate('standby', false),
      (error: unknown) => error instanceof PairError && error.code === 'not-confirmed'
    )
    assert.equal(pair.status().role, 'active')
  })

  it('hears its ids echoed, 255 and 0 among them', async () => {
    await becomeStandby()
    const ids = [0, 1, 127, 128, 254, 255]
    peer.mute()
    peer.forget()
    for (const id of ids) peer.say(WORD.CONNECTED, WORD.MASTER, id, 254)
    const receipts = (): Heard[] => peer.heardOf(WORD.RESPONSED)
    await until('receipts', () => receipts().length >= ids.length)
    assert.deepEqual(
      receipts().map((r) => r.id),
      ids
    )
    assert.ok(receipts().every((r) => r.state === WORD.BACKUP))
  })

  it('sees our ids wrap from 255 to 0 at a heartbeat of 5 ms, and none is lost', async () => {
    await meet(LOSE, { heartbeatMs: 5, peerTimeoutMs: 1000, receiptTimeoutMs: 600 })
    await role('active')
    await peerIs(WORD.BACKUP)
    await until('300 frames', () => asking(peer).length >= 300, 10_000)
    const ids = asking(peer).map((h) => h.id)
    const first = ids[0] ?? -1
    assert.deepEqual(
      ids,
      ids.map((_, i) => (first + i) % 256)
    )
    assert.ok(ids.some((id, i) => id === 255 && ids[i + 1] === 0))
    assert.equal(pair.status().online, true)
  })

  it('is Active as well after a cut: one of the two yields', async () => {
    await meet(LOSE, {}, 300)
    await role('active')
    await peerIs(WORD.BACKUP)
    // As after a cut in which it promoted itself: it says so and designates whoever negotiates.
    peer.state = WORD.MASTER
    await until('one Active', () => (pair.status().role === 'active') !== (peer.state === WORD.MASTER))
    await until('conflict told', () => told('conflict', 'peer-active'))
    await holds('one Active', () => (pair.status().role === 'active') !== (peer.state === WORD.MASTER), 400)
  })

  it('and a stranger on another address is not listened to', async () => {
    await becomeActive()
    const stranger = createSocket('udp4')
    stranger.bind(0, '127.0.0.2')
    for (let i = 0; i < 20; i++) stranger.send(Uint8Array.of(255, 165, 1, i, 255), ours, LOOPBACK)
    await holds('active', () => pair.status().role === 'active', 300)
    await new Promise<void>((done) => stranger.close(done))
  })

  it('sends rubbish: dropped, nothing changes', async () => {
    await becomeActive()
    for (const bytes of [
      [],
      [255],
      [255, 170, 1, 0],
      [255, 170, 1, 0, 0, 0],
      [254, 165, 1, 0, 255],
      [255, 171, 1, 0, 0],
      [255, 165, 9, 0, 255]
    ]) {
      peer.sendBytes(bytes)
    }
    await holds('active', () => pair.status().role === 'active' && pair.status().online, 200)
  })
})
