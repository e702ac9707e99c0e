/** Processes that die, and processes that only seem to: what the other side's channel tells its engine. */
import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Dialled } from '../../../src/host/channel/dialled'
import { channelKeys } from '../../../src/host/channel/keys'
import { freePorts, holds, LOOPBACK, until } from '../../support/engine-rig'
import { Flood, SENT, type Order, type Told } from './channel-process'
import { KEYS, newSession, Side } from './channel-side'

const PROGRAM = join(__dirname, 'channel-process.js')

/** This process does not run for so long. */
const block = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

describe('a process at the other end of the channel', () => {
  let side: Side
  let peer: ChildProcess
  let peerSession: bigint
  let peerPort: number

  beforeEach(async () => {
    const [localPort = 0, port = 0] = await freePorts(2)
    peerPort = port
    peerSession = newSession()
    side = Side.at(localPort, peerPort)
    const told: Told = {
      localPort: peerPort,
      peerPort: localPort,
      session: String(peerSession),
      peerSession: String(side.session)
    }
    peer = fork(PROGRAM, [JSON.stringify(told)], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  })
  afterEach(async () => {
    peer.kill('SIGKILL')
    if (peer.exitCode === null && peer.signalCode === null) await once(peer, 'exit')
    await side.channel.leave()
  })

  const paired = async (): Promise<void> => {
    side.hears(peerSession)
    await until('the tether is up', () => side.open)
  }
  const told = async (order: Order): Promise<void> => {
    peer.send(order)
    await once(peer, 'message')
  }
  const isDead = async (): Promise<void> => {
    await until('it is told', () => side.words.length >= 3)
    assert.deepEqual(side.words, ['tether provable', 'ended fin', 'redialled refused'])
    assert.equal(new Set(side.news.map(({ id }) => id)).size, 1)
  }

  it('that is killed ends the tether by a FIN, and its system refuses the next dial', async () => {
    await paired()
    const startedMs = performance.now()
    peer.kill('SIGKILL')
    await isDead()
    console.log(`# kill -9 to the refusal: ${(performance.now() - startedMs).toFixed(1)} ms`)
    await holds('it is asked about once', () => side.words.length === 3, 400)
  })

  for (const order of ['exit', 'throw'] as const) {
    it(`that ends by '${order}' without a word does the same`, async () => {
      await paired()
      peer.send(order)
      await isDead()
    })
  }

  it('that is killed while it is stopped does the same, also after its silence', async () => {
    await paired()
    peer.kill('SIGSTOP')
    side.hearsNothing()
    await holds('a stopped process is not dead', () => side.words.length === 1, 300)
    peer.kill('SIGKILL')
    await isDead()
  })

  it('that is killed while both sides carry as much as they can does the same', async () => {
    await paired()
    const flood = new Flood()
    side.onNews = (news) => {
      if (news.kind === 'tetherEnded') flood.bodiesAtEnd = flood.bodies
    }
    side.channel.exchange.attach(flood)
    peer.send('carry')
    await until('much has come', () => flood.bodies > 500)
    peer.kill('SIGKILL')
    await isDead()
    assert.equal(side.channel.exchange.open, false)
    // 4: whoever hears of the end has taken in all that came before.
    assert.equal(flood.bodies, flood.bodiesAtEnd)
  })

  it('that hangs is not dead', async () => {
    await paired()
    await told('block')
    await holds('the tether stays', () => side.open && side.words.length === 1, 1000)
  })

  it('that leaves in order is not dead, and neither when it ends right after', async () => {
    await paired()
    peer.send('leave')
    await until('it is told', () => side.words.length === 2)
    peer.kill('SIGKILL')
    side.hearsNothing()
    await holds('no more is told', () => side.words.length === 2, 300)
    assert.deepEqual(side.words, ['tether provable', 'ended'])
  })

  it('that has gone before there was a tether is nobody’s death', async () => {
    peer.kill('SIGKILL')
    await once(peer, 'exit')
    side.hears(peerSession)
    await holds('nothing is told', () => side.words.length === 0, 400)
  })

  /** What came in, and how it ended. */
  const watched = async (): Promise<{ frames: string[]; fin: boolean | null }> => {
    const seen: { frames: string[]; fin: boolean | null; open: boolean } = { frames: [], fin: null, open: false }
    const target = { address: LOOPBACK, port: peerPort, localAddress: undefined }
    const [key] = channelKeys(KEYS)
    assert.ok(key !== undefined)
    const sessions = { session: side.session, peerSession }
    const listening = async (): Promise<void> => {
      await new Promise<void>((done) => {
        void new Dialled(target, key, sessions, {
          onProven: () => done(void (seen.open = true)),
          onFailed: () => done(),
          onEnded: (_dialled, fin) => (seen.fin = fin),
          onFrame: (tag, payload) => seen.frames.push(`${tag} ${payload.length}`) > 0
        })
      })
    }
    for (let tries = 0; !seen.open && tries < 50; tries++) {
      await listening()
      await new Promise((later) => setTimeout(later, 100))
    }
    return seen
  }
  const all = Array.from({ length: SENT.frames }, () => `50 ${SENT.bytes}`)

  it('that is killed when it has sent something: all of it is read, and then its end', async () => {
    const seen = await watched()
    await told('send')
    peer.kill('SIGKILL')
    block(200)
    await until('it has ended', () => seen.fin !== null)
    assert.deepEqual(seen, { frames: all, fin: true, open: true })
  })

  it('that resets when it has sent something: also with all of it unread, that is no FIN', async () => {
    const seen = await watched()
    peer.send('send-and-reset')
    block(500)
    await until('it has ended', () => seen.fin !== null)
    assert.equal(seen.fin, false)
  })
})
